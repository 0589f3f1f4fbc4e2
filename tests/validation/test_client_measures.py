"""The clients' side: every measure equals a slow one written from its formula, and knows what is known."""

import inspect
import math
from collections import Counter, defaultdict
from dataclasses import replace
from datetime import date, timedelta
from itertools import pairwise
from statistics import NormalDist, mean, median

import numpy as np
import pandas as pd
import pytest
from expected import same, seeds
from statsmodels.duration.survfunc import SurvfuncRight

from analysis import law
from analysis.datasets import SHIPPED, Dataset
from analysis.errors import MissingData
from analysis.guard import protect
from analysis.measures import client_costs, client_weight, clients
from analysis.measures.answer import Answer
from analysis.panels import Panels
from analysis.scope import BRUSSELS, Scope
from data_synthetic.simulate import simulate
from data_synthetic.world import read_world

FIRST, LAST = 2001, 2020
END = date(LAST, 12, 31)
DAY = timedelta(days=1)
MONTH = 365.25 / 12
SILENCES = {months: round(months * MONTH) for months in (12, 18, 24)}
SHOWN = ["clients", "workers", "fewest"]


def counted(pairs):
    """Distinct workers and clients among (worker, client, …), and the smaller number."""
    workers, buyers = {p[0] for p in pairs}, {p[1] for p in pairs}
    return {"clients": len(buyers), "workers": len(workers), "fewest": min(len(buyers), len(workers))}


def by(rows, key):
    found = defaultdict(list)
    for row in rows:
        found[key(row)].append(row)
    return found


def in_pairs(rows, key, order):
    """The same rows; where one alone of those with one `key` has fewer than ten, the smallest other has none."""
    for of in by(rows, key).values():
        small = [r for r in of if r["fewest"] < 10]
        others = sorted((r for r in of if r["fewest"] >= 10), key=lambda r: (r["fewest"], r[order]))
        if len(small) == 1 and others:
            others[0]["fewest"] = 0
    return rows


# -- an independent reading of the dataset ---------------------------------------------------------------------

class Reading:
    """A world of 300 workers read row by row, in a region."""

    def __init__(self, panels):
        def table(name):
            return pd.read_parquet(f"{panels.dataset.location}/{name}.parquet").astype(object).replace({np.nan: None})

        self.clients = {c.client_id: c for c in table("clients").itertuples()}
        owner = {a.activity_id: a.owner_id for a in table("activities").itertuples()}
        self.all_contracts = list(table("contracts").itertuples())
        here = panels.scope.region == "everywhere"
        local = {c for c, k in self.clients.items() if here or k.home_nis in BRUSSELS}
        self.bought = [c for c in self.all_contracts if c.client_id in local]
        paid = {c.contract_id: c.worker_id for c in self.all_contracts}
        self.all_bills = []
        for i in table("invoices").itertuples():
            worker = paid.get(i.contract_id) or owner.get(i.activity_id)
            if i.issued_on.year <= LAST:
                self.all_bills.append((worker, i.client_id, i.issued_on, i.amount_cents, i.activity_id))
        self.bills = [b for b in self.all_bills if b[1] in local]
        self.purchases = self.of(self.bought, self.bills)
        every = self.of([c for c in self.all_contracts if c.client_id], self.all_bills)
        self.years, self.all_years = self.under_way(self.purchases), self.under_way(every)

    @staticmethod
    def of(contracts, bills):
        """(worker, client, first day, last day) of what is bought."""
        return [(c.worker_id, c.client_id, c.start_on, c.end_on) for c in contracts] + [
            (w, c, on, on) for w, c, on, cents, activity in bills if activity is not None and cents > 0]

    @staticmethod
    def under_way(purchases):
        return {(w, c, y) for w, c, a, b in purchases for y in range(a.year, b.year + 1)}

    def relations(self, days):
        """{client: (first day, last day, purchases, workers) of the first relation}, of new clients."""
        found = {}
        for c, rows in by(self.purchases, lambda p: p[1]).items():
            rows.sort(key=lambda p: p[2])
            until, taken = rows[0][3], []
            for row in rows:
                if (row[2] - until).days - 1 > days:
                    break
                taken.append(row)
                until = max(until, row[3])
            if date(FIRST, 1, 1) + days * DAY <= rows[0][2] <= END - days * DAY:
                found[c] = (rows[0][2], until, len(taken), {row[0] for row in taken})
        return found

    def revenue(self):
        """{year: {client: cents}}, above zero."""
        sums = defaultdict(Counter)
        for _w, c, on, cents, _activity in self.bills:
            sums[on.year][c] += cents
        return {y: {c: x for c, x in of.items() if x > 0} for y, of in sums.items()}

    def yearly(self, contracts):
        """{(worker, client, year): [days in hundredths, cents]}, each contract spread by cumulative floor."""
        sums = defaultdict(lambda: np.zeros(2, int))
        for c in contracts:
            length, amounts = (c.end_on - c.start_on).days + 1, np.array([round(100 * c.days), c.gross_cents])
            for y in range(c.start_on.year, c.end_on.year + 1):
                until = min((date(y, 12, 31) - c.start_on).days + 1, length)
                before = max((date(y, 1, 1) - c.start_on).days, 0)
                sums[c.worker_id, c.client_id, y] += amounts * until // length - amounts * before // length
        return sums


@pytest.fixture(scope="module", params=["everywhere", "brussels-clients"])
def both(request, simulated):
    """The panels of the world in a region, and their independent reading."""
    panels = replace(simulated, scope=replace(simulated.scope, region=request.param))
    return panels, Reading(panels)


# -- stock, tenure, recurrence ---------------------------------------------------------------------------------

def flows(world, chosen):
    """Rows of `stock_and_flow` for the clients that are chosen."""
    active = by([p for p in world.years if p[1] in chosen], lambda p: p[2])
    rows = []
    for y in range(FIRST, LAST + 1):
        now, before = ({p[1] for p in active[x]} for x in (y, y - 1))
        earlier = {p[1] for x in range(FIRST, y - 1) for p in active[x]}
        pairs = {"active": active[y], "new": [p for p in active[y] if y > FIRST and p[1] not in before | earlier],
                 "returned": [p for p in active[y] if p[1] in earlier - before],
                 "gone": [p for p in active[y - 1] if p[1] not in now]}
        rows += [{"flow": flow, "year": y, **counted(who)} for flow, who in pairs.items() if who]
    in_pairs([r for r in rows if r["flow"] != "active"], lambda r: r["year"], "flow")
    return rows


