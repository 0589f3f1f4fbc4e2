"""The two-way pay model: known effects, known bias, exact identities, and the truth of planted worlds.

Numbers V-02 … V-07 are those of the validation register; its 30 panels and 400 draws are among the long tests.
"""

import shutil
from dataclasses import replace
from datetime import date

import numpy as np
import pandas as pd
import pytest

from analysis.datasets import Dataset
from analysis.errors import MissingData
from analysis.measures import wages
from analysis.models import Z95, leaveout, twoway
from analysis.panels import Panels
from analysis.scope import Scope
from data_synthetic import columns as at
from data_synthetic import simulate as simulator
from data_synthetic.draw import ONE
from data_synthetic.rules import Size
from data_synthetic.sample import sample
from data_synthetic.world import read_world

SETTING = wages._setting()
WORKERS, CLIENTS, CONTRACTS = 600, 300, 6_000
DAY = date(2010, 3, 1)
LN2 = np.log(2)


def inner(matches):
    """The matches of the movers' core."""
    return twoway.chosen(matches, leaveout.core(matches))


def vector(c):
    return np.array([c.worker, c.client, c.covariance])


def moments(matches, kept, alpha, psi, worker, client):
    """V_α, V_ψ and covariance of true effects by the contracts of the core."""
    a, p = alpha[np.unique(worker)][matches.worker[kept]], psi[np.unique(client)][matches.client[kept]]
    c = np.cov(a, p, ddof=0, fweights=matches.n[kept].astype(int))
    return np.array([c[0, 0], c[1, 1], c[0, 1]])


