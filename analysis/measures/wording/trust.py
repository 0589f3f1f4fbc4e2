"""Sentences on how far the estimators may be trusted, by what they showed in worlds whose truth is known."""

from analysis.guard import SafeTable


def _of(trials: SafeTable, role: str):
    return trials.frame[trials.frame["role"] == role]


def trials_said(trials: SafeTable) -> str:
    """How many estimators passed every check, and which did not."""
    right = _of(trials, "right")
    failing = right.loc[right["faults"] != "", "name"].tolist()
    passed = f"{len(right) - len(failing)} of {len(right)} estimators pass every check"
    return f"{passed}; the others are: {'; '.join(failing)}." if failing else f"{passed}."


def twins_said(trials: SafeTable) -> str:
    """How many of the versions that are wrong on purpose were caught."""
    twins = _of(trials, "twin")
    escaped = twins.loc[twins["faults"] == "", "name"].tolist()
    if escaped:
        return f"Of {len(twins)} mistakes made on purpose, {len(escaped)} escaped: {'; '.join(escaped)}."
    return f"All {len(twins)} mistakes made on purpose were caught."


def careless_looks_said(trials: SafeTable) -> str:
    """By how much careless looks are off, the one that is most off named."""
    looks = _of(trials, "naive").dropna(subset=["mean", "aim"])
    if not len(looks):
        return "No careless look could be set beside the truth."
    off = (looks["mean"] - looks["aim"]).abs()
    worst = looks.loc[off.idxmax()]
    wrong = int((looks["faults"] != "").sum())
    return (f"{wrong} of {len(looks)} careless looks are clearly wrong. The worst is that on “{worst['name']}”: it "
            f"reports {worst['mean']:+.2f} where {worst['aim']:+.2f} is there.")


def trust_answer(trials: SafeTable) -> str:
    """The answer of the chapter on the methods, in three sentences."""
    right = _of(trials, "right")
    sound = (right["faults"] == "").mean()
    share = "All" if sound == 1 else "Nearly all" if sound >= 0.9 else "Most" if sound >= 0.6 else "Only some"
    rest = "" if sound == 1 else "; where one does not, this page says so and why"
    return (f"{share} estimators of this book find what was planted, within the interval that they state, and leave "
            f"alone what is not there{rest}. {twins_said(trials)} This holds for a world that was made for the "
            "purpose, and the real records may differ from it in ways that nobody thought of.")
