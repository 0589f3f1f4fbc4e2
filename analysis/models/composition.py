"""How much of a change in a mean is other people, and how much is the same kind of people in another place."""

import numpy as np


def kitagawa(share_before, mean_before, share_after, mean_after) -> tuple[float, float]:
    """The change of a mean in two parts, which add up to it: other shares of the groups, and other means in them.

    ȳ₁ − ȳ₀ = Σ (p₁ − p₀)(ȳ₀ + ȳ₁)/2 + Σ (ȳ₁ − ȳ₀)(p₀ + p₁)/2 over groups. A group that one side lacks has there the
    mean of the other, so that all of its change counts as composition. Unit: that of the mean. Returns
    (composition, within). Source: Kitagawa 1955; Oaxaca 1973.
    """
    p0, p1 = np.asarray(share_before, dtype=float), np.asarray(share_after, dtype=float)
    y0, y1 = np.asarray(mean_before, dtype=float), np.asarray(mean_after, dtype=float)
    y0, y1 = np.where(p0 > 0, y0, y1), np.where(p1 > 0, y1, y0)
    return float(((p1 - p0) * (y0 + y1) / 2).sum()), float(((y1 - y0) * (p0 + p1) / 2).sum())


def reweighting(cell_before: np.ndarray, cell_after: np.ndarray) -> np.ndarray:
    """Weights that give the rows after the mix of cells of those before; they sum to 1.

    Proportional to p₀(cell) ÷ p₁(cell). Cells that the rows after lack have no stand-in there: their share is spread
    over the others. Pitfall: few rows in a cell carry much weight. Source: DiNardo, Fortin & Lemieux 1996.
    """
    names, after = np.unique(cell_after, return_inverse=True)
    size = np.bincount(after, minlength=len(names))
    wanted = np.array([np.count_nonzero(cell_before == name) for name in names], dtype=float)
    weight = (wanted / size)[after]
    if weight.sum() == 0:
        return np.full(len(after), np.nan)
    return weight / weight.sum()


def weighted_quantile(values: np.ndarray, weight: np.ndarray, q: float) -> float:
    """The smallest value that at least a share `q` of the weight does not exceed."""
    order = np.argsort(values, kind="stable")
    upto = np.cumsum(weight[order]) / weight.sum()
    return float(values[order][min(np.searchsorted(upto, q - 1e-12), len(values) - 1)])
