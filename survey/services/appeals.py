"""Appeals (申诉) of a street against a provisional evaluation: file one, take it back.

They belong to the wave: when the figures are computed again, open appeals stay open and what was
decided holds.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any

from flask_babel import lazy_gettext as _l
from sqlalchemy import func, select

from survey.database import transaction
from survey.errors import Refused
from survey.evidence import MOST_FILES, checked
from survey.formatting import say_day
from survey.models import (
    APPEAL_KINDS,
    Appeal,
    AppealDocument,
    Evaluation,
    Exclusion,
    Response,
    Street,
    ThemeAdjustment,
    Wave,
)
from survey.queries.policies import kept_policy
from survey.services import audit
from survey.working_days import add_working_days_beyond

LONGEST_WORDS = 4000
CURRENT = ("provisional", "approved", "published")


def file_appeal(
    wave_code: str,
    *,
    street_code: str,
    kind: str,
    theme_id: int | None = None,
    grounds: str,
    files: Sequence[tuple[str, bytes]] = (),
    actor: str,
    now: datetime,
    today: date,
) -> int:
    """File an appeal of a street; returns its id. One transaction.

    kind: `deduction` (of the theme), `quarantine` (待核查 answers held back) or `exclusion`.
    files: (name, content), at most five. now: UTC; today: in the district's time zone.
    Raises Refused: 404 unknown wave or street; 409 no public notice runs or it is over, nothing
    to appeal against, appealed before; 413/422 words or files that do not do.
    """
    words = said(grounds, _l("Say why the street appeals."))
    if len(files) > MOST_FILES:
        raise Refused("too_many_files", _l("At most five files can be handed in."), status=422)
    evidence = [checked(name, content) for name, content in files]
    if kind not in APPEAL_KINDS or (kind == "deduction") != (theme_id is not None):
        raise Refused("unknown_kind", _l("Choose what the appeal is about."), status=422)
    with transaction() as session:
        wave = held_wave(session, wave_code)
        evaluation = _on_notice(current_revision(session, wave.id), today)
        street = _street(session, wave, street_code)
        _require_something(session, evaluation, street, kind=kind, theme_id=theme_id)
        _require_first(session, evaluation, street, kind=kind, theme_id=theme_id)
        days = kept_policy(evaluation.policy_id).appeal_decision_days
        appeal = Appeal(
            evaluation_id=evaluation.id,
            wave_id=wave.id,
            street_id=street.id,
            kind=kind,
            theme_id=theme_id,
            grounds=words,
            filed_by=actor,
            filed_at=now,
            # No street loses its appeal to a calendar that ends too early.
            decide_by=add_working_days_beyond(today, days),
            documents=[
                AppealDocument(
                    name=one.name,
                    media_type=one.media_type,
                    sha256=one.sha256,
                    content=one.content,
                )
                for one in evidence
            ],
        )
        session.add(appeal)
        session.flush()
        audit.record(
            session,
            actor=actor,
            action="appeal_filed",
            subject=subject_of(appeal.id, wave_code),
            detail={
                "street": street.code,
                "kind": kind,
                "theme": theme_id,
                "revision": evaluation.revision,
                "decide_by": appeal.decide_by.isoformat(),
                "documents": [one.sha256 for one in evidence],
            },
            at=now,
        )
        return appeal.id


def withdraw_appeal(appeal_id: int, *, street_code: str, actor: str, now: datetime) -> None:
    """Take an appeal back before it is decided; it stays to be read. One transaction.

    Raises Refused: 404 no such appeal of the street; 409 decided or withdrawn already.
    """
    with transaction() as session:
        appeal, wave = held_appeal(session, appeal_id)
        street = session.get_one(Street, appeal.street_id)
        if street.code != street_code:
            raise unknown_appeal()
        require_open(appeal)
        at = after_figures(session, wave.id, now)
        appeal.status, appeal.closed_by, appeal.closed_at = "withdrawn", actor, at
        audit.record(
            session,
            actor=actor,
            action="appeal_withdrawn",
            subject=subject_of(appeal_id, wave.code),
            detail={"street": street.code},
            at=now,
        )


def said(words: str, ask: Any) -> str:
    """The words without blanks around them. Raises Refused (422) for none and for too many."""
    words = words.strip()
    if not words:
        raise Refused("words_needed", ask, status=422)
    if len(words) > LONGEST_WORDS:
        raise Refused(
            "words_too_long",
            _l("That is more than %(most)s characters. Hand the rest in as a file.", most="4,000"),
            status=422,
        )
    return words


def held_wave(session: Any, wave_code: str) -> Wave:
    """The wave; nobody else files, decides or freezes in it until the transaction ends.

    Raises Refused (404).
    """
    query = select(Wave).where(Wave.code == wave_code).with_for_update()
    wave: Wave | None = session.scalar(query.execution_options(populate_existing=True))
    if wave is None:
        raise Refused("unknown_wave", _l("There is no such wave."), status=404)
    return wave


def held_appeal(session: Any, appeal_id: int) -> tuple[Appeal, Wave]:
    """An appeal with its wave, both held as `held_wave` does. Raises Refused (404)."""
    code = session.scalar(
        select(Wave.code).join(Appeal, Appeal.wave_id == Wave.id).where(Appeal.id == appeal_id)
    )
    if code is None:
        raise unknown_appeal()
    # The wave first: who waited for it then reads what the other one decided.
    wave = held_wave(session, code)
    query = select(Appeal).where(Appeal.id == appeal_id)
    return session.scalars(query.execution_options(populate_existing=True)).one(), wave


def require_open(appeal: Appeal) -> None:
    """Nothing for an open appeal. Raises Refused (409), which says what became of it."""
    if appeal.status == "open":
        return
    words = {
        "upheld": _l("This appeal was upheld by %(who)s before.", who=appeal.closed_by),
        "rejected": _l("This appeal was rejected by %(who)s before.", who=appeal.closed_by),
        "withdrawn": _l("The street has withdrawn this appeal."),
    }
    raise Refused("appeal_closed", words[appeal.status], status=409)


def after_figures(session: Any, wave_id: int, now: datetime) -> datetime:
    """When something was decided: now, and later than any figures it is not yet in.

    Requests carry the time at which they began; one that had to wait for a freeze would else seem
    to have been decided before it.
    """
    query = select(func.max(Evaluation.created_at)).where(Evaluation.wave_id == wave_id)
    frozen: datetime | None = session.scalar(query)
    return now if frozen is None else max(now, frozen + timedelta(microseconds=1))


def current_revision(session: Any, wave_id: int) -> Evaluation | None:
    """The newest frozen evaluation of a wave that was not replaced."""
    found: Evaluation | None = session.scalar(
        select(Evaluation)
        .where(Evaluation.wave_id == wave_id, Evaluation.status.in_(CURRENT))
        .order_by(Evaluation.revision.desc())
        .limit(1)
    )
    return found


def subject_of(appeal_id: int, wave_code: str) -> str:
    """What the audit trail calls an appeal."""
    return f"appeal {appeal_id} of wave {wave_code}"


def unknown_appeal() -> Refused:
    """Why an appeal cannot be found; the same for one of another street."""
    return Refused("unknown_appeal", _l("There is no such appeal."), status=404)


def _on_notice(evaluation: Evaluation | None, today: date) -> Evaluation:
    """The evaluation while its notice runs. Raises Refused (409)."""
    if evaluation is None or evaluation.status != "provisional" or evaluation.notice_until is None:
        raise Refused(
            "no_notice", _l("No figures of this wave are on public notice now."), status=409
        )
    if today > evaluation.notice_until:
        raise Refused(
            "notice_over",
            _l(
                "Appeals could be filed until %(date)s. That day has passed.",
                date=say_day(evaluation.notice_until),
            ),
            status=409,
        )
    return evaluation


def _street(session: Any, wave: Wave, code: str) -> Street:
    street: Street | None = session.scalar(
        select(Street).where(Street.district_id == wave.district_id, Street.code == code)
    )
    if street is None:
        raise Refused(
            "unknown_street",
            _l("There is no street with the code %(code)s.", code=code),
            status=404,
        )
    return street


def _require_something(
    session: Any, evaluation: Evaluation, street: Street, *, kind: str, theme_id: int | None
) -> None:
    """There is a deduction, an answer held back or an exclusion to appeal against."""
    if kind == "deduction":
        found = session.scalar(
            select(ThemeAdjustment.deduction).where(
                ThemeAdjustment.evaluation_id == evaluation.id,
                ThemeAdjustment.street_id == street.id,
                ThemeAdjustment.theme_id == theme_id,
            )
        )
        words = _l("This theme takes no points from the street, so there is nothing to appeal.")
    elif kind == "quarantine":
        found = session.scalar(
            select(Response.id)
            .where(
                Response.wave_id == evaluation.wave_id,
                Response.street_id == street.id,
                Response.status == "quarantined",
            )
            .limit(1)
        )
        words = _l("No answer of the street is held back, so there is nothing to appeal.")
    else:
        found = session.scalar(
            select(Exclusion.id)
            .where(
                Exclusion.wave_id == evaluation.wave_id,
                Exclusion.street_id == street.id,
                Exclusion.lifted_at.is_(None),
            )
            .limit(1)
        )
        words = _l("The street is not excluded, so there is nothing to appeal.")
    if not found:
        raise Refused("nothing_to_appeal", words, status=409)


def _require_first(
    session: Any, evaluation: Evaluation, street: Street, *, kind: str, theme_id: int | None
) -> None:
    """It was not appealed against before; what a street withdrew it may file again.

    An upheld deduction stays removed; answers held back or an exclusion decided anew may be
    appealed against anew. So may a deduction that is larger now than the one that stood when
    the appeal was rejected: nobody has heard the street about that.
    """
    closed = ("open", "rejected", "upheld") if kind == "deduction" else ("open", "rejected")
    before = session.scalar(
        select(Appeal)
        .where(
            Appeal.wave_id == evaluation.wave_id,
            Appeal.street_id == street.id,
            Appeal.kind == kind,
            Appeal.theme_id == theme_id if theme_id is not None else Appeal.theme_id.is_(None),
            Appeal.status.in_(closed),
        )
        # The last one is what the street was heard about.
        .order_by(Appeal.id.desc())
        .limit(1)
    )
    if before is not None and not _is_worse_now(session, before, evaluation):
        raise Refused(
            "appealed_before",
            _l("The street appealed against this before; see the list of its appeals."),
            status=409,
            details={"appeal": before.id},
        )


def _is_worse_now(session: Any, before: Appeal, evaluation: Evaluation) -> bool:
    """Whether a deduction is larger than in the figures that a rejected appeal was against."""
    if before.status != "rejected" or before.kind != "deduction":
        return False
    taken = dict(
        session.execute(
            select(ThemeAdjustment.evaluation_id, ThemeAdjustment.deduction).where(
                ThemeAdjustment.evaluation_id.in_((before.evaluation_id, evaluation.id)),
                ThemeAdjustment.street_id == before.street_id,
                ThemeAdjustment.theme_id == before.theme_id,
            )
        ).all()
    )
    return bool(taken.get(evaluation.id, 0.0) > taken.get(before.evaluation_id, 0.0))
