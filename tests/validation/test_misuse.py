"""Detectors equal slow versions of themselves, and find what was planted without flagging who only looks like it."""

from collections import Counter, defaultdict
from dataclasses import replace
from datetime import date, timedelta

import numpy as np
import pandas as pd
import pytest
from scipy.stats import betabinom

from analysis import law
from analysis.datasets import SHIPPED, Dataset
from analysis.errors import MissingData
from analysis.measures import misuse
from analysis.models.beta_binomial import fit, shrunken
from analysis.models.classification import evaluate, precision_at, true_prevalence
from analysis.panels import Panels
from analysis.scope import Scope
from data_synthetic.rules import Size
from data_synthetic.simulate import write_tables
from data_synthetic.world import read_world

FIRST, LAST = 2001, 2020
DAY = timedelta(days=1)
# Detector → the flags of workers, or of their contracts, that carry what it looks for.
PLANTED = {"day_chains": ("M-01",), "one_job": ("M-02",), "few_days": ("M-03",), "at_floor": ("M-04", "M-08", "M-13"),
           "late_entry": ("M-14",), "one_price": ("M-07", "M-10"), "expenses": ("M-11",), "block_arrival": ("M-07",)}
TARGETS = {"precision": 0.8, "recall": 0.7}      # V-36
WITH_TARGET = ("day_chains", "one_job")


# -- planted truth ---------------------------------------------------------------------------------------------

@pytest.fixture(scope="module")
def large(tmp_path_factory):
    """The tables of a world of 8,192 members."""
    folder = tmp_path_factory.mktemp("large")
    write_tables(read_world(), Size(8_192, FIRST, LAST), 11, folder, 1)
    return folder


@pytest.fixture(scope="module", params=["shipped", "large"])
def world(request):
    """Panels and flags of the shipped world and of the larger one."""
    folder = SHIPPED if request.param == "shipped" else request.getfixturevalue("large")
    panels = Panels(Dataset(request.param, str(folder), None, guarded=False), Scope("everywhere", FIRST, LAST))
    return panels, pd.read_parquet(folder / "flags")


def judged(world, detector):
    """How well a detector finds the workers who carry what it looks for, among all with a contract."""
    panels, flags = world
    rows = misuse.scored(panels, detector).select("worker_id", "score", "flagged").execute()
    contracts = panels.contracts.select("contract_id", "worker_id").execute()
    ours = flags[flags.flag.isin(PLANTED[detector])]
    planted = set(ours[ours.entity == "worker"].id) | set(
        contracts[contracts.contract_id.isin(ours[ours.entity == "contract"].id)].worker_id)
    everybody = np.unique(contracts.worker_id)
    best = rows.groupby("worker_id")[["score", "flagged"]].max().reindex(everybody)
    return evaluate(np.isin(everybody, list(planted)), best.flagged.eq(True), best.score.fillna(0.0), draws=499)


def measured(detector, q):
    """The row of misuse_quality.csv of a detector."""
    intervals = {f"{name}{end}": value for name in ("precision", "recall", "average_precision")
                 for end, value in zip(("", "_low", "_high"), getattr(q, name), strict=True)}
    wrong = round(q.flagged - q.recall[0] * q.positives)
    return {"detector": detector, "planted": q.positives, "flagged": q.flagged, **intervals,
            "false_alarms": wrong / (q.units - q.positives), "chance": q.prevalence}


def test_the_printed_quality_is_that_of_the_shipped_world():
    panels = Panels(Dataset("shipped", str(SHIPPED), None, guarded=False), Scope("everywhere", FIRST, LAST))
    flags = pd.read_parquet(SHIPPED / "flags")
    found = pd.DataFrame([measured(d, judged((panels, flags), d)) for d in PLANTED])
    printed = misuse.quality()
    wrong = f"write into misuse_quality.csv:\n{found.to_csv(index=False, float_format='%.6f')}"
    assert list(printed) == list(found) and list(printed.detector) == list(found.detector), wrong
    numbers = found.columns.drop("detector")
    assert np.allclose(printed[numbers].to_numpy(), found[numbers].to_numpy(), atol=2e-6), wrong


def test_precision_falls_where_a_pattern_is_rarer():
    table = misuse.precision_by_prevalence()
    for _detector, rows in table.groupby("detector"):
        assert rows.prevalence.is_monotonic_increasing and rows.precision.is_monotonic_increasing
    q = misuse.quality().set_index("detector")
    assert precision_at(q.chance, q.recall, q.false_alarms).to_numpy() == pytest.approx(q.precision, abs=1e-3)


