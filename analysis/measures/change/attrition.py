"""The reform of April 2014, with those who left allowed for."""

import numpy as np
import pandas as pd

from analysis.measures.answer import Answer, cut
from analysis.measures.change.artists import pay_per_day, row_means, there_before
from analysis.measures.change.dates import covers, event
from analysis.models import sensitivity
from analysis.panels import Panels


def leavers(panels: Panels) -> Answer:
    """The reform and pay per day, with those who left allowed for: artists less others, log points.

    Each worker's mean log pay per day in the two years after less that in the two years before. `as seen`: those who
    stay; `weighted`: they stand in for those who left from the same third of pay; `lowest` and `highest`: bounds of Lee
    for those who would stay in either case. `stay` is the share of artists who do, less that of others.
    Shape: estimate. Reading: where the bounds lie on one side of zero, leaving cannot have made the finding.
    Source: Lee 2009.
    """
    when = event("Reference fee 57.76")
    panels.dataset.need("contracts.artistic")
    columns = ["estimate", "workers", "value", "stay"]
    if not covers(panels, when):
        return Answer(pd.DataFrame(columns=columns), ("estimate",))
    calendar, artist = there_before(panels, when)
    at = calendar.place(when)
    pay = pay_per_day(panels, calendar, artist)
    before, after = (row_means(pay[:, max(a, 0):a + 24]) for a in (at - 24, at))
    known = np.isfinite(before)
    artist, before, after = artist[known], before[known], after[known]
    stayed = np.isfinite(after)
    if not (stayed & artist).any() or not (stayed & ~artist).any():
        return Answer(pd.DataFrame(columns=columns), ("estimate",))
    third = np.searchsorted(np.quantile(before, [1 / 3, 2 / 3]), before)
    gain = np.where(stayed, after - before, 0.0)
    weight = np.zeros(len(gain))
    for side in (artist, ~artist):
        weight[side] = sensitivity.staying_weights(stayed[side], third[side])
    ours, theirs = stayed[artist].mean(), stayed[~artist].mean()
    low, high = sensitivity.lee_bounds(gain[artist & stayed], ours, gain[~artist & stayed], theirs)
    seen = gain[artist & stayed].mean() - gain[~artist & stayed].mean()
    weighted = np.average(gain[artist], weights=weight[artist]) - np.average(gain[~artist], weights=weight[~artist])
    people = int(min((stayed & artist).sum(), (stayed & ~artist).sum()))
    values = {"as seen": seen, "weighted": weighted, "lowest": low, "highest": high}
    rows = [(name, people, value, ours - theirs) for name, value in values.items()]
    return Answer(cut(pd.DataFrame(rows, columns=columns)), ("estimate",))
