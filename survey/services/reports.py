"""Reports: have an evaluation's printed reports made in a child process, and keep them.

The web words nothing and sets nothing: it reads what is kept, and asks for what is missing.
"""

from __future__ import annotations

import hashlib
import sys
from datetime import datetime

from flask_babel import force_locale
from flask_babel import lazy_gettext as _l
from sqlalchemy import select

from survey import children
from survey.database import transaction
from survey.errors import Refused
from survey.exports.report import Report, to_json
from survey.exports.report_full import full_report
from survey.exports.report_leaders import leaders_report
from survey.formatting import LOCALES
from survey.models import Evaluation, EvaluationReport
from survey.queries.draft import draft_evaluation
from survey.queries.evaluation import current_evaluation, frozen_evaluation
from survey.queries.reports import evaluation_before, kept_files, themes_called
from survey.queries.views import EvaluationView

SETTING_SECONDS = 180


def worded_reports(view: EvaluationView) -> list[Report]:
    """The leaders' and the full report of an evaluation in every language, not set yet."""
    digests = kept_files(view.wave.code, revision=view.revision).digests()
    before = evaluation_before(view.wave)
    themes = themes_called(view.wave)
    found = []
    for locale in LOCALES.values():
        with force_locale(locale):
            leaders = leaders_report(view, digests=digests, before=before, themes=themes)
            found += [leaders, full_report(view, digests=digests, leaders=leaders)]
    return found


def set_report(report: Report) -> bytes:
    """The PDF of a report, made in a child. Raises survey.children.ChildFailed."""
    return children.run(
        [sys.executable, "-m", "survey.exports.report_pdf"],
        seconds=SETTING_SECONDS,
        given=to_json(report),
    )


def make_reports(wave_code: str, *, revision: int, now: datetime) -> int:
    """Make and keep the reports of a frozen revision that are missing or older than its last step.

    How many were made; 0 when all are there. One transaction, after the setting. Raises Refused
    (404) for an unknown wave or revision and survey.children.ChildFailed.
    """
    view = _frozen(wave_code, revision)
    kept = kept_files(wave_code, revision=revision)
    fresh = {(one.kind, one.language) for one in kept.fresh(view)}
    missing = [one for one in worded_reports(view) if (one.kind, one.language) not in fresh]
    made = [(one, set_report(one)) for one in missing]
    with transaction() as session:
        evaluation_id = session.scalar(
            select(Evaluation.id).where(
                Evaluation.wave_id == view.wave.id, Evaluation.revision == revision
            )
        )
        for report, content in made:
            session.merge(
                EvaluationReport(
                    evaluation_id=evaluation_id,
                    kind=report.kind,
                    language=report.language,
                    sha256=hashlib.sha256(content).hexdigest(),
                    content=content,
                    made_at=now,
                )
            )
    return len(made)


def one_report(
    wave_code: str, *, kind: str, language: str, revision: int | None, draft: bool = False
) -> bytes:
    """A report made anew and not kept, e.g. of a draft: for the command. Raises as make_reports.

    revision: the newest frozen one when None.
    """
    if draft:
        view = draft_evaluation(wave_code)
    else:
        view = _frozen(wave_code, revision)
    return set_report(
        next(one for one in worded_reports(view) if (one.kind, one.language) == (kind, language))
    )


def _frozen(wave_code: str, revision: int | None) -> EvaluationView:

    view = (
        current_evaluation(wave_code)
        if revision is None
        else frozen_evaluation(wave_code, revision=revision)
    )
    if view is None:
        raise Refused("not_frozen", _l("There is no such evaluation of this wave."), status=404)
    return view
