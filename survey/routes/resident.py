"""The resident's pages: the survey behind a code, and the receipt.

No session, no cookie, no account. Posting is safe without a CSRF token because nothing is done
in anybody's name; a foreign Origin is refused all the same.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from typing import Any

import structlog
from flask import Blueprint, Response, redirect, request
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy.exc import DBAPIError, OperationalError, ProgrammingError
from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Response as AnyResponse

from survey import pages
from survey.clock import utc_now
from survey.errors import (
    DATABASE_WORDS,
    HTTP_WORDS,
    Refused,
    database_problem,
    error_response,
    wants_json,
)
from survey.exports.receipt_qr import receipt_qr
from survey.extensions import limiter
from survey.formatting import by_language, language, say_date, say_day, say_last_day
from survey.queries.rechecks import AnswerCase, CommentKey, answer_cases
from survey.queries.resident import receipt_view, survey_page
from survey.queries.slips import SLIP_LENGTH
from survey.routes.posted_form import posted_form, refuse_foreign_origin
from survey.services import collect
from survey.services import withdraw as withdrawing
from survey.services.rechecks import LONGEST_WORDS, answer_recheck
from survey.services.responses import RECEIPT_LENGTH, receipt_hash

log = structlog.get_logger(__name__)
blueprint = Blueprint("resident", __name__)


@dataclass(frozen=True)
class Notice:
    """Why there is nothing to answer, and what to do."""

    kind: str
    title: str
    message: str
    lang: str
    size: str
    is_demo: bool
    street_name: str | None = None
    opens_on: str | None = None
    closes_on: str | None = None
    new_code: str | None = None


TITLES = {
    "unknown_code": _l("This code is not known"),
    "retired_code": _l("This code is no longer in use"),
    "not_open_yet": _l("Not open yet"),
    "closed": _l("This survey has ended"),
    "no_wave": _l("No survey at the moment"),
    "slip_spent": _l("This slip was already used"),
    "slip_void": _l("This slip is not valid"),
    "slip_needed": _l("A slip is needed here"),
    "slip_of_other_wave": _l("This slip was for an earlier survey"),
    "unknown_receipt": _l("This receipt is not known"),
    "frozen": _l("This answer can no longer be withdrawn"),
    "too_many": _l("Too many tries"),
    "not_asked": _l("This question is closed"),
}


def _size() -> str:
    return "large" if request.args.get("size") == "large" else "normal"


def _not_found(response: Response) -> bool:
    return response.status_code == 404


# Guessed slips by one address; right ones are never counted.
_slip_guesses = limiter.shared_limit(
    "20 per minute; 200 per day", scope="slips", deduct_when=_not_found
)


def slip_guesses(view: Callable[[str], Any]) -> Callable[[str], Any]:
    """Limit a view for codes as long as a slip's. The codes of posters hang in the street for all
    to see: they are not limited, and do not pay for asking the limiter."""
    limited = _slip_guesses(view)

    @wraps(view)
    def asked(code: str) -> Any:
        is_slip = len(collect.normalise_code(code)[:12]) == SLIP_LENGTH
        return (limited if is_slip else view)(code)

    return asked


@blueprint.get("/s/<code>")
@slip_guesses
def ask(code: str) -> Response:
    """The survey behind a printed code."""
    survey = collect.shown_survey(code, now=utc_now())
    key = (survey.point, survey.rows.checksum, language(), _size())
    page = pages.page_cache().get(key)
    if page is None:
        page = pages.KeptPage.from_html(_render(survey, submission_key=pages.KEY_PLACE))
        # A slip's page is read once or twice: keeping it would push out a poster's.
        if survey.slip is None:
            pages.page_cache().put(key, page)
    return pages.send(page)


def _render(survey: collect.OpenSurvey, *, submission_key: str) -> str:
    shown = survey_page(
        survey.point,
        survey.rows.instrument,
        lang=language(),
        size=_size(),
        submission_key=submission_key,
    )
    return pages.survey_html(shown)


@blueprint.post("/s/<code>")
@slip_guesses
def answer(code: str) -> AnyResponse:
    """Store what was posted and lead to its receipt."""
    refuse_foreign_origin()
    form = posted_form()
    try:
        receipt = collect.submit(code, form, now=utc_now(), language=language())
    except collect.Incomplete as error:
        return _show_again(code, form, error)
    again = "" if receipt.is_new else f"&again={collect.normalise_code(code)[:12]}"
    return redirect(f"/r/{receipt.code}{_as_shown()}{again}", 303)


def _as_shown() -> str:
    """The reader's language and size, for the next address."""
    return f"?lang={language()}&size={_size()}"


