"""What optimal matching of trajectories costs: ours against the textbook's loop, on equal distances.

    .venv/bin/python bench/sequences.py        600 and 5,000 sequences of 60 months

The loop compares a hundred pairs, and its time is carried over to all of them. Memory is that of the whole process.
"""

import resource
import time

import numpy as np

from analysis.models import sequences

SIZES, MONTHS, STATES, SEED, PAIRS = (600, 5_000), 60, 5, 7, 100


def drawn(n: int) -> np.ndarray:
    """Sequences that keep to their state in nine months of ten."""
    random = np.random.default_rng(SEED)
    fresh = random.integers(0, STATES, (n, MONTHS)).astype(np.int8)
    keeps = random.random((n, MONTHS)) < 0.9
    for month in range(1, MONTHS):
        fresh[keeps[:, month], month] = fresh[keeps[:, month], month - 1]
    return fresh


def textbook(a, b, costs) -> float:
    """The dynamic program as it is written down: one cell after the other."""
    d = [[float(j) for j in range(len(b) + 1)]]
    for i, state in enumerate(a, 1):
        d.append([float(i)])
        for j, other in enumerate(b, 1):
            d[i].append(min(d[i - 1][j - 1] + costs[state][other], d[i - 1][j] + 1, d[i][j - 1] + 1))
    return d[-1][-1]


def main() -> None:
    sequences.optimal_matching(drawn(40), np.ones((STATES, STATES)))      # compiled before the clock runs
    for n in SIZES:
        s = drawn(n)
        costs = sequences.substitution_costs(sequences.transition_rates(s, STATES))
        start = time.perf_counter()
        found = sequences.optimal_matching(s, costs)
        ours = time.perf_counter() - start
        pairs = np.random.default_rng(SEED).integers(0, n, (PAIRS, 2))
        start = time.perf_counter()
        slow = [textbook(s[i].tolist(), s[j].tolist(), costs.tolist()) for i, j in pairs]
        loop = (time.perf_counter() - start) / PAIRS * n * (n - 1) / 2
        np.testing.assert_allclose(found[pairs[:, 0], pairs[:, 1]], slow, atol=1e-9)
        memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
        print(f"{n:6,d} × {MONTHS}: {ours:7.1f} s, the loop about {loop:9,.0f} s, {loop / ours:6,.0f} times as long, "
              f"{memory:.2f} GB", flush=True)


if __name__ == "__main__":
    main()
