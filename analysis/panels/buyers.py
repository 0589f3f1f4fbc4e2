"""What clients buy, and what they are billed."""

import ibis
from ibis import _

from analysis.panels.months import days_between, hundredths, month_of, new_year, spread, sums, whole, year_of


def client_month(panels):
    """One row per worker, client (null: the worker's Activities) and month with work: the columns of `pair_month`."""
    m = panels.contract_month
    return m.group_by("worker_id", "client_id", "month").agg(
        **sums(m, ("days_100", "hours_100", "gross_cents")), contracts=_.count())   # a contract has one row in a month


def pair_month(panels):
    """One row per worker, client and month with work bought by that client (accrual: counted when it is done).

    Sums of `contract_month` over the contracts of a client; those bought by an Activity are in no pair.
    Columns: worker_id, client_id, month, days_100, hours_100 (null where none is recorded), gross_cents, contracts.
    """
    return client_month(panels).filter(_.client_id.notnull())


def pair_year(panels):
    """One row per worker, client and year of the scope with work that the client buys, or an invoice to it.

    Columns: worker_id, client_id, year; days_100, gross_cents, real_cents of the contracts that the client bought,
    spread as in `contract_month`; contracts at work in the year; first_month and last_month with such work (null
    without any); invoiced_cents by year of issue, for contracts and for the worker's own Activities, excluding VAT,
    credit notes deducted (null where the dataset has no invoices).
    """
    billed = panels.dataset.has("invoices")
    pair, year = ["worker_id", "client_id", "year"], (_.month // 12).cast("int32")
    m = panels.real(panels.contract_month.filter(_.client_id.notnull())).mutate(year=year)
    rows = m.group_by(pair).agg(
        days_100=_.days_100.sum(), gross_cents=_.gross_cents.sum(), real_cents=_.real_cents.sum(),
        contracts=_.contract_id.nunique(), first_month=_.month.min(), last_month=_.month.max(),
    ).mutate(invoiced_cents=ibis.literal(0, "int64") if billed else ibis.null("int64"))
    if billed:
        i = panels.in_scope(panels.invoices.mutate(month=month_of(_.issued_on))).mutate(year=year)
        nothing, never = ibis.literal(0, "int64"), ibis.null("int32")
        i = i.group_by(pair).agg(invoiced_cents=_.amount_cents.sum()).mutate(
            days_100=nothing, gross_cents=nothing, real_cents=ibis.literal(0.0), contracts=nothing, first_month=never,
            last_month=never)
        rows = ibis.union(rows, i.select(rows.columns))
    added = ("days_100", "gross_cents", "real_cents", "contracts", "invoiced_cents")
    return rows.group_by(pair).agg(
        **{n: rows[n].sum() for n in added}, first_month=_.first_month.min(), last_month=_.last_month.max())


def client_year(panels):
    """One row per client and year of the scope with work or an invoice.

    Columns: client_id, year; workers and contracts at work in the year; days_100 and gross_cents of the contracts that
    the client bought, spread as in `contract_month`; first_on and last_on, the first and last day of the year that a
    contract covers (null without one); invoiced_cents by year of issue, for contracts and Activities, excluding VAT,
    credit notes deducted (null where the dataset has no invoices).
    """
    keys, counts = ["client_id", "year"], ("workers", "contracts", "days_100", "gross_cents")
    work = panels.kept(bought_year)
    work = work.group_by(keys).agg(**sums(work, counts), first_on=_.first_on.min(), last_on=_.last_on.max())
    if not panels.dataset.has("invoices"):
        return work.mutate(invoiced_cents=ibis.null("int64"))
    i = panels.bills.filter(_.issued_on.between(*panels.days)).mutate(year=year_of(_.issued_on))
    i = i.group_by(keys).agg(invoiced_cents=whole(i.amount_cents.sum()))
    both = work.outer_join(i, keys)
    return both.select(
        "first_on", "last_on", **{key: ibis.coalesce(both[key], both[f"{key}_right"]) for key in keys},
        **{n: both[n].fill_null(0) for n in (*counts, "invoiced_cents")})


def bought_year(panels):
    """One row per client and year with work that it buys: the columns of `client_year` but invoiced_cents.

    Its sums over ranges of workers are those of all, for a worker and a contract are in one range alone.
    """
    keys, amounts = ("worker_id", "client_id", "start_on", "end_on"), ("days_100", "gross_cents")
    c = panels.contracts.filter(_.client_id.notnull()).mutate(days_100=hundredths(_.days))
    y = spread(c, keys, amounts, by="year").filter(_.year.between(panels.scope.first_year, panels.scope.last_year))
    y = y.group_by("client_id", "year").agg(
        workers=_.worker_id.nunique(), contracts=_.count(), **sums(y, amounts),     # a contract has one row in a year
        first_on=_.start_on.min(), last_on=_.end_on.max())
    return y.mutate(first_on=ibis.greatest(_.first_on, new_year(_.year)),
                    last_on=ibis.least(_.last_on, ibis.date(_.year, 12, 31)))


def invoice_month(panels):
    """One row per month of issue in the scope: what was billed in it, and what has become of that money since.

    Columns: month; invoices (credit notes not counted) and their amount_cents, which is the sum of paid_cents,
    written_off_cents (not paid, the guarantee fund took the loss) and unpaid_cents; credit_cents (≥ 0, of the credit
    notes; `invoiced_month` is amount − credit); paid, the number of paid invoices; paid_cent_days, Σ amount × days from
    issue to payment, so that the amount-weighted days to payment are paid_cent_days ÷ paid_cents; late, the number paid
    after the due day; late_days, Σ days from due day to payment of these. Money in cents excluding VAT.
    """
    i = panels.bills.filter(_.issued_on.between(*panels.days)).mutate(
        month=month_of(_.issued_on), debit=ibis.greatest(_.amount_cents, 0),
        invoices=(_.amount_cents >= 0).cast("int64"), settled=_.paid_on.notnull().cast("int64"),
        lost=(_.paid_on.isnull() & _.written_off_on.notnull()).cast("int64"),
        wait=days_between(_.issued_on, _.paid_on).fill_null(0), over=days_between(_.due_on, _.paid_on).fill_null(0),
    )
    late = ((i.over > 0) & (i.amount_cents >= 0)).cast("int64")
    i = i.select(
        "month", "invoices", amount_cents=i.debit, credit_cents=i.debit - i.amount_cents,
        paid=i.settled * i.invoices, paid_cents=i.settled * i.debit, paid_cent_days=i.debit * i.wait,
        written_off_cents=i.lost * i.debit, unpaid_cents=(1 - i.settled - i.lost) * i.debit,
        late=late, late_days=late * i.over,
    )
    return i.group_by("month").agg(**sums(i, i.columns[1:]))
