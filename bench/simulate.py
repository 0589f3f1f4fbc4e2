"""How fast the synthetic world is made, against a plain Python loop that makes the same rows.

    .venv/bin/python bench/simulate.py           ten million contracts
    .venv/bin/python bench/simulate.py --big     a hundred million, and the memory that they take

The plain loop is the slow reference of the tests: the same functions, not compiled, and the same bits. Each figure is
the best of the runs; compiling is not counted. Only the ratios mean anything on another machine.
"""

import resource
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from data_synthetic import columns as at
from data_synthetic.block import blocks, fill
from data_synthetic.draw import key
from data_synthetic.rules import Size, namespace, record, rules
from data_synthetic.simulate import PART, simulate, write_tables
from data_synthetic.world import read_world

WORKERS, BIG, FEW = 250_000, 2_470_000, 800
SEED, THREADS = 7, 2


def seconds(run, times: int = 1) -> tuple[float, object]:
    """The shortest time of a run, and what it returns."""
    best, result = float("inf"), None
    for _ in range(times):
        start = time.perf_counter()
        result = run()
        best = min(best, time.perf_counter() - start)
    return best, result


def in_memory(workers: int, threads: int) -> int:
    """Contracts made, with all the rows that belong to them, and thrown away."""
    packed, root = record(rules(read_world(), Size(workers, 2001, 2020))), key(0, SEED)

    def lane(n: int) -> int:
        rows = at.blank()
        return sum(block["contracts"].shape[1] for first in range(n * PART, workers, threads * PART)
                   for block in blocks(packed, root, first, min(first + PART, workers), rows))

    with ThreadPoolExecutor(threads) as pool:
        return sum(pool.map(lane, range(threads)))


def written(make, contracts: int) -> tuple[float, float]:
    """Contracts a second and megabytes of a world on disk."""
    with tempfile.TemporaryDirectory() as scratch:
        out = Path(scratch) / "world"
        took, _ = seconds(lambda: make(out))
        return contracts / took, sum(p.stat().st_size for p in out.rglob("*") if p.is_file()) / 1e6


def tables_into(workers: int, out: Path) -> None:
    out.mkdir()
    write_tables(read_world(), Size(workers, 2001, 2020), SEED, out, THREADS)


def main() -> None:
    workers = BIG if "--big" in sys.argv else WORKERS
    in_memory(64, 1)  # compiles
    tables = rules(read_world(), Size(FEW, 2001, 2020))
    plain_rows, packed, rows = at.blank_arrays(), record(tables), at.blank()
    slow, _ = seconds(lambda: fill(namespace(tables), key(0, SEED), 0, FEW, plain_rows))
    fast, _ = seconds(lambda: [1 for _ in blocks(packed, key(0, SEED), 0, FEW, rows)], 5)
    same = int(rows["count"][0][at.CONTRACTS])
    assert same == plain_rows[0].count[at.CONTRACTS]
    print(f"plain Python               {same / slow:12,.0f} contracts a second, 1 core")
    print(f"compiled, same rows        {same / fast:12,.0f} contracts a second, 1 core, {slow / fast:.0f} times faster")
    took, contracts = seconds(lambda: in_memory(workers, THREADS), 2)
    print(f"in memory                  {contracts / took:12,.0f} contracts a second, {THREADS} threads, {contracts:,}")
    speed, size = written(lambda out: tables_into(workers, out), contracts)
    print(f"all tables as Parquet      {speed:12,.0f} contracts a second, {THREADS} threads, {size:,.0f} MB")
    if "--big" not in sys.argv:
        speed, _ = written(lambda out: simulate(workers, SEED, 2001, 2020, out, threads=THREADS), contracts)
        print(f"with the planted truth     {speed:12,.0f} contracts a second")
    print(f"peak memory                {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6:12.2f} GB")


if __name__ == "__main__":
    main()
