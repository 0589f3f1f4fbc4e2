"""Change: estimators on typed numbers, and the planted effects of synthetic worlds, beside wrong versions of both."""

from datetime import date
from fractions import Fraction
from statistics import NormalDist

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm

from analysis.datasets import Dataset
from analysis.errors import MissingData
from analysis.measures import change
from analysis.measures.change import artists, reform_2014
from analysis.models import composition, eventstudy, interrupted, sensitivity
from analysis.models.eventstudy import NEVER
from analysis.models.interrupted import Break
from analysis.panels import Panels
from analysis.scope import Scope
from data_synthetic.simulate import simulate

SHIPPED = "data_synthetic/dataset"
Z = 1.96

# -- V-21: twelve workers, four periods, two cohorts, by hand ---------------------------------------------------

TOY = np.array([
    [2, 3, 7, 9], [4, 4, 9, 10], [1, 2, 5, 8], [3, 5, 8, 11],        # begin in period 2
    [5, 6, 7, 10], [2, 4, 4, 9], [3, 3, 5, 8], [1, 2, 3, 6],         # begin in period 3
    [4, 5, 6, 7], [6, 6, 8, 9], [2, 3, 4, 6], [3, 4, 6, 6],          # never
], dtype=float)
BEGIN = np.array([2] * 4 + [3] * 4 + [NEVER] * 4)


def cell(found, g, t):
    return eventstudy.cells(found).set_index(["start", "period"]).loc[(g, t)]


def test_mean_effects_by_cohort_and_period_are_those_worked_out_by_hand():
    """Cohort 2, period 2: own change 4, 5, 3, 3 = 3.75; not yet 1, 0, 2, 1 and never 1, 2, 1, 2: 10/8 = 1.25."""
    found = eventstudy.group_time(TOY, BEGIN)
    assert cell(found, 2, 2).att == pytest.approx(3.75 - 1.25)
    assert cell(found, 2, 3).att == pytest.approx(6.0 - 2.5)         # own 6, 6, 6, 6; never 2, 3, 3, 2
    assert cell(found, 3, 3).att == pytest.approx(3.5 - 1.0)         # own 3, 5, 3, 3; never 1, 1, 2, 0
    assert found.overall_att == pytest.approx((2.5 + 3.5 + 2.5) / 3)
    shown = eventstudy.dynamic(found, (-8, 8)).frame.set_index("at")
    assert shown["att"].to_dict() == pytest.approx({-3: 0.25, -2: 0.1875, 0: 2.5, 1: 3.5})
    assert shown["treated"].to_dict() == {-3: 4, -2: 8, 0: 8, 1: 4}
    assert found.aggregate("group").to_dataframe()["att"].tolist() == pytest.approx([3.0, 2.5])
    never = eventstudy.group_time(TOY, BEGIN, controls="never")
    assert cell(never, 2, 2).att == pytest.approx(3.75 - 1.5)
    assert cell(never, 2, 0).att == pytest.approx(-1.0 + 0.75)       # before: from period 1 back to 0


def test_the_error_of_a_cell_is_that_of_two_means():
    found = cell(eventstudy.group_time(TOY, BEGIN), 2, 2)
    ours, theirs = np.array([4, 5, 3, 3]), np.array([1, 0, 2, 1, 1, 2, 1, 2])
    assert found.se == pytest.approx(np.sqrt(ours.var() / 4 + theirs.var() / 8))


def slow_cells(y, start):
    """ATT(g,t) and its error with loops, of those seen in both periods; base g − 1, controls later or never."""
    rows = {}
    for g in sorted(set(start[(start > 0) & (start < y.shape[1])])):
        for t in range(y.shape[1]):
            change_ = y[:, t] - y[:, g - 1]
            ours, theirs = (change_[side & ~np.isnan(change_)] for side in (start == g, start > max(t, g)))
            if t != g - 1 and len(ours) and len(theirs):
                rows[g, t] = (ours.mean() - theirs.mean(), np.sqrt(ours.var() / len(ours) + theirs.var() / len(theirs)),
                              len(ours))
    return rows


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_workers_who_are_not_always_seen_give_the_cells_of_a_slow_version(seed):
    random = np.random.default_rng(seed)
    y, start, _ = staggered(120, 12, seed=seed)
    start[:5] = 0                                                    # who had begun before is nobody's control
    y[random.random(y.shape) < 0.3] = np.nan
    y[:, -1] = np.nan                                                # nobody is seen in the last period
    found = eventstudy.cells(eventstudy.group_time(y, start)).set_index(["start", "period"])
    slow = slow_cells(y, np.where(start == 0, -1, start))
    assert {key: tuple(row) for key, row in zip(found.index, found.to_numpy(), strict=True)} == {
        key: pytest.approx(row) for key, row in slow.items()} and len(found) == 20


