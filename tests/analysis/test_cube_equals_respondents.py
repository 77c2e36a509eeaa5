"""Cubes and single respondents give the same figures, in whatever order and detail cells come."""

from __future__ import annotations

import dataclasses
import math
import random
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.cells import cube_from_respondents, stream_cells
from analysis.policy import Policy
from analysis.streets import street_streams, wave_result
from analysis.types import StreetCube
from analysis.weights import n_effective, stratum_weights

AGES = {"18-29": 400.0, "60+": 600.0}
SEXES = {"F": 510.0, "M": 490.0}
TABLES = ("responses", "moments", "answers", "clusters")
STREAM_OF = {"slip": "A", "cati": "A", "poster": "B"}

# (channel, place, age band, sex, score of a in points or None, score of b)
level = st.sampled_from([0, 25, 50, 75, 100])
respondent = st.tuples(
    st.sampled_from(sorted(STREAM_OF)),
    st.integers(0, 3),
    st.sampled_from([*AGES, "unknown"]),
    st.sampled_from([*SEXES, "unknown"]),
    st.one_of(st.none(), level),
    level,
)
people = st.lists(respondent, min_size=1, max_size=40)


def policy() -> Policy:
    """Clusters count from two points on, and one point is taken as any respondents."""
    return Policy.from_dict(
        {"omega": {"a": 0.4, "b": 0.6}, "min_clusters": 2, "cluster_correlation": 0.0}
    )


