"""Where real data may be written: outside every git work tree, in a folder that appears when complete."""

import shutil
import tempfile
from contextlib import contextmanager
from pathlib import Path

from analysis.errors import StudyError


def outside_git(path: Path) -> bool:
    """Whether no parent of `path`, links resolved, is a git work tree."""
    path = Path(path).resolve()
    return not any((place / ".git").exists() for place in (path, *path.parents))


@contextmanager
def new_folder(out: Path):
    """A folder beside `out`, readable by its owner only, that takes the name `out` when the block ends well.

    Whatever happens inside, `out` is either complete or as it was. StudyError where `out` lies in a git work
    tree or holds something already.
    """
    out = Path(out).resolve()
    if not outside_git(out):
        raise StudyError(
            "The output folder lies inside a git work tree, from where it could be published; "
            "give a folder outside it to --out."
        )
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise StudyError("The output folder already holds something; give a new or empty folder to --out.")
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        part = Path(tempfile.mkdtemp(prefix=f".{out.name}-", dir=out.parent))
    except OSError as error:
        raise StudyError(
            f"The output folder cannot be made ({error.strerror}); give a place that you may write to --out."
        ) from None
    try:
        yield part
        part.rename(out)
    except BaseException:
        shutil.rmtree(part, ignore_errors=True)
        raise
