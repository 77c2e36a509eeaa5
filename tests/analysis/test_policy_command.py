"""``python -m analysis policy``: the document, its schema, a check and the help of a value."""

from __future__ import annotations

import json

import pytest

from analysis.__main__ import main
from analysis.policy import ENTRIES, Policy
from analysis.policy_schema import policy_markdown, policy_schema


def printed(capsys, *arguments):
    assert main(["policy", *arguments]) == 0
    found = capsys.readouterr()
    assert found.err == ""
    return found.out


def refused(capsys, *arguments):
    assert main(["policy", *arguments]) == 2
    found = capsys.readouterr()
    assert found.out == ""
    assert found.err.count("\n") == 1
    return found.err


@pytest.fixture
def written(tmp_path):
    def write(document):
        path = tmp_path / "policy.json"
        text = document if isinstance(document, str) else json.dumps(document)
        path.write_text(text, encoding="utf-8")
        return str(path)

    return write


def test_without_an_option_the_whole_document_is_printed(capsys):
    document = json.loads(printed(capsys))
    assert document == Policy().to_dict()
    assert Policy.from_locked(document).sha256 == Policy().sha256


def test_schema(capsys):
    assert json.loads(printed(capsys, "--schema")) == policy_schema()


@pytest.mark.parametrize("language", ["en", "zh"])
def test_document(capsys, language):
    assert printed(capsys, "--document", language) == policy_markdown(language)


def test_check_says_version_hash_and_what_differs(capsys, written):
    overrides = {"version": "2027", "alpha": 0.7, "min_cell": 10}
    found = json.loads(printed(capsys, "--check", written(overrides)))
    assert found == {
        "valid": True,
        "version": "2027",
        "sha256": Policy.from_dict(overrides).sha256,
        "differs": {
            "version": {"default": "1", "policy": "2027"},
            "alpha": {"default": 0.6, "policy": 0.7},
        },
    }


def test_check_of_a_locked_document_keeps_its_hash(capsys, written):
    document = {k: v for k, v in Policy().to_dict().items() if k != "pool_weights"}
    path = written(document)
    found = json.loads(printed(capsys, "--check", path, "--locked"))
    assert found["sha256"] == Policy.from_locked(document).sha256 != Policy().sha256
    assert (found["added_since"], found["differs"]) == (["pool_weights"], {})
    assert json.loads(printed(capsys, "--check", path))["sha256"] == Policy().sha256


@pytest.mark.parametrize(
    ("document", "words"),
    [
        ({"alhpa": 0.5}, "Did you mean 'alpha'"),
        ({"omega": {"party": 0.5, "urban": 0.4}}, "sum to 0.9"),
        ({"cap_public": -1}, "at least 0"),
        ('{"alpha": 0.5, "alpha": 0.6}', "'alpha' twice"),
        ('{"omega": {"a": 0.5, "b": 0.5, "a": 0.5}}', "'a' twice"),
        ('{"alpha": NaN}', "NaN"),
        ('{"alpha": ', "row 1"),
        ("[1]", "JSON object"),
    ],
    ids=["typo", "sum", "cap", "twice", "twice-inside", "nan", "cut", "list"],
)
def test_check_words_what_is_wrong_in_one_line(capsys, written, document, words):
    assert words in refused(capsys, "--check", written(document))


def test_check_of_a_file_that_is_not_there(capsys, tmp_path):
    assert "No such file" in refused(capsys, "--check", str(tmp_path / "none.json"))


def test_explain_tells_both_languages_default_and_bounds(capsys):
    text = printed(capsys, "--explain", "trim_low")
    entry = next(entry for entry in ENTRIES if entry.key == "trim_low")
    for words in (entry.help, entry.help_zh, "0.3", "number ≥ 0, ≤ 1", "Streams and weights"):
        assert words in text


def test_every_value_can_be_explained(capsys):
    for entry in ENTRIES:
        assert printed(capsys, "--explain", entry.key).startswith(f"{entry.key}\n")


def test_explain_of_an_unknown_value_names_those_near_it(capsys):
    assert "trim_low" in refused(capsys, "--explain", "trim_lo")


def test_locked_without_a_file_is_refused(capsys):
    assert "--check" in refused(capsys, "--locked")


def test_help_teaches(capsys):
    with pytest.raises(SystemExit) as stopped:
        main(["policy", "--help"])
    assert stopped.value.code == 0
    text = capsys.readouterr().out
    for words in ("--check FILE.json", "--explain NAME", "sha256", '"omega"', "alpha"):
        assert words in text
