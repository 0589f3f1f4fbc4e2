"""Event studies: what happens to those who begin something, against those who have not (yet) begun it.

An outcome is an array of workers × periods, nan where a worker is not seen; `start` is the period in which a worker
begins, NEVER for who does not. No effect of a single worker leaves a function.

Event studies by period are those of the library diff-diff: Callaway & Sant'Anna, Sun & Abraham, imputation, local
projections, the decomposition of the usual regression, and what of a finding survives paths that part. Our own are
ratios, since the library's effects add and do not multiply, and beside them the difference whose error is made in the
same way, so that the lines of one table can be compared.
"""

import warnings
from contextlib import contextmanager
from dataclasses import dataclass, fields, replace

import numpy as np
import pandas as pd

NEVER = np.iinfo(np.int64).max
DRAWS, SEED = 9_999, 2026           # of a band
LEVEL, Z = 0.95, 1.959963984540054
ROUNDS, CLOSE = 300, 1e-6
FOLDS = 20                          # groups of workers that the jackknife leaves out, one after the other
FEWEST = 10                         # workers who have not begun, behind the factor of a period
OWN = 6                             # periods of the worker's own before the beginning, behind the level of a worker
REACH = 2.093024054408263           # errors of a jackknife on each side of 95 %: of Student's t, FOLDS − 1 degrees
CONTROLS = {"not yet": "not_yet_treated", "never": "never_treated"}
RESTRICTIONS = {"steps": "relative_magnitude", "bends": "smoothness"}


# -- differences, by diff-diff ---------------------------------------------------------------------------------

def _panel(outcome, start) -> pd.DataFrame:
    """Rows of workers who are seen: worker, period, y, first (0: not up to just after the last one seen).

    Left out is who had begun by the first period in which anybody is seen.
    """
    y, start = np.asarray(outcome, dtype=float), np.asarray(start)
    in_view = np.flatnonzero(np.isfinite(y).any(axis=0))
    begins, ends = (in_view[0], in_view[-1]) if len(in_view) else (0, 0)
    worker, period = np.nonzero(np.isfinite(y) & (start > begins)[:, None])
    first = np.where(start <= ends + 1, start, 0)
    return pd.DataFrame({"worker": worker, "period": period, "y": y[worker, period], "first": first[worker]})


COLUMNS = {"outcome": "y", "unit": "worker", "time": "period", "first_treat": "first"}


@contextmanager
def _expected():
    """Without the library's reminders of what stands in the docstrings here: not all are seen in all periods."""
    with warnings.catch_warnings():
        for said in ("Unbalanced panel detected", r"\d+ \(group, time\) cell"):
            warnings.filterwarnings("ignore", said, UserWarning)
        yield


def group_time(outcome: np.ndarray, start: np.ndarray, controls: str = "not yet"):
    """Mean effects by cohort and period: ATT(g,t) = E[Y_t − Y_{g−1} | G = g] − E[Y_t − Y_{g−1} | control].

    Controls are those who begin after both t and g − 1, or never (`not yet`), or those who never begin (`never`). Every
    cell uses the workers seen in both periods; cells without any are nan. Who begins in the first period has no period
    before and is left out. The base is g − 1 for all periods, also those before. Errors are clustered by worker and
    know that the sizes of cohorts are a sample too.
    Shape: the library's results, which `cells` and `dynamic` read, and of which `overall_att` weighs the cells of all
    t ≥ g by their treated; None where nobody begins, or nobody is there to be compared with.
    Unit: that of the outcome. Reading: an effect only if both would have moved alike without the beginning.
    Pitfall: who begins chooses to. Source: Callaway & Sant'Anna 2021.
    """
    rows = _panel(outcome, start)
    cohorts = rows["first"].unique()
    if len(cohorts) < 2 or (controls == "never" and 0 not in cohorts):
        return None
    return _callaway_santanna(rows, controls)


def _callaway_santanna(rows: pd.DataFrame, controls: str):
    from diff_diff import CallawaySantAnna

    with _expected():
        return CallawaySantAnna(control_group=CONTROLS[controls], base_period="universal",
                                estimation_method="reg").fit(rows, **COLUMNS)


def cells(found) -> pd.DataFrame:
    """The cells of `group_time` with anybody on both sides: start, period, att, se, treated."""
    rows = [(int(g), int(t), cell["effect"], cell["se"], cell["n_treated"])
            for (g, t), cell in found.group_time_effects.items()
            if np.isfinite(cell["effect"]) and not cell.get("is_reference")]
    return pd.DataFrame(rows, columns=["start", "period", "att", "se", "treated"])


@dataclass(frozen=True)
class Dynamic:
    """Effects by period since the beginning: at, att, se, low, high (pointwise), band_low, band_high, treated."""

    frame: pd.DataFrame
    surface: object             # the same as the library holds it, with the covariance of all periods


