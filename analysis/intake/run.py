"""The import of one export: read every file, settle the references, write the dataset and its report.

References are looked up among all keys that the export shows, also on refused lines. A key that is nowhere is
a `broken_reference`. A key whose own row was refused is `parent_quarantined`, for the row that refers to it
is a good one. An invoice stays a true fact about its client and its turnover without the contract or the
Activity that it pays for, so there the reference is emptied, the row kept, and the case counted as a warning.
Elsewhere (the worker or the buyer of a contract, the owner of an Activity) the row has no meaning without its
parent and follows it into quarantine, with that reason. Foreign keys of the dataset are intact in either
case, and no cent of turnover is lost.
"""

import csv
from collections import Counter
from graphlib import TopologicalSorter
from hashlib import sha256
from pathlib import Path

from analysis.errors import StudyError
from analysis.intake.lines import ACCEPTED, QUARANTINED, Verdict, shown
from analysis.intake.mapping import Mapping, TableMap, read_mapping
from analysis.intake.pseudonyms import Pseudonyms
from analysis.intake.report import FileReport, Report
from analysis.intake.sheet import Sheet, arrow, read_sheet
from analysis.intake.totals import counted_rows, reconcile
from analysis.intake.validate import open_tables, validate
from analysis.place import new_folder
from analysis.schema import TABLES, write_table

PARENT_QUARANTINED = "parent_quarantined"
BROKEN_REFERENCE = "broken_reference"
EMPTIED = {"invoices": ("contract_id", "activity_id")}


def import_export(export: Path, mapping: Path, out: Path, key: bytes | None = None) -> Report:
    """Import the files of `export` as `mapping` describes them into the new folder `out`.

    `key` is the secret of the pseudonyms; without one a random key is used once and thrown away, so that no
    later export can be linked to this one. Writes one Parquet file per table and `report/`, all or nothing,
    outside every git work tree. StudyError says in one sentence what to put right; it never holds a value of
    the data.
    """
    source = read_mapping(mapping)
    with new_folder(out) as folder:
        pseudonyms = Pseudonyms(key)
        sheets, digests = {}, {}
        for plan in _parents_first(source):
            data = _bytes(Path(export), plan)
            digests[plan.table.name] = sha256(data).hexdigest()
            sheets[plan.table.name] = read_sheet(data, plan, source, pseudonyms)
        _settle_references(sheets)
        for sheet in sheets.values():
            _write_rows(sheet, folder)
        report = _report(sheets, digests, source, folder, key is not None)
        _write_report(report, sheets, source, folder / "report")
    return report


def _parents_first(source: Mapping) -> list[TableMap]:
    """The files in an order in which every table comes after those that it refers to."""
    plans = {p.table.name: p for p in source.tables}
    parents = {
        n: {c.ref for c in p.table.columns if c.ref in plans and c.name in p.names} for n, p in plans.items()
    }
    return [plans[name] for name in TopologicalSorter(parents).static_order()]


def _bytes(export: Path, plan: TableMap) -> bytes:
    try:
        return (export / plan.file).read_bytes()
    except OSError as error:
        raise StudyError(
            f"{plan.file} cannot be read in the export folder ({error.strerror}); put it there, or take "
            f"[tables.{plan.table.name}] out of the mapping."
        ) from None


def _settle_references(sheets: dict[str, Sheet]) -> None:
    """The last verdict of every row, table after table; a parent outside the mapping is not looked up."""
    accepted: dict[str, set[int]] = {}
    for name, sheet in sheets.items():
        for column in sheet.plan.table.columns:
            if column.ref in sheets and column.name in sheet.plan.names:
                _settle(sheet, column.name, sheets[column.ref], accepted[column.ref])
        for i in (good := sheet.good()):
            line = sheet.rows[i]
            emptied = sheet.emptied.get(line, "")
            sheet.verdicts[line] = Verdict(ACCEPTED, PARENT_QUARANTINED if emptied else "", emptied)
        sheet.kept = good
        if len(sheet.plan.table.key) == 1:
            accepted[name] = {sheet.cells[i][sheet.key[0]] for i in good}


def _settle(sheet: Sheet, column: str, parent: Sheet, accepted: set[int]) -> None:
    at, may_empty = sheet.plan.names.index(column), column in EMPTIED.get(sheet.plan.table.name, ())
    for i in sheet.good():
        reference = sheet.cells[i][at]
        if reference is None or reference in accepted:
            continue
        if (reference,) not in parent.seen:
            sheet.refuse(sheet.rows[i], BROKEN_REFERENCE, column)
        elif may_empty:
            sheet.cells[i][at] = None
            sheet.emptied[sheet.rows[i]] = column
        else:
            sheet.refuse(sheet.rows[i], PARENT_QUARANTINED, column)


def _write_rows(sheet: Sheet, folder: Path) -> None:
    table = sheet.plan.table
    first = ("worker_id", "start_on") if table.name == "contracts" else ()
    order = [(c, "ascending") for c in (*first, *table.key)]
    rows = arrow(sheet, sheet.kept).sort_by(order)
    write_table(table, {n: rows[n] for n in sheet.plan.names}, folder)


def _report(sheets, digests, source: Mapping, folder: Path, linkable: bool) -> Report:
    files = []
    for name in (t for t in TABLES if t in sheets):
        sheet = sheets[name]
        verdicts = Counter(sheet.verdicts)
        files.append(
            FileReport(
                table=name,
                file=sheet.plan.file,
                sha256=digests[name],
                lines=len(sheet.raw),
                buckets=dict(_sum_by(verdicts, lambda v: v.bucket)),
                reasons=_sum_by(verdicts, lambda v: (v.reason, v.column), QUARANTINED),
                emptied=_sum_by(verdicts, lambda v: v.column, ACCEPTED, PARENT_QUARANTINED),
                rows=counted_rows(sheet),
                control_rows=sheet.plan.control.rows,
                totals=reconcile(sheet, source),
            )
        )
    return Report(tuple(files), tuple(validate(open_tables(folder), source.window, source.fee)), linkable)


def _sum_by(verdicts: Counter, of, bucket: str = "", reason: str = "") -> Counter:
    counts = Counter()
    for verdict, count in verdicts.items():
        if bucket in ("", verdict.bucket) and reason in ("", verdict.reason):
            counts[of(verdict)] += count
    return counts


def _write_report(report: Report, sheets: dict[str, Sheet], source: Mapping, folder: Path) -> None:
    folder.mkdir()
    for name, safe in (("import", False), ("import-safe", True)):
        (folder / f"{name}.json").write_text(report.to_json(safe), "utf-8")
        (folder / f"{name}.html").write_text(report.to_html(safe), "utf-8")
    with (
        (folder / "ledger.csv").open("w", encoding="utf-8", newline="") as every,
        (folder / "quarantine.csv").open("w", encoding="utf-8", newline="") as refused,
    ):
        ledger, quarantine = csv.writer(every, lineterminator="\n"), csv.writer(refused, lineterminator="\n")
        ledger.writerow(("file", "line", "bucket", "reason"))
        quarantine.writerow(("file", "line", "reason", "column", "raw"))
        for sheet in (sheets[t] for t in TABLES if t in sheets):
            for line, (raw, verdict) in enumerate(zip(sheet.raw, sheet.verdicts, strict=True), 1):
                ledger.writerow((sheet.plan.file, line, verdict.bucket, verdict.reason))
                if verdict.bucket == QUARANTINED:
                    text = shown(raw, source.encoding)
                    quarantine.writerow((sheet.plan.file, line, verdict.reason, verdict.column, text))
