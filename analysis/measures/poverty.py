"""Security: enough to live on? Pay against the poverty line, time, and several deprivations at once (S-50 … S-62).

Only pay through Smart is seen, and only of the person: no other job, no benefit, no partner. What falls below a line
here is *Smart earnings alone*, not a household in poverty. Lines and medians are those of `living_standards`.
"""

from functools import reduce
from math import ceil
from operator import add

import ibis
from ibis import _

from analysis import law
from analysis.measures import dependence
from analysis.measures.answer import Answer
from analysis.panels import Panels, days_between

FINE = 10_000                       # parts of an hour: hundredths of an hour in a day × hundredths of a day
VERY_LOW, LOW = 0.20, 0.50          # of a full-time year
POOR_FROM = 1 / 3                   # of the deprivations
LOW_PAY = 0.60                      # of the median of full-time employees
UNEVEN = 0.50                       # coefficient of variation of the twelve months
IDLE = 4                            # months without work
COVERED = 6                         # months of the year
LATE = 30                           # days from the end of a contract to its pay
DIMENSIONS = {
    "low_pay": "low pay", "uneven": "uneven months", "idle": "months without work", "uncovered": "no benefit rights",
    "dependent": "one client", "late": "paid late",
}
AVERSIONS = {"arithmetic": 1, "geometric": 0, "harmonic": -1, "cautious": -3}     # β of the generalised mean
LEAST_YEAR = 0.05                   # of the median year
EDGE = 1e-9                         # a threshold of thirds is no whole number of sixths in binary


def _full_time() -> int:
    """A full-time year, in parts of an hour: whole numbers, so that a threshold is met or not, whatever the engine."""
    return round(52 * FINE * law.rate("full_time_week"))


def _by_year(panels: Panels, **values):
    """`values` (name → function of a year) as a table of the scope's years."""
    years = list(range(panels.scope.first_year, panels.scope.last_year + 1))
    return ibis.memtable({"year": years, **{name: [float(of(y)) for y in years] for name, of in values.items()}},
                         schema=ibis.schema({"year": "int32", **dict.fromkeys(values, "float64")}))


def gross_line(year: int) -> float:
    """The poverty line of a single person as gross pay, EUR of the year: disposable ÷ (1 − employee contributions).

    Neither tax nor the work bonus is counted, which go opposite ways at low pay.
    """
    return law.living_standard("poverty_line", year) / (1 - law.rate("employee_contributions"))