def dynamic(found, reach: tuple[int, int], smallest: int = 1) -> Dynamic:
    """Effects of `group_time` by period since the beginning, in `reach`, behind which `smallest` treated stand.

    Weighted by the treated of each cohort. `low`, `high`: 95 % for one period; `band_low`, `band_high` for all that are
    shown at once, from draws with their covariance (the library's band would hold for all there are).
    """
    surface = found.aggregate("event_study")
    treated = cells(found).assign(at=lambda c: c["period"] - c["start"]).groupby("at")["treated"].sum()
    treated = treated.reindex(surface.event_time).fillna(0).to_numpy(dtype=int)
    at = surface.event_time.astype(int)
    kept = (at >= reach[0]) & (at <= reach[1]) & (treated >= smallest) & (surface.se > 0)
    att, se, shown = surface.att[kept], surface.se[kept], _part(surface, kept | surface.is_reference)
    wide = _critical(shown.vcov) * se
    frame = pd.DataFrame({"at": at[kept], "att": att, "se": se, "low": att - Z * se, "high": att + Z * se,
                          "band_low": att - wide, "band_high": att + wide, "treated": treated[kept]})
    return Dynamic(frame, shown)


def _part(surface, kept):
    """The library's event study with the periods `kept`."""
    arrays = {f.name: getattr(surface, f.name) for f in fields(surface) if f.init and not f.name.startswith("vcov")}
    inside = np.flatnonzero(np.isin(surface.vcov_index, surface.event_time[kept]))
    return replace(surface, vcov=surface.vcov[np.ix_(inside, inside)], vcov_index=surface.vcov_index[inside], **{
        name: v[kept] for name, v in arrays.items() if isinstance(v, np.ndarray) and len(v) == len(kept)})


def _critical(covariance: np.ndarray) -> float:
    """How many standard errors wide a band is that holds all true effects at once in 95 % of samples."""
    if len(covariance) < 2:
        return Z
    scale = np.sqrt(np.diag(covariance))
    root = np.linalg.cholesky(covariance / np.outer(scale, scale) + 1e-9 * np.eye(len(scale)))
    drawn = root @ np.random.default_rng(SEED).standard_normal((len(scale), DRAWS))
    return max(Z, float(np.quantile(np.abs(drawn).max(axis=0), LEVEL)))


def breakdown(found: Dynamic, last: int) -> float:
    """M̄: how many times the largest step before the beginning the paths could part each period, and still 0 is not in.

    Of the mean effect of the periods 0 to `last`, with the covariance of its periods. 0 where its interval holds 0
    already, inf where nothing up to ten steps undoes it, nan where too few periods are known on either side or one
    between them is not. Reading: 1 says that a break with the past as large as the worst one seen would undo the
    finding. Pitfall: the largest step counts as measured, though chance is in it, which mostly makes M̄ too small.
    Source: Rambachan & Roth 2023, relative magnitudes.
    """
    from diff_diff import HonestDiD

    surface = _part(found.surface, found.surface.event_time.astype(int) <= last)
    try:
        limit = HonestDiD(method="relative_magnitude").breakdown_value(surface)
    except ValueError:              # nobody before or after, or a gap
        return float("nan")
    return float("inf") if limit is None else float(limit)


def parted(found: Dynamic, last: int, restriction: str, limit: float) -> tuple[float, float]:
    """95 % interval of the mean effect of the periods 0 to `last`, if the paths of both sides may part by themselves.

    `steps`: in a period by at most `limit` times the largest step before the beginning (relative magnitudes; 0: not at
    all). `bends`: along a straight line, through what was seen before, whose slope may change from one period to the
    next by at most `limit`, in units of the outcome (smoothness; 0: a straight line goes on). Shape: low, high; nan
    where too few periods are known on either side or one between them is not. Unit: that of the outcome.
    Reading: the finding stands against as much as leaves 0 outside. Pitfalls: the largest step counts as measured,
    though chance is in it; the more a line may bend, the more it is read from the last steps before, so that the middle
    moves and an interval need not lie within the next, though it is shorter.
    Source: Rambachan & Roth 2023.
    """
    from diff_diff import HonestDiD

    surface = _part(found.surface, found.surface.event_time.astype(int) <= last)
    try:
        honest = HonestDiD(method=RESTRICTIONS[restriction]).fit(surface, M=limit)
    except ValueError:              # nobody before or after, or a gap
        return float("nan"), float("nan")
    return float(honest.ci_lb), float(honest.ci_ub)


