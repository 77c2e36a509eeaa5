"""Names the calendar quarters in which something was said."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date


def quarter(day: date) -> str:
    """Return the calendar quarter of a day, such as 2019Q3."""
    return f"{day.year}Q{(day.month + 2) // 3}"


def latest_quarters(days: Sequence[date], *, most: int) -> list[str]:
    """Return the last ``most`` quarters up to the latest of ``days``, oldest first."""
    if not days:
        return []
    last = max(days)
    number = last.year * 4 + (last.month - 1) // 3
    return [f"{n // 4}Q{n % 4 + 1}" for n in range(number - most + 1, number + 1)]
