"""The invariants: each rule finds the row that breaks it, names its key, and nothing else."""

from datetime import date

import ibis
import pyarrow as pa
import pytest

from analysis.errors import StudyError
from analysis.intake.validate import ERROR, WARNING, open_tables, validate
from analysis.schema import TABLES, arrow_schema, write_table

# Ibis 12 still calls a method that DuckDB 2 has renamed.
pytestmark = pytest.mark.filterwarnings("ignore:fetch_arrow_table:DeprecationWarning")

D = date(2010, 2, 1)
GOOD = {
    "workers": {"worker_id": 1, "joined_on": D, "birth_year": 1980, "gender": "woman", "home_nis": "21001"},
    "clients": {"client_id": 1, "sector": "R"},
    "activities": {"activity_id": 1, "owner_id": 1, "opened_on": D, "closed_on": None},
    "contracts": {
        "contract_id": 1, "worker_id": 1, "client_id": 1, "activity_id": None, "start_on": D, "end_on": D, "days": 1.0,
        "hours": 8.0, "gross_cents": 100, "employer_cost_cents": 935, "price_cents": 1000, "expenses_cents": 0,
        "net_cents": 60, "paid_on": D, "office": "Mons",
    },
    "invoices": {
        "invoice_id": 1, "client_id": 1, "contract_id": 1, "activity_id": None, "issued_on": D, "due_on": D,
        "paid_on": D, "written_off_on": None, "amount_cents": 1,
    },
    "shareholdings": {"worker_id": 1, "subscribed_on": D, "redeemed_on": None, "shares": 1},
}
BEFORE = date(2010, 1, 31)


def tables(**changed):
    """The good world with other rows in some tables; a change is a dict of cells or a list of such rows."""
    made = {}
    for name, row in GOOD.items():
        rows = changed.get(name, {})
        rows = [row | r for r in (rows if isinstance(rows, list) else [rows])]
        columns = {n: [r[n] for r in rows] for n in TABLES[name].names if n in row}
        made[name] = ibis.memtable(pa.table(columns, schema=nullable(name, row)))
    return made


def nullable(name, row):
    return pa.schema([f.with_nullable(True) for f in arrow_schema(TABLES[name], row)])


def check(**changed):
    return validate(tables(**changed), window=(date(2010, 1, 1), date(2010, 12, 31)), fee=0.065)


def test_a_good_world_breaks_no_rule():
    assert check() == []


@pytest.mark.parametrize(
    ("table", "change", "rule", "severity"),
    [
        ("workers", {"birth_year": 2011}, "born_after_joining", ERROR),
        ("workers", {"gender": "F"}, "unknown_level", ERROR),
        ("workers", {"joined_on": date(2009, 1, 1)}, "outside_window", WARNING),
        ("workers", {"home_nis": "85.07.30-033.28"}, "personal_data", ERROR),
        ("clients", {"sector": "write to a.b@example.org"}, "personal_data", ERROR),
        ("contracts", {"office": "BE68 5390 0754 7034"}, "personal_data", ERROR),
        ("contracts", {"client_id": None}, "no_buyer", ERROR),
        ("contracts", {"activity_id": 1}, "two_buyers", ERROR),
        ("contracts", {"start_on": date(2010, 2, 2), "days": 0.0}, "ends_before_start", ERROR),
        ("contracts", {"days": 0.0}, "days_not_positive", ERROR),
        ("contracts", {"days": 2.0}, "days_exceed_period", ERROR),
        ("contracts", {"hours": -1.0}, "negative_hours", ERROR),
        ("contracts", {"gross_cents": -1}, "negative_pay", ERROR),
        ("contracts", {"net_cents": -1}, "negative_pay", ERROR),
        ("contracts", {"expenses_cents": -1}, "negative_amount", ERROR),
        ("contracts", {"paid_on": BEFORE}, "paid_before_end", WARNING),
        ("contracts", {"client_id": None, "activity_id": 1}, "price_without_client", WARNING),
        ("contracts", {"price_cents": 1003}, "price_identity", WARNING),
        ("contracts", {"gross_cents": None}, "missing_value", ERROR),
        ("contracts", {"worker_id": 2}, "broken_reference", ERROR),
        ("contracts", [{}, {}], "duplicate_key", ERROR),
        ("activities", {"closed_on": BEFORE}, "closed_before_opened", ERROR),
        ("activities", {"owner_id": 2}, "broken_reference", ERROR),
        ("invoices", {"contract_id": None}, "pays_for_nothing", WARNING),
        ("invoices", {"activity_id": 1}, "pays_for_two", ERROR),
        ("invoices", {"due_on": BEFORE}, "due_before_issue", ERROR),
        ("invoices", {"paid_on": BEFORE}, "paid_before_issue", WARNING),
        ("invoices", {"written_off_on": BEFORE}, "written_off_before_issue", ERROR),
        ("invoices", {"contract_id": 2}, "broken_reference", ERROR),
        ("shareholdings", {"redeemed_on": BEFORE}, "redeemed_before_subscribed", ERROR),
        ("shareholdings", {"shares": 0}, "shares_not_positive", ERROR),
    ],
)
def test_each_rule_finds_its_row(table, change, rule, severity):
    found = [v for v in check(**{table: change}) if v.rule == rule]
    assert [(v.table, v.severity, v.count) for v in found] == [(table, severity, 1)]
    assert found[0].keys[0][0] == 1


def test_what_looks_like_a_number_of_a_person_but_is_none_is_left_alone():
    assert check(clients={"sector": "R90"}, contracts={"office": "Liège 4000"}, workers={"home_nis": "21001"}) == []


def test_the_worst_comes_first_and_keys_are_few():
    bad = [{"contract_id": i, "gross_cents": -1, "paid_on": BEFORE} for i in range(1, 9)]
    found = validate(tables(contracts=bad), most_keys=3)
    assert [v.severity for v in found] == [ERROR, WARNING]
    assert found[0].count == 8 and found[0].keys == ((1,), (2,), (3,))


def test_absent_tables_and_columns_are_said():
    some = tables()
    del some["workers"]
    some["clients"] = some["clients"].drop("client_id")
    assert {(v.rule, v.table) for v in validate(some)} == {("missing_table", "workers"), ("missing_column", "clients")}


def test_a_dataset_is_a_folder_of_files_or_of_parts(tmp_path):
    (tmp_path / "workers").mkdir()
    write_table(TABLES["workers"], {"worker_id": [1]}, tmp_path / "workers")
    write_table(TABLES["clients"], {"client_id": [1, 2]}, tmp_path)
    opened = open_tables(tmp_path)
    assert {n: t.count().to_pyarrow().as_py() for n, t in opened.items()} == {"workers": 1, "clients": 2}
    with pytest.raises(StudyError, match="holds no table"):
        open_tables(tmp_path / "none")