def two_way(outcome: np.ndarray, start: np.ndarray) -> tuple[float, float]:
    """The usual regression with fixed effects of workers and periods, and how much of it is a forbidden comparison.

    Returns β of Y on having begun, and the summed Goodman-Bacon weights of the comparisons in which those who began
    earlier serve as controls of later ones. For a balanced panel in which nobody begins in the first period.
    Reading: the larger the second number, the more β mixes effects with their own growth. Source: Goodman-Bacon 2021.
    """
    from diff_diff import BaconDecomposition

    found = BaconDecomposition().fit(_panel(outcome, start), **COLUMNS)
    return float(found.twfe_estimate), float(found.total_weight_later_vs_earlier)


def estimators(outcome: np.ndarray, start: np.ndarray, last: int, before: int) -> pd.DataFrame:
    """The mean effect over the periods 0 to `last` after the beginning, by estimators that take other controls.

    `later or never` and `never`: Callaway & Sant'Anna. `Sun and Abraham`: a regression with an effect of each cohort in
    each period, from `before` periods before the beginning on, never-beginners as controls. `imputation`: the own past
    mean and the period, fitted on all who have not begun. `local projections`: the change since the period before,
    against all who have not begun, each cohort by its size. Treated are those seen in the period before.
    Shape: estimator, att, se, treated; empty where nobody begins, nan where an estimator has nobody to compare with or
    cannot tell its effects apart. Unit: that of the outcome.
    Reading: where they differ, what was known before, or who serves as control, decides the finding.
    Sources: Callaway & Sant'Anna 2021; Sun & Abraham 2021; Borusyak, Jaravel & Spiess 2024; Dube, Girardi, Jordà &
    Taylor 2025.
    """
    from diff_diff import ImputationDiD, LPDiD, SunAbraham

    rows = _panel(outcome, start)
    rows = rows[rows["period"].isin(rows.loc[rows["first"] == 0, "period"])]
    since = (rows["period"] - rows["first"]).where(rows["first"] > 0)
    based = rows["worker"].isin(rows.loc[since == -1, "worker"])
    rows = rows.assign(since=since, begun=(since >= 0).astype(int))[since.isna() | (based & (since <= last))]
    treated = rows.loc[rows["begun"] == 1, "worker"].nunique()
    fits = {
        "later or never": lambda: _callaway_santanna(rows, "not yet"),
        "never": lambda: _callaway_santanna(rows, "never"),
        "Sun and Abraham": lambda: SunAbraham(rank_deficient_action="error").fit(
            rows[~(rows["since"] < -before)], **COLUMNS),
        "imputation": lambda: ImputationDiD().fit(rows, **COLUMNS),
        "local projections": lambda: LPDiD(pre_window=2, post_window=last, reweight=True).fit(
            rows, "y", "worker", "period", "begun", only_pooled=True)}
    found = [(name, *_overall(fit), treated) for name, fit in fits.items()] if treated else []
    return pd.DataFrame(found, columns=["estimator", "att", "se", "treated"])


def _overall(fit) -> tuple[float, float]:
    """Mean effect and error of what `fit` fits; nan where these records cannot tell it."""
    try:
        found = fit()
    except ValueError:
        return float("nan"), float("nan")
    return found.att, found.se


# -- imputation ------------------------------------------------------------------------------------------------

def imputed_difference(outcome: np.ndarray, start: np.ndarray, horizon: int = 24) -> tuple[float, float]:
    """Mean of Y − Ŷ over the first `horizon` periods after the beginning, and its standard error.

    Ŷ = worker + period, fitted on the periods before any beginning alone, so that no treated worker is a control.
    Unit: that of the outcome. The error leaves out one of 20 groups of workers at a time.
    Source: Borusyak, Jaravel & Spiess 2024.
    """
    y, free, chosen = _cells(outcome, start, horizon)
    kept = _kept(len(y))
    level, period = _additive(y, free, kept)
    own = chosen.sum(axis=1)
    gap = (y * chosen).sum(axis=1) @ kept - own @ (kept * level) - ((chosen.T @ kept) * period).sum(axis=0)
    with np.errstate(divide="ignore", invalid="ignore"):
        return jackknife(gap / (own @ kept))


def imputed_ratio(outcome: np.ndarray, start: np.ndarray, horizon: int = 24, period: np.ndarray | None = None,
                  stratum: np.ndarray | None = None) -> tuple[float, float]:
    """log of Σ Y ÷ Σ Ŷ over the first `horizon` periods after the beginning, and its standard error.

    Ŷ = worker × period, fitted by Poisson likelihood on the periods before any beginning alone; for counts, and for a
    world in which good years multiply everybody's work instead of adding to it. `period` groups the periods that share
    an effect (each its own by default), `stratum` the workers that do. Periods that fewer than ten workers who have not
    begun show are left out: two of them can make any factor. So are workers with fewer than six such periods: if all
    work of a period is that of somebody who is seen in no other, his level can be anything.
    Unit: log points; 0.1 is about 10 % more.
    Source: Borusyak, Jaravel & Spiess 2024, in the multiplicative form.
    """
    y, free, chosen = _cells(outcome, start, horizon, period)
    stratum = np.zeros(len(y), dtype=int) if stratum is None else stratum
    kept = _kept(len(y))
    seen, predicted = np.zeros(kept.shape[1]), np.zeros(kept.shape[1])
    for s in np.unique(stratum):
        here = stratum == s
        before, after = _carried(free[here], chosen[here], period)
        level, effect = _multiplicative(y[here], before, kept[here], period)
        seen += kept[here].T @ (y[here] * after).sum(axis=1)
        predicted += (kept[here] * level * (after @ effect)).sum(axis=0)
    with np.errstate(divide="ignore", invalid="ignore"):
        return jackknife(np.log(seen / predicted))


