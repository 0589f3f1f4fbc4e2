"""Security: continuity of work and the length of contracts (S-20 … S-27)."""

from math import log

import ibis
import pandas as pd
from ibis import _

from analysis import law
from analysis.measures.answer import Answer
from analysis.models import lifetable
from analysis.panels import Panels, chains, days_between, spells

GAPS = (0, 7, 30)                    # days without work that still count as one spell
LENGTHS = (1, 2, 5, 20, 60, 250)     # calendar days
STATES = ("none", "few", "half", "full")
HALF, FULL = 10, 18                  # declared days of a month, at least
FIRST_WEIGHT, DEGRADATION_POWER = 0.2, 1.2      # λ and β of the index of precarity; its α is 1


def months_without_work(panels: Panels, population: str = "P0", by: str | None = None) -> Answer:
    """S-20. Months of an interior year without paid work: z = 12 − months that a contract covers, wholly or in part.

    Unit: months, 0–12; mean and median over workers, and the share with at least four. Shape: year (× group).
    """
    y = panels.with_traits(panels.population(population).filter(_.interior), by)
    keys = ("year", by) if by else ("year",)
    y = y.mutate(empty=12 - _.months).group_by(keys).agg(
        workers=_.worker_id.nunique(), mean=_.empty.mean(), median=_.empty.median(),
        four_or_more=(_.empty >= 4).cast("float64").mean())
    return Answer(y, keys)


def gap_survival(panels: Panels) -> Answer:
    """S-21. How long a break between two contracts lasts: Kaplan–Meier share still without work after t days.

    A break that runs to the end of the study is censored there. S(t) = Π_{u ≤ t} (1 − returns_u ÷ at_risk_u).
    Unit: share, 0–1. Shape: t at whole weeks up to a year. `workers` counts those with a break longer than t days.
    """
    s = _breaks(panels).filter(_.t > 0)
    durations = s.group_by("t").agg(returns=_.returned.sum(), breaks=_.count(), longest=_.longest.sum())
    return Answer(durations, ("t",), finish=_weekly_curve)


def longest_break(panels: Panels) -> Answer:
    """S-21. How long each worker's longest break is: Kaplan–Meier share of workers whose is longer than t days.

    As in `gap_survival`, but one break per worker; it is censored where the longest is the one that runs to the end of
    the study. Who never had a break leaves at t = 0. Unit: share of workers, 0–1. Shape: t at whole weeks up to a year.
    Pitfalls: who has left Smart for good is in a break that goes on; who stays longer has more occasions for one.
    """
    s = _breaks(panels).filter(_.longest == 1)
    s = s.mutate(returned=(_.t > 0).ifelse(_.returned, 1), t=ibis.greatest(_.t, 0))
    durations = s.group_by("t").agg(returns=_.returned.sum(), breaks=_.count(), longest=_.longest.sum())
    return Answer(durations, ("t",), finish=_weekly_curve)


def _breaks(panels: Panels):
    """One row per worker and spell of work: the `t` days without work that follow it, 0 or less where the study ends.

    Columns: worker_id, spell, t, returned (1 where work follows, 0 where the study ends), longest (1 for the worker's).
    """
    s = spells(panels, 0)
    by_worker = ibis.window(group_by="worker_id", order_by="spell")
    end = ibis.date(panels.scope.last_year, 12, 31)
    s = s.mutate(next_on=_.start_on.lead().over(by_worker))
    s = s.mutate(returned=_.next_on.notnull().cast("int64"), until=ibis.coalesce(_.next_on, end))
    s = s.mutate(t=days_between(_.end_on, _.until) - _.returned)
    longest_first = ibis.window(group_by="worker_id", order_by=[ibis.desc("t"), "spell"])
    s = s.mutate(longest=(ibis.row_number().over(longest_first) == 0).cast("int64"))
    return s.select("worker_id", "spell", "t", "returned", "longest")


def _weekly_curve(d: pd.DataFrame) -> pd.DataFrame:
    # Workers by their longest break: a person can have several.
    frame = lifetable.curve(d, range(0, 365, 7), {"workers": "longest"}, {"survival": ("returns", "breaks")})
    return frame[frame["workers"] > 0].reset_index(drop=True)


