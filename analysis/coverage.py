"""Who answered against who lives there, who was invited, and which questions stayed open.

Nothing is estimated here: these are the facts a reader needs before any estimate is believed.
Counts are of people; shares are on 0..1, gaps in percentage points.

References: AAPOR, Standard Definitions (response rate 1 and 2); Kish 1965 (design effect).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from analysis.cells import stream_cells
from analysis.policy import RANDOM, Policy
from analysis.types import (
    UNKNOWN,
    AnalysisError,
    IntArray,
    Reason,
    StreetCube,
    WeightsReport,
)
from analysis.weights import category_of, stratum_weights


@dataclass(frozen=True, slots=True)
class CategoryCoverage:
    """One category of one variable in one street (and stream).

    ``n`` valid respondents; ``share`` among those whose category is known; ``residents`` and
    ``resident_share`` ``None`` where the margin does not have the category. ``ratio`` = share /
    resident share: 0.5 means half as many as live there; ``gap`` = 100·(share − resident share).
    ``weight`` is the mean weight its respondents get (1 is the mean of all), ``None`` without
    respondents.
    """

    variable: str
    category: str
    n: int
    share: float | None
    residents: float | None
    resident_share: float | None
    ratio: float | None
    gap: float | None
    weight: float | None


@dataclass(frozen=True, slots=True)
class Coverage:
    """Coverage of one street and stream.

    ``unknown`` counts per variable the respondents who did not say. ``notes`` names each category
    with residents and without respondents (``category_without_respondents``) and what weighting
    does about it (``collapsed``, ``dropped_empty`` …). ``weights`` is the report of the raking.
    """

    n: int
    rows: tuple[CategoryCoverage, ...]
    unknown: Mapping[str, int]
    weights: WeightsReport
    notes: tuple[Reason, ...]


@dataclass(frozen=True, slots=True)
class PointReturns:
    """What came back through one collection point: people ``invited`` (``None``: not recorded),
    accepted responses ``answered``, and those of them that are ``valid``."""

    point: str
    invited: int | None
    answered: int
    valid: int


@dataclass(frozen=True, slots=True)
class ResponseRate:
    """A response rate with its counts; ``point`` is ``None`` for the total.

    ``rate`` = valid / invited: every invited person counts as eligible, as in AAPOR's RR1, so
    it is the lowest of the usual rates. ``rate_with_partial`` = answered / invited (RR2).
    Both ``None`` with ``missing_because`` (``invitations_not_recorded``, ``nobody_invited``,
    ``more_answers_than_invited``).
    """

    point: str | None
    invited: int | None
    answered: int
    valid: int
    rate: float | None
    rate_with_partial: float | None
    missing_because: str | None = None


@dataclass(frozen=True, slots=True)
class ResponseRates:
    """Rates by point and over all points whose invitations are recorded.

    ``left_out`` names the points that are not in the total, with the reason.
    """

    points: tuple[ResponseRate, ...]
    total: ResponseRate
    left_out: tuple[Reason, ...]


@dataclass(frozen=True, slots=True)
class ItemResponse:
    """What became of one indicator among ``valid`` responses.

    ``opinion`` + ``dont_know`` + ``skipped`` = ``valid``; the shares are of ``valid``, ``None``
    when it is 0. ``nonresponse_share`` is that of ``skipped``.
    """

    indicator: str
    valid: int
    opinion: int
    dont_know: int
    skipped: int
    dont_know_share: float | None
    nonresponse_share: float | None


def street_coverage(cube: StreetCube, *, policy: Policy) -> dict[str, Coverage]:
    """Coverage of a street by stream, ``{"A": …, "B": …}``, from its cube.

    Margins are those the policy names and the cube has, as for the index.
    """
    margins = {v: cube.margins[v] for v in policy.margin_variables if v in cube.margins}
    return {
        stream: coverage(
            cells.strata, cells.n, margins, policy=policy, use_base_weights=stream == RANDOM
        )
        for stream, cells in stream_cells(cube, policy).items()
    }


def coverage(
    strata: Sequence[Mapping[str, str]],
    counts: IntArray,
    margins: Mapping[str, Mapping[str, float]],
    *,
    policy: Policy,
    use_base_weights: bool = False,
) -> Coverage:
    """Respondents of each category beside its residents, and the weight they will get.

    ``strata`` (H,) categories by variable, ``counts`` (H,) valid respondents, ``margins``
    residents by variable and category. The weights are those of the index (``stratum_weights``).
    Raises ``AnalysisError`` (``bad_counts``, ``bad_margin``).
    """
    counts = np.asarray(counts)
    if len(counts) != len(strata) or np.any(counts < 0):
        raise AnalysisError(
            "bad_counts", "Every stratum needs a count of respondents of 0 or more."
        )
    weights, report = stratum_weights(
        strata, counts, margins, policy=policy, use_base_weights=use_base_weights
    )
    rows: list[CategoryCoverage] = []
    unknown: dict[str, int] = {}
    for variable, residents in margins.items():
        names = [category_of(stratum, variable) for stratum in strata]
        n: dict[str, int] = {}
        mass: dict[str, float] = {}
        for name, count, weight in zip(names, counts.tolist(), weights.tolist(), strict=True):
            n[name] = n.get(name, 0) + count
            mass[name] = mass.get(name, 0.0) + count * weight
        unknown[variable] = n.pop(UNKNOWN, 0)
        rows += category_rows(variable, n, mass, residents=residents)
    silent = tuple(
        Reason("category_without_respondents", {"variable": r.variable, "category": r.category})
        for r in rows
        if r.n == 0 and r.residents
    )
    notes = (*silent, *report.collapsed, *report.dropped, *report.notes)
    return Coverage(int(counts.sum()), tuple(rows), unknown, report, notes)


def category_rows(
    variable: str,
    n: Mapping[str, int],
    mass: Mapping[str, float],
    *,
    residents: Mapping[str, float],
) -> list[CategoryCoverage]:
    """The rows of one variable: the margin's categories in its order, then others that answered."""
    known, living = sum(n.values()), float(sum(residents.values()))
    rows = []
    for category in (*residents, *sorted(name for name in n if name not in residents and n[name])):
        if category == UNKNOWN:
            continue
        count = n.get(category, 0)
        share = count / known if known else None
        inhabitants = residents.get(category)
        expected = inhabitants / living if inhabitants is not None and living else None
        both = share is not None and expected is not None
        rows.append(
            CategoryCoverage(
                variable=variable,
                category=category,
                n=count,
                share=share,
                residents=None if inhabitants is None else float(inhabitants),
                resident_share=expected,
                ratio=(share or 0.0) / expected if both and expected else None,
                gap=100 * ((share or 0.0) - (expected or 0.0)) if both else None,
                weight=mass[category] / count if count else None,
            )
        )
    return rows


