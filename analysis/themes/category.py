"""Assigns a comment to one of the five indicators or to "other", with a probability, or abstains.

A linear model on hashed character n-grams (``features``), trained with scikit-learn's SGD. It is
stored as plain arrays, never as a pickle, and predicting needs no scikit-learn.
"""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from hashlib import sha256 as _sha256
from typing import Any, NamedTuple

import numpy as np
from scipy.sparse import csr_matrix

from analysis.themes.features import BITS, WIDTH, hashed_ngrams, rarities, weighted
from analysis.themes.seed import examples
from analysis.types import AnalysisError

INDICATORS = ("party", "urban", "welfare", "community", "safety")
OTHER = "other"
LABELS = (*INDICATORS, OTHER)
FORMAT = "jieping-category-1"

# Regularisation falls with the number of examples: a few phrases generalise only when held back.
_ALPHA_LOW, _ALPHA_HIGH, _ALPHA_EXAMPLES = 1e-4, 1e-3, 0.6
_FOLDS = 4
# Abstain at most this often on the training texts, and only as far as needed for this accuracy.
_MOST_ABSTAINED = 0.15
_WANTED_ACCURACY = 0.95
_CORRECTION_PASSES = 5


class Prediction(NamedTuple):
    """A label, its probability in 0..1, and whether the model would rather leave it to people."""

    label: str
    probability: float
    abstained: bool


class ModelRefusedError(AnalysisError):
    """A stored model that is damaged, altered or of another format."""

    def __init__(self, message: str) -> None:
        super().__init__("model_refused", message)


@dataclass(frozen=True)
class CategoryModel:
    """A fitted linear classifier.

    classes: k labels; rarity: WIDTH feature weights; coefficients: k × WIDTH (also with two
    classes); intercepts: k; alpha: regularisation; temperature: divides the scores before the
    softmax; threshold: a probability below it abstains; steps: how many examples the learning rate
    has seen; seed: of the shuffling.
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
        """Return the likeliest label of each text; a text without characters always abstains."""
        features = hashed_ngrams(texts)
        chances = self._chances(features)
        best = chances.argmax(axis=1) if len(texts) else np.zeros(0, dtype=np.int64)
        empty = np.diff(features.indptr) == 0
        return [
            Prediction(
                self.classes[label], float(row[label]), bool(row[label] < self.threshold) or no
            )
            for label, row, no in zip(best.tolist(), chances, empty.tolist(), strict=True)
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
        estimator = _estimator(self.alpha, self.seed)
        estimator.classes_ = np.array(self.classes)
        rows = slice(1, 2) if len(self.classes) == 2 else slice(None)
        estimator.coef_ = self.coefficients[rows].copy()
        estimator.intercept_ = self.intercepts[rows].copy()
        estimator.t_, estimator.n_features_in_ = self.steps, self.coefficients.shape[1]
        estimator.n_iter_ = 1
        features = weighted(hashed_ngrams(texts), self.rarity)
        for _ in range(_CORRECTION_PASSES):
            estimator.partial_fit(features, np.array(labels))
        coefficients, intercepts = _per_class(estimator)
        return replace(
            self, coefficients=coefficients, intercepts=intercepts, steps=float(estimator.t_)
        )

    def _chances(self, counts: csr_matrix) -> np.ndarray:
        """Return texts × classes probabilities from counted n-grams."""
        scores = weighted(counts, self.rarity) @ self.coefficients.T + self.intercepts
        return _softmax(np.asarray(scores) / self.temperature)


def train(texts: Sequence[str], labels: Sequence[str], *, seed: int = 0) -> CategoryModel:
    """Fit a model on ``texts`` and their ``labels`` (any set of at least two labels).

    Temperature and threshold come from cross-validation within the training texts. Deterministic
    for the same texts, labels and seed. Raises AnalysisError on fewer than two labels or unequal
    lengths.
    """
    _check(texts, labels)
    classes = tuple(sorted(set(labels)))
    if len(classes) < 2:
        raise AnalysisError(
            "too_few_labels", f"training needs at least two different labels, not {len(classes)}"
        )
    counts, wanted = hashed_ngrams(texts), np.array(labels)
    rarity = rarities(counts)
    features = weighted(counts, rarity)
    alpha = float(np.clip(_ALPHA_EXAMPLES / len(texts), _ALPHA_LOW, _ALPHA_HIGH))
    temperature, threshold = _calibrated(features, wanted, classes, alpha=alpha, seed=seed)
    estimator = _estimator(alpha, seed).fit(features, wanted)
    coefficients, intercepts = _per_class(estimator)
    return CategoryModel(
        classes=classes,
        rarity=rarity,
        coefficients=coefficients,
        intercepts=intercepts,
        alpha=alpha,
        temperature=temperature,
        threshold=threshold,
        steps=float(estimator.t_),
        seed=seed,
    )


@lru_cache(maxsize=1)
def starting_model() -> CategoryModel:
    """Return the model trained on this product's own phrases, for a place without labels yet."""
    return train(*examples(), seed=0)


def to_bytes(model: CategoryModel) -> bytes:
    """Return the model as one file: arrays and a description, the same bytes for the same model."""
    description = {
        "format": FORMAT,
        "bits": BITS,
        "classes": list(model.classes),
        "alpha": model.alpha,
        "temperature": model.temperature,
        "threshold": model.threshold,
        "steps": model.steps,
        "seed": model.seed,
    }
    sparse = csr_matrix(model.coefficients)
    arrays = {
        "data": sparse.data,
        "indices": sparse.indices.astype(np.int32),
        "indptr": sparse.indptr.astype(np.int64),
        "intercepts": model.intercepts,
        "rarity": model.rarity,
    }
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        _write(archive, "model.json", json.dumps(description, sort_keys=True).encode())
        for name, array in arrays.items():
            part = io.BytesIO()
            np.lib.format.write_array(part, array, allow_pickle=False)
            _write(archive, f"{name}.npy", part.getvalue())
    return out.getvalue()


