"""The months at which something happened, and whether enough is seen around them."""

from analysis import law
from analysis.models.interrupted import Break
from analysis.panels import Panels


def event(name: str) -> int:
    """The month of one event of regime_dates.csv, counted since year 0."""
    dates = law.table("regime_dates").set_index("name")["date"]
    return dates[name].year * 12 + dates[name].month - 1


def last_calm(panels: Panels) -> int:
    """The last month before the pandemic, or of the scope."""
    return min(event("Covid-19") - 1, panels.scope.last_year * 12 + 11)


def covers(panels: Panels, month: int) -> bool:
    """Whether the scope has two years on both sides of a month."""
    return panels.scope.first_year * 12 + 24 <= month <= panels.scope.last_year * 12 - 12


def transition(first: int) -> Break:
    """The break at the cooperative; from the vote to its start nothing counts; the reform of 2014 has its own step.

    `first`: the month with which the series begins.
    """
    start = event("Cooperative")
    steps = tuple(m for m in (event("Reference fee 57.76"),) if m > first)
    return Break(start, drop=(event("Vote for a cooperative"), start - 1), steps=steps)


def wide_enough(months, breaks: Break) -> bool:
    """At least two years on each side of the break."""
    return (months < breaks.drop[0]).sum() >= 24 and (months > breaks.drop[1]).sum() >= 24
