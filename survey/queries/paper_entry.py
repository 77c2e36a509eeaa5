"""Read piles of paper forms: which there are, what is to be typed next, what two typings differ on.

Screens never show the first typing of a form before its second is there.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from flask_babel import lazy_gettext as _l
from sqlalchemy import Select, func, select

from analysis.estimate import wilson
from analysis.types import Estimate
from survey.errors import Refused
from survey.models import CollectionPoint, PaperBatch, PaperEntry, PaperForm, Street, Wave, db
from survey.paper_form import PaperField, differences, paper_fields
from survey.queries.fieldwork import kept_instrument

CONFIDENCE = 0.95


@dataclass(frozen=True)
class BatchView:
    """A pile and how far it is. Names are (zh, en).

    forms, checked: stored in the first and the second typing; to_check: 0 while typing.
    typists: {name: forms} of the first typing; empty once closed.
    """

    id: int
    label: str
    status: str
    wave_code: str
    wave_name: tuple[str, str]
    street_code: str
    street_name: tuple[str, str]
    share_percent: int
    limit_bp: int
    is_full: bool
    opened_at: datetime
    closed_at: datetime | None
    forms: int
    unfinished: int
    to_check: int
    checked: int
    typists: dict[str, int]


@dataclass(frozen=True)
class Difference:
    """Two typings of one answer, in keys and in words (zh, en); decided is None until it is."""

    number: int
    field: PaperField
    first: str
    second: str
    first_by: str
    second_by: str
    decided: str | None


@dataclass(frozen=True)
class CheckView:
    """What the second typing found. error_rate: differing of compared choices, a share."""

    compared: int
    differing: int
    error_rate: Estimate
    differences: tuple[Difference, ...]

    @property
    def undecided(self) -> int:
        """Differences that nobody has decided yet."""
        return sum(one.decided is None for one in self.differences)


@dataclass(frozen=True)
class FormView:
    """A form on the screen. typed: {question: keys or words} as far as it was typed."""

    batch_id: int
    label: str
    turn: int
    number: int
    street_name: tuple[str, str]
    fields: tuple[PaperField, ...]
    typed: dict[str, str]
    is_stored: bool
    typed_by: str | None
    #: Forms of this turn that are stored, and of how many (turn 2).
    done: int
    to_do: int


@dataclass(frozen=True)
class OpenPile:
    """A pile whose forms are typed in, at least one of them, and not stored as answers yet."""

    label: str
    street_name: tuple[str, str]
    forms: int


def open_piles(wave_id: int) -> tuple[OpenPile, ...]:
    """The piles of a wave that were begun and not closed. One query."""
    query = (
        select(PaperBatch.label, Street.name_zh, Street.name_en, func.count())
        .join(CollectionPoint, PaperBatch.collection_point_id == CollectionPoint.id)
        .join(Street, CollectionPoint.street_id == Street.id)
        .join(PaperEntry, PaperEntry.batch_id == PaperBatch.id)
        .where(PaperBatch.wave_id == wave_id, PaperBatch.status != "closed")
        .where(PaperEntry.turn == 1, PaperEntry.is_complete)
        .group_by(PaperBatch.id, PaperBatch.label, Street.name_zh, Street.name_en)
        .order_by(PaperBatch.id)
    )
    return tuple(
        OpenPile(label, (zh, en), forms) for label, zh, en, forms in db.session.execute(query)
    )


def _batches() -> Select[PaperBatch, Wave, Street]:
    return (
        select(PaperBatch, Wave, Street)
        .join(Wave, PaperBatch.wave_id == Wave.id)
        .join(CollectionPoint, PaperBatch.collection_point_id == CollectionPoint.id)
        .join(Street, CollectionPoint.street_id == Street.id)
        .order_by(PaperBatch.id.desc())
    )


def paper_batches(*, street_code: str | None = None) -> tuple[BatchView, ...]:
    """All piles, the latest first; with street_code those of one street. Three queries."""
    found = _batches()
    if street_code is not None:
        found = found.where(Street.code == street_code)
    return _views(found)


def paper_batch(batch_id: int) -> BatchView:
    """One pile. Raises Refused (404) when there is none. Three queries."""
    found = _views(_batches().where(PaperBatch.id == batch_id))
    if not found:
        raise Refused("unknown_batch", _l("There is no such pile of paper forms."), status=404)
    return found[0]


def _views(query: Select[PaperBatch, Wave, Street]) -> tuple[BatchView, ...]:
    rows = db.session.execute(query).all()
    ids = [batch.id for batch, _wave, _street in rows]
    typed: dict[tuple[int, int, bool], Counter[str]] = {}
    entries = (
        select(
            PaperEntry.batch_id,
            PaperEntry.turn,
            PaperEntry.is_complete,
            PaperEntry.typed_by,
            func.count(),
        )
        .where(PaperEntry.batch_id.in_(ids))
        .group_by(PaperEntry.batch_id, PaperEntry.turn, PaperEntry.is_complete, PaperEntry.typed_by)
    )
    for batch_id, turn, is_complete, name, count in db.session.execute(entries):
        typed.setdefault((batch_id, turn, is_complete), Counter())[name] += count
    sampled = (
        select(PaperForm.batch_id, func.count())
        .where(PaperForm.batch_id.in_(ids), PaperForm.is_sampled)
        .group_by(PaperForm.batch_id)
    )
    to_check = dict(db.session.execute(sampled).all())
    nobody: Counter[str] = Counter()
    return tuple(
        BatchView(
            id=batch.id,
            label=batch.label,
            status=batch.status,
            wave_code=wave.code,
            wave_name=(wave.name_zh, wave.name_en),
            street_code=street.code,
            street_name=(street.name_zh, street.name_en),
            share_percent=batch.share_percent,
            limit_bp=batch.limit_bp,
            is_full=batch.is_full,
            opened_at=batch.opened_at,
            closed_at=batch.closed_at,
            forms=batch.forms or typed.get((batch.id, 1, True), nobody).total(),
            unfinished=typed.get((batch.id, 1, False), nobody).total(),
            to_check=batch.forms_checked or to_check.get(batch.id, 0),
            checked=batch.forms_checked or typed.get((batch.id, 2, True), nobody).total(),
            typists=dict(typed.get((batch.id, 1, True), nobody)),
        )
        for batch, wave, street in rows
    )


def batch_fields(batch: PaperBatch) -> tuple[PaperField, ...]:
    """The fields of a batch's forms."""
    return paper_fields(kept_instrument(batch.wave.questionnaire_id).instrument)


