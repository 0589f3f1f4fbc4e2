"""Autonomy: a say in the cooperative (A-60 … A-65).

Since March 2017 whoever works through Smart must hold a share for each year of use (law, regime_dates): to own is not
to take part. What a member chooses is to hold more shares than that, to come to an assembly, and to vote. Three counts
of people stand side by side and are never one: *active* members (paid work in the twelve months before the month of the
assembly), *holders* of a share on its day, and all who were *registered* by then.

Where a row tells who came to an assembly, `workers` counts those who came and not those who could have: they are the
fewer, and the ones whom an attendance list names.
"""

from collections.abc import Callable, Iterator

import ibis
import numpy as np
import pandas as pd
from ibis import _

from analysis import law
from analysis.errors import MissingData, unknown
from analysis.measures.answer import Answer
from analysis.models import lifetable
from analysis.panels import Panels, days_between, month_of

AMONG = {"active": "with paid work in the twelve months before", "holders": "who hold a share on the day",
         "registered": "who are registered by the day"}
ACTS = {  # what a member may choose, and where it is recorded
    "attended": ("came to an assembly", "attendances"), "voted": ("voted at an assembly", "attendances"),
    "extra": ("holds more shares than the rule asks", "shareholdings")}
TRAITS = {  # members with one more of it, in words, and where it is recorded
    "tenure": ("who have been members a year longer", "workers.joined_on"),
    "age": ("who are ten years older", "workers.birth_year"), "woman": ("who are women", "workers.gender"),
    "artistic": ("who have an artistic trade", "workers.profession"),
    "pay": ("who are paid twice as much", "contracts"),
    "unevenness": ("whose pay is less even, by one point of variation", "contracts"),
    "covered": ("whose work through Smart opens unemployment benefit", "contracts"),
    "dependent": ("whose pay comes for the most part from one client", "contracts"),
    "account": ("who may draw on an Activity", "activities")}
PERSONAL = ("tenure", "age", "woman", "artistic", "pay")
YEAR = 365.25
SENIORITY = (1, 3, 6)           # years; what parts the classes within which exits are compared
QUARTERS = range(0, 1096, 91)   # days, three years
FEW = 5                         # acts, for each trait of a logit; fewer give no estimate
DRAWS, SEED, NORMAL = 199, 60, 1.959963984540054


# -- days on which members could choose ------------------------------------------------------------------------

def shares_from():
    """The day from which users must hold a share (regime_dates.csv)."""
    dates = law.table("regime_dates").set_index("name")["date"]
    return dates["Share of 30 euro"].date()


def assembly_days(panels: Panels):
    """day, month: the days of assemblies whose attendance is recorded, with a year of the study before them.

    Assemblies of one day are one: to come to any of them is to come.
    """
    panels.dataset.need("assemblies", "attendances")
    listed = panels.dataset.table("attendances").assembly_id
    a = panels.dataset.table("assemblies").filter(_.assembly_id.isin(listed)).select(day="held_on").distinct()
    a = a.mutate(month=month_of(_.day))
    return a.filter(_.month.between(panels.scope.first_year * 12 + 12, panels.scope.last_year * 12 + 11))


def _year_ends(panels: Panels):
    """day, month, year: the last days of the years since shares are required; `month` is the one that follows."""
    years = list(range(max(shares_from().year, panels.scope.first_year), panels.scope.last_year + 1))
    t = ibis.memtable({"year": years}, schema=ibis.schema({"year": "int32"}))
    return t.mutate(day=ibis.date(t.year, 12, 31), month=(t.year * 12 + 12).cast("int32"))


def _months_around(days, first: int, last: int):
    """day, month: one row for each of the months `first` to `last`, counted from the month of the day (0)."""
    steps = ibis.memtable({"step": list(range(first, last + 1))}, schema=ibis.schema({"step": "int32"}))
    return days.cross_join(steps).select("day", month=(days.month + steps.step).cast("int32"))


def _active(panels: Panels, days):
    """worker_id, day, cents (nominal), pay (real EUR), squares (of monthly cents) of the twelve months before.

    One row for each worker with paid work in them.
    """
    m = panels.worker_month.join(_months_around(days, -12, -1), "month")
    return m.group_by("worker_id", "day").agg(
        cents=_.gross_cents.sum(), pay=_.real_cents.sum() / 100,
        squares=(_.gross_cents.cast("float64") * _.gross_cents).sum())


