"""Sentences on patterns that are consistent with misuse."""

from analysis.guard import SafeTable
from analysis.measures.misuse import named


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
