"""The clients' side: who buys, for how long, how often, and from whom (C-01 … C-03, C-10, C-11).

A *purchase* is a contract that a client buys, or an invoice by which an Activity bills it. The invoice of a contract is
the same purchase and is not counted again. The units are clients; `fewest`, which the guard counts, is the smaller of
the distinct clients and the distinct workers behind a row, for a client is as easily recognised as a person.
"""

from datetime import date, timedelta

import ibis
import numpy as np
import pandas as pd
from ibis import _

from analysis.guard import K_WORKERS
from analysis.measures.answer import Answer
from analysis.models import lifetable
from analysis.panels import Panels, days_between
from analysis.scope import BRUSSELS

MONTH = 365.25 / 12                  # days
SILENCES = (12, 18, 24)              # months without a purchase after which a client counts as gone
SILENCE = 18                         # the one of the headline
TWELVE_MONTHS = 365                  # days
CURVE = (0, 1, 3, *range(6, 121, 6))     # months at which the curve of tenure is read


def purchases(panels: Panels):
    """One row per purchase in the scope. Columns: worker_id (who is paid, or owns the Activity), client_id, start_on,
    end_on (of the contract; of an invoice, its day)."""
    columns = ("worker_id", "client_id", "start_on", "end_on")
    bought = panels.contracts.filter(_.client_id.notnull()).select(columns)
    if not panels.dataset.has("invoices.activity_id"):
        return bought
    i = panels.invoices.filter(_.activity_id.notnull() & (_.amount_cents > 0))
    i = i.filter(_.issued_on.year().between(panels.scope.first_year, panels.scope.last_year))
    return ibis.union(bought, i.select("worker_id", "client_id", start_on="issued_on", end_on="issued_on"))


def buying_years(panels: Panels):
    """One row per worker, client and year of the scope with a purchase under way."""
    p = purchases(panels).select("worker_id", "client_id", y0=_.start_on.year(), y1=_.end_on.year()).distinct()
    years = range(panels.scope.first_year, panels.scope.last_year + 1)
    calendar = ibis.memtable({"year": list(years)}, schema=ibis.schema({"year": "int32"}))
    p = p.join(calendar, [calendar.year >= p.y0, calendar.year <= p.y1])
    return p.select("worker_id", "client_id", "year").distinct()


def buying_days(panels: Panels):
    """One row per client and day on which purchases of it begin.

    Columns: client_id, start_on, purchases (that begin), until (the last day that a purchase begun by then covers) and
    next_on (the next such day; null for the last one).
    """
    d = purchases(panels).group_by("client_id", "start_on").agg(end_on=_.end_on.max(), purchases=_.count())
    so_far = ibis.window(group_by="client_id", order_by="start_on", rows=(None, 0))
    in_time = ibis.window(group_by="client_id", order_by="start_on")
    return d.mutate(until=_.end_on.max().over(so_far), next_on=_.start_on.lead().over(in_time)).drop("end_on")


def relations(panels: Panels, silence: int):
    """One row per client whose first purchase follows `silence` months in which the study has seen none of it.

    Columns: client_id, first_on, last_on and purchases of the first relation, which ends with `silence` months without
    a purchase; `over`: that silence lies within the study.
    """
    days = round(silence * MONTH)
    opening, cutoff = study_dates(panels, days)
    d = buying_days(panels)
    d = d.mutate(ends=(_.next_on.isnull() | (days_between(_.until, _.next_on) - 1 > days)))
    r = d.group_by("client_id").agg(first_on=_.start_on.min(), last_on=_.until.min(where=_.ends))
    n = d.join(r, "client_id").filter(_.start_on <= _.last_on)
    n = n.group_by("client_id").agg(purchases=_.purchases.sum())
    r = r.join(n, "client_id").filter((_.first_on >= opening) & (_.first_on <= cutoff))
    return r.mutate(over=_.last_on <= cutoff)


def study_dates(panels: Panels, days: int):
    """`days` after the first day of the study and before its last one."""
    first, last = date(panels.scope.first_year, 1, 1), date(panels.scope.last_year, 12, 31)
    return first + timedelta(days=days), last - timedelta(days=days)


def with_trait(panels: Panels, rows, group: str | None):
    """`rows` with the client's trait `group`: a column of clients, or `seat` (Brussels, elsewhere)."""
    if group is None:
        return rows
    column = "home_nis" if group == "seat" else group
    panels.dataset.need(f"clients.{column}")
    c = panels.dataset.table("clients").filter(_[column].notnull())
    seat = ibis.cases((c.home_nis.isin(BRUSSELS), "Brussels"), else_="elsewhere")
    return rows.join(c.mutate(seat=seat).select("client_id", group), "client_id")


