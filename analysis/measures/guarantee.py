"""Security: what it costs to pay before the client does, who gains by it and who pays for it (S-42 … S-45).

The guarantee is seen in three amounts: the money that is out while clients have not paid (exposure), the part that
never comes back (loss), and what both would have meant for the workers if nobody had stood between.
"""

import ibis
import numpy as np
import pandas as pd
from ibis import _

from analysis import law
from analysis.errors import unknown
from analysis.measures.answer import Answer
from analysis.measures.payment import (
    CLIENT_TRAITS,
    YEAR,
    contract_bills,
    debits,
    issued,
    known_invoices,
    last_day,
    people,
    with_client,
)
from analysis.panels import Panels, days_between, month_of

AVERSIONS = (0, 1, 2, 4)          # γ: relative risk aversion
UNIT = 1_000                      # EUR a month; the scale of utility, which no result depends on
DRAWS, SEED = 999, 2026
AT_ONCE = 111                     # draws in memory together
RISK_YEARS = 10                   # years of losses that the bad year is drawn from
TAIL = 0.95
TOP = 10
WORKER_TRAITS = ("profession", "gender", "education", "status_before")


# -- S-42 ------------------------------------------------------------------------------------------------------

def _net_of_fee(cents):
    """What an invoice leaves for pay, charges and purchases once Smart has taken its fee; whole cents, rounded down."""
    return (cents * (10_000 - round(10_000 * law.rate("smart_fee"))) // 10_000).cast("int64")


def _advanced_on_contracts(panels: Panels):
    """worker_id, client_id, month, part, cents: what is added to the money out for contracts, and later taken off.

    Added in the month in which the worker is paid, taken off when the client pays or the loss is taken.
    """
    end = last_day(panels)
    paid = panels.dataset.table("contracts").select("contract_id", pay_on="paid_on").filter(_.pay_on <= end)
    i = known_invoices(panels).join(paid, "contract_id").mutate(part=ibis.literal("contracts"))
    i = i.mutate(net=_net_of_fee(i.amount_cents)).filter(i.settled_on.isnull() | (i.settled_on > i.pay_on))
    back = i.filter(_.settled_on.notnull())
    return ibis.union(i.select("worker_id", "client_id", "part", month=month_of(i.pay_on), cents=i.net),
                      back.select("worker_id", "client_id", "part", month=month_of(back.settled_on), cents=-back.net))


def pool_months(panels: Panels):
    """One row per Activity and month in which its money moves: what it has had paid for it less what it has brought in.

    `out_cents`, wages with charges and expenses of the contracts it buys, in the month of payment, and its purchases;
    `in_cents`, its invoices net of the fee, in the month in which the client pays or the loss is taken; `ahead_cents`,
    the sum of out less in so far: above 0, wages have been paid with money that no client had paid yet. Activities of
    owners with a contract in the scope, from their beginning. Columns too: activity_id, worker_id (the owner), month.
    """
    panels.dataset.need("activities", "contracts.employer_cost_cents", "contracts.paid_on")
    data, end = panels.dataset, last_day(panels)
    i = known_invoices(panels).filter(_.settled_on.notnull())
    c = data.table("contracts").filter(_.paid_on <= end)
    cost = ibis.coalesce(c.employer_cost_cents, c.gross_cents) + c.expenses_cents.fill_null(0)
    zero = ibis.literal(0, "int64")
    i = i.select("activity_id", month=month_of(i.settled_on), out_cents=zero, in_cents=_net_of_fee(i.amount_cents))
    flows = [i, c.select("activity_id", month=month_of(c.paid_on), out_cents=cost, in_cents=zero)]
    if data.has("expenses"):
        e = data.table("expenses").filter(_.booked_on <= end)
        flows.append(e.select("activity_id", month=month_of(e.booked_on), out_cents=e.amount_cents, in_cents=zero))
    m = ibis.union(*flows).join(panels.owned, "activity_id").group_by("activity_id", "worker_id", "month").agg(
        out_cents=_.out_cents.sum(), in_cents=_.in_cents.sum())
    so_far = ibis.window(group_by="activity_id", order_by="month", rows=(None, 0))
    return m.mutate(ahead_cents=(_.out_cents - _.in_cents).sum().over(so_far).cast("int64"))


def _advanced_by_pools(panels: Panels):
    """The same columns for Activities: the change in what each is ahead of its clients; worker_id is the owner."""
    by_activity = ibis.window(group_by="activity_id", order_by="month")
    m = pool_months(panels).mutate(ahead=ibis.greatest(_.ahead_cents, 0))
    m = m.mutate(cents=_.ahead - _.ahead.lag().over(by_activity).fill_null(0))
    return m.select("worker_id", "month", "cents", client_id=ibis.null("int64"), part=ibis.literal("Activities"))


def _owing(changes, unit: str):
    """part, month, n: the change in the number of distinct `unit`s (worker_id or client_id) with money out."""
    u = changes.filter(changes[unit].notnull()).group_by("part", unit, "month").agg(cents=_.cents.sum())
    before = ibis.window(group_by=["part", unit], order_by="month")
    u = u.mutate(owes=(_.cents.sum().over(ibis.window(group_by=["part", unit], order_by="month", rows=(None, 0))) > 0))
    u = u.mutate(owes=_.owes.cast("int64"))
    return u.mutate(n=_.owes - _.owes.lag().over(before).fill_null(0)).select("part", "month", "n")


def exposure(panels: Panels) -> Answer:
    """S-42. Money out for work that clients have not paid, at the end of each month.

    EAD_t = (1 − f) Σ_v A_v·1[worker paid by t, client not] for `part` contracts, f being the fee: for a contract billed
    to a client, A_v (1 − f) is what was paid for the work. For `part` Activities, Σ_a max(0, out_a − in_a): what each
    account has spent less what its clients have paid (`pool_months`), since no wage of it belongs to one invoice. What
    is written off has left the exposure. `amount` in EUR; `turnover_days` = amount ÷ (billed in the last 12 months, net
    of the fee, ÷ 365). Shape: part × month (months since year 0; `time`, its end, as a year). `workers` and `clients`
    have money out; an Activity has no client of its own, its owner is the worker. Pitfalls: an Activity that lives on
    money that earlier clients have left on it is ahead of nobody; where the scope is one of clients, Activities cannot
    be counted, and are absent.
    """
    panels.dataset.need("invoices", "contracts.paid_on")
    changes = _advanced_on_contracts(panels)
    if panels.dataset.has("activities") and panels.scope.region in ("everywhere", "brussels"):
        changes = ibis.union(changes, _advanced_by_pools(panels).select(changes.columns))
    zero, i = ibis.literal(0, "int64"), known_invoices(panels)
    sums = {"cents": zero, "workers": zero, "clients": zero, "billed": zero}
    rows = [changes.select("part", "month", **(sums | {"cents": changes.cents})),
            i.select(part=ibis.literal("billed"), month=month_of(i.issued_on),
                     **(sums | {"billed": _net_of_fee(i.amount_cents)}))]
    for unit in ("worker", "client"):
        n = _owing(changes, f"{unit}_id")
        rows.append(n.select("part", "month", **(sums | {f"{unit}s": n.n})))
    m = ibis.union(*rows)
    m = m.group_by("part", "month").agg(**{c: m[c].sum().cast("int64") for c in sums})
    first, last = panels.scope.first_year * 12, panels.scope.last_year * 12 + 11
    return Answer(m, ("part", "month"), count="fewest", finish=lambda d: _exposures(d, first, last))


def _exposures(changes: pd.DataFrame, first: int, last: int) -> pd.DataFrame:
    """Stocks at the end of each month from `first` to `last`, one after the other for each part."""
    columns = ["part", "month", "time", "workers", "clients", "fewest", "amount", "turnover_days"]
    if changes.empty:
        return pd.DataFrame(columns=columns)
    months = range(min(first, changes["month"].min()), last + 1)
    parts = {part: d.drop(columns="part").set_index("month").reindex(months, fill_value=0)
             for part, d in changes.groupby("part")}
    bills = parts.pop("billed")
    billed = bills["billed"].rolling(12).sum()
    parts.setdefault("contracts", 0 * bills)
    series = []
    for part, d in parts.items():
        stock = d.cumsum()
        amount = stock["cents"] / 100
        clients = stock["clients"] if part == "contracts" else stock["workers"]
        series.append(pd.DataFrame({
            "part": part, "month": months, "time": (stock.index + 1) / 12, "workers": stock["workers"],
            "clients": stock["clients"], "fewest": np.minimum(stock["workers"], clients), "amount": amount,
            "turnover_days": amount / (billed.where(billed > 0) / 100) * YEAR}).loc[first:])
    return pd.concat(series, ignore_index=True)[columns]


def exposure_by_year(panels: Panels) -> Answer:
    """S-42. The twelve month ends of a year: mean and highest exposure (EUR), mean and highest days of turnover.

    Contracts and Activities together. Shape: year. `fewest` counts those behind the smallest part of a month that is
    not zero, so that every part of every month of a year that is shown could be shown itself.
    """
    parts = exposure(panels).frame()
    parts = parts.assign(fewest=parts["fewest"].where(parts["amount"] != 0))
    months = parts.groupby("month")
    m = months[["amount", "turnover_days"]].sum(min_count=1).assign(fewest=months["fewest"].min()).reset_index()
    y = m.assign(year=m["month"] // 12).groupby("year", as_index=False).agg(
        fewest=("fewest", "min"), mean=("amount", "mean"), highest=("amount", "max"),
        turnover_days=("turnover_days", "mean"), highest_days=("turnover_days", "max"))
    return Answer(y, ("year",), count="fewest")


# -- S-43 ------------------------------------------------------------------------------------------------------

def _lost(invoices):
    return debits(invoices).filter(_.written_off_on.notnull())


def losses(panels: Panels) -> Answer:
    """S-43. What clients never paid, in EUR and as a share of what was billed in the year.

    EL_y = Σ A_v over invoices that are written off, ratio = EL_y ÷ Σ A_v (credit notes deducted). `clock` issued counts
    a loss in the year of the invoice, written off in the year in which the guarantee took it; `open`, for the first,
    the share not settled at the end of the study, of which a part will be lost. Nothing of a lost invoice is recovered,
    for a payment after the write-off makes it a paid one. Shape: clock × year. `fewest`, `workers` and `clients` count
    those with a loss: a year without one is a year of nobody. Pitfall: the day of a write-off is a decision, not an
    event; the last years of `issued` are too low.
    """
    panels.dataset.need("invoices", "invoices.written_off_on")
    i = issued(panels)
    total = i.group_by("year").agg(billed=_.amount_cents.sum() / 100,
                                   waiting=_.amount_cents.sum(where=_.settled_on.isnull()).fill_null(0) / 100)
    booked = known_invoices(panels).mutate(year=_.written_off_on.year().cast("int32"))
    parts = []
    for clock, rows in (("issued", _lost(i)), ("written off", _lost(booked))):
        y = rows.group_by("year").agg(**people(rows), lost=rows.amount_cents.sum() / 100)
        y = total.outer_join(y, "year").mutate(year=ibis.coalesce(_.year, _.year_right), clock=ibis.literal(clock))
        y = y.mutate(billed=_.billed.fill_null(0), lost=_.lost.fill_null(0))
        over = y.billed.nullif(0)
        still = y.waiting / over if clock == "issued" else ibis.null("float64")
        counted = {c: y[c].fill_null(0) for c in ("workers", "clients", "fewest")}
        parts.append(y.select("clock", "year", "billed", "lost", ratio=y.lost / over, open=still, **counted))
    return Answer(ibis.union(*parts), ("clock", "year"), count="fewest")


def losses_by(panels: Panels, group: str = "sector") -> Answer:
    """S-43. Losses by one trait of clients (CLIENT_TRAITS): EUR lost and its share of what was billed, all years.

    Shape: group. `fewest`, `workers` and `clients` count those with a loss. Credit notes are deducted from the billed.
    """
    panels.dataset.need("invoices", "invoices.written_off_on")
    i = with_client(panels, issued(panels), group)
    lost = i.written_off_on.notnull() & (i.amount_cents > 0)
    g = i.group_by(group).agg(**people(i, lost), billed=i.amount_cents.sum() / 100,
                              lost=i.amount_cents.sum(where=lost).fill_null(0) / 100)
    return Answer(g.mutate(ratio=_.lost / _.billed), (group,), count="fewest")


def _risk_months(panels: Panels) -> range:
    """The months of the last RISK_YEARS of the study, or of the whole of a shorter one."""
    last = panels.scope.last_year
    return range(max(panels.scope.first_year, last - RISK_YEARS + 1) * 12, last * 12 + 12)


def lost_invoices(panels: Panels):
    """The invoices written off in the last RISK_YEARS of the study, with the `month` in which they were."""
    gone = _lost(known_invoices(panels))
    return gone.mutate(month=month_of(gone.written_off_on)).filter(_.month >= _risk_months(panels).start)


def client_months(panels: Panels, gone) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The clients of the last RISK_YEARS and, for each (a row) and month, cents billed and cents lost with the invoices
    `gone` (of `lost_invoices`). For a bootstrap, in memory only.
    """
    months, i, zero = _risk_months(panels), known_invoices(panels), ibis.literal(0, "int64")
    cells = ibis.union(
        i.select("client_id", month=month_of(i.issued_on), billed=i.amount_cents, lost=zero),
        gone.select("client_id", "month", billed=zero, lost="amount_cents")).filter(_.month >= months.start)
    cells = cells.group_by("client_id", "month").agg(billed=_.billed.sum(), lost=_.lost.sum())
    cells = cells.order_by("client_id", "month").execute()
    clients, place = np.unique(cells["client_id"], return_inverse=True)
    billed, lost = (np.zeros((len(clients), len(months))) for _side in range(2))
    billed[place, cells["month"] - months.start] = cells["billed"]
    lost[place, cells["month"] - months.start] = cells["lost"]
    return clients, billed, lost


def loss_at_risk(panels: Panels) -> Answer:
    """S-43. A bad year: the loss of twelve months that is exceeded one time in twenty, and the mean of those beyond.

    Block bootstrap of client × month over the last RISK_YEARS of the study: each of 999 draws takes clients with
    replacement, each with its whole history, and twelve successive months of them, and scales its losses written off ÷
    its billing to what was billed in the last twelve months. `var95` is the 95th percentile of the drawn losses, `es95`
    the mean of those at or above it, `expected` the mean of all; `_ratio`: over the billing. `top10`: share of the ten
    clients with the largest losses in all losses. Unit: EUR; share, 0–1. Shape: one row, `months` = 12. `fewest` counts
    those with a loss. Pitfalls: what never happened in these years cannot be drawn, so that the tail is a lower bound;
    the loss is booked when it is written off, months after the client stopped paying. One client that fails is one
    event: hence clients are drawn whole.
    """
    panels.dataset.need("invoices", "invoices.written_off_on")
    gone = lost_invoices(panels)
    _clients, billed, lost = client_months(panels, gone)
    row = gone.agg(**people(gone)).execute().astype("int64")
    volume = billed[:, -12:].sum() / 100
    if volume <= 0:
        return Answer(row.assign(months=12)[:0], ("months",), count="fewest")
    drawn = np.sort(_drawn_ratios(billed, lost) * volume)
    bad = np.quantile(drawn, TAIL, method="inverted_cdf")
    found = {"expected": drawn.mean(), "var95": bad, "es95": drawn[drawn >= bad].mean()}
    by_client = np.sort(lost.sum(axis=1))
    top = by_client[-TOP:].sum() / by_client.sum() if by_client.any() else np.nan
    frame = row.assign(months=12, billed=volume, **found, **{f"{n}_ratio": v / volume for n, v in found.items()},
                       top10=top)
    return Answer(frame, ("months",), count="fewest")


def _drawn_ratios(billed: np.ndarray, lost: np.ndarray) -> np.ndarray:
    """Loss over billing of twelve successive months, for DRAWS samples of clients (rows) and of a first month.

    Whole cents below 2⁵³, so that the sums are the same on every machine.
    """
    random = np.random.default_rng(SEED)
    starts = random.integers(0, billed.shape[1] - 11, DRAWS)
    losers = lost.any(axis=1)
    chances = np.full(len(billed), 1 / len(billed))
    ratios = []
    for begin in range(0, DRAWS, AT_ONCE):
        start = starts[begin:begin + AT_ONCE]
        copies = random.multinomial(len(billed), chances, len(start)).astype(float)
        months = start[:, None] + np.arange(12)
        a = np.take_along_axis(copies @ billed, months, axis=1).sum(axis=1)
        b = np.take_along_axis(copies[:, losers] @ lost[losers], months, axis=1).sum(axis=1)
        ratios.append(np.divide(b, a, out=np.zeros_like(b), where=a > 0))
    return np.concatenate(ratios)


# -- S-44 ------------------------------------------------------------------------------------------------------

def _insured(panels: Panels, population: str):
    """Invoices of contracts that clients bought and whose fate is known, each with the `part` of the pay it stands for.

    Columns: worker_id, client_id, pay_on (Smart's payment), paid_on (the client's; empty where it never came), came_on
    (the client's, not before the work was done), part and fee, real EUR. A contract with several invoices is split by
    their amounts.
    """
    end = last_day(panels)
    whole = contract_bills(panels).filter(_.open == 0).select("contract_id", "billed_cents")
    ids = panels.population(population).select("worker_id").distinct()
    c = panels.started.filter((_.paid_on <= end) & _.worker_id.isin(ids.worker_id)).join(whole, "contract_id")
    c = panels.real(c).mutate(pay=_.real_cents / 100).drop("real_cents")
    c = panels.real(c.mutate(gross_cents=_.billed_cents)).mutate(billed=_.real_cents / 100)
    c = c.select("contract_id", "worker_id", "pay", "billed", "billed_cents", "end_on", pay_on="paid_on")
    i = debits(known_invoices(panels)).select("contract_id", "client_id", "amount_cents", "paid_on")
    i = i.join(c, "contract_id").mutate(share=_.amount_cents / _.billed_cents)
    return i.select("worker_id", "client_id", "pay_on", "paid_on", came_on=ibis.greatest(i.paid_on, i.end_on),
                    part=i.pay * i.share, fee=i.billed * i.share * law.rate("smart_fee"))


def _months_of_pay(i):
    """One row per worker and month with pay (real EUR) in one of three streams, of the invoices of `_insured`.

    Columns: worker_id, month; smart, as Smart paid; kept, the same without what was lost; client, as the clients paid;
    waiting and fee, EUR, in the month in which Smart paid.
    """
    paid, none = i.filter(i.paid_on.notnull()), ibis.literal(0.0)
    days = ibis.greatest(days_between(i.pay_on, i.paid_on), 0).fill_null(0)
    smart = i.select(
        "worker_id", "fee", month=month_of(i.pay_on), smart=i.part, client=none,
        kept=i.paid_on.notnull().ifelse(i.part, none), waiting=i.part * law.rate("waiting_rate") * days / YEAR)
    client = paid.select("worker_id", month=month_of(paid.came_on), smart=none, kept=none, client=paid.part,
                         waiting=none, fee=none)
    m, amounts = ibis.union(smart, client.select(smart.columns)), ("smart", "kept", "client", "waiting", "fee")
    return m.group_by("worker_id", "month").agg(**{n: m[n].sum() for n in amounts})


def _utility(pay, floor: float, gamma: int, replaces: bool):
    """Utility of a month in units of UNIT: c^(1 − γ), or its logarithm for γ = 1; c is pay and what comes besides."""
    c = (ibis.greatest(pay, floor) if replaces else pay + floor) / UNIT
    return c.ln() if gamma == 1 else c ** float(1 - gamma)


def _certain(mean, gamma: int):
    """The steady month (EUR) that is worth a mean utility."""
    return UNIT * (mean.exp() if gamma == 1 else mean ** (1 / (1 - gamma)))


def insurance_value(panels: Panels, population: str = "P0", floor: float | None = None,
                    replaces: bool = False) -> Answer:
    """S-44. What it is worth to the worker to be paid by Smart and not by the client, beside what the fee costs.

    Streams of real gross pay by month: Y, as Smart paid; Y⁰, as the client paid, nothing where it never did. Each is
    worth the steady month CE(Y) = [mean_m (Y_m + c̲)^(1−γ)]^(1/(1−γ)) − for γ = 1, exp of the mean logarithm − over the
    months of the calendar years from the first to the last month of either stream, months without pay included.
    `value` = 12 (CE(Y) − CE(Y⁰)) = `lost` + `premium` + `timing`. Between the two stands Yᴸ, as Smart paid, but without
    the contracts that were lost: `lost` = 12 (mean Y − mean Yᴸ), the actuarial part; `premium` =
    12 (CE(Y) − CE(Yᴸ)) − lost, what it is worth beyond its mean that no contract is lost; `timing` =
    12 (CE(Yᴸ) − CE(Y⁰)), what it is worth that pay falls in the months in which Smart pays. Apart from these, `waiting`
    is Σ pay × r × days ÷ 365, for the days between Smart's payment and the client's, and `fee` what Smart took on the
    same invoices. Unit: EUR a worker-year; sums over workers ÷ their years. Shape: γ (`gamma` 0, 1, 2, 4). `fewest`
    counts the workers, or clients, of the contracts that were lost.

    c̲, the floor, is what a month has besides this pay: the assumption `income_floor`, or `floor` EUR a month (without
    one, only γ = 0 has a value). With `replaces`, it is paid in the place of lower pay, max(Y_m, c̲), and `premium` also
    holds what it replaces; then somebody paid in one lump gains, for more months are topped up, and γ = 0 is no longer
    the expected loss, which is why the floor is added here.

    Contracts bought by clients alone: a wage of an Activity has no invoice of its own, and a lost invoice there is lost
    money of the account first. Contracts whose client had not settled by the end of the study are in no stream.
    Pitfalls: savings are not seen, so that `timing` can be negative (a client that is late spreads a burst of pay over
    two months; whoever can save loses nothing by early pay); `premium` is negative for those whose pay comes in bursts,
    since a contract is lost in a month that is better than most; the fee buys much besides.
    """
    panels.dataset.need("invoices", "contracts.paid_on")
    floor = float(law.rate("income_floor") if floor is None else floor)
    gammas = AVERSIONS if floor > 0 else AVERSIONS[:1]
    insured, streams = _insured(panels, population), ("smart", "kept", "client")
    m = _months_of_pay(insured)
    w = m.group_by("worker_id").agg(
        paid=m.count(), first=(m.month.min() // 12), last=(m.month.max() // 12), waiting=m.waiting.sum(),
        fee=m.fee.sum(), **{s: m[s].sum() for s in streams},
        **{f"{s}_{g}": _utility(m[s], floor, g, replaces).sum() for g in gammas for s in streams})
    w, parts = w.mutate(months=12 * (_.last - _.first + 1)), []
    for g in gammas:
        idle = (w.months - w.paid) * _utility(ibis.literal(0.0), floor, g, replaces)
        worth = {s: _certain((w[f"{s}_{g}"] + idle) / w.months, g) * w.months for s in streams}
        each = w.mutate(value=worth["smart"] - worth["client"], cover=worth["smart"] - worth["kept"],
                        lost=w.smart - w.kept, gamma=ibis.literal(g, "int32"))
        years = each.months.sum() / 12
        parts.append(each.group_by("gamma").agg(
            workers=each.worker_id.nunique(), pay=each.smart.sum() / years, value=each.value.sum() / years,
            lost=each.lost.sum() / years, premium=(each.cover - each.lost).sum() / years,
            timing=(each.value - each.cover).sum() / years, waiting=each.waiting.sum() / years,
            fee=each.fee.sum() / years))
    gone = insured.filter(insured.paid_on.isnull())
    rows = (ibis.union(*parts) if len(parts) > 1 else parts[0]).cross_join(gone.agg(fewest=people(gone)["fewest"]))
    return Answer(rows, ("gamma",), count="fewest", finish=_without_noise)


def _without_noise(d: pd.DataFrame) -> pd.DataFrame:
    """EUR to six decimals, so that the difference of two equal sums is zero, in whatever order they were added."""
    amounts = d.select_dtypes("float").columns
    d[amounts] = d[amounts].round(6) + 0.0
    return d


# -- S-45 ------------------------------------------------------------------------------------------------------

def _real_invoices(panels: Panels):
    """Invoices of the scope with `billed` and `lost`, whole cents at the prices of the last year of the study."""
    panels.dataset.need("invoices", "invoices.written_off_on")
    i = issued(panels).mutate(month=month_of(_.issued_on), gross_cents=_.amount_cents)
    i = panels.real(i).mutate(billed=_.real_cents.round().cast("int64"))
    gone = i.written_off_on.notnull() & (i.amount_cents > 0)
    return i.mutate(lost=gone.ifelse(i.billed, 0), gone=gone)


def ranked_workers(panels: Panels):
    """One row per worker with paid work: pay, real cents per active year (whole), and `decile`, 1 the lowest paid."""
    w = panels.worker_year.group_by("worker_id").agg(total=_.real_cents.sum(), years=_.year.nunique())
    w = w.select("worker_id", pay=(_.total / _.years).round().cast("int64"))
    order, everybody = ibis.window(order_by=["pay", "worker_id"]), ibis.window()
    w = w.mutate(rank=ibis.row_number().over(order), n=_.count().over(everybody))
    return w.select("worker_id", "pay", decile=(_.rank * 10 // _.n + 1).cast("int32"))


def transfers(panels: Panels, group: str = "profession") -> Answer:
    """S-45. Who pays for whom: losses of a group less what it would pay if all invoices bore the losses alike.

    Per 1,000 EUR billed: `lost`; `paid` = 1000 φ, with φ = Σ losses ÷ Σ billed of the whole scope, the levy on invoices
    that would have covered the losses exactly; `net` = lost − paid, above 0 where the others pay for the group. Losses
    and billing at real prices, all years, contracts and Activities, to the worker of the contract or the owner of the
    Activity. Shape: a trait of workers (WORKER_TRAITS), of clients (CLIENT_TRAITS), or `decile` of pay per active year.
    `fewest`, `workers` and `clients` count those with a loss. Pitfall: no such levy exists by name; the fee is one rate
    for everything, so the sum is notional.
    """
    if group not in (*WORKER_TRAITS, *CLIENT_TRAITS, "decile"):
        raise unknown("group", group, (*WORKER_TRAITS, *CLIENT_TRAITS, "decile"))
    everything = _real_invoices(panels)
    levy = everything.agg(levy=_.lost.sum() / _.billed.sum())
    i = with_client(panels, everything, group) if group in CLIENT_TRAITS else everything
    if group in WORKER_TRAITS:
        i = panels.with_traits(i, group)
    if group == "decile":
        i = i.join(ranked_workers(panels).select("worker_id", "decile"), "worker_id")
    g = i.group_by(group).agg(**people(i, i.gone), lost=1000 * i.lost.sum() / i.billed.sum())
    g = g.cross_join(levy).mutate(paid=1000 * _.levy)
    return Answer(g.mutate(net=_.lost - _.paid).drop("levy"), (group,), count="fewest")


def transfer_concentration(panels: Panels) -> Answer:
    """S-45. Whether losses fall on the low or the high paid: concentration indices over workers ranked by their pay.

    C(x) = 2 Σ r·x ÷ (n Σ x) − (n + 1) ÷ n over ranks r by real pay per active year: −1 all with the lowest paid, 0
    even, 1 all with the highest; for pay itself it is the Gini. Rows (`of`): pay; billed, which an equal levy follows;
    lost; and `transfer` = C(billed) − C(lost), above 0 where the guarantee shifts money to the lower paid. `kakwani` =
    C − Gini of pay (Kakwani): below 0, less unequal than pay. `low`, `high`: 95 % interval, 999 bootstrap samples of
    workers. Unit: pure numbers. Shape: of. `fewest` counts the workers, or clients, with a loss where losses are in it.
    Pitfall: one client that fails many workers is one event, and the interval takes it for many.
    """
    i = _real_invoices(panels)
    w = i.group_by("worker_id").agg(billed=_.billed.sum(), lost=_.lost.sum())
    w = ranked_workers(panels).left_join(w, "worker_id").select("worker_id", "pay", "billed", "lost")
    w = w.fill_null({"billed": 0, "lost": 0}).order_by("pay", "worker_id").execute()
    behind = i.filter(i.gone).agg(clients=_.client_id.nunique(), workers=_.worker_id.nunique()).execute().iloc[0]
    columns = ["of", "fewest", "index", "low", "high", "kakwani"]
    if w.empty:
        return Answer(pd.DataFrame(columns=columns), ("of",), count="fewest")
    x = w[["pay", "billed", "lost"]].to_numpy(float)
    drawn = _concentrations(x, np.random.default_rng(SEED).multinomial(len(w), np.full(len(w), 1 / len(w)), DRAWS))
    [seen] = _concentrations(x, np.ones((1, len(w)), dtype=int))
    fewest = int(behind.min())
    rows = []
    for n, name in enumerate(("pay", "billed", "lost", "transfer")):
        value, draws = (seen[n], drawn[:, n]) if n < 3 else (seen[1] - seen[2], drawn[:, 1] - drawn[:, 2])
        low, high = np.nanquantile(draws, [0.025, 0.975]) if np.isfinite(draws).any() else (np.nan, np.nan)
        rows.append({"of": name, "fewest": len(w) if n < 2 else fewest, "index": value, "low": low, "high": high,
                     "kakwani": value - seen[0] if n in (1, 2) else np.nan})
    return Answer(pd.DataFrame(rows, columns=columns), ("of",), count="fewest")


def _concentrations(x: np.ndarray, copies: np.ndarray) -> np.ndarray:
    """Concentration index of each column of `x`, rows in the order of pay, for every row of `copies`."""
    found = np.full((len(copies), x.shape[1]), np.nan)
    for draw, weight in enumerate(copies):
        ranks = np.cumsum(weight) - (weight - 1) / 2
        total, n = (weight[:, None] * x).sum(axis=0), weight.sum()
        known = total > 0
        found[draw, known] = (2 * (weight * ranks) @ x[:, known] / (n * total[known])) - (n + 1) / n
    return found
