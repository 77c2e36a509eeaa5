"""Train on labelled texts and label others.

In: two CSV files (UTF-8 or GB18030) with the same text columns; the first also has the label.
Out: a CSV file with row, label, probability: row is the cell of the test file's column "row" where
it has one, else the number of the row, from 1 after the header. The labels may be of any kind: the
five indicators, or the classes of another office.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from analysis.commands.files import Table, read_table, write_json
from analysis.commands.progress import LateProgress
from analysis.commands.written import csv_bytes, write_whole
from analysis.themes.category import Prediction, train

_BATCH = 2_000


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options of the command."""
    parser.add_argument("--train", required=True, metavar="CSV", help="labelled texts")
    parser.add_argument("--test", required=True, metavar="CSV", help="texts to label")
    parser.add_argument(
        "--text", required=True, metavar="COLUMN[,COLUMN]", help="columns that make up the text"
    )
    parser.add_argument("--label", required=True, metavar="COLUMN", help="column of the label")
    parser.add_argument("--out", required=True, metavar="CSV", help="file for the predictions")


def run(args: argparse.Namespace) -> int:
    """Train, predict and write; print a summary as JSON."""
    columns = [name.strip() for name in args.text.split(",") if name.strip()]
    learnt, asked = read_table(args.train), read_table(args.test)
    labels = learnt.column(args.label)
    for i, label in enumerate(labels):
        if not label:
            learnt.fail(i, args.label, "the label is empty.")
    model = train(texts_of(learnt, columns), labels)
    predictions: list[Prediction] = []
    texts = texts_of(asked, columns)
    with LateProgress("Labelling texts") as progress:
        for start in range(0, len(texts), _BATCH):
            predictions += model.predict(texts[start : start + _BATCH])
            progress(len(predictions), len(texts))
    names = asked.column("row") if "row" in asked.header else range(1, len(texts) + 1)
    rows = [
        (name, found.label, f"{found.probability:.6f}")
        for name, found in zip(names, predictions, strict=True)
    ]
    write_whole(Path(args.out), csv_bytes(["row", "label", "probability"], rows))
    write_json(
        {
            "trained_on": len(labels),
            "labels": list(model.classes),
            "labelled": len(rows),
            "abstain_below": round(model.threshold, 6),
            "would_abstain": sum(found.abstained for found in predictions),
        }
    )
    return 0


def texts_of(table: Table, columns: list[str]) -> list[str]:
    """The text of each row, its columns joined. Raises ``AnalysisError`` for a missing column."""
    cells = [table.column(name) for name in columns]
    return [" ".join(part for part in parts if part) for parts in zip(*cells, strict=True)]
