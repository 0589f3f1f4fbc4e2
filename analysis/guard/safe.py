"""`SafeTable`: a small result that has passed the disclosure rules."""

from dataclasses import dataclass, replace

from analysis.errors import StudyError, unknown
from analysis.guard.rules import K_WORKERS, small_cells

ORIGINS = {
    "synthetic": "SYNTHETIC DATA – no finding about Smart",
    "confidential": "CONFIDENTIAL DATA – not for publication before review",
    "public": "Public statistics",
}
SUPPRESSED = "suppressed"
WITHHELD = "…"


@dataclass(frozen=True)
class Value:
    """One number of a SafeTable; None where it is suppressed or absent, for the `reason`."""

    number: object
    reason: str = ""


@dataclass(frozen=True)
class SafeTable:
    """Rows of a result with the small ones emptied. Made by `protect` only.

    `frame` has the `keys`, the values and, where people stand behind it, the `count` of distinct workers. A row marked
    in its column `suppressed` keeps its keys alone. `absent` says in a sentence why there is no result at all.
    """

    frame: object
    keys: tuple[str, ...]
    origin: str
    count: str = ""
    source: str = ""
    absent: str = ""
    k: int = 0

    @property
    def banner(self) -> str:
        return ORIGINS[self.origin]

    @property
    def columns(self) -> list[str]:
        return [c for c in self.frame.columns if c != SUPPRESSED]

    @property
    def suppressed(self) -> int:
        """How many rows the rules emptied."""
        return 0 if self.absent or SUPPRESSED not in self.frame else int(self.frame[SUPPRESSED].sum())

    def require(self, *columns: str) -> None:
        """StudyError naming the nearest column where one of `columns` is not in the table."""
        for column in columns:
            if not self.absent and column not in self.columns:
                raise unknown("column of this result", column, self.columns)

    def where(self, **chosen) -> "SafeTable":
        """The rows whose columns have the chosen value (or one of a list of values)."""
        self.require(*chosen)
        frame = self.frame
        for column, value in (() if self.absent else chosen.items()):
            frame = frame[frame[column].isin(value if isinstance(value, (list, tuple)) else [value])]
        return replace(self, frame=frame)

    def at(self, column: str, **chosen) -> Value:
        """The one value of `column` in the row that `chosen` picks; StudyError where they pick none or several."""
        import pandas

        self.require(column)
        if self.absent:
            return Value(None, "not in this dataset")
        rows = self.where(**chosen).frame
        if len(rows) == 0:
            return Value(None, "not in this dataset")
        if len(rows) > 1:
            raise StudyError(f"{len(rows)} rows match {chosen}; choose one by {', '.join(self.keys)}.")
        if SUPPRESSED in rows and rows[SUPPRESSED].iloc[0]:
            return Value(None, f"not shown: fewer than {self.k} workers")
        number = rows[column].iloc[0]
        return Value(None, "not defined") if pandas.isna(number) else Value(number)

    def summary(self) -> "SafeTable":
        """How many rows the table has and how many are emptied, which discloses nobody: a table of one row."""
        import pandas

        rows = 0 if self.absent else len(self.frame)
        return SafeTable(pandas.DataFrame({"rows": [rows], "emptied": [self.suppressed]}), (), self.origin)

    def csv(self) -> str:
        """The table as CSV; the first line, a comment, says what kind of data it is."""
        lines = f"# {self.banner}\n"
        return lines if self.absent else lines + self.frame[self.columns].to_csv(index=False, float_format="%.6g")

    def _repr_html_(self) -> str:
        if self.absent:
            return f"<p>{self.absent}</p>"
        return f"<p><strong>{self.banner}</strong></p>{self.frame[self.columns].to_html(index=False)}"

    def __repr__(self) -> str:
        return self.absent or f"{self.banner}\n{self.frame[self.columns].to_string(index=False)}"


def protect(frame, keys, count: str, origin: str, guarded: bool, k: int = K_WORKERS, names=()) -> SafeTable:
    """`frame` as a SafeTable; with `guarded`, every row of fewer than `k` distinct workers loses all but its keys.

    A key of `names` comes from the data and not from a list that everyone knows: where no row of `k` workers has it, it
    is withheld too, since a rare trade names its only worker.
    """
    frame = frame.reset_index(drop=True)
    if not guarded:
        return SafeTable(frame, tuple(keys), origin, count)
    if count not in frame:
        raise StudyError(f"A result without its number of people (column `{count}`) may not be shown.")
    small = small_cells(frame, count, k)
    values = [c for c in frame.columns if c not in keys]
    frame = frame.copy()
    if small.any():
        frame = frame.astype(dict.fromkeys(values, object))
        frame.loc[small, values] = None
        frame[values] = frame[values].infer_objects()
    for name in set(names) & set(keys):
        frame[name] = frame[name].where(frame[name].isin(frame.loc[~small, name]), WITHHELD)
    frame[SUPPRESSED] = small
    return SafeTable(frame, tuple(keys), origin, count, k=k)
