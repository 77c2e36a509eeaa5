"""Have the demo's residents say on their receipts whether what they asked for is solved."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select

from survey.models import Case, Comment, Mention, Response, Theme, db
from survey.services.rechecks import answer_recheck


def answer_own(case_id: int, at: datetime, *, is_solved: bool) -> None:
    """The resident whose comment the case is about says so."""
    round_, receipt = db.session.execute(
        select(Case.round, Response.receipt_hash)
        .join(Comment, Case.comment_id == Comment.id)
        .join(Response, Comment.response_id == Response.id)
        .where(Case.id == case_id)
    ).one()
    answer_recheck(receipt, case_id, asked_round=round_, is_solved=is_solved, words="", now=at)


def answer_theme(case_id: int, at: datetime, *, most: int, yes: int, first: int = 0) -> None:
    """Residents who spoke of the theme say so, `yes` of `most`, until that settles the case.

    first: how many of them have spoken before and are passed over.
    """
    case = db.session.get_one(Case, case_id)
    round_, street_id = case.round, case.street_id
    asked = (
        select(Response.receipt_hash)
        .join(Comment, Comment.response_id == Response.id)
        .join(Mention, Mention.comment_id == Comment.id)
        .join(Theme, Mention.theme_id == Theme.id)
        .where((Theme.id == case.theme_id) | (Theme.merged_into_id == case.theme_id))
        .where(Response.status == "accepted", Response.is_valid)
        .where(Response.wave_id == case.wave_id)
        .order_by(Response.receipt_hash)
        .distinct()
    )
    if street_id is not None:
        asked = asked.where(Response.street_id == street_id)
    receipts = list(db.session.scalars(asked))
    for number, receipt in enumerate(receipts[first : first + most]):
        state = db.session.scalar(select(Case.state).where(Case.id == case_id))
        if state != "done":
            return
        # Spread evenly: number/most of them before this one said yes.
        is_solved = (number + 1) * yes // most > number * yes // most
        answer_recheck(receipt, case_id, asked_round=round_, is_solved=is_solved, words="", now=at)
