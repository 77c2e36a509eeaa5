"""How often the 95 % interval of an index and of the public score covers the truth.

Every replication draws answers from a distribution whose mean is known, counts them into a cube
and asks the product for the estimate. Yardsticks, from the same answers: mean ± t·SE and the
logit interval everywhere on the scale, the sample unweighted, every respondent independent, the
collection point as the unit also where there are few. Aim: 94 to 98 %; the ratio is 1 or less
inside the aim.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import numpy as np
from scipy.optimize import brentq
from scipy.special import expit, logit, stdtrit

from analysis.cells import StreamCells, stream_cells, weights_of_cells
from analysis.estimate import index_estimates
from analysis.policy import RANDOM, Policy
from analysis.types import Estimate, FloatArray, IndexEstimates, StreetCube
from analysis.weights import stratum_weights
from benchmarks._simulation import (
    LEVELS,
    counted,
    counted_cube,
    mean_of,
    monte_carlo_error,
    normal_answers,
    percent,
    points_of,
    scores_of,
    shares_at,
    thresholds,
)

NAME = "Coverage of the 95 % interval"
COMMAND = "python -m benchmarks interval_coverage"
REPLICATIONS = 4000
SMALL_TIMES = 2
"""Small random samples are drawn so many times more often: there the aim is close."""
SEED = 20260301
AIM = (0.94, 0.98)

INDICATORS = ("party", "urban", "welfare", "community", "safety")
ALIKE = 0.5
"""Correlation of a person's five answers, on the normal scale behind them."""

MIXED = points_of([0.38, 0.33, 0.18, 0.07, 0.04])  # mean 73.5
GOOD = points_of([0.60, 0.28, 0.08, 0.03, 0.01])  # mean 85.75
DIVIDED = points_of([0.45, 0.10, 0.10, 0.10, 0.25])  # mean 60
CEILING = points_of([0.775, 0.16, 0.04, 0.02, 0.005])  # mean 92
ALL_OR_NOTHING = points_of([0.905, 0.01, 0.01, 0.01, 0.065])  # mean 92

# Who lives there (shares of adults), how ready each group is to answer, and how satisfied it is
# (shift of the normal behind the answers): the elderly answer more and are more content.
AGES = {"18-29": (0.22, 0.5, -0.35), "30-44": (0.30, 0.8, -0.15), "45-59": (0.26, 1.1, 0.1),
        "60+": (0.22, 1.8, 0.45)}  # fmt: skip
SEXES = {"F": (0.52, 1.15, 0.05), "M": (0.48, 0.85, -0.05)}
RESIDENTS = 40_000
UNKNOWN_SHARE = 0.08
DONT_KNOW_SHARE = 0.08
CLUSTER_CORRELATION = 0.03
"""What the policy assumes where there are few points, and what is true in all rows but one."""
CLUSTERS = ((20, 5), (10, 10), (40, 5), (20, 20), (5, 20), (2, 50), (1, 60))
"""Collection points and residents at each."""
TWICE = (5, 20)
"""The design also drawn with twice the correlation that is assumed."""


@dataclass(frozen=True, slots=True)
class Setting:
    """One design: ``draw`` makes a street from a generator, ``truth`` is its population mean.

    ``aimed`` settings are those the aim is set for. ``plain`` are other policies by which the
    same street is estimated as a yardstick, by name, unweighted if ``plain_weights`` is false.
    ``times`` multiplies the replications.
    """

    name: str
    draw: Callable[[np.random.Generator], StreetCube]
    truth: float
    aimed: bool = True
    plain: Mapping[str, Policy] = field(default_factory=dict)
    plain_weights: bool = True
    times: int = 1


