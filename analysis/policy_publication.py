"""Policy values: what may be published, and what is checked first (method §11 and §12)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from analysis.policy_entries import value

# Declarations are a table; one line per argument would make it unreadable.
# fmt: off


@dataclass(frozen=True)
class PublicationValues:
    """Small numbers and appeals, method §6 and §11."""

    min_cell: int = value(
        10, "integer", section="publication", acts_on="elsewhere", low=1,
        en="Respondents below which a cell is hidden",
        zh="单元格受访者少于此数时隐藏",
    )
    min_index: int = value(
        30, "integer", section="publication", low=2,
        en="Answers below which an index is not published",
        zh="作答少于此数时不公布满意度",
    )
    min_rank_n_effective: float = value(
        100.0, "number", section="publication", low=0, high=1000000,
        en="Effective random sample below which no rank set is published",
        zh="随机样本有效样本量少于此数时不公布位次",
    )
    appeal_days: int = value(
        5, "integer", section="publication", acts_on="elsewhere", low=0,
        en="Working days in which a street may appeal",
        zh="街道可申诉的工作日数",
    )
    appeal_decision_days: int = value(
        10, "integer", section="publication", acts_on="elsewhere", low=0,
        en="Working days in which an appeal is decided",
        zh="申诉作出决定的工作日数",
    )


@dataclass(frozen=True)
class IntegrityValues:
    """Signals that a response needs two people's decision before it counts, method §12."""

    burst_error: float = value(
        0.05, "number", section="integrity", acts_on="answers", low=0.000001, high=0.5,
        en="Chance per wave that any point and hour is called a burst although none is",
        zh="整轮中把正常时段误判为突增的概率上限",
    )
    burst_min: int = value(
        5, "integer", section="integrity", acts_on="answers", low=2,
        en="Responses at one point in one hour below which nothing is called a burst",
        zh="同一采集点一小时内的作答少于此数时不视为突增",
    )
    straight_line_error: float = value(
        0.05, "number", section="integrity", acts_on="answers", low=0.000001, high=0.5,
        en="Chance per wave that any point is called too uniform although it is not",
        zh="整轮中把正常采集点误判为作答过于一致的概率上限",
    )
    straight_line_items: int = value(
        3, "integer", section="integrity", acts_on="answers", low=2,
        en="Indicators that must have the same option for a response to be a straight line",
        zh="至少几项指标选择同一档才算“一选到底”",
    )
    speeding_seconds: float = value(
        10.0, "number", section="integrity", acts_on="answers", low=0,
        en="Seconds below which the questions cannot have been read (0: no such signal)",
        zh="作答用时低于此秒数视为来不及读题（0：不用此信号）",
    )
    integrity_weights: Mapping[str, float] = value(
        {"burst": 2.0, "straight_line": 1.0, "speeding": 1.0, "coached": 0.0},
        "points", section="integrity", acts_on="answers",
        en="Risk points of each signal; 'coached' is 0 because whoever reports pressure is honest, "
        "so it is published as a rate and holds nobody back",
        zh="各信号的风险分；“被要求怎样作答”为 0：如实反映者不应受影响，仅公布比例",
    )
    quarantine_threshold: float = value(
        2.0, "number", section="integrity", acts_on="answers", low=0.01,
        en="Risk points from which on a response is held back (待核查) until two people decide",
        zh="风险分达到此值即列为待核查，由两人决定",
    )
