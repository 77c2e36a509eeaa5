"""The data dictionary: every column of every export, as Markdown."""

from __future__ import annotations

from survey.exports.shapes import SHAPES


def data_dictionary() -> str:
    """The text of docs/data-dictionary.md."""
    lines = [
        "# Data dictionary 数据字典",
        "",
        "Every column of every table, the same in JSON, CSV and Excel. Names never change; new",
        "columns are added at the end of a table. An empty cell (null in JSON) with a reason in",
        "`suppressed_because` is a number that may not be shown.",
        "",
        "Written by `python -m survey.exports.dictionary > docs/data-dictionary.md`;",
        "a test compares.",
    ]
    for shape in SHAPES.values():
        zh, en = shape.title
        lines += ["", f"## `{shape.name}`: {en} {zh}", ""]
        lines += ["| column | kind | meaning | 含义 |", "|---|---|---|---|"]
        lines += [
            f"| `{column.name}` | {column.kind} | {column.help[1]} | {column.help[0]} |"
            for column in shape.columns
        ]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    print(data_dictionary(), end="")
