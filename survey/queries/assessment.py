"""Read what the district itself says of its streets in a wave: assessors' scores, indicators, D."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import or_, select

from analysis.direct import direct_score, mean_and_se
from analysis.policy import Policy
from survey.models import (
    AuditEvent,
    DirectScore,
    Evaluation,
    ListedItem,
    ObjectiveScore,
    Street,
    db,
)
from survey.queries.policies import kept_policy
from survey.queries.waves import WaveView, wave_view


@dataclass(frozen=True)
class AssessedStreet:
    """One street's line of the grid. name is (zh, en).

    mean: of the assessors; se: s/√m; direct, variance: D and V(D) as the evaluation takes them.
    """

    code: str
    name: tuple[str, str]
    scores: Mapping[str, float]
    objective: Mapping[str, float]
    mean: float | None
    se: float | None
    direct: float | None
    variance: float | None
    missing_because: str | None

    @property
    def is_floor(self) -> bool:
        """Whether V(D) is the policy's floor and not the assessors' own spread."""
        return self.direct is not None and (self.se or 0.0) ** 2 < (self.variance or 0.0)


@dataclass(frozen=True)
class AssessmentView:
    """The grid of a wave. frozen: the status of its newest frozen evaluation, or None."""

    wave: WaveView
    frozen: str | None
    streets: tuple[AssessedStreet, ...]
    assessors: tuple[str, ...]
    #: {objective indicator: weight} of the policy.
    objective_weights: Mapping[str, float]
    #: The weight that is left to the assessors' mean.
    assessors_weight: float
    floor: float
    needed_assessors: int

    @property
    def incomplete(self) -> tuple[AssessedStreet, ...]:
        """Streets with fewer assessors than the others, or without D."""
        most = max((len(street.scores) for street in self.streets), default=0)
        return tuple(
            street for street in self.streets if len(street.scores) < most or street.direct is None
        )

    def column(self, name: str, *, is_objective: bool) -> dict[str, float | None]:
        """{street code: score} of one assessor or indicator."""
        return {
            street.code: (street.objective if is_objective else street.scores).get(name)
            for street in self.streets
        }


def assessment(wave_code: str) -> AssessmentView:
    """The grid of a wave's direct scores. Five queries. Raises Refused (404)."""
    wave = wave_view(wave_code)
    policy = kept_policy(wave.policy_id)
    scores: dict[int, dict[str, float]] = defaultdict(dict)
    for street_id, assessor, score in db.session.execute(
        select(DirectScore.street_id, DirectScore.assessor, DirectScore.score)
        .where(DirectScore.wave_id == wave.id)
        .order_by(DirectScore.street_id, DirectScore.assessor)
    ):
        scores[street_id][assessor] = score
    objective = objective_scores(wave)
    streets = db.session.execute(
        select(Street.id, Street.code, Street.name_zh, Street.name_en)
        .where(Street.district_id == wave.district_id, Street.is_active)
        .order_by(Street.code)
    ).all()
    frozen = db.session.scalar(
        select(Evaluation.status)
        .where(
            Evaluation.wave_id == wave.id,
            Evaluation.status.in_(("provisional", "approved", "published")),
        )
        .order_by(Evaluation.revision.desc())
        .limit(1)
    )
    lines = tuple(
        _line(code, (zh, en), scores.get(key, {}), objective.get(key, {}), policy=policy)
        for key, code, zh, en in streets
    )
    return AssessmentView(
        wave=wave,
        frozen=frozen or ("published" if wave.status == "published" else None),
        streets=lines,
        assessors=tuple(sorted({name for line in lines for name in line.scores})),
        objective_weights=policy.objective_weights,
        assessors_weight=max(0.0, 1 - math.fsum(policy.objective_weights.values())),
        floor=policy.direct_sd_floor,
        needed_assessors=policy.last_assessors,
    )


def assessed_since(moment: datetime, wave: WaveView) -> bool:
    """Whether a direct score or a list of a wave was changed after `moment` (UTC). One query.

    Scores bear no time of their own; the audit event that every change leaves does.
    """
    scores = (
        select(AuditEvent.id)
        .where(
            AuditEvent.at > moment,
            AuditEvent.action == "direct_scores",
            AuditEvent.subject == f"wave {wave.code}",
        )
        .exists()
    )
    lists = (
        select(ListedItem.id)
        .where(
            ListedItem.wave_id == wave.id,
            or_(ListedItem.entered_at > moment, ListedItem.removed_at > moment),
        )
        .exists()
    )
    return bool(db.session.scalar(select(or_(scores, lists))))


def objective_scores(wave: WaveView) -> dict[int, dict[str, float]]:
    """{street id: {objective indicator: score}} of a wave. One query."""
    found: dict[int, dict[str, float]] = defaultdict(dict)
    for street_id, name, score in db.session.execute(
        select(ObjectiveScore.street_id, ObjectiveScore.indicator, ObjectiveScore.score)
        .where(ObjectiveScore.wave_id == wave.id)
        .order_by(ObjectiveScore.street_id, ObjectiveScore.indicator)
    ):
        found[street_id][name] = score
    return dict(found)


def _line(
    code: str,
    name: tuple[str, str],
    scores: Mapping[str, float],
    objective: Mapping[str, float],
    *,
    policy: Policy,
) -> AssessedStreet:
    # In the order in which the evaluation adds them up: the same D to the last bit.
    given = tuple(score for _assessor, score in sorted(scores.items()))
    mean, se = mean_and_se(given)
    direct = direct_score(given, objective, policy)
    variance = None
    if direct.value is not None:
        variance = max(direct.se or 0.0, policy.direct_sd_floor) ** 2
    return AssessedStreet(
        code=code,
        name=name,
        scores=scores,
        objective=objective,
        mean=mean,
        se=se,
        direct=direct.value,
        variance=variance,
        missing_because=direct.missing_because,
    )
