"""Assigns a comment to one of the five indicators or to "other", with a probability, or abstains.

A linear model on hashed character n-grams (``features``), trained with scikit-learn's SGD.
Predicting needs no scikit-learn; ``category_file`` keeps a model.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache
from typing import Any, NamedTuple

import numpy as np
from scipy.sparse import csr_matrix

from analysis.themes.calibration import Calibration, calibrated, softmax
from analysis.themes.features import hashed_ngrams, rarities, weighted
from analysis.themes.label_scores import macro_f1
from analysis.themes.seed import examples
from analysis.types import AnalysisError

INDICATORS = ("party", "urban", "welfare", "community", "safety")
OTHER = "other"
LABELS = (*INDICATORS, OTHER)

# Regularisation falls with the number of examples: a few phrases generalise only when held back.
_ALPHA_LOW, _ALPHA_HIGH, _ALPHA_EXAMPLES = 1e-4, 1e-3, 0.6
# How many texts must have an n-gram before it counts: which of these, the held-out folds decide.
_LEAST = (1, 2, 5)
_FOLDS = 4
_PASSES = 20
_CORRECTION_PASSES = 5
# Fewer corrections than this say too little about how sure the model may be.
RECALIBRATE_FROM = 40

Progress = Callable[[int, int], None]


class Prediction(NamedTuple):
    """A label, its probability in 0..1, and whether the model would rather leave it to people."""

    label: str
    probability: float
    abstained: bool


@dataclass(frozen=True)
class CategoryModel:
    """A fitted linear classifier.

    classes: k labels; rarity: WIDTH feature weights; coefficients: k × WIDTH (also with two
    classes); intercepts: k; all float32. alpha: regularisation; temperature: divides the scores
    before the softmax; threshold: a probability below it abstains; steps: how many examples the
    learning rate has seen; seed: of the shuffling.
    """

    classes: tuple[str, ...]
    rarity: np.ndarray
    coefficients: np.ndarray
    intercepts: np.ndarray
    alpha: float
    temperature: float
    threshold: float
    steps: float
    seed: int

    def probabilities(self, texts: Sequence[str]) -> np.ndarray:
        """Return texts × classes, each row summing to 1."""
        return self._chances(hashed_ngrams(texts))

    def predict(self, texts: Sequence[str]) -> list[Prediction]:
        """Return the likeliest label of each text; a text without words always abstains."""
        features = hashed_ngrams(texts)
        chances = self._chances(features)
        best = chances.argmax(axis=1) if len(texts) else np.zeros(0, dtype=np.int64)
        top = chances[np.arange(len(texts)), best]
        unsure = (top < self.threshold) | (np.diff(features.indptr) == 0)
        return [
            Prediction(self.classes[label], probability, left)
            for label, probability, left in zip(
                best.tolist(), top.tolist(), unsure.tolist(), strict=True
            )
        ]

    def partial_fit(self, texts: Sequence[str], labels: Sequence[str]) -> CategoryModel:
        """Return a model that has also learnt these corrections; this one stays as it is.

        Raises AnalysisError on a label the model does not know or on unequal lengths.
        """
        _check(texts, labels)
        unknown = sorted(set(labels) - set(self.classes))
        if unknown:
            raise AnalysisError(
                "unknown_label",
                f"the model does not know the label {unknown[0]!r}; it knows "
                f"{', '.join(self.classes)}",
            )
        if not texts:
            return self
        return self._learnt(weighted(hashed_ngrams(texts), self.rarity), np.array(labels))

    def scores(self, features: csr_matrix) -> np.ndarray:
        """Return texts × classes distances from the decision planes, for weighted features."""
        return np.asarray(features @ self._by_feature) + self.intercepts

    def _learnt(self, features: csr_matrix, labels: np.ndarray) -> CategoryModel:
        """Return a model that has learnt weighted features, without checking them."""
        estimator = _estimator(self.alpha, self.seed)
        estimator.classes_ = np.array(self.classes)
        rows = slice(1, 2) if len(self.classes) == 2 else slice(None)
        estimator.coef_ = self.coefficients[rows].copy()
        estimator.intercept_ = self.intercepts[rows].copy()
        estimator.t_, estimator.n_features_in_ = self.steps, self.coefficients.shape[1]
        estimator.n_iter_ = 1
        for _ in range(_CORRECTION_PASSES):
            estimator.partial_fit(features, labels)
        coefficients, intercepts = _per_class(estimator)
        return replace(
            self, coefficients=coefficients, intercepts=intercepts, steps=float(estimator.t_)
        )

    def _chances(self, counts: csr_matrix) -> np.ndarray:
        """Return texts × classes probabilities from counted n-grams."""
        return softmax(self.scores(weighted(counts, self.rarity)) / self.temperature)

    @cached_property
    def _by_feature(self) -> np.ndarray:
        """WIDTH × k: the order in which a product with texts reads them."""
        return np.ascontiguousarray(self.coefficients.T)


def train(
    texts: Sequence[str],
    labels: Sequence[str],
    *,
    seed: int = 0,
    progress: Progress | None = None,
) -> CategoryModel:
    """Fit a model on ``texts`` and their ``labels`` (any set of at least two labels).

    How rare an n-gram may be, temperature and threshold come from cross-validation within the
    training texts. Deterministic for the same texts, labels and seed. progress: called with (fits
    done, fits in all). Raises AnalysisError on fewer than two labels or unequal lengths.
    """
    _check(texts, labels)
    classes = tuple(sorted(set(labels)))
    if len(classes) < 2:
        raise AnalysisError(
            "too_few_labels", f"training needs at least two different labels, not {len(classes)}"
        )
    counts, wanted = hashed_ngrams(texts), np.array(labels)
    alpha = float(np.clip(_ALPHA_EXAMPLES / len(texts), _ALPHA_LOW, _ALPHA_HIGH))
    show = progress or _unseen
    tried = []
    for number, least in enumerate(_LEAST):
        held = _held_out(counts, wanted, classes, alpha=alpha, seed=seed, least=least)
        tried.append((*held, least))
        show(number + 1, len(_LEAST) + 1)
    scores, truth, least = max(tried, key=lambda one: _quality(one[0], one[1]))
    rarity = rarities(counts, least=least)
    estimator = _estimator(alpha, seed).fit(weighted(counts, rarity), wanted)
    coefficients, intercepts = _per_class(estimator)
    calibration = calibrated(scores, truth)
    show(len(_LEAST) + 1, len(_LEAST) + 1)
    return CategoryModel(
        classes=classes,
        rarity=rarity,
        coefficients=coefficients,
        intercepts=intercepts,
        alpha=alpha,
        temperature=calibration.temperature,
        threshold=calibration.threshold,
        steps=float(estimator.t_),
        seed=seed,
    )


def corrected(
    model: CategoryModel,
    texts: Sequence[str],
    labels: Sequence[str],
    *,
    progress: Progress | None = None,
) -> CategoryModel:
    """Return ``model`` after these corrections, as sure as it proves on corrections held out.

    Temperature and threshold come from folds of the corrections, each labelled by the model that
    learnt the others; with fewer than RECALIBRATE_FROM they stay. Raises like ``partial_fit``.
    """
    _check(texts, labels)
    show = progress or _unseen
    learnt = model.partial_fit(texts, labels)
    if len(texts) < RECALIBRATE_FROM:
        return learnt
    features, wanted = weighted(hashed_ngrams(texts), model.rarity), np.array(labels)
    truth = np.searchsorted(np.array(model.classes), wanted)
    scores = np.zeros((len(texts), len(model.classes)))
    fold = np.random.default_rng(model.seed).permutation(len(texts)) % _FOLDS
    for number in range(_FOLDS):
        held = fold == number
        other = model._learnt(features[~held], wanted[~held])
        scores[held] = other.scores(features[held])
        show(number + 1, _FOLDS)
    calibration: Calibration = calibrated(scores, truth)
    return replace(learnt, temperature=calibration.temperature, threshold=calibration.threshold)


def held_out_scores(
    model: CategoryModel, texts: Sequence[str], labels: Sequence[str]
) -> tuple[np.ndarray, np.ndarray]:
    """Return what ``train`` chose ``model``'s threshold on: scores (n × k) and true places.

    texts, labels: those it was trained on. For reports on how far the folds kept their promise.
    """
    counts, wanted = hashed_ngrams(texts), np.array(labels)
    found = np.bincount(counts.indices, minlength=model.rarity.size)
    least = max(one for one in _LEAST if not model.rarity[(found > 0) & (found < one)].any())
    return _held_out(counts, wanted, model.classes, alpha=model.alpha, seed=model.seed, least=least)


@lru_cache(maxsize=1)
def starting_model() -> CategoryModel:
    """Return the model trained on this product's own phrases, for a place without labels yet."""
    return train(*examples(), seed=0)


