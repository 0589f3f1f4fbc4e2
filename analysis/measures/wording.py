"""Sentences chosen by the data: what a chapter may conclude, and in which words."""

import math

from analysis.guard import SafeTable
from analysis.measures.misuse import named


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


def space_answer(quadrants: SafeTable, flows: SafeTable) -> str:
    """The answer of the chapter on the space of security and autonomy, in three sentences."""
    both, safe, free, neither = "secure and autonomous", "secure, dependent", "autonomous, insecure", "neither"
    ends = {}
    for name in (both, safe, free, neither):
        ends[name] = _years(quadrants.where(quadrant=name), "share")
    known = {name: value for name, value in ends.items() if value}
    if not known:
        place = "Too few workers can be shown to say where they stand."
        change = "Whether that changed cannot be said either."
    else:
        largest = max(known, key=lambda name: known[name][1])
        place = (f"In the last years, the largest group of workers is {_QUARTERS[largest]} "
                 f"({known[largest][1]:.0%} of those with three months of pay).")
        if both in known:
            first, last = known[both]
            word = "grew" if last - first > 0.02 else "shrank" if first - last > 0.02 else "hardly changed"
            change = f"The share of those who are both secure and autonomous {word}: {first:.0%}, then {last:.0%}."
        else:
            change = "How many are both secure and autonomous cannot be shown."
    stays = flows.frame.query("before == @both and after == @both")["share"].dropna()
    if len(stays):
        stay = "most of them are still there" if stays.iloc[0] > 0.5 else "most of them are no longer there"
        later = f"A year later, {stay} ({stays.iloc[0]:.0%})."
    else:
        later = "Whether people stay there from one year to the next cannot be shown."
    return f"{place} {change} {later}"


_QUARTERS = {
    "secure and autonomous": "secure and autonomous", "secure, dependent": "secure but dependent",
    "autonomous, insecure": "autonomous but insecure", "neither": "neither secure nor autonomous",
}


def _latest(table: SafeTable, column: str, time: str):
    """The last row of `table` in which `column` is known; None where there is none."""
    seen = table.frame.dropna(subset=[column]).sort_values(time)
    return seen.iloc[-1] if len(seen) else None


def _side(low, high, above: str, below: str, neither: str) -> str:
    """Which side of 0 an interval lies on, in words."""
    return above if low > 0 else below if high < 0 else neither


def ownership_said(owned: SafeTable) -> str:
    """How many hold a share because they must, and how many more than that."""
    last = _latest(owned, "extra", "year")
    if last is None:
        return "How many members hold shares cannot be shown."
    return (f"At the end of the last year, {last['owners']:.0%} of the members whom the rule asks for a share hold "
            f"one, which is the rule, and {last['extra']:.0%} hold more than it asks, which is a choice.")


def regulars_said(times: SafeTable) -> str:
    """Whether assemblies are made of the same people more than chance would have it."""
    often = times.where(times=2).frame.dropna(subset=["share", "chance", "error"])
    if not len(often):
        return "How many come again and again cannot be shown: they are none, or too few."
    share, chance, error = (float(often[c].iloc[0]) for c in ("share", "chance", "error"))
    word = _side(share - chance - 2 * error, share - chance + 2 * error, "more than", "fewer than",
                 "which cannot be told from")
    return (f"Of the members who could come at least twice, {share:.1%} came twice or more, {word} the {chance:.1%} "
            "there would be if everybody were as likely to come each time.")


def alike_said(alike: SafeTable) -> str:
    """How much the chances to come to an assembly differ between members, as their recorded traits tell them."""
    rows = alike.where(act="attended").frame.dropna(subset=["low", "high", "rate"])
    if not len(rows):
        return "Whether those who come look like the others cannot be told: too few come."
    rate, variation, low, high = (float(rows[c].iloc[0]) for c in ("rate", "variation", "low", "high"))
    least, most = (1 - high) / (2 * rate), (1 - low) / (2 * rate)
    word = "differ" if least > 0.01 else "are not shown to differ"
    return (f"By what is recorded of them, the chances of members to come {word}: their typical distance from the mean "
            f"chance is estimated at {variation:.0%} of it, and lies between {least:.0%} and {most:.0%}.")


def _traits_said(traits: SafeTable, act: str) -> str:
    seen = traits.frame.dropna(subset=["low", "high"])
    if not len(seen):
        return "Which traits go with it cannot be told: too few members do it."
    more, less = seen.loc[seen["low"] > 0, "one_more"].tolist(), seen.loc[seen["high"] < 0, "one_more"].tolist()
    told = [f"more often by those {', by those '.join(more)}"] if more else []
    told += [f"less often by those {', by those '.join(less)}"] if less else []
    if not told:
        return f"With the rest equal, no recorded trait clearly goes with {act}."
    rest = " For the other traits no difference can be told." if len(more) + len(less) < len(seen) else ""
    return f"With the rest equal, {act} is done {'; '.join(told)}.{rest}"


