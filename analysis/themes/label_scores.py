"""How well labels were given: macro-F1 and how true the probabilities are.

Groups of comments are judged by ``metrics``.
"""

from __future__ import annotations

import numpy as np

_BINS = 10


def macro_f1(truth: np.ndarray, given: np.ndarray) -> float:
    """Return the mean over the classes that occur in ``truth`` of F1 = 2·hits/(true + given).

    truth, given: n places of classes (or labels). 0 without texts.
    """
    return float(macro_f1_of_tables(_table(truth, given)[None])[0]) if truth.size else 0.0


def macro_f1_of_tables(tables: np.ndarray) -> np.ndarray:
    """Return the macro-F1 of each of m tables (m × k × k: counts by true and given class)."""
    hits = np.diagonal(tables, axis1=1, axis2=2)
    true, given = tables.sum(axis=2), tables.sum(axis=1)
    scores = np.where(true > 0, 2 * hits / np.maximum(true + given, 1), 0)
    return scores.sum(axis=1) / np.maximum((true > 0).sum(axis=1), 1)


def calibration_error(confidence: np.ndarray, right: np.ndarray) -> float:
    """Return the expected calibration error: mean |share right − probability| over ten bins.

    Bins hold equally many texts each (Naeini et al. 2015). 0 is perfect; NaN without texts.
    """
    if not right.size:
        return float("nan")
    order = np.argsort(confidence, kind="stable")
    parts = np.array_split(order, min(_BINS, right.size))
    gaps = [abs(right[part].mean() - confidence[part].mean()) * part.size for part in parts]
    return float(sum(gaps) / right.size)


def _table(truth: np.ndarray, given: np.ndarray) -> np.ndarray:
    """Return the counts by true and given class."""
    classes, places = np.unique(np.concatenate([truth, given]), return_inverse=True)
    table = np.zeros((classes.size, classes.size), dtype=np.int64)
    np.add.at(table, (places[: truth.size], places[truth.size :]), 1)
    return table
