"""One location string names the engine; what it lacks is one sentence."""

import socket
import sys

import pytest

from analysis import datasets, engines
from analysis.datasets import SHIPPED, Dataset
from analysis.errors import StudyError


@pytest.mark.parametrize(
    ("location", "engine", "folder"),
    [
        ("/data/set", "", "/data/set"),
        ("data", "", "data"),
        ("spark+local://data", "spark+local://", "data"),
        ("spark+local:///data/set", "spark+local://", "/data/set"),
        ("spark://host:7077/data/set", "spark://host:7077", "/data/set"),
        ("postgresql://user@host/base", "postgresql://user@host/base", None),
        ("duckdb:///data/set.duckdb", "duckdb:///data/set.duckdb", None),
    ],
)
def test_a_location_is_an_engine_and_a_folder(location, engine, folder):
    assert engines.split(location) == (engine, folder)
    if folder and folder.startswith("/"):
        assert engine + folder == location


def test_a_folder_for_spark_is_found_as_any_folder(tmp_path, monkeypatch):
    (tmp_path / "data").symlink_to(SHIPPED)
    (tmp_path / "datasets.toml").write_text('[far]\nlocation = "spark+local://nowhere"\n', "utf-8")
    monkeypatch.setenv("SMARTBOOK_DATASETS", str(tmp_path / "datasets.toml"))
    with pytest.raises(StudyError, match="does not exist"):
        datasets.find("far")
    (tmp_path / "datasets.toml").write_text('[far]\nlocation = "spark+local://data"\n', "utf-8")
    with pytest.raises(StudyError, match="git work tree"):
        datasets.find("far")
    here = Dataset("far", f"spark+local://{SHIPPED}", None)
    assert here.synthetic and here.present == tuple(datasets.TABLES)
    assert here.fingerprint() == Dataset("far", str(SHIPPED), None).fingerprint()


@pytest.mark.parametrize(
    ("location", "driver", "extra"),
    [("postgresql://user:secret@host/base", "psycopg", "postgres"), ("spark+local:///data", "pyspark.errors", "spark")],
)
def test_a_missing_driver_names_the_extra(monkeypatch, location, driver, extra):
    monkeypatch.setitem(sys.modules, driver, None)
    monkeypatch.delitem(sys.modules, f"analysis.engines.{extra}", raising=False)
    with pytest.raises(StudyError, match=rf"make \.venv/engines, or pip install 'smartbook\[{extra}\]'") as error:
        engines.connect("far", location)
    assert "secret" not in str(error.value)


def test_what_does_not_fit_in_memory_is_written_encrypted_and_outside_the_work_tree(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "scratch"))
    (tmp_path / "scratch").mkdir()
    backend = engines.connect("any", str(SHIPPED))
    backend.raw_sql("SET memory_limit = '60MB'")
    backend.raw_sql("CREATE TEMP TABLE t AS SELECT 'canary of Rue Neuve ' || i AS name, random() AS x "
                    "FROM range(4_000_000) r(i)")
    spilled = [p for p in tmp_path.rglob("*") if p.is_file()]
    assert sum(p.stat().st_size for p in spilled) > 20e6
    assert all(p.is_relative_to(tmp_path / "scratch") for p in spilled)
    assert not any(b"canary of Rue" in p.read_bytes() for p in spilled)
    assert backend.raw_sql("SELECT count(DISTINCT name) FROM t").fetchone() == (4_000_000,)
    backend.disconnect()
    assert not [p for p in tmp_path.rglob("*") if p.is_file()]


def test_spark_without_java_says_so(monkeypatch, tmp_path):
    pytest.importorskip("pyspark", reason="the extra `spark` is not installed")
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("JAVA_HOME", raising=False)
    with pytest.raises(StudyError, match="needs Java"):
        engines.connect("far", "spark+local:///data")


@pytest.mark.parametrize(("master", "sentence"), [("127.0.0.1:{port}", "does not answer"), ("host", "spark://host:")])
def test_a_spark_master_that_is_not_there(monkeypatch, tmp_path, master, sentence):
    pytest.importorskip("pyspark", reason="the extra `spark` is not installed")
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "java").touch()
    monkeypatch.setenv("JAVA_HOME", str(tmp_path))
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    with pytest.raises(StudyError, match=sentence):
        engines.connect("far", f"spark://{master.format(port=port)}/data")


def test_spark_needs_a_folder():
    for location in ("spark://host:7077", "spark+local://"):
        with pytest.raises(StudyError, match="names no folder"):
            engines.connect("far", location)


def test_a_password_is_in_no_description():
    assert "secret" not in repr(Dataset("far", "postgresql://user:secret@host/base", None))


def test_what_is_kept_is_kept_where_nothing_forbids_it():
    table = Dataset("here", str(SHIPPED), None).table("workers")

    class Locked:
        may_keep = False

    assert not engines.keeps(Locked())
    assert engines.keep(table) is not table
    assert engines.keep(table).count().execute() == table.count().execute()
