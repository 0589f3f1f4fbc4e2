"""Voices and votes: what is said in interviews, how surely it was coded (Q-01 … Q-07), who comes to the assembly.

An interview is a person, and a person interviewed twice is one: `people` counts persons, and where a row tells who said
something, `fewest` counts those of whom it tells. Where everybody said the same, the row tells it of each of them, so
that `fewest` is 0. Codes of passages leave the engine in memory only; a text never enters.

A *unit* is a place of the text that one coder or several marked: passages that share at least half of what they cover
together. Interviews are those of the whole corpus, wherever people live.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from math import comb

import ibis
import numpy as np
import pandas as pd
from ibis import _

from analysis import criteria
from analysis.errors import unknown
from analysis.measures.answer import Answer
from analysis.measures.clients import hidden_in_pairs
from analysis.models import agreement as models
from analysis.models.bootstrap import copies, interval, mean, replicates
from analysis.panels import Panels

ALL, SEED = "all codes", 2026
STRATA = ("role", "dependent", "gender")        # `dependent`: on one dominant client, as [voices] says when it is
PROFILES = {    # whose passages are compared with those of whom
    "dependent": ("members with one dominant client", "other members"),
    "woman": ("women", "other members"),
    "staff": ("staff", "clients"),
}


@dataclass(frozen=True)
class Registered:
    """How interviews are read: the parameters of [voices] in book/criteria.toml, which says what each is."""

    shared: float
    firm: float
    tentative: float
    dominant: float
    contracts: int
    base: int
    run: int
    new: float
    permutations: int
    orders: int
    few: int
    least: float
    margin: float


REGISTERED = criteria.parameters("voices", Registered)


def corpus(panels: Panels) -> Answer:
    """Interviews by the role of who speaks, and the `people` in them. Unit: interviews. Shape: role.

    The text is not part of a dataset.
    """
    i = panels.dataset.table("interviews")
    i = i.mutate(person=ibis.coalesce(i.worker_id, -i.interview_id))
    return Answer(i.group_by("role").agg(interviews=_.count(), people=_.person.nunique()), ("role",), count="people")


# -- passages and interviews -----------------------------------------------------------------------------------

def _held(panels: Panels) -> pd.DataFrame:
    """interview, person (a number for each), worker (text), role: one row per interview with a coded passage, sorted.

    Identifiers of workers are text, since integers with gaps come out of an engine as floats, which are too short.
    """
    panels.dataset.need("interviews", "segments.code")
    i = panels.dataset.table("interviews")
    i = i.filter(i.interview_id.isin(panels.dataset.table("segments").interview_id))
    frame = i.select("role", interview="interview_id", worker=i.worker_id.cast("string")).execute()
    frame = frame.sort_values("interview", ignore_index=True)
    who = frame["worker"].where(frame["worker"].notna(), "interview " + frame["interview"].astype(str))
    return frame.assign(person=pd.factorize(who)[0])


def _coded(panels: Panels) -> pd.DataFrame:
    """interview, coder, code, unit: one row per coded passage, in memory only."""
    panels.dataset.need("segments.code")
    s = panels.dataset.table("segments").select("coder", "code", "start", "end", interview="interview_id")
    order = ["interview", "start", "end", "coder", "code"]
    frame = s.execute().sort_values(order, ignore_index=True)
    return frame.assign(unit=units(zip(frame["interview"], frame["start"], frame["end"], strict=True)))


def units(passages: Iterable[tuple[int, int, int]]) -> list[int]:
    """The unit of each passage (interview, start, end), which come in this order.

    A passage belongs to the latest unit with whose first passage it shares at least half of what both cover together.
    """
    out, opened, last, made = [], [], None, 0
    for interview, start, end in passages:
        opened = [u for u in opened if u[2] > start] if interview == last else []
        last = interview
        same = next((number for number, first, until in reversed(opened)
                     if min(until, end) - start >= REGISTERED.shared * (max(until, end) - first)), None)
        if same is None:
            same = made
            opened.append((made, start, end))
            made += 1
        out.append(same)
    return out


def _names(coded: pd.DataFrame) -> list[str]:
    return sorted(coded["code"].unique())


def _people(held: pd.DataFrame, interviews) -> int:
    return held.loc[held["interview"].isin(interviews), "person"].nunique()


# -- agreement -------------------------------------------------------------------------------------------------

def agreement(panels: Panels) -> Answer:
    """Q-02. How far coders agree on what a passage is about: Krippendorff's α, over all codes and for each.

    Over all codes, a coder's value of a unit is the set of codes given to it, nominal; for one code, whether it is in
    the set. Units that one coder alone marked say nothing. `low`, `high`: 95 % interval, by bootstrap of interviews.
    `percent` agreement and Gwet's `ac1` stand beside, since α falls by itself where a code is rare. `passages`: units
    marked by two coders or more in which the code occurs; `people`: whose they are. `why` tells why there is no α: "no
    variation" where all codes agree and are one. Unit: 1 is agreement, 0 is chance; percent is a share. Shape: code.
    Reading: from 0.80 on firm, 0.667 to 0.80 tentative. Pitfall: that coders mark the same passages at all is another
    question, see `marked`. Source: Krippendorff 2018; Hayes & Krippendorff 2007; O'Connor & Joffe 2020.
    """
    held, coded = _held(panels), _coded(panels)
    given, of = _given(coded)
    sets = {s: n for n, s in enumerate(sorted({s for row in given for s in row if s}, key=sorted))}
    rows = []
    for code in (ALL, *_names(coded)):
        values = [[models.MISSING if not s else sets[s] if code == ALL else int(code in s) for s in row]
                  for row in given]
        ratings = np.array(values, dtype=int).reshape(len(given), coded["coder"].nunique()).T
        found = models.agreement(ratings, of, np.arange(len(sets) if code == ALL else 2))
        behind = of[[code == ALL or any(code in s for s in row) for row in given]]
        rows.append({"code": code, "alpha": found.alpha, "low": found.low, "high": found.high,
                     "percent": found.percent, "ac1": found.ac1, "why": found.why, "passages": len(behind),
                     "people": _people(held, behind)})
    return Answer(pd.DataFrame(rows), ("code",), count="people")


def _given(coded: pd.DataFrame) -> tuple[list[tuple[frozenset, ...]], np.ndarray]:
    """The sets of codes that each coder gave to each unit that two marked (empty: did not mark it); whose it is."""
    sets, coders = coded.groupby(["unit", "coder"])["code"].agg(frozenset).to_dict(), sorted(coded["coder"].unique())
    of = coded.groupby("unit")["interview"].first()
    rows = {unit: tuple(sets.get((unit, coder), frozenset()) for coder in coders) for unit in of.index}
    twice = [unit for unit, row in rows.items() if sum(map(bool, row)) >= 2]
    return [rows[unit] for unit in twice], of.loc[twice].to_numpy()


def marked(panels: Panels) -> Answer:
    """Q-02. How many units were marked by how many coders: whether they see the same passages as worth a code.

    Unit: share of all units. Shape: coders. `people`: whose interviews they are from.
    """
    held, coded = _held(panels), _coded(panels)
    by = coded.groupby("unit").agg(coders=("coder", "nunique"), interview=("interview", "first"))
    rows = [{"coders": n, "passages": len(part), "share": len(part) / len(by),
             "people": _people(held, part["interview"])} for n, part in by.groupby("coders", sort=True)]
    return Answer(pd.DataFrame(rows), ("coders",), count="people")


# -- who says what ---------------------------------------------------------------------------------------------

def speakers(panels: Panels) -> pd.DataFrame:
    """interview, person (a number for each), code: which codes each interview has; in memory only."""
    rows = panels.dataset.table("segments").select("code", interview="interview_id").distinct().execute()
    return _held(panels)[["interview", "person"]].merge(rows, on="interview")


def _fewest(said: int, of: int) -> int:
    """Of how many people a row tells something; 0 where it tells it of each of those who could be meant."""
    return said if said < of else 0


def said(panels: Panels) -> Answer:
    """Q-03. In how many interviews a code was given: n of N. Unit: interviews. Shape: code.

    `interviews`: a coder gave the code to a passage. `agreed`: two coders gave it to the same one, which is the lower
    bound. `of`: all coded interviews; `share` = interviews ÷ of. `passages`: share of all units with the code. Pitfall:
    a theme can come up because the interviewer asked; and a number of interviews is no share of members.
    """
    held, coded = _held(panels), _coded(panels)
    by = coded.groupby(["code", "unit"]).agg(coders=("coder", "nunique"), interview=("interview", "first"))
    rows = []
    for code, part in by.groupby("code", sort=True):
        number = part["interview"].nunique()
        rows.append({"code": code, "interviews": number,
                     "agreed": part.loc[part["coders"] >= 2, "interview"].nunique(), "of": len(held),
                     "share": number / len(held), "passages": len(part) / coded["unit"].nunique(),
                     "fewest": _fewest(_people(held, part["interview"]), held["person"].nunique())})
    return Answer(pd.DataFrame(rows), ("code",), count="fewest")


def _dependent(panels: Panels):
    """worker_id, contracts: members with one dominant client (three quarters of their pay, five contracts or more)."""
    c = panels.dataset.table("contracts")
    c = c.filter(c.worker_id.isin(panels.dataset.table("interviews").worker_id))
    own = c.group_by("worker_id").agg(total=_.gross_cents.sum(), contracts=_.count())
    most = c.filter(_.client_id.notnull()).group_by("worker_id", "client_id").agg(cents=_.gross_cents.sum())
    most = most.group_by("worker_id").agg(cents=_.cents.max())
    d, rules = own.join(most, "worker_id"), REGISTERED
    d = d.filter((d.cents >= rules.dominant * d.total) & (d.contracts >= rules.contracts))
    return d.select("worker_id", "contracts")


def _strata(panels: Panels, stratum: str) -> pd.DataFrame:
    """`_held` with the column `stratum`; interviews of which it is not known are left out."""
    if stratum not in STRATA:
        raise unknown("stratum of interviews", stratum, STRATA)
    held = _held(panels)
    if stratum == "role":
        return held.assign(stratum=held["role"])
    w = panels.dataset.table("workers")
    w = w.filter(w.worker_id.isin(panels.dataset.table("interviews").worker_id))
    if stratum == "gender":
        panels.dataset.need("workers.gender")
        known = w.select("gender", worker=w.worker_id.cast("string")).execute().set_index("worker")["gender"]
    else:
        w = w.left_join(_dependent(panels), "worker_id")
        tied = w.contracts.notnull().ifelse("one dominant client", "no dominant client")
        known = w.select(worker=w.worker_id.cast("string"), tied=tied).execute().set_index("worker")["tied"]
    return held.assign(stratum=held["worker"].map(known)).dropna(subset=["stratum"])


def said_by(panels: Panels, stratum: str = "role") -> Answer:
    """Q-03. In how many interviews of a stratum of STRATA a code was given: n of N. Unit: interviews.

    Shape: code × stratum. `share` = interviews ÷ of; `passages`: mean over the interviews of the share of their units
    with the code. `dependent` and `gender` are of interviews linked to a member. Since strata add up to what `said`
    tells, one is never hidden alone. Pitfall: with ten interviews each is a tenth.
    """
    held, coded = _strata(panels, stratum), _coded(panels)
    shares, rows = _shares(coded, held["interview"]), []
    for name, part in held.groupby("stratum", sort=True):
        for code in shares:
            given = shares.loc[part["interview"], code]
            speak = part[given.to_numpy() > 0]
            rows.append({"code": code, "stratum": name, "interviews": len(speak), "of": len(part),
                         "share": len(speak) / len(part), "passages": given.mean(),
                         "fewest": _fewest(speak["person"].nunique(), part["person"].nunique())})
    columns = ["code", "stratum", "interviews", "of", "share", "passages", "fewest"]
    frame = hidden_in_pairs(pd.DataFrame(rows, columns=columns), ["code"])
    return Answer(frame, ("code", "stratum"), count="fewest")


def _shares(coded: pd.DataFrame, interviews) -> pd.DataFrame:
    """interview × code: the share of the units of each of the `interviews` to which a coder gave the code."""
    total = coded.groupby("interview")["unit"].nunique()
    with_code = coded.groupby(["interview", "code"])["unit"].nunique().unstack("code", fill_value=0)
    return with_code.div(total, axis=0).loc[list(interviews)]


def contrasts(panels: Panels, profile: str = "dependent") -> Answer:
    """Q-03. By how much more often a code is given in interviews of one profile of PROFILES than of another.

    `difference` of the mean shares of passages with the code, each interview counting the same, with the 95 % interval
    `low`, `high` by bootstrap over people. `p`: how often a random choice of as many interviews differs as much, a
    permutation test that is exact up to its 9,999 draws (somebody interviewed twice counts as two); `q` = p as
    Benjamini & Hochberg 1995 adjust it for the codes that are tried. Unit: share, 0–1. Shape: code. `people`: of the
    smaller group. Reading: a description of interviews; a choice of people to talk to is no sample.
    """
    if profile not in PROFILES:
        raise unknown("profile of interviews", profile, PROFILES)
    stratum = {"dependent": "dependent", "woman": "gender", "staff": "role"}[profile]
    mine = {"dependent": "one dominant client", "woman": "woman", "staff": "staff"}[profile]
    held, coded = _strata(panels, stratum), _coded(panels)
    if profile == "staff":
        held = held[held["role"].isin(["staff", "client"])]
    inside = (held["stratum"] == mine).to_numpy()
    shares = _shares(coded, held["interview"])
    fewest = min(held.loc[rows, "person"].nunique() for rows in (inside, ~inside))
    values = np.full((5, shares.shape[1]), np.nan)
    if fewest:
        values[:3] = _differences(shares, inside, held["person"].to_numpy())
        values[3] = _permuted(shares.to_numpy(), inside)
        values[4] = adjusted(values[3])
    if fewest < REGISTERED.few:
        values[1:3] = np.nan
    names = ("difference", "low", "high", "p", "q")
    return Answer(pd.DataFrame({"code": list(shares), **dict(zip(names, values, strict=True)), "people": fewest}),
                  ("code",), count="people")


def _differences(shares: pd.DataFrame, inside: np.ndarray, person: np.ndarray) -> np.ndarray:
    """The difference of two means and the bounds of its interval, by bootstrap of people, for each column."""
    number = np.unique(person, return_inverse=True)[1]
    drawn = copies(number.max() + 1)
    parts = ([replicates(drawn, number[rows], share[rows], mean) for rows in (inside, ~inside)]
             for share in shares.to_numpy().T)
    return np.array([interval(one - other) for one, other in parts]).T


def _permuted(shares: np.ndarray, inside: np.ndarray) -> np.ndarray:
    """The p of a permutation test of the difference of means, for each column of `shares`."""
    random, draws = np.random.default_rng(SEED), REGISTERED.permutations
    chosen = np.argsort(random.random((draws, len(shares))), axis=1) < inside.sum()
    apart, seen = (np.abs(_apart(rows.astype(float), shares)) for rows in (chosen, inside[None, :]))
    return (1 + (apart >= seen - 1e-12).sum(axis=0)) / (draws + 1)


def _apart(inside: np.ndarray, shares: np.ndarray) -> np.ndarray:
    """Mean of the rows inside less that of the others, for each choice of rows and each column."""
    number = inside.sum(axis=1, keepdims=True)
    within = inside @ shares
    return within / number - (shares.sum(axis=0) - within) / (len(shares) - number)


def adjusted(p: np.ndarray) -> np.ndarray:
    """Benjamini–Hochberg: q of the i-th smallest of m is the least of p_j m ÷ j over j ≥ i."""
    order = np.argsort(-p, kind="stable")
    q = np.empty(len(p))
    q[order] = np.minimum.accumulate(p[order] * len(p) / np.arange(len(p), 0, -1))
    return np.minimum(q, 1)


# -- saturation ------------------------------------------------------------------------------------------------

def saturation(panels: Panels) -> Answer:
    """Q-07. Would more interviews have brought up new codes? Shape: number of interviews.

    `codes`: how many codes n interviews hold, the mean over all choices of n among the N: Σ 1 − C(N − n_c, n) ÷ C(N, n)
    over the codes, n_c interviews having code c; `new` = what the n-th adds. No order, and so no single person, shows.
    `reached`: share of 999 random orders in which the rule of Guest, Namey & Chen 2020 is met by the n-th interview: of
    the codes that 4 interviews hold, the next two (or a later pair) add 5 % or less. Unit: codes; share. `people`: all.
    Pitfall: a code book that was closed before the interviews cannot show new themes.
    """
    held, coded = _held(panels), _coded(panels)
    has = _shares(coded, held["interview"]).to_numpy() > 0
    size, having = len(has), has.sum(axis=0)
    codes = [sum(1 - comb(size - int(c), n) / comb(size, n) for c in having) for n in range(1, size + 1)]
    met, earliest = _met(has), REGISTERED.base + REGISTERED.run
    frame = pd.DataFrame({
        "interviews": range(1, size + 1), "codes": codes, "new": np.diff(codes, prepend=0.0),
        "reached": [np.mean(met <= n) if n >= earliest else np.nan for n in range(1, size + 1)],
        "people": held["person"].nunique()})
    return Answer(frame, ("interviews",), count="people")


def _met(has: np.ndarray) -> np.ndarray:
    """For each of 999 random orders of the interviews, after which one the rule of saturation is met; ∞ if never."""
    random = np.random.default_rng(SEED)
    return np.array([saturated(has[random.permutation(len(has))]) for _n in range(REGISTERED.orders)])


def saturated(has: np.ndarray) -> float:
    """After which interview, of rows in order, the rule of saturation is met; ∞ where it never is."""
    seen = np.maximum.accumulate(has, axis=0).sum(axis=1)
    base, run = REGISTERED.base, REGISTERED.run
    for n in range(base + run, len(has) + 1, run):
        if seen[n - 1] - seen[n - 1 - run] <= REGISTERED.new * seen[base - 1]:
            return n
    return np.inf


# -- assemblies ------------------------------------------------------------------------------------------------

def assemblies(panels: Panels) -> Answer:
    """Members at each general assembly, and how many of them voted. Unit: members. Shape: day of the assembly.

    All members are counted, wherever they live: an assembly is one for the whole cooperative.
    """
    a = panels.dataset.table("assemblies").join(panels.dataset.table("attendances"), "assembly_id")
    a = a.group_by("held_on").agg(workers=_.worker_id.nunique(), votes=_.voted.cast("int64").sum())
    return Answer(a, ("held_on",))
