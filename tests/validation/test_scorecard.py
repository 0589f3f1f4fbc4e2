"""The scorecard: verdicts by their definition, intervals that hold together, indicators against slower ones."""

from datetime import date

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import norm
from statsmodels.stats.multitest import multipletests

from analysis.measures import continuity, democracy, dependence, income, misuse, payment, projects, protection
from analysis.models import together
from analysis.verdict import indicators, scorecard
from analysis.verdict.indicators import BASES, INDICATORS
from analysis.verdict.promises import registered
from analysis.verdict.scorecard import judge, overall, ratio

KEY = ["worker_id", "year"]
NUMBERS = st.floats(-2, 2, allow_nan=False)

# -- verdicts ---------------------------------------------------------------------------------------------------


@given(NUMBERS, NUMBERS, st.floats(0.001, 1))
def test_every_interval_has_one_verdict(a, b, margin):
    low, high = min(a, b), max(a, b)
    holds = {"KEPT": low > 0, "WITHIN MARGIN": -margin < low <= 0, "NOT KEPT": high < -margin}
    assert sum(holds.values()) <= 1
    assert judge(low, high, margin) == next((v for v, yes in holds.items() if yes), "UNDETERMINED")


def test_what_is_not_known_is_undetermined():
    assert judge(np.nan, np.nan, 0.1) == "UNDETERMINED"


@given(NUMBERS, st.floats(0, 1), st.floats(0, 1), st.floats(0.001, 1))
def test_a_wider_interval_never_turns_a_verdict_round(middle, half, more, margin):
    narrow = judge(middle - half, middle + half, margin)
    wide = judge(middle - half - more, middle + half + more, margin)
    assert {narrow, wide} != {"KEPT", "NOT KEPT"} and {narrow, wide} != {"WITHIN MARGIN", "NOT KEPT"}


@given(st.lists(st.sampled_from(scorecard.VERDICTS), min_size=1, max_size=12))
def test_the_answer_is_one_of_five_and_better_verdicts_never_make_it_worse(verdicts):
    order = ["no", "in part", "mostly", "yes"]
    found = overall(verdicts)
    assert found in [*order, "open"]
    better = overall(["KEPT" if v == "NOT KEPT" else v for v in verdicts])
    assert (found == "open" and better == "open") or order.index(better) >= order.index(found)


# -- intervals --------------------------------------------------------------------------------------------------

def test_one_estimate_needs_the_usual_interval_and_copies_of_it_no_wider_one():
    psi = np.random.default_rng(1).normal(size=(500, 1))
    assert together.critical(psi) == pytest.approx(norm.ppf(0.975))
    assert together.critical(np.repeat(psi, 20, axis=1)) == pytest.approx(norm.ppf(0.975), abs=0.06)
    assert together.critical(np.hstack([psi, np.zeros((500, 3))])) == pytest.approx(norm.ppf(0.975))


def test_estimates_apart_need_sidaks_interval():
    psi = np.zeros((4_000, 10))
    random = np.random.default_rng(2)
    for k in range(10):
        psi[k::10, k] = random.normal(size=400)
    sidak = norm.ppf((1 + 0.95 ** 0.1) / 2)
    assert together.critical(psi, draws=40_000) == pytest.approx(sidak, abs=0.04)


def test_v27_intervals_hold_together_and_single_ones_do_not():
    random, once, alone = np.random.default_rng(3), [], []
    for seed in range(300):
        x = random.normal(size=(200, 12)) + random.normal(size=(200, 1))
        psi = (x - x.mean(axis=0)) / len(x)
        t = np.abs(x.mean(axis=0)) / np.sqrt((psi**2).sum(axis=0))
        once.append((t > together.critical(psi, draws=999, seed=seed)).any())
        alone.append((t > norm.ppf(0.975)).any())
    assert np.mean(once) <= 0.05 + 3 * np.sqrt(0.05 * 0.95 / 300)
    assert np.mean(alone) > 0.2


def test_v27_published_p_values():
    """Benjamini & Hochberg 1995, section 3.2: of fifteen, four stand by their method and three by Bonferroni's."""
    p = [0.0001, 0.0004, 0.0019, 0.0095, 0.0201, 0.0278, 0.0298, 0.0344, 0.0459, 0.3240, 0.4262, 0.5719, 0.6528,
         0.7590, 1.0000]
    assert multipletests(p, 0.05, "fdr_bh")[0].sum() == 4 and multipletests(p, 0.05, "bonferroni")[0].sum() == 3


