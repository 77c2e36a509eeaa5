"""How well and how fast recurring issues are found in real messages, against plain average linkage.

The yardstick is the textbook way in the same run: jieba words, TF-IDF with the title three times,
dense average linkage at cosine distance .82. Needs the reference data (JIEPING_REFERENCE_DIR).
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

NAME = "Recurring issues in real messages"
COMMAND = "python -m benchmarks themes_quality"
FOLDER = Path(
    os.environ.get("JIEPING_REFERENCE_DIR", Path(__file__).resolve().parents[2] / "shared" / "data")
)
THRESHOLDS = (0.16, 0.18, 0.20, 0.21, 0.22, 0.23, 0.24, 0.26, 0.28)
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
    """Rows of the table: quality at the shipped threshold, by cross-validation, speed, memory."""
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
    ours, our_seconds = ours_grouped(documents, ambiguous, similarity=SIMILARITY)
    plain, plain_seconds = plain_grouped(messages, ambiguous)
    rows = [
        quality("macro B-cubed F1", macro(truth, ours), macro(truth, plain), limit=1.0),
        quality("pairwise F1", pairwise(truth, ours).f1, pairwise(truth, plain).f1),
        quality("issues found, share", found(truth, ours), found(truth, plain)),
        row_of(
            "documents a second (CPU)",
            len(messages) / our_seconds,
            len(messages) / plain_seconds,
            our_seconds / plain_seconds,
        ),
    ]
    chosen, held = cross_validated(documents, ambiguous, truth)
    rows.append(quality("macro B-cubed F1, threshold chosen", chosen, macro(truth, plain)))
    rows.append(quality("the same on the held issues", held, macro(truth, plain)))
    rows.append(row_of("peak memory of the command, MB", command_memory(), None, None))
    return rows


def macro(truth: Grouping, groups: Grouping) -> float:
    """The macro B-cubed F1."""
    return b_cubed(truth, groups, macro=True).f1


def found(truth: Grouping, groups: Grouping) -> float:
    """The share of issues found."""
    return issues_found(truth, groups) / len(set(truth.values()))


def ours_grouped(
    documents: list[Document], ambiguous: set[str], *, similarity: float
) -> tuple[Grouping, float]:
    """Our groups and the CPU seconds they took."""
    begun = time.process_time()
    result = discover(documents, similarity=similarity)
    seconds = time.process_time() - begun
    groups = {
        member: theme.id
        for theme in result.themes + result.repeats
        for member in theme.members
        if member not in ambiguous
    }
    return groups, seconds


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
    documents: list[Document], ambiguous: set[str], truth: Grouping
) -> tuple[float, float]:
    """Mean score on the issues a threshold was chosen on, and on the issues held back."""
    runs = {t: ours_grouped(documents, ambiguous, similarity=t)[0] for t in THRESHOLDS}
    chosen, held = [], []
    for kept, left in folds(truth):
        best = max(THRESHOLDS, key=lambda t: macro(kept, runs[t]))
        chosen.append(macro(kept, runs[best]))
        held.append(macro(left, runs[best]))
    return float(np.mean(chosen)), float(np.mean(held))


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


def quality(
    measure: str, figure: float, yardstick: float, *, limit: float | None = None
) -> dict[str, Any]:
    """A row whose ratio compares what is still missing to 1: below 1 is better."""
    row = row_of(measure, figure, yardstick, (1 - figure) / max(1e-9, 1 - yardstick))
    return row if limit is None else row | {"limit": limit}


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
