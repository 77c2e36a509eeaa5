"""Read what people have yet to decide about themes, the most uncertain and weighty first."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

from sqlalchemy import func, select

from analysis.adjustment import theme_effect
from analysis.policy import Policy
from analysis.themes.review import precision, priority, recall, uncertainty
from analysis.types import Estimate
from survey.models import Comment, Response, Street, Theme, ThemeDecision, ThemeLineage, db
from survey.queries.fieldwork import kept_instrument
from survey.queries.policies import kept_policy
from survey.queries.theme_counts import (
    PlaceName,
    WaveThemes,
    theme_counts,
    theme_record,
)
from survey.queries.theme_sample import around_count, unknown_theme
from survey.queries.themes import CommentShown, theme_comments, theme_views
from survey.queries.views import IndicatorView, StreetView, ThemeView
from survey.queries.waves import WaveView, wave_view

REPRESENTATIVE = 4
RECENT = 100
# Long enough before the wave: what the theme would cost, had its street been told in time.
LONG_AGO = 10_000


@dataclass(frozen=True)
class ReviewItem:
    """One theme with what is open about it, and why it comes where it comes."""

    theme: ThemeView
    #: Of "status", "scope", "remit", "sample": what people have yet to say, in this order.
    open: tuple[str, ...]
    #: What it would take from the streets' public scores together, were it confirmed.
    points: float
    #: How sure its comments are about it: the share of those judged, with its interval.
    precision: Estimate
    needed: int
    priority: float


@dataclass(frozen=True)
class ThemeReview:
    """A wave's queue: what is open, most worth a look first; `shown` with its comments."""

    wave: WaveView
    items: tuple[ReviewItem, ...]
    #: Themes about which everything is said.
    settled: int
    shown: ReviewItem | None
    comments: tuple[CommentShown, ...]
    streets: Mapping[str, tuple[str, str]]
    departments: tuple[PlaceName, ...]
    indicators: tuple[IndicatorView, ...]
    #: Themes it could be merged into, most mentioned first.
    others: tuple[ThemeView, ...]


@dataclass(frozen=True)
class ThemePage:
    """One theme of a wave: its counts, its comments, and how far people bear it out."""

    wave: WaveView
    item: ReviewItem
    recall: Estimate
    around: int
    comments: tuple[CommentShown, ...]
    streets: Mapping[str, tuple[str, str]]
    departments: tuple[PlaceName, ...]
    indicators: tuple[IndicatorView, ...]
    others: tuple[ThemeView, ...]


@dataclass(frozen=True)
class DecisionView:
    """One act of a person, for the list of decisions."""

    id: int
    action: str
    actor: str
    at: datetime
    theme_id: int | None
    theme_name: tuple[str, str] | None
    other_id: int | None
    comment_id: int | None
    before: Mapping[str, Any]
    after: Mapping[str, Any]
    reason: str
    is_undone: bool


@dataclass(frozen=True)
class LineageView:
    """Two themes of which one came from, or went into, the other."""

    kind: str
    from_id: int
    to_id: int
    by: str
    at: datetime


def theme_review(
    wave_code: str, *, theme_id: int | None = None, after: int | None = None
) -> ThemeReview:
    """What is open in a wave. `theme_id`: show this theme, if something about it is open; `after`:
    show the one that follows this theme.

    Five queries. Raises Refused (404) for an unknown wave.
    """
    wave = wave_view(wave_code)
    found = theme_counts(wave)
    views = theme_views(wave, found)
    items = _items(wave, found, views)
    waiting = tuple(item for item in items if item.open)
    places = {item.theme.id: place for place, item in enumerate(waiting)}
    place = places.get(theme_id or 0, 0)
    if after in places:
        place = (places[after] + 1) % len(waiting)
    shown = waiting[place] if waiting else None
    return ThemeReview(
        wave=wave,
        items=waiting,
        settled=len(items) - len(waiting),
        shown=shown,
        comments=()
        if shown is None
        else theme_comments(shown.theme.id, wave_code=wave_code, limit=REPRESENTATIVE),
        streets=_street_names(found),
        departments=tuple(found.departments.values()),
        indicators=kept_instrument(wave.questionnaire_id).indicators,
        others=_others(views, shown.theme.id if shown else None),
    )


