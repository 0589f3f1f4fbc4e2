"""The synthetic world: rows keep the rules, one seed gives one set of bytes, 2012 is near Smart."""

import csv
import json
import shutil

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

from analysis.cli import app
from analysis.datasets import ROOT, SHIPPED
from analysis.errors import StudyError
from analysis.schema import TABLES
from data_synthetic import simulate as simulator
from data_synthetic.simulate import simulate
from data_synthetic.world import read_world


def read(folder) -> dict[str, pd.DataFrame]:
    """All tables of a dataset, with its dates as timestamps."""
    tables = {}
    for name, table in TABLES.items():
        frame = pd.read_parquet(folder / f"{name}.parquet")
        for column in (c.name for c in table.columns if c.type == "date"):
            frame[column] = pd.to_datetime(frame[column])
        tables[name] = frame
    return tables


def contents(folder) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


@pytest.fixture(scope="session")
def small(tmp_path_factory):
    folder = tmp_path_factory.mktemp("world") / "small"
    simulate(400, 7, 2001, 2020, folder)
    return folder


@pytest.fixture(scope="session")
def world(small):
    return read(small)


@pytest.fixture(scope="session")
def shipped():
    return read(SHIPPED)


@pytest.mark.parametrize("name", TABLES)
def test_table_is_as_declared(world, name):
    frame, table = world[name], TABLES[name]
    assert tuple(frame.columns) == table.names and len(frame)
    assert not frame.duplicated(list(table.key)).any()
    for column in table.columns:
        values = frame[column.name]
        assert column.nullable or values.notna().all(), column.name
        assert not column.levels or set(values.dropna()) <= set(column.levels), column.name
        if column.ref:
            assert values.dropna().isin(world[column.ref][TABLES[column.ref].key[0]]).all(), column.name
        if column.type == "date":
            assert values.dropna().between("1998-01-01", "2021-12-31").all(), column.name


def test_contracts_keep_their_rules(world):
    c = world["contracts"]
    assert (c.client_id.isna() != c.activity_id.isna()).all()
    assert (c.start_on >= "2001-01-01").all() and (c.end_on <= "2020-12-31").all()
    assert (c.start_on <= c.end_on).all() and (c.days > 0).all()
    assert (c.days <= (c.end_on - c.start_on).dt.days + 1).all()
    assert c.price_cents.isna().equals(c.activity_id.notna())
    price = c.price_cents.dropna()
    cost = (c.employer_cost_cents + c.expenses_cents)[price.index]
    assert ((price * 0.935 - cost).abs() <= 1).all()
    assert (c.net_cents.between(1, c.gross_cents) & (c.gross_cents < c.employer_cost_cents)).all()
    assert (c.hours.isna() == (c.pay_basis == "lump_sum")).all()


def test_workers_are_paid_within_seven_working_days(world):
    c = world["contracts"]
    end, paid = (c[name].to_numpy("datetime64[D]") for name in ("end_on", "paid_on"))
    assert (paid >= end).all() and (np.busday_count(end + 1, paid + 1) <= 7).all()
    assert (c.created_on <= c.paid_on).all() and 0.6 < (c.created_on < c.start_on).mean() < 1


def test_contracts_happen_while_their_member_and_activity_are_there(world):
    c = world["contracts"].merge(world["workers"], on="worker_id").merge(world["activities"], how="left")
    assert (c.joined_on <= c.start_on).all() and (c.joined_on <= c.created_on).all()
    bought = c[c.activity_id.notna()]
    assert (bought.opened_on <= bought.start_on).all() and not (bought.closed_on < bought.end_on).any()
    members = world["activity_members"]
    assert not bought.merge(members, how="left")["is_manager"].isna().any()
    owners = members.merge(world["activities"].rename(columns={"owner_id": "worker_id"}))
    assert len(owners) == len(world["activities"]) and owners["is_manager"].all()


def test_pay_respects_the_day_floor_of_the_hours_declared(world):
    c = world["contracts"]
    dates, cents = zip(*read_world().day_floor, strict=True)
    floor = np.array(cents)[np.searchsorted(pd.to_datetime(list(dates)), c.start_on, side="right") - 1]
    part = (c.hours / 7.6 / c.days).fillna(1)
    assert (c.gross_cents >= np.floor(floor * c.days * part)).all()
    # A price below the floor of a full day buys fewer hours: pay by the hour is then at the floor.
    short = c[(part < 0.49) & (c.function != "courier")]
    hourly = short.gross_cents / short.hours / (floor[short.index] / 7.6)
    assert len(short) > 50 and (hourly < 1.08).mean() > 0.95
    assert dict(read_world().day_floor)["2012-12-01"] == 6_932


