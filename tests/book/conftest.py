"""Throw-away books, a dataset with canaries, and the real site, for the tests of this folder."""

import fcntl
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SMARTBOOK = str(Path(sys.executable).with_name("smartbook"))
FRONT = "---\nkernelspec:\n  display_name: Python 3 (ipykernel)\n  language: python\n  name: python3\n---\n\n"
CANARIES = ("canary_profession", "canary_function", "canary_office", "canary_committee", "canary_sector", "canary_home")


def _page(title: str, *parts: str, front: str = "") -> str:
    return f"{front}# {title}\n\n" + "\n\n".join(parts) + "\n"


@pytest.fixture(scope="session")
def code():
    """A code cell of the lines given to it; `parameters=True` tags it."""
    def make(*lines: str, parameters: bool = False) -> str:
        tag = ":tags: [parameters, remove-cell]\n\n" if parameters else ""
        return "```{code-cell} ipython3\n" + tag + "\n".join(lines) + "\n```"
    return make


@pytest.fixture(scope="session")
def write_chapter():
    """Write `parts` (prose and cells) as one chapter of a book."""
    def write(book: Path, name: str, *parts: str) -> None:
        (book / "book" / "chapters" / f"{name}.md").write_text(_page(name.title(), *parts, front=FRONT), "utf-8")
    return write


@pytest.fixture
def make_book(tmp_path, write_chapter):
    """A book of a plain index and the given chapters, name → list of parts, with the real configuration."""
    def make(**chapters) -> Path:
        book = tmp_path / "project"
        source = book / "book"
        (source / "chapters").mkdir(parents=True)
        for name in ("_config.yml", "references.bib"):
            shutil.copy(ROOT / "book" / name, source / name)
        for name in ("_ext", "_static"):
            shutil.copytree(ROOT / "book" / name, source / name, ignore=shutil.ignore_patterns("__pycache__"))
        (source / "index.md").write_text(_page("Home", "Words.", "```{bibliography}\n```"), "utf-8")
        listed = "".join(f"  - file: chapters/{name}\n" for name in chapters)
        (source / "_toc.yml").write_text(f"format: jb-book\nroot: index\nchapters:\n{listed}", "utf-8")
        for name, parts in chapters.items():
            write_chapter(book, name, *parts)
        return book
    return make


@pytest.fixture(scope="session")
def smartbook():
    """Run `smartbook` in a folder; gives the completed process, its two streams as text."""
    def run(cwd: Path, *arguments: str, registry: Path | str | None = None):
        environment = {k: v for k, v in os.environ.items() if k != "SMARTBOOK_DATASETS"}
        if registry:
            environment["SMARTBOOK_DATASETS"] = str(registry)
        return subprocess.run([SMARTBOOK, *arguments], cwd=cwd, env=environment, capture_output=True, text=True)
    return run


@pytest.fixture(scope="session")
def canaries() -> tuple[str, ...]:
    return CANARIES


@pytest.fixture(scope="session")
def canary_dataset(tmp_path_factory) -> Path:
    """The shipped dataset without its mark of being synthetic; one worker and one client carry canaries."""
    import duckdb

    folder = tmp_path_factory.mktemp("secure") / "data"
    shutil.copytree(ROOT / "data_synthetic" / "dataset", folder)
    (folder / "dataset.json").unlink()
    profession, function, office, committee, sector, home = CANARIES
    contracts = f"'{folder}/contracts.parquet'"
    with duckdb.connect() as db:
        def value(query):
            return db.execute(query).fetchone()[0]

        # The busiest worker of the book's region, so that the canaries reach every measure.
        worker = value(f"SELECT worker_id FROM {contracts} JOIN '{folder}/workers.parquet' USING (worker_id) WHERE "
                       "client_id IS NOT NULL AND home_nis LIKE '21%' GROUP BY 1 ORDER BY count(*) DESC, 1 LIMIT 1")
        client = value(f"SELECT min(client_id) FROM {contracts} WHERE worker_id = {worker}")
        neighbour = value(f"SELECT max(worker_id) FROM {contracts}")
        for table, where, new in (
            ("workers", f"worker_id = {worker}", {"profession": profession}),
            ("workers", f"worker_id = {neighbour}", {"home_nis": home}),
            ("clients", f"client_id = {client}", {"sector": sector}),
            ("contracts", f"worker_id = {worker}",
             {"function": function, "office": office, "joint_committee": committee}),
        ):
            changed = ", ".join(f"CASE WHEN {where} THEN '{v}' ELSE {c} END AS {c}" for c, v in new.items())
            path = folder / f"{table}.parquet"
            db.execute(f"COPY (SELECT * REPLACE ({changed}) FROM '{path}') TO '{path}.new' (FORMAT parquet)")
            os.replace(f"{path}.new", path)
    return folder


@pytest.fixture
def secure(tmp_path, canary_dataset):
    """A registry that names the dataset with canaries `secure`; gives the registry and the output folder."""
    output = tmp_path / "output"
    registry = tmp_path / "datasets.toml"
    registry.write_text(f'[secure]\nlocation = "{canary_dataset}"\noutput = "{output}"\n', "utf-8")
    return registry, output


@pytest.fixture(scope="session")
def real_book() -> Path:
    return ROOT / "book"


@pytest.fixture(scope="session")
def site(smartbook, tmp_path_factory) -> Path:
    """A copy of the real site, made current first; test processes take turns, lest one reads what another builds."""
    html = ROOT / "_build" / "synthetic" / "html"
    if not (html / "index.html").is_file():
        pytest.skip("the site is not built; run `make book` first")
    with (Path(tempfile.gettempdir()) / f"smartbook-tests-{os.getuid()}.lock").open("w") as turn:
        fcntl.flock(turn, fcntl.LOCK_EX)
        done = smartbook(ROOT, "build")
        assert done.returncode == 0, done.stderr
        return shutil.copytree(html, tmp_path_factory.mktemp("site") / "html")
