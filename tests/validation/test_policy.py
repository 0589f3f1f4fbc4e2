"""The levers: their kernels by hand and by properties (V-37), their effects against slow versions and tiny datasets."""

from collections import defaultdict
from dataclasses import replace
from datetime import date, timedelta
from itertools import pairwise

import numpy as np
import pandas as pd
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from analysis import law
from analysis.errors import MissingData, StudyError
from analysis.measures import protection, volatility
from analysis.models import fees as fee_models
from analysis.models import fund, guaranteed_pay
from analysis.models import smoothing as accounts
from analysis.panels import Panels
from analysis.policy import (
    client_cap,
    contract_length,
    democracy,
    fees,
    guarantee_fund,
    open_ended,
    rules,
    smoothing,
    summary,
)
from analysis.policy.levers import LEVERS
from analysis.policy.parameters import given as registered

DAY = timedelta(days=1)
many = settings(max_examples=60, derandomize=True, deadline=None)
MONEY = st.integers(0, 10_000_000).map(lambda cents: cents / 100)


def one(answer, **chosen):
    """The one row of an answer that `chosen` picks."""
    frame = answer.frame()
    for column, value in chosen.items():
        frame = frame[frame[column] == value]
    [row] = frame.to_dict("records")
    return row


def work(start, length=1, **more):
    return {"start_on": start, "end_on": start + (length - 1) * DAY, **more}


# -- P-1: a minimum length -------------------------------------------------------------------------------------

def slow_engagements(rows, window):
    """(pair, start) in order → the engagement of each, one after the other."""
    numbers, opened = [], {}
    for pair, start in rows:
        if pair not in opened or start - opened[pair][0] >= window:
            opened[pair] = (start, numbers[-1] + 1 if numbers else 0)
        numbers.append(opened[pair][1])
    return numbers


@many
@given(st.lists(st.tuples(st.integers(1, 3), st.integers(0, 60)), min_size=1, max_size=40).map(sorted),
       st.integers(1, 90))
@example([(1, 0), (1, 29), (1, 30), (2, 30)], 30)
def test_an_engagement_takes_what_starts_within_its_window(rows, window):
    pair, start = (np.array(x) for x in zip(*rows, strict=True))
    found = contract_length.engagements(pair, start, window)
    assert found.tolist() == slow_engagements(rows, window)
    frame = pd.DataFrame({"e": found, "pair": pair, "start": start}).groupby("e")
    assert (frame["pair"].nunique() == 1).all()
    assert (frame["start"].max() - frame["start"].min() < window).all()


@many
@given(st.lists(st.floats(0.1, 30), min_size=1, max_size=20), st.integers(1, 20))
def test_clients_answer_between_the_bounds(days, least):
    days = np.array(days)
    bought = {e: np.prod(contract_length.kept(days, least, e), axis=0) for e in (0, -0.5, -1, -2, -np.inf)}
    assert np.allclose(bought[0], np.maximum(1, least / days))
    assert np.allclose(bought[-1], 1)
    assert np.array_equal(bought[-np.inf], (days >= least).astype(float))
    order = list(bought.values())
    assert all((a >= b - 1e-12).all() for a, b in pairwise(order))


def test_two_days_within_a_month_are_one_contract_and_a_third_is_lengthened(panels_of):
    panels = panels_of([work(date(2012, month, day), days=1.0, gross_cents=10_000, price_cents=20_000)
                        for month, day in ((1, 4), (1, 10), (3, 1))], years=(2012, 2012))
    found = contract_length.effects(panels, contract_length.ContractLength(days=2, window=30))
    stays, lost = one(found, response="0"), one(found, response=contract_length.ALL_LOST)
    assert stays["days"] == pytest.approx(1 / 3) and stays["client_cost"] == pytest.approx(1 / 3)
    assert stays["admissible"] == pytest.approx(1 / 3) and stays["lost_days"] == 0
    assert stays["contracts"] == pytest.approx(2 / 3)
    assert (stays["one_day_before"], stays["one_day"], stays["workers"], stays["fewest"]) == (1, 0, 1, 1)
    assert lost["days"] == pytest.approx(-1 / 3) and lost["lost_days"] == pytest.approx(1 / 3)
    assert one(found, response="-1")["days"] == 0
    assert one(found, response="-2")["days"] == pytest.approx((2 + 2 * (1 / 4)) / 3 - 1)


def test_a_rule_that_all_contracts_meet_changes_nothing_and_touches_nobody(panels_of):
    panels = panels_of([work(date(2012, 1, 1), 5, days=5.0, gross_cents=50_000)], years=(2012, 2012))
    found = contract_length.effects(panels, contract_length.ContractLength(days=5, window=1)).frame()
    assert (found[["pay", "days", "admissible", "lost_days"]] == 0).all().all()
    assert (found["fewest"] == 0).all() and found["client_cost"].isna().all()