def _unseen(done: int, total: int) -> None:
    """Show progress to nobody."""


def _check(texts: Sequence[str], labels: Sequence[str]) -> None:
    if len(texts) != len(labels):
        raise AnalysisError("unequal_lengths", f"{len(texts)} texts but {len(labels)} labels")


def _estimator(alpha: float, seed: int) -> Any:
    """Return an unfitted classifier; imported here, because predicting does without it."""
    from sklearn.linear_model import SGDClassifier

    return SGDClassifier(
        loss="modified_huber", alpha=alpha, max_iter=_PASSES, tol=None, random_state=seed
    )


def _per_class(estimator: Any) -> tuple[np.ndarray, np.ndarray]:
    """Return one row of coefficients per class, also when scikit-learn keeps one row for two."""
    rows, intercepts = estimator.coef_, estimator.intercept_
    if len(estimator.classes_) == 2:
        rows = np.vstack([-rows, rows])
        intercepts = np.concatenate([-intercepts, intercepts])
    return rows.astype(np.float32), intercepts.astype(np.float32)


def _held_out(
    counts: csr_matrix,
    labels: np.ndarray,
    classes: tuple[str, ...],
    *,
    alpha: float,
    seed: int,
    least: int,
) -> tuple[np.ndarray, np.ndarray]:
    """Return scores (n × k) of texts by models that have not seen them, and their true places."""
    truth = np.searchsorted(np.array(classes), labels)
    fold = np.random.default_rng(seed).permutation(len(labels)) % _FOLDS
    scores, known = np.zeros((len(labels), len(classes))), np.zeros(len(labels), dtype=bool)
    for number in range(_FOLDS):
        held = fold == number
        if len(set(truth[~held])) < len(classes):
            continue
        rarity = rarities(counts[~held], least=least)
        fitted = _estimator(alpha, seed).fit(weighted(counts[~held], rarity), labels[~held])
        coefficients, intercepts = _per_class(fitted)
        scores[held] = np.asarray(weighted(counts[held], rarity) @ coefficients.T) + intercepts
        known |= held
    return scores[known], truth[known]


def _quality(scores: np.ndarray, truth: np.ndarray) -> float:
    """Return the macro-F1 of held-out scores; without any, 0: the first choice stands."""
    return macro_f1(truth, scores.argmax(axis=1)) if truth.size else 0.0
