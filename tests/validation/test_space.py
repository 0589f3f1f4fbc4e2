"""The space of security and autonomy equals a slow version, and puts made-up careers where they belong."""

from datetime import date, timedelta

import numpy as np
import pandas as pd
import pytest

from analysis import law
from analysis.measures.pricing import posted_prices
from analysis.scope import POPULATIONS
from analysis.verdict import criteria, space

KEY = ["worker_id", "year"]
YEARS = (2010, 2012)


@pytest.fixture(scope="module")
def slow(simulated):
    """Places made with pandas from the panels and the criteria."""
    p, years = simulated, simulated.worker_year.execute().set_index(KEY)
    s = criteria.space()
    full_time = 12 * law.minimum_wage("2020-07-01")
    raw = pd.DataFrame(index=years.index)
    raw["pay"], raw["continuity"] = years["real_cents"] / full_time, years["months"].astype(float)
    months = p.worker_month.execute().set_index(["worker_id", "month"])
    for (worker, year), months_of in months.groupby([months.index.get_level_values(0), "year"]):
        twelve = np.zeros(12)
        twelve[months_of.index.get_level_values("month") % 12] = months_of["real_cents"]
        raw.loc[(worker, year), "steadiness"] = twelve.std(ddof=1) / twelve.mean() if twelve.sum() else np.nan
    covered = p.coverage_month.execute()
    covered["year"] = covered["month"] // 12
    raw["protection"] = covered.groupby(KEY)["covered"].sum()
    contracts = p.contracts.execute()
    for name in ("start_on", "end_on", "created_on", "paid_on"):
        contracts[name] = pd.to_datetime(contracts[name])
    paid = contracts[contracts["paid_on"].notna() & (contracts["gross_cents"] > 0)]
    paid = paid.assign(year=paid["end_on"].dt.year, wait=(paid["paid_on"] - paid["end_on"]).dt.days)
    raw["promptness"] = paid.groupby(KEY)[["wait", "gross_cents"]].apply(
        lambda f: np.average(f["wait"], weights=f["gross_cents"]))
    pairs = p.pair_year.execute().merge(posted_prices(p).execute(), on=["client_id", "year"], how="left",
                                        suffixes=("", "_of"))
    raw["tools"] = 1 - pairs.groupby(KEY)["gross_cents"].sum().reindex(raw.index).fillna(0) / years["gross_cents"]
    billed = pairs[pairs["invoiced_cents"] > 0].groupby(KEY)["invoiced_cents"]
    raw["clients"] = billed.max() / billed.sum()
    worked = pairs[pairs["days_100"] > 0].fillna({"posted": 0})
    raw["price"] = worked.groupby(KEY)[["posted", "days_100"]].apply(
        lambda f: np.average(f["posted"], weights=f["days_100"]))
    known = contracts[contracts["created_on"].notna() & (contracts["start_on"].dt.year >= 2001)]
    known = known.assign(year=known["start_on"].dt.year, ahead=(known["start_on"] - known["created_on"]).dt.days)
    raw["notice"] = known.groupby(KEY)["ahead"].median()
    placed = raw[years[s.population]].copy()
    for index in ("security", "autonomy"):
        parts = {d.name: ((placed[d.name] - d.worst) / (d.best - d.worst)).clip(0, 1) for d in getattr(s, index)}
        placed = placed.assign(**parts)
        placed[index] = placed[list(parts)].mean(axis=1)
    return placed.dropna(subset=["security", "autonomy"]).reset_index()


def test_places(simulated, slow):
    seen = space.places(simulated).execute().sort_values(KEY, ignore_index=True)
    assert list(seen["span"].drop_duplicates().sort_values()) == ["2001–2005", "2006–2010", "2011–2015", "2016–2020"]
    expected = slow[[c for c in seen.columns if c != "span"]].sort_values(KEY, ignore_index=True)
    pd.testing.assert_frame_equal(seen.drop(columns="span"), expected, check_dtype=False, rtol=1e-6, atol=1e-9)
    assert seen[["security", "autonomy"]].stack().between(0, 1).all()


def quadrant(frame):
    safe, free = frame["security"] >= 0.5, frame["autonomy"] >= 0.5
    return np.select([safe & free, safe, free], space.QUADRANTS[:3], space.QUADRANTS[3])


