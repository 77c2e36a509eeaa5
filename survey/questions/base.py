"""What a question type is: how its answer is validated and what it leaves in the database."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

from wtforms import Field, Form


@dataclass(frozen=True)
class Problem:
    """Something wrong with a question of a document: where and what."""

    field: str
    message: str


class QuestionType(Protocol):
    """One type: a name, a check of its document and a WTForms field that validates an answer.

    Rendering is a template partial of the same name (templates/resident/questions/<name>.html):
    WTForms validates, it does not render, which would cost ten times as much.
    """

    name: str
    #: True when the answer is one of the question's options and is stored as such.
    has_options: bool
    #: True when several options may be ticked: the answer is their codes with spaces between.
    takes_many: bool

    def check(self, question: dict[str, Any], document: dict[str, Any]) -> list[Problem]:
        """What is wrong with this question as written in a questionnaire document."""

    def options(self, question: dict[str, Any], document: dict[str, Any]) -> list[dict[str, Any]]:
        """The options that can be chosen, each {code, text, score?, missing?}; [] for text."""

    def field(self, question: dict[str, Any], document: dict[str, Any]) -> Field | Any:
        """The (unbound) WTForms field that validates one raw answer."""


__all__ = ["Form", "Problem", "QuestionType"]
