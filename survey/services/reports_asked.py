"""What an evaluation's page shows of its reports; the worker is asked for missing ones."""

from __future__ import annotations

from typing import Any

from survey import jobs
from survey.formatting import LOCALES
from survey.queries.reports import KeptFiles, kept_files
from survey.queries.views import EvaluationView

ALL = 2 * len(LOCALES)


def evaluation_files(view: EvaluationView) -> dict[str, Any]:
    """{"files": what is kept, "reports": those since its last step}. Two queries; a draft: none.

    When a report is missing, or older than the last step, the worker is asked to make it.
    """
    if view.status == "draft":
        return {"files": KeptFiles((), ()), "reports": ()}
    files = kept_files(view.wave.code, revision=view.revision)
    fresh = files.fresh(view)
    if len(fresh) < ALL:
        jobs.ask_for_reports(view.wave.code, revision=view.revision)
    return {"files": files, "reports": fresh}
