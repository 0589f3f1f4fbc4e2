"""A fund that takes the losses of a month and is paid by a levy on its billing: ruin, and the levy that avoids it."""

import numpy as np

DRAWS, SEED = 999, 2026
BLOCK = 12                        # months drawn in a row, so that bad seasons stay whole
AT_ONCE = 111                     # draws in memory together


def capped(lost: np.ndarray, ceiling: float) -> np.ndarray:
    """The part of the losses of each client (a row of months) that is covered: the first `ceiling` of their sum."""
    return np.diff(np.minimum(lost.cumsum(axis=1), ceiling), axis=1, prepend=0.0)


def paths(billed: np.ndarray, lost: np.ndarray, horizon: int, draws: int = DRAWS, seed: int = SEED):
    """Billing and losses of `horizon` months to come, a row a draw: clients with replacement, each with its whole
    history (rows of `billed` and `lost`), and BLOCK of its months in a row, block after block.

    A history shorter than a block is one block.
    """
    clients, months = billed.shape
    block = min(BLOCK, months)
    random, found = np.random.default_rng(seed), []
    losers, chances = lost.any(axis=1), np.full(clients, 1 / clients)
    for begin in range(0, draws, AT_ONCE):
        number = min(AT_ONCE, draws - begin)
        starts = random.integers(0, months - block + 1, (number, -(-horizon // block)))
        at = (starts[:, :, None] + np.arange(block)).reshape(number, -1)[:, :horizon]
        copies = random.multinomial(clients, chances, number).astype(float)
        found.append([np.take_along_axis(copies @ billed, at, axis=1),
                      np.take_along_axis(copies[:, losers] @ lost[losers], at, axis=1)])
    a, b = (np.concatenate(side) for side in zip(*found, strict=True))
    return a, b


def critical_rates(billed: np.ndarray, lost: np.ndarray, reserve: float = 0.0) -> np.ndarray:
    """The levy below which the fund of each path is ruined: max over t of (Σ losses − F₀) ÷ Σ billing, months up to t.

    F_{t+1} = F_t + φ·billing_t − loss_t from F₀ = `reserve` × the mean billing of twelve months of the path. The fund
    is below nothing at some t if and only if φ is below this rate.
    """
    opening = reserve * 12 * billed.mean(axis=1, keepdims=True)
    income, need = billed.cumsum(axis=1), lost.cumsum(axis=1) - opening
    none = np.where(need > 0, np.inf, -np.inf)
    return np.divide(need, income, out=none, where=income > 0).max(axis=1)


def ruin(critical: np.ndarray, levy: float) -> float:
    """Share of the paths on which a fund with this levy is ruined."""
    return float((critical > levy).mean())


def required_levy(critical: np.ndarray, expected: float, loading: float, most_ruin: float) -> float:
    """The least levy with a chance of ruin of at most `most_ruin`, and not below `expected` losses + `loading`.

    Without losses it is the loading, which pays for the running of the fund.
    """
    safe = float(np.quantile(critical, 1 - most_ruin, method="inverted_cdf"))
    return max(expected + loading, safe)
