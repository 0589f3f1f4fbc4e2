"""A dataset held against what was published about Smart: ratios that do not depend on its size."""

import ibis
import pandas as pd
from ibis import _

from analysis import law
from analysis.measures.answer import Answer
from analysis.panels import Panels, month_of

YEAR = 2012
SPRING_2020 = tuple(2020 * 12 + m for m in (2, 3, 4))
APRIL_2019, APRIL_2020 = 2019 * 12 + 3, 2020 * 12 + 3
COURIERS = {"couriers_2015": 2015 * 12 + 2, "couriers_2016": 2016 * 12 + 2, "couriers_failure": 2016 * 12 + 6}
COURIERS_LEFT = ibis.date(2018, 2, 1)


def anchors(panels: Panels) -> Answer:
    """Each published anchor of anchors.csv with its value in this dataset and whether it lies within the tolerance.

    All regions and couriers count, as in print. Unit: as the anchor says. Shape: one row per anchor, in the order of
    the file. `workers` is the number of distinct workers behind the value; a year outside the study has none.
    """
    everywhere = panels.in_region("everywhere")
    c = everywhere.contracts.mutate(year=_.start_on.year(), month=month_of(_.start_on))
    courier = (c.function == "courier").fill_null(False)
    mass = (c.employer_cost_cents.fill_null(0) + c.expenses_cents.fill_null(0)) / (1 - law.rate("smart_fee"))
    months = everywhere.worker_month.filter(_.month.isin(SPRING_2020)).group_by("month").agg(n=_.worker_id.nunique())
    years = everywhere.worker_year
    y = years.agg(
        workers=years.worker_id.nunique(where=years.year == YEAR),
        days=years.days_100.sum(where=years.year == YEAR) / 100,
        gross=years.gross_cents.sum(where=years.year == YEAR) / 100,
        workers_2020=years.worker_id.nunique(where=years.year == 2020),
    ).execute().iloc[0]
    p = c.agg(
        contracts=(c.year == YEAR).sum(), days=c.days.sum(where=c.year == YEAR),
        artistic=c.artistic.cast("int64").mean(where=c.year == YEAR),
        mass=mass.sum(where=c.year == YEAR), mass_2006=mass.sum(where=c.year == 2006),
        gross=c.gross_cents.sum(where=c.year == YEAR),
        **{f"contracts_{year}": (c.year == year).sum() for year in (2001, 2008, 2009)},
        **{name: c.worker_id.nunique(where=courier & (c.month == month)) for name, month in COURIERS.items()},
        couriers=c.worker_id.nunique(where=courier), couriers_after=(courier & (c.start_on >= COURIERS_LEFT)).sum(),
        april_2019=(c.month == APRIL_2019).sum(), april_2020=(c.month == APRIL_2020).sum(),
        workers_2019=c.worker_id.nunique(where=c.month == APRIL_2019),
    ).execute().iloc[0]
    monthly = months.n.mean().execute()

    def ratio(above, below):
        return None if pd.isna(above) or pd.isna(below) or not below else above / below

    found = {
        "contracts_per_worker": (ratio(p.contracts, y.workers), y.workers),
        "days_per_contract": (ratio(p.days, p.contracts), y.workers),
        "days_per_worker": (ratio(y.days, y.workers), y.workers),
        "gross_per_day": (ratio(y.gross, y.days), y.workers),
        "gross_per_worker": (ratio(y.gross, y.workers), y.workers),
        "mass_per_gross": (ratio(p.mass, p.gross), y.workers),
        "growth_of_contracts": (ratio(p.contracts, p.contracts_2001), y.workers),
        "growth_2009": (ratio(p.contracts_2009, p.contracts_2008), y.workers),
        "mass_2006": (ratio(p.mass_2006, p.mass), y.workers),
        "growth_of_workers": (ratio(y.workers_2020, y.workers), y.workers),
        "artistic_share": (p.artistic, y.workers),
        **{name: (ratio(1_000 * p[name], y.workers), p[name]) for name in COURIERS},
        "couriers_after": (p.couriers_after, p.couriers),
        "spring_2020": (ratio(p.april_2020, p.april_2019), p.workers_2019),
        "users_per_month": (ratio(monthly, y.workers_2020), y.workers_2020),
    }
    table = law.table("anchors")
    table["value"] = pd.Series([found[n][0] for n in table["name"]], dtype="float64")
    table["workers"] = [int(found[n][1]) for n in table["name"]]
    low, high = table["low"].astype(float), table["high"].astype(float)
    table["tolerance"] = table["low"] + " to " + table["high"]
    within = table["value"].between(low, high)
    table["within"] = ["yes" if w else "no" if pd.notna(v) else "" for w, v in zip(within, table["value"], strict=True)]
    return Answer(table[["what", "published", "tolerance", "source", "value", "within", "workers"]],
                  ("what", "published", "tolerance", "source"))
