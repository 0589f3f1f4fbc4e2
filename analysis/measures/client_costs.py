"""The clients' side: what work through Smart costs a client, and which sectors buy it (C-08, C-09).

For `fewest`, which the guard counts, see `analysis.measures.clients`; it is 0 where one client makes up a sum.
"""

import math
from datetime import date

import ibis
import pandas as pd
from ibis import _

from analysis import law
from analysis.measures.answer import Answer
from analysis.measures.client_weight import leaders, undominated
from analysis.measures.clients import buying_years, hidden_in_pairs, with_trait
from analysis.panels import Panels

FOR_PROFIT, NON_PROFIT = "1", "2"    # categories of employer contributions
ALTERNATIVES = ("direct hire", "agency worker", "self-employed")
SPAN = 3                             # years at either end that a change is measured between


def _priced(panels: Panels):
    """Contracts that clients buy and whose price and cost are known; expenses are none where not recorded."""
    panels.dataset.need("contracts.price_cents", "contracts.employer_cost_cents")
    c = panels.started.filter(_.client_id.notnull() & _.price_cents.notnull() & _.employer_cost_cents.notnull())
    return c.mutate(expenses_cents=_.expenses_cents.fill_null(0))


def _shown(clients, amount: str):
    """Per year: whether a sum of `amount` over the rows of clients and years in `clients` may be shown."""
    t = leaders(clients, ["year"], amount)
    return t.select("year", shown=undominated(t.total, t.first, t.second))


def price_parts(panels: Panels) -> Answer:
    """C-08. What a client pays for a declared day, and where it goes: price = gross pay + employer's charges +
    expenses + fee + rest.

    Charges are employer cost − gross; the fee is the published rate × price, not what remains, so that `rest` tests the
    identity: it is a cent or less a contract if the records follow Smart's own rule. Nominal EUR per declared day, of
    contracts that clients buy, excluding VAT. Shape: year of start. Pitfall: days are declared; lump sums have no time.
    """
    c = _priced(panels).group_by("client_id", "year").agg(
        days=_.days.sum(), price=_.price_cents.sum(), gross=_.gross_cents.sum(), cost=_.employer_cost_cents.sum(),
        expenses=_.expenses_cents.sum())
    w = _priced(panels).group_by("year").agg(workers=_.worker_id.nunique())
    sums = ("days", "price", "gross", "cost", "expenses")
    t = c.group_by("year").agg(clients=_.count(), **{n: c[n].sum() for n in sums})
    t = t.join(w, "year").join(_shown(c, "price"), "year").mutate(fee=_.price * law.rate("smart_fee"))
    amounts = {"price": t.price, "gross": t.gross, "charges": t.cost - t.gross, "expenses": t.expenses, "fee": t.fee,
               "rest": t.price - t.cost - t.expenses - t.fee}
    t = t.select("year", "clients", "workers", fewest=t.shown.ifelse(ibis.least(t.clients, t.workers), 0),
                 **{name: amount / 100 / t.days for name, amount in amounts.items()})
    return Answer(t, ("year",), "fewest")


def assumptions() -> list[dict[str, float]]:
    """The parameters of client_costs.csv, by name: all at their low values, at the central ones, at the high ones."""
    t = law.table("client_costs").set_index("name")
    return [t[column].astype(float).to_dict() for column in ("low", "value", "high")]