def rows_of(seed, units=300, theta=0.3):
    random = np.random.default_rng(seed)
    years = random.poisson(3, units) + 1
    unit = np.repeat(np.arange(units), years)
    chance = random.beta(2, 2 * (1 - theta) / theta, units)[unit]
    den = random.integers(1, 12, len(unit))
    return pd.Series(random.binomial(den, chance)), pd.Series(den), pd.Series(unit)


def test_the_error_of_a_ratio_is_that_of_leaving_out_one_unit_after_the_other():
    num, den, unit = rows_of(1)
    found = ratio(num, den, unit)
    assert found.value == num.sum() / den.sum() and found.influence.sum() == pytest.approx(0, abs=1e-12)
    without = [num[unit != u].sum() / den[unit != u].sum() for u in unit.unique()]
    n = unit.nunique()
    assert found.error == pytest.approx(np.sqrt((n - 1) / n * ((without - np.mean(without))**2).sum()), rel=0.02)


def test_intervals_of_ratios_cover_and_those_that_forget_the_worker_do_not():
    inside, wrong = [], []
    for seed in range(400):
        num, den, unit = rows_of(seed)
        low, high = ratio(num, den, unit).interval(1.96)
        inside.append(low <= 0.3 <= high)
        rows = ratio(num, den, pd.Series(np.arange(len(unit))))
        wrong.append(abs(rows.value - 0.3) <= 1.96 * rows.error)
    assert np.mean(inside) >= 0.95 - 3 * np.sqrt(0.95 * 0.05 / 400) and np.mean(wrong) < 0.85


def test_what_nobody_contradicts_is_not_certain():
    all_kept = ratio(pd.Series([2.0, 3.0] * 50), pd.Series([2.0, 3.0] * 50), pd.Series(range(100)))
    assert all_kept.value == 1 and all_kept.error == 0 and all_kept.interval(5)[0] == pytest.approx(0.97)


# -- indicators -------------------------------------------------------------------------------------------------

@pytest.fixture(scope="module")
def yearly(simulated):
    """A function (indicator, basis) → the indicator by year."""
    frames = {}

    def of(name, basis, population="P0"):
        if name not in frames:
            frames[name] = indicators.frame(simulated, name)
        f = frames[name]
        f = f[f[population] & (f[f"den_{basis}"] > 0)].groupby("year")[[f"num_{basis}", f"den_{basis}"]].sum()
        return (f[f"num_{basis}"] / f[f"den_{basis}"]).sort_index()

    return of


def agree(series, frame, column):
    expected = frame.set_index("year")[column].dropna().sort_index()
    both = series.index.intersection(expected.index)
    assert len(both) >= 4
    np.testing.assert_allclose(series[both].astype(float), expected[both].astype(float), rtol=1e-9, atol=1e-9)


def test_every_indicator_has_its_bases_and_lies_where_it_can(simulated):
    for name in INDICATORS:
        f = indicators.frame(simulated, name)
        assert list(f.columns) == ["unit", "year", "P0", "P1", "P2",
                                   *(f"{part}_{b}" for b in BASES[name] for part in ("num", "den"))]
        assert not f.duplicated(["unit", "year"]).any() and len(f)
        for basis in BASES[name]:
            assert (f[f"num_{basis}"] <= f[f"den_{basis}"] + 1e-9).all()
            assert name == "steadier" or (f[f"num_{basis}"] >= 0).all()


def test_protection_is_the_measure_of_its_chapter(simulated, yearly):
    found = protection.coverage(simulated).frame()
    for basis, column in (("lower", "lower"), ("upper", "upper")):
        agree(yearly("protection", basis), found, column)


def test_prompt_pay_is_the_measure_of_its_chapter_and_the_client_is_slower(simulated, yearly):
    found = payment.pay_lag(simulated).frame()
    agree(1 - yearly("prompt_pay", "contracts"), found, "late")
    c = simulated.contracts.execute()
    bills = payment.contract_bills(simulated).execute().set_index("contract_id")["client_paid_on"]
    c = c[c["paid_on"].notna() & c["contract_id"].isin(bills.index)]
    wait = (pd.to_datetime(c["contract_id"].map(bills)) - pd.to_datetime(c["end_on"])).dt.days
    f = indicators.frame(simulated, "prompt_pay")
    assert f["num_without"].sum() == (wait <= 11).sum() and f["den_without"].sum() == len(c)


def test_pay_at_the_floor_is_the_measure_of_its_chapter(simulated, yearly):
    agree(1 - yearly("pay_at_floor", "hours"), income.below_minimum(simulated).frame(), "headcount")


def test_continuity_is_the_measure_of_its_chapter(simulated, yearly):
    agree(12 - 12 * yearly("continuity", "interior"), continuity.months_without_work(simulated).frame(), "mean")


