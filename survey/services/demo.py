"""Build the demo district: eleven invented streets, a published wave and an open one.

Everything goes through the services that real data goes through; only the answers are invented
(survey/services/demo_answers.py), from a fixed seed. The district is marked as a demo, and so is
every page, file and picture made from it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from flask import current_app
from flask_babel import lazy_gettext as _l
from sqlalchemy import select

from survey.database import transaction
from survey.errors import Refused
from survey.models import (
    Account,
    CollectionPoint,
    DirectScore,
    District,
    Invitation,
    PopulationMargin,
    Street,
    Wave,
    db,
)
from survey.queries.fieldwork import kept_instrument
from survey.queries.policies import kept_policy
from survey.services import duties_file, fieldwork, pictures, place, points, questionnaire
from survey.services.responses import NewResponse, Origin, insert_responses, new_response
from survey.services.rollup import fold_all

if TYPE_CHECKING:
    from survey.services.demo_answers import Inventor

SEED = 20261124
FOLDER = Path(__file__).parent.parent / "demo" / "place"
DUTIES = Path(__file__).parent.parent / "demo" / "duties.csv"
QUESTIONNAIRE = "street-satisfaction"
ASSESSORS = ("A", "B", "C")
# (channel, how many a street, label in Chinese, label in English); {} is the number.
POINTS = (
    ("poster", 3, "小区公告栏 {}", "Notice board {}"),
    ("window", 1, "社区服务中心窗口", "Counter of the service centre"),
    ("doorstep", 2, "入户走访 {} 组", "Doorstep team {}"),
    ("slip", 12, "信箱纸条，{} 号片区", "Letter-box slips, block {}"),
    ("assisted", 1, "志愿者协助填写", "Filled in with a volunteer"),
    ("paper", 1, "抽样邮寄问卷", "Questionnaires by post"),
    ("cati", 1, "电话访问", "Telephone interviews"),
)
# Invited through one point of the channel: (closed wave, open wave).
INVITED = {"slip": (45, 25), "cati": (420, 240), "paper": (110, 60)}
BATCH = 2000
# Longer than five working days, whatever holidays lie between.
NOTICE_DAYS = 20
# Two evaluators: who freezes figures cannot approve them.
ACCOUNTS = (
    ("admin", "admin"),
    ("evaluator", "evaluator"),
    ("evaluator-2", "evaluator"),
    ("auditor", "auditor"),
    ("department", "department"),
)
# The department of the demo's duty list that the department's account belongs to.
DEPARTMENT = "city-management"
# Places of the streets that get an account: hashing a password takes its time on purpose.
STREET_ACCOUNTS = (0, 4, 8)
Tell = Callable[[str], None]


@dataclass(frozen=True)
class DemoBuilt:
    """What was made. accounts: (name, roles in words); password: theirs, shown once."""

    streets: int
    points: int
    responses: int
    waves: tuple[str, str]
    accounts: tuple[tuple[str, str], ...]
    password: str


def build_demo(*, now: datetime, tell: Tell = lambda line: None) -> DemoBuilt:
    """Make the demo district. `now` (UTC): one wave was published before it, one is open.

    tell is given a line after every step. Raises Refused when a district exists: invented
    answers must not stand beside real ones.
    """
    from survey.services import public_tables, themes
    from survey.services.demo_answers import Inventor
    from survey.services.demo_cases import build_cases
    from survey.services.demo_subjects import decide_themes

    if is_unfinished():
        raise Refused(
            "demo_unfinished",
            _l(
                "The demo was interrupted while it was made. Empty the database (for SQLite: "
                "delete app.db in the instance folder) and start again."
            ),
            status=409,
        )
    if has_district():
        raise Refused(
            "not_empty",
            _l("There is a district already; the demo is only made in an empty database."),
            status=409,
        )
    inventor = Inventor(SEED)
    streets = _place()
    duties_file.load_duties(DUTIES, now=now - timedelta(days=150), actor="demo")
    made = _points(streets)
    tell(f"{len(streets)} streets, {len(made)} collection points")
    before, current = _quarters(now)
    opened, closed = now - timedelta(days=133), now - timedelta(days=56)
    _open(before, opens_at=opened, closes_at=closed)
    total = _answer(inventor, before.code, later=False, since=opened, until=closed)
    _direct(inventor, before.code)
    tell(f"{before.code}: {total} answers")
    fieldwork.close_wave(before.code, now=closed)
    themes.run_themes(before.code, now=closed)
    confirmed = decide_themes(before.code, now=closed)
    _publish(before.code, closed=closed)
    # The charts of the front page; those of the streets wait for the worker.
    pictures.draw_for_wave(before.code, now=now, with_streets=False)
    tell(f"{before.code}: published")
    since = (now - timedelta(days=43)).replace(hour=0, minute=0, second=0, microsecond=0)
    _open(current, opens_at=since, closes_at=since + timedelta(days=81))
    more = _answer(inventor, current.code, later=True, since=since, until=now)
    _direct(inventor, current.code)
    fold_all(now=now)
    themes.run_themes(current.code, now=now)
    shown = tuple(streets[number] for number in STREET_ACCOUNTS)
    more += build_cases(
        inventor,
        themes=confirmed,
        waves=(before.code, current.code),
        with_account=shown,
        now=now,
    )
    public_tables.keep_due(now=now)
    tell(f"{current.code}: open, {more} answers, cases at work")
    password, accounts = _accounts(streets, now=now)
    return DemoBuilt(
        streets=len(streets),
        points=len(made),
        responses=total + more,
        waves=(before.code, current.code),
        accounts=accounts,
        password=password,
    )


def has_district() -> bool:
    """Whether the database holds any district."""
    found = db.session.scalar(select(District.id).limit(1))
    db.session.rollback()
    return found is not None


def is_unfinished() -> bool:
    """Whether the making of a demo was interrupted: its accounts are made last."""
    demo = db.session.scalar(select(District.id).where(District.is_demo).limit(1))
    account = db.session.scalar(select(Account.id).limit(1))
    db.session.rollback()
    return demo is not None and account is None


def _place() -> list[str]:
    """Load the streets and the questionnaire; the codes of the streets in order."""
    import json

    place.load_place(FOLDER, is_demo=True)
    shipped = Path(current_app.root_path) / "questionnaires" / f"{QUESTIONNAIRE}.json"
    questionnaire.sync(json.loads(shipped.read_text(encoding="utf-8")))
    codes = list(db.session.scalars(select(Street.code).order_by(Street.code)))
    db.session.rollback()
    return codes


def _points(streets: Sequence[str]) -> Sequence[points.PointCreated]:
    return points.create_points(
        [
            points.NewPoint(street, channel, zh.format(number), en.format(number))
            for street in streets
            for channel, count, zh, en in POINTS
            for number in range(1, count + 1)
        ]
    )


@dataclass(frozen=True)
class _Quarter:
    code: str
    name_zh: str
    name_en: str


def _quarters(now: datetime) -> tuple[_Quarter, _Quarter]:
    """The last quarter and this one."""
    number = now.year * 4 + (now.month - 1) // 3
    ordinals = ("First", "Second", "Third", "Fourth")
    made = []
    for year, place_in_year in (divmod(number - 1, 4), divmod(number, 4)):
        chinese = "一二三四"[place_in_year]
        made.append(
            _Quarter(
                f"{year}q{place_in_year + 1}",
                f"{year}年第{chinese}季度",
                f"{ordinals[place_in_year]} quarter of {year}",
            )
        )
    return made[0], made[1]


def _publish(wave_code: str, *, closed: datetime) -> None:
    """Take the evaluation the whole way: frozen, on public notice, approved by another, published.

    The last day of the notice is given, because the calendar may not reach it yet.
    """
    from survey.services import evaluate

    frozen = closed + timedelta(days=2)
    until = frozen.date() + timedelta(days=NOTICE_DAYS)
    evaluate.freeze(wave_code, actor="evaluator", now=frozen, notice_until=until)
    signed = frozen + timedelta(days=NOTICE_DAYS + 2)
    evaluate.approve(wave_code, actor="evaluator-2", now=signed)
    evaluate.publish(wave_code, actor="evaluator", now=signed + timedelta(hours=2))


def _open(quarter: _Quarter, *, opens_at: datetime, closes_at: datetime) -> None:
    fieldwork.create_wave(
        quarter.code,
        name_zh=quarter.name_zh,
        name_en=quarter.name_en,
        opens_at=opens_at,
        closes_at=closes_at,
        now=opens_at,
        questionnaire=QUESTIONNAIRE,
    )
    fieldwork.open_wave(quarter.code, now=opens_at)


def _answer(
    inventor: Inventor, wave_code: str, *, later: bool, since: datetime, until: datetime
) -> int:
    """Store the invented answers and the invitations of a wave; how many answers."""
    with transaction() as session:
        wave = session.scalars(select(Wave).where(Wave.code == wave_code)).one()
        base = Origin(
            rows=kept_instrument(wave.questionnaire_id),
            policy=kept_policy(wave.policy_id),
            wave_id=wave.id,
            street_id=0,
            point_id=0,
            channel="",
        )
        new: list[NewResponse] = []
        streets = session.scalars(select(Street).order_by(Street.code)).all()
        for number, street in enumerate(streets):
            at = _point_ids(session, street.id)
            session.add_all(
                Invitation(
                    wave_id=wave.id, collection_point_id=point_id, invited=INVITED[channel][later]
                )
                for channel, ids in at.items()
                if channel in INVITED
                for point_id in ids
            )
            ages, women = _residents(session, street.id)
            new += [
                new_response(
                    replace(
                        base,
                        street_id=street.id,
                        point_id=at[one.channel][one.point],
                        channel=one.channel,
                    ),
                    one.answers,
                    key=inventor.key(),
                    at=one.at,
                    language=one.language,
                )
                for one in inventor.street(
                    number,
                    code=street.code,
                    ages=ages,
                    women=women,
                    points={channel: len(ids) for channel, ids in at.items()},
                    later=later,
                    since=since,
                    until=until,
                )
            ]
        session.flush()
        for start in range(0, len(new), BATCH):
            insert_responses(session.connection(), new[start : start + BATCH])
    return len(new)


def _point_ids(session: Any, street_id: int) -> Mapping[str, list[int]]:
    """{channel: ids of the street's points}."""
    found: dict[str, list[int]] = {}
    for channel, point_id in session.execute(
        select(CollectionPoint.channel, CollectionPoint.id)
        .where(CollectionPoint.street_id == street_id)
        .order_by(CollectionPoint.id)
    ):
        found.setdefault(channel, []).append(point_id)
    return found


def _residents(session: Any, street_id: int) -> tuple[list[int], float]:
    """(adults by age band, share of women)."""
    from survey.services.demo_answers import AGES

    rows = session.execute(
        select(
            PopulationMargin.variable, PopulationMargin.category, PopulationMargin.residents
        ).where(PopulationMargin.street_id == street_id)
    )
    counts = {(variable, category): residents for variable, category, residents in rows}
    women, men = counts["sex", "F"], counts["sex", "M"]
    return [counts["age_band", age] for age in AGES], women / (women + men)


def _direct(inventor: Inventor, wave_code: str) -> None:
    with transaction() as session:
        wave_id = session.scalars(select(Wave.id).where(Wave.code == wave_code)).one()
        street_ids = list(session.scalars(select(Street.id).order_by(Street.code)))
        scores = inventor.scores(len(street_ids), assessors=len(ASSESSORS))
        session.add_all(
            DirectScore(wave_id=wave_id, street_id=street_id, assessor=assessor, score=score)
            for street_id, given in zip(street_ids, scores, strict=True)
            for assessor, score in zip(ASSESSORS, given, strict=True)
        )


def _accounts(streets: Sequence[str], *, now: datetime) -> tuple[str, tuple[tuple[str, str], ...]]:
    """Accounts of every role, all with one generated password; (password, (name, role))."""
    from survey.services.access import create_account, generate_password

    password = generate_password()
    made = []
    for name, role in ACCOUNTS:
        bound_to = DEPARTMENT if role == "department" else None
        create_account(name, password, [role], department_code=bound_to, actor="demo", now=now)
        made.append((name, role))
    for code in (streets[number] for number in STREET_ACCOUNTS):
        name = f"street-{code}"
        create_account(name, password, ["street"], street_code=code, actor="demo", now=now)
        made.append((name, "street"))
    return password, tuple(made)
