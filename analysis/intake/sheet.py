"""One file of the export, line by line: lines to rows, rows to values, and a verdict for every line.

The order of the verdicts is that of the work: the line itself (bytes, quotes, number of fields), its cells,
lines that repeat an earlier one, keys used twice, and the rules on one row. References need the other files;
`run` does them.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from difflib import get_close_matches
from functools import cached_property

import ibis
import pyarrow as pa

from analysis.errors import StudyError
from analysis.intake import values
from analysis.intake.lines import (
    BLANK,
    DUPLICATE,
    HEADER,
    NOT_DATA,
    QUARANTINED,
    REPEATED,
    Verdict,
    decode,
    physical_lines,
    shown,
    split,
)
from analysis.intake.mapping import ColumnMap, Mapping, TableMap, identifies
from analysis.intake.pseudonyms import Pseudonyms
from analysis.intake.validate import wrong_at_the_door
from analysis.intake.values import Reader, Refused, fold
from analysis.schema import arrow_schema

NEGATIVE_INVOICE = "negative_without_credit_note"
POSITIVE_CREDIT_NOTE = "positive_credit_note"
_LINE = "_line"


@dataclass
class Sheet:
    """What is known of one file while the import runs; lists are indexed by line, from 0.

    A verdict of None is a row that nothing speaks against so far; `rows` are the lines of `cells`, the rows
    that are readable in full, each with its values in the order of the mapping. `seen` holds every key that
    can be read, also on a line that is refused; `extra` the further lines of keys used twice; `totals` the
    control totals found in the file, as (column, year or None, cents or None); `emptied` the column of a
    reference to a refused row that was emptied, by line; `kept` the positions in `rows` of what is accepted
    in the end.
    """

    plan: TableMap
    raw: list[bytes]
    verdicts: list[Verdict | None]
    readers: dict[str, Reader]
    place: dict[str, int] = field(default_factory=dict)
    header: list[str] = field(default_factory=list)
    rows: list[int] = field(default_factory=list)
    cells: list[list] = field(default_factory=list)
    seen: set[tuple] = field(default_factory=set)
    extra: set[int] = field(default_factory=set)
    totals: list[tuple[str, int | None, int | None]] = field(default_factory=list)
    emptied: dict[int, str] = field(default_factory=dict)
    kept: list[int] = field(default_factory=list)

    @cached_property
    def key(self) -> tuple[int, ...]:
        """The places of the key in a row of `cells`."""
        return tuple(self.plan.names.index(k) for k in self.plan.table.key)

    def column(self, name: str) -> list:
        """The values of one column, for every row in `rows`."""
        at = self.plan.names.index(name)
        return [row[at] for row in self.cells]

    def good(self) -> list[int]:
        """Positions in `rows` of the rows that nothing speaks against."""
        return [i for i, line in enumerate(self.rows) if self.verdicts[line] is None]

    def refuse(self, line: int, reason: str, column: str = "") -> None:
        self.verdicts[line] = Verdict(QUARANTINED, reason, column)


def read_sheet(data: bytes, plan: TableMap, mapping: Mapping, pseudonyms: Pseudonyms) -> Sheet:
    """The rows of one file with a verdict for every line that is wrong by itself or beside its own file."""
    raw = physical_lines(data)
    sheet = Sheet(plan, raw, [None] * len(raw), readers(plan, mapping, pseudonyms))
    repeated = _read_lines(sheet, mapping)
    _settle_repeated_keys(sheet, repeated, mapping)
    _apply_rules(sheet)
    return sheet


def readers(plan: TableMap, mapping: Mapping, pseudonyms: Pseudonyms) -> dict[str, Reader]:
    """The reader of every column of the file, by the type that the schema gives it."""
    marks = (mapping.decimal, mapping.thousands, mapping.currency)
    money, number, whole, year, day = (
        values.number_reader(*marks),
        values.decimal_reader(*marks),
        values.whole_reader(),
        values.year_reader(),
        values.date_reader(mapping.dates),
    )

    def reader(given: ColumnMap) -> Reader:
        column = plan.table.column(given.name)
        owner = identifies(plan.table, column)
        if owner:
            return values.key_reader(mapping.keys[owner], lambda source: pseudonyms.of(owner, source))
        if given.codes is not None:
            return values.code_reader(given.codes)
        if given.form is not None:
            return values.form_reader(given.form)
        if column.name.endswith("_cents"):
            return money
        return {"float64": number, "int64": whole, "int16": year, "date": day}[column.type]

    return {c.name: values.cell_reader(reader(c), plan.table.column(c.name).nullable) for c in plan.columns}


def _read_lines(sheet: Sheet, mapping: Mapping) -> dict[tuple, list[int]]:
    """Every line to its verdict or a row; returns the lines of each key that several sound lines use."""
    first, repeated, met = {}, {}, set()
    for line, raw in enumerate(sheet.raw):
        try:
            fields = _fields(sheet, line, mapping)
        except Refused as refusal:
            if not sheet.header:
                raise StudyError(
                    f"The first line of {sheet.plan.file} cannot be read ({refusal.reason}); "
                    "check the encoding and the quote in the mapping."
                ) from None
            if raw in met:
                sheet.verdicts[line] = Verdict(DUPLICATE)
                continue
            met.add(raw)
            sheet.refuse(line, refusal.reason)
            # The line may be torn: its key is seen, but this is no second use of it.
            if key := _key(sheet, _torn(sheet, line, mapping)):
                sheet.seen.add(key)
            continue
        if fields is None:
            continue
        key = _read_row(sheet, line, fields)
        if key is None:
            if raw in met:
                sheet.verdicts[line] = Verdict(DUPLICATE)
            met.add(raw)
        elif key in first:
            repeated.setdefault(key, [first[key]]).append(line)
        else:
            first[key] = line
    if not sheet.header:
        raise StudyError(f"{sheet.plan.file} has no header; its first line must name its columns.")
    sheet.seen.update(first)
    return repeated


def _fields(sheet: Sheet, line: int, mapping: Mapping) -> list[str] | None:
    """The fields of a row; None for a line that is no row and gets its verdict. Refused if broken."""
    text = decode(sheet.raw[line], mapping.encoding)
    if not text.replace(mapping.delimiter, "").strip():
        sheet.verdicts[line] = Verdict(BLANK)
        return None
    for rule in sheet.plan.not_data:
        if found := rule.pattern.search(text):
            sheet.verdicts[line] = Verdict(NOT_DATA)
            year = year_of(found["year"]) if rule.year_of else None
            if rule.column and bool(year) == bool(rule.year_of):
                sheet.totals.append((rule.column, year, amount(sheet, line, rule.column, mapping)))
            return None
    fields = split(text, mapping.delimiter, mapping.quote)
    if not sheet.header:
        sheet.place = _places(sheet.plan, fields)
        sheet.header = [fold(f) for f in fields]
        sheet.verdicts[line] = Verdict(HEADER)
        return None
    if fold(fields[0]) == sheet.header[0] and [fold(f) for f in fields] == sheet.header:
        sheet.verdicts[line] = Verdict(REPEATED)
        return None
    if len(fields) != len(sheet.header):
        raise Refused("too_few_fields" if len(fields) < len(sheet.header) else "too_many_fields")
    return fields


def _places(plan: TableMap, headers: list[str]) -> dict[str, int]:
    """Column name → position in the file; StudyError for one that is absent, repeated or not described."""
    folded = [fold(h) for h in headers]
    known = {fold(c.header): c for c in plan.columns}
    if 2 * sum(wanted in folded for wanted in known) < len(known):
        # This may be a row of data, so nothing of it is shown.
        raise StudyError(
            f"The first line of {plan.file} is not the header that the mapping describes; "
            "check `columns`, the delimiter and the encoding."
        )
    for wanted, column in known.items():
        if wanted not in folded:
            near = get_close_matches(wanted, folded, n=1, cutoff=0.6)
            hint = f"; the nearest header is {headers[folded.index(near[0])]!r}" if near else ""
            raise StudyError(
                f"{plan.file} has no column {column.header!r}{hint}; correct `{column.name}` in the mapping."
            )
    for at, name in enumerate(folded):
        if folded.index(name) != at:
            raise StudyError(
                f"Column {at + 1} of {plan.file} has the header of an earlier one; rename it in the export."
            )
        if name not in known and name not in map(fold, plan.ignore):
            raise StudyError(
                f"Column {at + 1} of {plan.file} is not in the mapping; add it to `columns` or `ignore`."
            )
    return {column.name: folded.index(wanted) for wanted, column in known.items()}


def _read_row(sheet: Sheet, line: int, fields: list[str]) -> tuple | None:
    """Reads a sound line into `cells` or refuses it for its first bad cell; returns its key, if readable."""
    row, name = [], ""
    try:
        for name, read in sheet.readers.items():
            row.append(read(fields[sheet.place[name]]))
    except Refused as refusal:
        sheet.refuse(line, refusal.reason, name)
        return _key(sheet, fields)
    if fault := _sign_fault(sheet, fields, row):
        sheet.refuse(line, fault, sheet.plan.credit_notes.amount)
    else:
        sheet.rows.append(line)
        sheet.cells.append(row)
    return tuple(row[i] for i in sheet.key)


def _key(sheet: Sheet, fields: list[str]) -> tuple | None:
    try:
        return tuple(sheet.readers[k](fields[sheet.place[k]]) for k in sheet.plan.table.key)
    except (Refused, IndexError):
        return None


def _sign_fault(sheet: Sheet, fields: list[str], row: list) -> str:
    notes = sheet.plan.credit_notes
    if not notes:
        return ""
    cents = row[sheet.plan.names.index(notes.amount)] or 0
    is_note = fold(fields[sheet.place[notes.column]]).startswith(fold(notes.prefix))
    if cents < 0 and not is_note:
        return NEGATIVE_INVOICE
    return POSITIVE_CREDIT_NOTE if cents > 0 and is_note else ""


def _torn(sheet: Sheet, line: int, mapping: Mapping) -> list[str]:
    """The fields of any line as well as they can be had."""
    text = shown(sheet.raw[line], mapping.encoding)
    try:
        return split(text, mapping.delimiter, mapping.quote)
    except Refused:
        return text.split(mapping.delimiter)


def amount(sheet: Sheet, line: int, column: str, mapping: Mapping) -> int | None:
    """The cents that a line has in a money column, or None where that cannot be read."""
    return cell(sheet, line, column, mapping, sheet.readers[column])


def cell(sheet: Sheet, line: int, column: str, mapping: Mapping, read: Callable):
    """What `read` makes of one cell of any line, or None where it is refused or absent."""
    try:
        return read(_torn(sheet, line, mapping)[sheet.place[column]])
    except (Refused, IndexError, KeyError):
        return None


def _settle_repeated_keys(sheet: Sheet, repeated: dict[tuple, list[int]], mapping: Mapping) -> None:
    """Lines of one key: the same content is a duplicate of the first, different contents are all refused."""
    for lines in repeated.values():
        kept: dict[tuple, int] = {}
        for line in lines:
            content = _content(sheet, _torn(sheet, line, mapping))
            if content in kept:
                sheet.verdicts[line] = Verdict(DUPLICATE)
            else:
                kept[content] = line
        if len(kept) > 1:
            sheet.extra.update(list(kept.values())[1:])
            for line in kept.values():
                if sheet.verdicts[line] is None:
                    sheet.refuse(line, "key_conflict", sheet.plan.table.key[0])


def _content(sheet: Sheet, fields: list[str]) -> tuple:
    """What a line says, the same for two spellings of one value; what cannot be read counts folded."""
    at = {place: name for name, place in sheet.place.items()}
    said = []
    for place, text in enumerate(fields):
        try:
            said.append(sheet.readers[at[place]](text))
        except (KeyError, Refused):
            said.append(fold(text))
    return tuple(said)


def arrow(sheet: Sheet, rows: list[int]) -> pa.Table:
    """The rows at these positions of `sheet.rows`, in canonical types, with their line numbers in `_line`."""
    types = arrow_schema(sheet.plan.table, sheet.plan.names)
    data = {n: [sheet.cells[i][at] for i in rows] for at, n in enumerate(sheet.plan.names)}
    return pa.table(data, schema=types).append_column(
        _LINE, pa.array([sheet.rows[i] for i in rows], pa.int64())
    )


def _apply_rules(sheet: Sheet) -> None:
    rows = ibis.memtable(arrow(sheet, sheet.good()))
    for line, (rule, column) in wrong_at_the_door(sheet.plan.table, rows, _LINE).items():
        sheet.refuse(line, rule, column)


def year_of(text: str | None) -> int | None:
    """The one four-digit year in a date that may otherwise be impossible."""
    years = re.findall(r"(?<![0-9])[0-9]{4}(?![0-9])", text or "")
    return int(years[0]) if len(years) == 1 else None
