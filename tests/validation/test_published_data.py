"""Published numbers on published data that are not here, for want of a licence or of a need.

Set SMARTBOOK_PUBLISHED to a folder with, under these names:
kss.csv, data/test.csv of https://github.com/rsaggio87/LeaveOutTwoWay; mpdta.csv of https://github.com/d2cml-ai/csdid;
sicily.csv of https://github.com/gasparrini/2017_lopezbernal_IJE_codedata; rossi.csv, of the package lifelines;
mvad.csv, of the package sequenzo. Wages of young men come with linearmodels.
"""

import os
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from analysis.measures import wages
from analysis.models import Z95, eventstudy, interrupted, leaveout, sequences, survival, twoway

FOLDER = os.environ.get("SMARTBOOK_PUBLISHED")
SETTING = wages._setting()
PRINTED = {"plug-in": (0.019821, -0.0039091, 0.10354), "exact": (0.010289, 0.0046293, 0.085204),
           "projected": (0.010218, 0.0047795, 0.085005)}       # variance of firms, covariance, variance of persons


@pytest.fixture
def published():
    """The path of a file by its name, where there is a folder of them."""
    if not FOLDER:
        pytest.skip("set SMARTBOOK_PUBLISHED to a folder of the files that test_published_data.py names")
    return lambda name: Path(FOLDER) / name


def test_v01_the_numbers_printed_in_the_vignette(published):
    """Their divisor is N − 1, and their centre in σ̂² is the mean of √n y over matches."""
    worker, firm, _year, y = np.loadtxt(published("kss.csv"), delimiter=",", usecols=range(4)).T
    matches, match = twoway.collapse(worker, firm, y)
    assert np.bincount(matches.worker).max() == 2      # of workers with two firms, both samples keep the same
    kept = leaveout.with_stayers(matches)
    np.testing.assert_array_equal(kept, leaveout.leave_one_out_set(matches))
    exact, y = twoway.fit(twoway.chosen(matches, kept), SETTING, exact=True), y[kept[match]]
    m, size = exact.matches, len(y)
    assert (size, m.clients, m.workers - m.stays.sum()) == (56_044, 1_684, 6_414)
    assert (y.mean(), y.var(ddof=1)) == pytest.approx((4.7636, 0.1245), abs=5e-5)

    def theirs(found):
        """Components in their centring, with their divisor and in their order."""
        root = np.sqrt(m.n)
        centred, left = root * m.y - np.mean(root * m.y), np.where(m.stays, 1, 1 - found.leverage)
        sigma2 = np.where(m.stays, found.sigma2, centred * root * found.residual / left)
        c = found.plugin
        plugin = np.array([c.worker, c.client, c.covariance])
        return [v[[1, 2, 0]] * size / (size - 1) for v in (plugin, plugin - found.bias @ sigma2)]

    plugin, corrected = theirs(exact)
    np.testing.assert_allclose(corrected, PRINTED["exact"], rtol=0, atol=5e-7)
    assert (np.abs(plugin - np.array(PRINTED["plug-in"])) <= [5e-7, 5e-8, 5e-6]).all()       # half of the last digit
    projected = theirs(twoway.fit(m, replace(SETTING, draws=200), exact=False))[1]
    np.testing.assert_allclose(projected, PRINTED["projected"], rtol=0.03)


def test_v08_a_published_regression_with_two_effects():
    """Hourly wages of 545 young men in eight years (Vella & Verbeek 1998), with an effect of each man and each year."""
    panel = pytest.importorskip("linearmodels.datasets.wage_panel", reason="the data come with linearmodels").load()
    y, x = panel["lwage"].to_numpy(), panel[["expersq", "union", "married"]].to_numpy(float)
    matches, match = twoway.collapse(panel["nr"], panel["year"], y)
    found = twoway.residualise(matches, match, y, x, replace(SETTING, tolerance=1e-13))[1]
    np.testing.assert_allclose(found, [-0.00519, 0.08000, 0.04668], rtol=0, atol=5e-6)


@pytest.mark.parametrize(("waves", "quasi", "printed"), [
    (0, False, (.894, .865, .925)), (2, True, (.885, .839, .933))])
def test_v20_a_smoking_ban_and_heart_attacks_in_sicily(published, waves, quasi, printed):
    """The model of the authors: a level and a trend, without or with waves of a year; ours has months and a slope."""
    rows = pd.read_csv(published("sicily.csv"))
    y, base = rows["aces"].to_numpy(float), rows["stdpop"].to_numpy(float)
    turns = 2 * np.pi * rows["month"].to_numpy() / 12
    x = np.column_stack([np.ones(len(rows)), rows["smokban"], rows["time"],
                         *(wave(k * turns) for k in range(1, waves + 1) for wave in (np.sin, np.cos))])
    beta, mean = interrupted._poisson(x, y, base)
    scale = ((y - mean) ** 2 / mean).sum() / (len(y) - x.shape[1]) if quasi else 1.0
    reach = Z95 * np.sqrt(scale * np.linalg.inv((x * mean[:, None]).T @ x)[1, 1])
    assert np.exp([beta[1], beta[1] - reach, beta[1] + reach]) == pytest.approx(printed, abs=1e-3)


def test_v21_effects_of_minimum_wages_on_teenage_employment(published):
    rows = pd.read_csv(published("mpdta.csv"))
    y = rows.pivot(index="countyreal", columns="year", values="lemp")
    first = rows.groupby("countyreal")["first.treat"].first()[y.index].to_numpy()
    start = np.where(first == 0, eventstudy.NEVER, first - 2003).astype(int)
    found = eventstudy.group_time(y.to_numpy(), start, controls="never")
    cells = eventstudy.cells(found).set_index(["start", "period"])["att"]
    printed = {(1, 1): -.01050, (1, 2): -.07042, (1, 3): -.13726, (1, 4): -.10081, (3, 3): -.00459, (3, 4): -.04122,
               (4, 4): -.02605}
    assert cells[list(printed)].to_dict() == pytest.approx(printed, abs=5e-6)
    assert (found.overall_att, found.overall_se) == pytest.approx((-.03995, .01203), abs=5e-6)


def test_v22b_recidivism(published):
    rows = pd.read_csv(published("rossi.csv"))
    traits = ["fin", "age", "race", "wexp", "mar", "paro", "prio"]
    found = survival.cox(rows["week"].to_numpy(), rows["arrest"].to_numpy() == 1, rows[traits].astype(float))
    np.testing.assert_allclose(found["coefficient"], [-.37942, -.05744, .31390, -.14980, -.43370, -.08487, .09150],
                               rtol=0, atol=1e-5)
    np.testing.assert_allclose(found["se"], [.1914, .0220, .3080, .2122, .3819, .1958, .0286], rtol=0, atol=5e-5)


def test_v23a_from_school_to_work(published):
    rows = pd.read_csv(published("mvad.csv")).loc[:, "Sep.93":"Jun.99"]
    state = np.unique(rows.to_numpy(), return_inverse=True)
    names, s = list(state[0]), state[1].reshape(rows.shape).astype(np.int8)
    costs = sequences.substitution_costs(sequences.transition_rates(s, 6))
    work = costs[names.index("employment")]
    assert (work[names.index("FE")], work[names.index("joblessness")]) == pytest.approx((1.970078, 1.951726), abs=1e-6)
    d = sequences.optimal_matching(s[:5], costs)
    assert (d[0, 1], d[1, 4], d[2, 3]) == pytest.approx((138.514, 21.925, 67.704), abs=1e-3)
    assert (sequences.longest_common(s[:2], 6)[0, 1], sequences.hamming(s[:2])[0, 1]) == (140, 70)
