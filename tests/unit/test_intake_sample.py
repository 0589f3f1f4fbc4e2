"""The sample export, where it is at hand: every line, every reason and every cent of its control figures."""

from pathlib import Path

import pytest

from analysis.intake.run import import_export

ROOT = Path(__file__).resolve().parents[2]
SAMPLE = ROOT.parent / "shared" / "exports" / "brussels-sample"

pytestmark = [
    pytest.mark.skipif(not SAMPLE.is_dir(), reason="the sample export is not here"),
    # Ibis 12 still calls a method that DuckDB 2 has renamed.
    pytest.mark.filterwarnings("ignore:fetch_arrow_table:DeprecationWarning"),
]


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    out = tmp_path_factory.mktemp("sample") / "out"
    report = import_export(SAMPLE, ROOT / "mappings" / "brussels-sample.toml", out)
    assert report.balanced
    assert {(v.rule, v.severity) for v in report.violations} == {("pays_for_nothing", "warning")}
    return {f.table: f for f in report.files}


def test_clean_files_lose_nothing(files):
    rows = {"workers": 1714, "clients": 1333, "activities": 531, "shareholdings": 584}
    for table, count in rows.items():
        assert files[table].buckets == {"header": 1, "accepted": count}


def test_every_line_of_the_contracts_is_in_its_bucket(files):
    assert files["contracts"].lines == 24081 and files["contracts"].rows == 24000
    assert files["contracts"].buckets == {
        "header": 1, "repeated_header": 4, "blank": 4, "not_data": 20, "duplicate": 40, "quarantined": 204,
        "accepted": 23808,
    }


def test_every_wrong_row_is_named_with_its_reason(files):
    twelve = [
        ("broken_reference", "client_id"), ("broken_reference", "worker_id"), ("days_exceed_period", "days"),
        ("ends_before_start", "end_on"), ("impossible_date", "start_on"), ("negative_pay", "gross_cents"),
        ("no_buyer", "client_id"), ("two_buyers", "client_id"), ("too_few_fields", ""), ("too_many_fields", ""),
        ("two_digit_year", "end_on"), ("unbalanced_quote", ""), ("undecodable_bytes", ""), ("unknown_code", "regime"),
    ]
    assert files["contracts"].reasons == dict.fromkeys(twelve, 12) | {
        ("ambiguous_number", "gross_cents"): 6, ("unreadable_number", "gross_cents"): 6,
        ("key_conflict", "contract_id"): 24,
    }
    assert files["invoices"].reasons == {("due_before_issue", "due_on"): 12}
    assert files["invoices"].buckets["accepted"] == 22834 and files["invoices"].emptied == {"contract_id": 164}


def test_every_cent_is_explained(files):
    (invoiced,) = files["invoices"].totals
    assert (invoiced.control, invoiced.accepted, invoiced.quarantined) == (660391544, 659921845, 469699)
    assert invoiced.status == "exact"
    *years, gross = files["contracts"].totals
    assert sum(t.control for t in years) == gross.control == 481199341
    assert (gross.accepted, gross.quarantined, gross.turned, gross.rest) == (476995023, 3257522, 642284, 304512)
    assert len(gross.unread) == 24 and sorted(line for t in years for line in t.unread) == list(gross.unread)
    assert [t.year for t in years if not t.unread] == [2001, 2003, 2005, 2006, 2014, 2020]
    assert all(t.status == "exact" for t in years if not t.unread) and sum(t.rest for t in years) == gross.rest
