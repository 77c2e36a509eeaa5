"""A complaint costs a street points; it plans, acts, and its residents decide what comes back."""

from __future__ import annotations

import json
import re
from datetime import timedelta
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select, update

from analysis.__main__ import main
from survey.clock import utc_now
from survey.database import transaction
from survey.formatting import local_time
from survey.models import Case, Comment, Indicator, Mention, Theme, ThemePeriod, Wave, db
from survey.queries.draft import draft_evaluation
from survey.queries.views import AdjustmentView
from survey.queries.waves import wave_view
from survey.services import access
from survey.services.evaluate import publish
from survey.services.rechecks import keep_promises
from survey.services.theme_counts import recount
from tests import factories
from tests.factories import levels
from tests.stories.test_scan_to_publish import PARKING, PASSWORD, answer, sign_in

WAVE, EARLIER = "2026q4", "2026q3"
# Nothing is read by a person here, and the streets are small.
POLICY = {"theme_sample": 0}


class District:
    """Two streets, two waves, and a problem of the first street in both; all by the real clock."""

    def __init__(self, app: Flask) -> None:
        self.app, self.phone, self.clerk = app, app.test_client(), app.test_client()
        now = utc_now()
        with app.app_context():
            district_id = factories.district()
            self.streets = [
                factories.street(district_id=district_id, code=code) for code in ("s1", "s2")
            ]
            codes = [factories.point(street_id=key) for key in self.streets]
            access.create_account("clerk", PASSWORD, ["street"], street_code="s1", now=now)
            access.create_account("evaluator", PASSWORD, ["evaluator"], now=now)
            policy_id = factories.policy(overrides=POLICY)
            earlier = factories.wave(
                district_id=district_id,
                code=EARLIER,
                status="published",
                policy_id=policy_id,
                opens_at=now - timedelta(days=100),
                closes_at=now - timedelta(days=70),
            )
            self.wave_id = factories.wave(
                district_id=district_id,
                code=WAVE,
                policy_id=policy_id,
                opens_at=now - timedelta(days=3),
                closes_at=now + timedelta(days=3),
            )
        self.receipts = [
            answer(self.phone, codes[0], **levels(4, 3, 4, 5, 4), comment=words)
            for words in PARKING
        ]
        for turn in range(36):
            for code in codes:
                answer(self.phone, code, **levels(5, 4, 4, 3 + turn % 3, 5))
        self._find_theme(district_id, earlier)
        assert app.test_cli_runner().invoke(args=["rollup"]).exit_code == 0
        sign_in(self.clerk, "clerk")
        evaluator = app.test_client()
        sign_in(evaluator, "evaluator")
        self.path = self._opened(evaluator)

    def _find_theme(self, district_id: int, earlier: int) -> None:
        """As a run found it, and as people confirmed it two months before the wave opened."""
        told = utc_now() - timedelta(days=70)
        with self.app.app_context(), transaction() as session:
            theme = Theme(
                district_id=district_id,
                indicator_id=session.scalar(select(Indicator.id).where(Indicator.code == "urban")),
                label="停车难",
                name_zh="停车难",
                name_en="Nowhere to park",
                keywords=["停车"],
                status="confirmed",
                remit="street",
                centroid={},
                texts=12,
                created_at=told,
            )
            session.add(theme)
            session.flush()
            self.theme_id = theme.id
            for comment_id in session.scalars(select(Comment.id)).all():
                session.add(Mention(comment_id=comment_id, theme_id=self.theme_id, closeness=0.8))
            session.add(
                ThemePeriod(
                    theme_id=self.theme_id,
                    street_id=self.streets[0],
                    wave_id=earlier,
                    mentions=11,
                    mentions_loaded=0,
                    mentions_random=0,
                    notified_at=told,
                )
            )
            session.flush()
            recount(session, wave_view(WAVE))

    def _opened(self, evaluator: FlaskClient) -> str:
        token = self._token(evaluator, "/office/reply-templates")
        given = {"csrf_token": token, "theme": self.theme_id, "street": "s1", "wave": WAVE}
        reply = evaluator.post("/office/cases", data=given)
        assert reply.status_code == 303, reply.get_data(as_text=True)
        return reply.headers["Location"]

    @staticmethod
    def _token(client: FlaskClient, path: str) -> str:
        found = re.search(
            r'name="csrf_token"[^>]*value="([^"]+)"', client.get(path).get_data(as_text=True)
        )
        assert found
        return found[1]

    def act(self, what: str, **given: str) -> None:
        """What the clerk does on the case's page."""
        shown = self.clerk.get(self.path).get_data(as_text=True)
        version = re.search(r'name="version" value="(\d+)"', shown)
        assert version
        token = self._token(self.clerk, self.path)
        data = {"csrf_token": token, "version": version[1], **given}
        reply = self.clerk.post(f"{self.path}/{what}", data=data)
        assert reply.status_code == 303, reply.get_data(as_text=True)

    def say(self, receipt: str, solved: str) -> None:
        """A resident opens the receipt and answers what it asks."""
        shown = self.phone.get(receipt.replace("lang=zh", "lang=en")).get_data(as_text=True)
        assert "Is it solved?" in shown
        hidden = dict(re.findall(r'type="hidden" name="(case|round)" value="(\d+)"', shown))
        action = re.search(r'<form method="post" action="(/r/\w+/solved[^"]*)"', shown)
        assert action
        reply = self.phone.post(
            action[1].replace("&amp;", "&"), data={**hidden, "solved": solved, "words": ""}
        )
        assert reply.status_code == 303, reply.get_data(as_text=True)

    def plan_and_do(self) -> None:
        with self.app.app_context():
            until = local_time(utc_now()).date() + timedelta(days=20)
        self.act("accept")
        self.act("plan", words="划出三十个车位", due_on=until.isoformat())
        self.act("done", words="三十个车位已经划好")

    def street(self) -> tuple[AdjustmentView, float, float]:
        """What the theme costs the first street in the draft of now, P and P*."""
        with self.app.app_context():
            found = draft_evaluation(WAVE).streets[0]
            [cost] = found.adjustments
            assert found.public.value is not None
            assert found.adjusted.value is not None
            return cost, found.public.value, found.adjusted.value

    def a_week_later(self) -> None:
        """What the worker does in the night after the last day of asking."""
        with self.app.app_context():
            keep_promises(now=utc_now() + timedelta(days=8))

    def state(self) -> tuple[str, int]:
        with self.app.app_context():
            case = db.session.scalars(select(Case)).one()
            return case.state, case.round


