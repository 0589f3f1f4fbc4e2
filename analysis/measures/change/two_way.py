"""The usual regression with fixed effects, and its flaw."""

import numpy as np
import pandas as pd

from analysis.measures.answer import Answer, cut
from analysis.measures.change.calendar import contract_calendar, starts
from analysis.measures.change.dates import covers, event
from analysis.models import eventstudy
from analysis.panels import Panels


def usual_regression(panels: Panels) -> Answer:
    """What the usual regression with fixed effects of workers and quarters would say of a first Activity, and its flaw.

    `value`: its coefficient, contracts a quarter. `forbidden`: the share of its weight in comparisons that take those
    who began earlier as controls of those who begin later. On the workers attached in every quarter of the four years
    before the cooperative who had no Activity at their start. Shape: one row per event. Source: Goodman-Bacon 2021.
    """
    until, columns = event("Cooperative") - 1, ["event", "workers", "value", "forbidden"]
    panels.dataset.need("activities")
    if not covers(panels, until):
        return Answer(pd.DataFrame(columns=columns), ("event",))
    calendar = contract_calendar(panels)
    start = starts(panels, calendar, "Activity")
    first = max(until - 47, calendar.first)
    quarterly = calendar.outcome(first, until)
    quarterly = quarterly[:, quarterly.shape[1] % 3:].reshape(len(quarterly), -1, 3).sum(axis=2)
    begin = np.where(start < eventstudy.NEVER, (start - calendar.place(first)) // 3, start)
    begin = np.where(begin < quarterly.shape[1], begin, eventstudy.NEVER)
    kept = np.isfinite(quarterly).all(axis=1) & (begin > 0)
    if len(np.unique(begin[kept])) < 2:
        return Answer(pd.DataFrame(columns=columns), ("event",))
    row = ("Activity", int(kept.sum()), *eventstudy.two_way(quarterly[kept], begin[kept]))
    return Answer(cut(pd.DataFrame([row], columns=columns)), ("event",))