def theme_page(wave_code: str, theme_id: int, *, street_code: str | None = None) -> ThemePage:
    """One theme with the redacted comments that prove it (of one street). Six queries.

    Raises Refused (404): no such wave, or no such theme in it.
    """
    wave = wave_view(wave_code)
    found = theme_counts(wave)
    views = theme_views(wave, found)
    item = next((one for one in _items(wave, found, views) if one.theme.id == theme_id), None)
    if item is None:
        raise unknown_theme()
    sample = item.theme.sample
    around = around_count(wave, theme_id, item.theme.keywords)
    return ThemePage(
        wave=wave,
        item=item,
        recall=recall(
            sample.members,
            around,
            inside=(sample.right, sample.judged),
            outside=(sample.around_right, sample.around_judged),
        ),
        around=around,
        comments=theme_comments(theme_id, wave_code=wave_code, street_code=street_code),
        streets=_street_names(found),
        departments=tuple(found.departments.values()),
        indicators=kept_instrument(wave.questionnaire_id).indicators,
        others=_others(views, theme_id),
    )


def _street_names(found: WaveThemes) -> dict[str, tuple[str, str]]:
    return {street.code: street.name for street in found.streets.values()}


def _others(views: Sequence[ThemeView], theme_id: int | None) -> tuple[ThemeView, ...]:
    return tuple(view for view in views if view.id != theme_id)


def _items(wave: WaveView, found: WaveThemes, views: Sequence[ThemeView]) -> tuple[ReviewItem, ...]:
    """Every theme with what is open about it, the first to look at first."""
    policy = kept_policy(wave.policy_id)
    total = sum(found.respondents.values())
    items = []
    for view in views:
        sample = view.sample
        needed = min(policy.theme_sample, sample.members)
        points = points_at_stake(wave, found, view.id, policy=policy)
        share = min(1.0, view.mentions / total) if total else 0.0
        unsure = uncertainty(sample.right, sample.judged)
        items.append(
            ReviewItem(
                theme=view,
                open=_open(view, needed=needed),
                points=points,
                precision=precision(sample.right, sample.judged),
                needed=needed,
                priority=priority(points=points, share=share, unsure=unsure),
            )
        )
    return tuple(sorted(items, key=lambda item: (-item.priority, item.theme.id)))


def _open(view: ThemeView, *, needed: int) -> tuple[str, ...]:
    """What people have yet to say about a theme; of a proposal, first whether it is one."""
    if view.status == "proposed":
        return ("status", "scope", "remit", "sample")
    questions = []
    if "scope" not in view.decided:
        questions.append("scope")
    if view.remit == "undecided":
        questions.append("remit")
    # What is common or a department's lowers no street: its comments need not be judged.
    if view.sample.judged < needed and view.scope == "own" and view.remit != "department":
        questions.append("sample")
    return tuple(questions)


def points_at_stake(wave: WaveView, found: WaveThemes, theme_id: int, *, policy: Policy) -> float:
    """Σ over streets of ω·d, had the theme been confirmed, the street's own and told in time."""
    theme = found.themes[theme_id]
    if theme.indicator is None or theme.indicator.code not in policy.omega:
        return 0.0
    total = sum(found.respondents.values())
    everywhere = sum(one.mentions for one in found.counts[theme_id].values())
    points = 0.0
    for street_id, counts in found.counts[theme_id].items():
        if street_id is None or street_id not in found.streets:
            continue
        street = found.streets[street_id]
        record = theme_record(
            theme,
            counts,
            wave=wave,
            street=StreetView(street.id, street.code, street.name, "", 0),
            respondents=found.respondents.get(street_id, 0),
            district_share=min(1.0, everywhere / total) if total else 0.0,
            has_random_stream=False,
            sample=found.sample(theme_id),
        )
        supposed = replace(
            record,
            confirmed=True,
            remit="street",
            notified_days=LONG_AGO,
            right_mentions=None,
            sample_members=None,
            sample_judged=None,
            sample_right=None,
        )
        weight = policy.omega[theme.indicator.code]
        points += min(policy.cap_public, weight * theme_effect(supposed, policy).deduction)
    return points


