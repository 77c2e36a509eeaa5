"""What queries return about indices, themes and evaluations: frozen records for pages and files.

An Estimate carries value, low, high, n, n_effective and why it may not be shown. Queries leave
the value in place; `published()` empties it for readers who may not see it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from analysis.types import Estimate, WeightsReport
from survey.queries.waves import WaveView


@dataclass(frozen=True)
class StreetView:
    """One street. name is (zh, en)."""

    id: int
    code: str
    name: tuple[str, str]
    peer_group: str
    population: int


@dataclass(frozen=True)
class IndicatorView:
    """One indicator. name is (zh, en)."""

    id: int
    code: str
    name: tuple[str, str]


@dataclass(frozen=True)
class StreetIndex:
    """One street's figures in a wave, from the cubes."""

    street: StreetView
    #: Accepted responses, valid or not.
    responses: int
    #: P: the public score over all indicators.
    public: Estimate
    #: {indicator code: index}
    indicators: Mapping[str, Estimate]
    #: {indicator code: {"satisfied", "strictly_satisfied", "dissatisfied", "dont_know": Estimate}}
    #: as shares 0 … 1; "mapped_index" is the index under the policy's other map of the levels.
    shares: Mapping[str, Mapping[str, Estimate]]
    #: How the weights came about, by stream ("A" random, "B" open).
    weights: Mapping[str, WeightsReport]
    #: "combined" (both streams), "random", "open" or "none".
    basis: str
    #: None when the street may be ranked, else the code of the reason.
    not_ranked_because: str | None
    #: Effective size of the random stream.
    n_effective_random: float


@dataclass(frozen=True)
class WaveIndices:
    """All streets of a wave, in the order of their codes."""

    wave: WaveView
    indicators: tuple[IndicatorView, ...]
    streets: tuple[StreetIndex, ...]
    #: The population-weighted mean of the streets.
    district: Estimate
    #: Which state of the cubes the figures come from, and when it was reached (UTC).
    rollup_run_id: int | None
    folded_at: datetime | None
    #: Answers that are stored and not yet in the figures.
    pending: int


@dataclass(frozen=True)
class ThemeView:
    """One theme in a wave, over the whole district or in one street."""

    id: int
    label: str
    keywords: tuple[str, ...]
    #: None: about none of the indicators.
    indicator: IndicatorView | None
    status: str
    remit: str
    #: "own" (个性问题) or "common" (共性问题).
    scope: str
    #: m: distinct respondents who mention it; n: valid respondents.
    mentions: int
    respondents: int
    #: {street code: mentions}
    by_street: Mapping[str, int]
    #: In how many of the last four waves it was present (m >= 5).
    waves_present: int
    is_recurring: bool


@dataclass(frozen=True)
class AdjustmentView:
    """What one theme does to one street's score, or why it does nothing."""

    theme_id: int
    label: str
    indicator_code: str
    mentions: int
    respondents: int
    #: L and p~ of the method, 6.
    lower: float
    share: float
    waves_present: int
    relief: float
    is_recurring: bool
    deduction: float
    not_counted_because: str | None


@dataclass(frozen=True)
class StreetEvaluation:
    """One street in an evaluation."""

    street: StreetView
    public: Estimate
    #: P*: after the theme adjustment.
    adjusted: Estimate
    #: D: the district's own assessment; value None when it is missing.
    direct: Estimate
    #: F: the blend; value None when one part is missing.
    blended: Estimate
    indicators: Mapping[str, Estimate]
    adjustments: tuple[AdjustmentView, ...]
    #: The official rank set; None when the street is not ranked.
    rank_low: int | None
    rank_high: int | None
    #: Chances of each rank, 1 … S; descriptive only.
    chances: tuple[float, ...]
    p_first: float | None
    p_last: float | None


@dataclass(frozen=True)
class EvaluationView:
    """A draft computed just now, or a published evaluation as it was frozen."""

    wave: WaveView
    #: 0 for a draft that was never stored.
    revision: int
    #: "draft" or "published".
    status: str
    policy_hash: str
    rollup_run_id: int | None
    #: UTC.
    computed_at: datetime
    published_at: datetime | None
    reason: str
    streets: tuple[StreetEvaluation, ...]
    indicators: tuple[IndicatorView, ...]
    district: Estimate
    #: {"direct": share, "public": share} or None when undefined.
    effective_weights: Mapping[str, float] | None
    #: Codes of the streets in the top and bottom groups.
    top_group: tuple[str, ...]
    bottom_group: tuple[str, ...]
    #: {"established": bool, "street": code or None, "reasons": [{"code", "params"}], "z_min",
    #: "p_last"}
    last_place: Mapping[str, Any]


def published(estimate: Estimate) -> Estimate:
    """The estimate as outsiders may see it: without its numbers when it is suppressed."""
    if estimate.suppressed_because is None:
        return estimate
    return replace(estimate, value=None, low=None, high=None, se=None)
