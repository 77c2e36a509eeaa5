"""Find comments by their words: one condition, in the words of the database in use."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import bindparam, cast, column, literal_column, select, table, text
from sqlalchemy.dialects.postgresql import TSQUERY

from survey.models import CommentWords, db
from survey.models.search import SEARCH_INDEX
from survey.search_terms import Term, terms_of, words_of


def matching_comments(query: str) -> Any:
    """SQL: SELECT of the ids of the comments in which every term of a query is found.

    query: as somebody typed it; whatever it is, it is no error. None when it says nothing to look
    for. A row of characters is found wherever it stands within what is between punctuation; a word
    of letters also as a beginning of one.
    """
    terms = terms_of(query)
    if not terms:
        return None
    phrases = [
        CommentWords.words.contains(term.phrase, autoescape=True)
        for term in terms
        if not term.is_one_token
    ]
    if db.engine.dialect.name == "sqlite":
        return _of_fts5(terms, phrases)
    return _of_tsvector(terms, phrases)


def _of_fts5(terms: Sequence[Term], phrases: Sequence[Any]) -> Any:
    """https://www.sqlite.org/fts5.html#full_text_query_syntax"""
    index = table(SEARCH_INDEX, column("rowid"))
    asked = " AND ".join(
        f'"{token}"' + (" *" if is_prefix else "") for token, is_prefix in _tokens(terms)
    )
    match = text(f"{SEARCH_INDEX} MATCH :asked").bindparams(bindparam("asked", asked))
    found = select(index.c.rowid).where(match)
    if not phrases:
        return found
    return found.join_from(index, CommentWords, CommentWords.comment_id == index.c.rowid).where(
        *phrases
    )


def _of_tsvector(terms: Sequence[Term], phrases: Sequence[Any]) -> Any:
    """https://www.postgresql.org/docs/current/datatype-textsearch.html#DATATYPE-TSQUERY"""
    asked = " & ".join(
        f"'{token}'" + (":*" if is_prefix else "") for token, is_prefix in _tokens(terms)
    )
    # A column that the database keeps itself (migration 0013).
    tokens: Any = literal_column(f"{CommentWords.__tablename__}.{SEARCH_INDEX}")
    found = select(CommentWords.comment_id).where(tokens.op("@@")(cast(asked, TSQUERY)), *phrases)
    # Found first and for itself: else PostgreSQL goes through all comments, the newest first, and
    # looks up the words of each. A subquery with an OFFSET is left as it is.
    return found.offset(0)


def _tokens(terms: Sequence[Term]) -> list[tuple[str, bool]]:
    """Every token with whether it is a beginning; tokens hold letters and digits only."""
    return list(
        dict.fromkeys(
            (token, term.is_prefix and place == len(term.tokens) - 1)
            for term in terms
            for place, token in enumerate(term.tokens)
        )
    )


def says(what: str, query: str) -> bool:
    """Whether a short text, such as a theme's name, has every term of a query in it."""
    words = words_of(what)
    return all(term.phrase in words for term in terms_of(query))
