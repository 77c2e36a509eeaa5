"""Whose task a case is by the duty list (权责清单): a proposal with the duty it rests on."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import select

from survey.models import WaveDuties, db
from survey.queries.duties import DutyView, duty_rows, propose_remit


@dataclass(frozen=True)
class HolderProposal:
    """Whose task it is. Names are (zh, en); ("", "") where nobody and nothing is named."""

    #: street | department | undecided
    remit: str
    department_code: str | None
    department_name: tuple[str, str]
    duty_code: str
    duty_name: tuple[str, str]
    #: The duty's words that were found in what was said.
    terms: tuple[str, ...]
    #: duty | no_duty | several_bodies | without_means
    because: str


def proposed_holder(
    *,
    district_id: int,
    wave_id: int | None,
    keywords: Iterable[str] = (),
    words: str = "",
    indicator: str | None = None,
) -> HolderProposal:
    """Whose task it is by the list that the wave locked, else by the list of today. Two queries.

    keywords: of a theme; words: its name, or what a resident said; indicator: its code. A
    proposal passes nothing on: people do.
    """
    duties = _duties(district_id=district_id, wave_id=wave_id)
    found = propose_remit(duties, keywords=keywords, indicator=indicator, label=words)
    duty = next((one for one in duties if found.duty and one.code == found.duty.code), None)
    is_departments = found.remit == "department" and duty is not None
    return HolderProposal(
        remit=found.remit,
        department_code=duty.responsible if is_departments and duty else None,
        department_name=duty.department_name if is_departments and duty else ("", ""),
        duty_code=duty.code if duty else "",
        duty_name=duty.name if duty else ("", ""),
        terms=found.terms,
        because=found.because,
    )


def _duties(*, district_id: int, wave_id: int | None) -> tuple[DutyView, ...]:
    """The duties in use; of those that the wave locked, where it locked any."""
    duties = tuple(one for one in duty_rows(district_id) if one.is_in_use)
    if wave_id is None:
        return duties
    # Codes alone: what a duty is called today is what people know it by.
    locked = db.session.scalar(select(WaveDuties.document).where(WaveDuties.wave_id == wave_id))
    if locked is None:
        return duties
    known = {one["code"]: one for one in locked}
    return tuple(
        one
        for one in duties
        if one.code in known and known[one.code]["responsible"] == one.responsible
    )
