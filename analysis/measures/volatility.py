"""Security: how much pay moves (S-10 … S-19), on three clocks.

`accrual` counts pay when the work is done, `cash` when it is paid out, `invoiced` when the client is billed. Since a
worker with an Activity chooses when to turn invoices into pay, none of the three alone means insecurity: the contrast
between them is the finding.
"""

from math import sqrt

import ibis
import pandas as pd
from ibis import _

from analysis.errors import unknown
from analysis.measures.answer import Answer
from analysis.panels import Panels, month_of

CLOCKS = {"accrual": "when the work is done", "cash": "when it is paid out", "invoiced": "when the client is billed"}
LARGE = 50                  # arc-percent
SPIKE, DIP = 1.25, 0.75     # of the worker's monthly mean
WINDOW = 5                  # years of the permanent–transitory window
MOST_UNEVEN = sqrt(12)      # the cv of a year whose pay falls in one month
ROUNDING = 1e-9             # equal cv differ by less, depending on the order in which an engine adds
MINIMUM_YEAR = 0.05         # of the median; below it a year is too small for logarithms


def _months(panels: Panels, clock: str):
    """worker_id, year, month, y (real EUR): the months with an amount on one clock of CLOCKS."""
    if clock not in CLOCKS:
        raise unknown("clock", clock, CLOCKS)
    panel = {"accrual": "worker_month", "cash": "cash_month", "invoiced": "invoiced_month"}[clock]
    return getattr(panels, panel).select("worker_id", "year", "month", y=_.real_cents / 100)


def _clocks(panels: Panels):
    """The clocks that the dataset can tell."""
    needs = {"accrual": "contracts", "cash": "contracts.paid_on", "invoiced": "invoices"}
    return [clock for clock in CLOCKS if panels.dataset.has(needs[clock])]


def _interior(panels: Panels, population: str):
    return panels.population(population).filter(_.interior).select("worker_id", "year")


def year_profiles(panels: Panels, clock: str, population: str = "P1"):
    """The `_profiles` of the months of one clock."""
    return _profiles(panels, _months(panels, clock), population)


def _profiles(panels: Panels, months, population: str):
    """One row per worker and interior year: total, mean, cv (S-13), spikes, dips (S-14), worst3 (S-18), floor (S-19).

    All twelve months count; a month without pay is a zero. cv = sd₁₂ ÷ mean₁₂ with divisor 11, between 0 and √12.
    """
    m = _interior(panels, population).join(months, ["worker_id", "year"])
    slots = ibis.memtable({"slot": list(range(12))}, schema=ibis.schema({"slot": "int32"}))
    grid = m.group_by("worker_id", "year").agg(total=_.y.sum()).filter(_.total > 0).cross_join(slots)
    pay = m.select("worker_id", "year", "y", slot=(_.month % 12).cast("int32"))
    grid = grid.left_join(pay, ["worker_id", "year", "slot"]).select(
        "worker_id", "year", "slot", "total", y=_.y.fill_null(0.0), mean=_.total / 12)
    moving = ibis.window(group_by=["worker_id", "year"], order_by="slot", preceding=2, following=0)
    ranked = ibis.window(group_by=["worker_id", "year"], order_by=["y", "slot"])
    grid = grid.mutate(three=_.y.sum().over(moving), rank=ibis.row_number().over(ranked))
    return grid.group_by("worker_id", "year").agg(
        total=_.total.max(), cv=_.y.std(how="sample") / _.mean.max(),
        spikes=(_.y > SPIKE * _.mean).cast("float64").mean(), dips=(_.y < DIP * _.mean).cast("float64").mean(),
        worst3=_.y.mean(where=_.rank < 3) / _.mean.max(),
        semideviation=(ibis.greatest(_.mean - _.y, 0) * ibis.greatest(_.mean - _.y, 0)).mean().sqrt() / _.mean.max(),
        floor=_.three.min(where=_.slot >= 2) / (_.total.max() / 4))


