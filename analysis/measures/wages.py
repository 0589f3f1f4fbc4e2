"""Autonomy: who sets the pay of a day, worker or client? The two-way model of pay (methods 3.3).

Pay of contracts that clients buy is the sum of what a worker is paid wherever he works, of what a client pays whoever
works, and of a rest. Outcomes: `invoice`, the price per declared day that the client is billed, excluding VAT, and
`pay`, the gross pay per declared day; both in logarithms, at prices of the last year (health index). In Smart the
worker turns a budget into pay, so that `pay` mixes the bargain with the worker's own choices; `invoice` is the bargain.

Contracts leave the engine in memory as numbers alone; no effect of a worker or a client leaves this module.
"""

from dataclasses import dataclass
from functools import lru_cache
from operator import itemgetter

import ibis
import pandas as pd
from ibis import _

from analysis import criteria
from analysis.guard import K_WORKERS
from analysis.measures.answer import Answer
from analysis.models import Z95
from analysis.panels import Panels, days_between

OUTCOMES = ("invoice", "pay")
YEAR = 365.25
KEPT = ("worker_id", "client_id", "day", "gross_cents")
MOVERS, STAYERS, STRICT = SAMPLES = ("movers", "with stayers", "leave-one-out set")
TRAITS = ("legal_form", "size", "sector")
NOT_KNOWN, RARE = "not recorded", "other levels"


@dataclass(frozen=True)
class Registered:
    """What was fixed before any data were seen: [wages] of book/criteria.toml says what each is."""

    span: int
    lengths: tuple[int, ...]
    least_clients: int
    least_free: int
    dominance: float
    quarters: int
    near: float


REGISTERED = criteria.parameters("wages", Registered)


@dataclass(frozen=True)
class _Model:
    """Contracts as arrays, and the fit of those that can be corrected; never leaves this module."""

    rows: dict
    adjusted: object            # outcome less what contract and time explain
    match: object               # of each contract
    kept: object                # whether a match is in the fit
    fit: object


@lru_cache
def _setting():
    """How the correction for noise is computed: [wages.fit] of the criteria."""
    from analysis.models import twoway

    return criteria.parameters("wages.fit", twoway.Setting)


def _outcomes(panels: Panels) -> tuple[str, ...]:
    return OUTCOMES if panels.dataset.has("contracts.price_cents") else ("pay",)


def _contracts(panels: Panels, outcome: str, first: int, last: int) -> dict:
    """Contracts that clients buy, as arrays in the order of their numbers: who, for whom, when, how, and `y`.

    The same contracts give the same arrays on every engine, to the last digit.
    """
    import numpy as np

    c = panels.started.filter(_.client_id.notnull() & (_.gross_cents > 0) & (_.days > 0))
    c = c.filter(c.price_cents > 0) if outcome == "invoice" else c
    c = c.mutate(day=days_between(ibis.date(1990, 1, 1), _.start_on))
    c = c.mutate(since=_.day - _.day.min().over(ibis.window(group_by="worker_id")))
    c = panels.real(c.filter(_.year.between(first, last)))
    paid = c.price_cents * (c.real_cents / c.gross_cents) if outcome == "invoice" else c.real_cents
    has = panels.dataset.has
    c = c.select(
        "contract_id", "worker_id", "client_id", "year", "month", "since", "days", "day", "gross_cents", paid=paid,
        lump=((c.pay_basis == "lump_sum").fill_null(False).cast("int64") if has("contracts.pay_basis")
              else ibis.literal(0, "int64")),
        artistic=(c.artistic.fill_null(False).cast("int64") if has("contracts.artistic") else ibis.literal(0, "int64")),
        committee=(c.joint_committee.fill_null("") if has("contracts.joint_committee") else ibis.literal("")))
    table = c.order_by("contract_id").to_pyarrow()
    found = {n: table[n].to_numpy() for n in table.column_names if n != "committee"}
    # Logarithms here and not in the engine, whose last digit is its own.
    found["y"] = np.log(found.pop("paid") / 100 / found["days"])
    names = sorted(set(table["committee"].unique().to_pylist()))
    place = {name: k for k, name in enumerate(names)}
    coded = table["committee"].combine_chunks().dictionary_encode()
    codes = np.array([place[name] for name in coded.dictionary.to_pylist()] or [0], dtype=np.int64)
    found["committee"] = codes[coded.indices.to_numpy()] if len(table) else np.zeros(0, np.int64)
    return found


