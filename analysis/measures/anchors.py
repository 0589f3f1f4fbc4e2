"""A dataset held against what was published about Smart: ratios that do not depend on its size."""

import ibis
import pandas as pd
from ibis import _

from analysis import law
from analysis.measures.answer import Answer
from analysis.panels import Panels, month_of

YEAR = 2012
APRIL_2019, APRIL_2020, SPRING_2020 = 2019 * 12 + 3, 2020 * 12 + 3, tuple(2020 * 12 + m for m in (2, 3, 4))
MARCH_2015, MARCH_2016 = 2015 * 12 + 2, 2016 * 12 + 2


def anchors(panels: Panels) -> Answer:
    """Each published anchor of anchors.csv with its value in this dataset and whether it lies within the tolerance.

    All regions and couriers count, as in print. Unit: as the anchor says. Shape: one row per anchor, in the order of
    the file. `workers` is the number of distinct workers behind the value; a year outside the study has none.
    """
    everywhere = panels.in_region("everywhere")
    c = everywhere.contracts.mutate(year=_.start_on.year(), month=month_of(_.start_on))
    courier = (c.function == "courier").fill_null(False)
    mass = (c.employer_cost_cents.fill_null(0) + c.expenses_cents.fill_null(0)) / (1 - law.rate("smart_fee"))
    of_year = everywhere.worker_year.filter(_.year == YEAR)
    months = everywhere.worker_month.filter(_.month.isin(SPRING_2020)).group_by("month").agg(n=_.worker_id.nunique())
    y = of_year.agg(
        workers=_.worker_id.nunique(), days=_.days_100.sum() / 100, gross=_.gross_cents.sum() / 100,
    ).execute().iloc[0]
    p = c.agg(
        contracts=(c.year == YEAR).sum(), days=c.days.sum(where=c.year == YEAR),
        start=(c.year == 2001).sum(), artistic=c.artistic.cast("int64").mean(where=c.year == YEAR),
        mass=mass.sum(where=c.year == YEAR), gross=c.gross_cents.sum(where=c.year == YEAR),
        couriers_2015=c.worker_id.nunique(where=courier & (c.month == MARCH_2015)),
        couriers_2016=c.worker_id.nunique(where=courier & (c.month == MARCH_2016)),
        couriers=c.worker_id.nunique(where=courier),
        couriers_after=(courier & (c.start_on >= ibis.date(2018, 2, 1))).sum(),
        april_2019=(c.month == APRIL_2019).sum(), april_2020=(c.month == APRIL_2020).sum(),
        workers_2019=c.worker_id.nunique(where=c.month == APRIL_2019),
    ).execute().iloc[0]
    users = everywhere.worker_year.filter(_.year == 2020).worker_id.nunique().execute()
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
        "growth_of_contracts": (ratio(p.contracts, p.start), y.workers),
        "artistic_share": (p.artistic, y.workers),
        "courier_growth": (ratio(p.couriers_2016, p.couriers_2015), p.couriers_2016),
        "couriers_after": (p.couriers_after, p.couriers),
        "spring_2020": (ratio(p.april_2020, p.april_2019), p.workers_2019),
        "users_per_month": (ratio(monthly, users), users),
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
