"""The mapping file: how one source writes its export, as frozen dataclasses. `mappings/README.md` is its
manual.

Everything is checked before the first line of data is read: an unknown setting, table, column or level is a
StudyError with the nearest name that exists, and so is whatever would leave something to guess or let free
text in.
"""

import codecs
import re
import tomllib
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation
from pathlib import Path

from analysis.errors import StudyError, unknown
from analysis.intake.values import fold
from analysis.schema import TABLES, Column, Table


@dataclass(frozen=True)
class ColumnMap:
    """One column of the dataset: its `header` in the file, and the code list or the form of its texts."""

    name: str
    header: str
    codes: dict[str, object] | None = None
    form: re.Pattern | None = None


@dataclass(frozen=True)
class NotData:
    """Lines that `pattern` finds are no data. With `column` they hold the total of that money column.

    The total is that of the whole file or, with `year_of`, of the rows whose date `year_of` lies in the year
    that the group `year` of the pattern names.
    """

    pattern: re.Pattern
    column: str = ""
    year_of: str = ""


@dataclass(frozen=True)
class CreditNotes:
    """Where the source key in `column` begins with `prefix`, and only there, `amount` is negative."""

    column: str
    prefix: str
    amount: str


@dataclass(frozen=True)
class Control:
    """What the source says that the file holds: rows, and the total of one money column in cents."""

    rows: int | None = None
    column: str = ""
    cents: int | None = None


@dataclass(frozen=True)
class TableMap:
    """One file of the export and the table that it becomes."""

    table: Table
    file: str
    columns: tuple[ColumnMap, ...]
    ignore: tuple[str, ...] = ()
    not_data: tuple[NotData, ...] = ()
    credit_notes: CreditNotes | None = None
    control: Control = Control()

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(c.name for c in self.columns)


@dataclass(frozen=True)
class Mapping:
    """One source: the marks of its files, its keys, and its tables. `window` and `fee` serve the checks."""

    encoding: str
    delimiter: str
    quote: str
    decimal: str
    thousands: tuple[str, ...]
    currency: tuple[str, ...]
    dates: tuple[str, ...]
    keys: dict[str, re.Pattern]
    tables: tuple[TableMap, ...]
    window: tuple[date, date] | None = None
    fee: float | None = None


_TOP = ("file", "numbers", "dates", "keys", "codes", "checks", "tables")


def read_mapping(path: Path) -> Mapping:
    """The mapping in the TOML file `path`; StudyError with the first thing that is wrong with it."""
    try:
        text = Path(path).read_text("utf-8")
        top = tomllib.loads(text)
    except OSError as error:
        raise StudyError(f"The mapping file cannot be read ({error.strerror}); check --mapping.") from None
    except UnicodeDecodeError:
        raise StudyError("The mapping file is not UTF-8; save it as UTF-8.") from None
    except tomllib.TOMLDecodeError as error:
        raise StudyError(f"The mapping file is not valid TOML: {error}.") from None
    _known("the mapping", top, _TOP, ("file", "numbers", "dates", "keys", "tables"))
    file = _section(top, "file")
    _known("[file]", file, ("encoding", "delimiter", "quote"), ("encoding", "delimiter"))
    numbers = _section(top, "numbers")
    _known("[numbers]", numbers, ("decimal", "thousands", "currency"), ("decimal",))
    dates = _section(top, "dates")
    _known("[dates]", dates, ("formats",), ("formats",))
    checks = _section(top, "checks")
    _known("[checks]", checks, ("window", "fee"))
    keys = {
        t: _pattern(f"[keys] {t}", _text(f"[keys] {t}", form)) for t, form in _section(top, "keys").items()
    }
    for table in keys:
        if table not in TABLES:
            raise unknown("table in [keys] of the mapping", table, TABLES)
    codes = {name: _code_list(f"[codes.{name}]", body) for name, body in _section(top, "codes").items()}
    tables = _section(top, "tables")
    for name in tables:
        if name not in TABLES:
            raise unknown("table in the mapping", name, TABLES)
    marks = _marks(numbers, _text("[file] delimiter", file["delimiter"]))
    mapping = Mapping(
        encoding=_encoding(file["encoding"]),
        delimiter=_one("[file] delimiter", file["delimiter"]),
        quote=_one("[file] quote", file["quote"]) if file.get("quote") else "",
        **marks,
        dates=_formats(_texts("[dates] formats", dates["formats"])),
        keys=keys,
        tables=tuple(_table(TABLES[name], body, keys, codes) for name, body in tables.items()),
        window=_window(checks.get("window")),
        fee=_fee(checks.get("fee")),
    )
    if not mapping.tables:
        raise StudyError("The mapping has no [tables.…] section; describe at least one file of the export.")
    return mapping


def _wrong(where: str, what: str) -> StudyError:
    return StudyError(f"In the mapping, {where} {what}.")


