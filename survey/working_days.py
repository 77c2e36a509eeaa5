"""Working days in China: deadlines of notices and appeals, with holidays and worked weekends.

The calendar is data of the package chinesecalendar, which the State Council's announcements fill
year by year; beyond its last year nobody knows the working days yet, and nothing is guessed.
"""

from __future__ import annotations

from datetime import date, timedelta

import chinese_calendar
from flask_babel import lazy_gettext as _l

from survey.errors import Refused
from survey.formatting import say_day

FIRST_DAY = date(min(chinese_calendar.holidays).year, 1, 1)
LAST_DAY = date(max(chinese_calendar.holidays).year, 12, 31)
"""The days that the calendar knows, both included."""


def is_working_day(day: date) -> bool:
    """Whether offices work on `day`; weekends worked in exchange for a holiday count.

    Raises Refused (409, `calendar_expired`) for a day that the calendar does not know.
    """
    if not FIRST_DAY <= day <= LAST_DAY:
        raise _expired()
    return bool(chinese_calendar.is_workday(day))


def add_working_days(day: date, count: int) -> date:
    """The `count`-th working day after `day`, which itself does not count; `day` for 0.

    Raises Refused (409, `calendar_expired`) when that is beyond what the calendar knows, and
    ValueError for a negative count.
    """
    if count < 0:
        raise ValueError(f"count must not be negative: {count}")
    while count:
        day += timedelta(days=1)
        count -= is_working_day(day)
    return day


def add_working_days_beyond(day: date, count: int) -> date:
    """The same without an end: beyond what the calendar knows, Monday to Friday count.

    Raises ValueError for a negative count.
    """
    if count < 0:
        raise ValueError(f"count must not be negative: {count}")
    while count:
        day += timedelta(days=1)
        known = FIRST_DAY <= day <= LAST_DAY
        count -= is_working_day(day) if known else day.weekday() < 5
    return day


def working_days_between(start: date, end: date) -> int:
    """How many working days come after `start` up to and including `end`; 0 when end <= start.

    `working_days_between(day, add_working_days(day, n)) == n`. Raises Refused (409,
    `calendar_expired`) when the calendar does not know them all.
    """
    days = (start + timedelta(days=step) for step in range(1, (end - start).days + 1))
    return sum(is_working_day(day) for day in days)


def _expired() -> Refused:
    return Refused(
        "calendar_expired",
        _l(
            "The calendar of working days ends on %(date)s. Give the last day by hand, or have "
            "the package chinesecalendar updated.",
            date=say_day(LAST_DAY),
        ),
        status=409,
        details={"last_known": LAST_DAY.isoformat()},
    )