def coming_said(traits: SafeTable) -> str:
    """Which recorded traits go with coming to an assembly."""
    return _traits_said(traits, "coming to an assembly")


def extra_said(traits: SafeTable) -> str:
    """Which recorded traits go with holding more shares than the rule asks."""
    return _traits_said(traits, "holding more shares than the rule asks")


def leaving_said(left: SafeTable) -> str:
    """Whether members who came to an assembly left less than equally senior ones who did not."""
    rows = left.where(who="difference").frame.dropna(subset=["low", "high"])
    if not len(rows):
        return "Whether those who come leave less cannot be told: too few come."
    low, high = float(rows["low"].iloc[0]), float(rows["high"].iloc[0])
    word = _side(low, high, "left more often in the year after than", "left less often in the year after than",
                 "did not leave more or less often, as far as these numbers can tell, than")
    return (f"Members who came to an assembly {word} equally senior members who stayed away. "
            "Those who come choose to come, so that this says nothing about what an assembly does.")


def democracy_answer(owned: SafeTable, came: SafeTable, traits: SafeTable, pay: SafeTable) -> str:
    """The answer of the chapter on a say in the cooperative, in three sentences."""
    last = _latest(came.where(among="active", act="attended"), "rate", "time")
    if last is None:
        presence = "How many active members come to an assembly cannot be shown."
    else:
        word = "Few" if last["rate"] < 0.05 else "A minority of" if last["rate"] < 0.5 else "Most"
        presence = f"{word} active members come to an assembly: {last['rate']:.1%} to the last one that can be shown."
    senior = traits.where(trait="tenure").frame.dropna(subset=["low", "high"])
    paid = pay.where(act="attended").frame.dropna(subset=["low", "high"])
    parts = [_side(float(r["low"].iloc[0]), float(r["high"].iloc[0]), *words) for r, words in (
        (senior, ("those long a member come more often", "those long a member come less often",
                  "no difference can be told between old and new members")),
        (paid, ("the better paid come more often", "the less paid come more often",
                "no difference can be told between the better and the less paid"))) if len(r)]
    who = (f"Among them {', and '.join(parts)}; this says who comes, and not why." if parts
           else "Who comes cannot be told: too few do.")
    return f"{ownership_said(owned)} {presence} {who}"


def protection_answer(cover: SafeTable, main: SafeTable, ever: SafeTable, curves: SafeTable) -> str:
    """The answer of the chapter on social protection, in three sentences; `main` is of workers with 75 days a year."""
    ends, busy = _years(cover, "lower"), _years(main, "lower")
    if ends is None:
        months = "In how many months work through Smart alone opens unemployment benefit cannot be shown."
    else:
        amount = "hardly any" if ends[1] < 0.05 else "a minority" if ends[1] < 0.5 else "most"
        more = "" if busy is None else f"; {busy[1]:.0%} for workers with at least 75 declared days"
        months = (f"Work through Smart alone opens unemployment benefit in {amount} of the months "
                  f"({ends[1]:.1%} in the last years{more}), and work elsewhere, not seen here, can only add to it.")
    ends = _years(ever.where(within=36), "lower")
    entrants = "How many entrants are ever covered cannot be shown." if ends is None else (
        f"Of those who entered last, {ends[1]:.0%} were covered by Smart alone at least once within three years.")
    seen = curves.where(event="lost").frame.dropna(subset=["survival"]).sort_values("t")
    lost = seen[seen["survival"].astype(float) <= 0.5]
    if not len(seen):
        return f"{months} {entrants} How long coverage lasts cannot be shown."
    lasts = (f"Half of those who reach it have lost it within {int(lost['t'].iloc[0])} months" if len(lost) else
             f"More than half of those who reach it still have it after {int(seen['t'].iloc[-1])} months")
    return f"{months} {entrants} {lasts}, be it for lack of work or for work elsewhere."


def weekends_said(weeks: SafeTable) -> str:
    """Whether work on weekends changed within trades, or because the trades changed; 2 points are no change."""
    raw, same, error = (_years(weeks, column) for column in ("weekend", "adjusted", "error"))
    if raw is None or same is None or error is None:
        return "Too few years can be shown to tell whether work on weekends changed."
    told = (f"Between the first and the last years the share of weekend days went from {raw[0]:.0%} to {raw[1]:.0%}; "
            f"with the trades in constant proportion, from {same[0]:.0%} to {same[1]:.0%}.")
    least = max(0.02, 2 * (error[0] ** 2 + error[1] ** 2) ** 0.5)
    if abs(same[1] - same[0]) > least:
        return f"{told} Weeks changed within trades."
    if abs(raw[1] - raw[0]) > least:
        return f"{told} The trades changed, and not their weeks."
    return f"{told} Neither moved by more than could be chance."