def test_two_by_two_comparisons_add_up_to_the_usual_regression():
    beta, forbidden = eventstudy.two_way(TOY, BEGIN)
    on = (np.arange(4) >= BEGIN[:, None]).astype(float)
    frame = pd.DataFrame({"y": TOY.ravel(), "d": on.ravel(), "i": np.repeat(range(12), 4), "t": np.tile(range(4), 12)})
    x = pd.get_dummies(frame[["i", "t"]].astype(str), drop_first=True, dtype=float).assign(d=frame["d"], one=1.0)
    assert beta == pytest.approx(sm.OLS(frame["y"], x).fit().params["d"], abs=1e-10)
    # Goodman-Bacon's theorem: never 2 × (½·½, ¼·¾), early before late ¼·½, late against early ¼·¼, over their sum.
    weights = {"never2": Fraction(1, 4), "never3": Fraction(3, 16), "early": Fraction(1, 8), "late": Fraction(1, 16)}
    assert forbidden == pytest.approx(float(weights["late"] / sum(weights.values())))


def staggered(workers=600, periods=24, growth=0.0, seed=1):
    random = np.random.default_rng(seed)
    start = random.choice([6, 10, 14, 18, NEVER], workers)
    since = np.arange(periods) - np.minimum(start, 999)[:, None]
    effect = np.where(since >= 0, 0.5 + growth * since, 0.0)
    y = random.normal(size=(workers, 1)) + np.linspace(0, 2, periods) + random.normal(0, 0.5, (workers, periods))
    y += effect
    return y, start, float(effect[since >= 0].mean())


def test_effects_that_grow_deceive_the_usual_regression_and_not_the_others():
    y, start, truth = staggered(growth=0.2)
    found = eventstudy.group_time(y, start)
    assert abs(found.overall_att - truth) < 3 * found.overall_se
    imputed, se = eventstudy.imputed_difference(y, start, 24)
    assert abs(imputed - truth) < 3 * se
    beta, forbidden = eventstudy.two_way(y, start)
    assert forbidden > 0.2 and truth - beta > 10 * found.overall_se


def test_the_ways_to_compare_find_the_same_effect():
    """0.5, 0.7, 0.9 and 1.1 in the four periods after: each is right, and knows about how well."""
    y, start, _ = staggered(growth=0.2)
    y[np.random.default_rng(9).random(y.shape) < 0.1] = np.nan
    found = eventstudy.estimators(y, start, 3, 8).set_index("estimator")
    assert len(found) == 5 and (found["treated"] > 350).all()
    assert ((found["att"] - 0.8).abs() < 3 * found["se"]).all() and (found["se"] < 0.1).all()
    assert found["se"].idxmin() == "imputation"                      # it uses the whole past
    late = eventstudy.estimators(y, np.where(start < NEVER, start + 3, start), 3, 8).set_index("estimator")
    assert ((late["att"] - 0.8).abs() > 3 * late["se"]).all()        # the wrong date is no period without a beginning


def test_who_begins_in_a_good_period_parts_the_ways_to_compare():
    """No effect; those who begin have a good period just before. The last period is no fair past, the whole past is."""
    y, start, _ = staggered()
    y -= 0.5 * (np.arange(24) >= start[:, None])                     # takes the effect away again
    y[np.arange(24) == (start - 1)[:, None]] += 1.0
    found = eventstudy.estimators(y, start, 3, 8).set_index("estimator")
    wrong = ["later or never", "never", "local projections"]
    assert (found.loc[wrong, "att"] + 3 * found.loc[wrong, "se"] < -0.7).all()
    assert abs(found.loc["imputation", "att"]) < 0.25


def test_imputed_differences_are_those_of_the_library():
    from diff_diff import ImputationDiD

    y, start, _ = staggered(200, 20)
    y[np.random.default_rng(9).random(y.shape) < 0.1] = np.nan
    found = ImputationDiD().fit(eventstudy._panel(y, start), **eventstudy.COLUMNS)
    value, se = eventstudy.imputed_difference(y, start, 24)
    assert value == pytest.approx(found.att, abs=1e-4) and 0.6 < se / found.se < 1.6


