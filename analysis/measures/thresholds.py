"""Bunching at the numbers of the rules (M-06, M-07, M-10): the wage floor, days, student quotas, three hours, the fee.

A response to a rule is no misuse by itself: who adds the last days before benefit secures a right. All results are
about many people at once. Values of single contracts or people leave the engine in memory alone.
"""

from dataclasses import dataclass

import ibis
import numpy as np
import pandas as pd
from ibis import _

from analysis import criteria, law
from analysis.measures.answer import Answer
from analysis.models import bunching
from analysis.models.bootstrap import interval
from analysis.models.bunching import Window
from analysis.panels import Panels, days_between, hundredths, month_of, spells
from analysis.panels.admission import reference_fee


@dataclass(frozen=True)
class Registered:
    """The choices made before the data were opened: [bunching] of book/criteria.toml says what each is."""

    pause: int
    rounds: tuple[int, ...]
    days_excess: tuple[int, int]
    days_missing: tuple[int, int]
    around: int
    shown: int
    lack: float
    floor_excess: tuple[int, int]
    floor_bins: tuple[int, int]
    floor_near: float
    low_orders: tuple[int, int]
    quota_parts: int
    quota_excess: tuple[int, int]
    quota_least: int
    hours: int
    hours_missing: tuple[int, int]
    hours_bins: tuple[int, int]
    hours_round: int
    fee_bins: int


def _upto(first: int, last: int) -> range:
    return range(first, last + 1)


REGISTERED = criteria.parameters("bunching", Registered)
ROUNDS = MONTH_DAYS, QUARTER_DAYS = REGISTERED.rounds
AT_DAYS = Window(REGISTERED.days_excess, REGISTERED.days_missing)
AT_FLOOR = Window(REGISTERED.floor_excess)
AT_QUOTA = Window(REGISTERED.quota_excess)
AT_HOURS = Window((0, 0), REGISTERED.hours_missing)
FLOOR_BINS, HOUR_BINS = _upto(*REGISTERED.floor_bins), _upto(*REGISTERED.hours_bins)
QUOTA_BINS = _upto(REGISTERED.quota_least, REGISTERED.quota_parts)
LOW_ORDERS = _upto(*REGISTERED.low_orders)
LACK_100 = round(100 * REGISTERED.lack)         # hundredths of days
PROTOCOL = "Courier protocol"


def hourly_floor(day, steps_back: int = 0):
    """The statutory hourly minimum in force on `day`, EUR cents; with `steps_back`, that of so many rises before."""
    steps = [d.date() for d in law.table("minimum_wage")["valid_from"]]
    cents = [100 * law.minimum_hourly(d) for d in steps]
    cents = [cents[max(n - steps_back, 0)] for n in range(len(steps))]
    return ibis.cases(*((day < until, c) for until, c in zip(steps[1:], cents, strict=False)), else_=cents[-1])


def _bunched(rows: pd.DataFrame, z: np.ndarray, threshold: int, window: Window, **options) -> dict:
    """The estimate of `rows` (worker_id, z); how many `units` are in its window, and how many `workers`.

    These are the fewer of those in the bins of the excess and those in the hole, since either number can be worked out
    from the estimate; a hole without anybody tells of nobody.
    """
    inside = [rows[rows["z"].between(threshold + a, threshold + b)] for a, b in
              filter(None, (window.excess, window.missing))]
    workers = [part["worker_id"].nunique() for part in inside]
    out = {"workers": min(workers[:1] + [n for n in workers[1:] if n]), "units": sum(len(part) for part in inside)}
    counts = bunching.counted(rows["z"].to_numpy(), rows["worker_id"].to_numpy(), z)
    if not counts[0].any():
        return out
    found = bunching.estimate(counts, z, threshold, window, **options)
    missing = found.missing if window.missing else np.nan
    return out | vars(found) | {"observed": found.excess + found.expected, "missing": missing}


def _frame(rows: list[dict], keys: list[str]) -> pd.DataFrame:
    values = ["workers", "units", "observed", "expected", "excess", "low", "high", "missing", "b", "b_low", "b_high"]
    return pd.DataFrame(rows).reindex(columns=[*keys, *values])


