"""The disclosure rules, as functions of a result table."""

K_WORKERS = 10


def small_cells(frame, count: str, k: int = K_WORKERS):
    """Which rows of `frame` describe fewer than `k` people, or do not say how many: a boolean Series.

    `count` names the column with the number of *distinct* workers behind the row; fifty contracts of one worker are
    one. A row without a count is small, so that a measure that forgets to count cannot publish.

    Source: Hundepool et al. 2012, Statistical Disclosure Control (minimum frequency rule).
    """
    return ~(frame[count] >= k)
