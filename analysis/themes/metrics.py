"""Measures of a grouping against hand-read truth: B-cubed, pairwise, how many issues were found.

Only the truth's items are judged, but whatever else was put into a group with them counts against
precision: in real messages most belong to no issue, and a group that swallows them is wrong.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Hashable, Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class MatchScore:
    """Precision, recall and their harmonic mean, each in 0..1."""

    precision: float
    recall: float
    f1: float


Grouping = Mapping[Hashable, Hashable]


def b_cubed(truth: Grouping, predicted: Grouping, *, macro: bool = False) -> MatchScore:
    """Return the B-cubed score (Bagga & Baldwin 1998) over the items of ``truth``.

    truth, predicted: item -> group; an item that ``predicted`` lacks is a group of its own.
    macro: the mean of the issues' means instead of the mean over items, so that one large issue
    does not decide. Without items all figures are 0.
    """
    groups, sizes = _members(predicted), Counter(truth.values())
    precision: dict[Hashable, list[float]] = defaultdict(list)
    recall: dict[Hashable, list[float]] = defaultdict(list)
    for item, issue in truth.items():
        group = groups[predicted[item]] if item in predicted else [item]
        same = sum(truth.get(other) == issue for other in group if other in truth)
        key = issue if macro else None
        precision[key].append(same / len(group))
        recall[key].append(same / sizes[issue])
    return _score(_mean_of_means(precision), _mean_of_means(recall))


def pairwise(truth: Grouping, predicted: Grouping) -> MatchScore:
    """Return the pair score: pairs put together against pairs that belong together.

    A predicted pair counts when at least one of its two items is in ``truth``.
    """
    right = claimed = 0
    for members in _members(predicted).values():
        issues = Counter(truth[item] for item in members if item in truth)
        outside = len(members) - issues.total()
        claimed += _pairs(len(members)) - _pairs(outside)
        right += sum(_pairs(count) for count in issues.values())
    wanted = sum(_pairs(count) for count in Counter(truth.values()).values())
    return _score(right / claimed if claimed else 0.0, right / wanted if wanted else 0.0)


def issues_found(truth: Grouping, predicted: Grouping, *, overlap: float = 0.5) -> int:
    """Count the issues that some group matches with a Jaccard similarity of ``overlap`` or more."""
    groups, issues = _members(predicted), _members(truth)
    found = 0
    for members in issues.values():
        wanted = set(members)
        near = {predicted[item] for item in members if item in predicted}
        shares = (len(wanted & set(groups[g])) / len(wanted | set(groups[g])) for g in near)
        found += any(share >= overlap for share in shares)
    return found


def _members(grouping: Grouping) -> dict[Hashable, list[Hashable]]:
    """Return group -> items."""
    members: dict[Hashable, list[Hashable]] = defaultdict(list)
    for item, group in grouping.items():
        members[group].append(item)
    return members


def _pairs(number: int) -> int:
    return number * (number - 1) // 2


def _mean_of_means(values: Mapping[Hashable, list[float]]) -> float:
    return sum(sum(v) / len(v) for v in values.values()) / len(values) if values else 0.0


def _score(precision: float, recall: float) -> MatchScore:
    total = precision + recall
    return MatchScore(precision, recall, 2 * precision * recall / total if total else 0.0)
