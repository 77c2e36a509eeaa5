"""Policy values: streams, weights and the precision that is believed (method §3 to §5)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from analysis.policy_entries import value

# Declarations are a table; one line per argument would make it unreadable.
# fmt: off


@dataclass(frozen=True)
class WeightValues:
    """Streams and weights, method §3 and §4."""

    streams: Mapping[str, str] = value(
        {
            "slip": "A", "cati": "A", "paper": "A",
            "poster": "B", "window": "B", "doorstep": "B", "assisted": "B",
        },
        "streams", section="weights",
        en="Stream of each channel: A random (invitations recorded), B open",
        zh="各渠道所属样本：A 随机（有邀请记录），B 开放",
    )
    clustered_channels: tuple[str, ...] = value(
        ("slip", "poster", "window", "doorstep", "assisted"), "texts", section="weights",
        en="Channels whose answers come in clusters by collection point",
        zh="按采集点成群的渠道（方差按群计算）",
    )
    min_clusters: int = value(
        10, "integer", section="weights", low=2,
        en="Collection points from which on the cluster is the unit of the variance",
        zh="采集点达到此数时，以群为方差单位",
    )
    margin_variables: Mapping[str, Mapping[str, Any]] = value(
        {
            "age_band": {"ordered": True, "categories": ["18-29", "30-44", "45-59", "60+"]},
            "sex": {"ordered": False, "categories": ["F", "M"]},
        },
        "margins", section="weights",
        en="Variables whose population margins the weights reproduce, in raking order; an empty "
        "category of an ordered variable joins its neighbour, otherwise the margin is dropped",
        zh="加权所用的人口变量（按顺序）；有序变量的空组与相邻组合并，无序变量则不用该边际",
    )
    base_weights: Mapping[str, Mapping[str, float]] = value(
        {}, "base_weights", section="weights",
        en="Starting weights of the random stream by category of a variable, such as eligible "
        "adults per household",
        zh="随机样本的初始权重（按变量类别），如每户合格成人数",
    )
    trim_low: float = value(
        0.3, "number", section="weights", low=0, high=1,
        en="Smallest weight allowed, as a multiple of the mean",
        zh="权重下限（均值的倍数）",
    )
    trim_high: float = value(
        3.0, "number", section="weights", low=1,
        en="Largest weight allowed, as a multiple of the mean",
        zh="权重上限（均值的倍数）",
    )
    rake_iterations: int = value(
        500, "integer", section="weights", low=1, high=100000,
        en="Most cycles of raking before it is reported as not converged",
        zh="迭代加权的最多轮数，超过即报告未收敛",
    )


@dataclass(frozen=True)
class PrecisionValues:
    """Intervals, floors and the combination of the streams, method §4 and §5."""

    confidence: float = value(
        0.95, "number", section="precision", low=0.5, high=0.999,
        en="Level of the intervals",
        zh="区间的置信水平",
    )
    sd_floor: float = value(
        10.0, "number", section="precision", low=0, high=100,
        en="Smallest standard deviation between respondents that is believed; the variance of an "
        "index is at least its square over the effective sample size",
        zh="受访者标准差的下限；指数方差不低于其平方除以有效样本量",
    )
    stream_bias_floor: float = value(
        5.0, "number", section="precision", low=0, high=100,
        en="Smallest standard deviation of the open stream's bias between streets",
        zh="各街道开放样本偏差的标准差下限",
    )
    min_random_streets: int = value(
        5, "integer", section="precision", low=2,
        en="Streets with both streams needed before the streams are combined",
        zh="合并两类样本所需的最少街道数（须两类样本齐备）",
    )
    min_stream_n: int = value(
        10, "integer", section="precision", low=2,
        en="Answers each indicator of a stream needs for that stream to be used",
        zh="某类样本每项指标至少的作答数，不足则该类样本不用",
    )
    cluster_correlation: float = value(
        0.03, "number", section="precision", low=0, high=1,
        en="Correlation of answers from one collection point that is assumed where there are too "
        "few to estimate it: in the variance of a street with fewer points than min_clusters, "
        "and in a plan of further answers",
        zh="采集点太少、无法估计时假定的同一采集点内作答相关系数：用于采集点不足的街道的方差，"
        "以及安排补充调查",
    )
