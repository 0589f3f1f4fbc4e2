"""What good work means in eight frameworks, and what these records can show of each dimension (S-60).

The frameworks and their dimensions are those of the sources; what is `seen` is the reading of the authors of this book.
"""

from pathlib import Path

import pandas as pd

SEEN = ("yes", "in part", "no")


def crosswalk() -> pd.DataFrame:
    """One row per dimension: framework, source (key of references.bib, or empty), dimension, seen, shows, cannot."""
    return pd.read_csv(Path(__file__).with_name("frameworks.csv"), dtype="str", keep_default_na=False)


def summary() -> pd.DataFrame:
    """How many dimensions of each framework the records show, show in part, and do not show; and of all together."""
    table = crosswalk()
    counts = pd.crosstab(table["framework"], table["seen"])[list(SEEN)].loc[table["framework"].unique()]
    counts.loc["all together"] = counts.sum()
    counts.insert(0, "dimensions", counts.sum(axis=1))
    return counts.rename_axis(None, axis=1).reset_index()
