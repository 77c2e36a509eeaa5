"""Tags: any number of a list of short options, stored as one row each."""

from __future__ import annotations

from typing import Any

from flask_babel import lazy_gettext as _l
from wtforms import Field, Form, StringField
from wtforms.validators import StopValidation

from survey.questions.choice import ChoiceType


class TagsType(ChoiceType):
    """Options of which several may be ticked; the answer is their codes with spaces between."""

    name = "tags"
    takes_many = True

    def field(self, question: dict[str, Any], document: dict[str, Any]) -> Any:
        """A string field that accepts option codes with spaces between."""
        codes = frozenset(option["code"] for option in self.options(question, document))

        def each_of_options(_form: Form, field: Field) -> None:
            if not codes.issuperset((field.data or "").split()):
                raise StopValidation(
                    _l("This answer is not one of the choices. Please choose again.")
                )

        return StringField(validators=[each_of_options])
