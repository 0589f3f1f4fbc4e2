"""Days on which members could choose, and who was active before them."""

import ibis
from ibis import _

from analysis import law
from analysis.panels import Panels, month_of

YEAR = 365.25


def shares_from():
    """The day from which users must hold a share (regime_dates.csv)."""
    dates = law.table("regime_dates").set_index("name")["date"]
    return dates["Share of 30 euro"].date()


def assembly_days(panels: Panels):
    """day, month: the days of assemblies whose attendance is recorded, with a year of the study before them.

    Assemblies of one day are one: to come to any of them is to come.
    """
    panels.dataset.need("assemblies", "attendances")
    listed = panels.dataset.table("attendances").assembly_id
    a = panels.dataset.table("assemblies").filter(_.assembly_id.isin(listed)).select(day="held_on").distinct()
    a = a.mutate(month=month_of(_.day))
    return a.filter(_.month.between(panels.scope.first_year * 12 + 12, panels.scope.last_year * 12 + 11))


def year_ends(panels: Panels):
    """day, month, year: the last days of the years since shares are required; `month` is the one that follows."""
    years = list(range(max(shares_from().year, panels.scope.first_year), panels.scope.last_year + 1))
    t = ibis.memtable({"year": years}, schema=ibis.schema({"year": "int32"}))
    return t.mutate(day=ibis.date(t.year, 12, 31), month=(t.year * 12 + 12).cast("int32"))


def months_around(days, first: int, last: int):
    """day, month: one row for each of the months `first` to `last`, counted from the month of the day (0)."""
    steps = ibis.memtable({"step": list(range(first, last + 1))}, schema=ibis.schema({"step": "int32"}))
    return days.cross_join(steps).select("day", month=(days.month + steps.step).cast("int32"))


def active_before(panels: Panels, days):
    """worker_id, day, cents (nominal), pay (real EUR), squares (of monthly cents) of the twelve months before.

    One row for each worker with paid work in them.
    """
    m = panels.worker_month.join(months_around(days, -12, -1), "month")
    return m.group_by("worker_id", "day").agg(
        cents=_.gross_cents.sum(), pay=_.real_cents.sum() / 100,
        squares=(_.gross_cents.cast("float64") * _.gross_cents).sum())


def of_scope(panels: Panels, rows):
    """The `rows` of workers with a contract in the scope."""
    return rows.filter(rows.worker_id.isin(panels.contracts.worker_id))