def test_stock_and_flow(both):
    panels, world = both
    same(clients.stock_and_flow(panels), flows(world, set(world.clients)))
    seats = {c: k.home_nis and ("Brussels" if k.home_nis in BRUSSELS else "elsewhere")
             for c, k in world.clients.items()}
    for trait, kinds in (("sector", {c: k.sector for c, k in world.clients.items()}), ("seat", seats)):
        same(clients.stock_and_flow(panels, trait), [
            {trait: kind, **row} for kind in set(kinds.values()) - {None}
            for row in flows(world, {c for c, k in kinds.items() if k == kind})])


def test_stock_follows_from_flow(both):
    n = clients.stock_and_flow(both[0]).frame().pivot(index="year", columns="flow", values="clients").fillna(0)
    assert (n["active"].diff().iloc[1:] == (n["new"] + n["returned"] - n["gone"]).iloc[1:]).all()


def test_tenure(both):
    panels, world = both
    rows = []
    for months, days in SILENCES.items():
        cutoff, spans = END - days * DAY, {}
        for c, (first, last, _n, workers) in world.relations(days).items():
            spans[c] = ((min(last, cutoff) - first).days + 1, last <= cutoff, workers)
        curve = SurvfuncRight(*zip(*((t, int(over)) for t, over, _ in spans.values()), strict=True))
        for t in (0, 1, 3, *range(6, 121, 6)):
            longer = {c: w for c, (d, _, w) in spans.items() if d > round(t * MONTH)}
            survived = curve.surv_prob[curve.surv_times <= round(t * MONTH)]
            if longer:
                rows.append({"silence": months, "t": t, "survival": survived[-1] if len(survived) else 1.0,
                             **counted([(w, c) for c, of in longer.items() for w in of])})
    same(clients.tenure(panels), rows)


def test_one_shot(both):
    panels, world = both
    for trait in (None, "legal_form"):
        rows = []
        for months, days in SILENCES.items():
            known = {c: r for c, r in world.relations(days).items() if r[1] <= END - days * DAY or r[2] > 1}
            kinds = {c: getattr(world.clients[c], trait) if trait else "" for c in known}
            for kind in set(kinds.values()) - {None}:
                of = [known[c] for c in known if kinds[c] == kind]
                pairs = [(w, c) for c in known if kinds[c] == kind for w in known[c][3]]
                rows.append({"silence": months, **({trait: kind} if trait else {}), **counted(pairs),
                             "once": mean(r[2] == 1 for r in of), "purchases": mean(r[2] for r in of)})
        same(clients.one_shot(panels, trait), rows)


def test_recurrence(both):
    panels, world = both
    gaps = defaultdict(list)
    for c, rows in by(world.purchases, lambda p: p[1]).items():
        for a, b in pairwise(sorted({p[2] for p in rows})):
            gaps[b.year, c].append((b - a).days)
    expected = []
    for y, rows in by(world.purchases, lambda p: p[2].year).items():
        n = Counter(p[1] for p in rows).values()
        found = [mean(g) for (year, _), g in gaps.items() if year == y]
        expected.append({"year": y, **counted(rows), "mean": mean(n), "median": median(n),
                         "again": mean(k > 1 for k in n), "gap": median(found) if found else np.nan})
    same(clients.recurrence(panels), expected)


def test_returns(both):
    panels, world = both
    rows = defaultdict(list)
    for bought in by(world.purchases, lambda p: p[1]).values():
        starts = sorted({p[2] for p in bought})
        for on in starts:
            later = [s for s in starts if s > on]
            until = max(p[3] for p in bought if p[2] <= on)
            who = [w for w in ("all clients", "new clients") if (
                not [s for s in later if s.year == on.year] if w == "all clients"
                else on == starts[0] and on >= date(FIRST, 1, 1) + 548 * DAY)]
            if until + 365 * DAY <= END and on.year < LAST:
                for w in who:
                    pairs = [p for p in bought if p[2].year == on.year]
                    rows[w, on.year].append((bool(later) and later[0] <= until + 365 * DAY, pairs))
    same(clients.returns(panels), [
        {"who": w, "year": y, "back": mean(back for back, _ in of), **counted([p for _, pairs in of for p in pairs])}
        for (w, y), of in rows.items()])


# -- matches ---------------------------------------------------------------------------------------------------

FATES = ("goes_on", "parted", "worker_left", "client_left", "both_left")


def test_churn(both):
    panels, world = both
    workers, buyers = {(w, y) for w, _, y in world.all_years}, {(c, y) for _, c, y in world.all_years}
    rows = []
    for y, pairs in by(world.years, lambda p: p[2]).items():
        fates = Counter()
        for w, c, _ in pairs:
            stays = (w, y + 1) in workers, (c, y + 1) in buyers
            fates["goes_on" if (w, c, y + 1) in world.years else
                  {(1, 1): "parted", (0, 1): "worker_left", (1, 0): "client_left", (0, 0): "both_left"}[stays]] += 1
        if y < LAST:
            shares = {n: fates[n] / len(pairs) for n in FATES}
            together = shares["goes_on"] + shares["parted"]
            rows.append({"year": y, "matches": len(pairs), **counted(pairs), **shares,
                         "stays": shares["goes_on"] / together if together else np.nan})
    answer = clients.churn(panels)
    same(answer, rows)
    assert answer.frame()[list(FATES)].sum(axis=1).tolist() == pytest.approx([1] * len(rows), rel=1e-12)


def test_network(both):
    panels, world = both
    rows = []
    for y, pairs in by(world.years, lambda p: p[2]).items():
        left, largest = {p[1] for p in pairs}, 0
        while left:
            seen, edge = set(), {left.pop()}
            while edge:
                seen |= edge
                hands = {w for w, c, _ in pairs if c in edge}
                edge = {c for w, c, _ in pairs if w in hands} - seen
            left -= seen
            largest = max(largest, len(seen))
        n = counted(pairs)
        rows.append({"year": y, **n, "giant": largest / n["clients"], "workers_per_client": len(pairs) / n["clients"],
                     "clients_per_worker": len(pairs) / n["workers"]})
    same(clients.network(panels), rows)


# -- weight ----------------------------------------------------------------------------------------------------

def p_rule(amounts):
    """Largest at most half; all but the two largest at least a tenth of the largest."""
    x = sorted(amounts, reverse=True)
    return x[0] <= sum(x) / 2 and sum(x[2:]) >= 0.1 * x[0]