def theme_decisions(
    wave_code: str, *, theme_id: int | None = None
) -> tuple[WaveView, tuple[DecisionView, ...], tuple[LineageView, ...]]:
    """The latest decisions of the wave's district (about one theme), and where themes went.

    Three queries. Raises Refused (404) for an unknown wave.
    """
    wave = wave_view(wave_code)
    query = (
        select(ThemeDecision, Theme.name_zh, Theme.name_en, Theme.label)
        .outerjoin(Theme, ThemeDecision.theme_id == Theme.id)
        .where(ThemeDecision.district_id == wave.district_id)
        .order_by(ThemeDecision.id.desc())
        .limit(RECENT)
    )
    lines = (
        select(ThemeLineage)
        .join(Theme, ThemeLineage.from_theme_id == Theme.id)
        .where(Theme.district_id == wave.district_id)
        .order_by(ThemeLineage.id.desc())
        .limit(RECENT)
    )
    if theme_id is not None:
        query = query.where(
            (ThemeDecision.theme_id == theme_id) | (ThemeDecision.other_theme_id == theme_id)
        )
        lines = lines.where(
            (ThemeLineage.from_theme_id == theme_id) | (ThemeLineage.to_theme_id == theme_id)
        )
    decisions = tuple(
        DecisionView(
            id=row.id,
            action=row.action,
            actor=row.actor,
            at=row.at,
            theme_id=row.theme_id,
            theme_name=(zh or label, en or label) if label is not None else None,
            other_id=row.other_theme_id,
            comment_id=row.comment_id,
            before=_columns(row.before),
            after=_columns(row.after),
            reason=row.reason,
            is_undone=row.undone_by_id is not None,
        )
        for row, zh, en, label in db.session.execute(query)
    )
    lineage = tuple(
        LineageView(one.kind, one.from_theme_id, one.to_theme_id, one.by, one.at)
        for one in db.session.scalars(lines)
    )
    return wave, decisions, lineage


def _columns(kept: Mapping[str, Any]) -> dict[str, Any]:
    """The columns of themes, comments and judgements in what an act kept; not what was counted."""
    found: dict[str, Any] = {}
    for row in kept.get("rows", ()):
        if row["table"] in ("theme", "comment", "theme_judgement") and row["values"]:
            found |= row["values"]
    return found


@dataclass(frozen=True)
class UnsureComment:
    """A comment whose indicator the model is least sure of."""

    id: int
    body: str
    said_on: date
    street_name: tuple[str, str]
    indicator_id: int | None
    #: The model's probability of its best choice.
    probability: float
    #: Decisions about it so far.
    seen: int


def unsure_comments(
    wave_code: str, *, limit: int = 10
) -> tuple[WaveView, tuple[UnsureComment, ...], tuple[IndicatorView, ...]]:
    """Comments of a wave whose indicator nobody decided, the least sure first. Two queries.

    Raises Refused (404) for an unknown wave.
    """
    wave = wave_view(wave_code)
    seen = (
        select(func.count())
        .where(ThemeDecision.comment_id == Comment.id)
        .correlate(Comment)
        .scalar_subquery()
    )
    query = (
        select(
            Comment.id,
            Comment.body,
            Comment.said_on,
            Street.name_zh,
            Street.name_en,
            Comment.indicator_id,
            Comment.indicator_probability,
            seen,
        )
        .outerjoin(Street, Comment.street_id == Street.id)
        .outerjoin(Response, Comment.response_id == Response.id)
        .where(
            Comment.wave_id == wave.id,
            Comment.indicator_probability.is_not(None),
            ~Comment.indicator_is_decided,
            (Response.id.is_(None)) | (Response.status == "accepted"),
        )
        .order_by(Comment.indicator_probability, Comment.id)
        .limit(limit)
    )
    rows = tuple(
        UnsureComment(key, body, day, (zh or "", en or ""), indicator, sure, count)
        for key, body, day, zh, en, indicator, sure, count in db.session.execute(query)
    )
    return wave, rows, kept_instrument(wave.questionnaire_id).indicators
