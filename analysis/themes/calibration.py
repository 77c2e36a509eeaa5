"""Turns a linear model's scores into probabilities, and says below which one it should abstain.

It is given scores of texts that the scored model has not seen, never those it was trained on.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

# Abstain at most this often, and only as far as needed for this accuracy among the rest.
MOST_ABSTAINED = 0.15
WANTED_ACCURACY = 0.95
_TEMPERATURES = np.geomspace(0.05, 5, 60)


class Calibration(NamedTuple):
    """temperature: divides the scores before the softmax; threshold: below it, abstain (0..1)."""

    temperature: float
    threshold: float


UNKNOWN = Calibration(1.0, 0.5)


def calibrated(scores: np.ndarray, truth: np.ndarray) -> Calibration:
    """Return temperature (Guo et al. 2017) and threshold from n × k held-out scores.

    truth: n places of the right class. Without any texts, UNKNOWN.
    """
    if not truth.size:
        return UNKNOWN
    place = np.arange(truth.size)
    temperature = min(
        _TEMPERATURES,
        key=lambda t: -np.log(softmax(scores / t)[place, truth] + 1e-12).mean(),
    )
    chances = softmax(scores / temperature)
    right = chances.argmax(axis=1) == truth
    return Calibration(float(temperature), threshold(chances.max(axis=1), right))


def threshold(confidence: np.ndarray, right: np.ndarray) -> float:
    """Return the lowest probability above which enough is right, without abstaining too often."""
    order = np.argsort(-confidence, kind="stable")
    share_right = np.cumsum(right[order]) / np.arange(1, right.size + 1)
    enough = np.flatnonzero(share_right >= WANTED_ACCURACY)
    kept = max(
        enough[-1] + 1 if enough.size else 0, int(np.ceil((1 - MOST_ABSTAINED) * right.size))
    )
    return float(confidence[order][kept - 1]) if kept < right.size else 0.0


def softmax(scores: np.ndarray) -> np.ndarray:
    """Return n × k probabilities from n × k scores."""
    if not scores.size:
        return scores
    powers = np.exp(scores - scores.max(axis=1, keepdims=True))
    return powers / powers.sum(axis=1, keepdims=True)
