"""Comments about the same problem become one theme; repeats, floods and rubbish do not."""

from __future__ import annotations

import time
from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.themes.discovery import EMPTY, WORDLESS, Document, KnownTheme, discover
from analysis.themes.vectors import TermStatistics

MARKET = [
    "橘洲花园北门夜宵摊油烟太大，半夜还在吵",
    "北门夜宵摊的油烟天天飘进橘洲花园，没法睡",
    "橘洲花园门口的夜宵摊深夜油烟扰民，城管来了又走",
]
LIFT = [
    "枫林苑三栋的电梯又停了，老人下不了楼",
    "枫林苑电梯坏了一个月，物业说等配件",
    "电梯老出故障，枫林苑物业不修",
]
LONE = ["希望图书馆周一也开门", "茶馆门口的银杏很好看"]
ENGLISH = [
    "The drain near Lotus Market is blocked and overflows",
    "Blocked drain at Lotus Market overflows whenever it rains",
    "Streetlight broken",
]


def documents(texts, *, prefix: str = "d", **more) -> list[Document]:
    return [
        Document(f"{prefix}{n}", text, person=f"{prefix}p{n}", **more)
        for n, text in enumerate(texts)
    ]


def groups(found) -> set[frozenset]:
    return {frozenset(theme.members) for theme in found.themes}


def test_same_problem_in_other_words_is_one_theme() -> None:
    found = discover(documents(MARKET + LIFT + LONE))
    assert groups(found) == {frozenset({"d0", "d1", "d2"}), frozenset({"d3", "d4", "d5"})}
    assert set(found.assignments) == {f"d{n}" for n in range(6)}
    assert found.repeats == ()


def test_english_comments_are_grouped() -> None:
    assert groups(discover(documents(ENGLISH))) == {frozenset({"d0", "d1"})}


def test_theme_is_worded_and_counted() -> None:
    days = [date(2026, 3, 1), date(2026, 5, 1), date(2026, 4, 1)]
    streets = ["S1", "S1", "S2"]
    parts = [
        Document(n, text, person=f"p{n}", street=street, day=day)
        for n, (text, street, day) in enumerate(zip(MARKET, streets, days, strict=True))
    ]
    (theme,) = discover(parts).themes
    assert theme.label in MARKET
    assert theme.representative in {0, 1, 2}
    assert any("夜宵" in word for word in theme.keywords)
    assert (theme.messages, theme.texts, theme.persons) == (3, 3, 3)
    assert theme.streets == {"S1": 2, "S2": 1}
    assert (theme.first, theme.last) == (date(2026, 3, 1), date(2026, 5, 1))


def test_place_name_is_a_keyword_when_named() -> None:
    found = discover(documents(MARKET + LIFT), places=["橘洲花园", "枫林苑"])
    assert {word for theme in found.themes for word in theme.keywords} >= {"橘洲花园", "枫林苑"}


def test_one_text_pasted_by_many_is_no_theme() -> None:
    found = discover(documents([MARKET[0]] * 50 + LIFT))
    assert groups(found) == {frozenset({"d50", "d51", "d52"})}
    (repeat,) = found.repeats
    assert (repeat.messages, repeat.texts, repeat.persons) == (50, 1, 1)
    assert found.duplicates == {f"d{n}": "d0" for n in range(1, 50)}


def test_one_person_ten_times_is_no_theme() -> None:
    found = discover([Document(n, text, person="same") for n, text in enumerate(MARKET)])
    assert found.themes == ()
    assert found.repeats[0].persons == 1


def test_near_identical_text_brings_nobody_new() -> None:
    long = "橘洲花园北门的夜宵摊每天晚上营业到凌晨两点，油烟和噪音让楼上的住户没有办法休息"
    texts = [long, long + "！", long.replace("两点", "三点"), MARKET[1]]
    (theme,) = discover(documents(texts)).themes
    assert (theme.messages, theme.texts, theme.persons) == (4, 2, 2)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", EMPTY),
        ("   \n", EMPTY),
        ("😀😀😀", EMPTY),
        ("。。。", EMPTY),
        ("的的的的", WORDLESS),
        ("the", WORDLESS),
    ],
)
def test_text_without_words_is_set_aside_with_the_reason(text: str, reason: str) -> None:
    assert discover([Document("x", text)]).unprocessable == {"x": reason}


