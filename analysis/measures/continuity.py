"""Security: continuity of work and the length of contracts (S-20 … S-26)."""

import ibis
import pandas as pd
from ibis import _

from analysis import law
from analysis.measures.answer import Answer
from analysis.panels import Panels, chains, days_between, spells

GAPS = (0, 7, 30)                    # days without work that still count as one spell
LENGTHS = (1, 2, 5, 20, 60, 250)     # calendar days


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
    s = spells(panels, 0)
    by_worker = ibis.window(group_by="worker_id", order_by="spell")
    end = ibis.date(panels.scope.last_year, 12, 31)
    s = s.mutate(next_on=_.start_on.lead().over(by_worker))
    s = s.mutate(returned=_.next_on.notnull().cast("int64"), until=ibis.coalesce(_.next_on, end))
    s = s.mutate(t=days_between(_.end_on, _.until) - _.returned).filter(_.t > 0)
    longest_first = ibis.window(group_by="worker_id", order_by=[ibis.desc("t"), "spell"])
    s = s.mutate(longest=(ibis.row_number().over(longest_first) == 0).cast("int64"))
    durations = s.group_by("t").agg(returns=_.returned.sum(), breaks=_.count(), longest=_.longest.sum())

    def curve(d: pd.DataFrame) -> pd.DataFrame:
        at_risk = d["breaks"][::-1].cumsum()[::-1]
        survival = [1.0, *(1 - d["returns"] / at_risk).cumprod()]
        workers = [*d["longest"][::-1].cumsum()[::-1], 0]       # by their longest break: a person can have several
        weeks = range(0, 365, 7)
        ended = d["t"].searchsorted(weeks, side="right")
        frame = pd.DataFrame({"t": weeks, "workers": [workers[n] for n in ended],
                              "survival": [survival[n] for n in ended]})
        return frame[frame["workers"] > 0].reset_index(drop=True)

    return Answer(durations, ("t",), finish=curve)


def spell_lengths(panels: Panels) -> Answer:
    """S-22. Spells of work for three tolerated gaps: how many, how long, how concentrated.

    Values per worker, then averaged: number of spells; `median_length`, median over spells in days; `concentration`
    Σ L² ÷ (Σ L)² (1 = one block, 1/n = n equal pieces); `utilisation`, ΣL ÷ days from first to last day.
    Shape: gap in days (0, 7, 30).
    """
    parts = []
    for gap in GAPS:
        s = spells(panels, gap)
        w = s.group_by("worker_id").agg(
            spells=_.count(), total=_.length.sum(), squares=(_.length * _.length).sum(),
            window=days_between(_.start_on.min(), _.end_on.max()) + 1)
        w = w.agg(workers=_.count(), spells=_.spells.mean(), utilisation=(_.total / _.window).mean(),
                  concentration=(_.squares / (_.total.cast("float64") * _.total)).mean())
        median = s.agg(median_length=_.length.median())
        parts.append(w.cross_join(median).mutate(gap=ibis.literal(gap)))
    return Answer(ibis.union(*parts), ("gap",))


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
