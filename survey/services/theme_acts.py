"""What people can do to a theme or a comment: one function an act, and the list of them.

An act writes through `Changes`, so that it can be undone; it commits nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask_babel import lazy_gettext as _l
from sqlalchemy import select

from survey.errors import Refused
from survey.models import (
    Comment,
    Department,
    Indicator,
    Mention,
    Theme,
    ThemePeriod,
)
from survey.services.theme_changes import Changes, stored

LONGEST_NAME = 120
# What may be chosen for the columns that take one word.
CHOICES: dict[str, tuple[str, ...]] = {
    "status": ("proposed", "confirmed", "dismissed"),
    "remit": ("undecided", "street", "department"),
    "scope": ("own", "common"),
}
DRAWN = ("sample", "border")


@dataclass(frozen=True)
class Act:
    """One act as it was asked for, with the rows it is about. theme: never a merged one."""

    session: Any
    changes: Changes
    #: What the form said, e.g. {"value": "confirmed"} or {"name_zh": …, "name_en": …}.
    given: Mapping[str, str]
    now: datetime
    theme: Theme
    comment: Comment | None = None
    other: Theme | None = None

    @property
    def value(self) -> str:
        """The one word that most acts take."""
        return self.given.get("value", "")

    def set_theme(self, theme: Theme | None = None, **values: Any) -> None:
        """Change columns of the theme (or of another one)."""
        self.changes.set("theme", {"id": (theme or self.theme).id}, **values)

    def the_comment(self) -> Comment:
        """The comment it is about. Raises Refused (404)."""
        if self.comment is None:
            raise unknown_comment()
        return self.comment


def unknown_comment() -> Refused:
    """Why a comment cannot be found, worded once."""
    return Refused("unknown_comment", _l("There is no such comment in this wave."), status=404)


def not_possible(message: Any) -> Refused:
    """An act that makes no sense, and what to do instead."""
    return Refused("unknown_decision", message, status=422)


def choose_status(act: Act) -> None:
    """Confirm, dismiss or propose again. Confirming tells the streets: their notice starts now."""
    _require(act.value in CHOICES["status"])
    act.set_theme(status=act.value)
    if act.value != "confirmed":
        return
    untold = select(ThemePeriod.street_id, ThemePeriod.wave_id).where(
        ThemePeriod.theme_id == act.theme.id, ThemePeriod.notified_at.is_(None)
    )
    for street_id, wave_id in act.session.execute(untold).all():
        key = {"theme_id": act.theme.id, "street_id": street_id, "wave_id": wave_id}
        act.changes.set("theme_period", key, notified_at=act.now)


def rename(act: Act) -> None:
    """Give it a name in both languages."""
    zh, en = (" ".join(act.given.get(name, "").split()) for name in ("name_zh", "name_en"))
    if not zh or not en:
        raise not_possible(_l("Give the name in both languages, Chinese and English."))
    if max(len(zh), len(en)) > LONGEST_NAME:
        raise not_possible(
            _l("A name has at most %(most)s characters; shorten it.", most=LONGEST_NAME)
        )
    act.set_theme(name_zh=zh, name_en=en)


def merge(act: Act) -> None:
    """Let another theme speak for this one: its comments count there from now on."""
    theme, into = act.theme, act.other
    if into is None or into.id == theme.id or into.status == "dismissed":
        raise not_possible(_l("Choose another theme that is neither dismissed nor merged."))
    merged_before = select(Theme.id).where(Theme.merged_into_id == theme.id)
    for earlier in act.session.scalars(merged_before).all():
        act.changes.set("theme", {"id": earlier}, merged_into_id=into.id)
    act.set_theme(status="merged", merged_into_id=into.id)
    _hand_on_notices(act, into)
    act.changes.set(
        "theme_lineage",
        {"kind": "merged", "from_theme_id": theme.id, "to_theme_id": into.id},
        by="person",
        is_applied=True,
        at=act.now,
    )


def _hand_on_notices(act: Act, into: Theme) -> None:
    """Streets that were told of the one were told of the other, since the earlier of the days."""
    told = select(ThemePeriod).where(
        ThemePeriod.theme_id == act.theme.id, ThemePeriod.notified_at.is_not(None)
    )
    for period in act.session.scalars(told).all():
        key = {"theme_id": into.id, "street_id": period.street_id, "wave_id": period.wave_id}
        its = stored(act.session, "theme_period", key, ("notified_at",))
        if its is None:
            # Counted in a moment; made here so that the notice has a row to stand in.
            act.session.add(ThemePeriod(**key, mentions=0, mentions_loaded=0, mentions_random=0))
            act.session.flush()
        if its is None or its["notified_at"] is None or its["notified_at"] > period.notified_at:
            act.changes.set("theme_period", key, notified_at=period.notified_at)


def move(act: Act) -> None:
    """Take a comment out of the theme, or over to another one."""
    comment = act.the_comment()
    if act.other is not None and act.other.id == act.theme.id:
        raise not_possible(_l("The comment is in this theme already."))
    _leave(act, comment, act.theme)
    _say(act, comment.id, act.theme.id, is_about=False, basis="person")
    if act.other is not None:
        _join(act, comment, act.other)
        _say(act, comment.id, act.other.id, is_about=True, basis="person")


def judge(act: Act) -> None:
    """Say whether a comment that was drawn is about the theme; copies count, or not, with it."""
    comment, basis = act.the_comment(), act.given.get("basis", "")
    _require(act.value in ("yes", "no") and basis in DRAWN)
    is_about = act.value == "yes"
    if is_about:
        _join(act, comment, act.theme)
    else:
        _leave(act, comment, act.theme)
    _say(act, comment.id, act.theme.id, is_about=is_about, basis=basis)


def choose_indicator(act: Act) -> None:
    """Say which indicator the theme belongs to; an empty value: none of the five."""
    act.set_theme(indicator_id=_indicator_id(act))


def choose_comment_indicator(act: Act) -> None:
    """Say which indicator a comment is about; the model learns from it."""
    key = {"id": act.the_comment().id}
    act.changes.set("comment", key, indicator_id=_indicator_id(act), indicator_is_decided=True)


def choose_remit(act: Act) -> None:
    """Say whose task it is: the street's, a department's, or undecided."""
    _require(act.value in CHOICES["remit"])
    # Who is no longer in charge is no longer named.
    named = {} if act.value == "department" else {"department_id": None}
    act.set_theme(remit=act.value, **named)


def choose_scope(act: Act) -> None:
    """Say whether it is common to the streets (共性问题) or a street's own (个性问题)."""
    _require(act.value in CHOICES["scope"])
    act.set_theme(scope=act.value)


