"""Sentences on shares, assemblies and those who come."""

from analysis.guard import SafeTable


def _latest(table: SafeTable, column: str, time: str):
    """The last row of `table` in which `column` is known; None where there is none."""
    seen = table.frame.dropna(subset=[column]).sort_values(time)
    return seen.iloc[-1] if len(seen) else None


def _side(low, high, above: str, below: str, neither: str) -> str:
    """Which side of 0 an interval lies on, in words."""
    return above if low > 0 else below if high < 0 else neither


def ownership_said(owned: SafeTable) -> str:
    """How many hold a share because they must, and how many more than that."""
    last = _latest(owned, "extra", "year")
    if last is None:
        return "How many members hold shares cannot be shown."
    return (f"At the end of the last year, {last['owners']:.0%} of the members whom the rule asks for a share hold "
            f"one, which is the rule, and {last['extra']:.0%} hold more than it asks, which is a choice.")


def regulars_said(times: SafeTable) -> str:
    """Whether assemblies are made of the same people more than chance would have it."""
    often = times.where(times=2).frame.dropna(subset=["share", "chance", "error"])
    if not len(often):
        return "How many come again and again cannot be shown: they are none, or too few."
    share, chance, error = (float(often[c].iloc[0]) for c in ("share", "chance", "error"))
    word = _side(share - chance - 2 * error, share - chance + 2 * error, "more than", "fewer than",
                 "which cannot be told from")
    return (f"Of the members who could come at least twice, {share:.1%} came twice or more, {word} the {chance:.1%} "
            "there would be if everybody were as likely to come each time.")


def alike_said(alike: SafeTable) -> str:
    """How much the chances to come to an assembly differ between members, as their recorded traits tell them."""
    rows = alike.where(act="attended").frame.dropna(subset=["low", "high", "rate"])
    if not len(rows):
        return "Whether those who come look like the others cannot be told: too few come."
    rate, variation, low, high = (float(rows[c].iloc[0]) for c in ("rate", "variation", "low", "high"))
    least, most = (1 - high) / (2 * rate), (1 - low) / (2 * rate)
    word = "differ" if least > 0.01 else "are not shown to differ"
    return (f"By what is recorded of them, the chances of members to come {word}: their typical distance from the mean "
            f"chance is estimated at {variation:.0%} of it, and lies between {least:.0%} and {most:.0%}.")


def _traits_said(traits: SafeTable, act: str) -> str:
    seen = traits.frame.dropna(subset=["low", "high"])
    if not len(seen):
        return "Which traits go with it cannot be told: too few members do it."
    more, less = seen.loc[seen["low"] > 0, "one_more"].tolist(), seen.loc[seen["high"] < 0, "one_more"].tolist()
    told = [f"more often by those {', by those '.join(more)}"] if more else []
    told += [f"less often by those {', by those '.join(less)}"] if less else []
    if not told:
        return f"With the rest equal, no recorded trait clearly goes with {act}."
    rest = " For the other traits no difference can be told." if len(more) + len(less) < len(seen) else ""
    return f"With the rest equal, {act} is done {'; '.join(told)}.{rest}"


def coming_said(traits: SafeTable) -> str:
    """Which recorded traits go with coming to an assembly."""
    return _traits_said(traits, "coming to an assembly")


def extra_said(traits: SafeTable) -> str:
    """Which recorded traits go with holding more shares than the rule asks."""
    return _traits_said(traits, "holding more shares than the rule asks")


def leaving_said(left: SafeTable) -> str:
    """Whether members who came to an assembly left less than equally senior ones who did not."""
    rows = left.where(who="difference").frame.dropna(subset=["low", "high"])
    if not len(rows):
        return "Whether those who come leave less cannot be told: too few come."
    low, high = float(rows["low"].iloc[0]), float(rows["high"].iloc[0])
    word = _side(low, high, "left more often in the year after than", "left less often in the year after than",
                 "did not leave more or less often, as far as these numbers can tell, than")
    return (f"Members who came to an assembly {word} equally senior members who stayed away. "
            "Those who come choose to come, so that this says nothing about what an assembly does.")


def democracy_answer(owned: SafeTable, came: SafeTable, traits: SafeTable, pay: SafeTable) -> str:
    """The answer of the chapter on a say in the cooperative, in three sentences."""
    last = _latest(came.where(among="active", act="attended"), "rate", "time")
    if last is None:
        presence = "How many active members come to an assembly cannot be shown."
    else:
        word = "Few" if last["rate"] < 0.05 else "A minority of" if last["rate"] < 0.5 else "Most"
        presence = f"{word} active members come to an assembly: {last['rate']:.1%} to the last one that can be shown."
    senior = traits.where(trait="tenure").frame.dropna(subset=["low", "high"])
    paid = pay.where(act="attended").frame.dropna(subset=["low", "high"])
    parts = [_side(float(r["low"].iloc[0]), float(r["high"].iloc[0]), *words) for r, words in (
        (senior, ("those long a member come more often", "those long a member come less often",
                  "no difference can be told between old and new members")),
        (paid, ("the better paid come more often", "the less paid come more often",
                "no difference can be told between the better and the less paid"))) if len(r)]
    who = (f"Among them {', and '.join(parts)}; this says who comes, and not why." if parts
           else "Who comes cannot be told: too few do.")
    return f"{ownership_said(owned)} {presence} {who}"
