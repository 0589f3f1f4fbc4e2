"""A sentence says what its table says, whichever way the data point, and says so when they cannot."""

import pandas as pd
import pytest

from analysis.guard import SafeTable, protect
from analysis.measures import wording

YEARS = range(2001, 2011)


def yearly(origin="confidential", workers=50, **columns):
    frame = pd.DataFrame({"year": YEARS, "workers": workers, **columns})
    return protect(frame, ("year",), "workers", origin, guarded=True)


def straight(start, end):
    return [start + (end - start) * n / 9 for n in range(10)]


@pytest.mark.parametrize(
    ("values", "word"), [(straight(100, 200), "rose"), (straight(200, 100), "fell"), (straight(100, 102), "hardly")]
)
def test_a_trend_is_named_by_its_direction(values, word):
    assert wording.trend(yearly(p50=values), "p50", "fell", "hardly", "rose") == word


def test_a_trend_is_not_told_from_what_is_suppressed():
    hidden = yearly(workers=3, p50=straight(100, 200))
    assert "too few years" in wording.trend(hidden, "p50", "fell", "hardly", "rose")


def income(below=0.0, cv=0.4, smoothing=0.2):
    pay, floor = yearly(p50=straight(100, 200)), yearly(headcount=straight(below, below))
    clocks = pd.DataFrame({"clock": "cash", "year": YEARS, "workers": 50, "cv": cv})
    months = protect(clocks, ("clock", "year"), "workers", "confidential", guarded=True)
    return wording.income_answer(pay, floor, months, yearly(smoothing=straight(smoothing, smoothing)))


def test_the_answer_on_income_follows_each_of_its_parts():
    assert "Practically no hour" in income(below=0.001)
    assert "12% of hours" in income(below=0.12)
    assert "close to regular" in income(cv=0.3)
    assert "uneven" in income(cv=0.8)
    assert "in bursts" in income(cv=1.8)
    assert "are paid more evenly" in income(smoothing=0.3)
    assert "are not paid more evenly" in income(smoothing=0.0)


def test_the_answer_on_continuity_follows_each_of_its_parts():
    def answer(empty, one_day, long):
        lengths = pd.DataFrame({"at_most": 1, "year": YEARS, "workers": 50, "share": one_day})
        lengths = protect(lengths, ("at_most", "year"), "workers", "confidential", guarded=True)
        return wording.continuity_answer(yearly(mean=empty), lengths, yearly(in_long_chains=straight(long, long)))

    assert "more months without paid work" in answer(straight(3, 5), straight(0.5, 0.5), 0)
    assert "a falling share" in answer(straight(3, 3), straight(0.8, 0.5), 0)
    assert "less than one day of work in a hundred" in answer(straight(3, 3), straight(0.5, 0.5), 0.001)
    assert "carry 8% of the days" in answer(straight(3, 3), straight(0.5, 0.5), 0.08)


def test_missed_anchors_are_named():
    frame = pd.DataFrame({"what": ["a", "b", "c"], "value": [1.0, 2.0, None], "within": ["yes", "no", ""]})
    held = SafeTable(frame, (), "synthetic")
    assert wording.anchors_held(held) == (
        "Of 2 anchors that can be computed here, 1 lie within the tolerance; outside it: b.")
