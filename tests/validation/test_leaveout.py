"""Samples in which what is left out can be told from the rest, stayers included."""

from datetime import date

import numpy as np
import pytest

from analysis.measures import wages
from analysis.models import leaveout, twoway

SETTING = wages._setting()
PANELS = 20


def matches_of(edges, n=1):
    worker, client = np.array(edges).T
    return twoway.Matches(worker, client, np.zeros(len(worker)), np.broadcast_to(n, len(worker)).astype(float),
                          np.zeros(len(worker)))


# -- the set -------------------------------------------------------------------------------------------------------

PATH = [(0, 0), (1, 0), (1, 1), (2, 1)]
CYCLE = [(0, 0), (0, 1), (1, 0), (1, 1)]
CYCLE_OF_THREE = [(w, c) for w in (2, 3) for c in (2, 3, 4)]
BOTH = [(4, 0), (4, 1), (4, 2), (4, 3)]             # a worker between the two, with two clients on either side


@pytest.mark.parametrize(("edges", "n", "expected"), [
    (PATH, 1, [False] * 4),
    (PATH, 2, [True] + [False] * 3),                # the first of equals
    (CYCLE, 1, [True] * 4),
    ([*CYCLE, (2, 1)], [1, 1, 1, 1, 1], [True] * 4 + [False]),
    ([*CYCLE, (2, 1)], [1, 1, 1, 1, 2], [True] * 5),
    ([*CYCLE, (2, 1), (2, 2)], 9, [True] * 4 + [False] * 2),
    ([*CYCLE, *CYCLE_OF_THREE, *BOTH], 1, [False] * 4 + [True] * 6 + [False] * 4)],
    ids=["path", "path of two contracts", "cycle", "stayer of one contract", "stayer of two", "worker who parts",
         "worker who parts without a bridge"])
def test_the_set_of_known_graphs(edges, n, expected):
    assert leaveout.leave_one_out_set(matches_of(edges, n)).tolist() == expected


@pytest.mark.parametrize(("more", "n", "expected"), [
    ([(2, 1)], 1, [False]), ([(2, 1)], 2, [True]), ([(2, 1), (2, 2)], 2, [True, False]), ([(2, 2)], 2, [False])],
    ids=["one contract", "two contracts", "and a client of his own", "a client of his own alone"])
def test_stayers_at_clients_of_the_core(more, n, expected):
    assert leaveout.with_stayers(matches_of([*CYCLE, *more], [1] * 4 + [n] * len(more))).tolist() == [
        *[True] * 4, *expected]


def test_a_worker_who_parts_without_a_bridge_stays_in_the_core():
    assert leaveout.core(matches_of([*CYCLE, *CYCLE_OF_THREE, *BOTH])).all()


def parts(nodes, edges):
    """The sets of connected nodes, by joining sets: no library."""
    group = {node: {node} for node in nodes}
    for worker, client in edges:
        joined = group["w", worker] | group["c", client]
        for node in joined:
            group[node] = joined
    return {frozenset(g) for g in group.values()}


def nodes_of(edges):
    return {("w", w) for w, _ in edges} | {("c", c) for _, c in edges}


def most_clients(edges):
    if not edges:
        return []
    first = max(parts(nodes_of(edges), edges), key=lambda g: (
        sum(kind == "c" for kind, _ in g), -min(k for kind, k in g if kind == "w")))
    return [e for e in edges if ("w", e[0]) in first]


def slow_set(edges, n):
    """The same, with every worker taken out to see whether the clients of movers fall apart."""
    kept = most_clients(edges)
    while True:
        moves = [e for e in kept if sum(e[0] == w for w, _ in kept) > 1]
        nodes = nodes_of(moves)
        parting = {w for w, _ in moves if len(parts(nodes - {("w", w)}, [e for e in moves if e[0] != w]))
                   > len(parts(nodes, moves))}
        if not parting:
            return [e for e in kept if sum(n[k] for k in kept if k[0] == e[0]) > 1]
        kept = most_clients([e for e in kept if e[0] not in parting])


def test_the_set_of_random_graphs_is_what_taking_out_every_worker_leaves():
    random = np.random.default_rng(1)
    sizes = []
    for _ in range(300):
        workers, clients = random.integers(2, 12, 2)
        every = [(w, c) for w in range(workers) for c in range(clients)]
        edges = [every[k] for k in sorted(random.choice(
            len(every), random.integers(1, min(len(every), 2 * workers + 4) + 1), replace=False))]
        n = dict(zip(edges, random.integers(1, 4, len(edges)), strict=True))
        worker, client = (np.unique(e, return_inverse=True)[1] for e in np.array(edges).T)
        m = matches_of(np.column_stack([worker, client]), [n[e] for e in edges])
        found = [e for e, kept in zip(edges, leaveout.leave_one_out_set(m), strict=True) if kept]
        assert found == slow_set(edges, n)
        for out in {w for w, _ in found}:                       # what the set is for, whatever the way to it
            rest = [e for e in found if e[0] != out]
            assert len(parts(nodes_of(rest) | {("c", c) for _, c in found}, rest)) == 1 or len(found) == 1
        core = leaveout.core(m)
        assert (np.bincount(m.worker[leaveout.with_stayers(m) & ~core]) <= 1).all()
        sizes.append(len(found))
    assert np.mean(np.array(sizes) > 4) > 0.25                  # not all of them trivial


# -- the correction with stayers -----------------------------------------------------------------------------------

