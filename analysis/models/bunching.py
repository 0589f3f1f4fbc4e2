"""Bunching: how many more lie at a threshold than a smooth curve through the others would have there.

The counts of integer bins are fitted by a polynomial, with dummies for round numbers, from which the bins around the
threshold are left out. What is observed there less what the curve says is the excess; on the other side of a notch,
what the curve says less what is observed is the mass that is missing. All of it is linear in the counts, so that the
draws of a bootstrap cost one product of matrices.
"""

from dataclasses import dataclass

import numpy as np

from analysis.models.bootstrap import DRAWS, SEED, copies, interval

ORDERS = range(4, 10)
BLOCK = 100                    # draws at once


@dataclass(frozen=True)
class Window:
    """Offsets from the threshold, both ends inclusive: the bins of the `excess` and, where a notch is, of the hole."""

    excess: tuple[int, int]
    missing: tuple[int, int] | None = None

    def bins(self, z: np.ndarray, threshold: int) -> tuple[np.ndarray, np.ndarray]:
        """Which of the bins `z` are in the excess, and which in the hole."""
        inside = [(z >= threshold + a) & (z <= threshold + b) for a, b in filter(None, (self.excess, self.missing))]
        return inside[0], inside[1] if self.missing else np.zeros(len(z), dtype=bool)


@dataclass(frozen=True)
class Bunching:
    """An excess with its interval, the missing mass, b = excess ÷ mean count of the curve in the excess bins."""

    excess: float
    low: float
    high: float
    missing: float
    b: float
    b_low: float
    b_high: float
    order: int
    expected: float


def design(z: np.ndarray, order: int, rounds=()) -> np.ndarray:
    """Legendre polynomials up to `order` over the range of `z`, and a dummy for the multiples of each of `rounds`."""
    x = 2 * (z - z.min()) / (z.max() - z.min()) - 1
    dummies = [(z % r == 0).astype(float)[:, None] for r in rounds]
    return np.hstack([np.polynomial.legendre.legvander(x, order), *dummies])


def curve(z, order: int, used: np.ndarray, rounds=()) -> np.ndarray:
    """The matrix that takes counts to the fitted curve on all bins; bins not `used` get no weight."""
    x = design(z, order, rounds)
    q, r = np.linalg.qr(x[used])
    fit = np.zeros((len(z), len(z)))
    fit[:, used] = x @ np.linalg.solve(r, q.T)
    return fit


def best_order(counts, z, used, rounds=(), orders=ORDERS) -> int:
    """The order with the least BIC = n ln(RSS ÷ n) + (order + 1 + rounds) ln n over the bins used."""
    n = used.sum()

    def bic(order):
        rss = (((counts - curve(z, order, used, rounds) @ counts)[used]) ** 2).sum()
        return n * np.log(max(rss, 1e-300) / n) + (order + 1 + len(rounds)) * np.log(n)

    return min((o for o in orders if o + 1 + len(rounds) < n - 1), key=bic)


def estimate(counts: np.ndarray, z: np.ndarray, threshold: int, window: Window, rounds=(), order: int | None = None,
             others=(), orders=ORDERS) -> Bunching:
    """Excess and missing mass at a threshold.

    c_z = Σ_{p ≤ P} β_p z^p + Σ_r γ_r 1[z mod r = 0] + u over the bins outside the window and outside those around
    `others` (thresholds that are real too); excess B = Σ (c − ĉ) over the excess bins, missing M = Σ (ĉ − c) over the
    hole, b = B ÷ mean ĉ in the excess bins. P by BIC over 4–9 unless given. Unit: the unit of the counts.

    `counts` is one row, or the sample and below it the draws of a bootstrap: the interval of 95 % is that of their
    percentiles. Of a single row, the draws are made from its residuals. b is not defined in a draw in which the curve
    expects less than one per bin. Sources: Saez 2010; Chetty et al. 2011; Kleven & Waseem 2013. Pitfall: with a curve
    that may bend as it likes, nothing tells bunching from a bump (critique of Blomquist et al. 2021); hence the placebo
    thresholds.
    """
    counts = np.atleast_2d(np.asarray(counts, dtype=float))
    excess, hole = window.bins(z, threshold)
    used = ~(excess | hole)
    for other in others:
        near = window.bins(z, other)
        used &= ~(near[0] | near[1])
    order = best_order(counts[0], z, used, rounds, orders) if order is None else order
    fit = curve(z, order, used, rounds)
    if len(counts) == 1:
        counts = residual_draws(counts[0], fit, used, order + 1 + len(rounds))
    expected = counts @ fit[excess].sum(axis=0)
    gap = counts[:, excess].sum(axis=1) - expected
    mean = expected / excess.sum()
    b = np.where(mean >= 1, gap / np.maximum(mean, 1), np.nan)
    missing = counts[0] @ fit[hole].sum(axis=0) - counts[0, hole].sum()
    return Bunching(*interval(gap), float(missing), *interval(b), order, float(expected[0]))


