"""From the French export of a synthetic world to a dataset: the import says of every line what the key says."""

import csv
from collections import Counter
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from analysis.errors import StudyError
from analysis.intake.mapping import identifies
from analysis.intake.pseudonyms import Pseudonyms
from analysis.intake.report import REASONS
from analysis.intake.run import EMPTIED, import_export
from analysis.intake.validate import WARNING, row_rules
from analysis.schema import TABLES
from data_synthetic.french import CREDIT_NOTE, FILES, KEYS, PLANTED, write_export
from data_synthetic.simulate import simulate

# Ibis 12 still calls a method that DuckDB 2 has renamed.
pytestmark = pytest.mark.filterwarnings("ignore:fetch_arrow_table:DeprecationWarning")

ROOT = Path(__file__).resolve().parents[2]
SHIPPED = ROOT / "data_synthetic" / "export"
MAPPING = ROOT / "mappings" / "synthetic-export.toml"
SECRET = b"a secret of thirty-two bytes, ok"
SEED = 2026


def read_csv(path: Path) -> list[dict]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def by_line(rows: list[dict], *names: str) -> dict[tuple[str, int], tuple[str, ...]]:
    return {(r["file"], int(r["line"])): tuple(r[n] for n in names) for r in rows}


def assert_import_agrees_with_key(export: Path, out: Path) -> None:
    """Every line of the ledger has the verdict of the key; one that the key does not name is good or the header."""
    key, ledger = read_csv(export / "key.csv"), by_line(read_csv(out / "report" / "ledger.csv"), "bucket", "reason")
    told = by_line(key, "bucket", "reason")
    plain = {at: ("header" if at[1] == 1 else "accepted", "") for at in ledger}
    assert ledger == plain | told
    refused = [r for r in key if r["bucket"] == "quarantined"]
    assert by_line(read_csv(out / "report" / "quarantine.csv"), "column") == by_line(refused, "column")


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    folder = tmp_path_factory.mktemp("world") / "world"
    simulate(220, SEED, 2001, 2020, folder)
    return folder


@pytest.fixture(scope="module")
def done(tmp_path_factory):
    out = tmp_path_factory.mktemp("shipped") / "out"
    return import_export(SHIPPED, MAPPING, out, SECRET), out


def test_the_import_says_of_every_line_what_the_key_says(done):
    assert_import_agrees_with_key(SHIPPED, done[1])


def test_every_line_row_and_cent_is_accounted_for(done, world):
    files = {f.table: f for f in done[0].files}
    assert done[0].balanced and set(files) == {f.table for f in FILES}
    for table, file in files.items():
        assert file.rows == file.control_rows == pq.read_metadata(world / f"{table}.parquet").num_rows
    gross = sum(pq.read_table(world / "contracts.parquet")["gross_cents"].to_pylist())
    *years, whole = files["contracts"].totals
    assert sum(t.control for t in years) == whole.control == gross
    # All amounts of the invoices can be read, so nothing may rest on named lines.
    (invoiced,) = files["invoices"].totals
    assert invoiced.control == sum(pq.read_table(world / "invoices.parquet")["amount_cents"].to_pylist())
    assert invoiced.status == "exact" and invoiced.turned


def source_key(table: str, owner: str, row: dict, value: int) -> str:
    note = owner == table == "invoices" and row["amount_cents"] < 0
    return (CREDIT_NOTE if note else KEYS[owner]).format(value)


def expected(world: Path, table: str, given: Pseudonyms) -> dict[tuple, dict]:
    """Key → row of the world, its identifiers replaced by the pseudonyms of their source keys."""
    rows = pq.read_table(world / f"{table}.parquet").to_pylist()
    owners = {c.name: owner for c in TABLES[table].columns if (owner := identifies(TABLES[table], c))}
    named = [
        row | {c: given.of(o, source_key(table, o, row, row[c])) for c, o in owners.items() if row[c] is not None}
        for row in rows
    ]
    return {tuple(row[k] for k in TABLES[table].key): row for row in named}


