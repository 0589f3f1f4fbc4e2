"""The synthetic world as a dirty French export, with the truth about each of its lines.

The export is what an administrative system would give of a dataset folder: French headers and codes, cp1252, dates,
amounts and codes in several spellings, page headers, totals, copies, and defects of every kind that the import knows
and that these tables can have. `key.csv` beside the files names the lines that are anything but a header or a good row.
Control totals are those of the world before it was damaged.
"""

import csv
import json
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq

from analysis.errors import StudyError, unknown
from analysis.schema import TABLES
from data_synthetic.folder import complete, free

PLANTED = 3  # rows for each defect
FOLLOWERS = 12  # most rows that refer to a damaged one, since they fall with it
PAGE = 500  # rows of a printed page
DELAY = 40  # rows after which a copy comes at the latest
COPIED = 100  # of as many rows one is copied

KEYS = {"workers": "M{:05d}", "clients": "C{:05d}", "activities": "A{:05d}", "contracts": "K{:06d}",
        "invoices": "F{:06d}", "expenses": "D{:06d}", "assemblies": "AG{:03d}"}
CREDIT_NOTE = "NC{:06d}"

TRADES = {
    "actor": "comédien", "consultant": "consultant", "courier": "coursier", "developer": "développeur",
    "graphic_designer": "graphiste", "journalist": "journaliste", "musician": "musicien",
    "photographer": "photographe", "props_maker": "accessoiriste", "sound_technician": "technicien son",
    "trainer": "formateur", "translator": "traducteur",
}
GENDERS = {"man": "H", "woman": "F", "other": "X"}
EDUCATION = {"low": "inférieur", "medium": "secondaire", "high": "supérieur"}
STATUSES = {"employee": "salarié", "unemployed": "chômeur", "self_employed": "indépendant", "student": "étudiant",
            "inactive": "inactif"}
LEGAL_FORMS = {"company": "société", "public": "public", "association": "asbl", "household": "particulier",
               "foreign": "étranger"}
SIZES = {size: size for size in ("1-9", "10-49", "50-249", "250+")}
YES_NO = {True: "O", False: "N"}
LUMP_SUM = {"lump_sum": "O", "time": "N"}
REGIMES = {"employee": "employé", "student": "étudiant", "agency": "intérim"}
OFFICES = {"Antwerpen": "Anvers", "Bruxelles": "Bruxelles", "Charleroi": "Charleroi", "Gent": "Gand",
           "Leuven": "Louvain", "Liège": "Liège", "Mons": "Mons", "Namur": "Namur",
           "Ottignies-Louvain-la-Neuve": "Ottignies-Louvain-la-Neuve", "Tournai": "Tournai"}
PURCHASES = {"travel": "déplacement", "equipment": "matériel", "training": "formation",
             "subcontract": "sous-traitance", "rent": "loyer", "other": "autre"}
MEETINGS = {"ordinary": "ordinaire", "extraordinary": "extraordinaire"}
MODES = {"in_person": "présent", "proxy": "procuration", "online": "en ligne"}


@dataclass(frozen=True)
class Field:
    """One column of a file: the column of the dataset, its header, and the French codes of its values."""

    name: str
    header: str
    codes: dict | None = None


@dataclass(frozen=True)
class File:
    """One file: its table, its columns, the `order` of its rows, and where its control totals come from.

    A total is that of `total_of`: of each year of `order` if it is `yearly`, or of the whole file.
    """

    name: str
    table: str
    order: str
    fields: tuple[Field, ...]
    total_of: str = ""
    yearly: bool = False

    @property
    def header(self) -> str:
        return ";".join(f.header for f in self.fields)


