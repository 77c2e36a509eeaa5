"""Texts as words: jieba's own cut, for many at once, with place names kept whole."""

from __future__ import annotations

import tempfile
from math import log

import jieba
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.themes.dictionary import general_dictionary
from analysis.themes.text import normalise
from analysis.themes.tokeniser import Tokeniser

PIECES = [
    "楼下",
    "商铺",
    "油烟",
    "直排",
    "扰民",
    "多次投诉",
    "断头路",
    "不合理",
    "鑫昊邸",
    "的",
    "中华人民共和国",
]


@pytest.fixture(scope="module")
def tokeniser() -> Tokeniser:
    return Tokeniser()


@pytest.fixture(scope="module")
def theirs() -> jieba.Tokenizer:
    made = jieba.Tokenizer()
    made.FREQ, made.total = made.gen_pfdict(made.get_dict_file())
    made.initialized = True
    return made


def path(tokeniser: Tokeniser, text: str) -> list[str]:
    """Every word of the most probable path, those without meaning too."""
    codes = np.array([ord(c) for c in text + "\n"], dtype=np.uint32)
    starts, lengths, _ = tokeniser._path(codes)
    return [text[s : s + n] for s, n in zip(starts, lengths, strict=True)]


def likelihood(theirs: jieba.Tokenizer, words: list[str]) -> float:
    """The log probability of a cut."""
    return sum(log((theirs.FREQ.get(word) or 1) / theirs.total) for word in words)


@settings(max_examples=150, deadline=None)
@given(
    st.lists(
        st.sampled_from(PIECES)
        | st.text(alphabet=st.characters(min_codepoint=0x4E00, max_codepoint=0x9FA5), max_size=3),
        max_size=12,
    )
)
def test_path_is_that_of_jieba(tokeniser, theirs, pieces: list[str]) -> None:
    text = "".join(pieces)
    ours, jiebas = path(tokeniser, text), list(theirs.cut(text, HMM=False))
    assert "".join(ours) == text
    # two paths that are equally likely but for the last bit may differ
    assert ours == jiebas or likelihood(theirs, ours) == pytest.approx(likelihood(theirs, jiebas))


@settings(max_examples=150, deadline=None)
@given(st.lists(st.text(max_size=60), max_size=6))
def test_any_texts_can_be_cut_and_together_as_one_by_one(tokeniser, texts: list[str]) -> None:
    texts = [normalise(text) for text in texts]
    together = tokeniser.cut_all(texts)
    for number, text in enumerate(texts):
        words = [together.terms[t] for t in together.term[together.text == number].tolist()]
        assert words == tokeniser.cut(text)
        assert all(word.strip() for word in words)
    assert np.all((together.weight > 0) & (together.weight <= 1))


def test_many_texts_are_cut_in_order_and_progress_ends_with_all(tokeniser) -> None:
    seen: list[int] = []
    found = tokeniser.cut_all(["油烟", "", "漏水"] * 500, progress=seen.append)
    assert seen == [1_000, 1_500]
    assert found.text.tolist() == [n for n in range(1_500) if n % 3 != 1]
    assert [found.terms[t] for t in found.term[:3].tolist()] == ["油烟", "漏水", "油烟"]


def test_only_the_beginning_is_cut_when_asked(tokeniser) -> None:
    assert tokeniser.cut("油烟漏水电梯", 4) == ["油烟", "漏水"]


def test_words_without_meaning_are_dropped(tokeniser) -> None:
    assert tokeniser.cut("请问什么时候可以解决停车问题") == ["停车"]
    assert tokeniser.cut("The drains are blocked again") == ["drain", "blocked"]


def test_unknown_name_becomes_overlapping_pairs_that_weigh_less_together(tokeniser) -> None:
    assert tokeniser.cut("鑫昊邸漏水") == ["鑫昊", "昊邸", "漏水"]
    found = tokeniser.cut_all(["鑫昊邸漏水"])
    assert found.weight.tolist() == pytest.approx([2**-0.5, 2**-0.5, 1])


def test_place_name_stays_one_word_and_only_for_who_named_it(tokeniser) -> None:
    assert "橘洲花园" in Tokeniser(["橘洲花园"]).cut("橘洲花园的电梯")
    assert "橘洲花园" not in tokeniser.cut("橘洲花园的电梯")


def test_place_name_counts_as_one_word_in_all() -> None:
    found = Tokeniser(["橘洲花园"]).cut_all(["橘洲花园电梯"])
    assert found.terms[found.term[0]] == "橘洲花园"
    assert (found.weight[:-1] ** 2).sum() == pytest.approx(1)
    assert found.weight[-1] == 1


def test_same_character_again_and_again_is_no_word(tokeniser) -> None:
    assert tokeniser.cut("啊啊啊") == tokeniser.cut("漏漏漏") == tokeniser.cut("哈哈哈哈") == []


def test_long_place_names_and_names_within_names_are_kept(tokeniser) -> None:
    long = "橘洲北路三十八号市民服务中心便民大厅二楼"
    knows = Tokeniser([long, "橘洲北路", "电梯", "x", "Lotus", "橘" * 41])
    assert knows.cut(f"{long}漏水")[0] == long
    assert knows.cut("橘洲北路漏水") == ["橘洲北路", "橘洲", "洲北", "北路", "漏水"]
    assert knows.shares(["橘洲北路", "漏水"])[0] == 0 < knows.shares(["漏水"])[0]


def test_general_share_of_a_word_is_jiebas(tokeniser, theirs) -> None:
    words = ["电梯", "的", "不存在词", "lift"]
    shares = [theirs.FREQ.get(word, 0) / theirs.total for word in words]
    assert tokeniser.shares(words) == pytest.approx(shares)


def test_placeholders_of_redacted_parts_are_no_words(tokeniser) -> None:
    assert tokeniser.cut("〔姓名〕的电梯") == ["电梯"]
    assert tokeniser.cut("call [phone] lift") == ["call", "lift"]


def test_jieba_leaves_no_cache_file_behind(tmp_path, monkeypatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    general_dictionary.cache_clear()
    Tokeniser().cut("楼道灯坏了")
    assert list(tmp_path.iterdir()) == []
