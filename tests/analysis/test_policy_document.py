"""The policy document: complete, validated with worded errors, hashed."""

from __future__ import annotations

import json

import jsonschema
import pytest

from analysis.policy import ENTRIES, Policy, PolicyError
from analysis.policy_schema import SECTIONS, policy_markdown, policy_schema
from analysis.policy_values import READERS, read_value
from tests.parts import ROOT


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
        ({"omega": {"party": float("nan"), "urban": 1}}, "wrong_type", "sum to 1"),
        ({"omega": {"party": {"weight": 1}}}, "wrong_type", "'omega'"),
        ({"omega": {"": 1}}, "wrong_type", "'omega'"),
        ({"omega": {"a": 0.33, "b": 0.33, "c": 0.33}}, "weights_sum", "they sum to 0.99"),
        ({"alpha": 10**400}, "wrong_type", "a number"),
        ({"alpha": float("inf")}, "wrong_type", "a number"),
        ({"cap_indicator": -0.01}, "out_of_range", "'cap_indicator'"),
        ({"trim_low": 4, "trim_high": 2}, "out_of_range", "'trim_low'"),
        ({"trim_high": 0.2}, "out_of_range", "at least 1"),
        ({"pool_weights": [0.5, 0.4]}, "weights_sum", "they sum to 0.9"),
        ({"pool_weights": []}, "wrong_type", "a list of weights"),
        ({"pool_weights": [1.5, -0.5]}, "wrong_type", "not negative"),
        ({"pool_weights": {"w1": 1}}, "wrong_type", "a list of weights"),
        ({"pool_weights": [0.5, "0.5"]}, "wrong_type", "a list of weights"),
        ({"last_waves": 5}, "inconsistent", "'pool_weights'"),
        ({"pool_weights": [0.0, 0.5, 0.5]}, "inconsistent", "the newest wave's"),
        ({"integrity_weights": {"burst": 1}}, "wrong_type", "burst, straight_line, speeding"),
        ({"burst_error": 0}, "out_of_range", "'burst_error'"),
        ({"quarantine_threshold": 0}, "out_of_range", "'quarantine_threshold'"),
        ({"satisfied_levels": ["5", "5"]}, "repeated", "names '5' twice"),
        ({"strictly_satisfied_levels": ["5", "2"]}, "inconsistent", "'satisfied_levels' too"),
        ({"dissatisfied_levels": ["3", "1"]}, "inconsistent", "cannot be in"),
        (
            {"margin_variables": {"sex": {"categories": ["F", "M", "F"]}}},
            "repeated",
            "names 'F' twice",
        ),
        ({"margin_variables": {"sex": {"categories": ["F", "unknown"]}}}, "wrong_type", "without"),
        ({"margin_variables": {"sex": {"categories": ["F", 1]}}}, "wrong_type", "margin_variables"),
        ({"margin_variables": {"sex": {"ordered": 1}}}, "wrong_type", "margin_variables"),
        ({"base_weights": {"adults": {"2": float("nan")}}}, "wrong_type", "positive"),
        ({"base_weights": {"adults": 2}}, "wrong_type", "positive"),
        ({3: 4}, "unknown_key", "no value named 3"),
        (["alpha"], "wrong_type", "JSON object"),
    ],
)
def test_bad_document_is_a_worded_error(overrides, code, words):
    with pytest.raises(PolicyError) as caught:
        Policy.from_dict(overrides)
    assert caught.value.code == code
    assert words in str(caught.value)


@pytest.mark.parametrize(
    "omega",
    [{"a": 0.1, "b": 0.2, "c": 0.7}, dict.fromkeys("abcdefghij", 0.1), {"a": 1 / 3, "b": 2 / 3}],
    ids=["three", "ten", "thirds"],
)
def test_a_sum_that_only_floating_point_misses_is_1(omega):
    assert Policy.from_dict({"omega": omega}).omega == omega


def test_trimming_to_exactly_the_mean_is_allowed():
    assert Policy.from_dict({"trim_low": 1, "trim_high": 1}).trim_high == 1


ADDED = (
    "cluster_correlation",
    "theme_sample",
    "theme_min_precision",
    "objective_weights",
    "pool_weights",
    "burst_error",
    "burst_min",
    "straight_line_error",
    "straight_line_items",
    "speeding_seconds",
    "integrity_weights",
    "quarantine_threshold",
    "call_back_days",
    "case_reply_days",
    "call_departments_days",
    "recheck_days",
    "plan_days",
)
# Defaults that were others then.
FIRST_DEFAULTS = {"stream_bias_floor": 3.0}
FIRST_HASH = "d8091180cb6312f78dec7496889b1bee2962ce45a68c2139b0a585941e53a778"


