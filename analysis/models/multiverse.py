"""The multiverse: one quantity estimated in every defensible way, and what all of them say together (methods 8.3).

An estimate is Σ num ÷ Σ den over the rows that its options admit, or the difference of two such ratios. Rows of one
worker that all options treat alike are added up first, so that a specification is a product of a sparse matrix
(workers × kinds of row) and a column of zeros and ones. Its error is clustered by worker: what worker i moves is
ψᵢ = (Nᵢ − R·Dᵢ) ÷ D, and the variance is G ÷ (G − 1) · Σ ψᵢ² over the G workers that are behind it.

Source: Steegen, Tuerlinckx, Gelman & Vanpaemel 2016; Simonsohn, Simmons & Nelson 2020; Young & Holsteen 2017.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import product

import numpy as np
import pandas as pd
from scipy import sparse
from scipy.stats import norm

from analysis.errors import StudyError

LEVEL = 0.95
MOST = 5_000        # specifications; of more, a sample is run
DRAWS, SEED = 500, 2026
STATISTICS = ("median", "side", "significant")
AT_ONCE = 64        # specifications whose workers are in memory together
BITS = 62           # options that a row's kind can tell apart
UNMOVED = 3         # ÷ workers: how far off a share can be that nobody contradicts (the rule of three)
STILL = 1e-12       # a standard error that is none but for rounding


@dataclass(frozen=True, eq=False)
class Universe:
    """Rows (worker-years) and all ways to choose among them.

    `worker`: the worker of each row. `values`: for each combination of options of the nodes `bases`, the numerator and
    the denominator of each row, 0 and 0 where a basis does not know it. `masks`: node → option → the rows that the
    option admits. With `later`, an estimate is the ratio of these rows less that of the others.
    """

    worker: np.ndarray
    values: dict[tuple[str, ...], tuple[np.ndarray, np.ndarray]]
    masks: dict[str, dict[str, np.ndarray]]
    bases: tuple[str, ...] = ("basis",)
    later: np.ndarray | None = None

    @property
    def nodes(self) -> dict[str, list[str]]:
        """Every node with its options, those of the values first."""
        choices = {node: list(dict.fromkeys(key[n] for key in self.values)) for n, node in enumerate(self.bases)}
        return choices | {node: list(options) for node, options in self.masks.items()}

    @cached_property
    def cells(self) -> "_Cells":
        return _collapse(self)


@dataclass(frozen=True, eq=False)
class _Cells:
    """Rows added up by worker and kind: `kinds` says which options admit a kind; sums are workers × kinds, sparse."""

    kinds: dict[tuple[str, str], np.ndarray]
    later: np.ndarray | None
    sums: dict[tuple[str, ...], tuple[sparse.csr_array, sparse.csr_array]]


def _collapse(u: Universe) -> _Cells:
    options = [(node, option) for node, chosen in u.masks.items() for option in chosen]
    columns = [u.masks[node][option] for node, option in options] + ([] if u.later is None else [u.later])
    if len(columns) > BITS:
        raise StudyError(f"A multiverse may have {BITS} options that choose rows, not {len(columns)}.")
    code = np.zeros(len(u.worker), dtype=np.int64)
    for n, admitted in enumerate(columns):
        code |= np.asarray(admitted, dtype=np.int64) << n
    found, kind = np.unique(code, return_inverse=True)
    workers, worker = np.unique(u.worker, return_inverse=True)
    bits = [(found >> n & 1).astype(bool) for n in range(len(columns))]

    def sums(x):
        return sparse.coo_array((np.asarray(x, float), (worker, kind)), shape=(len(workers), len(found))).tocsr()

    return _Cells(dict(zip(options, bits, strict=False)), None if u.later is None else bits[-1],
                  {key: (sums(num), sums(den)) for key, (num, den) in u.values.items()})


def specifications(nodes: dict[str, list[str]], valid: Callable[[dict], bool] = lambda choice: True, most: int = MOST,
                   seed: int = SEED) -> pd.DataFrame:
    """One row per combination of options that `valid` accepts, one column per node.

    Of more than `most`, a stratified sample: the ordered list is cut into `most` equal parts, and one is drawn of each.
    Source: Del Giudice & Gangestad 2021 on combinations that are no alternatives.
    """
    choices = [dict(zip(nodes, options, strict=True)) for options in product(*nodes.values())]
    frame = pd.DataFrame([c for c in choices if valid(c)], columns=list(nodes))
    if len(frame) <= most:
        return frame
    edges = np.linspace(0, len(frame), most + 1)
    drawn = np.random.default_rng(seed).uniform(edges[:-1], edges[1:]).astype(int)
    return frame.iloc[drawn].reset_index(drop=True)


def estimates(universe: Universe, specs: pd.DataFrame | None = None) -> pd.DataFrame:
    """Every specification of `specs` (all combinations where it is not given) with what it finds.

    Columns: the nodes; estimate, se, low, high (95 %), workers behind it (of a difference, behind the side with fewer);
    nan where it has no row; where nobody differs from the others, the interval reaches 3 ÷ workers. Unit: that of the
    ratio. Reading: specifications share their data, and are no independent evidence.
    """
    specs = specifications(universe.nodes) if specs is None else specs
    found = np.full((len(specs), 3), np.nan)
    for rows, value, influence, known, people in _blocks(universe, specs):
        found[rows] = np.column_stack([value, _error(influence, known), people])
    se, people = found[:, 1], found[:, 2]
    reach = norm.ppf((1 + LEVEL) / 2) * se
    unmoved = se < STILL
    reach[unmoved] = UNMOVED / people[unmoved]
    return specs.assign(estimate=found[:, 0], se=se, low=found[:, 0] - reach, high=found[:, 0] + reach,
                        workers=people.astype(int))


def _blocks(universe: Universe, specs: pd.DataFrame) -> Iterator[tuple]:
    """AT_ONCE specifications after the other: rows in `specs`, estimates, workers' influence, who is in, how many.

    Of a difference, the number is that of the side with fewer.
    """
    cells, bases = universe.cells, list(universe.bases)
    places = specs.reset_index(drop=True).groupby(bases, sort=False).indices
    for key, rows in places.items():
        num, den = cells.sums[key if isinstance(key, tuple) else (key,)]
        for part in np.split(rows, range(AT_ONCE, len(rows), AT_ONCE)):
            chosen = specs.iloc[part]
            admitted = np.ones((num.shape[1], len(part)), dtype=bool)
            for node in universe.masks:
                admitted &= np.column_stack([cells.kinds[node, option] for option in chosen[node]])
            value, influence, known = _ratio(num, den, admitted if cells.later is None else
                                             admitted & cells.later[:, None])
            people = known.sum(axis=0)
            if cells.later is not None:
                before, moved, seen = _ratio(num, den, admitted & ~cells.later[:, None])
                people = np.minimum(people, seen.sum(axis=0))
                value, influence, known = value - before, influence - moved, known | seen
            yield part, value, influence, known, people


def _ratio(num, den, admitted):
    """Σ num ÷ Σ den of each column of `admitted`, what each worker moves it by, and who is in it."""
    above, below = num @ admitted.astype(float), den @ admitted.astype(float)
    total = below.sum(axis=0)
    with np.errstate(invalid="ignore", divide="ignore"):
        value = above.sum(axis=0) / total
        return value, (above - value * below) / total, below != 0


def _error(influence, known):
    groups = known.sum(axis=0)
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.sqrt(groups / (groups - 1) * (influence**2).sum(axis=0))


def joint(universe: Universe, specs: pd.DataFrame | None = None, benchmark: float = 0.0, expected: int = 0,
          draws: int = DRAWS, seed: int = SEED) -> pd.DataFrame:
    """Whether all specifications together could look like this if none differed from `benchmark`.

    In each draw every worker's influence keeps or changes its sign at random, in all specifications and on both sides
    of a difference at once: a wild cluster bootstrap under the null, which keeps the specifications as alike as they
    are. Compared are the `median` difference from the benchmark, the share of specifications on the `expected` `side`
    (1 above, −1 below, 0 whichever holds more, in every draw anew), and the share that is `significant`: whose 95 %
    interval lies wholly there. Columns: statistic; observed; null, its mean over the draws; p = (1 + draws at least as
    large) ÷ (1 + draws). The median counts as positive on the expected side. Pitfall: who a worker is varies, not what
    befell all of them in a year; a shock to everybody is no chance here. Source: Simonsohn, Simmons & Nelson 2020.
    """
    specs = specifications(universe.nodes) if specs is None else specs
    differences, errors = np.full((draws + 1, len(specs)), np.nan), np.full(len(specs), np.nan)
    signs = None
    for rows, value, influence, known, _people in _blocks(universe, specs):
        signs = _signs(len(influence), draws, seed) if signs is None else signs
        differences[0, rows], errors[rows] = value - benchmark, _error(influence, known)
        for first in range(0, draws, AT_ONCE):
            some = signs[first:first + AT_ONCE]
            differences[1 + first:1 + first + len(some), rows] = some.astype(float) @ influence
    enough = np.isfinite(differences[0]) & (errors > STILL)
    if not enough.any():
        return pd.DataFrame(columns=["statistic", "observed", "null", "p"])
    reach = norm.ppf((1 + LEVEL) / 2) * errors[enough]
    sides = [_statistics(sign * differences[:, enough], reach) for sign in ((expected,) if expected else (1, -1))]
    found = np.maximum.reduce(sides)
    return pd.DataFrame({"statistic": STATISTICS, "observed": found[:, 0], "null": found[:, 1:].mean(axis=1),
                         "p": (1 + (found[:, 1:] >= found[:, :1]).sum(axis=1)) / (1 + draws)})


def _statistics(differences, reach) -> np.ndarray:
    """The three STATISTICS of differences (draws × specifications), upwards."""
    return np.array([np.median(differences, axis=1), (differences > 0).mean(axis=1),
                     (differences > reach).mean(axis=1)])


def _signs(workers: int, draws: int, seed: int) -> np.ndarray:
    """+1 or −1 for each draw and worker."""
    return 2 * np.random.default_rng(seed).integers(0, 2, (draws, workers), dtype=np.int8) - 1


def influence(found: pd.DataFrame, nodes) -> pd.DataFrame:
    """How much each node moves the estimates.

    Columns: node; `range`, the highest mean of an option less the lowest; `share`, the variance of the options' means
    ÷ that of all estimates (main effect, 0–1); `lowest` and `highest`, the options with these means. Where every
    combination is there, the shares add up to at most 1; what lacks is due to options together.
    """
    known = found.dropna(subset=["estimate"])
    rows = []
    for node in nodes:
        means = known.groupby(node, sort=False)["estimate"].mean()
        spread = ((known[node].map(means) - known["estimate"].mean()) ** 2).mean()
        total = known["estimate"].var(ddof=0)
        rows.append({"node": node, "range": means.max() - means.min(), "share": spread / total if total > 0 else 0.0,
                     "lowest": means.idxmin(), "highest": means.idxmax()})
    return pd.DataFrame(rows)
