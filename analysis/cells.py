"""From rows of counts to dense integer arrays, per stream; and from single respondents to rows.

A cell is a stratum split by whether its channel is drawn by collection point; all respondents
of a cell share one weight, so the sums here are sufficient for every index and its variance.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import chain
from typing import Any

import numpy as np

from analysis.policy import OPEN, RANDOM, Policy
from analysis.types import (
    AnalysisError,
    AnswerRow,
    CellMoments,
    ClusterRow,
    FloatArray,
    IntArray,
    MomentRow,
    ResponseRow,
    StratumKey,
    StreetCube,
)

STREAMS = (RANDOM, OPEN)


@dataclass(frozen=True, slots=True)
class StreamCells:
    """One stream of one street as arrays over H strata.

    ``responses`` (H,) accepted, ``n`` (H,) valid; ``moments`` over the 2H cells in the order
    stratum × (unclustered, clustered); ``answers`` (K, H, O) counts of options, the order of
    ``options``; ``has_answers`` (K,) whether an indicator has answer rows at all.
    """

    stream: str
    strata: tuple[Mapping[str, str], ...]
    responses: IntArray
    n: IntArray
    moments: CellMoments
    options: tuple[str, ...]
    answers: IntArray
    has_answers: np.ndarray


class Codes:
    """Positions of names, with a worded error for a name that is not there."""

    def __init__(self, names: Sequence[Hashable], what: str) -> None:
        self.position = {name: i for i, name in enumerate(names)}
        self.what = what

    def array(self, column: Sequence[Hashable]) -> IntArray:
        """Positions of a column of names. Raises ``AnalysisError`` (``unknown_name``)."""
        try:
            found = map(self.position.__getitem__, column)
            return np.fromiter(found, np.int64, len(column))
        except KeyError as error:
            raise AnalysisError(
                "unknown_name",
                f"A row of the cube names the {self.what} {error.args[0]!r}, which is not known.",
                what=self.what,
                name=error.args[0],
            ) from None


def columns(rows: Sequence[tuple[Any, ...]], width: int) -> list[Sequence[Any]]:
    """The columns of a table of rows, also of an empty one.

    Raises ``ValueError`` when the rows are not ``width`` wide.
    """
    flat = list(chain.from_iterable(rows))
    if len(flat) != width * len(rows):
        raise ValueError(f"Every row of this table of the cube has {width} columns.")
    return [flat[i::width] for i in range(width)]


def integers(column: Sequence[int]) -> IntArray:
    """A column of integers as an array; Decimals of whole numbers are fine."""
    return np.fromiter(column, np.int64, len(column))


def indicators_of(cube: StreetCube, policy: Policy) -> tuple[str, ...]:
    """Indicators of the policy in its order, then others found in the cube (ω = 0)."""
    found = {row[2] for row in cube.moments} | {row[0] for row in cube.answers}
    return (*policy.omega, *sorted(found - set(policy.omega)))


def stream_cells(cube: StreetCube, policy: Policy) -> dict[str, StreamCells]:
    """The cube of a street as arrays for each stream, ``{"A": …, "B": …}``.

    Raises ``AnalysisError`` (``unknown_name``) when a row names a stratum, indicator or option
    that neither the cube's ``strata`` nor the policy knows.
    """
    return CubeReader(cube, policy).read()


class CubeReader:
    """Turns the four row tables of one cube into arrays; used once by ``stream_cells``."""

    def __init__(self, cube: StreetCube, policy: Policy) -> None:
        self.cube = cube
        self.strata = tuple(cube.strata.values())
        self.H = len(self.strata)
        self.stratum = Codes(tuple(cube.strata), "stratum")
        self.indicators = indicators_of(cube, policy)
        self.K = len(self.indicators)
        self.indicator = Codes(self.indicators, "indicator")
        self.options = (*policy.scale, *policy.missing_options)
        self.policy = policy
        self.channel_codes: dict[str, int] = {}

    def channel(self, column: Sequence[str]) -> IntArray:
        """Code of each channel: 2 × stream + clustered."""
        for name in set(column) - self.channel_codes.keys():
            stream = STREAMS.index(self.policy.stream_of(name))
            self.channel_codes[name] = 2 * stream + (name in self.policy.clustered_channels)
        return np.fromiter(map(self.channel_codes.__getitem__, column), np.int64, len(column))

    def read(self) -> dict[str, StreamCells]:
        responses, valid = self.read_responses()
        pair_sums = self.read_moments()
        answers, has_answers = self.read_answers()
        clusters = self.read_clusters()
        n_cells = valid.transpose(0, 2, 1).reshape(2, -1)
        clustered = np.tile(np.array([False, True]), self.H)
        found = {}
        for s, stream in enumerate(STREAMS):
            pair_n, sum_a, sum_b, sum_ab = (table[s] for table in pair_sums)
            cell, point, indicator, cluster_n, cluster_sum = clusters[s]
            moments = CellMoments(
                indicators=self.indicators,
                n=n_cells[s],
                pair_n=pair_n,
                sum_a=sum_a,
                sum_b=sum_b,
                sum_ab=sum_ab,
                clustered=clustered,
                cluster_cell=cell,
                cluster_point=point,
                cluster_indicator=indicator,
                cluster_n=cluster_n,
                cluster_sum=cluster_sum,
            )
            found[stream] = StreamCells(
                stream=stream,
                strata=self.strata,
                responses=responses[s].sum(axis=0),
                n=valid[s].sum(axis=0),
                moments=moments,
                options=self.options,
                answers=answers[s],
                has_answers=has_answers,
            )
        return found

    def read_responses(self) -> tuple[IntArray, IntArray]:
        """Accepted and valid responses, each (stream, clustered, stratum)."""
        strata, channels, valid, n = columns(self.cube.responses, 4)
        h, c, count = self.stratum.array(strata), self.channel(channels), integers(n)
        every = np.zeros((4, self.H), np.int64)
        np.add.at(every, (c, h), count)
        good = np.zeros((4, self.H), np.int64)
        is_valid = np.fromiter(map(bool, valid), bool, len(valid))
        np.add.at(good, (c[is_valid], h[is_valid]), count[is_valid])
        return every.reshape(2, 2, self.H), good.reshape(2, 2, self.H)

    def read_moments(self) -> tuple[IntArray, IntArray, IntArray, IntArray]:
        """n, Σa, Σb, Σab, each (stream, cell, pair)."""
        strata, channels, first, second, *sums = columns(self.cube.moments, 8)
        h, c = self.stratum.array(strata), self.channel(channels)
        a, b = self.indicator.array(first), self.indicator.array(second)
        n, sum_a, sum_b, sum_ab = map(integers, sums)
        swap = a > b
        low, high = np.where(swap, b, a), np.where(swap, a, b)
        pair = pair_positions(self.K)[low, high]
        tables = []
        for amount in (n, np.where(swap, sum_b, sum_a), np.where(swap, sum_a, sum_b), sum_ab):
            table = np.zeros((2, 2 * self.H, self.K * (self.K + 1) // 2), np.int64)
            np.add.at(table, (c // 2, 2 * h + c % 2, pair), amount)
            tables.append(table)
        return tables[0], tables[1], tables[2], tables[3]

    def read_answers(self) -> tuple[IntArray, np.ndarray]:
        """Counts of options (stream, indicator, stratum, option), and which indicators have any."""
        names, strata, channels, options, n = columns(self.cube.answers, 5)
        k, h, c = self.indicator.array(names), self.stratum.array(strata), self.channel(channels)
        option = Codes(self.options, "option").array(options)
        table = np.zeros((2, self.K, self.H, len(self.options)), np.int64)
        np.add.at(table, (c // 2, k, h, option), integers(n))
        return table, table.sum(axis=(0, 2, 3)) > 0

    def read_clusters(self) -> list[tuple[IntArray, ...]]:
        """Cell, point, indicator, n, Σ of the clustered rows, per stream; points from 0."""
        points, strata, channels, names, n, total = columns(self.cube.clusters, 6)
        c, k = self.channel(channels), self.indicator.array(names)
        point = Codes(tuple(dict.fromkeys(points)), "collection point").array(points)
        cell = 2 * self.stratum.array(strata) + 1
        table = np.array([cell, point, k, integers(n), integers(total)])
        found = []
        for stream in range(len(STREAMS)):
            mine = table[:, c == 2 * stream + 1]
            # A point all of whose answers were retracted is no point any more.
            people = np.bincount(mine[1], weights=mine[3])
            mine = mine[:, people[mine[1]] > 0]
            mine[1] = np.unique(mine[1], return_inverse=True)[1]
            found.append(tuple(mine))
        return found


@cache
def upper_triangle(K: int) -> tuple[np.ndarray, np.ndarray]:
    """Rows and columns (pairs,) of the pairs a ≤ b, in the order the moments are stored."""
    return np.triu_indices(K)


@cache
def pair_positions(K: int) -> IntArray:
    """(K, K) position of the pair of a and b in the order of ``upper_triangle``; read only."""
    position = np.zeros((K, K), np.int64)
    position[upper_triangle(K)] = np.arange(K * (K + 1) // 2)
    found = np.maximum(position, position.T)
    found.flags.writeable = False
    return found


def cube_from_respondents(
    code: str,
    *,
    strata: Sequence[Mapping[str, str]],
    channels: Sequence[str],
    scores: Sequence[Mapping[str, int]],
    valid: Sequence[bool],
    points: Sequence[Hashable] | None = None,
    answers: Sequence[Mapping[str, str]] = (),
    margins: Mapping[str, Mapping[str, float]] | None = None,
    population: float | None = None,
) -> StreetCube:
    """Count single respondents into a cube: the rows a database would keep, to the integer.

    All sequences are parallel, one entry per accepted response: ``strata`` its categories,
    ``scores`` its indicator scores 0..10000 (missing ones absent), ``answers`` its options by
    indicator. Invalid responses count in ``responses`` only.
    """
    response_n: dict[tuple[StratumKey, str, bool], int] = {}
    moment: dict[tuple[StratumKey, str, str, str], list[int]] = {}
    answer_n: dict[tuple[str, StratumKey, str, str], int] = {}
    cluster: dict[tuple[Hashable, StratumKey, str, str], list[int]] = {}
    categories: dict[StratumKey, Mapping[str, str]] = {}
    for i, stratum in enumerate(strata):
        key = tuple(sorted(stratum.items()))
        categories[key] = stratum
        cell = (key, channels[i], bool(valid[i]))
        response_n[cell] = response_n.get(cell, 0) + 1
        if not valid[i]:
            continue
        given = sorted(scores[i].items())
        for a, (name_a, z_a) in enumerate(given):
            for name_b, z_b in given[a:]:
                add_to(moment, (key, channels[i], name_a, name_b), (1, z_a, z_b, z_a * z_b))
            if points is not None:
                add_to(cluster, (points[i], key, channels[i], name_a), (1, z_a))
        for indicator, option in answers[i].items() if answers else ():
            chosen = (indicator, key, channels[i], option)
            answer_n[chosen] = answer_n.get(chosen, 0) + 1
    response_rows: list[ResponseRow] = [(*cell, n) for cell, n in response_n.items()]
    moment_rows: list[MomentRow] = [
        (*cell, sums[0], sums[1], sums[2], sums[3]) for cell, sums in moment.items()
    ]
    answer_rows: list[AnswerRow] = [(*cell, n) for cell, n in answer_n.items()]
    cluster_rows: list[ClusterRow] = [(*cell, s[0], s[1]) for cell, s in cluster.items()]
    return StreetCube(
        code,
        categories,
        response_rows,
        moment_rows,
        answer_rows,
        cluster_rows,
        margins or {},
        population,
    )


def add_to(table: dict[Any, list[int]], key: Any, amounts: Sequence[int]) -> None:
    """Add integer amounts to a row of a table of sums."""
    sums = table.setdefault(key, [0] * len(amounts))
    for i, amount in enumerate(amounts):
        sums[i] += amount


def weights_of_cells(stratum_weights: FloatArray) -> FloatArray:
    """Weights of the 2H cells from those of the H strata."""
    return np.repeat(stratum_weights, 2)
