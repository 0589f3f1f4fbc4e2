"""Sentences on chance, on the direction of a year and on what is enough to live on follow their tables."""

import pandas as pd
import pytest

from analysis.guard import protect
from analysis.measures import wording

YEARS = range(2001, 2011)


def yearly(workers=50, **columns):
    frame = pd.DataFrame({"year": YEARS, "workers": workers, **columns})
    return protect(frame, ("year",), "workers", "confidential", guarded=True)


@pytest.mark.parametrize(("half", "words"), [(2, "Chance matters little now"), (10, "Chance matters: in the last years "
                         "it could move the middle worker's pay by about 10% either way"), (30, "matters a lot")])
def test_chance_is_read_off_the_bands(half, words):
    assert words in wording.chance(yearly(value=100.0, low=100.0 - half, high=100.0 + half))


def test_chance_of_what_cannot_be_shown():
    assert "cannot be shown" in wording.chance(yearly(workers=3, value=1.0, low=1.0, high=1.0))


@pytest.mark.parametrize(("degradation", "words"), [(0.01, "balance"), (0.2, "down more than up"), (-0.2, "up more")])
def test_the_direction_of_a_year(degradation, words):
    assert words in wording.direction_of_years(yearly(degradation=degradation))
    assert "cannot be shown" in wording.direction_of_years(yearly(workers=3, degradation=degradation))


def living(share=0.5, pay=0.5, time=-1.0, m0=(0.4, 0.4), workers=50):
    depth = [m0[0] + (m0[1] - m0[0]) * n / 9 for n in range(10)]
    return wording.living_answer(yearly(workers, share=share), yearly(workers, share=share / 2),
                                 yearly(workers, pay=pay, time=time), yearly(workers, h=0.8, m0=depth))


def test_the_answer_on_living_follows_each_of_its_parts():
    assert "50% of all workers in the last years, and for 25% of those" in living()
    assert "What lacks is time" in living(pay=0.5, time=-1.0)
    assert "What lacks is pay" in living(pay=-0.5, time=0.1)
    assert "Time lacks more than pay" in living(pay=-0.5, time=-1.0)
    assert "Pay lacks more than time" in living(pay=-1.5, time=-1.0)
    assert "80% lack at least a third" in living() and "about as much as in the first" in living()
    assert "more than in the first years" in living(m0=(0.2, 0.6))
    assert "less than in the first years" in living(m0=(0.6, 0.2))
    assert living(workers=3).count("cannot be shown") == 3
