"""What recurring complaint themes take from a public score; arithmetic only, no text is read.

A theme costs points only when it recurs, was confirmed by people, who also judged a sample of its
comments, is the street's own task and was made known to the street in time; plans and solved cases
give points back (method §6).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from analysis.estimate import wilson
from analysis.policy import Policy
from analysis.types import AnalysisError, Reason

LARGEST_COUNT = 10_000_000_000
STATES = ("none", "plan", "overdue", "removed")


@dataclass(frozen=True, slots=True)
class ThemeRecord:
    """One theme in one street and wave, as counted.

    ``mentions`` m distinct accepted responses that mention it, ``respondents`` n valid
    responses of street and wave, ``district_share`` p_d in 0..1, ``waves`` r of the recent
    waves in which it was present. ``state``: ``none`` (no plan), ``plan`` (published, in time),
    ``overdue``, ``removed`` (appeal upheld). ``solved`` of ``reasked`` residents say it is
    solved. ``remit`` is ``street`` for the street's own task. ``notified_days`` before the wave
    opened, ``None`` if never. ``random_mentions`` m in the random stream, ``None`` without one.
    ``number`` tells themes of one label apart; nothing is computed from it.

    What people found when they read it (all ``None``: nobody was asked to): of m,
    ``right_mentions`` were judged to be about the theme; those judged not to be are not in m. Of
    the theme's ``sample_members`` comments in the wave, all streets together, ``sample_judged``
    were drawn at random and judged, ``sample_right`` of them right.
    """

    street: str
    indicator: str
    label: str
    mentions: int
    respondents: int
    district_share: float
    waves: int
    state: str = "none"
    solved: int = 0
    reasked: int = 0
    remit: str = "street"
    confirmed: bool = False
    notified_days: int | None = None
    random_mentions: int | None = None
    number: int | None = None
    right_mentions: int | None = None
    sample_members: int | None = None
    sample_judged: int | None = None
    sample_right: int | None = None


@dataclass(frozen=True, slots=True)
class ThemeEffect:
    """What a theme costs and why: m', L, p̃, whether it recurs, restoration g, deduction d.

    ``counted`` is m', the mentions that the judged sample lets count; all else is computed from it.
    ``reasons`` are the codes because of which it costs nothing (empty when it costs).
    """

    theme: ThemeRecord
    counted: int
    lower_bound: float
    share: float
    present: bool
    recurring: bool
    restoration: float
    deduction: float
    reasons: tuple[Reason, ...]


@dataclass(frozen=True, slots=True)
class Adjustment:
    """Deductions of one street: per indicator before and after the caps, and in all.

    ``total`` is what is taken from the public score; ``public`` = P − total.
    """

    by_indicator: Mapping[str, float]
    capped: Mapping[str, float]
    total: float
    public: float


def wilson_lower(hits: int, n: int, *, confidence: float = 0.95) -> float:
    """One-sided lower Wilson bound of hits/n; 0 for n = 0."""
    if n <= 0:
        return 0.0
    return wilson(min(1.0, hits / n), n, confidence=2 * confidence - 1)[0]


def wilson_upper(hits: int, n: int, *, confidence: float = 0.95) -> float:
    """One-sided upper Wilson bound of hits/n; 1 for n = 0."""
    return 1.0 - wilson_lower(n - hits, n, confidence=confidence)


def residents_verdict(solved: int, reasked: int, policy: Policy) -> bool | None:
    """What residents who were asked again have said together: solved, not solved, or not yet clear.

    ``solved`` of ``reasked`` said so. True when at least ``recheck_min`` answered and the one-sided
    95 % Wilson lower bound of the share reaches ``recheck_solved`` (then g = 1, method §6); False
    when as many answered and the upper bound is below it; None otherwise: silence is neither.
    """
    if reasked < policy.recheck_min:
        return None
    if wilson_lower(solved, reasked) >= policy.recheck_solved:
        return True
    return False if wilson_upper(solved, reasked) < policy.recheck_solved else None


def smoothed_share(mentions: int, respondents: int, district_share: float, kappa: float) -> float:
    """p̃ = (m + κ p_d)/(n + κ); the district's share when there is nobody."""
    if respondents + kappa <= 0:
        return district_share
    return (mentions + kappa * district_share) / (respondents + kappa)


