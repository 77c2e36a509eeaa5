"""Which streets cannot be told apart: the longest run of estimates without a significant pair."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray


def longest_indistinct_run(values: Sequence[float], differs: NDArray[np.bool_]) -> tuple[int, ...]:
    """Positions of the longest run, from the highest value down, in which no two differ.

    values (S,): points; differs (S, S): symmetric, such as ``above | above.T`` of
    ``analysis.ranking.holm_rank_sets``. Of equally long runs the highest; empty when every
    neighbour differs.
    """
    order = sorted(range(len(values)), key=lambda i: (-values[i], i))
    best: list[int] = []
    start = 0
    for end in range(len(order)):
        while any(differs[order[end], order[i]] for i in range(start, end)):
            start += 1
        if end - start + 1 > len(best):
            best = order[start : end + 1]
    return tuple(best) if len(best) > 1 else ()
