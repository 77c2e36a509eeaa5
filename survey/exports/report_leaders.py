"""Word the one-page report for the leaders: from an evaluation to blocks of text.

It is made of what everybody may see, because the published page links it: no label of a theme
that a resident may have written, no suppressed figure.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from flask_babel import gettext as _

from analysis.waves import change
from survey.charts.combined import combined_chart, is_usable
from survey.charts.model import Chart, Group
from survey.exports.report import Block, Report
from survey.exports.report_frame import about, proof_lines, report_frame
from survey.formatting import by_language, say_number
from survey.queries.disclosure import for_outsiders
from survey.queries.listed import listed_streets
from survey.queries.policies import kept_policy
from survey.queries.reports import ThemeCalled
from survey.queries.themes import frozen_themes
from survey.queries.views import EvaluationView, GroupView, published
from survey.wording import commas, names_of, say_reason, semicolons

#: More streets than this: the chart shows the top and the bottom of each group.
MOST_ROWS = 24
MOST_PROBLEMS = 5


def leaders_report(
    view: EvaluationView,
    *,
    digests: Mapping[str, str],
    before: EvaluationView | None,
    themes: Mapping[int, ThemeCalled],
) -> Report:
    """The report of one page in the reader's language.

    digests: {kind of bundle: sha256}; before: the published evaluation before, of the same
    district; themes: {theme id: names that people gave}.
    """
    # It is handed on: what would give a hidden score away stays with the office.
    view = for_outsiders(view)
    chart = combined_chart(view)
    left_out = 0
    if chart is not None:
        chart, left_out = _ends(chart)
    blocks = (
        Block(_("First places and last place"), tuple(_places(view))),
        Block(_("The district"), tuple(_district(view, before))),
        Block(_("Problems common to the streets"), tuple(_problems(view, themes))),
        Block(_("Bonuses, deductions, vetoes"), tuple(_listed(view))),
        Block(_("What is not certain"), tuple(_uncertain(view, left_out))),
    )
    return report_frame(
        view,
        kind="leaders",
        title=_("Evaluation of the street offices"),
        chart=chart,
        blocks=blocks,
        proof=proof_lines(view, digests),
    )


def _ends(chart: Chart) -> tuple[Chart, int]:
    """A chart of at most MOST_ROWS rows, from both ends of each group, and how many it leaves."""
    total = sum(len(group.rows) for group in chart.groups)
    if total <= MOST_ROWS:
        return chart, 0
    groups = chart.groups[: MOST_ROWS // 2]
    ends = max(1, MOST_ROWS // (2 * len(groups)))
    cut = tuple(_cut(group, ends) for group in groups)
    return replace(chart, groups=cut), total - sum(len(group.rows) for group in cut)


def _cut(group: Group, ends: int) -> Group:
    if len(group.rows) <= 2 * ends:
        return replace(group, lines=(), band_note="")
    rows = tuple(replace(row, in_band=False) for row in group.rows[:ends] + group.rows[-ends:])
    return Group(name=group.name, rows=rows)


def _places(view: EvaluationView) -> list[str]:
    names = {street.street.code: street.street.name for street in view.streets}
    if not view.has_direct:
        return [_("There is no direct assessment in this wave, so no street is ranked.")]
    lines = []
    for group in view.groups:
        for sentence in _group_places(group, names):
            lines.append(about(group.name, sentence) if len(view.groups) > 1 else sentence)
    return lines


def _group_places(group: GroupView, names: Mapping[str, tuple[str, str]]) -> list[str]:
    lines = []
    if group.top_group:
        top = _some(names_of(group.top_group, names))
        lines.append(_top(group, top))
    last = group.last
    if last.established and last.street:
        lines.append(
            _(
                "The last place is established: %(street)s. The consequence by default is a talk "
                "and support.",
                street=commas(names_of([last.street], names)),
            )
        )
    else:
        lines.append(_("No last place can be established; nobody is called the last."))
        if len(group.bottom_group) > 1:
            bottom = _some(names_of(group.bottom_group, names))
            lines.append(_("Could be last: %(streets)s.", streets=bottom))
    return lines


def _top(group: GroupView, streets: str) -> str:
    if group.top_k == 1:
        return (
            _("The first place is established: %(streets)s.", streets=streets)
            if group.top_verified
            else _("May hold the first place, not told apart: %(streets)s.", streets=streets)
        )
    numbers = {"k": group.top_k, "streets": streets}
    return (
        _("The first %(k)s places are established: %(streets)s.", **numbers)
        if group.top_verified
        else _("May hold the first %(k)s places, not told apart: %(streets)s.", **numbers)
    )


def _some(names: Sequence[str], most: int = 12) -> str:
    """The names, or the first of many with how many more there are."""
    if len(names) <= most:
        return commas(names)
    return _(
        "%(names)s and %(more)s more", names=commas(names[:most]), more=f"{len(names) - most:,}"
    )


def _district(view: EvaluationView, before: EvaluationView | None) -> list[str]:
    now = published(view.district)
    if now.value is None:
        return [_("The district has no published score yet.")]
    lines = [
        _(
            "Residents’ score: %(value)s (%(low)s–%(high)s), n = %(n)s.",
            value=say_number(now.value),
            low=say_number(now.low),
            high=say_number(now.high),
            n=f"{now.n:,}",
        )
    ]
    changed = (
        change(now, published(before.district), policy=kept_policy(view.wave.policy_id))
        if before is not None
        else None
    )
    if before is None or changed is None:
        return [*lines, _("There is no earlier published wave to compare with.")]
    numbers = {
        "wave": by_language(*before.wave.name),
        "value": f"{changed.value:+.1f}".replace("-", "−"),
        "low": f"{changed.low:+.1f}".replace("-", "−"),
        "high": f"{changed.high:+.1f}".replace("-", "−"),
    }
    lines.append(
        _("Since %(wave)s: %(value)s (%(low)s to %(high)s), a clear change.", **numbers)
        if changed.clear
        else _("Since %(wave)s: %(value)s (%(low)s to %(high)s), not significant.", **numbers)
    )
    return lines


def _problems(view: EvaluationView, themes: Mapping[int, ThemeCalled]) -> list[str]:
    least = kept_policy(view.wave.policy_id).min_cell
    common = [
        theme
        for theme in frozen_themes(view)
        if theme.scope == "common" and theme.status == "confirmed" and theme.mentions >= least
    ]
    lines = []
    for theme in common[:MOST_PROBLEMS]:
        given = themes.get(theme.id, ThemeCalled(None, None))
        words = by_language(*given.name) if given.name else commas(theme.keywords)
        lines.append(
            _(
                "%(theme)s: told by %(m)s of %(n)s; leads: %(department)s.",
                theme=words,
                m=f"{theme.mentions:,}",
                n=f"{theme.respondents:,}",
                department=by_language(*given.department) if given.department else _("not named"),
            )
        )
    if not lines:
        return [_("No confirmed problem is common to the streets.")]
    if len(common) > MOST_PROBLEMS:
        lines.append(
            _(
                "%(count)s more are on the page of the evaluation.",
                count=len(common) - MOST_PROBLEMS,
            )
        )
    return lines


def _listed(view: EvaluationView) -> list[str]:
    found = listed_streets(view)
    if not found:
        return [_("No bonus, deduction or veto is listed.")]
    lines = []
    for street in found[:MOST_PROBLEMS]:
        totals = street.totals
        parts = []
        if totals.bonus:
            parts.append(_("bonus %(points)s", points=f"+{totals.bonus:g}"))
        if totals.deduction:
            parts.append(_("deduction %(points)s", points=f"−{totals.deduction:g}"))
        if totals.vetoes:
            parts.append(_("vetoes: %(count)s", count=totals.vetoes))
        lines.append(about(by_language(*street.name), commas(parts)))
    if len(found) > MOST_PROBLEMS:
        more = len(found) - MOST_PROBLEMS
        lines.append(_("%(count)s more streets are in the full report.", count=more))
    return [*lines, _("These stand beside the scores and are in none of them.")]


def _uncertain(view: EvaluationView, left_out: int) -> list[str]:
    lines = []
    pairs = sum(len(g.codes) * (len(g.codes) - 1) // 2 for g in view.groups)
    if pairs:
        differ = sum(len(group.pairs) for group in view.groups)
        lines.append(
            _(
                "Of %(pairs)s pairs of streets, %(differ)s differ significantly.",
                pairs=f"{pairs:,}",
                differ=f"{differ:,}",
            )
        )
    unranked = [
        f"{by_language(*street.street.name)} ({say_reason(why)})"
        for street in view.streets
        if (why := street.rank_suppressed_because)
    ]
    if unranked:
        lines.append(_("Without a rank: %(streets)s.", streets=_some(unranked, 6)))
    names = {street.street.code: street.street.name for street in view.streets}
    for group in view.groups:
        unmet = [
            say_reason(one.code, one.params, names).rstrip(".。")
            for one in group.last.conditions
            if not one.met
        ]
        if unmet and view.has_direct and len(view.groups) <= 3:
            lines.append(
                _("Conditions of a last place that do not hold: %(why)s.", why=semicolons(unmet))
            )
    if not all(street.public.random for street in view.streets if is_usable(street.public)):
        lines.append(
            _(
                "Not all answers come from a random sample: the intervals rest on a model and are "
                "no sampling error."
            )
        )
    if left_out:
        lines.append(
            _("%(count)s streets between the ends are in the full report.", count=left_out)
        )
    return lines
