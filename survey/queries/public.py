"""Read what everybody may see: published evaluations, and who can be told apart.

Of a wave that is not published only what is on public notice is read, and marked as such. A
published revision never changes, so it is read once a process and kept.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime

import numpy as np
from flask import current_app
from flask_babel import lazy_gettext as _l
from sqlalchemy import select

from analysis.bands import indistinct_runs, longest_run
from analysis.ranking import holm_rank_sets
from analysis.types import Estimate
from analysis.waves import change
from survey.errors import Refused
from survey.models import Evaluation, db
from survey.queries.evaluation import (
    UNPUBLISHED,
    evaluation_on_notice,
    published_evaluation,
)
from survey.queries.policies import kept_policy
from survey.queries.views import EvaluationView, StreetEvaluation
from survey.queries.waves import WaveView, all_waves


@dataclass(frozen=True)
class PublishedWave:
    """A wave with its latest published revision."""

    wave: WaveView
    revision: int
    published_at: datetime
    #: Revisions that were published before it, the first first.
    earlier: tuple[int, ...] = ()


@dataclass(frozen=True)
class NoticedWave:
    """A wave whose next revision is on public notice."""

    wave: WaveView
    revision: int
    #: "provisional" or "approved".
    status: str
    notice_until: date


@dataclass(frozen=True)
class PublicWaves:
    """Published waves and those that can be answered, each the latest first."""

    published: tuple[PublishedWave, ...]
    open: tuple[WaveView, ...]
    #: Asked and closed, not published yet.
    awaited: tuple[WaveView, ...]
    #: On public notice and not published yet: provisional or approved.
    on_notice: tuple[NoticedWave, ...] = ()

    @property
    def is_demo(self) -> bool:
        """Whether what is shown is invented data."""
        waves = [entry.wave for entry in self.published] or list(self.open + self.awaited)
        return any(wave.is_demo for wave in waves)


@dataclass(frozen=True)
class Comparison:
    """From how many streets of its group a street differs significantly: those it stands above,
    those it stands below, and how many there are besides it."""

    above: int
    below: int
    others: int


@dataclass(frozen=True)
class GroupResults:
    """The streets of one peer group, from the highest public score down."""

    name: str
    shown: tuple[StreetEvaluation, ...]
    #: Suppressed: listed with the reason, in the order of their codes.
    hidden: tuple[StreetEvaluation, ...]
    #: Codes of the longest run in which no two differ significantly.
    together: frozenset[str]
    #: Every maximal run, as codes from the highest down; they may overlap.
    runs: tuple[tuple[str, ...], ...]


@dataclass(frozen=True)
class Change:
    """This wave minus the one before, with an interval that takes them as independent."""

    value: float
    low: float
    high: float

    @property
    def is_significant(self) -> bool:
        """Whether the interval leaves out zero."""
        return self.low > 0 or self.high < 0


@dataclass(frozen=True)
class Results:
    """A published wave as the public sees it."""

    evaluation: EvaluationView
    groups: tuple[GroupResults, ...]
    comparisons: Mapping[str, Comparison]
    #: {street code: change since the wave before}; empty for a first wave.
    changes: Mapping[str, Change]
    #: The published waves up to this one with the district's score, the latest first.
    trend: tuple[tuple[WaveView, Estimate], ...]
    #: The evaluations of the waves before it, the latest first.
    earlier: tuple[EvaluationView, ...] = ()

    @property
    def streets_shown(self) -> int:
        """How many streets have a published score."""
        return sum(len(group.shown) for group in self.groups)

    @property
    def streets_together(self) -> int:
        """How many of them cannot be told apart from others of their group."""
        return sum(len(group.together) for group in self.groups)

    @property
    def respondents(self) -> int:
        """Valid responses behind the published scores."""
        return sum(street.public.n for group in self.groups for street in group.shown)

    def street(self, code: str) -> StreetEvaluation:
        """One street. Raises Refused (404) when the wave has none with this code."""
        for street in self.evaluation.streets:
            if street.street.code == code:
                return street
        raise Refused(
            "unknown_street",
            _l("There is no street with the code %(code)s in the published results.", code=code),
            status=404,
        )


def public_waves() -> PublicWaves:
    """What there is to show. Two queries."""
    rows = db.session.execute(
        select(
            Evaluation.wave_id,
            Evaluation.revision,
            Evaluation.status,
            Evaluation.published_at,
            Evaluation.notice_until,
        )
        .where(Evaluation.status.in_(("published", *UNPUBLISHED)))
        .order_by(Evaluation.revision)
    )
    found: dict[int, tuple[int, datetime, tuple[int, ...]]] = {}
    noticed: dict[int, tuple[int, str, date]] = {}
    for wave_id, revision, status, at, until in rows:
        if at is not None:
            before = found.get(wave_id)
            earlier = () if before is None else (*before[2], before[0])
            found[wave_id] = (revision, at, earlier)
        elif until is not None:
            noticed[wave_id] = (revision, status, until)
    waves = all_waves()
    return PublicWaves(
        published=tuple(PublishedWave(w, *found[w.id]) for w in waves if w.id in found),
        open=tuple(w for w in waves if w.status == "open"),
        awaited=tuple(w for w in waves if w.status == "closed" and w.id not in found),
        on_notice=tuple(NoticedWave(w, *noticed[w.id]) for w in waves if w.id in noticed),
    )


def _kept_evaluation(entry: PublishedWave) -> EvaluationView:
    return _kept(entry.wave, entry.revision)


def kept_evaluation(wave: WaveView) -> EvaluationView | None:
    """The newest publication of a wave; None when there is none. One query, more the first time."""
    revision = db.session.scalar(
        select(Evaluation.revision)
        .where(Evaluation.wave_id == wave.id, Evaluation.status == "published")
        .order_by(Evaluation.revision.desc())
        .limit(1)
    )
    return None if revision is None else _kept(wave, revision)


def _kept(wave: WaveView, revision: int) -> EvaluationView:
    kept: dict[tuple[int, int], EvaluationView] = current_app.extensions.setdefault(
        "published_evaluations", {}
    )
    key = (wave.id, revision)
    if key not in kept:
        found = published_evaluation(wave.code)
        assert found is not None
        if found.revision != revision:
            return found  # published in between: shown, but not kept under the wrong number
        kept[key] = found
    return kept[key]


def results(
    waves: PublicWaves, wave_code: str | None = None, *, revision: int | None = None
) -> Results:
    """The results of a published wave, by default the latest, or an earlier revision of it.

    Raises Refused (404) when the wave, or this revision of it, is not published.
    """
    published = waves.published
    entry = next((one for one in published if wave_code in (None, one.wave.code)), None)
    if entry is None:
        raise _not_published()
    evaluation = _kept_evaluation(entry)
    if revision is not None and revision != evaluation.revision:
        older = published_evaluation(entry.wave.code, revision=revision)
        if older is None:
            raise _not_published()
        evaluation = older
    return _results(waves, evaluation)


def noticed_results(waves: PublicWaves, wave_code: str | None = None) -> Results:
    """The results that are on public notice, by default of the latest wave that has any.

    Raises Refused (404) when nothing of the wave is.
    """
    codes = [one.wave.code for one in waves.on_notice if wave_code in (None, one.wave.code)]
    evaluation = evaluation_on_notice(codes[0]) if codes else None
    if evaluation is None:
        raise _not_published()
    return _results(waves, evaluation)


def _not_published() -> Refused:
    return Refused("not_published", _l("The results of this wave are not published."), status=404)


def _results(waves: PublicWaves, evaluation: EvaluationView) -> Results:
    wave = evaluation.wave
    earlier = [
        _kept_evaluation(one)
        for one in waves.published
        if one.wave.district_id == wave.district_id and one.wave.opens_at < wave.opens_at
    ]
    groups, comparisons = _compare(evaluation)
    return Results(
        evaluation=evaluation,
        groups=groups,
        comparisons=comparisons,
        changes=_changes(evaluation, earlier[0]) if earlier else {},
        trend=tuple((view.wave, view.district) for view in (evaluation, *earlier)),
        earlier=tuple(earlier),
    )


def _is_shown(estimate: Estimate) -> bool:
    return (
        estimate.suppressed_because is None
        and estimate.value is not None
        and estimate.low is not None
        and bool(estimate.se)
    )


def _compare(
    evaluation: EvaluationView,
) -> tuple[tuple[GroupResults, ...], dict[str, Comparison]]:
    error = kept_policy(evaluation.wave.policy_id).rank_error
    by_group: dict[str, list[StreetEvaluation]] = defaultdict(list)
    for street in evaluation.streets:
        by_group[street.street.peer_group].append(street)
    groups, comparisons = [], {}
    for name, streets in sorted(by_group.items()):
        shown = sorted(
            (s for s in streets if _is_shown(s.public)),
            key=lambda s: (-(s.public.value or 0.0), s.street.code),
        )
        scores = np.array([s.public.value for s in shown], dtype=float)
        variances = np.array([(s.public.se or 0.0) ** 2 for s in shown], dtype=float)
        above = holm_rank_sets(scores, variances, error=error).above
        runs = indistinct_runs(scores.tolist(), above | above.T)
        for i, street in enumerate(shown):
            comparisons[street.street.code] = Comparison(
                above=int(above[:, i].sum()), below=int(above[i].sum()), others=len(shown) - 1
            )
        groups.append(
            GroupResults(
                name=name,
                shown=tuple(shown),
                hidden=tuple(s for s in streets if not _is_shown(s.public)),
                together=frozenset(shown[i].street.code for i in longest_run(runs)),
                runs=tuple(tuple(shown[i].street.code for i in run) for run in runs),
            )
        )
    return tuple(groups), comparisons


def _changes(now: EvaluationView, before: EvaluationView) -> dict[str, Change]:
    if now.year is not None and now.year.before == before.wave.code:
        # As they were frozen, also when the wave before is revised later.
        frozen = {code: street.shown_change for code, street in now.year.streets.items()}
        return {c: Change(one.value, one.low, one.high) for c, one in frozen.items() if one}
    earlier = {s.street.code: s.public for s in before.streets if _is_shown(s.public)}
    policy = kept_policy(now.wave.policy_id)
    found = {}
    for street in now.streets:
        old, new = earlier.get(street.street.code), street.public
        if old is None or not _is_shown(new):
            continue
        difference = change(new, old, policy=policy)
        if difference is not None:
            found[street.street.code] = Change(difference.value, difference.low, difference.high)
    return found
