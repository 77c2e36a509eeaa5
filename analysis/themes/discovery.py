"""Groups comments about the same recurring problem into themes, across wordings and over batches.

It proposes; whether a theme recurs, whose it is and what it costs is decided elsewhere.
Steps: words (``text``) → near-identical texts once (``near_duplicates``) → TF-IDF (``vectors``) →
average linkage, known themes among the clusters (``batches``, ``linkage``) → words (``labels``).
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from hashlib import sha256

import numpy as np
from scipy.sparse import csr_matrix

from analysis.themes.batches import Clusters, cluster
from analysis.themes.labels import Wording, class_weights, label_of, word_group
from analysis.themes.near_duplicates import first_of_kind
from analysis.themes.text import BODY_CHARACTERS, Tokeniser, bare, normalise
from analysis.themes.vectors import (
    CountRows,
    TermStatistics,
    Vocabulary,
    centroid_rows,
    heaviest,
    unit_rows,
)

# Mean cosine similarity two groups need to be one theme; chosen by cross-validation over issues
# (benchmarks/themes_quality.py).
SIMILARITY = 0.22
TITLE_WEIGHT = 5
CENTROID_TERMS = 80

EMPTY, WORDLESS = "empty", "no words"


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
    statistics: the background plus these documents; hand it on as ``background`` only if these
    documents will not be passed again.
    """

    themes: tuple[Theme, ...]
    repeats: tuple[Theme, ...]
    assignments: dict[Hashable, Hashable]
    duplicates: dict[Hashable, Hashable]
    unprocessable: dict[Hashable, str]
    statistics: TermStatistics = field(repr=False)


def discover(
    documents: Sequence[Document],
    *,
    known: Sequence[KnownTheme] = (),
    places: Iterable[str] = (),
    background: TermStatistics | None = None,
    similarity: float = SIMILARITY,
    progress: Callable[[int, int], None] | None = None,
) -> Discovery:
    """Group ``documents`` into themes, joining ``known`` ones where they fit.

    known: themes keep their id and are never merged with one another.
    places: names of streets, estates and points, kept whole by the tokeniser.
    background: term statistics of earlier documents; without it general Chinese alone is the prior.
    similarity: in (0, 1], the mean cosine similarity two groups need to become one.
    progress: called with (documents done, documents in all) while words are cut.
    Raises ValueError when two documents or two known themes share an id, or on a similarity out of
    range. Deterministic for the same documents in the same order.
    """
    if not 0 < similarity <= 1:
        raise ValueError(f"similarity must be above 0 and at most 1, not {similarity}")
    _unique([document.id for document in documents], "documents")
    _unique([theme.id for theme in known], "known themes")
    tokeniser, vocabulary = Tokeniser(places), Vocabulary()
    readable, spoken, counts, unprocessable = _read(documents, tokeniser, vocabulary, progress)
    first = first_of_kind([bare(text) for text in spoken])
    units = [index for index, own in enumerate(first) if index == own]
    centroids = centroid_rows([theme.centroid for theme in known], vocabulary)
    counts = counts[units]
    statistics = (background or TermStatistics()).plus(counts, vocabulary)
    rows = unit_rows(counts, statistics.rarities(vocabulary, tokeniser))
    clusters = cluster(rows, centroids, [theme.texts for theme in known], minimum=similarity)
    source = _Source(readable, spoken, first, units, rows, counts, vocabulary)
    themes, repeats = _themes(clusters, source, known)
    return Discovery(
        themes=themes,
        repeats=repeats,
        assignments={member: theme.id for theme in themes for member in theme.members},
        duplicates={
            readable[index].id: readable[own].id for index, own in enumerate(first) if index != own
        },
        unprocessable=unprocessable,
        statistics=statistics,
    )


@dataclass(frozen=True)
class _Source:
    """What a theme is worded and counted from.

    documents: those with words; spoken: their normalised texts; first: which earlier one each is
    near-identical to; units: the distinct ones, with their TF-IDF rows and word counts.
    """

    documents: list[Document]
    spoken: list[str]
    first: list[int]
    units: list[int]
    rows: csr_matrix
    counts: csr_matrix
    vocabulary: Vocabulary


def _unique(ids: Sequence[Hashable], what: str) -> None:
    """Raise ValueError naming the first id that occurs twice."""
    seen: set[Hashable] = set()
    for one in ids:
        if one in seen:
            raise ValueError(f"two {what} share the id {one!r}")
        seen.add(one)