def attending(panels: Panels):
    """worker_id, day, attended (1), voted (0 or 1): one row for each member and day of assembly."""
    a = panels.dataset.table("attendances").join(panels.dataset.table("assemblies"), "assembly_id")
    a = a.group_by("worker_id", day=a.held_on).agg(voted=_.voted.cast("int64").max())
    return a.mutate(attended=ibis.literal(1, "int64"))


def _of_scope(panels: Panels, rows):
    """The `rows` of workers with a contract in the scope."""
    return rows.filter(rows.worker_id.isin(panels.contracts.worker_id))


# -- ownership -------------------------------------------------------------------------------------------------

def _held(panels: Panels, days):
    """worker_id, day, held: the shares that each worker holds on each of the days, at least one."""
    panels.dataset.need("shareholdings")
    s = panels.dataset.table("shareholdings").cross_join(days.select("day"))
    s = s.filter((s.subscribed_on <= s.day) & (s.redeemed_on.isnull() | (s.redeemed_on > s.day)))
    return s.group_by("worker_id", "day").agg(held=_.shares.sum())


def _years_of_use(panels: Panels):
    """worker_id, use: the calendar years with paid work since shares are required, in the scope or not."""
    since = ibis.literal(shares_from())
    c = panels.dataset.table("contracts").filter(_.end_on >= since)
    c = c.select("worker_id", first=ibis.greatest(c.start_on, since).year(), last=c.end_on.year()).distinct()
    years = ibis.memtable({"use": list(range(shares_from().year, panels.scope.last_year + 1))},
                          schema=ibis.schema({"use": "int32"}))
    return c.join(years, [years.use >= c.first, years.use <= c.last]).select("worker_id", "use").distinct()


def _owners(panels: Panels, population: str = "P0"):
    """worker_id, year, day, month, held, required: those whom the rule asks for a share, at the end of the year.

    `required` is one share for each year of use so far; `held` may be 0.
    """
    ends = _year_ends(panels)
    first = shares_from().year * 12 + shares_from().month - 1
    m = panels.worker_month.filter(_.month >= first).select("worker_id", "year").distinct()
    base = m.join(panels.population(population).select("worker_id", "year"), ["worker_id", "year"])
    base = base.join(ends, "year").select("worker_id", "year", "day", "month")
    use = base.join(_years_of_use(panels), "worker_id").filter(_.use <= _.year)
    use = use.group_by("worker_id", "year", "day", "month").agg(required=_.count())
    held = _held(panels, ends)
    use = use.left_join(held, ["worker_id", "day"])
    return use.select("worker_id", "year", "day", "month", "required", held=_.held.fill_null(0))


def ownership(panels: Panels, population: str = "P0", by: str | None = None) -> Answer:
    """A-60. Who holds shares among those asked to: members with paid work in the year, since shares are required.

    Values on 31 December: `owners`, share with at least one share; `enough`, with as many as years of use (calendar
    years with paid work since the rule); `extra`, with more; `shares`, mean number of a holder. Unit: share of workers,
    0–1. Shape: year (× group). Pitfall: `owners` and `enough` measure whether a rule is kept; `extra` alone is chosen.
    Source: Birchall & Simmons 2004 on why members take part.
    """
    o = panels.with_traits(_owners(panels, population), by)
    keys = ("year", by) if by else ("year",)
    return Answer(o.group_by(keys).agg(
        workers=_.worker_id.nunique(), owners=(_.held > 0).cast("float64").mean(),
        enough=(_.held >= _.required).cast("float64").mean(), extra=(_.held > _.required).cast("float64").mean(),
        shares=_.held.mean(where=_.held > 0)), keys)


