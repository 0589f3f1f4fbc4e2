"""How long something lasts where units are of kinds that nobody recorded, and a trait is known only roughly.

Those quick to leave are soon gone. Who remains is of the lasting kind, whatever else distinguishes them, so that a
hazard model without kinds finds too little of what a trait does. Here each unit is of one of a few kinds, which differ
in their level; how many of each there are, and how far apart, is estimated with the rest (mass points).
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.polynomial.hermite_e import hermegauss
from scipy.optimize import minimize

from analysis.models.survival import estimates, stretches

NODES = 3                   # of the integral over what a trait may really be
STARTS = (2.0, 4.0)         # log hazards by which the kinds may lie apart at first; the higher top is taken
LOOSE = 4.0                 # standard deviation of a penalty on levels and shares: an empty kind has no end otherwise
STEP, CLOSE = 1e-4, 1e-9    # of the curvature by differences; slope for each unit at which a top is reached


@dataclass(frozen=True)
class HiddenKinds:
    """`estimates` as those of `survival.cox`; `share` of the units in each kind and its hazard `ratio` to the slowest,
    from the slowest kind to the quickest; `likelihood`, its logarithm at the top."""

    estimates: pd.DataFrame
    share: np.ndarray
    ratio: np.ndarray
    likelihood: float


def hidden_kinds(exit, event, x: pd.DataFrame, bands, entry, unit, kinds: int, mixing, trait: str,
                 doubt) -> HiddenKinds:
    """The chance of ending in a month, p = 1 − exp(−exp(α_band + x β + v_k)), for units of unknown kind k.

    The likelihood of a unit is Σ_k π_k · its likelihood in kind k. π depends on `mixing`, a column of each unit that
    may go with its kind (multinomial logit). One `trait` is known with normal error and integrated over: its column
    holds what is expected of it and `doubt` the standard deviation of what it may be, 0 where it is known. Months are
    whole. A unit whose characteristics change has a row for each stretch, `unit` names it, and it is seen from month 0
    on. Reading: β as in `survival.cox`, among units of one kind. Pitfalls: kinds and a hazard that falls with time look
    alike, so that `bands` should be few; kinds are told apart by the form of the model alone and have no meaning of
    their own; a trait may go with the kind by `mixing` only. Errors are those of the information matrix, a little too
    small where few units leave it open which kinds there are. A weak normal penalty keeps levels and shares finite
    where a kind is empty.
    Source: Heckman & Singer 1984 for mass points; Wulfsohn & Tsiatis 1997 for a trait measured with error.
    """
    units, unit = np.unique(unit, return_inverse=True)
    first = np.unique(unit, return_index=True)[1]
    s = stretches(exit, event, x.assign(unit=unit), bands, entry)
    level = np.column_stack([(s["band"] == b).astype(float) for b in np.unique(s["band"])])
    model = _Likelihood(
        np.column_stack([s[x.columns], level]), s["length"].to_numpy(float), s["ended"].to_numpy() > 0,
        s["unit"].to_numpy(), np.column_stack([np.ones(len(units)), np.asarray(mixing, float)[first]]),
        np.asarray(doubt, float)[first], x.columns.get_loc(trait), kinds)
    theta, information = _top(model, [model.start(x.shape[1], apart) for apart in STARTS])
    se = np.sqrt(np.diag(np.linalg.inv(information)))[: x.shape[1]]
    _beta, kind, share = model.split(theta)
    order = np.argsort(kind)
    return HiddenKinds(estimates(x.columns, theta[: x.shape[1]], se), share.mean(axis=1)[order],
                       np.exp(kind[order] - kind.min()), float(model(theta)[0]))


@dataclass(frozen=True)
class _Likelihood:
    """The logarithm of the likelihood of all units and its gradient, for grouped rows as those of `stretches`."""

    design: np.ndarray      # rows × (traits, bands)
    length: np.ndarray
    ended: np.ndarray
    unit: np.ndarray
    mixing: np.ndarray      # units × (1, column)
    doubt: np.ndarray       # of a unit
    trait: int
    kinds: int

    def start(self, traits: int, apart: float) -> np.ndarray:
        """No effect, one level in all bands, kinds in equal parts, from `apart` above the first to one below it."""
        theta = np.zeros(self.design.shape[1] + (self.kinds - 1) * (1 + self.mixing.shape[1]))
        theta[traits: self.design.shape[1]] = np.log(self.ended.sum() / self.length.sum())
        theta[self.design.shape[1]:][: self.kinds - 1] = np.linspace(apart, -1, self.kinds - 1)
        return theta

    def split(self, theta):
        """β with the bands, the level of each kind, and the share of each kind in the units (kinds × units)."""
        p, others = self.design.shape[1], self.kinds - 1
        odds = np.zeros((self.kinds, self.mixing.shape[1]))
        odds[1:].flat = theta[p + others:]
        odds = odds @ self.mixing.T
        share = np.exp(odds - odds.max(axis=0))
        return theta[:p], np.append(0.0, theta[p: p + others]), share / share.sum(axis=0)

    def __call__(self, theta):
        loose = np.where(np.arange(len(theta)) < self.design.shape[1], 0.0, theta / LOOSE**2)
        with np.errstate(all="ignore"):         # a step too far is no number, and is taken back
            value, slope = self._of(*self.split(theta))
        return value - loose @ theta / 2, slope - loose

    def _of(self, beta, kind, share):
        nodes, weights = hermegauss(NODES)
        m = self.length * np.exp(self.design @ beta)
        outlived, last = (np.bincount(self.unit, np.where(rows, m, 0.0), len(self.doubt))
                          for rows in (~self.ended, self.ended))
        # A layer for each kind, a row for each value that the trait may have, a column for each unit.
        times = np.exp(kind)[:, None, None] * np.exp(beta[self.trait] * nodes[:, None] * self.doubt)
        end, ends = times * last, last > 0
        chance = np.where(ends, -np.expm1(-end), 1.0)
        log = (np.log(share)[:, None, :] + np.log(weights / weights.sum())[:, None] - times * outlived
               + np.log(chance))
        top = log.max(axis=(0, 1))
        likely = np.exp(log - top)
        total = likely.sum(axis=(0, 1))
        likely = likely / total
        ending = end * (1 - chance) / chance
        pull = likely * (ending - times * outlived)              # by the logarithm of the hazard
        ended, alive = ((likely * by).sum(axis=(0, 1))[self.unit] for by in (ending, times))
        slope = self.design.T @ np.where(self.ended, ended, -m * alive)
        slope[self.trait] += (pull * nodes[:, None] * self.doubt).sum()
        shares = (likely.sum(axis=1) - share)[1:] @ self.mixing
        return (np.log(total) + top).sum(), np.concatenate([slope, pull.sum(axis=(1, 2))[1:], shares.ravel()])


def _top(model: _Likelihood, starts):
    """The highest top that is reached from one of the `starts`, and the information there."""
    n = len(model.doubt)

    def turned(theta):
        return tuple(-v / n for v in model(theta))

    near = min((minimize(turned, start, jac=True, method="BFGS") for start in starts), key=lambda found: found.fun)
    top = minimize(turned, near.x, jac=True, hess=lambda t: _information(model, t) / n, method="trust-exact",
                   options={"gtol": CLOSE}).x
    return top, _information(model, top)


def _information(model: _Likelihood, theta) -> np.ndarray:
    """The curvature of the log-likelihood, turned, by differences of its gradient."""
    bend = [(model(theta - e)[1] - model(theta + e)[1]) / (2 * STEP) for e in STEP * np.eye(len(theta))]
    return (np.array(bend) + np.array(bend).T) / 2
