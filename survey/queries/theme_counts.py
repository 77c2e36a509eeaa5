"""Read how often each theme is mentioned in a wave, where, and what people judged of it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import Integer, and_, func, literal, null, select, union_all
from sqlalchemy.orm import joinedload

from analysis.adjustment import ThemeRecord
from survey.models import (
    Comment,
    Department,
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

    def sample(self, theme_id: int) -> SampleCounts:
        """What people judged of a theme's comments in the wave."""
        found = self.judged.get(theme_id, {})
        right, wrong = found.get(("sample", True), 0), found.get(("sample", False), 0)
        counts = self.counts.get(theme_id, {}).values()
        texts = sum(one.texts_only_here for one in counts)
        # No street has more mentions than there are texts; in what an earlier version counted the
        # texts are missing, and nothing to read must not mean that nothing need be read.
        texts = max([texts, *(one.mentions for one in counts)])
        return SampleCounts(
            # What was judged wrong is not counted any more; what was held back later may have been.
            members=max(texts + wrong, right + wrong),
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
    return WaveThemes(
        themes=themes,
        counts=counts,
        respondents=respondents,
        streets=streets,
        departments=departments,
        judged=_judged(wave),
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


def _judged(wave: WaveView) -> dict[int, dict[tuple[str, bool], int]]:
    """{theme: {(basis, about it): comments of the wave that people judged}}. One query.

    A comment that was judged in two themes, which were merged later, is one.
    """
    comments = func.count(ThemeJudgement.comment_id.distinct())
    found: dict[int, dict[tuple[str, bool], int]] = defaultdict(dict)
    for theme_id, basis, is_about, count in db.session.execute(
        select(speaking(), ThemeJudgement.basis, ThemeJudgement.is_about, comments)
        .join(Theme, ThemeJudgement.theme_id == Theme.id)
        .join(Comment, ThemeJudgement.comment_id == Comment.id)
        .where(Comment.wave_id == wave.id)
        .group_by(speaking(), ThemeJudgement.basis, ThemeJudgement.is_about)
    ):
        found[theme_id][basis, bool(is_about)] = count
    return found


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