@pytest.mark.parametrize("detector", PLANTED)
def test_detectors_find_what_was_planted(world, detector):
    quality = judged(world, detector)
    print(f"{detector}: {quality}")
    assert quality.positives >= 10
    if detector in WITH_TARGET:
        for name, least in TARGETS.items():
            assert getattr(quality, name)[0] >= least, f"V-36: {detector}: {quality}"
    value, low, _high = quality.average_precision
    assert low > 2 * quality.prevalence and value > 10 * quality.prevalence, f"{detector} is near chance: {quality}"


def test_a_detector_that_knows_nothing_is_no_better_than_chance(world):
    panels, _flags = world
    workers = panels.workers.worker_id.execute()
    random = np.random.default_rng(1)
    truth, score = random.random(len(workers)) < 0.05, random.random(len(workers))
    quality = evaluate(truth, score > 0.95, score, draws=199)
    assert quality.average_precision[1] < 1.5 * quality.prevalence


def test_a_class_and_a_run_are_not_flagged_as_chains(world):
    panels, flags = world
    rows = misuse.scored(panels, "day_chains").filter(lambda t: t.flagged).select("worker_id").execute()
    innocent = flags[(flags.entity == "worker") & flags.flag.isin(["teacher", "theatre"])].id
    assert len(innocent) > 100 and rows.worker_id.isin(innocent).mean() < 0.1


# -- quality of a classification -------------------------------------------------------------------------------

def test_quality_of_typed_cases():
    truth, score = np.array([1, 0, 1, 0, 0], bool), np.array([0.9, 0.8, 0.7, 0.7, 0.1])
    q = evaluate(truth, score > 0.75, score, draws=50)
    assert (q.precision[0], q.recall[0], q.f1[0]) == pytest.approx((0.5, 0.5, 0.5))
    assert q.average_precision[0] == pytest.approx(0.5 * 1 + 0.5 * 2 / 4)      # the two of 0.7 enter together
    assert (q.units, q.positives, q.flagged) == (5, 2, 2)


def test_a_perfect_score_has_average_precision_one_and_none_flagged_no_precision():
    truth = np.repeat([True, False], 50)
    q = evaluate(truth, np.zeros(100, bool), truth.astype(float), draws=99)
    assert q.average_precision == pytest.approx((1, 1, 1)) and np.isnan(q.precision[0]) and q.recall[0] == 0


def test_units_of_one_worker_are_drawn_together():
    truth = np.tile([True, False], 100)
    flagged, score = np.repeat([True, True, False, False], 50), np.arange(200.0)
    alone = evaluate(truth, flagged, score)
    together = evaluate(truth, flagged, score, workers=np.repeat(np.arange(10), 20))
    assert together.recall[2] - together.recall[1] > 1.5 * (alone.recall[2] - alone.recall[1])


def test_precision_and_prevalence_elsewhere():
    assert precision_at(0.01, 0.9, 0.01) == pytest.approx(0.009 / (0.009 + 0.0099))
    assert true_prevalence(0.05 * 0.8 + 0.95 * 0.1, 0.8, 0.9) == pytest.approx(0.05)
    assert true_prevalence(0.0, 0.8, 0.9) == 0


# -- slow versions ---------------------------------------------------------------------------------------------

@pytest.fixture(scope="module")
def tables(simulated):
    c = simulated.dataset.table("contracts").execute().sort_values("contract_id", ignore_index=True)
    for name in ("start_on", "end_on", "created_on"):
        c[name] = pd.to_datetime(c[name]).dt.date
    c["year"] = [d.year for d in c.start_on]
    return c, simulated.dataset.table("workers").execute().set_index("worker_id")


def rows_of(panels, detector, keys):
    """{keys: criteria} of the detector's rows, null keys as None."""
    rows = misuse.DETECTORS[detector][0](panels).execute()
    clean = rows[keys].astype(object).where(rows[keys].notna(), None)
    names = ("days_100", *misuse.DETECTORS[detector][1])
    return {tuple(None if k is None else int(k) for k in key): tuple(float(x) for x in values)
            for key, values in zip(clean.to_numpy(), rows[list(names)].to_numpy(), strict=True)}


