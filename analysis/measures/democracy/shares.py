"""Shares: who holds them, how soon a first one is bought, and the register (A-60)."""

import ibis
import pandas as pd
from ibis import _

from analysis.measures.answer import Answer
from analysis.measures.democracy.days import of_scope, shares_from, year_ends
from analysis.models import lifetable
from analysis.panels import Panels, days_between

QUARTERS = range(0, 1096, 91)  # days, three years


def shares_held(panels: Panels, days):
    """worker_id, day, held: the shares that each worker holds on each of the days, at least one."""
    panels.dataset.need("shareholdings")
    s = panels.dataset.table("shareholdings").cross_join(days.select("day"))
    s = s.filter((s.subscribed_on <= s.day) & (s.redeemed_on.isnull() | (s.redeemed_on > s.day)))
    return s.group_by("worker_id", "day").agg(held=_.shares.sum())


def _years_of_use(panels: Panels):
    """worker_id, use: the calendar years with paid work since shares are required, in the scope or not."""
    since = ibis.literal(shares_from())
    c = panels.dataset.table("contracts").filter(_.end_on >= since)
    c = c.select("worker_id", first=ibis.greatest(c.start_on, since).year(), last=c.end_on.year()).distinct()
    years = ibis.memtable({"use": list(range(shares_from().year, panels.scope.last_year + 1))},
                          schema=ibis.schema({"use": "int32"}))
    return c.join(years, [years.use >= c.first, years.use <= c.last]).select("worker_id", "use").distinct()


def owners(panels: Panels, population: str = "P0"):
    """worker_id, year, day, month, held, required: those whom the rule asks for a share, at the end of the year.

    `required` is one share for each year of use so far; `held` may be 0.
    """
    ends = year_ends(panels)
    first = shares_from().year * 12 + shares_from().month - 1
    m = panels.worker_month.filter(_.month >= first).select("worker_id", "year").distinct()
    base = m.join(panels.population(population).select("worker_id", "year"), ["worker_id", "year"])
    base = base.join(ends, "year").select("worker_id", "year", "day", "month")
    use = base.join(_years_of_use(panels), "worker_id").filter(_.use <= _.year)
    use = use.group_by("worker_id", "year", "day", "month").agg(required=_.count())
    held = shares_held(panels, ends)
    use = use.left_join(held, ["worker_id", "day"])
    return use.select("worker_id", "year", "day", "month", "required", held=_.held.fill_null(0))


def ownership(panels: Panels, population: str = "P0", by: str | None = None) -> Answer:
    """A-60. Who holds shares among those asked to: members with paid work in the year, since shares are required.

    Values on 31 December: `owners`, share with at least one share; `enough`, with as many as years of use (calendar
    years with paid work since the rule); `extra`, with more; `shares`, mean number of a holder. Unit: share of workers,
    0–1. Shape: year (× group). Pitfall: `owners` and `enough` measure whether a rule is kept; `extra` alone is chosen.
    Source: Birchall & Simmons 2004 on why members take part.
    """
    o = panels.with_traits(owners(panels, population), by)
    keys = ("year", by) if by else ("year",)
    return Answer(o.group_by(keys).agg(
        workers=_.worker_id.nunique(), owners=(_.held > 0).cast("float64").mean(),
        enough=(_.held >= _.required).cast("float64").mean(), extra=(_.held > _.required).cast("float64").mean(),
        shares=_.held.mean(where=_.held > 0)), keys)


def first_share(panels: Panels) -> Answer:
    """A-60. How soon a first share is bought: Kaplan–Meier share of members who hold one after t days.

    The clock starts on a member's first day of paid work since shares are required, and stops at the end of the study;
    a share bought before it starts counts at t = 0. `bought` = 1 − Π_{u ≤ t} (1 − purchases_u ÷ at_risk_u).
    `workers` counts those without a share who are followed for longer than t. Unit: share, 0–1. Shape: t, at whole
    quarters up to three years. Pitfall: who leaves without a share stays in the count, as somebody who never bought.
    """
    panels.dataset.need("shareholdings")
    since, end = ibis.literal(shares_from()), ibis.date(panels.scope.last_year, 12, 31)
    c = of_scope(panels, panels.dataset.table("contracts"))
    c = c.filter((c.end_on >= since) & (c.start_on <= end))
    c = c.group_by("worker_id").agg(from_on=ibis.greatest(_.start_on, since).min())
    s = panels.dataset.table("shareholdings").group_by("worker_id").agg(on=_.subscribed_on.min())
    s = c.left_join(s.filter(s.on <= end), "worker_id").select("worker_id", "from_on", "on")
    s = s.mutate(t=ibis.greatest(days_between(_.from_on, ibis.coalesce(_.on, end)), 0),
                 event=_.on.notnull().cast("int64"))

    def curve(d: pd.DataFrame) -> pd.DataFrame:
        frame = lifetable.curve(d, QUARTERS, {"workers": "members"}, {"without": ("events", "members")})
        frame = frame.assign(bought=1 - frame["without"]).drop(columns="without")
        return frame[frame["workers"] > 0].reset_index(drop=True)

    return Answer(s.group_by("t").agg(events=_.event.sum(), members=_.count()), ("t",), finish=curve)


def share_register(panels: Panels) -> Answer:
    """A-60. The register of shares: what is subscribed and redeemed in a year, and held on its last day.

    held = held the year before + subscribed − redeemed. All workers of the scope, active or not. Unit: shares;
    `workers` are those who subscribed, who redeemed, or who hold. Shape: movement × year.
    """
    panels.dataset.need("shareholdings")
    s = of_scope(panels, panels.dataset.table("shareholdings"))
    first, last = panels.scope.first_year, panels.scope.last_year

    def rows(table, movement):
        table = table.filter(table.year.between(first, last)).group_by("year")
        table = table.agg(workers=_.worker_id.nunique(), shares=_.shares.sum())
        return table.select(movement=ibis.literal(movement), year=_.year, workers=_.workers, shares=_.shares)

    redeemed = s.filter(_.redeemed_on.notnull()).mutate(year=_.redeemed_on.year().cast("int32"))
    held = of_scope(panels, shares_held(panels, year_ends(panels)))
    held = held.select("worker_id", shares="held", year=held.day.year().cast("int32"))
    return Answer(ibis.union(
        rows(s.mutate(year=_.subscribed_on.year().cast("int32")), "subscribed"), rows(redeemed, "redeemed"),
        rows(held, "held")), ("movement", "year"))
