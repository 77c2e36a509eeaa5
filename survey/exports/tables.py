"""The tables of a wave, row by row, as outsiders and offices may have them.

A suppressed number is None and the reason stands beside it, for every reader. Readers from an
office also see themes that fewer than ten people mention, and unconfirmed labels.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from analysis.types import Estimate
from survey.exports import shapes
from survey.exports.base import Cell, Table
from survey.exports.year_columns import year_cells
from survey.queries.coverage import CoverageRow
from survey.queries.listed import listed_totals
from survey.queries.public import PublicWaves
from survey.queries.public_cells import (
    LEAST,
    hidden_categories,
    is_adjustment_public,
    is_district_n_shown,
    is_theme_public,
)
from survey.queries.views import (
    EvaluationView,
    GroupView,
    StreetEvaluation,
    StreetView,
    ThemeView,
    WaveIndices,
    published,
)
from survey.queries.waves import WaveView

PUBLIC_NAME = ("公众评分", "Public score")


def moment(at: datetime | None) -> str | None:
    """A stored UTC time as ISO 8601."""
    return at.isoformat(timespec="seconds") + "Z" if at is not None else None


def _numbers(estimate: Estimate) -> tuple[Cell, ...]:
    shown = published(estimate)
    return (shown.value, shown.low, shown.high, shown.se)


def _n(estimate: Estimate) -> tuple[Cell, Cell]:
    if 0 < estimate.n < LEAST:
        return None, None
    return estimate.n, estimate.n_effective


def _street(street: StreetView | None) -> tuple[Cell, ...]:
    return (street.code, *street.name) if street else (None, None, None)


def _group(street: StreetView | None) -> tuple[Cell, ...]:
    return (street.peer_group, street.population) if street else (None, None)


def waves_table(waves: Iterable[WaveView], known: PublicWaves) -> Table:
    """One row a wave."""
    entries = {entry.wave.id: entry for entry in known.published}
    rows = []
    for wave in waves:
        entry = entries.get(wave.id)
        rows.append(
            (
                wave.code,
                *wave.name,
                wave.district_code,
                moment(wave.opens_at),
                moment(wave.closes_at),
                wave.status,
                entry.revision if entry else None,
                moment(entry.published_at) if entry else None,
                wave.policy_hash,
                wave.is_demo,
            )
        )
    return Table(shapes.WAVES, tuple(rows))


def indices_table(found: WaveIndices | EvaluationView) -> Table:
    """One row a street and measure, then the district's score."""
    status, revision = "draft", 0
    if not isinstance(found, WaveIndices):
        status, revision = found.status, found.revision
    head: tuple[Cell, ...] = (found.wave.code, status, revision)
    rows = []
    for entry in found.streets:
        measures = [("public", PUBLIC_NAME, entry.public)] + [
            (indicator.code, indicator.name, entry.indicators[indicator.code])
            for indicator in found.indicators
            if indicator.code in entry.indicators
        ]
        for code, name, estimate in measures:
            rows.append((*head, *_index_row(entry.street, code, name, estimate)))
    # It is the sum of the streets' answers: the one hidden number would follow from it.
    with_n = is_district_n_shown(entry.public.n for entry in found.streets)
    whole = _index_row(None, "public", PUBLIC_NAME, found.district, with_n=with_n)
    rows.append((*head, *whole))
    return Table(shapes.INDICES, tuple(rows))


def _index_row(
    street: StreetView | None,
    code: str,
    name: tuple[str, str],
    estimate: Estimate,
    *,
    with_n: bool = True,
) -> tuple[Cell, ...]:
    return (
        *_street(street),
        *_group(street),
        code,
        *name,
        *_numbers(estimate),
        *(_n(estimate) if with_n else (None, None)),
        "random" if estimate.random else "model",
        estimate.suppressed_because,
    )