# Every file comes after those that it refers to.
FILES = (
    File("membres.csv", "workers", "worker_id", (
        Field("worker_id", "N° membre"), Field("joined_on", "Inscrit le"), Field("birth_year", "Année naissance"),
        Field("gender", "Sexe", GENDERS), Field("home_nis", "Code INS"), Field("education", "Études", EDUCATION),
        Field("profession", "Métier", TRADES), Field("status_before", "Statut antérieur", STATUSES))),
    File("clients.csv", "clients", "client_id", (
        Field("client_id", "N° client"), Field("legal_form", "Forme", LEGAL_FORMS), Field("sector", "NACE"),
        Field("size", "Taille", SIZES), Field("home_nis", "Code INS"))),
    File("activites.csv", "activities", "activity_id", (
        Field("activity_id", "N° activité"), Field("owner_id", "Titulaire"), Field("opened_on", "Ouverte le"),
        Field("closed_on", "Clôturée le"))),
    File("mandats.csv", "activity_members", "activity_id", (
        Field("activity_id", "N° activité"), Field("worker_id", "N° membre"),
        Field("is_manager", "Gestionnaire", YES_NO))),
    File("contrats.csv", "contracts", "start_on", (
        Field("contract_id", "N° contrat"), Field("worker_id", "N° membre"), Field("client_id", "N° client"),
        Field("activity_id", "N° activité"), Field("created_on", "Date encodage"), Field("start_on", "Début"),
        Field("end_on", "Fin"), Field("days", "Jours"), Field("hours", "Heures"), Field("gross_cents", "Brut (€)"),
        Field("employer_cost_cents", "Coût employeur (€)"), Field("price_cents", "Prix HT (€)"),
        Field("expenses_cents", "Frais (€)"), Field("net_cents", "Net (€)"), Field("paid_on", "Date paiement"),
        Field("function", "Fonction", TRADES), Field("artistic", "Artistique", YES_NO),
        Field("pay_basis", "Forfait", LUMP_SUM), Field("regime", "Régime", REGIMES), Field("joint_committee", "CP"),
        Field("office", "Bureau", OFFICES)), "gross_cents", yearly=True),
    File("factures.csv", "invoices", "issued_on", (
        Field("invoice_id", "N° facture"), Field("client_id", "N° client"), Field("contract_id", "N° contrat"),
        Field("activity_id", "N° activité"), Field("issued_on", "Émise le"), Field("due_on", "Échéance"),
        Field("paid_on", "Payée le"), Field("written_off_on", "Passée en perte le"),
        Field("amount_cents", "Montant HT (€)")), "amount_cents"),
    File("depenses.csv", "expenses", "booked_on", (
        Field("expense_id", "N° dépense"), Field("activity_id", "N° activité"), Field("booked_on", "Date"),
        Field("kind", "Nature", PURCHASES), Field("amount_cents", "Montant HT (€)"))),
    File("parts.csv", "shareholdings", "subscribed_on", (
        Field("worker_id", "N° membre"), Field("subscribed_on", "Souscrite le"), Field("redeemed_on", "Remboursée le"),
        Field("shares", "Parts"))),
    File("assemblees.csv", "assemblies", "held_on", (
        Field("assembly_id", "N° assemblée"), Field("held_on", "Date"), Field("kind", "Nature", MEETINGS))),
    File("presences.csv", "attendances", "assembly_id", (
        Field("assembly_id", "N° assemblée"), Field("worker_id", "N° membre"), Field("mode", "Mode", MODES),
        Field("voted", "A voté", YES_NO))),
)


@dataclass(frozen=True)
class Line:
    """One physical line and what the import must say of it; `column` is the one at fault."""

    text: str
    bucket: str = "accepted"
    reason: str = ""
    column: str = ""


@dataclass(frozen=True)
class Damage:
    """A defect: `spoil` makes the text of one cell from its row and the turn, or None where the cell falls away.

    `column` is the one at fault, empty for a whole line; `cell` the one that is spoiled, where it is another one. The
    column must be filled and the row must fit. A `twin` is a second line, with the spoiled cell, after the sound one;
    then both are refused.
    """

    table: str
    reason: str
    column: str
    spoil: Callable[[dict, int], str | None]
    cell: str = ""
    fits: Callable[[dict], bool] = lambda row: True
    twin: bool = False

    def can_be(self, row: dict) -> bool:
        return row[self.column or self.cell] is not None and self.fits(row)


def _always(text: str) -> Callable[[dict, int], str]:
    return lambda row, turn: text


def _torn(form: str) -> Callable[[dict, int], str]:
    """The last cell of a contract with something in it that breaks the whole line."""
    return lambda row, turn: form.format(OFFICES[row["office"]])


def _day_before(column: str) -> Callable[[dict, int], str]:
    return lambda row, turn: _day(row[column] - timedelta(turn + 1))


def _day(day: date) -> str:
    return f"{day:%d/%m/%Y}"


def _number(value: float) -> str:
    whole, part = divmod(round(value * 100), 100)
    return f"{whole},{part:02d}".rstrip("0") if part else str(whole)


