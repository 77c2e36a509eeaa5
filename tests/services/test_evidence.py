"""Files of evidence: told by their first bytes, with names that lead nowhere."""

from __future__ import annotations

import io
import zipfile

import pytest

from survey.errors import Refused
from survey.evidence import MOST_BYTES, checked, safe_name

PDF = b"%PDF-1.7\n" + b"evidence " * 10


def office_file(*names: str) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as made:
        for name in names:
            made.writestr(name, "x")
    return out.getvalue()


@pytest.mark.parametrize(
    ("given", "name"),
    [
        ("../../etc/passwd.pdf", "passwd.pdf"),
        ("C:\\temp\\照片.PNG", "照片.PNG"),
        ("a\r\nSet-Cookie: x.pdf", "aSet-Cookie: x.pdf"),
        ("\x00", "evidence"),
        ("..", "evidence"),
        ("x" * 300 + ".docx", "x" * 115 + ".docx"),
    ],
)
def test_a_file_name_keeps_nothing_that_leads_anywhere(given: str, name: str) -> None:
    assert safe_name(given) == name


@pytest.mark.parametrize(
    ("name", "content", "kept"),
    [
        ("a.pdf", PDF, True),
        ("a.png", b"\x89PNG\r\n\x1a\n...", True),
        ("a.jpeg", b"\xff\xd8\xff\xe0...", True),
        ("a.docx", office_file("[Content_Types].xml", "word/document.xml"), True),
        ("a.xlsx", office_file("[Content_Types].xml", "xl/workbook.xml"), True),
        ("a.png", PDF, False),
        ("a.html", b"<!doctype html>", False),
        ("a.zip", office_file("a.exe"), False),
        ("a.docx", office_file("a.exe"), False),
        ("a.docx", b"PK\x03\x04 but no zip", False),
        ("a.svg", b"<svg onload='x()'/>", False),
        (
            "a.docx",
            office_file("[Content_Types].xml", "word/document.xml", "word/vbaProject.bin"),
            False,
        ),
        ("a.pdf", PDF + b"x" * MOST_BYTES, False),
    ],
)
def test_a_file_is_what_its_first_bytes_say(name: str, content: bytes, kept: bool) -> None:
    if kept:
        assert checked(name, content).name == name
    else:
        with pytest.raises(Refused):
            checked(name, content)