def _read(
    documents: Sequence[Document],
    tokeniser: Tokeniser,
    vocabulary: Vocabulary,
    progress: Callable[[int, int], None] | None,
) -> tuple[list[Document], list[str], csr_matrix, dict[Hashable, str]]:
    """Normalise every document and cut it into words; set aside those that have none."""
    rows = CountRows(vocabulary)
    readable: list[Document] = []
    spoken: list[str] = []
    unprocessable: dict[Hashable, str] = {}
    for done, document in enumerate(documents, 1):
        heading, message = normalise(document.title), normalise(document.text)
        title, body = tokeniser.cut(heading), tokeniser.cut(message, BODY_CHARACTERS)
        if title or body:
            rows.add(title, body, title_weight=TITLE_WEIGHT)
            readable.append(document)
            spoken.append(f"{heading} {message}".strip())
        else:
            unprocessable[document.id] = WORDLESS if bare(heading + message) else EMPTY
        if progress and (done % 500 == 0 or done == len(documents)):
            progress(done, len(documents))
    return readable, spoken, rows.matrix(), unprocessable


def _themes(
    clusters: Clusters, source: _Source, known: Sequence[KnownTheme]
) -> tuple[tuple[Theme, ...], tuple[Theme, ...]]:
    """Word and count each cluster of two or more documents and each known theme joined."""
    copies: dict[int, list[int]] = {}
    for index, own in enumerate(source.first):
        copies.setdefault(own, []).append(index)
    groups = []
    for number, units in enumerate(clusters.members):
        members = sorted(i for unit in units for i in copies[source.units[unit]])
        if len(members) > 1 or (members and clusters.known[number] >= 0):
            groups.append((number, units, members))
    means = clusters.means()
    presence = _presence([units for _, units, _ in groups], source.counts)
    weights = class_weights(presence)
    found = []
    for at, (number, units, members) in enumerate(groups):
        distinct = [source.units[unit] for unit in units]
        wording = word_group(
            [source.spoken[index] for index in distinct],
            source.rows[units],
            means[number],
            presence=presence[at],
            weights=weights[at],
            vocabulary=source.vocabulary,
        )
        own = int(clusters.known[number])
        representative = distinct[wording.representative]
        found.append(
            _theme(
                [source.documents[i] for i in members],
                [source.first[i] for i in members],
                known_id=known[own].id if own >= 0 else None,
                wording=wording,
                closeness=dict(zip(distinct, wording.closeness, strict=True)),
                representative=source.documents[representative],
                name=bare(source.spoken[representative]),
                centroid=heaviest(means[number], source.vocabulary, most=CENTROID_TERMS),
            )
        )
    found.sort(key=lambda theme: (-theme.persons, -theme.texts, str(theme.id)))
    real = tuple(t for t in found if t.known or (t.texts > 1 and t.persons > 1))
    return real, tuple(t for t in found if not (t.known or (t.texts > 1 and t.persons > 1)))


def _presence(groups: Sequence[Sequence[int]], counts: csr_matrix) -> csr_matrix:
    """Return groups × terms: in how many distinct texts of the group a term stands."""
    rows = np.repeat(np.arange(len(groups)), [len(units) for units in groups])
    columns = np.array([unit for units in groups for unit in units], dtype=np.int64)
    chosen = csr_matrix((np.ones(len(rows)), (rows, columns)), (len(groups), counts.shape[0]))
    held = csr_matrix((np.ones_like(counts.data), counts.indices, counts.indptr), counts.shape)
    return csr_matrix(chosen @ held)


def _theme(
    members: Sequence[Document],
    texts: Sequence[int],
    *,
    known_id: Hashable | None,
    wording: Wording,
    closeness: Mapping[int, float],
    representative: Document,
    name: str,
    centroid: dict[str, float],
) -> Theme:
    """Count one group.

    texts: per member the number of the distinct text it repeats; closeness: of each of these with
    the group's mean; name: what a new id is made from.
    """
    days = [document.day for document in members if document.day is not None]
    streets = sorted({d.street for d in members if d.street is not None})
    return Theme(
        id=f"t-{sha256(name.encode()).hexdigest()[:12]}" if known_id is None else known_id,
        known=known_id is not None,
        label=label_of(representative.title, representative.text),
        keywords=wording.keywords,
        representative=representative.id,
        members=tuple(document.id for document in members),
        closeness=tuple(closeness[text] for text in texts),
        messages=len(members),
        texts=len(set(texts)),
        persons=_persons(members, texts),
        streets={
            street: _persons(
                [d for d in members if d.street == street],
                [t for d, t in zip(members, texts, strict=True) if d.street == street],
            )
            for street in streets
        },
        first=min(days, default=None),
        last=max(days, default=None),
        centroid=centroid,
    )


def _persons(members: Sequence[Document], texts: Sequence[int]) -> int:
    """Count the distinct persons behind the distinct texts: a copied text brings nobody new."""
    behind: dict[int, Hashable] = {}
    for document, text in zip(members, texts, strict=True):
        person = ("id", document.id) if document.person is None else ("person", document.person)
        behind.setdefault(text, person)
    return len(set(behind.values()))
