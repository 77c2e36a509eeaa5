"""Writes an indicator model as one file of plain arrays, and reads only what was recorded.

Nothing in it can run: no pickle is read or written.
"""

from __future__ import annotations

import io
import json
import zipfile
from hashlib import sha256 as _sha256
from typing import Any

import numpy as np
from scipy.sparse import csr_matrix

from analysis.themes.category import CategoryModel
from analysis.themes.features import BITS, WIDTH
from analysis.types import AnalysisError

# Another way of making features is another format: coefficients belong to the features they
# were learnt on.
FORMAT = "jieping-category-2"
EARLIER_FORMATS = ("jieping-category-1",)
# A file says how large its arrays are; what says more than this is not read.
MOST_CLASSES = 100
MOST_BYTES = 64_000_000
_DESCRIPTION = "model.json"
_ARRAYS = ("data", "indices", "indptr", "intercepts", "rarity")


class ModelRefusedError(AnalysisError):
    """A stored model that is damaged, altered or of another format."""

    def __init__(self, message: str, *, code: str = "model_refused") -> None:
        super().__init__(code, message)


class ModelOutdatedError(ModelRefusedError):
    """A whole and unaltered model of an earlier version of this product."""

    def __init__(self, found: str) -> None:
        super().__init__(
            f"the model has format {found!r}, this version writes {FORMAT!r}; train it again",
            code="model_outdated",
        )


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
        _write(archive, _DESCRIPTION, json.dumps(description, sort_keys=True).encode())
        for name in _ARRAYS:
            part = io.BytesIO()
            np.lib.format.write_array(part, arrays[name], allow_pickle=False)
            _write(archive, f"{name}.npy", part.getvalue())
    return out.getvalue()


def digest(data: bytes) -> str:
    """Return the SHA-256 of a stored model, to be kept apart from it."""
    return _sha256(data).hexdigest()


def from_bytes(data: bytes, *, sha256: str) -> CategoryModel:
    """Return the model that ``to_bytes`` wrote.

    sha256: the digest recorded when it was written. Raises ModelRefusedError when the bytes differ
    from it or are no model of this format, ModelOutdatedError for one of an earlier format; nothing
    is interpreted before the digest agrees.
    """
    if digest(data) != sha256:
        raise ModelRefusedError(
            "the model file differs from the one recorded here (SHA-256); train it again or "
            "restore the file from the backup"
        )
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            if sum(member.file_size for member in archive.infolist()) > MOST_BYTES:
                raise ModelRefusedError("the model says it is larger than any model of this kind")
            about: dict[str, Any] = json.loads(archive.read(_DESCRIPTION))
            if about["format"] in EARLIER_FORMATS:
                raise ModelOutdatedError(about["format"])
            if about["format"] != FORMAT or about["bits"] != BITS:
                raise ModelRefusedError(
                    f"the model has format {about['format']!r}, this needs {FORMAT!r}"
                )
            return _model(about, {name: _read(archive, name) for name in _ARRAYS})
    except (zipfile.BadZipFile, KeyError, TypeError, ValueError, EOFError) as problem:
        if isinstance(problem, ModelRefusedError):
            raise
        raise ModelRefusedError(f"not a model of this product: {problem}") from problem


def _model(about: dict[str, Any], part: dict[str, np.ndarray]) -> CategoryModel:
    """Return the model of a description and its arrays. Raises ValueError when they do not fit."""
    classes = tuple(about["classes"])
    if not 2 <= len(classes) <= MOST_CLASSES or not all(isinstance(c, str) for c in classes):
        raise ValueError(f"{len(classes)} classes")
    if part["rarity"].shape != (WIDTH,) or part["intercepts"].shape != (len(classes),):
        raise ValueError("arrays of another size")
    if not all(np.isfinite(part[name]).all() for name in ("data", "intercepts", "rarity")):
        raise ValueError("a weight is no number")
    sparse = csr_matrix(
        (part["data"], part["indices"], part["indptr"]), shape=(len(classes), WIDTH)
    )
    sparse.check_format(full_check=True)
    return CategoryModel(
        classes=classes,
        rarity=part["rarity"],
        coefficients=sparse.toarray(),
        intercepts=part["intercepts"],
        alpha=float(about["alpha"]),
        temperature=float(about["temperature"]),
        threshold=float(about["threshold"]),
        steps=float(about["steps"]),
        seed=int(about["seed"]),
    )


def _read(archive: zipfile.ZipFile, name: str) -> np.ndarray:
    part = io.BytesIO(archive.read(f"{name}.npy"))
    return np.lib.format.read_array(part, allow_pickle=False)


def _write(archive: zipfile.ZipFile, name: str, content: bytes) -> None:
    """Add a member with a fixed date, so that equal models give equal bytes."""
    member = zipfile.ZipInfo(name, date_time=(2026, 1, 1, 0, 0, 0))
    member.compress_type = zipfile.ZIP_DEFLATED
    archive.writestr(member, content)
