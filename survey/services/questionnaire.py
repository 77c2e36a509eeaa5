"""Store questionnaires: `sync` a document into rows that answers can point at."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from typing import Any

from flask_babel import lazy_gettext as _l
from sqlalchemy import select

from survey.database import transaction
from survey.errors import Refused
from survey.instrument import Instrument, check_document, stratum_key
from survey.models import (
    AnswerOption,
    Indicator,
    IndicatorItem,
    Question,
    Questionnaire,
    Stratum,
)

# A margin of many variables would make more strata than there are respondents.
MOST_STRATA = 1000


@dataclass(frozen=True)
class Synced:
    """What a sync did."""

    code: str
    version: int
    is_new: bool


def checksum(document: dict[str, Any]) -> str:
    """sha256 of the document in canonical JSON."""
    canonical = json.dumps(document, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(canonical.encode()).hexdigest()


def sync(document: Any) -> Synced:
    """Store a questionnaire version; storing the same one again changes nothing.

    Raises Refused with every problem of the document, or when the version exists with other
    contents: answers already given would change their meaning.
    """
    problems = check_document(document)
    if problems:
        listed = "; ".join(f"{problem.field} {problem.message}" for problem in problems)
        raise Refused(
            "questionnaire_wrong",
            _l("The questionnaire cannot be used: %(problems)s", problems=listed),
            status=422,
        )
    instrument = Instrument(document)
    if len(instrument.strata()) > MOST_STRATA:
        raise Refused(
            "too_many_strata",
            _l("The margin questions make more than %(most)s strata; use fewer.", most=MOST_STRATA),
            status=422,
        )
    with transaction() as session:
        code, version = document["code"], document["version"]
        stored = session.scalar(
            select(Questionnaire).where(
                Questionnaire.code == code, Questionnaire.version == version
            )
        )
        if stored is not None:
            if stored.checksum != checksum(document):
                raise Refused(
                    "version_taken",
                    _l(
                        "Version %(version)s of %(code)s exists with other contents. "
                        "Give the changed questionnaire the next version.",
                        version=version,
                        code=code,
                    ),
                    status=409,
                )
            return Synced(code, version, is_new=False)
        _store(session, instrument)
    return Synced(code, version, is_new=True)


def _store(session: Any, instrument: Instrument) -> None:
    document = instrument.document
    questionnaire = Questionnaire(
        code=document["code"],
        version=document["version"],
        checksum=checksum(document),
        document=document,
    )
    session.add(questionnaire)
    questions: dict[str, Question] = {}
    for position, (code, question) in enumerate(instrument.questions.items(), start=1):
        row = Question(
            questionnaire=questionnaire, code=code, type=question["type"], position=position
        )
        row.options = [
            AnswerOption(
                code=option["code"],
                position=place,
                score=option.get("score"),
                is_missing=bool(option.get("missing")),
            )
            for place, option in enumerate(instrument.options(code), start=1)
        ]
        questions[code] = row
        session.add(row)
    session.flush()
    for position, indicator in enumerate(document["indicators"], start=1):
        row_id = _indicator_id(session, indicator, position)
        for code, weight in instrument.indicator_items[indicator["code"]].items():
            item = IndicatorItem(indicator_id=row_id, question_id=questions[code].id, weight=weight)
            session.add(item)
    known = set(session.scalars(select(Stratum.key)))
    for categories in instrument.strata():
        if stratum_key(categories) not in known:
            session.add(Stratum(key=stratum_key(categories), categories=categories))


def _indicator_id(session: Any, indicator: dict[str, Any], position: int) -> int:
    row = session.scalar(select(Indicator).where(Indicator.code == indicator["code"]))
    if row is None:
        row = Indicator(
            code=indicator["code"],
            name_zh=indicator["name"]["zh"],
            name_en=indicator["name"]["en"],
            position=position,
        )
        session.add(row)
        session.flush()
    return int(row.id)