def within_year(panels: Panels, population: str = "P1", by: str | None = None) -> Answer:
    """S-13, S-14, S-18, S-19. How uneven the twelve months of a year are, on each clock.

    Values: median over workers of the coefficient of variation `cv` (0 = twelve equal months, 3.46 = one single month),
    and `cv_unit` = cv ÷ √12, between 0 and 1; mean shares of months above 125 % (`spikes`) and below 75 % (`dips`) of
    the worker's own mean; `worst3`, mean of the worst three months over the mean; `semideviation`, root mean square of
    what the months lack to the mean, over the mean; `floor`, lowest sum of three successive months over a quarter of
    the year.
    Shape: year × clock (× group). Source: Hannagan & Morduch 2015; Farrell & Greig 2015. Pitfall: with twelve months
    the cv is biased towards zero for skewed pay.
    """
    keys = ("clock", "year", by) if by else ("clock", "year")
    parts = []
    for clock in _clocks(panels):
        p = panels.with_traits(year_profiles(panels, clock, population), by).mutate(clock=ibis.literal(clock))
        parts.append(p.group_by(keys).agg(
            workers=_.worker_id.nunique(), cv=_.cv.median(), cv_unit=_.cv.median() / MOST_UNEVEN,
            spikes=_.spikes.mean(), dips=_.dips.mean(), worst3=_.worst3.mean(),
            semideviation=_.semideviation.mean(), floor=_.floor.mean()))
    return Answer(ibis.union(*parts), keys)


def smoothing(panels: Panels, population: str = "P1") -> Answer:
    """S-17. Smoothing delivered: 1 − cv(cash pay) ÷ cv(invoiced), same worker and year, where an Activity is open.

    Above 0 the worker is paid more evenly than clients are billed; years billed in twelve equal months stay out. Values
    over workers: median `smoothing`; the share `smoothed` above 0; `net`, the median against invoices less the
    purchases of the worker's Activities in their month of booking (empty where no purchases are recorded). Unit: pure
    number; share 0–1. Shape: year.
    Pitfalls: an invoice pays for purchases too, which are not pay and may come in lumps, hence `net`; fees and
    contributions are proportional and leave a cv as it is. Invoices that come at one's own choice may be no evener than
    the work, and smoothing across years is not seen. Pay bought by clients without the Activity counts on both sides.
    The comparison is of one worker with himself; it does not say what would have happened without the Activity.
    """
    panels.dataset.need("activities", "invoices", "contracts.paid_on")
    cash = with_account(panels, year_profiles(panels, "cash", population)).select("worker_id", "year", cash="cv")
    billed = year_profiles(panels, "invoiced", population).select("worker_id", "year", billed="cv")
    s = cash.join(billed, ["worker_id", "year"]).filter(_.billed > 0)
    s = s.mutate(smoothing=1 - _.cash / _.billed)
    keys = ["worker_id", "year"]
    if panels.dataset.has("expenses"):
        net = _profiles(panels, _net_of_purchases(panels), population).select(*keys, net="cv")
        s = s.left_join(net, keys).select(*s.columns, net=1 - s.cash / net.net.nullif(0))
    else:
        s = s.mutate(net=ibis.null("float64"))
    s = s.group_by("year").agg(workers=_.worker_id.nunique(), smoothing=_.smoothing.median(),
                               smoothed=(_.smoothing > ROUNDING).cast("float64").mean(), net=_.net.median())
    return Answer(s, ("year",))


def with_account(panels: Panels, years):
    """The rows of `years` (worker_id, year …) in which the worker owns an Activity, open for part of the year."""
    last = ibis.literal(panels.scope.last_year, "int32")
    own = panels.dataset.table("activities").select(
        "activity_id", worker_id="owner_id", since=_.opened_on.year().cast("int32"),
        until=ibis.coalesce(_.closed_on.year().cast("int32"), last))
    open_years = years.join(own, "worker_id").filter((_.year >= _.since) & (_.year <= _.until))
    open_years = open_years.select("worker_id", "year").distinct()
    return years.join(open_years, ["worker_id", "year"])


