"""Under the guard nothing of the data but what the rules let through reaches a file, a page or the terminal."""

import csv
import json
from pathlib import Path

import pytest

from analysis import datasets

BANNER = "CONFIDENTIAL DATA – not for publication before review"


def leaks(folder: Path, words) -> dict[str, list[str]]:
    """Which of `words` stand in which files of `folder`, as bytes."""
    found = {}
    for path in sorted(p for p in folder.rglob("*") if p.is_file()):
        content = path.read_bytes()
        for word in words:
            if word.encode() in content or word.encode("utf-16-le") in content:
                found.setdefault(word, []).append(path.relative_to(folder).as_posix())
    return found


def listing(folder: Path) -> list[str]:
    return sorted(p.relative_to(folder).as_posix() for p in folder.rglob("*") if "__pycache__" not in p.parts)


@pytest.fixture
def opened(code):
    """Cells that hold the raw data in `frame`, as no chapter should."""
    return [code('dataset = "synthetic"', parameters=True),
            code("from analysis import datasets", "frame = datasets.find(dataset).table('workers').execute()")]


@pytest.mark.long
def test_the_whole_book_names_no_canary(tmp_path, real_book, smartbook, secure, canaries):
    import shutil

    registry, output = secure
    project = tmp_path / "project"
    shutil.copytree(real_book, project / "book", ignore=shutil.ignore_patterns("_build", "__pycache__", "*.ipynb"))
    before = listing(project)
    done = smartbook(project, "build", "--dataset", "secure", "--jobs", "2", registry=registry)
    assert done.returncode == 0, done.stderr
    assert listing(project) == before
    assert leaks(output, [*canaries, str(tmp_path), str(registry.parent)]) == {}
    pages = list((output / "html").rglob("*.html"))
    assert len(pages) > 9
    for page in pages:
        if page.name not in ("webpack-macros.html", "sbt-webpack-macros.html"):
            assert BANNER in page.read_text("utf-8"), page.name
    for notebook in (output / "html" / "_sources").rglob("*.ipynb"):
        cell = json.loads(notebook.read_text("utf-8"))["cells"][0]
        assert "".join(cell["source"]) == f"**{BANNER}**"
    tables = list((output / "html" / "_downloads").rglob("*.csv"))
    counted = 0
    for table in tables:
        first, *rows = table.read_text("utf-8").splitlines()
        assert first in (f"# {BANNER}", "# Public statistics"), table.name
        for row in csv.DictReader(rows):
            for count in ("workers", "fewest", "people"):
                if first == f"# {BANNER}" and row.get(count):
                    counted += 1
                    assert float(row[count]) >= 10, (table.name, row)
    assert counted > 100


def test_what_a_cell_prints_or_shows_is_dropped(make_book, smartbook, secure, canaries, opened, code):
    registry, output = secure
    book = make_book(one=[
        *opened,
        code("print(frame.profession.unique().tolist())"),
        code("hidden = frame[frame.profession == 'canary' + '_profession']", "hidden"),
        code("from IPython.display import HTML, display", "display(HTML(hidden.to_html()), hidden)"),
        code("from matplotlib.figure import Figure", "picture = Figure()",
             "picture.add_subplot().set_title(hidden.profession.iloc[0])", "picture"),
        code("from analysis.blocks import fact", "fact('rows', str(len(frame) > 0))"),
        "There are rows: {fact}`rows`.",
    ])
    before = listing(book)
    done = smartbook(book, "build", "--dataset", "secure", registry=registry)
    assert done.returncode == 0, done.stderr
    assert listing(book) == before
    assert leaks(output, [canaries[0], "iVBORw0KGgo"]) == {}
    assert canaries[0] not in done.stdout + done.stderr
    page = (output / "html/chapters/one.html").read_text("utf-8")
    assert "There are rows: <span class=\"fact\">True</span>." in page
    assert BANNER in page


def test_the_same_cell_does_show_without_the_guard(make_book, smartbook, opened, code):
    """The other test would pass for ever if nothing at all reached the page."""
    book = make_book(one=[*opened, code("print('word' + str(len(frame)))")])
    done = smartbook(book, "build")
    assert done.returncode == 0, done.stderr
    workers = json.loads((datasets.SHIPPED / "dataset.json").read_text("utf-8"))["workers"]
    assert f"word{workers}" in (book / "_build/synthetic/html/chapters/one.html").read_text("utf-8")


def test_messages_are_withheld(make_book, smartbook, secure, canaries, opened, code):
    registry, output = secure
    hidden = "hidden = frame[frame.profession.str.contains('canary')].iloc[0]"
    book = make_book(
        raised=[*opened, code(hidden), code("raise ValueError(f'bad row {hidden.to_dict()}')")],
        lookup=[*opened, code(hidden), code("{}[hidden.profession]")],
        warned=[*opened, code(hidden), code("import warnings", "warnings.warn(hidden.profession)")],
        written=[*opened, code(hidden), code("import os", "os.write(2, hidden.profession.encode())")],
        named=[*opened, code("from analysis import open_study", "open_study(dataset, 'brusels')")],
    )
    before = listing(book)
    for _ in range(2):
        done = smartbook(book, "run", "--dataset", "secure", registry=registry)
        assert done.returncode == 1
        said = done.stdout + done.stderr
        assert not [word for word in canaries if word in said], said
        assert "chapter raised: cell 4, `raise ValueError(" in said
        assert "ValueError: (message withheld: guarded data)" in said
        assert "KeyError: (message withheld: guarded data)" in said
        assert "wrote a warning: (withheld: guarded data)" in said
        assert "did you mean 'brussels'?" in said
    assert leaks(output, canaries) == {}
    assert listing(book) == before


def test_nothing_may_lie_in_a_git_work_tree(make_book, smartbook, tmp_path, canary_dataset):
    book = make_book(one=["Words."])
    tree = tmp_path / "clone"
    (tree / ".git").mkdir(parents=True)
    (tree / "below").symlink_to(canary_dataset)
    inside = tmp_path / "link-to-clone"
    inside.symlink_to(tree)
    (tree / "data").mkdir()
    registry = tmp_path / "datasets.toml"
    for location, output, what in ((tree / "data", tmp_path / "out", "folder"), (inside / "data", "", "folder"),
                                   (canary_dataset, tree / "out", "output"), (canary_dataset, inside / "o", "output")):
        entry = f'[secure]\nlocation = "{location}"\n' + (f'output = "{output}"\n' if output else "")
        registry.write_text(entry, "utf-8")
        done = smartbook(book, "build", "--dataset", "secure", registry=registry)
        assert done.returncode == 2
        assert done.stderr == (f"smartbook: The {what} of dataset 'secure' lies inside a git work tree, from where it "
                               "could be published; move it to a folder outside.\n")
        assert not (tree / "out").exists()


def test_a_registry_named_from_another_folder(make_book, smartbook, secure, opened, code):
    """The kernels work in the project's folder, not where the command was given."""
    registry, output = secure
    book = make_book(one=[*opened, code("assert len(frame)")])
    done = smartbook(book / "book", "run", "--dataset", "secure", registry=Path("..", "..", registry.name))
    assert done.returncode == 0, done.stderr
    assert list((output / "executed").glob("one-*.ipynb"))
