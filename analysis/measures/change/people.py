"""The same people over time."""

import numpy as np
import pandas as pd

from analysis.measures.answer import Answer, cut
from analysis.measures.change.calendar import contract_calendar
from analysis.measures.change.dates import event, last_calm, transition, wide_enough
from analysis.measures.change.findings import level_and_slope
from analysis.measures.change.registered import REGISTERED
from analysis.models import eventstudy, interrupted, sensitivity
from analysis.models.interrupted import Break
from analysis.panels import Panels


def same_people(panels: Panels) -> Answer:
    """The break at January 2017 in the contracts of the same people, against that in all contracts.

    `all contracts`: quasi-Poisson of the monthly total. `same people`: the same over what those of the month would make
    at their own level (worker × month, Poisson); other people cannot move it. Its error adds two: that of which workers
    are there (a jackknife of 20 groups), and that of shocks which reach everybody (Newey–West, 12 months). Unit: log
    points; the slope per year. `detectable` is the smallest yearly slope that the design would mostly find (2.8 SE).
    Shape: series. Pitfall: whatever else began then or grew from then on is in it: not the effect of the cooperative.
    """
    calendar = contract_calendar(panels)
    last = min(last_calm(panels), panels.scope.last_year * 12 + 11 - REGISTERED.attached)
    first = max(event("Cooperative") - 12 * REGISTERED.window_years, calendar.first + 2 * REGISTERED.attached)
    months = np.arange(first, last + 1)
    breaks = transition(first)
    columns = ["series", "workers", *level_and_slope(None), "detectable"]
    if not wide_enough(months, breaks):
        return Answer(pd.DataFrame(columns=columns), ("series",))
    part = slice(calendar.place(first), calendar.place(last) + 1)
    whole = interrupted.counts(months, calendar.contracts[:, part].sum(axis=0), breaks)
    outcome = calendar.outcome(first, last)
    own = within(outcome, months, breaks)
    rows = [{"series": name, "workers": int(people), **level_and_slope(found),
             "detectable": sensitivity.detectable(found.slope_se)} for name, people, found in (
                ("all contracts", (calendar.contracts[:, part] > 0).any(axis=1).sum(), whole),
                ("same people", (~np.isnan(outcome)).any(axis=1).sum(), own))]
    return Answer(cut(pd.DataFrame(rows, columns=columns)), ("series",))


def within(outcome: np.ndarray, months: np.ndarray, breaks: Break) -> interrupted.Change:
    """The break in the contracts of the same people; errors of the draw of workers and of common shocks added."""
    folds = zip(*(side.T for side in eventstudy.period_totals(outcome)), strict=True)
    found = [interrupted.counts(months, total, breaks, base=expected) for total, expected in folds]
    level, level_se = eventstudy.jackknife(np.array([c.level for c in found]))
    slope, slope_se = eventstudy.jackknife(np.array([c.slope for c in found]))
    return interrupted.Change(level, float(np.hypot(level_se, found[0].level_se)), slope,
                              float(np.hypot(slope_se, found[0].slope_se)), len(months))
