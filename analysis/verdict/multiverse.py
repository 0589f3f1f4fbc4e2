"""Each promise judged in every registered way: who is in, where, which years, how it is counted (methods 8.3).

The nodes and their options stand in [multiverse] of book/criteria.toml. An indicator of `indicators` is read once for
each region, with and without couriers; everything else is a choice among worker-years in memory. What is published is
rounded to about a quarter of its standard error, since two specifications that differ by a few people would tell of
them.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import pandas as pd
from ibis import _

from analysis.criteria import parameters, read
from analysis.errors import MissingData
from analysis.measures import headline
from analysis.measures.answer import Answer
from analysis.models import multiverse as model
from analysis.panels import Panels
from analysis.scope import POPULATIONS
from analysis.verdict import indicators
from analysis.verdict.promises import Promise, called, registered
from analysis.verdict.scorecard import judge

PEOPLE = 10                 # the number of people behind an estimate is told in tens
FINEST = 2.0**-10           # step to which an estimate is rounded
DECIMALS = 3                # of what sums many specifications up
ELSEWHERE = "without"       # the basis of an indicator that is a benchmark and no other way to count


@dataclass(frozen=True)
class Settings:
    """The numbers of [multiverse] in book/criteria.toml."""

    most: int
    draws: int
    seed: int
    days: tuple[int, ...]
    top: float
    recent: int
    pandemic: tuple[int, int]


@lru_cache
def settings() -> Settings:
    return parameters("multiverse", Settings)


def headings() -> dict[str, str]:
    """The nodes in the order of the figure, each in words."""
    return {node: about["what"] for node, about in read()["multiverse"]["nodes"].items()}


def nodes() -> pd.DataFrame:
    """The registered nodes and options in words: node, options."""
    return pd.DataFrame([{"node": about["what"], "options": " · ".join(w for o, w in about.items() if o != "what")
                          or "two or three ways, by promise"} for about in read()["multiverse"]["nodes"].values()])


# -- from panels to a universe ---------------------------------------------------------------------------------

@lru_cache(maxsize=1)       # every promise is counted in the same scopes
def _scopes(panels: Panels) -> dict[tuple[str, str], Panels]:
    """The panels of each region (those of Brussels, and the study's own), with couriers kept and left out."""
    regions = dict.fromkeys((*headline.LOCAL, panels.scope.region))
    return {(region, couriers): local if couriers == "kept" else local.without_couriers()
            for region in regions
            for local in [panels if region == panels.scope.region else panels.in_region(region)]
            for couriers in ("kept", "out")}


@lru_cache(maxsize=1)       # it is large: one at a time
def universe(panels: Panels, name: str, past: bool = False) -> model.Universe:
    """The indicator `name` with all registered ways to choose among its rows.

    With `past`, an estimate is the value of the judged years less that of the first ones ([promises] of
    book/criteria.toml). A region that the dataset cannot tell is no option; MissingData where none can be told.
    """
    rows = _rows(panels, name)
    masks = _people(rows, name) | {
        node: {option: (rows[node] == option).to_numpy() for option in dict.fromkeys(rows[node])}
        for node in ("region", "couriers")}
    years, later = _years(rows["year"], panels.scope, past)
    worker = pd.factorize(rows["unit"])[0]
    return model.Universe(worker, _values(rows, name), masks | years, ("basis", "weights"), later)


def _rows(panels: Panels, name: str) -> pd.DataFrame:
    """The frame of the indicator in each scope, one below the other, with region and couriers."""
    parts, missing = [], None
    for (region, couriers), scoped in _scopes(panels).items():
        try:
            rows = indicators.frame(scoped, name)
        except MissingData as error:
            missing = error
            continue
        rows = rows if name == "users" else _with_days_and_pay(scoped, rows)
        parts.append(rows.assign(region=region, couriers=couriers))
    if not parts:
        raise missing
    return pd.concat(parts, ignore_index=True)


def _with_days_and_pay(panels: Panels, rows: pd.DataFrame) -> pd.DataFrame:
    """`rows` with the declared days of the year, and whether its real pay is among the highest of the scope."""
    y = panels.worker_year.select(unit=_.worker_id, year=_.year, days=_.days_100 / 100, pay=_.real_cents).execute()
    rows = rows.merge(y, on=["unit", "year"], how="left")
    return rows.assign(best_paid=rows["pay"] > y["pay"].quantile(settings().top))


def _people(rows: pd.DataFrame, name: str) -> dict[str, dict[str, np.ndarray]]:
    """The options of population and extremes; clients are neither more or less active nor well paid."""
    everybody = np.ones(len(rows), dtype=bool)
    if name == "users":
        return {"population": {"everyone": everybody}, "extremes": {"kept": everybody}}
    populations = {p: rows[p].to_numpy(dtype=bool) for p in POPULATIONS}
    populations |= {f"days{days}": (rows["days"] >= days).to_numpy() for days in settings().days}
    return {"population": populations, "extremes": {"kept": everybody, "out": ~rows["best_paid"].to_numpy()}}


def _years(year: pd.Series, scope, past: bool):
    """The options of period and pandemic, and with `past` which rows are the later ones."""
    rules, s = registered()[0], settings()
    (start, end), (first, last) = rules.now, rules.past
    year = year.to_numpy()
    everything = np.ones(len(year), dtype=bool)
    periods = {"judged": (year >= start) & (year <= end)}
    if past:
        periods = {"judged": periods["judged"] | ((year >= first) & (year <= last)), "all": everything}
    else:
        periods |= {"decade": year > scope.last_year - s.recent, "all": everything}
    marked = (year >= s.pandemic[0]) & (year <= s.pandemic[1])
    pandemic = {"out": ~marked} | ({"kept": everything} if marked.any() else {})
    return {"period": periods, "pandemic": pandemic}, year > (last + start) / 2 if past else None


def _values(rows: pd.DataFrame, name: str) -> dict[tuple[str, str], tuple]:
    """Numerators and denominators by basis and weights; no other weights where all denominators are the same."""
    values = {}
    for basis in (b for b in indicators.BASES[name] if b != ELSEWHERE):
        num, den = (rows[f"{part}_{basis}"].to_numpy(float) for part in ("num", "den"))
        known = den > 0
        values[basis, "pooled"] = num, den
        values[basis, "alike"] = np.divide(num, den, out=np.zeros_like(num), where=known), known.astype(float)
    uneven = any(len(np.unique(den[den > 0])) > 1 for (_b, weights), (_n, den) in values.items() if weights == "pooled")
    return {key: pair for key, pair in values.items() if uneven or key[1] == "pooled"}


def _different(choice: dict) -> bool:
    """Whether a combination is an alternative: the judged years hold none of the pandemic."""
    return not (choice["period"] == "judged" and choice["pandemic"] == "kept")


# -- what it says ----------------------------------------------------------------------------------------------

@lru_cache(maxsize=32)
def _specifications(panels: Panels, name: str, past: bool) -> pd.DataFrame:
    u, s = universe(panels, name, past), settings()
    return model.estimates(u, model.specifications(u.nodes, _different, s.most, s.seed))


def specifications(panels: Panels, name: str, past: bool = False) -> pd.DataFrame:
    """Every specification of the promise `name`: its options, estimate, se, low, high, workers, `registered`.

    In memory only: exact, so that neighbours tell of the few people who are in one alone. `registered` is true for the
    one that [promises] and the first options name. Unit: that of the indicator; a difference with `past`.
    """
    found, own = _specifications(panels, name, past), _registered(panels, name)
    return found.assign(registered=np.logical_and.reduce([found[node] == option for node, option in own.items()]))


def _registered(panels: Panels, name: str) -> dict[str, str]:
    """The options of the registered specification: those of the promise, the study's region, else the first ones."""
    promise = called(name)
    chosen = {"basis": promise.basis[0], "population": "everyone" if name == "users" else promise.population,
              "region": panels.scope.region}
    nodes_of = read()["multiverse"]["nodes"]
    return {node: next(o for o in about if o != "what") for node, about in nodes_of.items() if node not in chosen
            } | chosen


def agreement(found: pd.DataFrame, verdict: Callable[[float, float], str]) -> float:
    """Share of specifications with the verdict of the registered one; `verdict` makes one of (low, high).

    Those without an interval do not count; nan where the registered one has none. Unit: share, 0–1.
    """
    known = found.dropna(subset=["low", "high"])
    verdicts = np.array([verdict(*bounds) for bounds in zip(known["low"], known["high"], strict=True)], dtype=object)
    own = verdicts[known["registered"].to_numpy()]
    return float((verdicts == own[0]).mean()) if len(own) else np.nan


def robustness(panels: Panels) -> Answer:
    """Of each promise, how many specifications there are and what they say beside the benchmark that decides.

    `agree`: share of those with a verdict like that of the registered one (each by its own interval of 95 %). `above`:
    share of estimates above the benchmark. `quarter`, `median`, `three_quarters` of the estimates, in the indicator's
    unit, or of its change where the own past decides. Shape: promise. A promise that the dataset cannot tell has no
    numbers. Pitfall: alternatives are no draws from anything; nine in ten is a count of ways to count, no probability.
    """
    rows = []
    for promise in registered()[1]:
        try:
            found = specifications(panels, promise.name, promise.benchmarks[0].past)
        except MissingData:
            rows.append({"promise": promise.title, "workers": 0})
            continue
        rows.append({"promise": promise.title, "workers": int(found["workers"].max()), **_robust(found, promise)})
    columns = ["promise", "workers", "specifications", "agree", "above", "quarter", "median", "three_quarters"]
    frame = pd.DataFrame(rows, columns=columns).round(dict.fromkeys(columns[3:], DECIMALS))
    return Answer(frame.astype({"specifications": "Int64"}), ("promise",))


def _robust(found: pd.DataFrame, promise: Promise) -> dict:
    benchmark, found = promise.benchmarks[0].value or 0.0, found[found["workers"] >= PEOPLE]
    if not len(found):
        return {}
    judged = _between(found, promise.basis)
    quarter, median, three = found["estimate"].quantile([0.25, 0.5, 0.75])
    return {"specifications": len(judged), "above": (found["estimate"] > benchmark).mean(), "quarter": quarter,
            "median": median, "three_quarters": three,
            "agree": agreement(judged, lambda low, high: judge(low - benchmark, high - benchmark, promise.margin))}


def _between(found: pd.DataFrame, basis: tuple[str, ...]) -> pd.DataFrame:
    """`found`; where the truth lies between two bases, one row for both, from the low end of the one to the high end
    of the other."""
    if len(basis) == 1:
        return found
    others = [node for node in headings() if node != "basis"]
    lower, upper = (found[found["basis"] == b].set_index(others) for b in basis)
    return lower.drop(columns="high").join(upper["high"], how="inner").reset_index()


def curve(panels: Panels, name: str, past: bool = False) -> Answer:
    """The specification curve: all estimates in ascending order, with their options in words.

    Values: estimate, low, high, rounded; the number of people behind it, in tens; `registered`. Unit: that of the
    indicator. Shape: place × nodes. Reading: where the curve crosses a benchmark, the choice decides.
    """
    found = specifications(panels, name, past)
    found["workers"] = found["workers"] // PEOPLE * PEOPLE
    values = ["estimate", "low", "high"]
    found[values] = _blurred(found[values].where(found["workers"] > 0), found["se"])
    found = found.sort_values(["estimate", "low", *headings()], ignore_index=True).drop(columns="se")
    words = read()["multiverse"]
    for node in headings():
        said = words["bases"][name] if node == "basis" else words["nodes"][node]
        found[node] = found[node].map(said)
    found.insert(0, "place", np.arange(1, len(found) + 1))
    return Answer(found[["place", *headings(), *values, "workers", "registered"]], ("place", *headings()))


def _blurred(values: pd.DataFrame, se: pd.Series) -> pd.DataFrame:
    """`values` to the multiple of a power of two next to a quarter of `se`: one person among many moves less."""
    step = 2.0 ** np.round(np.log2((se / 4).clip(lower=FINEST)))
    return values.div(step, axis=0).round().mul(step, axis=0)


def summary(panels: Panels, name: str, benchmark: float = 0.0, past: bool = False) -> Answer:
    """What all specifications say together beside a benchmark, and whether chance would say it as clearly.

    Values: `observed`, `null` (the mean if none differed from the benchmark) and `p` of three statistics: size of the
    median difference, share of specifications on its side (`side`), share whose interval lies wholly there
    (`significant`); `above`, whether that side is the better one. Shape: statistic.
    """
    s, found = settings(), specifications(panels, name, past)
    u = universe(panels, name, past)
    kept = found[found["workers"] >= PEOPLE]
    told = model.joint(u, kept[list(u.nodes)].reset_index(drop=True), benchmark, draws=s.draws, seed=s.seed)
    told = told.round(dict.fromkeys(["observed", "null", "p"], DECIMALS))
    return Answer(told.assign(above=bool(kept["estimate"].median() > benchmark), workers=int(found["workers"].max()),
                              specifications=len(kept)), ("statistic",))


def weight_of_nodes(panels: Panels, name: str, past: bool = False) -> Answer:
    """How much each node moves the estimates: range of its options' means, and share of the variance (main effects).

    Unit: that of the indicator; share, 0–1. Shape: node, the one that moves most first.
    """
    found = specifications(panels, name, past)
    told = model.influence(found[found["workers"] >= PEOPLE], headings())
    told = told[told["lowest"] != told["highest"]].sort_values(["share", "node"], ascending=[False, True])
    words = read()["multiverse"]
    for end in ("lowest", "highest"):
        told[end] = [(words["bases"][name] if node == "basis" else words["nodes"][node])[option]
                     for node, option in zip(told["node"], told[end], strict=True)]
    told = told.assign(node=told["node"].map(headings())).round({"range": DECIMALS, "share": DECIMALS})
    return Answer(told.assign(workers=int(found["workers"].max())).reset_index(drop=True), ("node",))
