"""Security: the level of pay (S-01 … S-08).

All amounts are gross pay through Smart, in EUR of the last year of the study (health index). Work paid elsewhere is not
seen: every amount is a lower bound of what the person earned.
"""

import ibis
import pandas as pd
from ibis import _

from analysis import law
from analysis.measures.answer import Answer
from analysis.panels import Panels

QUANTILES = {"p10": 0.10, "p25": 0.25, "p50": 0.50, "p75": 0.75, "p90": 0.90}
FLOOR_TOLERANCE = 0.01                  # EUR per hour, for rounding
AT_FLOOR = 0.01                         # within 1 % of the floor
LOW_PAY = 2 / 3


def _quantiles(column):
    return {name: column.quantile(q) for name, q in QUANTILES.items()}


def annual_gross(panels: Panels, population: str = "P0", by: str | None = None, interior: bool = False) -> Answer:
    """S-01. Real annual gross pay: E_iy = Σ_m G_im · π_base ÷ π_m.

    Unit: EUR a year. Shape: year (× group). Values: mean and percentiles 10, 25, 50, 75, 90 over workers.
    `interior` keeps the years that are neither of entry nor of exit, which are partial by construction.
    Pitfall: not the worker's total income. Source: Guvenen, Pistaferri & Violante 2022.
    """
    y = panels.population(population)
    y = panels.with_traits(y.filter(_.interior) if interior else y, by)
    keys = ("year", by) if by else ("year",)
    real = y.mutate(pay=_.real_cents / 100)
    return Answer(real.group_by(keys).agg(workers=_.worker_id.nunique(), mean=_.pay.mean(), **_quantiles(_.pay)), keys)


def monthly_gross(panels: Panels, population: str = "P0") -> Answer:
    """S-02. Mean pay of a month with work, mean pay over all 12 months, and the share of months with work.

    Ē⁺ = E ÷ number of months that a contract covers, wholly or in part; Ē⁰ = E ÷ 12; Ē⁰ ÷ Ē⁺ = share of months with
    work. Each is taken per worker with an interior year, and averaged. Unit: EUR a month; share 0–1. Shape: year.
    """
    y = panels.population(population).filter(_.interior).mutate(pay=_.real_cents / 100)
    y = y.group_by("year").agg(
        workers=_.worker_id.nunique(), paid_month=(_.pay / _.months).mean(), any_month=(_.pay / 12).mean(),
        share_paid=(_.months / 12).mean())
    return Answer(y, ("year",))


def inequality(panels: Panels, population: str = "P0") -> Answer:
    """S-03. Inequality of annual pay among workers: Gini, Theil, P90/P50 and P50/P10.

    Gini = 2 Σ_r r·x_(r) ÷ (n Σ x) − (n + 1) ÷ n over ranks r; Theil = mean[(x/μ) ln(x/μ)], x > 0.
    Unit: pure numbers. Shape: year. Source: Cowell 2011.
    """
    y = panels.population(population).filter(_.real_cents > 0).mutate(x=_.real_cents / 100)
    ranked = y.mutate(rank=(ibis.row_number().over(ibis.window(group_by="year", order_by=["x", "worker_id"])) + 1),
                      mean=_.x.mean().over(ibis.window(group_by="year")))
    table = ranked.group_by("year").agg(
        workers=_.count(), weighted=(_.rank * _.x).sum(), total=_.x.sum(),
        theil=(_.x / _.mean * (_.x / _.mean).ln()).mean(), **_quantiles(_.x))
    table = table.mutate(gini=2 * _.weighted / (_.workers * _.total) - (_.workers + 1) / _.workers,
                         p90_p50=_.p90 / _.p50, p50_p10=_.p50 / _.p10)
    return Answer(table.select("year", "workers", "gini", "theil", "p90_p50", "p50_p10"), ("year",))


