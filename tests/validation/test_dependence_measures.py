"""Autonomy I: every measure equals a slow one written from its formula, and gives the answer where it is known."""

import shutil
from collections import Counter, defaultdict
from datetime import date, timedelta
from itertools import pairwise
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from expected import deflator, mostly, same, seeds

from analysis import law
from analysis.datasets import Dataset
from analysis.errors import MissingData, StudyError
from analysis.measures import dependence, pricing
from analysis.panels import Panels
from analysis.schema import TABLES
from analysis.scope import Scope
from data_synthetic import simulate as simulator
from data_synthetic.rules import Size
from data_synthetic.world import read_world

FIRST, LAST = 2001, 2020
VIEWS = {"pay": "gross", "days": "days", "invoice": "billed"}
MONEY = ("pay", "invoice")


# -- an independent reading of the dataset ---------------------------------------------------------------------

def parts(contract):
    """(year, month, days in hundredths, cents) of a contract in each calendar month, by cumulative floor."""
    days, length, before = round(100 * contract.days), (contract.end_on - contract.start_on).days + 1, 0
    for month in pd.period_range(contract.start_on, contract.end_on, freq="M"):
        until = min((month.end_time.normalize() - contract.start_on).days + 1, length)
        shares = (x * until // length - x * before // length for x in (days, contract.gross_cents))
        if FIRST <= month.year <= LAST:
            yield month.year, month.month, *shares
        before = until


@pytest.fixture(scope="module")
def world(simulated):
    """The same world in plain dictionaries: what each worker has from each client in each month, on each view."""
    tables = {}
    for name in ("contracts", "invoices", "activities"):
        frame = pd.read_parquet(f"{simulated.dataset.location}/{name}.parquet")
        for column in (c.name for c in TABLES[name].columns if c.type == "date"):
            frame[column] = pd.to_datetime(frame[column])
        tables[name] = frame
    w = SimpleNamespace(**tables)
    c = w.contracts
    w.parts = [(k, *part) for k in c.itertuples() for part in parts(k)]
    payee = dict(zip(c["contract_id"], c["worker_id"], strict=True))
    w.owner = dict(zip(w.activities["activity_id"], w.activities["owner_id"], strict=True))
    w.bills = [(payee.get(i.contract_id, w.owner.get(i.activity_id)), i) for i in w.invoices.itertuples()
               if FIRST <= i.issued_on.year <= LAST]
    w.events = defaultdict(Counter)           # view → (worker, client, year, event) → amount
    w.months = defaultdict(Counter)           # view → (worker, client, month) → amount
    for k, year, month, days, gross in w.parts:
        if k.client_id == k.client_id:
            for view, x in (("days", days), ("pay", gross)):
                w.events[view][k.worker_id, int(k.client_id), year, k.contract_id] += x
                w.months[view][k.worker_id, int(k.client_id), 12 * year + month] += x
    for worker, i in w.bills:
        w.events["invoice"][worker, i.client_id, i.issued_on.year, i.invoice_id] += i.amount_cents
        w.months["invoice"][worker, i.client_id, 12 * i.issued_on.year + i.issued_on.month] += i.amount_cents
    w.total = defaultdict(Counter)            # declared days (hundredths) and cents of all contracts
    w.real = Counter()
    for k, year, month, days, gross in w.parts:
        w.total[k.worker_id, year].update(days=days, gross=gross)
        w.total[k.worker_id, 12 * year + month].update(days=days, gross=gross)
        w.real[k.worker_id, 12 * year + month] += gross / 100 * deflator(year, month)
    return w


def yearly(world, view):
    """{(worker, year): {client: amount above 0}}"""
    sums = Counter()
    for (worker, client, year, _), x in world.events[view].items():
        sums[worker, year, client] += x
    found = defaultdict(dict)
    for (worker, year, client), x in sums.items():
        if x > 0:
            found[worker, year][client] = x
    return found


def judged(world, view, least=20):
    """`yearly`, of those with the least days."""
    if view == "invoice":
        days = {key: t["days"] for key, t in world.total.items() if key[1] <= LAST}
    else:
        days = Counter()
        for (worker, _, year, _), x in world.events["days"].items():
            days[worker, year] += x
    return {key: clients for key, clients in yearly(world, view).items() if days.get(key, -1) >= 100 * least}


def hhi(amounts):
    x = np.array(list(amounts), dtype=float)
    return ((x / x.sum()) ** 2).sum()


def largest(clients):
    """The client with the largest amount, the lowest of equals, and its share."""
    client = min(clients, key=lambda c: (-clients[c], c))
    return client, clients[client] / sum(clients.values())


def by_year(rows, **fixed):
    """One row per year: `workers` and the means of the other values."""
    frame = pd.DataFrame(rows)
    values = [c for c in frame if c not in ("worker", "year")]
    return [{**fixed, "year": year, "workers": f["worker"].nunique(), **f[values].mean()}
            for year, f in frame.groupby("year")]


# -- the panel -------------------------------------------------------------------------------------------------

def test_pair_year_is_the_sum_of_contracts_and_invoices(simulated, world):
    sums = ("days_100", "gross_cents", "real_cents", "contracts", "invoiced_cents")
    rows = defaultdict(lambda: dict.fromkeys(sums, 0) | {"first_month": None, "last_month": None})
    for k, year, month, days, gross in world.parts:
        if k.client_id == k.client_id:
            r, m = rows[k.worker_id, int(k.client_id), year], 12 * year + month - 1
            r["days_100"] += days
            r["gross_cents"] += gross
            r["real_cents"] += gross * deflator(year, month)
            r["first_month"] = m if r["first_month"] is None else min(m, r["first_month"])
            r["last_month"] = max(m, r["last_month"] or m)
    for worker, client, year, _ in world.events["pay"]:
        rows[worker, client, year]["contracts"] += 1
    for worker, i in world.bills:
        rows[worker, i.client_id, i.issued_on.year]["invoiced_cents"] += i.amount_cents
    keys = ["worker_id", "client_id", "year"]
    expected = pd.DataFrame([{**dict(zip(keys, key, strict=True)), **r} for key, r in rows.items()])
    seen = simulated.pair_year.execute()
    pd.testing.assert_frame_equal(
        seen.sort_values(keys, ignore_index=True), expected.sort_values(keys, ignore_index=True)[seen.columns],
        check_dtype=False, rtol=1e-9)
    assert seen["first_month"].isna().any() and (seen["invoiced_cents"] == 0).any()


def test_pair_year_of_ranges_of_workers_is_that_of_all(simulated, monkeypatch):
    monkeypatch.setattr("analysis.panels.panels.CONTRACTS_AT_ONCE", 3_000)
    cut = Panels(simulated.dataset, simulated.scope)
    assert len(cut.ranges) > 2
    keys = ["worker_id", "client_id", "year"]
    seen, whole = (p.pair_year.execute().sort_values(keys, ignore_index=True) for p in (cut, simulated))
    pd.testing.assert_frame_equal(seen, whole, rtol=1e-12)


# -- dependence ------------------------------------------------------------------------------------------------

def test_views(simulated, world):
    workers = defaultdict(set)
    bought, billed, own = Counter(), Counter(), Counter()
    for (worker, _, year, _), x in world.events["pay"].items():
        bought[year] += x
        if x > 0:
            workers["pay", year].add(worker)
    for worker, i in world.bills:
        year = i.issued_on.year
        if (worker, year) in world.total:
            workers["invoice", year].add(worker)
            billed[year] += i.amount_cents
            own[year] += 0 if np.isnan(i.activity_id) else i.amount_cents
    rows = []
    for year in range(FIRST, LAST + 1):
        active = [t["gross"] for (_, y), t in world.total.items() if y == year]
        rows.append({"year": year, "workers": len(active), "pay_workers": len(workers["pay", year]) / len(active),
                     "pay_share": bought[year] / sum(active), "activity_share": own[year] / billed[year],
                     "invoice_workers": len(workers["invoice", year]) / len(active)})
    same(dependence.views(simulated), rows)


@pytest.mark.parametrize("least", [20, 0])
def test_clients_per_worker(simulated, world, least):
    rows = []
    for view in VIEWS:
        found = pd.DataFrame([{"worker": w, "year": y, "n": len(c), "effective": 1 / hhi(c.values())}
                              for (w, y), c in judged(world, view, least).items()])
        rows += [{"view": view, "year": year, "workers": len(f), "clients": f["n"].mean(),
                  "clients_median": np.median(f["n"]), "effective": f["effective"].mean(),
                  "effective_median": np.median(f["effective"]), "one": (f["n"] == 1).mean()}
                 for year, f in found.groupby("year")]
    same(dependence.clients_per_worker(simulated, days=least), rows)


def test_concentration(simulated, world):
    rows = []
    for view in VIEWS:
        events = defaultdict(list)
        for (worker, _, year, _), x in world.events[view].items():
            if x > 0:
                events[worker, year].append(x / 100)
        found = []
        for (worker, year), clients in judged(world, view).items():
            x, h = np.array(events[worker, year]), hhi(clients.values())
            n = x.sum() ** 2 / (x**2).sum()
            share = largest(clients)[1]
            found.append({"worker": worker, "year": year, "hhi": h, "share": share,
                          "corrected": (n * h - 1) / (n - 1) if len(x) > 1 else np.nan, "half": share >= 0.5,
                          "dominant": share >= 0.75, "five_sixths": share >= 0.8333})
        rows += by_year(found, view=view)
    same(dependence.concentration(simulated), rows)


def test_a_trait_makes_groups_of_the_same_workers(simulated):
    for measure in (dependence.clients_per_worker, dependence.concentration, dependence.dependence_score,
                    pricing.rate_dispersion):
        answer = measure(simulated, by="profession")
        parted = answer.frame()
        keys = [k for k in answer.keys if k != "profession"]
        assert "profession" in answer.keys
        sums = parted.groupby(keys)["workers"].sum().tolist()
        assert sums == measure(simulated).frame().sort_values(keys)["workers"].tolist()


def ties(world):
    """{(worker, client): {year: sorted months with work}}"""
    found = defaultdict(lambda: defaultdict(set))
    for (worker, client, month), x in world.months["days"].items():
        if x > 0:
            found[worker, client][(month - 1) // 12].add(month)
    return found


def posted(world):
    """{(client, year): share of its contracts at the modal rate}, clients of at least 10 workers."""
    c = world.contracts
    c = c[c["client_id"].notna() & (c["gross_cents"] > 0)]
    found = {}
    for (client, year), f in c.groupby(["client_id", c["start_on"].dt.year]):
        if f["worker_id"].nunique() >= 10:
            by_day = [g * 100 // round(100 * d) for g, d in zip(f["gross_cents"], f["days"], strict=True)]
            by_hour = [g * 100 // round(100 * h) for g, h in zip(f["gross_cents"], f["hours"], strict=True) if h > 0]
            at_mode = []
            for rates in (by_day, by_hour):
                count = Counter(rates)
                mode = min(count, key=lambda r: (-count[r], r)) if count else None
                at_mode.append(sum(100 * abs(r - mode) <= mode for r in rates))
            found[int(client), year] = max(at_mode) / len(f)
    return found


def rhythm(world):
    """{(worker, client, year): (days whose place is known, share of them repeated a week before or after)}"""
    days = defaultdict(set)
    for k in world.contracts.itertuples():
        length = (k.end_on - k.start_on).days + 1
        if k.client_id == k.client_id and length <= 2:
            days[k.worker_id, int(k.client_id)] |= {k.start_on.date() + timedelta(i) for i in range(length)}
    found = defaultdict(list)
    week = timedelta(7)
    for pair, worked in days.items():
        for day in worked:
            found[*pair, day.year].append(bool({day - week, day + week} & worked))
    return {key: (len(v), np.mean(v)) for key, v in found.items()}


def test_dependence_score(simulated, world):
    price, week, tied, rows = posted(world), rhythm(world), ties(world), []
    days = Counter()
    for (worker, client, year, _), x in world.events["days"].items():
        days[worker, client, year] += x / 100
    for (worker, year), clients in judged(world, "pay").items():
        client, share = largest(clients)
        months = tied[worker, client]
        lasting = max(months[year]) - min(months.get(year - 1, set()) | months[year]) + 1
        located, repeated = week.get((worker, client, year), (0, 0))
        time_known = located >= days[worker, client, year] / 2
        signs = (share >= 0.75, price.get((client, year), 0) >= 0.5, time_known and repeated >= 0.8, lasting >= 12)
        rows.append({"worker": worker, "year": year, **dict(zip(("dominant", "posted", "timed", "lasting"), signs,
                                                                strict=True)),
                     "score": sum(signs), "dependent": signs[0] and (signs[1] or signs[2]),
                     "price_known": (client, year) in price, "time_known": time_known})
    same(dependence.dependence_score(simulated), by_year(rows))


def test_retention(simulated, world):
    rows = []
    for view in MONEY:
        clients, found = yearly(world, view), []
        for (worker, year), now in clients.items():
            before = clients.get((worker, year - 1))
            if before:
                stay = before.keys() & now.keys()
                found.append({"worker": worker, "year": year, "retained": len(stay) / len(before),
                              "dominant": largest(before)[0] in now,
                              "from_old": sum(now[c] for c in stay) / sum(now.values())})
        rows += by_year(found, view=view)
    same(dependence.retention(simulated), rows)


def moves(world, view):
    """(worker, state now, state two years on)."""
    def state(clients):
        share = largest(clients)[1]
        return "dependent" if share >= 0.75 else "leaning" if share >= 0.5 else "several"

    found = judged(world, view)
    return [(worker, state(clients), state(found[worker, year + 2]) if (worker, year + 2) in found else "gone")
            for (worker, year), clients in found.items() if year + 2 <= LAST]


def test_transitions(simulated, world):
    rows = []
    for view in MONEY:
        seen = moves(world, view)
        for now, later in {m[1:] for m in seen}:
            both = [m for m in seen if m[1:] == (now, later)]
            of = [m for m in seen if m[1] == now]
            rows.append({"view": view, "state": now, "later": later, "workers": len({m[0] for m in both}),
                         "share": len(both) / len(of), "share_of_stayers": 0 if later == "gone" else
                         len(both) / sum(m[2] != "gone" for m in of)})
    same(dependence.transitions(simulated), rows)


def test_mobility(simulated, world):
    rows = []
    for view in MONEY:
        seen = moves(world, view)
        stay = {s: np.mean([m[2] == s for m in seen if m[1] == s and m[2] != "gone"])
                for s in ("several", "leaning", "dependent")}
        tied = [m for m in seen if m[1] == "dependent"]
        stayers = [len({m[0] for m in seen if m[1] == s and m[2] != "gone"}) for s in stay]
        rows.append({"view": view, "workers": min(stayers), "dissolved": 1 - stay["dependent"],
                     "gone": np.mean([m[2] == "gone" for m in tied]), "shorrocks": (3 - sum(stay.values())) / 2})
    same(dependence.mobility(simulated), rows)


def test_replacement(simulated, world):
    rows = []
    for view in MONEY:
        events = defaultdict(list)
        months = {key: x for key, x in world.months[view].items() if x > 0}
        active = defaultdict(list)
        for worker, client, month in months:
            active[worker, client].append(month)
        billed = defaultdict(list)
        for (worker, _, month), x in months.items():
            billed[worker].append((month, x))
        for (worker, client), seen in active.items():
            for month, following in pairwise([*sorted(seen), 10**6]):
                if not 12 * FIRST + 12 <= month <= 12 * LAST:
                    continue
                window = range(month - 11, month + 1)
                paid = sum(months.get((worker, client, m), 0) for m in window)
                total = (sum(world.total[worker, m]["gross"] for m in window) if view == "pay" else
                         sum(x for m, x in billed[worker] if m in window))
                days = sum(world.total[worker, m]["days"] for m in window)
                before = sum(world.real[worker, m] for m in window)
                if before > 0 and paid >= 0.75 * total and days >= 2000:
                    after = sum(world.real[worker, m] for m in range(month + 1, month + 13))
                    events["kept" if following - month <= 6 else "lost"].append((worker, after / before))
        for tie, found in events.items():
            r = np.array([x for _, x in found])
            rows.append({"view": view, "tie": tie, "workers": len({w for w, _ in found}), "events": len(r),
                         **{f"p{q}": np.percentile(r, q) for q in (25, 50, 75)}, "none": (r == 0).mean(),
                         "still": np.median(r[r > 0]), "recovered": (r >= 0.9).mean()})
    same(dependence.replacement(simulated), rows)


# -- prices ----------------------------------------------------------------------------------------------------

@pytest.mark.parametrize("span", [1, 20])
def test_client_set_price(crowded, span):
    world = SimpleNamespace(contracts=crowded.contracts.execute())
    price, rows = posted(world), []
    c = world.contracts[world.contracts["client_id"].notna() & (world.contracts["gross_cents"] > 0)]
    value = defaultdict(lambda: [0.0, 0.0])
    for k in c.itertuples():
        key = int(k.client_id), k.start_on.year
        if key in price:
            value[k.worker_id, k.start_on.year][0] += price[key] * k.days
            value[k.worker_id, k.start_on.year][1] += k.days
    for first in range(CROWDED[0], CROWDED[1] + 1, span):
        here = range(first, first + span)
        shares = [p for (_, year), p in price.items() if year in here]
        w = [a / b for (_, year), (a, b) in value.items() if year in here]
        rows.append({"year": first, "clients": len({c for c, y in price if y in here}), "share": np.mean(shares),
                     "posted": np.mean([p >= 0.5 for p in shares]), "worker_share": np.mean(w),
                     "workers": len({i for i, y in value if y in here}),
                     "worker_posted": np.mean([x >= 0.5 for x in w])})
    assert any(r["posted"] > 0 for r in rows)
    same(pricing.client_set_price(crowded, span=span), rows)


def slope(frame, unit, buyer="client_id"):
    """Least squares of y on x, unit means taken out of both; the error clustered by worker and by buyer."""
    groups = frame.groupby(unit)
    frame = frame[groups["x"].transform(lambda x: x.max() > x.min())]
    groups = frame.groupby(unit)
    y, x = (frame[c] - groups[c].transform("mean") for c in "yx")
    variance = {}
    for cluster in (("worker_id",), (buyer,), ("worker_id", buyer)):
        number = frame.groupby(list(cluster)).ngroup().to_numpy()
        fit = sm.OLS(y.to_numpy(), x.to_numpy()).fit(cov_type="cluster", use_t=False, cov_kwds={
            "groups": number, "use_correction": False})
        g = number.max() + 1
        variance[cluster] = fit.bse[0] ** 2 * g / (g - 1)
    alone, other, pair = variance.values()
    error = np.sqrt(max(alone, alone + other - pair))
    return {"workers": frame["worker_id"].nunique(), "n": len(frame), "slope": fit.params[0], "error": error,
            "low": fit.params[0] - 1.96 * error, "high": fit.params[0] + 1.96 * error}


def bought(world):
    c = world.contracts[world.contracts["client_id"].notna() & (world.contracts["gross_cents"] > 0)]
    return c.sort_values(["start_on", "contract_id"])


def test_price_growth(simulated, world):
    c = bought(world)
    index = [deflator(day.year, day.month) for day in c["start_on"]]
    pair = ["worker_id", "client_id"]
    rows = []
    for amount, column in (("pay", "gross_cents"), ("price", "price_cents")):
        rated = c.assign(y=np.log(c[column] * index / c["days"]))
        since = rated.groupby(pair)["start_on"].transform("min")
        rated["age"] = (rated["start_on"] - since).dt.days / 365.25
        rated["time"] = (rated["start_on"] - pd.Timestamp("2000-01-01")).dt.days / 365.25
        first = rated[~rated.duplicated(pair)]
        rows += [{"tie": "same client", "amount": amount, **slope(rated.rename(columns={"age": "x"}), pair)},
                 {"tie": "new clients", "amount": amount, **slope(first.rename(columns={"time": "x"}), ["worker_id"])}]
    same(pricing.price_growth(simulated), rows)


def test_rate_dispersion(simulated, world):
    days, pay, rates = Counter(), Counter(), defaultdict(list)
    for (worker, client, year, _), x in world.events["pay"].items():
        pay[worker, client, year] += x
    for (worker, client, year, _), x in world.events["days"].items():
        days[worker, client, year] += x
    for (worker, client, year), x in pay.items():
        if x > 0 and days[worker, client, year] > 0:
            rates[worker, year].append(np.log(x / days[worker, client, year]))
    spread = pd.DataFrame([{"year": y, "sd": np.std(r, ddof=1)} for (_, y), r in rates.items() if len(r) > 1])
    same(pricing.rate_dispersion(simulated), [
        {"year": y, "workers": len(f), "sd": np.sqrt(np.mean(f["sd"] ** 2)),
         **{f"p{q}": np.percentile(f["sd"], q) for q in (25, 50, 75)}} for y, f in spread.groupby("year")])


def test_pass_through(simulated, world):
    c = bought(world)
    direct = c.assign(y=np.log(c["gross_cents"]), x=np.log(c["price_cents"]))
    paid, billed = Counter(), Counter()
    for k in world.contracts[world.contracts["activity_id"].notna()].itertuples():
        paid[k.activity_id, k.start_on.year] += k.gross_cents
    for i in world.invoices[world.invoices["activity_id"].notna()].itertuples():
        billed[i.activity_id, i.issued_on.year] += i.amount_cents
    years = pd.DataFrame([{"activity_id": a, "worker_id": world.owner[a], "y": np.log(g), "x": np.log(billed[a, y])}
                          for (a, y), g in paid.items() if g > 0 and billed[a, y] > 0])
    same(pricing.pass_through(simulated), [
        {"level": "contract", **slope(direct, ["worker_id", "client_id"])},
        {"level": "Activity", **slope(years, ["activity_id"], "activity_id")}])


# -- known answers: concentration ------------------------------------------------------------------------------

def jobs(shares, year=2010, worker=1, days=2.0):
    """Contracts of two days in March, one for each client of `shares`, with this pay in cents."""
    return [{"worker_id": worker, "client_id": client, "start_on": date(year, 3, 1), "end_on": date(year, 3, 2),
             "days": days, "gross_cents": cents} for client, cents in shares]


@pytest.mark.parametrize("n", [1, 2, 5])
def test_v18_one_client_has_an_index_of_1_and_n_equal_ones_of_1_over_n(panels_of, n):
    panels = panels_of(jobs([(client, 700) for client in range(n)] * 2, days=10.0), (2010, 2010))
    found = dependence.concentration(panels).frame().set_index("view").loc["pay"]
    assert found["hhi"] == pytest.approx(1 / n, rel=1e-12) and found["share"] == pytest.approx(1 / n, rel=1e-12)
    counted = dependence.clients_per_worker(panels).frame().set_index("view").loc["pay"]
    assert counted["clients"] == n and counted["effective"] == pytest.approx(n, rel=1e-12)
    assert counted["one"] == (n == 1)


def test_v18_the_corrected_index_of_ten_contracts_is_that_of_the_shares_they_are_drawn_from(panels_of):
    draw, workers = np.random.default_rng(18), 3_000
    rows = [row for w in range(workers) for row in jobs([(int(c), 500) for c in draw.choice(3, 10, p=(0.5, 0.3, 0.2))],
                                                        worker=w)]
    found = dependence.concentration(panels_of(rows, (2010, 2010))).frame().set_index("view").loc["pay"]
    sd = 0.117      # of H* for ten draws from these shares
    assert found["corrected"] == pytest.approx(0.38, abs=3 * sd / np.sqrt(workers))
    assert found["hhi"] == pytest.approx(0.38 + 0.62 / 10, abs=3 * sd / np.sqrt(workers))


def test_the_thresholds_are_reached_at_three_quarters_and_at_twenty_days(panels_of):
    def dominant(shares, days):
        found = dependence.concentration(panels_of(jobs(shares, days=days), (2010, 2010))).frame()
        found = found[found["view"] == "pay"]
        return found["dominant"].tolist()

    assert dominant([(1, 75), (2, 25)], 10.0) == [1]
    assert dominant([(1, 7499), (2, 2501)], 10.0) == [0]
    assert dominant([(1, 75), (2, 25)], 9.99) == []


def test_one_contract_has_no_corrected_index_and_equals_are_ordered_by_number(panels_of):
    panels = panels_of(jobs([(4, 100)], days=30.0), (2010, 2010))
    assert np.isnan(dependence.concentration(panels).frame()["corrected"]).all()
    panels = panels_of(jobs([(9, 50), (4, 50)], days=30.0), (2010, 2010))
    assert dependence.shares(panels, "pay").execute()["dominant"].tolist() == [4]


def bill(n, client, cents, day=date(2010, 4, 1), **what):
    return {"invoice_id": n, "client_id": client, "issued_on": day, "due_on": day, "amount_cents": cents, **what}


def test_an_activity_has_the_clients_that_it_bills_and_credit_notes_count(panels_of):
    contracts = [{"activity_id": 9, "start_on": date(2010, 3, 1), "end_on": date(2010, 3, 31), "days": 21.0,
                  "gross_cents": 500}, *jobs([(1, 100)])]
    panels = panels_of(
        contracts, (2010, 2010), clients=[{"client_id": c} for c in (1, 2, 3)],
        activities=[{"activity_id": 9, "owner_id": 1, "opened_on": date(2009, 1, 1)}],
        invoices=[bill(1, 1, 100, contract_id=1), bill(2, 2, 400, activity_id=9), bill(3, 2, -100, activity_id=9),
                  bill(4, 3, 50, activity_id=9), bill(5, 3, -50, activity_id=9)])
    found = dependence.shares(panels, "invoice").execute().iloc[0]
    assert found[["clients", "share", "dominant"]].tolist() == [2, 0.75, 2]
    assert dependence.shares(panels, "pay").execute().empty          # two days bought by clients
    seen = dependence.views(panels).frame().iloc[0]
    assert seen[["pay_workers", "pay_share", "invoice_workers", "activity_share"]].tolist() == pytest.approx(
        [1, 1 / 6, 1, 0.75])


def test_shares_of_a_state_add_up_to_one_and_mobility_reads_its_diagonal(simulated):
    t = dependence.transitions(simulated).frame()
    assert t.groupby(["view", "state"])["share"].sum().tolist() == pytest.approx([1] * 6)
    assert t.groupby(["view", "state"])["share_of_stayers"].sum().tolist() == pytest.approx([1] * 6)
    m = dependence.mobility(simulated).frame().set_index("view")
    for view, f in t.groupby("view"):
        trace = f.loc[f["state"] == f["later"], "share_of_stayers"].sum()
        assert m.loc[view, "shorrocks"] == pytest.approx((3 - trace) / 2)


def test_nobody_moves(panels_of):
    rows = [row for worker in range(3) for year in (2010, 2011, 2012)
            for row in jobs([(c, 10) for c in range((1, 2, 3)[worker])], year, worker, days=20.0)]
    m = dependence.mobility(panels_of(rows)).frame()
    assert m[["workers", "dissolved", "gone", "shorrocks"]].iloc[0].tolist() == [1, 0, 0, 0]


def test_clients_who_come_back(panels_of):
    rows = [*jobs([(1, 90), (2, 10)], 2010), *jobs([(2, 30), (3, 10)], 2011), *jobs([(3, 5)], 2012)]
    found = dependence.retention(panels_of(rows)).frame()
    assert found[["year", "retained", "dominant", "from_old"]].to_numpy().tolist() == [
        [2011, 0.5, 0, 0.75], [2012, 0.5, 0, 1]]


# -- known answers: weeks, ties, losses ------------------------------------------------------------------------

def on(*days, **more):
    return [{"start_on": day, "end_on": day, "gross_cents": 100, **more} for day in days]


def test_a_weekly_class_keeps_to_its_weekday_and_scattered_days_do_not(panels_of):
    tuesdays = [date(2010, 1, 5) + timedelta(7 * n) for n in range(30)]
    scattered = [date(2010, 1, 5) + timedelta(11 * n) for n in range(30)]
    fortnight = [date(2010, 1, 5) + timedelta(14 * n) for n in range(20)]
    rows = [*on(*tuesdays), *on(*scattered, client_id=2), *on(*fortnight, client_id=3),
            {"start_on": date(2010, 1, 4), "end_on": date(2010, 1, 6), "client_id": 2},         # of no known day
            {"start_on": date(2010, 12, 7), "end_on": date(2010, 12, 8), "client_id": 3}]
    found = dependence.weekly_rhythm(panels_of(rows)).execute().sort_values("client_id")
    assert found["located"].tolist() == [30, 30, 22]
    assert found["rhythm"].tolist() == [1, 0, 0]


def test_a_teacher_is_dependent_where_the_class_is_all_the_work_and_lasts(panels_of):
    weekly = on(*[date(2010, 1, 5) + timedelta(7 * n) for n in range(100)])
    found = dependence.dependence_score(panels_of(weekly)).frame().set_index("year")
    columns = ["dominant", "posted", "timed", "lasting", "score", "dependent", "time_known", "price_known"]
    assert found.loc[2010, columns].tolist() == [1, 0, 1, 1, 3, 1, 1, 0]
    half = on(*[date(2010, 8, 3) + timedelta(7 * n) for n in range(22)])
    found = dependence.dependence_score(panels_of(half)).frame().set_index("year")
    assert found.loc[2010, columns].tolist() == [1, 0, 1, 0, 2, 1, 1, 0]


def months(*paid, client=1, worker=1):
    """A contract of 20 days in each month of `paid`, months since January 2010 → cents."""
    return [{"worker_id": worker, "client_id": client, "start_on": date(2010 + m // 12, m % 12 + 1, 1),
             "end_on": date(2010 + m // 12, m % 12 + 1, 20), "days": 20.0, "gross_cents": cents} for m, cents in paid]


def test_what_follows_the_loss_of_a_client(panels_of, monkeypatch):
    monkeypatch.setattr(law, "health_index", lambda year, month: 100.0)
    lost = [*months((11, 900)), *months((10, 100), (20, 400), client=2)]
    found = dependence.replacement(panels_of(lost)).frame().set_index("tie")
    assert found.loc["lost", ["workers", "events", "p50", "none", "recovered"]].tolist() == [1, 1, 0.4, 0, 0]
    assert np.isnan(found.loc["lost", "still"])
    assert list(found.index) == ["lost"]          # the second client never has three quarters before the loss


@pytest.mark.parametrize(("gap", "events"), [(6, {"kept": 1, "lost": 1}), (7, {"lost": 2})])
def test_six_silent_months_make_a_loss(panels_of, gap, events):
    found = dependence.replacement(panels_of(months((11, 900), (11 + gap, 900)))).frame()
    assert found.set_index("tie")["events"].to_dict() == events
    assert set(found["view"]) == {"pay"}


@pytest.mark.parametrize("earning", [9, 10])
def test_the_median_of_those_with_pay_is_not_that_of_fewer_than_ten(panels_of, monkeypatch, earning):
    monkeypatch.setattr(law, "health_index", lambda year, month: 100.0)
    rows = [row for w in range(15) for row in [
        *months((11, 900), worker=w), *(months((20, 300), client=2, worker=w) if w < earning else [])]]
    found = dependence.replacement(panels_of(rows)).frame().iloc[0]
    assert found[["workers", "none"]].tolist() == pytest.approx([15, 1 - earning / 15])
    assert found["still"] == pytest.approx(1 / 3) if earning == 10 else np.isnan(found["still"])


def test_an_unobserved_year_before_or_after_makes_no_event(panels_of):
    for month, events in ((10, 0), (11, 1), (23, 1), (24, 0)):
        found = dependence.replacement(panels_of(months((month, 900)))).frame()
        assert found["events"].sum() == events, month


# -- known answers: prices -------------------------------------------------------------------------------------

def crew(rates, year=2010, **more):
    """One-day contracts of one client, one worker for each of `rates`."""
    return [row for w, cents in enumerate(rates) for row in on(date(year, 5, 3), worker_id=w, **more)
            if row.update(gross_cents=cents) is None]


def test_a_posted_price_is_one_and_takes_ten_workers(panels_of):
    found = pricing.client_set_price(panels_of(crew([15_000] * 10))).frame().iloc[0]
    assert found[["clients", "workers", "share", "posted", "worker_share", "worker_posted"]].tolist() == [
        1, 10, 1, 1, 1, 1]
    assert pricing.client_set_price(panels_of(crew([15_000] * 9))).frame().empty
    near = [15_000] * 4 + [15_150, 14_850] + [15_152, 14_848, 20_000, 9_000]
    assert pricing.client_set_price(panels_of(crew(near))).frame()["share"].tolist() == [0.6]


def test_a_price_by_the_hour_is_a_posted_price_too(panels_of):
    hours = [2.5 + n / 4 for n in range(10)]
    rows = [{**row, "hours": h, "gross_cents": round(1_000 * h)} for row, h in zip(crew([1] * 10), hours, strict=True)]
    assert pricing.client_set_price(panels_of(rows)).frame()["share"].tolist() == [1]


def test_growth_within_a_tie_and_between_ties(panels_of, monkeypatch):
    monkeypatch.setattr(law, "health_index", lambda year, month: 100.0)
    days = [date(2010, 1, 1) + timedelta(100 * n) for n in range(10)]
    rows = [{**row, "worker_id": w, "client_id": 10 * w + c, "price_cents": round(row["gross_cents"] * 1.4)}
            for w in (1, 2) for c in range(5)
            for row in [{"start_on": d, "end_on": d, "days": 1.0, "gross_cents": round(
                1e9 * np.exp(0.05 * (days[2 * c] - days[0]).days / 365.25 + 0.03 * (d - days[2 * c]).days / 365.25))}
                for d in days[2 * c:]]]
    found = pricing.price_growth(panels_of(rows)).frame().set_index(["tie", "amount"])
    assert found.loc["same client", "slope"].tolist() == pytest.approx([0.03] * 2, abs=1e-6)
    assert found.loc["new clients", "slope"].tolist() == pytest.approx([0.05] * 2, abs=1e-6)
    assert found["error"].tolist() == pytest.approx([0] * 4, abs=1e-6)


def test_one_rate_for_all_clients_does_not_spread(panels_of):
    rows = jobs([(1, 400), (2, 400), (3, 400)])
    assert pricing.rate_dispersion(panels_of(rows)).frame()[["sd", "p50"]].iloc[0].tolist() == pytest.approx([0, 0])
    doubled = pricing.rate_dispersion(panels_of(jobs([(1, 400), (2, 800)]))).frame()
    assert doubled["sd"].tolist() == pytest.approx([np.log(2) / np.sqrt(2)])


def test_pay_in_proportion_to_the_price_passes_through(panels_of):
    rows = [{**row, "price_cents": 2 * row["gross_cents"]} for w in (1, 2) for y in (2010, 2011, 2012)
            for row in jobs([(1, 100 * (y - 2008))], y, w)]
    found = pricing.pass_through(panels_of(rows)).frame().iloc[0]
    assert found["slope"] == pytest.approx(1, rel=1e-12) and found["level"] == "contract"
    alone = pricing.pass_through(panels_of(rows[:3])).frame().iloc[0]
    assert alone["slope"] == pytest.approx(1, rel=1e-12) and np.isnan(alone["error"])
    assert pricing.pass_through(panels_of(rows[:1])).frame().empty


# -- what is missing -------------------------------------------------------------------------------------------

def test_without_invoices_the_contracts_still_speak(panels_of):
    panels = panels_of(jobs([(1, 75), (2, 25)], days=10.0))
    for measure in (dependence.clients_per_worker, dependence.concentration):
        assert set(measure(panels).frame()["view"]) == {"pay", "days"}
    assert panels.pair_year.execute()["invoiced_cents"].isna().all()
    assert "invoice_workers" not in dependence.views(panels).frame()
    with pytest.raises(MissingData, match="invoices"):
        dependence.shares(panels, "invoice")
    with pytest.raises(StudyError, match="pay"):
        dependence.shares(panels, "pays")


def test_without_prices_pay_alone_grows(panels_of):
    panels = panels_of([*jobs([(1, 75)]), *jobs([(1, 25)], 2011)])
    assert set(pricing.price_growth(panels).frame()["amount"]) == {"pay"}
    with pytest.raises(MissingData, match="price_cents"):
        pricing.pass_through(panels)
    with pytest.raises(MissingData, match="profession"):
        pricing.rate_dispersion(panels, by="profession")


# -- what is planted -------------------------------------------------------------------------------------------

CROWDED = (2014, 2018)


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """A function from changes of world.toml to the panels of a world, whose folders are removed at the end."""
    root = tmp_path_factory.mktemp("worlds")

    def make(workers, seed, first, last, **changes):
        folder = root / f"{len(list(root.iterdir()))}"
        folder.mkdir()
        simulator.write_tables(read_world(changes), Size(workers, first, last), seed, folder, 1)
        return Panels(Dataset("made", str(folder), None, guarded=False), Scope("everywhere", first, last))

    yield make
    shutil.rmtree(root)


@pytest.fixture(scope="module")
def crowded(made):
    """A world with few clients and many couriers."""
    return made(900, 3, *CROWDED, courier_share="0.3", clients_per_worker="0.05")


def test_couriers_have_one_client_that_posts_its_price(crowded):
    for measure in (dependence.concentration, dependence.clients_per_worker):
        found = measure(crowded, by="profession").frame()
        rows = found[(found["profession"] == "courier") & (found["view"] == "pay")]
        assert len(rows) >= 3
        assert set(rows.get("hhi", rows.get("one"))) == {1}
    platforms = crowded.dataset.table("contracts").filter(lambda c: c.function == "courier").client_id
    prices = pricing.posted_prices(crowded)
    prices = prices.filter(prices.client_id.isin(platforms)).execute()
    quiet = prices[prices["year"] == 2015]         # no step of the minimum, to which the price is tied, in 2015
    assert len(quiet) and (quiet["posted"] == 1).all()
    assert (prices["posted"] >= 0.5).all()
    score = dependence.dependence_score(crowded, by="profession").frame()
    score = score[(score["profession"] == "courier") & (score["year"] == 2015)]
    assert score[["dominant", "posted", "dependent"]].iloc[0].tolist() == [1, 1, 1]


ALONE = {"activity_share": "0", "guest_share": "0", "courier_share": "0", **{
    f"{kind}_share": "0" for kind in (
        "teacher", "theatre", "saver", "leader", "beginner", "tourer", "versatile", "clerk", "m01", "m02", "m03", "m04",
        "m06", "m07", "m08", "m11", "m13", "m14", "m16")}}


def test_a_planted_class_keeps_to_its_weekday_and_work_at_random_times_does_not(made):
    panels = made(600, 4, 2011, 2014, **{**ALONE, "teacher_share": "0.5"}, ordinary='[["steady", 1]]',
                  lengths_long="[[1, 1]]")
    flags = pd.read_parquet(f"{panels.dataset.location}/flags")
    flags = flags[flags["entity"] == "contract"].set_index("id")["flag"]
    c = panels.contracts.execute().dropna(subset="client_id")
    c["flag"] = c["contract_id"].map(flags).fillna("")
    pairs = c.groupby(["worker_id", "client_id"])["flag"].agg(set).rename("flags").reset_index()
    seen = dependence.weekly_rhythm(panels).execute().merge(pairs, on=["worker_id", "client_id"])
    seen = seen[seen["located"] >= 15]
    taught = seen.loc[[f == {"teacher"} for f in seen["flags"]], "rhythm"]
    scattered = seen.loc[[f == {""} for f in seen["flags"]], "rhythm"]
    assert len(taught) > 10 and taught.min() > 0.9
    assert len(scattered) > 10 and (scattered >= 0.8).mean() < 0.05


@pytest.mark.parametrize(("kind", "circle"), [("fragmented", 9), ("multi", 8), ("steady", 1)])
def test_the_planted_circle_of_clients_is_the_corrected_index(made, kind, circle):
    """After n contracts the next is for a new client with chance c ÷ (n + c): two share theirs with chance 1 ÷ (1 + c).

    The corrected index of equal contracts is the share of pairs of contracts with the same client.
    """
    sums, errors, seen = 0, [], 0
    for seed in seeds(2, 0):
        panels = made(400, seed, 2011, 2012, ordinary=f'[["{kind}", 1]]', clients_per_worker="100", popularity="1",
                      rate_level="1.2", lengths_mixed="[[2, 1]]", lengths_short="[[2, 1]]", lengths_long="[[2, 1]]",
                      **ALONE)
        found = dependence.concentration(panels).frame()
        found = found[found["view"] == "days"]
        sums, seen = sums + (found["corrected"] * found["workers"]).sum(), seen + found["workers"].sum()
        contracts = panels.pair_year.execute().groupby(["worker_id", "year"])["contracts"].sum().rename("n")
        s = dependence.shares(panels, "days").execute().join(contracts, on=["worker_id", "year"])
        corrected = ((s["n"] * s["hhi"] - 1) / (s["n"] - 1)).groupby(s["worker_id"]).mean()
        errors.append(corrected.std() / np.sqrt(len(corrected)))
    error = np.sqrt(np.mean(np.square(errors)) / len(errors))
    assert error < 0.03
    assert sums / seen == pytest.approx(1 / (1 + circle), abs=3 * error)


STILL = {**ALONE, "effect_reform_pay": "0.0", "pass_through": "0.0", "effect_public_pay": "0.0",
         "part_time": "[[100, 1]]", "pay_level": "4.0", "fee_share": "0.0", "expenses_share": "0.0"}


def test_planted_growth_of_pay_lies_in_the_interval(made, monkeypatch):
    """Prices follow the planted wage path, so that the growth with time at Smart alone is left."""
    def wage(year, month=1):
        return law.minimum_wage(date(year, month, 1))

    monkeypatch.setattr(law, "deflator", lambda year, month, base: wage(base) / wage(year, month))
    inside = {"same client": [], "new clients": []}
    for seed in seeds(5, 0):
        panels = made(160, seed, 2003, 2011, effect_experience_pay="0.05", **STILL)
        found = pricing.price_growth(panels).frame()
        for row in found[found["amount"] == "pay"].itertuples():
            assert row.high - row.low < 0.08
            inside[row.tie].append(row.low <= 0.05 <= row.high)
    assert all(mostly(found) for found in inside.values())


def test_planted_spread_between_clients_is_the_dispersion_of_rates(made):
    panels = made(800, 8, 2011, 2012, client_sigma="0.3", pay_sigma="0.0", sorting="0.0", own_trade="1.0",
                  effect_experience_pay="0.0", clients_per_worker="5", popularity="1", **STILL)
    found = pricing.rate_dispersion(panels).frame()
    assert found["sd"].tolist() == pytest.approx([0.3, 0.3], rel=0.1)
