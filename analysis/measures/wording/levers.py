"""Sentences on what a rule that changes would do: the simulated levers, none of them a forecast."""

import pandas as pd

from analysis.guard import SafeTable

SMALL = 0.005       # of a share: less is no change that a reader would see


def _row(table: SafeTable, column: str, **chosen) -> dict | None:
    """The one row that `chosen` picks, where `column` is shown; None where it is withheld or absent."""
    rows = table.where(**chosen).frame.dropna(subset=[column])
    return rows.to_dict("records")[0] if len(rows) else None


def _days(change: float) -> str:
    """A change of a number of days in words: 12 % more."""
    return "as many" if abs(change) < SMALL else f"{abs(change):.0%} {'more' if change > 0 else 'fewer'}"


def length_said(effects: SafeTable) -> str:
    """What a minimum length would do to paid days at both bounds, and where clients answer strongly."""
    rows = [_row(effects, "days", response=r) for r in ("0", "-2", "every short one is lost")]
    if None in rows:
        return "What a minimum length would do cannot be shown."
    stays, answers, lost = (float(r["days"]) for r in rows)
    return (f"Clients would pay for {_days(stays)} days if none of them did without, and for {_days(lost)} if every "
            f"engagement that is too short were lost. If they bought two per cent less for each per cent of cost, it "
            f"would be {_days(answers)}.")


def fund_said(effects: SafeTable) -> str:
    """What the levy is made of: expected losses, or the reserve against bad years."""
    r = _row(effects, "paid")
    if r is None:
        return "What a guarantee fund would cost cannot be shown."
    paid, expected, lost, covered = (float(r[c]) for c in ("paid", "expected", "lost", "covered"))
    part = "all of it" if covered > 0.995 * lost else f"{covered:.2f} of it"
    told = (f"Of 1,000 euros billed, {lost:.2f} euros were lost; the fund would cover {part} and need a levy of "
            f"{paid:.2f} euros.")
    if expected <= 0:
        return f"{told} There was nothing to cover, and the levy pays for the fund alone."
    if paid > 1.5 * expected:
        return f"{told} More than a third of that is for bad years, which must be paid before they come."
    return f"{told} Most of that is the loss of an ordinary year; bad years add little."


def fees_said(by_decile: SafeTable) -> str:
    """Who would pay less and who more, by tenths of pay, if the fee is borne by workers."""
    d = by_decile.where(response="borne by workers").frame.dropna(subset=["change"]).sort_values("decile")
    if len(d) < 2:
        return "Who would gain by another fee schedule cannot be shown."
    change = d["change"].astype(float)
    low, high = change.iloc[0], change.iloc[-1]
    less = int((change < 0).sum())
    sides = ["less" if c < 0 else "more" for c in (low, high)]
    return (f"The lowest paid tenth would pay {abs(low):,.0f} euros a year {sides[0]}, the highest paid "
            f"{abs(high):,.0f} euros {sides[1]}; {less} of the {len(d)} tenths that can be shown would pay less.")


def cap_said(effects: SafeTable, triangle: SafeTable) -> str:
    """How many years a cap on one client touches, and what the two ends of the triangle are."""
    r = _row(effects, "touched")
    if r is None:
        return "Whom a cap on one client would touch cannot be shown."
    told = (f"The cap would touch {float(r['touched']):.0%} of workers' years, and {float(r['in_question']):.0%} of "
            "what clients pay.")
    seen = triangle.where(kind="as seen two years on").frame.dropna(subset=["diversify"])
    if seen.empty:
        return f"{told} What has become of such workers without a cap cannot be shown."
    d, left = float(seen["diversify"].iloc[0]), float(seen["leave"].iloc[0])
    return (f"{told} Without any cap, {d:.0%} of workers so tied had other clients two years on and {left:.0%} hardly "
            f"any work through Smart; for the other {max(1 - d - left, 0):.0%} it would have bitten.")


