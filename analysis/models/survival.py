"""How long something lasts: survival, its comparison, hazards and competing ends, with late entry and censoring.

A unit is at risk in the times t with entry < t ≤ exit; `event` is true where it ends at `exit` and false where that is
only the last time it is seen. A unit whose characteristics change has one row for each stretch without change.
"""

import numpy as np
import pandas as pd
from scipy import stats

LEVEL = 0.95
Z = float(stats.norm.ppf(0.5 + LEVEL / 2))
STEPS, CLOSE, FLAT = 50, 1e-8, 1e-12     # of Newton's method: at most, when to stop, what counts as no fall
STEEP = 700.0                            # beyond it e^x is no number


def counts(exit, event, entry=None) -> pd.DataFrame:
    """At every time at which something ends: `at_risk` and `events`, in the order of time."""
    exit, event, entry = _arrays(exit, event, entry)
    t = np.unique(exit)
    at_risk = np.searchsorted(np.sort(entry), t, "left") - np.searchsorted(np.sort(exit), t, "left")
    events = np.bincount(np.searchsorted(t, exit), weights=event, minlength=len(t)).astype(np.int64)
    return pd.DataFrame({"t": t, "at_risk": at_risk, "events": events})


def _arrays(exit, event, entry):
    exit = np.asarray(exit, dtype=float)
    return exit, np.asarray(event, dtype=float), np.zeros_like(exit) if entry is None else np.asarray(entry, float)


def kaplan_meier(exit, event, entry=None) -> pd.DataFrame:
    """The share that has not ended by each time, S(t) = Π_{u ≤ t} (1 − d_u ÷ n_u), with an interval.

    Columns: t, at_risk, events, survival, se (Greenwood: S √Σ d ÷ (n(n − d))), low, high (95 %, made on the scale
    log −log S, so that they stay in 0–1). Unit: share. Pitfall: where few enter at the beginning, one early end weighs
    heavily.
    Source: Kaplan–Meier with Greenwood's variance; Aalen & Johansen 1978 give the general form.
    """
    c = counts(exit, event, entry)
    c["survival"] = (1 - c["events"] / c["at_risk"]).cumprod()
    variance = _greenwood(c).cumsum()
    c["se"] = c["survival"] * np.sqrt(variance)
    with np.errstate(divide="ignore", invalid="ignore"):
        half = Z * np.sqrt(variance) / np.abs(np.log(c["survival"]))
        c["low"], c["high"] = (c["survival"] ** np.exp(s * half) for s in (1, -1))
    sure = (c["survival"] == 1) & (variance == 0)
    return c.assign(low=c["low"].mask(sure, 1.0), high=c["high"].mask(sure, 1.0))


def _greenwood(c: pd.DataFrame) -> pd.Series:
    """d ÷ (n(n − d)) of each time; nan where all end."""
    left = (c["at_risk"] - c["events"]).where(lambda n: n > 0)
    return (c["events"] / (c["at_risk"] * left)).where(c["events"] > 0, 0.0)


def survival_at(curve: pd.DataFrame, t, column: str = "survival", start: float = 1.0):
    """A `column` of a curve at the times `t`, as a step function that is `start` before the first of its times."""
    place = np.searchsorted(curve["t"], t, "right")
    return np.concatenate([[start], curve[column]])[place]


def median(curve: pd.DataFrame) -> float:
    """The first time by which half have ended; nan where more than half go on."""
    ended = curve.loc[curve["survival"] <= 0.5, "t"]
    return float(ended.iloc[0]) if len(ended) else float("nan")


def restricted_mean(curve: pd.DataFrame, until: float) -> tuple[float, float]:
    """Mean duration within the first `until` units of time, ∫₀^τ S(t) dt, and its standard error.

    Unit: time. Reading: of the first 60 months, how many the average unit lasts. It needs no S below one half, as the
    median does. se² = Σ (∫_u^τ S)² d_u ÷ (n_u(n_u − d_u)).
    """
    c = curve[curve["t"] < until]
    edges = np.concatenate([[0.0], c["t"], [until]])
    area = np.concatenate([[1.0], c["survival"]]) * np.diff(edges)
    after = area[::-1].cumsum()[::-1][1:]
    return float(area.sum()), float(np.sqrt(np.nansum(after ** 2 * _greenwood(c))))


