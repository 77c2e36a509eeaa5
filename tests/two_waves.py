"""Two waves of five streets with one questionnaire, of which the earlier one is published.

s5 is so far behind in both that its last place is established where the policy lets it be.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from sqlalchemy import update

from survey.database import transaction
from survey.models import Wave
from survey.services.evaluate import publish
from survey.services.rollup import fold_all
from tests import factories
from tests.factories import NOW, levels

EARLIER, CODE = "2026q3", "2026q4"
STREETS = tuple(f"s{number}" for number in range(1, 6))
# One wave of forty answers a street shall be enough here.
FEW = {"min_rank_n_effective": 10.0, "last_n_effective": 10.0}


def two_waves(overrides: dict[str, Any]) -> factories.Place:
    """Both waves closed under the policy, the earlier one published; the keys of the later one."""
    place = factories.place(streets=STREETS)
    with transaction() as session:
        now = session.get_one(Wave, place.wave_id)
        questionnaire, opens_at = now.questionnaire_id, now.opens_at
    earlier = factories.wave(
        district_id=place.district_id,
        code=EARLIER,
        opens_at=opens_at - timedelta(days=90),
        closes_at=opens_at - timedelta(days=60),
    )
    with transaction() as session:
        session.execute(update(Wave).values(questionnaire_id=questionnaire))
    for wave_id in (earlier, place.wave_id):
        for street_id in place.street_ids:
            is_last = street_id == place.street_ids[-1]
            low = 1 if is_last else 4
            code = factories.point(street_id=street_id, channel="slip")
            for turn in range(40):
                given = levels(*(low + (turn + k) % 2 for k in range(5)))
                factories.response(wave_id=wave_id, point_code=code, answers=given)
            for assessor in "ABC":
                factories.direct_score(
                    wave_id=wave_id,
                    street_id=street_id,
                    assessor=assessor,
                    score=60 if is_last else 90,
                )
    fold_all(now=NOW)
    policy_id = factories.policy(overrides=FEW | overrides)
    with transaction() as session:
        session.execute(update(Wave).values(status="closed", policy_id=policy_id))
    publish(EARLIER, actor="x", now=NOW - timedelta(days=10))
    return place