def choose_department(act: Act) -> None:
    """Give it to a department of the district, by its code; its task it is then."""
    department = act.session.scalar(
        select(Department).where(
            Department.district_id == act.theme.district_id,
            Department.code == act.value,
            Department.is_active,
        )
    )
    if department is None:
        raise not_possible(_l("There is no such department; choose one of the list."))
    act.set_theme(department_id=department.id, remit="department")


@dataclass(frozen=True)
class Kind:
    """An act: how it is done, which columns of the theme it decides, and what it changes counts of.

    counts: "" nothing, "wave" the comment's wave, "waves" every wave of the themes.
    """

    do: Callable[[Act], None]
    decides: tuple[str, ...] = ()
    counts: str = ""
    #: It is about a comment, and who decides on another one of the theme is not in the way.
    of_comment: bool = False


ACTS: dict[str, Kind] = {
    "status": Kind(choose_status, ("status",)),
    "rename": Kind(rename, ("name",)),
    "merge": Kind(merge, ("status",), counts="waves"),
    "move": Kind(move, counts="wave", of_comment=True),
    "indicator": Kind(choose_indicator, ("indicator",)),
    "comment_indicator": Kind(choose_comment_indicator, counts="wave", of_comment=True),
    "remit": Kind(choose_remit, ("remit",)),
    "scope": Kind(choose_scope, ("scope",)),
    "department": Kind(choose_department, ("remit", "department")),
    "judge": Kind(judge, counts="wave", of_comment=True),
}


def _require(is_known: bool) -> None:
    if not is_known:
        raise not_possible(_l("This cannot be decided about a theme."))


def _indicator_id(act: Act) -> int | None:
    if not act.value:
        return None
    found: int | None = act.session.scalar(select(Indicator.id).where(Indicator.code == act.value))
    if found is None:
        raise not_possible(_l("There is no such indicator; choose one of the list."))
    return found


def family(session: Any, theme_id: int) -> list[int]:
    """The theme and those that were merged into it."""
    return [theme_id, *session.scalars(select(Theme.id).where(Theme.merged_into_id == theme_id))]


def _leave(act: Act, comment: Comment, theme: Theme) -> None:
    """Delete the comment's mentions of the theme, also of what was merged into it."""
    mentioned = select(Mention.theme_id).where(
        Mention.comment_id == comment.id, Mention.theme_id.in_(family(act.session, theme.id))
    )
    for theme_id in act.session.scalars(mentioned).all():
        act.changes.remove("mention", {"comment_id": comment.id, "theme_id": theme_id})


def _join(act: Act, comment: Comment, theme: Theme) -> None:
    """Put the comment into the theme by hand, unless it is there."""
    members = family(act.session, theme.id)
    is_there = select(Mention.theme_id).where(
        Mention.comment_id == comment.id, Mention.theme_id.in_(members)
    )
    if act.session.scalar(is_there.limit(1)) is None:
        key = {"comment_id": comment.id, "theme_id": theme.id}
        act.changes.set("mention", key, model_id=None, closeness=0.0, decided_by="person")


def _say(act: Act, comment_id: int, theme_id: int, *, is_about: bool, basis: str) -> None:
    """Keep the word of a person; a comment that was drawn stays one that was drawn."""
    key = {"comment_id": comment_id, "theme_id": theme_id}
    was = stored(act.session, "theme_judgement", key, ("basis",))
    if was is not None and was["basis"] in DRAWN and basis not in DRAWN:
        basis = was["basis"]
    act.changes.set("theme_judgement", key, is_about=is_about, basis=basis)
