"""The report of an import, for two readers: whoever holds the data, and everybody else.

The full form names lines, columns, control figures and keys. The safe form shows no value of the data: no
line, key, path, header, file name or amount; its counts are rounded to tens, and "<10" stands for 1 to 9, so
that no small count can be found by subtraction.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass
from html import escape

from analysis.intake.lines import ACCEPTED, BUCKETS, QUARANTINED
from analysis.intake.totals import EXACT, ON_NAMED_LINES, UNEXPLAINED, Total
from analysis.intake.validate import Violation

SMALL = 10

# reason → what it means; shared by both forms and by the manual of the mapping.
REASONS = {
    "undecodable_bytes": "a byte that means nothing in the encoding of the export",
    "control_character": "a character that no text holds",
    "unbalanced_quote": "a quote that is not closed, or stands inside a field",
    "too_few_fields": "fewer fields than the header",
    "too_many_fields": "more fields than the header",
    "empty": "a field that must be filled is empty",
    "bad_key": "a key that does not have the form of its kind",
    "unknown_code": "a code that is not in the code list",
    "unknown_form": "a text that does not have the form of its column",
    "ambiguous_number": "a number with more than one reading",
    "unreadable_number": "no number",
    "two_digit_year": "a year of two digits",
    "impossible_date": "a day that no calendar has, or a year outside 1900–2100",
    "ambiguous_date": "a date that two formats read as two days",
    "unreadable_date": "no date in a known format",
    "negative_without_credit_note": "a negative amount on an invoice that is no credit note",
    "positive_credit_note": "a credit note with a positive amount",
    "key_conflict": "a key used twice with different content; both rows are refused",
    "broken_reference": "a key that no row of the other file has",
    "parent_quarantined": "a good row whose reference leads to a refused row",
    "born_after_joining": "born after joining",
    "no_buyer": "neither a client nor an Activity buys",
    "two_buyers": "a client and an Activity both buy",
    "ends_before_start": "the end lies before the start",
    "days_not_positive": "no paid day",
    "days_exceed_period": "more paid days than the contract has calendar days",
    "negative_hours": "negative hours",
    "negative_pay": "negative pay",
    "negative_amount": "a negative price or expense",
    "paid_before_end": "paid before the last day",
    "price_without_client": "a price where an Activity buys",
    "price_identity": "price × (1 − fee) is not cost plus expenses within a cent",
    "closed_before_opened": "closed before it was opened",
    "pays_for_nothing": "pays for no contract and no Activity",
    "pays_for_two": "pays for a contract and an Activity",
    "due_before_issue": "due before it was issued",
    "written_off_before_issue": "written off before it was issued",
    "paid_before_issue": "paid before it was issued",
    "redeemed_before_subscribed": "redeemed before it was subscribed",
    "shares_not_positive": "no share",
    "missing_table": "a required table is absent",
    "missing_column": "a required column is absent",
    "missing_value": "an empty value in a required column",
    "unknown_level": "a level that the schema does not have",
    "personal_data": "what looks like a national number, an e-mail address or an IBAN",
    "outside_window": "a date outside the study window",
    "duplicate_key": "a key used twice",
}


@dataclass(frozen=True)
class FileReport:
    """One file: lines by bucket, refused ones by (reason, column), emptied references by column, totals."""

    table: str
    file: str
    sha256: str
    lines: int
    buckets: dict[str, int]
    reasons: dict[tuple[str, str], int]
    emptied: dict[str, int]
    rows: int
    control_rows: int | None
    totals: tuple[Total, ...]

    @property
    def balanced(self) -> bool:
        """Every line in one bucket, and as many rows as the control figure says."""
        return sum(self.buckets.values()) == self.lines and self.control_rows in (None, self.rows)

    @property
    def explained(self) -> bool:
        """Every cent of every control total accepted, quarantined, or on lines that are named."""
        return all(t.status != UNEXPLAINED for t in self.totals)


@dataclass(frozen=True)
class Report:
    """What an import did; `violations` are those of the dataset, `linkable` says that a key was given."""

    files: tuple[FileReport, ...]
    violations: tuple[Violation, ...]
    linkable: bool

    @property
    def balanced(self) -> bool:
        """All lines, rows and cents are accounted for."""
        return all(f.balanced and f.explained for f in self.files)

    def summary(self) -> str:
        """What became of the lines of each file and why lines were refused: counts alone, no value of the data."""
        told = []
        for file in self.files:
            counts = [f"{count:,} {bucket.replace('_', ' ')}" for bucket, count in file.buckets.items() if count]
            told.append(f"  {file.table:14s} {file.lines:,} lines = {', '.join(counts)}")
            told += [f"      {count:,} × {reason} ({column or 'whole line'}): {REASONS.get(reason, reason)}"
                     for (reason, column), count in sorted(file.reasons.items())]
        told += [f"  {v.severity}: {v.count:,} rows of {v.table} break the rule {v.rule}" for v in self.violations]
        return "\n".join([*told, "  every line and every cent is accounted for" if self.balanced else
                          "  NOT BALANCED: see report/import.html before using this dataset"])

    def to_json(self, safe: bool) -> str:
        """The report as JSON, the same bytes for the same import."""
        return json.dumps(self._content(safe), indent=2, ensure_ascii=False) + "\n"

    def _content(self, safe: bool) -> dict:
        shown = masked if safe else _exact
        return {
            "safe": safe,
            "balanced": self.balanced,
            "linkable": self.linkable,
            "files": [_file(f, safe, shown) for f in self.files],
            "violations": [
                {
                    "rule": v.rule,
                    "severity": v.severity,
                    "table": v.table,
                    "column": v.column,
                    "count": shown(v.count),
                }
                | ({} if safe else {"keys": v.keys})
                for v in self.violations
            ],
        }

    def to_html(self, safe: bool) -> str:
        """The report as one page without scripts and without requests."""
        content = self._content(safe)
        note = " Counts are rounded to tens." if safe else ""
        title = "Import report (safe form)" if safe else "Import report – CONFIDENTIAL"
        parts = [f"<h1>{title}</h1>", f"<p>{_summary(content)}{note}</p>", _lines_table(content["files"])]
        for file in content["files"]:
            parts += _file_section(file)
        if content["violations"]:
            parts += [
                "<h2>What the dataset still holds</h2>",
                "<p>Warnings are odd but legal: these rows were kept.</p>",
                _table(
                    ("Table", "Column", "Severity", "Rule", "Rows"),
                    [
                        (v["table"], v["column"], v["severity"], _meaning(v["rule"]), v["count"])
                        for v in content["violations"]
                    ],
                ),
            ]
        return _PAGE.format(title=title, body="\n".join(parts))


def masked(count: int) -> int | str:
    """A count for everybody: rounded to tens, "<10" for 1 to 9."""
    if 0 < count < SMALL:
        return f"<{SMALL}"
    return (count + SMALL // 2) // SMALL * SMALL


def _exact(count: int) -> int:
    return count


def _file(f: FileReport, safe: bool, shown: Callable) -> dict:
    content = {
        "table": f.table,
        "lines": shown(f.lines),
        "buckets": {b: shown(f.buckets.get(b, 0)) for b in BUCKETS},
        "balanced": f.balanced,
        "explained": f.explained,
        "quarantined": [
            {"reason": r, "column": c, "lines": shown(n)} for (r, c), n in sorted(f.reasons.items())
        ],
        "emptied": {column: shown(n) for column, n in sorted(f.emptied.items())},
    }
    if safe:
        return content
    totals = [
        {
            "column": t.column,
            "year": t.year,
            "control": euros(t.control),
            "accepted": euros(t.accepted),
            "quarantined": euros(t.quarantined),
            "turned": euros(t.turned),
            "rest": euros(t.rest),
            "status": t.status,
            "unread_lines": list(t.unread),
        }
        for t in f.totals
    ]
    return content | {
        "file": f.file,
        "sha256": f.sha256,
        "rows": f.rows,
        "control_rows": f.control_rows,
        "totals": totals,
    }


def euros(cents: int) -> str:
    """Cents as euros, exactly: -12345 → "-123.45"."""
    return f"{'-' if cents < 0 else ''}{abs(cents) // 100}.{abs(cents) % 100:02d}"


def _summary(content: dict) -> str:
    account = (
        "Every line is in one bucket; every cent of the controls is accepted, quarantined or on a named line."
        if content["balanced"]
        else "The counts or the amounts do not agree with the control figures; see the files marked below."
    )
    key = (
        "The pseudonyms come from the given key: another export imported with it can be linked."
        if content["linkable"]
        else "The pseudonyms come from a random key, not kept: no other export can be linked to this one."
    )
    return f"{account} {key}"


def _lines_table(files: list[dict]) -> str:
    head = ("Table", "Lines", *(b.replace("_", " ") for b in BUCKETS), "Balance")
    return _table(
        head,
        [
            (
                f["table"],
                f["lines"],
                *f["buckets"].values(),
                "yes" if f["balanced"] and f["explained"] else "NO",
            )
            for f in files
        ],
    )


def _file_section(file: dict) -> list[str]:
    parts = [f"<h2>{escape(file['table'])}</h2>"]
    if "file" in file:
        counted = f"{file['rows']} rows, a key used twice counted once"
        control = "" if file["control_rows"] is None else f"; the control figure is {file['control_rows']}"
        parts.append(f"<p>{escape(file['file'])}: {counted}{control}.</p>")
    if file["quarantined"]:
        parts.append(
            _table(
                ("Reason", "Column", "Lines"),
                [(_meaning(q["reason"]), q["column"], q["lines"]) for q in file["quarantined"]],
            )
        )
    elif file["buckets"][QUARANTINED] == 0:
        parts.append("<p>No line was refused.</p>")
    for column, count in file["emptied"].items():
        parts.append(
            f"<p>Accepted with an emptied <code>{escape(column)}</code>, because the row that it refers to "
            f"was refused: {escape(str(count))}.</p>"
        )
    if file.get("totals"):
        parts.append(_totals_table(file["totals"]))
    return parts


def _totals_table(totals: list[dict]) -> str:
    meaning = {EXACT: "to the cent", ON_NAMED_LINES: "rest on", UNEXPLAINED: "UNEXPLAINED"}
    return _table(
        ("Column", "Year", "Control EUR", ACCEPTED, QUARANTINED, "Sign turned", "Rest", "Explained"),
        [
            (
                t["column"],
                t["year"] or "all",
                t["control"],
                t["accepted"],
                t["quarantined"],
                t["turned"],
                t["rest"],
                meaning[t["status"]]
                + (
                    f" lines {', '.join(map(str, t['unread_lines']))}"
                    if t["status"] == ON_NAMED_LINES
                    else ""
                ),
            )
            for t in totals
        ],
    )


def _meaning(reason: str) -> str:
    return f"{reason} – {REASONS[reason]}"


def _table(head: tuple, rows: list[tuple]) -> str:
    def cells(tag: str, values) -> str:
        return "".join(
            f"<{tag}{' class=n' if str(v)[:1] in '<-0123456789' else ''}>{escape(str(v))}</{tag}>"
            for v in values
        )

    body = "\n".join(f"<tr>{cells('td', row)}</tr>" for row in rows)
    return f"<div><table><thead><tr>{cells('th', head)}</tr></thead><tbody>\n{body}\n</tbody></table></div>"


_PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<meta name="color-scheme" content="light dark">
<title>{title}</title>
<style>
:root {{ color-scheme: light dark; }}
body {{ font: 16px/1.5 system-ui, sans-serif; max-width: 72rem; margin: 2rem auto; padding: 0 1rem; }}
div {{ overflow-x: auto; }}
table {{ border-collapse: collapse; margin: 1rem 0; font-size: .9rem; }}
th, td {{ padding: .25rem .75rem; border-bottom: 1px solid #8886; }}
th {{ text-align: left; vertical-align: bottom; }}
td {{ vertical-align: top; }}
.n {{ text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }}
</style>
</head>
<body>
{body}
</body>
</html>
"""
