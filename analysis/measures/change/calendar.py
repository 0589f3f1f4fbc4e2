"""Contracts by worker and month, and the months in which workers begin something."""

from dataclasses import dataclass

import numpy as np
from ibis import _

from analysis.measures.change.registered import REGISTERED
from analysis.models.eventstudy import NEVER
from analysis.panels import Panels, month_of


@dataclass(frozen=True)
class Calendar:
    """Contracts begun by worker and month, in memory only; `seen` where attached and past the first two years."""

    ids: np.ndarray
    first: int
    contracts: np.ndarray
    seen: np.ndarray

    def place(self, month) -> int:
        return int(month) - self.first

    def outcome(self, since: int, until: int) -> np.ndarray:
        """Contracts of the months from `since` to `until`, eight of each at most; nan where not attached."""
        part = slice(self.place(since), self.place(until) + 1)
        return np.where(self.seen[:, part], np.minimum(self.contracts[:, part], REGISTERED.most), np.nan)


def contract_calendar(panels: Panels) -> Calendar:
    """The calendar of all workers with a contract that begins in the scope."""
    f = panels.started.group_by("worker_id", "month").agg(contracts=_.count()).execute()
    ids, row = np.unique(f["worker_id"].to_numpy(), return_inverse=True)
    first, last = panels.scope.first_year * 12, panels.scope.last_year * 12 + 11
    contracts = np.zeros((len(ids), last - first + 1))
    contracts[row, f["month"].to_numpy() - first] = f["contracts"]
    worked, w = contracts > 0, REGISTERED.attached
    upto = np.concatenate([np.zeros((len(ids), 1)), worked.cumsum(axis=1)], axis=1)
    seen = np.zeros(contracts.shape, dtype=bool)
    for t in range(w, contracts.shape[1] - w):
        seen[:, t] = (upto[:, t] > upto[:, t - w]) & (upto[:, t + w + 1] > upto[:, t + 1])
    seen &= np.arange(contracts.shape[1]) >= worked.argmax(axis=1)[:, None] + REGISTERED.settled
    return Calendar(ids, first, contracts, seen)


def starts(panels: Panels, calendar: Calendar, kind: str) -> np.ndarray:
    """The month (place in the calendar) after the one in which each worker begins; NEVER for the others."""
    if kind == "Activity":
        panels.dataset.need("activities")
        events = panels.dataset.table("activities").select(worker_id="owner_id", on="opened_on")
    else:
        panels.dataset.need("shareholdings")
        events = panels.dataset.table("shareholdings").select("worker_id", on="subscribed_on")
    begun = events.group_by("worker_id").agg(on=_.on.min()).mutate(month=month_of(_.on)).execute()
    month = in_order(calendar.ids, begun, "month", -1).astype(np.int64)
    return np.where(month >= 0, month - calendar.first + 1, NEVER)


def in_order(ids, frame, column: str, missing) -> np.ndarray:
    """The `column` of a frame by worker in the order of `ids`; `missing` for workers without a row."""
    return frame.set_index("worker_id")[column].reindex(ids).fillna(missing).to_numpy()