def residual_draws(counts, fit, used, parameters: int, draws: int = DRAWS, seed: int = SEED) -> np.ndarray:
    """The counts, and below them `draws` rows of fitted values with residuals drawn anew.

    Residuals of the used bins are scaled by √fitted, since counts vary with their size, and by √(n ÷ (n − parameters));
    bins that are not used keep what they had, on which the same noise falls. Source: Chetty et al. 2011.
    """
    smooth = fit @ counts
    scale = np.sqrt(np.maximum(smooth, 1))
    n = used.sum()
    noise = ((counts - smooth) / scale)[used]
    noise = (noise - noise.mean()) * np.sqrt(n / max(n - parameters, 1))
    drawn = np.random.default_rng(seed).choice(noise, (draws, len(counts)))
    kept = np.where(used, smooth, counts)
    return np.vstack([counts, kept + drawn * scale])


def counted(bins: np.ndarray, workers: np.ndarray, z: np.ndarray, draws: int = DRAWS, seed: int = SEED) -> np.ndarray:
    """Counts of each bin of `z` in the sample and in `draws` samples of workers: rows draws + 1, columns bins.

    `bins` are the units' values of the running variable and `workers` whose they are (any integers). A worker is drawn
    with all units, so that the intervals are clustered by worker.
    """
    from scipy.sparse import coo_array

    known, who = np.unique(workers, return_inverse=True)
    inside = (bins >= z[0]) & (bins <= z[-1])
    cells = coo_array((np.ones(inside.sum()), (who[inside], bins[inside] - z[0])), shape=(len(known), len(z))).tocsr()
    drawn = copies(len(known), draws, seed)
    return np.vstack([drawn[n:n + BLOCK].astype(float) @ cells for n in range(0, len(drawn), BLOCK)])


def placebo(counts, z, threshold: int, window: Window, step: int, rounds=(), others=(),
            order: int | None = None) -> list[Bunching]:
    """The same at every `step` bins from the threshold, where no rule is: what chance and curvature alone give.

    The bins of the real thresholds are left out of the curve; a placebo whose window touches theirs is left out.
    """
    real = (threshold, *others)
    reach = [o for pair in (window.excess, window.missing or window.excess) for o in pair]
    low, high = min(reach), max(reach)
    width = high - low
    places = [t for t in range(threshold % step, int(z[-1]) + 1, step)
              if t + low > z[0] + width and t + high < z[-1] - width and all(abs(t - r) > width for r in real)]
    return [estimate(counts, z, t, window, rounds, order, others=real) for t in places]


def balanced(counts, z, threshold: int, order: int, below=range(6, 27), above=range(2, 11), rounds=()) -> Window:
    """The window for which missing mass and excess differ least: |M − B| over the given reaches, the smallest first.

    Pitfall: a window that is chosen by the data flatters them; hence a check beside a window set in advance.
    """
    def difference(reach):
        window = Window((0, reach[1]), (-reach[0], -1))
        excess, hole = window.bins(z, threshold)
        used = ~(excess | hole)
        gap = counts - curve(z, order, used, rounds) @ counts
        return abs(gap[excess].sum() + gap[hole].sum())

    found = min(((a, b) for a in below for b in above), key=difference)
    return Window((0, found[1]), (-found[0], -1))
