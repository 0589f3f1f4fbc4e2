"""What a member may choose, who could, and who did."""

import pandas as pd

from analysis.errors import MissingData, unknown
from analysis.measures.democracy.attendance import attending
from analysis.measures.democracy.days import active_before, assembly_days, year_ends
from analysis.measures.democracy.shares import owners
from analysis.panels import Panels

ACTS = {  # what a member may choose, and where it is recorded
    "attended": ("came to an assembly", "attendances"), "voted": ("voted at an assembly", "attendances"),
    "extra": ("holds more shares than the rule asks", "shareholdings")}
FEW = 5  # acts, for each trait of a logit; fewer give no estimate


def choice_days(panels: Panels, act: str):
    """The days on which members could act: those of assemblies, or for extra shares the last ones of years."""
    if act not in ACTS:
        raise unknown("act", act, ACTS)
    panels.dataset.need(ACTS[act][1])
    return year_ends(panels) if act == "extra" else assembly_days(panels)


def choices(panels: Panels, act: str):
    """worker_id, day, acted (0 or 1), cents, pay, squares: the members who could act on each day, and what they did.

    Those who could come to an assembly are the active members; those who could hold extra shares, whom the rule asks
    for a share.
    """
    active = active_before(panels, choice_days(panels, act))
    if act == "extra":
        o = owners(panels)
        return active.join(o.select("worker_id", "day", acted=(o.held > o.required).cast("int64")),
                           ["worker_id", "day"])
    a = active.left_join(attending(panels), ["worker_id", "day"])
    return a.select("worker_id", "day", "cents", "pay", "squares", acted=a[act].fill_null(0))


def recorded_acts(panels: Panels) -> list[str]:
    """The acts that the dataset records; MissingData where it records none."""
    acts = [act for act, (_meaning, table) in ACTS.items() if panels.dataset.has(table)]
    if not acts:
        raise MissingData("This dataset has neither the table 'attendances' nor the table 'shareholdings'.")
    return acts


def who_acted(frame: pd.DataFrame) -> int:
    return frame.loc[frame["acted"] == 1, "worker_id"].nunique()
