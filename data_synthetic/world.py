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
    pay: float  # mean premium above the day floor, relative to the mean of all trades


@dataclass(frozen=True)
class Platform:
    """One courier platform: when its couriers worked, and whether it failed."""

    since: str
    until: str
    failed: bool


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
    """A world by its parameters; `world.growth` is the value of the parameter `growth`."""

    parameters: Mapping[str, Parameter]

    def __getattr__(self, name):
        if name not in self.parameters:
            raise AttributeError(name)
        return self.parameters[name].value

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
    return World(MappingProxyType(parameters))


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
    if unit in ("trades", "platforms"):
        kind = Trade if unit == "trades" else Platform
        return tuple(kind(**row) for row in value)
    if unit.startswith(("[level", "[NIS")):
        return tuple((row[0] or None, *row[1:]) for row in value)
    if isinstance(value, list):
        return tuple(tuple(row) if isinstance(row, list) else row for row in value)
    return value


def _check(parameter: Parameter) -> None:
    """StudyError where a value is impossible in its unit."""
    value, unit = parameter.value, parameter.unit
    numbers = [v for v in _flat(value) if isinstance(v, int | float) and not isinstance(v, bool)]
    if any(not v >= 0 or v == float("inf") for v in numbers):
        raise _refused(parameter, "must not be negative or infinite")
    if unit == "share" and value > 1:
        raise _refused(parameter, "must lie between 0 and 1")
    if "weight" in unit and not sum(row[1] if isinstance(row, tuple) else row for row in value):
        raise _refused(parameter, "needs a weight above 0")
    if "from and to" in unit and not (len(value) == 2 and value[0] <= value[1]):
        raise _refused(parameter, "needs two values in order")
    if "by month" in unit and len(value) != 12:
        raise _refused(parameter, "needs twelve values")
    if unit.startswith("date"):
        try:
            for day in [value] if isinstance(value, str) else value:
                datetime.date.fromisoformat(day)
        except ValueError:
            raise _refused(parameter, "must be a date like 2010-10-01") from None


def _flat(value):
    if isinstance(value, Trade | Platform):
        value = tuple(vars(value).values())
    return [leaf for part in value for leaf in _flat(part)] if isinstance(value, tuple) else [value]


def _refused(parameter: Parameter, why: str) -> StudyError:
    return StudyError(f"The parameter {parameter.name!r} ({parameter.unit}) {why}.")