def test_intervals_cover_and_bands_are_wider():
    inside = []
    for seed in range(60):
        y, start, truth = staggered(200, 20, seed=seed)
        found = eventstudy.group_time(y, start)
        inside.append(abs(found.overall_att - truth) <= Z * found.overall_se)
    assert np.mean(inside) >= 0.95 - 3 * np.sqrt(0.95 * 0.05 / 60)
    shown = eventstudy.dynamic(found, (-8, 8)).frame
    assert (shown["band_high"] - shown["band_low"] > 1.2 * (shown["high"] - shown["low"])).all()


def test_a_band_holds_all_effects_at_once():
    """In about 95 of 100 samples, where single intervals hold them all in far fewer."""
    band, single = [], []
    for seed in range(100):
        y, start, _ = staggered(200, 20, seed=1_000 + seed)
        f = eventstudy.dynamic(eventstudy.group_time(y, start), (-5, 5)).frame
        truth = np.where(f["at"] >= 0, 0.5, 0.0)
        band.append(((f["band_low"] <= truth) & (truth <= f["band_high"])).all())
        single.append(((f["low"] <= truth) & (truth <= f["high"])).all())
    assert np.mean(band) >= 0.95 - 3 * np.sqrt(0.95 * 0.05 / 100) and np.mean(single) < 0.85


def test_errors_that_forget_the_worker_are_too_small():
    """Taking every month of a worker for a new worker (no clustering) would narrow the interval by half or more."""
    random = np.random.default_rng(4)
    start = random.choice([8, 16, NEVER], 400)
    y = random.normal(size=(400, 24)).cumsum(axis=1)
    right = eventstudy.group_time(y, start)
    cells = eventstudy.cells(right)
    cells = cells[cells["period"] >= cells["start"]]
    weight = cells["treated"] / cells["treated"].sum()
    assert np.sqrt((weight**2 * cells["se"]**2).sum()) < 0.5 * right.overall_se


def test_poisson_imputation_finds_a_ratio_where_a_difference_depends_on_the_level():
    random = np.random.default_rng(3)
    start = random.choice([12, 20, NEVER], 1500)
    season = 1 + 0.4 * np.sin(np.arange(36) / 2)
    mean = np.exp(random.normal(0, 0.5, (1500, 1))) * season
    y = random.poisson(mean * np.exp(0.3 * (np.arange(36) >= start[:, None]))).astype(float)
    y[random.random(y.shape) < 0.2] = np.nan
    value, se = eventstudy.imputed_ratio(y, start, 24)
    assert abs(value - 0.3) < 3 * se < 0.12
    wrong, se = eventstudy.imputed_ratio(y, np.where(start < NEVER, start + 8, start), 24)      # a window that is late
    assert abs(wrong - 0.3) > 3 * se


def test_a_period_that_two_workers_show_is_left_out(monkeypatch):
    """All but two begin by period 20; what these two do later says nothing of what the others would have done."""
    random = np.random.default_rng(3)
    start = np.append(random.choice([12, 20], 800), [NEVER, NEVER])
    y = random.poisson(np.exp(0.3 * (np.arange(36) >= start[:, None]))).astype(float)
    y[-2:, 20:] *= 40
    value, se = eventstudy.imputed_ratio(y, start, 24)
    assert abs(value - 0.3) < 3 * se < 0.15
    monkeypatch.setattr(eventstudy, "FEWEST", 1)
    assert abs(eventstudy.imputed_ratio(y, start, 24)[0] - 0.3) > 0.5


def test_a_worker_who_alone_has_work_in_the_only_period_he_is_seen_is_left_out(monkeypatch):
    """In period 3 nobody else has any, so that his level and the factor of the period could be any pair of numbers."""
    random = np.random.default_rng(4)
    start = random.choice([12, 20, NEVER], 800)
    y = random.poisson(np.exp(0.3 * (np.arange(36) >= start[:, None]))).astype(float)
    y[:, 3] = np.where(np.arange(800) < 30, 0.0, np.nan)
    y[0], start[0] = np.nan, 12
    y[0, 3], y[0, 12:] = 2, 1
    value, se = eventstudy.imputed_ratio(y, start, 24)
    assert abs(value - 0.3) < 3 * se < 0.15
    monkeypatch.setattr(eventstudy, "OWN", 1)
    assert abs(eventstudy.imputed_ratio(y, start, 24)[0] - 0.3) > 0.5


