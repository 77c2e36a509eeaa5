"""What the codes of a case mean, in words for people: states, acts, origins."""

from __future__ import annotations

from typing import Any

from flask import Flask
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

STATES: dict[str, Any] = {
    "received": _l("Received"),
    "accepted": _l("Case accepted"),
    "planned": _l("Planned"),
    "done": _l("Done, says the office"),
    "confirmed": _l("Residents confirm: solved"),
    "not_confirmed": _l("Residents say: not solved"),
    "out_of_remit_asked": _l("Out of remit? To be decided"),
    "out_of_remit": _l("Out of remit"),
}
# good | bad | wait | plain, see the badge of macros/ui.html.
KINDS = {
    "received": "wait",
    "accepted": "wait",
    "planned": "wait",
    "done": "plain",
    "confirmed": "good",
    "not_confirmed": "bad",
    "out_of_remit_asked": "wait",
    "out_of_remit": "plain",
}
ORIGINS: dict[str, Any] = {
    "theme": _l("From a theme"),
    "comment": _l("From a comment"),
    "call_back": _l("A resident asks to be called"),
    "loaded": _l("Loaded from another system"),
}
ACTIONS: dict[str, Any] = {
    "opened": _l("Opened"),
    "accepted": _l("Case accepted"),
    "called_back": _l("The resident was called"),
    "replied": _l("Replied"),
    "planned": _l("Planned"),
    "done": _l("Reported done"),
    "confirmed": _l("Residents confirm that it is solved"),
    "not_confirmed": _l("Residents say that it is not solved"),
    "passed": _l("Passed on"),
    "out_of_remit_asked": _l("Said to be out of remit; the evaluation office decides"),
    "out_of_remit_agreed": _l("Agreed: out of remit"),
    "out_of_remit_refused": _l("Not agreed: it stays with its holder"),
    "departments_called": _l("Departments called together"),
    "department_came": _l("A department came"),
    "escalated": _l("Escalated to the leading group"),
    "noted": _l("Note"),
    "asked_again": _l("Residents are asked again"),
}
# Who acted when nobody signed in did.
ACTORS: dict[str, Any] = {"worker": _l("the system"), "residents": _l("residents")}


def say_case_state(state: str) -> str:
    """A state in the reader's language."""
    return str(STATES.get(state, state))


def say_case_action(action: str) -> str:
    """An act in the reader's language."""
    return str(ACTIONS.get(action, action))


def say_case_origin(origin: str) -> str:
    """Where a case came from."""
    return str(ORIGINS.get(origin, origin))


def say_case_actor(actor: str) -> str:
    """The account's name; words for what no person did."""
    return str(ACTORS.get(actor, actor))


def case_badge_kind(state: str) -> str:
    """The kind of badge of a state."""
    return KINDS.get(state, "plain")


def say_days_left(days: int | None) -> str:
    """In 3 days, today, or how long it is overdue; "" when nothing is due."""
    if days is None:
        return ""
    if days < 0:
        return str(_("%(days)s days overdue", days=-days)) if days < -1 else _("1 day overdue")
    if days == 0:
        return _("today")
    return _("tomorrow") if days == 1 else _("in %(days)s days", days=days)


def register(app: Flask) -> None:
    """Attach the words to the templates."""
    app.context_processor(
        lambda: {
            "say_case_state": say_case_state,
            "say_case_action": say_case_action,
            "say_case_origin": say_case_origin,
            "say_case_actor": say_case_actor,
            "case_badge_kind": case_badge_kind,
            "say_days_left": say_days_left,
        }
    )
