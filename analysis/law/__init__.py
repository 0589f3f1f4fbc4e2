"""Dated legal parameters, price indices and code lists, each with its source and evidence grade.

The numbers are in the CSV files of this folder, never in code; README.md says what each file holds.
"""

from bisect import bisect_right
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from pathlib import Path

from analysis.errors import StudyError, unknown

FOLDER = Path(__file__).parent

_DATES = ("date", "valid_from", "valid_to")
_INTEGERS = ("year", "month")
_MAYBE_INTEGERS = ("age_min", "age_max", "days", "window_months", "career_days", "career_months", "per_missing_day",
                   "target_days")
_NUMBERS = ("value", "monthly_eur", "quota", "rate", "student_rate", "employer_rate")


@dataclass(frozen=True)
class AdmissionRule:
    """One way into unemployment benefit, for claims from `since` to `until` at the ages of a class, both inclusive.

    It is met by `days` admissible days in the `window_months` before the claim, with, in the `career_months` before
    that window, `career_days` days and `per_missing_day` for each day that the window lacks to `target_days`.
    """

    rule: str
    since: date
    until: date
    age_min: int
    age_max: int
    days: int
    window_months: int
    career_days: int
    career_months: int
    per_missing_day: int
    target_days: int


@dataclass(frozen=True)
class ArtistRule:
    """One number of artist_rules.csv: its `value`, counted over `window_months`, from `since` to `until` inclusive."""

    value: float
    window_months: int
    since: date
    until: date


def names() -> list[str]:
    """The reference tables of this folder."""
    return sorted(file.stem for file in FOLDER.glob("*.csv"))


def table(name: str):
    """The reference table `name` as a DataFrame: dates, numbers and booleans typed, empty text as ''."""
    if name not in names():
        raise unknown("reference table", name, names())
    return _read(name).copy()


def minimum_wage(day) -> int:
    """Guaranteed average minimum monthly income in force on `day`, EUR cents a month (minimum_wage.csv)."""
    import pandas as pd

    day, (dates, cents) = pd.Timestamp(day), _minimum_wage_steps()
    first, last = dates[0], dates[-1].year
    if day < first or day.year > last:
        known = f"{first:%Y-%m-%d} to {last}-12-31"
        raise StudyError(f"The minimum wage is known from {known}, not on {day:%Y-%m-%d}.")
    return cents[bisect_right(dates, day) - 1]


def minimum_hourly(day) -> float:
    """Minimum per hour, EUR: monthly × 3 / (13 × 38), the month being 13/3 weeks of the full-time week."""
    return minimum_wage(day) / 100 * 3 / (13 * rate("full_time_week"))


def minimum_daily(day) -> float:
    """Minimum per day, EUR: monthly × 12 / 260, the year being 260 working days."""
    return minimum_wage(day) / 100 * 12 / rate("working_days")


def reference_fees() -> list[tuple]:
    """Dates (first days in force) and EUR cents of lump sum that count as one day, in the order of time."""
    return list(_reference_fee_steps())


def admission_rules() -> tuple[AdmissionRule, ...]:
    """Every rule of admission_rules.csv; those of its first date also hold before it."""
    return _admission_rules()


def age_classes() -> list[tuple[int, int]]:
    """The youngest and the oldest age of each class that the rules of admission tell apart."""
    return sorted({(r.age_min, r.age_max) for r in _admission_rules()})


def admission(day, age: int) -> tuple[AdmissionRule, ...]:
    """The rules by which somebody of `age` years may be admitted on `day`, that of the own age class first."""
    import pandas as pd

    day = pd.Timestamp(day).date()
    return tuple(r for r in _admission_rules() if r.since <= day <= r.until and r.age_min <= age <= r.age_max)


def artist_rule(rule: str) -> ArtistRule:
    """The one period of a `rule` of artist_rules.csv that counts over a window of months."""
    rows = _read("artist_rules").dropna(subset="window_months").set_index("rule")
    if rule not in rows.index:
        raise unknown("artist rule", rule, set(rows.index))
    row = rows.loc[rule]
    return ArtistRule(float(row["value"]), int(row["window_months"]), row["valid_from"].date(),
                      _last_day(row["valid_to"]))


def rate(name: str) -> float:
    """One parameter of rates.csv, in the unit that the table gives."""
    rates = _rates()
    if name not in rates:
        raise unknown("rate", name, rates)
    return rates[name]


def health_index(year: int, month: int) -> float:
    """Belgian health index of one month, 2013 = 100 (health_index.csv)."""
    index = _health_index_by_month()
    if (year, month) not in index:
        raise StudyError(f"The health index is known for {_span(index)}, not for {year}-{month:02}.")
    return index[year, month]


def deflator(year: int, month: int, base_year: int) -> float:
    """Factor from EUR of a month to EUR of `base_year`: mean index of the base year / index of the month."""
    return _yearly_index(base_year) / health_index(year, month)


