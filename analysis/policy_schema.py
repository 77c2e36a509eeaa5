"""The policy as others read it: JSON Schema, the tables of docs/policy.md and one value's help.

Everything is made from ``policy.ENTRIES``; nothing about a single value is written here.
"""

from __future__ import annotations

import json
from typing import Any

from analysis.policy import ENTRIES, Policy, PolicyEntry

DIALECT = "https://json-schema.org/draft/2020-12/schema"

SECTIONS: dict[str, tuple[str, str]] = {
    "policy": ("The policy itself", "评价办法本身"),
    "score": ("Answers to scores", "从作答到分值"),
    "valid": ("Valid responses", "有效问卷"),
    "weights": ("Streams and weights", "样本与加权"),
    "precision": ("Precision", "精度"),
    "themes": ("Themes and the score", "问题与扣分"),
    "blend": ("Direct assessment and public score", "区级直接评价与公众评分的合成"),
    "ranks": ("Ranks, last place and first places", "位次、末位与先进"),
    "publication": ("Publication and appeals", "公布与申诉"),
    "integrity": ("Integrity of the answers", "作答真实性"),
    "cases": ("Cases and their due dates", "事项办理与期限"),
}
"""Title of each section, (English, Chinese), in the order of the document."""

_FREE_NAMES = {"type": "string", "pattern": r"\S"}
_KINDS: dict[str, dict[str, Any]] = {
    "number": {"type": "number"},
    "integer": {"type": "integer"},
    "boolean": {"type": "boolean"},
    "text": _FREE_NAMES,
    "texts": {"type": "array", "items": _FREE_NAMES, "uniqueItems": True},
    "scale": {
        "type": "object",
        "minProperties": 1,
        "propertyNames": _FREE_NAMES,
        "additionalProperties": {"type": "number", "minimum": 0, "maximum": 100},
    },
    "weights": {
        "type": "object",
        "minProperties": 1,
        "propertyNames": _FREE_NAMES,
        "additionalProperties": {"type": "number", "minimum": 0, "maximum": 1},
    },
    "part_weights": {
        "type": "object",
        "propertyNames": {**_FREE_NAMES, "maxLength": 60},
        "additionalProperties": {"type": "number", "minimum": 0, "maximum": 1},
    },
    "shares": {
        "type": "array",
        "minItems": 1,
        "items": {"type": "number", "minimum": 0, "maximum": 1},
    },
    "points": {"type": "object", "additionalProperties": {"type": "number", "minimum": 0}},
    "streams": {
        "type": "object",
        "propertyNames": _FREE_NAMES,
        "additionalProperties": {"enum": ["A", "B"]},
    },
    "margins": {
        "type": "object",
        "propertyNames": _FREE_NAMES,
        "additionalProperties": {
            "type": "object",
            "properties": {
                "ordered": {"type": "boolean", "default": False},
                "categories": {
                    "type": "array",
                    "items": {**_FREE_NAMES, "not": {"const": "unknown"}},
                    "uniqueItems": True,
                },
            },
            "additionalProperties": False,
        },
    },
    "base_weights": {
        "type": "object",
        "propertyNames": _FREE_NAMES,
        "additionalProperties": {
            "type": "object",
            "propertyNames": _FREE_NAMES,
            "additionalProperties": {"type": "number", "exclusiveMinimum": 0},
        },
    },
}
_SUMS = {"weights", "shares"}


def policy_schema() -> dict[str, Any]:
    """JSON Schema (2020-12) of a policy document; no other key is allowed, none is required.

    Every value has ``type``, bounds, ``default``, ``description`` (English),
    ``x-description-zh``, ``x-section`` and ``x-acts-on`` (see ``ACTS_ON``); ``x-sections`` has the
    titles of the sections. Two
    rules cannot be said in JSON Schema and stand as ``x-rule``: weights that sum to 1; and what
    several values must agree on, which ``Policy.from_dict`` checks.
    """
    return {
        "$schema": DIALECT,
        "title": "Evaluation policy",
        "x-title-zh": "评价办法",
        "type": "object",
        "additionalProperties": False,
        "x-sections": {
            name: {"title": english, "x-title-zh": chinese}
            for name, (english, chinese) in SECTIONS.items()
        },
        "properties": {entry.key: value_schema(entry) for entry in ENTRIES},
    }


def value_schema(entry: PolicyEntry) -> dict[str, Any]:
    """The schema of one value."""
    schema = dict(_KINDS[entry.kind])
    if entry.kind == "points":
        schema |= {"required": list(entry.default), "propertyNames": {"enum": list(entry.default)}}
    if entry.minimum is not None:
        schema["minimum"] = entry.minimum
    if entry.maximum is not None:
        schema["maximum"] = entry.maximum
    if entry.kind in _SUMS:
        schema["x-rule"] = "The weights sum to 1."
    if entry.kind == "part_weights":
        schema["x-rule"] = "The weights sum to at most 1."
    return schema | {
        "default": json.loads(json.dumps(entry.default)),
        "description": entry.help,
        "x-description-zh": entry.help_zh,
        "x-section": entry.section,
        "x-acts-on": entry.acts_on,
    }


