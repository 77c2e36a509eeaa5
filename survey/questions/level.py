"""Level: satisfaction on a scale that several questions share; options are scored 0 … 10000."""

from __future__ import annotations

from typing import Any

from survey.questions.base import Problem
from survey.questions.choice import ChoiceType


class LevelType(ChoiceType):
    """A choice whose options come from a named scale of the document."""

    name = "level"

    def options(self, question: dict[str, Any], document: dict[str, Any]) -> list[dict[str, Any]]:
        """The options of the scale."""
        return list(document.get("scales", {}).get(question.get("scale"), []))

    def check(self, question: dict[str, Any], document: dict[str, Any]) -> list[Problem]:
        """As a choice; besides, every option has a score or is a missing answer, never both."""
        problems = super().check(question, document)
        for option in self.options(question, document):
            score = option.get("score")
            if bool(option.get("missing")) == (score is not None):
                text = f"option {option.get('code')} needs either a score or missing: true"
                problems.append(Problem(question["code"], text))
            elif score is not None and not (isinstance(score, int) and 0 <= score <= 10_000):
                text = f"option {option.get('code')} has a score outside 0 … 10000"
                problems.append(Problem(question["code"], text))
        return problems
