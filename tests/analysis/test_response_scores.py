"""From options to integer scores, and which responses are valid."""

from __future__ import annotations

import pytest

from analysis.scoring import is_valid, score_items, score_option, score_response
from analysis.types import AnalysisError
from tests.analysis.builders import policy

QUESTIONS = {name: {name: 1.0} for name in ("party", "urban", "welfare", "community", "safety")}


def test_levels_are_hundredths_of_points_and_dont_know_is_missing():
    p = policy()
    assert [score_option(o, p) for o in "54321"] == [10000, 7500, 5000, 2500, 0]
    assert score_option("dk", p) is None


@pytest.mark.parametrize("option", ["6", "0", "", "very good", "5.0"])
def test_option_that_is_not_on_the_scale_is_a_worded_error(option):
    with pytest.raises(AnalysisError, match="use one of: 5, 4, 3, 2, 1, dk"):
        score_option(option, policy())


def test_items_are_averaged_by_weight_and_rounded_half_to_even():
    assert score_items([10000, 7500, None]) == 8750
    assert score_items([10000, 0], [3, 1]) == 7500
    assert (score_items([0, 1]), score_items([1, 2])) == (0, 2)
    assert score_items([5000, 7500], [0.1, 0.2]) == 6667
    assert score_items([None, None]) is None
    assert score_items([]) is None


def test_dont_know_counts_as_answered_but_has_no_opinion():
    answers = {"party": "5", "urban": "4", "welfare": "dk"}
    scored = score_response(answers, QUESTIONS, policy())
    assert scored.scores == {"party": 10000, "urban": 7500}
    assert (scored.answered, scored.substantive, scored.valid) == (3, 2, True)


@pytest.mark.parametrize(
    ("answered", "substantive", "valid"),
    [(3, 2, True), (5, 5, True), (2, 2, False), (3, 1, False), (5, 1, False), (0, 0, False)],
)
def test_valid_takes_three_answers_and_two_opinions(answered, substantive, valid):
    assert is_valid(answered, substantive, policy=policy()) is valid


def test_silence_is_not_an_answer():
    assert not score_response({"party": "5", "urban": "5"}, QUESTIONS, policy()).valid
