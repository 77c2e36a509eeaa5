"""Policy values: from answers to scores, and which responses are valid (method §1 and §2)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from analysis.policy_entries import value

# Declarations are a table; one line per argument would make it unreadable.
# fmt: off


@dataclass(frozen=True)
class PolicyHead:
    """What identifies a policy."""

    version: str = value(
        "1", "text", section="policy", acts_on="elsewhere",
        en="Version of this policy, printed with every output",
        zh="本评价办法的版本，随每项结果公布",
    )


@dataclass(frozen=True)
class ScoreValues:
    """Answers to scores, method §1."""

    scale: Mapping[str, float] = value(
        {"5": 100.0, "4": 75.0, "3": 50.0, "2": 25.0, "1": 0.0},
        "scale", section="score", acts_on="answers",
        en="Points 0 to 100 for each level; the index is their mean",
        zh="各档对应的分值（0—100），满意度为其均值",
    )
    alternative_scale: Mapping[str, float] = value(
        {"5": 100.0, "4": 80.0, "3": 60.0, "2": 30.0, "1": 0.0}, "scale", section="score",
        en="A second map of the levels, printed beside the index because 'basically satisfied' "
        "reads as positive",
        zh="另一套分值，与满意度并列公布（“基本满意”读起来偏正面）",
    )
    missing_options: tuple[str, ...] = value(
        ("dk",), "texts", section="score", acts_on="answers",
        en="Options that count as answered but carry no opinion (don't know)",
        zh="视为已作答但不表态的选项（不了解）",
    )
    satisfied_levels: tuple[str, ...] = value(
        ("5", "4", "3"), "texts", section="score",
        en="Levels in the satisfaction rate including 'basically satisfied'",
        zh="计入满意率（含基本满意）的档次",
    )
    strictly_satisfied_levels: tuple[str, ...] = value(
        ("5", "4"), "texts", section="score",
        en="Levels in the satisfaction rate excluding 'basically satisfied'",
        zh="计入满意率（不含基本满意）的档次",
    )
    dissatisfied_levels: tuple[str, ...] = value(
        ("2", "1"), "texts", section="score",
        en="Levels in the dissatisfaction rate",
        zh="计入不满意率的档次",
    )
    omega: Mapping[str, float] = value(
        {"party": 0.2, "urban": 0.2, "welfare": 0.2, "community": 0.2, "safety": 0.2},
        "weights", section="score",
        en="Weight of each indicator in the public score; they sum to 1",
        zh="各指标在公众评分中的权重，合计为 1",
    )


@dataclass(frozen=True)
class ValidValues:
    """Valid responses, method §2."""

    min_answered: int = value(
        3, "integer", section="valid", acts_on="answers", low=0,
        en="Indicators a response must answer to be valid (don't know counts)",
        zh="有效问卷至少作答的指标数（“不了解”算作答）",
    )
    min_substantive: int = value(
        2, "integer", section="valid", acts_on="answers", low=0,
        en="Indicators on which a valid response must have an opinion",
        zh="有效问卷至少表态的指标数",
    )
