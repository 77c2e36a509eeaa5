"""Average linkage on a sparse similarity graph: which texts and known themes belong together.

UPGMA (Sokal & Michener 1958) where a pair absent from the graph has similarity 0. Unlike a dense
linkage it takes clusters of any starting size and keeps marked ones apart, so that a known theme
grows and two known themes are never merged behind people's backs.
"""

from __future__ import annotations

from collections.abc import Sequence
from heapq import heapify, heappop, heappush
from itertools import pairwise

import numpy as np
from scipy.sparse import csr_matrix


def average_linkage(
    similarity: csr_matrix,
    sizes: Sequence[int],
    *,
    minimum: float,
    apart: Sequence[bool] = (),
) -> list[int]:
    """Merge the most similar pair until no pair's mean similarity reaches ``minimum``.

    similarity: symmetric n × n, mean similarity of the starting clusters; the diagonal is ignored.
    sizes: n texts per starting cluster. apart: n flags; two flagged clusters never merge.
    Returns n labels: the smallest index of the cluster's members. Ties: smallest indices first.
    """
    size = list(sizes)
    flagged = list(apart) if len(apart) else [False] * len(size)
    totals, heap = _start(
        similarity, np.array(size, dtype=np.int64), np.array(flagged, dtype=bool), minimum
    )
    parent = list(range(len(size)))
    while heap:
        negative, a, b = heappop(heap)
        if parent[a] != a or parent[b] != b:
            continue
        total = totals[a].get(b)
        if total is None or -total / (size[a] * size[b]) != negative:
            continue  # an older entry: one of the two has grown since
        parent[b] = a
        _absorb(totals, a, b)
        size[a] += size[b]
        flagged[a] = flagged[a] or flagged[b]
        for other, shared in totals[a].items():
            if shared >= minimum * size[a] * size[other] and not (flagged[a] and flagged[other]):
                pair = (a, other) if a < other else (other, a)
                heappush(heap, (-shared / (size[a] * size[other]), *pair))
    return [_root(parent, index) for index in range(len(size))]


def _start(
    similarity: csr_matrix, size: np.ndarray, flagged: np.ndarray, minimum: float
) -> tuple[list[dict[int, float]], list[tuple[float, int, int]]]:
    """Return what the merging starts from.

    Per cluster the summed similarity to each other cluster, over all pairs of texts; and the heap
    of pairs that reach ``minimum``: (minus the mean similarity, smaller index, larger index).
    """
    row = np.repeat(np.arange(size.size), np.diff(similarity.indptr))
    column = similarity.indices
    other = row != column
    row, column, mean = row[other], column[other], similarity.data[other]
    pairs = size[row] * size[column]
    total = mean * pairs
    ends = np.searchsorted(row, np.arange(size.size + 1)).tolist()
    columns, values = column.tolist(), total.tolist()
    totals = [
        dict(zip(columns[start:end], values[start:end], strict=True))
        for start, end in pairwise(ends)
    ]
    open_ = (row < column) & (total >= minimum * pairs) & ~(flagged[row] & flagged[column])
    negative = (-total[open_] / pairs[open_]).tolist()
    heap = list(zip(negative, row[open_].tolist(), column[open_].tolist(), strict=True))
    heapify(heap)
    return totals, heap


def _absorb(totals: list[dict[int, float]], a: int, b: int) -> None:
    """Add row ``b`` of the totals to row ``a`` and forget ``b``."""
    totals[a].pop(b, None)
    for other, shared in totals[b].items():
        if other == a:
            continue
        summed = totals[a].get(other, 0.0) + shared
        totals[a][other] = summed
        row = totals[other]
        row.pop(b, None)
        row[a] = summed
    totals[b] = {}


def _root(parent: list[int], index: int) -> int:
    """Follow the merges of ``index`` to the cluster it ended in, shortening the way."""
    while parent[index] != index:
        parent[index] = parent[parent[index]]
        index = parent[index]
    return index


def pruned(similarity: csr_matrix, floor: float) -> csr_matrix:
    """Return ``similarity`` without entries below ``floor``: they decide no merge and cost time."""
    keep = similarity.data >= floor
    kept_before = np.concatenate([[0], np.cumsum(keep)])
    return csr_matrix(
        (similarity.data[keep], similarity.indices[keep], kept_before[similarity.indptr]),
        shape=similarity.shape,
    )
