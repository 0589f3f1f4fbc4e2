"""Voice: cooperative shares, general assemblies and the corpus of interviews."""

import numpy as np

from data_synthetic.draw import NEVER, dates, day, label, pick, within, year_of
from data_synthetic.people import Members, Period
from data_synthetic.work import Contracts
from data_synthetic.world import World


def shareholdings(world: World, rng, period: Period, members: Members, c: Contracts) -> dict:
    """One subscription per member and year of use since the cooperative exists, on the first working day."""
    year = year_of(c.start)
    first = np.append(True, (np.diff(c.worker) != 0) | (np.diff(year) != 0))[: len(year)]
    rows = np.flatnonzero(first & (year >= world.shares_since))
    rows = rows[rng.random(len(rows)) < world.share_taken]
    n, worker = len(rows), c.worker[rows]
    leaves = rng.random(len(members.left)) < world.redeemed
    delay = within(rng, world.redeem_delay, len(members.left))
    redeemed = np.where(leaves, members.left + delay, NEVER)[worker]
    sizes = np.array([shares for shares, _ in world.extra_shares])
    return {
        "worker_id": worker + 1,
        "subscribed_on": dates(c.start[rows]),
        "redeemed_on": dates(redeemed, period.extract),
        "shares": sizes[pick(rng, [w for _, w in world.extra_shares], n)],
    }


def assemblies(world: World, period: Period) -> dict:
    """One ordinary assembly a year."""
    years = range(max(world.assemblies_since, period.first_year), period.last_year + 1)
    held = np.array([day(f"{y}-{world.assembly_day}") for y in years], dtype=np.int64)
    return {"assembly_id": np.arange(1, len(held) + 1), "held_on": dates(held),
            "kind": np.full(len(held), "ordinary", dtype=object)}


def attendances(world: World, rng, members: Members, held: dict) -> dict:
    """Who takes part: a small share of the members of the day."""
    on = held["held_on"].astype(np.int64)[:, None]
    present = (members.joined <= on) & (members.left >= on)
    assembly, worker = np.nonzero(present & (rng.random(present.shape) < world.turnout))
    online = np.isin(year_of(on[assembly, 0]), world.online_years)
    n = len(worker)
    return {
        "assembly_id": assembly + 1,
        "worker_id": worker + 1,
        "mode": np.where(online, "online", label(rng, world.modes, n)),
        "voted": rng.random(n) < world.voted,
    }


def interviews(world: World, rng, period: Period, c: Contracts) -> dict:
    """The corpus: workers who are linked to their record, clients and staff who are not."""
    role = np.concatenate([np.full(count, role, dtype=object) for role, count in world.interviews])
    n = len(role)
    since = max(period.start, day(f"{period.last_year - world.interview_years + 1}-01-01"))
    known = np.unique(c.worker[c.end >= since]) + 1
    linked = iter(rng.permutation(known)[: int((role == "worker").sum())].tolist())
    return {
        "interview_id": np.arange(1, n + 1),
        "worker_id": np.array([next(linked, None) if r == "worker" else None for r in role], dtype=object),
        "held_on": dates(within(rng, (since, period.end), n)),
        "role": role,
    }


def segments(world: World, rng, held: dict) -> dict:
    """Passages of the interviews, each seen by one coder or by both, who do not always agree."""
    passages = within(rng, world.passages, len(held["interview_id"]))
    interview = np.repeat(held["interview_id"], passages)
    n = len(interview)
    length, gap = within(rng, world.passage_chars, n), within(rng, world.gap_chars, n)
    reached = np.cumsum(length + gap)
    opens = np.cumsum(passages) - passages
    before = np.repeat((reached - length - gap)[opens], passages)
    start, end = reached - length - before, reached - before
    codes = np.array(world.codes, dtype=object)
    theme = rng.integers(0, len(codes), n)
    seen = rng.random((2, n)) < world.coder_sees
    other = np.where(rng.random(n) < world.coder_agrees, theme, rng.integers(0, len(codes), n))
    shift = within(rng, (-world.coder_shift, world.coder_shift), n)
    shift = np.maximum(shift, -start)
    row, coder = np.concatenate([np.flatnonzero(s) for s in seen]), np.repeat([0, 1], seen.sum(axis=1))
    order = np.lexsort((coder, row))
    row, coder = row[order], coder[order]
    return {
        "segment_id": np.arange(1, len(row) + 1),
        "interview_id": interview[row],
        "coder": np.array(world.coders, dtype=object)[coder],
        "code": codes[np.where(coder == 0, theme[row], other[row])],
        "start": start[row] + coder * shift[row],
        "end": end[row] + coder * shift[row],
    }
