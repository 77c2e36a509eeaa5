"""Who may open what: the guard of every office page.

`requires` is put on each view and leaves its roles on the function, so that a test can walk the
route table and find a view without a guard.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import wraps
from typing import Any

from flask import Response, current_app, g, make_response, redirect, request, url_for
from flask_babel import lazy_gettext as _l
from flask_login import current_user
from werkzeug.wrappers import Response as AnyResponse

from survey.clock import utc_now
from survey.desk import Desk
from survey.errors import HTTP_WORDS, Refused, wants_json
from survey.services import access, sign_in_sessions

View = Callable[..., Any]
READING = ("GET", "HEAD", "OPTIONS")
EVERYBODY = access.ROLES
# What an account may open that must switch one-time codes on first.
ENROLMENT = {"account.codes", "account.switch_on", "account.language"}


@dataclass(frozen=True)
class Viewer:
    """Who is looking at an office page; templates find it as g.viewer. Names are (zh, en)."""

    username: str
    roles: frozenset[str]
    street_code: str | None
    street_name: tuple[str, str]
    department_code: str | None = None
    department_name: tuple[str, str] = ("", "")
    #: UTC; the sign-in before this one: what happened since then is new to the viewer.
    since: datetime | None = None
    #: Whether a one-time code is demanded at sign-in.
    has_codes: bool = False
    #: Whether the data the viewer works on are invented (or some of them, for the whole district).
    is_demo: bool = False

    @property
    def must_enrol(self) -> bool:
        """Whether the setting demands one-time codes that the account does not have yet."""
        return not self.has_codes and bool(self.roles & current_app.config["TOTP_ROLES"])

    @property
    def desk(self) -> Desk:
        """Whom the viewer acts for, as cases know it."""
        return Desk(
            username=self.username,
            street_code=self.street_code,
            department_code=self.department_code,
            is_evaluator=self.has("evaluator"),
            only_reads=self.has("auditor"),
        )

    def has(self, *roles: str) -> bool:
        """Whether the viewer has one of the roles."""
        return bool(self.roles & set(roles))

    @property
    def reads_all(self) -> bool:
        """Evaluators and auditors see every street."""
        return self.has("evaluator", "auditor")


def requires(*roles: str) -> Callable[[View], View]:
    """Let in accounts with one of `roles`; an auditor may read everything and change nothing.

    Others are led to the sign-in (a page) or get 401 (a program); an account without the role
    gets 403 and an audit event. The response is never kept by a browser or a proxy.
    """
    unknown = set(roles) - set(access.ROLES)
    if unknown or not roles:
        raise ValueError(f"requires() needs roles out of {access.ROLES}, not {roles}")

    def guard(view: View) -> View:
        @wraps(view)
        def guarded(*args: Any, **kwargs: Any) -> AnyResponse:
            viewer = identify()
            if viewer is None:
                return ask_to_sign_in()
            if viewer.must_enrol and request.endpoint not in ENROLMENT:
                return ask_for_codes()
            reading = request.method in READING
            if not viewer.has(*roles, *(("auditor",) if reading else ())):
                refuse(viewer)
            response: Response = make_response(view(*args, **kwargs))
            response.headers.setdefault("Cache-Control", "no-store")
            return response

        guarded.roles = frozenset(roles)  # type: ignore[attr-defined]
        return guarded

    return guard


def identify() -> Viewer | None:
    """The signed-in account, found once a request, and its language put to use."""
    if "viewer" not in g:
        g.viewer = None
        if current_user.is_authenticated:
            street, department = current_user.street, current_user.department
            g.account_language = current_user.language
            g.viewer = Viewer(
                username=current_user.username,
                roles=frozenset(role.name for role in current_user.roles),
                street_code=street.code if street else None,
                street_name=(street.name_zh, street.name_en) if street else ("", ""),
                department_code=department.code if department else None,
                department_name=(department.name_zh, department.name_en)
                if department
                else ("", ""),
                since=current_user.signed_in_before_at,
                has_codes=current_user.totp_secret is not None,
                is_demo=g.is_demo,
            )
            _note_use()
    viewer: Viewer | None = g.viewer
    return viewer


def ask_to_sign_in() -> AnyResponse:
    """Lead a person to the sign-in and back to the page; tell a program 401."""
    if wants_json():
        raise Refused("sign_in_needed", HTTP_WORDS[401][1], status=401)
    target = request.full_path.rstrip("?") if request.method in READING else "/office/"
    return redirect(url_for("security.login", next=target))


def ask_for_codes() -> AnyResponse:
    """Lead a person to where one-time codes are switched on; tell a program 403."""
    if wants_json():
        raise Refused(
            "codes_needed", _l("Switch on one-time codes for this account first."), status=403
        )
    return redirect("/office/account/codes")


def _note_use() -> None:
    """Note that the session is in use, when that was last noted a while ago."""
    row, now = g.office_session, utc_now()
    if now - row.seen_at >= sign_in_sessions.SEEN_EVERY:
        sign_in_sessions.seen(row.token_hash, now=now)


def refuse(viewer: Viewer) -> None:
    """Refuse this page to this account, and leave a trace of it."""
    access.record_refusal(viewer.username, path=request.path, now=utc_now())
    raise Refused("not_allowed", HTTP_WORDS[403][1], status=403)


def own_street_or_any(code: str) -> str:
    """The code, when the viewer may see that street; a street account only ever its own."""
    if not (g.viewer.reads_all or g.viewer.street_code == code):
        refuse(g.viewer)
    return code
