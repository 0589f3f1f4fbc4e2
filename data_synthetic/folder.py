"""A folder that appears when it is complete."""

from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from analysis.errors import StudyError


def free(out: Path) -> Path:
    """`out` with its links resolved; StudyError if something is there already."""
    out = Path(out).resolve()
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise StudyError(f"{out} exists and is not empty; give a new folder or remove it first.")
    return out


@contextmanager
def complete(out: Path):
    """A scratch folder beside `out`, which takes its name when the block ends well and vanishes otherwise."""
    out.parent.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(prefix=".", dir=out.parent) as scratch:
        part = Path(scratch) / out.name
        part.mkdir()
        yield part
        if out.exists():
            out.rmdir()
        part.rename(out)
