"""How long things take: the times of the cases of a desk, and where their days went."""

from __future__ import annotations

from dataclasses import dataclass

from flask import Blueprint, g, render_template, request
from flask_babel import lazy_gettext as _l

from survey.charts import times as drawings
from survey.charts import times_hands
from survey.clock import utc_now
from survey.errors import Refused
from survey.queries.case_times import FEWEST_CASES, case_times
from survey.queries.inbox_about import Choice, Choices, inbox_choices
from survey.queries.office import current_wave
from survey.queries.policies import kept_policy
from survey.queries.waves import WaveView, all_waves
from survey.routes.access import refuse, requires

blueprint = Blueprint("times", __name__, url_prefix="/office")


@dataclass(frozen=True)
class Scope:
    """Whose cases the page is about: codes with their names (zh, en); None: not narrowed."""

    street: Choice | None
    department: Choice | None
    wave: WaveView | None


@blueprint.get("/times")
@requires("street", "department", "evaluator")
def index() -> str:
    """A street's own cases, a department's that it holds or held, or all; narrowed by ?street=,
    ?department= and ?wave=. Nobody gets out of the own scope by the address."""
    choices, waves = inbox_choices(), all_waves()
    wave = current_wave(waves)
    if not (g.viewer.reads_all or g.viewer.street_code or g.viewer.department_code):
        return render_template("office/times.html", times=None, wave=wave, is_unbound=True)
    scope = _scope(choices, waves)
    times = case_times(
        street_code=scope.street.code if scope.street else None,
        department_code=scope.department.code if scope.department else None,
        wave_code=scope.wave.code if scope.wave else None,
        now=utc_now(),
    )
    ruling = scope.wave or wave
    promise = drawings.Promise(kept_policy(ruling.policy_id if ruling else None).case_reply_days)
    hands = times_hands.hands(times, is_one_street=scope.street is not None)
    return render_template(
        "office/times.html",
        times=times,
        scope=scope,
        choices=choices,
        waves=waves,
        wave=wave,
        is_demo=choices.is_demo,
        is_unbound=False,
        promise=promise,
        steps_figure=drawings.steps_figure(times, promise),
        curve_figure=drawings.curve_figure(times.reply, promise),
        curve_days=drawings.curve_days(times.reply, promise),
        hands=hands,
        hands_figure=times_hands.hands_figure(hands),
        hand_steps=times_hands.steps_there(hands),
        with_departments=times_hands.with_departments(hands),
        step_names=drawings.STEP_NAMES,
        step_words=times_hands.STEP_WORDS,
        step_colours=times_hands.COLOURS,
        say_days=drawings.say_days,
        say_median_interval=drawings.say_median_interval,
        fewest=FEWEST_CASES,
    )


def _scope(choices: Choices, waves: tuple[WaveView, ...]) -> Scope:
    """What the address asks for, within what the viewer may see.

    Another street's code, or another department's, is refused (403, logged); one that is not
    there is unknown (404).
    """
    viewer, asked = g.viewer, request.args
    street, department = asked.get("street", ""), asked.get("department", "")
    if not viewer.reads_all:
        if viewer.street_code and street not in ("", viewer.street_code):
            refuse(viewer)
        if viewer.department_code and department not in ("", viewer.department_code):
            refuse(viewer)
        street = viewer.street_code or street
        department = viewer.department_code or department
    code = asked.get("wave", "")
    wave = next((one for one in waves if one.code == code), None)
    if code and wave is None:
        raise _unknown()
    return Scope(
        street=_named(street, choices.streets, viewer.street_code, viewer.street_name),
        department=_named(
            department, choices.departments, viewer.department_code, viewer.department_name
        ),
        wave=wave,
    )


def _named(
    code: str, known: tuple[Choice, ...], own: str | None, own_name: tuple[str, str]
) -> Choice | None:
    """The choice with this code; the viewer's own even when it is no longer in use."""
    if not code:
        return None
    if code == own:
        return Choice(code, own_name)
    found = next((one for one in known if one.code == code), None)
    if found is None:
        raise _unknown()
    return found


def _unknown() -> Refused:
    return Refused(
        "unknown_scope",
        _l("There is no such street, department or wave."),
        status=404,
    )
