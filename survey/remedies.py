"""What stands behind each condition of a last place, and what would change it, in plain words.

`wording` says what a condition asks; this puts the numbers of one peer group beside it: how far it
is from being met, and who or what would have to move. Nothing here promises that a place will be
settled: scores move with new answers too.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_babel import ngettext

from analysis.evaluation_records import GroupEvaluation
from analysis.policy import Policy
from analysis.settling import settle_last, settle_top
from analysis.settling_evidence import precisions_of_wave
from analysis.settling_records import SettlingPlan
from analysis.types import AnalysisError, FloatArray, Reason, StreetResult
from analysis.verdicts import Evidence
from analysis.wave_evaluation import WaveEvaluation
from survey.wording import commas, names_of, say_counting, semicolons

Names = Mapping[str, tuple[str, str]]


@dataclass(frozen=True)
class Explained:
    """One condition: met or not, the numbers it was tried on, and what would change it."""

    code: str
    met: bool
    params: Mapping[str, Any]
    numbers: tuple[str, ...]
    remedies: tuple[str, ...]


@dataclass(frozen=True)
class Ground:
    """What conditions are explained from. streets: {} for a pool of waves.

    has_before: whether a wave before is published; None for a pool, which no wave stands before.
    """

    group: GroupEvaluation
    policy: Policy
    names: Names
    streets: Mapping[str, StreetResult]
    has_before: bool | None

    @property
    def evidence(self) -> Evidence:
        """What the group is judged by."""
        return self.group.evidence

    def name(self, code: str) -> str:
        """A street in the reader's language."""
        return names_of([code], self.names)[0]


def explain(ground: Ground) -> tuple[Explained, ...]:
    """Every condition of the last place of a peer group, in the order they are judged."""
    found = []
    for condition in ground.group.last.conditions:
        says = CONDITIONS.get(condition.code)
        numbers, remedies = says(ground) if says else ([], [])
        found.append(
            Explained(
                condition.code,
                condition.met,
                condition.params,
                tuple(numbers),
                () if condition.met else tuple(remedies),
            )
        )
    return tuple(found)


Words = tuple[list[str], list[str]]


def _points(value: float) -> str:
    return f"{value:.1f}"


def _sample(ground: Ground) -> Words:
    sizes, needed = ground.evidence.n_effective, ground.policy.last_n_effective
    known = {code: n for code, n in sizes.items() if n is not None}
    numbers = []
    if known:
        least = min(known, key=lambda code: known[code])
        numbers.append(
            _(
                "The smallest effective random sample is %(n)s (%(needed)s needed), in %(street)s.",
                n=f"{known[least]:.0f}",
                needed=f"{needed:.0f}",
                street=ground.name(least),
            )
        )
    remedies = [
        _more_answers(ground, code, n, needed)
        for code, n in sorted(sizes.items())
        if n is None or n < needed
    ]
    return numbers, remedies


def _more_answers(ground: Ground, code: str, n: float | None, needed: float) -> str:
    if n is None:
        return _(
            "%(street)s: the size of its random sample was not kept in an earlier wave.",
            street=ground.name(code),
        )
    missing = math.ceil(needed - n)
    result = ground.streets.get(code)
    stream = result.streams.get("A") if result is not None else None
    if not n or stream is None:
        return ngettext(
            "%(street)s: %(num)s more effective answer from slips or calls.",
            "%(street)s: %(num)s more effective answers from slips or calls.",
            missing,
            street=ground.name(code),
        )
    answers = math.ceil(stream.n * needed / n) - stream.n
    return _(
        "%(street)s: %(missing)s more effective answers, which is about %(answers)s more answers "
        "from slips or calls (%(n)s of %(needed)s now).",
        street=ground.name(code),
        missing=missing,
        answers=answers,
        n=f"{n:.0f}",
        needed=f"{needed:.0f}",
    )


