"""The simulator: from a size, a seed and a period to a folder with the tables of the schema."""

import json
from pathlib import Path

from analysis.errors import StudyError
from analysis.schema import TABLES, write_table
from data_synthetic import money, people, voice, work
from data_synthetic.draw import streams
from data_synthetic.folder import complete, free
from data_synthetic.world import World, read_world

YEARS = (2001, 2025)
STREAMS = ("members", "clients", "market", "activities", "contracts", "pay", "expenses", "invoices",
           "shareholdings", "attendances", "interviews", "segments")
SHIPPED = {"workers": 6_000, "seed": 2026, "first_year": 2001, "last_year": 2020}


def simulate(workers: int, seed: int, first_year: int, last_year: int, out: Path, changes=None) -> None:
    """Write the synthetic dataset of `workers` members into the folder `out`, which must be new or empty.

    `changes` gives parameters of world.toml other values, name → text. The same arguments give the same bytes.
    `out` appears when it is complete; StudyError if it is in use or an argument is out of range.
    """
    if workers < 1 or seed < 0:
        raise StudyError(f"A world needs 1 worker or more and a seed of 0 or more, not {workers} and {seed}.")
    if not YEARS[0] <= first_year <= last_year <= YEARS[1]:
        raise StudyError(f"The years {first_year}–{last_year} must be in order in {YEARS[0]}–{YEARS[1]}.")
    world = read_world(changes or {})
    out = free(out)
    about = {"synthetic": True, "workers": workers, "seed": seed,
             "first_year": first_year, "last_year": last_year} | ({"changes": changes} if changes else {})
    with complete(out) as part:
        for name, columns in tables(world, workers, seed, first_year, last_year).items():
            write_table(TABLES[name], columns, part)
        (part / "dataset.json").write_bytes((json.dumps(about, indent=2) + "\n").encode())


def tables(world: World, workers: int, seed: int, first_year: int, last_year: int) -> dict[str, dict]:
    """The columns of every table of the schema, in its order."""
    rng = streams(seed, STREAMS)
    period = people.Period(first_year, last_year, world.extract_lag)
    members = people.members(world, rng["members"], period, workers)
    clients = people.clients(world, rng["clients"], workers)
    market = work.market(world, rng["market"], members, clients)
    activities = work.activities(world, rng["activities"], period, members)
    contracts = work.contracts(world, rng["contracts"], period, members, activities, market)
    pay = money.pay(world, rng["pay"], members, contracts)
    expenses = money.purchases(world, rng["expenses"], contracts, activities)
    assemblies = voice.assemblies(world, period)
    interviews = voice.interviews(world, rng["interviews"], period, contracts)
    invoices = money.invoices(world, rng["invoices"], period, contracts, pay, activities, expenses,
                              market, clients)
    return {
        "workers": members.table,
        "clients": clients.table,
        "contracts": work.table(world, members, contracts, pay),
        "activities": activities.table,
        "activity_members": activities.people,
        "invoices": invoices,
        "expenses": expenses,
        "shareholdings": voice.shareholdings(world, rng["shareholdings"], period, members, contracts),
        "assemblies": assemblies,
        "attendances": voice.attendances(world, rng["attendances"], members, assemblies),
        "interviews": interviews,
        "segments": voice.segments(world, rng["segments"], interviews),
    }
