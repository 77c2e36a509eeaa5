"""What another policy would make of a past wave: computed from its frozen inputs, stored nowhere.

Only values that act from the cubes on can be tried; what an answer was scored or held back by, and
how themes were counted, is in the inputs already.
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from flask import current_app
from flask_babel import lazy_gettext as _l
from sqlalchemy import func, select

from analysis.bundle import FULL, read_inputs
from analysis.evaluation_records import GroupEvaluation
from analysis.policy import Policy
from analysis.types import AnalysisError, Estimate
from analysis.wave_evaluation import EvaluationInputs, WaveEvaluation, evaluate_wave
from survey.errors import Refused
from survey.models import Evaluation, EvaluationBundle, db
from survey.queries.cubes import streets_with_margins
from survey.queries.draft import computed_draft
from survey.queries.evaluation import kept_bundle
from survey.queries.policies import kept_policy
from survey.queries.views import ConditionView, published
from survey.queries.waves import WaveView, wave_view

# Inputs of this many frozen evaluations are kept by a process, while their bundles are this small:
# those of hundreds of streets would weigh more than the whole process.
MOST_KEPT = 2
LARGEST_KEPT = 1_000_000
# A revision that another one took the place of is not tried on.
STANDING = ("provisional", "approved", "published")


@dataclass(frozen=True)
class PastWave:
    """A wave that values can be tried on."""

    wave: WaveView
    #: The policy of record.
    policy: Policy
    #: The newest revision, whose frozen inputs are used; None: nothing is frozen, those of now are.
    revision: int | None


@dataclass(frozen=True)
class StreetSide:
    """What one policy says of a street; estimates as outsiders may see them."""

    adjusted: Estimate
    blended: Estimate
    rank_low: int | None
    rank_high: int | None
    rank_suppressed_because: str | None


@dataclass(frozen=True)
class StreetTried:
    """A street under the policy of record and under the tried one. name is (zh, en)."""

    code: str
    name: tuple[str, str]
    before: StreetSide
    after: StreetSide

    @property
    def adjusted_by(self) -> float | None:
        """Change of P*; None when one of the two is not shown."""
        return _difference(self.before.adjusted, self.after.adjusted)

    @property
    def blended_by(self) -> float | None:
        """Change of F; None when one of the two is not shown."""
        return _difference(self.before.blended, self.after.blended)

    @property
    def rank_changed(self) -> bool:
        """Whether the rank set, or that there is one, differs."""
        one, other = self.before, self.after
        return (one.rank_low, one.rank_high) != (other.rank_low, other.rank_high)


@dataclass(frozen=True)
class ConditionTried:
    """One condition of a last place before and after; None where it does not exist."""

    code: str
    before: ConditionView | None
    after: ConditionView | None

    @property
    def is_changed(self) -> bool:
        """Whether it is met now and was not, or the other way about."""
        return (self.before and self.before.met) != (self.after and self.after.met)


@dataclass(frozen=True)
class GroupTried:
    """One peer group before and after."""

    name: str
    before: GroupEvaluation
    after: GroupEvaluation
    streets: tuple[StreetTried, ...]
    conditions: tuple[ConditionTried, ...]

    @property
    def names(self) -> dict[str, tuple[str, str]]:
        """{street: (zh, en)}."""
        return {street.code: street.name for street in self.streets}

    @property
    def verdict_changed(self) -> bool:
        """Whether the verdict on the last place, or whom it names, differs."""
        one, other = self.before.last, self.after.last
        return (one.established, one.street) != (other.established, other.street)

    @property
    def top_changed(self) -> bool:
        """Whether the first places, or whether they are verified, differ."""
        one, other = self.before.top, self.after.top
        return (one.verified, one.streets) != (other.verified, other.streets)


def past_wave(wave_code: str) -> PastWave:
    """A closed or published wave. Two queries.

    Raises Refused: 404 unknown wave, 409 one that is not over: rules must not be tried on answers
    that still come in.
    """
    wave = wave_view(wave_code)
    if wave.status in ("draft", "open"):
        raise Refused(
            "wave_not_over",
            _l("Values can be tried on waves that are closed. Choose one that is."),
            status=409,
        )
    revision = db.session.scalar(
        select(func.max(Evaluation.revision))
        .join(EvaluationBundle, EvaluationBundle.evaluation_id == Evaluation.id)
        .where(
            Evaluation.wave_id == wave.id,
            EvaluationBundle.kind == FULL,
            Evaluation.status.in_(STANDING),
        )
    )
    return PastWave(wave, kept_policy(wave.policy_id), revision)


def of_record(past: PastWave) -> tuple[EvaluationInputs, WaveEvaluation]:
    """The inputs of a past wave and what its own policy makes of them.

    Of a frozen revision they are read from its sealed bundle, two queries; else from the cubes.
    """
    if past.revision is None:
        draft = computed_draft(past.wave.code)
        return draft.inputs, draft.found
    memory: dict[tuple[int, int], tuple[EvaluationInputs, WaveEvaluation]]
    memory = current_app.extensions.setdefault("past_waves", {})
    key = (past.wave.id, past.revision)
    if key in memory:
        return memory[key]
    kept = kept_bundle(past.wave.code, kind=FULL, revision=past.revision, statuses=STANDING)
    if kept is None:  # pragma: no cover: the revision was found by its bundle
        raise LookupError(key)
    with zipfile.ZipFile(io.BytesIO(kept.content)) as bundle:
        inputs = read_inputs({name: bundle.read(name) for name in bundle.namelist()})
    found = evaluate_wave(inputs)
    if len(kept.content) <= LARGEST_KEPT:
        for old in list(memory)[: max(0, len(memory) - MOST_KEPT + 1)]:
            memory.pop(old, None)
        memory[key] = (inputs, found)
    return inputs, found


def tried(past: PastWave, policy: Policy) -> tuple[GroupTried, ...]:
    """What `policy` would make of the wave, beside what its own makes of it.

    Raises Refused (422) when the inputs cannot be computed with it.
    """
    inputs, before = of_record(past)
    try:
        after = evaluate_wave(replace(inputs, policy=policy))
    except AnalysisError as error:
        raise Refused(
            "cannot_be_tried",
            _l("The wave cannot be computed with these values: %(reason)s", reason=error.message),
            status=422,
        ) from error
    names = {
        street.code: street.name
        for street, _margins in streets_with_margins(past.wave, include_inactive=True)
    }
    return tuple(_group(name, before, after, names=names) for name in before.evaluation.groups)


def _group(
    name: str, before: WaveEvaluation, after: WaveEvaluation, *, names: Mapping[str, Any]
) -> GroupTried:
    one, other = before.evaluation.groups[name], after.evaluation.groups[name]
    members = [code for code, street in before.evaluation.streets.items() if street.group == name]
    return GroupTried(
        name,
        one,
        other,
        streets=tuple(
            StreetTried(code, names.get(code, (code, "")), _side(before, code), _side(after, code))
            for code in members
        ),
        conditions=_conditions(one, other),
    )


def _side(found: WaveEvaluation, code: str) -> StreetSide:
    figures, street = found.figures[code], found.evaluation.streets[code]
    return StreetSide(
        published(figures.adjusted),
        published(figures.blended),
        street.rank_low,
        street.rank_high,
        street.rank_suppressed_because,
    )


def _conditions(one: GroupEvaluation, other: GroupEvaluation) -> tuple[ConditionTried, ...]:
    before, after = (
        {c.code: ConditionView(c.code, c.met, dict(c.params)) for c in group.last.conditions}
        for group in (one, other)
    )
    return tuple(
        ConditionTried(code, before.get(code), after.get(code)) for code in {**before, **after}
    )


def _difference(before: Estimate, after: Estimate) -> float | None:
    if before.value is None or after.value is None:
        return None
    return after.value - before.value
