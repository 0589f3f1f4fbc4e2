"""Headline series: the same values as the measures they come from, and intervals that cover what they should."""

from datetime import date
from statistics import NormalDist

import numpy as np
import pandas as pd
import pytest

from analysis.errors import StudyError
from analysis.measures import continuity, headline, income, volatility
from analysis.models import bootstrap

CHEAP = ("median", "empty_months")


# -- the kernel ------------------------------------------------------------------------------------------------

def repeated(counts, x):
    """The drawn sample itself: each value as often as it was drawn."""
    return np.repeat(x, counts)


SLOW = {
    bootstrap.total: np.sum, bootstrap.mean: np.mean, bootstrap.median: np.median,
    bootstrap.gini: lambda x: np.abs(x[:, None] - x).mean() / (2 * x.mean()),
}


@pytest.mark.parametrize("statistic", SLOW, ids=lambda s: s.__name__)
@pytest.mark.parametrize("size", [1, 2, 7, 40])
def test_a_statistic_of_weights_is_that_of_the_repeated_values(statistic, size):
    random = np.random.default_rng(size)
    x = np.sort(random.integers(1, 30, size)).astype(float)       # with ties
    drawn = bootstrap.copies(60, draws=200)
    workers = random.permutation(60)[:size]
    found = bootstrap.replicates(drawn, workers, x, statistic)
    for value, counts in zip(found, drawn[:, workers], strict=True):
        if counts.sum():
            assert value == pytest.approx(SLOW[statistic](repeated(counts, x)), abs=1e-12)
        else:
            assert statistic is bootstrap.total or np.isnan(value)


def test_blocks_do_not_matter(monkeypatch):
    drawn, x = bootstrap.copies(50, draws=99), np.sort(np.random.default_rng(1).lognormal(size=50))
    whole = [bootstrap.replicates(drawn, np.arange(50), x, s) for s in SLOW]
    monkeypatch.setattr(bootstrap, "CELLS", 3 * 50)
    for statistic, expected in zip(SLOW, whole, strict=True):
        np.testing.assert_allclose(bootstrap.replicates(drawn, np.arange(50), x, statistic), expected, rtol=1e-12)


def test_copies_are_poisson_and_always_the_same():
    drawn = bootstrap.copies(4_000, draws=100)
    assert (drawn[0] == 1).all() and drawn.shape == (101, 4_000)
    shares = np.bincount(drawn[1:].ravel(), minlength=4)[:4] / (100 * 4_000)
    assert shares == pytest.approx(np.exp(-1) / np.array([1, 1, 2, 6]), abs=0.003)
    assert (drawn == bootstrap.copies(4_000, draws=100)).all()
    assert (drawn != bootstrap.copies(4_000, draws=100, seed=1)).any()
    assert bootstrap.copies(3, draws=2)[1:].tolist() == [[3, 2, 1], [0, 0, 0]]      # on every machine


def test_the_interval_of_999_draws_is_that_of_the_25th_and_the_975th():
    replicate = np.concatenate([[0.5], np.random.default_rng(2).permutation(np.arange(1.0, 1000.0))])
    assert bootstrap.interval(replicate) == pytest.approx((0.5, 25, 975), rel=1e-12)


def test_draws_without_anybody_are_left_out():
    assert bootstrap.interval(np.array([1.0, np.nan, 1.0, 1.0])) == (1, 1, 1)
    assert np.isnan(bootstrap.interval(np.array([1.0, np.nan]))[1:]).all()
    assert np.isnan(bootstrap.interval(np.array([np.nan, 1.0]))).all()


TRUTH = {bootstrap.mean: np.exp(0.32), bootstrap.median: 1.0,
         bootstrap.gini: 2 * NormalDist().cdf(0.8 / np.sqrt(2)) - 1}        # of a lognormal law, σ = 0.8


