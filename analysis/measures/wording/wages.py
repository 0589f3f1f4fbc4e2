"""Sentences on who sets the pay."""

import math

from analysis.guard import SafeTable


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
