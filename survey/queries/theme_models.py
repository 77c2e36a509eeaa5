"""Read the versions of the comment model: what each was trained on, and which serves."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select

from survey.models import ThemeModel, db


@dataclass(frozen=True)
class ModelVersion:
    """One version. metrics: see survey.services.theme_training."""

    version: int
    sha256: str
    created_at: datetime
    is_serving: bool
    metrics: Mapping[str, Any]

    @property
    def refused_because(self) -> str:
        """Why it may not serve: a word of analysis.themes.promotion, or "" when it may."""
        return str(self.metrics.get("refused_because", ""))


def model_versions() -> tuple[ModelVersion, ...]:
    """All versions, the newest first. One query."""
    rows = db.session.scalars(select(ThemeModel).order_by(ThemeModel.version.desc()))
    return tuple(
        ModelVersion(row.version, row.sha256, row.created_at, row.is_serving, row.metrics)
        for row in rows
    )
