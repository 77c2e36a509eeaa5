"""Groups comments about the same recurring problem into themes, across wordings and over batches.

It proposes; whether a theme recurs, whose it is and what it costs is decided elsewhere.
Steps: words (``reader``) → near-identical texts once (``near_duplicates``) → TF-IDF (``vectors``) →
average linkage, known themes among the clusters (``batches``, ``linkage``) → what became of known
themes (``lineage``) → words (``labels``).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256

import numpy as np
from scipy.sparse import csr_matrix

from analysis.themes.batches import Clusters, Seeds, cluster
from analysis.themes.documents import Discovery, Document, KnownTheme, Theme
from analysis.themes.labels import class_weights, closeness_of, keywords_of, label_of
from analysis.themes.lineage import Lineage, lineage
from analysis.themes.near_duplicates import first_of_kind
from analysis.themes.reader import EMPTY, WORDLESS, Reader, Reading
from analysis.themes.vectors import (
    TermStatistics,
    Vocabulary,
    centroid_rows,
    compact,
    heaviest,
    row_of,
    unit_rows,
)

__all__ = [
    "EMPTY",
    "SIMILARITY",
    "WORDLESS",
    "Discovery",
    "Document",
    "KnownTheme",
    "Theme",
    "discover",
]

# Mean cosine similarity two groups need to be one theme; chosen by cross-validation over issues
# (benchmarks/themes_quality.py).
SIMILARITY = 0.24
CENTROID_TERMS = 80


def discover(
    documents: Sequence[Document],
    *,
    known: Sequence[KnownTheme] = (),
    places: Iterable[str] = (),
    background: TermStatistics | None = None,
    similarity: float = SIMILARITY,
    progress: Callable[[int, int], None] | None = None,
    reader: Reader | None = None,
    assigned: Mapping[Hashable, Hashable] | None = None,
    settled: Collection[Hashable] = (),
) -> Discovery:
    """Group ``documents`` into themes, joining ``known`` ones where they fit.

    known: themes keep their id. In a batch they are never merged with one another.
    places: names of streets, estates and points, kept whole by the tokeniser.
    background: term statistics of earlier documents; without it general Chinese alone is the prior.
    similarity: in (0, 1], the mean cosine similarity two groups need to become one.
    progress: called with (documents done, documents in all) while words are cut.
    reader: one that is kept over batches, so that documents that come again are not cut again; it
    brings its own places.
    assigned: document id -> id of the known theme it is in. With it the run is a review (nightly):
    these documents are grouped anew, known themes may merge or split, and ``Discovery.merges`` and
    ``.splits`` say which did. A theme without documents here takes part as a whole.
    settled: ids of known themes that a review leaves as they are: they may take in others and new
    documents, but are neither split nor merged into another.
    Raises ValueError when two documents or two known themes share an id, on a similarity out of
    range, on places beside a reader, or when an assigned or settled theme is not known.
    Deterministic for the same documents in the same order.
    """
    places = list(places)
    _require(documents, known, similarity, reader=reader, places=places)
    numbers = {theme.id: number for number, theme in enumerate(known)}
    unknown = ({*settled} | {*(assigned or {}).values()}) - numbers.keys()
    if unknown:
        raise ValueError(f"{min(map(repr, unknown))} is assigned or settled, but no known theme")
    source, centroids = _source(documents, known, reader or Reader(places), background, progress)
    was = _was(source, assigned or {}, numbers)
    apart = np.array([assigned is None or theme.id in settled for theme in known], dtype=bool)
    clusters, claims = _grouped(source, centroids, known, was=was, apart=apart, minimum=similarity)
    descent = lineage(claims)
    themes, repeats, names = _themes(clusters, source, known, descent)
    reading = source.reading
    return Discovery(
        themes=_ordered(themes),
        repeats=_ordered(repeats),
        assignments={member: theme.id for theme in themes for member in theme.members},
        duplicates={
            reading.documents[index].id: reading.documents[own].id
            for index, own in enumerate(source.first)
            if index != own
        },
        unprocessable=reading.unprocessable,
        statistics=source.statistics,
        merges=tuple((known[kept].id, known[gone].id) for kept, gone in descent.merges),
        splits=tuple((known[old].id, names[new]) for old, new in descent.splits if new in names),
    )


@dataclass(frozen=True)
class _Source:
    """What a theme is worded and counted from.

    reading: the documents with words; first: which earlier one each is near-identical to; units:
    the distinct ones, with their TF-IDF rows and word counts; statistics: the background with them.
    """

    reading: Reading
    first: list[int]
    units: list[int]
    rows: csr_matrix
    counts: csr_matrix
    vocabulary: Vocabulary
    statistics: TermStatistics


def _source(
    documents: Sequence[Document],
    known: Sequence[KnownTheme],
    reader: Reader,
    background: TermStatistics | None,
    progress: Callable[[int, int], None] | None,
) -> tuple[_Source, csr_matrix]:
    """Read the documents; return them with the centroids of the known themes in the same terms."""
    reading = reader.read(documents, progress)
    first = first_of_kind(reading.plain, reading.prints)
    units = [index for index, own in enumerate(first) if index == own]
    centroids = centroid_rows([theme.centroid for theme in known], reader.vocabulary)
    (counts, centroids), vocabulary = compact([reading.counts[units], centroids], reader.vocabulary)
    statistics = (background or TermStatistics()).plus(counts, vocabulary)
    rows = unit_rows(counts, statistics.rarities(vocabulary, reader.tokeniser))
    return _Source(reading, first, units, rows, counts, vocabulary, statistics), centroids


def _require(
    documents: Sequence[Document],
    known: Sequence[KnownTheme],
    similarity: float,
    *,
    reader: Reader | None,
    places: Sequence[str],
) -> None:
    """Raise ValueError on what ``discover`` cannot work with."""
    if not 0 < similarity <= 1:
        raise ValueError(f"similarity must be above 0 and at most 1, not {similarity}")
    if reader is not None and places:
        raise ValueError("places are given to the reader, not beside it")
    _unique([document.id for document in documents], "documents")
    _unique([theme.id for theme in known], "known themes")


def _unique(ids: Sequence[Hashable], what: str) -> None:
    """Raise ValueError naming the first id that occurs twice."""
    seen: set[Hashable] = set()
    for one in ids:
        if one in seen:
            raise ValueError(f"two {what} share the id {one!r}")
        seen.add(one)


def _was(
    source: _Source, assigned: Mapping[Hashable, Hashable], numbers: Mapping[Hashable, int]
) -> list[int | None]:
    """Return per distinct text the known theme that it or, first of all, a copy of it is in."""
    themes: dict[int, int] = {}
    for index, document in enumerate(source.reading.documents):
        if document.id in assigned:
            themes.setdefault(source.first[index], numbers[assigned[document.id]])
    return [themes.get(unit) for unit in source.units]


def _grouped(
    source: _Source,
    centroids: csr_matrix,
    known: Sequence[KnownTheme],
    *,
    was: Sequence[int | None],
    apart: np.ndarray,
    minimum: float,
) -> tuple[Clusters, list[Counter[int]]]:
    """Cluster the distinct texts; return the clusters and what each holds of which known theme.

    A theme that is free to change and has texts here is made anew from them; the others start as
    their centroid, with the texts that are in them.
    """
    members: list[list[int]] = [[] for _ in known]
    rebuilt: set[int] = set()
    for unit, theme in enumerate(was):
        if theme is not None and apart[theme]:
            members[theme].append(unit)
        elif theme is not None:
            rebuilt.add(theme)
    whole = [number for number in range(len(known)) if number not in rebuilt]
    clusters = cluster(
        source.rows,
        Seeds(
            means=centroids[whole],
            sizes=np.array([known[number].texts for number in whole], dtype=np.int64),
            apart=apart[whole],
            members=[members[number] for number in whole],
        ),
        minimum=minimum,
    )
    # Of the themes that must stay, at most one is in a group; there it outweighs any other.
    outweighs = len(source.units) + sum(theme.texts for theme in known)
    claims = []
    for units, seeds in zip(clusters.members, clusters.known, strict=True):
        formerly = (was[unit] for unit in units)
        claim = Counter(theme for theme in formerly if theme is not None and theme in rebuilt)
        for number in (whole[seed] for seed in seeds):
            claim[number] += known[number].texts + outweighs * bool(apart[number])
        claims.append(claim)
    return clusters, claims


@dataclass(frozen=True)
class _Group:
    """A cluster to be worded. number: of the cluster; texts: its distinct texts; members: all."""

    number: int
    units: list[int]
    texts: list[int]
    members: list[int]


def _groups(clusters: Clusters, source: _Source, descent: Lineage) -> list[_Group]:
    """Return the clusters of two or more documents and each known theme that was joined."""
    copies: dict[int, list[int]] = {}
    for index, own in enumerate(source.first):
        copies.setdefault(own, []).append(index)
    groups = []
    for number, units in enumerate(clusters.members):
        texts = [source.units[unit] for unit in units]
        members = sorted(index for text in texts for index in copies[text])
        if len(members) > 1 or (members and descent.heirs[number] is not None):
            groups.append(_Group(number, units, texts, members))
    return groups


def _themes(
    clusters: Clusters, source: _Source, known: Sequence[KnownTheme], descent: Lineage
) -> tuple[list[Theme], list[Theme], dict[int, Hashable]]:
    """Word and count each group; return themes, repeats, and the id of each cluster's theme."""
    groups = _groups(clusters, source, descent)
    means = clusters.chosen(np.array([group.number for group in groups], dtype=np.int64)).means()
    owner = np.repeat(np.arange(len(groups)), [len(group.units) for group in groups])
    units = np.array([unit for group in groups for unit in group.units], dtype=np.int64)
    closeness = closeness_of(source.rows[units], means, owner)
    presence = _presence(owner, units, source.counts, groups=len(groups))
    weights = class_weights(presence)
    taken: set[Hashable] = {theme.id for theme in known}
    real, repeats, names, start = [], [], {}, 0
    for at, group in enumerate(groups):
        close = closeness[start : start + len(group.units)]
        start += len(group.units)
        heir = descent.heirs[group.number]
        example = group.texts[int(np.argmax(close))]
        spoken = [source.reading.spoken[text] for text in group.texts]
        theme = _theme(
            group,
            source,
            identity=known[heir].id
            if heir is not None
            else _new_id(source.reading.plain[example], taken),
            known=heir is not None,
            keywords=keywords_of(
                spoken, *row_of(presence, at), row_of(weights, at)[1], vocabulary=source.vocabulary
            ),
            closeness=dict(zip(group.texts, close.tolist(), strict=True)),
            representative=source.reading.documents[example],
            centroid=heaviest(*row_of(means, at), source.vocabulary, most=CENTROID_TERMS),
        )
        if theme.known or (theme.texts > 1 and theme.persons > 1):
            real.append(theme)
            names[group.number] = theme.id
        else:
            repeats.append(theme)
    return real, repeats, names


