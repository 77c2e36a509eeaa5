"""Put the words of comments into the search index, take them out, rebuild it and audit it.

A comment's words are written in the transaction that folds its answer or loads it, and go in the
one that withdraws it. The resident's own request writes none.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import delete, exists, func, select, text, update

from survey.database import transaction, upsert
from survey.models import Comment, CommentWords, RollupPending, db, table_of
from survey.models.search import SEARCH_INDEX
from survey.search_terms import tokens_of, words_of

BATCH = 1000
Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class Audit:
    """Comments whose words in the index are not theirs; all empty when the index is right."""

    comments: int
    #: Ids of comments that are not in it, though their answer is folded.
    missing: tuple[int, ...]
    #: Ids of those that stand in it with other words.
    different: tuple[int, ...]
    #: What the database says of the index itself; "" when it finds nothing.
    problem: str = ""

    @property
    def is_right(self) -> bool:
        """Whether nothing differs."""
        return not (self.missing or self.different or self.problem)


def add_answered(session: Any, responses: Iterable[int]) -> int:
    """Index the comments of these responses that are not in the index; how many there were."""
    return add(session, Comment.response_id.in_(sorted(set(responses))))


def add(session: Any, which: Any) -> int:
    """Index the comments for which the condition `which` holds and that are not in the index.

    In the caller's transaction. Who withdraws one meanwhile is waited for, and it is left out.
    """
    found = session.execute(
        select(Comment.id, Comment.title, Comment.body)
        .outerjoin(CommentWords, CommentWords.comment_id == Comment.id)
        .where(which, CommentWords.comment_id.is_(None))
        .order_by(Comment.id)
        .with_for_update(read=True, key_share=True, of=Comment)
    ).all()
    rows = [_words(*row) for row in found]
    if rows:
        # Two workers may have folded different acts on one answer.
        statement = upsert(table_of(CommentWords)).on_conflict_do_nothing()
        session.execute(statement, rows)
    return len(rows)


def remove(session: Any, comment_id: int) -> None:
    """Take a comment out of the index, before the comment itself is deleted."""
    session.execute(delete(CommentWords).where(CommentWords.comment_id == comment_id))


def add_missing(*, progress: Progress | None = None) -> int:
    """Index whatever is not in the index, a batch a transaction; how many there were.

    For what was stored before there was an index. progress: called with (looked at, all).
    """
    waits = exists().where(RollupPending.response_id == Comment.response_id)
    one = (
        select(Comment.id)
        .outerjoin(CommentWords, CommentWords.comment_id == Comment.id)
        .where(CommentWords.comment_id.is_(None), ~waits)
        .limit(1)
    )
    if db.session.scalar(one) is None:
        return 0
    return _walk(_add_batch, progress)


def rebuild(*, progress: Progress | None = None) -> int:
    """Make every comment's words anew and then the index; how many rows were wrong or missing.

    A batch a transaction, so that nobody who answers waits for it. progress: as in `add_missing`.
    """
    mended = _walk(_mend_batch, progress)
    with transaction() as session:
        if _is_sqlite():
            session.execute(text(f"INSERT INTO {SEARCH_INDEX}({SEARCH_INDEX}) VALUES ('rebuild')"))
        else:
            session.execute(text(f"REINDEX INDEX {SEARCH_INDEX}"))
    return mended


def audit(*, progress: Progress | None = None) -> Audit:
    """Compare the index with the comments, word for word.

    Comments whose answer is yet to be folded are not expected in it. progress: called with
    (compared, all). Nothing is changed.
    """
    missing: list[int] = []
    different: list[int] = []
    with transaction(snapshot=True) as session:
        total = session.scalar(select(func.count()).select_from(Comment)) or 0
        waits = exists().where(RollupPending.response_id == Comment.response_id)
        last, done = 0, 0
        while rows := session.execute(
            select(Comment.id, Comment.title, Comment.body, CommentWords, waits.label("waits"))
            .outerjoin(CommentWords, CommentWords.comment_id == Comment.id)
            .where(Comment.id > last)
            .order_by(Comment.id)
            .limit(BATCH)
        ).all():
            for row in rows:
                if row.CommentWords is None:
                    missing += [] if row.waits else [row.id]
                elif not _is_right(row):
                    different.append(row.id)
            last, done = rows[-1].id, done + len(rows)
            session.expunge_all()
            if progress is not None:
                progress(done, total)
        problem = _problem(session) if _is_sqlite() else ""
    return Audit(done, tuple(missing), tuple(different), problem)


def _words(comment_id: int, title: str, body: str) -> dict[str, Any]:
    said = f"{title}\n{body}"
    return {"comment_id": comment_id, "words": words_of(said), "tokens": tokens_of(said)}


def _is_right(row: Any) -> bool:
    due = _words(row.id, row.title, row.body)
    have: CommentWords = row.CommentWords
    return bool(have.words == due["words"] and have.tokens == due["tokens"])


def _is_sqlite() -> bool:
    return bool(db.engine.dialect.name == "sqlite")


def _problem(session: Any) -> str:
    """What FTS5 says when it compares itself with the words it was made from.

    https://www.sqlite.org/fts5.html#the_integrity_check_command
    """
    try:
        with session.begin_nested():
            session.execute(
                text(
                    f"INSERT INTO {SEARCH_INDEX}({SEARCH_INDEX}, rank) "
                    "VALUES ('integrity-check', 1)"
                )
            )
    except Exception as error:
        return str(getattr(error, "orig", error))
    return ""


def _walk(work: Callable[[Any, int, int], int], progress: Progress | None) -> int:
    """Do something to all comments, in the order of their ids, a batch a transaction."""
    total = db.session.scalar(select(func.count()).select_from(Comment)) or 0
    last, done, changed = 0, 0, 0
    while True:
        ids = db.session.scalars(
            select(Comment.id).where(Comment.id > last).order_by(Comment.id).limit(BATCH)
        ).all()
        if not ids:
            return changed
        with transaction() as session:
            changed += work(session, ids[0], ids[-1])
        last, done = ids[-1], done + len(ids)
        if progress is not None:
            progress(min(done, total), total)


def _add_batch(session: Any, first: int, last: int) -> int:
    return add(session, Comment.id.between(first, last))


def _mend_batch(session: Any, first: int, last: int) -> int:
    found = session.execute(
        select(Comment.id, Comment.title, Comment.body, CommentWords)
        .join(CommentWords, CommentWords.comment_id == Comment.id)
        .where(Comment.id.between(first, last))
    ).all()
    wrong = [_words(row.id, row.title, row.body) for row in found if not _is_right(row)]
    if wrong:
        session.execute(update(CommentWords), wrong)
    session.expunge_all()
    return len(wrong) + _add_batch(session, first, last)
