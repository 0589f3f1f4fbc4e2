"""Kaplan–Meier from counts by duration, as an engine sums them up."""

import pandas as pd


def remaining(leaving: pd.Series) -> list:
    """How many are still followed just before each time, and 0 after the last, from the numbers `leaving` at each."""
    return [*leaving[::-1].cumsum()[::-1], 0]


def survival(events: pd.Series, leaving: pd.Series) -> list[float]:
    """1, then S after each time: S(t) = Π_{u ≤ t} (1 − events_u ÷ at risk_u), of all that are `leaving` later or then.

    Both by time, in its order; who leaves without an event is censored.
    """
    return [1.0, *(1 - events.astype(float) / leaving.astype(float)[::-1].cumsum()[::-1]).cumprod()]


def curve(counts: pd.DataFrame, times, followed: dict[str, str], lasting: dict[str, tuple[str, str]]) -> pd.DataFrame:
    """The life table `counts` (t, and numbers by it, in the order of t) read at the `times`.

    Columns: t; those of `followed`, how many of a column are followed for longer than t; those of `lasting`, the share
    without the event after t, of (events, leaving).
    """
    place = counts["t"].searchsorted(list(times), side="right")
    columns = {name: remaining(counts[column]) for name, column in followed.items()}
    columns |= {name: survival(counts[events], counts[leaving]) for name, (events, leaving) in lasting.items()}
    return pd.DataFrame({"t": list(times), **{name: [c[n] for n in place] for name, c in columns.items()}})
