"""What part of the data is looked at: regions, populations, years."""

from dataclasses import dataclass

BRUSSELS = tuple(str(nis) for nis in range(21001, 21020))
REGIONS = {
    "brussels": "workers who live in the Brussels-Capital Region (R1)",
    "brussels-clients": "work for clients established in the Brussels-Capital Region (R2)",
    "brussels-either": "the worker lives, or the client is established, in the Brussels-Capital Region (R3)",
    "everywhere": "all work recorded",
}
POPULATIONS = {
    "P0": "any paid day in the year",
    "P1": "paid work in at least 3 months of the year",
    "P2": "at least 75 declared days in the year (Smart is likely the main activity)",
}
MAIN_ACTIVITY_DAYS = 75


@dataclass(frozen=True)
class Scope:
    """Which part of the data is looked at: a region of REGIONS, calendar years (inclusive), with couriers or not."""

    region: str
    first_year: int
    last_year: int
    couriers: bool = True