def full_time_equivalents(panels: Panels) -> Answer:
    """S-04. Volume of work: FTE = Σ hours ÷ (38 × 52), with a day of 7.6 hours where none are recorded.

    Unit: full-time equivalents. `by_pay` imputes instead gross pay ÷ the median hourly pay of the contract's trade in
    the year (of all trades where the trade has none with hours). `imputed` is the share of days whose hours are not
    recorded. Shape: year.
    """
    week = law.rate("full_time_week")
    trade = panels.contracts.select("contract_id", trade=_.function.fill_null("?"))
    m = panels.contract_month.join(trade, "contract_id").mutate(year=(_.month // 12).cast("int32"))
    timed = m.filter(_.hours_100 > 0).mutate(rate=_.gross_cents / _.hours_100)
    m = m.left_join(timed.group_by("year", "trade").agg(of_trade=_.rate.median()), ["year", "trade"]).select(
        *m.columns, "of_trade")
    m = m.left_join(timed.group_by("year").agg(of_all=_.rate.median()), "year").select(*m.columns, "of_all")
    rate = ibis.coalesce(m.of_trade, m.of_all).nullif(0)
    m = m.mutate(unhoured=m.hours_100.isnull(), hours_by_pay=m.gross_cents / rate)
    m = m.group_by("year").agg(
        workers=_.worker_id.nunique(), hours=_.hours_100.sum().fill_null(0) / 100,
        by_pay=_.hours_by_pay.sum(where=_.unhoured).fill_null(0) / 100,
        unhoured=_.days_100.sum(where=_.unhoured).fill_null(0) / 100, days=_.days_100.sum() / 100)
    m = m.mutate(fte=(_.hours + week / 5 * _.unhoured) / (week * 52), by_pay=(_.hours + _.by_pay) / (week * 52),
                 imputed=_.unhoured / _.days)
    return Answer(m.select("year", "workers", "fte", "by_pay", "imputed", "days"), ("year",))


def pay_rates(panels: Panels, by: str | None = None) -> Answer:
    """S-05. Real pay per hour (contracts paid by time) and per declared day (all contracts), medians and means.

    w_k = G_k ÷ h_k · π_base ÷ π; G_k ÷ d_k likewise. Means are weighted by hours or days. Unit: EUR an hour, EUR a
    day. Shape: year of start (× group). Pitfall: lump-sum contracts have no hours and stay out of the hourly rate.
    """
    c = panels.with_traits(panels.real(panels.started), by)
    keys = ("year", by) if by else ("year",)
    timed = _.hours > 0
    c = c.mutate(pay=_.real_cents / 100).group_by(keys).agg(
        workers=_.worker_id.nunique(), day_median=(_.pay / _.days).median(), day_mean=_.pay.sum() / _.days.sum(),
        hour_median=(_.pay / _.hours).median(where=timed),
        hour_mean=_.pay.sum(where=timed) / _.hours.sum(where=timed))
    return Answer(c, keys)


def with_floor(panels: Panels):
    """Contracts with hours, and the statutory hourly minimum of the month they start in: RMMMG × 3 ÷ (13 × 38)."""
    panels.dataset.need("contracts.hours")
    first, last = panels.scope.first_year, panels.scope.last_year
    steps = law.table("minimum_wage")
    since = pd.to_datetime(steps["valid_from"])
    days = pd.date_range(f"{first}-01-01", f"{last}-12-31", freq="MS")
    known = days[days >= since.min()]
    floors = ibis.memtable(pd.DataFrame({
        "month": [d.year * 12 + d.month - 1 for d in known],
        "floor": [law.minimum_hourly(d.date()) for d in known]}).astype({"month": "int32"}))
    c = panels.started.filter(_.hours > 0).join(floors, "month")
    return c.mutate(wage=_.gross_cents / 100 / _.hours)


def below_minimum(panels: Panels) -> Answer:
    """S-06. Hours paid below the statutory minimum, how far below, and how many sit exactly on it.

    headcount = Σ h·1[w < μ − 0.01] ÷ Σ h; gap = Σ h·(μ − w)/μ·1[w < μ − 0.01] ÷ Σ h; squared gap likewise; at_floor =
    share of hours within ±1 % of μ, the national hourly minimum on the first of the month in which the contract
    starts. Unit: share of hours, 0–1. Shape: year of start. Source: Foster, Greer & Thorbecke 1984. Pitfalls: sector
    scales lie higher, so this is a lower bound; declared hours can be set so that pay meets the minimum, hence
    `at_floor`. Contracts without hours stay out.
    """
    c = with_floor(panels).mutate(
        below=(_.wage < _.floor - FLOOR_TOLERANCE).cast("float64"),
        gap=ibis.greatest((_.floor - _.wage) / _.floor, 0.0),
        at_floor=((_.wage / _.floor - 1).abs() <= AT_FLOOR).cast("float64"))
    c = c.group_by("year").agg(
        workers=_.worker_id.nunique(), hours=_.hours.sum(), headcount=(_.hours * _.below).sum() / _.hours.sum(),
        gap=(_.hours * _.gap * _.below).sum() / _.hours.sum(),
        gap_squared=(_.hours * _.gap * _.gap * _.below).sum() / _.hours.sum(),
        at_floor=(_.hours * _.at_floor).sum() / _.hours.sum())
    return Answer(c, ("year",))


def low_pay(panels: Panels) -> Answer:
    """S-07. Workers whose hourly pay of the year lies below two thirds of a median: the country's, and this dataset's.

    Hourly pay is Σ gross ÷ Σ hours of the contracts with hours that start in the year. `national` compares with the
    median gross pay of full-time employees in Belgium (`living_standards`), `share` with the median worker here. Unit:
    share of workers, 0–1. Shape: year. Pitfalls: the national median is that of full-time employees of firms of ten and
    more, known for few years and moved by prices between them; a median among Smart workers measures dispersion at the
    bottom, not low pay in Belgium.
    """
    panels.dataset.need("contracts.hours")
    c = panels.started.filter(_.hours > 0)
    w = c.group_by("year", "worker_id").agg(wage=_.gross_cents.sum() / 100 / _.hours.sum())
    w = w.join(w.group_by("year").agg(median=_.wage.median()), "year")      # not every engine has medians over windows
    hours = 13 * law.rate("full_time_week") / 3         # of a month
    years = list(range(panels.scope.first_year, panels.scope.last_year + 1))
    country = ibis.memtable({"year": years, "country": [law.living_standard("full_time_median", y) / hours
                                                        for y in years]},
                            schema=ibis.schema({"year": "int32", "country": "float64"}))
    w = w.join(country, "year").group_by("year").agg(
        workers=_.count(), share=(_.wage < LOW_PAY * _.median).cast("float64").mean(),
        national=(_.wage < LOW_PAY * _.country).cast("float64").mean())
    return Answer(w, ("year",))


def invoice_to_pay(panels: Panels) -> Answer:
    """S-08. Where a euro that a client is billed goes, for contracts bought by clients.

    Shares of Σ price: gross pay, employer's charges (employer cost − gross), reimbursed expenses (none where not
    recorded), and the fee (price − employer cost − expenses); they sum to 1. Contracts without a price or a cost stay
    out. Unit: share of the price excluding VAT. Shape: year of start.
    """
    panels.dataset.need("contracts.price_cents", "contracts.employer_cost_cents")
    c = panels.started.filter(_.price_cents.notnull() & _.employer_cost_cents.notnull())
    c = c.mutate(expenses=_.expenses_cents.fill_null(0))
    c = c.group_by("year").agg(
        workers=_.worker_id.nunique(), price=_.price_cents.sum(), gross=_.gross_cents.sum(),
        cost=_.employer_cost_cents.sum(), expenses=_.expenses.sum())
    c = c.select("year", "workers", gross=_.gross / _.price, charges=(_.cost - _.gross) / _.price,
                 expenses=_.expenses / _.price, fee=(_.price - _.cost - _.expenses) / _.price)
    return Answer(c, ("year",))


def activity_budget(panels: Panels) -> Answer:
    """S-08 for Activities. Where the money invoiced by Activities goes, all years together up to each year's end.

    Shares of cumulated invoices: gross pay, employer's charges, the fee on invoices, purchases, and what is kept on the
    account (the rest, so that the shares sum to 1). Unit: share of invoices excluding VAT. Shape: year.
    """
    panels.dataset.need("activities", "invoices", "expenses", "contracts.employer_cost_cents")
    data = panels.dataset

    def flow(table, day, **amounts):
        rows = table.join(panels.owned, "activity_id").mutate(year=table[day].year().cast("int32"), zero=0)
        return rows.select("year", owner="worker_id", **{
            name: amounts.get(name, rows.zero).cast("int64") for name in ("billed", "gross", "cost", "bought")})

    invoices, expenses = data.table("invoices"), data.table("expenses")
    contracts = data.table("contracts").drop("worker_id")
    flows = ibis.union(
        flow(invoices, "issued_on", billed=_.amount_cents),
        flow(contracts, "start_on", gross=_.gross_cents, cost=_.employer_cost_cents),
        flow(expenses, "booked_on", bought=_.amount_cents))
    years = flows.filter(_.year.between(panels.scope.first_year, panels.scope.last_year)).group_by("year").agg(
        workers=_.owner.nunique(), **{a: _[a].sum() for a in ("billed", "gross", "cost", "bought")})
    until = ibis.window(order_by="year", rows=(None, 0))
    c = years.mutate(**{a: years[a].sum().over(until) for a in ("billed", "gross", "cost", "bought")})
    c = c.filter(_.billed > 0).mutate(fee=_.billed * law.rate("smart_fee"))
    c = c.select("year", "workers", gross=_.gross / _.billed, charges=(_.cost - _.gross) / _.billed,
                 fee=_.fee / _.billed, bought=_.bought / _.billed,
                 kept=(_.billed - _.cost - _.fee - _.bought) / _.billed)
    return Answer(c, ("year",))
