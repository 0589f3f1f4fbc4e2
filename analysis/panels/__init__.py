"""Events become panels: Ibis expressions that run where the data is.

Money is integer cents and time integer hundredths of a day (or hour) until a measure divides them, so that the sums of
a panel equal the sums of its contracts exactly, on every engine and in every order.
"""

from analysis.panels.months import days_between, first_day, hundredths, month_of, spread
from analysis.panels.panels import Panels
from analysis.panels.spells import chains, spells

__all__ = [
    "Panels", "chains", "days_between", "first_day", "hundredths", "month_of", "spells", "spread",
]
