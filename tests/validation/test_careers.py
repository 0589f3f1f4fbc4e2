"""Careers: published numbers, slow versions, planted hazards and types, and wrong twins that must miss them."""

from dataclasses import replace
from datetime import date
from itertools import combinations, pairwise

import numpy as np
import pandas as pd
import pytest
from scipy.optimize import minimize
from statsmodels.duration.survfunc import SurvfuncRight
from validation.worlds import leaving_told

from analysis.datasets import Dataset
from analysis.errors import MissingData, StudyError
from analysis.measures import careers
from analysis.models import sequences, survival
from analysis.panels import Panels
from analysis.scope import Scope
from data_synthetic import kinds
from data_synthetic.rules import Size
from data_synthetic.sample import sample
from data_synthetic.simulate import simulate
from data_synthetic.world import read_world

# Freireich et al. 1963: weeks to relapse, 6-MP (negative: still in remission) and placebo.
TREATED = [6, 6, 6, -6, 7, -9, 10, -10, -11, 13, 16, -17, -19, -20, 22, 23, -25, -32, -32, -34, -35]
PLACEBO = [1, 1, 2, 2, 3, 4, 4, 5, 5, 8, 8, 8, 8, 11, 11, 12, 12, 15, 17, 22, 23]
WEEKS = np.abs(TREATED + PLACEBO)
RELAPSED = np.array(TREATED + PLACEBO) > 0
ARM = np.repeat([0, 1], 21)
BEGIN, END = 2001 * 12, 2020 * 12 + 11
R = careers.REGISTERED


def late_entries(n=400, seed=1):
    """Exit, ended, entry and a group of invented units, with ties, late entry and censoring."""
    random = np.random.default_rng(seed)
    exit = random.integers(1, 30, n)
    entry = np.where(random.random(n) < 0.3, random.integers(0, 12, n), 0)
    kept = entry < exit
    return exit[kept], (random.random(n) < 0.6)[kept], entry[kept], random.integers(0, 3, n)[kept]


# -- survival: published numbers -------------------------------------------------------------------------------

def test_freireich_medians():
    medians = [survival.median(survival.kaplan_meier(WEEKS[a == ARM], RELAPSED[a == ARM])) for a in (0, 1)]
    assert medians == [23, 8]
    without_censoring = survival.median(survival.kaplan_meier(WEEKS[ARM == 0], np.ones(21)))
    ended_alone = survival.median(survival.kaplan_meier(WEEKS[:21][RELAPSED[:21]], np.ones(9)))
    assert without_censoring != 23 and ended_alone != 23


def test_freireich_log_rank():
    chi2, df, p = survival.log_rank(WEEKS, RELAPSED, ARM)
    assert (chi2, df) == (pytest.approx(16.793, abs=5e-4), 1)
    assert p == pytest.approx(4.17e-5, abs=5e-8)
    assert survival.log_rank(WEEKS, np.ones(42), ARM)[0] != pytest.approx(16.793, abs=0.5)


@pytest.mark.parametrize(("ties", "expected"), [("efron", 1.57213), ("breslow", 1.50919)])
def test_freireich_cox(ties, expected):
    x = pd.DataFrame({"placebo": ARM})
    found = survival.cox(WEEKS, RELAPSED, x, ties=ties)
    assert found["coefficient"][0] == pytest.approx(expected, abs=1e-5)
    wrong = survival.cox(WEEKS, RELAPSED, x, ties="breslow" if ties == "efron" else "efron")
    assert abs(wrong["coefficient"][0] - expected) > 0.05


# -- survival: slow versions -----------------------------------------------------------------------------------

def slow_curve(exit, ended, entry):
    s, variance, found = 1.0, 0.0, []
    for t in sorted(set(exit)):
        n = sum(a < t <= b for a, b in zip(entry, exit, strict=True))
        d = sum(b == t and e for b, e in zip(exit, ended, strict=True))
        s *= 1 - d / n
        variance += d / (n * (n - d)) if n > d else 0
        found.append((t, n, d, s, s * variance**0.5))
    return found


def test_kaplan_meier_with_late_entry():
    exit, ended, entry, _ = late_entries()
    curve = survival.kaplan_meier(exit, ended, entry)
    np.testing.assert_allclose(curve[["t", "at_risk", "events", "survival", "se"]], slow_curve(exit, ended, entry))
    assert (curve["low"] <= curve["survival"]).all() and (curve["survival"] <= curve["high"]).all()
    blind = survival.kaplan_meier(exit, ended)          # the twin that does not know who came late
    assert (blind["survival"] - curve["survival"]).max() > 0.02


def test_kaplan_meier_is_that_of_statsmodels():
    exit, ended, _entry, _group = late_entries()
    curve, other = survival.kaplan_meier(exit, ended), SurvfuncRight(exit, ended.astype(int))
    curve = curve[curve["events"] > 0]
    np.testing.assert_allclose(curve["survival"], other.surv_prob)
    np.testing.assert_allclose(curve["se"], other.surv_prob_se)


