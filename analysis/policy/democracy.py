"""P-8. Easier ways to vote: how an assembly would look if some of those who stay away took part. Arithmetic alone."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import pandas as pd
from ibis import _

from analysis.measures.answer import Answer
from analysis.measures.democracy import choices
from analysis.panels import Panels
from analysis.policy.groups import labels
from analysis.policy.parameters import given


@dataclass(frozen=True)
class Democracy:
    """Of the active members who do not act, the share `uptake` would, the same in every group; `act`, what they do."""

    LEVER: ClassVar[str] = "democracy"

    act: str
    uptake: float


def spread_apart(acting: np.ndarray, everybody: np.ndarray) -> float:
    """½ Σ |share among those who act − share among all|: the part of the seats that would have to change group."""
    return float(np.abs(acting / acting.sum() - everybody / everybody.sum()).sum() / 2)


def effects(panels: Panels, rule: Democracy | None = None, by: str = "all") -> Answer:
    """P-8. What an assembly would look like if `rule.uptake` of the absent took part. A description, not a forecast.

    Active members count once for each day on which they could act. Values: `rate`, share of a group who act; `weight`,
    how a voice of the group would have to count for the assembly to look like the members (1 ÷ the ratio of A-62);
    `rate_after` = rate + uptake × (1 − rate) and `weight_after`; `apart` and `apart_after`, of all groups together, the
    part of those who act who would have to belong to another group for it to look so (dissimilarity). Unit: shares,
    0–1; pure numbers. Shape: group. `workers` counts those who acted. Pitfalls: that the absent of all groups would
    take part alike is supposed, not known; to vote from home is not to debate; no cause is claimed.
    """
    rule = rule or given(Democracy)
    c = choices(panels, rule.act).join(labels(panels, by), "worker_id")
    c = c.group_by(by).agg(workers=_.worker_id.nunique(where=_.acted == 1), acted=_.acted.sum(), could=_.count())

    def told(d: pd.DataFrame) -> pd.DataFrame:
        acted, could = d["acted"].to_numpy(float), d["could"].to_numpy(float)
        after = acted + rule.uptake * (could - acted)
        frame = d[[by, "workers"]].copy()
        for suffix, acts in (("", acted), ("_after", after)):
            some = acts.sum() > 0
            with np.errstate(divide="ignore"):
                weight = (could / could.sum()) / (acts / acts.sum()) if some else np.nan
            frame[f"rate{suffix}"] = acts / could
            frame[f"weight{suffix}"] = np.where(acts > 0, weight, np.nan)
            frame[f"apart{suffix}"] = spread_apart(acts, could) if some else np.nan
        return frame

    return Answer(c, (by,), finish=told)
