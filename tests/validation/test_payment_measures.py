"""Paid on time: every measure equals a slow one written from its formula, and finds what was planted or is known."""

from datetime import date, timedelta
from functools import cache
from math import exp, inf, log, sqrt
from statistics import NormalDist
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from expected import deflator, mostly, same, seeds
from scipy import stats
from statsmodels.duration.survfunc import SurvfuncRight

from analysis import law
from analysis.datasets import SHIPPED, Dataset
from analysis.errors import MissingData, StudyError
from analysis.guard import protect
from analysis.measures import guarantee, payment
from analysis.panels import Panels
from analysis.schema import TABLES
from analysis.scope import BRUSSELS, Scope
from data_synthetic.simulate import simulate
from data_synthetic.world import read_world

FIRST, LAST = 2001, 2020
END = pd.Timestamp(LAST, 12, 31)
DAY = timedelta(days=1)
FEE = 0.065


# -- an independent reading of the dataset ---------------------------------------------------------------------

def read(location):
    """The tables of a folder; invoices with the worker they are for, as known at the end of 2020."""
    w = SimpleNamespace()
    for name in ("workers", "clients", "contracts", "activities", "invoices", "expenses"):
        frame = pd.read_parquet(f"{location}/{name}.parquet")
        for column in (c.name for c in TABLES[name].columns if c.type == "date"):
            frame[column] = pd.to_datetime(frame[column])
        setattr(w, name, frame)
    payees = dict(zip(w.contracts["contract_id"], w.contracts["worker_id"], strict=True))
    owners = dict(zip(w.activities["activity_id"], w.activities["owner_id"], strict=True))
    i = w.invoices[w.invoices["issued_on"] <= END].copy()
    i["worker_id"] = i["contract_id"].map(payees).fillna(i["activity_id"].map(owners)).astype("int64")
    i["paid_on"] = i["paid_on"].where(i["paid_on"] <= END)
    i["written_off_on"] = i["written_off_on"].where(i["paid_on"].isna() & (i["written_off_on"] <= END))
    i["settled_on"] = i["paid_on"].fillna(i["written_off_on"])
    i["year"] = i["issued_on"].dt.year
    i = i.merge(w.clients[["client_id", "legal_form", "size", "sector"]], on="client_id")
    i = i.merge(w.workers[["worker_id", "profession"]], on="worker_id")
    contracts = w.contracts.set_index("contract_id")
    for column in ("paid_on", "end_on", "start_on", "gross_cents"):
        i[f"contract_{column}"] = i["contract_id"].map(contracts[column])
    w.bills, w.debits = i, i[i["amount_cents"] > 0]
    return w


@pytest.fixture(scope="module")
def world(simulated):
    return read(simulated.dataset.location)


def behind(rows):
    workers, clients = rows["worker_id"].nunique(), rows["client_id"].nunique()
    return {"workers": workers, "clients": clients, "fewest": min(workers, clients)}


def days(later, earlier):
    return (later - earlier).days


@cache
def real(cents, year, month):
    """EUR of the last year."""
    return cents / 100 * deflator(year, month)


# -- S-40 ------------------------------------------------------------------------------------------------------

def test_pay_lag(simulated, world):
    c = world.contracts[world.contracts["end_on"].dt.year <= LAST].copy()
    holidays = law.table("legal_holidays")["date"].to_numpy("datetime64[D]")
    ended, paid = (c[n].to_numpy("datetime64[D]") for n in ("end_on", "paid_on"))
    c["working"] = np.busday_count(ended + 1, paid + 1, holidays=holidays)
    c["wait"] = (c["paid_on"] - c["end_on"]).dt.days
    rows = [{"year": year, "workers": y["worker_id"].nunique(), "contracts": len(y), "median": y["wait"].median(),
             "p90": y["wait"].quantile(0.9), "working_median": y["working"].median(),
             "working_p90": y["working"].quantile(0.9), "late": (y["working"] > 7).mean(), "unrecorded": 0.0}
            for year, y in c.groupby(c["end_on"].dt.year)]
    same(payment.pay_lag(simulated), rows)


def test_paid_before_client(simulated, world):
    rows = []
    for contract, i in world.debits.dropna(subset="contract_id").groupby("contract_id"):
        paid = i["contract_paid_on"].iloc[0]
        if paid <= END:
            client = inf if i["paid_on"].isna().any() else days(i["paid_on"].max(), paid)
            rows.append({"contract_id": contract, "worker_id": i["worker_id"].iloc[0],
                         "client_id": i["client_id"].iloc[0], "year": paid.year, "lead": client})
    rows = pd.DataFrame(rows)
    same(payment.paid_before_client(simulated), [
        {"year": year, **behind(y), "contracts": len(y), "first": (y["lead"] > 0).mean(),
         "lead": np.median(np.minimum(y["lead"], payment.NEVER))} for year, y in rows.groupby("year")])


@pytest.mark.parametrize(("ended", "paid", "late"), [
    (date(2010, 3, 1), date(2010, 3, 10), 0), (date(2010, 3, 1), date(2010, 3, 11), 1),      # Monday; the 8th weekday
    (date(2010, 3, 5), date(2010, 3, 16), 0), (date(2010, 3, 5), date(2010, 3, 17), 1),      # Friday
    (date(2010, 3, 6), date(2010, 3, 16), 0), (date(2010, 3, 6), date(2010, 3, 17), 1),      # Saturday
    (date(2010, 11, 10), date(2010, 11, 22), 0), (date(2010, 11, 10), date(2010, 11, 23), 1),   # the 11th is free
    (date(2010, 3, 1), date(2010, 3, 1), 0), (date(2010, 3, 5), date(2010, 3, 3), 0),        # on the day, and before
    (date(2010, 4, 30), date(2010, 5, 11), 0),                                               # 1 May is a Saturday
])
def test_seven_working_days(panels_of, ended, paid, late):
    found = payment.pay_lag(panels_of([{"start_on": ended, "end_on": ended, "paid_on": paid}])).frame().iloc[0]
    assert found["late"] == late


def test_outside_the_years_of_the_list_no_holiday_is_taken_off(panels_of):
    rows = [{"start_on": date(y, 11, 10), "end_on": date(y, 11, 10), "paid_on": date(y, 11, 20)} for y in (1999, 2010)]
    found = payment.paid_contracts(panels_of(rows, (1999, 2010))).execute().sort_values("year")
    assert found["working"].tolist() == [7, 6]


