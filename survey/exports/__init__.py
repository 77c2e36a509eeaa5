"""Exports: the tables of a wave (tables.py) in each format, in one registry that checks itself."""

from __future__ import annotations

from survey.exports.base import Format
from survey.exports.csv_file import CSV
from survey.exports.json_file import JSON
from survey.exports.xlsx_file import XLSX

FORMATS: dict[str, Format] = {known.name: known for known in (JSON, CSV, XLSX)}