def agree(seen, expected):
    assert seen.keys() == expected.keys() and len(seen) > 20
    for key, values in expected.items():
        assert seen[key] == pytest.approx(values, rel=1e-9), key


def floor_on(day):
    return law.minimum_hourly(day) * 100


def test_chains(simulated, tables):
    chains = defaultdict(list)
    ordered = tables[0].dropna(subset="client_id").sort_values(["start_on", "contract_id"])
    for (worker, client), group in ordered.groupby(["worker_id", "client_id"]):
        covered, mine = None, []
        for c in group.itertuples():
            if covered is None or (c.start_on - covered).days - 1 > 14:
                mine.append([])
            mine[-1].append(c)
            covered = c.end_on if covered is None else max(covered, c.end_on)
        for chain in mine:
            chains[worker, int(client), chain[0].start_on.year].append(chain)
    expected = {}
    for key, options in chains.items():
        chain = max(options, key=lambda c: sum(x.days for x in c))
        days, span = sum(x.days for x in chain), (max(x.end_on for x in chain) - chain[0].start_on).days + 1
        expected[key] = (round(100 * days), span, len(chain), np.mean([x.start_on == x.end_on for x in chain]),
                         days / (span * 5 / 7))
    agree(rows_of(simulated, "day_chains", ["worker_id", "client_id", "year"]), expected)


def months(contracts):
    """Hundredths of days by (worker, client or None, month)."""
    out = Counter()
    for c in contracts.itertuples():
        total, length, before = round(100 * c.days), (c.end_on - c.start_on).days + 1, 0
        per_month = Counter(12 * d.year + d.month - 1 for d in (c.start_on + i * DAY for i in range(length)))
        until = 0
        for month, n in sorted(per_month.items()):
            until += n
            share = total * until // length - total * before // length
            client = None if np.isnan(c.client_id) else int(c.client_id)
            out[c.worker_id, client, month] += share
            before = until
    return out