def test_admissible_days_beyond_the_quarter_win_nothing(panels_of):
    long = work(date(2012, 1, 1), 91, days=65.0, client_id=2)      # 78 days of a six-day week
    panels = panels_of([long, work(date(2012, 2, 1), days=1.0)], years=(2012, 2012))
    row = one(contract_length.effects(panels, contract_length.ContractLength(days=5, window=1)), response="0")
    assert row["days"] == pytest.approx(4 / 66) and row["admissible"] == 0


def test_effects_of_a_minimum_length_equal_a_slow_version(simulated):
    rule = contract_length.ContractLength(days=4, window=21)
    c = simulated.real(simulated.started.filter(simulated.started.client_id.notnull())).execute()
    c = c.sort_values(["worker_id", "client_id", "start_on", "contract_id"])
    merged, opened = [], {}
    for row in c.itertuples():
        pair, start = (row.worker_id, row.client_id), pd.Timestamp(row.start_on)
        if pair not in opened or (start - opened[pair]["start"]).days >= rule.window:
            opened[pair] = {"start": start, "days": 0.0, "pay": 0.0, "price": 0}
            merged.append(opened[pair])
        opened[pair]["days"] += round(row.days, 2)
        opened[pair]["pay"] += row.real_cents
        opened[pair]["price"] += row.price_cents
    for response, elasticity in (("0", 0), ("-0.5", -0.5), ("-2", -2)):
        row = one(contract_length.effects(simulated, rule), response=response)
        for name, key in (("pay", "pay"), ("days", "days"), ("client_cost", "price")):
            after = sum(e[key] * max(1, 4 / e["days"]) ** (1 + elasticity) for e in merged)
            assert row[name] == pytest.approx(after / sum(e[key] for e in merged) - 1, abs=1e-9)
        assert row["contracts"] == pytest.approx(
            sum(max(1, 4 / e["days"]) ** elasticity for e in merged) / len(c), abs=1e-9)


# -- P-2: a guarantee fund -------------------------------------------------------------------------------------

@many
@given(st.lists(st.lists(st.integers(0, 10_000), min_size=5, max_size=5), min_size=1, max_size=6),
       st.integers(0, 30_000))
def test_a_ceiling_covers_the_first_losses_of_each_client(lost, ceiling):
    lost = np.array(lost, float)
    covered = fund.capped(lost, ceiling)
    assert (covered >= 0).all() and (covered <= lost).all()
    assert np.array_equal(covered.sum(axis=1), np.minimum(lost.sum(axis=1), ceiling))


@many
@given(st.lists(st.tuples(st.integers(0, 1000), st.integers(0, 1000)), min_size=2, max_size=12),
       st.floats(0, 0.5))
def test_the_fund_is_ruined_below_its_critical_levy_and_not_above(months, reserve):
    billed, lost = (np.array([x], float) for x in zip(*months, strict=True))
    [critical] = fund.critical_rates(billed, lost, reserve)

    def lowest(levy):
        balance, found = reserve * 12 * billed.mean(), np.inf
        for a, b in months:
            balance += levy * a - b
            found = min(found, balance)
        return found

    if np.isfinite(critical):
        assert lowest(critical + 1e-6) >= -1e-6
        assert lowest(critical - 1e-3) < 1e-6
        assert fund.ruin(np.array([critical]), critical) == 0
        assert fund.ruin(np.array([critical]), critical - 1e-9) == 1


def test_without_losses_the_levy_is_the_loading():
    """V-37."""
    billed = np.full((5, 24), 100.0)
    critical = fund.critical_rates(*fund.paths(billed, np.zeros_like(billed), 60, draws=20))
    assert fund.required_levy(critical, expected=0.0, loading=0.0007, most_ruin=0.01) == 0.0007


def test_even_clients_give_even_futures_and_the_levy_of_the_expected_loss():
    billed, lost = np.full((4, 24), 100.0), np.full((4, 24), 3.0)
    a, b = fund.paths(billed, lost, 60, draws=30)
    assert a.shape == b.shape == (30, 60)
    assert (a == 400).all() and (b == 12).all()
    critical = fund.critical_rates(a, b)
    assert np.allclose(critical, 0.03)
    assert fund.required_levy(critical, 0.03, 0.0, 0.01) == pytest.approx(0.03)
    assert (fund.critical_rates(a, b, reserve=0.5) < 0.03).all()


