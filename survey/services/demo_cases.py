"""Open the demo's cases and work through them as offices would, each act at its own past time.

Every act goes through the service that a person's click goes through. What is done when is
written as lives: days before `now`, in the order in which things happen to a case.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import partial

from sqlalchemy import select

from survey.desk import Desk
from survey.formatting import local_time
from survey.models import (
    Case,
    CollectionPoint,
    Comment,
    District,
    Response,
    Street,
    Wave,
    db,
)
from survey.services import cases, collect, rollup
from survey.services.case_opening import (
    open_call_back_cases,
    open_comment_case,
    open_theme_case,
)
from survey.services.demo_agenda import CITY, Agenda, Life, desk_of
from survey.services.demo_answers import INDICATORS, Inventor
from survey.services.demo_lives import COMMENT_LIVES, THEME_LIVES, WITH_DEPARTMENT
from survey.services.demo_subjects import demo_words, subject_of
from survey.services.rechecks import keep_promises
from survey.services.reply_templates import add_template

OFFICE = Desk("evaluator", is_evaluator=True)
# The department whose account the demo shows.
# A comment is read so many days before somebody opens a case about it.
SOONEST = 3
# Cases about one comment, for every street and for one whose account the demo shows.
FEW, MANY = 5, 17
# China Mobile's own service number: nobody is called by mistake.
PHONE = "13800138000"
# Days before now on which residents of a street ask to be called back.
WISHES = (20, 15, 9, 6, 3, 2)


def build_cases(
    inventor: Inventor,
    *,
    themes: dict[str, int],
    waves: tuple[str, str],
    with_account: tuple[str, ...],
    now: datetime,
) -> int:
    """Open cases of every origin and bring them to every state; how many answers were added.

    themes: {subject: theme that was confirmed in the first of the waves}. with_account: streets
    whose desk the demo shows, which get more to do. The answers are those of residents who ask to
    be called back.
    """
    agenda = Agenda(now)
    for subject, street, kind in demo_words()["themes"]:
        if subject in themes:
            life = Life(agenda, subject, street)
            opening = partial(
                open_theme_case,
                themes[subject],
                street_code=street,
                wave_code=waves[0],
                actor=OFFICE.username,
            )
            THEME_LIVES[kind](life, opening)
    today = local_time(now).date()
    for number, street in enumerate(_streets()):
        told = _told(waves[1], street)
        for place in range(MANY if street in with_account else FEW):
            _one_comment(agenda, number * FEW + place, street, told, today=today)
    added = _call_backs(agenda, inventor, waves[1], with_account)
    agenda.run()
    _templates(with_account, now=now)
    keep_promises(now=now)
    rollup.fold_all(now=now)
    return added


def _one_comment(
    agenda: Agenda, place: int, street: str, told: list[_Told], *, today: date
) -> None:
    """One life for the next comment of the street that it fits; none where there is none."""
    days, live = COMMENT_LIVES[place % len(COMMENT_LIVES)]
    fits = [one for one in told if one.on < today - timedelta(days=days + SOONEST)]
    if live in WITH_DEPARTMENT:
        fits = [one for one in fits if demo_words()["subjects"][one.subject]["department"]]
        # The department whose account the demo shows before the others.
        fits.sort(key=lambda one: demo_words()["subjects"][one.subject]["department"] == CITY)
    if not fits:
        return
    # What was said last before that day.
    chosen = fits[-1]
    told.remove(chosen)
    life = Life(agenda, chosen.subject, street)
    life.open(days, partial(open_comment_case, chosen.id, actor=OFFICE.username))
    live(life)


@dataclass(frozen=True)
class _Told:
    id: int
    on: date
    subject: str


def _streets() -> list[str]:
    found = list(db.session.scalars(select(Street.code).order_by(Street.code)))
    db.session.rollback()
    return found


def _told(wave_code: str, street: str) -> list[_Told]:
    """Comments of a street's answers that count and whose subject is known, the oldest first."""
    rows = db.session.execute(
        select(Comment.id, Comment.said_on, Comment.body)
        .join(Response, Comment.response_id == Response.id)
        .join(Street, Comment.street_id == Street.id)
        .join(Wave, Comment.wave_id == Wave.id)
        .where(Wave.code == wave_code, Street.code == street)
        .where(Response.status == "accepted", Response.is_valid)
        .order_by(Comment.said_on, Comment.id)
    ).all()
    db.session.rollback()
    found = [_Told(one.id, one.said_on, subject_of(one.body) or "") for one in rows]
    return [one for one in found if one.subject in demo_words()["subjects"]]


def _call_backs(
    agenda: Agenda, inventor: Inventor, wave_code: str, streets: tuple[str, ...]
) -> int:
    """Residents who ask to be called; each becomes a case the next morning. How many."""
    made = 0
    for street in streets:
        code = _open_code(wave_code, street)
        for days, wish in zip(WISHES, demo_words()["wishes"], strict=True):
            agenda.add(days, partial(_ask_to_be_called, inventor.key(), code, wish))
            made += 1
            if days > 2:
                agenda.add(days - 2, partial(_call, street))
    for days in WISHES:
        agenda.add(days - 1, open_call_back_cases)
    return made


def _open_code(wave_code: str, street: str) -> str:
    """The code of a notice board of the street."""
    found = db.session.scalars(
        select(CollectionPoint.short_code)
        .join(Street, CollectionPoint.street_id == Street.id)
        .where(Street.code == street, CollectionPoint.channel == "poster")
        .order_by(CollectionPoint.id)
    ).first()
    db.session.rollback()
    assert found is not None
    return found


def _ask_to_be_called(key: str, code: str, wish: str, at: datetime) -> None:
    form = {name: ["3"] for name in INDICATORS} | {
        "comment": [wish],
        "submission_key": [key],
        "call_back": ["1"],
        "phone": [PHONE],
        "share": ["1"],
    }
    collect.submit(code, form, now=at, language="zh")


def _call(street: str, at: datetime) -> None:
    """Call the resident who has waited longest."""
    case_id, version = db.session.execute(
        select(Case.id, Case.version)
        .join(Street, Case.street_id == Street.id)
        .where(Street.code == street, Case.origin == "call_back", Case.called_at.is_(None))
        .order_by(Case.opened_at, Case.id)
    ).first() or (None, 0)
    if case_id is None:
        return
    desk, words = desk_of(street=street), demo_words()["words"]["called"]
    cases.call_back_made(case_id, version=version, desk=desk, now=at, words=words)
    cases.accept(case_id, version=version + 1, desk=desk, now=at)


def _templates(streets: tuple[str, ...], *, now: datetime) -> None:
    district_id = db.session.scalars(select(District.id)).one()
    db.session.rollback()
    for desk in (OFFICE, *(desk_of(street=street) for street in streets)):
        names = demo_words()["templates"]
        for name, words in names[2:] if desk is OFFICE else names[:2]:
            add_template(district_id=district_id, desk=desk, name=name, words=words, now=now)
