"""A steady pay drawn from an uneven one: can an account bear it, and how deep would it fall?"""

import numpy as np

DRAWS, SEED = 199, 2026
BLOCK = 3                         # months drawn in a row
AT_ONCE = 2_000                   # ledgers in memory together


def deepest(income: np.ndarray, pay: np.ndarray) -> np.ndarray:
    """How far an account that starts at nothing falls below it: −min over t of Σ_{s ≤ t} (income − pay), 0 if never.

    Months are the last axis of `income`; `pay` is the same every month.
    """
    return np.maximum(0.0, -np.cumsum(income - pay[..., None], axis=-1).min(axis=-1))


def drawn_depths(past: np.ndarray, pay: np.ndarray, horizon: int, draws: int = DRAWS, seed: int = SEED) -> np.ndarray:
    """`deepest` over `horizon` months to come, a row per ledger and a column per draw.

    Each draw takes blocks of BLOCK months in a row from the `past` months of a ledger (its row), which close to a ring;
    the same blocks for all, so that a ledger's result does not hang on who else is there.
    """
    months = past.shape[1]
    starts = np.random.default_rng(seed).integers(0, months, (draws, -(-horizon // BLOCK)))
    at = ((starts[:, :, None] + np.arange(BLOCK)) % months).reshape(draws, -1)[:, :horizon]
    found = np.empty((len(past), draws))
    for begin in range(0, len(past), AT_ONCE):
        some = slice(begin, begin + AT_ONCE)
        found[some] = deepest(past[some][:, at], pay[some, None])
    return found
