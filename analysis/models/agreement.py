"""How far coders agree beyond chance: Krippendorff's alpha, its interval, and two numbers to read beside it.

Ratings are a table of coders × units of whole numbers, the places of values in a list, and −1 where a coder did not
rate a unit. Units belong to documents, which a bootstrap draws whole: passages of one interview are alike.
"""

from dataclasses import dataclass

import numpy as np

from analysis.models.bootstrap import CELLS, DRAWS, SEED, copies, interval

METRICS = ("nominal", "ordinal", "interval", "ratio")
MISSING = -1
NO_VARIATION = "no variation"
NO_PAIRS = "no passage seen by two coders"


@dataclass(frozen=True)
class Agreement:
    """`alpha` with the bounds of its 95 % interval, `percent` agreement, Gwet's `ac1`; units that two coders rated.

    All are nan where nothing can be said, and `why` says why: NO_VARIATION or NO_PAIRS.
    """

    alpha: float
    low: float
    high: float
    percent: float
    ac1: float
    units: int
    why: str = ""


def coincidences(ratings: np.ndarray, documents: np.ndarray, values: int) -> np.ndarray:
    """How often each two values meet in a unit, by document: documents × values × values.

    A unit of m ratings gives m (m − 1) ordered pairs of the weight 1 ÷ (m − 1), so that it counts m times; a unit of
    one rating gives none. Source: Krippendorff 2018.
    """
    counts = np.stack([(ratings == value).sum(axis=0) for value in range(values)], axis=1).astype(float)
    rated = counts.sum(axis=1)
    paired = rated >= 2
    counts, rated, documents = counts[paired], rated[paired], np.asarray(documents)[paired]
    met = counts[:, :, None] * counts[:, None, :]
    met[:, np.arange(values), np.arange(values)] -= counts
    out = np.zeros((int(documents.max()) + 1 if len(documents) else 0, values, values))
    np.add.at(out, documents, met / (rated - 1)[:, None, None])
    return out


def distances(values: np.ndarray, counts: np.ndarray, metric: str) -> np.ndarray:
    """Squared distance δ² of each two values; for ranks, by how often values are given (`counts`, last axis).

    nominal: 1 where they differ. interval: (v − w)². ratio: ((v − w) ÷ (v + w))². ordinal: (Σ counts of v … w, less
    half of those of v and of w)².
    """
    v, w = values[:, None].astype(float), values[None, :].astype(float)
    if metric == "nominal":
        return (v != w).astype(float)
    if metric == "interval":
        return (v - w) ** 2
    if metric == "ratio":
        whole = np.where(v + w == 0, 1, v + w)
        return ((v - w) / whole) ** 2
    middle = np.cumsum(counts, axis=-1) - counts / 2     # of the ranks of a value
    return (middle[..., :, None] - middle[..., None, :]) ** 2


def alpha(met: np.ndarray, values: np.ndarray, metric: str = "nominal") -> np.ndarray:
    """α = 1 − D_o ÷ D_e of the coincidences `met` (… × values × values): 1 is agreement, 0 is chance.

    D_o = Σ o_vw δ²_vw ÷ n; D_e = Σ n_v n_w δ²_vw ÷ (n (n − 1)). nan where one value alone was given, since then
    nothing could have been confused. `values` in ascending order. Source: Krippendorff 2018; Hayes & Krippendorff 2007.
    """
    counts = met.sum(axis=-2)
    far = distances(np.asarray(values), counts, metric)
    seen = (met * far).sum(axis=(-2, -1))
    expected = (counts[..., :, None] * counts[..., None, :] * far).sum(axis=(-2, -1))
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(expected > 0, 1 - (counts.sum(axis=-1) - 1) * seen / expected, np.nan)


def percent_agreement(ratings: np.ndarray, values: int) -> float:
    """Share of the pairs of ratings of a unit that are equal, the mean of the units of two ratings or more."""
    counts = np.stack([(ratings == value).sum(axis=0) for value in range(values)], axis=1).astype(float)
    rated = counts.sum(axis=1)
    counts, rated = counts[rated >= 2], rated[rated >= 2]
    return float(((counts * (counts - 1)).sum(axis=1) / (rated * (rated - 1))).mean()) if len(rated) else np.nan


def ac1(ratings: np.ndarray, values: int) -> float:
    """Gwet's AC1 = (p_a − p_e) ÷ (1 − p_e), p_e = Σ π (1 − π) ÷ (q − 1) over the q values.

    π is the mean share of a value among the ratings of a unit. It stays near the agreement seen where one value is
    rare, when alpha falls by itself (the paradox of kappa: Feinstein & Cicchetti 1990). nan with fewer than two values.
    """
    counts = np.stack([(ratings == value).sum(axis=0) for value in range(values)], axis=1).astype(float)
    counts = counts[counts.sum(axis=1) > 0]
    if values < 2 or not len(counts):
        return np.nan
    share = (counts / counts.sum(axis=1, keepdims=True)).mean(axis=0)
    chance = (share * (1 - share)).sum() / (values - 1)
    return float((percent_agreement(ratings, values) - chance) / (1 - chance))


def agreement(ratings: np.ndarray, documents: np.ndarray, values: np.ndarray, metric: str = "nominal",
              draws: int = DRAWS, seed: int = SEED) -> Agreement:
    """All that is said of the agreement of coders: ratings are coders × units, `documents` numbers that of each unit.

    Percent agreement and AC1 take values as names, whatever the metric. The interval is the bootstrap of documents.
    Reading: from 0.80 on firm, from 0.667 tentative (Krippendorff 2018). Pitfall: units are given; where coders also
    choose the borders of passages, that they disagree on them is not in α.
    """
    documents = np.unique(documents, return_inverse=True)[1]
    units = int(((ratings != MISSING).sum(axis=0) >= 2).sum())
    if not units:
        return Agreement(*(np.nan,) * 5, 0, NO_PAIRS)
    met = coincidences(ratings, documents, len(values))
    percent = percent_agreement(ratings, len(values))
    if (met.sum(axis=(0, 1)) > 0).sum() < 2:
        return Agreement(np.nan, np.nan, np.nan, percent, np.nan, units, NO_VARIATION)
    drawn = copies(len(met), draws, seed).astype(float)
    step = max(1, CELLS // met[0].size)
    found = np.concatenate([alpha(np.tensordot(drawn[n:n + step], met, 1), values, metric)
                            for n in range(0, len(drawn), step)])
    return Agreement(*interval(found), percent, ac1(ratings, len(values)), units)
