"""Those who begin against like workers who do not begin in the same month."""

import numpy as np

from analysis.measures.change.calendar import Calendar
from analysis.measures.change.registered import REGISTERED
from analysis.models import eventstudy


def risk_sets(calendar: Calendar, start: np.ndarray, calm) -> tuple[float, float]:
    """log ratio of the contracts in the months after: buyers of a month against like workers who did not buy then.

    Cells: half-year × contracts of the month × months worked among those before (in pairs); each weighs by its buyers.
    """
    y, n = calendar.contracts, REGISTERED.profile
    worked = np.concatenate([np.zeros((len(y), 1)), (y > 0).cumsum(axis=1)], axis=1)
    who, cell, bought, after = [], [], [], []
    for t in range(max(n, int(start.min()) - 1), int(calm.sum()) - n):
        here = np.flatnonzero((start > t) & (y[:, t] > 0))
        past = (worked[here, t] - worked[here, t - n]) // 2
        busy = np.minimum(y[here, t], REGISTERED.busiest)
        who.append(here)
        cell.append((t // 6 * (n + 1) + past) * (REGISTERED.busiest + 1) + busy)
        bought.append(start[here] == t + 1)
        after.append(y[here, t + 1:t + 1 + n].sum(axis=1))
    if not who:
        return float("nan"), float("nan")
    who, cell, bought, after = map(np.concatenate, (who, cell, bought, after))
    _, cell = np.unique(cell, return_inverse=True)
    found = []
    for fold in range(eventstudy.FOLDS + 1):
        kept = who % eventstudy.FOLDS != fold - 1
        counts = [np.bincount(cell[kept & side], minlength=cell.max() + 1) for side in (bought, ~bought)]
        sums = [np.bincount(cell[kept & side], after[kept & side], cell.max() + 1) for side in (bought, ~bought)]
        both = (counts[0] > 0) & (counts[1] > 0)
        expected = (sums[1][both] / counts[1][both] * counts[0][both]).sum()
        with np.errstate(divide="ignore", invalid="ignore"):
            found.append(np.log(sums[0][both].sum() / expected))
    return eventstudy.jackknife(np.array(found))
