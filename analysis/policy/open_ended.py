"""P-5. Open-ended contracts for regular workers: a guaranteed monthly pay out of what the own work brings in."""

from dataclasses import dataclass
from functools import lru_cache
from typing import ClassVar

import numpy as np
import pandas as pd

from analysis import law
from analysis.guard import K_WORKERS
from analysis.measures.answer import Answer
from analysis.models.guaranteed_pay import deepest, drawn_depths
from analysis.panels import Panels
from analysis.policy.groups import distinct, placed, ratio, rounded, totals
from analysis.policy.ledgers import ledgers, years
from analysis.policy.parameters import given

HORIZON = 12                      # months that are promised
SAFE = 0.95                       # of the draws that a break-even buffer covers
CENT = 0.01
COLUMNS = ("worker_id", "year", "g", "mean", "cv", "feasible", "need", "deficit", "held")


@dataclass(frozen=True)
class OpenEnded:
    """For who had work in `active` of the last `look_back` months, and `fte` of full time in them: a monthly pay at the
    `quantile` of the past months', with a `buffer` of so many months of it put aside beforehand.
    """

    LEVER: ClassVar[str] = "open_ended"

    look_back: int
    active: int
    fte: float
    quantile: float
    buffer: float


@lru_cache(maxsize=1)       # by several groups
def _offers(panels: Panels, rule: OpenEnded) -> pd.DataFrame:
    """One row per worker and year at whose end an open-ended contract could be offered, in memory only.

    Columns: worker_id, year, g (guaranteed monthly pay, EUR), mean (of the past months), cv (of them), feasible (share
    of the draws without a gap), need (buffer that 95 % of draws do not exhaust, in months of g), deficit (mean of what
    the cooperative must add, EUR), held (the twelve months that came had no gap; nan where not seen).
    """
    workers, pay, days = ledgers(panels)
    full = law.rate("working_days") / 12 * rule.look_back
    found = []
    for end in (e for e in range(11, pay.shape[1], 12) if e >= rule.look_back - 1):
        window = slice(end + 1 - rule.look_back, end + 1)
        d = days[:, window]
        fit = np.flatnonzero(((d > 0).sum(axis=1) >= rule.active) & (d.sum(axis=1) >= rule.fte * full))
        past = pay[fit, window]
        g = np.quantile(past, rule.quantile, axis=1)
        depths, buffer = drawn_depths(past, g, HORIZON), rule.buffer * g
        seen = pay[fit, end + 1:end + 1 + HORIZON]
        held = (deepest(seen, g) <= buffer + CENT).astype(float) if seen.shape[1] == HORIZON else np.nan
        mean = past.mean(axis=1)
        found.append(pd.DataFrame({
            "worker_id": workers[fit], "year": panels.scope.first_year + end // 12, "g": g, "mean": mean,
            "cv": ratio(past.std(axis=1, ddof=1), mean), "feasible": (depths <= buffer[:, None] + CENT).mean(axis=1),
            "need": ratio(np.quantile(depths, SAFE, axis=1), g),
            "deficit": np.maximum(depths - buffer[:, None], 0.0).mean(axis=1), "held": held}))
    return pd.concat(found, ignore_index=True) if found else pd.DataFrame(columns=COLUMNS)


def effects(panels: Panels, rule: OpenEnded | None = None, by: str = "all") -> Answer:
    """P-5. Who could be offered an open-ended contract at the end of a year, and whether their own work would carry it.

    Guaranteed pay g = the `rule.quantile` of the pay of the past months, months without work included; the account
    B_{t+1} = B_t + x_t − g is fed with the pay x that the work brings in, and begins with `rule.buffer` × g. Values:
    `eligible`, share of the workers of the year; `guaranteed`, Σ g ÷ Σ mean past pay; `monthly`, mean g (EUR); `cv`,
    mean coefficient of variation of the past months, which a steady pay takes to 0; `feasible`, share of 199 drawn
    years (blocks of three of the past months) in which B stays at or above 0; `held`, share of the years that came in
    which it did, where ten workers are seen in them; `need`, mean over workers of the buffer, in months of g, that 95 %
    of drawn years do not exhaust; `deficit`, what the cooperative must expect to add, EUR a worker-year, which others
    then bear. Real gross pay; charges are in proportion and cancel. Unit: shares; EUR; months. Shape: group. `workers`
    are those eligible. A simulation, not a forecast. Pitfalls: `feasible` supposes that the past goes on, `held` does
    not, and falls where somebody stops; who had a quarter of months without pay is promised nothing; with a guarantee
    some would look for less work, and others dare more.
    """
    rule = rule or given(OpenEnded)
    o, (workers, _pay, days) = _offers(panels, rule), ledgers(panels)
    group, names = placed(panels, by, o["worker_id"])
    size, worked = len(names), (years(days) > 0).any(axis=2)
    judged = worked[:, 12 * np.arange(1, worked.shape[1] + 1) >= rule.look_back]
    active = totals(placed(panels, by, workers)[0], judged.sum(axis=1), size)
    n, known = totals(group, np.ones(len(o)), size), o["held"].notna()
    held = ratio(totals(group, o["held"].fillna(0.0), size), totals(group, known, size))
    # The guard counts the workers of a row; those whose next year is seen are a part of them.
    followed = distinct(group[known.to_numpy(bool)], o.loc[known, "worker_id"], size)

    def mean(column: str) -> np.ndarray:
        return ratio(totals(group, o[column].fillna(0.0), size), n)

    return Answer(rounded(pd.DataFrame({
        by: names, "workers": distinct(group, o["worker_id"], size), "eligible": ratio(n, active),
        "guaranteed": ratio(totals(group, o["g"], size), totals(group, o["mean"], size)), "monthly": mean("g"),
        "cv": mean("cv"), "feasible": mean("feasible"),
        "held": np.where(followed >= K_WORKERS, held, np.nan), "need": mean("need"),
        "deficit": mean("deficit")})), (by,))
