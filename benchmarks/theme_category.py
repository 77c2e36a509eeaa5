"""How well and how fast comments are labelled, against two textbook classifiers in the same run.

Seven classes of real messages, each text labelled by a model that saw neither it nor a near-
duplicate of it; then the starting model, made of our own phrases alone, on the same messages mapped
to the indicators, before and after 200 of them were learnt. Whatever a model chooses (how rare a
feature may be, temperature, threshold) it chooses inside its training texts: "chosen" rows are what
those folds promised, "held" rows what the unseen texts gave. Needs JIEPING_REFERENCE_DIR.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from analysis.themes.calibration import softmax
from analysis.themes.category import (
    CategoryModel,
    corrected,
    held_out_scores,
    starting_model,
    train,
)
from analysis.themes.category_file import to_bytes
from analysis.themes.label_scores import calibration_error, macro_f1
from analysis.themes.near_duplicates import first_of_kind
from analysis.themes.text import bare, normalise
from benchmarks._theme_indicators import indicator_of
from benchmarks.themes_quality import rows_of

NAME = "Labelling comments: seven classes, indicators, speed"
COMMAND = "python -m benchmarks theme_category"
FOLDS = 5
LOCAL_LABELS = 200
DRAWS = 5
MUST_SEGMENTED, MUST_RAW, MUST_SPEED = 0.915, 0.89, 5_000


@dataclass(frozen=True)
class Labelled:
    """Held-out labels of n texts, in their order; seconds of predicting them (CPU)."""

    labels: np.ndarray
    seconds: float


@dataclass(frozen=True)
class Judged(Labelled):
    """Our labels, with the probability of each and whether the model would abstain."""

    confidence: np.ndarray
    abstained: np.ndarray


Fit = Callable[[Sequence[str], Sequence[str]], Any]


def run() -> list[dict[str, Any]]:
    """Rows of the table."""
    cut = rows_of("f2_train.csv")
    raw = rows_of("f2_raw_train.csv")
    texts, truth = [r["text_segmented"] for r in cut], [r["label1"] for r in cut]
    own = [f"{r['title']} {r['body']}" for r in raw]
    of_raw = [r["label1"] for r in raw]
    in_raw = {r["f2_row"] for r in raw}
    rest = [i for i, r in enumerate(cut) if r["row"] not in in_raw]
    learnt, labels = [texts[i] for i in rest], [truth[i] for i in rest]
    rows = seven_classes(texts, truth)
    rows += small_raw(own, of_raw)
    rows += seen_cut_asked_raw(learnt, labels, own, of_raw)
    rows += indicators(own, of_raw)
    rows += taxonomy()
    return rows


def seven_classes(texts: Sequence[str], truth: Sequence[str]) -> list[dict[str, Any]]:
    """Macro-F1, calibration, abstention, speed and size on all messages, by cross-validation."""
    wanted = np.array(truth)
    ours, chosen = cross_validated(texts, truth)
    plain = {name: held_out(texts, truth, fit) for name, fit in YARDSTICKS.items()}
    score = macro_f1(wanted, ours.labels)
    best = max(macro_f1(wanted, p.labels) for p in plain.values())
    svc = plain["char TF-IDF + LinearSVC"]
    rows = [
        row("macro-F1, 7 classes, held texts", score, best, missing(score, best), 1.0),
        row("the same, must", score, MUST_SEGMENTED, missing(score, MUST_SEGMENTED), 1.0),
        *(
            row(f"the same, {name}", macro_f1(wanted, p.labels), None, None)
            for name, p in plain.items()
        ),
        row("abstained, chosen folds", chosen["abstained"], 0.15, None),
        row("right among the rest, chosen folds", chosen["right"], 0.95, None),
        *sureness(ours, wanted, "7 classes"),
    ]
    speed = len(texts) / ours.seconds
    rows.append(
        row(
            "texts labelled a second and core",
            speed,
            len(texts) / svc.seconds,
            ours.seconds / svc.seconds,
            1.0,
        )
    )
    rows.append(row("the same, must", speed, MUST_SPEED, MUST_SPEED / speed, 1.0))
    size = len(to_bytes(train(texts, truth))) / 1e6
    rows.append(row("model file, MB", size, 20, size / 20, 1.0))
    return rows


def small_raw(texts: Sequence[str], truth: Sequence[str]) -> list[dict[str, Any]]:
    """Macro-F1 on raw text, trained on the 800 raw messages that are not in the fold."""
    wanted = np.array(truth)
    ours, _ = cross_validated(texts, truth)
    best = max(macro_f1(wanted, held_out(texts, truth, fit).labels) for fit in YARDSTICKS.values())
    score = macro_f1(wanted, ours.labels)
    return [
        row("macro-F1, raw text, trained on 800 raw texts", score, best, missing(score, best), 1.0),
        *sureness(ours, wanted, "raw, 800 texts"),
    ]


def seen_cut_asked_raw(
    texts: Sequence[str], labels: Sequence[str], own: Sequence[str], truth: Sequence[str]
) -> list[dict[str, Any]]:
    """Macro-F1 on raw text of a model that learnt other messages, cut into words."""
    wanted = np.array(truth)
    score = macro_f1(wanted, np.array([p.label for p in train(texts, labels).predict(own)]))
    best = max(
        macro_f1(wanted, np.array(fit(texts, labels).predict(own))) for fit in YARDSTICKS.values()
    )
    name = "macro-F1, raw text, trained on other texts cut into words"
    return [
        row(name, score, best, missing(score, best), 1.0),
        row("the same, must", score, MUST_RAW, missing(score, MUST_RAW), 1.0),
    ]


def indicators(texts: Sequence[str], classes: Sequence[str]) -> list[dict[str, Any]]:
    """The starting model on messages mapped to indicators, before and after local labels."""
    truth = [indicator_of(name) for name in classes]
    before, after, alone, left, right = [], [], [], [], []
    for draw in range(DRAWS):
        order = np.random.default_rng(draw).permutation(len(texts)).tolist()
        learnt, asked = order[:LOCAL_LABELS], order[LOCAL_LABELS:]
        some, of_some = [texts[i] for i in learnt], [truth[i] for i in learnt]
        rest, wanted = [texts[i] for i in asked], np.array([truth[i] for i in asked])
        before.append(mapped_f1(starting_model(), rest, wanted))
        model = corrected(starting_model(), some, of_some)
        after.append(mapped_f1(model, rest, wanted))
        alone.append(mapped_f1(train(some, of_some), rest, wanted))
        said = model.predict(rest)
        sure = np.array([not p.abstained for p in said])
        left.append(1 - sure.mean())
        right.append((np.array([p.label for p in said]) == wanted)[sure].mean())
    first, second, without = (float(np.mean(x)) for x in (before, after, alone))
    return [
        row("macro-F1, indicators, starting model on raw messages", first, None, None),
        row(
            f"the same after {LOCAL_LABELS} local labels",
            second,
            first,
            missing(second, first),
            1.0,
        ),
        row(
            "the same labels without the starting model", second, without, missing(second, without)
        ),
        row("abstained after them", float(np.mean(left)), 0.15, None),
        row("right among the rest after them", float(np.mean(right)), 0.95, None),
    ]


def taxonomy() -> list[dict[str, Any]]:
    """The starting model on the names of the taxonomy's classes, which cover all indicators."""
    names, truth = [], []
    for r in rows_of("teddy_c_f1_taxonomy.csv"):
        last = "" if r["label3"] == "其他" else r["label3"]
        names.append(f"{r['label2']}，{last}" if last else r["label2"])
        truth.append(indicator_of(r["label1"], r["label2"], r["label3"]))
    said = np.array([p.label for p in starting_model().predict(names)])
    wanted = np.array(truth)
    most = float(np.mean(wanted == max(set(truth), key=truth.count)))
    return [
        row("macro-F1, six labels, names of taxonomy classes", macro_f1(wanted, said), None, None),
        row(
            "share right of them (yardstick: always the largest)",
            float(np.mean(wanted == said)),
            most,
            missing(float(np.mean(wanted == said)), most),
        ),
    ]


