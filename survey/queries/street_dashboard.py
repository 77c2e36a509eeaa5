"""Read a street's dashboard: where it stands, what makes the difference, who answered, what is due.

What a street reads before anything is public of a wave is its own figures and the district's, as
they stand; the mean of its peers is the evaluation office's alone until then. On notice and once
published all figures are the frozen ones.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime

from flask_babel import lazy_gettext as _l
from sqlalchemy import func, select

from analysis.peers import Difference, Part, difference, parts_of_difference, peer_mean
from analysis.policy import Policy
from analysis.types import Estimate
from survey.errors import Refused
from survey.models import Case, Theme, ThemePeriod, ThemeState, db
from survey.queries.case_times import CaseTimes, case_times
from survey.queries.more_answers import MoreAnswers, more_answers
from survey.queries.policies import kept_policy
from survey.queries.street_around import Around, street_around
from survey.queries.streets import Answered, WaveFigures, wave_figures
from survey.queries.theme_states import StateView
from survey.queries.views import (
    AdjustmentView,
    EvaluationView,
    IndicatorView,
    StreetEvaluation,
    StreetIndex,
    StreetView,
)
from survey.queries.waves import WaveView
from survey.queries.waves_now import PublicRevision, WavesNow, kept_figures, waves_now


@dataclass(frozen=True)
class Standing:
    """A figure of the street beside the district's and the mean of its peers.

    peers is None where it may not be read yet; a difference is None where a side is not shown.
    """

    own: Estimate | None
    district: Estimate | None
    peers: Estimate | None
    to_district: Difference | None
    to_peers: Difference | None


@dataclass(frozen=True)
class IndicatorStanding:
    """One indicator. shares: of its answers as they stand, see StreetIndex.shares."""

    indicator: IndicatorView
    standing: Standing
    shares: Mapping[str, Estimate]


@dataclass(frozen=True)
class TrendWave:
    """The street's public score in one wave. is_final: published; else it may still change."""

    wave: WaveView
    estimate: Estimate
    district: Estimate
    is_final: bool


@dataclass(frozen=True)
class ThemeHere:
    """A theme of the street in the wave. name is (zh, en)."""

    id: int
    name: tuple[str, str]
    status: str
    #: "own" (个性问题) or "common" (共性问题).
    scope: str
    #: m: of the street's respondents; persons behind loaded comments apart.
    mentions: int
    loaded: int
    #: None: no run has found it in this wave.
    state: StateView | None
    #: Points it costs by the figures that are public; None: nothing is public yet.
    deduction: float | None
    #: The newest case about it in this street; None: there is none.
    case_id: int | None
    case_state: str


@dataclass(frozen=True)
class StreetNow:
    """Where a street stands in a wave. basis: "published", "notice" (provisional), or "now"."""

    basis: str
    revision: PublicRevision | None
    public: Standing
    #: Other streets of the peer group that are shown; empty too where they may not be read yet.
    peers: int
    peers_hidden_because: str | None


@dataclass(frozen=True)
class StreetDashboard:
    """All of a street's first page."""

    wave: WaveView
    waves: tuple[WaveView, ...]
    street: StreetView
    #: What the figures are: "published", "notice" (provisional), or "now" (as they stand).
    basis: str
    revision: PublicRevision | None
    public: Standing
    indicators: tuple[IndicatorStanding, ...]
    #: How many other streets of the peer group are shown; why their mean is not.
    peers: int
    peers_hidden_because: str | None
    #: What each indicator makes of the difference to "peers" or, until that is known, "district".
    parts: tuple[Part, ...]
    parts_against: str
    trend: tuple[TrendWave, ...]
    not_ranked_because: str | None
    #: Valid answers in the wave, and answers that are stored and not counted yet.
    valid: int
    pending: int
    answered: Answered
    more: MoreAnswers
    themes: tuple[ThemeHere, ...]
    around: Around
    times: CaseTimes


