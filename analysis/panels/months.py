"""Months as integers, and what lasts several months spread over them."""

import ibis
import ibis.expr.operations as ops
from ibis import _


def month_of(day):
    """Months since year 0 of a date: 12 × year + month − 1."""
    return (day.year() * 12 + day.month() - 1).cast("int32")


def first_day(month):
    """The first calendar day of a month counted since year 0."""
    return ibis.date((month // 12).cast("int32"), (month % 12 + 1).cast("int32"), 1)


def year_of(day):
    """The year of a date."""
    return day.year().cast("int32")


def new_year(year):
    """The first calendar day of a year."""
    return ibis.date(year, 1, 1)


def days_between(earlier, later):
    """Whole days from `earlier` to `later`."""
    return later.delta(earlier, unit="day").cast("int64")


def hundredths(number):
    """A quantity with at most two decimals as an exact integer."""
    return (number * 100).round().cast("int64")


def whole(total):
    """A sum of integers in 64 bits: engines add them up in wider numbers, which are slow."""
    return ops.Cast(total, "int64").to_expr()     # total.cast() does nothing: Ibis takes it for 64 bits already


def sums(rows, names):
    """The sums of the integer columns `names`, to aggregate `rows` by."""
    return {name: whole(rows[name].sum()) for name in names}


def spread(events, keys, amounts, by="month"):
    """One row per event and calendar month: the integer `amounts` spread evenly over the event's calendar days.

    The share of a quantity X that falls in month k of an event of T calendar days is
    `X·c_k // T − X·c_{k−1} // T`, with c_k the calendar days up to the end of month k: whole units, exact sums
    (while X·T < 2⁵³, for engines divide in double precision). `events` has start_on and end_on, inclusive.
    With `by` "year" the rows are calendar years, whose shares are the sums of those of their months.
    Columns: keys, month (or year), amounts.
    """
    number, first = {"month": (month_of, first_day), "year": (year_of, new_year)}[by]
    needed = dict.fromkeys([*keys, *amounts, "start_on", "end_on"])
    e = events.select(*needed).mutate(
        n0=number(_.start_on), n1=number(_.end_on), duration=days_between(_.start_on, _.end_on) + 1)
    inside = e.filter(e.n0 == e.n1).select(*keys, *amounts, **{by: "n0"})
    across = e.filter(e.n1 > e.n0)
    across = across.mutate(**{by: ibis.range(across.n0, across.n1 + 1).unnest()})
    across = across.mutate(**{by: _[by].cast("int32")}).mutate(
        before=ibis.greatest(days_between(_.start_on, first(_[by])), 0),
        until=ibis.least(_.duration, days_between(_.start_on, first(_[by] + 1))),
    )
    across = across.select(*keys, by, **{
        a: (across[a] * across.until // across.duration - across[a] * across.before // across.duration).cast("int64")
        for a in amounts
    })
    return ibis.union(inside.select(*keys, by, *amounts), across)