def _euros(cents: int, thousands: str = "") -> str:
    whole, part = divmod(abs(cents), 100)
    return f"{'-' if cents < 0 else ''}{whole:,}".replace(",", thousands) + f",{part:02d}"


def _nobody(table: str) -> Callable[[dict, int], str]:
    """A key that no row has: numbers begin with 1."""
    return _always(KEYS[table].format(0))


def _negative(column: str) -> Callable[[dict, int], str]:
    """An amount below 0, in one of the three ways to write it."""
    return lambda row, turn: ("-{}", "({})", "{}-")[turn % 3].format(_euros(row[column]))


def _otherwise(column: str) -> Callable[[dict, int], str]:
    return lambda row, turn: _euros(row[column] + 100)


DAMAGES = (
    Damage("workers", "impossible_date", "joined_on", lambda row, turn: f"31/02/{row['joined_on'].year}"),
    Damage("workers", "two_digit_year", "birth_year", lambda row, turn: f"{row['birth_year'] % 100:02d}"),
    Damage("workers", "born_after_joining", "birth_year", lambda row, turn: f"{row['joined_on'].year + 1 + turn}"),
    Damage("workers", "unknown_code", "gender", _always("?")),
    Damage("workers", "unknown_form", "home_nis", lambda row, turn: row["home_nis"][:-1]),
    Damage("clients", "unknown_code", "size", _always("beaucoup")),
    Damage("clients", "unknown_form", "sector", _always("9")),
    Damage("activities", "bad_key", "owner_id", _always("voir dossier")),
    Damage("activities", "broken_reference", "owner_id", _nobody("workers")),
    Damage("activities", "unreadable_date", "opened_on", _always("inconnue")),
    Damage("activities", "closed_before_opened", "closed_on", _day_before("opened_on")),
    Damage("contracts", "undecodable_bytes", "", _torn("{}\udc81"), cell="office"),
    Damage("contracts", "control_character", "", _torn("{}\x07"), cell="office"),
    Damage("contracts", "unbalanced_quote", "", _torn('"{}'), cell="office"),
    Damage("contracts", "too_few_fields", "", lambda row, turn: None, cell="office"),
    Damage("contracts", "too_many_fields", "", _torn("{};?"), cell="office"),
    Damage("contracts", "empty", "start_on", _always("")),
    Damage("contracts", "empty", "gross_cents", _always(" ")),
    Damage("contracts", "bad_key", "worker_id", _always("M1")),
    Damage("contracts", "unknown_code", "regime", _always("ZZ")),
    Damage("contracts", "unknown_form", "joint_committee", _always("CP 304")),
    Damage("contracts", "ambiguous_number", "gross_cents",
           lambda row, turn: _euros(row["gross_cents"]).replace(",", ".")),
    Damage("contracts", "ambiguous_number", "net_cents", _always("12,345.60")),
    Damage("contracts", "unreadable_number", "gross_cents", _always("n.c.")),
    Damage("contracts", "two_digit_year", "end_on", lambda row, turn: f"{row['end_on']:%d/%m/%y}"),
    Damage("contracts", "two_digit_year", "start_on", lambda row, turn: f"{row['start_on']:%d/%m/%y}"),
    Damage("contracts", "impossible_date", "start_on", lambda row, turn: f"31/02/{row['start_on'].year}"),
    Damage("contracts", "unreadable_date", "paid_on", _always("à payer")),
    Damage("contracts", "broken_reference", "worker_id", _nobody("workers")),
    Damage("contracts", "broken_reference", "client_id", _nobody("clients")),
    Damage("contracts", "broken_reference", "activity_id", _nobody("activities")),
    Damage("contracts", "no_buyer", "client_id", _always("")),
    Damage("contracts", "two_buyers", "client_id", _always(KEYS["activities"].format(1)), cell="activity_id"),
    Damage("contracts", "ends_before_start", "end_on", _day_before("start_on")),
    Damage("contracts", "days_not_positive", "days", _always("0")),
    Damage("contracts", "days_exceed_period", "days",
           lambda row, turn: _number((row["end_on"] - row["start_on"]).days + 1.5 + turn)),
    Damage("contracts", "negative_hours", "hours", lambda row, turn: f"-{_number(row['hours'])}"),
    Damage("contracts", "negative_pay", "gross_cents", _negative("gross_cents")),
    Damage("contracts", "negative_pay", "net_cents", _negative("net_cents"), fits=lambda row: row["net_cents"] > 0),
    Damage("contracts", "negative_amount", "price_cents", _negative("price_cents")),
    Damage("contracts", "key_conflict", "contract_id", _otherwise("gross_cents"), cell="gross_cents", twin=True),
    Damage("invoices", "bad_key", "invoice_id", lambda row, turn: f"FACT{row['invoice_id']}"),
    Damage("invoices", "empty", "due_on", _always("")),
    Damage("invoices", "broken_reference", "contract_id", _nobody("contracts")),
    Damage("invoices", "negative_without_credit_note", "amount_cents", _negative("amount_cents"),
           fits=lambda row: row["amount_cents"] > 0),
    Damage("invoices", "positive_credit_note", "amount_cents", lambda row, turn: _euros(-row["amount_cents"]),
           fits=lambda row: row["amount_cents"] < 0),
    Damage("invoices", "pays_for_nothing", "contract_id", _always("")),
    Damage("invoices", "pays_for_two", "contract_id", _always(KEYS["activities"].format(1)), cell="activity_id"),
    Damage("invoices", "due_before_issue", "due_on", _day_before("issued_on")),
    Damage("invoices", "written_off_before_issue", "written_off_on", _day_before("issued_on")),
    Damage("invoices", "key_conflict", "invoice_id", _otherwise("amount_cents"), cell="amount_cents",
           fits=lambda row: row["amount_cents"] > 0, twin=True),
    Damage("expenses", "unknown_code", "kind", _always("divers ?")),
    Damage("expenses", "unreadable_number", "amount_cents", _always("gratuit")),
    Damage("shareholdings", "unreadable_number", "shares", _always("une")),
    Damage("shareholdings", "redeemed_before_subscribed", "redeemed_on", _day_before("subscribed_on")),
    Damage("shareholdings", "shares_not_positive", "shares", _always("0")),
    Damage("shareholdings", "key_conflict", "worker_id", lambda row, turn: str(row["shares"] + 1), cell="shares",
           twin=True),
)