@dataclass
class Tally:
    """Estimates of one figure over the replications, as columns."""

    value: list[float] = field(default_factory=list)
    low: list[float] = field(default_factory=list)
    high: list[float] = field(default_factory=list)
    se: list[float] = field(default_factory=list)
    df: list[float] = field(default_factory=list)

    def add(self, estimate: Estimate) -> None:
        """Keep one estimate; one without an interval would be a fault of the simulation."""
        assert estimate.value is not None
        assert estimate.low is not None
        assert estimate.high is not None
        self.value.append(estimate.value)
        self.low.append(estimate.low)
        self.high.append(estimate.high)
        self.se.append(estimate.se or 0.0)
        self.df.append(estimate.df or 0.0)

    def limits(self) -> tuple[FloatArray, FloatArray]:
        """Low and high of every interval."""
        return np.array(self.low), np.array(self.high)

    def columns(self) -> tuple[FloatArray, FloatArray, FloatArray]:
        """Value, standard error and degrees of freedom as arrays."""
        return np.array(self.value), np.array(self.se), np.array(self.df)


def same_answers(
    rng: np.random.Generator, n: int, shares: FloatArray, *, channel: str = "cati"
) -> StreetCube:
    """A simple random sample: everyone's five answers from one distribution."""
    latent = normal_answers(rng, n, len(INDICATORS), alike=ALIKE)
    return counted_cube("S01", scores_of(latent, thresholds(shares)), INDICATORS, channel=channel)


def strata_shares() -> tuple[list[tuple[str, str]], FloatArray, FloatArray, FloatArray]:
    """Age × sex: names, shares of adults, shares of respondents, shift of satisfaction (8,)."""
    names = [(age, sex) for age in AGES for sex in SEXES]
    table = np.array(
        [
            (a * s, a * ready_a * s * ready_s, shift_a + shift_s)
            for a, ready_a, shift_a in AGES.values()
            for s, ready_s, shift_s in SEXES.values()
        ]
    )
    residents, answering, shift = table.T
    return names, residents, answering / answering.sum(), shift


def strata_truth() -> float:
    """The mean over all adults: each group's exact mean by its share of residents."""
    _names, residents, _answering, shift = strata_shares()
    cuts = thresholds(MIXED)
    means = [mean_of(shares_at(cuts, s)) for s in shift]
    return float(residents @ means)


def margins() -> dict[str, dict[str, float]]:
    """What the statistical yearbook tells: residents by age band and by sex, not crossed."""
    return {
        "age_band": {age: RESIDENTS * share for age, (share, *_rest) in AGES.items()},
        "sex": {sex: RESIDENTS * share for sex, (share, *_rest) in SEXES.items()},
    }


def unequal_answers(rng: np.random.Generator, n: int) -> StreetCube:
    """Groups that answer unequally and differ; some hide their age or sex, or do not know."""
    names, _residents, answering, shift = strata_shares()
    group = rng.choice(len(names), n, p=answering)
    latent = normal_answers(rng, n, len(INDICATORS), alike=ALIKE) + shift[group, None]
    hidden = rng.random((n, 2)) < UNKNOWN_SHARE
    strata = [
        {"age_band": "unknown" if a else age, "sex": "unknown" if s else sex}
        for age, sex in names
        for a in (False, True)
        for s in (False, True)
    ]
    return counted_cube(
        "S01",
        scores_of(latent, thresholds(MIXED)),
        INDICATORS,
        channel="cati",
        strata=strata,
        stratum=4 * group + 2 * hidden[:, 0] + hidden[:, 1],
        answered=rng.random(latent.shape) >= DONT_KNOW_SHARE,
        margins=margins(),
    )


def point_variance(shares: FloatArray, correlation: float) -> float:
    """Variance of the points' effect on the normal scale that gives scores this correlation.

    Intra-cluster correlation of scores = Var E[y|point] / Var y, by Gauss–Hermite quadrature.
    """
    cuts = thresholds(shares)
    nodes, weights = np.polynomial.hermite_e.hermegauss(60)
    weights = weights / weights.sum()
    variance = float(shares @ LEVELS**2 - (shares @ LEVELS) ** 2)

    def excess(between: float) -> float:
        means = [
            shares_at(cuts, u * np.sqrt(between), np.sqrt(1 - between)) @ LEVELS for u in nodes
        ]
        return float(weights @ np.square(means) - (weights @ means) ** 2) / variance - correlation

    return float(brentq(excess, 1e-6, 0.5))


