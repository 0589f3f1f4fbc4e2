"""The kinds of members: trajectories of ordinary people, planted misuses, and people who only look like them."""

# Ordinary trajectories.
ORDINARY = ("brief", "occasional", "fragmented", "steady", "multi", "full")
# Hard negatives: innocent, and near to a misuse.
INNOCENT = ("teacher", "theatre", "saver", "leader", "beginner", "tourer", "versatile", "clerk")
# Members who carry a misuse pattern of facts M-01 … M-17 by their way of working.
MISUSE = ("m01", "m02", "m03", "m04", "m06", "m07", "m08", "m11", "m13", "m14", "m16")
KINDS = (*ORDINARY, *INNOCENT, *MISUSE, "courier")

(BRIEF, OCCASIONAL, FRAGMENTED, STEADY, MULTI, FULL,
 TEACHER, THEATRE, SAVER, LEADER, BEGINNER, TOURER, VERSATILE, CLERK,
 M01, M02, M03, M04, M06, M07, M08, M11, M13, M14, M16, COURIER) = range(len(KINDS))

# What the flag file says: of a worker its kind or a pattern, of a client or a contract a pattern.
PATTERNS = ("M-05", "M-09", "M-12", "near threshold", "below threshold",
            "student", "public payer", "crew", "small cell", "dominant")
(AT_THRESHOLD, AT_QUOTA, LATE_PAYER, NEAR_THRESHOLD, BELOW_THRESHOLD, INSIDE_QUOTA, PUBLIC_PAYER, CREW, SMALL_CELL,
 DOMINANT) = range(len(KINDS), len(KINDS) + len(PATTERNS))


def flag_name(code: int) -> str:
    """The name of a flag: `M-01` for a misuse, `M-10` for a courier, else the kind or the pattern."""
    name = (*KINDS, *PATTERNS)[code]
    return "M-10" if name == "courier" else f"M-{name[1:]}" if name in MISUSE else name


FLAGS = tuple(flag_name(code) for code in range(len(KINDS) + len(PATTERNS)))
