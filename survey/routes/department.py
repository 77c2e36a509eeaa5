"""The desk of a department: what waits for it, the problems given to it, and how long it takes."""

from __future__ import annotations

from flask import Blueprint, g, render_template, request
from flask_babel import lazy_gettext as _l

from survey.clock import utc_now
from survey.desk import Desk
from survey.errors import Refused
from survey.formatting import local_time
from survey.queries.case_times import case_times
from survey.queries.department_desk import calls_to_come, problems
from survey.queries.inbox import due_cases
from survey.queries.inbox_about import Choice, inbox_choices
from survey.queries.office import last_evaluated_wave
from survey.queries.waves import all_waves
from survey.routes.access import requires

blueprint = Blueprint("department", __name__, url_prefix="/office")

MOST_CASES = 12


@blueprint.get("/department/")
@requires("department", "evaluator")
def desk() -> str:
    """The department's desk; the evaluation office chooses whose, or sees all common problems."""
    wave = last_evaluated_wave(all_waves())
    if wave is None:
        raise Refused("no_wave", _l("There is no wave yet."), status=404)
    choices: tuple[Choice, ...] = inbox_choices().departments if g.viewer.reads_all else ()
    code, name = _chosen(choices)
    now = utc_now()
    today = local_time(now).date()
    whose = Desk(g.viewer.username, department_code=code)
    return render_template(
        "office/department.html",
        wave=wave,
        is_demo=wave.is_demo,
        code=code,
        name=name,
        today=today,
        choices=choices,
        problems=problems(wave, department=code),
        cases=due_cases(whose, today=today, limit=MOST_CASES) if code else (),
        calls=calls_to_come(code) if code else (),
        times=case_times(department_code=code, now=now) if code else None,
    )


def _chosen(choices: tuple[Choice, ...]) -> tuple[str | None, tuple[str, str]]:
    """Whose desk it is: code and name; an account of a department only ever sees its own.

    Raises Refused (404) for a department that is not there.
    """
    if not g.viewer.reads_all:
        return g.viewer.department_code, g.viewer.department_name
    asked = request.args.get("department", "")
    if not asked:
        return None, ("", "")
    for choice in choices:
        if choice.code == asked:
            return choice.code, choice.name
    raise Refused("unknown_department", _l("There is no such department."), status=404)