def test_restricted_mean_is_the_area():
    exit, ended, entry, _ = late_entries()
    curve = survival.kaplan_meier(exit, ended, entry)
    mean, se = survival.restricted_mean(curve, 20)
    fine = np.arange(0, 20, 0.01) + 0.005
    assert mean == pytest.approx(survival.survival_at(curve, fine).mean() * 20, abs=1e-9)
    everybody = survival.restricted_mean(survival.kaplan_meier(exit, np.ones(len(exit))), 100)
    assert everybody[0] == pytest.approx(exit.mean())
    assert everybody[1] == pytest.approx(exit.std() / len(exit) ** 0.5)
    assert 0 < se < 1


def test_log_rank_of_three_groups():
    exit, ended, entry, group = late_entries()
    gap, spread = np.zeros(3), np.zeros((3, 3))
    for t in sorted(set(exit[ended])):
        risk = np.array([((entry < t) & (exit >= t) & (group == g)).sum() for g in range(3)])
        ends = np.array([((exit == t) & ended & (group == g)).sum() for g in range(3)])
        n, d = risk.sum(), ends.sum()
        gap += ends - d * risk / n
        spread += d * (n - d) / max(n - 1, 1) * (np.diag(risk / n) - np.outer(risk, risk) / n**2)
    expected = gap[:2] @ np.linalg.inv(spread[:2, :2]) @ gap[:2]
    chi2, df, p = survival.log_rank(exit, ended, group, entry)
    assert (chi2, df) == (pytest.approx(expected), 2) and 0 < p < 1


def efron(b, exit, ended, x, entry):
    """The partial likelihood, written as it stands in the books."""
    total = 0.0
    for t in sorted(set(exit[ended])):
        risk, ends = (entry < t) & (exit >= t), (exit == t) & ended
        all_, ending, d = np.exp(x[risk] @ b).sum(), np.exp(x[ends] @ b).sum(), ends.sum()
        total += (x[ends] @ b).sum() - sum(np.log(all_ - k / d * ending) for k in range(d))
    return -total


def test_cox_with_a_trait_that_changes():
    exit, ended, entry, group = late_entries()
    changes = np.where(group == 0, np.inf, group * 6)
    x = np.column_stack([np.zeros(len(exit)), np.arange(len(exit)) % 2])
    parts = [(np.minimum(exit, changes), ended & (exit <= changes), entry, x),
             (exit, ended, np.maximum(entry, changes), np.column_stack([np.ones(len(exit)), x[:, 1]]))]
    parts = [[a[p[0] > p[2]] for a in p] for p in parts]
    rows = [np.concatenate(p) for p in zip(*parts, strict=True)]
    best = minimize(efron, [0.0, 0.0], args=(rows[0], rows[1], rows[3], rows[2]), method="BFGS", tol=1e-8)
    found = survival.cox(rows[0], rows[1], pd.DataFrame(rows[3], columns=["a", "b"]), rows[2])
    np.testing.assert_allclose(found["coefficient"], best.x, atol=1e-5)
    # The curvature, by second differences.
    h, unit, args = 1e-3, np.eye(2), (rows[0], rows[1], rows[3], rows[2])
    bend = [[sum(sign * efron(best.x + h * (a * unit[i] + b * unit[j]), *args) for a, b, sign in
                 ((1, 1, 1), (1, -1, -1), (-1, 1, -1), (-1, -1, 1))) / (4 * h * h) for i in range(2)] for j in range(2)]
    np.testing.assert_allclose(found["se"], np.sqrt(np.diag(np.linalg.inv(bend))), rtol=1e-3)


@pytest.mark.parametrize("fit", [survival.cox, lambda *a: survival.discrete_hazard(*a, (0, 6))])
def test_a_trait_that_tells_all_exits_apart_has_no_hazard(fit):
    exit, ended, _entry, _group = late_entries()
    with pytest.raises((ArithmeticError, np.linalg.LinAlgError)):
        fit(exit, ended, pd.DataFrame({"x": ended.astype(float)}))


def test_cox_is_that_of_statsmodels():
    from statsmodels.duration.hazard_regression import PHReg

    exit, ended, entry, group = late_entries(900)
    x = pd.DataFrame({"a": np.random.default_rng(2).normal(size=len(exit)), "b": np.arange(len(exit)) % 3.0})
    for ties in ("efron", "breslow"):
        for strata in (None, group):
            # PHReg takes who enters at t for being at risk at t.
            other = PHReg(exit.astype(float), x.to_numpy(), status=ended.astype(float), entry=entry + 0.5,
                          strata=strata, ties=ties).fit()
            found = survival.cox(exit, ended, x, entry, strata, ties)
            np.testing.assert_allclose(found["coefficient"], other.params, atol=1e-7)
            np.testing.assert_allclose(found["se"], other.bse, rtol=1e-6)


