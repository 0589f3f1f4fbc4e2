"""Composite indices: hand-made numbers, published ones, and what the Monte Carlo must give by the formula."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import norm

from analysis.models import composite
from analysis.verdict import indices, space

EQUAL = np.ones(3)
HDI = np.array([[0.922, 0.654, 0.7354]])


def test_published_numbers():
    """V-28."""
    assert composite.geometric(HDI, EQUAL)[0] == pytest.approx(0.7626, abs=1e-4)
    assert composite.arithmetic(HDI, EQUAL)[0] == pytest.approx(HDI.mean())
    mean, spread = HDI.mean(), HDI.std()
    assert composite.penalised(HDI, EQUAL)[0] == pytest.approx(mean - spread**2 / mean)


unit = st.floats(0.02, 1)


@given(st.lists(st.tuples(unit, unit, unit), min_size=1, max_size=5), st.tuples(unit, unit, unit),
       st.floats(0.1, 1))
def test_means_are_ordered_and_do_not_depend_on_scale(rows, weights, factor):
    x, w = np.array(rows), np.array(weights)
    a, g, p = (f(x, w) for f in (composite.arithmetic, composite.geometric, composite.penalised))
    assert (a >= g - 1e-12).all() and (a >= p - 1e-12).all()
    np.testing.assert_allclose(composite.arithmetic(x, w * 7), a)
    np.testing.assert_allclose(composite.arithmetic(x * factor, w), a * factor)
    np.testing.assert_allclose(composite._shares(x, w).sum(axis=1), 1)


def test_an_unknown_dimension_leaves_its_weight_to_the_others():
    x = np.array([[0.2, np.nan, 0.6], [np.nan] * 3])
    for f in composite.AGGREGATIONS.values():
        assert f(x, EQUAL)[0] == pytest.approx(f(np.array([[0.2, 0.6]]), np.ones(2))[0])
    assert np.isnan(composite.arithmetic(x, EQUAL)[1])


def test_scales():
    assert composite.goalposts([5, 12, -1, 3], 10, 0).tolist() == [0.5, 0, 1, 0.7]
    x = np.array([[1.0, 3], [2, 3], [3, 3], [np.nan, 3]])
    assert composite.ranks(x)[:3, 0] == pytest.approx([1 / 6, 0.5, 5 / 6]) and np.isnan(composite.ranks(x)[3, 0])
    assert composite.ranks(x)[:, 1] == pytest.approx([0.5] * 4)
    z = composite.standard(x)
    assert z[:3, 0] == pytest.approx([0.5 - 1.5**0.5 / 6, 0.5, 0.5 + 1.5**0.5 / 6]) and (z[:, 1] == 0.5).all()


def test_weights_by_the_data():
    correlation = np.array([[1, 0.8, 0], [0.8, 1, 0], [0, 0, 1.0]])
    weights, share = composite.principal(correlation)
    assert weights == pytest.approx([0.5, 0.5, 0]) and weights.sum() == pytest.approx(1)
    assert share == pytest.approx(1.8 / 3)
    assert composite.cronbach(np.ones((4, 4))) == pytest.approx(1)
    assert composite.cronbach(np.eye(4)) == pytest.approx(0)
    x = np.random.default_rng(1).normal(size=(500, 4)) + np.random.default_rng(2).normal(size=(500, 1))
    k, total = 4, x.sum(axis=1).var(ddof=1)
    assert composite.cronbach(np.cov(x.T)) == pytest.approx(k / (k - 1) * (1 - x.var(axis=0, ddof=1).sum() / total))


def test_most_favourable_weights():
    x = np.array([[0.9, 0.1], [0.1, 0.9], [0.4, 0.4], [0.9, 0.9]])
    best = composite.most_favourable(x)
    assert best[3] == pytest.approx(1) and best[:2] == pytest.approx([5 / 9] * 2) and best[2] == pytest.approx(4 / 9)
    loose = composite.most_favourable(x, (0.0, 1.0))
    assert loose[:2] == pytest.approx([1, 1]) and (loose >= best - 1e-9).all()
    # The same by brute force over the weights of three dimensions.
    x = np.random.default_rng(3).random((5, 3))
    grid = np.array([(a, b, 1 - a - b) for a in np.linspace(0.1, 0.5, 161) for b in np.linspace(0.1, 0.5, 161)
                     if 0.1 <= 1 - a - b <= 0.5])
    scores = x @ grid.T
    assert composite.most_favourable(x) == pytest.approx((scores / scores.max(axis=0)).max(axis=1), abs=5e-3)


def test_correlation_ratio():
    random = np.random.default_rng(4)
    x = random.integers(0, 10, 20_000)
    y = np.sin(x) + random.normal(0, 0.5, len(x))
    size, mean = np.bincount(x), np.bincount(x, y) / np.bincount(x)
    assert composite.correlation_ratio(size, mean, y.var()) == pytest.approx(np.sin(x).var() / y.var(), abs=0.01)


# -- V-28b -----------------------------------------------------------------------------------------------------

def test_sobol_shares_of_an_additive_model():
    w, sigma = np.array([0.5, 0.3, 0.2]), np.array([1.0, 2.0, 0.5])
    blocks = {n: slice(k, k + 1) for k, n in enumerate("abc")}
    found = composite.sensitivity(lambda u: norm.ppf(u) @ (w * sigma), blocks)
    expected = (w * sigma) ** 2 / ((w * sigma) ** 2).sum()
    for name, share in zip("abc", expected, strict=True):
        assert found[name] == pytest.approx((share, share), rel=0.02)


def test_sobol_shares_of_a_product():
    """x·y of two uniforms less ½ has no first order: all is together. Outputs without variance have no shares."""
    blocks = {"x": slice(0, 1), "y": slice(1, 2), "nothing": slice(2, 3)}
    found = composite.sensitivity(lambda u: (u[:, 0] - 0.5) * (u[:, 1] - 0.5), blocks)
    assert found["x"] == pytest.approx((0, 1), abs=0.03) and found["nothing"] == pytest.approx((0, 0), abs=0.03)
    assert composite.sensitivity(lambda u: np.ones(len(u)), blocks)["x"] == (0, 0)


# -- choices ---------------------------------------------------------------------------------------------------

def test_random_choices_are_those_that_were_registered():
    profile = np.array([[0.2, 0.6, 0.4], [0.9, 0.1, np.nan]])
    choices = composite.Choices(3, 4, ("goalposts",), ("arithmetic",))
    u = np.random.default_rng(5).random((4_000, 6))
    u[:, 3] = 0.0                                    # the first dimension is always left out
    drawn = choices.index(u, profile)
    assert drawn[:, 1] == pytest.approx(0.1)         # of the second unit one dimension is left
    share = (drawn[:, 0] - 0.4) / 0.2                # the weight of the second among the two others: Beta(4, 4)
    assert share.mean() == pytest.approx(0.5, abs=0.01) and share.var() == pytest.approx(0.25 / 9, rel=0.06)
    u[:, 3] = 0.99                                   # none
    full = choices.index(u, profile[:1])
    assert full.mean() == pytest.approx(0.4, abs=0.01)
    forms = composite.Choices(3, 4)
    u[:, :3] = 0.5                                   # equal weights
    mixed = forms.index(u, profile[:1])[:, 0]
    for n, f in enumerate(composite.AGGREGATIONS.values()):
        rows = (u[:, 4] * 3).astype(int) == n
        assert mixed[rows] == pytest.approx(f(profile[:1], EQUAL)[0])


def test_intervals_and_ranks():
    profile = np.array([[0.8, 0.9, 0.85], [0.2, 0.3, 0.1], [0.5, 0.5, 0.5]])
    drawn = composite.monte_carlo(profile, composite.Choices(3, 4), 2_000)
    low, high = composite.spread(drawn)
    assert (low >= profile.min(axis=1) - 0.05).all() and (high <= profile.max(axis=1) + 1e-9).all()
    assert low[2] == pytest.approx(high[2]) == pytest.approx(0.5)
    order = composite.places(composite.monte_carlo(profile, composite.Choices(3, 4, tuple(composite.NORMALISATIONS))))
    assert (order == [1, 3, 2]).all()                # whatever the choices, where one unit is best in all


# -- on the panels ---------------------------------------------------------------------------------------------

@pytest.fixture(scope="module")
def places(simulated):
    return space.places(simulated).execute()


def test_intervals_on_the_registered_dimensions(simulated, places):
    seen = indices.intervals(simulated).frame()
    means = places.groupby("year")[space.parts()["security"][:-1]].mean()
    security = seen[seen["index"] == "security"].set_index("year")
    expected = means.mean(axis=1).loc[security.index]
    assert security["value"].to_numpy() == pytest.approx(expected.to_numpy(), abs=1e-6)
    assert (seen["low"] <= seen["value"]).mean() > 0.9 and (seen["value"] <= seen["high"] + 1e-9).mean() > 0.9
    assert (seen["workers"] >= indices.settings().fewest).all()
    order = expected.rank(ascending=False)
    assert security["rank"].to_numpy() == pytest.approx(order.to_numpy())
    assert (security["rank_low"] <= security["rank_high"]).all() and security["best"].max() == pytest.approx(1)
    change = security["value"] - security["value"].iloc[0]
    assert security["change"].to_numpy() == pytest.approx(change.to_numpy(), abs=2e-6)
    assert (security["change_high"] - security["change_low"] <= 2 * (security["high"] - security["low"]).max()).all()
    trades = indices.intervals(simulated, by="gender").frame()
    assert set(trades["index"]) == {"security", "autonomy"} and trades["gender"].notna().all()


def shared(frame, names):
    """Covariances, each over the rows that know both."""
    return pd.DataFrame({a: {b: np.cov(frame[[a, b]].set_axis([0, 1], axis=1).dropna().to_numpy().T, ddof=0)[0, 1]
                             for b in names} for a in names})


def test_moments_equal_those_of_pandas(simulated, places):
    told = indices.coherence(simulated).frame().set_index("index")
    weights = indices.importance(simulated).frame().set_index(["index", "dimension"])
    for index in ("security", "autonomy"):
        names = space.parts()[index][:-1]
        # A dimension in which all are alike goes with nothing.
        covariance, correlation = shared(places, names), places[[*names, index]].corr().fillna(0)
        k = len(names)
        alpha = k / (k - 1) * (1 - np.trace(covariance) / covariance.to_numpy().sum())
        assert told.loc[index, "alpha"] == pytest.approx(alpha, abs=1e-6)
        values = np.linalg.eigvalsh(correlation.loc[names, names])
        assert told.loc[index, "component"] == pytest.approx(values[-1] / values.sum(), abs=1e-6)
        own = weights.loc[index]
        assert own[["importance", "weight", "component"]].sum().to_numpy() == pytest.approx(1, abs=1e-5)
        for name in names:
            assert own.loc[name, "correlation"] == pytest.approx(correlation.loc[name, index], abs=1e-6)
        ratios = {}
        for name in names:
            known = places.dropna(subset=[name])
            cell = np.minimum(np.floor(known[name] * 10), 9)
            ratios[name] = known.groupby(cell)[index].transform("mean").var(ddof=0) / known[index].var(ddof=0)
        for name in names:
            assert own.loc[name, "importance"] == pytest.approx(ratios[name] / sum(ratios.values()), abs=1e-5)


def test_sensitivity_names_every_choice(simulated):
    told = indices.sensitivity(simulated).frame().set_index(["index", "choice"])
    for index in ("security", "autonomy"):
        own = told.loc[index]
        assert set(own.index) == {"weights", "dimension left out", "aggregation", "normalisation"}
        assert own.loc["normalisation", "level"] == 0 and own.loc["normalisation", "order"] > 0
        assert (own["level"] >= own["level_alone"] - 0.02).all() and own["level_alone"].sum() <= 1.05


def test_too_few_workers_give_no_index(panels_of):
    from datetime import date

    rows = [{"start_on": date(y, m, 1), "end_on": date(y, m, 20), "days": 5.0, "gross_cents": 10_000}
            for y in (2010, 2011) for m in (1, 2, 3)]
    tiny = panels_of(rows, (2010, 2011))
    assert indices.intervals(tiny).frame().empty and indices.sensitivity(tiny).frame().empty


def test_the_ten_steps_are_told():
    told = indices.steps()
    assert len(told) == 10 and told["here"].str.len().min() > 10
    assert isinstance(told, pd.DataFrame)
