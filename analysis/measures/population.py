"""Who works through Smart: sizes, and who they are."""

import ibis
import pandas as pd
from ibis import _

from analysis.errors import MissingData
from analysis.measures.answer import Answer
from analysis.panels import Panels
from analysis.schema import TABLES
from analysis.scope import POPULATIONS, REGIONS


def workers_by_year(panels: Panels) -> Answer:
    """Active workers, contracts, declared days and gross pay per year, with and without couriers.

    Unit: workers, contracts (counted in the year they start), days, EUR. Shape: year × couriers.
    Reading: *active* means at least one paid day in the year; a registered member without one is not counted.
    """
    def one(p, couriers):
        y = p.worker_year.group_by("year").agg(
            workers=_.worker_id.nunique(), days=_.days_100.sum() / 100, gross=_.gross_cents.sum() / 100)
        c = p.started.group_by("year").agg(contracts=_.count())
        y = y.left_join(c, "year").drop("year_right")
        y = y.mutate(couriers=ibis.literal(couriers), contracts=_.contracts.fill_null(0))
        return y.mutate(days_per_worker=_.days / _.workers, gross_per_worker=_.gross / _.workers,
                        contracts_per_worker=_.contracts / _.workers)

    both = ibis.union(one(panels, "all workers"), one(panels.without_couriers(), "without couriers"))
    return Answer(both, ("couriers", "year"))


def sizes(panels: Panels) -> Answer:
    """Worker-years and distinct workers of each population (P0–P2) in each region (R1–R3, everywhere).

    Shape: region × population. A region that the dataset cannot tell (no seat of clients) has a row without numbers.
    """
    rows = []
    for region in REGIONS:
        scoped = panels.in_region(region)
        try:
            years = scoped.worker_year
            counts = years.agg(**{f"{p}_{what}": f for p in POPULATIONS for what, f in (
                ("years", years[p].sum()), ("workers", years.worker_id.nunique(where=years[p])))}).execute().iloc[0]
        except MissingData:
            counts = {}
        rows += [{"region": REGIONS[region], "population": f"{p}: {meaning}", "workers": counts.get(f"{p}_workers"),
                  "worker_years": counts.get(f"{p}_years")} for p, meaning in POPULATIONS.items()]
    return Answer(pd.DataFrame(rows).astype({"workers": "Int64", "worker_years": "Int64"}), ("region", "population"))


def composition(panels: Panels, by: str, population: str = "P0") -> Answer:
    """Share of each group of `by` among the active workers of a year whose group is recorded.

    Unit: share, 0–1. Shape: year × group.
    """
    y = panels.with_traits(panels.population(population), by)
    y = y.group_by("year", by).agg(workers=_.worker_id.nunique())
    y = y.mutate(share=_.workers / _.workers.sum().over(ibis.window(group_by="year")))
    return Answer(y, ("year", by))


def buyers(panels: Panels) -> Answer:
    """Contracts by buyer, a client or an Activity. Unit: contracts; share, 0–1. Shape: year of start × buyer."""
    c = panels.started.mutate(buyer=ibis.cases((_.client_id.notnull(), "client"), else_="Activity"))
    c = c.group_by("year", "buyer").agg(workers=_.worker_id.nunique(), contracts=_.count())
    c = c.mutate(share=_.contracts / _.contracts.sum().over(ibis.window(group_by="year")))
    return Answer(c, ("buyer", "year"))


def tenure(panels: Panels) -> Answer:
    """How many years each worker is active within the span. Unit: share of workers. Shape: number of years."""
    years = panels.worker_year.group_by("worker_id").agg(active_years=_.year.nunique())
    years = years.group_by("active_years").agg(workers=_.count())
    return Answer(years.mutate(share=_.workers / _.workers.sum().over(ibis.window())), ("active_years",))


def inventory(panels: Panels) -> Answer:
    """The tables of the schema, and how many rows this dataset has in each. Shape: one row per table."""
    def row(t):
        here = t.name in panels.dataset.present
        rows = int(panels.dataset.table(t.name).count().execute()) if here else None
        return {"table": t.name, "meaning": t.meaning, "rows": rows, "needed": "required" if t.required else "optional"}

    frame = pd.DataFrame([row(t) for t in TABLES.values()]).astype({"rows": "Int64"})
    return Answer(frame, ("table", "meaning", "needed"), count="rows")


def workers_by_month(panels: Panels) -> Answer:
    """Workers with paid work in each month. Unit: workers. Shape: month, as a year with decimals (`time`)."""
    m = panels.worker_month.group_by("month").agg(workers=_.worker_id.nunique())
    return Answer(m.select("workers", time=_.month / 12), ("time",))
