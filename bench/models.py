"""What the estimators cost at the size of the real data: six million contracts.

    .venv/bin/python bench/models.py           the two-way pay model, 40 random draws; an event study; hazards

Contracts are drawn as arrays: about 58,000 workers, 37,000 clients and 315,000 matches, with known effects and sorting.
Printed: seconds and peak memory of each step, and the components against those of the effects that were drawn. Where
linearmodels is installed, its absorbing regression on the same rows is timed beside the residualisation. Then an
event study of 5,000 workers over 48 months, and 60,000 careers of two kinds with a trait that is known roughly.
"""

import importlib.util
import resource
import time
from dataclasses import replace

import numpy as np
import pandas as pd

from analysis import criteria
from analysis.models import eventstudy, leaveout, twoway
from analysis.models.hidden_kinds import hidden_kinds

CONTRACTS, WORKERS, CLIENTS, TIES = 6_000_000, 59_600, 39_500, 5.4
SEED, DRAWS, SLOPE = 7, 40, 0.02
CAREERS, EFFECT = 60_000, -1.2


def world():
    """Contracts: worker, client, log pay, two covariates; and the effects drawn for workers and for clients."""
    random = np.random.default_rng(SEED)
    psi = np.sort(random.normal(0, 0.21, CLIENTS))
    alpha = random.normal(0, 0.25, WORKERS)
    ties = np.maximum(random.poisson(TIES, WORKERS), 1)
    worker = np.repeat(np.arange(WORKERS), ties)
    # Sorting: the better paid draw from the upper end of the list of clients.
    place = np.clip(0.5 + 0.35 * alpha[worker] / 0.25 / 3 + random.normal(0, 0.28, len(worker)), 0, 1 - 1e-12)
    client = (place * CLIENTS).astype(np.int64)
    chance = random.exponential(1, len(worker))
    match = np.concatenate([np.arange(len(worker)), random.choice(
        len(worker), CONTRACTS - len(worker), p=chance / chance.sum())])
    worker, client = worker[match], client[match]
    years = random.uniform(0, 10, CONTRACTS)
    x = np.column_stack([years, random.integers(0, 2, CONTRACTS)])
    y = alpha[worker] + psi[client] + SLOPE * years + random.normal(0, 0.4, CONTRACTS)
    return worker, client, y, x, alpha, psi


def panel():
    """Workers × months, of whom most begin something in one of four months, and their beginning."""
    random = np.random.default_rng(SEED)
    start = random.choice([12, 20, 28, 36, eventstudy.NEVER], 5_000)
    y = random.normal(size=(5_000, 1)) + random.normal(0, 0.5, (5_000, 48)) + 0.5 * (np.arange(48) >= start[:, None])
    return y, start


def careers():
    """Months of careers that end faster for a tenth and for the low-paid; what is seen of pay, and its uncertainty."""
    random = np.random.default_rng(SEED)
    quick, pay = random.random(CAREERS) < 0.1, random.normal(0, 0.26, CAREERS)
    lasts = np.ceil(random.exponential(1 / (np.where(quick, 0.14, 0.01) * np.exp(EFFECT * pay)))).astype(int)
    clients = random.integers(1, 9, CAREERS)
    seen = pay + random.normal(0, 0.25, CAREERS) / np.sqrt(clients)
    trust = 0.26**2 / (0.26**2 + 0.25**2 / clients)
    x = pd.DataFrame({"pay": seen * trust, "trait": random.normal(0, 1, CAREERS)})
    return np.minimum(lasts, 240), lasts <= 240, x, 0.26 * np.sqrt(1 - trust)


def step(name, run):
    start = time.perf_counter()
    found = run()
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
    print(f"{name:42s}{time.perf_counter() - start:8.1f} s{memory:8.2f} GB peak", flush=True)
    return found


def main() -> None:
    worker, client, y, x, alpha, psi = step("drawing the contracts", world)
    setting = replace(criteria.parameters("wages.fit", twoway.Setting), draws=DRAWS)
    start = time.perf_counter()
    matches, match = step("matches", lambda: twoway.collapse(worker, client, y))
    adjusted, beta = step("residualisation", lambda: twoway.residualise(matches, match, y, x, setting))
    matches, match = step("matches of adjusted pay", lambda: twoway.collapse(worker, client, adjusted))
    kept = step("movers' core", lambda: leaveout.core(matches))
    inner = twoway.chosen(matches, kept)
    found = step(f"effects and correction, {DRAWS} draws", lambda: twoway.fit(inner, setting))
    print(f"{'all':42s}{time.perf_counter() - start:8.1f} s")
    print(f"{len(matches.y):,} matches; core {len(inner.y):,} matches, {inner.workers:,} workers, "
          f"{inner.clients:,} clients; slope {beta[0]:.5f} (true {SLOPE})")
    inside = kept[match]
    true = np.cov(alpha[worker[inside]], psi[client[inside]], ddof=0)
    for name, truth, plugin, corrected in (
        ("V worker", true[0, 0], found.plugin.worker, found.corrected.worker),
        ("V client", true[1, 1], found.plugin.client, found.corrected.client),
        ("covariance", true[0, 1], found.plugin.covariance, found.corrected.covariance),
    ):
        print(f"{name:12s}true {truth:.5f}   plug-in {plugin:.5f}   leave-out {corrected:.5f}")
    if importlib.util.find_spec("linearmodels"):
        from linearmodels.iv.absorbing import AbsorbingLS

        absorb = pd.DataFrame({"worker": pd.Categorical(worker), "client": pd.Categorical(client)})
        step("linearmodels, AbsorbingLS", lambda: AbsorbingLS(y, x, absorb=absorb).fit())
    y, start = panel()
    eventstudy.group_time(y[:50], start[:50])         # the library is loaded
    step("event study, 5,000 × 48", lambda: eventstudy.dynamic(eventstudy.group_time(y, start), (-24, 24)))
    exit, event, x, doubt = careers()
    none, unit = np.zeros(CAREERS), np.arange(CAREERS)
    found = step("hidden kinds, 60,000 careers", lambda: hidden_kinds(
        exit, event, x, [0, 1, 12, 60], none, unit, 3, none, "pay", doubt))
    print(f"pay {found.estimates['coefficient'].iloc[0]:.3f} ± {found.estimates['se'].iloc[0]:.3f} (true {EFFECT})")


if __name__ == "__main__":
    main()
