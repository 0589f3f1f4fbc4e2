"""The registered promises: their indicators, benchmarks and margins, as they stand in book/criteria.toml."""

from dataclasses import MISSING, dataclass, fields
from functools import lru_cache

from analysis import criteria
from analysis.errors import StudyError, unknown
from analysis.scope import POPULATIONS
from analysis.verdict.indicators import BASES

SIDES = {"security": "Security", "autonomy": "Autonomy", "safeguard": "Safeguards"}
GRADES = {"A": "quasi-experimental, and robust", "B": "compared within the same records", "C": "described"}


@dataclass(frozen=True)
class Benchmark:
    """What an indicator is compared with: a `value`, its own value in the `past` years, or another `basis` of it."""

    name: str
    why: str
    value: float | None = None
    source: str = ""
    past: bool = False
    basis: str | None = None


@dataclass(frozen=True)
class Promise:
    """One promise. With two entries of `basis`, the truth lies between the indicator on the first and on the second."""

    name: str
    title: str
    side: str
    what: str
    basis: tuple[str, ...]
    population: str
    margin: float
    why_margin: str
    grade: str
    benchmarks: tuple[Benchmark, ...]


@dataclass(frozen=True)
class Rules:
    """The years that are judged and those of the past, and how surely all intervals hold at once."""

    now: tuple[int, int]
    past: tuple[int, int]
    level: float
    draws: int
    seed: int


@lru_cache
def registered() -> tuple[Rules, tuple[Promise, ...]]:
    """The rules and the promises of the file. StudyError names what is wrong with them."""
    section = criteria.read()["promises"]
    rules = _made(Rules, "[promises]", {name: v for name, v in section.items() if not isinstance(v, dict)})
    if any(len(years) != 2 or years[0] > years[1] for years in (rules.now, rules.past)):
        raise StudyError("`now` and `past` in [promises] of criteria.toml need a first and a last year, in this order.")
    return rules, tuple(_promise(name, part) for name, part in section.items() if isinstance(part, dict))


def _made(kind: type, where: str, values: dict):
    """The `values` of the file as a data class, lists as tuples; StudyError names what is missing or unknown."""
    known = {f.name: f for f in fields(kind)}
    for name in values:
        if name not in known:
            raise unknown(f"entry of {where} in criteria.toml", name, known)
    for name, f in known.items():
        if name not in values and f.default is MISSING:
            raise StudyError(f"{where} of criteria.toml lacks `{name}`; add it.")
    return kind(**{name: tuple(v) if isinstance(v, list) else v for name, v in values.items()})


def _promise(name: str, part: dict) -> Promise:
    if name not in BASES:
        raise unknown("indicator in [promises] of criteria.toml", name, BASES)
    where = f"[promises.{name}]"
    benchmarks = [_made(Benchmark, f"a benchmark of {where}", b) for b in part.get("benchmarks", ())]
    promise = _made(Promise, where, {**part, "name": name, "benchmarks": benchmarks})
    for basis in (*promise.basis, *(b.basis for b in promise.benchmarks if b.basis)):
        if basis not in BASES[name]:
            raise unknown(f"basis of `{name}` in criteria.toml", basis, BASES[name])
    for word, known in ((promise.side, SIDES), (promise.grade, GRADES), (promise.population, POPULATIONS)):
        if word not in known:
            raise unknown(f"word in {where} of criteria.toml", word, known)
    if len(promise.basis) not in (1, 2) or len(promise.benchmarks) < 2 or not _above_nothing(promise.margin):
        raise StudyError(f"{where} of criteria.toml needs one or two bases, two benchmarks and a margin above 0.")
    if any((b.value is not None) + b.past + (b.basis is not None) != 1 for b in promise.benchmarks):
        raise StudyError(f"Each benchmark of `{name}` in criteria.toml is a value, the past or a basis: one of the "
                         "three.")
    return promise


def _above_nothing(margin) -> bool:
    return isinstance(margin, int | float) and margin > 0


def titles() -> dict[str, str]:
    """The promises by their names in the file."""
    return {p.name: p.title for p in registered()[1]}


def called(name: str) -> Promise:
    """The promise of that name in the file; StudyError with the nearest one."""
    known = {p.name: p for p in registered()[1]}
    if name not in known:
        raise unknown("promise", name, known)
    return known[name]


def benchmark(name: str) -> float | None:
    """The value of the benchmark that decides a promise; None where it comes from the records."""
    return called(name).benchmarks[0].value


def rules():
    """The rules as a frame of texts: rule, value, what."""
    import pandas as pd

    r = registered()[0]
    return pd.DataFrame([
        ("years judged", "–".join(map(str, r.now)), "the last years before the pandemic"),
        ("years of the past", "–".join(map(str, r.past)), "the first years in which both tools of Smart existed"),
        ("together", f"{r.level:.0%}", "how surely all intervals of the scorecard hold at once"),
        ("draws", f"{r.draws:,}", "of the bootstrap of workers and clients that widens the intervals for it"),
    ], columns=["rule", "value", "what"])


def table():
    """The promises and their benchmarks as a frame of texts and numbers, for the book."""
    import pandas as pd

    _rules, promises = registered()
    return pd.DataFrame([{
        "side": SIDES[p.side], "promise": p.title, "what": p.what, "benchmark": b.name,
        "value": b.value, "why": b.why, "source": b.source or "these records",
        "margin": p.margin, "why_margin": p.why_margin,
        "population": POPULATIONS[p.population], "grade": f"{p.grade}: {GRADES[p.grade]}",
        "decides": "yes" if n == 0 else "no"} for p in promises for n, b in enumerate(p.benchmarks)])
