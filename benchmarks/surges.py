"""How many false surges a year calls, and how many true ones it finds; so for common and states.

Surges: 300 themes over 78 weeks, of which the last 52 are tested one by one, each against the 26
before it, as the product does. Sizes are lognormal from near zero, counts negative binomial.
Yardsticks in the same run: the same test with mid-p values, Poisson tails with Benjamini–Hochberg
at 10 %, and "five persons or more". In a quiet year every call is false, so the false discovery
rate is the share of weeks with a call. Aim: at most 10 %; the ratio is 1 or less inside it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.special import gammainc

from analysis.themes.surges import BASELINE_WEEKS, LEAST_SURGE, benjamini_hochberg, surges
from analysis.types import FloatArray
from benchmarks._simulation import counted, percent
from benchmarks._theme_rules import rows_of_scopes, rows_of_states

NAME = "False surges, wrongly common themes, states that flip by chance"
COMMAND = "python -m benchmarks surges"
REPLICATIONS = 20
SEED = 20261125
AIM = 0.10
THEMES, WEEKS = 300, 78
HEARD = 600
"""Persons heard in an ordinary week."""
SURGES, SURGE_WEEKS = 20, 3
"""Surges begin in a year so often, and last so long; a surging theme is said by 4·m + 4."""


@dataclass(frozen=True, slots=True)
class World:
    """Expected counts (themes × weeks), size k of the negative binomial, persons heard."""

    means: FloatArray
    sizes: FloatArray
    volume: FloatArray


def ordinary(rng: np.random.Generator) -> World:
    """Lognormal sizes from near zero to 30 a week, one dispersion."""
    means = np.minimum(np.exp(rng.normal(-1, 1.3, THEMES)), 30)
    return World(np.repeat(means[:, None], WEEKS, 1), np.full(THEMES, 3.0), np.ones(WEEKS))


def erratic(rng: np.random.Generator) -> World:
    """Every theme has a dispersion of its own, k from 1 to 20."""
    world = ordinary(rng)
    return World(world.means, np.exp(rng.uniform(0, np.log(20), THEMES)), world.volume)


def district_season(rng: np.random.Generator) -> World:
    """All themes rise and fall together by 40 % over the year, and by chance from week to week."""
    world = ordinary(rng)
    wave = np.sin(2 * np.pi * (np.arange(WEEKS) / 52 + rng.random()))
    volume = (1 + 0.4 * wave) * np.exp(rng.normal(0, 0.2, WEEKS))
    return World(world.means * volume, world.sizes, volume)


def own_seasons(rng: np.random.Generator) -> World:
    """Every theme has a season of its own, 30 % up and down: heating, flooding, school."""
    world = ordinary(rng)
    phase = rng.random((THEMES, 1))
    season = 1 + 0.3 * np.sin(2 * np.pi * (np.arange(WEEKS) / 52 + phase))
    return World(world.means * season, world.sizes, world.volume)


def near_zero(rng: np.random.Generator) -> World:
    """Themes that are hardly ever mentioned: one person in ten weeks."""
    means = np.exp(rng.normal(-2.3, 0.6, THEMES))
    return World(np.repeat(means[:, None], WEEKS, 1), np.full(THEMES, 3.0), np.ones(WEEKS))


WORLDS: dict[str, Callable[[np.random.Generator], World]] = {
    "ordinary": ordinary,
    "erratic themes": erratic,
    "season of the district": district_season,
    "seasons of their own": own_seasons,
    "near zero": near_zero,
}


@dataclass
class Tally:
    """What one way of calling did over all weeks."""

    weeks: int = 0
    #: Sum over the weeks of false calls among the calls (0 without any).
    false_share: float = 0.0
    false: int = 0
    calls: int = 0
    found: int = 0
    true: int = 0
    #: Surges of which at least one week was called, and surges in all.
    noticed: int = 0
    events: int = 0

    def add(self, called: np.ndarray, truth: np.ndarray) -> None:
        """Count one week."""
        calls, false = int(called.sum()), int((called & ~truth).sum())
        self.weeks += 1
        self.false_share += false / max(calls, 1)
        self.false += false
        self.calls += calls
        self.found += calls - false
        self.true += int(truth.sum())


def drawn(
    rng: np.random.Generator, world: World, events: int
) -> tuple[FloatArray, FloatArray, np.ndarray]:
    """Counts, persons heard per week, and the number of the surge a cell belongs to (0: none)."""
    truth = np.zeros(world.means.shape, dtype=int)
    for number in range(1, events + 1):
        theme, week = rng.integers(THEMES), rng.integers(BASELINE_WEEKS, WEEKS - SURGE_WEEKS + 1)
        truth[theme, week : week + SURGE_WEEKS] = number
    means = np.where(truth > 0, 4 * world.means + 4, world.means)
    sizes = world.sizes[:, None]
    counts = rng.poisson(means * rng.gamma(sizes, 1 / sizes, means.shape)).astype(float)
    heard = np.asarray(rng.poisson(HEARD * world.volume) + 1, dtype=float)
    return counts, heard, truth


def poisson(counts: FloatArray, heard: FloatArray) -> np.ndarray:
    """The yardstick without overdispersion: Poisson tails of the plain mean, BH at 10 %."""
    baseline, last = counts[:, :-1], counts[:, -1]
    mean = baseline.sum(axis=1) / heard[:-1].sum() * heard[-1]
    chance = np.where(last > 0, gammainc(np.maximum(last, 1), np.maximum(mean, 1e-9)), 1.0)
    return benjamini_hochberg(chance, AIM)


def mid_p(
    weeks: FloatArray, heard: FloatArray, known: np.ndarray, chance: FloatArray
) -> np.ndarray:
    """The product's test with mid-p values (half of the count's own chance) at the same level.

    One person more in the last week changes nothing of the baseline: its chance is P(X > count).
    """
    more = weeks.copy()
    more[:, -1] += 1
    above = surges(more, heard=heard, known_weeks=known).chance
    called = benjamini_hochberg((chance + above) / 2) & (weeks[:, -1] >= LEAST_SURGE)
    return np.asarray(called)


def simulate(
    world: Callable[[np.random.Generator], World], events: int, replications: int
) -> dict[str, Tally]:
    """Tallies by the way of calling."""
    rng = np.random.default_rng([SEED, events, list(WORLDS.values()).index(world)])
    tallies = {name: Tally() for name in ("product", "mid-p", "Poisson + BH", "five or more")}
    for _ in range(replications):
        counts, heard, truth = drawn(rng, world(rng), events)
        seen = {name: set[int]() for name in tallies}
        for week in range(BASELINE_WEEKS, WEEKS):
            window = slice(week - BASELINE_WEEKS, week + 1)
            known = (np.cumsum(counts[:, :week], axis=1) > 0).sum(axis=1)
            ours = surges(counts[:, window], heard=heard[window], known_weeks=known)
            found = {
                "product": ours.surging,
                "mid-p": mid_p(counts[:, window], heard[window], known, ours.chance),
                "Poisson + BH": poisson(counts[:, window], heard[window]),
                "five or more": counts[:, week] >= 5,
            }
            for name, called in found.items():
                tallies[name].add(called, truth[:, week] > 0)
                seen[name] |= set(truth[called, week].tolist()) - {0}
        there = len(set(truth.ravel().tolist()) - {0})
        for name, tally in tallies.items():
            tally.noticed += len(seen[name])
            tally.events += there
    return tallies


def quiet_row(name: str, tallies: dict[str, Tally]) -> dict[str, Any]:
    """A year without a surge: the share of weeks with a (false) call."""
    ours = tallies.pop("product")
    rate = ours.false_share / ours.weeks
    others = ", ".join(f"{k} {100 * t.false_share / t.weeks:.0f} %" for k, t in tallies.items())
    return {
        "measure": f"quiet year, {name}: weeks with a false surge",
        "figure": percent(rate, ours.weeks) + f"; {52 * ours.false / ours.weeks:.1f} calls a year",
        "yardstick": others,
        "ratio": rate / AIM,
        "limit": 1.0,
        "command": COMMAND,
    }


def surge_rows(name: str, tallies: dict[str, Tally]) -> list[dict[str, Any]]:
    """A year with surges: what is false of the calls, and what is found of the surges."""
    ours = tallies.pop("product")
    rate = ours.false_share / ours.weeks
    false = {k: 100 * t.false / max(t.calls, 1) for k, t in tallies.items()}
    found = {k: 100 * t.noticed / max(t.events, 1) for k, t in tallies.items()}
    return [
        {
            "measure": f"{SURGES} surges a year, {name}: false share, mean of the weeks",
            "figure": percent(rate, ours.weeks)
            + f"; of all calls of the year {100 * ours.false / max(ours.calls, 1):.0f} %",
            "yardstick": ", ".join(f"of all calls, {k} {v:.0f} %" for k, v in false.items()),
            "ratio": rate / AIM,
            "limit": 1.0,
            "command": COMMAND,
        },
        {
            "measure": f"{SURGES} surges a year, {name}: surges noticed in their three weeks",
            "figure": percent(ours.noticed / max(ours.events, 1), ours.events)
            + f"; of the surging weeks {100 * ours.found / max(ours.true, 1):.0f} %",
            "yardstick": ", ".join(f"{k} {v:.0f} %" for k, v in found.items()),
            "ratio": ours.noticed / max(ours.events, 1) / max(found["Poisson + BH"] / 100, 1e-9),
            "command": COMMAND,
        },
    ]


def run(replications: int = REPLICATIONS) -> list[dict[str, Any]]:
    """Rows of the table: quiet years, years with surges, common or own, states."""
    rows = []
    for name, world in counted(WORLDS.items(), "surges", len(WORLDS)):
        rows.append(quiet_row(name, simulate(world, 0, replications)))
        rows += surge_rows(name, simulate(world, SURGES, replications))
    return [*rows, *rows_of_scopes(COMMAND, replications), *rows_of_states(COMMAND, replications)]
