"""The planted truth is in the tables: effects, nulls, confounding, misuses and those that only look like them."""

import json

import numpy as np
import pandas as pd
import pytest

from analysis.datasets import SHIPPED
from data_synthetic import columns as at
from data_synthetic import simulate as simulator
from data_synthetic.block import blocks, fill
from data_synthetic.draw import key
from data_synthetic.rules import Size, namespace, record, rules
from data_synthetic.simulate import simulate
from data_synthetic.world import read_world

SIZE = Size(simulator.PART, 2001, 2020)
FAMILIES = {"wages", "event study", "interrupted time series", "difference in differences", "survival", "clients",
            "bunching", "democracy", "interviews", "trajectories"}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """The largest world that is measured whole."""
    out = tmp_path_factory.mktemp("truth") / "world"
    simulate(SIZE.workers, 11, SIZE.first_year, SIZE.last_year, out)
    return out


@pytest.fixture(scope="module")
def truth(folder):
    return json.loads((folder / "truth.json").read_text("utf-8"), parse_constant=pytest.fail)


@pytest.fixture(scope="module")
def effects(truth):
    return pd.DataFrame(truth["effects"])


@pytest.fixture(scope="module")
def flags(folder):
    return pd.read_parquet(folder / "flags")


@pytest.fixture(scope="module")
def world(folder):
    """The tables that tell of patterns, with dates as timestamps."""
    tables = {name: pd.read_parquet(folder / f"{name}.parquet") for name in (
        "workers", "clients", "contracts", "invoices", "activities", "activity_members")}
    for table in tables.values():
        for name in (n for n in table if n.endswith("_on")):
            table[name] = pd.to_datetime(table[name])
    return tables


def of(world, flags, flag):
    """The contracts that carry a flag."""
    ids = flags[(flags.entity == "contract") & (flags.flag == flag)].id
    return world["contracts"][world["contracts"].contract_id.isin(ids)]


def carriers(flags, flag, entity="worker"):
    return set(flags[(flags.entity == entity) & (flags.flag == flag)].id)


def floor(contracts):
    """The hourly floor in cents on the last day of each contract."""
    dates, cents = zip(*read_world().day_floor, strict=True)
    place = np.searchsorted(pd.to_datetime(list(dates)), contracts.end_on, side="right") - 1
    return np.array(cents)[place] / 7.6


# -------------------- one world, whoever makes it ---------------------------------


def test_the_slow_reference_gives_the_same_bits():
    size, root = Size(304, 2001, 2020), key(0, 5)
    tables = rules(read_world({"placebo_share": "0.5", "effect_share_rate": "0.2"}), size)
    slow = at.blank_arrays()
    assert fill(namespace(tables), root, 0, size.workers, slow) == size.workers
    (fast,) = blocks(record(tables), root, 0, size.workers, at.blank())
    for name in at.TABLES:
        assert fast[name].shape[1] > 0, name
        assert (getattr(slow[0], name)[:, : fast[name].shape[1]].astype(np.int64) == fast[name]).all(), name
    assert slow[0].count.tolist() == [fast[name].shape[1] for name in at.TABLES]


def test_a_member_is_the_same_in_any_block():
    packed, root = record(rules(read_world(), SIZE)), key(0, 5)
    (whole,) = ({k: v.copy() for k, v in rows.items()} for rows in blocks(packed, root, 0, 96, at.blank()))
    pieces = [{k: v.copy() for k, v in rows.items()} for first in (64, 0, 32)
              for rows in blocks(packed, root, first, first + 32, at.blank())]
    for name in at.TABLES:
        assert (np.concatenate([pieces[i][name] for i in (1, 2, 0)], axis=1) == whole[name]).all(), name


