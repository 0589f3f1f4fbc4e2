"""What the multiverse costs at the size of the real data: 60,000 workers over 20 years, and 1,000 specifications.

    .venv/bin/python bench/verdict.py

Rows are drawn as arrays: a worker-year for every worker and year, in two regions with and without couriers, and five
nodes of masks. Printed: seconds and peak memory of adding up, of the estimates, and of the joint test of 500 draws;
beside them the same estimates by pandas, one specification at a time, for a few of them.
"""

import time

import numpy as np
import pandas as pd
from models import step

from analysis.models import multiverse

WORKERS, YEARS, SPECIFICATIONS, FEW, SEED = 60_000, 20, 1_000, 5, 2026


def world() -> multiverse.Universe:
    random = np.random.default_rng(SEED)
    worker, year = np.repeat(np.arange(WORKERS), YEARS), np.tile(np.arange(YEARS), WORKERS)
    n = len(worker)
    den = random.integers(1, 13, n).astype(float)
    share = np.clip(np.repeat(random.normal(0.5, 0.2, WORKERS), YEARS) + random.normal(0, 0.1, n), 0, 1)
    days, local = random.gamma(1.2, 60, n), np.repeat(random.random(WORKERS) < 0.6, YEARS)
    everything = np.ones(n, dtype=bool)
    values = {(b, w): (share**k * (den if w == "pooled" else 1), den if w == "pooled" else np.ones(n))
              for k, b in enumerate(("one", "two", "three"), 1) for w in ("pooled", "alike")}
    masks = {
        "population": {"P0": everything, **{f"days{d}": days >= d for d in (20, 50, 75, 100)}},
        "region": {"R1": local, "R2": random.random(n) < 0.5, "R3": everything},
        "couriers": {"kept": everything, "out": random.random(n) < 0.9},
        "period": {"judged": (year >= 15) & (year < 19), "decade": year >= 10, "all": everything},
        "pandemic": {"out": year < 19, "kept": everything}, "extremes": {"kept": everything, "out": share < 0.95}}
    return multiverse.Universe(worker, values, masks, ("basis", "weights"))


def naive(u: multiverse.Universe, specs: pd.DataFrame) -> list[float]:
    found = []
    for spec in specs.to_dict("records"):
        num, den = u.values[spec["basis"], spec["weights"]]
        kept = np.logical_and.reduce([u.masks[node][spec[node]] for node in u.masks])
        rows = pd.DataFrame({"worker": u.worker, "num": num, "den": den})[kept].groupby("worker").sum()
        value = rows["num"].sum() / rows["den"].sum()
        found.append(float((((rows["num"] - value * rows["den"]) / rows["den"].sum()) ** 2).sum() ** 0.5))
    return found


def main() -> None:
    u = step(f"drawing {WORKERS * YEARS:,} worker-years", world)
    specs = multiverse.specifications(u.nodes, most=SPECIFICATIONS)
    step("adding up by worker and kind of row", lambda: u.cells)
    found = step(f"{len(specs):,} specifications", lambda: multiverse.estimates(u, specs))
    told = step("joint test, 500 draws", lambda: multiverse.joint(u, specs, 0.5))
    start = time.perf_counter()
    slow = naive(u, specs[:FEW])
    each = (time.perf_counter() - start) / FEW
    print(f"{'pandas, one at a time, for all':42s}{each * len(specs):8.1f} s (from {FEW})")
    print(f"largest difference of errors: {np.abs(found['se'][:FEW] / slow - 1).max():.1e} (G ÷ (G − 1) apart)")
    print(told.to_string(index=False))


if __name__ == "__main__":
    main()
