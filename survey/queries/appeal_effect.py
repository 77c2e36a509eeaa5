"""What an appeal would change: the draft computed as it stands, and as if it were upheld."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from analysis.types import StreetCube
from analysis.wave_evaluation import EvaluationInputs, WaveEvaluation, evaluate_wave
from survey.queries.appeal_inputs import REMOVED
from survey.queries.appeals import AppealView
from survey.queries.draft import computed_draft


@dataclass(frozen=True)
class Standing:
    """Where a street stands: P*, F, its rank set and what is said of the last place of its group.

    Scores 0..100; None where there is no figure. last: code of the lowest street.
    """

    adjusted: float | None
    blended: float | None
    rank_low: int | None
    rank_high: int | None
    rank_suppressed_because: str | None
    last: str | None
    is_established: bool


@dataclass(frozen=True)
class Effect:
    """The street before and after, and the names (zh, en) of the streets that may be named."""

    before: Standing
    after: Standing
    names: dict[str, tuple[str, str]]


def appeal_effect(appeal: AppealView) -> Effect:
    """The effect of upholding an open appeal on the draft as it stands.

    Everything is computed twice: the queries of a draft, twice its arithmetic.
    """
    draft = computed_draft(appeal.wave_code)
    names = {one.street.code: one.street.name for one in draft.evaluation.streets}
    before = _standing(draft.found, appeal.street_code)
    after = _standing(evaluate_wave(as_if_upheld(draft.inputs, appeal)), appeal.street_code)
    return Effect(before, after, names)


def as_if_upheld(inputs: EvaluationInputs, appeal: AppealView) -> EvaluationInputs:
    """The inputs without what is appealed against."""
    street = appeal.street_code
    if appeal.kind == "exclusion":
        facts = tuple(
            replace(one, excluded_because=None) if one.code == street else one
            for one in inputs.streets
        )
        return replace(inputs, streets=facts)
    if appeal.kind == "deduction":
        themes = tuple(
            replace(one, state=REMOVED)
            if (one.street, one.number) == (street, appeal.theme_id)
            else one
            for one in inputs.themes
        )
        return replace(inputs, themes=themes)
    if inputs.with_quarantined is None:
        return inputs
    return replace(inputs, accepted=_with_other(inputs.accepted, inputs.with_quarantined, street))


def _with_other(
    cubes: Sequence[StreetCube], others: Sequence[StreetCube], street: str
) -> tuple[StreetCube, ...]:
    return tuple(
        other if cube.code == street else cube for cube, other in zip(cubes, others, strict=True)
    )


def _standing(found: WaveEvaluation, street: str) -> Standing:
    one = found.evaluation.streets.get(street)
    figures = found.figures.get(street)
    group = found.evaluation.groups.get(one.group) if one else None
    return Standing(
        adjusted=figures.adjusted.value if figures else None,
        blended=figures.blended.value if figures else None,
        rank_low=one.rank_low if one else None,
        rank_high=one.rank_high if one else None,
        rank_suppressed_because=one.rank_suppressed_because if one else None,
        last=group.last.street if group else None,
        is_established=bool(group and group.last.established),
    )
