"""Choice: one of a list of options, stored as the option; also what the margins are made of."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask_babel import lazy_gettext as _l
from wtforms import Field, Form, StringField
from wtforms.validators import StopValidation

from survey.questions.base import Problem


def one_of_options(codes: frozenset[str], *, required: bool) -> Callable[[Form, Field], None]:
    """A validator: the raw value is one of `codes`, or empty where that is allowed."""

    def validate(_form: Form, field: Field) -> None:
        if not field.data:
            if required:
                raise StopValidation(_l("Please choose an answer, or “Don't know”."))
        elif field.data not in codes:
            raise StopValidation(_l("This answer is not one of the choices. Please choose again."))

    return validate


class ChoiceType:
    """A list of options of its own."""

    name = "choice"
    has_options = True
    takes_many = False

    def options(self, question: dict[str, Any], document: dict[str, Any]) -> list[dict[str, Any]]:
        """The question's own options."""
        return list(question.get("options", []))

    def check(self, question: dict[str, Any], document: dict[str, Any]) -> list[Problem]:
        """At least two options with different codes and texts in both languages."""
        code = question["code"]
        options = self.options(question, document)
        problems = []
        if len(options) < 2:
            problems.append(Problem(code, "needs at least two options"))
        codes = [option.get("code") for option in options]
        if len(set(codes)) != len(codes):
            problems.append(Problem(code, "has two options with the same code"))
        for option in options:
            if not all(option.get("text", {}).get(lang) for lang in ("zh", "en")):
                problems.append(Problem(code, f"option {option.get('code')} lacks a zh or en text"))
        return problems

    def field(self, question: dict[str, Any], document: dict[str, Any]) -> Any:
        """A string field that accepts the option codes."""
        codes = frozenset(option["code"] for option in self.options(question, document))
        required = bool(question.get("required"))
        return StringField(validators=[one_of_options(codes, required=required)])
