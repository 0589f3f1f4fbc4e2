"""One indicator per promise, as sums by worker (or client) and year: what the scorecard and its alternatives judge.

An indicator is Σ num ÷ Σ den over units and years. Each has several *bases*, defensible ways to count the same thing;
the first of BASES is the registered one. A basis called `without` is what would have been without Smart's part in it.
Rows leave the engine in memory only.
"""

from collections.abc import Callable

import ibis
import pandas as pd
from ibis import _

from analysis import law
from analysis.errors import unknown
from analysis.measures import democracy, dependence, income, misuse, payment, volatility
from analysis.panels import Panels, days_between
from analysis.scope import POPULATIONS

KEY = ["worker_id", "year"]
DEGRADING = ("day_chains", "one_job", "few_days", "below_floor")     # detectors of work that a misuse makes worse
PATIENCE = {"thirty": 30, "sixty": 60}      # days from issue to payment: Directive 2011/7/EU, articles 3 and 4


def frame(panels: Panels, name: str) -> pd.DataFrame:
    """The indicator `name` of INDICATORS: one row per unit and year, sorted, in memory only.

    Columns: unit (worker_id; client_id of `users`), year, P0–P2 (true for clients), and num_<basis>, den_<basis> for
    each of BASES[name]; 0 and 0 where a basis does not know the unit in that year. MissingData where the dataset
    lacks what it needs.
    """
    if name not in INDICATORS:
        raise unknown("indicator", name, INDICATORS)
    table = INDICATORS[name](panels)
    unit = "client_id" if name == "users" else "worker_id"
    if unit == "worker_id":
        people = panels.worker_year.select(*KEY, *POPULATIONS)
        table = people.join(table, KEY)
    else:
        table = table.mutate(**dict.fromkeys(POPULATIONS, ibis.literal(True)))
    columns = [f"{part}_{basis}" for basis in BASES[name] for part in ("num", "den")]
    rows = table.select(unit=table[unit], year=table.year, **{p: table[p] for p in POPULATIONS},
                        **{c: table[c].cast("float64").fill_null(0.0) for c in columns}).execute()
    return rows.sort_values(["unit", "year"], ignore_index=True)


def _both(left, right):
    """Worker-years of either table."""
    joined = left.outer_join(right, KEY)
    keys = {k: ibis.coalesce(joined[k], joined[f"{k}_right"]) for k in KEY}
    others = [c for t in (left, right) for c in t.columns if c not in KEY]
    return joined.select(**keys, **{c: joined[c] for c in others})


# -- security --------------------------------------------------------------------------------------------------