def open_ended_said(effects: SafeTable) -> str:
    """Who could have a guaranteed pay, and whether the year that came would have carried it."""
    r = _row(effects, "eligible")
    if r is None:
        return "Who could be offered an open-ended contract cannot be shown."
    told = (f"{float(r['eligible']):.0%} of workers could be offered one, at {float(r['guaranteed']):.0%} of their "
            f"mean pay; if the past went on, {float(r['feasible']):.0%} of the years would carry themselves.")
    if pd.isna(r["held"]):
        return told
    held, feasible = float(r["held"]), float(r["feasible"])
    if held < feasible - 0.05:
        return f"{told} Of the years that came, fewer did: {held:.0%}. The cooperative would carry the rest."
    return f"{told} Of the years that came, {held:.0%} did."


def smoothing_said(effects: SafeTable) -> str:
    """What a smoothing rule takes off the unevenness of pay, and what it asks for it."""
    r = _row(effects, "cv")
    if r is None:
        return "What a smoothing rule would do cannot be shown."
    before, after, buffer, below = (float(r[c]) for c in ("cv_before", "cv", "buffer", "below_floor"))
    verb = "fall" if after < before - 0.005 else "rise" if after > before + 0.005 else "stay"
    moves = f"{verb} from {before:.2f} to {after:.2f}" if verb != "stay" else f"stay at {before:.2f}"
    told = (f"The unevenness of the middle worker's year would {moves}; the price is {buffer:.1f} months of pay that "
            "wait in the account.")
    if below < SMALL:
        return f"{told} In practically no month with work would the day be paid less than the minimum because of it."
    return (f"{told} In {below:.0%} of months with work the pay would fall below the minimum of the days declared, and "
            "the rule could not be used.")


def rules_said(effects: SafeTable) -> str:
    """Which other rules of admission would open benefit in more months, and which in fewer."""
    d = effects.frame.dropna(subset=["change"])
    if d.empty:
        return "What other rules would open cannot be shown."
    d = d.assign(change=d["change"].astype(float), share=d["share"].astype(float)).sort_values("change")
    now = float(d["now"].iloc[0])
    best, worst = d.iloc[-1], d.iloc[0]
    told = f"The rules of each time open benefit in {now:.0%} of the months, from work through Smart alone."
    if best["change"] < SMALL:
        return f"{told} None of the others would open it in more."
    told += (f" If one rule had held in all years, the rule {best['regime']} would open it in {best['share']:.0%}, the "
             "most")
    if worst["change"] < -SMALL:
        return f"{told}; the rule {worst['regime']} in {worst['share']:.0%}, the least."
    return f"{told}; none would in fewer."


def votes_said(effects: SafeTable) -> str:
    """Whether an easier vote would make those who take part look more like the members: arithmetic alone."""
    d = effects.frame.dropna(subset=["apart_after"])
    if d.empty:
        return "How an easier vote would change who takes part cannot be shown."
    apart, after = float(d["apart"].iloc[0]), float(d["apart_after"].iloc[0])
    if after < apart - SMALL:
        return (f"Today {apart:.0%} of those who take part would have to belong to another tenth of pay for them to "
                f"look like the members; with more voters drawn from all tenths alike, {after:.0%}.")
    return (f"Those who take part already look much like the members, by tenths of pay: {apart:.0%} of them would have "
            "to belong to another tenth. More voters would change little in that.")


def better_answer(length: SafeTable, fund: SafeTable, open_ended: SafeTable, smoothing: SafeTable) -> str:
    """The answer of the chapter, in three sentences."""
    f, o, s = _row(fund, "paid"), _row(open_ended, "eligible"), _row(smoothing, "cv")
    first = "What a fund with written rules would cost cannot be shown" if f is None else (
        f"A guarantee that is written down would cost {float(f['paid']):.1f} euros of every 1,000 billed")
    second = "what a smoothing rule would do cannot be shown" if s is None else (
        f"a smoothing rule would take the unevenness of pay from {float(s['cv_before']):.2f} to {float(s['cv']):.2f}")
    third = "" if o is None else (f" Open-ended contracts would be within reach of {float(o['eligible']):.0%} of "
                                  "workers.")
    stays, lost = (_row(length, "days", response=r) for r in ("0", "every short one is lost"))
    last = "" if stays is None or lost is None else (
        " A minimum length of contracts is a bet on clients: between "
        f"{float(lost['days']):+.0%} and {float(stays['days']):+.0%} of paid days, and nothing in these records says "
        "which.")
    return f"{first}; {second}.{third}{last}"
