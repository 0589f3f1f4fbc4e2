"""Sentences on what is said in interviews, and how surely it was coded."""

from analysis.guard import SafeTable
from analysis.measures.voices import ALL, PROFILES, REGISTERED

SURE = 0.05     # q below which a difference is told
HINT = 10       # people below whom it is no more than a hint


def _words(code: str) -> str:
    return code.replace("_", " ")


def _listed(codes: list[str]) -> str:
    words = [_words(c) for c in codes]
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"


def _degree(low: float, alpha: float) -> str:
    if low >= REGISTERED.firm:
        return "firm"
    return "firm, though by a small margin" if alpha >= REGISTERED.firm else (
        "tentative" if alpha >= REGISTERED.tentative else "too weak to build on")


def agreement_said(table: SafeTable) -> str:
    """How surely the passages were coded, over all codes, and which codes are the weakest."""
    rows = table.frame.dropna(subset=["alpha", "low"])
    all_codes = rows[rows["code"] == ALL]
    if not len(all_codes):
        if (table.frame["why"] == "no variation").any():
            return "How far coders agree cannot be told: they gave one and the same code to everything."
        return "How far coders agree cannot be told: too few passages were coded by two of them."
    row, others = all_codes.iloc[0], rows[rows["code"] != ALL]
    said = (f"Over all codes, alpha is {row['alpha']:.2f}, and lies between {row['low']:.2f} and {row['high']:.2f}: "
            f"the coding is {_degree(row['low'], row['alpha'])}.")
    weak = others.loc[others["alpha"].astype(float) < REGISTERED.firm].sort_values("alpha")["code"].tolist()
    if not len(others):
        return said
    if not weak:
        return f"{said} No code falls below {REGISTERED.firm:.2f}."
    return f"{said} Below {REGISTERED.firm:.2f}, and so less sure, {'is' if len(weak) == 1 else 'are'} {_listed(weak)}."


def marked_said(table: SafeTable) -> str:
    """How many passages more than one coder has marked."""
    rows = table.frame.dropna(subset=["share"])
    both = float(rows.loc[rows["coders"] >= 2, "share"].sum())
    if not len(rows):
        return "How many passages two coders have marked cannot be shown."
    return (f"Of all passages with a code, {both:.0%} were marked by more than one coder; agreement can be computed on "
            "these alone.")


def themes_said(table: SafeTable) -> str:
    """Which themes come up in most interviews and in fewest, as n of N."""
    rows = table.frame.dropna(subset=["interviews"]).sort_values(["interviews", "code"], ascending=[False, True])
    if not len(rows):
        return "Which themes come up cannot be shown."
    first, last = rows.iloc[0], rows.iloc[-1]
    most = f"{_words(first['code'])} ({int(first['interviews'])} of {int(first['of'])} interviews)"
    if len(rows) == 1 or first["interviews"] == last["interviews"]:
        return f"No theme comes up in more interviews than {most}."
    return (f"The theme that comes up in most interviews is {most}; the one that comes up in fewest, of those that can "
            f"be shown, is {_words(last['code'])} ({int(last['interviews'])} of {int(last['of'])}).")


def contrast_said(table: SafeTable, profile: str = "dependent") -> str:
    """Which themes take more, or less, of the interviews of one profile than of another, when all tries are counted."""
    mine, theirs = PROFILES[profile]
    rows = table.frame.dropna(subset=["difference", "q"])
    if not len(rows):
        return f"Whether {mine} speak of other things than {theirs} cannot be told: too few were interviewed."
    sure = rows[rows["q"].astype(float) < SURE]
    if not len(sure):
        return f"No theme takes clearly more or less of what {mine} say than of what {theirs} say."
    parts = [f"{word} passages on {_listed(codes)}" for word, codes in (
        ("more", sure.loc[sure["difference"] > 0, "code"].tolist()),
        ("fewer", sure.loc[sure["difference"] < 0, "code"].tolist())) if codes]
    few = int(sure["people"].iloc[0])
    hint = f" There are {few} people in the smaller group, so that this is a hint and no more." if few < HINT else ""
    return f"In the interviews of {mine} there are {' and '.join(parts)} than in those of {theirs}.{hint}"


def saturation_said(table: SafeTable) -> str:
    """After how many interviews new ones would bring up hardly anything new."""
    rows = table.frame.dropna(subset=["codes"])
    if not len(rows):
        return "Whether enough interviews were held cannot be shown."
    number, sure = int(rows["interviews"].max()), rows[rows["reached"].fillna(0).astype(float) >= 0.95]
    if not len(sure):
        return (f"Saturation is not sure after all {number} interviews: in some orders the last ones still bring up "
                "new codes.")
    return (f"In at least 95 of 100 orders in which the interviews can be read, one stops hearing of new themes by "
            f"interview {int(sure['interviews'].iloc[0])}; {number} were held.")


def coverage_said(table: SafeTable) -> str:
    """How many themes have an indicator, and which have none."""
    rows = table.frame.dropna(subset=["interviews"])
    if not len(rows):
        return "Which themes have an indicator cannot be shown."
    without = rows.loc[rows["promise"] == "–", "code"].tolist()
    said = f"Of {len(rows)} themes, {len(rows) - len(without)} have an indicator in the records."
    return f"{said} Not measurable here: {_listed(without)}." if without else said


def approved_said(table: SafeTable) -> str:
    """How many paraphrases are approved."""
    rows = table.frame.dropna(subset=["interviews"])
    return (f"{len(rows)} {'paraphrase is' if len(rows) == 1 else 'paraphrases are'} approved. They are words of the "
            "researchers, and nobody's own.")


def voices_answer(agreed: SafeTable, said: SafeTable, covered: SafeTable) -> str:
    """The answer of the chapter on interviews, in three sentences."""
    known = agreed.where(code=ALL).frame.dropna(subset=["alpha", "low"])
    sure = (f"What is said is coded in a way that is {_degree(known['low'].iloc[0], known['alpha'].iloc[0])}."
            if len(known) else "How surely what is said was coded cannot be told.")
    rows = covered.frame.dropna(subset=["interviews"])
    without = rows.loc[rows["promise"] == "–", "code"].tolist()
    rest = (f"Of {_listed(without)}, people speak and the records are silent." if without
            else "Of every theme that can be shown, the records hold a trace." if len(rows)
            else "What of it the records measure cannot be shown.")
    return f"{sure} {themes_said(said)} {rest}"
