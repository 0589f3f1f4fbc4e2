"""From rows of integers to the tables of the schema: labels, dates, empty values, files."""

from pathlib import Path

import numpy as np
import pyarrow as pa

from analysis.schema import TABLES, write_file
from data_synthetic import columns as at
from data_synthetic.kinds import FLAGS
from data_synthetic.rules import NEVER, place
from data_synthetic.world import World

ENTITIES = ("worker", "client", "contract")
REGIMES = ("employee", "student", "agency")


def _label(values: np.ndarray, names) -> pa.DictionaryArray:
    """Strings by their index in `names`; None or "" stands for what is not recorded."""
    known = [n for n in dict.fromkeys(names) if n]
    place = np.array([known.index(n) if n else -1 for n in names], dtype=np.int16)[values]
    return pa.DictionaryArray.from_arrays(pa.array(place, mask=place < 0), pa.array(known, pa.string()))


def _date(days: np.ndarray) -> pa.Array:
    """Calendar dates; empty for what does not happen."""
    missing = days == NEVER
    return pa.array(np.where(missing, 0, days).astype(np.int32), pa.date32(), mask=missing)


def _whole(values: np.ndarray) -> pa.Array:
    """Integers, copied: the rows that they come from are filled again."""
    return pa.array(values.copy())


def _number(values: np.ndarray) -> pa.Array:
    """Integers, empty where they are zero."""
    return pa.array(values.copy(), mask=values == 0)


def workers(world: World, w: np.ndarray) -> dict:
    """The columns of `workers`."""
    return {
        "worker_id": _whole(w[at.W_ID]), "joined_on": _date(w[at.W_JOINED]),
        "birth_year": _number(w[at.W_BIRTH]).cast(pa.int16()),
        "gender": _label(w[at.W_GENDER], [g for g, _ in world.gender]),
        "home_nis": _label(w[at.W_HOME], [nis for nis, _, _ in world.homes]),
        "education": _label(w[at.W_EDUCATION], [level for level, _ in world.education]),
        "profession": _label(w[at.W_TRADE], [t.name for t in world.trades]),
        "status_before": _label(np.where(w[at.W_STUDENT] == 1, len(world.status_before), w[at.W_STATUS]),
                                [*(s for s, _ in world.status_before), "student"]),
    }


def clients(world: World, c: np.ndarray) -> dict:
    """The columns of `clients`; a household has no sector and no size, a foreign client no seat in Belgium."""
    forms, sectors, sizes = ([level for level, _ in getattr(world, n)] for n in ("legal_form", "sector", "size"))
    household = c[1] == place(world, "legal_form", "household")
    return {
        "client_id": _whole(c[0]), "legal_form": _label(c[1], forms),
        "sector": _label(np.where(household, len(sectors), np.where(c[2] < 0, len(sectors) + 1, c[2])),
                         [*sectors, "T", "H"]),
        "size": _label(np.where(household, len(sizes), c[3]), [*sizes, None]),
        "home_nis": _label(np.where(c[1] == place(world, "legal_form", "foreign"), len(world.homes), c[4]),
                           [*(nis for nis, _, _ in world.homes), None]),
    }


def contracts(world: World, c: np.ndarray) -> dict:
    """The columns of `contracts`."""
    names = [t.name for t in world.trades]
    own = [t.committee for t in world.trades]
    white = [committee for _, committee in world.white_collar]
    starts = np.array([np.datetime64(d, "D") for d, _ in world.white_collar]).astype(np.int64)
    period = np.maximum(np.searchsorted(starts, c[at.C_START], side="right") - 1, 0)
    committees = [*own, *white, world.agency_committee]
    office = np.array([not committee for committee in own])[c[at.C_TRADE]]
    committee = np.where(office, len(own) + period, c[at.C_TRADE])
    committee = np.where(c[at.C_REGIME] == at.AGENCY, len(committees) - 1, committee)
    by_client = c[at.C_ACTIVITY] == 0
    return {
        "contract_id": _whole(c[at.C_ID]), "worker_id": _whole(c[at.C_WORKER]), "client_id": _number(c[at.C_CLIENT]),
        "activity_id": _number(c[at.C_ACTIVITY]), "created_on": _date(c[at.C_CREATED]),
        "start_on": _date(c[at.C_START]), "end_on": _date(c[at.C_END]), "days": c[at.C_DAYS].astype(np.float64),
        "hours": pa.array(c[at.C_TENTHS] / 10, mask=c[at.C_TENTHS] == 0),
        "gross_cents": _whole(c[at.C_GROSS]), "employer_cost_cents": _whole(c[at.C_COST]),
        "price_cents": pa.array(c[at.C_PRICE].copy(), mask=~by_client),
        "expenses_cents": _whole(c[at.C_EXPENSES]), "net_cents": _whole(c[at.C_NET]), "paid_on": _date(c[at.C_PAID]),
        "function": _label(c[at.C_TRADE], names), "artistic": pa.array(c[at.C_ARTISTIC] == 1),
        "pay_basis": _label((c[at.C_TENTHS] == 0).astype(np.int64), ("time", "lump_sum")),
        "regime": _label(c[at.C_REGIME], REGIMES), "joint_committee": _label(committee, committees),
        "office": _label(c[at.C_HOME], [office for _, _, office in world.homes]),
    }


