"""Word the public charts: from results to a Chart in the reader's language. Draws nothing."""

from __future__ import annotations

from collections.abc import Iterable
from statistics import NormalDist

import numpy as np
from flask_babel import gettext as _
from flask_babel import ngettext

from analysis.types import Estimate
from survey.charts.model import Chart, Group, Mark, Row
from survey.formatting import by_language, language, say_date, say_last_day
from survey.queries.public import Change, GroupResults, Results
from survey.queries.views import StreetEvaluation
from survey.queries.waves import WaveView
from survey.wording import say_reason

# An error of 5 % over all comparisons of one street's indicators with the district (Bonferroni).
FAMILY_ERROR = 0.05


def interval_name(estimates: Iterable[Estimate]) -> str:
    """What the intervals may be called: only a random sample has a confidence interval."""
    if all(estimate.random for estimate in estimates):
        return _("%(level)s confidence interval", level="95 %")
    return _("model-based precision interval (not sampling error)")


def period(wave: WaveView) -> str:
    """From the first to the last day of a wave."""
    return _(
        "%(first)s to %(last)s", first=say_date(wave.opens_at), last=say_last_day(wave.closes_at)
    )


def headline(results: Results) -> str:
    """The finding in one sentence: how many streets cannot be told apart."""
    shown, together = results.streets_shown, results.streets_together
    if shown == 0:
        return _("No street has enough answers for a published score yet")
    if together == 0:
        return _("The order of the %(shown)s streets can be told", shown=shown)
    if together == shown:
        return _("None of the %(shown)s streets can be told apart from its peers", shown=shown)
    if len(results.groups) == 1:
        return _(
            "Of %(shown)s streets, %(together)s cannot be told apart from each other",
            shown=shown,
            together=together,
        )
    return _(
        "Of %(shown)s streets, %(together)s cannot be told apart from others of their group",
        shown=shown,
        together=together,
    )


def _number(value: float | None) -> str:
    return f"{value:.1f}" if value is not None else "–"


def _mark(estimate: Estimate) -> Mark:
    # Two decimals are more than a pixel; fewer digits, fewer different pictures.
    return Mark(
        round(estimate.value or 0.0, 2),
        round(estimate.low or 0.0, 2),
        round(estimate.high or 0.0, 2),
    )


def _row(label: str, estimate: Estimate, *, in_band: bool = False) -> Row:
    return Row(
        label=label,
        mark=_mark(estimate),
        value_text=_number(estimate.value),
        interval_text=f"{_number(estimate.low)}–{_number(estimate.high)}",
        n_text=f"{estimate.n:,}",
        in_band=in_band,
    )


def _subtitle(estimates: list[Estimate], results: Results, *, measure: str, n: int) -> str:
    return _(
        "%(measure)s, 0 to 100, with its %(interval)s; %(period)s; n = %(n)s",
        measure=measure,
        interval=interval_name(estimates),
        period=period(results.evaluation.wave),
        n=f"{n:,}",
    ).replace("n = ", "n\u00a0=\u00a0")


def _source(results: Results) -> str:
    view = results.evaluation
    source = _(
        "Source: Jieping, %(district)s, %(wave)s, revision %(revision)s.",
        district=by_language(*view.wave.district_name),
        wave=by_language(*view.wave.name),
        revision=view.revision,
    )
    if view.wave.is_demo:
        return source + " " + _("Demonstration data: made up, not a real survey.")
    return source


def _hidden(names: list[tuple[str, Estimate]]) -> list[str]:
    if not names:
        return []
    listed = [f"{name} ({say_reason(e.suppressed_because or 'no_answers')})" for name, e in names]
    return [_("Not shown: %(names)s.", names=_(", ").join(listed))]


def district_chart(results: Results) -> Chart | None:
    """All streets by their public score; None when none may be shown."""
    shown = [street for group in results.groups for street in group.shown]
    if not shown:
        return None
    estimates = [street.public for street in shown]
    scores = [estimate.value or 0.0 for estimate in estimates]
    low, high = _number(min(scores)), _number(max(scores))
    if results.streets_together:
        title = _(
            "Scores run from %(low)s to %(high)s; streets on one band cannot be told apart",
            low=low,
            high=high,
        )
    else:
        title = _("Scores run from %(low)s to %(high)s", low=low, high=high)
    hidden = [
        (by_language(*street.street.name), street.public)
        for group in results.groups
        for street in group.hidden
    ]
    district = results.evaluation.district
    return Chart(
        language=language(),
        title=title,
        subtitle=_subtitle(
            estimates,
            results,
            measure=_("Public score (weighted mean of the indicators)"),
            n=results.respondents,
        ),
        columns=(_("Street"), _("Score"), _("Interval"), "n", ""),
        groups=tuple(
            _group(group, is_only=len(results.groups) == 1)
            for group in results.groups
            if group.shown
        ),
        foot=(
            _(
                "Streets on the band, or joined by a line, do not differ significantly from each "
                "other: all pairs of a group tested, Holm, error %(error)s over all. Overlapping "
                "intervals are not the test.",
                error="5 %",
            ),
            *_hidden(hidden),
            _source(results),
        ),
        reference=round(district.value, 2) if district.value is not None else None,
        reference_text=_("District %(score)s", score=_number(district.value))
        if district.value is not None
        else "",
    )


