"""What the resident's pages show: the survey as a page, and what became of an answer."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from flask import current_app
from sqlalchemy import bindparam, exists, select

from survey.formatting import by_language, say_last_day
from survey.instrument import Instrument
from survey.models import (
    FROZEN_STATUSES,
    Comment,
    District,
    Evaluation,
    Response,
    RollupPending,
    Street,
    Wave,
    db,
)
from survey.queries.fieldwork import PointView, kept_instrument, point_view
from survey.queries.rechecks import CommentKey
from survey.queries.slips import SLIP_LENGTH


@dataclass(frozen=True)
class OptionShown:
    """One row that can be tapped."""

    code: str
    text: str
    is_missing: bool
    #: Choosing it unfolds the follow-ups of its question.
    opens: bool


@dataclass(frozen=True)
class QuestionShown:
    """One question with what was posted for it, when it is shown again."""

    code: str
    type: str
    required: bool
    text: str
    help: str
    options: tuple[OptionShown, ...]
    max_length: int | None
    #: Of tags: the codes with spaces between.
    value: str | None
    error: str | None
    follow_ups: tuple[QuestionShown, ...]


@dataclass(frozen=True)
class GroupShown:
    """Questions that stand together."""

    code: str
    title: str
    questions: list[QuestionShown]


@dataclass(frozen=True)
class CallBackShown:
    """The offer of a call back, and what was posted for it when it is shown again."""

    title: str
    consent: str
    help: str
    phone: str
    share: str
    values: Mapping[str, str]
    error: str | None


@dataclass(frozen=True)
class SurveyPage:
    """All that templates/resident/survey.html shows."""

    action: str
    lang: str
    other_lang_url: str
    size: str
    other_size_url: str
    street_name: str
    district_name: str
    point_label: str
    is_demo: bool
    title: str
    intro: str
    groups: tuple[GroupShown, ...]
    submission_key: str
    closes_on: str
    minutes: int
    #: One group of questions a step, for those with script.
    in_steps: bool
    call_back: CallBackShown | None
    errors: tuple[dict[str, str], ...] = field(default=())


def survey_page(
    point: PointView,
    instrument: Instrument,
    *,
    lang: str,
    size: str,
    submission_key: str,
    values: Mapping[str, str] | None = None,
    errors: Mapping[str, Any] | None = None,
) -> SurveyPage:
    """The survey in one language; `values` and `errors` when a form comes back with mistakes."""
    document = instrument.document
    values, errors = values or {}, errors or {}

    following = {code for codes in instrument.follow_ups.values() for code in codes}

    def said(text: Mapping[str, str] | None) -> str:
        return (text or {}).get(lang, "")

    def shown(code: str) -> QuestionShown:
        question = instrument.questions[code]
        follow_ups = instrument.follow_ups.get(code, ())
        opening = {o for one in follow_ups for o in instrument.questions[one]["follows"]["options"]}
        return QuestionShown(
            code=code,
            type=question["type"],
            required=bool(question.get("required")),
            text=said(question["text"]),
            help=said(question.get("help")),
            options=tuple(
                OptionShown(
                    option["code"],
                    said(option["text"]),
                    bool(option.get("missing")),
                    option["code"] in opening,
                )
                for option in instrument.options(code)
            ),
            max_length=question.get("max_length"),
            value=values.get(code),
            error=str(errors[code]) if code in errors else None,
            follow_ups=tuple(shown(one) for one in follow_ups),
        )

    here = f"/s/{point.short_code}"
    other_lang = "zh" if lang == "en" else "en"
    other_size = "normal" if size == "large" else "large"
    return SurveyPage(
        action=f"{here}?lang={lang}&size={size}",
        lang=lang,
        other_lang_url=f"{here}?lang={other_lang}&size={size}",
        size=size,
        other_size_url=f"{here}?lang={lang}&size={other_size}",
        street_name=by_language(*point.street_name),
        district_name=by_language(*point.district_name),
        point_label=by_language(*point.label),
        is_demo=point.is_demo,
        title=said(document["title"]),
        intro=said(document.get("intro")),
        groups=tuple(
            GroupShown(
                group["code"],
                said(group.get("title")),
                [shown(code) for code in group["questions"] if code not in following],
            )
            for group in document["groups"]
        ),
        submission_key=submission_key,
        closes_on=say_last_day(point.closes_at),
        minutes=int(document.get("minutes", 1)),
        in_steps=current_app.config["SURVEY_LAYOUT"] == "steps",
        call_back=_call_back_shown(instrument, said, values, errors),
        errors=tuple({"field": code, "message": str(text)} for code, text in errors.items()),
    )


def _call_back_shown(
    instrument: Instrument,
    said: Callable[[Mapping[str, str]], str],
    values: Mapping[str, str],
    errors: Mapping[str, Any],
) -> CallBackShown | None:
    words = instrument.call_back
    if words is None:
        return None
    days = str(current_app.config["CALL_BACK_DAYS"])
    return CallBackShown(
        title=said(words["title"]),
        consent=said(words["consent"]),
        help=said(words["help"]).replace("{days}", days),
        phone=said(words["phone"]),
        share=said(words["share"]),
        values=values,
        error=str(errors["phone"]) if "phone" in errors else None,
    )


@dataclass(frozen=True)
class ReceiptView:
    """What became of an answer. Names are (zh, en)."""

    #: counted | waiting | set_aside | rejected | not_complete | withdrawn
    counted_state: str
    street_name: tuple[str, str]
    wave_name: tuple[str, str]
    #: The figures are frozen: on public notice, approved or published.
    is_frozen: bool
    submitted_hour: datetime
    is_demo: bool
    #: The same form came again under another code, or in another wave, than what is stored.
    sent_elsewhere: bool
    #: The questionnaire offers to be called back. Whether this resident asked is not known here.
    offers_call_back: bool
    #: Where to look for what was done about the words that came with it; None: there are none.
    comment: CommentKey | None = None

    @property
    def can_be_withdrawn(self) -> bool:
        """Until the figures are frozen, and once."""
        return self.counted_state != "withdrawn" and not self.is_frozen


# Built once. It looks a digest up in an index, so its time says nothing about how near a guessed
# receipt came to a real one.
_RECEIPT_VIEW = (
    select(
        Response.status,
        Response.is_valid,
        Response.submitted_hour,
        exists().where(RollupPending.response_id == Response.id),
        exists().where(
            Evaluation.wave_id == Response.wave_id, Evaluation.status.in_(FROZEN_STATUSES)
        ),
        Street.name_zh,
        Street.name_en,
        Wave.name_zh,
        Wave.name_en,
        Wave.status,
        Response.wave_id,
        Response.collection_point_id,
        Response.channel,
        Wave.questionnaire_id,
        District.is_demo,
        Comment.id,
        Response.id,
        Response.street_id,
        Street.district_id,
    )
    .join(Street, Response.street_id == Street.id)
    .join(Wave, Response.wave_id == Wave.id)
    .join(District, Street.district_id == District.id)
    # The same statement for all, so that only who wrote something costs a second one.
    .outerjoin(Comment, Comment.response_id == Response.id)
    .where(Response.receipt_hash == bindparam("receipt_hash"))
)
_STATES = {"withdrawn": "withdrawn", "rejected": "rejected", "quarantined": "set_aside"}


def receipt_view(receipt_hash: str, *, sent_under: str = "") -> ReceiptView | None:
    """The answer with this receipt, or None. One query; the questionnaire is kept by the process.

    sent_under: the code under which a form came that had been stored before, "" for none; then
    one query more says whether it is the point and the wave of the answer.
    """
    connection = db.session.connection()
    row: Any = connection.execute(_RECEIPT_VIEW, {"receipt_hash": receipt_hash}).first()
    if row is None:
        return None
    status, is_valid, hour, waits, is_frozen, *names, wave_status, wave_id, point_id = row[:12]
    channel, asked, is_demo, comment_id, response_id, street_id, district_id = row[12:]
    if status in _STATES:
        state = _STATES[status]
    elif not is_valid:
        state = "not_complete"
    else:
        state = "waiting" if waits else "counted"
    point = point_view(sent_under) if sent_under else None
    words = CommentKey(
        comment_id, response_id, street_id, district_id, hour, status, bool(is_valid)
    )
    return ReceiptView(
        counted_state=state,
        street_name=(names[0], names[1]),
        wave_name=(names[2], names[3]),
        is_frozen=is_frozen or wave_status == "published",
        submitted_hour=hour,
        is_demo=is_demo,
        sent_elsewhere=(point.point_id, point.wave_id) != (point_id, wave_id)
        if point is not None
        # Slips are not looked up here: whoever has a receipt could try them out without a limit.
        else len(sent_under) == SLIP_LENGTH and channel != "slip",
        offers_call_back=kept_instrument(asked).instrument.call_back is not None,
        comment=words if comment_id else None,
    )
