"""Findings as columns of a table."""

import numpy as np
import pandas as pd

from analysis.measures.answer import cut
from analysis.models import eventstudy, sensitivity

SEARCHED_DIGITS = 3      # of what comes from a search that stops near its goal


def level_and_slope(change) -> dict:
    """Level and slope of a change with their 95 % intervals, as columns."""
    columns = {}
    for name in ("level", "slope"):
        value = getattr(change, name, np.nan)
        error = getattr(change, f"{name}_se", np.nan)
        ends = ("low", "high") if name == "level" else ("slope_low", "slope_high")
        columns |= {name: value, ends[0]: value - eventstudy.Z * error, ends[1]: value + eventstudy.Z * error}
    return columns


def estimates(rows, keys) -> pd.DataFrame:
    """Rows of (*keys, workers, value, se) with 95 % ends of a jackknife, robustness value and detectable size."""
    f = pd.DataFrame(rows, columns=[*keys, "workers", "value", "se"])
    reach = eventstudy.REACH * f["se"]
    f["low"], f["high"] = f["value"] - reach, f["value"] + reach
    known = (f["se"] > 0) & (f["workers"] > 2)
    f["rv"] = [sensitivity.robustness_value(v / e, int(n) - 1)[1] if k else np.nan
               for v, e, n, k in zip(f["value"], f["se"], f["workers"], known, strict=True)]
    f["detectable"] = sensitivity.detectable(f["se"])
    return cut(f.drop(columns="se"))
