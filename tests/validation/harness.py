"""Tries every registered estimator, and its twin that is wrong on purpose, on many worlds whose truth is known.

Half of the worlds hold the effects of world.toml, half none of them; every world is asked for everything at once.
Seeds are none on which an estimator was built. `make validate` runs 400 worlds and writes analysis/validation.csv,
which the book shows; the tests run fewer. A world's results are kept in a file of their own, so that a run that was
stopped goes on where it was.
"""

import argparse
import hashlib
import json
import os
import shutil
import sys
import tempfile
from concurrent.futures import ProcessPoolExecutor
from datetime import date
from functools import partial
from multiprocessing import get_context
from pathlib import Path

import numpy as np
import pandas as pd
from scipy.stats import binom, chi2, t
from validation.estimators import ESTIMATORS, Estimate
from validation.worlds import WORKERS, make

FIRST = 30_000                  # seed; even ones hold the effects, odd ones none
WORLDS = 400
ROOT = Path(__file__).resolve().parents[2]
SHOWN = ROOT / "analysis" / "validation.csv"
KEPT = ROOT / "_build" / "validation"
ROLES = ("right", "twin", "naive")
# What was decided before any world was drawn.
ALL_TOGETHER = 0.05             # chance that any honest estimator fails a check by bad luck
HARMLESS = 0.25                 # bias in spreads of the estimate: a smaller one costs less than 1 % of coverage
PROMISED, LEAST = 0.95, 0.90    # coverage
ENOUGH = 200                    # worlds, from which LEAST is asked of the number seen itself
TOO_SURE = 0.9                  # mean standard error over spread, below which errors are too small


# -- worlds ----------------------------------------------------------------------------------------------------

