"""Where the queries run, chosen by one location string.

    /secure/dataset                      a folder of Parquet files: DuckDB, embedded
    spark+local:///secure/dataset        the same folder: Spark on this machine
    spark://host:7077/secure/dataset     the same folder, which every node must see: the Spark cluster of that master
    postgresql://user@host/database      PostgreSQL, with read rights
    duckdb:///secure/dataset.duckdb      any other URL that Ibis knows

What fails is a StudyError of one sentence, without the password of a URL and without a value of the data. Drivers are
imported where they are used.
"""

import re
from pathlib import Path

from analysis.errors import StudyError

_FOLDER = re.compile(r"(spark\+local://|spark://[^/]+(?=/)|(?!.*://))(.*)", re.DOTALL)


def split(location: str) -> tuple[str, str | None]:
    """The engine and the folder of `location`, such that engine + absolute folder is a location again.

    The engine is "" for DuckDB, else the beginning of the URL; the folder is None for a database.
    """
    found = _FOLDER.fullmatch(location)
    return (found[1], found[2]) if found else (location, None)


def connect(name: str, location: str):
    """The Ibis backend that runs the queries of dataset `name`. StudyError where there is no server or no driver."""
    import ibis

    engine, folder = split(location)
    if folder is not None and not engine:
        from analysis.engines.embedded import open_embedded

        return open_embedded()
    if engine.startswith("spark"):
        if not folder:
            raise StudyError(f"Dataset {name!r} runs on Spark but names no folder; write spark+local:///folder or "
                             "spark://host:port/folder.")
        return driver("spark", f"Dataset {name!r} runs on Spark").open_spark(name, engine)
    if engine.startswith(("postgresql://", "postgres://")):
        return driver("postgres", f"Dataset {name!r} is a PostgreSQL database").open_postgres(name, location)
    try:
        return ibis.connect(location)
    except Exception as error:
        # The driver's own words may hold the password of the URL.
        raise StudyError(
            f"The database of dataset {name!r} cannot be opened ({type(error).__name__}); "
            "check its address, user and driver in datasets.toml."
        ) from None


def driver(extra: str, what: str):
    """The module of this package for an engine; StudyError where the extra that brings its driver is missing."""
    from importlib import import_module

    try:
        return import_module(f"analysis.engines.{extra}")
    except ImportError as error:
        raise StudyError(f"{what}, whose driver is not installed ({error.name or 'a library of it'}); install the "
                         f"extra: make .venv/engines, or pip install 'smartbook[{extra}]'.") from None


def read_files(backend, files: list[Path], table: str):
    """The Parquet `files` of one table as an Ibis expression."""
    paths = [str(f) for f in files]
    if backend.name == "pyspark":
        return backend.read_files(paths)
    return backend.read_parquet(paths, table_name=table)


def about(backend) -> dict[str, str]:
    """What a pushed database says of itself in `dataset_info`, JSON by key; empty where it says nothing."""
    from ibis.common.exceptions import TableNotFound

    try:
        rows = backend.table("dataset_info").execute()
    except TableNotFound:
        return {}
    return dict(zip(rows["key"], rows["value"], strict=True))


def keeps(backend) -> bool:
    """Whether results may be kept between queries: not where the user of a database may not make temporary tables."""
    return getattr(backend, "may_keep", True)


def keep(*parts):
    """The union of the expressions `parts`, computed once, one after the other, and kept while it is in use.

    Where nothing may be kept, it is computed at each use. Several parts are for the embedded engine (`in_ranges`).
    """
    import ibis

    first, *others = parts
    backend = first.get_backend()
    if not keeps(backend):
        return ibis.union(*parts) if others else first
    kept = first.cache()
    for part in others:
        backend.insert(kept.op().name, part, database="temp.main")
    return kept


def in_ranges(backend) -> bool:
    """Whether panels are better made for one range of workers after the other: a server divides its work itself."""
    return backend.name == "duckdb"
