"""Pay effects of workers and of clients: the two-way model of Abowd, Kramarz and Margolis (1999), with the leave-out
correction of Kline, Saggio and Sølvsten (2020).

y_k = α_i(k) + ψ_j(k) + x_k'β + ε_k for contract k of worker i with client j. Contracts are collapsed to matches (pairs
of worker and client), weighted by their number. Estimated effects are noisy, so that the variance of estimates is
larger than the variance of effects, and the noise of α and ψ, which share the same pay, runs against each other: the
plug-in makes V_α and V_ψ too large and their covariance too small. The correction subtracts an unbiased estimate of
this bias, match by match; it needs matches whose omission leaves the graph connected, the movers' core, or workers of a
single client with several contracts (see `leaveout`).

No effect of a worker or a client may leave a measure: what is made of them are components, projections and means of
many.
"""

from dataclasses import dataclass, replace

import numpy as np
from scipy import sparse
from scipy.linalg import cho_factor, cho_solve

from analysis.models.leaveout import core


@dataclass(frozen=True)
class Setting:
    """The choices: random draws of the approximate leverages, up to how many clients and matches they are exact, random
    halves of the workers and the draws in each; then how the equations are solved, on which nothing depends."""

    draws: int
    exact_clients: int
    exact_matches: int
    half_samples: int
    half_draws: int
    seed: int
    block: int = 20                 # right-hand sides solved at once
    tolerance: float = 1e-9         # of a residual, relative to its right-hand side
    iterations: int = 2_000


@dataclass(frozen=True)
class Matches:
    """Pairs of worker and client, numbered from 0: mean outcome `y`, contracts `n`, sum of squares `within`."""

    worker: np.ndarray
    client: np.ndarray
    y: np.ndarray
    n: np.ndarray
    within: np.ndarray

    @property
    def workers(self) -> int:
        return int(self.worker.max()) + 1 if len(self.worker) else 0

    @property
    def clients(self) -> int:
        return int(self.client.max()) + 1 if len(self.client) else 0

    @property
    def stays(self) -> np.ndarray:
        """Which matches are those of stayers, workers of one client."""
        return np.bincount(self.worker)[self.worker] == 1


@dataclass(frozen=True)
class Components:
    """Variances (by contracts, divisor N) of worker and client effects, their covariance, and the variance of pay."""

    worker: float
    client: float
    covariance: float
    total: float

    @property
    def correlation(self) -> float:
        """Of worker and client effects; nan where a variance is not above zero."""
        product = self.worker * self.client
        return self.covariance / product ** 0.5 if self.worker > 0 and self.client > 0 else np.nan


@dataclass(frozen=True)
class Fit:
    """Effects: `alpha` of workers, `psi` of clients (contract-weighted mean zero), the `residual` of each match, its
    leverage, `bias` of V_α, V_ψ and their covariance (rows) per unit of the variance of √n times its error, and
    `sigma2`, the leave-out estimate of that variance."""

    matches: Matches
    alpha: np.ndarray
    psi: np.ndarray
    residual: np.ndarray
    leverage: np.ndarray
    bias: np.ndarray
    sigma2: np.ndarray
    plugin: Components
    corrected: Components


@dataclass(frozen=True)
class Projection:
    """Coefficients of client effects on traits. `error` is due to pay alone (these clients), `error_sampled` also to
    the choice of clients, `naive` is that of a second-stage regression that takes estimates for effects."""

    coefficient: np.ndarray
    error: np.ndarray
    error_sampled: np.ndarray
    naive: np.ndarray


# -- matches ---------------------------------------------------------------------------------------------------

