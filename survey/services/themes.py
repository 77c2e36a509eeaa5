"""Sort a wave's comments: indicators by the model, themes by discovery, counts per street.

Heavy libraries are imported inside the functions, which the worker runs in a process of its own.
What people decided about a theme or a comment is never changed by a run.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import delete, insert, select, update

from survey.database import transaction
from survey.models import (
    CollectionPoint,
    Comment,
    Indicator,
    Mention,
    Street,
    Theme,
    ThemeJudgement,
    ThemeLineage,
    db,
)
from survey.queries.theme_counts import has_counts, in_wave, speaking
from survey.queries.themes import sorted_comments, unsorted_comments
from survey.queries.waves import WaveView, wave_view
from survey.services.theme_additions import add_mentions
from survey.services.theme_counts import every_theme, recount, recount_in_waves
from survey.services.theme_meanwhile import (
    comments_of,
    hold_comments,
    hold_district,
    hold_themes,
    require_unchanged,
    require_undecided,
    settled_themes,
)
from survey.services.theme_models import serving_model
from survey.services.theme_promises import refresh_counted

if TYPE_CHECKING:
    from analysis.themes.category import Prediction
    from analysis.themes.discovery import Discovery

LONGEST_LABEL = 200
# Comments without a theme that a run looks at once more, the newest; those that no run has seen
# come in always. What a run costs follows from this and not from all that is stored.
WAITING = 1_000
# The same of a nightly review, those with a theme included.
REVIEWED = 20_000
# What a resident wrote under the question of one indicator: no model is asked.
CERTAIN = 1.0
Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class ThemesRun:
    """What a run did; `unreadable` comments had nothing to sort by (empty, or no words)."""

    comments: int
    new_themes: int
    mentions: int
    unreadable: int
    #: Themes that became one with another, and new ones that were part of another; of a review.
    merged: int = 0
    split: int = 0


def run_themes(
    wave_code: str, *, now: datetime, review: bool = False, progress: Progress | None = None
) -> ThemesRun:
    """Sort the comments of a wave that are not sorted yet, and count the themes they came to.

    Looked at are all comments that no run has seen and the newest WAITING without a theme. Whoever
    else changes what a theme counts has it counted then (theme_counts.recount); a wave's first
    run and each review count all of them anew.
    Comments join the district's known themes where they fit, or form new ones (status proposed).
    review: group the newest REVIEWED anew, sorted ones as well, so that themes nobody decided
    about may merge or split, and ask the model that serves about them once more; once a night.
    progress: called with (comments done, comments in all).
    Raises Refused for an unknown wave, an unusable model, or another run at the same time.
    """
    wave = wave_view(wave_code)
    model_id, model = serving_model(now=now)
    rows = unsorted_comments(wave, waiting=REVIEWED if review else WAITING, among=REVIEWED)
    before = sorted_comments(wave, newest=REVIEWED) if review else []
    rows, before = _newest(rows, before)
    # A review asks the model that serves now about what an earlier one said, too.
    asked = {row.id: row for row in (*rows, *before) if _is_for_the_model(row, again=review)}
    sorted_into = dict(
        zip(asked, model.predict([_words(row) for row in asked.values()]), strict=True)
    )
    loose = [row for row in rows if row.theme_id is None]
    settled = settled_themes(wave) if review else []
    found = _grouped(
        [_document(row) for row in (*loose, *before)],
        _refused(wave),
        known=_known_themes(wave, merged=not review),
        places=_place_names(wave),
        progress=progress,
        assigned={row.id: row.theme_id for row in before} if review else None,
        settled=settled,
    )
    # What the counts say of themes over waves and weeks needs all of them: once a night.
    whole = review or wave.status != "open" or not has_counts(wave)
    with transaction() as session:
        hold_district(session, wave)
        merged: set[Any] = {theme_id for pair in found.merges for theme_id in pair}
        theirs = session.scalars(comments_of(merged)) if merged else ()
        hold_comments(session, {*asked, *(row.id for row in (*loose, *before)), *theirs})
        require_unchanged(wave, loose, before)
        if review:
            require_undecided(session, wave, settled)
        else:
            joined = {theme.id for theme in found.themes if theme.known}
            counted = every_theme(session, wave) if whole else ()
            hold_themes(session, {*joined, *(row.theme_id for row in rows), *counted} - {None})
        _store_indicators(session, asked, sorted_into)
        made = _store_themes(session, found, wave=wave, now=now, review=review)
        written = _store_mentions(session, found, made, before=before, model_id=model_id)
        _store_lineage(session, found, made, now=now)
        if whole:
            recount(session, wave, told_at=now)
            recount_in_waves(session, merged)  # there, too, they are one from now on
        else:
            new = {made[theme.id] for theme in found.themes if not theme.known}
            anew = add_mentions(session, wave, written, made=new, told_at=now)
            # A person may have put a comment into a theme before any run said what it is about.
            anew |= {row.theme_id for row in rows} - {None}
            if anew:
                recount(session, wave, only=anew, told_at=now)
        refresh_counted(session, made.values(), now=now)
    return ThemesRun(
        comments=len(rows),
        new_themes=sum(not theme.known for theme in found.themes),
        mentions=len(written),
        unreadable=len(found.unprocessable),
        merged=len(found.merges),
        split=len(found.splits),
    )


def _newest(rows: list[Any], before: list[Any]) -> tuple[list[Any], list[Any]]:
    """What a review may look at: the newest of both together, and all that no run has seen."""
    seen = [row.id for row in rows if row.indicator_probability is not None]
    kept = sorted([*seen, *(row.id for row in before)])[-REVIEWED:]
    since = kept[0] if kept else 0
    return (
        [row for row in rows if row.indicator_probability is None or row.id >= since],
        [row for row in before if row.id >= since],
    )


def _is_for_the_model(row: Any, *, again: bool) -> bool:
    """Whether no run has seen the comment, or (again) only a model has said what it is about."""
    if row.indicator_probability is None:
        return True
    return again and not row.indicator_is_decided and row.indicator_probability < CERTAIN


def _refused(wave: WaveView) -> set[tuple[int, int]]:
    """(comment, theme) of what people said is not about a theme, or about those it speaks for."""
    said = db.session.execute(
        select(ThemeJudgement.comment_id, speaking())
        .join(Theme, ThemeJudgement.theme_id == Theme.id)
        .join(Comment, ThemeJudgement.comment_id == Comment.id)
        .where(in_wave(Comment.wave_id, wave), ~ThemeJudgement.is_about)
    ).all()
    spoken: dict[int, list[int]] = defaultdict(list)
    if said:
        for theme_id, speaker in db.session.execute(
            select(Theme.id, speaking()).where(Theme.district_id == wave.district_id)
        ):
            spoken[speaker].append(theme_id)
    return {(comment_id, one) for comment_id, speaker in said for one in spoken[speaker]}


def _grouped(
    documents: Sequence[Any], refused: Collection[tuple[int, int]], **given: Any
) -> Discovery:
    """Group the comments. One that would go back to where a person took it out is left aside, so
    that it does not draw the theme towards it, run after run."""
    from analysis.themes.discovery import discover

    found = discover(documents, **given)
    while True:
        back = {
            comment_id
            for theme in found.themes
            for comment_id in theme.members
            if (comment_id, theme.id) in refused
        }
        if not back:
            return found
        documents = [document for document in documents if document.id not in back]
        found = discover(documents, **{**given, "progress": None})


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


def _known_themes(wave: WaveView, *, merged: bool) -> list[Any]:
    """The themes of the district; dismissed ones still attract, and so do merged ones for the
    theme that speaks for them."""
    from analysis.themes.discovery import KnownTheme

    # Three columns and no objects: there may be thousands, and each is a candidate.
    query = (
        select(Theme.id, Theme.centroid, Theme.texts)
        .where(Theme.district_id == wave.district_id)
        .order_by(Theme.id)
    )
    if not merged:
        query = query.where(Theme.status != "merged")
    return [KnownTheme(*row) for row in db.session.execute(query)]


def _place_names(wave: WaveView) -> Iterable[str]:
    """Names of streets and points, which the tokeniser keeps whole."""
    rows = db.session.execute(
        select(Street.name_zh, CollectionPoint.label_zh)
        .outerjoin(CollectionPoint, CollectionPoint.street_id == Street.id)
        .where(Street.district_id == wave.district_id)
    )
    return {name for row in rows for name in row if name}


def _store_indicators(
    session: Any, asked: Mapping[int, Any], sorted_into: Mapping[int, Prediction]
) -> None:
    """Store the model's choices; what a resident said, or a person chose meanwhile, stays."""
    if not sorted_into:
        return
    ids = dict(session.execute(select(Indicator.code, Indicator.id)).all())
    decided = set(
        session.scalars(
            # Not each by its id: there may be more than one statement can name.
            select(Comment.id).where(
                Comment.id.between(min(asked), max(asked)), Comment.indicator_is_decided
            )
        )
    )
    chosen, seen = [], []
    for comment_id, found in sorted_into.items():
        row = asked[comment_id]
        is_said = row.indicator_probability is None and row.indicator_id is not None
        if comment_id in decided or is_said:
            chance = found.probability if comment_id in decided else CERTAIN
            seen.append({"id": comment_id, "indicator_probability": chance})
            continue
        # Left to people, or about none of the indicators: no indicator.
        indicator_id = None if found.abstained else ids.get(found.label)
        chance = found.probability
        chosen.append(
            {"id": comment_id, "indicator_id": indicator_id, "indicator_probability": chance}
        )
    for values in (chosen, seen):
        if values:
            session.execute(update(Comment), values)