def _years(panels: Panels, population: str, by: str | None, interior: bool):
    """The worker-years of a population with pay (nominal EUR), time (parts of an hour), and the year's poverty line.

    Hours that are not recorded count 7.6 for each declared day.
    """
    y = panels.population(population)
    y = panels.with_traits(y.filter(_.interior) if interior else y, by)
    day = round(20 * law.rate("full_time_week"))                    # hundredths of an hour
    m = panels.contract_month.mutate(year=(_.month // 12).cast("int32"))
    m = m.mutate(worked=ibis.coalesce(100 * _.hours_100, day * _.days_100))
    m = m.group_by("worker_id", "year").agg(worked=_.worked.sum())
    y = y.join(m, ["worker_id", "year"]).join(_by_year(panels, line=gross_line), "year")
    return y.mutate(pay=_.gross_cents / 100)


def _keys(by: str | None) -> tuple[str, ...]:
    return ("year", by) if by else ("year",)


def _share(condition):
    return condition.cast("float64").mean()


# -- the line --------------------------------------------------------------------------------------------------

def low_pay_line(year: int) -> float:
    """60 % of the median gross pay of a full-time employee, EUR of the year for twelve months."""
    return LOW_PAY * 12 * law.living_standard("full_time_median", year)


def below_poverty_line(panels: Panels, population: str = "P0", by: str | None = None, interior: bool = False) -> Answer:
    """S-50. Share of workers whose gross pay through Smart in a year is below the poverty line of a single person.

    1[E_iy < z_y]. Values: `share`; `gap`, mean of (z − E)⁺ ÷ z over all; `middle`, the median of E ÷ z; `line`, z in
    gross EUR of the year. `interior` keeps the years that are neither of entry nor of exit. Unit: share, 0–1. Shape:
    year (× group). Source: Foster, Greer & Thorbecke 1984. Pitfalls: the line is one of disposable income of a
    household, made gross by the employee contributions alone; other pay, benefits and partners are not seen. Read it as
    "Smart earnings alone below the line", never as in-work poverty.
    """
    y = _years(panels, population, by, interior).mutate(ratio=_.pay / _.line)
    y = y.group_by(_keys(by)).agg(
        workers=_.worker_id.nunique(), share=_share(_.pay < _.line), gap=ibis.greatest(1 - _.ratio, 0.0).mean(),
        middle=_.ratio.median(), line=_.line.mean())
    return Answer(y, _keys(by))


def work_intensity(panels: Panels, population: str = "P0", by: str | None = None, interior: bool = False) -> Answer:
    """S-51. How much of a full-time year is worked through Smart: WI = Σ hours ÷ (38 × 52).

    Values: `very_low`, share of workers below 0.20, `low`, below 0.50, and the median `middle`. Hours not recorded
    count 7.6 for each declared day. Unit: share, 0–1. Shape: year (× group). Pitfall: work elsewhere is not seen; the
    European measure of low work intensity is one of households.
    """
    full = _full_time()
    y = _years(panels, population, by, interior).group_by(_keys(by)).agg(
        workers=_.worker_id.nunique(), very_low=_share(_.worked < round(VERY_LOW * full)),
        low=_share(_.worked < round(LOW * full)), middle=(_.worked / full).median())
    return Answer(y, _keys(by))


def pay_or_time(panels: Panels, population: str = "P0", by: str | None = None, interior: bool = False) -> Answer:
    """S-52. Of the workers below the poverty line: for want of pay per hour, or for want of hours?

    With w* = z ÷ h* the hourly pay that reaches the line in a full-time year h*: ln(E ÷ z) = ln(w ÷ w*) + ln(h ÷ h*),
    exactly. Values, means over the workers below the line with pay: `shortfall` = `pay` + `time`, the two logs; shares
    `pay_only` (w < w*, h ≥ h*), `time_only` (w ≥ w*, h < h*) and `both`, which sum to 1. Unit: log points; share.
    Shape: year (× group). Reading: a time part of −1.6 means a fifth of a full-time year. Pitfall: hours are declared,
    or 7.6 a day; where they are set so that pay meets the minimum, want of pay shows as want of time.
    """
    full = _full_time()
    y = _years(panels, population, by, interior).filter((_.pay < _.line) & (_.pay > 0) & (_.worked > 0))
    y = y.mutate(time=(_.worked / full).ln(), pay=((_.pay / _.worked) / (_.line / full)).ln(),
                 shortfall=(_.pay / _.line).ln(), short=_.worked < full)
    y = y.group_by(_keys(by)).agg(
        workers=_.worker_id.nunique(), shortfall=_.shortfall.mean(), pay=_.pay.mean(), time=_.time.mean(),
        pay_only=_share((_.pay < 0) & ~_.short), time_only=_share((_.pay >= 0) & _.short),
        both=_share((_.pay < 0) & _.short))
    return Answer(y, _keys(by))


# -- several deprivations at once ------------------------------------------------------------------------------

def dimensions(panels: Panels) -> tuple[str, ...]:
    """The dimensions of DIMENSIONS that the dataset can tell; each has the same weight."""
    needs = {"dependent": "contracts.client_id", "late": "contracts.paid_on"}
    return tuple(d for d in DIMENSIONS if d not in needs or panels.dataset.has(needs[d]))


def deprivations(panels: Panels, population: str = "P0"):
    """S-61. One row per worker and interior year: worker_id, year, and 0 or 1 for each of `dimensions`.

    low_pay: gross pay < 60 % of the national full-time median. uneven: cv of the twelve months' pay > 0.5. idle: at
    least four months without work. uncovered: fewer than six months in which work through Smart alone would open
    unemployment benefit (S-31). dependent: a client with at least three quarters of what is billed for the worker (of
    pay where there are no invoices), in a year of at least 20 declared days (A-02). late: a contract that ends in the
    year paid more than 30 days later, or not by the end of the study.
    """
    year = ["worker_id", "year"]
    y = panels.population(population).filter(_.interior).join(_by_year(panels, least=low_pay_line), "year")
    y = y.select(*year, low_pay=_.gross_cents / 100 < _.least, idle=12 - _.months >= IDLE)
    seen = dimensions(panels)
    for name, part in {"uneven": _uneven, "uncovered": _uncovered, "dependent": _dependent, "late": _late}.items():
        if name in seen:
            p = part(panels)
            y = y.left_join(p, year).select(*y.columns, **{name: p[name].fill_null(False)})
    return y.select(*year, **{name: y[name].cast("int32") for name in seen})


def _uneven(panels: Panels):
    m = panels.worker_month.mutate(y=_.real_cents / 100)
    m = m.group_by("worker_id", "year").agg(mean=_.y.sum() / 12, squares=(_.y * _.y).sum())
    variance = (m.squares - 12 * m.mean * m.mean) / 11
    return m.select("worker_id", "year", uneven=variance > UNEVEN**2 * m.mean * m.mean)


def _uncovered(panels: Panels):
    m = panels.coverage_month.mutate(year=(_.month // 12).cast("int32"))
    m = m.group_by("worker_id", "year").agg(months=_.covered.cast("int32").sum())
    return m.select("worker_id", "year", uncovered=_.months < COVERED)


def _dependent(panels: Panels):
    largest = dependence.shares(panels, "invoice" if panels.dataset.has("invoices") else "pay")
    return largest.select("worker_id", "year", dependent=_.share >= law.rate("dominant_share"))


def _late(panels: Panels):
    end = ibis.date(panels.scope.last_year, 12, 31)
    c = panels.contracts
    waited = days_between(c.end_on, ibis.coalesce(c.paid_on, end))
    c = c.mutate(year=c.end_on.year().cast("int32"), over=(waited > LATE).cast("int32"))
    return c.group_by("worker_id", "year").agg(late=_.over.max() == 1)


def least_deprivations(k: float, number: int) -> int:
    """How many of `number` deprivations of equal weight reach a share of `k`."""
    return max(1, ceil(k * number - EDGE))


def alkire_foster(table, names, least: int, keys):
    """H, A and M0 by `keys`, of a table with one 0/1 column for each deprivation of `names` and a worker_id.

    Deprived in `least` of them or more is poor. H = share who are poor; A = mean share of deprivations of the poor (nan
    where nobody is); M0 = H · A = mean share of deprivations, those who are not poor counting 0.
    """
    t = table.mutate(score=reduce(add, [table[n] for n in names]))
    t = t.mutate(poor=(t.score >= least).cast("float64"), share=t.score / len(names))
    t = t.mutate(censored=_.poor * _.share)
    t = t.group_by(keys).agg(workers=_.worker_id.nunique(), h=_.poor.mean(), a=_.share.mean(where=_.poor == 1),
                             m0=_.censored.mean())
    return t.select(*keys, "workers", "h", "a", "m0")


def precariousness(panels: Panels, population: str = "P0", by: str | None = None, k: float = POOR_FROM) -> Answer:
    """S-61. Multidimensional precariousness (Alkire–Foster): how many workers are deprived in several ways, how deeply.

    Deprivations as in `deprivations`, of equal weight; a worker is precarious from a share `k` of them on (a third: two
    of six). Values: `h`, share who are; `a`, mean share of deprivations among them; `m0` = h · a. With `by` also
    `contribution`, n_g · M0_g ÷ Σ n · M0, the group's part of all precariousness, and `part`, its part of the workers.
    Unit: share, 0–1. Shape: year (× group). Source: Alkire & Foster 2011. Pitfalls: a dimension that the dataset cannot
    tell is left out, so that datasets with different columns do not compare; equal weights are a choice; several of the
    dimensions hang together, for few months of work make a year idle, uneven, badly paid and uncovered at once.
    """
    names = dimensions(panels)
    d = panels.with_traits(deprivations(panels, population), by)
    table = alkire_foster(d, names, least_deprivations(k, len(names)), _keys(by))
    if by:
        year = ibis.window(group_by="year")
        weight = table.workers * table.m0
        table = table.mutate(contribution=weight / weight.sum().over(year).nullif(0),
                             part=table.workers / table.workers.sum().over(year))
    return Answer(table, _keys(by))


def precariousness_at_every_k(panels: Panels, population: str = "P0") -> Answer:
    """S-61 for every threshold: `least` = 1 … all deprivations make a worker precarious.

    Values as in `precariousness`, and `k`, the threshold as a share of the deprivations. Shape: least × year. Reading:
    a finding that holds for one threshold only is a finding about the threshold.
    """
    names, d = dimensions(panels), deprivations(panels, population)
    number = len(names)
    parts = [alkire_foster(d, names, n, ("year",)).mutate(least=ibis.literal(n, "int32"), k=ibis.literal(n / number))
             for n in range(1, number + 1)]
    return Answer(ibis.union(*parts), ("least", "year"))


def precariousness_by_dimension(panels: Panels, population: str = "P0", k: float = POOR_FROM) -> Answer:
    """S-61 by dimension: who lacks what.

    Values: `deprived`, share of all workers; `censored`, share who are deprived in it and precarious; `contribution` =
    weight × censored ÷ M0, the parts of which sum to 1. Unit: share, 0–1. Shape: dimension × year.
    """
    names = dimensions(panels)
    d, least = deprivations(panels, population), least_deprivations(k, len(names))
    d = d.mutate(poor=(reduce(add, [d[n] for n in names]) >= least).cast("float64"))
    d = d.mutate(score=d.poor * reduce(add, [d[n] for n in names]))
    parts = [d.group_by("year").agg(
        workers=_.worker_id.nunique(), deprived=d[name].cast("float64").mean(), censored=(d[name] * d.poor).mean(),
        contribution=(d[name] * d.poor).sum() / d.score.sum().nullif(0),
    ).mutate(dimension=ibis.literal(name)) for name in names]
    return Answer(ibis.union(*parts), ("dimension", "year"))


# -- the quality of earnings -----------------------------------------------------------------------------------

def earnings_quality(panels: Panels, population: str = "P0", by: str | None = None) -> Answer:
    """S-62. Real annual pay as one number that dislikes inequality: the generalised mean μ_β = (mean E^β)^(1/β).

    β = 1 arithmetic mean, 0 geometric, −1 harmonic, −3 `cautious`: the lower β, the more the low years weigh. Years
    below 5 % of the median count as 5 %: lower orders would otherwise tell the pay of the worst-paid person alone.
    `equality` = cautious ÷ arithmetic, 1 for equal pay. Unit: EUR of the last year. Shape: year (× group).
    Source: Cazes, Hijzen & Saint-Martin 2015, adapted: their order of the mean has not been verified.
    """
    y = panels.population(population).filter(_.real_cents > 0).mutate(pay=_.real_cents / 100)
    y = y.join(y.group_by("year").agg(middle=_.pay.median()), "year")     # not every engine has medians over windows
    y = panels.with_traits(y.mutate(pay=ibis.greatest(_.pay, LEAST_YEAR * _.middle)), by)
    means = {name: y.pay.ln().mean().exp() if beta == 0 else (y.pay**beta).mean() ** (1 / beta)
             for name, beta in AVERSIONS.items()}
    y = y.group_by(_keys(by)).agg(workers=_.worker_id.nunique(), **means)
    return Answer(y.mutate(equality=_.cautious / _.arithmetic), _keys(by))
