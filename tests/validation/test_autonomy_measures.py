"""Autonomy, time and projects: every measure equals a slow one, gives known answers, and finds what was planted."""

from collections import Counter, defaultdict, deque
from datetime import date, timedelta
from math import log, sqrt
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from dateutil.easter import easter
from expected import same, seeds

from analysis import law
from analysis.datasets import Dataset
from analysis.errors import MissingData
from analysis.measures import projects, working_time
from analysis.panels import Panels
from analysis.schema import TABLES
from analysis.scope import Scope
from data_synthetic.simulate import simulate

FIRST, LAST = 2001, 2020
YEARS = range(FIRST, LAST + 1)
DAY = timedelta(days=1)
FEE = 65                    # thousandths
QUARTERS = {"p25": 25, "median": 50, "p75": 75}
END = date(LAST, 12, 31)


# -- an independent reading of the dataset ---------------------------------------------------------------------

@pytest.fixture(scope="module")
def world(simulated):
    """The same world read with pandas; dates are Python's."""
    w = SimpleNamespace()
    for name in ("workers", "contracts", "activities", "invoices", "expenses"):
        frame = pd.read_parquet(f"{simulated.dataset.location}/{name}.parquet")
        for column in (c.name for c in TABLES[name].columns if c.type == "date"):
            days = pd.to_datetime(frame[column])
            frame[column] = [None if pd.isna(d) else d.date() for d in days]
        setattr(w, name, frame)
    w.trade = w.workers.set_index("worker_id")["profession"].to_dict()
    c = w.contracts
    c["year"] = [d.year for d in c["start_on"]]
    w.owner = w.activities.set_index("activity_id")["owner_id"].to_dict()
    w.active = set(c["worker_id"])
    w.months = defaultdict(set)
    for row in c.itertuples():
        for month in pd.period_range(row.start_on, row.end_on, freq="M"):
            if month.year in YEARS:
                w.months[int(row.worker_id), month.year].add(month.month)
    w.years = defaultdict(set)
    for worker, year in w.months:
        w.years[worker].add(year)
    return w


