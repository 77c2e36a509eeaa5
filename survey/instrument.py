"""A questionnaire document made ready for use: its questions in order, its form, its scoring.

Pure: it reads a document, not the database; services and routes share it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from itertools import product
from typing import Any

from wtforms import Form

from survey.questions import QUESTION_TYPES, Problem

UNKNOWN = "unknown"
# Fields of the page that are no questions: a question cannot have one of these codes.
CALL_BACK_FIELDS = frozenset({"call_back", "phone", "share"})
RESERVED = CALL_BACK_FIELDS | {"lang", "submission_key"}
# Forms kept by which optional fields they have; beyond that somebody is trying them out.
MOST_FORMS = 256


@dataclass(frozen=True)
class Instrument:
    """One questionnaire document."""

    document: dict[str, Any]

    @cached_property
    def questions(self) -> dict[str, dict[str, Any]]:
        """{code: question}, in the order of the document."""
        return {question["code"]: question for question in self.document["questions"]}

    def form_for(self, given: Iterable[str]) -> type[Form]:
        """The WTForms class that checks a submission with these questions answered.

        One field for every question that is required or given: most residents leave the
        follow-ups out, and a field costs as much to make as to check.
        """
        required = {code for code, question in self.questions.items() if question.get("required")}
        wanted = frozenset(required.union(given))
        kept = self._forms.get(wanted)
        if kept is None:
            if len(self._forms) >= MOST_FORMS:
                self._forms.clear()
            fields = {
                code: QUESTION_TYPES[question["type"]].field(question, self.document)
                for code, question in self.questions.items()
                if code in wanted
            }
            kept = self._forms[wanted] = type("AnswerForm", (Form,), fields)
        return kept

    @cached_property
    def _forms(self) -> dict[frozenset[str], type[Form]]:
        return {}

    @property
    def call_back(self) -> dict[str, Any] | None:
        """The words that offer a call back, {title, consent, help, phone, share}; None without."""
        return self.document.get("call_back")

    def options(self, code: str) -> list[dict[str, Any]]:
        """The options of a question."""
        question = self.questions[code]
        return QUESTION_TYPES[question["type"]].options(question, self.document)

    @cached_property
    def choice_codes(self) -> tuple[str, ...]:
        """Codes of the questions whose answer is one option."""
        return tuple(
            code
            for code, question in self.questions.items()
            if QUESTION_TYPES[question["type"]].has_options and code not in self.tag_codes
        )

    @cached_property
    def tag_codes(self) -> tuple[str, ...]:
        """Codes of the questions of which several options may be ticked."""
        return tuple(c for c, q in self.questions.items() if QUESTION_TYPES[q["type"]].takes_many)

    @cached_property
    def text_codes(self) -> tuple[str, ...]:
        """Codes of the questions answered in words."""
        return tuple(
            c for c, q in self.questions.items() if not QUESTION_TYPES[q["type"]].has_options
        )

    @cached_property
    def follow_ups(self) -> dict[str, tuple[str, ...]]:
        """{question: codes of the questions that follow from its answer}."""
        found: dict[str, tuple[str, ...]] = {}
        for code, question in self.questions.items():
            if "follows" in question:
                leader = question["follows"]["question"]
                found[leader] = (*found.get(leader, ()), code)
        return found

    def indicator_of(self, code: str) -> str | None:
        """The indicator that a question, or the question it follows from, is an item of."""
        asked = self.questions[code].get("follows", {}).get("question", code)
        for indicator, items in self.indicator_items.items():
            if asked in items:
                return indicator
        return None

    @cached_property
    def margin_questions(self) -> dict[str, str]:
        """{margin variable: code of the question that asks for it}."""
        return {q["margin"]: code for code, q in self.questions.items() if q.get("margin")}

    def categories(self, variable: str) -> list[str]:
        """The categories of a margin variable, 'unknown' last."""
        codes = [option["code"] for option in self.options(self.margin_questions[variable])]
        return [code for code in codes if code != UNKNOWN] + [UNKNOWN]

    def strata(self) -> list[dict[str, str]]:
        """Every combination of the margin variables' categories."""
        variables = sorted(self.margin_questions)
        combinations = product(*(self.categories(variable) for variable in variables))
        return [dict(zip(variables, values, strict=True)) for values in combinations]

    def stratum(self, answers: Mapping[str, str]) -> dict[str, str]:
        """The stratum of a respondent; a question without an answer is 'unknown'."""
        return {v: answers.get(code) or UNKNOWN for v, code in self.margin_questions.items()}

    @cached_property
    def indicator_items(self) -> dict[str, dict[str, int]]:
        """{indicator: {question: weight}}."""
        return {
            indicator["code"]: {item["question"]: item["weight"] for item in indicator["items"]}
            for indicator in self.document["indicators"]
        }

    @cached_property
    def option_scores(self) -> dict[str, dict[str, int | None]]:
        """{question: {option: score, or None for 不了解}} of the scored questions."""
        return {
            code: {option["code"]: option.get("score") for option in self.options(code)}
            for code in {q for items in self.indicator_items.values() for q in items}
        }


