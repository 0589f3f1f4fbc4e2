"""What the tests of measures share: how a table is compared, and the prices of the study's last year."""

import os

import numpy as np
import pandas as pd
from scipy.stats import binom

from analysis import law

LAST = 2020


def seeds(few: int, first: int = 1) -> range:
    """The seeds of the worlds on which planted values are looked for: `few`, or as many as SMARTBOOK_SEEDS says."""
    return range(first, first + max(few, int(os.environ.get("SMARTBOOK_SEEDS", few))))


def mostly(inside) -> bool:
    """Whether intervals of 95 % hold the truth as often as they should: in a few worlds all but one, in many at least
    as often as 199 of 200 sets of so many good intervals would."""
    n = len(inside)
    return sum(inside) >= (n - 1 if n <= 5 else binom.ppf(0.005, n, 0.95))


def same(answer, expected, columns=None, atol=1e-12):
    """The measure's table, or its `columns`, equals `expected` (rows as dicts) to 9 digits, in whatever order."""
    keys = list(answer.keys)
    seen, frame = answer.frame(), pd.DataFrame(expected)
    seen = seen if columns is None else seen[[*keys, *columns]]
    assert set(seen.columns) == set(frame.columns) and len(frame)
    frame = frame.sort_values(keys, ignore_index=True)[seen.columns]
    seen = seen.sort_values(keys, ignore_index=True)
    for table in (frame, seen):
        if "day" in table:
            table["day"] = pd.to_datetime(table["day"]).dt.date
    pd.testing.assert_frame_equal(seen, frame, check_dtype=False, rtol=1e-9, atol=atol)


def prices(year):
    """The mean health index of a year."""
    return np.mean([law.health_index(year, m) for m in range(1, 13)])


def deflator(year, month):
    """EUR of a month in EUR of the mean month of the last year."""
    return prices(LAST) / law.health_index(year, month)
