"""Bunching: how many more lie at a threshold than a smooth curve through the others would have there.

The logarithm of the expected counts of integer bins is a polynomial, to which round numbers add; the bins around the
threshold are left out of its fit. What is observed there less what the curve says is the excess; on the other side of a
notch, what the curve says less what is observed is the mass that is missing. The curve moves with the counts by its
derivatives, so that the draws of a bootstrap cost one product of matrices.
"""

from dataclasses import dataclass

import numpy as np

from analysis.models import Z95
from analysis.models.bootstrap import DRAWS, LEVEL, SEED, copies, interval

ORDERS = range(4, 10)
FILLED = 4                     # bins with a count for each order of a curve
BLOCK = 100                    # draws at once
STEPS, STRIDE = 50, 1.0        # of the fit of a curve: most of them, and the longest, in logarithms
CLOSE = 1e-6                   # a step so short is the last, and leaves an error of its square


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


@dataclass(frozen=True)
class Curve:
    """Expected counts of all bins, their derivatives by the parameters, and those of the parameters by the counts."""

    expected: np.ndarray
    gradient: np.ndarray
    solution: np.ndarray

    def moves(self, changes: np.ndarray, bins: np.ndarray) -> np.ndarray:
        """By how much Σ expected over `bins` moves, to first order, with each row of `changes` of the counts."""
        return changes @ (self.gradient[bins].sum(axis=0) @ self.solution)


def polynomials(z: np.ndarray, order: int) -> np.ndarray:
    """Legendre polynomials up to `order` over the range of `z`."""
    return np.polynomial.legendre.legvander(2 * (z - z.min()) / (z.max() - z.min()) - 1, order)


def multiples(z: np.ndarray, rounds) -> np.ndarray:
    """A column for each of `rounds`: 1 at its multiples."""
    return (z[:, None] % np.array(rounds, dtype=int) == 0).astype(float)


def curve(counts, z, order: int, used: np.ndarray, rounds=()) -> Curve:
    """E c_z = s_z + Σ_r γ_r 1[z mod r = 0], s_z = exp(Σ_{p ≤ order} β_p z^p), fitted to the bins `used`.

    By least squares with weights 1 ÷ s, iterated: where no number is round, the maximum likelihood of Poisson counts
    (McCullagh & Nelder 1989). So each count weighs what it can tell, also where few are left of many, and s is never
    below zero. Round numbers add the same everywhere.
    """
    x, dummies = polynomials(z, order), multiples(z, rounds)
    about = np.sqrt(counts[used] + 0.5)              # a start: logarithms, each with the weight of its count
    beta = np.linalg.lstsq(x[used] * about[:, None], about * np.log(counts[used] + 0.5), rcond=None)[0]
    for _step in range(STEPS):
        smooth = np.exp(x @ beta)
        gradient = np.hstack([x * smooth[:, None], dummies])
        weighted = gradient.T * (used / smooth)
        solution = np.linalg.pinv(weighted @ gradient, rcond=1e-12, hermitian=True) @ weighted
        step, gamma = np.split(solution @ (counts - smooth), [order + 1])
        longest = np.abs(x @ step).max()
        beta = beta + step * min(1, STRIDE / max(longest, CLOSE))
        if longest < CLOSE:
            break
    return Curve(np.exp(x @ beta) + dummies @ gamma, gradient, solution)


def best_order(counts, z, used, rounds=(), orders=ORDERS) -> int:
    """The order with the least BIC = D ÷ φ + (order + 1) ln n over the n bins used that are no round numbers.

    D is the Poisson deviance and φ, the dispersion, that of the highest order per degree of freedom, at least 1.
    There are `FILLED` bins or more that hold anything for each order, lest the curve run from one of them to the next.
    """
    from scipy.special import kl_div

    plain = used & ~multiples(z, rounds).any(axis=1)
    n = plain.sum()
    most = np.count_nonzero(counts[plain]) // FILLED
    deviance = {o: 2 * kl_div(counts[plain], curve(counts, z, o, plain).expected[plain]).sum()
                for o in sorted({min(o, most) for o in orders})}
    dispersion = max(1.0, deviance[max(deviance)] / (n - max(deviance) - 1))
    return min(deviance, key=lambda o: deviance[o] / dispersion + (o + 1) * np.log(n))