# Wrong receipts by one address, over all pages of receipts; right ones are never counted, because
# a whole house may share an address.
guesses = limiter.shared_limit(
    "20 per minute; 200 per day", scope="receipts", deduct_when=_not_found
)


@blueprint.get("/r/<receipt>")
@guesses
def receipt(receipt: str) -> Response:
    """What became of an answer."""
    code = collect.normalise_code(receipt)[:RECEIPT_LENGTH]
    # Drawn before it is known whether there is such a receipt: the same work for every guess.
    picture = receipt_qr(code)
    again = collect.normalise_code(request.args.get("again", ""))
    shown = _receipt_shown(code, sent_under=again, with_cases=True)
    # The script fetches the receipt and then goes there: seconds on a slow network, once. What was
    # answered about a case must be there at once.
    cache = "no-store" if shown["cases"] else "private, max-age=10"
    return pages.render_resident(
        "resident/receipt.html", receipt=shown | {"picture": picture}, cache=cache
    )


@blueprint.post("/r/<receipt>/solved")
@guesses
def solved(receipt: str) -> AnyResponse:
    """Store whether something that is said to be done is solved; a second tap changes nothing."""
    refuse_foreign_origin()
    form = posted_form()
    code = collect.normalise_code(receipt)[:RECEIPT_LENGTH]
    given = {name: form.get(name, [""])[0] for name in ("case", "round", "solved", "words")}
    case_id, asked_round = (_number(given[name]) for name in ("case", "round"))
    if given["solved"] not in ("yes", "no"):
        raise Refused("no_answer", _l("Please choose solved or not solved."), status=422)
    answer_recheck(
        receipt_hash(code),
        case_id,
        asked_round=asked_round,
        is_solved=given["solved"] == "yes",
        words=given["words"],
        now=utc_now(),
    )
    # An address of its own, so that no kept page still asks.
    return redirect(f"/r/{code}{_as_shown()}&said={case_id}#case-{case_id}", 303)


def _number(text: str) -> int:
    """A number as our own page wrote it; 0, which is nothing's, for anything else."""
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 9 else 0


@blueprint.get("/r/<receipt>/withdraw")
@guesses
def confirm_withdrawal(receipt: str) -> Response:
    """What withdrawing means, and the button that does it."""
    shown = _receipt_shown(collect.normalise_code(receipt)[:RECEIPT_LENGTH])
    return pages.render_resident("resident/withdraw.html", receipt=shown)


@blueprint.post("/r/<receipt>/withdraw")
@guesses
def withdraw(receipt: str) -> AnyResponse:
    """Take an answer back; a second time changes nothing."""
    refuse_foreign_origin()
    code = collect.normalise_code(receipt)[:RECEIPT_LENGTH]
    withdrawing.withdraw(receipt_hash(code), now=utc_now())
    # An address of its own, so that no kept page says "counted".
    return redirect(f"/r/{code}{_as_shown()}&withdrawn=1", 303)


def _receipt_shown(code: str, *, sent_under: str = "", with_cases: bool = False) -> dict[str, Any]:
    """What the pages of a receipt show. Raises Refused (404) when there is none."""
    found = receipt_view(receipt_hash(code), sent_under=sent_under[:12])
    if found is None:
        raise withdrawing.unknown_receipt()
    return {
        "code": code,
        "counted_state": found.counted_state,
        "can_be_withdrawn": found.can_be_withdrawn,
        "is_frozen": found.is_frozen,
        "street_name": by_language(*found.street_name),
        "wave_name": by_language(*found.wave_name),
        "submitted_on": say_date(found.submitted_hour),
        "lang": language(),
        "size": _size(),
        "is_demo": found.is_demo,
        "already": bool(sent_under),
        "elsewhere": sent_under[:12] if found.sent_elsewhere else None,
        "offers_call_back": found.offers_call_back,
        "cases": _cases_shown(found.comment) if with_cases and found.comment else [],
        "most_words": LONGEST_WORDS,
    }


