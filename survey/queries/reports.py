"""Read the printed reports and recompute bundles that are kept of an evaluation."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select

from survey.models import Evaluation, EvaluationBundle, EvaluationReport, Wave, db
from survey.queries.evaluation import published_evaluation
from survey.queries.themes import wave_themes
from survey.queries.views import EvaluationView
from survey.queries.waves import WaveView, all_waves


@dataclass(frozen=True)
class KeptFile:
    """A report or bundle without its content. made_at: UTC; None for a bundle."""

    kind: str
    language: str
    sha256: str
    made_at: datetime | None = None


@dataclass(frozen=True)
class KeptFiles:
    """What is kept of one revision."""

    reports: tuple[KeptFile, ...]
    bundles: tuple[KeptFile, ...]

    def digests(self) -> dict[str, str]:
        """{kind of bundle: sha256}."""
        return {one.kind: one.sha256 for one in self.bundles}

    def fresh(self, view: EvaluationView) -> tuple[KeptFile, ...]:
        """The reports made since the last step of the evaluation: older ones name an older one."""
        last = max([one.at for one in view.sign_offs], default=view.frozen_at)
        return tuple(
            one
            for one in self.reports
            if last is None or (one.made_at is not None and one.made_at >= last)
        )


def kept_files(wave_code: str, *, revision: int) -> KeptFiles:
    """The reports and bundles of a revision, without their content. Two queries."""
    reports = db.session.execute(
        select(
            EvaluationReport.kind,
            EvaluationReport.language,
            EvaluationReport.sha256,
            EvaluationReport.made_at,
        )
        .join(Evaluation, Evaluation.id == EvaluationReport.evaluation_id)
        .join(Wave, Wave.id == Evaluation.wave_id)
        .where(Wave.code == wave_code, Evaluation.revision == revision)
        .order_by(EvaluationReport.kind.desc(), EvaluationReport.language.desc())
    )
    bundles = db.session.execute(
        select(EvaluationBundle.kind, EvaluationBundle.sha256)
        .join(Evaluation, Evaluation.id == EvaluationBundle.evaluation_id)
        .join(Wave, Wave.id == Evaluation.wave_id)
        .where(Wave.code == wave_code, Evaluation.revision == revision)
        .order_by(EvaluationBundle.kind)
    )
    return KeptFiles(
        reports=tuple(KeptFile(*row) for row in reports),
        bundles=tuple(KeptFile(kind, "", sha256) for kind, sha256 in bundles),
    )


def report_content(
    wave_code: str,
    *,
    kind: str,
    language: str,
    revision: int | None = None,
    statuses: Sequence[str] = ("published",),
) -> tuple[int, bytes] | None:
    """(revision, PDF) of a report; the newest revision when none is asked for. One query.

    statuses: of which evaluations; those that are published unless an office asks for others.
    None when it is not made, or there is no such evaluation.
    """
    query = (
        select(Evaluation.revision, EvaluationReport.content)
        .join(Evaluation, Evaluation.id == EvaluationReport.evaluation_id)
        .join(Wave, Wave.id == Evaluation.wave_id)
        .where(
            Wave.code == wave_code,
            EvaluationReport.kind == kind,
            EvaluationReport.language == language,
            Evaluation.status.in_(statuses),
        )
        .order_by(Evaluation.revision.desc())
        .limit(1)
    )
    if revision is not None:
        query = query.where(Evaluation.revision == revision)
    if tuple(statuses) == ("published",):
        query = query.where(EvaluationReport.made_at >= Evaluation.published_at)
    row = db.session.execute(query).one_or_none()
    return None if row is None else (row[0], row[1])


def public_downloads() -> dict[tuple[str, int], frozenset[str]]:
    """{(wave code, published revision): languages of its leaders' report}. One query."""
    rows = db.session.execute(
        select(Wave.code, Evaluation.revision, EvaluationReport.language)
        .join(Evaluation, Evaluation.id == EvaluationReport.evaluation_id)
        .join(Wave, Wave.id == Evaluation.wave_id)
        .where(
            Evaluation.status == "published",
            EvaluationReport.kind == "leaders",
            # Made before it was published, it would still call itself provisional.
            EvaluationReport.made_at >= Evaluation.published_at,
        )
    )
    found: dict[tuple[str, int], frozenset[str]] = {}
    for code, revision, language in rows:
        found[code, revision] = found.get((code, revision), frozenset()) | {language}
    return found


@dataclass(frozen=True)
class ThemeCalled:
    """What people called a theme, and who leads: (zh, en); None: nobody named it."""

    name: tuple[str, str] | None
    department: tuple[str, str] | None


def themes_called(wave: WaveView) -> Mapping[int, ThemeCalled]:
    """{theme id: its given name and lead department} of a wave, as they stand."""
    return {
        theme.id: ThemeCalled(theme.name if theme.is_named else None, theme.department)
        for theme in wave_themes(wave.code)
    }


def evaluation_before(wave: WaveView) -> EvaluationView | None:
    """The published evaluation of the same district's wave before this one."""
    earlier = [
        one
        for one in all_waves()
        if one.district_id == wave.district_id
        and one.opens_at < wave.opens_at
        and one.status == "published"
    ]
    earlier.sort(key=lambda one: one.opens_at, reverse=True)
    return next(
        (found for one in earlier if (found := published_evaluation(one.code)) is not None), None
    )
