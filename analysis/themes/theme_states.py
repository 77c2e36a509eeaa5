"""Says what becomes of a theme over the waves: new, again, rising, continuing, easing, gone.

A state is not a matter of one count more or less: it changes only when the share of the residents
who mention the theme differs from its level so far by more than chance. That level is pooled over
the waves since the last such change. Whether a theme *recurs* for an evaluation is
``analysis.adjustment.is_recurring``.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.special import gammaln

# One-sided level of every comparison of two shares.
LEVEL = 0.025
# From so many mentions on a theme is present in a wave (the policy's theme_present_mentions).
PRESENT = 5


@dataclass(frozen=True, slots=True)
class WaveCount:
    """``mentions`` m of ``respondents`` n in one wave, 0 ≤ m ≤ n."""

    mentions: int
    respondents: int


@dataclass(frozen=True, slots=True)
class Evidence:
    """What the rules look at: this wave against the level so far."""

    current: WaveCount
    #: Pooled over the waves since the level last changed; 0 of 0 when there is none.
    before: WaveCount
    #: m of now reaches the number from which on a theme is present.
    is_present: bool
    #: It was present in an earlier wave.
    was_present: bool
    #: The last wave said *gone*, or the theme has stayed away since.
    was_gone: bool
    #: One-sided chance of a share as high (as low) as now's if it were the level so far.
    chance_up: float
    chance_down: float

    @property
    def is_up(self) -> bool:
        """Whether the share is higher than chance explains."""
        return self.chance_up <= LEVEL

    @property
    def is_down(self) -> bool:
        """Whether the share is lower than chance explains."""
        return self.chance_down <= LEVEL


@dataclass(frozen=True, slots=True)
class Rule:
    """One state: when it holds, and why it is decided so."""

    state: str
    holds: Callable[[Evidence], bool]
    rationale: str


RULES: tuple[Rule, ...] = (
    Rule(
        "unknown",
        lambda e: e.current.respondents == 0 or (e.before.respondents == 0 and not e.was_present),
        "Nobody answered in this wave or before it: there is nothing to compare with.",
    ),
    Rule(
        "new",
        lambda e: e.is_present and not e.was_present and e.is_up,
        "Present for the first time, and more than the waves before let expect: a theme that was "
        "mentioned four times before and five times now is not news.",
    ),
    Rule(
        "again",
        lambda e: e.is_present and e.was_gone and e.is_up,
        "It was gone, and is present at a share that its absence does not explain.",
    ),
    Rule(
        "rising",
        lambda e: e.is_present and e.is_up,
        "It was there before, at a share that is clearly lower.",
    ),
    Rule(
        "easing",
        lambda e: e.is_present and e.is_down,
        "Still present, at a share that is clearly lower than before.",
    ),
    Rule(
        "gone",
        lambda e: not e.is_present and e.was_present and (e.was_gone or e.is_down),
        "Below the number that counts as present, and clearly lower than before; it stays gone "
        "until it is clearly back. Few answers prove no absence.",
    ),
    Rule(
        "continuing",
        lambda e: e.is_present and not e.was_gone,
        "Present, at a share that chance alone would explain.",
    ),
    Rule(
        "unclear",
        lambda e: e.is_present or e.was_present,
        "Too few answers to tell: below the number that counts as present but not clearly lower "
        "than before, or back without being clearly more than nothing.",
    ),
    Rule(
        "never",
        lambda e: True,
        "It has never been present.",
    ),
)
STATES: tuple[str, ...] = tuple(rule.state for rule in RULES)


@dataclass(frozen=True, slots=True)
class ThemeState:
    """The state in one wave and the evidence for it."""

    state: str
    evidence: Evidence


def theme_states(waves: Sequence[WaveCount], *, present: int = PRESENT) -> tuple[ThemeState, ...]:
    """The state of one theme in one street (or the district) in every wave, oldest first.

    waves: all waves in which the street could be heard, also those with m = 0; a wave with n = 0
    is passed over. present: mentions from which on a theme is present. Raises ValueError for
    counts with m outside 0 … n.
    """
    found: list[ThemeState] = []
    level, was_present, was_gone = WaveCount(0, 0), False, False
    for now in waves:
        if not 0 <= now.mentions <= now.respondents:
            raise ValueError(f"{now.mentions} mentions of {now.respondents} respondents")
        evidence = Evidence(
            current=now,
            before=level,
            is_present=now.mentions >= present,
            was_present=was_present,
            was_gone=was_gone,
            chance_up=chance_of_more(now, level),
            chance_down=chance_of_fewer(now, level),
        )
        state = next(rule.state for rule in RULES if rule.holds(evidence))
        found.append(ThemeState(state, evidence))
        if now.respondents == 0:
            continue
        changed = state in ("new", "again", "rising", "easing") or (
            state == "gone" and not was_gone
        )
        level = now if changed else _pooled(level, now)
        was_present = was_present or evidence.is_present
        was_gone = state == "gone" or (was_gone and state == "unclear")
    return tuple(found)


def _pooled(one: WaveCount, other: WaveCount) -> WaveCount:
    return WaveCount(one.mentions + other.mentions, one.respondents + other.respondents)


def chance_of_fewer(now: WaveCount, before: WaveCount) -> float:
    """One-sided p of Fisher's exact test: as few mentions now, or fewer, at equal shares.

    Given all mentions, those of now are hypergeometric; 1 when there is nothing to compare.
    """
    return _tail(now, before, upper=False)


def chance_of_more(now: WaveCount, before: WaveCount) -> float:
    """One-sided p of Fisher's exact test: as many mentions now, or more, at equal shares."""
    return _tail(now, before, upper=True)


def _tail(now: WaveCount, before: WaveCount, *, upper: bool) -> float:
    if now.respondents == 0 or before.respondents == 0:
        return 1.0
    total = now.mentions + before.mentions
    low, high = max(0, total - before.respondents), min(total, now.respondents)
    x = np.arange(now.mentions, high + 1) if upper else np.arange(low, now.mentions + 1)
    logs = (
        _log_choose(now.respondents, x)
        + _log_choose(before.respondents, total - x)
        - _log_choose(now.respondents + before.respondents, np.array(total))
    )
    return float(min(1.0, np.exp(logs).sum()))


def _log_choose(n: int, k: np.ndarray) -> np.ndarray:
    return np.asarray(gammaln(n + 1) - gammaln(k + 1) - gammaln(n - k + 1))