def counted_mentions(theme: ThemeRecord) -> int:
    """m' = m_r + ⌊(m − m_r)·q⌋: how many mentions count, after people read a sample; 0..m.

    m_r mentions were judged right one by one; of the others the share q = right/judged of the
    sample is taken to be right, rounded down in the street's favour. Every mention judged wrong is
    out of m already. m itself when nothing was judged.
    """
    return credible_mentions(
        theme.mentions,
        right=theme.right_mentions or 0,
        sample=(theme.sample_right or 0, theme.sample_judged or 0),
    )


def credible_mentions(mentions: int, *, right: int, sample: tuple[int, int]) -> int:
    """The same for any group of ``mentions``: ``right`` known to be so, ``sample`` (right,
    judged)."""
    sample_right, judged = sample
    return right + (mentions - right) * sample_right // judged if judged else mentions


def sample_reasons(theme: ThemeRecord, policy: Policy) -> tuple[Reason, ...]:
    """Why the sample of comments does not bear the theme out; empty when it does.

    The smaller of the policy's sample and all comments must be judged, and the one-sided 95 %
    Wilson lower bound of the share that is right reach the policy's least precision; when every
    comment was judged there is nothing left to be uncertain about. No condition where nobody is
    asked to judge (no sample in the record, or a sample of 0 in the policy).
    """
    if theme.sample_judged is None or theme.sample_members is None or policy.theme_sample == 0:
        return ()
    needed = min(policy.theme_sample, theme.sample_members)
    if theme.sample_judged < needed:
        few = {"judged": theme.sample_judged, "needed": needed}
        return (Reason("sample_not_judged", few),)
    bound = wilson_lower(theme.sample_right or 0, theme.sample_judged)
    if theme.sample_judged < theme.sample_members and bound < policy.theme_min_precision:
        wrong = {"bound": bound, "needed": policy.theme_min_precision}
        return (Reason("sample_too_often_wrong", wrong),)
    return ()


def recurrence_reasons(
    mentions: int,
    respondents: int,
    waves: int,
    *,
    policy: Policy,
    random_mentions: int | None = None,
) -> tuple[Reason, ...]:
    """Conditions of *recurring* that are not met by m of n in r waves; empty when it recurs."""
    bound = wilson_lower(mentions, respondents)
    unmet = []
    if mentions < policy.theme_min_mentions:
        few = {"mentions": mentions, "needed": policy.theme_min_mentions}
        unmet.append(Reason("too_few_mentions", few))
    if bound < policy.theme_min_share:
        small = {"bound": bound, "needed": policy.theme_min_share}
        unmet.append(Reason("share_too_small", small))
    if waves < policy.theme_min_waves:
        young = {"waves": waves, "needed": policy.theme_min_waves}
        unmet.append(Reason("too_few_waves", young))
    if random_mentions is not None and random_mentions < policy.theme_min_random_mentions:
        needed = policy.theme_min_random_mentions
        unmet.append(
            Reason("too_few_random_mentions", {"mentions": random_mentions, "needed": needed})
        )
    return tuple(unmet)


def is_recurring(
    mentions: int,
    respondents: int,
    waves: int,
    *,
    policy: Policy,
    random_mentions: int | None = None,
) -> bool:
    """Whether a theme recurs: m ≥ 10, L ≥ 0.01, present in r ≥ 2 of the recent waves (defaults).

    ``mentions`` m of ``respondents`` n, ``waves`` r; ``random_mentions`` those in the random
    stream, ``None`` where there is none.
    """
    return not recurrence_reasons(
        mentions, respondents, waves, policy=policy, random_mentions=random_mentions
    )


def responsibility_reasons(theme: ThemeRecord, policy: Policy) -> tuple[Reason, ...]:
    """Conditions because of which even a recurring theme costs the street nothing."""
    unmet = []
    if theme.state == "removed":
        unmet.append(Reason("appeal_upheld"))
    if not theme.confirmed:
        unmet.append(Reason("not_confirmed"))
    if theme.remit != "street":
        unmet.append(Reason("not_the_streets_remit", {"remit": theme.remit}))
    if theme.notified_days is None or theme.notified_days < policy.notice_days:
        late = {"days": theme.notified_days, "needed": policy.notice_days}
        unmet.append(Reason("not_notified_in_time", late))
    return tuple(unmet)


def restoration(theme: ThemeRecord, *, recurring: bool, policy: Policy) -> float:
    """g in 0..1: what of the deduction is given back, fixed at the freeze (method §6)."""
    if not recurring:
        return 1.0
    solved = 0.0
    if theme.reasked >= policy.recheck_min:
        solved = theme.solved / theme.reasked
        if wilson_lower(theme.solved, theme.reasked) >= policy.recheck_solved:
            return 1.0
    if theme.state == "plan":
        return max(policy.plan_restoration, solved)
    return solved if theme.state == "overdue" else 0.0


