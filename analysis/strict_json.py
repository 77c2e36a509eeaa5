"""Reading JSON so that nothing in it is hidden: a key that stands twice is an error."""

from __future__ import annotations

from typing import Any

from analysis.types import AnalysisError


def unique_keys(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """An object of JSON; a key that is there twice hides a value. Raises ``AnalysisError``."""
    found: dict[str, Any] = {}
    for key, value in pairs:
        if key in found:
            raise AnalysisError(
                "repeated", f"The document has the key {key!r} twice; keep one.", key=key
            )
        found[key] = value
    return found
