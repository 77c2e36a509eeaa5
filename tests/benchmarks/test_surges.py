"""The simulation of surges, scopes and states: the code of the full one, a handful of draws."""

from __future__ import annotations

import numpy as np
import pytest

from benchmarks import _theme_rules as rules
from benchmarks import surges
from benchmarks.__main__ import checked, measurements


def test_it_takes_part_in_the_measurements_and_gives_the_same_rows_every_time() -> None:
    assert [module.__name__ for module in measurements(["surges"])] == ["benchmarks.surges"]
    found = checked(surges.run(1), source="surges")
    assert found == surges.run(1)
    assert len(found) == 3 * len(surges.WORLDS) + 3 * len(rules.patterns()) + 9
    assert len({row["measure"] for row in found}) == len(found)


@pytest.mark.parametrize("name", sorted(surges.WORLDS))
def test_what_is_drawn_is_what_was_meant(name: str) -> None:
    rng = np.random.default_rng(3)
    world = surges.WORLDS[name](rng)
    counts, heard, truth = surges.drawn(rng, world, 5)
    assert counts.shape == (surges.THEMES, surges.WEEKS) == truth.shape
    assert (heard > 0).all()
    # Surges lie in the weeks that are tested, three weeks each, and are said by four more or more.
    assert not truth[:, : surges.BASELINE_WEEKS].any()
    assert (truth > 0).sum() <= 15
    # Means and counts agree in sum within a tenth, overdispersed as they are.
    usual = truth == 0
    assert counts[usual].sum() == pytest.approx(world.means[usual].sum(), rel=0.1)


def test_the_border_pattern_is_at_the_border() -> None:
    pattern, right = rules.patterns()["at the border, 38 % of it in one street"]
    q = pattern / pattern.sum()
    assert right is None
    assert (q**2).sum() * rules.STREETS == pytest.approx(2)


def test_yardsticks_decide_as_they_are_said_to() -> None:
    even, sizes = np.full(11, 5), np.full(11, 800)
    one = np.array([60] + [1] * 10)
    assert rules.plain_scope(even) == rules.pearson_scope(even, sizes) == "common"
    assert rules.plain_scope(one) == rules.pearson_scope(one, sizes) == "own"
    assert rules.plain_state(4, 9) == "gone"
    assert rules.plain_state(9, 4) == "new"
    assert rules.plain_state(8, 9) == "easing"
    assert rules.flips(["unknown", "gone", "gone", "again", "continuing"]) == 2