def test_breakdown_is_what_undoes_a_finding():
    """(|mean| − 1.96 SE) ÷ (largest step before × mean number of steps), with the error of the mean of its periods."""
    y, start, _ = staggered()
    shown = eventstudy.dynamic(eventstudy.group_time(y, start), (-5, 3))
    after = shown.frame["at"] >= 0
    worst = np.abs(np.diff([*shown.frame.loc[~after, "att"], 0.0])).max()
    error = np.sqrt(shown.surface.vcov[-4:, -4:].mean())
    expected = (shown.frame.loc[after, "att"].mean() - Z * error) / (worst * 2.5)
    assert eventstudy.breakdown(shown, 3) == pytest.approx(expected, abs=0.02) and expected > 0.5
    assert eventstudy.parted(shown, 3, "steps", expected)[0] == pytest.approx(0, abs=0.02)
    nothing = y - 0.5 * (np.arange(24) >= start[:, None])
    assert eventstudy.breakdown(eventstudy.dynamic(eventstudy.group_time(nothing, start), (-5, 3)), 3) == 0
    assert np.isnan(eventstudy.breakdown(eventstudy.dynamic(eventstudy.group_time(y, start), (0, 3)), 3))


def test_a_line_that_goes_on_is_taken_away_and_bends_make_it_uncertain():
    """One period before, one after: β₁ + β₋₁, off by M at most; else the surest of all lines through the past.

    The interval of half-length c·SE holds a normal estimate that is off by M in 95 % of samples.
    """
    y, start, _ = staggered()
    y += 0.2 * np.arange(24) * (start < NEVER)[:, None]             # those who begin drift away, on a line
    whole = eventstudy.group_time(y, start)
    one = eventstudy.dynamic(whole, (-2, 0))
    low, high = eventstudy.parted(one, 0, "bends", 0.0)
    centre, error = one.frame["att"].sum(), np.sqrt(one.surface.vcov.sum())
    assert (low, high) == pytest.approx((centre - Z * error, centre + Z * error), abs=1e-4) and low < 0.5 < high
    low, high = eventstudy.parted(one, 0, "bends", 0.1)
    reach = (high - low) / 2
    off = NormalDist(0.1, error)
    assert off.cdf(reach) - off.cdf(-reach) == pytest.approx(0.95, abs=1e-4)
    assert (low + high) / 2 == pytest.approx(centre, abs=1e-4)

    shown = eventstudy.dynamic(whole, (-5, 3))
    effects, spread = shown.frame["att"].to_numpy(), np.linalg.inv(shown.surface.vcov)
    line = shown.frame["at"].to_numpy() + 1
    x = np.column_stack([line, np.eye(8)[:, 4:]])
    cover = np.linalg.inv(x.T @ spread @ x)
    mean = np.array([0, *[0.25] * 4])
    middle, error = mean @ cover @ x.T @ spread @ effects, np.sqrt(mean @ cover @ mean)
    bounds = [eventstudy.parted(shown, 3, "bends", bend) for bend in (0.0, 0.02, 0.1)]
    assert bounds[0] == pytest.approx((middle - Z * error, middle + Z * error), abs=1e-3)
    assert np.diff([high - low for low, high in bounds]).min() > 0.05
    assert bounds[0][0] < 0.5 < bounds[0][1] < eventstudy.parted(shown, 3, "steps", 0.0)[0]     # no drift allowed for


def test_where_nobody_is_to_be_compared_there_is_no_event_study():
    y = np.arange(12.0).reshape(3, 4)
    for start in ([NEVER] * 3, [2] * 3, [0] * 3):
        assert eventstudy.group_time(y, np.array(start)) is None
        assert eventstudy.estimators(y, np.array(start), 1, 1).empty
    assert eventstudy.group_time(y, np.array([2, 3, 3]), controls="never") is None
    assert eventstudy.group_time(np.full((3, 4), np.nan), np.array([2, 3, NEVER])) is None


# -- V-20b: interrupted series ----------------------------------------------------------------------------------

MONTHS = np.arange(24_000, 24_120)
EARLY, LATE = Break(24_060), Break(24_084)


def interrupted_series(seed, level=2.0, slope=0.6, rho=0.4, change=EARLY):
    random = np.random.default_rng(seed)
    noise = np.zeros(len(MONTHS))
    for t in range(1, len(MONTHS)):
        noise[t] = rho * noise[t - 1] + random.normal()
    years = (MONTHS - change.at) / 12
    on = years >= 0
    return 10 + 0.3 * years + np.sin(2 * np.pi * MONTHS / 12) + on * (level + slope * years) + noise


