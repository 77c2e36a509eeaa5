"""Open appeals that hold an approval up, because a verdict could change with them."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from flask import current_app
from sqlalchemy import select

from analysis.bundle import FULL, read_inputs
from analysis.evaluation_records import Appeal as OpenAppeal
from analysis.evaluation_records import GroupEvaluation
from analysis.wave_evaluation import EvaluationInputs, WaveEvaluation, evaluate_wave
from survey.models import Appeal, Evaluation, EvaluationBundle, Street, ThemeAdjustment, db

#: Of a peer group, what is said of it: the street whose last place is established, the one that
#: is handed on to the next wave as verified, and the first places when they are verified.
Verdict = tuple[str | None, str | None, tuple[str, ...]]
NOTHING: Verdict = (None, None, ())


def blocking_appeals(stored: Evaluation) -> tuple[int, ...]:
    """Keys of the open appeals with which a frozen verdict would not stand. Two queries.

    Verdicts are those of the wave and of the year, on last places and on first ones. Tried on
    the frozen inputs: a last place as the method tries it (10, vii), with the appeals open; first
    places as if the appeals were upheld, each alone and all together. An appeal in a peer group
    without a verdict holds nothing up.
    """
    said = _said(stored.summary)
    if all(verdict == NOTHING for verdict in said.values()):
        return ()
    open_ones = _open_appeals(stored)
    if not open_ones:
        return ()
    appeals = tuple(appeal for _key, appeal in open_ones)
    blocked = {
        name
        for found in _tried(stored.id, appeals)
        for (_of, name), verdict in found.items()
        if any(
            frozen and frozen != now
            for frozen, now in zip(said.get((_of, name), NOTHING), verdict, strict=True)
        )
    }
    groups = {code: one["group"] for code, one in stored.summary["streets"].items()}
    return tuple(key for key, appeal in open_ones if groups.get(appeal.street) in blocked)


def _said(summary: Mapping[str, Any]) -> dict[tuple[str, str], Verdict]:
    """{(wave or year, peer group): what the frozen figures say}."""
    year = (summary.get("year") or {}).get("groups", {})
    return {
        ("wave", group["name"]): _verdict(group["last"], group) for group in summary["groups"]
    } | {("year", name): _verdict(group["last_place"], group) for name, group in year.items()}


def _verdict(last: Mapping[str, Any], group: Mapping[str, Any]) -> Verdict:
    street = last["street"]
    return (
        street if last["established"] else None,
        street if last["verified_this_wave"] else None,
        tuple(sorted(group["top_group"])) if group["top_verified"] else (),
    )


def _open_appeals(stored: Evaluation) -> list[tuple[int, OpenAppeal]]:
    rows = db.session.execute(
        select(Appeal.id, Street.code, Appeal.theme_id, ThemeAdjustment.label)
        .join(Street, Appeal.street_id == Street.id)
        .outerjoin(
            ThemeAdjustment,
            (ThemeAdjustment.evaluation_id == stored.id)
            & (ThemeAdjustment.street_id == Appeal.street_id)
            & (ThemeAdjustment.theme_id == Appeal.theme_id),
        )
        .where(Appeal.wave_id == stored.wave_id, Appeal.status == "open")
        .order_by(Appeal.id)
    )
    # A street that is not in these figures can change nothing in them.
    return [
        (key, OpenAppeal(code, label))
        for key, code, theme_id, label in rows
        if code in stored.summary["streets"] and (theme_id is None or label is not None)
    ]


def _tried(
    evaluation_id: int, appeals: tuple[OpenAppeal, ...]
) -> list[dict[tuple[str, str], Verdict]]:
    """The verdicts in every case that is tried; kept, as frozen inputs stay. One query."""
    memory: dict[Any, list[dict[tuple[str, str], Verdict]]]
    memory = current_app.extensions.setdefault("appeals_tried", {})
    digest, content = db.session.execute(
        select(EvaluationBundle.sha256, EvaluationBundle.content).where(
            EvaluationBundle.evaluation_id == evaluation_id, EvaluationBundle.kind == FULL
        )
    ).one()
    key = (digest, appeals)
    if key not in memory:
        with zipfile.ZipFile(io.BytesIO(content)) as bundle:
            files = {name: bundle.read(name) for name in bundle.namelist()}
        frozen = read_inputs(files)
        waiting = _verdicts(evaluate_wave(replace(frozen, appeals=appeals)))
        cases = {(one,) for one in appeals} | {appeals}
        upheld = [_verdicts(evaluate_wave(_upheld(frozen, case))) for case in cases]
        memory.clear()
        # The method itself says what an open appeal does to a last place; of first places it
        # says nothing.
        memory[key] = [
            waiting,
            *(
                {of: (*waiting[of][:2], verdict[2]) for of, verdict in one.items()}
                for one in upheld
            ),
        ]
    return memory[key]


def _upheld(frozen: EvaluationInputs, appeals: tuple[OpenAppeal, ...]) -> EvaluationInputs:
    """The inputs as they were if these appeals were upheld."""
    against = {(one.street, one.label) for one in appeals}
    wholly = {one.street for one in appeals if one.label is None}
    counted = {cube.code: cube for cube in frozen.with_quarantined or ()}
    return replace(
        frozen,
        streets=tuple(
            replace(one, excluded_because=None) if one.code in wholly else one
            for one in frozen.streets
        ),
        accepted=tuple(
            counted.get(cube.code, cube) if cube.code in wholly else cube
            for cube in frozen.accepted
        ),
        themes=tuple(
            replace(one, state="removed") if (one.street, one.label) in against else one
            for one in frozen.themes
        ),
    )


def _verdicts(found: WaveEvaluation) -> dict[tuple[str, str], Verdict]:
    year = found.year.groups if found.year is not None else {}
    return {("wave", name): _judged(group) for name, group in found.evaluation.groups.items()} | {
        ("year", name): _judged(group) for name, group in year.items()
    }


def _judged(group: GroupEvaluation) -> Verdict:
    last, top = group.last, group.top
    return (
        last.street if last.established else None,
        last.street if last.verified_this_wave else None,
        tuple(sorted(top.streets)) if top.verified else (),
    )