def protection(panels: Panels):
    """S-31. Months in which work through Smart opens unemployment benefit ÷ months from the first one with work on.

    Bases: `lower`, work through Smart alone; `upper`, as if fully employed elsewhere when not at Smart.
    """
    m = panels.coverage_month.mutate(year=(_.month // 12).cast("int32"))
    m = m.group_by(KEY).agg(months=_.count(), num_lower=_.covered.cast("int64").sum(),
                            num_upper=_.covered_upper.cast("int64").sum())
    return m.mutate(den_lower=m.months, den_upper=m.months)


def prompt_pay(panels: Panels):
    """S-40. Contracts paid within the promised working days of their end ÷ contracts with a day of payment.

    Bases: `contracts`; `money`, weighted by gross pay; `without`, contracts billed on their own whose client has paid
    all when the promise ends, which is when the worker would be paid who waits for the client.
    """
    promise = law.rate("pay_promise")
    c = payment.paid_contracts(panels).filter(_.paid_on.notnull() & (_.year >= panels.scope.first_year))
    c = c.mutate(prompt=(_.working <= promise).cast("int64"))
    if not panels.dataset.has("invoices"):
        c = c.mutate(billed=ibis.literal(0), client_prompt=ibis.literal(0))
    else:
        bills = payment.contract_bills(panels).select("contract_id", "client_paid_on")
        c = c.left_join(bills, "contract_id")
        billed = c.contract_id_right.notnull().cast("int64")
        # As many calendar days as the promised working days can take at most.
        waited = days_between(c.end_on, c.client_paid_on) <= promise + 2 * (promise // 5 + 1)
        c = c.mutate(billed=billed, client_prompt=waited.fill_null(False).cast("int64"))
    return c.group_by(KEY).agg(
        num_contracts=_.prompt.sum(), den_contracts=_.count(), num_money=(_.prompt * _.gross_cents).sum(),
        den_money=_.gross_cents.sum(), num_without=(_.client_prompt * _.billed).sum(), den_without=_.billed.sum())


def pay_at_floor(panels: Panels):
    """S-06. Hours paid at the statutory hourly minimum or above ÷ declared hours, to a cent.

    Bases: `hours`; `contracts`, each counted once.
    """
    c = income.with_floor(panels).mutate(fair=(_.wage >= _.floor - income.FLOOR_TOLERANCE).cast("float64"))
    return c.group_by(KEY).agg(num_hours=(_.fair * _.hours).sum(), den_hours=_.hours.sum(),
                               num_contracts=_.fair.sum(), den_contracts=_.count())


def steadier(panels: Panels):
    """S-17. How much less pay moves within a year than invoices do: Σ (cv of invoices − cv of pay) ÷ Σ cv of invoices.

    Over interior years with an own Activity. Bases: `accounts`; `everybody`, with or without an Activity.
    """
    panels.dataset.need("activities", "invoices", "contracts.paid_on")
    cash = volatility.year_profiles(panels, "cash", "P0").select(*KEY, cash="cv")
    billed = volatility.year_profiles(panels, "invoiced", "P0").select(*KEY, billed="cv")
    y = cash.join(billed, KEY).filter(_.billed > 0)
    own = volatility.with_account(panels, y.select(*KEY)).mutate(own=ibis.literal(1))
    y = y.left_join(own, KEY)
    y = y.select(*KEY, less=y.billed - y.cash, billed=y.billed, own=y.own.fill_null(0))
    return y.select(*KEY, num_accounts=y.less * y.own, den_accounts=y.billed * y.own, num_everybody=y.less,
                    den_everybody=y.billed)


def continuity(panels: Panels):
    """S-20. Months with work ÷ twelve. Bases: `interior`, years that are neither of entry nor of exit; `years`, all."""
    y = panels.worker_year
    inside = y.interior.cast("int64")
    return y.select(*KEY, num_interior=y.months * inside, den_interior=12 * inside, num_years=y.months,
                    den_years=ibis.literal(12))


# -- autonomy --------------------------------------------------------------------------------------------------

def clients(panels: Panels):
    """A-02. Worker-years of at least 20 days whose largest client has less than three quarters ÷ all of them.

    Bases: `invoice`, of what is billed (or, without invoices, of pay); `half`, less than a half; `pay`, of pay.
    """
    view = "invoice" if panels.dataset.has("invoices") else "pay"
    own, by_pay = dependence.shares(panels, view), dependence.shares(panels, "pay")
    limit, low = law.rate("dominant_share"), law.rate("dominant_share_low")
    one = ibis.literal(1)
    billed = own.select(*KEY, num_invoice=(own.share < limit).cast("int64"), den_invoice=one,
                        num_half=(own.share < low).cast("int64"), den_half=one)
    return _both(billed, by_pay.select(*KEY, num_pay=(by_pay.share < limit).cast("int64"), den_pay=one))


def tools(panels: Panels):
    """A-30. Worker-years in which an Activity buys a contract ÷ all. Bases: `workers`; `money`, gross pay by it."""
    panels.dataset.need("contracts.activity_id")
    c = panels.started.mutate(own=_.activity_id.notnull().cast("int64"))
    y = c.group_by(KEY).agg(num_workers=_.own.max(), num_money=(_.own * _.gross_cents).sum(),
                            den_money=_.gross_cents.sum())
    return y.mutate(den_workers=ibis.literal(1))


def voice(panels: Panels):
    """A-61. Members who come to an assembly ÷ those with work in the twelve months before it, or in its year.

    Bases: `attended`; `voted`; `holders`, of those who hold a share.
    """
    days, present = democracy.assembly_days(panels), democracy.attending(panels)
    panels.dataset.need("shareholdings")
    parts = []
    for among in ("active", "holders"):
        e = democracy.entitled(panels, among, days).left_join(present, ["worker_id", "day"])
        parts.append(e.group_by(worker_id=e.worker_id, year=e.day.year().cast("int32")).agg(
            count=e.count(), came=e.attended.fill_null(0).sum(), voted=e.voted.fill_null(0).sum()))
    active, holders = parts
    active = active.select(*KEY, num_attended=_.came, den_attended="count", num_voted=_.voted, den_voted="count")
    return _both(active, holders.select(*KEY, num_holders=_.came, den_holders="count"))


# -- safeguards ------------------------------------------------------------------------------------------------

def no_misuse(panels: Panels):
    """M-01 … M-04. Worker-years without a flag of DEGRADING ÷ worker-years.

    Bases: `registered`, `strict` and `loose` parameters of the detectors.
    """
    sets = {"registered": misuse.REGISTERED, "strict": misuse.STRICT, "loose": misuse.LOOSE}
    flags = ibis.union(*(
        rows.select(*KEY, **{s: misuse.flagged(rows, detector, d).cast("int64") for s, d in sets.items()})
        for detector, rows in misuse.looked(panels, DEGRADING).items()))
    flags = flags.group_by(KEY).agg(**{s: flags[s].max() for s in sets})
    y = panels.worker_year.select(*KEY).left_join(flags, KEY)
    return y.select(*KEY, **{f"num_{s}": 1 - y[s].fill_null(0) for s in sets},
                    **{f"den_{s}": ibis.literal(1) for s in sets})


def users(panels: Panels):
    """S-41, C-07. Invoices that a client pays in time ÷ invoices that have had the time, by client and year of issue.

    Bases: `sixty` days from issue; `thirty` days; `money`, the amount paid within sixty days.
    """
    i = payment.debits(payment.issued(panels))
    i = i.filter(days_between(i.issued_on, payment.last_day(panels)) >= max(PATIENCE.values()))
    wait = days_between(i.issued_on, i.paid_on)
    i = i.mutate(**{name: (wait <= days).fill_null(False).cast("int64") for name, days in PATIENCE.items()})
    return i.group_by("client_id", "year").agg(
        num_sixty=_.sixty.sum(), den_sixty=_.count(), num_thirty=_.thirty.sum(), den_thirty=_.count(),
        num_money=(_.sixty * _.amount_cents).sum(), den_money=_.amount_cents.sum())


INDICATORS: dict[str, Callable] = {
    "protection": protection, "prompt_pay": prompt_pay, "pay_at_floor": pay_at_floor, "steadier": steadier,
    "continuity": continuity, "clients": clients, "tools": tools, "voice": voice, "no_misuse": no_misuse,
    "users": users,
}
BASES = {
    "protection": ("lower", "upper"), "prompt_pay": ("contracts", "money", "without"),
    "pay_at_floor": ("hours", "contracts"), "steadier": ("accounts", "everybody"),
    "continuity": ("interior", "years"), "clients": ("invoice", "half", "pay"), "tools": ("workers", "money"),
    "voice": ("attended", "voted", "holders"), "no_misuse": ("registered", "strict", "loose"),
    "users": ("sixty", "thirty", "money"),
}
