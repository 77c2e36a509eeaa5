"""Read what a figure of an evaluation comes from: the inputs that were sealed with it.

A frozen evaluation is explained from its own bundle, computed again, so that the causes are those
of the figures on the page and not of counts that went on. They never change and are kept by the
process. A draft is explained from the counts as they stand now.
"""

from __future__ import annotations

import io
import zipfile
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from flask import current_app
from flask_babel import lazy_gettext as _l

from analysis.bundle import read_inputs
from analysis.cell_table import CellLine, cell_table
from analysis.small_counts import hidden_counts
from analysis.types import StreetResult
from analysis.wave_evaluation import EvaluationInputs, WaveEvaluation, evaluate_wave
from survey.errors import Refused
from survey.queries.draft import computed_draft
from survey.queries.evaluation import current_evaluation, frozen_evaluation, kept_bundle
from survey.queries.views import EvaluationView, StreetEvaluation

KEPT = 4
"""Evaluations whose causes a process holds: a wave, its revisions, the wave before."""


@dataclass(frozen=True)
class Causes:
    """An evaluation with all it was computed from."""

    view: EvaluationView
    inputs: EvaluationInputs
    found: WaveEvaluation
    #: From the sealed bundle; False: from the counts as they stand now.
    is_frozen: bool


@dataclass(frozen=True)
class StreetCause:
    """Where one street's figures come from."""

    entry: StreetEvaluation
    result: StreetResult
    #: Cells in the order of streams and strata; those that may not be shown are left out.
    cells: tuple[CellLine, ...]
    #: How many cells are left out, and the people in them, by stream.
    hidden: dict[str, tuple[int, int]]
    #: Whether means of cells that are shown are left out: they stand as None.
    hides_means: bool = False


def causes_of(wave_code: str, *, draft: bool, revision: int | None = None) -> Causes:
    """A frozen evaluation with its causes, the newest or the revision asked for; the draft when
    that is asked for, or none is frozen.

    Eight queries for a frozen one, six once its causes are kept; those of a draft else.
    Raises Refused (404) for an unknown wave or revision.
    """
    view = None if draft else shown_evaluation(wave_code, revision=revision)
    sealed = _sealed(view) if view is not None else None
    if view is None or sealed is None:
        computed = computed_draft(wave_code)
        # One that was published without a bundle keeps its figures; only the causes are of now.
        return Causes(view or computed.evaluation, computed.inputs, computed.found, False)
    return Causes(view, *sealed, True)


def shown_evaluation(wave_code: str, *, revision: int | None) -> EvaluationView | None:
    """The newest frozen evaluation, None when there is none; or one revision.

    Raises Refused (404) for an unknown wave or revision.
    """
    if revision is None:
        return current_evaluation(wave_code)
    found = frozen_evaluation(wave_code, revision=revision)
    if found is None:
        raise Refused("unknown_revision", _l("There is no such revision."), status=404)
    return found


def _sealed(view: EvaluationView) -> tuple[EvaluationInputs, WaveEvaluation] | None:
    kept: dict[object, tuple[EvaluationInputs, WaveEvaluation]]
    kept = current_app.extensions.setdefault("causes", {})
    key = (view.wave.id, view.revision, view.frozen_at, view.policy_hash)
    if key not in kept:
        bundle = kept_bundle(view.wave.code, kind="full", revision=view.revision)
        if bundle is None:
            return None
        with zipfile.ZipFile(io.BytesIO(bundle.content)) as files:
            inputs = read_inputs({name: files.read(name) for name in files.namelist()})
        while len(kept) >= KEPT:
            kept.pop(next(iter(kept)))
        kept[key] = inputs, evaluate_wave(inputs)
    return kept[key]


def street_cause(causes: Causes, code: str, *, reads_all: bool) -> StreetCause:
    """Where one street's figures come from. No query.

    reads_all: the evaluation office; others do not see cells of fewer people than may be told
    apart, means over fewer, nor what would give them away. Raises Refused (404) for a street
    that is not in it.
    """
    entry = next((one for one in causes.view.streets if one.street.code == code), None)
    cube = next((cube for cube in causes.inputs.accepted if cube.code == code), None)
    if entry is None or cube is None:
        raise Refused(
            "unknown_street",
            _l("There is no street with the code %(code)s.", code=code),
            status=404,
        )
    policy = causes.inputs.policy
    result = causes.found.result.streets[code]
    cells = cell_table(cube, policy)
    left_out = frozenset() if reads_all else _small_cells(cells, least=policy.min_cell)
    without: Mapping[int, frozenset[str]] = (
        {} if reads_all else _small_means(cells, left_out, result, least=policy.min_cell)
    )
    hidden: dict[str, tuple[int, int]] = {}
    for i in left_out:
        number, people = hidden.get(cells[i].stream, (0, 0))
        hidden[cells[i].stream] = number + 1, people + cells[i].n
    return StreetCause(
        entry=entry,
        result=result,
        cells=tuple(
            _without(cell, without.get(i, frozenset()))
            for i, cell in enumerate(cells)
            if i not in left_out
        ),
        hidden=hidden,
        hides_means=any(names and i not in left_out for i, names in without.items()),
    )


def _small_cells(cells: Sequence[CellLine], *, least: int) -> frozenset[int]:
    """Places of the cells of few people, and of those that would give them away."""
    found: set[int] = set()
    for stream in {cell.stream for cell in cells}:
        counts = {i: cell.n for i, cell in enumerate(cells) if cell.stream == stream}
        found |= hidden_counts(counts, least=least)
    return frozenset(found)


def _small_means(
    cells: Sequence[CellLine], left_out: frozenset[int], result: StreetResult, *, least: int
) -> dict[int, frozenset[str]]:
    """{place of a cell: indicators whose mean is left out}.

    A mean rests on those who judged its indicator, who can be fewer than the cell's people. The
    index of the stream is their weighted sum: hiding one mean alone hides nothing, and where the
    index itself may not be shown no mean may.
    """
    found: defaultdict[int, set[str]] = defaultdict(set)
    for stream in {cell.stream for cell in cells}:
        places = [i for i, cell in enumerate(cells) if cell.stream == stream]
        indices = result.streams[stream].indicators if stream in result.streams else {}
        for name in dict.fromkeys(name for i in places for name in cells[i].means):
            index = indices.get(name)
            counts = {i: cells[i].judged[name] for i in places}
            hidden = (
                places
                if index is None or index.suppressed_because is not None
                else hidden_counts(counts, least=least, already=left_out)
            )
            for i in hidden:
                found[i].add(name)
    return {i: frozenset(names) for i, names in found.items()}


def _without(cell: CellLine, names: frozenset[str]) -> CellLine:
    """The cell without the means of these indicators and how many stand behind them."""
    if not names:
        return cell
    return replace(
        cell,
        means={name: None if name in names else mean for name, mean in cell.means.items()},
        judged={name: n for name, n in cell.judged.items() if name not in names},
    )
