"""Take an answer in: check the code, the wave and the form, and store it in one transaction.

The same submission key always gives the same receipt and at most one row: a double tap, a
retry after a lost reply and two requests at once all end with one answer.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from analysis.themes.redact import redact
from flask import current_app
from flask_babel import lazy_gettext as _l
from sqlalchemy import insert, select
from sqlalchemy.exc import IntegrityError

from analysis.policy import Policy
from analysis.scoring import is_valid, score_items
from survey.database import transaction
from survey.errors import Refused
from survey.instrument import Instrument, stratum_key
from survey.models import Answer, Comment, IndicatorScore, Response, RollupPending, db
from survey.queries.fieldwork import InstrumentRows, PointView, kept_instrument, point_view
from survey.queries.policies import kept_policy

SUBMISSION_KEY = re.compile(r"[A-Za-z0-9_-]{16,64}")
# Neither I, L, O nor U: nothing that is misread, nothing that spells a word by accident.
ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
RECEIPT_LENGTH = 10
LOOK_ALIKES = str.maketrans({"I": "1", "L": "1", "O": "0", "U": "V"})


@dataclass(frozen=True)
class OpenSurvey:
    """A code that can be answered now: its point and the questionnaire of the open wave."""

    point: PointView
    rows: InstrumentRows
    policy: Policy


@dataclass(frozen=True)
class Receipt:
    """What the resident gets. is_new is False when this key had been stored before."""

    code: str
    is_new: bool


class NotOpen(Refused):
    """The code cannot be answered; the page says why. `point` is None for an unknown code."""

    def __init__(self, code: str, message: Any, *, status: int, point: PointView | None) -> None:
        super().__init__(code, message, status=status)
        self.point = point


class Incomplete(Refused):
    """The form has mistakes. fields: {question code: what is wrong}; nothing was stored."""

    def __init__(self, fields: dict[str, Any]) -> None:
        super().__init__(
            "form_incomplete",
            _l("Some answers need another look."),
            status=422,
            details={"fields": {name: str(text) for name, text in fields.items()}},
        )
        self.fields = fields


def normalise_code(code: str) -> str:
    """A code as typed by a person: upper case, look-alikes mended, blanks and dashes dropped."""
    return re.sub(r"[\s-]", "", code).upper().translate(LOOK_ALIKES)


def draw_code(length: int = 6) -> str:
    """A new random code of the typeable alphabet."""
    return "".join(secrets.choice(ALPHABET) for _ in range(length))


def open_survey(code: str, *, now: datetime) -> OpenSurvey:
    """What can be answered under `code` at `now` (UTC).

    Raises NotOpen for a code that is unknown or retired and for a wave that has not opened or
    has closed. One query; the questionnaire is kept by the process.
    """
    point = point_view(normalise_code(code)[:12])
    if point is None:
        raise NotOpen(
            "unknown_code",
            _l("There is no such code. Please compare it with the letters printed on the notice."),
            status=404,
            point=None,
        )
    if point.retired_at is not None and point.retired_at <= now:
        raise NotOpen(
            "retired_code",
            _l("This code is no longer in use. Please look for a newer notice."),
            status=410,
            point=point,
        )
    _require_open(point, now=now)
    assert point.questionnaire_id is not None
    return OpenSurvey(point, kept_instrument(point.questionnaire_id), kept_policy(point.policy_id))


def _require_open(point: PointView, *, now: datetime) -> None:
    opens, closes = point.opens_at, point.closes_at
    if point.wave_status is None:
        raise NotOpen(
            "no_wave", _l("Nothing is being asked at the moment."), status=404, point=point
        )
    if point.wave_status == "draft" or (opens is not None and now < opens):
        raise NotOpen(
            "not_open_yet", _l("This survey has not started yet."), status=403, point=point
        )
    if point.wave_status != "open" or (closes is not None and now >= closes):
        raise NotOpen(
            "closed",
            _l("This survey has ended. Thank you for wanting to take part."),
            status=410,
            point=point,
        )


def submit(code: str, form: Mapping[str, list[str]], *, now: datetime, language: str) -> Receipt:
    """Store the answers posted under a code and give the receipt. One commit.

    form: {field: values as posted}. The fields are the question codes and `submission_key`;
    `lang` is passed over. Text is redacted before it is stored.
    Raises NotOpen, Incomplete (missing, out-of-range or over-long answers) and Refused for
    fields the questionnaire does not have; in all of these nothing is stored.
    """
    key = _submission_key(form)
    if _was_stored(key):
        return Receipt(receipt_code(key), is_new=False)
    survey = open_survey(code, now=now)
    answers = read_form(survey.rows, form)
    try:
        _store(survey, answers, key=key, now=now, language=language)
    except IntegrityError:
        # Two requests with one key at the same time: let one win, then look again.
        if not _was_stored(key):
            raise
        return Receipt(receipt_code(key), is_new=False)
    return Receipt(receipt_code(key), is_new=True)


def _submission_key(form: Mapping[str, list[str]]) -> str:
    keys = form.get("submission_key", [])
    if len(keys) != 1 or not SUBMISSION_KEY.fullmatch(keys[0]):
        raise Refused(
            "no_submission_key",
            _l("The form was incomplete. Please open the page again and send it from there."),
        )
    return keys[0]


def _was_stored(key: str) -> bool:
    return db.session.scalar(select(Response.id).where(Response.submission_key == key)) is not None


def read_form(rows: InstrumentRows, form: Mapping[str, list[str]]) -> dict[str, str]:
    """The answers of a posted form, {question code: value}, checked; empty ones left out.

    Raises Incomplete with a message per question, Refused for fields that do not exist or come
    twice: such a form was not made by our page.
    """
    instrument = rows.instrument
    extra = sorted(set(form) - set(instrument.questions) - {"submission_key", "lang"})
    twice = sorted(name for name, values in form.items() if len(values) != 1)
    if extra or twice:
        raise Refused(
            "unknown_fields",
            _l("The form has fields this survey does not have. Please reload the page and retry."),
            details={"unknown": extra[:10], "repeated": twice[:10]},
        )
    values = {code: form[code][0] for code in instrument.questions if code in form}
    filled = instrument.form_class(data=values)
    if not filled.validate():
        raise Incomplete({name: messages[0] for name, messages in filled.errors.items() if name})
    return {code: value.strip() for code, value in values.items() if value.strip()}


def receipt_code(key: str) -> str:
    """The receipt of a submission key: derived, so that a retry gets the same one."""
    secret = current_app.config["SECRET_KEY"].encode()
    digest = hmac.digest(secret, b"receipt:" + key.encode(), "sha256")
    number = int.from_bytes(digest[:8], "big")
    return "".join(ALPHABET[(number >> (5 * place)) & 31] for place in range(RECEIPT_LENGTH))


def receipt_hash(code: str) -> str:
    """What is stored of a receipt."""
    return hashlib.sha256(code.encode()).hexdigest()


def _store(
    survey: OpenSurvey, answers: dict[str, str], *, key: str, now: datetime, language: str
) -> None:
    with transaction() as session:
        store_response(
            session,
            survey.rows,
            answers,
            policy=survey.policy,
            key=key,
            wave_id=survey.point.wave_id,
            street_id=survey.point.street_id,
            point_id=survey.point.point_id,
            channel=survey.point.channel,
            at=now,
            language=language,
        )


def store_response(
    session: Any,
    rows: InstrumentRows,
    answers: dict[str, str],
    *,
    policy: Policy,
    key: str,
    wave_id: int | None,
    street_id: int,
    point_id: int,
    channel: str,
    at: datetime,
    language: str,
) -> None:
    """Write one response and all that belongs to it, with its roll-up, into this transaction.

    answers: checked, {question code: option code or text}. at: UTC; only its hour is kept.
    """
    instrument = rows.instrument
    scores = score(rows, answers)
    chosen = {code: answers[code] for code in instrument.choice_codes if code in answers}
    response_id = session.execute(
        insert(Response).values(
            submission_key=key,
            receipt_hash=receipt_hash(receipt_code(key)),
            wave_id=wave_id,
            street_id=street_id,
            stratum_id=rows.stratum_ids[stratum_key(instrument.stratum(answers))],
            collection_point_id=point_id,
            channel=channel,
            language=language,
            status="accepted",
            is_valid=is_valid(_answered(instrument, answers), len(scores), policy=policy),
            submitted_hour=at.replace(minute=0, second=0, microsecond=0, tzinfo=None),
        )
    ).inserted_primary_key[0]
    if chosen:
        session.execute(
            insert(Answer),
            [
                {
                    "response_id": response_id,
                    "question_id": rows.question_ids[code],
                    "option_id": rows.option_ids[code, value],
                }
                for code, value in chosen.items()
            ],
        )
    if scores:
        session.execute(
            insert(IndicatorScore),
            [
                {"response_id": response_id, "indicator_id": rows.indicator_ids[c], "score": value}
                for c, value in scores.items()
            ],
        )
    words = "\n".join(answers[code] for code in instrument.text_codes if code in answers)
    if words:
        session.execute(
            insert(Comment).values(
                response_id=response_id,
                wave_id=wave_id,
                street_id=street_id,
                body=redact(words).text,
                language=language,
                said_on=at.date(),
            )
        )
    session.execute(
        insert(RollupPending).values(response_id=response_id, sign=1, status="accepted")
    )


def score(rows: InstrumentRows, answers: Mapping[str, str]) -> dict[str, int]:
    """{indicator: 0 … 10000} of the indicators about which something substantive was said."""
    instrument = rows.instrument
    scores = {}
    for indicator, items in instrument.indicator_items.items():
        values = [instrument.option_scores[code].get(answers.get(code, "")) for code in items]
        # One item is by far the most common, and its score needs no arithmetic.
        value = values[0] if len(values) == 1 else score_items(values, list(items.values()))
        if value is not None:
            scores[indicator] = value
    return scores


def _answered(instrument: Instrument, answers: Mapping[str, str]) -> int:
    """Indicators with any answer; 不了解 counts as one (method, 2)."""
    return sum(
        any(code in answers for code in items) for items in instrument.indicator_items.values()
    )
