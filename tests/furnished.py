"""A district with something to show on every page: what the walks of tests.every_page open."""

from __future__ import annotations

import secrets
from datetime import timedelta

from flask import Flask
from sqlalchemy import select, update

from survey.clock import utc_now
from survey.database import transaction
from survey.desk import Desk
from survey.formatting import local_time
from survey.models import Account, Case, Comment, District, Mention, Street, Theme, Wave, db
from survey.queries.waves import wave_view
from survey.services import (
    access,
    cases,
    collect,
    duties,
    invitations,
    points,
    reply_templates,
    sign_in_codes,
)
from survey.services.appeals import file_appeal
from survey.services.case_calls import call_departments
from survey.services.case_paths import pass_on
from survey.services.evaluate import freeze
from survey.services.exclusions import record_exclusion
from survey.services.paper_entry import open_batch, store_form
from survey.services.rollup import fold_all
from survey.services.theme_states import store_states
from tests import case_factories, factories
from tests.case_factories import version_of
from tests.on_notice import hold_back
from tests.public_cases import with_cases
from tests.published import FIRST, OPEN, SECOND

PASSWORD = "correct horse battery"
ON_NOTICE = "2026n"
#: username: (role, street, department). `codes` is asked for a one-time code.
ACCOUNTS = {
    "eva": ("evaluator", None, None),
    "clerk": ("street", "s1", None),
    "dept": ("department", None, "roads"),
    "boss": ("admin", None, None),
    "audit": ("auditor", None, None),
    "codes": ("admin", None, None),
}
STREET = Desk("clerk", street_code="s1")
DUTY = {
    "code": "Z1",
    "indicator": "urban",
    "name_zh": "修路灯",
    "name_en": "Repair street lights",
    "terms": "路灯; street light",
    "responsible": "department",
    "department_zh": "roads局",
    "department_en": "roads Office",
    "has_means": "yes",
    "source": "Demo duty list",
    "retired": "no",
}


def furnish(app: Flask, *, is_demo: bool = False) -> dict[str, str]:
    """Make it all, by the real clock; what the paths of tests.every_page.PAGES need.

    SQLite only: it begins with the published district of tests.published.
    """
    with_cases(app)
    now = utc_now()
    with app.app_context():
        with transaction() as session:
            session.execute(update(District).values(is_demo=is_demo))
            # Open by the real clock, whatever the day.
            session.execute(
                update(Wave)
                .where(Wave.code == OPEN)
                .values(opens_at=now - timedelta(days=20), closes_at=now + timedelta(days=20))
            )
        district_id = db.session.scalar(select(District.id))
        assert district_id is not None
        factories.department(district_id=district_id, code="roads")
        factories.department(district_id=district_id, code="police")
        for name, (role, street, department) in ACCOUNTS.items():
            access.create_account(
                name,
                PASSWORD,
                [role],
                street_code=street,
                department_code=department,
                now=now,
            )
        place = _place(district_id)
        return {
            "open": OPEN,
            "first": FIRST,
            "second": SECOND,
            "on_notice": ON_NOTICE,
            **_points(place),
            **_answers(place),
            **_themes(place),
            **_cases(place),
            **_appeal(place),
            **_paper_and_access(),
        }


def _place(district_id: int) -> factories.Place:
    """The streets of the published district and its open wave."""
    streets = tuple(db.session.scalars(select(Street.id).order_by(Street.code)))
    wave_id = db.session.scalar(select(Wave.id).where(Wave.code == OPEN))
    assert wave_id is not None
    db.session.rollback()
    made = tuple(factories.point(street_id=key) for key in streets)
    return factories.Place(district_id, streets, wave_id, made)


def _points(place: factories.Place) -> dict[str, str]:
    """A point in use, one that is retired and leads to it, and a kiosk."""
    retired = factories.point(street_id=place.street_ids[0])
    points.retire_point(retired, replaced_by=place.points[0], actor="boss", now=utc_now())
    kiosk = factories.point(street_id=place.street_ids[0], channel="assisted")
    return {"point": place.points[0], "retired": retired, "kiosk": kiosk}


def _answers(place: factories.Place) -> dict[str, str]:
    """Twelve answers in the open wave with a comment each; one asks to be called back."""
    receipts = []
    for turn in range(12):
        given = factories.levels(5, 2, 3, "dk", 4) | {
            "submission_key": secrets.token_urlsafe(16),
            "comment": f"晚上没有地方停车，第 {turn} 次说。",
        }
        if not turn:
            given |= {"urban_tags": "5", "call_back": "1", "phone": "13800138000", "share": "1"}
        form = {name: [value] for name, value in given.items()}
        receipt = collect.submit(place.points[0], form, now=utc_now(), language="zh")
        receipts.append(receipt.code)
    for assessor in "AB":
        for street_id in place.street_ids:
            factories.direct_score(wave_id=place.wave_id, street_id=street_id, assessor=assessor)
    fold_all(now=utc_now())
    return {"receipt": receipts[0]}


