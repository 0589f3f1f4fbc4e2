"""The sentences on the clients' side say what their tables say, and say so when they cannot."""

import pandas as pd
import pytest

from analysis.guard import protect
from analysis.measures import wording

YEARS = range(2001, 2011)


def table(keys, fewest=50, **columns):
    frame = pd.DataFrame({**columns, "fewest": fewest})
    return protect(frame, keys, "fewest", "confidential", guarded=True)


def once(share, fewest=50):
    return table(("silence",), fewest, silence=[12, 18, 24], once=[0.9, share, 0.1])


def tenure(share, fewest=50):
    return table(("silence", "t"), fewest, silence=[18, 18, 12], t=[6, 12, 12], survival=[0.9, share, 0.1])


def weight(*cr10, fewest=50):
    return table(("year",), fewest, year=YEARS, cr10=cr10[:1] * 5 + cr10[-1:] * 5)


def costs(fewest=50, **ratios):
    """Two years of each alternative; the first one must not count."""
    rows = [{"alternative": name.replace("_", " "), "year": year, "ratio": 1.0, "ratio_low": low, "ratio_high": high}
            for name, (low, high) in ratios.items() for year, low, high in ((2009, 5.0, 6.0), (2010, low, high))]
    return table(("year", "alternative"), fewest, **pd.DataFrame(rows).to_dict("list"))


def test_how_long_clients_stay():
    assert wording.clients_stay(once(0.34), tenure(0.49)) == (
        "Of new clients, 34% buy once and are not seen again, and 49% are still clients after a year.")
    assert "cannot be shown" in wording.clients_stay(once(0.34, fewest=9), tenure(0.49))
    assert "cannot be shown" in wording.clients_stay(once(0.34), tenure(0.49, fewest=9))


@pytest.mark.parametrize(("ends", "words"), [
    ((0.4, 0.2), "bring 20% of what is billed in the last years, a smaller share than"),
    ((0.2, 0.4), "bring 40% of what is billed in the last years, a larger share than"),
    ((0.2, 0.2), "about the same share as"), ((None, 0.2), "cannot be shown")])
def test_what_the_ten_largest_bring(ends, words):
    assert words in wording.concentration_said(weight(*ends))


def test_the_ten_largest_under_the_guard():
    assert "cannot be shown" in wording.concentration_said(weight(0.2, 0.4, fewest=9))


def test_dearer_and_cheaper_only_where_the_assumptions_leave_no_doubt():
    said = wording.cost_said(costs(agency_worker=(0.5, 0.9), direct_hire=(0.9, 1.1), **{"self-employed": (1.1, 1.3)}))
    assert said.endswith("neither clearly dearer nor cheaper than a direct hire, cheaper than an agency worker and "
                         "dearer than the quote of a self-employed worker.")
    assert wording.cost_said(costs(direct_hire=(0.8, 0.9))).endswith("is cheaper than a direct hire.")
    assert wording.cost_said(costs(agency_worker=(1.1, 1.2))).endswith("is dearer than an agency worker.")
    assert "cannot be shown" in wording.cost_said(costs(fewest=9, direct_hire=(0.8, 0.9)))


def test_the_answer_has_its_three_sentences():
    answer = wording.clients_answer(once(0.3), tenure(0.5), weight(0.2, 0.2), costs(direct_hire=(1.1, 1.2)))
    assert answer.count(".") == 3
    assert "30% buy once" in answer and "The ten largest" in answer and "dearer than a direct hire" in answer


@pytest.mark.parametrize(("rest", "fewest", "words"), [
    ([0.001, -0.009], 50, "to within a cent a day"), ([0.001, -1.5], 50, "up to 1.50 euros a day"),
    ([0.0, 0.0], 9, "cannot be shown")])
def test_whether_a_price_adds_up(rest, fewest, words):
    assert words in wording.price_identity(table(("year",), fewest, year=[2001, 2002], rest=rest))


@pytest.mark.parametrize(("within", "between", "words"), [
    (30, -1, "by +30 euros, mostly because the sectors pay differently"),
    (1, -30, "by -28 euros, mostly because other sectors buy"), (10, 10, "by +21 euros; other pay in the sectors")])
def test_what_moved_pay(within, between, words):
    parts = {"pay in the sectors (within)": within, "mix of sectors (between)": between, "both at once (cross)": 1,
             "change in all": within + between + 1}
    assert words in wording.pay_shift_said(table(("part",), part=list(parts), eur=list(parts.values())))


def test_what_moved_pay_under_the_guard():
    assert "cannot be shown" in wording.pay_shift_said(table(("part",), 9, part=["change in all"], eur=[3.0]))


@pytest.mark.parametrize(("teams", "fewest", "words"), [
    (12, [800, 12], "Of 1,000 new clients, 12 begin with a team"), (1, [800, 12], "1 begins with a team"),
    (1, [800, 1], "cannot be shown")])
def test_arrivals(teams, fewest, words):
    steps = ["1. new clients", "4. of these, half-time or more"]
    rows = table(("within", "step"), fewest + fewest, within=[1, 1, 31, 31], step=steps * 2,
                 clients=[1_000, teams, 2_000, 99])
    assert words in wording.arrivals_said(rows)
