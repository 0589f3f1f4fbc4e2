"""Autonomy: projects, their money, and how people leave (A-30 … A-34, A-50).

An Activity is a budget account that its owner fills with invoices and empties into pay and purchases. Work outside
Smart (A-40) is not seen in these tables and is inferred nowhere.
"""

import ibis
from ibis import _

from analysis import law
from analysis.measures.answer import Answer
from analysis.panels import Panels, days_between, spells, spread

INVESTMENT = ("equipment", "training", "subcontract")
SLOW = 90                   # days from invoice to pay
EXIT = 365                  # days without a contract
BACK_WITHIN = 3             # years
IN_NET = 10_000             # a cent net of the fee is a whole number of these parts
RANKS = 3                   # uses of money on one day: pay, then purchases, then credit notes


def activity_use(panels: Panels, by: str | None = None) -> Answer:
    """A-30. Pay, and workers, that go through Activities rather than through contracts bought by clients.

    share_of_pay = Σ gross of contracts bought by an Activity ÷ Σ gross; `some` and `only`, share of workers with such a
    contract, and with no other. Unit: share, 0–1. Shape: year of start (× group).
    Pitfall: an Activity is open to those who work more; its users differ before they use it.
    """
    panels.dataset.need("contracts.activity_id")
    keys = ("year", by) if by else ("year",)
    c = panels.started.mutate(own=_.activity_id.notnull().cast("int64"))
    w = c.group_by("year", "worker_id").agg(
        gross=_.gross_cents.sum(), via=(_.gross_cents * _.own).sum(), some=_.own.max(), only=_.own.min())
    w = panels.with_traits(w, by).group_by(keys).agg(
        workers=_.worker_id.nunique(), share_of_pay=_.via.sum() / _.gross.sum().nullif(0), some=_.some.mean(),
        only=_.only.mean())
    return Answer(w, keys)


def _accounts(panels: Panels):
    """Activities whose owner is in the scope: activity_id, owner."""
    return panels.owned.select("activity_id", owner="worker_id")


def use_by_owners(panels: Panels) -> Answer:
    """A-30 among owners: what part of their contracts, and of their pay, an Activity buys while theirs is open.

    Open from the first day of the owner's first Activity to the last day of the last one; contracts by their first day.
    Unit: share, 0–1. Shape: year of start.
    """
    panels.dataset.need("activities")
    never_closed = ibis.date(panels.scope.last_year, 12, 31)
    a = panels.dataset.table("activities").group_by(worker_id=_.owner_id).agg(
        opened_on=_.opened_on.min(), closed_on=ibis.coalesce(_.closed_on, never_closed).max())
    c = panels.started.join(a, "worker_id").filter(_.start_on.between(_.opened_on, _.closed_on))
    c = c.mutate(own=_.activity_id.notnull().cast("int64")).group_by("year").agg(
        workers=_.worker_id.nunique(), share_of_contracts=_.own.mean(),
        share_of_pay=(_.gross_cents * _.own).sum() / _.gross_cents.sum().nullif(0))
    return Answer(c, ("year",))


# -- the money of Activities -----------------------------------------------------------------------------------

def _flows(panels: Panels):
    """What enters and leaves the Activities of the scope's owners, from the first record on.

    Rows: account, owner, on (the day), kind: `invoice` (issue), `credit` (issue of a credit note), `pay` (first day of
    a contract: employer cost and reimbursed expenses) or `purchase`; cents ≥ 0, invoices before the fee.
    """
    data, accounts = panels.dataset, _accounts(panels)
    data.need("activities", "invoices", "expenses", "contracts.employer_cost_cents")

    def rows(table, on, cents, kind):
        r = table.mutate(on=table[on], cents=cents, kind=kind).select("activity_id", "on", "cents", "kind")
        r = r.filter(_.on <= ibis.date(panels.scope.last_year, 12, 31))
        return r.join(accounts, "activity_id").select("owner", "on", "cents", "kind", account="activity_id")

    invoices, contracts, expenses = (data.table(t) for t in ("invoices", "contracts", "expenses"))
    kind = ibis.cases((invoices.amount_cents >= 0, "invoice"), else_="credit")
    cost = contracts.employer_cost_cents.fill_null(0) + contracts.expenses_cents.fill_null(0)
    return ibis.union(rows(invoices, "issued_on", invoices.amount_cents.abs(), kind),
                      rows(contracts, "start_on", cost, ibis.literal("pay")),
                      rows(expenses, "booked_on", expenses.amount_cents, ibis.literal("purchase")))


