"""Average linkage on a sparse graph: as the dense textbook one, and marks are kept apart."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.cluster.hierarchy import fcluster, linkage
from scipy.sparse import csr_matrix
from scipy.spatial.distance import squareform

from analysis.themes.batches import Seeds, cluster
from analysis.themes.linkage import average_linkage, pruned


def partition(labels) -> set[frozenset[int]]:
    groups: dict[int, set[int]] = {}
    for index, label in enumerate(labels):
        groups.setdefault(label, set()).add(index)
    return {frozenset(group) for group in groups.values()}


@settings(max_examples=60, deadline=None)
@given(st.integers(2, 25), st.integers(0, 2**32 - 1), st.sampled_from([0.2, 0.35, 0.5]))
def test_same_clusters_as_scipy(size: int, seed: int, minimum: float) -> None:
    upper = np.triu(np.random.default_rng(seed).random((size, size)), 1)
    similarity = upper + upper.T
    distance = squareform(1 - similarity - np.eye(size), checks=False)
    theirs = fcluster(linkage(distance, "average"), 1 - minimum, "distance")
    ours = average_linkage(csr_matrix(similarity), [1] * size, minimum=minimum)
    assert partition(ours) == partition(theirs)


def test_larger_start_weighs_more_in_the_mean() -> None:
    similarity = csr_matrix(np.array([[0, 0.9, 0.0], [0.9, 0, 0.6], [0.0, 0.6, 0]]))
    # 0 and 1 join; their mean similarity to 2 is .3 with equal sizes, .54 when 1 stands for nine
    assert average_linkage(similarity, [1, 1, 1], minimum=0.5) == [0, 0, 2]
    assert average_linkage(similarity, [1, 9, 1], minimum=0.5) == [0, 0, 0]


def test_marked_clusters_never_merge_not_even_through_a_third() -> None:
    similarity = csr_matrix(np.full((3, 3), 0.9))
    labels = average_linkage(similarity, [1, 1, 1], minimum=0.2, apart=[True, False, True])
    assert labels[0] != labels[2]


def test_pruning_drops_only_what_is_below() -> None:
    matrix = csr_matrix(np.array([[0.5, 0.1, 0], [0, 0, 0], [0.2, 0, 0.05]]))
    assert pruned(matrix, 0.2).toarray().tolist() == [[0.5, 0, 0], [0, 0, 0], [0.2, 0, 0]]


def topics(texts: int, *, seed: int) -> tuple[csr_matrix, np.ndarray]:
    """Unit rows drawn around orthogonal topics, in random order."""
    rng = np.random.default_rng(seed)
    topic = rng.integers(0, 12, texts)
    dense = np.abs(rng.normal(0, 0.05, (texts, 60)))
    dense[np.arange(texts)[:, None], topic[:, None] * 5 + np.arange(5)] += rng.random((texts, 5))
    return csr_matrix(dense / np.linalg.norm(dense, axis=1, keepdims=True)), topic


@pytest.mark.parametrize("batch", [40, 1_000])
def test_batches_find_the_same_groups_as_one_pass(monkeypatch, batch: int) -> None:
    monkeypatch.setattr("analysis.themes.batches.BATCH", batch)
    rows, topic = topics(300, seed=3)
    found = cluster(rows, nothing(60), minimum=0.4)
    groups = {frozenset(members) for members in found.members}
    assert groups == partition(topic)
    assert found.sizes.sum() == 300


def test_texts_too_old_to_wait_are_still_returned(monkeypatch) -> None:
    monkeypatch.setattr("analysis.themes.batches.BATCH", 10)
    monkeypatch.setattr("analysis.themes.batches.WAITING", 5)
    found = cluster(csr_matrix(np.eye(60)), nothing(60), minimum=0.4)
    assert sorted(index for members in found.members for index in members) == list(range(60))


def test_known_theme_grows_and_moves_by_its_size() -> None:
    rows, topic = topics(60, seed=5)
    mean = csr_matrix(rows[topic == topic[0]].mean(axis=0))
    found = cluster(rows, seeds(mean, [10]), minimum=0.4)
    at = next(n for n, known in enumerate(found.known) if known)
    assert set(found.members[at]) == set(np.flatnonzero(topic == topic[0]))
    assert found.sizes[at] == 10 + (topic == topic[0]).sum()


def test_known_themes_merge_only_when_they_may() -> None:
    rows, topic = topics(60, seed=5)
    twice = csr_matrix(np.vstack([rows[topic == topic[0]].mean(axis=0)] * 2))
    kept = cluster(rows, seeds(twice, [10, 10]), minimum=0.4)
    assert all(len(known) < 2 for known in kept.known)
    free = cluster(rows, seeds(twice, [10, 10], apart=[False, False]), minimum=0.4)
    assert (0, 1) in free.known
    one = cluster(rows, seeds(twice, [10, 10], apart=[True, False]), minimum=0.4)
    assert (0, 1) in one.known


def test_rows_already_in_a_known_theme_stay_in_it() -> None:
    rows, topic = topics(60, seed=5)
    stranger = int(np.flatnonzero(topic != topic[0])[0])
    mean = csr_matrix(rows[topic == topic[0]].mean(axis=0))
    found = cluster(rows, seeds(mean, [10], members=[[stranger]]), minimum=0.4)
    assert stranger in found.members[next(n for n, known in enumerate(found.known) if known)]


def test_lone_row_joins_the_cluster_it_points_to() -> None:
    # four rows that share one term: pair by pair .25. The fifth has .24 with each of them, too
    # little for linkage, but a cosine of .36 with their mean
    rows = np.zeros((5, 9))
    rows[:4, 0], rows[np.arange(4), np.arange(1, 5)] = 0.5, 0.75**0.5
    rows[4, 0], rows[4, 5] = 0.48, (1 - 0.48**2) ** 0.5
    found = cluster(csr_matrix(rows), nothing(9), minimum=0.245)
    assert {frozenset(m) for m in found.members} == {frozenset(range(5))}
    assert len(cluster(csr_matrix(rows[[0, 1, 4]]), nothing(9), minimum=0.245).members) == 2


def nothing(terms: int) -> Seeds:
    """No known theme."""
    return seeds(csr_matrix((0, terms)), [])


def seeds(means: csr_matrix, sizes, *, apart=None, members=None) -> Seeds:
    """Known themes, kept apart unless said otherwise."""
    count = len(sizes)
    return Seeds(
        means=means,
        sizes=np.array(sizes, dtype=np.int64),
        apart=np.array([True] * count if apart is None else apart, dtype=bool),
        members=[[] for _ in range(count)] if members is None else members,
    )