def first_share(panels: Panels) -> Answer:
    """A-60. How soon a first share is bought: Kaplan–Meier share of members who hold one after t days.

    The clock starts on a member's first day of paid work since shares are required, and stops at the end of the study;
    a share bought before it starts counts at t = 0. `bought` = 1 − Π_{u ≤ t} (1 − purchases_u ÷ at_risk_u).
    `workers` counts those without a share who are followed for longer than t. Unit: share, 0–1. Shape: t, at whole
    quarters up to three years. Pitfall: who leaves without a share stays in the count, as somebody who never bought.
    """
    panels.dataset.need("shareholdings")
    since, end = ibis.literal(shares_from()), ibis.date(panels.scope.last_year, 12, 31)
    c = _of_scope(panels, panels.dataset.table("contracts"))
    c = c.filter((c.end_on >= since) & (c.start_on <= end))
    c = c.group_by("worker_id").agg(from_on=ibis.greatest(_.start_on, since).min())
    s = panels.dataset.table("shareholdings").group_by("worker_id").agg(on=_.subscribed_on.min())
    s = c.left_join(s.filter(s.on <= end), "worker_id").select("worker_id", "from_on", "on")
    s = s.mutate(t=ibis.greatest(days_between(_.from_on, ibis.coalesce(_.on, end)), 0),
                 event=_.on.notnull().cast("int64"))

    def curve(d: pd.DataFrame) -> pd.DataFrame:
        frame = lifetable.curve(d, QUARTERS, {"workers": "members"}, {"without": ("events", "members")})
        frame = frame.assign(bought=1 - frame["without"]).drop(columns="without")
        return frame[frame["workers"] > 0].reset_index(drop=True)

    return Answer(s.group_by("t").agg(events=_.event.sum(), members=_.count()), ("t",), finish=curve)


def share_register(panels: Panels) -> Answer:
    """A-60. The register of shares: what is subscribed and redeemed in a year, and held on its last day.

    held = held the year before + subscribed − redeemed. All workers of the scope, active or not. Unit: shares;
    `workers` are those who subscribed, who redeemed, or who hold. Shape: movement × year.
    """
    panels.dataset.need("shareholdings")
    s = _of_scope(panels, panels.dataset.table("shareholdings"))
    first, last = panels.scope.first_year, panels.scope.last_year

    def rows(table, movement):
        table = table.filter(table.year.between(first, last)).group_by("year")
        table = table.agg(workers=_.worker_id.nunique(), shares=_.shares.sum())
        return table.select(movement=ibis.literal(movement), year=_.year, workers=_.workers, shares=_.shares)

    redeemed = s.filter(_.redeemed_on.notnull()).mutate(year=_.redeemed_on.year().cast("int32"))
    held = _of_scope(panels, _held(panels, _year_ends(panels)))
    held = held.select("worker_id", shares="held", year=held.day.year().cast("int32"))
    return Answer(ibis.union(
        rows(s.mutate(year=_.subscribed_on.year().cast("int32")), "subscribed"), rows(redeemed, "redeemed"),
        rows(held, "held")), ("movement", "year"))


# -- attendance ------------------------------------------------------------------------------------------------

def entitled(panels: Panels, among: str, days):
    """worker_id, day: those of AMONG who could have come on each day."""
    if among == "active":
        return _active(panels, days).select("worker_id", "day")
    if among == "holders":
        return _of_scope(panels, _held(panels, days)).select("worker_id", "day")
    w = _of_scope(panels, panels.dataset.table("workers")).cross_join(days.select("day"))
    return w.filter(w.joined_on <= w.day).select("worker_id", "day")


def turnout(panels: Panels) -> Answer:
    """A-61. Who came to each assembly and who voted, over those who could: active members, holders, all registered.

    rate = workers ÷ entitled, both of the same count of AMONG. Unit: share, 0–1; `time` is the day as a year with
    decimals. Shape: among × act (attended, voted) × day. Pitfall: the three denominators are different people, and a
    rate of one of them is not comparable with a rate of another, nor with a published one before its denominator is
    known. An assembly without any recorded attendance has no row.
    """
    days, present = assembly_days(panels), attending(panels)
    needs = {"active": "contracts", "holders": "shareholdings", "registered": "workers.joined_on"}
    parts = []
    for among in (a for a in AMONG if panels.dataset.has(needs[a])):
        e = entitled(panels, among, days).left_join(present, ["worker_id", "day"])
        e = e.select("day", attended=_.attended.fill_null(0), voted=_.voted.fill_null(0))
        e = e.group_by("day").agg(entitled=_.count(), attended=_.attended.sum(), voted=_.voted.sum())
        parts += [e.select(among=ibis.literal(among), act=ibis.literal(act), day=e.day, time=month_of(e.day) / 12,
                           workers=e[act], entitled=e.entitled, rate=e[act] / e.entitled)
                  for act in ("attended", "voted")]
    return Answer(ibis.union(*parts), ("among", "act", "day"))


