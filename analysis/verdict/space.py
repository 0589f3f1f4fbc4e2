"""The space of security and autonomy: where worker-years stand, by two indices with fixed goalposts (methods 8.5).

The goalposts stand in book/criteria.toml. An index is the plain mean of its dimensions, each between 0 and 1; the mean
lets a good dimension make up for a bad one, which the chapter on robustness of the verdict relaxes.
"""

from functools import lru_cache

import ibis
from ibis import _

from analysis import law
from analysis.engines import keep
from analysis.measures.answer import Answer
from analysis.measures.pricing import posted_prices
from analysis.panels import Panels, days_between
from analysis.verdict import criteria

CELLS = 10      # of the map, along each index
KEY = ["worker_id", "year"]
QUADRANTS = ("secure and autonomous", "secure, dependent", "autonomous, insecure", "neither")
GONE = "not in the space a year later"


def _security(panels: Panels):
    """Raw values of the dimensions of security, by worker and year: those that the dataset can tell."""
    y = panels.worker_year
    full_time = 12 * law.minimum_wage(f"{panels.scope.last_year}-07-01")
    months = panels.worker_month.group_by(KEY).agg(total=_.real_cents.sum(), squares=(_.real_cents**2).sum())
    months = months.mutate(mean=_.total / 12).mutate(
        variance=ibis.greatest((_.squares - 12 * _.mean * _.mean) / 11, 0.0))
    months = months.select(*KEY, steadiness=(_.mean > 0).ifelse(_.variance.sqrt() / _.mean, ibis.null("float64")))
    covered = panels.coverage_month.mutate(year=(_.month // 12).cast("int32")).group_by(KEY).agg(
        protection=_.covered.cast("float64").sum())
    raw = y.select(*KEY, pay=y.real_cents / full_time, continuity=y.months.cast("float64"))
    raw = _with(_with(raw, months), covered)
    if panels.dataset.has("contracts.paid_on"):
        c = panels.contracts.filter(_.paid_on.notnull() & (_.gross_cents > 0))
        c = c.mutate(year=_.end_on.year().cast("int32"), wait=days_between(_.end_on, _.paid_on))
        raw = _with(raw, c.group_by(KEY).agg(promptness=(_.wait * _.gross_cents).sum() / _.gross_cents.sum()))
    return raw


def _autonomy(panels: Panels):
    """Raw values of the dimensions of autonomy, by worker and year: those that the dataset can tell."""
    y, bought = panels.worker_year, panels.pair_year
    own = y.select(*KEY, total="gross_cents")
    paid = bought.group_by(KEY).agg(outside=_.gross_cents.sum())
    raw = _with(own, paid).select(*KEY, tools=(_.total > 0).ifelse(
        1 - _.outside.fill_null(0) / _.total, ibis.null("float64")))
    amount = "invoiced_cents" if panels.dataset.has("invoices") else "gross_cents"
    shares = bought.filter(bought[amount] > 0).group_by(KEY).agg(clients=_[amount].max() / _[amount].sum())
    posted = bought.join(posted_prices(panels).select("client_id", "year", "posted"), ["client_id", "year"], how="left")
    posted = posted.filter(_.days_100 > 0).group_by(KEY).agg(
        price=(_.posted.fill_null(0.0) * _.days_100).sum() / _.days_100.sum())
    raw = _with(_with(raw, shares), posted)
    if panels.dataset.has("contracts.created_on"):
        c = panels.started.filter(_.created_on.notnull()).mutate(ahead=days_between(_.created_on, _.start_on))
        raw = _with(raw, c.group_by(KEY).agg(notice=_.ahead.median().cast("float64")))
    return raw


def _with(left, right):
    """`left` and what `right` knows of the same worker-years, null where it knows nothing."""
    joined = left.left_join(right, KEY)
    return joined.select(*left.columns, *(c for c in right.columns if c not in KEY))


@lru_cache(maxsize=4)       # every measure of a chapter reads them, with and without couriers
def places(panels: Panels):
    """One row per worker and year of the registered population: its dimensions, from 0 to 1, and the two indices.

    A dimension is (value − worst) ÷ (best − worst), cut off at 0 and 1; null where it is not known. An index is the
    mean of the known dimensions. Columns: worker_id, year, span (text), the dimensions, security, autonomy.
    """
    s = criteria.space()
    people = panels.population(s.population).select(*KEY)
    parts = {}
    for index, raw in (("security", _security(panels)), ("autonomy", _autonomy(panels))):
        known = [d for d in getattr(s, index) if d.name in raw.columns]
        people = _with(people, raw.select(*KEY, **{d.name: _between(raw[d.name], d) for d in known}))
        parts[index] = [d.name for d in known]
    people = people.mutate(
        span=_span(people.year, panels.scope, s.span),
        **{index: _mean([people[name] for name in names]) for index, names in parts.items()})
    return keep(people.filter(_.security.notnull() & _.autonomy.notnull()))


def _span(year, scope, length: int):
    """The span of years that `year` lies in, as text: 2001–2005."""
    starts = range(scope.first_year, scope.last_year + 1, length)
    return ibis.cases(*((year < a + length, f"{a}–{min(a + length - 1, scope.last_year)}") for a in starts),
                      else_="later")


def _between(value, d: criteria.Dimension):
    """0 at the worst goalpost, 1 at the best; engines disagree on what the least of nothing and a number is."""
    scaled = (value.cast("float64") - d.worst) / (d.best - d.worst)
    return value.isnull().ifelse(ibis.null("float64"), ibis.greatest(ibis.least(scaled, 1.0), 0.0))


def _mean(columns):
    known = sum(c.notnull().cast("float64") for c in columns)
    return (known > 0).ifelse(sum(c.fill_null(0.0) for c in columns) / known, ibis.null("float64"))


def _quadrant(p):
    """In which of QUADRANTS a place lies."""
    middle = criteria.space().middle
    safe, free = p.security >= middle, p.autonomy >= middle
    return ibis.cases((safe & free, QUADRANTS[0]), (safe, QUADRANTS[1]), (free, QUADRANTS[2]), else_=QUADRANTS[3])


def density(panels: Panels) -> Answer:
    """The map of places: share of the worker-years of a span in each of 10 × 10 cells of the two indices.

    Unit: share, 0–1; `security` and `autonomy` are the middles of the cell. Shape: span × security × autonomy. Pitfall:
    a cell of few workers is emptied by the guard, so that what is drawn can add up to less than 1.
    """
    p = places(panels)
    cell = {index: (ibis.least((p[index] * CELLS).floor(), CELLS - 1) + 0.5) / CELLS for index in
            ("security", "autonomy")}
    p = p.select("worker_id", "span", **cell).group_by("span", "security", "autonomy").agg(
        workers=_.worker_id.nunique(), years=_.count())
    p = p.mutate(share=_.years / _.years.sum().over(ibis.window(group_by="span")))
    return Answer(p.drop("years"), ("span", "security", "autonomy"))


def quadrants(panels: Panels, by: str | None = None) -> Answer:
    """Share of the workers of a year (or, with `by`, of a span and group) in each of the four QUADRANTS.

    Unit: share, 0–1. Shape: quadrant × year, or quadrant × span × group. Reading: the middle of the goalposts is a
    convention; read the changes.
    """
    p = panels.with_traits(places(panels), by)
    when = ["span", by] if by else ["year"]
    p = p.mutate(quadrant=_quadrant(p)).group_by(*when, "quadrant").agg(
        workers=_.worker_id.nunique(), rows=_.count())
    p = p.mutate(share=_.rows / _.rows.sum().over(ibis.window(group_by=when)))
    return Answer(p.drop("rows"), ("quadrant", *when))


def flows(panels: Panels) -> Answer:
    """Where the workers of a quadrant are one year later: share of those who were there, all years together.

    Unit: share, 0–1; the shares of a quadrant sum to 1. Shape: quadrant × quadrant a year later, or GONE: no place in
    the next year. The last year of the scope has no next one, and is left out.
    """
    p = places(panels)
    p = p.select(*KEY, before=_quadrant(p))
    later = p.select("worker_id", year=(p.year - 1).cast("int32"), after="before")
    pairs = _with(p.filter(p.year < panels.scope.last_year), later).mutate(after=_.after.fill_null(GONE))
    pairs = pairs.group_by("before", "after").agg(workers=_.worker_id.nunique(), rows=_.count())
    pairs = pairs.mutate(share=_.rows / _.rows.sum().over(ibis.window(group_by="before")))
    return Answer(pairs.drop("rows"), ("before", "after"))


def dimensions(panels: Panels) -> Answer:
    """Mean of each dimension by year, and of the two indices: what moves the places.

    Unit: 0–1. Shape: dimension × year; `known` is the share of the workers of the year for whom it is known.
    """
    p = places(panels)
    names = [c for c in p.columns if c not in (*KEY, "span")]
    parts = [p.group_by("year").agg(
        workers=_.worker_id.nunique(where=p[name].notnull()), mean=p[name].mean(),
        known=p[name].notnull().cast("float64").mean()).mutate(dimension=ibis.literal(name)) for name in names]
    return Answer(ibis.union(*parts), ("dimension", "year"))


def parts() -> dict[str, list[str]]:
    """The registered dimensions of each index, the index itself last."""
    s = criteria.space()
    return {index: [*(d.name for d in getattr(s, index)), index] for index in ("security", "autonomy")}


def middles(panels: Panels, by: str) -> Answer:
    """The median security and autonomy of each group of `by` in each span. Unit: 0–1. Shape: span × group."""
    p = panels.with_traits(places(panels), by).group_by("span", by).agg(
        workers=_.worker_id.nunique(), security=_.security.median(), autonomy=_.autonomy.median())
    return Answer(p, ("span", by))
