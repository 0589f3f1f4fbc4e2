"""Figures and tables show a SafeTable: numbered, described in words, with their data, the same bytes each time."""

import re

import pandas as pd
import pytest

from analysis.errors import StudyError
from analysis.figures import bar_figure, dot_figure, line_figure, map_figure
from analysis.guard import SafeTable, protect
from analysis.tables import table_block

FRAME = pd.DataFrame({"year": [2001, 2002, 2003, 2001, 2002, 2003], "who": list("aaabbb"),
                      "workers": [40, 41, 42, 3, 50, 51], "pay": [1000.0, 1500.0, 1250.0, 777.0, 900.0, 950.0],
                      "break": [False, True, False] * 2})


@pytest.fixture
def safe():
    return protect(FRAME.copy(), ("year", "who"), "workers", "confidential", guarded=True)


def lines(table, **options):
    return line_figure(table, **({"name": "pay", "x": "year", "y": "pay", "caption": "Pay."} | options))


def test_a_figure_is_the_same_bytes_each_time(safe):
    assert lines(safe, by="who") == lines(safe, by="who")


def test_a_figure_says_in_words_what_it_shows(safe):
    alt = lines(safe, by="who", y_label="EUR").alt
    assert "Line chart of EUR" in alt
    assert "a: 1000 at 2001, 1250 at 2003; lowest 1000 at 2001, highest 1500 at 2002" in alt
    assert "b: 900 at 2002, 950 at 2003" in alt


def named(*names):
    frame = FRAME.assign(who=[n for n in names for _ in range(3)], workers=50)
    return lines(protect(frame, ("year", "who"), "workers", "confidential", guarded=True), by="who").svg


def test_names_that_do_not_fit_beside_each_other_stand_below_each_other():
    """Each begins at the left, on a figure that is higher by the lines that they take."""
    short, long = named("few", "many"), named("months that are mostly half full", "months that are thin or empty")
    places, heights = [], []
    for svg in (short, long):
        drawn = re.findall(r'<!-- (?:few|many|months[^>]*) -->\s*<g [^>]*translate\(([\d.]+) ', svg)
        places.append(len(set(drawn)))
        heights.append(float(re.search(r'viewBox="0 0 [\d.]+ ([\d.]+)"', svg)[1]))
        assert len(drawn) == 2
    assert places == [2, 1] and heights[1] > heights[0]


def test_a_suppressed_value_is_nowhere_in_a_figure_or_table(safe):
    for block in (lines(safe, by="who"), table_block(safe, name="pay", caption="Pay.")):
        assert "777" not in block.csv + block.alt + block.body + block.caption
        assert "1 row is not shown: fewer than 10 workers" in block.caption
    assert re.search(r"\| …", table_block(safe, name="pay", caption="Pay.").body)


def test_every_form_says_what_kind_of_data_it_is(safe):
    block = lines(safe, by="who")
    for form in (block.caption, block.alt, block.csv.splitlines()[0]):
        assert "CONFIDENTIAL DATA" in form


def test_breaks_and_events_are_drawn_and_named(safe):
    events = SafeTable(pd.DataFrame({"date": pd.to_datetime(["2002-07-01"]), "when": ["July 2002"], "name": ["Law"]}),
                       (), "public")
    plain, marked = lines(safe, by="who"), lines(safe, by="who", breaks="break", events=events)
    assert "the series breaks in 2002" in marked.caption
    assert "1 Law (July 2002)" in marked.caption
    assert marked.svg.count("stroke-dasharray") > plain.svg.count("stroke-dasharray")


@pytest.fixture
def banded():
    frame = FRAME.assign(low=FRAME["pay"] - 100, high=FRAME["pay"] + 200)
    frame.loc[frame["year"] == 2002, ["low", "high"]] = None
    return protect(frame, ("year", "who"), "workers", "confidential", guarded=True)


def test_a_band_is_drawn_around_every_line_and_told_in_words(banded):
    plain, block = lines(banded, by="who"), lines(banded, by="who", band=("low", "high"))
    assert block.svg.count("fill-opacity") > plain.svg.count("fill-opacity")
    assert "highest 1500 at 2002; interval 900 to 1200 at 2001 and 1150 to 1450 at 2003. b:" in block.alt
    assert "interval 850 to 1150 at 2003. CONF" in block.alt
    assert "interval" not in plain.alt


def test_a_suppressed_interval_is_nowhere(banded):
    block = lines(banded, by="who", band=("low", "high"))
    assert "677" not in block.alt + block.csv and "977" not in block.alt + block.csv


