"""``python -m analysis index`` and ``evaluate``: what they print, and one line for bad input."""

from __future__ import annotations

import csv
import json
import subprocess
import sys

import pytest

from analysis.__main__ import main
from tests.analysis.builders import DIRECT, PUBLIC, PUBLIC_SE
from tests.parts import ROOT, reference_folder

HEADER = "id,street,age_band,sex,i1,i2,i3\n"
MARGINS = {
    "scope": "street",
    "streets": {
        code: {"age_band": {"18-29": 40, "60+": 60}, "sex": {"F": 51, "M": 49}}
        for code in ("S01", "S02")
    },
}


def answer_rows(count=80):
    lines = []
    for i in range(count):
        street, age, sex = f"S0{i % 2 + 1}", ("18-29", "60+")[i // 2 % 2], "FM"[i // 4 % 2]
        lines.append(f"{i},{street},{age},{sex},{i % 5 + 1},{(i + 2) % 5 + 1},{5 - i % 3}\n")
    return lines


@pytest.fixture
def files(tmp_path):
    """Writes answers and margins and gives the arguments that name them."""

    def write(answers=None, margins=None, **more):
        table = tmp_path / "answers.csv"
        table.write_text(HEADER + "".join(answers if answers is not None else answer_rows()))
        (tmp_path / "margins.json").write_text(json.dumps(margins or MARGINS))
        arguments = ["index", "--answers", str(table), "--margins", str(tmp_path / "margins.json")]
        for name, document in more.items():
            (tmp_path / f"{name}.json").write_text(json.dumps(document))
            arguments += [f"--{name}", str(tmp_path / f"{name}.json")]
        return arguments

    return write


def run(capsys, arguments):
    status = main(arguments)
    printed = capsys.readouterr()
    return status, json.loads(printed.out) if printed.out else None, printed.err


def fails(capsys, arguments, *words):
    status, document, error = run(capsys, arguments)
    assert (status, document) == (2, None)
    assert error.count("\n") == 1
    for word in words:
        assert word in error
    return error


def test_index_by_street(files, capsys):
    status, found, error = run(capsys, files())
    assert (status, error) == (0, "")
    assert (found["n_used"], found["items"]) == (80, ["i1", "i2", "i3"])
    assert found["weights"]["converged"]
    street = found["streets"]["S01"]
    assert set(street["public"]) == {
        "value",
        "se",
        "low",
        "high",
        "n",
        "n_effective",
        "suppressed_because",
    }
    mean = sum(street["indicators"][i]["value"] for i in ("i1", "i2", "i3")) / 3
    assert street["public"]["value"] == pytest.approx(mean)
    assert street["weights"]["gaps"]["sex"] < 1e-6
    assert len(found["policy"]["sha256"]) == 64


def test_index_of_the_district_with_the_street_as_a_margin(files, capsys):
    margins = {
        "scope": "district",
        "margins": {"street": {"S01": 30, "S02": 70}, "sex": {"F": 1, "M": 1}},
    }
    _, found, _ = run(capsys, files(margins=margins))
    assert found["weights"]["gaps"].keys() == {"street", "sex"}
    assert found["items"] == ["i1", "i2", "i3"]
    assert found["columns_not_used"] == ["age_band"]


def test_suppressed_values_are_printed_with_their_reason(files, capsys):
    _, found, _ = run(capsys, files(answer_rows(40)))
    public = found["streets"]["S01"]["public"]
    assert public["value"] is not None
    assert public["suppressed_because"] == "indicator_n_below_30"


def test_unknown_categories_are_kept_or_dropped_and_counted(files, capsys):
    rows = [*answer_rows(), "u1,S01,,F,5,5,5\n", "u2,S01,60+,unknown,5,5,5\n"]
    _, kept, _ = run(capsys, files(rows))
    assert (kept["n_used"], kept["n_dropped_unknown"]) == (82, 0)
    _, dropped, _ = run(capsys, [*files(rows), "--unknown", "drop"])
    assert (dropped["n_used"], dropped["n_dropped_unknown"]) == (80, 2)


def test_min_items_decides_who_counts(files, capsys):
    rows = [*answer_rows(), "e1,S01,60+,F,,,\n", "e2,S01,60+,F,3,dk,\n"]
    _, strict, _ = run(capsys, files(rows))
    assert (strict["n_used"], strict["n_dropped_invalid"]) == (80, 2)
    _, everybody, _ = run(capsys, [*files(rows), "--min-items", "0"])
    assert everybody["n_used"] == 82
    assert everybody["streets"]["S01"]["indicators"]["i2"]["n"] == 40


def test_policy_file_names_items_and_weights(files, capsys):
    arguments = files(policy={"omega": {"i1": 0.75, "i3": 0.25}, "min_answered": 2})
    _, found, _ = run(capsys, arguments)
    street = found["streets"]["S02"]
    assert found["items"] == ["i1", "i3"]
    expected = 0.75 * street["indicators"]["i1"]["value"]
    expected += 0.25 * street["indicators"]["i3"]["value"]
    assert street["public"]["value"] == pytest.approx(expected)


def test_street_without_answers_is_listed_with_a_reason(files, capsys):
    margins = json.loads(json.dumps(MARGINS))
    margins["streets"]["S09"] = margins["streets"]["S01"]
    _, found, _ = run(capsys, files(margins=margins))
    assert found["streets"]["S09"]["public"]["suppressed_because"] == "no_answers"


def test_street_without_margins_is_unweighted_and_says_so(files, capsys):
    margins = {"scope": "street", "streets": {"S01": MARGINS["streets"]["S01"]}}
    _, found, _ = run(capsys, files(margins=margins))
    assert found["streets"]["S02"]["weights"]["notes"][0]["code"] == "unweighted"


def test_chinese_names_in_gb18030_are_read(files, capsys, tmp_path):
    arguments = files()
    text = (tmp_path / "answers.csv").read_text().replace("S01", "城东街道")
    (tmp_path / "answers.csv").write_bytes(text.encode("gb18030"))
    _, found, _ = run(capsys, arguments)
    assert "城东街道" in found["streets"]


@pytest.mark.parametrize(
    ("row", "words"),
    [
        ("x,S01,60+,F,6,1,1\n", ("row 82, column i1", "'6' is not an answer")),
        ("x,S01,60+,F,NaN,1,1\n", ("row 82, column i1", "'NaN'")),
        ("x,S01,60+,F,good,1,1\n", ("row 82, column i1", "'good'")),
        ("x,S01,70+,F,1,1,1\n", ("row 82, column age_band", "not a category")),
        ("3,S01,60+,F,1,1,1\n", ("row 82, column id", "already in row 5")),
        ("x,,60+,F,1,1,1\n", ("row 82, column street", "empty")),
        (",S01,60+,F,1,1,1\n", ("row 82, column id", "empty")),
        ("x,S01,60+,F,1,1\n", ("row 82", "6 cells, the header has 7")),
        ('x,S01,60+,"F,1,1,1\n', ("row 82",)),
    ],
)
def test_bad_row_is_one_line_with_row_and_column(files, capsys, row, words):
    fails(capsys, files([*answer_rows(), row]), *words)


def test_bad_files_are_one_line(files, capsys, tmp_path):
    fails(capsys, ["index", "--answers", str(tmp_path / "no.csv"), "--margins", "x"], "no.csv")
    fails(capsys, files(margins={"scope": "city"}), '"scope": "street"')
    fails(capsys, files(margins={"scope": "district", "margins": {"sex": {"F": -4}}}), "-4")
    fails(capsys, files(margins={"scope": "district", "margins": {"race": {"a": 1}}}), "'race'")
    fails(capsys, files(policy={"alhpa": 1}), "Did you mean 'alpha'")
    fails(capsys, [*files(), "--items", "i1,i9"], "no column 'i9'")
    fails(capsys, [*files(), "--items", "i1"], "--min-items 1")
    arguments = files()
    (tmp_path / "answers.csv").write_bytes(b"id,street\n\xff\xff\xff")
    fails(capsys, arguments, "neither UTF-8 nor GB18030")
    (tmp_path / "answers.csv").write_text("")
    fails(capsys, arguments, "empty")
    (tmp_path / "answers.csv").write_text("id,id,street\n")
    fails(capsys, arguments, "'id' appears twice")
    arguments = files()
    (tmp_path / "margins.json").write_text('{"scope": }')
    fails(capsys, arguments, "row 1, column 11")


def test_table_without_a_single_row_is_a_result_with_nobody(files, capsys):
    status, found, _ = run(capsys, files([]))
    assert (status, found["n_used"]) == (0, 0)
    assert found["streets"]["S01"]["public"]["value"] is None


def evaluation_input(**top):
    streets = [
        {
            "code": f"S{i + 1:02}",
            "public": p,
            "public_se": se,
            "direct": d,
            "direct_se": 0,
            "n_effective": 400,
            "group": "urban",
        }
        for i, (p, se, d) in enumerate(zip(PUBLIC, PUBLIC_SE, DIRECT, strict=True))
    ]
    return {"streets": streets} | top


def write(tmp_path, document):
    path = tmp_path / "input.json"
    path.write_text(document if isinstance(document, str) else json.dumps(document))
    return ["evaluate", str(path)]


def test_evaluate_prints_scores_ranks_chances_and_verdict(tmp_path, capsys):
    status, found, error = run(capsys, write(tmp_path, evaluation_input()))
    assert (status, error) == (0, "")
    ninth = found["streets"]["S09"]
    assert ninth["blended"] == pytest.approx(82.56)
    assert (ninth["rank_low"], ninth["rank_high"]) == (3, 11)
    assert ninth["p_last"] == pytest.approx(0.483576, abs=1e-4)
    assert len(ninth["chances"]) == 11
    assert found["effective_weights"]["direct"] == pytest.approx(0.413970, abs=1e-4)
    last = found["last_place"]
    assert (last["established"], last["street"]) == (False, "S09")
    assert last["z_min"] == pytest.approx(0.220650, abs=1e-4)
    assert [reason["code"] for reason in last["reasons"]] == [
        "not_far_enough",
        "not_last_on_public_score",
        "counting_incomplete",
        "single_wave",
        "too_few_assessors",
        "appeals_unknown",
    ]
    assert "z = 0.221" in last["reasons"][0]["message"]
    assert "S10" in found["bottom_group"]


def test_evaluate_with_everything_establishes_a_clear_last_place(tmp_path, capsys):
    document = evaluation_input(previous={"last": "S09"}, appeals=[])
    document["streets"][8] |= {"direct": 86, "public": 60.8, "public_se": 1.4}
    for street in document["streets"]:
        street |= {"assessors": 3, "without_quarantined": street["public"]}
    _, found, _ = run(capsys, write(tmp_path, document))
    assert found["last_place"]["established"]
    assert found["last_place"]["reasons"] == []
    assert found["bottom_group"] == ["S09"]
    document["previous"] = {"pooled_waves": 4}
    _, found, _ = run(capsys, write(tmp_path, document))
    assert found["last_place"]["established"]


def test_evaluate_takes_themes_off_the_public_score(tmp_path, capsys):
    theme = {
        "street": "S01",
        "indicator": "urban",
        "label": "停车难",
        "residents": 38,
        "respondents": 800,
        "district_share": 0.03,
        "waves": 3,
        "state": "none",
        "solved": 0,
        "reasked": 0,
        "remit": "street",
        "confirmed": True,
        "notified_days": 40,
    }
    late = theme | {"label": "噪音", "notified_days": None}
    _, found, _ = run(capsys, write(tmp_path, evaluation_input(themes=[theme, late])))
    street = found["streets"]["S01"]
    assert street["deduction"] == pytest.approx(0.2 * 2.2778, abs=1e-4)
    assert street["adjusted"] == pytest.approx(78.2 - street["deduction"])
    assert street["themes"][1]["reasons"][0]["code"] == "not_notified_in_time"
    assert street["themes"][1]["deduction"] == 0


def test_evaluate_judges_peer_groups_apart(tmp_path, capsys):
    document = evaluation_input()
    for street in document["streets"][:4]:
        street["group"] = "old"
    _, found, _ = run(capsys, write(tmp_path, document))
    assert set(found["groups"]) == {"old", "urban"}
    assert found["last_place"] is None
    assert found["groups"]["old"]["pairwise_only"]
    because = found["streets"]["S01"]["rank_suppressed_because"]
    assert because["code"] == "group_below_6"


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"public": "high"}, "streets[2].public must be a number"),
        ({"public_se": None}, "streets[2].public_se must be given"),
        ({"public_se": 0}, "public_se of street S03 must be above 0"),
        ({"public": 101}, "between 0 and 100"),
        ({"code": "S01"}, "given twice"),
        ({"code": ""}, "streets[2].code must be a text"),
        ({"pubic": 1}, "there is no 'pubic' here"),
        ({"assessors": 2.5}, "whole number"),
        ({"indicators": [1]}, "streets[2].indicators"),
    ],
)
def test_evaluate_words_what_is_wrong(tmp_path, capsys, change, words):
    document = evaluation_input()
    document["streets"][2] |= change
    fails(capsys, write(tmp_path, document), words)


