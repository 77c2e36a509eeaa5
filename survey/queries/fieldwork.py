"""Read what a code leads to: its point, street and the wave that is open there."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from functools import cached_property

from flask import current_app
from sqlalchemy import Connection, bindparam, case, select
from sqlalchemy.orm import aliased

from survey.instrument import Instrument, stratum_key
from survey.models import (
    AnswerOption,
    CollectionPoint,
    District,
    Indicator,
    IndicatorItem,
    Question,
    Questionnaire,
    Stratum,
    Street,
    Wave,
    db,
)
from survey.queries.views import IndicatorView


@dataclass(frozen=True)
class PointView:
    """What a typed or scanned code leads to. Names are (zh, en)."""

    point_id: int
    short_code: str
    channel: str
    label: tuple[str, str]
    retired_at: datetime | None
    replaced_by: str | None
    street_id: int
    street_code: str
    street_name: tuple[str, str]
    district_name: tuple[str, str]
    is_demo: bool
    wave_id: int | None
    wave_name: tuple[str, str]
    wave_status: str | None
    opens_at: datetime | None
    closes_at: datetime | None
    questionnaire_id: int | None
    policy_id: int | None


_successor = aliased(CollectionPoint)
# Built once: putting this statement together would cost more than running it.
# Of a district's waves the open one comes first, then drafts, the next first, then the rest, the
# latest first.
_POINT_VIEW = (
    select(
        CollectionPoint.id,
        CollectionPoint.short_code,
        CollectionPoint.channel,
        CollectionPoint.label_zh,
        CollectionPoint.label_en,
        CollectionPoint.retired_at,
        _successor.short_code,
        Street.id,
        Street.code,
        Street.name_zh,
        Street.name_en,
        District.name_zh,
        District.name_en,
        District.is_demo,
        Wave.id,
        Wave.name_zh,
        Wave.name_en,
        Wave.status,
        Wave.opens_at,
        Wave.closes_at,
        Wave.questionnaire_id,
        Wave.policy_id,
    )
    .join(Street, CollectionPoint.street_id == Street.id)
    .join(District, Street.district_id == District.id)
    .outerjoin(Wave, Wave.district_id == District.id)
    .outerjoin(_successor, CollectionPoint.replaced_by_id == _successor.id)
    .where(CollectionPoint.short_code == bindparam("code"))
    .order_by(
        case((Wave.status == "open", 0), (Wave.status == "draft", 1), else_=2),
        case((Wave.status == "draft", Wave.opens_at)),
        Wave.opens_at.desc(),
    )
    .limit(1)
)


def point_view(code: str, connection: Connection | None = None) -> PointView | None:
    """The point with this short code and the wave it serves; None when no point has it.

    Of a district's waves the open one is taken, else the next to open, else the last that
    closed, so that a notice can say when. One query, on the session's connection by default.
    """
    if connection is None:
        connection = db.session.connection()
    row = connection.execute(_POINT_VIEW, {"code": code}).first()
    if row is None:
        return None
    return PointView(
        point_id=row[0],
        short_code=row[1],
        channel=row[2],
        label=(row[3], row[4]),
        retired_at=row[5],
        replaced_by=row[6],
        street_id=row[7],
        street_code=row[8],
        street_name=(row[9], row[10]),
        district_name=(row[11], row[12]),
        is_demo=row[13],
        wave_id=row[14],
        wave_name=(row[15] or "", row[16] or ""),
        wave_status=row[17],
        opens_at=row[18],
        closes_at=row[19],
        questionnaire_id=row[20],
        policy_id=row[21],
    )


@dataclass(frozen=True)
class InstrumentRows:
    """A questionnaire version with the keys that its parts have in the database.

    A version is never edited once stored, so this may be kept for the life of the process.
    """

    questionnaire_id: int
    checksum: str
    instrument: Instrument
    #: {question code: question id}
    question_ids: dict[str, int]
    #: {(question code, option code): option id}
    option_ids: dict[tuple[str, str], int]
    #: In the order in which they are shown.
    indicators: tuple[IndicatorView, ...]
    #: {stratum key: stratum id}
    stratum_ids: dict[str, int]

    @cached_property
    def stratum_categories(self) -> dict[str, dict[str, str]]:
        """{stratum key: {variable: category}} of this questionnaire's strata."""
        return {stratum_key(categories): categories for categories in self.instrument.strata()}

    @cached_property
    def option_codes(self) -> dict[int, str]:
        """{option id: option code}."""
        return {key: option for (_question, option), key in self.option_ids.items()}

    @cached_property
    def indicators_by_option(self) -> dict[int, tuple[str, ...]]:
        """{option id: codes of the indicators its question is an item of}."""
        return {
            key: tuple(
                indicator
                for indicator, items in self.instrument.indicator_items.items()
                if question in items
            )
            for (question, _option), key in self.option_ids.items()
        }

    @cached_property
    def indicator_ids(self) -> dict[str, int]:
        """{indicator code: indicator id}."""
        return {indicator.code: indicator.id for indicator in self.indicators}

    @cached_property
    def codes_by_indicator(self) -> dict[int, str]:
        """{indicator id: code}."""
        return {indicator.id: indicator.code for indicator in self.indicators}


def instrument_rows(questionnaire_id: int) -> InstrumentRows:
    """A stored questionnaire version with its keys. Five queries; the caller keeps the result."""
    session = db.session
    stored = session.get_one(Questionnaire, questionnaire_id)
    questions = {
        row.code: row.id
        for row in session.execute(
            select(Question.code, Question.id).where(Question.questionnaire_id == questionnaire_id)
        )
    }
    options = session.execute(
        select(Question.code, AnswerOption.code, AnswerOption.id)
        .join(Question, AnswerOption.question_id == Question.id)
        .where(Question.questionnaire_id == questionnaire_id)
    )
    indicators = session.scalars(
        select(Indicator)
        .where(
            Indicator.id.in_(
                select(IndicatorItem.indicator_id).where(
                    IndicatorItem.question_id.in_(questions.values())
                )
            )
        )
        .order_by(Indicator.position)
    )
    return InstrumentRows(
        questionnaire_id=questionnaire_id,
        checksum=stored.checksum,
        instrument=Instrument(stored.document),
        question_ids=questions,
        option_ids={(question, option): key for question, option, key in options},
        indicators=tuple(
            IndicatorView(row.id, row.code, (row.name_zh, row.name_en)) for row in indicators
        ),
        stratum_ids=dict(session.execute(select(Stratum.key, Stratum.id)).all()),
    )


def kept_instrument(questionnaire_id: int) -> InstrumentRows:
    """The questionnaire version from the memory of this process, read on first use."""
    kept: dict[int, InstrumentRows] = current_app.extensions.setdefault("instruments", {})
    if questionnaire_id not in kept:
        kept[questionnaire_id] = instrument_rows(questionnaire_id)
    return kept[questionnaire_id]
