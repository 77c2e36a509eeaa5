"""A text with a few characters changed is the same text; other words for it are not."""

from __future__ import annotations

import time

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.themes.near_duplicates import first_of_kind

LONG = (
    "小区北门外的夜宵摊每天晚上营业到凌晨两点油烟和噪音让楼上住户无法入睡多次反映一直没有人来处理"
)


def test_text_with_a_few_characters_changed_is_the_same() -> None:
    texts = [LONG, LONG.replace("两点", "三点"), "另一件事情路灯坏了", LONG + "请领导重视"]
    assert first_of_kind(texts) == [0, 0, 2, 0]


def test_same_complaint_in_other_words_is_another_text() -> None:
    assert first_of_kind([LONG, "北门夜宵摊太吵还有油烟楼上的人睡不着反映了没人管"]) == [0, 1]


def test_empty_texts_stand_alone_and_short_ones_compare_whole() -> None:
    assert first_of_kind(["", "", "好", "好", "坏"]) == [0, 1, 2, 2, 4]


def test_repeating_one_text_ten_thousand_times_is_quick() -> None:
    begun = time.process_time()
    assert set(first_of_kind([LONG] * 10_000)) == {0}
    assert time.process_time() - begun < 1.0


def test_variants_of_one_text_by_the_thousand_stay_linear() -> None:
    begun = time.process_time()
    first = first_of_kind([f"{LONG}编号{number}" for number in range(2_000)])
    assert set(first) == {0}
    assert time.process_time() - begun < 6.0


@settings(max_examples=60, deadline=None)
@given(st.lists(st.text(alphabet="路灯坏了没人管abc1", max_size=12), max_size=30))
def test_the_first_is_its_own_first_and_never_later(texts: list[str]) -> None:
    first = first_of_kind(texts)
    assert all(own <= index and first[own] == own for index, own in enumerate(first))
    for text in set(texts) - {""}:
        assert len({own for own, other in zip(first, texts, strict=True) if other == text}) == 1


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_unrelated_texts_are_kept_apart(seed: int) -> None:
    characters = np.random.default_rng(seed).integers(0x4E00, 0x9000, size=(20, 40))
    texts = ["".join(map(chr, row)) for row in characters]
    assert first_of_kind(texts) == list(range(20))
