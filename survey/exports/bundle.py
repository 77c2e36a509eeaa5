"""The recompute bundle of an evaluation: a zip from which every figure can be computed again.

The figures in it are those of the record that pages, API and files show; the inputs beside them
are what they were computed from. `python -m analysis recompute` compares the two.
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from flask_babel import force_locale
from flask_babel import gettext as _

from analysis.bundle import FULL, PUBLIC, README, RESULTS, json_bytes, sealed, write_inputs
from analysis.bundle_public import public_files, public_part, shown_groups, shown_year_groups
from analysis.bundle_results import plain
from survey.errors import Refused
from survey.exports.documents import not_published
from survey.exports.tables import moment
from survey.queries.draft import Draft, computed_draft
from survey.queries.evaluation import EVALUATION_STATUSES, kept_bundle
from survey.queries.views import AdjustmentView, EvaluationView, GroupView, StreetEvaluation
from survey.queries.waves import wave_view

KINDS = (FULL, PUBLIC)
# The moment that every file in the zip bears: equal evaluations give equal bytes.
EPOCH = (1980, 1, 1, 0, 0, 0)


def bundle_bytes(draft: Draft, published: EvaluationView, *, kind: str) -> bytes:
    """The zip of an evaluation. kind: `full` for auditors, `public` for everybody.

    published: the record whose figures the bundle claims to reproduce.
    """
    figures = evaluation_figures(published, version=draft.inputs.policy.version)
    if kind == FULL:
        files = write_inputs(draft.inputs)
    else:
        files = public_files(draft.found, draft.inputs.policy)
        figures = public_part(figures, shown_groups(draft.found), shown_year_groups(draft.found))
    files |= {RESULTS: json_bytes(figures), README: _readme(kind).encode("utf-8-sig")}
    return _zipped(sealed(files, kind=kind, about=_about(published)))


def wave_bundle(
    code: str, *, kind: str, wants_draft: bool = False, revision: int | None = None
) -> bytes:
    """The bundle sealed when a wave was frozen, or one of the figures as they stand.

    revision: the newest published when left out; an office may ask for one that is not.
    Raises Refused: 404 unknown wave, or none was sealed; 403 a draft for everybody.
    """
    wave = wave_view(code)
    statuses = EVALUATION_STATUSES if revision is not None and kind == FULL else ("published",)
    if wants_draft or (wave.status != "published" and len(statuses) == 1):
        if kind == PUBLIC:
            raise not_published()
        draft = computed_draft(code)
        return bundle_bytes(draft, draft.evaluation, kind=kind)
    kept = kept_bundle(code, kind=kind, revision=revision, statuses=statuses)
    if kept is None:
        raise Refused(
            "no_bundle",
            _("No bundle was kept of this publication; publish it again to make one."),
            status=404,
        )
    return kept.content


def _about(view: EvaluationView) -> dict[str, Any]:
    return {
        "district": view.wave.district_code,
        "wave": view.wave.code,
        # It is sealed when the figures are frozen, and holds for whatever is decided afterwards.
        "status": "frozen" if view.status == "provisional" else view.status,
        "revision": view.revision,
        "published_at": moment(view.published_at),
        "frozen_at": moment(view.frozen_at),
        "computed_at": moment(view.computed_at),
        "policy_sha256": view.policy_hash,
        "is_demo": view.wave.is_demo,
    }


def _zipped(files: Mapping[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as bundle:
        for name, data in files.items():
            entry = zipfile.ZipInfo(name, EPOCH)
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.external_attr = 0o644 << 16
            bundle.writestr(entry, data)
    return out.getvalue()


def evaluation_figures(view: EvaluationView, *, version: str) -> dict[str, Any]:
    """Every figure of an evaluation, in the layout of `analysis.bundle_results`."""
    document = {
        "policy": {"version": version, "sha256": view.policy_hash},
        "streets": {entry.street.code: _street(entry) for entry in view.streets},
        "district": asdict(view.district),
        "district_indicators": {
            code: asdict(estimate) for code, estimate in view.district_indicators.items()
        },
        "effective_weights": dict(view.effective_weights),
        "groups": {group.name: _group(group) for group in view.groups},
        **({"year": dict(view.year.figures)} if view.year else {}),
    }
    return dict(plain(document))


def _street(entry: StreetEvaluation) -> dict[str, Any]:
    return {
        "group": entry.street.peer_group,
        "public": asdict(entry.public),
        "adjusted": asdict(entry.adjusted),
        "direct": asdict(entry.direct),
        "blended": asdict(entry.blended),
        "indicators": {code: asdict(estimate) for code, estimate in entry.indicators.items()},
        "rank_low": entry.rank_low,
        "rank_high": entry.rank_high,
        "rank_suppressed_because": entry.rank_suppressed_because,
        "chances": list(entry.chances),
        "themes": [_theme(item) for item in entry.adjustments],
    }


def _theme(item: AdjustmentView) -> dict[str, Any]:
    return {
        "number": item.theme_id,
        "label": item.label,
        "indicator": item.indicator_code,
        "mentions": item.mentions,
        "respondents": item.respondents,
        "waves": item.waves_present,
        "lower": item.lower,
        "share": item.share,
        "relief": item.relief,
        "recurring": item.is_recurring,
        "deduction": item.deduction,
        "not_counted_because": list(item.not_counted_because),
        **({} if item.sample_judged is None else {"counted": item.counted}),
    }


def _group(group: GroupView) -> dict[str, Any]:
    last = group.last
    return {
        "streets": list(group.codes),
        "pairwise_only": group.pairwise_only,
        "pairs": [list(pair) for pair in group.pairs],
        "top_k": group.top_k,
        "top_verified": group.top_verified,
        "top_group": list(group.top_group),
        "bottom_group": list(group.bottom_group),
        "last_place": {
            "established": last.established,
            "street": last.street,
            "z_min": last.z_min,
            "z_min_public": last.z_min_public,
            "p_last": last.p_last,
            "verified_this_wave": last.verified_this_wave,
            "conditions": [
                {"code": one.code, "met": one.met, "params": dict(one.params)}
                for one in last.conditions
            ],
        },
        "effective_weights": dict(group.effective_weights),
    }


def _readme(kind: str) -> str:
    """What the files are and how to check them, in both languages."""
    parts = []
    for locale in ("zh_Hans_CN", "en"):
        with force_locale(locale):
            parts.append("\r\n".join(_full_words() if kind == FULL else _public_words()))
    return "\r\n\r\n".join(parts) + "\r\n"


def _full_words() -> list[str]:
    return [
        _("Recompute bundle of an evaluation (full, for auditors; not for publication)"),
        _("To check it: python -m analysis recompute BUNDLE.zip"),
        _("manifest.json: which evaluation this is, and the sha256 of every file"),
        _("policy.json: the policy that was locked before the wave"),
        _("streets.csv, margins.csv, strata.csv: the streets and who lives there"),
        _("responses.csv, moments.csv, answers.csv, clusters.csv: integer sums of the answers"),
        _("direct.csv: the district's own scores, one a street and assessor"),
        _("objective.csv, where the policy has objective indicators: their values by street"),
        _("themes.json: recurring complaints with their counts"),
        _("circumstances.json: the wave before, appeals, exclusions"),
        _("earlier.csv: published figures of the waves it is pooled with (only if there are any)"),
        _("results.json: every published figure"),
    ]


def _public_words() -> list[str]:
    return [
        _("Recompute bundle of an evaluation (public: scores, variances and sample sizes)"),
        _("To check it: python -m analysis recompute BUNDLE.zip"),
        _("manifest.json: which evaluation this is, and the sha256 of every file"),
        _("policy.json: the policy that was locked before the wave"),
        _(
            "groups.json: the blended and public scores of every street with their variances, "
            "and what the verdicts rest on"
        ),
        _("year.json: the same over the year (only if there are earlier waves)"),
        _("results.json: rank sets, chances and verdicts as published"),
    ]
