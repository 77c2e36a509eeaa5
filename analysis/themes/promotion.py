"""Decides whether a newly trained indicator model may serve, by texts that neither was trained on.

The rule (see docs/themes.md): on the kept-back texts, the lower end of the one-sided 95 % interval
of the difference in macro-F1, candidate minus serving, must lie above minus MARGIN. The interval
is that of the paired bootstrap (Efron and Tibshirani 1993, ch. 13): both models label the same
texts, so what is hard for both says nothing against either. A candidate that is worse by MARGIN
passes at most one time in twenty; one that is as good passes the surer, the more is kept back.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256

import numpy as np

from analysis.themes.label_scores import macro_f1_of_tables
from analysis.themes.near_duplicates import first_of_kind
from analysis.themes.text import bare, normalise

MARGIN = 0.03
# Fewer kept-back texts cannot tell two models apart.
LEAST_KEPT_BACK = 30
# One in so many distinct texts is kept back, for ever.
ONE_IN = 4
_ONE_SIDED = 0.05
_DRAWS = 2_000


@dataclass(frozen=True)
class Comparison:
    """Two models on the same n kept-back texts.

    candidate, serving: macro-F1 (0..1); low, high: ends of the one-sided 95 % intervals of
    candidate − serving; only_candidate, only_serving: texts that one alone labelled rightly;
    refused_because: "" when the candidate may serve, else "too_few_kept_back" or "may_be_worse".
    """

    n: int
    candidate: float
    serving: float
    low: float
    high: float
    only_candidate: int
    only_serving: int
    refused_because: str


def kept_back(texts: Sequence[str]) -> list[bool]:
    """Tell for each text whether it is kept back: by a hash of its letters and digits alone.

    Near-identical texts are on the same side, that of the first of them; nothing but the texts
    decides, so a text that is kept back today is kept back in every later training.
    """
    plain = [bare(normalise(text)) for text in texts]
    return [
        int.from_bytes(sha256(plain[first].encode()).digest()[:8]) % ONE_IN == 0
        for first in first_of_kind(plain)
    ]


def compare(
    truth: Sequence[str], candidate: Sequence[str], serving: Sequence[str], *, seed: int = 0
) -> Comparison:
    """Compare the labels of two models with the truth, text by text (three equal lengths).

    Abstaining plays no part: what a model would say is compared. Deterministic for a seed.
    """
    n = len(truth)
    if not n:
        return Comparison(0, 0.0, 0.0, -1.0, 1.0, 0, 0, "too_few_kept_back")
    _, places = np.unique(np.array([*truth, *candidate, *serving]), return_inverse=True)
    k = int(places.max()) + 1
    true, ours, theirs = places[:n], places[n : 2 * n], places[2 * n :]
    cells, counts = np.unique((true * k + ours) * k + theirs, return_counts=True)
    draws = np.random.default_rng(seed).multinomial(n, counts / n, size=_DRAWS)
    tables = np.vstack([counts, draws])
    figures = [_macro_f1(tables, cells, k, axis=axis) for axis in ("candidate", "serving")]
    differences = (figures[0] - figures[1])[1:]
    low, high = np.quantile(differences, [_ONE_SIDED, 1 - _ONE_SIDED])
    right, other_right = true == ours, true == theirs
    return Comparison(
        n=n,
        candidate=float(figures[0][0]),
        serving=float(figures[1][0]),
        low=float(low),
        high=float(high),
        only_candidate=int((right & ~other_right).sum()),
        only_serving=int((~right & other_right).sum()),
        refused_because=_refusal(n, float(low)),
    )


def _refusal(n: int, low: float) -> str:
    if n < LEAST_KEPT_BACK:
        return "too_few_kept_back"
    return "" if low > -MARGIN else "may_be_worse"


def _macro_f1(tables: np.ndarray, cells: np.ndarray, k: int, *, axis: str) -> np.ndarray:
    """Return the macro-F1 of one model in each of m draws of the cells (true, ours, theirs)."""
    true, given = cells // (k * k), cells // k % k if axis == "candidate" else cells % k
    onto = np.zeros((cells.size, k * k))
    onto[np.arange(cells.size), true * k + given] = 1
    return macro_f1_of_tables((tables @ onto).reshape(-1, k, k))
