"""Keep out of typed words what nobody can see: control characters and direction overrides.

A zero byte cannot be stored by PostgreSQL; an override lets a name or a number be read in another
order than it was written. Marks that scripts written from right to left need are kept.
"""

from __future__ import annotations

import unicodedata
from typing import IO

from flask import Request
from werkzeug.datastructures import FileStorage, MultiDict
from werkzeug.formparser import FormDataParser

KEPT = "\t\n\r"
# Embeddings, overrides and isolates.
DIRECTIONS = "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
_DROPPED: dict[int, None] = {
    number: None
    for number in range(0xA0)
    if unicodedata.category(chr(number)) == "Cc" and chr(number) not in KEPT
} | {ord(one): None for one in DIRECTIONS}


def plain(words: str) -> str:
    """The words without control characters (tab and line ends stay) and direction overrides."""
    return words.translate(_DROPPED)


class PlainForms(FormDataParser):
    """Reads a form as Werkzeug does, and keeps only what can be seen of its fields."""

    def parse(
        self,
        stream: IO[bytes],
        mimetype: str,
        content_length: int | None,
        options: dict[str, str] | None = None,
    ) -> tuple[IO[bytes], MultiDict[str, str], MultiDict[str, FileStorage]]:
        """Stream, fields and files of a form."""
        rest, fields, files = super().parse(stream, mimetype, content_length, options)
        cleaned = MultiDict((name, plain(value)) for name, value in fields.items(multi=True))
        return rest, cleaned, files


class PlainRequest(Request):
    """A request whose form fields hold nothing that cannot be seen."""

    form_data_parser_class = PlainForms
