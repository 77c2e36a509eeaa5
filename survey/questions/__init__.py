"""Question types: one file each, and the registry that checks itself when it is imported."""

from __future__ import annotations

from survey.questions.base import Problem, QuestionType
from survey.questions.choice import ChoiceType
from survey.questions.level import LevelType
from survey.questions.tags import TagsType
from survey.questions.text import TextType

_TYPES: tuple[QuestionType, ...] = (
    LevelType(),
    ChoiceType(),
    TagsType(),
    TextType(),
)
QUESTION_TYPES: dict[str, QuestionType] = {kind.name: kind for kind in _TYPES}

if len(QUESTION_TYPES) != len(_TYPES):
    raise RuntimeError("two question types have the same name")

__all__ = ["QUESTION_TYPES", "Problem", "QuestionType"]
