"""Series of everybody, and their break at the cooperative."""

import numpy as np
import pandas as pd
from ibis import _

from analysis.measures.answer import Answer, cut
from analysis.measures.change.dates import event, last_calm, transition, wide_enough
from analysis.measures.change.findings import SEARCHED_DIGITS, level_and_slope
from analysis.measures.change.registered import REGISTERED
from analysis.models import eventstudy, interrupted
from analysis.panels import Panels

OUTCOMES = ("workers", "contracts", "one_day", "pay")


def monthly(panels: Panels) -> Answer:
    """Monthly series: workers with a contract that begins, contracts, share of one-day contracts, median pay per day.

    Unit: persons, contracts, share, EUR of the last year (the middle worker-month's gross pay ÷ declared days). Shape:
    month. `at` is the month as a decimal year. Pitfall: a series mixes what people do with who is there.
    """
    frame = _monthly(panels)
    frame["at"] = frame["month"] // 12 + frame["month"] % 12 / 12
    return Answer(cut(frame), ("month",))


def _monthly(panels: Panels) -> pd.DataFrame:
    single = (_.start_on == _.end_on).cast("float64").mean()
    begun = panels.started.group_by("month").agg(workers=_.worker_id.nunique(), contracts=_.count(), one_day=single)
    paid = panels.worker_month.filter(_.days_100 > 0).mutate(per_day=_.real_cents / _.days_100)
    paid = paid.group_by("month").agg(pay=_.per_day.median())
    frame = begun.join(paid, "month").execute()
    return frame.sort_values("month", ignore_index=True)


def at_the_transition(panels: Panels) -> Answer:
    """Interrupted time series at January 2017: change in level and in yearly slope, by outcome.

    Counts (workers, contracts) by quasi-Poisson, in log points; the share in points, 0–1; pay in EUR. `level` with
    `low` and `high`, `slope` with its own; `placebo`: how often a date on which nothing happened shows as large a
    level; `forecast` with `forecast_low` and `forecast_high`: mean gap from a local linear trend with seasons over two
    years. The months from the vote to the start are left out, and those from Covid-19 on; the reform of 2014 has a
    step of its own. Shape: outcome. Reading: consistent with a change at the transition. Pitfalls: growth that was
    under way, couriers, cuts of employer rates in 2016 and 2018: not the effect of the cooperative.
    Source: Lopez Bernal, Cummins & Gasparrini 2017.
    """
    frame = _monthly(panels)
    first = max(event("Cooperative") - 12 * REGISTERED.window_years, int(frame["month"].min()))
    frame = frame[frame["month"].between(first, last_calm(panels))]
    months = frame["month"].to_numpy()
    breaks = transition(first)
    rows = []
    for outcome in OUTCOMES if wide_enough(months, breaks) else ():
        values = frame[outcome].to_numpy(dtype=float)
        count = outcome in ("workers", "contracts")
        found = (interrupted.counts if count else interrupted.linear)(months, values, breaks)
        shown = np.log(values) if count else values
        rank, dates = interrupted.placebo_rank(months, shown, breaks)
        gap, error = interrupted.forecast_gap(months, shown, breaks)
        rows.append({"outcome": outcome, "workers": int(frame["workers"].min()), **level_and_slope(found),
                     "placebo": rank, "dates": dates, "forecast": gap, "forecast_low": gap - eventstudy.Z * error,
                     "forecast_high": gap + eventstudy.Z * error})
    searched = ["forecast", "forecast_low", "forecast_high"]
    columns = ["outcome", "workers", *level_and_slope(None), "placebo", "dates", *searched]
    frame = cut(pd.DataFrame(rows, columns=columns))
    return Answer(frame.assign(**cut(frame[searched], SEARCHED_DIGITS)), ("outcome",))