def _distance(score: FloatArray, variance: FloatArray, z: float, ground: Ground) -> Words:
    """The rival that is nearest in standard errors, and the gap that would be enough."""
    codes = ground.evidence.codes
    last = codes.index(ground.group.last.street or "")
    se = np.sqrt(variance + variance[last])
    gaps = score - score[last]
    distances = np.where(np.arange(len(codes)) == last, np.inf, gaps / se)
    near = int(np.argmin(distances))
    values = {
        "street": ground.name(codes[last]),
        "rival": ground.name(codes[near]),
        "gap": _points(float(gaps[near])),
        "se": _points(float(se[near])),
        "z": f"{float(distances[near]):.2f}",
        "needed": f"{z:.2f}",
    }
    numbers = [
        _(
            "%(street)s is %(gap)s points below %(rival)s, with a standard error of the difference "
            "of %(se)s: z = %(z)s of %(needed)s needed.",
            **values,
        )
    ]
    would = [
        _(
            "With standard errors as now the gap to %(rival)s would have to be %(wanted)s points "
            "instead of %(gap)s.",
            rival=values["rival"],
            wanted=_points(z * float(se[near])),
            gap=values["gap"],
        )
    ]
    return numbers, would


def _blended(ground: Ground) -> Words:
    evidence = ground.evidence
    return _distance(evidence.score, evidence.variance, ground.policy.last_z, ground)


def _public(ground: Ground) -> Words:
    evidence = ground.evidence
    return _distance(evidence.public, evidence.public_variance, ground.policy.last_public_z, ground)


def _countings(ground: Ground) -> Words:
    street, variants = ground.group.last.street, ground.evidence.variants
    same = sum(1 for last in variants.values() if last == street)
    numbers = [
        _(
            "The lowest street is the same in %(same)s of %(all)s ways of counting.",
            same=same,
            all=len(variants),
        )
    ]
    by_street: dict[str, list[str]] = {}
    for name, last in variants.items():
        if last is not None and last != street:
            by_street.setdefault(last, []).append(say_counting(name))
    remedies = [
        _(
            "%(street)s would be the lowest: %(countings)s.",
            street=ground.name(code),
            countings=semicolons(countings),
        )
        for code, countings in by_street.items()
    ]
    if any(last is None for last in variants.values()):
        remedies.append(
            _("Some ways cannot be counted: a street has no score with answers under review.")
        )
    return numbers, remedies


def _random(ground: Ground) -> Words:
    alone = ground.evidence.random_stream
    if alone is None:
        return [_("No open answers enter these scores.")], []
    policy = ground.policy
    numbers = [
        _(
            "By the random sample alone the lowest is %(street)s: z = %(z)s of %(needed)s, on the "
            "residents’ score z = %(z_public)s of %(needed_public)s.",
            street=ground.name(alone.street),
            z=f"{alone.z_min:.2f}",
            needed=f"{policy.last_z:.2f}",
            z_public=f"{alone.z_min_public:.2f}",
            needed_public=f"{policy.last_public_z:.2f}",
        )
    ]
    return numbers, [_("Only more answers from slips or calls can change this.")]


def _waves(ground: Ground) -> Words:
    evidence, needed = ground.evidence, ground.policy.last_waves
    pool, before = evidence.pool_last, evidence.previous_last
    numbers = []
    if evidence.pooled_waves > 1:
        numbers.append(
            ngettext("%(num)s wave is pooled.", "%(num)s waves are pooled.", evidence.pooled_waves)
        )
    if pool is not None:
        numbers.append(
            _(
                "The pool of %(waves)s waves establishes the last place of %(street)s.",
                waves=pool.waves,
                street=ground.name(pool.street),
            )
            if pool.street
            else _("The pool of %(waves)s waves establishes no last place.", waves=pool.waves)
        )
    if before:
        numbers.append(
            _("In the wave before %(street)s met all other conditions.", street=ground.name(before))
        )
    elif ground.has_before:
        numbers.append(_("In the wave before no street met all other conditions."))
    elif ground.has_before is False:
        numbers.append(_("No wave before this one is published."))
    remedies = [
        _(
            "The same street meets all other conditions in the next wave too, or a pool of at "
            "least %(needed)s waves with the same questions establishes its last place.",
            needed=needed,
        )
    ]
    return numbers, remedies