def test_errors_of_clusters_are_those_of_leaving_out_one_after_the_other():
    from statsmodels.duration.hazard_regression import PHReg

    random = np.random.default_rng(4)
    cluster = random.integers(0, 60, 800)
    x = pd.DataFrame({"a": (cluster % 5 == 0) * 1.0, "b": random.normal(size=800)})
    exit = np.ceil(np.exp(2 + 0.4 * x["a"] + random.normal(0, 0.6, 60)[cluster] + random.normal(0, 0.5, 800)))
    ended = exit < 20
    exit = np.minimum(exit, 20)
    other = PHReg(exit.to_numpy(), x.to_numpy(), status=ended.to_numpy(float), ties="breslow").fit(groups=cluster)
    found = survival.cox(exit, ended, x, ties="breslow")
    errors = survival.clustered(exit, ended, x, found["coefficient"], cluster)
    np.testing.assert_allclose(found["coefficient"], other.params, atol=1e-7)
    others = [cluster != c for c in range(60)]
    without = np.array([survival.cox(exit[o], ended[o], x[o], ties="breslow")["coefficient"] for o in others])
    slow = np.sqrt(59 / 60 * ((without - without.mean(axis=0)) ** 2).sum(axis=0))
    np.testing.assert_allclose(errors, slow, rtol=0.05)
    assert (errors > other.bse).all() and (errors < 1.3 * other.bse).all()
    assert (errors[0] > 1.5 * found["se"][0])       # who forgets the cluster is too sure of a trait of the cluster


def test_incidences_add_up():
    exit, ended, entry, group = late_entries()
    cause = np.where(ended, group + 1, 0)
    curve = survival.incidence(exit, cause, entry)
    total = curve[["incidence_1", "incidence_2", "incidence_3"]].sum(axis=1) + curve["survival"]
    assert (total - 1).abs().max() < 1e-12
    alone = survival.incidence(exit, ended.astype(int), entry)
    kept = 1 - survival.kaplan_meier(exit, ended, entry)["survival"]
    assert (alone["incidence_1"] - kept).abs().max() < 1e-12
    before = np.concatenate([[1.0], curve["survival"][:-1]])
    np.testing.assert_allclose(curve["incidence_2"].diff().iloc[1:],
                               (before * curve["events_2"] / curve["at_risk"]).iloc[1:], atol=1e-12)
    # The twin that takes the other ways for censoring says that more has ended than there is.
    twin = sum(1 - survival.kaplan_meier(exit, cause == k, entry)["survival"].iloc[-1] for k in (1, 2, 3))
    assert twin > 1.2


def months_at_risk(exit, ended, entry, x):
    rows = [(k, x[i], float(ended[i] and k == exit[i])) for i in range(len(exit))
            for k in range(entry[i] + 1, exit[i] + 1)]
    return tuple(np.array(c) for c in zip(*rows, strict=True))


def test_grouped_months_are_months():
    import statsmodels.api as sm

    exit, ended, entry, group = late_entries()
    x = (group == 1).astype(float)
    month, trait, end = months_at_risk(exit, ended, entry, x)
    band = np.searchsorted([3, 12], month, "left")
    design = np.column_stack([trait, *((band == b).astype(float) for b in range(3))])
    fit = sm.GLM(end, design, family=sm.families.Binomial(sm.families.links.CLogLog())).fit(tol=1e-12)
    found = survival.discrete_hazard(exit, ended, pd.DataFrame({"x": x}), (0, 3, 12), entry)
    assert found["coefficient"][0] == pytest.approx(fit.params[0], abs=1e-6)
    assert found["se"][0] == pytest.approx(fit.bse[0], rel=0.02)


def test_a_discrete_hazard_is_recovered():
    random = np.random.default_rng(3)
    x = random.normal(size=30_000)
    chance = 1 - np.exp(-np.exp(-3 + 0.3 * x))
    exit = random.geometric(chance)
    found = survival.discrete_hazard(np.minimum(exit, 24), exit <= 24, pd.DataFrame({"x": x}), (0, 6, 12))
    assert found["low"][0] < 0.3 < found["high"][0] and abs(found["coefficient"][0] - 0.3) < 0.02
    twin = survival.discrete_hazard(np.minimum(exit, 24), np.ones(30_000), pd.DataFrame({"x": x}), (0, 6, 12))
    assert not twin["low"][0] < 0.3 < twin["high"][0]


# -- sequences -------------------------------------------------------------------------------------------------

def random_sequences(n, length, states, seed=1):
    return np.random.default_rng(seed).integers(0, states, (n, length)).astype(np.int8)


def all_alignments(a, b, costs, indel):
    """The least cost over every way of writing one sequence above the other."""
    if not len(a) or not len(b):
        return indel * (len(a) + len(b))
    return min(all_alignments(a[1:], b[1:], costs, indel) + costs[a[0], b[0]],
               all_alignments(a[1:], b, costs, indel) + indel, all_alignments(a, b[1:], costs, indel) + indel)


@pytest.mark.parametrize("length", [1, 2, 3, 4])
def test_matching_is_the_least_of_all_alignments(length):
    s = random_sequences(12, length, 3, length)
    costs = sequences.substitution_costs(sequences.transition_rates(random_sequences(9, 9, 3), 3))
    found = sequences.optimal_matching(s, costs)
    for i, j in combinations(range(12), 2):
        assert found[i, j] == pytest.approx(all_alignments(s[i], s[j], costs, 1.0), abs=1e-12)


