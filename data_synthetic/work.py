"""Contracts: who works when, for how many days, and who buys it."""

from dataclasses import dataclass

import numpy as np

from data_synthetic.draw import (
    NEVER,
    as_of,
    dates,
    day,
    first_day,
    month_of,
    nullable,
    pick,
    spread,
    within,
    year_of,
)
from data_synthetic.people import Clients, Members, Period
from data_synthetic.world import World


@dataclass(frozen=True)
class Activities:
    """The tables of Activities and their members; per member, the one owned or joined (row, −1: none)."""

    table: dict
    people: dict
    opened: np.ndarray
    closed: np.ndarray  # NEVER while it is open
    own: np.ndarray
    host: np.ndarray

    @property
    def owner(self) -> np.ndarray:
        """Row of the owner in `workers`."""
        return self.table["owner_id"] - 1


def activities(world: World, rng, period: Period, members: Members) -> Activities:
    """Members open an Activity one after the other since the tool exists; some draw on that of another."""
    n, since, until = len(members.joined), day(world.activities_since), day(world.activity_share_on)
    adopts = since + np.round((until - since) * rng.random(n) / world.activity_share).astype(np.int64)
    opened = np.maximum(adopts, np.maximum(members.joined, period.start))
    ordinary = members.platform < 0
    owner = np.flatnonzero(ordinary & (opened < np.minimum(members.left, period.end)))
    count, opened = len(owner), opened[owner]
    closed = members.left[owner] + world.activity_after
    own = np.full(n, -1)
    own[owner] = np.arange(count)
    host = np.where(ordinary & (rng.random(n) < world.guest_share), rng.integers(0, max(count, 1), n), -1)
    host = np.where((host == own) | (count == 0), -1, host)
    guest = np.flatnonzero(host >= 0)
    ids = np.arange(1, count + 1)
    at, who = np.append(ids, host[guest] + 1), np.append(owner, guest)
    order = np.lexsort((who, at))
    return Activities(
        {"activity_id": ids, "owner_id": owner + 1, "opened_on": dates(opened),
         "closed_on": dates(closed, period.extract)},
        {"activity_id": at[order], "worker_id": who[order] + 1, "is_manager": order < count},
        opened, np.where(closed > period.extract, NEVER, closed), own, host,
    )


@dataclass(frozen=True)
class Contracts:
    """One row per contract, by member and start; `worker` and `activity` (−1: none) are row numbers."""

    worker: np.ndarray
    start: np.ndarray
    end: np.ndarray
    created: np.ndarray
    paid: np.ndarray
    days: np.ndarray
    tenths: np.ndarray  # tenths of an hour, 0 for a lump sum
    client: np.ndarray  # client_id, 0 when an Activity buys
    activity: np.ndarray
    trade: np.ndarray
    artistic: np.ndarray
    student: np.ndarray
    agency: np.ndarray