def test_evaluate_refuses_what_is_not_a_document(tmp_path, capsys):
    fails(capsys, write(tmp_path, "[1]"), "JSON object")
    fails(capsys, write(tmp_path, '{"streets": [NaN]}'), "NaN")
    fails(capsys, write(tmp_path, {}), "nothing to evaluate")
    fails(capsys, write(tmp_path, {"streets": 3}), "must be a list")
    fails(capsys, write(tmp_path, evaluation_input(themes=[{"street": "S01"}])), "themes[0]")
    fails(capsys, write(tmp_path, evaluation_input(policy={"alpha": 2})), "'alpha'")


def test_direct_score_missing_for_one_street_is_a_result_with_a_reason(tmp_path, capsys):
    document = evaluation_input()
    document["streets"][2]["direct"] = None
    _, found, _ = run(capsys, write(tmp_path, document))
    assert found["streets"]["S03"]["not_blended_because"]["code"] == "direct_missing"
    codes = [reason["code"] for reason in found["last_place"]["reasons"]]
    assert "street_without_score" in codes


def in_a_process(*arguments):
    return subprocess.run(
        [sys.executable, "-W", "error", "-m", "analysis", *arguments],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )


def test_help_teaches_and_a_wrong_command_is_one_line():
    overview = in_a_process("--help")
    assert overview.returncode == 0
    for name in ("index", "evaluate", "themes", "classify"):
        assert name in overview.stdout
    for name, word in (("index", "MARGINS.json is one of"), ("evaluate", '"public_se"')):
        assert word in in_a_process(name, "--help").stdout
    wrong = in_a_process("indx")
    assert (wrong.returncode, wrong.stderr.count("\n")) == (2, 1)


