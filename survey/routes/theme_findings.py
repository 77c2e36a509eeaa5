"""What the counts of a wave say of its themes: states, spread, surges, and the proposed task."""

from __future__ import annotations

from flask import Blueprint, render_template

from survey.queries.theme_states import theme_findings
from survey.routes.access import requires

blueprint = Blueprint("theme_findings", __name__, url_prefix="/office")


@blueprint.get("/waves/<wave_code>/themes/findings")
@requires("evaluator")
def findings(wave_code: str) -> str:
    """All themes of a wave with what was found of each; surging ones first."""
    found = theme_findings(wave_code)
    return render_template(
        "office/theme_findings.html",
        wave=found.wave,
        is_demo=found.wave.is_demo,
        found=found,
    )
