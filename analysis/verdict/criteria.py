"""The criteria by which the study judges, as they are registered in book/criteria.toml: read once and checked."""

from dataclasses import dataclass
from functools import lru_cache

from analysis.criteria import listed, log, read
from analysis.errors import StudyError
from analysis.scope import POPULATIONS

__all__ = ["Dimension", "Space", "goalposts", "listed", "log", "space"]


@dataclass(frozen=True)
class Dimension:
    """One indicator between two goalposts: `worst` counts as 0, `best` as 1, whichever is the larger number."""

    name: str
    what: str
    why: str
    worst: float
    best: float


@dataclass(frozen=True)
class Space:
    """The plane of two indices: who has a place in it, the dimensions of each, and where its quadrants meet."""

    population: str
    middle: float
    span: int
    security: tuple[Dimension, ...]
    autonomy: tuple[Dimension, ...]


@lru_cache
def space() -> Space:
    """The registered space of security and autonomy. StudyError names what is wrong with it."""
    section = read()["space"]
    if section["population"] not in POPULATIONS or not 0 < section["middle"] < 1 or section["span"] < 1:
        raise StudyError("[space] of criteria.toml needs a known population, a middle between 0 and 1 and a span of "
                         "years.")
    return Space(section["population"], section["middle"], section["span"],
                 *(tuple(_dimension(name, **part) for name, part in section[index].items())
                   for index in ("security", "autonomy")))


def _dimension(name: str, what: str, why: str, worst: float, best: float) -> Dimension:
    if worst == best:
        raise StudyError(f"The goalposts of `{name}` in criteria.toml are equal; give two different values.")
    return Dimension(name, what, why, float(worst), float(best))


def goalposts():
    """The dimensions of both indices as a frame: index, dimension, what, worst, best, why."""
    import pandas as pd

    s = space()
    return pd.DataFrame([{"index": index, "dimension": d.name, "what": d.what, "worst": d.worst, "best": d.best,
                          "why": d.why} for index in ("security", "autonomy") for d in getattr(s, index)])
