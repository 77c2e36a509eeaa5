"""The records that go into an evaluation and come out of it, and the checks of those going in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from analysis.adjustment import Adjustment, ThemeEffect, ThemeRecord
from analysis.blend import Blend, EffectiveWeights
from analysis.types import AnalysisError, FloatArray
from analysis.verdicts import Evidence, LastPlace, TopPlaces

OTHER = "The public score counted another way, or its error,"
LARGEST_SE = 100
SMALLEST_SE = 0.0001
"""Points: no survey of people is more exact, so a smaller number is a mistake."""
LARGEST_SAMPLE = 10_000_000_000
StreetRank = tuple[int, int, tuple[float, ...]]
"""Lowest and highest rank of a street's set, and its chance of every rank, rank 1 first."""


@dataclass(frozen=True, slots=True)
class StreetInput:
    """What is known of one street when it is evaluated. Scores on 0..100.

    ``public`` and ``public_se`` from ``WaveResult`` (or a pool of waves), ``direct`` the mean of
    ``assessors`` independent direct scores with ``direct_se`` (0 or ``None``: the policy's
    floor). ``n_effective`` of the random stream over the pool; 0 means there is none and the
    street is never ranked. ``other_public`` is (score, se) counted the other way about 待核查
    responses. ``random_public`` is (score, se) of the random stream alone where ``public``
    combines two streams, else ``None``. ``excluded_because`` cites the recorded decision that
    takes a street out. ``direct_missing_because`` says what ``direct`` lacks when it is ``None``.
    """

    code: str
    public: float | None
    public_se: float | None
    direct: float | None = None
    direct_se: float | None = None
    n_effective: float | None = None
    group: str = ""
    assessors: int | None = None
    indicators: Mapping[str, float | None] = field(default_factory=dict)
    other_public: tuple[float, float] | None = None
    random_public: tuple[float, float] | None = None
    excluded_because: str | None = None
    direct_missing_because: str | None = None


@dataclass(frozen=True, slots=True)
class Appeal:
    """An open appeal of a street, against one theme (``label``) or, with ``None``, anything."""

    street: str
    label: str | None = None


@dataclass(frozen=True, slots=True)
class StreetEvaluation:
    """One street's result. ``blended`` is ``None`` with a reason when an ingredient is missing.

    ``direct_used`` is the direct score as it entered (standardised if the policy says so).
    ``low`` and ``high`` are F ± 1.96·se. ``rank_low``/``rank_high`` are kept when they may not
    be published; ``rank_suppressed_because`` says why. ``chances`` has rank 1 first.
    """

    code: str
    group: str
    adjustment: Adjustment | None
    effects: tuple[ThemeEffect, ...]
    adjusted: float | None
    direct_used: float | None
    blended: float | None
    se: float | None
    low: float | None
    high: float | None
    not_blended_because: str | None
    rank_low: int | None
    rank_high: int | None
    rank_suppressed_because: str | None
    chances: tuple[float, ...]

    @property
    def p_first(self) -> float | None:
        """Chance of rank 1."""
        return self.chances[0] if self.chances else None

    @property
    def p_last(self) -> float | None:
        """Chance of the last rank."""
        return self.chances[-1] if self.chances else None


@dataclass(frozen=True, slots=True)
class GroupEvaluation:
    """One peer group: who is ranked, what differs, who may be first or last.

    ``pairs`` are (higher, lower) streets that differ significantly. ``pairwise_only``: too few
    streets for rank sets. ``mu``, ``tau2`` and ``q`` tell how much streets differ at all;
    ``evidence`` is all the group was judged by.
    """

    group: str
    codes: tuple[str, ...]
    pairwise_only: bool
    pairs: tuple[tuple[str, str], ...]
    top: TopPlaces
    bottom_group: tuple[str, ...]
    last: LastPlace
    effective_weights: EffectiveWeights
    mu: float | None
    tau2: float | None
    q: float | None
    evidence: Evidence


@dataclass(frozen=True, slots=True)
class Scored:
    """Arrays over the streets that have both scores, in order of ``codes``.

    ``given`` and ``effects`` have every street, ``adjustments`` those with a public score.
    """

    codes: tuple[str, ...]
    direct: FloatArray
    direct_variance: FloatArray
    public: FloatArray
    public_variance: FloatArray
    deduction: FloatArray
    blended: Blend
    given: Mapping[str, StreetInput]
    effects: Mapping[str, tuple[ThemeEffect, ...]]
    adjustments: Mapping[str, Adjustment]


@dataclass(frozen=True, slots=True)
class Evaluation:
    """A whole evaluation. ``deduction_correlation`` is corr(Σd, I) over streets × indicators:
    strongly negative means that themes punish what low scores already carry. ``scored`` are the
    arrays behind the blend."""

    streets: Mapping[str, StreetEvaluation]
    groups: Mapping[str, GroupEvaluation]
    effective_weights: EffectiveWeights
    standardised: bool
    deduction_correlation: float | None
    policy_version: str
    policy_sha256: str
    scored: Scored


def check_inputs(
    streets: Sequence[StreetInput], themes: Sequence[ThemeRecord], appeals: Sequence[Appeal]
) -> None:
    """Raise a worded ``AnalysisError`` for input that contradicts itself."""
    codes = [street.code for street in streets]
    for code in codes:
        if codes.count(code) > 1:
            raise AnalysisError(
                "duplicate_street", f"The street {code} is given twice.", street=code
            )
    for street in streets:
        for name in ("public", "direct"):
            score = getattr(street, name)
            if score is not None and not 0 <= score <= 100:
                raise AnalysisError(
                    "bad_score",
                    f"The {name} score of street {street.code} must be between 0 and 100, "
                    f"not {score}.",
                    street=street.code,
                )
        if street.public_se == 0:
            raise AnalysisError(
                "bad_score",
                f"public_se of street {street.code} must be above 0: no index is without error.",
                street=street.code,
            )
        check_spread(street)
    named: list[ThemeRecord | Appeal] = [*themes, *appeals]
    for record in named:
        if record.street not in codes:
            raise AnalysisError(
                "unknown_street",
                f"A theme or appeal names the street {record.street}, which is not evaluated.",
                street=record.street,
            )


def check_spread(street: StreetInput) -> None:
    """Raise ``AnalysisError`` (``bad_score``) for an error or sample size that cannot be.

    Scores lie on 0..100, so none has a standard error above 100.
    """
    pairs = [pair for pair in (street.other_public, street.random_public) if pair is not None]
    for name, number, most in (
        ("public_se", street.public_se, LARGEST_SE),
        ("direct_se", street.direct_se, LARGEST_SE),
        ("n_effective", street.n_effective, LARGEST_SAMPLE),
        *((OTHER, number, LARGEST_SE) for pair in pairs for number in pair),
    ):
        least = SMALLEST_SE if name == "public_se" else 0
        if number is not None and not least <= number <= most:
            raise AnalysisError(
                "bad_score",
                f"{name} of street {street.code} must be between {least:g} and {most:,}, "
                f"not {number}.",
                street=street.code,
            )
