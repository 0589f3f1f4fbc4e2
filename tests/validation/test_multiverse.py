"""The multiverse: each estimate equals a slow one, the joint test keeps its level, and what was planted is found."""

from functools import partial
from itertools import product
from statistics import NormalDist

import numpy as np
import pandas as pd
import pytest
from scipy.stats import kstest

from analysis.errors import MissingData, StudyError
from analysis.figures import specification_figure
from analysis.guard import protect
from analysis.models import multiverse as model
from analysis.verdict import indicators, multiverse
from analysis.verdict.promises import registered
from analysis.verdict.scorecard import judge, ratio

Z = NormalDist().inv_cdf(0.975)


def world(random, workers=120, years=6, effect=0.0, later=None):
    """Pay of workers in years, without effect or with one, and four nodes that choose among their rows."""
    worker = np.repeat(np.arange(workers), years)
    year = np.tile(np.arange(years), workers)
    den = random.integers(1, 13, len(worker)).astype(float)
    mean = np.repeat(random.normal(0, 1, workers), years) + random.normal(0, 0.5, len(worker)) + 5 + effect
    active, local = random.random(len(worker)) < 0.7, np.repeat(random.random(workers) < 0.6, years)
    everything = np.ones(len(worker), dtype=bool)
    values = {("one", "pooled"): (mean * den, den), ("one", "alike"): (mean, everything.astype(float)),
              ("two", "pooled"): (mean * den * 1.0, den * everything), ("two", "alike"): (mean, everything * 1.0)}
    masks = {"population": {"all": everything, "active": active}, "region": {"here": local, "anywhere": everything},
             "years": {"all": everything, "late": year >= 2}}
    return model.Universe(worker, values, masks, ("basis", "weights"), year >= 3 if later else None)


def slow(u, spec):
    """Estimate, error and number of workers of one specification, one worker at a time."""
    num, den = u.values[tuple(spec[b] for b in u.bases)]
    kept = np.logical_and.reduce([u.masks[node][spec[node]] for node in u.masks])
    sides = [kept] if u.later is None else [kept & u.later, kept & ~u.later]
    value, moved, numbers = 0.0, dict.fromkeys(np.unique(u.worker), 0.0), []
    seen = set()
    for sign, side in zip((1, -1), sides, strict=False):
        r = num[side].sum() / den[side].sum()
        value += sign * r
        for w in np.unique(u.worker[side]):
            own = side & (u.worker == w)
            moved[w] += sign * (num[own] - r * den[own]).sum() / den[side].sum()
        known = set(u.worker[side & (den != 0)])
        numbers.append(len(known))
        seen |= known
    g = len(seen)
    return value, np.sqrt(g / (g - 1) * sum(m * m for m in moved.values())), min(numbers)


@pytest.mark.parametrize("later", [False, True])
def test_every_specification_equals_a_slow_one(later, monkeypatch):
    u = world(np.random.default_rng(1), workers=30, later=later)
    found = model.estimates(u)
    assert len(found) == 4 * 8
    for row in found.to_dict("records"):
        value, se, workers = slow(u, row)
        assert (row["estimate"], row["se"], row["workers"]) == pytest.approx((value, se, workers), rel=1e-9)
        assert (row["low"], row["high"]) == pytest.approx((value - Z * se, value + Z * se), rel=1e-9)
    monkeypatch.setattr(model, "AT_ONCE", 3)
    pd.testing.assert_frame_equal(model.estimates(u), found)


def test_the_order_of_rows_does_not_matter():
    u = world(np.random.default_rng(2), workers=25)
    order = np.random.default_rng(3).permutation(len(u.worker))
    turned = model.Universe(u.worker[order], {k: (n[order], d[order]) for k, (n, d) in u.values.items()},
                            {node: {o: m[order] for o, m in options.items()} for node, options in u.masks.items()},
                            u.bases)
    pd.testing.assert_frame_equal(model.estimates(turned), model.estimates(u))


def test_a_specification_without_rows_has_no_value_and_one_that_nobody_contradicts_is_not_certain():
    worker, one = np.arange(30), np.ones(30)
    u = model.Universe(worker, {("b",): (one, one)}, {"who": {"all": one > 0, "none": one < 0}})
    found = model.estimates(u).set_index("who")
    assert found.loc["none", ["estimate", "low"]].isna().all() and found.loc["none", "workers"] == 0
    assert found.loc["all", ["estimate", "se", "low", "high"]].tolist() == pytest.approx([1, 0, 0.9, 1.1])