def pauses_said(pauses: SafeTable) -> str:
    """Whether the pauses of members with an Activity begin after good months, after poor ones, or as months come."""
    rows = pauses.where(tool="with an Activity").frame.dropna(subset=["after_high"])
    if not len(rows):
        return "How the pauses of members with an Activity begin cannot be shown."
    row = rows.iloc[0]
    good, poor = row["after_high"] - row["usual_high"] > 0.03, row["after_low"] - row["usual_low"] > 0.03
    read = {(True, False): "More than usual follow good months, as planned pauses would.",
            (False, True): "More than usual follow poor months, as forced pauses would, and as pauses do that cut the "
                           "month before them short.",
            (True, True): "More than usual follow good months, and more than usual follow poor ones: there are both.",
            (False, False): "They follow good and poor months no more often than such months occur."}[good, poor]
    return (f"Of the pauses of members with an Activity, {row['after_high']:.0%} follow a month billed high and "
            f"{row['after_low']:.0%} one billed low; if pauses began in any month, it would be {row['usual_high']:.0%} "
            f"and {row['usual_low']:.0%}. {read}")


def notice_said(notice: SafeTable) -> str:
    """How early contracts are entered: a sentence of the answer on time, tools and projects."""
    late, ahead = _years(notice, "retroactive"), _years(notice, "week_ahead")
    if late is None or ahead is None:
        return "How early contracts are entered cannot be shown."
    change = trend(notice, "retroactive", "fewer than", "about as many as", "more than", margin=0.25)
    return (f"In the last years {ahead[1]:.0%} of contracts are entered a week or more before they begin and "
            f"{late[1]:.0%} after they have begun, {change} in the first ones.")


def activities_said(use: SafeTable, held: SafeTable) -> str:
    """What Activities carry and hold: a sentence of the answer on time, tools and projects."""
    share, months = _years(use, "share_of_pay"), _years(held, "median")
    carried = "How much pay goes through Activities cannot be shown" if share is None else (
        f"Activities carry {share[1]:.0%} of pay in the last years, after {share[0]:.0%} in the first")
    if months is None:
        return f"{carried}; what they hold cannot be shown."
    kept = "less than a month" if months[1] < 1 else "one to three months" if months[1] < 3 else "three months or more"
    return f"{carried}; at the end of a year the middle owner has {kept} of the own pay left on the account."


def stops_said(stops: SafeTable, back: SafeTable) -> str:
    """How many stop for a year, and how many of them come back: a sentence of the answer."""
    share, again = (_years(t.where(exit="reason not recorded"), c) for t, c in ((stops, "share"), (back, "back")))
    if share is None:
        return "How many workers stop for a year or more cannot be shown."
    told = (f"Of the workers of a year, {share[1]:.0%} stop for twelve months or more after a contract that was not a "
            "student's, and the tables do not tell why")
    return f"{told}." if again is None else f"{told}; {again[1]:.0%} of them are back within three years."


def pay_promise_said(lag: SafeTable) -> str:
    """Whether workers were paid within the seven working days of the promise, in the last year that can be told."""
    late = lag.frame.dropna(subset=["late"]).sort_values("year").tail(1)
    if late.empty:
        return "Whether workers are paid within seven working days cannot be shown."
    year, share = int(late["year"].iloc[0]), float(late["late"].iloc[0])
    if share < 0.005:
        return f"In {year} practically every contract was paid within the seven working days that Smart promises."
    return f"In {year}, {share:.1%} of contracts were paid later than the seven working days that Smart promises."


def delay_gaps_said(gaps: SafeTable) -> str:
    """Whether public and large clients pay later than others, by the interval of each difference."""
    told = []
    for row in gaps.frame.dropna(subset=["gap"]).to_dict("records"):
        times = (f"the middle one {row['days']:.0f} days after the invoice, the middle one of the others "
                 f"{row['days_others']:.0f} days")
        than = "later" if row["low"] > 0 else "sooner" if row["high"] < 0 else ""
        name = row["contrast"][0].upper() + row["contrast"][1:]
        told.append(f"{name} pay {than} than others: {times}." if than else
                    f"{name} pay neither clearly later nor clearly sooner than others: {times}.")
    return " ".join(told) or "Whether some clients pay later than others cannot be shown."


def guarantee_worth_said(worth: SafeTable) -> str:
    """What the guarantee adds to a year's pay, against the fee, and how that changes for who fears bad months."""
    seen = worth.frame.dropna(subset=["lost"]).set_index("gamma")
    if seen.empty:
        return "What the guarantee is worth to workers cannot be shown."
    cover = (seen["lost"] + seen["premium"]).astype(float)
    mean = float(seen["lost"].iloc[0])
    told = (f"The pay that clients would have left unpaid is {mean:.0f} euros in a year of a worker, of "
            f"{float(seen['pay'].iloc[0]):,.0f} euros paid; Smart's fee on the same invoices is "
            f"{float(seen['fee'].iloc[0]):.0f} euros, and buys much besides.")
    most = cover.iloc[-1]
    if abs(most - mean) <= 0.1 * abs(mean):
        return f"{told} To somebody who fears bad months, being covered is worth about as much."
    if most > mean:
        return f"{told} To somebody who fears bad months, being covered is worth more than that: {most:.0f} euros."
    return (f"{told} To somebody who fears bad months, being covered is worth less than that, {most:.0f} euros, for a "
            "contract is lost in a month that is better than most.")


