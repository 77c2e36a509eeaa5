"""Policy values: the blend, rank sets, verdicts on last and first places (method §7 to §10)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from analysis.policy_entries import value

# Declarations are a table; one line per argument would make it unreadable.
# fmt: off


@dataclass(frozen=True)
class BlendValues:
    """Direct assessment and public score, method §7."""

    alpha: float = value(
        0.6, "number", section="blend", low=0, high=1,
        en="Weight of the district's direct assessment in the blended score",
        zh="区级直接评价在综合得分中的权重",
    )
    direct_sd_floor: float = value(
        1.5, "number", section="blend", low=0, high=100,
        en="Smallest standard error of a direct score: without noise it would make a last place",
        zh="直接评价的标准误下限，避免虚假精确造成末位",
    )
    objective_weights: Mapping[str, float] = value(
        {}, "part_weights", section="blend",
        en="Objective indicators inside the direct assessment, each with its weight; what is left "
        "to 1 is the weight of the assessors' mean",
        zh="直接评价中的客观指标及其权重，余下的权重归考评人评分的均值",
    )
    standardise_direct: bool = value(
        False, "boolean", section="blend",
        en="Put direct scores on the mean and spread of the public scores before blending",
        zh="合成前将直接评价换算到公众评分的均值与离散度",
    )


@dataclass(frozen=True)
class RankValues:
    """Ranks, last place and first places, method §9 and §10."""

    rank_error: float = value(
        0.05, "number", section="ranks", low=0.0001, high=0.5,
        en="Family-wise error rate of the rank sets (Holm)",
        zh="位次区间的总体错误率（Holm 法）",
    )
    min_group: int = value(
        6, "integer", section="ranks", low=2,
        en="Streets a peer group needs for rank sets; smaller groups get pairwise statements",
        zh="同类分组至少的街道数，不足则只作两两比较",
    )
    top_k: int = value(
        1, "integer", section="ranks", low=1,
        en="Number of first places to be rewarded, locked beforehand",
        zh="拟奖励的先进名额（事先锁定）",
    )
    top_z: float = value(
        1.96, "number", section="ranks", low=0, high=1000,
        en="Smallest z between inside and outside for the first places to hold",
        zh="先进名额成立所需的最小 z 值",
    )
    last_z: float = value(
        2.5758, "number", section="ranks", low=0, high=1000,
        en="Smallest z between the last street and every other for a last place to hold",
        zh="末位认定所需的最小 z 值（综合得分）",
    )
    last_public_z: float = value(
        1.645, "number", section="ranks", low=0, high=1000,
        en="The same on the public score alone",
        zh="末位认定所需的最小 z 值（仅公众评分）",
    )
    last_n_effective: float = value(
        100.0, "number", section="ranks", low=0, high=1000000,
        en="Effective random sample every street of the group needs for a last place",
        zh="末位认定时，组内每个街道随机样本的有效样本量至少为",
    )
    last_waves: int = value(
        2, "integer", section="ranks", low=1,
        en="Waves behind a last place: pooled, or the same street verified in each",
        zh="末位认定所依据的轮数：合并，或连续各轮为同一街道",
    )
    pool_weights: tuple[float, ...] = value(
        (0.25, 0.25, 0.25, 0.25), "shares", section="ranks",
        en="Weight of each wave in the annual pool, newest first; they sum to 1. With fewer waves "
        "the first weights are scaled up to 1, and the result says so",
        zh="年度合并中各轮的权重（由新到旧），合计为 1；轮数不足时取前几项按比例放大到 1，"
        "并在结果中注明",
    )
    last_assessors: int = value(
        3, "integer", section="ranks", low=1,
        en="Independent assessors behind every direct score for a last place",
        zh="末位认定时，直接评价至少的独立评价人数",
    )
