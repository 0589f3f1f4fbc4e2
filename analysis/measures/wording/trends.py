"""What the sentences about years rest on: a comparison of the first years with the last."""

from analysis.guard import SafeTable


def first_and_last(table: SafeTable, column: str, years: int = 3) -> tuple[float, float] | None:
    """Mean of `column` over the first and over the last `years` of a table by year; None where it is too short."""
    seen = table.frame.dropna(subset=[column]).sort_values("year")[column].astype(float)
    return (seen.head(years).mean(), seen.tail(years).mean()) if len(seen) >= 2 * years else None


def trend(table: SafeTable, column: str, less: str, same: str, more: str, margin: float = 0.05) -> str:
    """`less`, `same` or `more`, by the relative change from the first to the last three years; 5 % is no change."""
    ends = first_and_last(table, column)
    if ends is None:
        return "too few years can be shown to tell a trend"
    change = ends[1] / ends[0] - 1
    return same if abs(change) <= margin else more if change > 0 else less