def _covariates(rows: dict):
    """What contract and time explain, as a sparse matrix and a basis of what can be told apart.

    Calendar month of the year, year, length class, lump sum, joint committee, artistic work by year, and years since
    the first contract. Growth with the calendar and with experience cannot be told apart within a worker: years are
    kept free of a linear trend, so that it is all read as experience.
    """
    import numpy as np
    from scipy import sparse
    from scipy.linalg import block_diag

    size = len(rows["y"])
    years = np.arange(rows["year"].min(), rows["year"].max() + 1)
    year = (rows["year"] - years[0]).astype(np.int64)
    parts, basis = [], []

    def dummies(codes, number, which=None, free=None):
        at = np.arange(size) if which is None else np.flatnonzero(which)
        parts.append(sparse.csr_array((np.ones(len(at)), (at, codes[at])), (size, number)))
        basis.append(np.eye(number)[:, 1:] if free is None else free)

    trend = np.column_stack([np.ones(len(years)), years - years.mean()])
    q = np.linalg.qr(np.column_stack([trend, np.eye(len(years))]))[0]
    dummies(year, len(years), free=q[:, 2:] if len(years) > 2 else np.zeros((len(years), 0)))
    dummies((rows["month"] % 12).astype(np.int64), 12)
    dummies(np.searchsorted(REGISTERED.lengths, rows["days"]), len(REGISTERED.lengths) + 1)
    dummies(rows["lump"].astype(np.int64), 2)
    dummies(rows["committee"], int(rows["committee"].max()) + 1)
    dummies(year, len(years), rows["artistic"] == 1, np.eye(len(years)))
    parts.append(sparse.csr_array(rows["since"][:, None] / YEAR))
    basis.append(np.ones((1, 1)))
    return sparse.hstack(parts, format="csr"), block_diag(*basis)


@lru_cache(maxsize=2)
def _adjusted(panels: Panels, outcome: str, first: int, last: int):
    """Contracts that start in the years `first` … `last`, their adjusted outcome, and their matches.

    Without contracts there is nothing to adjust, and there are no matches.
    """
    from analysis.models import twoway

    rows = _contracts(panels, outcome, first, last)
    y = rows["y"]
    if len(y):
        matches, match = twoway.collapse(rows["worker_id"], rows["client_id"], y)
        x, basis = _covariates(rows)
        y, _beta = twoway.residualise(matches, match, y, x, _setting(), basis)
    return {n: rows[n] for n in KEPT}, y, *twoway.collapse(rows["worker_id"], rows["client_id"], y)


@lru_cache(maxsize=6)
def _model(panels: Panels, outcome: str, first: int, last: int, sample: str = MOVERS) -> _Model | None:
    """The model on contracts that start in the years `first` … `last`; None where too few are left to fit it."""
    import numpy as np

    from analysis.models import leaveout, twoway

    rows, adjusted, matches, match = _adjusted(panels, outcome, first, last)
    samples = {MOVERS: leaveout.core, STAYERS: leaveout.with_stayers, STRICT: leaveout.leave_one_out_set}
    kept = samples[sample](matches)
    inner = twoway.chosen(matches, kept)
    spare = len(inner.y) - (inner.workers + inner.clients - 1)
    if inner.workers < K_WORKERS or inner.clients < REGISTERED.least_clients or spare < REGISTERED.least_free:
        return None
    if sample != MOVERS:
        apart = np.setxor1d(matches.worker[kept], matches.worker[leaveout.core(matches)])
        if len(apart) < K_WORKERS:                              # beside the movers they could be worked out
            return None
    return _Model(rows, adjusted, match, kept, twoway.fit(inner, _setting()))


def _models(panels: Panels, first: int | None = None, last: int | None = None, sample: str = MOVERS):
    """(outcome, model) for each outcome that can be fitted."""
    first, last = first or panels.scope.first_year, last or panels.scope.last_year
    for outcome in _outcomes(panels):
        model = _model(panels, outcome, first, last, sample)
        if model is not None:
            yield outcome, model


def _table(rows: list, columns) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=list(columns))


def _shares(c) -> dict[str, float]:
    found = {"worker_share": c.worker / c.total, "client_share": c.client / c.total,
             "sorting_share": 2 * c.covariance / c.total, "correlation": c.correlation}
    return found | {"rest_share": 1 - sum(found[n] for n in ("worker_share", "client_share", "sorting_share"))}


