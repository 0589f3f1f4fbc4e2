"""The exit of the couriers’ platform."""

import pandas as pd
from ibis import _

from analysis.measures.answer import Answer, cut
from analysis.measures.change.dates import event
from analysis.measures.change.registered import REGISTERED
from analysis.models import sensitivity
from analysis.panels import Panels


def courier_exit(panels: Panels) -> Answer:
    """Couriers of the months before February 2018: the share who work in the year after, and their days, as bounds.

    Beside them students with a client other than a platform in the same months. `low` counts the work through Smart
    alone; `high` supposes that everybody who is not seen works elsewhere, at the mean days of those seen (Manski
    1990): the truth lies between. Unit: share, 0–1; declared days a worker. Shape: group × outcome. Pitfall: students
    end their studies; the comparison shows how common that is.
    """
    panels.dataset.need("contracts.function")
    panels.dataset.need("contracts.regime")
    exit_ = event("Deliveroo leaves")
    c = panels.started.mutate(courier=(_.function.fill_null("") == "courier"),
                              student=(_.regime.fill_null("") == "student"))
    c = c.filter(_.month.between(exit_ - REGISTERED.recent, exit_ + REGISTERED.follow - 1))
    f = c.group_by("worker_id").agg(
        courier=((_.month < exit_) & _.courier).any(), student=((_.month < exit_) & _.student).any(),
        days=_.days.sum(where=(_.month >= exit_) & ~_.courier)).execute()
    f["days"] = f["days"].fillna(0.0)
    rows = []
    for group, members in (("couriers", f[f["courier"].astype(bool)]),
                           ("other students", f[f["student"].astype(bool) & ~f["courier"].astype(bool)])):
        if members.empty:
            continue
        seen = members["days"] > 0
        mean = members.loc[seen, "days"].mean() if seen.any() else 0.0
        for outcome, value, best in (("work", 1.0, 1.0), ("days", mean, mean)):
            low, high = sensitivity.manski_bounds(value, float(seen.mean()), 0.0, best)
            rows.append((group, outcome, len(members), low, high))
    frame = pd.DataFrame(rows, columns=["group", "outcome", "workers", "low", "high"])
    return Answer(cut(frame), ("group", "outcome"))
