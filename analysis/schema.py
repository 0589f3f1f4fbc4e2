"""The canonical tables, declared once.

Validation, the data dictionary of the book, intake and the synthetic world all read this declaration.
Money is nominal EUR excluding VAT, in integer cents (columns end in `_cents`). Dates are calendar dates, end dates
inclusive. Identifiers are opaque int64 pseudonyms.
"""

from dataclasses import dataclass

COMPRESSION = 1  # level of zstd
TYPES = ("int64", "int16", "float64", "string", "bool", "date")


@dataclass(frozen=True)
class Column:
    """One column: `type` is one of TYPES; `levels` closes a string column; `ref` names the table it points to."""

    name: str
    type: str
    meaning: str
    nullable: bool = False
    levels: tuple[str, ...] = ()
    ref: str = ""


@dataclass(frozen=True)
class Table:
    """One table: `key` is unique; a dataset without a `required` table cannot be opened."""

    name: str
    meaning: str
    key: tuple[str, ...]
    columns: tuple[Column, ...]
    required: bool = False

    def column(self, name: str) -> Column:
        """The column called `name`; KeyError where there is none."""
        return {c.name: c for c in self.columns}[name]

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(c.name for c in self.columns)


def _c(name, type_, meaning, levels=(), ref=""):
    """A column; `?` at the end of the type makes it nullable."""
    return Column(name, type_.rstrip("?"), meaning, type_.endswith("?"), tuple(levels), ref)


LEGAL_FORMS = ("company", "public", "association", "household", "foreign")
SIZES = ("1-9", "10-49", "50-249", "250+")

_TABLES = (
    Table(
        "workers", "member-workers, active or not", ("worker_id",), required=True,
        columns=(
            _c("worker_id", "int64", "pseudonym of one member-worker"),
            _c("joined_on", "date?", "registration as a member"),
            _c("birth_year", "int16?", "year of birth"),
            _c("gender", "string?", "as recorded", ("woman", "man", "other")),
            _c("home_nis", "string?", "municipality of residence, 5-digit NIS code"),
            _c("education", "string?", "ISCED 0–2, 3–4, 5–8", ("low", "medium", "high")),
            _c("profession", "string?", "main trade, from the code list of professions"),
            _c("status_before", "string?", "status before joining",
               ("employee", "unemployed", "self_employed", "student", "inactive")),
        ),
    ),
    Table(
        "clients", "buyers of work outside Smart", ("client_id",), required=True,
        columns=(
            _c("client_id", "int64", "pseudonym of one client"),
            _c("legal_form", "string?", "legal form", LEGAL_FORMS),
            _c("sector", "string?", "NACE section letter"),
            _c("size", "string?", "persons employed", SIZES),
            _c("home_nis", "string?", "municipality of the seat, 5-digit NIS code"),
        ),
    ),
    Table(
        "contracts", "employment contracts; each has exactly one buyer, a client or an Activity", ("contract_id",),
        required=True,
        columns=(
            _c("contract_id", "int64", "pseudonym of one contract"),
            _c("worker_id", "int64", "who works", ref="workers"),
            _c("client_id", "int64?", "set when a client buys the work", ref="clients"),
            _c("activity_id", "int64?", "set when an Activity buys the work", ref="activities"),
            _c("created_on", "date?", "entry in the system; later than start_on means retroactive"),
            _c("start_on", "date", "first day"),
            _c("end_on", "date", "last day, inclusive"),
            _c("days", "float64", "declared paid days, above 0"),
            _c("hours", "float64?", "declared hours"),
            _c("gross_cents", "int64", "gross pay, employee side"),
            _c("employer_cost_cents", "int64?", "gross plus employer contributions and insurances"),
            _c("price_cents", "int64?", "billed to the client; empty for an Activity"),
            _c("expenses_cents", "int64?", "reimbursed expenses"),
            _c("net_cents", "int64?", "paid out"),
            _c("paid_on", "date?", "day the worker was paid"),
            _c("function", "string?", "trade of this contract, same code list as profession"),
            _c("artistic", "bool?", "artistic performance"),
            _c("pay_basis", "string?", "paid by time or by lump sum", ("time", "lump_sum")),
            _c("regime", "string?", "kind of contract", ("employee", "student", "agency")),
            _c("joint_committee", "string?", "joint committee of the contract"),
            _c("office", "string?", "Smart office that handles the contract"),
        ),
    ),
    Table(
        "activities", "budget accounts, fed by invoices and spent on wages and expenses", ("activity_id",),
        columns=(
            _c("activity_id", "int64", "pseudonym of one Activity"),
            _c("owner_id", "int64", "who opened it", ref="workers"),
            _c("opened_on", "date", "first day"),
            _c("closed_on", "date?", "last day"),
        ),
    ),
    Table(
        "activity_members", "who may draw on an Activity", ("activity_id", "worker_id"),
        columns=(
            _c("activity_id", "int64", "the Activity", ref="activities"),
            _c("worker_id", "int64", "the worker", ref="workers"),
            _c("is_manager", "bool", "may decide on the budget"),
        ),
    ),
    Table(
        "invoices", "what clients were billed; each pays for one contract or one Activity", ("invoice_id",),
        columns=(
            _c("invoice_id", "int64", "pseudonym of one invoice"),
            _c("client_id", "int64", "who is billed", ref="clients"),
            _c("contract_id", "int64?", "the contract it pays for", ref="contracts"),
            _c("activity_id", "int64?", "the Activity it feeds", ref="activities"),
            _c("issued_on", "date", "day of issue"),
            _c("due_on", "date", "last day to pay"),
            _c("paid_on", "date?", "day the client paid"),
            _c("written_off_on", "date?", "the mutual guarantee fund took the loss"),
            _c("amount_cents", "int64", "excluding VAT; negative for a credit note"),
        ),
    ),
    Table(
        "expenses", "purchases of an Activity", ("expense_id",),
        columns=(
            _c("expense_id", "int64", "pseudonym of one expense"),
            _c("activity_id", "int64", "the Activity that pays", ref="activities"),
            _c("booked_on", "date", "day of booking"),
            _c("kind", "string", "kind of purchase",
               ("travel", "equipment", "training", "subcontract", "rent", "other")),
            _c("amount_cents", "int64", "excluding VAT"),
        ),
    ),
    Table(
        "shareholdings", "cooperative shares", ("worker_id", "subscribed_on"),
        columns=(
            _c("worker_id", "int64", "who holds the share", ref="workers"),
            _c("subscribed_on", "date", "day of subscription"),
            _c("redeemed_on", "date?", "day the share was paid back"),
            _c("shares", "int64", "number of shares"),
        ),
    ),
    Table(
        "assemblies", "general assemblies", ("assembly_id",),
        columns=(
            _c("assembly_id", "int64", "pseudonym of one assembly"),
            _c("held_on", "date", "day"),
            _c("kind", "string", "ordinary or extraordinary", ("ordinary", "extraordinary")),
        ),
    ),
    Table(
        "attendances", "who took part in an assembly", ("assembly_id", "worker_id"),
        columns=(
            _c("assembly_id", "int64", "the assembly", ref="assemblies"),
            _c("worker_id", "int64", "the worker", ref="workers"),
            _c("mode", "string", "how", ("in_person", "proxy", "online")),
            _c("voted", "bool", "cast a vote"),
        ),
    ),
    Table(
        "interviews", "the qualitative corpus", ("interview_id",),
        columns=(
            _c("interview_id", "int64", "pseudonym of one interview"),
            _c("worker_id", "int64?", "the worker, where one is linked", ref="workers"),
            _c("held_on", "date", "day"),
            _c("role", "string", "who speaks", ("worker", "client", "staff")),
        ),
    ),
    Table(
        "segments", "coded passages; the text itself never leaves its file", ("segment_id",),
        columns=(
            _c("segment_id", "int64", "pseudonym of one passage"),
            _c("interview_id", "int64", "the interview", ref="interviews"),
            _c("coder", "string", "who coded"),
            _c("code", "string", "code of the code book"),
            _c("start", "int64", "first character, in code points"),
            _c("end", "int64", "character after the last"),
        ),
    ),
)

