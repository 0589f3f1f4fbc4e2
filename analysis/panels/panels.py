"""The panels of a dataset under a scope, each computed once."""

from dataclasses import dataclass, replace
from datetime import date
from functools import cached_property
from itertools import pairwise

import ibis
from ibis import _

from analysis import law
from analysis.datasets import Dataset
from analysis.engines import in_ranges, keep
from analysis.errors import unknown
from analysis.panels import admission, buyers, spells
from analysis.panels.coverage import coverage_month
from analysis.panels.months import hundredths, month_of, spread, sums
from analysis.scope import BRUSSELS, MAIN_ACTIVITY_DAYS, POPULATIONS, Scope

CONTRACTS_AT_ONCE = 2_000_000


def _kept(panel) -> cached_property:
    """A property of Panels: `panel(range)` over the ranges of workers, computed once; several measures read it."""
    made = cached_property(lambda panels: panels.kept(panel))
    made.__doc__ = panel.__doc__
    return made


@dataclass(frozen=True)
class Panels:
    """The panels of one dataset under one scope, or of its `members` alone: two identifiers and all between them."""

    dataset: Dataset
    scope: Scope
    members: tuple[int, int] | None = None

    def without_couriers(self) -> "Panels":
        """The same panels less the contracts of couriers, whose wave (2015–2018) hides everything else."""
        return replace(self, scope=replace(self.scope, couriers=False))

    def in_region(self, region: str) -> "Panels":
        return replace(self, scope=replace(self.scope, region=region))

    @cached_property
    def ranges(self) -> tuple["Panels", ...]:
        """These panels for one range of workers after the other, disjoint and together everybody.

        A panel of workers, of their pairs or of their spells is the union of those of the ranges; a range has about
        CONTRACTS_AT_ONCE contracts, so that it fits in the memory of any machine.
        """
        if self.members or not in_ranges(self.dataset.backend):
            return (self,)
        c = self.dataset.table("contracts")
        [about] = c.agg(contracts=_.count(), first=_.worker_id.min(), last=_.worker_id.max()).to_pyarrow().to_pylist()
        number = -(-about["contracts"] // CONTRACTS_AT_ONCE)
        if number <= 1:
            return (self,)
        first, width = about["first"], about["last"] + 1 - about["first"]
        edges = [first + width * n // number for n in range(number + 1)]
        return tuple(replace(self, members=(a, b - 1)) for a, b in pairwise(edges))

    def kept(self, panel):
        """The union of `panel(range)` over the ranges of workers, computed once and kept while it is in use."""
        return keep(*(panel(part) for part in self.ranges))

    @property
    def days(self) -> tuple[date, date]:
        """The first and the last day of the scope's years."""
        return date(self.scope.first_year, 1, 1), date(self.scope.last_year, 12, 31)

    # -- events ------------------------------------------------------------------------------------------------

    @cached_property
    def workers(self):
        """Workers with the characteristics that results may be broken down by."""
        w = self.dataset.table("workers")
        return w.mutate(cohort=(w.joined_on.year() // 5 * 5).cast("string") + "–")

    @cached_property
    def contracts(self):
        """The contracts in the scope's region and years (by their first and last day), couriers as asked."""
        c = self._couriers_as_asked(self.dataset.table("contracts"))
        first, last = self.days
        c = c.filter((c.end_on >= first) & (c.start_on <= last))
        return self._in_region(self._of_members(c))

    def _couriers_as_asked(self, contracts):
        return contracts if self.scope.couriers else contracts.filter(_.function.fill_null("") != "courier")

    def _of_members(self, rows):
        return rows.filter(rows.worker_id.between(*self.members)) if self.members else rows

    def _in_region(self, rows):
        """The `rows` of the scope's region, by their worker_id and client_id."""
        region = self.scope.region
        if region == "brussels-clients":
            return rows.filter(rows.client_id.isin(self.local_clients))
        if region == "brussels-either":
            return rows.filter(rows.client_id.isin(self.local_clients) | rows.worker_id.isin(self._resident_ids))
        return rows.filter(rows.worker_id.isin(self._resident_ids)) if region == "brussels" else rows

    @cached_property
    def started(self):
        """The contracts whose first day lies in the scope's years, with the `month` and the `year` of that day."""
        c = self.contracts.mutate(month=month_of(_.start_on), year=_.start_on.year().cast("int32"))
        return c.filter(_.year >= self.scope.first_year)

    @property
    def local_clients(self):
        """The identifiers of the clients in Brussels."""
        self.dataset.need("clients.home_nis")
        clients = self.dataset.table("clients")
        return clients.filter(clients.home_nis.isin(BRUSSELS)).client_id

    @property
    def _resident_ids(self):
        self.dataset.need("workers.home_nis")
        w = self.dataset.table("workers")
        return w.filter(w.home_nis.isin(BRUSSELS)).worker_id

    @cached_property
    def invoices(self):
        """Invoices with the worker they are for: the contract's worker, or the owner of the Activity.

        They are in the scope by its region, whatever their date, and couriers as asked. One that names neither a known
        contract nor a known Activity is for nobody, and absent.
        """
        self.dataset.need("invoices")
        i = self.dataset.table("invoices")
        c = self._couriers_as_asked(self.dataset.table("contracts"))
        parts = [i.join(self._of_members(c).select("contract_id", "worker_id"), "contract_id")]
        if self.dataset.has("activities"):
            owners = self.dataset.table("activities").select("activity_id", worker_id="owner_id")
            parts.append(i.join(self._of_members(owners), "activity_id"))
        columns = ("worker_id", *i.columns)
        return self._in_region(ibis.union(*(part.select(columns) for part in parts)) if len(parts) > 1
                               else parts[0].select(columns))

    @property
    def owned(self):
        """The Activities whose owner has a contract in the scope: activity_id, worker_id (the owner)."""
        a = self.dataset.table("activities").select("activity_id", worker_id="owner_id")
        return a.filter(a.worker_id.isin(self.contracts.worker_id))

    @cached_property
    def bills(self):
        """Every invoice to the scope's clients; `invoices` where the scope is one of workers, or leaves some out."""
        if self.members or not self.scope.couriers or self.scope.region in ("brussels", "brussels-either"):
            return self.invoices
        self.dataset.need("invoices")
        return self._in_region(self.dataset.table("invoices"))

    # -- panels ------------------------------------------------------------------------------------------------

    @cached_property
    def contract_month(self):
        """One row per contract and calendar month: days, hours and pay spread evenly over its calendar days.

        The share of a quantity X that falls in month k of a contract of T calendar days is
        `X·c_k // T − X·c_{k−1} // T`, with c_k the calendar days up to the end of month k: whole units, exact sums.
        Columns: contract_id, worker_id, client_id, month, days_100, hours_100, gross_cents.
        """
        c = self.contracts.mutate(days_100=hundredths(_.days), hours_100=hundredths(_.hours))
        keys, amounts = ("contract_id", "worker_id", "client_id"), ("days_100", "hours_100", "gross_cents")
        return self.in_scope(spread(c, keys, amounts))

    def in_scope(self, panel):
        """The rows of `panel` whose `month` lies in the scope's years."""
        return panel.filter(_.month.between(self.scope.first_year * 12, self.scope.last_year * 12 + 11))

    @cached_property
    def worker_month(self):
        """One row per worker and month with paid work (accrual: work is counted when it is done).

        Columns: worker_id, month, year, days_100, hours_100, gross_cents, real_cents (at prices of the last year of
        the scope, health index), contracts, clients.
        """
        def months(panels):
            m = buyers.client_month(panels)     # first: faster than to count clients that differ
            m = m.group_by("worker_id", "month").agg(
                **sums(m, ("days_100", "hours_100", "gross_cents", "contracts")), clients=_.client_id.count())
            return panels.real(m.mutate(year=(_.month // 12).cast("int32")))

        return self.kept(months)

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
        return keep(self.real(panel.filter(_.year.between(self.scope.first_year, self.scope.last_year))))

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
        return keep(y.mutate(
            P0=ibis.literal(True), P1=_.months >= 3, P2=_.days_100 >= 100 * MAIN_ACTIVITY_DAYS,
            interior=(_.year > _.year.min().over(career)) & (_.year < _.year.max().over(career)),
        ))

    coverage = spells.spells
    covered_days_month = cached_property(spells.covered_days_month)
    pair_month = cached_property(buyers.pair_month)
    client_year = cached_property(buyers.client_year)
    invoice_month = cached_property(buyers.invoice_month)
    admissible_window = admission.admissible_window

    pair_year = _kept(buyers.pair_year)
    admissible_month = _kept(admission.admissible_month)
    coverage_month = _kept(coverage_month)

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