def test_a_contract_without_a_day_of_payment_is_neither_late_nor_on_time(panels_of):
    day = date(2010, 3, 1)
    rows = [{"start_on": day, "end_on": day, "paid_on": paid} for paid in (date(2010, 3, 2), date(2010, 4, 1), None)]
    found = payment.pay_lag(panels_of(rows)).frame().iloc[0]
    assert (found["late"], found["unrecorded"], found["contracts"]) == (0.5, pytest.approx(1 / 3), 3)


# -- S-41, C-07 ------------------------------------------------------------------------------------------------

LIMITS = [("due", 0), ("due", 30), ("due", 60), ("issued", 30), ("issued", 60)]


@pytest.mark.parametrize("group", [None, "legal_form", "size"])
def test_late_payment(simulated, world, group):
    rows, by = [], group or "year"
    for clock, limit in LIMITS:
        i = world.debits.dropna(subset=by)
        i = i[(END - i[f"{clock}_on"]).dt.days >= limit]
        late = ~((i["paid_on"] - i[f"{clock}_on"]).dt.days <= limit)
        for name, y in i.assign(late=late, owed=i["amount_cents"] * late).groupby(by):
            rows.append({"clock": clock, "days": limit, by: name, **behind(y), "invoices": len(y),
                         "share": y["late"].mean(), "share_of_amount": y["owed"].sum() / y["amount_cents"].sum()})
    same(payment.late_payment(simulated, group), rows)


@pytest.mark.parametrize("group", [None, "legal_form"])
def test_payment_survival_is_kaplan_meier(simulated, world, group):
    i = world.debits
    ended = i["paid_on"].fillna(END)
    i = i.assign(t=(ended - i["issued_on"]).dt.days, event=i["paid_on"].notna().astype(int))
    rows = []
    for name, g in (i.groupby(group) if group else [("", i)]):
        curves = {"unpaid": SurvfuncRight(g["t"], g["event"]),
                  "unpaid_amount": SurvfuncRight(g["t"], g["event"], freq_weights=g["amount_cents"])}
        for t in range(0, 365, 7):
            followed = behind(g[g["t"] > t])
            if followed["fewest"]:
                values = {n: np.r_[1, c.surv_prob][np.searchsorted(c.surv_times, t, side="right")]
                          for n, c in curves.items()}
                rows.append({"t": t, **({group: name} if group else {}), **followed, **values})
    same(payment.payment_survival(simulated, group), rows)


