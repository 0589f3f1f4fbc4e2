"""How much the two indices of the space owe to the choices behind them (methods 8.5).

The choices stand in [indices] of book/criteria.toml. What leaves the engine are means of the registered dimensions by
year or group, and the moments of worker-years: aggregates alone. The index of a year is made of its mean profile; it
differs a little from the mean of the workers' indices where a dimension is not known for everybody.
"""

from dataclasses import dataclass
from functools import lru_cache
from itertools import combinations_with_replacement

import ibis
import numpy as np
import pandas as pd
from ibis import _

from analysis.criteria import parameters, read
from analysis.measures.answer import Answer
from analysis.models import composite
from analysis.panels import Panels
from analysis.verdict import space
from analysis.verdict.criteria import space as registered

INDICES = ("security", "autonomy")
RELATIVE = tuple(composite.NORMALISATIONS)      # among them those that order units and give no level
SPREAD = ("value", "low", "high", "change", "change_low", "change_high", "rank", "rank_low", "rank_high", "best")
CHANGES = ("change", "change_low", "change_high")
ALIKE = 9           # decimals of a mean: beyond them engines differ, and ranks would too
DECIMALS = 6        # a linear programme and a sum of an engine agree no further


@dataclass(frozen=True)
class Settings:
    """The numbers of [indices] in book/criteria.toml."""

    draws: int
    seed: int
    level: float
    evenness: float
    least: float
    largest: float
    fewest: int
    classes: int
    sobol: int


@lru_cache
def settings() -> Settings:
    return parameters("indices", Settings)


def steps() -> pd.DataFrame:
    """The ten steps of the handbook of OECD and JRC, and what is done here at each: step, here."""
    return pd.DataFrame(read()["indices"]["steps"].items(), columns=["step", "here"])


def _known(panels: Panels, index: str) -> list[str]:
    """The dimensions of an index that the dataset can tell."""
    return [name for name in space.parts()[index][:-1] if name in space.places(panels).columns]


def _profiles(panels: Panels, by: str | None) -> pd.DataFrame:
    """Mean dimensions by year, or by group of `by` in the last span of years, of units with enough workers."""
    p, names = space.places(panels), [n for index in INDICES for n in _known(panels, index)]
    if by:
        last = panels.scope.last_year
        p = panels.with_traits(p.filter(p.year > last - registered().span), by)
    unit = by or "year"
    means = p.group_by(unit).agg(workers=_.worker_id.nunique(), **{name: p[name].mean() for name in names}).execute()
    enough = means[means["workers"] >= settings().fewest].sort_values(unit, ignore_index=True)
    return enough.round(dict.fromkeys(names, ALIKE))


def _choices(dimensions: int, normalisations=("goalposts",)) -> composite.Choices:
    return composite.Choices(dimensions, settings().evenness, normalisations)


def intervals(panels: Panels, by: str | None = None) -> Answer:
    """Both indices with what they would be under other choices, by year, or by group of the last span with `by`.

    `value`: registered choices (equal weights, plain mean) on the mean profile. `low`, `high`: the interval that holds
    90 % of random choices of weights, form of the mean and dimension left out, goalposts as they are. Of years,
    `change` since the first one with its bounds, where each draw makes the same choices in both. `rank` (1 is the
    highest) with `rank_low` and `rank_high`, where distance from the mean and ranks are also tried in place of
    goalposts. `best`: score under the weights that suit the unit best, 1 where none outdoes it. Unit: 0–1; ranks.
    Shape: index × year or group. Pitfall: the interval is about choices, not about chance.
    """
    unit = by or "year"
    profiles = _profiles(panels, by)
    parts = [_intervals(profiles[_known(panels, index)].to_numpy(float)).assign(
        index=index, workers=profiles["workers"], **{unit: profiles[unit]}) for index in INDICES if len(profiles) > 1]
    columns = ["index", unit, "workers", *(c for c in SPREAD if not by or c not in CHANGES)]
    frame = pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=columns)
    return Answer(frame[columns].round(DECIMALS), ("index", unit))


def _intervals(x: np.ndarray) -> pd.DataFrame:
    """The columns of SPREAD for the units of a profile."""
    s, dimensions = settings(), x.shape[1]
    value = composite.arithmetic(x, np.ones(dimensions))
    drawn = composite.monte_carlo(x, _choices(dimensions), s.draws, s.seed)
    order = composite.places(composite.monte_carlo(x, _choices(dimensions, RELATIVE), s.draws, s.seed))
    bounds = [composite.spread(d, s.level) for d in (drawn, drawn - drawn[:, :1], order)]
    found = [value, *bounds[0], value - value[0], *bounds[1], composite.places(value[None, :])[0], *bounds[2],
             composite.most_favourable(x, (s.least, s.largest))]
    return pd.DataFrame(dict(zip(SPREAD, found, strict=True)))


def sensitivity(panels: Panels) -> Answer:
    """Which choice the spread of the yearly indices comes from.

    `level`: share of the variance of the yearly values that a choice moves, alone or together with others (total Sobol
    index), and `level_alone` (first order), goalposts kept. `order` and `order_alone`: the same of the order of the
    years, with other normalisations among the choices. The variances of all years are added up. Unit: shares, 0–1;
    those of `alone` sum to at most 1. Shape: index × choice.
    """
    s, profiles, rows = settings(), _profiles(panels, None), []
    for index in INDICES:
        names = _known(panels, index)
        x = profiles[names].to_numpy(float)
        if len(x) < 2:
            continue
        level, order = _choices(len(names)), _choices(len(names), RELATIVE)
        of_level = composite.sensitivity(lambda u, c=level, x=x: c.index(u, x), level.blocks, s.sobol, s.seed)
        of_order = composite.sensitivity(lambda u, c=order, x=x: composite.places(c.index(u, x)), order.blocks,
                                         s.sobol, s.seed)
        rows += [{"index": index, "choice": choice, "workers": int(profiles["workers"].max()),
                  "level_alone": of_level[choice][0], "level": of_level[choice][1],
                  "order_alone": of_order[choice][0], "order": of_order[choice][1]} for choice in level.blocks]
    columns = ["index", "choice", "workers", "level_alone", "level", "order_alone", "order"]
    return Answer(pd.DataFrame(rows, columns=columns).round(DECIMALS), ("index", "choice"))


