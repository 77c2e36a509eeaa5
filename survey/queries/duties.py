"""Read the duty list: as it stands, as a wave locked it, and what it proposes for themes."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask_babel import lazy_gettext as _l
from sqlalchemy import select

from analysis.themes import remit
from survey.errors import Refused
from survey.models import Department, District, Duty, Indicator, WaveDuties, db
from survey.queries.waves import WaveView

# The columns of the list in a file, in their order.
COLUMNS = (
    "code",
    "indicator",
    "name_zh",
    "name_en",
    "terms",
    "responsible",
    "department_zh",
    "department_en",
    "has_means",
    "source",
    "retired",
)


@dataclass(frozen=True)
class DutyView:
    """One duty. Names are (zh, en); of the department they are empty for the street's duties."""

    code: str
    indicator_code: str
    indicator_name: tuple[str, str]
    name: tuple[str, str]
    terms: tuple[str, ...]
    #: "street" or the code of the department.
    responsible: str
    department_name: tuple[str, str]
    has_means: bool
    source: str
    #: UTC.
    retired_at: datetime | None

    @property
    def is_in_use(self) -> bool:
        """Whether it is in the list today."""
        return self.retired_at is None

    def cells(self) -> dict[str, str]:
        """The duty as a row of a file (COLUMNS)."""
        values = (
            self.code,
            self.indicator_code,
            *self.name,
            "; ".join(self.terms),
            self.responsible,
            *self.department_name,
            "yes" if self.has_means else "no",
            self.source,
            "no" if self.is_in_use else "yes",
        )
        return dict(zip(COLUMNS, values, strict=True))

    def as_document(self) -> dict[str, Any]:
        """The duty as a wave locks it."""
        return {
            "code": self.code,
            "indicator": self.indicator_code,
            "name_zh": self.name[0],
            "name_en": self.name[1],
            "terms": list(self.terms),
            "responsible": self.responsible,
            "department_zh": self.department_name[0],
            "department_en": self.department_name[1],
            "has_means": self.has_means,
            "source": self.source,
        }


@dataclass(frozen=True)
class DutyList:
    """The duties that hold for a wave. hash: None while they can still change."""

    duties: tuple[DutyView, ...]
    hash: str | None
    #: UTC.
    locked_at: datetime | None


@dataclass(frozen=True)
class DistrictFound:
    """A district: which one a list belongs to. name is (zh, en)."""

    id: int
    code: str
    name: tuple[str, str]
    is_demo: bool


def district_by_code(code: str | None = None) -> DistrictFound:
    """The district with this code, or the only one there is. One query.

    Raises Refused: 404 for an unknown code, 422 when it must be named.
    """
    rows = db.session.scalars(select(District).order_by(District.code)).all()
    found = {row.code: row for row in rows}
    if code is None and len(found) == 1:
        code = next(iter(found))
    if code not in found:
        raise Refused(
            "unknown_district",
            _l(
                "Name the district by its code; there is: %(known)s.", known=", ".join(found) or "–"
            ),
            status=404 if code else 422,
        )
    row = found[code]
    return DistrictFound(row.id, row.code, (row.name_zh, row.name_en), row.is_demo)


def duty_rows(district_id: int) -> tuple[DutyView, ...]:
    """Every duty of a district, retired ones too, in the order of their codes. One query."""
    rows = db.session.execute(
        select(Duty, Indicator, Department)
        .join(Indicator, Duty.indicator_id == Indicator.id)
        .outerjoin(Department, Duty.department_id == Department.id)
        .where(Duty.district_id == district_id)
        .order_by(Duty.code)
    )
    return tuple(
        DutyView(
            code=duty.code,
            indicator_code=indicator.code,
            indicator_name=(indicator.name_zh, indicator.name_en),
            name=(duty.name_zh, duty.name_en),
            terms=tuple(duty.terms),
            responsible=department.code if department else "street",
            department_name=(department.name_zh, department.name_en) if department else ("", ""),
            has_means=duty.has_means,
            source=duty.source,
            retired_at=duty.retired_at,
        )
        for duty, indicator, department in rows
    )


def duty_named(code: str, *, district_id: int) -> DutyView:
    """The duty with this code. Raises Refused (404). One query."""
    found = next((duty for duty in duty_rows(district_id) if duty.code == code), None)
    if found is None:
        raise Refused("unknown_duty", _l("There is no such duty."), status=404)
    return found


def duties_of_wave(wave: WaveView) -> DutyList:
    """The list that holds for a wave: as it locked it, or as it stands. At most two queries.

    A wave that opened before there was a list has locked none; what stands today then holds.
    """
    locked = db.session.get(WaveDuties, wave.id)
    if locked is None:
        return DutyList(
            tuple(duty for duty in duty_rows(wave.district_id) if duty.is_in_use), None, None
        )
    names = indicator_names()
    return DutyList(
        tuple(
            DutyView(
                code=one["code"],
                indicator_code=one["indicator"],
                indicator_name=names.get(one["indicator"], ("", "")),
                name=(one["name_zh"], one["name_en"]),
                terms=tuple(one["terms"]),
                responsible=one["responsible"],
                department_name=(one["department_zh"], one["department_en"]),
                has_means=one["has_means"],
                source=one["source"],
                retired_at=None,
            )
            for one in locked.document
        ),
        locked.hash,
        locked.locked_at,
    )


def indicator_names() -> dict[str, tuple[str, str]]:
    """{code: (zh, en)} of every indicator, in their order. One query."""
    rows = db.session.execute(
        select(Indicator.code, Indicator.name_zh, Indicator.name_en).order_by(Indicator.position)
    )
    return {code: (zh, en) for code, zh, en in rows}


def department_names(district_id: int) -> dict[str, tuple[str, str]]:
    """{code: (zh, en)} of the departments that are in use. One query."""
    rows = db.session.execute(
        select(Department.code, Department.name_zh, Department.name_en)
        .where(Department.district_id == district_id, Department.is_active)
        .order_by(Department.code)
    )
    return {code: (zh, en) for code, zh, en in rows}


def propose_remit(
    duties: Iterable[DutyView], *, keywords: Iterable[str], indicator: str | None, label: str = ""
) -> remit.RemitProposal:
    """Whose task a theme is by these duties, with the duty and words it rests on. No query."""
    return remit.propose_remit(
        tuple(keywords),
        indicator,
        [
            remit.Duty(
                code=duty.code,
                indicator=duty.indicator_code,
                terms=duty.terms,
                body="street" if duty.responsible == "street" else "department",
                department="" if duty.responsible == "street" else duty.responsible,
                has_means=duty.has_means,
            )
            for duty in duties
        ],
        label=label,
    )
