"""Sentences on how much an answer owes to the choices behind it: of the two indices, and of a promise."""

from analysis.guard import SafeTable

CHOICES = {"weights": "the weights", "dimension left out": "which dimension is left out",
           "aggregation": "the form of the mean", "normalisation": "the scale"}


def choices_said(intervals: SafeTable, choices: SafeTable) -> str:
    """Whether each index rose or fell whatever the choices, and what its level owes most to."""
    said = [_direction(index, intervals.where(index=index).frame) for index in ("security", "autonomy")]
    owed = {index: _most(choices.where(index=index).frame) for index in ("security", "autonomy")}
    if owed["security"] and owed["security"] == owed["autonomy"]:
        said.append(f"The level of both owes most to {owed['security']}.")
    else:
        said += [f"The level of {index} owes most to {choice}." for index, choice in owed.items() if choice]
    return " ".join(said)


def _direction(index: str, years) -> str:
    known = years.dropna(subset=["change_low", "change_high"])
    if len(known) < 2:
        return f"Whether {index} changed under all choices cannot be shown."
    first, last = known.iloc[0], known.iloc[-1]
    low, high = last["change_low"], last["change_high"]
    years = f"between {first['year']:.0f} and {last['year']:.0f}"
    bounds = f"by {low:+.2f} to {high:+.2f}"
    if low > 0 or high < 0:
        word = "rose" if low > 0 else "fell"
        return f"{index.capitalize()} {word} {years} under nearly all choices ({bounds})."
    return f"Whether {index} rose or fell {years} depends on the choices ({bounds})."


def _most(rows) -> str:
    known = rows.dropna(subset=["level"])
    if not len(known) or known["level"].max() <= 0:
        return ""
    return CHOICES[known.loc[known["level"].idxmax(), "choice"]]


def ways_said(ways: SafeTable, nodes: SafeTable) -> str:
    """What all ways to count a promise say together, and which choice moves them most."""
    rows = ways.frame.dropna(subset=["observed", "p"]).set_index("statistic")
    if not {"side", "significant", "median"} <= set(rows.index):
        return "What the ways to count say together cannot be shown."
    side, clear, p = (rows.loc[n, c] for n, c in (("side", "observed"), ("significant", "observed"), ("median", "p")))
    where = "above" if rows["above"].iloc[0] else "below"
    said = (f"Of all ways to count, {side:.0%} lie {where} the benchmark, and {clear:.0%} lie there with their whole "
            f"interval. {_chance(p)}")
    known = nodes.frame.dropna(subset=["share"])
    if len(known) and known["share"].iloc[0] > 0:
        top = known.iloc[0]
        said += (f" The choice that moves the result most is “{top['node']}”: from “{top['lowest']}” to "
                 f"“{top['highest']}” it rises by {top['range']:.2f} on average.")
    return said


def _chance(p: float) -> str:
    """How often chance alone would move the middle one as far."""
    if p <= 0.01:
        return "Chance alone would hardly ever put the middle one as far from it."
    return f"Chance alone would put the middle one as far from it in {p:.0%} of draws."