@pytest.mark.parametrize(("part", "threads"), [(64, 1), (64, 2), (256, 2)])
def test_neither_threads_nor_parts_matter(tmp_path, monkeypatch, part, threads):
    def rows(folder):
        return {p.name.removesuffix(".parquet"): pd.read_parquet(p) for p in sorted(folder.iterdir())
                if p.suffix == ".parquet" or p.is_dir()}

    simulator.write_tables(read_world(), Size(700, 2001, 2020), 3, made(tmp_path / "whole"), 1)
    monkeypatch.setattr(simulator, "PART", part)
    simulator.write_tables(read_world(), Size(700, 2001, 2020), 3, made(tmp_path / "parts"), threads)
    assert (tmp_path / "parts" / "contracts" / "part-00002.parquet").is_file()
    whole, parts = rows(tmp_path / "whole"), rows(tmp_path / "parts")
    for name, table in whole.items():
        key_ = list(table.columns[:3])
        pd.testing.assert_frame_equal(parts[name].sort_values(key_, ignore_index=True),
                                      table.sort_values(key_, ignore_index=True))


def made(folder):
    folder.mkdir()
    return folder


# -------------------- effects -----------------------------------------------------


def test_every_family_has_an_effect_or_a_pattern_and_a_null(effects):
    assert set(effects.family) == FAMILIES
    assert set(effects[effects.null].family) == FAMILIES


def test_a_null_is_null_in_the_tables(effects):
    nulls = effects[effects.null]
    assert (nulls.planted == 0).all()
    assert (nulls.realised.abs() <= 3.5 * nulls.mc_error + 1e-12).all(), nulls


@pytest.mark.parametrize("parameter", ["client_sigma", "effect_public_pay", "effect_experience_pay",
                                       "effect_reform_pay", "effect_activity_leave", "effect_public_delay", "fee_share",
                                       "coder_agrees", "effect_dependence_code"])
def test_an_effect_is_in_the_tables_as_it_was_planted(effects, parameter):
    row = effects[effects.parameter == parameter].iloc[0]
    assert row.realised == pytest.approx(row.planted, abs=4 * row.mc_error + 0.04 * abs(row.planted) + 0.002)


def test_people_of_fixed_patterns_dilute_the_effects_on_work_and_do_not_turn_them(effects):
    for parameter in ("effect_activity_rate", "effect_cooperative_trend", "effect_reform_rate"):
        row = effects[effects.parameter == parameter].iloc[0]
        assert 0.7 < row.realised / row.planted < 1, parameter
        assert row.mc_error < abs(row.realised) / 10


def test_attrition_is_selective_and_pay_sorts_members_and_clients(effects):
    stayers = effects[effects.estimand.str.startswith("selective attrition")].iloc[0]
    sorting = effects[effects.parameter == "sorting"].iloc[0]
    assert stayers.realised > 5 * stayers.mc_error
    assert sorting.realised > 2 * sorting.mc_error
    slope = effects[(effects.parameter == "effect_pay_leave") & effects.planted.notna()].iloc[0]
    assert slope.realised == pytest.approx(slope.planted, abs=3.5 * slope.mc_error)


@pytest.mark.parametrize("parameter", ["effect_activity_rate", "effect_share_rate", "effect_cooperative_trend",
                                       "effect_reform_rate", "effect_reform_pay", "effect_experience_pay"])
def test_who_does_not_know_how_the_world_is_made_is_visibly_wrong(effects, parameter):
    row = effects[effects.parameter == parameter].iloc[0]
    assert abs(row.naive - row.realised) > max(10 * row.mc_error, 0.3 * abs(row.realised))


def test_trajectories_have_their_shares(truth):
    kinds = pd.DataFrame(truth["trajectories"])
    assert kinds.planted.sum() == pytest.approx(1)
    assert ((kinds.planted - kinds.realised).abs() <= 4 * kinds.mc_error).all()


