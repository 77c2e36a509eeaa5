"""Signing in: Flask-Security with our own form, and the protection of posted forms.

Accounts are found by their name. Registration, forgotten passwords by mail, remember-me and
tokens are switched off: an account is made by an admin, an invitation or the command line. The
pages are in survey/routes/sign_in.py; what an account may open is in survey/routes/access.py.
"""

from __future__ import annotations

import re
import unicodedata
from datetime import timedelta
from typing import Any

from flask import Flask, Response, g, request, session
from flask_babel import lazy_gettext as _l
from flask_login.utils import _user_context_processor
from flask_security import LoginForm, SQLAlchemyUserDatastore
from flask_security.utils import validate_redirect_url
from flask_wtf.csrf import CSRFError, CSRFProtect
from sqlalchemy import Exists, exists, func, select
from sqlalchemy.orm import joinedload
from wtforms import PasswordField, StringField
from wtforms.validators import InputRequired

from survey import unknown_names
from survey.clock import utc_now
from survey.errors import error_response
from survey.extensions import limiter, security
from survey.models import Account, Department, District, OfficeSession, Role, Street, db
from survey.models.signed_in import UNSEEN_FOR
from survey.services import access
from survey.services.sign_in_sessions import token_hash

# The resident's answer is anonymous: nothing is done in anybody's name, so there is nothing to
# forge; its routes check the Origin themselves. Every other POST needs a token.
CSRF_EXEMPT = (
    "survey.routes.resident.answer",
    "survey.routes.resident.withdraw",
    "survey.routes.resident.solved",
    "survey.routes.assisted.answer",
)

# Failed attempts for one account from one address. An address alone is never blocked: a whole
# office shares one.
ATTEMPTS = "10 per minute; 50 per hour"
# Where the cookie carries the token of its session.
TOKEN = "token"

SETTINGS: dict[str, Any] = {
    "SECURITY_LOGIN_URL": "/office/sign-in",
    "SECURITY_LOGOUT_URL": "/office/sign-out",
    "SECURITY_LOGOUT_METHODS": ["POST"],
    "SECURITY_POST_LOGIN_VIEW": "/office/",
    "SECURITY_POST_LOGOUT_VIEW": "/office/sign-in",
    "SECURITY_USER_IDENTITY_ATTRIBUTES": [{"username": {"mapper": access.normalise_username}}],
    "SECURITY_PASSWORD_HASH": "argon2",
    "SECURITY_PASSWORD_SCHEMES": ["argon2"],
    # argon2 salts by itself; a second, installation-wide secret could only be lost.
    "SECURITY_PASSWORD_SINGLE_HASH": ["argon2"],
    "SECURITY_PASSWORD_LENGTH_MIN": access.SHORTEST_PASSWORD,
    "SECURITY_REGISTERABLE": False,
    "SECURITY_RECOVERABLE": False,
    "SECURITY_CONFIRMABLE": False,
    "SECURITY_CHANGEABLE": False,
    "SECURITY_FLASH_MESSAGES": False,
    "SECURITY_FRESHNESS": timedelta(minutes=-1),
    "SECURITY_CACHE_CONTROL": None,
    "SECURITY_STATIC_FOLDER": None,
    "SECURITY_CLI_USERS_NAME": None,
    "SECURITY_CLI_ROLES_NAME": None,
    # A working day with a lunch break in it.
    "WTF_CSRF_TIME_LIMIT": 12 * 3600,
}

# A path of ours: browsers read // and \\ as another host and drop control characters.
OWN_ADDRESS = re.compile(r"/(?!/)[^\x00-\x20\\]*")

csrf = CSRFProtect()


