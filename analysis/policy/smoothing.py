"""P-6. A smoothing rule for accounts: pay by the mean of the last months, the rest kept for those that are thin.

Smoothing moves pay and not work. A contract must stand for days on which work was done; to declare days in months
without any, so as to open a right, is no smoothing but a misuse, and is simulated nowhere here.
"""

from dataclasses import dataclass, replace
from functools import lru_cache
from typing import ClassVar

import numpy as np
import pandas as pd
from ibis import _

from analysis import law
from analysis.measures.answer import Answer
from analysis.models import smoothing
from analysis.panels import Panels
from analysis.policy.groups import distinct, placed, ratio, rounded
from analysis.policy.ledgers import ledgers, years
from analysis.policy.parameters import given

SHARES, MEMORIES = (0.7, 0.8, 0.9, 1.0), (3, 6, 12)
CENT = 0.01


@dataclass(frozen=True)
class Smoothing:
    """A month's pay is `share` × the mean income of the last `months` months, at least `floor` EUR, if it is there."""

    LEVER: ClassVar[str] = "smoothing"

    share: float
    months: int
    floor: float


def _floors(panels: Panels) -> np.ndarray:
    """Minimum pay of a day in each month of the study, EUR at the prices of its last year."""
    base = panels.scope.last_year
    return np.array([law.minimum_daily(f"{year}-{month:02}-01") * law.deflator(year, month, base)
                     for year in range(panels.scope.first_year, base + 1) for month in range(1, 13)])


def _cv(months: np.ndarray) -> np.ndarray:
    return ratio(months.std(axis=1, ddof=1), months.mean(axis=1))


@lru_cache(maxsize=1)       # the same for every rule
def _as_it_was(panels: Panels) -> tuple[np.ndarray, np.ndarray, pd.DataFrame, np.ndarray]:
    """The interior worker-years with three months of pay, by their row in the ledgers and their year; what is known of
    them without any rule; and of each month of the ledgers the pay that it may not fall below: that of its days, where
    it reaches it, and nothing elsewhere. In memory only.
    """
    workers, income, days = ledgers(panels)
    y = panels.population("P1").filter(_.interior).select("worker_id", "year").order_by("worker_id", "year").execute()
    who, year = np.searchsorted(workers, y["worker_id"]), y["year"].to_numpy() - panels.scope.first_year
    months, least = years(income)[who, year], days * _floors(panels)
    told = pd.DataFrame({
        "worker_id": workers[who], "cv_before": _cv(months), "months_before": (months > CENT).sum(axis=1),
        "mean": months.mean(axis=1), "worked": (years(days)[who, year] > 0).sum(axis=1)})
    return who, year, told, np.where(income >= least - CENT, least, 0.0)


def _by_year(panels: Panels, rule: Smoothing) -> pd.DataFrame:
    """One row per worker-year: what `_as_it_was` knows and, under the rule, the cv, the months with pay, the mean
    balance in months of the year's pay, and the months with work in which pay falls `below` the minimum.
    """
    who, year, told, least = _as_it_was(panels)
    pay, balance = (years(x)[who, year] for x in smoothing.smoothed(
        ledgers(panels)[1], rule.share, rule.months, rule.floor))
    return told.assign(cv=_cv(pay), months=(pay > CENT).sum(axis=1), buffer=ratio(balance.mean(axis=1), told["mean"]),
                       below=(pay < years(least)[who, year] - CENT).sum(axis=1))


def effects(panels: Panels, rule: Smoothing | None = None, by: str = "all") -> Answer:
    """P-6. How even pay would be if everybody's income went through an account with the rule. Not a forecast.

    x_t: real gross pay by the month of the work; c_t = min(b_t + x_t, max(floor, α × mean of the last n months));
    b_{t+1} = b_t + x_t − c_t, from nothing; what is left in the end is the worker's. Interior years with three months
    of pay. Values: `cv_before` and `cv`, medians of the coefficient of variation of the twelve months (S-13);
    `months_before` and `months` with pay, means; `buffer`, median of the mean balance, in months of the year's pay,
    which the worker lends to the account; `below_floor`, share of the months with work in which pay falls below the
    minimum of their declared days though it was not before: the rule may not be used for these. Days stay where they
    were worked, so that coverage (S-31) does not move. Unit: pure numbers; months; share. Shape: group. Pitfalls: some
    owners of Activities smooth by hand already; money in an account may count as income of the month in which it is
    earned; those who need all of it at once cannot wait.
    """
    rule = rule or given(Smoothing)
    y = _by_year(panels, rule)
    group, names = placed(panels, by, y["worker_id"])
    y = y.assign(group=group)
    g = y[y["group"] >= 0].groupby("group").agg(
        cv_before=("cv_before", "median"), cv=("cv", "median"), months_before=("months_before", "mean"),
        months=("months", "mean"), buffer=("buffer", "median"), worked=("worked", "sum"), below=("below", "sum"))
    g = g.reindex(range(len(names)))
    g.insert(0, "workers", distinct(group, y["worker_id"], len(names)))
    g.insert(0, by, names)
    below = g.pop("below") / g.pop("worked")
    return Answer(rounded(g.assign(below_floor=below).reset_index(drop=True)), (by,))


def frontier(panels: Panels) -> Answer:
    """P-6. What evenness costs in money that waits: the values of `effects` for other shares and memories.

    The registered floor. Shape: `share` (α) × `memory` (n, months).
    """
    rows = []
    for share in SHARES:
        for memory in MEMORIES:
            rule = replace(given(Smoothing), share=share, months=memory)
            rows.append(effects(panels, rule).table.assign(share=share, memory=memory).drop(columns="all"))
    return Answer(pd.concat(rows, ignore_index=True), ("share", "memory"))
