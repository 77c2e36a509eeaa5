"""The resident page, rendered once and kept compressed; only the submission key differs.

Rendering and compressing cost a hundred times more than sending, and a page depends on nothing
but the point, the wave, the language and the size. So it is kept as two deflated halves with the
place of the key between them; a request puts its own key there as a stored (uncompressed)
deflate block. RFC 1951 (3.2.4) allows that between any two blocks, RFC 1952 frames the whole.
"""

from __future__ import annotations

import re
import secrets
import struct
import zlib
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from threading import Lock

from flask import Response, current_app, render_template, request
from werkzeug.datastructures import Headers

from survey.condense import condense_css, condense_js
from survey.security import csp, source_hash

STATIC = Path(__file__).parent / "static"
KEY_PLACE = "@submission-key@"
KEPT_PAGES = 500
_GZIP_HEADER = b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x02\xff"


@dataclass(frozen=True)
class Inlined:
    """A style and a script that a page carries, and the policy that allows exactly them."""

    css: str
    js: str
    policy: str


def inlined(kind: str) -> Inlined:
    """The style and the script of a kind of page, survey | notice; read once a process."""
    kept: dict[str, Inlined] = current_app.extensions.setdefault("resident_inlined", {})
    if kind not in kept:
        styles, scripts = ["tokens", "resident"], ["resident"]
        if kind == "notice":
            styles.append("receipt")
            scripts.append("notice")
        if current_app.config["SURVEY_LAYOUT"] == "steps":
            styles.append("steps")
            scripts.append("steps")
        css = condense_css(_read("css", styles))
        js = condense_js(_read("js", scripts))
        allowed = {"style_src": source_hash(css), "script_src": source_hash(js)}
        # A survey has no pictures but the icon it brings.
        policy = csp(**allowed, img_src="data:") if kind == "survey" else csp(**allowed)
        kept[kind] = Inlined(css, js, policy)
    return kept[kind]


def _read(kind: str, names: Sequence[str]) -> str:
    paths = (STATIC / kind / f"{name}.{kind}" for name in names)
    return "\n".join(path.read_text(encoding="utf-8") for path in paths)


@dataclass(frozen=True)
class KeptPage:
    """A rendered page in two halves, plain and deflated."""

    before: bytes
    after: bytes
    deflated_before: bytes
    deflated_after: bytes
    crc_before: int

    @classmethod
    def from_html(cls, html: str) -> KeptPage:
        """Split at the place of the key. Raises ValueError when it is not there exactly once."""
        # No space between two tags means anything on this page.
        before, after = (part.encode() for part in re.sub(r">\n+<", "><", html).split(KEY_PLACE))
        first = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS)
        # Style, script and words each get a code of their own: their letters differ.
        deflated = [
            first.compress(part) + first.flush(zlib.Z_BLOCK)
            for part in re.split(b"(?=<script>|<body)", before)
        ]
        last = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS)
        return cls(
            before,
            after,
            # A full flush ends at a byte boundary and lets nothing refer back over it.
            b"".join(deflated) + first.flush(zlib.Z_FULL_FLUSH),
            last.compress(after) + last.flush(zlib.Z_FINISH),
            zlib.crc32(before),
        )

    def plain(self, key: bytes) -> bytes:
        """The page with `key` in its place."""
        return self.before + key + self.after

    def gzipped(self, key: bytes) -> bytes:
        """The same as a gzip file (RFC 1952)."""
        stored_block = b"\x00" + struct.pack("<HH", len(key), len(key) ^ 0xFFFF) + key
        crc = zlib.crc32(self.after, zlib.crc32(key, self.crc_before))
        size = len(self.before) + len(key) + len(self.after)
        return b"".join(
            (
                _GZIP_HEADER,
                self.deflated_before,
                stored_block,
                self.deflated_after,
                struct.pack("<II", crc, size & 0xFFFFFFFF),
            )
        )


class PageCache:
    """The last KEPT_PAGES pages of this process, least recently used dropped first."""

    def __init__(self) -> None:
        self._pages: OrderedDict[object, KeptPage] = OrderedDict()
        self._lock = Lock()

    def get(self, key: object) -> KeptPage | None:
        """The page kept under `key`."""
        with self._lock:
            page = self._pages.get(key)
            if page is not None:
                self._pages.move_to_end(key)
            return page

    def put(self, key: object, page: KeptPage) -> None:
        """Keep a page."""
        with self._lock:
            self._pages[key] = page
            if len(self._pages) > KEPT_PAGES:
                self._pages.popitem(last=False)


def page_cache() -> PageCache:
    """The cache of this application."""
    cache: PageCache = current_app.extensions.setdefault("resident_pages", PageCache())
    return cache


def new_submission_key() -> str:
    """128 random bits: a retry carries the same key, two people never share one."""
    return secrets.token_urlsafe(16)


def send(page: KeptPage) -> Response:
    """A kept page with a fresh submission key, compressed when the browser accepts it."""
    key = new_submission_key().encode()
    headers = Headers(
        {
            "Content-Type": "text/html; charset=utf-8",
            # Not no-store: the back button must find the same page with the same key.
            "Cache-Control": "private, no-cache",
            "Vary": "Accept-Encoding",
            "Content-Security-Policy": inlined("survey").policy,
        }
    )
    if "gzip" in request.headers.get("Accept-Encoding", ""):
        headers["Content-Encoding"] = "gzip"
        return Response(page.gzipped(key), headers=headers)
    return Response(page.plain(key), headers=headers)


def survey_html(page: object) -> str:
    """The survey as it is kept: only what answering needs is in its style."""
    parts = inlined("survey")
    return render_template("resident/survey.html", css=parts.css, js=parts.js, page=page)


def render_resident(
    template: str, *, status: int = 200, cache: str = "no-store", **context: object
) -> Response:
    """A resident page that is not kept: receipts, notices, a form with mistakes."""
    parts = inlined("notice")
    html = render_template(template, css=parts.css, js=parts.js, **context)
    response = Response(html, status=status, mimetype="text/html")
    response.headers["Content-Security-Policy"] = parts.policy
    response.headers["Cache-Control"] = cache
    return response
