"""Autonomy: how much of a worker's work hangs on one client (A-01 … A-05).

*Dependent* describes an economic position. In law these workers are employees of Smart, whoever buys the work; the
International Labour Organization's "dependent contractor" is another status, and is not claimed here.

A contract that an Activity buys names no client: its clients are those that the Activity invoices. `pay` and `days`
see the contracts that clients buy; `invoice` sees all that is billed for the worker, Activities of one's own included.
"""

import ibis
from ibis import _

from analysis import law
from analysis.errors import unknown
from analysis.guard import K_WORKERS
from analysis.measures.answer import Answer
from analysis.measures.pricing import POSTED, posted_prices
from analysis.panels import Panels, days_between, month_of

VIEWS = {"pay": "pay of the contracts that clients buy", "days": "declared days of these contracts",
         "invoice": "invoices for contracts and for Activities"}
AMOUNTS = {"pay": "gross_cents", "days": "days_100", "invoice": "invoiced_cents"}
STATES = ("several", "leaning", "dependent")     # the largest client below a half, from a half, from three quarters
LATER = 2                   # years until a dependence is looked at again
SILENT = 6                  # months without work for a client that make its loss
AROUND = 12                 # months before and after the loss
RECOVERED = 0.9             # of the pay before
FIXED_WEEK = 0.8            # share of days whose weekday was worked for the client in the week before or after
LOCATED = 0.5               # share of declared days whose calendar day must be known to judge the week
LONG_TIE = 12               # months


def _views(panels: Panels):
    """The views that the dataset can tell."""
    return [view for view in VIEWS if view != "invoice" or panels.dataset.has("invoices")]


def _in_money(panels: Panels):
    """The views in money that the dataset can tell; that in days is close to that in pay."""
    return [view for view in _views(panels) if view != "days"]


def _pairs(panels: Panels, view: str):
    """worker_id, client_id, year, amount: what each client is worth to the worker in a year, where above 0."""
    if view not in VIEWS:
        raise unknown("view", view, VIEWS)
    if view == "invoice":
        panels.dataset.need("invoices")
    p = panels.pair_year
    return p.select("worker_id", "client_id", "year", amount=p[AMOUNTS[view]]).filter(_.amount > 0)


def _enough(panels: Panels, view: str, days: float):
    """worker_id, year with at least `days` declared days: bought by clients, or all of them in the view of invoices."""
    y = panels.worker_year
    if view != "invoice":
        y = panels.pair_year.group_by("worker_id", "year").agg(days_100=_.days_100.sum())
    return y.filter(_.days_100 >= round(100 * days)).select("worker_id", "year")


def shares(panels: Panels, view: str, days: float | None = None):
    """One row per worker and year with at least `days` declared days (20): how the amount is spread over clients.

    Columns: worker_id, year, clients; hhi = Σ_j s_j² with s_j = amount of client j ÷ amount of all; share, the largest
    s_j, and dominant, the client that has it, the lowest identifier of equals.
    """
    days = law.rate("dependence_days") if days is None else days
    year = ["worker_id", "year"]
    largest = ibis.window(group_by=year, order_by=[ibis.desc("amount"), "client_id"])
    p = _pairs(panels, view).mutate(share=_.amount / _.amount.sum().over(ibis.window(group_by=year)),
                                    place=ibis.row_number().over(largest))
    p = p.group_by(year).agg(clients=_.count(), hhi=(_.share * _.share).sum(), share=_.share.max(),
                             dominant=_.client_id.max(where=_.place == 0))
    return p.join(_enough(panels, view, days), year)