def _net(flows):
    """Cents that the account gains by a flow, in parts of 1/IN_NET of a cent, so that the fee leaves no remainder."""
    kept = round(IN_NET * (1 - law.rate("smart_fee")))
    return ibis.cases((flows.kind == "invoice", flows.cents * kept), (flows.kind == "credit", -flows.cents * kept),
                      else_=-flows.cents * IN_NET).cast("int64")


def balances(panels: Panels):
    """owner, year, balance (EUR): what the owner's Activities hold on 31 December of each year with work or a flow.

    Balance = Σ invoices issued × (1 − fee) − Σ employer cost and reimbursed expenses of contracts begun − Σ purchases,
    from the first record on; V-32: what was billed is pay, charges, fee, expenses, purchases and this rest.
    """
    f = _flows(panels)
    f = f.mutate(year=f.on.year().cast("int32"), parts=_net(f)).select("owner", "year", "parts")
    years = panels.worker_year.select("year", owner="worker_id").filter(_.owner.isin(_accounts(panels).owner))
    years = years.select("owner", "year", parts=ibis.literal(0, "int64"))
    b = ibis.union(f, years).group_by("owner", "year").agg(parts=_.parts.sum())
    until = ibis.window(group_by="owner", order_by="year", rows=(None, 0))
    b = b.mutate(balance=_.parts.sum().over(until).cast("float64") / (100 * IN_NET))
    return b.filter(_.year >= panels.scope.first_year).select("owner", "year", "balance")