def log_rank(exit, event, group, entry=None) -> tuple[float, int, float]:
    """Do the groups end at the same pace? χ² of observed against expected ends, its degrees of freedom, p.

    Expected: at every time the ends, shared out by the numbers at risk. Pitfall: with many units a difference without
    importance is clear; read the curves. It says little where curves cross.
    """
    exit, event, entry = _arrays(exit, event, entry)
    labels, group = np.unique(np.asarray(group), return_inverse=True)
    times = np.unique(exit[event > 0])
    risk, ends = (np.zeros((len(labels), len(times))) for _ in range(2))
    for g in range(len(labels)):
        mine = group == g
        risk[g] = np.searchsorted(np.sort(entry[mine]), times, "left") - np.searchsorted(np.sort(exit[mine]), times,
                                                                                        "left")
        ends[g] = np.bincount(np.searchsorted(times, exit[mine & (event > 0)]), minlength=len(times))
    n, d = risk.sum(axis=0), ends.sum(axis=0)
    share = risk / n
    gap = (ends - d * share).sum(axis=1)[1:]
    weight = d * (n - d) / np.maximum(n - 1, 1)
    spread = (np.diag((weight * share).sum(axis=1)) - (weight * share) @ share.T)[1:, 1:]
    chi2, df = float(gap @ np.linalg.solve(spread, gap)), len(labels) - 1
    return chi2, df, float(stats.chi2.sf(chi2, df))


def cox(exit, event, x: pd.DataFrame, entry=None, strata=None, ties: str = "efron") -> pd.DataFrame:
    """By how much each column of `x` raises or lowers the hazard: h(t) = h₀(t) exp(x β), h₀ of any shape.

    One row per column of `x`: coefficient (log hazard per unit), se, low, high (95 %). `strata` gives each group
    its own h₀. A column that changes in time has a row for each stretch, with its `entry`. Reading: −0.35 is a hazard
    lower by 30 %, at any time. Pitfalls: what is not recorded and makes people leave sooner pulls β towards 0, for
    after a while only the lasting remain; what is known only afterwards must not be used as if it had held from the
    start. Source: Cox 1972; Efron's handling of ties.
    """
    exit, event, entry = _arrays(exit, event, entry)
    group = np.zeros(len(exit), dtype=np.int64) if strata is None else pd.factorize(np.asarray(strata), sort=True)[0]
    ends, rows = event > 0, x.to_numpy(float) - x.to_numpy(float).mean(axis=0)
    times = np.unique(exit[ends])
    shape = (group.max(initial=0) + 1, len(times) + 1)
    cell = np.ravel_multi_index((group[ends], np.searchsorted(times, exit[ends])), shape)
    cells, place, tied = np.unique(cell, return_inverse=True, return_counts=True)
    # Of the units that end together, Efron takes one after the other out of those at risk, on average.
    each = np.repeat(np.arange(len(cells)), tied)
    gone = (np.arange(len(each)) - np.repeat(tied.cumsum() - tied, tied)) / tied[each] * (ties == "efron")
    enters, leaves = (np.ravel_multi_index((group, np.searchsorted(times, t, "right")), shape) for t in (entry, exit))

    def at_risk(values):
        change = np.bincount(enters, values, shape[0] * shape[1]) - np.bincount(leaves, values, shape[0] * shape[1])
        whole = change.reshape(shape).cumsum(axis=1).ravel()[cells]
        return whole[each] - gone * np.bincount(place, values[ends], len(cells))[each]

    def likelihood(b):
        weight, p = np.exp(rows @ b), range(rows.shape[1])
        total = at_risk(weight)
        mean = np.column_stack([at_risk(weight * rows[:, i]) / total for i in p])
        bend = np.array([[(at_risk(weight * rows[:, i] * rows[:, j]) / total).sum() for i in p] for j in p])
        return (rows[ends] @ b).sum() - np.log(total).sum(), rows[ends].sum(axis=0) - mean.sum(axis=0), (
            bend - mean.T @ mean)

    coefficient, information = _newton(np.zeros(rows.shape[1]), likelihood)
    return estimates(x.columns, coefficient, np.sqrt(np.diag(np.linalg.inv(information))))


