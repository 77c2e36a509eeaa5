"""Keeps an indicator model in a file: written whole, loaded only when its SHA-256 agrees."""

from __future__ import annotations

from pathlib import Path

from analysis.commands.written import write_whole
from analysis.themes.category import CategoryModel
from analysis.themes.category_file import digest, from_bytes, to_bytes


def save(model: CategoryModel, path: str | Path) -> str:
    """Write the model and return the SHA-256 to keep apart from it. Raises OSError."""
    data = to_bytes(model)
    write_whole(Path(path), data)
    return digest(data)


def load(path: str | Path, *, sha256: str) -> CategoryModel:
    """Return the model of a file. Raises ModelRefusedError when it is not the one recorded."""
    return from_bytes(Path(path).read_bytes(), sha256=sha256)