def activities(world: World, a: np.ndarray) -> dict:
    """The columns of `activities`."""
    return {"activity_id": _whole(a[at.A_ID]), "owner_id": _whole(a[at.A_OWNER]), "opened_on": _date(a[at.A_OPENED]),
            "closed_on": _date(a[at.A_CLOSED])}


def activity_members(world: World, m: np.ndarray) -> dict:
    """The columns of `activity_members`."""
    return {"activity_id": _whole(m[at.M_ACTIVITY]), "worker_id": _whole(m[at.M_WORKER]),
            "is_manager": pa.array(m[at.M_MANAGER] == 1)}


def invoices(world: World, i: np.ndarray) -> dict:
    """The columns of `invoices`."""
    return {
        "invoice_id": _whole(i[at.I_ID]), "client_id": _whole(i[at.I_CLIENT]), "contract_id": _number(i[at.I_CONTRACT]),
        "activity_id": _number(i[at.I_ACTIVITY]), "issued_on": _date(i[at.I_ISSUED]), "due_on": _date(i[at.I_DUE]),
        "paid_on": _date(i[at.I_PAID]), "written_off_on": _date(i[at.I_LOST]), "amount_cents": _whole(i[at.I_AMOUNT]),
    }


def expenses(world: World, e: np.ndarray) -> dict:
    """The columns of `expenses`."""
    return {"expense_id": _whole(e[at.E_ID]), "activity_id": _whole(e[at.E_ACTIVITY]),
            "booked_on": _date(e[at.E_BOOKED]), "kind": _label(e[at.E_KIND], [k for k, _ in world.purchase_kind]),
            "amount_cents": _whole(e[at.E_AMOUNT])}


def shareholdings(world: World, s: np.ndarray) -> dict:
    """The columns of `shareholdings`."""
    return {"worker_id": _whole(s[at.S_WORKER]), "subscribed_on": _date(s[at.S_ON]),
            "redeemed_on": _date(s[at.S_REDEEMED]), "shares": _whole(s[at.S_SHARES])}


def attendances(world: World, t: np.ndarray) -> dict:
    """The columns of `attendances`."""
    modes = [*(mode for mode, _ in world.modes), "online"]
    return {"assembly_id": _whole(t[at.T_ASSEMBLY]), "worker_id": _whole(t[at.T_WORKER]),
            "mode": _label(t[at.T_MODE], modes), "voted": pa.array(t[at.T_VOTED] == 1)}


def flags(f: np.ndarray) -> dict:
    """The columns of the flag file: which worker, client or contract belongs to which pattern or trajectory."""
    return {"entity": _label(f[at.F_ENTITY], ENTITIES), "id": _whole(f[at.F_ID]), "flag": _label(f[at.F_FLAG], FLAGS)}


# Table of the schema → (rows of the simulator, columns from rows).
OF_MEMBERS = {
    "workers": ("workers", workers), "contracts": ("contracts", contracts), "activities": ("activities", activities),
    "activity_members": ("links", activity_members), "invoices": ("invoices", invoices),
    "expenses": ("expenses", expenses), "shareholdings": ("shares", shareholdings),
    "attendances": ("attendances", attendances),
}


def write(name: str, columns, folder: Path, part: int | None = None) -> None:
    """Write the columns as `<name>.parquet`, or as a part file in `<name>/`."""
    path = folder / f"{name}.parquet" if part is None else folder / name / f"part-{part:05d}.parquet"
    path.parent.mkdir(exist_ok=True)
    write_file(pa.table(columns), path, TABLES.get(name))
