"""A bundle gives back its inputs to the last bit, and a changed figure or file is named."""

from __future__ import annotations

import dataclasses
import hashlib
import io
import json
import zipfile

import numpy as np
import pytest

from analysis.__main__ import main
from analysis.adjustment import ThemeRecord
from analysis.bundle import (
    FULL,
    MANIFEST,
    PUBLIC,
    RESULTS,
    json_bytes,
    read_inputs,
    sealed,
    write_inputs,
)
from analysis.bundle_public import public_files, public_part, shown_groups
from analysis.bundle_results import compare, results_document
from analysis.evaluation import Appeal
from analysis.types import AnalysisError
from analysis.wave_evaluation import EvaluationInputs, StreetFacts, evaluate_wave
from tests.analysis.builders import answers_cube, policy

ABOUT = {"wave": "2026q3", "revision": 1, "policy_sha256": policy(top_k=2).sha256}


def some_inputs(**changes):
    """Seven streets with both streams, one with quarantined answers, themes and an appeal."""
    rng = np.random.default_rng(4)
    cubes = tuple(
        answers_cube(f"S{i}", rng, n={"slip": 180, "poster": 60}, level=3.2 + 0.15 * i)
        for i in range(7)
    )
    more = answers_cube("S0", rng, n={"poster": 25}, level=5)
    # As the database gives them: one table of strata for all.
    strata = {key: found for cube in (*cubes, more) for key, found in cube.strata.items()}
    cubes = tuple(dataclasses.replace(cube, strata=strata) for cube in cubes)
    both = dataclasses.replace(
        cubes[0],
        responses=[*cubes[0].responses, *more.responses],
        moments=[*cubes[0].moments, *more.moments],
        answers=[*cubes[0].answers, *more.answers],
        clusters=[*cubes[0].clusters, *more.clusters],
    )
    themes = tuple(
        ThemeRecord(
            f"S{i}",
            "urban",
            "停车难",
            30 + i,
            240,
            0.1,
            3,
            confirmed=True,
            notified_days=60,
            random_mentions=9,
            number=7,
        )
        for i in range(3)
    )
    given = EvaluationInputs(
        policy=policy(top_k=2),
        streets=tuple(
            StreetFacts(f"S{i}", "" if i < 6 else "old", (80.1 + i, 81.3 + i, 79.7 + i / 3))
            for i in range(7)
        ),
        accepted=cubes,
        with_quarantined=(both, *cubes[1:]),
        themes=themes,
        previous_last={"": "S0"},
        appeals=(Appeal("S1", "停车难"),),
    )
    return dataclasses.replace(given, **changes)


def zipped(files):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as bundle:
        for name, data in files.items():
            bundle.writestr(name, data)
    return out.getvalue()


def full_files(given=None):
    given = given or some_inputs()
    results = results_document(evaluate_wave(given), given.policy)
    return {**write_inputs(given), RESULTS: json_bytes(results)}


def part_files(given):
    found = evaluate_wave(given)
    results = public_part(results_document(found, given.policy), shown_groups(found))
    return {**public_files(found, given.policy), RESULTS: json_bytes(results)}


@pytest.fixture
def recompute(tmp_path, capsys):
    def run(files, *options, kind=FULL, seal=True):
        path = tmp_path / "bundle.zip"
        path.write_bytes(zipped(sealed(files, kind=kind, about=ABOUT) if seal else files))
        status = main(["recompute", str(path), *options])
        out, err = capsys.readouterr()
        return status, json.loads(out) if out else None, err

    return run


def test_every_figure_of_a_full_bundle_comes_out_again_to_the_last_bit(recompute):
    status, answer, err = recompute(full_files(), "--tolerance", "0")
    assert (status, err) == (0, "")
    assert answer["equal"]
    assert answer["figures"] == answer["identical"] > 500
    assert answer["files_changed"] == []


def test_inputs_read_back_are_the_inputs_written():
    given = some_inputs()
    back = read_inputs(write_inputs(given))
    assert back.policy.sha256 == given.policy.sha256
    assert back.streets == given.streets
    assert back.themes == given.themes
    assert (back.previous_last, back.appeals) == (given.previous_last, given.appeals)
    assert evaluate_wave(back).result.covariance.tolist() == (
        evaluate_wave(given).result.covariance.tolist()
    )


def test_nothing_known_of_appeals_and_nothing_quarantined_stay_so():
    given = some_inputs(appeals=None, with_quarantined=None)
    back = read_inputs(write_inputs(given))
    assert back.appeals is None
    assert back.with_quarantined is None