def digest(data: bytes) -> str:
    """Return the SHA-256 of a stored model, to be kept apart from it."""
    return _sha256(data).hexdigest()


def from_bytes(data: bytes, *, sha256: str) -> CategoryModel:
    """Return the model that ``to_bytes`` wrote.

    sha256: the digest recorded when it was written. Raises ModelRefusedError when the bytes differ
    from it or are no model of this format; nothing is interpreted before the digest agrees.
    """
    if digest(data) != sha256:
        raise ModelRefusedError(
            "the model file differs from the one recorded here (SHA-256); train it again or "
            "restore the file from the backup"
        )
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            about: dict[str, Any] = json.loads(archive.read("model.json"))
            part = {
                name: np.lib.format.read_array(
                    io.BytesIO(archive.read(f"{name}.npy")), allow_pickle=False
                )
                for name in ("data", "indices", "indptr", "intercepts", "rarity")
            }
        if about["format"] != FORMAT or about["bits"] != BITS:
            raise ModelRefusedError(
                f"the model has format {about['format']!r}, this needs {FORMAT!r}"
            )
        shape = (len(about["classes"]), WIDTH)
        sparse = csr_matrix((part["data"], part["indices"], part["indptr"]), shape=shape)
        return CategoryModel(
            classes=tuple(about["classes"]),
            rarity=part["rarity"],
            coefficients=sparse.toarray(),
            intercepts=part["intercepts"],
            alpha=float(about["alpha"]),
            temperature=float(about["temperature"]),
            threshold=float(about["threshold"]),
            steps=float(about["steps"]),
            seed=int(about["seed"]),
        )
    except (zipfile.BadZipFile, KeyError, TypeError, ValueError) as problem:
        if isinstance(problem, ModelRefusedError):
            raise
        raise ModelRefusedError(f"not a model of this product: {problem}") from problem


def _check(texts: Sequence[str], labels: Sequence[str]) -> None:
    if len(texts) != len(labels):
        raise AnalysisError("unequal_lengths", f"{len(texts)} texts but {len(labels)} labels")


def _estimator(alpha: float, seed: int) -> Any:
    """Return an unfitted classifier; imported here, because predicting does without it."""
    from sklearn.linear_model import SGDClassifier

    return SGDClassifier(
        loss="modified_huber", alpha=alpha, max_iter=40, tol=1e-3, random_state=seed
    )


def _per_class(estimator: Any) -> tuple[np.ndarray, np.ndarray]:
    """Return one row of coefficients per class, also when scikit-learn keeps one row for two."""
    if len(estimator.classes_) > 2:
        return estimator.coef_, estimator.intercept_
    return (
        np.vstack([-estimator.coef_, estimator.coef_]),
        np.concatenate([-estimator.intercept_, estimator.intercept_]),
    )


def _calibrated(
    features: csr_matrix,
    labels: np.ndarray,
    classes: tuple[str, ...],
    *,
    alpha: float,
    seed: int,
) -> tuple[float, float]:
    """Return temperature (Guo et al. 2017) and threshold from held-out folds."""
    truth = np.searchsorted(np.array(classes), labels)
    fold = np.random.default_rng(seed).permutation(len(labels)) % _FOLDS
    scores, known = np.zeros((len(labels), len(classes))), np.zeros(len(labels), dtype=bool)
    for number in range(_FOLDS):
        held = fold == number
        if len(set(truth[~held])) < len(classes):
            continue
        estimator = _estimator(alpha, seed).fit(features[~held], labels[~held])
        coefficients, intercepts = _per_class(estimator)
        scores[held] = np.asarray(features[held] @ coefficients.T) + intercepts
        known |= held
    if not known.any():
        return 1.0, 0.5
    scores, truth = scores[known], truth[known]
    temperature = min(
        np.geomspace(0.05, 5, 60),
        key=lambda t: -np.log(_softmax(scores / t)[np.arange(truth.size), truth] + 1e-12).mean(),
    )
    chances = _softmax(scores / temperature)
    return float(temperature), _threshold(chances.max(axis=1), chances.argmax(axis=1) == truth)


def _threshold(confidence: np.ndarray, right: np.ndarray) -> float:
    """Return the lowest probability above which enough is right, without abstaining too often."""
    order = np.argsort(-confidence)
    share_right = np.cumsum(right[order]) / np.arange(1, right.size + 1)
    enough = np.flatnonzero(share_right >= _WANTED_ACCURACY)
    kept = max(
        enough[-1] + 1 if enough.size else 0, int(np.ceil((1 - _MOST_ABSTAINED) * right.size))
    )
    return float(confidence[order][kept - 1]) if kept < right.size else 0.0


def _softmax(scores: np.ndarray) -> np.ndarray:
    if not scores.size:
        return scores
    powers = np.exp(scores - scores.max(axis=1, keepdims=True))
    return powers / powers.sum(axis=1, keepdims=True)


def _write(archive: zipfile.ZipFile, name: str, content: bytes) -> None:
    """Add a member with a fixed date, so that equal models give equal bytes."""
    member = zipfile.ZipInfo(name, date_time=(2026, 1, 1, 0, 0, 0))
    member.compress_type = zipfile.ZIP_DEFLATED
    archive.writestr(member, content)