def transfer_said(concentration: SafeTable) -> str:
    """Whether the guarantee shifts money between the lower and the higher paid, by the interval of the difference."""
    row = concentration.where(of="transfer").frame.dropna(subset=["index"])
    if row.empty:
        return "Whether the guarantee shifts money between low and high pay cannot be shown."
    low, high = float(row["low"].iloc[0]), float(row["high"].iloc[0])
    if low > 0:
        return "Set against an equal levy on every invoice, the guarantee shifts money to the lower paid."
    if high < 0:
        return "Set against an equal levy on every invoice, the guarantee shifts money to the higher paid."
    return ("Set against an equal levy on every invoice, the guarantee shifts no money between low and high pay that "
            "could be told from chance.")


def paid_on_time_answer(lag: SafeTable, ahead: SafeTable, losses: SafeTable, concentration: SafeTable) -> str:
    """The answer of the chapter on payment, in three sentences."""
    first, ratio = _years(ahead, "first"), _years(losses.where(clock="written off"), "ratio")
    waits = "How often clients pay after the worker cannot be shown" if first is None else (
        f"In the last years the client had not yet paid for {first[1]:.0%} of contracts on the day the worker was paid")
    lost = "what they never pay cannot be shown" if ratio is None else (
        f"of every 1,000 euros billed, {1000 * ratio[1]:.0f} were written off")
    return f"{pay_promise_said(lag)} {waits}; {lost}. {transfer_said(concentration)}"


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
    ends, core = _years(below, "share"), _years(main, "share")
    if ends is None:
        poor = "How many earn less than the poverty line through Smart cannot be shown."
    else:
        poor = f"Smart earnings alone lie below the poverty line for {ends[1]:.0%} of all workers in the last years"
        poor += "." if core is None else f", and for {core[1]:.0%} of those with at least 75 declared days."
    parts = (_years(split, "pay"), _years(split, "time"))
    if None in parts:
        cause = "Whether pay or time is what lacks cannot be shown."
    else:
        pay, time = parts[0][1], parts[1][1]
        cause = ("What lacks is time: an hour is paid more than the line asks." if pay >= 0 > time else
                 "What lacks is pay: the hours are there." if time >= 0 > pay else
                 "Time lacks more than pay does." if time < pay else "Pay lacks more than time does.")
    last = _years(many, "h")
    if last is None:
        several = "How many lack several things at once cannot be shown."
    else:
        change = trend(many, "m0", "less than", "about as much as", "more than")
        several = (f"Of workers with at least 75 declared days, {last[1]:.0%} lack at least a third of what is looked "
                   f"at; together with how much each of them lacks, that is {change} in the first years.")
    return f"{poor} {cause} {several}"


def clients_stay(once: SafeTable, tenure: SafeTable) -> str:
    """How many new clients buy once, and how many stay a year: a sentence of the answer on the clients' side."""
    single = once.where(silence=18).frame.dropna(subset=["once"])
    year = tenure.where(silence=18, t=12).frame.dropna(subset=["survival"])
    if not len(single) or not len(year):
        return "How long new clients go on buying cannot be shown."
    return (f"Of new clients, {float(single['once'].iloc[0]):.0%} buy once and are not seen again, and "
            f"{float(year['survival'].iloc[0]):.0%} are still clients after a year.")


def concentration_said(concentration: SafeTable) -> str:
    """What the ten largest clients bring, and whether it moves: a sentence of the answer on the clients' side."""
    ends = _years(concentration, "cr10")
    if ends is None:
        return "How much the ten largest clients bring cannot be shown."
    change = trend(concentration, "cr10", "a smaller share than", "about the same share as", "a larger share than")
    return (f"The ten largest clients together bring {ends[1]:.0%} of what is billed in the last years, {change} in "
            "the first ones.")


def cost_said(alternatives: SafeTable) -> str:
    """Whether Smart is dearer than other forms of work, where the assumptions leave no doubt."""
    told = []
    for name, words in (("direct hire", "a direct hire"), ("agency worker", "an agency worker"),
                        ("self-employed", "the quote of a self-employed worker")):
        rows = alternatives.where(alternative=name).frame.dropna(subset=["ratio"]).sort_values("year")
        if len(rows):
            low, high = (float(rows[c].iloc[-1]) for c in ("ratio_low", "ratio_high"))
            than = "dearer" if low > 1 else "cheaper" if high < 1 else "neither clearly dearer nor cheaper"
            told.append(f"{than} than {words}")
    if not told:
        return "What other forms of work would cost a client cannot be shown."
    listed = told[0] if len(told) == 1 else f"{', '.join(told[:-1])} and {told[-1]}"
    return f"Under the assumptions of this page, a day through Smart is {listed}."