def deduction(restored: float) -> float:
    """d by hand: 12 of the street's 48 name it and 12 of the district's 84; present in two waves.

    p̃ = (12 + 100·12/84)/148 is above .06, so min(1, p̃/.06) = 1; ρ = .5; d = 4·1·.5·(1 − g).
    """
    assert (12 + 100 * 12 / 84) / 148 > 0.06
    return 4 * 1 * 0.5 * (1 - restored)


def test_what_residents_say_is_solved_comes_back_in_the_next_draft(
    each_app: Flask, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    # Given a problem of the street's own, known for two months, that costs it points
    district = District(each_app)
    cost, public, adjusted = district.street()
    assert cost.not_counted_because == ()
    assert (cost.relief, cost.deduction) == (0, pytest.approx(deduction(0)))
    assert public - adjusted == pytest.approx(0.2 * deduction(0))

    # When the street accepts it, plans, and says that it is done
    district.plan_and_do()

    # Then its plan halves what it costs, and "done" adds nothing
    cost, public, adjusted = district.street()
    assert cost.relief == 0.5
    assert public - adjusted == pytest.approx(0.2 * deduction(0.5))

    # When the first ten answer, all that were asked are waited for
    for receipt in district.receipts[:8]:
        district.say(receipt, "yes")
    for receipt in district.receipts[8:10]:
        district.say(receipt, "no")
    assert district.street()[0].relief == 0.5

    # When a week has passed, their share is what comes back: 8 of 10 are no proof yet
    district.a_week_later()
    cost, public, adjusted = district.street()
    assert cost.relief == 0.8
    assert public - adjusted == pytest.approx(0.2 * deduction(0.8))
    assert district.state() == ("done", 1)

    # When two more do, 10 of 12 reach the bound: in the night all comes back, and the case is
    # confirmed
    for receipt in district.receipts[10:]:
        district.say(receipt, "yes")
    assert district.state() == ("done", 1)
    district.a_week_later()
    cost, public, adjusted = district.street()
    assert cost.relief == 1
    assert public == pytest.approx(adjusted)
    assert district.state() == ("confirmed", 1)
    again = district.receipts[0].replace("lang=zh", "lang=en")
    thanked = district.phone.get(again).get_data(as_text=True)
    assert "You said: it is solved." in thanked
    assert "Is it solved?" not in thanked

    # And whoever has the bundle computes the same
    with each_app.app_context():
        with transaction() as session:
            session.execute(update(Wave).where(Wave.code == WAVE).values(status="closed"))
        publish(WAVE, actor="eva", now=utc_now())
    out = tmp_path / "bundle.zip"
    done = each_app.test_cli_runner().invoke(
        args=["export", WAVE, "--format", "bundle", "--out", str(out)]
    )
    assert done.exit_code == 0, done.output
    assert main(["recompute", str(out), "--tolerance", "0"]) == 0
    said = json.loads(capsys.readouterr().out)
    assert said["identical"] == said["figures"] > 10


def test_what_residents_say_is_not_solved_goes_back_to_the_street(each_app: Flask) -> None:
    district = District(each_app)
    district.plan_and_do()
    for receipt in district.receipts[:9]:
        district.say(receipt, "no")
    assert district.state() == ("done", 1)
    district.say(district.receipts[9], "yes")
    district.a_week_later()
    # 1 of 10: even the upper bound is below six tenths.
    assert district.state() == ("not_confirmed", 1)
    cost, public, adjusted = district.street()
    # The plan is as good as overdue: what comes back is the share that says "solved".
    assert cost.relief == pytest.approx(0.1)
    assert public - adjusted == pytest.approx(0.2 * deduction(0.1))
    # The clerk finds it with what there is to do, and residents are asked anew.
    shown = district.clerk.get(f"{district.path}?lang=en").get_data(as_text=True)
    assert 'id="act-plan"' in shown
    district.act("done", words="又划了十个")
    assert district.state() == ("done", 2)
    assert district.street()[0].relief == 0
    district.say(district.receipts[0], "yes")
    assert district.street()[0].relief == 0


def test_a_plan_whose_day_has_passed_gains_nothing_also_where_no_worker_ran(
    each_app: Flask,
) -> None:
    district = District(each_app)
    district.plan_and_do()
    assert district.street()[0].relief == 0.5
    with each_app.app_context():
        with transaction() as session:
            session.execute(update(Wave).where(Wave.code == WAVE).values(status="closed"))
        made = publish(WAVE, actor="eva", now=utc_now() + timedelta(days=30))
    [cost] = made.streets[0].adjustments
    assert cost.relief == 0