def test_more_safety_costs_more():
    random = np.random.default_rng(1)
    billed = random.uniform(0, 100, (40, 36))
    lost = np.where(random.random((40, 36)) < 0.02, billed, 0.0)
    critical = fund.critical_rates(*fund.paths(billed, lost, 60, draws=200))
    levies = [fund.required_levy(critical, 0.0, 0.0, ruin) for ruin in (0.5, 0.1, 0.01)]
    assert levies == sorted(levies)
    for levy, ruin in zip(levies, (0.5, 0.1, 0.01), strict=True):
        assert fund.ruin(critical, levy) <= ruin < fund.ruin(critical, levy - 1e-9)


def invoiced(panels_of, losses, years=(2011, 2012)):
    """Two workers with a paid invoice of 1,000 EUR a month each, and `losses` (worker, client, month, EUR)."""
    contracts, invoices = [], []
    for month in range(12):
        for worker in (1, 2):
            losing = [x for x in losses if x[0] == worker and x[2] == month]
            for client, euros, gone in [(worker, 1_000, None),
                                        *((x[1], x[3], date(2012, x[2] + 1, 28)) for x in losing)]:
                day = date(2012, month + 1, 1)
                invoices.append({
                    "invoice_id": len(invoices), "contract_id": len(contracts), "client_id": client,
                    "issued_on": day, "due_on": day, "amount_cents": 100 * euros, "written_off_on": gone,
                    "paid_on": None if gone else day + 41 * DAY})
                contracts.append(work(day, worker_id=worker, client_id=client, gross_cents=50_000, paid_on=day))
    return panels_of(contracts, years=years, invoices=invoices)


FUND = guarantee_fund.GuaranteeFund(delay=11, ceiling=1e6, trial=0, reserve=0.0, years=5, ruin=0.01, loading=0.0005)


def test_a_fund_covers_what_was_lost_and_says_for_whom(panels_of):
    panels = invoiced(panels_of, [(1, 5, 3, 600), (1, 5, 8, 400)])
    row = one(guarantee_fund.effects(panels, FUND))
    assert row["lost"] == row["covered"] == pytest.approx(1000 * 1_000 / 25_000)
    assert row["net"] == pytest.approx(0) and row["open"] == 0 and (row["workers"], row["fewest"]) == (1, 1)
    assert row["paid"] >= row["expected"] + 0.5
    tens = guarantee_fund.effects(panels, FUND, by="decile").frame()
    assert tens["covered"].max() == pytest.approx(1000 * 1_000 / 13_000)
    assert (tens["covered"] - tens["net"]).round(6).nunique() == 1


def test_a_ceiling_and_a_trial_leave_losses_open(panels_of):
    panels = invoiced(panels_of, [(1, 5, 3, 600), (1, 5, 8, 400)])
    capped = one(guarantee_fund.effects(panels, replace(FUND, ceiling=700)))
    assert capped["covered"] == pytest.approx(1000 * 700 / 25_000) and capped["open"] == pytest.approx(12)
    tried = one(guarantee_fund.effects(panels, replace(FUND, trial=1)))
    assert tried["covered"] == pytest.approx(1000 * 400 / 25_000)
    nothing = one(guarantee_fund.effects(panels, replace(FUND, ceiling=0)))
    assert nothing["covered"] == 0 and nothing["paid"] == pytest.approx(0.5)      # V-37


def test_to_promise_later_costs_less_waiting(panels_of):
    panels = invoiced(panels_of, [(1, 5, 3, 1)])
    at_once, later = (one(guarantee_fund.effects(panels, replace(FUND, delay=d)))["waiting"] for d in (0, 11))
    # December's invoices are paid after the study, and waited for until its last day; one euro is lost after 27 days.
    days = (2_000 * (11 * 41 + 30) + 27) / 24_001
    assert at_once == pytest.approx(1000 * 0.05 * days / 365)
    assert at_once - later == pytest.approx(1000 * 0.05 * 11 / 365)


def test_a_higher_ceiling_never_leaves_more_open(simulated):
    levies = guarantee_fund.levies(simulated).frame()
    assert levies["open"].is_monotonic_decreasing and levies["expected"].is_monotonic_increasing
    assert (levies["levy"] >= levies["expected"]).all()


# -- P-3: fees -------------------------------------------------------------------------------------------------

BILLED = st.lists(st.integers(100, 20_000_000).map(lambda c: c / 100), min_size=2, max_size=30).map(np.array)


