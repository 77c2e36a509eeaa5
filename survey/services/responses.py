"""Turn checked answers into rows and insert them: the one way a response enters the database.

Phones, imports and the demo all come through here, so that scoring, redaction and the roll-up
never differ. The statements are built once and run on the connection of the caller's
transaction: the resident's request spends its time here.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask import current_app
from sqlalchemy import Connection, insert

from analysis.policy import Policy
from analysis.scoring import is_valid, score_items
from analysis.themes.redact import redact
from survey.instrument import Instrument, stratum_key
from survey.models import (
    Answer,
    Comment,
    IndicatorScore,
    Response,
    ResponseTag,
    RollupPending,
    table_of,
)
from survey.queries.fieldwork import InstrumentRows

# Neither I, L, O nor U: nothing that is misread, nothing that spells a word by accident.
ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
RECEIPT_LENGTH = 10
# Nobody types these, PostgreSQL refuses one of them, and pages cannot show the rest.
CONTROLS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")

_response = table_of(Response)
_INSERT_RESPONSES = insert(_response).returning(_response.c.id, sort_by_parameter_order=True)
_INSERT_ANSWERS = insert(table_of(Answer))
_INSERT_TAGS = insert(table_of(ResponseTag))
_INSERT_SCORES = insert(table_of(IndicatorScore))
_INSERT_COMMENTS = insert(table_of(Comment))
_INSERT_PENDING = insert(table_of(RollupPending))


@dataclass(frozen=True)
class Origin:
    """Where and under which rules responses were given."""

    rows: InstrumentRows
    policy: Policy
    wave_id: int
    street_id: int
    point_id: int
    channel: str


@dataclass(frozen=True)
class NewResponse:
    """The rows of one response; those of the other tables lack only its id."""

    response: dict[str, Any]
    answers: list[dict[str, Any]]
    tags: list[dict[str, Any]]
    scores: list[dict[str, Any]]
    comment: dict[str, Any] | None


def receipt_code(key: str) -> str:
    """The receipt of a submission key: derived, so that a retry gets the same one."""
    secret = current_app.config["SECRET_KEY"].encode()
    digest = hmac.digest(secret, b"receipt:" + key.encode(), "sha256")
    number = int.from_bytes(digest[:8], "big")
    return "".join(ALPHABET[(number >> (5 * place)) & 31] for place in range(RECEIPT_LENGTH))


def receipt_hash(code: str) -> str:
    """What is stored of a receipt."""
    return hashlib.sha256(code.encode()).hexdigest()


def new_response(
    origin: Origin, answers: Mapping[str, str], *, key: str, at: datetime, language: str
) -> NewResponse:
    """The rows of one response.

    answers: checked, {question code: option code or text}; words are redacted here.
    key: the submission key. at: UTC; only its hour (for words: its day) is kept.
    """
    rows = origin.rows
    instrument = rows.instrument
    scores = score(instrument, answers)
    spoken = [code for code in instrument.text_codes if code in answers]
    words = CONTROLS.sub("", "\n".join(answers[code] for code in spoken)).strip()
    return NewResponse(
        response={
            "submission_key": key,
            "receipt_hash": receipt_hash(receipt_code(key)),
            "wave_id": origin.wave_id,
            "street_id": origin.street_id,
            "stratum_id": rows.stratum_ids[stratum_key(instrument.stratum(answers))],
            "collection_point_id": origin.point_id,
            "channel": origin.channel,
            "language": language,
            "status": "accepted",
            "is_valid": is_valid(_answered(instrument, answers), len(scores), policy=origin.policy),
            "submitted_hour": at.replace(minute=0, second=0, microsecond=0, tzinfo=None),
        },
        answers=[
            {
                "question_id": rows.question_ids[code],
                "option_id": rows.option_ids[code, answers[code]],
            }
            for code in instrument.choice_codes
            if code in answers
        ],
        tags=[
            {"option_id": rows.option_ids[code, tag]}
            for code in instrument.tag_codes
            if code in answers
            for tag in sorted(set(answers[code].split()))
        ],
        scores=[
            {"indicator_id": rows.indicator_ids[code], "score": value}
            for code, value in scores.items()
        ],
        comment={
            "wave_id": origin.wave_id,
            "street_id": origin.street_id,
            "title": "",
            "body": redact(words).text,
            "language": language,
            "said_on": at.date(),
            **_known_indicator(rows, spoken),
        }
        if words
        else None,
    )


def _known_indicator(rows: InstrumentRows, spoken: Sequence[str]) -> dict[str, Any]:
    """The comment's indicator, when all of it was said under the question of one.

    What a resident wrote is one comment, wherever on the page it was written: themes count
    people, and one person counts once. The model decides where the resident did not.
    """
    said_under = {rows.instrument.indicator_of(code) for code in spoken}
    indicator = said_under.pop() if len(said_under) == 1 else None
    if indicator is None:
        return {"indicator_id": None, "indicator_probability": None}
    # No probability yet: by that the runs over the themes know what they have not seen.
    return {"indicator_id": rows.indicator_ids[indicator], "indicator_probability": None}


def insert_responses(connection: Connection, new: Sequence[NewResponse]) -> list[int]:
    """Insert responses and all that belongs to them, roll-up included; their ids in order.

    `connection` is in the caller's transaction, which commits or takes everything back.
    Raises sqlalchemy.exc.IntegrityError when a submission key was used before.
    """
    ids = list(connection.execute(_INSERT_RESPONSES, [one.response for one in new]).scalars())
    paired = list(zip(ids, new, strict=True))
    answers = [{"response_id": key, **row} for key, one in paired for row in one.answers]
    if answers:
        connection.execute(_INSERT_ANSWERS, answers)
    tags = [{"response_id": key, **row} for key, one in paired for row in one.tags]
    if tags:
        connection.execute(_INSERT_TAGS, tags)
    scores = [{"response_id": key, **row} for key, one in paired for row in one.scores]
    if scores:
        connection.execute(_INSERT_SCORES, scores)
    comments = [{"response_id": key, **one.comment} for key, one in paired if one.comment]
    if comments:
        connection.execute(_INSERT_COMMENTS, comments)
    pending = [{"response_id": key, "sign": 1, "status": "accepted"} for key in ids]
    connection.execute(_INSERT_PENDING, pending)
    return ids


def score(instrument: Instrument, answers: Mapping[str, str]) -> dict[str, int]:
    """{indicator: 0 … 10000} of the indicators about which something substantive was said."""
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
