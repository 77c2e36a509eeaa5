"""The resident's pages: the survey behind a code, and the receipt.

No session, no cookie, no account. Posting is safe without a CSRF token because nothing is done
in anybody's name; a foreign Origin is refused all the same.
"""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import parse_qs, urlsplit

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
from survey.formatting import by_language, language, say_date, say_last_day
from survey.queries.resident import receipt_view, survey_page
from survey.services import collect
from survey.services.responses import receipt_hash

blueprint = Blueprint("resident", __name__)

# A form of this size is no form of ours; parsing stops there.
MOST_FIELDS = 100


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
    "unknown_receipt": _l("This receipt is not known"),
}


def _size() -> str:
    return "large" if request.args.get("size") == "large" else "normal"


@blueprint.get("/s/<code>")
def ask(code: str) -> Response:
    """The survey behind a printed code."""
    survey = collect.open_survey(code, now=utc_now())
    key = (survey.point, survey.rows.checksum, language(), _size())
    page = pages.page_cache().get(key)
    if page is None:
        page = pages.KeptPage.from_html(_render(survey, submission_key=pages.KEY_PLACE))
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
def answer(code: str) -> AnyResponse:
    """Store what was posted and lead to its receipt."""
    _refuse_foreign_origin()
    form = _posted()
    try:
        receipt = collect.submit(code, form, now=utc_now(), language=language())
    except collect.Incomplete as error:
        return _show_again(code, form, error)
    again = "" if receipt.is_new else "&again=1"
    return redirect(f"/r/{receipt.code}?lang={language()}&size={_size()}{again}", 303)


@blueprint.get("/r/<receipt>")
def receipt(receipt: str) -> Response:
    """What became of an answer."""
    code = collect.normalise_code(receipt)
    found = receipt_view(receipt_hash(code))
    if found is None:
        raise Refused(
            "unknown_receipt",
            _l("There is no answer with this receipt. Please compare it with your picture of it."),
            status=404,
        )
    shown = {
        "code": code,
        "counted_state": found.counted_state,
        "street_name": by_language(*found.street_name),
        "wave_name": by_language(*found.wave_name),
        "submitted_on": say_date(found.submitted_hour),
        "lang": language(),
        "size": _size(),
        "is_demo": found.is_demo,
        "already": request.args.get("again") == "1",
    }
    # The script fetches the receipt and then goes there: seconds on a slow network, once.
    cache = "private, max-age=10"
    return pages.render_resident("resident/receipt.html", receipt=shown, cache=cache)


def _refuse_foreign_origin() -> None:
    origin = request.headers.get("Origin", "null")
    if origin != "null" and urlsplit(origin).netloc != request.host:
        raise Refused(
            "foreign_origin",
            _l("This answer came from another site's page. Please scan the code again."),
            status=403,
        )


def _posted() -> dict[str, list[str]]:
    """The posted form; text that is not valid UTF-8 is refused and not mended silently."""
    if request.mimetype != "application/x-www-form-urlencoded":
        raise Refused(
            "wrong_type",
            _l("The form arrived in a way that cannot be read. Please send it from our page."),
            status=415,
        )
    try:
        return parse_qs(
            request.get_data().decode("ascii"),
            keep_blank_values=True,
            errors="strict",
            max_num_fields=MOST_FIELDS,
        )
    except ValueError as error:  # UnicodeDecodeError is one
        raise Refused(
            "unreadable_form",
            _l("Some characters could not be read. Please open the page again and retype them."),
        ) from error


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
    response = refused(Refused(code, DATABASE_WORDS[code], status=503))
    response.headers["Retry-After"] = "5"
    return response


@blueprint.errorhandler(HTTPException)
def http(error: HTTPException) -> Response:
    """Werkzeug's errors (too large, wrong method) as a notice."""
    status = error.code or 500
    code, message = HTTP_WORDS.get(status, HTTP_WORDS[400])
    return refused(Refused(code, message, status=status))
