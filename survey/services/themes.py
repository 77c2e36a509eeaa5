"""Sort a wave's comments: indicators by the model, themes by discovery, counts per street.

Heavy libraries are imported inside `run_themes`, which the worker runs in a process of its own.
What people decided about a theme is never changed by a run.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from flask_babel import lazy_gettext as _l
from sqlalchemy import insert, select, true, update

from survey.database import transaction
from survey.errors import Refused
from survey.models import (
    CollectionPoint,
    Comment,
    District,
    Indicator,
    Mention,
    Response,
    Street,
    Theme,
    ThemePeriod,
    db,
)
from survey.queries.policies import kept_policy
from survey.queries.themes import unsorted_comments
from survey.queries.waves import WaveView, wave_view
from survey.services import audit
from survey.services.theme_models import serving_model

if TYPE_CHECKING:
    from analysis.themes.category import Prediction
    from analysis.themes.discovery import Discovery

# What an evaluator may decide, and the values each takes.
DECISIONS: dict[str, tuple[str, ...]] = {
    "status": ("proposed", "confirmed", "dismissed"),
    "remit": ("undecided", "street", "department"),
    "scope": ("own", "common"),
}
LONGEST_LABEL = 200


@dataclass(frozen=True)
class ThemesRun:
    """What a run did; `unreadable` comments had nothing to sort by (empty, or no words)."""

    comments: int
    new_themes: int
    mentions: int
    unreadable: int


def run_themes(
    wave_code: str, *, now: datetime, progress: Callable[[int, int], None] | None = None
) -> ThemesRun:
    """Sort the comments of a wave that are not sorted yet, and count its themes anew.

    Comments join the district's known themes where they fit, or form new ones (status proposed).
    progress: called with (comments done, comments in all).
    Raises Refused for an unknown wave, an unusable model, or another run at the same time.
    """
    from analysis.themes.discovery import discover

    wave = wave_view(wave_code)
    model_id, model = serving_model(now=now)
    rows = unsorted_comments(wave)
    fresh = [row for row in rows if row.indicator_probability is None]
    sorted_into = dict(
        zip(
            (row.id for row in fresh),
            model.predict([_words(row) for row in fresh]),
            strict=True,
        )
    )
    loose = [row for row in rows if row.theme_id is None]
    found = discover(
        [_document(row) for row in loose],
        known=_known_themes(wave),
        places=_place_names(wave),
        progress=progress,
    )
    with transaction() as session:
        _require_still_loose(session, wave, {row.id for row in loose})
        _store_indicators(session, sorted_into)
        new = _store_themes(session, found, wave=wave, model_id=model_id, now=now)
        recount(session, wave)
    return ThemesRun(
        comments=len(rows),
        new_themes=new,
        mentions=len(found.assignments),
        unreadable=len(found.unprocessable),
    )


def _require_still_loose(session: Any, wave: WaveView, comments: set[int]) -> None:
    """Refuse when another run sorted some of the comments meanwhile: they would count twice."""
    session.execute(select(District.id).where(District.id == wave.district_id).with_for_update())
    still = {row.id for row in unsorted_comments(wave) if row.theme_id is None}
    if not comments <= still:
        raise Refused(
            "sorted_meanwhile",
            _l("Another run sorted these comments meanwhile; nothing was stored. Run it again."),
            status=409,
        )


def _words(row: Any) -> str:
    return f"{row.title}\n{row.body}" if row.title else row.body


def _document(row: Any) -> Any:
    from analysis.themes.discovery import Document

    return Document(
        id=row.id,
        text=row.body,
        title=row.title,
        # A response is one person; so is one hashed person of a loaded file.
        person=f"r{row.response_id}" if row.response_id else row.person_hash,
        street=str(row.street_id) if row.street_id else None,
        day=row.said_on,
    )


def _known_themes(wave: WaveView) -> list[Any]:
    """Every theme of the district that was not merged away; dismissed ones still attract."""
    from analysis.themes.discovery import KnownTheme

    themes = db.session.scalars(
        select(Theme).where(Theme.district_id == wave.district_id, Theme.status != "merged")
    )
    return [KnownTheme(theme.id, theme.centroid, theme.texts) for theme in themes]


def _place_names(wave: WaveView) -> Iterable[str]:
    """Names of streets and points, which the tokeniser keeps whole."""
    rows = db.session.execute(
        select(Street.name_zh, CollectionPoint.label_zh)
        .outerjoin(CollectionPoint, CollectionPoint.street_id == Street.id)
        .where(Street.district_id == wave.district_id)
    )
    return {name for row in rows for name in row if name}


def _store_indicators(session: Any, sorted_into: dict[int, Prediction]) -> None:
    if not sorted_into:
        return
    ids = dict(session.execute(select(Indicator.code, Indicator.id)).all())
    session.execute(
        update(Comment),
        [
            {
                "id": comment_id,
                # Left to people, or about none of the indicators: no indicator.
                "indicator_id": None if found.abstained else ids.get(found.label),
                "indicator_probability": found.probability,
            }
            for comment_id, found in sorted_into.items()
        ],
    )


def _store_themes(
    session: Any, found: Discovery, *, wave: WaveView, model_id: int, now: datetime
) -> int:
    """Store new themes, refresh joined ones and write the mentions; the number of new themes."""
    new = 0
    for theme in found.themes:
        label = theme.label[:LONGEST_LABEL]
        if theme.known:
            row = session.get_one(Theme, theme.id)
            row.centroid, row.texts = theme.centroid, row.texts + theme.texts
        else:
            row = Theme(
                district_id=wave.district_id,
                label=label,
                keywords=list(theme.keywords),
                centroid=theme.centroid,
                texts=theme.texts,
                created_at=now,
            )
            session.add(row)
            new += 1
        session.flush()
        session.execute(
            insert(Mention),
            [
                {
                    "comment_id": comment_id,
                    "theme_id": row.id,
                    "model_id": model_id,
                    "closeness": closeness,
                    "decided_by": "model",
                }
                for comment_id, closeness in zip(theme.members, theme.closeness, strict=True)
            ],
        )
    return new


def recount(session: Any, wave: WaveView, *, only: Collection[int] | None = None) -> None:
    """Count the mentions of every theme in every street of a wave anew, within a transaction.

    m counts accepted, valid responses; loaded comments count distinct persons, apart. Near-
    identical texts count once in a theme and street. What people decided is kept.
    only: the ids of the themes to count; None counts all.
    """
    from analysis.themes.near_duplicates import first_of_kind
    from analysis.themes.text import bare, normalise

    policy = kept_policy(wave.policy_id)
    told: dict[tuple[int, int | None], list[Any]] = defaultdict(list)
    votes: dict[int, Counter[int | None]] = defaultdict(Counter)
    counted = true() if only is None else Mention.theme_id.in_(only)
    for row in session.execute(
        select(
            Mention.theme_id,
            Comment.street_id,
            Comment.body,
            Comment.indicator_id,
            Comment.person_hash,
            Comment.id,
            Response.id.label("response_id"),
            Response.channel,
        )
        .join(Comment, Mention.comment_id == Comment.id)
        .outerjoin(Response, Comment.response_id == Response.id)
        .where(Comment.wave_id == wave.id, counted)
        .where(
            (Comment.response_id.is_(None)) | ((Response.status == "accepted") & Response.is_valid)
        )
        .order_by(Comment.id)
    ):
        told[row.theme_id, row.street_id].append(row)
        votes[row.theme_id][row.indicator_id] += 1
    stored = {
        (period.theme_id, period.street_id): period
        for period in session.scalars(select(ThemePeriod).where(ThemePeriod.wave_id == wave.id))
        if only is None or period.theme_id in only
    }
    for key in stored.keys() | told.keys():
        rows = told.get(key, [])
        first = set(first_of_kind([bare(normalise(row.body)) for row in rows]))
        kept = [row for place, row in enumerate(rows) if place in first]
        answered = {row.response_id: row.channel for row in kept if row.response_id}
        period = stored.get(key)
        if period is None:
            period = ThemePeriod(theme_id=key[0], street_id=key[1], wave_id=wave.id)
            session.add(period)
        period.mentions = len(answered)
        period.mentions_random = sum(policy.stream_of(c) == "A" for c in answered.values())
        period.mentions_loaded = len(
            {row.person_hash or row.id for row in kept if not row.response_id}
        )
    for theme_id, ballots in votes.items():
        theme = session.get_one(Theme, theme_id)
        # A confirmed theme keeps its indicator: people have looked at it.
        if theme.status == "proposed":
            theme.indicator_id = ballots.most_common(1)[0][0]
    session.flush()


def decide(theme_id: int, *, action: str, value: str, actor: str, now: datetime) -> None:
    """Record what a person decided about a theme: its status, remit or scope.

    action: one of DECISIONS; value: one of its values. Confirming tells the streets in whose
    comments it stands: the notice period of the method starts now. One transaction with its
    audit event. Raises Refused (404, 422).
    """
    if value not in DECISIONS.get(action, ()):
        raise Refused("unknown_decision", _l("This cannot be decided about a theme."), status=422)
    with transaction() as session:
        theme = session.get(Theme, theme_id)
        if theme is None or theme.status == "merged":
            raise Refused("unknown_theme", _l("There is no such theme."), status=404)
        before = getattr(theme, action)
        setattr(theme, action, value)
        if action == "status" and value == "confirmed":
            session.execute(
                update(ThemePeriod)
                .where(ThemePeriod.theme_id == theme_id, ThemePeriod.notified_at.is_(None))
                .values(notified_at=now)
            )
        audit.record(
            session,
            actor=actor,
            action=f"theme_{action}",
            subject=f"theme {theme_id}",
            detail={"before": before, "after": value},
            at=now,
        )