def test_there_is_a_small_cell_that_one_member_dominates(truth, world):
    offices = world["contracts"].groupby("office")
    small = offices.get_group("Tournai")
    assert small.worker_id.nunique() == truth["cells"]["small_cell_workers"] < 10
    gross = small.groupby("worker_id").gross_cents.sum()
    assert gross.max() / gross.sum() == pytest.approx(truth["cells"]["dominant_share"])
    assert gross.max() > gross.sum() / 2
    assert offices.worker_id.nunique().drop("Tournai").min() >= 10


# -------------------- patterns ----------------------------------------------------


def test_every_pattern_has_carriers_and_five_times_as_many_who_only_look_like_it(truth, flags):
    patterns = pd.DataFrame(truth["patterns"]).set_index("pattern")
    assert list(patterns.index) == [f"M-{i:02d}" for i in range(1, 17) if i != 15]
    assert set(truth["not_shown"]) == {"M-15", "M-17"}
    assert (patterns.carriers >= 10).all()
    assert (patterns.hard_negatives >= 5 * patterns.carriers).all(), patterns
    for pattern, row in patterns.iterrows():
        assert row.carriers == len(carriers(flags, pattern, row.unit)), pattern
        assert row.hard_negatives == sum(len(carriers(flags, k, row.unit)) for k in row.innocent), pattern


def test_the_shipped_world_has_them_too():
    patterns = json.loads((SHIPPED / "truth.json").read_text("utf-8"))["patterns"]
    assert all(p["hard_negatives"] >= 5 * p["carriers"] > 0 for p in patterns), patterns


@pytest.mark.parametrize("pattern", ["m01", "m02", "m03", "m04", "m06", "m07", "m08", "m11", "m13", "m14", "m16"])
def test_a_share_of_zero_leaves_no_carrier(tmp_path, pattern):
    simulator.write_tables(read_world({f"{pattern}_share": "0"}), Size(1_500, 2001, 2020), 4, tmp_path, 2)
    flags = pd.read_parquet(tmp_path / "flags")
    assert len(flags) and not carriers(flags, f"M-{pattern[1:]}")


def density(contracts):
    """Contracts of each worker for one client over the weekdays between the first and the last of them."""
    by_worker = contracts.groupby("worker_id")
    first, last = (by_worker.start_on.agg(f).to_numpy("datetime64[D]") for f in ("min", "max"))
    return by_worker.size() / np.busday_count(first, last + 1)


def test_m01_is_denser_than_a_class(world, flags):
    split, taught = of(world, flags, "M-01"), of(world, flags, "teacher")
    assert (split.days == 1).all() and (split.groupby("worker_id").client_id.nunique() == 1).all()
    long = split.groupby("worker_id").filter(lambda c: len(c) > 60)
    classes = taught[taught.days == 1].groupby("worker_id").filter(lambda c: len(c) > 20)
    assert density(long).min() > 0.6 > 0.5 > density(classes).max()
    assert taught.start_on.dt.day_of_week.groupby(taught.worker_id).nunique().max() == 1


def test_m02_fills_the_months_at_one_client(world, flags):
    c = of(world, flags, "M-02")
    assert (c.days >= 20).all() and (c.groupby("worker_id").client_id.nunique() == 1).all()
    assert c.groupby("worker_id").size().quantile(0.2) >= 9


def test_m03_declares_a_third(world, flags):
    c = of(world, flags, "M-03")
    long = c[c.days > 3]
    span = (long.end_on - long.start_on).dt.days + 1
    assert (span / long.days).median() > 3
    others = world["contracts"][~world["contracts"].worker_id.isin(c.worker_id) & (world["contracts"].days > 3)]
    assert (long.gross_cents / long.days).median() > 2 * (others.gross_cents / others.days).median()


@pytest.mark.parametrize("pattern", ["M-04", "M-08", "M-13"])
def test_pay_at_the_floor_is_at_the_floor(world, flags, pattern):
    c = of(world, flags, pattern)
    assert len(c) and np.allclose(c.gross_cents / c.hours, floor(c), rtol=2e-3)
    young = world["contracts"][world["contracts"].worker_id.isin(carriers(flags, "beginner"))].dropna(subset="hours")
    assert np.isclose(young.gross_cents / young.hours, floor(young), rtol=0.02).mean() < 0.2


