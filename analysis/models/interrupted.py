"""Interrupted time series: a monthly series before and after a date, with its seasons and its trend."""

from dataclasses import dataclass

import numpy as np

LAGS = 12                # months over which neighbouring errors may be alike
ROUNDS, CLOSE = 50, 1e-9


@dataclass(frozen=True)
class Break:
    """When something changes, in months: the first one of the new regime, and a transition that is left out.

    `drop` are first and last month of the transition (None: none); `flagged` those of an interruption that gets its own
    level (a pandemic), and counts in neither regime's level.
    """

    at: int
    drop: tuple[int, int] | None = None
    flagged: tuple[int, int] | None = None
    steps: tuple[int, ...] = ()


@dataclass(frozen=True)
class Change:
    """A change in level and in slope (per year) at a break, each with its standard error."""

    level: float
    level_se: float
    slope: float
    slope_se: float
    months: int

    def after(self, years: float) -> float:
        """The change `years` after the break."""
        return self.level + self.slope * years


def design(months: np.ndarray, change: Break) -> np.ndarray:
    """1, t, D, (t − T₀)·D, the months of the year but the first, the other steps and the flag; t in years.

    Every month has a level of its own. Two waves a year leave a part of a season that has corners, such as summer
    holidays; where the years on one side of the break are not whole, that part passes for a change in level.
    """
    t = (months - change.at) / 12
    since = (months >= change.at).astype(float)
    columns = [np.ones(len(months)), t, since, t * since]
    columns += [(months % 12 == m).astype(float) for m in range(1, 12)]
    columns += [(months >= step).astype(float) for step in change.steps if months[0] < step <= months[-1]]
    if change.flagged:
        flag = ((months >= change.flagged[0]) & (months <= change.flagged[1])).astype(float)
        columns += [flag] if flag.any() else []
    return np.column_stack(columns)


def _used(months, values, change):
    seen = np.isfinite(values)
    return seen & ((months < change.drop[0]) | (months > change.drop[1])) if change.drop else seen


def newey_west(scores: np.ndarray, months: np.ndarray, lags: int = LAGS) -> np.ndarray:
    """Σ of the products of scores up to `lags` months apart, with weights that fall to 0 (Bartlett).

    Months that are left out count as months without a score, so that a gap keeps its length.
    Source: Newey & West 1987.
    """
    filled = np.zeros((months.max() - months.min() + 1, scores.shape[1]))
    filled[months - months.min()] = scores
    total = filled.T @ filled
    for lag in range(1, min(lags, len(filled) - 1) + 1):
        part = filled[lag:].T @ filled[:-lag]
        total += (1 - lag / (lags + 1)) * (part + part.T)
    return total


def linear(months: np.ndarray, values: np.ndarray, change: Break, lags: int = LAGS) -> Change:
    """Least squares of the series on its trend, seasons and break; errors may be alike over `lags` months.

    y_t = β₀ + β₁t + β₂D_t + β₃(t − T₀)D_t + months of the year + u_t. Unit: that of the values, and that per year.
    Reading: what moved at that date and was not on its way before. Pitfall: everything else that moved then.
    Source: Lopez Bernal, Cummins & Gasparrini 2017.
    """
    months, values = np.asarray(months), np.asarray(values, dtype=float)
    kept = _used(months, values, change)
    x, y = design(months[kept], change), values[kept]
    bread = np.linalg.pinv(x.T @ x)
    beta = bread @ (x.T @ y)
    error = y - x @ beta
    spread = np.full(len(y), np.sqrt(error @ error / max(len(y) - x.shape[1], 1)))
    return _change(beta, _variances(x, bread, error, spread, months[kept], lags), len(y))


def _variances(x, bread, error, spread, months, lags) -> np.ndarray:
    """Of each coefficient the larger one of two: of Newey and West, and of errors that fade from month to month.

    The second supposes errors of size `spread` whose likeness is a power of that of neighbours (AR(1)), which is
    estimated and raised by its known bias, what the regression fits away of it included: with a hundred months, Newey
    and West alone find too narrow intervals.
    """
    n, k = x.shape
    if n <= k or not error.any():
        return np.full(k, np.nan if n <= k else 0.0)
    robust = n / (n - k) * bread @ newey_west(x * error[:, None], months, lags) @ bread
    if not lags:
        return np.diag(robust)
    z, scaled = error / spread, x * spread[:, None]
    near = np.diff(months) == 1
    alike = (z[1:] @ (z[:-1] * near)) / (z @ z)
    fitted_away = np.diagonal(scaled @ np.linalg.pinv(scaled), 1)[near].sum()
    alike = np.clip(alike + (fitted_away + 3 * alike) / n, 0.0, 0.95)
    fading = alike ** np.abs(months[:, None] - months)
    return np.maximum(np.diag(robust), np.diag(bread @ scaled.T @ fading @ scaled @ bread))