def test_clients_are_the_measure_of_their_chapter(simulated, yearly):
    found = dependence.concentration(simulated).frame()
    for view, basis, column in (("invoice", "invoice", "dominant"), ("invoice", "half", "half"),
                                ("pay", "pay", "dominant")):
        agree(1 - yearly("clients", basis), found[found["view"] == view], column)


def test_tools_are_the_measure_of_their_chapter(simulated, yearly):
    found = projects.activity_use(simulated).frame()
    agree(yearly("tools", "workers"), found, "some")
    agree(yearly("tools", "money"), found, "share_of_pay")


def test_a_say_is_the_measure_of_its_chapter(simulated, yearly):
    found = democracy.turnout(simulated).frame()
    found["year"] = pd.to_datetime(found["day"]).dt.year
    for basis, among, act in (("attended", "active", "attended"), ("voted", "active", "voted"),
                              ("holders", "holders", "attended")):
        f = indicators.frame(simulated, "voice")
        part = found[(found["among"] == among) & (found["act"] == act)].set_index("year")
        own = f.groupby("year")[[f"num_{basis}", f"den_{basis}"]].sum().loc[part.index]
        # Whoever was active in the twelve months before, but not in the year itself, has no worker-year.
        assert (own[f"den_{basis}"] <= part["entitled"]).all() and (own[f"num_{basis}"] <= part["workers"]).all()
        assert own[f"den_{basis}"].sum() > 0.6 * part["entitled"].sum()


def test_no_misuse_is_the_absence_of_flags(simulated):
    f = indicators.frame(simulated, "no_misuse")
    for basis, d in (("registered", misuse.REGISTERED), ("strict", misuse.STRICT), ("loose", misuse.LOOSE)):
        flagged = set()
        for detector in indicators.DEGRADING:
            rows = misuse.scored(simulated, detector, d).execute()
            flagged |= set(rows.loc[rows["flagged"], KEY].itertuples(index=False, name=None))
        expected = [0 if pair in flagged else 1 for pair in f[["unit", "year"]].itertuples(index=False, name=None)]
        assert f[f"num_{basis}"].tolist() == expected, basis


def test_users_are_counted_by_hand(simulated):
    f = indicators.frame(simulated, "users")
    i = simulated.invoices.execute()
    for column in ("issued_on", "paid_on"):
        i[column] = pd.to_datetime(i[column])
    end = pd.Timestamp("2020-12-31")
    i = i[(i["amount_cents"] > 0) & (i["issued_on"] >= "2001-01-01") & ((end - i["issued_on"]).dt.days >= 60)]
    wait = (i["paid_on"].where(i["paid_on"] <= end) - i["issued_on"]).dt.days
    assert f["den_sixty"].sum() == len(i)
    assert (f["num_sixty"].sum(), f["num_thirty"].sum()) == ((wait <= 60).sum(), (wait <= 30).sum())
    assert f["num_money"].sum() == i.loc[wait <= 60, "amount_cents"].sum()


# -- the card ---------------------------------------------------------------------------------------------------

@pytest.fixture(scope="module")
def card(simulated):
    return scorecard.scorecard(simulated).frame()


def test_the_card_has_every_promise_with_two_benchmarks_and_one_that_decides(card):
    assert card["promise"].unique().tolist() == [p.title for p in registered()[1]]
    assert (card.groupby("promise").size() >= 2).all() and (card.groupby("promise")["decides"].sum() == 1).all()


def test_verdicts_are_those_of_the_intervals_and_the_family_is_wider(card):
    margin = {p.title: p.margin for p in registered()[1]}
    for r in card.itertuples():
        assert r.verdict == judge(r.difference_low, r.difference_high, margin[r.promise])
        assert not r.difference_low > r.difference and not r.difference_high < r.difference
    assert (card["verdict"] != card["alone"]).sum() <= len(card) // 3


def test_a_dataset_without_tables_leaves_promises_undetermined_and_says_why(panels_of):
    rows = [{"worker_id": w, "start_on": date(y, 5, 1), "end_on": date(y, 5, 2), "gross_cents": 9_000, "hours": 8.0}
            for w in range(1, 4) for y in (2010, 2011, 2012)]
    card = scorecard.scorecard(panels_of(rows)).frame().set_index("promise")
    told = card.loc[card["absent"] != "", "absent"]
    assert "invoices" in told["Clients behave as responsible users"] and "paid_on" in told["Paid on time"]
    assert (card["verdict"] == "UNDETERMINED").all()        # nothing in the years that are judged