def components(panels: Panels) -> Answer:
    """Which part of the variance of pay per day goes with the worker, with the client, and with who works for whom.

    Shares of Var(y) by contracts on the movers' core: V_α (`worker_share`), V_ψ (`client_share`), 2 Cov(α, ψ)
    (`sorting_share`) and `rest_share`; `correlation` of α and ψ; `worker_sd`, `client_sd` in log points (0.15 is about
    15 %). Estimate `plug-in` takes estimated effects for effects; `leave-out` corrects their noise (KSS); `leave-out,
    with stayers` and `leave-out, leave-one-out set` do so on the other samples of `core_sample`. `worker_low` …
    `client_high`: intervals of 95 % of the standard deviations, V ± 1.96 × the root mean square deviation of V in
    random halves of the workers (leave-out alone; an error by theory is not known for weakly tied graphs).
    Shape: outcome × estimate. Reading: the client's part is the difference of pay that the same worker gets from one
    client and from another, consistent with price-taking; the worker's part goes with the worker to every client.
    Pitfalls: only workers and clients tied by a cycle of matches are seen; who works for whom is taken as given; errors
    of a stayer's contracts that go together count as a part of the worker.
    Source: Abowd, Kramarz & Margolis 1999; Kline, Saggio & Sølvsten 2020; noise of few moves, Andrews et al. 2008.
    """
    import numpy as np

    from analysis.models import twoway

    rows = []
    for outcome, model in _models(panels):
        f = model.fit
        halves = twoway.half_samples(f.matches, _setting())[:, :2]
        halves = halves[~np.isnan(halves).any(axis=1)] - (f.corrected.worker, f.corrected.client)
        width = Z95 * np.sqrt((halves ** 2).mean(axis=0)) if len(halves) else np.full(2, np.nan)
        rows.append(_parts(outcome, "plug-in", f.matches, f.plugin))
        rows.append(_parts(outcome, "leave-out", f.matches, f.corrected, *width))
    for sample in (STAYERS, STRICT):
        for outcome, model in _models(panels, sample=sample):
            rows.append(_parts(outcome, f"leave-out, {sample}", model.fit.matches, model.fit.corrected))
    rows.sort(key=itemgetter("outcome"))
    return Answer(_table(rows, ("outcome", "estimate", "workers", "clients", "worker_share", "client_share",
                                "sorting_share", "rest_share", "correlation", "worker_sd", "client_sd", "worker_low",
                                "worker_high", "client_low", "client_high")), ("outcome", "estimate"))


def _parts(outcome: str, estimate: str, matches, c, of_worker: float = float("nan"), of_client: float = float("nan")):
    """A row of `components`: `c`, and the half widths of the intervals of both variances where they are known."""
    return {"outcome": outcome, "estimate": estimate, "workers": matches.workers, "clients": matches.clients,
            **_shares(c), "worker_sd": _root(c.worker), "client_sd": _root(c.client),
            "worker_low": _root(c.worker - of_worker), "worker_high": _root(c.worker + of_worker),
            "client_low": _root(c.client - of_client), "client_high": _root(c.client + of_client)}


def _root(variance: float) -> float:
    """Standard deviation; 0 where an unbiased estimate of a variance falls below zero."""
    return float(max(variance, 0.0) ** 0.5) if variance == variance else float("nan")


def components_by_years(panels: Panels, span: int = REGISTERED.span) -> Answer:
    """The same for one block of `span` years after the other, each fitted by itself.

    Shape: outcome × first year of the block; shares and correlation are corrected (KSS), `plugin_client_share` and
    `plugin_correlation` are not. Blocks without a core of 10 workers, 20 clients and 30 matches more than effects are
    absent. Pitfall: a short block has fewer ties, a smaller core, and other people in it.
    """
    first, last = panels.scope.first_year, panels.scope.last_year
    rows = []
    for year in range(first, last + 1, span):
        for outcome, model in _models(panels, year, min(year + span - 1, last)):
            f = model.fit
            rows.append({"outcome": outcome, "year": year, "workers": f.matches.workers, "clients": f.matches.clients,
                         **_shares(f.corrected), "plugin_client_share": f.plugin.client / f.plugin.total,
                         "plugin_correlation": f.plugin.correlation})
    return Answer(_table(rows, ("outcome", "year", "workers", "clients", "worker_share", "client_share",
                                "sorting_share", "rest_share", "correlation", "plugin_client_share",
                                "plugin_correlation")), ("outcome", "year"))


