"""The sentences on clients and dependence say what their tables say, and fit either view and either direction."""

import pandas as pd
import pytest

from analysis.guard import protect
from analysis.measures import wording

YEARS = range(2001, 2011)


def safe(rows, *keys, workers=50):
    frame = pd.DataFrame(rows).assign(workers=workers)
    return protect(frame, keys, "workers", "confidential", guarded=True)


def dominant(start, end, views=("pay", "invoice"), workers=50):
    return safe([{"view": v, "year": y, "dominant": start + (end - start) * n / 9 if v == views[-1] else 0.01}
                 for v in views for n, y in enumerate(YEARS)], "view", "year", workers=workers)


def test_the_view_of_invoices_speaks_where_there_is_one():
    assert wording.hold_said(dominant(0.4, 0.4)).startswith("In the last years 40% of workers")
    assert wording.hold_said(dominant(0.4, 0.4, views=("pay",))).startswith("In the last years 40% of workers")


@pytest.mark.parametrize(("start", "end", "word"), [
    (0.6, 0.3, "fewer than"), (0.4, 0.4, "about as many as"), (0.3, 0.6, "more than")])
def test_dominant_clients_are_compared_with_the_first_years(start, end, word):
    assert f", {word} in the first ones." in wording.hold_said(dominant(start, end))


def mobility(dissolved, gone=0.3, workers=50):
    return safe([{"view": "invoice", "dissolved": dissolved, "gone": gone}], "view", workers=workers)


@pytest.mark.parametrize(("dissolved", "word"), [(0.1, "seldom"), (0.3, "often"), (0.7, "mostly")])
def test_positions_dissolve_seldom_often_or_mostly(dissolved, word):
    said = wording.dissolve_said(mobility(dissolved))
    assert f"{word} dissolves ({dissolved:.0%})" in said and "30% of those who held it" in said


def losses(lost, kept, workers=50):
    return safe([{"view": "invoice", "tie": "lost", "p50": lost}, {"view": "invoice", "tie": "kept", "p50": kept}],
                "view", "tie", workers=workers)


def test_a_loss_is_set_against_those_who_keep_their_client():
    assert "leaves the middle worker 30% of the pay of the year before, against 95%" in wording.loss_said(
        losses(0.30, 0.95))
    assert "hardly less than where the client stays (95%)" in wording.loss_said(losses(0.9, 0.95))


def test_the_answer_has_three_sentences_and_says_what_is_suppressed():
    said = wording.dependence_answer(dominant(0.4, 0.4), mobility(0.3), losses(0.3, 0.9))
    assert said.count(". ") == 2 and said.endswith(".")
    hidden = wording.dependence_answer(dominant(0.4, 0.4, workers=3), mobility(0.3, workers=3),
                                       losses(0.3, 0.9, workers=3))
    assert hidden.count("shown") == 3 and "%" not in hidden


def growth(same, new, half=0.005, amount="price", workers=50):
    return safe([{"tie": tie, "amount": amount, "slope": s, "low": s - half, "high": s + half}
                 for tie, s in (("same client", same), ("new clients", new))], "tie", "amount", workers=workers)


def test_the_growth_of_a_price_is_compared_only_beyond_the_intervals():
    assert "moves by +3.0% a year, faster than" in wording.price_setting_said(growth(0.03, 0.01))
    assert "moves by -1.0% a year, more slowly than" in wording.price_setting_said(growth(-0.01, 0.01))
    assert "at no clearly different pace" in wording.price_setting_said(growth(0.03, 0.025))
    assert "real pay per day" in wording.price_setting_said(growth(0.03, 0.01, amount="pay"))
    assert wording.price_setting_said(growth(0.03, 0.01, workers=4)) == (
        "How the price of a day grows cannot be shown.")
