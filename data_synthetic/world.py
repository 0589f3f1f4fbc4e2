"""The parameters of the synthetic world: read from world.toml, changed one by one, refused where they make no sense."""

import csv
import datetime
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from types import MappingProxyType

from analysis.errors import StudyError, unknown
from data_synthetic.kinds import ORDINARY

HERE = Path(__file__).parent
FILE = HERE / "world.toml"


@dataclass(frozen=True)
class Trade:
    """One profession. `early`, `late`: weights at joining in the two `trade_years`, linear in between."""

    name: str
    early: int
    late: int
    artistic: bool
    committee: str  # "" = white-collar committee of the date
    pay: float  # log premium


@dataclass(frozen=True)
class Platform:
    """One courier platform: when its couriers worked, and whether it failed."""

    since: str
    until: str
    failed: bool


@dataclass(frozen=True)
class Kind:
    """One kind of members, see the note of `kinds`."""

    name: str
    rate: float
    stay: float
    back: float
    leave: float
    lengths: str
    circle: int


ROWS = {"trades": Trade, "platforms": Platform, "kinds": Kind}


@dataclass(frozen=True)
class Parameter:
    """One line of world.toml: `source` is a key of the book's bibliography, or "assumption"."""

    name: str
    value: object
    unit: str
    source: str
    note: str = ""


@dataclass(frozen=True)
class World:
    """A world by its parameters; `world.joiners` is the value of the parameter `joiners`."""

    parameters: Mapping[str, Parameter]

    def __getattr__(self, name):
        if name not in self.parameters:
            raise AttributeError(name)
        return self.parameters[name].value

    @cached_property
    def kind_shares(self) -> dict[str, float]:
        """The share of the members of each kind that is not ordinary."""
        return {k.name: self.parameters[f"{k.name}_share"].value for k in self.kinds if k.name not in ORDINARY}

    @cached_property
    def day_floor(self) -> tuple[tuple[str, int], ...]:
        """Lowest pay of a full day by date, cents: the monthly minimum × 12 / 260, rounded up."""
        with (HERE / self.wages).open(encoding="utf-8", newline="") as lines:
            months = [(row["valid_from"], int(row["eur_per_month"].replace(".", ""))) for row in csv.DictReader(lines)]
        return tuple((start, -(-cents * 12 // 260)) for start, cents in months)


def read_world(changes: Mapping[str, str] = MappingProxyType({})) -> World:
    """The world of world.toml with some values changed, each written as TOML would: name → text.

    StudyError names the nearest parameter where a name is unknown, and says what is wrong with a value.
    """
    table = tomllib.loads(FILE.read_text("utf-8"))
    parameters = {name: Parameter(name, _typed(row["value"], row["unit"]), row["unit"], row["source"],
                                  row.get("note", "")) for name, row in table.items()}
    for name, text in changes.items():
        if name not in parameters:
            raise unknown("parameter of the world", name, parameters)
        parameters[name] = _changed(parameters[name], text)
    for parameter in parameters.values():
        _check(parameter)
    world = World(MappingProxyType(parameters))
    if (claimed := sum(world.kind_shares.values())) > 1:
        raise StudyError(f"The shares of the kinds of members add up to {claimed:.3f}; they must leave room in 1.")
    return world


def _changed(parameter: Parameter, text: str) -> Parameter:
    try:
        value = tomllib.loads(f"value = {text}")["value"]
    except tomllib.TOMLDecodeError:
        value = text
    if isinstance(parameter.value, float) and type(value) is int:
        value = float(value)
    if isinstance(value, datetime.date):
        value = value.isoformat()
    if isinstance(value, list) != isinstance(parameter.value, tuple) or (
            not isinstance(value, list) and type(value) is not type(parameter.value)):
        raise _refused(parameter, "must be written as in world.toml")
    try:
        return replace(parameter, value=_typed(value, parameter.unit))
    except TypeError:
        raise _refused(parameter, "must be written as in world.toml") from None


def _typed(value, unit: str):
    """A value of the file in the form that the simulator uses: tuples, trades, platforms, None for what is missing."""
    if unit in ROWS:
        return tuple(ROWS[unit](**row) for row in value)
    if unit.startswith(("[level", "[NIS")):
        return tuple((row[0] or None, *row[1:]) for row in value)
    if isinstance(value, list):
        return tuple(tuple(row) if isinstance(row, list) else row for row in value)
    return value


# Bounds of numbers, by how their unit begins; the first that fits counts.
BOUNDS = (
    ("share", 0, 1), ("log standard deviation", 0, 3), ("log ", -5, 5), ("exponent", 1, 4), ("multiple", 0.1, 100),
    ("ratio", 0, 100), ("days worked for each", 1, 100), ("members of a team", 1, 1_000), ("[days, weight]", 1, 1_000),
    ("thousandths", 0, 999), ("basis points", 0, 10_000), ("percent", 0, 1_000), ("years", 0, 2_100),
    ("tenths of an hour", 1, 1_000), ("contracts per month", 0, 40), ("clients per member", 0, 100),
    ("working days", 0, 250), ("days", 0, 10_000), ("weeks", 0, 52), ("months", 0, 400), ("characters", 0, 100_000),
    ("passages", 0, 1_000), ("trades", -5, 100_000), ("", 0, 10_000_000),
)
DATED = ("[valid from", "date", "platforms")


def _check(parameter: Parameter) -> None:
    """StudyError where a value is impossible in its unit."""
    value, unit = parameter.value, parameter.unit
    numbers = [v for v in _flat(value) if isinstance(v, int | float) and not isinstance(v, bool)]
    low, high = next((low, high) for begin, low, high in BOUNDS if unit.startswith(begin))
    if not all(low <= v <= high for v in numbers):
        raise _refused(parameter, f"must lie between {low} and {high:,}")
    if unit == "kinds" and any(max(k.stay, k.back, k.leave) > 1 for k in value):
        raise _refused(parameter, "has a `stay`, `back` or `leave` above 1")
    if "weight" in unit and not sum(row[1] if isinstance(row, tuple) else row for row in value):
        raise _refused(parameter, "needs a weight above 0")
    if "from and to" in unit and not (len(value) == 2 and value[0] <= value[1]):
        raise _refused(parameter, "needs two values in order")
    if "by month" in unit and len(value) != 12:
        raise _refused(parameter, "needs twelve values")
    if isinstance(value, tuple) and not value:
        raise _refused(parameter, "must not be empty")
    if unit.startswith(DATED):
        days = [row[0] for row in value] if unit.startswith("[valid") else [value] if isinstance(value, str) else [
            day for row in value for day in (row.since, row.until)]
        try:
            known = [datetime.date.fromisoformat(day) for day in days]
        except (TypeError, ValueError):
            raise _refused(parameter, "must be a date like 2010-10-01") from None
        if unit != "platforms" and known != sorted(known):
            raise _refused(parameter, "must have its dates in order")


def _flat(value):
    if isinstance(value, tuple(ROWS.values())):
        value = tuple(vars(value).values())
    return [leaf for part in value for leaf in _flat(part)] if isinstance(value, tuple) else [value]


def _refused(parameter: Parameter, why: str) -> StudyError:
    return StudyError(f"The parameter {parameter.name!r} ({parameter.unit}) {why}.")

