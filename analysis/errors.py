"""One kind of error for everything a user can put right: a sentence that says what, where, and what to do."""

from difflib import get_close_matches


class StudyError(Exception):
    """A mistake in what the user gave (a name, a file, a parameter); shown without a traceback, exit code 2."""


class MissingData(StudyError):
    """The dataset has no such table or column; a chapter says so in its place and the book goes on."""


def unknown(kind: str, name: str, known) -> StudyError:
    """The error for a name that is not among `known`, with the nearest one that is."""
    known = sorted(known)
    near = get_close_matches(name, known, n=1, cutoff=0.5)
    hint = f"did you mean {near[0]!r}?" if near else f"known: {', '.join(known) or 'none'}."
    return StudyError(f"There is no {kind} {name!r}; {hint}")
