"""What several waves say of a street: the records that go into the year and come out of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from analysis.evaluation_records import GroupEvaluation, Scored, StreetRank
from analysis.types import Estimate
from analysis.waves import AnnualPool, Change

Counted = tuple[float, float]
"""A public score and its standard error, counted another way."""


@dataclass(frozen=True, slots=True)
class StreetWave:
    """The figures of one street in one wave, as they were published (or are computed now).

    ``public`` P, ``adjusted`` P*, ``direct`` D. ``n_effective_random`` is the effective size of
    the random stream, ``None`` when it was not kept. ``other_public`` counts 待核查 responses the
    other way, ``random_public`` is the random stream alone where two streams were combined.
    """

    code: str
    group: str
    public: Estimate
    adjusted: Estimate
    direct: Estimate
    indicators: Mapping[str, Estimate] = field(default_factory=dict)
    n_effective_random: float | None = None
    other_public: Counted | None = None
    random_public: Counted | None = None


@dataclass(frozen=True, slots=True)
class WaveFigures:
    """All streets of one wave; ``questionnaire`` is the checksum of what it asked."""

    code: str
    questionnaire: str
    streets: Mapping[str, StreetWave]


@dataclass(frozen=True, slots=True)
class StreetYear:
    """One street over the waves of the pool.

    ``missing_in`` names the waves in which there was no such street (new, re-organised, another
    code); then it is in no pool and ``pool``, ``direct`` and ``blended`` are ``None``.
    ``change`` is against the newest earlier wave, ``None`` when either has no value. ``trend`` has
    the street's public score in every wave of the pool that has one, newest first.
    """

    code: str
    group: str
    missing_in: tuple[str, ...]
    pool: AnnualPool | None
    direct: Estimate | None
    blended: Estimate | None
    indicators: Mapping[str, Estimate]
    change: Change | None
    indicator_changes: Mapping[str, Change | None]
    trend: Mapping[str, Estimate]
    rank: StreetRank | None
    rank_suppressed_because: str | None


@dataclass(frozen=True, slots=True)
class Year:
    """The pool of a wave with the waves before it: who stands where over the year.

    ``waves`` newest first with the ``weights`` c_t that were used; ``complete`` is false when there
    are fewer waves than the policy has weights. ``gone`` are streets of an earlier wave that this
    one does not have. ``groups`` has the verdicts on the pool, ``scored`` what they rest on.
    """

    waves: tuple[str, ...]
    weights: tuple[float, ...]
    complete: bool
    gone: tuple[str, ...]
    streets: Mapping[str, StreetYear]
    groups: Mapping[str, GroupEvaluation]
    scored: Scored