def clustered_answers(
    rng: np.random.Generator, points: int, residents: int, *, between: float
) -> StreetCube:
    """Slips by building: residents of one point share an effect of variance ``between``."""
    place = np.repeat(np.arange(points), residents)
    effect = normal_answers(rng, points, len(INDICATORS), alike=ALIKE)[place]
    own = normal_answers(rng, len(place), len(INDICATORS), alike=ALIKE)
    latent = np.sqrt(between) * effect + np.sqrt(1 - between) * own
    scores = scores_of(latent, thresholds(MIXED))
    return counted_cube("S01", scores, INDICATORS, channel="slip", points=place)


def simple_settings() -> list[Setting]:
    """Simple random samples of ordinary answers and of answers at the ceiling."""
    ordinary = {"mixed answers": MIXED, "good answers": GOOD, "divided answers": DIVIDED}
    ceiling = {"ceiling": CEILING, "ceiling, all or nothing": ALL_OR_NOTHING}
    designs = [(name, n) for name in ordinary for n in (30, 100, 400)]
    designs += [(name, n) for name in ceiling for n in (30, 100)]
    return [
        Setting(
            f"random, {name}, n {n}",
            partial(same_answers, n=n, shares=(ordinary | ceiling)[name]),
            mean_of((ordinary | ceiling)[name]),
            times=SMALL_TIMES if n < 400 else 1,
        )
        for name, n in designs
    ]


def strata_settings() -> list[Setting]:
    """Unequal readiness to answer; the yardstick is the same sample unweighted."""
    return [
        Setting(
            f"strata, raked, n {n}",
            partial(unequal_answers, n=n),
            strata_truth(),
            plain={"unweighted": Policy.from_dict()},
            plain_weights=False,
        )
        for n in (100, 400)
    ]


def cluster_settings() -> list[Setting]:
    """Answers by collection point; the last with a correlation the policy does not assume."""
    designs = [(*design, CLUSTER_CORRELATION) for design in CLUSTERS]
    designs.append((*TWICE, 2 * CLUSTER_CORRELATION))
    return [
        Setting(
            f"{points} point{'s' * (points > 1)} × {residents}, ICC {correlation:.2f}",
            partial(
                clustered_answers,
                points=points,
                residents=residents,
                between=point_variance(MIXED, correlation),
            ),
            mean_of(MIXED),
            aimed=correlation == CLUSTER_CORRELATION,
            plain=cluster_yardsticks(points),
        )
        for points, residents, correlation in designs
    ]


def cluster_yardsticks(points: int) -> dict[str, Policy]:
    """Every respondent independent; and, where the product does not count points as units
    because they are few, points as units all the same (one point alone has no variance)."""
    found = {
        "by respondent": Policy.from_dict({"clustered_channels": [], "cluster_correlation": 0.0})
    }
    if 1 < points < Policy.from_dict().min_clusters:
        found["by point"] = Policy.from_dict({"min_clusters": 2})
    return found


def estimates(
    cells: StreamCells,
    margins: Mapping[str, Mapping[str, float]],
    policy: Policy,
    *,
    floor: bool = True,
) -> IndexEstimates:
    """The product's weights and estimates of the random stream."""
    weights, _report = stratum_weights(
        cells.strata, cells.n, margins, policy=policy, use_base_weights=True
    )
    return index_estimates(
        cells.moments, weights_of_cells(weights), policy=policy, random=True, floor=floor
    )