def located(world):
    """(worker, client, day, hundredths of a declared day)."""
    rows = []
    for c in world.contracts.itertuples():
        x, client = round(100 * c.days), None if np.isnan(c.client_id) else int(c.client_id)
        if c.start_on == c.end_on:
            rows.append((int(c.worker_id), client, c.start_on, x))
        elif c.end_on - c.start_on == DAY:
            rows += [(int(c.worker_id), client, c.start_on, x // 2), (int(c.worker_id), client, c.end_on, x - x // 2)]
    return [r for r in rows if r[2].year in YEARS]


def is_holiday(day):
    fixed = {(1, 1), (5, 1), (7, 21), (8, 15), (11, 1), (11, 11), (12, 25)}
    return (day.month, day.day) in fixed or (day - easter(day.year)).days in (1, 39, 50)


def grouped(rows, *keys):
    """The rows (dicts) in lists by the values of `keys`."""
    groups = defaultdict(list)
    for row in rows:
        groups[tuple(row[k] for k in keys)].append(row)
    return groups


# -- the days of the week (A-20) -------------------------------------------------------------------------------

def test_legal_holidays_follow_their_rule():
    table = law.table("legal_holidays")
    for row in table.itertuples():
        day = row.date.date()
        assert is_holiday(day)
        if row.rule != "fixed":
            assert row.rule == f"Easter Sunday + {(day - easter(day.year)).days}"
    assert set(table.groupby(table["date"].dt.year).size()) == {law.rate("legal_holidays")}
    assert table["date"].dt.year.nunique() == 25


def test_unsocial_days(simulated, world):
    def row(days, everything):
        total = sum(x for *_, x in days)
        kinds = {"sunday": lambda d: d.weekday() == 6, "weekend": lambda d: d.weekday() > 4, "holiday": is_holiday,
                 "unsocial": lambda d: d.weekday() > 4 or is_holiday(d)}
        return {"workers": len({d[0] for d in days}), "days": total / 100, "located": total / everything,
                **{k: sum(x for *_, d, x in days if test(d)) / total for k, test in kinds.items()}}

    declared = Counter()
    for c in world.contracts.itertuples():
        x, length = round(100 * c.days), (c.end_on - c.start_on).days + 1
        for n in range(length):
            part = x * (n + 1) // length - x * n // length
            year = (c.start_on + n * DAY).year
            declared[year] += part
            declared[year, world.trade[c.worker_id]] += part
    days = located(world)
    same(working_time.unsocial_days(simulated), [
        {"year": y, **row([d for d in days if d[2].year == y], declared[y])} for y in YEARS])
    groups = defaultdict(list)
    for d in days:
        groups[d[2].year, world.trade[d[0]]].append(d)
    same(working_time.unsocial_days(simulated, "profession"), [
        {"year": y, "profession": p, **row(f, declared[y, p])} for (y, p), f in groups.items() if p])


def test_weekends_same_trades(simulated, world):
    cells, weight = defaultdict(lambda: defaultdict(lambda: np.zeros(2))), Counter()
    for worker, _, day, x in located(world):
        if p := world.trade[worker]:
            cells[day.year, p][worker] += (x, x * (day.weekday() > 4))
            weight[p] += x
    rows = []
    for y in YEARS:
        here = {p: np.array(list(people.values())) for (year, p), people in cells.items() if year == y}
        shares = {p: d[:, 1].sum() / d[:, 0].sum() for p, d in here.items()}
        # The variance of a ratio, by the residuals of its workers.
        variance = {p: len(d) * np.var(d[:, 1] - shares[p] * d[:, 0], ddof=1) / d[:, 0].sum()**2 if len(d) > 1 else 0.25
                    for p, d in here.items()}
        w = np.array([weight[p] for p in here]) / sum(weight[p] for p in here)
        rows.append({"year": y, "workers": sum(map(len, here.values())), "adjusted": w @ list(shares.values()),
                     "weekend": np.divide(*sum(d.sum(axis=0) for d in here.values())[::-1]),
                     "error": sqrt(w**2 @ list(variance.values()))})
    same(working_time.weekends_same_trades(simulated), rows)


def on(day, length=1, days=None, **more):
    end = day + (length - 1) * DAY
    return {"start_on": day, "end_on": end, "days": float(length if days is None else days), **more}


def test_which_days_short_contracts_tell(panels_of):
    rows = [on(date(2010, 6, 6)),                            # a Sunday
            on(date(2010, 6, 11), 2, days=1),                # Friday and Saturday, half a day each
            on(date(2010, 6, 14), 3),                        # too long to tell
            on(date(2010, 12, 31), 2)]                       # Friday, and a Saturday that is New Year
    found = working_time.unsocial_days(panels_of(rows)).frame().set_index("year")
    assert found.loc[2010, ["days", "sunday", "weekend", "holiday", "unsocial"]].tolist() == pytest.approx(
        [3, 1 / 3, 1 / 2, 0, 1 / 2])
    assert found.loc[2010, "located"] == pytest.approx(3 / 6)
    assert found.loc[2011, ["days", "weekend", "holiday", "unsocial"]].tolist() == [1, 1, 1, 1]


def test_two_holidays_on_one_day_are_one(panels_of):
    panels = panels_of([on(date(2008, 5, 1)), on(date(2008, 5, 2))], (2008, 2008))
    assert working_time.unsocial_days(panels).frame()["holiday"].tolist() == [0.5]


def test_holidays_of_a_year_that_is_not_in_the_table_are_not_told(panels_of):
    found = working_time.unsocial_days(panels_of([on(date(2000, 5, 1)), on(date(2001, 5, 1))], (2000, 2001))).frame()
    assert found["holiday"].isna().tolist() == found["unsocial"].isna().tolist() == [True, False]
    assert found["weekend"].tolist() == [0, 0]


def test_trades_that_change_move_the_raw_share_and_not_the_adjusted(panels_of):
    saturday, monday = date(2010, 6, 5), date(2011, 6, 6)
    shift = 364 * DAY
    rows = [*[on(saturday, worker_id=1)] * 3, on(saturday + 2 * DAY, worker_id=2),
            on(saturday + shift, worker_id=1), *[on(monday, worker_id=2)] * 3]
    workers = [{"worker_id": 1, "profession": "musician"}, {"worker_id": 2, "profession": "developer"}]
    found = working_time.weekends_same_trades(panels_of(rows, (2010, 2011), workers=workers)).frame()
    assert found["weekend"].tolist() == [0.75, 0.25]
    assert found["adjusted"].tolist() == [0.5, 0.5]


# -- weeks (A-21) ----------------------------------------------------------------------------------------------

def weeks_of(world):
    """{worker: {(ISO year, ISO week): hundredths of a day}}, calendar day after calendar day."""
    sums = defaultdict(Counter)
    for c in world.contracts.itertuples():
        x, length = round(100 * c.days), (c.end_on - c.start_on).days + 1
        for n in range(length):
            # Floors of running totals telescope, so that the days of a week add up to its share.
            sums[int(c.worker_id)][tuple((c.start_on + n * DAY).isocalendar())[:2]] += (
                x * (n + 1) // length - x * n // length)
    return sums


def bunching(x):
    x = np.sort(np.asarray(x, dtype=float))
    return {"cv": x.std(ddof=1) / x.mean(), "busiest": x[-8:].sum() / x.sum(),
            "gini": np.abs(x[:, None] - x).mean() / (2 * x.mean())}


def test_concentration(simulated, world):
    rows = []
    for worker, sums in weeks_of(world).items():
        for year in world.years[worker]:
            inside = min(world.years[worker]) < year < max(world.years[worker])
            if inside and len(world.months[worker, year]) >= 3:
                n = date(year, 12, 28).isocalendar()[1]
                rows.append({"year": year, "profession": world.trade[worker],
                             **bunching([sums[year, k] for k in range(1, n + 1)])})
    def row(f):
        return {"workers": len(f), **{k: np.median([r[k] for r in f]) for k in ("cv", "busiest", "gini")}}

    same(working_time.concentration(simulated), [{"year": y, **row(f)} for (y,), f in grouped(rows, "year").items()])
    same(working_time.concentration(simulated, by="profession"), [
        {"year": y, "profession": p, **row(f)} for (y, p), f in grouped(rows, "year", "profession").items() if p])


def year_between(rows):
    """`rows` of 2010, with work in the years before and after."""
    return [on(date(2009, 6, 1)), *rows, on(date(2011, 6, 1))]


@pytest.mark.parametrize(("rows", "expected"), [
    ([on(date(2010, 1, 4) + 7 * n * DAY) for n in range(52)], {"cv": 0, "busiest": 8 / 52, "gini": 0}),
    ([on(date(2010, 1, 4), 364, 104)], {"cv": 0, "busiest": 8 / 52, "gini": 0}),
    ([on(date(2010, 2, 1)), *[on(date(2010, m, 1), days=1e-9) for m in (3, 4)]],
     {"cv": sqrt(52), "busiest": 1, "gini": 51 / 52})], ids=["every Monday", "one long contract", "one week"])
def test_even_and_bunched_years(panels_of, rows, expected):
    found = working_time.concentration(panels_of(year_between(rows), (2009, 2011))).frame()
    assert found[["year", "workers"]].to_numpy().tolist() == [[2010, 1]]
    assert found[list(expected)].iloc[0].to_dict() == pytest.approx(expected, abs=1e-9)


# -- regularity (A-22) -----------------------------------------------------------------------------------------

def test_regularity(simulated, world):
    matches = defaultdict(set)
    for worker, client, day, _ in located(world):
        if client is not None:
            matches[worker, client, day.year].add(day)
    rows = []
    for (worker, _, year), days in matches.items():
        if len(days) >= 20:
            p = np.array(list(Counter(d.weekday() for d in days).values())) / len(days)
            x = np.array([(min(days) + n * DAY) in days for n in range((max(days) - min(days)).days + 1)], dtype=float)
            e = x - x.mean()
            rows.append({"year": year, "profession": world.trade[worker], "worker": worker,
                         "entropy": -(p * np.log(p)).sum() / log(7), "one_weekday": p.max() >= 0.8,
                         "weekly": (e[7:] * e[:-7]).sum() / (e * e).sum()})

    def row(f):
        return {"workers": len({r["worker"] for r in f}), "matches": len(f),
                "entropy": np.median([r["entropy"] for r in f]), "weekly": np.median([r["weekly"] for r in f]),
                "one_weekday": np.mean([r["one_weekday"] for r in f])}

    same(working_time.regularity(simulated), [{"year": y, **row(f)} for (y,), f in grouped(rows, "year").items()])
    same(working_time.regularity(simulated, by="profession"), [
        {"year": y, "profession": p, **row(f)} for (y, p), f in grouped(rows, "year", "profession").items() if p])


TUESDAY = date(2010, 1, 5)


def test_a_weekly_class_and_an_office_week(panels_of):
    weekly = [on(TUESDAY + 7 * n * DAY) for n in range(40)]
    office = [on(TUESDAY + n * DAY, client_id=2) for n in range(182) if (TUESDAY + n * DAY).weekday() < 5]
    found = working_time.regularity(panels_of(weekly)).frame().iloc[0]
    assert (found["entropy"], found["one_weekday"]) == (0, 1) and found["weekly"] > 0.95
    found = working_time.regularity(panels_of(office)).frame().iloc[0]
    assert found["entropy"] == pytest.approx(log(5) / log(7), abs=1e-4) and found["weekly"] > 0.9
    found = working_time.regularity(panels_of(weekly + office)).frame().iloc[0]
    assert (found["workers"], found["matches"], found["one_weekday"]) == (1, 2, 0.5)


def test_few_days_and_overlaps_make_no_pattern(panels_of):
    nineteen = [on(TUESDAY + 7 * n * DAY) for n in range(19)]
    assert working_time.regularity(panels_of([*nineteen, nineteen[0]])).frame().empty
    through = panels_of([on(TUESDAY + n * DAY) for n in range(25)])
    assert working_time.regularity(through).frame()["weekly"].isna().tolist() == [True]     # never a day without work


# -- notice (A-23) ---------------------------------------------------------------------------------------------

def test_notice(simulated, world):
    c = world.contracts[world.contracts["created_on"].notna()]
    c = c.assign(notice=[(s - k).days for s, k in zip(c["start_on"], c["created_on"], strict=True)],
                 profession=c["worker_id"].map(world.trade),
                 buyer=np.where(c["client_id"].notna(), "client", "Activity"))

    def row(f):
        n = f["notice"]
        return {"workers": f["worker_id"].nunique(), "contracts": len(f), "p25": np.percentile(n, 25),
                "median": np.median(n), "p75": np.percentile(n, 75), "retroactive": np.mean(n < 0),
                "week_ahead": np.mean(n > 6)}

    same(working_time.notice(simulated), [{"year": y, **row(f)} for y, f in c.groupby("year")])
    same(working_time.notice(simulated, "profession"), [
        {"year": y, "profession": p, **row(f)} for (y, p), f in c.groupby(["year", "profession"])])
    same(working_time.notice_by_buyer(simulated), [
        {"year": y, "buyer": b, **row(f)} for (y, b), f in c.groupby(["year", "buyer"])])


def test_entered_on_the_day_is_not_retroactive(panels_of):
    day = date(2010, 6, 8)
    rows = [on(day, created_on=day - n * DAY) for n in (7, 6, 0, -1)] + [on(day)]
    found = working_time.notice(panels_of(rows)).frame().iloc[0]
    assert found[["contracts", "median", "retroactive", "week_ahead"]].tolist() == [4, 3, 0.25, 0.25]


# -- pauses (A-24) ---------------------------------------------------------------------------------------------

def real(cents, year, month):
    return cents * np.mean([law.health_index(LAST, m) for m in range(1, 13)]) / law.health_index(year, month)


def pauses_of(world):
    payee = world.contracts.set_index("contract_id")["worker_id"].to_dict()
    billed = defaultdict(Counter)
    for i in world.invoices.itertuples():
        worker = payee[i.contract_id] if not np.isnan(i.contract_id) else world.owner[i.activity_id]
        if worker in world.active and i.issued_on.year in YEARS:
            billed[int(worker)][i.issued_on.year, i.issued_on.month] += i.amount_cents
    rows = []
    for worker, f in world.contracts.groupby("worker_id"):
        x = {m: real(v, *m) for m, v in billed[worker].items()}
        if len(x) < 8:
            continue
        low, high = np.percentile(list(x.values()), [25, 75])
        months = [(y, m) for y in world.years[worker] for m in world.months[worker, y]]
        usual = {"usual_high": np.mean([x.get(m, 0) > high for m in months]),
                 "usual_low": np.mean([x.get(m, 0) < low for m in months])}
        until = None
        for start, end in sorted(zip(f["start_on"], f["end_on"], strict=True)):
            if until and (start - until).days > 30:
                before = x.get((until.year, until.month), 0)
                rows.append({"worker": worker, "year": until.year, "profession": world.trade[worker],
                             "tool": "with an Activity" if worker in world.owner.values() else "contracts alone",
                             "after_high": before > high, "after_low": before < low, **usual})
            until = max(end, until or end)
    return rows


def test_chosen_pauses(simulated, world):
    rows = pauses_of(world)

    def row(f):
        shares = ("after_high", "after_low", "usual_high", "usual_low")
        return {"workers": len({r["worker"] for r in f}), "pauses": len(f),
                **{k: np.mean([r[k] for r in f]) for k in shares}}

    same(working_time.chosen_pauses(simulated), [{"tool": t, **row(f)} for (t,), f in grouped(rows, "tool").items()])
    same(working_time.chosen_pauses_by_year(simulated), [
        {"year": y, **row(f)} for (y,), f in grouped(rows, "year").items()])
    same(working_time.chosen_pauses_by_year(simulated, "profession"), [
        {"year": y, "profession": p, **row(f)} for (y, p), f in grouped(rows, "year", "profession").items() if p])


def bill(n, issued_on, cents, **what):
    return {"invoice_id": n, "client_id": 1, "issued_on": issued_on, "due_on": issued_on, "amount_cents": cents, **what}


def test_a_pause_begins_after_thirty_days_and_is_set_against_all_months(panels_of, monkeypatch):
    monkeypatch.setattr(law, "health_index", lambda year, month: 100.0)
    # Work day by day, but silent for 30 days after 3 March, for 29 after 1 June, and for 58 after 3 August.
    days = [*(date(2010, 1, 1) + n * DAY for n in range(62)), *(date(2010, 4, 3) + n * DAY for n in range(60)),
            *(date(2010, 7, 1) + n * DAY for n in range(34)), *(date(2010, 10, 1) + n * DAY for n in range(92))]
    rows = [on(d) for d in days]
    bills = [bill(m, date(2010, m, 2), c, contract_id=0)
             for m, c in zip((1, 2, 3, 4, 5, 6, 7, 8, 10), (50, 50, 900, 50, 50, 50, 50, 1, 50), strict=True)]
    found = working_time.chosen_pauses(panels_of(rows, clients=[{"client_id": 1}], invoices=bills)).frame().iloc[0]
    # Eleven months with work; nothing is billed in November and December.
    assert found["tool"] == "contracts alone"
    assert found[["workers", "pauses", "after_high", "after_low"]].tolist() == [1, 2, 0.5, 0.5]
    assert found[["usual_high", "usual_low"]].tolist() == pytest.approx([1 / 11, 3 / 11])


def test_few_bills_have_no_quarters_and_no_return_is_no_pause(panels_of):
    days = [date(2010, m, 1) for m in range(1, 8)] + [date(2010, 12, 1)]
    bills = [bill(n, d, 100 + n, contract_id=0) for n, d in enumerate(days)]
    clients = [{"client_id": 1}]
    assert working_time.chosen_pauses(
        panels_of([on(d) for d in days], clients=clients, invoices=bills[:7])).frame().empty
    found = working_time.chosen_pauses(panels_of([on(d) for d in days], clients=clients, invoices=bills)).frame()
    # 27 days lie between February and March, 29 after a month of 30 days, and nothing follows 1 December.
    assert found["pauses"].tolist() == [4]


# -- the use of Activities (A-30) ------------------------------------------------------------------------------

def test_activity_use(simulated, world):
    c = world.contracts.assign(own=world.contracts["activity_id"].notna(),
                               profession=world.contracts["worker_id"].map(world.trade))

    def row(f):
        of = f.groupby("worker_id")["own"]
        return {"workers": f["worker_id"].nunique(), "some": of.any().mean(), "only": of.all().mean(),
                "share_of_pay": f.loc[f["own"], "gross_cents"].sum() / f["gross_cents"].sum()}

    same(projects.activity_use(simulated), [{"year": y, **row(f)} for y, f in c.groupby("year")])
    same(projects.activity_use(simulated, "profession"), [
        {"year": y, "profession": p, **row(f)} for (y, p), f in c.groupby(["year", "profession"])])


def test_use_by_owners(simulated, world):
    a = world.activities.groupby("owner_id")
    opened = a["opened_on"].min().to_dict()
    closed = {o: max(END if d is None else d for d in f["closed_on"]) for o, f in a}
    c = world.contracts[[w in opened and opened[w] <= d <= closed[w]
                         for w, d in zip(world.contracts["worker_id"], world.contracts["start_on"], strict=True)]]
    own = c["activity_id"].notna()
    same(projects.use_by_owners(simulated), [
        {"year": y, "workers": f["worker_id"].nunique(), "share_of_contracts": own[f.index].mean(),
         "share_of_pay": f.loc[own[f.index], "gross_cents"].sum() / f["gross_cents"].sum()}
        for y, f in c.groupby("year")])


# -- balances (A-31, V-32) -------------------------------------------------------------------------------------

def flows_of(world):
    """(owner, account, day, rank, cents): what comes in (rank −1) and goes out (pay 0, purchase 1, credit note 2)."""
    rows = []
    for i in world.invoices.dropna(subset=["activity_id"]).itertuples():
        rows.append((i.activity_id, i.issued_on, -1 if i.amount_cents >= 0 else 2, abs(int(i.amount_cents))))
    for c in world.contracts.dropna(subset=["activity_id"]).itertuples():
        rows.append((c.activity_id, c.start_on, 0, int(c.employer_cost_cents) + int(c.expenses_cents)))
    for e in world.expenses.itertuples():
        rows.append((e.activity_id, e.booked_on, 1, int(e.amount_cents)))
    return [(world.owner[a], a, *rest) for a, *rest in rows if world.owner[a] in world.active and rest[0] <= END]


def balance_of(flows, year):
    value = {-1: 1000 - FEE, 0: -1000, 1: -1000, 2: FEE - 1000}
    return sum(value[rank] * cents for _, _, day, rank, cents in flows if day.year <= year) / 100_000


def yearly_cost(world):
    """{(worker, year): employer cost in cents}, each contract by cumulative floor over its calendar days."""
    cost = Counter()
    for c in world.contracts.itertuples():
        length, x, before = (c.end_on - c.start_on).days + 1, int(c.employer_cost_cents), 0
        for year in range(c.start_on.year, c.end_on.year + 1):
            until = min((date(year, 12, 31) - c.start_on).days + 1, length)
            cost[int(c.worker_id), year] += x * until // length - x * before // length
            before = until
    return cost


def test_buffer(simulated, world):
    flows, cost, rows = flows_of(world), yearly_cost(world), []
    for (owner,), its in grouped([{"owner": f[0], "flow": f} for f in flows], "owner").items():
        for year in world.years[owner]:
            held = balance_of([f["flow"] for f in its], year)
            monthly = cost[owner, year] / 100 / len(world.months[owner, year])
            rows.append({"year": year, "profession": world.trade[owner], "held": held, "months": held / monthly})

    def row(f):
        months = np.array([r["months"] for r in f])
        return {"workers": len(f), **{n: np.percentile(months, q) for n, q in QUARTERS.items()},
                "overdrawn": np.mean([r["held"] < -1e-6 for r in f]), "one_month": np.mean(months >= 1),
                "three_months": np.mean(months >= 3)}

    # An owner without any flow has work, and nothing on the account.
    idle = {o for o in world.activities["owner_id"] if o in world.active} - {f[0] for f in flows}
    rows += [{"year": y, "profession": world.trade[o], "held": 0, "months": 0} for o in idle for y in world.years[o]]
    same(projects.buffer(simulated), [{"year": y, **row(f)} for (y,), f in grouped(rows, "year").items()])
    same(projects.buffer(simulated, "profession"), [
        {"year": y, "profession": p, **row(f)} for (y, p), f in grouped(rows, "year", "profession").items() if p])


def test_what_is_billed_is_pay_fee_purchases_and_the_rest(simulated, world):
    """V-32, over all accounts: to a cent."""
    flows = flows_of(world)
    total = {rank: sum(f[4] for f in flows if f[3] == rank) for rank in (-1, 0, 1, 2)}
    last = projects.balances(simulated).execute().sort_values("year").groupby("owner")["balance"].last()
    billed = (total[-1] - total[2]) / 100
    assert billed == pytest.approx(total[0] / 100 + billed * FEE / 1000 + total[1] / 100 + last.sum(), abs=0.01)


ACCOUNT = [{"activity_id": 3, "owner_id": 1, "opened_on": date(2009, 1, 1)}]


def account(contracts, bills, purchases=()):
    """Tables of one Activity of worker 1, without clients of contracts."""
    contracts = [{"activity_id": 3, "employer_cost_cents": 0, **row} for row in contracts]
    bills = [bill(n, d, cents, activity_id=3) for n, (d, cents) in enumerate(bills)]
    bought = [{"expense_id": n, "activity_id": 3, "booked_on": d, "kind": kind, "amount_cents": cents}
              for n, (d, kind, cents) in enumerate(purchases)]
    given = {"clients": [{"client_id": 1}], "activities": ACCOUNT, "invoices": bills, "expenses": bought}
    return contracts, given


def test_a_buffer_in_months_of_what_pay_costs(panels_of):
    contracts, tables = account(
        [on(date(2010, 1, 4), employer_cost_cents=30_000, expenses_cents=3_500),
         on(date(2010, 5, 4), employer_cost_cents=10_000)],
        [(date(2009, 12, 1), 100_000), (date(2011, 1, 1), 77_000)], [(date(2010, 3, 1), "training", 10_000)])
    found = projects.buffer(panels_of(contracts, (2010, 2010), **tables)).frame()
    # 935 − 300 − 35 − 100 − 100 = 400 EUR are left, and a month with work costs 200.
    assert found[["year", "workers", "median", "one_month", "three_months", "overdrawn"]].to_numpy().tolist() == [
        [2010, 1, 2, 1, 0, 0]]


# -- purchases (A-32) ------------------------------------------------------------------------------------------

def net_invoiced(world):
    i = world.invoices.dropna(subset=["activity_id"])
    i = i.assign(owner=i["activity_id"].map(world.owner), year=[d.year for d in i["issued_on"]])
    i = i[i["owner"].isin(world.active) & i["year"].isin(YEARS)]
    return i.assign(profession=i["owner"].map(world.trade), net=i["amount_cents"] * (1 - FEE / 1000))


def test_purchases(simulated, world):
    e = world.expenses.assign(owner=world.expenses["activity_id"].map(world.owner),
                              year=[d.year for d in world.expenses["booked_on"]])
    e = e[e["owner"].isin(world.active) & e["year"].isin(YEARS)]
    e = e.assign(profession=e["owner"].map(world.trade))
    own = e[e["kind"].isin(["equipment", "training", "subcontract"])]
    i = net_invoiced(world)
    net, owners = i.groupby("year")["net"].sum(), i.groupby("year")["owner"].nunique()
    rows = [{"kind": k, "year": y, "workers": f["owner"].nunique(), "rate": f["amount_cents"].sum() / net[y],
             "buyers": f["owner"].nunique() / owners[y]} for (k, y), f in e.groupby(["kind", "year"])]
    same(projects.purchases(simulated), rows)
    net, owners = i.groupby("profession")["net"].sum(), i.groupby("profession")["owner"].nunique()
    same(projects.self_investment(simulated), [
        {"profession": p, "workers": f["owner"].nunique(), "rate": f["amount_cents"].sum() / net[p],
         "buyers": f["owner"].nunique() / owners[p]} for p, f in own.groupby("profession")])


# -- shared accounts (A-33) ------------------------------------------------------------------------------------

def test_shared_accounts(simulated, world):
    c = world.contracts.dropna(subset=["activity_id"])
    c = c.assign(owner=c["activity_id"].map(world.owner))
    c = c[c["owner"].isin(world.active)]
    rows = []
    for year, f in c.groupby("year"):
        paid = f.groupby("activity_id")["worker_id"].nunique()
        g = f[f["activity_id"].isin(paid.index[paid > 1])]
        if len(g):
            gross, others = g["gross_cents"].sum(), g.loc[g["worker_id"] != g["owner"], "gross_cents"].sum()
            rows.append({"year": year, "workers": g["worker_id"].nunique(), "share": (paid > 1).mean(),
                         "to_others": others / gross, "share_of_pay": gross / f["gross_cents"].sum()})
    same(projects.shared_accounts(simulated), rows)


def test_a_team_is_counted_whole_in_the_scope_of_its_owner(panels_of):
    contracts, tables = account([on(date(2010, 1, 4), gross_cents=300), *(
        on(date(year, 5, 4), gross_cents=100, worker_id=2) for year in (2010, 2011))], [])
    homes = [{"worker_id": 1, "home_nis": "21001"}, {"worker_id": 2, "home_nis": "62063"}]
    panels = panels_of(contracts, region="brussels", workers=homes, **tables)
    found = projects.shared_accounts(panels).frame()
    assert found[["year", "workers", "share", "share_of_pay", "to_others"]].to_numpy().tolist() == [
        [2010, 2, 1, 1, 0.25]]


# -- own pace (A-34) -------------------------------------------------------------------------------------------

def queue(flows):
    """(owner, year of the pay, lag, money) of one account: a queue of invoices, the oldest spent first."""
    kept = {-1: 1000 - FEE, 0: 1000, 1: 1000, 2: 1000 - FEE}
    waiting, out = deque(), []
    for _, _, day, rank, cents in sorted((f for f in flows if f[3] == -1), key=lambda f: f[2]):
        waiting.append([day, cents * kept[rank]])
    for owner, _, day, rank, cents in sorted((f for f in flows if f[3] >= 0), key=lambda f: (f[2], f[3])):
        left = cents * kept[rank]
        while left and waiting:
            taken = min(left, waiting[0][1])
            if rank == 0 and taken:
                out.append((owner, day.year, (day - waiting[0][0]).days, taken))
            left -= taken
            waiting[0][1] -= taken
            if not waiting[0][1]:
                waiting.popleft()
    return out


def test_own_pace(simulated, world):
    accounts, parts = defaultdict(list), defaultdict(list)
    for f in flows_of(world):
        accounts[f[1]].append(f)
    for flows in accounts.values():
        for owner, year, lag, money in queue(flows):
            parts[owner, year].append((lag, money))
    rows = []
    for (owner, year), found in parts.items():
        lag, money = np.array(found, dtype=float).T
        mean = np.average(lag, weights=money)
        rows.append({"year": year, "profession": world.trade[owner], "lag": mean,
                     "spread": sqrt(np.average((lag - mean) ** 2, weights=money)),
                     "slow": np.average(lag > 90, weights=money)})

    def row(f):
        lags = [r["lag"] for r in f]
        return {"workers": len(f), **{n: np.percentile(lags, q) for n, q in QUARTERS.items()},
                "spread": np.median([r["spread"] for r in f]), "slow": np.mean([r["slow"] for r in f])}

    pd.testing.assert_frame_equal(      # the root of a difference of squares has fewer digits
        projects.own_pace(simulated).frame(),
        pd.DataFrame([{"year": y, **row(f)} for (y,), f in sorted(grouped(rows, "year").items())]),
        check_dtype=False, rtol=1e-6, check_like=True)
    found = projects.own_pace(simulated, "profession").frame().set_index(["year", "profession"])
    for (y, p), f in grouped(rows, "year", "profession").items():
        assert p is None or found.loc[(y, p)].to_dict() == pytest.approx(row(f), rel=1e-6, abs=1e-6)


def pace(panels_of, contracts, bills, purchases=()):
    contracts, tables = account(contracts, bills, purchases)
    found = projects.converted(panels_of(contracts, **tables)).execute()
    money = found["weight"] / projects.IN_NET
    return sorted(zip(found["lag"], [round(m, 6) for m in money], strict=True))


START = date(2010, 1, 1)


def test_the_oldest_invoice_is_spent_first(panels_of):
    paid = [on(START + 20 * DAY, employer_cost_cents=1_000), on(START + 50 * DAY, employer_cost_cents=600)]
    bills = [(START, 1_000), (START + 10 * DAY, 1_000)]
    assert pace(panels_of, paid, bills) == [(10, 65), (20, 935), (40, 600)]
    # A purchase and a credit note (net of its fee) take the money of the older invoice before the second pay does.
    bought = [(START + 30 * DAY, "rent", 400)]
    assert pace(panels_of, paid, bills, bought) == [(10, 65), (20, 935), (40, 470)]
    assert pace(panels_of, paid, [*bills, (START + 30 * DAY, -400)]) == [(10, 65), (20, 935), (40, 496)]


def test_pay_before_the_invoice_has_a_negative_lag_and_no_invoice_has_none(panels_of):
    paid = [on(START, employer_cost_cents=900), on(START + 5 * DAY, employer_cost_cents=100)]
    assert pace(panels_of, paid, [(START + 8 * DAY, 1_000)]) == [(-8, 900), (-3, 35)]


# -- exits (A-50) ----------------------------------------------------------------------------------------------

def stops_of(world):
    rows = []
    for worker, f in world.contracts.groupby("worker_id"):
        until = None
        spans = sorted(zip(f["start_on"], f["end_on"], strict=True))
        for start, end in [*spans, (None, None)]:
            if until and ((start or END + DAY) - until).days > 365:
                last = f.loc[[e == until for e in f["end_on"]], "regime"]
                rows.append((worker, until, start, (last == "student").all()))
            until = max(end, until or end) if end else until
    return [r for r in rows if FIRST <= r[1].year < LAST]


def test_exits_and_returns(simulated, world):
    stops = stops_of(world)
    active = Counter(y for years in world.years.values() for y in years)
    counts = Counter(("last contract as a student" if r[3] else "reason not recorded", r[1].year) for r in stops)
    assert len({e for e, _ in counts}) == 2
    same(projects.exits(simulated), [
        {"exit": e, "year": y, "workers": n, "share": n / active[y]} for (e, y), n in counts.items()])
    followed = defaultdict(list)
    for _, end, back, student in stops:
        if end.year <= LAST - 3:
            exit_ = "last contract as a student" if student else "reason not recorded"
            followed[exit_, end.year].append(back is not None and (back - end).days <= 1095)
    same(projects.returns(simulated), [
        {"exit": e, "year": y, "workers": len(f), "back": np.mean(f)} for (e, y), f in followed.items()])


def test_a_year_without_a_contract_is_an_exit_and_a_day_less_is_none(panels_of):
    last = date(2010, 3, 1)
    rows = [on(last, worker_id=w) for w in range(1, 6)]
    rows += [on(last + 366 * DAY, worker_id=1), on(last + 365 * DAY, worker_id=2),      # 365 and 364 days without
             on(last + 1095 * DAY, worker_id=3), on(last + 1096 * DAY, worker_id=4)]
    panels = panels_of(rows, (2010, 2013))
    found = projects.exits(panels).frame().set_index("year")
    assert found["workers"].to_dict() == {2010: 4, 2011: 2}
    assert found.loc[2010, "share"] == 4 / 5
    back = projects.returns(panels).frame()
    assert back[["year", "workers", "back"]].to_numpy().tolist() == [[2010, 4, 0.5]]


def test_a_student_is_one_whose_last_day_is_a_students(panels_of):
    last = date(2010, 3, 1)
    rows = [on(last, worker_id=1, regime="student"), on(last - 9 * DAY, worker_id=1, regime="employee"),
            on(last, worker_id=2, regime="student"), on(last, worker_id=2, regime="employee"), on(last, worker_id=3)]
    found = projects.exits(panels_of(rows)).frame().set_index("exit")["workers"]
    assert found.to_dict() == {"last contract as a student": 1, "reason not recorded": 2}


# -- what was planted ------------------------------------------------------------------------------------------

NO_PATTERN = dict.fromkeys([f"{k}_share" for k in (
    "teacher", "theatre", "beginner", "clerk", "courier", "guest", "m01", "m02", "m03", "m04", "m06", "m07", "m08",
    "m11", "m13", "m14", "m16")], "0") | {"guest_share_team": "0"}
PURE = NO_PATTERN | {"saver_share": "0.25", "purchase_share": "0", "surplus_percent": "0", "credited": "0",
                     "new_invoice": "1", "activity_share": "1", "activity_wait": "200", "retroactive": "0.3"}


def made(folder, workers, seed, changes):
    simulate(workers, seed, FIRST, LAST, folder, changes)
    return Panels(Dataset("made", str(folder), None, guarded=False), Scope("everywhere", FIRST, LAST))


@pytest.fixture(scope="module", params=seeds(3, 11))
def pure(request, tmp_path_factory):
    """A world of ordinary people and savers, in which every use of an Activity's money has an invoice of its own."""
    return made(tmp_path_factory.mktemp("pure") / "world", 400, request.param, PURE)


def pooled(frame, column, weight):
    return np.average(frame[column], weights=frame[weight]), frame[weight].sum()


@pytest.mark.parametrize(("measure", "column", "weight", "planted"), [
    (working_time.notice, "retroactive", "contracts", 0.3),
    (working_time.unsocial_days, "sunday", "days", 1 / 7),      # contracts start on any day alike
    (working_time.unsocial_days, "weekend", "days", 2 / 7)])
def test_planted_shares_are_found(pure, measure, column, weight, planted):
    found, n = pooled(measure(pure).frame(), column, weight)
    assert found == pytest.approx(planted, abs=3.3 * sqrt(planted * (1 - planted) / n))


def test_planted_lead_of_invoices_is_the_lag_of_pay(pure):
    """Invoices lie 5 to 40 days before what they pay, those of savers 20 to 170: 22.5 and 95 days on average."""
    flags = pd.read_parquet(f"{pure.dataset.location}/flags")
    savers = set(flags.loc[(flags["flag"] == "saver") & (flags["entity"] == "worker"), "id"])
    found = projects.converted(pure).execute()
    for is_saver, f in found.groupby(found["owner"].isin(savers)):
        of_owner = f.assign(days=f["lag"] * f["weight"]).groupby("owner")[["days", "weight"]].sum()
        mean = of_owner["days"].sum() / of_owner["weight"].sum()
        error = sqrt(((of_owner["days"] - mean * of_owner["weight"]) ** 2).sum()) / of_owner["weight"].sum()
        assert mean == pytest.approx(95 if is_saver else 22.5, abs=3.3 * error) and error < 4


def test_no_budget_is_overdrawn_and_nobody_is_a_guest(pure):
    assert set(projects.buffer(pure).frame()["overdrawn"]) == {0}
    assert projects.shared_accounts(pure).frame().empty


def test_planted_use_of_an_open_activity_is_found(tmp_path):
    panels = made(tmp_path / "world", 300, 14, NO_PATTERN | {"saver_share": "0", "activity_wait": "0"})
    c = projects.use_by_owners(panels).frame()
    owners = panels.dataset.table("activities").owner_id
    n = int(panels.started.filter(panels.started.worker_id.isin(owners)).count().execute())
    found = np.average(c["share_of_contracts"], weights=c["workers"])
    assert found == pytest.approx(0.93, abs=3.3 * sqrt(0.93 * 0.07 / n) + 0.01)


def test_leaders_pay_others_and_savers_wait(simulated, world):
    flags = pd.read_parquet(f"{simulated.dataset.location}/flags")
    people = flags[flags["entity"] == "worker"].groupby("flag")["id"].apply(set)
    assert len(people["leader"]) and (projects.shared_accounts(simulated).frame()["to_others"] > 0).all()
    found = projects.converted(simulated).execute()
    lag = {is_saver: np.average(f["lag"], weights=f["weight"])
           for is_saver, f in found.groupby(found["owner"].isin(people["saver"]))}
    assert lag[True] > lag[False] + 30


# -- what a dataset may lack -----------------------------------------------------------------------------------

@pytest.mark.parametrize(("measure", "missing"), [
    (working_time.notice, "created_on"), (working_time.notice_by_buyer, "created_on"),
    (working_time.chosen_pauses, "invoices"), (working_time.chosen_pauses_by_year, "invoices"),
    (projects.activity_use, "activity_id"), (projects.use_by_owners, "activities"), (projects.buffer, "activities"),
    (projects.purchases, "activities"), (projects.self_investment, "activities"),
    (projects.shared_accounts, "activities"), (projects.own_pace, "activities")])
def test_what_is_missing_is_named(panels_of, measure, missing):
    with pytest.raises(MissingData, match=missing):
        measure(panels_of([on(START)]))


def test_a_cost_that_is_not_recorded_is_named(panels_of):
    contracts, tables = account([on(START)], [(START, 100)])
    for row in contracts:
        del row["employer_cost_cents"]
    with pytest.raises(MissingData, match="employer_cost_cents"):
        projects.own_pace(panels_of(contracts, **tables))


def test_a_dataset_of_contracts_alone_keeps_the_rest(panels_of):
    panels = panels_of([on(date(2010, m, 1)) for m in range(1, 13)])
    assert len(working_time.unsocial_days(panels).frame()) == 1
    assert projects.exits(panels).frame()["exit"].tolist() == ["reason not recorded"]
