"""Intervals of several estimates that hold together (methods 8.4)."""

import numpy as np
from scipy.stats import norm

BLOCK = 500         # draws at once


def alone(level: float = 0.95) -> float:
    """By how many standard errors a single interval must reach."""
    return float(norm.ppf((1 + level) / 2))


def critical(influence: np.ndarray, level: float = 0.95, draws: int = 9_999, seed: int = 2026) -> float:
    """By how many standard errors intervals must reach so that all of them hold at once with probability `level`.

    `influence` (units × estimates) is what each unit adds to each estimate, of mean zero: the standard error of
    estimate k is √Σᵢ ψᵢₖ². The answer is the quantile `level` of max over k of |Σᵢ gᵢ ψᵢₖ| ÷ se_k, with g independent
    standard normal draws for the units (a multiplier bootstrap; Romano & Wolf 2005, single step). Estimates without
    error, of which nothing moves, do not count. Never below the value of a single interval.
    """
    error = np.sqrt((influence**2).sum(axis=0))
    moving = influence[:, error > 0] / error[error > 0]
    if moving.shape[1] < 2:
        return alone(level)
    random, largest = np.random.default_rng(seed), []
    # The draws have the covariance of the estimates, whatever the number of units, by its symmetric root: any other one
    # may turn with the last digit of an influence.
    size, turn = np.linalg.eigh(moving.T @ moving)
    root = turn * np.sqrt(np.maximum(size, 0)) @ turn.T
    for start in range(0, draws, BLOCK):
        rows = min(BLOCK, draws - start)
        largest.append(np.abs(random.standard_normal((rows, len(root))) @ root).max(axis=1))
    return max(alone(level), float(np.quantile(np.concatenate(largest), level)))
