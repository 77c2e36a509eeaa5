"""The clock: the only place that asks what time it is; everything else takes it as an argument."""

from __future__ import annotations

from datetime import UTC, datetime


def utc_now() -> datetime:
    """The time in UTC, without zone, as it is stored."""
    return datetime.now(UTC).replace(tzinfo=None)