class SignInForm(LoginForm):
    """Name and password. Which of the two was wrong is nobody's business."""

    email = None
    remember = None
    username = StringField(validators=[InputRequired()])
    password = PasswordField(validators=[InputRequired()])

    def validate_username(self, field: StringField) -> None:
        """Look the account up; LoginForm then spends the same time whether it exists or not."""
        self.ifield = field
        name = access.normalise_username(field.data or "") or ""
        self.user = security.datastore.find_user(username=name)

    def validate_next(self, field: StringField) -> None:
        """An address of another site is forgotten; the first screen is shown instead."""
        address = field.data or ""
        if not (OWN_ADDRESS.fullmatch(address) and validate_redirect_url(address)):
            field.data = ""


class AccountStore(SQLAlchemyUserDatastore):
    """Finds an account with its roles, street and department in one query."""

    def find_user(self, case_insensitive: bool = False, **kwargs: Any) -> Any:
        """The account whose one given column has this value."""
        ((column, value),) = kwargs.items()
        query = (
            select(Account)
            .options(
                joinedload(Account.roles),
                joinedload(Account.street),
                joinedload(Account.department),
            )
            .where(getattr(Account, column) == value)
        )
        return self.db.session.scalars(query).unique().one_or_none()


def account_and_address() -> str:
    """What sign-in attempts are counted by."""
    name = unicodedata.normalize("NFKC", request.form.get("username", "")).strip().casefold()
    return f"{name[:60]}@{request.remote_addr}"


def whose_session(uniquifier: str) -> Account | None:
    """The account of the cookie, when its session is open; leaves the row as g.office_session.

    One query: the row of the session comes with the account, and whether the account's district
    (for one of no street or department: any) is invented, as g.is_demo.
    """
    hashed = token_hash(session.get(TOKEN, ""))
    query = (
        select(Account, OfficeSession, sees_invented())
        .join(OfficeSession, OfficeSession.account_id == Account.id)
        .options(
            joinedload(Account.roles),
            joinedload(Account.street),
            joinedload(Account.department),
        )
        .where(
            Account.fs_uniquifier == uniquifier,
            Account.active,
            OfficeSession.token_hash == hashed,
            OfficeSession.ended_at.is_(None),
            OfficeSession.seen_at > utc_now() - UNSEEN_FOR,
        )
    )
    found = db.session.execute(query).unique().one_or_none()
    if found is None:
        return None
    account, g.office_session, g.is_demo = found
    return account


def sees_invented() -> Exists:
    """Whether what an account of the query around it works on is invented."""
    own = func.coalesce(
        select(Street.district_id).where(Street.id == Account.street_id).scalar_subquery(),
        select(Department.district_id)
        .where(Department.id == Account.department_id)
        .scalar_subquery(),
        District.id,
    )
    return exists().where(District.is_demo, District.id == own).correlate(Account)


def register(app: Flask) -> None:
    """Attach sign-in, sign-out and the protection of forms."""
    app.config.from_mapping(SETTINGS)
    csrf.init_app(app)
    for view in CSRF_EXEMPT:
        csrf.exempt(view)
    security.init_app(app, AccountStore(db, Account, Role), login_form=SignInForm)
    # No sign-in by a token in a header or an address: the API has keys of its own.
    security.login_manager.request_loader(None)
    security.login_manager.user_loader(whose_session)
    unknown_names.register(app)
    _leave_other_pages_alone(app)

    @app.errorhandler(CSRFError)
    def forged(error: CSRFError) -> Response:
        return error_response(
            "form_expired",
            _l("This form was open for too long or came from elsewhere. Open the page again."),
            400,
            {},
        )


def _leave_other_pages_alone(app: Flask) -> None:
    """Take back four hooks that would run at every request of every page.

    Three look for an account: only the office asks who is looking
    (survey.routes.access.requires); the resident's page touches neither the session nor an
    account. One looks for limits: ours stand on the routes that have one, which ask themselves.
    Each remove() fails at start, not silently, when a new version of an extension attaches
    something else.
    """
    app.before_request_funcs[None].remove(security.principal._on_before_request)
    if limiter.enabled:
        app.before_request_funcs[None].remove(limiter._check_request_limit)
    app.after_request_funcs[None].remove(security.login_manager._update_remember_cookie)
    app.template_context_processors[None].remove(_user_context_processor)