def spell_lengths(panels: Panels) -> Answer:
    """S-22. Spells of work for three tolerated gaps: how many, how long, how concentrated.

    Values per worker, then averaged: number of spells; `concentration` Σ L² ÷ (Σ L)² (1 = one block, 1/n = n equal
    pieces); `utilisation`, ΣL ÷ days from first to last day. Over spells, in days: `median_length`, of what is seen,
    and `km_median`, the Kaplan–Meier median, for which a spell that may go on after the study is censored (empty where
    more than half go on). Shape: gap in days (0, 7, 30).
    """
    parts, medians = [], {}
    end = ibis.date(panels.scope.last_year, 12, 31)
    for gap in GAPS:
        s = spells(panels, gap)
        w = s.group_by("worker_id").agg(
            spells=_.count(), total=_.length.sum(), squares=(_.length * _.length).sum(),
            window=days_between(_.start_on.min(), _.end_on.max()) + 1)
        w = w.agg(workers=_.count(), spells=_.spells.mean(), utilisation=(_.total / _.window).mean(),
                  concentration=(_.squares / (_.total.cast("float64") * _.total)).mean())
        median = s.agg(median_length=_.length.median())
        parts.append(w.cross_join(median).mutate(gap=ibis.literal(gap)))
        ended = s.mutate(ended=(days_between(s.end_on, end) > gap).cast("int64"))
        lengths = ended.group_by("length").agg(ended=_.ended.sum(), spells=_.count()).execute()
        medians[gap] = _km_median(lengths.sort_values("length", ignore_index=True))
    return Answer(ibis.union(*parts), ("gap",), finish=lambda f: f.assign(km_median=f["gap"].map(medians)))


def _km_median(lengths: pd.DataFrame) -> float:
    """The shortest length that at most half of the spells outlast; nan where more than half do."""
    survival = lifetable.survival(lengths["ended"], lengths["spells"])[1:]
    reached = [length for length, s in zip(lengths["length"], survival, strict=True) if s <= 0.5]
    return float(reached[0]) if reached else float("nan")


def contract_lengths(panels: Panels) -> Answer:
    """S-23, S-24. Share of contracts, and of declared days, in contracts of at most l calendar days.

    F(l) for l = 1, 2, 5, 20, 60, 250; the day-weighted twin matters, for counting contracts always exaggerates
    fragmentation. Unit: share, 0–1. Shape: year of start × l; the row l = 1 is the one-day share (S-24).
    """
    c = panels.started.mutate(length=days_between(_.start_on, _.end_on) + 1)
    parts = []
    for at_most in LENGTHS:
        short = _.length <= at_most
        parts.append(c.group_by("year").agg(
            workers=_.worker_id.nunique(), contracts=_.count(), share=short.cast("float64").mean(),
            share_of_days=(_.days * short.cast("float64")).sum() / _.days.sum(),
        ).mutate(at_most=ibis.literal(at_most, "int32")))
    return Answer(ibis.union(*parts), ("at_most", "year"))


def density(panels: Panels, population: str = "P0", by: str | None = None) -> Answer:
    """S-25. Declared days of an interior year over its working days (weekdays less legal holidays, 250.9 on average).

    Unit: share, 0–1 and above for weekend work. Percentiles over workers. Shape: year (× group).
    """
    y = panels.with_traits(panels.population(population).filter(_.interior), by)
    keys = ("year", by) if by else ("year",)
    working_days = 365.25 * 5 / 7 - law.rate("legal_holidays")
    y = y.mutate(density=_.days_100 / 100 / working_days).group_by(keys).agg(
        workers=_.worker_id.nunique(), mean=_.density.mean(), p25=_.density.quantile(0.25),
        p50=_.density.quantile(0.50), p75=_.density.quantile(0.75), p90=_.density.quantile(0.90))
    return Answer(y, keys)


