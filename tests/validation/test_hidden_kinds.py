"""Hazards of units of unknown kinds: the likelihood written out month by month, and planted kinds that are found."""

import numpy as np
import pandas as pd
import pytest
from numpy.polynomial.hermite_e import hermegauss

from analysis.models import hidden_kinds as model
from analysis.models.survival import cox, discrete_hazard

UNITS = 3_000
EFFECT, SLOW, QUICK = -0.8, 0.01, 0.15


def months_of(random, hazard, until=120):
    """Whole months that units with a `hazard` last, cut at `until`, and whether they have ended by then."""
    lasts = np.ceil(random.exponential(1 / hazard)).astype(int)
    return np.minimum(lasts, until), lasts <= until


def asked(exit, event, x, kinds, mixing=None, doubt=None, bands=(0,), trait="trait"):
    n = len(exit)
    return model.hidden_kinds(exit, event, x, list(bands), np.zeros(n), np.arange(n), kinds,
                              np.zeros(n) if mixing is None else mixing, trait,
                              np.zeros(n) if doubt is None else doubt)


@pytest.fixture(scope="module")
def planted():
    """A third of the units is quick to end; a trait makes all of them last longer."""
    random = np.random.default_rng(5)
    quick, trait = random.random(UNITS) < 0.3, random.normal(0, 0.5, UNITS)
    exit, event = months_of(random, np.where(quick, QUICK, SLOW) * np.exp(EFFECT * trait))
    return exit, event, quick, pd.DataFrame({"trait": trait})


def test_kinds_that_were_planted_are_found(planted):
    exit, event, quick, x = planted
    found = asked(exit, event, x, 2)
    row = found.estimates.iloc[0]
    assert row["low"] < EFFECT < row["high"] and row["se"] < 0.08
    assert found.share == pytest.approx([1 - quick.mean(), quick.mean()], abs=0.03)
    assert found.ratio == pytest.approx([1, QUICK / SLOW], rel=0.15)


def test_without_kinds_too_little_is_found(planted):
    exit, event, _quick, x = planted
    assert cox(exit, event, x).iloc[0]["low"] > EFFECT
    assert asked(exit, event, x, 1).estimates.iloc[0]["low"] > EFFECT


def test_more_kinds_than_there_are_change_little(planted):
    exit, event, _quick, x = planted
    two, three = (asked(exit, event, x, k) for k in (2, 3))
    assert three.estimates["coefficient"].iloc[0] == pytest.approx(two.estimates["coefficient"].iloc[0], abs=0.06)
    assert three.likelihood > two.likelihood - 3


def test_one_kind_and_no_doubt_is_the_discrete_hazard(planted):
    exit, event, _quick, x = planted
    bands = [0, 6, 24]
    found, plain = asked(exit, event, x, 1, bands=bands).estimates, discrete_hazard(exit, event, x, bands)
    np.testing.assert_allclose(found[["coefficient", "se"]], plain[["coefficient", "se"]], rtol=1e-5)


def test_a_trait_that_goes_with_the_kind_needs_mixing():
    """Most of those who carry the trait are of the slow kind: it seems to keep people, and does nothing."""
    random = np.random.default_rng(8)
    trait = (random.random(UNITS) < 0.5).astype(float)
    quick = random.random(UNITS) < np.where(trait > 0, 0.1, 0.5)
    exit, event = months_of(random, np.where(quick, QUICK, SLOW))
    x = pd.DataFrame({"trait": trait})
    assert asked(exit, event, x, 1).estimates.iloc[0]["high"] < -0.3
    row = asked(exit, event, x, 2, mixing=trait).estimates.iloc[0]
    assert row["low"] < 0 < row["high"]


