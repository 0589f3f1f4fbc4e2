"""Shares of small groups, drawn towards the mean of all: empirical Bayes with a beta-binomial law."""

import numpy as np


def fit(hits: np.ndarray, trials: np.ndarray) -> tuple[float, float]:
    """a and b of the beta law of the groups' shares, by moments.

    μ = Σ hits ÷ Σ trials; with weights n and S = Σ n (p − μ)², the spread between groups beyond chance is
    σ² = (S − (k − 1) μ (1 − μ)) ÷ (Σ n − Σ n² ÷ Σ n − (k − 1)); then a + b = μ (1 − μ) ÷ σ² − 1. Where there is no
    spread beyond chance, both are infinite.
    """
    n, k = trials.sum(), len(trials)
    mean = hits.sum() / n
    chance = mean * (1 - mean)
    if chance == 0 or k < 2:
        return np.inf, np.inf
    spread = (trials * (hits / trials - mean) ** 2).sum() - (k - 1) * chance
    variance = spread / (n - (trials**2).sum() / n - (k - 1))
    if variance <= 0:
        return np.inf, np.inf
    size = max(chance / variance - 1, 1e-6)
    return mean * size, (1 - mean) * size


def shrunken(hits: np.ndarray, trials: np.ndarray) -> np.ndarray:
    """(hits + a) ÷ (trials + a + b): the posterior mean share of each group; the common mean where a is infinite."""
    if not len(trials):
        return np.empty(0)
    a, b = fit(hits, trials)
    if np.isinf(a):
        return np.full(len(trials), hits.sum() / trials.sum())
    return (hits + a) / (trials + a + b)
