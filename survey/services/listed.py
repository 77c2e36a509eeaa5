"""Lists of bonuses, deductions and vetoes (一票否决): enter, load from a file, remove.

An item is never deleted: it is removed with a reason and stays to be read. It changes no score.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime
from typing import Any

from flask_babel import lazy_gettext as _l
from sqlalchemy import select

from survey.database import transaction
from survey.errors import Refused
from survey.models import ListedItem, db
from survey.plain_text import plain
from survey.queries.views import ListedView
from survey.services import audit
from survey.services.appeals import after_figures
from survey.services.assessment_state import (
    WaveStreets,
    require_reason,
    street_problem,
    wave_streets,
)
from survey.services.direct_table import STREET_HEADS, score_of
from survey.services.sheets_in import CellIn, read_sheet
from survey.services.tables_in import Rejected

#: Columns of a file and fields of the form; the first name is the one used here.
HEADS = (
    STREET_HEADS,
    ("kind", "类别"),
    ("label", "事项"),
    ("points", "分值"),
    ("ceiling", "上限"),
    ("document", "文件"),
    ("document_date", "文件日期"),
    ("signed_by", "签发单位"),
)
FIELDS = tuple(names[0] for names in HEADS)
KINDS = {
    "bonus": "bonus",
    "加分": "bonus",
    "deduction": "deduction",
    "扣分": "deduction",
    "veto": "veto",
    "一票否决": "veto",
}
LONGEST = {"label": 200, "document": 200, "signed_by": 120}
DAY = re.compile(r"(\d{4})[-/.年](\d{1,2})[-/.月](\d{1,2})日?")


@dataclass(frozen=True)
class NewItem:
    """An item that can be stored. street: its code."""

    street: str
    item: ListedView


@dataclass(frozen=True)
class ListPlan:
    """What a file would add. equal: rows that stand in the list already."""

    new: tuple[NewItem, ...]
    equal: int
    problems: tuple[Rejected, ...]
    notes: tuple[Any, ...]
    sheet: str


def read_item(
    cells: Mapping[str, CellIn], wave: WaveStreets, *, today: date
) -> tuple[NewItem | None, dict[str, Any]]:
    """The item in the cells {field: cell}, or {field: what is wrong with it}."""
    wrong = {name: cell.wrong for name, cell in cells.items() if cell.wrong and name in FIELDS}
    text = {name: plain(cells.get(name, CellIn("")).text).strip() for name in FIELDS}
    if "street" not in wrong and (reason := street_problem(text["street"], wave)):
        wrong["street"] = reason
    kind = KINDS.get(text["kind"])
    if kind is None:
        wrong.setdefault("kind", _l("must be bonus, deduction or veto"))
    for name, most in LONGEST.items():
        if not 1 <= len(text[name]) <= most:
            wrong.setdefault(name, _l("must have 1 to %(most)s characters", most=most))
    points = _points(cells.get("points", CellIn("")), wrong, "points")
    ceiling = _points(cells.get("ceiling", CellIn("")), wrong, "ceiling")
    if kind == "veto" and (text["points"] or text["ceiling"]):
        wrong.setdefault("points", _l("a veto has no points and no ceiling"))
    elif kind in ("bonus", "deduction") and points is None:
        wrong.setdefault("points", _l("is empty"))
    day = _day(cells.get("document_date", CellIn("")))
    if day is None:
        wrong.setdefault("document_date", _l("must be a day such as 2026-11-24"))
    elif day > today:
        wrong.setdefault("document_date", _l("lies in the future"))
    if wrong or kind is None or day is None:
        return None, wrong
    item = ListedView(
        kind=kind,
        label=text["label"],
        points=points,
        ceiling=ceiling,
        document=text["document"],
        document_date=day,
        signed_by=text["signed_by"],
    )
    return NewItem(wave.codes[wave.streets[text["street"]]], item), {}


def _points(cell: CellIn, wrong: dict[str, Any], name: str) -> float | None:
    if not cell.text and not cell.wrong:
        return None
    points, reason = score_of(cell)
    if reason:
        wrong.setdefault(name, reason)
    return points


def _day(cell: CellIn) -> date | None:
    if cell.day is not None:
        return cell.day
    found = DAY.fullmatch(cell.text.strip())
    try:
        return date(*(int(part) for part in found.groups())) if found else None
    except ValueError:
        return None


def plan_list(name: str, data: bytes, *, wave_code: str, today: date) -> ListPlan:
    """What an xlsx or CSV file would add to the lists of a wave. Stores nothing.

    Raises Refused for an unknown wave and a file that cannot be read as a whole.
    """
    wave = wave_streets(wave_code)
    sheet = read_sheet(name, data, heads=HEADS)
    problems = list(sheet.problems)
    standing = _standing(wave)
    new: list[NewItem] = []
    equal = 0
    for row in sheet.rows:
        found, wrong = read_item(row.cells, wave, today=today)
        for field, reason in wrong.items():
            at = row.cells.get(field, CellIn(field)).address
            problems.append(Rejected(row.number, at, reason))
        if found is None:
            continue
        at = row.cells["document"].address
        if found in standing:
            equal += 1
        elif found in new:
            reason = _l("the same item stands in an earlier row")
            problems.append(Rejected(row.number, at, reason))
        elif _other_ceiling(found, [*standing, *new]):
            problems.append(Rejected(row.number, row.cells["ceiling"].address, _ceilings()))
        else:
            new.append(found)
    return ListPlan(tuple(new), equal, tuple(problems), sheet.notes, sheet.sheet)


def enter(
    given: Mapping[str, str], *, wave_code: str, actor: str, now: datetime, today: date, reason: str
) -> dict[str, Any]:
    """Enter one item as typed; {field: what is wrong with it}, and nothing is stored if any is.

    Raises Refused as `add_items` does.
    """
    wave = wave_streets(wave_code)
    cells = {name: CellIn(text.strip(), text.strip()) for name, text in given.items()}
    found, wrong = read_item(cells, wave, today=today)
    if found is not None:
        add_items([found], wave_code=wave_code, actor=actor, now=now, reason=reason)
    return wrong


def add_items(
    items: Sequence[NewItem], *, wave_code: str, actor: str, now: datetime, reason: str = ""
) -> int:
    """Add items to the lists of a wave; all or none. Returns how many. One transaction.

    reason: required when figures of the wave are on public notice or published.
    Raises Refused: 404 unknown wave; 409 no reason, an item stands in the list already, or a
    document has another ceiling; 422 unknown street.
    """
    with transaction() as session:
        wave = wave_streets(wave_code, locked=True)
        frozen = require_reason(wave, reason)
        at = after_figures(session, wave.id, now)
        standing = _standing(wave)
        for new in items:
            if wrong := street_problem(new.street, wave):
                raise Refused("unknown_street", wrong, status=422)
            if new in standing:
                raise Refused(
                    "listed_already", _l("This item stands in the list already."), status=409
                )
            if _other_ceiling(new, standing):
                raise Refused("other_ceiling", _ceilings(), status=409)
            standing.append(new)
            session.add(
                ListedItem(
                    wave_id=wave.id,
                    street_id=wave.streets[new.street],
                    entered_by=actor,
                    entered_at=at,
                    removed_because="",
                    **asdict(new.item),
                )
            )
        if items:
            audit.record(
                session,
                actor=actor,
                action="listed_items_added",
                subject=f"wave {wave_code}",
                detail={
                    "reason": reason.strip(),
                    "frozen": frozen,
                    "items": [
                        {"street": new.street}
                        | asdict(new.item)
                        | {"document_date": new.item.document_date.isoformat()}
                        for new in items
                    ],
                },
                at=now,
            )
    return len(items)


def remove_item(item_id: int, *, wave_code: str, because: str, actor: str, now: datetime) -> None:
    """Take an item out of the list, with a reason; it stays to be read. One transaction.

    Raises Refused: 404 no such item of the wave; 409 removed before; 422 no reason.
    """
    if not 1 <= len(because.strip()) <= 2000:
        raise Refused("reason_needed", _l("Say why it is removed."), status=422)
    with transaction() as session:
        wave = wave_streets(wave_code, locked=True)
        item = session.scalar(
            select(ListedItem).where(ListedItem.id == item_id, ListedItem.wave_id == wave.id)
        )
        if item is None:
            raise Refused("unknown_item", _l("There is no such item in this wave."), status=404)
        if item.removed_at is not None:
            raise Refused("removed_before", _l("This item was removed before."), status=409)
        at = after_figures(session, wave.id, now)
        item.removed_at, item.removed_by = at, actor
        item.removed_because = because.strip()
        audit.record(
            session,
            actor=actor,
            action="listed_item_removed",
            subject=f"listed item {item_id} of wave {wave_code}",
            detail={"reason": because.strip(), "label": item.label, "document": item.document},
            at=now,
        )


def _standing(wave: WaveStreets) -> list[NewItem]:
    found = select(ListedItem).where(ListedItem.wave_id == wave.id, ListedItem.removed_at.is_(None))
    return [
        NewItem(
            wave.codes.get(item.street_id, ""),
            ListedView(
                kind=item.kind,
                label=item.label,
                points=item.points,
                ceiling=item.ceiling,
                document=item.document,
                document_date=item.document_date,
                signed_by=item.signed_by,
            ),
        )
        for item in db.session.scalars(found)
    ]


def _other_ceiling(new: NewItem, others: Sequence[NewItem]) -> bool:
    return any(
        other.item.ceiling != new.item.ceiling
        for other in others
        if (other.item.kind, other.item.document) == (new.item.kind, new.item.document)
    )


def _ceilings() -> Any:
    return _l("Other items of this document have another ceiling; a document has one.")
