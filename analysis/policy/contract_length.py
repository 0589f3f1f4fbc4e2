"""P-1. A minimum length of contracts: what a client buys within a window is one contract, of so many days at least."""

from dataclasses import dataclass
from functools import lru_cache
from typing import ClassVar

import ibis
import numpy as np
import pandas as pd
from ibis import _

from analysis import law
from analysis.measures.answer import Answer
from analysis.panels import Panels, days_between, hundredths
from analysis.panels.admission import admissible
from analysis.policy.groups import behind, placed, ratio, rounded, totals
from analysis.policy.parameters import elasticities, given

ALL_LOST = "every short one is lost"
DATUM = ibis.date(1990, 1, 1)        # from which days are counted


@dataclass(frozen=True)
class ContractLength:
    """At least `days` declared days in a contract; what starts within `window` calendar days is put together."""

    LEVER: ClassVar[str] = "contract_length"

    days: int
    window: int


def engagements(pair: np.ndarray, start: np.ndarray, window: int) -> np.ndarray:
    """The engagement, 0, 1, 2 …, of each contract, in the order of `pair` (of worker and client) and of first day.

    An engagement takes all contracts of a pair that start within `window` calendar days, its first day included.
    """
    numbers, number, of, until = np.empty(len(pair), dtype=np.int64), -1, None, None
    for place, (who, day) in enumerate(zip(pair.tolist(), start.tolist(), strict=True)):
        if who != of or day > until:
            number, of, until = number + 1, who, day + window - 1
        numbers[place] = number
    return numbers


def kept(days: np.ndarray, least: float, elasticity: float) -> tuple[np.ndarray, np.ndarray]:
    """By what factor the days of each engagement grow to reach `least`, and the chance that the client still buys it.

    factor = max(1, least ÷ days); chance = factor^elasticity, for the client pays `factor` times as much.
    """
    factor = np.maximum(1.0, least / days)
    return factor, factor**elasticity


def responses() -> dict[str, float]:
    """How clients may answer, in words: an elasticity of the registered range, or all that is too short is lost."""
    return {**{f"{e:g}": e for e in elasticities()}, ALL_LOST: -np.inf}


def _contracts(panels: Panels) -> pd.DataFrame:
    """The contracts that clients buy, in the order of worker, client and first day. For a simulation, in memory."""
    c = panels.real(admissible(panels.started.filter(_.client_id.notnull())))
    c = c.select("worker_id", "client_id", "contract_id", "month", "price_cents", "admissible_100",
                 start=days_between(DATUM, _.start_on), end=days_between(DATUM, _.end_on),
                 days_100=hundredths(_.days), pay=_.real_cents)
    return c.filter(_.days_100 > 0).order_by("worker_id", "client_id", "start", "contract_id").execute()


def _merged(c: pd.DataFrame, window: int) -> pd.DataFrame:
    """One row per engagement: worker_id, client_id, month of its first day, days, pay, price, admissible; `one_day`,
    whether it lies in one calendar day; and how many `contracts` it is made of, and `singles` of one calendar day.
    """
    new = (c["worker_id"] != c["worker_id"].shift()) | (c["client_id"] != c["client_id"].shift())
    number = engagements(new.cumsum().to_numpy(), c["start"].to_numpy(), window)
    e = c.assign(single=c["start"] == c["end"]).groupby(number).agg(
        worker_id=("worker_id", "first"), client_id=("client_id", "first"), month=("month", "first"),
        start=("start", "min"), end=("end", "max"), days=("days_100", "sum"), pay=("pay", "sum"),
        price=("price_cents", "sum"), admissible=("admissible_100", "sum"), contracts=("contract_id", "size"),
        singles=("single", "sum"))
    return e.assign(days=e["days"] / 100, admissible=e["admissible"] / 100, one_day=e["start"] == e["end"])


@lru_cache(maxsize=1)       # the same for every least length, and for every group
def _engagements(panels: Panels, window: int) -> pd.DataFrame:
    """The engagements of all workers, one range of workers after the other."""
    return pd.concat([_merged(_contracts(part), window) for part in panels.ranges], ignore_index=True)


def effects(panels: Panels, rule: ContractLength | None = None, by: str = "all") -> Answer:
    """P-1. What clients buy if a contract has at least `rule.days` declared days. A simulation, not a forecast.

    All that a client buys of a worker within `rule.window` calendar days becomes one engagement. One with fewer days d
    than L is offered at L days and L ÷ d times the price: the client takes it with the chance (L ÷ d)^ε, or buys
    nothing. Values: changes, as shares, of workers' `pay`, paid `days`, `admissible` days (at most 78 a worker and
    quarter) and of what clients pay (`client_cost`, by price); `lost_days`, days of engagements not bought any more,
    over all; `one_day_before` and `one_day`, share of contracts of one calendar day; `contracts`, contracts after ÷
    before. Expected values, so that nothing is drawn. Contracts bought by clients alone. Unit: shares. Shape: group ×
    `response`, ε or ALL_LOST; ε = 0, nobody does without, and ALL_LOST are the bounds. `workers` counts those with a
    short engagement, `fewest` the smaller number of them and of their clients. Pitfalls: a client that pays for more
    days may ask for more work, or for a lower rate; many can employ elsewhere; a quarter is that of the first day.
    """
    rule = rule or given(ContractLength)
    e = _engagements(panels, rule.window)
    group, names = placed(panels, by, e["worker_id"])
    size, days = len(names), e["days"].to_numpy()
    people = behind(group[days < rule.days], e[days < rule.days], size)

    def total(values):
        return totals(group, values, size)

    rows = []
    for response, elasticity in responses().items():
        factor, chance = kept(days, rule.days, elasticity)
        more = {n: ratio(total(e[n] * factor * chance), total(e[n])) - 1 for n in ("pay", "days", "price")}
        rows.append(pd.DataFrame({
            by: names, "response": response, **people, "pay": more["pay"], "days": more["days"],
            "admissible": _capped_change(e, group, factor * chance, size), "client_cost": more["price"],
            "lost_days": ratio(total(days * (1 - chance)), total(days)),
            "one_day_before": ratio(total(e["singles"]), total(e["contracts"])),
            "one_day": ratio(total(chance * (e["one_day"] & (factor == 1))), total(chance)),
            "contracts": ratio(total(chance), total(e["contracts"]))}))
    return Answer(rounded(pd.concat(rows, ignore_index=True)), (by, "response"), count="fewest")


def _capped_change(e: pd.DataFrame, group: np.ndarray, weight: np.ndarray, size: int) -> np.ndarray:
    """Change of the admissible days of each group, no quarter of a worker counting for more than the cap."""
    q = pd.DataFrame({"worker": e["worker_id"].to_numpy(), "quarter": e["month"].to_numpy() // 3, "group": group,
                      "before": e["admissible"].to_numpy(), "after": e["admissible"].to_numpy() * weight})
    q = q.groupby(["worker", "quarter"]).agg(group=("group", "first"), before=("before", "sum"), after=("after", "sum"))
    q[["before", "after"]] = q[["before", "after"]].clip(upper=law.rate("admissible_quarter"))
    before, after = (totals(q["group"].to_numpy(), q[n], size) for n in ("before", "after"))
    return ratio(after, before) - 1