def clustered(exit, event, x: pd.DataFrame, coefficient, cluster) -> np.ndarray:
    """Standard errors of `cox` where units of one `cluster` go together; all at risk from 0 on, without strata.

    How far β moves when one cluster after the other is left out, by one step of Newton's method: √ of the diagonal of
    (G − 1) ÷ G · Σ_c d_c d_cᵀ, d_c = (I − I_c)⁻¹ s_c, over G clusters. s_c sums the score residuals of a cluster,
    s_i = δ_i (x_i − x̄(t_i)) − exp(x_i β) Σ_{t_k ≤ t_i} (x_i − x̄(t_k)) d_k ÷ S₀(t_k) (Breslow's handling of ties), and
    I_c its part of the information I; with I in the place of I − I_c it would be the estimator of Lin & Wei 1989,
    which is too sure where a few clusters hold much of a trait.
    """
    exit, event, _entry = _arrays(exit, event, None)
    rows, beta = x.to_numpy(float), np.asarray(coefficient, float)
    weight = np.exp(rows @ beta)
    times = np.unique(exit[event > 0])
    left = np.searchsorted(times, exit, "right")            # event times up to the exit
    ended = np.bincount(left[event > 0] - 1, minlength=len(times)).astype(float)

    def at_risk(values):
        gone = np.bincount(left, values, len(times) + 1)
        return gone[::-1].cumsum()[::-1][1:]

    p = range(rows.shape[1])
    s0 = at_risk(weight)
    mean = np.column_stack([at_risk(weight * rows[:, i]) for i in p]) / s0[:, None]
    square = np.array([[(ended * at_risk(weight * rows[:, i] * rows[:, j]) / s0).sum() for j in p] for i in p])
    information = square - (mean * ended[:, None]).T @ mean
    hazard = np.append(0.0, (ended / s0).cumsum())
    drift = np.vstack([np.zeros(len(beta)), (mean * (ended / s0)[:, None]).cumsum(axis=0)])
    score = -weight[:, None] * (rows * hazard[left][:, None] - drift[left])
    score[event > 0] += rows[event > 0] - mean[left[event > 0] - 1]
    _names, place = np.unique(cluster, return_inverse=True)
    sums = np.column_stack([np.bincount(place, score[:, i]) for i in p])
    own = np.zeros((len(sums), *information.shape))
    for i in p:
        for j in p:
            bend = np.append(0.0, (mean[:, i] * mean[:, j] * ended / s0).cumsum())[left]
            inside = (rows[:, i] * rows[:, j] * hazard[left] - rows[:, i] * drift[left, j] - rows[:, j] * drift[left, i]
                      + bend)
            own[:, i, j] = np.bincount(place, weight * inside)
    moved = np.linalg.solve(information - own, sums[:, :, None])[:, :, 0]
    return np.sqrt((1 - 1 / len(sums)) * (moved**2).sum(axis=0))


def student(freedom: float) -> float:
    """How many errors reach 95 % to both sides, by Student's t; nan below one degree of freedom."""
    return float(stats.t.ppf(0.5 + LEVEL / 2, freedom)) if freedom >= 1 else float("nan")


def estimates(names, coefficient, se) -> pd.DataFrame:
    """One row per name: coefficient, se, low and high (95 %)."""
    return pd.DataFrame({"name": list(names), "coefficient": coefficient, "se": se, "low": coefficient - Z * se,
                         "high": coefficient + Z * se})


