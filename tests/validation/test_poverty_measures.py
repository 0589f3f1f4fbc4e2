"""Enough to live on? Every measure equals a slow one written from its formula, and known cases give known answers."""

from collections import defaultdict
from datetime import date, timedelta
from types import SimpleNamespace

import ibis
import numpy as np
import pandas as pd
import pytest
from expected import prices, same

from analysis import law
from analysis.measures import poverty
from analysis.schema import TABLES

FIRST, LAST = 2001, 2020
DAY = timedelta(days=1)
FULL_TIME = 38 * 52
NAMES = ("low_pay", "uneven", "idle", "uncovered", "dependent", "late")


# -- an independent reading of the dataset ---------------------------------------------------------------------

def months_of(contract):
    """(year, month, share of days, of pay, of hours) of a contract, days and hours in hundredths, pay in cents."""
    amounts = (round(100 * contract.days), contract.gross_cents,
               None if np.isnan(contract.hours) else round(100 * contract.hours))
    length, before = (contract.end_on - contract.start_on).days + 1, 0
    for month in pd.period_range(contract.start_on, contract.end_on, freq="M"):
        until = min((month.end_time.normalize() - contract.start_on).days + 1, length)
        yield month.year, month.month, *(None if x is None else x * until // length - x * before // length
                                         for x in amounts)
        before = until


@pytest.fixture(scope="module")
def world(simulated):
    """Worker-years in plain Python: {(worker, year): namespace of days, pay, hours and the pay of each month}."""
    tables = {}
    for name in ("workers", "contracts", "invoices", "activities"):
        frame = pd.read_parquet(f"{simulated.dataset.location}/{name}.parquet")
        for column in (c.name for c in TABLES[name].columns if c.type == "date"):
            frame[column] = pd.to_datetime(frame[column])
        tables[name] = frame
    years = defaultdict(lambda: SimpleNamespace(days=0, pay=0, parts=0, real=[0.0] * 12, worked=set()))
    for c in tables["contracts"].itertuples():
        for year, month, days, pay, hours in months_of(c):
            if FIRST <= year <= LAST:
                y = years[c.worker_id, year]
                y.days, y.pay = y.days + days, y.pay + pay
                y.parts += 76 * days if hours is None else 10 * hours           # thousandths of an hour
                y.real[month - 1] += pay / 100 * prices(LAST) / law.health_index(year, month)
                y.worked.add(month)
    active = defaultdict(list)
    for worker, year in years:
        active[worker].append(year)
    for (worker, year), y in years.items():
        y.worker, y.year, y.pay, y.hours = worker, year, y.pay / 100, y.parts / 1000
        y.P0, y.P1, y.P2 = True, len(y.worked) >= 3, y.days >= 7500
        y.interior = min(active[worker]) < year < max(active[worker])
    gender = dict(zip(tables["workers"]["worker_id"], tables["workers"]["gender"], strict=True))
    return SimpleNamespace(years=[*years.values()], gender=gender, **tables)


def groups(years, *keys):
    found = defaultdict(list)
    for y in years:
        key = tuple(getattr(y, k) for k in keys)
        if None not in key and not any(isinstance(k, float) and np.isnan(k) for k in key):
            found[key].append(y)
    return found.items()


def line(year):
    return law.living_standard("poverty_line", year) / (1 - 0.1307)


def with_gender(world, years):
    return [SimpleNamespace(**vars(y), gender=world.gender[y.worker]) for y in years]


# -- each measure against its slow version ---------------------------------------------------------------------

def poor(year, members):
    ratio = np.array([y.pay / line(year) for y in members])
    return {"workers": len(members), "share": np.mean(ratio < 1), "gap": np.mean(np.clip(1 - ratio, 0, None)),
            "middle": np.median(ratio), "line": line(year)}


def test_below_poverty_line(simulated, world):
    same(poverty.below_poverty_line(simulated), [
        {"year": year, **poor(year, members)} for (year,), members in groups(world.years, "year")])
    inside = with_gender(world, [y for y in world.years if y.P1 and y.interior])
    same(poverty.below_poverty_line(simulated, "P1", "gender", interior=True), [
        {"year": year, "gender": g, **poor(year, members)}
        for (year, g), members in groups(inside, "year", "gender")])


def test_work_intensity(simulated, world):
    rows = []
    for (year,), members in groups(world.years, "year"):
        rows.append({"year": year, "workers": len(members), "middle": np.median([y.hours for y in members]) / FULL_TIME,
                     "very_low": np.mean([5 * y.parts < 1000 * FULL_TIME for y in members]),
                     "low": np.mean([2 * y.parts < 1000 * FULL_TIME for y in members])})
    same(poverty.work_intensity(simulated), rows)


