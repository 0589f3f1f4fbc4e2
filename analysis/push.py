"""A folder dataset into a PostgreSQL database: every table, or none."""

import json
from pathlib import Path

from analysis import engines
from analysis.datasets import Dataset
from analysis.errors import StudyError
from analysis.schema import TABLES, Table, arrow_schema

TYPES = {"int64": "bigint", "int16": "smallint", "float64": "double precision", "string": "text", "bool": "boolean",
         "date": "date"}
INFO = "dataset_info"
ROWS = 100_000      # of one message to the server


def push(dataset: Dataset, url: str, replace: bool = False) -> dict[str, int]:
    """Load all tables of `dataset` into the database at `url` in one transaction; returns the rows by table.

    Whatever happens on the way, readers see the tables of before until all new ones are complete. `dataset.json` goes
    into the table `dataset_info`, so that a synthetic dataset stays known as one. With `replace` the tables of an
    earlier push go, and the rights on them: grant SELECT again. StudyError where the dataset is no folder, there are
    tables already, or the server says no.
    """
    if dataset.folder is None:
        raise StudyError(f"Dataset {dataset.name!r} is a database already; push one that is a folder.")
    if not url.startswith(("postgresql://", "postgres://")):
        raise StudyError("--to takes the address of a PostgreSQL database, as postgresql://user@host:port/database.")
    postgres = engines.driver("postgres", "The database of --to is PostgreSQL")
    # Leaving the block commits; leaving it by an error, or by death, is as if nothing had been sent.
    with postgres.told_push(), postgres.connection("--to", url) as connection, connection.cursor() as cursor:
        _make_room(cursor, replace)
        rows = {name: _load(cursor, dataset, TABLES[name]) for name in dataset.present}
        cursor.execute("CREATE INDEX ON contracts (worker_id, start_on)")
        _describe(cursor, dataset.folder)
        cursor.execute(f"ANALYZE {', '.join((*rows, INFO))}")
    return rows


def _make_room(cursor, replace: bool) -> None:
    """Drop every table of an earlier push, also those that this one lacks; StudyError where that is not asked for."""
    names = [*TABLES, INFO]
    cursor.execute("SELECT relname FROM pg_class WHERE relnamespace = current_schema()::regnamespace "
                   "AND relname = ANY(%s)", (names,))
    held = [name for (name,) in cursor]
    if held and not replace:
        first = min(held, key=names.index)
        raise StudyError(f"The database already has the table `{first}`; give --replace to put this dataset in the "
                         "place of the one that is there.")
    if held:
        cursor.execute(f"DROP TABLE {', '.join(held)}")


def _load(cursor, dataset: Dataset, table: Table) -> int:
    """Make one table with the columns of the schema and copy its rows; returns how many."""
    columns = ", ".join(f'"{c.name}" {TYPES[c.type]}{"" if c.nullable else " NOT NULL"}' for c in table.columns)
    cursor.execute(f"CREATE TABLE {table.name} ({columns})")
    dataset.table(table.name)       # says which column is missing
    return sum(_copy(cursor, file, table) for file in dataset.files(table.name))


def _copy(cursor, file: Path, table: Table) -> int:
    """Send the rows of one Parquet file; returns how many."""
    from pyarrow import ArrowException, BufferOutputStream, csv, parquet, schema

    source, rows = parquet.ParquetFile(file), 0
    # The server is the one to refuse a gap.
    typed = schema([f.with_nullable(True) for f in arrow_schema(table, source.schema_arrow.names)])
    names = ", ".join(f'"{name}"' for name in typed.names)
    # In CSV as Arrow writes it, text is quoted and a gap is not, which is how PostgreSQL tells "" from null.
    plain = csv.WriteOptions(include_header=False)
    with cursor.copy(f"COPY {table.name} ({names}) FROM STDIN (FORMAT csv)") as copy:
        for batch in source.iter_batches(ROWS, columns=typed.names):
            text = BufferOutputStream()
            try:
                csv.write_csv(batch.select(typed.names).cast(typed), text, plain)
            except ArrowException:
                raise StudyError(f"Table `{table.name}` holds values that do not fit the types of the schema; nothing "
                                 "was changed, see `smartbook data check`.") from None
            copy.write(text.getvalue())
            rows += batch.num_rows
    return rows


def _describe(cursor, folder: Path) -> None:
    """The content of dataset.json as `dataset_info`: key, and value in JSON."""
    path = folder / "dataset.json"
    about = json.loads(path.read_text("utf-8")) if path.is_file() else {}
    cursor.execute(f"CREATE TABLE {INFO} (key text PRIMARY KEY, value text NOT NULL)")
    cursor.executemany(f"INSERT INTO {INFO} VALUES (%s, %s)", [(k, json.dumps(v)) for k, v in about.items()])
