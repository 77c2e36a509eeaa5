"""Word the picture of an evaluation: the combined score F of every street with its rank set."""

from __future__ import annotations

import numpy as np
from flask_babel import gettext as _
from flask_babel import ngettext

from analysis.bands import indistinct_runs, longest_run
from analysis.types import Estimate
from survey.charts.model import Chart, Group, Mark, Row
from survey.charts.words import interval_name, period
from survey.formatting import by_language, language, say_number
from survey.queries.policies import kept_policy
from survey.queries.views import EvaluationView, GroupView, StreetEvaluation
from survey.wording import evaluation_headline, rank_set, say_reason, semicolons


def is_usable(estimate: Estimate) -> bool:
    """Whether an estimate may be drawn: it has an interval and is not suppressed."""
    return (
        estimate.suppressed_because is None
        and estimate.value is not None
        and estimate.low is not None
        and estimate.high is not None
    )


def shown_estimate(view: EvaluationView, street: StreetEvaluation) -> Estimate:
    """F, or P in a wave without direct scores."""
    return street.blended if view.has_direct else street.public


def ordered(view: EvaluationView, group: GroupView) -> list[StreetEvaluation]:
    """The streets of a group that may be drawn: those with a rank from the top, then the others."""
    members = [
        street
        for street in view.streets
        if street.street.peer_group == group.name and is_usable(shown_estimate(view, street))
    ]
    return sorted(
        members,
        key=lambda one: (
            not _has_rank(one),
            -(shown_estimate(view, one).value or 0.0),
            one.street.code,
        ),
    )


def _has_rank(street: StreetEvaluation) -> bool:
    return street.rank_low is not None and street.rank_suppressed_because is None


def say_rank(street: StreetEvaluation) -> str:
    """The rank set that may be shown, or an en dash."""
    return rank_set(street.rank_low, street.rank_high) if _has_rank(street) else "–"


def combined_chart(view: EvaluationView) -> Chart | None:
    """Every street by its combined score; None when none may be shown. Drawn from `view` alone."""
    groups = [(group, ordered(view, group)) for group in view.groups]
    shown = [street for _group, streets in groups for street in streets]
    if not shown:
        return None
    estimates = [shown_estimate(view, street) for street in shown]
    measure = (
        _("Combined score F (direct assessment and residents)")
        if view.has_direct
        else _("Public score (weighted mean of the indicators)")
    )
    return Chart(
        language=language(),
        title=semicolons(one.rstrip("。.") for one in evaluation_headline(view)),
        subtitle=_(
            "%(measure)s, 0 to 100, with its %(interval)s; %(period)s; n = %(n)s",
            measure=measure,
            interval=interval_name(estimates),
            period=period(view.wave),
            n=f"{sum(street.public.n for street in shown):,}",
        ).replace("n = ", "n\u00a0=\u00a0"),
        columns=(_("Street"), "F" if view.has_direct else "P", _("Interval"), "n", _("Rank set")),
        groups=tuple(
            _group(view, group, streets, is_only=len(view.groups) == 1)
            for group, streets in groups
            if streets
        ),
        foot=tuple(_foot(view)),
    )


def _group(
    view: EvaluationView, group: GroupView, streets: list[StreetEvaluation], *, is_only: bool
) -> Group:
    ranked = [street for street in streets if _has_rank(street)]
    runs = _runs(view, group, ranked)
    together = set(longest_run(runs))
    return Group(
        name="" if is_only else group.name,
        rows=tuple(
            _row(view, street, in_band=i in together and i < len(ranked))
            for i, street in enumerate(streets)
        ),
        band_note=ngettext(
            "Not significant: these %(num)s streets cannot be told apart",
            "Not significant: these %(num)s streets cannot be told apart",
            len(together),
        )
        if together
        else "",
        lines=tuple((run[0], run[-1]) for run in runs if set(run) != together),
    )


def _runs(
    view: EvaluationView, group: GroupView, ranked: list[StreetEvaluation]
) -> tuple[tuple[int, ...], ...]:
    """Maximal runs of streets of which no two differ, by the pairs that were frozen."""
    place = {street.street.code: i for i, street in enumerate(ranked)}
    differs = np.zeros((len(ranked), len(ranked)), dtype=bool)
    for higher, lower in group.pairs:
        if higher in place and lower in place:
            differs[place[higher], place[lower]] = differs[place[lower], place[higher]] = True
    values = [float(shown_estimate(view, street).value or 0.0) for street in ranked]
    return indistinct_runs(values, differs) if ranked else ()


def _row(view: EvaluationView, street: StreetEvaluation, *, in_band: bool) -> Row:
    estimate = shown_estimate(view, street)
    value, low, high = estimate.value or 0.0, estimate.low or 0.0, estimate.high or 0.0
    return Row(
        label=by_language(*street.street.name),
        mark=Mark(round(value, 2), round(low, 2), round(high, 2)),
        value_text=say_number(value),
        interval_text=f"{say_number(low)}–{say_number(high)}",
        n_text=f"{street.public.n:,}",
        in_band=in_band,
        other_text=say_rank(street),
    )


def _foot(view: EvaluationView) -> list[str]:
    lines = [
        _(
            "A rank set holds every rank that the figures allow (all pairs of a group tested, "
            "Holm, error %(error)s over all); overlapping intervals are not the test.",
            error=f"{100 * kept_policy(view.wave.policy_id).rank_error:g} %",
        )
    ]
    hidden = [
        f"{by_language(*street.street.name)} ({say_reason(why)})"
        for street in view.streets
        if (why := shown_estimate(view, street).suppressed_because)
    ]
    if hidden:
        lines.append(_("Not shown: %(names)s.", names=_(", ").join(hidden)))
    if view.wave.is_demo:
        lines.append(_("Demonstration data: made up, not a real survey."))
    return lines
