"""Sentences on clients, dependence and prices."""

from analysis.guard import SafeTable
from analysis.measures.wording.trends import first_and_last, trend


def _fullest(table: SafeTable) -> SafeTable:
    """The rows of the view of invoices, which sees Activities too; those of pay where there are none."""
    billed = table.where(view="invoice")
    return billed if len(billed.frame) else table.where(view="pay")


def hold_said(concentration: SafeTable) -> str:
    """How many workers have a dominant client in the last years, and whether more than in the first ones."""
    rows = _fullest(concentration)
    ends = first_and_last(rows, "dominant")
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
