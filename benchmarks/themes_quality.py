"""How well and how fast recurring issues are found in real messages, beside two yardsticks.

In the same run, on the same texts: the textbook way (jieba words, TF-IDF with the title three
times, dense average linkage at cosine distance .82), and BERTopic from PyPI in a throw-away
environment. Needs the reference data (JIEPING_REFERENCE_DIR) and, for BERTopic, a package index.
"""

from __future__ import annotations

import csv
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Hashable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

from analysis.themes.discovery import SIMILARITY, Document, discover
from analysis.themes.metrics import b_cubed, issues_found, pairwise
from analysis.themes.reader import Reader
from benchmarks._bertopic import PEER, bertopic_topics

NAME = "Recurring issues in real messages"
COMMAND = "python -m benchmarks themes_quality"
FOLDER = Path(
    os.environ.get("JIEPING_REFERENCE_DIR", Path(__file__).resolve().parents[2] / "shared" / "data")
)
THRESHOLDS = (0.18, 0.20, 0.21, 0.22, 0.23, 0.24, 0.25, 0.26)
TITLE_WEIGHTS = (5, 6, 7, 8)
FOLDS = 5
Grouping = dict[Hashable, Hashable]


def rows_of(name: str) -> list[dict[str, str]]:
    """The rows of a table of the reference data. Raises SystemExit when it is not there."""
    path = FOLDER / "themes" / name
    if not path.exists():
        raise SystemExit(f"{path} is missing; set JIEPING_REFERENCE_DIR to the reference data.")
    with path.open(encoding="utf-8-sig") as file:
        return list(csv.DictReader(file))


def run() -> list[dict[str, Any]]:
    """Rows of the table: quality as shipped and by cross-validation, speed, memory."""
    messages = rows_of("f3_messages.csv")
    truth: Grouping = {
        row["message_id"]: row["issue_id"] for row in rows_of("hot_issues_reference.csv")
    }
    ambiguous = {row["message_id"] for row in rows_of("hot_issues_ambiguous.csv")}
    documents = [
        Document(row["message_id"], row["body"], title=row["title"], person=row["user"])
        for row in messages
    ]
    discover(documents[:10])  # the dictionary is loaded once per process
    ours, our_seconds = ours_grouped(documents, ambiguous)
    plain, plain_seconds = plain_grouped(messages, ambiguous)
    topics, topic_seconds, topic_memory = bertopic_grouped(messages, ambiguous)
    rows = []
    for name, groups, seconds in (
        ("average linkage", plain, plain_seconds),
        (PEER, topics, topic_seconds),
    ):
        rows += [
            quality(f"macro B-cubed F1, beside {name}", macro(truth, ours), macro(truth, groups)),
            quality(f"pairwise F1, beside {name}", pairs(truth, ours), pairs(truth, groups)),
            quality(f"issues found, beside {name}", found(truth, ours), found(truth, groups)),
            row_of(
                f"documents a second (CPU), beside {name}",
                len(messages) / our_seconds,
                len(messages) / seconds,
                our_seconds / seconds,
            ),
        ]
    rows += cross_validated(documents, ambiguous, truth, plain)
    memory = command_memory()
    rows.append(row_of(f"peak MB, beside {PEER}", memory, topic_memory, memory / topic_memory))
    return rows


def pairs(truth: Grouping, groups: Grouping) -> float:
    """The pairwise F1."""
    return pairwise(truth, groups).f1


def macro(truth: Grouping, groups: Grouping) -> float:
    """The macro B-cubed F1."""
    return b_cubed(truth, groups, macro=True).f1


def found(truth: Grouping, groups: Grouping) -> float:
    """The share of issues found."""
    return issues_found(truth, groups) / len(set(truth.values()))


def ours_grouped(
    documents: list[Document],
    ambiguous: set[str],
    *,
    similarity: float = SIMILARITY,
    reader: Reader | None = None,
) -> tuple[Grouping, float]:
    """Our groups and the CPU seconds they took."""
    begun = time.process_time()
    result = discover(documents, similarity=similarity, reader=reader)
    seconds = time.process_time() - begun
    groups = {
        member: theme.id
        for theme in result.themes + result.repeats
        for member in theme.members
        if member not in ambiguous
    }
    return groups, seconds


def bertopic_grouped(
    messages: list[dict[str, str]], ambiguous: set[str]
) -> tuple[Grouping, float, float]:
    """BERTopic's groups of the same texts, CPU seconds and peak MB; its topic -1 is no group."""
    texts = [" ".join([row["title"]] * 3 + [row["body"]]) for row in messages]
    topics, seconds, megabytes = bertopic_topics(texts)
    groups: Grouping = {
        row["message_id"]: topic
        for row, topic in zip(messages, topics, strict=True)
        if topic >= 0 and row["message_id"] not in ambiguous
    }
    return groups, seconds, megabytes


