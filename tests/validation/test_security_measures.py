"""Security: every measure equals a slow one written from its formula, and gives the answer where it is known."""

from collections import defaultdict
from datetime import date, timedelta
from itertools import pairwise
from math import erf, sqrt
from statistics import NormalDist
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from expected import deflator, same
from statsmodels.duration.survfunc import SurvfuncRight

from analysis import law
from analysis.measures import continuity, income, population, volatility
from analysis.schema import TABLES
from analysis.scope import BRUSSELS, POPULATIONS, REGIONS

FIRST, LAST = 2001, 2020
YEARS = range(FIRST, LAST + 1)
DAY = timedelta(days=1)
QUANTILES = {"p10": 10, "p25": 25, "p50": 50, "p75": 75, "p90": 90}
FTE_YEAR = 38 * 52
CLOCKS = ("accrual", "cash", "invoiced")


# -- an independent reading of the dataset ---------------------------------------------------------------------

def spread(contracts):
    """One row per contract and month, by cumulative floor over calendar days; pay in cents, days in hundredths."""
    rows = []
    for c in contracts.itertuples():
        amounts = (round(100 * c.days), c.gross_cents, None if np.isnan(c.hours) else round(100 * c.hours))
        length, before = (c.end_on - c.start_on).days + 1, 0
        for month in pd.period_range(c.start_on, c.end_on, freq="M"):
            until = min((month.end_time.normalize() - c.start_on).days + 1, length)
            shares = [np.nan if x is None else x * until // length - x * before // length for x in amounts]
            if FIRST <= month.year <= LAST:
                rows.append((c.contract_id, c.worker_id, month.year, month.month, *shares))
            before = until
    return pd.DataFrame(rows, columns=["contract_id", "worker_id", "year", "month", "days", "gross", "hours"])


def real(frame, cents):
    """`frame` with `y`, the cents of a column in EUR of the last year."""
    return frame.assign(y=[c / 100 * deflator(y, m) for c, y, m in
                           zip(frame[cents], frame["year"], frame["month"], strict=True)])


def yearly(months):
    """One row per worker and year of `spread`, with its populations."""
    months = real(months, "gross")
    years = months.groupby(["worker_id", "year"]).agg(
        days=("days", "sum"), gross=("gross", "sum"), y=("y", "sum"), months=("month", "nunique")).reset_index()
    span = years.groupby("worker_id")["year"].agg(["min", "max"])
    first, last = years["worker_id"].map(span["min"]), years["worker_id"].map(span["max"])
    return years.assign(P0=True, P1=years["months"] >= 3, P2=years["days"] >= 7500,
                        interior=(years["year"] > first) & (years["year"] < last))


@pytest.fixture(scope="module")
def world(simulated):
    """The same world read with pandas: tables, months, years and what was paid and billed in each month."""
    tables = {}
    for name in ("workers", "clients", "contracts", "activities", "invoices", "expenses"):
        frame = pd.read_parquet(f"{simulated.dataset.location}/{name}.parquet")
        for column in (c.name for c in TABLES[name].columns if c.type == "date"):
            frame[column] = pd.to_datetime(frame[column])
        tables[name] = frame
    w = SimpleNamespace(**tables)
    c = w.contracts = w.contracts.assign(start_year=w.contracts["start_on"].dt.year)
    w.months = spread(c)
    w.years = yearly(w.months)
    w.gender = w.workers.set_index("worker_id")["gender"]
    paid = c[c["paid_on"].notna()].rename(columns={"gross_cents": "cents", "paid_on": "day"})
    payees = {**dict(zip(c["contract_id"], c["worker_id"], strict=True))}
    owners = dict(zip(w.activities["activity_id"], w.activities["owner_id"], strict=True))
    w.owners = {o for o in owners.values() if o in set(c["worker_id"])}
    bills = w.invoices.assign(worker_id=w.invoices["contract_id"].map(payees).fillna(
        w.invoices["activity_id"].map(owners))).rename(columns={"amount_cents": "cents", "issued_on": "day"})
    bills = bills[bills["worker_id"].isin(set(c["worker_id"]))]
    w.clock = {"accrual": real(w.months, "gross")}
    for clock, frame in (("cash", paid), ("invoiced", bills)):
        frame = frame.assign(year=frame["day"].dt.year, month=frame["day"].dt.month)
        w.clock[clock] = real(frame[frame["year"].between(FIRST, LAST)], "cents")
    return w


# -- population ------------------------------------------------------------------------------------------------

def test_workers_by_year(simulated, world):
    rows = []
    for couriers, kept in (("all workers", world.contracts),
                           ("without couriers", world.contracts[world.contracts["function"] != "courier"])):
        months = world.months[world.months["contract_id"].isin(kept["contract_id"])]
        for year, m in months.groupby("year"):
            n, contracts = m["worker_id"].nunique(), int((kept["start_year"] == year).sum())
            days, gross = m["days"].sum() / 100, m["gross"].sum() / 100
            rows.append({"year": year, "couriers": couriers, "workers": n, "contracts": contracts, "days": days,
                         "gross": gross, "days_per_worker": days / n, "gross_per_worker": gross / n,
                         "contracts_per_worker": contracts / n})
    same(population.workers_by_year(simulated), rows)


def test_sizes(simulated, world):
    resident = set(world.workers.loc[world.workers["home_nis"].isin(BRUSSELS), "worker_id"])
    seated = set(world.clients.loc[world.clients["home_nis"].isin(BRUSSELS), "client_id"])
    by_home = world.contracts["worker_id"].isin(resident)
    by_seat = world.contracts["client_id"].isin(seated)
    kept = {"brussels": by_home, "brussels-clients": by_seat, "brussels-either": by_home | by_seat,
            "everywhere": by_home | True}
    rows = []
    for region, text in REGIONS.items():
        ids = world.contracts.loc[kept[region], "contract_id"]
        years = yearly(world.months[world.months["contract_id"].isin(ids)])
        for p, meaning in POPULATIONS.items():
            rows.append({"region": text, "population": f"{p}: {meaning}", "worker_years": int(years[p].sum()),
                         "workers": years.loc[years[p], "worker_id"].nunique()})
    same(population.sizes(simulated), rows)


def test_composition(simulated, world):
    years = world.years[world.years["P1"]].assign(gender=world.years["worker_id"].map(world.gender))
    counts = years.groupby(["year", "gender"]).size()
    same(population.composition(simulated, "gender", "P1"), [
        {"year": y, "gender": g, "workers": n, "share": n / counts[y].sum()} for (y, g), n in counts.items()])


def test_buyers(simulated, world):
    c = world.contracts.assign(buyer=np.where(world.contracts["client_id"].notna(), "client", "Activity"))
    rows = []
    for year, all_of_year in c.groupby("start_year"):
        rows += [{"year": year, "buyer": buyer, "workers": b["worker_id"].nunique(), "contracts": len(b),
                  "share": len(b) / len(all_of_year)} for buyer, b in all_of_year.groupby("buyer")]
    same(population.buyers(simulated), rows)


def test_tenure(simulated, world):
    active = world.years.groupby("worker_id").size().value_counts()
    same(population.tenure(simulated), [
        {"active_years": n, "workers": k, "share": k / active.sum()} for n, k in active.items()])


def test_inventory(simulated, world):
    rows = population.inventory(simulated).frame().set_index("table")["rows"]
    assert list(rows.index) == list(TABLES)
    assert all(rows[name] == len(getattr(world, name)) for name in ("workers", "contracts", "invoices", "expenses"))


# -- level of pay ----------------------------------------------------------------------------------------------

def distribution(pay):
    return {"workers": len(pay), "mean": pay.mean(), **{n: np.percentile(pay, q) for n, q in QUANTILES.items()}}


def test_annual_gross(simulated, world):
    same(income.annual_gross(simulated), [
        {"year": y, **distribution(g["y"])} for y, g in world.years.groupby("year")])
    chosen = world.years[world.years["P1"] & world.years["interior"]]
    chosen = chosen.assign(gender=chosen["worker_id"].map(world.gender))
    same(income.annual_gross(simulated, "P1", by="gender", interior=True), [
        {"year": y, "gender": g, **distribution(f["y"])} for (y, g), f in chosen.groupby(["year", "gender"])])


def test_monthly_gross(simulated, world):
    inside = world.years[world.years["interior"]]
    same(income.monthly_gross(simulated), [
        {"year": y, "workers": len(f), "paid_month": np.mean(f["y"] / f["months"]), "any_month": np.mean(f["y"]) / 12,
         "share_paid": np.mean(f["months"]) / 12} for y, f in inside.groupby("year")])


def test_inequality(simulated, world):
    rows = []
    for year, f in world.years[world.years["y"] > 0].groupby("year"):
        x = f["y"].to_numpy()
        p10, p50, p90 = np.percentile(x, [10, 50, 90])
        share = x / x.sum()
        # The Gini as half the relative mean difference, Theil as an entropy: not the formulas of the measure.
        rows.append({"year": year, "workers": len(x), "p90_p50": p90 / p50, "p50_p10": p50 / p10,
                     "gini": np.abs(x[:, None] - x).mean() / (2 * x.mean()),
                     "theil": np.log(len(x)) + (share * np.log(share)).sum()})
    same(income.inequality(simulated), rows)


def test_full_time_equivalents(simulated, world):
    rows = []
    trade = world.contracts.set_index("contract_id")["function"]
    for year, m in world.months.groupby("year"):
        unhoured, timed = m[m["hours"].isna()], m[m["hours"] > 0]
        unknown = unhoured["days"].sum() / 100
        rate = timed["gross"] / timed["hours"]
        by_trade = rate.groupby(timed["contract_id"].map(trade)).median()
        guessed = unhoured["gross"] / unhoured["contract_id"].map(trade).map(by_trade).fillna(rate.median()) / 100
        rows.append({"year": year, "workers": m["worker_id"].nunique(), "days": m["days"].sum() / 100,
                     "fte": (m["hours"].sum() / 100 + 7.6 * unknown) / FTE_YEAR,
                     "by_pay": (m["hours"].sum() / 100 + guessed.sum()) / FTE_YEAR,
                     "imputed": unknown / (m["days"].sum() / 100)})
    same(income.full_time_equivalents(simulated), rows)


def test_pay_rates(simulated, world):
    c = world.contracts.assign(year=world.contracts["start_year"], month=world.contracts["start_on"].dt.month,
                               gender=world.contracts["worker_id"].map(world.gender))
    c = real(c, "gross_cents")

    def row(f):
        t = f[f["hours"] > 0]
        return {"workers": f["worker_id"].nunique(), "day_median": np.median(f["y"] / f["days"]),
                "day_mean": np.average(f["y"] / f["days"], weights=f["days"]),
                "hour_median": (t["y"] / t["hours"]).median(), "hour_mean": t["y"].sum() / t["hours"].sum()
                if len(t) else np.nan}

    same(income.pay_rates(simulated), [{"year": y, **row(f)} for y, f in c.groupby("year")])
    same(income.pay_rates(simulated, by="gender"), [
        {"year": y, "gender": g, **row(f)} for (y, g), f in c.groupby(["year", "gender"])])


def test_below_minimum(simulated, world):
    rows = []
    for year, f in world.contracts[world.contracts["hours"] > 0].groupby("start_year"):
        h = f["hours"].to_numpy()
        floor = np.array([law.minimum_wage(day) * 3 / (13 * 38) / 100 for day in f["start_on"]])
        wage = f["gross_cents"].to_numpy() / 100 / h
        short = np.where(wage < floor - 0.01, 1 - wage / floor, 0)
        rows.append({"year": year, "workers": f["worker_id"].nunique(), "hours": h.sum(),
                     "headcount": h[short > 0].sum() / h.sum(), "gap": h @ short / h.sum(),
                     "gap_squared": h @ short**2 / h.sum(),
                     "at_floor": h[np.abs(wage - floor) <= floor / 100].sum() / h.sum()})
    same(income.below_minimum(simulated), rows)


def test_low_pay(simulated, world):
    rows = []
    for year, f in world.contracts[world.contracts["hours"] > 0].groupby("start_year"):
        sums = f.groupby("worker_id")[["gross_cents", "hours"]].sum()
        wage = sums["gross_cents"] / sums["hours"]
        national = law.living_standard("full_time_median", year) * 3 / (13 * 38)
        rows.append({"year": year, "workers": len(wage), "share": (wage < np.median(wage) * 2 / 3).mean(),
                     "national": (wage / 100 < national * 2 / 3).mean()})
    same(income.low_pay(simulated), rows)


def test_invoice_to_pay(simulated, world):
    c = world.contracts.dropna(subset=["price_cents", "employer_cost_cents"])
    rows = []
    for year, f in c.groupby("start_year"):
        price, gross, cost = f["price_cents"].sum(), f["gross_cents"].sum(), f["employer_cost_cents"].sum()
        expenses = f["expenses_cents"].fillna(0).sum()
        rows.append({"year": year, "workers": f["worker_id"].nunique(), "gross": gross / price,
                     "charges": (cost - gross) / price, "expenses": expenses / price,
                     "fee": 1 - (cost + expenses) / price})
    answer = income.invoice_to_pay(simulated)
    same(answer, rows)
    parts = answer.frame()[["gross", "charges", "expenses", "fee"]]
    assert parts.sum(axis=1).tolist() == pytest.approx([1.0] * len(parts), rel=1e-12)


def test_activity_budget(simulated, world):
    owner = world.activities.set_index("activity_id")["owner_id"]
    flows = []
    for table, day, columns in ((world.invoices, "issued_on", {"billed": "amount_cents"}),
                                (world.contracts, "start_on", {"gross": "gross_cents", "cost": "employer_cost_cents"}),
                                (world.expenses, "booked_on", {"bought": "amount_cents"})):
        f = table[table["activity_id"].notna()]
        f = f.assign(owner=f["activity_id"].map(owner), year=f[day].dt.year, **{n: f[c] for n, c in columns.items()})
        flows.append(f[f["owner"].isin(world.owners)][["owner", "year", *columns]])
    flows = pd.concat(flows)
    rows = []
    for year in YEARS:
        sums = flows[flows["year"] <= year][["billed", "gross", "cost", "bought"]].sum()
        if (flows["year"] == year).any() and sums["billed"] > 0:
            rows.append({"year": year, "workers": flows.loc[flows["year"] == year, "owner"].nunique(),
                         "gross": sums["gross"] / sums["billed"], "fee": 0.065,
                         "charges": (sums["cost"] - sums["gross"]) / sums["billed"],
                         "bought": sums["bought"] / sums["billed"],
                         "kept": 0.935 - (sums["cost"] + sums["bought"]) / sums["billed"]})
    same(income.activity_budget(simulated), rows)


# -- volatility ------------------------------------------------------------------------------------------------

def profiles(world, clock):
    """{(worker, year): twelve months of pay} of the interior years with three months of work."""
    inside = world.years[world.years["interior"] & world.years["P1"]]
    inside = set(zip(inside["worker_id"], inside["year"], strict=True))
    pay = defaultdict(lambda: np.zeros(12))
    for m in world.clock[clock].itertuples():
        if (m.worker_id, m.year) in inside:
            pay[int(m.worker_id), m.year][m.month - 1] += m.y
    return {key: y for key, y in pay.items() if y.sum() > 1e-9}


def unevenness(y):
    mean = y.mean()
    return {"cv": np.std(y, ddof=1) / mean, "spikes": np.mean(y > 1.25 * mean), "dips": np.mean(y < 0.75 * mean),
            "worst3": np.sort(y)[:3].mean() / mean, "floor": min(y[i:i + 3].sum() for i in range(10)) / (3 * mean),
            "semideviation": np.sqrt(np.mean(np.clip(mean - y, 0, None) ** 2)) / mean}


def test_within_year(simulated, world):
    rows = []
    for clock in CLOCKS:
        found = pd.DataFrame([{"year": year, **unevenness(y)} for (_, year), y in profiles(world, clock).items()])
        rows += [{"clock": clock, "year": year, "workers": len(f), "cv": f["cv"].median(),
                  "cv_unit": f["cv"].median() / sqrt(12),
                  **f[["spikes", "dips", "worst3", "floor", "semideviation"]].mean()}
                 for year, f in found.groupby("year")]
    same(volatility.within_year(simulated), rows)


def test_smoothing(simulated, world):
    a, e = world.activities, world.expenses
    bought = e.assign(worker_id=e["activity_id"].map(a.set_index("activity_id")["owner_id"]), cents=-e["amount_cents"],
                      year=e["booked_on"].dt.year, month=e["booked_on"].dt.month)
    columns = ["worker_id", "year", "month", "y"]
    world.clock["net"] = pd.concat([world.clock["invoiced"][columns],
                                    real(bought[bought["year"].between(FIRST, LAST)], "cents")[columns]])
    cash, billed, net = (profiles(world, clock) for clock in ("cash", "invoiced", "net"))
    values = defaultdict(list)
    for worker, year in cash.keys() & billed.keys():
        own = a[a["owner_id"] == worker]
        closed = own["closed_on"].dt.year.fillna(LAST)
        if ((own["opened_on"].dt.year <= year) & (closed >= year)).any():
            paid, sold, left = (unevenness(p[worker, year])["cv"] if (worker, year) in p else np.nan
                                for p in (cash, billed, net))
            values[year].append((1 - paid / sold, 1 - paid / left))
    assert values
    same(volatility.smoothing(simulated), [
        {"year": y, "workers": len(v), "smoothing": np.median([a for a, _ in v]),
         "smoothed": np.mean([a > 0 for a, _ in v]), "net": np.nanmedian([b for _, b in v])}
        for y, v in values.items()])


def test_between_years(simulated, world):
    for name, attached in (("P0", True), ("P1", False)):
        member = world.years[world.years[name]]
        member = set(zip(member["worker_id"], member["year"], strict=True))
        rows = []
        for clock in CLOCKS:
            pay = world.clock[clock].groupby(["worker_id", "year"])["y"].sum()
            pay = {key: y for key, y in pay.items() if y > 1e-9}
            for year in range(FIRST + 1, LAST + 1):
                arcs = []
                for worker in world.workers["worker_id"]:
                    was, now = pay.get((worker, year - 1), 0), pay.get((worker, year), 0)
                    counted = was and now if attached else was or now
                    if counted and member & {(worker, year - 1), (worker, year)}:
                        arcs.append(100 * (now - was) / ((now + was) / 2))
                arcs = np.array(arcs)
                if len(arcs):
                    sd = arcs.std(ddof=1) if len(arcs) > 1 else np.nan
                    rows.append({"clock": clock, "year": year, "workers": len(arcs), "sd": sd,
                                 "large": np.mean(np.abs(arcs) >= 50), "falls": np.mean(arcs <= -50)})
        same(volatility.between_years(simulated, name, attached), rows)


@pytest.fixture(scope="module")
def residuals(world):
    """{(worker, year): log pay less the mean of those of like age class, gender and year}, population P1."""
    p = world.years[world.years["P1"]]
    p = p[p["y"] >= 0.05 * p.groupby("year")["y"].transform("median")]
    birth = world.workers.set_index("worker_id")["birth_year"]
    age = np.floor((p["year"] - p["worker_id"].map(birth)) / 5).fillna(-1)
    gender = p["worker_id"].map(world.gender).fillna("?")
    groups = defaultdict(list)
    for key, y in zip(zip(p["year"], age, gender, strict=True), p["y"], strict=True):
        groups[key].append(np.log(y))
    mean = {key: np.mean(v) for key, v in groups.items()}
    rows = zip(p["worker_id"], p["year"], age, gender, p["y"], strict=True)
    return {(w, y): np.log(pay) - mean[y, a, g] for w, y, a, g, pay in rows}


def ratio(a, b):
    return a / b if b else np.nan


def growth(residuals, k):
    """{year: growth of each worker from the year to `k` years later}."""
    g = defaultdict(list)
    for (w, y), e in residuals.items():
        if (w, y + k) in residuals:
            g[y].append(residuals[w, y + k] - e)
    return g


def test_growth_distribution(simulated, world, residuals):
    rows = []
    everybody = world.years[world.years["P1"]].groupby("year").size()
    for year, g in growth(residuals, 1).items():
        a, b, c, d, e, f, h = np.percentile(g, [2.5, 10, 25, 50, 75, 90, 97.5])
        rows.append({"year": year, "workers": len(g), "spread": f - b, "kelley": ratio(f + b - 2 * d, f - b),
                     "kurtosis": ratio(h - a, e - c) - 2.91,
                     "dropped": 1 - sum(y == year for _, y in residuals) / everybody[year]})
    same(volatility.growth_distribution(simulated), rows)


def test_permanent_transitory(simulated, residuals):
    rows = []
    for last in YEARS:
        panel = np.array([[residuals[w, y] for y in range(last - 4, last + 1)]
                          for w in {w for w, _ in residuals}
                          if all((w, y) in residuals for y in range(last - 4, last + 1))])
        if len(panel):
            n, t = panel.shape
            transitory = ((panel - panel.mean(axis=1, keepdims=True)) ** 2).sum() / (n * (t - 1))
            permanent = (np.var(panel.mean(axis=1), ddof=1) if n > 1 else np.nan) - transitory / t
            rows.append({"year": last, "workers": n, "permanent": permanent, "transitory": transitory,
                         "share_transitory": transitory / (permanent + transitory)})
    same(volatility.permanent_transitory(simulated), rows)


def test_carroll_samwick(simulated, residuals):
    ks = np.arange(1, 6)
    pooled = [np.concatenate([*growth(residuals, k).values()]) for k in ks]
    variances = np.array([g.var(ddof=1) for g in pooled])
    slope = ((ks - ks.mean()) * variances).sum() / ((ks - ks.mean()) ** 2).sum()
    same(volatility.carroll_samwick(simulated), [
        {"years": k, "workers": len({w for w, y in residuals if (w, y + k) in residuals}), "variance": v,
         "permanent": slope, "transitory": (variances.mean() - slope * ks.mean()) / 2}
        for k, v in zip(ks, variances, strict=True)])


def test_year_and_month(simulated, world):
    rows = []
    for clock in CLOCKS:
        m = world.clock[clock]
        rows += [{"clock": clock, "calendar_month": month, "workers": f["worker_id"].nunique(), "pay": f["y"].sum(),
                  "share": f["y"].sum() / m["y"].sum()} for month, f in m.groupby("month")]
    same(volatility.year_and_month(simulated), rows)


# -- continuity ------------------------------------------------------------------------------------------------

@pytest.fixture(scope="module")
def covered(world):
    """{worker: the sorted days, as numbers, on which a contract runs}."""
    days = defaultdict(set)
    for c in world.contracts.itertuples():
        days[c.worker_id].update(range(c.start_on.toordinal(), c.end_on.toordinal() + 1))
    return {w: sorted(d) for w, d in days.items()}


def blocks(days, gap):
    """Runs of days with at most `gap` free days inside, as pairs (first, last)."""
    cuts = [i for i, (a, b) in enumerate(pairwise(days)) if b - a - 1 > gap]
    starts, ends = [days[0], *(days[i + 1] for i in cuts)], [*(days[i] for i in cuts), days[-1]]
    return list(zip(starts, ends, strict=True))


def test_months_without_work(simulated, world):
    inside = world.years[world.years["interior"]].assign(empty=lambda f: 12 - f["months"])
    same(continuity.months_without_work(simulated), [
        {"year": y, "workers": len(f), "mean": f["empty"].mean(), "median": np.median(f["empty"]),
         "four_or_more": np.mean(f["empty"] > 3)} for y, f in inside.groupby("year")])


def test_gap_survival_is_kaplan_meier(simulated, covered):
    horizon = date(LAST, 12, 31).toordinal()
    breaks = []
    for worker, days in covered.items():
        pieces = blocks(days, 0)
        breaks += [(worker, b[0] - a[1] - 1, 1) for a, b in pairwise(pieces)]
        breaks.append((worker, horizon - pieces[-1][1], 0))
    breaks = [b for b in breaks if b[1] > 0]
    km = SurvfuncRight([b[1] for b in breaks], [b[2] for b in breaks])
    rows = [{"t": t, "workers": len({w for w, length, _ in breaks if length > t}),
             "survival": min([1.0, *km.surv_prob[km.surv_times <= t]])} for t in range(0, 365, 7)]
    assert 0 < sum(1 - b[2] for b in breaks) < len(breaks)
    same(continuity.gap_survival(simulated), rows)


def test_longest_break_is_kaplan_meier(simulated, covered):
    horizon = date(LAST, 12, 31).toordinal()
    longest = {}
    for worker, days in covered.items():
        pieces = blocks(days, 0)
        inner = max((b[0] - a[1] - 1 for a, b in pairwise(pieces)), default=0)
        still = horizon - pieces[-1][1]
        longest[worker] = (still, 0) if still > inner else (inner, 1)
    km = SurvfuncRight(*np.array([*longest.values()]).T)
    assert {ended for _, ended in longest.values()} == {0, 1}
    rows = [{"t": t, "workers": sum(length > t for length, _ in longest.values()),
             "survival": min([1.0, *km.surv_prob[km.surv_times <= t]])} for t in range(0, 365, 7)]
    same(continuity.longest_break(simulated), rows)


def test_spell_lengths(simulated, covered):
    rows = []
    horizon = date(LAST, 12, 31).toordinal()
    for gap in (0, 7, 30):
        pieces = [p for days in covered.values() for p in blocks(days, gap)]
        km = SurvfuncRight([b - a + 1 for a, b in pieces], [int(horizon - b > gap) for _, b in pieces])
        lengths = {w: np.array([b - a + 1 for a, b in blocks(days, gap)]) for w, days in covered.items()}
        window = {w: days[-1] - days[0] + 1 for w, days in covered.items()}
        rows.append({"gap": gap, "workers": len(lengths), "spells": np.mean([len(v) for v in lengths.values()]),
                     "utilisation": np.mean([v.sum() / window[w] for w, v in lengths.items()]),
                     "concentration": np.mean([(v**2).sum() / v.sum() ** 2 for v in lengths.values()]),
                     "median_length": np.median(np.concatenate([*lengths.values()])),
                     "km_median": min(km.surv_times[km.surv_prob <= 0.5])})
    same(continuity.spell_lengths(simulated), rows)


def test_contract_lengths(simulated, world):
    c = world.contracts.assign(length=(world.contracts["end_on"] - world.contracts["start_on"]).dt.days + 1)
    same(continuity.contract_lengths(simulated), [
        {"year": y, "at_most": most, "workers": f["worker_id"].nunique(), "contracts": len(f),
         "share": (f["length"] <= most).mean(),
         "share_of_days": f.loc[f["length"] <= most, "days"].sum() / f["days"].sum()}
        for most in (1, 2, 5, 20, 60, 250) for y, f in c.groupby("start_year")])


def test_density(simulated, world):
    inside = world.years[world.years["interior"]]
    rows = []
    for year, f in inside.groupby("year"):
        share = f["days"] / 100 / (365.25 / 7 * 5 - 10)
        rows.append({"year": year, "workers": len(f), "mean": share.mean(),
                     **{n: np.percentile(share, QUANTILES[n]) for n in ("p25", "p50", "p75", "p90")}})
    same(continuity.density(simulated), rows)


def test_chaining(simulated, world):
    chains = []
    bought = world.contracts[world.contracts["client_id"].notna()].sort_values(["start_on", "contract_id"])
    for (worker, _), f in bought.groupby(["worker_id", "client_id"]):
        last = None
        for c in f.itertuples():
            if last is None or (c.start_on - last).days - 1 > 14:
                chains.append({"worker": worker, "year": c.start_year, "first": c.start_on, "n": 0, "days": 0.0,
                               "single": 0})
                last = c.end_on
            last = max(last, c.end_on)
            chains[-1].update(n=chains[-1]["n"] + 1, days=chains[-1]["days"] + c.days, last=last,
                              single=chains[-1]["single"] + (c.start_on == c.end_on))
    chains = pd.DataFrame(chains)
    span = (chains["last"] - chains["first"]).dt.days + 1
    long = ((span >= 120) & (chains["n"] >= 20) & (chains["single"] >= 0.8 * chains["n"])
            & (chains["days"] >= 0.5 * span * 5 / 7))
    same(continuity.chaining(simulated), [
        {"year": y, "workers": f["worker"].nunique(), "mean_contracts": f["n"].mean(), "chains": len(f),
         "in_chains": f.loc[f["n"] > 1, "days"].sum() / f["days"].sum(),
         "in_long_chains": f.loc[long[f.index], "days"].sum() / f["days"].sum()} for y, f in chains.groupby("year")])


def index_of_a_year(days):
    """Complexity and precarity of twelve months of declared days, from the formulas."""
    state = [sum([d > 0, d >= 10, d >= 18]) for d in map(float, days)]
    steps = [b - a for a, b in pairwise(state)]
    shares = [state.count(n) / 12 for n in range(4)]
    entropy = -sum(p * np.log(p) for p in shares if p)
    transitions = sum(step != 0 for step in steps)
    complexity = sqrt(transitions / 11 * entropy / np.log(4))
    down, up = -sum(s for s in steps if s < 0), sum(s for s in steps if s > 0)
    degradation = (down - up) / (down + up) if down + up else 0
    return {"transitions": transitions, "complexity": complexity, "degradation": degradation,
            "precarity": 0.2 * (3 - state[0]) / 3 + 0.8 * complexity * (1 + degradation) ** 1.2}


def test_sequences(simulated, world):
    declared = world.months.groupby(["worker_id", "year", "month"])["days"].sum() / 100
    for name, by in (("P0", None), ("P1", "gender")):
        inside = world.years[world.years["interior"] & world.years[name]]
        rows = pd.DataFrame([
            {"year": w.year, "gender": world.gender[w.worker_id], "worker": w.worker_id,
             **index_of_a_year([declared.get((w.worker_id, w.year, m), 0) for m in range(1, 13)])}
            for w in inside.itertuples()])
        keys = ["year", by] if by else ["year"]
        rows = rows.groupby(keys).agg(
            workers=("worker", "size"), transitions=("transitions", "mean"), complexity=("complexity", "mean"),
            degradation=("degradation", "mean"), precarity=("precarity", "mean")).reset_index()
        same(continuity.sequences(simulated, name, by), rows.to_dict("records"))


# -- known answers: level --------------------------------------------------------------------------------------

def paid(pay, year=2010, **more):
    """One-day contracts of 1 January, one per worker, with this pay in cents."""
    return [{"worker_id": w, "start_on": date(year, 1, 1), "end_on": date(year, 1, 1), "gross_cents": int(cents),
             **more} for w, cents in enumerate(pay)]


def normal_grid(n):
    """n equally likely values of a standard normal law."""
    return np.array([NormalDist().inv_cdf((i + 0.5) / n) for i in range(n)])


def test_inequality_of_a_lognormal(panels_of):
    sigma = 0.8
    panels = panels_of(paid(np.exp(sigma * normal_grid(20_000)) * 1e6), (2010, 2010))
    found = income.inequality(panels).frame().iloc[0]
    assert found["gini"] == pytest.approx(erf(sigma / 2), abs=0.001)        # 2Φ(σ/√2) − 1 (V-11)
    assert found["theil"] == pytest.approx(sigma**2 / 2, abs=0.001)
    assert found["p90_p50"] == pytest.approx(np.exp(sigma * NormalDist().inv_cdf(0.9)), rel=0.001)


def test_inequality_at_its_ends(panels_of):
    found = income.inequality(panels_of([*paid([500] * 8 + [0]), *paid([1] * 7 + [10**13], 2011)])).frame()
    assert found["workers"].tolist() == [8, 8]          # who has no pay is not counted
    assert found["gini"].tolist() == pytest.approx([0, 7 / 8], abs=1e-9)
    assert found["theil"].tolist() == pytest.approx([0, np.log(8)], abs=1e-9)


def test_pay_at_half_of_the_floor_and_at_the_floor(panels_of):
    hours = 1_000.0
    cents = 100 * hours * law.minimum_wage(date(2010, 1, 1)) / 100 * 3 / (13 * 38)
    half, exact = paid([round(cents / 2)] * 3, hours=hours), paid([round(cents)] * 3, hours=hours)
    found = income.below_minimum(panels_of(half)).frame().iloc[0]
    assert (found["headcount"], found["at_floor"]) == (1, 0)
    assert (found["gap"], found["gap_squared"]) == pytest.approx((0.5, 0.25), abs=1e-5)
    found = income.below_minimum(panels_of(exact)).frame().iloc[0]
    assert (found["headcount"], found["gap"], found["gap_squared"], found["at_floor"]) == (0, 0, 0, 1)


def test_expenses_that_are_not_recorded_are_none(panels_of):
    panels = panels_of(paid([600], price_cents=1_000, employer_cost_cents=900))
    assert income.invoice_to_pay(panels).frame().iloc[0].to_dict() == pytest.approx(
        {"year": 2010, "workers": 1, "gross": 0.6, "charges": 0.3, "expenses": 0, "fee": 0.1})


def test_hours_weigh_in_the_minimum(panels_of):
    low = paid([100], hours=30.0)
    found = income.below_minimum(panels_of([*low, *paid([10**6] * 2, hours=5.0), *paid([7], hours=None)])).frame()
    assert found["headcount"].tolist() == [0.75]
    assert found["hours"].tolist() == [40.0]


# -- known answers: volatility ---------------------------------------------------------------------------------

def over(years, pay):
    """One contract a year on 1 January for each worker: `pay[worker][n]` cents in the n-th of `years`."""
    return [row for n, year in enumerate(years) for row in paid([p[n] for p in pay], year) if row["gross_cents"] > 0]


def flat_prices(monkeypatch):
    """Prices that do not move."""
    monkeypatch.setattr(law, "health_index", lambda year, month: 100.0)


def test_arc_changes_of_a_rise_an_exit_and_an_entry(panels_of, monkeypatch):
    flat_prices(monkeypatch)
    panels = panels_of(over(range(2010, 2013), [(100, 200, 200), (70, 0, 0), (0, 0, 30)]))
    found = volatility.arc_changes(panels, "accrual").execute().sort_values(["worker_id", "year"])
    assert list(zip(found["worker_id"], found["year"], found["attached"], strict=True)) == [
        (0, 2011, True), (0, 2012, True), (1, 2011, False), (2, 2012, False)]
    assert found["arc"].tolist() == pytest.approx([200 / 3, 0, -200, 200], rel=1e-12)


def twelve(months):
    """Three years of work of worker 1, the middle one with this pay (cents) in its months."""
    return [*({"start_on": date(y, 6, 1), "end_on": date(y, 6, 1), "gross_cents": 1} for y in (2009, 2011)),
            *({"start_on": date(2010, m, 1), "end_on": date(2010, m, 1), "gross_cents": cents}
              for m, cents in enumerate(months, 1))]


def test_spread_of_lognormal_arc_changes(panels_of, monkeypatch):
    flat_prices(monkeypatch)
    pay = [(10**7, 10**7 * np.exp(sqrt(0.13) * z)) for z in normal_grid(2_000)]
    found = volatility.between_years(panels_of(over((2010, 2011), pay), (2010, 2011))).frame()
    assert found["sd"].tolist() == pytest.approx([34.96], rel=0.01)


def test_unevenness_of_gamma_pay_is_biased_towards_zero(panels_of, monkeypatch):
    flat_prices(monkeypatch)
    pay = np.random.default_rng(3).gamma(4, size=(700, 12)) * 1e6
    rows = [{**row, "worker_id": w} for w, months in enumerate(pay) for row in twelve(months.astype(int).tolist())]
    cv = volatility.year_profiles(panels_of(rows, (2009, 2011)), "accrual").cv.mean().execute()
    assert cv == pytest.approx(0.482, abs=0.01)          # the true one is 0.5


@pytest.mark.parametrize(("months", "expected"), [
    ([500] * 12, {"cv": 0, "spikes": 0, "dips": 0, "worst3": 1, "semideviation": 0, "floor": 1}),
    ([0] * 4 + [900] + [0] * 7, {"cv": sqrt(12), "spikes": 1 / 12, "dips": 11 / 12, "worst3": 0, "floor": 0,
                                 "semideviation": sqrt(11 / 12)}),
    ([0, 200] * 6, {"cv": sqrt(12 / 11), "spikes": 0.5, "dips": 0.5, "worst3": 0, "floor": 2 / 3,
                    "semideviation": sqrt(0.5)})], ids=["even", "one month", "every other"])
def test_unevenness_of_a_year(panels_of, monkeypatch, months, expected):
    flat_prices(monkeypatch)
    found = volatility.within_year(panels_of(twelve(months), (2009, 2011))).frame()
    assert found[["clock", "year", "workers"]].to_numpy().tolist() == [["accrual", 2010, 1]]
    assert found[list(expected)].iloc[0].to_dict() == pytest.approx(expected, abs=1e-9)


def test_months_without_a_contract_are_zeros(panels_of):
    rows = [row for row in twelve([0, 100, 0, 100, 0, 100] + [0] * 6) if row["gross_cents"]]
    found = volatility.within_year(panels_of(rows, (2009, 2011))).frame()
    assert found["worst3"].tolist() == [0] and found["dips"].tolist() == [9 / 12]


def quarters(years, pay):
    """One contract a year from January to March for each worker, as P1 asks."""
    return [{**row, "end_on": date(row["start_on"].year, 3, 31)} for row in over(years, pay)]


def test_normal_growth_has_no_skewness_and_no_excess_kurtosis(panels_of):
    sigma = 0.3
    pay = [(10**7, 10**7 * np.exp(sigma * z)) for z in normal_grid(4_000)]
    found = volatility.growth_distribution(panels_of(quarters((2010, 2011), pay), (2010, 2011))).frame()
    assert found[["year", "workers"]].to_numpy().tolist() == [[2010, 4_000]]
    assert found["spread"].iloc[0] == pytest.approx(2.5631 * sigma, rel=0.005)
    assert found["kelley"].iloc[0] == pytest.approx(0, abs=0.005)
    assert found["kurtosis"].iloc[0] == pytest.approx(0, abs=0.02)


def test_falls_larger_than_rises_skew_below_zero(panels_of):
    pay = [(10**7, 10**7 * np.exp(0.2 * z - 0.5 * (z < -1))) for z in normal_grid(500)]
    found = volatility.growth_distribution(panels_of(quarters((2010, 2011), pay), (2010, 2011))).frame()
    assert found["kelley"].iloc[0] < -0.1 and found["kurtosis"].iloc[0] > 0.5


def shocks(n, columns):
    """n rows of shocks whose columns have mean 0, variance 1 and no correlation in this very sample."""
    drawn = np.random.default_rng(5).normal(size=(n, columns))
    return np.linalg.qr(drawn - drawn.mean(axis=0))[0] * sqrt(n - 1)


def test_planted_permanent_and_transitory_variance(panels_of):
    z = shocks(2_000, 6)
    pay = np.exp(sqrt(0.25) * z[:, :1] + sqrt(0.06) * z[:, 1:]) * 1e7
    found = volatility.permanent_transitory(panels_of(quarters(range(2008, 2013), pay), (2008, 2012))).frame()
    assert found[["year", "workers"]].to_numpy().tolist() == [[2012, 2_000]]
    assert found["permanent"].iloc[0] == pytest.approx(0.25, rel=0.001)
    assert found["transitory"].iloc[0] == pytest.approx(0.06, rel=0.001)


@pytest.mark.parametrize("lasting", [0.01, 0.03])
def test_planted_random_walk_with_noise(panels_of, lasting):
    z = shocks(1_000, 12)
    pay = np.exp(sqrt(lasting) * z[:, :6].cumsum(axis=1) + sqrt(0.06) * z[:, 6:]) * 1e7
    found = volatility.carroll_samwick(panels_of(quarters(range(2007, 2013), pay), (2007, 2012))).frame()
    assert found["permanent"].iloc[0] == pytest.approx(lasting, rel=0.015)
    assert found["transitory"].iloc[0] == pytest.approx(0.06, rel=0.005)


def test_shocks_of_two_years_are_left_out_from_the_third_on(panels_of):
    z = shocks(1_000, 14)
    noise = sqrt(0.03) * (z[:, 7:13] + z[:, 8:14])              # a passing shock that lasts two years
    pay = np.exp(sqrt(0.02) * z[:, :6].cumsum(axis=1) + noise) * 1e7
    panels = panels_of(quarters(range(2007, 2013), pay), (2007, 2012))
    bent, line = (volatility.carroll_samwick(panels, shortest=k).frame() for k in (1, 2))
    assert line["years"].tolist() == [2, 3, 4, 5]
    assert line["permanent"].iloc[0] == pytest.approx(0.02, rel=0.02)
    assert line["transitory"].iloc[0] == pytest.approx(0.06, rel=0.02)
    assert bent["permanent"].iloc[0] > 0.025


def test_years_too_small_for_logarithms_are_counted(panels_of):
    pay = [(10**6, 10**6)] * 18 + [(10**4, 10**6)] * 2
    found = volatility.growth_distribution(panels_of(quarters((2010, 2011), pay), (2010, 2011))).frame()
    assert found["workers"].tolist() == [18] and found["dropped"].tolist() == pytest.approx([0.1])


def test_a_study_of_three_years_has_two_variances_and_their_line(panels_of):
    draw = np.random.default_rng(7)
    panels = panels_of(quarters(range(2010, 2013), np.exp(draw.normal(0, 0.3, (30, 3))) * 1e6))
    found = volatility.carroll_samwick(panels).frame()
    a, b = found["variance"].head(2)
    assert found["variance"].tail(3).isna().all()
    assert found["permanent"].tolist() == pytest.approx([b - a] * 5)
    assert found["transitory"].tolist() == pytest.approx([(2 * a - b) / 2] * 5)


def test_smoothing_of_pay_drawn_evenly_from_uneven_bills(panels_of, monkeypatch):
    flat_prices(monkeypatch)
    rows = [{**row, "activity_id": 3, "paid_on": row["end_on"]} for row in twelve([0, 50, 100] * 4)]
    bills = [{"invoice_id": m, "client_id": 1, "activity_id": 3, "issued_on": date(2010, m, 2),
              "due_on": date(2010, m, 2), "amount_cents": 600 * (m == 5)} for m in range(1, 13)]
    accounts = [{"activity_id": 3, "owner_id": 1, "opened_on": date(2009, 1, 1)}]
    panels = panels_of(rows, (2009, 2011), clients=[{"client_id": 1}], invoices=bills, activities=accounts)
    found = volatility.smoothing(panels).frame()
    cash = np.std([0, 50, 100] * 4, ddof=1) / 50
    assert found["smoothing"].tolist() == pytest.approx([1 - cash / sqrt(12)], rel=1e-12)
    assert found["smoothed"].tolist() == [1] and found["net"].isna().all()
    bought = [{"expense_id": 1, "activity_id": 3, "booked_on": date(2010, 5, 9), "kind": "travel", "amount_cents": 300},
              {"expense_id": 2, "activity_id": 3, "booked_on": date(2010, 7, 1), "kind": "travel", "amount_cents": 100}]
    panels = panels_of(rows, (2009, 2011), clients=[{"client_id": 1}], invoices=bills, activities=accounts,
                       expenses=bought)
    left = [0] * 4 + [300, 0, -100] + [0] * 5
    expected = 1 - cash / (np.std(left, ddof=1) / np.mean(left))
    assert volatility.smoothing(panels).frame()["net"].tolist() == pytest.approx([expected], rel=1e-12)


def test_years_in_which_no_activity_is_open_tell_nothing_about_smoothing(panels_of):
    rows = [{**row, "paid_on": row["end_on"]} for row in twelve([0, 50, 100] * 4)]
    bills = [{"invoice_id": 1, "client_id": 1, "contract_id": 2, "issued_on": date(2010, 5, 2),
              "due_on": date(2010, 5, 2), "amount_cents": 600}]
    for opened, closed, seen in ((2011, None, 0), (2008, date(2009, 12, 31), 0), (2010, None, 1)):
        account = {"activity_id": 3, "owner_id": 1, "opened_on": date(opened, 2, 1), "closed_on": closed}
        panels = panels_of(rows, (2009, 2011), invoices=bills, activities=[account])
        assert len(volatility.smoothing(panels).frame()) == seen


def test_a_dataset_without_days_of_payment_keeps_the_other_clocks(panels_of):
    panels = panels_of(twelve([100] * 12), (2009, 2011))
    for measure in (volatility.within_year, volatility.between_years, volatility.year_and_month):
        assert set(measure(panels).frame()["clock"]) == {"accrual"}


# -- known answers: continuity ---------------------------------------------------------------------------------

def one_day(dates, client=1, **more):
    return [{"start_on": d, "end_on": d, "client_id": client, **more} for d in dates]


def run(first, n, step=1):
    return [first + i * step * DAY for i in range(n)]


MONDAY = date(2010, 1, 4)
WEEKDAYS = [d for d in run(MONDAY, 182) if d.weekday() < 5]


MONTHS = [{"start_on": d, "end_on": d + 27 * DAY, "days": 20.0} for d in run(MONDAY, 3, 46)]


@pytest.mark.parametrize(("contracts", "chains", "long"), [
    (one_day(run(MONDAY + 28 * DAY, 17, 4)) + MONTHS, 1, True),
    (one_day(run(MONDAY + 28 * DAY, 16, 4)) + MONTHS, 1, False),
    (one_day(WEEKDAYS), 1, True),
    (one_day(run(MONDAY, 40, 7)), 1, False),                               # a weekly class
    (one_day(run(MONDAY, 60)), 1, False),                                  # a theatre run of two months
    ([{"start_on": d, "end_on": d + 4 * DAY, "days": 5.0} for d in run(MONDAY, 26, 7)], 1, False),  # weeks, not days
    ([{"start_on": MONDAY, "end_on": MONDAY + 364 * DAY, "days": 260.0}], 1, False),                # a lasting contract
    (one_day(WEEKDAYS[::2], 1) + one_day(WEEKDAYS[1::2], 2), 2, True),     # turn by turn for two clients
    (one_day(run(MONDAY, 119)), 1, False), (one_day(run(MONDAY, 120)), 1, True),
    (one_day([MONDAY, MONDAY + 15 * DAY]), 1, False), (one_day([MONDAY, MONDAY + 16 * DAY]), 2, False),
])
def test_chains(panels_of, contracts, chains, long):
    found = continuity.chains(panels_of(contracts)).execute()
    assert len(found) == chains
    assert found["long"].tolist() == [long] * chains


def test_a_long_contract_keeps_a_chain_together(panels_of):
    rows = [{"start_on": MONDAY, "end_on": MONDAY + 60 * DAY}, *one_day([MONDAY + 3 * DAY, MONDAY + 70 * DAY])]
    found = continuity.chains(panels_of(rows)).execute()
    assert found[["contracts", "span"]].to_numpy().tolist() == [[3, 71]]


def test_share_of_days_in_chains(panels_of):
    rows = one_day(WEEKDAYS) + one_day([MONDAY, MONDAY + DAY], 2, days=20.0) + one_day([MONDAY], 3, days=30.0)
    found = continuity.chaining(panels_of(rows)).frame().iloc[0]
    total = len(WEEKDAYS) + 70
    assert found["in_chains"] == pytest.approx(1 - 30 / total)
    assert found["in_long_chains"] == pytest.approx(len(WEEKDAYS) / total)
    assert (found["chains"], found["mean_contracts"]) == (3, pytest.approx((len(WEEKDAYS) + 3) / 3))


def test_spells_join_what_overlaps_and_what_a_gap_allows(panels_of):
    rows = [{"start_on": MONDAY, "end_on": MONDAY + 20 * DAY},
            *one_day([MONDAY + 5 * DAY, MONDAY + 21 * DAY, MONDAY + 29 * DAY])]
    panels = panels_of(rows)
    lengths = {g: continuity.spells(panels, g).execute().sort_values("spell")["length"].tolist() for g in (0, 6, 7)}
    assert lengths == {0: [22, 1], 6: [22, 1], 7: [30]}


def test_equal_spells_have_concentration_one_over_n(panels_of):
    panels = panels_of(one_day(run(MONDAY, 4, 100)))
    found = continuity.spell_lengths(panels).frame()
    assert found["concentration"].tolist() == pytest.approx([1 / 4] * 3)
    assert found["utilisation"].tolist() == pytest.approx([4 / 301] * 3)


def test_breaks_that_end_and_breaks_that_do_not(panels_of):
    rows = one_day([MONDAY, MONDAY + 11 * DAY, date(2010, 12, 1)])
    found = continuity.gap_survival(panels_of(rows, (2010, 2010))).frame().set_index("t")
    # Breaks of 10 and 319 days end; one of 30 days is cut by the end of the study.
    assert found.loc[[7, 14, 28, 35, 315], "survival"].tolist() == pytest.approx([1, 2 / 3, 2 / 3, 2 / 3, 2 / 3])
    assert found.index.max() == 315 and set(found["workers"]) == {1}


def test_no_break_has_no_curve(panels_of):
    rows = [{"start_on": date(2010, 1, 1), "end_on": date(2010, 12, 31)}]
    assert continuity.gap_survival(panels_of(rows, (2010, 2010))).frame().empty


def test_spells_that_may_go_on_are_censored(panels_of):
    rows = [*one_day([MONDAY, date(2010, 6, 1)]), {"start_on": date(2010, 12, 1), "end_on": date(2010, 12, 31)}]
    found = continuity.spell_lengths(panels_of(rows, (2010, 2010))).frame().set_index("gap")
    assert found["km_median"].tolist() == [1, 1, 1]
    going_on = [{"start_on": date(2010, 12, 1), "end_on": date(2010, 12, 31)}]
    assert continuity.spell_lengths(panels_of(going_on, (2010, 2010))).frame()["km_median"].isna().all()


def test_who_never_had_a_break_leaves_at_once(panels_of):
    rows = [{"worker_id": 1, "start_on": date(2010, 1, 1), "end_on": date(2010, 12, 31)},
            *one_day([MONDAY, MONDAY + 29 * DAY, date(2010, 12, 31)], worker_id=2)]
    found = continuity.longest_break(panels_of(rows, (2010, 2010))).frame().set_index("t")
    assert found.loc[[0, 203], "survival"].tolist() == [0.5, 0.5]
    assert found["workers"].unique().tolist() == [1]


def of_days(months):
    """Interior year 2010 of one worker with these declared days in its months, each a contract of the whole month."""
    return [*one_day([date(2009, 6, 1), date(2011, 6, 1)]),
            *({"start_on": date(2010, m, 1), "end_on": date(2010, m, 28), "days": float(d)}
              for m, d in enumerate(months, 1) if d)]


@pytest.mark.parametrize(("days", "complexity", "degradation", "precarity"), [
    ([20] * 12, 0, 0, 0), ([12] * 12, 0, 0, 0.2 / 3), ([0] * 11 + [1], sqrt(0.2868 / 11 / np.log(4)), -1, 0.2),
    ([0, 20] * 6, sqrt(0.5), -1 / 11, 0.2 + 0.8 * sqrt(0.5) * (10 / 11) ** 1.2),
    ([20, 20, 20, 10, 10, 10, 9, 9, 9, 0, 0, 0], sqrt(3 / 11), 1, 0.8 * sqrt(3 / 11) * 2**1.2)])
def test_sequences_of_known_years(panels_of, days, complexity, degradation, precarity):
    found = continuity.sequences(panels_of(of_days(days), (2009, 2011))).frame().iloc[0]
    assert found["year"] == 2010
    assert found[["complexity", "degradation", "precarity"]].tolist() == pytest.approx(
        [complexity, degradation, precarity], abs=1e-4)


# -- a study that begins in the middle of contracts ------------------------------------------------------------

def test_contracts_that_started_before_the_study_make_no_year_of_their_own(panels_of):
    rows = [{"start_on": date(2009, 12, 1), "end_on": date(2010, 1, 31), "hours": 8.0, "price_cents": 10,
             "employer_cost_cents": 5}, *paid([100], hours=8.0, price_cents=10, employer_cost_cents=5)]
    panels = panels_of(rows)
    for measure in (population.buyers, population.workers_by_year, income.pay_rates, income.below_minimum,
                    income.low_pay, income.invoice_to_pay, continuity.contract_lengths, continuity.chaining):
        assert set(measure(panels).frame()["year"]) == {2010}, measure.__name__


def test_a_year_of_work_in_which_no_contract_starts_is_a_year(panels_of):
    rows = [{"start_on": date(2010, 7, 1), "end_on": date(2011, 6, 30), "days": 100.0}]
    found = population.workers_by_year(panels_of(rows)).frame()
    found = found[found["couriers"] == "all workers"]
    assert found[["year", "workers", "contracts"]].to_numpy().tolist() == [[2010, 1, 1], [2011, 1, 0]]