@pytest.mark.parametrize("statistic", TRUTH, ids=lambda s: s.__name__)
def test_intervals_cover_the_truth(statistic):
    random, drawn, n, hits = np.random.default_rng(4), bootstrap.copies(250, draws=399), 250, 0
    for _ in range(300):
        x = np.sort(random.lognormal(sigma=0.8, size=n))
        _, low, high = bootstrap.interval(bootstrap.replicates(drawn, random.permutation(n), x, statistic))
        hits += low <= TRUTH[statistic] <= high
    assert 0.90 <= hits / 300 <= 0.98


def test_years_of_one_worker_are_drawn_together():
    """Twice the same workers have the interval of once, where rows drawn on their own would have a shorter one."""
    x = np.sort(np.random.default_rng(6).normal(10, 3, 200))
    drawn = bootstrap.copies(200)
    once = bootstrap.interval(bootstrap.replicates(drawn, np.arange(200), x, bootstrap.mean))
    twice = bootstrap.interval(bootstrap.replicates(drawn, np.repeat(np.arange(200), 2), np.repeat(x, 2),
                                                    bootstrap.mean))
    assert twice == pytest.approx(once, rel=1e-12)
    rows = bootstrap.interval(bootstrap.replicates(bootstrap.copies(400), np.arange(400), np.repeat(x, 2),
                                                   bootstrap.mean))
    assert (once[2] - once[1]) / (rows[2] - rows[1]) == pytest.approx(np.sqrt(2), rel=0.1)


# -- the series ------------------------------------------------------------------------------------------------

@pytest.fixture(scope="module")
def series(simulated):
    """The whole table on the world of 300 workers, with the scope's own region (everywhere) as a fourth."""
    answer = headline.series(simulated)
    assert answer.keys == headline.KEYS and not answer.frame().duplicated(list(headline.KEYS)).any()
    return answer.frame().set_index(list(headline.KEYS))


ORIGIN = {
    "median": (lambda p, population: income.annual_gross(p, population), "p50"),
    "mean": (lambda p, population: income.annual_gross(p, population), "mean"),
    "gini": (lambda p, population: income.inequality(p, population), "gini"),
    "cv": (lambda p, population: volatility.within_year(p, population), "cv"),
    "empty_months": (lambda p, population: continuity.months_without_work(p, population), "mean"),
}


@pytest.mark.parametrize("indicator", ORIGIN)
@pytest.mark.parametrize(("region", "couriers", "population"), [
    ("everywhere", True, "P0"), ("brussels", False, "P1"), ("brussels-clients", True, "P2")])
def test_values_are_those_of_their_measures(simulated, series, indicator, region, couriers, population):
    panels = simulated.in_region(region)
    panels = panels if couriers else panels.without_couriers()
    measure, column = ORIGIN[indicator]
    frame = measure(panels, population).frame()
    frame = (frame[frame["clock"] == "accrual"] if "clock" in frame else frame).set_index("year")
    who = "all workers" if couriers else "without couriers"
    seen = series.loc[(indicator, region, who, population)]
    assert seen["value"].tolist() == pytest.approx(frame[column].tolist(), rel=1e-9, abs=1e-7)
    assert seen["workers"].tolist() == frame["workers"].tolist()
    assert seen.index.tolist() == frame.index.tolist()


def test_one_day_contracts_are_those_of_the_population_and_the_region(simulated, series):
    whole = continuity.contract_lengths(simulated).frame().query("at_most == 1").set_index("year")
    seen = series.loc[("one_day", "everywhere", "all workers", "P0")]
    assert seen["value"].tolist() == pytest.approx(whole["share_of_days"].tolist())
    assert seen["workers"].tolist() == whole["workers"].tolist()
    c = simulated.in_region("brussels").started.execute()
    years = simulated.in_region("brussels").population("P2").execute()
    c = c.merge(years[["worker_id", "year"]], on=["worker_id", "year"])
    c = c.assign(single=c["days"].where(c["start_on"] == c["end_on"], 0))
    sums = c.groupby("year")[["single", "days"]].sum()
    found = series.loc[("one_day", "brussels", "all workers", "P2"), "value"]
    assert found.tolist() == pytest.approx((sums["single"] / sums["days"]).tolist())


