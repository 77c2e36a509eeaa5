"""Builders of rows for tests: keyword-only, everything has a default, each commits.

Call them inside an application context (the `session` fixture has one). They return keys and
codes, not rows, so that nothing stays attached to a session.
"""

from __future__ import annotations

import itertools
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import select

from analysis.policy import Policy as PolicyDocument
from survey.database import transaction
from survey.models import (
    CollectionPoint,
    Comment,
    Department,
    DirectScore,
    District,
    Policy,
    PopulationMargin,
    Questionnaire,
    Street,
    Wave,
    db,
)
from survey.queries.fieldwork import instrument_rows
from survey.queries.policies import kept_policy
from survey.services import questionnaire as questionnaires
from survey.services.responses import Origin, insert_responses, new_response

NOW = datetime(2026, 11, 24, 9, 0)
INSTRUMENT = Path(__file__).parent.parent / "survey/questionnaires/street-satisfaction.json"
MARGINS: Mapping[str, Mapping[str, int]] = {
    "age_band": {"18-29": 9000, "30-44": 13000, "45-59": 10000, "60+": 8000},
    "sex": {"F": 20400, "M": 19600},
}
INDICATORS = ("party", "urban", "welfare", "community", "safety")
_numbers = itertools.count(1)


def district(*, code: str = "d1", name_zh: str = "试验区", is_demo: bool = False) -> int:
    """A district; returns its id."""
    with transaction() as session:
        row = District(code=code, name_zh=name_zh, name_en="Test District", is_demo=is_demo)
        session.add(row)
        session.flush()
        return row.id


def street(
    *,
    district_id: int,
    code: str = "s1",
    peer_group: str = "urban",
    margins: Mapping[str, Mapping[str, int]] = MARGINS,
) -> int:
    """A street with its margins; returns its id."""
    first = next(iter(margins.values()), {"all": 40000})
    with transaction() as session:
        row = Street(
            district_id=district_id,
            code=code,
            name_zh=f"{code}街道",
            name_en=f"{code} Street",
            population=sum(first.values()),
            peer_group=peer_group,
        )
        session.add(row)
        session.flush()
        session.add_all(
            PopulationMargin(
                street_id=row.id, variable=variable, category=category, residents=residents
            )
            for variable, counts in margins.items()
            for category, residents in counts.items()
        )
        return row.id


def department(*, district_id: int, code: str = "roads") -> int:
    """A department; returns its id."""
    with transaction() as session:
        row = Department(
            district_id=district_id, code=code, name_zh=f"{code}局", name_en=f"{code} Office"
        )
        session.add(row)
        session.flush()
        return row.id


def document(**changes: Any) -> dict[str, Any]:
    """The product's own questionnaire document, with top-level changes."""
    return json.loads(INSTRUMENT.read_text(encoding="utf-8")) | changes


def questionnaire(*, content: Mapping[str, Any] | None = None) -> int:
    """A stored questionnaire; returns its id."""
    content = dict(content or document())
    questionnaires.sync(content)
    found = db.session.scalar(
        select(Questionnaire.id).where(
            Questionnaire.code == content["code"], Questionnaire.version == content["version"]
        )
    )
    assert found is not None
    return found


def policy(*, overrides: Mapping[str, Any] | None = None) -> int:
    """A stored policy; returns its id."""
    made = PolicyDocument.from_dict(overrides or {})
    with transaction() as session:
        row = session.scalar(select(Policy).where(Policy.hash == made.sha256))
        if row is None:
            row = Policy(hash=made.sha256, document=made.to_dict(), created_at=NOW)
            session.add(row)
            session.flush()
        return row.id


def wave(
    *,
    district_id: int,
    code: str = "2026q4",
    status: str = "open",
    questionnaire_id: int | None = None,
    policy_id: int | None = None,
    opens_at: datetime = NOW - timedelta(days=20),
    closes_at: datetime = NOW + timedelta(days=20),
) -> int:
    """A wave around NOW; returns its id."""
    questionnaire_id = questionnaire_id or questionnaire()
    if policy_id is None and status != "draft":
        policy_id = policy()
    with transaction() as session:
        row = Wave(
            district_id=district_id,
            code=code,
            name_zh=f"{code} 轮",
            name_en=f"Wave {code}",
            questionnaire_id=questionnaire_id,
            policy_id=policy_id,
            opens_at=opens_at,
            closes_at=closes_at,
            status=status,
        )
        session.add(row)
        session.flush()
        return row.id


def point(
    *,
    street_id: int,
    channel: str = "poster",
    code: str | None = None,
    retired_at: datetime | None = None,
) -> str:
    """A collection point; returns its short code."""
    code = code or f"T{next(_numbers):05d}"
    with transaction() as session:
        session.add(
            CollectionPoint(
                street_id=street_id,
                channel=channel,
                short_code=code,
                label_zh="社区服务中心门口",
                label_en="Entrance of the service centre",
                retired_at=retired_at,
            )
        )
    return code


def levels(*values: int | str, **more: str) -> dict[str, str]:
    """Answers to the five indicators in order, e.g. levels(5, 4, 3, "dk", 1, sex="F")."""
    return {c: str(v) for c, v in zip(INDICATORS, values, strict=False)} | more


def response(
    *, wave_id: int, point_code: str, answers: Mapping[str, str], at: datetime = NOW
) -> str:
    """A stored response that waits for its roll-up; returns its submission key."""
    key = f"test-key-{next(_numbers):012d}"
    with transaction() as session:
        found = session.scalar(
            select(CollectionPoint).where(CollectionPoint.short_code == point_code)
        )
        assert found is not None
        used = session.get_one(Wave, wave_id)
        origin = Origin(
            rows=instrument_rows(used.questionnaire_id),
            policy=kept_policy(used.policy_id),
            wave_id=wave_id,
            street_id=found.street_id,
            point_id=found.id,
            channel=found.channel,
        )
        new = new_response(origin, answers, key=key, at=at, language="zh")
        insert_responses(session.connection(), [new])
    return key


def comment(
    *,
    body: str,
    wave_id: int | None = None,
    street_id: int | None = None,
    person: str | None = None,
    said_on: date = NOW.date(),
) -> int:
    """A comment loaded from elsewhere; returns its id."""
    with transaction() as session:
        row = Comment(
            wave_id=wave_id,
            street_id=street_id,
            body=body,
            language="zh",
            source="test",
            source_key=str(next(_numbers)),
            person_hash=person,
            said_on=said_on,
        )
        session.add(row)
        session.flush()
        return row.id


def direct_score(*, wave_id: int, street_id: int, assessor: str = "A", score: float = 90) -> None:
    """One assessor's score of a street."""
    with transaction() as session:
        session.add(
            DirectScore(wave_id=wave_id, street_id=street_id, assessor=assessor, score=score)
        )


@dataclass(frozen=True)
class Place:
    """What `place` made: keys and codes to go on from."""

    district_id: int
    street_ids: tuple[int, ...]
    wave_id: int
    #: Short codes, one poster point a street.
    points: tuple[str, ...]


def place(*, streets: Sequence[str] = ("s1", "s2"), wave_status: str = "open") -> Place:
    """A district with streets, margins, a wave and a poster point in every street."""
    district_id = district()
    ids = tuple(street(district_id=district_id, code=code) for code in streets)
    wave_id = wave(district_id=district_id, status=wave_status)
    return Place(district_id, ids, wave_id, tuple(point(street_id=key) for key in ids))