def test_combinations_are_pruned_and_a_sample_is_spread_over_all():
    nodes = {"a": list("xyz"), "b": list("pq"), "c": [str(n) for n in range(50)]}
    every = model.specifications(nodes)
    assert len(every) == 300 and not every.duplicated().any()
    pruned = model.specifications(nodes, lambda c: not (c["a"] == "x" and c["b"] == "q"))
    assert len(pruned) == 250
    some = model.specifications(nodes, most=60)
    assert len(some) == 60 and not some.duplicated().any()
    assert some["a"].value_counts().tolist() == [20, 20, 20]        # a stratum lies inside one value of the first nodes
    pd.testing.assert_frame_equal(some, model.specifications(nodes, most=60))
    assert not some.equals(model.specifications(nodes, most=60, seed=1))
    with pytest.raises(StudyError, match="62 options"):
        rows = np.ones(2, dtype=bool)
        model.estimates(model.Universe(np.arange(2), {("b",): (rows, rows)},
                                       {"n": {str(n): rows for n in range(63)}}))


# -- V-26: the joint test --------------------------------------------------------------------------------------

@pytest.mark.parametrize("later", [False, True])
def test_under_the_null_the_shares_are_those_of_chance_and_p_is_uniform(later):
    p, p_either, significant, n = [], [], [], 150
    for seed in range(n):
        u = world(np.random.default_rng(seed), workers=80, years=6, later=later)
        specs = model.specifications({**u.nodes, "basis": ["one"]})
        up, down, either = (model.joint(u, specs, 0.0 if later else 5.0, sign, draws, seed).set_index("statistic")
                            for sign, draws in ((1, 199), (-1, 9), (0, 199)))
        p.append(up.loc["median", "p"])
        p_either.append(either.loc["median", "p"])
        significant.append(up.loc["significant", "observed"] + down.loc["significant", "observed"])
    assert kstest(p, "uniform").pvalue > 0.01 and kstest(p_either, "uniform").pvalue > 0.01
    assert np.mean(significant) == pytest.approx(0.05, abs=3 * np.std(significant) / n**0.5 + 0.01)


def test_a_planted_effect_is_the_median_and_no_chance():
    u = world(np.random.default_rng(5), workers=2_000, years=4, effect=1.0)
    found = model.estimates(u)
    assert found["estimate"].median() == pytest.approx(6.0, rel=0.02)
    told = model.joint(u, benchmark=5.0, expected=1, draws=199).set_index("statistic")
    assert told.loc["median", "observed"] == pytest.approx(found["estimate"].median() - 5)
    assert told.loc["median", "p"] == 1 / 200 and told.loc["significant", "p"] < 0.05
    assert told.loc[["side", "significant"], "observed"].tolist() == [1, 1]
    against = model.joint(u, benchmark=5.0, expected=-1, draws=199).set_index("statistic")
    assert against.loc["median", "observed"] == pytest.approx(-told.loc["median", "observed"])
    assert against.loc["median", "p"] == 1 and against.loc["significant", "observed"] == 0
    either = model.joint(u, benchmark=7.0, draws=199).set_index("statistic")
    assert either.loc["median", "observed"] == pytest.approx(7 - found["estimate"].median())
    assert either.loc["median", "p"] == 1 / 200 and either.loc["side", "observed"] == 1


def test_a_draw_turns_the_influence_of_workers():
    u = world(np.random.default_rng(6), workers=50, years=3)
    specs = model.specifications(u.nodes)
    signs = model._signs(50, 40, 9)
    assert set(np.unique(signs)) == {-1, 1}
    drawn = np.empty((40, len(specs)))
    for n, spec in enumerate(specs.to_dict("records")):
        num, den = u.values[spec["basis"], spec["weights"]]
        kept = np.logical_and.reduce([u.masks[node][spec[node]] for node in u.masks])
        r = num[kept].sum() / den[kept].sum()
        moved = np.bincount(u.worker, np.where(kept, num - r * den, 0), 50) / den[kept].sum()
        drawn[:, n] = signs @ moved
    found = model.joint(u, specs, 4.9, 1, 40, 9).set_index("statistic")
    observed = np.median(model.estimates(u, specs)["estimate"]) - 4.9
    assert found.loc["median", "p"] == (1 + (np.median(drawn, axis=1) >= observed).sum()) / 41
    assert found.loc["side", "null"] == pytest.approx((drawn > 0).mean())


def test_nothing_to_test_is_an_empty_table():
    one = np.ones(20)
    u = model.Universe(np.arange(20), {("b",): (one, one)}, {"who": {"all": one > 0}})
    assert model.joint(u, benchmark=0.5).empty


