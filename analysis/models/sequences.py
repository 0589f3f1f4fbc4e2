"""Trajectories as sequences of states: how far apart they are, and which types they fall into.

A sequence is a row of whole numbers 0 … states − 1, one for each month, all of the same length.
"""

import numba
import numpy as np
from scipy.cluster.hierarchy import cut_tree, linkage
from scipy.spatial.distance import squareform

LANES = 32               # sequences compared with one at the same time
SWEEPS = 30              # of the exchange of medoids


def transition_rates(sequences: np.ndarray, states: int) -> np.ndarray:
    """p(a → b): of all months in state a, the share that the state b follows. Unit: share; rows add up to 1 or 0."""
    moves = np.bincount((sequences[:, :-1].astype(np.int64) * states + sequences[:, 1:]).ravel(), minlength=states**2)
    moves = moves.reshape(states, states).astype(float)
    return moves / np.maximum(moves.sum(axis=1, keepdims=True), 1)


def substitution_costs(rates: np.ndarray) -> np.ndarray:
    """What it costs to put one state in the place of another: 2 − p(a → b) − p(b → a), and 0 for the same.

    Reading: states that often follow each other are near. Source: Abbott & Tsay 2000; Studer & Ritschard 2016.
    """
    costs = 2 - rates - rates.T
    np.fill_diagonal(costs, 0.0)
    return costs