def test_a_changed_figure_is_named_with_both_values(recompute):
    files = full_files()
    results = json.loads(files[RESULTS])
    results["streets"]["S3"]["blended"]["value"] += 0.01
    results["streets"]["S4"]["rank_low"] = 99
    status, answer, err = recompute(files | {RESULTS: json_bytes(results)})
    assert status == 1
    assert err.count("\n") == 1
    assert "streets.S3.blended.value: published" in err
    assert "(2 of" in err
    assert [one["figure"] for one in answer["differences"]] == [
        "streets.S3.blended.value",
        "streets.S4.rank_low",
    ]


@pytest.mark.parametrize(
    ("name", "old", "new", "figure"),
    [
        ("direct.csv", b"S2,1,82.1", b"S2,1,92.1", "streets.S2.direct.value"),
        ("themes.json", b'"mentions": 31', b'"mentions": 61', "streets.S1.themes.0.mentions"),
        ("margins.csv", b"S0,sex,F,520", b"S0,sex,F,720", "streets.S0.public.value"),
        ("policy.json", b'"alpha": 0.6', b'"alpha": 0.7', "policy.sha256"),
        ("circumstances.json", b'"": "S0"', b'"": "S1"', "params.previous"),
    ],
)
def test_a_changed_input_moves_a_figure_and_breaks_the_seal(recompute, name, old, new, figure):
    files = full_files()
    assert files[name].count(old) == 1
    tampered = sealed(files, kind=FULL, about=ABOUT) | {name: files[name].replace(old, new)}
    status, answer, err = recompute(tampered, seal=False)
    assert status == 1
    assert answer["files_changed"] == [name]
    assert any(figure in one["figure"] for one in answer["differences"]), err


def test_a_changed_file_that_moves_no_figure_is_still_named(recompute):
    files = full_files() | {"README.txt": b"What it is"}
    changed = sealed(files, kind=FULL, about=ABOUT) | {"README.txt": b"Something else"}
    status, answer, err = recompute(changed, seal=False)
    assert (status, answer["equal"]) == (1, True)
    assert "README.txt is not the file that was sealed" in err


def test_a_public_bundle_redoes_order_and_verdicts_from_the_scores(recompute):
    files = part_files(some_inputs())
    assert set(files) == {"policy.json", "groups.json", RESULTS}
    status, answer, err = recompute(files, "--tolerance", "0", kind=PUBLIC)
    assert (status, err) == (0, "")
    assert answer["figures"] == answer["identical"] > 80
    results = json.loads(files[RESULTS])
    results["groups"][""]["last_place"]["z_min"] += 1e-6
    status, _, err = recompute(files | {RESULTS: json_bytes(results)}, kind=PUBLIC)
    assert status == 1
    assert "groups..last_place.z_min" in err


def test_a_group_with_a_hidden_score_is_withheld_whole(recompute):
    given = some_inputs()
    rng = np.random.default_rng(1)
    small = answers_cube("S2", rng, n={"slip": 25})
    cubes = tuple(small if cube.code == "S2" else cube for cube in given.accepted)
    files = part_files(dataclasses.replace(given, accepted=cubes, with_quarantined=None))
    groups = {group["name"]: group for group in json.loads(files["groups.json"])}
    assert groups[""] == {"name": "", "withheld_because": "score_of_a_ranked_street_hidden"}
    assert groups["old"]["withheld_because"] is None
    results = json.loads(files[RESULTS])
    assert list(results["groups"]) == ["old"]
    assert list(results["streets"]) == ["S6"]
    assert recompute(files, kind=PUBLIC)[0] == 0


def test_the_figures_themselves_can_be_printed(recompute):
    files = full_files()
    status, figures, _ = recompute(files, "--figures")
    assert status == 0
    assert figures == json.loads(files[RESULTS])


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("policy.json", None, "no file policy.json"),
        ("moments.csv", None, "no file moments.csv"),
        ("policy.json", b"{", "policy.json is not JSON"),
        ("themes.json", b'[{"street": "S0"}]', "ThemeRecord has other fields"),
        ("themes.json", b"{}", "themes.json must be a list"),
        ("circumstances.json", b"{}", "previous_last is missing"),
        ("direct.csv", b"street,assessor,score\r\nS0,1,abc\r\n", "row 2, column score: 'abc'"),
        ("direct.csv", b"street,assessor,score\r\nS0,1,nan\r\n", "row 2, column score: 'nan'"),
        ("direct.csv", b"street,assessor,score\r\nS0,1\r\n", "row 2: 2 cells instead of 3"),
        ("direct.csv", b"street,assessor,score\r\nS99,1,80\r\n", "'S99', which streets.csv"),
        ("direct.csv", b"street,score\r\n", "the columns must be street, assessor, score"),
        ("direct.csv", b"\xff\xfe", "not a CSV table in UTF-8"),
        (
            "streets.csv",
            b"street,peer_group,population\r\nA,,1\r\nA,,1\r\n",
            "has A twice",
        ),
    ],
)
def test_a_bundle_that_cannot_be_read_is_one_worded_line(recompute, name, content, words):
    files = full_files()
    if content is None:
        del files[name]
    else:
        files[name] = content
    status, answer, err = recompute(files)
    assert (status, answer) == (2, None)
    assert err.count("\n") == 1
    assert words in err


