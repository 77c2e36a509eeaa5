"""Take an answer in: check the code, the wave and the form, and store it in one transaction.

The same submission key always gives the same receipt and at most one row: a double tap, a
retry after a lost reply and two requests at once all end with one answer.
"""

from __future__ import annotations

import re
import secrets
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask_babel import lazy_gettext as _l
from sqlalchemy import Connection, select
from sqlalchemy.exc import IntegrityError

from analysis.policy import Policy
from survey.database import hold_row, kept_for_a_moment, writing
from survey.errors import Refused
from survey.instrument import CALL_BACK_FIELDS
from survey.models import Response, SlipBatch, Wave, db, table_of
from survey.queries.fieldwork import InstrumentRows, PointView, kept_instrument, point_view
from survey.queries.policies import kept_policy
from survey.queries.slips import SLIP_LENGTH, SlipView, slip_view
from survey.services.call_backs import insert_call_back, read_call_back
from survey.services.responses import (
    ALPHABET,
    Origin,
    insert_responses,
    new_response,
    receipt_code,
)
from survey.services.slips import spend

SUBMISSION_KEY = re.compile(r"[A-Za-z0-9_-]{16,64}")
# How long a process may show a poster's survey without asking the database again. What stores an
# answer always asks.
KEPT_SECONDS = 2
MOST_KEPT = 500
LOOK_ALIKES = str.maketrans({"I": "1", "L": "1", "O": "0", "U": "V"})


@dataclass(frozen=True)
class OpenSurvey:
    """A code that can be answered now: its point and the questionnaire of the open wave."""

    point: PointView
    rows: InstrumentRows
    policy: Policy
    #: None for the code of a point, which is for everybody.
    slip: SlipView | None = None

    @property
    def origin(self) -> Origin:
        """Where answers to it are given. Only for an open wave, so wave_id is there."""
        assert self.point.wave_id is not None
        return Origin(
            rows=self.rows,
            policy=self.policy,
            wave_id=self.point.wave_id,
            street_id=self.point.street_id,
            point_id=self.point.point_id,
            channel=self.point.channel,
        )


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
    """A code as a person typed it: upper case, look-alikes mended, only letters and digits kept."""
    return re.sub(r"[^0-9A-Z]", "", code.upper()).translate(LOOK_ALIKES)


def draw_code(length: int = 6) -> str:
    """A new random code of the typeable alphabet."""
    return "".join(secrets.choice(ALPHABET) for _ in range(length))


def shown_survey(code: str, *, now: datetime) -> OpenSurvey:
    """The same as open_survey, without a query when a poster's was read in the last moment.

    A code retired by another process is shown for KEPT_SECONDS longer; answers to it are refused
    at once. Only what is open is kept.
    """
    kept, at = kept_for_a_moment(), time.monotonic()
    typed = normalise_code(code)[:12]
    until, survey = kept.get(typed, (0.0, None))
    if survey is not None and until > at:
        closes = survey.point.closes_at
        if closes is None or now < closes:
            return survey
    survey = open_survey(code, now=now)
    if survey.slip is None:
        if len(kept) >= MOST_KEPT:
            kept.clear()
        kept[typed] = (at + KEPT_SECONDS, survey)
    return survey


def open_survey(code: str, *, now: datetime, connection: Connection | None = None) -> OpenSurvey:
    """What can be answered under `code` at `now` (UTC).

    Raises NotOpen for a code that is unknown or retired, for a slip that is void or spent, and for
    a wave that has not opened or has closed. One query, four for a slip; the questionnaire is
    kept by the process. connection: whose transaction the queries belong to, the session's by
    default.
    """
    typed = normalise_code(code)[:12]
    point, slip = point_view(typed, connection), None
    if point is None and len(typed) == SLIP_LENGTH:
        slip = slip_view(typed, connection)
        point = slip.point if slip is not None else None
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
    _require_usable(point, slip)
    _require_open(point, now=now)
    assert point.questionnaire_id is not None
    rows, policy = kept_instrument(point.questionnaire_id), kept_policy(point.policy_id)
    return OpenSurvey(point, rows, policy, slip)