def modes(panels: Panels) -> Answer:
    """A-61. How members take part: in person, by proxy or online. Unit: share of those who came, 0–1.

    All members of the scope who came, active or not. Shape: mode × day. Who is present in two modes counts in both.
    """
    a = panels.dataset.table("attendances").join(panels.dataset.table("assemblies"), "assembly_id")
    a = _of_scope(panels, a.join(assembly_days(panels), [a.held_on == assembly_days(panels).day]))
    came = a.group_by("day").agg(came=_.worker_id.nunique())
    a = a.group_by("mode", "day").agg(workers=_.worker_id.nunique()).join(came, "day")
    return Answer(a.select("mode", "day", "workers", share=_.workers / _.came), ("mode", "day"))


def repeat(panels: Panels) -> Answer:
    """A-61. How often the same members come, among those active before at least two assemblies.

    `share` of these members who came never, once, or twice and more; `chance`, what it would be if all active members
    were as likely to come to an assembly as the rate of that assembly says, each time anew, and `error`, the standard
    deviation of such a share. Unit: share, 0–1. Shape: times. Reading: clearly more in the last row than by chance
    means that assemblies are made of regulars.
    """
    days = assembly_days(panels)
    e = entitled(panels, "active", days).left_join(attending(panels), ["worker_id", "day"])
    e = e.select("worker_id", "day", attended=_.attended.fill_null(0))
    rates = e.group_by("day").agg(rate=ibis.least(_.attended.mean(), 1 - 1e-9))
    e = e.join(rates, "day").group_by("worker_id").agg(
        assemblies=_.count(), times=_.attended.sum(), never=(1 - _.rate).ln().sum(),
        odds=(_.rate / (1 - _.rate)).sum())
    e = e.filter(_.assemblies >= 2).mutate(times=ibis.least(_.times, 2).cast("int32"), never=_.never.exp())
    e = e.mutate(once=_.never * _.odds)
    e = e.mutate(often=1 - _.never - _.once)
    # What to expect is a mean over everybody, whatever they did.
    expected = {n: e[n].mean() for n in ("never", "once", "often")}
    spread = {f"{n}_variance": (e[n] * (1 - e[n])).mean() for n in expected}
    known = e.agg(members=_.count(), **expected, **spread)
    e = e.group_by("times").agg(workers=_.count()).cross_join(known)

    def of_row(suffix=""):
        return ibis.cases((_.times == 0, _[f"never{suffix}"]), (_.times == 1, _[f"once{suffix}"]),
                          else_=_[f"often{suffix}"])

    return Answer(e.select("times", "workers", share=_.workers / _.members, chance=of_row(),
                           error=(of_row("_variance") / _.members).sqrt()), ("times",))


# -- who takes part --------------------------------------------------------------------------------------------

def _choice_days(panels: Panels, act: str):
    """The days on which members could act: those of assemblies, or for extra shares the last ones of years."""
    if act not in ACTS:
        raise unknown("act", act, ACTS)
    panels.dataset.need(ACTS[act][1])
    return _year_ends(panels) if act == "extra" else assembly_days(panels)


def choices(panels: Panels, act: str):
    """worker_id, day, acted (0 or 1), cents, pay, squares: the members who could act on each day, and what they did.

    Those who could come to an assembly are the active members; those who could hold extra shares, whom the rule asks
    for a share.
    """
    active = _active(panels, _choice_days(panels, act))
    if act == "extra":
        o = _owners(panels)
        return active.join(o.select("worker_id", "day", acted=(o.held > o.required).cast("int64")),
                           ["worker_id", "day"])
    a = active.left_join(attending(panels), ["worker_id", "day"])
    return a.select("worker_id", "day", "cents", "pay", "squares", acted=a[act].fill_null(0))


def _recorded_acts(panels: Panels) -> list[str]:
    """The acts that the dataset records; MissingData where it records none."""
    acts = [act for act, (_meaning, table) in ACTS.items() if panels.dataset.has(table)]
    if not acts:
        raise MissingData("This dataset has neither the table 'attendances' nor the table 'shareholdings'.")
    return acts


