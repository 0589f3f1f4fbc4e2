"""P-4. A cap on what one client may make of a worker's pay: whom it touches, and what may become of them."""

from dataclasses import dataclass
from typing import ClassVar

import ibis
import pandas as pd
from ibis import _

from analysis.measures.answer import Answer
from analysis.measures.dependence import shares, transitions
from analysis.panels import Panels
from analysis.policy.groups import labels, rounded
from analysis.policy.parameters import given

STEPS = 4                         # of the triangle, along each side
OBSERVED = "as seen two years on"
SUPPOSED = "supposed"


@dataclass(frozen=True)
class ClientCap:
    """No client may make more than the share `cap` of a worker's pay from clients in a year with at least `days` days.
    """

    LEVER: ClassVar[str] = "client_cap"

    cap: float
    days: int


def _capped(panels: Panels, rule: ClientCap):
    """worker_id, year, amount (cents from clients), share (of the largest), over (1 above the cap, else 0)."""
    s = shares(panels, "pay", rule.days)
    paid = panels.pair_year.filter(_.gross_cents > 0).group_by("worker_id", "year").agg(amount=_.gross_cents.sum())
    s = s.join(paid, ["worker_id", "year"])
    return s.select("worker_id", "year", "dominant", "share", "amount", over=(s.share > rule.cap).cast("int64"))


def effects(panels: Panels, rule: ClientCap | None = None, by: str = "all") -> Answer:
    """P-4. How much work a cap on one client would touch. A simulation, not a forecast.

    Of worker-years with at least `rule.days` days bought by clients: `touched`, the share whose largest client makes
    more than `rule.cap`; `in_question`, the pay from these clients, and `excess`, the part of it above the cap if the
    other pay stays, as shares of all pay from clients; `pay_at_risk`, mean share of the largest client for those
    touched, what they lose if they leave and find nothing else. Unit: shares, 0–1. Shape: group, all years together.
    `workers` are those touched, `fewest` the smaller number of them and of these clients. Pitfalls: a calendar year is
    taken for twelve months in a row; what an Activity invoices is not seen here; other pay outside Smart neither.
    """
    rule = rule or given(ClientCap)
    w = _capped(panels, rule).join(labels(panels, by), "worker_id")
    part = w.share * w.amount * w.over
    # The others' pay may stay at most 1 − cap of the whole, so that the client keeps cap ÷ (1 − cap) times it.
    allowed = rule.cap / (1 - rule.cap) * (1 - w.share) * w.amount * w.over
    g = w.mutate(part=part, excess=part - allowed).group_by(by).agg(
        workers=_.worker_id.nunique(where=_.over == 1), clients=_.dominant.nunique(where=_.over == 1),
        touched=_.over.cast("float64").mean(), in_question=_.part.sum() / _.amount.sum(),
        excess=_.excess.sum() / _.amount.sum(), pay_at_risk=_.share.mean(where=_.over == 1))
    return Answer(g.mutate(fewest=ibis.least(_.workers, _.clients)).drop("clients"), (by,), count="fewest")


def triangle(panels: Panels, rule: ClientCap | None = None) -> Answer:
    """P-4. What the cap would do for every mixture of three answers of those touched, which no data can tell.

    `convert`: the client hires them, for the same pay; `diversify`: other clients make up the difference through Smart;
    `leave`: the pay from the client is lost. Values: `workers_pay`, change of the touched workers' pay from clients,
    −leave × mean share of the largest client; `smart_billing`, change of what Smart bills for them, −(convert + leave)
    × the same. `kind` SUPPOSED: mixtures in steps of a quarter. OBSERVED: of workers whose largest client made three
    quarters or more, who was no longer so tied two years on (diversify), who had hardly any work through Smart (leave;
    a hire looks alike, so that it is an upper bound), and the rest, still tied, for whom the cap would bite (convert,
    since they would need it). Unit: shares. Shape: kind × convert × diversify.
    """
    rule = rule or given(ClientCap)
    over = _capped(panels, rule).filter(_.over == 1)
    seen = over.agg(workers=_.worker_id.nunique(), clients=_.dominant.nunique(), part=(_.share * _.amount).sum(),
                    amount=_.amount.sum()).execute().iloc[0]
    loss = float(seen["part"]) / float(seen["amount"]) if seen["workers"] else float("nan")
    fewest = int(min(seen["workers"], seen["clients"]))
    mixtures = [(SUPPOSED, a / STEPS, b / STEPS, fewest) for a in range(STEPS + 1) for b in range(STEPS + 1 - a)]
    rows = [(kind, a, b, 1 - a - b, -loss * (1 - a - b), -loss * (1 - b), people)
            for kind, a, b, people in mixtures + _observed(panels, fewest)]
    columns = ["kind", "convert", "diversify", "leave", "workers_pay", "smart_billing", "fewest"]
    return Answer(rounded(pd.DataFrame(rows, columns=columns)), ("kind", "convert", "diversify"), count="fewest")


def _observed(panels: Panels, fewest: int) -> list[tuple]:
    """The mixture that A-04 shows, where all three parts of it rest on somebody."""
    t = transitions(panels).frame()
    t = t[(t["view"] == "pay") & (t["state"] == "dependent")].set_index("later")
    if not {"dependent", "gone"} <= set(t.index) or len(t) < 3:
        return []
    stay, gone = float(t.at["dependent", "share"]), float(t.at["gone", "share"])
    return [(OBSERVED, stay, 1 - stay - gone, min(fewest, int(t["workers"].min())))]
