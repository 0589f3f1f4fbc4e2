"""Months as integers, and what lasts several months spread over them."""

import ibis
from ibis import _


def month_of(day):
    """Months since year 0 of a date: 12 × year + month − 1."""
    return (day.year() * 12 + day.month() - 1).cast("int32")


def first_day(month):
    """The first calendar day of a month counted since year 0."""
    return ibis.date((month // 12).cast("int32"), (month % 12 + 1).cast("int32"), 1)


def days_between(earlier, later):
    """Whole days from `earlier` to `later`."""
    return later.delta(earlier, unit="day").cast("int64")


def hundredths(number):
    """A quantity with at most two decimals as an exact integer."""
    return (number * 100).round().cast("int64")


def spread(events, keys, amounts):
    """One row per event and calendar month: the integer `amounts` spread evenly over the event's calendar days.

    The share of a quantity X that falls in month k of an event of T calendar days is
    `X·c_k // T − X·c_{k−1} // T`, with c_k the calendar days up to the end of month k: whole units, exact sums
    (while X·T < 2⁵³, for engines divide in double precision). `events` has start_on and end_on, inclusive.
    Columns: keys, month, amounts.
    """
    needed = dict.fromkeys([*keys, *amounts, "start_on", "end_on"])
    e = events.select(*needed).mutate(
        m0=month_of(_.start_on), m1=month_of(_.end_on), duration=days_between(_.start_on, _.end_on) + 1)
    inside = e.filter(e.m0 == e.m1).select(*keys, *amounts, month="m0")
    across = e.filter(e.m1 > e.m0)
    across = across.mutate(month=ibis.range(across.m0, across.m1 + 1).unnest())
    across = across.mutate(month=_.month.cast("int32")).mutate(
        before=ibis.greatest(days_between(_.start_on, first_day(_.month)), 0),
        until=ibis.least(_.duration, days_between(_.start_on, first_day(_.month + 1))),
    )
    across = across.select(*keys, "month", **{
        a: (across[a] * across.until // across.duration - across[a] * across.before // across.duration).cast("int64")
        for a in amounts
    })
    return ibis.union(inside.select(*keys, "month", *amounts), across)
