"""The kiosk: a tablet in a service hall on which one resident after another answers.

Its point has the channel `assisted`, so its answers are a channel of their own. Nothing of one
person reaches the next: no page is kept, nothing is stored on the tablet, and the receipt is
shown for a few seconds to those who ask for it.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from flask import (
    Blueprint,
    Response,
    current_app,
    make_response,
    redirect,
    render_template,
    request,
)
from flask_babel import force_locale
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from itsdangerous import BadSignature, TimestampSigner
from sqlalchemy.exc import OperationalError, ProgrammingError
from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Response as AnyResponse

from survey import pages
from survey.clock import utc_now
from survey.condense import condense, condense_css
from survey.errors import Refused, error_response, wants_json
from survey.exports.receipt_qr import receipt_qr
from survey.formatting import LOCALES, by_language, language
from survey.queries.resident import SurveyPage, survey_page
from survey.routes import resident
from survey.routes.posted_form import posted_form, refuse_foreign_origin
from survey.security import csp, source_hash
from survey.services import collect

blueprint = Blueprint("assisted", __name__, url_prefix="/kiosk")

# How long the thanks and, for those who ask, the receipt stay on the screen.
SHOWN_SECONDS = 15
# The receipt travels from the answer to the thanks in a cookie no script can read, and the next
# screen deletes it; past this it opens nothing even if it was copied.
COOKIE = "kiosk_receipt"
COOKIE_SECONDS = 3 * SHOWN_SECONDS
# Without script nobody knows whether somebody is still typing, so the page goes after this long.
SECONDS_WITHOUT_SCRIPT = 300
STYLES = ("tokens", "resident", "receipt", "kiosk")


@blueprint.get("/<code>")
def start(code: str) -> Response:
    """The screen between two people: a word of welcome and a language to begin in."""
    survey = _open(code)
    greetings = [_greeting(lang, survey) for lang in LOCALES]
    page = _page("assisted/start.html", survey, is_survey=False, greetings=greetings)
    return _forgotten(page, survey)


@blueprint.get("/<code>/ask")
def ask(code: str) -> Response:
    """The questions, empty, with a submission key of their own each time."""
    survey = _open(code)
    shown = _survey_page(survey, submission_key=pages.new_submission_key())
    return _forgotten(_page("assisted/survey.html", survey, page=shown), survey)


@blueprint.post("/<code>/ask")
def answer(code: str) -> AnyResponse:
    """Store what was posted and lead to the thanks."""
    refuse_foreign_origin()
    form = posted_form()
    survey = _open(code)
    try:
        receipt = collect.submit(code, form, now=utc_now(), language=language())
    except collect.Incomplete as error:
        return _show_again(survey, form, error)
    response = redirect(f"/kiosk/{survey.point.short_code}/r/thanks?lang={language()}", 303)
    response.set_cookie(
        COOKIE,
        _signer().sign(receipt.code).decode(),
        max_age=COOKIE_SECONDS,
        path=f"/kiosk/{survey.point.short_code}/",
        httponly=True,
        samesite="Strict",
        secure=request.is_secure,
    )
    response.headers["Cache-Control"] = "no-store"
    return response


# "/r/" is what the page's script takes for a receipt.
@blueprint.get("/<code>/r/thanks")
def thanks(code: str) -> AnyResponse:
    """Thanks, for some seconds; with ?show=1 the receipt. The start screen for anybody later."""
    survey = _open(code)
    try:
        signed = request.cookies.get(COOKIE, "")
        receipt = _signer().unsign(signed, max_age=COOKIE_SECONDS).decode()
    except BadSignature:
        return redirect(f"/kiosk/{survey.point.short_code}", 303)
    shown: dict[str, Any] = {"receipt": None, "picture": None}
    if request.args.get("show") == "1":
        shown = {"receipt": receipt, "picture": receipt_qr(receipt)}
    return _page("assisted/thanks.html", survey, is_survey=False, **shown)


def _open(code: str) -> collect.OpenSurvey:
    """The survey of a kiosk's point. Raises NotOpen, and Refused for points of other channels."""
    survey = collect.open_survey(code, now=utc_now())
    if survey.point.channel != "assisted":
        raise Refused(
            "no_kiosk",
            _l(
                "This code is for people’s own phones. A tablet in a hall needs a code of its own, "
                "of the channel “assisted”, so that its answers can be told apart."
            ),
            status=409,
        )
    return survey


def _greeting(lang: str, survey: collect.OpenSurvey) -> dict[str, str]:
    """The words of the start screen in one language; it shows all languages at once."""
    zh, en = survey.point.street_name
    document = survey.rows.instrument.document
    asked = sum(bool(question.get("required")) for question in document["questions"])
    with force_locale(LOCALES[lang]):
        return {
            "lang": lang,
            "title": _("How satisfied are you with %(street)s?", street=by_language(zh, en)),
            "lead": _(
                "%(count)s questions, about %(minutes)s min. No name, no phone, no sign-in.",
                count=asked,
                minutes=int(document.get("minutes", 1)),
            ),
            "begin": _("Tap here to begin"),
            "leave": _("Staff: leave the kiosk"),
        }


