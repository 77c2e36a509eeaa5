"""Small inputs for the tests of the method: respondents, cubes, streets with scores."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from analysis.cells import StreamCells, cube_from_respondents, stream_cells, weights_of_cells
from analysis.estimate import index_estimates
from analysis.evaluation import StreetInput
from analysis.policy import Policy
from analysis.types import IndexEstimates, StreetCube
from analysis.weights import stratum_weights

INDICATORS = ("party", "urban", "welfare", "community", "safety")

# The eleven streets of worked examples 6 to 8.
DIRECT = (92.5, 94, 91, 93.2, 90.1, 95.1, 92, 93.6, 90.4, 91.6, 92.8)
PUBLIC = (78.2, 81.5, 74.9, 79.6, 72.3, 83, 76.4, 80.1, 70.8, 77.7, 75.5)
PUBLIC_SE = (1.6, 1.2, 1.9, 1.4, 2.4, 1.1, 1.5, 1.3, 2.6, 1.7, 1.8)


def policy(**overrides: Any) -> Policy:
    return Policy.from_dict(overrides)


def one_indicator(**overrides: Any) -> Policy:
    """A policy whose public score is one indicator named ``a``."""
    return Policy.from_dict({"omega": {"a": 1.0}} | overrides)


def cube(
    points: Sequence[Sequence[float | None]],
    *,
    names: Sequence[str] = ("a",),
    code: str = "S01",
    strata: Sequence[Mapping[str, str]] | None = None,
    channel: str = "cati",
    places: Sequence[Any] | None = None,
    margins: Mapping[str, Mapping[str, float]] | None = None,
    population: float | None = None,
) -> StreetCube:
    """A cube of valid respondents; ``points`` (n, K) on 0..100, ``None`` for missing."""
    n = len(points)
    return cube_from_respondents(
        code,
        strata=strata if strata is not None else [{}] * n,
        channels=[channel] * n,
        scores=[
            {name: round(100 * y) for name, y in zip(names, row, strict=True) if y is not None}
            for row in points
        ],
        valid=[True] * n,
        points=places,
        margins=margins,
        population=population,
    )


def cells_of(street: StreetCube, p: Policy, stream: str = "A") -> StreamCells:
    return stream_cells(street, p)[stream]


def weighted_estimates(
    street: StreetCube, p: Policy, *, stream: str = "A", **options: Any
) -> IndexEstimates:
    """Index of one stream of a cube, raked to its own margins."""
    cells = cells_of(street, p, stream)
    weights, _ = stratum_weights(
        cells.strata, cells.n, street.margins, policy=p, use_base_weights=stream == "A"
    )
    return index_estimates(
        cells.moments, weights_of_cells(weights), policy=p, random=stream == "A", **options
    )


def answers_cube(
    code: str,
    rng: np.random.Generator,
    *,
    n: Mapping[str, int],
    level: float = 4.0,
    bias: float = 0.0,
    margins: Mapping[str, Mapping[str, float]] | None = None,
    population: float = 1000.0,
) -> StreetCube:
    """A street with random answers of ``n`` respondents per channel to all five indicators."""
    strata, channels, scores, answers, places = [], [], [], [], []
    for channel, size in n.items():
        shift = bias if channel == "poster" else 0.0
        for i in range(size):
            base = level + shift + rng.normal(0, 0.7)
            options = {
                name: str(int(np.clip(round(base + rng.normal(0, 0.5)), 1, 5)))
                for name in INDICATORS
            }
            strata.append(
                {
                    "age_band": str(rng.choice(["18-29", "30-44", "45-59", "60+"])),
                    "sex": str(rng.choice(["F", "M", "unknown"], p=[0.5, 0.4, 0.1])),
                }
            )
            channels.append(channel)
            answers.append(options)
            scores.append({k: 2500 * (int(o) - 1) for k, o in options.items()})
            places.append(f"{channel}{i % 6}")
    return cube_from_respondents(
        code,
        strata=strata,
        channels=channels,
        scores=scores,
        valid=[True] * len(strata),
        points=places,
        answers=answers,
        population=population,
        margins=margins
        if margins is not None
        else {
            "age_band": {"18-29": 250, "30-44": 300, "45-59": 250, "60+": 200},
            "sex": {"F": 520, "M": 480},
        },
    )


def example_streets(**changes: Mapping[str, Any]) -> list[StreetInput]:
    """The eleven streets with everything a last place needs; ``S09={...}`` changes one of them."""
    found = []
    for i, (direct, public, se) in enumerate(zip(DIRECT, PUBLIC, PUBLIC_SE, strict=True)):
        values: dict[str, Any] = {
            "code": f"S{i + 1:02}",
            "public": public,
            "public_se": se,
            "direct": direct,
            "direct_se": 0.0,
            "n_effective": 400.0,
            "assessors": 5,
        }
        values |= changes.get(values["code"], {})
        values.setdefault("other_public", (values["public"], values["public_se"]))
        found.append(StreetInput(**values))
    return found


CLEAR_LAST = {"direct": 86.0, "public": 60.8, "public_se": 1.4}
