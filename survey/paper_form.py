"""A paper form as it is typed: which key stands for which answer, and what two typings disagree on.

Pure: it reads a questionnaire, not the database. Follow-up questions are not typed: paper cannot
ask them only of some; what stands beside a question on paper is typed into the comment.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from flask_babel import lazy_gettext as _l

from analysis.themes.redact import redact
from survey.instrument import Instrument
from survey.questions import QUESTION_TYPES

# 0 and 9 are kept for "don't know" and "prefer not to say".
KEYS = "12345678abcdefghijklmnopqrstuvwxyz"
MISSING_KEYS = ("0", "9")


@dataclass(frozen=True)
class PaperOption:
    """An answer and the key that is typed for it. text is (zh, en)."""

    key: str
    code: str
    text: tuple[str, str]


@dataclass(frozen=True)
class PaperField:
    """One question of a form. kind: choice (one key) | many (several keys) | text."""

    code: str
    kind: str
    text: tuple[str, str]
    options: tuple[PaperOption, ...]
    max_length: int | None

    @property
    def is_coded(self) -> bool:
        """Whether the answer is a choice, so that two typings are equal or not."""
        return self.kind != "text"

    @property
    def codes_by_key(self) -> dict[str, str]:
        """{key: option code}, both keys of a missing answer included."""
        found = {option.key: option.code for option in self.options}
        if MISSING_KEYS[0] in found:
            found[MISSING_KEYS[1]] = found[MISSING_KEYS[0]]
        return found

    def typed(self, value: str) -> str:
        """The keys that were typed for a stored value; text as it is."""
        if self.kind == "text":
            return value
        keys = {option.code: option.key for option in self.options}
        return "".join(keys[code] for code in value.split() if code in keys)

    def meaning(self, value: str) -> tuple[str, str]:
        """A stored value in words, (zh, en)."""
        if self.kind == "text":
            return value, value
        texts = {option.code: option.text for option in self.options}
        chosen = [texts[code] for code in value.split() if code in texts]
        return "、".join(zh for zh, _en in chosen), ", ".join(en for _zh, en in chosen)


def paper_fields(instrument: Instrument) -> tuple[PaperField, ...]:
    """The fields of a form in the order of the questionnaire."""
    return tuple(
        _field(question, instrument.options(code))
        for code, question in instrument.questions.items()
        if "follows" not in question
    )


def _field(question: Mapping[str, Any], options: list[dict[str, Any]]) -> PaperField:
    kind = QUESTION_TYPES[question["type"]]
    name = "text"
    if kind.has_options:
        name = "many" if getattr(kind, "takes_many", False) else "choice"
    substantive = [option["code"] for option in options if not option.get("missing")]
    # On a scale of levels the code is the digit that stands on paper; else the place in the list.
    own_digits = set(substantive) <= set(KEYS[:8])
    found, free = [], iter(KEYS)
    for option in options:
        if option.get("missing"):
            key = MISSING_KEYS[0]
        else:
            key = option["code"] if own_digits else next(free)
        found.append(PaperOption(key, option["code"], (option["text"]["zh"], option["text"]["en"])))
    text = question["text"]
    return PaperField(
        question["code"], name, (text["zh"], text["en"]), tuple(found), question.get("max_length")
    )


def read_typed(
    fields: tuple[PaperField, ...], typed: Mapping[str, str]
) -> tuple[dict[str, str], dict[str, Any]]:
    """(answers, problems) of what was typed, {question: value} and {question: what is wrong}.

    A blank is no answer and no mistake: people leave questions out on paper. Words are redacted
    here, before anything is stored.
    """
    answers: dict[str, str] = {}
    problems: dict[str, Any] = {}
    for field in fields:
        given = typed.get(field.code, "").strip()
        if not given:
            continue
        if field.kind == "text":
            given = "".join(s for s in given if s == "\n" or unicodedata.category(s) != "Cc")
            if field.max_length and len(given) > field.max_length:
                problems[field.code] = _l(
                    "This text is too long: at most %(count)s characters.", count=field.max_length
                )
            else:
                answers[field.code] = redact(given).text
            continue
        # Keys of a Chinese input method may arrive in full width.
        keys = unicodedata.normalize("NFKC", given).lower().replace(" ", "")
        wrong = [key for key in keys if key not in field.codes_by_key]
        if wrong or (field.kind == "choice" and len(keys) > 1):
            problems[field.code] = _l(
                "“%(typed)s” is none of the keys %(keys)s.",
                typed=given[:12],
                keys=" ".join(field.codes_by_key),
            )
        else:
            codes = {field.codes_by_key[key] for key in keys}
            answers[field.code] = " ".join(o.code for o in field.options if o.code in codes)
    return answers, problems


def differences(
    fields: tuple[PaperField, ...], first: Mapping[str, str], second: Mapping[str, str]
) -> tuple[str, ...]:
    """Codes of the questions on which two typings of a form disagree.

    Words differ only when more than spaces, width and punctuation differ.
    """
    return tuple(
        field.code
        for field in fields
        if _compared(field, first.get(field.code, ""))
        != _compared(field, second.get(field.code, ""))
    )


def _compared(field: PaperField, value: str) -> str:
    if field.is_coded:
        return value
    text = unicodedata.normalize("NFKC", value).casefold()
    return "".join(sign for sign in text if unicodedata.category(sign)[0] not in "ZPC")