def slow_matching(a, b, costs):
    d = np.zeros((len(a) + 1, len(b) + 1))
    d[0], d[:, 0] = np.arange(len(b) + 1), np.arange(len(a) + 1)
    for i in range(len(a)):
        for j in range(len(b)):
            d[i + 1, j + 1] = min(d[i, j] + costs[a[i], b[j]], d[i, j + 1] + 1, d[i + 1, j] + 1)
    return d[-1, -1]


def test_matching_of_long_sequences():
    s = np.sort(random_sequences(70, 60, 5), axis=1)      # more than two blocks, and paths that are near
    s[7] = s[50]
    costs = sequences.substitution_costs(sequences.transition_rates(s, 5))
    found = sequences.optimal_matching(s, costs)
    for i, j in [*combinations(range(0, 70, 9), 2), (7, 50), (31, 32), (63, 64), (1, 69)]:
        assert found[i, j] == pytest.approx(slow_matching(s[i], s[j], costs), abs=1e-12)
    assert (found == found.T).all() and (np.diag(found) == 0).all()


def test_matching_is_a_distance():
    s = random_sequences(25, 12, 4)
    costs = np.random.default_rng(2).uniform(1, 2, (4, 4))
    costs = np.triu(costs, 1) + np.triu(costs, 1).T
    d = sequences.optimal_matching(s, costs)
    assert (d[:, :, None] + d[None, :, :] >= d[:, None, :] - 1e-12).all()
    equal = (s[:, None] == s[None]).all(axis=2)
    assert ((d == 0) == equal).all()


def test_the_longest_common_subsequence():
    s = random_sequences(20, 15, 3)
    d = sequences.longest_common(s, 3)

    def common(a, b):
        found = np.zeros((len(a) + 1, len(b) + 1), int)
        for i, j in np.ndindex(len(a), len(b)):
            found[i + 1, j + 1] = found[i, j] + 1 if a[i] == b[j] else max(found[i, j + 1], found[i + 1, j])
        return found[-1, -1]

    for i, j in combinations(range(20), 2):
        assert d[i, j] == 30 - 2 * common(s[i], s[j])
    assert (d <= 2 * sequences.hamming(s)).all()
    assert sequences.hamming(s)[0, 1] == (s[0] != s[1]).sum()


def test_rates_and_costs():
    s = np.array([[0, 0, 1, 0], [1, 1, 0, 2]])
    rates = sequences.transition_rates(s, 3)
    np.testing.assert_allclose(rates, [[1 / 3, 1 / 3, 1 / 3], [2 / 3, 1 / 3, 0], [0, 0, 0]])
    np.testing.assert_allclose(sequences.substitution_costs(rates), [[0, 1, 5 / 3], [1, 0, 2], [5 / 3, 2, 0]])


def planted_types(n=120, seed=4):
    """Four types with noise: always, never, first and last half of the months in work."""
    random = np.random.default_rng(seed)
    shape = np.array([[2] * 40, [0] * 40, [2] * 20 + [0] * 20, [0] * 20 + [2] * 20], dtype=np.int8)
    kind = random.integers(0, 4, n)
    noise = random.random((n, 40)) < 0.15
    return np.where(noise, random.integers(0, 3, (n, 40)), shape[kind]).astype(np.int8), kind


def matched(s, states=3):
    return sequences.optimal_matching(s, sequences.substitution_costs(sequences.transition_rates(s, states)))


def test_planted_types_are_found_and_stable():
    s, kind = planted_types()
    d = matched(s)
    label = sequences.types(d, 4)
    assert sequences.adjusted_rand(label, kind) >= 0.9
    assert sequences.stability(d, label, 20, 1).min() >= 0.75
    fits = {k: sequences.silhouettes(d, sequences.types(d, k)).mean() for k in (2, 3, 4, 5, 6)}
    assert max(fits, key=fits.get) == 4
    without = [matched(sequences.drifting(s, 3, n)) for n in range(5)]
    assert fits[4] > max(sequences.silhouettes(w, sequences.types(w, 4)).mean() for w in without) + 0.1
    assert sequences.stability(without[0], sequences.types(without[0], 4), 20, 1).min() < 0.6
    assert abs(sequences.adjusted_rand(np.random.default_rng(5).permutation(label), kind)) < 0.1


def test_silhouettes_and_discrepancy_by_their_definitions():
    s, _kind = planted_types(40)
    d = matched(s)
    label = sequences.types(d, 3)
    slow = []
    for i in range(40):
        means = [np.mean([d[i, j] for j in range(40) if label[j] == g and j != i]) for g in range(3)]
        a, b = means[label[i]], min(m for g, m in enumerate(means) if g != label[i])
        slow.append((b - a) / max(a, b))
    np.testing.assert_allclose(sequences.silhouettes(d, label), slow)
    within = sum(d[np.ix_(label == g, label == g)].sum() / (2 * (label == g).sum()) for g in range(3))
    assert sequences.explained(d, label) == pytest.approx(1 - within / (d.sum() / 80))
    assert sequences.explained(d, np.zeros(40, int)) == 0
    assert sequences.adjusted_rand(np.array([0, 0, 1, 1]), np.array([0, 0, 1, 2])) == pytest.approx(4 / 7)


