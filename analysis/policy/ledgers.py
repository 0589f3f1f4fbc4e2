"""Pay and days by month as compact arrays, a row per worker and a column per month of the study, in memory only."""

from functools import lru_cache

import numpy as np
from ibis import _

from analysis.panels import Panels


@lru_cache(maxsize=2)       # two levers read them, by several groups
def ledgers(panels: Panels) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The workers with paid work, in order; their real gross pay (EUR) and their declared days of each month."""
    m = panels.worker_month.select("worker_id", "month", "days_100", pay=_.real_cents / 100)
    m = m.order_by("worker_id", "month").execute()
    workers, place = np.unique(m["worker_id"], return_inverse=True)
    first = panels.scope.first_year * 12
    pay, days = (np.zeros((len(workers), panels.scope.last_year * 12 + 12 - first)) for _side in range(2))
    at = (place, m["month"].to_numpy() - first)
    pay[at], days[at] = m["pay"], m["days_100"] / 100
    return workers, pay, days


def years(values: np.ndarray) -> np.ndarray:
    """The months of ledgers by worker, year and month of the year."""
    return values.reshape(len(values), values.shape[1] // 12, 12)