def _net_of_purchases(panels: Panels):
    """worker_id, year, month, y: what clients were billed less what the worker's Activities bought, real EUR."""
    owners = panels.dataset.table("activities").select("activity_id", worker_id="owner_id")
    bought = panels.dataset.table("expenses").join(owners, "activity_id").mutate(month=month_of(_.booked_on))
    bought = panels.in_scope(bought).group_by("worker_id", "month").agg(gross_cents=-_.amount_cents.sum())
    bought = panels.real(bought).mutate(year=(_.month // 12).cast("int32"))
    billed = _months(panels, "invoiced")
    both = ibis.union(billed, bought.select("worker_id", "year", "month", y=_.real_cents / 100))
    return both.group_by("worker_id", "year", "month").agg(y=_.y.sum())


def arc_changes(panels: Panels, clock: str, population: str = "P0"):
    """S-10. worker_id, year, arc, `attached`: 100 · (Y_t − Y_{t−1}) ÷ ½(Y_t + Y_{t−1}), in [−200, 200].

    A year without pay (or billed less than it was credited) counts as 0 next to a year with pay, so that entry gives
    +200 and exit −200; `attached` is true where both years have pay. At least one of the two is in `population`. The
    first year of the study has no change, nor has the year after the last one.
    Source: Dahl, DeLeire & Schwabish 2011.
    """
    y = _months(panels, clock).group_by("worker_id", "year").agg(y=_.y.sum()).filter(_.y > 0)
    zero, next_year = ibis.literal(0.0), (_.year + 1).cast("int32")
    yes, no = ibis.literal(1, "int8"), ibis.literal(0, "int8")
    member = panels.population(population).select("worker_id", "year").mutate(now=zero, before=zero, member=yes)
    now = y.select("worker_id", "year", now="y", before=zero, member=no)
    before = y.select("worker_id", year=next_year, now=zero, before=_.y, member=no)
    rows = ibis.union(now, before, member, member.mutate(year=next_year))
    pairs = rows.group_by("worker_id", "year").agg(now=_.now.sum(), before=_.before.sum(), member=_.member.max())
    pairs = pairs.filter((_.member == 1) & (_.now + _.before > 0)).drop("member")
    pairs = pairs.filter(_.year.between(panels.scope.first_year + 1, panels.scope.last_year))
    return pairs.mutate(arc=200 * (_.now - _.before) / (_.now + _.before), attached=(_.now > 0) & (_.before > 0))


def between_years(panels: Panels, population: str = "P0", attached: bool = True) -> Answer:
    """S-11, S-12. How much annual pay changes from one year to the next, on each clock.

    Values: `sd`, standard deviation of arc-percent changes over workers; shares with a change of 50 or more (`large`)
    and with a fall of 50 or more (`falls`). `attached` leaves out entries and exits (±200 by construction).
    Unit: arc-percent; shares 0–1. Shape: year × clock.
    """
    parts = []
    for clock in _clocks(panels):
        a = arc_changes(panels, clock, population).mutate(clock=ibis.literal(clock))
        a = a.filter(_.attached) if attached else a
        parts.append(a.group_by("clock", "year").agg(
            workers=_.worker_id.nunique(), sd=_.arc.std(how="sample"),
            large=(_.arc.abs() >= LARGE).cast("float64").mean(), falls=(_.arc <= -LARGE).cast("float64").mean()))
    return Answer(ibis.union(*parts), ("clock", "year"))


def _log_residuals(panels: Panels, population: str):
    """worker_id, year, e: log real annual pay less the mean of the worker's age class, gender and year."""
    y = panels.population(population).mutate(y=_.real_cents / 100)
    # Not every engine has medians over windows.
    y = y.join(y.group_by("year").agg(middle=_.y.median()), "year").filter(_.y >= MINIMUM_YEAR * _.middle)
    w = panels.dataset.table("workers").select("worker_id", "birth_year", gender=_.gender.fill_null("?"))
    y = y.join(w, "worker_id").mutate(age=((_.year - _.birth_year) // 5).fill_null(-1), log=_.y.ln())
    alike = ibis.window(group_by=["year", "age", "gender"])
    return y.mutate(e=_.log - _.log.mean().over(alike)).select("worker_id", "year", "e")


def growth_distribution(panels: Panels, population: str = "P1") -> Answer:
    """S-15. The distribution of one-year growth g = ε_{t+1} − ε_t of residual log annual pay.

    ε is log real pay less the mean of the 5-year age class, gender and year. Values: `spread` P90 − P10; Kelley
    skewness [(P90 − P50) − (P50 − P10)] ÷ (P90 − P10), below 0 when falls are larger than rises; Crow–Siddiqui kurtosis
    (P97.5 − P2.5) ÷ (P75 − P25) − 2.91, 0 for a normal law; `dropped`, the share of workers of year t whose pay is
    below 5 % of the median: they have no ε. Shape: year t. Source: Guvenen, Karahan, Ozkan & Song 2021.
    Pitfall: those who are dropped are the most precarious, and so are those who have no pay in t + 1.
    """
    e = _log_residuals(panels, population)
    later = e.select("worker_id", year=(_.year - 1).cast("int32"), later="e")
    g = e.join(later, ["worker_id", "year"]).mutate(g=_.later - _.e)
    q = {f"q{int(1000 * p)}": _.g.quantile(p) for p in (0.025, 0.10, 0.25, 0.50, 0.75, 0.90, 0.975)}
    g = g.group_by("year").agg(workers=_.worker_id.nunique(), **q).mutate(
        spread=_.q900 - _.q100, kelley=((_.q900 - _.q500) - (_.q500 - _.q100)) / (_.q900 - _.q100),
        kurtosis=(_.q975 - _.q25) / (_.q750 - _.q250) - 2.91)
    everybody = panels.population(population).group_by("year").agg(everybody=_.count())
    kept = e.group_by("year").agg(kept=_.count())
    g = g.join(everybody, "year").join(kept, "year").mutate(dropped=1 - _.kept / _.everybody)
    return Answer(g.select("year", "workers", "spread", "kelley", "kurtosis", "dropped"), ("year",))


def permanent_transitory(panels: Panels, population: str = "P1") -> Answer:
    """S-16. Permanent and transitory variance of residual log pay over windows of 5 years, and their ratio.

    Transitory σ²_ν = mean over workers of their variance within the window; permanent σ²_μ = variance over workers of
    their window mean − σ²_ν ÷ 5. Unit: squared log points. Shape: last year of the window.
    Source: Gottschalk & Moffitt 1994. Pitfall: only workers present in all 5 years, the most attached, are seen.
    """
    e = _log_residuals(panels, population)
    window = ibis.window(group_by="worker_id", order_by="year", range=(1 - WINDOW, 0))
    e = e.mutate(n=_.e.count().over(window), mean=_.e.mean().over(window), var=_.e.var(how="sample").over(window))
    e = e.filter(_.n == WINDOW).group_by("year").agg(
        workers=_.worker_id.nunique(), transitory=_.var.mean(), between=_.mean.var(how="sample"))
    e = e.mutate(permanent=_.between - _.transitory / WINDOW)
    return Answer(e.select("year", "workers", "permanent", "transitory",
                           share_transitory=_.transitory / (_.permanent + _.transitory)), ("year",))


def year_and_month(panels: Panels) -> Answer:
    """Pay by calendar month, on the three clocks, as a share of the year. Unit: share, 0–1. Shape: clock × month."""
    parts = []
    for clock in _clocks(panels):
        m = _months(panels, clock).mutate(clock=ibis.literal(clock), calendar_month=(_.month % 12 + 1).cast("int32"))
        parts.append(m.group_by("clock", "calendar_month").agg(workers=_.worker_id.nunique(), pay=_.y.sum()))
    table = ibis.union(*parts)
    return Answer(table.mutate(share=_.pay / _.pay.sum().over(ibis.window(group_by="clock"))),
                  ("clock", "calendar_month"))


def carroll_samwick(panels: Panels, population: str = "P1", longest: int = 5, shortest: int = 1) -> Answer:
    """S-16 (b). Variance of k-year growth of residual log pay, k = `shortest` … `longest`, and the line through it.

    Var(ε_{t+k} − ε_t) = k · σ²_permanent + 2 · σ²_transitory. Unit: squared log points. Shape: k; a study too short
    for a k has no variance there, and needs two to have a line. Source: Carroll & Samwick 1997. Pitfall: a passing
    shock that lasts q years bends the line up to k = q; `shortest` = q + 1 leaves the bend out.
    """
    e = _log_residuals(panels, population)
    parts = []
    for k in range(shortest, longest + 1):
        later = e.select("worker_id", year=(_.year - k).cast("int32"), later="e")
        g = e.join(later, ["worker_id", "year"]).mutate(g=_.later - _.e)
        parts.append(g.agg(workers=_.worker_id.nunique(), variance=_.g.var(how="sample")).mutate(years=ibis.literal(k)))

    def fit(frame: pd.DataFrame) -> pd.DataFrame:
        import numpy as np

        known = frame.dropna(subset=["variance"])
        slope, intercept = np.polyfit(known["years"], known["variance"], 1) if len(known) > 1 else (np.nan, np.nan)
        return frame.assign(permanent=slope, transitory=intercept / 2)

    return Answer(ibis.union(*parts), ("years",), finish=fit)
