"""Bunching: the estimator finds a known excess and none where none is; the measures find what was planted."""

from collections import defaultdict
from datetime import date, timedelta

import numpy as np
import pandas as pd
import pytest
from scipy.stats import poisson

from analysis import law
from analysis.datasets import Dataset
from analysis.errors import MissingData
from analysis.measures import thresholds
from analysis.models.bootstrap import copies
from analysis.models.bunching import Window, balanced, best_order, counted, curve, ends, estimate, placebo
from analysis.panels import Panels
from analysis.scope import Scope
from data_synthetic.rules import Size
from data_synthetic.simulate import write_tables
from data_synthetic.world import read_world

Z = np.arange(130, 521)
AT, ROUNDS = 312, (26, 78)
WINDOW = Window((0, 4), (-12, -1))
TRUTH = 2135.8                                     # V-19: half of the mass of the bins 300 to 311
DAY = timedelta(days=1)


# -- the estimator (V-19) --------------------------------------------------------------------------------------

def smooth():
    """Expected stops per bin: a falling curve with round numbers, so scaled that half of [300, 311] is TRUTH."""
    x = (Z - 130) / 390
    level = np.exp(6.4 - 1.35 * x + 0.25 * np.sin(2.2 * x)) + 100 * (Z % 26 == 0) + 70 * (Z % 78 == 0)
    return level * TRUTH / (0.5 * level[(Z >= 300) & (Z <= 311)].sum())


def notched(random):
    """Counts in which half of those in [300, 311] have moved to 312–316; and how many have."""
    counts = random.poisson(smooth())
    hole = (Z >= 300) & (Z <= 311)
    moved = random.binomial(counts[hole], 0.5)
    counts[hole] -= moved
    counts[(Z >= 312) & (Z <= 316)] += random.multinomial(moved.sum(), [0.2] * 5)
    return counts, moved.sum()


@pytest.fixture(scope="module")
def simulations():
    random = np.random.default_rng(19)
    worlds = [notched(random) for _ in range(150)]
    return [(counts, moved, estimate(counts, Z, AT, WINDOW, ROUNDS)) for counts, moved in worlds]


def test_v19_the_excess_is_found_without_bias(simulations):
    found = np.array([[e.excess, e.missing] for _c, _m, e in simulations])
    error = found.std(axis=0, ddof=1) / np.sqrt(len(found))
    assert (np.abs(found.mean(axis=0) - TRUTH) <= 3 * error).all(), (found.mean(axis=0), error)
    assert found[:, 0].std() < 90


def test_v19_intervals_hold_the_mass_that_moved(simulations):
    held = np.mean([e.low <= moved <= e.high for _c, moved, e in simulations])
    assert 0.92 <= held <= 0.98, held


def test_v19_placebo_intervals_cover_zero(simulations):
    found = [p for counts, _m, _e in simulations[:20] for p in placebo(counts, Z, AT, WINDOW, 26, ROUNDS, order=4)]
    excess = np.array([p.excess for p in found])
    covered = np.mean([p.low <= 0 <= p.high for p in found])
    assert abs(excess.mean()) <= 3 * excess.std(ddof=1) / np.sqrt(len(excess))
    assert 0.92 <= covered <= 0.98 and len(found) > 200, covered


def test_v19_the_order_of_the_curve_hardly_matters(simulations):
    counts, _moved, chosen = simulations[0]
    others = [estimate(counts, Z, AT, WINDOW, ROUNDS, order=p).excess for p in range(4, 10)]
    assert np.ptp(others) < 0.1 * TRUTH and chosen.excess in others


def bent():
    """Expected counts whose logarithm is a polynomial of order 4, and round numbers."""
    x = (Z - 325) / 195
    return np.exp(6 - 0.5 * x + 0.3 * x**2 + 0.2 * x**3 + 0.4 * x**4) + 40 * (Z % 26 == 0)


