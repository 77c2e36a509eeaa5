"""What becomes of a theme over the waves, and that chance alone makes no news."""

from __future__ import annotations

from collections import Counter
from math import comb

import numpy as np
import pytest

from analysis.themes.theme_states import (
    RULES,
    STATES,
    WaveCount,
    chance_of_fewer,
    chance_of_more,
    theme_states,
)


def states(*waves: tuple[int, int]) -> list[str]:
    return [found.state for found in theme_states([WaveCount(*wave) for wave in waves])]


@pytest.mark.parametrize(
    ("waves", "expected"),
    [
        # the first wave has nothing before it
        ([(40, 800), (38, 800)], ["unknown", "continuing"]),
        ([(0, 800), (24, 800), (26, 800)], ["unknown", "new", "continuing"]),
        ([(40, 800), (12, 800), (11, 800)], ["unknown", "easing", "continuing"]),
        ([(12, 800), (40, 800)], ["unknown", "rising"]),
        ([(40, 800), (0, 800), (1, 800), (30, 800)], ["unknown", "gone", "gone", "again"]),
        # 5 of 100 and then 2 of 100 says nothing
        ([(5, 100), (2, 100)], ["unknown", "unclear"]),
        # an empty wave is passed over
        ([(40, 800), (0, 0), (38, 800)], ["unknown", "unknown", "continuing"]),
        # six answers without a mention prove no absence
        ([(40, 800), (0, 6)], ["unknown", "unclear"]),
        # four mentions before and five now is no news
        ([(4, 800), (5, 800)], ["unknown", "continuing"]),
        ([(0, 800), (1, 800)], ["unknown", "never"]),
        # a slow decline is seen against the level it came from
        ([(48, 800), (40, 800), (34, 800), (25, 800)], ["unknown", *["continuing"] * 2, "easing"]),
    ],
)
def test_states_follow_the_counts(waves, expected) -> None:
    assert states(*waves) == expected


def test_back_at_five_is_again_only_when_its_absence_does_not_explain_it() -> None:
    assert states((40, 800), (3, 800), (5, 800))[-1] == "unclear"
    assert states((40, 800), (0, 800), (9, 800))[-1] == "again"


def test_every_state_is_one_rule_with_its_rationale() -> None:
    assert len(set(STATES)) == len(RULES)
    assert all(len(rule.rationale) > 20 for rule in RULES)
    assert {"new", "again", "easing", "gone"} <= set(STATES)


@pytest.mark.parametrize("share", [0.004, 0.01, 0.03, 0.1])
def test_an_unchanged_share_flips_in_few_waves(share: float) -> None:
    rng = np.random.default_rng(11)
    said: Counter[str] = Counter()
    for _ in range(250):
        waves = [(int(m), 600) for m in rng.binomial(600, share, size=6)]
        previous = None
        for state in states(*waves)[1:]:
            # staying gone is no change
            said[state if state != "gone" or previous != "gone" else "stays gone"] += 1
            previous = state
    changes = sum(said[state] for state in ("new", "again", "rising", "easing", "gone"))
    assert changes / said.total() <= 0.06


def test_a_true_change_is_seen() -> None:
    rng = np.random.default_rng(12)
    seen = [
        states(*[(int(rng.binomial(800, p)), 800) for p in (0.05, 0.05, 0.02)])[-1]
        for _ in range(200)
    ]
    assert seen.count("easing") / 200 > 0.85


def test_chances_are_those_of_fishers_exact_test() -> None:
    now, before = WaveCount(3, 20), WaveCount(9, 30)
    exact = sum(comb(20, x) * comb(30, 12 - x) for x in range(4)) / comb(50, 12)
    assert chance_of_fewer(now, before) == pytest.approx(exact)
    more = sum(comb(20, x) * comb(30, 12 - x) for x in range(3, 13)) / comb(50, 12)
    assert chance_of_more(now, before) == pytest.approx(more)
    assert chance_of_more(WaveCount(3, 20), WaveCount(0, 0)) == 1


def test_more_mentions_than_answers_are_refused() -> None:
    with pytest.raises(ValueError, match="5 mentions of 4"):
        states((5, 4))
