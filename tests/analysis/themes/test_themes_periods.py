"""In which quarters something was said."""

from __future__ import annotations

from datetime import date

from analysis.themes.periods import latest_quarters, quarter


def test_quarters_are_calendar_quarters() -> None:
    days = [date(2026, 1, 1), date(2026, 3, 31), date(2026, 4, 1), date(2026, 12, 31)]
    assert [quarter(day) for day in days] == ["2026Q1", "2026Q1", "2026Q2", "2026Q4"]
    assert latest_quarters([date(2026, 2, 5)], most=4) == ["2025Q2", "2025Q3", "2025Q4", "2026Q1"]
    assert latest_quarters([], most=4) == []
