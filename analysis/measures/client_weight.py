"""The clients' side: how much single clients weigh, for Smart and for those who work for them (C-04 … C-06).

What one client pays, or how many work for it, is nobody's business. No share of the largest client is given, and a sum
that one client makes up counts for the guard as nobody's (`undominated`). For `fewest` see `analysis.measures.clients`.
"""

import ibis
import pandas as pd
from ibis import _

from analysis import law
from analysis.measures.answer import Answer
from analysis.measures.clients import MONTH, SILENCE, hidden_in_pairs, study_dates
from analysis.panels import Panels, chains, days_between, month_of

LARGEST = 10                         # clients whose common share is shown
HIDDEN = 10                          # clients that stay behind any share or point of a curve
HALF, PRECISION = 0.5, 0.10          # the largest contribution at most; how closely none may be worked out
BANDS = 20                           # of the Lorenz curve
LARGE_WORKFORCE = 10                 # workers in a year
DEPENDENT, ENOUGH_DAYS = 0.75, 20    # of a worker's pay with one client; declared days that such a share needs
BLOCK, BLOCK_DAYS, BLOCK_FTE = 5, (1, 31), 0.5      # workers, calendar days of the arrival, full-time equivalents each
QUARTER = 91                         # days over which an arrival is watched
PROFILE = {
    # what is told of a large workforce: from where each of its classes begins
    "workers a year": (10, 20, 50),
    "full-time equivalents per worker": (0.0, 0.05, 0.1, 0.25, 0.5),
    "share of workers with hardly any other client": (0.0, 0.1, 0.25, 0.5),
    "share of workers back in the year after": (0.0, 0.25, 0.5, 0.75),
    "share of days in long chains of one-day contracts": (0.0, 0.01, 0.1, 0.25),
}


def leaders(rows, keys, amount: str):
    """Per group of `keys`: the sum of `amount` over clients (`total`), its largest and second (`first`, `second`)."""
    order = ibis.window(group_by=keys, order_by=[ibis.desc(amount), "client_id"])
    ranked = rows.mutate(place=ibis.row_number().over(order))
    x = ranked[amount].cast("float64")
    return ranked.group_by(keys).agg(
        total=x.sum(), first=x.sum(where=ranked.place == 0), second=x.sum(where=ranked.place == 1).fill_null(0.0))


def undominated(total, first, second):
    """Whether a sum may be shown: the largest client makes up at most half, and the p% rule holds (p = 10).

    p% rule: the second largest, who knows its own part, cannot work out the largest to within 10 %: total − first −
    second ≥ 0.10 × first. Source: Hundepool et al. 2012.
    """
    return (first <= HALF * total) & (total - first - second >= PRECISION * first)


def _revenue(panels: Panels):
    """What each client is billed in a year, excluding VAT and net of credit notes: client_id, year, cents > 0."""
    panels.dataset.need("invoices")
    y = panels.client_year.filter(_.invoiced_cents > 0)
    return y.select("client_id", "year", cents="invoiced_cents")


def _billed(panels: Panels):
    """Invoices of the scope's years that have a worker, with the `year` and the `month` of issue."""
    i = panels.invoices.mutate(year=_.issued_on.year().cast("int32"), month=month_of(_.issued_on))
    return panels.in_scope(i)


# -- concentration ---------------------------------------------------------------------------------------------

def concentration(panels: Panels) -> Answer:
    """C-04. How concentrated Smart's revenue is on few clients.

    With the shares σ_j of clients in what is invoiced in a year: HHI = Σ σ_j²; `effective` = 1 ÷ HHI, the number of
    equal clients that would be as concentrated; Gini = 2 Σ_r r·x_(r) ÷ (n Σ x) − (n + 1) ÷ n; `cr10`, the share of the
    ten largest together. Unit: pure numbers, 0–1; clients. Shape: year. Source: Hirschman 1964; Cowell 2011. Pitfalls:
    a client may be an intermediary; members of one group of firms count apart. Disclosure: cr10 needs ten clients
    behind it and holds to the p% rule; nothing is said of the largest, nor of five; `fewest` is 0 in a year in which
    one client makes up more than half, or could be worked out from the HHI. Two versions of one year, with and without
    a client, must never be published: their difference is that client.
    """
    r = _revenue(panels)
    in_order = ibis.window(group_by="year", order_by=["cents", "client_id"])
    r = r.mutate(rank=ibis.row_number().over(in_order) + 1, n=_.count().over(ibis.window(group_by="year")),
                 x=_.cents.cast("float64"))
    t = r.group_by("year").agg(clients=_.count(), ranked=(_.rank * _.x).sum(), squares=(_.x * _.x).sum(),
                               largest=_.x.sum(where=_.n - _.rank < LARGEST))
    w = _billed(panels).group_by("year").agg(workers=_.worker_id.nunique())
    t = t.join(leaders(r, ["year"], "cents"), "year").join(w, "year")
    # The share of the largest is near the root of its square: as precise a guess of it needs twice the noise.
    apart = t.squares - t.first * t.first - t.second * t.second >= 2 * PRECISION * t.first * t.first
    shown = undominated(t.total, t.first, t.second) & apart
    behind = (t.clients >= LARGEST + HIDDEN) & (t.largest - t.first - t.second >= PRECISION * t.first)
    t = t.select(
        "year", "clients", "workers", fewest=shown.ifelse(ibis.least(t.clients, t.workers), 0),
        hhi=t.squares / t.total / t.total, effective=t.total / t.squares * t.total,
        gini=2 * t.ranked / (t.clients * t.total) - (t.clients + 1) / t.clients,
        cr10=behind.ifelse(t.largest / t.total, None))
    return Answer(t, ("year",), "fewest")


