"""Runs average linkage over any number of texts: batches join earlier clusters, then a merge.

It sees rows of numbers only. Up to ``BATCH`` rows the result is plain average linkage, after which
lone texts join the cluster they point to.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from scipy.sparse import csr_matrix, hstack, vstack

from analysis.themes.linkage import average_linkage, pruned

BATCH = 3_000
# Lone texts that later batches can still join; older ones stay alone until the next run.
WAITING = 8_000
# A lone text joins a cluster of at least LONE_SIZE texts whose mean it points to: cosine with the
# mean row, which unlike the mean cosine does not fall with how varied the cluster's texts are.
LONE_COSINE = 0.35
LONE_SIZE = 3
_SLICE = 2_000
# A pair less similar than this share of the wanted mean is taken as 0.
_FLOOR = 0.2


@dataclass(frozen=True)
class Seeds:
    """Known themes that rows may join. means: themes × terms; sizes: how many rows each stands for.

    apart: flags; two flagged ones never become one. members: the rows that are in each already
    (they stay, and are part of its size).
    """

    means: csr_matrix
    sizes: np.ndarray
    apart: np.ndarray
    members: list[list[int]]


@dataclass(frozen=True)
class Clusters:
    """Groups of rows. members: row numbers; known: the numbers of the known themes in each.

    sums: clusters × terms, the summed rows (a known theme brings its mean × size); sizes: how many
    rows that sum stands for; apart: whether one of its known themes is flagged so.
    The mean row of a cluster is sums / sizes.
    """

    members: list[list[int]]
    known: list[tuple[int, ...]]
    sums: csr_matrix
    sizes: np.ndarray
    apart: np.ndarray

    def means(self) -> csr_matrix:
        """Return the mean row of each cluster."""
        return scaled(self.sums, 1 / self.sizes)

    def chosen(self, numbers: np.ndarray) -> Clusters:
        """Return the clusters of these numbers."""
        return Clusters(
            members=[self.members[n] for n in numbers.tolist()],
            known=[self.known[n] for n in numbers.tolist()],
            sums=self.sums[numbers],
            sizes=self.sizes[numbers],
            apart=self.apart[numbers],
        )

    def merged(self, labels: Sequence[int]) -> Clusters:
        """Return the clusters with those of one label made one, in the order of the labels."""
        order = {label: number for number, label in enumerate(dict.fromkeys(labels))}
        target = np.array([order[label] for label in labels], dtype=np.int64)
        members: list[list[int]] = [[] for _ in order]
        known: list[tuple[int, ...]] = [() for _ in order]
        for source, number in enumerate(target.tolist()):
            members[number] += self.members[source]
            known[number] += self.known[source]
        count = len(labels)
        joins = csr_matrix((np.ones(count), (target, np.arange(count))), shape=(len(order), count))
        return Clusters(
            members=[sorted(m) for m in members],
            known=known,
            sums=csr_matrix(joins @ self.sums),
            sizes=np.bincount(target, weights=self.sizes).astype(np.int64),
            apart=np.bincount(target, weights=self.apart).astype(bool),
        )


def cluster(rows: csr_matrix, seeds: Seeds, *, minimum: float) -> Clusters:
    """Group unit ``rows`` (texts × terms) by average linkage, joining known themes.

    minimum: the mean cosine similarity two clusters need to become one, in (0, 1].
    """
    current = Clusters(
        members=[list(members) for members in seeds.members],
        known=[(number,) for number in range(seeds.sizes.size)],
        sums=scaled(seeds.means, seeds.sizes),
        sizes=seeds.sizes,
        apart=seeds.apart,
    )
    inside = {row for members in seeds.members for row in members}
    loose = np.array([row for row in range(rows.shape[0]) if row not in inside], dtype=np.int64)
    asleep: list[Clusters] = []
    for start in range(0, loose.size, BATCH):
        fresh = _singles(rows, loose[start : start + BATCH])
        current, resting = _rest(_link(current, fresh, minimum=minimum))
        asleep.append(resting)
    if loose.size > BATCH or not seeds.apart.all():
        nothing = current.chosen(np.zeros(0, dtype=np.int64))
        current = _link(nothing, current, minimum=minimum)
    return _with_lone(_joined([current, *asleep]))


def scaled(matrix: csr_matrix, factors: np.ndarray) -> csr_matrix:
    """Return ``matrix`` with each row multiplied by its factor."""
    data = matrix.data * np.repeat(factors, np.diff(matrix.indptr))
    return csr_matrix((data, matrix.indices, matrix.indptr), shape=matrix.shape)


def _singles(rows: csr_matrix, numbers: np.ndarray) -> Clusters:
    """Return each of these rows as a cluster of its own."""
    return Clusters(
        members=[[row] for row in numbers.tolist()],
        known=[()] * numbers.size,
        sums=rows[numbers],
        sizes=np.ones(numbers.size, dtype=np.int64),
        apart=np.zeros(numbers.size, dtype=bool),
    )


def _link(earlier: Clusters, fresh: Clusters, *, minimum: float) -> Clusters:
    """Merge fresh clusters with one another and with earlier ones by average linkage.

    Earlier ones meet one another only through a fresh one. One that no fresh cluster reaches
    ``minimum`` with cannot take part in a merge and is not looked at.
    """
    if not fresh.members:
        return earlier
    means = fresh.means()
    across = _products(means, earlier.means(), _FLOOR * minimum)
    closest = np.zeros(len(earlier.members))
    np.maximum.at(closest, across.indices, across.data)
    near, far = np.flatnonzero(closest >= minimum), np.flatnonzero(closest < minimum)
    across = csr_matrix(across[:, near])
    similarity = vstack(
        [
            _beside(csr_matrix((near.size, near.size)), csr_matrix(across.T)),
            _beside(across, _products(means, means, _FLOOR * minimum)),
        ],
        format="csr",
    )
    parts = _joined([earlier.chosen(near), fresh])
    labels = average_linkage(
        similarity, parts.sizes.tolist(), minimum=minimum, apart=parts.apart.tolist()
    )
    return _joined([earlier.chosen(far), parts.merged(labels)])


def _products(left: csr_matrix, right: csr_matrix, floor: float) -> csr_matrix:
    """Return left × rightᵀ without entries below ``floor``.

    Computed in slices, so that the unpruned product of a large batch is never held as a whole.
    """
    across = right.T.tocsr()
    slices = [
        pruned(csr_matrix(left[start : start + _SLICE] @ across), floor)
        for start in range(0, left.shape[0], _SLICE)
    ]
    return vstack(slices, format="csr")


def _beside(left: csr_matrix, right: csr_matrix) -> csr_matrix:
    """Return two matrices of the same height side by side."""
    return hstack([left, right], format="csr")


def _rest(clusters: Clusters) -> tuple[Clusters, Clusters]:
    """Split off the oldest lone texts beyond ``WAITING``."""
    lone = np.array(_lone(clusters), dtype=np.int64)
    oldest = np.argsort([clusters.members[number][0] for number in lone.tolist()])
    asleep = np.zeros(len(clusters.members), dtype=bool)
    asleep[lone[oldest[: max(0, lone.size - WAITING)]]] = True
    return clusters.chosen(np.flatnonzero(~asleep)), clusters.chosen(np.flatnonzero(asleep))


def _lone(clusters: Clusters) -> list[int]:
    """Return the numbers of clusters that are one text and no known theme."""
    pairs = zip(clusters.members, clusters.known, strict=True)
    return [n for n, (members, known) in enumerate(pairs) if len(members) == 1 and not known]


def _with_lone(clusters: Clusters) -> Clusters:
    """Let lone texts join the larger cluster whose mean they point to, if one is near enough."""
    lone = np.array(_lone(clusters), dtype=np.int64)
    large = np.flatnonzero(clusters.sizes >= LONE_SIZE)
    if not lone.size or not large.size:
        return clusters
    means = clusters.chosen(large).means()
    lengths = np.sqrt(np.asarray(means.multiply(means).sum(axis=1)).ravel())
    means = scaled(means, 1 / np.where(lengths > 0, lengths, 1))
    cosines = _products(clusters.sums[lone], means, LONE_COSINE)
    labels = list(range(len(clusters.members)))
    for number, (start, end) in zip(lone.tolist(), pairwise(cosines.indptr.tolist()), strict=True):
        if start < end:
            best = int(np.argmax(cosines.data[start:end]))
            labels[number] = int(large[cosines.indices[start:end][best]])
    return clusters.merged(labels)


def _joined(parts: list[Clusters]) -> Clusters:
    """Return the clusters of all parts, in order."""
    return Clusters(
        members=[m for part in parts for m in part.members],
        known=[k for part in parts for k in part.known],
        sums=vstack([part.sums for part in parts], format="csr"),
        sizes=np.concatenate([part.sizes for part in parts]),
        apart=np.concatenate([part.apart for part in parts]),
    )