def test_level_and_slope_are_recovered_with_honest_intervals():
    found = [interrupted.linear(MONTHS, interrupted_series(s), Break(24_060)) for s in range(200)]
    for name, truth in (("level", 2.0), ("slope", 0.6)):
        values = np.array([getattr(f, name) for f in found])
        errors = np.array([getattr(f, f"{name}_se") for f in found])
        assert abs(values.mean() - truth) < 3 * values.std() / np.sqrt(len(values))
        assert (abs(values - truth) <= Z * errors).mean() >= 0.90 - 3 * np.sqrt(0.09 / 200)
    wrong = [interrupted.linear(MONTHS, interrupted_series(s, rho=0.8), Break(24_060), lags=0) for s in range(100)]
    assert np.mean([abs(f.level - 2.0) <= Z * f.level_se for f in wrong]) < 0.85      # neighbours taken for strangers


def test_a_season_with_corners_is_no_break():
    """Two years less three months after the break, of a season with a summer hole: two waves a year leave a level."""
    months, change_ = np.arange(24_099, 24_195), Break(24_171, drop=(24_168, 24_173))
    season = np.log([80, 88, 104, 104, 118, 120, 84, 76, 110, 116, 106, 94])[months % 12]
    found = interrupted.linear(months, season, change_)
    assert (found.level, found.slope) == pytest.approx((0, 0), abs=1e-9)
    kept = (months < 24_168) | (months > 24_173)
    years = (months[kept] - 24_171) / 12
    on = (years >= 0).astype(float)
    waves = [wave(2 * np.pi * h * years) for h in (1, 2) for wave in (np.sin, np.cos)]
    x = np.column_stack([np.ones(len(years)), years, on, years * on, *waves])
    assert np.linalg.lstsq(x, season[kept], rcond=None)[0][2] < -0.02


def test_a_wrong_date_does_not_find_the_level():
    values = interrupted_series(1, level=6.0, slope=0.0)
    assert interrupted.linear(MONTHS, values, Break(24_060)).level == pytest.approx(6, abs=1.5)
    assert abs(interrupted.linear(MONTHS, values, Break(24_030)).level) < 3


def test_sums_of_alike_errors_are_those_of_statsmodels():
    values, x = interrupted_series(2), interrupted.design(MONTHS, Break(24_060))
    fit = sm.OLS(values, x).fit(cov_type="HAC", cov_kwds={"maxlags": 12, "use_correction": False})
    bread = np.linalg.inv(x.T @ x)
    ours = bread @ interrupted.newey_west(x * fit.resid[:, None], MONTHS) @ bread
    assert ours == pytest.approx(fit.cov_params(), rel=1e-6)
    found = interrupted.linear(MONTHS, values, Break(24_060))
    assert (found.level, found.slope) == pytest.approx(fit.params[2:4])
    assert fit.bse[2] <= found.level_se < 2 * fit.bse[2]


def test_counts_find_a_ratio_per_person():
    random, change = np.random.default_rng(5), Break(24_060, drop=(24_054, 24_059))
    people = np.linspace(500, 900, len(MONTHS))
    years = (MONTHS - change.at) / 12
    on = years >= 0
    values = random.poisson(people * 0.5 * np.exp(0.1 * on + 0.05 * years * on)).astype(float)
    found = interrupted.counts(MONTHS, values, change, base=people)
    assert found.months == 114
    assert abs(found.level - 0.1) < 3 * found.level_se and abs(found.slope - 0.05) < 3 * found.slope_se
    assert found.after(2) == pytest.approx(found.level + 2 * found.slope)
    kept = (MONTHS < 24_054) | (MONTHS >= 24_060)
    fit = sm.GLM(values[kept], interrupted.design(MONTHS[kept], change), sm.families.Poisson(),
                 exposure=people[kept]).fit(scale="X2")
    assert (found.level, found.slope) == pytest.approx(fit.params[2:4], abs=1e-9)
    assert 0.6 < found.level_se / fit.bse[2] < 1.6                    # months are strangers here


def test_small_counts_have_a_ratio_and_low_logs():
    """Three a month, then thirty people more: the mean of logs sees a rise where each makes as many as before."""
    people = np.where(MONTHS < 24_060, 3.0, 30.0)
    found, logs = [], []
    for seed in range(200):
        values = np.random.default_rng(seed).poisson(people) + 0.0
        found.append(interrupted.counts(MONTHS, values, EARLY, base=people).level)
        logs.append(interrupted.linear(MONTHS, np.log(np.maximum(values, 1) / people), EARLY).level)
    assert abs(np.mean(found)) < 3 * np.std(found) / np.sqrt(200)
    assert np.mean(logs) > 3 * np.std(logs) / np.sqrt(200)


