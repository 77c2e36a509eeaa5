"""Make the case figures of a published wave as they may be shown, audit all that is public of it.

Small numbers are hidden with those that would give them away, over all linked tables at once, and
the result is audited before it is kept. What does not pass is left out and is never shown.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any

from analysis.disclosure_audit import audit
from analysis.disclosure_protection import protect
from analysis.published_tables import (
    PublishedTable,
    small_differences,
    small_or_hidden,
    tables_to_statements,
)
from survey.database import transaction, upsert
from survey.formatting import local_time
from survey.models import Base, Picture
from survey.queries.case_times import FEWEST_CASES, case_times
from survey.queries.coverage import coverage
from survey.queries.evaluation import published_evaluation
from survey.queries.public import public_waves
from survey.queries.public_cells import (
    BY_ANSWER,
    BY_STATE,
    LEAST,
    case_tables,
    frozen_tables,
    shown_counts,
)
from survey.queries.public_tables import (
    PublicTables,
    StepTime,
    case_counts,
    kept_under,
    public_tables_of,
    read_tables,
    recheck_counts,
)
from survey.queries.waves import WaveView
from survey.services import audit as trail

#: How long figures stand: two readings a week apart tell fewer single cases than two a day apart.
STANDS = timedelta(days=7)


@dataclass(frozen=True)
class Checked:
    """Tables as they may be shown, and what the audit of all of them together said."""

    #: Empty when they could not be protected: then none of them is shown.
    cases: tuple[PublishedTable, ...]
    passed: bool
    #: Names of the numbers that readers could narrow too far: none when it passed.
    narrow: tuple[str, ...]
    #: Hidden numbers that were looked at, and tables.
    targets: int
    tables: int


def check(frozen: Sequence[PublishedTable], cases: Sequence[PublishedTable]) -> Checked:
    """Hide what must be hidden of the tables of cases and audit everything together.

    frozen: what pages show already, with the places they hide. Only numbers of cases are hidden
    further; when that cannot protect them, all of the cases are left out.
    """
    shown: tuple[PublishedTable, ...] = ()
    if cases:
        made = protect(cases, least=LEAST)
        if made.report.passed and not made.differences:
            shown = made.tables
    together = [*frozen, *shown]
    report = audit(
        tables_to_statements(together), small_or_hidden(together, least=LEAST), least=LEAST
    )
    apart = small_differences(together, least=LEAST)
    narrow = [str(one.name) for one in report.narrow]
    narrow += [f"{one.larger} - {one.smaller}" for one in apart]
    return Checked(shown, not narrow, tuple(narrow), report.targets, len(together))


def keep(wave: WaveView, *, now: datetime) -> PublicTables | None:
    """Make, audit and keep the tables of a published wave; None when nothing of it is published.

    The audit goes on record. One transaction. Raises analysis.types.AnalysisError for tables too
    large to audit.
    """
    view = published_evaluation(wave.code)
    if view is None:
        return None
    today = local_time(now).date()
    codes = [entry.street.code for entry in view.streets]
    counts = [one for one in case_counts(wave, today=today) if one.street in set(codes)]
    checked = check(
        frozen_tables(view, coverage(wave), recheck_counts(wave)), case_tables(counts, codes)
    )
    document: dict[str, Any] = {
        "wave": wave.code,
        "revision": view.revision,
        "as_of": today.isoformat(),
        "audit": {
            "passed": checked.passed,
            "at": now.isoformat(),
            "targets": checked.targets,
            "tables": checked.tables,
        },
        "cases": _cases(checked.cases, codes, wave=wave, now=now),
    }
    row = {
        "key": kept_under(wave.code),
        "svg": json.dumps(document, ensure_ascii=False),
        "made_at": now,
    }
    table = Base.metadata.tables[Picture.__tablename__]
    with transaction() as session:
        statement = upsert(table)
        session.execute(
            statement.on_conflict_do_update(
                index_elements=["key"],
                set_={"svg": statement.excluded.svg, "made_at": statement.excluded.made_at},
            ),
            [row],
        )
        trail.record(
            session,
            actor="worker",
            action="audit_disclosure",
            subject=f"wave {wave.code} revision {view.revision}",
            detail=document["audit"] | {"narrow": list(checked.narrow)[:20]},
            at=now,
        )
    return read_tables(document)


def keep_due(*, now: datetime) -> tuple[str, ...]:
    """Make the tables of every published wave that has none of its revision or of this week.

    Codes of the waves that were made. A transaction each.
    """
    entries = public_waves().published
    kept = public_tables_of([entry.wave.code for entry in entries])
    made = []
    for entry in entries:
        old = kept.get(entry.wave.code)
        is_new = old is not None and old.revision == entry.revision
        if old is not None and is_new and now - old.audit.at < STANDS:
            continue
        keep(entry.wave, now=now)
        made.append(entry.wave.code)
    return tuple(made)


def _cases(
    tables: Sequence[PublishedTable], codes: Sequence[str], *, wave: WaveView, now: datetime
) -> dict[str, Any]:
    """{street code, "" for the district: its shown counts and times}."""
    by_name = {table.name: shown_counts(table) for table in tables}
    if not by_name:
        return {}
    found = {}
    for code in ("", *codes):
        counts = {name: by_name[name].get(code, {}) for name in (BY_STATE, BY_ANSWER)}
        total = counts[BY_STATE].get("")
        # A time tells of so many cases: it stands only where their number may stand.
        times = _times(code, wave=wave, now=now) if total and total >= LEAST else []
        found[code] = counts | {"times": [asdict(one) for one in times]}
    return found


def _times(code: str, *, wave: WaveView, now: datetime) -> list[StepTime]:
    found = case_times(street_code=code or None, wave_code=wave.code, fewest=FEWEST_CASES, now=now)
    return [
        StepTime(step, time.median, time.low, time.high, time.n)
        for step, time in found.steps
        if time.n >= LEAST and time.median is not None
    ]