def alternatives(panels: Panels) -> Answer:
    """C-08. The price through Smart against what the same gross pay would cost the client in another form.

    direct hire: gross × (1 + employer rate of the date + insurances) + administration per contract; students at their
    solidarity rate, associations at that of non-profit employers, everybody else at that of the private sector.
    agency worker: gross × coefficient. self-employed: the quote that leaves the same taxable pay, gross × (1 − employee
    rate) × (1 + social contributions) ÷ (1 − overhead). Expenses are added to each. `cost`, `low` and `high` follow the
    values of client_costs.csv, all of them assumptions; `ratio` is price ÷ cost: above 1, Smart is dearer. Nominal EUR
    per declared day. Shape: year of start × alternative. Pitfalls: the reduction of employer contributions for artists
    is not known and would make the direct hire cheaper; a self-employed worker has no paid holiday and no unemployment
    insurance, so that the same taxable pay is not the same pay.
    """
    forms = panels.dataset.table("clients").select("client_id", "legal_form")
    c = _priced(panels).join(forms, "client_id").join(_rates(panels), "month")
    rate = ibis.cases(((c.regime == "student").fill_null(False), c.student),
                      ((c.legal_form == "association").fill_null(False), c.non_profit), else_=c.for_profit)
    c = c.mutate(charged=c.gross_cents * rate, kept=c.gross_cents * (1 - c.employee))
    sums = ("days", "price_cents", "gross_cents", "charged", "kept", "expenses_cents")
    y = c.group_by("client_id", "year").agg(contracts=_.count(), **{n: c[n].sum() for n in sums})
    t = y.group_by("year").agg(clients=_.count(), contracts=_.contracts.sum(), **{n: y[n].sum() for n in sums})
    t = t.join(c.group_by("year").agg(workers=_.worker_id.nunique()), "year").join(_shown(y, "price_cents"), "year")
    t = t.cross_join(ibis.memtable({"alternative": list(ALTERNATIVES)}))

    def compare(sums: pd.DataFrame) -> pd.DataFrame:
        rows = sums.to_dict("records")
        low, cost, high = ([_cost(r, given) / 100 / r["days"] for r in rows] for given in assumptions())
        frame = sums[["year", "alternative", "clients", "workers"]].assign(
            fewest=sums[["clients", "workers"]].min(axis=1).where(sums["shown"].astype(bool), 0),
            price=sums["price_cents"] / 100 / sums["days"], low=low, cost=cost, high=high)
        return frame.assign(ratio=frame["price"] / frame["cost"], ratio_low=frame["price"] / frame["high"],
                            ratio_high=frame["price"] / frame["low"])

    return Answer(t, ("year", "alternative"), "fewest", finish=compare)


def _cost(sums: dict, given: dict) -> float:
    """Cents that an alternative costs for the sums of a year, under one value of each assumption."""
    if sums["alternative"] == "direct hire":
        pay = sums["gross_cents"] * (1 + given["direct_insurance"]) + sums["charged"]
        pay += 100 * given["direct_administration"] * sums["contracts"]
    elif sums["alternative"] == "agency worker":
        pay = sums["gross_cents"] * given["agency_coefficient"]
    else:
        pay = sums["kept"] * (1 + given["self_contributions"]) / (1 - given["self_overhead"])
    return pay + sums["expenses_cents"]


