"""Close a pile of paper forms: decide what two typings differ on, store the answers, cut the link.

Closing stores every form through the ordinary path of responses, in one transaction and once.
"""

from __future__ import annotations

import secrets
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from random import Random, SystemRandom
from typing import Any

from flask_babel import lazy_gettext as _l
from sqlalchemy import delete, select

from survey.database import transaction
from survey.errors import Refused
from survey.models import PaperBatch, PaperEntry, PaperForm, Wave
from survey.paper_form import PaperField, read_typed
from survey.queries.fieldwork import kept_instrument
from survey.queries.paper_entry import (
    batch_fields,
    begun,
    entries,
    field_counts,
    found_differences,
    sampled_numbers,
)
from survey.queries.policies import kept_policy
from survey.services.paper_entry import (
    TypedWrong,
    locked_batch,
    no_such,
    require_loadable,
    require_status,
    trail,
)
from survey.services.responses import Origin, insert_responses, new_response

INSERTED_AT_ONCE = 2000


@dataclass(frozen=True)
class Closed:
    """What closing stored. is_new is False when the batch had been closed before."""

    stored: int
    is_new: bool


def decide(
    batch_id: int, decisions: Mapping[tuple[int, str], str], *, actor: str, now: datetime
) -> int:
    """Decide differences, once the second typing is through; how many are still open.

    decisions: {(form number, question): 'first' | 'second' | '=' and the keys or words that
    stand on paper}. Raises Refused for a difference that does not exist.
    """
    with transaction() as session:
        batch = locked_batch(session, batch_id)
        require_status(batch, "checking")
        fields = batch_fields(batch)
        by_code = {field.code: field for field in fields}
        found = _all_differences(batch_id, fields)
        for (number, code), choice in decisions.items():
            if code not in found.get(number, ()):
                raise no_such("unknown_difference", _l("There is no such difference."))
            value = _decided(session, batch_id, number, by_code[code], choice)
            form = session.get_one(PaperForm, (batch_id, number))
            form.decided = form.decided | {code: value}
        session.flush()
        left = _undecided(session, batch_id, found)
        if decisions:
            detail = {"decided": len(decisions), "left": left}
            trail(session, batch, "paper.decide", actor, now, detail)
        return left


def close_batch(
    batch_id: int, *, actor: str, now: datetime, random: Random | None = None
) -> Closed:
    """Store the forms of a batch as responses and delete the forms. One transaction, once.

    The responses get random keys and go in in random order (random: its source), so nothing
    leads back to a number. Raises Refused while forms are to be typed a second time, while
    differences are undecided, and when the wave takes no answers any more.
    """
    with transaction() as session:
        batch = locked_batch(session, batch_id)
        if batch.status == "closed":
            return Closed(batch.forms, is_new=False)
        require_status(batch, "checking")
        # Locked, so that the wave cannot be published while its answers arrive.
        wave = session.get_one(Wave, batch.wave_id, with_for_update=True)
        require_loadable(wave)
        fields = batch_fields(batch)
        found = _all_differences(batch_id, fields)
        if _undecided(session, batch_id, found):
            raise Refused(
                "differences_open", _l("There are differences to decide first."), status=409
            )
        answers = _final_answers(session, batch_id)
        (random or SystemRandom()).shuffle(answers)
        _insert(session, _origin(batch, wave), answers, now=now)
        batch.status, batch.closed_at = "closed", now
        batch.forms, batch.forms_checked = len(answers), len(found)
        batch.fields_compared, batch.fields_differing = field_counts(fields, found)
        detail = {
            "stored": batch.forms,
            "checked": batch.forms_checked,
            "compared": batch.fields_compared,
            "differing": batch.fields_differing,
            "checked_by": dict(Counter(name for name, _done in begun(batch_id, 2).values())),
        }
        for table in (PaperEntry, PaperForm):
            session.execute(delete(table).where(table.batch_id == batch_id))
        trail(session, batch, "paper.close", actor, now, detail)
        return Closed(batch.forms, is_new=True)


def _all_differences(batch_id: int, fields: tuple[PaperField, ...]) -> dict[int, tuple[str, ...]]:
    found = found_differences(batch_id, fields)
    if len(found) < len(sampled_numbers(batch_id)):
        raise Refused(
            "not_checked",
            _l("Not all forms of the sample have been typed a second time yet."),
            status=409,
        )
    return found


def _undecided(session: Any, batch_id: int, found: Mapping[int, Sequence[str]]) -> int:
    return sum(
        code not in session.get_one(PaperForm, (batch_id, number)).decided
        for number, codes in found.items()
        for code in codes
    )


def _decided(session: Any, batch_id: int, number: int, field: PaperField, choice: str) -> str:
    if choice in ("first", "second"):
        turn = 1 if choice == "first" else 2
        entry = session.get_one(PaperEntry, (batch_id, number, turn))
        return str(entry.answers.get(field.code, ""))
    answers, problems = read_typed((field,), {field.code: choice.removeprefix("=")})
    if problems:
        raise TypedWrong(problems)
    return answers.get(field.code, "")


def _final_answers(session: Any, batch_id: int) -> list[dict[str, str]]:
    """The answers of every form: as typed first, with what was decided in place of it."""
    forms = session.scalars(select(PaperForm).where(PaperForm.batch_id == batch_id))
    decided = {form.number: form.decided for form in forms}
    return [
        {code: value for code, value in (entry.answers | decided[number]).items() if value}
        for number, entry in entries(batch_id, 1).items()
    ]


def _origin(batch: PaperBatch, wave: Wave) -> Origin:
    return Origin(
        rows=kept_instrument(wave.questionnaire_id),
        policy=kept_policy(wave.policy_id),
        wave_id=wave.id,
        street_id=batch.point.street_id,
        point_id=batch.collection_point_id,
        channel="paper",
    )


def _insert(
    session: Any, origin: Origin, answers: Sequence[dict[str, str]], *, now: datetime
) -> None:
    new = [
        new_response(origin, one, key=f"paper-{secrets.token_urlsafe(24)}", at=now, language="zh")
        for one in answers
    ]
    for start in range(0, len(new), INSERTED_AT_ONCE):
        insert_responses(session.connection(), new[start : start + INSERTED_AT_ONCE])
