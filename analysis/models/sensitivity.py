"""How strong what is not seen would have to be: hidden causes, people who leave, work elsewhere."""

import numpy as np

POWER = 2.8              # standard errors: 1.96 + 0.84, for a test of 5 % that finds a true effect in 80 %
TRIM = (0.01, 0.99)


def robustness_value(t: float, df: int) -> tuple[float, float]:
    """Partial R² of the treatment with the outcome, and the robustness value.

    RV = ½(√(f⁴ + 4f²) − f²) with f = |t| ÷ √df. Unit: share of residual variance, 0–1. Reading: a hidden cause that
    explains more than RV of what is left of both treatment and outcome could bring the estimate to zero; a weaker one
    could not. Source: Cinelli & Hazlett 2020.
    """
    f2 = t * t / df
    return f2 / (1 + f2), ((f2 * f2 + 4 * f2) ** 0.5 - f2) / 2


def lee_bounds(treated: np.ndarray, stays_treated: float, control: np.ndarray, stays_control: float):
    """Bounds of the difference in means among those who would stay in either case.

    Outcomes are those of the people who stay; `stays` the share of each side that does. From the side that loses fewer,
    the best (or the worst) are cut until the shares are alike. Returns (low, high). Holds if the cause moves staying in
    one direction only. Source: Lee 2009.
    """
    a, b = np.sort(np.asarray(treated, dtype=float)), np.sort(np.asarray(control, dtype=float))
    if stays_treated >= stays_control:
        low, high = _trimmed(a, stays_control / stays_treated)
        return low - b.mean(), high - b.mean()
    low, high = _trimmed(b, stays_treated / stays_control)
    return a.mean() - high, a.mean() - low


def _trimmed(values, share) -> tuple[float, float]:
    """Means of the lowest and of the highest `share` of sorted values; the last of them counts in part."""
    n = len(values) * share
    weight = np.clip(n - np.arange(len(values)), 0, 1)
    return float(values @ weight / weight.sum()), float(values[::-1] @ weight / weight.sum())


def manski_bounds(mean_seen: float, share_seen: float, lowest: float, highest: float) -> tuple[float, float]:
    """Bounds of the mean of everybody, where nothing is known of those not seen but the range of the outcome.

    Unit: that of the outcome. Reading: no assumption at all can be wrong, so the bounds are wide. Source: Manski 1990.
    """
    base, missing = mean_seen * share_seen, 1 - share_seen
    return base + missing * lowest, base + missing * highest


def detectable(se: float) -> float:
    """The smallest true effect that a design with this standard error finds in four samples of five: 2.8 × SE."""
    return POWER * se


def staying_weights(stayed: np.ndarray, cell: np.ndarray) -> np.ndarray:
    """Weights of those who stay so that their cells count as among all: P(stay) ÷ P(stay | cell), trimmed at 1 / 99 %.

    0 for those who leave. A cell is a class of what was known before. Pitfall: it repairs what the cells know alone.
    """
    stayed = np.asarray(stayed, dtype=float)
    _, place = np.unique(cell, return_inverse=True)
    chance = np.bincount(place, stayed) / np.bincount(place)
    weight = np.divide(stayed.mean(), chance[place], out=np.zeros(len(stayed)), where=chance[place] > 0)
    bounds = np.quantile(weight[stayed > 0], TRIM)
    return np.clip(weight, *bounds) * stayed
