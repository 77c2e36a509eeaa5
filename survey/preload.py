"""Load what the first request of a page would load, before there is a request.

A process that serves is forked from one that holds the application; what is loaded in that one
is there for all of them and is loaded once. Without it the first visitor of the evaluation waits
until its templates are compiled, which takes longer than the page itself.
"""

from __future__ import annotations

from flask import Flask
from flask_babel import force_locale, gettext

from survey.formatting import LOCALES


def load(app: Flask) -> int:
    """Compile every template and read every language's words; how many templates. No query."""
    names = app.jinja_env.list_templates()
    for name in names:
        app.jinja_env.get_template(name)
    with app.test_request_context():
        for locale in LOCALES.values():
            with force_locale(locale):
                gettext("Satisfaction")
    return len(names)
