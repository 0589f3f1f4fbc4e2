"""The reform of April 2014: artists against others."""

import numpy as np
import pandas as pd

from analysis import law
from analysis.measures.answer import Answer
from analysis.measures.change.artists import pay_per_day, row_means, there_before
from analysis.measures.change.calendar import Calendar
from analysis.measures.change.dates import covers, event
from analysis.measures.change.findings import estimates
from analysis.measures.change.people import within
from analysis.measures.change.registered import REGISTERED
from analysis.models import eventstudy
from analysis.models.interrupted import Break
from analysis.panels import Panels


def reform(panels: Panels) -> Answer:
    """Artists against others around April 2014: contracts and pay per day of the same workers, in log points.

    Artists are those whose contracts before were mostly coded artistic; who came later is in neither group.

    Difference in differences, with each worker's own level and a level for each month, up to the next rule (March
    2016); the months around the reform are left out. `contracts`: Poisson imputation over attached months. `pay`: log
    of gross pay per declared day, artistic contracts of artists against all of others, least-squares imputation.
    `pay above the floor`: the same for workers whose pay before was half as much again as the floor of the day.
    `others`: the break in the contracts of the other trades, the same people, trend and seasons allowed for: near zero
    if the reform left them alone. `naive`: all contracts of artists, two years after over two years before, less the
    same of others. `low`, `high`: 95 %. Unit: log points. Shape: outcome. Pitfalls: a trade may have changed for its
    own reasons; pay that a floor holds up moves less than what was agreed.
    """
    when = event("Reference fee 57.76")
    panels.dataset.need("contracts.artistic")
    if not covers(panels, when):
        return Answer(estimates([], ["outcome"]), ("outcome",))
    calendar, artist = there_before(panels, when)
    year, month = REGISTERED.reform_until
    last = min(year * 12 + month - 1, panels.scope.last_year * 12 + 11)
    first = max(when - 12 * REGISTERED.reform_years, calendar.first)
    y = calendar.outcome(first, last)
    at = when - first
    hole = slice(max(at - REGISTERED.donut, 0), at + REGISTERED.donut)
    y[:, hole] = np.nan
    start = np.where(artist, at, eventstudy.NEVER)
    pay = pay_per_day(panels, calendar, artist)[:, calendar.place(first):calendar.place(last) + 1]
    pay[:, hole] = np.nan
    floor = np.log(100 * law.minimum_daily(pd.Timestamp(when // 12, when % 12 + 1, 1)))
    above = row_means(pay[:, :at]) > floor + np.log(REGISTERED.clear_of_floor)
    span, months = last - when + 1, np.arange(first, last + 1)
    others = within(y[~artist], months, Break(when, drop=(when - REGISTERED.donut, when + REGISTERED.donut - 1)))
    rows = [
        ("contracts", artist.sum(), *eventstudy.imputed_ratio(y, start, span)),
        ("pay", artist.sum(), *eventstudy.imputed_difference(pay, start, span)),
        ("pay above the floor", (artist & above).sum(), *eventstudy.imputed_difference(
            pay[above], start[above], span)),
        ("others", (~artist).sum(), others.level, others.level_se),
        ("naive", artist.sum(), _simple_gap(calendar, artist, when), np.nan)]
    return Answer(estimates(rows, ["outcome"]), ("outcome",))


def _simple_gap(calendar: Calendar, artist, when: int) -> float:
    at = calendar.place(when)
    before, after = slice(max(at - 24, 0), at), slice(at, at + 24)
    with np.errstate(divide="ignore", invalid="ignore"):
        moved = [np.log(calendar.contracts[who][:, after].sum() / calendar.contracts[who][:, before].sum())
                 for who in (artist, ~artist)]
    return float(moved[0] - moved[1])