def _store_themes(
    session: Any, found: Discovery, *, wave: WaveView, now: datetime, review: bool
) -> dict[Any, int]:
    """Store new themes and refresh joined ones: {id in what was found: id of the row}."""
    known = [theme for theme in found.themes if theme.known]
    kept = {
        row.id: row
        for row in session.scalars(select(Theme).where(Theme.id.in_([theme.id for theme in known])))
    }
    for theme in known:
        row = kept[theme.id]
        row.centroid = theme.centroid
        # A review read the texts of before once more.
        row.texts = max(row.texts, theme.texts) if review else row.texts + theme.texts
    new = {
        theme.id: Theme(
            district_id=wave.district_id,
            label=theme.label[:LONGEST_LABEL],
            keywords=list(theme.keywords),
            centroid=theme.centroid,
            texts=theme.texts,
            created_at=now,
        )
        for theme in found.themes
        if not theme.known
    }
    session.add_all(new.values())
    session.flush()
    rows: dict[Any, Theme] = kept | new
    return {theme.id: rows[theme.id].id for theme in found.themes}


def _store_mentions(
    session: Any,
    found: Discovery,
    made: dict[Any, int],
    *,
    before: Sequence[Any],
    model_id: int,
) -> list[tuple[int, int]]:
    """Write the mentions of what was loose, and move those that a review found elsewhere.

    A comment that a person took out of a theme is not put back into it. (comment, theme)
    of what was written.
    """
    was = {row.id: row.theme_id for row in before}
    merged = {(gone, kept) for kept, gone in found.merges}
    settled = {row.theme_id for row in before if row.is_settled}
    refused = {
        (comment_id, theme_id)
        for comment_id, theme_id in session.execute(
            select(ThemeJudgement.comment_id, ThemeJudgement.theme_id).where(
                ThemeJudgement.theme_id.in_(made.values()), ~ThemeJudgement.is_about
            )
        )
    }
    fresh, left = [], []
    placed: set[int] = set()
    for theme in found.themes:
        theme_id = made[theme.id]
        members: Iterable[Any] = theme.members
        for comment_id, closeness in zip(members, theme.closeness, strict=True):
            old = was.get(comment_id)
            placed.add(comment_id)
            stays = old == theme_id or (old, theme_id) in merged or old in settled
            if (comment_id, theme_id) in refused or (old is not None and stays):
                continue
            if old is not None:
                left.append((comment_id, old))
            fresh.append(_mention(comment_id, theme_id, closeness, model_id))
    # What a review found to stand alone leaves its theme, unless people decided about that.
    left += [(key, old) for key, old in was.items() if key not in placed and old not in settled]
    for comment_id, old in left:
        session.execute(
            delete(Mention).where(Mention.comment_id == comment_id, Mention.theme_id == old)
        )
    if fresh:
        session.execute(insert(Mention), fresh)
    return [(mention["comment_id"], mention["theme_id"]) for mention in fresh]


