"""The cells behind one street's index: who answered, with which weight, and how they judged."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from analysis.cells import StreamCells, pair_positions, stream_cells
from analysis.policy import RANDOM, Policy
from analysis.types import IntArray, StreetCube
from analysis.weights import stratum_weights


@dataclass(frozen=True, slots=True)
class CellLine:
    """One stratum of one stream: ``n`` valid respondents, the ``weight`` each of them has.

    ``means`` are the plain means 0..100 of those who judged an indicator, ``None`` where nobody
    did; ``judged`` says how many did. Σ weight·n·mean over the lines, over Σ weight·n, is the index
    when everyone judged it.
    """

    stream: str
    categories: Mapping[str, str]
    n: int
    weight: float
    means: Mapping[str, float | None]
    judged: Mapping[str, int]


def cell_table(cube: StreetCube, policy: Policy) -> tuple[CellLine, ...]:
    """Every stratum with valid respondents, the random stream first (method §3, §4).

    Raises ``AnalysisError`` as ``street_streams`` does.
    """
    margins = {v: cube.margins[v] for v in policy.margin_variables if v in cube.margins}
    lines = []
    for stream, cells in stream_cells(cube, policy).items():
        weights, _report = stratum_weights(
            cells.strata,
            cells.n,
            margins,
            policy=policy,
            use_base_weights=stream == RANDOM,
        )
        judged = stratum_judged(cells)
        lines += [
            CellLine(stream, cells.strata[h], int(cells.n[h]), float(weights[h]), means, judged[h])
            for h, means in enumerate(stratum_means(cells))
            if cells.n[h] > 0
        ]
    return tuple(lines)


def stratum_means(cells: StreamCells) -> list[dict[str, float | None]]:
    """Mean score 0..100 of every indicator in every stratum, unweighted: all weigh the same."""
    moments = cells.moments
    own = np.diag(pair_positions(len(moments.indicators)))
    n, total = by_stratum(moments.pair_n[:, own]), by_stratum(moments.sum_a[:, own])
    return [
        {
            name: float(total[h, k]) / float(n[h, k]) / 100 if n[h, k] else None
            for k, name in enumerate(moments.indicators)
        }
        for h in range(len(cells.strata))
    ]


def stratum_judged(cells: StreamCells) -> list[dict[str, int]]:
    """How many in every stratum judged an indicator: a mean is a mean over them."""
    moments = cells.moments
    n = by_stratum(moments.pair_n[:, np.diag(pair_positions(len(moments.indicators)))])
    return [
        {name: int(n[h, k]) for k, name in enumerate(moments.indicators)}
        for h in range(len(cells.strata))
    ]


def by_stratum(of_cells: IntArray) -> IntArray:
    """Sums over the two cells of a stratum: (2H, K) to (H, K)."""
    return of_cells.reshape(-1, 2, of_cells.shape[1]).sum(axis=1)