def response_rates(points: Sequence[PointReturns]) -> ResponseRates:
    """Response rates by collection point and in total; only for streams with invitations.

    A point without recorded invitations, or with more answers than people invited (its code was
    passed on), has no rate and is left out of the total, which says so: counting its answers
    without its invitations would flatter the rate. Raises ``AnalysisError`` (``bad_counts``)
    for a negative count or more valid than accepted responses.
    """
    rates, left_out = [], []
    for p in points:
        if p.valid < 0 or p.answered < p.valid or (p.invited is not None and p.invited < 0):
            raise AnalysisError(
                "bad_counts",
                f"Point {p.point}: counts must be 0 or more, and at most as many responses valid "
                "as accepted.",
                point=p.point,
            )
        rate = response_rate(p.point, p.invited, p.answered, p.valid)
        rates.append(rate)
        if rate.missing_because:
            left_out.append(Reason(rate.missing_because, {"point": p.point}))
    used = [r for r in rates if r.missing_because is None]
    total = response_rate(
        None,
        sum(r.invited or 0 for r in used) if used else None,
        sum(r.answered for r in used),
        sum(r.valid for r in used),
    )
    return ResponseRates(tuple(rates), total, tuple(left_out))


def response_rate(
    point: str | None, invited: int | None, answered: int, valid: int
) -> ResponseRate:
    """One rate, or the reason why there is none."""
    missing = None
    if invited is None:
        missing = "invitations_not_recorded"
    elif answered > invited:
        missing = "more_answers_than_invited"
    elif invited == 0:
        missing = "nobody_invited"
    if missing or not invited:
        return ResponseRate(point, invited, answered, valid, None, None, missing)
    return ResponseRate(point, invited, answered, valid, valid / invited, answered / invited)


def item_responses(
    valid: int, answers: Mapping[str, Mapping[str, int]], *, policy: Policy
) -> tuple[ItemResponse, ...]:
    """Item non-response of every indicator among ``valid`` responses.

    ``answers`` maps an indicator to the count of each option among valid responses. Don't know
    is an answer here and is counted by itself: it is not silence (method §2). Raises
    ``AnalysisError`` (``bad_counts``) when an indicator has more answers than responses.
    """
    found = []
    for indicator, options in answers.items():
        dont_know = sum(options.get(option, 0) for option in policy.missing_options)
        opinion = sum(options.get(option, 0) for option in policy.scale)
        skipped = valid - opinion - dont_know
        if skipped < 0 or min(options.values(), default=0) < 0:
            raise AnalysisError(
                "bad_counts",
                f"The indicator {indicator} has {opinion + dont_know} answers from {valid} valid "
                "responses.",
                indicator=indicator,
            )
        shares = [count / valid if valid else None for count in (dont_know, skipped)]
        found.append(ItemResponse(indicator, valid, opinion, dont_know, skipped, *shares))
    return tuple(found)


def street_item_responses(cube: StreetCube, *, policy: Policy) -> tuple[ItemResponse, ...]:
    """Item non-response of a street over all channels, from its cube, in the policy's order."""
    valid = sum(n for _, _, is_valid, n in cube.responses if is_valid)
    answers: dict[str, dict[str, int]] = {name: {} for name in policy.omega}
    for indicator, _, _, option, n in cube.answers:
        options = answers.setdefault(indicator, {})
        options[option] = options.get(option, 0) + n
    return item_responses(valid, answers, policy=policy)
