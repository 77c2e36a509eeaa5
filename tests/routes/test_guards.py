"""The route table walked: nothing of the office or the API is open by accident."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.routing import Rule

from survey.services.access import ROLES
from survey.sign_in import CSRF_EXEMPT
from tests.factories import Place

# The way in and out; everything else under /office carries its roles.
OPEN_IN_OFFICE = {
    "security.login",
    "security.logout",
    "sign_in.code",
    "sign_in.check_code",
    # Whoever has the link has what it takes.
    "invitations.invitation",
    "invitations.accept",
}
# The API shows everybody published waves and whoever brings a key more; what an open wave shows
# without a key is tested with the API.
OPEN_IN_API = {
    "api.docs",
    "api.docs_asset",
    "api-docs.openapi_json",
    "results.waves",
    "results.indices",
    "results.themes",
    "results.coverage",
    "results.evaluation",
    "results.cases",
    "results.said_done",
}
# What an auditor may change: the own account.
OWN_ACCOUNT = {
    "account.language",
    "account.password",
    "account.end_session",
    "account.end_other_sessions",
    "account.switch_on",
    "account.switch_off",
    "account.new_recovery_codes",
    "mail.set_wish",
}
# Telephone numbers are given to one street office: no auditor reads these pages.
STREET_ALONE = {"call_backs.requests"}
VALUES = {
    "wave_code": "2026q4",
    "code": "s1",
    "theme_id": 1,
    "template_id": 1,
    "case_id": 1,
    "act": "accept",
    "comment_id": 1,
    "decision_id": 1,
    "username": "clerk",
    "batch_id": 1,
    "turn": "first",
    "number": 1,
    "request_id": "0" * 32,
    "kind": "csv",
    "appeal_id": 1,
    "document_id": 1,
    "exclusion_id": 1,
    "item_id": 1,
    "street_code": "s1",
    "revision": 1,
    "language": "en",
    "token": "nothing",
    "invitation_id": 1,
}


def rules(app: Flask, prefix: str) -> list[Rule]:
    return [rule for rule in app.url_map.iter_rules() if rule.rule.startswith(prefix)]


def address(app: Flask, rule: Rule) -> str:
    with app.test_request_context():
        adapter = app.url_map.bind("localhost")
        values = {name: VALUES[name] for name in rule.arguments}
        return adapter.build(rule.endpoint, values, method=min(rule.methods or {"GET"}))


def test_every_office_route_carries_its_roles(app: Flask) -> None:
    office = rules(app, "/office")
    assert len(office) > 20
    unguarded = {
        rule.endpoint
        for rule in office
        if not getattr(app.view_functions[rule.endpoint], "roles", None)
    }
    assert unguarded == OPEN_IN_OFFICE
    for rule in office:
        assert getattr(app.view_functions[rule.endpoint], "roles", set()) <= set(ROLES)


def test_every_api_route_is_guarded_or_known_to_be_open(app: Flask) -> None:
    unguarded = {
        rule.endpoint
        for rule in rules(app, "/api/")
        if not getattr(app.view_functions[rule.endpoint], "roles", None)
    }
    assert unguarded <= OPEN_IN_API


def test_strangers_are_led_to_the_sign_in_from_every_office_page(
    app: Flask, client: FlaskClient, place: Place
) -> None:
    tried = 0
    for rule in rules(app, "/office"):
        if rule.endpoint in OPEN_IN_OFFICE or "GET" not in (rule.methods or ()):
            continue
        answer = client.get(address(app, rule))
        assert answer.status_code == 302, rule
        assert answer.headers["Location"].startswith("/office/sign-in?next=/office"), rule
        tried += 1
    assert tried > 12


def test_programs_are_told_401_and_not_led_anywhere(client: FlaskClient) -> None:
    answer = client.get("/office/", headers={"Accept": "application/json"})
    assert answer.status_code == 401
    assert answer.json["error"]["code"] == "sign_in_needed"


def test_no_form_is_taken_without_its_token(
    app: Flask, signed_in: Callable[[str], FlaskClient]
) -> None:
    boss = signed_in("boss")
    posts = [
        rule
        for rule in app.url_map.iter_rules()
        if "POST" in (rule.methods or ())
        and f"{app.view_functions[rule.endpoint].__module__}."
        f"{app.view_functions[rule.endpoint].__name__}"
        not in CSRF_EXEMPT
    ]
    assert len(posts) > 8
    for rule in posts:
        answer = boss.post(address(app, rule))
        assert answer.status_code == 400, rule
        assert "open for too long" in answer.get_data(as_text=True), rule


def test_only_what_residents_send_needs_no_token(app: Flask) -> None:
    assert CSRF_EXEMPT == (
        "survey.routes.resident.answer",
        "survey.routes.resident.withdraw",
        "survey.routes.resident.solved",
        "survey.routes.assisted.answer",
    )
    for view in CSRF_EXEMPT:
        endpoint = ".".join(view.split(".")[-2:])
        assert app.view_functions[endpoint].__name__ == endpoint.split(".")[1]


def test_an_auditor_reads_every_page_and_changes_nothing(
    app: Flask, signed_in: Callable[[str], FlaskClient]
) -> None:
    app.config["WTF_CSRF_ENABLED"] = False
    auditor = signed_in_without_token(app)
    for rule in rules(app, "/office"):
        if rule.endpoint in OPEN_IN_OFFICE | OWN_ACCOUNT:
            continue
        if rule.endpoint in STREET_ALONE:
            assert auditor.get(address(app, rule)).status_code == 403, rule
        elif "GET" in (rule.methods or ()):
            assert auditor.get(address(app, rule)).status_code in (200, 302, 404), rule
        else:
            assert auditor.post(address(app, rule)).status_code == 403, rule


def signed_in_without_token(app: Flask) -> FlaskClient:
    client = app.test_client()
    data = {"username": "audit", "password": "correct horse battery"}
    assert client.post("/office/sign-in", data=data).status_code == 302
    return client


@pytest.mark.parametrize(
    ("who", "path", "status"),
    [
        ("eva", "/office/waves/2026q4/indices", 200),
        ("eva", "/office/admin/", 403),
        ("boss", "/office/admin/accounts", 200),
        ("boss", "/office/waves/2026q4/evaluation", 403),
        ("dept", "/office/department/", 200),
        ("dept", "/office/street/s1", 403),
        ("clerk", "/office/street/s1", 200),
        ("clerk", "/office/street/s2", 403),
        ("clerk", "/office/street/s2/themes", 403),
        ("clerk", "/office/street/nowhere", 403),
        ("clerk", "/office/waves/2026q4/indices", 403),
        ("clerk", "/office/waves/2026q4/themes", 403),
        ("clerk", "/office/department/", 403),
        ("audit", "/office/street/s2", 200),
    ],
)
def test_each_role_opens_its_own_pages(
    signed_in: Callable[[str], FlaskClient], who: str, path: str, status: int
) -> None:
    assert signed_in(who).get(path).status_code == status


def test_pages_of_the_office_are_never_kept(signed_in: Callable[[str], FlaskClient]) -> None:
    answer = signed_in("eva").get("/office/")
    assert answer.headers["Cache-Control"] == "no-store"
