"""Keep the comment model: the serving one is a file of this installation, named by its digest.

A version is used only when its file has the recorded SHA-256 and the record is sealed with this
installation's secret: neither a changed file nor a row brought from elsewhere is ever read.
"""

from __future__ import annotations

import hashlib
import hmac
import os
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from flask import current_app
from flask_babel import lazy_gettext as _l
from sqlalchemy import func, select, update

from survey.database import transaction
from survey.errors import Refused
from survey.models import ThemeModel, db
from survey.services import audit

if TYPE_CHECKING:
    from analysis.themes.category import CategoryModel


def model_path(sha256: str) -> Path:
    """Where the model with this digest is kept."""
    return Path(current_app.instance_path) / "models" / f"{sha256}.model"


def seal_of(version: int, sha256: str) -> str:
    """The keyed hash by which this installation knows its own versions again (HMAC-SHA-256)."""
    secret = current_app.config["SECRET_KEY"].encode()
    key = hmac.digest(secret, b"comment model", "sha256")
    return hmac.new(key, f"{version}:{sha256}".encode(), hashlib.sha256).hexdigest()


def serving_model(*, now: datetime) -> tuple[int, CategoryModel]:
    """The id and the model that serves; on a fresh installation the starting model is made first.

    So it is when the serving one was written by an earlier version of the product, whose features
    were others. Raises Refused when the file is missing, was changed, or was not written here: it
    is never guessed at.
    """
    from analysis.themes.category_file import ModelOutdatedError

    stored = db.session.scalar(select(ThemeModel).where(ThemeModel.is_serving))
    if stored is None:
        return _store_starting_model(now=now)
    try:
        return stored.id, load_model(stored)
    except Refused as refused:
        if not isinstance(refused.__cause__, ModelOutdatedError):
            raise
        return _store_starting_model(now=now)


def load_model(stored: ThemeModel) -> CategoryModel:
    """The model of a version. Raises Refused when it is not what this installation stored."""
    from analysis.themes.category_file import ModelRefusedError, from_bytes

    try:
        model = from_bytes(model_path(stored.sha256).read_bytes(), sha256=stored.sha256)
    except (OSError, ModelRefusedError) as error:
        raise _unusable(
            _l(
                "The comment model %(version)s cannot be used: its file is missing or was changed. "
                "Restore it from a backup, or train a new one: flask --app survey themes train",
                version=stored.version,
            )
        ) from error
    if not hmac.compare_digest(stored.seal, seal_of(stored.version, stored.sha256)):
        raise _unusable(
            _l(
                "The comment model %(version)s was not written by this installation and is not "
                "used. Restore the secret key it was written with, or train a new one: "
                "flask --app survey themes train",
                version=stored.version,
            )
        )
    return model


def store_model(
    session: Any,
    model: CategoryModel,
    *,
    metrics: dict[str, Any],
    serves: bool,
    actor: str,
    now: datetime,
) -> ThemeModel:
    """Write a version's file and row within a transaction, with the audit event that says so."""
    from analysis.themes.category_file import digest, to_bytes

    audit.lock(session)  # two at once would take the same number, or both serve
    data = to_bytes(model)
    sha256 = digest(data)
    write_model(data, model_path(sha256))
    version = (session.scalar(select(func.max(ThemeModel.version))) or 0) + 1
    if serves:
        session.execute(update(ThemeModel).values(is_serving=False))
    row = ThemeModel(
        version=version,
        sha256=sha256,
        seal=seal_of(version, sha256),
        metrics=metrics,
        is_serving=serves,
        created_at=now,
    )
    session.add(row)
    session.flush()
    audit.record(
        session,
        actor=actor,
        action="theme_model_stored",
        subject=f"comment model {version}",
        detail={"sha256": sha256, "serves": serves, "metrics": metrics},
        at=now,
    )
    return row


def write_model(data: bytes, path: Path) -> None:
    """Write a model's file beside its place and move it there: nobody meets half of one."""
    path.parent.mkdir(exist_ok=True)
    partial = path.with_suffix(f".{os.getpid()}")
    partial.write_bytes(data)
    partial.replace(path)


def _store_starting_model(*, now: datetime) -> tuple[int, CategoryModel]:
    from analysis.themes.category import starting_model
    from analysis.themes.seed import examples

    model = starting_model()
    with transaction() as session:
        row = store_model(
            session,
            model,
            metrics={"trained_on": "seed phrases", "examples": len(examples()[0])},
            serves=True,
            actor="themes",
            now=now,
        )
        return row.id, model


def _unusable(message: Any) -> Refused:
    return Refused("model_unusable", message, status=500)
