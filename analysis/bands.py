"""Which streets cannot be told apart: runs of neighbouring estimates without a significant pair."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray


def indistinct_runs(
    values: Sequence[float], differs: NDArray[np.bool_]
) -> tuple[tuple[int, ...], ...]:
    """Every maximal run of at least two, from the highest value down, in which no two differ.

    values (S,): points; differs (S, S): symmetric, such as ``above | above.T`` of
    ``analysis.ranking.holm_rank_sets``. The runs hold positions in ``values``; none lies inside
    another, but they may overlap. Together they say all that is not significant, as long as
    values further apart differ whenever nearer ones do.
    """
    order = sorted(range(len(values)), key=lambda i: (-values[i], i))
    runs: list[tuple[int, ...]] = []
    start = reached = 0
    for end in range(1, len(order) + 1):
        first = start
        if end < len(order):
            while any(differs[order[end], order[i]] for i in range(first, end)):
                first += 1
        else:
            first = end
        if first > start:
            # The run from `start` cannot be extended; it is new when it reaches further.
            if end - start > 1 and end > reached:
                runs.append(tuple(order[start:end]))
                reached = end
            start = first
    return tuple(runs)


def longest_run(runs: Sequence[tuple[int, ...]]) -> tuple[int, ...]:
    """The longest of the runs, of equally long ones the highest; empty when there are none."""
    return max(runs, key=len, default=())
