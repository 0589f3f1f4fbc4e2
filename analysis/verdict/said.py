"""Sentences of the verdict: what the scorecard says of each promise, and of the question as a whole."""

from functools import partial

from analysis.guard import SafeTable
from analysis.guard.safe import SUPPRESSED
from analysis.verdict.scorecard import overall

WORDS = {"KEPT": "is kept", "WITHIN MARGIN": "is kept within the margin", "NOT KEPT": "is not kept",
         "UNDETERMINED": "cannot be decided"}
ANSWERS = {
    "yes": "Yes, as far as the promises that can be judged go: each of them is kept, or kept within its margin.",
    "mostly": "Mostly: two thirds or more of the promises that can be judged are kept, or kept within their margins.",
    "in part": "In part: some of the promises are kept and others are not, and neither are two thirds.",
    "no": "No: two thirds or more of the promises that can be judged are not kept.",
    "open": "The records cannot tell: half of the promises or more cannot be decided.",
}


def deciding(card: SafeTable):
    """The rows of the scorecard that give each promise its verdict; what is hidden is UNDETERMINED."""
    rows = card.frame[card.frame["decides"].astype(bool)].copy()
    rows["verdict"] = rows["verdict"].astype("object").where(rows["verdict"].notna(), "UNDETERMINED")
    return rows


def promise(card: SafeTable, title: str) -> str:
    """One promise: its verdict, the numbers that give it, and what the other benchmarks say."""
    rows = card.where(promise=title).frame
    [main] = deciding(card.where(promise=title)).to_dict("records")
    if main.get("absent"):
        return f"This promise cannot be decided here. {main['absent']}"
    if main.get(SUPPRESSED):
        return f"This promise cannot be decided: fewer than {card.k} people stand behind it."
    if main["value"] != main["value"]:
        return "This promise cannot be decided: the dataset holds nothing of the years that are judged."
    said = (f"This promise {WORDS[main['verdict']]}. The indicator {_between(main['low'], main['high'])}; the "
            f"benchmark, {main['benchmark']}, is {_percent(main['reference'])}.")
    others = rows[~rows["decides"].astype(bool)]
    told = [f"{_besides(r)} {r['benchmark']} ({_percent(r['reference'])})" for r in others.to_dict("records")
            if r["verdict"] == r["verdict"] and not r.get(SUPPRESSED) and r["reference"] == r["reference"]]
    return f"{said} It {' and '.join(told)}." if told else said


def of(title: str):
    """The rule that says `promise` of one title, for `study.sentence`."""
    return partial(promise, title=title)


def _percent(value: float) -> str:
    return f"{value:.0%}".replace("-", "−")


def _between(low: float, high: float) -> str:
    low, high = _percent(low), _percent(high)
    return f"is {low}" if low == high else f"lies between {low} and {high}"


def _besides(row: dict) -> str:
    if row["difference_low"] > 0:
        return "is higher than"
    return "is lower than" if row["difference_high"] < 0 else "cannot be told apart from"


def sides(card: SafeTable) -> str:
    """How the promises of each side stand, in one sentence for each."""
    said = []
    for side, rows in deciding(card).groupby("side", sort=False):
        counts = rows["verdict"].value_counts()
        parts = [f"{_number(counts[v])} {'are' if counts[v] > 1 else 'is'} {_state(v)}" for v in WORDS if v in counts]
        said.append(f"{side}: of {_number(len(rows))} promises, {_listed(parts)}.")
    return " ".join(said)


def verdict(card: SafeTable) -> str:
    """The answer to the question of the study, from the verdicts of the promises."""
    rows = deciding(card)
    answer = ANSWERS[overall(rows["verdict"].tolist())]
    broken = rows.loc[rows["verdict"] == "NOT KEPT", "promise"].tolist()
    unknown = rows.loc[rows["verdict"] == "UNDETERMINED", "promise"].tolist()
    said = [answer]
    if broken:
        said.append(f"Not kept: {_names(broken)}.")
    if unknown:
        said.append(f"Undecided: {_names(unknown)}.")
    return " ".join(said)


def state_of_answer(card: SafeTable) -> str:
    """What Home says: the scorecard's answer, or that an invented world has none."""
    if card.absent:
        return card.absent
    if card.origin == "synthetic":
        return ("No answer about Smart yet. This is the study's instrument, tried on an invented world, and what "
                f"follows is no finding. In that world the instrument reads: {verdict(card)}")
    return f"{verdict(card)} These pages rest on confidential records and await review."


def _names(titles) -> str:
    return "; ".join(t[0].lower() + t[1:] for t in titles)


def _state(verdict: str) -> str:
    return {"KEPT": "kept", "WITHIN MARGIN": "kept within the margin", "NOT KEPT": "not kept",
            "UNDETERMINED": "undecided"}[verdict]


def _number(n: int) -> str:
    return ("none", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")[n] if n <= 10 \
        else str(n)


def _listed(parts) -> str:
    return parts[0] if len(parts) == 1 else ", ".join(parts[:-1]) + " and " + parts[-1]
