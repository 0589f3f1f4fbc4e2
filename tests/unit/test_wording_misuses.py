"""What the chapter on misuses says follows from the numbers, and never says that a pattern is a misuse."""

import pandas as pd
import pytest

from analysis.guard import protect
from analysis.measures import wording

SHARES = ["share_of_days_low", "share_of_days", "share_of_days_high"]


def safe(rows, keys, count=500, guarded=False):
    frame = pd.DataFrame(rows).assign(count=count) if not isinstance(count, list) else pd.DataFrame(rows).assign(
        count=pd.Series(count))
    return protect(frame, keys, "count", "synthetic", guarded)


def often(values, **options):
    rows = [{"detector": d, "span": 2001, **dict(zip(SHARES, v, strict=True))} for d, v in values.items()]
    return safe(rows, ("detector", "span"), **options)


def floor(low, share=0.05, **options):
    return safe([{"span": 2016, "excess": 10.0, "low": low, "high": 30.0, "at_floor": share}], ("span",), **options)


def days(*lows, placebo=0.0):
    rules = (156, 312, 468, 624)
    rows = [{"rule": r, "excess": low + 20.0, "low": low, "high": low + 40.0, "placebo": placebo}
            for r, low in zip(rules, lows, strict=False)]
    return safe(rows, ("rule",))


def test_the_most_common_pattern_is_named_with_its_bounds():
    said = wording.patterns_said(often({"one_job": (0.01, 0.02, 0.05), "day_chains": (0.005, 0.03, 0.04)}))
    assert "long chains of day contracts" in said and "3.0%" in said and "0.5%" in said and "4.0%" in said


def test_nothing_flagged_and_nothing_shown_are_different_sentences():
    assert "No declared day" in wording.patterns_said(often({"one_job": (0.0, 0.0, 0.1)}))
    hidden = often({"one_job": (0.1, 0.2, 0.3)}, count=3, guarded=True)
    assert "cannot be shown" in wording.patterns_said(hidden)


def test_a_hidden_row_is_not_the_most_common_one():
    values = {"one_job": (0.1, 0.2, 0.3), "expenses": (0.01, 0.02, 0.03)}
    said = wording.patterns_said(often(values, count=[3, 400], guarded=True))
    assert "expenses" in said and "20.0%" not in said


@pytest.mark.parametrize(("low", "phrase"), [(5.0, "more than a smooth"), (-5.0, "no more than a smooth")])
def test_the_floor_needs_an_interval_above_zero(low, phrase):
    said = wording.floor_bunching_said(floor(low))
    assert phrase in said and "5.0%" in said


def test_days_need_an_interval_above_zero_and_an_excess_above_the_placebo():
    assert "At none" in wording.days_bunching_said(days(-1, -2, -3, -4))
    assert "312 days" in wording.days_bunching_said(days(-1, 5, -3, -4))
    assert "156 and 312 days" in wording.days_bunching_said(days(2, 5, -3, -4))
    assert "At none" in wording.days_bunching_said(days(2, 5, -3, -4, placebo=40.0))


def test_what_cannot_be_shown_is_said():
    assert "cannot be shown" in wording.floor_bunching_said(floor(5.0, count=3, guarded=True))
    nothing = safe([{"rule": 312, "excess": None, "low": None, "high": None, "placebo": None}], ("rule",))
    assert "cannot be shown" in wording.days_bunching_said(nothing)


def test_the_answer_has_three_sentences_and_accuses_nobody():
    said = wording.misuses_answer(often({"one_job": (0.01, 0.02, 0.05)}), floor(5.0), days(-1, 5, -3, -4))
    assert said.count(". ") == 2 and said.endswith(".")
    assert not any(word in said for word in ("misuse", "abuse", "fraud"))