def of_purchases(panels: Panels, rows):
    """`rows` of clients, with first_on and last_on, once for each worker from whom they bought in that time."""
    p = purchases(panels).join(rows, "client_id").filter((_.start_on >= _.first_on) & (_.start_on <= _.last_on))
    return p.select("worker_id", *rows.columns).distinct()


def hidden_in_pairs(rows: pd.DataFrame, keys) -> pd.DataFrame:
    """`rows` that add up, within `keys`, to what is known: where one alone would be hidden, the smallest other is too.

    Else the difference would tell the one. A row is hidden by its `fewest`.
    """
    small = rows["fewest"] < K_WORKERS
    for _keys, group in rows.groupby(list(keys)):
        others = group[~small[group.index]]
        if len(others) == len(group) - 1 and len(others):
            rows.loc[others["fewest"].idxmin(), "fewest"] = 0
    return rows


# -- stock and flow --------------------------------------------------------------------------------------------

def stock_and_flow(panels: Panels, group: str | None = None) -> Answer:
    """C-01. Clients with a purchase under way in a year, and those who come and go.

    active; new (never seen before); returned (not in the year before, but earlier); gone (in the year before, not in
    this one). active_y = active_{y−1} + new + returned − gone, so that a small flow is hidden with another one. Unit:
    clients; `workers` are those who worked for them, for the gone in their last year. `group` is a trait of the client:
    legal_form, sector, size or seat. Shape: flow × year (× trait). Pitfall: in the first year of the study nobody is
    new, for who came before is not known.
    """
    y = buying_years(panels)
    first, last = panels.scope.first_year, panels.scope.last_year
    in_time = ibis.window(group_by="client_id", order_by="year")
    c = y.select("client_id", "year").distinct()
    c = c.mutate(before=_.year.lag().over(in_time), after=_.year.lead().over(in_time))
    flows = {
        "active": c,
        "new": c.filter(_.before.isnull() & (_.year > first)),
        "returned": c.filter(_.before < _.year - 1),
        "gone": c.filter((_.after.isnull() | (_.after > _.year + 1)) & (_.year < last)),
    }
    parts = [rows.select("client_id", seen="year", year=(_.year + int(flow == "gone")).cast("int32"),
                         flow=ibis.literal(flow)) for flow, rows in flows.items()]
    t = ibis.union(*parts).join(y.rename(seen="year"), ["client_id", "seen"])
    keys = ("flow", "year", group) if group else ("flow", "year")
    t = with_trait(panels, t, group).group_by(keys).agg(clients=_.client_id.nunique(), workers=_.worker_id.nunique())


    def shown(rows: pd.DataFrame) -> pd.DataFrame:
        stock = rows["flow"] == "active"
        return pd.concat([rows[stock], hidden_in_pairs(rows[~stock].copy(), keys[1:])]).sort_index()

    return Answer(t.mutate(fewest=ibis.least(_.clients, _.workers)), keys, "fewest", finish=shown)


# -- tenure ----------------------------------------------------------------------------------------------------

def tenure(panels: Panels) -> Answer:
    """C-02. How long a new client goes on buying: Kaplan–Meier share still a client after t months.

    A client is new after `silence` months without a purchase, and gone when as long a silence follows: both lie within
    the study, so that who first buys in its last months is not followed. The tenure runs from the first to the last
    day covered before the silence; one that is not over `silence` months before the end is censored there.
    S(t) = Π_{u ≤ t} (1 − gone_u ÷ at_risk_u). Unit: share, 0–1. Shape: silence (12, 18, 24 months) × t (0, 1, 3
    months, then half-years to ten years); `clients` and `workers` are those of tenures longer than t.
    """
    parts = []
    for silence in SILENCES:
        _opening, cutoff = study_dates(panels, round(silence * MONTH))
        r = relations(panels, silence)
        r = r.mutate(t=days_between(_.first_on, ibis.least(_.last_on, cutoff)) + 1)
        durations = r.group_by("t").agg(gone=_.over.cast("int64").sum(), clients=_.count())
        longest = of_purchases(panels, r).group_by("worker_id").agg(t=_.t.max())
        longest = longest.group_by(t2="t").agg(workers=_.count())
        both = durations.left_join(longest, durations.t == longest.t2).drop("t2")
        parts.append(both.mutate(workers=_.workers.fill_null(0), silence=ibis.literal(silence, "int32")))

    def curves(durations: pd.DataFrame) -> pd.DataFrame:
        frames = [_curve(d).assign(silence=silence) for silence, d in durations.groupby("silence")]
        return pd.concat(frames, ignore_index=True) if frames else _curve(durations).assign(silence=SILENCE)

    return Answer(ibis.union(*parts), ("silence", "t"), "fewest", finish=curves)