def test_web_processes_get_the_mathematics_without_the_heavy_libraries():
    names = "scoring weights estimate shares streams streets adjustment evaluation disclosure"
    source = "import sys\n" + "".join(f"import analysis.{name}\n" for name in names.split())
    source += "print(*(m for m in ('sklearn', 'scipy.stats', 'scipy.optimize', 'pandas', 'jieba') "
    source += "if m in sys.modules))"
    found = subprocess.run(
        [sys.executable, "-c", source], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert found.stdout.strip() == ""


@pytest.mark.reference
@pytest.mark.parametrize(
    ("case", "popular"), [("d4_sandiego2015", "area"), ("d5_kcmo2021q1", "area")]
)
def test_index_equals_r_on_real_residents(case, popular, tmp_path, capsys):
    # Given the real answers with districts as streets, and the margins R used
    with reference_folder("statistics", f"{case}.csv").open(newline="") as file:
        rows = list(csv.reader(file))
    rows[0][rows[0].index("district")] = "street"
    with (tmp_path / "a.csv").open("w", newline="") as file:
        csv.writer(file).writerows(rows)
    want = json.loads(reference_folder("statistics", f"{case}.expected.json").read_text())
    margins = {}
    for name, table in want["margins"].items():
        labels = next(values for key, values in table.items() if key != "Freq")
        column = "street" if name == popular else name
        margins[column] = dict(zip(map(str, labels), table["Freq"], strict=True))
    (tmp_path / "m.json").write_text(json.dumps({"scope": "district", "margins": margins}))
    # When the index is taken without any of the product's own safeguards
    status, found, _ = run(
        capsys,
        [
            "index",
            "--answers",
            str(tmp_path / "a.csv"),
            "--margins",
            str(tmp_path / "m.json"),
            "--min-items",
            "0",
            "--no-trim",
            "--no-floor",
            "--unknown",
            "drop",
        ],
    )
    # Then every figure is R's
    assert (status, found["n_used"]) == (0, want["n_used"])
    assert found["weights"]["deff"] == pytest.approx(want["weights"]["kish_deff"], rel=1e-8)
    index = want["raked_weights_as_fixed"]["item_mean_index"]
    for i, area in enumerate(index["area"]):
        street = found["streets"][area]
        assert street["public"]["value"] == pytest.approx(
            index["index100_of_item_means"][i], abs=1e-6
        )
        assert street["public"]["se"] == pytest.approx(index["se_index"][i], rel=1e-6)
        assert street["public"]["n"] == index["n"][i]
        for k in range(1, 6):
            item = street["indicators"][f"i{k}"]
            assert item["value"] == pytest.approx(25 * (index[f"m_i{k}"][i] - 1), abs=1e-6)
            assert item["se"] == pytest.approx(25 * index[f"se_i{k}"][i], rel=1e-6)
