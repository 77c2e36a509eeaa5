"""Load places: the district, its streets and their adult residents, from a folder of CSV files."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from flask_babel import lazy_gettext as _l
from sqlalchemy import delete, select

from survey.database import transaction
from survey.errors import Refused
from survey.instrument import UNKNOWN
from survey.models import District, PopulationMargin, Street
from survey.services.conditions_in import (
    CONDITION_COLUMNS,
    Conditions,
    read_conditions,
    replace_conditions,
)
from survey.services.tables_in import (
    Rejected,
    Row,
    RowsRejected,
    TableIn,
    read_table,
    refuse_file,
    whole_number,
)

CODE = re.compile(r"[A-Za-z0-9_-]{1,32}")
STREET_COLUMNS = ("code", "name_zh", "name_en", "population", "peer_group")
MARGIN_COLUMNS = ("street", "variable", "category", "residents")
# Census tables of one street differ by rounding and by people without an entry, not by more.
LARGEST_GAP = 0.01


@dataclass(frozen=True)
class DistrictNamed:
    """The district that the streets belong to."""

    code: str
    name_zh: str
    name_en: str


@dataclass(frozen=True)
class PlaceLoaded:
    """What was stored."""

    district: str
    new_streets: int
    updated_streets: int
    margins: int
    #: None: there was no conditions.csv, and what is stored stays.
    conditions: int | None = None


def load_place(
    folder: Path, *, district: DistrictNamed | None = None, is_demo: bool = False
) -> PlaceLoaded:
    """Store the district and streets described in `folder`. All or nothing.

    streets.csv: code, name_zh, name_en, population (adults), peer_group. margins.csv: street,
    variable, category, residents and, if known, as_of (YYYY-MM-DD) and source. district.csv:
    code, name_zh, name_en; `district` overrides it. is_demo: a new district is marked as invented.
    conditions.csv, where there is one: see `conditions_in`; it replaces what is stored of them.
    Loading again updates names, populations and margins; a street, variable or category that is
    stored and missing in the files is refused, because answers may belong to it.
    Raises Refused or RowsRejected.
    """
    if not folder.is_dir():
        raise refuse_file(str(folder), _l("is not a folder; name the folder with streets.csv"))
    named = district or _read_district(folder)
    streets = _read_streets(read_table(folder / "streets.csv", columns=STREET_COLUMNS))
    table = read_table(folder / "margins.csv", columns=MARGIN_COLUMNS)
    margins = _read_margins(table, set(streets))
    _check_totals(margins)
    conditions = _conditions(folder / "conditions.csv", set(streets))
    return _store(named, streets=streets, margins=margins, conditions=conditions, is_demo=is_demo)


def _conditions(path: Path, streets: set[str]) -> Conditions | None:
    """The optional table of conditions; None when there is no such file."""
    if not path.exists():
        return None
    return read_conditions(read_table(path, columns=CONDITION_COLUMNS), streets)


def _read_district(folder: Path) -> DistrictNamed:
    path = folder / "district.csv"
    if not path.exists():
        raise refuse_file(
            str(path),
            _l("there is no such file; add it or give --district, --name-zh and --name-en"),
        )
    table = read_table(path, columns=("code", "name_zh", "name_en"))
    if len(table.rows) != 1:
        raise refuse_file(path.name, _l("must have exactly one row below its header"))
    row = table.rows[0]
    if not CODE.fullmatch(row.cells["code"]):
        raise RowsRejected(path.name, [Rejected(row.number, "code", _CODE_RULE)])
    empty = [column for column in ("name_zh", "name_en") if not row.cells[column]]
    if empty:
        raise RowsRejected(path.name, [Rejected(row.number, empty[0], _l("is empty"))])
    return DistrictNamed(row.cells["code"], row.cells["name_zh"], row.cells["name_en"])


_CODE_RULE = _l("must have 1 to 32 letters, digits, - or _")


def _street_problems(row: Row, seen: Mapping[str, Any]) -> list[Rejected]:
    cells = row.cells
    found = []
    if not CODE.fullmatch(cells["code"]):
        found.append(Rejected(row.number, "code", _CODE_RULE))
    elif cells["code"] in seen:
        reason = _l("%(value)s stands in an earlier row as well", value=cells["code"])
        found.append(Rejected(row.number, "code", reason))
    for column in ("name_zh", "name_en"):
        if not 1 <= len(cells[column]) <= 120:
            found.append(Rejected(row.number, column, _l("must have 1 to 120 characters")))
    if whole_number(cells["population"]) is None:
        found.append(Rejected(row.number, "population", _NUMBER_RULE))
    if len(cells["peer_group"]) > 60:
        found.append(Rejected(row.number, "peer_group", _l("must have at most 60 characters")))
    return found


_NUMBER_RULE = _l("must be a whole number of at least 0")


def _read_streets(table: TableIn) -> dict[str, dict[str, Any]]:
    """{code: values of the row in `street`}."""
    streets: dict[str, dict[str, Any]] = {}
    rejected: list[Rejected] = []
    for row in table.rows:
        problems = _street_problems(row, streets)
        rejected += problems
        if not problems:
            streets[row.cells["code"]] = {
                "name_zh": row.cells["name_zh"],
                "name_en": row.cells["name_en"],
                "population": whole_number(row.cells["population"]),
                "peer_group": row.cells["peer_group"],
            }
    if rejected:
        raise RowsRejected(table.name, rejected)
    return streets


# {street: {(variable, category): {"residents", "as_of", "source"}}}
Margins = Mapping[str, Mapping[tuple[str, str], Mapping[str, Any]]]


def _read_margins(table: TableIn, streets: set[str]) -> Margins:
    margins: dict[str, dict[tuple[str, str], dict[str, Any]]] = defaultdict(dict)
    rejected: list[Rejected] = []
    for row in table.rows:
        cells = row.cells
        key = (cells["variable"], cells["category"])
        problems = _margin_problems(row, streets)
        if not problems and key in margins[cells["street"]]:
            reason = _l("%(value)s stands in an earlier row as well", value="=".join(key))
            problems = [Rejected(row.number, "category", reason)]
        rejected += problems
        if not problems:
            margins[cells["street"]][key] = {
                "residents": whole_number(cells["residents"]),
                "as_of": _day(cells.get("as_of", "")),
                "source": cells.get("source", ""),
            }
    if rejected:
        raise RowsRejected(table.name, rejected)
    return margins


def _margin_problems(row: Row, streets: set[str]) -> list[Rejected]:
    cells = row.cells
    found = []
    if cells["street"] not in streets:
        reason = _l("%(value)s is not in streets.csv", value=cells["street"] or "–")
        found.append(Rejected(row.number, "street", reason))
    for column in ("variable", "category"):
        if not 1 <= len(cells[column]) <= 60:
            found.append(Rejected(row.number, column, _l("must have 1 to 60 characters")))
        elif "|" in cells[column] or "=" in cells[column]:
            found.append(Rejected(row.number, column, _l("must not contain | or =")))
    if cells["category"] == UNKNOWN:
        reason = _l("“unknown” is for respondents who did not say; no resident belongs to it")
        found.append(Rejected(row.number, "category", reason))
    if whole_number(cells["residents"]) is None:
        found.append(Rejected(row.number, "residents", _NUMBER_RULE))
    if cells.get("as_of") and _day(cells["as_of"]) is None:
        found.append(Rejected(row.number, "as_of", _l("must be a date such as 2025-12-31")))
    if len(cells.get("source", "")) > 240:
        found.append(Rejected(row.number, "source", _l("must have at most 240 characters")))
    return found


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def _check_totals(margins: Margins) -> None:
    """All variables of a street count the same people: their totals must agree within 1 %."""
    for street, cells in margins.items():
        totals: dict[str, int] = defaultdict(int)
        for (variable, _category), values in cells.items():
            totals[variable] += values["residents"]
        low, high = min(totals, key=totals.__getitem__), max(totals, key=totals.__getitem__)
        if totals[high] == 0 or totals[high] - totals[low] > LARGEST_GAP * totals[high]:
            raise Refused(
                "margins_disagree",
                _l(
                    "margins.csv: the residents of street %(street)s add up to %(low)s by "
                    "%(low_variable)s and to %(high)s by %(high_variable)s; they must be more "
                    "than 0 and agree within 1 %%.",
                    street=street,
                    low=totals[low],
                    low_variable=low,
                    high=totals[high],
                    high_variable=high,
                ),
                status=422,
            )


def _store(
    named: DistrictNamed,
    *,
    streets: Mapping[str, Mapping[str, Any]],
    margins: Margins,
    conditions: Conditions | None,
    is_demo: bool,
) -> PlaceLoaded:
    """Store checked values in one transaction; see `load_place` for what is refused."""
    with transaction() as session:
        row = session.scalar(select(District).where(District.code == named.code))
        if row is None:
            row = District(code=named.code, is_demo=is_demo)
            session.add(row)
        row.name_zh, row.name_en = named.name_zh, named.name_en
        session.flush()
        stored = {s.code: s for s in session.scalars(select(Street))}
        _refuse_dropped(stored, row.id, streets)
        known = sum(code in stored for code in streets)
        for code, values in streets.items():
            street = stored.get(code)
            if street is None:
                street = stored[code] = Street(district_id=row.id, code=code)
                session.add(street)
            for name, value in values.items():
                setattr(street, name, value)
        session.flush()
        for code, cells in margins.items():
            _replace_margins(session, stored[code], cells)
        if conditions is not None:
            replace_conditions(session, {code: stored[code] for code in streets}, conditions)
    return PlaceLoaded(
        district=named.code,
        new_streets=len(streets) - known,
        updated_streets=known,
        margins=sum(len(cells) for cells in margins.values()),
        conditions=None if conditions is None else sum(len(rows) for rows in conditions.values()),
    )


def _refuse_dropped(
    stored: Mapping[str, Street], district_id: int, streets: Mapping[str, Any]
) -> None:
    ours = {code for code, s in stored.items() if s.district_id == district_id and s.is_active}
    dropped = sorted(ours - set(streets))
    if dropped:
        raise Refused(
            "street_dropped",
            _l(
                "streets.csv lacks the street %(streets)s, which is stored; answers may belong "
                "to it. Add the row again.",
                streets=", ".join(dropped),
            ),
            status=409,
        )
    taken = sorted(c for c in streets if c in stored and stored[c].district_id != district_id)
    if taken:
        raise Refused(
            "street_elsewhere",
            _l(
                "The street code %(streets)s belongs to another district; choose another code.",
                streets=", ".join(taken),
            ),
            status=409,
        )


def _replace_margins(
    session: Any, street: Street, cells: Mapping[tuple[str, str], Mapping[str, Any]]
) -> None:
    mine = PopulationMargin.street_id == street.id
    before = session.execute(
        select(PopulationMargin.variable, PopulationMargin.category).where(mine)
    )
    dropped = sorted(f"{v}={c}" for v, c in before if (v, c) not in cells)
    if dropped:
        raise Refused(
            "margin_dropped",
            _l(
                "margins.csv lacks %(margins)s of street %(street)s, which are stored. Add the "
                "rows again, with 0 residents if nobody is left.",
                margins=", ".join(dropped),
                street=street.code,
            ),
            status=409,
        )
    session.execute(delete(PopulationMargin).where(mine))
    session.add_all(
        PopulationMargin(street_id=street.id, variable=variable, category=category, **values)
        for (variable, category), values in cells.items()
    )