def test_concentration(both):
    panels, world = both
    workers = by(world.bills, lambda b: b[2].year)
    rows = []
    for y, of in world.revenue().items():
        x = np.array(sorted(of.values()), float)
        share, n = x / x.sum(), len({b[0] for b in workers[y]})
        told = p_rule(x) and (share[:-2] ** 2).sum() >= 0.2 * share[-1] ** 2
        rows.append({
            "year": y, "clients": len(x), "workers": n, "fewest": min(len(x), n) if told else 0,
            "hhi": (share**2).sum(), "effective": 1 / (share**2).sum(),
            "gini": np.abs(x[:, None] - x).mean() / (2 * x.mean()),
            "cr10": share[-10:].sum() if len(x) >= 20 and share[-10:-2].sum() >= 0.1 * share[-1] else np.nan})
    same(client_weight.concentration(panels), rows)


def test_lorenz(both):
    panels, world = both
    price = {(y, m): law.deflator(y, m, LAST) for y in range(FIRST, LAST + 1) for m in range(1, 13)}
    sums, hands = Counter(), defaultdict(set)
    for w, c, on, cents, _activity in world.bills:
        sums[c] += cents * price[on.year, on.month]
        hands[c].add(w)
    order = sorted((c for c in sums if sums[c] > 0), key=lambda c: (sums[c], c))
    x, n = np.array([sums[c] for c in order]), len(order)
    bands = min(20, n // 10)
    rows = [{"band": 20, "share_of_clients": 1, "share_of_revenue": 1}]
    last = n
    for band in reversed(range(bands)):
        first = math.ceil(band * n / bands)
        enough = last - first == 10 or last - first >= (20 if last == n else 10)
        if band == 0 or (enough and p_rule(x[first:last])):
            rows.append({"band": band, "clients": last - first, "share_of_clients": first / n,
                         "share_of_revenue": x[:first].sum() / x.sum()})
            last = first
    found = client_weight.lorenz(panels).frame()
    points = pd.DataFrame(rows[:0:-1])
    pd.testing.assert_frame_equal(found.iloc[:-1][points.columns], points, check_dtype=False, rtol=1e-9)
    assert found.iloc[-1][["share_of_clients", "share_of_revenue", "clients"]].tolist() == [1, 1, n]
    assert (found["clients"] >= 10).all()
    assert (found["workers"] <= len({w for of in hands.values() for w in of})).all()


def test_exposure(both):
    panels, world = both
    top = {y: sorted(of, key=lambda c: (-of[c], c))[:10] for y, of in world.revenue().items() if len(of) >= 20}
    sums = defaultdict(Counter)
    for w, c, on, cents, _activity in world.all_bills:
        sums[on.year, w][c] += cents
    rows = []
    for y, large in top.items():
        found = []
        for w in {b[0] for b in world.bills if b[2].year == y}:
            of = {c: x for c, x in sums[y, w].items() if x > 0}
            if of:
                dominant = min(of, key=lambda c: (-of[c], c))
                found.append((dominant in large, of[dominant] / sum(of.values()) >= 0.75))
        rows.append({"year": y, "workers": len(found), "exposed": mean(e for e, _ in found),
                     "dependent": mean(e and d for e, d in found)})
    same(client_weight.exposure(panels), rows)


@pytest.fixture(scope="module")
def large(both):
    """{(client, year): {worker: (days, nearly only client, back in the year after)}} with ten workers or more."""
    _panels, world = both
    pairs = world.yearly(world.bought)
    everything = defaultdict(lambda: np.zeros(2, int))
    for (w, _c, y), x in world.yearly(world.all_contracts).items():
        everything[w, y] += x
    found = defaultdict(dict)
    for (w, c, y), (days, cents) in pairs.items():
        all_days, all_cents = everything[w, y]
        dependent = cents > 0 and cents >= 0.75 * all_cents and all_days >= 2000
        found[c, y][w] = (int(days), int(dependent), int((w, c, y + 1) in pairs))
    return {key: of for key, of in found.items() if len(of) >= 10}, {(w, y) for w, _c, y in pairs}


def test_large_workforces(both, large):
    workforces, everybody = large
    rows = []
    for y, of in by(workforces.items(), lambda row: row[0][1]).items():
        hands = [(w, c, *x) for (c, _), workers in of for w, x in workers.items()]
        n = counted(hands)
        rows.append({"year": y, **n, "dependent": mean(h[3] for h in hands),
                     "back": mean(h[4] for h in hands) if y < LAST else np.nan,
                     "fte": sum(h[2] for h in hands) / 26000 / n["clients"],
                     "share": n["workers"] / len({w for w, year in everybody if year == y})})
    same(client_weight.large_workforces(both[0]), rows)


def long_share(world, client):
    """Share of days that a client buys in long dense chains of one-day contracts."""
    days, in_long = 0.0, 0.0
    for rows in by([c for c in world.bought if c.client_id == client], lambda c: c.worker_id).values():
        chains, until = [], None
        for c in sorted(rows, key=lambda c: (c.start_on, c.contract_id)):
            if until is None or (c.start_on - until).days - 1 > 14:
                chains.append([])
            chains[-1].append(c)
            until = max(until or c.end_on, c.end_on)
        for chain in chains:
            span = (max(c.end_on for c in chain) - chain[0].start_on).days + 1
            total = sum(c.days for c in chain)
            long = (span >= 120 and len(chain) >= 20 and mean(c.start_on == c.end_on for c in chain) >= 0.8
                    and total / (span * 5 / 7) >= 0.5)
            days, in_long = days + total, in_long + long * total
    return in_long / days


def test_workforce_profile(both, large):
    panels, world = both
    found = defaultdict(lambda: defaultdict(dict))
    for c, rows in by(large[0].items(), lambda row: row[0][0]).items():
        of = [(y, workers.values()) for (_, y), workers in rows]
        hands = {w for _, workers in rows for w in workers}
        back = [mean(x[2] for x in v) for y, v in of if y < LAST]
        values = [mean(len(v) for _, v in of), mean(mean(x[0] for x in v) / 26000 for _, v in of),
                  mean(mean(x[1] for x in v) for _, v in of), mean(back) if back else None, long_share(world, c)]
        for (what, edges), value in zip(client_weight.PROFILE.items(), values, strict=True):
            if value is not None:
                found[what][max(e for e in edges if e <= value)][c] = hands
    rows = [{"what": what, "begins": begins, **counted([(w, c) for c, hands in of.items() for w in hands]),
             "share": len(of) / sum(len(x) for x in classes.values())}
            for what, classes in found.items() for begins, of in classes.items()]
    same(client_weight.workforce_profile(panels), in_pairs(rows, lambda r: r["what"], "begins"))


# -- cost and sectors ------------------------------------------------------------------------------------------

def costed(world):
    return by([c for c in world.bought if c.price_cents is not None], lambda c: c.start_on.year)


def shown(rows):
    sums = Counter()
    for c in rows:
        sums[c.client_id] += c.price_cents
    n = counted([(c.worker_id, c.client_id) for c in rows])
    return {**n, "fewest": n["fewest"] if p_rule(sums.values()) else 0}


def test_price_parts(both):
    panels, world = both
    rows = []
    for y, of in costed(world).items():
        days = sum(c.days for c in of)
        parts = {"price": sum(c.price_cents for c in of), "gross": sum(c.gross_cents for c in of),
                 "charges": sum(c.employer_cost_cents - c.gross_cents for c in of),
                 "expenses": sum(c.expenses_cents for c in of), "fee": 0.065 * sum(c.price_cents for c in of)}
        parts["rest"] = 2 * parts["price"] - sum(parts.values())
        rows.append({"year": y, **shown(of), **{n: x / 100 / days for n, x in parts.items()}})
        assert 0 <= parts["rest"] <= len(of)                            # V-32: within a cent per contract
    same(client_costs.price_parts(panels), rows)


EMPLOYER = [(date(2018, 1, 1), 0.25), (date(2016, 4, 1), 0.30), (date(2001, 1, 1), 0.324)]
STUDENT = [(date(2012, 1, 1), 0.0542), (date(2001, 1, 1), 0.0801)]


def in_force(steps, day):
    return next(rate for since, rate in steps if since <= day)


def test_alternatives(both):
    panels, world = both
    given = law.table("client_costs").set_index("name")[["low", "value", "high"]].astype(float)
    rows = []
    for y, of in costed(world).items():
        days, price = sum(c.days for c in of), sum(c.price_cents for c in of)
        gross, expenses = sum(c.gross_cents for c in of), sum(c.expenses_cents for c in of)
        charged = sum(c.gross_cents * (
            in_force(STUDENT, c.start_on) if c.regime == "student" else
            0.324 if world.clients[c.client_id].legal_form == "association" else in_force(EMPLOYER, c.start_on))
            for c in of)
        for name in ("direct hire", "agency worker", "self-employed"):
            low, cost, high = ({
                "direct hire": gross * (1 + g["direct_insurance"]) + charged
                + 100 * len(of) * g["direct_administration"],
                "agency worker": gross * g["agency_coefficient"],
                "self-employed": gross * (1 - 0.1307) * (1 + g["self_contributions"]) / (1 - g["self_overhead"]),
            }[name] + expenses for _, g in given.items())
            rows.append({"year": y, "alternative": name, **shown(of), "price": price / 100 / days,
                         **{n: x / 100 / days for n, x in (("low", low), ("cost", cost), ("high", high))},
                         "ratio": price / cost, "ratio_low": price / high, "ratio_high": price / low})
    same(client_costs.alternatives(panels), rows)


@pytest.fixture(scope="module")
def market(both):
    """{year: {sector: {client: [days, cents invoiced, 0 where negative]}}}."""
    _panels, world = both
    found = defaultdict(lambda: defaultdict(lambda: defaultdict(lambda: [0, 0])))
    for (_w, c, y), (days, _cents) in world.yearly(world.bought).items():
        found[y][world.clients[c].sector][c][0] += days
    billed = Counter()
    for _w, c, on, cents, _activity in world.bills:
        billed[c, on.year] += cents
    for (c, y), cents in billed.items():
        if cents > 0:
            found[y][world.clients[c].sector][c][1] += cents
    for of in found.values():
        of.pop(None, None)
    return found


def test_sectors(both, market):
    panels, world = both
    rows = []
    for y, of in market.items():
        total = [sum(sum(x[n] for x in s.values()) for s in of.values()) for n in (0, 1)]
        for sector, s in of.items():
            days, cents = ([x[n] for x in s.values()] for n in (0, 1))
            workers = {w for w, c, year in world.years if year == y and world.clients[c].sector == sector}
            told = all(p_rule(x) for x in (days, cents))
            rows.append({"year": y, "sector": sector, "clients": len(s), "workers": len(workers),
                         "fewest": min(len(s), len(workers)) if told else 0,
                         "share_of_clients": len(s) / sum(len(x) for x in of.values()),
                         "share_of_days": sum(days) / total[0], "share_of_revenue": sum(cents) / total[1]})
    same(client_costs.sectors(panels), in_pairs(rows, lambda r: r["year"], "sector"))


def test_diversity(both, market):
    panels, world = both

    def mixed(amounts):
        p = np.array([x for x in amounts if x > 0]) / sum(amounts)
        return np.prod(p**-p)

    rows = []
    for y, of in market.items():
        workers = {w for w, c, year in world.years if year == y and world.clients[c].sector}
        n = sum(len(s) for s in of.values())
        rows.append({"year": y, "clients": n, "workers": len(workers), "fewest": min(n, len(workers)),
                     "of_clients": mixed([len(s) for s in of.values()]),
                     **{name: mixed([sum(x[i] for x in s.values()) for s in of.values()])
                        for i, name in enumerate(("of_days", "of_revenue"))}})
    same(client_costs.diversity(panels), rows)


def test_pay_shift(both):
    panels, world = both
    pay, days, pairs = Counter(), Counter(), set()
    for c in world.bought:
        sector, y = world.clients[c.client_id].sector, c.start_on.year
        if sector and not FIRST + 3 <= y <= LAST - 3:
            end = int(y > LAST - 3)
            pay[sector, end] += c.gross_cents / 100 * law.deflator(y, c.start_on.month, LAST)
            days[sector, end] += c.days
            pairs.add((c.worker_id, c.client_id))
    total = [sum(x for (_, end), x in days.items() if end == n) for n in (0, 1)]
    within = between = cross = 0.0
    for sector in {s for s, _ in days}:
        p = [days[sector, n] / total[n] for n in (0, 1)]
        y = [pay[sector, n] / days[sector, n] if days[sector, n] else None for n in (0, 1)]
        y = [y[n] if y[n] is not None else y[1 - n] for n in (0, 1)]
        within, between = within + p[0] * (y[1] - y[0]), between + (p[1] - p[0]) * y[0]
        cross += (p[1] - p[0]) * (y[1] - y[0])
    level = [sum(x for (_, end), x in pay.items() if end == n) / total[n] for n in (0, 1)]
    answer = client_costs.pay_shift(panels)
    same(answer, [{"part": part, "eur": eur, "share": eur / level[0], **counted(pairs)} for part, eur in (
        ("pay in the sectors (within)", within), ("mix of sectors (between)", between),
        ("both at once (cross)", cross), ("change in all", level[1] - level[0]))])
    found = answer.frame().set_index("part")["eur"]
    assert found.drop("change in all").sum() == pytest.approx(found["change in all"], abs=1e-9)     # V-35


# -- known answers: stock and tenure ---------------------------------------------------------------------------

def once(client, *days, worker=1, **more):
    """One-day contracts of a worker for a client."""
    return [{"client_id": client, "worker_id": worker, "start_on": d, "end_on": d, **more} for d in days]


def bill(client, on, cents=100_00, **of):
    """Keyword arguments of an invoice; of contract 0 where nothing is said."""
    return {"client_id": client, "issued_on": on, "due_on": on, "amount_cents": cents, **(of or {"contract_id": 0})}


def billed(panels_of, bills, contracts=None, **more):
    """Panels of invoices, and of one contract for client 1 where nothing is said."""
    bills = [{"invoice_id": n, **b} for n, b in enumerate(bills)]
    buyers = sorted({1, *(b["client_id"] for b in bills)})
    more.setdefault("clients", [{"client_id": c} for c in buyers])
    return panels_of(contracts or once(1, date(2010, 1, 1)), invoices=bills, **more)


def test_what_is_a_purchase(panels_of):
    """A contract; not its own invoice; the invoice of an Activity; not its credit note, nor one before the study."""
    account = [{"activity_id": 7, "owner_id": 5, "opened_on": date(2009, 1, 1)}]
    panels = billed(panels_of, [
        bill(1, date(2011, 1, 5)), bill(2, date(2011, 6, 1), activity_id=7), bill(2, date(2009, 7, 1), activity_id=7),
        bill(2, date(2011, 7, 1), -5, activity_id=7)], activities=account)
    found = clients.purchases(panels).execute().sort_values("client_id")
    assert found[["worker_id", "client_id"]].to_numpy().tolist() == [[1, 1], [5, 2]]
    assert pd.to_datetime(found["start_on"]).dt.date.tolist() == [date(2010, 1, 1), date(2011, 6, 1)]


def test_a_small_flow_is_not_told_by_the_others(panels_of):
    """Twelve come for the first time, eleven are gone, one returns: the one hides with the smaller of the others."""
    first, then, now = date(2010, 1, 1), date(2011, 1, 1), date(2012, 1, 1)
    rows = [once(c, *days, worker=c)[n] for c, *days in [
        (1, first, now), *((c, then) for c in range(2, 13)), *((c, now) for c in range(13, 25)), *(
            (c, first, then, now) for c in range(25, 40))] for n in range(len(days))]
    found = clients.stock_and_flow(panels_of(rows)).frame().query("year == 2012").set_index("flow")
    assert found["clients"].to_dict() == {"active": 28, "gone": 11, "new": 12, "returned": 1}
    assert found["fewest"].to_dict() == {"active": 28, "gone": 0, "new": 12, "returned": 1}


def test_a_client_comes_leaves_and_returns(panels_of):
    rows = [*once(1, date(2010, 5, 1), date(2012, 5, 1)), *once(3, date(2012, 3, 3)),
            {"client_id": 2, "start_on": date(2010, 12, 1), "end_on": date(2011, 1, 5)}]
    found = clients.stock_and_flow(panels_of(rows)).frame()
    assert {(f, y): n for f, y, n in found[["flow", "year", "clients"]].itertuples(index=False)} == {
        ("active", 2010): 2, ("active", 2011): 1, ("active", 2012): 2, ("gone", 2011): 1, ("gone", 2012): 1,
        ("returned", 2012): 1, ("new", 2012): 1}


OPENED = date(2010, 1, 1) + 548 * DAY           # the first day on which somebody is known to be new
CUTOFF = date(2015, 12, 31) - 548 * DAY         # the last one after which the whole silence is seen


@pytest.mark.parametrize(("days", "known", "last", "over", "purchases"), [
    ([OPENED - DAY], False, None, None, None),
    ([OPENED], True, 0, True, 1),
    ([OPENED, OPENED + 549 * DAY], True, 549, True, 2),          # a silence of 548 days, not longer than 18 months
    ([OPENED, OPENED + 550 * DAY], True, 0, True, 1),
    ([CUTOFF], True, 0, True, 1),
    ([CUTOFF, CUTOFF + DAY], True, 1, False, 2),
    ([CUTOFF + DAY], False, None, None, None)])
def test_when_a_client_is_new_and_when_gone(panels_of, days, known, last, over, purchases):
    found = clients.relations(panels_of(once(1, *days), (2010, 2015)), 18).execute()
    assert len(found) == known
    if known:
        row = found.iloc[0]
        assert pd.Timestamp(row["last_on"]).date() == days[0] + last * DAY
        assert (row["over"], row["purchases"]) == (over, purchases)


def test_tenure_of_three_clients(panels_of):
    """Gone after one day, gone after 200 days, and still there 18 months before the end."""
    day = date(2012, 1, 1)
    rows = [*once(1, day), *once(2, day, day + 199 * DAY, worker=2), *once(3, *(day + n * 30 * DAY for n in range(49)))]
    found = clients.tenure(panels_of(rows, (2010, 2015))).frame()
    found = found[found["silence"] == 18].set_index("t")
    assert found["survival"].to_dict() == pytest.approx(
        {0: 1, 1: 2 / 3, 3: 2 / 3, 6: 2 / 3, 12: 1 / 3, 18: 1 / 3, 24: 1 / 3})
    assert found["clients"].tolist() == [3, 2, 2, 2, 1, 1, 1]
    assert found["workers"].tolist() == [2, 2, 2, 2, 1, 1, 1]
    share = clients.one_shot(panels_of(rows, (2010, 2015))).frame().set_index("silence")
    assert share.loc[18, ["once", "purchases"]].tolist() == pytest.approx([1 / 3, 52 / 3])


def test_returns_count_the_365th_day(panels_of):
    day = date(2011, 12, 1)
    rows = once(1, day, day + 365 * DAY) + once(2, day, day + 366 * DAY)
    found = clients.returns(panels_of(rows, (2010, 2013))).frame().set_index(["who", "year"])["back"]
    assert found[("all clients", 2011)] == found[("new clients", 2011)] == 0.5
    assert found[("all clients", 2012)] == 0
    assert 2013 not in found.index.get_level_values("year")


def test_nobody_new_has_no_curve(panels_of):
    panels = panels_of(once(1, date(2010, 1, 1)))
    assert clients.tenure(panels).frame().empty
    assert clients.one_shot(panels).frame().empty


def test_two_worlds_apart_and_one_in_common(panels_of):
    day = date(2010, 5, 5)
    rows = once(1, day) + once(2, day) + once(2, day, worker=2) + once(3, day, worker=3)
    found = clients.network(panels_of(rows)).frame().iloc[0]
    assert (found["giant"], found["workers_per_client"], found["clients_per_worker"]) == (2 / 3, 4 / 3, 4 / 3)


def test_fates_of_matches(panels_of):
    """In 2010: one match goes on, one parts, one worker leaves, one client leaves."""
    day, later = date(2010, 1, 1), date(2011, 1, 1)
    rows = [*once(1, day, later), *once(2, day), *once(2, day, worker=2), *once(2, later, worker=3), *once(4, day)]
    found = clients.churn(panels_of(rows)).frame().iloc[0]
    assert found[list(FATES)].tolist() == [0.25] * 4 + [0]
    assert found["stays"] == 0.5


# -- known answers: weight -------------------------------------------------------------------------------------

def revenues(panels_of, amounts, year=2010):
    """Panels in which client n is billed amounts[n − 1] cents."""
    return billed(panels_of, [bill(n, date(year, 3, 1), int(x)) for n, x in enumerate(amounts, 1)])


def test_concentration_of_one_client_and_of_equal_clients(panels_of):
    one = client_weight.concentration(revenues(panels_of, [500])).frame().iloc[0]
    assert (one["hhi"], one["effective"], one["gini"], one["fewest"]) == (1, 1, 0, 0) and np.isnan(one["cr10"])   # V-18
    equal = client_weight.concentration(revenues(panels_of, [700] * 25)).frame().iloc[0]
    assert equal[["hhi", "effective", "gini", "cr10"]].tolist() == pytest.approx([1 / 25, 25, 0, 10 / 25], abs=1e-12)


def test_gini_of_lognormal_revenue(panels_of):
    amounts = [1e6 * math.exp(0.8 * NormalDist().inv_cdf((n + 0.5) / 4_000)) for n in range(4_000)]
    found = client_weight.concentration(revenues(panels_of, amounts)).frame()["gini"]
    assert found.tolist() == pytest.approx([0.42839], abs=0.001)         # V-11: 2Φ(0.8 ÷ √2) − 1


@pytest.mark.parametrize(("total", "first", "second", "shown"), [
    (100, 50, 20, True), (100, 51, 20, False), (200, 100, 90, True), (200, 100, 91, False), (10, 10, 0, False)])
def test_dominance(total, first, second, shown):
    assert client_weight.undominated(total, first, second) == shown


@pytest.mark.parametrize(("largest", "seen", "ten"), [
    ([100] * 30, True, True), ([300, 200] + [72] * 28, True, True), ([100] * 19, True, False),
    ([1_000, 1_000] + [1] * 28, False, False),      # the second could work out the first from the sum
    ([2_000, 1_000] + [72] * 28, False, True)],     # and here from the HHI
    ids=["equal", "large", "too few behind ten", "two", "very large"])
def test_no_client_can_be_worked_out(panels_of, largest, seen, ten):
    hands = [row for w in range(12) for row in once(1, date(2010, 1, 1), worker=w)]
    panels = billed(panels_of, [bill(n, date(2010, 3, 1), x, contract_id=n % 12) for n, x in enumerate(largest, 1)],
                    hands)
    found = client_weight.concentration(panels).frame().iloc[0]
    assert found["fewest"] == (12 if seen else 0)
    assert np.isnan(found["cr10"]) != ten


def test_lorenz_of_equal_clients_is_the_diagonal(panels_of):
    found = client_weight.lorenz(revenues(panels_of, [300] * 400)).frame()
    assert found["share_of_clients"].tolist() == pytest.approx([n / 20 for n in range(21)])
    assert found["share_of_revenue"].tolist() == pytest.approx([n / 20 for n in range(21)])


@pytest.mark.parametrize(("amounts", "points"), [
    ([100] * 215, 21), ([100] * 25, 2), ([100] * 9, 2), ([10_000] + [100] * 199, 11), (list(range(1, 300)), 20),
    ([10**6, 10**6] + [1] * 300, 2)], ids=["equal", "25", "9", "one large", "steps", "two"])
def test_points_of_the_lorenz_curve_stand_ten_clients_apart(panels_of, amounts, points):
    found = client_weight.lorenz(revenues(panels_of, amounts)).frame()
    n, ordered = len(amounts), sorted(amounts)
    edges = (found["share_of_clients"] * n).round().astype(int).tolist()
    assert edges[0] == 0 and edges[-1] == n
    assert [sum(ordered[:e]) / sum(ordered) for e in edges] == pytest.approx(found["share_of_revenue"].tolist())
    assert len(edges) == points
    if points > 2:
        assert min(b - a for a, b in pairwise(edges)) >= 10
        assert n - edges[-2] == 10 or n - edges[-2] >= 20       # never a few clients from the share of the ten largest
        assert all(p_rule(ordered[a:b]) for a, b in pairwise(edges))


def test_exposure_looks_at_all_clients_of_a_worker(panels_of):
    """Worker 1 lives from the largest client, worker 2 from a small one, worker 3 from one outside the region."""
    day = date(2010, 4, 1)
    rows = once(1, day) + once(1, day, worker=2) + once(1, day, worker=3)
    bills = [bill(1, day, 900), bill(25, day, 90), bill(1, day, 200, contract_id=1), bill(25, day, 210, contract_id=1),
             bill(1, day, 200, contract_id=2), bill(99, day, 900, contract_id=2)]
    bills += [bill(n, day, 300 + n, contract_id=1000) for n in range(2, 24)]       # of nobody who is known
    seats = [{"client_id": n, "home_nis": "21004" if n < 90 else "44021"} for n in [*range(1, 26), 99]]
    panels = billed(panels_of, bills, rows, clients=seats, region="brussels-clients")
    found = client_weight.exposure(panels).frame().iloc[0]
    assert found[["workers", "exposed", "dependent"]].tolist() == pytest.approx([3, 1 / 3, 1 / 3])


MONDAY = date(2012, 6, 4)


def team(n, weeks=13, client=1, first=MONDAY, **more):
    """n people who begin together, five days a week."""
    return [{"client_id": client, "worker_id": w, "start_on": first + 7 * k * DAY, "end_on": first + (7 * k + 4) * DAY,
             "days": 5.0, **more} for w in range(n) for k in range(weeks)]


@pytest.mark.parametrize(("rows", "reached"), [
    (team(5), [1, 1, 1, 1]), (team(4), [1, 0, 0, 0]),
    (team(5, weeks=6), [1, 1, 1, 0]), (team(5, weeks=7), [1, 1, 1, 1]),
    (team(5) + team(1, weeks=5, client=2), [2, 1, 0, 0]),            # one of them has a fourth of other work
    (team(5) + once(1, date(2010, 2, 2), worker=9), [0, 0, 0, 0]),   # an old client
    (team(4) + [{**row, "worker_id": 8} for row in team(1, first=MONDAY + 7 * DAY)], [1, 0, 0, 0])],
    ids=["five", "four", "short", "just half", "other work", "old client", "a week late"])
def test_block_arrivals(panels_of, rows, reached):
    found = client_weight.block_arrivals(panels_of(rows, (2010, 2013))).frame()
    assert found.loc[found["within"] == 1, "clients"].tolist() == reached
    month = found.loc[found["within"] == 31, "clients"].tolist()
    assert month == ([1, 1, 1, 1] if rows[-1]["worker_id"] == 8 else reached)


def test_large_workforce_by_hand(panels_of):
    """Ten people, of whom one has half of the pay elsewhere, one too few days, and five are back the year after."""
    rows = [{**row, "days": 20.0, "gross_cents": 100} for w in range(10) for row in once(1, date(2010, 3, 1), worker=w)]
    rows[1]["days"] = 19.0
    rows += once(2, date(2010, 3, 2), gross_cents=100, worker=0) + [
        row for w in range(5) for row in once(1, date(2011, 3, 1), worker=w)]
    found = client_weight.large_workforces(panels_of(rows)).frame()
    assert found["year"].tolist() == [2010]
    assert found.iloc[0][["clients", "workers", "dependent", "back", "fte", "share"]].tolist() == pytest.approx(
        [1, 10, 0.8, 0.5, 199 / 260, 1])


# -- known answers: cost and sectors ---------------------------------------------------------------------------

def priced(gross, cost, price, expenses=0, on=date(2017, 5, 1), **more):
    money = {"gross_cents": gross, "employer_cost_cents": cost, "price_cents": price, "expenses_cents": expenses}
    return once(more.pop("client_id", 1), on, **money, **more)[0]


def test_a_price_by_hand(panels_of):
    """Gross 100, charges 30, expenses 57, price (130 + 57) ÷ 0.935 = 200."""
    panels = panels_of([priced(100_00, 130_00, 200_00, 57_00)], (2017, 2017))
    found = client_costs.price_parts(panels).frame().iloc[0]
    parts = ["price", "gross", "charges", "expenses", "fee", "rest"]
    assert found[parts].tolist() == pytest.approx([200, 100, 30, 57, 13, 0], abs=1e-9)
    wrong = panels_of([priced(100_00, 130_00, 210_00, 57_00)], (2017, 2017))
    assert client_costs.price_parts(wrong).frame()["rest"].iloc[0] == pytest.approx(210 * 0.935 - 187)


@pytest.mark.parametrize(("on", "form", "regime", "rate"), [
    (date(2016, 3, 31), "company", "employee", 0.324), (date(2016, 4, 1), "company", "employee", 0.30),
    (date(2018, 1, 1), "company", "agency", 0.25), (date(2018, 1, 1), "association", None, 0.324),
    (date(2018, 1, 1), None, None, 0.25), (date(2018, 1, 1), "association", "student", 0.0542)])
def test_a_direct_hire_pays_the_rate_of_the_date_and_the_employer(panels_of, on, form, regime, rate):
    panels = panels_of([priced(100_00, 130_00, 200_00, on=on, regime=regime)], (2015, 2019),
                       clients=[{"client_id": 1, "legal_form": form}])
    found = client_costs.alternatives(panels).frame().set_index("alternative")
    given = law.table("client_costs").set_index("name")["value"]
    direct = 100 * (1 + rate + given["direct_insurance"]) + given["direct_administration"]
    assert found.loc["direct hire", ["cost", "ratio"]].tolist() == pytest.approx([direct, 200 / direct])
    assert found.loc["agency worker", "cost"] == pytest.approx(100 * given["agency_coefficient"])
    assert (found["low"] <= found["cost"]).all() and (found["cost"] <= found["high"]).all()


def test_all_assumptions_about_costs_are_called_assumptions():
    frame = law.table("client_costs")
    assert set(frame["source"]) == {"assumption"} and set(frame["evidence"]) == {"to verify"}
    low, value, high = client_costs.assumptions()
    assert all(low[n] <= value[n] <= high[n] for n in value)


def test_a_change_of_mix_alone_lies_between(panels_of, monkeypatch):
    monkeypatch.setattr(law, "health_index", lambda year, month: 100.0)
    kinds = [{"client_id": 1, "sector": "R"}, {"client_id": 2, "sector": "J"}, {"client_id": 3, "sector": None}]
    before, after = date(2010, 5, 1), date(2012, 5, 1)
    rows = [*once(1, before, gross_cents=100_00, days=3.0), *once(2, before, gross_cents=200_00),
            *once(1, after, gross_cents=100_00), *once(2, after, gross_cents=600_00, days=3.0),
            *once(3, after, gross_cents=9_999_00)]
    found = client_costs.pay_shift(panels_of(rows, clients=kinds)).frame()["eur"].tolist()
    # Shares 3/4 and 1/4 become 1/4 and 3/4; pay 100/3 and 200 becomes 100 and 200.
    assert found == pytest.approx([0.75 * 200 / 3, 0.5 * (200 - 100 / 3), -0.5 * 200 / 3, 175 - 75])


def test_a_sector_that_is_new_is_a_change_of_mix(panels_of, monkeypatch):
    monkeypatch.setattr(law, "health_index", lambda year, month: 100.0)
    kinds = [{"client_id": 1, "sector": "R"}, {"client_id": 2, "sector": "J"}]
    rows = once(1, date(2010, 5, 1), gross_cents=100_00) + once(2, date(2012, 5, 1), gross_cents=300_00)
    found = client_costs.pay_shift(panels_of(rows, clients=kinds)).frame()["eur"].tolist()
    assert found == pytest.approx([0, 200, 0, 200])


@pytest.mark.parametrize(("years", "people"), [((2010, 2010), 0), ((2010, 2012), 1), ((2008, 2010), 1)])
def test_a_change_needs_two_ends(panels_of, years, people):
    rows = once(1, date(2010, 5, 1), gross_cents=5)
    found = client_costs.pay_shift(panels_of(rows, years, clients=[{"client_id": 1, "sector": "R"}])).frame()
    assert len(found) == 4 and found["eur"].isna().all()
    assert found["fewest"].tolist() == [people] * 4


# -- what is missing, and what may be shown --------------------------------------------------------------------

@pytest.mark.parametrize(("measure", "options", "missing"), [
    (client_weight.concentration, {}, "invoices"), (client_weight.lorenz, {}, "invoices"),
    (client_weight.exposure, {}, "invoices"), (client_costs.price_parts, {}, "price_cents"),
    (client_costs.alternatives, {}, "price_cents"), (client_costs.sectors, {}, "sector"),
    (client_costs.diversity, {}, "sector"), (client_costs.pay_shift, {}, "sector"),
    (clients.stock_and_flow, {"group": "size"}, "size"), (clients.stock_and_flow, {"group": "seat"}, "home_nis"),
    (clients.one_shot, {"group": "legal_form"}, "legal_form")])
def test_what_is_missing_is_named(panels_of, measure, options, missing):
    with pytest.raises(MissingData, match=missing):
        measure(panels_of(once(1, date(2010, 1, 1))), **options)


def test_without_invoices_there_are_clients_and_sectors_but_no_revenue(panels_of):
    rows = [row for c in range(1, 31) for row in once(c, date(2010, 1, 1), worker=c)]
    panels = panels_of(rows, clients=[{"client_id": c, "sector": "R"} for c in range(1, 31)])
    assert clients.stock_and_flow(panels).frame()["clients"].tolist() == [30, 30]
    found = client_costs.sectors(panels).frame().iloc[0]
    assert (found["fewest"], found["share_of_days"]) == (30, 1) and pd.isna(found["share_of_revenue"])


MODULES = (clients, client_weight, client_costs)
MEASURES = [m for module in MODULES for _, m in inspect.getmembers(module, inspect.isfunction)
            if m.__module__ == module.__name__ and inspect.signature(m).return_annotation is Answer]


@pytest.mark.parametrize("measure", MEASURES, ids=lambda m: m.__name__)
def test_the_guard_hides_what_few_stand_behind(simulated, measure):
    answer = measure(simulated)
    frame = answer.frame()
    assert not frame.duplicated(list(answer.keys)).any()
    assert (frame[answer.count] <= frame[[c for c in ("clients", "workers") if c in frame]].min(axis=1)).all()
    safe = protect(frame, answer.keys, answer.count, "confidential", guarded=True).frame
    hidden = safe[(frame[answer.count] < 10).to_numpy()]
    assert hidden.drop(columns=[*answer.keys, "suppressed"]).isna().all(axis=None)


@pytest.mark.parametrize("measure", MEASURES, ids=lambda m: m.__name__)
def test_where_no_client_buys_there_is_nothing(panels_of, measure):
    row = {"activity_id": 7, "start_on": date(2010, 1, 1), "end_on": date(2010, 1, 1), "function": "musician"}
    elsewhere = priced(100, 130, 200, on=date(2015, 1, 1), client_id=1)
    panels = panels_of([row, elsewhere], clients=[{"client_id": 1, "sector": "R"}], invoices=[],
                       activities=[{"activity_id": 7, "owner_id": 1, "opened_on": date(2009, 1, 1)}])
    answer = measure(panels)
    assert answer.frame()[answer.count].sum() == 0


# -- the planted world -----------------------------------------------------------------------------------------

@pytest.fixture(scope="module")
def worlds(tmp_path_factory):
    """Panels of worlds of 300 workers, by seed and popularity of the best-known clients."""
    found = {}
    for seed, popularity in (*((seed, 3) for seed in seeds(3, 11)), (11, 1), (12, 1)):
        folder = tmp_path_factory.mktemp("clients") / "world"
        simulate(300, seed, 2001, 2020, folder, {"popularity": str(popularity)})
        dataset = Dataset("w", str(folder), None, guarded=False)
        found[seed, popularity] = Panels(dataset, Scope("everywhere", FIRST, LAST))
    return found


@pytest.mark.parametrize("trait", ["sector", "size"])
def test_planted_shares_of_clients_are_found(worlds, trait):
    planted = {level: weight for level, weight in getattr(read_world(), trait) if level}
    total = sum(planted.values())
    for seed in seeds(3, 11):
        ever = clients.stock_and_flow(worlds[seed, 3], trait).frame()
        ever = ever[(ever["flow"] == "new") | ((ever["flow"] == "active") & (ever["year"] == FIRST))]
        n = ever.groupby(trait)["clients"].sum().reindex(planted, fill_value=0)
        for level, weight in planted.items():
            p = weight / total
            assert abs(n[level] / n.sum() - p) <= 3.3 * math.sqrt(p * (1 - p) / n.sum()), (seed, level)


def test_planted_popularity_concentrates_revenue(worlds):
    """Where new clients are drawn evenly, they are billed more evenly."""
    found = {key: client_weight.concentration(panels).frame().set_index("year") for key, panels in worlds.items()}
    for seed in (11, 12):
        for column in ("hhi", "gini", "cr10"):
            even, planted = (found[seed, k].loc[2006:, column].mean() for k in (1, 3))
            assert even < planted, (seed, column)


@pytest.fixture(scope="module")
def shipped():
    return Panels(Dataset("shipped", str(SHIPPED), None, guarded=False), Scope("everywhere", 2001, 2020))


def test_planted_platforms_come_and_leave(shipped):
    """Two platforms: one until July 2016, the other from September 2015 until January 2018."""
    active = [clients.stock_and_flow(p).frame().query("flow == 'active'").set_index("year")["clients"]
              for p in (shipped, shipped.without_couriers())]
    platforms = active[0] - active[1]
    assert platforms[platforms != 0].to_dict() == {2015: 2, 2016: 2, 2017: 1, 2018: 1}


def test_planted_teams_are_the_block_arrivals(shipped):
    flags = pd.read_parquet(SHIPPED / "flags")
    lent = flags[(flags["entity"] == "contract") & (flags["flag"] == "M-07")]["id"]
    contracts = pd.read_parquet(SHIPPED / "contracts.parquet", columns=["contract_id", "worker_id", "client_id"])
    lent = contracts[contracts["contract_id"].isin(lent)]
    found = client_weight.block_arrivals(shipped).frame().set_index(["within", "step"])
    for within in (1, 31):
        row = found.loc[(within, "4. of these, half-time or more")]
        assert (row["clients"], row["workers"]) == (lent["client_id"].nunique(), lent["worker_id"].nunique())
