"""Keep the comment model: the serving one is a file of this installation, named by its digest."""

from __future__ import annotations

import os
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from flask import current_app
from flask_babel import lazy_gettext as _l
from sqlalchemy import func, select

from survey.database import transaction
from survey.errors import Refused
from survey.models import ThemeModel, db

if TYPE_CHECKING:
    from analysis.themes.category import CategoryModel


def model_path(sha256: str) -> Path:
    """Where the model with this digest is kept."""
    return Path(current_app.instance_path) / "models" / f"{sha256}.model"


def serving_model(*, now: datetime) -> tuple[int, CategoryModel]:
    """The id and the model that serves; on a fresh installation the starting model is made first.

    Raises Refused when the file is missing or is not what was stored: it is never guessed at.
    """
    from analysis.themes.category_file import ModelRefusedError, from_bytes

    stored = db.session.scalar(select(ThemeModel).where(ThemeModel.is_serving))
    if stored is None:
        return _store_starting_model(now=now)
    try:
        data = model_path(stored.sha256).read_bytes()
        return stored.id, from_bytes(data, sha256=stored.sha256)
    except (OSError, ModelRefusedError) as error:
        raise Refused(
            "model_unusable",
            _l(
                "The comment model %(version)s cannot be used: its file is missing or was changed. "
                "Restore it from a backup.",
                version=stored.version,
            ),
            status=500,
        ) from error


def _store_starting_model(*, now: datetime) -> tuple[int, CategoryModel]:
    from analysis.themes.category import starting_model
    from analysis.themes.category_file import digest, to_bytes
    from analysis.themes.seed import examples

    model = starting_model()
    data = to_bytes(model)
    path = model_path(digest(data))
    path.parent.mkdir(exist_ok=True)
    # Written beside and moved into place: a reader never meets half a file.
    partial = path.with_suffix(f".{os.getpid()}")
    partial.write_bytes(data)
    partial.replace(path)
    with transaction() as session:
        version = (session.scalar(select(func.max(ThemeModel.version))) or 0) + 1
        row = ThemeModel(
            version=version,
            sha256=digest(data),
            metrics={"trained_on": "seed phrases", "examples": len(examples()[0])},
            is_serving=True,
            created_at=now,
        )
        session.add(row)
        session.flush()
        return row.id, model
