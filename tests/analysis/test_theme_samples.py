"""What people found when they read a sample of a theme's comments goes into what it costs."""

from __future__ import annotations

import dataclasses
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.adjustment import ThemeRecord, counted_mentions, theme_effect, wilson_lower
from analysis.bundle import record
from analysis.commands.evaluation_input import THEME_KEYS, Fields, theme_record
from analysis.types import AnalysisError
from tests.analysis.builders import policy

THEME = ThemeRecord(
    "S01",
    "urban",
    "parking",
    38,
    800,
    0.03,
    3,
    confirmed=True,
    notified_days=30,
    right_mentions=3,
    sample_members=90,
    sample_judged=10,
    sample_right=10,
)


def effect(*, rules=None, **changes):
    return theme_effect(dataclasses.replace(THEME, **changes), policy(**(rules or {})))


def test_a_sample_that_is_right_throughout_takes_nothing_from_the_mentions():
    found = effect()
    assert found.counted == 38
    assert found.reasons == ()
    unread = dataclasses.replace(
        THEME, right_mentions=None, sample_members=None, sample_judged=None, sample_right=None
    )
    assert found.deduction == theme_effect(unread, policy()).deduction > 0


def test_unread_mentions_count_by_the_share_that_was_right_in_the_streets_favour():
    # 3 are known to be right; of the 35 others 8 of 10 are taken to be: 28.0.
    found = effect(sample_right=8)
    assert found.counted == 3 + 28
    assert found.share == pytest.approx((31 + 100 * 0.03) / 900)
    assert found.lower_bound == wilson_lower(31, 800)
    assert found.deduction < effect().deduction
    # 9 of 11 of 35 is 28.6.
    assert effect(sample_judged=11, sample_right=9).counted == 3 + 28


def test_mentions_of_the_random_stream_shrink_with_the_others():
    # 5 of 38 were drawn at random; 31 count, so 4.08 of them: fewer than the 5 needed.
    found = effect(sample_right=8, random_mentions=5)
    assert [reason.code for reason in found.reasons] == ["too_few_random_mentions"]
    assert effect(random_mentions=5).reasons == ()


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"sample_judged": 9, "sample_right": 9}, "sample_not_judged"),
        ({"sample_judged": 0, "sample_right": 0, "right_mentions": 0}, "sample_not_judged"),
        ({"sample_members": 12, "sample_judged": 9, "sample_right": 9}, "sample_not_judged"),
        # 7 of 10: the lower bound is .44.
        ({"sample_right": 7}, "sample_too_often_wrong"),
    ],
)
def test_a_theme_costs_nothing_until_its_sample_bears_it_out(changes, code):
    found = effect(**changes)
    assert found.deduction == 0
    assert [reason.code for reason in found.reasons] == [code]


def test_a_theme_with_fewer_comments_than_the_sample_is_read_whole():
    small = {"sample_members": 8, "sample_judged": 8, "sample_right": 8, "right_mentions": 38}
    assert effect(**small).reasons == ()
    # Everything was read: what is left is known to be right, however much was wrong.
    assert effect(**small | {"sample_right": 2}).reasons == ()


def test_a_policy_may_ask_for_no_sample():
    unread = {"sample_judged": 0, "sample_right": 0, "right_mentions": 0}
    assert effect(rules={"theme_sample": 0}, **unread).reasons == ()
    assert effect(rules={"theme_sample": 5}, sample_judged=5, sample_right=5).reasons == ()


@given(
    mentions=st.integers(0, 10**6),
    right=st.integers(0, 10**6),
    judged=st.integers(0, 1000),
    share=st.floats(0, 1),
)
def test_never_more_than_m_and_never_fewer_than_are_known_to_be_right(
    mentions, right, judged, share
):
    right = min(right, mentions)
    theme = dataclasses.replace(
        THEME,
        mentions=mentions,
        respondents=10**6,
        right_mentions=right,
        sample_members=max(judged, 1),
        sample_judged=judged,
        sample_right=int(judged * share),
    )
    assert right <= counted_mentions(theme) <= mentions


@pytest.mark.parametrize(
    "changes",
    [
        {"right_mentions": 39},
        {"sample_right": 11},
        {"sample_judged": 91},
        {"sample_members": -1, "sample_judged": 0, "sample_right": 0},
    ],
)
def test_counts_of_a_sample_that_contradict_each_other_are_refused(changes):
    with pytest.raises(AnalysisError) as caught:
        effect(**changes)
    assert caught.value.code == "bad_theme"


def test_a_bundle_sealed_before_samples_were_judged_is_still_read():
    old = dataclasses.asdict(THEME)
    for name in ("right_mentions", "sample_members", "sample_judged", "sample_right"):
        del old[name]
    back = record(ThemeRecord, json.loads(json.dumps(old)))
    assert (back.sample_judged, back.mentions) == (None, 38)
    assert theme_effect(back, policy()).reasons == ()
    del old["mentions"]
    with pytest.raises(AnalysisError, match="other fields"):
        record(ThemeRecord, old)


def test_the_input_of_evaluate_may_leave_the_sample_out_or_give_it():
    given_fields = {
        "street": "S01",
        "indicator": "urban",
        "label": "parking",
        "residents": 38,
        "respondents": 800,
        "district_share": 0.03,
        "waves": 3,
    }
    without = theme_record(Fields(given_fields, "themes[0]", THEME_KEYS))
    assert without.sample_judged is None
    more = {"right_residents": 3, "sample_members": 90, "sample_judged": 10, "sample_right": 8}
    found = theme_record(Fields(given_fields | more, "themes[0]", THEME_KEYS))
    assert counted_mentions(found) == 31
