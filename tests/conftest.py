"""What tests of several folders share: tiny datasets written by hand, and one drawn by the simulator."""


import pytest

from analysis.datasets import Dataset
from analysis.panels import Panels
from analysis.schema import TABLES, write_table
from analysis.scope import Scope
from data_synthetic.simulate import simulate


def _write(folder, name, rows):
    """`rows` (dicts) as one table; a column that no row has is absent, a key that a row lacks is null."""
    columns = [c for c in TABLES[name].names if any(c in row for row in rows)] or TABLES[name].names
    write_table(TABLES[name], {c: [row.get(c) for row in rows] for c in columns}, folder)


@pytest.fixture(scope="session")
def panels_of(tmp_path_factory):
    """A function from rows to panels: `panels_of(contracts, years=(2010, 2012), region="everywhere", **tables)`.

    A contract of which nothing is said is one day without pay, of worker 1 for client 1. Workers and clients that are
    not given are those of the contracts.
    """
    def make(contracts, years=(2010, 2012), region="everywhere", **tables):
        contracts = [{"contract_id": n, "worker_id": 1, "days": 1.0, "gross_cents": 0,
                      **({} if "activity_id" in row else {"client_id": 1}), **row} for n, row in enumerate(contracts)]
        for name, key in (("workers", "worker_id"), ("clients", "client_id")):
            known = sorted({row[key] for row in contracts if row.get(key) is not None})
            tables.setdefault(name, [{key: value} for value in known])
        folder = tmp_path_factory.mktemp("tiny")
        for name, rows in {"contracts": contracts, **tables}.items():
            _write(folder, name, rows)
        return Panels(Dataset("tiny", str(folder), None, guarded=False), Scope(region, *years))

    return make


@pytest.fixture(scope="session")
def simulated(tmp_path_factory):
    """The panels of a synthetic world of 300 workers."""
    folder = tmp_path_factory.mktemp("simulated") / "world"
    simulate(300, 5, 2001, 2020, folder)
    return Panels(Dataset("simulated", str(folder), None, guarded=False), Scope("everywhere", 2001, 2020))
