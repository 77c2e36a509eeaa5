"""Read the case figures of a published wave as they may be shown, and when they were audited.

The worker makes them (survey.services.public_tables): hiding and auditing linked tables takes
longer than a page may. They stand for a day and for a week, so that no two readings a moment apart
tell one case from the next.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from flask import current_app
from sqlalchemy import func, select

from survey.formatting import local_time
from survey.models import Case, Picture, Recheck, Street, db
from survey.queries.public_cells import (
    ANSWER_COLUMNS,
    BY_ANSWER,
    BY_STATE,
    CaseCount,
    answered,
    public_state,
)
from survey.queries.waves import WaveView

#: The steps of a case that have a time, in the order of the work.
STEPS = ("reply", "plan", "done", "confirmed")


@dataclass(frozen=True)
class StepTime:
    """Days from what was said to one step: the median with its 95 % interval.

    high is None when too few cases are through for an upper end; n counts the cases, those that
    are not there yet included.
    """

    step: str
    median: float | None
    low: float | None
    high: float | None
    n: int


@dataclass(frozen=True)
class CaseFigures:
    """The cases of one street, or of the district. None: not shown."""

    total: int | None
    #: {word of public_cells.CASE_COLUMNS: cases}
    states: Mapping[str, int | None]
    #: {word of public_cells.ANSWER_COLUMNS: cases}
    answers: Mapping[str, int | None]
    times: tuple[StepTime, ...] = ()

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to show at all."""
        return not self.total and not any(self.states.values()) and not self.times


@dataclass(frozen=True)
class Audited:
    """What the audit of everything public of a wave said. at: UTC."""

    passed: bool
    at: datetime
    #: Hidden numbers that were looked at, and tables.
    targets: int
    tables: int


@dataclass(frozen=True)
class PublicTables:
    """The case figures of a wave as they stood on a day."""

    wave_code: str
    revision: int
    as_of: date
    audit: Audited
    #: {street code: figures}; "" is the district.
    cases: Mapping[str, CaseFigures]

    def of(self, street_code: str) -> CaseFigures | None:
        """The figures of a street; None when there are none to show."""
        found = self.cases.get(street_code)
        return None if found is None or found.is_empty else found


def kept_under(wave_code: str) -> str:
    """The key of a wave's tables among the things the worker keeps; nobody else can form it."""
    secret = str(current_app.config["SECRET_KEY"]).encode()
    return hmac.new(secret, f"public tables\n{wave_code}".encode(), hashlib.sha256).hexdigest()


def public_tables(wave_code: str) -> PublicTables | None:
    """The tables of a wave as they were audited last; None before the first time. One query."""
    return public_tables_of([wave_code]).get(wave_code)


def public_tables_of(wave_codes: list[str]) -> dict[str, PublicTables]:
    """The same of several waves. One query."""
    keys = {kept_under(code): code for code in wave_codes}
    rows = db.session.execute(select(Picture.key, Picture.svg).where(Picture.key.in_(keys)))
    return {keys[key]: read_tables(json.loads(text)) for key, text in rows}


def read_tables(document: Mapping[str, Any]) -> PublicTables:
    """The tables from the document that the worker keeps."""
    audit = document["audit"]
    return PublicTables(
        wave_code=document["wave"],
        revision=document["revision"],
        as_of=date.fromisoformat(document["as_of"]),
        audit=Audited(
            passed=audit["passed"],
            at=datetime.fromisoformat(audit["at"]),
            targets=audit["targets"],
            tables=audit["tables"],
        ),
        cases={code: _figures(one) for code, one in document["cases"].items()},
    )


def _figures(one: Mapping[str, Any]) -> CaseFigures:
    return CaseFigures(
        total=one[BY_STATE][""],
        states={word: n for word, n in one[BY_STATE].items() if word},
        answers={word: one[BY_ANSWER][word] for word in ANSWER_COLUMNS},
        times=tuple(StepTime(**time) for time in one["times"]),
    )


def case_counts(wave: WaveView, *, today: date) -> list[CaseCount]:
    """How single residents' cases of a wave stand, one entry a case. One query.

    Cases of themes are left out: each is public by itself.
    """
    rows = db.session.execute(
        select(Street.code, Case.state, Case.reply_due_on, Case.replied_at)
        .join(Street, Case.street_id == Street.id)
        .where(Case.wave_id == wave.id, Case.origin != "theme")
    )
    return [
        CaseCount(
            code,
            public_state(state),
            answered(due_on, local_time(at).date() if at is not None else None, today=today),
            1,
        )
        for code, state, due_on, at in rows
    ]


def recheck_counts(wave: WaveView) -> dict[int, int]:
    """{case of a theme: residents who said in its last round whether it is solved}. One query."""
    rows = db.session.execute(
        select(Case.id, func.count())
        .join(Recheck, (Recheck.case_id == Case.id) & (Recheck.round == Case.round))
        .where(Case.district_id == wave.district_id, Case.origin == "theme")
        .group_by(Case.id)
    )
    return {case_id: n for case_id, n in rows}  # noqa: C416
