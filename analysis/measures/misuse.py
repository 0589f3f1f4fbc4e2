"""Patterns in the records that are consistent with a misuse of Smart (M-01 … M-05, M-08 … M-12).

A flag says that the records of a match, or of a worker's year, look a certain way. It is no accusation: a lasting job
cut into days and the run of a play can leave the same trace. Rows with flags stay in the engine; what leaves it are
shares, each between that of a stricter and that of a looser set of parameters. `patterns` maps what has been called a
misuse to the detectors that look at it, and to what else would look the same.
"""

import re
from dataclasses import dataclass
from functools import reduce
from operator import and_
from pathlib import Path

import ibis
import numpy as np
import pandas as pd
from ibis import _

from analysis import criteria, law
from analysis.errors import MissingData
from analysis.measures.answer import Answer
from analysis.measures.pricing import posted_prices
from analysis.measures.thresholds import hourly_floor
from analysis.models.beta_binomial import shrunken
from analysis.models.classification import precision_at
from analysis.panels import Panels, chains, days_between, hundredths

FEWEST_UNITS = 20                    # behind every share that is shown
CLASSES = (0.0, 0.05, 0.1, 0.25, 0.5)        # lower ends, of clients by their share of flagged matches
RARE = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1)     # shares of workers who may carry a pattern
FOLDER = Path(__file__).parent


@dataclass(frozen=True)
class Detectors:
    """The parameters of all detectors, registered in [detectors] of book/criteria.toml, which says what each is.

    First what shapes the rows, the same in all sets; then the least value of each criterion, by the name of its column.
    """

    chain_gap: int
    full_month: float
    full_share: float
    job_window: int
    pay_percentile: float
    quarters: int
    arrival_months: int
    near_floor: float
    short_day: float
    long_day: float
    contracts: float

    chain_days: float
    chain_contracts: float
    chain_one_day: float
    chain_density: float
    job_months: float
    pay_ratio: float
    below_floor: float
    arrivals: float
    arrivals_exclusive: float
    arrivals_full: float
    late_entry: float
    not_artistic: float
    at_floor: float
    odd_hours: float
    one_price: float
    expenses: float


STRICT, REGISTERED, LOOSE = (criteria.parameters("detectors", Detectors, of) for of in criteria.SETS)
WORDS = {
    "day_chains": "long chains of day contracts", "one_job": "one full-time job at one client",
    "few_days": "pay that suggests more days", "below_floor": "hours below the minimum",
    "block_arrival": "a new client with a whole team", "late_entry": "contracts entered late",
    "not_artistic": "artistic in code, not in function", "at_floor": "hours at the minimum",
    "odd_hours": "days of very few or many hours", "one_price": "a team at one price",
    "expenses": "expenses in the place of pay",
}
SETS = {"share_low": STRICT, "share": REGISTERED, "share_high": LOOSE}


def patterns() -> pd.DataFrame:
    """Seventeen patterns that have been called misuses: pattern, mechanism, detectors, innocent, source.

    `detectors` names those of DETECTORS, or measures elsewhere, that look at it, or says why none can.
    """
    return pd.read_csv(FOLDER / "misuse_patterns.csv", dtype="str", keep_default_na=False)


def quality() -> pd.DataFrame:
    """How well the detectors find, worker by worker, what is planted in the synthetic world that ships with the book.

    Columns: detector; planted, workers who carry what it looks for; flagged, workers; precision, recall and
    average_precision with `_low` and `_high`, intervals of 95 % (bootstrap of workers); false_alarms, the share of the
    others who are flagged; chance, the average precision of knowing nothing. A test keeps the numbers true. Unit:
    share, 0–1. Pitfall: true of that world alone. Detectors without planted cases are absent.
    """
    return pd.read_csv(FOLDER / "misuse_quality.csv")


def precision_by_prevalence() -> pd.DataFrame:
    """Of 100 flagged workers, how many would be right if the pattern were more or less common than in that world.

    precision = π·TPR ÷ (π·TPR + (1 − π)·FPR), for a share π of carriers from one in a thousand to one in ten, with the
    recall (TPR) and the false alarms (FPR) of `quality`. Unit: share, 0–1. Shape: detector × prevalence.
    """
    rows = [{"detector": named(q.detector), "prevalence": rare,
             "precision": precision_at(rare, q.recall, q.false_alarms)}
            for q in quality().itertuples() for rare in RARE]
    return pd.DataFrame(rows)


