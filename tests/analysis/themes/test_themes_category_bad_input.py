"""What nobody should send to be labelled: each gets a label or is left to people, never a fault."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from analysis.__main__ import main
from analysis.themes.category import LABELS, OTHER, CategoryModel, starting_model
from analysis.themes.features import hashed_ngrams


@pytest.fixture(scope="module")
def model() -> CategoryModel:
    return starting_model()


@pytest.mark.parametrize(
    "text",
    [
        "",
        " \n\t",
        "\u200b\u200d",
        "🙂🙂🙂",
        "👍🏽❤️",
        "……！！？？",
        "<br><p></p>",
        "\x00\x07",
        "\ud83d",
    ],
)
def test_what_has_no_words_is_left_to_people(model: CategoryModel, text: str) -> None:
    (found,) = model.predict([text])
    assert found.abstained
    assert found.label in LABELS
    assert 0 < found.probability <= 1


@pytest.mark.parametrize("character", ["啊", "a", "1", "哈"])
def test_one_character_repeated_is_one_short_text(model: CategoryModel, character: str) -> None:
    short, long = model.predict([character * 3, character * 5000])
    assert short == long
    assert short.abstained or short.label == OTHER


def test_a_hundred_kilobytes_are_read_to_a_bound(model: CategoryModel) -> None:
    noise = "".join(chr(0x4E00 + i * 7919 % 20_000) for i in range(34_000))
    said = "下水道堵了，污水从井盖里往外冒。" * 140
    whole, opening = model.predict([said + noise, said])
    assert len((said + noise).encode()) > 100_000
    assert (whole.label, opening.label) == ("urban", "urban")
    assert hashed_ngrams([noise]).nnz < 5_000


@pytest.mark.parametrize(
    ("written", "plain"),
    [
        ("下水道堵塞，污水橫流，沒有人來修", "下水道堵塞，污水横流，没有人来修"),
        ("３号楼１２层的电梯坏了", "3号楼12层的电梯坏了"),
        ("ＥＬＥＶＡＴＯＲ is broken", "elevator is broken"),
        ("<p>路灯&nbsp;坏了</p><script>alert('x')</script>", "路灯 坏了"),
        ("路灯坏了\n\n没人修", "路灯坏了没人修"),
        ("The LIFT Is Broken", "the lift is broken"),
    ],
)
def test_another_spelling_is_the_same_text(model: CategoryModel, written: str, plain: str) -> None:
    assert (hashed_ngrams([written]) != hashed_ngrams([plain])).nnz == 0
    assert model.predict([written]) == model.predict([plain])


def test_english_chinese_and_both_at_once_are_labelled(model: CategoryModel) -> None:
    texts = [
        "the elevator in our building is broken and the property company does nothing",
        "小区的电梯 elevator 又坏了，property company 不管",
        "Pension has not been paid, 养老金没有到账",
    ]
    assert [p.label for p in model.predict(texts)] == ["community", "community", "welfare"]


def test_pinyin_is_not_guessed_at(model: CategoryModel) -> None:
    found = model.predict(["lu deng huai le mei ren xiu", "xiao qu wu ye bu guan shi"])
    assert all(p.label in LABELS and p.probability < 0.9 for p in found)


def test_markup_and_commands_change_nothing(model: CategoryModel) -> None:
    plain, wrapped = model.predict(["养老金没有到账", "<b onclick=x>养老金</b><br/>没有到账"])
    assert plain.label == wrapped.label == "welfare"
    (found,) = model.predict(["'; DROP TABLE comment; -- {{7*7}} =cmd|' /C calc'!A0"])
    assert found.label in LABELS


def test_the_same_text_ten_thousand_times_is_ten_thousand_times_the_same(
    model: CategoryModel,
) -> None:
    found = model.predict(["楼下的垃圾桶三天没人收"] * 10_000)
    assert len(found) == 10_000
    assert set(found) == set(model.predict(["楼下的垃圾桶三天没人收"]))


def test_a_batch_and_its_texts_alone_agree(model: CategoryModel) -> None:
    texts = ["路灯坏了", "", "a", "养老金", "🙂", "the lift", "电梯 lift 坏了"] * 400
    together = model.probabilities(texts)
    alone = np.vstack([model.probabilities([text]) for text in texts[:7]])
    assert np.allclose(together, np.tile(alone, (400, 1)), atol=1e-6)


TRAIN = (
    b"kind,text\n"
    + "".join(
        f"{kind},{text}{n}\n"
        for n in range(8)
        for kind, text in [("road", "路面坑洼积水"), ("pension", "养老金没有到账")]
    ).encode()
)
TEST = "text\n路面积水\n".encode()


@pytest.mark.parametrize(
    ("train", "test", "label", "said"),
    [
        (TRAIN, TEST, "class", "a.csv: there is no column 'class'; it has kind, text"),
        (TRAIN, b"words\nx\n", "kind", "b.csv: there is no column 'text'"),
        (TRAIN, b"text\n\xff\xfe\xff\n", "kind", "b.csv: this is neither UTF-8 nor GB18030"),
        (b"kind,text\n\x81\xff,x\n", TEST, "kind", "a.csv: this is neither UTF-8 nor GB18030"),
        (b"", TEST, "kind", "a.csv: the file is empty"),
        (TRAIN, b"text\na,b\n", "kind", "b.csv, row 2: 2 cells, the header has 1"),
        (TRAIN + b",x\n", TEST, "kind", "a.csv, row 18, column kind: the label is empty"),
        (b"kind,text\nroad,x\nroad,y\n", TEST, "kind", "at least two different labels, not 1"),
    ],
)
def test_a_bad_file_is_refused_in_one_line_and_nothing_is_written(
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    train: bytes,
    test: bytes,
    label: str,
    said: str,
) -> None:
    (tmp_path / "a.csv").write_bytes(train)
    (tmp_path / "b.csv").write_bytes(test)
    before = sorted(tmp_path.iterdir())
    command = ["classify", "--train", str(tmp_path / "a.csv"), "--test", str(tmp_path / "b.csv")]
    out = tmp_path / "p.csv"
    assert main([*command, "--text", "text", "--label", label, "--out", str(out)]) == 2
    error = capsys.readouterr().err
    assert said in error
    assert error.count("\n") == 1
    assert sorted(tmp_path.iterdir()) == before


def test_a_label_seen_once_is_learnt_without_a_fault(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_bytes(TRAIN + "rare,江豚搁浅在岸边\n".encode())
    (tmp_path / "b.csv").write_bytes("text\n江豚搁浅\n路面积水\n".encode())
    command = ["classify", "--train", str(tmp_path / "a.csv"), "--test", str(tmp_path / "b.csv")]
    out = tmp_path / "p.csv"
    assert main([*command, "--text", "text", "--label", "kind", "--out", str(out)]) == 0
    labels = [line.split(",")[1] for line in out.read_text(encoding="utf-8").splitlines()[1:]]
    assert labels == ["rare", "road"]
