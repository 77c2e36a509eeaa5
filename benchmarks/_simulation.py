"""What the simulations share: answers drawn from known distributions, counted into cubes.

Nothing here estimates: drawn answers become the integer rows a database would give, and the
product's own functions do the rest. Truths are exact, because the distributions are written down.
"""

from __future__ import annotations

import sys
from collections.abc import Hashable, Iterable, Mapping, Sequence
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray
from rich.progress import track
from scipy.special import ndtr, ndtri

from analysis.types import ClusterRow, FloatArray, IntArray, MomentRow, ResponseRow, StreetCube

Thing = TypeVar("Thing")
LEVELS: IntArray = np.array([0, 2500, 5000, 7500, 10000])
"""Scores of the options 1 to 5 in hundredths of points, as the product stores them."""

Z95 = 1.959963984540054


def points_of(shares: Sequence[float]) -> FloatArray:
    """Shares of the options 5, 4, 3, 2, 1 turned to the order of ``LEVELS``; they sum to 1."""
    found = np.array(shares[::-1], np.float64)
    if abs(found.sum() - 1) > 1e-9:
        raise ValueError("the shares of the five options must sum to 1")
    return found


def mean_of(shares: FloatArray) -> float:
    """The population mean of a distribution over ``LEVELS``, in points 0..100."""
    return float(shares @ LEVELS) / 100


def thresholds(shares: FloatArray) -> FloatArray:
    """Cut points (4,) of a standard normal that give the five options these shares."""
    return ndtri(np.cumsum(shares)[:-1])


def shares_at(cuts: FloatArray, shift: float, spread: float = 1.0) -> FloatArray:
    """Shares (5,) of the options when the normal behind them has mean ``shift``."""
    upper = np.append(ndtr((cuts - shift) / spread), 1.0)
    return np.diff(upper, prepend=0.0)


def normal_answers(
    rng: np.random.Generator, n: int, indicators: int, *, alike: float
) -> FloatArray:
    """Standard normals (n, K) behind the answers; ``alike`` is the correlation of indicators."""
    person = rng.standard_normal((n, 1))
    own = rng.standard_normal((n, indicators))
    return np.sqrt(alike) * person + np.sqrt(1 - alike) * own


def scores_of(latent: FloatArray, cuts: FloatArray) -> IntArray:
    """Scores 0..10000 of the options the normals (n, K) fall into."""
    return LEVELS[np.searchsorted(cuts, latent)]


def counted_cube(
    code: str,
    scores: IntArray,
    names: Sequence[str],
    *,
    channel: str,
    strata: Sequence[Mapping[str, str]] = ({},),
    stratum: IntArray | None = None,
    answered: NDArray[np.bool_] | None = None,
    points: IntArray | None = None,
    margins: Mapping[str, Mapping[str, float]] | None = None,
) -> StreetCube:
    """Valid respondents of one channel as the rows of a cube.

    ``scores`` (n, K) 0..10000; ``answered`` (n, K) leaves out don't knows; ``stratum`` (n,)
    positions in ``strata``; ``points`` (n,) the collection point of each, where it matters.
    """
    there = np.ones(scores.shape, bool) if answered is None else answered
    held = np.zeros(len(scores), np.int64) if stratum is None else stratum
    responses: list[ResponseRow] = []
    moments: list[MomentRow] = []
    clusters: list[ClusterRow] = []
    for h in np.unique(held).tolist():
        mine = held == h
        mask, values = there[mine].astype(np.int64), np.where(there[mine], scores[mine], 0)
        responses.append((h, channel, True, int(mine.sum())))
        moments += moment_rows(h, channel, names, values, mask)
        if points is not None:
            clusters += cluster_rows(h, channel, names, values, mask, points[mine])
    return StreetCube(
        code, dict(enumerate(strata)), responses, moments, (), clusters, margins or {}
    )


