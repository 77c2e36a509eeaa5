"""Every page there is, with whom it is opened by and something real to show on it.

`PAGES` names each rule that answers a page, `FILES` each that answers something else. A rule in
neither fails tests/routes/test_every_page.py by name, so that no new page is forgotten by the
walks through all of them: axe's and the one that looks for the notice of invented data.
"""

from __future__ import annotations

from collections.abc import Mapping

from flask import Flask

#: Nobody is signed in.
ANYBODY = ""
#: The right password was given, the one-time code was not yet.
HALF_WAY = "codes"
#: Somebody answered at the kiosk just now.
AT_KIOSK = "kiosk"

#: {endpoint: (who, path)...}; {names in braces} are filled in by tests.furnished.furnish.
PAGES: Mapping[str, tuple[tuple[str, str], ...]] = {
    "account.account": (("dept", "/office/account"),),
    "account.codes": (("boss", "/office/account/codes"),),
    "accounts.accounts": (("boss", "/office/admin/accounts"),),
    "admin.confirm_repointing": (("boss", "/office/admin/points/{retired}/repoint"),),
    "admin.confirm_restoring": (("boss", "/office/admin/points/{retired}/restore"),),
    "admin.confirm_retiring": (("boss", "/office/admin/points/{point}/retire"),),
    "admin.places": (("boss", "/office/admin/"),),
    "admin.points": (("boss", "/office/admin/points"),),
    "api.docs": ((ANYBODY, "/api/v1/docs"),),
    "appeals.new": (("clerk", "/office/street/s1/appeals/new?wave={on_notice}&kind=quarantine"),),
    "appeals.of_street": (("clerk", "/office/street/s1/appeals"),),
    "appeals.of_wave": (("eva", "/office/waves/{on_notice}/appeals"),),
    "appeals.one": (("eva", "/office/appeals/{appeal}"),),
    "assessment.column": (("eva", "/office/waves/{open}/assessment/column?assessor=A"),),
    "assessment.grid": (("eva", "/office/waves/{open}/assessment"),),
    "assessment.lists": (("eva", "/office/waves/{open}/lists"),),
    "assisted.ask": ((ANYBODY, "/kiosk/{kiosk}/ask"),),
    "assisted.start": ((ANYBODY, "/kiosk/{kiosk}"),),
    "assisted.thanks": ((AT_KIOSK, "/kiosk/{kiosk}/r/thanks?show=1"),),
    "call_backs.requests": (("clerk", "/office/street/s1/call-backs"),),
    "case_paths.calls": (("eva", "/office/calls"),),
    "cases.one": (
        ("clerk", "/office/cases/{call_back_case}"),
        ("dept", "/office/cases/{called_case}"),
        ("eva", "/office/cases/{theme_case}"),
    ),
    "causes.street": (("eva", "/office/waves/{second}/evaluation/streets/s1"),),
    "causes.verdict": (("eva", "/office/waves/{second}/evaluation/verdict"),),
    "causes.year": (("eva", "/office/waves/{second}/year"),),
    "department.desk": (("dept", "/office/department/"),),
    "duties.duties": (("dept", "/office/duties/"),),
    "duties.duty": (("eva", "/office/duties/{duty}"),),
    "evaluator.evaluation": (
        ("eva", "/office/waves/{second}/evaluation"),
        ("eva", "/office/waves/{on_notice}/evaluation"),
    ),
    "evaluator.indices": (("eva", "/office/waves/{second}/indices"),),
    "exclusions.listed": (("eva", "/office/waves/{on_notice}/exclusions"),),
    "inbox.index": (("clerk", "/office/inbox"), ("eva", "/office/inbox?tab=comments")),
    "invitations.invitation": ((ANYBODY, "/office/invitation/{invitation}"),),
    "mail.outbox": (("boss", "/office/admin/mail"),),
    "mail.wish": (("clerk", "/office/account/mail"),),
    "office.home": (
        ("eva", "/office/"),
        ("clerk", "/office/"),
        ("dept", "/office/"),
        ("boss", "/office/"),
    ),
    "paper.batch": (("eva", "/office/paper/{batch}"),),
    "paper.batches": (("eva", "/office/paper/"),),
    "paper.form": (("eva", "/office/paper/{batch}/first/2"),),
    "paper.next_form": (("eva", "/office/paper/{batch}/first"),),
    "policy.of_now": (("clerk", "/office/policy"),),
    "policy.policy": (("eva", "/office/waves/{open}/policy"),),
    "public.data": ((ANYBODY, "/data"),),
    "public.go": ((ANYBODY, "/go?code={point}"),),
    "public.home": ((ANYBODY, "/"),),
    "public.method": ((ANYBODY, "/method"),),
    "public.street": ((ANYBODY, "/streets/s1"), (ANYBODY, "/streets/s3")),
    "reply_templates.templates": (("clerk", "/office/reply-templates"),),
    "resident.ask": ((ANYBODY, "/s/{point}"),),
    "resident.confirm_withdrawal": ((ANYBODY, "/r/{receipt}/withdraw"),),
    "resident.receipt": ((ANYBODY, "/r/{receipt}"),),
    "security.login": ((ANYBODY, "/office/sign-in"),),
    "sign_in.code": ((HALF_WAY, "/office/sign-in/code"),),
    "street.comments": (("clerk", "/office/street/s1/themes/{theme}?wave={second}"),),
    "street.index": (("clerk", "/office/street/s1?wave={second}"),),
    "street.own": (("clerk", "/office/street/"),),
    "street.reasons": (("clerk", "/office/street/s1/reasons?wave={second}"),),
    "street.themes": (("clerk", "/office/street/s1/themes?wave={second}"),),
    "theme_findings.findings": (("eva", "/office/waves/{second}/themes/findings"),),
    "themes.comments": (("eva", "/office/waves/{second}/themes/comments"),),
    "themes.decisions": (("eva", "/office/waves/{second}/themes/decisions"),),
    "themes.review": (("eva", "/office/waves/{second}/themes/review"),),
    "themes.sample": (("eva", "/office/waves/{open}/themes/{mentioned}/sample"),),
    "themes.theme": (("eva", "/office/waves/{second}/themes/{theme}"),),
    "themes.themes": (("eva", "/office/waves/{second}/themes"),),
    "times.index": (("clerk", "/office/times"), ("eva", "/office/times?wave={second}")),
    "what_if.start": (("eva", "/office/waves/{second}/what-if"),),
}
#: What answers files, data and pictures.
FILES = {
    "api-docs.openapi_json",
    "api.docs_asset",
    "appeals.document",
    "assessment.list_template",
    "assessment.template",
    "duties.download",
    "inbox.download",
    "operations.healthz",
    "operations.metrics",
    "operations.readyz",
    "operations.robots",
    "pictures.picture",
    "policy.download",
    "printing.code_png",
    "printing.code_svg",
    "printing.poster_pdf",
    "reports.bundle",
    "reports.public_bundle",
    "reports.public_report",
    "reports.report",
    "results.cases",
    "results.coverage",
    "results.evaluation",
    "results.indices",
    "results.said_done",
    "results.themes",
    "results.waves",
    "static",
}


def pages_of(app: Flask) -> dict[str, tuple[tuple[str, str], ...]]:
    """`PAGES`, when it names every rule of the application that is read, and no other.

    Raises AssertionError with the names of what a walk would not open, or opens in vain.
    """
    read = {rule.endpoint for rule in app.url_map.iter_rules() if "GET" in (rule.methods or ())}
    missing = sorted(read - PAGES.keys() - FILES)
    assert not missing, f"no walk opens these: name them in tests/every_page.py: {missing}"
    gone = sorted((PAGES.keys() | FILES) - read)
    assert not gone, f"there is no such rule any more: {gone}"
    return dict(PAGES)
