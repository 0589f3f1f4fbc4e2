"""Fee schedules that bring in the same sum: rates by root finding, and whom they burden."""

import numpy as np
from scipy.optimize import brentq

HIGHEST = 0.9                     # no fee takes more of an invoice


def tiers(billed: np.ndarray, threshold: float, multiple: float) -> np.ndarray:
    """The mean multiple of the base rate on `billed`: 1 up to the `threshold`, `multiple` on what lies above it."""
    return (np.minimum(billed, threshold) + multiple * np.maximum(billed - threshold, 0.0)) / billed


def reaction(rate, flat: float, elasticity: float):
    """By what factor the volume of work changes where a fee of `rate` in the place of `flat` is passed on in the price.

    The price of the same work is cost ÷ (1 − fee), so that the volume is ((1 − flat) ÷ (1 − rate))^elasticity of what
    it was, and the billing that volume times the price.
    """
    dearer = (1 - flat) / (1 - rate)
    return dearer**elasticity, dearer ** (1 + elasticity)


def neutral_rate(billed: np.ndarray, multiples: np.ndarray, flat: float, elasticity: float = 0.0,
                 passed_on: bool = False) -> float:
    """The base rate τ with which fees of τ × `multiples` bring in what the `flat` rate does: Σ τ w A′ = flat × Σ A.

    A′ is A, or, where the fee is passed on in the price, A × its `reaction`. nan where no rate brings in as much.
    """
    target, top = flat * billed.sum(), HIGHEST / max(multiples.max(), 1.0)

    def gap(rate: float) -> float:
        after = billed * reaction(rate * multiples, flat, elasticity)[1] if passed_on else billed
        return (rate * multiples * after).sum() / target - 1

    return np.nan if gap(top) < 0 else float(brentq(gap, 0.0, top, xtol=1e-14, rtol=1e-14))


def concentration(amount: np.ndarray, rank_by: np.ndarray) -> float:
    """C = 2 Σ r·x ÷ (n Σ x) − (n + 1) ÷ n over the ranks r by `rank_by`, equals sharing theirs; for x itself the Gini.
    """
    from scipy.stats import rankdata

    n, total = len(amount), amount.sum()
    return float(2 * (rankdata(rank_by) * amount).sum() / (n * total) - (n + 1) / n) if total > 0 else np.nan


def progressivity(before: np.ndarray, fee: np.ndarray) -> dict[str, float]:
    """Kakwani K = C(fee) − Gini(before), above 0 where who has more pays a larger part; and the Reynolds–Smolensky
    index Gini(before) − C(before − fee) = K × t ÷ (1 − t), t being the mean fee: what the fee takes off inequality.
    """
    gini = concentration(before, before)
    return {"kakwani": concentration(fee, before) - gini, "reynolds_smolensky":
            gini - concentration(before - fee, before)}
