"""How the estimators fared in worlds whose truth is known, as `make validate` found: shown in a chapter."""

import re
from pathlib import Path

FILE = Path(__file__).with_name("validation.csv")
CHECKS = {"bias": "off the mark", "coverage": "interval too narrow", "size": "finds what is not there",
          "error": "error too small",
          "sign": "wrong direction", "worse": "further off than the right one"}
REACH = 3         # Monte-Carlo errors on each side of a bias


def measured():
    """One row for each estimator and `role`: right, twin (wrong on purpose), naive.

    name, truth (planted, or realised: what a world holds of it), parameter, mistake (of the twin), known (what it
    honestly fails, in words); `worlds`; `aim` and `mean`, what was to be found and what was, in the mean of the worlds
    with effects; `bias`, their difference over the spread of the estimate, `bias_low` and `bias_high` three Monte-Carlo
    errors off; `coverage` of the 95 % interval with effects and its lower `coverage_limit`; `size`, the share of worlds
    without effects where the interval leaves nothing out wrongly, and its upper `size_limit`; `power`; `ratio`, mean
    standard error over spread; `faults`, the checks that failed, and `caught`, the same in words.
    """
    import pandas as pd

    frame = pd.read_csv(FILE, comment="#").fillna({"faults": "", "known": ""})
    spread = frame["spread_planted"].where(frame["spread_planted"] > 0)
    frame["mean"] = frame["aim"] + frame["bias_planted"]
    frame["bias"], reach = frame["bias_planted"] / spread, REACH * frame["bias_error_planted"] / spread
    frame["bias_low"], frame["bias_high"] = frame["bias"] - reach, frame["bias"] + reach
    frame["caught"] = [", ".join(CHECKS[f] for f in faults.split()) or "none" for faults in frame["faults"]]
    return frame


def setting():
    """How it was tried, in one row: `worlds`, `members` of each, and the first and the last of their seeds."""
    import pandas as pd

    head = FILE.read_text("utf-8").splitlines()[0]
    worlds, members, first, last = (int(n.replace(",", "")) for n in re.findall(r"[\d,]*\d", head)[:4])
    return pd.DataFrame([{"worlds": worlds, "members": members, "first_seed": first, "last_seed": last}])


def known():
    """The estimators that honestly fail a check, with the checks and why."""
    frame = measured()
    return frame[(frame["role"] == "right") & (frame["faults"] != "")].reset_index(drop=True)


def careless():
    """What careless looks find, in the column `careless`, beside the truth and the mean of the estimator."""
    frame = measured().set_index("name")
    looks = frame.loc[frame["role"] == "naive", "mean"].rename("careless")
    return frame[frame["role"] == "right"].join(looks, how="inner").reset_index()