def draw(seed, workers=WORKERS, clients=CLIENTS, contracts=CONTRACTS, spread=False):
    """Contracts with sorting; better paying clients keep coming back, so that contracts weigh on them.

    With `spread`, the errors of better paying clients are larger.
    """
    random = np.random.default_rng(seed)
    alpha, psi = random.normal(0, 0.25, workers), np.sort(random.normal(0, 0.18, clients))
    worker = random.integers(0, workers, contracts // 2)
    place = np.clip(0.5 + 0.5 * alpha[worker] + random.normal(0, 0.3, len(worker)), 0, 0.999)
    client = (place * clients).astype(int)
    chance = np.exp(6 * psi[client])
    again = random.choice(len(worker), contracts - len(worker), p=chance / chance.sum())
    worker, client = np.append(worker, worker[again]), np.append(client, client[again])
    sd = 0.4 * (np.exp(2 * psi[client]) if spread else 1)
    return worker, client, alpha[worker] + psi[client] + random.normal(0, 1, contracts) * sd, alpha, psi


# -- the graph (V-07) ------------------------------------------------------------------------------------------

PATH = [(0, 0), (1, 0), (1, 1), (2, 1)]
CYCLE = [(0, 0), (0, 1), (1, 0), (1, 1)]
TWO_CYCLES = [*CYCLE, *((w + 2, c + 2) for w, c in CYCLE), (1, 2)]


def matches_of(edges):
    return twoway.Matches(*np.array(edges).T, np.zeros(len(edges)), np.ones(len(edges)), np.zeros(len(edges)))


@pytest.mark.parametrize(("edges", "expected"), [
    (PATH, [True] * 4), (CYCLE, [False] * 4), (TWO_CYCLES, [False] * 8 + [True])])
def test_bridges_of_known_graphs(edges, expected):
    assert leaveout.bridges(matches_of(edges)).tolist() == expected


def parts(edges):
    """The sets of connected nodes, by joining sets: no library."""
    group = {}
    for worker, client in edges:
        joined = group.get(("w", worker), {("w", worker)}) | group.get(("c", client), {("c", client)})
        for node in joined:
            group[node] = joined
    return {frozenset(g) for g in group.values()}


def test_bridges_of_random_graphs_are_those_whose_removal_parts_their_ends():
    random = np.random.default_rng(1)
    for _ in range(200):
        workers, clients = random.integers(2, 9, 2)
        all_edges = [(w, c) for w in range(workers) for c in range(clients)]
        most = min(len(all_edges), workers + clients + 3)
        edges = [all_edges[k] for k in random.choice(len(all_edges), random.integers(1, most + 1), replace=False)]
        expected = [not any({("w", w), ("c", c)} <= g for g in parts([e for e in edges if e != (w, c)]))
                    for w, c in edges]
        m = matches_of(edges)
        assert leaveout.bridges(m).tolist() == expected
        without = [e for e, bridge in zip(edges, expected, strict=True) if not bridge]
        kept = leaveout.core(m)
        inside = {("w", edges[k][0]) for k in np.flatnonzero(kept)} | {("c", edges[k][1]) for k in np.flatnonzero(kept)}
        assert (inside in parts(without)) if without else not inside
        assert kept.sum() == max((sum(("w", w) in g for w, _ in without) for g in parts(without)), default=0)


# -- effects and correction (V-02 … V-06) ----------------------------------------------------------------------

def test_known_effects_without_noise_come_back():
    alpha, psi = np.array([0.1, 0.7, -0.4]), np.array([0.2, -0.3])
    worker, client = np.repeat([0, 1, 2], 2), np.tile([0, 1], 3)
    worker, client = np.append(worker, 0), np.append(client, 1)
    matches, _ = twoway.collapse(worker, client, alpha[worker] + psi[client])
    found = twoway.fit(matches, replace(SETTING, tolerance=1e-14))
    np.testing.assert_allclose(found.alpha - found.alpha[0], alpha - alpha[0], atol=1e-10)
    np.testing.assert_allclose(found.psi - found.psi[0], psi - psi[0], atol=1e-10)
    np.testing.assert_allclose(found.residual, 0, atol=1e-10)


@pytest.fixture(scope="module", params=[8, pytest.param(30, marks=pytest.mark.long)])
def errors(request):
    """Of each panel: estimates less the truth, of the leave-out, of the plug-in, and of a leave-out without weights."""
    rows = []
    for seed in range(request.param):
        worker, client, y, alpha, psi = draw(seed)
        matches, _ = twoway.collapse(worker, client, y)
        kept = leaveout.core(matches)
        truth = moments(matches, kept, alpha, psi, worker, client)
        m = twoway.chosen(matches, kept)
        found = twoway.fit(m, SETTING, exact=True)
        unweighted = twoway.fit(twoway.Matches(m.worker, m.client, m.y, np.ones(len(m.y)), m.within),
                                replace(SETTING, draws=60), exact=False)
        rows.append([vector(c) - truth for c in (found.corrected, found.plugin, unweighted.corrected)])
    return np.array(rows).transpose(1, 0, 2)


def assert_unbiased(error):
    """The mean error is within three Monte-Carlo errors of zero, for each of the three components."""
    assert (np.abs(error.mean(axis=0)) <= 3 * error.std(axis=0, ddof=1) / len(error) ** 0.5).all()


def test_the_leave_out_correction_removes_the_bias(errors):
    """V-03."""
    assert_unbiased(errors[0])
    assert errors[1].mean(axis=0)[1] >= 0.008 and errors[1].mean(axis=0)[2] < 0     # the plug-in: V_ψ, covariance


@pytest.mark.parametrize("twin", [1, 2], ids=["without correction", "without weights"])
def test_wrong_twins_fail_the_same_assertion(errors, twin):
    with pytest.raises(AssertionError):
        assert_unbiased(errors[twin])


def test_with_unequal_errors_it_removes_it_too():
    rows = []
    for seed in range(5):
        worker, client, y, alpha, psi = draw(100 + seed, spread=True)
        matches, _ = twoway.collapse(worker, client, y)
        kept = leaveout.core(matches)
        found = twoway.fit(twoway.chosen(matches, kept), SETTING, exact=True)
        truth = moments(matches, kept, alpha, psi, worker, client)
        rows.append([vector(found.corrected) - truth, vector(found.plugin) - truth])
    corrected, plugin = np.array(rows).transpose(1, 0, 2)
    assert_unbiased(corrected)
    assert (plugin.mean(axis=0)[:2] > 0.008).all()


def test_random_projections_agree_with_exact_leverages():
    worker, client, y, *_ = draw(3)
    m = inner(twoway.collapse(worker, client, y)[0])
    exact, random = twoway.fit(m, SETTING, exact=True), twoway.fit(m, replace(SETTING, draws=400), exact=False)
    assert random.corrected.client == pytest.approx(exact.corrected.client, rel=0.02)
    assert random.plugin == exact.plugin
    assert ((random.leverage > 0) & (random.leverage < 1)).all()
    assert exact.leverage.sum() == pytest.approx(m.workers + m.clients - 1, abs=1e-6)       # V-05
    again = twoway.fit(m, replace(SETTING, draws=400), exact=False)
    assert again.corrected == random.corrected                                              # the seed is fixed


def slow(m):
    """Components plug-in and corrected, with every matrix written out; of stayers the variance within the match."""
    rows = np.arange(len(m.y))
    x = np.zeros((len(rows), m.workers + m.clients))
    x[rows, m.worker] = x[rows, m.workers + m.client] = 1
    root, total = np.sqrt(m.n), m.n.sum()
    wide, centred = root[:, None] * x, m.y - np.average(m.y, weights=m.n)
    inverse = np.linalg.pinv(wide.T @ wide, hermitian=True, rcond=1e-10)
    b = inverse @ wide.T @ (root * centred)
    stays = np.bincount(m.worker)[m.worker] == 1
    left = np.where(stays, 1, 1 - (wide @ inverse * wide).sum(axis=1))
    sigma2 = root * centred * (root * (centred - x @ b)) / left
    sigma2[stays] = m.within[stays] / (m.n[stays] - 1)
    of_worker, of_client = (np.where(np.arange(x.shape[1]) < m.workers, s, 1 - s) * x for s in (1, 0))
    centre = np.eye(len(rows)) - np.outer(np.ones(len(rows)), m.n) / total
    a, p = centre @ of_worker, centre @ of_client
    found = []
    for left, right in ((a, a), (p, p), (a, p)):
        form = left.T @ (m.n[:, None] * right) / total
        each = (wide @ inverse @ form * (wide @ inverse)).sum(axis=1)
        found.append((b @ form @ b, b @ form @ b - each @ sigma2))
    return np.array(found).T, sigma2, x, wide, inverse


def test_the_fit_equals_one_with_every_matrix_written_out():
    worker, client, y, *_ = draw(4, 60, 30, 500)
    m = inner(twoway.collapse(worker, client, y)[0])
    (plugin, corrected), sigma2, *_ = slow(m)
    found = twoway.fit(m, replace(SETTING, tolerance=1e-13))
    np.testing.assert_allclose(vector(found.plugin), plugin, rtol=1e-8)
    np.testing.assert_allclose(vector(found.corrected), corrected, rtol=1e-7)
    np.testing.assert_allclose(found.sigma2, sigma2, rtol=1e-6, atol=1e-10)


def test_residualising_equals_least_squares_with_all_dummies():
    worker, client, y, *_ = draw(5, 40, 20, 400)
    x = np.random.default_rng(5).normal(size=(len(y), 2)) + np.column_stack([worker / 40, client / 20])
    y = y + x @ [0.3, -0.2]
    matches, match = twoway.collapse(worker, client, y)
    dummies = np.column_stack([np.eye(40)[worker], np.eye(20)[client], x])
    expected = np.linalg.lstsq(dummies, y, rcond=None)[0][-2:]
    adjusted, beta = twoway.residualise(matches, match, y, x, replace(SETTING, tolerance=1e-13))
    np.testing.assert_allclose(beta, expected, rtol=1e-8)
    np.testing.assert_allclose(adjusted, y - x @ expected, rtol=1e-8)


@pytest.mark.parametrize(("draws", "near"), [(150, 0.05), pytest.param(400, 0.025, marks=pytest.mark.long)])
def test_projection_errors_cover_and_naive_ones_do_not(draws, near):
    """V-06. The same workers, clients and effects; errors drawn anew, larger for some clients."""
    random = np.random.default_rng(6)
    worker, client, _, alpha, psi = draw(6, 150, 40, 1_200)
    matches, match = twoway.collapse(worker, client, np.zeros(len(worker)))
    kept = leaveout.core(matches)
    inside = kept[match]
    worker, client = worker[inside], client[inside]
    trait = (np.arange(40) % 3 == 0).astype(float)
    z = np.column_stack([np.ones(40), trait])[np.unique(client)]
    weight = np.bincount(client)[np.unique(client)].astype(float)
    truth = np.linalg.lstsq(np.sqrt(weight)[:, None] * z, np.sqrt(weight) * psi[np.unique(client)], rcond=None)[0][1]
    found = []
    for _ in range(draws):
        y = alpha[worker] + psi[client] + random.normal(0, 1, len(worker)) * (0.2 + 0.5 * trait[client])
        p = twoway.project(twoway.fit(twoway.collapse(worker, client, y)[0], SETTING, exact=True), z, SETTING)
        found.append((p.coefficient[1], p.error[1], p.naive[1]))
    estimate, error, naive = np.array(found).T
    covered = np.abs(estimate - truth) <= Z95 * error
    assert abs(covered.mean() - 0.95) <= near
    assert error.mean() == pytest.approx(estimate.std(ddof=1), rel=0.15)
    assert abs(naive.mean() / estimate.std(ddof=1) - 1) > 0.3


# -- diagnostics -----------------------------------------------------------------------------------------------

def test_switches_are_found_in_the_order_of_contracts():
    found = twoway.switches(np.array([1, 1, 1, 1, 2, 2]), np.array([0, 0, 1, 1, 1, 0]),
                            np.array([1.0, 2, 4, 3, 5, 6]), np.array([0, 1, 3, 2, 0, 1]), np.array([4, 7]))
    assert found["worker"].tolist() == [1, 2]
    assert found["from"].tolist() == [4, 7] and found["to"].tolist() == [7, 4]
    np.testing.assert_array_equal(found["y"], [[1, 2, 3, 4], [np.nan, 5, 6, np.nan]])


def test_classes_have_equal_weight_and_follow_values():
    of = twoway.classes(np.array([3.0, 1, 2, 4]), np.ones(4), 2)
    assert of.tolist() == [1, 0, 0, 1]


def test_match_effects_add_nothing_to_an_additive_world_and_something_to_another():
    worker, client, y, *_ = draw(7)
    inside = np.random.default_rng(8).normal(0, 0.4, (WORKERS, CLIENTS))
    gain = []
    for outcome in (y, y + inside[worker, client]):
        r2 = twoway.explained(twoway.fit(inner(twoway.collapse(worker, client, outcome)[0]), SETTING, exact=False))
        gain.append(r2["matches"] - r2["additive"])
    assert abs(gain[0]) < 0.03 < 0.1 < gain[1]


def test_cells_of_few_clients_show_no_residual():
    worker, client, y, *_ = draw(7)
    found = twoway.fit(inner(twoway.collapse(worker, client, y)[0]), SETTING, exact=False)
    assert np.isnan(twoway.residual_grid(found, 10, least=40)).all()      # 30 clients in a tenth
    assert np.nanmax(np.abs(twoway.residual_grid(found, 3))) < 0.02


# -- the measures ----------------------------------------------------------------------------------------------

def dense(panels, outcome):
    """The measure's model with pandas and dense least squares: contracts with adjusted pay, and the matches."""
    c = panels.real(panels.started).order_by("contract_id").execute()
    c = c[c["client_id"].notna() & (c["gross_cents"] > 0)]
    amount = c["real_cents"] if outcome == "pay" else c["price_cents"] * c["real_cents"] / c["gross_cents"]
    y = np.log(amount / 100 / c["days"]).to_numpy()
    start = pd.to_datetime(c["start_on"])
    years = np.arange(c["year"].min(), c["year"].max() + 1)
    year = (c["year"].to_numpy()[:, None] == years).astype(float)
    trend = np.column_stack([np.ones(len(years)), years])
    free = np.linalg.svd(trend.T)[2][2:].T                      # what is orthogonal to a level and a trend
    x = [year @ free, pd.get_dummies(start.dt.month).to_numpy(float)[:, 1:],
         pd.get_dummies(np.digitize(c["days"], [1, 5, 20], right=True)).to_numpy(float)[:, 1:],
         (c["pay_basis"] == "lump_sum").to_numpy(float)[:, None],
         pd.get_dummies(c["joint_committee"].fillna("")).to_numpy(float)[:, 1:],
         year * c["artistic"].fillna(False).astype(float).to_numpy()[:, None],
         ((start - start.groupby(c["worker_id"]).transform("min")).dt.days / 365.25).to_numpy()[:, None]]
    dummies = [pd.get_dummies(c[k]).to_numpy(float) for k in ("worker_id", "client_id")]
    full = np.column_stack([*dummies, *x])
    b = np.linalg.lstsq(full.T @ full, full.T @ y, rcond=1e-11)[0]
    k = sum(d.shape[1] for d in dummies)
    c = c.assign(y=y - full[:, k:] @ b[k:])
    return c, c.groupby(["worker_id", "client_id"], as_index=False).agg(
        y=("y", "mean"), n=("y", "size"), within=("y", lambda y: ((y - y.mean()) ** 2).sum()))


def test_the_measures_equal_dense_least_squares(simulated):
    parts, samples, premia = (f(simulated).frame() for f in (
        wages.components, wages.core_sample, wages.client_premia))
    for outcome in wages.OUTCOMES:
        c, pairs = dense(simulated, outcome)
        ids = [pairs[k].to_numpy() for k in ("worker_id", "client_id")]
        codes = [np.unique(i, return_inverse=True)[1] for i in ids]
        m = twoway.Matches(*codes, *(pairs[k].to_numpy(float) for k in ("y", "n", "within")))
        rows = parts.query("outcome == @outcome").set_index("estimate")
        for who, estimates, of in (("with stayers", ("leave-out, with stayers",), leaveout.with_stayers),
                                   ("movers", ("leave-out", "plug-in"), leaveout.core)):
            kept = of(m)
            core = twoway.chosen(m, kept)
            (plugin, corrected), sigma2, _x, wide, inverse = slow(core)
            inside = c.merge(pairs.loc[kept, ["worker_id", "client_id"]])
            total = inside["y"].var(ddof=0)
            for name, expected in zip(estimates, (corrected, plugin), strict=False):
                row = rows.loc[name]
                assert (row["workers"], row["clients"]) == (core.workers, core.clients)
                np.testing.assert_allclose(row[["worker_share", "client_share", "sorting_share"]].astype(float),
                                           expected * [1, 1, 2] / total, rtol=1e-4, atol=1e-6)
            seen = samples.set_index(["outcome", "sample"]).loc[outcome, who]
            assert seen["contract_share"] == pytest.approx(len(inside) / len(c))
            assert seen["pay_share"] == pytest.approx(inside["gross_cents"].sum() / c["gross_cents"].sum())
            assert seen["worker_share"] == pytest.approx(core.workers / c["worker_id"].nunique())
        clients = np.unique(ids[1][kept])
        weight = np.bincount(core.client, core.n)
        b = inverse @ wide.T @ (np.sqrt(core.n) * (core.y - np.average(core.y, weights=core.n)))
        traits, _ = wages._design(wages._levels(simulated, clients))
        into = np.linalg.inv(traits.T @ (weight[:, None] * traits)) @ (traits.T * weight)
        of_client = np.column_stack([np.zeros((core.clients, core.workers)), np.eye(core.clients)])
        variance = (into @ of_client @ inverse @ wide.T)[1:] ** 2 @ sigma2
        expected = (into @ b[core.workers:])[1:]
        rows = premia.query("outcome == @outcome and trait == 'legal_form' and premium == premium and premium != 0")
        assert len(rows) >= 1
        for _, r in rows.iterrows():
            k = np.abs(expected - r["premium"]).argmin()
            assert expected[k] == pytest.approx(r["premium"], rel=1e-4, abs=1e-6)
            if variance[k] > 0:
                assert r["high"] - r["premium"] == pytest.approx(Z95 * variance[k] ** 0.5, rel=1e-2)


def test_no_answer_carries_an_identifier_or_a_small_class(simulated):
    for measure in (wages.components, wages.components_by_years, wages.core_sample, wages.client_premia,
                    wages.pay_around_switches, wages.fit_checks):
        answer = measure(simulated)
        frame = answer.frame()
        assert answer.count in frame and not [c for c in frame if c.endswith("_id")]
    switches = wages.pay_around_switches(simulated).frame()
    assert switches.loc[switches["workers"] < 10, ["before", "after", "later"]].isna().all(axis=None)


@pytest.mark.parametrize(("limit", "value"), [
    ("REGISTERED", replace(wages.REGISTERED, dominance=0.0)), ("K_WORKERS", 1_000)])
def test_a_level_of_one_large_client_or_of_few_workers_is_empty(simulated, monkeypatch, limit, value):
    assert wages.client_premia(simulated).frame()["premium"].notna().any()
    monkeypatch.setattr(wages, limit, value)
    frame = wages.client_premia(simulated).frame()
    assert len(frame) and frame.drop(columns=["outcome", "trait", "level", "clients"]).isna().all(axis=None)


def test_levels_of_few_clients_are_together_and_a_copy_of_a_level_is_absent():
    form, size = (np.array(v, dtype=object) for v in (["a"] * 3 + ["b"] * 2 + ["c"], ["x"] * 3 + ["y"] * 2 + ["z"]))
    columns, told = wages._design({"legal_form": form, "size": size})
    assert columns.shape[1] == 3
    assert [(trait, level) for trait, level, *_ in told] == [
        ("legal_form", "a"), ("legal_form", "b"), ("legal_form", "c"), ("size", "x")]


def test_without_prices_pay_alone_is_seen_and_without_traits_no_premium(panels_of):
    random = np.random.default_rng(2)
    panels = panels_of([{"worker_id": w, "client_id": c, "start_on": DAY, "end_on": DAY,
                         "gross_cents": int(random.integers(8_000, 20_000))}
                        for w in range(1, 21) for c in range(1, 26)])
    assert set(wages.components(panels).frame()["outcome"]) == {"pay"}
    with pytest.raises(MissingData, match="legal_form"):
        wages.client_premia(panels)


def test_too_few_to_fit_give_empty_tables_and_not_an_error(panels_of):
    panels = panels_of([{"start_on": DAY, "end_on": DAY, "gross_cents": 10_000}])
    for measure in (wages.components, wages.components_by_years, wages.core_sample, wages.client_premia,
                    wages.pay_around_switches, wages.fit_checks):
        assert len(measure(panels).frame()) == 0


# -- planted truth ---------------------------------------------------------------------------------------------

NOBODY = {f"m{n:02}_share": "0.0" for n in (1, 2, 3, 4, 6, 7, 8, 11, 13, 14, 16)} | {
    "courier_share": "0.0", "dominant_pay": "0.0"}       # pay is set by worker and client alone
SEEDS = (1, 3, 5)


def flat():
    """The trades of world.toml without premia of their own, as TOML."""
    return "[" + ", ".join(
        f'{{ name = "{t.name}", early = {t.early}, late = {t.late}, artistic = {str(t.artistic).lower()}, '
        f'committee = "{t.committee}", pay = 0.0 }}' for t in read_world().trades) + "]"


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """A function from changes of world.toml to the panels of a world, whose folders are removed at the end."""
    root = tmp_path_factory.mktemp("worlds")

    def make(workers, seed, **changes):
        folder = root / f"{len(list(root.iterdir()))}"
        folder.mkdir()
        simulator.write_tables(read_world(NOBODY | changes), Size(workers, 2001, 2020), seed, folder, 1)
        return Panels(Dataset("made", str(folder), None, guarded=False), Scope("everywhere", 2001, 2020))

    yield make
    shutil.rmtree(root)


def test_planted_spreads_of_workers_and_clients_are_found(made):
    planted = read_world()
    for seed in SEEDS[:2]:
        row = wages.components(made(1_200, seed, trades=flat(), effect_public_pay="0.0")).frame()
        row = row.query("outcome == 'pay' and estimate == 'leave-out'").iloc[0]
        assert row["worker_low"] <= planted.worker_sigma <= row["worker_high"]
        assert row["client_low"] <= planted.client_sigma <= row["client_high"]
        assert row["worker_high"] - row["worker_low"] < 0.1 and row["client_high"] - row["client_low"] < 0.1


def test_planted_premia_of_clients_are_found(made):
    planted = read_world()
    for seed in SEEDS:
        rows = wages.client_premia(made(1_200, seed), weight="clients").frame().query("outcome == 'pay'")
        rows = rows.set_index("level")
        for level, value in (("public", planted.effect_public_pay), ("250+", planted.effect_size_pay)):
            if rows.loc[level, "premium"] == rows.loc[level, "premium"]:
                assert rows.loc[level, "low_sampled"] <= value <= rows.loc[level, "high_sampled"]
        assert rows.loc["public", "high_sampled"] < 0


def test_the_components_of_this_very_world_are_found_by_the_leave_out_alone():
    """Against the effects that its contracts really have, which the plug-in misses by far more."""
    errors = []
    for seed in range(12):
        base = sample(read_world(NOBODY), Size(1_000, 2001, 2020), seed)
        rows = np.flatnonzero(base.paired)
        worker, client = base.member[rows], base.contracts[at.C_CLIENT][rows]
        alpha = (base.traits[0] + base.traits[8]) / ONE * LN2
        psi = np.append(0, base.clients[5] / ONE * LN2)
        random = np.random.default_rng(seed)
        y = alpha[worker] + psi[client] + random.normal(0, read_world().pay_sigma, len(rows))
        matches, _ = twoway.collapse(worker, client, y)
        kept = leaveout.core(matches)
        found = twoway.fit(twoway.chosen(matches, kept), SETTING, exact=False)
        truth = moments(matches, kept, alpha, psi, worker, client)
        errors.append([vector(found.corrected) - truth, vector(found.plugin) - truth])
    corrected, plugin = np.array(errors).transpose(1, 0, 2)
    assert_unbiased(corrected)
    with pytest.raises(AssertionError):
        assert_unbiased(plugin)