def entries(batch_id: int, turn: int) -> dict[int, PaperEntry]:
    """{form number: what was typed of it in this turn}."""
    rows = db.session.scalars(
        select(PaperEntry)
        .where(PaperEntry.batch_id == batch_id, PaperEntry.turn == turn)
        .order_by(PaperEntry.number)
    )
    return {row.number: row for row in rows}


def begun(batch_id: int, turn: int) -> dict[int, tuple[str, bool]]:
    """{form number: (typed by, complete)} of this turn, without what was typed."""
    rows = db.session.execute(
        select(PaperEntry.number, PaperEntry.typed_by, PaperEntry.is_complete)
        .where(PaperEntry.batch_id == batch_id, PaperEntry.turn == turn)
        .order_by(PaperEntry.number)
    )
    return {number: (name, is_complete) for number, name, is_complete in rows}


def sampled_numbers(batch_id: int) -> list[int]:
    """Numbers of the forms to be typed a second time."""
    return list(
        db.session.scalars(
            select(PaperForm.number)
            .where(PaperForm.batch_id == batch_id, PaperForm.is_sampled)
            .order_by(PaperForm.number)
        )
    )


def next_number(batch_id: int, turn: int, after: int, *, actor: str) -> int | None:
    """The form this person types next.

    First turn: the next number that nobody has stored or begun (one's own begun form counts as
    free). Second turn: the next of the sample that somebody else typed first, None when there
    is none left.
    """
    there = begun(batch_id, turn)
    if turn == 1:
        number = after + 1
        while number in there and there[number] != (actor, False):
            number += 1
        return number
    first = begun(batch_id, 1)
    left = [
        number
        for number in sampled_numbers(batch_id)
        if first[number][0] != actor and there.get(number, (actor, False)) == (actor, False)
    ]
    return min((number for number in left if number > after), default=min(left, default=None))


