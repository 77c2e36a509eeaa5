"""Runs average linkage over any number of texts: batches join earlier clusters, then a merge.

It sees rows of numbers only. Up to ``BATCH`` rows the result is plain average linkage.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.sparse import csr_matrix, vstack

from analysis.themes.linkage import average_linkage, pruned

BATCH = 3_000
# Lone texts that later batches can still join; older ones stay alone until the next run.
WAITING = 8_000
_SLICE = 2_000
# A pair less similar than this share of the wanted mean is taken as 0.
_FLOOR = 0.2


@dataclass
class Clusters:
    """Groups of rows. members: row numbers; known: its known theme's number, -1 for a new one.

    sums: clusters × terms, the summed rows (a known theme brings its centroid × size); sizes: how
    many rows that sum stands for. The mean row of a cluster is sums / sizes.
    """

    members: list[list[int]]
    known: np.ndarray
    sums: csr_matrix
    sizes: np.ndarray

    def means(self) -> csr_matrix:
        """Return the mean row of each cluster."""
        return scaled(self.sums, 1 / self.sizes)


def cluster(
    rows: csr_matrix,
    centroids: csr_matrix,
    centroid_sizes: Sequence[int],
    *,
    minimum: float,
) -> Clusters:
    """Group unit ``rows`` (texts × terms) by average linkage, joining known ``centroids``.

    minimum: the mean cosine similarity two clusters need to become one, in (0, 1].
    """
    sizes = np.asarray(centroid_sizes, dtype=np.int64)
    current = Clusters(
        members=[[] for _ in range(sizes.size)],
        known=np.arange(sizes.size),
        sums=scaled(centroids, sizes),
        sizes=sizes,
    )
    asleep: list[Clusters] = []
    for start in range(0, rows.shape[0], BATCH):
        end = min(start + BATCH, rows.shape[0])
        current = _link(_with_rows(current, rows, start, end), start, minimum=minimum)
        current, resting = _rest(current)
        asleep.append(resting)
    if rows.shape[0] > BATCH:
        current = _link(current, rows.shape[0], minimum=minimum, old_with_old=True)
    return _joined([current, *asleep])


def scaled(matrix: csr_matrix, factors: np.ndarray) -> csr_matrix:
    """Return ``matrix`` with each row multiplied by its factor."""
    data = matrix.data * np.repeat(factors, np.diff(matrix.indptr))
    return csr_matrix((data, matrix.indices, matrix.indptr), shape=matrix.shape)


def _with_rows(clusters: Clusters, rows: csr_matrix, start: int, end: int) -> Clusters:
    """Return ``clusters`` followed by rows start..end, each a cluster of its own."""
    new = end - start
    return Clusters(
        members=clusters.members + [[row] for row in range(start, end)],
        known=np.concatenate([clusters.known, np.full(new, -1)]),
        sums=csr_matrix(vstack([clusters.sums, rows[start:end]])),
        sizes=np.concatenate([clusters.sizes, np.ones(new, dtype=np.int64)]),
    )


def _link(
    clusters: Clusters, first_row: int, *, minimum: float, old_with_old: bool = False
) -> Clusters:
    """Merge clusters by average linkage; earlier ones meet one another only ``old_with_old``.

    first_row: rows from this number on are the batch; clusters without one of them are earlier.
    """
    if not clusters.members:
        return clusters
    fresh = np.array([bool(m) and m[0] >= first_row for m in clusters.members])
    means = clusters.means()
    similarity = _similarity(means, np.ones_like(fresh) if old_with_old else fresh, minimum)
    flags = (clusters.known >= 0).tolist()
    labels = average_linkage(similarity, clusters.sizes.tolist(), minimum=minimum, apart=flags)
    order = {label: number for number, label in enumerate(dict.fromkeys(labels))}
    target = np.array([order[label] for label in labels])
    members: list[list[int]] = [[] for _ in order]
    known = np.full(len(order), -1)
    for source, number in enumerate(target.tolist()):
        members[number] += clusters.members[source]
        known[number] = max(known[number], clusters.known[source])
    count = len(labels)
    joins = csr_matrix((np.ones(count), (target, np.arange(count))), shape=(len(order), count))
    return Clusters(
        members=[sorted(m) for m in members],
        known=known,
        sums=csr_matrix(joins @ clusters.sums),
        sizes=np.bincount(target, weights=clusters.sizes).astype(np.int64),
    )


def _similarity(means: csr_matrix, fresh: np.ndarray, minimum: float) -> csr_matrix:
    """Return the pruned similarities of clusters, leaving out pairs that are both not fresh.

    Computed in slices, so that the unpruned product of a large batch is never held as a whole.
    """
    across = means.T.tocsr()
    slices = []
    for start in range(0, means.shape[0], _SLICE):
        part = csr_matrix(means[start : start + _SLICE] @ across)
        row = np.repeat(np.arange(start, start + part.shape[0]), np.diff(part.indptr))
        part.data[~(fresh[row] | fresh[part.indices])] = 0
        slices.append(pruned(part, _FLOOR * minimum))
    return csr_matrix(vstack(slices))


def _rest(clusters: Clusters) -> tuple[Clusters, Clusters]:
    """Split off the oldest lone texts beyond ``WAITING``."""
    lone = [
        number
        for number, members in enumerate(clusters.members)
        if len(members) == 1 and clusters.known[number] < 0
    ]
    lone.sort(key=lambda number: clusters.members[number][0])
    oldest = set(lone[: max(0, len(lone) - WAITING)])
    numbers = range(len(clusters.members))
    return (
        _chosen(clusters, [n for n in numbers if n not in oldest]),
        _chosen(clusters, [n for n in numbers if n in oldest]),
    )


def _chosen(clusters: Clusters, numbers: list[int]) -> Clusters:
    """Return the clusters of these numbers."""
    index = np.array(numbers, dtype=np.int64)
    return Clusters(
        members=[clusters.members[n] for n in numbers],
        known=clusters.known[index],
        sums=clusters.sums[index],
        sizes=clusters.sizes[index],
    )


def _joined(parts: list[Clusters]) -> Clusters:
    """Return the clusters of all parts, in order."""
    return Clusters(
        members=[m for part in parts for m in part.members],
        known=np.concatenate([part.known for part in parts]),
        sums=csr_matrix(vstack([part.sums for part in parts])),
        sizes=np.concatenate([part.sizes for part in parts]),
    )
