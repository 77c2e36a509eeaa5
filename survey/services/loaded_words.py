"""What every loader of residents' words does alike: who wrote them, in which language, when."""

from __future__ import annotations

import hmac
import re
from datetime import UTC, datetime, time
from typing import Any

from flask import current_app

LONGEST_BODY = 20_000
LONGEST_TITLE = 300
LONGEST_KEY = 80
LONGEST_SOURCE = 60
# 2026-11-24, 2026/11/24 9:30, 2026年11月24日 9:30:05.
MOMENT = re.compile(
    r"(\d{4})[-/.年](\d{1,2})[-/.月](\d{1,2})日?"
    r"(?:[ T]+(\d{1,2}):(\d{1,2})(?::(\d{1,2})(?:\.\d+)?)?)?"
)
_HAN = re.compile("[\u3400-\u9fff]")


def person_hash(source: str, person: str) -> str | None:
    """Keyed, so that it cannot be found by trying names; per source, so that none are joined."""
    if not person:
        return None
    secret = current_app.config["SECRET_KEY"].encode()
    return hmac.new(secret, f"person\n{source}\n{person}".encode(), "sha256").hexdigest()


def language_of(words: str) -> str:
    """'zh' when there is a Chinese character in it, else 'en'."""
    return "zh" if _HAN.search(words) else "en"


def moment_of(text: str) -> tuple[datetime, bool] | None:
    """(UTC without zone, whether a time of day was given) of a time as written in the district.

    A day alone is its first moment. None for anything that is no time of the calendar.
    """
    match = MOMENT.fullmatch(text)
    if match is None:
        return None
    year, month, day, hour, minute, second = (int(part or 0) for part in match.groups())
    zone: Any = current_app.config["TIMEZONE"]
    try:
        local = datetime(year, month, day, hour, minute, second, tzinfo=zone)
        return local.astimezone(UTC).replace(tzinfo=None), match.group(4) is not None
    except (ValueError, OverflowError):
        # The first day of the year 1 begins here before there is a year in UTC.
        return None


def end_of_day(moment: datetime) -> datetime:
    """The last moment (UTC) of the local day of `moment` (UTC)."""
    zone: Any = current_app.config["TIMEZONE"]
    day = moment.replace(tzinfo=UTC).astimezone(zone).date()
    return datetime.combine(day, time.max, zone).astimezone(UTC).replace(tzinfo=None)
