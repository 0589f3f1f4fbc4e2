"""The shipped world meets what was published, and the table of anchors computes what it says."""

import numpy as np
import pandas as pd
import pytest

from analysis import datasets, law, open_study
from analysis.datasets import Dataset
from analysis.measures.anchors import anchors
from analysis.panels import Panels
from analysis.scope import Scope
from data_synthetic import simulate as simulator
from data_synthetic.rules import Size
from data_synthetic.world import read_world


@pytest.fixture(scope="module")
def held():
    return open_study("synthetic").table(anchors).frame.set_index("what")


@pytest.fixture(scope="module")
def contracts():
    """The contracts of the shipped world in pandas, as an independent reading."""
    c = pd.read_parquet(datasets.SHIPPED / "contracts.parquet")
    return c.assign(start=pd.to_datetime(c.start_on), end=pd.to_datetime(c.end_on))


def test_every_anchor_lies_within_its_tolerance(held):
    assert len(held) == len(law.table("anchors"))
    assert set(held["within"]) == {"yes"}, held.loc[held["within"] != "yes"]


def test_the_anchors_agree_with_an_independent_reading(held, contracts):
    c = contracts[contracts.start.dt.year == 2012]
    assert held.loc["declared days per contract in 2012", "value"] == pytest.approx(c.days.mean(), rel=1e-9)
    artistic = held.loc["share of contracts that are artistic in 2012", "value"]
    assert artistic == pytest.approx(c.artistic.mean(), rel=1e-9)
    mass = (c.employer_cost_cents.fillna(0) + c.expenses_cents.fillna(0)).sum() / 0.935
    assert held.loc["financial mass of contracts over gross pay in 2012", "value"] == pytest.approx(
        mass / c.gross_cents.sum(), rel=1e-9)
    covers = contracts[(contracts.start < "2013-01-01") & (contracts.end >= "2012-01-01")]
    assert held.loc["contracts per active worker in 2012", "value"] == pytest.approx(
        len(c) / covers.worker_id.nunique(), rel=1e-9)
    active = covers.worker_id.nunique()
    couriers = contracts[contracts.function == "courier"]
    for month, what in (("2015-03", "March 2015"), ("2016-03", "March 2016"), ("2016-07", "July 2016")):
        seen = couriers[couriers.start.dt.to_period("M") == month].worker_id.nunique()
        assert held.loc[f"couriers of {what} for each 1,000 active workers of 2012", "value"] == pytest.approx(
            1_000 * seen / active)
    by_year = contracts.groupby(contracts.start.dt.year).size()
    assert held.loc["contracts of 2009 over those of 2008", "value"] == pytest.approx(by_year[2009] / by_year[2008])
    april = [(contracts.start.dt.to_period("M") == f"{y}-04").sum() for y in (2019, 2020)]
    assert held.loc["contracts of April 2020 over those of April 2019", "value"] == pytest.approx(april[1] / april[0])
    year = contracts[contracts.end.dt.year.ge(2020) & contracts.start.dt.year.le(2020)].worker_id.nunique()
    assert held.loc["active workers of 2020 over those of 2012", "value"] == pytest.approx(year / active)
    months = [contracts[(contracts.start < end) & (contracts.end >= start)].worker_id.nunique() for start, end in
              (("2020-03-01", "2020-04-01"), ("2020-04-01", "2020-05-01"), ("2020-05-01", "2020-06-01"))]
    assert held.loc["workers of a month over workers of the year in spring 2020", "value"] == pytest.approx(
        np.mean(months) / year)


@pytest.mark.parametrize("seed", range(1, 21))
def test_the_anchors_hold_for_any_seed(seed, tmp_path):
    size = Size(simulator.SHIPPED["workers"], 2001, 2020)
    simulator.write_tables(read_world(), size, seed, tmp_path, threads=2)
    panels = Panels(Dataset("simulated", str(tmp_path), None, guarded=False), Scope("everywhere", 2001, 2020))
    found = anchors(panels).frame().set_index("what")
    assert set(found["within"]) == {"yes"}, found.loc[found["within"] != "yes"]


def test_a_study_without_the_year_has_no_value_for_it():
    late = open_study("synthetic", "everywhere", 2014, 2020).table(anchors).frame.set_index("what")
    assert late.loc["declared days per contract in 2012", "within"] == ""
    assert late.loc["contracts of April 2020 over those of April 2019", "within"] == "yes"
