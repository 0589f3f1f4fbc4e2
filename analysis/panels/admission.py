"""Days that count for unemployment insurance, and their rolling sums (S-30, S-31)."""

from itertools import pairwise

import ibis
from ibis import _

from analysis import law
from analysis.panels.months import hundredths, spread, whole


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
    return capped(panels, admissible(panels.contracts))


def capped(panels, contracts):
    """`admissible_month` of `contracts` that have their own admissible_100."""
    cap = round(law.rate("admissible_quarter") * 100)
    m = panels.in_scope(spread(contracts, ("worker_id",), ("admissible_100",)))
    q = m.group_by("worker_id", first=(m.month // 3 * 3).cast("int32")).agg(**{
        f"of_{place}": whole(m.admissible_100.sum(where=m.month % 3 == place)) for place in range(3)})
    q = q.mutate(place=ibis.range(0, 3).unnest(), until_0=_.of_0.fill_null(0))
    q = q.mutate(until_1=_.until_0 + _.of_1.fill_null(0))
    m = q.select(
        "worker_id", month=(q.first + q.place).cast("int32"),
        counted=ibis.cases((q.place == 0, q.of_0), (q.place == 1, q.of_1), else_=q.of_2),
        before=ibis.cases((q.place == 0, 0), (q.place == 1, q.until_0), else_=q.until_1),
    ).filter(_.counted.notnull())       # a month without work
    return m.select("worker_id", "month", admissible_100=(
        ibis.least(_.before + _.counted, cap) - ibis.least(_.before, cap)).cast("int64"))


def every_month(panels, months):
    """`months` (worker_id, month, admissible_100) filled with zeros from a worker's first month to the scope's end."""
    first = months.group_by("worker_id").agg(since=_.month.min())
    every = first.select("worker_id", month=ibis.range(first.since, panels.scope.last_year * 12 + 12).unnest())
    every = every.mutate(month=_.month.cast("int32")).left_join(months, ["worker_id", "month"])
    return every.select("worker_id", "month", admissible_100=_.admissible_100.fill_null(0))


def last_months(m, lengths):
    """The months `m`, dense, with `total`, the sum of admissible_100 so far, and last_N for each N of `lengths`: that
    of the N months which end with the month."""
    until = ibis.window(group_by="worker_id", order_by="month", rows=(None, 0))
    worker = ibis.window(group_by="worker_id", order_by="month")
    m = m.mutate(total=whole(m.admissible_100.sum().over(until)))
    return m.mutate(**{f"last_{n}": m.total - m.total.lag(n).over(worker).fill_null(0) for n in sorted(lengths)})


def admissible_window(panels, months: int, every: bool = False):
    """Rolling admissible days (S-31): A(W)_m = Σ admissible days of the months m − W + 1 … m, the month included.

    Windows of the rules are 18, 21, 24, 27, 33, 36 and 42 `months`. One row per worker and month with work, or with
    `every`, per worker and month from the first with work to the end of the scope. Work before the scope's first year
    is not seen, so that the first W − 1 months of the scope are lower bounds.
    Columns: worker_id, month, admissible_100 (of the month), window_100, both in hundredths of a day.
    """
    m = every_month(panels, panels.admissible_month) if every else panels.admissible_month
    preceding = ibis.window(group_by="worker_id", order_by="month", range=(1 - months, 0))
    return m.mutate(window_100=whole(m.admissible_100.sum().over(preceding)))
