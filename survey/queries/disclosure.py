"""An evaluation as outsiders may have it: without the figures that give a hidden score away.

A distance z, a chance or an effective weight of a peer group is computed from the scores of all
its ranked streets. Beside the direct scores, which are public, two distances are two equations
for the two unknowns of a hidden street, its score and its error. The public bundle withholds such
a group as a whole (`analysis.bundle_public`); here its verdicts stay and their numbers go.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from survey.queries.views import (
    ConditionView,
    EvaluationView,
    GroupView,
    LastPlaceView,
    StreetEvaluation,
)

WITHHELD = "score_of_a_ranked_street_hidden"
NO_WEIGHTS: Mapping[str, float | None] = {"direct": None, "public": None}
#: Parameters of a condition that are a function of the scores.
OF_SCORES = frozenset({"z", "z_public"})


def withheld_groups(view: EvaluationView) -> frozenset[str]:
    """Names of the groups in which a ranked street's score of the wave or year is hidden."""
    hidden = {one.street.code for one in view.streets if one.public.suppressed_because is not None}
    if view.year is not None:
        hidden |= {
            code
            for code, one in view.year.streets.items()
            if one.pool is not None and one.pool.suppressed_because is not None
        }
    return frozenset(group.name for group in view.groups if hidden & set(group.codes))


def for_outsiders(view: EvaluationView) -> EvaluationView:
    """The evaluation without distances, chances and weights of its withheld groups.

    `LastPlaceView.withheld_because` says why; the verdicts themselves are public and stay.
    """
    names = withheld_groups(view)
    if not names:
        return view
    return replace(
        view,
        groups=tuple(_group(one) if one.name in names else one for one in view.groups),
        streets=tuple(
            _street(one) if one.street.peer_group in names else one for one in view.streets
        ),
        # They are over all groups, so over the hidden street as well.
        effective_weights=NO_WEIGHTS,
    )


def _street(entry: StreetEvaluation) -> StreetEvaluation:
    return replace(entry, chances=(), p_first=None, p_last=None)


def _group(group: GroupView) -> GroupView:
    return replace(group, last=_last(group.last), effective_weights=NO_WEIGHTS)


def _last(last: LastPlaceView) -> LastPlaceView:
    return replace(
        last,
        z_min=None,
        z_min_public=None,
        p_last=None,
        conditions=tuple(_condition(one) for one in last.conditions),
        withheld_because=WITHHELD,
    )


def _condition(condition: ConditionView) -> ConditionView:
    if not OF_SCORES & set(condition.params):
        return condition
    params: dict[str, Any] = {
        key: None if key in OF_SCORES else value for key, value in condition.params.items()
    }
    return replace(condition, params=params | {"withheld_because": WITHHELD})
