"""The invariants of the dataset: `smartbook data check`, and the last gate of the import.

Each rule has a name and a severity. An error makes the row wrong: intake quarantines it. A warning is odd but
legal: the row is kept and counted. A rule on rows is a function of an Ibis table that says which rows break
it, so the same declaration serves a row at the door, a folder of Parquet files and a database.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import ibis

from analysis.errors import StudyError
from analysis.schema import REQUIRED, TABLES, Table

ERROR, WARNING = "error", "warning"


@dataclass(frozen=True)
class Violation:
    """One rule that `count` rows of a table break; `keys` are the first of their keys, in order."""

    rule: str
    severity: str
    table: str
    column: str
    count: int
    keys: tuple[tuple, ...] = ()


@dataclass(frozen=True)
class Rule:
    """Rows for which `wrong` is true break the rule; it looks at the `columns`, of which the first is at
    fault.

    `at_the_door` is the severity at intake where it is another one than in a dataset.
    """

    name: str
    table: str
    columns: tuple[str, ...]
    wrong: Callable
    severity: str = ERROR
    at_the_door: str = ""


def _calendar_days(t):
    return t.end_on.delta(t.start_on, unit="day") + 1


def _negative(column: str) -> Callable:
    return lambda t: t[column] < 0


ROW_RULES = (
    Rule(
        "born_after_joining",
        "workers",
        ("birth_year", "joined_on"),
        lambda t: t.birth_year > t.joined_on.year(),
    ),
    Rule(
        "no_buyer",
        "contracts",
        ("client_id", "activity_id"),
        lambda t: t.client_id.isnull() & t.activity_id.isnull(),
    ),
    Rule(
        "two_buyers",
        "contracts",
        ("client_id", "activity_id"),
        lambda t: t.client_id.notnull() & t.activity_id.notnull(),
    ),
    Rule("ends_before_start", "contracts", ("end_on", "start_on"), lambda t: t.end_on < t.start_on),
    Rule("days_not_positive", "contracts", ("days",), lambda t: ~(t.days > 0)),
    Rule(
        "days_exceed_period",
        "contracts",
        ("days", "start_on", "end_on"),
        lambda t: t.days > _calendar_days(t),
    ),
    Rule("negative_hours", "contracts", ("hours",), _negative("hours")),
    *(
        Rule("negative_pay", "contracts", (c,), _negative(c))
        for c in ("gross_cents", "employer_cost_cents", "net_cents")
    ),
    *(Rule("negative_amount", "contracts", (c,), _negative(c)) for c in ("price_cents", "expenses_cents")),
    # An advance is paid before the end, and a price may be kept for an Activity's own books.
    Rule("paid_before_end", "contracts", ("paid_on", "end_on"), lambda t: t.paid_on < t.end_on, WARNING),
    Rule(
        "price_without_client",
        "contracts",
        ("price_cents", "client_id"),
        lambda t: t.price_cents.notnull() & t.client_id.isnull(),
        WARNING,
    ),
    Rule(
        "closed_before_opened", "activities", ("closed_on", "opened_on"), lambda t: t.closed_on < t.opened_on
    ),
    # In a dataset, nothing is what is left of a reference to a row that intake refused.
    Rule(
        "pays_for_nothing",
        "invoices",
        ("contract_id", "activity_id"),
        lambda t: t.contract_id.isnull() & t.activity_id.isnull(),
        WARNING,
        at_the_door=ERROR,
    ),
    Rule(
        "pays_for_two",
        "invoices",
        ("contract_id", "activity_id"),
        lambda t: t.contract_id.notnull() & t.activity_id.notnull(),
    ),
    Rule("due_before_issue", "invoices", ("due_on", "issued_on"), lambda t: t.due_on < t.issued_on),
    Rule(
        "written_off_before_issue",
        "invoices",
        ("written_off_on", "issued_on"),
        lambda t: t.written_off_on < t.issued_on,
    ),
    # Clients do pay in advance.
    Rule(
        "paid_before_issue", "invoices", ("paid_on", "issued_on"), lambda t: t.paid_on < t.issued_on, WARNING
    ),
    Rule(
        "redeemed_before_subscribed",
        "shareholdings",
        ("redeemed_on", "subscribed_on"),
        lambda t: t.redeemed_on < t.subscribed_on,
    ),
    Rule("shares_not_positive", "shareholdings", ("shares",), lambda t: t.shares <= 0),
    Rule("ends_before_start", "segments", ("end", "start"), lambda t: t.end < t.start),
)

# A Belgian national number, an e-mail address, an IBAN.
PERSONAL = (
    r"(^|[^0-9])[0-9]{2}[. ]?[0-9]{2}[. ]?[0-9]{2}[-. ]?[0-9]{3}[-. ]?[0-9]{2}([^0-9]|$)",
    r"[^\s@]+@[^\s@]+\.[^\s@]+",
    r"(^|[^A-Za-z0-9])[A-Za-z]{2}[0-9]{2}( ?[A-Za-z0-9]{4}){2,7}( ?[A-Za-z0-9]{1,4})?([^A-Za-z0-9]|$)",
)


def _personal(column: str) -> Callable:
    return lambda t: ibis.or_(*(t[column].re_search(p) for p in PERSONAL))


def _unknown_level(column: str, levels: tuple[str, ...]) -> Callable:
    return lambda t: t[column].notin(levels)


def _outside(column: str, window: tuple[date, date]) -> Callable:
    return lambda t: (t[column] < window[0]) | (t[column] > window[1])


def _price_identity(fee: float) -> Callable:
    return lambda t: (t.price_cents * (1 - fee) - t.employer_cost_cents - t.expenses_cents).abs() > 1


def row_rules(table: Table, window: tuple[date, date] | None, fee: float | None) -> Iterator[Rule]:
    """The rules on single rows of `table`: those declared above and those that follow from the schema."""
    yield from (r for r in ROW_RULES if r.table == table.name)
    for c in table.columns:
        if not c.nullable:
            yield Rule("missing_value", table.name, (c.name,), lambda t, name=c.name: t[name].isnull())
        if c.levels:
            yield Rule("unknown_level", table.name, (c.name,), _unknown_level(c.name, c.levels))
        if c.type == "string":
            yield Rule("personal_data", table.name, (c.name,), _personal(c.name))
        if c.type == "date" and window:
            yield Rule("outside_window", table.name, (c.name,), _outside(c.name, window), WARNING)
    if table.name == "contracts" and fee is not None:
        yield Rule(
            "price_identity",
            "contracts",
            ("price_cents", "employer_cost_cents", "expenses_cents"),
            _price_identity(fee),
            WARNING,
        )


def wrong_at_the_door(table: Table, rows: ibis.Table, number: str) -> dict[int, tuple[str, str]]:
    """Rows that break a rule whose severity at intake is error: `number` → the first rule and its column."""
    rules = [
        r
        for r in row_rules(table, None, None)
        if (r.at_the_door or r.severity) == ERROR and set(r.columns) <= set(rows.columns)
    ]
    flags = {f"_{i}": r.wrong(rows).fill_null(False) for i, r in enumerate(rules)}
    broken = (
        rows.select(number, **flags)
        .filter(lambda t: ibis.or_(*(t[f] for f in flags)))
        .to_pyarrow()
        .to_pylist()
    )
    first = {row[number]: next(r for i, r in enumerate(rules) if row[f"_{i}"]) for row in broken}
    return {line: (rule.name, rule.columns[0]) for line, rule in first.items()}


def open_tables(folder: Path) -> dict[str, ibis.Table]:
    """The canonical tables of a dataset folder: `<table>.parquet`, or part files in `<table>/`."""
    found = {
        t: [f] if (f := folder / f"{t}.parquet").is_file() else sorted((folder / t).glob("*.parquet"))
        for t in TABLES
    }
    backend = ibis.duckdb.connect()
    tables = {t: backend.read_parquet([str(f) for f in files]) for t, files in found.items() if files}
    if not tables:
        raise StudyError(
            "The folder holds no table of a dataset; give the folder that import or simulate has made."
        )
    return tables


def validate(
    tables: Mapping[str, ibis.Table],
    window: tuple[date, date] | None = None,
    fee: float | None = None,
    most_keys: int = 100,
) -> list[Violation]:
    """Every invariant that the tables break, errors first.

    `window` is the first and the last day of the study and `fee` the share of the price that the cooperative
    keeps; the rules `outside_window` and `price_identity` need them. At most `most_keys` keys are named for
    each violation.
    """
    found = [Violation("missing_table", ERROR, name, "", 1) for name in REQUIRED if name not in tables]
    for name, t in tables.items():
        table, key = TABLES[name], list(TABLES[name].key)
        if absent := [c.name for c in table.columns if not c.nullable and c.name not in t.columns]:
            found += [Violation("missing_column", ERROR, name, column, 1) for column in absent]
            continue
        rules = [r for r in row_rules(table, window, fee) if set(r.columns) <= set(t.columns)]
        counts = t.aggregate(**{f"_{i}": r.wrong(t).fill_null(False).sum() for i, r in enumerate(rules)})
        counts = counts.to_pyarrow().to_pylist()[0]
        for i, rule in enumerate(rules):
            if counts[f"_{i}"]:
                keys = _keys(t.filter(rule.wrong(t).fill_null(False)), key, most_keys)
                found.append(
                    Violation(rule.name, rule.severity, name, rule.columns[0], counts[f"_{i}"], keys)
                )
        twice = t.group_by(key).aggregate(_n=lambda t: t.count()).filter(lambda t: t["_n"] > 1)
        if count := twice.count().to_pyarrow().as_py():
            found.append(
                Violation("duplicate_key", ERROR, name, key[0], count, _keys(twice, key, most_keys))
            )
        for c in table.columns:
            if c.ref in tables and c.name in t.columns and TABLES[c.ref].key[0] in tables[c.ref].columns:
                parent = tables[c.ref].select(_parent=TABLES[c.ref].key[0])
                lost = t.filter(t[c.name].notnull()).anti_join(parent, [(c.name, "_parent")])
                if count := lost.count().to_pyarrow().as_py():
                    keys = _keys(lost, key, most_keys)
                    found.append(Violation("broken_reference", ERROR, name, c.name, count, keys))
    return sorted(found, key=lambda v: v.severity)


def _keys(rows: ibis.Table, key: list[str], most: int) -> tuple[tuple, ...]:
    chosen = rows.select(key).order_by(key).limit(most).to_pyarrow().to_pylist()
    return tuple(tuple(row[k] for k in key) for row in chosen)