def themes_table(
    wave: WaveView, themes: Sequence[ThemeView], *, street: StreetView | None, is_office: bool
) -> Table:
    """One row a theme, of the district or of one street."""
    rows = []
    for theme in themes:
        # What nobody has looked at is somebody's own words, the keywords as well.
        is_public = theme.status == "confirmed" and is_theme_public(
            theme.mentions, theme.by_street, street
        )
        if not is_office and not is_public:
            continue
        rows.append(
            (
                wave.code,
                *_street(street),
                theme.id,
                theme.label if is_office else None,
                " ".join(theme.keywords),
                theme.indicator.code if theme.indicator else None,
                theme.status,
                theme.remit,
                theme.scope,
                theme.mentions,
                theme.respondents,
                theme.waves_present,
                theme.is_recurring,
            )
        )
    return Table(shapes.THEMES, tuple(rows))


def coverage_table(wave: WaveView, rows: Sequence[CoverageRow], *, is_office: bool) -> Table:
    """One row a street, variable and category."""
    totals: Counter[tuple[str, str]] = Counter()
    for row in rows:
        totals[row.street.code, row.variable] += row.responses
    hidden = hidden_categories(rows)
    made: list[tuple[Cell, ...]] = []
    for row in rows:
        line = (row.street.code, row.variable)
        total = totals[line]
        is_hidden = not is_office and row.category in hidden[line]
        made.append(
            (
                wave.code,
                *_street(row.street),
                row.variable,
                row.category,
                None if is_hidden else row.responses,
                None if is_hidden or not total else row.responses / total,
                row.residents,
                row.resident_share,
                f"n_below_{LEAST}"
                if is_hidden and row.responses < LEAST
                else "could_be_derived"
                if is_hidden
                else None,
            )
        )
    return Table(shapes.COVERAGE, tuple(made))


def evaluation_table(view: EvaluationView) -> Table:
    """One row a street."""
    rows: list[tuple[Cell, ...]] = []
    for entry in view.streets:
        because = entry.public.suppressed_because
        is_hidden = because is not None
        parts = (entry.blended, entry.public, entry.adjusted, entry.direct)
        # F and P* would give a hidden P away, so they are hidden with it.
        numbers = [
            (None,) * 4 if is_hidden and part is not entry.direct else _numbers(part)
            for part in parts
        ]
        rows.append(
            (
                view.wave.code,
                view.status,
                view.revision,
                *_street(entry.street),
                *_group(entry.street),
                *(cell for part in numbers for cell in part),
                *_n(entry.public),
                *_ranks(entry, is_hidden=is_hidden),
                because or entry.blended.suppressed_because,
                entry.rank_suppressed_because,
                *_listed_totals(view, entry.street.code),
                *year_cells(view, entry.street.code),
            )
        )
    return Table(shapes.EVALUATION, tuple(rows))


def _listed_totals(view: EvaluationView, code: str) -> tuple[Cell, ...]:
    totals = listed_totals(view.listed.get(code, ()))
    return totals.bonus, totals.deduction, totals.vetoes


def listed_table(view: EvaluationView) -> Table:
    """One row a standing item of a list."""
    return Table(
        shapes.LISTED,
        tuple(
            (
                view.wave.code,
                view.status,
                view.revision,
                *_street(entry.street),
                item.kind,
                item.label,
                item.points,
                item.ceiling,
                item.document,
                item.document_date.isoformat(),
                item.signed_by,
            )
            for entry in view.streets
            for item in view.listed.get(entry.street.code, ())
        ),
    )


def _ranks(entry: StreetEvaluation, *, is_hidden: bool) -> tuple[Cell, ...]:
    if is_hidden:
        return None, None, None, None
    chances = (entry.p_first, entry.p_last)
    if entry.rank_suppressed_because is not None:
        return None, None, *chances
    return entry.rank_low, entry.rank_high, *chances