def test_a_polynomial_is_fitted_exactly_and_its_order_found():
    counts, used = bent(), ~((Z >= 300) & (Z <= 316))
    assert curve(counts, Z, 4, used, (26,)).expected == pytest.approx(counts)
    assert best_order(np.random.default_rng(1).poisson(counts), Z, used, (26,)) == 4
    e = estimate(counts + 1000.0 * (Z == 312), Z, AT, WINDOW, (26,), order=4)
    assert e.excess == pytest.approx(1000) and e.missing == pytest.approx(0, abs=1e-6)
    assert e.b == pytest.approx(1000 / (e.expected / 5))


def test_a_curve_is_that_of_poisson_counts_and_moves_with_them():
    """The scores of the likelihood are zero; the derivatives are those of the fit itself."""
    counts, used = np.random.default_rng(2).poisson(bent() / 400).astype(float), ~((Z >= 300) & (Z <= 316))
    x = np.vander((Z - 325) / 195, 5)
    fit = curve(counts, Z, 4, used)
    assert (fit.expected > 0).all() and counts[used].mean() < 2
    assert x[used].T @ (counts - fit.expected)[used] == pytest.approx(np.zeros(5), abs=1e-6)
    change = 1e-4 * (Z == 290) - 2e-4 * (Z == 400)
    moved = (curve(counts + change, Z, 4, used).expected - fit.expected)[~used].sum()
    assert moved == pytest.approx(fit.moves(change, ~used), rel=1e-3) and moved != 0


def test_intervals_are_poisson_where_few_are_counted_and_normal_where_many():
    random = np.random.default_rng(3)
    for count in (0, 3, 12):
        low, high = ends(np.r_[count, random.poisson(count, 200_000)], np.zeros(200_001))
        assert poisson.cdf(count, high) == pytest.approx(0.025, abs=2e-3)
        assert poisson.sf(count - 1, low) == pytest.approx(0.025 if count else 1, abs=2e-3)
    both = random.multivariate_normal([9e6, 9e6], [[9e6, 2e6], [2e6, 1e6]], 200_000)
    low, high = ends(np.r_[9e6, both[:, 0]], np.r_[9e6, both[:, 1]])
    assert (-low, high) == pytest.approx((1.96 * np.sqrt(6e6),) * 2, rel=0.01)


def test_few_stops_that_fall_steeply_have_no_excess_and_intervals_that_hold_zero():
    """About five stops where the rule is, of workers some of whom stop near there again and again."""
    random, z, found = np.random.default_rng(4), np.arange(156, 469), []
    everywhere = np.arange(136, 489)
    chances = np.exp(-0.011 * everywhere)
    for _ in range(200):
        stops = random.integers(1, 4, 250)
        bins = np.repeat(random.choice(everywhere, 250, p=chances / chances.sum()), stops)
        counts = counted(bins + random.integers(-20, 21, len(bins)), np.repeat(np.arange(250), stops), z, draws=199)
        found.append(estimate(counts, z, AT, Window((0, 5), (-26, -1)), ROUNDS))
    excess = np.array([e.excess for e in found])
    assert 4 < np.mean([e.expected for e in found]) < 6
    assert abs(excess.mean()) <= 3 * excess.std(ddof=1) / np.sqrt(len(found))
    assert 0.94 <= np.mean([e.low <= 0 <= e.high for e in found]) <= 0.99


def test_the_window_that_balances_holds_the_notch():
    counts = smooth()
    hole = (Z >= 300) & (Z <= 311)
    moved = 0.5 * counts[hole].sum()
    counts[hole] *= 0.5
    counts[(Z >= 312) & (Z <= 316)] += moved / 5
    found = balanced(counts, Z, AT, order=4, rounds=ROUNDS)
    assert found.missing[0] <= -12 and found.excess[1] >= 4


