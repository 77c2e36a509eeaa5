"""What in an office's words would point to one person: asked before such words are stored.

Residents' own words are redacted without asking. An office may mean what it writes, a hotline's
number for instance, so that it is shown what was found and decides.
"""

from __future__ import annotations

import unicodedata
from typing import Any

from flask_babel import lazy_gettext as _l

from analysis.themes.redact import identifying_parts

# Names and house numbers are left out: a reply names the office's own people and places.
ASKED: dict[str, Any] = {
    "phone": _l("a telephone number"),
    "id_card": _l("an identity number"),
    "plate": _l("a number plate"),
    "bank_card": _l("a bank card number"),
    "account": _l("an account or card number"),
    "email": _l("a mail address"),
}


def personal_parts(text: str) -> tuple[tuple[str, str], ...]:
    """(kind, the words) of what looks like it belongs to one person, in order; kinds of ASKED.

    Numbers are found by the same rules as in residents' comments, and besides by the numbering
    plan, which knows landlines that those rules take for other numbers.
    """
    found = [(start, stop, kind) for start, stop, kind in identifying_parts(text) if kind in ASKED]
    # Only here: the web process needs its tables when somebody writes, not on every page.
    from phonenumbers import Leniency, PhoneNumberMatcher

    # One character for one: what is found stands at the same place in the text.
    narrow = "".join(_narrow(letter) for letter in text)
    for match in PhoneNumberMatcher(narrow, "CN", leniency=Leniency.VALID):
        if all(match.end <= start or match.start >= stop for start, stop, _kind in found):
            found.append((match.start, match.end, "phone"))
    return tuple((kind, text[start:stop]) for start, stop, kind in sorted(found))


def _narrow(letter: str) -> str:
    folded = unicodedata.normalize("NFKC", letter)
    return folded if len(folded) == 1 else letter
