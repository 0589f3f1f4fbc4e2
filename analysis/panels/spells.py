"""Gaps and islands: contracts merged where little or no time lies between them."""

import ibis
from ibis import _

from analysis.panels.months import days_between, spread

CHAIN_GAP = 14                       # days between two contracts of one chain
CHAIN_DAYS, CHAIN_CONTRACTS, CHAIN_DENSITY, CHAIN_ONE_DAY = 120, 20, 0.5, 0.8


def covered_before(keys):
    """The last day that any earlier contract with the same `keys` covers.

    Which of several contracts of one first day is earlier does not matter: all but one find that day covered.
    """
    return _.end_on.max().over(ibis.window(group_by=keys, order_by="start_on", rows=(None, -1)))


def opens(contracts, gap: int):
    """Whether a contract opens an island: more than `gap` days lie between it and what is `covered` before."""
    return contracts.covered.isnull() | (days_between(contracts.covered, contracts.start_on) - 1 > gap)


def spells(panels, gap: int = 0):
    """Spells of work: contracts of one worker merged over gaps of at most `gap` days without any contract.

    With gap 0 they are the union of the worker's contracts: disjoint islands, every covered day in exactly one.
    One row per worker and spell, whole also where it reaches beyond the scope's years.
    Columns: worker_id, spell, start_on, end_on, length (calendar days), contracts.
    """
    worker, in_order = ibis.window(group_by="worker_id"), ibis.window(group_by="worker_id", order_by="start_on")
    c = panels.contracts.select("worker_id", "start_on", "end_on").mutate(
        covered=covered_before("worker_id"), earlier=ibis.rank().over(in_order),
        last_on=_.end_on.max().over(worker), all=_.count().over(worker))
    first = c.filter(opens(c, gap))     # of each spell, which ends before the next
    s = first.select(
        "worker_id", "start_on", spell=ibis.row_number().over(in_order) + 1,
        end_on=ibis.coalesce(first.covered.lead().over(in_order), first.last_on),
        contracts=ibis.coalesce(first.earlier.lead().over(in_order), first.all) - first.earlier)
    return s.mutate(length=days_between(_.start_on, _.end_on) + 1)


def covered_days_month(panels):
    """Calendar days that at least one contract covers: Σ over islands (spells of gap 0) of their days in the month.

    Overlapping contracts count a day once. One row per worker and month of the scope with a covered day.
    Columns: worker_id, month, covered_days (1 to the days of the month).
    """
    m = spread(spells(panels, 0), ("worker_id",), ("length",))
    return panels.in_scope(m).group_by("worker_id", "month").agg(covered_days=_.length.sum())


def chains(panels, gap: int = CHAIN_GAP):
    """Chains: contracts of one worker with one client, at most `gap` days without one between two of them.

    Columns: worker_id, client_id, chain, start_on, end_on, contracts, days, one_day (share), span (calendar days),
    density (days ÷ weekdays of the span, 5 in 7), `long`: true for span ≥ 120 days, ≥ 20 contracts, ≥ 80 % of them of
    one day, and density ≥ ½.
    """
    pair = ["worker_id", "client_id"]
    c = panels.contracts.filter(_.client_id.notnull()).mutate(covered=covered_before(pair))
    until = ibis.window(group_by=pair, order_by="start_on", range=(None, 0))
    c = c.mutate(opens=opens(c, gap).cast("int32")).mutate(chain=_.opens.sum().over(until))
    c = c.mutate(single=(c.start_on == c.end_on).cast("float64"))
    c = c.group_by(*pair, "chain").agg(
        start_on=_.start_on.min(), end_on=_.end_on.max(), contracts=_.count(), days=_.days.sum(),
        one_day=_.single.mean())
    c = c.mutate(span=days_between(_.start_on, _.end_on) + 1)
    c = c.mutate(density=_.days / (_.span * 5 / 7))
    return c.mutate(long=(_.span >= CHAIN_DAYS) & (_.contracts >= CHAIN_CONTRACTS) & (_.one_day >= CHAIN_ONE_DAY)
                    & (_.density >= CHAIN_DENSITY))