def test_other_thresholds_are_left_out_of_the_curve():
    counts = smooth()
    at = np.searchsorted(Z, 468)
    counts[at:at + 5] += 2_000
    alone, beside = (estimate(counts, Z, AT, WINDOW, ROUNDS, order=4, others=o).excess for o in ((), (468,)))
    assert abs(beside) < 30 < abs(alone)


def test_counts_of_drawn_workers():
    bins, workers = np.array([3, 3, 4, 9, 5]), np.array([70, 70, 8, 8, 8])
    z = np.arange(3, 6)
    counts = counted(bins, workers, z, draws=40, seed=3)
    drawn = copies(2, 40, 3).astype(int)                 # the columns are workers 8 and 70
    assert (counts[0] == [2, 1, 1]).all()
    assert (counts == np.column_stack([2 * drawn[:, 1], drawn[:, 0], drawn[:, 0]])).all()


# -- the measures ----------------------------------------------------------------------------------------------

@pytest.fixture(scope="module")
def attentive(tmp_path_factory):
    """Panels of 8,192 members who all add the days that lack to the threshold of benefit."""
    folder = tmp_path_factory.mktemp("attentive")
    write_tables(read_world({"threshold_share": "1"}), Size(8_192, 2001, 2020), 11, folder, 1)
    dataset = Dataset("attentive", str(folder), None, guarded=False)
    return Panels(dataset, Scope("everywhere", 2001, 2020))


def contracts_of(panels):
    c = panels.dataset.table("contracts").execute().sort_values("contract_id", ignore_index=True)
    for name in ("start_on", "end_on"):
        c[name] = pd.to_datetime(c[name]).dt.date
    return c


def test_the_hourly_floor_is_that_of_the_law(panels_of):
    days = [date(2003, 5, 31), date(2003, 6, 1), date(2010, 8, 31), date(2010, 9, 1), date(2012, 12, 1)]
    c = panels_of([{"start_on": d, "end_on": d} for d in days], years=(2001, 2020)).contracts
    seen = c.select("end_on", now=thresholds.hourly_floor(c.end_on),
                    old=thresholds.hourly_floor(c.end_on, steps_back=1)).execute().sort_values("end_on")
    steps = list(law.table("minimum_wage")["valid_from"])
    assert list(seen.now) == pytest.approx([100 * law.minimum_hourly(d) for d in days])
    before = [max(s for s in steps if s <= pd.Timestamp(d)) - DAY for d in days]
    assert list(seen.old) == pytest.approx([100 * law.minimum_hourly(d) for d in before])


def test_fees_hold_the_planted_share_and_the_other_fee_none(simulated, attentive):
    for panels in (simulated, attentive):
        table = thresholds.at_fee(panels).frame().set_index("fee")
        assert table.loc["in force", "low"] < 0.27 and table.loc["in force", "high"] > 0.25
        assert abs(table.loc["of the other time", "share"]) < 0.01


def test_fees_equal_a_slow_version(simulated):
    fees, near, every = law.reference_fees(), 0, 0
    for c in contracts_of(simulated).itertuples():
        if c.artistic and c.pay_basis == "lump_sum" and c.gross_cents > 0:
            fee = next(f for since, f in reversed(fees) if since <= c.start_on or since == fees[0][0])
            x = c.gross_cents / fee
            every += x >= 0.5
            near += x >= 0.5 and min(x % 1, 1 - x % 1) < 0.005
    row = thresholds.at_fee(simulated).frame().set_index("fee").loc["in force"]
    assert row.units == every and row.share == pytest.approx((near - (every - near) / 99) / every, abs=1e-3)


