"""Intervals by the bootstrap of workers: a worker is drawn with all that is known of him, in every year at once.

Drawing n workers with replacement gives each of them a number of copies that is nearly a Poisson number of mean 1, all
but independent of the others'. Here it is exactly that, so that every worker has his own stream of copies and all
statistics of all years are recomputed on the same draws. Values are sorted once; a draw only changes their weights.
"""

from math import exp, factorial

import numpy as np

DRAWS, SEED = 999, 2026
LEVEL = 0.95
CELLS = 2**16                      # of one block of draws × values, which should stay in a core's cache
CHANCES = 2**16                    # Poisson chances are held to this precision


def copies(workers: int, draws: int = DRAWS, seed: int = SEED) -> np.ndarray:
    """How often each worker is drawn: a row per draw, Poisson numbers of mean 1. Row 0 is the sample itself.

    Inversion of 16 random bits, so that the numbers are the same on every machine.
    """
    below = np.cumsum([exp(-1) / factorial(k) for k in range(9)])
    table = np.searchsorted(below, (np.arange(CHANCES) + 0.5) / CHANCES).astype(np.uint8)
    drawn = np.ones((draws + 1, workers), dtype=np.uint8)
    random = np.random.default_rng(seed)
    for row in drawn[1:]:
        row[:] = table[random.integers(0, CHANCES, workers, dtype=np.uint16)]
    return drawn


def total(weight, x):
    """Σ w·x."""
    return np.einsum("ij,j->i", weight, x)      # in one thread: the same digits on every machine, and no waiting


def mean(weight, x):
    """Σ w·x ÷ Σ w."""
    return total(weight, x) / weight.sum(axis=1)


def median(weight, x):
    """The middle of the drawn sample, or the mean of the two in its middle; x is sorted."""
    upto = np.cumsum(weight, axis=1, dtype=np.int32)
    size = upto[:, -1]
    low = _place(upto, (size + 1) // 2)
    high = low.copy()
    apart = np.flatnonzero(upto[np.arange(len(low)), low] < size // 2 + 1)     # the middle falls between two values
    high[apart] = _place(upto[apart], size[apart] // 2 + 1)
    return np.where(size > 0, (x[low] + x[high]) / 2, np.nan)


def _place(upto, rank):
    """Where in its row the one of this rank stands; the last place where there is none."""
    return np.minimum((upto < rank[:, None]).sum(axis=1), upto.shape[1] - 1)


def gini(weight, x):
    """2 Σ r·x ÷ (n Σ x) − (n + 1) ÷ n over the ranks r of the drawn sample; x is sorted and not negative."""
    ranks = np.cumsum(weight, axis=1, dtype=np.int32)
    size = ranks[:, -1].astype(np.float64)
    ranks *= 2
    ranks -= weight
    ranks += 1
    ranks *= weight                             # twice the ranks of all copies of a value together
    return total(ranks, x) / (size * total(weight, x)) - (size + 1) / size


def replicates(drawn: np.ndarray, workers: np.ndarray, values: np.ndarray, statistic) -> np.ndarray:
    """`statistic` under every row of `drawn`, for `values` that belong to `workers`, which are columns of `drawn`.

    `values` are in ascending order where the statistic asks for ranks.
    """
    found = np.empty(len(drawn))
    step = max(1, CELLS // max(1, len(values)))
    with np.errstate(invalid="ignore", divide="ignore"):          # a draw without anybody has no mean
        for first in range(0, len(drawn), step):
            found[first:first + step] = statistic(drawn[first:first + step, workers], values)
    return found


def interval(replicate: np.ndarray, level: float = LEVEL) -> tuple[float, float, float]:
    """The statistic of the sample (its first replicate) with the percentiles that cut off the tails of the others.

    With 999 draws the bounds of 95 % are the 25th and the 975th. A draw without a value is left out; nan where none is.
    """
    drawn = replicate[1:][~np.isnan(replicate[1:])]
    if not len(drawn) or np.isnan(replicate[0]):
        return float(replicate[0]), np.nan, np.nan
    tail = (1 - level) / 2
    low, high = np.quantile(drawn, [tail, 1 - tail], method="weibull")
    return float(replicate[0]), float(low), float(high)