@lru_cache(maxsize=4)
def _moments(panels: Panels, index: str) -> tuple[pd.DataFrame, pd.DataFrame, int]:
    """Covariances and correlations of the dimensions and the index over worker-years that know both; the workers."""
    names, p = [*_known(panels, index), index], space.places(panels)
    pairs, sums = list(combinations_with_replacement(names, 2)), {}
    for a, b in pairs:
        both = p[a].notnull() & p[b].notnull()
        sums |= {f"{a} {b} n": both.cast("int64").sum(), f"{a} {b} ab": (p[a] * p[b]).sum(),
                 f"{a} {b} a": p[a].sum(where=both), f"{a} {b} b": p[b].sum(where=both),
                 f"{a} {b} aa": (p[a] * p[a]).sum(where=both), f"{a} {b} bb": (p[b] * p[b]).sum(where=both)}
    found = p.agg(workers=_.worker_id.nunique(), **sums).execute().iloc[0]
    covariance, correlation = (pd.DataFrame(np.nan, index=names, columns=names) for _i in range(2))
    for a, b in pairs:
        n, ab, x, y, xx, yy = (float(found[f"{a} {b} {part}"]) for part in ("n", "ab", "a", "b", "aa", "bb"))
        if n < 2:
            continue
        shared = ab / n - x / n * (y / n)
        apart = np.sqrt(max(xx / n - (x / n) ** 2, 0.0) * max(yy / n - (y / n) ** 2, 0.0))
        covariance.loc[a, b] = covariance.loc[b, a] = shared
        correlation.loc[a, b] = correlation.loc[b, a] = shared / apart if apart > 0 else 0.0
    return covariance, correlation, int(found["workers"])


def importance(panels: Panels) -> Answer:
    """What each dimension weighs in its index by rule, and in fact, over worker-years.

    `weight`: nominal, equal. `importance`: its correlation ratio with the index (share of the index's variance between
    ten classes of the dimension), made to sum to 1 over the dimensions, so that it can be read beside the weight.
    `correlation` with the index. `component`: weight by the first principal component of the correlations. Unit:
    shares, 0–1; correlation −1–1. Shape: index × dimension. Reading: a dimension that hardly varies decides little,
    whatever its weight. Source: Becker, Saisana, Paruolo & Vandecasteele 2017.
    """
    rows = []
    for index in INDICES:
        names = _known(panels, index)
        covariance, correlation, _workers = _moments(panels, index)
        if covariance.isna().any().any():
            continue
        component, _share = composite.principal(correlation.loc[names, names].to_numpy())
        ratios = [_ratio(panels, index, name) for name in names]
        total = sum(ratio for ratio, _number in ratios)
        rows += [{"index": index, "dimension": name, "workers": number, "weight": 1 / len(names),
                  "importance": ratio / total if total > 0 else np.nan, "correlation": correlation.loc[name, index],
                  "component": share} for name, share, (ratio, number) in zip(names, component, ratios, strict=True)]
    columns = ["index", "dimension", "workers", "weight", "importance", "correlation", "component"]
    return Answer(pd.DataFrame(rows, columns=columns).round(DECIMALS), ("index", "dimension"))


def _ratio(panels: Panels, index: str, name: str) -> tuple[float, int]:
    """The correlation ratio of the index on classes of a dimension, and the workers who know the dimension."""
    p, classes = space.places(panels), settings().classes
    p = p.filter(p[name].notnull())
    cell = ibis.least((p[name] * classes).floor(), classes - 1.0)
    found = p.group_by(cell=cell).agg(size=_.count(), mean=p[index].mean(), square=(p[index] * p[index]).mean())
    found, workers = found.execute().sort_values("cell"), int(p.worker_id.nunique().execute())
    size, mean = found["size"].to_numpy(float), found["mean"].to_numpy(float)
    variance = np.average(found["square"], weights=size) - np.average(mean, weights=size) ** 2
    return (composite.correlation_ratio(size, mean, variance) if variance > 0 else 0.0), workers


def coherence(panels: Panels) -> Answer:
    """How far the dimensions of an index measure one thing: Cronbach's α, and the first component's share.

    Unit: α at most 1; share of the variance, 0–1. Shape: index. Reading: the two indices add up means to an end, which
    need not go together; where they do not, look at the dimensions.
    """
    rows = []
    for index in INDICES:
        names = _known(panels, index)
        covariance, correlation, workers = _moments(panels, index)
        if len(names) < 2 or covariance.isna().any().any():
            continue
        rows.append({"index": index, "workers": workers, "dimensions": len(names),
                     "alpha": composite.cronbach(covariance.loc[names, names].to_numpy()),
                     "component": composite.principal(correlation.loc[names, names].to_numpy())[1]})
    columns = ["index", "workers", "dimensions", "alpha", "component"]
    return Answer(pd.DataFrame(rows, columns=columns).round(DECIMALS), ("index",))