def _require_usable(point: PointView, slip: SlipView | None) -> None:
    """Slips are one person's chance each: neither a second time nor without one."""
    if slip is None:
        if point.channel == "slip":
            raise NotOpen(
                "slip_needed",
                _l("Here only those answer who were given a slip. Please use the code on yours."),
                status=403,
                point=point,
            )
        return
    if slip.is_spent:
        raise _spent(slip)
    if slip.is_void:
        raise NotOpen(
            "slip_void",
            _l("This slip was withdrawn before it was used, perhaps because of a misprint."),
            status=410,
            point=point,
        )
    if slip.other_wave_open and point.wave_status in ("closed", "published"):
        raise NotOpen(
            "slip_of_other_wave",
            _l("This slip was for an earlier survey, which has ended. A new one is running."),
            status=410,
            point=point,
        )


def _spent(slip: SlipView) -> NotOpen:
    return NotOpen(
        "slip_spent",
        _l("An answer was already given with this slip. Each slip is good for one answer."),
        status=409,
        point=slip.point,
    )


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
    `lang` is passed over, and `call_back`, `phone` and `share` where a call back is offered, which
    is stored apart. Text is redacted before it is stored.
    Raises NotOpen, Incomplete (missing, out-of-range or over-long answers) and Refused for
    fields the questionnaire does not have; in all of these nothing is stored.
    """
    key = _submission_key(form)
    try:
        survey = shown_survey(code, now=now)
        while not _store(survey, code, form, key=key, now=now, language=language):
            survey = open_survey(code, now=now)
    except (NotOpen, IntegrityError):
        # A retry of what was stored gets its receipt, even after the wave closed; of two
        # requests with one key at the same time one wins, and the other finds it here.
        if not _was_stored(key):
            raise
        return Receipt(receipt_code(key), is_new=False)
    return Receipt(receipt_code(key), is_new=True)


def _store(
    seen: OpenSurvey,
    code: str,
    form: Mapping[str, list[str]],
    *,
    key: str,
    now: datetime,
    language: str,
) -> bool:
    """Store an answer to the survey as it was seen; False when the code leads elsewhere by now.

    All that takes thought is done before the transaction: others wait while it is open.
    """
    answers = read_form(seen.rows, form)
    new = new_response(seen.origin, answers, key=key, at=now, language=language)
    wanted, _problems = read_call_back(seen.rows.instrument, form)
    with writing() as connection:
        # Held, and asked inside it: a wave cannot close between look and store.
        hold_row(connection, table_of(Wave), seen.origin.wave_id)
        if seen.slip is not None:
            # Nor can its slip become void.
            hold_row(connection, table_of(SlipBatch), seen.slip.batch_id)
        survey = open_survey(code, now=now, connection=connection)
        if survey.origin != seen.origin:
            return False
        if survey.slip is not None and not spend(connection, survey.slip):
            raise _spent(survey.slip)
        insert_responses(connection, [new])
        if wanted is not None:
            insert_call_back(connection, wanted, answers, origin=survey.origin, at=now)
    return True


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

    Of tags the value is the codes with spaces between. The wish for a call back is checked too.
    Raises Incomplete with a message per field, Refused for fields that do not exist or come
    twice: such a form was not made by our page.
    """
    instrument = rows.instrument
    offered = CALL_BACK_FIELDS if instrument.call_back else frozenset()
    extra = sorted(set(form) - set(instrument.questions) - offered - {"submission_key", "lang"})
    many = instrument.tag_codes
    twice = sorted(name for name, values in form.items() if len(values) != 1 and name not in many)
    if extra or twice:
        raise Refused(
            "unknown_fields",
            _l("The form has fields this survey does not have. Please reload the page and retry."),
            details={"unknown": extra[:10], "repeated": twice[:10]},
        )
    values = {code: " ".join(form[code]) for code in instrument.questions if code in form}
    given = {code: value.strip() for code, value in values.items() if value.strip()}
    filled = instrument.form_for(given)(data=values)
    filled.validate()
    _wanted, call_back = read_call_back(instrument, form)
    problems = {name: messages[0] for name, messages in filled.errors.items() if name} | call_back
    if problems:
        raise Incomplete(problems)
    return given
