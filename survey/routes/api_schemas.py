"""What the API gives and takes, as schemas for its contract; made from the tables' own columns."""

from __future__ import annotations

from typing import Any

import marshmallow as ma

from survey.exports import FORMATS
from survey.exports.base import Column, TableShape
from survey.exports.shapes import (
    ADJUSTMENTS,
    CASES,
    COVERAGE,
    EVALUATION,
    INDICES,
    LISTED,
    SAID_DONE,
    THEMES,
    WAVES,
)

FIELDS: dict[str, type[ma.fields.Field[Any]]] = {
    "text": ma.fields.String,
    "whole": ma.fields.Integer,
    "number": ma.fields.Float,
    "yes_no": ma.fields.Boolean,
    "time": ma.fields.String,
}
MOST_ROWS = 2000


def _field(column: Column) -> ma.fields.Field[Any]:
    return FIELDS[column.kind](
        allow_none=True, required=True, metadata={"description": column.help[1]}
    )


def row_schema(shape: TableShape) -> type[ma.Schema]:
    """The schema of one row of a table."""
    return ma.Schema.from_dict(
        {column.name: _field(column) for column in shape.columns},
        name=f"{shape.name.capitalize()}Row",
    )


def _text(description: str, **more: Any) -> ma.fields.String:
    return ma.fields.String(metadata={"description": description}, **more)


class Name(ma.Schema):
    """A name in both languages."""

    zh = ma.fields.String(required=True)
    en = ma.fields.String(required=True)


class WaveHead(ma.Schema):
    """The wave that an answer is about."""

    code = ma.fields.String(required=True)
    name = ma.fields.Nested(Name, required=True)
    status = _text("draft, open, closed or published", required=True)
    opens_at = _text("ISO 8601, UTC", required=True)
    closes_at = _text("ISO 8601, UTC", required=True)


class DistrictHead(ma.Schema):
    """The district of the wave."""

    code = ma.fields.String(required=True)
    name = ma.fields.Nested(Name, required=True)


class PageInfo(ma.Schema):
    """Which part of the rows this is."""

    page = ma.fields.Integer(required=True, metadata={"description": "From 1"})
    page_size = ma.fields.Integer(required=True)
    pages = ma.fields.Integer(required=True)
    total = ma.fields.Integer(required=True, metadata={"description": "Rows on all pages"})


class About(ma.Schema):
    """What stands above the rows of a wave's table."""

    wave = ma.fields.Nested(WaveHead, required=True)
    district = ma.fields.Nested(DistrictHead, required=True)
    is_demo = ma.fields.Boolean(required=True, metadata={"description": "The data is made up"})
    policy_hash = _text("SHA-256 of the locked policy", required=True, allow_none=True)
    status = _text(
        "published (frozen), provisional (frozen, on notice), approved (frozen, not published yet) "
        "or draft (as it stands)"
    )
    notice_until = _text("Last day of the public notice, ISO 8601", allow_none=True)
    revision = ma.fields.Integer(metadata={"description": "0 for a draft"})
    rollup_run_id = ma.fields.Integer(
        allow_none=True, metadata={"description": "The state of the sums it was computed from"}
    )
    computed_at = _text("ISO 8601, UTC", allow_none=True)
    published_at = _text("ISO 8601, UTC", allow_none=True)
    reason = _text("Why a revision after the first was made")
    pending = ma.fields.Integer(
        metadata={"description": "Answers that are stored and not in the figures yet"}
    )
    page = ma.fields.Nested(PageInfo, required=True)


class EstimateObject(ma.Schema):
    """A number with everything it never travels without."""

    value = ma.fields.Float(required=True, allow_none=True)
    low = ma.fields.Float(required=True, allow_none=True)
    high = ma.fields.Float(required=True, allow_none=True)
    se = ma.fields.Float(required=True, allow_none=True)
    n = ma.fields.Integer(required=True, allow_none=True)
    n_effective = ma.fields.Float(required=True, allow_none=True)
    suppressed_because = ma.fields.String(required=True, allow_none=True)


class Weights(ma.Schema):
    """Which part of the differences between streets each side makes."""

    direct = ma.fields.Float(required=True, allow_none=True)
    public = ma.fields.Float(required=True, allow_none=True)


class Condition(ma.Schema):
    """One condition of a last place."""

    code = ma.fields.String(required=True)
    met = ma.fields.Boolean(required=True)
    params = ma.fields.Dict(required=True)


