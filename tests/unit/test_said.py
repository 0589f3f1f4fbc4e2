"""What the verdict says in words, and that it changes with the data and with nothing else."""

import pandas as pd
import pytest

from analysis.guard import protect
from analysis.verdict import said, scorecard
from analysis.verdict.promises import registered

KEYS = ("promise", "side", "benchmark", "decides", "absent")
TITLES = [p.title for p in registered()[1]]


def row(promise, verdict, decides=True, people=500, low=0.1, high=0.3, **more):
    return {"promise": promise, "side": "Security", "benchmark": "half", "decides": decides, "people": people,
            "value": 0.6, "low": 0.55, "high": 0.65, "reference": 0.4, "difference_low": low, "difference_high": high,
            "verdict": verdict, "absent": ""} | more


def card(*rows, origin="confidential", guarded=True):
    return protect(pd.DataFrame(list(rows)), KEYS, "people", origin, guarded)


def every(*verdicts, **options):
    return card(*(row(title, v) for title, v in zip(TITLES, verdicts, strict=False)), **options)


@pytest.mark.parametrize(("verdicts", "word"), [
    (["KEPT"] * 6, "Yes, as far"), (["KEPT", "WITHIN MARGIN"] * 3, "Yes, as far"),
    (["KEPT"] * 4 + ["NOT KEPT"] * 2, "Mostly"), (["KEPT"] * 3 + ["NOT KEPT"] * 3, "In part"),
    (["KEPT"] + ["NOT KEPT"] * 4, "No: "), (["KEPT"] * 3 + ["UNDETERMINED"] * 3, "cannot tell")])
def test_the_answer_follows_the_verdicts(verdicts, word):
    assert word in said.verdict(every(*verdicts))


def test_the_promises_that_are_not_kept_or_undecided_are_named():
    text = said.verdict(every("KEPT", "NOT KEPT", "KEPT", "UNDETERMINED"))
    assert f"Not kept: {TITLES[1].lower()}." in text and f"Undecided: {TITLES[3].lower()}." in text


def test_home_says_what_the_scorecard_says():
    own = every("KEPT", "KEPT", "NOT KEPT")
    assert said.verdict(own) in said.state_of_answer(own) and "await review" in said.state_of_answer(own)
    invented = every("KEPT", "KEPT", "NOT KEPT", origin="synthetic")
    assert said.state_of_answer(invented).startswith("No answer about Smart yet")
    assert said.verdict(invented) in said.state_of_answer(invented)


@pytest.mark.parametrize(("verdict", "word"), [
    ("KEPT", "is kept."), ("WITHIN MARGIN", "within the margin"), ("NOT KEPT", "is not kept"),
    ("UNDETERMINED", "cannot be decided")])
def test_a_promise_is_told_with_its_numbers(verdict, word):
    text = said.promise(card(row("A", verdict)), "A")
    assert word in text and "55% and 65%" in text and "half, is 40%" in text


def test_an_interval_that_shows_as_one_number_is_told_as_one():
    assert "The indicator is 100%;" in said.promise(card(row("A", "KEPT", low=0.1) | {"low": 0.999, "high": 1.0}), "A")


@pytest.mark.parametrize(("ends", "word"), [
    ((0.1, 0.3), "higher"), ((-0.3, -0.1), "lower"), ((-0.1, 0.1), "cannot be")])
def test_other_benchmarks_are_told_by_their_intervals(ends, word):
    other = row("A", "KEPT", decides=False, benchmark="past", low=ends[0], high=ends[1])
    assert word in said.promise(card(row("A", "KEPT"), other), "A")


def test_what_is_hidden_is_undecided_and_its_numbers_are_nowhere():
    hidden = card(row("A", "NOT KEPT", people=4), row("B", "KEPT"))
    assert "fewer than" in said.promise(hidden, "A") and "60%" not in said.promise(hidden, "A")
    assert "Undecided: a." in said.verdict(hidden) and "Not kept" not in said.verdict(hidden)


def test_what_the_dataset_lacks_is_undecided_and_says_why():
    lacks = card(row("A", "UNDETERMINED", people=0, value=None, absent="It has no invoices."))
    assert said.promise(lacks, "A") == "This promise cannot be decided here. It has no invoices."


def test_the_sides_count_their_promises():
    assert said.sides(every("KEPT", "KEPT", "NOT KEPT")) == (
        "Security: of three promises, two are kept and one is not kept.")


def test_every_word_of_a_verdict_has_a_sentence():
    assert set(said.WORDS) == set(scorecard.VERDICTS)
