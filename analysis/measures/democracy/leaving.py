"""Voice and exit: whether members who came leave less (A-65)."""

from collections.abc import Callable

import ibis
import numpy as np
import pandas as pd
from ibis import _

from analysis.measures.answer import Answer
from analysis.measures.democracy.acts import FEW
from analysis.measures.democracy.attendance import attending
from analysis.measures.democracy.days import YEAR, assembly_days, months_around
from analysis.measures.democracy.resampling import interval
from analysis.panels import Panels, days_between

SENIORITY = (1, 3, 6)  # years; what parts the classes within which exits are compared


def _stays(panels: Panels) -> pd.DataFrame:
    """worker_id, day, came, left, stratum: members at work around an assembly, and whether they worked after it.

    They had paid work in the month of the assembly or the two before; `left` is 1 where none follows in the twelve
    months after. `stratum` numbers the day and the class of seniority. For a bootstrap, in memory only.
    """
    panels.dataset.need("workers.joined_on")
    last = panels.scope.last_year * 12 + 11
    days = assembly_days(panels).filter(_.month <= last - 12)
    m = panels.worker_month.select("worker_id", "month")
    at_work = m.join(months_around(days, -2, 0), "month").select("worker_id", "day").distinct()
    after = m.join(months_around(days, 1, 12), "month").select("worker_id", "day").distinct()
    after = after.mutate(left=ibis.literal(0, "int64"))
    s = at_work.join(panels.workers.select("worker_id", "joined_on"), "worker_id").filter(_.joined_on.notnull())
    s = s.left_join(after, ["worker_id", "day"]).drop("worker_id_right", "day_right")
    s = s.left_join(attending(panels), ["worker_id", "day"])
    years = days_between(s.joined_on, s.day) / YEAR
    s = s.select("worker_id", "day", came=s.attended.fill_null(0), left=s.left.fill_null(1),
                 seniority=sum((years >= edge).cast("int64") for edge in SENIORITY))
    frame = s.order_by("day", "worker_id").execute()
    return frame.assign(stratum=frame.groupby(["day", "seniority"]).ngroup())


def _exit_rates(frame: pd.DataFrame) -> Callable:
    """Shares who left, as a function of the weights of rows: of those who came, of those who did not, of these with the
    seniority of those who came, and the difference between the first and the third."""
    came, left, place = (frame[c].to_numpy() for c in ("came", "left", "stratum"))

    def rates(weights) -> np.ndarray:
        here, gone, away, lost = (np.bincount(place, weights * rows) for rows in (
            came, came * left, 1 - came, (1 - came) * left))
        both = (here > 0) & (away > 0)
        with np.errstate(invalid="ignore", divide="ignore"):
            first, second = gone.sum() / here.sum(), lost.sum() / away.sum()
            third = (here[both] * lost[both] / away[both]).sum() / here[both].sum()
        return np.array([first, second, third, first - third])

    return rates


def exits(panels: Panels) -> Answer:
    """A-65. Do members who came to an assembly leave less in the year after it than members who did not?

    Among those with paid work in the month of an assembly or the two before: `rate`, share without paid work through
    Smart in the twelve months after. Rows: who came; who stayed away; who stayed away, weighted to the days and classes
    of seniority (less than 1, 3, 6 years, more) of those who came; the difference of the first and the third. To come
    is judged anew at each assembly. `low`, `high`: 95 % interval by bootstrap over workers. Unit: share, 0–1. Shape:
    who. Assemblies of the last year, whose following year is not seen, stay out. Pitfall: this compares people who
    chose to come with people who chose not to. Source: Hirschman 1970.
    """
    frame = _stays(panels)
    who = ["came", "stayed away", "stayed away, equally senior", "difference"]
    came = frame["came"] == 1
    comparable = frame["stratum"].isin(frame.loc[came, "stratum"])
    workers = [frame.loc[rows, "worker_id"].nunique() for rows in (came, ~came, ~came & comparable, came)]
    values = np.full((3, 4), np.nan)
    if min(frame["came"].sum(), (~came & comparable).sum()) >= FEW:
        rates = _exit_rates(frame)
        values = np.vstack([rates(np.ones(len(frame))), *interval(rates, frame["worker_id"])])
    return Answer(pd.DataFrame({"who": who, "workers": workers, "rate": values[0], "low": values[1],
                                "high": values[2]}), ("who",))
