"""The first screen after sign-in: how the wave goes, what was published, where to go next."""

from __future__ import annotations

from flask import Blueprint, g, render_template

from survey.clock import utc_now
from survey.formatting import local_time
from survey.queries.office import overview
from survey.routes.access import EVERYBODY, requires

blueprint = Blueprint("office", __name__, url_prefix="/office")


@blueprint.get("/")
@requires(*EVERYBODY)
def first_screen() -> str:
    """The overview; an account of a street sees its own street only."""
    own = None if g.viewer.reads_all or g.viewer.has("admin") else g.viewer.street_code
    today = local_time(utc_now()).date()
    shown = overview(street_code=own, appeals_on=today if g.viewer.reads_all else None)
    return render_template(
        "office/overview.html",
        shown=shown,
        today=today,
        wave=shown.current,
        is_demo=any(wave.is_demo for wave in shown.waves),
    )
