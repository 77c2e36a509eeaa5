"""Read the policy of a wave beside the default and the one of the wave before it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import select

from analysis.policy import ENTRIES, Policy, PolicyEntry
from analysis.policy_schema import SECTIONS
from survey import models
from survey.instrument import Instrument
from survey.models import db
from survey.policy_form import PolicyForm, form_of
from survey.queries.fieldwork import kept_instrument
from survey.queries.policies import kept_policy
from survey.queries.waves import WaveView, all_waves, wave_view


@dataclass(frozen=True)
class EntryView:
    """One value: as it is, by default, and in the wave before (None: there was none)."""

    entry: PolicyEntry
    value: object
    last: object = None
    has_last: bool = False

    @property
    def differs_from_default(self) -> bool:
        """Whether it is not the default."""
        return bool(_plain(self.value) != _plain(self.entry.default))

    @property
    def differs_from_last(self) -> bool:
        """Whether it is not what the wave before had."""
        return self.has_last and bool(self.value != self.last)

    @property
    def is_marked(self) -> bool:
        """Whether there is something to look at."""
        return self.differs_from_last or self.differs_from_default


@dataclass(frozen=True)
class SectionView:
    """The values of one section of the document."""

    name: str
    entries: tuple[EntryView, ...]

    @property
    def marked(self) -> int:
        """How many of them differ from the default or from the wave before."""
        return sum(one.is_marked for one in self.entries)


@dataclass(frozen=True)
class PolicyPage:
    """A wave's policy with all that a page about it needs."""

    wave: WaveView
    policy: Policy
    #: The wave before that was opened; None when there is none.
    last: WaveView | None
    #: All waves of the district, the latest first.
    waves: tuple[WaveView, ...]
    sections: tuple[SectionView, ...]
    form: PolicyForm
    #: {indicator code: (zh, en)} of the wave's questionnaire.
    indicators: Mapping[str, tuple[str, str]]
    instrument: Instrument

    @property
    def is_editable(self) -> bool:
        """Only a draft's policy can change."""
        return self.wave.status == "draft"

    @property
    def hash(self) -> str:
        """The hash of the document in force."""
        return self.policy.sha256

    @property
    def changed(self) -> tuple[EntryView, ...]:
        """The values that differ from the wave before."""
        return tuple(e for s in self.sections for e in s.entries if e.differs_from_last)

    @property
    def unusual(self) -> tuple[EntryView, ...]:
        """The values that differ from the default."""
        return tuple(e for s in self.sections for e in s.entries if e.differs_from_default)


def policy_page(wave_code: str) -> PolicyPage:
    """The policy of a wave beside the one before. At most four queries.

    Raises Refused (404) for an unknown wave.
    """
    wave = wave_view(wave_code)
    waves = tuple(one for one in all_waves() if one.district_id == wave.district_id)
    last = next(
        (one for one in waves if one.opens_at < wave.opens_at and one.status != "draft"), None
    )
    policy, kept = kept_policy(wave.policy_id), kept_instrument(wave.questionnaire_id)
    before = kept_policy(last.policy_id) if last else None
    return PolicyPage(
        wave=wave,
        policy=policy,
        last=last,
        waves=waves,
        sections=sections_of(policy, before),
        form=form_of(policy),
        indicators={one.code: one.name for one in kept.indicators},
        instrument=kept.instrument,
    )


def sections_of(policy: Policy, before: Policy | None) -> tuple[SectionView, ...]:
    """Every value of a policy in its section, beside the same of the wave before."""
    return tuple(
        SectionView(
            name,
            tuple(
                EntryView(
                    entry,
                    getattr(policy, entry.key),
                    getattr(before, entry.key) if before is not None else None,
                    before is not None,
                )
                for entry in ENTRIES
                if entry.section == name
            ),
        )
        for name in SECTIONS
    )


def next_draft(waves: tuple[WaveView, ...]) -> WaveView | None:
    """The draft that opens next; None when there is none."""
    drafts = [one for one in waves if one.status == "draft"]
    return min(drafts, key=lambda one: one.opens_at, default=None)


def policy_by_hash(sha256: str) -> Policy | None:
    """A stored policy by its hash, or the default one; None when nobody stored it. One query."""
    if sha256 == Policy().sha256:
        return Policy()
    document = db.session.scalar(select(models.Policy.document).where(models.Policy.hash == sha256))
    return None if document is None else Policy.from_locked(document)


def _plain(value: object) -> object:
    """Lists and tuples alike: defaults are the one and what was read the other."""
    return list(value) if isinstance(value, tuple) else value
