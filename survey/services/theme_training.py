"""Train the comment model on what people decided, and let it serve when it is not worse.

A candidate starts from the starting model each time and learns every label at once: what was
taught in which order leaves no trace. Runs in a command or the worker, never in a web process.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from flask_babel import lazy_gettext as _l
from sqlalchemy import select, update

from survey.database import transaction
from survey.errors import Refused
from survey.models import ThemeModel, db
from survey.queries.theme_labels import CommentLabel, comment_labels
from survey.services import audit
from survey.services.theme_models import load_model, serving_model, store_model

if TYPE_CHECKING:
    from analysis.themes.category import CategoryModel, Prediction
    from analysis.themes.promotion import Comparison

STARTING = "starting model"


@dataclass(frozen=True)
class Training:
    """What a training came to. metrics: as stored with the version."""

    version: int
    serves: bool
    refused_because: str
    metrics: dict[str, Any]


def train_model(
    *, actor: str, now: datetime, progress: Callable[[int, int], None] | None = None
) -> Training:
    """Train a candidate on people's labels, store it, and let it serve when the gate passes.

    progress: called with (fits done, fits in all). One transaction with its audit event.
    Raises Refused: nobody has labelled enough yet; or a version learnt the same already.
    """
    from analysis.themes.category_file import digest, to_bytes
    from analysis.themes.promotion import compare, kept_back

    labels = comment_labels()
    back = kept_back([one.text for one in labels])
    learnt = [one for one, held in zip(labels, back, strict=True) if not held]
    held = [one for one, held in zip(labels, back, strict=True) if held]
    if not learnt:
        raise Refused(
            "too_few_labels",
            _l(
                "Nobody has said yet what a comment is about, so there is nothing to learn from. "
                "Decide the indicator of some comments on the page of themes first."
            ),
            status=409,
        )
    candidate = _candidate(learnt, progress)
    _require_new(digest(to_bytes(candidate)))
    against, serving = _serving(now)
    said = candidate.predict([one.text for one in held])
    found = compare(
        [one.label for one in held],
        [one.label for one in said],
        [one.label for one in serving.predict([one.text for one in held])],
    )
    metrics = _metrics(found, held, said, examples=len(learnt), against=against)
    with transaction() as session:
        row = store_model(
            session,
            candidate,
            metrics=metrics,
            serves=not found.refused_because,
            actor=actor,
            now=now,
        )
        return Training(row.version, row.is_serving, found.refused_because, metrics)


def serve_model(version: int, *, actor: str, now: datetime) -> None:
    """Let an earlier version serve again. One transaction with its audit event.

    Raises Refused: there is no such version (404); it did not pass the gate (409); its file is
    not what this installation stored (500).
    """
    with transaction() as session:
        audit.lock(session)
        row = session.scalar(select(ThemeModel).where(ThemeModel.version == version))
        if row is None:
            raise Refused(
                "unknown_model",
                _l("There is no comment model %(version)s.", version=version),
                status=404,
            )
        if row.metrics.get("refused_because"):
            raise Refused(
                "model_did_not_pass",
                _l(
                    "The comment model %(version)s was not shown to be as good as the one that "
                    "served; only versions that passed can serve.",
                    version=version,
                ),
                status=409,
            )
        load_model(row)
        before = session.scalar(select(ThemeModel.version).where(ThemeModel.is_serving))
        session.execute(update(ThemeModel).values(is_serving=False))
        session.execute(
            update(ThemeModel).where(ThemeModel.version == version).values(is_serving=True)
        )
        audit.record(
            session,
            actor=actor,
            action="theme_model_served",
            subject=f"comment model {version}",
            detail={"before": before, "after": version},
            at=now,
        )


def _candidate(
    learnt: Sequence[CommentLabel], progress: Callable[[int, int], None] | None
) -> CategoryModel:
    """The starting model after these labels; of indicators it does not know, one trained anew."""
    from analysis.themes.category import corrected, starting_model, train
    from analysis.themes.seed import examples

    texts, labels = [one.text for one in learnt], [one.label for one in learnt]
    start = starting_model()
    if set(labels) <= set(start.classes):
        return corrected(start, texts, labels, progress=progress)
    phrases, of_phrases = examples()
    return train([*phrases, *texts], [*of_phrases, *labels], progress=progress)


def _require_new(sha256: str) -> None:
    same = db.session.scalar(select(ThemeModel.version).where(ThemeModel.sha256 == sha256))
    if same is not None:
        raise Refused(
            "nothing_new",
            _l(
                "Nothing was decided since the comment model %(version)s that it could learn.",
                version=same,
            ),
            status=409,
        )


def _serving(now: datetime) -> tuple[int | str, CategoryModel]:
    """The model to compare with: the serving one, or the starting model when it is unusable."""
    from analysis.themes.category import starting_model

    try:
        key, model = serving_model(now=now)
    except Refused:
        return STARTING, starting_model()
    return db.session.get_one(ThemeModel, key).version, model


def _metrics(
    found: Comparison,
    held: Sequence[CommentLabel],
    said: Sequence[Prediction],
    *,
    examples: int,
    against: int | str,
) -> dict[str, Any]:
    """What is stored with a version: the comparison, and how sure the candidate may be."""
    import numpy as np

    from analysis.themes.label_scores import calibration_error

    right = np.array([one.label == p.label for one, p in zip(held, said, strict=True)], dtype=bool)
    sure = np.array([not p.abstained for p in said], dtype=bool)
    chance = np.array([p.probability for p in said])
    return {
        "trained_on": "labels of people",
        "examples": examples,
        "compared_with": against,
        "abstained": float(1 - sure.mean()) if held else None,
        "right_among_rest": float(right[sure].mean()) if sure.any() else None,
        "calibration_error": calibration_error(chance, right) if held else None,
        **asdict(found),
    }
