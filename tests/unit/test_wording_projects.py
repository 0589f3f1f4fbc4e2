"""The sentences of the chapter on time, tools and projects follow its tables, whichever way they point."""

import pandas as pd
import pytest

from analysis.guard import protect
from analysis.measures import wording

YEARS = range(2001, 2011)


def table(keys, workers=50, **columns):
    return protect(pd.DataFrame({"workers": workers, **columns}), keys, "workers", "confidential", guarded=True)


def yearly(workers=50, **columns):
    return table(("year",), workers, year=YEARS, **columns)


def straight(start, end):
    return [start + (end - start) * n / 9 for n in range(10)]


@pytest.mark.parametrize(("raw", "same", "error", "words"), [
    (straight(0.4, 0.2), straight(0.4, 0.4), 0.01, "The trades changed"),
    (straight(0.4, 0.2), straight(0.4, 0.2), 0.01, "Weeks changed"),
    (straight(0.3, 0.3), straight(0.2, 0.3), 0.01, "Weeks changed"),
    (straight(0.3, 0.3), straight(0.2, 0.3), 0.10, "could be chance"),
    (straight(0.3, 0.31), straight(0.3, 0.3), 0.0, "could be chance")])
def test_weekends_changed_within_trades_or_with_them(raw, same, error, words):
    assert words in wording.weekends_said(yearly(weekend=raw, adjusted=same, error=error))
    hidden = yearly(workers=5, weekend=raw, adjusted=same, error=error)
    assert "Too few years" in wording.weekends_said(hidden)


@pytest.mark.parametrize(("high", "low", "words"), [
    (0.35, 0.30, "planned"), (0.25, 0.40, "forced"), (0.35, 0.40, "both"), (0.25, 0.30, "no more often")])
def test_pauses_are_set_against_the_usual_month(high, low, words):
    row = {"tool": ["with an Activity", "contracts alone"], "after_high": [high, 0.9], "after_low": [low, 0.9],
           "usual_high": 0.25, "usual_low": 0.30}
    assert words in wording.pauses_said(table(("tool",), **row))
    assert "cannot be shown" in wording.pauses_said(table(("tool",), workers=9, **row))


def test_pauses_of_a_dataset_without_activities():
    row = {"tool": ["contracts alone"], "after_high": 0.2, "after_low": 0.2, "usual_high": 0.2, "usual_low": 0.2}
    assert "cannot be shown" in wording.pauses_said(table(("tool",), **row))


@pytest.mark.parametrize(("late", "words"), [
    (straight(0.1, 0.3), "more than"), (straight(0.3, 0.1), "fewer than"), (straight(0.2, 0.2), "about as many as")])
def test_notice_names_the_share_and_its_change(late, words):
    said = wording.notice_said(yearly(retroactive=late, week_ahead=0.55))
    assert words in said and "55% of contracts" in said
    assert "cannot be shown" in wording.notice_said(yearly(workers=2, retroactive=late, week_ahead=0.55))


@pytest.mark.parametrize(("months", "words"), [
    (0.4, "less than a month"), (2.0, "one to three"), (5.0, "three months or")])
def test_activities_name_what_they_carry_and_hold(months, words):
    use = yearly(share_of_pay=straight(0.2, 0.6))
    said = wording.activities_said(use, yearly(median=months))
    assert words in said and "after 24%" in said and "carry 56%" in said
    assert "what they hold cannot be shown" in wording.activities_said(use, yearly(workers=3, median=months))
    assert "How much pay" in wording.activities_said(yearly(workers=3, share_of_pay=0.1), yearly(median=months))


def test_stops_are_told_without_a_cause():
    stops = table(("exit", "year"), exit=["reason not recorded"] * 10 + ["last contract as a student"] * 10,
                  year=[*YEARS, *YEARS], share=[0.2] * 10 + [0.9] * 10)
    back = {"exit": "reason not recorded", "year": YEARS, "back": 0.3, "share": 0.2}
    said = wording.stops_said(stops, table(("exit", "year"), **back))
    assert "20% stop" in said and "30% of them are back" in said
    hidden = table(("exit", "year"), workers=1, **back)
    assert wording.stops_said(stops, hidden).endswith("do not tell why.")
    assert "cannot be shown" in wording.stops_said(hidden, table(("exit", "year"), **back))
    assert not {"because", "due to", "led to"} & set(said.split())
