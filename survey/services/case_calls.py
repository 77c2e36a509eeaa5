"""Call departments together for a case (吹哨), and note that one came (报到)."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date, datetime
from typing import Any

from flask_babel import lazy_gettext as _l
from sqlalchemy import select

from survey.database import transaction
from survey.desk import Desk
from survey.errors import Refused
from survey.formatting import by_language, local_time
from survey.models import Case, CaseCall, Department, Wave
from survey.queries.case_paths import AT_WORK
from survey.queries.policies import kept_policy
from survey.services.case_file import department_in_use, record, take
from survey.services.case_paths import refuse_readers, require_state, tell
from survey.services.cases import checked_words
from survey.working_days import add_working_days_beyond


def call_departments(
    case_id: int,
    *,
    department_codes: Collection[str],
    version: int,
    desk: Desk,
    words: str,
    now: datetime,
    despite_warning: bool = False,
) -> date:
    """Call departments to a case that a street holds and has accepted; the day they are due on.

    The street keeps the case. One transaction.
    Raises Refused as `take` does; 403 only_reads, not_the_street; 409 wrong_state, called_already;
    422 department_needed, unknown_department, words_needed, looks_personal.
    """
    refuse_readers(desk)
    if desk.street_code is None:
        raise Refused(
            "not_the_street",
            _l("Only a street office calls departments together, for a case of its own."),
            status=403,
        )
    said = checked_words(words, _l("Say what the departments are needed for."), despite_warning)
    wanted = list(dict.fromkeys(code for code in department_codes if code))
    if not wanted:
        raise Refused("department_needed", _l("Choose at least one department."), status=422)
    with transaction() as session:
        case = take(session, case_id, desk=desk, version=version)
        require_state(case, AT_WORK[1:])
        due_on = _due_on(session, case, local_time(now).date())
        for code in wanted:
            called = department_in_use(session, code, district_id=case.district_id)
            _refuse_twice(session, case, called)
            session.add(
                CaseCall(
                    case_id=case.id,
                    department_id=called.id,
                    called_at=now,
                    due_on=due_on,
                    words=said,
                )
            )
            its = Desk(desk.username, department_code=code)
            tell(session, case, "departments_called", desk=its, now=now)
        record(
            session,
            case,
            "departments_called",
            desk=desk,
            now=now,
            words=said,
            due_on=due_on,
            detail={"departments": wanted, "due_on": due_on.isoformat()},
        )
        return due_on


def came(
    call_id: int,
    *,
    desk: Desk,
    answer: str,
    now: datetime,
    case_id: int | None = None,
    despite_warning: bool = False,
) -> int:
    """Note that the desk's department came, and what it does; the number of the case.

    What others did on the case meanwhile does not matter: the answer is the department's own.
    case_id: where the call is looked for, when that is known.
    Raises Refused: 404 unknown_call; 403 only_reads, not_called; 409 came_already; 422
    words_needed, looks_personal.
    """
    refuse_readers(desk)
    said = checked_words(answer, _l("Say what your department does."), despite_warning)
    with transaction() as session:
        found = session.scalar(select(CaseCall.case_id).where(CaseCall.id == call_id))
        if found is None or case_id not in (None, found):
            raise Refused("unknown_call", _l("There is no such call."), status=404)
        # The row of the case first, as everywhere: of two who answer, the second waits here.
        version: int = session.scalars(
            select(Case.version).where(Case.id == found).with_for_update()
        ).one()
        case = take(session, found, desk=desk, version=version, as_holder=False)
        call = session.scalars(
            select(CaseCall).where(CaseCall.id == call_id).execution_options(populate_existing=True)
        ).one()
        code = session.get_one(Department, call.department_id).code
        if code != desk.department_code:
            raise Refused("not_called", _l("Another department was called here."), status=403)
        if call.came_at is not None:
            raise Refused("came_already", _l("It is noted already that you came."), status=409)
        call.came_at, call.answer = now, said
        detail = {"department": code, "is_late": local_time(now).date() > call.due_on}
        record(session, case, "department_came", desk=desk, now=now, words=said, detail=detail)
        return int(found)


def _due_on(session: Any, case: Case, today: date) -> date:
    wave = session.get(Wave, case.wave_id) if case.wave_id is not None else None
    policy = kept_policy(wave.policy_id if wave else None)
    return add_working_days_beyond(today, policy.call_departments_days)


def _refuse_twice(session: Any, case: Case, called: Department) -> None:
    waiting = select(CaseCall.id).where(
        CaseCall.case_id == case.id,
        CaseCall.department_id == called.id,
        CaseCall.came_at.is_(None),
    )
    if session.scalar(waiting.limit(1)) is not None:
        raise Refused(
            "called_already",
            _l(
                "%(name)s was called and has not come yet.",
                name=by_language(called.name_zh, called.name_en),
            ),
            status=409,
        )
