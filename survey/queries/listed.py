"""Read lists of bonuses, deductions and vetoes (一票否决), and add them up per document.

What they come to stands in its own column. Nothing here is read by anything that computes a score.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import select

from survey.models import Evaluation, ListedItem, Street, db
from survey.queries.views import EvaluationView, ListedView
from survey.queries.waves import WaveView, wave_view


@dataclass(frozen=True)
class ListedTotals:
    """What a street's items come to: points after the ceilings, and how many vetoes."""

    bonus: float = 0.0
    deduction: float = 0.0
    vetoes: int = 0


@dataclass(frozen=True)
class ListedEntry:
    """One item as it was entered, standing or removed. Names are (zh, en); times are UTC."""

    id: int
    street_code: str
    street_name: tuple[str, str]
    item: ListedView
    entered_by: str
    entered_at: datetime
    removed_by: str | None
    removed_at: datetime | None
    removed_because: str


@dataclass(frozen=True)
class ListedStreet:
    """A street with what its standing items come to."""

    code: str
    name: tuple[str, str]
    totals: ListedTotals
    items: tuple[ListedView, ...]


@dataclass(frozen=True)
class ListedPage:
    """The lists of a wave. frozen: the status of its newest frozen evaluation, or None."""

    wave: WaveView
    frozen: str | None
    standing: tuple[ListedEntry, ...]
    removed: tuple[ListedEntry, ...]
    streets: tuple[ListedStreet, ...]


def listed_totals(items: Iterable[ListedView]) -> ListedTotals:
    """Per document and kind the sum, cut to the ceiling; then the sum over documents.

    Items of one document carry one ceiling (the service sees to it); should they not, the
    smallest holds.
    """
    groups: dict[tuple[str, str], list[ListedView]] = defaultdict(list)
    vetoes = 0
    for item in items:
        if item.kind == "veto":
            vetoes += 1
        else:
            groups[item.kind, item.document].append(item)
    sums: dict[str, list[float]] = {"bonus": [], "deduction": []}
    for (kind, _document), members in groups.items():
        ceilings = [item.ceiling for item in members if item.ceiling is not None]
        total = math.fsum(item.points or 0.0 for item in members)
        sums[kind].append(min([total, *ceilings]))
    return ListedTotals(math.fsum(sums["bonus"]), math.fsum(sums["deduction"]), vetoes)


def standing_items(wave: WaveView) -> dict[str, tuple[ListedView, ...]]:
    """{street code: standing items of a wave in the order of entry}. One query."""
    found: dict[str, list[ListedView]] = defaultdict(list)
    for item, code in db.session.execute(
        select(ListedItem, Street.code)
        .join(Street, ListedItem.street_id == Street.id)
        .where(ListedItem.wave_id == wave.id, ListedItem.removed_at.is_(None))
        .order_by(Street.code, ListedItem.id)
    ):
        found[code].append(item_view(item))
    return {code: tuple(items) for code, items in found.items()}


def listed_page(wave_code: str) -> ListedPage:
    """Every item of a wave, and what they come to by street. Four queries. Raises Refused (404)."""
    wave = wave_view(wave_code)
    frozen = db.session.scalar(
        select(Evaluation.status)
        .where(
            Evaluation.wave_id == wave.id,
            Evaluation.status.in_(("provisional", "approved", "published")),
        )
        .order_by(Evaluation.revision.desc())
        .limit(1)
    )
    entries = tuple(
        ListedEntry(
            id=item.id,
            street_code=code,
            street_name=(zh, en),
            item=item_view(item),
            entered_by=item.entered_by,
            entered_at=item.entered_at,
            removed_by=item.removed_by,
            removed_at=item.removed_at,
            removed_because=item.removed_because,
        )
        for item, code, zh, en in db.session.execute(
            select(ListedItem, Street.code, Street.name_zh, Street.name_en)
            .join(Street, ListedItem.street_id == Street.id)
            .where(ListedItem.wave_id == wave.id)
            .order_by(Street.code, ListedItem.id)
        )
    )
    standing = tuple(entry for entry in entries if entry.removed_at is None)
    streets = db.session.execute(
        select(Street.code, Street.name_zh, Street.name_en)
        .where(Street.district_id == wave.district_id, Street.is_active)
        .order_by(Street.code)
    )
    return ListedPage(
        wave=wave,
        frozen=frozen or ("published" if wave.status == "published" else None),
        standing=standing,
        removed=tuple(entry for entry in entries if entry.removed_at is not None),
        streets=tuple(
            ListedStreet(code, (zh, en), listed_totals(items), items)
            for code, zh, en in streets
            for items in [tuple(one.item for one in standing if one.street_code == code)]
        ),
    )


def listed_streets(view: EvaluationView) -> tuple[ListedStreet, ...]:
    """The streets of an evaluation that have standing items, with what they come to."""
    return tuple(
        ListedStreet(
            entry.street.code,
            entry.street.name,
            listed_totals(view.listed[code]),
            view.listed[code],
        )
        for entry in view.streets
        if (code := entry.street.code) in view.listed
    )


def item_view(item: ListedItem) -> ListedView:
    """A stored item as pages and files show it."""
    return ListedView(
        kind=item.kind,
        label=item.label,
        points=item.points,
        ceiling=item.ceiling,
        document=item.document,
        document_date=item.document_date,
        signed_by=item.signed_by,
    )


def listed_json(listed: Mapping[str, tuple[ListedView, ...]]) -> dict[str, Any]:
    """The items as an evaluation's summary keeps them."""
    return {
        code: [asdict(item) | {"document_date": item.document_date.isoformat()} for item in items]
        for code, items in listed.items()
    }


def read_listed(kept: Mapping[str, Any]) -> dict[str, tuple[ListedView, ...]]:
    """The items from a summary; empty for what was frozen before lists were kept."""
    return {
        code: tuple(
            ListedView(**one | {"document_date": date.fromisoformat(one["document_date"])})
            for one in items
        )
        for code, items in kept.items()
    }
