"""Euros and rows against the control figures of the source, to the cent.

    control = accepted + quarantined + turned + rest

`accepted` and `quarantined` are read from the lines, each key once: a duplicate counts for nothing, and of a
key that is used twice the first line counts. `turned` is what the lines refused for the sign of this very
amount would add with the other sign (-2 times their amount). `rest` is then what stands on the lines whose
amount or year cannot be read, `unread`; where there is no such line and the rest is not 0, something is
`unexplained`.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace

from analysis.intake.lines import ACCEPTED, QUARANTINED
from analysis.intake.mapping import Mapping
from analysis.intake.sheet import NEGATIVE_INVOICE, POSITIVE_CREDIT_NOTE, Sheet, amount, cell, year_of

EXACT, ON_NAMED_LINES, UNEXPLAINED = "exact", "on named lines", "unexplained"
_SIGN = ("negative_pay", "negative_amount", NEGATIVE_INVOICE, POSITIVE_CREDIT_NOTE)


@dataclass(frozen=True)
class Total:
    """One control total in cents and what explains it; `year` is None for a file, lines count from 1."""

    column: str
    year: int | None
    control: int
    accepted: int
    quarantined: int
    turned: int
    rest: int
    unread: tuple[int, ...]

    @property
    def status(self) -> str:
        if not self.rest:
            return EXACT
        return ON_NAMED_LINES if self.unread else UNEXPLAINED


def counted_rows(sheet: Sheet) -> int:
    """The rows that a control figure counts: accepted and quarantined, a key used twice once."""
    return sum(v.bucket in (ACCEPTED, QUARANTINED) for v in sheet.verdicts) - len(sheet.extra)


def reconcile(sheet: Sheet, mapping: Mapping) -> tuple[Total, ...]:
    """Every control total of the file, from its total lines and the mapping, and what explains it."""
    wanted = [(column, year, cents) for column, year, cents in sheet.totals if cents is not None]
    if sheet.plan.control.column:
        wanted.append((sheet.plan.control.column, None, sheet.plan.control.cents))
    dates = {r.column: r.year_of for r in sheet.plan.not_data if r.year_of}
    lines = {
        column: list(_amounts(sheet, column, dates.get(column), mapping)) for column in {w[0] for w in wanted}
    }
    return tuple(
        _total(column, year, cents, _of_year(lines[column], year))
        for column, year, cents in dict.fromkeys(wanted)
    )


@dataclass(frozen=True)
class _Amount:
    line: int
    year: int | None
    cents: int | None
    accepted: bool
    sign_refused: bool


def _amounts(sheet: Sheet, column: str, dated: str | None, mapping: Mapping) -> Iterator[_Amount]:
    cents, days = sheet.column(column), sheet.column(dated) if dated else None
    for i in sheet.kept:
        year = days[i].year if days and days[i] else None
        yield _Amount(sheet.rows[i], year, cents[i] or 0, True, False)
    for line, verdict in enumerate(sheet.verdicts):
        if verdict.bucket == QUARANTINED and line not in sheet.extra:
            year = cell(sheet, line, dated, mapping, year_of) if dated else None
            sign = verdict.reason in _SIGN and verdict.column == column
            cents = amount(sheet, line, column, mapping)
            yield _Amount(line, year, cents, False, sign)


def _of_year(lines: list[_Amount], year: int | None) -> list[_Amount]:
    """The lines of one year, or all; a line whose year cannot be read may belong to any."""
    if year is None:
        return lines
    unread = [replace(a, cents=None, sign_refused=False) for a in lines if a.year is None]
    return [*(a for a in lines if a.year == year), *unread]


def _total(column: str, year: int | None, control: int, lines: list[_Amount]) -> Total:
    accepted = sum(a.cents or 0 for a in lines if a.accepted)
    quarantined = sum(a.cents or 0 for a in lines if not a.accepted)
    turned = sum(-2 * a.cents for a in lines if a.sign_refused)
    rest = control - accepted - quarantined - turned
    unread = tuple(sorted(a.line + 1 for a in lines if a.cents is None))
    return Total(column, year, control, accepted, quarantined, turned, rest, unread)