def test_influence_of_additive_nodes_is_their_share():
    rows = [{"a": a, "b": b, "c": c, "estimate": 3.0 * (a == "y") + 1.0 * (b == "q")}
            for a, b, c in product("xy", "pq", "uvw")]
    found = model.influence(pd.DataFrame(rows), ["a", "b", "c"]).set_index("node")
    assert found["range"].tolist() == pytest.approx([3, 1, 0])
    assert found["share"].tolist() == pytest.approx([0.9, 0.1, 0])
    assert found.loc["a", ["lowest", "highest"]].tolist() == ["x", "y"]


# -- from the panels -------------------------------------------------------------------------------------------

@pytest.fixture(scope="module")
def local(simulated):
    return simulated.in_region("brussels")


def by_hand(panels, name, spec):
    """One specification of a promise, from the indicator's own frame in its own scope."""
    scoped = panels.in_region(spec["region"])
    scoped = scoped if spec["couriers"] == "kept" else scoped.without_couriers()
    rows = indicators.frame(scoped, name)
    years = scoped.worker_year.execute().rename(columns={"worker_id": "unit"})
    rows = rows.merge(years[["unit", "year", "days_100", "real_cents"]], on=["unit", "year"], how="left")
    kept = {"judged": rows["year"].between(2016, 2019), "decade": rows["year"] > 2010,
            "all": rows["year"] > 0}[spec["period"]]
    if spec["pandemic"] == "out":
        kept &= ~rows["year"].isin([2020, 2021])
    people = spec["population"]
    kept &= rows["days_100"] >= 100 * int(people[4:]) if people.startswith("days") else rows[people]
    if spec["extremes"] == "out":
        kept &= rows["real_cents"] <= years["real_cents"].quantile(0.99)
    rows = rows[kept]
    num, den = rows[f"num_{spec['basis']}"], rows[f"den_{spec['basis']}"]
    if spec["weights"] == "alike":
        num, den = (num / den).fillna(0), (den > 0).astype(float)
    return ratio(num, den, rows["unit"])


@pytest.mark.parametrize("name", ["pay_at_floor", "clients"])
def test_a_promise_is_judged_in_every_registered_way(local, name):
    found = multiverse.specifications(local, name)
    bases, weights = [b for b in indicators.BASES[name] if b != "without"], 2 if name == "pay_at_floor" else 1
    assert len(found) == len(bases) * weights * 5 * 3 * 2 * 2 * (3 * 2 - 1)
    assert not found.duplicated(list(multiverse.headings())).any()
    for spec in found.sample(4, random_state=1).to_dict("records"):
        expected = by_hand(local, name, spec)
        assert spec["estimate"] == pytest.approx(expected.value, rel=1e-9, nan_ok=True)
        g = spec["workers"]
        if g > 1 and expected.error > 1e-9:
            assert spec["se"] == pytest.approx(expected.error * (g / (g - 1)) ** 0.5, rel=1e-6)


def test_the_registered_one_is_that_of_the_scorecard(local):
    rules, promises = registered()
    for promise in (p for p in promises if p.name in ("continuity", "clients")):
        found = multiverse.specifications(local, promise.name)
        [own] = found[found["registered"]].to_dict("records")
        rows = indicators.frame(local, promise.name)
        rows = rows[rows["year"].between(*rules.now) & rows[promise.population]]
        basis = promise.basis[0]
        expected = ratio(rows[f"num_{basis}"], rows[f"den_{basis}"], rows["unit"])
        assert own["estimate"] == pytest.approx(expected.value)


def test_the_own_past_is_a_difference(local):
    found = multiverse.specifications(local, "continuity", past=True)
    assert set(found["period"]) == {"judged", "all"}
    row = found[found["registered"]].iloc[0]
    rows = indicators.frame(local, "continuity")
    rows = rows[rows["P1"]]
    now, past = (rows[rows["year"].between(*years)] for years in ((2016, 2019), (2004, 2007)))
    expected = [r["num_interior"].sum() / r["den_interior"].sum() for r in (now, past)]
    assert row["estimate"] == pytest.approx(expected[0] - expected[1])
    assert row["workers"] <= past["unit"].nunique()


def test_clients_have_neither_days_nor_pay(local):
    found = multiverse.specifications(local, "users")
    assert set(found["population"]) == {"everyone"} and set(found["extremes"]) == {"kept"}
    assert found["registered"].sum() == 1


