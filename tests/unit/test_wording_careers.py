"""Sentences on careers follow their tables."""

import pandas as pd
import pytest

from analysis.guard import protect
from analysis.measures import wording


def table(rows, keys, workers=50):
    frame = pd.DataFrame(rows).assign(workers=workers)
    return protect(frame, keys, "workers", "confidential", guarded=True)


def lasting(median=24.0, workers=50):
    return table([{"group": "everyone", "median": median, "year_1": 0.7, "year_5": 0.4}], ("group",), workers)


def hazards(activity=(0.6, 0.7, 0.8), pay=(0.5, 0.6, 0.7), woman=(0.9, 1.0, 1.1), plain=None, workers=50):
    """The ratios of hidden kinds, and the same or the ratio of an Activity in `plain` for the plain model."""
    rows = [{"model": m, "trait": t, "low": v[0], "ratio": v[1], "high": v[2]}
            for m, of_activity in (("hidden kinds", activity), ("main", plain or activity))
            for t, v in (("activity", of_activity), ("pay", pay), ("woman", woman))]
    return table(rows, ("model", "trait"), workers)


def paths(silhouette=0.4, workers=50):
    types = [{"type": "A: now and then", "share": 0.3, "stability": 0.8},
             {"type": "B: most months full", "share": 0.6, "stability": 0.8}]
    numbers = [{"types": k, "silhouette": silhouette, "without": 0.3, "shown": int(k == 6)} for k in (5, 6)]
    return table(types, ("type",), workers), table(numbers, ("types",), workers)


def test_how_long_careers_last():
    assert "left after 24 months; 70% are still there after a year and 40%" in wording.staying_said(lasting())
    assert "more than half of those who begin are still there" in wording.staying_said(lasting(float("nan")))
    assert "cannot be shown" in wording.staying_said(lasting(workers=3))


@pytest.mark.parametrize(("traits", "words"), [
    ({}, "an open Activity leave later (0.70 times the pace of others)"),
    ({}, "the better paid of a trade leave later"), ({}, "women do not clearly leave at another pace"),
    ({"activity": (1.1, 1.2, 1.3)}, "an open Activity leave sooner"),
    ({"woman": (1.1, 1.2, 1.3)}, "women leave sooner"),
    ({"pay": (1.1, 1.2, 1.3)}, "the better paid of a trade leave sooner"),
    ({"pay": (0.9, 1, 1.3)}, "no clear difference"),
    ({"plain": (0.75, 0.85, 0.95)}, "an open Activity leave later (0.70 to 0.85 times the pace of others)"),
    ({"plain": (0.8, 0.9, 1.1)}, "do not clearly leave at another pace than others (0.60 to 1.10 times)"),
    ({"workers": 3}, "cannot be shown")])
def test_who_leaves_sooner(traits, words):
    assert words in wording.sooner_said(hazards(**traits))


def test_the_paths():
    assert "“most months full” (60%), and the types are told apart better" in wording.paths_said(*paths())
    assert "only sum up" in wording.paths_said(*paths(silhouette=0.2))
    assert "cannot be shown" in wording.paths_said(*paths(workers=3))


def test_the_answer_has_three_parts():
    answer = wording.careers_answer(lasting(), hazards(), *paths())
    assert answer.count(". ") == 2 and answer.endswith(".")
