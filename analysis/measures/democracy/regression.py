"""Which traits go with an act, the others being equal (A-64)."""

import numpy as np
import pandas as pd

from analysis.measures.answer import Answer
from analysis.measures.democracy.acts import FEW, who_acted
from analysis.measures.democracy.traits import TRAITS, with_traits
from analysis.panels import Panels


def logit(frame: pd.DataFrame, traits, by_day: bool):
    """A logit of `acted` on `traits` (and on the days, if asked), errors clustered by worker; None where few act.

    Traits without variation, or with a side that always or never acts, stay out, and so do days on which nobody or
    everybody acts. It takes FEW rows that act, and FEW that do not, for each trait.
    """
    from statsmodels.discrete.discrete_model import Logit

    if by_day:
        frame = frame[frame.groupby("day")["acted"].transform("nunique") == 2]
    told = [t for t in traits if t in frame and frame[t].nunique() > 1 and (
        frame[t].nunique() > 2 or frame.groupby(t)["acted"].nunique().eq(2).all())]
    if not told or min(frame["acted"].sum(), (1 - frame["acted"]).sum()) < FEW * len(told):
        return None
    x = frame[told]
    if by_day:
        x = x.join(pd.get_dummies(frame["day"].astype(str), drop_first=True, dtype="float64"))
    model = Logit(frame["acted"], x.assign(constant=1.0))
    return model.fit(disp=False, cov_type="cluster", cov_kwds={"groups": frame["worker_id"].to_numpy()})


def determinants(panels: Panels, act: str = "attended") -> Answer:
    """A-64. Which traits go with an act of ACTS, the others of TRAITS and the day being equal: a description.

    Logit of the act on traits and days. `ame`: average marginal effect, by how much the chance to act is higher with
    one more of the trait (for yes or no: with it than without), with its 95 % interval `low`, `high`; `log_odds` and
    their standard error `error`; all clustered by worker. Unit: share, 0–1 (log odds: natural logarithm). Shape: trait.
    `workers` counts those who acted. A trait that is not recorded, or does not vary, has no row; values are missing
    where too few act. Reading: none of these is a cause. Who is long a member and comes may have stayed for that.
    """
    frame = with_traits(panels, act, TRAITS)
    fit = logit(frame, TRAITS, by_day=True)
    told = [t for t in TRAITS if t in frame and (fit is None or t in fit.params.index)]
    rows = pd.DataFrame({"trait": told, "one_more": [TRAITS[t][0] for t in told], "workers": who_acted(frame)})
    if fit is None:
        return Answer(rows.assign(**dict.fromkeys(("ame", "low", "high", "log_odds", "error"), np.nan)),
                      ("trait", "one_more"))
    effects = fit.get_margeff(at="overall", dummy=True).summary_frame().loc[told]
    effects = effects.set_axis(["ame", "se", "z", "p", "low", "high"], axis=1)[["ame", "low", "high"]]
    effects = effects.assign(log_odds=fit.params[told], error=fit.bse[told])
    return Answer(rows.join(effects, on="trait"), ("trait", "one_more"))
