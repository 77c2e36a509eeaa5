"""Say which column of somebody else's table is which question, and what its cells mean."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from flask_babel import lazy_gettext as _l

from survey.errors import Refused
from survey.instrument import Instrument
from survey.services.tables_in import Rejected, Row, TableIn, refuse_file

STREET = "street"
_COMMAS, _SPACES = re.compile("[,;，；、]"), re.compile(r"\s+")
KNOWN_KEYS = ("id", "street", "questions", "values")


@dataclass(frozen=True)
class AnswersMap:
    """Which column is what. Questions are named by their code or, for a margin, its variable.

    questions: {question: column}; a question that is not named is read from the column of its
    own code, if there is one. values: {question or "street": {cell: option or street code}}; a
    cell that is not named may be the option's code or its text in either language.
    """

    id_column: str = "id"
    street_column: str = STREET
    questions: Mapping[str, str] = field(default_factory=dict)
    values: Mapping[str, Mapping[str, str]] = field(default_factory=dict)


def read_map(path: Path) -> AnswersMap:
    """The map in a YAML file (id, street, questions, values). Raises Refused with the place."""
    import yaml

    try:
        # BaseLoader makes everything text: a plain N or 1 stays what was typed.
        document = yaml.load(path.read_text(encoding="utf-8-sig"), Loader=yaml.BaseLoader)
    except (OSError, UnicodeDecodeError) as error:
        raise refuse_file(str(path), _l("cannot be read: %(error)s", error=error)) from error
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        raise refuse_file(
            path.name,
            _l(
                "row %(row)s, column %(column)s: %(reason)s",
                row=mark.line + 1 if mark else "–",
                column=mark.column + 1 if mark else "–",
                reason=error.problem,
            ),
        ) from error
    if not isinstance(document, dict) or not set(document) <= set(KNOWN_KEYS):
        raise refuse_file(
            path.name, _l("may have only these keys: %(keys)s", keys=", ".join(KNOWN_KEYS))
        )
    questions, values = document.get("questions") or {}, document.get("values") or {}
    if not _is_texts(questions) or not (
        isinstance(values, dict) and all(_is_texts(inner) for inner in values.values())
    ):
        raise refuse_file(
            path.name, _l("questions must be {question: column}, values {question: {cell: code}}")
        )
    return AnswersMap(
        id_column=document.get("id") or "id",
        street_column=document.get("street") or STREET,
        questions=questions,
        values=values,
    )


def _is_texts(value: Any) -> bool:
    return isinstance(value, dict) and all(isinstance(text, str) for text in value.values())


class RowReader:
    """Reads the answers out of rows, for one questionnaire, map and table header.

    Raises Refused when the map names a question or code that does not exist, or when no column
    of the table is a question of an indicator.
    """

    def __init__(self, instrument: Instrument, mapping: AnswersMap, table: TableIn) -> None:
        self._instrument = instrument
        named = {self._question(name): column for name, column in mapping.questions.items()}
        table.require(mapping.id_column, *named.values())
        own = {code: code for code in instrument.questions if code in table.columns}
        #: {question: column}
        self.columns = own | named
        scored = {q for items in instrument.indicator_items.values() for q in items}
        if not scored & set(self.columns):
            raise refuse_file(
                table.name,
                _l(
                    "no column is a question of the questionnaire; say which with --column "
                    "question=column or --map. Questions: %(questions)s. Columns: %(columns)s",
                    questions=", ".join(instrument.questions),
                    columns=", ".join(table.columns),
                ),
            )
        given = {
            self._question(name): values
            for name, values in mapping.values.items()
            if name != STREET
        }
        self._options = {
            code: self._known_cells(code) | self._mapped(code, given.get(code, {}))
            for code in (*instrument.choice_codes, *instrument.tag_codes)
        }

    def _question(self, name: str) -> str:
        """The code of a question named by its code or by its margin variable."""
        code = self._instrument.margin_questions.get(name, name)
        if code not in self._instrument.questions:
            raise Refused(
                "unknown_question",
                _l(
                    "The questionnaire has no question %(name)s; it has: %(known)s.",
                    name=name,
                    known=", ".join(self._instrument.questions),
                ),
                status=422,
            )
        return code

    def _known_cells(self, code: str) -> dict[str, str]:
        """{cell in lower case: option} of codes and texts."""
        cells: dict[str, str] = {}
        for option in self._instrument.options(code):
            for text in (option["code"], *option["text"].values()):
                cells[str(text).casefold()] = option["code"]
        return cells

    def _mapped(self, code: str, values: Mapping[str, str]) -> dict[str, str]:
        known = {option["code"] for option in self._instrument.options(code)}
        wrong = sorted(set(values.values()) - known)
        if wrong:
            raise Refused(
                "unknown_option",
                _l(
                    "%(wrong)s is no answer to %(question)s; its answers: %(known)s.",
                    wrong=", ".join(wrong),
                    question=code,
                    known=", ".join(sorted(known)),
                ),
                status=422,
            )
        return {cell.casefold(): option for cell, option in values.items()}

    def answers(self, row: Row) -> tuple[dict[str, str], list[Rejected]]:
        """({question: option code or text}, problems); an empty cell is no answer."""
        answers: dict[str, str] = {}
        problems = []
        for code, column in self.columns.items():
            cell = row.cells[column]
            options = self._options.get(code)
            if code in self._instrument.tag_codes:
                ticked, unknown = self._ticked(code, cell)
                if unknown:
                    reason = _l(
                        "%(cell)s is no answer to %(question)s", cell=unknown[:40], question=code
                    )
                    problems.append(Rejected(row.number, column, reason))
                elif ticked:
                    answers[code] = " ".join(ticked)
            elif options is None:
                longest = self._instrument.questions[code]["max_length"]
                if len(cell) > longest:
                    reason = _l("has more than %(count)s characters", count=longest)
                    problems.append(Rejected(row.number, column, reason))
                elif cell:
                    answers[code] = cell
            elif (option := options.get(cell.casefold())) is not None:
                answers[code] = option
            elif cell:
                reason = _l("%(cell)s is no answer to %(question)s", cell=cell[:40], question=code)
                problems.append(Rejected(row.number, column, reason))
        return answers, problems

    def _ticked(self, code: str, cell: str) -> tuple[list[str], str]:
        """(tags, the first part that is none): one text, texts with commas, codes with spaces."""
        known = self._options[code]
        if cell.casefold() in known:
            return [known[cell.casefold()]], ""
        apart = _COMMAS if _COMMAS.search(cell) else _SPACES
        parts = [part.strip() for part in apart.split(cell) if part.strip()]
        unknown = next((part for part in parts if part.casefold() not in known), "")
        return [known[part.casefold()] for part in parts if part.casefold() in known], unknown
