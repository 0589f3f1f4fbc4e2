"""The sentences on who sets the pay say what their tables say, and no more than the intervals allow."""

import math

import pandas as pd
import pytest

from analysis.guard import protect
from analysis.measures import wording


def safe(rows, *keys, count="workers", n=50):
    return protect(pd.DataFrame(rows).assign(**{count: n}), keys, count, "confidential", guarded=True)


def parts(worker=0.4, client=0.1, correlation=0.1, naive=-0.1, outcomes=("invoice", "pay"), n=50):
    return safe([{"outcome": o, "estimate": e, "worker_share": worker, "client_share": client, "correlation": c}
                 for o in outcomes for e, c in (("plug-in", naive), ("leave-out", correlation))],
                "outcome", "estimate", n=n)


@pytest.mark.parametrize(("worker", "client", "words"), [
    (0.4, 0.1, "much more with the worker"), (0.1, 0.4, "much more with the client"), (0.2, 0.2, "to a like degree")])
def test_parts_of_worker_and_client_are_compared(worker, client, words):
    said = wording.pay_parts_said(parts(worker, client))
    assert words in said and f"{worker:.0%}" in said and said.startswith("Differences in the price of a day")


def test_without_prices_it_speaks_of_pay():
    assert wording.pay_parts_said(parts(outcomes=("pay",))).startswith("Differences in pay per day")


@pytest.mark.parametrize(("value", "words"), [
    (0.2, "tend to work for better paying"), (-0.2, "who pay less"), (0.0, "hardly more or less often")])
def test_sorting_is_said_with_what_the_plug_in_would_say(value, words):
    said = wording.sorting_said(parts(correlation=value, naive=-0.3))
    assert words in said and "-0.30" in said


def premia(value, error=0.02, n=50):
    public = {"level": "public", "premium": value, "low_sampled": value - 2 * error, "high_sampled": value + 2 * error}
    reference = {"level": "company", "premium": 0.0, "low_sampled": 0.0, "high_sampled": 0.0}
    return safe([{"outcome": "invoice", "trait": "legal_form", **r} for r in (public, reference)],
                "outcome", "trait", "level", count="clients", n=n)


def test_a_premium_is_said_in_per_cent_and_only_where_its_interval_leaves_zero_out():
    assert "public clients pay 11% less a day than companies" in wording.public_pay_said(premia(-0.12))
    assert "12% more" in wording.public_pay_said(premia(math.log(1.12)))
    assert "does not clearly differ (-3%)" in wording.public_pay_said(premia(-0.03))


def test_pairs_with_a_pay_of_their_own_are_told():
    def checks(gain):
        return safe([{"outcome": "pay", "additive": 0.5, "gain": gain}], "outcome")

    assert "one level of pay at a client for all" in wording.additive_said(checks(0.01))
    assert "does not pay everybody alike" in wording.additive_said(checks(0.2))


def test_the_answer_has_three_sentences_and_says_what_is_suppressed():
    said = wording.who_sets_pay_answer(parts(), premia(-0.12))
    assert said.count(". ") == 2 and said.endswith(".")
    hidden = wording.who_sets_pay_answer(parts(n=3), premia(-0.12, n=3))
    assert hidden.count("cannot be shown") == 3 and "%" not in hidden
    assert "cannot be shown" in wording.additive_said(
        safe([{"outcome": "pay", "additive": 0.5, "gain": 0.1}], "outcome", n=3))
