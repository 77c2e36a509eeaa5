"""Type paper forms in: a batch, its forms, a second typing of a sample, and the closing.

Every verb locks the batch first, so that two people at one pile never overwrite each other and
closing happens once. Who typed how much is in the audit trail, by batch and never by form.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping
from datetime import datetime
from random import Random, SystemRandom
from typing import Any

from flask_babel import lazy_gettext as _l
from sqlalchemy import delete, select

from survey.database import transaction
from survey.errors import Refused
from survey.models import CollectionPoint, PaperBatch, PaperEntry, PaperForm, Street, Wave
from survey.paper_form import read_typed
from survey.queries.paper_entry import (
    batch_fields,
    begun,
    field_counts,
    found_differences,
    next_number,
    sampled_numbers,
)
from survey.services import audit
from survey.services.points import free_codes

SHARE_PERCENT = 10
FEWEST_CHECKED = 10
LIMIT_BP = 200
LABEL_ZH, LABEL_EN = "纸质问卷", "Paper forms"


class TypedWrong(Refused):
    """Keys that stand for nothing. fields: {question: what is wrong}; nothing was stored."""

    def __init__(self, fields: dict[str, Any]) -> None:
        super().__init__(
            "typed_wrong",
            _l("Some keys stand for no answer. Nothing was stored yet."),
            status=422,
            details={"fields": {name: str(text) for name, text in fields.items()}},
        )
        self.fields = fields


class NumberTaken(Refused):
    """The form with this number was typed by somebody else. next_number is free."""

    def __init__(self, number: int, *, by: str, next_number: int) -> None:
        super().__init__(
            "number_taken",
            _l(
                "Form %(number)s has been typed by %(name)s. Look at the number on the paper: if "
                "it is another one, it can be stored as form %(next)s.",
                number=number,
                name=by,
                next=next_number,
            ),
            status=409,
        )
        self.next_number = next_number


def open_batch(
    wave_code: str,
    street_code: str,
    *,
    label: str,
    share_percent: int = SHARE_PERCENT,
    limit_bp: int = LIMIT_BP,
    actor: str,
    now: datetime,
) -> int:
    """Start a batch of forms of a street; its id.

    The street's paper point is made when it is missing. share_percent: 1 … 100 of a hundred
    forms are typed twice (at least 10 forms); limit_bp: the share of differing fields, in
    ten-thousandths, above which all are. Raises Refused for values that cannot be.
    """
    label = label.strip()
    if not 1 <= len(label) <= 120:
        raise Refused("label_length", _l("Give the pile a name of 1 to 120 characters."))
    if not (1 <= share_percent <= 100 and 0 <= limit_bp <= 10_000):
        raise Refused("out_of_range", _l("The share must be 1 to 100 %, the limit 0 to 100 %."))
    with transaction() as session:
        wave = session.scalar(select(Wave).where(Wave.code == wave_code))
        if wave is None:
            raise no_such("unknown_wave", _l("There is no such wave."))
        require_loadable(wave)
        street = session.scalar(
            select(Street).where(Street.code == street_code, Street.district_id == wave.district_id)
        )
        if street is None:
            text = _l("There is no street with the code %(code)s.", code=street_code or "–")
            raise no_such("unknown_street", text)
        point_id = _paper_point(session, street.id, now=now)
        same = select(PaperBatch.id).where(
            PaperBatch.wave_id == wave.id,
            PaperBatch.collection_point_id == point_id,
            PaperBatch.label == label,
        )
        if session.scalar(same) is not None:
            raise Refused(
                "label_taken",
                _l("There is a pile of this name already. Open it, or choose another name."),
                status=409,
            )
        batch = PaperBatch(
            wave_id=wave.id,
            collection_point_id=point_id,
            label=label,
            share_percent=share_percent,
            limit_bp=limit_bp,
            opened_at=now,
        )
        session.add(batch)
        session.flush()
        trail(session, batch, "paper.open", actor, now, {"label": label, "street": street_code})
        return batch.id


def save_draft(
    batch_id: int, turn: int, number: int, typed: Mapping[str, str], *, actor: str
) -> None:
    """Keep what was typed of a form so far, so that a reload loses nothing.

    Keys that stand for nothing are left out. A stored form is not touched.
    """
    with transaction() as session:
        batch = locked_batch(session, batch_id)
        _require_turn(session, batch, turn, number, actor=actor)
        answers, _problems = read_typed(batch_fields(batch), typed)
        entry = session.get(PaperEntry, (batch_id, number, turn))
        if entry is None or (entry.typed_by == actor and not entry.is_complete):
            _put(session, batch, turn, number, answers, actor=actor, is_complete=False)


def store_form(
    batch_id: int,
    turn: int,
    number: int,
    typed: Mapping[str, str],
    *,
    actor: str,
    now: datetime,
) -> int | None:
    """Store a typed form; the number of the next one, None when the second typing is through.

    Typing the same form again replaces it in the first turn, by the same person; in the second
    it stays as it is. Raises TypedWrong, NumberTaken and Refused (nothing typed, not sampled,
    own form, batch further on).
    """
    with transaction() as session:
        batch = locked_batch(session, batch_id)
        answers, problems = read_typed(batch_fields(batch), typed)
        if problems:
            raise TypedWrong(problems)
        if not answers:
            raise Refused(
                "nothing_typed",
                _l("Nothing was typed. A form that came back empty is left out."),
                status=422,
            )
        _require_turn(session, batch, turn, number, actor=actor)
        entry = session.get(PaperEntry, (batch_id, number, turn))
        if entry is not None and entry.typed_by != actor:
            free = next_number(batch_id, turn, number, actor=actor)
            raise NumberTaken(number, by=entry.typed_by, next_number=free or number)
        if turn == 1 or entry is None or not entry.is_complete:
            _put(session, batch, turn, number, answers, actor=actor, is_complete=True)
            session.flush()
        if turn == 2:
            _judge(session, batch, actor=actor, now=now)
        return next_number(batch_id, turn, number, actor=actor)


def drop_form(batch_id: int, number: int, *, actor: str) -> None:
    """Take back a form that was typed under a wrong number, while the pile is being typed."""
    with transaction() as session:
        batch = locked_batch(session, batch_id)
        require_status(batch, "typing")
        entry = session.get(PaperEntry, (batch_id, number, 1))
        if entry is None or entry.typed_by != actor:
            raise no_such(
                "unknown_form", _l("There is no form %(number)s of yours.", number=number)
            )
        for table in (PaperEntry, PaperForm):
            session.execute(delete(table).where(table.batch_id == batch_id, table.number == number))


def finish_typing(batch_id: int, *, actor: str, now: datetime, random: Random | None = None) -> int:
    """End the first typing and draw the forms to be typed a second time; how many.

    Drawn only now, so that nobody knows while typing which forms will be checked. random: the
    source of the draw (default: the operating system's).
    """
    with transaction() as session:
        batch = locked_batch(session, batch_id)
        require_status(batch, "typing")
        first = begun(batch_id, 1)
        open_numbers = [number for number, (_name, complete) in first.items() if not complete]
        if open_numbers:
            raise Refused(
                "forms_unfinished",
                _l(
                    "Form %(number)s has been begun and not stored. Store it or take it back.",
                    number=open_numbers[0],
                ),
                status=409,
            )
        if not first:
            raise Refused("no_forms", _l("No form has been typed yet."), status=409)
        count = sample_size(len(first), share_percent=batch.share_percent)
        for number in (random or SystemRandom()).sample(sorted(first), count):
            session.get_one(PaperForm, (batch_id, number)).is_sampled = True
        batch.status = "checking"
        typed_by = dict(Counter(name for name, _complete in first.values()))
        detail = {"forms": len(first), "to_check": count, "typed_by": typed_by}
        trail(session, batch, "paper.typed", actor, now, detail)
        return count


def sample_size(forms: int, *, share_percent: int) -> int:
    """How many of `forms` are typed twice: the share rounded up, at least 10, at most all."""
    return min(forms, max(FEWEST_CHECKED, math.ceil(forms * share_percent / 100)))


def locked_batch(session: Any, batch_id: int) -> PaperBatch:
    """The batch, locked until the transaction ends. Raises Refused (404) when there is none."""
    batch = session.get(PaperBatch, batch_id, with_for_update=True)
    if batch is None:
        raise no_such("unknown_batch", _l("There is no such pile of paper forms."))
    found: PaperBatch = batch
    return found


def no_such(code: str, message: Any) -> Refused:
    """What is asked for does not exist."""
    return Refused(code, message, status=404)


def require_loadable(wave: Wave) -> None:
    """Answers enter a wave from its opening until it is published; else Refused (409)."""
    if wave.status not in ("open", "closed"):
        raise Refused(
            "wave_status",
            _l(
                "Wave %(code)s is %(status)s; answers can be loaded from its opening until it is "
                "published.",
                code=wave.code,
                status=wave.status,
            ),
            status=409,
        )


def require_status(batch: PaperBatch, status: str) -> None:
    """The pile is at this step; else Refused (409)."""
    if batch.status != status:
        raise Refused(
            "batch_status",
            _l("This pile is at another step by now. Reload its page to see which."),
            status=409,
        )


def _require_turn(session: Any, batch: PaperBatch, turn: int, number: int, *, actor: str) -> None:
    """The form may be typed now, by this person: in turn 2 only a sampled form of another's."""
    require_status(batch, "typing" if turn == 1 else "checking")
    if not 1 <= number <= 99_999:
        raise Refused("number_range", _l("Form numbers go from 1 to 99999."), status=422)
    if turn == 1:
        return
    form = session.get(PaperForm, (batch.id, number))
    if form is None or not form.is_sampled:
        raise no_such("not_sampled", _l("Form %(number)s is not to be typed twice.", number=number))
    if session.get_one(PaperEntry, (batch.id, number, 1)).typed_by == actor:
        raise Refused(
            "own_form",
            _l("You typed this form the first time. The second time it must be somebody else."),
            status=403,
        )


def _put(
    session: Any,
    batch: PaperBatch,
    turn: int,
    number: int,
    answers: dict[str, str],
    *,
    actor: str,
    is_complete: bool,
) -> None:
    if session.get(PaperForm, (batch.id, number)) is None:
        session.add(PaperForm(batch_id=batch.id, number=number, is_sampled=False, decided={}))
        session.flush()
    entry = session.get(PaperEntry, (batch.id, number, turn))
    if entry is None:
        entry = PaperEntry(batch_id=batch.id, number=number, turn=turn, typed_by=actor)
        session.add(entry)
    entry.answers, entry.is_complete = answers, is_complete


def _judge(session: Any, batch: PaperBatch, *, actor: str, now: datetime) -> None:
    """After the last form of the sample: too many differences mean all forms are typed twice."""
    done = sum(complete for _name, complete in begun(batch.id, 2).values())
    if batch.is_full or done < len(sampled_numbers(batch.id)):
        return
    fields = batch_fields(batch)
    compared, differing = field_counts(fields, found_differences(batch.id, fields))
    if differing * 10_000 <= batch.limit_bp * compared:
        return
    batch.is_full = True
    for form in session.scalars(select(PaperForm).where(PaperForm.batch_id == batch.id)):
        form.is_sampled = True
    session.flush()
    detail = {"compared": compared, "differing": differing}
    trail(session, batch, "paper.retype", actor, now, detail)


def _paper_point(session: Any, street_id: int, *, now: datetime) -> int:
    found: int | None = session.scalar(
        select(CollectionPoint.id)
        .where(
            CollectionPoint.street_id == street_id,
            CollectionPoint.channel == "paper",
            CollectionPoint.label_zh == LABEL_ZH,
        )
        .order_by(CollectionPoint.id)
    )
    if found is not None:
        return found
    # Retired from the start: its code is printed nowhere, so nobody answers under it.
    point = CollectionPoint(
        street_id=street_id,
        channel="paper",
        short_code=free_codes(session, 1)[0],
        label_zh=LABEL_ZH,
        label_en=LABEL_EN,
        retired_at=now,
    )
    session.add(point)
    session.flush()
    return int(point.id)


def trail(
    session: Any,
    batch: PaperBatch,
    action: str,
    actor: str,
    now: datetime,
    detail: dict[str, Any],
) -> None:
    """One line of the audit trail about a pile: counts by person, never a form's answers."""
    subject = f"paper batch {batch.id} of wave {batch.wave.code}"
    audit.record(session, actor=actor, action=action, subject=subject, detail=detail, at=now)
