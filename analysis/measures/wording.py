"""Sentences chosen by the data: what a chapter may conclude, and in which words."""

from analysis.guard import SafeTable


def _years(table: SafeTable, column: str, years: int = 3) -> tuple[float, float] | None:
    """Mean of `column` over the first and over the last `years` of a table by year; None where it is too short."""
    seen = table.frame.dropna(subset=[column]).sort_values("year")[column].astype(float)
    return (seen.head(years).mean(), seen.tail(years).mean()) if len(seen) >= 2 * years else None


def trend(table: SafeTable, column: str, less: str, same: str, more: str, margin: float = 0.05) -> str:
    """`less`, `same` or `more`, by the relative change from the first to the last three years; 5 % is no change."""
    ends = _years(table, column)
    if ends is None:
        return "too few years can be shown to tell a trend"
    change = ends[1] / ends[0] - 1
    return same if abs(change) <= margin else more if change > 0 else less


def state_of_answer(pay: SafeTable) -> str:
    """What may be said about the question as a whole: with invented data, nothing about Smart."""
    if pay.origin == "synthetic":
        return ("No answer yet. This is the study's instrument, tried on an invented world: what follows shows what "
                "can be measured and how, and is no finding about Smart.")
    return ("These pages rest on confidential records and have not been reviewed for release. The chapters on income "
            "and on continuity answer for two parts of the first promise, security; no verdict on the question as a "
            "whole is given yet.")


def income_answer(pay: SafeTable, floor: SafeTable, months: SafeTable, smooth: SafeTable) -> str:
    """The answer of the chapter on income, in three sentences."""
    level = trend(pay, "p50", "fell", "hardly moved", "rose")
    last = floor.frame.dropna(subset=["headcount"]).tail(1)
    below = float(last["headcount"].iloc[0]) if len(last) else None
    if below is None:
        minimum = "How many hours are paid below the minimum cannot be shown."
    elif below < 0.01:
        minimum = "Practically no hour is paid below the national minimum."
    else:
        minimum = f"In the last year {below:.0%} of hours are paid below the national minimum."
    uneven = months.where(clock="cash")
    ends = _years(uneven, "cv")
    degree = "cannot be shown" if ends is None else (
        "is close to regular" if ends[1] < 0.5 else "is uneven" if ends[1] < 1 else "comes in bursts")
    flow = f"Over the twelve months of a year, pay {degree}"
    if smooth.absent:
        flow += "; whether Activities smooth it cannot be told from this dataset."
    else:
        ends = _years(smooth, "smoothing")
        more = ends and ("are paid more evenly than" if ends[1] > 0.05 else "are not paid more evenly than")
        flow += f"; workers with an Activity {more} their clients are billed." if ends else "."
    return f"The middle worker's real pay through Smart {level} between the first and the last years. {minimum} {flow}"


def continuity_answer(empty: SafeTable, lengths: SafeTable, chains: SafeTable) -> str:
    """The answer of the chapter on continuity, in three sentences."""
    gaps = trend(empty, "mean", "fewer months without paid work in the last years than",
                 "about as many months without paid work in the last years as",
                 "more months without paid work in the last years than")
    one_day = lengths.where(at_most=1)
    share = trend(one_day, "share", "a falling", "a steady", "a growing")
    chained = _years(chains, "in_long_chains")
    if chained is None:
        long = "How much work lies in long chains of one-day contracts cannot be shown."
    elif chained[1] < 0.01:
        long = "Long dense chains of one-day contracts with one client carry less than one day of work in a hundred."
    else:
        long = (f"Long dense chains of one-day contracts with one client carry {chained[1]:.0%} of the days that "
                "clients buy, a pattern consistent with a lasting job cut into days and with other things.")
    return (f"A worker with a full year has {gaps} in the first ones. "
            f"One-day contracts are {share} share of all contracts. {long}")


def who_answer(sizes: SafeTable, stay: SafeTable) -> str:
    """The answer of the chapter on who works through Smart, in three sentences."""
    growth = trend(sizes, "workers", "shrank", "stayed about as large", "grew")
    days = trend(sizes, "days_per_worker", "fewer declared days than", "about as many declared days as",
                 "more declared days than")
    short = stay.where(active_years=[1, 2]).frame["share"].astype(float).sum()
    length = "Most" if short > 0.5 else "A minority, though a large one," if short > 0.25 else "A small minority"
    return (f"The number of workers {growth} between the first and the last years. Each of them has {days} at the "
            f"start. {length} of workers are active in no more than two years.")


def interviews_held(corpus: SafeTable) -> str:
    """Whether interviews could speak in a chapter, and that they do not yet."""
    held = corpus.frame.dropna(subset=["interviews"])
    return (f"This dataset holds the codes of {int(held['interviews'].sum())} interviews. They are a strand of their "
            "own, and their findings are not joined to this chapter yet.")


def anchors_held(anchors: SafeTable) -> str:
    """How many of the published figures a dataset meets, and which it misses."""
    shown = anchors.frame.dropna(subset=["value"])
    missed = shown.loc[shown["within"] != "yes", "what"].tolist()
    met = f"Of {len(shown)} anchors that can be computed here, {len(shown) - len(missed)} lie within the tolerance"
    return f"{met}; outside it: {', '.join(missed)}." if missed else f"{met}."
