"""Event studies: what happens to those who begin something, against those who have not (yet) begun it.

An outcome is an array of workers × periods, nan where a worker is not seen; `start` is the period in which a worker
begins, NEVER for who does not. No effect of a single worker leaves a function.
"""

from dataclasses import dataclass

import numpy as np

NEVER = np.iinfo(np.int64).max
DRAWS, SEED = 999, 2026
LEVEL, Z = 0.95, 1.959963984540054
IQR = 1.3489795003921634            # between the quartiles of a standard normal distribution
ROUNDS, CLOSE = 300, 1e-6
FOLDS = 20                          # groups of workers that the jackknife leaves out, one after the other


@dataclass(frozen=True)
class Effects:
    """Mean effects of Callaway and Sant'Anna, with worker-level influence functions summed up to standard errors.

    `cells` has a row per cohort and period: start, period, att, se, treated. Of the aggregates `simple`, `dynamic`,
    `group` and `calendar`: at, att, se, low, high (pointwise 95 %), band_low, band_high (simultaneous), treated.
    """

    cells: np.recarray
    simple: np.recarray
    dynamic: np.recarray
    group: np.recarray
    calendar: np.recarray


def group_time(outcome: np.ndarray, start: np.ndarray, controls: str = "not yet", covariates: np.ndarray | None = None,
               reach: tuple[int, int] = (-24, 24), draws: int = DRAWS, seed: int = SEED) -> Effects:
    """Mean effects by cohort and period: ATT(g,t) = E[Y_t − Y_{g−1} | G = g] − E[Y_t − Y_{g−1} | control].

    Controls are those who begin after both t and g − 1, or never (`not yet`), or those who never begin (`never`). With
    `covariates` (workers × k, known before, no constant) the second term is the controls' regression on them,
    predicted for the treated (outcome regression); without, it is a plain mean. Every cell uses the workers seen in
    both periods. Cohorts that begin in the first period have no period before and are left out. The base is g − 1 for
    all periods, also those before. Aggregates weigh cells by their treated: `simple` over all t ≥ g, `dynamic` by t − g
    within `reach`, `group` by g (mean over t), then `calendar` by t.
    Unit: that of the outcome. Reading: an effect only if both would have moved alike without the beginning.
    Pitfall: who begins chooses to. Standard errors are clustered by worker; bands come from a multiplier bootstrap.
    Source: Callaway & Sant'Anna 2021.
    """
    y, start = np.asarray(outcome, dtype=float), np.asarray(start)
    workers, periods = y.shape
    x = np.ones((workers, 1)) if covariates is None else np.column_stack([np.ones(workers), covariates])
    cohorts = np.unique(start[(start > 0) & (start < periods)])
    spans = {"simple": [0], "dynamic": range(reach[0], reach[1] + 1), "group": cohorts, "calendar": range(periods)}
    sums = {name: [np.zeros((len(at), workers)), np.zeros(len(at)), np.zeros(len(at))] for name, at in spans.items()}
    rows = []
    for g in cohorts:
        change = y - y[:, [g - 1]]
        in_cohort = start == g
        for t in range(periods):
            control = start == NEVER if controls == "never" else start > max(t, g - 1)
            found = _cell(change[:, t], in_cohort, control & ~in_cohort, x) if t != g - 1 else None
            if found is None:
                continue
            att, treated, parts = found
            rows.append((g, t, att, np.sqrt(sum(part @ part for _, part in parts)), treated))
            places = {"dynamic": t - g - reach[0]} if reach[0] <= t - g <= reach[1] else {}
            if t >= g:
                places |= {"simple": 0, "group": np.searchsorted(cohorts, g), "calendar": t}
            for name, place in places.items():
                total, effect, weight = sums[name]
                for who, part in parts:
                    total[place, who] += treated * part
                effect[place] += treated * att
                weight[place] += treated
    columns = [("start", int), ("period", int), ("att", float), ("se", float), ("treated", int)]
    cells = np.array(rows, dtype=columns).view(np.recarray)
    signs = np.random.default_rng(seed).integers(0, 2, (workers, draws), dtype=np.int8).astype(float) * 2 - 1
    return Effects(cells, *(_aggregate(list(spans[name]), *sums[name], signs) for name in spans))


def _cell(change, in_cohort, control, x):
    """One mean effect, the number of treated, and (who, their influence on it) of treated and of controls.

    None where one side is empty.
    """
    seen = ~np.isnan(change)
    ours, theirs = np.flatnonzero(in_cohort & seen), np.flatnonzero(control & seen)
    if not len(ours) or len(theirs) < x.shape[1]:
        return None
    gain, spread = change[ours], change[theirs]
    if x.shape[1] == 1:
        other = spread.mean()
        pull = (other - spread) / len(theirs)
        gain = gain - other
    else:
        a, b = x[theirs], x[ours]
        gram = np.linalg.pinv(a.T @ a)
        beta = gram @ (a.T @ spread)
        pull = (a @ beta - spread) * (a @ (gram @ b.mean(axis=0)))
        gain = gain - b @ beta
    mean = gain.mean()
    return mean, len(ours), ((ours, (gain - mean) / len(ours)), (theirs, pull))