def first_document():
    """The defaults as the first version of the software locked them."""
    return {k: v for k, v in Policy().to_dict().items() if k not in ADDED} | FIRST_DEFAULTS


def test_a_locked_policy_keeps_its_hash_when_the_software_knows_more_values():
    kept = Policy.from_locked(first_document())
    assert kept.sha256 == FIRST_HASH
    assert kept.to_dict() == first_document()
    assert json.loads(kept.canonical_json) == first_document()
    assert kept.added_since == ADDED
    assert kept.pool_weights == (0.25, 0.25, 0.25, 0.25)
    # The same values hold; only the document that was signed is shorter.
    assert kept == Policy.from_dict(FIRST_DEFAULTS)
    assert Policy.from_dict(first_document()).sha256 != FIRST_HASH


def test_a_locked_policy_of_this_version_is_the_same_as_one_made_now():
    made = Policy.from_dict({"alpha": 0.7, "omega": {"b": 0.5, "a": 0.5}})
    kept = Policy.from_locked(json.loads(json.dumps(made.to_dict())))
    assert (kept, kept.sha256, kept.added_since) == (made, made.sha256, ())
    assert kept.indicators == ("b", "a")


def test_a_locked_document_cannot_be_changed_from_outside():
    document = first_document()
    kept = Policy.from_locked(document)
    document["omega"]["party"] = 0.9
    kept.to_dict()["omega"]["party"] = 0.9
    assert kept.sha256 == FIRST_HASH
    assert kept.to_dict()["omega"]["party"] == 0.2


def test_a_locked_document_is_validated_too():
    with pytest.raises(PolicyError, match="alhpa"):
        Policy.from_locked({"alhpa": 1})


def test_values_stand_by_section_in_the_order_of_the_method():
    assert list(dict.fromkeys(entry.section for entry in ENTRIES)) == list(SECTIONS)
    assert list(Policy().to_dict()) == [entry.key for entry in ENTRIES]


VALID = jsonschema.Draft202012Validator(policy_schema())


def test_schema_is_a_schema_and_the_defaults_fit_it():
    jsonschema.Draft202012Validator.check_schema(policy_schema())
    VALID.validate(Policy().to_dict())
    VALID.validate({})
    properties = policy_schema()["properties"]
    assert {key: spec["default"] for key, spec in properties.items()} == Policy().to_dict()
    for spec in properties.values():
        assert spec["description"]
        assert any("一" <= letter <= "鿿" for letter in spec["x-description-zh"])
        assert spec["x-section"] in policy_schema()["x-sections"]


@pytest.mark.parametrize(
    "document",
    [
        {"alhpa": 1},
        {"alpha": 1.2},
        {"alpha": "high"},
        {"alpha": True},
        {"min_index": 2.5},
        {"cap_public": -1},
        {"omega": {"a": -1, "b": 2}},
        {"omega": {"": 1}},
        {"pool_weights": []},
        {"streams": {"slip": "C"}},
        {"version": " "},
        {"satisfied_levels": ["5", "5"]},
        {"margin_variables": {"sex": {"orderd": True}}},
        {"margin_variables": {"sex": {"categories": ["unknown"]}}},
        {"base_weights": {"adults": {"2": 0}}},
        {"integrity_weights": {"burst": 1}},
        {"integrity_weights": {**Policy().integrity_weights, "shoe size": 1}},
    ],
    ids=json.dumps,
)
def test_schema_and_reader_refuse_the_same(document):
    assert not VALID.is_valid(document)
    with pytest.raises(PolicyError):
        Policy.from_dict(document)


@pytest.mark.parametrize(("language", "name"), [("en", "policy.md"), ("zh", "policy.zh-CN.md")])
def test_the_tables_of_the_documents_are_those_of_the_policy(language, name):
    text = (ROOT / "docs" / name).read_text(encoding="utf-8")
    assert text == policy_markdown(language)
    for entry in ENTRIES:
        assert text.count(f"| `{entry.key}` |") == 1


def test_channel_the_policy_does_not_name_is_open():
    assert Policy.from_dict().stream_of("carrier pigeon") == "B"


def test_a_policy_locked_without_weight_for_the_newest_wave_is_still_read():
    document = {**Policy().to_dict(), "pool_weights": [0.0, 0.5, 0.5]}
    with pytest.raises(PolicyError, match="newest"):
        Policy.from_dict(document)
    kept = Policy.from_locked(document)
    assert kept.pool_weights == (0.0, 0.5, 0.5)
    assert kept.to_dict() == document