def test_a_band_without_any_value_is_no_band(banded):
    nothing = lines(banded.where(year=2002), band=("low", "high"), by="who")
    assert "interval" not in nothing.alt and "900 at 2002" in nothing.alt


def test_a_band_belongs_to_one_column(banded):
    with pytest.raises(StudyError, match="interval of one column"):
        lines(banded, y=["pay", "low"], band=("low", "high"))
    with pytest.raises(StudyError, match="did you mean 'high'"):
        lines(banded, band=("low", "hihg"))


def test_names_lie_and_the_longest_bar_comes_first(safe):
    public = SafeTable(pd.DataFrame({"trade": ["actor", "stage_hand"], "share": [0.2, 0.8]}), (), "public")
    alt = bar_figure(public, name="trades", x="trade", y="share", caption="Trades.", y_label="share").alt
    assert "0.8 at stage hand, 0.2 at actor" in alt


@pytest.mark.parametrize("absent", [
    SafeTable(None, (), "synthetic", absent="This dataset has no table 'dreams'."),
    protect(FRAME.assign(workers=1), ("year", "who"), "workers", "confidential", guarded=True),
])
def test_a_figure_without_data_says_why_and_keeps_its_place(absent):
    block = lines(absent)
    assert block.svg.startswith("<?xml")
    assert block.alt == (absent.absent or "Every value of this figure is withheld or undefined in this dataset.")


def test_nothing_but_a_safe_table_is_accepted(safe):
    for show in (lines, lambda t: bar_figure(t, name="pay", x="year", y="pay", caption=""),
                 lambda t: table_block(t, name="pay", caption="")):
        with pytest.raises(StudyError, match="SafeTable"):
            show(FRAME)


def test_a_wrong_column_or_name_is_one_sentence(safe):
    with pytest.raises(StudyError, match="did you mean 'pay'"):
        lines(safe, y="pya")
    with pytest.raises(StudyError, match="lower-case-with-hyphens"):
        lines(safe, name="Pay of 2001")


CORNERS = ("both", "safe, tied", "free, poor", "neither")
PLACES = pd.DataFrame({
    "span": ["2001–2005"] * 3 + ["2006–2010"] * 2, "s": [0.25, 0.75, 0.85, 0.75, 0.25],
    "a": [0.25, 0.75, 0.15, 0.75, 0.85], "workers": [30, 40, 3, 50, 60],
    "share": [0.25, 0.707, 0.043, 0.4, 0.6]})


def map_of(table):
    return map_figure(table, name="map", x="s", y="a", share="share", by="span", caption="A map.", x_label="safety",
                      y_label="freedom", corners=CORNERS, middle=0.5)


def test_a_map_tells_its_quarters_and_nothing_of_a_small_cell():
    block = map_of(protect(PLACES, ("span", "s", "a"), "workers", "confidential", guarded=True))
    assert "2001–2005: both 71%, safe, tied 0%, free, poor 0%, neither 25%" in block.alt
    assert "2006–2010: both 40%, safe, tied 0%, free, poor 60%, neither 0%" in block.alt
    assert "0.043" not in block.csv and "1 row is not shown" in block.caption
    assert block == map_of(protect(PLACES, ("span", "s", "a"), "workers", "confidential", guarded=True))
    assert map_of(SafeTable(None, (), "synthetic", absent="No table.")).alt == "No table."
    with pytest.raises(StudyError, match="SafeTable"):
        map_of(PLACES)


def dots(table):
    return dot_figure(table, name="dots", label="who", caption="Dots.", sides=[
        ("pay", "EUR", 1000, "low", "high", ""), ("share", "share", 0.5, "", "", "least")])


def test_dots_tell_each_row_and_nothing_of_a_small_one():
    frame = pd.DataFrame({"who": ["a", "b", "c"], "workers": [20, 30, 3], "pay": [900.0, 1100.0, 777.0],
                          "low": [850.0, 1000.0, 700.0], "high": [950.0, 1200.0, 800.0],
                          "share": [0.4, float("nan"), 0.6], "least": 0.3})
    block = dots(protect(frame, ("who",), "workers", "confidential", guarded=True))
    assert "a: EUR 900 (850 to 950), share 0.4. b: EUR 1100 (1000 to 1200). c: " in block.alt
    assert "777" not in block.alt + block.csv and block == dots(
        protect(frame, ("who",), "workers", "confidential", guarded=True))
    absent = dots(SafeTable(None, (), "confidential", absent="Nothing here."))
    assert absent.alt == "Nothing here." and absent.svg