class LastPlace(ma.Schema):
    """Whether a last place is established, and on what grounds."""

    established = ma.fields.Boolean(required=True)
    street = ma.fields.String(required=True, allow_none=True)
    z_min = ma.fields.Float(required=True, allow_none=True)
    z_min_public = ma.fields.Float(required=True, allow_none=True)
    p_last = ma.fields.Float(required=True, allow_none=True)
    withheld_because = ma.fields.String(
        required=True,
        allow_none=True,
        metadata={
            "description": "Why its numbers, the chances and the effective weights of the group "
            "are null: a ranked street's score is hidden and could be solved from them"
        },
    )
    conditions = ma.fields.List(ma.fields.Nested(Condition), required=True)


class PeerGroup(ma.Schema):
    """The verdicts on one peer group."""

    name = ma.fields.String(required=True)
    streets = ma.fields.List(ma.fields.String(), required=True)
    pairwise_only = ma.fields.Boolean(required=True)
    pairs = ma.fields.List(
        ma.fields.List(ma.fields.String()),
        required=True,
        metadata={"description": "(higher, lower) that differ significantly; no other pair does"},
    )
    top_k = ma.fields.Integer(required=True)
    top_verified = ma.fields.Boolean(required=True)
    top_group = ma.fields.List(ma.fields.String(), required=True)
    bottom_group = ma.fields.List(ma.fields.String(), required=True)
    last_place = ma.fields.Nested(LastPlace, required=True)
    effective_weights = ma.fields.Nested(Weights, required=True)


def _rows(shape: TableShape) -> ma.fields.List:
    return ma.fields.List(ma.fields.Nested(row_schema(shape)), required=True)


class Waves(ma.Schema):
    """The waves a reader may see."""

    page = ma.fields.Nested(PageInfo, required=True)
    rows = _rows(WAVES)


class Indices(About):
    """The indices of a wave."""

    rows = _rows(INDICES)


class Themes(About):
    """The themes of a wave."""

    rows = _rows(THEMES)


class Coverage(About):
    """Who answered, against who lives there."""

    rows = _rows(COVERAGE)


class AuditObject(ma.Schema):
    """What the audit of everything public of a wave said: what small numbers would give away."""

    passed = ma.fields.Boolean(required=True)
    at = _text("ISO 8601, UTC", required=True)
    hidden = ma.fields.Integer(
        required=True, metadata={"description": "Hidden numbers that it looked at"}
    )
    tables = ma.fields.Integer(required=True)


class Cases(About):
    """Cases of single residents, by street."""

    rows = _rows(CASES)
    audit = ma.fields.Nested(AuditObject, required=True, allow_none=True)


class SaidDone(About):
    """What residents said, what is planned and done, and whether they say it is solved."""

    rows = _rows(SAID_DONE)


class Evaluation(About):
    """The evaluation of a wave."""

    rows = _rows(EVALUATION)
    adjustments = _rows(ADJUSTMENTS)
    listed = _rows(LISTED)
    district_score = ma.fields.Nested(EstimateObject, required=True)
    has_direct = ma.fields.Boolean(required=True)
    effective_weights = ma.fields.Nested(Weights, required=True)
    groups = ma.fields.List(ma.fields.Nested(PeerGroup), required=True)


class ErrorBody(ma.Schema):
    """What went wrong."""

    code = _text("Stable, for programs", required=True)
    message = _text("For people, in the language of the request", required=True)
    details = ma.fields.Dict(required=True)


class Error(ma.Schema):
    """The one shape of every error."""

    error = ma.fields.Nested(ErrorBody, required=True)


class PageQuery(ma.Schema):
    """How much of a list to give, and as what."""

    format = ma.fields.String(
        load_default="json",
        validate=ma.validate.OneOf(sorted(FORMATS)),
        metadata={"description": "json, or all rows as a file: csv, xlsx"},
    )
    page = ma.fields.Integer(
        load_default=1, validate=ma.validate.Range(min=1), metadata={"description": "From 1"}
    )
    page_size = ma.fields.Integer(
        load_default=500, validate=ma.validate.Range(min=1, max=MOST_ROWS)
    )
    lang = ma.fields.String(
        validate=ma.validate.OneOf(["zh", "en"]),
        metadata={"description": "Language of error messages"},
    )


class WaveQuery(PageQuery):
    """The same for a table of a wave."""

    street = ma.fields.String(metadata={"description": "Code of the one street that is wanted"})
    draft = ma.fields.Boolean(
        load_default=False,
        metadata={
            "description": "1: as it stands, also of a published wave. Needs the key of an office."
        },
    )


class EvaluationQuery(WaveQuery):
    """The same for the evaluation, which is also read before it is published, or as it was."""

    status = ma.fields.String(
        load_default="published",
        validate=ma.validate.OneOf(("published", "provisional")),
        metadata={
            "description": "provisional: the frozen revision that is not published yet; for "
            "everybody when it is on public notice. The answer's status is provisional or approved."
        },
    )
    revision = ma.fields.Integer(
        validate=ma.validate.Range(min=1),
        metadata={"description": "An earlier publication; the newest when left out"},
    )
