"""What somebody looked at before confirming it, signed so that exactly that is stored."""

from __future__ import annotations

from typing import Any

from flask import current_app, request
from flask_babel import lazy_gettext as _l
from itsdangerous import BadData, URLSafeTimedSerializer

from survey.errors import Refused

GOOD_FOR_SECONDS = 2 * 3600
MOST_BYTES = 3 * 1024 * 1024


def allow_larger_body() -> None:
    """Let a file in that is larger than a resident's answer; before the form is parsed."""
    request.max_content_length = MOST_BYTES
    request.max_form_memory_size = MOST_BYTES


def sign(payload: dict[str, Any], *, about: str) -> str:
    """The payload (JSON values) as text that cannot be changed. about: what it may be used for."""
    return str(_signer(about).dumps(payload))


def read_signed(text: str, *, about: str) -> dict[str, Any]:
    """The payload again. Raises Refused (409) for one that was changed or is too old."""
    try:
        payload: dict[str, Any] = _signer(about).loads(text, max_age=GOOD_FOR_SECONDS)
    except BadData as error:
        raise Refused(
            "look_again",
            _l("What you looked at is too old or was changed. Upload the file again."),
            status=409,
        ) from error
    return payload


def uploaded_file() -> tuple[str, bytes]:
    """Name and content of the field `file`. Raises Refused (422) when there is none."""
    given = request.files.get("file")
    if given is None or not given.filename:
        raise Refused("no_file", _l("Choose a file first."), status=422)
    return given.filename[:120], given.read()


def _signer(about: str) -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(current_app.secret_key or "", salt=f"looked at: {about}")
