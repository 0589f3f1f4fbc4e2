"""What a measure gives to the guard."""

from collections.abc import Callable
from dataclasses import dataclass

DIGITS = 12


@dataclass(frozen=True)
class Answer:
    """A table expression (or data frame) with its `keys`, and in `count` the column that counts distinct workers.

    `finish` turns the small table, already out of the engine, into its last form (percentages, a survival curve).
    """

    table: object
    keys: tuple[str, ...]
    count: str = "workers"
    finish: Callable | None = None

    def frame(self):
        """The small table as a data frame; what comes out of an engine, without order, is sorted by its keys."""
        if not hasattr(self.table, "execute"):
            return self.table
        frame = self.table.execute().sort_values(list(self.keys), ignore_index=True)
        frame = cut(frame)
        return self.finish(frame) if self.finish else frame


def cut(frame, digits: int = DIGITS):
    """`frame` with as many significant digits: the last ones of a sum depend on the order in which a machine adds."""
    return frame.assign(**{column: [float(f"{value:.{digits}g}") for value in frame[column]]
                           for column in frame.select_dtypes("float")})