def _survey_page(survey: collect.OpenSurvey, *, submission_key: str, **again: Any) -> SurveyPage:
    """The resident's page with the kiosk's addresses. No call back: the screen stands in a hall."""
    size = _size()
    page = survey_page(
        survey.point,
        survey.rows.instrument,
        lang=language(),
        size=size,
        submission_key=submission_key,
        **again,
    )
    here = f"/kiosk/{survey.point.short_code}/ask"
    other_lang = "zh" if page.lang == "en" else "en"
    other_size = "normal" if size == "large" else "large"
    return replace(
        page,
        action=f"{here}?lang={page.lang}&size={size}",
        other_lang_url=f"{here}?lang={other_lang}&size={size}",
        other_size_url=f"{here}?lang={page.lang}&size={other_size}",
        call_back=None,
    )


def _show_again(
    survey: collect.OpenSurvey, form: dict[str, list[str]], error: collect.Incomplete
) -> AnyResponse:
    if wants_json():
        return error_response(error.code, error.message, error.status, error.details)
    shown = _survey_page(
        survey,
        submission_key=form["submission_key"][0],
        values={name: " ".join(values) for name, values in form.items()},
        errors=error.fields,
    )
    return _page("assisted/survey.html", survey, page=shown, status=error.status)


def _size() -> str:
    """Large type unless somebody asks for less."""
    return "normal" if request.args.get("size") == "normal" else "large"


def _signer() -> TimestampSigner:
    return TimestampSigner(current_app.config["SECRET_KEY"], salt="kiosk")


def _forgotten(response: Response, survey: collect.OpenSurvey) -> Response:
    """The response, with the receipt of whoever was here before deleted."""
    response.delete_cookie(COOKIE, path=f"/kiosk/{survey.point.short_code}/")
    return response


def _page(
    template: str,
    survey: collect.OpenSurvey,
    *,
    is_survey: bool = True,
    status: int = 200,
    **shown: Any,
) -> Response:
    """A page of the kiosk, kept by nobody."""
    parts = _inlined(is_survey=is_survey)
    point = survey.point
    html = render_template(
        template,
        css=parts.css,
        js=parts.js,
        lang=language(),
        size=_size(),
        is_demo=point.is_demo,
        kiosk=f"/kiosk/{point.short_code}",
        street_name=point.street_name,
        district_name=by_language(*point.district_name),
        idle_seconds=current_app.config["KIOSK_IDLE_SECONDS"],
        shown_seconds=SHOWN_SECONDS,
        seconds_without_script=SECONDS_WITHOUT_SCRIPT,
        **shown,
    )
    response = make_response(html, status)
    response.headers["Content-Security-Policy"] = parts.policy
    response.headers["Cache-Control"] = "no-store"
    return response


def _inlined(*, is_survey: bool) -> pages.Inlined:
    """The resident's style and script with the kiosk's before it; read once a process."""
    kept: dict[bool, pages.Inlined] = current_app.extensions.setdefault("kiosk_inlined", {})
    if is_survey not in kept:
        base = pages.inlined("notice")
        paths = (pages.STATIC / f"css/{name}.css" for name in STYLES)
        css = condense_css("\n".join(path.read_text(encoding="utf-8") for path in paths))
        js = condense((pages.STATIC / "js/kiosk.js").read_text(encoding="utf-8"))
        if is_survey:
            js += "\n" + base.js
        policy = csp(style_src=source_hash(css), script_src=source_hash(js))
        kept[is_survey] = pages.Inlined(css, js, policy)
    return kept[is_survey]


def _back_by_itself(response: Response) -> Response:
    """A notice leads back to the start by itself: nobody may have to find the way out."""
    code = collect.normalise_code((request.view_args or {}).get("code", ""))[:12]
    response.headers["Refresh"] = f"{SECONDS_WITHOUT_SCRIPT // 5}; url=/kiosk/{code}"
    return response


@blueprint.errorhandler(Refused)
def refused(error: Refused) -> Response:
    """The resident's notice."""
    return _back_by_itself(resident.refused(error))


@blueprint.errorhandler(OperationalError)
@blueprint.errorhandler(ProgrammingError)
def database(error: OperationalError | ProgrammingError) -> Response:
    """The database's trouble, as the resident's notice."""
    return _back_by_itself(resident.database(error))


@blueprint.errorhandler(HTTPException)
def http(error: HTTPException) -> Response:
    """Werkzeug's errors, as the resident's notice."""
    return _back_by_itself(resident.http(error))
