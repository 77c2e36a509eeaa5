"""What was decided or corrected after an evaluation was frozen and is not in its figures."""

from __future__ import annotations

from collections.abc import Iterator

from flask_babel import lazy_gettext as _l
from sqlalchemy import exists, or_, select
from sqlalchemy.orm import aliased

from survey.errors import Refused
from survey.models import (
    Appeal,
    AuditEvent,
    Comment,
    Evaluation,
    Exclusion,
    ThemeAdjustment,
    ThemeDecision,
    Wave,
    db,
)
from survey.queries.assessment import assessed_since
from survey.queries.policies import kept_policy
from survey.queries.waves import WaveView

HELD_BACK_AGAIN = "appeal_answers_held_back"
# What moves no figure: how a theme is called and who is told of it.
OF_WORDS = ("rename", "department")
# Reasons why a theme costs nothing that a decision about it can take away.
DECIDABLE = {
    "not_confirmed",
    "not_the_streets_remit",
    "sample_not_judged",
    "sample_too_often_wrong",
}


def outdated(stored: Evaluation, wave: WaveView) -> Iterator[Refused]:
    """What keeps figures from being signed because others would come out now. Four queries."""
    if decided_since(stored, wave):
        yield Refused(
            "decided_since",
            _l(
                "An appeal or an exclusion was decided after these figures were frozen. Freeze "
                "the draft again, so that the decision is in them."
            ),
            status=409,
        )
    if assessed_since(stored.created_at, wave):
        yield Refused(
            "assessed_since",
            _l(
                "A direct score or a list was changed after these figures were frozen. Freeze the "
                "draft again, so that the change is in them."
            ),
            status=409,
        )
    if themes_decided_since(stored, wave):
        yield Refused(
            "themes_decided_since",
            _l(
                "A theme that costs a street points, or could cost some, was decided about after "
                "these figures were frozen. Freeze the draft again, so that the decision is in "
                "them."
            ),
            status=409,
        )
    if earlier_published_since(stored, wave):
        yield Refused(
            "earlier_published_since",
            _l(
                "An earlier wave that these figures rest on was published or corrected after they "
                "were frozen. Freeze the draft again, so that it is in them."
            ),
            status=409,
        )


def decided_since(stored: Evaluation, wave: WaveView) -> bool:
    """Whether an appeal was upheld, taken back, or an exclusion decided since. One query."""
    upheld = exists().where(
        Appeal.wave_id == stored.wave_id,
        Appeal.status == "upheld",
        or_(Appeal.evaluation_id == stored.id, Appeal.closed_at > stored.created_at),
    )
    excluded = exists().where(
        Exclusion.wave_id == stored.wave_id,
        or_(Exclusion.decided_at > stored.created_at, Exclusion.lifted_at > stored.created_at),
    )
    # The appeal stays as it was decided; only the trail knows that its answers were held back.
    held_back = exists().where(
        AuditEvent.at > stored.created_at,
        AuditEvent.action == HELD_BACK_AGAIN,
        AuditEvent.subject.endswith(f" of wave {wave.code}", autoescape=True),
    )
    return bool(db.session.scalar(select(or_(upheld, excluded, held_back))))


def themes_decided_since(stored: Evaluation, wave: WaveView) -> bool:
    """Whether people decided about a theme that costs points here, or that could. Two queries.

    What was decided and undone since is as it was; comments of later waves are not in these
    figures.
    """
    undone = aliased(ThemeDecision)
    rows = db.session.execute(
        select(ThemeDecision.theme_id, ThemeDecision.other_theme_id, ThemeDecision.before)
        .outerjoin(Comment, ThemeDecision.comment_id == Comment.id)
        .outerjoin(Wave, Comment.wave_id == Wave.id)
        .outerjoin(undone, undone.undone_by_id == ThemeDecision.id)
        .where(
            ThemeDecision.district_id == wave.district_id,
            ThemeDecision.at > stored.created_at,
            ThemeDecision.action.not_in(OF_WORDS),
            ThemeDecision.undone_by_id.is_(None),
            or_(undone.id.is_(None), undone.at <= stored.created_at),
            or_(undone.id.is_(None), undone.action.not_in(OF_WORDS)),
            or_(Wave.id.is_(None), Wave.opens_at <= wave.opens_at),
        )
    )
    # Who agreed with the model changed no row.
    themes = {
        theme
        for one, other, before in rows
        if before.get("rows", True)
        for theme in (one, other)
        if theme is not None
    }
    if not themes:
        return False
    found = db.session.execute(
        select(ThemeAdjustment.deduction, ThemeAdjustment.not_counted_because).where(
            ThemeAdjustment.evaluation_id == stored.id, ThemeAdjustment.theme_id.in_(themes)
        )
    )
    return any(deduction > 0 or set(because) <= DECIDABLE for deduction, because in found)


def earlier_published_since(stored: Evaluation, wave: WaveView) -> bool:
    """Whether an earlier wave that the pool or the last place reads is newer. One query.

    Those are the newest published waves that asked the same, as many as the policy pools, and
    the wave published before.
    """
    rows = db.session.execute(
        select(Wave.id, Wave.questionnaire_id, Evaluation.published_at)
        .join(Evaluation, Evaluation.wave_id == Wave.id)
        .where(
            Wave.district_id == wave.district_id,
            Wave.opens_at < wave.opens_at,
            Evaluation.status == "published",
        )
        .order_by(Wave.opens_at.desc(), Wave.id.desc(), Evaluation.revision.desc())
    ).all()
    newest = {key: (asked, at) for key, asked, at in reversed(rows)}
    order = list(dict.fromkeys(key for key, _asked, _at in rows))
    pooled = [key for key in order if newest[key][0] == wave.questionnaire_id]
    most = len(kept_policy(stored.policy_id).pool_weights) - 1
    read = [newest[key][1] for key in {*order[:1], *pooled[:most]}]
    return any(at is not None and at > stored.created_at for at in read)
