"""Mail: an account's own wish, and the admin's page of what could not be sent."""

from __future__ import annotations

from flask import Blueprint, flash, g, redirect, render_template, request
from flask_babel import gettext as _
from flask_babel import ngettext
from werkzeug.wrappers import Response as AnyResponse

from survey.clock import utc_now
from survey.errors import Refused
from survey.mail_words import SUBJECTS, say_problem
from survey.queries.mail import mail_state, mail_wish
from survey.routes.access import EVERYBODY, requires
from survey.services import mail
from survey.services import mail_wish as wishes

blueprint = Blueprint("mail", __name__, url_prefix="/office")


@blueprint.get("/account/mail")
@requires(*EVERYBODY)
def wish() -> str:
    """Address and wish of the own account."""
    return _wish()


@blueprint.post("/account/mail")
@requires(*EVERYBODY)
def set_wish() -> AnyResponse | tuple[str, int]:
    """Change address and wish of the own account."""
    form = request.form
    try:
        wishes.set_mail(
            g.viewer.username,
            address=form.get("address", ""),
            wants_mail="wants_mail" in form,
            now=utc_now(),
        )
        if "test" in form:
            wishes.send_test(g.viewer.username, now=utc_now())
    except Refused as error:
        return _wish(problem=error), error.status
    flash(_("Saved. A test message leaves within a minute.") if "test" in form else _("Saved."))
    return redirect("/office/account/mail", 303)


@blueprint.get("/admin/mail")
@requires("admin")
def outbox() -> str:
    """How mail goes, and what could not be sent."""
    return render_template(
        "office/mail.html",
        state=mail_state(),
        is_on=mail.is_on(),
        sender=mail.sender(),
        subjects=SUBJECTS,
        say_problem=say_problem,
    )


@blueprint.post("/admin/mail/again")
@requires("admin")
def again() -> AnyResponse:
    """Try anew what was given up."""
    count = mail.try_again(now=utc_now())
    flash(ngettext("%(num)s message is tried again.", "%(num)s messages are tried again.", count))
    return redirect("/office/admin/mail", 303)


def _wish(*, problem: Refused | None = None) -> str:
    return render_template(
        "access/mail.html",
        wish=mail_wish(g.viewer.username),
        is_on=mail.is_on(),
        typed=request.form.get("address") if problem else None,
        wanted="wants_mail" in request.form,
        problem=problem.message if problem else None,
    )