def write_export(dataset: Path, out: Path, seed: int) -> None:
    """Write the synthetic dataset in the folder `dataset` as an export into the folder `out`, new or empty.

    The same dataset and seed give the same bytes. `out` appears when it is complete; StudyError if it is in use, the
    seed is below 0, or the dataset is not synthetic or too small to hold every defect.
    """
    if seed < 0:
        raise StudyError(f"An export needs a seed of 0 or more, not {seed}.")
    out = free(out)
    about, rows = _read(Path(dataset))
    files = _files(rows, seed)
    with complete(out) as part:
        for name, lines in files.items():
            # A lone surrogate is a byte that means nothing in cp1252.
            text = "".join(f"{line.text}\r\n" for line in lines)
            (part / name).write_bytes(text.encode("cp1252", "surrogateescape"))
        _write_key(files, part / "key.csv")
        (part / "LISEZMOI.txt").write_bytes(_readme(about, rows, seed).encode())


def _read(dataset: Path) -> tuple[dict, dict[str, list[dict]]]:
    """What the dataset says about itself, and the rows of its tables in the order of the export."""
    try:
        about = json.loads((dataset / "dataset.json").read_text("utf-8"))
        rows = {f.table: pq.read_table(dataset / f"{f.table}.parquet").to_pylist() for f in FILES}
    except (OSError, ValueError):
        raise StudyError(
            f"{dataset} is no complete synthetic dataset; make one with `smartbook data simulate`."
        ) from None
    if about.get("synthetic") is not True:
        raise StudyError(f"{dataset} is not marked as synthetic; only an invented world may be exported.")
    return about, {f.table: sorted(rows[f.table], key=lambda row, by=f.order: row[by]) for f in FILES}


def _files(rows: dict[str, list[dict]], seed: int) -> dict[str, list[Line]]:
    """The lines of every file, parents first, since a row falls with the row that it refers to."""
    children = np.random.SeedSequence(seed).spawn(len(FILES))
    rng = {f.table: np.random.Generator(np.random.PCG64(c)) for f, c in zip(FILES, children, strict=True)}
    followers = _followers(rows)
    refused: dict[str, set[int]] = {}
    files = {}
    for file in FILES:
        lines, extra = _lines(file, rows[file.table], refused, followers, rng[file.table])
        key = TABLES[file.table].key[0]
        refused[file.table] = {
            row[key] for row, line in zip(rows[file.table], lines, strict=True) if line.bucket == "quarantined"
        }
        totals = _totals(file, rows[file.table])
        files[file.name] = list(_pages(file, sorted([*enumerate(lines), *extra, *totals], key=lambda p: p[0])))
    return files