def _known(where: str, section: dict, allowed, needed=()) -> None:
    for name in section:
        if name not in allowed:
            raise unknown(f"setting in {where}", name, allowed)
    for name in needed:
        if name not in section:
            raise _wrong(where, f"lacks `{name}`; see mappings/README.md")


def _section(top: dict, name: str) -> dict:
    section = top.get(name, {})
    if not isinstance(section, dict):
        raise _wrong(f"`{name}`", f"must be a section; write [{name}]")
    return section


def _text(where: str, value) -> str:
    if not isinstance(value, str) or not value:
        raise _wrong(where, "must be a text; put it between quotes")
    return value


def _one(where: str, value) -> str:
    if len(_text(where, value)) != 1:
        raise _wrong(where, "must be one character")
    return value


def _texts(where: str, value) -> tuple[str, ...]:
    if not isinstance(value, list):
        raise _wrong(where, "must be a list of texts; put it between brackets")
    return tuple(_text(where, v) for v in value)


def _pattern(where: str, value: str) -> re.Pattern:
    try:
        return re.compile(value)
    except re.error as error:
        raise _wrong(where, f"is no regular expression ({error})") from None


def _encoding(value) -> str:
    encoding = _text("[file] encoding", value)
    try:
        codecs.lookup(encoding)
    except LookupError:
        raise _wrong(
            "[file] encoding", f"is unknown to Python: {encoding!r}; use for instance cp1252 or utf-8"
        ) from None
    try:
        whole = b"a;\n".decode(encoding)
    except (UnicodeDecodeError, LookupError):
        whole = ""
    if whole != "a;\n":
        raise _wrong(
            "[file] encoding", f"{encoding!r} has line ends of more than one byte; convert the file to utf-8"
        )
    return encoding


def _marks(numbers: dict, delimiter: str) -> dict:
    decimal = _one("[numbers] decimal", numbers["decimal"])
    thousands = tuple(
        _one("[numbers] thousands", t) for t in _texts("[numbers] thousands", numbers.get("thousands", []))
    )
    if decimal in thousands or decimal.isdigit():
        raise _wrong(
            "[numbers]", "has a decimal mark that is also a digit or a thousands mark; choose two marks"
        )
    if delimiter in (decimal, *thousands):
        raise _wrong(
            "[numbers]", "uses the delimiter of the file as a mark; such an export needs another delimiter"
        )
    return {
        "decimal": decimal,
        "thousands": thousands,
        "currency": _texts("[numbers] currency", numbers.get("currency", [])),
    }


def _formats(formats: tuple[str, ...]) -> tuple[str, ...]:
    for form in formats:
        if sorted(re.findall("%.?", form)) != ["%Y", "%d", "%m"]:
            raise _wrong(
                "[dates] formats", f"has {form!r}; use %d, %m and %Y, each once (a year has four digits)"
            )
    if not formats:
        raise _wrong("[dates] formats", "is empty; give at least one format")
    return formats


def _window(value) -> tuple[date, date] | None:
    if value is None:
        return None
    if not isinstance(value, list) or [type(v) for v in value] != [date, date] or value[0] > value[1]:
        raise _wrong("[checks] window", "must be a first and a last day, like [2000-01-01, 2020-12-31]")
    return value[0], value[1]


def _fee(value) -> float | None:
    if value is not None and (type(value) is not float or not 0 <= value < 1):
        raise _wrong("[checks] fee", "must be a share of the price between 0 and 1, like 0.065")
    return value


def _code_list(where: str, body) -> dict[str, object]:
    """Folded code → value; two codes that fold alike must mean the same."""
    if not isinstance(body, dict):
        raise _wrong(where, "must be a section of `code = value` lines")
    codes: dict[str, object] = {}
    for code, value in body.items():
        if not isinstance(value, str | bool):
            raise _wrong(where, f"gives {code!r} a value that is neither a text nor true or false")
        if codes.setdefault(fold(code), value) != value:
            raise _wrong(where, f"gives {code!r} two meanings, since case, accents and blanks do not count")
    return codes


def _table(table: Table, body, keys, codes) -> TableMap:
    where = f"[tables.{table.name}]"
    if not isinstance(body, dict):
        raise _wrong(where, "must be a section")
    _known(
        where, body, ("file", "columns", "ignore", "not_data", "credit_notes", "control"), ("file", "columns")
    )
    file = _text(f"{where} file", body["file"])
    if Path(file).name != file:
        raise _wrong(f"{where} file", "must be the name of a file in the export folder, without a path")
    columns = tuple(
        _column(f"{where} {name}", table, name, spec, keys, codes)
        for name, spec in _section(body, "columns").items()
    )
    given = [c.name for c in columns]
    for column in table.columns:
        if not column.nullable and column.name not in given:
            raise _wrong(where, f"lacks the column `{column.name}` ({column.meaning}), which must be given")
    ignore = _texts(f"{where} ignore", body.get("ignore", []))
    headers = [fold(h) for h in (*(c.header for c in columns), *ignore)]
    if len(headers) != len(set(headers)):
        raise _wrong(where, "uses one header twice; a header gives one column")
    money = [n for n in given if n.endswith("_cents")]
    days = [n for n in given if table.column(n).type == "date"]
    return TableMap(
        table=table,
        file=file,
        columns=tuple(sorted(columns, key=lambda c: table.names.index(c.name))),
        ignore=ignore,
        not_data=tuple(_not_data(f"{where} not_data", n, money, days) for n in body.get("not_data", ())),
        credit_notes=_credit_notes(f"{where} credit_notes", body.get("credit_notes"), given, money),
        control=_control(f"{where} control", body.get("control", {}), money),
    )