def counts(months: np.ndarray, values: np.ndarray, change: Break, base: np.ndarray | None = None,
           lags: int = LAGS) -> Change:
    """Quasi-Poisson regression of a count, over its `base` (people, say) where there is one: changes in log points.

    exp(level) − 1 is the relative change at the break. Errors allow for dispersion (X² ÷ degrees of freedom) and for
    alike neighbours, as in `linear`. Months without a base are not seen; no more months than terms give nan.
    Pitfall: the mean of logs, which this is not, is too low where a month counts little.
    Source: Lopez Bernal, Cummins & Gasparrini 2017.
    """
    months, base = np.asarray(months), np.ones(len(months)) if base is None else np.asarray(base, dtype=float)
    values = np.where(base > 0, values, np.nan)
    kept = _used(months, values, change)
    x, y = design(months[kept], change), values[kept]
    n, k = x.shape
    if n <= k:
        return Change(*[float("nan")] * 4, n)
    beta, mean = _poisson(x, y, base[kept])
    spread = np.sqrt(mean * ((y - mean) ** 2 / mean).sum() / (n - k))
    bread = np.linalg.pinv((x * mean[:, None]).T @ x)
    return _change(beta, _variances(x, bread, y - mean, spread, months[kept], lags), n)


def _poisson(x, y, base) -> tuple[np.ndarray, np.ndarray]:
    """Coefficients of a Poisson regression of y on x over `base`, and its means; Newton's steps from a fit of logs."""
    beta = np.linalg.lstsq(x, np.log((y + 0.5) / base))[0]
    for _ in range(ROUNDS):
        mean = base * np.exp(x @ beta)
        step = np.linalg.pinv((x * mean[:, None]).T @ x) @ (x.T @ (y - mean))
        beta = beta + step
        if np.abs(step).max() < CLOSE:
            break
    return beta, base * np.exp(x @ beta)


def _change(beta, variances, months) -> Change:
    se = np.sqrt(variances)
    return Change(float(beta[2]), float(se[2]), float(beta[3]), float(se[3]), months)


def placebo_rank(months: np.ndarray, values: np.ndarray, change: Break, margin: int = 24) -> tuple[float, int]:
    """How rare a break as large as the one at the date would be at dates where nothing is known to have happened.

    p = (1 + pseudo-dates of the time before whose change in level is as large) ÷ (1 + pseudo-dates); every month with
    `margin` months of the time before on both sides is one. Returns p and their number; p is nan without any.
    """
    months, values = np.asarray(months), np.asarray(values, dtype=float)
    end = change.drop[0] if change.drop else change.at
    gap = (change.drop[1] - change.drop[0] + 1) if change.drop else 0
    before = months < end
    dates = range(months[0] + margin, end - margin - gap)
    sizes = [abs(linear(months[before], values[before], Break(d + gap // 2, (d, d + gap - 1) if gap else None)).level)
             for d in dates]
    if not sizes:
        return float("nan"), 0
    seen = abs(linear(months, values, change).level)
    return (1 + sum(s >= seen for s in sizes)) / (1 + len(sizes)), len(sizes)


def forecast_gap(months: np.ndarray, values: np.ndarray, change: Break, horizon: int = 24) -> tuple[float, float]:
    """Mean of the series less its forecast over the `horizon` months after the break, and the error of that mean.

    The forecast is that of a local linear trend with months of the year, fitted to the months before. Unit: that of
    the values. Pitfall: forecasts of a trend that itself wanders are wide, as they should be.
    """
    import warnings

    import statsmodels.api as sm

    months, values = np.asarray(months), np.asarray(values, dtype=float)
    end = change.drop[0] if change.drop else change.at
    begin = change.drop[1] + 1 if change.drop else change.at
    before, until = months < end, min(begin + horizon, months[-1] + 1)
    if before.sum() < 48 or until - begin < 6 or not np.isfinite(values).all():
        return float("nan"), float("nan")
    scale = values[before].std() or 1.0
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")          # a fit that stops early shows in the width of its forecast
        model = sm.tsa.UnobservedComponents(values[before] / scale, "lltrend", seasonal=12, stochastic_seasonal=False)
        fitted = model.fit(disp=False, maxiter=200)
        ahead = int(until - end)
        drawn = fitted.simulate(ahead, repetitions=200, anchor="end", rng=np.random.default_rng(2026))
        middle = fitted.get_forecast(ahead).predicted_mean
    chosen = slice(int(begin - end), ahead)
    seen = values[(months >= begin) & (months < until)]
    error = np.asarray(drawn).reshape(ahead, -1)[chosen].mean(axis=0).std(ddof=1)
    return float(seen.mean() - scale * middle[chosen].mean()), float(scale * error)
