"""Texts in one spelling and as words."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.themes.text import Tokeniser, bare, normalise, opening


@pytest.fixture(scope="module")
def tokeniser() -> Tokeniser:
    return Tokeniser()


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
def test_any_text_can_be_normalised_and_cut(text: str) -> None:
    clean = normalise(text)
    assert clean.isprintable()
    assert all(word.strip() for word in Tokeniser().cut(clean))


def test_cut_agrees_with_jieba_on_its_own_dictionary(tokeniser: Tokeniser) -> None:
    import jieba

    theirs = jieba.Tokenizer()
    theirs.FREQ, theirs.total = dict(tokeniser._words), tokeniser._total
    theirs.initialized = True
    for text in (
        "楼下商铺油烟直排扰民多次投诉无果",
        "请尽快打通断头路方便附近居民出行",
        "物业公司收费不合理",
    ):
        assert tokeniser._path(text) == list(theirs.cut(text, HMM=False))


def test_words_without_meaning_are_dropped(tokeniser: Tokeniser) -> None:
    assert tokeniser.cut("请问什么时候可以解决停车问题") == ["停车"]
    assert tokeniser.cut("The drains are blocked again") == ["drain", "blocked"]


def test_unknown_name_becomes_overlapping_pairs(tokeniser: Tokeniser) -> None:
    assert tokeniser.cut("鑫昊邸漏水") == ["鑫昊", "昊邸", "漏水"]


def test_place_name_stays_one_word_and_only_for_who_named_it(tokeniser: Tokeniser) -> None:
    assert "橘洲花园" in Tokeniser(["橘洲花园"]).cut("橘洲花园的电梯")
    assert "橘洲花园" not in tokeniser.cut("橘洲花园的电梯")


def test_placeholders_of_redacted_parts_are_no_words(tokeniser: Tokeniser) -> None:
    assert tokeniser.cut("〔姓名〕的电梯") == ["电梯"]
    assert tokeniser.cut("call [phone] lift") == ["call", "lift"]


def test_jieba_leaves_no_cache_file_behind(tmp_path, monkeypatch) -> None:
    import tempfile

    from analysis.themes import text

    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    text._dictionary.cache_clear()
    Tokeniser().cut("楼道灯坏了")
    assert list(tmp_path.iterdir()) == []


def test_opening_is_the_first_sentence_cut_to_length() -> None:
    assert opening("路灯坏了。没人管", 20) == "路灯坏了"
    assert opening("一" * 30, 10) == "一" * 9 + "…"
    assert opening("=cmd|' /C calc'!A0", 30).startswith("cmd")


def test_bare_keeps_letters_and_digits() -> None:
    assert bare("路灯, 坏了! No.5") == "路灯坏了no5"
