"""Whether the days worked through Smart open unemployment benefit, month by month (S-31)."""

from functools import reduce
from operator import and_, or_

import ibis
from ibis import _

from analysis import law
from analysis.panels.admission import admissible, capped, every_month, last_months, reference_fee
from analysis.panels.months import sums, whole


def coverage_month(panels):
    """Coverage (S-31), one row per worker and month from the first month with work to the end of the scope.

    A claim at the end of the month is judged by the rules in force in it (`law.admission`), on windows that end with
    the month. Columns: worker_id, month; admissible_100 (of the month); short_window_100, middle_window_100 and
    long_window_100, its sums over the windows of the three age classes (18 or 21, 27 or 33, 36 or 42 months); age;
    covered, covered_upper; short_100, the days that lack to the nearest rule without a career (that of the own class or
    of an older one), 0 where one is met. Days are hundredths.

    `covered` is a lower bound: it counts work through Smart alone, in the window and in the ten years before it.
    `covered_upper` adds what each quarter lacks to 78 days, a third to each of its months: what would hold if the
    worker had been fully employed elsewhere, since the first month through Smart, whenever not working through Smart.
    `age` is the one that the worker reaches in the year. The birthday is not known, so that in the year in which a
    class ends both classes are possible: `covered` asks that the rules of both are met, `covered_upper` those of
    either, and `short_100` is the longer of the two; without a year of birth all three classes are possible.
    """
    m = _windows(_full(every_month(panels, panels.admissible_month), panels.admissible_month))
    classes = law.age_classes()
    born = panels.dataset.table("workers").select("worker_id", "birth_year")
    m = m.left_join(born, "worker_id").mutate(age=((_.month // 12).cast("int32") - _.birth_year).cast("int32"))
    m = m.mutate(age=m.age.between(classes[0][0], classes[-1][1]).ifelse(m.age, ibis.null("int32")))
    possible = [may_be_of(m.age, *ages) for ages in classes]

    def each(column):
        """`column(rules)` by date, for each class of age."""
        return [_by_date(m.month, a, column) for a, _b in classes]

    covered = each(lambda rules: reduce(or_, [_met(m, rule) for rule in rules]))
    upper = each(lambda rules: m.filled >= 100 * rules[0].days)
    lacks = each(lambda rules: _lacks(m, rules))
    sums = each(lambda rules: m[f"last_{rules[0].window_months}"])
    return m.select(
        "worker_id", "month", "admissible_100",
        **dict(zip(("short_window_100", "middle_window_100", "long_window_100"), sums, strict=True)),
        age=m.age,
        covered=reduce(and_, [~p | c for p, c in zip(possible, covered, strict=True)]),
        covered_upper=reduce(or_, [p & c for p, c in zip(possible, upper, strict=True)]),
        short_100=ibis.greatest(*(p.ifelse(n, 0) for p, n in zip(possible, lacks, strict=True))).cast("int64"),
    )


def may_be_of(age, youngest: int, oldest: int):
    """Whether who reaches `age` in the year may be of a class of age: before the birthday, or after; null may be."""
    return (age.between(youngest, oldest) | (age - 1).between(youngest, oldest)).fill_null(True)


def _full(months, worked):
    """`months`, dense, with `full`: their days and a third of what the quarter lacks to 78; `worked` are those at work.
    """
    cap = round(law.rate("admissible_quarter") * 100)
    q = worked.rename(in_quarter="admissible_100").mutate(quarter=(_.month // 3).cast("int32"))
    q = q.group_by("worker_id", "quarter").agg(**sums(q, ("in_quarter",)))
    m = months.mutate(quarter=(_.month // 3).cast("int32")).left_join(q, ["worker_id", "quarter"])
    m = m.select(*months.columns, place=_.month % 3, lack=cap - _.in_quarter.fill_null(0))
    m = m.mutate(full=_.admissible_100 + _.lack * (_.place + 1) // 3 - _.lack * _.place // 3)
    return m.select(*months.columns, "full")


def _windows(m):
    """The months `m`, dense, with last_N: Σ over the N months that end with the month, for the N of every rule.

    And with `filled`: days from the first month on if every quarter had been filled up to 78. Nobody works before the
    first month here, and whoever is fully employed since then has the days of every rule before its window has passed:
    a sum over the window would tell the same.
    """
    rules = law.admission_rules()
    lengths = {r.window_months for r in rules} | {r.window_months + r.career_months for r in rules}
    until = ibis.window(group_by="worker_id", order_by="month", rows=(None, 0))
    return last_months(m.mutate(filled=whole(m.full.sum().over(until))), lengths)


def _by_date(month, age: int, column):
    """`column(rules)` for the rules at an `age`, those in force in each `month`."""
    starts = sorted({r.since for r in law.admission_rules()})
    *before, last = (column(law.admission(start, age)) for start in starts)
    changes = [_month(day) for day in starts[1:]]
    return ibis.cases(*((month < change, part) for change, part in zip(changes, before, strict=True)), else_=last)


def _met(m, rule):
    """Whether one rule is met: days in its window and, where it looks back, in the years before the window."""
    inside = m[f"last_{rule.window_months}"]
    enough = inside >= 100 * rule.days
    if not rule.career_months:
        return enough
    before = m[f"last_{rule.window_months + rule.career_months}"] - inside
    missing = ibis.greatest(100 * rule.target_days - inside, 0)
    return enough & (before >= 100 * rule.career_days + rule.per_missing_day * missing)


def _lacks(m, rules):
    """Hundredths of days that lack to the nearest of the `rules` that look at their window alone."""
    lacks = [100 * r.days - m[f"last_{r.window_months}"] for r in rules if not r.career_months]
    return ibis.greatest(reduce(ibis.least, lacks), 0)     # one by one: Spark has no least of one


def artist_month(panels):
    """The artists' own rules, one row per worker with artistic work and month from the first with work to the end.

    Columns: worker_id, month; artistic (work of that kind in the month); kept_rate, enough days to keep the benefit
    rate (156 in 18 months, of which 104 artistic; April 2014 to September 2022); allowance, enough for the arts-work
    allowance (156 in 24 months, every contract converted by gross pay ÷ reference fee; from October 2022). Each is
    null in the months in which its rule was not in force. A quarter counts for 78 days at most in each sum.
    """
    panels.dataset.need("contracts.artistic")
    c = panels.contracts
    fees = c.mutate(admissible_100=(c.gross_cents * 100 // reference_fee(c.start_on)).cast("int64"))
    parts = {"artistic": capped(panels, admissible(c.filter(c.artistic))), "fees": capped(panels, fees)}
    m = every_month(panels, panels.admissible_month)
    m = m.filter(m.worker_id.isin(c.filter(c.artistic).worker_id))
    for name, part in parts.items():
        part = part.rename(**{name: "admissible_100"})
        m = m.left_join(part, ["worker_id", "month"]).select(*m.columns, name)
    m = m.mutate(days=_.admissible_100, artistic_days=_.artistic.fill_null(0), fees=_.fees.fill_null(0))
    kept, share, allowed = (law.artist_rule(r) for r in ("protection_days", "protection_artistic_days",
                                                         "allowance_days"))

    def last(column, rule):
        window = ibis.window(group_by="worker_id", order_by="month", range=(1 - rule.window_months, 0))
        return m[column].sum().over(window) >= round(100 * rule.value)

    return m.select(
        "worker_id", "month", artistic=m.artistic.notnull(),
        kept_rate=_in_force(m.month, kept).ifelse(last("days", kept) & last("artistic_days", share), None),
        allowance=_in_force(m.month, allowed).ifelse(last("fees", allowed), None))


def _in_force(month, rule):
    return month.between(_month(rule.since), _month(rule.until))


def _month(day) -> int:
    return 12 * day.year + day.month - 1
