"""Every parameter of the synthetic world is documented and used; what makes no sense is refused."""

import math
import re
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from pybtex.database import parse_file

from analysis.errors import StudyError
from data_synthetic import columns as at
from data_synthetic.block import blocks
from data_synthetic.draw import key
from data_synthetic.kinds import INNOCENT, MISUSE
from data_synthetic.rules import LENGTHS, Size, record, rules
from data_synthetic.simulate import simulate
from data_synthetic.world import BOUNDS, read_world

ROOT = Path(__file__).resolve().parents[2]
WORLD = read_world().parameters


@pytest.mark.parametrize("name", WORLD)
def test_a_parameter_has_a_unit_and_a_source(name):
    keys = set(parse_file(ROOT / "book" / "references.bib").entries)
    assert WORLD[name].unit
    assert WORLD[name].source in keys | {"assumption"}


def test_the_simulator_uses_every_parameter_and_no_other():
    code = "\n".join(p.read_text("utf-8") for p in (ROOT / "data_synthetic").glob("*.py"))
    made = {"day_floor", "kind_shares", "parameters"}
    used = set(re.findall(r"\b(?:world|self)\.([a-z_0-9]+)", code)) - made
    used |= {f"{kind}_share" for kind in (*INNOCENT, *MISUSE, "courier")} | {f"lengths_{name}" for name in LENGTHS}
    used |= set(re.findall(r'"(legal_form|sector|size)"', code))
    assert set(WORLD) <= used
    assert set(re.findall(r"\bworld\.([a-z_0-9]+)", code)) - made - {"toml"} <= set(WORLD)


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"rate_levle": "1"}, "did you mean 'rate_level'"),
        ({"unpaid": "1.5"}, "'unpaid' .share. must lie between 0 and 1"),
        ({"rate_level": "-1"}, "must lie between 0 and"),
        ({"rate_level": "inf"}, "must lie between 0 and"),
        ({"rate_level": "nan"}, "must lie between 0 and"),
        ({"rate_level": "fast"}, "as in world.toml"),
        ({"effect_reform_pay": "9"}, "must lie between -5 and 5"),
        ({"worker_sigma": "-0.1"}, "must lie between 0 and 3"),
        ({"stock_years": "1.5"}, "as in world.toml"),
        ({"unpaid": ""}, "as in world.toml"),
        ({"gender": '[["woman", 0]]'}, "needs a weight above 0"),
        ({"covid": "[1, 2]"}, "needs twelve values"),
        ({"covid": "3"}, "as in world.toml"),
        ({"pay_delay": "[7, 3]"}, "two values in order"),
        ({"agency_since": "soon"}, "must be a date"),
        ({"employer": '[["2016-04-01", 3000], ["1995-01-01", 3240]]'}, "dates in order"),
        ({"employer": '[["spring", 3000]]'}, "must be a date"),
        ({"employer": "[]"}, "must not be empty"),
        ({"undeclared": "0"}, "must lie between 1 and 100"),
        ({"trades": '[{ name = "x" }]'}, "as in world.toml"),
        ({"size": '[["1-9", 1]]'}, "'size' must keep '250.', with weight 0 if need be"),
        ({"m01_share": "0.9"}, "add up to 1.*leave room"),
        ({"kinds": '[{name="brief",rate=1.0,stay=1.2,back=0.1,leave=0.1,lengths="short",circle=1}]'}, "above 1"),
    ],
)
def test_a_bad_value_is_refused_in_one_sentence(change, sentence):
    with pytest.raises(StudyError, match=sentence) as error:
        rules(read_world(change), Size(10, 2001, 2020))
    assert "\n" not in str(error.value)


def test_a_change_is_typed_like_the_value_it_replaces():
    world = read_world({"rate_level": "1", "gender": '[["woman", 1], ["", 1]]', "agency_since": "2011-01-01"})
    assert (type(world.rate_level), world.gender) == (float, (("woman", 1), (None, 1)))
    assert world.agency_since == "2011-01-01"


def extremes(parameter):
    """The lowest and the highest numbers that a parameter may have, as it is written."""
    low, high = next((low, high) for begin, low, high in BOUNDS if parameter.unit.startswith(begin))
    value = parameter.value
    if isinstance(value, (int, float)):
        return [str(type(value)(n)) for n in (math.ceil(low), high)]
    if isinstance(value, tuple) and isinstance(value[0], int):
        return [str([int(n)] * len(value)) for n in (math.ceil(low), high)]
    return []


@pytest.mark.parametrize("name", WORLD)
def test_a_world_can_be_made_at_the_bounds_of_any_parameter(name):
    size = Size(24, 2001, 2025)
    for text in extremes(WORLD[name]):
        try:
            packed = record(rules(read_world({name: text}), size))
        except StudyError:
            continue  # refused with a reason
        (rows,) = blocks(packed, key(0, 3), 0, size.workers, at.blank())
        assert rows["workers"].shape[1] == size.workers
        start, end = rows["contracts"][at.C_START], rows["contracts"][at.C_END]
        assert (start <= end).all() and (rows["contracts"][at.C_DAYS] >= 1).all()


@pytest.fixture(scope="module")
def worlds(tmp_path_factory):
    """Tables of a small world, unchanged and with one change."""
    folder, made = tmp_path_factory.mktemp("worlds"), {}

    def make(**changes):
        out = folder / str(len(made)) if str(changes) not in made else made[str(changes)]
        made[str(changes)] = out
        if not out.exists():
            simulate(200, 3, 2001, 2020, out, changes)
        return {p.stem: pq.read_table(p) for p in out.glob("*.parquet")}

    return make