def stretches(exit, event, x: pd.DataFrame, bands, entry=None) -> pd.DataFrame:
    """Whole times at risk as grouped rows: columns of `x`, band, length, ended.

    Where nothing changes, outliving n months one by one is one row with length n: its likelihood under a hazard of
    complementary log-log form is the same to the last digit. The month of an end is a row of its own.
    """
    exit, event, entry = _arrays(exit, event, entry)
    parts = []
    for band, (start, stop) in enumerate(zip(bands, [*bands[1:], np.inf], strict=True)):
        inside = np.minimum(exit, stop) - np.maximum(entry, start)
        here = inside > 0
        ends = here & (event > 0) & (exit <= stop)
        outlived = np.where(ends, inside - 1, inside)
        for rows, length, ended in ((here & (outlived > 0), outlived, 0.0), (ends, np.ones_like(exit), 1.0)):
            parts.append(x[rows].assign(band=band, length=length[rows], ended=ended))
    return pd.concat(parts, ignore_index=True)


def discrete_hazard(exit, event, x: pd.DataFrame, bands, entry=None) -> pd.DataFrame:
    """The chance of ending in a month, having lasted so long: p = 1 − exp(−exp(α_band + x β)).

    One row per column of `x`, as `cox`; months are whole numbers, `bands` are the months after which the level of the
    hazard may change, from 0. Reading: β is a log hazard, as in `cox`, and does not depend on how fine time is cut.
    Source: Jenkins 1995 (complementary log-log model for grouped durations).
    """
    s = stretches(exit, event, x, bands, entry)
    design = np.column_stack([s[x.columns], *((s["band"] == b).astype(float) for b in np.unique(s["band"]))])
    ended, length = s["ended"].to_numpy() > 0, s["length"].to_numpy(float)
    start = np.zeros(design.shape[1])
    start[x.shape[1]:] = np.log(ended.sum() / length.sum())
    coefficient, information = _newton(start, lambda b: _grouped(b, design, ended, length))
    se = np.sqrt(np.diag(np.linalg.inv(information)))
    return estimates(x.columns, coefficient[: x.shape[1]], se[: x.shape[1]])


def _grouped(b, design, ended, length):
    """Log-likelihood of the grouped rows, its gradient and the information."""
    m = length * np.exp(design @ b)
    slope = np.where(ended, np.where(m < STEEP, m / np.expm1(m), 0.0), -m)
    bend = np.where(ended, slope * (1 - m / -np.expm1(-m)), -m)
    likelihood = np.where(ended, np.log(-np.expm1(-m)), -m).sum()
    return likelihood, design.T @ slope, -(design.T * bend) @ design


def _newton(b, likelihood):
    """The top of a concave log-likelihood and the information there; a step that goes down is halved.

    `likelihood` gives its value, its gradient and the information: the negative of its curvature.
    """
    with np.errstate(over="ignore", divide="ignore", invalid="ignore"):      # a step too far is halved
        value, gradient, information = likelihood(b)
        for _ in range(STEPS):
            step = np.linalg.solve(information, gradient)
            found = likelihood(b + step)
            while not found[0] >= value - FLAT * abs(value) and np.abs(step).max() > FLAT:
                step /= 2
                found = likelihood(b + step)
            b, (value, gradient, information) = b + step, found
            if np.abs(step).max() < CLOSE:
                return b, information
    raise ArithmeticError("the hazard model does not settle")


def incidence(exit, cause, entry=None) -> pd.DataFrame:
    """The share that has ended in each way by each time, F_k(t) = Σ_{s ≤ t} S(s−) d_{ks} ÷ n_s.

    `cause` is 0 for what was still going on, and k = 1, 2 … for the ways of ending. Columns: t, at_risk, survival, and
    incidence_k, events_k. Unit: share; at any time they add up to 1 with `survival`. Pitfall: 1 − Kaplan–Meier of one
    way alone takes the other ways for censoring and overstates it. Source: Aalen & Johansen 1978.
    """
    cause = np.asarray(cause)
    c = kaplan_meier(exit, cause > 0, entry)[["t", "at_risk", "survival"]]
    before = np.concatenate([[1.0], c["survival"][:-1]])
    for k in range(1, int(cause.max(initial=0)) + 1):
        c[f"events_{k}"] = counts(exit, cause == k, entry)["events"]
        c[f"incidence_{k}"] = (before * c[f"events_{k}"] / c["at_risk"]).cumsum()
    return c
