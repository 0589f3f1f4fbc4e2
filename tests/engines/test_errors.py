"""What goes wrong with a server is one sentence, without password and data; nothing is ever half-written."""

import os
import signal
import subprocess
import sys

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from analysis import datasets, engines
from analysis.datasets import SHIPPED, Dataset
from analysis.errors import MissingData, StudyError
from analysis.panels import Panels
from analysis.push import push
from analysis.scope import Scope

KILLED = """
import os, signal, sys
from analysis.datasets import SHIPPED, Dataset
from analysis.push import push

class Killed(Dataset):
    def files(self, table):
        if table == "invoices":
            os.kill(os.getpid(), signal.SIGKILL)
        return super().files(table)

push(Killed("shipped", str(SHIPPED), None), sys.argv[1])
"""


@pytest.fixture(scope="module")
def base(server):
    """A database with the shipped dataset, of which tests take copies."""
    server.run("CREATE DATABASE base")
    push(shipped(), server.url("base"))


@pytest.fixture
def database(server, request):
    """The name of an empty database."""
    name = f"errors_{abs(hash(request.node.name)) % 10**9}"
    server.run(f"CREATE DATABASE {name}")
    return name


@pytest.fixture
def copy(server, database, base):
    """The name of a database with the shipped dataset, and of a user `reader` with read rights alone."""
    server.run(f"DROP DATABASE {database}", f"CREATE DATABASE {database} TEMPLATE base",
               f"REVOKE TEMP ON DATABASE {database} FROM PUBLIC", "DROP ROLE IF EXISTS reader",
               "CREATE ROLE reader LOGIN PASSWORD 'readers only'")
    server.run("GRANT SELECT ON ALL TABLES IN SCHEMA public TO reader", database=database)
    yield database
    server.run("DROP OWNED BY reader", database=database)


def shipped(kind=Dataset):
    return kind("shipped", str(SHIPPED), None)


def reader(server, database):
    return server.url(database, "reader", "readers only")


def opened(location):
    return Dataset("tests", str(location), None)


def fails(action, sentence):
    with pytest.raises(StudyError, match=sentence) as error:
        action()
    assert "\n" not in str(error.value) and str(error.value).endswith(".")
    assert "secret" not in str(error.value)


def test_a_wrong_password(server):
    fails(lambda: opened(server.url(password="no secret")).present, "refuses the user or the password")


def test_no_such_database(server):
    fails(lambda: opened(server.url("nowhere")).present, "no such database")


def test_an_address_that_is_none():
    fails(lambda: opened("postgresql://user:secret@host:port:port/?x").present, "is not one of a PostgreSQL database")


def test_a_server_that_is_not_running(server):
    server.stop()
    try:
        fails(lambda: opened(server.url()).present, "does not answer")
        fails(lambda: push(shipped(), server.url()), "does not answer")
    finally:
        server.start()


def test_a_server_that_stops_in_the_middle_of_a_run(server, copy):
    dataset = opened(server.url(copy))
    panels = Panels(dataset, Scope("everywhere", 2001, 2020))
    kept = panels.cash_month
    server.stop()
    try:
        fails(lambda: kept.count().execute(), "was lost; run again")
        fails(lambda: panels.contract_month.count().execute(), "was lost; run again")
    finally:
        server.start()
    again = Panels(opened(server.url(copy)), Scope("everywhere", 2001, 2020))
    assert again.cash_month.count().execute() > 1_000


def test_a_required_table_that_is_missing(server, copy, tmp_path, monkeypatch):
    server.run("DROP TABLE contracts", database=copy)
    (tmp_path / "datasets.toml").write_text(
        f'[server]\nlocation = "{server.url(copy)}"\noutput = "{tmp_path}/book"\n', "utf-8")
    monkeypatch.setenv("SMARTBOOK_DATASETS", str(tmp_path / "datasets.toml"))
    fails(lambda: datasets.find("server"), "lacks the required table `contracts`")


def test_an_optional_table_that_is_missing(server, copy):
    server.run("DROP TABLE segments", database=copy)
    with pytest.raises(MissingData, match="no table 'segments'"):
        opened(server.url(copy)).table("segments")