def contracts(world: World, rng, period: Period, members: Members, bought_by: Activities,
              market: "Market") -> Contracts:
    """The working life of all members."""
    worker, start, end, days = _spells(world, rng, period, members)
    n, courier = len(worker), members.platform[worker] >= 0
    trade, artistic = _functions(world, rng, members.trade[worker])
    activity = _buyers(world, rng, bought_by, worker, start, end)
    client = np.where(activity < 0, market.choose(rng, worker), 0)
    lump = rng.random(n) < np.where(artistic, world.lump_sum_artistic, world.lump_sum_other)
    percent = np.array([p for p, _ in world.part_time])[pick(rng, [w for _, w in world.part_time], n)]
    tenths = np.maximum(world.full_day * days * percent // 100, world.engagement_min)
    tenths = np.where(courier, within(rng, world.courier_hours, n), tenths)
    pupil = members.student[worker] & (courier | (start < members.joined[worker] + world.student_span))
    student = _inside_quota(world, pupil, worker, start, days, tenths)
    lump &= ~pupil & ~courier
    agency = (~artistic & ~courier & ~pupil & (activity < 0) & (start >= day(world.agency_since))
              & (rng.random(n) < world.agency_share))
    late = rng.random(n) < world.retroactive
    after, before = within(rng, world.created_after, n), within(rng, world.created_before, n)
    created = start + np.where(late, after, -before)
    return Contracts(
        worker, start, end, np.maximum(created, members.joined[worker]),
        np.busday_offset(dates(end), within(rng, world.pay_delay, n), roll="backward").astype(np.int64),
        days, np.where(lump, 0, tenths), client, activity, trade, artistic, student, agency,
    )


def _spells(world: World, rng, period: Period, members: Members):
    """Member, first day, last day and declared days of every contract, ordered by member and first day."""
    first = month_of(np.maximum(members.joined, period.start))
    last = month_of(np.minimum(members.left, period.end))
    months = np.maximum(last - first + 1, 0)
    worker = np.repeat(np.arange(len(months)), months)
    month = np.arange(len(worker)) + np.repeat(first - np.cumsum(months) + months, months)
    year, calendar = month // 12 + 1970, month % 12
    covid = np.where(year == world.covid_year, np.array(world.covid)[calendar], 100)
    season = np.array(world.season)[calendar] * covid / 10_000
    mood = _moods(world, rng, worker, year)
    ordinary = members.platform[worker] < 0
    rate = members.monthly[worker] * np.where(ordinary, season * mood, 1.0)
    count = rng.poisson(np.minimum(np.round(rate, 6), 2 * world.contracts_per_month_max))
    worker, month = np.repeat(worker, count), np.repeat(month, count)
    start = rng.integers(first_day(month), first_day(month + 1))
    courier = members.platform[worker] >= 0
    days = np.array([d for d, _ in world.lengths])[pick(rng, [w for _, w in world.lengths], len(worker))]
    days = np.where(courier, 1, days)
    longest = days + 2 * (days // 5)
    longest += np.floor(longest * world.slack * rng.random(len(days))).astype(np.int64)
    end = start + np.where(days == 1, 1, longest) - 1
    inside = (start >= members.joined[worker]) & (start <= members.left[worker]) & (end <= period.end)
    order = np.flatnonzero(inside)
    order = order[np.lexsort((end[order], start[order], worker[order]))]
    return worker[order], start[order], end[order], days[order]


def _moods(world: World, rng, worker: np.ndarray, year: np.ndarray) -> np.ndarray:
    """One factor for all months of a member in a year: ups and downs, and years without work."""
    new = np.append(True, (np.diff(worker) != 0) | (np.diff(year) != 0))[: len(worker)]
    spell = np.cumsum(new) - 1
    n = int(new.sum())
    return (spread(rng, world.within_sigma, n) * (rng.random(n) >= world.idle_year))[spell]


def _functions(world: World, rng, own: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Trade of each contract (the member's own, or another of the same kind), and whether it is artistic."""
    n = len(own)
    kind = np.array([t.artistic for t in world.trades])
    courier = np.array([t.name == "courier" for t in world.trades])
    arts, others = np.flatnonzero(kind), np.flatnonzero(~kind & ~courier)
    other = np.where(kind[own], arts[rng.integers(0, len(arts), n)], others[rng.integers(0, len(others), n)])
    trade = np.where(courier[own] | (rng.random(n) < world.own_trade), own, other)
    return trade, kind[trade] & (rng.random(n) < world.artistic_coded)


def _buyers(world: World, rng, bought_by: Activities, worker, start, end) -> np.ndarray:
    """Row of the Activity that buys each contract, −1 for a client."""
    opened = np.append(bought_by.opened, NEVER)  # row −1: no Activity, never open
    closed = np.append(bought_by.closed, NEVER)
    buyer = np.full(len(worker), -1)
    for choice, use in ((bought_by.own, world.activity_use), (bought_by.host, world.guest_use)):
        row = choice[worker]
        able = (start >= opened[row] + world.activity_wait) & (end <= closed[row])
        buyer = np.where(able & (rng.random(len(worker)) < use), row, buyer)
    return buyer


def _inside_quota(world: World, pupil, worker, start, days, tenths) -> np.ndarray:
    """Student contracts: those of a pupil until the quota of the year is used up (days, then hours)."""
    by_hours = year_of(start) >= world.student_hours_since
    used = np.where(pupil, np.where(by_hours, tenths, days), 0)
    quota = np.where(by_hours, as_of(world.student_tenths, start), as_of(world.student_days, start))
    total = np.cumsum(used)
    new = np.append(True, (np.diff(worker) != 0) | (np.diff(year_of(start)) != 0))[: len(worker)]
    before = (total - used)[new][np.cumsum(new) - 1]
    return pupil & (total - before <= quota)


@dataclass(frozen=True)
class Market:
    """Each member's hard core of clients, and the crowd of one-off ones."""

    core: np.ndarray  # client_id, members × largest core
    odds: np.ndarray  # cumulated integer weights inside the core, members × largest core
    popularity: np.ndarray
    core_share: float
    platform: np.ndarray  # client_id of a courier's platform, 0 for other members

    def choose(self, rng, worker: np.ndarray) -> np.ndarray:
        """One client_id for each row of `worker`."""
        n = len(worker)
        draw = rng.integers(0, self.odds[worker, -1])
        inside = self.core[worker, (self.odds[worker] <= draw[:, None]).sum(axis=1)]
        outside = pick(rng, self.popularity, n) + 1
        chosen = np.where(rng.random(n) < self.core_share, inside, outside)
        return np.where(self.platform[worker] > 0, self.platform[worker], chosen)


def market(world: World, rng, members: Members, clients: Clients) -> Market:
    """Draw the core clients of every member, by popularity."""
    n, width = len(members.joined), len(world.core_sizes)
    core = pick(rng, clients.popularity, n * width).reshape(n, width) + 1
    size = pick(rng, world.core_sizes, n) + 1
    weights = np.rint(1_000 * world.core_decay ** np.arange(width)).astype(np.int64)
    odds = np.cumsum(np.where(np.arange(width) < size[:, None], weights, 0), axis=1)
    platform = np.append(clients.platform_ids, 0)[members.platform]
    return Market(core, odds, clients.popularity, world.core_share, platform)


def table(world: World, members: Members, c: Contracts, pay: dict) -> dict:
    """The table `contracts`; `pay` holds its money columns."""
    names = np.array([t.name for t in world.trades], dtype=object)
    committee = np.array([t.committee for t in world.trades], dtype=object)[c.trade]
    committee = np.where(committee == "", as_of(world.white_collar, c.start), committee)
    client_bought = c.activity < 0
    return {
        "contract_id": np.arange(1, len(c.worker) + 1),
        "worker_id": c.worker + 1,
        "client_id": nullable(c.client, ~client_bought),
        "activity_id": nullable(c.activity + 1, client_bought),
        "created_on": dates(c.created),
        "start_on": dates(c.start),
        "end_on": dates(c.end),
        "days": c.days.astype(np.float64),
        "hours": nullable(c.tenths / 10, c.tenths == 0),
        **pay,
        "paid_on": dates(c.paid),
        "function": names[c.trade],
        "artistic": c.artistic,
        "pay_basis": np.where(c.tenths == 0, "lump_sum", "time").astype(object),
        "regime": np.where(c.student, "student", np.where(c.agency, "agency", "employee")).astype(object),
        "joint_committee": np.where(c.agency, world.agency_committee, committee),
        "office": members.office[c.worker],
    }
