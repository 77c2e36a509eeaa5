"""The policy document: complete, validated with worded errors, hashed."""

from __future__ import annotations

import json

import pytest

from analysis.policy import ENTRIES, Policy, PolicyError
from analysis.policy_values import READERS, read_value


def test_every_value_has_a_kind_and_help_in_both_languages():
    assert len(ENTRIES) > 50
    for entry in ENTRIES:
        assert entry.kind in READERS, entry.key
        assert len(entry.help) > 5, entry.key
        assert any("一" <= letter <= "鿿" for letter in entry.help_zh), entry.key


def test_every_default_passes_its_own_reader():
    for entry in ENTRIES:
        read_value(entry, json.loads(json.dumps(entry.default)))


def test_defaults_survive_a_round_trip_with_the_same_hash():
    defaults = Policy.from_dict()
    assert Policy.from_dict(json.loads(defaults.canonical_json)).sha256 == defaults.sha256
    assert Policy.from_dict(defaults.to_dict()) == defaults


def test_hash_ignores_order_and_number_style_but_not_values():
    one = Policy.from_dict({"alpha": 1, "omega": {"a": 0.5, "b": 0.5}})
    other = Policy.from_dict({"omega": {"b": 0.5, "a": 0.5}, "alpha": 1.0})
    assert one.sha256 == other.sha256
    assert Policy.from_dict({"alpha": 0.9}).sha256 != Policy.from_dict().sha256


@pytest.mark.parametrize(
    ("overrides", "code", "words"),
    [
        ({"alhpa": 0.5}, "unknown_key", "Did you mean 'alpha'"),
        ({"omega": {"party": 0.5, "urban": 0.4}}, "weights_sum", "sum to 1; they sum to 0.9"),
        ({"omega": {"party": 1.5, "urban": -0.5}}, "wrong_type", "not negative"),
        ({"omega": {}}, "wrong_type", "'omega'"),
        ({"cap_public": -1}, "out_of_range", "at least 0 and at most 100, not -1"),
        ({"alpha": 1.2}, "out_of_range", "not 1.2"),
        ({"alpha": "high"}, "wrong_type", "a number"),
        ({"alpha": True}, "wrong_type", "a number"),
        ({"alpha": float("nan")}, "wrong_type", "a number"),
        ({"trim_low": 1.5}, "out_of_range", "'trim_low'"),
        ({"min_index": 2.5}, "wrong_type", "a whole number"),
        ({"standardise_direct": "yes"}, "wrong_type", "true or false"),
        ({"streams": {"slip": "C"}}, "wrong_type", '"A" (random) or "B" (open)'),
        ({"scale": {"5": 120}}, "wrong_type", "0 to 100"),
        ({"scale": {"5": 100, "1": 0}}, "unknown_level", "'satisfied_levels'"),
        ({"alternative_scale": {"5": 100}}, "inconsistent", "same levels"),
        ({"missing_options": ["1"]}, "inconsistent", "only be one of them"),
        ({"min_answered": 1}, "inconsistent", "min_substantive"),
        ({"theme_window": 1}, "inconsistent", "theme_min_waves"),
        ({"margin_variables": {"sex": {"orderd": True}}}, "wrong_type", "margin_variables"),
        ({"margin_variables": {"sex": ["F"]}}, "wrong_type", "margin_variables"),
        ({"base_weights": {"adults": {"2": 0}}}, "wrong_type", "positive"),
        ({"clustered_channels": "slip"}, "wrong_type", "a list of texts"),
        ({"version": ""}, "wrong_type", "a text"),
        (["alpha"], "wrong_type", "JSON object"),
    ],
)
def test_bad_document_is_a_worded_error(overrides, code, words):
    with pytest.raises(PolicyError) as caught:
        Policy.from_dict(overrides)
    assert caught.value.code == code
    assert words in str(caught.value)


def test_channel_the_policy_does_not_name_is_open():
    assert Policy.from_dict().stream_of("carrier pigeon") == "B"
