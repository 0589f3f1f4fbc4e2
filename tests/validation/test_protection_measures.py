"""Social protection: measures equal slow ones written from their formulas, and give the answers that are known."""

import csv
import inspect
from bisect import bisect_right
from calendar import monthrange
from collections import defaultdict
from datetime import date, timedelta
from itertools import pairwise
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from expected import same
from statsmodels.duration.survfunc import SurvfuncRight

from analysis import law
from analysis.errors import MissingData
from analysis.measures import protection
from analysis.measures.answer import Answer
from analysis.schema import TABLES

FIRST, LAST = 2001, 2020
START, END = 12 * FIRST, 12 * LAST + 11
CAP = 7800
MEASURES = [m for _, m in inspect.getmembers(protection, inspect.isfunction)
            if inspect.signature(m).return_annotation is Answer]


# -- an independent reading of the dataset ---------------------------------------------------------------------

def read(folder, name):
    frame = pd.read_parquet(f"{folder}/{name}.parquet")
    for column in (c.name for c in TABLES[name].columns if c.type == "date" and c.name in frame):
        frame[column] = pd.to_datetime(frame[column]).dt.date
    return frame


def month_of(day):
    return 12 * day.year + day.month - 1


def last_day(month):
    return date(month // 12, month % 12 + 1, monthrange(month // 12, month % 12 + 1)[1])


def fees():
    with (Path(law.__file__).parent / "artist_rules.csv").open(encoding="utf-8") as lines:
        rows = sorted((r["valid_from"], round(100 * float(r["value"]))) for r in csv.DictReader(lines)
                      if r["rule"] == "reference_fee")
    return [date.fromisoformat(day) for day, _ in rows], [cents for _, cents in rows]


def spread(contracts, count):
    """{(worker, month): hundredths of days} of what `count(contract)` gives, by cumulative floor over its days."""
    months = defaultdict(int)
    for c in contracts:
        length, before, total = (c.end_on - c.start_on).days + 1, 0, count(c)
        for month in range(month_of(c.start_on), month_of(c.end_on) + 1):
            until = min((last_day(month) - c.start_on).days + 1, length)
            if START <= month <= END:
                months[c.worker_id, month] += total * until // length - total * before // length
            before = until
    return months


def admissible(contracts, count):
    """The same, at most 78 days a quarter."""
    left, days = defaultdict(lambda: CAP), {}
    for (worker, month), n in sorted(spread(contracts, count).items()):
        days[worker, month] = min(n, left[worker, month // 3])
        left[worker, month // 3] -= days[worker, month]
    return days


def dense(days):
    """{worker: (first month, array by month from START to END)}, in hundredths of days."""
    found = {}
    for (worker, month), n in days.items():
        first, array = found.setdefault(worker, (month, np.zeros(END - START + 1, dtype=np.int64)))
        found[worker] = (min(first, month), array)
        array[month - START] = n
    return found


def sums(array, length, skip=0):
    """Σ over the `length` months that end `skip` months before each month."""
    total = np.concatenate([np.zeros(length + skip + 1, dtype=np.int64), np.cumsum(array)])
    n = np.arange(len(array))
    return total[n + length + 1] - total[n + 1]


def rules(array, k):
    """Whether class k (0: below 36, 1: to 49, 2) is admitted, and how much lacks without a career, by month."""
    late = np.arange(START, END + 1) >= 12 * 2012 + 10
    needed = (31_200, 46_800, 62_400)
    inside = [np.where(late, sums(array, new), sums(array, old)) for old, new in ((18, 21), (27, 33), (36, 42))]
    lacks = np.min([needed[n] - inside[n] for n in range(k, 3)], axis=0)
    old, new = ((18, 21), (27, 33), (36, 42))[k]
    before = np.where(late, sums(array, 120, new), sums(array, 120, old))
    career = (inside[k] >= needed[k] / 2) & (before >= 156_000)
    topped = (inside[k] >= needed[k] / 3 * 2) & (before >= 8 * (needed[k] - inside[k]))
    return (lacks <= 0) | ((k > 0) & (career | topped)), np.maximum(lacks, 0)


def cover(first, array, born):
    """The rows of the panel of one worker: month, covered, upper, short, age."""
    months = np.arange(START, END + 1)
    age = None if pd.isna(born) else months // 12 - int(born)
    quarters = array.reshape(-1, 3).sum(axis=1).repeat(3)
    place = months % 3
    filled = array + np.where(months >= first, (CAP - quarters) * (place + 1) // 3 - (CAP - quarters) * place // 3, 0)
    possible = [np.ones(len(months), dtype=bool) if age is None else (age >= a) & (age - 1 <= b)
                for a, b in ((0, 35), (36, 49), (50, 120))]
    seen, full = [rules(array, k) for k in range(3)], [rules(filled, k)[0] for k in range(3)]
    rows = pd.DataFrame({
        "month": months, "covered": np.all([~p | c for p, (c, _) in zip(possible, seen, strict=True)], axis=0),
        "upper": np.any([p & c for p, c in zip(possible, full, strict=True)], axis=0),
        "short": np.max([np.where(p, lacks, 0) for p, (_, lacks) in zip(possible, seen, strict=True)], axis=0),
        "age": np.nan if age is None else age})
    return rows[rows["month"] >= first]


@pytest.fixture(scope="module")
def world(simulated):
    """The same world read with pandas: contracts, months and years of work, and the slow panel of coverage."""
    folder = simulated.dataset.location
    w = SimpleNamespace(workers=read(folder, "workers").set_index("worker_id"), contracts=read(folder, "contracts"))
    since, cents = fees()

    def fee(c):
        return c.gross_cents * 100 // cents[max(bisect_right(since, c.start_on) - 1, 0)]

    def counted(c):
        if c.pay_basis == "lump_sum" and c.artistic is True:
            return fee(c)
        return round(100 * c.hours) * 6 // 38 if c.hours > 0 else round(100 * c.days) * 6 // 5

    contracts = [c for c in w.contracts.itertuples() if month_of(c.end_on) >= START and month_of(c.start_on) <= END]
    w.days = admissible(contracts, counted)
    w.artistic = admissible([c for c in contracts if c.artistic is True], counted)
    declared = spread(contracts, lambda c: round(100 * c.days))
    w.months = pd.DataFrame([{"worker_id": i, "year": m // 12, "month": m, "declared": declared[i, m],
                              "admissible": n} for (i, m), n in sorted(w.days.items())])
    y = w.months.groupby(["worker_id", "year"]).agg(
        declared=("declared", "sum"), admissible=("admissible", "sum"), months=("month", "size")).reset_index()
    w.years = y.assign(P0=True, P1=y["months"] >= 3, P2=y["declared"] >= 7500)
    w.panel = pd.concat([cover(first, array, w.workers["birth_year"][i]).assign(worker_id=i)
                         for i, (first, array) in dense(w.days).items()], ignore_index=True)
    w.panel["year"] = w.panel["month"] // 12
    w.entry = w.panel.groupby("worker_id")["month"].min()
    return w


def in_years(world, population):
    """The rows of the slow panel in the worker-years of a population."""
    years = world.years.loc[world.years[population], ["worker_id", "year"]]
    return world.panel.merge(years, on=["worker_id", "year"])


def test_the_world_has_something_to_measure(world):
    assert world.panel["covered"].sum() > 50
    assert (world.panel["covered"] & (world.panel["short"] > 0)).any()      # by a career
    assert world.workers["birth_year"].isna().any()


# -- measures --------------------------------------------------------------------------------------------------

@pytest.mark.parametrize(("population", "by"), [("P0", None), ("P2", "gender")])
def test_admissible_days(simulated, world, population, by):
    y = world.years[world.years[population]]
    keys = ["year"]
    if by:
        y, keys = y.assign(**{by: y["worker_id"].map(world.workers[by])}), ["year", by]
    rows = []
    for key, f in y.groupby(keys):
        days = f["admissible"].to_numpy() / 100
        rows.append({**dict(zip(keys, key, strict=True)), "workers": len(f), "mean": days.mean(),
                     **{f"p{q}": np.percentile(days, q) for q in (25, 50, 75, 90)},
                     "per_declared_day": days.sum() / (f["declared"].sum() / 100)})
    same(protection.admissible_days(simulated, population, by), rows)


def covered_row(f):
    return {"workers": f["worker_id"].nunique(), "months": len(f), "base": (f["short"] == 0).mean(),
            "lower": f["covered"].mean(), "upper": f["upper"].mean()}


@pytest.mark.parametrize("population", ["P0", "P1", "P2"])
def test_coverage(simulated, world, population):
    same(protection.coverage(simulated, population), [
        {"year": y, **covered_row(f)} for y, f in in_years(world, population).groupby("year")])


def test_coverage_by_group(simulated, world):
    m = in_years(world, "P0")
    m["profession"] = m["worker_id"].map(world.workers["profession"])
    same(protection.coverage(simulated, by="profession"), [
        {"year": y, "profession": p, **covered_row(f)} for (y, p), f in m.groupby(["year", "profession"])])


def test_coverage_by_age(simulated, world):
    m = in_years(world, "P0").dropna(subset="age")
    m["age_class"] = np.select([m["age"] < 36, m["age"] < 50], ["under 36", "36 to 49"], "50 and over")
    same(protection.coverage_by_age(simulated), [
        {"year": y, "age_class": a, **covered_row(f)} for (y, a), f in m.groupby(["year", "age_class"])])


@pytest.mark.parametrize("by", ["year", "profession"])
def test_ever_covered(simulated, world, by):
    rows = []
    for months in (24, 36):
        groups = defaultdict(list)
        for worker, entry in world.entry.items():
            if FIRST < entry // 12 <= LAST - months // 12:
                seen = world.panel[(world.panel["worker_id"] == worker) & (world.panel["month"] < entry + months)]
                group = entry // 12 if by == "year" else world.workers[by][worker]
                groups[group].append((seen["covered"].any(), seen["upper"].any()))
        rows += [{"within": months, by: group, "workers": len(found), "lower": np.mean([x for x, _ in found]),
                  "upper": np.mean([x for _, x in found])} for group, found in groups.items() if group is not None]
    same(protection.ever_covered(simulated, by), rows)


def test_distance(simulated, world):
    f = in_years(world, "P0").query("month % 12 == 11 and year >= 2004")
    lacks, rows = f["short"].to_numpy() / 100, []
    for above, edge in pairwise([-1, 0, 26, 78, 156, 624]):
        here = (lacks > above) & (lacks <= edge)
        rows.append({"at_most": edge, "workers": f.loc[here, "worker_id"].nunique(), "years": here.sum(),
                     "share": here.mean()})
    same(protection.distance(simulated), rows)
    assert protection.distance(simulated).frame()["share"].sum() == pytest.approx(1)


def test_changes(simulated, world):
    ends = {y: set(f.loc[f["covered"], "worker_id"]) for y, f in world.panel.query("month % 12 == 11").groupby("year")}
    rows = []
    for year in range(FIRST + 1, LAST + 1):
        here = set(world.years.loc[world.years["year"] == year, "worker_id"]) - ends[year - 1]
        rows.append({"change": "gained", "year": year, "workers": len(here),
                     "share": len(here & ends[year]) / len(here)})
        if ends[year - 1]:
            rows.append({"change": "lost", "year": year, "workers": len(ends[year - 1]),
                         "share": len(ends[year - 1] - ends[year]) / len(ends[year - 1])})
    same(protection.changes(simulated), rows)


def test_coverage_survival(simulated, world):
    """Against the estimator of statsmodels, read at every third month."""
    first, lost = [], []
    for worker, entry in world.entry.items():
        if entry < START + 12:
            continue
        f = world.panel[world.panel["worker_id"] == worker].sort_values("month")
        covered = f.loc[f["covered"], "month"]
        if covered.empty:
            first.append((END - entry + 1, 0))
            continue
        since = covered.min()
        first.append((since - entry + 1, 1))
        after = f[(f["month"] > since) & ~f["covered"]]["month"]
        lost.append((after.min() - since, 1) if len(after) else (END - since, 0))
    rows = []
    for event, times in (("first", first), ("lost", lost)):
        durations, happened = map(np.array, zip(*times, strict=True))
        estimate = SurvfuncRight(durations[durations > 0], happened[durations > 0])
        for t in range(0, 121, 3):
            workers = int((durations > t).sum())
            reached = np.searchsorted(estimate.surv_times, t, side="right")
            if workers:
                rows.append({"event": event, "t": t, "workers": workers,
                             "survival": estimate.surv_prob[reached - 1] if reached else 1.0})
    same(protection.coverage_survival(simulated), rows)


def test_artists(simulated, world):
    every, art = dense(world.days), dense(world.artistic)
    rows = defaultdict(list)
    for worker, (_, array) in art.items():
        met = (sums(every[worker][1], 18) >= 15_600) & (sums(array, 18) >= 10_400)
        for (who, month) in world.artistic:
            if who == worker and month >= 12 * 2014 + 3:
                rows[month // 12].append((worker, met[month - START]))
    same(protection.artists(simulated), [
        {"year": y, "workers": len({w for w, _ in found}), "months": len(found),
         "kept_rate": np.mean([k for _, k in found]), "allowance": np.nan} for y, found in rows.items()])


def test_insured_days(simulated, world):
    days = defaultdict(set)
    for c in world.contracts.itertuples():
        for n in range((c.end_on - c.start_on).days + 1):
            day = c.start_on + timedelta(days=n)
            days[c.worker_id, day.year].add(day)
    rows = []
    for year in range(FIRST, LAST + 1):
        found = [len(d) for (_, y), d in days.items() if y == year]
        rows.append({"year": year, "workers": len(found), "mean": np.mean(found),
                     **{f"p{q}": np.percentile(found, q) for q in (25, 50, 75)}})
    same(protection.insured_days(simulated), rows)


def test_insecurity(simulated, world):
    covered = {(r.worker_id, r.month): r.covered for r in world.panel.itertuples()}
    found = defaultdict(list)
    for worker, f in world.months.groupby("worker_id"):
        for month, following in pairwise([*f["month"], END + 1]):
            if month // 12 < LAST:
                found[month // 12].append((worker, min(following - month - 1, 12), covered[worker, month]))
    rows = []
    for year, seen in found.items():
        gaps = [(worker, gap, c) for worker, gap, c in seen if gap]
        risk, length, share = len(gaps) / len(seen), np.mean([g for _, g, _ in gaps]), np.mean([c for *_, c in gaps])
        rows += [{"year": year, "replacement": r, "workers": len({w for w, *_ in gaps}), "risk": risk,
                  "length": length, "covered": share, "insecurity": risk * length * (1 - r * share)}
                 for r in (0, 0.5, 1)]
    same(protection.insecurity(simulated), rows)


# -- what holds for every measure ------------------------------------------------------------------------------

@pytest.mark.parametrize("measure", MEASURES, ids=lambda m: m.__name__)
def test_every_row_counts_its_workers(simulated, world, measure):
    answer = measure(simulated)
    frame = answer.frame()
    assert answer.count == "workers" and frame["workers"].between(1, len(world.entry)).all()
    assert not frame.duplicated(list(answer.keys)).any()
    assert set(answer.keys) <= set(frame.columns)


def test_bounds(simulated):
    for measure in (protection.coverage, protection.coverage_by_age, protection.ever_covered):
        frame = measure(simulated).frame()
        assert (frame["lower"] <= frame["upper"]).all()
    frame = protection.coverage(simulated).frame()
    assert (frame["base"] <= frame["lower"]).all()


# -- known answers ---------------------------------------------------------------------------------------------

def day_in(year, number, **more):
    return {"start_on": date(year, number, 10), "end_on": date(year, number, 10), **more}


def full_year(year=2014):
    """Twelve months of 26 admissible days."""
    return [day_in(year, n, hours=26 * 38 / 6 + 0.005) for n in range(1, 13)]


@pytest.fixture(scope="module")
def known(panels_of):
    """One worker of 24: every month of 2014, then one day in June 2015, and nothing more until the end of 2016."""
    return panels_of([*full_year(), day_in(2015, 6, hours=6.34)], (2013, 2016),
                     workers=[{"worker_id": 1, "birth_year": 1990, "profession": "actor"}])


@pytest.mark.parametrize(("row", "days"), [
    ({"days": 30.0}, 36), ({"days": 20.0, "hours": 152.0}, 24), ({"days": 65.0}, 78), ({"days": 100.0}, 78)])
def test_published_days(panels_of, row, days):
    """V-16: 30 days in a week of five count as 36, 152 hours as 24, a full quarter as 78."""
    panels = panels_of([{"start_on": date(2013, 1, 1), "end_on": date(2013, 3, 31), **row}], (2013, 2013))
    found = protection.admissible_days(panels).frame().iloc[0]
    assert (found["mean"], found["per_declared_day"]) == (days, pytest.approx(days / row["days"]))


def test_a_year_of_full_work_covers_for_ten_months(known):
    """Covered at the end of the twelfth month, until the window of 21 months leaves the first one behind."""
    found = protection.coverage(known).frame().set_index("year")
    assert found["lower"].to_dict() == found["base"].to_dict() == pytest.approx({2014: 1 / 12, 2015: 9 / 12})
    assert found["months"].to_dict() == {2014: 12, 2015: 12}
    curve = protection.coverage_survival(known).frame().set_index(["event", "t"])["survival"]
    assert curve["first"].to_dict() == {0: 1, 3: 1, 6: 1, 9: 1}
    assert curve["lost"].to_dict() == {0: 1, 3: 1, 6: 1, 9: 1}


def test_first_coverage_and_loss_where_others_are_still_followed(panels_of):
    """The second worker is never covered, the third is covered from the twelfth month to the end."""
    rows = [{**row, "worker_id": w} for w, work in (
        (1, full_year()), (2, [day_in(2014, 1, hours=1.0)]), (3, full_year() + full_year(2015) + full_year(2016)),
    ) for row in work]
    panels = panels_of(rows, (2013, 2016), workers=[{"worker_id": w, "birth_year": 1990} for w in (1, 2, 3)])
    curve = protection.coverage_survival(panels).frame().set_index(["event", "t"])["survival"]
    assert [curve["first", t] for t in (9, 12, 33)] == pytest.approx([1, 1 / 3, 1 / 3])
    assert [curve["lost", t] for t in (9, 12, 21)] == pytest.approx([1, 1 / 2, 1 / 2])


def test_covered_once(known):
    found = protection.ever_covered(known).frame()
    assert found[["within", "year", "workers", "lower", "upper"]].to_numpy().tolist() == [[24, 2014, 1, 1, 1]]
    assert protection.ever_covered(known, "profession").frame()["profession"].tolist() == ["actor"]


def test_days_that_lack(panels_of):
    """At the end of 2015, nine months of 26 days and one day lie in the window: 77 of 312 lack; a year before, none."""
    rows = [*full_year(), day_in(2015, 6, hours=6.34)]
    people = [{"worker_id": 1, "birth_year": 1990}]
    found = protection.distance(panels_of(rows, (2011, 2016), workers=people)).frame()
    assert found[["at_most", "workers", "years", "share"]].to_numpy().tolist() == [[0, 1, 1, 0.5], [78, 1, 1, 0.5]]
    late = protection.distance(panels_of(rows, (2012, 2016), workers=people)).frame()
    assert late["at_most"].tolist() == [78]                # the windows of 2014 begin before the study


def test_gained_and_lost(known):
    found = protection.changes(known).frame().set_index(["change", "year"])["share"]
    assert found.to_dict() == {("gained", 2014): 1, ("lost", 2015): 1}


def test_insecurity_of_one_worker(known):
    """Twelve months with work, one gap of five; then one month with work and a gap of more than twelve."""
    found = protection.insecurity(known).frame().set_index(["year", "replacement"])
    assert found.loc[2014, ["risk", "length", "covered"]].to_numpy().tolist() == [[pytest.approx(1 / 12), 5, 1]] * 3
    assert found.loc[2015, ["risk", "length", "covered"]].to_numpy().tolist() == [[1, 12, 1]] * 3
    assert found["insecurity"].tolist() == pytest.approx([5 / 12, 12, 2.5 / 12, 6, 0, 0])


def test_whoever_works_in_the_first_year_is_no_entrant(panels_of):
    panels = panels_of(full_year(), (2014, 2017))
    assert protection.ever_covered(panels).frame().empty
    assert protection.coverage_survival(panels).frame().empty


def test_measures_say_what_is_missing(panels_of):
    panels = panels_of(full_year(), (2013, 2016))
    with pytest.raises(MissingData, match="artistic"):
        protection.artists(panels)
    with pytest.raises(MissingData, match="birth_year"):
        protection.coverage_by_age(panels)
    assert protection.coverage(panels).frame()["base"].tolist() == [0]
