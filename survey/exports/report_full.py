"""Word the full report: every figure of every street, and how each came about. For the office."""

from __future__ import annotations

from collections.abc import Mapping

from flask_babel import gettext as _

from analysis.types import Estimate
from survey.charts.combined import combined_chart, say_rank
from survey.exports.report import Block, Report, Sheet
from survey.exports.report_frame import about, proof_lines, report_frame
from survey.formatting import by_language, say_day, say_number, say_time
from survey.queries.policies import kept_policy
from survey.queries.views import AdjustmentView, EvaluationView, GroupView, StreetEvaluation
from survey.wording import commas, names_of, say_chance, say_condition, say_reason, say_reasons


def full_report(view: EvaluationView, *, digests: Mapping[str, str], leaders: Report) -> Report:
    """The full report in the reader's language; it begins with the words of the one page."""
    blocks: list[Block | None] = [*leaders.blocks, _overview(view)]
    blocks += [_verdict(view, group) for group in view.groups]
    blocks.append(Block(_("Every street")))
    for street in view.streets:
        blocks += _street(view, street)
    blocks += [_listed(view), _log(view), _method(view)]
    return report_frame(
        view,
        kind="full",
        title=_("Evaluation of the street offices: full report"),
        chart=combined_chart(view),
        blocks=[block for block in blocks if block is not None],
        proof=proof_lines(view, digests),
    )


def say_estimate(estimate: Estimate) -> tuple[str, str]:
    """(value, interval), as the page says them; the reason in place of a suppressed value."""
    if estimate.suppressed_because or estimate.value is None:
        return "–", say_reason(estimate.suppressed_because or "no_answers")
    if estimate.low is None or estimate.high is None:
        return say_number(estimate.value), "–"
    return say_number(estimate.value), f"{say_number(estimate.low)}–{say_number(estimate.high)}"


def _overview(view: EvaluationView) -> Block:
    rows = []
    for street in view.streets:
        rows.append(
            (
                by_language(*street.street.name),
                say_rank(street),
                *(say_estimate(e)[0] for e in (street.blended, street.direct)),
                *(say_estimate(e)[0] for e in (street.public, street.adjusted)),
                f"{street.public.n:,}",
                say_chance(street.p_last),
            )
        )
    return Block(
        _("All streets"),
        sheet=Sheet(
            heads=(
                _("Street"),
                _("Rank set"),
                "F",
                "D",
                "P",
                "P*",
                "n",
                _("Chance of last place"),
            ),
            rows=tuple(rows),
            widths=(3.4, 1.6, 1.2, 1.2, 1.2, 1.2, 1.3, 1.8),
            numbers=(1, 2, 3, 4, 5, 6, 7),
        ),
        remarks=(
            _("F: combined score; D: direct assessment; P: public score; P*: P after themes."),
            _("Chances are descriptive and never a condition."),
        ),
    )


def _verdict(view: EvaluationView, group: GroupView) -> Block:
    names = {street.street.code: street.street.name for street in view.streets}
    last = group.last
    said = (
        _("The last place is established")
        if last.established
        else _("No last place can be established")
    )
    rows = [
        (
            say_condition(one.code),
            _("met") if one.met else _("not met"),
            "" if one.met else say_reason(one.code, one.params, names),
        )
        for one in last.conditions
    ]
    low = (
        [_("Lowest combined score: %(street)s.", street=commas(names_of([last.street], names)))]
        if last.street
        else []
    )
    return Block(
        about(group.name, said) if len(view.groups) > 1 else said,
        paragraphs=tuple(low),
        sheet=Sheet(
            heads=(_("Condition"), _("Verdict"), _("Because")),
            rows=tuple(rows),
            widths=(3.2, 1.0, 5.0),
        ),
    )


def _street(view: EvaluationView, street: StreetEvaluation) -> list[Block]:
    indicators = {one.code: one.name for one in view.indicators}
    figures = [
        (_("Combined score F"), street.blended),
        (_("Direct assessment D"), street.direct),
        (_("Public score P"), street.public),
        (_("Public score after themes P*"), street.adjusted),
        *(
            (by_language(*name), street.indicators[code])
            for code, name in indicators.items()
            if code in street.indicators
        ),
    ]
    rows = tuple(
        (
            name,
            *say_estimate(estimate),
            f"{estimate.n:,}" if estimate.n else "–",
            f"{estimate.n_effective:,.0f}" if estimate.n_effective else "–",
        )
        for name, estimate in figures
    )
    heading = by_language(*street.street.name)
    rank = (
        _("Rank set %(ranks)s", ranks=say_rank(street))
        if street.rank_suppressed_because is None and street.rank_low is not None
        else _(
            "No rank: %(why)s", why=say_reason(street.rank_suppressed_because or "no_random_stream")
        )
    )
    blocks = [
        Block(
            heading,
            paragraphs=(rank,),
            sheet=Sheet(
                heads=(_("Figure"), _("Score"), _("Interval"), "n", _("Effective n")),
                rows=rows,
                widths=(3.4, 1.0, 2.6, 1.0, 1.2),
                numbers=(1, 3, 4),
            ),
            level=2,
        )
    ]
    least = kept_policy(view.wave.policy_id).min_cell
    told = tuple(
        one for one in street.adjustments if not one.not_counted_because or one.mentions >= least
    )
    rest = len(street.adjustments) - len(told)
    if told:
        blocks.append(
            Block(
                about(heading, _("themes")),
                sheet=_themes(told, indicators),
                remarks=(
                    _(
                        "%(count)s themes told by fewer than %(least)s take nothing; they are on "
                        "the page and in the full bundle.",
                        count=rest,
                        least=least,
                    ),
                )
                if rest
                else (),
                level=2,
            )
        )
    return blocks


