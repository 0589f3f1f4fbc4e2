"""The choices made before the data were opened."""

from dataclasses import dataclass

from analysis import criteria


@dataclass(frozen=True)
class Registered:
    """The choices made before the data were opened: [change] of book/criteria.toml says what each is."""

    window_years: int
    attached: int
    settled: int
    most: int
    horizon: int
    reform_years: int
    donut: int
    clear_of_floor: float
    reform_until: tuple[int, int]
    profile: int
    busiest: int
    smallest: int
    quarters: int
    last: int
    steps: tuple[float, ...]
    bends: tuple[float, ...]
    recent: int
    follow: int


REGISTERED = criteria.parameters("change", Registered)