def stratum_key(categories: Mapping[str, str]) -> str:
    """'age_band=60+|sex=F': the stable name of a stratum."""
    return "|".join(f"{variable}={categories[variable]}" for variable in sorted(categories))


def check_document(document: Any) -> list[Problem]:
    """Everything that is wrong with a questionnaire document; [] when it can be used."""
    if not isinstance(document, dict):
        return [Problem("document", "must be a JSON object")]
    problems = [
        Problem(name, "is missing")
        for name in ("code", "version", "title", "questions", "groups", "indicators")
        if not document.get(name)
    ]
    if problems:
        return problems
    seen: set[str] = set()
    for question in document["questions"]:
        code = question.get("code", "")
        if not code or not code.replace("_", "").isalnum() or code in seen | RESERVED:
            problems.append(Problem(code or "question", "needs a code of its own (a-z, 0-9, _)"))
            continue
        seen.add(code)
        if not all(question.get("text", {}).get(lang) for lang in ("zh", "en")):
            problems.append(Problem(code, "lacks a zh or en text"))
        kind = QUESTION_TYPES.get(question.get("type", ""))
        if kind is None:
            known = ", ".join(QUESTION_TYPES)
            problems.append(Problem(code, f"has an unknown type; known: {known}"))
        else:
            problems.extend(kind.check(question, document))
    problems += _check_follow_ups(document) + _check_call_back(document)
    return problems + _check_references(document, seen)


def _check_follow_ups(document: dict[str, Any]) -> list[Problem]:
    """A follow-up is optional and follows from options of a question before it in its group."""
    problems = []
    before: dict[str, dict[str, Any]] = {}
    for question in document["questions"]:
        code, follows = question.get("code", ""), question.get("follows")
        if follows is None:
            before[code] = question
            continue
        leader = before.get(follows.get("question"))
        if leader is None or leader.get("type") not in QUESTION_TYPES:
            problems.append(Problem(code, "follows from no question before it"))
            continue
        known = QUESTION_TYPES[leader["type"]].options(leader, document)
        if not follows.get("options") or not {option["code"] for option in known}.issuperset(
            follows["options"]
        ):
            problems.append(Problem(code, f"follows from no options of {leader['code']}"))
        if question.get("required"):
            problems.append(Problem(code, "is a follow-up and cannot be required"))
        if not any(
            {code, leader["code"]} <= set(g.get("questions", [])) for g in document["groups"]
        ):
            problems.append(Problem(code, f"stands in another group than {leader['code']}"))
    return problems


def _check_call_back(document: dict[str, Any]) -> list[Problem]:
    words = document.get("call_back")
    if words is None:
        return []
    return [
        Problem("call_back", f"lacks {name} in zh or en")
        for name in ("title", "consent", "help", "phone", "share")
        if not all(words.get(name, {}).get(lang) for lang in ("zh", "en"))
    ]


def _check_references(document: dict[str, Any], codes: set[str]) -> list[Problem]:
    grouped = [code for group in document["groups"] for code in group.get("questions", [])]
    problems = [
        Problem(code, "is in no group or in two") for code in codes if grouped.count(code) != 1
    ]
    problems += [Problem(code, "is in a group but not a question") for code in set(grouped) - codes]
    for indicator in document["indicators"]:
        for item in indicator.get("items", []):
            if item.get("question") not in codes:
                text = f"item {item.get('question')} is not a question"
                problems.append(Problem(indicator.get("code", "indicator"), text))
            elif not isinstance(item.get("weight"), int) or item["weight"] < 1:
                text = f"item {item['question']} needs a whole weight of at least 1"
                problems.append(Problem(indicator.get("code", "indicator"), text))
        if not indicator.get("items"):
            problems.append(Problem(indicator.get("code", "indicator"), "has no items"))
    return problems