def _followers(rows: dict[str, list[dict]]) -> Counter:
    """How many rows refer to each key, by (table, key)."""
    return Counter(
        (column.ref, row[column.name])
        for table in rows for column in TABLES[table].columns if column.ref in rows for row in rows[table]
    )


def _lines(file: File, rows: list[dict], refused: dict, followers: Counter, rng) -> tuple[list[Line], list]:
    """One line for each row, and (place, line) of the twins and copies that come after them."""
    dice = rng.integers(0, 100, (2, len(rows), len(file.fields)))
    cells = [_cells(file, row, of_row) for row, of_row in zip(rows, dice[0], strict=True)]
    lines = [Line(_joined(texts), *_inherited(file.table, row, refused))
             for texts, row in zip(cells, rows, strict=True)]
    victims = _victims(file.table, rows, lines, followers, rng)
    extra = []
    for at, (damage, turn) in victims.items():
        verdict = ("quarantined", damage.reason, damage.column)
        spoiled = cells[at] | {damage.cell or damage.column: damage.spoil(rows[at], turn)}
        if damage.twin:
            extra.append((at, Line(_joined(spoiled), *verdict)))
        lines[at] = Line(lines[at].text if damage.twin else _joined(spoiled), *verdict)
    for turn, at in enumerate(rng.permutation(len(rows))[: len(rows) // COPIED].tolist()):
        # A damaged line is copied as it is; of the sound ones, every other copy is spelled in another way.
        respelled = turn % 2 and at not in victims
        text = _joined(_cells(file, rows[at], dice[1][at])) if respelled else lines[at].text
        extra.append((at, Line(text, "duplicate")))
    delays = rng.integers(0, DELAY, len(extra)).tolist()
    return lines, [(at + delay, line) for (at, line), delay in zip(extra, delays, strict=True)]


def _inherited(table: str, row: dict, refused: dict[str, set[int]]) -> tuple[str, str, str]:
    """The verdict on a good row: it falls with a row that it refers to; an invoice only loses the reference."""
    for column in TABLES[table].columns:
        if column.ref and row[column.name] in refused.get(column.ref, ()):
            kept = table == "invoices" and column.ref != "clients"
            return "accepted" if kept else "quarantined", "parent_quarantined", column.name
    return "accepted", "", ""


def _victims(table: str, rows: list[dict], lines: list[Line], followers: Counter, rng) -> dict[int, tuple[Damage, int]]:
    """Which rows get which damage, and for which time; only rows that nothing else speaks against, and few follow."""
    key = TABLES[table].key
    free = {at for at, row in enumerate(rows) if not lines[at].reason and followers[table, row[key[0]]] <= FOLLOWERS}
    victims = {}
    for damage in (d for d in DAMAGES if d.table == table):
        fitting = [at for at in sorted(free) if damage.can_be(rows[at])]
        if len(fitting) < PLANTED:
            raise StudyError(
                f"The dataset has too few rows of `{table}` for the defect {damage.reason}; simulate more workers."
            )
        chosen = [fitting[i] for i in rng.permutation(len(fitting))[:PLANTED].tolist()]
        victims |= {at: (damage, turn) for turn, at in enumerate(chosen)}
        free -= set(chosen)
    return victims


def _cells(file: File, row: dict, dice: np.ndarray) -> dict[str, str]:
    """Column → text of one row; the dice choose among spellings that mean the same."""
    return {f.name: _cell(file.table, f, row, die) for f, die in zip(file.fields, dice.tolist(), strict=True)}


def _joined(cells: dict[str, str | None]) -> str:
    return ";".join(text for text in cells.values() if text is not None)


def _cell(table: str, field: Field, row: dict, die: int) -> str:
    value, column = row[field.name], TABLES[table].column(field.name)
    if value is None:
        return ""
    if field.codes is not None:
        if value not in field.codes:
            raise unknown(f"French code of `{field.name}` for", str(value), map(str, field.codes))
        return _code(field.codes[value], die)
    if owner := column.ref or (table if column.name in TABLES[table].key and column.type == "int64" else ""):
        note = owner == table == "invoices" and row["amount_cents"] < 0
        return _key((CREDIT_NOTE if note else KEYS[owner]).format(value), die)
    if column.name.endswith("_cents"):
        return _amount(value, die)
    if column.type == "date":
        return _day(value)
    return _number(value) if column.type == "float64" else str(value)


def _code(text: str, die: int) -> str:
    """A code now and then in capitals, without accents, with blanks around it, or between quotes."""
    if die < 2:
        return text.upper()
    if die < 4:
        return "".join(c for c in unicodedata.normalize("NFKD", text) if not unicodedata.combining(c))
    return f" {text} " if die < 6 else f'"{text}"' if die < 7 else text


def _key(text: str, die: int) -> str:
    """A key now and then in small letters; never quoted, for it must be legible where an open quote breaks its line."""
    return text.lower() if die < 1 else text


def _amount(cents: int, die: int) -> str:
    """An amount with blanks or no-break blanks between thousands, now and then with its currency."""
    text = _euros(cents, " " if die % 2 else "\u00a0")
    if cents < 0 and die % 3:
        text = f"({text[1:]})" if die % 3 == 1 else f"{text[1:]}-"
    return f"{text} €" if die < 6 else f"EUR {text}" if die < 7 else text


def _totals(file: File, rows: list[dict]) -> list[tuple[int, Line]]:
    """(place, line) of the control totals: after the last row of each year, or at the end."""
    if not file.total_of:
        return []
    if not file.yearly:
        return [(len(rows) + DELAY, _total("TOTAL GÉNÉRAL", file, rows))]
    years = [row[file.order].year for row in rows]
    last = {year: at for at, year in enumerate(years)}
    return [
        (at, _total(f"Total {year}", file, [row for row, y in zip(rows, years, strict=True) if y == year]))
        for year, at in last.items()
    ]


def _total(title: str, file: File, rows: list[dict]) -> Line:
    cells = dict.fromkeys((f.name for f in file.fields), "")
    total = _euros(sum(row[file.total_of] for row in rows), " ")
    return Line(_joined(cells | {file.fields[0].name: title, file.total_of: total}), "not_data")


def _pages(file: File, placed: list[tuple[int, Line]]) -> Iterator[Line]:
    """The lines under their header, which comes again after an empty line at the top of every page."""
    empty = ("", ";" * (len(file.fields) - 1), "   ")
    yield Line(file.header, "header")
    for i, (_, line) in enumerate(placed):
        if i and i % PAGE == 0:
            yield Line(empty[i // PAGE % 3], "blank")
            yield Line(file.header, "repeated_header")
        yield line


def _write_key(files: dict[str, list[Line]], path: Path) -> None:
    """The truth about every line that is not a header or simply a good row, by file and physical line."""
    with path.open("w", encoding="utf-8", newline="") as file:
        key = csv.writer(file, lineterminator="\n")
        key.writerow(("file", "line", "bucket", "reason", "column"))
        for name, lines in files.items():
            key.writerows(
                (name, number, line.bucket, line.reason, line.column)
                for number, line in enumerate(lines, 1) if line.reason or line.bucket not in ("header", "accepted")
            )


def _readme(about: dict, rows: dict[str, list[dict]], seed: int) -> str:
    """What the export is, and its control figures."""
    figures = [f"  {f.name}: {len(rows[f.table])} rows" + _figure(f, rows[f.table]) for f in FILES]
    return "\n".join([
        "SYNTHETIC DATA – no finding about Smart. DONNÉES SYNTHÉTIQUES – aucun constat sur Smart.", "",
        f"An invented world of {about['workers']} members (seed {about['seed']}, "
        f"{about['first_year']}–{about['last_year']}), written by data_synthetic/french.py with seed {seed}.",
        "Nobody is described here. The files are damaged on purpose; key.csv names every line that is not simply a",
        "good row, and what the import must say of it. Control figures, before the damage:", "", *figures, "",
    ])


def _figure(file: File, rows: list[dict]) -> str:
    if not file.total_of:
        return ""
    header = next(f.header for f in file.fields if f.name == file.total_of)
    return f", {header} {_euros(sum(row[file.total_of] for row in rows), ' ')}"
