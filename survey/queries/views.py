"""What queries return about indices, themes and evaluations: frozen records for pages and files.

An Estimate carries value, low, high, n, n_effective and why it may not be shown. Queries leave
the value in place; `published()` empties it for readers who may not see it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

from analysis.types import Estimate, WeightsReport
from survey.queries.waves import WaveView

if TYPE_CHECKING:
    from survey.queries.pyramid import CrossedCoverage
    from survey.queries.year_views import YearView


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
    #: The population-weighted mean of the streets, of the public score and of each indicator.
    district: Estimate
    district_indicators: Mapping[str, Estimate]
    #: Which state of the cubes the figures come from, and when it was reached (UTC).
    rollup_run_id: int | None
    folded_at: datetime | None
    #: Answers that are stored and not yet in the figures.
    pending: int


@dataclass(frozen=True)
class SampleCounts:
    """What people judged of a theme's comments in a wave: the sample, and comments around it.

    members: distinct comments the sample is drawn from; judged of them, right: about the theme.
    around: comments outside the theme that share its words.
    """

    members: int = 0
    judged: int = 0
    right: int = 0
    around_judged: int = 0
    around_right: int = 0


@dataclass(frozen=True)
class ThemeView:
    """One theme in a wave, over the whole district or in one street."""

    id: int
    #: What it is called in Chinese, or the model's label: a resident's own words.
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
    #: What it is called in both languages; the model's label until people named it.
    name: tuple[str, str] = ("", "")
    is_named: bool = False
    #: Whose task it is, or who leads; None: nobody was named.
    department: tuple[str, str] | None = None
    #: Columns that people decided.
    decided: tuple[str, ...] = ()
    #: Goes up with every decision.
    version: int = 0
    sample: SampleCounts = SampleCounts()


@dataclass(frozen=True)
class AdjustmentView:
    """What one theme does to one street's score, or why it does nothing."""

    theme_id: int
    label: str
    keywords: tuple[str, ...]
    indicator_code: str
    remit: str
    #: "own" (个性问题) or "common" (共性问题).
    scope: str
    mentions: int
    respondents: int
    #: L and p~ of the method, 6.
    lower: float
    share: float
    waves_present: int
    #: g: the part of the deduction that is lifted, 0 … 1.
    relief: float
    is_recurring: bool
    deduction: float
    #: Codes of all reasons why it takes nothing; empty when it counts.
    not_counted_because: tuple[str, ...]
    #: m': of the mentions, those that count after people judged a sample of the comments; the
    #: sample is of the theme in the wave. All None: published before samples were judged.
    counted: int | None = None
    sample_judged: int | None = None
    sample_right: int | None = None

    @property
    def is_confirmed(self) -> bool:
        """Whether people had confirmed the theme."""
        return "not_confirmed" not in self.not_counted_because


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
    #: The official rank set within the peer group; None when the street is not ranked.
    rank_low: int | None
    rank_high: int | None
    #: Why the rank set may not be shown; None when it may.
    rank_suppressed_because: str | None
    #: Chances of each rank, 1 … S; descriptive only.
    chances: tuple[float, ...]
    p_first: float | None
    p_last: float | None


@dataclass(frozen=True)
class GroupView:
    """One peer group: who is ranked, what differs, and the verdicts on top and last."""

    name: str
    #: Codes of the ranked streets.
    codes: tuple[str, ...]
    #: Too few streets for rank sets: only statements about pairs.
    pairwise_only: bool
    #: (higher, lower) codes that differ significantly; all others are 差异不显著.
    pairs: tuple[tuple[str, str], ...]
    #: Codes that may hold the first k places; exactly k of them when top_verified.
    top_k: int
    top_verified: bool
    top_group: tuple[str, ...]
    #: Codes whose rank set reaches the last place.
    bottom_group: tuple[str, ...]
    last: LastPlaceView
    effective_weights: Mapping[str, float | None]


@dataclass(frozen=True)
class ConditionView:
    """One condition of a last place, met or not: a code with the numbers that belong to it."""

    code: str
    met: bool
    params: Mapping[str, Any]


