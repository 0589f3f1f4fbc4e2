"""Sentences on the clients' side."""

from analysis.guard import SafeTable
from analysis.measures.wording.trends import first_and_last, trend


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
    ends = first_and_last(concentration, "cr10")
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
