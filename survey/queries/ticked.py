"""Read which ready-made reasons residents of a street ticked, and how many; small counts hidden."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import func, select

from survey.models import Response, ResponseTag, Street, db
from survey.queries.fieldwork import kept_instrument
from survey.queries.policies import kept_policy
from survey.queries.views import IndicatorView
from survey.queries.waves import WaveView


@dataclass(frozen=True)
class TickedReason:
    """A reason and how many accepted answers ticked it. text is (zh, en)."""

    text: tuple[str, str]
    #: None below the policy's smallest cell, none at all included.
    count: int | None


@dataclass(frozen=True)
class IndicatorReasons:
    """The reasons of one indicator, most ticked first; None: of no indicator."""

    indicator: IndicatorView | None
    reasons: tuple[TickedReason, ...]


@dataclass(frozen=True)
class StreetReasons:
    """The reasons of a street in a wave. answers: accepted ones; None when they are too few."""

    answers: int | None
    fewest: int
    groups: tuple[IndicatorReasons, ...]


def street_reasons(wave: WaveView, street_code: str) -> StreetReasons:
    """How often each reason of the questionnaire was ticked in a street. Two queries.

    Counted are accepted answers; a withdrawn one has no ticks any more. Which of the hidden
    counts is the larger cannot be seen from their order.
    """
    rows = kept_instrument(wave.questionnaire_id)
    fewest = kept_policy(wave.policy_id).min_cell
    accepted = (
        Response.wave_id == wave.id,
        Response.status == "accepted",
        Street.code == street_code,
    )
    answers = db.session.scalar(
        select(func.count()).select_from(Response).join(Street).where(*accepted)
    )
    counts = dict(
        db.session.execute(
            select(ResponseTag.option_id, func.count())
            .join(Response, ResponseTag.response_id == Response.id)
            .join(Street, Response.street_id == Street.id)
            .where(*accepted)
            .group_by(ResponseTag.option_id)
        ).all()
    )
    names = {indicator.code: indicator for indicator in rows.indicators}
    found: dict[str | None, list[TickedReason]] = {}
    for code in rows.instrument.tag_codes:
        for option in rows.instrument.options(code):
            count = counts.get(rows.option_ids[code, option["code"]], 0)
            reason = TickedReason(
                (option["text"]["zh"], option["text"].get("en", "")),
                count if count >= fewest else None,
            )
            found.setdefault(rows.instrument.indicator_of(code), []).append(reason)
    return StreetReasons(
        answers=answers if answers is not None and answers >= fewest else None,
        fewest=fewest,
        groups=tuple(
            IndicatorReasons(
                names.get(code or ""),
                tuple(sorted(reasons, key=lambda reason: -(reason.count or 0))),
            )
            for code, reasons in found.items()
        ),
    )