# -- detectors -------------------------------------------------------------------------------------------------

def day_chains(panels: Panels, d: Detectors = REGISTERED):
    """M-01. Chains of short contracts: of each match, the longest chain that starts in a year.

    A chain goes on while few days (`chain_gap`) lie between two contracts of a worker with one client. Criteria:
    calendar days, contracts, share of one-day contracts, declared days ÷ weekdays. Unit: match-year.
    Innocent: a theatre run, a festival season, a wish for daily contracts. Pitfall: a weekly class has density 0.2.
    """
    c = chains(panels, d.chain_gap).mutate(year=_.start_on.year().cast("int32"))
    longest = ibis.window(group_by=["worker_id", "client_id", "year"], order_by=[ibis.desc("days"), "chain"])
    c = c.filter(_.year >= panels.scope.first_year).mutate(place=ibis.row_number().over(longest)).filter(_.place == 0)
    return c.select("worker_id", "client_id", "year", days_100=hundredths(_.days), chain_days=_.span,
                    chain_contracts="contracts", chain_one_day="one_day", chain_density="density")


def one_job(panels: Panels, d: Detectors = REGISTERED):
    """M-02. One full-time job: months of the last twelve in which one client buys a full month.

    A month is full with declared days for the client of at least 0.8 of a month's 21.7 working days, which are at least
    three quarters of the worker's declared days. Criterion: full months in the best twelve that end in the year.
    Unit: match-year. Innocent: cover for a leave, one long production.
    """
    least = round(100 * d.full_month * law.rate("working_days") / 12)
    everything = panels.worker_month.select("worker_id", "month", all_100="days_100")
    m = panels.pair_month.join(everything, ["worker_id", "month"])
    m = m.mutate(full=((_.days_100 >= least) & (_.days_100 >= d.full_share * _.all_100)).cast("int64"))
    past = ibis.window(group_by=["worker_id", "client_id"], order_by="month", range=(1 - d.job_window, 0))
    m = m.mutate(full_months=_.full.sum().over(past), year=(_.month // 12).cast("int32"))
    return m.group_by("worker_id", "client_id", "year").agg(days_100=_.days_100.sum(), job_months=_.full_months.max())


def few_days(panels: Panels, d: Detectors = REGISTERED):
    """M-03. Pay per declared day that is out of the ordinary for the trade, quarter after quarter.

    r = real gross ÷ declared days of a quarter over the 95th percentile of that in the trade, all years together (the
    cells of trade and year are too small). Criterion: the third highest r of the year; a year with fewer than
    three quarters of work has 0. Unit: worker-year. Innocent: hire of equipment, rights, a team's budget, savings, work
    of high value.
    """
    panels.dataset.need("workers.profession")
    c = panels.with_traits(panels.real(panels.started), "profession")
    c = c.mutate(quarter=(_.month // 3).cast("int32"), days_100=hundredths(_.days))
    q = c.group_by("worker_id", "profession", "year", "quarter").agg(days_100=_.days_100.sum(), pay=_.real_cents.sum())
    q = q.mutate(rate=_.pay / _.days_100)
    plausible = q.group_by("profession").agg(plausible=_.rate.quantile(d.pay_percentile))
    q = q.join(plausible, "profession").mutate(r=_.rate / _.plausible)
    highest = ibis.window(group_by=["worker_id", "year"], order_by=[ibis.desc("r"), "quarter"])
    q = q.mutate(place=ibis.row_number().over(highest))
    return q.group_by("worker_id", "year").agg(
        days_100=_.days_100.sum(), pay_ratio=_.r.max(where=_.place == d.quarters - 1).fill_null(0.0))


def below_floor(panels: Panels, d: Detectors = REGISTERED):
    """M-04. Hours paid below the statutory hourly minimum of the last day, by more than a cent.

    Criteria: share of the hours of the match, number of contracts with hours. Unit: match-year, by first day, of a
    worker with a client or an Activity. Pitfalls: sector scales lie higher; tasks without hours are not judged.
    """
    c = _with_floor(panels)
    c = c.mutate(low=(c.wage < c.floor - 1).ifelse(c.hours, 0.0))
    return _matches(c, below_floor=_.low.sum() / _.hours.sum())


def at_floor(panels: Panels, d: Detectors = REGISTERED):
    """M-10. Hours paid at the statutory hourly minimum of the last day, within half a per cent.

    Criteria: share of the hours of the match, number of contracts with hours. Unit: match-year, by first day, of a
    worker with a client or an Activity. Reading: a price divided by the minimum gives the hours, or the minimum is
    simply the wage.
    """
    c = _with_floor(panels)
    c = c.mutate(near=((c.wage / c.floor - 1).abs() <= d.near_floor).ifelse(c.hours, 0.0))
    return _matches(c, at_floor=_.near.sum() / _.hours.sum())


def _with_floor(panels: Panels):
    """Contracts with hours, with wage and floor in cents an hour."""
    c = panels.started.filter((_.hours > 0).fill_null(False))
    return c.mutate(wage=_.gross_cents / _.hours, floor=hourly_floor(c.end_on), days_100=hundredths(_.days))


def _matches(contracts, **criterion):
    return contracts.group_by("worker_id", "client_id", "activity_id", "year").agg(
        days_100=_.days_100.sum(), contracts=_.count(), **criterion)


def block_arrival(panels: Panels, d: Detectors = REGISTERED):
    """M-05 (proxy). A new client that begins with several workers at once, who work for nobody else.

    Of a client, the workers of its first month with work, followed for three months. Criteria: how many, share of
    their declared days that is for the client, these days ÷ full-time days. Unit: match of a client's
    first month; clients of the first year of the study are not judged. Innocent: a festival, a production, a crew that
    changes its producer. Whether staff was replaced, only the client's own employment would tell.
    """
    m = panels.pair_month.select("worker_id", "client_id", "month", "days_100")
    first = m.group_by("client_id").agg(since=_.month.min())
    first = first.filter(_.since >= panels.scope.first_year * 12 + 12)
    m = m.join(first, "client_id").filter(_.month < _.since + d.arrival_months)
    begun = m.filter(_.month == _.since).select("worker_id", "client_id").distinct()
    m = m.join(begun, ["worker_id", "client_id"])
    w = m.group_by("worker_id", "client_id", "since").agg(days_100=_.days_100.sum())
    everything = panels.worker_month.select("worker_id", "month", all_100="days_100")
    e = w.join(everything, "worker_id").filter((_.month >= _.since) & (_.month < _.since + d.arrival_months))
    e = e.group_by("worker_id", "client_id", "since", "days_100").agg(all_100=_.all_100.sum())
    client = ibis.window(group_by="client_id")
    month_100 = 100 * law.rate("working_days") / 12 * d.arrival_months
    e = e.mutate(arrivals=_.count().over(client), bought=_.days_100.sum().over(client),
                 whole=_.all_100.sum().over(client))
    return e.select("worker_id", "client_id", "days_100", "arrivals", year=(_.since // 12).cast("int32"),
                    arrivals_exclusive=_.bought / _.whole, arrivals_full=_.bought / (_.arrivals * month_100))


def late_entry(panels: Panels, d: Detectors = REGISTERED):
    """M-08. Contracts entered in the system after their first day.

    Criteria: share of the contracts of the year, their number. Unit: worker-year. Innocent: an office that types
    late, a rule that allows it. The same sign as in A-23.
    """
    panels.dataset.need("contracts.created_on")
    c = panels.started.filter(_.created_on.notnull())
    late = (days_between(c.start_on, c.created_on) > 0).cast("float64")
    return _years(c.mutate(late=late), late_entry=_.late.mean())


def not_artistic(panels: Panels, d: Detectors = REGISTERED):
    """M-09. Contracts coded as artistic whose function is none of the arts.

    Criteria: share of the artistic contracts of the year, their number. Unit: worker-year. Functions
    that may be either are not counted. Innocent: a wrong code, a function that names the trade and not the work.
    """
    panels.dataset.need("contracts.artistic")
    panels.dataset.need("contracts.function")
    trades = law.table("professions")
    outside = list(trades.loc[trades["artistic"].eq(False).fillna(False), "code"])
    c = panels.started.filter(_.artistic & _.function.notnull())
    return _years(c.mutate(outside=_.function.isin(outside).cast("float64")), not_artistic=_.outside.mean())


def odd_hours(panels: Panels, d: Detectors = REGISTERED):
    """M-11. Declared days of fewer than 3 or more than 12 hours.

    Criteria: share of the contracts with hours of the year, their number. Unit: worker-year. Innocent: short
    lessons, long shoots.
    """
    c = panels.started.filter((_.hours > 0).fill_null(False)).mutate(length=_.hours / _.days)
    odd = (c.length < d.short_day) | (c.length > d.long_day)
    return _years(c.mutate(odd=odd.cast("float64")), odd_hours=_.odd.mean())


def one_price(panels: Panels, d: Detectors = REGISTERED):
    """Teams at one price: matches with a client of at least ten workers that pays most of its contracts one rate.

    Criterion: share of the client's contracts of the year within one per cent of its most frequent rate (A-06).
    Unit: match-year. Reading: consistent with staff lent to a user, who sets one wage. Innocent: a collective scale, a
    festival, a usual fee.
    """
    p = posted_prices(panels).select("client_id", "year", one_price="posted")
    c = panels.started.filter(_.client_id.notnull()).mutate(days_100=hundredths(_.days))
    m = c.group_by("worker_id", "client_id", "year").agg(days_100=_.days_100.sum())
    return m.join(p, ["client_id", "year"]).select("worker_id", "client_id", "year", "days_100", "one_price")


def expenses(panels: Panels, d: Detectors = REGISTERED):
    """Expenses in the place of pay: reimbursed expenses ÷ (gross pay + expenses).

    Criteria: that share over the contracts of the year, their number. Unit: worker-year. Innocent: tours,
    materials, travel.
    """
    panels.dataset.need("contracts.expenses_cents")
    c = panels.started.filter(_.gross_cents > 0).mutate(extra=_.expenses_cents.fill_null(0))
    return _years(c, expenses=_.extra.sum() / (_.extra.sum() + _.gross_cents.sum()))


def _years(contracts, **criterion):
    c = contracts.mutate(days_100=hundredths(contracts.days))
    return c.group_by("worker_id", "year").agg(days_100=_.days_100.sum(), contracts=_.count(), **criterion)


DETECTORS = {
    "day_chains": (day_chains, ("chain_days", "chain_contracts", "chain_one_day", "chain_density")),
    "one_job": (one_job, ("job_months",)),
    "few_days": (few_days, ("pay_ratio",)),
    "below_floor": (below_floor, ("below_floor", "contracts")),
    "block_arrival": (block_arrival, ("arrivals", "arrivals_exclusive", "arrivals_full")),
    "late_entry": (late_entry, ("late_entry", "contracts")),
    "not_artistic": (not_artistic, ("not_artistic", "contracts")),
    "at_floor": (at_floor, ("at_floor", "contracts")),
    "odd_hours": (odd_hours, ("odd_hours", "contracts")),
    "one_price": (one_price, ("one_price",)),
    "expenses": (expenses, ("expenses", "contracts")),
}


def looked(panels: Panels, detectors=tuple(DETECTORS)) -> dict:
    """The rows of each detector whose columns the dataset has, by name; MissingData where it has those of none."""
    found, missing = {}, None
    for detector in detectors:
        try:
            found[detector] = DETECTORS[detector][0](panels, REGISTERED)
        except MissingData as error:
            missing = missing or error
    if not found:
        raise missing
    return found


def flagged(rows, detector: str, d: Detectors = REGISTERED):
    """Whether a row of the detector meets all its criteria."""
    return reduce(and_, [rows[c] >= getattr(d, c) for c in DETECTORS[detector][1]])


def scored(panels: Panels, detector: str, d: Detectors = REGISTERED):
    """The rows of a detector with `score`, the least ratio of a criterion to its parameter, and `flagged`: score ≥ 1.

    Never shown: it serves to judge the detector where the truth is planted.
    """
    make, criteria = DETECTORS[detector]
    rows = make(panels, d)
    ratios = [(rows[c] / getattr(d, c)).cast("float64") for c in criteria]
    return rows.mutate(score=reduce(ibis.least, ratios), flagged=flagged(rows, detector, d))


def named(detectors: str) -> str:
    """What the detectors that a text names look for, in words."""
    return re.sub(r"[a-z]+(_[a-z]+)*", lambda name: WORDS.get(name[0], name[0]), detectors)


# -- what leaves the engine ------------------------------------------------------------------------------------

def prevalence(panels: Panels, span: int | None = None) -> Answer:
    """How often each detector flags: the share of its units (matches or worker-years), and of their declared days.

    share = flagged units ÷ units; share_of_days = Σ days of flagged units ÷ Σ days of units; `_low` and `_high` with
    the stricter and the looser parameters. Unit: share, 0–1. Shape: detector × first year of each `span` of years
    (all years together where none is given). `workers` are those behind the units, `flagged_workers` those behind the
    flagged ones. Reading: how much is consistent with the pattern, not how much is a misuse; between the bounds lies
    what the parameters decide. Pitfall: chance and innocent cases are in it. A row in which some share rests on 1 to 9
    workers, or on fewer than 20 units, is hidden. A detector whose columns the dataset lacks is absent.
    """
    first, parts = panels.scope.first_year, []
    span = span or panels.scope.last_year - first + 1
    for detector, rows in looked(panels).items():
        rows = rows.mutate(span=(first + (rows.year - first) // span * span).cast("int32"))
        rows = rows.mutate(**{name: flagged(rows, detector, d).cast("int64") for name, d in SETS.items()})
        parts.append(rows.group_by("span").agg(
            units=_.count(), workers=_.worker_id.nunique(), days=_.days_100.sum(),
            **{f"{name}_units": rows[name].sum() for name in SETS},
            **{f"{name}_days": (rows[name] * rows.days_100).sum() for name in SETS},
            **{f"{name}_workers": rows.worker_id.nunique(where=rows[name] == 1) for name in SETS},
        ).mutate(detector=ibis.literal(detector)))
    return Answer(ibis.union(*parts), ("detector", "span"), "fewest", finish=_shares)


def _shares(t: pd.DataFrame) -> pd.DataFrame:
    out = t[["detector", "span", "units", "workers"]].copy()
    out["flagged_workers"] = t["share_workers"]
    behind = t[[f"{name}_workers" for name in SETS]]
    out["fewest"] = behind.where(behind > 0).min(axis=1).fillna(t["workers"]).astype("int64")
    out.loc[t["units"] < FEWEST_UNITS, "fewest"] = 0
    for name in SETS:
        out[name] = t[f"{name}_units"] / t["units"]
    for name in SETS:
        out[name.replace("share", "share_of_days", 1)] = t[f"{name}_days"] / t["days"]
    order = {name: n for n, name in enumerate(DETECTORS)}
    return out.sort_values(["detector", "span"], key=lambda c: c.map(order) if c.name == "detector" else c,
                           ignore_index=True)


def client_concentration(panels: Panels, detectors=("day_chains", "one_job", "at_floor")) -> Answer:
    """M-12. Whether flags sit at few clients: clients by the share of their matches that is flagged.

    Per detector of matches and client with at least 20 matches: the share flagged, shrunk to the mean of all such
    clients by a beta-binomial law fitted to them, so that three flags of twenty count for less than thirty of two
    hundred. Values: `clients` in each class of the shrunken share, from `at_least` on to the next class; `workers`
    behind their matches. Unit: clients. Shape: detector × class. Counts alone, and no client, leave the function.
    """
    parts = []
    for detector in detectors:
        make, _criteria = DETECTORS[detector]
        rows = make(panels, REGISTERED)
        rows = rows.mutate(hit=flagged(rows, detector).cast("int64"))
        m = rows.filter(_.client_id.notnull()).group_by("worker_id", "client_id").agg(hit=_.hit.max())
        parts.append(_classes(m.group_by("client_id").agg(matches=_.count(), hits=_.hit.sum()).execute(), detector))
    columns = ["detector", "at_least", "clients", "workers", "fewest"]
    return Answer(pd.concat(parts, ignore_index=True)[columns], ("detector", "at_least"), "fewest")


def _classes(clients: pd.DataFrame, detector: str) -> pd.DataFrame:
    """Clients by class of their shrunken share; a client's matches are as many workers."""
    clients = clients[clients["matches"] >= FEWEST_UNITS].sort_values("client_id")
    share = shrunken(clients["hits"].to_numpy(), clients["matches"].to_numpy())
    place = np.searchsorted(CLASSES, share, side="right") - 1
    number = np.bincount(place, minlength=len(CLASSES))
    workers = np.bincount(place, clients["matches"], minlength=len(CLASSES)).astype("int64")
    return pd.DataFrame({"detector": detector, "at_least": CLASSES, "clients": number, "workers": workers,
                         "fewest": number})
