"""Datasets by name: where each lives, what it holds, and where its book may be written.

`synthetic` is built in; `synthetic-guarded` is the same data under the disclosure rules of confidential data. Every
other name is a section of `datasets.toml` (the file named by $SMARTBOOK_DATASETS, else the one in the working
directory):

    [secure]
    location = "/secure/smart/dataset"       # a folder of Parquet files, or the URL of an engine (analysis/engines)
    output = "/secure/smart/book"            # where notebooks and site go; the default is beside the folder
"""

import hashlib
import json
import os
import tomllib
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from analysis import engines
from analysis.errors import MissingData, StudyError, unknown
from analysis.place import outside_git
from analysis.schema import REQUIRED, TABLES

ROOT = Path(__file__).resolve().parents[1]
SHIPPED = ROOT / "data_synthetic" / "dataset"
BUILT_IN = ("synthetic", "synthetic-guarded")
# Columns whose values no list of the schema closes: they may name somebody.
OPEN_NAMES = tuple(c.name for t in TABLES.values() for c in t.columns if c.type == "string" and not c.levels)


@dataclass(frozen=True)
class Dataset:
    """The canonical tables at one place. `guarded` puts the disclosure rules on, `synthetic` the banner.

    `output` is where its book may be written; None stands for the `_build` folder of the book, which git ignores.
    """

    name: str
    location: str = field(repr=False)       # a URL may hold a password
    output: Path | None
    guarded: bool = True
    _open: dict = field(default_factory=dict, repr=False, compare=False)

    @cached_property
    def folder(self) -> Path | None:
        """The folder of Parquet files; None for a database."""
        folder = engines.split(self.location)[1]
        return None if folder is None else Path(folder)

    @cached_property
    def synthetic(self) -> bool:
        if self.folder is None:
            return engines.about(self.backend).get("synthetic") == "true"
        about = self.folder / "dataset.json"
        return about.is_file() and json.loads(about.read_text("utf-8")).get("synthetic") is True

    @cached_property
    def backend(self):
        """The Ibis connection that runs the queries (see `analysis.engines`)."""
        return engines.connect(self.name, self.location)

    def files(self, table: str) -> list[Path]:
        """The Parquet files of one table of a folder; empty where it is absent."""
        single = self.folder / f"{table}.parquet"
        return [single] if single.is_file() else sorted((self.folder / table).glob("part-*.parquet"))

    @cached_property
    def present(self) -> tuple[str, ...]:
        """The tables that this dataset has, in the order of the schema."""
        if self.folder:
            return tuple(t for t in TABLES if self.files(t))
        return tuple(t for t in TABLES if self._in_database(t))

    def _in_database(self, table: str) -> bool:
        from ibis.common.exceptions import TableNotFound

        try:
            self.backend.table(table)
        except TableNotFound:
            return False
        return True

    def table(self, name: str):
        """One canonical table as an Ibis expression; an absent optional column is null, an absent table an error."""
        import ibis

        if name not in TABLES:
            raise unknown("table", name, TABLES)
        if name not in self.present:
            raise MissingData(f"This dataset has no table '{name}' ({TABLES[name].meaning}).")
        if name not in self._open:
            raw = (engines.read_files(self.backend, self.files(name), name) if self.folder
                   else self.backend.table(name))
            columns = {}
            for column in TABLES[name].columns:
                if column.name in raw.columns:
                    columns[column.name] = raw[column.name].cast(column.type)
                elif column.nullable:
                    columns[column.name] = ibis.null(column.type)
                else:
                    raise StudyError(
                        f"Table `{name}` of dataset {self.name!r} lacks the column `{column.name}` "
                        f"({column.meaning}); add it at import."
                    )
            self._open[name] = raw.select(**columns)
        return self._open[name]

    def has(self, path: str) -> bool:
        """Is there anything in `table` or `table.column`? A column of nulls counts as absent."""
        table, _, column = path.partition(".")
        if table not in self.present:
            return False
        if not column:
            return True
        if column not in TABLES[table].names:
            raise unknown(f"column of `{table}`", column, TABLES[table].names)
        return int(self.table(table)[column].count().execute()) > 0

    def need(self, *paths: str) -> None:
        """Raise MissingData, naming the first of the `table` or `table.column` paths that is absent."""
        for path in paths:
            table, _, column = path.partition(".")
            self.table(table)
            if not self.has(path):
                raise MissingData(f"This dataset does not record '{column}' in its table '{table}'.")

    def fingerprint(self) -> str:
        """A digest of every byte of a folder; a new one at each call for a database, whose content may move."""
        digest = hashlib.blake2b(self.name.encode(), digest_size=16)
        if not self.folder:
            return digest.hexdigest() + os.urandom(8).hex()
        about = [p for n in ("dataset.json", "truth.json") if (p := self.folder / n).is_file()]
        for path in [*about, *(f for t in self.present for f in self.files(t))]:
            with path.open("rb") as stream:
                digest.update(path.name.encode() + hashlib.file_digest(stream, "blake2b").digest())
        return digest.hexdigest()


def registry() -> Path:
    """The file that names datasets, which need not exist."""
    return Path(os.environ.get("SMARTBOOK_DATASETS", "datasets.toml"))


def registered() -> dict:
    """The sections of `datasets.toml`, by dataset name; none where there is no such file."""
    path = registry()
    if not path.is_file():
        if "SMARTBOOK_DATASETS" in os.environ:
            raise StudyError(f"$SMARTBOOK_DATASETS names {str(path)!r}, which is no file.")
        return {}
    try:
        return tomllib.loads(path.read_text("utf-8"))
    except tomllib.TOMLDecodeError as error:
        raise StudyError(f"{path.name} is not valid TOML: {error}.") from None


def _outside_git(name: str, what: str, path: Path) -> Path:
    if not outside_git(path):
        raise StudyError(
            f"The {what} of dataset {name!r} lies inside a git work tree, from where it could be published; "
            "move it to a folder outside."
        )
    return path


def find(name: str) -> Dataset:
    """The dataset called `name`; StudyError with the nearest name, or the first thing that is wrong with it."""
    if name in BUILT_IN:
        dataset = Dataset(name, str(SHIPPED), None, guarded=name != "synthetic")
    else:
        entries = registered()
        if name not in entries:
            raise unknown("dataset", name, [*BUILT_IN, *entries])
        entry = entries[name] if isinstance(entries[name], dict) else {}
        for key in entry:
            if key not in ("location", "output"):
                raise unknown(f"setting of dataset {name!r}", key, ("location", "output"))
        location, output = entry.get("location"), entry.get("output")
        if not location:
            raise StudyError(f"Dataset {name!r} has no `location` in {registry().name}; give a folder or a URL.")
        engine, folder = engines.split(location)
        if folder is None and not output:
            raise StudyError(f"Dataset {name!r} is a database; say in `output` where its book may be written.")
        base = registry().resolve().parent
        if folder is not None:
            folder = _outside_git(name, "folder", (base / Path(folder).expanduser()).resolve())
            if not folder.is_dir():
                raise StudyError(f"The folder of dataset {name!r} does not exist; check `location` in its entry.")
            location = engine + str(folder)
            output = output or str(folder.parent / f"{folder.name}-book")
        output = _outside_git(name, "output", (base / Path(output).expanduser()).resolve())
        dataset = Dataset(name, location, output)
    missing = [t for t in REQUIRED if t not in dataset.present]
    if missing:
        raise StudyError(f"Dataset {name!r} lacks the required table `{missing[0]}`; import or simulate it first.")
    return dataset