def group_ratios(panels: Panels, by: str, act: str = "attended") -> Answer:
    """A-62. Share of each group of `by` among those who act, over its share among all who could.

    Members count once for each day on which they could act. Unit: shares 0–1; `ratio` is 1 where a group weighs as much
    among those who act as among those who could. Shape: group. `workers` counts those who acted.
    """
    c = panels.with_traits(choices(panels, act), by)
    c = c.group_by(by).agg(workers=_.worker_id.nunique(where=_.acted == 1), acted=_.acted.sum(), could=_.count())
    everybody = ibis.window()
    c = c.mutate(acting=_.acted / _.acted.sum().over(everybody).nullif(0),
                 all=_.could / _.could.sum().over(everybody))
    return Answer(c.select(by, "workers", "acting", "all", ratio=_.acting / _.all), (by,))


def _dependence(panels: Panels, days):
    """worker_id, day, largest: cents from the client that paid most in the twelve months before."""
    p = panels.pair_month.join(_months_around(days, -12, -1), "month")
    p = p.group_by("worker_id", "client_id", "day").agg(cents=_.gross_cents.sum())
    return p.group_by("worker_id", "day").agg(largest=_.cents.max())


def _coverage(panels: Panels, days):
    """worker_id, day, covered: whether work through Smart opened unemployment benefit at the end of the month before.

    By the lower bound of S-31.
    """
    c = panels.coverage_month.join(_months_around(days, -1, -1), "month")
    return c.select("worker_id", "day", "covered")


def _accounts(panels: Panels, days):
    """worker_id, day, account (1): members who may draw on an Activity that is open on the day."""
    a = panels.dataset.table("activities")
    users = a.select("activity_id", worker_id="owner_id")
    if panels.dataset.has("activity_members"):
        users = ibis.union(users, panels.dataset.table("activity_members").select("activity_id", "worker_id"))
    a = a.select("activity_id", "opened_on", "closed_on").join(users, "activity_id").cross_join(days.select("day"))
    a = a.filter((a.opened_on <= a.day) & (a.closed_on.isnull() | (a.closed_on >= a.day)))
    return a.select("worker_id", "day").distinct().mutate(account=ibis.literal(1.0))


def _with_traits(panels: Panels, act: str, traits) -> pd.DataFrame:
    """worker_id, day, acted and those of the `traits` that are recorded, of members of whom all of them are known.

    tenure: years since joining. age: tens of years. woman: as recorded. artistic: trade of the code list. pay: log₂ of
    real pay in the twelve months before. unevenness: their coefficient of variation. dependent: one client paid the
    dominant share of it (rates.csv). covered: S-31, lower bound. account: may draw on an open Activity.
    For a fit, in memory only.
    """
    days, trades = _choice_days(panels, act), law.table("professions")
    known = [t for t in traits if panels.dataset.has(TRAITS[t][1])]
    c = choices(panels, act).join(panels.workers, "worker_id")
    for trait, rows in (("covered", _coverage), ("dependent", _dependence), ("account", _accounts)):
        if trait in known:
            c = c.left_join(rows(panels, days), ["worker_id", "day"]).drop("worker_id_right", "day_right")
    variance = ibis.greatest(_.squares - _.cents.cast("float64") * _.cents / 12, 0.0) / 11
    arts = trades.loc[trades["artistic"].fillna(False), "code"].tolist()
    values = {
        "tenure": days_between(c.joined_on, c.day) / YEAR, "age": (_.day.year() - _.birth_year) / 10,
        "woman": _.gender == "woman", "artistic": _.profession.isin(arts), "pay": ibis.greatest(_.pay, 1.0).log2(),
        "unevenness": variance.sqrt() / (_.cents / 12).nullif(0), "covered": _.covered.fill_null(False),
        "dependent": _.largest.fill_null(0) >= law.rate("dominant_share") * _.cents,
        "account": _.account.fill_null(0.0)}
    c = c.select("worker_id", "day", "acted", **{t: values[t].cast("float64") for t in known})
    return c.drop_null().order_by("day", "worker_id").execute()


