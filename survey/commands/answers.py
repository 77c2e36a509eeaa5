"""`answers load`: store answers that were collected elsewhere."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import click

from survey.clock import utc_now
from survey.commands.loading import progress, rejected_rows
from survey.services.answers import load_answers
from survey.services.answers_map import AnswersMap, read_map


@click.group("answers")
def command() -> None:
    """Answers collected by telephone, on paper or by another system."""


@command.command("load")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--wave", required=True, help="Code of the wave they belong to.")
@click.option("--point", help="Code of the point that all rows come from.")
@click.option("--channel", help="Or the channel (cati, paper …); each row then names its street.")
@click.option("--map", "map_file", type=click.Path(path_type=Path), help="YAML: see below.")
@click.option("--column", "columns", multiple=True, help="QUESTION=COLUMN; may be repeated.")
@click.option("--id-column", help="Column of the row's id. Default: id.")
@click.option("--street-column", help="Column of the street's code. Default: street.")
@click.option("--category", "categories", multiple=True, help="QUESTION:CELL=OPTION; repeatable.")
@click.option("--source", default="", help="Name of the list, when two lists use the same ids.")
@click.option("--report", type=click.Path(path_type=Path), help="CSV for all rejected rows.")
def load(
    file: Path,
    wave: str,
    point: str | None,
    channel: str | None,
    map_file: Path | None,
    columns: Sequence[str],
    id_column: str | None,
    street_column: str | None,
    categories: Sequence[str],
    source: str,
    report: Path | None,
) -> None:
    """Store the answers in FILE (CSV, UTF-8 or GB18030): all rows or none.

    A question is read from the column of its own code unless --column or the map says otherwise.
    A cell may be an option's code (1 … 5, dk), its text in Chinese or English, or what
    --category maps: --category sex:1=M. An empty cell is no answer. Questions of a margin may be
    named by their variable; --category street:A=s01 maps street names.

    Rejected rows are listed with row (the header is row 1), column and reason; then nothing is
    stored and the exit status is 1. A row that was loaded before is rejected.

    \b
    The map is a small YAML file:
      id: interview
      street: area
      questions: {party: q1, urban: q2, welfare: q3, community: q4, safety: q5}
      values:
        sex: {"1": M, "2": F}
    Example: flask --app survey answers load cati.csv --wave 2026q4 --channel cati \\
               --map docs/examples/answers-map.yaml --report rejected.csv
    """
    if (point is None) == (channel is None):
        raise click.UsageError("give either --point or --channel")
    mapping = _mapping(map_file, columns, categories)
    mapping = replace(
        mapping,
        id_column=id_column or mapping.id_column,
        street_column=street_column or mapping.street_column,
    )
    with rejected_rows(report), progress(file.name) as show:
        done = load_answers(
            file,
            wave=wave,
            now=utc_now(),
            mapping=mapping,
            point=point,
            channel=channel,
            source=source,
            show=show,
        )
    click.echo(
        f"{done.stored} answers stored ({done.valid} count in the index) in {done.streets} "
        "streets; the worker, or `rollup`, folds them"
    )


def _mapping(
    map_file: Path | None, columns: Sequence[str], categories: Sequence[str]
) -> AnswersMap:
    """The map of the file with the flags put over it."""
    base = AnswersMap() if map_file is None else read_map(map_file)
    questions = dict(base.questions)
    values = {name: dict(cells) for name, cells in base.values.items()}
    for given in columns:
        question, sign, column = given.partition("=")
        if not (question and sign and column):
            raise click.UsageError(f"--column {given}: must be QUESTION=COLUMN")
        questions[question] = column
    for given in categories:
        question, colon, rest = given.partition(":")
        cell, sign, option = rest.rpartition("=")
        if not (question and colon and sign and option):
            raise click.UsageError(f"--category {given}: must be QUESTION:CELL=OPTION")
        values.setdefault(question, {})[cell] = option
    return replace(base, questions=questions, values=values)
