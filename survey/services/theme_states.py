"""Store what the counts of a wave say of its themes: state per street, spread, and surge.

The rules are analysis.themes.theme_states, heterogeneity and surges; numbers they need are read by
survey.queries.theme_history. People decide; nothing here changes a theme.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import date
from typing import Any

from sqlalchemy import delete, insert, select, update

from survey.models import Theme, ThemeSignal, ThemeState
from survey.queries.policies import kept_policy
from survey.queries.theme_counts import in_wave
from survey.queries.theme_history import (
    DISTRICT,
    Counts,
    History,
    WeeklyCounts,
    theme_history,
    weekly_counts,
)
from survey.queries.waves import WaveView


def store_states(session: Any, wave: WaveView, *, only: Collection[int] | None = None) -> None:
    """Compute and store states and spread anew, within the caller's transaction.

    only: the ids of the themes to look at; their surge then stays as the last whole run found it,
    because all themes are tested together. None looks at all and tests the last week.
    """
    history = theme_history(wave, only=only)
    policy = kept_policy(wave.policy_id)
    states = [
        row
        for theme_id, streets in history.mentions.items()
        for row in _states(
            theme_id, streets, history, wave=wave, present=policy.theme_present_mentions
        )
    ]
    _replace(session, ThemeState, wave, states, only)
    signals = _spreads(session, history, wave)
    if only is None:
        _replace(session, ThemeSignal, wave, list(signals.values()), None)
        _store_surges(session, wave)
    else:
        _store_spreads(session, wave, signals, only)


def _replace(
    session: Any,
    model: type[ThemeState] | type[ThemeSignal],
    wave: WaveView,
    rows: list[dict[str, Any]],
    only: Collection[int] | None,
) -> None:
    gone = delete(model)
    if only is None:
        session.execute(gone.where(model.wave_id == wave.id))
    else:
        session.execute(gone.where(in_wave(model.wave_id, wave), model.theme_id.in_(only)))
    if rows:
        session.execute(insert(model), rows)


def _states(
    theme_id: int,
    streets: Mapping[int | None, Mapping[int, int]],
    history: History,
    *,
    wave: WaveView,
    present: int,
) -> list[dict[str, Any]]:
    """The rows of one theme: this wave's state in each street, and in the district."""
    from analysis.themes.theme_states import WaveCount, theme_states

    rows = []
    for street_id, mentions in streets.items():
        if max(mentions.values()) < present:
            continue  # Never present: most pairs of a theme and a street are.
        counts = [
            # A retraction still to be folded can leave fewer respondents than mentions.
            WaveCount(min(mentions.get(one, 0), asked), asked)
            for one in history.waves
            for asked in [history.respondents.get((one, street_id), 0)]
        ]
        found = theme_states(counts, present=present)[-1]
        if found.state == "never":
            continue  # A retraction took the last mentions.
        rows.append(
            {
                "theme_id": theme_id,
                "street_id": street_id,
                "wave_id": wave.id,
                "state": found.state,
                "mentions": found.evidence.current.mentions,
                "respondents": found.evidence.current.respondents,
                "mentions_before": found.evidence.before.mentions,
                "respondents_before": found.evidence.before.respondents,
            }
        )
    return rows


def _spreads(session: Any, history: History, wave: WaveView) -> dict[int, dict[str, Any]]:
    """{theme: its row of theme_signal} of the themes that are mentioned in the wave."""
    from analysis.themes.heterogeneity import heterogeneity

    heard = {
        str(street): n
        for (wave_id, street), n in history.respondents.items()
        if wave_id == wave.id and street is not DISTRICT
    }
    spoken = set(history.spoken)
    merged = set(session.scalars(select(Theme.id).where(Theme.status == "merged")))
    rows = {}
    for theme_id in sorted(spoken - merged):
        mentions = {
            str(street): min(counts.get(wave.id, 0), heard.get(str(street), 0))
            for street, counts in history.mentions.get(theme_id, {}).items()
            if street is not DISTRICT
        }
        found = heterogeneity(mentions, heard)
        rows[theme_id] = {
            "theme_id": theme_id,
            "wave_id": wave.id,
            "scope": found.scope,
            "effective_streets": found.effective_streets,
            "low": found.low,
            "high": found.high,
            "streets_heard": found.heard,
            "streets_mentioning": found.mentioned_in,
            "is_surging": False,
        }
    return rows


def _store_spreads(
    session: Any, wave: WaveView, rows: Mapping[int, dict[str, Any]], only: Collection[int]
) -> None:
    """Put the spread of some themes in place, leaving their surge as it is."""
    kept = set(
        session.scalars(
            select(ThemeSignal.theme_id).where(
                ThemeSignal.wave_id == wave.id, ThemeSignal.theme_id.in_(only)
            )
        )
    )
    for theme_id in sorted(kept - rows.keys()):
        session.execute(
            delete(ThemeSignal).where(
                ThemeSignal.wave_id == wave.id, ThemeSignal.theme_id == theme_id
            )
        )
    changed = [
        {key: value for key, value in row.items() if key != "is_surging"}
        for theme_id, row in rows.items()
        if theme_id in kept
    ]
    if changed:
        session.execute(update(ThemeSignal), changed)
    new = [row for theme_id, row in rows.items() if theme_id not in kept]
    if new:
        session.execute(insert(ThemeSignal), new)


def _store_surges(session: Any, wave: WaveView) -> None:
    """Test the seven days up to the wave's latest comment, all themes of the district at once."""
    weekly = weekly_counts(wave)
    if weekly is None or not weekly.themes:
        return
    kept = set(session.scalars(select(ThemeSignal.theme_id).where(ThemeSignal.wave_id == wave.id)))
    rows = [row for row in _surges(weekly, wave.id) if row["theme_id"] in kept]
    if rows:
        session.execute(update(ThemeSignal), rows)


def _surges(weekly: WeeklyCounts, wave_id: int) -> list[dict[str, Any]]:
    from analysis.themes.surges import surges

    found = surges(
        [counts.persons for counts in weekly.themes.values()],
        heard=weekly.heard,
        known_weeks=[_weeks(counts, weekly.last) for counts in weekly.themes.values()],
    )
    themes: Sequence[tuple[int, Counts]] = list(weekly.themes.items())
    return [
        {
            "theme_id": theme_id,
            "wave_id": wave_id,
            "week_ends": weekly.last,
            "week_persons": counts.persons[-1],
            "week_expected": float(found.expected[place]),
            "week_chance": float(found.chance[place]),
            "is_surging": bool(found.surging[place]),
        }
        for place, (theme_id, counts) in enumerate(themes)
        if found.tested[place]
    ]


def _weeks(counts: Counts, last: date) -> int:
    return (last - counts.first).days // 7