def _resamples(workers) -> Iterator[np.ndarray]:
    """The weight of each row in samples of as many workers, drawn with replacement, each with all its rows."""
    people, place = np.unique(workers, return_inverse=True)
    draw = np.random.default_rng(SEED)
    for _n in range(DRAWS):
        yield np.bincount(draw.integers(0, len(people), len(people)), minlength=len(people))[place]


def _interval(statistic: Callable, workers) -> tuple:
    """The ends of the 95 % interval of `statistic(weights)`, by bootstrap over workers."""
    return tuple(np.nanquantile([statistic(weights) for weights in _resamples(workers)], [0.025, 0.975], axis=0))


def _logit(frame: pd.DataFrame, traits, by_day: bool):
    """A logit of `acted` on `traits` (and on the days, if asked), errors clustered by worker; None where few act.

    Traits without variation, or with a side that always or never acts, stay out, and so do days on which nobody or
    everybody acts. It takes FEW rows that act, and FEW that do not, for each trait.
    """
    from statsmodels.discrete.discrete_model import Logit

    if by_day:
        frame = frame[frame.groupby("day")["acted"].transform("nunique") == 2]
    told = [t for t in traits if t in frame and frame[t].nunique() > 1 and (
        frame[t].nunique() > 2 or frame.groupby(t)["acted"].nunique().eq(2).all())]
    if not told or min(frame["acted"].sum(), (1 - frame["acted"]).sum()) < FEW * len(told):
        return None
    x = frame[told]
    if by_day:
        x = x.join(pd.get_dummies(frame["day"].astype(str), drop_first=True, dtype="float64"))
    model = Logit(frame["acted"], x.assign(constant=1.0))
    return model.fit(disp=False, cov_type="cluster", cov_kwds={"groups": frame["worker_id"].to_numpy()})


def r_indicator(chances, weights=None) -> float:
    """R = 1 − 2·SD(ρ): 1 where all are as likely to act, 0 where half of them always do and the others never."""
    mean = np.average(chances, weights=weights)
    return 1 - 2 * np.sqrt(np.average((chances - mean) ** 2, weights=weights))


def _estimated_r(fit, workers) -> dict:
    """The R-indicator of the chances that a logit estimates, less what their errors add to it, and its interval."""
    x, y, b = fit.model.exog, fit.model.endog, np.asarray(fit.params)
    chances = fit.predict()
    slopes = (chances * (1 - chances))[:, None] * x
    slopes -= slopes.mean(axis=0)
    noise = ((slopes @ np.asarray(fit.cov_params())) * slopes).sum(axis=1).mean()
    variance, mean = np.var(chances) - noise, chances.mean()

    def refitted(weights):
        again, p = b, chances
        for _step in range(5):                          # Newton's, from the fit of the whole
            curvature = (x * (weights * p * (1 - p))[:, None]).T @ x
            again = again + np.linalg.lstsq(curvature, x.T @ (weights * (y - p)))[0]
            p = 1 / (1 + np.exp(-np.clip(x @ again, -30, 30)))
        return r_indicator(p, weights)

    # On the scale of variances, where the error is the same on both sides: near 0 a spread has no room below it.
    error = NORMAL * np.std([((1 - refitted(weights)) / 2) ** 2 for weights in _resamples(workers)])
    spread, least, most = (np.sqrt(max(v, 0.0)) for v in (variance, variance - error, variance + error))
    return {"rate": mean, "r": r_indicator(chances), "adjusted": 1 - 2 * spread, "low": 1 - 2 * most,
            "high": 1 - 2 * least, "lowest": 1 - 2 * np.sqrt(mean * (1 - mean)), "variation": spread / mean}


