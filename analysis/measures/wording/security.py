"""Sentences on pay, continuity, protection and enough to live on."""

from analysis.guard import SafeTable
from analysis.measures.wording.trends import first_and_last, trend


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
    ends = first_and_last(uneven, "cv")
    degree = "cannot be shown" if ends is None else (
        "is close to regular" if ends[1] < 0.5 else "is uneven" if ends[1] < 1 else "comes in bursts")
    flow = f"Over the twelve months of a year, pay {degree}"
    if smooth.absent:
        flow += "; whether Activities smooth it cannot be told from this dataset."
    else:
        ends = first_and_last(smooth, "smoothing")
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
    chained = first_and_last(chains, "in_long_chains")
    if chained is None:
        long = "How much work lies in long chains of one-day contracts cannot be shown."
    elif chained[1] < 0.01:
        long = "Long dense chains of one-day contracts with one client carry less than one day of work in a hundred."
    else:
        long = (f"Long dense chains of one-day contracts with one client carry {chained[1]:.0%} of the days that "
                "clients buy, a pattern consistent with a lasting job cut into days and with other things.")
    return (f"A worker with a full year has {gaps} in the first ones. "
            f"One-day contracts are {share} share of all contracts. {long}")


def protection_answer(cover: SafeTable, main: SafeTable, ever: SafeTable, curves: SafeTable) -> str:
    """The answer of the chapter on social protection, in three sentences; `main` is of workers with 75 days a year."""
    ends, busy = first_and_last(cover, "lower"), first_and_last(main, "lower")
    if ends is None:
        months = "In how many months work through Smart alone opens unemployment benefit cannot be shown."
    else:
        amount = "hardly any" if ends[1] < 0.05 else "a minority" if ends[1] < 0.5 else "most"
        more = "" if busy is None else f"; {busy[1]:.0%} for workers with at least 75 declared days"
        months = (f"Work through Smart alone opens unemployment benefit in {amount} of the months "
                  f"({ends[1]:.1%} in the last years{more}), and work elsewhere, not seen here, can only add to it.")
    ends = first_and_last(ever.where(within=36), "lower")
    entrants = "How many entrants are ever covered cannot be shown." if ends is None else (
        f"Of those who entered last, {ends[1]:.0%} were covered by Smart alone at least once within three years.")
    seen = curves.where(event="lost").frame.dropna(subset=["survival"]).sort_values("t")
    lost = seen[seen["survival"].astype(float) <= 0.5]
    if not len(seen):
        return f"{months} {entrants} How long coverage lasts cannot be shown."
    lasts = (f"Half of those who reach it have lost it within {int(lost['t'].iloc[0])} months" if len(lost) else
             f"More than half of those who reach it still have it after {int(seen['t'].iloc[-1])} months")
    return f"{months} {entrants} {lasts}, be it for lack of work or for work elsewhere."


def chance(series: SafeTable) -> str:
    """How far chance could move the middle worker's pay either way, by the bands of the first and the last years."""
    half = series.frame.assign(half=(series.frame["high"] - series.frame["low"]) / (2 * series.frame["value"]))
    seen = half.dropna(subset=["half"]).sort_values("year")["half"].astype(float)
    if len(seen) < 6:
        return "How far chance could move the middle worker's pay cannot be shown."
    first, last = seen.head(3).mean(), seen.tail(3).mean()
    small = "Chance matters little now" if last < 0.05 else "Chance matters" if last < 0.15 else "Chance matters a lot"
    return (f"{small}: in the last years it could move the middle worker's pay by about {last:.0%} either way, "
            f"in the first ones by {first:.0%}.")


def direction_of_years(order: SafeTable) -> str:
    """Whether the months of a year go down or up, by the mean of the last three years."""
    seen = order.frame.dropna(subset=["degradation"]).sort_values("year")["degradation"].astype(float)
    if not len(seen):
        return "Whether years go up or down cannot be shown."
    last = seen.tail(3).mean()
    if abs(last) <= 0.05:
        return "Steps up and steps down balance within a year."
    return "Within a year, work goes down more than up." if last > 0 else "Within a year, work goes up more than down."


def living_answer(below: SafeTable, main: SafeTable, split: SafeTable, many: SafeTable) -> str:
    """The answer of the chapter on what is enough to live on, in three sentences."""
    ends, core = first_and_last(below, "share"), first_and_last(main, "share")
    if ends is None:
        poor = "How many earn less than the poverty line through Smart cannot be shown."
    else:
        poor = f"Smart earnings alone lie below the poverty line for {ends[1]:.0%} of all workers in the last years"
        poor += "." if core is None else f", and for {core[1]:.0%} of those with at least 75 declared days."
    parts = (first_and_last(split, "pay"), first_and_last(split, "time"))
    if None in parts:
        cause = "Whether pay or time is what lacks cannot be shown."
    else:
        pay, time = parts[0][1], parts[1][1]
        cause = ("What lacks is time: an hour is paid more than the line asks." if pay >= 0 > time else
                 "What lacks is pay: the hours are there." if time >= 0 > pay else
                 "Time lacks more than pay does." if time < pay else "Pay lacks more than time does.")
    last = first_and_last(many, "h")
    if last is None:
        several = "How many lack several things at once cannot be shown."
    else:
        change = trend(many, "m0", "less than", "about as much as", "more than")
        several = (f"Of workers with at least 75 declared days, {last[1]:.0%} lack at least a third of what is looked "
                   f"at; together with how much each of them lacks, that is {change} in the first years.")
    return f"{poor} {cause} {several}"
