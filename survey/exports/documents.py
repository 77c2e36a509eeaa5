"""Put the documents of a wave together: which figures a reader gets, and in which tables.

An office reads a published wave as it was frozen and every other wave as it stands; everybody
else reads published waves alone.
"""

from __future__ import annotations

from collections.abc import Sequence

from flask_babel import lazy_gettext as _l

from survey.errors import Refused
from survey.exports import case_tables, tables
from survey.exports.base import Document, Table
from survey.queries.coverage import coverage
from survey.queries.disclosure import for_outsiders
from survey.queries.evaluation import (
    UNPUBLISHED,
    current_evaluation,
    draft_evaluation,
    evaluation_on_notice,
    published_evaluation,
)
from survey.queries.public import PublicWaves, kept_evaluation
from survey.queries.public_tables import public_tables
from survey.queries.streets import wave_indices
from survey.queries.themes import frozen_themes, wave_themes
from survey.queries.views import EvaluationView, StreetView, WaveIndices
from survey.queries.waves import WaveView, all_waves, wave_view

WAVE_TABLES = (
    "indices",
    "themes",
    "coverage",
    "evaluation",
    "adjustments",
    "listed",
    "cases",
    "said_done",
)
#: Of what was published alone: they say what became of it since.
OF_PUBLISHED = frozenset({"cases", "said_done"})


def waves_document(known: PublicWaves, *, is_office: bool) -> Document:
    """The list of waves: all of them for an office, else the published ones."""
    waves = all_waves() if is_office else tuple(entry.wave for entry in known.published)
    return Document(about={}, tables=(tables.waves_table(waves, known),))


def wave_document(
    code: str,
    names: Sequence[str],
    *,
    is_office: bool,
    wants_draft: bool = False,
    street_code: str | None = None,
    provisional: bool = False,
    revision: int | None = None,
) -> Document:
    """The tables `names` of WAVE_TABLES of the wave `code`, for one street when it is given.

    provisional: of the frozen evaluation that is not published yet, which everybody may read
    while it is on public notice; revision: of an earlier publication.
    Raises Refused: 404 for an unknown wave or street, 403 for a wave or draft that the reader
    may not see.
    """
    wave = wave_view(code)
    reads_frozen = provisional or revision is not None
    if not is_office and (wants_draft or (wave.status != "published" and not reads_frozen)):
        raise not_published()
    is_draft = wants_draft or (wave.status != "published" and not reads_frozen)
    if OF_PUBLISHED & set(names) and (is_draft or provisional):
        raise not_published()
    evaluation = indices = None
    if not is_draft:
        evaluation = _frozen(wave, is_office=is_office, provisional=provisional, revision=revision)
    elif {"evaluation", "adjustments", "listed"} & set(names):
        evaluation = draft_evaluation(code)
    elif "indices" in names:
        indices = wave_indices(code)
    if evaluation is not None and not is_office:
        evaluation = for_outsiders(evaluation)
    found = evaluation or indices
    made: list[Table] = []
    about = tables.about_wave(wave, found=found)
    for name in names:
        if name == "indices":
            assert found is not None
            made.append(tables.indices_table(found))
        elif name == "themes":
            frozen = None if is_draft else evaluation
            made.append(_themes(wave, street_code, is_office=is_office, frozen=frozen))
        elif name == "coverage":
            made.append(tables.coverage_table(wave, coverage(wave), is_office=is_office))
        elif name == "evaluation":
            assert evaluation is not None
            made.append(tables.evaluation_table(evaluation))
            about |= tables.about_verdict(evaluation)
        elif name == "adjustments":
            assert evaluation is not None
            made.append(tables.adjustments_table(evaluation, is_office=is_office))
        elif name == "listed":
            assert evaluation is not None
            made.append(tables.listed_table(evaluation))
        elif name == "cases":
            assert evaluation is not None
            audited = public_tables(code)
            made.append(case_tables.cases_table(evaluation, audited))
            about |= case_tables.about_audit(audited)
        elif name == "said_done":
            assert evaluation is not None
            made.append(case_tables.said_done_table(evaluation))
    if street_code is not None:
        _street_of(found, wave, street_code)
        made = [_only(table, street_code) for table in made]
    return Document(about=about, tables=tuple(made))


def _frozen(
    wave: WaveView, *, is_office: bool, provisional: bool, revision: int | None
) -> EvaluationView:
    """The frozen evaluation that is asked for. Raises Refused (403) when there is none to read."""
    if not provisional and revision is None:
        found = kept_evaluation(wave)
    elif not provisional:
        found = published_evaluation(wave.code, revision=revision)
    elif is_office:
        found = current_evaluation(wave.code)
        found = found if found is not None and found.status in UNPUBLISHED else None
    else:
        found = evaluation_on_notice(wave.code)
    if found is None or (revision is not None and revision != found.revision):
        raise not_published()
    return found


def not_published() -> Refused:
    """What everybody is told who asks for figures that are not published."""
    return Refused(
        "not_published",
        _l("The results of this wave are not published; a draft needs the key of an office."),
        status=403,
    )


def _themes(
    wave: WaveView, street_code: str | None, *, is_office: bool, frozen: EvaluationView | None
) -> Table:
    street = _street_of(frozen, wave, street_code) if street_code is not None else None
    themes = (
        frozen_themes(frozen, street_code=street_code)
        if frozen is not None
        else wave_themes(wave.code, street_code=street_code)
    )
    return tables.themes_table(wave, themes, street=street, is_office=is_office)


def _street_of(found: WaveIndices | EvaluationView | None, wave: WaveView, code: str) -> StreetView:
    streets = (
        [entry.street for entry in found.streets]
        if found is not None
        else [row.street for row in coverage(wave)]
    )
    for street in streets:
        if street.code == code:
            return street
    raise Refused(
        "unknown_street",
        _l("There is no street with the code %(code)s in this wave.", code=code),
        status=404,
    )


def _only(table: Table, street_code: str) -> Table:
    place = [column.name for column in table.shape.columns].index("street")
    return Table(table.shape, tuple(row for row in table.rows if row[place] == street_code))
