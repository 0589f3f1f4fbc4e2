"""Sentences on the book as a whole: what may be said at all, who is counted, where they stand."""

from analysis.guard import SafeTable
from analysis.measures.wording.trends import first_and_last, trend


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
    """Whether interviews could speak in a chapter, and where they do."""
    held = corpus.frame.dropna(subset=["interviews"])
    return (f"This dataset holds the codes of {int(held['interviews'].sum())} interviews. What they say has a chapter "
            "of its own, “What workers, clients and staff say”; here the records speak alone.")


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
        ends[name] = first_and_last(quadrants.where(quadrant=name), "share")
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