def test_a_manifest_that_names_another_policy_is_named(recompute):
    files = sealed(full_files(), kind=FULL, about=ABOUT | {"policy_sha256": "0" * 64})
    status, _, err = recompute(files, seal=False)
    assert status == 1
    assert "manifest.policy_sha256: published 000" in err


@pytest.mark.parametrize(
    ("name", "more", "words"),
    [
        ("margins.csv", b"S0,sex,F,9999\r\n", "margins.csv has S0, sex, F twice"),
        ("direct.csv", b"S0,1,99\r\n", "direct.csv has S0, 1 twice"),
        ("responses.csv", b"rejected,S0,x,slip,yes,500\r\n", "column status: 'rejected'"),
    ],
)
def test_rows_that_stand_twice_or_would_be_passed_over_are_refused(recompute, name, more, words):
    files = full_files()
    status, _, err = recompute(files | {name: files[name] + more})
    assert status == 2
    assert words in err


def test_a_file_that_does_not_belong_and_a_key_twice_are_refused(recompute):
    files = full_files()
    status, _, err = recompute(files | {"evil.csv": b"x"})
    assert (status, "evil.csv does not belong" in err) == (2, True)
    twice = files[RESULTS].replace(b'"policy": {', b'"policy": {}, "policy": {', 1)
    status, _, err = recompute(files | {RESULTS: twice})
    assert (status, "results.json: The document has the key 'policy' twice" in err) == (2, True)


def test_a_theme_with_a_text_for_a_count_is_a_worded_error(recompute):
    files = full_files()
    files["themes.json"] = files["themes.json"].replace(b'"mentions": 31', b'"mentions": "many"')
    status, _, err = recompute(files)
    assert status == 2
    assert 'mentions cannot be "many"' in err


@pytest.mark.parametrize(
    ("manifest", "words"),
    [
        (b'{"format": "something"}', "not that of a recompute bundle"),
        (b'{"format": "jieping-bundle", "version": 9, "kind": "full", "files": {}}', "version 9"),
    ],
)
def test_another_zip_is_not_a_bundle(recompute, manifest, words):
    status, _, err = recompute({MANIFEST: manifest}, seal=False)
    assert status == 2
    assert words in err


def test_a_file_that_is_no_zip_and_a_file_that_is_not_there(tmp_path, capsys):
    path = tmp_path / "bundle.zip"
    path.write_bytes(b"PK not a zip")
    assert main(["recompute", str(path)]) == 2
    assert "not a usable zip file" in capsys.readouterr().err
    assert main(["recompute", str(tmp_path / "none.zip")]) == 2
    assert "No such file" in capsys.readouterr().err


def test_streets_and_cubes_must_be_the_same():
    given = some_inputs()
    with pytest.raises(AnalysisError, match="same streets"):
        evaluate_wave(dataclasses.replace(given, accepted=given.accepted[:-1]))


def test_comparison_counts_figures_and_tells_kinds_apart():
    one = {"a": 1.0, "b": [1, None, True], "c": {}, "d": "x"}
    same = compare(one, {"a": 1.0 + 1e-12, "b": [1, None, True], "c": {}, "d": "x"})
    assert (same.figures, same.identical, same.differences) == (6, 5, ())
    other = compare(one, {"a": 1.0, "b": [1, 0, 1], "d": "x", "e": 2})
    assert [d.figure for d in other.differences] == ["b.1", "b.2", "c", "e"]
    assert compare({"a": 0.0}, {"a": 1e-9}).differences
    assert compare({"a": 1}, {}).differences[0].recomputed is None


def test_a_bundle_is_the_same_bytes_whenever_it_is_made():
    one, two = (sealed(full_files(), kind=FULL, about=ABOUT) for _ in range(2))
    assert hashlib.sha256(zipped(one)).digest() != b""
    assert one == two