def bounds_text(entry: PolicyEntry, language: str) -> str:
    """The allowed values of one entry in words; ``language`` is ``en`` or ``zh``."""
    chinese = language == "zh"
    rules = {
        "boolean": ("true or false", "true 或 false"),
        "text": ("a text", "文字"),
        "texts": ("different texts", "互不相同的文字"),
        "scale": ("0 to 100 each", "各为 0—100"),
        "weights": ("0 to 1 each, sum 1", "各为 0—1，合计为 1"),
        "part_weights": ("0 to 1 each, sum at most 1", "各为 0—1，合计不超过 1"),
        "shares": ("0 to 1 each, sum 1", "各为 0—1，合计为 1"),
        "points": ("0 or more each, for these names", "各不小于 0，名称固定"),
        "streams": ("A or B each", "各为 A 或 B"),
        "margins": ("variables with their categories", "变量及其类别"),
        "base_weights": ("above 0 each", "各大于 0"),
    }
    if entry.kind in rules:
        return rules[entry.kind][chinese]
    kind = ("whole number", "整数") if entry.kind == "integer" else ("number", "数值")
    low = "" if entry.minimum is None else f" ≥ {entry.minimum:g}"
    high = "" if entry.maximum is None else f" ≤ {entry.maximum:g}"
    return kind[chinese] + low + ("," if low and high else "") + high


def explain_value(entry: PolicyEntry) -> str:
    """Help of one value in both languages with its section, default and bounds; several lines."""
    english, chinese = SECTIONS[entry.section]
    return "\n".join(
        (
            entry.key,
            f"  {entry.help}.",
            f"  {entry.help_zh}。",
            f"  section 章节: {english} {chinese}",
            f"  default 默认: {json.dumps(entry.default, ensure_ascii=False)}",
            f"  allowed 取值: {bounds_text(entry, 'en')}; {bounds_text(entry, 'zh')}",
        )
    )


_WORDS = {
    "en": {
        "title": "# The policy: every value",
        "intro": (
            "An evaluation is computed under one policy: a JSON document that is locked and hashed "
            "before a wave opens and never changes afterwards. Write only the values that differ "
            "from the defaults, check them with `python -m analysis policy --check FILE.json`, and "
            "give the file when you create a wave. `python -m analysis policy` prints the whole "
            "default document, `--schema` its JSON Schema."
        ),
        "made": "Written by `python -m analysis policy --document en > docs/policy.md`; "
        "a test compares. 中文见 [policy.zh-CN.md](policy.zh-CN.md).",
        "acts": (
            "*Acts* says from where on a value acts: **answers** when an answer is scored, held "
            "back or counted, so that another value needs the cubes and theme counts made anew; "
            "**cubes** from them on, so that a what-if on a past wave shows what it would do; "
            "**elsewhere** on no figure of one wave (deadlines, hidden cells)."
        ),
        "head": "| value | default | allowed | acts | meaning |",
    },
    "zh": {
        "title": "# 评价办法：全部参数",
        "intro": (
            "每次评价依据一份评价办法（JSON 文件）计算；它在一轮调查开始前锁定并计算哈希，"
            "此后不再改动。只需写出与默认不同的参数，用 "
            "`python -m analysis policy --check FILE.json` 检查，建立调查轮次时提交即可。"
            "`python -m analysis policy` 打印完整的默认文件，`--schema` 打印其 JSON Schema。"
        ),
        "made": "由 `python -m analysis policy --document zh > docs/policy.zh-CN.md` 生成，"
        "并有测试比对。English: [policy.md](policy.md).",
        "acts": (
            "“作用于”说明参数从哪一步起作用：**作答**——作答计分、列为待核查或计数时起作用，改动后需"
            "重建汇总数据与问题计数；**汇总**——从汇总数据起作用，可对往期试算其影响；**其他**——不影响"
            "单轮的任何数值（期限、隐藏单元格）。"
        ),
        "head": "| 参数 | 默认值 | 取值 | 作用于 | 含义 |",
    },
}


ACTS_WORDS = {"answers": "作答", "cubes": "汇总", "elsewhere": "其他"}
"""Chinese word of each of ``ACTS_ON`` in the tables."""


def policy_markdown(language: str) -> str:
    """The text of docs/policy.md (``en``) or docs/policy.zh-CN.md (``zh``): a table per section."""
    words = _WORDS[language]
    chinese = language == "zh"
    lines = [words["title"], "", words["intro"], "", words["acts"], "", words["made"]]
    for name, titles in SECTIONS.items():
        lines += ["", f"## {titles[chinese]}", "", words["head"], "|---|---|---|---|---|"]
        for entry in (e for e in ENTRIES if e.section == name):
            default = json.dumps(entry.default, ensure_ascii=False)
            meaning = entry.help_zh if chinese else entry.help
            allowed = bounds_text(entry, language)
            acts = ACTS_WORDS[entry.acts_on] if chinese else entry.acts_on
            lines.append(f"| `{entry.key}` | `{default}` | {allowed} | {acts} | {meaning} |")
    return "\n".join(lines) + "\n"


def differences(policy: Policy) -> dict[str, dict[str, Any]]:
    """{value: {"default", "policy"}} where a policy differs from the defaults of this version."""
    default, given = Policy().to_dict(), policy.to_dict()
    return {
        key: {"default": default[key], "policy": given[key]}
        for key in default
        if key in given and given[key] != default[key]
    }
