"""What a file of evidence is: told by its first bytes, not by its name; and a name that is safe.

Nothing here opens a document: a zip's list of names is read and nothing in it is unpacked.
"""

from __future__ import annotations

import hashlib
import io
import unicodedata
import zipfile
from dataclasses import dataclass
from pathlib import PurePosixPath

from flask_babel import lazy_gettext as _l

from survey.errors import Refused

MOST_FILES = 5
MOST_BYTES = 5 * 1024 * 1024
LONGEST_NAME = 120
_OFFICE = "application/vnd.openxmlformats-officedocument."
#: {extension: media type}; the first is put after a name that has none.
MEDIA_TYPES = {
    "pdf": "application/pdf",
    "png": "image/png",
    "jpg": "image/jpeg",
    "jpeg": "image/jpeg",
    "docx": f"{_OFFICE}wordprocessingml.document",
    "xlsx": f"{_OFFICE}spreadsheetml.sheet",
}
_OPENINGS = ((b"%PDF-", "pdf"), (b"\x89PNG\r\n\x1a\n", "png"), (b"\xff\xd8\xff", "jpg"))
_PARTS = {"word/document.xml": "docx", "xl/workbook.xml": "xlsx"}
_MOST_ENTRIES = 10_000


@dataclass(frozen=True)
class Evidence:
    """A checked file: content as it came, its hexadecimal sha256, a name without any path."""

    name: str
    media_type: str
    sha256: str
    content: bytes


def checked(name: str, content: bytes) -> Evidence:
    """The file when it may be kept.

    Raises Refused: 413 for more than 5 MB; 422 for an empty file, for content that is none of
    PDF, PNG, JPEG, DOCX and XLSX, and for a name that says something else than the content.
    """
    shown = safe_name(name)
    if not content:
        raise Refused("file_empty", _l("The file %(name)s is empty.", name=shown), status=422)
    if len(content) > MOST_BYTES:
        raise Refused(
            "file_too_large",
            _l("The file %(name)s is larger than 5 MB. Make it smaller.", name=shown),
            status=413,
        )
    kind = kind_of(content)
    extension = PurePosixPath(shown).suffix.lower().lstrip(".")
    if kind is None or (extension and MEDIA_TYPES.get(extension) != MEDIA_TYPES[kind]):
        raise Refused(
            "file_wrong_type",
            _l(
                "The file %(name)s is not what it should be. Evidence is PDF, PNG, JPEG, DOCX or "
                "XLSX, without macros, and its name ends accordingly.",
                name=shown,
            ),
            status=422,
        )
    return Evidence(
        name=shown if extension else f"{shown}.{kind}",
        media_type=MEDIA_TYPES[kind],
        sha256=hashlib.sha256(content).hexdigest(),
        content=content,
    )


def kind_of(content: bytes) -> str | None:
    """The extension that belongs to the content; None when it is no kind of evidence."""
    for opening, kind in _OPENINGS:
        if content.startswith(opening):
            return kind
    if not content.startswith(b"PK\x03\x04"):
        return None
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as parts:
            names = parts.namelist()
    except (zipfile.BadZipFile, ValueError, OSError, EOFError, NotImplementedError):
        return None
    if len(names) > _MOST_ENTRIES or "[Content_Types].xml" not in names:
        return None
    if any(name.lower().endswith("vbaproject.bin") for name in names):
        return None
    found = [kind for part, kind in _PARTS.items() if part in names]
    return found[0] if len(found) == 1 else None


def safe_name(name: str) -> str:
    """The last part of a file's name without control, format and unprintable characters.

    Both kinds of slashes end a part. At most 120 characters, the extension kept; `evidence` when
    nothing is left.
    """
    last = name.replace("\\", "/").rsplit("/", 1)[-1]
    kept = "".join(one for one in last if unicodedata.category(one)[0] not in "CZ" or one == " ")
    kept = kept.strip(" .")
    if len(kept) <= LONGEST_NAME:
        return kept or "evidence"
    suffix = PurePosixPath(kept).suffix[:10]
    return kept[: LONGEST_NAME - len(suffix)] + suffix
