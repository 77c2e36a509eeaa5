"""Read "you said, we did": what residents said, what is planned and done, what they say now.

Only themes that people confirmed and whose count may be shown; only the plans and results of
theme cases, which offices write for everybody. No comment, no reply to one person.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from sqlalchemy import and_, case, func, or_, select

from analysis.estimate import wilson
from analysis.types import Estimate
from survey.models import Case, Department, Recheck, Theme, ThemeState, db
from survey.queries.public_cells import LEAST, is_adjustment_public, is_theme_public
from survey.queries.views import AdjustmentView, EvaluationView, StreetEvaluation

CONFIDENCE = 0.95


@dataclass(frozen=True)
class Done:
    """The latest case of a theme in a street, or of a common one in the district."""

    #: One of survey.models.CASE_STATES.
    state: str
    plan: str
    plan_due_on: date | None
    #: UTC.
    planned_at: datetime | None
    result: str
    done_at: datetime | None
    #: UTC; when residents confirmed it, or it was agreed to be out of remit.
    settled_at: datetime | None
    #: (zh, en) of the department that holds it; None: the street office.
    holder: tuple[str, str] | None
    #: Residents who said in this round whether it is solved, and those who said yes.
    asked: int
    solved: int

    @property
    def was_asked_enough(self) -> bool:
        """Whether as many residents answered as a share needs."""
        return self.asked >= LEAST

    @property
    def share(self) -> Estimate | None:
        """The share that says it is solved, 0 … 1, with its Wilson interval; None: too few."""
        if not self.was_asked_enough:
            return None
        share = self.solved / self.asked
        low, high = wilson(share, self.asked, confidence=CONFIDENCE)
        return Estimate(share, min(low, share), max(high, share), self.asked, self.asked, None)

    def is_overdue(self, today: date) -> bool:
        """Whether the plan's day is over and nothing was declared done."""
        is_open = self.state not in ("done", "confirmed", "out_of_remit")
        return is_open and self.plan_due_on is not None and self.plan_due_on < today


@dataclass(frozen=True)
class SaidTheme:
    """One theme that the public reads of in a street, or in the district."""

    id: int
    #: (zh, en), as people named it; empty: only keywords stand for it.
    name: tuple[str, str]
    keywords: tuple[str, ...]
    #: (zh, en)
    indicator_name: tuple[str, str]
    indicator_code: str
    #: "own" (个性问题) or "common" (共性问题), as published.
    scope: str
    #: m of n: in the street where its count is shown there, else over the district.
    mentions: int
    respondents: int
    is_count_of_street: bool
    #: One of survey.models.theme_state.THEME_STATES; None: nothing is known of it.
    state: str | None = None
    #: (zh, en) of the department whose task it is, or who leads; None: the street office.
    department: tuple[str, str] | None = None
    done: Done | None = None


@dataclass(frozen=True)
class _Known:
    """What is known of a theme today."""

    name: tuple[str, str]
    department: tuple[str, str] | None
    #: The theme that speaks for it: itself, or the one it was merged into.
    speaker: int
    #: {street, or None for the district: state}
    states: Mapping[int | None, str] = field(default_factory=dict)


@dataclass(frozen=True)
class _Read:
    known: Mapping[int, _Known]
    #: {(theme that speaks, street or None): its latest case}
    cases: Mapping[tuple[int, int | None], Done]


def said_and_done(
    view: EvaluationView, entry: StreetEvaluation | None = None
) -> tuple[SaidTheme, ...]:
    """The themes of a street, then what is common to the district; without a street the latter.

    Most mentioned first. Two queries, none when there is no theme to show.
    """
    own = _public_items(view, entry) if entry is not None else {}
    common = _common(view)
    read = _read(view, {*own, *common}, [entry.street.id] if entry is not None else [])
    first = _own_themes(view, entry, own, read) if entry is not None else ()
    rest = _common_themes(view, {k: one for k, one in common.items() if k not in own}, read)
    return (*first, *rest)


def all_said_and_done(
    view: EvaluationView,
) -> tuple[tuple[StreetEvaluation | None, SaidTheme], ...]:
    """Every street's own themes and, without a street, the common ones, for a file. Two queries."""
    own = {entry.street.id: _public_items(view, entry) for entry in view.streets}
    common = _common(view)
    read = _read(view, {*common, *(key for items in own.values() for key in items)}, list(own))
    found: list[tuple[StreetEvaluation | None, SaidTheme]] = [
        (entry, theme)
        for entry in view.streets
        for theme in _own_themes(view, entry, own[entry.street.id], read)
    ]
    return (*found, *((None, theme) for theme in _common_themes(view, common, read)))


def _read(view: EvaluationView, wanted: set[int], streets: Collection[int]) -> _Read:
    if not wanted:
        return _Read({}, {})
    known = _known(view, wanted, streets)
    return _Read(known, _cases({one.speaker for one in known.values()}, streets))


def _own_themes(
    view: EvaluationView, entry: StreetEvaluation, own: Mapping[int, AdjustmentView], read: _Read
) -> tuple[SaidTheme, ...]:
    return _sorted(
        _theme(view, item, read, street=entry.street.id, counts=(item.mentions, item.respondents))
        for item in own.values()
    )


