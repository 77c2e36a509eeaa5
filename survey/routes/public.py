"""The public pages: results, one street, the method, the data. Published waves only."""

from __future__ import annotations

import hashlib
from urllib.parse import quote, urlencode

from flask import Blueprint, Response, redirect, render_template, request
from flask_babel import lazy_gettext as _l
from werkzeug.wrappers import Response as AnyResponse

from survey.charts import words
from survey.errors import HTTP_WORDS, Refused
from survey.exports import FORMATS
from survey.exports.shapes import SHAPES
from survey.queries.listed import listed_streets
from survey.queries.policies import kept_policy
from survey.queries.public import (
    PublicWaves,
    Results,
    noticed_results,
    public_themes,
    public_waves,
    results,
)
from survey.queries.reports import public_downloads
from survey.services.collect import normalise_code
from survey.services.pictures import page_picture

blueprint = Blueprint("public", __name__)


def _page(template: str, **context: object) -> Response:
    """A page with the hash of its content as ETag: nothing it depends on can be forgotten."""
    html = render_template(template, **context)
    response = Response(html, mimetype="text/html")
    response.headers["Cache-Control"] = "no-cache"
    response.vary.update(("Accept-Language", "Cookie"))
    response.set_etag(hashlib.sha256(html.encode()).hexdigest()[:32], weak=True)
    return response.make_conditional(request)  # type: ignore[return-value]


def _asked_for(waves: PublicWaves) -> Results | None:
    """The results that the address asks for; None before there are any to show.

    Raises Refused (404) for a wave, revision or status that is not there.
    """
    wave, status = request.args.get("wave"), request.args.get("status", "")
    if status == "provisional":
        return noticed_results(waves, wave)
    if status not in ("", "published"):
        raise Refused("not_found", HTTP_WORDS[404][1], status=404)
    if not waves.published:
        return None
    return results(waves, wave, revision=request.args.get("revision", type=int))


def _same_results(found: Results) -> str:
    """The query of an address that shows these results, for links between their pages."""
    view = found.evaluation
    asked: dict[str, str | int] = {"wave": view.wave.code}
    if view.status != "published":
        asked["status"] = "provisional"
    elif request.args.get("revision", type=int) == view.revision:
        asked["revision"] = view.revision
    return urlencode(asked)


@blueprint.get("/")
def home() -> Response:
    """The results of the latest published wave, or of ?wave=; before that, when there will be.

    ?revision= is an earlier publication; ?status=provisional is what is on public notice.
    """
    waves = public_waves()
    found = _asked_for(waves)
    if found is None:
        return _page("public/waiting.html", waves=waves, is_demo=waves.is_demo)
    chart = words.district_chart(found)
    return _page(
        "public/results.html",
        waves=waves,
        results=found,
        same=_same_results(found),
        is_demo=found.evaluation.wave.is_demo,
        headline=words.headline(found),
        period=words.period(found.evaluation.wave),
        listed=listed_streets(found.evaluation),
        picture=page_picture("district", chart) if chart else None,
    )


@blueprint.get("/go")
def go() -> AnyResponse:
    """The code somebody typed, as the address of its survey."""
    code = normalise_code(request.args.get("code", ""))[:12]
    if not code:
        raise Refused("no_code", _l("Type the code that is printed beside the QR code."))
    return redirect(f"/s/{quote(code, safe='')}", 303)


@blueprint.get("/streets/<code>")
def street(code: str) -> Response:
    """One street in the latest published wave, or in ?wave=."""
    waves = public_waves()
    found = _asked_for(waves)
    if found is None:
        return _page("public/waiting.html", waves=waves, is_demo=waves.is_demo)
    entry = found.street(code)
    view = found.evaluation
    chart = words.street_chart(found, entry)
    return _page(
        "public/street.html",
        results=found,
        same=_same_results(found),
        entry=entry,
        is_demo=view.wave.is_demo,
        headline=words.street_headline(found, entry),
        period=words.period(view.wave),
        district=view.district_indicators,
        differences={i.code: words.against_district(found, entry, i.code) for i in view.indicators},
        themes=public_themes(view, entry.street),
        picture=page_picture("street", chart) if chart else None,
    )


@blueprint.get("/method")
def method() -> Response:
    """How the figures are made, in plain words, with the values of the policy in force."""
    waves = public_waves()
    latest = waves.published[0].wave if waves.published else next(iter(waves.open), None)
    policy = kept_policy(latest.policy_id if latest else None)
    return _page("public/method.html", policy=policy, is_demo=waves.is_demo)


@blueprint.get("/data")
def data() -> Response:
    """The published tables to take away, and what their columns mean."""
    waves = public_waves()
    return _page(
        "public/data.html",
        waves=waves,
        reports=public_downloads(),
        shapes=SHAPES.values(),
        formats=FORMATS.values(),
        is_demo=waves.is_demo,
    )
