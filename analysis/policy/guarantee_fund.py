"""P-2. A guarantee fund with written rules: what it promises, what it covers, and the levy that keeps it solvent."""

from dataclasses import dataclass, replace
from functools import lru_cache
from typing import ClassVar

import ibis
import numpy as np
import pandas as pd

from analysis import law
from analysis.measures.answer import Answer
from analysis.measures.guarantee import RISK_YEARS, client_months, lost_invoices
from analysis.measures.payment import YEAR, debits, issued, known_invoices, last_day
from analysis.models import fund
from analysis.panels import Panels, days_between
from analysis.policy.groups import behind, labels, placed, ratio, rounded, totals
from analysis.policy.parameters import given

PER = 1_000                       # EUR billed that amounts are told for
CEILINGS = (5_000, 20_000, 100_000)


@dataclass(frozen=True)
class GuaranteeFund:
    """Pay `delay` calendar days after the end of a contract; cover the first `ceiling` EUR that a client leaves unpaid,
    from its invoice number `trial` + 1 on; begin with `reserve` years' billing; stay solvent for `years` with a chance
    of ruin of at most `ruin`; `loading` is what running the fund costs, as a share of billing.
    """

    LEVER: ClassVar[str] = "guarantee_fund"

    delay: int
    ceiling: float
    trial: int
    reserve: float
    years: int
    ruin: float
    loading: float


def _losses(panels: Panels, trial: int) -> pd.DataFrame:
    """The invoices lost in the last ten years: worker_id, client_id, month of the loss, cents; and `answered`, whether
    the fund answers for them, which it does not for the first `trial` invoices of a client. In memory only.
    """
    first = ibis.window(group_by="client_id", order_by=["issued_on", "invoice_id"])
    number = debits(known_invoices(panels)).mutate(number=ibis.row_number().over(first)).select("invoice_id", "number")
    gone = lost_invoices(panels).join(number, "invoice_id").order_by("invoice_id")
    return gone.select("worker_id", "client_id", "month", cents="amount_cents", answered=gone.number >= trial).execute()


def _billed(panels: Panels, rule: GuaranteeFund, by: str) -> pd.DataFrame:
    """Of each group, in the last ten years: cents billed; and of contracts with an invoice of their own, cents `own`
    and `waited`, cents × days from the promised payment to the client's, or to the loss.
    """
    i = issued(panels)
    i = i.filter(i.year > panels.scope.last_year - RISK_YEARS).join(labels(panels, by), "worker_id")
    c = panels.dataset.table("contracts").select("contract_id", "end_on")
    i = i.left_join(c, "contract_id").select(by, "amount_cents", "settled_on", "end_on")
    wait = days_between(i.end_on, ibis.coalesce(i.settled_on, last_day(panels))) - rule.delay
    own = i.end_on.notnull().ifelse(i.amount_cents, 0)
    i = i.mutate(own=own, waited=ibis.greatest(wait, 0).fill_null(0) * own)
    return i.group_by(by).agg(**{n: i[n].sum().cast("float64") for n in ("amount_cents", "own", "waited")}).execute()


@lru_cache(maxsize=2)       # the same for every ceiling
def _history(panels: Panels, trial: int) -> tuple[pd.DataFrame, np.ndarray, np.ndarray, np.ndarray]:
    """The `_losses` and the row of the client of each; cents billed and, of those answered for, lost, by client (a row)
    and month of the last ten years.
    """
    losses = _losses(panels, trial)
    clients, billed, _lost = client_months(panels, lost_invoices(panels))
    place = np.searchsorted(clients, losses["client_id"].to_numpy())
    month = losses["month"].to_numpy() - (panels.scope.last_year * 12 + 12 - billed.shape[1])
    answered = np.zeros_like(billed)
    np.add.at(answered, (place, month), (losses["cents"] * losses["answered"]).to_numpy(float))
    return losses, place, billed, answered