def _group(group: GroupResults, *, is_only: bool) -> Group:
    together = len(group.together)
    order = {street.street.code: i for i, street in enumerate(group.shown)}
    return Group(
        name="" if is_only else group.name,
        rows=tuple(
            _row(
                by_language(*street.street.name),
                street.public,
                in_band=street.street.code in group.together,
            )
            for street in group.shown
        ),
        band_note=ngettext(
            "Not significant: these %(num)s streets cannot be told apart",
            "Not significant: these %(num)s streets cannot be told apart",
            together,
        )
        if together
        else "",
        lines=tuple(
            (order[run[0]], order[run[-1]]) for run in group.runs if set(run) != group.together
        ),
    )


def against_district(results: Results, street: StreetEvaluation, code: str) -> Change | None:
    """One indicator of a street minus the district's, which the street is part of.

    V = (1−w)²V_s + Σ_{j≠s} w_j²V_j with w the share of residents; the interval holds for all
    indicators of the street together (Bonferroni). None when one of the two may not be shown.
    """
    entries = [s for s in results.evaluation.streets if _is_usable(s.indicators.get(code))]
    if not any(s.street.code == street.street.code for s in entries) or len(entries) < 2:
        return None
    total = sum(s.street.population for s in entries)
    weights = np.array([s.street.population / total for s in entries])
    own = np.array([s.street.code == street.street.code for s in entries], dtype=float)
    values = np.array([s.indicators[code].value for s in entries], dtype=float)
    errors = np.array([s.indicators[code].se for s in entries], dtype=float)
    difference = float((own - weights) @ values)
    z = NormalDist().inv_cdf(1 - FAMILY_ERROR / 2 / len(results.evaluation.indicators))
    reach = z * float(np.sqrt(np.sum(((own - weights) * errors) ** 2)))
    return Change(difference, difference - reach, difference + reach)


def _is_usable(estimate: Estimate | None) -> bool:
    return (
        estimate is not None
        and estimate.suppressed_because is None
        and estimate.value is not None
        and bool(estimate.se)
    )


def street_headline(results: Results, street: StreetEvaluation) -> str:
    """How a street's indicators stand against the district's, in one sentence."""
    found = [
        change
        for indicator in results.evaluation.indicators
        if (change := against_district(results, street, indicator.code)) is not None
    ]
    above = sum(change.low > 0 for change in found)
    below = sum(change.high < 0 for change in found)
    if not found:
        return _("Too few answers for a comparison with the district")
    if not above and not below:
        return _("No indicator differs clearly from the district")
    return _(
        "Of %(all)s indicators, %(above)s above the district, %(below)s below, "
        "%(rest)s without a clear difference",
        all=len(found),
        above=above,
        below=below,
        rest=len(found) - above - below,
    )


def street_chart(results: Results, street: StreetEvaluation) -> Chart | None:
    """One street's indicators beside the district's; None when none may be shown."""
    view = results.evaluation
    rows, hidden, estimates = [], [], []
    for indicator in view.indicators:
        estimate = street.indicators.get(indicator.code)
        name = by_language(*indicator.name)
        if estimate is None or not _is_usable(estimate):
            if estimate is not None:
                hidden.append((name, estimate))
            continue
        change = against_district(results, street, indicator.code)
        district = view.district_indicators.get(indicator.code)
        row = _row(name, estimate, in_band=change is None or not change.is_significant)
        rows.append(
            Row(
                **{
                    **row.__dict__,
                    "other": _mark(district) if district and _is_usable(district) else None,
                    "other_text": _number(district.value if district else None),
                }
            )
        )
        estimates.append(estimate)
    if not rows:
        return None
    rows.sort(key=lambda row: -row.mark.value)
    return Chart(
        language=language(),
        title=street_headline(results, street),
        subtitle=_subtitle(
            estimates,
            results,
            measure=_(
                "Index of each indicator in %(street)s", street=by_language(*street.street.name)
            ),
            n=street.public.n,
        ),
        columns=(_("Indicator"), _("Index"), _("Interval"), "n", _("District")),
        groups=(Group(name="", rows=tuple(rows)),),
        foot=(
            _(
                "Circles: this street, filled where it differs from the district (error %(error)s "
                "over all indicators, Bonferroni). Diamonds: the district.",
                error="5 %",
            ),
            *_hidden(hidden),
            _source(results),
        ),
    )
