"""What panels cost, as `bench/panels.py` measured it on one machine: figures to show, not to rely on."""

from pathlib import Path

FILE = Path(__file__).with_name("costs.csv")
NAMES = {"ours": "this book", "sql": "SQL by hand", "polars": "polars", "pandas": "pandas"}


def measured():
    """CPU seconds, seconds and peak gigabytes of seven panels together, by number of contracts and language.

    `times` is the CPU time relative to SQL written by hand at the same size, `hours` what a thousand million contracts
    would take at the same pace, `exponent` the power of the number of contracts by which the CPU time has grown since
    the size before.
    """
    import numpy as np
    import pandas as pd

    frame = pd.read_csv(FILE, comment="#")
    by_hand = frame[frame["engine"] == "sql"].set_index("size")["cpu"]
    frame["times"] = frame["cpu"] / frame["size"].map(by_hand)
    million = frame["size"].str.split().str[0].astype(int)
    before = frame.groupby("engine")[["cpu"]].shift().assign(million=million.groupby(frame["engine"]).shift())
    frame["exponent"] = np.log(frame["cpu"] / before["cpu"]) / np.log(million / before["million"])
    frame["hours"] = frame["wall"] * 1_000 / million / 3_600
    frame["engine"] = frame["engine"].map(NAMES)
    return frame
