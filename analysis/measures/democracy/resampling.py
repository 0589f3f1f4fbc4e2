"""Intervals by drawing members, each with all that was seen of him."""

from collections.abc import Callable, Iterator

import numpy as np

DRAWS, SEED = 199, 60


def resamples(workers) -> Iterator[np.ndarray]:
    """The weight of each row in samples of as many workers, drawn with replacement, each with all its rows."""
    people, place = np.unique(workers, return_inverse=True)
    draw = np.random.default_rng(SEED)
    for _n in range(DRAWS):
        yield np.bincount(draw.integers(0, len(people), len(people)), minlength=len(people))[place]


def interval(statistic: Callable, workers) -> tuple:
    """The ends of the 95 % interval of `statistic(weights)`, by bootstrap over workers."""
    return tuple(np.nanquantile([statistic(weights) for weights in resamples(workers)], [0.025, 0.975], axis=0))