def _themes(
    effects: tuple[AdjustmentView, ...], indicators: Mapping[str, tuple[str, str]]
) -> Sheet:
    ordered = sorted(effects, key=lambda one: (bool(one.not_counted_because), -one.mentions))
    return Sheet(
        heads=(
            _("Theme"),
            _("Indicator"),
            "m",
            "m′",
            "n",
            "L",
            "p",
            "r",
            "g",
            _("Deduction"),
            _("Why it takes nothing"),
        ),
        rows=tuple(
            (
                one.label,
                by_language(*indicators[one.indicator_code]),
                f"{one.mentions:,}",
                "–" if one.counted is None else f"{one.counted:,}",
                f"{one.respondents:,}",
                f"{100 * one.lower:.2f} %",
                f"{100 * one.share:.2f} %",
                str(one.waves_present),
                f"{one.relief:.2f}",
                "–" if one.not_counted_because else f"{one.deduction:.2f}",
                say_reasons(one.not_counted_because),
            )
            for one in ordered
        ),
        widths=(3.0, 2.0, 0.8, 0.8, 1.0, 1.2, 1.2, 0.5, 0.8, 1.2, 3.4),
        numbers=(2, 3, 4, 5, 6, 7, 8, 9),
    )


def _listed(view: EvaluationView) -> Block | None:
    names = {street.street.code: street.street.name for street in view.streets}
    kinds = {"bonus": _("Bonus"), "deduction": _("Deduction (list)"), "veto": _("Veto")}
    rows = tuple(
        (
            commas(names_of([code], names)),
            kinds[item.kind],
            "–" if item.points is None else f"{item.points:g}",
            "–" if item.ceiling is None else f"{item.ceiling:g}",
            item.label,
            item.document,
            say_day(item.document_date),
            item.signed_by,
        )
        for code, items in view.listed.items()
        for item in items
    )
    if not rows:
        return None
    return Block(
        _("Listed items, apart from every score"),
        sheet=Sheet(
            heads=(
                _("Street"),
                _("Kind"),
                _("Points"),
                _("Ceiling"),
                _("Item"),
                _("Document"),
                _("Date"),
                _("Signed by"),
            ),
            rows=rows,
            widths=(1.6, 1.2, 0.9, 0.9, 3, 2.4, 1.6, 1.8),
            numbers=(2, 3),
        ),
    )


def _log(view: EvaluationView) -> Block | None:
    steps = {
        "frozen": _("Frozen"),
        "approved": _("Approved"),
        "published": _("Published"),
        "replaced": _("Replaced"),
    }
    if not view.sign_offs:
        return None
    notes = {"without public notice": _("without public notice")}
    rows = tuple(
        (
            steps.get(one.step, one.step),
            one.actor,
            say_time(one.at),
            notes.get(one.note, one.note),
        )
        for one in view.sign_offs
    )
    return Block(
        _("Sign-off log"),
        paragraphs=(view.reason,) if view.reason else (),
        sheet=Sheet(
            heads=(_("Step"), _("Who"), _("When"), _("Note")),
            rows=rows,
            widths=(1.2, 1.4, 2, 3),
        ),
    )


def _method(view: EvaluationView) -> Block:
    policy = kept_policy(view.wave.policy_id)
    return Block(
        _("How the figures are made"),
        paragraphs=(
            _(
                "Residents judge five things on five levels. Answers are weighted to the residents "
                "of each street by age and sex; an index is a weighted mean from 0 to 100 with a "
                "%(level)s interval. The public score P is the mean of the indices; recurring, "
                "confirmed problems in a street’s own task lower an index up to a cap, which gives "
                "P*. The direct assessment D and P* are blended into F with the weight %(alpha)s "
                "for D.",
                level=f"{100 * policy.confidence:g} %",
                alpha=f"{policy.alpha:g}",
            ),
            _(
                "A rank is a set: all pairs of streets of a group are tested, with an error of "
                "%(error)s over all (Holm). A last place is established only when every condition "
                "above holds. Figures of fewer than %(least)s answers are not shown. The recompute "
                "bundle holds all inputs; the command below computes every figure again.",
                error=f"{100 * policy.rank_error:g} %",
                least=policy.min_index,
            ),
        ),
    )