def adjustments_table(view: EvaluationView, *, is_office: bool) -> Table:
    """One row a street and theme."""
    rows: list[tuple[Cell, ...]] = []
    for entry in view.streets:
        for item in entry.adjustments:
            if not is_office and not is_adjustment_public(view, entry, item):
                continue
            rows.append(
                (
                    view.wave.code,
                    view.status,
                    view.revision,
                    *_street(entry.street),
                    item.theme_id,
                    item.label if is_office else None,
                    item.indicator_code,
                    item.mentions,
                    item.respondents,
                    item.lower,
                    item.share,
                    item.waves_present,
                    item.relief,
                    item.is_recurring,
                    item.deduction,
                    " ".join(item.not_counted_because) or None,
                    item.counted,
                    item.sample_judged,
                    item.sample_right,
                )
            )
    return Table(shapes.ADJUSTMENTS, tuple(rows))


def about_wave(
    wave: WaveView, *, found: WaveIndices | EvaluationView | None = None
) -> dict[str, Any]:
    """What a file says about itself: which wave, which revision, under which policy."""
    about: dict[str, Any] = {
        "wave": {
            "code": wave.code,
            "name": {"zh": wave.name[0], "en": wave.name[1]},
            "status": wave.status,
            "opens_at": moment(wave.opens_at),
            "closes_at": moment(wave.closes_at),
        },
        "district": {
            "code": wave.district_code,
            "name": {"zh": wave.district_name[0], "en": wave.district_name[1]},
        },
        "is_demo": wave.is_demo,
        "policy_hash": wave.policy_hash,
    }
    if isinstance(found, WaveIndices):
        about |= {
            "status": "draft",
            "revision": 0,
            "rollup_run_id": found.rollup_run_id,
            "computed_at": moment(found.folded_at),
            "pending": found.pending,
        }
    elif found is not None:
        about |= {
            "status": found.status,
            "revision": found.revision,
            "policy_hash": found.policy_hash,
            "rollup_run_id": found.rollup_run_id,
            "computed_at": moment(found.computed_at),
            "published_at": moment(found.published_at),
            "notice_until": found.notice_until.isoformat() if found.notice_until else None,
            "reason": found.reason,
        }
    return about


def about_verdict(view: EvaluationView) -> dict[str, Any]:
    """What an evaluation says of the wave and of each peer group as a whole."""
    hidden = {s.street.code for s in view.streets if s.public.suppressed_because is not None}
    return {
        "district_score": estimate_object(view.district),
        "has_direct": view.has_direct,
        "effective_weights": dict(view.effective_weights),
        "groups": [_group_object(group, hidden) for group in view.groups],
    }


def _group_object(group: GroupView, hidden: set[str]) -> dict[str, Any]:
    def shown(codes: Iterable[str]) -> list[str]:
        return [code for code in codes if code not in hidden]

    last = group.last
    return {
        "name": group.name,
        "streets": shown(group.codes),
        "pairwise_only": group.pairwise_only,
        "pairs": [list(pair) for pair in group.pairs if not hidden & set(pair)],
        "top_k": group.top_k,
        "top_verified": group.top_verified,
        "top_group": shown(group.top_group),
        "bottom_group": shown(group.bottom_group),
        "last_place": {
            "established": last.established,
            "street": last.street if last.street not in hidden else None,
            "z_min": last.z_min,
            "z_min_public": last.z_min_public,
            "p_last": last.p_last,
            "withheld_because": last.withheld_because,
            "conditions": [
                {"code": one.code, "met": one.met, "params": dict(one.params)}
                for one in last.conditions
            ],
        },
        "effective_weights": dict(group.effective_weights),
    }


def estimate_object(estimate: Estimate) -> dict[str, Cell]:
    """A number with everything it never travels without."""
    shown = published(estimate)
    n, n_effective = _n(estimate)
    return {
        "value": shown.value,
        "low": shown.low,
        "high": shown.high,
        "se": shown.se,
        "n": n,
        "n_effective": n_effective,
        "suppressed_because": shown.suppressed_because,
    }