def collapse(worker, client, y) -> tuple[Matches, np.ndarray]:
    """The matches of contracts (in order of worker, then client), and the match of each contract."""
    _, worker = np.unique(worker, return_inverse=True)
    clients, client = np.unique(client, return_inverse=True)
    pairs, match = np.unique(worker.astype(np.int64) * len(clients) + client, return_inverse=True)
    n = np.bincount(match).astype(float)
    mean = np.bincount(match, y) / n
    within = np.bincount(match, (y - mean[match]) ** 2)
    return Matches(pairs // len(clients), pairs % len(clients), mean, n, within), match


def chosen(matches: Matches, which) -> Matches:
    """The matches of a mask, workers and clients numbered anew in the same order."""
    worker, client = (np.unique(ids[which], return_inverse=True)[1] for ids in (matches.worker, matches.client))
    return Matches(worker, client, matches.y[which], matches.n[which], matches.within[which])


# -- weighted least squares ------------------------------------------------------------------------------------

class _Equations:
    """The normal equations of both effects on matches, with the workers eliminated: S = C'NC − C'NW (W'NW)⁻¹ W'NC."""

    def __init__(self, matches: Matches, setting: Setting):
        m, rows = matches, np.arange(len(matches.y))
        ones = np.ones(len(rows))
        self.matches, self.setting, self.total = m, setting, m.n.sum()
        self.of_worker = sparse.csr_array((ones, (m.worker, rows)), (m.workers, len(rows)))
        self.of_client = sparse.csr_array((ones, (m.client, rows)), (m.clients, len(rows)))
        self.by_worker = np.bincount(m.worker, m.n)[:, None]
        self.by_client = np.bincount(m.client, m.n)[:, None]
        self.cross = sparse.csr_array((m.n, (m.worker, m.client)), (m.workers, m.clients))
        self.back = self.cross.T.tocsr()
        diagonal = self.by_client[:, 0] - np.bincount(m.client, m.n ** 2 / self.by_worker[m.worker, 0])
        alone = diagonal <= 1e-12 * self.by_client[:, 0]      # all its workers have no other client
        self.scale = np.where(alone, 0.0, 1 / np.where(alone, 1.0, diagonal))[:, None]

    def solve(self, a, b):
        """Effects (α, ψ) for right-hand sides of workers and of clients, one in each column."""
        size = np.abs(b) + self.back @ (np.abs(a) / self.by_worker)
        psi = self._gradients(b - self.back @ (a / self.by_worker), np.sqrt((size ** 2).sum(axis=0)))
        return (a - self.cross @ psi) / self.by_worker, psi

    def _gradients(self, rest, size):
        """S ψ = rest by conjugate gradients, all columns at once, preconditioned by the diagonal of S (Jacobi).

        `size` is that of the numbers whose sum `rest` is: where they cancel, what is left is rounding, and is solved.
        """
        x = np.zeros_like(rest)
        enough = self.setting.tolerance * size
        step = self.scale * rest
        squared = (rest * step).sum(axis=0)
        direction = step
        for _ in range(self.setting.iterations):
            if (np.sqrt((rest ** 2).sum(axis=0)) <= enough).all():
                return x
            image = self.by_client * direction - self.back @ ((self.cross @ direction) / self.by_worker)
            bend = (direction * image).sum(axis=0)
            length = np.divide(squared, bend, out=np.zeros_like(bend), where=bend > 0)
            x += length * direction
            rest -= length * image
            step = self.scale * rest
            before, squared = squared, (rest * step).sum(axis=0)
            direction = step + np.divide(squared, before, out=np.zeros_like(before), where=before > 0) * direction
        raise ArithmeticError(f"The pay effects have not converged in {self.setting.iterations} steps.")

    def fitted(self, alpha, psi):
        return alpha[self.matches.worker] + psi[self.matches.client]

    def project(self, z):
        """The fitted values on both effects of match means `z`, one variable in each column."""
        weighted = self.matches.n[:, None] * z
        return self.fitted(*self.solve(self.of_worker @ weighted, self.of_client @ weighted))


def residualise(matches: Matches, match, y, x, setting: Setting, basis=None):
    """The outcome of contracts less x β, with both effects absorbed, and β (β = `basis` γ where a basis is given).

    The effects are the same for all contracts of a match, so that only match means of y and x have to be projected on
    them; the rest of x, within matches, is left as it is (Frisch, Waugh and Lovell). `x` may be sparse.
    """
    basis = np.eye(x.shape[1]) if basis is None else basis
    equations = _Equations(matches, setting)
    into = sparse.csr_array((np.ones(len(match)), (match, np.arange(len(match)))), (len(matches.y), len(match)))
    sums = into @ x
    sums = (sums.toarray() if sparse.issparse(sums) else sums) @ basis
    means = sums / matches.n[:, None]
    fitted = np.column_stack([equations.project(means[:, k:k + setting.block])
                              for k in range(0, means.shape[1], setting.block)])
    square = x.T @ x
    square = basis.T @ (square.toarray() if sparse.issparse(square) else square) @ basis - sums.T @ fitted
    moment = basis.T @ (x.T @ y) - fitted.T @ (matches.n * matches.y)
    size = np.sqrt(np.maximum(np.diag(square), 1e-12))
    beta = basis @ (np.linalg.lstsq(square / np.outer(size, size), moment / size, rcond=1e-6)[0] / size)
    return y - x @ beta, beta


# -- components ------------------------------------------------------------------------------------------------

def fit(matches: Matches, setting: Setting, exact: bool | None = None) -> Fit:
    """Effects and components on a movers' core, or on a sample with stayers (see `leaveout`).

    Weighted least squares of match means by contracts; plug-in components; corrected ones,
    θ = plug-in − Σ_m B_m σ̂²_m with σ̂²_m = ỹ_m ẽ_m ÷ (1 − P_m), where ỹ and ẽ are √n times the centred outcome and the
    residual, P_m the leverage and B_m the quadratic form of the component in the column of match m. The match of a
    stayer (worker of one client) has a leverage of 1 and no leave-out residual: there one contract is left out at a
    time, which gives the variance within the match. Leverages are exact on small samples, and otherwise those of
    `draws` random projections (Johnson and Lindenstrauss), seeded. Unit: of y squared. Pitfalls: no bridge between
    movers has an estimate; errors of a stayer's contracts that go together count as a part of the worker.
    Source: Kline, Saggio & Sølvsten 2020; the normalisation P̂ = ΣQ² ÷ (ΣQ² + ΣM²) keeps leverages below 1.
    """
    m = matches
    equations = _Equations(m, setting)
    total, centred = equations.total, m.y - np.average(m.y, weights=m.n)
    alpha, psi = (e[:, 0] for e in equations.solve(
        (equations.of_worker @ (m.n * centred))[:, None], (equations.of_client @ (m.n * centred))[:, None]))
    level = np.bincount(m.client, m.n) @ psi / total
    alpha, psi = alpha + level, psi - level
    residual = centred - alpha[m.worker] - psi[m.client]
    if exact is None:
        exact = m.clients <= setting.exact_clients and len(m.y) <= setting.exact_matches
    leverage, bias = (_exact if exact else _approximate)(equations)
    stays = m.stays
    sigma2 = m.n * centred * residual / np.where(stays, 1, 1 - leverage)
    sigma2[stays] = m.within[stays] / (m.n[stays] - 1)
    variance = (m.n @ centred ** 2 + m.within.sum()) / total
    plain = np.array([m.n @ alpha[m.worker] ** 2 - total * (m.n @ alpha[m.worker] / total) ** 2,
                      m.n @ psi[m.client] ** 2, m.n @ (alpha[m.worker] * psi[m.client])]) / total
    return Fit(m, alpha, psi, residual, leverage, bias, sigma2, Components(*map(float, plain), float(variance)),
               Components(*map(float, plain - bias @ sigma2), float(variance)))


def _centred(weights, values):
    return values - (weights[:, None] * values).sum(axis=0) / weights.sum()


def _exact(equations):
    """Leverages, and B of V_α, V_ψ and their covariance (a row each), by the inverse of S."""
    m, total = equations.matches, equations.total
    by_worker, by_client = equations.by_worker, equations.by_client
    root = np.sqrt(m.n)
    schur = np.diag(by_client[:, 0]) - (equations.back @ (equations.cross / by_worker)).toarray()
    factor = cho_factor(schur + total / m.clients ** 2)       # a constant has no image under S and is added to it
    leverage, bias = np.empty(len(m.y)), np.empty((3, len(m.y)))
    share = (equations.cross / by_worker).tocsr()
    for first in range(0, len(m.y), 1_000):
        at = np.arange(first, min(first + 1_000, len(m.y)))
        right = -share[m.worker[at]].toarray().T
        right[m.client[at], np.arange(len(at))] += 1
        right *= root[at]
        psi = cho_solve(factor, right)
        leverage[at] = m.n[at] / by_worker[m.worker[at], 0] + (right * psi).sum(axis=0)
        alpha = -(equations.cross @ psi) / by_worker
        alpha[m.worker[at], np.arange(len(at))] += root[at] / by_worker[m.worker[at], 0]
        alpha, psi = _centred(by_worker[:, 0], alpha), _centred(by_client[:, 0], psi)
        bias[:, at] = (by_worker * alpha ** 2).sum(axis=0), (by_client * psi ** 2).sum(axis=0), (
            alpha * (equations.cross @ psi)).sum(axis=0)
    return leverage, bias / total


def _approximate(equations):
    """The same by random signs r: P = E[(X̃ S⁻¹ X̃' r)²], and B = E[(X̃ S⁻¹ A' r)²] for a component A'A."""
    m, setting, total = equations.matches, equations.setting, equations.total
    root = np.sqrt(m.n)[:, None]
    random = np.random.default_rng(setting.seed)
    inside, outside, bias = np.zeros(len(m.y)), np.zeros(len(m.y)), np.zeros((3, len(m.y)))
    for first in range(0, setting.draws, setting.block):
        width = min(setting.block, setting.draws - first)
        sign = 2.0 * random.integers(0, 2, (len(m.y), width)) - 1
        scaled = root * sign
        a, b = equations.of_worker @ scaled, equations.of_client @ scaled
        hat = root * equations.fitted(*equations.solve(a, b))
        inside += (hat ** 2).sum(axis=1)
        outside += ((sign - hat) ** 2).sum(axis=1)
        del hat
        mean = scaled.sum(axis=0) / total
        nobody, nothing = np.zeros_like(a), np.zeros_like(b)
        of_alpha = root * equations.fitted(*equations.solve(a - equations.by_worker * mean, nothing))
        of_psi = root * equations.fitted(*equations.solve(nobody, b - equations.by_client * mean))
        bias += (of_alpha ** 2).sum(axis=1), (of_psi ** 2).sum(axis=1), (of_alpha * of_psi).sum(axis=1)
    return inside / (inside + outside), bias / (setting.draws * total)


def half_samples(matches: Matches, setting: Setting) -> np.ndarray:
    """Corrected V_α, V_ψ and covariance (columns) on random halves of the workers, each with its own movers' core.

    Drawn without replacement, a half differs from the whole about as much as the whole does from the population that
    its workers could be a sample of: the deviations from the whole are those of a standard error. A half without a
    core is nan.
    """
    random = np.random.default_rng(setting.seed)
    found = np.full((setting.half_samples, 3), np.nan)
    less = replace(setting, draws=setting.half_draws)
    for row in found:
        half = np.zeros(matches.workers, dtype=bool)
        half[random.permutation(matches.workers)[:matches.workers // 2]] = True
        part = chosen(matches, half[matches.worker])
        part = chosen(part, core(part))
        if len(part.y):
            c = fit(part, less, exact=False).corrected
            row[:] = c.worker, c.client, c.covariance
    return found


def project(found: Fit, traits, setting: Setting, weight=None) -> Projection:
    """Client effects on client traits (a row per client, with a column of ones), by contracts or by another `weight`.

    θ̂ = (Z'NZ)⁻¹ Z'N ψ̂. With L = (Z'NZ)⁻¹ Z'N F S⁻¹ X̃', the error due to pay is Var = Σ_m L_m² σ̂²_m; where that is not
    above zero, which an unbiased estimate can be, with the residual variance ẽ²_m ÷ (1 − P_m) for σ̂²_m. The sampled one
    adds what another draw of clients would change: V_res (Z'NZ)⁻¹ Z'N²Z (Z'NZ)⁻¹, with V_res the corrected variance of
    ψ less that of Z θ̂. Unit: of y. Pitfall: errors of a regression of ψ̂ on Z are wrong, for estimates of clients with
    common workers err together. Source: Kline, Saggio & Sølvsten 2020, section on linear projections.
    """
    m = found.matches
    equations = _Equations(m, setting)
    by_client = equations.by_client[:, 0]
    weight = by_client if weight is None else weight
    inverse = np.linalg.pinv(traits.T @ (weight[:, None] * traits), hermitian=True)
    weights = weight[:, None] * (traits @ inverse)
    theta = weights.T @ found.psi
    # Effects are up to a level, which no trait but the column of ones can see.
    relative = weights - by_client[:, None] * weights.sum(axis=0) / equations.total
    relative[np.abs(relative) < 1e-12 * np.abs(weights)] = 0        # rounding of what is a level alone
    influence = np.sqrt(m.n)[:, None] * equations.fitted(*equations.solve(
        np.zeros((m.workers, traits.shape[1])), relative))
    variance = found.sigma2 @ influence ** 2
    plain = (m.n * found.residual ** 2 / (1 - found.leverage)) @ influence ** 2
    variance = np.where(variance > 0, variance, plain)
    explained = traits @ theta
    rest = max(found.corrected.client - float(by_client @ explained ** 2) / equations.total, 0.0)
    sampled = variance + rest * (weights ** 2).sum(axis=0)
    gap = found.psi - explained
    naive = weight @ gap ** 2 / max(m.clients - traits.shape[1], 1) * np.diag(inverse)
    return Projection(theta, *(np.sqrt(v) for v in (variance, sampled, naive)))


# -- what the model takes for granted --------------------------------------------------------------------------

def explained(found: Fit) -> dict[str, float]:
    """Adjusted R² of both effects, and of an effect of its own for each match.

    Shape: two shares of the variance of contracts. Reading: a small gain says that pay of a pair is near the sum of
    what the worker and the client get elsewhere. nan without contracts to spare.
    """
    m = found.matches
    contracts, inside = m.n.sum(), m.within.sum()
    total = found.plugin.total * contracts / (contracts - 1)
    spare = contracts - len(m.y)
    additive = (inside + m.n @ found.residual ** 2) / (contracts - m.workers - m.clients + 1)
    return {"additive": float(1 - additive / total),
            "matches": float(1 - inside / spare / total) if spare > 0 else np.nan}


def classes(values, weights, number: int) -> np.ndarray:
    """The class 0 … number − 1 of each unit in order of its value, of equal weight as far as units allow."""
    order = np.argsort(values, kind="stable")
    until = np.cumsum(weights[order])
    of = np.empty(len(values), dtype=np.int64)
    of[order] = np.minimum((until - weights[order] / 2) * number // until[-1], number - 1)
    return of


def residual_grid(found: Fit, number: int = 10, least: int = 20) -> np.ndarray:
    """Mean residual by class of worker effect (rows) and of client effect (columns), by contracts.

    A cell with fewer than `least` workers or clients is nan. Reading: under the model all are near zero; a pattern says
    that high-paid workers gain more, or less, from high-paying clients. Source: Card, Heining & Kline 2013.
    """
    m = found.matches
    rows = classes(found.alpha, np.bincount(m.worker, m.n), number)[m.worker]
    columns = classes(found.psi, np.bincount(m.client, m.n), number)[m.client]
    cell = rows * number + columns
    cells = number * number
    n = np.bincount(cell, m.n, cells)
    grid = np.bincount(cell, m.n * found.residual, cells) / np.maximum(n, 1)
    for ids in (m.worker, m.client):
        seen = np.unique(cell * (ids.max() + 1) + ids) // (ids.max() + 1)
        grid[np.bincount(seen, minlength=cells) < least] = np.nan
    return grid.reshape(number, number)


def switches(worker, client, y, order, quartile) -> dict[str, np.ndarray]:
    """Pay around switches of client: a worker's contracts in `order` (equal ones as given), two in turn at two clients.

    One entry per switch: worker, from_client, to_client, `from` and `to` (the `quartile` of the clients), and y, the
    outcome at −2, −1, 1 and 2; −2 and 2 are nan where they are not with the same client as −1 and 1. Reading: gains of
    going up and losses of going down should mirror each other, and −2 equal −1. Source: Card, Heining & Kline 2013.
    """
    at = np.lexsort((order, worker))
    worker, client, y = worker[at], client[at], y[at]
    k = np.flatnonzero((worker[1:] == worker[:-1]) & (client[1:] != client[:-1]))

    def near(own, other):
        inside = np.clip(other, 0, len(y) - 1)
        stays = (inside == other) & (worker[inside] == worker[own]) & (client[inside] == client[own])
        return np.where(stays, y[inside], np.nan)

    return {"worker": worker[k], "from_client": client[k], "to_client": client[k + 1], "from": quartile[client[k]],
            "to": quartile[client[k + 1]],
            "y": np.column_stack([near(k, k - 1), y[k], y[k + 1], near(k + 1, k + 2)])}
