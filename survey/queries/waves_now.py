"""Read every wave with its evaluations in one query, for the first screen and a street's page.

The figures of a frozen evaluation never change, so that a process reads them once.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from flask import current_app
from flask_babel import lazy_gettext as _l
from sqlalchemy import select

from survey.errors import Refused
from survey.models import District, Evaluation, Policy, Wave, db
from survey.queries.evaluation import UNPUBLISHED, frozen_evaluation
from survey.queries.standing import NoticeDue
from survey.queries.views import EvaluationView
from survey.queries.waves import WaveView, view_of

KEPT = 8
"""Evaluations whose figures a process holds."""


@dataclass(frozen=True)
class PublicRevision:
    """A revision of a wave that everybody may read.

    published_at: UTC; None: it is on public notice. frozen_at: UTC.
    """

    wave: WaveView
    revision: int
    published_at: datetime | None
    frozen_at: datetime
    notice_until: date | None
    reason: str

    @property
    def is_published(self) -> bool:
        """Whether it is published; else it is on public notice."""
        return self.published_at is not None


@dataclass(frozen=True)
class WavesNow:
    """Every wave, the latest first, and where the evaluation of each stands."""

    waves: tuple[WaveView, ...]
    #: Published revisions and those on public notice, of the latest wave first; of one wave what
    #: is on notice before what is published, and later revisions before earlier ones.
    public: tuple[PublicRevision, ...]
    #: On the way to publication, the earliest end of notice first.
    notices: tuple[NoticeDue, ...]

    def chosen(self, code: str | None) -> WaveView:
        """The wave with this code; without one the wave that is open, else the latest.

        Raises Refused (404) for an unknown wave, or when there is none.
        """
        found = (
            next((wave for wave in self.waves if wave.code == code), None) if code else self.current
        )
        if found is None:
            raise Refused("unknown_wave", _l("There is no such wave."), status=404)
        return found

    @property
    def current(self) -> WaveView | None:
        """The open wave, else the latest that has begun, else the latest of all."""
        for status in (("open",), ("closed", "published"), ("draft",)):
            for wave in self.waves:
                if wave.status in status:
                    return wave
        return None

    def figures_of(self, wave: WaveView) -> PublicRevision | None:
        """What everybody may read of a wave: on notice, else published; None: nothing yet."""
        return next((one for one in self.public if one.wave.id == wave.id), None)

    def published_before(self, wave: WaveView) -> tuple[PublicRevision, ...]:
        """The latest published revision of each earlier wave of the district, latest first."""
        found: dict[int, PublicRevision] = {}
        for one in self.public:
            earlier = one.wave.district_id == wave.district_id and one.wave.opens_at < wave.opens_at
            if earlier and one.is_published:
                found.setdefault(one.wave.id, one)
        return tuple(found.values())

    @property
    def last_published(self) -> PublicRevision | None:
        """What was published last."""
        done = [one for one in self.public if one.published_at is not None]
        return max(done, key=lambda one: (one.published_at, one.revision), default=None)


def waves_now() -> WavesNow:
    """Read it. One query."""
    rows = db.session.execute(
        select(
            Wave,
            District,
            Policy.hash,
            # Not the whole row: its summary is large.
            Evaluation.revision,
            Evaluation.status,
            Evaluation.created_at,
            Evaluation.published_at,
            Evaluation.notice_until,
            Evaluation.reason,
        )
        .join(District, Wave.district_id == District.id)
        .outerjoin(Policy, Wave.policy_id == Policy.id)
        .outerjoin(
            Evaluation,
            (Evaluation.wave_id == Wave.id) & Evaluation.status.in_(("published", *UNPUBLISHED)),
        )
        .order_by(Wave.opens_at.desc(), Wave.id, Evaluation.revision.desc())
    )
    waves: dict[int, WaveView] = {}
    public: list[PublicRevision] = []
    notices: list[NoticeDue] = []
    for wave, district, policy_hash, revision, status, frozen_at, at, until, reason in rows:
        view = waves.setdefault(wave.id, view_of((wave, district, policy_hash)))
        if revision is None:
            continue
        if at is not None or until is not None:
            public.append(PublicRevision(view, revision, at, frozen_at, until, reason))
        if status in UNPUBLISHED:
            notices.append(NoticeDue(view.code, view.name, revision, status, frozen_at, until))
    notices.sort(key=lambda one: (one.notice_until or date.max, one.wave_code))
    return WavesNow(tuple(waves.values()), tuple(public), tuple(notices))


def kept_figures(one: PublicRevision) -> EvaluationView:
    """The figures of a frozen revision. No query once this process read them, else six.

    Its status and sign-offs are those of when it was read: use the figures alone.
    """
    kept: dict[tuple[int, int, datetime], EvaluationView]
    kept = current_app.extensions.setdefault("frozen_figures", {})
    key = (one.wave.id, one.revision, one.frozen_at)
    found = kept.pop(key, None) or frozen_evaluation(one.wave.code, revision=one.revision)
    assert found is not None  # a revision is never deleted
    kept[key] = found
    while len(kept) > KEPT:
        # Another thread may have taken the same one out.
        kept.pop(next(iter(kept)), None)
    return found