def _common_themes(
    view: EvaluationView, common: Mapping[int, tuple[AdjustmentView, int]], read: _Read
) -> tuple[SaidTheme, ...]:
    n = sum(one.public.n for one in view.streets)
    return _sorted(
        _theme(view, item, read, street=None, counts=(mentions, n))
        for item, mentions in common.values()
    )


def _sorted(themes: Iterable[SaidTheme]) -> tuple[SaidTheme, ...]:
    return tuple(sorted(themes, key=lambda one: (-one.mentions, one.id)))


def _theme(
    view: EvaluationView,
    item: AdjustmentView,
    read: _Read,
    *,
    street: int | None,
    counts: tuple[int, int],
) -> SaidTheme:
    one = read.known.get(item.theme_id) or _Known(("", ""), None, item.theme_id)
    names = {indicator.code: indicator.name for indicator in view.indicators}
    is_departments = item.scope == "common" or item.remit == "department"
    mentions, respondents = counts
    return SaidTheme(
        id=item.theme_id,
        name=one.name,
        keywords=item.keywords,
        indicator_name=names[item.indicator_code],
        indicator_code=item.indicator_code,
        scope=item.scope,
        mentions=mentions,
        respondents=respondents,
        is_count_of_street=street is not None,
        state=one.states.get(street),
        department=one.department if is_departments else None,
        done=read.cases.get((one.speaker, street)) or read.cases.get((one.speaker, None)),
    )


def _public_items(view: EvaluationView, entry: StreetEvaluation) -> dict[int, AdjustmentView]:
    return {
        item.theme_id: item for item in entry.adjustments if is_adjustment_public(view, entry, item)
    }


def _common(view: EvaluationView) -> dict[int, tuple[AdjustmentView, int]]:
    """{theme common to the district: (the theme, people who mention it)}."""
    items: dict[int, AdjustmentView] = {}
    counts: dict[int, int] = defaultdict(int)
    for entry in view.streets:
        for item in entry.adjustments:
            if item.is_confirmed and item.scope == "common":
                items.setdefault(item.theme_id, item)
                counts[item.theme_id] += item.mentions
    return {
        key: (item, counts[key])
        for key, item in items.items()
        if is_theme_public(counts[key], {}, None)
    }


def _known(view: EvaluationView, themes: set[int], streets: Collection[int]) -> dict[int, _Known]:
    """Names, departments and states of the themes, whatever became of them since. One query."""
    place = or_(ThemeState.street_id.is_(None), ThemeState.street_id.in_(streets))
    rows = db.session.execute(
        select(
            Theme.id,
            Theme.name_zh,
            Theme.name_en,
            Theme.merged_into_id,
            Department.name_zh,
            Department.name_en,
            ThemeState.street_id,
            ThemeState.state,
        )
        .outerjoin(Department, Theme.department_id == Department.id)
        .outerjoin(
            ThemeState,
            and_(ThemeState.theme_id == Theme.id, ThemeState.wave_id == view.wave.id, place),
        )
        .where(Theme.id.in_(themes))
    )
    found: dict[int, _Known] = {}
    states: dict[int, dict[int | None, str]] = defaultdict(dict)
    for key, zh, en, into, office_zh, office_en, where, state in rows:
        if state is not None:
            states[key][where] = state
        department = (office_zh, office_en or office_zh) if office_zh else None
        name = (zh, en or zh) if zh else ("", "")
        found[key] = _Known(name, department, into or key, states[key])
    return found


def _cases(themes: set[int], streets: Collection[int]) -> dict[tuple[int, int | None], Done]:
    """{(theme that speaks, street or None): its latest case}. One query."""
    speaks: Any = func.coalesce(Theme.merged_into_id, Theme.id)

    def answers(counted: Any) -> Any:
        """SQL: of the last time of asking, found by the case."""
        return (
            select(counted)
            .where(Recheck.case_id == Case.id, Recheck.round == Case.round)
            .correlate(Case)
            .scalar_subquery()
        )

    place = or_(Case.street_id.is_(None), Case.street_id.in_(streets))
    rows = db.session.execute(
        select(
            speaks,
            Case.street_id,
            Case.state,
            Case.plan,
            Case.plan_due_on,
            Case.planned_at,
            Case.result,
            Case.done_at,
            Case.settled_at,
            Department.name_zh,
            Department.name_en,
            answers(func.count()),
            answers(func.sum(case((Recheck.is_solved, 1), else_=0))),
        )
        .join(Theme, Case.theme_id == Theme.id)
        .outerjoin(Department, Case.department_id == Department.id)
        .where(Case.origin == "theme", speaks.in_(themes), place)
        # An unsettled one speaks for the theme; of settled ones the latest.
        .order_by(Case.settled_at.is_not(None).desc(), Case.id)
    )
    found = {}
    for key, where, *told in rows:
        state, plan, due_on, planned_at, result, done_at, settled_at, zh, en, asked, solved = told
        found[key, where] = Done(
            state=state,
            plan=plan,
            plan_due_on=due_on,
            planned_at=planned_at,
            result=result,
            done_at=done_at,
            settled_at=settled_at,
            holder=(zh, en or zh) if zh else None,
            asked=int(asked or 0),
            solved=int(solved or 0),
        )
    return found
