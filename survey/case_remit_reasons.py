"""Why a case can be out of remit: the closed list, its words, and what each reason has to name."""

from __future__ import annotations

from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

# Stored as the reason of the case's event; "duty" and "same" carry what they name: "duty:D12".
DUTY, SAME = "duty", "same"
REASONS: dict[str, Any] = {
    DUTY: _l("By the duty list it is the duty of another body"),
    "outside": _l("It is outside the district"),
    "private": _l("It is a dispute between private persons"),
    "elsewhere": _l("A court or the police has it in hand"),
    "unclear": _l("Too little was said to act on"),
    SAME: _l("It is the same as another case"),
}


def reason_with(code: str, named: str) -> str:
    """A reason as it is stored, e.g. "duty:D12"; 40 characters at most."""
    return f"{code}:{named}" if code in (DUTY, SAME) else code


def say_remit_reason(stored: str) -> str:
    """A stored reason in the reader's language."""
    code, _colon, named = stored.partition(":")
    if code == DUTY and named:
        return _("By the duty list it is the duty of another body: duty %(code)s", code=named)
    if code == SAME and named:
        return _("It is the same as case %(number)s", number=named)
    return str(REASONS.get(code, code))
