"""Texts in one spelling."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.themes.text import bare, normalise, opening
from analysis.themes.words import TRADITIONAL


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("ＡＢ１２３", "AB123"),
        ("電梯壞了", "电梯坏了"),
        ("<p>路灯&nbsp;坏了</p><script>alert(1)</script>", "路灯 坏了"),
        ("好好好好好好好！！！！！！", "好好好!!!"),
        ("a\x00b\u200bc\ufeff", "abc"),
        ("  一\n\n二\t三 ", "一 二 三"),
        ("5 < 6 人", "5 < 6 人"),
    ],
)
def test_text_is_brought_into_one_spelling(text: str, expected: str) -> None:
    assert normalise(text) == expected


@settings(max_examples=150, deadline=None)
@given(st.text(max_size=300))
def test_any_text_can_be_normalised(text: str) -> None:
    assert normalise(text).isprintable()


@settings(max_examples=150, deadline=None)
@given(st.text(alphabet="路灯坏了，！？：；（）、。“”—Ａ９①㎡ﬁ　é\u0301… aB1", max_size=40))
def test_ordinary_and_rare_marks_come_in_unicode_normal_form(text: str) -> None:
    plain = normalise(text)
    assert plain == unicodedata.normalize("NFKC", plain)
    assert bare(plain) == bare(normalise(unicodedata.normalize("NFKC", text)))


def test_opening_is_the_first_sentence_cut_to_length() -> None:
    assert opening("路灯坏了。没人管", 20) == "路灯坏了"
    assert opening("一" * 30, 10) == "一" * 9 + "…"
    assert opening("=cmd|' /C calc'!A0", 30).startswith("cmd")


def test_bare_keeps_letters_and_digits() -> None:
    assert bare("路灯, 坏了! No.5") == "路灯坏了no5"


def test_what_becomes_simplified_is_no_simplified_character_itself() -> None:
    assert not set(map(chr, TRADITIONAL)) & set(TRADITIONAL.values())
    for simplified in TRADITIONAL.values():
        simplified.encode("gb2312")
    in_both = {"於", "後"}  # in that character set, but written 于 and 后
    for traditional in set(map(chr, TRADITIONAL)) - in_both:
        with pytest.raises(UnicodeEncodeError):
            traditional.encode("gb2312")


def test_sentences_in_traditional_characters_become_simplified() -> None:
    assert (
        normalise("網路壞了，鄰居擾民，冷氣機滴水，請儘快處理")
        == "网路坏了,邻居扰民,冷气机滴水,请尽快处理"
    )
