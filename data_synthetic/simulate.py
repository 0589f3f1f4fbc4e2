"""The simulator: from a size, a seed and a period to a folder with the tables of the schema.

Members are made in parts, each by itself, so that neither the number of threads nor the size of memory matters to what
comes out. Beside the tables, a folder holds `dataset.json`, `truth.json` and the flag file `flags`.
"""

import json
import os
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from queue import SimpleQueue

import numpy as np
import pyarrow as pa

from analysis.errors import StudyError
from data_synthetic import columns as at
from data_synthetic import kinds, tables, voice
from data_synthetic.block import blocks, clients_of, number_of_clients
from data_synthetic.draw import key
from data_synthetic.folder import complete, free
from data_synthetic.rules import Size, record, rules
from data_synthetic.sample import Sample, sample
from data_synthetic.truth import truth
from data_synthetic.world import World, read_world

YEARS = (2001, 2025)
PART = 8_192  # members, or clients, of one file
SHIPPED = {"workers": 3_700, "seed": 2026, "first_year": 2001, "last_year": 2020}


def simulate(workers: int, seed: int, first_year: int, last_year: int, out: Path, changes=None,
             threads: int = 0) -> None:
    """Write the synthetic dataset of `workers` members into the folder `out`, which must be new or empty.

    `changes` gives parameters of world.toml other values, name → text. The same arguments give the same bytes, with any
    number of `threads` (0: one for each core). `out` appears when it is complete; StudyError if it is in use or an
    argument is out of range.
    """
    if workers < 1 or not 0 <= seed < 1 << 63:
        raise StudyError(f"A world needs 1 worker or more and a seed from 0 to 2^63, not {workers} and {seed}.")
    if workers > 100_000_000:
        raise StudyError(f"A world of {workers} workers is too large; the identifiers hold 100 million.")
    if not YEARS[0] <= first_year <= last_year <= YEARS[1]:
        raise StudyError(f"The years {first_year}–{last_year} must be in order in {YEARS[0]}–{YEARS[1]}.")
    world, size = read_world(changes or {}), Size(workers, first_year, last_year)
    out = free(out)
    about = {"synthetic": True, "workers": workers, "seed": seed,
             "first_year": first_year, "last_year": last_year} | ({"changes": changes} if changes else {})
    with complete(out) as folder:
        found = write_tables(world, size, seed, folder, threads or os.cpu_count() or 1)
        for name, content in (("truth", truth(world, size, seed, *found)), ("dataset", about)):
            text = json.dumps(content, indent=2, ensure_ascii=False) + "\n"
            (folder / f"{name}.json").write_bytes(text.encode())


def write_tables(world: World, size: Size, seed: int, folder: Path, threads: int) -> tuple[Sample, dict, dict]:
    """Write all tables and flags; returns the first members and the columns of interviews and their passages."""
    packed, root = record(rules(world, size)), key(0, seed)
    (folder / "flags").mkdir()
    memory = SimpleQueue()  # of as many members at once as there are threads
    for _ in range(threads):
        memory.put(at.blank())
    make = Maker(world, packed, root, folder, memory)
    with ThreadPoolExecutor(threads) as pool:
        beginning = pool.submit(sample, world, size, seed)
        jobs = [pool.submit(make.members, *part) for part in _parts(size.workers)]
        jobs += [pool.submit(make.clients, *part) for part in _parts(number_of_clients(packed))]
        for job in jobs:
            job.result()
    first = beginning.result()
    held = voice.interviews(world, size, root, first.contracts)
    coded = voice.segments(world, root, held, first.contracts)
    for name, columns in (("assemblies", voice.meetings(world, size)), ("interviews", held), ("segments", coded)):
        tables.write(name, columns, folder)
    return first, held, coded


def _parts(everybody: int) -> list[tuple[int, int, int | None]]:
    """The first of each part, the one after its last, and its number; one part alone has none."""
    return [(first, min(first + PART, everybody), first // PART if everybody > PART else None)
            for first in range(0, everybody, PART)]


@dataclass(frozen=True)
class Maker:
    """Makes parts of a world and writes them; the parts may be made in any order and at the same time."""

    world: World
    packed: np.ndarray
    root: int
    folder: Path
    memory: SimpleQueue

    def members(self, first: int, until: int, part: int | None) -> None:
        """Make the members from `first` on and write what belongs to them."""
        found: dict[str, list] = {name: [] for name in (*tables.OF_MEMBERS, "flags")}
        rows = self.memory.get()
        for block in blocks(self.packed, self.root, first, until, rows):
            for table, (name, columns) in tables.OF_MEMBERS.items():
                found[table].append(pa.table(columns(self.world, block[name])))
            found["flags"].append(pa.table(tables.flags(block["flags"])))
        self.memory.put(rows)
        flags = pa.concat_tables(found.pop("flags"))
        tables.write(f"flags/members-{first // PART:05d}", flags, self.folder)
        for table, made in found.items():
            tables.write(table, pa.concat_tables(made), self.folder, part)

    def clients(self, first: int, until: int, part: int | None) -> None:
        """Make the clients from `first` on and write them with their flags."""
        found = clients_of(self.packed, self.root, first, until)
        tables.write("clients", tables.clients(self.world, found), self.folder, part)
        flags = tables.flags(_flags_of_clients(self.packed, found))
        tables.write(f"flags/clients-{first // PART:05d}", flags, self.folder)


def _flags_of_clients(packed: np.ndarray, found: np.ndarray) -> np.ndarray:
    """Rows of flags: who pays late, who is a public payer, who has a crew or a team that is lent to it."""
    number, platforms = found[0] - 1, int(packed["platforms"][0])
    team = (number >= platforms) & (number < platforms + int(packed["teams"][0]))
    public = (found[1] == packed["form_public"][0]) & ~team & (number >= platforms)
    pairs = ((found[7] == 1, kinds.LATE_PAYER), (public, kinds.PUBLIC_PAYER), (found[8] == 1, kinds.CREW),
             (team, kinds.M07))
    ids = [found[0][which] for which, _ in pairs]
    flags = np.repeat([flag for _, flag in pairs], [len(i) for i in ids])
    return np.stack([np.full(len(flags), at.CLIENT), np.concatenate(ids), flags]).astype(np.int64)