def cube_of(rows: list[Any], code: str = "S01") -> StreetCube:
    return cube_from_respondents(
        code,
        strata=[{"age_band": age, "sex": sex} for _, _, age, sex, _, _ in rows],
        channels=[channel for channel, *_ in rows],
        scores=[
            {k: 100 * y for k, y in (("a", a), ("b", b)) if y is not None} for *_, a, b in rows
        ],
        valid=[True] * len(rows),
        points=[f"{channel}{place}" for channel, place, *_ in rows],
        answers=[
            {k: "dk" if y is None else str(y // 25 + 1) for k, y in (("a", a), ("b", b))}
            for *_, a, b in rows
        ],
        margins={"age_band": AGES, "sex": SEXES},
        population=1000.0,
    )


def direct(rows: list[Any], weights: np.ndarray, p: Policy) -> tuple[float, float] | None:
    """Public score and variance (no floor) from single respondents, by the method's formulas."""
    total = np.zeros(len(rows))
    score = 0.0
    for k, omega in enumerate(p.omega.values()):
        z = np.array([math.nan if r[4 + k] is None else r[4 + k] for r in rows], float)
        answered = ~np.isnan(z)
        mass = weights[answered].sum()
        if mass == 0:
            return None
        index = (weights[answered] * z[answered]).sum() / mass
        score += omega * index
        total[answered] += omega * weights[answered] * (z[answered] - index) / mass
    drawn = [r[0] in p.clustered_channels for r in rows]
    points = {(r[0], r[1]) for r, d in zip(rows, drawn, strict=True) if d}
    if len(points) < p.min_clusters:
        n = len(rows)
        return score, (n / (n - 1) if n > 1 else 1.0) * float((total**2).sum())
    units: dict[Any, float] = {}
    for i, (row, clustered) in enumerate(zip(rows, drawn, strict=True)):
        unit = (row[0], row[1]) if clustered else i
        units[unit] = units.get(unit, 0.0) + total[i]
    m = len(units)
    return score, (m / (m - 1) if m > 1 else 1.0) * sum(e * e for e in units.values())


@settings(max_examples=60, deadline=None)
@given(rows=people)
def test_both_streams_with_clusters_equal_the_respondents(rows: list[Any]) -> None:
    p = policy()
    found = street_streams(cube_of(rows), p)
    for stream, result in found.items():
        mine = [row for row in rows if STREAM_OF[row[0]] == stream]
        assert result.n == len(mine)
        cells = stream_cells(cube_of(rows), p)[stream]
        weights = weights_by_category(cells.strata, cells.n, result, p, stream)
        w = np.array([weights[row[2], row[3]] for row in mine])
        assert w.sum() == pytest.approx(len(mine))
        expected = direct(mine, w, p)
        if expected is None:
            assert result.public.value is None
            continue
        assert result.public.value == pytest.approx(expected[0], abs=1e-9)
        floor = p.sd_floor**2 / result.public.n_effective
        if result.public.se is not None:
            assert result.public.variance == pytest.approx(max(expected[1], floor), rel=1e-9)


def weights_by_category(
    strata: Any, n: Any, result: Any, p: Policy, stream: str
) -> dict[tuple[str, str], float]:
    """The weight of each pair of categories, which must give the result's own n_eff."""
    margins = {"age_band": AGES, "sex": SEXES}
    weights, _ = stratum_weights(strata, n, margins, policy=p, use_base_weights=stream == "A")
    assert n_effective(n, weights) == result.n_effective
    return {(s["age_band"], s["sex"]): float(w) for s, w in zip(strata, weights, strict=True)}


def shuffled(cube: StreetCube, seed: int) -> StreetCube:
    """The same rows in another order."""
    order = random.Random(seed)
    return dataclasses.replace(
        cube, **{t: order.sample(getattr(cube, t), len(getattr(cube, t))) for t in TABLES}
    )


@settings(max_examples=60, deadline=None)
@given(rows=people, seed=st.integers(0, 1000))
def test_order_of_the_cells_changes_no_integer_and_no_figure(rows: list[Any], seed: int) -> None:
    p, cube = policy(), cube_of(rows)
    other = shuffled(cube, seed)
    for stream, cells in stream_cells(cube, p).items():
        again = stream_cells(other, p)[stream]
        for table in ("n", "responses", "answers"):
            assert np.array_equal(getattr(cells, table), getattr(again, table))
        for table in ("n", "pair_n", "sum_a", "sum_b", "sum_ab"):
            assert np.array_equal(getattr(cells.moments, table), getattr(again.moments, table))
    before, after = (wave_result([c], p).streets["S01"].public for c in (cube, other))
    assert (after.value, after.n, after.n_effective) == (
        before.value, before.n, before.n_effective,
    )  # fmt: skip
    assert after.se == (None if before.se is None else pytest.approx(before.se, rel=1e-12))


def signed(cube: StreetCube, sign: int) -> StreetCube:
    """The rows of a cube with every count and sum times ``sign``."""
    keys = {"responses": 3, "moments": 4, "answers": 4, "clusters": 4}
    return dataclasses.replace(
        cube,
        **{
            t: [(*row[:k], *(sign * x for x in row[k:])) for row in getattr(cube, t)]
            for t, k in keys.items()
        },
    )


@settings(max_examples=60, deadline=None)
@given(rows=people, extra=respondent)
def test_a_response_added_and_retracted_leaves_every_figure_bit_equal(
    rows: list[Any], extra: Any
) -> None:
    p, cube, one = one_policy_without_points(), cube_of(rows), cube_of([extra])
    parts = (cube, one, signed(one, -1))
    both = dataclasses.replace(
        cube,
        strata=cube.strata,
        **{t: [row for part in parts for row in getattr(part, t)] for t in TABLES},
    )
    if not one.strata.keys() <= cube.strata.keys():
        both = dataclasses.replace(both, strata={**cube.strata, **one.strata})
        cube = dataclasses.replace(cube, strata=both.strata)
    before, after = (street_streams(c, p) for c in (cube, both))
    assert after == before


def one_policy_without_points() -> Policy:
    """No channel is drawn by point, so that all sums are those of the moments."""
    return Policy.from_dict({"omega": {"a": 0.4, "b": 0.6}, "clustered_channels": []})


def test_a_point_whose_answers_were_all_retracted_is_no_cluster() -> None:
    p = Policy.from_dict({"omega": {"a": 1.0}, "min_clusters": 2})
    rows = [{"a": 5000 + 100 * i} for i in range(12)]
    many, one = (
        cube_from_respondents(
            "S01",
            strata=[{}] * len(part),
            channels=["slip"] * len(part),
            scores=part,
            valid=[True] * len(part),
            points=[f"{name}{i % 3}" for i in range(len(part))],
        )
        for name, part in (("p", rows), ("gone", rows[:1]))
    )
    back = signed(one, -1)
    both = dataclasses.replace(
        many, **{t: [row for c in (many, one, back) for row in getattr(c, t)] for t in TABLES}
    )
    before, after = (street_streams(c, p)["A"] for c in (many, both))
    assert (after.clusters, after.public) == (3, before.public)
