"""Whom a lever touches: workers by decile of pay or by a trait, as numbers beside compact arrays."""

import ibis
import numpy as np
import pandas as pd

from analysis.errors import unknown
from analysis.measures.guarantee import WORKER_TRAITS, ranked_workers
from analysis.panels import Panels

GROUPS = ("all", "decile", *WORKER_TRAITS)
EVERYBODY = "all workers"
FOLD, FOLDS = "fold", 20          # random groups, by which chance is judged
DECIMALS = 9


def labels(panels: Panels, by: str):
    """worker_id and the group of `by` (GROUPS), an Ibis table; those whose trait is not recorded are absent.

    A decile is that of real pay per active year over the whole study, 1 the lowest paid, as in S-45. A FOLD is one of
    FOLDS groups of workers in turn, by their pseudonyms, which say nothing.
    """
    if by not in (*GROUPS, FOLD):
        raise unknown("group", by, GROUPS)
    if by == "decile":
        return ranked_workers(panels).select("worker_id", "decile")
    w = panels.workers.select("worker_id")
    if by == FOLD:
        return w.mutate(fold=(ibis.row_number().over(ibis.window(order_by="worker_id")) % FOLDS).cast("int32"))
    return w.mutate(all=ibis.literal(EVERYBODY)) if by == "all" else panels.with_traits(w, by).select("worker_id", by)


def placed(panels: Panels, by: str, workers) -> tuple[np.ndarray, list]:
    """The group of each of `workers` as a number, −1 for those without one, and the names of the groups in order."""
    known = labels(panels, by).execute()
    names = sorted(known[by].unique())
    numbers = pd.Series(pd.Categorical(known[by], names).codes.astype("int64"), index=known["worker_id"])
    return numbers.reindex(workers, fill_value=-1).to_numpy(), names


def distinct(group: np.ndarray, ids, size: int) -> np.ndarray:
    """How many distinct `ids` stand behind each of `size` groups."""
    pairs = pd.DataFrame({"group": group, "id": np.asarray(ids)}).drop_duplicates()["group"].to_numpy()
    return np.bincount(pairs + 1, minlength=size + 1)[1:]


def behind(group: np.ndarray, rows: pd.DataFrame, size: int) -> dict[str, np.ndarray]:
    """The distinct `workers` behind the `rows` of each group, and `fewest`, the smaller number of them and of clients.
    """
    workers, clients = (distinct(group, rows[who], size) for who in ("worker_id", "client_id"))
    return {"workers": workers, "fewest": np.minimum(workers, clients)}


def ratio(part, whole):
    """part ÷ whole, nan where the whole is nothing."""
    return np.divide(part, whole, out=np.full(np.shape(whole), np.nan), where=np.asarray(whole) > 0)


def totals(group: np.ndarray, values, size: int) -> np.ndarray:
    """Σ of the `values` of each of `size` groups; those without a group are in none."""
    return np.bincount(group + 1, weights=np.asarray(values, float), minlength=size + 1)[1:]


def rounded(frame: pd.DataFrame) -> pd.DataFrame:
    """`frame` with its decimals cut where they depend on the order in which an engine happens to add."""
    decimals = frame.select_dtypes("float").columns
    frame[decimals] = frame[decimals].round(DECIMALS) + 0.0
    return frame
