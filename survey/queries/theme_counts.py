"""Read how often each theme is mentioned in a wave, where, and what people judged of it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import Integer, and_, func, literal, null, select, union_all
from sqlalchemy.orm import aliased, joinedload

from analysis.adjustment import ThemeRecord
from survey.models import (
    Comment,
    Department,
    Mention,
    Response,
    ResponseCube,
    Street,
    Theme,
    ThemeJudgement,
    ThemePeriod,
    Wave,
    db,
)
from survey.queries.policies import kept_policy
from survey.queries.views import SampleCounts, StreetView
from survey.queries.waves import WaveView


@dataclass(frozen=True)
class PeriodCounts:
    """A theme's counts in one street and wave (see survey.models.theme.ThemePeriod)."""

    mentions: int
    mentions_loaded: int
    mentions_random: int
    mentions_right: int
    texts_only_here: int
    waves_present: int
    state: str
    solved: int
    reasked: int
    notified_at: datetime | None


@dataclass(frozen=True)
class PlaceName:
    """A street or a department. name is (zh, en)."""

    id: int
    code: str
    name: tuple[str, str]


@dataclass(frozen=True)
class WaveThemes:
    """The themes of a wave and their counts."""

    themes: Mapping[int, Theme]
    #: {theme id: {street id, or None for comments that name no street: counts}}
    counts: Mapping[int, Mapping[int | None, PeriodCounts]]
    #: {street id: valid respondents}; streets without any are not in it.
    respondents: Mapping[int, int]
    #: By id, in the order of their codes.
    streets: Mapping[int, PlaceName] = field(default_factory=dict)
    departments: Mapping[int, PlaceName] = field(default_factory=dict)
    #: {theme id: (right, wrong) of the sample, (right, wrong) of the comments around it}
    judged: Mapping[int, Mapping[tuple[str, bool], int]] = field(default_factory=dict)
    #: {theme id: texts that people settled outside its sample, which is not drawn from them}
    settled: Mapping[int, int] = field(default_factory=dict)

    def sample(self, theme_id: int) -> SampleCounts:
        """What people judged of a theme's comments in the wave.

        The sample is drawn from the theme's texts without those that people settled otherwise:
        what a person put there, or found around it, is never drawn and cannot be judged in it
        (theme_sample draws from the same).
        """
        found = self.judged.get(theme_id, {})
        right, wrong = found.get(("sample", True), 0), found.get(("sample", False), 0)
        counts = self.counts.get(theme_id, {}).values()
        texts = sum(one.texts_only_here for one in counts)
        # No street has more mentions than there are texts; in what an earlier version counted the
        # texts are missing, and nothing to read must not mean that nothing need be read.
        texts = max([texts, *(one.mentions for one in counts)])
        return SampleCounts(
            # What was judged wrong is not counted any more; what was held back later may have been.
            members=max(texts - self.settled.get(theme_id, 0) + wrong, right + wrong),
            judged=right + wrong,
            right=right,
            around_judged=found.get(("border", True), 0) + found.get(("border", False), 0),
            around_right=found.get(("border", True), 0),
        )


def speaking() -> Any:
    """SQL: the theme that speaks for a theme, once that was merged; else itself."""
    return func.coalesce(Theme.merged_into_id, Theme.id)


def in_wave(column: Any, wave: WaveView) -> Any:
    """SQL: the row is of the wave, said so that no database begins with all rows of the wave.

    Of a few themes or comments, most of the wave's rows are others': SQLite would not know.
    """
    return column + 0 == wave.id


def has_counts(wave: WaveView) -> bool:
    """Whether any theme was counted in the wave so far. One query."""
    counted = select(ThemePeriod.id).where(ThemePeriod.wave_id == wave.id).limit(1)
    return db.session.scalar(counted) is not None


def theme_counts(wave: WaveView) -> WaveThemes:
    """Themes mentioned in a wave with their counts, and the places of the district. Three queries.

    Dismissed and merged themes are left out; what was merged counts for the theme it went into.
    """
    policy = kept_policy(wave.policy_id)
    recent = (
        select(Wave.id)
        .where(Wave.district_id == wave.district_id, Wave.opens_at <= wave.opens_at)
        .order_by(Wave.opens_at.desc())
        .limit(policy.theme_window)
    )
    rows = db.session.execute(
        select(ThemePeriod, Theme)
        .join(Theme, ThemePeriod.theme_id == Theme.id)
        .where(ThemePeriod.wave_id.in_(recent), Theme.status.not_in(("dismissed", "merged")))
        .options(joinedload(Theme.indicator), joinedload(Theme.department))
        .order_by(Theme.id)
    ).all()
    present: dict[tuple[int, int | None], int] = defaultdict(int)
    for period, _theme in rows:
        if period.mentions >= policy.theme_present_mentions:
            present[period.theme_id, period.street_id] += 1
    counts: dict[int, dict[int | None, PeriodCounts]] = defaultdict(dict)
    themes: dict[int, Theme] = {}
    for period, theme in rows:
        if period.wave_id == wave.id and period.mentions + period.mentions_loaded > 0:
            themes[theme.id] = theme
            counts[theme.id][period.street_id] = PeriodCounts(
                mentions=period.mentions,
                mentions_loaded=period.mentions_loaded,
                mentions_random=period.mentions_random,
                mentions_right=period.mentions_right,
                texts_only_here=period.texts_only_here,
                waves_present=present[period.theme_id, period.street_id],
                state=period.state,
                solved=period.solved,
                reasked=period.reasked,
                notified_at=period.notified_at,
            )
    streets, departments, respondents = _places(wave)
    judged, settled = _judged(wave)
    return WaveThemes(
        themes=themes,
        counts=counts,
        respondents=respondents,
        streets=streets,
        departments=departments,
        judged=judged,
        settled=settled,
    )


