"""Error rates of two rules about themes: common or a street's own, and what becomes of a theme.

Counts are drawn where the truth is known; the product's own functions decide. Yardsticks in the
same run: for the scope, the plain rule of shares (in half of the streets, none with over half of
the persons) and Pearson's test of equality; for the states, counts compared with last time.
"""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
from scipy.special import chdtrc

from analysis.themes.heterogeneity import COMMON, OWN, scope
from analysis.themes.theme_states import PRESENT, WaveCount, theme_states
from analysis.types import FloatArray, IntArray
from benchmarks._simulation import percent

SEED = 20261126
STREETS = 11
TIMES = 40
"""Draws per design, for each replication that is asked for."""
PERSONS = (15, 40, 150)
"""Persons who mention a theme."""
RESPONDENTS = 800
"""Valid respondents of a street in a wave."""
SHARES = (0.004, 0.01, 0.03, 0.1)
TRANSITIONS = 5
"""Waves after the first, in each of which a state may flip."""
CHANGES = ("new", "again", "rising", "easing", "gone")
SCOPE_AIM, STATE_AIM = 0.10, 0.05


def patterns() -> dict[str, tuple[FloatArray, str | None]]:
    """Relative shares of the streets and the right answer; None: exactly at the border."""
    half = np.ones(STREETS) - 10**0.5 / 10
    half[0] = 1 + 10**0.5
    two = np.full(STREETS, 0.1)
    two[:2] = 1.0
    one = np.full(STREETS, 0.05)
    one[0] = 1.0
    return {
        "alike in all streets": (np.ones(STREETS), COMMON),
        "everywhere, in some four times as much": (np.linspace(0.4, 1.6, STREETS), COMMON),
        "at the border, 38 % of it in one street": (half, None),
        "two streets ten times the others": (two, OWN),
        "one street twenty times the others": (one, OWN),
    }


def plain_scope(mentions: IntArray) -> str:
    """The rule of shares."""
    spread = (mentions > 0).sum() >= max(3, STREETS / 2)
    return COMMON if spread and mentions.max() <= mentions.sum() / 2 else OWN


def pearson_scope(mentions: IntArray, sizes: IntArray) -> str:
    """Own when the shares of the streets are not equal at 5 %, else common."""
    expected = sizes * mentions.sum() / sizes.sum()
    chance = chdtrc(STREETS - 1, float(((mentions - expected) ** 2 / expected).sum()))
    return OWN if chance <= 0.05 else COMMON


def rows_of_scopes(command: str, replications: int) -> list[dict[str, Any]]:
    """Wrong and right answers of the test between streets, over the patterns and sizes."""
    rng = np.random.default_rng([SEED, 1])
    rows = []
    for name, (pattern, right) in patterns().items():
        for persons in PERSONS:
            said: dict[str, list[str | None]] = {"product": [], "shares": [], "Pearson": []}
            for _ in range(TIMES * replications):
                mentions = rng.multinomial(persons, pattern / pattern.sum())
                counts = {str(i): int(m) for i, m in enumerate(mentions)}
                heard = dict.fromkeys(counts, RESPONDENTS)
                said["product"].append(scope(counts, heard))
                said["shares"].append(plain_scope(mentions))
                said["Pearson"].append(pearson_scope(mentions, np.full(STREETS, RESPONDENTS)))
            rows.append(scope_row(name, persons, said, right, command))
    return rows


def scope_row(
    name: str,
    persons: int,
    said: dict[str, list[str | None]],
    right: str | None,
    command: str,
) -> dict[str, Any]:
    """One pattern and size: at the border every decision is an error."""

    def wrong(answers: list[str | None]) -> float:
        errors = [answer in (COMMON, OWN) and answer != right for answer in answers]
        return sum(errors) / len(answers)

    ours = said["product"]
    decided = sum(answer == right for answer in ours) / len(ours) if right else None
    others = ", ".join(
        f"{other} {100 * wrong(answers):.0f} %"
        for other, answers in said.items()
        if other[0] != "p"
    )
    rate = wrong(ours)
    return {
        "measure": f"scope, {name}, {persons} persons: wrong",
        "figure": percent(rate, len(ours))
        + (f"; right {100 * decided:.0f} %, else undecided" if decided is not None else ""),
        "yardstick": others,
        "ratio": rate / SCOPE_AIM,
        "limit": 1.0,
        "command": command,
    }


def plain_state(now: int, before: int) -> str:
    """Counts compared with last time, as a table of a spreadsheet would."""
    if now < PRESENT:
        return "gone" if before >= PRESENT else "never"
    if before < PRESENT:
        return "new"
    return "easing" if now < before else "rising" if now > before else "continuing"


def rows_of_states(command: str, replications: int) -> list[dict[str, Any]]:
    """How often a state flips where nothing changed, and how often a true change is seen."""
    rng = np.random.default_rng([SEED, 2])
    rows = []
    times = TIMES * replications
    for share in SHARES:
        ours = plain = 0
        for counts in rng.binomial(RESPONDENTS, share, (times, TRANSITIONS + 1)).tolist():
            found = [one.state for one in theme_states([WaveCount(m, RESPONDENTS) for m in counts])]
            ours += flips(found)
            plain += flips(["unknown", *(plain_state(b, a) for a, b in pairwise(counts))])
        n = times * TRANSITIONS
        rows.append(
            {
                "measure": f"state flips at an unchanged share of {100 * share:g} %",
                "figure": percent(ours / n, n),
                "yardstick": f"compared with last time {100 * plain / n:.0f} %",
                "ratio": ours / n / STATE_AIM,
                "limit": 1.0,
                "command": command,
            }
        )
    return rows + [
        change_row(rng, before, after, state, times, command)
        for before, after, state in (
            (0.0, 0.02, "new"),
            (0.04, 0.02, "easing"),
            (0.02, 0.04, "rising"),
            (0.04, 0.0, "gone"),
            (0.015, 0.002, "gone"),
        )
    ]


def flips(states: list[str]) -> int:
    """Changes after the first wave; staying gone is none."""
    return sum(
        state in CHANGES and not (state == "gone" and before == "gone")
        for before, state in pairwise(states)
    )


def change_row(
    rng: np.random.Generator, before: float, after: float, state: str, times: int, command: str
) -> dict[str, Any]:
    """Two waves at one share, the third at another: how often the rule says so at once."""
    seen = plain = 0
    for _ in range(times):
        counts = rng.binomial(RESPONDENTS, [before, before, after]).tolist()
        found = theme_states([WaveCount(m, RESPONDENTS) for m in counts])[-1].state
        seen += found == state
        plain += plain_state(counts[2], counts[1]) == state
    return {
        "measure": f"state from {100 * before:g} % to {100 * after:g} %: {state}",
        "figure": percent(seen / times, times),
        "yardstick": f"compared with last time {100 * plain / times:.0f} %",
        "ratio": seen / max(plain, 1),
        "command": command,
    }
