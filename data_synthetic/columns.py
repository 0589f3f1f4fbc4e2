"""The rows that the simulator fills: one array of integers per table, columns first, and how many rows each has.

Zero stands for what is empty in `client`, `activity`, `hours`, `price` and `birth_year`; dates that do not happen are
NEVER. Amounts are cents, hours are tenths.
"""

from types import SimpleNamespace

import numpy as np

(C_ID, C_WORKER, C_CLIENT, C_ACTIVITY, C_CREATED, C_START, C_END, C_DAYS, C_TENTHS, C_GROSS, C_COST, C_PRICE,
 C_EXPENSES, C_NET, C_PAID, C_TRADE, C_ARTISTIC, C_REGIME, C_HOME) = range(19)
(I_ID, I_CLIENT, I_CONTRACT, I_ACTIVITY, I_ISSUED, I_DUE, I_PAID, I_LOST, I_AMOUNT) = range(9)
(W_ID, W_JOINED, W_BIRTH, W_GENDER, W_HOME, W_EDUCATION, W_TRADE, W_STATUS, W_STUDENT) = range(9)
(A_ID, A_OWNER, A_OPENED, A_CLOSED) = range(4)
(M_ACTIVITY, M_WORKER, M_MANAGER) = range(3)
(E_ID, E_ACTIVITY, E_BOOKED, E_KIND, E_AMOUNT) = range(5)
(S_WORKER, S_ON, S_REDEEMED, S_SHARES) = range(4)
(T_ASSEMBLY, T_WORKER, T_MODE, T_VOTED) = range(4)
(F_ENTITY, F_ID, F_FLAG) = range(3)

# Tables in the order of the counts.
TABLES = ("workers", "contracts", "invoices", "activities", "links", "expenses", "shares", "attendances", "flags")
(WORKERS, CONTRACTS, INVOICES, ACTIVITIES, LINKS, EXPENSES, SHARES, ATTENDANCES, FLAGS) = range(len(TABLES))

WORKER, CLIENT, CONTRACT = range(3)  # entities of a flag
EMPLOYEE, STUDENT, AGENCY = range(3)  # regimes of a contract

SLOTS = 1 << 14  # rows of one table that one member may have
BLOCK = 1 << 18  # rows of contracts in one block
CIRCLE = 512  # past contracts whose client may come again
MEMORY = 16  # what is remembered of a life, see work.py
TEAM = 8  # members whose Activities may pay each other stand side by side
ROOM = TEAM * SLOTS  # contracts for which there must be room before a group begins

FIELDS = (
    ("workers", (9, BLOCK // 4)), ("contracts", (19, BLOCK)), ("invoices", (9, 2 * BLOCK)),
    ("activities", (4, BLOCK // 4)), ("links", (3, BLOCK // 2)), ("expenses", (5, BLOCK)),
    ("shares", (4, BLOCK)), ("attendances", (4, BLOCK)), ("flags", (3, 2 * BLOCK)),
    ("count", (len(TABLES),)),
    # Working memory: of one member, and of a group whose Activities may pay each other.
    ("memory", (MEMORY,)), ("admitted", (512,)), ("spent_on", (2 * ROOM,)), ("spent", (2 * ROOM,)),
    ("circle", (TEAM, CIRCLE)), ("known", (TEAM,)), ("invoiced", (TEAM,)), ("opened", (TEAM,)), ("left", (TEAM,)),
    ("kind", (TEAM,)), ("guests", (TEAM,)),
)


def blank() -> np.ndarray:
    """Empty rows as one numpy record, the form that compiled code fills."""
    return np.zeros(1, dtype=[(name, np.int64, shape) for name, shape in FIELDS])


def blank_arrays() -> list[SimpleNamespace]:
    """The same as plain arrays, for the slow reference."""
    return [SimpleNamespace(**{name: np.zeros(shape, dtype=object) for name, shape in FIELDS})]
