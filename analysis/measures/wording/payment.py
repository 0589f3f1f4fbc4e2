"""Sentences on being paid on time, and what the guarantee is worth."""

from math import exp

from analysis.guard import SafeTable
from analysis.measures.wording.trends import first_and_last


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


def open_invoices_said(hazards: SafeTable) -> str:
    """How likely an open invoice of public and of large clients is to be paid on any day, beside those of others."""
    names = {"public": "a public client", "large": "a client of 250 persons or more"}
    told = []
    for row in hazards.frame.dropna(subset=["value"]).to_dict("records"):
        ratio = exp(row["value"])
        than = ("less likely" if row["high"] < 0 else "more likely") if row["low"] > 0 or row["high"] < 0 else ""
        told.append(f"on any day, an open invoice of {names[row['trait']]} is {than} to be paid than another: "
                    f"{ratio:.2f} times" if than else
                    f"an open invoice of {names[row['trait']]} is neither clearly less nor clearly more likely to be "
                    "paid on a day than another")
    return f"{'; '.join(told)}." if told else "whose invoices are paid sooner cannot be shown."


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
    first, ratio = first_and_last(ahead, "first"), first_and_last(losses.where(clock="written off"), "ratio")
    waits = "How often clients pay after the worker cannot be shown" if first is None else (
        f"In the last years the client had not yet paid for {first[1]:.0%} of contracts on the day the worker was paid")
    lost = "what they never pay cannot be shown" if ratio is None else (
        f"of every 1,000 euros billed, {1000 * ratio[1]:.0f} were written off")
    return f"{pay_promise_said(lag)} {waits}; {lost}. {transfer_said(concentration)}"
