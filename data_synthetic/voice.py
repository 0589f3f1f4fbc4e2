"""Voice: attendance of members at general assemblies, and the corpus of interviews."""

import numpy as np
import pyarrow as pa
from numba.extending import register_jitable

from data_synthetic import columns as at
from data_synthetic.draw import CERTAIN, bits, chance, key, scaled, within
from data_synthetic.people import INTERVIEWS, PASSAGES, VOICE
from data_synthetic.rules import Size, assemblies, day
from data_synthetic.world import World


@register_jitable
def attend(rules, rows, me, left):
    """Who takes part in an assembly: few, and more with every year at Smart."""
    for i in range(rules.assemblies):
        on = rules.held[i]
        if not me.joined <= on <= left or me.platform >= 0:
            continue
        draw = key(key(me.stream, VOICE), i + 1)
        odds = rules.tenure_attendance * (on - me.joined) // 365
        if me.gender == rules.woman:
            odds += rules.gender_attendance
        if bits(draw, 0, 20) >= scaled(rules, rules.turnout, odds):
            continue
        n = rows.count[at.ATTENDANCES]
        rows.attendances[at.T_ASSEMBLY, n] = i + 1
        rows.attendances[at.T_WORKER, n] = me.number + 1
        rows.attendances[at.T_MODE, n] = rules.online_mode if rules.online[i] else rules.modes[bits(draw, 20, 12)]
        rows.attendances[at.T_VOTED, n] = 1 if chance(draw, 32, rules.voted) else 0
        rows.count[at.ATTENDANCES] = n + 1


def meetings(world: World, size: Size) -> dict:
    """The columns of `assemblies`: one ordinary assembly a year."""
    held = assemblies(world, size)
    return {"assembly_id": pa.array(range(1, len(held) + 1), pa.int64()), "held_on": _dates(held),
            "kind": pa.array(["ordinary"] * len(held), pa.string())}


def interviews(world: World, size: Size, root: int, contracts: np.ndarray) -> dict:
    """The columns of `interviews`: workers of the last years who are linked to their record, clients and staff."""
    stream = key(root, INTERVIEWS)
    since = max(day(f"{size.last_year - world.interview_years + 1}-01-01"), day(f"{size.first_year}-01-01"))
    known = np.unique(contracts[at.C_WORKER][contracts[at.C_END] >= since]).tolist()
    chosen = iter(sorted(known, key=lambda worker: key(stream, worker)))
    role = [role for role, count in world.interviews for _ in range(count)]
    held = [within(key(stream, -2 - i), 0, since, day(f"{size.last_year}-12-31")) for i in range(len(role))]
    return {
        "interview_id": pa.array(range(1, len(role) + 1), pa.int64()),
        "worker_id": pa.array([next(chosen, None) if r == "worker" else None for r in role], pa.int64()),
        "held_on": _dates(held), "role": pa.array(role, pa.string()),
    }


def dependent(contracts: np.ndarray) -> set[int]:
    """Workers for whom one client buys three quarters of the pay of all contracts, and five contracts or more."""
    worker, client = contracts[at.C_WORKER], contracts[at.C_CLIENT]
    workers, place = np.unique(worker, return_inverse=True)
    total, count = np.bincount(place, contracts[at.C_GROSS]), np.bincount(place)
    bought = client > 0
    pairs, pair = np.unique(place[bought] * (1 << 32) + client[bought], return_inverse=True)
    most = np.zeros(len(workers))
    np.maximum.at(most, pairs >> 32, np.bincount(pair, contracts[at.C_GROSS][bought]))
    return set(workers[(most >= 0.75 * total) & (count >= 5)].tolist())


def segments(world: World, root: int, held: dict, contracts: np.ndarray) -> dict:
    """The columns of `segments`: passages seen by one coder or by both, who do not always agree."""
    stream, tied = key(root, PASSAGES), dependent(contracts)
    rows = []
    of = (held[name].to_pylist() for name in ("interview_id", "worker_id", "role"))
    for interview, worker, role in zip(*of, strict=True):
        moved_share = world.effect_dependence_code if worker in tied else (
            world.effect_role_code if role == "staff" else 0.0)
        speech = key(stream, interview)
        end = 0
        for i in range(within(speech, 0, *world.passages)):
            draw, codes = key(speech, i), key(key(speech, i), 0)
            start = end + within(draw, 16, *world.gap_chars)
            end = start + within(draw, 0, *world.passage_chars)
            theme, other = (bits(codes, shift, 16) * len(world.codes) >> 16 for shift in (0, 16))
            if chance(codes, 32, round(CERTAIN * moved_share)):
                theme = 0
            if chance(codes, 48, round(CERTAIN * world.coder_agrees)):
                other = theme
            shift = max(within(draw, 32, -world.coder_shift, world.coder_shift), -start)
            for coder, code, moved in ((0, theme, 0), (1, other, shift)):
                if chance(key(codes, coder), 0, round(CERTAIN * world.coder_sees)):
                    rows.append((interview, world.coders[coder], world.codes[code], start + moved, end + moved))
    columns = list(zip(*rows, strict=True)) or [()] * 5
    names = ("interview_id", "coder", "code", "start", "end")
    types = (pa.int64(), pa.string(), pa.string(), pa.int64(), pa.int64())
    return {"segment_id": pa.array(range(1, len(rows) + 1), pa.int64())} | {
        name: pa.array(column, kind) for name, column, kind in zip(names, columns, types, strict=True)}


def _dates(days: list[int]) -> pa.Array:
    return pa.array(np.array(days, dtype=np.int32), pa.date32())
