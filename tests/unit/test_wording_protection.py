"""The answer on social protection says what its tables say, and says so when they cannot."""

import pandas as pd
import pytest

from analysis.guard import protect
from analysis.measures import wording

YEARS = range(2001, 2011)


def table(keys, workers=50, **columns):
    frame = pd.DataFrame({"workers": workers, **columns})
    return protect(frame, keys, "workers", "confidential", guarded=True)


def answer(lower=0.2, ever=0.3, survival=(1.0, 0.7, 0.5, 0.2), workers=50, main_workers=50):
    cover = table(("year",), workers, year=YEARS, lower=lower)
    main = table(("year",), main_workers, year=YEARS, lower=0.44)
    entrants = table(("within", "year"), workers, within=[24] * 10 + [36] * 10, year=[*YEARS, *YEARS],
                     lower=[0.9] * 10 + [ever] * 10)
    steps = range(0, 3 * len(survival), 3)
    curves = table(("event", "t"), workers, event=["first"] * len(survival) + ["lost"] * len(survival),
                   t=[*steps, *steps], survival=[*([0.1] * len(survival)), *survival])
    return wording.protection_answer(cover, main, entrants, curves)


@pytest.mark.parametrize(("lower", "said"), [
    (0.031, "hardly any of the months (3.1% in"), (0.2, "a minority of the months (20.0%"),
    (0.6, "most of the months")])
def test_months(lower, said):
    assert said in answer(lower=lower)


def test_those_who_work_most_through_smart_are_named_where_they_can_be():
    assert "; 44% for workers with at least 75 declared days)" in answer()
    assert "75 declared days" not in answer(main_workers=3)


def test_entrants_are_followed_for_three_years():
    assert "Of those who entered last, 12% were covered" in answer(ever=0.12)


@pytest.mark.parametrize(("survival", "said"), [
    ((1.0, 0.7, 0.5, 0.2), "lost it within 6 months"), ((1.0, 0.9, 0.51), "still have it after 6 months")])
def test_how_long_it_lasts(survival, said):
    assert said in answer(survival=survival)


def test_what_is_withheld_is_not_told():
    hidden = answer(workers=3)
    assert hidden.count("cannot be shown") == 3
    assert not any(character.isdigit() for character in hidden)


def test_the_answer_has_three_sentences():
    assert answer().count(". ") == answer(workers=3).count(". ") == 2
