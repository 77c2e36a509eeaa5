"""Read appeals: those of a street, those of a wave, one with its evidence, those that are due."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from flask_babel import lazy_gettext as _l
from sqlalchemy import Select, func, select

from survey.errors import Refused
from survey.models import (
    Appeal,
    AppealDocument,
    Evaluation,
    Exclusion,
    ResponseCube,
    Street,
    Theme,
    ThemeAdjustment,
    Wave,
    db,
)
from survey.queries.waves import WaveView
from survey.working_days import working_days_between

FROZEN = ("provisional", "approved", "published")


@dataclass(frozen=True)
class DocumentView:
    """A piece of evidence without its content. size in bytes."""

    id: int
    name: str
    media_type: str
    sha256: str
    size: int


@dataclass(frozen=True)
class AppealView:
    """One appeal. Names are (zh, en); times are UTC; decide_by is a day of the district."""

    id: int
    wave_code: str
    wave_name: tuple[str, str]
    revision: int
    street_code: str
    street_name: tuple[str, str]
    kind: str
    theme_id: int | None
    #: What the theme is called; empty when the appeal is about something else.
    theme: str
    grounds: str
    filed_by: str
    filed_at: datetime
    decide_by: date
    status: str
    decision: str
    closed_by: str | None
    closed_at: datetime | None
    documents: tuple[DocumentView, ...] = ()

    def days_left(self, today: date) -> int | None:
        """Working days in which it is still to be decided, 0 on the last; None when overdue."""
        return None if today > self.decide_by else _days(today, self.decide_by)

    def is_overdue(self, today: date) -> bool:
        """Whether it is open and its last day has passed."""
        return self.status == "open" and today > self.decide_by


@dataclass(frozen=True)
class DeductionView:
    """A theme that costs the street points in the figures on notice. indicator is (zh, en)."""

    theme_id: int
    label: str
    mentions: int
    respondents: int
    deduction: float
    #: The appeal that hinders another one; None when it can be filed.
    appeal_id: int | None


@dataclass(frozen=True)
class ExclusionView:
    """An exclusion of a street from ranking. Names are (zh, en); times are UTC."""

    id: int
    street_code: str
    street_name: tuple[str, str]
    reason: str
    document: str
    decided_by: str
    decided_at: datetime
    lifted_by: str | None
    lifted_at: datetime | None
    lifted_because: str


@dataclass(frozen=True)
class StreetAppeals:
    """What a street can appeal against in a wave, and what it has filed.

    revision 0: nothing is frozen. days_left: working days of the notice after today; None when no
    notice runs.
    """

    revision: int
    notice_until: date | None
    days_left: int | None
    deductions: tuple[DeductionView, ...]
    held_back: int
    exclusion: ExclusionView | None
    appeals: tuple[AppealView, ...]

    @property
    def is_running(self) -> bool:
        """Whether an appeal can be filed today."""
        return self.days_left is not None

    def hindered(self, kind: str) -> int | None:
        """The appeal that hinders another one of this kind; None when it can be filed."""
        return next(
            (
                one.id
                for one in self.appeals
                if one.kind == kind and one.status in ("open", "rejected")
            ),
            None,
        )


def street_appeals(wave: WaveView, *, street_code: str, today: date) -> StreetAppeals:
    """Everything about a street's appeals in a wave. At most six queries.

    today: in the district's time zone. Raises Refused (404) for an unknown street.
    """
    street_id = db.session.scalar(
        select(Street.id).where(Street.district_id == wave.district_id, Street.code == street_code)
    )
    if street_id is None:
        raise Refused(
            "unknown_street",
            _l("There is no street with the code %(code)s.", code=street_code),
            status=404,
        )
    appeals = _views(_appeals().where(Appeal.wave_id == wave.id, Appeal.street_id == street_id))
    current = db.session.scalar(
        select(Evaluation)
        .where(Evaluation.wave_id == wave.id, Evaluation.status.in_(FROZEN))
        .order_by(Evaluation.revision.desc())
        .limit(1)
    )
    until = current.notice_until if current else None
    runs = current is not None and current.status == "provisional"
    return StreetAppeals(
        revision=current.revision if current else 0,
        notice_until=until,
        days_left=_days(today, until) if runs and until and today <= until else None,
        deductions=_deductions(current, street_id, appeals),
        held_back=_held_back(wave, street_id),
        exclusion=next(
            (
                one
                for one in exclusions(wave)
                if one.street_code == street_code and one.lifted_at is None
            ),
            None,
        ),
        appeals=appeals,
    )


def wave_appeal_list(wave: WaveView) -> tuple[AppealView, ...]:
    """The appeals of a wave, open ones first and of these what is due first. One query."""
    found = _views(_appeals().where(Appeal.wave_id == wave.id))
    return tuple(sorted(found, key=lambda one: (one.status != "open", one.decide_by, one.id)))


def due_appeals(today: date) -> tuple[AppealView, ...]:
    """All open appeals, what is due first; `days_left` and `is_overdue` say how urgent. One query.

    today: in the district's time zone; appeals are due whatever the day, so it only orders them.
    """
    found = _views(_appeals().where(Appeal.status == "open"))
    return tuple(sorted(found, key=lambda one: (not one.is_overdue(today), one.decide_by, one.id)))


def one_appeal(appeal_id: int) -> AppealView:
    """One appeal with its evidence. Two queries. Raises Refused (404)."""
    found = _views(_appeals().where(Appeal.id == appeal_id), with_documents=True)
    if not found:
        raise Refused("unknown_appeal", _l("There is no such appeal."), status=404)
    return found[0]


def evidence_content(appeal_id: int, document_id: int) -> tuple[DocumentView, bytes]:
    """A piece of evidence as it came. One query. Raises Refused (404)."""
    row = db.session.scalar(
        select(AppealDocument).where(
            AppealDocument.id == document_id, AppealDocument.appeal_id == appeal_id
        )
    )
    if row is None:
        raise Refused("unknown_document", _l("There is no such file."), status=404)
    view = DocumentView(row.id, row.name, row.media_type, row.sha256, len(row.content))
    return view, row.content


def exclusions(wave: WaveView) -> tuple[ExclusionView, ...]:
    """The exclusions of a wave, standing ones first. One query."""
    rows = db.session.execute(
        select(Exclusion, Street)
        .join(Street, Exclusion.street_id == Street.id)
        .where(Exclusion.wave_id == wave.id)
        .order_by(Exclusion.lifted_at.is_not(None), Street.code, Exclusion.id)
    )
    return tuple(
        ExclusionView(
            id=row.id,
            street_code=street.code,
            street_name=(street.name_zh, street.name_en),
            reason=row.reason,
            document=row.document,
            decided_by=row.decided_by,
            decided_at=row.decided_at,
            lifted_by=row.lifted_by,
            lifted_at=row.lifted_at,
            lifted_because=row.lifted_because,
        )
        for row, street in rows
    )


def _appeals() -> Select[Any, Any, Any, Any, Any]:
    label = (
        select(ThemeAdjustment.label)
        .where(
            ThemeAdjustment.evaluation_id == Appeal.evaluation_id,
            ThemeAdjustment.street_id == Appeal.street_id,
            ThemeAdjustment.theme_id == Appeal.theme_id,
        )
        .scalar_subquery()
    )
    return (
        select(Appeal, Street, Wave, Evaluation.revision, func.coalesce(label, Theme.label))
        .join(Street, Appeal.street_id == Street.id)
        .join(Wave, Appeal.wave_id == Wave.id)
        .join(Evaluation, Appeal.evaluation_id == Evaluation.id)
        .outerjoin(Theme, Appeal.theme_id == Theme.id)
        .order_by(Appeal.id.desc())
    )


def _views(
    query: Select[Any, Any, Any, Any, Any], *, with_documents: bool = False
) -> tuple[AppealView, ...]:
    rows = db.session.execute(query).all()
    return tuple(
        AppealView(
            id=row.id,
            wave_code=wave.code,
            wave_name=(wave.name_zh, wave.name_en),
            revision=revision,
            street_code=street.code,
            street_name=(street.name_zh, street.name_en),
            kind=row.kind,
            theme_id=row.theme_id,
            theme=label or "",
            grounds=row.grounds,
            filed_by=row.filed_by,
            filed_at=row.filed_at,
            decide_by=row.decide_by,
            status=row.status,
            decision=row.decision,
            closed_by=row.closed_by,
            closed_at=row.closed_at,
            documents=_documents(row.id) if with_documents else (),
        )
        for row, street, wave, revision, label in rows
    )


def _documents(appeal_id: int) -> tuple[DocumentView, ...]:
    rows = db.session.execute(
        select(
            AppealDocument.id,
            AppealDocument.name,
            AppealDocument.media_type,
            AppealDocument.sha256,
            func.length(AppealDocument.content),
        )
        .where(AppealDocument.appeal_id == appeal_id)
        .order_by(AppealDocument.id)
    )
    return tuple(DocumentView(*row) for row in rows)


def _deductions(
    current: Evaluation | None, street_id: int, appeals: Sequence[AppealView]
) -> tuple[DeductionView, ...]:
    if current is None:
        return ()
    filed = {one.theme_id: one.id for one in appeals if one.status != "withdrawn"}
    rows = db.session.scalars(
        select(ThemeAdjustment)
        .where(
            ThemeAdjustment.evaluation_id == current.id,
            ThemeAdjustment.street_id == street_id,
            ThemeAdjustment.deduction > 0,
        )
        .order_by(ThemeAdjustment.deduction.desc(), ThemeAdjustment.id)
    )
    return tuple(
        DeductionView(
            theme_id=row.theme_id,
            label=row.label,
            mentions=row.mentions,
            respondents=row.respondents,
            deduction=row.deduction,
            appeal_id=filed.get(row.theme_id),
        )
        for row in rows
    )


def _held_back(wave: WaveView, street_id: int) -> int:
    found = db.session.scalar(
        select(func.sum(ResponseCube.n)).where(
            ResponseCube.wave_id == wave.id,
            ResponseCube.street_id == street_id,
            ResponseCube.status == "quarantined",
        )
    )
    return int(found or 0)


def _days(today: date, until: date) -> int:
    """Working days left after today; Monday to Friday where the calendar does not reach."""
    try:
        return working_days_between(today, until)
    except Refused:
        days = (today + timedelta(days=step + 1) for step in range((until - today).days))
        return sum(day.weekday() < 5 for day in days)
