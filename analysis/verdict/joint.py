"""Where records and interviews meet: themes with and without an indicator, and the joint display (Q-04, Q-05, Q-06).

Which code speaks of which promise, and whether for it or against it, is registered in [voices.codes] of
book/criteria.toml. Neither strand corrects the other: where they differ, that is the finding.
"""

import tomllib
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from pathlib import Path

import numpy as np
import pandas as pd

from analysis import criteria
from analysis.errors import MissingData, StudyError, unknown
from analysis.guard import K_WORKERS, SafeTable
from analysis.measures import voices
from analysis.measures.answer import Answer
from analysis.panels import Panels
from analysis.verdict.promises import registered

READINGS = ("for", "against")
FITS = {    # of the two strands, and what each means for a reader
    "confirmation": "records and interviews say the same",
    "complementarity": "interviews show more than one side of what the records count as one",
    "expansion": "interviews tell of what the records cannot decide",
    "discordance": "records and interviews contradict each other, which has to be looked into",
    "silence": "interviews do not speak of it",
}
MEASURED = ("KEPT", "WITHIN MARGIN")
VERDICTS = (*MEASURED, "NOT KEPT", "UNDETERMINED")
DIRECTIONS = ("for", "against", "mixed")
PARAPHRASES = criteria.FILE.with_name("paraphrases.toml")
QUOTES = "\"“”«»„"


@dataclass(frozen=True)
class Theme:
    """A code: what it is about, and the promise of which it speaks; without one, the records cannot measure it."""

    code: str
    what: str
    promise: str = ""
    reading: str = ""


@lru_cache
def themes() -> tuple[Theme, ...]:
    """The registered codes. StudyError where one names a promise or a reading that does not exist."""
    known = {p.name for p in registered()[1]}
    found = tuple(Theme(code, **entry) for code, entry in criteria.read()["voices"]["codes"].items())
    for theme in found:
        if theme.promise and theme.promise not in known:
            raise unknown(f"promise of code `{theme.code}` in criteria.toml", theme.promise, known)
        if theme.reading not in (READINGS if theme.promise else ("",)):
            raise StudyError(f"Code `{theme.code}` in criteria.toml needs the reading `for` or `against` where it "
                             "names a promise, and none where it does not.")
    return found


def coverage(panels: Panels) -> Answer:
    """Q-05, Q-06. Every code of the corpus, with the promise of which it speaks, and what the records measure of it.

    `interviews` of `of` have it. `indicator` is that of the promise; "not measurable here" where no promise belongs to
    the code. Unit: interviews. Shape: code. A code that is not registered counts as one without a promise.
    """
    promises, known = {p.name: p for p in registered()[1]}, {t.code: t for t in themes()}
    said = voices.said(panels).frame()
    rows = []
    for row in said.to_dict("records"):
        theme = known.get(row["code"], Theme(row["code"], "not registered"))
        promise = promises.get(theme.promise)
        rows.append({"code": row["code"], "what": theme.what, "promise": promise.title if promise else "–",
                     "reading": theme.reading or "–", "indicator": promise.what if promise else "not measurable here",
                     **{c: row[c] for c in ("interviews", "of", "share", "fewest")}})
    return Answer(pd.DataFrame(rows), ("code",), count="fewest")


def direction(pro: float, contra: float, of: int) -> str | None:
    """Where interviews lean: `for`, `against`, `mixed`, or None where they do not speak of the promise.

    They speak of it where the larger of the two shares of interviews is at least `least`; they lean to a side whose
    share is larger by `margin` or more.
    """
    rules = voices.REGISTERED
    if not of or max(pro, contra) < rules.least * of:
        return None
    apart = (pro - contra) / of
    return "for" if apart >= rules.margin else "against" if apart <= -rules.margin else "mixed"


def fit(verdict: str, direction: str | None) -> str:
    """How the two strands fit, one of FITS, from the verdict of the records and the direction of the interviews.

    Silence without a direction. With one: expansion where the records are UNDETERMINED; complementarity where the
    interviews are mixed; else confirmation or discordance, as the sides are the same or not. Source: Fetters, Curry &
    Creswell 2013; silence after O'Cathain, Murphy & Nicholl 2010.
    """
    if verdict not in VERDICTS:
        raise unknown("verdict", verdict, VERDICTS)
    if direction is None:
        return "silence"
    if direction not in DIRECTIONS:
        raise unknown("direction of interviews", direction, DIRECTIONS)
    if verdict == "UNDETERMINED":
        return "expansion"
    if direction == "mixed":
        return "complementarity"
    return "confirmation" if (verdict in MEASURED) == (direction == "for") else "discordance"


