"""Sentences on time, tools and projects."""

from analysis.guard import SafeTable
from analysis.measures.wording.trends import first_and_last, trend


def weekends_said(weeks: SafeTable) -> str:
    """Whether work on weekends changed within trades, or because the trades changed; 2 points are no change."""
    raw, same, error = (first_and_last(weeks, column) for column in ("weekend", "adjusted", "error"))
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
    late, ahead = first_and_last(notice, "retroactive"), first_and_last(notice, "week_ahead")
    if late is None or ahead is None:
        return "How early contracts are entered cannot be shown."
    change = trend(notice, "retroactive", "fewer than", "about as many as", "more than", margin=0.25)
    return (f"In the last years {ahead[1]:.0%} of contracts are entered a week or more before they begin and "
            f"{late[1]:.0%} after they have begun, {change} in the first ones.")


def activities_said(use: SafeTable, held: SafeTable) -> str:
    """What Activities carry and hold: a sentence of the answer on time, tools and projects."""
    share, months = first_and_last(use, "share_of_pay"), first_and_last(held, "median")
    carried = "How much pay goes through Activities cannot be shown" if share is None else (
        f"Activities carry {share[1]:.0%} of pay in the last years, after {share[0]:.0%} in the first")
    if months is None:
        return f"{carried}; what they hold cannot be shown."
    kept = "less than a month" if months[1] < 1 else "one to three months" if months[1] < 3 else "three months or more"
    return f"{carried}; at the end of a year the middle owner has {kept} of the own pay left on the account."


def stops_said(stops: SafeTable, back: SafeTable) -> str:
    """How many stop for a year, and how many of them come back: a sentence of the answer."""
    share, again = (first_and_last(t.where(exit="reason not recorded"), c)
                    for t, c in ((stops, "share"), (back, "back")))
    if share is None:
        return "How many workers stop for a year or more cannot be shown."
    told = (f"Of the workers of a year, {share[1]:.0%} stop for twelve months or more after a contract that was not a "
            "student's, and the tables do not tell why")
    return f"{told}." if again is None else f"{told}; {again[1]:.0%} of them are back within three years."