def street_dashboard(
    code: str, *, wave_code: str | None, reads_all: bool, today: date, now: datetime
) -> StreetDashboard:
    """A street's dashboard in a wave, by default the current one. Six queries once it was read.

    reads_all: the evaluation office; today: the district's day; now: UTC. Raises Refused (404)
    for an unknown street or wave.
    """
    known = waves_now()
    wave = known.chosen(wave_code)
    policy = kept_policy(wave.policy_id)
    figures = wave_figures(wave)
    index = _index(figures, code)
    revision, entry, sides = _sides(known, figures, index, reads_all=reads_all)
    public, by_code = sides.standings()
    against = "district" if public.peers is None else "peers"
    around = street_around(
        index.street, [one.street for one in figures.indices.streets], today=today, now=now
    )
    answered = figures.answered[code]
    return StreetDashboard(
        wave=wave,
        waves=known.waves,
        street=index.street,
        basis=_basis(revision),
        revision=revision,
        public=public,
        indicators=tuple(
            IndicatorStanding(one, by_code[one.code], index.shares.get(one.code, {}))
            for one in figures.indices.indicators
            if one.code in by_code
        ),
        peers=len(sides.peers),
        peers_hidden_because=None if sides.shows_peers else "not_public",
        parts=sides.parts(against),
        parts_against=against,
        trend=_trend(known, wave, code, public, is_final=bool(revision and revision.is_published)),
        not_ranked_because=index.not_ranked_because,
        valid=max((sum(counts.values()) for counts in answered.categories.values()), default=0),
        pending=figures.indices.pending,
        answered=answered,
        more=more_answers(index, answered, around.points, policy=policy),
        themes=_themes(wave, index.street, entry),
        around=around,
        times=case_times(street_code=code, now=now),
    )


def street_now(known: WavesNow, figures: WaveFigures, code: str, *, reads_all: bool) -> StreetNow:
    """Where a street stands, from what was read already. Raises Refused (404)."""
    revision, _frozen, sides = _sides(known, figures, _index(figures, code), reads_all=reads_all)
    public, _by_code = sides.standings()
    return StreetNow(
        _basis(revision),
        revision,
        public,
        len(sides.peers),
        None if sides.shows_peers else "not_public",
    )


def _basis(revision: PublicRevision | None) -> str:
    if revision is None:
        return "now"
    return "published" if revision.is_published else "notice"


def _sides(
    known: WavesNow, figures: WaveFigures, index: StreetIndex, *, reads_all: bool
) -> tuple[PublicRevision | None, StreetEvaluation | None, _Sides]:
    """The figures of a wave that may be read: those that are public, else as they stand.

    A street that the frozen figures do not know is shown as it stands.
    """
    wave = figures.indices.wave
    revision = known.figures_of(wave)
    frozen = kept_figures(revision) if revision is not None else None
    entry = _entry(frozen, index.street.code)
    if entry is None:
        revision, frozen = None, None
    policy = kept_policy(wave.policy_id)
    return (
        revision,
        entry,
        _Sides(figures, index, frozen, entry, reads_all=reads_all, policy=policy),
    )


def _index(figures: WaveFigures, code: str) -> StreetIndex:
    found = next((one for one in figures.indices.streets if one.street.code == code), None)
    if found is None:
        raise Refused(
            "unknown_street",
            _l("There is no street with the code %(code)s.", code=code),
            status=404,
        )
    return found


def _entry(frozen: EvaluationView | None, code: str) -> StreetEvaluation | None:
    if frozen is None:
        return None
    return next((one for one in frozen.streets if one.street.code == code), None)


class _Sides:
    """The figures of the street, the district and its peers: frozen ones, or as they stand."""

    def __init__(
        self,
        figures: WaveFigures,
        index: StreetIndex,
        frozen: EvaluationView | None,
        entry: StreetEvaluation | None,
        *,
        reads_all: bool,
        policy: Policy,
    ) -> None:
        self.policy = policy
        self.shows_peers = reads_all or frozen is not None
        self.own: StreetIndex | StreetEvaluation
        everybody: tuple[StreetIndex | StreetEvaluation, ...]
        if frozen is not None and entry is not None:
            self.own, everybody = entry, frozen.streets
            self.district, self.districts = frozen.district, frozen.district_indicators
        else:
            self.own, everybody = index, figures.indices.streets
            self.district = figures.indices.district
            self.districts = figures.indices.district_indicators
        total = sum(one.street.population for one in everybody)
        #: What the street makes of the district's mean.
        self.share = self.own.street.population / total if total else 0.0
        self.peers = tuple(
            one
            for one in everybody
            if self.shows_peers
            and one.street.peer_group == self.own.street.peer_group
            and one.street.code != self.own.street.code
            and one.public.suppressed_because is None
            and one.public.value is not None
        )

    def standings(self) -> tuple[Standing, dict[str, Standing]]:
        """Of the public score, and {indicator: of its index}."""
        public = self._standing(self.own.public, self.district, [one.public for one in self.peers])
        return public, {
            code: self._standing(
                own, self.districts.get(code), [self._of(one, code) for one in self.peers]
            )
            for code, own in self.own.indicators.items()
        }

    def _of(self, one: StreetIndex | StreetEvaluation, code: str) -> Estimate:
        return one.indicators.get(code) or Estimate(None, None, None, 0, 0.0, "no_answers")

    def _standing(
        self, own: Estimate, district: Estimate | None, peers: list[Estimate]
    ) -> Standing:
        mean = peer_mean(peers, policy=self.policy) if peers else None
        return Standing(
            own=own,
            district=district,
            peers=mean,
            to_district=difference(own, district, policy=self.policy, share=self.share),
            to_peers=difference(own, mean, policy=self.policy),
        )

    def parts(self, against: str) -> tuple[Part, ...]:
        """What each indicator makes of the difference of the public scores."""
        if against == "district":
            return parts_of_difference(self.own.indicators, self.districts, policy=self.policy)
        others = {
            code: peer_mean([self._of(one, code) for one in self.peers], policy=self.policy)
            for code in self.policy.omega
        }
        return parts_of_difference(self.own.indicators, others, policy=self.policy)