def chaining(panels: Panels) -> Answer:
    """S-26. How much work for clients lies in chains, and in long dense chains of one-day contracts.

    Unit: share of declared days of client-bought contracts, by the year the chain starts; `in_chains` needs two
    contracts or more. `chains` counts single contracts too, and `mean_contracts` is the mean over them all. Shape:
    year. Reading: a long chain is consistent with a lasting job cut into days; a theatre run can look alike. It is a
    pattern, not a proof.
    """
    c = chains(panels).mutate(year=_.start_on.year().cast("int32"), many=(_.contracts > 1).cast("float64"),
                              dense=_.long.cast("float64"))
    c = c.filter(_.year >= panels.scope.first_year).group_by("year").agg(
        workers=_.worker_id.nunique(), mean_contracts=_.contracts.mean(), chains=_.count(),
        in_chains=(_.days * _.many).sum() / _.days.sum(), in_long_chains=(_.days * _.dense).sum() / _.days.sum())
    return Answer(c, ("year",))


def sequences(panels: Panels, population: str = "P0", by: str | None = None) -> Answer:
    """S-27. The twelve months of an interior year as a sequence: how complex, how precarious, whether it goes down.

    A month is none (no declared day), few (under 10), half (under 18) or full. Values, means over workers:
    `transitions` q, changes of state from one month to the next, 0–11; `complexity` C = √(q ÷ 11 · h ÷ ln 4), with h
    the entropy of the shares of the four states, 0–1; `degradation` r, Σ steps down less Σ steps up over all steps, −1
    (only up) to 1 (only down), 0 for a year without change; `precarity` 0.2 · a + 0.8 · C · (1 + r)^1.2, with a the
    place of the first month from full (0) to none (1). Unit: pure numbers. Shape: year (× group).
    Reading: a year that is full throughout has precarity 0; one that is empty but for December has a high one for its
    beginning, and little complexity. Source: Gabadinho et al. 2011; Ritschard, Bussi & O'Reilly 2018, adapted: steps
    weigh by the number of states they cross. The order of the states is that of declared days and claims no more.
    Pitfall: a month without work through Smart can be full elsewhere.
    """
    keys = ("year", by) if by else ("year",)
    w = panels.with_traits(_year_sequences(panels, population), by)
    return Answer(w.group_by(keys).agg(
        workers=_.worker_id.nunique(), transitions=_.transitions.mean(), complexity=_.complexity.mean(),
        degradation=_.degradation.mean(), precarity=_.precarity.mean()), keys)


def _year_sequences(panels: Panels, population: str):
    """worker_id, year, transitions, complexity, degradation, precarity of the interior years."""
    year, last = ["worker_id", "year"], len(STATES) - 1
    slots = ibis.memtable({"slot": list(range(12))}, schema=ibis.schema({"slot": "int32"}))
    days = panels.worker_month.select("worker_id", "year", "days_100", slot=(_.month % 12).cast("int32"))
    grid = panels.population(population).filter(_.interior).select(*year).cross_join(slots)
    grid = grid.left_join(days, [*year, "slot"]).select(*year, "slot", days_100=_.days_100.fill_null(0))
    grid = grid.mutate(state=ibis.cases(
        (_.days_100 >= 100 * FULL, 3), (_.days_100 >= 100 * HALF, 2), (_.days_100 > 0, 1), else_=0).cast("int32"))
    before = _.state.lag().over(ibis.window(group_by=year, order_by="slot"))
    grid = grid.mutate(step=(_.state - before).fill_null(0))
    w = grid.group_by(year).agg(
        transitions=(_.step != 0).cast("int64").sum(), steps=_.step.abs().sum(), down=-_.step.sum(),
        first=_.state.max(where=_.slot == 0),
        **{name: (_.state == n).cast("float64").mean() for n, name in enumerate(STATES)})
    entropy = sum(-w[name] * ibis.greatest(w[name], 1 / 12).ln() for name in STATES)     # an absent state adds 0
    w = w.mutate(
        complexity=(w.transitions / 11 * entropy / log(len(STATES))).sqrt(),
        degradation=(w.steps > 0).ifelse(w.down / ibis.greatest(w.steps, 1), 0.0))
    w = w.mutate(precarity=FIRST_WEIGHT * (1 - _.first / last)
                 + (1 - FIRST_WEIGHT) * _.complexity * (1 + _.degradation) ** DEGRADATION_POWER)
    return w.select(*year, "transitions", "complexity", "degradation", "precarity")