def test_a_trait_that_is_known_roughly_is_not_taken_for_known():
    """Of a trait with variance 0.25 a measure with variance 0.5 is seen: half of it is the trait's own."""
    random = np.random.default_rng(9)
    trait = random.normal(0, 0.5, UNITS)
    seen = trait + random.normal(0, 0.5, UNITS)
    exit, event = months_of(random, 0.04 * np.exp(-1.5 * trait))
    right = asked(exit, event, pd.DataFrame({"trait": seen / 2}), 1, doubt=np.full(UNITS, np.sqrt(0.125)))
    careless = asked(exit, event, pd.DataFrame({"trait": seen}), 1)
    assert right.estimates.iloc[0]["low"] < -1.5 < right.estimates.iloc[0]["high"]
    assert careless.estimates.iloc[0]["low"] > -1.0


def few():
    """Nine units, two of which change in their third month, as rows of whole months."""
    rows = pd.DataFrame({
        "unit": [0, 1, 1, 2, 3, 4, 5, 6, 6, 7, 8], "entry": [0, 0, 2, 0, 0, 0, 0, 0, 2, 0, 0],
        "exit": [1, 2, 5, 7, 3, 1, 9, 2, 4, 6, 2], "ended": [1, 0, 1, 0, 1, 1, 1, 0, 0, 1, 0]})
    rows["a"] = [0.2, -0.5, -0.5, 0.1, 0.4, -0.9, 0.6, 0.3, 0.3, -0.2, 0.0]
    rows["b"] = [0, 0, 1, 0, 1, 0, 0, 0, 1, 1, 0]
    rows["mixing"] = rows["unit"] % 2
    rows["doubt"] = 0.1 + 0.05 * rows["unit"]
    return rows.astype({"ended": bool})


def written_out(rows, bands, beta, levels, kind, odds):
    """The same likelihood, one month after the other."""
    nodes, weights = hermegauss(model.NODES)
    total = 0.0
    for _unit, own in rows.groupby("unit"):
        share = np.exp(np.append(0.0, odds[:, 0] + odds[:, 1] * own["mixing"].iloc[0]))
        share, likely = share / share.sum(), 0.0
        for k, pi in zip(np.append(0.0, kind), share, strict=True):
            for node, weight in zip(nodes, weights / weights.sum(), strict=True):
                chance = 1.0
                for r in own.itertuples():
                    for m in range(r.entry, r.exit):
                        level = levels[np.searchsorted(bands, m, "right") - 1]
                        eta = level + beta[0] * (r.a + node * r.doubt) + beta[1] * r.b + k
                        p = 1 - np.exp(-np.exp(eta))
                        chance *= p if r.ended and m == r.exit - 1 else 1 - p
                likely += pi * weight * chance
        total += np.log(likely)
    return total


def test_the_likelihood_is_that_of_the_months_and_its_gradient_is_its_slope(monkeypatch):
    rows, bands, caught = few(), [0, 1, 4], []
    monkeypatch.setattr(model, "_top", lambda m, starts: (caught.append(m), starts[0], np.eye(len(starts[0])))[1:])
    model.hidden_kinds(rows["exit"], rows["ended"], rows[["a", "b"]], bands, rows["entry"], rows["unit"], 3,
                       rows["mixing"], "a", rows["doubt"])
    theta = np.array([-0.7, 0.4, -2.0, -1.5, -1.0, 1.2, -0.6, -0.3, 0.5, 0.8, -0.4])
    value, slope = caught[0](theta)
    penalty = (theta[5:] ** 2).sum() / (2 * model.LOOSE**2)
    assert value + penalty == pytest.approx(
        written_out(rows, bands, theta[:2], theta[2:5], theta[5:7], theta[7:].reshape(2, 2)))
    steps = 1e-6 * np.eye(len(theta))
    numeric = [(caught[0](theta + e)[0] - caught[0](theta - e)[0]) / 2e-6 for e in steps]
    np.testing.assert_allclose(slope, numeric, rtol=1e-6, atol=1e-7)


def test_the_order_of_rows_does_not_matter(planted):
    exit, event, _quick, x = planted
    place = np.random.default_rng(3).permutation(UNITS)
    one = asked(exit, event, x, 2)
    other = asked(exit[place], event[place], x.iloc[place].reset_index(drop=True), 2)
    np.testing.assert_allclose(one.estimates[["coefficient", "se"]], other.estimates[["coefficient", "se"]], rtol=1e-6)