def _trend(
    known: WavesNow, wave: WaveView, code: str, public: Standing, *, is_final: bool
) -> tuple[TrendWave, ...]:
    """The published waves with the same questions, then this one; those without the street are
    left out."""
    found = []
    for one in reversed(known.published_before(wave)):
        if one.wave.questionnaire_id != wave.questionnaire_id:
            continue
        view = kept_figures(one)
        entry = _entry(view, code)
        if entry is not None:
            found.append(TrendWave(one.wave, entry.public, view.district, True))
    if public.own is not None and public.district is not None:
        found.append(TrendWave(wave, public.own, public.district, is_final))
    return tuple(found)


def _themes(
    wave: WaveView, street: StreetView, entry: StreetEvaluation | None
) -> tuple[ThemeHere, ...]:
    """Themes that the street's residents mention or mentioned until now. One query."""
    newest = (
        select(Case.theme_id, func.max(Case.id).label("case_id"))
        .where(Case.street_id == street.id, Case.origin == "theme")
        .group_by(Case.theme_id)
        .subquery()
    )
    rows = db.session.execute(
        select(Theme, ThemePeriod.mentions, ThemePeriod.mentions_loaded, ThemeState, Case)
        .outerjoin(
            ThemePeriod,
            (ThemePeriod.theme_id == Theme.id)
            & (ThemePeriod.wave_id == wave.id)
            & (ThemePeriod.street_id == street.id),
        )
        .outerjoin(
            ThemeState,
            (ThemeState.theme_id == Theme.id)
            & (ThemeState.wave_id == wave.id)
            & (ThemeState.street_id == street.id),
        )
        .outerjoin(newest, newest.c.theme_id == Theme.id)
        .outerjoin(Case, Case.id == newest.c.case_id)
        .where(
            Theme.district_id == wave.district_id,
            Theme.status.not_in(("dismissed", "merged")),
            ThemePeriod.id.is_not(None) | ThemeState.id.is_not(None),
        )
        .order_by(Theme.id)
    )
    costs: dict[int, AdjustmentView] | None = None
    if entry is not None:
        costs = {item.theme_id: item for item in entry.adjustments}
    themes = []
    for theme, mentions, loaded, state, case in rows:
        told = "、".join(theme.keywords)
        cost = costs.get(theme.id) if costs is not None else None
        one = ThemeHere(
            id=theme.id,
            # Nobody's own words: a theme that people did not name goes by its keywords.
            name=(theme.name_zh or theme.name_en or told, theme.name_en or theme.name_zh or told),
            status=theme.status,
            scope=theme.scope,
            mentions=mentions or 0,
            loaded=loaded or 0,
            state=_state(state),
            deduction=(cost.deduction if cost else 0.0) if costs is not None else None,
            case_id=case.id if case else None,
            case_state=case.state if case else "",
        )
        if one.mentions or one.loaded or (one.state and one.state.state in ("gone", "easing")):
            themes.append(one)
    return tuple(
        sorted(themes, key=lambda one: (-(one.deduction or 0), -one.mentions, -one.loaded, one.id))
    )


def _state(row: ThemeState | None) -> StateView | None:
    if row is None:
        return None
    return StateView(
        row.state, row.mentions, row.respondents, row.mentions_before, row.respondents_before
    )
