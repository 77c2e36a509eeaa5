"""Measured on real messages that are not part of this product: floors with some slack.

What the figures are exactly, benchmarks/themes_quality.py prints.
"""

from __future__ import annotations

import csv
import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from analysis.themes.category import LABELS, starting_model, train
from analysis.themes.discovery import Document, discover
from analysis.themes.metrics import b_cubed, issues_found, pairwise
from benchmarks._theme_indicators import OF_CLASS, OF_SECOND, OF_THIRD, indicator_of
from tests.parts import reference_folder

pytestmark = pytest.mark.reference


@pytest.fixture(scope="module")
def folder() -> Path:
    return reference_folder("themes")


def rows_of(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8-sig") as file:
        return list(csv.DictReader(file))


@pytest.fixture(scope="module")
def grouped(folder: Path) -> tuple[dict[str, str], dict[str, object]]:
    """The truth and our groups, the ambiguous messages left out."""
    ambiguous = {row["message_id"] for row in rows_of(folder / "hot_issues_ambiguous.csv")}
    truth = {
        row["message_id"]: row["issue_id"] for row in rows_of(folder / "hot_issues_reference.csv")
    }
    found = discover(
        [
            Document(row["message_id"], row["body"], title=row["title"], person=row["user"])
            for row in rows_of(folder / "f3_messages.csv")
        ]
    )
    groups = {
        member: theme.id
        for theme in found.themes + found.repeats
        for member in theme.members
        if member not in ambiguous
    }
    return truth, groups


def test_recurring_issues_are_found(grouped) -> None:
    truth, groups = grouped
    assert b_cubed(truth, groups, macro=True).f1 >= 0.92
    assert pairwise(truth, groups).f1 >= 0.90
    assert issues_found(truth, groups) >= 0.96 * len(set(truth.values()))


def test_own_scores_equal_the_reference_script(grouped, folder: Path, tmp_path: Path) -> None:
    truth, groups = grouped
    lines = ["message_id,cluster_id", *(f"{m},{g}" for m, g in groups.items())]
    (tmp_path / "p.csv").write_text("\n".join(lines), encoding="utf-8")
    script = [sys.executable, str(folder / "score_hot_issues.py"), str(tmp_path / "p.csv")]
    done = subprocess.run([*script, str(folder)], capture_output=True, text=True, check=True)
    theirs = json.loads(done.stdout)
    cubed = b_cubed(truth, groups, macro=True)
    assert cubed.f1 == pytest.approx(theirs["b3_macro_F1"], abs=1e-4)
    assert pairwise(truth, groups).f1 == pytest.approx(theirs["pairwise_F1"], abs=1e-4)
    assert issues_found(truth, groups) == theirs["issues_found"]


def test_english_complaints_give_themes(folder: Path) -> None:
    found = discover(
        [
            Document(row["id"], row["complaint"])
            for row in rows_of(folder / "english_complaints.csv")
        ]
    )
    assert len(found.themes) > 50
    assert any("garbage" in theme.label.lower() for theme in found.themes[:20])


def macro_f1(truth: list[str], predicted: list[str], labels) -> float:
    scores = []
    for label in labels:
        hits = sum(t == p == label for t, p in zip(truth, predicted, strict=True))
        scores.append(2 * hits / max(1, truth.count(label) + predicted.count(label)))
    return sum(scores) / len(scores)


def test_seven_classes_of_unseen_messages(folder: Path) -> None:
    rows = rows_of(folder / "f2_train.csv")
    fold = np.random.default_rng(0).permutation(len(rows)) % 5
    seen = [row for row, number in zip(rows, fold, strict=True) if number]
    unseen = [row for row, number in zip(rows, fold, strict=True) if not number]
    model = train([row["text_segmented"] for row in seen], [row["label1"] for row in seen])
    found = model.predict([row["text_segmented"] for row in unseen])
    truth = [row["label1"] for row in unseen]
    assert macro_f1(truth, [p.label for p in found], model.classes) >= 0.89
    sure = [(t, p) for t, p in zip(truth, found, strict=True) if not p.abstained]
    assert len(sure) >= 0.80 * len(truth)
    assert sum(t == p.label for t, p in sure) >= 0.93 * len(sure)


def test_starting_model_works_before_anyone_has_labelled_and_learns(folder: Path) -> None:
    rows = rows_of(folder / "f2_raw_train.csv")
    order = np.random.default_rng(1).permutation(len(rows))
    texts = [f"{rows[i]['title']} {rows[i]['body']}" for i in order]
    truth = [indicator_of(rows[i]["label1"]) for i in order]
    labels = sorted(set(truth))
    before = [p.label for p in starting_model().predict(texts[200:])]
    model = starting_model().partial_fit(texts[:200], truth[:200])
    after = [p.label for p in model.predict(texts[200:])]
    assert macro_f1(truth[200:], before, labels) >= 0.74
    assert macro_f1(truth[200:], after, labels) >= 0.84


def test_every_class_of_the_taxonomy_belongs_to_an_indicator(folder: Path) -> None:
    rows = rows_of(folder / "teddy_c_f1_taxonomy.csv")
    assert {row["label1"] for row in rows} == set(OF_CLASS)
    found = [indicator_of(row["label1"], row["label2"], row["label3"]) for row in rows]
    assert set(found) == set(LABELS)
    seconds = {(row["label1"], row["label2"]) for row in rows}
    assert set(OF_SECOND) <= seconds
    assert set(OF_THIRD) <= {(row["label1"], row["label2"], row["label3"]) for row in rows}


def test_raw_text_is_labelled_by_a_model_that_learnt_text_cut_into_words(folder: Path) -> None:
    raw = rows_of(folder / "f2_raw_train.csv")
    cut = {row["row"]: row for row in rows_of(folder / "f2_train.csv")}
    others = [row for row in cut.values() if row["row"] not in {r["f2_row"] for r in raw}]
    model = train([row["text_segmented"] for row in others], [row["label1"] for row in others])
    found = model.predict([f"{row['title']} {row['body']}" for row in raw])
    truth = [row["label1"] for row in raw]
    assert macro_f1(truth, [p.label for p in found], model.classes) >= 0.89


def test_english_complaints_are_about_the_city_as_a_rule(folder: Path) -> None:
    rows = rows_of(folder / "english_complaints.csv")
    found = starting_model().predict([row["complaint"] for row in rows])
    share = {label: np.mean([p.label == label for p in found]) for label in LABELS}
    # Complaints about wards of a city: roads, waste, lamps, water; nothing says which is which.
    assert max(share, key=lambda label: share[label]) == "urban"
    rubbish = [
        p.label for p, row in zip(found, rows, strict=True) if "garbage" in row["complaint"].lower()
    ]
    assert len(rubbish) > 100
    assert rubbish.count("urban") >= 0.7 * len(rubbish)
