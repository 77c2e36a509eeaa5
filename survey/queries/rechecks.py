"""What was done about an answer, for its receipt, and what residents said of it, for the case."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import and_, bindparam, exists, func, or_, select
from sqlalchemy.orm import aliased

from analysis.adjustment import wilson_lower, wilson_upper
from analysis.policy import Policy
from analysis.types import Estimate
from survey.formatting import local_time
from survey.models import (
    Case,
    CaseEvent,
    Comment,
    Department,
    Mention,
    Recheck,
    Response,
    Street,
    Theme,
    Wave,
    db,
)
from survey.queries.policies import kept_policy

# Below this nothing but how many answered is shown to anybody: nobody shall be recognised.
FEWEST_ANSWERS = 10
MOST_WORDS = 100


@dataclass(frozen=True)
class CommentKey:
    """The comment that came with an answer, and where and when it was said."""

    comment_id: int
    response_id: int
    street_id: int
    district_id: int
    submitted_hour: datetime
    #: As of survey.models.Response.
    status: str
    is_valid: bool


@dataclass(frozen=True)
class AnswerCase:
    """A case about what a resident wrote. Names are (zh, en); times UTC; "" and None: not yet."""

    id: int
    #: Which time of asking; 0 while nobody said that it is done.
    round: int
    #: Whether it is about this comment alone, and not about a theme that many mention.
    is_own: bool
    #: What it is called; ("", "") for the comment itself.
    name: tuple[str, str]
    state: str
    holder: tuple[str, str]
    opened_at: datetime
    accepted_at: datetime | None
    planned_at: datetime | None
    plan: str
    plan_due_on: date | None
    #: The last time the office said that it is done.
    done_at: datetime | None
    result: str
    #: The office's reply to this comment; "" for themes.
    reply: str
    replied_at: datetime | None
    settled_at: datetime | None
    #: What this resident said in the present round; None: nothing.
    said: bool | None
    #: The answer came before it was said to be done, and counts, or may come to count.
    belongs: bool

    @property
    def is_asked(self) -> bool:
        """Whether it is said to be done and not settled: then whoever it belongs to is asked."""
        return self.belongs and self.state == "done" and self.settled_at is None


def last_done() -> Any:
    """SQL: when the office last said that a case is done; NULL: never."""
    return (
        select(func.max(CaseEvent.at))
        .where(CaseEvent.case_id == Case.id, CaseEvent.action == "done")
        .correlate(Case)
        .scalar_subquery()
    )


def _is_about() -> Any:
    """SQL: the case is about the comment `comment_id`: it alone, or a theme that it mentions, of
    its street or common to the district."""
    return or_(
        Case.comment_id == bindparam("comment_id"),
        and_(
            Case.origin == "theme",
            Case.theme_id.in_(_themes_of(bindparam("comment_id"))),
            or_(
                Case.street_id == bindparam("street_id"),
                and_(Case.street_id.is_(None), Case.district_id == bindparam("district_id")),
            ),
        ),
    )


def _themes_of(comment_id: Any) -> Any:
    """SQL: the themes that a comment mentions, with all that speak for them or they speak for.

    What people judged not to be about a theme (kind 0) mentions it no more.
    """
    its, spoken = aliased(Theme), aliased(Theme)
    speakers = (
        select(func.coalesce(its.merged_into_id, its.id))
        .join(Mention, Mention.theme_id == its.id)
        .where(Mention.comment_id == comment_id, func.coalesce(Mention.kind_id, 1) != 0)
    )
    return select(spoken.id).where(
        or_(spoken.id.in_(speakers), spoken.merged_into_id.in_(speakers))
    )


def _answer_cases() -> Any:
    speaker = aliased(Theme)
    return (
        select(
            Case,
            last_done().label("done_at"),
            func.coalesce(speaker.name_zh, "").label("name_zh"),
            func.coalesce(speaker.name_en, "").label("name_en"),
            speaker.keywords,
            Street.name_zh.label("street_zh"),
            Street.name_en.label("street_en"),
            Department.name_zh.label("department_zh"),
            Department.name_en.label("department_en"),
            Recheck.is_solved,
        )
        .outerjoin(Theme, Case.theme_id == Theme.id)
        .outerjoin(speaker, speaker.id == func.coalesce(Theme.merged_into_id, Theme.id))
        .outerjoin(Street, Case.street_id == Street.id)
        .outerjoin(Department, Case.department_id == Department.id)
        .outerjoin(
            Recheck,
            and_(
                Recheck.case_id == Case.id,
                Recheck.round == Case.round,
                Recheck.response_id == bindparam("response_id"),
            ),
        )
        .where(_is_about())
        .order_by(Case.comment_id.is_(None), Case.opened_at.desc(), Case.id.desc())
    )


# Built once, as the receipt's own query is.
_ANSWER_CASES = _answer_cases()


def answer_cases(key: CommentKey) -> tuple[AnswerCase, ...]:
    """The cases about what somebody wrote: their own first, then the newest. One query."""
    rows = db.session.execute(
        _ANSWER_CASES,
        {
            "comment_id": key.comment_id,
            "response_id": key.response_id,
            "street_id": key.street_id,
            "district_id": key.district_id,
        },
    )
    return tuple(_answer_case(row, key) for row in rows)


def _answer_case(row: Any, key: CommentKey) -> AnswerCase:
    case: Case = row.Case
    is_own = case.comment_id == key.comment_id
    keywords = "、".join(row.keywords or ())
    done_at = row.done_at or case.done_at
    return AnswerCase(
        id=case.id,
        round=case.round,
        is_own=is_own,
        name=("", "") if is_own else (row.name_zh or keywords, row.name_en or keywords),
        state=case.state,
        holder=(row.department_zh, row.department_en)
        if row.department_zh
        else (row.street_zh or "", row.street_en or ""),
        opened_at=case.opened_at,
        accepted_at=case.accepted_at,
        planned_at=case.planned_at,
        plan=case.plan,
        plan_due_on=case.plan_due_on,
        done_at=done_at,
        result=case.result,
        reply=case.reply if is_own else "",
        replied_at=case.replied_at if is_own else None,
        settled_at=case.settled_at,
        said=row.is_solved,
        belongs=done_at is not None
        and key.submitted_hour <= done_at
        and key.status in ("accepted", "quarantined")
        # Only answers that count as mentions count here; a case of one's own is one's own.
        and (is_own or key.is_valid),
    )


@dataclass(frozen=True)
class RecheckView:
    """What residents said of a case in its present round."""

    case_id: int
    round: int
    state: str
    #: About one comment, so one resident: only the state says what was answered.
    is_of_one: bool
    #: Receipts that belong to it and were there when it was said to be done.
    asked: int
    answered: int
    #: Out of `answered`; None below FEWEST_ANSWERS.
    solved: int | None
    #: One-sided 95 % Wilson bounds of the share, 0 … 1.
    low: float | None
    high: float | None
    #: What the policy asks for: from how many answers on, the share the lower bound reaches, and
    #: the day from which on what is said counts.
    needed: int
    needed_share: float
    counts_on: date
    #: Residents' own, redacted, in no order that tells when they came.
    words: tuple[str, ...]

    @property
    def fewest(self) -> int:
        """From how many answers on more than their number is shown."""
        return FEWEST_ANSWERS

    @property
    def picture(self) -> Estimate | None:
        """The share and its bounds in percent, to be drawn."""
        if self.share is None or self.low is None or self.high is None:
            return None
        return Estimate(
            value=100 * self.share,
            low=100 * self.low,
            high=100 * self.high,
            n=self.answered,
            n_effective=self.answered,
        )

    @property
    def share(self) -> float | None:
        """The share that says "solved"."""
        return None if self.solved is None else self.solved / self.answered


def recheck_view(case_id: int) -> RecheckView | None:
    """What residents said of a case; None before it was done for the first time. One query."""
    # The limit keeps a database from counting who is asked once an answer.
    head = (
        select(
            Case.id,
            case_policy_id().label("policy_id"),
            _asked().label("asked"),
            last_done().label("done_at"),
        )
        .where(Case.id == case_id, Case.round > 0, Case.origin.in_(("theme", "comment")))
        .limit(1)
        .subquery()
    )
    said = (
        select(Recheck.case_id, Recheck.round, Recheck.is_solved, Recheck.words)
        .join(Response, Recheck.response_id == Response.id)
        .where(Recheck.case_id == case_id, counts())
        .subquery()
    )
    found = db.session.execute(
        select(Case, head.c.policy_id, head.c.asked, said.c.is_solved, said.c.words, head.c.done_at)
        .join(head, head.c.id == Case.id)
        .outerjoin(said, and_(said.c.case_id == Case.id, said.c.round == Case.round))
    ).all()
    if not found:
        return None
    row = found[0]
    case: Case = row.Case
    policy = kept_policy(row.policy_id)
    is_of_one = case.origin == "comment"
    rows = [] if is_of_one else [one for one in found if one.is_solved is not None]
    solved, n = sum(one.is_solved for one in rows), len(rows)
    is_enough = n >= FEWEST_ANSWERS
    words = sorted({one.words for one in rows if one.words})[:MOST_WORDS] if is_enough else ()
    return RecheckView(
        case_id=case.id,
        round=case.round,
        state=case.state,
        is_of_one=is_of_one,
        asked=1 if is_of_one else row.asked,
        answered=n,
        solved=solved if is_enough else None,
        low=wilson_lower(solved, n) if is_enough else None,
        high=wilson_upper(solved, n) if is_enough else None,
        needed=policy.recheck_min,
        needed_share=policy.recheck_solved,
        counts_on=counts_on(row.done_at or case.done_at or case.opened_at, policy),
        words=tuple(words),
    )


def counts_on(done_at: datetime, policy: Policy) -> date:
    """The day from which on what residents say of a theme counts, in the district's time zone.

    done_at: UTC, when the office last said that it is done. Until then all are asked, so that
    those who answer first do not decide alone.
    """
    return local_time(done_at).date() + timedelta(days=policy.recheck_days)


def counts() -> Any:
    """SQL: a recheck of a theme's case counts: its answer does, and its comment is still about
    the theme. Of Recheck joined with Response."""
    own, its = aliased(Theme), aliased(Theme)
    still_about = (
        exists()
        .where(
            Comment.response_id == Recheck.response_id,
            Mention.comment_id == Comment.id,
            func.coalesce(Mention.kind_id, 1) != 0,
            its.id == Mention.theme_id,
            own.id == Case.theme_id,
            func.coalesce(its.merged_into_id, its.id) == func.coalesce(own.merged_into_id, own.id),
            Case.id == Recheck.case_id,
        )
        .correlate(Recheck)
    )
    return and_(Response.status == "accepted", Response.is_valid, still_about)


def policy_of(session: Any, case: Case) -> int | None:
    """The policy under which a case is rechecked, see `case_policy_id`. One query."""
    found: int | None = session.scalar(select(case_policy_id()).where(Case.id == case.id))
    return found


def case_policy_id() -> Any:
    """SQL: the policy of the wave in which it was said, else of the district's newest wave."""
    return (
        select(Wave.policy_id)
        .where(
            Wave.district_id == Case.district_id,
            or_(Wave.id == Case.wave_id, Case.wave_id.is_(None)),
            Wave.policy_id.is_not(None),
        )
        .order_by(Wave.opens_at.desc(), Wave.id.desc())
        .limit(1)
        .correlate(Case)
        .scalar_subquery()
    )


def _asked() -> Any:
    """SQL: how many receipts a theme's case asks: answers that count, mention the theme there, and
    came before it was last said to be done."""
    its, cases_own = aliased(Theme), aliased(Theme)
    speaker = (
        select(func.coalesce(cases_own.merged_into_id, cases_own.id))
        .where(cases_own.id == Case.theme_id)
        .correlate(Case)
        .scalar_subquery()
    )
    return (
        select(func.count(Comment.response_id.distinct()))
        .join(Response, Comment.response_id == Response.id)
        .join(Street, Comment.street_id == Street.id)
        .join(Mention, Mention.comment_id == Comment.id)
        .join(its, Mention.theme_id == its.id)
        .where(
            func.coalesce(its.merged_into_id, its.id) == speaker,
            func.coalesce(Mention.kind_id, 1) != 0,
            or_(
                Comment.street_id == Case.street_id,
                and_(Case.street_id.is_(None), Street.district_id == Case.district_id),
            ),
            Response.status == "accepted",
            Response.is_valid,
            Response.submitted_hour <= func.coalesce(last_done(), Case.done_at),
        )
        .correlate(Case)
        .scalar_subquery()
    )
