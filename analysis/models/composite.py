"""Composite indices: dimensions brought to one scale, weighted, put together, and how much these choices matter.

A profile is a matrix of units (years, groups) × dimensions, already between 0 and 1 by fixed goalposts; nan is a
dimension that a unit does not know, whose weight goes to the others. Choices are drawn as uniform numbers, a block of
columns for each choice, so that the same functions serve a Monte Carlo and its sensitivity indices (methods 8.5).

Source: Nardo et al. 2008, the handbook of OECD and JRC; Saisana, Saltelli & Tarantola 2005.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy.optimize import linprog
from scipy.special import gammaincinv
from scipy.stats import qmc, rankdata

LEAST = 0.01                # what a product counts instead of less: one nought would hide all else
SPAN = 6                    # standard deviations from 0 to 1 where units are compared with their own mean
WEIGHT_LIMITS = (0.1, 0.5)  # of the most favourable weights, as shares of all weights
DRAWS, SEED, LEVEL = 10_000, 2026, 0.9


# -- one scale -------------------------------------------------------------------------------------------------

def goalposts(x, worst: float, best: float) -> np.ndarray:
    """(x − worst) ÷ (best − worst), cut off at 0 and 1: units can be compared over time."""
    return np.clip((np.asarray(x, dtype=float) - worst) / (best - worst), 0, 1)


def standard(x: np.ndarray) -> np.ndarray:
    """½ + z ÷ 6, cut off at 0 and 1, with z in standard deviations from the units' mean; ½ where all are equal.

    Pitfall: the mean is ½ whatever the level, so that it orders units and says nothing of their level.
    """
    spread = np.nanstd(x, axis=0)
    z = np.divide(x - np.nanmean(x, axis=0), spread, out=np.zeros_like(x), where=spread > 0)
    return np.where(np.isnan(x), np.nan, np.clip(0.5 + z / SPAN, 0, 1))


def ranks(x: np.ndarray) -> np.ndarray:
    """(rank − ½) ÷ number of units in each dimension; ties share their mean rank. Orders, as `standard` does."""
    place = rankdata(x, axis=0, nan_policy="omit")
    return (place - 0.5) / (~np.isnan(x)).sum(axis=0)


NORMALISATIONS: dict[str, Callable] = {"goalposts": lambda x: x, "standard": standard, "ranks": ranks}


# -- one number ------------------------------------------------------------------------------------------------

def _shares(x, weights):
    """Weights of the known dimensions, made to sum to 1."""
    known = np.where(np.isnan(x), 0.0, weights)
    total = known.sum(axis=-1, keepdims=True)
    return np.divide(known, total, out=np.full(known.shape, np.nan), where=total > 0)


def arithmetic(x, weights) -> np.ndarray:
    """Σ w·x: a good dimension makes up for a bad one."""
    return (_shares(x, weights) * np.nan_to_num(x)).sum(axis=-1)


def geometric(x, weights) -> np.ndarray:
    """Π x^w, with 0.01 for less: what is low in one dimension is not made up for in full. Never above `arithmetic`."""
    return np.exp((_shares(x, weights) * np.log(np.maximum(np.nan_to_num(x, nan=1.0), LEAST))).sum(axis=-1))


def penalised(x, weights) -> np.ndarray:
    """μ − σ²÷μ: the mean less a penalty for dimensions that differ, 0 where that is negative.

    Source: Mazziotta & Pareto 2016, with a minus since more is better; here on goalposts and with weights.
    """
    mean = arithmetic(x, weights)
    apart = np.maximum(arithmetic(x * x, weights) - mean * mean, 0.0)
    return np.maximum(mean - np.divide(apart, mean, out=np.zeros_like(mean), where=mean > 0), 0.0)


AGGREGATIONS: dict[str, Callable] = {"arithmetic": arithmetic, "geometric": geometric, "penalised": penalised}


# -- weights that the data give --------------------------------------------------------------------------------

def principal(correlation: np.ndarray) -> tuple[np.ndarray, float]:
    """Weights by the first principal component (its squared loadings, which sum to 1), and its share of the variance.

    Reading: a dimension weighs much that moves with the others, which need not make it important.
    """
    values, vectors = np.linalg.eigh(correlation)
    return vectors[:, -1] ** 2, float(values[-1] / values.sum())


def most_favourable(x: np.ndarray, limits: tuple[float, float] = WEIGHT_LIMITS) -> np.ndarray:
    """Benefit of the doubt: each unit's score under the weights that suit it best, 1 for a unit that none outdoes.

    Maximise Σ w·x of the unit such that no unit has more than 1, and each weight lies within `limits` as a share of all
    weights. Dimensions that some unit does not know are left out. A linear programme per unit.
    """
    x = x[:, ~np.isnan(x).any(axis=0)]
    number = x.shape[1]
    low, high = min(limits[0], 1 / number), max(limits[1], 1 / number)
    bounds = np.vstack([x, low - np.eye(number), np.eye(number) - high])
    least = np.concatenate([np.ones(len(x)), np.zeros(2 * number)])
    return np.array([-linprog(-unit, A_ub=bounds, b_ub=least, method="highs").fun for unit in x])


def cronbach(covariance: np.ndarray) -> float:
    """α = k ÷ (k − 1) · (1 − Σ variances ÷ variance of the sum): how far the dimensions measure one thing.

    Unit: at most 1. Reading: an index of dimensions that are means to an end needs no high α; a low one says that the
    single number hides which dimension it comes from.
    """
    k = len(covariance)
    return float(k / (k - 1) * (1 - np.trace(covariance) / covariance.sum()))


def correlation_ratio(size: np.ndarray, mean: np.ndarray, variance: float) -> float:
    """V[E(I | x)] ÷ V(I) from classes of x: their sizes, the means of the index in them, its variance in all.

    Unit: 0–1. Reading: how much of the index moves with one dimension, its own weight and that of what goes with it.
    Source: Becker, Saisana, Paruolo & Vandecasteele 2017.
    """
    middle = np.average(mean, weights=size)
    return float(np.average((mean - middle) ** 2, weights=size) / variance)


# -- how much the choices matter -------------------------------------------------------------------------------

@dataclass(frozen=True)
class Choices:
    """What is drawn: the names of NORMALISATIONS and AGGREGATIONS, one of each; weights; which dimension is left out.

    `evenness` is the parameter of the Dirichlet law of the weights: 1, any weights; more, nearer to equal ones.
    Leaving out none is as likely as leaving out any one dimension.
    """

    dimensions: int
    evenness: float
    normalisations: tuple[str, ...] = ("goalposts",)
    aggregations: tuple[str, ...] = tuple(AGGREGATIONS)

    @property
    def blocks(self) -> dict[str, slice]:
        """The columns of uniform numbers that each choice takes."""
        k = self.dimensions
        return {"weights": slice(0, k), "dimension left out": slice(k, k + 1), "aggregation": slice(k + 1, k + 2),
                "normalisation": slice(k + 2, k + 3)}

    def index(self, u: np.ndarray, profile: np.ndarray) -> np.ndarray:
        """The index of every unit of `profile` under the choices of each row of `u`: rows × units."""
        blocks = self.blocks
        weights = gammaincinv(self.evenness, u[:, blocks["weights"]])
        out = _option(u[:, blocks["dimension left out"]], self.dimensions + 1)
        weights = np.where(np.arange(self.dimensions) == out[:, None], 0.0, weights)
        scale = _option(u[:, blocks["normalisation"]], len(self.normalisations))
        form = _option(u[:, blocks["aggregation"]], len(self.aggregations))
        found = np.empty((len(u), len(profile)))
        for s, normalise in enumerate(self.normalisations):
            x = NORMALISATIONS[normalise](profile)
            for f, aggregate in enumerate(self.aggregations):
                rows = np.flatnonzero((scale == s) & (form == f))
                found[rows] = AGGREGATIONS[aggregate](x[None, :, :], weights[rows, None, :])
        return found


def _option(u: np.ndarray, number: int) -> np.ndarray:
    return np.minimum((u[:, 0] * number).astype(int), number - 1)


def monte_carlo(profile: np.ndarray, choices: Choices, draws: int = DRAWS, seed: int = SEED) -> np.ndarray:
    """The index of each unit under `draws` random choices: draws × units."""
    width = choices.blocks["normalisation"].stop
    return choices.index(np.random.default_rng(seed).random((draws, width)), profile)


def places(index: np.ndarray) -> np.ndarray:
    """The rank of each unit in each draw, 1 for the highest index."""
    return rankdata(-index, axis=1)


def spread(drawn: np.ndarray, level: float = LEVEL) -> tuple[np.ndarray, np.ndarray]:
    """Of each unit, the bounds that hold `level` of the draws, with equal tails."""
    tail = (1 - level) / 2
    return tuple(np.nanquantile(drawn, [tail, 1 - tail], axis=0))


def sensitivity(model: Callable, blocks: dict[str, slice], draws: int = 2**13, seed: int = SEED) -> dict[str, tuple]:
    """For each block of inputs, the share of the variance of `model` that it moves alone, and in all (Sobol indices).

    `model` takes uniform numbers (rows × columns) and gives rows, or rows × outputs, whose variances are added up.
    First order S = mean(f_B (f_AB − f_A)) ÷ V; total S_T = mean((f_A − f_AB)²) ÷ 2V, with f_AB the output where the
    block alone is taken from the second sample. Unit: shares, 0–1. `draws`: a power of 2, of a scrambled Sobol
    sequence. Source: Saisana, Saltelli & Tarantola 2005 (the estimators of Saltelli and of Jansen).
    """
    width = max(columns.stop for columns in blocks.values())
    u = np.clip(qmc.Sobol(2 * width, rng=seed).random(draws), 1e-9, 1 - 1e-9)
    a, b = u[:, :width], u[:, width:]
    at_a, at_b = (np.asarray(model(x), dtype=float).reshape(draws, -1) for x in (a, b))
    middle = (at_a.mean(axis=0) + at_b.mean(axis=0)) / 2      # centred, so that the products lose no digits
    at_a, at_b = at_a - middle, at_b - middle
    variance = np.concatenate([at_a, at_b]).var(axis=0).sum()
    found = {}
    for name, columns in blocks.items():
        mixed = a.copy()
        mixed[:, columns] = b[:, columns]
        at_mixed = np.asarray(model(mixed), dtype=float).reshape(draws, -1) - middle
        first, total = (at_b * (at_mixed - at_a)).mean(axis=0).sum(), ((at_a - at_mixed) ** 2).mean(axis=0).sum() / 2
        found[name] = (float(first / variance), float(total / variance)) if variance > 0 else (0.0, 0.0)
    return found
