"""What appeals and exclusions of a wave put into its evaluation; read by the draft."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from sqlalchemy import select

from analysis.adjustment import ThemeRecord
from analysis.evaluation_records import Appeal as OpenAppeal
from survey.models import Appeal, Exclusion, db
from survey.queries.views import StreetView
from survey.queries.waves import WaveView

REMOVED = "removed"


@dataclass(frozen=True)
class WaveAppeals:
    """Open appeals and upheld ones as (street id, theme id), and why streets are not ranked.

    open: the theme is None for an appeal against something else than a deduction.
    excluded: {street id: reason and document}.
    """

    open: tuple[tuple[int, int | None], ...] = ()
    upheld: frozenset[tuple[int, int]] = frozenset()
    excluded: Mapping[int, str] | None = None

    def excluded_because(self, street_id: int) -> str | None:
        """Reason and document of the exclusion that stands; None when the street is ranked."""
        return (self.excluded or {}).get(street_id)

    def without_upheld(
        self, records: Iterable[ThemeRecord], streets: Iterable[StreetView]
    ) -> tuple[ThemeRecord, ...]:
        """The themes, those that an upheld appeal removed marked as such: they cost nothing."""
        ids = {street.code: street.id for street in streets}
        return tuple(
            replace(one, state=REMOVED)
            if (ids[one.street], one.number or 0) in self.upheld
            else one
            for one in records
        )

    def open_ones(
        self, streets: Iterable[StreetView], records: Iterable[ThemeRecord]
    ) -> tuple[OpenAppeal, ...]:
        """The open appeals as the evaluation takes them, in the order they were filed.

        One against a theme that is not counted any more, as after a merge, is taken as one
        against anything: nobody can say what it would change.
        """
        codes = {street.id: street.code for street in streets}
        labels = {(one.street, one.number): one.label for one in records}
        return tuple(
            OpenAppeal(codes[street_id], labels.get((codes[street_id], theme_id)))
            for street_id, theme_id in self.open
            if street_id in codes
        )


def wave_appeals(wave: WaveView) -> WaveAppeals:
    """The appeals and exclusions of a wave as they stand. Two queries."""
    rows = db.session.execute(
        select(Appeal.street_id, Appeal.theme_id, Appeal.status)
        .where(Appeal.wave_id == wave.id, Appeal.status.in_(("open", "upheld")))
        .order_by(Appeal.id)
    ).all()
    found = select(Exclusion.street_id, Exclusion.reason, Exclusion.document).where(
        Exclusion.wave_id == wave.id, Exclusion.lifted_at.is_(None)
    )
    return WaveAppeals(
        open=tuple((street, theme) for street, theme, status in rows if status == "open"),
        upheld=frozenset(
            (street, theme)
            for street, theme, status in rows
            if status == "upheld" and theme is not None
        ),
        excluded={
            street: f"{reason} ({document})"
            for street, reason, document in db.session.execute(found)
        },
    )


def appeals_are_known(wave: WaveView) -> bool:
    """Whether there can be appeals: answers are no longer taken, so there is something to appeal.

    Before, the condition on appeals is not met for want of knowledge.
    """
    return wave.status in ("closed", "published")