def optimal_matching(sequences: np.ndarray, costs: np.ndarray, indel: float = 1.0) -> np.ndarray:
    """Distances: the least cost of turning one sequence into another by inserting, deleting and replacing months.

    A square symmetric matrix. Unit: cost; inserting or deleting a month costs `indel`. Shape: n × n. Pitfalls: shifting
    in time is cheap, so that order matters more than date; the triangle inequality is sure only where costs keep it.
    Equal sequences are compared once. Source: Abbott & Tsay 2000.
    """
    kept, place = np.unique(sequences, axis=0, return_inverse=True)
    places = np.ascontiguousarray(kept.astype(np.int64))
    lanes = -(-len(kept) // LANES)
    padded = np.concatenate([places, np.repeat(places[:1], lanes * LANES - len(kept), axis=0)])
    found = _matching(places, padded, np.ascontiguousarray(costs, dtype=np.float64), float(indel))[:, : len(kept)]
    found = np.triu(found, 1)
    found += found.T
    return found[np.ix_(place.ravel(), place.ravel())]


@numba.njit(parallel=True, cache=True)
def _matching(places, padded, costs, indel):
    """The distances of every sequence to the LANES sequences of a block at once, above the diagonal of blocks."""
    n, length = places.shape
    blocks = padded.shape[0] // LANES
    found = np.zeros((n, blocks * LANES))
    for turn in numba.prange(blocks):
        # The first blocks have few rows above them and the last ones many: a short one beside a long one.
        block = turn // 2 if turn % 2 == 0 else blocks - 1 - turn // 2
        table = np.empty((costs.shape[0], length, LANES))
        for a in range(costs.shape[0]):
            for t in range(length):
                for lane in range(LANES):
                    table[a, t, lane] = costs[a, padded[block * LANES + lane, t]]
        before, now = np.empty((length + 1, LANES)), np.empty((length + 1, LANES))
        for i in range(min((block + 1) * LANES, n)):
            for t in range(length + 1):
                for lane in range(LANES):
                    before[t, lane] = t * indel
            for s in range(length):
                row = table[places[i, s]]
                for lane in range(LANES):
                    now[0, lane] = (s + 1) * indel
                for t in range(length):
                    for lane in range(LANES):
                        replaced = before[t, lane] + row[t, lane]
                        out, into = before[t + 1, lane], now[t, lane]      # `min` would not run in parallel lanes
                        shifted = (out if out < into else into) + indel
                        now[t + 1, lane] = replaced if replaced < shifted else shifted
                before, now = now, before
            for lane in range(LANES):
                found[i, block * LANES + lane] = before[length, lane]
    return found


def longest_common(sequences: np.ndarray, states: int) -> np.ndarray:
    """Distances by the longest common subsequence: n + m − 2·lcs, which is matching with every replacement at 2."""
    return optimal_matching(sequences, 2 * (1 - np.eye(states)))


def hamming(sequences: np.ndarray) -> np.ndarray:
    """Distances by month: in how many months two sequences differ. Nothing may shift in time."""
    return (sequences[:, None, :] != sequences[None, :, :]).sum(axis=2).astype(float)


def ward(distance: np.ndarray) -> np.ndarray:
    """The tree that joins, step by step, the two groups whose union spreads least (Ward)."""
    return linkage(squareform(distance, checks=False), "ward")


def types(distance: np.ndarray, number: int, tree: np.ndarray | None = None) -> np.ndarray:
    """A type for each sequence, 0 … number − 1: Ward's groups, then each sequence to the nearest middle one (PAM).

    The middle of a group is the sequence with the least sum of distances to the others; it is never shown, for it is
    one person's. Groups are in the order of their first member.
    """
    label = cut_tree(ward(distance) if tree is None else tree, number).ravel()
    for _ in range(SWEEPS):
        sums = np.stack([distance[:, label == g].sum(axis=1) for g in range(number)])
        middles = [np.flatnonzero(label == g)[sums[g, label == g].argmin()] for g in range(number)]
        moved = distance[:, middles].argmin(axis=1)
        moved[middles] = np.arange(number)
        if (moved == label).all():
            break
        label = moved
    order = np.argsort([np.flatnonzero(label == g)[0] for g in range(number)])
    return np.argsort(order)[label]


def silhouettes(distance: np.ndarray, label: np.ndarray) -> np.ndarray:
    """How much nearer each sequence is to its own type than to the next one: (b − a) ÷ max(a, b), −1 to 1.

    a is the mean distance to the others of the own type, b that to the nearest other type; 0 for a type of one.
    """
    sizes = np.bincount(label)
    sums = np.stack([distance[:, label == g].sum(axis=1) for g in range(len(sizes))], axis=1)
    rows, own = np.arange(len(label)), sizes[label]
    a = sums[rows, label] / np.maximum(own - 1, 1)
    means = sums / sizes
    means[rows, label] = np.inf
    b = means.min(axis=1)
    with np.errstate(invalid="ignore"):
        s = np.where(own > 1, (b - a) / np.maximum(a, b), 0.0)
    return np.nan_to_num(s)


def explained(distance: np.ndarray, label: np.ndarray) -> float:
    """Pseudo-R²: the share of the discrepancy of all sequences that lies between types, 1 − SS_within ÷ SS_total."""
    total = distance.sum() / (2 * len(label))
    within = sum(distance[np.ix_(label == g, label == g)].sum() / (2 * (label == g).sum()) for g in np.unique(label))
    return float(1 - within / total)


def stability(distance: np.ndarray, label: np.ndarray, draws: int, seed: int) -> np.ndarray:
    """For each type, how well it comes back when the sequences are drawn again: mean of the best Jaccard, 0–1.

    A draw takes as many sequences with replacement, makes types of them anew, and looks for the most similar to each
    old one among those drawn: common members ÷ members of either. Reading: from 0.75 stable, under 0.6 not to be
    trusted. Source: Hennig 2007.
    """
    number, random = int(label.max()) + 1, np.random.default_rng(seed)
    found = np.full((draws, number), np.nan)
    for draw in range(draws):
        chosen = np.unique(random.integers(0, len(label), len(label)))
        again, old = types(distance[np.ix_(chosen, chosen)], number), label[chosen]
        common = np.zeros((number, number))
        np.add.at(common, (old, again), 1)
        union = common.sum(axis=1, keepdims=True) + common.sum(axis=0, keepdims=True) - common
        present = common.sum(axis=1) > 0
        found[draw, present] = (common / union)[present].max(axis=1)
    return np.nanmean(found, axis=0)


def drifting(sequences: np.ndarray, states: int, seed: int) -> np.ndarray:
    """As many sequences without types: each month follows the month before by the transition rates of all.

    The first state is drawn from the first states. It is what the clustering must beat: structure that is more than
    the habit of states to follow each other. Source: the parametric bootstrap of Studer 2021.
    """
    random = np.random.default_rng(seed)
    upto = transition_rates(sequences, states).cumsum(axis=1)
    made = np.empty_like(sequences)
    made[:, 0] = random.permutation(sequences[:, 0])
    for month in range(1, sequences.shape[1]):
        draw = random.random(len(sequences))[:, None]
        made[:, month] = np.minimum((draw > upto[made[:, month - 1]]).sum(axis=1), states - 1)
    return made


def adjusted_rand(one: np.ndarray, other: np.ndarray) -> float:
    """Agreement of two partitions beyond chance: 1 the same, about 0 as by chance (Hubert & Arabie)."""
    table = np.zeros((one.max() + 1, other.max() + 1))
    np.add.at(table, (one, other), 1)
    pairs = [float((n * (n - 1) / 2).sum()) for n in (table, table.sum(axis=1), table.sum(axis=0))]
    expected = pairs[1] * pairs[2] / (len(one) * (len(one) - 1) / 2)
    mean = (pairs[1] + pairs[2]) / 2
    return 1.0 if mean == expected else (pairs[0] - expected) / (mean - expected)
