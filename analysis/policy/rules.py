"""P-7. Other rules of admission to unemployment benefit: what the same days through Smart would open."""

from dataclasses import dataclass
from datetime import date
from functools import reduce
from operator import and_, or_
from typing import ClassVar

import ibis
from ibis import _

from analysis import law
from analysis.measures.answer import Answer
from analysis.panels import Panels
from analysis.panels.admission import last_months
from analysis.panels.coverage import may_be_of
from analysis.policy.groups import labels
from analysis.policy.parameters import given

OWN = "as supposed here"
ARTS = "of the arts-work allowance"


@dataclass(frozen=True)
class Rules:
    """Benefit opens with `days` admissible days in the last `window` months, whatever the age."""

    LEVER: ClassVar[str] = "rules"

    days: int
    window: int


def regimes() -> dict[str, date]:
    """The rules in force at different times, by name: the first day on which a claim falls under each."""
    starts = sorted({r.since for r in law.admission_rules()})
    changes = starts[1:]
    return {**({f"before {changes[0]:%B %Y}": starts[0]} if changes else {}),
            **{f"since {day:%B %Y}": day for day in changes}}


def _windows(panels: Panels, lengths):
    """The months of `coverage_month` in years with work, with last_N, hundredths of days of the last N months."""
    years = panels.population("P0").select("worker_id", "year")
    m = last_months(panels.coverage_month, lengths).mutate(year=(_.month // 12).cast("int32"))
    return m.join(years, ["worker_id", "year"])


def _admitted(m, day: date):
    """Whether the rules in force on `day` are met, without a career; in the year in which a class of age ends those of
    both classes are, and without a year of birth those of all.
    """
    met = []
    for low, high in law.age_classes():
        ways = [m[f"last_{r.window_months}"] >= 100 * r.days for r in law.admission(day, low) if not r.career_months]
        met.append(~may_be_of(m.age, low, high) | reduce(or_, ways))
    return reduce(and_, met)


def effects(panels: Panels, rule: Rules | None = None, by: str = "all") -> Answer:
    """P-7. Share of worker-months in which the same days through Smart would open benefit under other rules.

    `now`: the rules of the time, without those that ask for a career (`base` of S-31); `share`: those of a `regime` of
    the past applied to all years; of the arts-work allowance (its days in its window, though not its conversion of pay
    into days) for everybody; and OWN, `rule.days` in `rule.window` months. `change` = share − now. Mechanical: nobody
    works otherwise for it. Unit: share, 0–1. Shape: group × regime. Pitfalls: work outside Smart is not seen; days near
    a threshold are partly planned for it (chapter on misuses), and would be planned for another; the first years of the
    study see short pasts, under long windows above all.
    """
    rule = rule or given(Rules)
    arts = law.artist_rule("allowance_days")
    lengths = {r.window_months for r in law.admission_rules()} | {rule.window, arts.window_months}
    m = _windows(panels, lengths).join(labels(panels, by), "worker_id")
    ways = {**{name: _admitted(m, day) for name, day in regimes().items()},
            ARTS: m[f"last_{arts.window_months}"] >= round(100 * arts.value),
            OWN: m[f"last_{rule.window}"] >= 100 * rule.days}
    now = (m.short_100 == 0).cast("float64").mean()
    parts = [m.group_by(by).agg(workers=_.worker_id.nunique(), now=now, share=met.cast("float64").mean())
             .mutate(regime=ibis.literal(name)) for name, met in ways.items()]
    return Answer(ibis.union(*parts).mutate(change=_.share - _.now), (by, "regime"))
