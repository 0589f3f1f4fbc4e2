"""What part of the data is looked at: regions, populations, years."""

from dataclasses import dataclass

from analysis.errors import StudyError, unknown

FIRST_YEAR, LAST_YEAR = 2001, 2020     # of the study, unless another span is asked for
BRUSSELS = tuple(str(nis) for nis in range(21001, 21020))
REGIONS = {
    "brussels": "R1: the worker lives in Brussels",
    "brussels-clients": "R2: the client is in Brussels",
    "brussels-either": "R3: worker or client in Brussels",
    "everywhere": "everywhere",
}
POPULATIONS = {
    "P0": "any paid day",
    "P1": "3 months with pay",
    "P2": "75 declared days",
}
MAIN_ACTIVITY_DAYS = 75


@dataclass(frozen=True)
class Scope:
    """Which part of the data is looked at: a region of REGIONS, calendar years (inclusive), with couriers or not.

    StudyError names the nearest region where one is unknown, and refuses years in the wrong order.
    """

    region: str
    first_year: int
    last_year: int
    couriers: bool = True

    def __post_init__(self):
        if self.region not in REGIONS:
            raise unknown("region", self.region, REGIONS)
        if self.first_year > self.last_year:
            raise StudyError(f"The first year lies after the last year ({self.first_year} > {self.last_year}); "
                             "swap them.")