def _rates(panels: Panels):
    """Contribution rates on the first of each month of the study: month, for_profit, non_profit, student, employee."""
    employer, students = law.table("employer_rates"), law.table("student_quota")
    basic = employer[employer["item"] == "employer_basic"]
    tables = {"for_profit": (basic[basic["category"] == FOR_PROFIT], "rate"),
              "non_profit": (basic[basic["category"] == NON_PROFIT], "rate"),
              "employee": (employer[employer["item"] == "employee"], "rate"), "student": (students, "employer_rate")}
    months = range(panels.scope.first_year * 12, panels.scope.last_year * 12 + 12)
    days = pd.to_datetime([date(m // 12, m % 12 + 1, 1) for m in months])
    frame = pd.DataFrame({"month": list(months), **{
        name: _in_force(rows["valid_from"], rows[column], days) for name, (rows, column) in tables.items()}})
    return ibis.memtable(frame, schema=ibis.schema({"month": "int32", **dict.fromkeys(tables, "float64")}))


def _in_force(since, values, days):
    """Of each day, the value of the last period that has begun; the first one where none has."""
    return values.to_numpy()[(since.searchsorted(days, side="right") - 1).clip(0)]


# -- sectors ---------------------------------------------------------------------------------------------------

def _buyers(panels: Panels):
    """One row per client with a sector and year: days_100 of its contracts, cents invoiced (null without invoices)."""
    y = panels.client_year.mutate(cents=ibis.greatest(_.invoiced_cents, 0))
    y = y.filter((_.days_100 > 0) | (_.cents > 0).fill_null(False))
    return with_trait(panels, y.select("client_id", "year", "days_100", "cents"), "sector")


def sectors(panels: Panels) -> Answer:
    """C-09. Which sectors buy: their shares of clients, of declared days and of revenue.

    Of clients whose sector (NACE section) is recorded. Days are those of contracts that clients buy; revenue is what is
    invoiced, for contracts and Activities (none without invoices). Unit: shares, 0–1. Shape: year × sector.
    """
    y, keys = _buyers(panels), ["year", "sector"]
    t = y.group_by(keys).agg(clients=_.count(), days=_.days_100.sum(), revenue=_.cents.sum())
    w = with_trait(panels, buying_years(panels), "sector").group_by(keys).agg(workers=_.worker_id.nunique())
    t = t.join(w, keys)
    for amount in ("days_100", "cents"):
        top = leaders(y, keys, amount)
        shown = undominated(top.total, top.first, top.second)
        t = t.join(top.select(*keys, **{f"{amount}_shown": shown.fill_null(True)}), keys)
    in_year = ibis.window(group_by="year")
    shares = {f"share_of_{n}": t[n] / t[n].sum().over(in_year).nullif(0) for n in ("clients", "days", "revenue")}
    shown = t.days_100_shown & t.cents_shown
    t = t.select(*keys, "clients", "workers", fewest=shown.ifelse(ibis.least(t.clients, t.workers), 0), **shares)
    return Answer(t, tuple(keys), "fewest", finish=lambda rows: hidden_in_pairs(rows, ["year"]))


def diversity(panels: Panels) -> Answer:
    """C-09. How many sectors Smart really rests on: exp(H), with the entropy H = −Σ_g p_g ln p_g of their shares.

    Of clients, of declared days and of revenue: as many equal sectors as would be as mixed (1: one alone). Unit:
    sectors. Shape: year.
    """
    y = _buyers(panels)
    sums = y.group_by("year", "sector").agg(clients=_.count(), days=_.days_100.sum(), revenue=_.cents.sum())
    in_year = ibis.window(group_by="year")
    terms = {}
    for n in ("clients", "days", "revenue"):
        p = sums[n] / sums[n].sum().over(in_year).nullif(0)
        terms[n] = (p > 0).ifelse(-p * p.nullif(0).ln(), None)
    e = sums.mutate(n=sums.clients, **terms).group_by("year").agg(
        of_clients=_.clients.sum().exp(), of_days=_.days.sum().exp(), of_revenue=_.revenue.sum().exp(),
        clients=_.n.sum())
    w = with_trait(panels, buying_years(panels), "sector").group_by("year").agg(workers=_.worker_id.nunique())
    e = e.join(w, "year")
    return Answer(e.mutate(fewest=ibis.least(_.clients, _.workers)), ("year",), "fewest")


def pay_shift(panels: Panels) -> Answer:
    """C-09. Why pay per day has moved: other pay in the sectors, or other sectors (shift-share).

    With the share p_g of a sector in declared days and its real gross pay per day y_g, in the first and the last three
    years (fewer in a short study): within Σ p₀(y₁ − y₀), between Σ (p₁ − p₀) y₀, cross Σ (p₁ − p₀)(y₁ − y₀); they add
    up to the change Σ p₁y₁ − Σ p₀y₀. A sector seen at one end alone counts as between. Unit: real EUR per declared
    day, and share of the level before. Shape: part; contracts that clients with a sector buy, by year of start.
    """
    first, last = panels.scope.first_year, panels.scope.last_year
    span = min(SPAN, (last - first + 1) // 2)
    c = panels.real(panels.started.filter(_.client_id.notnull()))
    c = c.mutate(after=(_.year > last - span).cast("int64"))
    c = with_trait(panels, c.filter((_.year < first + span) | (_.after == 1)), "sector")
    t = c.group_by("sector", "after").agg(pay=_.real_cents.sum() / 100, days=_.days.sum())
    t = t.cross_join(c.agg(clients=_.client_id.nunique(), workers=_.worker_id.nunique()))
    sums = t.order_by("sector", "after").execute()
    clients, workers = (int(sums[n].max()) if len(sums) else 0 for n in ("clients", "workers"))
    frame = _shift_share(sums).assign(clients=clients, workers=workers, fewest=min(clients, workers))
    return Answer(frame, ("part",), "fewest")


def _shift_share(sums: pd.DataFrame) -> pd.DataFrame:
    """The parts of the change of Σ pay ÷ Σ days from `after` = 0 to 1; empty where either end has no days."""
    ends = sums.set_index(["sector", "after"])[["pay", "days"]].unstack()
    days, pay = (ends.get(n, pd.DataFrame()).reindex(columns=[0, 1]) for n in ("days", "pay"))
    share, rate = days.fillna(0) / days.sum(), pay / days
    before, after = rate[0].fillna(rate[1]), rate[1].fillna(rate[0])
    parts = {"pay in the sectors (within)": share[0] * (after - before),
             "mix of sectors (between)": (share[1] - share[0]) * before,
             "both at once (cross)": (share[1] - share[0]) * (after - before),
             "change in all": share[1] * after - share[0] * before}
    known = days.sum().gt(0).all()
    frame = pd.DataFrame({"part": list(parts), "eur": [p.sum() if known else math.nan for p in parts.values()]})
    return frame.assign(share=frame["eur"] / (share[0] * before).sum())
