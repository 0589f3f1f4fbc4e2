"""Do those who act look like those who could, and are they the better paid? (A-62, A-63)"""

from collections.abc import Callable

import ibis
import numpy as np
import pandas as pd
from ibis import _

from analysis.measures.answer import Answer
from analysis.measures.democracy.acts import ACTS, FEW, choices, recorded_acts, who_acted
from analysis.measures.democracy.regression import logit
from analysis.measures.democracy.resampling import interval, resamples
from analysis.measures.democracy.traits import PERSONAL, with_traits
from analysis.panels import Panels

NORMAL = 1.959963984540054


def group_ratios(panels: Panels, by: str, act: str = "attended") -> Answer:
    """A-62. Share of each group of `by` among those who act, over its share among all who could.

    Members count once for each day on which they could act. Unit: shares 0–1; `ratio` is 1 where a group weighs as much
    among those who act as among those who could. Shape: group. `workers` counts those who acted.
    """
    c = panels.with_traits(choices(panels, act), by)
    c = c.group_by(by).agg(workers=_.worker_id.nunique(where=_.acted == 1), acted=_.acted.sum(), could=_.count())
    everybody = ibis.window()
    c = c.mutate(acting=_.acted / _.acted.sum().over(everybody).nullif(0),
                 all=_.could / _.could.sum().over(everybody))
    return Answer(c.select(by, "workers", "acting", "all", ratio=_.acting / _.all), (by,))


def r_indicator(chances, weights=None) -> float:
    """R = 1 − 2·SD(ρ): 1 where all are as likely to act, 0 where half of them always do and the others never."""
    mean = np.average(chances, weights=weights)
    return 1 - 2 * np.sqrt(np.average((chances - mean) ** 2, weights=weights))


def _estimated_r(fit, workers) -> dict:
    """The R-indicator of the chances that a logit estimates, less what their errors add to it, and its interval."""
    x, y, b = fit.model.exog, fit.model.endog, np.asarray(fit.params)
    chances = fit.predict()
    slopes = (chances * (1 - chances))[:, None] * x
    slopes -= slopes.mean(axis=0)
    noise = ((slopes @ np.asarray(fit.cov_params())) * slopes).sum(axis=1).mean()
    variance, mean = np.var(chances) - noise, chances.mean()

    def refitted(weights):
        again, p = b, chances
        for _step in range(5):                          # Newton's, from the fit of the whole
            curvature = (x * (weights * p * (1 - p))[:, None]).T @ x
            again = again + np.linalg.lstsq(curvature, x.T @ (weights * (y - p)))[0]
            p = 1 / (1 + np.exp(-np.clip(x @ again, -30, 30)))
        return r_indicator(p, weights)

    # On the scale of variances, where the error is the same on both sides: near 0 a spread has no room below it.
    error = NORMAL * np.std([((1 - refitted(weights)) / 2) ** 2 for weights in resamples(workers)])
    spread, least, most = (np.sqrt(max(v, 0.0)) for v in (variance, variance - error, variance + error))
    return {"rate": mean, "r": r_indicator(chances), "adjusted": 1 - 2 * spread, "low": 1 - 2 * most,
            "high": 1 - 2 * least, "lowest": 1 - 2 * np.sqrt(mean * (1 - mean)), "variation": spread / mean}


def representativeness(panels: Panels) -> Answer:
    """A-62. Do those who act look like those who could? R = 1 − 2·SD(ρ̂), ρ̂ from a logit on the traits of PERSONAL.

    `r` as estimated; `adjusted`, less the spread that errors of estimation add: SD² − mean of (z − z̄)′V(z − z̄), with z
    the slope of ρ̂ and V the covariance of the logit, clustered by worker; `low`, `high`, its 95 % interval, from a
    bootstrap of SD² over workers; `rate`, the mean chance; `lowest`, R if some always and all others never
    acted at this rate, 1 − 2√(p̄(1 − p̄)); `variation`, SD ÷ mean chance. Pure numbers. Shape: act. `workers` counts
    those who acted. Pitfall: where few act, R is near 1 whoever they are: compare it with `lowest`, and read
    `variation`. Values are missing where too few act for a logit. Source: Schouten, Cobben & Bethlehem 2009.
    """
    rows = []
    for act in recorded_acts(panels):
        frame = with_traits(panels, act, PERSONAL)
        fit = logit(frame, PERSONAL, by_day=False)
        names = ("rate", "r", "adjusted", "low", "high", "lowest", "variation")
        rows.append({"act": act, "meaning": ACTS[act][0], "workers": who_acted(frame),
                     **(dict.fromkeys(names, np.nan) if fit is None else _estimated_r(fit, frame["worker_id"]))})
    return Answer(pd.DataFrame(rows), ("act", "meaning"))


def _concentration(frame: pd.DataFrame) -> Callable:
    """CI = 2·cov(p, r) ÷ p̄ as a function of the weights of rows; p the act, r the rank of pay on the day."""
    place = frame.groupby(["day", "cents"]).ngroup().to_numpy()     # of the equally paid, the days one after the other
    day = frame.groupby(place)["day"].first().factorize()[0]
    acted = frame["acted"].to_numpy()

    def index(weights) -> float:
        mass = np.bincount(place, weights)
        total = np.bincount(day, mass)
        below = mass.cumsum() - mass - (total.cumsum() - total)[day]
        rank = ((below + mass / 2) / total[day])[place]
        mean = np.average(acted, weights=weights)
        return 2 * np.average((acted - mean) * (rank - 0.5), weights=weights) / mean if mean else np.nan

    return index


def concentration(panels: Panels) -> Answer:
    """A-63. Do the better paid act more? The concentration index CI = 2·cov(p, r) ÷ p̄ over the rank of pay.

    r = (lower paid + ½ equally paid) ÷ n among those who could act on the day, by gross pay through Smart in the twelve
    months before. Unit: pure number between p̄ − 1 and 1 − p̄: 0 where acting does not go with pay, above 0 where the
    better paid act more. `low`, `high`: 95 % interval by bootstrap over workers. `rate` = p̄. Shape: act. `workers`
    counts those who acted. Pitfall: pay through Smart is not the member's income.
    """
    rows = []
    for act in recorded_acts(panels):
        frame = choices(panels, act).select("worker_id", "day", "acted", "cents").order_by("day", "worker_id").execute()
        values = (np.nan,) * 3
        if frame["acted"].sum() >= FEW:
            index = _concentration(frame)
            values = index(np.ones(len(frame))), *interval(index, frame["worker_id"])
        rows.append({"act": act, "meaning": ACTS[act][0], "workers": who_acted(frame), "rate": frame["acted"].mean(),
                     **dict(zip(("index", "low", "high"), values, strict=True))})
    return Answer(pd.DataFrame(rows), ("act", "meaning"))
