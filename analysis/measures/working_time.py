"""Autonomy: control over time (A-20 … A-24).

A contract has a first and a last day and a number of declared days; which days were worked is known only where it lasts
one or two calendar days. None of these measures says who chose: work on Sunday can be a shift or a concert.
"""

from math import log

import ibis
import pandas as pd
from ibis import _

from analysis import law
from analysis.measures.answer import Answer
from analysis.panels import Panels, days_between, hundredths, month_of, spells

SHORT = 2               # calendar days of a contract that tells which days were worked
BUSIEST = 8             # weeks
REGULAR_DAYS = 20       # located days at one client in a year; fewer make no pattern
ONE_WEEKDAY = 0.8       # of the days on one weekday
WEEK_AHEAD = 7          # days of notice
PAUSE = 30              # days without a contract
BILLED_MONTHS = 8       # months with an invoice; fewer have no quarters


def _number(day):
    """Days since Monday 1 January 1900, so that a week is `// 7` and a weekday `% 7`, 0 = Monday."""
    return days_between(ibis.date(1900, 1, 1), day)


def located_days(panels: Panels):
    """The days of contracts of one or two calendar days; two days share the declared days, the odd hundredth second.

    Columns: worker_id, client_id, year, day (number), days_100. Years of the scope, by the day itself.
    """
    c = panels.contracts.mutate(first=_number(_.start_on), last=_number(_.end_on), days_100=hundredths(_.days))
    c = c.filter(_.last - _.first < SHORT)
    half = (c.days_100 // 2).cast("int64")
    second = c.filter(c.last > c.first).select(
        "worker_id", "client_id", year=_.end_on.year().cast("int32"), day="last", days_100=(c.days_100 - half))
    first = c.select(
        "worker_id", "client_id", year=_.start_on.year().cast("int32"), day="first",
        days_100=(c.last > c.first).ifelse(half, c.days_100))
    return ibis.union(first, second).filter(_.year.between(panels.scope.first_year, panels.scope.last_year))


def _marked(panels: Panels):
    """Located days with their kind: sunday, weekend, holiday, and unsocial for any of them; 0 or 1."""
    holidays = [(day - pd.Timestamp(1900, 1, 1)).days for day in law.table("legal_holidays")["date"]]
    d = located_days(panels)
    weekend, holiday = (d.day % 7) >= 5, d.day.isin(holidays)
    return d.mutate(sunday=((d.day % 7) == 6).cast("int64"), weekend=weekend.cast("int64"),
                    holiday=holiday.cast("int64"), unsocial=(weekend | holiday).cast("int64"))


def _holidays_known():
    return _.year.isin(sorted({int(y) for y in law.table("legal_holidays")["date"].dt.year}))


def unsocial_days(panels: Panels, by: str | None = None) -> Answer:
    """A-20. Declared days on Sunday, on a weekend, on a legal holiday, and on any of these, among located days.

    Σ days of the kind ÷ Σ days, contracts of one or two calendar days only, for longer ones do not say which days were
    worked; `located` is the part of all declared days that they carry. Unit: share, 0–1. Shape: year (× group).
    Pitfalls: a concert is on Saturday because the public is; compare years within a trade. Legal holidays are known for
    the years of legal_holidays.csv; outside them `holiday` and `unsocial` are empty.
    """
    keys = ("year", by) if by else ("year",)
    d = panels.with_traits(_marked(panels), by)
    d = d.group_by(keys).agg(workers=_.worker_id.nunique(), seen=_.days_100.sum(), **{
        kind: (d.days_100 * d[kind]).sum() / d.days_100.sum() for kind in ("sunday", "weekend", "holiday", "unsocial")})
    everything = panels.with_traits(panels.worker_year, by).group_by(keys).agg(all_days=_.days_100.sum())
    d = d.join(everything, keys).mutate(
        days=_.seen / 100, located=_.seen / _.all_days, holiday=_holidays_known().ifelse(_.holiday, None),
        unsocial=_holidays_known().ifelse(_.unsocial, None))
    return Answer(d.select(*keys, "workers", "days", "located", "sunday", "weekend", "holiday", "unsocial"), keys)


def weekends_same_trades(panels: Panels) -> Answer:
    """A-20, adjusted. Share of located days on weekends, as it is and with the trades in constant proportion.

    adjusted_y = Σ_p w_p · share_py ÷ Σ_p w_p over the trades p at work in year y, w_p the trade's part of the located
    days of all years. `error` is its standard error, workers drawn at random within trades: for a trade of n workers,
    n ÷ (n − 1) · Σ (weekend days − share · days)² ÷ (Σ days)², and the largest possible, ¼, for a trade of one.
    Unit: share, 0–1. Shape: year. Reading: where the two lines part, the trades changed and not their weeks. Workers
    whose trade is not recorded stay out of both.
    """
    d = panels.with_traits(_marked(panels), "profession")
    w = d.group_by("year", "profession", "worker_id").agg(
        days=_.days_100.sum() / 100, weekend=(_.days_100 * _.weekend).sum() / 100)
    cells = w.group_by("year", "profession").agg(
        n=_.count(), days=_.days.sum(), weekend=_.weekend.sum(), both=(_.days * _.weekend).sum(),
        days_2=(_.days * _.days).sum(), weekend_2=(_.weekend * _.weekend).sum()).mutate(share=_.weekend / _.days)
    squares = ibis.greatest(cells.weekend_2 - 2 * cells.share * cells.both + cells.share**2 * cells.days_2, 0.0)
    cells = cells.mutate(variance=ibis.cases(
        (cells.n > 1, cells.n / (cells.n - 1).nullif(0) * squares / cells.days**2), else_=0.25))
    weights = cells.group_by("profession").agg(weight=_.days.sum())
    years = cells.join(weights, "profession").group_by("year").agg(
        workers=_.n.sum(), weekend=_.weekend.sum() / _.days.sum(),
        adjusted=(_.weight * _.share).sum() / _.weight.sum(),
        error=(_.weight * _.weight * _.variance).sum().sqrt() / _.weight.sum())
    return Answer(years, ("year",))


def week_sums(panels: Panels):
    """One row per worker and Monday week with work: declared days, longer contracts spread over their calendar days.

    The share of a contract of T days in week k is `X·c_k // T − X·c_{k−1} // T`, as in `contract_month`. A week belongs
    to the year of its Thursday, as in ISO 8601. Columns: worker_id, year, week, days_100, weeks (52 or 53 in the year).
    """
    c = panels.contracts.mutate(first=_number(_.start_on), last=_number(_.end_on), days_100=hundredths(_.days))
    c = c.mutate(w0=(_.first // 7).cast("int32"), w1=(_.last // 7).cast("int32"), length=_.last - _.first + 1)
    inside = c.filter(c.w0 == c.w1).select("worker_id", "days_100", week="w0")
    across = c.filter(c.w1 > c.w0)
    across = across.mutate(week=ibis.range(across.w0, across.w1 + 1).unnest())
    across = across.mutate(week=_.week.cast("int32")).mutate(
        before=ibis.greatest(_.week * 7 - _.first, 0), until=ibis.least(_.week * 7 + 7 - _.first, _.length))
    across = across.select("worker_id", "week", days_100=(
        _.days_100 * _.until // _.length - _.days_100 * _.before // _.length).cast("int64"))
    sums = ibis.union(inside.select("worker_id", "week", "days_100"), across)
    sums = sums.group_by("worker_id", "week").agg(days_100=_.days_100.sum()).filter(_.days_100 > 0)
    return sums.join(_calendar(panels), "week").select("worker_id", "year", "week", "days_100", "weeks")


def _calendar(panels: Panels):
    """week, year, weeks of the scope's years."""
    origin = pd.Timestamp(1900, 1, 1)
    first, last = panels.scope.first_year, panels.scope.last_year
    thursdays = pd.date_range(f"{first}-01-01", f"{last}-12-31", freq="W-THU")
    frame = pd.DataFrame({"week": (thursdays - origin).days // 7, "year": thursdays.year})
    frame["weeks"] = frame.groupby("year")["week"].transform("size")
    return ibis.memtable(frame, schema=ibis.schema(dict.fromkeys(frame.columns, "int32")))


def concentration(panels: Panels, population: str = "P1", by: str | None = None) -> Answer:
    """A-21. How much a year's work is bunched in few weeks, for workers of interior years.

    Per worker and year, all N = 52 or 53 weeks counted: `cv` = sd ÷ mean of weekly declared days (divisor N − 1);
    `busiest`, share of the year's days in the 8 busiest weeks (0.15 for even work, 1 for all work in 8 weeks); `gini` =
    2 Σ r·x_(r) ÷ (N Σ x) − (N + 1) ÷ N. Medians over workers. Unit: pure numbers. Shape: year (× group).
    Pitfalls: the days of a contract longer than a week are spread evenly, so this is a lower bound; few days are
    bunched whatever anybody chooses (8 days fill at most 8 weeks), so compare workers with as many days.
    """
    keys = ("year", by) if by else ("year",)
    inside = panels.population(population).filter(_.interior).select("worker_id", "year")
    w = week_sums(panels).join(inside, ["worker_id", "year"])
    ranked = ibis.window(group_by=["worker_id", "year"], order_by=[ibis.desc("days_100"), "week"])
    w = w.mutate(place=ibis.row_number().over(ranked))
    w = w.group_by("worker_id", "year").agg(
        total=_.days_100.sum(), n=_.weeks.max(), squares=(_.days_100 * _.days_100).sum(),
        top=_.days_100.sum(where=_.place < BUSIEST), ranks=((_.weeks - _.place) * _.days_100).sum())
    w = w.mutate(mean=_.total / _.n).mutate(
        cv=ibis.greatest((_.squares - _.total * _.mean) / (_.n - 1), 0.0).sqrt() / _.mean, busiest=_.top / _.total,
        gini=2 * _.ranks / (_.n * _.total) - (_.n + 1) / _.n)
    w = panels.with_traits(w, by).group_by(keys).agg(
        workers=_.worker_id.nunique(), cv=_.cv.median(), busiest=_.busiest.median(), gini=_.gini.median())
    return Answer(w, keys)


def regularity(panels: Panels, by: str | None = None) -> Answer:
    """A-22. Whether work for one client falls on the same days of the week, in matches of at least 20 located days.

    Match: one worker, one client, one year; its distinct days in contracts of at most two calendar days. `entropy` =
    −Σ p_d ln p_d ÷ ln 7 over weekdays d: 0 for one weekday, 0.83 for Monday to Friday alike, 1 for all seven alike.
    `weekly` = autocorrelation at 7 days of the 0/1 series from the first to the last day of the match in the year.
    Medians over matches; `one_weekday`, share of matches with at least 80 % of days on one weekday.
    Unit: pure numbers. Shape: year (× group). Reading: regular is employee-like, and also what a weekly class is.
    Pitfall: small samples make entropy low; hence the 20 days.
    """
    match, keys = ["worker_id", "client_id", "year"], ("year", by) if by else ("year",)
    d = located_days(panels).filter(_.client_id.notnull()).select(*match, "day").distinct()
    span = d.group_by(match).agg(n=_.count(), first=_.day.min(), last=_.day.max()).filter(_.n >= REGULAR_DAYS)
    d = d.join(span, match)
    later = d.select(*match, day=_.day - 7, again=ibis.literal(1, "int64"))
    lags = d.left_join(later, [*match, "day"]).select(*match, "n", "first", "last", "day", "again")
    lags = lags.group_by(match).agg(
        n=_.n.max(), length=_.last.max() - _.first.max() + 1, both=_.again.sum().fill_null(0),
        ends=(_.day <= _.last - 7).cast("int64").sum() + (_.day >= _.first + 7).cast("int64").sum())
    lags = lags.mutate(mean=_.n / _.length).mutate(
        weekly=(_.both - _.mean * _.ends + (_.length - 7) * _.mean * _.mean) / (_.n * (1 - _.mean)).nullif(0))
    weekdays = d.mutate(weekday=_.day % 7).group_by(*match, "weekday").agg(n=_.count().cast("float64"))
    weekdays = weekdays.group_by(match).agg(days=_.n.sum(), most=_.n.max(), logs=(_.n * _.n.ln()).sum())
    weekdays = weekdays.mutate(entropy=ibis.greatest(_.days.ln() - _.logs / _.days, 0.0) / log(7),
                               one_weekday=(_.most >= ONE_WEEKDAY * _.days).cast("float64"))
    m = panels.with_traits(lags.select(*match, "weekly").join(weekdays, match), by).group_by(keys).agg(
        workers=_.worker_id.nunique(), matches=_.count(), entropy=_.entropy.median(),
        one_weekday=_.one_weekday.mean(), weekly=_.weekly.median())
    return Answer(m, keys)


def _notice(contracts, keys):
    c = contracts.filter(_.created_on.notnull()).mutate(notice=days_between(_.created_on, _.start_on))
    return c.group_by(keys).agg(
        workers=_.worker_id.nunique(), contracts=_.count(), p25=_.notice.quantile(0.25), median=_.notice.median(),
        p75=_.notice.quantile(0.75), retroactive=(_.notice < 0).cast("float64").mean(),
        week_ahead=(_.notice >= WEEK_AHEAD).cast("float64").mean())


def notice(panels: Panels, by: str | None = None) -> Answer:
    """A-23. Days from the entry of a contract in the system to its first day; negative where it was entered later.

    Quarters and median over contracts; `retroactive`, share entered after the first day; `week_ahead`, share entered at
    least 7 days before it. Unit: days; share, 0–1. Shape: year of start (× group). Source: Henly & Lambert 2014.
    Pitfall: the day of entry is when somebody typed, not when worker and client agreed; M-08 reads the same sign.
    """
    panels.dataset.need("contracts.created_on")
    keys = ("year", by) if by else ("year",)
    return Answer(_notice(panels.with_traits(panels.started, by), keys), keys)


def notice_by_buyer(panels: Panels) -> Answer:
    """A-23 by buyer: a client, whose date it may be, or an Activity, whose holder sets it. Shape: buyer × year."""
    panels.dataset.need("contracts.created_on")
    c = panels.started.mutate(buyer=ibis.cases((_.client_id.notnull(), "client"), else_="Activity"))
    return Answer(_notice(c, ["buyer", "year"]), ("buyer", "year"))


def _pauses(panels: Panels):
    """Pauses of at least 30 days from which the worker came back, and how the month before was billed.

    Columns: worker_id, year, high and low (0 or 1): the worker was billed more than the own P75, or less than the own
    P25, in the month of the last day of work; usual_high and usual_low: the same of all own months with work. Quarters
    are those of the worker's months with an invoice, of which there must be 8.
    """
    billed = panels.invoiced_month.select("worker_id", "month", x="real_cents")
    own = billed.group_by("worker_id").agg(p25=_.x.quantile(0.25), p75=_.x.quantile(0.75), n=_.count())
    own = own.filter(_.n >= BILLED_MONTHS)
    worked = panels.worker_month.select("worker_id", "month").join(own, "worker_id").left_join(
        billed, ["worker_id", "month"]).select("worker_id", "month", "p25", "p75", x=_.x.fill_null(0.0))
    worked = worked.mutate(high=(_.x > _.p75).cast("float64"), low=(_.x < _.p25).cast("float64"))
    usual = worked.group_by("worker_id").agg(usual_high=_.high.mean(), usual_low=_.low.mean())
    s = spells(panels, PAUSE - 1)
    s = s.mutate(next_on=_.start_on.lead().over(ibis.window(group_by="worker_id", order_by="spell")))
    s = s.filter(_.next_on.notnull()).select("worker_id", month=month_of(_.end_on))
    s = s.join(worked.select("worker_id", "month", "high", "low"), ["worker_id", "month"]).join(usual, "worker_id")
    return s.mutate(year=(_.month // 12).cast("int32"))


def _shares_of_pauses(pauses, keys):
    return pauses.group_by(keys).agg(
        workers=_.worker_id.nunique(), pauses=_.count(), after_high=_.high.mean(), after_low=_.low.mean(),
        usual_high=_.usual_high.mean(), usual_low=_.usual_low.mean())


def chosen_pauses(panels: Panels) -> Answer:
    """A-24. Pauses of 30 days or more that begin after a month billed above the worker's own P75, or below the own P25.

    `usual_high` and `usual_low` say how often the own months with work are so billed at all, averaged over pauses: what
    would be seen if pauses began in any month. Unit: share of pauses, 0–1. Shape: tool (whether the worker ever has an
    Activity). Reading: more pauses than usual after good months look planned, after bad ones forced.
    Pitfalls: a month cut short by the pause is billed less for that very reason, the more so without an Activity; a
    pause without return is not counted, for it cannot be told from an exit (A-50); work elsewhere is not seen.
    """
    panels.dataset.need("invoices")
    p = _pauses(panels).mutate(tool=ibis.literal("contracts alone"))
    if panels.dataset.has("activities"):
        owner = p.worker_id.isin(panels.dataset.table("activities").owner_id)
        p = p.mutate(tool=owner.ifelse("with an Activity", "contracts alone"))
    return Answer(_shares_of_pauses(p, ["tool"]), ("tool",))


def chosen_pauses_by_year(panels: Panels, by: str | None = None) -> Answer:
    """A-24 by the year in which the pause begins (× group); columns as in `chosen_pauses`."""
    panels.dataset.need("invoices")
    keys = ("year", by) if by else ("year",)
    return Answer(_shares_of_pauses(panels.with_traits(_pauses(panels), by), keys), keys)
