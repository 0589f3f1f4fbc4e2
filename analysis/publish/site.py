"""Build the static site from the staged book with Jupyter Book 1.x."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

from analysis.errors import StudyError
from analysis.publish.execute import digest

COLOUR = re.compile(r"\x1b\[[0-9;]*m")
EPOCH = "1767225600"    # 1 January 2026: Sphinx must not print the day of the build


def build_site(files: dict[str, bytes], output: Path) -> tuple[Path, bool]:
    """Write `files` to `output/site` and build `output/html`; returns its index page and whether it was built anew.

    An unchanged staged book is not built again. A warning of Sphinx is an error, and an error leaves the former site
    and its key untouched, so that the next call fails again.
    """
    key = digest(*(part for item in sorted(files.items()) for part in (item[0].encode(), item[1])))
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
    _jupyter_book(site)
    shutil.rmtree(output / "html", ignore_errors=True)
    (site / "_build" / "html").rename(output / "html")
    shutil.rmtree(site / "_build")
    (output / "html" / ".nojekyll").touch()
    stamp.write_text(key)
    return index, True


def _jupyter_book(site: Path) -> None:
    command = [str(Path(sys.executable).with_name("jupyter-book")), "build", str(site), "-W", "-n", "--keep-going",
               "--all", "-q"]
    environment = {**os.environ, "SOURCE_DATE_EPOCH": EPOCH, "PYTHONWARNINGS": "ignore", "NO_COLOR": "1"}
    done = subprocess.run(command, env=environment, capture_output=True, text=True)
    if done.returncode:
        lines = [COLOUR.sub("", line).replace(f"{site}/", "") for line in (done.stderr + done.stdout).splitlines()]
        said = [line for line in lines if "WARNING" in line or "ERROR" in line]
        raise StudyError("Jupyter Book refused the book:\n" + "\n".join(said or lines[-15:]))