def _curve(d: pd.DataFrame) -> pd.DataFrame:
    """The survival function of durations (t in days, gone, clients, workers by their longest) at CURVE."""
    frame = lifetable.curve(d, [round(months * MONTH) for months in CURVE],
                            {"clients": "clients", "workers": "workers"}, {"survival": ("gone", "clients")})
    frame["t"] = CURVE
    frame["fewest"] = frame[["clients", "workers"]].min(axis=1)
    return frame[frame["clients"] > 0]


def one_shot(panels: Panels, group: str | None = None) -> Answer:
    """C-02. New clients who buy once and not again: one purchase, then `silence` months of the study without any.

    Clients whose single purchase ends too late to tell stay out. `purchases` is the mean number in the first relation.
    Unit: share of clients, 0–1; purchases. Shape: silence (12, 18, 24 months) (× trait of the client).
    """
    parts = []
    for silence in SILENCES:
        r = relations(panels, silence).filter(_.over | (_.purchases > 1))
        r = with_trait(panels, r.mutate(once=(_.purchases == 1).cast("float64")), group)
        by = [group] if group else []
        c = r.mutate(one=1).group_by("one", *by).agg(
            clients=_.count(), once=_.once.mean(), purchases=_.purchases.mean())
        w = of_purchases(panels, r).mutate(one=1).group_by("one", *by).agg(workers=_.worker_id.nunique())
        both = c.join(w, ["one", *by]).mutate(silence=ibis.literal(silence, "int32"))
        parts.append(both.select("silence", *by, "clients", "workers", "once", "purchases",
                                 fewest=ibis.least(both.clients, both.workers)))
    return Answer(ibis.union(*parts), ("silence", group) if group else ("silence",), "fewest")


# -- recurrence ------------------------------------------------------------------------------------------------

def recurrence(panels: Panels) -> Answer:
    """C-03. How often a client buys: purchases that begin in a year, and the days between them.

    `purchases` (mean and median over the clients of the year), `again` (share with two or more), `gap` (median over
    clients of the mean days since the day before on which they bought, in any year). Unit: purchases, share 0–1, days.
    Shape: year of the first day of the purchase.
    """
    first = panels.scope.first_year
    in_time = ibis.window(group_by="client_id", order_by="start_on")
    d = buying_days(panels).mutate(year=_.start_on.year().cast("int32"), before=_.start_on.lag().over(in_time))
    d = d.filter(_.year >= first).mutate(gap=days_between(_.before, _.start_on).cast("float64"))
    c = d.group_by("client_id", "year").agg(purchases=_.purchases.sum(), gap=_.gap.mean())
    c = c.group_by("year").agg(
        clients=_.count(), mean=_.purchases.mean(), median=_.purchases.median(),
        again=(_.purchases > 1).cast("float64").mean(), gap=_.gap.median())
    w = purchases(panels).mutate(year=_.start_on.year().cast("int32"))
    c = c.join(w.group_by("year").agg(workers=_.worker_id.nunique()), "year")
    return Answer(c.mutate(fewest=ibis.least(_.clients, _.workers)), ("year",), "fewest")


