"""Sentences on staying, leaving and types of path."""

from analysis.guard import SafeTable


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
    """What the hazard ratios of two models, with the ends of their intervals, say of those they are about."""
    low, high = f"{row['least']:.2f}", f"{row['most']:.2f}"
    times = low if low == high else f"{low} to {high}"
    if row["low"] > 1:
        return f"{who} leave sooner ({times} times the pace of others)"
    if row["high"] < 1:
        return f"{who} leave later ({times} times the pace of others)"
    return f"{who} do not clearly leave at another pace than others ({row['low']:.2f} to {row['high']:.2f} times)"


def sooner_said(hazards: SafeTable) -> str:
    """Who leaves sooner: by Activity, pay and gender, where the plain model and that of hidden kinds both say so."""
    rows = hazards.frame[hazards.frame["model"].isin(["main", "hidden kinds"])].dropna(subset=["ratio", "low", "high"])
    rows = rows.groupby("trait").agg(models=("model", "size"), low=("low", "min"), high=("high", "max"),
                                     least=("ratio", "min"), most=("ratio", "max"))
    if not {"activity", "pay", "woman"} <= set(rows.index[rows["models"] == 2]):
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