def _new_id(name: str, taken: set[Hashable]) -> str:
    """Return an id made from the words of the representative text, and take it.

    A theme that was split off may be represented by the very text that once named the other part.
    """
    while True:
        identity = f"t-{sha256(name.encode()).hexdigest()[:12]}"
        if identity not in taken:
            taken.add(identity)
            return identity
        name += "+"


def _ordered(themes: list[Theme]) -> tuple[Theme, ...]:
    """Return the themes with most persons first."""
    return tuple(sorted(themes, key=lambda theme: (-theme.persons, -theme.texts, str(theme.id))))


def _presence(
    group: np.ndarray, unit: np.ndarray, counts: csr_matrix, *, groups: int
) -> csr_matrix:
    """Return groups × terms: in how many distinct texts of the group a term stands."""
    chosen = csr_matrix((np.ones(unit.size), (group, unit)), (groups, counts.shape[0]))
    held = csr_matrix((np.ones_like(counts.data), counts.indices, counts.indptr), counts.shape)
    return csr_matrix(chosen @ held)


def _theme(
    group: _Group,
    source: _Source,
    *,
    identity: Hashable,
    known: bool,
    keywords: tuple[str, ...],
    closeness: Mapping[int, float],
    representative: Document,
    centroid: dict[str, float],
) -> Theme:
    """Count one group. closeness: of each distinct text with the group's mean."""
    documents = [source.reading.documents[i] for i in group.members]
    texts = [source.first[i] for i in group.members]
    days = [document.day for document in documents if document.day is not None]
    streets = sorted({d.street for d in documents if d.street is not None})
    return Theme(
        id=identity,
        known=known,
        label=label_of(representative.title, representative.text),
        keywords=keywords,
        representative=representative.id,
        members=tuple(document.id for document in documents),
        closeness=tuple(closeness[text] for text in texts),
        messages=len(documents),
        texts=len(set(texts)),
        persons=_persons(documents, texts),
        streets={
            street: _persons(
                [d for d in documents if d.street == street],
                [t for d, t in zip(documents, texts, strict=True) if d.street == street],
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
