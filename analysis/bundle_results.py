"""The figures of an evaluation as one document, and the comparison of two such documents.

What a bundle carries in ``results.json`` and what is recomputed have this one layout; a figure
is named by its way through the document, such as ``streets.S09.blended.value``.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from analysis.adjustment import ThemeEffect
from analysis.evaluation_records import GroupEvaluation, StreetEvaluation
from analysis.policy import Policy
from analysis.types import Estimate
from analysis.verdicts import LastPlace
from analysis.wave_evaluation import StreetFigures, WaveEvaluation
from analysis.waves import Change
from analysis.year_records import StreetYear, Year

TOLERANCE = 1e-10
"""Relative (below 1: absolute) difference up to which two figures are the same. The same code on
the same kind of processor gives equal bits; another processor may add in another order, which
moves the sixteenth digit. What is printed has at most six."""


@dataclass(frozen=True, slots=True)
class Difference:
    """One figure that is not the same; ``None`` where one side has no such figure."""

    figure: str
    published: Any
    recomputed: Any


@dataclass(frozen=True, slots=True)
class Comparison:
    """How many figures were compared, how many are equal bit for bit, and those that differ."""

    figures: int
    identical: int
    differences: tuple[Difference, ...]


def plain(document: Any) -> Any:
    """A document as it comes back from JSON: lists for tuples, text keys."""
    return json.loads(json.dumps(document, ensure_ascii=False, allow_nan=False))


def estimate_figures(estimate: Estimate) -> dict[str, Any]:
    """One estimate with everything that travels with it."""
    return asdict(estimate)


def policy_figures(policy: Policy) -> dict[str, Any]:
    """Version and hash of the policy."""
    return {"version": policy.version, "sha256": policy.sha256}


def results_document(found: WaveEvaluation, policy: Policy) -> dict[str, Any]:
    """Every figure of the evaluation of a wave."""
    evaluation = found.evaluation
    document = {
        "policy": policy_figures(policy),
        # In the order in which they are computed: the first that differs is nearest to the cause.
        "streets": {
            code: street_figures(street, found.figures[code])
            for code, street in evaluation.streets.items()
        },
        "district": estimate_figures(found.result.district),
        "district_indicators": {
            code: estimate_figures(estimate)
            for code, estimate in found.result.district_indicators.items()
        },
        "effective_weights": asdict(evaluation.effective_weights),
        "groups": {name: group_figures(group) for name, group in evaluation.groups.items()},
        **({} if found.year is None else {"year": year_figures(found.year)}),
    }
    return plain(document)


def year_figures(year: Year) -> dict[str, Any]:
    """Every figure of the pool of a wave with the waves before it."""
    return {
        "waves": list(year.waves),
        "weights": list(year.weights),
        "complete": year.complete,
        "gone": list(year.gone),
        "streets": {code: street_year_figures(street) for code, street in year.streets.items()},
        "groups": {name: group_figures(group) for name, group in year.groups.items()},
    }


def street_year_figures(street: StreetYear) -> dict[str, Any]:
    """What the year says of one street."""
    low, high, chances = street.rank if street.rank is not None else (None, None, ())
    return {
        "group": street.group,
        "missing_in": list(street.missing_in),
        "pool": None if street.pool is None else estimate_figures(street.pool.estimate),
        "direct": street.direct and estimate_figures(street.direct),
        "blended": street.blended and estimate_figures(street.blended),
        "indicators": {code: estimate_figures(e) for code, e in street.indicators.items()},
        "change": change_figures(street.change),
        "indicator_changes": {
            code: change_figures(one) for code, one in street.indicator_changes.items()
        },
        "trend": {wave: estimate_figures(e) for wave, e in street.trend.items()},
        "rank_low": low,
        "rank_high": high,
        "rank_suppressed_because": street.rank_suppressed_because,
        "chances": list(chances),
    }


def change_figures(change: Change | None) -> dict[str, Any] | None:
    """A change with its interval and what chance alone had to be expected to give back."""
    return None if change is None else asdict(change)


def street_figures(street: StreetEvaluation, figures: StreetFigures) -> dict[str, Any]:
    """The figures of one street."""
    return {
        "group": street.group,
        "public": estimate_figures(figures.public),
        "adjusted": estimate_figures(figures.adjusted),
        "direct": estimate_figures(figures.direct),
        "blended": estimate_figures(figures.blended),
        "indicators": {code: estimate_figures(e) for code, e in figures.indicators.items()},
        **rank_figures(street),
        "themes": [theme_figures(effect) for effect in street.effects],
    }


def rank_figures(street: StreetEvaluation) -> dict[str, Any]:
    """Rank set and chances of one street."""
    return {
        "rank_low": street.rank_low,
        "rank_high": street.rank_high,
        "rank_suppressed_because": street.rank_suppressed_because,
        "chances": list(street.chances),
    }


def theme_figures(effect: ThemeEffect) -> dict[str, Any]:
    """What one theme does to one street."""
    theme = effect.theme
    # Published before people judged samples: every mention counted, and nothing was said of it.
    judged = {} if theme.sample_judged is None else {"counted": effect.counted}
    return {
        "number": theme.number,
        "label": theme.label,
        "indicator": theme.indicator,
        "mentions": theme.mentions,
        "respondents": theme.respondents,
        "waves": theme.waves,
        "lower": effect.lower_bound,
        "share": effect.share,
        "relief": effect.restoration,
        "recurring": effect.recurring,
        "deduction": effect.deduction,
        "not_counted_because": [reason.code for reason in effect.reasons],
        **judged,
    }


def group_figures(group: GroupEvaluation) -> dict[str, Any]:
    """Order and verdicts of one peer group."""
    return {
        "streets": list(group.codes),
        "pairwise_only": group.pairwise_only,
        "pairs": [list(pair) for pair in group.pairs],
        "top_k": group.top.k,
        "top_verified": group.top.verified,
        "top_group": list(group.top.streets),
        "bottom_group": list(group.bottom_group),
        "last_place": last_place_figures(group.last),
        "effective_weights": asdict(group.effective_weights),
    }


def last_place_figures(last: LastPlace) -> dict[str, Any]:
    """The verdict on the last place with every condition."""
    return {
        "established": last.established,
        "street": last.street,
        "z_min": last.z_min,
        "z_min_public": last.z_min_public,
        "p_last": last.p_last,
        "verified_this_wave": last.verified_this_wave,
        "conditions": [
            {"code": one.code, "met": one.met, "params": dict(one.params)}
            for one in last.conditions
        ],
    }


def compare(published: Any, recomputed: Any, *, tolerance: float = TOLERANCE) -> Comparison:
    """Compare two documents figure by figure, in the order of the published one.

    Numbers are the same when |a − b| ≤ ``tolerance``·max(1, |a|); everything else must be equal.
    """
    figures = identical = 0
    differences = []
    missing = object()
    theirs, ours = dict(leaves(published)), dict(leaves(recomputed))
    for name in (*theirs, *(name for name in ours if name not in theirs)):
        figures += 1
        one, other = theirs.get(name, missing), ours.get(name, missing)
        if one is other or (type(one) is type(other) and one == other):
            identical += 1
        elif not same_number(one, other, tolerance):
            shown = [None if value is missing else value for value in (one, other)]
            differences.append(Difference(name, *shown))
    return Comparison(figures, identical, tuple(differences))


def same_number(one: Any, other: Any, tolerance: float) -> bool:
    """Whether both are numbers and close enough; a truth value is not a number."""
    for value in (one, other):
        if isinstance(value, bool) or not isinstance(value, int | float):
            return False
    return abs(one - other) <= tolerance * max(1.0, abs(one))


def leaves(document: Any, way: str = "") -> Iterator[tuple[str, Any]]:
    """Every figure of a document with its way; an empty list or object is a figure of its own."""
    inner: Sequence[tuple[str, Any]] = ()
    if isinstance(document, Mapping):
        inner = [(str(key), value) for key, value in document.items()]
    elif isinstance(document, list | tuple):
        inner = [(str(place), value) for place, value in enumerate(document)]
    if not inner:
        yield way, document
    for key, value in inner:
        yield from leaves(value, f"{way}.{key}" if way else key)