def simulate(setting: Setting, *, seed: int, replications: int) -> dict[str, Tally]:
    """Tallies of ``index`` (the first indicator) and ``public score``, by themselves,
    ``… without floor`` and by the name of every other policy of the setting."""
    rng = np.random.default_rng([SEED, seed])
    policy = Policy.from_dict()
    tallies: dict[str, Tally] = {}
    for _ in range(replications):
        street = setting.draw(rng)
        cells = stream_cells(street, policy)[RANDOM]
        found = {
            "": estimates(cells, street.margins, policy),
            " without floor": estimates(cells, street.margins, policy, floor=False),
        }
        weights = street.margins if setting.plain_weights else {}
        for name, other in setting.plain.items():
            own = stream_cells(street, other)[RANDOM]
            found[f" {name}"] = estimates(own, weights, other)
        for suffix, result in found.items():
            tallies.setdefault("index" + suffix, Tally()).add(result.indicators[INDICATORS[0]])
            tallies.setdefault("public score" + suffix, Tally()).add(result.public)
    return tallies


def t_limits(tally: Tally) -> tuple[FloatArray, FloatArray]:
    """Mean ± t(df)·SE cut to the scale, wherever the mean lies."""
    value, se, df = tally.columns()
    reach = stdtrit(df, 0.975) * se
    return np.maximum(0, value - reach), np.minimum(100, value + reach)


def logit_limits(tally: Tally) -> tuple[FloatArray, FloatArray]:
    """The interval on the logit of I/100 by the delta method; mean ± t·SE where I is 0 or 100."""
    value, se, df = tally.columns()
    p = np.clip(value / 100, 1e-9, 1 - 1e-9)
    reach = stdtrit(df, 0.975) * se / 100 / (p * (1 - p))
    low, high = t_limits(tally)
    inside = (value > 1e-6) & (value < 100 - 1e-6)
    return (
        np.where(inside, 100 * expit(logit(p) - reach), low),
        np.where(inside, 100 * expit(logit(p) + reach), high),
    )


def share_inside(limits: tuple[FloatArray, FloatArray], truth: float) -> float:
    """Share of intervals that hold the truth (a rounding error apart)."""
    low, high = limits
    return float(np.mean((low <= truth + 1e-9) & (high >= truth - 1e-9)))


def row_of(setting: Setting, what: str, tallies: dict[str, Tally]) -> dict[str, Any]:
    """One row of the table: the product's coverage beside what the yardsticks cover.

    The limit of the ratio is 1 and the Monte Carlo error of a coverage at the edge of the aim.
    """
    ours, n = tallies[what], len(tallies[what].value)
    covered = share_inside(ours.limits(), setting.truth)
    others = {name: tallies[f"{what} {name}"].limits() for name in setting.plain}
    others |= {
        "t": t_limits(ours),
        "logit": logit_limits(ours),
        "no floor": tallies[what + " without floor"].limits(),
    }
    missed = max(1 - covered, 1e-9)
    noise = monte_carlo_error(AIM[0], n) / (1 - AIM[0])
    row = {
        "measure": f"{what}, {setting.name} (truth {setting.truth:.4g})",
        "figure": percent(covered, n),
        "yardstick": ", ".join(
            f"{name} {100 * share_inside(limits, setting.truth):.1f}"
            for name, limits in others.items()
        ),
        "ratio": max(missed / (1 - AIM[0]), (1 - AIM[1]) / missed),
        "command": COMMAND,
    }
    return row | {"limit": round(1 + noise, 3)} if setting.aimed else row


def settings() -> list[Setting]:
    """All designs, in the order of the table."""
    return [*simple_settings(), *strata_settings(), *cluster_settings()]


def run(replications: int = REPLICATIONS) -> list[dict[str, Any]]:
    """Rows of the table, two per setting: the index and the public score."""
    rows = []
    for seed, setting in enumerate(counted(settings(), "coverage", len(settings()))):
        tallies = simulate(setting, seed=seed, replications=setting.times * replications)
        rows += [row_of(setting, what, tallies) for what in ("index", "public score")]
    return rows