def found_differences(batch_id: int, fields: tuple[PaperField, ...]) -> dict[int, tuple[str, ...]]:
    """{form number: questions that differ} of the forms that were typed twice."""
    first = entries(batch_id, 1)
    return {
        number: differences(fields, first[number].answers, entry.answers)
        for number, entry in entries(batch_id, 2).items()
        if entry.is_complete
    }


def field_counts(
    fields: tuple[PaperField, ...], found: Mapping[int, Sequence[str]]
) -> tuple[int, int]:
    """(compared, differing) choices; words are decided about but are no keying errors."""
    coded = {field.code for field in fields if field.is_coded}
    return len(coded) * len(found), sum(code in coded for one in found.values() for code in one)


def error_rate(compared: int, differing: int) -> Estimate:
    """Share of compared choices that differ, with its Wilson interval (Wilson 1927)."""
    share = differing / compared if compared else 0.0
    low, high = wilson(share, compared, confidence=CONFIDENCE)
    return Estimate(
        value=share if compared else None,
        se=None,
        low=low,
        high=high,
        n=compared,
        n_effective=float(compared),
        suppressed_because=None if compared else "no_answers",
        random=True,
    )


def check_view(batch_id: int) -> CheckView | None:
    """What the second typing found; None until it is through. What was closed keeps its counts."""
    batch = db.session.get(PaperBatch, batch_id)
    if batch is None or batch.status == "typing":
        return None
    if batch.status == "closed":
        counted = batch.fields_compared, batch.fields_differing
        return CheckView(*counted, error_rate(*counted), ())
    fields = batch_fields(batch)
    found = found_differences(batch_id, fields)
    if len(found) < len(sampled_numbers(batch_id)):
        return None
    counted = field_counts(fields, found)
    return CheckView(*counted, error_rate(*counted), _differences(batch_id, fields, found))


def _differences(
    batch_id: int, fields: tuple[PaperField, ...], found: Mapping[int, Sequence[str]]
) -> tuple[Difference, ...]:
    first, second = entries(batch_id, 1), entries(batch_id, 2)
    forms = db.session.scalars(select(PaperForm).where(PaperForm.batch_id == batch_id))
    decided = {form.number: form.decided for form in forms}
    by_code = {field.code: field for field in fields}
    return tuple(
        Difference(
            number=number,
            field=by_code[code],
            first=first[number].answers.get(code, ""),
            second=second[number].answers.get(code, ""),
            first_by=first[number].typed_by,
            second_by=second[number].typed_by,
            decided=decided[number].get(code),
        )
        for number, codes in found.items()
        for code in codes
    )


def form_view(batch: BatchView, turn: int, number: int, *, actor: str) -> FormView:
    """A form with what this person has typed of it; never with what somebody else typed."""
    row = db.session.get_one(PaperBatch, batch.id)
    fields = batch_fields(row)
    entry = db.session.get(PaperEntry, (batch.id, number, turn))
    own = entry if entry is not None and entry.typed_by == actor else None
    typed = own.answers if own is not None else {}
    return FormView(
        batch_id=batch.id,
        label=batch.label,
        turn=turn,
        number=number,
        street_name=batch.street_name,
        fields=fields,
        typed={field.code: field.typed(typed.get(field.code, "")) for field in fields},
        is_stored=own is not None and own.is_complete,
        typed_by=entry.typed_by if entry is not None and own is None else None,
        done=batch.forms if turn == 1 else batch.checked,
        to_do=batch.to_check,
    )