def _cases_shown(comment: CommentKey) -> list[dict[str, Any]]:
    """What was done about the words of an answer, with what is asked of its resident."""
    said = request.args.get("said", "")
    return [
        {
            "id": case.id,
            "round": case.round,
            "is_own": case.is_own,
            "name": by_language(*case.name),
            "holder": by_language(*case.holder),
            "steps": _steps(case),
            "reply": case.reply,
            "replied_on": say_date(case.replied_at),
            "state": case.state,
            "said": case.said,
            "is_asked": case.is_asked,
            "is_thanked": said == str(case.id) and case.said is not None,
        }
        for case in answer_cases(comment)
    ]


def _steps(case: AnswerCase) -> list[dict[str, str]]:
    """What happened, in the order in which it did: a kind of step, its day, the office's words."""
    steps = [{"kind": "opened", "day": say_date(case.opened_at), "words": ""}]
    if case.accepted_at:
        steps.append({"kind": "accepted", "day": say_date(case.accepted_at), "words": ""})
    if case.planned_at:
        until = say_day(case.plan_due_on)
        steps.append({"kind": "planned", "day": until, "words": case.plan})
    if case.done_at:
        steps.append({"kind": "done", "day": say_date(case.done_at), "words": case.result})
    if case.state == "out_of_remit":
        steps.append({"kind": "out_of_remit", "day": say_date(case.settled_at), "words": ""})
    return steps


def _show_again(code: str, form: dict[str, list[str]], error: collect.Incomplete) -> AnyResponse:
    """The form with its mistakes named and everything typed still in it."""
    if wants_json():
        return error_response(error.code, error.message, error.status, error.details)
    survey = collect.open_survey(code, now=utc_now())
    shown = survey_page(
        survey.point,
        survey.rows.instrument,
        lang=language(),
        size=_size(),
        submission_key=form["submission_key"][0],
        values={name: " ".join(values) for name, values in form.items()},
        errors=error.fields,
    )
    return pages.render_resident("resident/survey.html", status=error.status, page=shown)


@blueprint.errorhandler(Refused)
def refused(error: Refused) -> Response:
    """A notice in the resident's own words, with the dates and the street when they are known."""
    if wants_json():
        return error_response(error.code, error.message, error.status, error.details)
    point = error.point if isinstance(error, collect.NotOpen) else None
    notice = Notice(
        kind=error.code,
        title=str(TITLES.get(error.code, _("That did not work"))),
        message=str(error.message),
        lang=language(),
        size=_size(),
        is_demo=point.is_demo if point else False,
        street_name=by_language(*point.street_name) if point else None,
        opens_on=say_date(point.opens_at) if point else None,
        closes_on=say_last_day(point.closes_at) if point else None,
        new_code=point.replaced_by if point else None,
    )
    return pages.render_resident("resident/closed.html", status=error.status, notice=notice)


@blueprint.errorhandler(OperationalError)
@blueprint.errorhandler(ProgrammingError)
def database(error: DBAPIError) -> Response:
    """The database's trouble, said as a notice; nothing was stored."""
    code = database_problem(error)
    # The rule and not the address, which may be a slip or a receipt.
    log.error("database", code=code, reason=type(error.orig).__name__, path=str(request.url_rule))
    response = refused(Refused(code, DATABASE_WORDS[code], status=503))
    response.headers["Retry-After"] = "5"
    return response


@blueprint.errorhandler(HTTPException)
def http(error: HTTPException) -> Response:
    """Werkzeug's errors (too large, wrong method) as a notice."""
    status = error.code or 500
    code, message = HTTP_WORDS.get(status, HTTP_WORDS[400])
    return refused(Refused(code, message, status=status))