TABLES: dict[str, Table] = {t.name: t for t in _TABLES}
REQUIRED = tuple(t.name for t in _TABLES if t.required)


def arrow_schema(table: Table, columns=None):
    """The pyarrow schema of `table` (restricted to `columns`), the physical form of every dataset."""
    import pyarrow as pa

    types = {"int64": pa.int64(), "int16": pa.int16(), "float64": pa.float64(), "string": pa.string(),
             "bool": pa.bool_(), "date": pa.date32()}
    chosen = [c for c in table.columns if columns is None or c.name in columns]
    return pa.schema([pa.field(c.name, types[c.type], nullable=c.nullable) for c in chosen])


def write_table(table: Table, columns: dict, folder):
    """Write `columns` (name → array of equal length) as `folder/<table>.parquet`, byte for byte reproducible.

    Only the columns given are written; the rest of the table's columns are absent from the dataset. The file gets its
    name when it is complete. Returns its path.
    """
    import pyarrow as pa

    data = pa.table({n: columns[n] for n in table.names if n in columns}, schema=arrow_schema(table, columns))
    return write_file(data, folder / f"{table.name}.parquet", table)


def write_file(data, path, table: Table | None = None):
    """Write the pyarrow table `data` as one Parquet file, the layout of every dataset; returns its path.

    Integers and dates as deltas, the rest as dictionaries, zstd. Columns that `table` declares without gaps are
    required ones. The file gets its name when it is complete.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    integers = [f.name for f in data.schema if pa.types.is_integer(f.type) or pa.types.is_date(f.type)]
    if table:
        filled = {c.name for c in table.columns if not c.nullable}
        data = data.cast(pa.schema([f.with_nullable(f.name not in filled) for f in data.schema]))
    part = path.with_name(f".{path.name}.part")
    # Without Arrow's own schema, text is text for every reader, however it was held in memory.
    pq.write_table(data, part, compression="zstd", compression_level=COMPRESSION, row_group_size=1_000_000,
                   use_dictionary=[n for n in data.schema.names if n not in integers],
                   column_encoding=dict.fromkeys(integers, "DELTA_BINARY_PACKED"), store_schema=False,
                   write_statistics=integers)
    part.rename(path)
    return path
