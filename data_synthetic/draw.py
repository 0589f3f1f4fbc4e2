"""Draws and dates. Dates are int64 day numbers (0 = 1970-01-01) until they are written.

Everything random is an integer draw, or a float rounded long before its last bit, so that one seed gives the
same bytes on every build of numpy.
"""

import numpy as np

NEVER = 1 << 40  # day number of what does not happen


def streams(seed: int, names: tuple[str, ...]) -> dict[str, np.random.Generator]:
    """One independent generator per name; a new name at the end leaves the others as they were."""
    children = np.random.SeedSequence(seed).spawn(len(names))
    return {n: np.random.Generator(np.random.PCG64(c)) for n, c in zip(names, children, strict=True)}


def pick(rng, weights, size: int) -> np.ndarray:
    """Indices drawn in proportion to integer `weights`."""
    total = np.cumsum(np.asarray(weights, dtype=np.int64))
    return np.searchsorted(total, rng.integers(0, total[-1], size), side="right")


def label(rng, shares, size: int) -> np.ndarray:
    """Strings (or None) drawn from (level, integer weight) pairs."""
    return np.array([level for level, _ in shares], dtype=object)[pick(rng, [w for _, w in shares], size)]


def spread(rng, sigma: float, size: int) -> np.ndarray:
    """Lognormal factors with mean 1 and log standard deviation `sigma`."""
    return np.round(np.exp(sigma * rng.standard_normal(size) - sigma * sigma / 2), 9)


def within(rng, bounds: tuple[int, int], size: int) -> np.ndarray:
    """Integers between two bounds, both inclusive."""
    return rng.integers(bounds[0], bounds[1] + 1, size)


def day(text: str) -> int:
    """The day number of an ISO date."""
    return int(np.datetime64(text, "D").astype(np.int64))


def year_of(days: np.ndarray) -> np.ndarray:
    return month_of(days) // 12 + 1970


def month_of(days: np.ndarray) -> np.ndarray:
    """Months since January 1970."""
    return days.astype("datetime64[D]").astype("datetime64[M]").astype(np.int64)


def first_day(months: np.ndarray) -> np.ndarray:
    return months.astype("datetime64[M]").astype("datetime64[D]").astype(np.int64)


def as_of(table: tuple[tuple[str, int], ...], days: np.ndarray) -> np.ndarray:
    """The value of a dated table, (valid from, value) in order of date, on each day."""
    starts = np.array([day(start) for start, _ in table])
    values = np.array([value for _, value in table])
    return values[np.maximum(np.searchsorted(starts, days, side="right") - 1, 0)]


def share(total: np.ndarray, basis_points) -> np.ndarray:
    """`basis_points` of integer amounts of 0 or more, rounded half up."""
    return (total * basis_points + 5_000) // 10_000


def dates(days: np.ndarray, last: int = NEVER - 1) -> np.ndarray:
    """Calendar dates; empty where the day lies after `last`."""
    missing = days > last
    return np.where(missing, np.datetime64("NaT", "D"), np.where(missing, 0, days).astype("datetime64[D]"))


def nullable(values: np.ndarray, missing: np.ndarray) -> np.ndarray:
    """`values` with the `missing` ones masked (empty when written)."""
    return np.ma.masked_array(values, mask=missing)