def _monthly_cost(panels: Panels):
    """worker_id, year, monthly (EUR): employer cost of a worker's contracts over the number of months with work."""
    owners = _accounts(panels).owner
    c = panels.contracts.filter(_.worker_id.isin(owners) & _.employer_cost_cents.notnull())
    m = panels.in_scope(spread(c, ("worker_id",), ("employer_cost_cents",)))
    m = m.mutate(year=(_.month // 12).cast("int32")).group_by("worker_id", "year").agg(
        cost=_.employer_cost_cents.sum(), months=_.month.nunique())
    return m.filter(_.cost > 0).select("worker_id", "year", monthly=_.cost / 100 / _.months)


def buffer(panels: Panels, by: str | None = None) -> Answer:
    """A-31. Months of the owner's own mean pay that the Activity could still pay for at the end of the year.

    buffer = balance on 31 December ÷ mean employer cost of a month with work in that year, for a balance must pay the
    charges as well as the pay. Owners with work in the year. Unit: months. Values: quarters and median over owners;
    shares with less than nothing (`overdrawn`), with at least one and at least three months. Shape: year (× group).
    Pitfalls: invoices count when issued, whether or not the client has paid; a balance meant for others' pay counts
    as the owner's. `spread` gives each month its part of a long contract.
    """
    keys = ("year", by) if by else ("year",)
    b = balances(panels).rename(worker_id="owner").join(_monthly_cost(panels), ["worker_id", "year"])
    b = panels.with_traits(b.mutate(months=_.balance / _.monthly), by).group_by(keys).agg(
        workers=_.worker_id.nunique(), p25=_.months.quantile(0.25), median=_.months.median(),
        p75=_.months.quantile(0.75), overdrawn=(_.balance < 0).cast("float64").mean(),
        one_month=(_.months >= 1).cast("float64").mean(), three_months=(_.months >= 3).cast("float64").mean())
    return Answer(b, keys)


def purchases(panels: Panels) -> Answer:
    """A-32. What Activities buy, as a part of what they invoice net of the fee, by kind of purchase.

    rate = Σ purchases of the kind ÷ Σ invoices × (1 − fee), credit notes deducted; `buyers`, owners who bought it ÷
    owners who invoiced. Unit: share, 0–1. Shape: kind × year. `workers` counts the owners who bought this kind. The
    rate of self-investment is the sum of equipment, training and subcontracting; it is no row here, since it would tell
    the rate of a kind that is withheld.
    """
    panels.dataset.need("activities", "invoices", "expenses")
    e = panels.dataset.table("expenses").join(_accounts(panels), "activity_id")
    e = e.mutate(year=_.booked_on.year().cast("int32")).group_by("kind", "year").agg(
        workers=_.owner.nunique(), cents=_.amount_cents.sum())
    rates = e.join(_invoiced(panels, ["year"]), "year")
    return Answer(rates.select("kind", "year", "workers", rate=_.cents / _.net, buyers=_.workers / _.owners),
                  ("kind", "year"))


def _invoiced(panels: Panels, keys):
    """keys, owners who invoiced and net (cents), by year of issue within the scope's years; where something is left."""
    i = panels.dataset.table("invoices").join(_accounts(panels), "activity_id")
    i = i.select("amount_cents", worker_id="owner", year=_.issued_on.year().cast("int32"))
    i = i.filter(_.year.between(panels.scope.first_year, panels.scope.last_year))
    i = panels.with_traits(i, next((k for k in keys if k != "year"), None))
    i = i.group_by(keys).agg(owners=_.worker_id.nunique(), billed=_.amount_cents.sum()).filter(_.billed > 0)
    return i.select(*keys, "owners", net=_.billed * (1 - law.rate("smart_fee")))


def self_investment(panels: Panels, by: str = "profession") -> Answer:
    """A-32 by group: equipment, training and subcontracting over net invoices; columns as in `purchases`.

    Shape: group, all years together. Reading: means of work differ by trade, a drum kit is not a laptop.
    """
    panels.dataset.need("activities", "invoices", "expenses")
    e = panels.dataset.table("expenses").filter(_.kind.isin(INVESTMENT)).join(_accounts(panels), "activity_id")
    e = e.filter(_.booked_on.year().between(panels.scope.first_year, panels.scope.last_year))
    e = panels.with_traits(e.select("amount_cents", worker_id="owner"), by)
    e = e.group_by(by).agg(workers=_.worker_id.nunique(), cents=_.amount_cents.sum())
    rates = e.join(_invoiced(panels, [by]), by)
    return Answer(rates.select(by, "workers", rate=_.cents / _.net, buyers=_.workers / _.owners), (by,))


def shared_accounts(panels: Panels) -> Answer:
    """A-33. Activities that pay two members or more in a year.

    Values: their share of the Activities that pay anybody; share_of_pay, of the gross pay that Activities buy;
    `to_others`, the part of their pay that goes to others than the owner. Unit: share, 0–1. Shape: year. `workers`
    counts those whom they pay. Reading: cooperation, or one who employs others; the tables do not tell which.
    """
    panels.dataset.need("activities", "contracts.activity_id")
    c = panels.dataset.table("contracts").join(_accounts(panels), "activity_id")
    c = c.select("activity_id", "worker_id", "gross_cents", "owner", year=_.start_on.year().cast("int32"))
    c = c.filter(_.year.between(panels.scope.first_year, panels.scope.last_year))
    sizes = c.group_by("activity_id", "year").agg(paid=_.worker_id.nunique())
    c = c.join(sizes, ["activity_id", "year"]).mutate(
        several=(_.paid > 1).cast("int64"), other=(_.worker_id != _.owner).cast("int64"))
    c = c.group_by("year").agg(
        workers=_.worker_id.nunique(where=_.paid > 1), accounts=_.activity_id.nunique(where=_.paid > 1),
        all_accounts=_.activity_id.nunique(), gross=(_.gross_cents * _.several).sum(), all_gross=_.gross_cents.sum(),
        others=(_.gross_cents * _.several * _.other).sum()).filter(_.accounts > 0)
    return Answer(c.select("year", "workers", share=_.accounts / _.all_accounts,
                           share_of_pay=_.gross / _.all_gross.nullif(0), to_others=_.others / _.gross.nullif(0)),
                  ("year",))


# -- from invoice to pay ---------------------------------------------------------------------------------------

def converted(panels: Panels):
    """Which invoice paid for which pay: the money that came in first goes out first.

    Invoices net of the fee, in the order of issue, fill an account; pay, purchases and credit notes, in the order of
    their day (and on one day in this order), empty it. Each stretch between two marks of the two running totals lies
    in one invoice and in one use. Columns: owner, year (of the pay), lag (days from issue to the first day of the
    contract, negative where it began before the invoice) and weight (money, in parts of a cent), for the stretches
    that pay takes and an invoice covers.
    """
    f = _flows(panels)
    rank = ibis.cases((f.kind == "pay", 0), (f.kind == "purchase", 1), else_=2)
    f = f.mutate(at=days_between(ibis.date(1900, 1, 1), f.on) * RANKS + rank, parts=_net(f).abs(),
                 bill=(f.kind == "invoice"), year=f.on.year().cast("int32"))
    f = f.group_by("account", "owner", "bill", "at", "year").agg(parts=_.parts.sum()).filter(_.parts > 0)
    total = ibis.window(group_by=["account", "bill"], order_by="at", rows=(None, 0))
    f = f.mutate(mark=_.parts.sum().over(total).cast("int64"))
    by_mark = ibis.window(group_by="account", order_by=["mark", "bill"])
    # From the last mark down: both series ascend with the marks, so that the smallest value so far is the next one.
    down = ibis.window(group_by="account", order_by=[ibis.desc("mark"), ibis.desc("bill")], rows=(None, 0))
    f = f.mutate(low=f.mark.lag().over(by_mark).fill_null(0), issued=f.bill.ifelse(f.at, None).min().over(down),
                 used=f.bill.ifelse(None, f.at).min().over(down), paid=f.bill.ifelse(None, f.year).min().over(down))
    f = f.filter((f.mark > f.low) & f.issued.notnull() & f.used.notnull() & (f.used % RANKS == 0))
    return f.select("owner", year="paid", lag=(f.used // RANKS - f.issued // RANKS), weight=f.mark - f.low)


def own_pace(panels: Panels, by: str | None = None) -> Answer:
    """A-34. Days from an invoice of an Activity to the pay that its money became, per owner and year of the pay.

    lag = Σ w · days ÷ Σ w over the stretches of `converted`, w the money; `spread` = √(Σ w · days² ÷ Σ w − lag²).
    Values: quarters and median of lag over owners, median of spread, and `slow`, mean share of the money that waited
    more than 90 days. Unit: days; share, 0–1. Shape: year (× group). Reading: who waits long keeps money back, which is
    a choice, or has no work to declare it for. Where all that is billed is spent, the mean lag does not depend on
    first-in-first-out, for it is the mean day of pay less the mean day of invoice; its spread does.
    """
    keys = ("year", by) if by else ("year",)
    weigh = _.weight.sum()
    w = converted(panels).group_by("owner", "year").agg(
        lag=(_.weight * _.lag).sum() / weigh, squares=(_.weight * _.lag * _.lag).sum() / weigh,
        slow=_.weight.sum(where=_.lag > SLOW).fill_null(0) / weigh)
    w = w.mutate(spread=ibis.greatest(_.squares - _.lag * _.lag, 0.0).sqrt()).rename(worker_id="owner")
    w = panels.with_traits(w.filter(_.year >= panels.scope.first_year), by).group_by(keys).agg(
        workers=_.worker_id.nunique(), p25=_.lag.quantile(0.25), median=_.lag.median(), p75=_.lag.quantile(0.75),
        spread=_.spread.median(), slow=_.slow.mean())
    return Answer(w, keys)


# -- exits -----------------------------------------------------------------------------------------------------

def _stops(panels: Panels):
    """Stops: last days of work that no contract follows for 365 days, seen to the end of the study.

    Columns: worker_id, year, exit (in words: a student's where every contract that ends on that day is one), end_on,
    next_on (null where nobody came back). A worker has at most one stop in a year.
    """
    by_worker = ibis.window(group_by="worker_id", order_by="spell")
    s = spells(panels, EXIT - 1).mutate(next_on=_.start_on.lead().over(by_worker))
    s = s.mutate(until=ibis.coalesce(_.next_on, ibis.date(panels.scope.last_year, 12, 31)))
    s = s.filter(days_between(_.end_on, _.until) >= EXIT).select("worker_id", "end_on", "next_on")
    last = panels.contracts.select("worker_id", "end_on", a_student=(_.regime == "student").fill_null(False))
    last = last.group_by("worker_id", "end_on").agg(student=_.a_student.cast("int64").min())
    s = s.join(last, ["worker_id", "end_on"]).mutate(
        year=_.end_on.year().cast("int32"),
        exit=(_.student == 1).ifelse("last contract as a student", "reason not recorded"))
    return s.filter(_.year.between(panels.scope.first_year, panels.scope.last_year - 1))


def exits(panels: Panels) -> Answer:
    """A-50. Workers who stop for 12 months or more, by what the tables tell of the last contract.

    exit: `last contract as a student`, else `reason not recorded`; share of the workers active in the year. The last
    year of the study is not shown, for nobody can be seen to stay away for 12 months in it. Unit: workers; share, 0–1.
    Shape: exit × year. Pitfalls: a hire by a client, self-employment, another umbrella firm, illness and age all look
    alike here, and an exit upward is no failure; the last day is that of the last contract, not of a decision.
    """
    s = _stops(panels).group_by("exit", "year").agg(workers=_.worker_id.nunique())
    active = panels.worker_year.group_by("year").agg(active=_.worker_id.nunique())
    return Answer(s.join(active, "year").select("exit", "year", "workers", share=_.workers / _.active),
                  ("exit", "year"))


def returns(panels: Panels) -> Answer:
    """A-50. Of the workers who stopped for 12 months or more, the share with a new contract within 3 years.

    Years that can be followed for 3 years; whoever returned after that counts as away. Unit: share, 0–1. Shape: exit ×
    year of the stop. Reading: a stop is not an end.
    """
    back = days_between(_.end_on, _.next_on) <= BACK_WITHIN * 365
    s = _stops(panels).filter(_.year <= panels.scope.last_year - BACK_WITHIN)
    s = s.mutate(back=back.fill_null(False).cast("float64"))
    s = s.group_by("exit", "year").agg(workers=_.worker_id.nunique(), back=_.back.mean())
    return Answer(s, ("exit", "year"))
