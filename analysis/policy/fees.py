"""P-3. Another fee schedule that brings in as much: who gains, who pays."""

from dataclasses import dataclass, replace
from typing import ClassVar

import ibis
import numpy as np
import pandas as pd
from ibis import _

from analysis import law
from analysis.errors import StudyError
from analysis.measures.answer import Answer
from analysis.measures.payment import issued
from analysis.models.fees import neutral_rate, progressivity, reaction, tiers
from analysis.panels import Panels, month_of
from analysis.policy.groups import distinct, placed, ratio, rounded, totals
from analysis.policy.parameters import elasticities, given, parameters

LARGE = ("50-249", "250+")        # persons employed
BORNE = "borne by workers"


@dataclass(frozen=True)
class Fees:
    """A `schedule` in the place of one rate: `progressive`, `multiple` times the base rate on what is billed for a
    worker beyond `threshold` EUR a year; `capped`, nothing beyond it; `client size`, `multiple` times the base rate for
    clients of 50 persons and more.
    """

    LEVER: ClassVar[str] = "fees"

    schedule: str
    threshold: float
    multiple: float


def _billing(panels: Panels, schedule: str) -> pd.DataFrame:
    """worker_id, year, large, billed (real EUR, above 0): one row per worker, year and size of clients, in memory only.

    Sizes are told apart for the schedule that needs them; a client of unknown size counts as a small one.
    """
    i = panels.real(issued(panels).mutate(month=month_of(_.issued_on), gross_cents=_.amount_cents))
    if schedule == "client size":
        panels.dataset.need("clients.size")
        sizes = panels.dataset.table("clients").select("client_id", "size")
        i = i.left_join(sizes, "client_id").mutate(large=_["size"].isin(LARGE).fill_null(False))
    else:
        i = i.mutate(large=ibis.literal(False))
    b = i.group_by("worker_id", "year", "large").agg(billed=_.real_cents.sum() / 100).filter(_.billed > 0)
    return b.order_by("worker_id", "year", "large").execute()


def _multiples(b: pd.DataFrame, rule: Fees) -> np.ndarray:
    """How many times the base rate each row of billing pays on average."""
    if rule.schedule == "client size":
        return np.where(b["large"], rule.multiple, 1.0)
    beyond = 0.0 if rule.schedule == "capped" else rule.multiple
    return tiers(b["billed"].to_numpy(), rule.threshold, beyond)


def effects(panels: Panels, rule: Fees | None = None, by: str = "all") -> Answer:
    """P-3. Fees under another schedule that brings in the same sum. A simulation, not a forecast.

    The base rate is found so that all fees of all years together, at real prices, equal those of today's one rate.
    `response` BORNE: billing stays, and the worker has what the fee leaves. A number ε: the fee is passed on in the
    price, (1 − f) ÷ (1 − f′) of what it was, and clients buy that price ratio to the power ε of the work. Values, EUR a
    worker-year: `before`, `after` and their difference `change`; `base`, the base rate found; `pays_less`, share of
    worker-years with a lower fee; `volume`, change of the work bought, as a share. Unit: EUR; shares. Shape: group ×
    response. `workers` have invoices. Pitfalls: a year is one step of the schedule, so that an uneven career pays more
    than an even one; the schedule is one for all years at real prices; to split one's billing over two names would pay.
    """
    rule = rule or given(Fees)
    b = _billing(panels, rule.schedule)
    if b.empty:
        return Answer(pd.DataFrame(columns=[by, "response", "workers"]), (by, "response"))
    flat, w, billed = law.rate("smart_fee"), _multiples(b, rule), b["billed"].to_numpy()
    group, names = placed(panels, by, b["worker_id"])
    people = distinct(group, b["worker_id"], len(names))
    years = totals(group, ~b.duplicated(["worker_id", "year"]), len(names))
    rows = []
    for response in (None, *elasticities()):
        base = _found(billed, w, flat, response)
        volume, more = reaction(base * w, flat, response) if response is not None else (1.0, 1.0)
        fee, was = base * w * billed * more, flat * billed
        rows.append(pd.DataFrame({
            by: names, "response": BORNE if response is None else f"{response:g}", "workers": people, "base": base,
            "before": ratio(totals(group, was, len(names)), years),
            "after": ratio(totals(group, fee, len(names)), years),
            "pays_less": _less(b, group, was, fee, len(names)),
            "volume": ratio(totals(group, billed * volume, len(names)), totals(group, billed, len(names))) - 1}))
    frame = pd.concat(rows, ignore_index=True)
    return Answer(rounded(frame.assign(change=frame["after"] - frame["before"])), (by, "response"))


def _found(billed: np.ndarray, multiples: np.ndarray, flat: float, response: float | None = None) -> float:
    """The base rate; StudyError where none brings in as much as today's fee."""
    base = neutral_rate(billed, multiples, flat, response or 0.0, response is not None)
    if np.isnan(base):
        raise StudyError("No base rate of this schedule brings in as much as today's fee; raise the threshold.")
    return base


def _less(b: pd.DataFrame, group: np.ndarray, was: np.ndarray, fee: np.ndarray, size: int) -> np.ndarray:
    """Share of the worker-years of each group that pay less."""
    y = b[["worker_id", "year"]].assign(group=group, was=was, fee=fee).groupby(["worker_id", "year"]).agg(
        group=("group", "first"), was=("was", "sum"), fee=("fee", "sum"))
    place = y["group"].to_numpy()
    return ratio(totals(place, y["fee"] < y["was"] - 0.005, size), totals(place, np.ones(len(y)), size))


def schedules(panels: Panels) -> Answer:
    """P-3. The three schedules side by side, each with the registered numbers: base rate and whom it burdens.

    Over worker-years ranked by what is billed: `kakwani`, above 0 where who bills more pays a larger part (0 for one
    rate); `reynolds_smolensky`, what the fee takes off the Gini of billing; `pays_less`, share of worker-years with a
    lower fee than today's. Billing stays. Shape: schedule. Sources: the indices of Kakwani and of Reynolds and
    Smolensky. Pitfall: who bills more may spend more on purchases and on the pay of others.
    """
    rule, flat, rows = given(Fees), law.rate("smart_fee"), []
    known = panels.dataset.has("clients.size")
    for schedule in ("one rate", *(s for s in parameters(Fees)["schedule"].choices if known or s != "client size")):
        b = _billing(panels, schedule)
        if b.empty:
            continue
        w = np.ones(len(b)) if schedule == "one rate" else _multiples(b, replace(rule, schedule=schedule))
        base = _found(b["billed"].to_numpy(), w, flat)
        b = b.assign(fee=base * w * b["billed"])
        y = b.groupby(["worker_id", "year"])[["billed", "fee"]].sum()
        rows.append({"schedule": schedule, "workers": b["worker_id"].nunique(), "base": base,
                     **progressivity(y["billed"].to_numpy(), y["fee"].to_numpy()),
                     "pays_less": (y["fee"] < flat * y["billed"] - 0.005).mean()})
    columns = ["schedule", "workers", "base", "kakwani", "reynolds_smolensky", "pays_less"]
    return Answer(rounded(pd.DataFrame(rows, columns=columns)), ("schedule",))
