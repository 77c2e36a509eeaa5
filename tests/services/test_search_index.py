"""The search index: what is found, the same on both databases, and what keeps it right."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import delete, func, select, update

from survey.database import transaction
from survey.models import Comment, CommentWords, RollupPending, db
from survey.queries.search import matching_comments, says
from survey.search_terms import terms_of, tokens_of, words_of
from survey.services import search_index
from survey.services.comments import CommentsMap, load_comments
from survey.services.responses import receipt_code, receipt_hash
from survey.services.rollup import fold_all, rebuild
from survey.services.withdraw import withdraw
from tests import factories

NOW = datetime(2026, 11, 24, 1, 0)
SAID = {
    "hard": "停车难，难停车",
    "yard": "我们小区停车位太少",
    "split": "停。车",
    "apart": "停车很贵，出行困难",
    "lot": "The PARKING lot in front of 3号楼 is full",
    "wide": "ＰＡＲＫ　１２３",
    "number": "等了35分钟",
    "end": "没有地方放自行车",
    "rare": "𪚥龘路灯不亮",
    "lamp": "路灯坏了",
    "english": "My car's door; 100% broken",
}
FOUND = {
    "停车": {"hard", "yard", "apart"},
    "停车难": {"hard"},
    "小区停车": {"yard"},
    "车": {"hard", "yard", "split", "apart", "end"},
    "难": {"hard", "apart"},
    "路灯 坏": {"lamp"},
    "坏 路灯": {"lamp"},
    "龘路": {"rare"},
    "𪚥": {"rare"},
    "park": {"lot", "wide"},
    "Parking": {"lot"},
    "ｐａｒｋ": {"lot", "wide"},
    "3": {"lot"},
    "35": {"number"},
    "3号楼": {"lot"},
    "car": {"english"},
    "arking": set(),
    "楼停车": set(),
}


@pytest.fixture
def comments(each_app: Flask) -> dict[int, str]:
    """{id: its name in SAID}, all in the index."""
    with each_app.app_context():
        made = {factories.comment(body=body): name for name, body in SAID.items()}
        assert search_index.add_missing() == len(SAID)
    return made


def find(query: str) -> set[int]:
    """Ids of the comments found; none when the query says nothing."""
    found = matching_comments(query)
    return set() if found is None else set(db.session.scalars(found))


@pytest.mark.parametrize("query", FOUND)
def test_finds(each_app: Flask, comments: dict[int, str], query: str) -> None:
    with each_app.app_context():
        assert {comments[key] for key in find(query)} == FOUND[query]


TYPED = (
    "",
    " ",
    "😀",
    '"',
    "'; DROP TABLE comment; --",
    '停车" OR "路灯',
    "停车*",
    "NEAR(停车 路灯)",
    "停车 AND NOT 难",
    "tokens:停车",
    "^停车",
    "-停车",
    "&|!():*",
    "\\",
    "%",
    "_",
    "\x00停车",
    "停" * 10_000,
    "a " * 5_000,
    "😀停车😀",
    "\ud83d",
)


@pytest.mark.parametrize("query", TYPED)
def test_nothing_typed_is_an_error(each_app: Flask, comments: dict[int, str], query: str) -> None:
    with each_app.app_context():
        find(query)
        # The marks themselves mean nothing: only letters, characters and digits are looked for.
        assert {comments[key] for key in find(f"停车!{query[:1]}")} <= {"hard", "yard", "apart"}


def test_equal_to_reading_every_comment(each_app: Flask, comments: dict[int, str]) -> None:
    with each_app.app_context():
        text = "".join(SAID.values())
        for length in (1, 2, 3):
            for start in range(0, len(text) - length):
                query = text[start : start + length]
                if terms_of(query):
                    told = {key for key, name in comments.items() if says(SAID[name], query)}
                    assert find(query) == told, query


def test_an_answer_is_indexed_once_with_its_folding_and_leaves_when_withdrawn(
    each_app: Flask,
) -> None:
    with each_app.app_context():
        place = factories.place()
        answers = factories.levels(5, 4, 3, 2, 1) | {"comment": "楼下路灯坏了"}
        key = factories.response(wave_id=place.wave_id, point_code=place.points[0], answers=answers)
        comment_id = db.session.scalar(select(Comment.id))
        assert find("路灯") == set()
        assert search_index.audit().is_right
        fold_all(now=NOW)
        assert find("路灯") == {comment_id}
        fold_all(now=NOW)
        assert db.session.scalar(select(func.count()).select_from(CommentWords)) == 1
        withdraw(receipt_hash(receipt_code(key)), now=NOW)
        assert find("路灯") == set()
        fold_all(now=NOW)
        assert db.session.scalar(select(func.count()).select_from(CommentWords)) == 0
        assert search_index.audit().is_right


def test_what_a_rebuild_of_the_cubes_settles_is_indexed(each_app: Flask) -> None:
    with each_app.app_context():
        place = factories.place()
        answers = factories.levels(5, 4, 3, 2, 1) | {"comment": "楼下路灯坏了"}
        factories.response(wave_id=place.wave_id, point_code=place.points[0], answers=answers)
        rebuild(now=NOW)
        assert db.session.scalar(select(RollupPending.id)) is None
        assert len(find("路灯")) == 1


def test_loaded_comments_are_indexed_with_their_loading(each_app: Flask, tmp_path: Path) -> None:
    path = tmp_path / "said.csv"
    path.write_text("id,title,text,date\n1,停车难,没地方停,2026-11-01\n", encoding="utf-8")
    with each_app.app_context():
        load_comments(path, source="box", mapping=CommentsMap(title_column="title"))
        assert len(find("停车难")) == 1
        assert search_index.audit().is_right


def test_audit_names_what_is_wrong_and_rebuild_mends_it(
    each_app: Flask, comments: dict[int, str]
) -> None:
    first, second, third, *_rest = sorted(comments)
    with each_app.app_context():
        with transaction() as session:
            session.execute(delete(CommentWords).where(CommentWords.comment_id == first))
            session.execute(
                update(CommentWords).where(CommentWords.comment_id == second).values(words="x")
            )
            session.execute(update(Comment).where(Comment.id == third).values(body="别的"))
        found = search_index.audit()
        assert (found.comments, found.missing) == (len(SAID), (first,))
        assert found.different == (second, third)
        seen: list[tuple[int, int]] = []
        assert search_index.rebuild(progress=lambda done, total: seen.append((done, total))) == 3
        assert seen[-1] == (len(SAID), len(SAID))
        assert search_index.audit().is_right
        assert find("别的") == {third}


def test_audit_sees_an_index_that_is_not_of_its_words(
    app: Flask,
) -> None:
    with app.app_context():
        factories.comment(body="路灯坏了")
        search_index.add_missing()
        with transaction() as session:
            session.connection().exec_driver_sql(
                "INSERT INTO comment_words_search(comment_words_search) VALUES ('delete-all')"
            )
        assert search_index.audit().problem
        search_index.rebuild()
        assert search_index.audit().is_right
        assert len(find("路灯")) == 1


def test_commands_rebuild_and_audit(app: Flask) -> None:
    with app.app_context():
        factories.comment(body="路灯坏了")
    runner = app.test_cli_runner()
    wrong = runner.invoke(args=["search", "audit"])
    assert wrong.exit_code == 1
    assert "1 of 1 comments" in wrong.output
    assert runner.invoke(args=["search", "rebuild"]).exit_code == 0
    assert runner.invoke(args=["search", "audit"]).exit_code == 0


def test_words_and_tokens() -> None:
    assert words_of("停车，Ｐark 3号") == " 停 车  park  3 号 "
    assert tokens_of("停车难停车 park") == "停车 车难 难停 车 park"