@lru_cache(maxsize=4)       # each is asked for by several groups, and draws 999 futures
def _fund(panels: Panels, rule: GuaranteeFund) -> tuple[pd.DataFrame, dict[str, float]]:
    """The lost invoices, with the cents of each that the fund covers; and expected losses and levy as shares of
    billing, with the chance of ruin that a levy of the expected losses alone would have.

    What a ceiling leaves uncovered is shared by the client's invoices in proportion.
    """
    losses, place, billed, answered = _history(panels, rule.trial)
    kept = fund.capped(answered, 100 * rule.ceiling)
    part = ratio(kept.sum(axis=1), answered.sum(axis=1))[place]
    losses = losses.assign(covered=np.where(losses["answered"], losses["cents"] * part, 0.0))
    if billed.sum() <= 0:
        return losses, dict.fromkeys(("expected", "levy", "risk", "left"), np.nan)
    expected = kept.sum() / billed.sum()
    critical = fund.critical_rates(*fund.paths(billed, kept, 12 * rule.years), rule.reserve)
    levy = fund.required_levy(critical, expected, rule.loading, rule.ruin)
    return losses, {"expected": expected, "levy": levy, "risk": fund.ruin(critical, expected),
                    "left": (losses["cents"] - losses["covered"]).sum() / billed.sum()}


def effects(panels: Panels, rule: GuaranteeFund | None = None, by: str = "all") -> Answer:
    """P-2. What a fund under `rule` covers, what it costs, and whose pay it protects. A simulation, not a forecast.

    EUR per 1,000 EUR billed in the last ten years: `lost`, what was written off; `covered`, the part that the fund
    answers for; `open`, the rest, which the worker bears; `expected`, what is covered of everybody's; `net` = covered −
    expected, above 0 where the others pay for the group; `paid`, the levy φ, whose margin above `expected` is the
    fund's reserve for bad years; `waiting`, what it costs to pay `delay` days after the end and not when the client
    does, Σ amount × days ÷ 365 × the assumption `waiting_rate` (contracts with an invoice of their own; until the end
    of the study for those not settled). φ is the least levy for which the fund F_{t+1} = F_t + φ A_t − loss_t falls
    below 0 within `years` in at most the share `ruin` of 999 draws of client × month blocks, and no less than expected
    + `loading`. `risk`: the chance of ruin with a levy of the expected loss alone. Unit: EUR per 1,000; share for
    `risk`. Shape: group. `fewest` counts those with a loss. Pitfalls: what never happened in ten years cannot be drawn;
    a promise may make clients later; clients of one trade can fail together, and are drawn as if they did not, but for
    the month.
    """
    panels.dataset.need("invoices", "invoices.written_off_on")
    rule = rule or given(GuaranteeFund)
    losses, told = _fund(panels, rule)
    group, names = placed(panels, by, losses["worker_id"])
    d = _billed(panels, rule, by).set_index(by).reindex(names, fill_value=0.0)
    lost, kept = (PER * ratio(totals(group, losses[c], len(names)), d["amount_cents"].to_numpy())
                  for c in ("cents", "covered"))
    waiting = ratio(d["waited"].to_numpy(), d["own"].to_numpy()) * law.rate("waiting_rate") / YEAR
    return Answer(rounded(pd.DataFrame({
        by: names, **behind(group, losses, len(names)), "lost": lost, "covered": kept, "open": lost - kept,
        "expected": PER * told["expected"], "net": kept - PER * told["expected"], "paid": PER * told["levy"],
        "waiting": PER * waiting, "risk": told["risk"]})), (by,), count="fewest")


def levies(panels: Panels) -> Answer:
    """P-2. The levy that the registered fund would take for other ceilings, all else as registered.

    Per 1,000 EUR billed: `levy`, `expected` and what stays `open`; `risk` as in `effects`. Shape: ceiling, EUR a
    client.
    """
    panels.dataset.need("invoices", "invoices.written_off_on")
    rows = []
    for ceiling in CEILINGS:
        rule = replace(given(GuaranteeFund), ceiling=ceiling)
        losses, told = _fund(panels, rule)
        everybody = behind(np.zeros(len(losses), dtype=np.int64), losses, 1)
        rows.append({"ceiling": ceiling, **{n: int(x[0]) for n, x in everybody.items()}, "levy": PER * told["levy"],
                     "expected": PER * told["expected"], "risk": told["risk"], "open": PER * told["left"]})
    return Answer(rounded(pd.DataFrame(rows)), ("ceiling",), count="fewest")