def test_each_rule_starts_on_its_date(world):
    c = world["contracts"]
    assert c[c.activity_id.notna()].start_on.min() >= pd.Timestamp("2004-01-01")
    assert c[c.regime == "agency"].start_on.min() >= pd.Timestamp("2010-10-01")
    assert c[c.joint_committee == "218"].start_on.max() < pd.Timestamp("2015-04-01")
    assert c[c.joint_committee == "200"].start_on.min() >= pd.Timestamp("2015-04-01")
    assert world["shareholdings"].subscribed_on.min() >= pd.Timestamp("2017-01-01")
    assert world["assemblies"].held_on.min() == pd.Timestamp("2016-06-23")


def test_students_stay_inside_their_quota(world):
    c = world["contracts"][world["contracts"].regime == "student"]
    used = c.groupby(["worker_id", c.start_on.dt.year])[["days", "hours"]].sum().reset_index("start_on")
    hours = used.start_on >= 2017
    assert (used[hours].hours <= 475).all()
    assert (used[~hours].days <= used[~hours].start_on.map(lambda year: 46 if year < 2012 else 50)).all()


def test_couriers_work_three_hours_since_the_protocol_for_two_platforms_until_the_end(shipped):
    c = shipped["contracts"][shipped["contracts"].function == "courier"]
    assert c.start_on.min() >= pd.Timestamp("2015-01-01") and c.end_on.max() <= pd.Timestamp("2018-01-31")
    assert c.client_id.nunique() == 2
    after = c.hours[c.start_on >= pd.Timestamp("2016-05-01")]
    assert after.min() == 3 and (after == 3).mean() > 3 * ((after > 3) & (after <= 3.2)).mean()
    assert (c.hours[c.start_on < pd.Timestamp("2016-05-01")] < 3).mean() > 0.1
    first = c.groupby("client_id").end_on.max().sort_values().iloc[0]
    assert first < pd.Timestamp("2016-07-26")
    sizes = shipped["clients"].set_index("client_id").loc[c.client_id.unique()]
    assert set(sizes["sector"]) == {"H"}


def test_invoice_dates_are_in_order_and_each_pays_for_one_thing(world):
    i = world["invoices"]
    assert (i.contract_id.isna() != i.activity_id.isna()).all()
    assert (i.issued_on <= i.due_on).all()
    assert not (i.paid_on < i.issued_on).any() and not (i.written_off_on < i.due_on).any()
    assert not (i.paid_on.notna() & i.written_off_on.notna()).any()
    assert (i.paid_on > i.due_on).any() and i.written_off_on.notna().any() and (i.amount_cents < 0).any()
    billed = i[i.contract_id.notna() & (i.amount_cents > 0)].set_index("contract_id")
    direct = world["contracts"].dropna(subset="client_id").set_index("contract_id")
    assert billed.index.is_unique and set(billed.index) == set(direct.index)
    assert (billed.amount_cents.sort_index() == direct.price_cents).all()
    assert (billed.client_id.sort_index() == direct.client_id).all()


def test_no_activity_is_ever_below_zero(world):
    c, i, e = (world[name].dropna(subset="activity_id") for name in ("contracts", "invoices", "expenses"))
    moves = pd.concat([
        pd.DataFrame({"activity": i.activity_id, "on": i.issued_on, "amount": i.amount_cents * 0.935}),
        pd.DataFrame({"activity": c.activity_id, "on": c.start_on,
                      "amount": -(c.employer_cost_cents + c.expenses_cents)}),
        pd.DataFrame({"activity": e.activity_id, "on": e.booked_on, "amount": -e.amount_cents}),
    ])
    balance = moves.groupby(["activity", "on"]).amount.sum().groupby("activity").cumsum()
    assert balance.min() > -1e-3
    assert (i.groupby("activity_id").size() > 1).mean() > 0.5


def test_data_check_accepts_it_by_its_folder_and_says_what_is_wrong(small, tmp_path):
    def check(folder):
        return CliRunner().invoke(app, ["data", "check", str(folder)]).exit_code

    assert check(small) == 0
    shutil.copytree(small, tmp_path / "broken")
    wrong = pd.read_parquet(small / "contracts.parquet").assign(days=-1.0)
    wrong.to_parquet(tmp_path / "broken" / "contracts.parquet")
    assert check(tmp_path / "broken") == 1