# -- the measures: slow versions -------------------------------------------------------------------------------

@pytest.fixture(scope="module")
def tables(simulated):
    def read(name):
        frame = pd.read_parquet(f"{simulated.dataset.location}/{name}.parquet")
        return frame.assign(**{c: pd.to_datetime(frame[c]) for c in frame if c.endswith("_on")})

    return {name: read(name) for name in ("workers", "contracts", "activities", "shareholdings")}


def month(day):
    return day.year * 12 + day.month - 1


def slow_careers(tables, window):
    joined = tables["workers"].set_index("worker_id")["joined_on"]
    back = tables["shareholdings"].groupby("worker_id")["redeemed_on"].max()
    rows = []
    for worker, c in tables["contracts"].groupby("worker_id"):
        first, last = month(c["start_on"].min()), month(c["end_on"].max())
        if first > END - window:
            continue
        origin = min(first, month(joined[worker])) if month(joined[worker]) < BEGIN else first
        ended = last <= END - window
        final = c[c["end_on"] == c["end_on"].max()]
        left = back.get(worker)
        redeemed = left is not None and not pd.isna(left) and abs(month(left) - last) <= window
        way = (1 if (final["function"] == "courier").all() else 2 if (final["regime"] == "student").all()
               else 3 if redeemed else 4)
        rows.append((worker, origin, first, last, first - origin, min(last, END - window) - origin + 1, ended,
                     way if ended else 0))
    return pd.DataFrame(rows, columns=["worker_id", "origin", "first", "last", "entry", "exit", "ended", "cause"])


@pytest.mark.parametrize("window", [6, 12, 24])
def test_careers(simulated, tables, window):
    slow = slow_careers(tables, window)
    pd.testing.assert_frame_equal(careers.careers(simulated, window), slow, check_dtype=False)
    assert slow["ended"].any() and not slow["ended"].all() and (slow["entry"] > 0).any()


def test_staying_and_length(simulated, tables):
    slow = slow_careers(tables, 12)
    curve = slow_curve(slow["exit"], slow["ended"], slow["entry"])
    table = careers.staying(simulated).frame()
    for row in table.itertuples():
        at = [s for t, _n, _d, s, _se in curve if t <= row.t]
        assert row.survival == pytest.approx(at[-1] if at else 1.0)
        assert row.workers == ((slow["entry"] <= row.t) & (slow["exit"] > row.t)).sum()
        assert row.workers >= 20
    left = [slow[slow["ended"] & (slow["exit"] <= t)].shape[0] for t in table["t"]]
    assert min(b - a for a, b in pairwise(left)) >= 5
    [row] = careers.length(simulated).frame().itertuples()
    assert (row.workers, row.exits) == (len(slow), slow["ended"].sum())
    assert row.median == next(t for t, _n, _d, s, _se in curve if s <= 0.5)
    assert row.year_1 == pytest.approx([s for t, _n, _d, s, _se in curve if t <= 12][-1])
    assert row.low < row.mean < row.high


def test_length_by_window_and_group(simulated, tables):
    table = careers.length(simulated, windows=R.windows).frame().set_index("window")
    assert list(table.index) == [6, 12, 18, 24]
    assert [slow_careers(tables, w)["ended"].sum() for w in R.windows] == table["exits"].tolist()
    assert table["exits"].is_monotonic_decreasing and table.loc[6, "year_5"] < table.loc[24, "year_5"]
    groups = careers.length(simulated, by="gender").frame()
    assert set(groups["group"]) == {"man", "woman"} and (groups["workers"] >= 20).all()
    [row] = careers.difference(simulated, by="gender").frame().itertuples()
    slow = slow_careers(tables, 12).merge(tables["workers"][["worker_id", "gender"]])
    slow = slow[slow["gender"].isin(["man", "woman"])]
    assert row.chi2 == pytest.approx(survival.log_rank(slow["exit"], slow["ended"], slow["gender"], slow["entry"])[0])


def test_ways_out(simulated, tables):
    slow = slow_careers(tables, 12)
    curve = survival.incidence(slow["exit"], slow["cause"], slow["entry"])
    table = careers.ways_out(simulated).frame()
    assert set(table["exit"]) == {careers.CAUSES[k] for k in careers.CAUSES if (slow["cause"] == k).sum() >= 10}
    for row in table.itertuples():
        k = next(k for k, way in careers.CAUSES.items() if way == row.exit)
        assert row.share == pytest.approx(survival.survival_at(curve, row.t, f"incidence_{k}", 0.0))
    for way, rows in table.groupby("exit"):
        mine = slow.loc[slow["cause"].map(careers.CAUSES) == way, "exit"]
        assert all(b - a >= 5 for a, b in pairwise((mine <= t).sum() for t in rows["t"]))