def test_pay_or_time(simulated, world):
    rows = []
    for (year,), members in groups([y for y in world.years if 0 < y.pay < line(y.year)], "year"):
        pay = np.array([np.log(y.pay / y.hours * FULL_TIME / line(year)) for y in members])
        time = np.array([np.log(y.hours / FULL_TIME) for y in members])
        rows.append({
            "year": year, "workers": len(members), "shortfall": np.mean([np.log(y.pay / line(year)) for y in members]),
            "pay": pay.mean(), "time": time.mean(), "pay_only": np.mean((pay < 0) & (time >= 0)),
            "time_only": np.mean((pay >= 0) & (time < 0)), "both": np.mean((pay < 0) & (time < 0))})
    answer = poverty.pay_or_time(simulated)
    same(answer, rows)
    seen = answer.frame()
    assert (seen["pay"] + seen["time"]).tolist() == pytest.approx(seen["shortfall"].tolist(), rel=1e-11)
    assert seen[["pay_only", "time_only", "both"]].sum(axis=1).tolist() == pytest.approx([1] * len(seen))


@pytest.fixture(scope="module")
def deprived(simulated, world):
    """{(worker, year): the deprivations of an interior year}, each from its words."""
    covered = defaultdict(int)
    for m in simulated.coverage_month.execute().itertuples():
        covered[m.worker_id, m.month // 12] += bool(m.covered)
    contracts, late = world.contracts, set()
    for c in contracts.itertuples():
        until = c.paid_on if c.paid_on == c.paid_on else pd.Timestamp(LAST, 12, 31)
        if (until - c.end_on).days > 30:
            late.add((c.worker_id, c.end_on.year))
    payee = dict(zip(contracts["contract_id"], contracts["worker_id"], strict=True))
    owner = dict(zip(world.activities["activity_id"], world.activities["owner_id"], strict=True))
    billed = defaultdict(lambda: defaultdict(int))
    for i in world.invoices.itertuples():
        worker = payee[i.contract_id] if i.contract_id == i.contract_id else owner[i.activity_id]
        billed[worker, i.issued_on.year][i.client_id] += i.amount_cents
    found = {}
    for y in world.years:
        if y.interior:
            sums = [a for a in billed[y.worker, y.year].values() if a > 0]
            real = np.array(y.real)
            found[y.worker, y.year] = {
                "low_pay": y.pay < 0.6 * 12 * law.living_standard("full_time_median", y.year),
                "uneven": real.sum() > 0 and real.std(ddof=1) > 0.5 * real.mean(),
                "idle": 12 - len(y.worked) >= 4, "uncovered": covered[y.worker, y.year] < 6,
                "dependent": y.days >= 2000 and bool(sums) and max(sums) >= 0.75 * sum(sums),
                "late": (y.worker, y.year) in late}
    return found


def test_deprivations(simulated, deprived):
    seen = poverty.deprivations(simulated).execute()
    assert list(seen.columns[2:]) == list(NAMES)
    rows = {(r.worker_id, r.year): {n: bool(getattr(r, n)) for n in NAMES} for r in seen.itertuples()}
    assert rows == deprived
    counts = pd.DataFrame(rows.values()).mean()
    assert (counts.drop("late") > 0).all() and (counts < 1).all()


def scores(deprived, chosen, k):
    """H, A, M0 of some worker-years."""
    c = np.array([sum(deprived[key].values()) / 6 for key in chosen])
    poor = c >= k - 1e-9
    return {"workers": len(c), "h": poor.mean(), "a": c[poor].mean() if poor.any() else np.nan,
            "m0": (c * poor).mean()}


def test_precariousness(simulated, world, deprived):
    by_year = defaultdict(list)
    for key in deprived:
        by_year[key[1]].append(key)
    for k in (1 / 3, 0.6):
        same(poverty.precariousness(simulated, k=k), [
            {"year": year, **scores(deprived, chosen, k)} for year, chosen in by_year.items()])
    rows = []
    for year, chosen in by_year.items():
        known = [key for key in chosen if isinstance(world.gender[key[0]], str)]
        whole = scores(deprived, known, 1 / 3)
        for gender in sorted({world.gender[w] for w, _ in known}):
            s = scores(deprived, [key for key in known if world.gender[key[0]] == gender], 1 / 3)
            contribution = s["workers"] * s["m0"] / (whole["workers"] * whole["m0"]) if whole["m0"] else np.nan
            rows.append({"year": year, "gender": gender, **s, "part": s["workers"] / len(known),
                         "contribution": contribution})
    answer = poverty.precariousness(simulated, by="gender")
    same(answer, rows)
    assert answer.frame().groupby("year")["contribution"].sum().tolist() == pytest.approx([1] * len(by_year))


def test_precariousness_at_every_k(simulated, deprived):
    years = sorted({y for _, y in deprived})
    answer = poverty.precariousness_at_every_k(simulated)
    same(answer, [{"least": n, "k": n / 6, "year": year,
                   **scores(deprived, [key for key in deprived if key[1] == year], n / 6)}
                  for n in range(1, 7) for year in years])
    falling = answer.frame().pivot(index="least", columns="year", values="m0")
    assert (falling.diff().dropna() <= 1e-12).all(axis=None)


def test_precariousness_by_dimension(simulated, deprived):
    rows = []
    for year in sorted({y for _, y in deprived}):
        chosen = [d for (_, y), d in deprived.items() if y == year]
        poor = [sum(d.values()) >= 2 for d in chosen]
        total = sum(sum(d.values()) for d, p in zip(chosen, poor, strict=True) if p)
        for name in NAMES:
            hit = [d[name] and p for d, p in zip(chosen, poor, strict=True)]
            rows.append({"dimension": name, "year": year, "workers": len(chosen), "censored": np.mean(hit),
                         "deprived": np.mean([d[name] for d in chosen]),
                         "contribution": sum(hit) / total if total else np.nan})
    answer = poverty.precariousness_by_dimension(simulated)
    same(answer, rows)
    whole = poverty.precariousness(simulated).frame().set_index("year")["m0"]
    parts = answer.frame().groupby("year")["censored"].sum() / 6
    assert parts.tolist() == pytest.approx(whole.loc[parts.index].tolist(), rel=1e-9)


def generalised(pay):
    return {"arithmetic": pay.mean(), "geometric": np.prod(pay ** (1 / len(pay))), "harmonic": 1 / np.mean(1 / pay),
            "cautious": np.mean(pay**-3.0) ** (-1 / 3)}


def test_earnings_quality(simulated, world):
    rows, by_gender = [], []
    for (year,), members in groups(with_gender(world, world.years), "year"):
        pay = np.array([sum(y.real) for y in members])
        least = 0.05 * np.median(pay[pay > 0])
        for gender in (None, "man", "woman", "other"):
            chosen = np.array([sum(y.real) for y in members if gender in (None, y.gender) and sum(y.real) > 0])
            if len(chosen):
                m = generalised(np.clip(chosen, least, None))
                row = {"year": year, "workers": len(chosen), **m, "equality": m["cautious"] / m["arithmetic"]}
                (by_gender if gender else rows).append({**row, **({"gender": gender} if gender else {})})
    same(poverty.earnings_quality(simulated), rows)
    same(poverty.earnings_quality(simulated, by="gender"), by_gender)


# -- known answers ---------------------------------------------------------------------------------------------

def test_alkire_and_foster_have_their_worked_example():
    y = [[13.1, 14, 4, 1], [15.2, 7, 5, 0], [12.5, 10, 1, 0], [20, 11, 3, 1]]
    z = [13, 12, 3, 1]
    rows = {f"d{n}": [int(person[n] < z[n]) for person in y] for n in range(4)}
    table = ibis.memtable({"year": [2010] * 4, "worker_id": [1, 2, 3, 4], **rows})
    names = list(rows)
    found = poverty.alkire_foster(table, names, 2, ("year",)).execute().iloc[0]
    assert found[["workers", "h", "a", "m0"]].tolist() == [4, 0.5, 0.75, 0.375]
    union = poverty.alkire_foster(table, names, 1, ("year",)).execute().iloc[0]
    assert union[["h", "m0"]].tolist() == [0.75, (1 + 2 + 4) / 16]


@pytest.mark.parametrize(("k", "number", "least"), [
    (1 / 3, 6, 2), (1 / 3, 5, 2), (1 / 3, 4, 2), (1 / 3, 3, 1), (1, 6, 6), (2 / 3, 6, 4), (0.01, 6, 1), (0.51, 4, 3)])
def test_a_share_of_deprivations_as_a_number(k, number, least):
    assert poverty.least_deprivations(k, number) == least


def worked(hours, cents, worker=1, year=2014):
    return {"worker_id": worker, "start_on": date(year, 3, 1), "end_on": date(year, 3, 1), "hours": hours,
            "gross_cents": cents}


def test_poor_by_pay_by_time_and_by_both(panels_of):
    z = 100 * 13_000 / (1 - 0.1307)
    rows = [worked(FULL_TIME, round(0.8 * z), 1), worked(FULL_TIME / 4, round(z / 4) + 1, 2),
            worked(FULL_TIME / 4, round(z / 8), 3), worked(FULL_TIME / 2, round(z * 1.01), 4)]
    found = poverty.pay_or_time(panels_of(rows, (2014, 2014))).frame().iloc[0]
    assert found["workers"] == 3
    assert found[["pay_only", "both"]].tolist() == pytest.approx([1 / 3, 1 / 3])
    assert found["time"] == pytest.approx(2 * np.log(1 / 4) / 3)
    assert found["pay"] == pytest.approx((np.log(0.8) + np.log(1 / 2)) / 3, abs=1e-4)
    assert found["shortfall"] == pytest.approx(found["pay"] + found["time"], abs=1e-12)


def test_the_line_itself_is_not_below_the_line(panels_of):
    z = 100 * poverty.gross_line(2014)
    rows = [worked(10, cents, w) for w, cents in enumerate((int(z), int(z) + 1, 0))]
    found = poverty.below_poverty_line(panels_of(rows, (2014, 2014))).frame().iloc[0]
    assert found["share"] == pytest.approx(2 / 3)
    assert found["gap"] == pytest.approx(1 / 3, abs=1e-6)


def test_days_without_hours_count_as_whole_days(panels_of):
    rows = [{**worked(None, 10, 1), "days": 0.2 * FULL_TIME / 7.6}, worked(0.5 * FULL_TIME, 10, 2),
            worked(0.19 * FULL_TIME, 10, 3)]
    found = poverty.work_intensity(panels_of(rows, (2014, 2014))).frame().iloc[0]
    assert found[["very_low", "low"]].tolist() == pytest.approx([1 / 3, 2 / 3])


def test_equal_pay_has_quality_one_and_the_least_year_is_a_floor(panels_of):
    rows = [worked(10, 10**6, w) for w in range(20)]
    found = poverty.earnings_quality(panels_of(rows, (2014, 2014))).frame().iloc[0]
    assert found["equality"] == pytest.approx(1)
    assert found["geometric"] == pytest.approx(found["arithmetic"])
    tiny, small = ([*rows, worked(10, cents, 20)] for cents in (1, 40_000))
    a, b = (poverty.earnings_quality(panels_of(r, (2014, 2014))).frame().iloc[0] for r in (tiny, small))
    assert a["cautious"] == b["cautious"] < found["cautious"]


def test_a_dataset_that_cannot_tell_a_dimension_goes_without_it(panels_of):
    rows = [{"start_on": date(year, m, 1), "end_on": date(year, m, 20), "gross_cents": 10**7, "days": 20.0}
            for year in (2009, 2010, 2011) for m in range(1, 13)]
    panels = panels_of(rows, (2009, 2011))
    assert poverty.dimensions(panels) == ("low_pay", "uneven", "idle", "uncovered", "dependent")
    found = poverty.deprivations(panels).execute().iloc[0]
    assert found.tolist() == [1, 2010, 0, 0, 0, 1, 1]
    inhouse = [{**row, "activity_id": 3, "paid_on": row["end_on"] + 31 * DAY} for row in rows]
    account = [{"activity_id": 3, "owner_id": 1, "opened_on": date(2009, 1, 1)}]
    panels = panels_of(inhouse, (2009, 2011), activities=account, clients=[{"client_id": 1}])
    assert poverty.dimensions(panels) == ("low_pay", "uneven", "idle", "uncovered", "late")
    assert poverty.deprivations(panels).late.execute().tolist() == [1]
    assert poverty.precariousness(panels).frame()[["h", "a", "m0"]].iloc[0].tolist() == [1, 0.4, 0.4]


@pytest.mark.parametrize(("paid", "late"), [(30, 0), (31, 1), (None, 1)])
def test_pay_is_late_after_thirty_days(panels_of, paid, late):
    days = (date(2009, 5, 1), date(2010, 12, 1), date(2011, 1, 1))
    rows = [{"start_on": d, "end_on": d, "paid_on": d + 3 * DAY} for d in days]
    rows[1]["paid_on"] = None if paid is None else days[1] + paid * DAY
    assert poverty.deprivations(panels_of(rows, (2009, 2011))).late.execute().tolist() == [late]


def test_nobody_poor_has_no_intensity():
    table = ibis.memtable({"year": [2010, 2010], "worker_id": [1, 2], "a": [0, 0], "b": [0, 1]})
    found = poverty.alkire_foster(table, ["a", "b"], 2, ("year",)).execute().iloc[0]
    assert found[["h", "m0"]].tolist() == [0, 0] and np.isnan(found["a"])