def core_sample(panels: Panels) -> Answer:
    """Who is left in the samples on which the model can be corrected.

    Shares, 0–1, of the workers, clients, matches and contracts that clients buy, and of their gross pay, that are in
    the sample. Shape: outcome × sample: `movers`, the core, in which any match can be left out; `with stayers`, also
    other workers with several contracts at a client of the core; `leave-one-out set`, in which any worker can be left
    out, stayers included. A sample is absent where too little is left of it, or where fewer than 10 workers make the
    difference from movers. Reading: who has only one client says nothing about whether worker or client sets the pay.
    """
    import numpy as np

    rows = []
    for sample in SAMPLES:
        for outcome, model in _models(panels, sample=sample):
            inside, r, m = model.kept[model.match], model.rows, model.fit.matches
            gross = r["gross_cents"].astype(np.int64)
            rows.append({"outcome": outcome, "sample": sample, "workers": m.workers, "clients": m.clients,
                         "worker_share": m.workers / len(np.unique(r["worker_id"])),
                         "client_share": m.clients / len(np.unique(r["client_id"])),
                         "match_share": model.kept.mean(), "contract_share": inside.mean(),
                         "pay_share": gross[inside].sum() / gross.sum()})
    rows.sort(key=itemgetter("outcome"))
    return Answer(_table(rows, ("outcome", "sample", "workers", "clients", "worker_share", "client_share",
                                "match_share", "contract_share", "pay_share")), ("outcome", "sample"))


def _levels(panels: Panels, ids) -> dict:
    """For each recorded trait of clients, its level for each of `ids`; levels of fewer than 10 clients are together."""
    panels.dataset.need(f"clients.{TRAITS[0]}")
    known = [t for t in TRAITS if panels.dataset.has(f"clients.{t}")]
    table = panels.dataset.table("clients").select("client_id", *known).to_pandas().set_index("client_id").loc[ids]
    found = {}
    for trait in known:
        level = table[trait].fillna(NOT_KNOWN)
        found[trait] = level.where(level.map(level.value_counts()) >= K_WORKERS, RARE).to_numpy(dtype=object)
    return found


def client_premia(panels: Panels, weight: str = "contracts") -> Answer:
    """What clients of a kind pay above those of the most frequent kind, to the same worker.

    Projection of client effects on legal form, size and sector together: θ̂ = (Z'NZ)⁻¹ Z'N ψ̂, with N the contracts of
    each client, or 1 for each with `weight` = "clients". Unit: log points (−0.12 is about 11 % less). `low`, `high`:
    95 % for these very clients, from the noise of pay alone, Var = Σ L²σ̂²; `low_sampled`, `high_sampled`: for any
    clients of the kind; `naive_error` is what a regression that takes estimates for effects would give. Shape:
    outcome × trait × level, the reference at 0; the units that the guard counts are the clients. A level of the same
    clients as one before it is absent. Rows of a level, or with a reference, of which one client has more than half of
    the contracts, or for which fewer than 10 workers work, are empty. Pitfalls: kinds of clients differ in more than
    these three traits; a premium is a difference of pay, not of a worker's gain from the tie. Source: Kline, Saggio &
    Sølvsten 2020.
    """
    import numpy as np

    from analysis.models import twoway

    rows = []
    for outcome, model in _models(panels):
        f = model.fit
        contracts = np.bincount(f.matches.client, f.matches.n)
        traits, told = _design(_levels(panels, _core_clients(model)))
        p = twoway.project(f, traits, _setting(), contracts if weight == "contracts" else np.ones(f.matches.clients))
        for trait, level, these, reference, column in told:
            if all(_many(f.matches, contracts, clients) for clients in (these, reference)):
                premium, error, sampled, naive = (
                    float(v[column]) for v in (p.coefficient, p.error, p.error_sampled, p.naive)
                ) if column else (0.0,) * 4
            else:
                premium = error = sampled = naive = np.nan
            rows.append((outcome, trait, level, int(these.sum()), premium, premium - Z95 * error,
                         premium + Z95 * error, premium - Z95 * sampled, premium + Z95 * sampled,
                         naive))
    return Answer(_table(rows, ("outcome", "trait", "level", "clients", "premium", "low", "high", "low_sampled",
                                "high_sampled", "naive_error")), ("outcome", "trait", "level"), count="clients")


def _many(matches, contracts, clients) -> bool:
    """Whether at least 10 workers work for these clients, of whom none has more than half of the contracts."""
    import numpy as np

    workers = len(np.unique(matches.worker[clients[matches.client]]))
    return workers >= K_WORKERS and contracts[clients].max() <= REGISTERED.dominance * contracts[clients].sum()


def _core_clients(model: _Model):
    """The identifiers of the clients of the core, in the order of their effects."""
    import numpy as np

    return np.unique(model.rows["client_id"][model.kept[model.match]])


