"""What follows a beginning, against the worker’s own past and against others."""

import numpy as np

from analysis.measures.answer import Answer
from analysis.measures.change.artists import artists
from analysis.measures.change.calendar import Calendar, contract_calendar, starts
from analysis.measures.change.dates import last_calm
from analysis.measures.change.findings import estimates
from analysis.measures.change.matching import risk_sets
from analysis.measures.change.registered import REGISTERED
from analysis.models import eventstudy
from analysis.panels import Panels


def beginnings(panels: Panels) -> Answer:
    """What follows a first Activity and a first share in the contracts of the same worker, in log points.

    `naive`: contracts per month, from the first to the last, of those who have begun against those who have not,
    whoever they are. `same worker`: against what the worker's own months before and the month's mean of those who have
    not begun predict (imputation, Poisson, 36 months; for an Activity, artists and others have months of their own).
    `matched`: for a share, against those who had as many contracts in the same month, about as many months with work
    among the six before, in the same half-year, and did not buy; over the six months after. `low`, `high`: 95 %, from a
    jackknife of workers; none for `naive`. `rv`: the robustness value; `detectable`: 2.8 SE.
    Shape: event × estimate. Unit: log points. Reading: timing, not cause, where the moment is chosen. Pitfall: who buys
    in a busy month was busier than usual, so that his own past is no fair comparison.
    Sources: Borusyak, Jaravel & Spiess 2024; Cinelli & Hazlett 2020.
    """
    calendar = contract_calendar(panels)
    first, last = calendar.first, panels.scope.last_year * 12 + 11
    artist = artists(panels, calendar.ids, last + 1) if panels.dataset.has("contracts.artistic") else None
    y = calendar.outcome(first, last)
    calm = np.arange(first, last + 1) <= last_calm(panels)
    y[:, ~calm] = np.nan
    rows = []
    present = _present(calendar) & calm
    for kind in ("Activity", "share"):
        start = starts(panels, calendar, kind)
        treated = int((start < eventstudy.NEVER).sum())
        begun = np.arange(y.shape[1]) >= start[:, None]
        open_ = present & (np.arange(y.shape[1]) >= start.min())
        rates = [_log_rate(calendar.contracts[open_ & side]) for side in (begun, ~begun)]
        rows.append((kind, "naive", treated, rates[0] - rates[1], np.nan))
        stratum = artist if kind == "Activity" else None          # in so few years no stratum has a course of its own
        rows.append((kind, "same worker", treated, *eventstudy.imputed_ratio(
            y, start, REGISTERED.horizon, stratum=stratum)))
        if kind == "share":
            rows.append((kind, "matched", treated, *risk_sets(calendar, start, calm)))
    return Answer(estimates(rows, ["event", "estimate"]), ("event", "estimate"))


def _present(calendar: Calendar) -> np.ndarray:
    """From each worker's first contract to the last."""
    worked = calendar.contracts > 0
    return (worked.cumsum(axis=1) > 0) & (worked[:, ::-1].cumsum(axis=1)[:, ::-1] > 0)


def _log_rate(cells) -> float:
    return float(np.log(cells.mean())) if cells.sum() > 0 else float("nan")