def test_read_rights_are_enough(server, copy):
    dataset = opened(reader(server, copy))
    assert dataset.synthetic
    panels = Panels(dataset, Scope("brussels", 2001, 2020))
    expression = panels.contract_month.group_by("month").agg(pay=lambda t: t.gross_cents.sum())
    assert not engines.keeps(dataset.backend)
    assert engines.keep(expression) is expression
    assert len(expression.execute()) == 240


def test_kept_results_where_they_are_allowed(server, copy):
    for location in (server.url(copy), SHIPPED):
        dataset = opened(location)
        assert engines.keeps(dataset.backend)
        expression = dataset.table("workers")
        kept = engines.keep(expression)
        assert kept is not expression
        assert kept.count().execute() == expression.count().execute()


def test_a_table_that_the_user_may_not_read(server, copy):
    server.run("REVOKE SELECT ON invoices FROM reader", database=copy)
    dataset = opened(reader(server, copy))
    assert dataset.table("contracts").count().execute() > 100_000
    fails(lambda: dataset.table("invoices").count().execute(), r"may not read one of its tables \(.*invoices\)")


def test_a_user_who_may_not_push(server, copy):
    fails(lambda: push(shipped(), reader(server, copy), replace=True), "may not make or replace tables")


def test_a_push_replaces_only_when_asked(server, copy, tmp_path):
    fails(lambda: push(shipped(), server.url(copy)), "already has the table `workers`; give --replace")
    for name in ("workers", "clients", "contracts"):
        (tmp_path / f"{name}.parquet").symlink_to(SHIPPED / f"{name}.parquet")
    push(Dataset("small", str(tmp_path), None), server.url(copy), replace=True)
    found = opened(server.url(copy))
    assert found.present == ("workers", "clients", "contracts")
    assert not found.synthetic


def test_a_push_that_is_killed_leaves_nothing_and_the_next_one_succeeds(server, database):
    killed = subprocess.run([sys.executable, "-c", KILLED, server.url(database)])
    assert killed.returncode == -signal.SIGKILL
    assert opened(server.url(database)).present == ()
    assert push(shipped(), server.url(database))["contracts"] > 100_000
    assert opened(server.url(database)).present == tuple(datasets.TABLES)


def test_a_server_that_is_killed_in_a_push_keeps_nothing_of_it(server, database):
    class Crash(Dataset):
        def files(self, table):
            if table == "invoices":
                server.stop()
            return super().files(table)

    try:
        fails(lambda: push(shipped(Crash), server.url(database)), "was lost; nothing was changed")
    finally:
        server.start()
    assert opened(server.url(database)).present == ()
    assert push(shipped(), server.url(database))["contracts"] > 100_000


def test_a_refused_row_is_not_repeated(server, database, tmp_path):
    for name in ("clients", "contracts"):
        (tmp_path / f"{name}.parquet").symlink_to(SHIPPED / f"{name}.parquet")
    pq.write_table(pa.table({"worker_id": [4711, None], "profession": ["secret", "secret"]}),
                   tmp_path / "workers.parquet")
    fails(lambda: push(Dataset("odd", str(tmp_path), None), server.url(database)), "refuses the dataset")
    pq.write_table(pa.table({"worker_id": [4711], "birth_year": [99_999]}), tmp_path / "workers.parquet")
    fails(lambda: push(Dataset("odd", str(tmp_path), None), server.url(database)), "`workers` holds values")


def test_only_a_folder_is_pushed_and_only_to_postgresql(server, copy):
    fails(lambda: push(Dataset("there", server.url(copy), None), server.url()), "is a database already")
    fails(lambda: push(shipped(), "mysql://user:secret@host/base"), "address of a PostgreSQL database")


def test_the_command(server, database, tmp_path):
    command = [sys.executable, "-c", "from analysis.cli import main; main()", "data", "push", "synthetic",
               "--to", server.url(database)]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, env=os.environ)
    assert done.returncode == 0, done.stderr
    contracts = pq.read_metadata(SHIPPED / "contracts.parquet").num_rows
    assert f"{contracts:,} rows" in done.stderr
    again = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, env=os.environ)
    assert again.returncode == 2
    assert "give --replace" in again.stderr and "secret" not in again.stderr