def clients_answer(once: SafeTable, tenure: SafeTable, concentration: SafeTable, alternatives: SafeTable) -> str:
    """The answer of the chapter on the clients' side, in three sentences."""
    return " ".join([clients_stay(once, tenure), concentration_said(concentration), cost_said(alternatives)])


def price_identity(parts: SafeTable) -> str:
    """Whether the parts of a price add up to it, as Smart's own rule says."""
    rest = parts.frame.dropna(subset=["rest"])["rest"].astype(float)
    if not len(rest):
        return "Whether the parts add up to the price cannot be shown."
    if rest.abs().max() < 0.01:
        return "In every year the parts add up to the price, to within a cent a day."
    return f"In some years the parts do not add up to the price: up to {rest.abs().max():,.2f} euros a day remain."


def pay_shift_said(parts: SafeTable) -> str:
    """Whether pay per day moved because sectors pay differently, or because other sectors buy."""
    eur = parts.frame.dropna(subset=["eur"]).set_index("part")["eur"].astype(float)
    if not len(eur):
        return "What moved pay per day cannot be shown."
    within, between, change = (eur[n] for n in (
        "pay in the sectors (within)", "mix of sectors (between)", "change in all"))
    moved = f"Between the first and the last years, real pay per day bought by clients moved by {change:+,.0f} euros"
    if abs(within) > 2 * abs(between):
        return f"{moved}, mostly because the sectors pay differently than they did."
    if abs(between) > 2 * abs(within):
        return f"{moved}, mostly because other sectors buy."
    return f"{moved}; other pay in the sectors and other sectors both have their part."


def arrivals_said(arrivals: SafeTable) -> str:
    """How many new clients begin with a whole team of exclusive workers."""
    rows = arrivals.where(within=1)
    new, teams = (rows.where(step=s).frame.dropna(subset=["clients"]) for s in (
        "1. new clients", "4. of these, half-time or more"))
    if not len(new) or not len(teams):
        return "So few clients begin with a whole team that their number cannot be shown."
    n, of = int(teams["clients"].iloc[0]), int(new["clients"].iloc[0])
    begin = "begins" if n == 1 else "begin"
    return f"Of {of:,} new clients, {n:,} {begin} with a team that works for hardly anybody else, half-time or more."


def _fullest(table: SafeTable) -> SafeTable:
    """The rows of the view of invoices, which sees Activities too; those of pay where there are none."""
    billed = table.where(view="invoice")
    return billed if len(billed.frame) else table.where(view="pay")


def hold_said(concentration: SafeTable) -> str:
    """How many workers have a dominant client in the last years, and whether more than in the first ones."""
    rows = _fullest(concentration)
    ends = _years(rows, "dominant")
    if ends is None:
        return "How many workers have a dominant client can be shown for too few years to say."
    change = trend(rows, "dominant", "fewer than", "about as many as", "more than")
    return (f"In the last years {ends[1]:.0%} of workers with at least twenty declared days had three quarters or more "
            f"of their year from one client, {change} in the first ones.")


def dissolve_said(mobility: SafeTable) -> str:
    """How often a dominant client has stopped dominating two years on."""
    rows = _fullest(mobility).frame.dropna(subset=["dissolved", "gone"])
    if not len(rows):
        return "Whether such a position dissolves cannot be shown."
    left, gone = float(rows["dissolved"].iloc[0]), float(rows["gone"].iloc[0])
    pace = "seldom dissolves" if left < 0.25 else "often dissolves" if left < 0.5 else "mostly dissolves"
    return (f"Among those who still work through Smart two years on, such a position {pace} ({left:.0%}); "
            f"{gone:.0%} of those who held it have hardly any work through Smart by then, for reasons not seen here.")


def loss_said(losses: SafeTable) -> str:
    """What is left of a worker's pay after the loss of a dominant client, against those who keep theirs."""
    middle = _fullest(losses).frame.dropna(subset=["p50"]).set_index("tie")["p50"].astype(float)
    if not {"lost", "kept"} <= set(middle.index):
        return "What follows the loss of a dominant client cannot be shown."
    after = f"leaves the middle worker {middle['lost']:.0%} of the pay of the year before"
    if middle["lost"] >= 0.9 * middle["kept"]:
        return f"The loss of a dominant client {after}, hardly less than where the client stays ({middle['kept']:.0%})."
    return f"The loss of a dominant client {after}, against {middle['kept']:.0%} where the client stays."


def dependence_answer(concentration: SafeTable, mobility: SafeTable, losses: SafeTable) -> str:
    """The answer of the chapter on clients and dependence, in three sentences."""
    return " ".join([hold_said(concentration), dissolve_said(mobility), loss_said(losses)])