@many
@given(BILLED, st.floats(1_000, 100_000), st.floats(1, 5), st.sampled_from([None, 0.0, -0.5, -1.0, -2.0]))
def test_a_schedule_brings_in_what_the_flat_rate_does(billed, threshold, multiple, elasticity):
    """V-37."""
    w = fee_models.tiers(billed, threshold, multiple)
    rate = fee_models.neutral_rate(billed, w, 0.065, elasticity or 0.0, elasticity is not None)
    after = billed if elasticity is None else billed * fee_models.reaction(rate * w, 0.065, elasticity)[1]
    assert (rate * w * after).sum() == pytest.approx(0.065 * billed.sum(), rel=1e-6)
    assert 0 < rate <= 0.065 + 1e-9


@many
@given(BILLED)
def test_one_rate_is_neither_progressive_nor_regressive(billed):
    assert fee_models.neutral_rate(billed, np.ones_like(billed), 0.065) == pytest.approx(0.065)
    found = fee_models.progressivity(billed, 0.065 * billed)
    assert found["kakwani"] == pytest.approx(0, abs=1e-12)
    assert found["reynolds_smolensky"] == pytest.approx(0, abs=1e-12)


@many
@given(BILLED, st.floats(1_000, 100_000), st.floats(0, 5))
def test_what_a_fee_takes_off_inequality_follows_from_its_progressivity(billed, threshold, multiple):
    fee = 0.03 * fee_models.tiers(billed, threshold, multiple) * billed
    mean, found = fee.sum() / billed.sum(), fee_models.progressivity(billed, fee)
    assert found["reynolds_smolensky"] == pytest.approx(found["kakwani"] * mean / (1 - mean), abs=1e-10)
    assert found["kakwani"] >= -1e-12 if multiple >= 1 else found["kakwani"] <= 1e-12


def test_concentration_of_pay_on_itself_is_its_gini():
    x = np.array([1.0, 2.0, 3.0, 4.0])
    assert fee_models.concentration(x, x) == pytest.approx(0.25)
    assert fee_models.concentration(x[::-1].copy(), x) == pytest.approx(-0.25)
    assert fee_models.concentration(np.array([1.0, 3.0]), np.array([5.0, 5.0])) == pytest.approx(0)


def test_no_base_rate_brings_in_enough_under_a_low_cap():
    assert np.isnan(fee_models.neutral_rate(np.array([100_000.0]), np.array([0.01]), 0.065))


def test_a_progressive_fee_moves_the_fee_from_low_to_high_billing(panels_of):
    contracts = [work(date(2012, 1, 1), worker_id=w, gross_cents=g) for w, g in ((1, 300_000), (2, 2_000_000))]
    invoices = [{"invoice_id": n, "contract_id": n, "client_id": 1, "issued_on": date(2012, 1, 1),
                 "due_on": date(2012, 1, 1), "amount_cents": a} for n, a in enumerate((400_000, 3_000_000))]
    panels = panels_of(contracts, years=(2012, 2012), invoices=invoices)
    found = fees.effects(panels, fees.Fees("progressive", 10_000, 2.0), by="decile")
    rows = found.frame()
    rows = rows[rows["response"] == fees.BORNE].set_index("decile")
    price = law.deflator(2012, 1, 2012)
    weight = 4_000 * price + 10_000 + 2 * (30_000 * price - 10_000)
    base = 0.065 * 34_000 * price / weight
    assert rows["base"].tolist() == pytest.approx([base] * 2)
    assert rows["after"].tolist() == pytest.approx([base * 4_000 * price, base * (weight - 4_000 * price)])
    assert rows["change"].sum() == pytest.approx(0, abs=1e-6)
    assert rows["pays_less"].tolist() == [1, 0]


@pytest.mark.parametrize("schedule", ["progressive", "capped", "client size"])
def test_fees_are_neutral_for_all_workers_together(simulated, schedule):
    rule = replace(registered(fees.Fees), schedule=schedule)
    found = fees.effects(simulated, rule).frame()
    assert found["after"].tolist() == pytest.approx(found["before"].tolist(), rel=1e-6)
    assert abs(found.loc[found["response"] == fees.BORNE, "volume"]).max() == 0


def test_a_cap_too_low_to_pay_for_the_fee_is_told(panels_of):
    panels = panels_of([work(date(2012, 1, 1))], years=(2012, 2012), invoices=[
        {"invoice_id": 1, "contract_id": 0, "client_id": 1, "issued_on": date(2012, 1, 1), "due_on": date(2012, 1, 1),
         "amount_cents": 10_000_000}])
    with pytest.raises(StudyError, match="raise the threshold"):
        fees.effects(panels, fees.Fees("capped", 1_000, 1.0))


# -- P-4: a cap on one client ----------------------------------------------------------------------------------

