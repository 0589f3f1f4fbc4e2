"""Days that count for unemployment insurance, and their rolling sums (S-30, S-31)."""

from itertools import pairwise

import ibis
from ibis import _

from analysis import law
from analysis.panels.months import hundredths, spread


def reference_fee(day):
    """EUR cents of lump sum that count as one day on `day`; the first known fee also holds before its date."""
    fees = law.reference_fees()
    before_change = [(day < start, fee) for (_start, fee), (start, _fee) in pairwise(fees)]
    return ibis.cases(*before_change, else_=fees[-1][1]).cast("int64")


def admissible(contracts):
    """`contracts` with `admissible_100`, hundredths of a day of a six-day week that each contract counts for.

    Paid by time: hours × 6 ÷ 38 where hours are declared (above 0), else days × 6 ÷ 5. An artistic contract paid by
    lump sum: gross ÷ reference fee on its first day. Rounded down to a hundredth.
    """
    six, five = round(law.rate("admissible_week") * 100), round(law.rate("paid_week") * 100)
    full_time = round(law.rate("full_time_week") * 100)
    lump = ((contracts.pay_basis == "lump_sum") & contracts.artistic).fill_null(False)
    timed = (contracts.hours > 0).fill_null(False)
    return contracts.mutate(admissible_100=ibis.cases(
        (lump, contracts.gross_cents * 100 // reference_fee(contracts.start_on)),
        (timed, hundredths(contracts.hours) * six // full_time),
        else_=hundredths(contracts.days) * six // five,
    ).cast("int64"))


def admissible_month(panels):
    """Admissible days (S-30), one row per worker and month with work: what contracts count for, at most 78 a quarter.

    Each contract's admissible days are spread over its months as in `contract_month`. Where the months of a worker's
    quarter add up to more than 78 days, the earlier months count first: min(78, sum to the end of the month) −
    min(78, sum to its beginning). Columns: worker_id, month, admissible_100 (hundredths of a day).
    """
    cap = round(law.rate("admissible_quarter") * 100)
    m = spread(admissible(panels.contracts), ("worker_id",), ("admissible_100",))
    m = panels.in_scope(m).group_by("worker_id", "month").agg(counted=_.admissible_100.sum())
    m = m.mutate(quarter=(_.month // 3).cast("int32"))
    so_far = ibis.window(group_by=["worker_id", "quarter"], order_by="month", rows=(None, 0))
    m = m.mutate(until=_.counted.sum().over(so_far))
    m = m.mutate(admissible_100=(ibis.least(_.until, cap) - ibis.least(_.until - _.counted, cap)).cast("int64"))
    return m.select("worker_id", "month", "admissible_100")


def every_month(panels, months):
    """`months` (worker_id, month, admissible_100) filled with zeros from a worker's first month to the scope's end."""
    span = list(range(panels.scope.first_year * 12, panels.scope.last_year * 12 + 12))
    calendar = ibis.memtable({"month": span}, schema=ibis.schema({"month": "int32"}))
    first = months.group_by("worker_id").agg(since=_.month.min())
    empty = first.join(calendar, [calendar.month >= first.since]).select(
        "worker_id", "month", admissible_100=ibis.literal(0, "int64"))
    both = ibis.union(months.select(empty.columns), empty)
    return both.group_by("worker_id", "month").agg(admissible_100=_.admissible_100.sum())


def admissible_window(panels, months: int, every: bool = False):
    """Rolling admissible days (S-31): A(W)_m = Σ admissible days of the months m − W + 1 … m, the month included.

    Windows of the rules are 18, 21, 24, 27, 33, 36 and 42 `months`. One row per worker and month with work, or with
    `every`, per worker and month from the first with work to the end of the scope. Work before the scope's first year
    is not seen, so that the first W − 1 months of the scope are lower bounds.
    Columns: worker_id, month, admissible_100 (of the month), window_100, both in hundredths of a day.
    """
    m = every_month(panels, panels.admissible_month) if every else panels.admissible_month
    preceding = ibis.window(group_by="worker_id", order_by="month", range=(1 - months, 0))
    return m.mutate(window_100=_.admissible_100.sum().over(preceding).cast("int64"))
