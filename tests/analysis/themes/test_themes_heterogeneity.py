"""Common to the streets, some streets' own, or undecided: by the counts and what they can tell."""

from __future__ import annotations

import numpy as np
import pytest

from analysis.themes.heterogeneity import heterogeneity, scope

NAMES = [f"s{i:02}" for i in range(1, 12)]


def counts(*persons: int) -> dict[str, int]:
    return dict(zip(NAMES, persons, strict=False))


ALL = dict.fromkeys(NAMES, 800)


@pytest.mark.parametrize(
    ("mentions", "expected"),
    [
        # alike everywhere
        (counts(9, 11, 8, 12, 10, 9, 13, 7, 10, 11, 8), "common"),
        # everywhere, and twice as much in some streets: no two streets are ever equal
        (counts(40, 22, 35, 18, 44, 25, 19, 38, 21, 30, 41), "common"),
        # one street's, with a murmur elsewhere
        (counts(48, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1), "own"),
        # two of eleven
        (counts(30, 26, 2, 1, 0, 1, 0, 2, 1, 0, 1), "own"),
        # half of the streets have it and half have not
        (counts(20, 19, 22, 21, 18, 0, 0, 1, 0, 0, 0), "undecided"),
        # too few to tell
        (counts(2, 1, 0, 1, 0, 1, 0, 0, 0, 1, 0), "undecided"),
        (counts(3, 0), "undecided"),
    ],
)
def test_scope_is_decided_by_what_the_counts_can_tell(mentions, expected) -> None:
    assert scope(mentions, ALL) == expected


def test_a_large_street_is_not_taken_for_a_concentration() -> None:
    heard = ALL | {"s01": 16000}
    mentions = counts(160, 8, 7, 9, 8, 8, 9, 7, 8, 8, 8)
    found = heterogeneity(mentions, heard)
    assert found.scope == "common"
    assert found.effective_streets == pytest.approx(11, abs=0.2)
    # The same counts from equal streets are one street's own.
    assert scope(mentions, ALL | {"s01": 800}) == "own"


def test_the_effective_number_of_streets_is_theirs_when_they_alone_have_it() -> None:
    for k in (1, 3, 6, 11):
        mentions = counts(*([60] * k + [0] * (11 - k)))
        found = heterogeneity(mentions, ALL)
        assert found.effective_streets == pytest.approx(k, rel=0.02)
        assert found.low <= found.effective_streets <= found.high


def test_concentration_is_unbiased() -> None:
    # Simpson's index with m(m − 1), not m²: few mentions do not look like a concentration.
    rng = np.random.default_rng(1)
    chances = np.array([0.25] + [0.075] * 10)
    truth = float((chances**2 * 11).sum())
    found = []
    for row in rng.multinomial(6, chances, size=4000):
        pairs = (row * (row - 1) * 11).sum() / 30
        found.append(pairs)
    assert np.mean(found) == pytest.approx(truth, abs=0.05)
    mentions = counts(3, 2, 1)
    assert heterogeneity(mentions, ALL).concentration == pytest.approx((3 * 2 + 2) * 11 / 30)


def test_error_rates_at_the_border_and_power_on_either_side() -> None:
    rng = np.random.default_rng(2)
    border = np.full(11, 1 - 10**0.5 / 10)
    border[0] = 1 + 10**0.5  # T = 2 exactly: neither
    alone = np.full(11, 0.1)
    alone[0] = 4

    def rates(pattern: np.ndarray, persons: int) -> tuple[float, float]:
        rows = rng.multinomial(persons, pattern / pattern.sum(), size=400)
        said = [scope(counts(*map(int, row)), ALL) for row in rows]
        return said.count("common") / 400, said.count("own") / 400

    for persons in (25, 100):
        common, own = rates(border, persons)
        assert common <= 0.12
        assert own <= 0.08
    assert rates(np.ones(11), 40)[0] > 0.9
    assert rates(alone, 40)[1] > 0.9


def test_nobody_heard_is_no_scope_and_two_streets_decide_nothing() -> None:
    assert scope({}, ALL) is None
    assert scope({"s01": 0}, {"s01": 0}) is None
    assert scope({"a": 40, "b": 1}, {"a": 90, "b": 90}) == "undecided"
    assert heterogeneity({"a": 9}, {"a": 9, "b": 0}).heard == 1
    with pytest.raises(ValueError, match="street a: 5"):
        heterogeneity({"a": 5}, {"a": 4})