def representativeness(panels: Panels) -> Answer:
    """A-62. Do those who act look like those who could? R = 1 − 2·SD(ρ̂), ρ̂ from a logit on the traits of PERSONAL.

    `r` as estimated; `adjusted`, less the spread that errors of estimation add: SD² − mean of (z − z̄)′V(z − z̄), with z
    the slope of ρ̂ and V the covariance of the logit, clustered by worker; `low`, `high`, its 95 % interval, from a
    bootstrap of SD² over workers; `rate`, the mean chance; `lowest`, R if some always and all others never
    acted at this rate, 1 − 2√(p̄(1 − p̄)); `variation`, SD ÷ mean chance. Pure numbers. Shape: act. `workers` counts
    those who acted. Pitfall: where few act, R is near 1 whoever they are: compare it with `lowest`, and read
    `variation`. Values are missing where too few act for a logit. Source: Schouten, Cobben & Bethlehem 2009.
    """
    rows = []
    for act in _recorded_acts(panels):
        frame = _with_traits(panels, act, PERSONAL)
        fit = _logit(frame, PERSONAL, by_day=False)
        names = ("rate", "r", "adjusted", "low", "high", "lowest", "variation")
        rows.append({"act": act, "meaning": ACTS[act][0], "workers": _who_acted(frame),
                     **(dict.fromkeys(names, np.nan) if fit is None else _estimated_r(fit, frame["worker_id"]))})
    return Answer(pd.DataFrame(rows), ("act", "meaning"))


def _who_acted(frame: pd.DataFrame) -> int:
    return frame.loc[frame["acted"] == 1, "worker_id"].nunique()


def _concentration(frame: pd.DataFrame) -> Callable:
    """CI = 2·cov(p, r) ÷ p̄ as a function of the weights of rows; p the act, r the rank of pay on the day."""
    place = frame.groupby(["day", "cents"]).ngroup().to_numpy()     # of the equally paid, the days one after the other
    day = frame.groupby(place)["day"].first().factorize()[0]
    acted = frame["acted"].to_numpy()

    def index(weights) -> float:
        mass = np.bincount(place, weights)
        total = np.bincount(day, mass)
        below = mass.cumsum() - mass - (total.cumsum() - total)[day]
        rank = ((below + mass / 2) / total[day])[place]
        mean = np.average(acted, weights=weights)
        return 2 * np.average((acted - mean) * (rank - 0.5), weights=weights) / mean if mean else np.nan

    return index


def concentration(panels: Panels) -> Answer:
    """A-63. Do the better paid act more? The concentration index CI = 2·cov(p, r) ÷ p̄ over the rank of pay.

    r = (lower paid + ½ equally paid) ÷ n among those who could act on the day, by gross pay through Smart in the twelve
    months before. Unit: pure number between p̄ − 1 and 1 − p̄: 0 where acting does not go with pay, above 0 where the
    better paid act more. `low`, `high`: 95 % interval by bootstrap over workers. `rate` = p̄. Shape: act. `workers`
    counts those who acted. Pitfall: pay through Smart is not the member's income.
    """
    rows = []
    for act in _recorded_acts(panels):
        frame = choices(panels, act).select("worker_id", "day", "acted", "cents").order_by("day", "worker_id").execute()
        values = (np.nan,) * 3
        if frame["acted"].sum() >= FEW:
            index = _concentration(frame)
            values = index(np.ones(len(frame))), *_interval(index, frame["worker_id"])
        rows.append({"act": act, "meaning": ACTS[act][0], "workers": _who_acted(frame), "rate": frame["acted"].mean(),
                     **dict(zip(("index", "low", "high"), values, strict=True))})
    return Answer(pd.DataFrame(rows), ("act", "meaning"))


def determinants(panels: Panels, act: str = "attended") -> Answer:
    """A-64. Which traits go with an act of ACTS, the others of TRAITS and the day being equal: a description.

    Logit of the act on traits and days. `ame`: average marginal effect, by how much the chance to act is higher with
    one more of the trait (for yes or no: with it than without), with its 95 % interval `low`, `high`; `log_odds` and
    their standard error `error`; all clustered by worker. Unit: share, 0–1 (log odds: natural logarithm). Shape: trait.
    `workers` counts those who acted. A trait that is not recorded, or does not vary, has no row; values are missing
    where too few act. Reading: none of these is a cause. Who is long a member and comes may have stayed for that.
    """
    frame = _with_traits(panels, act, TRAITS)
    fit = _logit(frame, TRAITS, by_day=True)
    told = [t for t in TRAITS if t in frame and (fit is None or t in fit.params.index)]
    rows = pd.DataFrame({"trait": told, "one_more": [TRAITS[t][0] for t in told], "workers": _who_acted(frame)})
    if fit is None:
        return Answer(rows.assign(**dict.fromkeys(("ame", "low", "high", "log_odds", "error"), np.nan)),
                      ("trait", "one_more"))
    effects = fit.get_margeff(at="overall", dummy=True).summary_frame().loc[told]
    effects = effects.set_axis(["ame", "se", "z", "p", "low", "high"], axis=1)[["ame", "low", "high"]]
    effects = effects.assign(log_odds=fit.params[told], error=fit.bse[told])
    return Answer(rows.join(effects, on="trait"), ("trait", "one_more"))