def test_m05_steps_over_the_threshold(world, flags):
    c = of(world, flags, "M-05")
    assert set(c.worker_id) == carriers(flags, "M-05") and c.days.between(1, 25).all()


def test_m06_is_paid_by_a_household_alone(world, flags):
    owners = world["activities"][world["activities"].owner_id.isin(carriers(flags, "M-06"))]
    invoices = world["invoices"].merge(world["clients"], on="client_id")
    fed = invoices[invoices.activity_id.isin(owners.activity_id)]
    assert len(fed) and (fed.legal_form == "household").all() and (fed.paid_on == fed.issued_on).all()
    assert (of(world, flags, "M-06").start_on.dt.month % 3 == 0).all()


def test_m07_lends_teams_for_months_at_one_price(world, flags):
    c = of(world, flags, "M-07")
    assert set(c.client_id) == carriers(flags, "M-07", "client")
    for _, team in c.groupby("client_id"):
        weekly = team.groupby("start_on").worker_id.nunique()
        assert weekly.max() >= 10 and team.start_on.nunique() >= 12
        full = team[(team.hours == 38) & (team.regime != "student") & ~team.artistic]
        assert full.groupby("start_on").gross_cents.nunique().max() == 1


def test_m11_turns_pay_into_expenses(world, flags):
    def part(c):
        return (c.expenses_cents / (c.gross_cents + c.expenses_cents)).groupby(c.worker_id).median()

    tour = world["contracts"][world["contracts"].worker_id.isin(carriers(flags, "tourer"))]
    assert part(of(world, flags, "M-11")).median() > 0.4 > 0.35 > part(tour).quantile(0.9)


def test_m12_pays_late_or_never(world, flags):
    i = world["invoices"][world["invoices"].amount_cents > 0]
    late = i.client_id.isin(carriers(flags, "M-12", "client"))
    public = i.client_id.isin(carriers(flags, "public payer", "client"))
    wait = (i.paid_on - i.issued_on).dt.days
    assert wait[late].median() > 1.5 * wait[public].median() > 2 * wait[~late & ~public].median()
    assert i.written_off_on.notna()[late].mean() > 4 * i.written_off_on.notna()[public].mean()


def test_m14_is_entered_after_the_end(world, flags):
    c = of(world, flags, "M-14")
    assert (c.created_on >= c.end_on).all() and (c.created_on > c.start_on).all()
    clerks = world["contracts"][world["contracts"].worker_id.isin(carriers(flags, "clerk"))]
    assert 0.4 < (clerks.created_on > clerks.start_on).mean() < 0.6


def test_m16_changes_the_name_of_the_same_work(world, flags):
    after = of(world, flags, "M-16")
    before = world["contracts"][world["contracts"].worker_id.isin(after.worker_id)
                                & (world["contracts"].start_on < "2014-01-01")]
    assert not after.artistic.any() and before.artistic.mean() > 0.7
    assert after.start_on.min() >= pd.Timestamp("2014-04-01")
    pairs = ["worker_id", "client_id"]
    direct = after.dropna(subset="client_id")[pairs]
    known = direct.merge(before[pairs].drop_duplicates(), on=pairs)
    assert len(known) > 0.3 * len(direct)
    assert not after.worker_id.isin(carriers(flags, "versatile")).any()


def test_m09_fills_the_quota_and_m10_are_the_couriers(world, flags):
    c = world["contracts"]
    students = c[c.regime == "student"]
    used = students.groupby([students.worker_id, students.start_on.dt.year]).days.sum()
    full = used.index.get_level_values(0).isin(carriers(flags, "M-09"))
    assert used[full].groupby("worker_id").max().median() > 3 * used[~full].groupby("worker_id").max().median()
    assert carriers(flags, "M-10") == set(c[c.function == "courier"].worker_id)