def _column(where: str, table: Table, name: str, spec, keys, codes) -> ColumnMap:
    if name not in table.names:
        raise unknown(f"column of `{table.name}` in the mapping", name, table.names)
    column = table.column(name)
    spec = {"header": spec} if isinstance(spec, str) else spec
    if not isinstance(spec, dict):
        raise _wrong(where, "must be a header, or a table with header and codes or form")
    _known(where, spec, ("header", "codes", "form"), ("header",))
    header = _text(f"{where} header", spec["header"])
    owner = identifies(table, column)
    if owner and owner not in keys:
        raise _wrong(where, f"is an identifier; give the form of its keys in [keys] {owner}")
    used = None
    if "codes" in spec:
        code_list = _text(f"{where} codes", spec["codes"])
        if code_list not in codes:
            raise unknown("code list in the mapping", code_list, codes)
        used = codes[code_list]
        _fitting(where, column, used)
    form = _pattern(f"{where} form", _text(f"{where} form", spec["form"])) if "form" in spec else None
    closed = column.type == "bool" or bool(column.levels)
    if closed and used is None:
        raise _wrong(where, "has fixed levels; name its code list in `codes`")
    if column.type == "string" and used is None and form is None:
        raise _wrong(
            where, "is a text; name its code list in `codes` or give its `form`, so that no free text enters"
        )
    if column.type not in ("string", "bool") and (used or form):
        raise _wrong(where, f"holds a {column.type}; only a text column has `codes` or `form`")
    return ColumnMap(name, header, used, form)


def _fitting(where: str, column: Column, codes: dict[str, object]) -> None:
    for value in codes.values():
        if isinstance(value, bool) != (column.type == "bool"):
            raise _wrong(
                where, "has a code list of the other kind; bool columns need true and false, texts need texts"
            )
        if column.levels and value not in column.levels:
            raise unknown(f"level of `{column.name}`", str(value), column.levels)


def identifies(table: Table, column: Column) -> str:
    """The table whose keys `column` holds, so that they are pseudonymised; empty for other columns."""
    return column.ref or (table.name if column.name in table.key and column.type == "int64" else "")


def _not_data(where: str, body, money, days) -> NotData:
    if not isinstance(body, dict):
        raise _wrong(where, "must be a list of tables, like [{ pattern = '^Total' }]")
    _known(where, body, ("pattern", "total_of", "year_of"), ("pattern",))
    pattern = _pattern(where, _text(where, body["pattern"]))
    column, year_of = body.get("total_of", ""), body.get("year_of", "")
    if column and column not in money:
        raise unknown(f"money column in {where}", str(column), money)
    if year_of and year_of not in days:
        raise unknown(f"date column in {where}", str(year_of), days)
    if bool(year_of) != ("year" in pattern.groupindex):
        raise _wrong(where, "needs both `year_of` and a group (?P<year>…) in its pattern, or neither")
    return NotData(pattern, column, year_of)


def _credit_notes(where: str, body, given, money) -> CreditNotes | None:
    if body is None:
        return None
    if not isinstance(body, dict):
        raise _wrong(where, "must be a table, like { column = …, prefix = …, amount = … }")
    _known(where, body, ("column", "prefix", "amount"), ("column", "prefix", "amount"))
    if body["column"] not in given:
        raise unknown(f"column in {where}", str(body["column"]), given)
    if body["amount"] not in money:
        raise unknown(f"money column in {where}", str(body["amount"]), money)
    return CreditNotes(body["column"], _text(f"{where} prefix", body["prefix"]), body["amount"])


def _control(where: str, body, money) -> Control:
    if not isinstance(body, dict):
        raise _wrong(where, "must be a section")
    _known(where, body, ("rows", "total_of", "total"))
    rows, column = body.get("rows"), body.get("total_of", "")
    if rows is not None and (type(rows) is not int or rows < 0):
        raise _wrong(f"{where} rows", "must be a whole number")
    if bool(column) != ("total" in body):
        raise _wrong(where, "needs both `total_of` and `total`, or neither")
    if not column:
        return Control(rows)
    if column not in money:
        raise unknown(f"money column in {where}", str(column), money)
    try:
        cents = Decimal(_text(f"{where} total", body["total"])) * 100
    except InvalidOperation:
        cents = Decimal("NaN")
    if not cents.is_finite() or cents % 1:
        raise _wrong(f"{where} total", 'must be euros and cents as a text, like "4811993.41"')
    return Control(rows, column, int(cents))
