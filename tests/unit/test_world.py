"""Every parameter of the synthetic world is documented and used; what makes no sense is refused."""

import re
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from pybtex.database import parse_file

from analysis.errors import StudyError
from data_synthetic.simulate import simulate
from data_synthetic.world import read_world

ROOT = Path(__file__).resolve().parents[2]
WORLD = read_world().parameters


@pytest.mark.parametrize("name", WORLD)
def test_a_parameter_has_a_unit_and_a_source(name):
    keys = set(parse_file(ROOT / "book" / "references.bib").entries)
    assert WORLD[name].unit
    assert WORLD[name].source in keys | {"assumption"}


def test_the_simulator_uses_every_parameter_and_no_other():
    code = "\n".join(p.read_text("utf-8") for p in (ROOT / "data_synthetic").glob("*.py"))
    used = set(re.findall(r"\b(?:world|self)\.([a-z_]+)", code)) - {"day_floor", "parameters"}
    assert set(WORLD) <= used
    assert set(re.findall(r"\bworld\.([a-z_]+)", code)) - {"day_floor", "parameters", "toml", "growth"} <= set(WORLD)


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"growht": "1"}, "did you mean 'growth'"),
        ({"unpaid": "1.5"}, "'unpaid' .share. must lie between 0 and 1"),
        ({"growth": "-1"}, "must not be negative"),
        ({"growth": "inf"}, "must not be negative or infinite"),
        ({"growth": "nan"}, "must not be negative or infinite"),
        ({"growth": "fast"}, "as in world.toml"),
        ({"stock_years": "1.5"}, "as in world.toml"),
        ({"unpaid": ""}, "as in world.toml"),
        ({"gender": '[["woman", 0]]'}, "needs a weight above 0"),
        ({"covid": "[1, 2]"}, "needs twelve values"),
        ({"covid": "3"}, "as in world.toml"),
        ({"pay_delay": "[7, 3]"}, "two values in order"),
        ({"agency_since": "soon"}, "must be a date"),
        ({"trades": '[{ name = "x" }]'}, "as in world.toml"),
    ],
)
def test_a_bad_value_is_refused_in_one_sentence(change, sentence):
    with pytest.raises(StudyError, match=sentence) as error:
        read_world(change)
    assert "\n" not in str(error.value)


def test_a_change_is_typed_like_the_value_it_replaces():
    world = read_world({"growth": "1", "gender": '[["woman", 1], ["", 1]]', "agency_since": "2011-01-01"})
    assert (type(world.growth), world.gender, world.agency_since) == (float, (("woman", 1), (None, 1)), "2011-01-01")


@pytest.fixture(scope="module")
def worlds(tmp_path_factory):
    """Tables of a small world, unchanged and with one change."""
    folder = tmp_path_factory.mktemp("worlds")

    def make(**changes):
        out = folder / ("-".join(changes) or "plain")
        if not out.exists():
            simulate(200, 3, 2001, 2020, out, changes)
        return {p.stem: pq.read_table(p) for p in out.glob("*.parquet")}

    return make


@pytest.mark.parametrize(
    ("change", "changed"),
    [
        ({"unpaid": "0"}, {"invoices"}),
        ({"credited": "0"}, {"invoices"}),
        ({"turnout": "0.5"}, {"attendances"}),
        ({"coder_agrees": "1"}, {"segments"}),
        ({"share_taken": "0"}, {"shareholdings"}),
        ({"sector": '[["R", 1]]'}, {"clients"}),
    ],
)
def test_one_parameter_changes_only_what_depends_on_it(worlds, change, changed):
    plain, other = worlds(), worlds(**change)
    assert {name for name in plain if not plain[name].equals(other[name])} == changed


def test_an_effect_at_zero_is_absent_from_the_tables(worlds):
    nobody_fails = '[{ since = "2015-01-01", until = "2016-07-25", failed = false }]'
    lossless = worlds(unpaid="0", platforms=nobody_fails)["invoices"]["written_off_on"]
    assert worlds()["invoices"]["written_off_on"].null_count < len(worlds()["invoices"])
    assert lossless.null_count == len(lossless)
    assert all(amount >= 0 for amount in worlds(credited="0")["invoices"]["amount_cents"].to_pylist())
    assert len(worlds(share_taken="0")["shareholdings"]) == 0