def test_a_cap_touches_the_year_of_one_client_and_not_that_of_two(panels_of):
    def year(worker, client, euros):
        return work(date(2012, 1, 1), 60, days=30.0, gross_cents=100 * euros, worker_id=worker, client_id=client)

    panels = panels_of([year(1, 1, 9_000), year(1, 2, 1_000), year(2, 1, 5_000), year(2, 2, 5_000)], years=(2012, 2012))
    row = one(client_cap.effects(panels, client_cap.ClientCap(cap=0.75, days=20)))
    assert row["touched"] == 0.5 and row["workers"] == 1
    assert row["in_question"] == pytest.approx(9_000 / 20_000)
    assert row["excess"] == pytest.approx((9_000 - 3 * 1_000) / 20_000)
    assert row["pay_at_risk"] == pytest.approx(0.9)
    mixtures = client_cap.triangle(panels, client_cap.ClientCap(cap=0.75, days=20)).frame()
    assert len(mixtures) == 15 and set(mixtures["kind"]) == {client_cap.SUPPOSED}
    assert (mixtures[["convert", "diversify", "leave"]].sum(axis=1) == 1).all()
    assert mixtures["workers_pay"].tolist() == pytest.approx((-0.9 * mixtures["leave"]).tolist())
    assert mixtures["smart_billing"].tolist() == pytest.approx((-0.9 * (1 - mixtures["diversify"])).tolist())


def test_nobody_above_the_cap_leaves_nothing_to_show(panels_of):
    panels = panels_of([work(date(2012, 1, 1), 60, days=30.0, gross_cents=100_000, client_id=c) for c in (1, 2)],
                       years=(2012, 2012))
    assert one(client_cap.effects(panels))["touched"] == 0
    mixtures = client_cap.triangle(panels).frame()
    assert mixtures["workers_pay"].isna().all() and (mixtures["fewest"] == 0).all()


def test_the_observed_mixture_is_that_of_the_transitions(simulated):
    seen = client_cap.triangle(simulated).frame()
    [row] = seen[seen["kind"] == client_cap.OBSERVED].to_dict("records")
    from analysis.measures.dependence import transitions

    t = transitions(simulated).frame()
    t = t[(t["view"] == "pay") & (t["state"] == "dependent")].set_index("later")["share"]
    assert row["convert"] == pytest.approx(t["dependent"]) and row["leave"] == pytest.approx(t["gone"])
    assert row["convert"] + row["diversify"] + row["leave"] == pytest.approx(1)


# -- P-5: open-ended contracts ---------------------------------------------------------------------------------

@many
@given(st.lists(st.integers(-50, 50), min_size=1, max_size=24), st.integers(0, 30))
def test_the_deepest_point_of_an_account_by_hand(income, pay):
    balance = lowest = 0
    for x in income:
        balance += x - pay
        lowest = min(lowest, balance)
    assert guaranteed_pay.deepest(np.array([income], float), np.array([float(pay)])) == pytest.approx([-lowest])


def test_a_steady_past_carries_itself_in_every_draw():
    assert (guaranteed_pay.drawn_depths(np.full((3, 18), 7.0), np.full(3, 7.0), 12) == 0).all()
    depths = guaranteed_pay.drawn_depths(np.full((1, 18), 7.0), np.array([8.0]), 12)
    assert (depths == 12).all() and depths.shape == (1, guaranteed_pay.DRAWS)


def test_draws_of_a_worker_do_not_hang_on_the_others():
    random = np.random.default_rng(2)
    past, pay = random.uniform(0, 10, (5, 18)), np.full(5, 4.0)
    assert np.array_equal(guaranteed_pay.drawn_depths(past, pay, 12)[3:4],
                          guaranteed_pay.drawn_depths(past[3:4], pay[3:4], 12))


def test_offers_equal_a_slow_version(simulated):
    rule = replace(registered(open_ended.OpenEnded), fte=0.2, active=9)
    months = simulated.worker_month.execute()
    pay, days = defaultdict(float), defaultdict(float)
    for row in months.itertuples():
        pay[row.worker_id, row.month], days[row.worker_id, row.month] = row.real_cents / 100, row.days_100 / 100
    full, expected, active = law.rate("working_days") / 12 * 18, {}, set()
    for worker in sorted(months["worker_id"].unique()):
        for year in range(2002, 2021):
            window = range(12 * year + 12 - 18, 12 * year + 12)
            worked = [days[worker, m] for m in window]
            if any(days[worker, 12 * year + m] > 0 for m in range(12)):
                active.add((worker, year))
            if sum(d > 0 for d in worked) >= 9 and sum(worked) >= 0.2 * full:
                past = [pay[worker, m] for m in window]
                coming = [pay[worker, 12 * year + 12 + m] for m in range(12)]
                expected[worker, year] = (np.quantile(past, 0.25), past, coming if year < 2020 else None)
    found = one(open_ended.effects(simulated, rule))
    assert found["workers"] == len({worker for worker, _year in expected})
    assert found["eligible"] == pytest.approx(len(expected) / len(active))
    assert found["monthly"] == pytest.approx(np.mean([g for g, _past, _coming in expected.values()]))
    assert found["cv"] == pytest.approx(np.mean([np.std(p, ddof=1) / np.mean(p) for _g, p, _c in expected.values()]))
    held = [min(np.cumsum(np.array(c) - g)) >= -g - 0.01 for g, _past, c in expected.values() if c]
    assert found["held"] == pytest.approx(np.mean(held))


