"""The sentences on the methods say what the trials say, and name what fails and what escaped."""

import pandas as pd
import pytest

from analysis.guard import SafeTable
from analysis.measures import wording


def trials(right=("",), twins=("bias",), looks=(("bias", 0.5, 0.1),)):
    rows = [{"name": f"method {n}", "role": "right", "faults": f, "aim": 0.1, "mean": 0.1} for n, f in enumerate(right)]
    rows += [{"name": f"method {n}", "role": "twin", "faults": f, "aim": 0.1, "mean": 0.4} for n, f in enumerate(twins)]
    rows += [{"name": f"method {n}", "role": "naive", "faults": f, "aim": aim, "mean": mean}
             for n, (f, mean, aim) in enumerate(looks)]
    return SafeTable(pd.DataFrame(rows), (), "public")


def test_what_fails_is_named():
    assert wording.trials_said(trials(("", ""))) == "2 of 2 estimators pass every check."
    assert wording.trials_said(trials(("", "bias"))).endswith("1 of 2 estimators pass every check; the others are: "
                                                              "method 1.")


def test_a_mistake_that_escapes_is_named():
    assert wording.twins_said(trials(twins=("bias", "size"))) == "All 2 mistakes made on purpose were caught."
    assert "1 escaped: method 1" in wording.twins_said(trials(twins=("bias", "")))


def test_the_worst_careless_look_is_named():
    said = wording.careless_looks_said(trials(looks=(("bias", 0.5, 0.1), ("", -0.7, -0.1))))
    assert said.startswith("1 of 2 careless looks") and "“method 1”: it reports -0.70 where -0.10" in said
    assert "No careless look" in wording.careless_looks_said(trials(looks=()))


@pytest.mark.parametrize(("right", "said"), [
    (("",) * 20, "All estimators"), (("",) * 19 + ("bias",), "Nearly all"), (("", "", "bias"), "Most"),
    (("bias", "bias", ""), "Only some")])
def test_the_answer_has_three_sentences_and_says_how_many(right, said):
    answer = wording.trust_answer(trials(right))
    assert answer.startswith(said) and answer.count(". ") == 2 and answer.endswith(".")
    assert ("this page says so" in answer) == any(right)