def plain_grouped(messages: list[dict[str, str]], ambiguous: set[str]) -> tuple[Grouping, float]:
    """The yardstick's groups and CPU seconds."""
    import jieba
    from scipy.cluster.hierarchy import fcluster, linkage
    from scipy.spatial.distance import squareform
    from sklearn.feature_extraction.text import TfidfVectorizer

    jieba.initialize()
    begun = time.process_time()
    texts = [" ".join([row["title"]] * 3 + [row["body"]]) for row in messages]
    vectors = TfidfVectorizer(
        tokenizer=jieba.lcut, token_pattern=None, min_df=2, sublinear_tf=True
    ).fit_transform(texts)
    distance = np.clip(1 - (vectors @ vectors.T).toarray(), 0, None)
    np.fill_diagonal(distance, 0)
    labels = fcluster(linkage(squareform(distance, checks=False), "average"), 0.82, "distance")
    seconds = time.process_time() - begun
    pairs = zip(messages, labels.tolist(), strict=True)
    return {r["message_id"]: g for r, g in pairs if r["message_id"] not in ambiguous}, seconds


def cross_validated(
    documents: list[Document], ambiguous: set[str], truth: Grouping, plain: Grouping
) -> list[dict[str, Any]]:
    """Rows: quality on the issues the settings were chosen on, and on those held back.

    Threshold and title weight are chosen by the sum of both F1 over the kept issues. The held
    issues of all folds, each grouped as its fold chose, are scored together.
    """
    runs = {}
    for weight in TITLE_WEIGHTS:
        reader = Reader(title_weight=weight)
        for similarity in THRESHOLDS:
            runs[weight, similarity] = ours_grouped(
                documents, ambiguous, similarity=similarity, reader=reader
            )[0]
    kept_scores: list[tuple[float, ...]] = []
    held_truth: Grouping = {}
    held_groups: Grouping = {}
    for fold, (kept, held) in enumerate(folds(truth)):
        best = max(runs, key=lambda s: macro(kept, runs[s]) + pairs(kept, runs[s]))
        kept_scores.append(scores(kept, runs[best]))
        held_truth |= {(fold, message): issue for message, issue in held.items()}
        held_groups |= {(fold, message): (fold, g) for message, g in runs[best].items()}
    rows = []
    for part, figures in (
        ("chosen on (mean of folds)", np.mean(kept_scores, axis=0).tolist()),
        ("held back (all folds together)", scores(held_truth, held_groups)),
    ):
        names = ("macro B-cubed F1", "pairwise F1", "issues found")
        for name, figure, other in zip(names, figures, scores(truth, plain), strict=True):
            # The yardstick's own threshold was chosen on all issues: no limit here.
            rows.append(quality(f"{name}, issues {part}", figure, other) | {"limit": None})
    return rows


def scores(truth: Grouping, groups: Grouping) -> tuple[float, float, float]:
    """Macro B-cubed F1, pairwise F1 and the share of issues found."""
    return macro(truth, groups), pairs(truth, groups), found(truth, groups)


def folds(truth: Grouping) -> Iterator[tuple[Grouping, Grouping]]:
    """Split the truth by issue, so that no issue is on both sides."""
    issues = sorted({str(issue) for issue in truth.values()})
    number = dict(
        zip(issues, np.random.default_rng(0).permutation(len(issues)) % FOLDS, strict=True)
    )
    for fold in range(FOLDS):
        yield (
            {m: i for m, i in truth.items() if number[str(i)] != fold},
            {m: i for m, i in truth.items() if number[str(i)] == fold},
        )


def command_memory() -> float:
    """Peak resident memory of `python -m analysis themes` over the messages, in MB.

    The command's process reads its own high-water mark: what its parent is told also counts the
    parent's own memory at the fork.
    """
    code = (
        "import sys\nfrom analysis.__main__ import main\nstatus = main(sys.argv[1:])\n"
        "peak = [line for line in open('/proc/self/status') if line.startswith('VmHWM')]\n"
        "print(peak[0].split()[1], file=sys.stderr)\nsys.exit(status)"
    )
    source = FOLDER / "themes" / "f3_messages.csv"
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-c", code, "themes", "--messages", str(source), "--out", folder]
        done = subprocess.run(command, check=True, capture_output=True, text=True)
    return int(done.stderr.split()[-1]) / 1024


def quality(measure: str, figure: float, yardstick: float) -> dict[str, Any]:
    """A row whose ratio compares what is still missing to 1: it must not pass 1."""
    row = row_of(measure, figure, yardstick, (1 - figure) / max(1e-9, 1 - yardstick))
    return row | {"limit": 1.0}


def row_of(
    measure: str, figure: float, yardstick: float | None, ratio: float | None
) -> dict[str, Any]:
    """A row of the table."""
    return {
        "measure": measure,
        "figure": figure,
        "yardstick": yardstick,
        "ratio": ratio,
        "command": COMMAND,
    }
