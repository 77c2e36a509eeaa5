"""The published figures of earlier waves in a full bundle: written to a table and read back.

One row a wave, street and figure: ``public``, ``adjusted``, ``direct``, ``indicator``, and as they
were counted another way ``other`` (待核查 responses) and ``random`` (the random stream alone; its
``n_effective`` is the stream's, also where there is no such score).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from analysis.bundle_tables import EARLIER, read_rows, write_rows
from analysis.types import AnalysisError, Estimate
from analysis.year_records import Counted, StreetWave, WaveFigures

ESTIMATES = ("public", "adjusted", "direct")


def earlier_files(earlier: Sequence[WaveFigures]) -> dict[str, bytes]:
    """The table of the earlier waves; no file when there are none, as it was before pools."""
    return {EARLIER.name: write_rows(EARLIER, earlier_rows(earlier))} if earlier else {}


def earlier_rows(earlier: Sequence[WaveFigures]) -> Iterator[tuple[Any, ...]]:
    """Every figure of every earlier wave."""
    for wave in earlier:
        for street in wave.streets.values():
            about = (wave.code, wave.questionnaire, street.code, street.group)
            for name in ESTIMATES:
                yield *about, name, "", *cells(getattr(street, name))
            for code, estimate in street.indicators.items():
                yield *about, "indicator", code, *cells(estimate)
            if street.other_public is not None:
                yield *about, "other", "", *counted_cells(street.other_public, None)
            alone, size = street.random_public, street.n_effective_random
            if alone is not None or size is not None:
                yield *about, "random", "", *counted_cells(alone, size)


def cells(e: Estimate) -> tuple[Any, ...]:
    """An estimate as cells of a row."""
    return (e.value, e.low, e.high, e.n, e.n_effective, e.suppressed_because, e.se, e.df, e.random)


def counted_cells(counted: Counted | None, size: float | None) -> tuple[Any, ...]:
    """A score counted another way as cells of a row."""
    value, se = counted or (None, None)
    return (value, None, None, 0, size, None, se, None, False)


def read_earlier(files: Any) -> tuple[WaveFigures, ...]:
    """The earlier waves of a bundle, newest first; none when it has no such table.

    Raises ``AnalysisError`` (``bad_bundle``).
    """
    if EARLIER.name not in files:
        return ()
    found: dict[tuple[str, str], dict[str, dict[str, Any]]] = {}
    for wave, checksum, code, group, figure, indicator, *numbers in read_rows(
        EARLIER, files[EARLIER.name]
    ):
        street = found.setdefault((wave, checksum), {}).setdefault(
            code, {"code": code, "group": group, "indicators": {}}
        )
        take(street, figure, indicator, numbers)
    return tuple(
        WaveFigures(wave, checksum, {code: street_wave(code, s) for code, s in streets.items()})
        for (wave, checksum), streets in found.items()
    )


def take(street: dict[str, Any], figure: str, indicator: str, numbers: Sequence[Any]) -> None:
    """Put one row into the figures of its street. Raises ``AnalysisError`` (``bad_bundle``)."""
    value, low, high, n, size, because, se, df, random = numbers
    counted = None if value is None or se is None else (value, se)
    given: dict[str, Any] = {}
    if figure == "other":
        given = {"other_public": counted}
    elif figure == "random":
        given = {"random_public": counted, "n_effective_random": size}
    elif figure in (*ESTIMATES, "indicator"):
        estimate = Estimate(value, low, high, n, size or 0.0, because or None, se, df, random)
        if figure == "indicator":
            given, street = {indicator: estimate}, street["indicators"]
        else:
            given = {figure: estimate}
    if not given or set(given) & set(street):
        raise AnalysisError(
            "bad_bundle",
            f"{EARLIER.name}: the figure {figure!r} is unknown or stands twice for a street.",
            file=EARLIER.name,
        )
    street |= given


def street_wave(code: str, given: dict[str, Any]) -> StreetWave:
    """The record of a street; ``AnalysisError`` (``bad_bundle``) when a figure is missing."""
    missing = [name for name in ESTIMATES if name not in given]
    if missing:
        raise AnalysisError(
            "bad_bundle",
            f"{EARLIER.name} has no figure {missing[0]!r} of the street {code}.",
            file=EARLIER.name,
        )
    return StreetWave(**given)


def year_circumstances(wave: str, earlier: Sequence[WaveFigures]) -> dict[str, str]:
    """What the wave is called among those it is pooled with; nothing when it is not pooled."""
    return {"wave": wave} if earlier else {}
