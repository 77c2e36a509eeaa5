"""What both reports share: their head, the mark on every page, and how they can be proved."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from flask_babel import gettext as _

from survey.charts.model import Chart
from survey.charts.words import period
from survey.exports.report import Block, Report
from survey.formatting import by_language, language, say_day, say_time
from survey.queries.views import EvaluationView
from survey.wording import evaluation_headline


def report_frame(
    view: EvaluationView,
    *,
    kind: str,
    title: str,
    chart: Chart | None,
    blocks: Sequence[Block],
    proof: Sequence[str],
) -> Report:
    """A report of a kind around its blocks."""
    moment = max([one.at for one in view.sign_offs], default=view.computed_at)
    return Report(
        kind=kind,
        language=language(),
        mark=status_mark(view),
        over=" · ".join(
            (
                by_language(*view.wave.district_name),
                by_language(*view.wave.name),
                period(view.wave),
                *((_("revision %(number)s", number=view.revision),) if view.revision else ()),
            )
        ),
        title=title,
        headline=tuple(evaluation_headline(view)),
        chart=chart.to_params() if chart is not None else None,
        blocks=tuple(blocks),
        proof=tuple(proof),
        page_of=_("Page %(page)s of %(pages)s", page="{page}", pages="{pages}"),
        made=(moment or view.wave.closes_at).isoformat(),
    )


def status_mark(view: EvaluationView) -> str:
    """What a report that is not the published one carries on every page."""
    if view.status == "published":
        return _("DEMONSTRATION DATA") if view.wave.is_demo else ""
    if view.status == "draft":
        return _("DRAFT")
    if view.status == "replaced":
        return _("REPLACED")
    if view.notice_until is not None:
        return _("PROVISIONAL, on public notice until %(day)s", day=say_day(view.notice_until))
    return _("PROVISIONAL, not published")


def proof_lines(view: EvaluationView, digests: Mapping[str, str]) -> list[str]:
    """Policy, bundles and the command that computes every figure again."""
    lines = [_("Policy (sha256): %(hash)s", hash=view.policy_hash)]
    if "public" in digests:
        lines.append(_("Recompute bundle for everybody (sha256): %(hash)s", hash=digests["public"]))
    if "full" in digests:
        lines.append(_("Recompute bundle for auditors (sha256): %(hash)s", hash=digests["full"]))
    if view.frozen_at is not None:
        lines.append(
            _(
                "Frozen on %(time)s. To compute every figure again: %(command)s",
                time=say_time(view.frozen_at),
                command="python -m analysis recompute bundle.zip",
            )
        )
    return lines


def about(name: str, sentence: str) -> str:
    """A sentence about a group or a street: its name, a colon, the sentence."""
    return _("%(name)s: %(sentence)s", name=name, sentence=sentence)