def test_covered_months_are_those_of_worked_years(simulated, series):
    m = simulated.coverage_month.execute().assign(year=lambda f: f["month"] // 12)
    years = simulated.population("P1").execute()[["worker_id", "year"]]
    share = m.merge(years, on=["worker_id", "year"]).groupby("year")["covered"].mean()
    found = series.loc[("covered", "everywhere", "all workers", "P1"), "value"]
    assert found.tolist() == pytest.approx(share.tolist())


def test_intervals_hold_their_values(series):
    known = series.dropna()
    assert len(known) > 500
    assert (known["low"] <= known["high"]).all() and known["workers"].min() >= 40
    assert known["value"].between(known["low"], known["high"]).mean() > 0.99
    few = series[series["workers"] < 40]
    assert len(few) > 500 and few[["low", "high"]].isna().all(axis=None) and few["value"].notna().mean() > 0.9


def test_intervals_are_those_of_workers_drawn_anew(simulated, series):
    """A slow bootstrap that draws whole workers with replacement agrees on the width, year by year."""
    frame = simulated.worker_year.execute()
    by_worker = [f for _, f in frame[frame["year"] >= 2012].groupby("worker_id")]
    random, found = np.random.default_rng(8), []
    for _ in range(300):
        drawn = pd.concat([by_worker[n] for n in random.integers(0, len(by_worker), len(by_worker))])
        found.append(drawn.groupby("year")["real_cents"].mean() / 100)
    low, high = np.quantile(pd.DataFrame(found), [0.025, 0.975], axis=0)
    seen = series.loc[("mean", "everywhere", "all workers", "P0")].loc[2012:]
    assert ((seen["high"] - seen["low"]) / (high - low)).mean() == pytest.approx(1, abs=0.08)


def test_the_same_world_has_the_same_intervals(simulated, series):
    again = headline.series(simulated, CHEAP).frame().set_index(list(headline.KEYS))
    pd.testing.assert_frame_equal(again, series.loc[list(CHEAP)].sort_index(), check_names=False)


def tiny(**more):
    return [{"worker_id": w, "start_on": date(2010, 1, 1), "end_on": date(2010, 1, 1), "gross_cents": 100 * (w + 1)}
            | more for w in range(5)]


def test_a_region_that_the_dataset_cannot_tell_has_rows_without_numbers(panels_of):
    frame = headline.series(panels_of(tiny(), (2010, 2011)), ("median",)).frame()
    silent = frame[frame["region"] != "everywhere"]
    assert set(silent["region"]) == {"brussels", "brussels-clients", "brussels-either"}
    assert silent[["workers", "value", "low", "high"]].isna().all(axis=None)
    assert len(silent) == 3 * 2 * 3 * 2           # regions × couriers × populations × years
    told = frame[frame["region"] == "everywhere"]
    assert told["value"].tolist() == [told["value"].iloc[0]] * 2 and set(told["population"]) == {"P0"}


def test_only_the_regions_of_the_study_and_no_more(panels_of):
    homes = [{"worker_id": w, "home_nis": "21001"} for w in range(5)]
    frame = headline.series(panels_of(tiny(), (2010, 2010), "brussels", workers=homes), ("mean",)).frame()
    assert set(frame["region"]) == {"brussels", "brussels-clients", "brussels-either"}
    assert frame.loc[frame["region"] == "brussels", "workers"].tolist() == [5, 5]


def test_an_unknown_indicator_is_refused_with_the_nearest(panels_of):
    with pytest.raises(StudyError, match="did you mean 'median'"):
        headline.series(panels_of(tiny()), ("medain",))


def test_a_view_leaves_one_line_for_each_value_of_its_key(series):
    for by in headline.VIEWS:
        rows = series.reset_index().query("indicator == 'mean'")
        for column, value in headline.view(by, "brussels").items():
            rows = rows[rows[column] == value]
        assert not rows.duplicated([by, "year"]).any()
        assert set(rows[by]) >= {"couriers": {"all workers", "without couriers"}, "population": {"P0", "P1", "P2"},
                                 "region": set(headline.LOCAL)}[by]
    with pytest.raises(StudyError, match="did you mean 'region'"):
        headline.view("regions", "brussels")
