"""The public pages: results, one street, the method, the data. Published waves only."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from urllib.parse import quote, urlencode

from flask import Blueprint, Response, current_app, redirect, request
from flask_babel import lazy_gettext as _l
from werkzeug.wrappers import Response as AnyResponse

from survey import jobs
from survey.charts import words
from survey.charts.street_trend import street_trend
from survey.clock import utc_now
from survey.errors import HTTP_WORDS, Refused
from survey.exports import FORMATS
from survey.exports.shapes import SHAPES
from survey.formatting import local_time
from survey.queries.listed import listed_streets
from survey.queries.policies import kept_policy
from survey.queries.public import (
    PublicWaves,
    PublishedWave,
    Results,
    noticed_results,
    public_waves,
    results,
)
from survey.queries.public_tables import PublicTables, public_tables, public_tables_of
from survey.queries.reports import public_downloads
from survey.queries.said_done import said_and_done
from survey.routes.public_page import page
from survey.services.collect import normalise_code
from survey.services.pictures import page_picture

blueprint = Blueprint("public", __name__)


def _frozen(found: Results) -> tuple[object, ...]:
    """What tells these results from all others: they never change, but names do."""
    view = found.evaluation
    return (
        *((one.wave.code, one.revision, one.status) for one in (view, *found.earlier)),
        view.wave,
        view.notice_until,
        tuple(entry.street for entry in view.streets),
    )


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
        return _waiting(waves)
    view = found.evaluation
    chart = words.district_chart(found)
    picture = page_picture("district", chart) if chart else None
    common = said_and_done(view)
    tables = _tables(found)
    return page(
        "public/results.html",
        depends=(waves, _frozen(found), picture, common, tables, _today()),
        waves=waves,
        results=found,
        same=_same_results(found),
        is_demo=view.wave.is_demo,
        headline=words.headline(found),
        period=words.period(view.wave),
        listed=listed_streets(view),
        picture=picture,
        common=common,
        tables=tables,
        today=_today(),
    )


def _waiting(waves: PublicWaves) -> Response:
    return page("public/waiting.html", depends=waves, waves=waves, is_demo=waves.is_demo)


def _today() -> date:
    return local_time(utc_now()).date()


def _tables(found: Results) -> PublicTables | None:
    """The case figures of what is published; the worker is asked for them when there are none."""
    if found.evaluation.status != "published":
        return None
    tables = public_tables(found.evaluation.wave.code)
    if tables is None or tables.revision < found.evaluation.revision:
        jobs.ask_for_public_tables()
    return tables


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
        return _waiting(waves)
    entry = found.street(code)
    view = found.evaluation
    chart = words.street_chart(found, entry)
    picture = page_picture("street", chart) if chart else None
    said = said_and_done(view, entry)
    tables = _tables(found)
    return page(
        "public/street.html",
        depends=(waves, _frozen(found), picture, said, tables, _today()),
        waves=waves,
        results=found,
        same=_same_results(found),
        entry=entry,
        is_demo=view.wave.is_demo,
        headline=words.street_headline(found, entry),
        period=words.period(view.wave),
        district=view.district_indicators,
        differences={i.code: words.against_district(found, entry, i.code) for i in view.indicators},
        trend=street_trend(found, entry),
        said=said,
        tables=tables,
        cases=tables.of(code) if tables else None,
        today=_today(),
        picture=picture,
    )


@blueprint.get("/method")
def method() -> Response:
    """How the figures are made, in plain words, with the values of the policy in force."""
    waves = public_waves()
    latest = waves.published[0].wave if waves.published else next(iter(waves.open), None)
    policy = kept_policy(latest.policy_id if latest else None)
    return page(
        "public/method.html",
        depends=(policy.sha256, waves.is_demo),
        policy=policy,
        is_demo=waves.is_demo,
    )


def _is_audited(entry: PublishedWave, tables: Mapping[str, PublicTables]) -> bool:
    """Whether it was this revision that the audit looked at."""
    kept = tables.get(entry.wave.code)
    return kept is not None and kept.revision == entry.revision


@blueprint.get("/data")
def data() -> Response:
    """The published tables to take away, what their columns mean, and what the audit said."""
    waves = public_waves()
    reports = public_downloads()
    tables = public_tables_of([entry.wave.code for entry in waves.published])
    if any(not _is_audited(entry, tables) for entry in waves.published):
        jobs.ask_for_public_tables()
    licence = current_app.config["DATA_LICENCE"]
    return page(
        "public/data.html",
        depends=(waves, reports, tables, licence),
        waves=waves,
        reports=reports,
        tables=tables,
        licence=licence,
        shapes=SHAPES.values(),
        formats=FORMATS.values(),
        is_demo=waves.is_demo,
    )
