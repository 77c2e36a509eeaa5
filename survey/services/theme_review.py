"""Decide about themes and comments, and take a decision back: each act kept with who and when.

What an act changes is in theme_acts; here it is checked, stored with its trail, and counted.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any

from flask_babel import lazy_gettext as _l
from sqlalchemy import delete, func, select, update

from survey.database import transaction
from survey.errors import Refused
from survey.models import (
    Comment,
    Mention,
    Theme,
    ThemeDecision,
    ThemeJudgement,
)
from survey.queries.theme_sample import drawn_comments
from survey.queries.waves import WaveView, wave_view
from survey.services import audit
from survey.services.theme_acts import ACTS, DRAWN, Act, Kind, not_possible, unknown_comment
from survey.services.theme_changes import Changes, put_back, stands
from survey.services.theme_counts import choose_indicators, recount, recount_in_waves
from survey.services.theme_meanwhile import hold_comments, hold_themes

LONGEST_REASON = 400
# Acts whose undoing needs the comment to be there still.
OF_COMMENTS = tuple(name for name, kind in ACTS.items() if kind.of_comment)


def decide(
    wave_code: str,
    theme_id: int | None,
    *,
    action: str,
    given: Mapping[str, str],
    actor: str,
    now: datetime,
    comment_id: int | None = None,
    other_id: int | None = None,
    version: int | None = None,
    reason: str = "",
) -> int | None:
    """Do one act of ACTS in a wave; the id of the decision, None when nothing changed by it.

    theme_id: a theme of the wave's district; None only for an act on a comment alone. given: what
    the act takes, see theme_acts. other_id: the theme to merge into or move to. version: of the
    theme as the actor saw it (of a comment: see `given["seen"]`); None: not checked.
    One transaction with its audit event.
    Raises Refused: 404 no such theme or comment in this wave; 409 decided by another meanwhile;
    409 also a judgement about a comment that was not drawn; 422 an act that makes no sense.
    """
    kind = ACTS.get(action)
    if kind is None or (theme_id is None and action != "comment_indicator"):
        raise not_possible(_l("This cannot be decided about a theme."))
    with transaction() as session:
        wave = wave_view(wave_code)
        # The comment first, as everybody does who needs both (theme_meanwhile.hold_comments).
        comment = _comment(session, wave, comment_id)
        hold_themes(session, {theme_id, other_id, *_mentioned(session, comment_id)})
        themes = _locked(session, wave, {theme_id, other_id} - {None})
        theme, other = themes.get(theme_id or 0), themes.get(other_id or 0)
        if kind.of_comment:
            _require_unseen(session, given, comment)
        else:
            _require_version(session, theme, version)
        if action == "judge":
            _require_drawn(session, wave, theme, comment, basis=given.get("basis", ""))
        changes = Changes(session)
        # An act on a comment alone never asks for the theme.
        act = Act(session, changes, given, now, theme, comment, other)  # type: ignore[arg-type]
        kind.do(act)
        decided = _newly_decided(kind, theme)
        if not changes.before and not decided:
            return None
        made = ThemeDecision(
            district_id=wave.district_id,
            theme_id=theme_id,
            other_theme_id=other_id,
            comment_id=comment_id,
            action=action,
            actor=actor[:60],
            at=now,
            before={"rows": changes.before},
            after={"rows": changes.after, "decided": decided},
            reason=reason.strip()[:LONGEST_REASON],
        )
        _finish(session, made, themes, wave=wave, decided=decided)
        return made.id


def undo(wave_code: str, decision_id: int, *, actor: str, now: datetime) -> None:
    """Put back what a decision changed. One transaction with its audit event.

    Raises Refused: 404 no such decision in the wave's district; 409 undone before, or what it
    changed was changed again since (undo the later decision first).
    """
    with transaction() as session:
        wave = wave_view(wave_code)
        told = select(ThemeDecision.comment_id).where(ThemeDecision.id == decision_id)
        comment_id = session.scalar(told)
        hold_comments(session, {comment_id})
        found = _decision(session, wave, decision_id)
        involved = {found.theme_id, found.other_theme_id, *_mentioned(session, comment_id)}
        hold_themes(session, involved)
        themes = _locked(
            session, wave, {found.theme_id, found.other_theme_id} - {None}, merged=True
        )
        _require_undoable(session, found)
        put_back(session, found.before["rows"])
        made = ThemeDecision(
            district_id=wave.district_id,
            theme_id=found.theme_id,
            other_theme_id=found.other_theme_id,
            comment_id=found.comment_id,
            action="undo",
            actor=actor[:60],
            at=now,
            before={"decision": found.id},
            after={"rows": []},
        )
        theme = themes.get(found.theme_id or 0)
        if theme is not None:
            kept = set(theme.decided) - set(found.after["decided"])
            theme.decided = sorted(kept)
        _finish(session, made, themes, wave=wave, of=found)
        found.undone_by_id = made.id


def _decision(session: Any, wave: WaveView, decision_id: int) -> ThemeDecision:
    """A decision of the wave's district, locked. Raises Refused (404)."""
    found: ThemeDecision | None = session.scalars(
        select(ThemeDecision)
        .where(ThemeDecision.id == decision_id, ThemeDecision.district_id == wave.district_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).first()
    if found is None or found.action == "undo":
        raise Refused("unknown_decision", _l("There is no such decision."), status=404)
    return found


def _require_undoable(session: Any, found: ThemeDecision) -> None:
    """Raise Refused (409) when it was undone before, or something later rests on it."""
    if found.undone_by_id is not None:
        raise Refused("undone_before", _l("This decision was undone already."), status=409)
    if found.action in OF_COMMENTS and found.comment_id is None:
        raise Refused(
            "comment_gone",
            _l("The resident took this comment back; there is nothing to undo."),
            status=409,
        )
    if not stands(session, found.after["rows"]) or _was_decided_again(session, found):
        raise Refused(
            "changed_since",
            _l("What this decision changed was changed again later. Undo the later one first."),
            status=409,
        )


def _was_decided_again(session: Any, found: ThemeDecision) -> bool:
    """Whether a later decision that holds is about a column that this one said first.

    Who agreed with the model changed no row; undone under a later word, that word would count as
    the model's, and the next run would overwrite it.
    """
    said = set(found.after["decided"])
    kinds = [name for name, kind in ACTS.items() if said & set(kind.decides)]
    later = select(ThemeDecision.id).where(
        ThemeDecision.theme_id == found.theme_id,
        ThemeDecision.id > found.id,
        ThemeDecision.action.in_(kinds),
        ThemeDecision.undone_by_id.is_(None),
    )
    return bool(said) and session.scalar(later.limit(1)) is not None


def _finish(
    session: Any,
    made: ThemeDecision,
    themes: Mapping[int, Theme],
    *,
    wave: WaveView,
    decided: Collection[str] = (),
    of: ThemeDecision | None = None,
) -> None:
    """Store the decision with its audit event, turn the versions on, count anew."""
    session.add(made)
    session.flush()
    action = (of or made).action
    for theme in themes.values():
        session.refresh(theme)
        theme.version += 1
        if theme.id == made.theme_id and decided:
            theme.decided = sorted({*theme.decided, *decided})
    session.flush()
    _count(session, ACTS[action], wave, themes, comment_id=made.comment_id)
    if action in ("status", "indicator"):
        choose_indicators(session, wave, list(themes.values()))
    about = f"theme {made.theme_id}" if made.theme_id else f"comment {made.comment_id}"
    detail: dict[str, Any] = {"decision": made.id}
    if of is not None:
        detail["undoes"] = of.id
    elif made.comment_id is None:
        detail["after"] = _in_words(made)
    audit.record(
        session,
        actor=made.actor,
        action=f"theme_{made.action}",
        subject=about,
        detail=detail,
        at=made.at,
    )


def _in_words(made: ThemeDecision) -> Any:
    """The columns of the theme as they became."""
    rows = [row["values"] for row in made.after["rows"] if row["table"] == "theme"]
    return rows[-1] if rows else {}


def _count(
    session: Any,
    kind: Kind,
    wave: WaveView,
    themes: Mapping[int, Theme],
    *,
    comment_id: int | None,
) -> None:
    if not kind.counts:
        return
    counted = set(themes)
    counted |= _mentioned(session, comment_id)
    if not counted:
        return
    if kind.counts == "wave":
        recount(session, wave, only=counted)
        return
    recount_in_waves(session, counted)


def _mentioned(session: Any, comment_id: int | None) -> set[int]:
    """The themes that a comment is in."""
    if comment_id is None:
        return set()
    return set(session.scalars(select(Mention.theme_id).where(Mention.comment_id == comment_id)))


def _newly_decided(kind: Kind, theme: Theme | None) -> list[str]:
    """Columns that only the model had chosen before."""
    return [] if theme is None else [name for name in kind.decides if name not in theme.decided]


def _locked(
    session: Any, wave: WaveView, ids: Collection[int | None], *, merged: bool = False
) -> dict[int, Theme]:
    """The themes, which nobody else changes until the end. Raises Refused (404).

    In the order of their ids: of two who need the same two, none waits for the other.
    """
    rows = session.scalars(
        select(Theme)
        .where(Theme.id.in_(ids), Theme.district_id == wave.district_id)
        .order_by(Theme.id)
        .with_for_update(key_share=True)
        .execution_options(populate_existing=True)
    )
    found = {theme.id: theme for theme in rows if merged or theme.status != "merged"}
    if len(found) < len(ids):
        raise Refused("unknown_theme", _l("There is no such theme."), status=404)
    return found


def _comment(session: Any, wave: WaveView, comment_id: int | None) -> Comment | None:
    """The comment of this wave, locked. Raises Refused (404)."""
    if comment_id is None:
        return None
    found: Comment | None = session.scalars(
        select(Comment)
        .where(Comment.id == comment_id, Comment.wave_id == wave.id)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).first()
    if found is None:
        raise unknown_comment()
    return found


def _require_version(session: Any, theme: Theme | None, version: int | None) -> None:
    """Refuse when somebody decided about the theme after the actor saw it."""
    if theme is not None and version is not None and theme.version != version:
        raise decided_meanwhile(_last_actor(session, theme.id))


def _require_unseen(session: Any, given: Mapping[str, str], comment: Comment | None) -> None:
    """Refuse when there is no comment, or somebody decided about it after the actor saw it.

    given["seen"]: the number of decisions about the comment then; absent: not checked.
    """
    if comment is None:
        raise unknown_comment()
    if "seen" not in given:
        return
    count = select(func.count()).where(ThemeDecision.comment_id == comment.id)
    if str(session.scalar(count) or 0) != given["seen"]:
        last = (
            select(ThemeDecision.actor)
            .where(ThemeDecision.comment_id == comment.id)
            .order_by(ThemeDecision.id.desc())
        )
        raise decided_meanwhile(session.scalar(last.limit(1)) or "")


def _require_drawn(
    session: Any, wave: WaveView, theme: Theme | None, comment: Comment | None, *, basis: str
) -> None:
    """Refuse a judgement about a comment that nobody was asked about.

    Whose words are judged is left to the draw; who could choose would choose the result. A word
    about a comment that was judged in the same sample before may be changed.
    """
    if theme is None or comment is None or basis not in DRAWN:
        return  # Refused by the act itself.
    before = session.scalar(
        select(ThemeJudgement.basis).where(
            ThemeJudgement.comment_id == comment.id, ThemeJudgement.theme_id == theme.id
        )
    )
    if before != basis and comment.id not in drawn_comments(wave, theme, basis):
        raise Refused(
            "not_drawn",
            _l(
                "This comment is not in the sample that was drawn, or is not any more because "
                "new ones came in. Nothing was changed: judge the one that comes next."
            ),
            status=409,
        )


def _last_actor(session: Any, theme_id: int) -> str:
    last = (
        select(ThemeDecision.actor)
        .where((ThemeDecision.theme_id == theme_id) | (ThemeDecision.other_theme_id == theme_id))
        .order_by(ThemeDecision.id.desc())
    )
    return session.scalar(last.limit(1)) or ""


def decided_meanwhile(actor: str) -> Refused:
    """Two at once: the second is told, and looks again."""
    return Refused(
        "decided_meanwhile",
        _l(
            "%(actor)s decided about this while you were looking at it. Nothing was changed by "
            "you: look at it again below.",
            actor=actor,
        ),
        status=409,
    )


def forget_comment(session: Any, comment_id: int) -> None:
    """Delete what people said of a comment that its resident takes back, within a transaction.

    That there was a decision stays; which comment it was about does not.
    """
    session.execute(delete(ThemeJudgement).where(ThemeJudgement.comment_id == comment_id))
    session.execute(
        update(ThemeDecision)
        .where(ThemeDecision.comment_id == comment_id)
        .values(comment_id=None, before={"rows": []}, after={"rows": [], "decided": []})
    )