def _design(levels: dict):
    """Columns for `project`, and for each level of a trait (trait, level, its clients, those of the reference, column).

    The reference of a trait, its most frequent level, has column 0, the column of ones.
    """
    import numpy as np

    size = len(next(iter(levels.values())))
    columns, told = [np.ones(size)], []
    for trait, of in levels.items():
        names = pd.Series(of).value_counts().sort_index().sort_values(ascending=False, kind="stable").index
        reference = of == names[0]
        told.append((trait, names[0], reference, reference, 0))
        for name in names[1:]:
            these = of == name
            if np.linalg.matrix_rank(np.column_stack([*columns, these])) > len(columns):
                told.append((trait, name, these, reference, len(columns)))
                columns.append(these.astype(float))
    return np.column_stack(columns), told


def pay_around_switches(panels: Panels) -> Answer:
    """What happens to pay when a worker goes from one client to another: two contracts before, two after.

    Clients are put into four classes of equal numbers of contracts by their estimated premium, 1 the lowest. Values, in
    log points against the last contract before the switch: mean at −2 (`before`), +1 (`after`) and +2 (`later`), and
    `mirror`, the change less the loss of the opposite move with its sign turned, near 0 under the model. Shape: outcome
    × from × to. Classes of a path with fewer than 20 clients are empty. Reading: pay that rises by as much on the way
    up as it falls on the way down, and does not move before, is consistent with a part of pay that belongs to the
    client. Pitfall: classes are made from the same pay, which pulls the outer ones apart. Source: Card, Heining & Kline
    2013.
    """
    import numpy as np

    from analysis.models import twoway

    columns = ("outcome", "from", "to", "workers", "before", "after", "later", "mirror")
    rows = []
    for outcome, model in _models(panels):
        m, r = model.fit.matches, model.rows
        inside = model.kept[model.match]
        client = np.unique(r["client_id"][inside], return_inverse=True)[1]
        quartile = twoway.classes(model.fit.psi, np.bincount(m.client, m.n), REGISTERED.quarters) + 1
        s = twoway.switches(r["worker_id"][inside], client, model.adjusted[inside], r["day"][inside], quartile)
        change = {}
        for a in range(1, REGISTERED.quarters + 1):
            for b in range(1, REGISTERED.quarters + 1):
                these = (s["from"] == a) & (s["to"] == b)
                y = s["y"][these] - s["y"][these][:, 1:2]
                change[a, b] = len(np.unique(s["worker"][these])), *(
                    _mean(y[:, k], *(s[n][these] for n in ("worker", "from_client", "to_client"))) for k in (0, 2, 3))
        rows += [(outcome, a, b, *found, found[2] + change[b, a][2] if a != b else np.nan)
                 for (a, b), found in change.items() if found[0]]
    return Answer(_table(rows, columns), ("outcome", "from", "to"))


def _mean(y, worker, before, after):
    """The mean of what is known of y; nan where fewer than 10 workers or 20 clients on either side stand behind it."""
    import numpy as np

    known = ~np.isnan(y)
    people, clients = len(np.unique(worker[known])), min(len(np.unique(c[known])) for c in (before, after))
    enough = people >= K_WORKERS and clients >= REGISTERED.least_clients
    return float(y[known].mean()) if enough else np.nan


def fit_checks(panels: Panels) -> Answer:
    """How well worker plus client describe pay.

    `additive`: adjusted R² of the two effects; `matches`: the same with an effect of its own for every pair; `gain`,
    their difference. `largest`: the largest mean residual (without sign) of a cell of the grid of ten classes of worker
    effects by ten of client effects, among the `cells` with at least 20 workers and 20 clients, and `near`, the share
    of these below 0.02. Shape: outcome. Reading: a small gain and small means are consistent with a premium that a
    client pays to all alike.
    """
    import numpy as np

    from analysis.models import twoway

    rows = []
    for outcome, model in _models(panels):
        r2, grid = twoway.explained(model.fit), twoway.residual_grid(model.fit)
        shown = np.abs(grid[~np.isnan(grid)])
        rows.append((outcome, model.fit.matches.workers, r2["additive"], r2["matches"], r2["matches"] - r2["additive"],
                     len(shown), shown.max() if len(shown) else np.nan,
                     (shown < REGISTERED.near).mean() if len(shown) else np.nan))
    return Answer(_table(rows, ("outcome", "workers", "additive", "matches", "gain", "cells", "largest", "near")),
                  ("outcome",))