def test_a_larger_buffer_holds_more_and_costs_the_cooperative_less(simulated):
    rule = replace(registered(open_ended.OpenEnded), fte=0.2, active=9)
    small, large = (one(open_ended.effects(simulated, replace(rule, buffer=b))) for b in (0.0, 3.0))
    assert large["feasible"] > small["feasible"] and large["deficit"] < small["deficit"]
    assert large["held"] >= small["held"] and large["need"] == small["need"]


def test_a_short_study_can_offer_nobody_anything(panels_of):
    panels = panels_of([work(date(2012, 1, 1), 366, days=250.0, gross_cents=2_000_000)], years=(2012, 2012))
    row = one(open_ended.effects(panels))
    assert row["workers"] == 0 and np.isnan(row["monthly"])


# -- P-6: smoothing --------------------------------------------------------------------------------------------

INCOME = st.lists(st.lists(MONEY, min_size=24, max_size=24), min_size=1, max_size=4).map(np.array)


@many
@given(INCOME, st.floats(0.1, 1), st.integers(1, 24), st.floats(0, 3000), st.floats(0, 5000))
def test_a_smoothed_account_loses_no_cent_and_lends_none(income, share, months, floor, opening):
    """V-37: Σ c + b_T = b_0 + Σ x."""
    pay, balance = accounts.smoothed(income, share, months, floor, opening)
    assert (pay.sum(axis=1) + balance[:, -1]).tolist() == pytest.approx((opening + income.sum(axis=1)).tolist(),
                                                                         rel=1e-9, abs=1e-9)
    assert (balance >= -1e-9).all() and (pay >= -1e-9).all()


def test_the_mean_of_the_last_months_begins_with_the_first_income():
    assert accounts.moving_mean(np.array([[0, 0, 6.0, 0, 3.0, 9.0]]), 3).tolist() == [[0, 0, 6, 3, 3, 4]]


def test_smoothing_by_hand():
    pay, balance = accounts.smoothed(np.array([[1000.0, 0, 0, 0]]), share=0.5, months=2, floor=100)
    assert pay.tolist() == [[500, 250, 100, 100]]
    assert balance.tolist() == [[500, 250, 150, 50]]


def test_a_mean_of_one_month_paid_whole_changes_nothing():
    income = np.array([[3.0, 0, 5.0, 1.0]])
    assert accounts.smoothed(income, 1.0, 1, 0.0)[0].tolist() == income.tolist()


def test_a_rule_that_pays_all_at_once_leaves_the_measures_of_volatility(simulated):
    row = one(smoothing.effects(simulated, smoothing.Smoothing(share=1.0, months=1, floor=0.0)))
    assert row["cv"] == row["cv_before"] and row["months"] == row["months_before"]
    assert row["buffer"] == row["below_floor"] == 0
    years = volatility.year_profiles(simulated, "accrual", "P1").execute()
    assert row["cv_before"] == pytest.approx(years["cv"].median(), rel=1e-9)