def mapped_f1(model: CategoryModel, texts: Sequence[str], wanted: np.ndarray) -> float:
    """Macro-F1 over the indicators that the messages have; any other label is wrong."""
    return macro_f1(wanted, np.array([p.label for p in model.predict(texts)]))


def folds_of(texts: Sequence[str]) -> np.ndarray:
    """The fold of each text; near-duplicates share theirs."""
    first = np.array(first_of_kind([bare(normalise(text)) for text in texts]))
    return np.random.default_rng(0).integers(0, FOLDS, len(texts))[first]


def cross_validated(texts: Sequence[str], truth: Sequence[str]) -> tuple[Judged, dict[str, float]]:
    """Our held-out labels; what the training folds had promised of abstention."""
    labels = np.array(truth)
    fold, seconds = folds_of(texts), 0.0
    given, top = np.empty(len(texts), dtype=object), np.zeros(len(texts))
    left = np.zeros(len(texts), dtype=bool)
    promised: list[tuple[float, float]] = []
    for number in range(FOLDS):
        inside, asked = places(fold != number), places(fold == number)
        model = train([texts[i] for i in inside], [truth[i] for i in inside])
        promised.append(inner_promise(model, [texts[i] for i in inside], labels[inside]))
        begun = time.process_time()
        said = model.predict([texts[i] for i in asked])
        seconds += time.process_time() - begun
        given[asked] = [p.label for p in said]
        top[asked], left[asked] = [p.probability for p in said], [p.abstained for p in said]
    means = np.mean(promised, axis=0)
    chosen = {"abstained": float(means[0]), "right": float(means[1])}
    return Judged(given, seconds, top, left), chosen


