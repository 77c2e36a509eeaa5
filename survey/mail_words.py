"""What mails to offices say: that there is something to see, where, and nothing of residents."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_babel import ngettext

from survey.formatting import by_language

# What can be mailed; each names the words of its subject. %(case)s is the number of the case.
SUBJECTS: dict[str, Any] = {
    "case_passed": _l("Case %(case)s was passed to you"),
    "departments_called": _l("You are called to help with case %(case)s"),
    "case_escalated": _l("Case %(case)s was brought to the leading group"),
    "out_of_remit_asked": _l("Case %(case)s: assent to “out of remit” is asked"),
    "due_soon": _l("What is due today"),
    "mail_test": _l("Mail from Jieping arrives"),
}

# Why a mail was not taken (survey.postbox), for the admin's page.
PROBLEMS: dict[str, Any] = {
    "recipient_refused": _l("the server refused this recipient"),
    "sign_in_refused": _l("the server refused the name and password in JIEPING_MAIL_URL"),
    "timeout": _l("the server did not answer in time"),
    "certificate": _l("the server's certificate cannot be trusted"),
    "not_encrypted": _l("the server offers no encryption or no sign-in"),
    "hung_up": _l("the server broke the connection"),
    "server_refused": _l("the server refused the mail"),
    "no_connection": _l("the server cannot be reached"),
    "no_address": _l("the account has no address any more, wants no mail, or sits at another desk"),
}


def say_problem(problem: str) -> str:
    """A problem as it is stored, e.g. "recipient_refused 550", in words."""
    code, _space, number = problem.partition(" ")
    said = str(PROBLEMS.get(code, code))
    return f"{said} ({number})" if number else said


def worded(kind: str, params: Mapping[str, Any], *, base_url: str) -> tuple[str, str]:
    """Subject and body in the present language.

    params: what `survey.services.mail.write` was given: case, and street as (zh, en); for
    due_soon the numbers due, overdue, late_calls, asked. base_url: without a slash at the end.
    """
    subject = str(SUBJECTS[kind]) % {"case": params.get("case", "")}
    if kind == "due_soon":
        said, path = _due_lines(params), "/office/inbox"
    elif kind == "mail_test":
        said, path = [_("This is the message that you asked for on your account page.")], "/office/"
    else:
        said, path = [_about(params), *_task(kind)], f"/office/cases/{params['case']}"
    ending = _(
        "This mail was sent by itself. Whether you get mail is set on your account page: %(link)s",
        link=f"{base_url}/office/account",
    )
    return subject, "\n".join([*said, "", f"{base_url}{path}", "", "-- ", ending, ""])


def _about(params: Mapping[str, Any]) -> str:
    street = params.get("street") or ("", "")
    if not any(street):
        return _("Case %(case)s, common to the district.", case=params["case"])
    return _("Case %(case)s, %(street)s.", case=params["case"], street=by_language(*street))


def _task(kind: str) -> list[str]:
    tasks = {
        "case_passed": _("You hold it now. The days it took so far still count."),
        "departments_called": _("The street asks you to come and to say what you do."),
        "case_escalated": _("The street or the holder asks the leading group to decide."),
        "out_of_remit_asked": _("Its holder says that it is not its task. Agree or refuse."),
    }
    return [tasks[kind]]


def _due_lines(params: Mapping[str, Any]) -> list[str]:
    """One line a number that is not zero."""
    due, overdue = int(params.get("due", 0)), int(params.get("overdue", 0))
    late, asked = int(params.get("late_calls", 0)), int(params.get("asked", 0))
    lines = []
    if due:
        lines.append(ngettext("%(num)s case is due today.", "%(num)s cases are due today.", due))
    if overdue:
        lines.append(ngettext("%(num)s case is overdue.", "%(num)s cases are overdue.", overdue))
    if late:
        lines.append(
            ngettext(
                "%(num)s call to a department is late.",
                "%(num)s calls to departments are late.",
                late,
            )
        )
    if asked:
        lines.append(
            ngettext(
                "%(num)s case waits for an assent.", "%(num)s cases wait for an assent.", asked
            )
        )
    return lines