@pytest.mark.parametrize("file", FILES, ids=lambda f: f.table)
def test_an_accepted_row_is_the_row_of_the_world_value_for_value(done, world, file):
    truth = expected(world, file.table, Pseudonyms(SECRET))
    accepted = pq.read_table(done[1] / f"{file.table}.parquet").to_pylist()
    key = [r for r in read_csv(SHIPPED / "key.csv") if r["file"] == file.name]
    buckets = Counter(r["bucket"] for r in key)
    twins = sum(r["reason"] == "key_conflict" for r in key) // 2
    assert len(accepted) == len(truth) - buckets["quarantined"] + twins > 0
    emptied = 0
    for row in accepted:
        true = truth[tuple(row[k] for k in TABLES[file.table].key)]
        lost = {c: None for c in EMPTIED.get(file.table, ()) if row[c] != true[c]}
        assert row == true | lost
        emptied += len(lost)
    assert emptied == buckets["accepted"]


def test_the_shipped_export_is_what_its_seed_gives_byte_for_byte(world, tmp_path):
    write_export(world, tmp_path / "again", SEED)
    names = {f.name for f in FILES} | {"key.csv", "LISEZMOI.txt"}
    assert {p.name for p in SHIPPED.iterdir()} == {p.name for p in (tmp_path / "again").iterdir()} == names
    for name in names:
        assert (SHIPPED / name).read_bytes() == (tmp_path / "again" / name).read_bytes(), name
    assert sum(p.stat().st_size for p in SHIPPED.iterdir()) < 2_200_000
    assert (SHIPPED / "LISEZMOI.txt").read_text("utf-8").startswith("SYNTHETIC DATA – no finding about Smart")


def test_another_seed_damages_other_lines_and_its_key_is_as_true(world, tmp_path):
    write_export(world, tmp_path / "export", 7)
    report = import_export(tmp_path / "export", MAPPING, tmp_path / "out", SECRET)
    assert report.balanced
    assert_import_agrees_with_key(tmp_path / "export", tmp_path / "out")
    planted = [
        {(r["file"], r["line"]) for r in read_csv(folder / "key.csv")
         if r["bucket"] == "quarantined" and r["reason"] != "parent_quarantined"}
        for folder in (SHIPPED, tmp_path / "export")
    ]
    assert len(planted[0]) == len(planted[1]) and len(planted[0] & planted[1]) < len(planted[0]) / 10


def test_every_reason_that_can_occur_here_is_planted():
    rules = [r for table in TABLES.values() for r in row_rules(table, None, 0.065)]
    kept = {r.name for r in rules if (r.at_the_door or r.severity) == WARNING} | {"outside_window"}
    of_a_dataset = {"missing_table", "missing_column", "missing_value", "duplicate_key"}
    # One format reads a date in one way; code lists hold known levels only; no column takes a text as it comes.
    never = {"ambiguous_date", "unknown_level", "personal_data"}
    key = read_csv(SHIPPED / "key.csv")
    counts = Counter(r["reason"] for r in key if r["bucket"] == "quarantined")
    assert set(counts) == set(REASONS) - kept - of_a_dataset - never
    assert min(counts.values()) >= PLANTED == 3
    buckets = Counter(r["bucket"] for r in key)
    assert set(buckets) == {"quarantined", "duplicate", "not_data", "blank", "repeated_header", "accepted"}
    assert min(buckets.values()) >= PLANTED


def test_what_cannot_become_an_export_is_refused_and_leaves_nothing(world, tmp_path):
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "x").touch()
    with pytest.raises(StudyError, match="not empty"):
        write_export(world, tmp_path / "full", SEED)
    with pytest.raises(StudyError, match="no complete synthetic dataset"):
        write_export(tmp_path / "full", tmp_path / "export", SEED)
    with pytest.raises(StudyError, match="seed of 0 or more"):
        write_export(world, tmp_path / "export", -1)
    simulate(5, SEED, 2018, 2020, tmp_path / "small")
    with pytest.raises(StudyError, match="too few rows"):
        write_export(tmp_path / "small", tmp_path / "export", SEED)
    (tmp_path / "small" / "dataset.json").write_text('{"synthetic": false}')
    with pytest.raises(StudyError, match="not marked as synthetic"):
        write_export(tmp_path / "small", tmp_path / "export", SEED)
    assert not (tmp_path / "export").exists()
