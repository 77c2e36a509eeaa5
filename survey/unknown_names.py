"""Failed sign-ins for names that no account has: refused in the same words as an account's.

They are counted where request limits are (JIEPING_LIMITS_URL), not in the database: names that
somebody makes up must not fill it. Exact over several processes with Redis.
"""

from __future__ import annotations

from datetime import UTC, datetime
from hashlib import sha256
from typing import Any

from flask import Flask, current_app
from limits import RateLimitItem, RateLimitItemPerDay, RateLimitItemPerMinute
from limits.storage import storage_from_string
from limits.strategies import FixedWindowRateLimiter

from survey.services.sign_in_attempts import LOCKED_FOR, MOST_FAILURES

COUNTED: RateLimitItem = RateLimitItemPerDay(MOST_FAILURES, namespace="unknown_names")
LOCK: RateLimitItem = RateLimitItemPerMinute(
    1, int(LOCKED_FOR.total_seconds()) // 60, namespace="unknown_names_locked"
)


def register(app: Flask) -> None:
    """Open the store of the counts."""
    storage: Any = storage_from_string(app.config["LIMITS_URL"])
    app.extensions["unknown_names"] = FixedWindowRateLimiter(storage)


def failed(name: str) -> datetime | None:
    """Count a failed attempt for an unknown name; until when (UTC) it is refused, or None."""
    counts: FixedWindowRateLimiter = current_app.extensions["unknown_names"]
    # Not the name itself: somebody may have typed a password into the wrong field.
    key = sha256(name.encode()).hexdigest()
    if counts.test(LOCK, key):
        counts.hit(COUNTED, key)
        if counts.get_window_stats(COUNTED, key).remaining:
            return None
        counts.clear(COUNTED, key)
        counts.hit(LOCK, key)
    until = counts.get_window_stats(LOCK, key).reset_time
    return datetime.fromtimestamp(until, UTC).replace(tzinfo=None)