def test_people_who_come_and_go_do_not_move_the_same_people():
    """Busy workers join for good at the break; each makes as many as before, the total half as many again."""
    random = np.random.default_rng(7)
    rate = np.repeat([1.0, 3.0], [300, 100])
    y = random.poisson(rate[:, None], (400, len(MONTHS))).astype(float)
    y[300:, :60] = np.nan
    total, expected = (side[:, 0] for side in eventstudy.period_totals(y))
    assert total == pytest.approx(np.nansum(y, axis=0))
    own = interrupted.counts(MONTHS, total, EARLY, base=expected)
    assert abs(own.level) < 3 * own.level_se < 0.2
    assert interrupted.counts(MONTHS, total, EARLY).level > 0.5


def test_no_more_months_than_terms_say_nothing():
    empty = interrupted.counts(MONTHS, np.ones(120), EARLY, base=np.zeros(120))
    assert np.isnan(empty.level) and np.isnan(empty.slope_se) and empty.months == 0
    assert np.isnan(interrupted.linear(MONTHS[:12], np.ones(12), Break(24_006)).level_se)


def test_a_placebo_rank_is_small_for_a_break_and_large_without_one():
    assert interrupted.placebo_rank(MONTHS, interrupted_series(3, 9.0, change=LATE), LATE)[0] <= 0.1
    ranks = [interrupted.placebo_rank(MONTHS, interrupted_series(s, 0, 0), LATE)[0] for s in range(40)]
    assert np.mean([r <= 0.1 for r in ranks]) <= 0.1 + 3 * np.sqrt(0.09 / 40)


def test_a_forecast_sees_a_level_and_no_level_where_there_is_none():
    gap, error = interrupted.forecast_gap(MONTHS, interrupted_series(4, 12.0, 0.0, change=LATE), LATE)
    assert gap > Z * error
    gap, error = interrupted.forecast_gap(MONTHS, interrupted_series(4, 0.0, 0.0), LATE)
    assert abs(gap) < 2.5 * error
    assert np.isnan(interrupted.forecast_gap(MONTHS[:60], interrupted_series(4)[:60], Break(24_030))[0])


# -- V-35, V-24 and bounds --------------------------------------------------------------------------------------

def test_the_parts_of_a_change_add_up():
    random = np.random.default_rng(6)
    for _ in range(50):
        p0, p1 = random.dirichlet(np.ones(6)), random.dirichlet(np.ones(6))
        p0[0], p1[1] = 0, 0
        p0, p1 = p0 / p0.sum(), p1 / p1.sum()
        y0, y1 = random.normal(20, 5, 6), random.normal(22, 5, 6)
        moved, within = composition.kitagawa(p0, y0, p1, y1)
        assert moved + within == pytest.approx(p1 @ y1 - p0 @ y0, abs=1e-12)
    assert composition.kitagawa([0.5, 0.5], [10, 20], [0.25, 0.75], [12, 22]) == pytest.approx((2.5, 2.0))


def test_reweighting_gives_back_the_old_mix():
    before, after = np.array(["a"] * 3 + ["b"]), np.array(["a"] * 2 + ["b"] * 6)
    weight = composition.reweighting(before, after)
    assert weight[:2].sum() == pytest.approx(0.75) and weight.sum() == pytest.approx(1)
    assert composition.weighted_quantile(np.arange(8.0), weight, 0.5) == 1
    assert composition.weighted_quantile(np.arange(8.0), np.ones(8), 0.5) == 3


def test_the_robustness_value_is_the_published_one():
    share, rv = sensitivity.robustness_value(4.184, 783)
    assert share == pytest.approx(0.0219, abs=1e-3) and rv == pytest.approx(0.139, abs=1e-3)
    assert sensitivity.robustness_value(-4.184, 783) == (share, rv)


def test_bounds_by_hand():
    """Of four who stay, three quarters would stay in any case: the lowest three, or the highest three."""
    low, high = sensitivity.lee_bounds([1, 2, 3, 4], 0.8, [1, 1], 0.6)
    assert (low, high) == pytest.approx((2 - 1, 3 - 1))
    assert sensitivity.lee_bounds([1, 1], 0.6, [1, 2, 3, 4], 0.8) == pytest.approx((1 - 3, 1 - 2))
    assert sensitivity.manski_bounds(10, 0.5, 0, 20) == (5, 15)
    assert sensitivity.detectable(0.1) == pytest.approx(0.28)


