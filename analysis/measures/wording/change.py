"""Sentences on what changed, and on what no design can tell."""

from analysis.guard import SafeTable


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


def breakdown_said(around: SafeTable) -> str:
    """How much the past would have to be exceeded to undo the finding of the year after a first Activity."""
    limits = around.frame["breakdown"].dropna()
    if not len(limits):
        return "How large a break with the past would undo this cannot be shown."
    limit = limits.iloc[0]
    if limit == 0:
        return ("Over the first year the mean does not clearly differ from zero, so that there is nothing for a break "
                "with the past to undo.")
    times = f"{limit:.1f} times" if limit < 10 else "more than ten times"
    strength = "it holds against as much as was ever seen" if limit >= 1 else "less than was seen undoes it"
    return ("The mean over the first year would be undone by paths that part, each quarter, by "
            f"{times} the largest step before the beginning: {strength}.")


def bends_said(parting: SafeTable) -> str:
    """How far the line on which two paths part may bend before the finding of the year after a first Activity falls."""
    rows = parting.where(restriction="bends").frame.dropna(subset=["low", "high"]).sort_values("limit")
    if not len(rows):
        return "How far the paths may bend before the finding falls cannot be shown."
    undone = rows.loc[(rows["low"] <= 0) & (rows["high"] >= 0), "limit"]
    if not len(undone):
        return f"The finding of the first year stands against all bends tried, up to {rows['limit'].max():.0%}."
    if undone.min() == 0:
        return "A straight line through what was seen before leaves no clear finding that a bend could undo."
    return ("The finding of the first year stands as long as the line is straight, and falls once it bends, from one "
            f"quarter to the next, by {undone.min():.0%} of a quarter's work.")


def estimators_said(table: SafeTable) -> str:
    """Whether ways to compare say the same of a first Activity, and of a first share."""
    return " ".join(_ways_said(table, event) for event in ("Activity", "share"))


def _ways_said(table: SafeTable, event: str) -> str:
    f = table.where(event=event).frame.dropna(subset=["value", "low", "high"]).set_index("estimator")
    if "later or never" not in f.index or len(f) < 2:
        return f"Whether other comparisons say the same of a first {event} cannot be shown."
    headline, others = f.loc["later or never"], f.drop(index="later or never")
    apart = others.index[(others["low"] > headline["high"]) | (others["high"] < headline["low"])]
    if len(apart):
        return (f"For a first {event} the comparisons contradict each other "
                f"({', '.join(apart)} against the first line): "
                "whom and what one compares with decides, and no line should be read as an effect.")
    return f"For a first {event} the comparisons agree within their margins of error."


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