def display(panels: Panels, verdicts: pd.DataFrame | SafeTable) -> Answer:
    """Q-04. The joint display: for each promise the verdict of the records, what interviews say, and how the two fit.

    `verdicts` has the columns promise (its title) and verdict, and may be the scorecard, of which the rows that decide
    are taken; a verdict that is hidden is UNDETERMINED. `pro` and `contra` of `of` interviews have a code that speaks
    for the promise, or against it; `codes` names them. `fit` is one of FITS, and `meaning` the meta-inference. Unit:
    interviews. Shape: promise. `fewest`: the people of whom a row tells: all where no code speaks of the promise, 0
    where it tells something of everybody. Pitfall: a code says that something came up; which way it was told is read
    off the definition of the code. Source: Guetterman, Fetters & Creswell 2015.
    """
    frame = _frame(verdicts)
    frame = frame[frame["decides"].eq(True)] if "decides" in frame else frame
    told = {title: v if isinstance(v, str) else "UNDETERMINED"
            for title, v in zip(frame["promise"], frame["verdict"], strict=True)}
    speak = voices.speakers(panels)
    return Answer(pd.DataFrame([_row(p, told.get(p.title, "UNDETERMINED"), speak) for p in registered()[1]]),
                  ("promise",), count="fewest")


def _frame(verdicts) -> pd.DataFrame:
    if not isinstance(verdicts, SafeTable):
        return verdicts
    if verdicts.absent:
        raise MissingData(verdicts.absent)
    return verdicts.frame


def _row(promise, verdict: str, speak: pd.DataFrame) -> dict:
    mine = [t for t in themes() if t.promise == promise.name and t.code in set(speak["code"])]
    sides = {r: [t.code for t in mine if t.reading == r] for r in READINGS}
    parts = [speak[speak["code"].isin(codes)] for codes in sides.values() if codes]
    number = {r: speak.loc[speak["code"].isin(codes), "interview"].nunique() for r, codes in sides.items()}
    of, everybody = speak["interview"].nunique(), speak["person"].nunique()
    way = direction(*number.values(), of) if mine else None
    people = [part["person"].nunique() for part in parts]
    found = fit(verdict, way)
    return {"promise": promise.title, "verdict": verdict, "codes": ", ".join(t.code for t in mine) or "–",
            **{name: number[r] if sides[r] else np.nan for name, r in (("pro", "for"), ("contra", "against"))},
            "of": of, "direction": way or "–", "fit": found, "meaning": FITS[found],
            "fewest": 0 if everybody in people else min(people, default=everybody)}


def metrics(panels: Panels, verdicts: pd.DataFrame | SafeTable) -> Answer:
    """Q-05. How far the two strands are joined, in counts and shares of all promises or all themes. Shape: what.

    Promises of which both strands speak; promises by fit; themes (codes of the corpus) that have an indicator, and
    those that are not measurable here. Only promises and themes of whose rows nobody is hidden are counted, so that the
    counts tell no more than `display` and `coverage` do.
    """
    shown, themed = (rows[rows["fewest"] >= K_WORKERS] for rows in (
        display(panels, verdicts).frame(), coverage(panels).frame()))
    measurable = themed["promise"] != "–"
    both = (shown["verdict"] != "UNDETERMINED") & (shown["direction"] != "–")
    counts = [("promises of which both strands speak", both.sum(), len(shown)),
              *((f"promises with {name}", (shown["fit"] == name).sum(), len(shown)) for name in FITS),
              ("themes with an indicator", measurable.sum(), len(themed)),
              ("themes not measurable here", (~measurable).sum(), len(themed))]
    frame = pd.DataFrame(counts, columns=["what", "number", "of"])
    frame["share"] = frame["number"] / frame["of"].where(frame["of"] > 0)
    behind = pd.concat([shown["fewest"], themed["fewest"]])
    return Answer(frame.assign(fewest=behind.min() if len(behind) else 0), ("what",), count="fewest")


# -- paraphrases -----------------------------------------------------------------------------------------------

def paraphrases(panels: Panels, file: Path = PARAPHRASES) -> Answer:
    """The paraphrases of book/paraphrases.toml that two people have approved: the only words of interviews in the book.

    Shape: code × text. `interviews`: how many of them it sums up. MissingData where there is none, and on a synthetic
    dataset, in which nobody has said anything. StudyError where an entry is incomplete, is approved by fewer than two
    people, or holds a quotation mark: a sentence of a person is no paraphrase.
    """
    if panels.dataset.synthetic:
        raise MissingData("These interviews are invented: nobody has said anything that could be told here.")
    entries = tomllib.loads(file.read_text("utf-8")).get("paraphrase", [])
    if not entries:
        raise MissingData("No paraphrase of the interviews has been approved.")
    known = {t.code for t in themes()}
    return Answer(pd.DataFrame([_approved(n, entry, known) for n, entry in enumerate(entries, 1)]), ("code", "text"),
                  count="interviews")


def _approved(number: int, entry: dict, known: set[str]) -> dict:
    where = f"Paraphrase {number} of paraphrases.toml"
    if set(entry) != {"code", "text", "interviews", "approved_by", "approved_on"}:
        raise StudyError(f"{where} needs code, text, interviews, approved_by and approved_on, and nothing else.")
    if entry["code"] not in known:
        raise StudyError(f"{where} has a code that is not registered in [voices.codes] of criteria.toml.")
    if len(set(entry["approved_by"])) < 2 or not isinstance(entry["approved_on"], date):
        raise StudyError(f"{where} needs two people who approved it, and the day.")
    if any(mark in entry["text"] for mark in QUOTES):
        raise StudyError(f"{where} holds a quotation mark; say what was meant in other words.")
    return {"code": entry["code"], "text": entry["text"], "interviews": entry["interviews"],
            "approved_on": entry["approved_on"]}
