"""One set of expressions gives one set of results, on PostgreSQL and on Spark as on DuckDB."""

from datetime import date
from functools import cached_property

import ibis
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest
from ibis import _
from pandas.testing import assert_frame_equal

from analysis.datasets import SHIPPED, Dataset
from analysis.measures import catalogue, headline
from analysis.panels import Panels, chains
from analysis.policy import levers
from analysis.scope import POPULATIONS, Scope
from analysis.verdict import indicators, indices, space

KEYS = {"contract_month": ["contract_id", "month"], "worker_month": ["worker_id", "month"],
        "cash_month": ["worker_id", "month"], "invoiced_month": ["worker_id", "month"],
        "worker_year": ["worker_id", "year"], "covered_days_month": ["worker_id", "month"],
        "pair_month": ["worker_id", "client_id", "month"],
        "pair_year": ["worker_id", "client_id", "year"], "client_year": ["client_id", "year"],
        "invoice_month": ["month"], "admissible_month": ["worker_id", "month"],
        "coverage_month": ["worker_id", "month"]}
EVENTS = {"workers", "contracts", "started", "invoices", "bills"}
ABSENT = -(2**40)
FITTED = {"determinants", "representativeness"}     # by iterations that end a little earlier or later
SLOW = {"series"}        # made of `headline.worker_years`, which is compared instead
EVERYTHING = catalogue.everything() | catalogue.of(space, indices, *levers.MODULES)
MEASURES = {name: measure for name, measure in EVERYTHING.items() if measure.__name__ not in SLOW}


def panels_at(location, region="everywhere", couriers=True):
    return Panels(Dataset("shipped", str(location), None, guarded=False), Scope(region, 2001, 2020, couriers))


@pytest.fixture(scope="module")
def ours(dataset):
    """The panels of the dataset on DuckDB."""
    return panels_at(dataset)


@pytest.fixture(scope="module", params=["postgres", "spark"])
def theirs(request, dataset):
    """The same panels on another engine."""
    if request.param == "postgres":
        return panels_at(request.getfixturevalue("pushed"))
    return panels_at(f"{request.getfixturevalue('spark')}{dataset}")


def rows(panel, keys):
    """All rows in the order of `keys`; integers stay integers where some are absent."""
    integers = [name for name, kind in panel.schema().items() if kind.is_integer()]
    return panel.mutate(**{c: panel[c].fill_null(ABSENT) for c in integers}).execute().sort_values(
        keys, ignore_index=True)


def same(here, there, keys):
    assert [(n, t.copy(nullable=True)) for n, t in here.schema().items()] == [
        (n, t.copy(nullable=True)) for n, t in there.schema().items()]
    here = rows(here, keys)
    assert len(here) > 200
    assert_frame_equal(here, rows(there, keys), rtol=1e-9, atol=0)


def test_every_table_comes_out_as_the_schema_says(ours, theirs):
    assert ours.dataset.present == theirs.dataset.present
    for name in ("workers", "activity_members", "attendances", "segments"):
        here, there = ours.dataset.table(name), theirs.dataset.table(name)
        assert dict(here.schema()) == dict(there.schema())
        keys = list(here.columns)
        assert_frame_equal(rows(here, keys), rows(there, keys))


def test_arithmetic_and_constants(ours, theirs):
    """Quotients, floors below zero, truth values as numbers, and constants of every type with gaps and quotes."""
    constants = ibis.memtable(
        {"n": [1, 2, 3], "a": [-7, 7, None], "b": [2, 2, 2], "yes": [True, False, None], "text": ["l'été", "", None],
         "day": [date(2012, 2, 29), date(1999, 12, 31), None], "x": [0.1, -1e-9, None]},
        schema={"n": "int64", "a": "int64", "b": "int32", "yes": "bool", "text": "string", "day": "date",
                "x": "float64"})
    found = constants.mutate(quotient=_.a / _.b, floor=_.a // _.b, number=_.yes.cast("float64"),
                             whole=_.yes.cast("int64"), year=_.day.year())
    here, there = (p.dataset.backend.execute(found).sort_values("n", ignore_index=True) for p in (ours, theirs))
    assert_frame_equal(here, there)
    assert here["floor"].tolist()[:2] == [-4, 3]


def test_part_files_are_one_table_on_spark(spark, tmp_path):
    whole = pq.read_table(SHIPPED / "contracts.parquet")
    (tmp_path / "contracts").mkdir()
    for n, start in enumerate(range(0, len(whole), 60_000)):
        pq.write_table(whole.slice(start, 60_000), tmp_path / "contracts" / f"part-{n}.parquet")
    contracts = Dataset("parts", f"{spark}{tmp_path}", None).table("contracts")
    assert contracts.count().execute() == len(whole)
    assert contracts.gross_cents.sum().execute() == pc.sum(whole["gross_cents"]).as_py()


def test_the_dataset_stays_known_as_synthetic(theirs):
    assert theirs.dataset.synthetic


@pytest.mark.parametrize("panel", KEYS)
def test_panels(ours, theirs, panel):
    same(getattr(ours, panel), getattr(theirs, panel), KEYS[panel])


@pytest.mark.parametrize("months", [18, 21, 24, 27, 33, 36, 42])
def test_windows(ours, theirs, months):
    same(ours.admissible_window(months), theirs.admissible_window(months), ["worker_id", "month"])


def test_islands(ours, theirs):
    same(ours.coverage(7), theirs.coverage(7), ["worker_id", "spell"])
    same(chains(ours), chains(theirs), ["worker_id", "client_id", "chain"])


@pytest.mark.parametrize("name", POPULATIONS)
def test_populations(ours, theirs, name):
    same(ours.population(name), theirs.population(name), KEYS["worker_year"])


@pytest.mark.parametrize("region", ["brussels", "brussels-clients", "brussels-either"])
def test_regions_without_couriers(ours, theirs, region):
    here, there = (p.in_region(region).without_couriers().worker_year for p in (ours, theirs))
    same(here, there, KEYS["worker_year"])


@pytest.mark.parametrize("measure", MEASURES.values(), ids=MEASURES)
def test_measures(ours, theirs, measure):
    options = catalogue.by_trade(measure)
    here, there = measure(ours, **options).frame(), measure(theirs, **options).frame()
    assert len(here)
    assert_frame_equal(here, there, rtol=1e-6 if measure.__name__ in FITTED else 1e-9, atol=1e-12)


def test_what_the_headline_intervals_are_drawn_from(ours, theirs):
    """One region stands for all: the draws are made outside of the engine, and the panels of regions are compared."""
    here, there = (headline.worker_years(p, {"cv", "one_day", "covered"}) for p in (ours, theirs))
    assert len(here) > 200
    assert_frame_equal(here, there, rtol=1e-9, atol=1e-7)      # a year of equal months has no variance but rounding


@pytest.mark.parametrize("name", indicators.INDICATORS)
def test_what_the_verdict_rests_on(ours, theirs, name):
    here, there = (indicators.frame(p, name) for p in (ours, theirs))
    assert len(here) > 200
    assert_frame_equal(here, there, rtol=1e-9, atol=1e-12)


def test_no_panel_is_forgotten():
    """What is new in `Panels` is compared here as well."""
    assert {n for n, v in vars(Panels).items() if isinstance(v, cached_property)} == set(KEYS) | EVENTS | {"ranges"}
    assert len(MEASURES) >= 20