def price_setting_said(growth: SafeTable) -> str:
    """Whether staying with a client raises the price as fast as finding new ones."""
    g = growth.frame.dropna(subset=["slope", "low", "high"])
    what = "price" if (g["amount"] == "price").any() else "pay"
    g = g[g["amount"] == what].set_index("tie")
    if not {"same client", "new clients"} <= set(g.index):
        return "How the price of a day grows cannot be shown."
    same, new = g.loc["same client"], g.loc["new clients"]
    apart = abs(same["slope"] - new["slope"]) > ((same["high"] - same["low"]) ** 2
                                                 + (new["high"] - new["low"]) ** 2) ** 0.5 / 2
    faster = "faster" if same["slope"] > new["slope"] else "more slowly"
    compared = f"{faster} than" if apart else "at no clearly different pace from"
    named = {"price": "the real price of a day", "pay": "real pay per day"}[what]
    return (f"With the same client {named} moves by {same['slope']:+.1%} a year, {compared} what the same worker gets "
            f"from one new client after another ({new['slope']:+.1%}).")


def patterns_said(often: SafeTable) -> str:
    """Which pattern holds most of the declared days that its detector judges, with its bounds."""
    rows = often.frame.dropna(subset=["share_of_days", "share_of_days_low", "share_of_days_high"])
    if not len(rows):
        return "How much work is consistent with the patterns cannot be shown."
    shares = ["share_of_days_low", "share_of_days", "share_of_days_high"]
    rows = rows.astype(dict.fromkeys(shares, float)).sort_values(["share_of_days", "detector"])
    most = rows.iloc[-1]
    if most["share_of_days"] == 0:
        return "No declared day that can be judged is consistent with any of the patterns."
    low, middle, high = (f"{most[c]:.1%}" for c in shares)
    return (f"The most common pattern, {named(most['detector'])}, holds {middle} of the declared days that can be "
            f"judged for it, between {low} with stricter and {high} with looser parameters.")


def floor_bunching_said(floor: SafeTable) -> str:
    """Whether pay sits at the wage floor more than a smooth curve would have it, in the last years."""
    rows = floor.frame.dropna(subset=["excess", "low", "high", "at_floor"])
    if not len(rows):
        return "Whether pay sits at the legal minimum cannot be shown."
    last = rows.iloc[-1]
    share = f"{last['at_floor']:.1%} of contracts with hours are paid at the legal minimum"
    if last["low"] > 0:
        return f"In the last years {share}, more than a smooth spread of pay would put there."
    return f"In the last years {share}, no more than a smooth spread of pay may put there."


def days_bunching_said(days: SafeTable) -> str:
    """At how many of the thresholds of benefit work stops more often than around them."""
    rows = days.frame.dropna(subset=["excess", "low", "high"]).astype({"placebo": float})
    if not len(rows):
        return "Whether work stops just above the days that open benefit cannot be shown."
    above = sorted(rows.loc[(rows["low"] > 0) & (rows["excess"] > rows["placebo"].abs()), "rule"].astype(int))
    if not above:
        return ("At none of the thresholds of benefit does work stop clearly more often than a smooth curve would have "
                "it.")
    listed = " and ".join(str(n) for n in above)
    return (f"Just above the threshold of {listed} days work stops more often than a smooth curve would have it, which "
            "is consistent with days added to secure a right.")


def misuses_answer(often: SafeTable, floor: SafeTable, days: SafeTable) -> str:
    """The answer of the chapter on misuses, in three sentences."""
    return " ".join([patterns_said(often), floor_bunching_said(floor), days_bunching_said(days)])


def staying_said(careers: SafeTable) -> str:
    """How long the middle career through Smart lasts, and how many stay for five years."""
    rows = careers.frame.dropna(subset=["year_1", "year_5"])
    if not len(rows):
        return "How long careers through Smart last cannot be shown."
    row = rows.iloc[0]
    known = row["median"] == row["median"]
    half = (f"half of those who begin have left after {row['median']:.0f} months" if known else
            "more than half of those who begin are still there at the end of the study")
    return (f"Through Smart, {half}; {row['year_1']:.0%} are still there after a year and {row['year_5']:.0%} after "
            "five.")


def _leaves(row, who: str) -> str:
    """What a hazard ratio with its interval says of those it is about."""
    if row["low"] > 1:
        return f"{who} leave sooner ({row['ratio']:.2f} times the pace of others)"
    if row["high"] < 1:
        return f"{who} leave later ({row['ratio']:.2f} times the pace of others)"
    return f"{who} do not clearly leave at another pace than others ({row['low']:.2f} to {row['high']:.2f} times)"


