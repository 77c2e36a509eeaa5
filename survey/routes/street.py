"""A street's own pages: dashboard and themes. A street account never sees another street."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, g, redirect, render_template, request
from flask_babel import lazy_gettext as _l
from werkzeug.wrappers import Response as AnyResponse

from survey.charts import dashboard as drawings
from survey.clock import utc_now
from survey.errors import Refused
from survey.formatting import local_time
from survey.queries.office import current_wave, street_names
from survey.queries.street_dashboard import street_dashboard
from survey.queries.themes import theme_comments, wave_themes
from survey.queries.ticked import street_reasons
from survey.queries.waves import WaveView, all_waves
from survey.routes.access import own_street_or_any, requires

blueprint = Blueprint("street", __name__, url_prefix="/office")

# A theme's comments are shown to the street only from this many mentions on, so that nobody is
# recognised by what they said (method, 11).
FEWEST_MENTIONS = 10


@blueprint.get("/street/")
@requires("street", "evaluator")
def own() -> AnyResponse:
    """The page of the account's street; those without one choose from the overview."""
    code = g.viewer.street_code
    return redirect(f"/office/street/{code}" if code else "/office/")


@blueprint.get("/street/<code>")
@requires("street", "evaluator")
def index(code: str) -> str:
    """A street's dashboard: where it stands, what moves it, who answered, what became of it."""
    own_street_or_any(code)
    now = utc_now()
    shown = street_dashboard(
        code,
        wave_code=request.args.get("wave"),
        reads_all=g.viewer.reads_all,
        today=local_time(now).date(),
        now=now,
    )
    intervals, scale = drawings.place_intervals(shown.indicators)
    crossed = shown.answered.crossed
    return render_template(
        "office/street_dashboard.html",
        shown=shown,
        wave=shown.wave,
        is_demo=shown.wave.is_demo,
        code=code,
        names={one.indicator.code: one.indicator.name for one in shown.indicators},
        intervals=intervals,
        scale=scale,
        interval_width=drawings.INTERVAL_WIDTH,
        trend=drawings.place_trend(shown.trend),
        trend_size=(drawings.TREND_WIDTH, drawings.TREND_HEIGHT),
        bars=drawings.place_parts(shown.parts),
        half=drawings.HALF,
        pyramid=drawings.place_pyramid(crossed) if crossed else (),
        pyramid_half=drawings.PYRAMID_HALF,
    )


@blueprint.get("/street/<code>/themes")
@requires("street", "evaluator")
def themes(code: str) -> str:
    """What residents of a street keep complaining about."""
    own_street_or_any(code)
    wave, waves = _chosen_wave()
    return render_template(
        "office/street_themes.html",
        wave=wave,
        waves=waves,
        is_demo=wave.is_demo,
        themes=wave_themes(wave.code, street_code=code),
        street_names=street_names(),
        fewest=FEWEST_MENTIONS,
        code=code,
    )


@blueprint.get("/street/<code>/themes/<int:theme_id>")
@requires("street", "evaluator")
def comments(code: str, theme_id: int) -> str:
    """The redacted comments of this street behind a theme, when there are enough."""
    own_street_or_any(code)
    wave, _waves = _chosen_wave()
    found = wave_themes(wave.code, street_code=code)
    theme = next((entry for entry in found if entry.id == theme_id), None)
    if theme is None:
        raise Refused("unknown_theme", _l("There is no such theme in this street."), status=404)
    enough = theme.mentions >= FEWEST_MENTIONS
    shown: tuple[Any, ...] = ()
    if enough:
        shown = theme_comments(theme_id, wave_code=wave.code, street_code=code)
    return render_template(
        "office/street_comments.html",
        wave=wave,
        is_demo=wave.is_demo,
        theme=theme,
        comments=shown,
        enough=enough,
        fewest=FEWEST_MENTIONS,
        code=code,
    )


@blueprint.get("/street/<code>/reasons")
@requires("street", "evaluator")
def reasons(code: str) -> str:
    """Which ready-made reasons residents of a street ticked; small counts are hidden."""
    own_street_or_any(code)
    names = street_names()
    if code not in names:
        raise _unknown(code)
    wave, waves = _chosen_wave()
    return render_template(
        "office/street_reasons.html",
        wave=wave,
        waves=waves,
        is_demo=wave.is_demo,
        reasons=street_reasons(wave, code),
        street_names=names,
        code=code,
    )


def _chosen_wave() -> tuple[WaveView, tuple[WaveView, ...]]:
    """The wave of ?wave=, else the current one, with all waves to choose from."""
    waves = all_waves()
    asked = request.args.get("wave")
    wave = next((entry for entry in waves if entry.code == asked), None)
    wave = wave or (current_wave(waves) if not asked else None)
    if wave is None:
        raise Refused("unknown_wave", _l("There is no such wave."), status=404)
    return wave, waves


def _unknown(code: str) -> Refused:
    return Refused(
        "unknown_street", _l("There is no street with the code %(code)s.", code=code), status=404
    )