def test_same_seed_same_bytes_other_seed_other_bytes(small, tmp_path):
    simulate(400, 7, 2001, 2020, tmp_path / "again")
    simulate(400, 8, 2001, 2020, tmp_path / "other")
    assert contents(tmp_path / "again") == contents(small)
    other, here = contents(tmp_path / "other"), contents(small)
    assert not [name for name in here if other[name] == here[name] and name != "assemblies.parquet"]


def test_shipped_dataset_is_what_its_seed_gives(tmp_path):
    about = json.loads((SHIPPED / "dataset.json").read_text("utf-8"))
    assert about == {"synthetic": True, **simulator.SHIPPED}
    simulate(**simulator.SHIPPED, out=tmp_path / "dataset")
    assert contents(tmp_path / "dataset") == contents(SHIPPED)
    assert sum(map(len, contents(SHIPPED).values())) < 5_000_000


def test_shipped_dataset_is_near_the_published_figures_of_2012(shipped):
    c = shipped["contracts"][shipped["contracts"].start_on.dt.year == 2012]
    gross = c.groupby("worker_id").gross_cents.sum() / 100
    assert len(c) / len(gross) == pytest.approx(9.9, rel=0.1)
    assert c.days.mean() == pytest.approx(3.3, rel=0.1)
    assert c.gross_cents.sum() / 100 / c.days.sum() == pytest.approx(121, rel=0.1)
    assert gross.mean() == pytest.approx(4_000, rel=0.1)
    assert gross.quantile(0.9) == pytest.approx(10_000, rel=0.15) and gross.median() < 0.6 * gross.mean()
    assert c.artistic.mean() > 0.5
    years = shipped["contracts"].groupby(shipped["contracts"].start_on.dt.year)
    assert years.size().loc[2012] / years.size().loc[2001] == pytest.approx(1.34**11, rel=0.5)
    assert years.days.agg(lambda days: days.mode()[0]).eq(1).all()


def test_spring_2020_loses_half_to_three_quarters_of_the_work(shipped):
    months = shipped["contracts"].groupby(shipped["contracts"].start_on.dt.to_period("M")).size()
    assert 0.25 < months["2020-04"] / months["2019-04"] < 0.5


def test_every_trade_is_in_the_code_list(shipped):
    with (ROOT / "analysis" / "law" / "professions.csv").open(encoding="utf-8", newline="") as lines:
        known = {row["code"] for row in csv.DictReader(lines)}
    assert set(shipped["workers"].profession) | set(shipped["contracts"].function) <= known


@pytest.mark.parametrize(("workers", "first", "last"), [(1, 2001, 2001), (5, 2009, 2012), (30, 2019, 2025)])
def test_any_size_and_period_gives_all_tables(tmp_path, workers, first, last):
    simulate(workers, 1, first, last, tmp_path / "out")
    assert set(contents(tmp_path / "out")) == {f"{t}.parquet" for t in TABLES} | {
        "dataset.json", "truth.json", "flags/clients-00000.parquet", "flags/members-00000.parquet"}
    assert read(tmp_path / "out")["contracts"].start_on.dt.year.isin(range(first, last + 1)).all()
    assert [p.name for p in tmp_path.iterdir()] == ["out"]


def test_size_scales_and_shares_stay(world, shipped):
    per_member = [len(w["contracts"]) / len(w["workers"]) for w in (world, shipped)]
    assert per_member[0] == pytest.approx(per_member[1], rel=0.25)


@pytest.mark.parametrize(("workers", "first", "last", "word"),
                         [(0, 2001, 2020, "worker"), (9, 2005, 2004, "order"), (9, 1990, 2004, "2001–2025")])
def test_wrong_arguments_are_explained(tmp_path, workers, first, last, word):
    with pytest.raises(StudyError, match=word):
        simulate(workers, 1, first, last, tmp_path / "out")
    assert not list(tmp_path.iterdir())


def test_an_existing_dataset_is_never_overwritten(tmp_path):
    (tmp_path / "kept.txt").write_text("mine")
    with pytest.raises(StudyError, match="not empty"):
        simulate(5, 1, 2001, 2002, tmp_path)
    assert [p.name for p in tmp_path.iterdir()] == ["kept.txt"]
