"""Contracts around a beginning, quarter by quarter, against those who begin later or never."""

import numpy as np
import pandas as pd

from analysis.measures.answer import Answer, cut
from analysis.measures.change.calendar import contract_calendar, starts
from analysis.measures.change.dates import last_calm
from analysis.measures.change.findings import SEARCHED_DIGITS
from analysis.measures.change.registered import REGISTERED
from analysis.models import eventstudy
from analysis.panels import Panels


def _quarters(panels: Panels, kind: str) -> tuple[np.ndarray, np.ndarray]:
    """Contracts by worker and quarter, nan where not attached or no longer calm, and the quarter of each beginning."""
    calendar = contract_calendar(panels)
    start = starts(panels, calendar, kind)
    y = calendar.outcome(calendar.first, panels.scope.last_year * 12 + 11)
    y[:, np.arange(y.shape[1]) + calendar.first > last_calm(panels)] = np.nan
    return y.reshape(len(y), -1, 3).sum(axis=2), np.where(start < eventstudy.NEVER, start // 3, start)


def around(panels: Panels, kind: str = "Activity") -> Answer:
    """Contracts of a quarter around the first Activity (or `share`), against those who begin later or never.

    Callaway and Sant'Anna by quarter: mean difference from the quarter before, `low` and `high` simultaneous for all
    quarters. `relative`: over the mean of the beginners in the quarter before. `breakdown`: M̄, how many times the
    largest step before the beginning the paths may part each quarter and the mean of the year after still lies off
    zero. Unit: contracts a quarter. Shape: quarter since the beginning; `workers` who begin and are seen in it and in
    the quarter before, at least ten.
    Source: Callaway & Sant'Anna 2021; Rambachan & Roth 2023.
    """
    found = _event_study(panels, kind)
    if found is None:
        columns = ["quarter", "value", "low", "high", "relative", "workers", "breakdown"]
        return Answer(pd.DataFrame(columns=columns), ("quarter",))
    shown, level = found
    f = shown.frame
    return Answer(cut(pd.DataFrame({
        "quarter": f["at"], "value": f["att"], "low": f["band_low"], "high": f["band_high"],
        "relative": f["att"] / level, "workers": f["treated"],
        "breakdown": eventstudy.breakdown(shown, REGISTERED.last)})), ("quarter",))


def _event_study(panels: Panels, kind: str) -> tuple[eventstudy.Dynamic, float] | None:
    """The event study of `around`, and the mean of the beginners in the quarter before; None without any of them."""
    quarterly, begin = _quarters(panels, kind)
    found = eventstudy.group_time(quarterly, begin)
    if found is None:
        return None
    base = [quarterly[i, g - 1] for i, g in enumerate(begin) if 0 < g < quarterly.shape[1]]
    level = float(np.nanmean(base)) if np.isfinite(base).any() else np.nan
    return eventstudy.dynamic(found, (-REGISTERED.quarters, REGISTERED.quarters), REGISTERED.smallest), level


def parting(panels: Panels, kind: str = "Activity") -> Answer:
    """The mean of the year after a beginning, if the paths that `around` compares may part by themselves.

    `steps`: in each quarter by `limit` times the largest step before the beginning. `bends`: along the line on which
    they parted before, whose slope may change from one quarter to the next by `limit` of the mean of the beginners in
    the quarter before. `low`, `high`: 95 %. Unit: contracts a quarter. Shape: restriction × limit; `workers` who begin
    and are seen, in the quarter of the year with the fewest. Reading: the finding falls with the first limit whose
    interval holds zero. Pitfalls of both: `eventstudy.parted`. Source: Rambachan & Roth 2023.
    """
    keys = ("restriction", "limit")
    columns = [*keys, "workers", "low", "high"]
    found = _event_study(panels, kind)
    if found is None:
        return Answer(pd.DataFrame(columns=columns), keys)
    shown, level = found
    workers = shown.frame.loc[shown.frame["at"].between(0, REGISTERED.last), "treated"].min()
    rows = [(name, limit, workers, *eventstudy.parted(shown, REGISTERED.last, name, limit * unit))
            for name, limits, unit in (("steps", REGISTERED.steps, 1.0), ("bends", REGISTERED.bends, level))
            for limit in limits]
    return Answer(cut(pd.DataFrame(rows, columns=columns), SEARCHED_DIGITS), keys)


def estimators(panels: Panels) -> Answer:
    """Contracts in the year after a first Activity and a first share, by estimators that compare with others.

    `later or never` is that of `around`; see `eventstudy.estimators` for the rest. Mean over the workers who begin and
    the quarters of the year, less the quarter before. `low`, `high`: 95 %. Unit: contracts a quarter. Shape: event ×
    estimator; `workers` who begin. Reading: estimators that differ say that the answer hangs on whom one compares
    with: on the quarter before alone, or on all of the past. Pitfall: that they agree does not make it an effect.
    Sources: Callaway & Sant'Anna 2021; Sun & Abraham 2021; Borusyak, Jaravel & Spiess 2024.
    """
    parts = [eventstudy.estimators(*_quarters(panels, kind), REGISTERED.last, REGISTERED.quarters).assign(event=kind)
             for kind in ("Activity", "share")]
    f = pd.concat(parts, ignore_index=True)
    return Answer(cut(pd.DataFrame({
        "event": f["event"], "estimator": f["estimator"], "workers": f["treated"].astype("int64"),
        "value": f["att"].astype(float), "low": (f["att"] - eventstudy.Z * f["se"]).astype(float),
        "high": (f["att"] + eventstudy.Z * f["se"]).astype(float)})), ("event", "estimator"))
