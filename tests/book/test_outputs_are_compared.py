"""The strict comparison of executed chapters sees one changed digit: in a figure, in a fact, in its data."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
DRAWS = '''
import pandas as pd
from analysis import figures, open_study

table = open_study("synthetic").public(pd.DataFrame({"year": [2001, 2002, 2003], "pay": [10.0, 12.5, 11.0]}))
figures.lines(table, name="pay", x="year", y="pay", caption="Pay.")
open_study("synthetic").fact("last", table, "pay", "{:.1f}", year=2003)
'''
CHANGES = {
    "nothing": (r"$^", ""),
    "the figure": (r"(<path d=.{0,12}M )(\d+)\.", r"\g<1>1\g<2>."),
    "the fact": (r'("text": ")11\.0', r"\g<1>11.1"),
    "the data": (r"12\.5", "12.6"),
}


@pytest.fixture(scope="module")
def executed(tmp_path_factory):
    import nbformat
    from papermill import execute_notebook

    folder = tmp_path_factory.mktemp("executed")
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(DRAWS.strip())])
    notebook.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3", "language": "python"}
    nbformat.write(notebook, folder / "chapter.ipynb")
    execute_notebook(folder / "chapter.ipynb", folder / "done.ipynb", progress_bar=False)
    return (folder / "done.ipynb").read_text("utf-8")


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("change", CHANGES)
def test_a_changed_digit_fails(executed, tmp_path, change):
    pattern, replacement = CHANGES[change]
    text, count = re.subn(pattern, replacement, executed, count=1)
    assert count == (change != "nothing")
    (tmp_path / "chapter.ipynb").write_text(text, "utf-8")
    command = [sys.executable, "-m", "pytest", "-q", "-c", "tests/nbval.ini", "--rootdir", ".", "--nbval",
               "--nbval-sanitize-with", "tests/nbval-sanitize.ini", str(tmp_path)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == (change != "nothing"), done.stdout