# -- days of work that open benefit ----------------------------------------------------------------------------

def _stops(panels: Panels):
    """worker_id, month: the last months of spells of work after which at least 30 days without work are seen."""
    end = ibis.date(panels.scope.last_year, 12, 31)
    s = spells(panels, REGISTERED.pause - 1)
    s = s.filter(days_between(s.end_on, end) >= REGISTERED.pause)
    return s.select("worker_id", month=month_of(_.end_on)).distinct()


def _classes() -> list[tuple[int, int, str]]:
    """Days, oldest age and window column of the rule of each age class without a career."""
    ages = law.age_classes()
    today = law.admission_rules()[-1].since
    return [(law.admission(today, a)[0].days, b, column) for (a, b), column in
            zip(ages, ("short_window_100", "middle_window_100", "long_window_100"), strict=True)]


def days_at_stop(panels: Panels):
    """One row per stop: worker_id, rule (days that open benefit at the worker's age), z (whole days in its window).

    Of the artists' rule, which is about keeping a benefit rate, see `artist_days_at_stop`.
    """
    m = _stops(panels).join(panels.coverage_month, ["worker_id", "month"]).filter(_.age.notnull())
    classes = _classes()
    *before, last = classes
    rule = ibis.cases(*((m.age <= oldest, days) for days, oldest, _c in before), else_=last[0])
    z = ibis.cases(*((m.age <= oldest, m[column]) for _d, oldest, column in before), else_=m[last[2]])
    return m.select("worker_id", rule=rule.cast("int32"), z=(z // 100).cast("int32"))


def artist_days_at_stop(panels: Panels):
    """The same at the stops of workers with artistic work, in the months in which the artists' rule was in force."""
    panels.dataset.need("contracts.artistic")
    rule = law.artist_rule("protection_days")
    since, until = (12 * d.year + d.month - 1 for d in (rule.since, rule.until))
    artists = panels.contracts.filter(_.artistic).select("worker_id").distinct()
    s = _stops(panels).filter(_.month.between(since, until))
    s = s.filter(s.worker_id.isin(artists.worker_id))
    m = s.join(panels.admissible_window(rule.window_months), ["worker_id", "month"])
    return m.select("worker_id", rule=ibis.literal(round(rule.value), "int32"), z=(_.window_100 // 100).cast("int32"))


def _stop_frames(panels: Panels) -> dict[int, pd.DataFrame]:
    parts = [days_at_stop(panels)]
    if panels.dataset.has("contracts.artistic"):
        parts.append(artist_days_at_stop(panels))
    frames = {days: pd.DataFrame({"worker_id": [], "z": []}, dtype="int64") for days, _oldest, _c in _classes()}
    for part in parts:
        for rule, rows in part.execute().sort_values(["rule", "worker_id", "z"]).groupby("rule"):
            frames[int(rule)] = rows.reset_index(drop=True)
    return dict(sorted(frames.items()))


def _bins(threshold: int) -> np.ndarray:
    return np.arange(max(threshold - REGISTERED.around, MONTH_DAYS), threshold + REGISTERED.around + 1)


def at_days(panels: Panels) -> Answer:
    """M-06. Stops of work just above the days that open benefit: 312, 468, 624 by age; 156 for the artists' rule.

    Running variable: whole admissible days in the rule's window at the end of the month in which work stops for at
    least 30 days. `excess` is what lies from the threshold to five days above it beyond a curve through the other
    bins (`bunching.curve`, round numbers of 26 and 78 days apart), `missing` what lacks in the 26 days below, `b` the
    excess in multiples of the expected count of one bin; intervals of 95 % by a bootstrap of workers, of the excess
    with the limits of few counts (`bunching.ends`). `placebo` is the mean excess at every 26th day around, where no
    rule is, and `placebo_near` the share of their intervals that hold zero; `excess_balanced` is the excess in the
    window in which it comes nearest to the missing mass. Unit: stops. Shape: rule in days; `units` are the stops in the
    window, `workers` the fewer of those on either side. Sources: Saez 2010; Chetty et al. 2011; Kleven & Waseem 2013;
    Kleven 2016; Christofides & McKenna 1996 and Baker & Rea 1998 on spells of employment. Reading: a response to the
    rule, which may secure a right as well as game it. Pitfalls: days worked elsewhere are not seen, which blurs the
    threshold; the first years of the study do not see whole windows.
    """
    rows = []
    for rule, stops in _stop_frames(panels).items():
        z = _bins(rule)
        row = {"rule": rule, **_bunched(stops, z, rule, AT_DAYS, rounds=ROUNDS)}
        if "excess" in row:
            counts = bunching.counted(stops["z"].to_numpy(), stops["worker_id"].to_numpy(), z)
            others = bunching.placebo(counts, z, rule, AT_DAYS, MONTH_DAYS, ROUNDS, order=row["order"])
            chosen = bunching.balanced(counts[0], z, rule, row["order"], rounds=ROUNDS)
            row["excess_balanced"] = bunching.estimate(counts, z, rule, chosen, ROUNDS, row["order"]).excess
            row["placebo"] = np.mean([p.excess for p in others]) if others else np.nan
            row["placebo_near"] = np.mean([p.low <= 0 <= p.high for p in others]) if others else np.nan
        rows.append(row)
    checks = ["excess_balanced", "placebo", "placebo_near"]
    return Answer(_frame(rows, ["rule"]).join(pd.DataFrame(rows).reindex(columns=checks)), ("rule",))


def days_profile(panels: Panels) -> Answer:
    """M-06. How many stops of work lie at how many admissible days, in bins of 13 days, beside the smooth curve.

    Unit: stops. Shape: rule × first day of the bin; `expected` is the curve of `at_days`.
    """
    parts, shown = [], REGISTERED.shown
    for rule, stops in _stop_frames(panels).items():
        z = _bins(rule)
        counts = bunching.counted(stops["z"].to_numpy(), stops["worker_id"].to_numpy(), z, draws=1)[0]
        excess, hole = AT_DAYS.bins(z, rule)
        used = ~(excess | hole)
        order = bunching.best_order(counts, z, used, ROUNDS)
        smooth = bunching.curve(counts, z, order, used, ROUNDS).expected
        f = pd.DataFrame({"days": z // shown * shown, "stops": counts, "expected": smooth}).groupby("days").sum()
        seen = stops.assign(days=stops["z"] // shown * shown).groupby("days")["worker_id"].nunique()
        f = f[(f.index >= z[0]) & (f.index + shown - 1 <= z[-1])]
        parts.append(f.assign(rule=rule, workers=seen.reindex(f.index).fillna(0).astype("int64")).reset_index())
    frame = pd.concat(parts, ignore_index=True)[["rule", "days", "workers", "stops", "expected"]]
    return Answer(frame, ("rule", "days"))


def crossing(panels: Panels) -> Answer:
    """M-07. How many pass the threshold of benefit in a quarter of work, by the days that lacked before it.

    Of the worker-quarters with work at whose beginning 0 < Δ ≤ 78 days lack to the nearest rule without a career
    (`coverage_month`), the share with none lacking at the end. Unit: share, 0–1. Shape: upper end of Δ in days, bins of
    6.5. Reading: the share falls with Δ for everybody, since a short way is easily gone; where it stays high up to
    about 26 days and then drops, work is placed where it counts. No smooth prediction is taken off: what the curve
    would be without the rule is not known. Pitfall: days worked elsewhere are not seen.
    """
    quarter = ibis.window(group_by=["worker_id", "quarter"])
    m = panels.coverage_month.mutate(quarter=(_.month // 3).cast("int32"))
    q = m.mutate(work=_.admissible_100.sum().over(quarter)).filter(_.month % 3 == 2)
    q = q.mutate(before=_.short_100.lag().over(ibis.window(group_by="worker_id", order_by="month")))
    q = q.filter((_.work > 0) & _.before.between(1, 100 * QUARTER_DAYS))
    q = q.mutate(days=((_.before - 1) // LACK_100 + 1) * LACK_100 / 100, crossed=(_.short_100 == 0).cast("float64"))
    return Answer(q.group_by("days").agg(workers=_.worker_id.nunique(), quarters=_.count(), share=_.crossed.mean()),
                  ("days",))


# -- the wage floor --------------------------------------------------------------------------------------------

def at_floor(panels: Panels, span: int = 5) -> Answer:
    """M-10, S-06. Contracts paid at the statutory hourly minimum of their last day, beyond a smooth curve above it.

    Bins of one per cent of the minimum in force; the excess is that from 99.5 to 102.5 over a curve of order 1 to 3
    through the bins up to 180 (the law leaves none below, so that the curve comes from above alone; and a budget
    divided by the minimum gives hours that are rounded down, hence pay a little above it).
    Values as in `at_days`; `at_floor`, share of contracts with hours within half a per cent of the minimum in force,
    and `at_old`, of the one before its last rise: a price list that stood still would show there. Unit: contracts.
    Shape: first year of each `span` of years. Sources: as in `at_days`. Reading: budgets divided by the minimum, or a
    wage that is the minimum. Pitfalls: hours may be set to meet the minimum; a curve from one side is a guess at its
    end; a price list near the minimum, as of couriers, bends it.
    """
    c = panels.started.filter((_.hours > 0).fill_null(False))
    first = panels.scope.first_year
    c = c.mutate(wage=_.gross_cents / _.hours, span=(first + (_.year - first) // span * span).cast("int32"),
                 floor=hourly_floor(c.end_on), old=hourly_floor(c.end_on, steps_back=1))
    near = {name: ((c.wage / c[floor] - 1).abs() <= REGISTERED.floor_near).cast("float64").mean()
            for name, floor in (("at_floor", "floor"), ("at_old", "old"))}
    shares = c.group_by("span").agg(**near).execute().set_index("span")
    c = c.select("worker_id", "span", z=(100 * (_.wage / _.floor + REGISTERED.floor_near)).floor().cast("int32"))
    c = c.filter(_.z.between(FLOOR_BINS[0], FLOOR_BINS[-1])).execute().sort_values(["span", "worker_id", "z"])
    z = np.array(FLOOR_BINS)
    rows = [{"span": span, **_bunched(f, z, 100, AT_FLOOR, orders=LOW_ORDERS)} for span, f in c.groupby("span")]
    frame = _frame(rows, ["span"])
    return Answer(frame.join(shares, on="span"), ("span",))


# -- student quotas --------------------------------------------------------------------------------------------

def at_quota(panels: Panels) -> Answer:
    """M-06, students. Years in which a student's work at the low rate ends just at the quota, beyond a smooth curve.

    Running variable: declared days, or from 2017 hours, of contracts in the regime of students over the quota of the
    year, in bins of a twenty-fifth; the excess is that of the last three bins up to the quota, over a curve
    through the bins below. Unit: student-years. Shape: quota (its number and unit). Pitfalls: jobs elsewhere use the
    same quota and are not seen; above the quota nobody is left in the regime, so that the curve comes from below alone.
    """
    panels.dataset.need("contracts.regime")
    quotas, parts = law.table("student_quota").sort_values("valid_from"), REGISTERED.quota_parts
    c = panels.started.filter(_.regime == "student")
    c = c.mutate(days_100=hundredths(_.days), hours_100=hundredths(_.hours).fill_null(0))
    y = c.group_by("worker_id", "year").agg(days_100=_.days_100.sum(), hours_100=_.hours_100.sum()).execute()
    rows = []
    for quota in quotas.itertuples():
        last = 9999 if pd.isna(quota.valid_to) else quota.valid_to.year
        years = y[y["year"].between(quota.valid_from.year, last)]
        used = years[f"{quota.unit}_100"] / 100
        bins = years.assign(z=np.ceil(used / quota.quota * parts - 1e-9).astype("int64"))
        bins = bins[bins["z"].between(QUOTA_BINS[0], parts)].sort_values(["worker_id", "z"])
        if len(bins):
            rows.append({"quota": f"{quota.quota:g} {quota.unit}", "since": quota.valid_from.year,
                         **_bunched(bins, np.array(QUOTA_BINS), parts, AT_QUOTA, orders=LOW_ORDERS)})
    return Answer(_frame(rows, ["quota", "since"]), ("quota", "since"))


# -- three hours -----------------------------------------------------------------------------------------------

def at_three_hours(panels: Panels) -> Answer:
    """M-06, couriers. Engagements of exactly three hours, before and since the protocol that made them the least.

    Running variable: hours of a contract in tenths. The excess at 3.0 and the mass that lacks in the eight tenths below
    are over a curve through the tenths above, whole hours apart. Unit: contracts. Shape: before the protocol, and
    since. Pitfall: the month of the protocol is published, its day is not.
    """
    panels.dataset.need("contracts.function")
    day = law.table("regime_dates").set_index("name").loc[PROTOCOL, "date"]
    c = panels.started.filter((_.function == "courier") & (_.hours > 0).fill_null(False))
    c = c.select("worker_id", z=(10 * _.hours + 0.5).floor().cast("int32"),
                 when=(_.start_on < ibis.date(day.year, day.month, day.day)).ifelse("before", "since"))
    c = c.filter(_.z.between(HOUR_BINS[0], HOUR_BINS[-1])).execute().sort_values(["when", "worker_id", "z"])
    options = {"rounds": (REGISTERED.hours_round,), "orders": LOW_ORDERS}
    rows = [{"when": when, **_bunched(f, np.array(HOUR_BINS), REGISTERED.hours, AT_HOURS, **options)}
            for when, f in c.groupby("when")]
    return Answer(_frame(rows, ["when"]), ("when",))


# -- multiples of the fee --------------------------------------------------------------------------------------

def at_fee(panels: Panels) -> Answer:
    """M-10. Artistic lump sums that are whole multiples of the reference fee, which counts them as whole days.

    x = gross ÷ fee in force on the first day. share = (sums within half a hundredth of a whole x, less the mean of the
    other 99 hundredths) ÷ all sums of at least half a fee. Unit: share, 0–1, with an interval of 95 % by a bootstrap of
    workers. Shape: fee (the one in force; as a placebo, the one of the other time, before or since the first rise).
    Reading: pay set to count as days; or a round way to agree on pay.
    """
    panels.dataset.need("contracts.artistic")
    panels.dataset.need("contracts.pay_basis")
    fees, bins = law.reference_fees(), REGISTERED.fee_bins
    c = panels.started.filter((_.artistic & (_.pay_basis == "lump_sum") & (_.gross_cents > 0)).fill_null(False))
    other = (c.start_on < fees[1][0]).ifelse(fees[1][1], fees[0][1])
    parts = []
    for name, fee in (("in force", reference_fee(c.start_on)), ("of the other time", other)):
        rows = c.mutate(x=c.gross_cents / fee).filter(_.x >= 0.5)
        rows = rows.select("worker_id", z=((_.x - _.x.floor()) * bins + 0.5).floor().cast("int32") % bins)
        parts.append({"fee": name, **_at_whole(rows.execute().sort_values(["worker_id", "z"]))})
    columns = ["fee", "workers", "units", "share", "low", "high"]
    return Answer(pd.DataFrame(parts).reindex(columns=columns), ("fee",))


def _at_whole(rows: pd.DataFrame) -> dict:
    out, bins = {"workers": rows["worker_id"].nunique(), "units": len(rows)}, REGISTERED.fee_bins
    if not len(rows):
        return out
    counts = bunching.counted(rows["z"].to_numpy(), rows["worker_id"].to_numpy(), np.arange(bins))
    everything = counts.sum(axis=1)
    share = (counts[:, 0] - (everything - counts[:, 0]) / (bins - 1)) / np.maximum(everything, 1)
    value, low, high = interval(share)
    return out | {"share": value, "low": low, "high": high}
