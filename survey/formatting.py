"""How things are said: the reader's language, and dates and numbers in it."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from typing import Any

from babel import Locale
from flask import Flask, Response, current_app, g, has_request_context, request
from flask_babel import format_date, format_datetime, get_locale
from werkzeug.datastructures import LanguageAccept
from werkzeug.http import parse_accept_header

# Language as it stands in addresses and documents -> locale of the translations.
LOCALES = {"zh": "zh_Hans_CN", "en": "en"}
# Parsed once: a request needs its locale before anything else.
_PARSED = {tag: Locale.parse(tag) for tag in LOCALES.values()}


def select_locale() -> Locale | None:
    """The reader's locale: ?lang=, then what they chose before, then what their browser asks for.

    None (outside a request) makes Flask-Babel use the default of the installation.
    """
    if not has_request_context():
        return None
    asked = request.args.get("lang") or request.cookies.get("lang")
    if asked in LOCALES:
        return _PARSED[LOCALES[asked]]
    # An account's own language is put into g by the sign-in.
    if getattr(g, "account_language", "") in LOCALES:
        return _PARSED[LOCALES[g.account_language]]
    wanted = _wanted_language(request.headers.get("Accept-Language", ""))
    return _PARSED[LOCALES[wanted] if wanted else current_app.config["BABEL_DEFAULT_LOCALE"]]


@lru_cache(maxsize=256)
def _wanted_language(header: str) -> str | None:
    """The language of ours that an Accept-Language header likes best; phones send few different."""
    accepted = parse_accept_header(header, LanguageAccept)
    best = accepted.best_match(["zh", "zh-CN", "zh-Hans", "zh-TW", "en"])
    return best[:2] if best else None


def language() -> str:
    """The reader's language, 'zh' or 'en'."""
    locale = get_locale()
    return "en" if locale is not None and locale.language == "en" else "zh"


def by_language(zh: str, en: str) -> str:
    """A name that is data, in the reader's language; Chinese when the English one is empty."""
    return en if language() == "en" and en else zh


def local_time(moment: datetime) -> datetime:
    """A UTC time without zone, as stored, in the time zone of the district."""
    return moment.replace(tzinfo=UTC).astimezone(current_app.config["TIMEZONE"])


def say_date(moment: datetime | None) -> str:
    """2026年11月24日 or 24 Nov 2026, in the time zone of the district."""
    if moment is None:
        return ""
    pattern = "d MMM y" if language() == "en" else "y年M月d日"
    return format_date(local_time(moment).date(), pattern)


def say_day(day: date | None) -> str:
    """A calendar day, in the same form."""
    if day is None:
        return ""
    return format_date(day, "d MMM y" if language() == "en" else "y年M月d日")


def say_last_day(closes_at: datetime | None) -> str:
    """The last day on which answers are taken: a wave that ends at midnight ends the day before."""
    return say_date(closes_at - timedelta(seconds=1)) if closes_at is not None else ""


def say_time(moment: datetime | None) -> str:
    """The date with hours and minutes."""
    if moment is None:
        return ""
    pattern = "d MMM y, HH:mm" if language() == "en" else "y年M月d日 HH:mm"
    return format_datetime(moment.replace(tzinfo=UTC), pattern)


def say_number(value: float | None, decimals: int = 1) -> str:
    """A number with a fixed number of decimals; an en dash when there is none."""
    return "–" if value is None else f"{value:,.{decimals}f}"


def say_interval(low: float | None, high: float | None, decimals: int = 1) -> str:
    """An interval as low – high."""
    if low is None or high is None:
        return "–"
    return f"{low:.{decimals}f} – {high:.{decimals}f}"


def remember_language(response: Response) -> Response:
    """Keep a language chosen by ?lang= for a year, except on the cookie-less resident page."""
    asked = request.args.get("lang")
    if asked in LOCALES and not request.path.startswith(("/s/", "/r/", "/kiosk/", "/api/")):
        response.set_cookie("lang", asked, max_age=31_536_000, samesite="Lax", httponly=True)
    return response


def template_words() -> dict[str, Any]:
    """What every template can use."""
    return {
        "language": language(),
        "locale_tag": "en" if language() == "en" else "zh-Hans-CN",
        "other_language": "zh" if language() == "en" else "en",
        "by_language": by_language,
        "say_date": say_date,
        "say_day": say_day,
        "say_last_day": say_last_day,
        "say_time": say_time,
        "say_number": say_number,
        "say_interval": say_interval,
    }


def register(app: Flask) -> None:
    """Attach the words to the templates and the memory of the language to the responses."""
    app.context_processor(template_words)
    app.after_request(remember_language)