def test_lee_bounds_hold_the_truth_that_those_who_stay_hide():
    random = np.random.default_rng(8)
    y0 = random.normal(size=4_000)
    on = np.arange(4_000) % 2 == 0
    stays = np.where(on, y0 > -1.0, y0 > -0.2)
    y = y0 + 0.3 * on
    seen = y[on & stays].mean() - y[~on & stays].mean()
    low, high = sensitivity.lee_bounds(y[on & stays], stays[on].mean(), y[~on & stays], stays[~on].mean())
    assert low < 0.3 < high + 0.05 and abs(seen - 0.3) > 0.2


def test_weights_for_staying_restore_the_mix():
    cell_, stayed = np.repeat([0, 1], 500), np.r_[np.ones(400), np.zeros(100), np.ones(100), np.zeros(400)]
    weight = sensitivity.staying_weights(stayed, cell_)
    assert np.average(cell_, weights=weight) == pytest.approx(0.5)
    assert np.average(cell_[stayed > 0]) == pytest.approx(0.2)


# -- the synthetic world ----------------------------------------------------------------------------------------

def panels(folder):
    everybody = Panels(Dataset("world", str(folder), None, guarded=False), Scope("everywhere", 2001, 2020))
    return everybody.without_couriers()


@pytest.fixture(scope="module")
def worlds(tmp_path_factory):
    """The shipped world and one of another seed, as panels."""
    folder = tmp_path_factory.mktemp("worlds") / "w"
    simulate(3_700, 16, 2001, 2020, folder, threads=1)
    return [panels(SHIPPED), panels(folder)]


@pytest.fixture(scope="module")
def found(worlds):
    """The estimates of each world, by measure and name."""
    keys = {change.beginnings: ["event", "estimate"], change.reform: ["outcome"], change.same_people: ["series"]}
    return [{m.__name__: m(w).frame().set_index(k) for m, k in keys.items()} for w in worlds]


@pytest.mark.parametrize(("measure", "row", "value", "low", "high", "planted"), [
    ("beginnings", ("Activity", "same worker"), "value", "low", "high", 0.15),
    ("beginnings", ("share", "matched"), "value", "low", "high", 0.0),
    ("reform", "contracts", "value", "low", "high", -0.20),
    ("reform", "pay", "value", "low", "high", 0.10),
    ("reform", "others", "value", "low", "high", 0.0),
    ("same_people", "same people", "slope", "slope_low", "slope_high", 0.05),
    ("same_people", "same people", "level", "low", "high", 0.0)])
def test_the_planted_effect_lies_in_the_interval(found, measure, row, value, low, high, planted):
    for world in found:
        r = world[measure].loc[row]
        assert r[low] <= planted <= r[high] and r[low] < r[value] < r[high]
        assert r[high] - r[low] < 0.6                                 # an interval that says something


def test_the_effects_that_are_not_zero_are_told_from_zero(found):
    """Each of them, in the two worlds together: half their sum lies off zero."""
    for measure, row, sign in (("beginnings", ("Activity", "same worker"), 1), ("reform", "contracts", -1),
                               ("reform", "pay", 1)):
        rows = [world[measure].loc[row] for world in found]
        error = np.sqrt(sum(((r["high"] - r["low"]) / 2 / Z) ** 2 for r in rows)) / 2
        assert sign * np.mean([r["value"] for r in rows]) > Z * error


def test_naive_comparisons_are_wrong(found):
    for world in found:
        share = world["beginnings"].loc["share"]
        assert share.loc["naive", "value"] > 0.4                      # of a true null
        assert share.loc["naive", "value"] > share.loc["matched", "high"]


def test_a_wrong_sign_and_a_wrong_window_are_found_out(worlds, monkeypatch):
    """Artists and others exchanged give the other sign; a reform two years early gives too little."""
    w = worlds[1]
    right = change.reform(w).frame().set_index("outcome").loc["pay"]
    coded, month = artists.artists, reform_2014.event
    with monkeypatch.context() as m:
        m.setattr(artists, "artists", lambda *a: np.where(coded(*a) < 0, -1, 1 - coded(*a)))
        wrong = change.reform(w).frame().set_index("outcome").loc["pay"]
    assert not wrong["low"] <= 0.10 <= wrong["high"]
    with monkeypatch.context() as m:
        m.setattr(reform_2014, "event", lambda name: month(name) - 24 * (name == "Reference fee 57.76"))
        early = change.reform(w).frame().set_index("outcome").loc["pay"]
    assert not early["low"] <= 0.10 <= early["high"] and right["low"] <= 0.10 <= right["high"]


def test_parts_of_the_change_of_pay_add_up(worlds):
    value = change.composition(worlds[0]).frame().set_index("part")["value"]
    assert value["other people"] + value["same kinds of people"] == pytest.approx(value["change of the mean"], abs=1e-8)


