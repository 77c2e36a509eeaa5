"""``python -m analysis themes`` and ``classify``: files in and out, worded errors."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest

from analysis.__main__ import main

HEADER = "message_id,user,title,time,body"
MARKET = [
    ("橘洲花园北门夜宵摊油烟太大", "半夜还在吵，没法睡"),
    ("北门夜宵摊的油烟飘进橘洲花园", "天天如此"),
    ("橘洲花园门口夜宵摊深夜油烟扰民", "城管来了又走，电话13812345678"),
]


def write(path: Path, lines: list[str], *, encoding: str = "utf-8") -> Path:
    path.write_bytes("\n".join(lines).encode(encoding))
    return path


def messages(times=("2026-03-01 10:00:00", "2026/5/1 9:00", "2026-08-01")) -> list[str]:
    rows = [
        f"m{n},u{n},{title},{time},{body}"
        for n, ((title, body), time) in enumerate(zip(MARKET, times, strict=True))
    ]
    return [HEADER, *rows, "m9,u9,希望图书馆周一开门,,"]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
def test_themes_are_written_with_what_the_interface_promises(tmp_path, capsys, encoding) -> None:
    source = write(tmp_path / "m.csv", messages(), encoding=encoding)
    assert main(["themes", "--messages", str(source), "--out", str(tmp_path / "out")]) == 0
    with (tmp_path / "out" / "clusters.csv").open(encoding="utf-8") as file:
        clusters = {row["message_id"]: row["cluster_id"] for row in csv.DictReader(file)}
    assert clusters["m9"] == "-1"
    assert clusters["m0"] == clusters["m1"] == clusters["m2"] != "-1"
    (theme,) = json.loads((tmp_path / "out" / "themes.json").read_text(encoding="utf-8"))
    assert set(theme) == {
        *("cluster_id", "label", "keywords", "representative", "residents", "messages", "first"),
        *("last", "periods", "recurring", "surging", "scope"),
    }
    assert theme["label"] in {title for title, _ in MARKET}
    assert (theme["residents"], theme["messages"]) == (3, 3)
    assert (theme["first"], theme["last"]) == ("2026-03-01", "2026-08-01")
    assert theme["periods"] == {"2026Q1": 1, "2026Q2": 1, "2026Q3": 1}
    assert (theme["recurring"], theme["surging"], theme["scope"]) == (False, False, None)
    assert json.loads(capsys.readouterr().out)["themes"] == 1
    assert sorted(p.name for p in (tmp_path / "out").iterdir()) == ["clusters.csv", "themes.json"]


def test_numbers_do_not_reach_the_output(tmp_path) -> None:
    lines = [HEADER] + [
        f"m{n},u{n},夜宵摊油烟扰民请联系13812345678,2026-03-01,{body}{n}"
        for n, (_, body) in enumerate(MARKET)
    ]
    source = write(tmp_path / "m.csv", lines)
    assert main(["themes", "--messages", str(source), "--out", str(tmp_path)]) == 0
    written = (tmp_path / "themes.json").read_text(encoding="utf-8")
    assert "13812345678" not in written
    assert "〔电话〕" in written


def test_theme_in_many_streets_and_quarters_is_recurring_and_common(tmp_path) -> None:
    lines = [HEADER + ",street"]
    for n in range(24):
        title, body = MARKET[n % 3]
        time = "2026-02-10" if n % 2 else "2026-05-10"
        lines.append(
            f"m{n},u{n},{title}第{n}次,{time},{body}{'又来了还是这样' * (n % 5)}{n},S{n % 6}"
        )
    source = write(tmp_path / "m.csv", lines)
    assert main(["themes", "--messages", str(source), "--out", str(tmp_path)]) == 0
    theme = json.loads((tmp_path / "themes.json").read_text(encoding="utf-8"))[0]
    assert theme["residents"] >= 10
    assert theme["recurring"] is True
    assert theme["scope"] == "common"


def test_empty_table_gives_empty_files(tmp_path) -> None:
    source = write(tmp_path / "m.csv", [HEADER])
    assert main(["themes", "--messages", str(source), "--out", str(tmp_path / "out")]) == 0
    assert json.loads((tmp_path / "out" / "themes.json").read_text(encoding="utf-8")) == []
    assert (tmp_path / "out" / "clusters.csv").read_text() == "message_id,cluster_id\n"


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        (["message_id,user,title,body", "1,u,t,b"], "no column 'time'"),
        (
            [HEADER, "1,u,t,2026-01-01,b", "1,u,t,2026-01-01,b"],
            "row 3, column message_id: '1' is also in row 2",
        ),
        ([HEADER, ",u,t,2026-01-01,b"], "row 2, column message_id: is empty"),
        ([HEADER, "1,u,t,yesterday,b"], "row 2, column time: 'yesterday' is no time"),
        ([HEADER, "1,u,t,2026-02-30,b"], "row 2, column time: '2026-02-30' is no day"),
        ([HEADER, "1,u,t"], "row 2: 3 cells, the header has 5"),
        ([""], "the file is empty"),
    ],
)
def test_bad_table_is_refused_in_one_line_and_nothing_is_written(
    tmp_path, capsys, lines, said
) -> None:
    source = write(tmp_path / "m.csv", lines)
    out = tmp_path / "out"
    assert main(["themes", "--messages", str(source), "--out", str(out)]) == 2
    error = capsys.readouterr().err
    assert said in error
    assert error.count("\n") == 1
    assert not out.exists()


def test_missing_file_is_named(tmp_path, capsys) -> None:
    assert main(["themes", "--messages", str(tmp_path / "no.csv"), "--out", str(tmp_path)]) == 2
    assert "no.csv: No such file" in capsys.readouterr().err


TRAIN = ["kind,head,text"] + [
    f"{kind},,{text}{n}"
    for n in range(6)
    for kind, text in [
        ("道路", "路面坑洼积水"),
        ("养老", "养老金没有到账"),
        ("道路", "路灯不亮"),
        ("养老", "退休手续太慢"),
    ]
]


def classify(
    tmp_path: Path, test: list[str], train: list[str] = TRAIN, text: str = "head,text"
) -> int:
    a, b = write(tmp_path / "a.csv", train), write(tmp_path / "b.csv", test)
    return main(
        [
            *("classify", "--train", str(a), "--test", str(b), "--text", text, "--label", "kind"),
            *("--out", str(tmp_path / "p.csv")),
        ]
    )


def test_texts_are_labelled_by_row_number_or_by_their_own(tmp_path) -> None:
    assert classify(tmp_path, ["head,text", "路灯,坏了", ",养老金"]) == 0
    with (tmp_path / "p.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert [(row["row"], row["label"]) for row in rows] == [("1", "道路"), ("2", "养老")]
    assert all(0.5 <= float(row["probability"]) <= 1 for row in rows)
    assert classify(tmp_path, ["row,head,text", "77,路灯,坏了"]) == 0
    assert (tmp_path / "p.csv").read_text(encoding="utf-8").splitlines()[1].startswith("77,道路,")


def test_label_that_is_empty_or_alone_is_refused(tmp_path, capsys) -> None:
    assert classify(tmp_path, ["head,text"], ["kind,head,text", ",a,b"]) == 2
    assert "row 2, column kind: the label is empty" in capsys.readouterr().err
    assert classify(tmp_path, ["head,text"], ["kind,head,text", "x,a,b"]) == 2
    assert "at least two different labels" in capsys.readouterr().err
    assert classify(tmp_path, ["head,text"], text="nothing") == 2
    assert "no column 'nothing'" in capsys.readouterr().err
    assert not (tmp_path / "p.csv").exists()