def test_users_are_told_apart_at_one_month_for_all(simulated, tables):
    slow = slow_careers(tables, 12)
    opened = tables["activities"].groupby("owner_id")["opened_on"].min()
    slow = slow[(slow["exit"] > 12) & (slow["entry"] <= 12)]
    early = [w in opened.index and month(opened[w]) < o + 12 for w, o in zip(slow["worker_id"], slow["origin"],
                                                                           strict=True)]
    table = careers.users(simulated).frame()
    for group, rows in table.groupby("group"):
        mine = slow[np.array(early) == group.startswith("Activity")]
        curve = slow_curve(mine["exit"], mine["ended"], [12] * len(mine))
        for row in rows.itertuples():
            assert row.survival == pytest.approx(next((s for t, _n, _d, s, _se in reversed(curve) if t <= row.t), 1.0))


def test_candidates(simulated, tables):
    frame = careers.candidates(simulated).set_index("worker_id")
    opened = tables["activities"].groupby("owner_id")["opened_on"].min()
    gender = tables["workers"].set_index("worker_id")["gender"]
    assert not gender[frame.index].isna().any()
    for worker in frame.index[::7]:
        row = frame.loc[worker]
        expected = max(month(opened[worker]) - row["origin"] + 1, 0) if worker in opened.index else np.inf
        assert row["opens"] == expected and row["woman"] == (gender[worker] == "woman")
    assert frame.groupby("trade")["pay"].mean().abs().max() < 1e-12
    assert (frame["usual"].abs() <= frame["pay"].abs() + 1e-15).all() and (frame["doubt"] > 0).all()
    cut = careers.in_stretches(frame.reset_index())
    assert (cut["exit"] - cut["entry"]).sum() == (frame["exit"] - frame["entry"]).sum()
    assert cut["ended"].sum() == frame["ended"].sum()
    assert cut.groupby("worker_id")["ended"].sum().max() == 1


def test_pay_of_the_first_year(simulated, tables):
    from analysis import law

    base = np.mean([law.health_index(2020, m) for m in range(1, 13)])
    c = tables["contracts"]
    c = c[(c["gross_cents"] > 0) & (c["start_on"] >= "2001-01-01")]
    seen = careers._first_pay(simulated).execute().set_index("worker_id").sort_index()
    for worker in seen.index[::11]:
        mine = c[c["worker_id"] == worker]
        begin = month(mine["start_on"].min())
        mine = mine[[month(d) < begin + 12 for d in mine["start_on"]]]
        logs = [np.log(g / 100 / d * base / law.health_index(s.year, s.month)) for g, d, s in
                zip(mine["gross_cents"], mine["days"], mine["start_on"], strict=True)]
        means = pd.Series(logs).groupby(mine["client_id"].fillna(-1).to_numpy()).mean()
        assert seen.loc[worker, "pay"] == pytest.approx(means.mean())
        assert seen.loc[worker, "clients"] == len(means)


@pytest.fixture
def pays():
    """Own pay of spread 0.3, seen through one to eight clients of spread 0.2."""
    random = np.random.default_rng(6)
    own, clients = random.normal(0, 0.3, 6_000), random.integers(1, 9, 6_000)
    seen = [o + random.normal(0, 0.2, n) for o, n in zip(own, clients, strict=True)]
    return own, clients, np.array([s.mean() for s in seen]), np.array([(s**2).sum() for s in seen])


def test_usual_pay_is_known_where_it_is_planted(pays):
    own, clients, pay, squares = pays
    usual, doubt = careers.usual_pay(pay, clients, squares)
    inside = np.abs(pay) < np.quantile(np.abs(pay), 1 - 2 * R.pay_tail - 0.01)
    np.testing.assert_allclose((usual / pay)[inside], (0.09 / (0.09 + 0.04 / clients))[inside], rtol=0.08)
    assert np.polyfit(usual, own, 1)[0] == pytest.approx(1, abs=0.06)
    assert ((own - usual) / doubt).std() == pytest.approx(1, abs=0.06)


def test_a_pay_far_off_says_no_more_than_one_at_the_edge(pays):
    _own, clients, pay, squares = pays
    far = pay.copy()
    far[:40] += 5
    usual, _doubt = careers.usual_pay(far, clients, squares + clients * (far**2 - pay**2))
    assert usual.max() <= np.quantile(far, 1 - R.pay_tail)


def test_trajectories(simulated, tables):
    ids, states = careers.trajectories(simulated)
    slow = slow_careers(tables, 12).set_index("worker_id")
    eligible = slow[(slow["entry"] == 0) & (slow["origin"] >= BEGIN) & (slow["origin"] + 60 + 12 <= END + 1)]
    assert ids.tolist() == eligible.index.tolist() and states.shape == (len(ids), 60)
    days = {}
    for c in tables["contracts"].itertuples():
        length, before = (c.end_on - c.start_on).days + 1, 0
        for m in pd.period_range(c.start_on, c.end_on, freq="M"):
            until = min((m.end_time.normalize() - c.start_on).days + 1, length)
            key = c.worker_id, m.year * 12 + m.month - 1
            share = round(100 * c.days) * until // length - round(100 * c.days) * before // length
            days[key] = days.get(key, 0) + share / 100
            before = until
    for i in range(0, len(ids), 5):
        first, last = slow.loc[ids[i], ["first", "last"]]
        for m in range(60):
            d = days.get((ids[i], first + m), 0)
            expected = 4 if first + m > last else 0 if d == 0 else 1 if d < 5 else 2 if d < 15 else 3
            assert states[i, m] == expected, (m, d)