def returns(panels: Panels) -> Answer:
    """C-03. Clients who buy again within 365 days of a purchase: P(return within twelve months).

    For *all clients* of a year, after the last purchase that begins in it; for *new clients* (18 months without a
    purchase before), after the first one. A purchase whose twelve months reach beyond the study stays out. Unit: share
    of clients, 0–1. Shape: who × year. Reading: the first tells how firm the stock is, the second how hard it is to
    win a client for good.
    """
    first, last = panels.scope.first_year, panels.scope.last_year
    opening, _cutoff = study_dates(panels, round(SILENCE * MONTH))
    _opening, observed = study_dates(panels, TWELVE_MONTHS)
    d = buying_days(panels).mutate(year=_.start_on.year().cast("int32"))
    latest = ibis.window(group_by=["client_id", "year"], order_by=ibis.desc("start_on"))
    earliest = ibis.window(group_by="client_id", order_by="start_on")
    d = d.mutate(from_end=ibis.row_number().over(latest), from_start=ibis.row_number().over(earliest))
    parts = [
        d.filter((_.from_end == 0) & (_.year >= first)).mutate(who=ibis.literal("all clients")),
        d.filter((_.from_start == 0) & (_.start_on >= opening)).mutate(who=ibis.literal("new clients")),
    ]
    r = ibis.union(*parts).filter((_.until <= observed) & (_.year < last))
    r = r.mutate(back=(_.next_on.notnull() & (days_between(_.until, _.next_on) <= TWELVE_MONTHS)))
    w = purchases(panels).mutate(year=_.start_on.year().cast("int32"))
    w = w.join(r.select("who", "client_id", "year"), ["client_id", "year"])
    r = r.group_by("who", "year").agg(clients=_.count(), back=_.back.cast("float64").mean())
    r = r.join(w.group_by("who", "year").agg(workers=_.worker_id.nunique()), ["who", "year"])
    return Answer(r.mutate(fewest=ibis.least(_.clients, _.workers)), ("who", "year"), "fewest")


# -- matches ---------------------------------------------------------------------------------------------------

def churn(panels: Panels) -> Answer:
    """C-10. What becomes of a match (one worker, one client, a purchase in the year) in the year after.

    Shares of matches, which add up to one: goes on; parted (both still buy and sell, with others); worker_left (the
    worker sells to no client, the client still buys); client_left; both_left. `stays` = goes on ÷ (goes on + parted):
    P(match goes on | both active). Whether somebody is active counts everywhere, not in the region alone. Unit: share,
    0–1. Shape: year, but the last.
    """
    pairs, everywhere = buying_years(panels), buying_years(panels.in_region("everywhere"))
    last = panels.scope.last_year

    def lasting(rows, keys, name):
        in_time = ibis.window(group_by=keys, order_by="year")
        rows = rows.select(*keys, "year").distinct()
        follows = (rows.year.lead().over(in_time) == rows.year + 1).fill_null(False)
        return rows.mutate(**{name: follows})

    m = lasting(pairs, ["worker_id", "client_id"], "on").filter(_.year < last)
    m = m.join(lasting(everywhere, ["worker_id"], "worker_on"), ["worker_id", "year"])
    m = m.join(lasting(everywhere, ["client_id"], "client_on"), ["client_id", "year"])
    fates = {"goes_on": m.on, "parted": ~m.on & m.worker_on & m.client_on, "worker_left": ~m.worker_on & m.client_on,
             "client_left": m.worker_on & ~m.client_on, "both_left": ~m.worker_on & ~m.client_on}
    m = m.group_by("year").agg(
        matches=m.count(), clients=m.client_id.nunique(), workers=m.worker_id.nunique(),
        **{name: fate.cast("float64").mean() for name, fate in fates.items()})
    together = m.goes_on + m.parted
    m = m.mutate(stays=(together > 0).ifelse(m.goes_on / together, None),
                 fewest=ibis.least(m.clients, m.workers))
    return Answer(m, ("year",), "fewest")


def network(panels: Panels) -> Answer:
    """C-11. Workers and clients of a year as one network, in which a match is a link.

    `giant`: share of clients in the largest connected part (that with most clients), from any of whom one reaches any
    other over workers in common; mean links of a client (`workers_per_client`) and of a worker. Unit: share, 0–1;
    links. Shape: year. The pairs leave the engine in memory alone; no node does. Reading: where nearly all hang
    together, pay of clients can be compared through the workers they share.
    """
    pairs = buying_years(panels).execute()
    rows = [{"year": year, **_connected(p["client_id"], p["worker_id"])} for year, p in pairs.groupby("year")]
    columns = ("year", "clients", "workers", "fewest", "giant", "workers_per_client", "clients_per_worker")
    return Answer(pd.DataFrame(rows, columns=columns), ("year",), "fewest")


def _connected(clients, workers) -> dict:
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    (client, known), (worker, hands) = (pd.factorize(ids) for ids in (clients, workers))
    n, k = len(known), len(hands)
    links = coo_array((np.ones(len(client)), (client, worker + n)), shape=(n + k, n + k))
    _parts, part = connected_components(links, directed=False)
    return {"clients": n, "workers": k, "fewest": min(n, k), "giant": np.bincount(part[:n]).max() / n,
            "workers_per_client": len(client) / n, "clients_per_worker": len(client) / k}