def test_no_document_and_one_document_give_no_theme() -> None:
    assert discover([]).themes == ()
    alone = discover(documents(LONE[:1]))
    assert alone.themes == () == alone.repeats
    assert alone.assignments == {}


def test_markup_does_not_reach_the_label() -> None:
    texts = [f"<script>alert(1)</script><b>{text}</b>" for text in MARKET]
    (theme,) = discover(documents(texts)).themes
    assert "<" not in theme.label
    assert "alert" not in " ".join(theme.keywords)


def test_full_width_traditional_and_markup_join_the_same_theme() -> None:
    texts = [
        MARKET[0],
        "橘洲花園北門夜宵攤油煙大，半夜吵鬧",
        "<p>橘洲花园北门&nbsp;夜宵摊油烟</p>",
        "ＢＢＢ",
    ]
    assert groups(discover(documents(texts))) == {frozenset({"d0", "d1", "d2"})}


def test_later_batch_joins_the_known_theme_and_keeps_its_identity() -> None:
    first = discover(documents(MARKET[:2] + LIFT[:2]))
    known = [KnownTheme(f"T{n}", theme.centroid) for n, theme in enumerate(first.themes)]
    was = {frozenset(theme.members): known[n].id for n, theme in enumerate(first.themes)}
    later = discover(
        documents([MARKET[2], LIFT[2], LONE[0]], prefix="e"),
        known=known,
        background=first.statistics,
    )
    assert later.assignments == {
        "e0": was[frozenset({"d0", "d1"})],
        "e1": was[frozenset({"d2", "d3"})],
    }
    assert all(theme.known and theme.messages == 1 for theme in later.themes)


def test_known_themes_are_never_merged_with_one_another() -> None:
    first = discover(documents(MARKET))
    twins = [KnownTheme(name, first.themes[0].centroid) for name in ("A", "B")]
    found = discover(documents(MARKET, prefix="e"), known=twins)
    assert set(found.assignments) == {"e0", "e1", "e2"}
    assert {theme.id for theme in found.themes} <= {"A", "B"}


def test_id_of_a_theme_does_not_depend_on_other_themes() -> None:
    alone = discover(documents(MARKET)).themes[0].id
    assert alone in {theme.id for theme in discover(documents(MARKET + LIFT)).themes}


def test_same_documents_give_the_same_result() -> None:
    assert discover(documents(MARKET + LIFT)) == discover(documents(MARKET + LIFT))


def test_shared_ids_and_impossible_similarity_are_refused() -> None:
    with pytest.raises(ValueError, match="two documents share the id 1"):
        discover([Document(1, "a"), Document(1, "b")])
    with pytest.raises(ValueError, match="two known themes share the id"):
        discover([], known=[KnownTheme("a", {}), KnownTheme("a", {})])
    with pytest.raises(ValueError, match="similarity"):
        discover([], similarity=0)


def test_progress_ends_with_all() -> None:
    seen = []
    discover(documents(MARKET), progress=lambda done, total: seen.append((done, total)))
    assert seen[-1] == (3, 3)


def test_same_text_ten_thousand_times_and_a_huge_one_take_seconds() -> None:
    begun = time.process_time()
    flood = [Document(n, MARKET[0], person=n) for n in range(10_000)]
    found = discover([*flood, Document("big", LIFT[0] * 5_000), *documents(LIFT[1:])])
    assert time.process_time() - begun < 15
    assert [theme.persons for theme in found.repeats] == [1]
    assert "big" in found.assignments


def test_statistics_count_each_distinct_text_once() -> None:
    found = discover(
        documents([LIFT[0], LIFT[0], LIFT[1]]), background=TermStatistics(5, {"电梯": 2})
    )
    assert found.statistics.texts == 7
    assert found.statistics.counts["电梯"] == 4


@settings(max_examples=40, deadline=None)
@given(st.lists(st.text(max_size=30) | st.sampled_from(MARKET + LIFT), max_size=12))
def test_any_texts_are_partitioned(texts: list[str]) -> None:
    found = discover(documents(texts))
    members = [m for theme in found.themes + found.repeats for m in theme.members]
    assert len(members) == len(set(members))
    assert not set(members) & set(found.unprocessable)
    assert all(theme.persons <= theme.texts <= theme.messages for theme in found.themes)