def test_a_sample_is_a_sample(simulated):
    ids, states = careers.trajectories(simulated, size=50)
    everybody, all_states = careers.trajectories(simulated)
    assert len(ids) == 50 and set(ids) < set(everybody)
    np.testing.assert_array_equal(states, all_states[np.searchsorted(everybody, ids)])
    np.testing.assert_array_equal(ids, careers.trajectories(simulated, size=50)[0])


def test_paths_never_tell_of_one_person(simulated):
    paths, types = careers.paths(simulated).frame(), careers.types(simulated).frame()
    assert (paths["workers"] >= R.smallest).all() and (types["workers"] >= R.smallest).all()
    shares = paths[list(careers.STATES)].to_numpy() * 20
    np.testing.assert_allclose(shares, shares.round(), atol=1e-9)
    assert set(paths["type"]) == set(types["type"])
    who = careers.who_takes_which(simulated, by="gender").frame()
    assert (who["workers"] >= R.smallest).all()
    assert set(who["type"]) == set(types["type"]) and (who.groupby("group")["share"].sum() <= 1.15).all()


# -- the planted world -----------------------------------------------------------------------------------------

WORKERS = 3_000
SEEDS = (1, 2, 3)


def world(folder, seed, changes=None):
    simulate(WORKERS, seed, 2001, 2020, folder, changes)
    return Panels(Dataset(f"world-{seed}", str(folder), None, guarded=False), Scope("everywhere", 2001, 2020))


@pytest.fixture(scope="module")
def worlds(tmp_path_factory):
    return {seed: world(tmp_path_factory.mktemp("worlds") / str(seed), seed) for seed in SEEDS}


@pytest.fixture(scope="module")
def found(worlds):
    return {seed: careers.hazards(p).frame().set_index(["model", "trait"]) for seed, p in worlds.items()}


@pytest.mark.parametrize("model", ["main", "month by month"])
@pytest.mark.parametrize(("trait", "parameter"), [("activity", "effect_activity_leave"),
                                                  ("woman", "effect_gender_leave")])
def test_planted_hazards_lie_in_the_intervals(found, model, trait, parameter):
    planted = getattr(read_world(), parameter)
    for seed, table in found.items():
        row = table.loc[(model, trait)]
        assert row["low"] < np.exp(planted) < row["high"], (seed, row["coefficient"], row["se"])


def test_who_counts_users_too_early_is_wrong(found):
    planted = read_world().effect_activity_leave
    for table in found.values():
        assert table.loc[("as if from the start", "activity"), "high"] < np.exp(planted) - 0.05


def test_the_low_paid_leave_sooner_and_noise_and_kinds_hide_a_part_of_it(found):
    planted = read_world().effect_pay_leave
    for table in found.values():
        seen, told = table.loc[("main", "pay")], table.loc[("hidden kinds", "pay")]
        assert told["coefficient"] < seen["coefficient"] - 0.1 and seen["high"] < 1
        assert np.log(seen["low"]) > planted


def test_told_the_hidden_traits_the_model_finds_the_planted_hazards(worlds):
    """With the kind of each member as a stratum and its own pay, nothing is left that could hide an effect."""
    planted = read_world()
    for seed, panels in worlds.items():
        fit = leaving_told(panels, sample(planted, Size(WORKERS, 2001, 2020), seed).traits)
        for trait, value in (("activity", planted.effect_activity_leave), ("pay", planted.effect_pay_leave),
                             ("woman", planted.effect_gender_leave)):
            assert abs(fit.loc[trait, "coefficient"] - value) < 2.5 * fit.loc[trait, "se"] + 0.1 * abs(value), (
                seed, trait, fit.loc[trait, "coefficient"])


def test_what_is_not_planted_is_not_found(tmp_path):
    changes = {"effect_activity_leave": "0.0", "effect_pay_leave": "0.0", "effect_gender_leave": "0.6"}
    table = careers.hazards(world(tmp_path / "other", 4, changes)).frame().set_index(["model", "trait"]).loc["main"]
    assert table.loc["woman", "low"] > 1.2
    assert table.loc["activity", "ratio"] > 0.85 and abs(table.loc["pay", "coefficient"]) < 0.25


