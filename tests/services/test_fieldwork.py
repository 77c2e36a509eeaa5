"""Waves: what a wave needs to be created, opened and closed."""

from __future__ import annotations

import json
from datetime import datetime, timedelta

import pytest
from sqlalchemy import func, select

from analysis.policy import Policy as PolicyDocument
from survey.errors import Refused
from survey.models import Policy, ResponseCube, RollupPending, Wave
from survey.services import fieldwork
from tests import factories
from tests.factories import NOW

OPENS, CLOSES = NOW - timedelta(days=10), NOW + timedelta(days=10)


def create(code: str = "w1", **changes) -> None:
    values = {
        "name_zh": "第一轮",
        "name_en": "First wave",
        "opens_at": OPENS,
        "closes_at": CLOSES,
        "now": NOW,
    }
    fieldwork.create_wave(code, **(values | changes))


@pytest.fixture
def streets(session):
    """A district with two streets and the product's questionnaire."""
    district_id = factories.district()
    factories.questionnaire()
    return [factories.street(district_id=district_id, code=code) for code in ("s1", "s2")]


def test_opening_locks_the_default_policy(session, streets):
    create()
    opened = fieldwork.open_wave("w1", now=NOW)
    wave = session.scalars(select(Wave)).one()
    policy = session.get_one(Policy, wave.policy_id)
    assert wave.status == "open"
    assert opened.policy_hash == policy.hash == PolicyDocument().sha256
    assert PolicyDocument.from_dict(policy.document).sha256 == policy.hash


def test_a_policy_given_with_the_wave_is_the_one_that_is_locked(session, streets):
    create(policy={"alpha": 0.7})
    opened = fieldwork.open_wave("w1", now=NOW)
    assert opened.policy_hash == PolicyDocument.from_dict({"alpha": 0.7}).sha256


def test_two_waves_with_equal_policies_share_the_row(session, streets):
    create("w1", policy={"alpha": 0.7})
    create("w2", policy={"alpha": 0.7})
    assert session.scalar(select(func.count()).select_from(Policy)) == 1


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"policy": {"alpah": 0.7}}, "policy_wrong"),
        ({"closes_at": OPENS}, "wave_dates_wrong"),
        ({"district": "nowhere"}, "unknown_district"),
        ({"questionnaire": "nothing"}, "unknown_questionnaire"),
    ],
)
def test_a_wave_that_makes_no_sense_is_refused(session, streets, changes, code):
    with pytest.raises(Refused) as refused:
        create(**changes)
    assert refused.value.code == code
    assert session.scalar(select(func.count()).select_from(Wave)) == 0


def test_a_code_is_used_once(session, streets):
    create()
    with pytest.raises(Refused) as refused:
        create()
    assert refused.value.code == "wave_exists"
    with pytest.raises(Refused) as refused:
        create("no blanks")
    assert refused.value.code == "wave_code_wrong"


def test_only_a_draft_can_be_opened(session, streets):
    create()
    fieldwork.open_wave("w1", now=NOW)
    with pytest.raises(Refused, match="open") as refused:
        fieldwork.open_wave("w1", now=NOW)
    assert refused.value.code == "wave_status"


def test_one_wave_of_a_district_is_open_at_a_time(session, streets):
    create("w1")
    create("w2")
    fieldwork.open_wave("w1", now=NOW)
    with pytest.raises(Refused, match="w1") as refused:
        fieldwork.open_wave("w2", now=NOW)
    assert refused.value.code == "another_wave_open"
    fieldwork.close_wave("w1", now=NOW)
    assert fieldwork.open_wave("w2", now=NOW).code == "w2"


def test_a_wave_whose_time_is_over_is_not_opened(session, streets):
    create()
    with pytest.raises(Refused) as refused:
        fieldwork.open_wave("w1", now=CLOSES)
    assert refused.value.code == "wave_over"


