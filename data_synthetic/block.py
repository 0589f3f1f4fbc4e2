"""Members in groups whose Activities may pay each other: the loop that fills all tables, slow or compiled.

`fill` is plain Python, the readable reference; `fill_fast` is the same function compiled. They give the same bits.
"""

from collections.abc import Iterator
from hashlib import blake2b
from pathlib import Path

import numba
import numpy as np
from numba.extending import register_jitable

from data_synthetic import columns as at
from data_synthetic import kinds
from data_synthetic.draw import CERTAIN, bits, chance, key
from data_synthetic.money import fund
from data_synthetic.people import CREWS, LINKS, career_end, client, client_of, member
from data_synthetic.rules import NEVER
from data_synthetic.voice import attend
from data_synthetic.work import INVOICES, KNOWN, Purse, live, put_flag


@register_jitable
def activity_id(number):
    """The identifier of the Activity of a member."""
    return (number + 1) * at.TEAM + 3


@register_jitable
def host_of(rules, rows, me, first, size):
    """The member of the group, by its place in it, whose Activity also pays `me`; −1 for none."""
    draw = key(key(me.stream, LINKS), 0)
    near, leads = bits(draw, 16, 16) * size >> 16, False
    for i in range(size):  # one of the team leaders, where there are any
        leader = rows.kind[i] == kinds.LEADER or rows.kind[i] == kinds.M13
        if leader and (not leads or chance(key(draw, i), 0, CERTAIN // 2)):
            near, leads = i, True
    if first + near == me.number or rows.opened[near] == NEVER or me.platform >= 0:
        return -1
    if me.kind == kinds.M06 or me.kind == kinds.SAVER:
        return -1
    return near if chance(draw, 0, rules.guest_share_team if leads else rules.guest_share) else -1


@register_jitable
def purse_of(rules, rows, me, host, first):
    """The Activities that may buy the work of `me`, the own one and that of the `host`."""
    place = me.number - first
    has = rows.opened[place] < NEVER
    return Purse(
        activity_id(me.number) if has else 0,
        rows.left[place] + rules.activity_after if has else 0,
        activity_id(first + host) if host >= 0 else 0,
        rows.opened[host] if host >= 0 else NEVER,
        rows.left[host] + rules.activity_after if host >= 0 else 0,
        1 if host >= 0 and rows.kind[host] == kinds.M13 else 0,
    )


@register_jitable
def make_group(rules, root, rows, first, size):
    """All rows of the `size` members from `first` on."""
    for i in range(size):
        me = member(rules, root, first + i)
        rows.left[i], rows.kind[i], rows.guests[i] = career_end(rules, me), me.kind, 0
        ends = min(rows.left[i], rules.first_day[rules.last_month + 1])
        rows.opened[i] = me.opened if me.opened < ends else NEVER
    first_row = rows.count[at.CONTRACTS]
    for i in range(size):
        me = member(rules, root, first + i)
        host = host_of(rules, rows, me, first, size)
        purse = purse_of(rules, rows, me, host, first)
        _enter(rules, rows, me)
        live(rules, root, rows, me, rows.left[i], purse)
        attend(rules, rows, me, rows.left[i])
        rows.known[i], rows.invoiced[i] = max(min(rows.memory[KNOWN], at.CIRCLE), 1), rows.memory[INVOICES]
        if host >= 0:
            rows.guests[host] += 1
            _link(rows, purse.host, me.number, 0)
        if purse.own:
            _open(rules, rows, me, rows.left[i])
            _link(rows, purse.own, me.number, 1)
    for i in range(size):
        if rows.opened[i] < NEVER:
            fund(rules, root, rows, member(rules, root, first + i), activity_id(first + i), first_row)
        if (rows.kind[i] == kinds.LEADER or rows.kind[i] == kinds.M13) and rows.guests[i] > 0:
            put_flag(rows, at.WORKER, first + i + 1, rows.kind[i])


def fill(rules_of, root, first, until, rows_of):
    """Make the members from `first`, a multiple of TEAM, on, while there is room; returns the number of the next one.

    `rules_of` holds the rules in its one place and `rows_of` the rows; `root` is the stream of the seed.
    """
    rules, rows = rules_of[0], rows_of[0]
    while first < until and at.BLOCK - rows.count[at.CONTRACTS] >= at.ROOM:
        size = min(at.TEAM, until - first)
        make_group(rules, root, rows, first, size)
        first += size
    return first


@register_jitable
def _enter(rules, rows, me):
    n = rows.count[at.WORKERS]
    rows.workers[at.W_ID, n] = me.number + 1
    rows.workers[at.W_JOINED, n] = me.joined
    rows.workers[at.W_BIRTH, n] = me.birth_year
    rows.workers[at.W_GENDER, n] = me.gender
    rows.workers[at.W_HOME, n] = me.home
    rows.workers[at.W_EDUCATION, n] = me.education
    rows.workers[at.W_TRADE, n] = me.trade
    rows.workers[at.W_STATUS, n] = me.status
    rows.workers[at.W_STUDENT, n] = me.student
    rows.count[at.WORKERS] = n + 1


@register_jitable
def _open(rules, rows, me, left):
    n = rows.count[at.ACTIVITIES]
    closed = left + rules.activity_after
    rows.activities[at.A_ID, n] = activity_id(me.number)
    rows.activities[at.A_OWNER, n] = me.number + 1
    rows.activities[at.A_OPENED, n] = me.opened
    rows.activities[at.A_CLOSED, n] = closed if closed <= rules.extract else NEVER
    rows.count[at.ACTIVITIES] = n + 1


@register_jitable
def _link(rows, activity, number, manager):
    n = rows.count[at.LINKS]
    rows.links[at.M_ACTIVITY, n] = activity
    rows.links[at.M_WORKER, n] = number + 1
    rows.links[at.M_MANAGER, n] = manager
    rows.count[at.LINKS] = n + 1


def fill_clients(rules_of, root, first, until, out):
    """The clients from `first` on: number, form, sector, size, home, log pay, log delay, pays late, has a crew."""
    rules = rules_of[0]
    for number in range(first, until):
        found = client(rules, root, number)
        i = number - first
        out[0, i], out[1, i], out[2, i], out[3, i] = number + 1, found.form, found.sector, found.size
        out[4, i], out[5, i], out[6, i], out[7, i], out[8, i] = found.home, found.pay, found.delay, found.late, 0
    for crew in range(rules.crews):
        house = client_of(rules, root, key(key(root, CREWS), crew), -1, rules.sector_arts)
        if first <= house < until:
            out[8, house - first] = 1


def fill_traits(rules_of, root, first, until, out):
    """What no table shows of the members from `first` on, for the planted truth: log pay of the member, log intensity,
    kind, first and last day, day of the Activity, woman, artist, log pay of the trade."""
    rules = rules_of[0]
    for number in range(first, until):
        me = member(rules, root, number)
        i = number - first
        out[0, i], out[1, i], out[2, i], out[3, i] = me.pay, me.rate, me.kind, me.joined
        out[4, i], out[5, i] = career_end(rules, me), me.opened
        out[6, i], out[7, i], out[8, i] = 1 if me.gender == rules.woman else 0, me.artist, rules.trade_pay[me.trade]


def _compiled(function):
    """`function` compiled; the machine code is kept, and made anew when any source of the simulator changes."""
    here = Path(__file__).parent
    sources = b"".join(p.read_bytes() for p in sorted(here.glob("*.py")))
    numba.config.CACHE_DIR = str(here / "__pycache__" / blake2b(sources, digest_size=8).hexdigest())
    return numba.njit(nogil=True, cache=True)(function)


fill_fast, clients_fast, traits_fast = _compiled(fill), _compiled(fill_clients), _compiled(fill_traits)


def blocks(packed: np.ndarray, root: int, first: int, until: int, rows: np.ndarray) -> Iterator[dict[str, np.ndarray]]:
    """The rows of the members from `first` on, block by block: name → filled rows, which the next block overwrites.

    `packed` is the record of the rules, `rows` the memory to fill (`columns.blank`).
    """
    while first < until:
        rows["count"] = 0
        first = fill_fast(packed, np.uint64(root), first, until, rows)
        yield {name: rows[name][0][:, :n] for name, n in zip(at.TABLES, rows["count"][0].tolist(), strict=True)}


def clients_of(packed: np.ndarray, root: int, first: int, until: int) -> np.ndarray:
    """The rows of the clients from `first` on."""
    out = np.zeros((9, until - first), dtype=np.int64)
    clients_fast(packed, np.uint64(root), first, until, out)
    return out


def traits_of(packed: np.ndarray, root: int, members: int) -> np.ndarray:
    """The hidden traits of the first members."""
    out = np.zeros((9, members), dtype=np.int64)
    traits_fast(packed, np.uint64(root), 0, members, out)
    return out


def number_of_clients(packed: np.ndarray) -> int:
    """How many clients the world has: platforms, users of teams, and all others."""
    return int(packed["platforms"][0] + packed["teams"][0] + packed["clients"][0])
