"""The headline indicators of security, as yearly series with intervals, for every population, region and courier rule.

The records hold everybody, so that a value needs no interval as a description of these workers. The intervals answer
another question: how much a value owes to who happened to be there. They are 95 % percentile intervals of a bootstrap
of workers (`analysis.models.bootstrap`); each region, with or without couriers, is one set of draws.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd
from ibis import _

from analysis.errors import MissingData, unknown
from analysis.measures.answer import Answer, cut
from analysis.models import bootstrap
from analysis.panels import Panels
from analysis.scope import POPULATIONS, REGIONS

LOCAL = tuple(region for region in REGIONS if region != "everywhere")
ENOUGH = 40         # workers: among fewer, a bound of a median is the pay of one of the ten lowest or highest
COURIERS = {"all workers": True, "without couriers": False}
KEYS = ("indicator", "region", "couriers", "population", "year")
VIEWS = {"couriers": "with and without couriers", "population": "three populations", "region": "three regions"}
LABELS = {"P0": "any paid day", "P1": "three months with pay", "P2": "75 declared days",
          "brussels": "worker in Brussels", "brussels-clients": "client in Brussels", "brussels-either": "either"}


@dataclass(frozen=True)
class Indicator:
    """A statistic of the `column` of worker-years, or its total over that of `over`, where the column `among` holds."""

    meaning: str
    column: str
    statistic: Callable = bootstrap.total
    over: str = ""
    among: str = "P0"


INDICATORS = {
    "median": Indicator("real annual pay of the middle worker, EUR (S-01)", "pay", bootstrap.median),
    "mean": Indicator("mean real annual pay, EUR (S-01)", "pay", bootstrap.mean),
    "gini": Indicator("Gini coefficient of real annual pay (S-03)", "pay", bootstrap.gini, among="paid"),
    "cv": Indicator("variation of the twelve months' pay when worked, middle worker (S-13)", "cv", bootstrap.median,
                    among="interior_paid"),
    "empty_months": Indicator("mean number of months without work (S-20)", "empty", bootstrap.mean, among="interior"),
    "one_day": Indicator("share of declared days in contracts of one day (S-24)", "one_day", over="days",
                         among="started"),
    "covered": Indicator("share of months in which work through Smart alone would open unemployment benefit (S-31)",
                         "covered", over="months", among="known"),
}


def series(panels: Panels, indicators: tuple[str, ...] = tuple(INDICATORS)) -> Answer:
    """Headline indicators of INDICATORS by year, with 95 % intervals, for P0–P2, R1–R3, with and without couriers.

    Values: `value`; `low` and `high`, empty for fewer than 40 workers; the distinct `workers` behind them. Definitions
    are those of the measures named in INDICATORS: pay in EUR of the last year; `gini` of workers with pay; `cv`
    (accrual) and `empty_months` over interior years; `one_day` by the year a contract starts, in the worker-years of
    the population; `covered` (lower bound) from the first month with work on. Unit: as the indicator. Shape: indicator
    × region × couriers × population × year. A region that the dataset cannot tell has rows without numbers; the study's
    own region is added where it is none of the three.
    Pitfall: an interval is about chance, not about what the records leave out.
    """
    for name in indicators:
        if name not in INDICATORS:
            raise unknown("headline indicator", name, INDICATORS)
    rows = []
    for region in dict.fromkeys((*LOCAL, panels.scope.region)):
        local = panels.in_region(region)
        for couriers, kept in COURIERS.items():
            scoped = local if kept else local.without_couriers()
            try:
                found = _estimates(worker_years(scoped, {INDICATORS[n].column for n in indicators}), indicators)
            except MissingData:
                found = _nothing(panels, indicators)
            rows += [{"region": region, "couriers": couriers, **row} for row in found]
    frame = pd.DataFrame(rows, columns=[*KEYS, "workers", "value", "low", "high"])
    frame = cut(frame.astype({"workers": "Int64"} | dict.fromkeys(("value", "low", "high"), float)))
    return Answer(frame.sort_values(list(KEYS), ignore_index=True), KEYS)


def view(by: str, region: str) -> dict[str, str]:
    """The rows of `series` that a figure by one of VIEWS shows: all of its values, and one of the other two keys."""
    chosen = {"couriers": "all workers", "population": "P0", "region": region}
    if by not in VIEWS:
        raise unknown("view", by, VIEWS)
    del chosen[by]
    return chosen


def worker_years(panels: Panels, columns) -> pd.DataFrame:
    """One row per worker and year with work, in memory only: what the headline indicators are made of.

    Always worker_id, year, P0–P2, pay (EUR of the last year), empty (months without work), interior, paid,
    interior_paid. As `columns` ask, cv of the twelve months' pay; days and one_day (declared days of contracts that
    start in the year, and those of one calendar day), started; covered and months (covered months, and all from the
    first with work on), known.
    """
    y = panels.worker_year
    y = y.select("worker_id", "year", *POPULATIONS, "interior", pay=_.real_cents / 100, empty=12.0 - y.months)
    for part in _parts(panels, columns):
        y = y.left_join(part, ["worker_id", "year"]).drop("worker_id_right", "year_right")
    f = y.execute().sort_values(["worker_id", "year"], ignore_index=True)
    f["paid"] = f["pay"] > 0
    f["interior_paid"] = f["interior"] & f["paid"]
    if "cv" in columns:
        f["cv"] = np.sqrt((f["squares"] - f["pay"] ** 2 / 12).clip(lower=0) / 11) / (f["pay"] / 12).where(f["paid"])
    if "one_day" in columns:
        f["started"] = f["days"] > 0
    if "covered" in columns:
        f["known"] = f["months"] > 0
    return f


def _parts(panels: Panels, columns):
    """Sums by worker and year that only some of the `columns` need."""
    if "cv" in columns:
        months = panels.worker_month.mutate(y=_.real_cents / 100)
        yield months.group_by("worker_id", "year").agg(squares=(_.y * _.y).sum())
    if "one_day" in columns:
        begun = panels.started.mutate(single=(_.start_on == _.end_on).cast("float64"))
        yield begun.group_by("worker_id", "year").agg(days=_.days.sum(), one_day=(_.days * _.single).sum())
    if "covered" in columns:
        months = panels.coverage_month.mutate(year=(_.month // 12).cast("int32"), yes=_.covered.cast("float64"))
        yield months.group_by("worker_id", "year").agg(covered=_.yes.sum(), months=_.count().cast("float64"))


def _estimates(years: pd.DataFrame, indicators) -> list[dict]:
    """A row per indicator, population and year: the number of workers, the value and its interval."""
    known, place = np.unique(years["worker_id"], return_inverse=True)
    drawn = bootstrap.copies(len(known))
    years = years.assign(place=place)
    rows = []
    for name in indicators:
        indicator = INDICATORS[name]
        chosen = years[years[indicator.among]].sort_values(["year", indicator.column, "place"])
        for population in POPULATIONS:
            for year, cell in chosen[chosen[population]].groupby("year"):
                value, low, high = bootstrap.interval(_replicates(drawn, cell, indicator))
                low, high = (low, high) if len(cell) >= ENOUGH else (np.nan, np.nan)
                rows.append({"indicator": name, "population": population, "year": year, "workers": len(cell),
                             "value": value, "low": low, "high": high})
    return rows


def _replicates(drawn, cell: pd.DataFrame, indicator: Indicator) -> np.ndarray:
    workers = cell["place"].to_numpy()
    found = bootstrap.replicates(drawn, workers, cell[indicator.column].to_numpy(), indicator.statistic)
    if not indicator.over:
        return found
    below = bootstrap.replicates(drawn, workers, cell[indicator.over].to_numpy(), bootstrap.total)
    return np.divide(found, below, out=np.full(len(found), np.nan), where=below > 0)


def _nothing(panels: Panels, indicators) -> list[dict]:
    """Rows without numbers, for what the dataset cannot tell."""
    years = range(panels.scope.first_year, panels.scope.last_year + 1)
    return [{"indicator": name, "population": population, "year": year, "workers": None, "value": np.nan,
             "low": np.nan, "high": np.nan} for name in indicators for population in POPULATIONS for year in years]