def _assessors(ground: Ground) -> Words:
    given, needed = ground.evidence.assessors, ground.policy.last_assessors
    counts = {code: m or 0 for code, m in given.items()}
    fewest = min(counts.values(), default=0)
    numbers = [
        _(
            "The fewest assessors behind a direct score: %(fewest)s of %(needed)s needed.",
            fewest=fewest,
            needed=needed,
        )
    ]
    by_missing: dict[int, list[str]] = {}
    for code, m in sorted(counts.items()):
        if m < needed:
            by_missing.setdefault(needed - m, []).append(ground.name(code))
    remedies = [
        ngettext(
            "%(num)s more assessor for: %(streets)s.",
            "%(num)s more assessors for: %(streets)s.",
            missing,
            streets=commas(streets),
        )
        for missing, streets in sorted(by_missing.items())
    ]
    return numbers, remedies


def _complete(ground: Ground) -> Words:
    missing = ground.evidence.unscored
    if not missing:
        return [], []
    return [], [
        _(
            "Give these streets a direct score and enough answers, or exclude them by a recorded "
            "decision: %(streets)s.",
            streets=commas(names_of(sorted(missing), ground.names)),
        )
    ]


def _appeals(_ground: Ground) -> Words:
    return [], [_("Decide the open appeals; the figures are then computed again.")]


def _unknown_appeals(_ground: Ground) -> Words:
    return [], [
        _(
            "Put the evaluation on public notice: from then on appeals are recorded. What "
            "is frozen or published without a notice needs a new revision with one."
        )
    ]


CONDITIONS: Mapping[str, Callable[[Ground], Words]] = {
    "street_without_score": _complete,
    "sample_too_small": _sample,
    "not_far_enough": _blended,
    "not_last_on_public_score": _public,
    "depends_on_counting": _countings,
    "counting_incomplete": _countings,
    "random_stream_disagrees": _random,
    "single_wave": _waves,
    "too_few_assessors": _assessors,
    "open_appeal": _appeals,
    "appeals_unknown": _unknown_appeals,
}


def plans(found: WaveEvaluation, group: str, policy: Policy) -> tuple[SettlingPlan, SettlingPlan]:
    """What more random answers would settle: the last place, and the first places of a group."""
    try:
        precisions = precisions_of_wave(found, group)
        return settle_last(precisions, policy=policy), settle_top(precisions, policy=policy)
    except AnalysisError as error:
        nothing = SettlingPlan((), False, None, (), None, None, (Reason(error.code, error.params),))
        return nothing, nothing


def say_plan(plan: SettlingPlan, names: Names) -> list[str]:
    """A plan in sentences: how many more answers and where, or why none can do it."""
    if plan.possible:
        if not plan.steps:
            return [_("No further answers are needed for it.")]
        return [
            ngettext(
                "With %(num)s more answer from slips or calls, scores unchanged, the distances "
                "would be enough:",
                "With %(num)s more answers from slips or calls, scores unchanged, the distances "
                "would be enough:",
                plan.total or 0,
            ),
            *(
                _(
                    "%(street)s: %(more)s more (%(now)s now)",
                    street=names_of([step.street], names)[0],
                    more=f"{step.additional:,}",
                    now=f"{step.answers_now:,}",
                )
                for step in plan.steps
            ),
        ]
    found = [_("No number of answers settles it:")]
    for code in dict.fromkeys(reason.code for reason in plan.reasons):
        (first, *_more) = [reason for reason in plan.reasons if reason.code == code]
        street = names_of([str(first.params.get("street", ""))], names)[0]
        rival = names_of([str(first.params.get("rival", ""))], names)[0]
        found.append(str(OBSTACLES.get(code, code)) % {"street": street, "rival": rival})
    return found


# Why no number of answers settles a place (analysis.settling).
OBSTACLES: dict[str, Any] = {
    "single_street": _l("There is only one ranked street, so there is nothing to compare."),
    "tie": _l("%(street)s and %(rival)s have the same score."),
    "lower_on_public_score": _l("On the residents’ score %(rival)s is not above %(street)s."),
    "no_random_answers": _l("%(street)s has no random sample."),
    "direct_error_too_large": _l(
        "The uncertainty of the direct scores of %(street)s and %(rival)s alone is too large for "
        "their gap: more assessors would help, answers do not."
    ),
    "beyond_residents": _l("More answers would be needed than %(street)s has residents."),
    "nobody_outside": _l("There are no more streets than first places."),
    "no_public_score": _l("%(street)s has no public score."),
}