def sooner_said(hazards: SafeTable) -> str:
    """Who leaves sooner: by Activity, pay and gender."""
    rows = hazards.frame[hazards.frame["model"] == "main"].dropna(subset=["ratio", "low", "high"]).set_index("trait")
    if not {"activity", "pay", "woman"} <= set(rows.index):
        return "Who leaves sooner cannot be shown."
    pay = rows.loc["pay"]
    paid = ("the better paid of a trade leave later" if pay["high"] < 1 else
            "the better paid of a trade leave sooner" if pay["low"] > 1 else
            "pay within a trade makes no clear difference")
    users = _leaves(rows.loc["activity"], "those with an open Activity")
    return f"Within a trade, {users}; {paid}; {_leaves(rows.loc['woman'], 'women')}."


def paths_said(types: SafeTable, numbers: SafeTable) -> str:
    """The most frequent types of path, and whether types are more than a way of cutting."""
    seen = types.frame.dropna(subset=["share", "stability"]).sort_values("share", ascending=False)
    shown = numbers.frame[numbers.frame["shown"].eq(1)].dropna(subset=["silhouette", "without"])
    if not len(seen) or not len(shown):
        return "Which paths workers take cannot be shown."
    first = seen.iloc[0]
    more = float(shown["silhouette"].iloc[0]) > float(shown["without"].iloc[0])
    firm = ("and the types are told apart better than in paths without types" if more else
            "but the types are no clearer than in paths without types, and only sum up")
    return (f"The most frequent path of the first five years is “{first['type'].split(': ')[-1]}” "
            f"({first['share']:.0%}), {firm}.")


def careers_answer(careers: SafeTable, hazards: SafeTable, types: SafeTable, numbers: SafeTable) -> str:
    """The answer of the chapter on careers, in three sentences."""
    return " ".join([staying_said(careers), sooner_said(hazards), paths_said(types, numbers)])


def _bargain(table: SafeTable):
    """The rows on the price per day, which is the bargain; those on gross pay where no prices are known."""
    priced = table.frame[table.frame["outcome"] == "invoice"]
    return priced if len(priced) else table.frame


def _bargained(rows) -> str:
    return "the price of a day" if len(rows) and rows["outcome"].iloc[0] == "invoice" else "pay per day"


def pay_parts_said(components: SafeTable) -> str:
    """Whether differences of the price of a day go with the worker or with the client, once noise is taken out."""
    rows = _bargain(components)
    rows = rows[rows["estimate"] == "leave-out"].dropna(subset=["worker_share", "client_share"])
    if not len(rows):
        return "Whether pay goes with the worker or with the client cannot be shown."
    worker, client = (max(float(rows[c].iloc[0]), 0.0) for c in ("worker_share", "client_share"))
    compared = ("much more with the worker than with the client" if worker > 2 * client else
                "much more with the client than with the worker" if client > 2 * worker else
                "with the worker and with the client to a like degree")
    return (f"Differences in {_bargained(rows)} go {compared}: {worker:.0%} of the variance is the worker’s, "
            f"{client:.0%} the client’s, the rest who works for whom and the single contract.")


def sorting_said(components: SafeTable) -> str:
    """Whether better paid workers work for better paying clients, and what the uncorrected figure would have said."""
    rows = _bargain(components).dropna(subset=["correlation"]).set_index("estimate")["correlation"].astype(float)
    if not {"plug-in", "leave-out"} <= set(rows.index):
        return "Whether better paid workers work for better paying clients cannot be shown."
    value = rows["leave-out"]
    meet = ("Better paid workers tend to work for better paying clients" if value > 0.05 else
            "Better paid workers tend to work for clients who pay less" if value < -0.05 else
            "Better paid workers work hardly more or less often for better paying clients")
    return f"{meet} (correlation {value:+.2f}); uncorrected, it would seem to be {rows['plug-in']:+.2f}."


def public_pay_said(premia: SafeTable) -> str:
    """What public clients pay the same worker, against the most frequent kind of client."""
    rows = _bargain(premia)
    rows = rows[rows["trait"] == "legal_form"].dropna(subset=["premium", "low_sampled", "high_sampled"])
    reference = rows[(rows["premium"] == 0) & (rows["low_sampled"] == 0) & (rows["high_sampled"] == 0)]
    public = rows[rows["level"] == "public"].drop(reference.index, errors="ignore")
    if not len(public) or not len(reference):
        return "What public clients pay, against others, cannot be shown."
    names = {"company": "companies", "association": "associations", "household": "households",
             "foreign": "foreign clients"}
    other = names.get(reference["level"].iloc[0], "the most frequent kind of client")
    low, high, value = (math.expm1(float(public[c].iloc[0])) for c in ("low_sampled", "high_sampled", "premium"))
    if low <= 0 <= high:
        return (f"Between public clients and {other}, what the same worker gets a day does not clearly differ "
                f"({value:+.0%}).")
    return (f"For the same worker, public clients pay {abs(value):.0%} {'less' if value < 0 else 'more'} a day than "
            f"{other} (interval {low:+.0%} to {high:+.0%}).")