def living_standard(name: str, year: int) -> float:
    """A benchmark of living_standards.csv for `year`, nominal EUR (`poverty_line` a year, `full_time_median` a month).

    A year without a published value has that of the nearest earlier one, moved by the health index; years before the
    first one have the first, likewise.
    """
    published = _living_standards().get(name)
    if published is None:
        raise unknown("living standard", name, _living_standards())
    known = max((y for y in published if y <= year), default=min(published))
    return published[known] * _yearly_index(year) / _yearly_index(known)


def real_minimum_wage(base_year: int = 2000):
    """The monthly minimum of each whole year: year, nominal_eur, real_eur (prices of the base year), index.

    Mean of the amounts in force on the first of the twelve months, deflated by the yearly mean of the health
    index; `index` is real_eur with the base year = 100.
    """
    import pandas as pd

    years = sorted({year for year, _ in _health_index_by_month()})
    rows = [(year, _yearly_minimum(year), _yearly_index(year)) for year in years]
    frame = pd.DataFrame(rows, columns=["year", "nominal_eur", "health_index"]).set_index("year")
    frame["real_eur"] = frame["nominal_eur"] * frame.loc[base_year, "health_index"] / frame["health_index"]
    frame["index"] = 100 * frame["real_eur"] / frame.loc[base_year, "real_eur"]
    return frame.drop(columns="health_index").reset_index()


def _yearly_minimum(year: int) -> float:
    return sum(minimum_wage(f"{year}-{month:02}-01") for month in range(1, 13)) / 1200


def _yearly_index(year: int) -> float:
    return sum(health_index(year, month) for month in range(1, 13)) / 12


def _span(index: dict) -> str:
    """First and last month of the health index, for a message."""
    (first_year, first_month), (last_year, last_month) = min(index), max(index)
    return f"{first_year}-{first_month:02} to {last_year}-{last_month:02}"


@lru_cache
def _rates() -> dict[str, float]:
    rows = _read("rates")
    return dict(zip(rows["name"], rows["value"].tolist(), strict=True))


@lru_cache
def _living_standards() -> dict[str, dict[int, float]]:
    rows = _read("living_standards")
    return {name: dict(zip(group["year"].tolist(), group["value"].tolist(), strict=True))
            for name, group in rows.groupby("name")}


@lru_cache
def _minimum_wage_steps() -> tuple[list, list[int]]:
    """Dates in force and EUR cents a month, in the order of time."""
    rows = _read("minimum_wage")
    return list(rows["valid_from"]), [round(eur * 100) for eur in rows["monthly_eur"]]


@lru_cache
def _reference_fee_steps() -> tuple:
    rules = _read("artist_rules")
    rows = rules[rules["rule"] == "reference_fee"].sort_values("valid_from")
    return tuple((day.date(), round(eur * 100)) for day, eur in zip(rows["valid_from"], rows["value"], strict=True))


@lru_cache
def _admission_rules() -> tuple[AdmissionRule, ...]:
    rows = _read("admission_rules")
    first = rows["valid_from"].min()
    counts = rows[["days", "window_months", "career_days", "career_months", "per_missing_day", "target_days"]].fillna(0)
    return tuple(
        AdmissionRule(row.rule, date.min if row.valid_from == first else row.valid_from.date(),
                      _last_day(row.valid_to), int(row.age_min), int(row.age_max), *map(int, numbers))
        for row, numbers in zip(rows.itertuples(), counts.itertuples(index=False), strict=True))


def _last_day(valid_to) -> date:
    import pandas as pd

    return date.max if pd.isna(valid_to) else valid_to.date()


@lru_cache
def _health_index_by_month() -> dict[tuple[int, int], float]:
    rows = _read("health_index")
    months = zip(rows["year"].tolist(), rows["month"].tolist(), strict=True)
    return dict(zip(months, rows["value"].tolist(), strict=True))


@lru_cache
def _read(name: str):
    """One CSV file, typed by the names of its columns."""
    import pandas as pd

    frame = pd.read_csv(FOLDER / f"{name}.csv", dtype="str", keep_default_na=False)
    for column in frame.columns:
        if column in _DATES:
            frame[column] = pd.to_datetime(frame[column], format="%Y-%m-%d")
        elif column in _INTEGERS:
            frame[column] = frame[column].astype("int64")
        elif column in _MAYBE_INTEGERS:
            frame[column] = pd.to_numeric(frame[column]).astype("Int64")
        elif column in _NUMBERS:
            frame[column] = frame[column].astype("float64")
        elif column == "break":
            frame[column] = frame[column] == "true"
        elif column == "artistic":
            frame[column] = frame[column].map({"true": True, "false": False}).astype("boolean")
    return frame