def estimate(counts: np.ndarray, z: np.ndarray, threshold: int, window: Window, rounds=(), order: int | None = None,
             others=(), orders=ORDERS) -> Bunching:
    """Excess and missing mass at a threshold.

    ĉ is the `curve` through the bins outside the window and outside those around `others` (thresholds that are real
    too); excess B = Σ (c − ĉ) over the excess bins, missing M = Σ (ĉ − c) over the hole, b = B ÷ mean ĉ in the excess
    bins. The order by BIC over 4–9 unless given. Unit: the unit of the counts.

    `counts` is one row, or the sample and below it the draws of a bootstrap, from which the interval of 95 % comes (see
    `ends`; of b, their percentiles). Of a single row, the draws are made from its residuals. b is not defined in a draw
    in which the curve expects less than one per bin. Sources: Saez 2010; Chetty et al. 2011; Kleven & Waseem 2013.
    Pitfall: with a curve that may bend as it likes, nothing tells bunching from a bump (critique of Blomquist et al.
    2021); hence the placebo thresholds.
    """
    counts = np.atleast_2d(np.asarray(counts, dtype=float))
    excess, hole = window.bins(z, threshold)
    used = ~(excess | hole)
    for other in others:
        near = window.bins(z, other)
        used &= ~(near[0] | near[1])
    order = best_order(counts[0], z, used, rounds, orders) if order is None else order
    fit = curve(counts[0], z, order, used, rounds)
    if len(counts) == 1:
        counts = residual_draws(counts[0], fit.expected, used, order + 1 + len(rounds))
    observed = counts[:, excess].sum(axis=1)
    expected = fit.expected[excess].sum() + fit.moves(counts - counts[0], excess)
    gap, mean = observed - expected, expected / excess.sum()
    b = np.where(mean >= 1, gap / np.maximum(mean, 1), np.nan)
    missing = (fit.expected - counts[0])[hole].sum()
    return Bunching(float(gap[0]), *ends(observed, expected), float(missing), *interval(b), order, float(expected[0]))


def ends(observed: np.ndarray, expected: np.ndarray) -> tuple[float, float]:
    """Ends of the interval of 95 % of observed − expected, each the value of the sample and below it those of draws.

    Percentiles of draws are too narrow, and too low, where few are counted. So the limits of the count c are those of a
    Poisson number (Garwood 1936), for c ÷ φ with the dispersion φ = variance of the draws ÷ c, and are joined with the
    error of the curve: end = c − ĉ ∓ √(a² + e² − 2ρae), a the way from c to its limit, e = 1.96 standard errors of ĉ, ρ
    the correlation of the draws (Zou 2008). With many counts this is 1.96 standard errors of the difference.
    """
    from scipy.special import gammaincinv

    count, tail = observed[0], (1 - LEVEL) / 2
    (variance, together), (_same, error) = np.cov(observed[1:], expected[1:])
    dispersion = variance / count if variance and count else 1.0
    below = count - dispersion * gammaincinv(count / dispersion, tail) if count else 0.0
    above = dispersion * gammaincinv(count / dispersion + 1, 1 - tail) - count
    e = Z95 * np.sqrt(error)
    rho = together / np.sqrt(variance * error) if variance * error else 0.0
    low, high = (np.sqrt((a - rho * e)**2 + (1 - rho**2) * e**2) for a in (below, above))
    return float(count - expected[0] - low), float(count - expected[0] + high)


def residual_draws(counts, smooth, used, parameters: int, draws: int = DRAWS, seed: int = SEED) -> np.ndarray:
    """The counts, and below them `draws` rows of fitted values, `smooth`, with residuals drawn anew.

    Residuals of the used bins are scaled by √fitted, since counts vary with their size, and by √(n ÷ (n − parameters));
    bins that are not used keep what they had, on which the same noise falls. Source: Chetty et al. 2011.
    """
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
        gap = counts - curve(counts, z, order, used, rounds).expected
        return abs(gap[excess].sum() + gap[hole].sum())

    found = min(((a, b) for a in below for b in above), key=difference)
    return Window((0, found[1]), (-found[0], -1))
