"""The inbox of every desk: cases and comments, searched and filtered."""

from __future__ import annotations

from flask import Blueprint, Response, g, render_template, request

from survey.case_words import ORIGINS, STATES
from survey.clock import utc_now
from survey.desk import Desk
from survey.exports.inbox_file import inbox_file
from survey.formatting import local_time
from survey.queries.inbox import DUE, TABS, InboxFilters, inbox, tab_counts
from survey.queries.inbox_about import inbox_choices
from survey.queries.inbox_comments import inbox_comments
from survey.routes.access import requires

blueprint = Blueprint("inbox", __name__, url_prefix="/office")

COMMENTS = "comments"
# No list is so long; numbers beyond what a database counts with are not asked for.
LAST_PAGE, LAST_ID = 1_000_000, 2**31 - 1


@blueprint.get("/inbox")
@requires("street", "department", "evaluator")
def index() -> str:
    """What waits for the desk: tabs, a search, filters; all of it in the address."""
    desk: Desk = g.viewer.desk
    filters, page = _filters(), min(request.args.get("page", 1, type=int), LAST_PAGE)
    today = local_time(utc_now()).date()
    is_comments = filters.tab == COMMENTS
    found = None if is_comments else inbox(desk, today=today, filters=filters, page=page)
    choices = inbox_choices()
    return render_template(
        "office/inbox.html",
        desk=desk,
        filters=filters,
        today=today,
        cases=found,
        comments=inbox_comments(desk, filters=filters, page=page) if is_comments else None,
        tabs=found.tabs if found else tab_counts(desk),
        choices=choices,
        is_demo=choices.is_demo,
        states=STATES,
        origins=ORIGINS,
        is_filtered=any(request.args.get(name) for name in request.args if name not in PLAIN),
    )


@blueprint.get("/inbox.<kind>")
@requires("street", "department", "evaluator")
def download(kind: str) -> Response:
    """The cases of the list as a file, csv or xlsx, all pages of it."""
    today = local_time(utc_now()).date()
    content = inbox_file(
        kind, g.viewer.desk, today=today, filters=_filters(), is_demo=g.viewer.is_demo
    )
    name = f"cases-{today.isoformat()}.{kind}"
    return Response(
        content,
        mimetype="text/csv" if kind == "csv" else "application/octet-stream",
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )


#: Arguments of the address that filter nothing.
PLAIN = frozenset({"tab", "page", "lang"})


def _filters() -> InboxFilters:
    """What the address asks for; what it says that is not known is nothing."""
    asked = request.args

    def one_of(name: str, known: object) -> str:
        value = asked.get(name, "")
        return value if value in known else ""  # type: ignore[operator]

    def code(name: str) -> str:
        # PostgreSQL takes no NUL.
        return asked.get(name, "").replace("\0", "")

    theme = asked.get("theme", type=int)
    return InboxFilters(
        tab=one_of("tab", (*TABS, COMMENTS)) or "to_do",
        words=asked.get("q", "").strip(),
        state=one_of("state", STATES),
        street=code("street"),
        holder=code("holder"),
        indicator=code("indicator"),
        theme=theme if theme is not None and 0 < theme <= LAST_ID else None,
        due=one_of("due", DUE),
        is_escalated=asked.get("escalated") == "1",
        origin=one_of("origin", ORIGINS),
    )
