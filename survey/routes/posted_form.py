"""Read a resident's posted form: from our own page, in valid UTF-8, of a size a form can have.

What the form says is not judged here; the questionnaire does that.
"""

from __future__ import annotations

from urllib.parse import parse_qs

from flask import request
from flask_babel import lazy_gettext as _l

from survey.errors import Refused

# A form of this size is no form of ours; parsing stops there.
MOST_FIELDS = 100


def refuse_foreign_origin() -> None:
    """Nothing when the request names no origin or ours. Raises Refused (403) for another site's."""
    origin = request.headers.get("Origin", "null")
    if origin != "null" and origin.partition("://")[2] != request.host:
        raise Refused(
            "foreign_origin",
            _l("This answer came from another site's page. Please scan the code again."),
            status=403,
        )


def posted_form() -> dict[str, list[str]]:
    """The posted fields and their values, blank ones too.

    Text that is not valid UTF-8 is refused and not mended silently. Raises Refused: 415 for
    another content type, 400 for what cannot be read.
    """
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
