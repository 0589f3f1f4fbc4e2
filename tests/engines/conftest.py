"""A PostgreSQL server and a Spark session of the tests' own; skipped, with the reason, where they cannot be.

SMARTBOOK_DATASET names a folder to compare the engines on, in the place of the shipped dataset.
"""

import os
import shutil
import subprocess
import tempfile
from pathlib import Path

import pytest

from analysis.datasets import SHIPPED, Dataset

DATASET = Path(os.environ.get("SMARTBOOK_DATASET", SHIPPED))
PASSWORD = "a secret of the tests"
# Compiling a query of a small dataset takes Spark longer than running it.
PLAIN = {"spark.sql.codegen.wholeStage": "false", "spark.sql.codegen.factoryMode": "NO_CODEGEN",
         "spark.sql.adaptive.enabled": "false", "spark.sql.shuffle.partitions": "2"}
PORT = 5432     # the name of a file: the server listens on a socket in a folder of its own alone


def pytest_collection_modifyitems(items):
    """Whatever runs on Spark takes long."""
    for item in items:
        parameters = item.callspec.params.values() if hasattr(item, "callspec") else ()
        if "spark" in item.fixturenames or "spark" in parameters:
            item.add_marker("long")


class Server:
    """A PostgreSQL server over a new data folder, reached through a Unix socket by password."""

    def __init__(self, binaries: Path):
        self.binaries = binaries
        # Not pytest's folder, which the server's user may not enter.
        self.folder = Path(tempfile.mkdtemp(prefix="smartbook-postgres-", dir="/tmp"))
        # PostgreSQL refuses to run as root.
        self.user = ["runuser", "-u", "postgres", "--"] if os.getuid() == 0 else []
        (self.folder / "password").write_text(PASSWORD)
        if self.user:
            for path in (self.folder, self.folder / "password"):
                shutil.chown(path, "postgres")
        self._run("initdb", "--pgdata", self.folder / "data", "--username", "postgres", "--auth", "scram-sha-256",
                  "--pwfile", self.folder / "password", "--encoding", "UTF8", "--locale", "C", "--no-sync")

    def _run(self, program: str, *arguments) -> None:
        subprocess.run([*self.user, self.binaries / program, *arguments], cwd=self.folder, check=True,
                       stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)

    def start(self) -> None:
        options = f"-p {PORT} -k {self.folder} -c listen_addresses='' -c fsync=off"
        self._run("pg_ctl", "start", "--wait", "--silent", "--pgdata", self.folder / "data", "--options", options,
                  "--log", self.folder / "log")

    def stop(self) -> None:
        """As a crash does: nobody is asked, nothing is finished."""
        self._run("pg_ctl", "stop", "--wait", "--silent", "--mode", "immediate", "--pgdata", self.folder / "data")

    def url(self, database: str = "postgres", user: str = "postgres", password: str = PASSWORD) -> str:
        return f"postgresql://{user}:{password.replace(' ', '%20')}@/{database}?host={self.folder}&port={PORT}"

    def run(self, *statements: str, database: str = "postgres") -> None:
        """SQL statements by the superuser, each on its own."""
        import psycopg

        with psycopg.connect(self.url(database), autocommit=True) as connection:
            for statement in statements:
                connection.execute(statement)


def _binaries() -> Path | None:
    """The folder of PostgreSQL's programs; Debian keeps them off the path."""
    found = shutil.which("initdb")
    places = [Path(found).parent] if found else []
    places += sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    return next((p for p in places if (p / "initdb").is_file() and (p / "postgres").is_file()), None)


@pytest.fixture(scope="session")
def server():
    """A running server."""
    pytest.importorskip("psycopg", reason="the extra `postgres` is not installed")
    binaries = _binaries()
    if binaries is None:
        pytest.skip("PostgreSQL is not installed (Debian: postgresql)")
    server = Server(binaries)
    try:
        server.start()
        yield server
        server.stop()
    finally:
        shutil.rmtree(server.folder, ignore_errors=True)


@pytest.fixture(scope="session")
def dataset():
    """The folder of the dataset on which the engines are compared."""
    return DATASET


@pytest.fixture(scope="session")
def pushed(server):
    """The URL of a database that holds the dataset."""
    from analysis.push import push

    server.run("CREATE DATABASE shipped")
    push(Dataset("shipped", str(DATASET), None), server.url("shipped"))
    return server.url("shipped")


@pytest.fixture(scope="session")
def spark():
    """The beginning of a location that runs on Spark on this machine."""
    pytest.importorskip("pyspark", reason="the extra `spark` is not installed")
    if not shutil.which("java"):
        pytest.skip("Java is not installed (Debian: openjdk-17-jre-headless)")
    from analysis.engines import spark as engine

    engine.SETTINGS.update(PLAIN)
    yield "spark+local://"

    from pyspark.sql import SparkSession

    if session := SparkSession.getActiveSession():
        session.stop()