def test_a_policy_that_weights_by_what_is_not_asked_is_refused(session, streets):
    tenure = {"tenure": {"ordered": False, "categories": ["own", "rent"]}}
    create(policy={"margin_variables": tenure})
    with pytest.raises(Refused, match="tenure") as refused:
        fieldwork.open_wave("w1", now=NOW)
    assert refused.value.code == "wave_unfit"


def test_a_policy_of_other_indicators_is_refused(session, streets):
    create(policy={"omega": {"party": 0.5, "parks": 0.5}})
    with pytest.raises(Refused, match="parks"):
        fieldwork.open_wave("w1", now=NOW)


def test_a_street_without_margins_is_named(session, streets):
    factories.street(district_id=1, code="bare", margins={})
    create()
    with pytest.raises(Refused, match="age_band: bare"):
        fieldwork.open_wave("w1", now=NOW)
    assert session.scalar(select(Wave.status)) == "draft"


def test_a_margin_category_nobody_can_choose_is_named(session, streets):
    margins = {"age_band": {"18-99": 100}, "sex": {"F": 50, "M": 50}}
    factories.street(district_id=1, code="s3", margins=margins)
    create()
    with pytest.raises(Refused, match="18-99"):
        fieldwork.open_wave("w1", now=NOW)


def test_closing_leaves_nothing_pending_and_moves_the_end_to_now(session):
    place = factories.place()
    for level in (5, 3):
        factories.response(
            wave_id=place.wave_id,
            point_code=place.points[0],
            answers=factories.levels(*[level] * 5),
        )
    closed = fieldwork.close_wave("2026q4", now=NOW)
    assert closed.folded == 2
    assert session.scalar(select(func.count()).select_from(RollupPending)) == 0
    assert session.scalar(select(func.sum(ResponseCube.n))) == 2
    wave = session.get_one(Wave, place.wave_id)
    assert (wave.status, wave.closes_at) == ("closed", NOW)
    with pytest.raises(Refused) as refused:
        fieldwork.close_wave("2026q4", now=NOW)
    assert refused.value.code == "wave_status"


def test_an_unknown_wave_is_named(session):
    with pytest.raises(Refused, match="w9"):
        fieldwork.open_wave("w9", now=NOW)


def test_the_commands_create_open_and_close(runner, app, write_file):
    with app.app_context():
        factories.street(district_id=factories.district())
        factories.questionnaire()
    policy = write_file("policy.json", json.dumps({"alpha": 0.8}))
    words = ["--name-zh", "四季度", "--name-en", "Q4", "--policy", str(policy)]
    days = ["--opens", "2026-10-08", "--closes", "2099-12-31"]
    result = runner.invoke(args=["wave", "create", "2026q4", *words, *days])
    assert result.exit_code == 0, result.output
    with app.app_context():
        from survey.models import db

        wave = db.session.scalars(select(Wave)).one()
        # Days of Asia/Shanghai, the last one included.
        assert wave.opens_at == datetime(2026, 10, 7, 16)
        assert wave.closes_at == datetime(2099, 12, 31, 16)
    for action in ("open", "close"):
        result = runner.invoke(args=["wave", action, "2026q4"])
        assert result.exit_code == 0, result.output
    result = runner.invoke(args=["wave", "open", "2026q4"])
    assert result.exit_code == 1
    assert result.stderr.count("Error: ") == 1


def test_a_broken_policy_file_is_named_with_its_place(runner, write_file):
    policy = write_file("policy.json", '{"alpha": }')
    args = ["--name-zh", "一", "--name-en", "1", "--opens", "2026-10-08", "--closes", "2026-10-09"]
    result = runner.invoke(args=["wave", "create", "w", *args, "--policy", str(policy)])
    assert result.exit_code == 1
    assert "row 1, column 11" in result.stderr


def test_the_shipped_questionnaires_sync_and_stay_unchanged(runner):
    first = runner.invoke(args=["questionnaire", "sync"])
    again = runner.invoke(args=["questionnaire", "sync"])
    assert "street-satisfaction" in first.output
    assert "stored" in first.output
    assert "unchanged" in again.output