def inner_promise(
    model: CategoryModel, texts: Sequence[str], truth: np.ndarray
) -> tuple[float, float]:
    """Abstained and right among the rest on the folds on which the threshold was chosen."""
    scores, known = held_out_scores(model, texts, truth.tolist())
    chances = softmax(scores / model.temperature)
    sure = chances.max(axis=1) >= model.threshold
    return float(1 - sure.mean()), float((chances.argmax(axis=1) == known)[sure].mean())


def held_out(texts: Sequence[str], truth: Sequence[str], fit: Fit) -> Labelled:
    """A yardstick's held-out labels, on the same folds."""
    fold, seconds = folds_of(texts), 0.0
    given = np.empty(len(texts), dtype=object)
    for number in range(FOLDS):
        inside, asked = places(fold != number), places(fold == number)
        model = fit([texts[i] for i in inside], [truth[i] for i in inside])
        begun = time.process_time()
        given[asked] = model.predict([texts[i] for i in asked])
        seconds += time.process_time() - begun
    return Labelled(given, seconds)


def char_svc(texts: Sequence[str], labels: Sequence[str]) -> Any:
    """Yardstick: TF-IDF of character 1- to 3-grams, linear support vectors."""
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.pipeline import make_pipeline
    from sklearn.svm import LinearSVC

    features = TfidfVectorizer(analyzer="char", ngram_range=(1, 3), min_df=2, sublinear_tf=True)
    return make_pipeline(features, LinearSVC()).fit(texts, labels)


def word_logistic(texts: Sequence[str], labels: Sequence[str]) -> Any:
    """Yardstick: TF-IDF of jieba's words, logistic regression."""
    import jieba
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline

    features = TfidfVectorizer(
        tokenizer=jieba.lcut, token_pattern=None, min_df=2, sublinear_tf=True
    )
    return make_pipeline(features, LogisticRegression(C=10, max_iter=300)).fit(texts, labels)


YARDSTICKS: dict[str, Fit] = {
    "char TF-IDF + LinearSVC": char_svc,
    "jieba TF-IDF + logistic regression": word_logistic,
}


def sureness(ours: Judged, wanted: np.ndarray, name: str) -> list[dict[str, Any]]:
    """Abstention and calibration on held-out texts."""
    sure, right = ~ours.abstained, ours.labels == wanted
    return [
        row(f"abstained, held ({name})", float(ours.abstained.mean()), 0.15, None),
        row(f"right among the rest, held ({name})", float(right[sure].mean()), 0.95, None),
        row(
            f"calibration error, held ({name})",
            calibration_error(ours.confidence, right),
            None,
            None,
        ),
    ]


def places(chosen: np.ndarray) -> list[int]:
    """Where it is true."""
    return [int(place) for place in np.flatnonzero(chosen)]


def missing(figure: float, yardstick: float) -> float:
    """What is still missing to 1, against the yardstick: below 1 is better."""
    return (1 - figure) / max(1e-9, 1 - yardstick)


def row(
    measure: str,
    figure: float,
    yardstick: float | None,
    ratio: float | None,
    limit: float | None = None,
) -> dict[str, Any]:
    """A row of the table."""
    made = {
        "measure": measure,
        "figure": figure,
        "yardstick": yardstick,
        "ratio": ratio,
        "command": COMMAND,
    }
    return made if limit is None else made | {"limit": limit}
