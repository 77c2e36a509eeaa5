"""The pages of paper entry: who may open which pile, and what a wrong step answers."""

from __future__ import annotations

from collections.abc import Callable

from flask import Flask
from flask.testing import FlaskClient

from survey.clock import utc_now
from survey.services.paper_entry import open_batch, store_form
from tests.factories import Place, levels
from tests.routes.conftest import form_token

SignedIn = Callable[[str], FlaskClient]
GOOD = levels(5, 4, 3, 2, 1)


def post(client: FlaskClient, path: str, **data: str):
    token = form_token(client.get("/office/paper/").get_data(as_text=True))
    return client.post(path, data={"csrf_token": token, **data})


def pile(app: Flask, street: str) -> int:
    with app.app_context():
        return open_batch("2026q4", street, label=street, actor="eva", now=utc_now())


def test_a_street_types_its_own_forms_and_sees_no_others(
    app: Flask, place: Place, signed_in: SignedIn
) -> None:
    own, other = pile(app, "s1"), pile(app, "s2")
    clerk = signed_in("clerk")
    listed = clerk.get("/office/paper/").get_data(as_text=True)
    assert f'href="/office/paper/{own}"' in listed
    assert f'href="/office/paper/{other}"' not in listed
    assert clerk.get(f"/office/paper/{own}/first/1").status_code == 200
    for path in (f"{other}", f"{other}/first", f"{other}/first/1"):
        assert clerk.get(f"/office/paper/{path}").status_code == 403
    for path in ("first/1", "first/1/draft", "first/1/drop", "finish", "decide", "close"):
        assert post(clerk, f"/office/paper/{other}/{path}", **GOOD).status_code == 403
    made = {"wave": "2026q4", "street": "s2", "label": "y", "share": "10", "limit": "2"}
    assert post(clerk, "/office/paper/", **made).status_code == 403
    assert post(clerk, "/office/paper/", **made | {"street": "s1"}).status_code == 303


def test_what_is_wrong_with_a_new_pile_is_said_and_what_was_typed_stays(
    place: Place, signed_in: SignedIn
) -> None:
    eva = signed_in("eva")
    made = {"wave": "2026q4", "street": "s1", "label": "Box 7", "share": "10", "limit": "2"}
    for wrong in ({"share": "0"}, {"share": "ten"}, {"limit": "x"}, {"limit": "101"}):
        answer = post(eva, "/office/paper/", **made | wrong)
        assert answer.status_code == 400
        assert 'value="Box 7"' in answer.get_data(as_text=True)
    assert post(eva, "/office/paper/", **made | {"limit": "1,5"}).status_code == 303


def test_keys_that_stand_for_nothing_come_back_with_all_that_was_typed(
    app: Flask, place: Place, signed_in: SignedIn
) -> None:
    batch_id = pile(app, "s1")
    answer = post(signed_in("eva"), f"/office/paper/{batch_id}/first/1", **GOOD | {"party": "7"})
    page = answer.get_data(as_text=True)
    assert answer.status_code == 422
    assert 'id="e-party"' in page
    assert (
        'name="urban" class="key" inputmode="numeric" data-kind="choice" maxlength="2" value="4"'
        in page
    )


def test_a_number_that_was_taken_meanwhile_offers_the_next_with_all_that_was_typed(
    app: Flask, place: Place, signed_in: SignedIn
) -> None:
    batch_id = pile(app, "s1")
    with app.app_context():
        store_form(batch_id, 1, 1, GOOD, actor="ann", now=utc_now())
    answer = post(signed_in("eva"), f"/office/paper/{batch_id}/first/1", **GOOD)
    page = answer.get_data(as_text=True)
    assert answer.status_code == 409
    assert f'action="/office/paper/{batch_id}/first/2"' in page
    assert 'value="5"' in page


def test_steps_out_of_order_and_addresses_that_do_not_exist(
    app: Flask, place: Place, signed_in: SignedIn
) -> None:
    batch_id = pile(app, "s1")
    eva = signed_in("eva")
    assert post(eva, f"/office/paper/{batch_id}/close").status_code == 409
    assert post(eva, f"/office/paper/{batch_id}/finish").status_code == 409
    assert post(eva, f"/office/paper/{batch_id}/decide").status_code == 409
    assert eva.get(f"/office/paper/{batch_id}/third").status_code == 404
    assert eva.get("/office/paper/99").status_code == 404
    # Not its time yet: back to the pile
    assert (
        eva.get(f"/office/paper/{batch_id}/second/1")
        .headers["Location"]
        .endswith(f"/paper/{batch_id}")
    )