def test_one_job_and_arrivals(simulated, tables):
    by_month = months(tables[0])
    everything = Counter()
    for (worker, _client, month), days in by_month.items():
        everything[worker, month] += days
    full = {(w, c, m) for (w, c, m), days in by_month.items()
            if c is not None and days >= round(8000 * 260 / 12 / 100) and days >= 0.75 * everything[w, m]}
    days, best, first = Counter(), Counter(), {}
    for (w, c, m), n in by_month.items():
        if c is None:
            continue
        days[w, c, m // 12] += n
        best[w, c, m // 12] = max(best[w, c, m // 12], sum((w, c, k) in full for k in range(m - 11, m + 1)))
        first[c] = min(m, first.get(c, m))
    agree(rows_of(simulated, "one_job", ["worker_id", "client_id", "year"]),
          {key: (n, best[key]) for key, n in days.items()})
    teams = defaultdict(dict)
    for (w, c, m), _n in by_month.items():
        if c is not None and first[c] == m >= 12 * FIRST + 12:
            span = range(m, m + 3)
            teams[c][w] = (sum(by_month[w, c, k] for k in span), sum(everything[w, k] for k in span))
    expected = {}
    for c, team in teams.items():
        bought, whole = (sum(x) for x in zip(*team.values(), strict=True))
        for w, (mine, _all) in team.items():
            expected[w, c, first[c] // 12] = (mine, len(team), bought / whole, bought / (len(team) * 6500))
    agree(rows_of(simulated, "block_arrival", ["worker_id", "client_id", "year"]), expected)


def test_few_days(simulated, tables):
    contracts, workers = tables
    prices = np.mean([law.health_index(LAST, m) for m in range(1, 13)])
    quarters = defaultdict(lambda: [0, 0.0])
    for c in contracts.itertuples():
        if isinstance(workers.profession[c.worker_id], str):
            q = quarters[c.worker_id, c.year, (c.start_on.month - 1) // 3]
            q[0] += round(100 * c.days)
            q[1] += c.gross_cents * prices / law.health_index(c.year, c.start_on.month)
    rates = defaultdict(list)
    for (worker, _y, _q), (days, pay) in quarters.items():
        rates[workers.profession[worker]].append(pay / days)
    high = {trade: np.quantile(x, 0.95) for trade, x in rates.items()}
    years, total = defaultdict(list), Counter()
    for (worker, year, _q), (days, pay) in quarters.items():
        years[worker, year].append(pay / days / high[workers.profession[worker]])
        total[worker, year] += days
    agree(rows_of(simulated, "few_days", ["worker_id", "year"]),
          {key: (total[key], sorted(r)[-3] if len(r) > 2 else 0.0) for key, r in years.items()})


def test_pay_at_and_below_the_floor(simulated, tables):
    groups = defaultdict(list)
    for c in tables[0].itertuples():
        if c.hours > 0:
            buyers = tuple(None if np.isnan(b) else int(b) for b in (c.client_id, c.activity_id))
            groups[c.worker_id, *buyers, c.year].append(c)

    def share(group, met):
        return sum(c.hours for c in group if met(c.gross_cents / c.hours, floor_on(c.end_on))) / sum(
            c.hours for c in group)

    keys = ["worker_id", "client_id", "activity_id", "year"]
    for detector, met in (("at_floor", lambda wage, floor: abs(wage / floor - 1) <= 0.005),
                          ("below_floor", lambda wage, floor: wage < floor - 1)):
        agree(rows_of(simulated, detector, keys), {
            key: (sum(round(100 * c.days) for c in g), share(g, met), len(g)) for key, g in groups.items()})


def test_years_of_workers(simulated, tables):
    c = tables[0].assign(days_100=(100 * tables[0].days).round())
    outside = {"courier", "developer", "consultant", "translator", "trainer", "journalist", "props_maker",
               "sound_technician"}
    length = c.hours / c.days
    cases = {
        "late_entry": (c, np.array([a > b for a, b in zip(c.created_on, c.start_on, strict=True)])),
        "odd_hours": (c[c.hours > 0], ((length < 3) | (length > 12))[c.hours > 0]),
        "not_artistic": (c[c.artistic], c.function.isin(outside)[c.artistic]),
    }
    for detector, (rows, hit) in cases.items():
        g = rows.assign(hit=np.asarray(hit, float)).groupby(["worker_id", "year"])
        expected = pd.DataFrame({"days": g.days_100.sum(), "share": g.hit.mean(), "n": g.size()})
        agree(rows_of(simulated, detector, ["worker_id", "year"]), {k: tuple(v) for k, v in expected.T.items()})
    g = c[c.gross_cents > 0].groupby(["worker_id", "year"])
    extra = g.expenses_cents.sum()
    expected = pd.DataFrame({"days": g.days_100.sum(), "share": extra / (extra + g.gross_cents.sum()), "n": g.size()})
    agree(rows_of(simulated, "expenses", ["worker_id", "year"]), {k: tuple(v) for k, v in expected.T.items()})


# -- flags and prevalence --------------------------------------------------------------------------------------

def test_stricter_asks_for_more_and_looser_for_less():
    for name, registered in vars(misuse.REGISTERED).items():
        strict, loose = getattr(misuse.STRICT, name), getattr(misuse.LOOSE, name)
        asked = any(name in criteria for _make, criteria in misuse.DETECTORS.values()) and name != "contracts"
        assert loose < registered < strict if asked else loose == registered == strict, name


def test_prevalence_is_the_share_of_flags(simulated):
    table = misuse.prevalence(simulated, span=10).frame().set_index(["detector", "span"])
    assert set(table.index.levels[0]) == set(misuse.DETECTORS) and (table.share_low <= table.share_high).all()
    assert (table.share_low <= table.share).all() and (table.share_of_days <= table.share_of_days_high).all()
    everything = {detector: misuse.scored(simulated, detector).execute() for detector in misuse.DETECTORS}
    for (detector, span), row in table.iterrows():
        rows = everything[detector]
        rows = rows[rows.year.between(span, span + 9)]
        assert ((rows.score >= 1 - 1e-12) == rows.flagged).all()
        assert row.units == len(rows) and row.workers == rows.worker_id.nunique()
        assert row.share == pytest.approx(rows.flagged.mean())
        assert row.share_of_days == pytest.approx(rows.days_100[rows.flagged].sum() / rows.days_100.sum())
        assert row.flagged_workers == rows.worker_id[rows.flagged].nunique()


def test_a_share_that_rests_on_few_is_hidden():
    frame = pd.DataFrame({"detector": "at_floor", "span": [1, 2, 3, 4], "units": [100, 100, 19, 100],
                          "workers": [90, 90, 15, 90], "days": 100})
    for name, counts in {"share_low": [0, 3, 11, 0], "share": [20, 30, 12, 0], "share_high": [40, 50, 13, 0]}.items():
        frame = frame.assign(**{f"{name}_{what}": counts for what in ("units", "days", "workers")})
    assert list(misuse._shares(frame)["fewest"]) == [20, 3, 0, 90]


def test_parameters_are_those_registered():
    r = misuse.REGISTERED
    assert (r.chain_gap, r.chain_days, r.chain_contracts, r.chain_one_day, r.chain_density) == (14, 120, 20, 0.8, 0.5)
    assert (r.full_month, r.full_share, r.job_months, r.pay_ratio, r.below_floor) == (0.8, 0.75, 9, 1.5, 0.1)
    with pytest.raises(AttributeError):
        r.chain_gap = 7


def test_a_weekly_class_is_no_chain_and_a_job_by_the_day_is(panels_of):
    monday = date(2010, 1, 4)
    job = [{"start_on": monday + i * DAY, "end_on": monday + i * DAY, "worker_id": 1}
           for i in range(200) if (monday + i * DAY).weekday() < 4]
    taught = [{"start_on": monday + 7 * i * DAY, "end_on": monday + 7 * i * DAY, "worker_id": 2} for i in range(40)]
    rows = misuse.scored(panels_of([*job, *taught]), "day_chains").execute().set_index("worker_id")
    assert rows.flagged.to_dict() == {1: True, 2: False}
    longer = misuse.scored(panels_of(job), "day_chains", replace(misuse.REGISTERED, chain_days=201)).execute()
    assert not longer.flagged.any()


@pytest.mark.parametrize(("detector", "named"), [("late_entry", "created_on"), ("not_artistic", "artistic"),
                                                 ("expenses", "expenses_cents"), ("few_days", "profession")])
def test_what_is_missing_is_named(panels_of, detector, named):
    panels = panels_of([{"start_on": date(2010, 5, 3), "end_on": date(2010, 5, 3)}])
    with pytest.raises(MissingData, match=named):
        misuse.scored(panels, detector)
    assert detector not in set(misuse.prevalence(panels).frame()["detector"])


def test_where_no_detector_can_look_it_is_said_why(panels_of):
    """Where clients live is not recorded, and no pattern at clients in Brussels can be looked for."""
    panels = panels_of([{"start_on": date(2010, 5, 3), "end_on": date(2010, 5, 3)}], region="brussels-clients")
    with pytest.raises(MissingData, match="home_nis"):
        misuse.prevalence(panels)


def test_the_map_of_patterns_is_whole():
    table = misuse.patterns()
    assert [p.split()[0] for p in table["pattern"]] == [str(n) for n in range(1, 18)]
    assert (table != "").all().all()
    named = " ".join(table["detectors"])
    assert all(d in named for d in misuse.DETECTORS) and misuse.WORDS.keys() == misuse.DETECTORS.keys()
    shown = misuse.named("day_chains; none for the rest")
    assert shown == "long chains of day contracts; none for the rest"
    assert "_" not in " ".join(map(misuse.named, table.detectors))


# -- concentration over clients --------------------------------------------------------------------------------

def test_shrunken_shares_recover_the_law_of_the_groups():
    random = np.random.default_rng(2)
    trials = random.integers(20, 200, 4_000)
    hits = betabinom.rvs(trials, 2, 18, random_state=random)
    a, b = fit(hits, trials)
    assert a / (a + b) == pytest.approx(0.1, rel=0.03) and a + b == pytest.approx(20, rel=0.12)
    share = shrunken(hits, trials)
    assert share == pytest.approx((hits + a) / (trials + a + b))


def test_no_spread_beyond_chance_gives_one_share_to_all():
    assert shrunken(np.array([2, 2, 2]), np.array([20, 20, 20])) == pytest.approx([0.1] * 3)
    assert shrunken(np.array([0, 0]), np.array([20, 30])) == pytest.approx([0, 0])
    assert len(shrunken(np.array([]), np.array([]))) == 0


def test_clients_are_counted_by_class(simulated):
    table = misuse.client_concentration(simulated).frame()
    pairs = simulated.contracts.filter(lambda t: t.client_id.notnull()).select("worker_id", "client_id").distinct()
    matches = pairs.execute().groupby("client_id").size()
    for _detector, rows in table.groupby("detector"):
        assert rows.clients.sum() <= (matches >= 20).sum() and rows.clients.sum() > 0
    chained = table[table.detector == "day_chains"]
    assert chained.workers.sum() == matches[matches >= 20].sum()
