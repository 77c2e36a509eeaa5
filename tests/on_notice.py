"""A wave whose figures are on public notice: seven streets, a theme that costs two of them points.

s7 is the lowest. Two of its answers are held back (待核查).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from sqlalchemy import select, update

from survey.database import transaction
from survey.models import Indicator, Response, RollupPending, Theme, ThemePeriod, Wave
from survey.services.evaluate import freeze
from survey.services.rollup import fold_all
from tests import factories
from tests.factories import NOW, levels

CODE = "2026q4"
STREETS = tuple(f"s{number}" for number in range(1, 8))
# Tuesday 24 November 2026; the notice lasts five working days.
TODAY = date(2026, 11, 24)
LAST_DAY = date(2026, 12, 1)
LATER = NOW + timedelta(hours=1)
POLICY = {"theme_min_waves": 1, "theme_sample": 0, "notice_days": 0}


@dataclass(frozen=True)
class OnNotice:
    """Keys to go on from. theme_id: costs s6 and s7; idle_id: costs nobody."""

    place: factories.Place
    theme_id: int
    idle_id: int


def put_on_notice(*, held_back: int = 2, notice_until: date | None = None) -> OnNotice:
    """Make it all: answers, scores, themes, and the figures frozen."""
    place = counted_wave(held_back=held_back)
    theme_id = add_theme(place, "停车难", confirmed=True)
    idle_id = add_theme(place, "噪声", confirmed=False)
    freeze(CODE, actor="eva", now=NOW, notice_until=notice_until)
    return OnNotice(place, theme_id, idle_id)


def counted_wave(*, held_back: int) -> factories.Place:
    """Forty answers a street, all folded, in a closed wave with direct scores."""
    place = factories.place(streets=STREETS)
    keys = []
    for order, street_id in enumerate(place.street_ids):
        # One-time slips: without a random sample no street is ranked.
        code = factories.point(street_id=street_id, channel="slip")
        for turn in range(40):
            given = levels(*(5 - (turn + order + k) % (2 + order // 3) for k in range(5)))
            keys.append(factories.response(wave_id=place.wave_id, point_code=code, answers=given))
        for assessor, score in zip("ABC", (90, 91, 89 - order), strict=True):
            factories.direct_score(
                wave_id=place.wave_id, street_id=street_id, assessor=assessor, score=score
            )
    if held_back:
        hold_back(keys[-held_back:])
    fold_all(now=NOW)
    policy_id = factories.policy(overrides=POLICY)
    with transaction() as session:
        session.execute(update(Wave).values(status="closed", policy_id=policy_id))
    return place


def hold_back(keys: list[str]) -> None:
    """Mark answers that are not folded yet as 待核查."""
    with transaction() as session:
        found = session.scalars(select(Response.id).where(Response.submission_key.in_(keys))).all()
        session.execute(update(Response).where(Response.id.in_(found)).values(status="quarantined"))
        session.execute(
            update(RollupPending)
            .where(RollupPending.response_id.in_(found))
            .values(status="quarantined")
        )


def add_theme(place: factories.Place, label: str, *, confirmed: bool) -> int:
    """A theme mentioned by 20 residents of s6 and of s7, told to the streets long before."""
    with transaction() as session:
        theme = Theme(
            district_id=place.district_id,
            indicator_id=session.scalar(select(Indicator.id).order_by(Indicator.position)),
            label=label,
            keywords=[label],
            status="confirmed" if confirmed else "proposed",
            remit="street",
            scope="own",
            centroid={},
            texts=1,
            created_at=NOW,
        )
        session.add(theme)
        session.flush()
        session.add_all(
            ThemePeriod(
                theme_id=theme.id,
                street_id=street_id,
                wave_id=place.wave_id,
                mentions=20,
                mentions_loaded=0,
                mentions_random=20,
                notified_at=NOW - timedelta(days=200),
            )
            for street_id in place.street_ids[-2:]
        )
        return theme.id
