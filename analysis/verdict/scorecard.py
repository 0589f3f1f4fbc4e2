"""The scorecard: each promise against its registered benchmarks, and what follows for the question of the study.

The verdict of a comparison is read off the interval of the difference between indicator and benchmark (`judge`). The
intervals of all comparisons hold together (`analysis.models.together`), so that ten promises do not make ten chances
to be wrong. Units, workers or clients, are drawn as wholes, with all their years.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from analysis.errors import MissingData
from analysis.measures.answer import Answer, cut
from analysis.models import together
from analysis.panels import Panels
from analysis.verdict import indicators
from analysis.verdict.promises import SIDES, Benchmark, Promise, Rules, registered

VERDICTS = ("KEPT", "WITHIN MARGIN", "NOT KEPT", "UNDETERMINED")
UNMOVED = 3         # ÷ units: how far off a share can be that nobody contradicts (the rule of three)
NUMBERS = ("value", "low", "high", "reference", "difference", "difference_low", "difference_high")
COLUMNS = ("promise", "side", "benchmark", "decides", "people", *NUMBERS, "verdict", "alone", "grade", "absent")


def judge(low: float, high: float, margin: float) -> str:
    """The verdict on a difference, more being better, that lies between `low` and `high`.

    KEPT where low > 0; WITHIN MARGIN where −margin < low ≤ 0; NOT KEPT where high < −margin; else UNDETERMINED. The
    four are exhaustive, and exclude each other, for low ≤ high; an unknown interval is UNDETERMINED.
    Source: methods of non-inferiority, Lakens 2017.
    """
    if low > 0:
        return "KEPT"
    if low > -margin:
        return "WITHIN MARGIN"
    return "NOT KEPT" if high < -margin else "UNDETERMINED"


@dataclass(frozen=True)
class Estimate:
    """A value, what each unit adds to it (a Series by unit, of mean zero), and `slack`: its error where none moves."""

    value: float
    influence: pd.Series
    slack: float = 0.0

    def __sub__(self, other: "Estimate") -> "Estimate":
        return Estimate(self.value - other.value, self.influence.sub(other.influence, fill_value=0.0),
                        self.slack + other.slack)

    @property
    def error(self) -> float:
        return float(np.sqrt((self.influence**2).sum()))

    def interval(self, reach: float) -> tuple[float, float]:
        half = reach * self.error + self.slack
        return self.value - half, self.value + half


def ratio(num: pd.Series, den: pd.Series, unit: pd.Series) -> Estimate:
    """θ = Σ num ÷ Σ den with the influence ψᵢ = Σ over the rows of unit i of (num − θ den) ÷ Σ den.

    nan without any den. Where no unit differs from the others, the error is taken as 3 ÷ units.
    """
    total = den.sum()
    if not total > 0:
        return Estimate(float("nan"), pd.Series(dtype="float64"))
    value = num.sum() / total
    influence = ((num - value * den) / total).groupby(unit).sum()
    units = int((den.groupby(unit).sum() > 0).sum())
    moves = (influence.abs() > 1e-12 / units).any()
    return Estimate(float(value), influence if moves else influence * 0.0, 0.0 if moves else UNMOVED / units)


@dataclass(frozen=True)
class Comparison:
    """A promise beside one benchmark: the indicator and the difference, each on the lower and on the upper basis."""

    promise: Promise
    benchmark: Benchmark
    people: int
    value: tuple[Estimate, Estimate]
    difference: tuple[Estimate, Estimate]


def estimate(rows: pd.DataFrame, basis: str, years: tuple[int, int], population: str) -> Estimate:
    """The indicator on one basis over the worker-years of a population from the first to the last of `years`."""
    r = rows[rows["year"].between(*years) & rows[population]]
    return ratio(r[f"num_{basis}"], r[f"den_{basis}"], r["unit"])


def people(rows: pd.DataFrame, basis: str, years: tuple[int, int], population: str) -> int:
    """How many units stand behind `estimate`."""
    r = rows[rows["year"].between(*years) & rows[population] & (rows[f"den_{basis}"] > 0)]
    return int(r["unit"].nunique())


def compared(rows: pd.DataFrame, promise: Promise, benchmark: Benchmark, rules: Rules) -> Comparison:
    """What the `rows` of an indicator say of a promise beside a benchmark."""
    lower, upper = promise.basis[0], promise.basis[-1]
    now = [estimate(rows, basis, rules.now, promise.population) for basis in (lower, upper)]
    number = min(people(rows, basis, rules.now, promise.population) for basis in promise.basis)
    if benchmark.value is not None:
        fixed = Estimate(benchmark.value, pd.Series(dtype="float64"))
        other = [fixed, fixed]
    else:
        years = rules.past if benchmark.past else rules.now
        bases = (upper, lower) if benchmark.past else (benchmark.basis, benchmark.basis)
        other = [estimate(rows, basis, years, promise.population) for basis in bases]
        number = min(number, *(people(rows, basis, years, promise.population) for basis in bases))
    return Comparison(promise, benchmark, number, tuple(now), tuple(a - b for a, b in zip(now, other, strict=True)))


def _reach(comparisons: list[Comparison], rules: Rules) -> float:
    """Standard errors that intervals need to hold together; clients and workers are drawn apart."""
    parts = []
    for clients in (False, True):
        chosen = [d.influence for c in comparisons for d in c.difference if (c.promise.name == "users") == clients]
        if chosen:
            parts.append(pd.concat(chosen, axis=1).fillna(0.0).to_numpy())
    if not parts:
        return float("nan")
    rows, columns = (sum(p.shape[axis] for p in parts) for axis in (0, 1))
    influence, at = np.zeros((rows, columns)), [0, 0]
    for p in parts:
        influence[at[0]:at[0] + p.shape[0], at[1]:at[1] + p.shape[1]] = p
        at = [at[0] + p.shape[0], at[1] + p.shape[1]]
    return together.critical(influence, rules.level, rules.draws, rules.seed)


def comparisons(panels: Panels) -> tuple[list[Comparison], dict[str, str]]:
    """All comparisons that the dataset can tell, in memory only, and why the others are not among them."""
    rules, promises = registered()
    made, absent = [], {}
    for promise in promises:
        try:
            rows = indicators.frame(panels, promise.name)
        except MissingData as missing:
            absent[promise.name] = str(missing)
            continue
        made += [compared(rows, promise, b, rules) for b in promise.benchmarks]
    return made, absent


def scorecard(panels: Panels) -> Answer:
    """Every promise beside every benchmark, and the verdict.

    `value` is the indicator now, `reference` the benchmark, `difference` the one less the other, each with an interval
    that holds together with all others; where the truth lies between two bases, `value` is that of the lower one and
    the interval reaches from the one to the other. `verdict` by `judge`; `alone`, what a single interval of 95 % would
    say. `decides` marks the benchmark that gives the promise its verdict; `people` are the distinct workers (for
    clients' promises: clients) behind the smaller side. Unit: that of the indicator. Shape: promise × benchmark. A
    promise that the dataset cannot tell is UNDETERMINED, `absent` says why. Pitfall: a verdict is about work through
    Smart alone, and says nothing of why.
    """
    made, absent = comparisons(panels)
    rules, promises = registered()
    reach, single = _reach(made, rules), together.alone(rules.level)
    rows = [_row(c, reach, single) for c in made]
    rows += [{"promise": p.title, "side": SIDES[p.side], "benchmark": p.benchmarks[0].name, "decides": True,
              "people": 0, "verdict": "UNDETERMINED", "alone": "UNDETERMINED", "grade": p.grade,
              "absent": absent[p.name]} for p in promises if p.name in absent]
    order = {p.title: n for n, p in enumerate(promises)}
    frame = pd.DataFrame(rows, columns=list(COLUMNS)).sort_values("promise", key=lambda c: c.map(order), kind="stable")
    frame = cut(frame.reset_index(drop=True).astype(dict.fromkeys(NUMBERS, float)))
    return Answer(frame, ("promise", "side", "benchmark", "decides", "absent"), count="people")


def _row(c: Comparison, reach: float, single: float) -> dict:
    lower, upper = c.difference
    low, high = lower.interval(reach)[0], upper.interval(reach)[1]
    own = c.value[0].interval(reach)[0], c.value[1].interval(reach)[1]
    return {"promise": c.promise.title, "side": SIDES[c.promise.side], "benchmark": c.benchmark.name,
            "decides": c.benchmark is c.promise.benchmarks[0], "people": c.people, "value": c.value[0].value,
            "low": own[0], "high": min(own[1], 1.0), "reference": c.value[0].value - lower.value,
            "difference": lower.value,
            "difference_low": low, "difference_high": high, "verdict": judge(low, high, c.promise.margin),
            "alone": judge(lower.interval(single)[0], upper.interval(single)[1], c.promise.margin),
            "grade": c.promise.grade, "absent": ""}


def overall(verdicts: list[str]) -> str:
    """The answer to the question, from the verdicts of the promises: `yes`, `mostly`, `in part`, `no` or `open`.

    `open` where half of the promises or more are UNDETERMINED. Of the others: `yes` where none is NOT KEPT; `mostly`
    where two thirds or more are KEPT or WITHIN MARGIN; `no` where two thirds or more are NOT KEPT; else `in part`.
    """
    told = [v for v in verdicts if v != "UNDETERMINED"]
    if 2 * len(told) <= len(verdicts):
        return "open"
    kept = sum(v != "NOT KEPT" for v in told)
    if kept == len(told):
        return "yes"
    if 3 * kept >= 2 * len(told):
        return "mostly"
    return "no" if 3 * kept <= len(told) else "in part"
