"""Text: free words, stored redacted as a comment and never as an answer."""

from __future__ import annotations

from typing import Any

from flask_babel import lazy_gettext as _l
from wtforms import TextAreaField
from wtforms.validators import Length

from survey.questions.base import Problem

LONGEST = 5000


class TextType:
    """Free text up to a length."""

    name = "text"
    has_options = False
    takes_many = False

    def options(self, question: dict[str, Any], document: dict[str, Any]) -> list[dict[str, Any]]:
        """None: text has no options."""
        return []

    def check(self, question: dict[str, Any], document: dict[str, Any]) -> list[Problem]:
        """A maximum length within what the product stores."""
        length = question.get("max_length")
        if not isinstance(length, int) or not 1 <= length <= LONGEST:
            return [Problem(question["code"], f"needs a max_length from 1 to {LONGEST}")]
        return []

    def field(self, question: dict[str, Any], document: dict[str, Any]) -> Any:
        """A text field with that length."""
        message = _l(
            "This text is too long: at most %(count)s characters.", count=question["max_length"]
        )
        return TextAreaField(validators=[Length(max=question["max_length"], message=message)])
