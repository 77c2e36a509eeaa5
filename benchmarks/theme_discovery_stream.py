"""A million comments over 300 streets, a batch a minute with a nightly review: time and memory.

Each batch is grouped as the worker does it: the known themes, the batch, and the latest comments
that belong to no theme yet. At night the latest comments are reviewed together with the themes they
are in; themes may merge or split. The comments are made from our own phrases at invented places.
By itself it runs through a part; the whole: python -m benchmarks.theme_discovery_stream
--comments 1000000
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections import deque
from collections.abc import Hashable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from analysis.themes.discovery import Discovery, Document, KnownTheme, discover
from analysis.themes.reader import Reader
from benchmarks._theme_comments import Comments

NAME = "Themes of a stream of comments"
COMMAND = "python -m benchmarks.theme_discovery_stream --comments {comments}"
PART, WHOLE = 30_000, 1_000_000
BATCH = 256
BATCHES_A_NIGHT = 1_440
# Latest comments without a theme that a batch may still join; latest comments a review reads.
WAITING, REVIEWED = 1_000, 20_000
LIMIT_SECONDS, LIMIT_MEGABYTES = 30 * 60.0, 450.0


@dataclass
class Office:
    """What is kept between batches: themes, the latest comments and where they are."""

    reader: Reader
    known: dict[Hashable, KnownTheme] = field(default_factory=dict)
    waiting: dict[Hashable, Document] = field(default_factory=dict)
    latest: deque[Document] = field(default_factory=lambda: deque(maxlen=REVIEWED))
    theme_of: dict[Hashable, Hashable] = field(default_factory=dict)
    merges: int = 0
    splits: int = 0

    def batch(self, fresh: list[Document]) -> None:
        """Group a minute's comments."""
        found = discover(
            [*self.waiting.values(), *fresh], known=list(self.known.values()), reader=self.reader
        )
        for theme in found.themes:
            before = self.known[theme.id].texts if theme.known else 0
            self.known[theme.id] = KnownTheme(theme.id, theme.centroid, before + theme.texts)
        for document in fresh:
            if len(self.latest) == REVIEWED:
                self.theme_of.pop(self.latest[0].id, None)
            self.latest.append(document)
        self._keep(found, [*self.waiting.values(), *fresh])

    def review(self, places: list[str]) -> None:
        """Look at the latest comments again, merge and split."""
        self.reader = Reader(places)
        found = discover(
            list(self.latest),
            known=list(self.known.values()),
            reader=self.reader,
            assigned={
                document.id: self.theme_of[document.id]
                for document in self.latest
                if document.id in self.theme_of
            },
        )
        for _, gone in found.merges:
            del self.known[gone]
        for theme in found.themes:
            before = self.known[theme.id].texts if theme.known else 0
            self.known[theme.id] = KnownTheme(theme.id, theme.centroid, max(before, theme.texts))
        self.merges += len(found.merges)
        self.splits += len(found.splits)
        self.theme_of.clear()
        self._keep(found, list(self.latest))

    def _keep(self, found: Discovery, documents: list[Document]) -> None:
        """Note where the comments are now; the latest without a theme go on waiting."""
        self.theme_of.update(found.assignments)
        loose = [
            document
            for document in documents
            if document.id not in found.assignments
            and document.id not in found.duplicates
            and document.id not in found.unprocessable
        ]
        self.waiting = {document.id: document for document in loose[-WAITING:]}


@dataclass(frozen=True)
class Run:
    """What a run took. batches: CPU seconds of each; reviews: of each; joined: share of the
    comments on recurring problems that were in a theme at once."""

    seconds: float
    batches: np.ndarray
    reviews: list[float]
    megabytes: float
    themes: int
    merges: int
    splits: int
    joined: float


def stream(comments: int) -> Run:
    """Let ``comments`` come in batches; making them is not counted."""
    source = Comments()
    office = Office(Reader(source.places))
    batches, reviews = [], []
    recurring = joined = done = 0
    while done < comments:
        taken = list(source.take(min(BATCH, comments - done)))
        begun = time.process_time()
        office.batch([document for document, _ in taken])
        batches.append(time.process_time() - begun)
        about = [document.id for document, problem in taken if problem >= 0]
        recurring += len(about)
        joined += sum(identity in office.theme_of for identity in about)
        done += len(taken)
        if len(batches) % BATCHES_A_NIGHT == 0 or done == comments:
            begun = time.process_time()
            office.review(source.places)
            reviews.append(time.process_time() - begun)
        if sys.stderr.isatty():
            print(f"\r{done:,} of {comments:,}", end="", file=sys.stderr, flush=True)
    return Run(
        seconds=sum(batches) + sum(reviews),
        batches=np.array(batches),
        reviews=reviews,
        megabytes=peak_megabytes(),
        themes=len(office.known),
        merges=office.merges,
        splits=office.splits,
        joined=joined / max(1, recurring),
    )


def peak_megabytes() -> float:
    """The peak resident memory of this process, MB."""
    with open("/proc/self/status", encoding="ascii") as file:
        return next(int(line.split()[1]) / 1024 for line in file if line.startswith("VmHWM"))


def rows_of(run: Run, comments: int) -> list[dict[str, Any]]:
    """The rows of the table; the yardstick is what a million comments may take."""
    command = COMMAND.format(comments=comments)
    tenth = max(1, run.batches.size // 10)
    early, late = run.batches[tenth : 2 * tenth].mean(), run.batches[-tenth:].mean()
    # Reviews cost the same each night, batches the same each minute once the themes are known.
    nights = WHOLE / BATCH / BATCHES_A_NIGHT
    million = late * WHOLE / BATCH + nights * float(np.mean(run.reviews))
    if comments >= WHOLE:
        million = run.seconds

    def row(measure: str, figure: float, yardstick: float | None) -> dict[str, Any]:
        ratio = None if yardstick is None else figure / yardstick
        found = {"measure": measure, "figure": figure, "yardstick": yardstick, "ratio": ratio}
        return found | {"command": command}

    return [
        row("CPU seconds for a million comments", float(million), LIMIT_SECONDS) | {"limit": 1.0},
        row("peak memory, MB", run.megabytes, LIMIT_MEGABYTES) | {"limit": 1.0},
        row("CPU seconds of a late batch, against an early one", float(late), float(early)),
        row("CPU seconds of a nightly review", float(np.mean(run.reviews)), None),
        row("themes at the end", run.themes, None),
        row("merges and splits by reviews", run.merges + run.splits, None),
        row("share of recurring comments in a theme at once", run.joined, None),
    ]


def run() -> list[dict[str, Any]]:
    """Rows of the table for a part of the stream."""
    return rows_of(stream(PART), PART)


def main() -> None:
    """Print the rows as JSON, a line each."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--comments", type=int, default=PART)
    comments = parser.parse_args().comments
    for row in rows_of(stream(comments), comments):
        print(json.dumps(row, ensure_ascii=False))


if __name__ == "__main__":
    main()