def moment_rows(
    stratum: Hashable, channel: str, names: Sequence[str], values: IntArray, mask: IntArray
) -> list[MomentRow]:
    """Pair moments of one stratum and channel; ``values`` (n, K) are 0 where ``mask`` is."""
    n, sums, products = mask.T @ mask, values.T @ mask, values.T @ values
    return [
        (
            stratum, channel, names[a], names[b],
            int(n[a, b]), int(sums[a, b]), int(sums[b, a]), int(products[a, b]),
        )
        for a in range(len(names))
        for b in range(a, len(names))
    ]  # fmt: skip


def cluster_rows(
    stratum: Hashable,
    channel: str,
    names: Sequence[str],
    values: IntArray,
    mask: IntArray,
    points: IntArray,
) -> list[ClusterRow]:
    """Totals per collection point and indicator of one stratum and channel."""
    places, position = np.unique(points, return_inverse=True)
    n = np.zeros((len(places), len(names)), np.int64)
    total = np.zeros_like(n)
    np.add.at(n, position, mask)
    np.add.at(total, position, values)
    return [
        (place, stratum, channel, name, int(n[j, k]), int(total[j, k]))
        for j, place in enumerate(places.tolist())
        for k, name in enumerate(names)
    ]


def histogram_cube(code: str, counts: Mapping[str, IntArray], name: str) -> StreetCube:
    """A street whose respondents gave one score each: per channel the counts (5,) of ``LEVELS``."""
    responses: list[ResponseRow] = []
    moments: list[MomentRow] = []
    for channel, held in counts.items():
        n, total, squares = (int(held @ LEVELS**power) for power in (0, 1, 2))
        responses.append((0, channel, True, n))
        moments.append((0, channel, name, name, n, total, total, squares))
    return StreetCube(code, {0: {}}, responses, moments)


def shares_with(mean: float, sd: float) -> FloatArray:
    """Shares over ``LEVELS`` with this mean and standard deviation (points), of largest entropy.

    p_x ∝ exp(a·x + b·x²), by Newton's method on (a, b). Raises ValueError when there are none.
    """
    x = LEVELS / 10000
    powers = np.stack([x, x**2])
    target = np.array([mean / 100, (sd**2 + mean**2) / 10000])
    if target[1] >= target[0] or sd <= 0:  # values in 0..1 have E x² < E x
        raise ValueError(f"no five-level answers with mean {mean} and standard deviation {sd}")
    slope = np.zeros(2)
    for _ in range(200):
        weight = slope @ powers
        p = np.exp(weight - weight.max())
        p /= p.sum()
        gap = target - powers @ p
        if np.abs(gap).max() < 1e-12:
            return p
        curvature = (powers * p) @ powers.T - np.outer(powers @ p, powers @ p)
        step = np.linalg.solve(curvature, gap)
        slope = slope + step * min(1.0, 8.0 / np.abs(step).max())
    raise ValueError(f"no five-level answers with mean {mean} and standard deviation {sd}")


def monte_carlo_error(share: float, replications: int) -> float:
    """Half width of the 95 % interval of a share found in this many replications."""
    return float(Z95 * np.sqrt(share * (1 - share) / replications))


def percent(share: float, replications: int) -> str:
    """A share with its Monte Carlo error, such as ``94.6 ± 0.7 %``.

    What never (or always) happened is given with the end of its 95 % interval, 3 in the number of
    replications (the rule of three).
    """
    if share in (0.0, 1.0):
        end = 3 / replications if share == 0 else 1 - 3 / replications
        return f"{100 * share:.0f} % (at {'most' if share == 0 else 'least'} {100 * end:.2f} %)"
    error = monte_carlo_error(share, replications)
    return f"{100 * share:.1f} ± {100 * error:.1f} %"


def counted(things: Iterable[Thing], what: str, total: int) -> Iterable[Thing]:
    """The same things, with a progress bar when somebody watches."""
    return track(things, description=what, total=total, disable=not sys.stdout.isatty())