def _aggregate(at, total, effect, weight, signs) -> np.recarray:
    """Weighted means with pointwise intervals and simultaneous bands; places without a cell are left out.

    The weights count as given: they are the sizes of the cohorts in these records.
    """
    kept = weight > 0
    at, influence = np.asarray(at)[kept], total[kept] / weight[kept, None]
    att, se = effect[kept] / weight[kept], np.sqrt((influence**2).sum(axis=1))
    wide = _critical(influence, signs) * se
    data = (at, att, se, att - Z * se, att + Z * se, att - wide, att + wide, weight[kept].astype(int))
    return np.rec.fromarrays(data, names="at,att,se,low,high,band_low,band_high,treated")


def _critical(influence: np.ndarray, signs: np.ndarray) -> float:
    """How many standard errors wide a band is that holds all true effects at once in 95 % of samples."""
    if len(influence) < 2:
        return Z
    drawn = influence @ signs
    spread = np.subtract(*np.quantile(drawn, [0.75, 0.25], axis=1)) / IQR
    kept = spread > 0
    if not kept.any():
        return Z
    return max(Z, float(np.quantile(np.abs(drawn[kept] / spread[kept, None]).max(axis=0), LEVEL)))


def two_way(outcome: np.ndarray, start: np.ndarray) -> tuple[float, float]:
    """The usual regression with fixed effects of workers and periods, and how much of it is a forbidden comparison.

    Returns β of Y on having begun, and the summed Goodman-Bacon weights of the comparisons in which those who began
    earlier serve as controls of later ones. For a balanced panel in which nobody begins in the first period.
    Reading: the larger the second number, the more β mixes effects with their own growth. Source: Goodman-Bacon 2021.
    """
    parts = decomposition(outcome, start)
    return float(parts.weight @ parts.estimate), float(parts.weight[parts.forbidden].sum())


def decomposition(outcome: np.ndarray, start: np.ndarray) -> np.recarray:
    """The two-by-two comparisons that make up `two_way`: weight, estimate, forbidden. Weights sum to 1.

    Source: Goodman-Bacon 2021, theorem 1.
    """
    y = np.asarray(outcome, dtype=float)
    periods = np.arange(y.shape[1])
    groups = np.unique(start)
    share = {g: (start == g).mean() for g in groups}
    path = {g: y[start == g].mean(axis=0) for g in groups}
    on = {g: (periods >= g).mean() for g in groups}
    rows = []
    for early in groups:
        for late in groups[groups > early]:
            both = share[early] * share[late]
            before, after = periods < early, periods >= early
            rows.append((both * (on[early] - on[late]) * (1 - on[early]),
                         _double(path[early], path[late], before, after & (periods < late)), False))
            if late != NEVER:
                rows.append((both * on[late] * (on[early] - on[late]),
                             _double(path[late], path[early], after & (periods < late), periods >= late), True))
    found = np.array(rows, dtype=[("weight", float), ("estimate", float), ("forbidden", bool)]).view(np.recarray)
    found.weight /= found.weight.sum()
    return found


def _double(ours, theirs, before, after) -> float:
    gap = ours - theirs
    return gap[after].mean() - gap[before].mean()


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
    an effect (each its own by default), `stratum` the workers that do. Unit: log points; 0.1 is about 10 % more.
    Source: Borusyak, Jaravel & Spiess 2024, in the multiplicative form.
    """
    y, free, chosen = _cells(outcome, start, horizon, period)
    stratum = np.zeros(len(y), dtype=int) if stratum is None else stratum
    kept = _kept(len(y))
    seen, predicted = np.zeros(kept.shape[1]), np.zeros(kept.shape[1])
    for s in np.unique(stratum):
        here = stratum == s
        level, effect = _multiplicative(y[here], free[here], kept[here], period)
        seen += kept[here].T @ (y[here] * chosen[here]).sum(axis=1)
        predicted += (kept[here] * level * (chosen[here] @ effect)).sum(axis=0)
    with np.errstate(divide="ignore", invalid="ignore"):
        return jackknife(np.log(seen / predicted))


def period_effects(outcome: np.ndarray, stratum: np.ndarray | None = None) -> np.ndarray:
    """log of the period factors of worker × period, in column 0, then with one of 20 groups of workers left out.

    What is left of a series once every worker is compared with himself: its composition cannot move it. Shape:
    periods × 21. Unit: log points, up to a constant.
    """
    y = np.asarray(outcome, dtype=float)
    seen = ~np.isnan(y)
    _, effect = _multiplicative(np.where(seen, y, 0.0), seen.astype(float), _kept(len(y)), None)
    with np.errstate(divide="ignore"):
        return np.log(effect)


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


def breakdown(dynamic: np.recarray, last: int) -> float:
    """M̄: how many times the largest step before the beginning the paths could part each period, and still 0 is not in.

    The mean effect of the periods 0 to `last` may be wrong by M̄ × the largest |step| between neighbouring periods
    before the beginning × the mean number of steps. 0 where the interval holds 0 already; nan where nothing is known
    before. Reading: 1 says that a break with the past as large as the worst one seen would undo the finding.
    Source: Rambachan & Roth 2023, relative magnitudes, in a simple form that takes the steps as known.
    """
    before, after = dynamic[dynamic.at < 0], dynamic[(dynamic.at >= 0) & (dynamic.at <= last)]
    known = np.append(before.att, 0.0)          # the base period
    if len(known) < 2 or not len(after):
        return float("nan")
    worst, steps = np.abs(np.diff(known)).max(), (after.at + 1).mean()
    clear = abs(after.att.mean()) - Z * after.se.mean()
    return float(max(clear, 0.0) / (worst * steps)) if worst > 0 else float("inf")
