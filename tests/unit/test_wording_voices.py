"""Sentences on interviews follow their tables, and say so when they cannot tell."""

import pandas as pd
import pytest

from analysis.guard import protect
from analysis.measures import voices, wording


def table(keys, rows, people=50):
    return protect(pd.DataFrame(rows).assign(people=people), keys, "people", "confidential", guarded=True)


def agreed(alphas, low=0.0, why=""):
    codes = [voices.ALL, "client_dependence", "belonging"][:len(alphas)]
    lows = [a - low if a is not None else None for a in alphas]
    return table(("code",), {"code": codes, "alpha": alphas, "low": lows, "high": 0.99, "why": why})


@pytest.mark.parametrize(("alpha", "low", "word"), [
    (0.9, 0.02, "coding is firm."), (0.81, 0.05, "firm, though by a small margin"), (0.7, 0.05, "tentative"),
    (0.5, 0.1, "too weak")])
def test_agreement_is_read_by_the_registered_bounds(alpha, low, word):
    assert word in wording.agreement_said(agreed([alpha, 0.9, 0.9], low))


def test_weak_codes_are_named_the_weakest_first():
    assert wording.agreement_said(agreed([0.9, 0.7, 0.6])).endswith("are belonging and client dependence.")
    assert wording.agreement_said(agreed([0.9, 0.7, 0.9])).endswith("is client dependence.")
    assert wording.agreement_said(agreed([0.9, 0.85, 0.9])).endswith("No code falls below 0.80.")


def test_no_variation_and_no_pairs_are_told():
    assert "one and the same code" in wording.agreement_said(agreed([None], why="no variation"))
    assert "too few passages" in wording.agreement_said(agreed([None], why="no passage seen by two coders"))
    assert "too few passages" in wording.agreement_said(table(("code",), {
        "code": [voices.ALL], "alpha": 0.9, "low": 0.8, "high": 1.0, "why": ""}, people=3))


def test_marked_passages_are_summed_over_two_coders_and_more():
    rows = {"coders": [1, 2, 3], "share": [0.3, 0.5, 0.2]}
    assert "70% were marked" in wording.marked_said(table(("coders",), rows))
    assert "cannot be shown" in wording.marked_said(table(("coders",), rows, people=2))


def said(counts, people=50):
    return table(("code",), {"code": [f"code_{n}" for n in range(len(counts))], "interviews": counts, "of": 48}, people)


def test_themes_are_told_as_n_of_n():
    text = wording.themes_said(said([20, 40, 12]))
    assert "code 1 (40 of 48 interviews)" in text and "code 2 (12 of 48)" in text
    assert wording.themes_said(said([20, 20])).startswith("No theme comes up in more")
    assert "cannot be shown" in wording.themes_said(said([20], people=5))
    hidden = said([20, 40, 12], people=[50, 3, 50])
    assert "code 0 (20 of 48 interviews)" in wording.themes_said(hidden) and "40" not in wording.themes_said(hidden)


def contrasts(differences, q, people=20):
    return table(("code",), {"code": [f"code_{n}" for n in range(len(q))], "difference": differences, "q": q}, people)


def test_only_what_holds_for_all_tries_is_told():
    text = wording.contrast_said(contrasts([0.3, -0.2, 0.1], [0.01, 0.04, 0.2]))
    assert text == ("In the interviews of members with one dominant client there are more passages on code 0 and fewer "
                    "passages on code 1 than in those of other members.")
    open_data = protect(pd.DataFrame({"code": ["a"], "difference": 0.3, "q": 0.01, "people": 2}), ("code",), "people",
                        "synthetic", guarded=False)
    assert wording.contrast_said(open_data).endswith("There are 2 people in the smaller group, so that this is a hint "
                                                     "and no more.")
    assert wording.contrast_said(contrasts([0.3], [0.06])).startswith("No theme takes clearly more or less")
    assert "staff" in wording.contrast_said(contrasts([0.3], [0.06]), "staff")
    assert "too few were interviewed" in wording.contrast_said(contrasts([0.3], [0.01], people=4))


def test_saturation_is_sure_or_not():
    rows = {"interviews": [5, 6, 7], "codes": [8.0, 9.0, 9.5], "reached": [None, 0.7, 0.96]}
    assert "by interview 7; 7 were held" in wording.saturation_said(table(("interviews",), rows))
    rows["reached"] = [None, 0.2, 0.6]
    assert "not sure after all 7" in wording.saturation_said(table(("interviews",), rows))
    assert "cannot be shown" in wording.saturation_said(table(("interviews",), rows, people=4))


def covered(promises, people=50):
    return table(("code",), {"code": [f"code_{n}" for n in range(len(promises))], "promise": promises,
                             "interviews": 20, "of": 48}, people)


def test_themes_without_an_indicator_are_named():
    assert wording.coverage_said(covered(["Continuity", "–", "–"])) == (
        "Of 3 themes, 1 have an indicator in the records. Not measurable here: code 1 and code 2.")
    assert wording.coverage_said(covered(["Continuity"])).endswith("in the records.")
    assert "cannot be shown" in wording.coverage_said(covered(["–"], people=2))


def test_paraphrases_are_counted():
    rows = {"code": ["a"], "text": ["b"], "interviews": [12]}
    assert wording.approved_said(table(("code", "text"), rows)).startswith("1 paraphrase is")


def test_the_answer_has_three_sentences_whatever_is_hidden():
    assert wording.voices_answer(agreed([0.9, 0.9]), said([20, 12]), covered(["–"])) == (
        "What is said is coded in a way that is firm. The theme that comes up in most interviews is code 0 (20 of 48 "
        "interviews); the one that comes up in fewest, of those that can be shown, is code 1 (12 of 48). Of code 0, "
        "people speak and the records are silent.")
    hidden = wording.voices_answer(agreed([None]), said([20], people=1), covered(["–"], people=1))
    assert hidden.count(".") == 3 and hidden.count("cannot be") == 3
