"""The sentences of the chapter on payment follow their tables, whichever way they point."""

import pandas as pd
import pytest

from analysis.guard import protect
from analysis.measures import wording

YEARS = range(2001, 2011)


def table(keys, fewest=50, **columns):
    return protect(pd.DataFrame({"fewest": fewest, **columns}), keys, "fewest", "confidential", guarded=True)


def yearly(fewest=50, **columns):
    return table(("year",), fewest, year=YEARS, **columns)


@pytest.mark.parametrize(("share", "words"), [(0.0, "practically every"), (0.0049, "practically every"),
                                              (0.013, "1.3% of contracts"), (0.3, "30.0% of contracts")])
def test_the_promise_is_told_by_the_last_year(share, words):
    said = wording.pay_promise_said(yearly(late=[0.9] * 9 + [share]))
    assert words in said and "2010" in said
    assert "cannot be shown" in wording.pay_promise_said(yearly(3, late=[share] * 10))


def test_a_year_that_is_withheld_is_not_the_last_one():
    said = wording.pay_promise_said(yearly([50] * 9 + [2], late=[0.2] * 9 + [0.0]))
    assert "In 2009, 20.0%" in said


@pytest.mark.parametrize(("low", "high", "words"), [
    (0.3, 0.7, "pay later than others"), (-0.7, -0.3, "pay sooner than others"),
    (-0.1, 0.1, "neither clearly later nor clearly sooner")])
def test_a_delay_is_later_only_if_its_interval_says_so(low, high, words):
    gaps = table(("contrast",), contrast=["public clients"], days=[32.4], days_others=[19.6], gap=[(low + high) / 2],
                 low=[low], high=[high])
    said = wording.delay_gaps_said(gaps)
    assert words in said and said.startswith("Public clients") and "32 days" in said and "20 days" in said


def test_delays_of_few_clients_are_not_told():
    gaps = table(("contrast",), 4, contrast=["public clients"], days=[3], days_others=[2], gap=[1], low=[1], high=[1])
    assert "cannot be shown" in wording.delay_gaps_said(gaps)


def hazards(low, high, fewest=50):
    return wording.open_invoices_said(table(("trait",), fewest, trait=["public"], value=[(low + high) / 2], low=[low],
                                            high=[high]))


def test_open_invoices_are_told_by_their_interval():
    assert "less likely to be paid than another: 0.61 times" in hazards(-0.6, -0.4)
    assert "more likely" in hazards(0.4, 0.6) and "neither clearly" in hazards(-0.1, 0.2)
    assert "cannot be shown" in hazards(-0.6, -0.4, 3)


def worth(premium, fewest=50):
    return wording.guarantee_worth_said(table(
        ("gamma",), fewest, gamma=[0, 1, 2, 4], pay=4000.0, lost=40.0, fee=300.0, premium=[0, premium / 2, 0, premium]))


def test_the_worth_is_set_against_the_fee_and_the_fear_of_bad_months():
    assert "40 euros in a year of a worker, of 4,000 euros paid" in worth(0) and "is 300 euros" in worth(0)
    assert "about as much" in worth(3) and "about as much" in worth(-3)
    assert "worth more than that: 60 euros" in worth(20)
    assert "worth less than that, 25 euros" in worth(-15)
    assert "cannot be shown" in worth(0, 2)


def concentration(low, high, fewest=50):
    return table(("of",), fewest, of=["pay", "transfer"], index=[0.5, (low + high) / 2], low=[0.4, low],
                 high=[0.6, high])


@pytest.mark.parametrize(("low", "high", "words"), [(0.1, 0.2, "to the lower paid"), (-0.2, -0.1, "to the higher paid"),
                                                    (-0.1, 0.1, "told from chance")])
def test_a_transfer_has_a_direction_only_if_its_interval_has(low, high, words):
    assert words in wording.transfer_said(concentration(low, high))
    assert "cannot be shown" in wording.transfer_said(concentration(low, high, 2))


def test_the_answer_has_three_sentences_that_follow_their_parts():
    def answer(fewest=50):
        losses = table(("clock", "year"), fewest, clock=["issued"] * 10 + ["written off"] * 10, year=[*YEARS] * 2,
                       ratio=[0.5] * 10 + [0.009] * 10)
        return wording.paid_on_time_answer(yearly(fewest, late=[0.0] * 10), yearly(fewest, first=[0.8] * 10), losses,
                                           concentration(-0.1, 0.1, fewest))

    said = answer()
    assert "for 80% of contracts on the day" in said and "of every 1,000 euros billed, 9 were written off" in said
    assert said.count(". ") == 2 and said.endswith(".")
    assert answer(2).count("cannot be shown") == 4
