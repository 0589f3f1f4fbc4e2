"""DuckDB in this process, in a memory that does not grow with the dataset."""

import os
import secrets
import tempfile
from pathlib import Path

import ibis

GIGABYTES_PER_CORE = 0.5     # what does not fit goes to disk


def open_embedded():
    """The Ibis backend of an empty DuckDB, for folders of Parquet files.

    What does not fit in memory is written, encrypted, to a folder of the machine's temporary place that DuckDB makes
    when it is needed and removes at the end. The key lives in memory only.
    """
    backend = ibis.duckdb.connect()
    settings = {
        "memory_limit": f"{GIGABYTES_PER_CORE * (os.cpu_count() or 1)}GB",
        "temp_directory": str(Path(tempfile.gettempdir()) / f"smartbook-{secrets.token_hex(8)}"),
        "force_mbedtls_unsafe": True,     # the one library for encryption that needs no download
        "temp_file_encryption": True,
    }
    for name, value in settings.items():
        backend.raw_sql(f"SET {name} = {value!r}")
    return backend
