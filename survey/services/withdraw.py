"""Take an answer back: whoever holds its receipt can, until the wave's figures are frozen.

The answer leaves the figures by a signed retraction in the cubes, and what was written or ticked
beside it is deleted at once. What stays is integers: which options were chosen, under the status
`withdrawn`, so that the cubes can be counted anew and the receipt can say what happened.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from flask_babel import lazy_gettext as _l
from sqlalchemy import delete, exists, insert, select, update

from analysis.themes.text import cleaned
from survey.database import transaction
from survey.errors import Refused
from survey.models import (
    FROZEN_STATUSES,
    Case,
    Comment,
    Evaluation,
    Mention,
    Response,
    ResponseTag,
    RollupPending,
    Theme,
    ThemeJudgement,
    Wave,
)
from survey.queries.waves import wave_view
from survey.services import audit, search_index
from survey.services.theme_counts import recount
from survey.services.theme_meanwhile import hold_themes
from survey.services.theme_promises import forget_rechecks
from survey.services.theme_review import forget_comment
from survey.services.themes import LONGEST_LABEL

WITHDRAWN = "withdrawn"


def withdraw(receipt_hash: str, *, now: datetime) -> bool:
    """Withdraw the answer with this receipt; True when it was still there to be withdrawn.

    receipt_hash: as stored, see `responses.receipt_hash`. now: UTC; the trail keeps its hour.
    Doing it twice is doing it once. One transaction: a publication that is being made is waited
    for, and one that comes after finds the answer gone and waits for the cubes.
    Raises Refused: 404 for an unknown receipt, 409 once the figures are frozen, as what was on
    notice is what is published.
    """
    with transaction() as session:
        found = session.execute(
            select(Response.id, Response.wave_id).where(Response.receipt_hash == receipt_hash)
        ).first()
        if found is None:
            raise unknown_receipt()
        # The wave first and then the trail, as publishing does: nobody waits in a circle.
        wave = session.execute(
            select(Wave.code, Wave.status)
            .where(Wave.id == found.wave_id)
            .with_for_update(read=True)
        ).one()
        # Of two requests at once the second waits here and then sees what the first did.
        response = session.scalars(
            select(Response)
            .where(Response.id == found.id)
            .with_for_update()
            .execution_options(populate_existing=True)
        ).one()
        if response.status == WITHDRAWN:
            return False
        if wave.status == "published" or _is_frozen(session, found.wave_id):
            raise Refused(
                "frozen",
                _l(
                    "The results of this survey are on public notice or published and are not "
                    "changed any more, so this answer cannot be withdrawn. Nobody can see what "
                    "you answered."
                ),
                status=409,
            )
        _retract(session, response)
        _delete_words(session, response.id, wave_code=wave.code)
        forget_rechecks(session, response.id, now=now)
        audit.record(
            session,
            actor="resident",
            action="withdraw",
            subject=f"wave {wave.code}",
            # Neither street nor receipt nor minute: the trail must not lead to an answer.
            at=now.replace(minute=0, second=0, microsecond=0),
        )
    return True


def _is_frozen(session: Any, wave_id: int) -> bool:
    frozen = exists().where(Evaluation.wave_id == wave_id, Evaluation.status.in_(FROZEN_STATUSES))
    return bool(session.scalar(select(frozen)))


def unknown_receipt() -> Refused:
    """Why a receipt cannot be found, worded once."""
    return Refused(
        "unknown_receipt",
        _l("There is no answer with this receipt. Please compare it with your picture of it."),
        status=404,
    )


def _retract(session: Any, response: Response) -> None:
    """Out of the side of the cubes where it is, or is about to be; the sums do not mind order."""
    session.execute(
        insert(RollupPending),
        [
            {"response_id": response.id, "sign": -1, "status": response.status},
            {"response_id": response.id, "sign": 1, "status": WITHDRAWN},
        ],
    )
    session.execute(update(Response).where(Response.id == response.id).values(status=WITHDRAWN))


def _delete_words(session: Any, response_id: int, *, wave_code: str) -> None:
    """Delete the comment, its mentions and the ticked tags; count its themes anew."""
    session.execute(delete(ResponseTag).where(ResponseTag.response_id == response_id))
    # Locked, so that a run over the themes cannot mention it while it goes.
    comment = session.execute(
        select(Comment.id, Comment.body).where(Comment.response_id == response_id).with_for_update()
    ).first()
    if comment is None:
        return
    mentioned = {
        *session.scalars(select(Mention.theme_id).where(Mention.comment_id == comment.id)),
        *session.scalars(
            select(ThemeJudgement.theme_id).where(ThemeJudgement.comment_id == comment.id)
        ),
    }
    # After the comment and in their order, as everybody does who needs both; and before anything
    # is deleted, as whoever counts the themes now may be about to say what it is a copy of.
    hold_themes(session, mentioned)
    forget_comment(session, comment.id)
    session.execute(delete(Mention).where(Mention.comment_id == comment.id))
    search_index.remove(session, comment.id)
    # A case about it stays, without a word of it, and says that it was taken back.
    session.execute(update(Case).where(Case.comment_id == comment.id).values(comment_id=None))
    session.execute(delete(Comment).where(Comment.id == comment.id))
    # A copy that does not count is not compared anew, and would keep the number of what is gone.
    session.execute(update(Mention).where(Mention.kind_id == comment.id).values(kind_id=None))
    if not mentioned:
        return
    for theme in session.scalars(select(Theme).where(Theme.id.in_(mentioned)).order_by(Theme.id)):
        # A theme is labelled with the opening of one resident's own words.
        if theme.label.rstrip("…") in cleaned(comment.body):
            theme.label = "、".join(theme.keywords)[:LONGEST_LABEL]
    recount(session, wave_view(wave_code), only=mentioned)
