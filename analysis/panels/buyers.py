"""What clients buy, and what they are billed."""

import ibis
from ibis import _

from analysis.panels.months import days_between, hundredths, month_of, spread


def pair_month(panels):
    """One row per worker, client and month with work bought by that client (accrual: counted when it is done).

    Sums of `contract_month` over the contracts of a client; those bought by an Activity are in no pair.
    Columns: worker_id, client_id, month, days_100, hours_100 (null where none is recorded), gross_cents, contracts.
    """
    m = panels.contract_month.filter(_.client_id.notnull())
    return m.group_by("worker_id", "client_id", "month").agg(
        days_100=_.days_100.sum(), hours_100=_.hours_100.sum(), gross_cents=_.gross_cents.sum(),
        contracts=_.count())            # a contract has one row in a month


def client_year(panels):
    """One row per client and year of the scope with work or an invoice.

    Columns: client_id, year; workers and contracts at work in the year; days_100 and gross_cents of the contracts that
    the client bought, spread as in `contract_month`; first_on and last_on, the first and last day of the year that a
    contract covers (null without one); invoiced_cents by year of issue, for contracts and Activities, excluding VAT,
    credit notes deducted (null where the dataset has no invoices).
    """
    billed = panels.dataset.has("invoices")
    work = panels.kept(bought_year).mutate(invoiced_cents=ibis.literal(0, "int64") if billed else ibis.null("int64"))
    both = work
    if billed:
        i = panels.bills.mutate(year=_.issued_on.year().cast("int32"))
        i = i.filter(_.year.between(panels.scope.first_year, panels.scope.last_year))
        nothing, never = ibis.literal(0, "int64"), ibis.null("date")
        i = i.group_by("client_id", "year").agg(invoiced_cents=_.amount_cents.sum()).mutate(
            workers=nothing, contracts=nothing, days_100=nothing, gross_cents=nothing, first_on=never, last_on=never)
        both = ibis.union(work, i.select(work.columns))
    counts = ("workers", "contracts", "days_100", "gross_cents", "invoiced_cents")
    return both.group_by("client_id", "year").agg(
        first_on=_.first_on.min(), last_on=_.last_on.max(), **{n: both[n].sum() for n in counts})


def bought_year(panels):
    """One row per client and year with work that it buys: the columns of `client_year` but invoiced_cents.

    Its sums over ranges of workers are those of all, for a worker and a contract are in one range alone.
    """
    keys = ("contract_id", "worker_id", "client_id", "start_on", "end_on")
    c = panels.contracts.filter(_.client_id.notnull()).mutate(days_100=hundredths(_.days))
    m = panels.in_scope(spread(c, keys, ("days_100", "gross_cents"))).mutate(year=(_.month // 12).cast("int32"))
    m = m.mutate(
        first_on=ibis.greatest(_.start_on, ibis.date(_.year, 1, 1)),
        last_on=ibis.least(_.end_on, ibis.date(_.year, 12, 31)),
    )
    return m.group_by("client_id", "year").agg(
        workers=_.worker_id.nunique(), contracts=_.contract_id.nunique(), days_100=_.days_100.sum(),
        gross_cents=_.gross_cents.sum(), first_on=_.first_on.min(), last_on=_.last_on.max(),
    )


def invoice_month(panels):
    """One row per month of issue in the scope: what was billed in it, and what has become of that money since.

    Columns: month; invoices (credit notes not counted) and their amount_cents, which is the sum of paid_cents,
    written_off_cents (not paid, the guarantee fund took the loss) and unpaid_cents; credit_cents (≥ 0, of the credit
    notes; `invoiced_month` is amount − credit); paid, the number of paid invoices; paid_cent_days, Σ amount × days from
    issue to payment, so that the amount-weighted days to payment are paid_cent_days ÷ paid_cents; late, the number paid
    after the due day; late_days, Σ days from due day to payment of these. Money in cents excluding VAT.
    """
    i = panels.bills.mutate(month=month_of(_.issued_on))
    i = panels.in_scope(i).mutate(
        debit=(_.amount_cents >= 0).ifelse(_.amount_cents, 0), credit=(_.amount_cents < 0).ifelse(-_.amount_cents, 0),
        invoice=(_.amount_cents >= 0).cast("int64"),
        wait=days_between(_.issued_on, _.paid_on).fill_null(0), over=days_between(_.due_on, _.paid_on).fill_null(0),
    )
    settled = i.paid_on.notnull()
    lost = i.paid_on.isnull() & i.written_off_on.notnull()
    late = settled & (i.over > 0) & (i.amount_cents >= 0)
    i = i.mutate(
        paid=settled.ifelse(i.invoice, 0), paid_cents=settled.ifelse(i.debit, 0), paid_cent_days=i.debit * i.wait,
        written_off_cents=lost.ifelse(i.debit, 0), unpaid_cents=(settled | lost).ifelse(0, i.debit),
        late=late.cast("int64"), late_days=late.ifelse(i.over, 0),
    )
    sums = ("paid", "paid_cents", "paid_cent_days", "written_off_cents", "unpaid_cents", "late", "late_days")
    return i.group_by("month").agg(
        invoices=i.invoice.sum(), amount_cents=i.debit.sum(), credit_cents=i.credit.sum(),
        **{n: i[n].sum() for n in sums})