def _places(
    wave: WaveView,
) -> tuple[dict[int, PlaceName], dict[int, PlaceName], dict[int, int]]:
    """Streets, departments in use, and valid respondents of the streets. One query."""
    streets = (
        select(
            literal("street").label("kind"),
            Street.id,
            Street.code.label("code"),
            Street.name_zh,
            Street.name_en,
            func.sum(ResponseCube.n).label("n"),
        )
        .outerjoin(
            ResponseCube,
            and_(
                ResponseCube.street_id == Street.id,
                ResponseCube.wave_id == wave.id,
                ResponseCube.status == "accepted",
                ResponseCube.is_valid,
            ),
        )
        .where(Street.district_id == wave.district_id)
        .group_by(Street.id, Street.code, Street.name_zh, Street.name_en)
    )
    departments = select(
        literal("department"),
        Department.id,
        Department.code,
        Department.name_zh,
        Department.name_en,
        null().cast(Integer),
    ).where(Department.district_id == wave.district_id, Department.is_active)
    found: dict[str, dict[int, PlaceName]] = {"street": {}, "department": {}}
    respondents: dict[int, int] = {}
    for kind, key, code, zh, en, n in db.session.execute(
        union_all(streets, departments).order_by("code")
    ):
        found[kind][key] = PlaceName(key, code, (zh, en))
        if n:
            respondents[key] = int(n)
    return found["street"], found["department"], respondents


def _judged(wave: WaveView) -> tuple[dict[int, dict[tuple[str, bool], int]], dict[int, int]]:
    """What people said of comments of the wave. One query, which reads what was judged alone.

    {theme: {(basis, about it): comments}}, a comment that was judged in two themes which were
    merged later is one; {theme: texts that count, about which they said something, but not within
    the sample}. Who puts a comment into a theme always says that it is about it.
    """
    its_own = aliased(Theme)
    said_of = func.coalesce(its_own.merged_into_id, its_own.id)
    kind_of = _kinds_of_judged(wave)
    comments: dict[int, dict[tuple[str, bool], set[int]]] = defaultdict(lambda: defaultdict(set))
    kinds: dict[int, dict[int, set[str]]] = defaultdict(lambda: defaultdict(set))
    for theme_id, comment_id, basis, is_about, kind in db.session.execute(
        select(
            said_of,
            ThemeJudgement.comment_id,
            ThemeJudgement.basis,
            ThemeJudgement.is_about,
            kind_of.c.kind_id,
        )
        .join(its_own, ThemeJudgement.theme_id == its_own.id)
        .join(Comment, ThemeJudgement.comment_id == Comment.id)
        .outerjoin(
            kind_of,
            and_(kind_of.c.comment_id == ThemeJudgement.comment_id, kind_of.c.theme_id == said_of),
        )
        .where(Comment.wave_id == wave.id)
    ):
        comments[theme_id][basis, bool(is_about)].add(comment_id)
        if kind is not None:
            kinds[theme_id][kind].add(basis)
    judged = {
        theme_id: {key: len(those) for key, those in found.items()}
        for theme_id, found in comments.items()
    }
    settled = {
        theme_id: sum("sample" not in bases for bases in found.values())
        for theme_id, found in kinds.items()
    }
    return judged, settled


def _kinds_of_judged(wave: WaveView) -> Any:
    """SQL: of comments that count and about which people said something, the theme that speaks
    for where they are, and the comment that stands for their text."""
    mentioned = aliased(Theme)
    return (
        select(
            Mention.comment_id,
            func.coalesce(mentioned.merged_into_id, mentioned.id).label("theme_id"),
            Mention.kind_id,
        )
        .join(mentioned, Mention.theme_id == mentioned.id)
        .join(Comment, Mention.comment_id == Comment.id)
        .join(Response, Comment.response_id == Response.id)
        .where(
            Mention.comment_id.in_(select(ThemeJudgement.comment_id)),
            Mention.kind_id > 0,
            Comment.wave_id == wave.id,
            Response.status == "accepted",
            Response.is_valid,
        )
        .subquery()
    )


def theme_record(
    theme: Theme,
    counts: PeriodCounts,
    *,
    wave: WaveView,
    street: StreetView,
    respondents: int,
    district_share: float,
    has_random_stream: bool,
    sample: SampleCounts,
) -> ThemeRecord:
    """A theme in one street as analysis.adjustment judges it (method, 6)."""
    notified = counts.notified_at
    # A retraction still to be folded can leave fewer respondents than mentions for a moment.
    mentions = min(counts.mentions, respondents)
    return ThemeRecord(
        street=street.code,
        indicator=theme.indicator.code if theme.indicator else "",
        label=theme.name_zh or theme.label,
        mentions=mentions,
        respondents=respondents,
        district_share=district_share,
        waves=counts.waves_present,
        state=counts.state,
        solved=counts.solved,
        reasked=counts.reasked,
        # A common problem (共性问题) is the district's, whoever's task it is in one street.
        remit="common" if theme.scope == "common" else theme.remit,
        confirmed=theme.status == "confirmed",
        notified_days=(wave.opens_at - notified).days if notified else None,
        random_mentions=counts.mentions_random if has_random_stream else None,
        number=theme.id,
        right_mentions=min(counts.mentions_right, mentions),
        sample_members=sample.members,
        sample_judged=sample.judged,
        sample_right=sample.right,
    )
