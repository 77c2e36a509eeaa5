"""The last place: established when all holds, and each condition by itself undoes it."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.adjustment import ThemeRecord
from analysis.evaluation import Appeal, StreetInput, evaluate
from analysis.types import AnalysisError
from tests.analysis.builders import CLEAR_LAST, example_streets, policy


def judge(streets=None, *, previous="S09", pooled=1, appeals=(), themes=(), **overrides):
    found = evaluate(
        streets if streets is not None else example_streets(S09=CLEAR_LAST),
        policy(**overrides),
        previous_last=None if previous is None else {"": previous},
        pooled_waves=pooled,
        appeals=appeals,
        themes=themes,
    )
    return found.groups[""]


def unmet(group):
    return [reason.code for reason in group.last.reasons]


def theme(street, m=80, **more):
    values = {"confirmed": True, "notified_days": 60, "waves": 4, "district_share": 0.1} | more
    return ThemeRecord(street, "urban", "parking", m, 400, **values)


def test_all_conditions_hold():
    group = judge()
    assert group.last.established
    assert unmet(group) == []
    assert (group.last.street, group.bottom_group) == ("S09", ("S09",))


def test_i_a_small_random_sample_anywhere_undoes_it():
    group = judge(example_streets(S09=CLEAR_LAST, S02={"n_effective": 99.0}))
    assert unmet(group) == ["sample_too_small"]
    assert group.last.reasons[0].params["streets"] == ["S02"]


def test_i_a_recorded_decision_excludes_the_small_street():
    small = {"n_effective": 99.0, "excluded_because": "decision 3/2026"}
    group = judge(example_streets(S09=CLEAR_LAST, S02=small))
    assert group.last.established
    assert "S02" not in group.codes


def test_i_a_street_without_random_sample_is_unranked_and_undoes_it():
    group = judge(example_streets(S09=CLEAR_LAST, S02={"n_effective": 0.0}))
    assert unmet(group) == ["sample_too_small"]
    assert "S02" not in group.codes


def test_ii_too_small_a_distance_undoes_it():
    group = judge(example_streets(S09=CLEAR_LAST | {"direct": 91.0}))
    assert group.last.z_min < 2.5758
    assert unmet(group) == ["not_far_enough"]


def test_iii_a_public_score_that_is_not_clearly_lowest_undoes_it():
    group = judge(example_streets(S09={"direct": 70.0, "public": 71.0, "public_se": 1.4}))
    assert unmet(group) == ["not_last_on_public_score"]


def test_iv_another_last_street_under_the_other_counting_undoes_it():
    group = judge(example_streets(S09=CLEAR_LAST | {"other_public": (90.0, 1.0)}))
    assert unmet(group) == ["depends_on_counting"]
    changed = group.last.reasons[0].params["changed"]
    assert changed
    assert all(name.endswith("other_quarantine") for name in changed)


def test_iv_a_missing_counting_undoes_it():
    group = judge(example_streets(S09=CLEAR_LAST | {"other_public": None}))
    assert unmet(group) == ["counting_incomplete"]


def test_iv_another_last_street_under_standardised_direct_scores_undoes_it():
    # Raw direct scores hardly differ; standardising blows their differences up.
    direct = [90.5, 89.5, 90.3, 90.2, 90.4, 90.3]
    public = [60.0, 62.3, 80.0, 82.0, 81.0, 83.0]
    streets = [
        StreetInput(f"S{i}", p, 0.5, d, n_effective=400.0, assessors=3, other_public=(p, 0.5))
        for i, (d, p) in enumerate(zip(direct, public, strict=True))
    ]
    group = judge(streets, previous="S0", alpha=0.1)
    assert unmet(group) == ["depends_on_counting"]
    changed = group.last.reasons[0].params["changed"]
    assert len(changed) == 4
    assert all(name.startswith("standardised") for name in changed)


def test_iv_a_last_place_made_by_themes_alone_is_undone():
    streets = example_streets(
        S09={"direct": 90.0, "public": 65.0, "public_se": 1.0}, S05={"direct": 86.0}
    )
    options = {"cap_indicator": 100, "cap_public": 30, "deduction_points": 100}
    group = judge(streets, themes=[theme("S09")], **options)
    assert unmet(group) == ["depends_on_counting"]
    changed = group.last.reasons[0].params["changed"]
    assert changed
    assert all("bare" in name for name in changed)


def test_iv_a_last_place_that_the_random_stream_alone_does_not_see_is_undone():
    for alone in ((70.0, 1.4), (60.8, 6.0)):
        group = judge(example_streets(S09=CLEAR_LAST | {"random_public": alone}))
        assert unmet(group) == ["random_stream_disagrees"]
        params = group.last.reasons[0].params
        assert params["z"] < params["needed"] or params["z_public"] < params["needed_public"]


def test_iv_a_random_stream_that_says_the_same_leaves_it_standing():
    group = judge(example_streets(S09=CLEAR_LAST | {"random_public": (61.5, 1.6)}))
    assert group.last.established
    [condition] = [c for c in group.last.conditions if c.code == "random_stream_disagrees"]
    assert condition.params["street"] == "S09"


def test_v_one_wave_alone_undoes_it_but_says_that_the_rest_holds():
    group = judge(previous=None)
    assert unmet(group) == ["single_wave"]
    assert group.last.verified_this_wave
    assert unmet(judge(previous="S05")) == ["single_wave"]


def test_v_pooled_waves_do_instead_of_the_wave_before():
    assert judge(previous=None, pooled=2).last.established


def test_vi_too_few_or_unknown_assessors_undo_it():
    for number in (2, None):
        group = judge(example_streets(S09=CLEAR_LAST, S04={"assessors": number}))
        assert unmet(group) == ["too_few_assessors"]
        assert group.last.reasons[0].params["streets"] == ["S04"]


def test_vii_an_open_appeal_against_anything_undoes_it():
    assert unmet(judge(appeals=[Appeal("S09")])) == ["open_appeal"]


def test_vii_an_appeal_that_could_not_change_it_does_not():
    assert judge(appeals=[Appeal("S01")]).last.established
    assert judge(themes=[theme("S09")], appeals=[Appeal("S09", "parking")]).last.established


def test_vii_an_appeal_against_the_theme_that_decides_undoes_it():
    near = {"direct": 90.5, "public": 62.8, "public_se": 1.4}
    themes = [theme("S09")]
    streets = example_streets(S09=near)
    options = {"cap_indicator": 40, "cap_public": 30, "deduction_points": 40}
    without = judge(streets, **options)
    assert unmet(without) == ["not_far_enough"]
    assert judge(streets, themes=themes, appeals=[], **options).last.established
    appealed = judge(streets, themes=themes, appeals=[Appeal("S09", "parking")], **options)
    assert unmet(appealed) == ["open_appeal"]


def test_vii_an_appeal_that_would_let_only_the_random_stream_disagree_undoes_it():
    near = {"direct": 86.3, "public": 62.8, "public_se": 1.4, "random_public": (67.0, 1.8)}
    options = {"cap_indicator": 40, "cap_public": 30, "deduction_points": 40}
    streets, themes = example_streets(S09=near), [theme("S09")]
    assert unmet(judge(streets, **options)) == ["random_stream_disagrees"]
    assert judge(streets, themes=themes, **options).last.established
    appealed = judge(streets, themes=themes, appeals=[Appeal("S09", "parking")], **options)
    assert unmet(appealed) == ["open_appeal"]


def test_vii_an_appeal_against_a_theme_nobody_knows_undoes_it():
    assert unmet(judge(appeals=[Appeal("S09", "no such theme")])) == ["open_appeal"]


def test_vii_an_excluded_street_that_appeals_undoes_it():
    out = {"n_effective": 99.0, "excluded_because": "decision 3/2026"}
    streets = example_streets(S09=CLEAR_LAST, S02=out)
    assert judge(streets).last.established
    assert unmet(judge(streets, appeals=[Appeal("S02")])) == ["open_appeal"]


def test_vii_unknown_appeals_undo_it():
    assert unmet(judge(appeals=None)) == ["appeals_unknown"]


def test_a_street_without_a_direct_score_undoes_it_and_is_not_ranked():
    found = evaluate(
        example_streets(S09=CLEAR_LAST, S03={"direct": None}),
        policy(),
        previous_last={"": "S09"},
        appeals=[],
    )
    assert unmet(found.groups[""]) == ["street_without_score"]
    street = found.streets["S03"]
    assert (street.blended, street.not_blended_because) == (None, "direct_missing")
    assert (street.rank_low, street.chances) == (None, ())


def test_verified_last_with_a_wider_set_says_why():
    group = judge(example_streets(S09=CLEAR_LAST | {"direct": 90.2}))
    assert group.last.established
    assert group.last.z_min < 3.2
    assert [note.code for note in group.last.notes] == ["rank_set_wider_than_verdict"]


def test_peer_groups_are_judged_apart():
    streets = example_streets(
        S09=CLEAR_LAST, **{f"S{i:02}": {"group": "old town"} for i in (1, 2, 3, 4)}
    )
    found = evaluate(streets, policy(), previous_last={"": "S09"}, appeals=[])
    assert set(found.groups) == {"old town", ""}
    assert found.groups["old town"].pairwise_only
    assert found.streets["S01"].rank_suppressed_because == "group_below_6"
    assert found.groups[""].last.established
    assert found.streets["S09"].rank_high == 7


def test_one_street_has_no_last_place():
    group = judge(example_streets()[:1], previous=None)
    assert unmet(group) == ["single_street"]


def test_two_streets_get_a_pairwise_statement():
    group = judge([s for s in example_streets(S09=CLEAR_LAST) if s.code in ("S06", "S09")])
    assert group.pairwise_only
    assert group.pairs == (("S06", "S09"),)
    assert group.last.established


def test_equal_scores_everywhere_give_no_verdict_and_no_warning():
    same = {"direct": 90.0, "public": 75.0, "public_se": 1.0}
    group = judge(example_streets(**{f"S{i:02}": same for i in range(1, 12)}))
    assert not group.last.established
    assert group.effective_weights.direct is None
    assert len(group.bottom_group) == 11


def test_standardising_equal_direct_scores_falls_back_to_them_and_says_so():
    same = {f"S{i:02}": {"direct": 90.0} for i in range(1, 12)}
    found = evaluate(example_streets(**same), policy(standardise_direct=True))
    assert not found.standardised
    assert found.streets["S01"].direct_used == 90


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"public": 140.0}, "between 0 and 100"),
        ({"public": float("nan")}, "between 0 and 100"),
        ({"direct": -1.0}, "direct score of street S03"),
        ({"public_se": float("nan")}, "public_se of street S03"),
        ({"public_se": -2.0}, "between 0.0001 and 100, not -2"),
        ({"n_effective": float("nan")}, "n_effective of street S03"),
        ({"n_effective": float("inf")}, "n_effective of street S03"),
        ({"n_effective": 1e308}, "between 0 and 10,000,000,000"),
        ({"public_se": 1e30}, "between 0.0001 and 100"),
        ({"direct_se": 1e308}, "direct_se of street S03"),
        ({"other_public": (float("nan"), 1.0)}, "counted another way, or its error, of street"),
        ({"random_public": (70.0, float("nan"))}, "counted another way, or its error, of street"),
    ],
)
def test_impossible_scores_are_worded_errors(change, words):
    with pytest.raises(AnalysisError, match=words):
        evaluate(example_streets(S03={"other_public": None} | change), policy())


def test_street_twice_and_theme_of_nowhere_are_worded_errors():
    with pytest.raises(AnalysisError, match="given twice"):
        evaluate([*example_streets(), example_streets()[0]], policy())
    with pytest.raises(AnalysisError, match="not evaluated"):
        evaluate(example_streets(), policy(), themes=[theme("S99")])
    with pytest.raises(AnalysisError, match="not an indicator"):
        evaluate(example_streets(), policy(omega={"safety": 1.0}), themes=[theme("S01")])


@given(st.permutations(range(11)))
@settings(max_examples=15, deadline=None)
def test_permuting_streets_permutes_the_evaluation(order):
    streets = example_streets(S09=CLEAR_LAST)
    moved = [streets[i] for i in order]
    one, two = (evaluate(s, policy(), previous_last={"": "S09"}) for s in (streets, moved))
    for code, street in one.streets.items():
        other = two.streets[code]
        assert (street.rank_low, street.rank_high) == (other.rank_low, other.rank_high)
        assert street.p_last == pytest.approx(other.p_last)
    assert one.groups[""].last.established == two.groups[""].last.established


def test_many_streets_take_less_than_a_few_seconds_of_arithmetic():
    rng = np.random.default_rng(3)
    streets = [
        StreetInput(f"S{i}", float(p), 1.2, float(d), n_effective=300.0)
        for i, (p, d) in enumerate(
            zip(rng.uniform(60, 95, 343), rng.uniform(80, 95, 343), strict=True)
        )
    ]
    found = evaluate(streets, policy())
    assert sum(s.p_last for s in found.streets.values()) == pytest.approx(1, abs=1e-6)
