"""The crosswalk of frameworks is whole: every dimension is judged, and every source has an entry."""

from pathlib import Path

from pybtex.database import parse_file

from analysis.measures import frameworks

ROOT = Path(__file__).resolve().parents[2]
DIMENSIONS = {"UNECE handbook": 7, "OECD framework": 3, "Eurofound survey indices": 7, "Green and Mostafa": 4,
              "Muñoz de Bustillo and colleagues": 5, "ETUI index": 6, "EPRES scale": 6, "SWE-ROPE score": 5}


def test_every_dimension_is_there_once_and_judged():
    table = frameworks.crosswalk()
    assert table["framework"].value_counts(sort=False).to_dict() == DIMENSIONS
    assert not table.duplicated(["framework", "dimension"]).any()
    assert set(table["seen"]) == set(frameworks.SEEN)
    assert table.drop(columns="source").ne("").all(axis=None)
    assert (table["shows"].eq("nothing") == table["seen"].eq("no")).all()


def test_every_source_has_an_entry():
    known = set(parse_file(ROOT / "book" / "references.bib").entries)
    assert set(frameworks.crosswalk()["source"]) - {""} <= known
    assert frameworks.crosswalk().groupby("framework")["source"].nunique().max() == 1


def test_the_summary_adds_up():
    table, rows = frameworks.crosswalk(), frameworks.summary().set_index("framework")
    assert rows["dimensions"].to_dict() == {**DIMENSIONS, "all together": len(table)}
    assert (rows[list(frameworks.SEEN)].sum(axis=1) == rows["dimensions"]).all()
    assert rows.loc["all together", "no"] == (table["seen"] == "no").sum()
    assert list(rows.index[:-1]) == list(DIMENSIONS)


def test_the_chapter_shows_every_framework():
    text = (ROOT / "book" / "chapters" / "what-job-quality-asks.md").read_text("utf-8")
    assert all(f'"{name}":' in text for name in DIMENSIONS)
    assert text.count(":::{tab-item}") == len(DIMENSIONS)
