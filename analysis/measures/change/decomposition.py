"""A change of pay in two parts: other people, and the same kinds of people with another pay."""

import numpy as np
import pandas as pd
from ibis import _

from analysis.measures.answer import Answer, cut
from analysis.measures.change.dates import event, last_calm
from analysis.models import composition as mix
from analysis.panels import Panels


def composition(panels: Panels, by: str = "profession") -> Answer:
    """Change of a worker's mean real pay of a year, two years before the cooperative against the last two.

    Kitagawa: the part of other shares of the groups and the part of other means in them, which add up to the change.
    `reweighted median`: change of the median if the mix of groups had stayed (DiNardo, Fortin & Lemieux); beside
    `median`, its change as it was. Unit: EUR a year, prices of the last year. Shape: part. Groups: `by`.
    """
    y = panels.with_traits(panels.population("P0"), by).select("worker_id", "year", group=by, pay=_.real_cents / 100)
    f = y.execute().sort_values(["year", "worker_id"], ignore_index=True)
    cooperative = event("Cooperative") // 12
    before = f[f["year"].isin([cooperative - 3, cooperative - 2])]
    calm = f.loc[f["year"] * 12 + 11 <= last_calm(panels), "year"].max() if len(f) else np.nan
    after = f[f["year"].isin([calm - 1, calm]) & (f["year"] >= cooperative)]
    columns = ["part", "workers", "value"]
    if before.empty or after.empty:
        return Answer(pd.DataFrame(columns=columns), ("part",))
    groups = sorted({*before["group"], *after["group"]})
    shares = [side["group"].value_counts(normalize=True).reindex(groups, fill_value=0) for side in (before, after)]
    means = [side.groupby("group")["pay"].mean().reindex(groups, fill_value=0) for side in (before, after)]
    moved, within = mix.kitagawa(shares[0], means[0], shares[1], means[1])
    weight = mix.reweighting(before["group"].to_numpy(), after["group"].to_numpy())
    ends = [mix.weighted_quantile(side["pay"].to_numpy(), w, 0.5) for side, w in (
        (before, np.ones(len(before))), (after, np.ones(len(after))), (after, weight))]
    parts = {"change of the mean": moved + within, "other people": moved, "same kinds of people": within,
             "change of the median": ends[1] - ends[0], "change of the median, mix as before": ends[2] - ends[0]}
    workers = min(before["worker_id"].nunique(), after["worker_id"].nunique())
    frame = pd.DataFrame({"part": list(parts), "workers": workers, "value": list(parts.values())})
    return Answer(cut(frame), ("part",))
