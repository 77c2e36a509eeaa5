"""Comments are assigned to indicators; the model is deterministic, correctable and kept safely."""

from __future__ import annotations

import io
import subprocess
import sys
import time
import zipfile

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.commands.model_file import load, save
from analysis.themes.category import LABELS, OTHER, starting_model, train
from analysis.themes.category_file import ModelRefusedError, digest, from_bytes, to_bytes
from analysis.themes.features import hashed_ngrams
from analysis.themes.seed import examples
from analysis.types import AnalysisError

# None of these lines is among the starting phrases.
FRESH = [
    ("楼下的垃圾桶三天没人收，太臭了", "urban"),
    ("路灯坏了好久，晚上回家看不见路", "urban"),
    ("我的养老金这个月没有到账", "welfare"),
    ("医保报销比例能不能再高一点", "welfare"),
    ("物业只收钱不干活，电梯老是坏", "community"),
    ("业委会的账目从来不公布", "community"),
    ("昨晚电动车又被偷了，希望警察多巡逻", "safety"),
    ("有人在楼道里给电瓶车充电，容易起火", "safety"),
    ("支部书记作风不实，党员意见很大", "party"),
    ("村里财务不公开，怀疑干部贪污", "party"),
    ("学校老师在校外补课收费", "other"),
    ("健身房关门，会员卡的钱退不了", "other"),
    ("garbage is not collected on our road", "urban"),
    ("the pension was not paid this month", "welfare"),
    ("the lift is broken and the property company does nothing", "community"),
    ("thieves stole my bicycle, where are the police", "safety"),
]


@pytest.fixture(scope="module")
def model():
    return starting_model()


def test_starting_phrases_are_ours_varied_and_without_repeats() -> None:
    texts, labels = examples()
    assert set(labels) == set(LABELS)
    assert len(set(texts)) == len(texts)
    for label in LABELS:
        own = [text for text, other in zip(texts, labels, strict=True) if other == label]
        assert sum(len(text) > 6 and not text.isascii() for text in own) >= 60
        assert sum(text.isascii() and " " in text for text in own) >= 20


def test_starting_model_labels_fresh_comments(model) -> None:
    found = model.predict([text for text, _ in FRESH])
    right = sum(p.label == label for p, (_, label) in zip(found, FRESH, strict=True))
    assert right >= len(FRESH) - 1


def test_training_the_starting_model_takes_under_two_seconds() -> None:
    import sklearn.linear_model  # noqa: F401 - the import is not part of the training

    begun = time.process_time()
    train(*examples())
    assert time.process_time() - begun < 2.0


def test_same_texts_give_the_same_bytes() -> None:
    assert to_bytes(train(*examples())) == to_bytes(train(*examples()))


def test_probabilities_are_probabilities(model) -> None:
    chances = model.probabilities([text for text, _ in FRESH])
    assert chances.shape == (len(FRESH), len(LABELS))
    assert np.allclose(chances.sum(axis=1), 1)
    assert (chances >= 0).all()


def test_what_says_nothing_is_left_to_people(model) -> None:
    assert all(p.abstained for p in model.predict(["", "   ", "\u200b", "<br>"]))
    assert model.predict([]) == []


@settings(max_examples=60, deadline=None)
@given(st.text(max_size=80))
def test_any_text_gets_a_label_and_alone_the_same_as_in_company(text: str) -> None:
    alone = starting_model().predict([text])[0]
    assert alone.label in LABELS
    assert 0 < alone.probability <= 1
    assert starting_model().predict(["垃圾", text, "养老金"])[1] == pytest.approx(alone)


def test_hundred_kilobytes_are_read_in_little_time(model) -> None:
    begun = time.process_time()
    assert model.predict(["垃圾没人清理。" * 14_000])[0].label == "urban"
    assert time.process_time() - begun < 0.5


def test_corrections_are_learnt_and_the_old_model_stays(model) -> None:
    text = "菜鸟驿站把包裹扔在门口"
    before = model.predict([text])[0]
    wanted = "community" if before.label != "community" else OTHER
    after = model.partial_fit([text] * 3, [wanted] * 3)
    assert after.predict([text])[0].label == wanted
    assert model.predict([text])[0] == before
    kept = sum(
        p.label == label
        for p, (_, label) in zip(after.predict([t for t, _ in FRESH]), FRESH, strict=True)
    )
    assert kept >= len(FRESH) - 2