def _themes(place: factories.Place) -> dict[str, str]:
    """A theme of the published wave, and one of the open wave that residents' comments mention."""
    mentioned = case_factories.a_theme(place, mentions=(12, 11, 10), notified_at=utc_now())
    with transaction() as session:
        session.add_all(
            Mention(comment_id=comment_id, theme_id=mentioned, closeness=0.8)
            for comment_id in session.scalars(
                select(Comment.id).where(Comment.wave_id == place.wave_id)
            ).all()
        )
    for code in (SECOND, OPEN):
        wave = wave_view(code)
        with transaction() as session:
            store_states(session, wave)
    theme = db.session.scalar(select(Theme.id).where(Theme.label.startswith("Parking")))
    db.session.rollback()
    return {"theme": str(theme), "mentioned": str(mentioned)}


def _cases(place: factories.Place) -> dict[str, str]:
    """A call-back, a case to which departments are called, and one of a theme that was passed."""
    now = utc_now()
    case_factories.open_call_back_cases(now)
    call_back = db.session.scalar(select(Case.id).where(Case.origin == "call_back"))
    db.session.rollback()
    called = case_factories.a_comment_case(place, now=now - timedelta(days=9))
    theme = case_factories.a_theme_case(place, now=now - timedelta(days=9))
    for case_id in (called, theme):
        cases.accept(case_id, version=version_of(case_id), desk=STREET, now=now - timedelta(days=8))
    call_departments(
        called,
        department_codes=["roads", "police"],
        version=version_of(called),
        desk=STREET,
        words="请带图纸到现场，看电缆是谁的",
        now=now - timedelta(days=6),
    )
    cases.plan(
        theme,
        version=version_of(theme),
        desk=STREET,
        words="与物业商定，新划二十个车位。",
        due_on=(now + timedelta(days=20)).date(),
        now=now - timedelta(days=5),
    )
    pass_on(
        theme,
        department_code="roads",
        version=version_of(theme),
        desk=STREET,
        words="车位在市政道路上",
        now=now - timedelta(days=3),
    )
    return {
        "call_back_case": str(call_back),
        "called_case": str(called),
        "theme_case": str(theme),
    }


def _appeal(place: factories.Place) -> dict[str, str]:
    """A wave on public notice with answers held back, an exclusion, an appeal against that."""
    now = utc_now()
    with transaction() as session:
        one = session.get_one(Wave, place.wave_id)
        same = {"questionnaire_id": one.questionnaire_id, "policy_id": one.policy_id}
    wave_id = factories.wave(
        district_id=place.district_id,
        code=ON_NOTICE,
        opens_at=now - timedelta(days=50),
        closes_at=now - timedelta(days=25),
        **same,
    )
    keys = [
        factories.response(
            wave_id=wave_id,
            point_code=point,
            answers=factories.levels(*(5 - (turn + order + k) % 2 for k in range(5))),
            at=now - timedelta(days=30),
        )
        for order, point in enumerate(place.points)
        for turn in range(20)
    ]
    hold_back(keys[:2])
    fold_all(now=now)
    with transaction() as session:
        session.get_one(Wave, wave_id).status = "closed"
    record_exclusion(
        ON_NOTICE,
        street_code="s1",
        reason="Moved to another district in the middle of the wave.",
        document="Notice 7",
        actor="eva",
        now=now,
    )
    freeze(
        ON_NOTICE, actor="eva", now=now, notice_until=local_time(now).date() + timedelta(days=30)
    )
    appeal = file_appeal(
        ON_NOTICE,
        street_code="s1",
        kind="exclusion",
        grounds="The street was moved after the wave was over.",
        files=[("照片 1.pdf", b"%PDF-1.7\n")],
        actor="clerk",
        now=now,
        today=local_time(now).date(),
    )
    return {"appeal": str(appeal)}


def _paper_and_access() -> dict[str, str]:
    """A pile of forms, an invitation, a duty, a reply template, and codes for one account."""
    now = utc_now()
    batch = open_batch(OPEN, "s1", label="Box 7", actor="eva", now=now)
    store_form(batch, 1, 1, factories.levels(5, 4, 3, 2, 1), actor="eva", now=now)
    token = invitations.invite("Letters desk", ["evaluator"], actor="boss", now=now)
    district_id = db.session.scalar(select(District.id))
    db.session.rollback()
    assert district_id is not None
    reply_templates.add_template(
        district_id=district_id,
        desk=STREET,
        name="到场时间",
        words="您好，{street}将于 {date} 到场。",
        now=now,
    )
    duties.add_duty(DUTY, actor="eva", now=now)
    with transaction() as session:
        account = session.scalars(select(Account).where(Account.username == "codes")).one()
        account.totp_secret = sign_in_codes.new_secret()
    return {"batch": str(batch), "invitation": token, "duty": DUTY["code"]}
