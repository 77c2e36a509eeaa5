"""Answer with a public page: not sent again, nor put together again, until something changes.

A page's key is the hash of all it depends on; who has the page of that key is told so before
anything is rendered, and what this process rendered under it is sent as it is.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from flask import Response, current_app, render_template, request

from survey.formatting import language

#: Pages that a process keeps: two languages of a district of twenty streets and some more.
KEPT = 64
KEPT_CHARACTERS = 400_000
ROOT = Path(__file__).resolve().parents[2]
#: What every page is made of besides its data.
SOURCES = (
    "templates/public/*.html",
    "templates/layouts/base.html",
    "templates/macros/ui.html",
    "survey/translations/*/LC_MESSAGES/*.mo",
    "survey/formatting.py",
    "survey/wording.py",
)


def page(template: str, *, depends: object, **context: Any) -> Response:
    """The page, or 304 for who has it.

    depends: everything the page shows that may change, with a repr that says all of it; the
    address, the language and the product's own templates and words are added here.
    """
    key = _key(template, depends)
    response = Response(mimetype="text/html")
    response.headers["Cache-Control"] = "no-cache"
    response.vary.update(("Accept-Language", "Cookie"))
    response.set_etag(key[:32], weak=True)
    if request.if_none_match.contains_weak(key[:32]):
        response.status_code = 304
        return response
    response.set_data(_rendered(key, template, context))
    return response


def _key(template: str, depends: object) -> str:
    told = (
        _release(),
        template,
        language(),
        request.root_url,
        request.path,
        request.query_string,
        depends,
    )
    return hashlib.sha256(repr(told).encode()).hexdigest()


def _rendered(key: str, template: str, context: Mapping[str, Any]) -> str:
    kept: dict[str, str] = current_app.extensions.setdefault("public_pages", {})
    html = kept.pop(key, None)
    if html is None:
        html = render_template(template, **context)
    if len(html) <= KEPT_CHARACTERS:
        kept[key] = html
    while len(kept) > KEPT:
        # Another thread may have taken the same one out.
        kept.pop(next(iter(kept), key), None)
    return html


def _release() -> str:
    """The hash of what the product itself puts on its pages; read once a process."""
    found: str | None = current_app.extensions.get("public_release")
    if found is None:
        digest = hashlib.sha256()
        for pattern in SOURCES:
            for path in sorted(ROOT.glob(pattern)):
                digest.update(path.read_bytes())
        found = current_app.extensions["public_release"] = digest.hexdigest()
    return found