def test_the_excess_at_the_floor_is_the_pay_that_was_set_there(attentive):
    panels = attentive.without_couriers()
    table = thresholds.at_floor(panels, span=5).frame()
    c = contracts_of(panels)
    c = c[(c.hours > 0) & (c.function != "courier")]
    ratio = c.gross_cents / c.hours / [100 * law.minimum_hourly(d) for d in c.end_on]
    span = np.array([2001 + (d.year - 2001) // 5 * 5 for d in c.start_on])
    tenths = (10 * c.hours).round()
    usual = np.column_stack([76 * c.days * percent // 100 for percent in (100, 80, 60, 50)])
    set_there = (ratio < 1.001) | ((ratio < 1.025) & ~(usual == tenths.to_numpy()[:, None]).any(axis=1))
    planted = set_there.groupby(span).sum()
    assert (table.low.to_numpy() <= planted).all() and (planted <= table.high.to_numpy()).all()
    assert table.at_floor.to_numpy() == pytest.approx(((ratio - 1).abs() <= 0.005).groupby(span).mean())
    assert (table.at_old < 0.001).all()            # the mass follows the floor as it moves
    assert table.missing.isna().all()


def test_three_hours_since_the_protocol_alone(attentive):
    table = thresholds.at_three_hours(attentive).frame().set_index("when")
    c = contracts_of(attentive)
    couriers = c[c.function == "courier"]
    since = np.array([d >= date(2016, 5, 1) for d in couriers.start_on])
    exact = (couriers.hours.round(1) == 3.0)
    assert table.observed.to_dict() == pytest.approx({"before": exact[~since].sum(), "since": exact[since].sum()})
    assert table.low["since"] > 0 and table.low["before"] <= 0 <= table.high["before"]
    assert (couriers.hours[since] < 3).sum() == 0 and table.missing["since"] > 3 * table.missing["before"]


def stops_slowly(panels):
    """(worker, month) of spells after which thirty days without work are seen."""
    found = set()
    for worker, group in contracts_of(panels).sort_values("start_on").groupby("worker_id"):
        until = None
        for c in group.itertuples():
            if until is not None and (c.start_on - until).days - 1 >= 30:
                found.add((worker, 12 * until.year + until.month - 1))
            until = c.end_on if until is None else max(until, c.end_on)
        if (date(2020, 12, 31) - until).days >= 30:
            found.add((worker, 12 * until.year + until.month - 1))
    return found


def test_days_at_stop(simulated):
    coverage = simulated.coverage_month.execute().set_index(["worker_id", "month"])
    stops = stops_slowly(simulated)
    expected = []
    for worker, month in stops:
        row = coverage.loc[worker, month]
        if not np.isnan(row.age):
            rule, column = ((312, "short_window_100") if row.age < 36 else (468, "middle_window_100")
                            if row.age < 50 else (624, "long_window_100"))
            expected.append((worker, rule, int(row[column] // 100)))
    seen = thresholds.days_at_stop(simulated).execute()
    assert sorted(map(tuple, seen[["worker_id", "rule", "z"]].to_numpy())) == sorted(expected)


def test_days_at_stop_of_artists(simulated):
    months = simulated.admissible_month.execute()
    by_worker = defaultdict(dict)
    for row in months.itertuples():
        by_worker[row.worker_id][row.month] = row.admissible_100
    c = contracts_of(simulated)
    artists = set(c[c.artistic].worker_id)
    expected = sorted((w, sum(n for k, n in by_worker[w].items() if m - 18 < k <= m) // 100)
                      for w, m in stops_slowly(simulated) if w in artists and 12 * 2014 + 3 <= m <= 12 * 2022 + 8)
    seen = thresholds.artist_days_at_stop(simulated).execute()
    assert sorted(map(tuple, seen[["worker_id", "z"]].to_numpy())) == expected and set(seen.rule) == {156}


def test_the_excess_at_days_holds_what_was_planted_and_placebos_hold_zero(attentive, monkeypatch):
    """Half of the stops up to 26 days below 312 moved to it and the five days above."""
    frames, random = thresholds._stop_frames(attentive), np.random.default_rng(5)
    stops = frames[312]
    moved = stops.z.between(286, 311) & (random.random(len(stops)) < 0.5)
    frames[312] = stops.assign(z=stops.z.mask(moved, 312 + random.integers(0, 6, len(stops))))
    monkeypatch.setattr(thresholds, "_stop_frames", lambda _panels: frames)
    table = thresholds.at_days(attentive).frame().set_index("rule")
    assert list(table.index) == [156, 312, 468, 624] and moved.sum() >= 50
    assert 0 < table.low[312] <= moved.sum() <= table.high[312]
    assert (table.low.drop(312) <= 0).all() and (table.high.drop(312) >= 0).all()
    assert (table.placebo_near.dropna() >= 0.7).all()


def test_the_fewest_in_either_part_of_the_window_are_counted():
    z = [312] * 30 + [300] * 4 + [250] * 50
    rows = pd.DataFrame({"worker_id": range(len(z)), "z": z})
    bins = np.arange(200, 400)
    assert thresholds._bunched(rows, bins, 312, thresholds.AT_DAYS)["workers"] == 4
    assert thresholds._bunched(rows[rows.z != 300], bins, 312, thresholds.AT_DAYS)["workers"] == 30
    assert thresholds._bunched(rows[rows.z != 312], bins, 312, thresholds.AT_DAYS)["workers"] == 0


def test_the_profile_counts_every_stop_once(simulated):
    table = thresholds.days_profile(simulated).frame()
    stops = thresholds.days_at_stop(simulated).execute()
    young = stops[(stops.rule == 312) & stops.z.between(156, 467)]
    seen = table[table.rule == 312]
    assert seen.stops.sum() == len(young) and (seen.days % 13 == 0).all()
    assert (table.workers <= table.stops).all()


def test_crossing(simulated):
    m = simulated.coverage_month.execute().sort_values(["worker_id", "month"])
    cells = defaultdict(list)
    for worker, group in m.groupby("worker_id"):
        lacks, worked = dict(zip(group.month, group.short_100, strict=True)), dict(
            zip(group.month, group.admissible_100, strict=True))
        for month in lacks:
            before = lacks.get(month - 3, 0)
            work = sum(worked.get(k, 0) for k in range(month - 2, month + 1))
            if month % 3 == 2 and work and 0 < before <= 7_800:
                cells[6.5 * np.ceil(before / 650)].append((worker, lacks[month] == 0))
    table = thresholds.crossing(simulated).frame().set_index("days")
    assert len(cells) > 8 and set(table.index) == set(cells)
    for days, rows in cells.items():
        row = table.loc[days]
        assert (row.quarters, row.workers) == (len(rows), len({w for w, _hit in rows}))
        assert row.share == pytest.approx(np.mean([hit for _w, hit in rows]))


def test_students_at_the_quota(attentive):
    c = contracts_of(attentive)
    c = c[c.regime == "student"]
    c["year"] = [d.year for d in c.start_on]
    table = thresholds.at_quota(attentive).frame().set_index("quota")
    assert list(table.index) == ["46 days", "50 days", "475 hours"]
    for (first, last), unit, quota in (((2001, 2011), "days", 46), ((2012, 2016), "days", 50),
                                       ((2017, 2020), "hours", 475)):
        used = c[c.year.between(first, last)].groupby(["worker_id", "year"])[unit].sum() / quota
        near = used[(used > 22 / 25 + 1e-9) & (used <= 1 + 1e-9)]
        row = table.loc[f"{quota} {unit}"]
        assert row.units == len(near) == pytest.approx(row.observed)
        assert row.workers == near.index.get_level_values(0).nunique()


def test_what_is_missing_is_named(panels_of):
    panels = panels_of([{"start_on": date(2010, 5, 3), "end_on": date(2010, 5, 3)}])
    for measure, named in ((thresholds.at_fee, "artistic"), (thresholds.at_quota, "regime"),
                           (thresholds.at_three_hours, "function")):
        with pytest.raises(MissingData, match=named):
            measure(panels)
