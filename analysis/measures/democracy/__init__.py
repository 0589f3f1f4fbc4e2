"""Autonomy: a say in the cooperative (A-60 … A-65).

Since March 2017 whoever works through Smart must hold a share for each year of use (law, regime_dates): to own is not
to take part. What a member chooses is to hold more shares than that, to come to an assembly, and to vote. Three counts
of people stand side by side and are never one: *active* members (paid work in the twelve months before the month of the
assembly), *holders* of a share on its day, and all who were *registered* by then.

Where a row tells who came to an assembly, `workers` counts those who came and not those who could have: they are the
fewer, and the ones whom an attendance list names.
"""

from analysis.measures.democracy.acts import ACTS, choices
from analysis.measures.democracy.attendance import AMONG, attending, entitled, modes, repeat, turnout
from analysis.measures.democracy.days import assembly_days, shares_from
from analysis.measures.democracy.leaving import exits
from analysis.measures.democracy.regression import determinants
from analysis.measures.democracy.representation import concentration, group_ratios, r_indicator, representativeness
from analysis.measures.democracy.shares import first_share, ownership, share_register
from analysis.measures.democracy.traits import TRAITS

__all__ = [
    "ACTS",
    "AMONG",
    "TRAITS",
    "assembly_days",
    "attending",
    "choices",
    "concentration",
    "determinants",
    "entitled",
    "exits",
    "first_share",
    "group_ratios",
    "modes",
    "ownership",
    "r_indicator",
    "repeat",
    "representativeness",
    "share_register",
    "shares_from",
    "turnout",
]