def _comparable(panels: Panels, view: str):
    """worker_id, year, n = (Σ x)² ÷ Σ x² over the contracts, or invoices, of the year: how many equal ones they are."""
    if view == "invoice":
        e = panels.in_scope(panels.invoices.mutate(month=(_.issued_on.year() * 12).cast("int32")))
        e = e.select("worker_id", year=(_.month // 12).cast("int32"), x=_.amount_cents / 100).filter(_.x > 0)
    else:
        c = panels.contract_month.filter(_.client_id.notnull()).mutate(year=(_.month // 12).cast("int32"))
        e = c.group_by("contract_id", "worker_id", "year").agg(x=c[AMOUNTS[view]].sum() / 100).filter(_.x > 0)
    return e.group_by("worker_id", "year").agg(n=_.x.sum() * _.x.sum() / (_.x * _.x).sum())


def views(panels: Panels) -> Answer:
    """What each view sees of the work of a year.

    Values: `pay_workers`, share of active workers with a contract bought by a client; `pay_share`, share of gross pay
    in such contracts; where there are invoices, `invoice_workers`, share of active workers billed for, and
    `activity_share`, share of the amount billed that is for Activities. Unit: share, 0–1. Shape: year.
    """
    bought = panels.pair_year.filter(_.gross_cents > 0)
    everybody = panels.worker_year.group_by("year").agg(workers=_.count(), gross=_.gross_cents.sum())
    direct = bought.group_by("year").agg(with_client=_.worker_id.nunique(), bought=_.gross_cents.sum())
    y = everybody.left_join(direct, "year").drop("year_right")
    y = y.mutate(pay_workers=_.with_client.fill_null(0) / _.workers,
                 pay_share=_.bought.fill_null(0) / _.gross.nullif(0))
    names = ["year", "workers", "pay_workers", "pay_share"]
    if panels.dataset.has("invoices"):
        i = panels.invoices.mutate(year=_.issued_on.year().cast("int32"), own=_.activity_id.notnull().cast("int64"))
        active = panels.worker_year.select("worker_id", "year")
        i = i.join(active, ["worker_id", "year"]).group_by("year").agg(
            billed_for=_.worker_id.nunique(), billed=_.amount_cents.sum(), own=(_.amount_cents * _.own).sum())
        y = y.left_join(i, "year").drop("year_right")
        y = y.mutate(invoice_workers=_.billed_for.fill_null(0) / _.workers, activity_share=_.own / _.billed.nullif(0))
        names += ["invoice_workers", "activity_share"]
    return Answer(y.select(names), ("year",))


def clients_per_worker(panels: Panels, by: str | None = None, days: float | None = None) -> Answer:
    """A-01. How many clients a worker has in a year, and how many they are worth.

    The effective number 1 ÷ Σ s² counts clients by their weight: two equal ones are 2, one of 90 % beside one of 10 %
    is 1.2. Values: mean and median over workers with at least 20 declared days (`days`), and `one`, the share with a
    single client. Unit: clients; share 0–1. Shape: view × year (× group). Pitfalls: a client can be an agency or a
    producer that hides others; branches of one group count apart where the records know no group.
    """
    keys = ("view", "year", by) if by else ("view", "year")
    parts = []
    for view in _views(panels):
        w = panels.with_traits(shares(panels, view, days), by).mutate(view=ibis.literal(view), effective=1 / _.hhi)
        parts.append(w.group_by(keys).agg(
            workers=_.worker_id.nunique(), clients=_.clients.mean(), clients_median=_.clients.median(),
            effective=_.effective.mean(), effective_median=_.effective.median(),
            one=(_.clients == 1).cast("float64").mean()))
    return Answer(ibis.union(*parts), keys)


def concentration(panels: Panels, by: str | None = None, days: float | None = None) -> Answer:
    """A-02. How concentrated a worker's year is: HHI = Σ_j s_j², and the share of the largest client.

    `hhi` lies between 1/n for n equal clients and 1 for a single one. Few contracts make it high by chance: with n
    comparable contracts drawn from shares p, E[HHI] = H + (1 − H)/n for H = Σ p². `corrected` is the mean of
    H* = (n · HHI − 1)/(n − 1), n = (Σ x)² ÷ Σ x² over contracts or invoices; it is not defined for one contract, and
    exact for equal amounts alone. `half`, `dominant` and `five_sixths` are the shares of workers whose largest client
    reaches a half, three quarters, five sixths. Unit: share, 0–1; means over workers with at least 20 declared days.
    Shape: view × year (× group). Source: Hirschman 1964. Pitfall: one client in a short year is no dependence, hence
    the least days.
    """
    keys = ("view", "year", by) if by else ("view", "year")
    steps = {"half": "dominant_share_low", "dominant": "dominant_share", "five_sixths": "dominant_share_high"}
    parts = []
    for view in _views(panels):
        w = shares(panels, view, days).left_join(_comparable(panels, view), ["worker_id", "year"])
        w = w.drop("worker_id_right", "year_right").mutate(n=(_.n - 1 > 1e-9).ifelse(_.n, ibis.null("float64")))
        w = panels.with_traits(w, by).mutate(view=ibis.literal(view), corrected=1 - (1 - _.hhi) * _.n / (_.n - 1))
        parts.append(w.group_by(keys).agg(
            workers=_.worker_id.nunique(), hhi=_.hhi.mean(), corrected=_.corrected.mean(), share=_.share.mean(),
            **{name: (_.share >= law.rate(rate)).cast("float64").mean() for name, rate in steps.items()}))
    return Answer(ibis.union(*parts), keys)


def weekly_rhythm(panels: Panels):
    """worker_id, client_id, year, located, rhythm: how far the days for a client keep to the same weekdays.

    `located` counts the calendar days of contracts of at most two days; longer ones do not tell on which days work was
    done. `rhythm` is the share of them whose weekday was also worked for the client in the week before or after.
    """
    pair = ["worker_id", "client_id"]
    c = panels.contracts.filter(_.client_id.notnull()).mutate(length=days_between(_.start_on, _.end_on) + 1)
    c = c.filter(_.length <= 2)
    days = ibis.union(c.select(*pair, day="start_on"), c.filter(_.length == 2).select(*pair, day="end_on")).distinct()
    days = days.mutate(n=days_between(ibis.date(1990, 1, 1), _.day), year=_.day.year().cast("int32"))
    days = days.mutate(weekday=_.n % 7)
    same = ibis.window(group_by=[*pair, "weekday"], order_by="n")
    days = days.mutate(before=_.n - _.n.lag().over(same), after=_.n.lead().over(same) - _.n)
    repeated = ((_.before == 7) | (_.after == 7)).fill_null(False).cast("float64")
    return days.group_by(*pair, "year").agg(located=_.count(), rhythm=repeated.mean())


def _ties(panels: Panels):
    """worker_id, client_id, year, days_100, months: with work for a client in this year; how long the tie has lasted.

    `months` run from the first month of work for the client in this year, or in the year before where there was any,
    to the last month in this year.
    """
    p = panels.pair_year.filter(_.days_100 > 0)
    before = p.select("worker_id", "client_id", year=(_.year + 1).cast("int32"), since="first_month")
    p = p.left_join(before, ["worker_id", "client_id", "year"])
    since = ibis.coalesce(_.since, _.first_month)
    return p.select("worker_id", "client_id", "year", "days_100", months=_.last_month - since + 1)


def dependence_score(panels: Panels, by: str | None = None) -> Answer:
    """A-03. Signs of a dependent contractor, in the records of contracts that clients buy.

    Four signs, each of the worker's largest client of the year: `dominant`, it pays at least three quarters; `posted`,
    it pays at least half of its contracts at one rate (A-06); `timed`, at least 80 % of the days for it keep to the
    same weekdays (`weekly_rhythm`), where the calendar day of at least half of them is known; `lasting`, the tie has
    lasted twelve months. Values: the share of workers with each sign, `score`, the mean number of signs, and
    `dependent`, the share with a dominant client that also sets price or time. `price_known` and `time_known` say for
    whom these two can be judged; for others they count as not met, so that `dependent` is a lower bound. Unit: share,
    0–1; score 0–4. Shape: year (× group); workers with at least 20 days bought by clients. Sources: Williams & Lapeyre
    2017, Williams & Horodnic 2018, whose criteria are asked in surveys and only approached here.
    """
    w = shares(panels, "pay")
    price = posted_prices(panels).select("year", "posted", dominant="client_id")
    rhythm = weekly_rhythm(panels).select("worker_id", "year", "located", "rhythm", dominant="client_id")
    ties = _ties(panels).select("worker_id", "year", "months", "days_100", dominant="client_id")
    pair = ["worker_id", "dominant", "year"]
    w = w.left_join(price, ["dominant", "year"]).select(*w.columns, "posted")
    w = w.left_join(rhythm, pair).select(*w.columns, "located", "rhythm").left_join(ties, pair).select(
        *w.columns, "located", "rhythm", "months", "days_100")
    known = (_.located >= LOCATED * _.days_100 / 100).fill_null(False)
    signs = {
        "dominant": _.share >= law.rate("dominant_share"), "posted": (_.posted >= POSTED).fill_null(False),
        "timed": known & (_.rhythm >= FIXED_WEEK).fill_null(False), "lasting": (_.months >= LONG_TIE).fill_null(False)}
    w = w.select("worker_id", "year", price_known=_.posted.notnull().cast("float64"), time_known=known.cast("float64"),
                 **{name: sign.cast("float64") for name, sign in signs.items()})
    w = w.mutate(score=_.dominant + _.posted + _.timed + _.lasting,
                 dependent=_.dominant * ibis.greatest(_.posted, _.timed))
    keys = ("year", by) if by else ("year",)
    w = panels.with_traits(w, by)
    values = (*signs, "score", "dependent", "price_known", "time_known")
    return Answer(w.group_by(keys).agg(workers=_.worker_id.nunique(), **{v: w[v].mean() for v in values}), keys)


def retention(panels: Panels) -> Answer:
    """A-04. Clients of the year before who come back, for workers with something from a client in both years.

    R = clients of both years ÷ clients of the year before, per worker, then averaged (`retained`); `dominant`, the
    share of workers whose largest client of the year before comes back; `from_old`, mean share of this year's amount
    that comes from clients of the year before. Unit: share, 0–1. Shape: view × year, the first year left out.
    Reading: clients who stay can be a hard core or a dependence; the transitions say which.
    """
    parts = []
    for view in _in_money(panels):
        p, next_year = _pairs(panels, view), (_.year + 1).cast("int32")
        first = ibis.window(group_by=["worker_id", "year"], order_by=[ibis.desc("amount"), "client_id"])
        old = p.mutate(largest=(ibis.row_number().over(first) == 0).cast("int64"))
        yes, no = ibis.literal(1, "int64"), ibis.literal(0, "int64")
        both = ibis.union(
            old.select("worker_id", "client_id", "largest", year=next_year, was=yes, now=no, amount=no),
            p.select("worker_id", "client_id", "year", "amount", largest=no, was=no, now=yes))
        both = both.group_by("worker_id", "client_id", "year").agg(
            largest=_.largest.max(), was=_.was.max(), now=_.now.max(), amount=_.amount.sum())
        w = both.group_by("worker_id", "year").agg(
            was=_.was.sum(), now=_.now.sum(), stay=(_.was * _.now).sum(), dominant=(_.largest * _.now).sum(),
            kept=(_.was * _.amount).sum(), amount=_.amount.sum())
        w = w.filter((_.was > 0) & (_.now > 0)).mutate(view=ibis.literal(view))
        parts.append(w.group_by("view", "year").agg(
            workers=_.worker_id.nunique(), retained=(_.stay / _.was).mean(), dominant=_.dominant.cast("float64").mean(),
            from_old=(_.kept / _.amount).mean()))
    return Answer(ibis.union(*parts), ("view", "year"))


def _moves(panels: Panels, view: str):
    """worker_id, year, state, later: states of STATES in a year and two years on, `gone` with fewer than 20 days."""
    low, high = law.rate("dominant_share_low"), law.rate("dominant_share")
    w = shares(panels, view).mutate(state=ibis.cases((_.share >= high, STATES[2]), (_.share >= low, STATES[1]),
                                                     else_=STATES[0]))
    now = w.filter(_.year <= panels.scope.last_year - LATER).select("worker_id", "year", "state")
    later = w.select("worker_id", year=(_.year - LATER).cast("int32"), later="state")
    moves = now.left_join(later, ["worker_id", "year"])
    return moves.select("worker_id", "year", "state", later=_.later.fill_null("gone"))


def transitions(panels: Panels) -> Answer:
    """A-04. Where workers of each state of dependence are two years on.

    States by the share of the largest client: `several` below a half, `leaning` below three quarters, `dependent` from
    there on; `gone` has fewer than 20 declared days two years on. Values: `share` of the workers of a state, and
    `share_of_stayers`, of those not gone. Unit: share of worker-years, 0–1. Shape: view × state × later, all years
    together. Pitfall: who is gone from Smart may have found a job, or none.
    """
    parts = [_moves(panels, view).mutate(view=ibis.literal(view)) for view in _in_money(panels)]
    m = ibis.union(*parts).group_by("view", "state", "later").agg(workers=_.worker_id.nunique(), n=_.count())
    m = m.mutate(stay=(_.later != "gone").cast("int64"))
    state = ibis.window(group_by=["view", "state"])
    m = m.mutate(all=_.n.sum().over(state), stayers=(_.n * _.stay).sum().over(state))
    return Answer(m.select("view", "state", "later", "workers", share=_.n / _.all,
                           share_of_stayers=_.n * _.stay / _.stayers.nullif(0)), ("view", "state", "later"))


def mobility(panels: Panels) -> Answer:
    """A-04. How dependence dissolves within two years, in three numbers.

    `dissolved` = P(largest client below three quarters two years on | dependent, and still with 20 days); `gone`, the
    share of the dependent with fewer than 20 days two years on; `shorrocks` = (k − tr P) ÷ (k − 1) for the k = 3
    states of `transitions` among stayers: 0 if nobody moves, 1 if the state two years on has nothing to do with that
    of today. Unit: share, 0–1; index. Shape: view, all years together; `workers` is the number of stayers behind the
    smallest of the three states.
    """
    parts = []
    for view in _in_money(panels):
        m = _moves(panels, view).mutate(same=(_.state == _.later).cast("float64"),
                                        gone=(_.later == "gone").cast("float64"))
        s = m.group_by("state").agg(workers=_.worker_id.nunique(where=_.gone == 0), gone=_.gone.mean(),
                                    stay=_.same.mean(where=_.gone == 0))
        tied = _.state == STATES[2]
        parts.append(s.agg(
            workers=_.workers.min(), dissolved=1 - _.stay.max(where=tied), gone=_.gone.max(where=tied),
            trace=_.stay.sum(), states=_.stay.count()).mutate(view=ibis.literal(view)))
    m = ibis.union(*parts)
    k = len(STATES)
    m = m.mutate(shorrocks=(_.states == k).ifelse((k - _.trace) / (k - 1), ibis.null("float64")))
    return Answer(m.select("view", "workers", "dissolved", "gone", "shorrocks"), ("view",))


def _client_months(panels: Panels, view: str):
    """worker_id, client_id, month, amount (above 0): what each client is worth in each month, in cents."""
    if view == "invoice":
        i = panels.in_scope(panels.invoices.mutate(month=month_of(_.issued_on)))
        return i.group_by("worker_id", "client_id", "month").agg(amount=_.amount_cents.sum()).filter(_.amount > 0)
    return panels.pair_month.select("worker_id", "client_id", "month", amount="gross_cents").filter(_.amount > 0)


def _around(panels: Panels, months):
    """One row per worker and month with paid work or one of `months`: the twelve months up to it, and those after.

    Columns: worker_id, month, days (declared, hundredths), total (gross pay in cents) and before (real) of months
    m − 11 … m, later (real) of months m + 1 … m + 12.
    """
    columns = ("worker_id", "month", "days_100", "gross_cents", "real_cents")
    silent = months.select("worker_id", "month").distinct().mutate(
        days_100=ibis.literal(0, "int64"), gross_cents=ibis.literal(0, "int64"), real_cents=ibis.literal(0.0))
    m = ibis.union(panels.worker_month.select(columns), silent.select(columns))
    m = m.group_by("worker_id", "month").agg(**{c: m[c].sum() for c in columns[2:]})
    clock = {"group_by": "worker_id", "order_by": "month"}
    until, after = ibis.window(range=(1 - AROUND, 0), **clock), ibis.window(range=(1, AROUND), **clock)
    return m.select("worker_id", "month", days=_.days_100.sum().over(until), total=_.gross_cents.sum().over(until),
                    before=_.real_cents.sum().over(until), later=_.real_cents.sum().over(after).fill_null(0.0))


def replacement(panels: Panels) -> Answer:
    """A-05. What a worker earns in the twelve months after the loss of a dominant client, relative to those before.

    A client dominates at the end of month m if it makes at least three quarters in the twelve months up to m, of the
    worker's gross pay (`pay`) or of all invoices for the worker (`invoice`), with at least 20 declared days. It is
    `lost` after m if nothing from it follows within six months, and `kept` if something does; m is a month with
    something from it. Ratio = real pay of months m + 1 … m + 12 ÷ real pay of months m − 11 … m, of all work through
    Smart. Values: `events`; `p25`, `p50`, `p75` of the ratio; `none`, the share without any pay after; `still`, the
    median of the others, where they are ten workers; `recovered`, the share with a ratio of at least 0.9. Shape: view ×
    tie, all years together; the first eleven and the last twelve months of the study have no event. Reading: compare
    lost with kept, since pay falls for many anyway. Pitfalls: a worker counts as often as a month qualifies; work found
    elsewhere is not seen, so that a worker whom the client hires looks like one with nothing; an Activity may go on
    paying from its savings.
    """
    first, last = panels.scope.first_year * 12 + AROUND - 1, panels.scope.last_year * 12 + 11 - AROUND
    parts = []
    for view in _in_money(panels):
        c = _client_months(panels, view)
        clock = {"group_by": ["worker_id", "client_id"], "order_by": "month"}
        e = c.mutate(paid=_.amount.sum().over(ibis.window(range=(1 - AROUND, 0), **clock)),
                     next=_.month.lead().over(ibis.window(**clock)))
        e = e.join(_around(panels, c), ["worker_id", "month"])
        if view == "invoice":
            e = e.drop("total").join(_billed(c), ["worker_id", "month"])
        e = e.filter(_.month.between(first, last) & (_.before > 0) & (_.paid >= law.rate("dominant_share") * _.total)
                     & (_.days >= round(100 * law.rate("dependence_days"))))
        kept = (_.next <= _.month + SILENT).fill_null(False)
        parts.append(e.mutate(view=ibis.literal(view), tie=kept.ifelse("kept", "lost"), ratio=_.later / _.before))
    e = ibis.union(*(part.select("view", "tie", "worker_id", "ratio") for part in parts)).group_by("view", "tie").agg(
        workers=_.worker_id.nunique(), events=_.count(), p25=_.ratio.quantile(0.25), p50=_.ratio.median(),
        p75=_.ratio.quantile(0.75), none=(_.ratio == 0).cast("float64").mean(),
        still=_.ratio.median(where=_.ratio > 0), recovered=(_.ratio >= RECOVERED).cast("float64").mean(),
        paid=_.worker_id.nunique(where=_.ratio > 0))
    # The guard counts the workers of a row; those behind `still` are a part of them.
    e = e.mutate(still=(_.paid >= K_WORKERS).ifelse(_.still, ibis.null("float64")))
    return Answer(e.drop("paid"), ("view", "tie"))


def _billed(client_months):
    """worker_id, month, total: the amounts of the twelve months up to each month, of all clients."""
    m = client_months.group_by("worker_id", "month").agg(amount=_.amount.sum())
    until = ibis.window(group_by="worker_id", order_by="month", range=(1 - AROUND, 0))
    return m.select("worker_id", "month", total=_.amount.sum().over(until))
