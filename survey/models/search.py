"""What the search looks through: the words of every comment, cut as survey.search_terms does.

The index itself is of the database: on SQLite an FTS5 table that triggers keep, on PostgreSQL a GIN
index over the tokens (migration 0013). Neither is a table of ours to write to.
"""

from __future__ import annotations

import re

from sqlalchemy import ForeignKey, Text
from sqlalchemy.orm import Mapped, mapped_column

from survey.models.base import Base, BigKey

#: The FTS5 table and those it keeps itself; the GIN index and its column. Not in the metadata.
SEARCH_INDEX = "comment_words_search"
OF_THE_INDEX = re.compile(f"^{SEARCH_INDEX}")


class CommentWords(Base):
    """The words of one comment. They go in the transaction in which the comment goes."""

    __tablename__ = "comment_words"

    comment_id: Mapped[int] = mapped_column(
        BigKey, ForeignKey("comment.id"), primary_key=True, autoincrement=False
    )
    #: survey.search_terms.words_of title and body.
    words: Mapped[str] = mapped_column(Text)
    #: survey.search_terms.tokens_of them.
    tokens: Mapped[str] = mapped_column(Text)