@dataclass(frozen=True)
class LastPlaceView:
    """末位认定成立 (established) or 末位无法认定, with every condition."""

    established: bool
    #: Code of the street with the lowest blended score; None when fewer than two are ranked.
    street: str | None
    z_min: float | None
    z_min_public: float | None
    p_last: float | None
    conditions: tuple[ConditionView, ...]
    #: All hold except that it takes more than one wave.
    verified_this_wave: bool
    #: Why its numbers are not shown to outsiders; None when they are. See queries.disclosure.
    withheld_because: str | None = None


@dataclass(frozen=True)
class ListedView:
    """A bonus, deduction or veto (一票否决) of a street by a document; it changes no score."""

    #: "bonus", "deduction" or "veto".
    kind: str
    label: str
    #: As entered; None for a veto.
    points: float | None
    #: The most that items of this kind under the document come to for a street; None: no ceiling.
    ceiling: float | None
    document: str
    document_date: date
    #: The office or post that signed, not a person's name.
    signed_by: str


@dataclass(frozen=True)
class SignOffView:
    """Who took an evaluation one step further. step: see models.appeal.SIGN_OFF_STEPS; at: UTC."""

    step: str
    actor: str
    at: datetime
    note: str = ""


@dataclass(frozen=True)
class EvaluationView:
    """A draft computed just now, or an evaluation as it was frozen."""

    wave: WaveView
    #: 1, 2, …; 0 for a draft.
    revision: int
    #: "draft", or as stored: "provisional", "approved", "published", "replaced".
    status: str
    policy_hash: str
    rollup_run_id: int | None
    #: UTC; when the cubes it was computed from were last folded. None: nothing was ever folded.
    computed_at: datetime | None
    published_at: datetime | None
    reason: str
    streets: tuple[StreetEvaluation, ...]
    indicators: tuple[IndicatorView, ...]
    district: Estimate
    #: {indicator code: the district's index}; empty for what was published before it was kept.
    district_indicators: Mapping[str, Estimate]
    #: One a peer group (同类分组), in the order of the streets.
    groups: tuple[GroupView, ...]
    #: Shares of the differences between streets that each side makes; None when undefined.
    effective_weights: Mapping[str, float | None]
    #: False when the wave has no direct scores at all: indices are published, nothing is ranked.
    has_direct: bool
    #: {street code: standing items}, shown beside the scores and mixed into none.
    listed: Mapping[str, tuple[ListedView, ...]] = field(default_factory=dict)
    #: Pooled with the waves before it; None for a first wave, or published before it was kept.
    year: YearView | None = None
    #: {street code: what a later pool needs beside the figures}, as plain JSON.
    for_pool: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    #: Who answered against who lives there; None: no margins, or frozen before it was kept.
    coverage: CrossedCoverage | None = None
    #: UTC; when the figures were frozen. None for a draft.
    frozen_at: datetime | None = None
    #: The last day of the public notice in the district's time zone; None: there was none.
    notice_until: date | None = None
    #: Every step that was taken, in the order of time.
    sign_offs: tuple[SignOffView, ...] = ()

    def sign_off(self, step: str) -> SignOffView | None:
        """Who took a step, or None when it was not taken."""
        return next((one for one in self.sign_offs if one.step == step), None)

    def mentions_of(self, theme_id: int) -> dict[str, int]:
        """{street code: respondents who mentioned a theme}."""
        return {
            entry.street.code: item.mentions
            for entry in self.streets
            for item in entry.adjustments
            if item.theme_id == theme_id
        }

    def group_of(self, street: StreetEvaluation) -> GroupView:
        """The peer group in which a street is judged."""
        return next(group for group in self.groups if group.name == street.street.peer_group)


def published(estimate: Estimate) -> Estimate:
    """The estimate as outsiders may see it: without its numbers when it is suppressed."""
    if estimate.suppressed_because is None:
        return estimate
    return replace(estimate, value=None, low=None, high=None, se=None)
