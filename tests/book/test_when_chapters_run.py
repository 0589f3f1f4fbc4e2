"""A chapter is executed again when anything it depends on has changed, and not otherwise."""

import os
import re
import shutil

import pytest

from analysis import datasets
from analysis.publish import execute

FACT = "from analysis.blocks import fact"


def states(stderr: str) -> dict[str, str]:
    """What `smartbook build` says of each chapter and of the site: `ran` or `unchanged`."""
    told = re.findall(r"^  (\S+) +(\d+\.\d s|unchanged)$", stderr, re.MULTILINE)
    return {name: "unchanged" if said == "unchanged" else "ran" for name, said in told}


@pytest.fixture
def tree(tmp_path):
    """A copy of what the key reads of the project."""
    copy = tmp_path / "tree"
    shutil.copytree(execute.ROOT / "analysis", copy / "analysis", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(execute.ROOT / "requirements.lock", copy)
    (copy / "data_synthetic").symlink_to(execute.ROOT / "data_synthetic")
    return copy


def test_code_prose_helpers_and_parameters(make_book, write_chapter, tree, monkeypatch, smartbook, code):
    monkeypatch.setenv("PYTHONPATH", str(tree))
    first = [code("last_year = 2020", parameters=True), code(FACT, "fact('x', str(last_year))"), "It is {fact}`x`."]
    book = make_book(one=first, two=[code("print('two')")])

    def build(*arguments):
        done = smartbook(book, "build", *arguments)
        assert done.returncode == 0, done.stderr
        page = (book / "_build/synthetic/html/chapters/one.html").read_text("utf-8")
        return states(done.stderr), page

    assert build()[0] == {"one": "ran", "two": "ran", "site": "ran"}
    assert build()[0] == {"one": "unchanged", "two": "unchanged", "site": "unchanged"}

    write_chapter(book, "two", code("print('two, mended')"))
    assert build()[0] == {"one": "unchanged", "two": "ran", "site": "ran"}

    write_chapter(book, "one", *first[:2], "Now it is {fact}`x`, they say.")
    told, page = build()
    assert told == {"one": "unchanged", "two": "unchanged", "site": "ran"}
    assert 'Now it is <span class="fact">2020</span>, they say.' in page

    blocks = tree / "analysis" / "blocks.py"
    blocks.write_text(blocks.read_text("utf-8").replace("text=text", "text=text + ' by a helper'"), "utf-8")
    told, page = build()
    assert told["one"] == told["two"] == "ran"
    assert "2020 by a helper" in page

    told, page = build("--set", "last_year=2015")
    assert told["one"] == "ran"
    assert '<span class="fact">2015 by a helper</span>' in page
    assert "last_year = 2015" not in page


def key(parameters=None, name="synthetic") -> str:
    return execute.surroundings(datasets.find(name), parameters or {})


def test_code_lock_and_parameters_change_the_key(tree, monkeypatch):
    monkeypatch.setattr(execute, "ROOT", tree)
    keys = [key(), key({"last_year": 2015}), key({"last_year": 2016}), key(name="synthetic-guarded")]
    assert key() == keys[0]
    for path in ("analysis/measures/income.py", "requirements.lock"):
        with (tree / path).open("a") as stream:
            stream.write("# one word more\n")
        keys.append(key())
    table = next((tree / "analysis").rglob("*.csv"))
    table.write_bytes(table.read_bytes() + b"\n")
    keys.append(key())
    (tree / "analysis" / "a_new_helper.py").write_text("")
    keys.append(key())
    (tree / "analysis" / "a_new_helper.py").rename(tree / "analysis" / "another_helper.py")
    keys.append(key())
    assert len(set(keys)) == len(keys)


def test_every_file_that_the_package_reads_is_in_the_key(tree, monkeypatch):
    """Chapters may read any file of `analysis` but its notes."""
    monkeypatch.setattr(execute, "ROOT", tree)
    kinds = {p.suffix for p in (tree / "analysis").rglob("*") if p.is_file()} - {".md"}
    before = key()
    for n, kind in enumerate(sorted(kinds)):
        (tree / "analysis" / f"extra{n}{kind}").write_text("")
        after = key()
        assert after != before, kind
        before = after


def test_one_value_of_the_data_changes_the_key(tmp_path, monkeypatch):
    import duckdb

    folder = tmp_path / "data"
    shutil.copytree(datasets.SHIPPED, folder)
    (tmp_path / "datasets.toml").write_text('[mine]\nlocation = "data"\n')
    monkeypatch.setenv("SMARTBOOK_DATASETS", str(tmp_path / "datasets.toml"))

    def rewrite(worker):
        path = folder / "workers.parquet"
        change = f"CASE WHEN worker_id = {worker} THEN 1901 ELSE birth_year END::SMALLINT AS birth_year"
        with duckdb.connect() as db:
            rows = f"SELECT * REPLACE ({change}) FROM '{path}' ORDER BY worker_id"
            db.execute(f"COPY ({rows}) TO '{path}.new' (FORMAT parquet)")
            worker = db.execute(f"SELECT min(worker_id) FROM '{path}'").fetchone()[0]
        os.replace(f"{path}.new", path)
        return worker

    rewrite(-1)
    worker = rewrite(-1)  # once more, since DuckDB writes its own files otherwise than those of others
    before = key(name="mine")
    rewrite(-1)
    assert key(name="mine") == before
    rewrite(worker)
    assert key(name="mine") != before


def test_cells_that_are_cut_elsewhere_have_another_key():
    from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

    def of(*cells):
        return execute.chapter_key(new_notebook(cells=list(cells)), "around")

    whole = of(new_code_cell("a = 1\nb = 2"))
    cut = of(new_code_cell("a = 1\n"), new_code_cell("b = 2"))
    assert whole != cut
    assert whole == of(new_markdown_cell("Words."), new_code_cell("a = 1\nb = 2"))
