"""Proposes whose task a theme is by the duty list (权责清单); people confirm it.

A duty names the words by which residents speak of it, the body that is responsible and whether
that body has the means. Nothing is proposed where no duty fits or two bodies fit alike.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from math import log

from analysis.themes.text import normalise

STREET, DEPARTMENT, UNDECIDED = "street", "department", "undecided"
# A duty of another indicator than the theme's counts for half: the model may have erred.
OTHER_INDICATOR = 0.5
# A term in the keywords alone counts for half when there is a label: a keyword may be a place.
NOT_IN_LABEL = 0.5
# The best duty's body must be ahead of every other body by this factor.
AHEAD = 1.5
_HAN = re.compile(r"[\u3400-\u9fff]")
# Where something is, not what it is about: 公交站后面, 幼儿园旁边, near the school.
_BESIDE = (
    r"[\u3400-\u9fff]{0,2}?(?:旁|后面|对面|门口|附近|边上|前面|那边|[东南西北]侧|[东南西北]边)"
)
_NEAR = r"\b(?:near|behind|beside|opposite|outside|at|by|from)(?: the)? (?:\w+ )?"


@dataclass(frozen=True, slots=True)
class Duty:
    """One entry of the list. ``body``: street or department; ``department``: its code or name.

    ``terms``: words and phrases, Chinese or English. ``has_means``: the body was given what it
    needs; a street's duty without means was handed down and lowers no score (method, section 6).
    """

    code: str
    indicator: str
    terms: tuple[str, ...]
    body: str
    department: str = ""
    has_means: bool = True


@dataclass(frozen=True, slots=True)
class RemitProposal:
    """``remit``: street, department or undecided. ``duty``: the best one, None when none fits.

    ``terms``: those of it that the theme's words hold. ``because``: ``duty``, ``no_duty``,
    ``several_bodies`` or ``without_means``. ``others``: codes of further duties that fit, the best
    first.
    """

    remit: str
    duty: Duty | None
    terms: tuple[str, ...]
    because: str
    others: tuple[str, ...] = ()


def propose_remit(
    keywords: Sequence[str], indicator: str | None, duties: Sequence[Duty], *, label: str = ""
) -> RemitProposal:
    """The remit of a theme from its keywords, its label and its indicator.

    A term counts when it stands in a keyword or in the label, but not when the label only tells
    where by it (幼儿园旁边); it weighs the more, the fewer duties name it (inverse document
    frequency), and the longer it is. A pure function of its arguments: equal duties are taken in
    the order of their codes.
    """
    words = [normalise(text).lower() for text in (*keywords, label) if text.strip()]
    said = normalise(label).lower()
    named = Counter(term for duty in duties for term in {_plain(term) for term in duty.terms})
    scored = []
    for duty in sorted(duties, key=lambda one: one.code):
        found = {
            _plain(term): term
            for term in duty.terms
            if _stands_in(_plain(term), words) and not _is_landmark(_plain(term), said)
        }
        if not found:
            continue
        weight = sum(
            _length(term) * (1 + log(len(duties) / named[term])) for term in _longest(tuple(found))
        )
        weight *= 1.0 if indicator is None or duty.indicator == indicator else OTHER_INDICATOR
        scored.append((weight, duty, tuple(found.values())))
    if not scored:
        return RemitProposal(UNDECIDED, None, (), "no_duty")
    scored.sort(key=lambda entry: -entry[0])
    best, duty, terms = scored[0]
    others = tuple(other.code for _weight, other, _terms in scored[1:])
    rival = max((w for w, other, _t in scored[1:] if _body(other) != _body(duty)), default=0.0)
    if best < AHEAD * rival:
        return RemitProposal(UNDECIDED, duty, terms, "several_bodies", others)
    if duty.body == STREET and not duty.has_means:
        return RemitProposal(UNDECIDED, duty, terms, "without_means", others)
    return RemitProposal(duty.body, duty, terms, "duty", others)


def _body(duty: Duty) -> tuple[str, str, bool]:
    return duty.body, duty.department, duty.has_means


@lru_cache(maxsize=4096)
def _plain(term: str) -> str:
    return normalise(term).lower()


def _length(term: str) -> float:
    """Characters of Chinese, words of other languages twice."""
    return float(len(_HAN.findall(term)) or 2 * len(term.split()))


def _longest(terms: tuple[str, ...]) -> list[str]:
    """Terms that are not part of another: 电动车充电 says 充电 as well, once is enough."""
    return [one for one in terms if not any(one != other and one in other for other in terms)]


def _is_landmark(term: str, label: str) -> bool:
    """Whether the label names the term, and only to say where."""
    if term not in label:
        return False
    where = re.escape(term) + _BESIDE if _HAN.search(term) else _NEAR + re.escape(term)
    return term not in re.sub(where, " ", label)


def _stands_in(term: str, words: Sequence[str]) -> bool:
    if not term:
        return False
    if _HAN.search(term):
        return any(term in word for word in words)
    # English by whole words, with a plural s.
    pattern = re.compile(rf"\b{re.escape(term)}s?\b")
    return any(pattern.search(word) for word in words)
