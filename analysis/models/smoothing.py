"""An account that turns uneven income into even pay by a rule, and never pays what is not there."""

import numpy as np


def moving_mean(income: np.ndarray, months: int) -> np.ndarray:
    """Mean of the last `months` months up to each (the last axis), or of those since the first income where fewer."""
    total = np.cumsum(income, axis=-1)
    before = np.zeros_like(total)
    before[..., months:] = total[..., :-months]
    seen = np.cumsum(np.cumsum(income > 0, axis=-1) > 0, axis=-1)
    return (total - before) / np.clip(seen, 1, months)


def smoothed(income: np.ndarray, share: float, months: int, floor: float, opening: float = 0.0):
    """Pay and the balance after it, of each month: c_t = min(b_t + x_t, max(floor, share × mean of the last months)).

    b_{t+1} = b_t + x_t − c_t, from b_0 = `opening`, so that Σ c + b_T = b_0 + Σ x (V-37). `income` is not negative; its
    last axis is time.
    """
    wish = np.maximum(floor, share * moving_mean(income, months))
    pay, balance = np.empty_like(income), np.empty_like(income)
    held = np.full(income.shape[:-1], opening)
    for month in range(income.shape[-1]):
        there = held + income[..., month]
        pay[..., month] = np.minimum(there, wish[..., month])
        held = there - pay[..., month]
        balance[..., month] = held
    return pay, balance