# -- voice and exit --------------------------------------------------------------------------------------------

def _stays(panels: Panels) -> pd.DataFrame:
    """worker_id, day, came, left, stratum: members at work around an assembly, and whether they worked after it.

    They had paid work in the month of the assembly or the two before; `left` is 1 where none follows in the twelve
    months after. `stratum` numbers the day and the class of seniority. For a bootstrap, in memory only.
    """
    panels.dataset.need("workers.joined_on")
    last = panels.scope.last_year * 12 + 11
    days = assembly_days(panels).filter(_.month <= last - 12)
    m = panels.worker_month.select("worker_id", "month")
    at_work = m.join(_months_around(days, -2, 0), "month").select("worker_id", "day").distinct()
    after = m.join(_months_around(days, 1, 12), "month").select("worker_id", "day").distinct()
    after = after.mutate(left=ibis.literal(0, "int64"))
    s = at_work.join(panels.workers.select("worker_id", "joined_on"), "worker_id").filter(_.joined_on.notnull())
    s = s.left_join(after, ["worker_id", "day"]).drop("worker_id_right", "day_right")
    s = s.left_join(attending(panels), ["worker_id", "day"])
    years = days_between(s.joined_on, s.day) / YEAR
    s = s.select("worker_id", "day", came=s.attended.fill_null(0), left=s.left.fill_null(1),
                 seniority=sum((years >= edge).cast("int64") for edge in SENIORITY))
    frame = s.order_by("day", "worker_id").execute()
    return frame.assign(stratum=frame.groupby(["day", "seniority"]).ngroup())


def _exit_rates(frame: pd.DataFrame) -> Callable:
    """Shares who left, as a function of the weights of rows: of those who came, of those who did not, of these with the
    seniority of those who came, and the difference between the first and the third."""
    came, left, place = (frame[c].to_numpy() for c in ("came", "left", "stratum"))

    def rates(weights) -> np.ndarray:
        here, gone, away, lost = (np.bincount(place, weights * rows) for rows in (
            came, came * left, 1 - came, (1 - came) * left))
        both = (here > 0) & (away > 0)
        with np.errstate(invalid="ignore", divide="ignore"):
            first, second = gone.sum() / here.sum(), lost.sum() / away.sum()
            third = (here[both] * lost[both] / away[both]).sum() / here[both].sum()
        return np.array([first, second, third, first - third])

    return rates


def exits(panels: Panels) -> Answer:
    """A-65. Do members who came to an assembly leave less in the year after it than members who did not?

    Among those with paid work in the month of an assembly or the two before: `rate`, share without paid work through
    Smart in the twelve months after. Rows: who came; who stayed away; who stayed away, weighted to the days and classes
    of seniority (less than 1, 3, 6 years, more) of those who came; the difference of the first and the third. To come
    is judged anew at each assembly. `low`, `high`: 95 % interval by bootstrap over workers. Unit: share, 0–1. Shape:
    who. Assemblies of the last year, whose following year is not seen, stay out. Pitfall: this compares people who
    chose to come with people who chose not to. Source: Hirschman 1970.
    """
    frame = _stays(panels)
    who = ["came", "stayed away", "stayed away, equally senior", "difference"]
    came = frame["came"] == 1
    comparable = frame["stratum"].isin(frame.loc[came, "stratum"])
    workers = [frame.loc[rows, "worker_id"].nunique() for rows in (came, ~came, ~came & comparable, came)]
    values = np.full((3, 4), np.nan)
    if min(frame["came"].sum(), (~came & comparable).sum()) >= FEW:
        rates = _exit_rates(frame)
        values = np.vstack([rates(np.ones(len(frame))), *_interval(rates, frame["worker_id"])])
    return Answer(pd.DataFrame({"who": who, "workers": workers, "rate": values[0], "low": values[1],
                                "high": values[2]}), ("who",))
