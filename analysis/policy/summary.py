"""The eight levers side by side: what each would move, what it costs, and who bears that."""

import math
from functools import lru_cache

import pandas as pd
from scipy.stats import t as student

from analysis.errors import MissingData
from analysis.measures.answer import Answer
from analysis.panels import Panels
from analysis.policy.contract_length import ALL_LOST
from analysis.policy.fees import BORNE
from analysis.policy.groups import FOLD, FOLDS
from analysis.policy.levers import LEVERS
from analysis.policy.parameters import given, in_words, parameters, section
from analysis.policy.rules import OWN

NONE = "–"


def side_by_side(panels: Panels) -> Answer:
    """P-1 … P-8 with their registered parameters, over all workers: one row of words and numbers per lever.

    `measured`, what the lever is to move; `today` and `then`, mechanical; `chance`, the 95 % interval of the first
    number of `then` if other workers like these had come: that number ± t × the standard deviation between FOLDS
    random groups of workers ÷ √FOLDS; `cost`; `bears`, who carries it. A lever whose tables are not recorded has no
    row. `fewest` counts the people behind the row, as in the lever's own effects. Pitfalls: `chance` says nothing of
    how people would answer, which is the larger doubt; clients that several groups share make it too narrow.
    """
    rows = []
    for name, lever in LEVERS.items():
        told = _told(panels, name, given(lever.rule))
        if told:
            rows.append({**_named(lever), **told, "chance": _chance(panels, name),
                         "bears": section(lever.rule.LEVER)["bears"]})
    columns = ["id", "lever", "fewest", "measured", "today", "then", "chance", "cost", "bears"]
    return Answer(pd.DataFrame(rows, columns=columns), ("id", "lever"), count="fewest")


def _named(lever) -> dict:
    said = section(lever.rule.LEVER)
    return {"id": said["id"], "lever": said["lever"]}


def _chance(panels: Panels, name: str) -> str:
    """The interval of what a lever moves most, in words; … where fewer than half of the groups know it."""
    column, chosen, form = MOVED[name]

    def values(by: str) -> pd.Series:
        frame = LEVERS[name].effects(panels, by=by).frame()
        for key, value in chosen.items():
            frame = frame[frame[key] == value]
        return frame[column].dropna()

    whole, groups = values("all"), values(FOLD)
    if whole.empty or len(groups) < FOLDS / 2:
        return "…"
    error = student.ppf(0.975, len(groups) - 1) * groups.std() / math.sqrt(len(groups))
    return f"{form.format(whole.iloc[0] - error)} to {form.format(whole.iloc[0] + error)}"


@lru_cache(maxsize=32)      # both tables ask for the registered numbers
def _told(panels: Panels, name: str, rule) -> dict:
    """What a lever under a `rule` moves, in words, and how many people stand behind it; empty where nothing is known.
    """
    try:
        answer = LEVERS[name].effects(panels, rule)
    except MissingData:
        return {}
    frame = answer.frame()
    if frame.empty:
        return {}
    words = dict(zip(("measured", "today", "then", "cost"), TOLD[name](frame), strict=True))
    return {"fewest": int(frame[answer.count].min()), **words}


def tried(panels: Panels) -> Answer:
    """P-1 … P-8: what each lever would move if the number that matters most were another, all else as registered.

    `setting`, the number in words; `then` and `cost` as in `side_by_side`. Shape: lever × value. Reading: where the
    rows of a lever differ much, the number is the decision.
    """
    rows = []
    for name, lever in LEVERS.items():
        for p in (p for p in parameters(lever.rule).values() if p.tried):
            for value in sorted({p.value, *p.tried}):
                told = _told(panels, name, given(lever.rule, **{p.name: value}))
                if told:
                    setting = f"{p.what}: {in_words(value)} {p.unit}".strip()
                    rows.append({**_named(lever), "value": value, "setting": setting, **told})
    columns = ["id", "lever", "value", "fewest", "setting", "measured", "then", "cost"]
    return Answer(pd.DataFrame(rows, columns=columns), ("id", "lever", "value"), count="fewest")


def _form(value, form: str) -> str:
    return "…" if value is None or math.isnan(value) else form.format(value)


def _length(f: pd.DataFrame):
    r = f.set_index("response")
    stays, lost = r.loc["0"], r.loc[ALL_LOST]
    span = f"{_form(stays['days'], '{:+.0%}')} if all clients stay, {_form(lost['days'], '{:+.0%}')} at worst"
    return ("paid days bought by clients", NONE, span,
            f"clients who stay pay {_form(stays['client_cost'], '{:+.0%}')} in all")


def _fund(f: pd.DataFrame):
    r = f.iloc[0]
    return ("covered of 1,000 euros billed", NONE, _form(r["covered"], "{:.2f} euros"),
            f"{_form(r['paid'], '{:.2f} euros')} of levy")


def _fees(f: pd.DataFrame):
    r = f.set_index("response").loc[BORNE]
    return ("years of a worker with a lower fee", NONE, _form(r["pays_less"], "{:.0%}"),
            "none in all: the others pay as much more")


def _cap(f: pd.DataFrame):
    r = f.iloc[0]
    return ("years of a worker that the cap touches", NONE, _form(r["touched"], "{:.0%}"),
            f"{_form(r['in_question'], '{:.0%}')} of pay from clients in question")


def _open_ended(f: pd.DataFrame):
    r = f.iloc[0]
    return ("workers with a guaranteed monthly pay", "0%", _form(r["eligible"], "{:.1%}"),
            f"{_form(r['deficit'], '{:,.0f} euros')} a year for each of them")


def _smoothing(f: pd.DataFrame):
    r = f.iloc[0]
    return ("unevenness of a year's pay", _form(r["cv_before"], "{:.2f}"), _form(r["cv"], "{:.2f}"),
            f"{_form(r['buffer'], '{:.1f}')} months of pay that wait")


def _rules(f: pd.DataFrame):
    r = f.set_index("regime").loc[OWN]
    return ("months in which benefit would open", _form(r["now"], "{:.1%}"), _form(r["share"], "{:.1%}"),
            "benefits, not simulated")


def _democracy(f: pd.DataFrame):
    r = f.iloc[0]
    return ("active members who take part", _form(r["rate"], "{:.1%}"), _form(r["rate_after"], "{:.1%}"),
            "organisation, not simulated")


TOLD = {"contract-length": _length, "guarantee-fund": _fund, "fees": _fees, "client-cap": _cap,
        "open-ended": _open_ended, "smoothing": _smoothing, "rules": _rules, "democracy": _democracy}
MOVED = {       # the column that is told first, the row of it, and how it is written
    "contract-length": ("days", {"response": "0"}, "{:+.0%}"), "guarantee-fund": ("covered", {}, "{:.2f}"),
    "fees": ("pays_less", {"response": BORNE}, "{:.0%}"), "client-cap": ("touched", {}, "{:.0%}"),
    "open-ended": ("eligible", {}, "{:.1%}"), "smoothing": ("cv", {}, "{:.2f}"),
    "rules": ("share", {"regime": OWN}, "{:.1%}"), "democracy": ("rate_after", {}, "{:.1%}")}