def test_agreement_counts_those_with_the_verdict_of_the_registered_one():
    found = pd.DataFrame({"low": [0.1, 0.2, -0.5, np.nan], "high": [0.3, 0.4, -0.2, np.nan],
                          "registered": [True, False, False, False]})
    assert multiverse.agreement(found, partial(judge, margin=0.1)) == pytest.approx(2 / 3)
    assert np.isnan(multiverse.agreement(found.assign(registered=False), partial(judge, margin=0.1)))


def test_between_two_bases_lies_one_interval():
    others = dict.fromkeys((n for n in multiverse.headings() if n != "basis"), "one")
    found = pd.DataFrame([{"basis": b, **others, "low": low, "high": low + 0.2, "registered": b == "lower"}
                          for b, low in (("lower", 0.1), ("upper", 0.7), ("third", 0.9))])
    [row] = multiverse._between(found, ("lower", "upper")).to_dict("records")
    assert (row["low"], row["high"], row["registered"]) == (0.1, pytest.approx(0.9), True)
    assert multiverse._between(found, ("lower",)) is found


def test_answers_are_rounded_and_hold_no_row_of_few(local):
    answer = multiverse.curve(local, "clients")
    frame = answer.frame()
    assert (frame["workers"] % 10 == 0).all()
    assert frame.loc[frame["workers"] == 0, "estimate"].isna().all()
    exact = multiverse.specifications(local, "clients")
    exact, known = exact[exact["workers"] >= 10], frame["estimate"].dropna()
    assert np.sort(exact["estimate"]) == pytest.approx(known.to_numpy(), abs=exact["se"].max() / 4)
    assert known.nunique() < exact["estimate"].nunique() / 2
    assert known.is_monotonic_increasing and frame["place"].tolist() == list(range(1, len(frame) + 1))
    safe = protect(frame, answer.keys, "workers", "synthetic", guarded=True)
    assert safe.suppressed == (frame["workers"] < 10).sum()
    block = specification_figure(safe, name="curve", nodes=multiverse.headings(), caption="A curve.", benchmark=0.5,
                                 y_label="share")
    assert "estimates from" in block.alt and "above the benchmark of 0.5" in block.alt
    assert block == specification_figure(safe, name="curve", nodes=multiverse.headings(), caption="A curve.",
                                         benchmark=0.5, y_label="share")


def test_what_the_specifications_say_together(local):
    told = multiverse.summary(local, "continuity", 0.0).frame().set_index("statistic")
    assert told.loc["side", "observed"] == 1 and told.loc["median", "p"] < 0.05 and told["above"].all()
    assert not multiverse.summary(local, "continuity", 1.0).frame()["above"].any()
    nodes = multiverse.weight_of_nodes(local, "continuity").frame()
    assert nodes["share"].is_monotonic_decreasing and nodes["share"].between(0, 1).all()
    assert "years" in nodes["node"].tolist()


def test_robustness_has_a_row_for_each_promise(panels_of):
    from datetime import date

    rows = [{"worker_id": w, "start_on": date(y, 3, 1), "end_on": date(y, 5, 30), "days": 40.0, "hours": 320.0,
             "gross_cents": 700_000} for w in range(12) for y in (2015, 2016, 2017, 2018)]
    panels = panels_of(rows, (2014, 2019), workers=[{"worker_id": w, "home_nis": "21004"} for w in range(12)])
    found = multiverse.robustness(panels.in_region("brussels")).frame().set_index("promise")
    assert len(found) == len(registered()[1])
    assert found.loc["Continuity", "specifications"] > 0 and found.loc["Continuity", "agree"] == 1
    assert found.loc["Steadier income", "workers"] == 0 and np.isnan(found.loc["Steadier income", "agree"])
    with pytest.raises(MissingData, match="activities"):
        multiverse.specifications(panels.in_region("brussels"), "steadier")
    with pytest.raises(StudyError, match="did you mean 'continuity'"):
        multiverse.specifications(panels, "continuty")


def test_one_person_among_many_does_not_show():
    values = pd.DataFrame({"estimate": [0.5004, 0.5011, 0.9]})
    told = multiverse._blurred(values, pd.Series([0.03, 0.03, 0.0]))["estimate"].tolist()
    assert told == [0.5, 0.5, 922 / 1024]


def test_nodes_are_in_words():
    words = multiverse.nodes()
    assert len(words) == len(multiverse.headings()) == 8 and (words["options"].str.len() > 3).all()
    for days in multiverse.settings().days:
        assert f"{days} declared days" in words.loc[words["node"] == "who is in", "options"].iloc[0]
    for promise in registered()[1]:
        said = multiverse.read()["multiverse"]["bases"][promise.name]
        assert list(said) == [b for b in indicators.BASES[promise.name] if b != "without"]
