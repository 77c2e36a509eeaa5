"""What the year says of streets and groups, read from its figures: records for pages and files.

The figures are the document that `analysis.bundle_results.year_figures` makes; it is stored with
an evaluation and sealed into its bundle as it is, so that pages show what was frozen.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from analysis.types import Estimate, Reason
from analysis.waves import Change
from survey.queries.views import ConditionView, GroupView, LastPlaceView


@dataclass(frozen=True)
class StreetYearView:
    """One street over the waves of the pool."""

    code: str
    group: str
    #: Codes of the waves that do not have this street: new, re-organised or under another code.
    missing_in: tuple[str, ...]
    #: P, D and F over the year; None where they cannot be pooled.
    pool: Estimate | None
    direct: Estimate | None
    blended: Estimate | None
    #: Against the wave before; None when either has no value.
    change: Change | None
    #: {indicator code: pool}
    indicators: Mapping[str, Estimate]
    indicator_changes: Mapping[str, Change | None]
    #: {wave code: public score}, newest first.
    trend: Mapping[str, Estimate]
    rank_low: int | None
    rank_high: int | None
    rank_suppressed_because: str | None
    p_last: float | None

    @property
    def shown_change(self) -> Change | None:
        """The change, unless a score of either wave may not be shown: it would give it away."""
        pair = tuple(self.trend.values())[:2]
        return None if any(one.suppressed_because for one in pair) else self.change

    def shown_indicator_change(self, code: str) -> Change | None:
        """The same of an indicator; its pool is suppressed with any of its waves."""
        pool = self.indicators.get(code)
        is_shown = pool is not None and pool.suppressed_because is None
        return self.indicator_changes.get(code) if is_shown else None


@dataclass(frozen=True)
class YearView:
    """A wave pooled with the waves before it."""

    #: Codes, newest first, with the weights that were used.
    waves: tuple[str, ...]
    weights: tuple[float, ...]
    #: False: fewer waves than the policy has weights.
    complete: bool
    #: Codes of streets that an earlier wave has and this one does not.
    gone: tuple[str, ...]
    streets: Mapping[str, StreetYearView]
    groups: tuple[GroupView, ...]
    #: The document itself.
    figures: Mapping[str, Any]

    @property
    def before(self) -> str:
        """Code of the wave that changes are against."""
        return self.waves[1]


def read_year(figures: Mapping[str, Any] | None) -> YearView | None:
    """The year from its document; None when the wave was not pooled."""
    if not figures:
        return None
    return YearView(
        waves=tuple(figures["waves"]),
        weights=tuple(figures["weights"]),
        complete=figures["complete"],
        gone=tuple(figures["gone"]),
        streets={code: _street(code, one) for code, one in figures["streets"].items()},
        groups=tuple(_group(name, one) for name, one in figures["groups"].items()),
        figures=figures,
    )


def _street(code: str, given: Mapping[str, Any]) -> StreetYearView:
    chances = given["chances"]
    return StreetYearView(
        code=code,
        group=given["group"],
        missing_in=tuple(given["missing_in"]),
        pool=_estimate(given["pool"]),
        direct=_estimate(given["direct"]),
        blended=_estimate(given["blended"]),
        change=_change(given["change"]),
        indicators={key: Estimate(**one) for key, one in given["indicators"].items()},
        indicator_changes={key: _change(one) for key, one in given["indicator_changes"].items()},
        trend={key: Estimate(**one) for key, one in given["trend"].items()},
        rank_low=given["rank_low"],
        rank_high=given["rank_high"],
        rank_suppressed_because=given["rank_suppressed_because"],
        p_last=chances[-1] if chances else None,
    )


def _estimate(given: Mapping[str, Any] | None) -> Estimate | None:
    return None if given is None else Estimate(**given)


def _change(given: Mapping[str, Any] | None) -> Change | None:
    if given is None:
        return None
    return Change(**{**given, "notes": tuple(Reason(**note) for note in given["notes"])})


def _group(name: str, given: Mapping[str, Any]) -> GroupView:
    last = given["last_place"]
    return GroupView(
        name=name,
        codes=tuple(given["streets"]),
        pairwise_only=given["pairwise_only"],
        pairs=tuple((higher, lower) for higher, lower in given["pairs"]),
        top_k=given["top_k"],
        top_verified=given["top_verified"],
        top_group=tuple(given["top_group"]),
        bottom_group=tuple(given["bottom_group"]),
        last=LastPlaceView(
            **{**last, "conditions": tuple(ConditionView(**one) for one in last["conditions"])}
        ),
        effective_weights=given["effective_weights"],
    )