def lorenz(panels: Panels) -> Answer:
    """C-04. The Lorenz curve: what share of all revenue comes from the clients who are billed least.

    All years together, in real EUR. Points lie a twentieth of the clients apart, or more where that is less than ten.
    From the top, bands are joined until none is dominated by one client, and until the last holds either ten clients
    (as `cr10` does) or at least twenty, so that no difference of two results is about a few clients. Unit: shares,
    0–1. Shape: band, by its lower edge; `clients` and `workers` are those between the point and the next.
    """
    panels.dataset.need("invoices")
    i = panels.bills.mutate(gross_cents=_.amount_cents, month=month_of(_.issued_on))
    x = panels.real(i).group_by("client_id").agg(amount=_.real_cents.sum()).filter(_.amount > 0)
    n = int(x.count().execute())
    bands = max(min(BANDS, n // HIDDEN), 1)
    x = x.mutate(rank=ibis.row_number().over(ibis.window(order_by=["amount", "client_id"])))
    x = x.mutate(band=(_.rank * bands // max(n, 1)).cast("int64"))
    w = _billed(panels).join(x, "client_id").group_by("band").agg(workers=_.worker_id.nunique())
    t = leaders(x, ["band"], "amount").join(x.group_by("band").agg(clients=_.count()), "band").join(w, "band")
    return Answer(t, ("band",), "fewest", finish=_points)


def _points(bands: pd.DataFrame) -> pd.DataFrame:
    """The points of a Lorenz curve at the lower edges of bands of clients that may be shown, and its end."""
    groups = []
    for band in bands[::-1].to_dict("records"):
        if groups and not _may_be_shown(groups[-1], top=len(groups) == 1):
            band = _joined(groups.pop(), band)
        groups.append(band)
    if len(groups) > 1 and not _may_be_shown(groups[-1], top=False):
        lowest = groups.pop()
        groups.append(_joined(groups.pop(), lowest))
    frame = pd.DataFrame(groups[::-1], columns=bands.columns)
    frame["fewest"] = frame[["clients", "workers"]].min(axis=1)
    for share, amount in (("share_of_clients", "clients"), ("share_of_revenue", "total")):
        frame[share] = (frame[amount].cumsum() - frame[amount]) / frame[amount].sum()
    end = {"band": BANDS, "share_of_clients": 1.0, "share_of_revenue": 1.0, "clients": frame["clients"].sum(),
           "workers": frame["workers"].max(), "fewest": frame["fewest"].max()}
    columns = ["band", "share_of_clients", "share_of_revenue", "clients", "workers", "fewest"]
    frame = frame[columns]
    return pd.concat([frame, pd.DataFrame([end])], ignore_index=True) if len(frame) else frame


def _may_be_shown(band: dict, top: bool) -> bool:
    enough = band["clients"] == LARGEST or band["clients"] >= (LARGEST + HIDDEN if top else HIDDEN)
    return enough and undominated(band["total"], band["first"], band["second"])


def _joined(above: dict, below: dict) -> dict:
    """Two neighbouring bands as one; of workers in both, at least as many as in either."""
    first, second, *_rest = sorted((b[n] for b in (above, below) for n in ("first", "second")), reverse=True)
    return {"band": below["band"], "first": first, "second": second, "workers": max(above["workers"], below["workers"]),
            **{n: above[n] + below[n] for n in ("clients", "total")}}


def exposure(panels: Panels) -> Answer:
    """C-04. Members whose dominant client is one of the ten largest of the year: what the loss of one could touch.

    The dominant client of a worker is the one billed most for the worker's contracts and Activities in the year,
    wherever it has its seat. `exposed`: share of workers for whom it is among the ten largest of the scope;
    `dependent`: those among them for whom it is at least 75 % of the worker's invoices. Unit: share of workers with an
    invoice to a client of the scope, 0–1. Shape: year with twenty clients or more.
    """
    r = _revenue(panels)
    by_size = ibis.window(group_by="year", order_by=[ibis.desc("cents"), "client_id"])
    r = r.mutate(place=ibis.row_number().over(by_size), n=_.count().over(ibis.window(group_by="year")))
    r = r.filter(_.n >= LARGEST + HIDDEN)
    here = _billed(panels).select("worker_id", "year").distinct().semi_join(r, "year")
    i = _billed(panels.in_region("everywhere")).group_by("worker_id", "client_id", "year").agg(
        cents=_.amount_cents.sum()).filter(_.cents > 0)
    most = ibis.window(group_by=["worker_id", "year"], order_by=[ibis.desc("cents"), "client_id"])
    all_of_worker = ibis.window(group_by=["worker_id", "year"])
    i = i.mutate(first=ibis.row_number().over(most) == 0, share=_.cents / _.cents.sum().over(all_of_worker))
    i = i.filter(_.first).join(here, ["worker_id", "year"])
    top = r.filter(_.place < LARGEST).select("client_id", "year", large=ibis.literal(1))
    i = i.left_join(top, ["client_id", "year"])
    exposed = i.large.notnull()
    t = i.group_by("year").agg(
        workers=i.count(), exposed=exposed.cast("float64").mean(),
        dependent=(exposed & (i.share >= DEPENDENT)).cast("float64").mean())
    return Answer(t, ("year",))


# -- the workforce of a client ---------------------------------------------------------------------------------

def _pairs(panels: Panels):
    """One row per worker, client and year with work bought by the client.

    Columns: days_100, gross_cents; `dependent`: at least 75 % of the worker's pay of the year, from whomever, and at
    least 20 declared days in all; `back`: works for the same client in the year after (null in the last year).
    """
    m = panels.pair_month.mutate(year=(_.month // 12).cast("int32"))
    p = m.group_by("worker_id", "client_id", "year").agg(days_100=_.days_100.sum(), gross_cents=_.gross_cents.sum())
    all_work = panels.in_region("everywhere").contract_month.mutate(year=(_.month // 12).cast("int32"))
    all_work = all_work.group_by("worker_id", "year").agg(all_days=_.days_100.sum(), all_cents=_.gross_cents.sum())
    p = p.join(all_work, ["worker_id", "year"])
    in_time = ibis.window(group_by=["worker_id", "client_id"], order_by="year")
    follows = (p.year.lead().over(in_time) == p.year + 1).fill_null(False).cast("float64")
    dependent = (p.gross_cents > 0) & (p.gross_cents >= DEPENDENT * p.all_cents) & (p.all_days >= 100 * ENOUGH_DAYS)
    return p.mutate(dependent=dependent.cast("float64"),
                    back=(p.year < panels.scope.last_year).ifelse(follows, None))


def _workforces(panels: Panels):
    """The pairs of clients and years with at least ten workers, whose number is `size`."""
    p = _pairs(panels).mutate(size=_.count().over(ibis.window(group_by=["client_id", "year"])))
    return p.filter(_.size >= LARGE_WORKFORCE)


def large_workforces(panels: Panels) -> Answer:
    """C-05. Clients for whom at least ten people work through Smart in a year, together.

    `share` of all workers whom clients buy; `fte`, mean per client of its workers' declared days ÷ 260; means over
    their workers: `dependent`, with at least 75 % of the year's pay from this client (and 20 declared days), and
    `back`, who work for it in the year after too. Unit: workers, full-time equivalents, shares 0–1. Shape: year.
    Pitfall: only contracts that the client buys are seen; who works for it through an Activity is not.
    """
    t = _workforces(panels).group_by("year").agg(
        clients=_.client_id.nunique(), workers=_.worker_id.nunique(), days_100=_.days_100.sum(),
        dependent=_.dependent.mean(), back=_.back.mean())
    m = panels.pair_month.group_by(year=(_.month // 12).cast("int32")).agg(everybody=_.worker_id.nunique())
    t = t.join(m, "year")
    full_time = t.days_100.cast("float64") / (100 * law.rate("working_days"))
    t = t.select("year", "clients", "workers", "dependent", "back", fewest=ibis.least(t.clients, t.workers),
                 fte=full_time / t.clients, share=t.workers / t.everybody)
    return Answer(t, ("year",), "fewest")


def workforce_profile(panels: Panels) -> Answer:
    """C-05. How clients with at least ten workers in some year differ in what these workers are to them.

    Each client counts once, by the mean of its years with at least ten workers: workers; full-time equivalents per
    worker; share of workers with at least 75 % of their pay from it; share back in the year after; share of all days
    it buys in long dense chains of one-day contracts (M-01). Unit: clients, and their share. Shape: what × class, named
    by where it begins.
    """
    inside = _workforces(panels)
    y = inside.group_by("client_id", "year").agg(
        size=_.count(), each=_.days_100.mean() / (100 * law.rate("working_days")), dependent=_.dependent.mean(),
        back=_.back.mean())
    c = y.group_by("client_id").agg(
        size=_.size.mean(), each=_.each.mean(), dependent=_.dependent.mean(), back=_.back.mean())
    in_chains = chains(panels).group_by("client_id").agg(chained=(_.days * _.long.cast("float64")).sum() / _.days.sum())
    c = c.join(in_chains, "client_id")
    classes = [(what, float(begins)) for what, edges in PROFILE.items() for begins in edges]
    c = c.cross_join(ibis.memtable(pd.DataFrame(classes, columns=["what", "begins"])))
    columns = zip(PROFILE, (c["size"], c.each, c.dependent, c.back, c.chained), strict=True)
    value = ibis.cases(*((c.what == what, column.cast("float64")) for what, column in columns))
    c = c.filter(value >= c.begins).group_by("client_id", "what").agg(begins=_.begins.max())
    hands = inside.select("client_id", "worker_id").distinct()
    t = c.join(hands, "client_id").group_by("what", "begins").agg(
        clients=_.client_id.nunique(), workers=_.worker_id.nunique())
    t = t.mutate(share=_.clients / _.clients.sum().over(ibis.window(group_by="what")),
                 fewest=ibis.least(_.clients, _.workers))
    return Answer(t, ("what", "begins"), "fewest", finish=lambda rows: hidden_in_pairs(rows, ["what"]))


def block_arrivals(panels: Panels) -> Answer:
    """C-06. New clients who begin with a whole team: a trace that the replacement of own staff could leave.

    Of the clients without a purchase in the 18 months before (contracts alone), those for whom at least five people
    begin on the first day (or in the first 31 days); of these, those whose starters all have at least 75 % of their
    declared days of the first 91 days with the client; of these, those whose starters work half-time or more on
    average (declared days ÷ (260 ÷ 4)). Days count in full from the day a contract starts. Unit: clients; share of the
    new ones. Shape: days of the arrival × step. Reading: a team that arrives at once may be a crew, a festival, or
    work that employees did before; only the client's own headcount (social balance sheet) could tell, and it is not
    in the data. Source: Goldschmidt & Schmieder 2017, who follow outsourcing by such flows.
    """
    c = panels.contracts.filter(_.client_id.notnull()).select("worker_id", "client_id", "start_on", "days")
    every = panels.in_region("everywhere").contracts.select("worker_id", "start_on", "days")
    opening, _cutoff = study_dates(panels, round(SILENCE * MONTH))
    _opening, watched = study_dates(panels, QUARTER)
    new = c.group_by("client_id").agg(on=_.start_on.min()).filter((_.on >= opening) & (_.on <= watched))
    parts = []
    for within in BLOCK_DAYS:
        s = c.join(new, "client_id").filter(days_between(_.on, _.start_on) < within)
        s = s.select("client_id", "worker_id", "on").distinct()
        here = _first_quarter(c.join(s, ["client_id", "worker_id"]), "here")
        all_work = _first_quarter(every.join(s, "worker_id"), "all_work")
        w = here.join(all_work, ["client_id", "worker_id"])
        t = w.group_by("client_id").agg(
            starters=_.count(), fte=_.here.mean() / (law.rate("working_days") / 4),
            all_theirs=(_.here >= DEPENDENT * _.all_work).cast("int64").min())
        team = t.starters >= BLOCK
        steps = {"1. new clients": t.starters >= 1, f"2. of these, {BLOCK} people or more at once": team,
                 "3. of these, all with hardly any other client": team & (t.all_theirs == 1),
                 "4. of these, half-time or more": team & (t.all_theirs == 1) & (t.fte >= BLOCK_FTE)}
        for step, taken in steps.items():
            rows = s.join(t.filter(taken), "client_id")
            parts.append(rows.agg(clients=rows.client_id.nunique(), workers=rows.worker_id.nunique()).mutate(
                within=ibis.literal(within, "int32"), step=ibis.literal(step)))
    t = ibis.union(*parts)
    whole = t.clients.max().over(ibis.window(group_by="within"))
    t = t.mutate(share=(whole > 0).ifelse(t.clients / whole, None), fewest=ibis.least(t.clients, t.workers))
    return Answer(t, ("within", "step"), "fewest")


def _first_quarter(contracts, name: str):
    """Declared days of contracts that start in the first 91 days from the client's arrival on, by client and worker."""
    in_time = (contracts.start_on >= contracts.on) & (days_between(contracts.on, contracts.start_on) < QUARTER)
    return contracts.filter(in_time).group_by("client_id", "worker_id").agg(**{name: _.days.sum()})
