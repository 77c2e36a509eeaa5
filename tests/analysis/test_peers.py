"""A street beside its peers: worked numbers, and parts that add up to the difference."""

from __future__ import annotations

import math

import numpy as np
import pytest

from analysis.peers import difference, parts_of_difference, peer_mean
from analysis.policy import Policy
from analysis.types import Estimate

POLICY = Policy.from_dict()


def score(value: float, se: float = 1.0, *, df: float = 1e6, hidden: str | None = None) -> Estimate:
    return Estimate(
        value, value - 2 * se, value + 2 * se, 100, 90.0, hidden, se=se, df=df, random=True
    )


def test_the_mean_of_peers_leaves_out_what_is_hidden():
    found = peer_mean(
        [score(70, 1), score(80, 2), score(10, 1, hidden="n_below_30")], policy=POLICY
    )
    assert found.value == pytest.approx(75)
    assert found.se == pytest.approx(math.sqrt(1 + 4) / 2)
    assert found.n == 200
    none = peer_mean([score(10, hidden="n_below_30")], policy=POLICY)
    assert (none.value, none.suppressed_because) == (None, "no_peers")


def test_a_difference_is_clear_where_its_interval_leaves_out_zero():
    # 1.96 · √2 = 2.77
    assert difference(score(72.7), score(70), policy=POLICY).clear is False
    found = difference(score(72.9), score(70), policy=POLICY)
    assert found.clear
    assert (found.low, found.high) == pytest.approx((2.9 - 2.772, 2.9 + 2.772), abs=1e-3)
    assert difference(score(72, hidden="n_below_30"), score(70), policy=POLICY) is None
    assert difference(score(72), None, policy=POLICY) is None


def test_what_a_street_makes_of_the_district_is_not_counted_twice():
    """Against the variance of own − mean computed from the weights of every street."""
    shares, errors = np.array([0.4, 0.35, 0.25]), np.array([2.0, 1.0, 3.0])
    district = score(70, float(np.sqrt(np.sum((shares * errors) ** 2))))
    found = difference(score(75, 2.0), district, policy=POLICY, share=0.4)
    weights = np.array([1 - 0.4, -0.35, -0.25])
    assert found.se == pytest.approx(float(np.sqrt(np.sum((weights * errors) ** 2))))


def test_the_parts_add_up_to_the_difference_of_the_scores():
    draw = np.random.default_rng(4)
    names = list(POLICY.omega)
    own = {name: score(float(draw.uniform(50, 90))) for name in names}
    others = {name: score(float(draw.uniform(50, 90))) for name in names}
    parts = parts_of_difference(own, others, policy=POLICY)
    total = sum(POLICY.omega[name] * (own[name].value - others[name].value) for name in names)
    assert sum(part.points for part in parts) == pytest.approx(total)
    sizes = [abs(part.points) for part in parts]
    assert sizes == sorted(sizes, reverse=True)
    del others[names[0]]
    assert parts_of_difference(own, others, policy=POLICY) == ()
