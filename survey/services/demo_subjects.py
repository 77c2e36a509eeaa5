"""What the invented comments of the demo are about, and themes decided as an evaluator would.

A comment is made from one of the sentences in survey/demo/comments.json, so that its subject is
known. Themes that share one are merged, named, judged on a sample and confirmed.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Mapping
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any

from sqlalchemy import select

from survey.models import Comment, Mention, Theme, Wave, db
from survey.queries.theme_sample import theme_sample
from survey.queries.themes import wave_themes
from survey.services.theme_review import decide

FOLDER = Path(__file__).parent.parent / "demo"
ACTOR = "evaluator"
# What a sentence leaves open; between two of these stand words that only it has.
GAP = re.compile(r"\{[a-z_]+\}")
# A theme is about a subject when this part of its comments is.
CLEAR = 0.6
# What is praised or said in passing is left for people to sort out.
FEWEST_MENTIONS = 8


@cache
def demo_words() -> dict[str, Any]:
    """survey/demo/cases.json: what offices of the demo write, by subject."""
    found: dict[str, Any] = json.loads((FOLDER / "cases.json").read_text(encoding="utf-8"))
    return found


@cache
def _sentences() -> tuple[tuple[str, str], ...]:
    """(the longest part of a sentence without gaps, its subject)."""
    said = json.loads((FOLDER / "comments.json").read_text(encoding="utf-8"))
    texts = [(text, theme["code"]) for theme in said["themes"] for text in theme["zh"]]
    texts += [(text, part["theme"]) for part in said["english"] for text in part["texts"]]
    return tuple((max(GAP.split(text), key=len), code) for text, code in texts)


def subject_of(body: str) -> str | None:
    """The code of what an invented comment is about; None: of no sentence that is known."""
    return next((code for part, code in _sentences() if part in body), None)


def decide_themes(wave_code: str, *, now: datetime) -> dict[str, int]:
    """Merge, name and confirm the themes of a wave by subject; {subject: the theme that speaks}.

    Small and mixed ones stay proposed: somebody who looks at the demo finds work to do.
    """
    themes = {one.id: one for one in wave_themes(wave_code)}
    by_subject: dict[str, list[int]] = {}
    for theme_id, subject in _subjects(wave_code).items():
        if theme_id in themes and subject in demo_words()["subjects"]:
            by_subject.setdefault(subject, []).append(theme_id)
    made = {}
    for subject, members in sorted(by_subject.items()):
        ranked = sorted(members, key=lambda one: (-themes[one].mentions, one))
        ranked = [one for one in ranked if themes[one].mentions >= FEWEST_MENTIONS]
        if not ranked or themes[ranked[0]].indicator is None:
            continue
        made[subject] = ranked[0]
        for other in ranked[1:]:
            _decide(wave_code, other, "merge", {}, now=now, other_id=ranked[0])
        _name(wave_code, ranked[0], subject, now=now)
        _judge_sample(wave_code, ranked[0], now=now)
    return made


def is_common(subject: str) -> bool:
    """Whether the sentences about it are said in every street."""
    said = json.loads((FOLDER / "comments.json").read_text(encoding="utf-8"))
    return any(one["code"] == subject and one["streets"] is None for one in said["themes"])


def _name(wave_code: str, theme_id: int, subject: str, *, now: datetime) -> None:
    words = demo_words()["subjects"][subject]
    zh, en = words["name"]
    _decide(wave_code, theme_id, "rename", {"name_zh": zh, "name_en": en}, now=now)
    _decide(wave_code, theme_id, "status", {"value": "confirmed"}, now=now)
    scope = "common" if is_common(subject) else "own"
    _decide(wave_code, theme_id, "scope", {"value": scope}, now=now)
    # A street answers for its own; what all have in common is the department's, where there is one.
    if scope == "common" and words["department"]:
        _decide(wave_code, theme_id, "department", {"value": words["department"]}, now=now)
    else:
        _decide(wave_code, theme_id, "remit", {"value": "street"}, now=now)


def _judge_sample(wave_code: str, theme_id: int, *, now: datetime) -> None:
    """Judge as many comments of a theme as the policy asks for; the invented ones are all right."""
    while True:
        sample = theme_sample(wave_code, theme_id)
        if sample.shown is None or sample.is_complete:
            return
        given = {"value": "yes", "basis": "sample"}
        _decide(wave_code, theme_id, "judge", given, now=now, comment_id=sample.shown.id)


def _decide(
    wave_code: str,
    theme_id: int,
    action: str,
    given: Mapping[str, str],
    *,
    now: datetime,
    comment_id: int | None = None,
    other_id: int | None = None,
) -> None:
    decide(
        wave_code,
        theme_id,
        action=action,
        given=given,
        actor=ACTOR,
        now=now,
        comment_id=comment_id,
        other_id=other_id,
    )


def _subjects(wave_code: str) -> dict[int, str]:
    """{theme: what most of its comments in the wave are about}, where that is clear."""
    rows = db.session.execute(
        select(Theme.id, Comment.body)
        .join(Mention, Mention.theme_id == Theme.id)
        .join(Comment, Mention.comment_id == Comment.id)
        .join(Wave, Comment.wave_id == Wave.id)
        .where(Wave.code == wave_code)
    ).all()
    db.session.rollback()
    said: dict[int, Counter[str]] = {}
    for theme_id, body in rows:
        said.setdefault(theme_id, Counter())[subject_of(body) or ""] += 1
    clear = {}
    for theme_id, counts in said.items():
        subject, most = counts.most_common(1)[0]
        if subject and most >= CLEAR * counts.total():
            clear[theme_id] = subject
    return clear