def test_effects_of_smoothing_equal_a_slow_version(simulated):
    rule = smoothing.Smoothing(share=0.8, months=4, floor=300.0)
    months, interior = simulated.worker_month.execute(), simulated.population("P1").execute()
    income, days = defaultdict(float), defaultdict(float)
    for row in months.itertuples():
        income[row.worker_id, row.month], days[row.worker_id, row.month] = row.real_cents / 100, row.days_100 / 100
    first, pay, balance = 12 * 2001, {}, {}
    for worker in months["worker_id"].unique():
        held, seen = 0.0, []
        for m in range(first, 12 * 2021):
            x = income[worker, m]
            if seen or x > 0:
                seen.append(x)
            mean = np.mean(seen[-4:]) if seen else 0.0
            pay[worker, m] = min(held + x, max(300.0, 0.8 * mean))
            held += x - pay[worker, m]
            balance[worker, m] = held
    cv, buffers, below, worked = [], [], 0, 0
    for row in interior[interior["interior"]].itertuples():
        year = range(12 * row.year, 12 * row.year + 12)
        c, x = ([d[row.worker_id, m] for m in year] for d in (pay, income))
        cv.append(np.std(c, ddof=1) / np.mean(c) if np.mean(c) > 0 else np.nan)
        buffers.append(np.mean([balance[row.worker_id, m] for m in year]) / np.mean(x))
        for m in year:
            least = days[row.worker_id, m] * law.minimum_daily(f"{m // 12}-{m % 12 + 1:02}-01") * law.deflator(
                m // 12, m % 12 + 1, 2020)
            worked += days[row.worker_id, m] > 0
            below += (days[row.worker_id, m] > 0) & (pay[row.worker_id, m] < least - 0.01) & (
                income[row.worker_id, m] >= least - 0.01)
    found = one(smoothing.effects(simulated, rule))
    assert found["cv"] == pytest.approx(np.nanmedian(cv)) and found["buffer"] == pytest.approx(np.median(buffers))
    assert found["below_floor"] == pytest.approx(below / worked)


def test_the_frontier_trades_evenness_for_money_that_waits(simulated):
    f = smoothing.frontier(simulated).frame()
    assert len(f) == len(smoothing.SHARES) * len(smoothing.MEMORIES)
    for _share, rows in f.groupby("share"):
        rows = rows.sort_values("memory")
        assert rows["cv"].is_monotonic_decreasing and rows["buffer"].is_monotonic_increasing


# -- P-7: rules of admission -----------------------------------------------------------------------------------

def test_the_rule_in_force_opens_what_the_measure_of_coverage_says(simulated):
    late = Panels(simulated.dataset, replace(simulated.scope, first_year=2013))
    found = rules.effects(late).frame().set_index("regime")
    assert found.loc["since November 2012", "change"] == 0
    base = protection.coverage(late).frame()
    assert found["now"].iloc[0] == pytest.approx((base["base"] * base["months"]).sum() / base["months"].sum())


def test_a_rule_asks_for_days_within_its_window(panels_of):
    contracts = [work(date(2010, 1, 1), 365, days=130.0), work(date(2012, 12, 1), 1, days=1.0)]
    panels = panels_of(contracts, workers=[{"worker_id": 1, "birth_year": 1980}])

    def covered(days, window):
        return one(rules.effects(panels, rules.Rules(days, window)), regime=rules.OWN)["share"]

    # 156 admissible days, all in by December 2010; the months of 2010 and of 2012 count, for they are years with work.
    assert covered(156, 12) == pytest.approx(1 / 24)
    assert covered(156, 36) == pytest.approx(13 / 24)
    assert covered(158, 36) == 0
    assert one(rules.effects(panels), regime=rules.ARTS)["share"] == pytest.approx(1 / 24)
    assert one(rules.effects(panels), regime="since November 2012")["share"] == 0


def test_a_longer_window_and_fewer_days_never_open_less(simulated):
    shares = [one(rules.effects(simulated, rules.Rules(d, w)), regime=rules.OWN)["share"]
              for d, w in ((312, 21), (312, 36), (156, 36), (1, 60))]
    assert shares == sorted(shares) and shares[0] < shares[-1]


# -- P-8: easier ways to vote ----------------------------------------------------------------------------------

def assembly(panels_of, came):
    """Ten women and ten men, active in 2011; the workers of `came` vote at the assembly of 2012."""
    people = [{"worker_id": n, "gender": "woman" if n <= 10 else "man"} for n in range(1, 21)]
    contracts = [work(date(2011, 6, 1), 30, days=10.0, gross_cents=1_000 * n, worker_id=n) for n in range(1, 21)]
    return panels_of(contracts, workers=people, assemblies=[{"assembly_id": 1, "held_on": date(2012, 1, 15),
                                                             "kind": "ordinary"}],
                     attendances=[{"assembly_id": 1, "worker_id": n, "mode": "online", "voted": True} for n in came])


def test_more_voters_drawn_alike_bring_the_assembly_nearer_to_the_members(panels_of):
    panels = assembly(panels_of, came=range(8, 21))        # 3 of 10 women, 10 of 10 men
    found = democracy.effects(panels, democracy.Democracy("voted", 0.5), by="gender").frame().set_index("gender")
    assert found["rate"].to_dict() == {"man": 1.0, "woman": 0.3}
    assert found["weight"].tolist() == pytest.approx([0.5 / (10 / 13), 0.5 / (3 / 13)])
    assert found["rate_after"].to_dict() == pytest.approx({"man": 1.0, "woman": 0.65})
    assert found["apart"].iloc[0] == pytest.approx(10 / 13 - 0.5)
    assert found["apart_after"].iloc[0] == pytest.approx(10 / 16.5 - 0.5)
    assert found["workers"].to_dict() == {"man": 10, "woman": 3}


def test_an_assembly_without_voters_has_no_weights(panels_of):
    panels = assembly(panels_of, came=[30])
    found = democracy.effects(panels, democracy.Democracy("voted", 0.0), by="gender").frame()
    assert found["weight"].isna().all() and found["apart"].isna().all()
    all_vote = democracy.effects(panels, democracy.Democracy("voted", 1.0), by="gender").frame()
    assert all_vote["apart_after"].tolist() == [0, 0]


# -- all levers ------------------------------------------------------------------------------------------------

@pytest.mark.parametrize("name", LEVERS)
@pytest.mark.parametrize("by", ["all", "decile", "profession"])
def test_every_row_says_how_many_people_stand_behind_it(simulated, name, by):
    answer = LEVERS[name].effects(simulated, by=by)
    frame = answer.frame()
    assert answer.count in frame and (frame[answer.count] >= 0).all()
    assert answer.keys[0] == by and not frame.duplicated(list(answer.keys)).any() and len(frame)
    assert frame[answer.count].max() <= 300


@pytest.mark.parametrize("name", LEVERS)
def test_an_unknown_group_is_told(simulated, name):
    with pytest.raises(StudyError, match="There is no group 'trade'"):
        LEVERS[name].effects(simulated, by="trade").frame()


def test_what_a_lever_needs_is_named(panels_of):
    bare = panels_of([work(date(2012, 1, 1), 60, days=30.0, gross_cents=100_000)], years=(2012, 2012))
    for effects, table in ((guarantee_fund.effects, "invoices"), (guarantee_fund.levies, "invoices"),
                           (fees.effects, "invoices"), (fees.schedules, "invoices"),
                           (democracy.effects, "attendances")):
        with pytest.raises(MissingData, match=table):
            effects(bare)
    told = summary.side_by_side(bare).frame()
    assert told["id"].tolist() == ["P-1", "P-4", "P-5", "P-6", "P-7"]


def test_side_by_side_tells_all_eight(simulated):
    told = summary.side_by_side(simulated).frame()
    assert told["id"].tolist() == [f"P-{n}" for n in range(1, 9)]
    assert not (told[["measured", "today", "then", "cost", "bears"]] == "").any().any()


def test_chance_is_judged_as_a_bootstrap_of_workers_judges_it(simulated):
    """Of the share of worker-years that a cap touches, a ratio of two sums over workers."""
    told = summary.side_by_side(simulated).frame().set_index("id").loc["P-4", "chance"]
    low, high = (float(part.rstrip("%")) / 100 for part in told.split(" to "))
    rule = registered(client_cap.ClientCap)
    from analysis.measures.dependence import shares

    w = shares(simulated, "pay", rule.days).execute().sort_values(["worker_id", "year"])
    w = w.assign(over=w["share"] > rule.cap).groupby("worker_id")["over"].agg(["sum", "size"]).to_numpy(float)
    random = np.random.default_rng(3)
    draws = [w[random.integers(0, len(w), len(w))].sum(axis=0) for _draw in range(999)]
    error = 1.96 * np.std([over / years for over, years in draws])
    assert low < w[:, 0].sum() / w[:, 1].sum() < high
    assert (high - low) / 2 == pytest.approx(error, rel=0.4)


def test_other_numbers_are_tried_one_at_a_time(simulated):
    told = summary.tried(simulated).frame()
    assert told.groupby("id").size().tolist() == [3] * 8
    registered_rows = summary.side_by_side(simulated).frame().set_index("id")["then"]
    for _id, rows in told.groupby("id"):
        assert registered_rows[_id] in rows["then"].tolist()
    assert (told.groupby("id")["then"].nunique() > 1).sum() >= 6


@pytest.mark.parametrize("name", LEVERS)
def test_a_scope_without_anybody_has_nothing_to_show(panels_of, name):
    far = {"worker_id": 1, "home_nis": "62063"}
    day = date(2011, 6, 1)
    panels = panels_of([work(day)], years=(2010, 2012), region="brussels", workers=[far], invoices=[
        {"invoice_id": 1, "contract_id": 0, "client_id": 1, "issued_on": day, "due_on": day, "amount_cents": 100,
         "written_off_on": date(2012, 1, 1)}],
        assemblies=[{"assembly_id": 1, "held_on": date(2012, 1, 15), "kind": "ordinary"}],
        attendances=[{"assembly_id": 1, "worker_id": 1, "mode": "online", "voted": True}])
    for by in ("all", "decile"):
        answer = LEVERS[name].effects(panels, by=by)
        frame = answer.frame()
        assert not len(frame) or (frame[answer.count] == 0).all()