def period_totals(outcome: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """What the workers seen in a period made in it, and what they would make in any at their own level.

    The levels are those of worker × period, fitted by Poisson likelihood. The first over the second is the period's
    factor, what is left of a series once every worker is compared with himself: its composition cannot move it.
    Shape: periods × 21 each, all workers in column 0, then with one of 20 groups left out. Unit: that of the outcome.
    """
    y = np.asarray(outcome, dtype=float)
    seen, kept = ~np.isnan(y), _kept(len(y))
    y, free = np.where(seen, y, 0.0), seen.astype(float)
    level, _effect = _multiplicative(y, free, kept, None)
    return y.T @ kept, free.T @ (kept * level)


def _cells(outcome, start, horizon, period=None):
    """Values with 0 for nan; 1 where not yet begun; 1 where begun less than `horizon` ago, of workers seen before.

    Left out are periods whose effect nobody shows who has not begun.
    """
    y, start = np.asarray(outcome, dtype=float), np.asarray(start)[:, None]
    periods = np.arange(y.shape[1])
    seen = ~np.isnan(y)
    free = seen & (periods < start)
    known = free.any(axis=1, keepdims=True)
    since = periods - np.minimum(start, y.shape[1] + horizon)
    chosen = seen & known & (since >= 0) & (since < horizon)
    group = periods if period is None else np.asarray(period)
    chosen &= np.isin(group, group[free.any(axis=0)])
    return np.where(seen, y, 0.0), free.astype(float), chosen.astype(float)


def _carried(free, chosen, period):
    """The cells of periods that FEWEST workers show who have not begun, of workers with OWN of them; those after."""
    _names, group = np.unique(np.arange(free.shape[1]) if period is None else period, return_inverse=True)
    carried = np.bincount(group, free.sum(axis=0))[group] >= FEWEST
    free = free * carried
    known = free.sum(axis=1, keepdims=True) >= OWN
    return free * known, chosen * carried * known


def _kept(workers: int) -> np.ndarray:
    """1 for the workers of each fold: all in column 0, then all but every 20th."""
    kept = np.ones((workers, FOLDS + 1))
    kept[np.arange(workers), np.arange(workers) % FOLDS + 1] = 0
    return kept


def jackknife(found: np.ndarray) -> tuple[float, float]:
    """The estimate of all workers and its error, from those of the folds."""
    parts = found[1:]
    return float(found[0]), float(np.sqrt((len(parts) - 1) / len(parts) * ((parts - parts.mean()) ** 2).sum()))


def _additive(y, free, kept):
    """Effects of workers and of periods in each fold, by least squares on the free cells."""
    own, rows, cells = (y * free).sum(axis=1)[:, None], free.sum(axis=1)[:, None], (y * free).T @ kept
    columns = free.T @ kept
    period = np.zeros((y.shape[1], kept.shape[1]))
    for _ in range(ROUNDS):
        level = _over(own - free @ period, rows)
        new = _over(cells - free.T @ (kept * level), columns)
        new -= new.mean(axis=0)
        moved, period = np.abs(new - period).max(), new
        if moved < CLOSE:
            break
    return _over(own - free @ period, rows), period


def _multiplicative(y, free, kept, period):
    """Factors of workers and of periods in each fold, by Poisson likelihood on the free cells."""
    names, group = np.unique(np.arange(y.shape[1]) if period is None else period, return_inverse=True)
    member = (group[:, None] == np.arange(len(names))).astype(float)
    own, exposed = (y * free).sum(axis=1)[:, None], free @ member
    total = ((y * free) @ member).T @ kept
    effect = np.ones((len(names), kept.shape[1]))
    for _ in range(ROUNDS):
        level = _over(own, exposed @ effect)
        new = _over(total, exposed.T @ (kept * level))
        new /= np.where(new > 0, new, 1).mean(axis=0)
        moved, effect = np.abs(new - effect).max(), new
        if moved < CLOSE:
            break
    return _over(own, exposed @ effect), member @ effect


def _over(above, below):
    above = np.broadcast_to(above, np.broadcast_shapes(above.shape, below.shape))
    return np.divide(above, below, out=np.zeros(above.shape), where=below > 0)
