"""What changed when Smart became a cooperative: before and after, same people or others, and who began something.

None of these designs finds the effect of being a cooperative: it came once, for everybody, beside other changes.
Where a worker is compared with himself over time, months count in which he is *attached*: he has work in the twelve
months before and in the twelve months after (the month itself is not looked at), and his first two years are over. Of
a month there count eight contracts at most, so that daily contracts do not speak for everybody.
"""

from analysis.measures.change.attrition import leavers
from analysis.measures.change.couriers import courier_exit
from analysis.measures.change.decomposition import composition
from analysis.measures.change.event_studies import around, estimators, parting
from analysis.measures.change.imputation import beginnings
from analysis.measures.change.people import same_people
from analysis.measures.change.reform_2014 import reform
from analysis.measures.change.series import at_the_transition, monthly
from analysis.measures.change.two_way import usual_regression

__all__ = [
    "around",
    "at_the_transition",
    "beginnings",
    "composition",
    "courier_exit",
    "estimators",
    "leavers",
    "monthly",
    "parting",
    "reform",
    "same_people",
    "usual_regression",
]
