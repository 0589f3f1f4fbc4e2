"""The parameters of levers: registered in book/criteria.toml with a range and a reason, and changed by name."""

from dataclasses import dataclass, fields
from functools import lru_cache

from analysis import criteria
from analysis.errors import StudyError, unknown


@dataclass(frozen=True)
class Parameter:
    """One number or word that a lever can be set to: from `low` to `high`, or one of `choices`.

    `tried` are the other values that the book tries, of the parameter of a lever that matters most.
    """

    name: str
    value: object
    unit: str
    what: str
    why: str
    low: float | None = None
    high: float | None = None
    choices: tuple[str, ...] = ()
    tried: tuple[float, ...] = ()

    @property
    def allowed(self) -> str:
        """What it may be, in words."""
        if self.choices:
            return " or ".join(self.choices)
        return f"{in_words(self.low)} to {in_words(self.high)} {self.unit}".strip()


def in_words(value) -> str:
    """A setting as it is read: 20,000 and 0.75, a word as it stands."""
    return value if isinstance(value, str) else f"{value:,.10g}"


def section(lever: str) -> dict:
    """What criteria.toml says of one lever: id, lever, serves, bears, breaks, chapter, parameters."""
    return criteria.read()["policy"][lever]


@lru_cache
def parameters(rule: type) -> dict[str, Parameter]:
    """The parameters of a lever's `rule`, by name. StudyError where the file and the rule do not name the same ones."""
    told = section(rule.LEVER)["parameters"]
    names = [f.name for f in fields(rule)]
    if sorted(told) != sorted(names):
        raise StudyError(f"[policy.{rule.LEVER}.parameters] of criteria.toml must have {', '.join(names)}.")
    return {n: Parameter(n, **{"unit": "", **told[n], **{k: tuple(told[n].get(k, ())) for k in ("choices", "tried")}})
            for n in names}


def given(rule: type, **changes):
    """A `rule` with its registered parameters but for the `changes`, which may be text as from a command line.

    StudyError names the nearest parameter or choice, or the range that a number must lie in.
    """
    known = parameters(rule)
    for name in changes:
        if name not in known:
            raise unknown(f"parameter of {rule.LEVER.replace('_', '-')}", name, known)
    kinds = {f.name: f.type for f in fields(rule)}
    return rule(**{n: _checked(p, kinds[n], changes.get(n, p.value)) for n, p in known.items()})


def _checked(p: Parameter, kind: type, value):
    """`value` as the `kind` of number or word that it must be."""
    if p.choices:
        if value not in p.choices:
            raise unknown(f"choice of {p.name!r}", str(value), p.choices)
        return value
    try:
        number = kind(value)
        if number != float(value):
            raise ValueError
    except ValueError:
        raise StudyError(f"Parameter {p.name!r} must be a {'whole ' if kind is int else ''}number, "
                         f"not {value!r}.") from None
    if not p.low <= number <= p.high:
        raise StudyError(f"Parameter {p.name!r} must be {p.allowed}, not {in_words(number)}.")
    return number


def elasticities() -> tuple[float, ...]:
    """By how many per cent clients buy less where work is one per cent dearer: the registered range."""
    return tuple(criteria.read()["policy"]["elasticities"]["value"])
