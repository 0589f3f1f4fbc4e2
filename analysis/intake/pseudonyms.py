"""Source keys become pseudonyms at the door; the dataset never holds a source key.

pseudonym = the 64 bits of BLAKE2b(source key; secret key, table name), without the lowest bit: 63 bits, so a
positive int64. The same key of the same table gives the same pseudonym under the same secret, in every file
and every export; without the secret nobody can try source keys until one fits.
"""

import secrets
from hashlib import blake2b

from analysis.errors import StudyError

SHORTEST, LONGEST = 16, blake2b.MAX_KEY_SIZE


class Pseudonyms:
    """The pseudonyms given so far, checked for collisions; without a `key` a random one serves once."""

    def __init__(self, key: bytes | None = None):
        if key is not None and not SHORTEST <= len(key) <= LONGEST:
            raise StudyError(
                f"The secret key has {len(key)} bytes; give one of {SHORTEST} to {LONGEST} random bytes."
            )
        self._key = key if key is not None else secrets.token_bytes(32)
        self._given: dict[str, dict[str, int]] = {}
        self._taken: dict[str, set[int]] = {}

    def of(self, table: str, source: str) -> int:
        """The pseudonym of `source` among the keys of `table`; StudyError when two keys would share one."""
        given = self._given.setdefault(table, {})
        if source not in given:
            digest = blake2b(source.encode(), digest_size=8, key=self._key, person=table.encode()).digest()
            pseudonym = int.from_bytes(digest, "big") >> 1
            taken = self._taken.setdefault(table, set())
            if pseudonym in taken:
                raise StudyError(
                    f"Two keys of table `{table}` get the same pseudonym; import with another secret key."
                )
            taken.add(pseudonym)
            given[source] = pseudonym
        return given[source]
