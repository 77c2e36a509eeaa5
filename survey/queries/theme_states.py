"""Read what was found of the themes of a wave: states, spread over the streets, surges, remits."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from sqlalchemy import select

from analysis.themes.remit import RemitProposal
from survey.models import Indicator, Street, Theme, ThemeSignal, ThemeState, db
from survey.queries.duties import DutyList, DutyView, duties_of_wave, propose_remit
from survey.queries.waves import WaveView, wave_view


@dataclass(frozen=True)
class StateView:
    """A theme's state in a wave, and the two shares it rests on: m of n now and before."""

    state: str
    mentions: int
    respondents: int
    mentions_before: int
    respondents_before: int


@dataclass(frozen=True)
class SignalView:
    """How a theme spreads over the streets, and what its last week says."""

    #: common, own or undecided, by the test; what people decided is the theme's own scope.
    scope: str
    #: Of the streets heard, as many as would say so if it were theirs alone, with the interval.
    effective_streets: float | None
    low: float | None
    high: float | None
    streets_heard: int
    streets_mentioning: int
    #: None: not tested, the theme is too new.
    week_ends: date | None
    week_persons: int | None
    week_expected: float | None
    week_chance: float | None
    is_surging: bool


@dataclass(frozen=True)
class RemitView:
    """Whose task a theme is by the duty list, and the duty that says so."""

    proposal: RemitProposal
    duty: DutyView | None


def theme_states(wave: WaveView) -> Mapping[int, Mapping[str | None, StateView]]:
    """{theme: {street code, or None for the district: state}} of a wave. One query."""
    rows = db.session.execute(
        select(ThemeState, Street.code)
        .outerjoin(Street, ThemeState.street_id == Street.id)
        .where(ThemeState.wave_id == wave.id)
        .order_by(ThemeState.theme_id, Street.code)
    )
    found: dict[int, dict[str | None, StateView]] = defaultdict(dict)
    for row, code in rows:
        found[row.theme_id][code] = StateView(
            row.state,
            row.mentions,
            row.respondents,
            row.mentions_before,
            row.respondents_before,
        )
    return dict(found)


def theme_signals(wave: WaveView) -> Mapping[int, SignalView]:
    """{theme: spread and surge} of a wave. One query."""
    return {
        row.theme_id: _signal(row)
        for row in db.session.scalars(select(ThemeSignal).where(ThemeSignal.wave_id == wave.id))
    }


def _signal(row: ThemeSignal) -> SignalView:
    return SignalView(
        scope=row.scope,
        effective_streets=row.effective_streets,
        low=row.low,
        high=row.high,
        streets_heard=row.streets_heard,
        streets_mentioning=row.streets_mentioning,
        week_ends=row.week_ends,
        week_persons=row.week_persons,
        week_expected=row.week_expected,
        week_chance=row.week_chance,
        is_surging=row.is_surging,
    )


@dataclass(frozen=True)
class Finding:
    """One theme of a wave with all that was found of it. name: (zh, en)."""

    id: int
    name: tuple[str, str]
    status: str
    #: What people decided, or the default as long as they have not.
    scope: str
    remit: str
    decided: tuple[str, ...]
    signal: SignalView
    #: None: never present in the district as a whole.
    district: StateView | None
    #: {street code: state}, in the order of the codes.
    streets: Mapping[str, StateView]
    proposal: RemitView


@dataclass(frozen=True)
class Findings:
    """The themes of a wave, surging ones first, then the most mentioned."""

    wave: WaveView
    themes: tuple[Finding, ...]
    duties: DutyList
    #: {street code: (zh, en)}
    streets: Mapping[str, tuple[str, str]]


def theme_findings(wave_code: str) -> Findings:
    """What the counts say of the themes of a wave. Six queries. Raises Refused (404)."""
    wave = wave_view(wave_code)
    duties = duties_of_wave(wave)
    by_code = {duty.code: duty for duty in duties.duties}
    states = theme_states(wave)
    rows = db.session.execute(
        select(ThemeSignal, Theme, Indicator.code)
        .join(Theme, ThemeSignal.theme_id == Theme.id)
        .outerjoin(Indicator, Theme.indicator_id == Indicator.id)
        .where(ThemeSignal.wave_id == wave.id, Theme.status.not_in(("dismissed", "merged")))
        .order_by(Theme.id)
    )
    found = []
    for signal, theme, indicator in rows:
        here = dict(states.get(theme.id, {}))
        district = here.pop(None, None)
        proposal = propose_remit(
            duties.duties, keywords=theme.keywords, indicator=indicator, label=theme.label
        )
        duty = by_code.get(proposal.duty.code) if proposal.duty else None
        found.append(
            Finding(
                id=theme.id,
                name=(theme.name_zh or theme.label, theme.name_en or theme.label),
                status=theme.status,
                scope=theme.scope,
                remit=theme.remit,
                decided=tuple(theme.decided),
                signal=_signal(signal),
                district=district,
                streets={code: view for code, view in here.items() if code is not None},
                proposal=RemitView(proposal, duty),
            )
        )
    found.sort(
        key=lambda one: (
            not one.signal.is_surging,
            -(one.district.mentions if one.district else 0),
            one.id,
        )
    )
    names = db.session.execute(
        select(Street.code, Street.name_zh, Street.name_en).where(
            Street.district_id == wave.district_id
        )
    )
    return Findings(wave, tuple(found), duties, {code: (zh, en) for code, zh, en in names})
