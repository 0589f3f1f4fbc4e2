"""The site is the same, byte for byte, however many chapters run at once, and wherever the book lies.

The site of `_build/synthetic` was made with as many jobs as the machine has cores, in the project's folder. It is made
current, then compared with one built from nothing, chapter by chapter, in another folder: one build instead of two.
"""

import hashlib
import os
import shutil

import pytest


def digests(folder) -> dict[str, str]:
    return {p.relative_to(folder).as_posix(): hashlib.sha256(p.read_bytes()).hexdigest()
            for p in sorted(folder.rglob("*")) if p.is_file()}


@pytest.mark.long
@pytest.mark.skipif((os.cpu_count() or 1) < 2, reason="one core: the existing site was made one chapter at a time too")
def test_one_job_elsewhere_gives_the_same_bytes(tmp_path, real_book, smartbook, site):
    project = tmp_path / "elsewhere"
    ignored = shutil.ignore_patterns("_build", "__pycache__", "*.ipynb")
    shutil.copytree(real_book, project / "book", ignore=ignored)
    done = smartbook(project, "build", "--jobs", "1")
    assert done.returncode == 0, done.stderr
    assert "unchanged" not in done.stderr
    built, shipped = digests(project / "_build" / "synthetic" / "html"), digests(site)
    assert sorted(built) == sorted(shipped)
    assert [name for name in built if built[name] != shipped[name]] == []
    assert len(built) > 100
