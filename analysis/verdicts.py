"""The verdicts that have consequences: an established last place and verified first places.

Every condition is a record with its numbers, met or not; the verdict is their conjunction
(method §10). People decide what follows; this says only whether the data allow it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from analysis.policy import Policy
from analysis.ranking import (
    Chances,
    RankSets,
    holm_rank_sets,
    lowest_z,
    shrunken_chances,
    verify_top,
)
from analysis.types import FloatArray, Reason


@dataclass(frozen=True, slots=True)
class Condition:
    """One condition of a last place: ``code`` names what is wrong when it is not ``met``."""

    code: str
    met: bool
    params: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class LastPlace:
    """Whether a last place is established (末位认定成立) or not (末位无法认定), and why.

    ``street`` is the lowest blended score; ``conditions`` has all of them, ``reasons`` the unmet.
    ``verified_this_wave``: all hold but that it takes more than one wave. ``notes`` explain.
    """

    established: bool
    street: str | None
    z_min: float | None
    z_min_public: float | None
    p_last: float | None
    conditions: tuple[Condition, ...]
    reasons: tuple[Reason, ...]
    verified_this_wave: bool
    notes: tuple[Reason, ...] = ()


@dataclass(frozen=True, slots=True)
class TopPlaces:
    """The first k places: ``verified`` with ``streets``, else the group that may hold them."""

    k: int
    verified: bool
    streets: tuple[str, ...]
    z_min: float | None


@dataclass(frozen=True, slots=True)
class PoolLast:
    """What the annual pool says: the street whose last place it establishes, and its waves."""

    street: str | None
    waves: int


@dataclass(frozen=True, slots=True)
class Order:
    """What the scores alone say of the order of S streets; no chances when there are none."""

    sets: RankSets
    chances: Chances | None

    @property
    def p_last(self) -> FloatArray:
        """Chance of the last rank (S,)."""
        return self.chances.chances[:, -1] if self.chances is not None else np.zeros(0)


def order_of(score: FloatArray, variance: FloatArray, *, error: float) -> Order:
    """Rank sets (Holm at ``error``) and chances of scores (S,) with variances (S,)."""
    sets = holm_rank_sets(score, variance, error=error)
    return Order(sets, shrunken_chances(score, variance) if len(score) else None)


@dataclass(frozen=True, slots=True)
class RandomStream:
    """The lowest blended score when the public scores are those of the random stream alone.

    ``z_min`` of that street on the blended score and ``z_min_public`` on the public one.
    """

    street: str
    z_min: float
    z_min_public: float

    def agrees(self, street: str, policy: Policy) -> bool:
        """Whether ``street`` is the lowest here too, far enough on both scores."""
        far = self.z_min >= policy.last_z and self.z_min_public >= policy.last_public_z
        return far and self.street == street


@dataclass(frozen=True, slots=True)
class Evidence:
    """Everything a last place is judged by, for the S ranked streets of one peer group.

    Arrays (S,) in the order of ``codes``. ``n_effective`` and ``assessors`` cover all streets
    of the group that are not excluded, ``None`` where not given; ``unscored`` are those among
    them without a blended score. ``variants`` maps the name of each way of counting to the
    lowest street under it, ``None`` where it cannot be counted. ``random_stream`` is ``None``
    where no public score combines two streams. ``appeal_could_change`` is
    ``None`` when nothing is known about appeals.
    """

    codes: tuple[str, ...]
    score: FloatArray
    variance: FloatArray
    public: FloatArray
    public_variance: FloatArray
    order: Order
    n_effective: Mapping[str, float | None]
    assessors: Mapping[str, int | None]
    unscored: tuple[str, ...]
    variants: Mapping[str, str | None]
    random_stream: RandomStream | None
    pooled_waves: int
    previous_last: str | None
    appeal_could_change: bool | None
    pool_last: PoolLast | None = None


def judge_last(evidence: Evidence, policy: Policy) -> LastPlace:
    """Apply the conditions of method §10 to one peer group."""
    if len(evidence.codes) < 2:
        single = Condition("single_street", False, {"streets": len(evidence.codes)})
        reasons = (Reason(single.code, single.params),)
        return LastPlace(False, None, None, None, None, (single,), reasons, False)
    lowest = int(np.argmin(evidence.score))
    street = evidence.codes[lowest]
    z = lowest_z(evidence.score, evidence.variance, lowest)
    z_public = lowest_z(evidence.public, evidence.public_variance, lowest)
    waves = condition_waves(evidence, street, policy)
    others = (
        condition_complete(evidence),
        condition_sample(evidence, policy),
        condition_distance("not_far_enough", z, policy.last_z),
        condition_distance("not_last_on_public_score", z_public, policy.last_public_z),
        condition_variants(evidence, street),
        condition_random_stream(evidence, street, policy),
        condition_assessors(evidence, policy),
        condition_appeals(evidence),
    )
    conditions = (*others[:6], waves, *others[6:])
    verified = all(condition.met for condition in others)
    established = verified and waves.met
    notes: tuple[Reason, ...] = ()
    low = int(evidence.order.sets.low[lowest])
    if established and low < len(evidence.codes):
        # One asks about this one street, the other about all at once.
        notes = (Reason("rank_set_wider_than_verdict", {"low": low, "high": len(evidence.codes)}),)
    return LastPlace(
        established=established,
        street=street,
        z_min=z,
        z_min_public=z_public,
        p_last=float(evidence.order.p_last[lowest]),
        conditions=conditions,
        reasons=tuple(Reason(c.code, c.params) for c in conditions if not c.met),
        verified_this_wave=verified,
        notes=notes,
    )


def condition_complete(evidence: Evidence) -> Condition:
    """Every street of the group that is not excluded has a blended score."""
    missing = sorted(evidence.unscored)
    return Condition("street_without_score", not missing, {"streets": missing})


def condition_sample(evidence: Evidence, policy: Policy) -> Condition:
    """(i) every street has a large enough effective random sample, or is excluded."""
    needed = policy.last_n_effective
    small = sorted(c for c, n in evidence.n_effective.items() if n is None or n < needed)
    return Condition("sample_too_small", not small, {"streets": small, "needed": needed})


def condition_distance(code: str, z: float, needed: float) -> Condition:
    """(ii) and (iii): the lowest street is far enough below every other."""
    return Condition(code, z >= needed, {"z": z, "needed": needed})


def condition_variants(evidence: Evidence, street: str) -> Condition:
    """(iv) the same street is lowest under every way of counting."""
    changed = sorted(name for name, last in evidence.variants.items() if last not in (street, None))
    unknown = sorted(name for name, last in evidence.variants.items() if last is None)
    code = "counting_incomplete" if unknown and not changed else "depends_on_counting"
    met = not changed and not unknown
    return Condition(code, met, {"changed": changed, "unknown": unknown})


def condition_random_stream(evidence: Evidence, street: str, policy: Policy) -> Condition:
    """(iv) the random stream alone says the same: invented answers cannot make a last place.

    Both distances must hold without the open stream. Met where no streams are combined: then the
    public scores are the random stream's already. Why: docs/adr/0008.
    """
    alone = evidence.random_stream
    if alone is None:
        return Condition("random_stream_disagrees", True)
    params = {
        "street": alone.street,
        "z": alone.z_min,
        "z_public": alone.z_min_public,
        "needed": policy.last_z,
        "needed_public": policy.last_public_z,
    }
    return Condition("random_stream_disagrees", alone.agrees(street, policy), params)


def condition_waves(evidence: Evidence, street: str, policy: Policy) -> Condition:
    """(v) on enough pooled waves, or the same street verified in the wave before.

    Of one wave: also when the annual pool with the waves before it establishes the same street.
    """
    pool = evidence.pool_last
    enough = evidence.pooled_waves >= policy.last_waves
    again = evidence.previous_last == street and policy.last_waves <= 2
    confirmed = pool is not None and pool.street == street and pool.waves >= policy.last_waves
    params: dict[str, Any] = {
        "waves": evidence.pooled_waves,
        "needed": policy.last_waves,
        "previous": evidence.previous_last,
    }
    if pool is not None:
        params |= {"pool": pool.street, "pool_waves": pool.waves}
    return Condition("single_wave", enough or again or confirmed, params)


def condition_assessors(evidence: Evidence, policy: Policy) -> Condition:
    """(vi) enough independent assessors behind every direct score."""
    needed = policy.last_assessors
    few = sorted(c for c, m in evidence.assessors.items() if m is None or m < needed)
    return Condition("too_few_assessors", not few, {"streets": few, "needed": needed})


def condition_appeals(evidence: Evidence) -> Condition:
    """(vii) no open appeal could change it; not met when appeals are unknown."""
    known = evidence.appeal_could_change is not None
    met = evidence.appeal_could_change is False
    return Condition("open_appeal" if known else "appeals_unknown", met)


def judge_top(evidence: Evidence, policy: Policy) -> TopPlaces:
    """The first ``top_k`` places if every inside/outside pair differs, else who may hold them."""
    k = policy.top_k
    inside, z = verify_top(evidence.score, evidence.variance, k)
    if z is not None and z >= policy.top_z:
        return TopPlaces(k, True, tuple(evidence.codes[i] for i in inside), z)
    group = tuple(
        code for code, low in zip(evidence.codes, evidence.order.sets.low, strict=True) if low <= k
    )
    return TopPlaces(k, False, group, z)


def bottom_group(codes: Sequence[str], sets: RankSets) -> tuple[str, ...]:
    """Streets that may be last: those whose set reaches the last rank."""
    return tuple(c for c, high in zip(codes, sets.high, strict=True) if high == len(codes))