def test_bounds_of_the_couriers_are_those_of_a_slow_count():
    world = Panels(Dataset("world", SHIPPED, None, guarded=False), Scope("everywhere", 2001, 2020))
    seen = change.courier_exit(world).frame().set_index(["group", "outcome"])
    c = pd.read_parquet(f"{SHIPPED}/contracts.parquet")
    on = pd.to_datetime(c["start_on"])
    riders = set(c.loc[(c["function"] == "courier") & on.between("2017-11-01", "2018-01-31"), "worker_id"])
    later = c[(c["function"] != "courier") & on.between("2018-02-01", "2019-01-31") & c["worker_id"].isin(riders)]
    row = seen.loc[("couriers", "work")]
    assert row["workers"] == len(riders)
    assert row["low"] == pytest.approx(later["worker_id"].nunique() / len(riders)) and row["high"] == 1


def test_months_of_the_series_equal_a_slow_count(worlds):
    f = change.monthly(worlds[0]).frame().set_index("month")
    c = pd.read_parquet(f"{SHIPPED}/contracts.parquet")
    on = pd.to_datetime(c["start_on"])
    c = c[(on.dt.year == 2010) & (on.dt.month == 5) & (c["function"].fillna("") != "courier")]
    row = f.loc[2010 * 12 + 4]
    assert (row["workers"], row["contracts"]) == (c["worker_id"].nunique(), len(c))
    assert row["one_day"] == pytest.approx((c["start_on"] == c["end_on"]).mean())


def test_nothing_about_fewer_than_ten_people(worlds):
    frame = change.around(worlds[0]).frame()
    assert len(frame) and (frame["workers"] >= 10).all() and frame["breakdown"].nunique() == 1
    for measure in (change.estimators, change.parting, change.usual_regression, change.leavers,
                    change.at_the_transition):
        answer = measure(worlds[0])
        assert (answer.frame()["workers"] >= 10).all() and answer.count == "workers"


def test_the_bounds_of_those_who_left_hold_what_is_seen(worlds):
    value = change.leavers(worlds[0]).frame().set_index("estimate")["value"]
    assert value["lowest"] <= value["as seen"] <= value["highest"]


@pytest.mark.parametrize(("measure", "lacks"), [
    (change.beginnings, "activities"), (change.around, "activities"), (change.parting, "activities"),
    (change.estimators, "activities"),
    (change.reform, "artistic"),
    (change.leavers, "artistic"), (change.courier_exit, "function")])
def test_what_is_missing_is_named(panels_of, measure, lacks):
    tiny = panels_of([{"start_on": date(2010, 1, 1), "end_on": date(2010, 1, 1)}])
    with pytest.raises(MissingData, match=lacks):
        measure(tiny)


@pytest.mark.parametrize("measure", [
    change.at_the_transition, change.same_people, change.composition, change.reform, change.leavers,
    change.usual_regression, change.courier_exit])
def test_a_short_dataset_gives_an_empty_table(panels_of, measure):
    rows = [{"start_on": date(2010, 1, 1), "end_on": date(2010, 1, 1), "artistic": True, "function": "actor",
             "regime": "employee"}]
    owned = [{"activity_id": 1, "owner_id": 1, "opened_on": date(2010, 1, 1)}]
    tiny = panels_of(rows, activities=owned, workers=[{"worker_id": 1, "profession": "actor"}])
    assert measure(tiny).frame().empty


def test_where_nobody_begins_nothing_is_said_and_nothing_fails(panels_of):
    rows = [{"worker_id": w, "start_on": date(y, m, 1), "end_on": date(y, m, 1), "gross_cents": 9_000,
             "artistic": w == 1} for w in (1, 2) for y in range(2010, 2019) for m in range(1, 13)]
    owned = [{"activity_id": 1, "owner_id": 3, "opened_on": date(2012, 1, 1)}]
    shares = [{"worker_id": 3, "subscribed_on": date(2017, 5, 1), "shares": 1}]
    tiny = panels_of(rows, years=(2010, 2018), activities=owned, shareholdings=shares,
                     workers=[{"worker_id": w} for w in (1, 2, 3)])
    assert change.beginnings(tiny).frame()["value"].isna().all()
    for measure in (change.around, change.parting, change.estimators, change.usual_regression):
        assert measure(tiny).frame().empty
    assert change.reform(tiny).frame()["workers"].max() <= 2
    assert len(change.leavers(tiny).frame()) == 4
