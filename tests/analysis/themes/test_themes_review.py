"""A nightly review may merge and split known themes, and says so; identities stay."""

from __future__ import annotations

from collections import Counter

import pytest

from analysis.themes.discovery import Discovery, Document, KnownTheme, discover
from analysis.themes.lineage import lineage
from analysis.themes.reader import Reader

MARKET = [
    "橘洲花园北门夜宵摊油烟太大，半夜还在吵",
    "北门夜宵摊的油烟天天飘进橘洲花园，没法睡",
    "橘洲花园门口的夜宵摊深夜油烟扰民，城管来了又走",
    "夜宵摊又摆到橘洲花园北门口，油烟呛人",
]
LIFT = [
    "枫林苑三栋的电梯又停了，老人下不了楼",
    "枫林苑电梯坏了一个月，物业说等配件",
    "电梯老出故障，枫林苑物业不修",
]


def documents(texts, *, prefix: str = "d") -> list[Document]:
    return [Document(f"{prefix}{n}", text, person=f"{prefix}p{n}") for n, text in enumerate(texts)]


def members(found: Discovery) -> dict[object, set]:
    return {theme.id: set(theme.members) for theme in found.themes}


def test_two_themes_about_the_same_are_merged_into_the_larger() -> None:
    found = discover(
        documents(MARKET),
        known=[KnownTheme("small", {}, 1), KnownTheme("large", {}, 3)],
        assigned={"d0": "small", "d1": "large", "d2": "large", "d3": "large"},
    )
    assert members(found) == {"large": {"d0", "d1", "d2", "d3"}}
    assert found.merges == (("large", "small"),)
    assert found.splits == ()


def test_theme_about_two_things_is_split_and_the_larger_part_keeps_its_name() -> None:
    found = discover(
        documents(MARKET + LIFT),
        known=[KnownTheme("both", {}, 7)],
        assigned={f"d{n}": "both" for n in range(7)},
    )
    ((kept, new),) = found.splits
    assert kept == "both"
    assert members(found) == {"both": {"d0", "d1", "d2", "d3"}, new: {"d4", "d5", "d6"}}
    assert found.merges == ()


def test_part_split_off_never_takes_the_name_that_the_other_part_keeps() -> None:
    (named,) = discover(documents(LIFT)).themes
    found = discover(
        documents(LIFT + MARKET),
        known=[KnownTheme(named.id, named.centroid, 7)],
        assigned={f"d{n}": named.id for n in range(7)},
    )
    ((kept, new),) = found.splits
    assert kept == named.id != new
    assert members(found)[new] == {"d0", "d1", "d2"}


def test_theme_that_has_not_changed_keeps_its_name_and_documents() -> None:
    found = discover(
        documents(MARKET + LIFT),
        known=[KnownTheme("lift", {}, 3), KnownTheme("market", {}, 4)],
        assigned={f"d{n}": "market" if n < 4 else "lift" for n in range(7)},
    )
    assert members(found)["market"] == {"d0", "d1", "d2", "d3"}
    assert members(found)["lift"] == {"d4", "d5", "d6"}
    assert (found.merges, found.splits) == ((), ())


def test_themes_without_documents_here_can_be_merged_too() -> None:
    centroid = discover(documents(MARKET)).themes[0].centroid
    known = [KnownTheme("a", centroid, 5), KnownTheme("b", centroid, 9)]
    found = discover(documents(LIFT), known=known, assigned={})
    assert found.merges == (("b", "a"),)
    joined = discover(documents(MARKET[:1]), known=known, assigned={})
    assert members(joined) == {"b": {"d0"}}


def test_settled_theme_is_neither_split_nor_merged_but_takes_in() -> None:
    centroid = discover(documents(MARKET)).themes[0].centroid
    found = discover(
        documents(MARKET + LIFT),
        known=[KnownTheme("settled", centroid, 2), KnownTheme("other", {}, 30)],
        assigned={"d0": "settled", "d4": "settled", "d1": "other", "d2": "other"},
        settled={"settled"},
    )
    assert members(found)["settled"] >= {"d0", "d1", "d2", "d3", "d4"}
    assert found.merges == (("settled", "other"),)
    assert found.splits == ()


def test_two_settled_themes_stay_two() -> None:
    centroid = discover(documents(MARKET)).themes[0].centroid
    found = discover(
        documents(MARKET),
        known=[KnownTheme("a", centroid, 2), KnownTheme("b", centroid, 2)],
        assigned={"d0": "a", "d1": "b"},
        settled={"a", "b"},
    )
    assert found.merges == ()
    assert "d0" in members(found)["a"]
    assert "d1" in members(found)["b"]


def test_batch_neither_merges_nor_splits() -> None:
    centroid = discover(documents(MARKET)).themes[0].centroid
    found = discover(
        documents(MARKET, prefix="e"), known=[KnownTheme(n, centroid) for n in ("a", "b")]
    )
    assert (found.merges, found.splits) == ((), ())


def test_theme_named_that_is_not_known_is_refused() -> None:
    with pytest.raises(ValueError, match="'x' is assigned or settled, but no known theme"):
        discover(documents(MARKET), assigned={"d0": "x"})
    with pytest.raises(ValueError, match="'y' is assigned or settled"):
        discover(documents(MARKET), settled={"y"})
    with pytest.raises(ValueError, match="places are given to the reader"):
        discover(documents(MARKET), reader=Reader(), places=["橘洲花园"])


def test_reader_kept_over_batches_changes_no_result() -> None:
    reader = Reader(["橘洲花园"])
    discover(documents(LIFT + MARKET[:2], prefix="d"), reader=reader)
    again = discover(documents(MARKET), reader=reader)
    assert again == discover(documents(MARKET), places=["橘洲花园"])


def test_reader_reads_again_what_was_changed_under_the_same_id() -> None:
    reader = Reader()
    discover([Document(1, MARKET[0]), Document(2, MARKET[1])], reader=reader)
    found = discover([Document(1, LIFT[0]), Document(2, LIFT[1])], reader=reader)
    assert "枫林苑" in found.themes[0].label


def test_lineage_by_hand() -> None:
    # theme 0 lives on in group 0, theme 1 in group 2; theme 2 went into group 0 as a whole
    found = lineage([Counter({0: 5, 2: 3, 1: 1}), Counter({0: 2}), Counter({1: 4}), Counter()])
    assert found.heirs == [0, None, 1, None]
    assert found.merges == [(0, 2)]
    assert found.splits == [(0, 1)]


def test_of_equal_parts_the_earlier_group_and_theme_carry_the_name() -> None:
    assert lineage([Counter({1: 2, 0: 2}), Counter({0: 2})]).heirs == [0, None]
    assert lineage([]).heirs == []
