"""How long every measure takes at a million contracts: none should need more than three seconds, bootstraps excepted.

    .venv/bin/python bench/measures.py [FOLDER]      the slowest first; FOLDER is a dataset, by default a new world

Each measure is asked twice: on fresh panels, which it may have to make, and again on panels that are there, as in a
chapter that has shown something already.
"""

import os
import sys
import tempfile
import time
from pathlib import Path

from analysis.datasets import Dataset
from analysis.measures import catalogue
from analysis.panels import Panels
from analysis.policy import levers
from analysis.scope import Scope
from analysis.verdict import indices, space

WORKERS, LIMIT = 24_700, 3.0
DRAWN = {"headline.series"}      # 18 scopes, each with 999 draws: minutes, and exempt


def timed(measure, panels) -> tuple[float, float]:
    """Seconds and CPU seconds of one measure."""
    start, cpu = time.perf_counter(), time.process_time()
    measure(panels, **catalogue.by_trade(measure)).frame()
    return time.perf_counter() - start, time.process_time() - cpu


def table(folder: Path) -> None:
    kept = Panels(Dataset("bench", str(folder), None, guarded=False), Scope("everywhere", 2001, 2020))
    rows = []
    asked = catalogue.everything() | catalogue.of(space, indices, *levers.MODULES)
    for name, measure in ((n, m) for n, m in asked.items() if n not in DRAWN):
        fresh = Panels(Dataset("bench", str(folder), None, guarded=False), Scope("everywhere", 2001, 2020))
        first = timed(measure, fresh)
        timed(measure, kept)
        rows.append((name, *first, *timed(measure, kept)))
        print(".", end="", flush=True, file=sys.stderr)
    print(f"\n{'seconds (CPU seconds)':40s}{'fresh panels':>18s}{'panels kept':>18s}")
    for name, wall, cpu, again, again_cpu in sorted(rows, key=lambda r: -r[3]):
        print(f"{name:40s}{wall:9.2f} ({cpu:6.2f}){again:9.2f} ({again_cpu:6.2f}){'  above' if again > LIMIT else ''}")
    slow = [r[0] for r in rows if r[3] > LIMIT]
    print(f"{len(rows)} measures on {os.cpu_count()} cores, {len(slow)} above {LIMIT:.0f} s with panels kept: "
          f"{', '.join(slow) or 'none'}")


def main() -> None:
    if len(sys.argv) > 1:
        table(Path(sys.argv[1]))
        return
    from data_synthetic.simulate import simulate

    with tempfile.TemporaryDirectory() as scratch:
        simulate(WORKERS, 7, 2001, 2020, Path(scratch) / "world")
        table(Path(scratch) / "world")


if __name__ == "__main__":
    main()
