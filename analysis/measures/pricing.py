"""Autonomy: who sets the price of a day (A-06 … A-09).

Nobody records who named a price. What is seen is its trace: one price for all is a posted price; a price that grows
with the tie, or differs between clients, has moved at least once. Only contracts that clients buy have a client, a
price and days; what an Activity buys is seen in the pass-through alone.
"""

import ibis
import pandas as pd
from ibis import _

from analysis.measures.answer import Answer
from analysis.models import Z95
from analysis.panels import Panels, days_between, hundredths

MANY_WORKERS = 10           # of a client, from which a common price says something about the client
NEAR = 100                  # within a hundredth of the most frequent rate
POSTED = 0.5                # share of contracts at the modal rate from which a price counts as set by the client
CLUSTERS = {"worker": "workers", "buyer": "buyers", "pair": "pairs"}
YEAR = 365.25               # days


def _bought(panels: Panels):
    """Contracts with pay and days that a client buys, by their first day."""
    c = panels.started.filter(_.client_id.notnull() & (_.gross_cents > 0))
    return c.mutate(days_100=hundredths(_.days)).filter(_.days_100 > 0)


def posted_prices(panels: Panels):
    """One row per client and year with contracts of at least 10 workers: client_id, year, workers, contracts, posted.

    `posted` is the share of the contracts that start in the year at the modal rate ± 1 %: the most frequent pay per
    declared day, or per hour where that is the more frequent, in whole cents, the lowest of equally frequent ones. A
    contract without hours is at no rate per hour.
    """
    year = ["client_id", "year"]
    of_client, in_order = ibis.window(group_by=year), ibis.window(group_by=year, order_by="worker_id")
    c = _bought(panels).mutate(hours_100=hundredths(_.hours), place=ibis.dense_rank().over(in_order))
    # Windows in the place of joins, for which a planner without statistics takes hours.
    c = c.mutate(workers=(_.place.max().over(of_client) + 1).cast("int64"), contracts=_.count().over(of_client))
    c = c.filter(_.workers >= MANY_WORKERS)
    known = [*year, "workers", "contracts", "basis"]
    rates = ibis.union(*(
        rows.mutate(basis=ibis.literal(basis)).select(*known, rate=rows.gross_cents * 100 // rows[amount])
        for basis, rows, amount in (("day", c, "days_100"), ("hour", c.filter(_.hours_100 > 0), "hours_100"))))
    counts = rates.filter(_.rate > 0).group_by(*known, "rate").agg(n=_.count())
    first = ibis.window(group_by=known, order_by=[ibis.desc("n"), "rate"])
    counts = counts.mutate(place=ibis.row_number().over(first))
    counts = counts.mutate(mode=(_.place == 0).ifelse(_.rate, 0).max().over(ibis.window(group_by=known)))
    near = counts.filter((_.rate - _.mode).abs() * NEAR <= _.mode).group_by(known).agg(n=_.n.sum())
    near = near.group_by(*year, "workers", "contracts").agg(n=_.n.max())
    return near.mutate(posted=_.n / _.contracts).drop("n")


def client_set_price(panels: Panels, span: int = 1) -> Answer:
    """A-06. Client-set price: the share of a client's contracts of a year at its modal rate ± 1 % (`posted_prices`).

    Values: `share`, mean over clients with at least 10 workers in the year; `posted`, share of them at 0.5 or above;
    `workers` who work for one of them, `worker_share`, mean over these workers of the day-weighted mean over such
    clients, and `worker_posted`, share of the workers at 0.5 or above. Unit: share, 0–1. Shape: first year of each
    `span` of years, whose client-years and worker-years are taken together; the units that the guard counts are the
    clients. Reading: 1 is a price list, as of a platform. Pitfalls: an index step within the year splits one price into
    two; with few contracts some agree by chance, and n contracts give at least 1/n.
    """
    first = panels.scope.first_year
    span_of = (first + (_.year - first) // span * span).cast("int32")
    prices = posted_prices(panels)
    clients = prices.group_by(span=span_of).agg(
        clients=_.client_id.nunique(), share=_.posted.mean(), posted=(_.posted >= POSTED).cast("float64").mean())
    w = _bought(panels).join(prices.select("client_id", "year", "posted"), ["client_id", "year"])
    w = w.group_by("worker_id", "year").agg(value=(_.posted * _.days).sum() / _.days.sum())
    w = w.group_by(span=span_of).agg(workers=_.worker_id.nunique(), worker_share=_.value.mean(),
                                     worker_posted=(_.value >= POSTED).cast("float64").mean())
    return Answer(clients.join(w, "span").rename(year="span"), ("year",), count="clients")


def _within(rows, unit: list[str], buyer: str, y, x):
    """The sums that the slope of `y` on `x` within a `unit` and its error are made of, in one row.

    Units in which x does not vary say nothing, and are left out. With the sums xy and xx of each pair of worker and
    `buyer`, those of a worker are Σ over the pairs, and a square of them is Σ_pairs pair × worker: so are the terms of
    Σ_workers (xy − slope · xx)², and likewise over buyers and over pairs.
    """
    same = ibis.window(group_by=unit)
    rows = rows.mutate(y=y, x=x)
    rows = rows.mutate(spread=_.x.max().over(same) - _.x.min().over(same)).filter(_.spread > 0)
    rows = rows.mutate(dy=_.y - _.y.mean().over(same), dx=_.x - _.x.mean().over(same))
    p = rows.group_by("worker_id", buyer).agg(n=_.count(), xy=(_.dx * _.dy).sum(), xx=(_.dx * _.dx).sum())
    clusters = {"worker": ibis.window(group_by="worker_id"), "buyer": ibis.window(group_by=buyer)}
    p = p.mutate(xy_pair="xy", xx_pair="xx", **{f"{what}_{c}": p[what].sum().over(window)
                                                for c, window in clusters.items() for what in ("xy", "xx")})
    squares = {f"{a}{b}_{c}": (p[f"x{a}"] * p[f"x{b}_{c}"]).sum()
               for c in CLUSTERS for a, b in (("y", "y"), ("y", "x"), ("x", "x"))}
    return p.agg(workers=_.worker_id.nunique(), buyers=p[buyer].nunique(), pairs=_.count(), n=_.n.sum(),
                 xy=_.xy.sum(), xx=_.xx.sum(), **squares)


def _slopes(d: pd.DataFrame) -> pd.DataFrame:
    """The slope Σ xy ÷ Σ xx with its error, clustered by worker and by buyer, and an interval of 95 %.

    Var = V_worker + V_buyer − V_pair, V = G ÷ (G − 1) · Σ_g (xy_g − slope · xx_g)² ÷ (Σ xx)² over the G clusters, and
    not less than V_worker. Source: Cameron, Gelbach & Miller 2011.
    """
    d = d[d["workers"] > 0].copy()
    d["slope"] = d["xy"] / d["xx"]
    variance = {}
    for cluster, groups in CLUSTERS.items():
        squares = (d[f"yy_{cluster}"] - 2 * d["slope"] * d[f"yx_{cluster}"] + d["slope"] ** 2 * d[f"xx_{cluster}"])
        several = d[groups].where(d[groups] > 1)
        variance[cluster] = squares.clip(lower=0) * several / (several - 1) / d["xx"] ** 2
    both = variance["worker"] + (variance["buyer"] - variance["pair"]).fillna(0)
    d["error"] = both.clip(lower=variance["worker"]) ** 0.5
    d["low"], d["high"] = d["slope"] - Z95 * d["error"], d["slope"] + Z95 * d["error"]
    d["n"] = d["n"].astype("int64")
    named = [c for c in ("tie", "amount", "level") if c in d]
    return d[[*named, "workers", "n", "slope", "error", "low", "high"]].reset_index(drop=True)


def price_growth(panels: Panels) -> Answer:
    """A-07. Growth of the real day price within a tie with its age, and of the price that new clients pay.

    Same client: slope of ln(amount ÷ declared days) on the years since the first contract of the worker with the
    client, within the pair. New clients: the same for the first contracts with each client, on calendar time, within
    the worker. `amount` is the price excluding VAT or the gross pay, in prices of the last year (health index).
    Unit: log points a year (0.02 is 2 % a year). Shape: tie × amount, with a 95 % interval clustered by worker and by
    client; `n` contracts. Pitfalls: within a pair its age and the calendar move together, so that time is taken out by
    the price index alone and a general rise of prices is in both rows: read their difference; ties that last are
    chosen.
    """
    c = _bought(panels)
    has_price = panels.dataset.has("contracts.price_cents")
    pair = ibis.window(group_by=["worker_id", "client_id"])
    first = ibis.window(group_by=["worker_id", "client_id"], order_by=["start_on", "contract_id"])
    c = c.mutate(age=days_between(_.start_on.min().over(pair), _.start_on).cast("float64") / YEAR,
                 time=days_between(ibis.date(2000, 1, 1), _.start_on).cast("float64") / YEAR,
                 place=ibis.row_number().over(first))
    c = panels.real(c).mutate(pay=(_.real_cents / _.days).ln())
    if has_price:
        c = c.mutate(price=(_.real_cents / _.gross_cents * _.price_cents / _.days).ln())
    parts = []
    for amount in ("price", "pay") if has_price else ("pay",):
        known = c.filter(c.price_cents > 0) if amount == "price" else c
        for tie, rows, unit, x in (
            ("same client", known, ["worker_id", "client_id"], _.age),
            ("new clients", known.filter(_.place == 0), ["worker_id"], _.time),
        ):
            sums = _within(rows, unit, "client_id", _[amount], x)
            parts.append(sums.mutate(tie=ibis.literal(tie), amount=ibis.literal(amount)))
    return Answer(ibis.union(*parts), ("tie", "amount"), finish=_slopes)


def rate_dispersion(panels: Panels, by: str | None = None) -> Answer:
    """A-08. How far one worker's rates differ between clients of the same year.

    Per worker with two clients or more: the standard deviation over clients of ln(Σ gross ÷ Σ declared days), divisor
    n − 1. Values: `sd`, the root of the mean square over workers; median and quartiles over workers. Unit: log points
    (0.2 is about 20 %). Shape: year (× group). Reading: 0 is one rate for all clients. Pitfalls: rates of single days
    are noisy, and part-time days are days; a wide spread is room to negotiate or the lack of it.
    """
    p = panels.pair_year.filter((_.gross_cents > 0) & (_.days_100 > 0))
    p = p.mutate(log=(_.gross_cents / _.days_100).ln())
    w = p.group_by("worker_id", "year").agg(clients=_.count(), sd=_.log.std(how="sample")).filter(_.clients >= 2)
    keys = ("year", by) if by else ("year",)
    w = panels.with_traits(w, by).group_by(keys).agg(
        workers=_.worker_id.nunique(), sd=(_.sd * _.sd).mean().sqrt(), p25=_.sd.quantile(0.25), p50=_.sd.median(),
        p75=_.sd.quantile(0.75))
    return Answer(w, keys)


def pass_through(panels: Panels) -> Answer:
    """A-09. By how many per cent pay rises when what is invoiced rises by one per cent.

    Contract: slope of ln gross on ln price within the pair of worker and client. Activity: slope of ln of a year's
    gross pay on ln of the year's invoices within the Activity, over years with both. Unit: elasticity, 1 = in
    proportion. Shape: level, with a 95 % interval clustered by worker (for an Activity its owner) and by client; `n`
    contracts, or years of Activities. Pitfalls: expenses inside a price, and money kept on an account for later years,
    pull the slope below 1; a fee in proportion does not.
    """
    panels.dataset.need("contracts.price_cents")
    c = _bought(panels).filter(_.price_cents > 0).mutate(pay=_.gross_cents.ln(), price=_.price_cents.ln())
    parts = [_within(c, ["worker_id", "client_id"], "client_id", _.pay, _.price).mutate(level=ibis.literal("contract"))]
    if panels.dataset.has("activities") and panels.dataset.has("invoices"):
        a = _activity_years(panels).mutate(pay=_.gross_cents.ln(), price=_.billed_cents.ln())
        parts.append(_within(a, ["activity_id"], "activity_id", _.pay, _.price).mutate(level=ibis.literal("Activity")))
    return Answer(ibis.union(*parts), ("level",), finish=_slopes)


def _activity_years(panels: Panels):
    """activity_id, worker_id (the owner), year, gross_cents paid and billed_cents: years with both, above 0.

    An Activity is in the scope with its owner, and whole.
    """
    data = panels.dataset
    paid = data.table("contracts").mutate(year=_.start_on.year().cast("int32"))
    paid = paid.group_by("activity_id", "year").agg(gross_cents=_.gross_cents.sum())
    billed = data.table("invoices").mutate(year=_.issued_on.year().cast("int32"))
    billed = billed.group_by("activity_id", "year").agg(billed_cents=_.amount_cents.sum())
    both = paid.join(billed, ["activity_id", "year"]).join(panels.owned, "activity_id")
    return both.filter((_.gross_cents > 0) & (_.billed_cents > 0)
                       & _.year.between(panels.scope.first_year, panels.scope.last_year))
