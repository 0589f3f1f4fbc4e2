"""Build the static site from the staged book with Jupyter Book 1.x."""

import os
import re
import shutil
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path

from analysis.errors import StudyError
from analysis.publish.execute import digest, locked

COLOUR = re.compile(r"\x1b\[[0-9;]*m")
LEVELS = ("WARNING", "ERROR", "CRITICAL", "SEVERE")
# The command `jupyter-book`, which imports for a second before it reads its arguments; and without the collector of
# reference cycles, which would take a quarter of its time.
JUPYTER_BOOK = """
import gc, sys
gc.disable()
import jupyter_book.sphinx, myst_nb.sphinx_, sphinx.builders.html
import sphinx_book_theme, sphinx_design, sphinxcontrib.bibtex
from jupyter_book.cli.main import main
sys.argv[1:] = sys.stdin.read().split("\\n")
main()
"""
EPOCH = "1767225600"    # 1 January 2026: Sphinx must not print the day of the build


@contextmanager
def jupyter_book():
    """A process of Jupyter Book that gets ready for its arguments while chapters still run."""
    environment = {**os.environ, "SOURCE_DATE_EPOCH": EPOCH, "PYTHONWARNINGS": "ignore", "NO_COLOR": "1"}
    with subprocess.Popen([sys.executable, "-c", JUPYTER_BOOK], env=environment, text=True, stdin=subprocess.PIPE,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT) as process:
        try:
            yield process
        finally:
            process.kill()


def build_site(files: dict[str, bytes], output: Path, builder: subprocess.Popen) -> tuple[Path, bool]:
    """Write `files` to `output/site` and build `output/html`; returns its index page and whether it was built anew.

    An unchanged staged book is not built again. A warning of Sphinx is an error, and an error leaves the former site
    without its key, so that the next call builds, and fails, again.
    """
    key = digest(Path(__file__).read_bytes(), locked(), *(
        part for path, content in sorted(files.items()) for part in (path.encode(), content)))
    index, stamp = output / "html" / "index.html", output / "html.key"
    if stamp.is_file() and stamp.read_text() == key and index.is_file():
        return index, False
    site = output / "site"
    shutil.rmtree(site, ignore_errors=True)
    for path, content in files.items():
        target = site / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content)
    stamp.unlink(missing_ok=True)
    _run(builder, site)
    shutil.rmtree(output / "html", ignore_errors=True)
    (site / "_build" / "html").rename(output / "html")
    shutil.rmtree(site / "_build")
    shutil.rmtree(site / "_ext" / "__pycache__", ignore_errors=True)  # bytecode holds paths of this machine
    (output / "html" / ".buildinfo").unlink()       # differs between versions of Python
    (output / "html" / ".nojekyll").touch()         # GitHub Pages would hide the folders that begin with _
    stamp.write_text(key)
    return index, True


def _run(builder: subprocess.Popen, site: Path) -> None:
    arguments = ["build", str(site), "-W", "-n", "--keep-going", "--all", "-q"]
    said, _ = builder.communicate("\n".join(arguments))
    if builder.returncode:
        lines = [COLOUR.sub("", line).replace(f"{site}/", "") for line in said.splitlines()]
        faults = [line for line in lines if any(level in line for level in LEVELS)]
        raise StudyError("Jupyter Book refused the book:\n" + "\n".join(faults or lines[-15:]))
