"""How well flags find what is known to be there: precision, recall, F1, average precision."""

from dataclasses import dataclass

import numpy as np

from analysis.models.bootstrap import DRAWS, SEED, copies, interval

MEASURES = ("precision", "recall", "f1", "average_precision")


@dataclass(frozen=True)
class Quality:
    """Each measure as (value, low, high), an interval of 95 %; and how many units there are, true and flagged.

    `prevalence` is the share of true units: the average precision of a score that knows nothing.
    """

    precision: tuple[float, float, float]
    recall: tuple[float, float, float]
    f1: tuple[float, float, float]
    average_precision: tuple[float, float, float]
    units: int
    positives: int
    flagged: int

    @property
    def prevalence(self) -> float:
        return self.positives / self.units

    def __str__(self) -> str:
        parts = [f"{name} {v:.2f} ({low:.2f}–{high:.2f})"
                 for name in MEASURES for v, low, high in [getattr(self, name)]]
        return f"{', '.join(parts)}; {self.positives} true and {self.flagged} flagged of {self.units}"


def evaluate(truth: np.ndarray, flagged: np.ndarray, score: np.ndarray, workers: np.ndarray | None = None,
             draws: int = DRAWS, seed: int = SEED) -> Quality:
    """Precision TP ÷ (TP + FP), recall TP ÷ (TP + FN), F1 = 2 TP ÷ (2 TP + FP + FN), and average precision.

    Average precision = Σ_s (R_s − R_{s−1}) P_s over the distinct scores from the highest down: the area under the curve
    of precision against recall, whatever the threshold; units of one score enter together. Intervals by a bootstrap of
    the `workers` to whom the units belong (each unit its own where none are given). Precision is not defined (nan)
    where nothing is flagged. Unit: share, 0–1. Pitfall: precision depends on how common the truth is; see
    `precision_at`.
    """
    truth, flagged = np.asarray(truth, dtype=bool), np.asarray(flagged, dtype=bool)
    order = np.argsort(-np.asarray(score, dtype=float), kind="stable")
    who = np.arange(len(truth)) if workers is None else np.unique(workers, return_inverse=True)[1]
    ends = np.append(np.flatnonzero(np.diff(np.asarray(score, dtype=float)[order])), len(truth) - 1)
    found = {name: np.empty(draws + 1) for name in MEASURES}
    drawn = copies(who.max() + 1, draws, seed)
    for n, row in enumerate(drawn):
        weight = row[who].astype(float)
        for name, value in zip(MEASURES, _measures(weight, truth, flagged, order, ends), strict=True):
            found[name][n] = value
    return Quality(*(interval(found[name]) for name in MEASURES), len(truth), int(truth.sum()), int(flagged.sum()))


def _measures(weight, truth, flagged, order, ends) -> tuple[float, float, float, float]:
    hit, called, there = weight[truth & flagged].sum(), weight[flagged].sum(), weight[truth].sum()
    if there == 0:
        return (0.0 if called else np.nan), np.nan, np.nan, np.nan
    right = np.cumsum(weight[order] * truth[order])[ends]
    seen = np.cumsum(weight[order])[ends]
    gain = np.diff(right, prepend=0) / there
    average = (gain * right / np.maximum(seen, 1e-12)).sum()
    return (hit / called if called else np.nan), hit / there, 2 * hit / (called + there), average


def precision_at(prevalence, recall: float, false_alarms: float):
    """Precision where the truth is as common as `prevalence`: π·TPR ÷ (π·TPR + (1 − π)·FPR)."""
    hits = prevalence * recall
    return hits / (hits + (1 - prevalence) * false_alarms)


def true_prevalence(flagged_share: float, recall: float, specificity: float) -> float:
    """Rogan–Gladen: (share flagged + specificity − 1) ÷ (recall + specificity − 1), held between 0 and 1.

    It corrects a share flagged for known errors; true only where recall and specificity are those of the planted world.
    """
    return float(np.clip((flagged_share + specificity - 1) / (recall + specificity - 1), 0, 1))