def _mention(comment_id: int, theme_id: int, closeness: float, model_id: int) -> dict[str, Any]:
    return {
        "comment_id": comment_id,
        "theme_id": theme_id,
        "model_id": model_id,
        "closeness": closeness,
        "decided_by": "model",
    }


def _store_lineage(session: Any, found: Discovery, made: dict[Any, int], *, now: datetime) -> None:
    """Record which themes became one and which new one was part of which."""
    for kept, gone in found.merges:
        row = session.get_one(Theme, gone)
        row.status, row.merged_into_id = "merged", kept
        # What went into the one that goes now is spoken for by the same.
        session.execute(
            update(Theme).where(Theme.merged_into_id == gone).values(merged_into_id=kept)
        )
    told: set[tuple[str, Any, Any]] = {("merged", gone, kept) for kept, gone in found.merges}
    told |= {("split", old, made[new]) for old, new in found.splits if new in made}
    known = _known_lineage(session, {old for _kind, old, _new in told})
    session.add_all(
        ThemeLineage(
            kind=kind, from_theme_id=old, to_theme_id=new, by="model", is_applied=True, at=now
        )
        for kind, old, new in sorted(told - known)
    )
    session.flush()


def _known_lineage(session: Any, themes: Collection[int]) -> set[tuple[str, int, int]]:
    rows = session.execute(
        select(ThemeLineage.kind, ThemeLineage.from_theme_id, ThemeLineage.to_theme_id).where(
            ThemeLineage.from_theme_id.in_(themes)
        )
    )
    return {(kind, old, new) for kind, old, new in rows}