def theme_effect(theme: ThemeRecord, policy: Policy) -> ThemeEffect:
    """m', L, p̃, recurrence, g and d of one theme.

    d = points·min(1, p̃/share)·ρ·(1−g), ρ = min(1, base + step·(r − fewest waves)); 0 unless it
    recurs and is the street's. Raises ``AnalysisError`` (``bad_theme``) for impossible counts.
    """
    check_theme(theme)
    counted = counted_mentions(theme)
    random = theme.random_mentions
    if random is not None and theme.mentions:
        random = random * counted // theme.mentions
    unmet = recurrence_reasons(
        counted, theme.respondents, theme.waves, policy=policy, random_mentions=random
    )
    recurring = not unmet
    share = smoothed_share(counted, theme.respondents, theme.district_share, policy.theme_prior)
    g = restoration(theme, recurring=recurring, policy=policy)
    reasons = (*unmet, *responsibility_reasons(theme, policy), *sample_reasons(theme, policy))
    deduction = 0.0
    if not reasons:
        extra = theme.waves - policy.theme_min_waves
        persistence = min(1.0, policy.persistence_base + policy.persistence_step * extra)
        size = min(1.0, share / policy.deduction_share)
        deduction = policy.deduction_points * size * persistence * (1 - g)
    return ThemeEffect(
        theme=theme,
        counted=counted,
        lower_bound=wilson_lower(counted, theme.respondents),
        share=share,
        present=counted >= policy.theme_present_mentions,
        recurring=recurring,
        restoration=g,
        deduction=deduction,
        reasons=reasons,
    )


def check_theme(theme: ThemeRecord) -> None:
    """Raise ``AnalysisError`` (``bad_theme``) when the counts contradict each other."""
    counts = [theme.mentions, theme.respondents, theme.waves, theme.solved, theme.reasked]
    read = (theme.right_mentions, theme.sample_members, theme.sample_judged, theme.sample_right)
    counts += [count for count in read if count is not None]
    right, members, judged, sample_right = (count or 0 for count in read)
    problem = None
    if min(counts) < 0:
        problem = "has a negative count"
    elif max(counts) > LARGEST_COUNT:
        problem = f"has a count above {LARGEST_COUNT:,}, more than there are people"
    elif theme.mentions > theme.respondents:
        problem = "has more mentions than respondents"
    elif theme.solved > theme.reasked:
        problem = "has more 'solved' answers than re-asked residents"
    elif right > theme.mentions:
        problem = "has more mentions judged right than mentions"
    elif sample_right > judged or judged > members:
        problem = "has a sample larger than what it is drawn from, or more right than judged"
    elif not 0 <= theme.district_share <= 1:
        problem = "has a district share outside 0 to 1"
    elif theme.state not in STATES:
        problem = f"has the state {theme.state!r}; use one of {', '.join(STATES)}"
    if problem:
        raise AnalysisError(
            "bad_theme",
            f"The theme {theme.label!r} of street {theme.street} {problem}.",
            street=theme.street,
            label=theme.label,
        )


def adjust_public(
    public: float,
    indicators: Mapping[str, float | None],
    effects: Sequence[ThemeEffect],
    policy: Policy,
) -> Adjustment:
    """P* = P − min(cap, Σ_k ω_k·min(cap_k, Σd, I_k)); V(P*) = V(P). Scores on 0..100.

    An indicator whose index is not given is capped by the policy only. Raises ``AnalysisError``
    (``unknown_indicator``) for a costing theme of an indicator without a weight.
    """
    sums: dict[str, float] = {}
    for effect in effects:
        name = effect.theme.indicator
        if name not in policy.omega:
            raise AnalysisError(
                "unknown_indicator",
                f"The theme {effect.theme.label!r} belongs to {name!r}, which is not an indicator "
                f"of the policy ({', '.join(policy.omega)}).",
                indicator=name,
            )
        sums[name] = sums.get(name, 0.0) + effect.deduction
    capped = {}
    for name, total in sums.items():
        index = indicators.get(name)
        capped[name] = min(policy.cap_indicator, total, 100.0 if index is None else index)
    taken = min(policy.cap_public, sum(policy.omega[name] * d for name, d in capped.items()))
    return Adjustment(sums, capped, taken, public - taken)