def test_client_delay_gap(simulated, world):
    i = world.debits[world.debits["paid_on"].notna() & ((END - world.debits["issued_on"]).dt.days >= 365)]
    logs = [log(max(days(p, s), 1) - 0.5) for p, s in zip(i["paid_on"], i["issued_on"], strict=True)]
    i = i.assign(log=logs)
    c = i.groupby("client_id").agg(log=("log", "mean"), form=("legal_form", "first"), size=("size", "first"))
    c = c[c["form"].notna()]
    private = c[c["form"] != "public"]
    pairs = {"public clients": (c[c["form"] == "public"], private),
             "clients of 250 persons or more": (private[private["size"] == "250+"],
                                                private[private["size"].isin(["1-9", "10-49", "50-249"])])}
    rows = []
    for name, groups in pairs.items():
        middle, error = [], []
        for x in (sorted(g["log"]) for g in groups):
            half = 1.96 * sqrt(len(x)) / 2
            low, high = max(int(len(x) / 2 - half), 0), min(-int(-(len(x) / 2 + half) // 1), len(x) - 1)
            middle.append(np.median(x))
            error.append((x[high] - x[low]) / 3.92)
        gap, reach = middle[0] - middle[1], 1.96 * sqrt(error[0]**2 + error[1]**2)
        rows.append({"contrast": name, "clients": min(map(len, groups)), "days": exp(middle[0]) + 0.5,
                     "days_others": exp(middle[1]) + 0.5, "gap": gap, "low": gap - reach, "high": gap + reach})
    same(payment.client_delay_gap(simulated), rows)


def test_payment_hazard(simulated, world):
    from statsmodels.duration.hazard_regression import PHReg

    i = world.debits[world.debits["legal_form"].notna() & world.debits["size"].notna()]
    wait = [max(days(p if pd.notna(p) else END, s), 1) for p, s in zip(i["paid_on"], i["issued_on"], strict=True)]
    i = i.assign(t=np.minimum(wait, 365), paid=i["paid_on"].notna() & (np.array(wait) <= 365))
    x = np.column_stack([i["legal_form"] == "public", i["size"] == "250+"]).astype(float)
    model = PHReg(i["t"].to_numpy(float), x, status=i["paid"].to_numpy(float), ties="efron")
    value, usual = model.fit().params, model.fit(groups=i["client_id"].to_numpy()).bse
    found = payment.payment_hazard(simulated).frame().set_index("trait")
    assert found["value"].tolist() == pytest.approx(value.tolist(), abs=1e-6)
    for (trait, kinds), error in zip((("public", i["legal_form"] == "public"), ("large", i["size"] == "250+")), usual,
                                     strict=True):
        groups = [i[kinds], i[~kinds]]
        shares = [g["client_id"].value_counts(normalize=True) for g in groups]
        freedom = min(1 / (s**2).sum() for s in shares) - 1         # the inverse of a Herfindahl index
        # A client that holds much of a trait counts for more than in the usual estimator.
        half = (found.at[trait, "high"] - found.at[trait, "low"]) / 2
        assert 1 < half / (stats.t.ppf(0.975, freedom) * error) < 3
        assert found.at[trait, "clients"] == min(g["client_id"].nunique() for g in groups)
        assert found.at[trait, "workers"] == min(g["worker_id"].nunique() for g in groups)


def test_of_too_many_invoices_those_of_some_clients_are_taken(simulated, monkeypatch):
    whole = payment.payment_hazard(simulated).frame()
    invoices = payment.debits(payment.issued(simulated)).count().execute()
    monkeypatch.setattr(payment, "MOST_INVOICES", invoices * 2 // 3)
    part = payment.payment_hazard(simulated).frame()
    assert (part["clients"] < whole["clients"]).all() and (part["clients"] > 1).all()
    assert part["clients"].sum() == pytest.approx(whole["clients"].sum() / 2, rel=0.4)


@pytest.mark.parametrize("group", ["legal_form", "size"])
def test_client_credit(simulated, world, group):
    i = world.debits[(world.debits["contract_paid_on"] <= END) & world.debits[group].notna()]
    until = i["settled_on"].fillna(END)
    i = i.assign(credit=(until - i["contract_paid_on"]).dt.days.clip(lower=0) * i["amount_cents"],
                 late=(until - i["due_on"]).dt.days.clip(lower=0) * i["amount_cents"])
    rows = []
    for name, g in i.groupby(group):
        credit, late = (g[n].sum() / g["amount_cents"].sum() for n in ("credit", "late"))
        rows.append({group: name, **behind(g), "billed": g["amount_cents"].sum() / 100, "credit_days": credit,
                     "late_days": late, "per_1000": 1000 * 0.05 * credit / 365, "claim_per_1000": 80 * late / 365})
    same(payment.client_credit(simulated, group), rows)


def bill(issued, amount=1000, paid=None, lost=None, due=None, **what):
    what = what or {"contract_id": 0}
    return {"client_id": 1, "issued_on": issued, "due_on": due or issued + 10 * DAY, "paid_on": paid,
            "written_off_on": lost, "amount_cents": amount, **what}


def bills(*rows):
    return [{"invoice_id": n, **row} for n, row in enumerate(rows)]


MARCH = date(2010, 3, 1)
ONE = [{"start_on": MARCH, "end_on": MARCH, "paid_on": MARCH + 9 * DAY, "gross_cents": 600}]


def test_late_begins_on_the_day_after_the_last_one(panels_of):
    due = MARCH + 10 * DAY
    invoices = bills(*(bill(MARCH, paid=due + n * DAY) for n in (0, 1, 30, 31, 60, 61)), bill(MARCH),
                     bill(MARCH, lost=due + 5 * DAY), bill(MARCH, amount=-5, paid=MARCH))
    found = payment.late_payment(panels_of(ONE, (2010, 2010), invoices=invoices)).frame()
    found = found.set_index(["clock", "days"])["share"]
    assert (found["due"] * 8).tolist() == [7, 5, 3]
    assert found["issued", 30] == 6 / 8             # paid after 10, 11, 40 … days, or never


def test_an_invoice_counts_when_its_days_lie_in_the_study(panels_of):
    invoices = bills(*(bill(date(2010, 12, d), due=date(2010, 12, d)) for d in (1, 2)))
    found = payment.late_payment(panels_of(ONE, (2010, 2010), invoices=invoices)).frame()
    found = found.set_index(["clock", "days"])["invoices"]
    assert found.to_dict() == {("due", 0): 2, ("due", 30): 1, ("issued", 30): 1}


def test_what_happens_after_the_study_is_not_known_in_it(panels_of):
    rows = bills(bill(MARCH, paid=date(2011, 2, 1)), bill(MARCH, lost=date(2011, 2, 1)))
    known = payment.known_invoices(panels_of(ONE, (2010, 2010), invoices=rows)).execute()
    assert known[["paid_on", "written_off_on", "settled_on"]].isna().all(axis=None)
    later = payment.known_invoices(panels_of(ONE, (2010, 2011), invoices=rows)).execute().sort_values("invoice_id")
    assert later["settled_on"].notna().all() and later["paid_on"].notna().tolist() == [True, False]


def test_a_payment_after_the_write_off_makes_it_a_paid_invoice(panels_of):
    rows = bills(bill(MARCH, paid=date(2010, 12, 1), lost=date(2010, 9, 1)))
    panels = panels_of(ONE, (2010, 2010), invoices=rows)
    assert payment.known_invoices(panels).execute()["written_off_on"].isna().all()
    assert guarantee.losses(panels).frame()["lost"].tolist() == [0, 0]


def test_kaplan_meier_by_hand(panels_of):
    rows = bills(bill(MARCH, 100, paid=MARCH + 7 * DAY), bill(MARCH, 300, paid=MARCH + 20 * DAY),
                 bill(date(2010, 12, 20), 600), bill(MARCH, 1000, lost=MARCH + 15 * DAY))
    found = payment.payment_survival(panels_of(ONE, (2010, 2010), invoices=rows)).frame().set_index("t")
    # On day 7 one of four is paid; on day 20 one of the two that are still followed: December ends after 11 days.
    assert found["unpaid"].loc[[0, 7, 14, 21, 301]].tolist() == pytest.approx([1, 3 / 4, 3 / 4, 3 / 8, 3 / 8])
    assert found["unpaid_amount"].loc[[7, 21]].tolist() == pytest.approx([0.95, 0.95 * 1000 / 1300])
    assert found.index.max() == 301


# -- S-42 ------------------------------------------------------------------------------------------------------

def slow_exposure(world, end):
    """Money out on one day: part → amount, workers, clients; from every invoice and every account."""
    c = world.bills[(world.bills["contract_paid_on"] <= end) & ~(world.bills["settled_on"] <= end)]
    c = c[~(c["settled_on"] <= c["contract_paid_on"])]
    net = c["amount_cents"] * 935 // 1000
    ahead = {}
    for a in world.activities.itertuples():
        if a.owner_id in world.at_work:
            wages, spent, came = world.of[a.activity_id]
            w, e, b = wages[wages["paid_on"] <= end], spent[spent["booked_on"] <= end], came[came["settled_on"] <= end]
            due = (w["employer_cost_cents"].sum() + w["expenses_cents"].sum() + e["amount_cents"].sum()
                   - (b["amount_cents"] * 935 // 1000).sum())
            ahead[a.owner_id] = ahead.get(a.owner_id, 0) + max(due, 0)
    owing = [int((net.groupby(c[unit]).sum() > 0).sum()) for unit in ("worker_id", "client_id")]
    return {"contracts": (net.sum() / 100, *owing),
            "Activities": (sum(ahead.values()) / 100, sum(v > 0 for v in ahead.values()), 0)}


def test_exposure(simulated, world):
    world.at_work = set(world.contracts["worker_id"])
    world.of = {a: (world.contracts[world.contracts["activity_id"] == a],
                    world.expenses[world.expenses["activity_id"] == a], world.bills[world.bills["activity_id"] == a])
                for a in world.activities["activity_id"]}
    found = guarantee.exposure(simulated).frame().set_index(["part", "month"])
    assert list(found.index) == [(p, m) for p in ("Activities", "contracts")
                                 for m in range(FIRST * 12, LAST * 12 + 12)]
    issued = world.bills.assign(month=world.bills["issued_on"].dt.year * 12 + world.bills["issued_on"].dt.month - 1)
    for month in (FIRST * 12 + 3, 2008 * 12 + 6, 2016 * 12 + 7, 2019 * 12, LAST * 12 + 11):
        end = pd.Timestamp(month // 12, month % 12 + 1, 1) + pd.offsets.MonthEnd(0)
        year = issued[issued["month"].between(month - 11, month)]
        billed = (year["amount_cents"] * 935 // 1000).sum() / 100
        for part, (amount, workers, clients) in slow_exposure(world, end).items():
            row = found.loc[part, month]
            assert row["amount"] == pytest.approx(amount)
            assert (row["workers"], row["clients"]) == (workers, clients)
            assert row["fewest"] == (min(workers, clients) if part == "contracts" else workers)
            whole = month >= issued["month"].min() + 11
            assert row["turnover_days"] == pytest.approx(amount / billed * 365 if whole else np.nan, nan_ok=True)
            assert row["time"] == (month + 1) / 12


def test_exposure_by_year_is_that_of_its_months(simulated):
    months, rows = guarantee.exposure(simulated).frame(), []
    for year, m in months.groupby(months["month"] // 12):
        both = m.groupby("month")[["amount", "turnover_days"]].agg(lambda x: x.sum(skipna=False))
        rows.append({"year": year, "fewest": m.loc[m["amount"] != 0, "fewest"].min(), "mean": both["amount"].mean(),
                     "highest": both["amount"].max(), "turnover_days": both["turnover_days"].mean(),
                     "highest_days": both["turnover_days"].max()})
    same(guarantee.exposure_by_year(simulated), rows)


def ends_of(panels, part="contracts", column="amount"):
    found = guarantee.exposure(panels).frame()
    return found.loc[found["part"] == part, column].tolist()[:7]


@pytest.mark.parametrize(("row", "expected"), [
    (bill(MARCH, 1000, paid=date(2010, 5, 5)), [0, 0, 9.35, 9.35, 0, 0, 0]),
    (bill(MARCH, 1000, lost=date(2010, 4, 5)), [0, 0, 9.35, 0, 0, 0, 0]),
    (bill(MARCH, 1000), [0, 0, 9.35, 9.35, 9.35, 9.35, 9.35]),
    (bill(MARCH, 1000, paid=date(2010, 3, 28)), [0] * 7),           # within the month
    (bill(MARCH, 1000, paid=MARCH + 9 * DAY), [0] * 7),             # on the day on which the worker is paid
    (bill(MARCH, 1000, paid=MARCH), [0] * 7),                       # before it
    (bill(date(2010, 5, 1), 1000, paid=date(2010, 6, 1)), [0, 0, 9.35, 9.35, 9.35, 0, 0]),      # billed after it
])
def test_money_is_out_from_the_workers_pay_to_the_clients(panels_of, row, expected):
    panels = panels_of(ONE, (2010, 2010), invoices=bills(row))
    assert ends_of(panels) == pytest.approx(expected)
    assert ends_of(panels, column="fewest") == [int(x > 0) for x in expected]


def test_an_open_credit_note_is_taken_off(panels_of):
    panels = panels_of(ONE, (2010, 2010), invoices=bills(bill(MARCH, 1000), bill(MARCH, -400)))
    assert ends_of(panels)[2] == pytest.approx(9.35 - 3.74)


def test_money_out_before_the_first_year_is_out_in_it(panels_of):
    rows = [{**ONE[0], "start_on": date(2009, 12, 1), "end_on": date(2010, 1, 5), "paid_on": date(2010, 1, 8)},
            {**ONE[0], "start_on": date(2009, 12, 1), "end_on": date(2009, 12, 1), "paid_on": date(2009, 12, 8)}]
    invoices = bills(bill(date(2009, 12, 9), 1000, paid=date(2010, 3, 3), contract_id=1))
    assert ends_of(panels_of(rows, (2010, 2010), invoices=invoices)) == pytest.approx([9.35, 9.35, 0, 0, 0, 0, 0])


def account(*invoices, wage=500):
    """A contract of 900 (with its charges) that Activity 7 buys and pays in March, and purchases of 35 in February."""
    contracts = [{"activity_id": 7, "start_on": MARCH, "end_on": MARCH, "paid_on": MARCH + 2 * DAY,
                  "gross_cents": wage, "employer_cost_cents": 880, "expenses_cents": 20}]
    return contracts, {
        "activities": [{"activity_id": 7, "owner_id": 1, "opened_on": date(2009, 1, 1)}],
        "clients": [{"client_id": 1}], "invoices": bills(*invoices),
        "expenses": [{"expense_id": 1, "activity_id": 7, "booked_on": date(2010, 2, 1), "kind": "travel",
                      "amount_cents": 35}]}


@pytest.mark.parametrize(("invoices", "expected"), [
    ([bill(date(2010, 1, 5), 1000, paid=date(2010, 1, 20), activity_id=7)], [0] * 7),          # paid first: 935 ≥ 935
    ([bill(date(2010, 1, 5), 1000, paid=date(2010, 4, 20), activity_id=7)], [0, .35, 9.35, 0, 0, 0, 0]),
    ([bill(date(2010, 1, 5), 1000, paid=date(2009, 4, 20), activity_id=7),
      bill(date(2010, 1, 5), 1000, activity_id=7)], [0] * 7),                                    # savings of last year
    ([bill(date(2010, 1, 5), 500, paid=date(2010, 2, 2), activity_id=7),
      bill(date(2010, 1, 5), 500, lost=date(2010, 6, 2), activity_id=7)], [0, 0, 4.68, 4.68, 4.68, .01, .01]),
])
def test_an_activity_is_ahead_by_what_it_spent_and_no_client_has_paid(panels_of, invoices, expected):
    contracts, tables = account(*invoices)
    assert ends_of(panels_of(contracts, (2010, 2010), **tables), "Activities") == pytest.approx(expected)


def test_a_pool_has_no_place_in_a_scope_of_clients(panels_of):
    contracts, tables = account(bill(MARCH, 1000, activity_id=7))
    tables["clients"], tables["workers"] = [{"client_id": 1, "home_nis": BRUSSELS[0]}], [{"worker_id": 1}]
    found = guarantee.exposure(panels_of([*contracts, *ONE], (2010, 2010), "brussels-clients", **tables)).frame()
    assert set(found["part"]) <= {"contracts"} and (found["amount"] == 0).all()


def test_pools_keep_every_cent(simulated, world):
    """V-32: what an account was billed is what it was charged, what it spent, what is owed to it and what it keeps."""
    last = guarantee.pool_months(simulated).execute().sort_values("month").groupby("activity_id").last()["ahead_cents"]
    wages = world.contracts[world.contracts["paid_on"] <= END].dropna(subset="activity_id").groupby("activity_id")
    spent = wages["employer_cost_cents"].sum() + wages["expenses_cents"].sum()
    bought = world.expenses[world.expenses["booked_on"] <= END].groupby("activity_id")["amount_cents"].sum()
    i = world.bills.dropna(subset="activity_id")
    net = i["amount_cents"] * 935 // 1000
    billed = i["amount_cents"].groupby(i["activity_id"]).sum()
    fee = billed - net.groupby(i["activity_id"]).sum()
    owed = net[i["settled_on"].isna()].groupby(i["activity_id"]).sum()
    rest = billed - fee.reindex(last.index) - spent.reindex(last.index, fill_value=0) - bought.reindex(
        last.index, fill_value=0) - owed.reindex(last.index, fill_value=0) + last
    assert len(last) > 50 and (rest.fillna(0) == 0).all()


# -- S-43 ------------------------------------------------------------------------------------------------------

def test_losses(simulated, world):
    i, rows = world.bills, []
    for year in range(FIRST, LAST + 1):
        y = i[i["year"] == year]
        billed = y["amount_cents"].sum() / 100
        still = y.loc[y["settled_on"].isna(), "amount_cents"].sum() / 100
        lost = i[i["written_off_on"].notna() & (i["amount_cents"] > 0)]
        for clock, gone in (("issued", lost[lost["year"] == year]),
                            ("written off", lost[lost["written_off_on"].dt.year == year])):
            euros = gone["amount_cents"].sum() / 100
            rows.append({"clock": clock, "year": year, **behind(gone), "billed": billed, "lost": euros,
                         "ratio": euros / billed, "open": still / billed if clock == "issued" else np.nan})
    same(guarantee.losses(simulated), rows)


@pytest.mark.parametrize("group", ["sector", "size", "legal_form"])
def test_losses_by(simulated, world, group):
    rows = []
    for name, g in world.bills.groupby(group):
        gone = g[g["written_off_on"].notna() & (g["amount_cents"] > 0)]
        billed, lost = g["amount_cents"].sum() / 100, gone["amount_cents"].sum() / 100
        rows.append({group: name, **behind(gone), "billed": billed, "lost": lost, "ratio": lost / billed})
    same(guarantee.losses_by(simulated, group), rows)


def test_every_invoice_is_paid_lost_or_open(simulated, world):
    """V-32: Σ billed = Σ paid + Σ lost + Σ open, year by year."""
    found = guarantee.losses(simulated).frame()
    found = found[found["clock"] == "issued"].set_index("year")
    paid = world.bills[world.bills["paid_on"].notna()].groupby("year")["amount_cents"].sum() / 100
    whole = paid + found["lost"] + found["open"] * found["billed"]
    assert whole.to_numpy() == pytest.approx(found["billed"].to_numpy(), abs=0.005)


def test_loss_at_risk_draws_clients_and_months(simulated, world, monkeypatch):
    monkeypatch.setattr(guarantee, "DRAWS", 40)
    monkeypatch.setattr(guarantee, "AT_ONCE", 7)
    i = world.bills[["client_id", "amount_cents", "issued_on", "written_off_on"]]
    cells = {}
    for client, cents, issued, gone in i.itertuples(index=False):
        for n, day in enumerate((issued, gone if cents > 0 else pd.NaT)):
            if day is not pd.NaT and day.year >= LAST - 9:
                month = (day.year - LAST + 9) * 12 + day.month - 1
                cells.setdefault(client, np.zeros((2, 120), dtype=int))[n, month] += cents
    clients = sorted(cells)
    random = np.random.default_rng(2026)
    starts = random.integers(0, 109, 40)
    ratios = []
    for start in starts:
        copies = random.multinomial(len(clients), [1 / len(clients)] * len(clients))
        sums = sum(n * cells[c][:, start:start + 12].sum(axis=1) for c, n in zip(clients, copies, strict=True))
        ratios.append(sums[1] / sums[0])
    volume = sum(cells[c][0, 108:].sum() for c in clients) / 100
    drawn = sorted(r * volume for r in ratios)
    expected = {"expected": np.mean(drawn), "var95": drawn[37], "es95": np.mean(drawn[37:])}
    lost = world.bills[(world.bills["written_off_on"].dt.year >= LAST - 9) & (world.bills["amount_cents"] > 0)]
    largest = lost.groupby("client_id")["amount_cents"].sum().sort_values()
    same(guarantee.loss_at_risk(simulated), [{
        "months": 12, **behind(lost), "billed": volume, **expected,
        **{f"{k}_ratio": v / volume for k, v in expected.items()},
        "top10": largest.tail(10).sum() / largest.sum()}])


def test_the_bad_year_of_one_client_is_the_bad_year_of_its_months(panels_of):
    """One client, 24 months billed 100 each, one loss in the last one: one of 13 windows holds it, 5 % is beyond."""
    contracts = [{"contract_id": 0, "start_on": MARCH, "end_on": MARCH}]
    months = [date(y, m, 1) for y in (2010, 2011) for m in range(1, 13)]
    invoices = bills(*(bill(d, 10_000, paid=d + 5 * DAY) for d in months[:-3]), bill(months[-2], 10_000),
                     bill(months[-1], 10_000, paid=months[-1]), bill(months[-3], 10_000, lost=months[-1]))
    found = guarantee.loss_at_risk(panels_of(contracts, (2010, 2011), invoices=invoices)).frame().iloc[0]
    assert found["var95_ratio"] == found["es95_ratio"] == pytest.approx(1 / 12)
    assert found["expected_ratio"] == pytest.approx(1 / 12 / 13, abs=3 * sqrt(12 / 13 / 13 / 999) / 12)
    assert (found["billed"], found["top10"], found["fewest"]) == (1200, 1, 1)


def test_without_a_loss_the_bad_year_costs_nothing(panels_of):
    invoices = [*bills(bill(MARCH, 1000, paid=MARCH + DAY)),
                {**bill(date(2009, 1, 1), 5, lost=date(2009, 6, 1)), "invoice_id": 9}]
    found = guarantee.loss_at_risk(panels_of(ONE, (2010, 2010), invoices=invoices)).frame().iloc[0]
    assert (found["expected"], found["var95"], found["es95"], found["fewest"]) == (0, 0, 0, 0)
    nothing = panels_of(ONE, (2011, 2011), invoices=invoices)
    assert guarantee.loss_at_risk(nothing).frame().empty


def test_the_tail_is_no_better_than_its_beginning(simulated):
    found = guarantee.loss_at_risk(simulated).frame().iloc[0]
    assert 0 < found["expected"] < found["var95"] <= found["es95"]


# -- S-44 ------------------------------------------------------------------------------------------------------

@pytest.fixture(scope="module")
def streams(world):
    """Per worker: pay by month as Smart paid, without what was lost, and as the clients paid; waiting, fee, losses."""
    i = world.debits.dropna(subset="contract_id")
    i = i[i["contract_start_on"].dt.year >= FIRST]
    i = i[i["settled_on"].notna().groupby(i["contract_id"]).transform("all") & (i["contract_paid_on"] <= END)]
    i = i.assign(whole=i.groupby("contract_id")["amount_cents"].transform("sum"))
    found = {}
    for worker, mine in i.groupby("worker_id"):
        w = found[worker] = SimpleNamespace(pay=({}, {}, {}), waiting=0, fee=0, lost=mine[mine["paid_on"].isna()])
        for v in mine.itertuples():
            start, share, lost = v.contract_start_on, v.amount_cents / v.whole, v.paid_on is pd.NaT
            part = real(v.contract_gross_cents, start.year, start.month) * share
            w.fee += real(v.whole, start.year, start.month) * share * FEE
            w.waiting += 0 if lost else part * 0.05 * max(days(v.paid_on, v.contract_paid_on), 0) / 365
            came = None if lost else max(v.paid_on, v.contract_end_on)
            for stream, day in zip(w.pay, (v.contract_paid_on, came and v.contract_paid_on, came), strict=True):
                if day is not None:
                    stream[day.year, day.month] = stream.get((day.year, day.month), 0) + part
    return found


def slow_value(streams, gamma, floor, replaces=False):
    """The row of one γ, worker by worker and month by month."""
    total = dict.fromkeys(("months", "pay", "value", "lost", "cover", "waiting", "fee"), 0.0)

    def certain(stream, months):
        paid = [max(x, floor) if replaces else x + floor for x in stream.values()]
        paid += [floor] * (months - len(paid))
        if gamma == 1:
            return exp(sum(map(log, paid)) / months)
        unit = floor or 1
        return unit * (sum((x / unit) ** (1 - gamma) for x in paid) / months) ** (1 / (1 - gamma))

    for w in streams.values():
        years = {year for stream in w.pay for year, _month in stream}
        months = 12 * (max(years) - min(years) + 1)
        smart, kept, client = (certain(s, months) * months for s in w.pay)
        pay, rest = (sum(s.values()) for s in w.pay[:2])
        each = {"months": months, "pay": pay, "lost": pay - rest, "value": smart - client, "cover": smart - kept,
                "waiting": w.waiting, "fee": w.fee}
        total = {k: v + each[k] for k, v in total.items()}
    t = {k: v / total["months"] * 12 for k, v in total.items()}
    fewest = behind(pd.concat([w.lost for w in streams.values()]))["fewest"]
    return {"gamma": gamma, "workers": len(streams), "fewest": fewest, "premium": t["cover"] - t["lost"],
            "timing": t["value"] - t["cover"], **{k: t[k] for k in ("pay", "value", "lost", "waiting", "fee")}}


def test_insurance_value(simulated, streams):
    same(guarantee.insurance_value(simulated), [slow_value(streams, g, 500) for g in (0, 1, 2, 4)], atol=1e-6)
    same(guarantee.insurance_value(simulated, floor=0), [slow_value(streams, 0, 0)], atol=1e-6)


def test_insurance_value_of_a_population_with_the_floor_in_the_place_of_pay(simulated, streams):
    among = set(simulated.population("P2").worker_id.execute())
    chosen = {worker: w for worker, w in streams.items() if worker in among}
    same(guarantee.insurance_value(simulated, "P2", floor=800, replaces=True),
         [slow_value(chosen, g, 800, True) for g in (0, 1, 2, 4)], atol=1e-6)


def steady(lost=(), late=0, cents=100_000, months=24):
    """A contract each month from January 2010, paid on its last day; the client is `late` days, or never pays."""
    firsts = [date(2010 + m // 12, m % 12 + 1, 10) for m in range(months)]
    contracts = [{"start_on": d, "end_on": d, "paid_on": d, "gross_cents": cents} for d in firsts]
    return contracts, bills(*(
        bill(d, 200_000, contract_id=n, **({"lost": d + 90 * DAY} if n in lost else {"paid": d + late * DAY}))
        for n, d in enumerate(firsts)))


def flat_prices(monkeypatch):
    monkeypatch.setattr(law, "health_index", lambda year, month: 100.0)


def test_steady_pay_without_default_needs_no_guarantee(panels_of, monkeypatch):
    """V-33."""
    flat_prices(monkeypatch)
    contracts, invoices = steady(late=15)
    found = guarantee.insurance_value(panels_of(contracts, (2010, 2012), invoices=invoices)).frame()
    assert found[["value", "lost", "premium", "timing"]].to_numpy() == pytest.approx(0, abs=1e-9)
    assert found["fee"].tolist() == pytest.approx([12 * 2000 * FEE] * 4)
    assert found["waiting"].tolist() == pytest.approx([12 * 1000 * 0.05 * 15 / 365] * 4)


@pytest.mark.parametrize("floor", [0, 500])
def test_who_fears_nothing_gains_what_would_have_been_lost(panels_of, monkeypatch, floor):
    """V-33: γ = 0."""
    flat_prices(monkeypatch)
    contracts, invoices = steady(lost={3, 8, 20})
    panels = panels_of(contracts, (2010, 2012), invoices=invoices)
    found = guarantee.insurance_value(panels, floor=floor).frame().iloc[0]
    assert (found["gamma"], found["value"], found["lost"]) == pytest.approx((0, 1500, 1500))


def test_steady_pay_with_defaults_is_worth_more_to_the_fearful(panels_of, monkeypatch):
    """V-33: increasing in γ; and the numbers of γ = 1 and 2 by hand."""
    flat_prices(monkeypatch)
    contracts, invoices = steady(lost={3, 8, 20})
    found = guarantee.insurance_value(panels_of(contracts, (2010, 2012), invoices=invoices)).frame()
    assert found["value"].is_monotonic_increasing and found["value"].is_unique
    assert found["value"].tolist()[1:3] == pytest.approx(
        [12 * (1500 - 1500 ** (21 / 24) * 500 ** (3 / 24)), 12 * (1500 - 24 / (21 / 1500 + 3 / 500))])
    assert found["premium"].tolist() == pytest.approx((found["value"] - 1500).tolist())
    assert found["timing"].tolist() == [0] * 4


def test_who_is_paid_in_one_lump_loses_nothing_of_the_mean_by_waiting(panels_of, monkeypatch):
    flat_prices(monkeypatch)
    contracts, invoices = steady(months=2, late=40)
    for n in (0, 1):
        contracts[n] |= dict.fromkeys(("start_on", "end_on", "paid_on"), date(2010, 1, 10))
    found = guarantee.insurance_value(panels_of(contracts, (2010, 2010), invoices=invoices)).frame()
    assert found["lost"].tolist() == [0] * 4 and found["value"].iloc[0] == pytest.approx(0, abs=1e-9)
    assert (found["timing"][1:] < 0).all()             # the late client spreads the burst over two months


def test_what_is_not_settled_is_in_no_stream_and_a_split_invoice_is_split(panels_of, monkeypatch):
    flat_prices(monkeypatch)
    contracts, invoices = steady(months=3)
    invoices[1] |= {"paid_on": None}                                     # open at the end
    invoices[2] |= {"amount_cents": 50_000, "paid_on": None, "written_off_on": date(2010, 8, 1)}
    invoices.append({**bill(date(2010, 3, 10), 150_000, contract_id=2, paid=date(2010, 4, 1)), "invoice_id": 3})
    found = guarantee.insurance_value(panels_of(contracts, (2010, 2010), invoices=invoices)).frame().iloc[0]
    assert (found["pay"], found["lost"], found["fee"]) == pytest.approx((2000, 250, 4000 * FEE))


# -- S-45 ------------------------------------------------------------------------------------------------------

@pytest.fixture(scope="module")
def ranked(simulated, world):
    """Pay per active year (whole cents) and decile of each worker; real billed and lost cents of each invoice."""
    y = simulated.worker_year.execute()
    pay = y.groupby("worker_id").agg(total=("real_cents", "sum"), years=("year", "nunique"))
    order = sorted((round(t / n), w) for w, t, n in zip(pay.index, pay["total"], pay["years"], strict=True))
    i = world.bills.copy()
    i["billed"] = [round(100 * real(c, d.year, d.month)) for c, d in
                   zip(i["amount_cents"], i["issued_on"], strict=True)]
    i["lost"] = i["billed"].where(i["written_off_on"].notna() & (i["amount_cents"] > 0), 0)
    i["decile"] = i["worker_id"].map({w: n * 10 // len(order) + 1 for n, (_pay, w) in enumerate(order)})
    return SimpleNamespace(order=order, invoices=i)


@pytest.mark.parametrize("group", ["profession", "sector", "decile"])
def test_transfers(simulated, ranked, group):
    i = ranked.invoices
    levy = 1000 * i["lost"].sum() / i["billed"].sum()
    rows = []
    for name, g in i.groupby(group):
        lost = 1000 * g["lost"].sum() / g["billed"].sum()
        rows.append({group: name, **behind(g[g["written_off_on"].notna() & (g["amount_cents"] > 0)]), "lost": lost,
                     "paid": levy, "net": lost - levy})
    same(guarantee.transfers(simulated, group), rows)


def test_what_some_receive_others_pay(simulated, ranked):
    net = guarantee.transfers(simulated, "decile").frame().set_index("decile")["net"]
    billed = ranked.invoices.groupby("decile")["billed"].sum()
    assert (net * billed).sum() == pytest.approx(0, abs=1e-3)


def gini_like(values):
    n = len(values)
    return 2 * sum(r * x for r, x in enumerate(values, 1)) / (n * sum(values)) - (n + 1) / n


def test_transfer_concentration(simulated, ranked, monkeypatch):
    monkeypatch.setattr(guarantee, "DRAWS", 25)
    i, order = ranked.invoices, ranked.order
    sums = i.groupby("worker_id")[["billed", "lost"]].sum()
    columns = [[p for p, _w in order], *([sums[c].get(w, 0) for _p, w in order] for c in ("billed", "lost"))]
    n = len(order)
    copies = np.random.default_rng(2026).multinomial(n, [1 / n] * n, 25)
    seen = [gini_like(c) for c in columns]
    drawn = np.array([[gini_like(np.repeat(c, w).astype(float)) for c in columns] for w in copies])
    fewest = behind(i[i["lost"] > 0])["fewest"]
    rows = []
    for k, name in enumerate(("pay", "billed", "lost", "transfer")):
        value, draws = (seen[k], drawn[:, k]) if k < 3 else (seen[1] - seen[2], drawn[:, 1] - drawn[:, 2])
        low, high = np.quantile(draws, [0.025, 0.975])
        rows.append({"of": name, "fewest": n if k < 2 else fewest, "index": value, "low": low, "high": high,
                     "kakwani": seen[k] - seen[0] if k in (1, 2) else np.nan})
    same(guarantee.transfer_concentration(simulated), rows)


def test_losses_of_the_poorest_and_of_the_richest(panels_of):
    """Five workers with pay 1 … 5, billed alike; the loss of one alone has index −(n − 1)/n or (n − 1)/n."""
    def found(loser):
        rows = [{"worker_id": w, "start_on": MARCH, "end_on": MARCH, "gross_cents": 1000 * w} for w in range(1, 6)]
        invoices = bills(*(bill(MARCH, 5000, contract_id=w - 1, paid=MARCH) for w in range(1, 6)),
                         bill(MARCH, 100, contract_id=loser - 1, lost=MARCH + 9 * DAY))
        panels = panels_of(rows, (2010, 2010), invoices=invoices)
        return guarantee.transfer_concentration(panels).frame().set_index("of")

    for loser, index in ((1, -0.8), (5, 0.8)):
        table = found(loser)
        assert table.loc["lost", "index"] == pytest.approx(index)
        assert table.loc["pay", "index"] == pytest.approx(gini_like([1, 2, 3, 4, 5]))
        assert table.loc["lost", "kakwani"] == pytest.approx(index - gini_like([1, 2, 3, 4, 5]))
        assert np.sign(table.loc["transfer", "index"]) == -np.sign(index)


# -- what is absent, and who may be seen -----------------------------------------------------------------------

WITHOUT_INVOICES = [payment.paid_before_client, payment.late_payment, payment.payment_survival,
                    payment.client_delay_gap, payment.payment_hazard, payment.client_credit, guarantee.exposure,
                    guarantee.exposure_by_year,
                    guarantee.losses, guarantee.losses_by, guarantee.loss_at_risk, guarantee.insurance_value,
                    guarantee.transfers, guarantee.transfer_concentration]


@pytest.mark.parametrize("measure", WITHOUT_INVOICES, ids=lambda m: m.__name__)
def test_without_invoices_the_measure_says_so(panels_of, measure):
    with pytest.raises(MissingData, match="invoices"):
        measure(panels_of(ONE))


@pytest.mark.parametrize(("measure", "column"), [
    (payment.pay_lag, "paid_on"), (guarantee.exposure, "paid_on"), (guarantee.losses, "written_off_on"),
    (payment.client_credit, "legal_form"), (guarantee.transfers, "profession")])
def test_a_column_that_is_not_recorded_is_named(panels_of, measure, column):
    contract = ONE if column in ("legal_form", "profession") else [{"start_on": MARCH, "end_on": MARCH}]
    lost = MARCH + DAY if column == "profession" else None
    with pytest.raises(MissingData, match=column):
        measure(panels_of(contract, invoices=bills(bill(MARCH, lost=lost))))


def test_without_activities_the_exposure_is_that_of_contracts(panels_of):
    found = guarantee.exposure(panels_of(ONE, (2010, 2010), invoices=bills(bill(MARCH)))).frame()
    assert set(found["part"]) == {"contracts"} and found["amount"].tolist()[-1] == pytest.approx(9.35)


def test_a_trait_that_nobody_has_is_an_error(simulated):
    with pytest.raises(StudyError):
        payment.late_payment(simulated, "legal_from")
    with pytest.raises(StudyError):
        guarantee.transfers(simulated, "decil")


def test_a_row_on_few_clients_is_withheld_however_many_workers_are_behind_it(panels_of):
    contracts = [{"worker_id": w, "client_id": 1, **ONE[0]} for w in range(30)]
    clients = [{"client_id": 1, "legal_form": "public", "size": "250+", "sector": "R"}]
    invoices = bills(*(bill(MARCH, paid=MARCH + 30 * DAY, contract_id=n) for n in range(29)),
                     bill(MARCH, lost=MARCH + 60 * DAY, contract_id=29))
    panels = panels_of(contracts, (2010, 2010), invoices=invoices, clients=clients)
    for measure in (payment.paid_before_client, payment.late_payment, payment.payment_survival, payment.client_credit,
                    guarantee.losses_by, guarantee.loss_at_risk, guarantee.losses, guarantee.exposure,
                    guarantee.exposure_by_year, guarantee.insurance_value):
        answer = measure(panels)
        frame = answer.frame()
        assert len(frame)
        table = protect(frame, answer.keys, answer.count, "confidential", guarded=True)
        assert table.suppressed == len(frame), measure.__name__


# -- what was planted ------------------------------------------------------------------------------------------

def at(folder):
    return Panels(Dataset("planted", str(folder), None, guarded=False), Scope("everywhere", FIRST, LAST))


@pytest.fixture(scope="module")
def worlds(tmp_path_factory):
    """Small worlds without late payers or couriers, where 5 % of invoices are never paid."""
    made = []
    for seed in seeds(3):
        folder = tmp_path_factory.mktemp("worlds") / f"w{seed}"
        simulate(400, seed, FIRST, LAST, folder, {"m12_share": "0", "courier_share": "0", "unpaid": "0.05"})
        made.append(at(folder))
    return made


@pytest.mark.parametrize(("contrast", "parameter"), [
    ("public clients", "effect_public_delay"), ("clients of 250 persons or more", "effect_size_delay")])
def test_the_planted_delay_lies_in_the_interval(worlds, contrast, parameter):
    planted = getattr(read_world(), parameter)
    found = pd.concat([payment.client_delay_gap(w).frame() for w in worlds])
    found = found[found["contrast"] == contrast]
    inside = (found["low"] <= planted) & (planted <= found["high"])
    assert len(found) == len(worlds) and mostly(inside), found
    assert ((found["gap"] - planted).abs() <= found["high"] - found["gap"] + 0.05).all(), found
    assert (found["clients"] > 3).all()


def test_open_invoices_of_public_clients_are_paid_less_often_and_those_of_large_ones_as_often(worlds):
    found = pd.concat([payment.payment_hazard(w).frame() for w in worlds]).set_index("trait")
    assert mostly((found.loc["public", "high"] < 0).tolist())
    assert mostly(((found.loc["large", "low"] <= 0) & (found.loc["large", "high"] >= 0)).tolist())


def test_the_planted_times_of_payment_and_losses_are_on_the_curve(worlds):
    """Of companies' invoices 5 % are never paid; the others wait 1 day and a lognormal number of whole days."""
    w = read_world()
    for panels in worlds:
        curve = payment.payment_survival(panels, "legal_form").frame()
        curve = curve[curve["legal_form"] == "company"].set_index("t")["unpaid"]
        i = payment.debits(payment.issued(panels))
        n = payment.with_client(panels, i, "legal_form").filter(lambda t: t.legal_form == "company").count().execute()
        for t in (7, 14, 28, 56, 357):
            late = 1 - NormalDist(log(w.payment_days), w.payment_sigma).cdf(log(t))
            truth = 0.05 + 0.95 * late
            assert curve[t] == pytest.approx(truth, abs=4 * sqrt(truth * (1 - truth) / n)), t


def part_of_the_shipped_world(folder, clients):
    """The shipped dataset with the contracts and invoices of some clients alone."""
    folder.mkdir()
    for path in SHIPPED.glob("*.parquet"):
        frame = pd.read_parquet(path)
        if path.stem in ("contracts", "invoices"):
            frame = frame[frame["client_id"].isin(clients)]
            if path.stem == "invoices":
                frame = frame[frame["contract_id"].notna()]
        frame.to_parquet(folder / path.name)
    return at(folder)


def test_late_payers_are_late(tmp_path):
    """M-12: 15 % never pay, the others e^1.4 times as late as the middle client."""
    flags, w = pd.read_parquet(SHIPPED / "flags"), read_world()
    late = set(flags.loc[(flags["entity"] == "client") & (flags["flag"] == "M-12"), "id"])
    found = payment.late_payment(part_of_the_shipped_world(tmp_path / "late", late)).frame()
    found = found[(found["clock"] == "issued") & (found["days"] == 60)]
    n = found["invoices"].sum()
    share = (found["share"] * found["invoices"]).sum() / n
    beyond = 1 - NormalDist(log(w.payment_days) + w.late_payer_delay, w.payment_sigma).cdf(log(60))
    truth = w.late_payer_unpaid + (1 - w.late_payer_unpaid) * beyond
    assert share == pytest.approx(truth, abs=4 * sqrt(truth * (1 - truth) / n))


def test_when_the_platform_failed_the_fund_paid_and_the_couriers_did_not_wait(tmp_path):
    """Take Eat Easy: nothing is paid after 25 July 2016, and every contract within seven working days."""
    panels = part_of_the_shipped_world(tmp_path / "failed", {1})
    assert (payment.pay_lag(panels).frame()["late"] == 0).all()
    known = payment.known_invoices(panels).execute()
    failed = pd.Timestamp(2016, 7, 25)
    assert pd.to_datetime(known["paid_on"]).max() <= failed
    losses = guarantee.losses(panels).frame().set_index(["clock", "year"])
    assert losses["ratio"]["issued", 2016] > 3 * losses["ratio"]["issued", 2015]
    assert losses["lost"]["written off", 2017] > 0 and np.isnan(losses["ratio"]["written off", 2017])
    others = guarantee.losses(panels.without_couriers()).frame()
    assert others.empty or others["billed"].sum() < 1
    exposure = guarantee.exposure(panels).frame().set_index(["part", "month"])["amount"]
    assert exposure["contracts", 2016 * 12 + 6] > exposure["contracts", 2018 * 12 + 11] == 0
