"""Sentences on a say in the cooperative follow their tables, tell no causes, and say so when they cannot tell."""

import re
from pathlib import Path

import pandas as pd
import pytest

from analysis.guard import SafeTable, protect
from analysis.measures import democracy, wording

CHAPTER = Path(__file__).resolve().parents[2] / "book" / "chapters" / "a-say-in-the-cooperative.md"
CAUSAL = re.compile(r"\b(cause[sd]?|effects?|impacts?|leads? to|because of|thanks to|due to|makes? (?:them|members)|"
                    r"results? in|influences?)\b", re.IGNORECASE)


def table(keys, rows, workers=50):
    frame = pd.DataFrame(rows).assign(workers=workers)
    return protect(frame, keys, "workers", "confidential", guarded=True)


def owned(workers=50):
    return table(("year",), {"year": [2018, 2017], "owners": [0.8, 0.1], "enough": [0.6, 0.1], "extra": [0.05, 0.0]},
                 workers)


def came(rate=0.03, workers=50):
    return table(("among", "act", "day"), {
        "among": ["active", "active", "holders", "active"], "act": ["attended", "attended", "attended", "voted"],
        "day": ["2018-06-23", "2017-06-23", "2018-06-23", "2018-06-23"], "time": [2018.4, 2017.4, 2018.4, 2018.4],
        "rate": [rate, 0.9, 0.8, 0.7]}, workers)


def traits(tenure=(0.1, 0.2), woman=(-0.1, 0.1), account=(-0.3, -0.2), workers=50):
    low, high = zip(tenure, woman, account, strict=True)
    names = ["tenure", "woman", "account"]
    return table(("trait", "one_more"), {
        "trait": names, "one_more": [democracy.TRAITS[n][0] for n in names], "low": low, "high": high}, workers)


def pay(low, high, workers=50):
    return table(("act",), {"act": ["attended"], "index": [(low + high) / 2], "low": [low], "high": [high]}, workers)


def alike(low, high, workers=50):
    return table(("act",), {"act": ["attended", "extra"], "rate": 0.05, "low": [low, 0], "high": [high, 0],
                            "variation": [0.2, 0.9]}, workers)


def left(low, high, workers=50):
    return table(("who",), {"who": ["came", "difference"], "rate": [0.1, 0], "low": [0, low], "high": [1, high]},
                 workers)


def times(share, chance=0.1, error=0.02, workers=50):
    return table(("times",), {"times": [0, 2], "share": [1 - share, share], "chance": [1 - chance, chance],
                              "error": error}, workers)


def test_ownership_tells_the_rule_from_the_choice_in_the_last_year():
    said = wording.ownership_said(owned())
    assert "80% of the members" in said and "5% hold more" in said
    assert said.index("which is the rule") < said.index("which is a choice")


@pytest.mark.parametrize(("share", "word"), [(0.2, "more than the 10.0%"), (0.11, "cannot be told from the 10.0%"),
                                             (0.02, "fewer than the 10.0%")])
def test_regulars_are_told_from_chance(share, word):
    assert word in wording.regulars_said(times(share))


@pytest.mark.parametrize(("low", "high", "word", "span"), [
    (0.96, 0.98, "come differ:", "between 20% and 40%"), (0.97, 1.0, "are not shown to differ", "between 0% and 30%")])
def test_likeness_is_told_with_its_uncertainty(low, high, word, span):
    said = wording.alike_said(alike(low, high))
    assert word in said and span in said and "20% of it" in said


def test_traits_are_listed_by_the_side_of_their_interval():
    said = wording.coming_said(traits())
    assert "more often by those who have been members a year longer" in said
    assert "less often by those who may draw on an Activity" in said
    assert "women" not in said and "no difference can be told" in said
    assert "holding more shares" in wording.extra_said(traits())
    flat = (-0.1, 0.1)
    assert "no recorded trait" in wording.coming_said(traits(flat, flat, flat))
    assert "no difference can be told" not in wording.coming_said(traits(woman=(0.1, 0.2)))


@pytest.mark.parametrize(("low", "high", "word"), [
    (0.01, 0.1, "left more often"), (-0.1, -0.01, "left less often"), (-0.1, 0.1, "did not leave more or less often")])
def test_leaving_follows_the_interval_of_the_difference(low, high, word):
    said = wording.leaving_said(left(low, high))
    assert word in said and "choose to come" in said


def test_the_answer_follows_each_of_its_parts():
    def answer(rate=0.03, tenure=(0.1, 0.2), ranks=(-0.1, 0.1)):
        return wording.democracy_answer(owned(), came(rate), traits(tenure), pay(*ranks))

    assert "Few active members come to an assembly: 3.0%" in answer()
    assert "A minority of active members" in answer(0.2) and "Most active members" in answer(0.6)
    assert "those long a member come more often, and no difference can be told between the better" in answer()
    assert "those long a member come less often" in answer(tenure=(-0.2, -0.1))
    assert "the better paid come more often" in answer(ranks=(0.1, 0.2))
    assert "the less paid come more often" in answer(ranks=(-0.2, -0.1))
    assert len(re.findall(r"[.](?= |$)", re.sub(r"\d\.\d", "", answer()))) == 3


def test_what_is_suppressed_or_empty_is_not_told():
    few = 9
    for said in (wording.ownership_said(owned(few)), wording.regulars_said(times(0.2, workers=few)),
                 wording.alike_said(alike(0.9, 0.95, few)), wording.coming_said(traits(workers=few)),
                 wording.extra_said(traits(workers=few)), wording.leaving_said(left(0.1, 0.2, few))):
        assert re.search("cannot be (shown|told)", said) and not re.search(r"\d", said)
    said = wording.democracy_answer(owned(few), came(workers=few), traits(workers=few), pay(0.1, 0.2, few))
    assert said.count("cannot be") == 3 and not re.search(r"\d", said)
    empty = SafeTable(pd.DataFrame(columns=["year", "owners", "extra"]), ("year",), "confidential")
    assert "cannot be shown" in wording.ownership_said(empty)


def test_no_sentence_tells_a_cause():
    sides = [(0.1, 0.2), (-0.2, -0.1), (-0.1, 0.1)]
    said = [wording.democracy_answer(owned(), came(), traits(s), pay(*s)) for s in sides]
    said += [wording.leaving_said(left(*s)) for s in sides] + [wording.coming_said(traits(s)) for s in sides]
    said += [wording.extra_said(traits(s)) for s in sides] + [wording.regulars_said(times(x)) for x in (0.02, 0.1, 0.3)]
    said += [wording.alike_said(alike(0.9, 0.95)), wording.ownership_said(owned())]
    said += [meaning for meaning, _where in (*democracy.TRAITS.values(), *democracy.ACTS.values())]
    assert [s for s in said if CAUSAL.search(s)] == []


def test_the_chapter_tells_no_causes_and_that_ownership_is_not_participation():
    text = CHAPTER.read_text("utf-8")
    assert [m[0] for m in CAUSAL.finditer(text)] == []
    assert "says nothing about the wish to take part" in text
    assert {"democracy.turnout", "democracy.determinants", 'act="extra"'} <= set(re.findall(
        r'democracy\.turnout|democracy\.determinants|act="extra"', text))
