"""The other ways of counting that a last place must survive; each answers one "and if …?".

If the direct scores were standardised, themes left out, 待核查 responses counted the other way, the
random stream alone heard, an open appeal upheld (method §10 iv and vii).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import product

import numpy as np

from analysis.adjustment import adjust_public
from analysis.blend import blend
from analysis.evaluation_records import Appeal, Scored
from analysis.policy import Policy
from analysis.ranking import lowest_z
from analysis.types import FloatArray
from analysis.verdicts import RandomStream


def lowest_by_variant(
    codes: Sequence[str], scored: Scored, *, policy: Policy
) -> dict[str, str | None]:
    """Lowest street under direct raw/standardised × themes in/out × 待核查 either way.

    Names are like ``raw,themes,main``; ``None`` where a street lacks the other public score.
    With equal direct scores the standardised variant is the raw one.
    """
    if not codes:
        return {}
    at = [scored.codes.index(code) for code in codes]
    others = [scored.given[code].other_public for code in scored.codes]
    publics: dict[str, FloatArray | None] = {"main": scored.public, "other_quarantine": None}
    if all(other is not None for other in others):
        publics["other_quarantine"] = np.array([o[0] for o in others if o is not None])
    lowest: dict[str, str | None] = {}
    for direct, themes, counted in product(("raw", "standardised"), ("themes", "bare"), publics):
        public = publics[counted]
        name = ",".join((direct, themes, counted))
        if public is None:
            lowest[name] = None
            continue
        adjusted = public - scored.deduction if themes == "themes" else public
        found = blend(
            scored.direct,
            scored.direct_variance,
            adjusted,
            scored.public_variance,
            alpha=policy.alpha,
            standardised=direct == "standardised",
        )
        lowest[name] = codes[int(np.argmin(found.score[at]))]
    return lowest


def random_stream_alone(
    codes: Sequence[str], scored: Scored, *, policy: Policy
) -> RandomStream | None:
    """The last place by the random stream alone; ``None`` where no streets' streams are combined.

    Direct scores and deductions are those of the evaluation.
    """
    given = [scored.given[code].random_public for code in scored.codes]
    at = [scored.codes.index(code) for code in codes]
    if len(codes) < 2 or all(given[i] is None for i in at):
        return None
    public, variance = scored.public.copy(), scored.public_variance.copy()
    for i, alone in enumerate(given):
        if alone is not None:
            public[i], variance[i] = alone[0], alone[1] ** 2
    blended = blend(
        scored.direct,
        scored.direct_variance,
        public - scored.deduction,
        variance,
        alpha=policy.alpha,
        standardised=policy.standardise_direct,
    )
    last = int(np.argmin(blended.score[at]))
    return RandomStream(
        street=codes[last],
        z_min=lowest_z(blended.score[at], blended.variance[at], last),
        z_min_public=lowest_z(public[at], variance[at], last),
    )


def appeal_could_change(
    codes: Sequence[str],
    scored: Scored,
    appeals: Sequence[Appeal] | None,
    *,
    policy: Policy,
) -> bool | None:
    """Whether an open appeal could lift the lowest street out of a last place.

    An appeal against a theme is tried by taking its deduction away, alone and with those that
    other streets appeal against: it could change the verdict if any condition on the scores then
    fails. An appeal of the lowest street against anything else, or against a theme that is not
    among its own, could change everything; so could that of an excluded street, which may be
    lower. ``None`` when appeals are not known.
    """
    if appeals is None or len(codes) < 2:
        return None if appeals is None else False
    street = codes[int(np.argmin(scored.blended.score[[scored.codes.index(c) for c in codes]]))]
    group = scored.given[street].group
    concerned = [a for a in appeals if scored.given[a.street].group == group]
    mine = {appeal.label for appeal in concerned if appeal.street == street}
    if any(scored.given[appeal.street].excluded_because for appeal in concerned):
        return True
    if mine - {effect.theme.label for effect in scored.effects[street]}:
        return True
    if not mine:
        return False
    own = [appeal for appeal in concerned if appeal.street == street]
    return not all(
        scores_hold(codes, upheld(scored, tried, policy), street, policy)
        for tried in (own, concerned)
    )


def upheld(scored: Scored, appeals: Sequence[Appeal], policy: Policy) -> Scored:
    """The scores as they would be without the deductions that are appealed against."""
    deduction = scored.deduction.copy()
    for street in {appeal.street for appeal in appeals} & set(scored.codes):
        labels = {appeal.label for appeal in appeals if appeal.street == street}
        kept = [e for e in scored.effects[street] if e.theme.label not in labels]
        given = scored.given[street]
        total = adjust_public(given.public or 0.0, given.indicators, kept, policy).total
        deduction[scored.codes.index(street)] = total
    blended = blend(
        scored.direct,
        scored.direct_variance,
        scored.public - deduction,
        scored.public_variance,
        alpha=policy.alpha,
        standardised=policy.standardise_direct,
    )
    return replace(scored, deduction=deduction, blended=blended)


def scores_hold(codes: Sequence[str], scored: Scored, street: str, policy: Policy) -> bool:
    """Whether the conditions of a last place that rest on scores hold for ``street``.

    The distance of the blended score, every way of counting that is known, and the random stream
    alone; the public score alone does not know of deductions.
    """
    at = [scored.codes.index(code) for code in codes]
    z = lowest_z(scored.blended.score[at], scored.blended.variance[at], codes.index(street))
    lowest = set(lowest_by_variant(codes, scored, policy=policy).values()) - {None}
    alone = random_stream_alone(codes, scored, policy=policy)
    random_agrees = alone is None or alone.agrees(street, policy)
    return z >= policy.last_z and lowest <= {street} and random_agrees
