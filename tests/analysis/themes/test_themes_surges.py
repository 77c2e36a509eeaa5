"""Which themes surge in the last week: apart from recurring, and rarely by chance."""

from __future__ import annotations

import numpy as np
import pytest

from analysis.themes.surges import benjamini_hochberg, surges, surging


def quiet(themes: int = 20, *, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).poisson(1.5, (themes, 27)).astype(float)


def test_chronic_problem_does_not_surge_and_a_sudden_one_does() -> None:
    weeks = quiet()
    weeks[0] = 9
    weeks[1, -1] = 25
    found = surges(weeks)
    assert found.surging.tolist() == [False, True] + [False] * 18
    assert found.expected[0] == pytest.approx(9, abs=1)
    assert found.chance[1] < 1e-4 < found.chance[0]


def test_a_week_in_which_everybody_writes_is_no_surge_of_every_theme() -> None:
    weeks = quiet(40, seed=3)
    heard = np.full(27, 60.0)
    weeks[:, -1] = np.random.default_rng(4).poisson(9, 40)
    heard[-1] = 360
    assert not surging(weeks, heard=heard).any()
    assert surging(weeks).sum() > 20


def test_weeks_in_which_nobody_was_heard_are_no_baseline() -> None:
    # Fieldwork of a wave: comments come for six weeks, then none for sixteen.
    weeks = np.zeros((30, 27))
    heard = np.zeros(27)
    heard[:6] = heard[-5:] = 100
    weeks[:, :6] = weeks[:, -5:] = 4
    assert not surging(weeks, heard=heard).any()
    weeks[7, -1] = 24
    assert np.flatnonzero(surging(weeks, heard=heard)).tolist() == [7]
    heard[:6] = heard[-5:-1] = 0
    assert not surges(weeks, heard=heard).tested.any()


def test_a_new_theme_is_not_tested_against_a_past_it_did_not_have() -> None:
    weeks = quiet()
    weeks[0, :] = 0
    weeks[0, -3:] = 8
    found = surges(weeks)
    assert not found.tested[0]
    assert not found.surging[0]
    assert found.chance[0] == 1
    # Known for half a year and silent, the same counts are a surge.
    weeks[0, -3:-1] = 0
    assert surging(weeks, known_weeks=np.full(20, 90))[0]


def test_a_steady_theme_does_not_surge_in_its_fifth_week() -> None:
    weeks = quiet()
    weeks[0, :] = 0
    weeks[0, -6:] = 7
    found = surges(weeks)
    assert found.tested[0]
    assert not found.surging[0]


def test_a_past_surge_does_not_hide_the_next_one() -> None:
    weeks = quiet(40, seed=5)
    weeks[3, 10:13] = 22
    once = surges(weeks).expected[3]
    assert once < 3
    weeks[3, -1] = 14
    assert surging(weeks)[3]


def test_fewer_than_three_persons_never_surge() -> None:
    weeks = np.zeros((300, 27))
    weeks[:, :26:13] = 1
    weeks[0, -1] = 2
    assert surges(weeks, known_weeks=np.full(300, 90)).chance[0] < 0.01
    assert not surging(weeks, known_weeks=np.full(300, 90)).any()


def test_erratic_counts_call_few_false_surges() -> None:
    rng = np.random.default_rng(7)
    false_runs = 0
    for _ in range(200):
        means = rng.gamma(1.2, 1.5, size=(40, 1))
        counts = rng.negative_binomial(2, 2 / (2 + means), size=(40, 27))
        false_runs += bool(surging(counts).any())
    # without any true surge every call is false: the rate of runs with one is the FDR
    assert false_runs / 200 <= 0.10


def test_too_little_history_says_nothing() -> None:
    assert not surging(np.array([[0, 0, 50]])).any()
    assert surging(np.zeros((0, 27))).shape == (0,)
    assert surging(np.zeros((3, 0))).tolist() == [False] * 3
    assert not surging(np.ones((3, 27)), heard=[1.0] * 26 + [0.0]).any()


@pytest.mark.parametrize(
    ("weekly", "more", "words"),
    [
        (np.zeros(5), {}, "themes × weeks"),
        (np.zeros((2, 5)), {"heard": [1.0]}, "every week"),
        (np.full((2, 5), -1), {}, "negative"),
        (np.zeros((2, 5)), {"known_weeks": [1]}, "every theme"),
    ],
)
def test_other_shapes_are_refused(weekly: np.ndarray, more: dict, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        surges(weekly, **more)


def test_benjamini_and_hochberg_as_in_their_paper() -> None:
    # The 15 p-values of their example (1995, section 3.2): four stand at .05.
    p = [0.0001, 0.0004, 0.0019, 0.0095, 0.0201, 0.0278, 0.0298, 0.0344, 0.0459, 0.3240]
    p += [0.4262, 0.5719, 0.6528, 0.7590, 1.0]
    assert benjamini_hochberg(np.array(p), 0.05).sum() == 4
    assert benjamini_hochberg(np.array([])).shape == (0,)
