"""The records of discovery: the comment that goes in, known themes, and what a run found."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import dataclass, field
from datetime import date

from analysis.themes.vectors import TermStatistics


@dataclass(frozen=True)
class Document:
    """One comment. The text should be redacted already: labels and keywords are taken from it."""

    id: Hashable
    text: str
    title: str = ""
    person: Hashable | None = None
    street: str | None = None
    day: date | None = None


@dataclass(frozen=True)
class KnownTheme:
    """A theme found earlier: its identity and what ``Theme.centroid`` said then.

    texts: how many distinct texts stand behind the centroid; more makes it move less.
    """

    id: Hashable
    centroid: Mapping[str, float]
    texts: int = 10


@dataclass(frozen=True)
class Theme:
    """A group of documents about the same thing, in the order the documents came.

    texts: distinct texts, near-identical ones once. persons: distinct persons behind those texts
    (a document without a person counts as one). streets: the same count per street.
    first, last: days of the earliest and latest document, None without days. closeness: of each
    member the cosine with the theme's mean, 0..1.
    """

    id: Hashable
    known: bool
    label: str
    keywords: tuple[str, ...]
    representative: Hashable
    members: tuple[Hashable, ...]
    closeness: tuple[float, ...] = field(repr=False)
    messages: int
    texts: int
    persons: int
    streets: dict[str, int]
    first: date | None
    last: date | None
    centroid: dict[str, float] = field(repr=False)


@dataclass(frozen=True)
class Discovery:
    """What one run found.

    themes: groups of at least two distinct texts by two persons, and known themes that were joined;
    most persons first. repeats: groups that are one text or one person again and again, never a
    theme. assignments: document id -> theme id. duplicates: document id -> id of the earlier
    document it is near-identical to. unprocessable: document id -> reason (EMPTY or WORDLESS).
    merges: (id of the known theme that stays, id of the known theme that became part of it).
    splits: (id of a known theme, id of the new theme that some of its documents are now).
    Both are empty unless the run reviewed known themes.
    statistics: the background plus these documents; hand it on as ``background`` only if these
    documents will not be passed again.
    """

    themes: tuple[Theme, ...]
    repeats: tuple[Theme, ...]
    assignments: dict[Hashable, Hashable]
    duplicates: dict[Hashable, Hashable]
    unprocessable: dict[Hashable, str]
    statistics: TermStatistics = field(repr=False)
    merges: tuple[tuple[Hashable, Hashable], ...] = ()
    splits: tuple[tuple[Hashable, Hashable], ...] = ()
