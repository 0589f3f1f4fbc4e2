"""Events become panels: Ibis expressions that run where the data is.

Money is integer cents and time integer hundredths of a day (or hour) until a measure divides them, so that the sums of
a panel equal the sums of its contracts exactly, on every engine and in every order.
"""

from dataclasses import dataclass, replace
from functools import cached_property

import ibis
from ibis import _

from analysis import law
from analysis.datasets import Dataset
from analysis.errors import unknown
from analysis.scope import BRUSSELS, MAIN_ACTIVITY_DAYS, POPULATIONS, Scope

LONGEST_SPAN = 480  # months; a contract of 40 years


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


@dataclass(frozen=True)
class Panels:
    """The panels of one dataset under one scope."""

    dataset: Dataset
    scope: Scope

    def without_couriers(self) -> "Panels":
        """The same panels less the contracts of couriers, whose wave (2015–2018) hides everything else."""
        return Panels(self.dataset, replace(self.scope, couriers=False))

    def in_region(self, region: str) -> "Panels":
        return Panels(self.dataset, replace(self.scope, region=region))

    # -- events ------------------------------------------------------------------------------------------------

    @cached_property
    def workers(self):
        """Workers with the characteristics that results may be broken down by."""
        w = self.dataset.table("workers")
        return w.mutate(cohort=(w.joined_on.year() // 5 * 5).cast("string") + "–")

    @cached_property
    def contracts(self):
        """The contracts in the scope's region and years (by their first and last day), couriers as asked."""
        c = self.dataset.table("contracts")
        s = self.scope
        c = c.filter((c.end_on.year() >= s.first_year) & (c.start_on.year() <= s.last_year))
        if not s.couriers:
            c = c.filter(c.function.fill_null("") != "courier")
        here = None
        if s.region in ("brussels-clients", "brussels-either"):
            self.dataset.need("clients.home_nis")
            clients = self.dataset.table("clients")
            of_client = clients.filter(clients.home_nis.isin(BRUSSELS)).client_id
            here = c.client_id.isin(of_client)
            if s.region == "brussels-either":
                here = here | c.worker_id.isin(self._resident_ids)
        elif s.region == "brussels":
            here = c.worker_id.isin(self._resident_ids)
        return c if here is None else c.filter(here)

    @cached_property
    def started(self):
        """The contracts whose first day lies in the scope's years, with the `month` and the `year` of that day."""
        c = self.contracts.mutate(month=month_of(_.start_on), year=_.start_on.year().cast("int32"))
        return c.filter(_.year >= self.scope.first_year)

    @property
    def _resident_ids(self):
        self.dataset.need("workers.home_nis")
        w = self.dataset.table("workers")
        return w.filter(w.home_nis.isin(BRUSSELS)).worker_id

    @cached_property
    def invoices(self):
        """Invoices with the worker they are for: the contract's worker, or the owner of the Activity."""
        self.dataset.need("invoices")
        i = self.dataset.table("invoices")
        by_contract = i.join(self.contracts.select("contract_id", "worker_id"), "contract_id")
        parts = [by_contract.select("invoice_id", "worker_id", "issued_on", "amount_cents")]
        if self.dataset.has("activities"):
            owners = self.dataset.table("activities").select("activity_id", worker_id="owner_id")
            # An Activity is in scope with its owner.
            owners = owners.filter(owners.worker_id.isin(self.contracts.worker_id))
            parts.append(i.join(owners, "activity_id").select(parts[0].columns))
        return ibis.union(*parts) if len(parts) > 1 else parts[0]

    # -- panels ------------------------------------------------------------------------------------------------

    @cached_property
    def contract_month(self):
        """One row per contract and calendar month: days, hours and pay spread evenly over its calendar days.

        The share of a quantity X that falls in month k of a contract of T calendar days is
        `X·c_k // T − X·c_{k−1} // T`, with c_k the calendar days up to the end of month k: whole units, exact sums.
        Columns: contract_id, worker_id, client_id, month, days_100, hours_100, gross_cents.
        """
        keys = ("contract_id", "worker_id", "client_id")
        amounts = ("days_100", "hours_100", "gross_cents")
        c = self.contracts.mutate(
            m0=month_of(_.start_on), m1=month_of(_.end_on), length=days_between(_.start_on, _.end_on) + 1,
            days_100=hundredths(_.days), hours_100=hundredths(_.hours),
        )
        inside = c.filter(c.m0 == c.m1).select(*keys, *amounts, month="m0")
        across = c.filter(c.m1 > c.m0)
        months = ibis.memtable({"k": list(range(LONGEST_SPAN))}, schema=ibis.schema({"k": "int32"}))
        across = across.join(months, [months.k <= across.m1 - across.m0])
        across = across.mutate(month=(_.m0 + _.k).cast("int32"))
        across = across.mutate(
            before=ibis.greatest(days_between(_.start_on, first_day(_.month)), 0),
            until=ibis.least(_.length, days_between(_.start_on, first_day(_.month + 1))),
        )
        across = across.select(*keys, "month", **{
            a: (across[a] * across.until // across.length - across[a] * across.before // across.length).cast("int64")
            for a in amounts
        })
        first, last = self.scope.first_year * 12, self.scope.last_year * 12 + 11
        return ibis.union(inside.select(*keys, "month", *amounts), across).filter(_.month.between(first, last))

    @cached_property
    def worker_month(self):
        """One row per worker and month with paid work (accrual: work is counted when it is done).

        Columns: worker_id, month, year, days_100, hours_100, gross_cents, real_cents (at prices of the last year of
        the scope, health index), contracts, clients.
        """
        m = self.contract_month.group_by("worker_id", "month").agg(
            days_100=_.days_100.sum(), hours_100=_.hours_100.sum(), gross_cents=_.gross_cents.sum(),
            contracts=_.contract_id.nunique(), clients=_.client_id.nunique(),
        )
        return self.real(m.mutate(year=(_.month // 12).cast("int32"))).cache()

    def real(self, panel):
        """`panel` with `real_cents`: gross_cents × (health index of the last year ÷ health index of the month)."""
        months = range(self.scope.first_year * 12, self.scope.last_year * 12 + 12)
        deflators = [law.deflator(m // 12, m % 12 + 1, self.scope.last_year) for m in months]
        prices = ibis.memtable({"month": list(months), "deflator": deflators},
                               schema=ibis.schema({"month": "int32", "deflator": "float64"}))
        panel = panel.join(prices, "month")
        return panel.mutate(real_cents=_.gross_cents * _.deflator).drop("deflator")

    @cached_property
    def cash_month(self):
        """One row per worker and month of payment: gross pay counted when it is paid out. Same columns of pay."""
        self.dataset.need("contracts.paid_on")
        c = self.contracts.filter(_.paid_on.notnull()).mutate(month=month_of(_.paid_on))
        return self._monthly(c.group_by("worker_id", "month").agg(gross_cents=_.gross_cents.sum()))

    @cached_property
    def invoiced_month(self):
        """One row per worker and month of issue: what clients were billed, excluding VAT, credit notes deducted."""
        i = self.invoices.mutate(month=month_of(_.issued_on))
        return self._monthly(i.group_by("worker_id", "month").agg(gross_cents=_.amount_cents.sum()))

    def _monthly(self, panel):
        panel = panel.mutate(year=(_.month // 12).cast("int32"))
        return self.real(panel.filter(_.year.between(self.scope.first_year, self.scope.last_year))).cache()

    @cached_property
    def worker_year(self):
        """One row per worker and year with paid work, and where the worker stands in it.

        Columns: worker_id, year, days_100, hours_100, gross_cents, real_cents, months (that a contract covers, wholly
        or in part), `P0`, `P1`, `P2`, and `interior`: the worker also has paid work in an earlier and in a later year
        of the scope, so that the year is neither of entry nor of exit.
        """
        y = self.worker_month.group_by("worker_id", "year").agg(
            days_100=_.days_100.sum(), hours_100=_.hours_100.sum(), gross_cents=_.gross_cents.sum(),
            real_cents=_.real_cents.sum(), months=_.month.nunique(),
        )
        career = ibis.window(group_by="worker_id")
        return y.mutate(
            P0=ibis.literal(True), P1=_.months >= 3, P2=_.days_100 >= 100 * MAIN_ACTIVITY_DAYS,
            interior=(_.year > _.year.min().over(career)) & (_.year < _.year.max().over(career)),
        ).cache()

    def population(self, name: str):
        """The worker-years of one population of POPULATIONS."""
        if name not in POPULATIONS:
            raise unknown("population", name, POPULATIONS)
        return self.worker_year.filter(_[name])

    def with_traits(self, panel, by: str | None):
        """`panel` with the worker's trait `by` (a column of workers, or `cohort`: 5-year class of joining)."""
        if by is None:
            return panel
        if by != "cohort":
            self.dataset.need(f"workers.{by}")
        return panel.join(self.workers.select("worker_id", by), "worker_id").filter(_[by].notnull())