def asked(seed: int) -> list[dict]:
    """What all estimators, twins and naive looks say of the world of a seed, beside what they aim at."""
    folder = Path(tempfile.mkdtemp())
    try:
        world = make(seed, planted=seed % 2 == 0, folder=folder / "world")
        rows = []
        for e in (e for e in ESTIMATORS if seed // 2 % e.every == 0):
            about = {"seed": seed, "planted": seed % 2 == 0, "name": e.name, "aim": e.aim(world)}
            for role, ask in zip(ROLES, (e.ask, e.twin, e.naive), strict=True):
                found = ask(world) if ask else Estimate()
                rows.append({**about, "role": role, **vars(found)})
        return rows
    finally:
        shutil.rmtree(folder)


def one(seed: int, folder: Path) -> None:
    """The rows of a seed, in a file that appears when it is complete."""
    file = folder / f"{seed}.json"
    if not file.is_file():
        draft = folder / f"{seed}.{os.getpid()}.part"
        draft.write_text(json.dumps(asked(seed), default=float), "utf-8")
        draft.replace(file)


def state() -> str:
    """A digest of what the results depend on: after a change nothing of an older run is taken over."""
    here = Path(__file__).parent
    sources = [here / "worlds.py", here / "estimators.py", *sorted((ROOT / "data_synthetic").glob("*.*")),
               *sorted(p for p in (ROOT / "analysis").rglob("*") if p.suffix in (".py", ".csv") and p != SHOWN)]
    sources.append(ROOT / "book" / "criteria.toml")
    return hashlib.sha256(b"".join(p.read_bytes() for p in sources)).hexdigest()[:12]


def run(worlds: int, folder: Path, processes: int = 2) -> pd.DataFrame:
    """One row for each world, estimator and role."""
    folder.mkdir(parents=True, exist_ok=True)
    seeds = range(FIRST, FIRST + worlds)
    with ProcessPoolExecutor(processes, mp_context=get_context("spawn")) as pool:
        for done, _none in enumerate(pool.map(partial(one, folder=folder), seeds), 1):
            if done % 20 == 0:
                print(f"{done} of {worlds} worlds", file=sys.stderr, flush=True)
    rows = [row for seed in seeds for row in json.loads((folder / f"{seed}.json").read_text("utf-8"))]
    return pd.DataFrame(rows)


# -- what they show --------------------------------------------------------------------------------------------

def statistics(rows: pd.DataFrame) -> pd.DataFrame:
    """One row for each estimator and role: bias, coverage, size, power, error over spread, and the checks it fails."""
    return pd.DataFrame([_with_comparison(rows, e.name, role) for e in ESTIMATORS for role in ROLES
                         if role != "naive" or e.naive])


def _with_comparison(rows: pd.DataFrame, name: str, role: str) -> dict:
    """`_judged`, and of a version that is wrong whether it lies further from the truth than the right one."""
    mine, right = (rows[(rows["name"] == name) & (rows["role"] == r)] for r in (role, "right"))
    found = _judged(name, role, mine)
    both = mine.merge(right, on="seed", suffixes=("", "_right"))
    further = ((both["value"] - both["aim"]).abs() - (both["value_right"] - both["aim"]).abs()).dropna()
    if role != "right" and len(further) > 2 and (
            further.mean() > _reach(len(further)) * further.std() / np.sqrt(len(further))):
        found["faults"] = f"{found['faults']} worse".strip()
    return found


def _judged(name: str, role: str, rows: pd.DataFrame) -> dict:
    rows = rows[rows["value"].notna() & rows["aim"].notna()].astype({"planted": bool})
    bounded = rows[rows["low"].notna() & rows["high"].notna()]
    inside = (bounded["low"] <= bounded["aim"]) & (bounded["aim"] <= bounded["high"])
    there = bounded["planted"] & (bounded["aim"] != 0)
    away = (bounded["low"] > 0) | (bounded["high"] < 0)
    found = {"name": name, "role": role, "worlds": len(rows), "aim": rows.loc[rows["planted"], "aim"].mean()}
    faults = []
    for half, some in (("planted", rows[rows["planted"]]), ("nothing", rows[~rows["planted"]])):
        error = some["value"] - some["aim"]
        spread, n = error.std(), len(some)
        found |= {f"bias_{half}": error.mean(), f"bias_error_{half}": spread / np.sqrt(n) if n else np.nan,
                  f"spread_{half}": spread}
        if n > 2 and abs(error.mean()) > max(_reach(n) * spread / np.sqrt(n), HARMLESS * spread):
            faults.append("bias")
    everywhere = pd.Series(True, bounded.index)
    for what, chosen, numerator in (("coverage", everywhere, inside), ("size", ~bounded["planted"], ~inside)):
        n, k = int(chosen.sum()), int(numerator[chosen].sum())
        found |= {what: k / n if n else np.nan, f"{what}_worlds": n}
        missed = n - k if what == "coverage" else k
        most = binom.ppf(1 - _alone(), n, 1 - PROMISED) if n else 0
        if n and (missed > most or (n >= ENOUGH and missed > (1 - LEAST) * n)):
            faults.append(what)
        found[f"{what}_limit"] = (n - most) / n if n and what == "coverage" else most / n if n else np.nan
    found["power"] = away[there].mean() if there.any() else np.nan
    error, se = bounded["value"] - bounded["aim"], (bounded["high"] - bounded["low"]) / (2 * 1.96)
    spread = np.sqrt(error.groupby(bounded["planted"]).var().mean()) if len(bounded) > 3 else np.nan
    found["ratio"] = se.mean() / spread
    if found["ratio"] < min(TOO_SURE, np.sqrt((len(bounded) - 1) / chi2.ppf(1 - _alone(), len(bounded) - 1))):
        faults.append("error")
    effect = rows.loc[rows["planted"] & (rows["aim"] != 0)]
    if len(effect) > 2:
        turned = np.sign(effect["aim"].mean()) * effect["value"]
        if turned.mean() < -_reach(len(effect)) * turned.std() / np.sqrt(len(effect)):
            faults.append("sign")
    return found | {"faults": " ".join(dict.fromkeys(faults))}


def _alone() -> float:
    """The chance left to one check, so that all of them together keep ALL_TOGETHER (Bonferroni)."""
    return ALL_TOGETHER / len(ESTIMATORS)


def _reach(n: int) -> float:
    """Monte-Carlo errors that the mean of n worlds may lie off by bad luck: never below 3."""
    return max(3.0, t.ppf(1 - _alone() / 2, n - 1))


# -- the file that the book shows ------------------------------------------------------------------------------

def write(table: pd.DataFrame, worlds: int, file: Path = SHOWN) -> None:
    """The statistics with what is known of each estimator, for the book."""
    about = pd.DataFrame([{"name": e.name, "truth": e.truth, "parameter": e.parameter, "mistake": e.mistake,
                           "known": " ".join(e.known.values())} for e in ESTIMATORS])
    head = (f"# Made by `make validate`: {worlds} worlds of {WORKERS:,} members, seeds {FIRST} to "
            f"{FIRST + worlds - 1}, every second one without any effect; {date.today().isoformat()}.\n")
    draft = file.with_suffix(".part")
    draft.write_text(head + about.merge(table, on="name").to_csv(index=False, float_format="%.5g"), "utf-8")
    draft.replace(file)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--worlds", type=int, default=WORLDS)
    parser.add_argument("--processes", type=int, default=2)
    chosen = parser.parse_args()
    table = statistics(run(chosen.worlds, KEPT / state(), chosen.processes))
    write(table, chosen.worlds)
    print(table[["name", "role", "worlds", "coverage", "size", "power", "ratio", "faults"]].to_string(index=False))


if __name__ == "__main__":
    main()