@pytest.mark.parametrize(
    ("change", "changed"),
    [
        ({"unpaid": "0"}, {"invoices"}),
        ({"credited": "0"}, {"invoices"}),
        ({"terms": "[[30, 1]]"}, {"invoices"}),
        ({"retroactive": "0.5"}, {"contracts"}),
        ({"pay_delay": "[1, 2]"}, {"contracts"}),
        ({"purchase_kind": '[["rent", 1]]'}, {"expenses"}),
        ({"turnout": "0.5"}, {"attendances"}),
        ({"voted": "0"}, {"attendances"}),
        ({"coder_agrees": "1"}, {"segments"}),
        ({"share_taken": "0"}, {"shareholdings"}),
        ({"redeemed": "1"}, {"shareholdings"}),
        ({"size": '[["10-49", 1], ["50-249", 0], ["250+", 0]]'}, {"clients"}),
        ({"education": '[["low", 1]]'}, {"workers"}),
        ({"guest_share": "0", "guest_share_team": "0"}, {"activity_members", "contracts", "invoices", "expenses"}),
    ],
)
def test_one_parameter_changes_only_what_depends_on_it(worlds, change, changed):
    plain, other = worlds(), worlds(**change)
    assert {name for name in plain if not plain[name].equals(other[name])} == changed


def test_what_is_never_lost_or_credited_is_absent_from_the_tables(worlds):
    nobody_fails = '[{ since = "2015-01-01", until = "2016-07-25", failed = false }]'
    lossless = worlds(unpaid="0", late_payer_unpaid="0", platforms=nobody_fails)["invoices"]["written_off_on"]
    assert worlds()["invoices"]["written_off_on"].null_count < len(worlds()["invoices"])
    assert lossless.null_count == len(lossless)
    assert all(amount >= 0 for amount in worlds(credited="0")["invoices"]["amount_cents"].to_pylist())
    assert len(worlds(share_base="0", share_selection="0")["shareholdings"]) == 0


# At zero, an effect leaves no trace: what switches it, or whom it is about, changes nothing but its own table.
NULLS = [
    ({"effect_cooperative_trend": "0", "effect_cooperative_level": "0"}, {"cooperative_on": "2012-01-01"}, set()),
    ({"effect_reform_rate": "0", "effect_reform_others": "0", "effect_reform_pay": "0", "m16_share": "0"},
     {"reform_on": "2010-01-01"}, set()),
    ({"effect_public_pay": "0", "effect_public_delay": "0", "m12_share": "0", "m06_share": "0", "teacher_share": "0",
      "theatre_share": "0"},
     {"legal_form": '[["public", 3], ["company", 1], ["household", 1], ["foreign", 1]]'}, {"clients"}),
    ({"effect_size_pay": "0", "effect_size_delay": "0"}, {"size": '[["250+", 1], ["50-249", 1]]'}, {"clients"}),
    ({"effect_gender_leave": "0", "effect_gender_attendance": "0"},
     {"gender": '[["woman", 1], ["man", 1]]'}, {"workers"}),
    ({"effect_share_rate": "0"}, {"share_base": "0.9"}, {"shareholdings"}),
    ({"placebo_share": "0"}, {"placebo_days": "120"}, set()),
    ({"threshold_share": "0"}, {"threshold_reach": "300"}, set()),
    ({"fee_share": "0", "threshold_share": "0", "lump_sum_other": "0"},
     {"fee_reference": '[["1995-01-01", 5000]]'}, set()),
    ({"effect_dependence_code": "0", "effect_role_code": "0"}, {"interviews": '[["worker", 48]]'}, {"interviews"}),
]


@pytest.mark.parametrize(("at_zero", "switch", "touched"), NULLS, ids=[next(iter(zero)) for zero, _, _ in NULLS])
def test_an_effect_at_zero_is_really_null_in_the_tables(worlds, at_zero, switch, touched):
    plain, other = worlds(**at_zero), worlds(**at_zero, **switch)
    assert {name for name in plain if not plain[name].equals(other[name])} == touched


@pytest.mark.parametrize("switch", [{"activity_share": "0.1"}, {"activity_selection": "2"}])
def test_without_its_effects_an_activity_changes_who_buys_and_not_how_much_is_worked(worlds, switch):
    # Whoever buys pays in another way, which may lift a member over a threshold that others are below.
    at_zero = {"effect_activity_rate": "0", "effect_activity_leave": "0", "threshold_share": "0"}
    plain, other = (worlds(**at_zero, **more)["contracts"] for more in ({}, switch))
    assert not plain["activity_id"].equals(other["activity_id"])
    assert all(plain[name].equals(other[name]) for name in ("worker_id", "start_on", "end_on", "days"))
    assert worlds(**switch)["contracts"]["start_on"] != worlds()["contracts"]["start_on"]


def test_without_selective_attrition_pay_says_nothing_about_how_long_one_stays(worlds):
    at_zero = {"effect_pay_leave": "0", "threshold_share": "0"}
    plain, other = (worlds(**at_zero, **more)["contracts"] for more in ({}, {"worker_sigma": "0.6"}))
    assert all(plain[name].equals(other[name]) for name in ("worker_id", "start_on", "end_on", "days"))
    assert not plain["gross_cents"].equals(other["gross_cents"])