def test_types_tell_more_of_the_planted_kinds_than_chance(worlds):
    planted = read_world()
    for seed, panels in worlds.items():
        ids, states = careers.trajectories(panels, size=400)
        kind = sample(planted, Size(WORKERS, 2001, 2020), seed).traits[2][ids - 1]
        ordinary = kind < len(kinds.ORDINARY)
        label = sequences.types(careers._distances(states), R.types)[ordinary]
        kind = kind[ordinary].astype(int)
        random = np.random.default_rng(seed)
        chance = [sequences.adjusted_rand(random.permutation(label), kind) for _ in range(200)]
        assert sequences.adjusted_rand(label, kind) > max(0.1, 3 * max(chance)), seed


# -- edges -----------------------------------------------------------------------------------------------------

def one_day(year, month_, worker=1, **more):
    return {"start_on": date(year, month_, 3), "end_on": date(year, month_, 3), "worker_id": worker,
            "gross_cents": 10_000, **more}


def test_an_end_needs_the_whole_window(panels_of):
    panels = panels_of([one_day(2010, 1), one_day(2011, 12), one_day(2010, 1, 2), one_day(2012, 1, 2),
                        one_day(2012, 2, 3)])
    frame = careers.careers(panels).set_index("worker_id")
    assert frame["ended"].to_dict() == {1: True, 2: False} and frame["exit"].to_dict() == {1: 24, 2: 24}
    assert careers.careers(panels, 6)["worker_id"].tolist() == [1, 2, 3]


def test_a_member_since_before_the_study_enters_late(panels_of):
    workers = [{"worker_id": 1, "joined_on": date(2008, 1, 20)}, {"worker_id": 2, "joined_on": date(2010, 1, 1)}]
    panels = panels_of([one_day(2010, 3), one_day(2010, 3, 2)], workers=workers)
    frame = careers.careers(panels)
    assert frame[["entry", "exit"]].to_numpy().tolist() == [[26, 27], [0, 1]]


def test_what_is_missing_is_named(panels_of):
    panels = panels_of([one_day(2010, 1)])
    for measure in (careers.users, careers.hazards):
        with pytest.raises(MissingData, match=r"activities|gender"):
            measure(panels)
    with pytest.raises(MissingData, match="joined_on"):
        careers.staying(panels, by="cohort")
    for measure in (careers.types, careers.paths, careers.numbers_of_types):
        with pytest.raises(MissingData, match="Too few careers"):
            measure(panels)
    assert careers.staying(panels).frame().empty and careers.ways_out(panels).frame().empty
    assert careers.length(panels).frame().empty


def test_too_few_exits_have_no_hazards(simulated):
    short = replace(simulated, scope=replace(simulated.scope, first_year=2019, last_year=2020))
    with pytest.raises(MissingData, match="Too few careers"):
        careers.hazards(short)


@pytest.mark.parametrize("change", [
    {"kinds": 0}, {"pay_tail": 0.5}, {"pay_tail": -0.1}, {"bands": (3, 6)}, {"kind_bands": (1, 12)}])
def test_parameters_that_make_no_sense_are_refused(change):
    with pytest.raises(StudyError, match=rf"`{next(iter(change))}`.* must "):
        replace(R, **change)


@pytest.mark.parametrize("years", [(2001, 2005), (2001, 2007), (2008, 2011)])
def test_in_few_years_it_says_that_it_cannot_tell(simulated, years):
    short = replace(simulated, scope=replace(simulated.scope, first_year=years[0], last_year=years[1]))
    with pytest.raises(MissingData, match=r"^(Too few careers|In this scope a trait tells all exits apart)"):
        careers.hazards(short)


@pytest.mark.parametrize("first", [2001, 2016])
def test_hazards_are_numbers(simulated, first):
    frame = careers.hazards(replace(simulated, scope=replace(simulated.scope, first_year=first))).frame()
    known = frame.dropna(subset=["ratio"])
    assert len(known) >= 12 and (known["se"] < careers.VAGUE).all() and (known["exits"] >= R.tail).all()
    assert np.isfinite(known[["ratio", "low", "high"]]).all().all()


def test_a_trait_that_tells_nothing_and_a_model_with_few_exits_are_left_out(simulated, monkeypatch):
    keys = ["model", "trait"]
    whole = careers.hazards(simulated).frame().set_index(keys)
    least, vague = whole["exits"].min() + 1, whole["se"].median()
    monkeypatch.setattr(careers, "REGISTERED", replace(R, tail=int(least)))
    monkeypatch.setattr(careers, "VAGUE", vague)
    part = careers.hazards(simulated).frame().set_index(keys)
    expected = whole[whole["exits"] >= least]
    assert 0 < len(part) < len(whole) and set(part.index) == set(expected.index)
    clear = expected.index[expected["se"] < vague]
    assert set(part.dropna(subset=["ratio"]).index) == set(clear) and 0 < len(clear) < len(part)
    np.testing.assert_allclose(part.loc[clear, "ratio"], expected.loc[clear, "ratio"], rtol=1e-6)


def test_nobody_in_scope(simulated):
    empty = replace(simulated, scope=replace(simulated.scope, first_year=2020, last_year=2020))
    assert careers.length(empty, windows=(24,)).frame().empty
    assert careers.difference(empty, by="gender").frame()["p"].isna().all()
