"""The book's sources: where they are, and its chapters in reading order."""

import fcntl
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from analysis.datasets import ROOT, Dataset
from analysis.errors import StudyError, unknown


@dataclass(frozen=True)
class Book:
    """The folder `root` that holds `book/`."""

    root: Path

    @property
    def source(self) -> Path:
        return self.root / "book"

    @cached_property
    def pages(self) -> dict[str, Path]:
        """Every page of `_toc.yml` by its name (the file's stem), in reading order."""
        import yaml

        toc = yaml.safe_load((self.source / "_toc.yml").read_text("utf-8"))
        entries = [toc["root"], *_files(toc)]
        return {Path(entry).name: self.source / f"{entry}.md" for entry in entries}

    @cached_property
    def chapters(self) -> dict[str, Path]:
        """The pages that have code to execute."""
        missing = [p for p in self.pages.values() if not p.is_file()]
        if missing:
            raise StudyError(f"_toc.yml lists {missing[0].name}, which is not in {missing[0].parent.name}/.")
        return {n: p for n, p in self.pages.items() if "```{code-cell}" in p.read_text("utf-8")}

    def choose(self, names) -> dict[str, Path]:
        """The chapters called `names`, or all of them where it is empty."""
        for name in names:
            if name not in self.chapters:
                raise unknown("chapter", name, self.chapters)
        return {n: p for n, p in self.chapters.items() if not names or n in names}

    def output(self, dataset: Dataset) -> Path:
        """Where everything made from `dataset` is written."""
        return dataset.output or self.root / "_build" / dataset.name


def _files(node):
    for part in node.get("parts", []):
        yield from _files(part)
    for chapter in node.get("chapters", []):
        yield chapter["file"]
        yield from (s["file"] for s in chapter.get("sections", []))


@contextmanager
def alone(output: Path):
    """Wait until no other process writes to the folder `output`, and keep the others waiting."""
    output.mkdir(parents=True, exist_ok=True)
    with (output / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def find_book(start: Path | None = None) -> Book:
    """The book of the working directory or of a folder above it; else the one this package lies beside."""
    here = (start or Path.cwd()).resolve()
    for folder in (here, *here.parents, ROOT):
        if (folder / "book" / "_config.yml").is_file():
            return Book(folder)
    raise StudyError("No book is here: run this in the project's folder, the one that holds book/_config.yml.")
