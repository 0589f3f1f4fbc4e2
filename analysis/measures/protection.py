"""Security: which rights the days worked through Smart open (S-30 … S-33).

Only work through Smart is seen. Days worked elsewhere, and days without work that the law counts as work (illness,
holidays, unemployment), are not: what is found covered here may be taken as covered, what is not found may be covered
all the same. Windows look back over up to 42 months, and over ten years before them, so that the first four years of a
study understate coverage, and a career shows only in its second half.

S-32, other rights: the table `other_rights` of `analysis.law` says which can be measured; `insured_days` measures one.
"""

import ibis
import pandas as pd
from ibis import _

from analysis import law
from analysis.measures.answer import Answer
from analysis.models import lifetable
from analysis.panels import Panels
from analysis.panels.coverage import artist_month

HORIZONS = (24, 36)                  # months from the first one with work
CURVE = range(0, 121, 3)             # months
LONGEST_GAP = 12                     # months
REPLACEMENT = (0.0, 0.5, 1.0)        # of pay: nothing, half, all


def _with_year(months):
    return months.mutate(year=(_.month // 12).cast("int32"))


def _worked_years(panels: Panels, population: str):
    """The months of `coverage_month` in the years in which the worker belongs to `population`."""
    years = panels.population(population).select("worker_id", "year")
    return _with_year(panels.coverage_month).join(years, ["worker_id", "year"])


def _shares(condition):
    return condition.cast("float64").mean()


def admissible_days(panels: Panels, population: str = "P0", by: str | None = None) -> Answer:
    """S-30. Days of a year that count for unemployment insurance: 6 for 5 declared days, lump sums by the fee.

    A_iy = Σ over the quarters of min(78, Σ over contracts of hours × 6 ÷ 38, else days × 6 ÷ 5, or for artistic lump
    sums gross ÷ reference fee). Unit: days of a six-day week, at most 312 a year. Values: mean and percentiles 25, 50,
    75, 90 over workers, and `per_declared_day` = Σ A ÷ Σ declared days: 1.2 for full days, more where a lump sum is
    worth several days, less for short days and beyond 78 days a quarter. Shape: year (× group). Source: the worked
    examples of Smart. Pitfall: a student's days count here too, though the law may not admit them.
    """
    a = _with_year(panels.admissible_month).group_by("worker_id", "year").agg(days=_.admissible_100.sum() / 100)
    y = panels.with_traits(panels.population(population).join(a, ["worker_id", "year"]), by)
    keys = ("year", by) if by else ("year",)
    y = y.group_by(keys).agg(
        workers=_.worker_id.nunique(), mean=_.days.mean(), p25=_.days.quantile(0.25), p50=_.days.quantile(0.50),
        p75=_.days.quantile(0.75), p90=_.days.quantile(0.90), per_declared_day=_.days.sum() / (_.days_100.sum() / 100))
    return Answer(y, keys)


def coverage(panels: Panels, population: str = "P0", by: str | None = None) -> Answer:
    """S-31. Share of worker-months in which work through Smart alone would open unemployment benefit.

    Months from the first with work on, of years in which the worker belongs to `population`. `base` counts the rules
    of the own and of older age classes, without a career; `lower` adds the rules with a career of ten years; `upper`
    supposes full employment elsewhere since the first month, whenever there is no work through Smart. The truth lies
    between `lower` and `upper`; the distance says how much of a career is out of sight. Unit: share, 0–1. Shape: year
    (× group). Source: the rules in `admission_rules`. Pitfall: opening a right is not using it.
    """
    m = panels.with_traits(_worked_years(panels, population), by)
    keys = ("year", by) if by else ("year",)
    return Answer(_covered(m, keys), keys)


def coverage_by_age(panels: Panels, population: str = "P0") -> Answer:
    """S-31 by age class, which decides the rule: as `coverage`, for the age that the worker reaches in the year.

    Workers without a year of birth stay out. Unit: share, 0–1. Shape: year × age class.
    """
    panels.dataset.need("workers.birth_year")
    classes = law.age_classes()
    names = [f"under {classes[0][1] + 1}", *(f"{a} to {b}" for a, b in classes[1:-1]), f"{classes[-1][0]} and over"]
    m = _worked_years(panels, population).filter(_.age.notnull())
    m = m.mutate(age_class=ibis.cases(*((m.age <= b, name) for (_a, b), name in zip(classes, names, strict=True))))
    keys = ("age_class", "year")
    return Answer(_covered(m, keys), keys)


def _covered(months, keys):
    return months.group_by(keys).agg(
        workers=_.worker_id.nunique(), months=_.count(), base=_shares(_.short_100 == 0), lower=_shares(_.covered),
        upper=_shares(_.covered_upper))


def _careers(panels: Panels):
    """worker_id, entry and the first month covered, by each bound (null for never), of those who enter in the study.

    Whoever works in the first year of the study may have begun before it, and stays out.
    """
    m = panels.coverage_month
    w = m.group_by("worker_id").agg(
        entry=_.month.min(), lower=_.month.min(where=_.covered), upper=_.month.min(where=_.covered_upper))
    return w.filter(_.entry >= (panels.scope.first_year + 1) * 12)


def ever_covered(panels: Panels, by: str = "year") -> Answer:
    """S-31. Share of entrants whose days through Smart open benefit at least once in their first 24 or 36 months.

    The month of the first work is the first of the 24. Years of entry whose entrants are not all seen for as long stay
    out. `lower` and `upper` as in `coverage`. Unit: share, 0–1. Shape: months from entry × year of entry (or × a trait
    of the worker).
    """
    w = _careers(panels).mutate(year=(_.entry // 12).cast("int32"))
    w = w if by == "year" else panels.with_traits(w, by)
    parts = []
    for months in HORIZONS:
        seen = w.filter(w.entry < (panels.scope.last_year + 1 - months // 12) * 12)
        parts.append(seen.group_by(by).agg(
            workers=_.count(), lower=_shares((_.lower < _.entry + months).fill_null(False)),
            upper=_shares((_.upper < _.entry + months).fill_null(False)),
        ).mutate(within=ibis.literal(months, "int32")))
    return Answer(ibis.union(*parts), ("within", by))


def distance(panels: Panels, population: str = "P0") -> Answer:
    """S-31. How many days lack at the end of a year to the nearest rule without a career: Δ = threshold − A.

    Worker-years by the days that lack, each in the first class that holds them: none; up to a month of full work (26
    days), a quarter (78), half a year (156), and up to the longest rule. `share` is of all worker-years, 0–1. Only
    years whose windows lie within the study. Unit: days. Shape: at_most. Pitfall: many near the threshold is what both
    planning and chance would give.
    """
    quarter, rules = round(law.rate("admissible_quarter")), law.admission_rules()
    edges = [0, quarter // 3, quarter, 2 * quarter, max(r.days for r in rules)]
    first = panels.scope.first_year * 12 + max(r.window_months for r in rules) - 1
    m = _worked_years(panels, population).filter((_.month % 12 == 11) & (_.month >= first))
    m = m.mutate(at_most=ibis.cases(*((m.short_100 <= 100 * edge, edge) for edge in edges)).cast("int32"))
    m = m.group_by("at_most").agg(workers=_.worker_id.nunique(), years=_.count())
    return Answer(m.mutate(share=_.years / _.years.sum().over(ibis.window())), ("at_most",))


def changes(panels: Panels, population: str = "P0") -> Answer:
    """S-31. Coverage lost and gained from the end of one year to the end of the next (lower bound).

    `lost`: of those covered at the end of the year before, the share no longer covered. `gained`: of the workers of
    `population` not covered at the end of the year before, entrants included, the share now covered. Unit: share, 0–1;
    `workers` are those who could lose or gain. Shape: change × year. Pitfall: leaving Smart for a steady job elsewhere
    is a loss here.
    """
    ends = _with_year(panels.coverage_month.filter(_.month % 12 == 11)).select("worker_id", "year", "covered")
    before = ends.filter(_.covered).select("worker_id", year=(_.year + 1).cast("int32"))
    held = ends.join(before, ["worker_id", "year"]).select("worker_id", "year", share=1 - _.covered.cast("float64"))
    open_to = ends.join(panels.population(population).select("worker_id", "year"), ["worker_id", "year"])
    open_to = open_to.anti_join(before, ["worker_id", "year"]).select(
        "worker_id", "year", share=_.covered.cast("float64"))
    parts = [t.filter(_.year > panels.scope.first_year).group_by("year").agg(
        workers=_.worker_id.nunique(), share=_.share.mean()).mutate(change=ibis.literal(name))
        for name, t in (("lost", held), ("gained", open_to))]
    return Answer(ibis.union(*parts), ("change", "year"))


def coverage_survival(panels: Panels) -> Answer:
    """S-31. How long until the first coverage, and how long it lasts: Kaplan–Meier shares (lower bound).

    `first`: share of entrants not yet covered after t months, that of entry included; those who leave Smart stay in, so
    that 1 − S is the share ever covered. `lost`: share still covered after t months, from the month of the first
    coverage on. What the study's end cuts off is censored: S(t) = Π_{u ≤ t} (1 − events_u ÷ at_risk_u). Unit: share,
    0–1. Shape: event × t in steps of three months; `workers` are those followed for longer than t.
    """
    end = panels.scope.last_year * 12 + 11
    w = _careers(panels)
    m = panels.coverage_month.join(w.select("worker_id", "lower"), "worker_id")
    lost = m.filter((m.month > m.lower) & ~m.covered).group_by("worker_id").agg(lost=_.month.min())
    covered = w.filter(_.lower.notnull()).left_join(lost, "worker_id").select("lower", "lost")
    times = ibis.union(
        w.select(event=ibis.literal("first"), happened=_.lower.notnull().cast("int64"),
                 t=(ibis.coalesce(_.lower, end) - w.entry + 1).cast("int64")),
        covered.select(event=ibis.literal("lost"), happened=_.lost.notnull().cast("int64"),
                       t=(ibis.coalesce(_.lost, end) - _.lower).cast("int64")))
    durations = times.group_by("event", "t").agg(events=_.happened.sum(), workers=_.count())

    def curves(d: pd.DataFrame) -> pd.DataFrame:
        parts = [_curve(d[d["event"] == event]).assign(event=event) for event in ("first", "lost")]
        return pd.concat(parts, ignore_index=True)

    return Answer(durations, ("event", "t"), finish=curves)


def _curve(d: pd.DataFrame) -> pd.DataFrame:
    """t, workers followed for longer than t, and the share without the event, from durations sorted by t."""
    frame = lifetable.curve(d, CURVE, {"workers": "workers"}, {"survival": ("events", "workers")})
    return frame[frame["workers"] > 0]


def artists(panels: Panels) -> Answer:
    """S-31 for artists. Months with artistic work in which the artists' own rules are met by work through Smart alone.

    `kept_rate`: 156 days in 18 months, of which 104 artistic, which kept the benefit rate of those already on benefit
    (April 2014 to September 2022). `allowance`: 156 days in 24 months, of any work, each contract counted by gross
    pay ÷ reference fee (from October 2022). Unit: share of worker-months, 0–1; null where the rule was not in force in
    the year. Shape: year. Source: `artist_rules`. Pitfall: the certificate that the allowance asks for is not in the
    data; before April 2014 no sourced rule is known.
    """
    m = _with_year(artist_month(panels).filter(_.artistic))
    m = m.filter(m.kept_rate.notnull() | m.allowance.notnull()).group_by("year").agg(
        workers=_.worker_id.nunique(), months=_.count(), kept_rate=_shares(_.kept_rate), allowance=_shares(_.allowance))
    return Answer(m, ("year",))


def insured_days(panels: Panels, population: str = "P0") -> Answer:
    """S-32. Calendar days of the year under a contract, and so insured against accidents at work.

    Overlapping contracts count a day once. Unit: days a year; mean and percentiles 25, 50, 75 over workers. Shape:
    year. Pitfall: the days of a long contract are not all days of work. The other rights have no sourced parameter: see
    `other_rights` in `analysis.law`.
    """
    d = _with_year(panels.covered_days_month).group_by("worker_id", "year").agg(days=_.covered_days.sum())
    y = panels.population(population).join(d, ["worker_id", "year"]).group_by("year").agg(
        workers=_.worker_id.nunique(), mean=_.days.mean(), p25=_.days.quantile(0.25), p50=_.days.quantile(0.50),
        p75=_.days.quantile(0.75))
    return Answer(y, ("year",))


def insecurity(panels: Panels) -> Answer:
    """S-33. Labour-market insecurity, adapted from the OECD framework: risk × length × what no benefit replaces.

    I = P(gap starts) · E[gap] · (1 − C · r): `risk`, share of months with work after which a month without work
    follows; `length`, mean months without work then, at most 12; `covered`, share of these starts at which the worker
    is covered (lower bound of S-31); r, the share of pay that benefit replaces. r depends on pay, family and time and
    has no sourced value: I is given for r = 0, ½ and 1. Unit: months without pay or benefit to expect for each month
    with work. Shape: year × r; `workers` are those with a gap. The last year, whose gaps are cut off, has none.
    Source: adapted from Cazes, Hijzen & Saint-Martin 2015, who use unemployment, not months without work through one
    organisation. Pitfalls: work elsewhere fills gaps that this counts; a product of means is not the mean of products.
    """
    end = panels.scope.last_year * 12 + 11
    career = ibis.window(group_by="worker_id", order_by="month")
    m = panels.worker_month.select("worker_id", "month", "year")
    m = m.mutate(following=_.month.lead().over(career)).filter(_.month + LONGEST_GAP <= end)
    m = m.mutate(gap=ibis.least(ibis.coalesce(m.following, end + 1) - m.month - 1, LONGEST_GAP))
    m = m.join(panels.coverage_month.select("worker_id", "month", "covered"), ["worker_id", "month"])
    starts = _.gap > 0
    m = m.group_by("year").agg(
        workers=_.worker_id.nunique(where=starts), risk=_shares(starts), length=_.gap.mean(where=starts),
        covered=_.covered.cast("float64").mean(where=starts))
    replaced = ibis.memtable({"replacement": list(REPLACEMENT)}, schema=ibis.schema({"replacement": "float64"}))
    m = m.filter(_.workers > 0).cross_join(replaced)
    m = m.mutate(insecurity=_.risk * _.length * (1 - _.covered * _.replacement))
    return Answer(m, ("replacement", "year"))
