"""The promotion gate: the same texts are always kept back, and chance neither passes nor blocks."""

from __future__ import annotations

import numpy as np
import pytest

from analysis.themes.label_scores import calibration_error, macro_f1
from analysis.themes.promotion import LEAST_KEPT_BACK, compare, kept_back

CLASSES = np.array(["urban", "welfare", "community", "safety"])


def labelled(n: int, *, right: float, seed: int, truth: np.ndarray) -> np.ndarray:
    """Labels that are right with this probability, otherwise another class at random."""
    rng = np.random.default_rng(seed)
    places = np.searchsorted(np.sort(CLASSES), truth)
    wrong = (places + rng.integers(1, CLASSES.size, n)) % CLASSES.size
    return np.sort(CLASSES)[np.where(rng.random(n) < right, places, wrong)]


def passes(n: int, *, candidate: float, serving: float, trials: int = 60) -> float:
    """The share of trials in which a candidate of this accuracy passes against the serving one."""
    passed = 0
    for trial in range(trials):
        truth = np.random.default_rng(trial).choice(CLASSES, n)
        ours = labelled(n, right=candidate, seed=10_000 + trial, truth=truth)
        theirs = labelled(n, right=serving, seed=20_000 + trial, truth=truth)
        passed += compare(truth.tolist(), ours.tolist(), theirs.tolist()).refused_because == ""
    return passed / trials


def test_a_worse_candidate_rarely_passes_by_chance() -> None:
    assert passes(60, candidate=0.75, serving=0.80) <= 0.10
    assert passes(300, candidate=0.75, serving=0.80) <= 0.05


def test_a_better_candidate_is_not_blocked_by_chance() -> None:
    assert passes(60, candidate=0.90, serving=0.70) >= 0.85
    assert passes(300, candidate=0.87, serving=0.80) >= 0.85


def test_the_same_labels_pass_and_too_few_never_do() -> None:
    truth = [*CLASSES] * 20
    same = compare(truth, truth, truth)
    assert (same.n, same.candidate, same.low, same.high, same.refused_because) == (80, 1, 0, 0, "")
    few = truth[: LEAST_KEPT_BACK - 1]
    assert compare(few, few, few).refused_because == "too_few_kept_back"
    assert compare([], [], []).refused_because == "too_few_kept_back"


def test_texts_that_one_alone_has_right_are_counted() -> None:
    truth, given = list("aabb"), list("aaba")
    found = compare(truth, given, ["a", "b", "b", "a"])
    assert (found.only_candidate, found.only_serving) == (1, 0)
    assert found.candidate == pytest.approx(macro_f1(np.array(truth), np.array(given)))


def test_a_text_is_kept_back_whatever_else_there_is() -> None:
    texts = [f"第{n}栋楼下的路灯坏了{n * 7919}次，没有人来修理{n}" for n in range(400)]
    whole = kept_back(texts)
    assert kept_back(texts[:150]) == whole[:150]
    assert 0.15 < np.mean(whole) < 0.35


def test_near_identical_texts_are_on_one_side() -> None:
    text = "小区门口的垃圾桶已经满了三天没有人清运臭味飘到楼上孩子不敢开窗"
    assert len(set(kept_back([text, f"{text}！", f"【{text}】", text + "啊"]))) == 1


def test_macro_f1_and_calibration_error_are_the_textbook_ones() -> None:
    truth, given = np.array(list("aaabbc")), np.array(list("aabbbb"))
    # a: 2·2/(3+2), b: 2·2/(2+4), c: 0
    assert macro_f1(truth, given) == pytest.approx((0.8 + 2 / 3 + 0) / 3)
    assert calibration_error(np.array([0.6, 0.9]), np.array([True, True])) == pytest.approx(0.25)
    assert np.isnan(calibration_error(np.zeros(0), np.zeros(0, dtype=bool)))
