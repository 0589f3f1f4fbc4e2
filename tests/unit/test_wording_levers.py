"""The sentences on simulated rules follow their tables, whichever way they point."""

import pandas as pd
import pytest

from analysis.guard import protect
from analysis.measures import wording

LOST = "every short one is lost"


def table(keys, fewest=50, **columns):
    return protect(pd.DataFrame({"fewest": fewest, **columns}), keys, "fewest", "confidential", guarded=True)


def everybody(fewest=50, **columns):
    return table(("all",), fewest, all=["all workers"], **{name: [value] for name, value in columns.items()})


def lengths(stays, answers, lost, fewest=50):
    return table(("response",), fewest, response=["0", "-1", "-2", LOST], days=[stays, 0.0, answers, lost])


def test_a_minimum_length_is_told_between_its_bounds():
    said = wording.length_said(lengths(0.22, -0.08, -0.15))
    assert "22% more days" in said and "15% fewer" in said and "8% fewer" in said
    assert "as many days" in wording.length_said(lengths(0.001, -0.001, -0.002))
    assert "cannot be shown" in wording.length_said(lengths(0.22, -0.08, -0.15, fewest=3))


@pytest.mark.parametrize(("paid", "expected", "words"), [
    (18.7, 10.3, "More than a third"), (11.0, 10.3, "Most of that is the loss of an ordinary year"),
    (0.5, 0.0, "nothing to cover")])
def test_a_levy_is_for_ordinary_years_or_for_bad_ones(paid, expected, words):
    said = wording.fund_said(everybody(lost=expected, covered=expected, paid=paid, expected=expected))
    assert words in said and f"levy of {paid:.2f}" in said
    assert "cannot be shown" in wording.fund_said(everybody(4, lost=1.0, covered=1.0, paid=2.0, expected=1.0))


@pytest.mark.parametrize(("changes", "words"), [
    ([-4, -60, 237], ["lowest paid tenth would pay 4 euros a year less", "237 euros more", "2 of the 3"]),
    ([9, 0, -80], ["lowest paid tenth would pay 9 euros a year more", "80 euros less", "1 of the 3"])])
def test_who_pays_less_is_told_by_tenths(changes, words):
    said = wording.fees_said(table(("decile", "response"), decile=[1, 5, 10], response="borne by workers",
                                   change=[float(c) for c in changes]))
    assert all(word in said for word in words)
    assert "cannot be shown" in wording.fees_said(table(("decile", "response"), 3, decile=[1, 5, 10],
                                                        response="borne by workers", change=[-4.0, 0.0, 4.0]))


def test_a_cap_is_told_with_what_was_seen_and_without():
    cap = everybody(touched=0.58, in_question=0.48)
    seen = table(("kind",), kind=["supposed", "as seen two years on"], diversify=[1.0, 0.06], leave=[0.0, 0.54])
    said = wording.cap_said(cap, seen)
    assert "58% of workers' years" in said and "48%" in said
    assert "6% of workers so tied" in said and "54% hardly" in said and "40% it would have bitten" in said
    assert "What has become" in wording.cap_said(cap, seen.where(kind="supposed"))
    assert "cannot be shown" in wording.cap_said(everybody(2, touched=0.58, in_question=0.48), seen)


@pytest.mark.parametrize(("held", "words"), [(0.55, "fewer did: 55%"), (0.85, "Of the years that came, 85% did."),
                                             (float("nan"), "87% of the years would carry themselves.")])
def test_a_guarantee_is_told_against_the_year_that_came(held, words):
    said = wording.open_ended_said(everybody(eligible=0.02, guaranteed=0.38, feasible=0.87, held=held))
    assert words in said and said.startswith("2% of workers")
    assert ("that came" in said) == (held == held)


@pytest.mark.parametrize(("after", "below", "words"), [
    (0.75, 0.19, ["fall from 1.45 to 0.75", "In 19% of months"]), (1.45, 0.0, ["stay at 1.45", "practically no month"]),
    (1.60, 0.0, ["rise from 1.45 to 1.60"])])
def test_smoothing_is_told_with_its_price(after, below, words):
    said = wording.smoothing_said(everybody(cv_before=1.45, cv=after, buffer=1.2, below_floor=below))
    assert all(word in said for word in [*words, "1.2 months of pay"])
    assert "cannot be shown" in wording.smoothing_said(everybody(1, cv_before=1.45, cv=1.0, buffer=1.0,
                                                                 below_floor=0.0))


@pytest.mark.parametrize(("changes", "words"), [
    ({"old": -0.02, "new": 0.10}, ["the rule new would open it in 22%, the most", "the rule old in 10%, the least"]),
    ({"old": 0.0, "new": 0.10}, ["the rule new", "none would in fewer"]),
    ({"old": -0.02, "new": 0.0}, ["None of the others would open it in more"])])
def test_other_rules_are_told_by_the_most_generous_and_the_strictest(changes, words):
    said = wording.rules_said(table(("regime",), regime=list(changes), now=0.12, change=list(changes.values()),
                                    share=[0.12 + c for c in changes.values()]))
    assert "in 12% of the months" in said and all(word in said for word in words)
    hidden = table(("regime",), 9, regime=["old"], now=0.1, change=0.0, share=0.1)
    assert "cannot be shown" in wording.rules_said(hidden)


def test_a_vote_is_told_by_how_far_the_voters_are_from_the_members():
    def votes(apart, after, fewest=50):
        return table(("decile",), fewest, decile=[1, 2], apart=apart, apart_after=after)

    assert "6% of those" in wording.votes_said(votes(0.06, 0.02)) and "2%." in wording.votes_said(votes(0.06, 0.02))
    assert "change little" in wording.votes_said(votes(0.01, 0.01))
    assert "cannot be shown" in wording.votes_said(votes(0.06, 0.02, fewest=4))


def test_the_answer_has_three_sentences_and_says_what_cannot_be_shown():
    fund = everybody(paid=18.7)
    steady, even = everybody(eligible=0.02), everybody(cv=0.75, cv_before=1.45)
    said = wording.better_answer(lengths(0.22, -0.08, -0.15), fund, steady, even)
    assert said.count(". ") == 2 and "18.7 euros" in said and "-15% and +22%" in said and "2% of workers" in said
    hidden = wording.better_answer(lengths(0.2, 0, 0, fewest=2), everybody(2, paid=1.0), everybody(2, eligible=0.1),
                                   everybody(2, cv=1.0, cv_before=1.0))
    assert hidden == ("What a fund with written rules would cost cannot be shown; what a smoothing rule would do "
                      "cannot be shown.")