def draw(seed, movers=400, stayers=300, clients=150):
    """Contracts of movers and, of the same kind, of workers who stay with one client for one to four contracts."""
    random = np.random.default_rng(seed)
    alpha, psi = random.normal(0, 0.25, movers + stayers), np.sort(random.normal(0, 0.18, clients))
    worker = np.append(np.repeat(np.arange(movers), 6),
                       np.repeat(np.arange(movers, movers + stayers), random.integers(1, 5, stayers)))
    place = np.clip(0.5 + 0.5 * alpha[worker] + random.normal(0, 0.3, len(worker)), 0, 0.999)
    client = (place * clients).astype(int)
    first = np.unique(worker, return_index=True)[1][worker]
    client = np.where(worker < movers, client, client[first])
    sd = 0.4 * np.exp(2 * psi[client])
    return worker, client, alpha[worker] + psi[client] + random.normal(0, 1, len(worker)) * sd, alpha, psi


def fitted(worker, client, y, sample=leaveout.leave_one_out_set, exact=True):
    """The fit of a sample, and which contracts are in it."""
    matches, match = twoway.collapse(worker, client, y)
    kept = sample(matches)
    return twoway.fit(twoway.chosen(matches, kept), SETTING, exact), kept[match]


def vector(c):
    return np.array([c.worker, c.client, c.covariance])


def assert_unbiased(error):
    """The mean error is within three Monte-Carlo errors of zero, for each of the three components."""
    assert (np.abs(error.mean(axis=0)) <= 3 * error.std(axis=0, ddof=1) / len(error) ** 0.5).all()


@pytest.mark.parametrize("sample", [leaveout.leave_one_out_set, leaveout.with_stayers])
def test_with_stayers_the_correction_is_unbiased_and_without_theirs_it_is_not(sample):
    rows = []
    for seed in range(200, 200 + PANELS):
        worker, client, y, alpha, psi = draw(seed)
        found, inside = fitted(worker, client, y, sample)
        c = np.cov(alpha[worker[inside]], psi[client[inside]], ddof=0)
        truth = np.array([c[0, 0], c[1, 1], c[0, 1]])
        stays = found.matches.stays
        assert stays.sum() > 150
        movers_alone = vector(found.plugin) - found.bias @ np.where(stays, 0, found.sigma2)
        rows.append([e - truth for e in (vector(found.corrected), movers_alone)])
    corrected, movers_alone = np.array(rows).transpose(1, 0, 2)
    assert_unbiased(corrected)
    with pytest.raises(AssertionError):
        assert_unbiased(movers_alone)


def test_the_error_of_a_stayer_is_that_of_leaving_out_each_contract():
    worker, client, y, *_ = draw(3)
    found, inside = fitted(worker, client, y)
    m = found.matches
    worker, y = np.unique(worker[inside], return_inverse=True)[1], y[inside]
    stays = np.flatnonzero(m.stays)
    assert found.leverage[stays] == pytest.approx(1, abs=1e-9)
    assert np.delete(found.leverage, stays).max() < 1 - 1e-6
    assert found.leverage.sum() == pytest.approx(m.workers + m.clients - 1, abs=1e-6)
    for k in stays:
        own = y[worker == m.worker[k]]
        others = (own.sum() - own) / (len(own) - 1)
        assert found.sigma2[k] == pytest.approx(np.mean((own - y.mean()) * (own - others)))


def test_the_bias_is_that_of_least_squares_on_single_contracts():
    worker, client, y, _, psi = draw(5, 80, 60, 30)
    found, inside = fitted(worker, client, y)
    worker, client = worker[inside], client[inside]
    w, c = (np.unique(ids, return_inverse=True)[1] for ids in (worker, client))
    x = np.column_stack([np.eye(w.max() + 1)[w], np.eye(c.max() + 1)[c]])
    into = np.linalg.pinv(x)
    noise = (into * 0.16 * np.exp(4 * psi[client])) @ into.T                # errors as drawn, contract by contract
    centred = x - x.mean(axis=0)
    a, p = centred[:, :w.max() + 1], centred[:, w.max() + 1:]
    parted = noise[:w.max() + 1, :w.max() + 1], noise[w.max() + 1:, w.max() + 1:], noise[:w.max() + 1, w.max() + 1:]
    expected = [np.trace(left @ of @ right.T) / len(w) for left, of, right in zip((a, p, a), parted, (a, p, p),
                                                                                strict=True)]
    of_match = 0.16 * np.exp(4 * psi[np.unique(client)])[found.matches.client]
    np.testing.assert_allclose(found.bias @ of_match, expected, rtol=1e-6)


def test_random_projections_agree_with_exact_leverages_with_stayers():
    worker, client, y, *_ = draw(4)
    exact, random = (vector(fitted(worker, client, y, exact=e)[0].corrected) for e in (True, False))
    np.testing.assert_allclose(random, exact, rtol=0.05)


@pytest.mark.parametrize(("stayers", "shown"), [(9, {wages.MOVERS}), (10, set(wages.SAMPLES))])
def test_a_sample_is_shown_where_ten_workers_make_the_difference(panels_of, stayers, shown):
    random = np.random.default_rng(1)
    ties = [(w, c) for w in range(20) for c in range(25)] + [(20 + n // 2, 0) for n in range(2 * stayers)]
    panels = panels_of([{"worker_id": w, "client_id": c, "start_on": date(2010, 3, 1), "end_on": date(2010, 3, 1),
                         "gross_cents": int(random.integers(8_000, 20_000))} for w, c in ties])
    found = wages.core_sample(panels).frame().set_index("sample")
    assert set(found.index) == shown
    assert found["workers"].to_dict() == {name: 20 if name == wages.MOVERS else 20 + stayers for name in shown}
    more = set(wages.components(panels).frame()["estimate"]) - {"plug-in", "leave-out"}
    assert more == {f"leave-out, {name}" for name in shown - {wages.MOVERS}}
