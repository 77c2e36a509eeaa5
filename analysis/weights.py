"""Weights that bring the respondents of a street to its population margins; nothing is estimated.

Everything works on a table of cells with counts, because all respondents of a cell share one
weight. The scale is a mean weight of 1: the weights of all respondents sum to n.

References: Deming & Stephan 1940 (raking); Kish 1965 (design effect of unequal weights).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from analysis.policy import Policy
from analysis.types import (
    UNKNOWN,
    AnalysisError,
    FloatArray,
    IntArray,
    Reason,
    WeightsReport,
)

TOLERANCE = 1e-10
GAP_TOLERANCE = 1e-6
LARGEST_MARGIN = 10_000_000_000
"""Residents of one category: more than there are people."""


@dataclass(frozen=True, slots=True)
class Margin:
    """One margin of the table: ``codes`` (C,) group of each cell, ``targets`` (G,) shares."""

    variable: str
    codes: IntArray
    targets: FloatArray


@dataclass(frozen=True, slots=True)
class Raking:
    """Weights (C,) with mean 1 over respondents, and how the iteration ended.

    ``gaps`` per variable: largest absolute difference of weighted and target share.
    """

    weights: FloatArray
    converged: bool
    iterations: int
    gaps: Mapping[str, float]
    at_bounds: int


def kish_deff(counts: FloatArray | IntArray, weights: FloatArray) -> float:
    """Design effect of unequal weights, n Σw² / (Σw)² over respondents; 1 for n = 0.

    ``counts`` (C,) respondents and ``weights`` (C,) per cell. Kish 1965, §11.7.
    """
    total = float(np.dot(counts, weights))
    if total <= 0:
        return 1.0
    return max(1.0, float(np.sum(counts)) * float(np.dot(counts, weights**2)) / total**2)


def n_effective(counts: FloatArray | IntArray, weights: FloatArray) -> float:
    """Effective sample size (Σw)² / Σw² over respondents; 0 for n = 0."""
    return float(np.sum(counts)) / kish_deff(counts, weights)


def poststratify(counts: IntArray, residents: FloatArray) -> FloatArray:
    """Weights w_c = n N_c / (N n_c), mean 1. ``counts`` and ``residents`` (C,).

    Raises ``AnalysisError`` (``empty_cell``) when a cell has residents but no respondents.
    """
    if np.any((counts == 0) & (residents > 0)):
        raise AnalysisError(
            "empty_cell",
            "A cell has residents but no respondents; join it with a neighbour first.",
            cells=np.flatnonzero((counts == 0) & (residents > 0)).tolist(),
        )
    share = residents / residents.sum()
    return np.divide(counts.sum() * share, counts, out=np.zeros(len(counts)), where=counts > 0)


def rake(
    counts: IntArray,
    margins: Sequence[Margin],
    *,
    base: FloatArray | None = None,
    trim: tuple[float, float] | None = None,
    iterations: int = 500,
) -> Raking:
    """Iterative proportional fitting on cells, with trimming inside the iteration.

    w ← w · target_g / achieved_g over the margins in turn; then trimming to bounds that are
    multiples of the mean, with Σ n w = n; until no weight moves by more than 1e-10.
    ``counts`` (C,) respondents; every group must hold a respondent. ``base`` (C,) starting
    weights. Converged: the weights stand still and, unless trimming binds, every margin is met
    within 1e-6. Never raises for lack of convergence: it is reported.
    """
    filled = counts > 0
    n = counts[filled].astype(float)
    total = n.sum()
    weights = np.ones(len(n)) if base is None else base[filled].astype(float)
    weights = weights * (total / np.dot(n, weights)) if total else weights
    tables = [(m.codes[filled], m.targets * total, len(m.targets)) for m in margins]
    still, cycle = not tables and trim is None, 0
    while not still and cycle < iterations and total:
        cycle += 1
        before = weights
        for codes, targets, groups in tables:
            achieved = np.bincount(codes, n * weights, groups)
            weights = weights * (targets / np.where(achieved > 0, achieved, 1.0))[codes]
        weights = weights * (total / np.dot(n, weights))
        if trim is not None:
            weights = trim_weights(weights, n, trim)
        still = bool(np.max(np.abs(weights - before)) < TOLERANCE)
    gaps = {m.variable: margin_gap(m, counts=n, weights=weights, filled=filled) for m in margins}
    bound = at_bounds(weights, trim)
    met = bool(bound.any()) or all(gap < GAP_TOLERANCE for gap in gaps.values())
    full = np.zeros(len(counts))
    full[filled] = weights
    return Raking(full, still and met, cycle, gaps, int(n[bound].sum()))


def trim_weights(
    weights: FloatArray, counts: FloatArray, bounds: tuple[float, float]
) -> FloatArray:
    """Weights inside ``bounds`` whose mean over respondents is 1 again, by clipping and scaling.

    Scaling what was clipped lifts it over the bound, so both are repeated until they agree.
    """
    total = counts.sum()
    for _ in range(200):
        weights = np.clip(weights, *bounds)
        scale = total / np.dot(counts, weights)
        if abs(scale - 1) < 1e-13:
            break
        weights = weights * scale
    return weights


def at_bounds(weights: FloatArray, trim: tuple[float, float] | None) -> np.ndarray:
    """Which weights sit on a trimming bound."""
    if trim is None:
        return np.zeros(len(weights), dtype=bool)
    return (weights <= trim[0] * (1 + 1e-9)) | (weights >= trim[1] * (1 - 1e-9))


def margin_gap(
    margin: Margin, *, counts: FloatArray, weights: FloatArray, filled: np.ndarray
) -> float:
    """Largest absolute difference between weighted and target share of one margin."""
    if not len(counts):
        return 0.0
    achieved = np.bincount(margin.codes[filled], counts * weights, len(margin.targets))
    return float(np.max(np.abs(achieved / counts.sum() - margin.targets)))


def build_margin(
    variable: str,
    categories: Sequence[str],
    residents: Mapping[str, float],
    *,
    mass: FloatArray,
    ordered: bool,
    order: Sequence[str] = (),
) -> tuple[Margin | None, list[Reason]]:
    """The margin of one variable with targets for unknown and empty categories (method §3).

    ``categories`` (C,) of each cell, ``mass`` (C,) its respondents times starting weight. Known
    targets are (1 − u)·p_c with u the share of unknown, whose own target is u. A category with
    residents but no respondents joins its neighbour when ``ordered`` (the one before it in
    ``order``, at the start the one after), else the margin is dropped: ``None``. Reasons:
    ``collapsed``, ``dropped_empty``, ``dropped_all_unknown``, ``dropped_no_residents``,
    ``category_without_residents`` (its respondents count as unknown).
    """
    peopled = peopled_categories(variable, residents)
    if not peopled:
        return None, [Reason("dropped_no_residents", {"variable": variable})]
    held: dict[str, float] = {}
    for category, weight in zip(categories, mass.tolist(), strict=True):
        held[category] = held.get(category, 0.0) + weight
    reasons = [
        Reason("category_without_residents", {"variable": variable, "category": category})
        for category, weight in held.items()
        if category != UNKNOWN and category not in peopled and weight > 0
    ]
    names = sorted(peopled, key=lambda c: order.index(c) if c in order else len(order))
    empty = [c for c in names if held.get(c, 0) <= 0]
    if len(empty) == len(names):
        return None, [*reasons, Reason("dropped_all_unknown", {"variable": variable})]
    if empty and not ordered:
        missing = {"variable": variable, "categories": empty}
        return None, [*reasons, Reason("dropped_empty", missing)]
    joined = join_empty(names, empty)
    for category in empty:
        moved = {"variable": variable, "category": category, "into": joined[category]}
        reasons.append(Reason("collapsed", moved))
    groups = [c for c in names if c not in empty]
    known = sum(held[c] for c in groups) / float(mass.sum())
    shares = dict.fromkeys(groups, 0.0)
    for category, count in peopled.items():
        shares[joined.get(category, category)] += known * count / sum(peopled.values())
    targets = [*(shares[c] for c in groups), 1 - known]
    code = {c: i for i, c in enumerate(groups)}
    codes = np.array([code.get(c, len(groups)) for c in categories], dtype=np.int64)
    return Margin(variable, codes, np.array(targets)), reasons


def peopled_categories(variable: str, residents: Mapping[str, float]) -> dict[str, float]:
    """Known categories that have residents. Raises ``AnalysisError`` (``bad_margin``)."""
    for category, count in residents.items():
        if not 0 <= count <= LARGEST_MARGIN:
            raise AnalysisError(
                "bad_margin",
                f"The residents of {variable} = {category} must be between 0 and "
                f"{LARGEST_MARGIN:,}, not {count}.",
                variable=variable,
                category=category,
            )
    return {c: float(count) for c, count in residents.items() if c != UNKNOWN and count > 0}


def join_empty(names: Sequence[str], empty: Sequence[str]) -> dict[str, str]:
    """For each empty category of an ordered variable, the filled neighbour it joins."""
    joined: dict[str, str] = {}
    last: str | None = None
    for name in names:
        if name not in empty:
            last = name
        elif last is not None:
            joined[name] = last
    first = next(name for name in names if name not in empty)
    return {name: joined.get(name, first) for name in empty}


def category_of(stratum: Mapping[str, str], variable: str) -> str:
    """Category of a stratum; a joint variable ``a×b`` is read from its parts."""
    if variable in stratum:
        return stratum[variable]
    parts = [stratum.get(part, UNKNOWN) for part in variable.split("×")]
    return UNKNOWN if UNKNOWN in parts else "×".join(parts)


def stratum_weights(
    strata: Sequence[Mapping[str, str]],
    counts: IntArray,
    margins: Mapping[str, Mapping[str, float]],
    *,
    policy: Policy,
    use_base_weights: bool = False,
    trim: bool = True,
) -> tuple[FloatArray, WeightsReport]:
    """Weight of each stratum (H,) by raking ``counts`` (H,) to ``margins``, and the report.

    Without margins everyone has weight 1 and the report notes ``unweighted``. Margins whose
    totals differ by more than 1 % are used by their shares and noted (``margins_disagree``).
    """
    base = base_weights(strata, policy) if use_base_weights else np.ones(len(counts))
    mass = counts * base
    built: list[Margin] = []
    reasons: list[Reason] = []
    for variable, residents in margins.items():
        spec = policy.margin_variables.get(variable, {})
        if not counts.sum():
            break
        margin, why = build_margin(
            variable,
            [category_of(stratum, variable) for stratum in strata],
            residents,
            mass=mass,
            ordered=bool(spec.get("ordered", False)),
            order=spec.get("categories", ()),
        )
        reasons += why
        if margin is not None:
            built.append(margin)
    bounds = (policy.trim_low, policy.trim_high) if trim and (built or use_base_weights) else None
    raked = rake(counts, built, base=base, trim=bounds, iterations=policy.rake_iterations)
    return raked.weights, weights_report(counts, raked, reasons=reasons, margins=margins)


def base_weights(strata: Sequence[Mapping[str, str]], policy: Policy) -> FloatArray:
    """Starting weight of each stratum (H,): product over the policy's tables, 1 when unknown."""
    weights = np.ones(len(strata))
    for variable, table in policy.base_weights.items():
        weights *= [table.get(category_of(stratum, variable), 1.0) for stratum in strata]
    return weights


def weights_report(
    counts: IntArray,
    raked: Raking,
    *,
    reasons: Sequence[Reason],
    margins: Mapping[str, Mapping[str, float]],
) -> WeightsReport:
    """Put together what a reader must see of one raking."""
    notes = [r for r in reasons if r.code == "category_without_residents"]
    totals = {v: float(sum(residents.values())) for v, residents in margins.items()}
    if not margins:
        notes.append(Reason("unweighted"))
    elif max(totals.values()) > 1.01 * min(totals.values()):
        notes.append(Reason("margins_disagree", {"totals": totals}))
    used = raked.weights[counts > 0]
    return WeightsReport(
        n=int(counts.sum()),
        deff=kish_deff(counts, raked.weights),
        n_effective=n_effective(counts, raked.weights),
        converged=raked.converged,
        iterations=raked.iterations,
        gaps=raked.gaps,
        collapsed=tuple(r for r in reasons if r.code == "collapsed"),
        dropped=tuple(r for r in reasons if r.code.startswith("dropped")),
        notes=tuple(notes),
        minimum=float(used.min()) if len(used) else 1.0,
        maximum=float(used.max()) if len(used) else 1.0,
        at_bounds=raked.at_bounds,
    )
