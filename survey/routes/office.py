"""The first screen after sign-in: what is new, what is due, how are we doing."""

from __future__ import annotations

from datetime import timedelta

from flask import Blueprint, g, render_template

from survey.clock import utc_now
from survey.formatting import local_time
from survey.queries.first_screen import Looking, first_screen
from survey.routes.access import EVERYBODY, requires

blueprint = Blueprint("office", __name__, url_prefix="/office")

# At the first sign-in of an account there was none before it: then the last days are new.
FIRST_DAYS = timedelta(days=7)


@blueprint.get("/")
@requires(*EVERYBODY)
def home() -> str:
    """The first screen; an account of a street sees its own street only."""
    now = utc_now()
    today = local_time(now).date()
    since = g.viewer.since
    looking = Looking(
        desk=g.viewer.desk,
        since=since or now - FIRST_DAYS,
        is_admin=g.viewer.has("admin"),
    )
    shown = first_screen(looking, today=today, now=now)
    return render_template(
        "office/overview.html",
        shown=shown,
        today=today,
        since=since,
        wave=shown.wave,
    )