def test_quadrants_and_flows(simulated, slow):
    slow = slow.assign(quadrant=quadrant(slow))
    expected = slow.groupby("year")["quadrant"].value_counts(normalize=True)
    seen = space.quadrants(simulated).frame().set_index(["year", "quadrant"])
    assert seen["share"].to_dict() == pytest.approx(expected.to_dict())
    assert seen.groupby("year")["share"].sum().to_numpy() == pytest.approx(1)

    place = slow.set_index(KEY)["quadrant"].to_dict()
    pairs = pd.DataFrame([(q, place.get((worker, year + 1), space.GONE)) for (worker, year), q in place.items()
                          if year < 2020], columns=["before", "after"])
    expected = pairs.groupby("before")["after"].value_counts(normalize=True)
    seen = space.flows(simulated).frame().set_index(["before", "after"])["share"]
    assert seen.to_dict() == pytest.approx(expected.to_dict())

    by_trade = space.quadrants(simulated, by="profession").frame()
    assert by_trade.groupby(["span", "profession"])["share"].sum().to_numpy() == pytest.approx(1)


def test_the_map_and_the_dimensions(simulated, slow):
    seen = space.density(simulated).frame()
    assert seen.groupby("span")["share"].sum().to_numpy() == pytest.approx(1)
    last = slow[slow["year"] >= 2016]
    cells = np.minimum((last[["security", "autonomy"]] * 10).astype(int), 9)
    expected = cells.value_counts(normalize=True)
    assert {(round(r.security * 10 - 0.5), round(r.autonomy * 10 - 0.5)): r.share for r in seen.itertuples()
            if r.span == "2016–2020"} == pytest.approx(expected.to_dict())
    means = space.dimensions(simulated).frame().set_index(["dimension", "year"])
    for name in ("pay", "steadiness", "protection", "clients", "notice", "security"):
        assert means.loc[(name, 2015), "mean"] == pytest.approx(slow.loc[slow["year"] == 2015, name].mean(), rel=1e-6)
    middles = space.middles(simulated, "profession").frame()
    assert middles[["security", "autonomy"]].stack().between(0, 1).all()


def job(day, worker, client, days=1, **more):
    return {"worker_id": worker, "client_id": client, "start_on": day, "end_on": day + timedelta(days - 1),
            "days": float(days), **more}


@pytest.fixture(scope="module")
def careers(panels_of):
    """1: every month the same pay for five clients, entered a week ahead and paid on the day. 2: three days for one
    client, entered late and paid months later."""
    rows = []
    for year in (2010, 2011, 2012):
        for month in range(1, 13):
            first = date(year, month, 1)
            rows.append(job(first, 1, month % 5, 28, gross_cents=300_000, created_on=first - timedelta(7),
                            paid_on=first + timedelta(30)))
        rows += [job(date(year, month, 1), 2, 9, gross_cents=100, created_on=date(year, month, 3),
                     paid_on=date(year, month, 1) + timedelta(90)) for month in (1, 5, 9)]
    return panels_of(rows, YEARS)


def test_opposite_careers_lie_in_opposite_corners(careers):
    seen = space.places(careers).execute().set_index(KEY)
    best, worst = seen.loc[(1, 2012)], seen.loc[(2, 2012)]
    assert {name: best[name] for name in ("pay", "steadiness", "continuity", "promptness", "notice")} == pytest.approx(
        dict.fromkeys(("pay", "steadiness", "continuity", "promptness", "notice"), 1), abs=0.01)
    assert {name: worst[name] for name in ("protection", "promptness", "clients", "tools", "notice")} == dict.fromkeys(
        ("protection", "promptness", "clients", "tools", "notice"), 0)
    assert best.security > 0.8 > 0.3 > worst.security
    assert best.autonomy > worst.autonomy


def test_what_a_dataset_cannot_tell_is_left_out_for_everybody(panels_of):
    rows = [job(date(year, month, 1), 1, 1, 5, gross_cents=1_000) for year in (2010, 2011) for month in (1, 2, 3)]
    seen = space.places(panels_of(rows, YEARS)).execute()
    assert not {"promptness", "notice"} & set(seen.columns)
    assert seen["security"].to_numpy() == pytest.approx(
        seen[["pay", "steadiness", "continuity", "protection"]].mean(axis=1).to_numpy())


def test_too_few_months_have_no_place(panels_of):
    assert criteria.space().population in POPULATIONS
    assert len(space.places(panels_of([job(date(2010, 1, 1), 1, 1, 20)], YEARS)).execute()) == 0
