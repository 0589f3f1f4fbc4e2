"""The real site and a browser without network."""

import fcntl
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
QUIET = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update",
         "--disable-sync"]


@pytest.fixture(scope="session")
def site(tmp_path_factory) -> Path:
    """A copy of the real site, made current first; test processes take turns, lest one reads what another builds."""
    html = ROOT / "_build" / "synthetic" / "html"
    if not (html / "index.html").is_file():
        pytest.skip("the site is not built; run `make book` first")
    with (Path(tempfile.gettempdir()) / f"smartbook-tests-{os.getuid()}.lock").open("w") as turn:
        fcntl.flock(turn, fcntl.LOCK_EX)
        done = subprocess.run([str(Path(sys.executable).with_name("smartbook")), "build"], cwd=ROOT,
                              capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        return shutil.copytree(html, tmp_path_factory.mktemp("site") / "html")


@pytest.fixture(scope="session")
def chromium():
    """A running Chromium."""
    api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    path = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if path is None:
        pytest.skip("no Chromium on this machine")
    with api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=QUIET)
        yield browser
        browser.close()