def test_correction_after_loading_equals_correction_before(model) -> None:
    again = from_bytes(to_bytes(model), sha256=digest(to_bytes(model)))
    ours, theirs = (m.partial_fit(["井盖响"], ["urban"]) for m in (model, again))
    assert to_bytes(ours) == to_bytes(theirs)


def test_unknown_label_and_unequal_lengths_are_refused(model) -> None:
    with pytest.raises(AnalysisError, match="does not know the label 'traffic'"):
        model.partial_fit(["堵车"], ["traffic"])
    with pytest.raises(AnalysisError, match="2 texts but 1 labels"):
        train(["a", "b"], ["x"])
    with pytest.raises(AnalysisError, match="at least two different labels"):
        train(["a", "b"], ["x", "x"])


def test_two_labels_are_enough() -> None:
    two = train(
        ["路灯坏了", "道路积水", "养老金少", "医保报销"] * 3,
        ["urban", "urban", "welfare", "welfare"] * 3,
    )
    assert [p.label for p in two.predict(["路灯不亮", "养老金"])] == ["urban", "welfare"]
    assert two.partial_fit(["路灯"], ["urban"]).coefficients.shape == two.coefficients.shape


def test_file_is_small_and_comes_back_equal(model, tmp_path) -> None:
    sha256 = save(model, tmp_path / "model.bin")
    assert (tmp_path / "model.bin").stat().st_size < 20_000_000
    again = load(tmp_path / "model.bin", sha256=sha256)
    texts = [text for text, _ in FRESH]
    assert again.predict(texts) == model.predict(texts)
    assert [path.name for path in tmp_path.iterdir()] == ["model.bin"]


def test_altered_file_is_refused(model) -> None:
    data = to_bytes(model)
    altered = data[:-30] + bytes([data[-30] ^ 1]) + data[-29:]
    with pytest.raises(ModelRefusedError, match="differs from the one recorded"):
        from_bytes(altered, sha256=digest(data))


def test_foreign_file_is_refused_even_with_its_own_digest() -> None:
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as file:
        file.writestr("model.json", '{"format": "other", "bits": 18}')
    for data in (b"not a zip", archive.getvalue(), b""):
        with pytest.raises(ModelRefusedError):
            from_bytes(data, sha256=digest(data))


def test_pickled_array_inside_is_refused(model) -> None:
    source, target = zipfile.ZipFile(io.BytesIO(to_bytes(model))), io.BytesIO()
    pickled = io.BytesIO()
    np.save(pickled, np.array([{"evil": 1}], dtype=object), allow_pickle=True)
    with zipfile.ZipFile(target, "w") as file:
        for name in source.namelist():
            file.writestr(name, pickled.getvalue() if name == "data.npy" else source.read(name))
    with pytest.raises(ModelRefusedError):
        from_bytes(target.getvalue(), sha256=digest(target.getvalue()))


def test_predicting_loads_no_scikit_learn(model, tmp_path) -> None:
    sha256 = save(model, tmp_path / "model.bin")
    code = (
        "import sys\nfrom analysis.commands.model_file import load\n"
        f"load({str(tmp_path / 'model.bin')!r}, sha256={sha256!r}).predict(['路灯坏了'])\n"
        "print([m for m in ('sklearn', 'jieba') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_features_count_ngrams_within_a_text_only() -> None:
    rows = hashed_ngrams(["路灯", "", "坏了", "路灯"])
    assert rows.shape[0] == 4
    # 2 characters and 1 pair
    assert np.diff(rows.indptr).tolist() == [3, 0, 3, 3]
    assert (rows[0] != rows[3]).nnz == 0
    assert not set(rows[0].indices) & set(rows[2].indices)


def test_latin_words_are_bounded_and_chinese_ones_are_not() -> None:
    # " lamp ": 4 triples, 3 of four, 2 of five
    assert hashed_ngrams(["lamp"]).nnz == 9
    assert (hashed_ngrams(["big lamp"]) != hashed_ngrams(["biglamp"])).nnz > 0
    for spelling in ("路灯 坏 了", "路灯，坏了！", " 路灯\n坏了。", "路灯🙂坏了"):
        assert (hashed_ngrams([spelling]) != hashed_ngrams(["路灯坏了"])).nnz == 0


def test_what_is_said_first_counts_most() -> None:
    long = "井" + "".join(chr(0x4E00 + i) for i in range(400)) + "盖"
    row = hashed_ngrams([long]).toarray().ravel()
    first, last = (hashed_ngrams([c]).indices[0] for c in "井盖")
    assert row[first] > row[last] == pytest.approx(1)