def additive_said(checks: SafeTable) -> str:
    """Whether worker plus client describe pay, or pairs have a pay of their own."""
    rows = _bargain(checks).dropna(subset=["gain", "additive"])
    if not len(rows):
        return "How well worker and client together describe pay cannot be shown."
    gain, fit = float(rows["gain"].iloc[0]), float(rows["additive"].iloc[0])
    if gain < 0.1 * max(fit, 0.0):
        return (f"Worker plus client describe {fit:.0%} of the variance; a pay of its own for each pair would add "
                f"{max(gain, 0.0):.1%}, which is consistent with one level of pay at a client for all.")
    return (f"Worker plus client describe {fit:.0%} of the variance; a pay of its own for each pair would add "
            f"{gain:.0%}, so that a client does not pay everybody alike, and the parts above are averages.")


def who_sets_pay_answer(components: SafeTable, premia: SafeTable) -> str:
    """The answer of the chapter on who sets the pay, in three sentences."""
    return " ".join([pay_parts_said(components), sorting_said(components), public_pay_said(premia)])


def transition_said(within: SafeTable) -> str:
    """Whether the contracts of the same people took another course in January 2017."""
    rows = within.where(series="same people").frame.dropna(subset=["slope", "slope_low", "slope_high"])
    if not len(rows):
        return "Whether work took another course when Smart became a cooperative cannot be shown."
    r = rows.iloc[0]
    if r["slope_low"] > 0 or r["slope_high"] < 0:
        course = "faster" if r["slope"] > 0 else "more slowly"
        return (f"From January 2017 on, the contracts of the same people grew {course} than before, by about "
                f"{abs(r['slope']):.0%} a year; that is consistent with an effect of the cooperative, and with "
                "anything else that began then.")
    return ("The contracts of the same people took no clearly different course from January 2017 on; a change of up "
            f"to {max(abs(r['slope_low']), abs(r['slope_high'])):.0%} a year cannot be excluded.")


def activity_said(beginnings: SafeTable) -> str:
    """What follows a first Activity, by the worker's own months before."""
    return _beginning_said(beginnings, "Activity", "same worker")


def share_said(beginnings: SafeTable) -> str:
    """What follows a first share, against workers who were as busy when it was bought."""
    return _beginning_said(beginnings, "share", "matched")


def _beginning_said(beginnings: SafeTable, event: str, estimate: str) -> str:
    rows = beginnings.where(event=event, estimate=estimate).frame.dropna(subset=["value", "low", "high"])
    if not len(rows):
        return f"What follows a first {event} cannot be shown."
    r = rows.iloc[0]
    more = "neither clearly more nor clearly fewer"
    if r["low"] > 0 or r["high"] < 0:
        more = "more" if r["value"] > 0 else "fewer"
    return f"After a first {event}, workers have {more} contracts than like workers without one ({r['value']:+.0%})."


def careless_said(beginnings: SafeTable) -> str:
    """What a comparison says that does not ask who begins."""
    rows = beginnings.where(estimate="naive").frame.dropna(subset=["value"]).set_index("event")["value"].astype(float)
    if not {"Activity", "share"} <= set(rows.index):
        return "The careless comparison cannot be shown."
    return ("A careless comparison of those who have begun with those who have not would say "
            f"{rows['Activity']:+.0%} for an Activity and {rows['share']:+.0%} for a share.")


def reform_said(reform: SafeTable) -> str:
    """What the reform of 2014 went with: contracts and pay of artists against others."""
    rows = reform.frame.dropna(subset=["value", "low", "high"]).set_index("outcome")
    if not {"contracts", "pay"} <= set(rows.index):
        return "What followed the reform of 2014 for artists cannot be shown."
    told = []
    for outcome, noun in (("contracts", "contracts"), ("pay", "pay per day")):
        r = rows.loc[outcome]
        clear = r["low"] > 0 or r["high"] < 0
        moved = f"moved by {r['value']:+.0%}" if clear else f"did not clearly move ({r['value']:+.0%})"
        told.append(f"{noun} {moved}")
    return f"After the reform of April 2014, set against others, artists' {told[0]} and their {told[1]}."


def exit_said(bounds: SafeTable) -> str:
    """How many couriers still worked through Smart in the year after the platform left."""
    rows = bounds.where(group="couriers", outcome="work").frame.dropna(subset=["low", "high"])
    if not len(rows):
        return "What became of the couriers cannot be shown."
    r = rows.iloc[0]
    return (f"Of the couriers of the last months, {r['low']:.0%} had other work through Smart in the year after; with "
            f"work elsewhere, which is not seen, it may be anything up to {r['high']:.0%}.")


def change_answer(within: SafeTable, beginnings: SafeTable, reform: SafeTable) -> str:
    """The answer of the chapter on the change to a cooperative, in three sentences."""
    return " ".join([transition_said(within), share_said(beginnings), reform_said(reform)])
