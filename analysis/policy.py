"""The locked policy document: every value of the method with its default, bounds and help.

The fields of one frozen dataclass are the single source: they give the keys, types and
defaults, and their metadata the section and the help in both languages, so that a settings
page and the validation come from one place. ``Policy.sha256`` identifies a policy for good.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from difflib import get_close_matches
from functools import cached_property
from typing import Any

from analysis.policy_values import (
    OPEN,
    RANDOM,
    PolicyEntry,
    PolicyError,
    check_consistency,
    entries_of,
    read_value,
    value,
)

__all__ = ["ENTRIES", "OPEN", "RANDOM", "Policy", "PolicyEntry", "PolicyError"]


# The declarations below are a table; one line per argument would make it unreadable.
# fmt: off
@dataclass(frozen=True)
class Policy:
    """All parameters of one evaluation. Build with ``Policy.from_dict``; never edit in place."""

    version: str = value(
        "1", "text", section="policy",
        en="Version of this policy, printed with every output",
        zh="本评价办法的版本，随每项结果公布",
    )
    # --- answers to scores
    scale: Mapping[str, float] = value(
        {"5": 100.0, "4": 75.0, "3": 50.0, "2": 25.0, "1": 0.0}, "scale", section="score",
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
        ("dk",), "texts", section="score",
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
    # --- valid responses
    min_answered: int = value(
        3, "integer", section="valid", low=0,
        en="Indicators a response must answer to be valid (don't know counts)",
        zh="有效问卷至少作答的指标数（“不了解”算作答）",
    )
    min_substantive: int = value(
        2, "integer", section="valid", low=0,
        en="Indicators on which a valid response must have an opinion",
        zh="有效问卷至少表态的指标数",
    )
    # --- streams and weights
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
    # --- precision
    confidence: float = value(
        0.95, "number", section="precision", low=0.5, high=0.999,
        en="Level of the intervals",
        zh="区间的置信水平",
    )
    sd_floor: float = value(
        10.0, "number", section="precision", low=0,
        en="Smallest standard deviation between respondents that is believed; the variance of an "
        "index is at least its square over the effective sample size",
        zh="受访者标准差的下限；指数方差不低于其平方除以有效样本量",
    )
    stream_bias_floor: float = value(
        3.0, "number", section="precision", low=0,
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
    # --- themes
    theme_prior: float = value(
        100.0, "number", section="themes", low=0,
        en="Respondents' worth of the district's share in a theme's smoothed share (kappa)",
        zh="平滑问题占比时，全区占比相当于多少名受访者（κ）",
    )
    theme_present_mentions: int = value(
        5, "integer", section="themes", low=1,
        en="Mentions from which on a theme is present in a wave",
        zh="问题在一轮中视为出现的最少提及数",
    )
    theme_min_mentions: int = value(
        10, "integer", section="themes", low=1,
        en="Mentions a recurring theme needs in the wave",
        zh="反复问题在本轮至少的提及数",
    )
    theme_min_random_mentions: int = value(
        5, "integer", section="themes", low=0,
        en="Mentions from the random stream a recurring theme needs, where there is one",
        zh="有随机样本时，反复问题至少有多少提及来自随机样本",
    )
    theme_min_share: float = value(
        0.01, "number", section="themes", low=0, high=1,
        en="Lower bound of the share of respondents a recurring theme needs",
        zh="反复问题占比的置信下限至少为",
    )
    theme_min_waves: int = value(
        2, "integer", section="themes", low=1,
        en="Of the recent waves, those in which a recurring theme is present",
        zh="反复问题在近几轮中至少出现的轮数",
    )
    theme_window: int = value(
        4, "integer", section="themes", low=1,
        en="Number of recent waves looked at, this one included",
        zh="考察的最近轮数（含本轮）",
    )
    notice_days: int = value(
        30, "integer", section="themes", low=0,
        en="Days before the wave opened by which the street must have been notified",
        zh="须在本轮开始前多少天已告知街道",
    )
    deduction_points: float = value(
        4.0, "number", section="themes", low=0,
        en="Points a theme costs at its full share",
        zh="问题占比达到满额时的扣分",
    )
    deduction_share: float = value(
        0.06, "number", section="themes", low=0.000001, high=1,
        en="Smoothed share at which a theme costs its full points",
        zh="扣满分对应的平滑占比",
    )
    persistence_base: float = value(
        0.5, "number", section="themes", low=0, high=1,
        en="Part of the deduction at the fewest waves that count as recurring",
        zh="刚达到反复标准时的扣分比例",
    )
    persistence_step: float = value(
        0.25, "number", section="themes", low=0, high=1,
        en="Added to that part for each further wave",
        zh="每多出现一轮增加的扣分比例",
    )
    plan_restoration: float = value(
        0.5, "number", section="themes", low=0, high=1,
        en="Part of the deduction given back while a published plan is in time",
        zh="已公布整改方案且未逾期时返还的比例",
    )
    recheck_min: int = value(
        10, "integer", section="themes", low=1,
        en="Re-asked residents needed before their answers count",
        zh="回访人数达到此数才计算解决率",
    )
    recheck_solved: float = value(
        0.6, "number", section="themes", low=0, high=1,
        en="Lower bound of the share who say 'solved' that restores a theme fully",
        zh="回访“已解决”占比的置信下限达到此值即全额返还",
    )
    cap_indicator: float = value(
        8.0, "number", section="themes", low=0, high=100,
        en="Most points that themes can take from one indicator",
        zh="单项指标因问题最多扣分",
    )
    cap_public: float = value(
        5.0, "number", section="themes", low=0, high=100,
        en="Most points that themes can take from the public score",
        zh="公众评分因问题最多扣分",
    )
    # --- blend
    alpha: float = value(
        0.6, "number", section="blend", low=0, high=1,
        en="Weight of the district's direct assessment in the blended score",
        zh="区级直接评价在综合得分中的权重",
    )
    direct_sd_floor: float = value(
        1.5, "number", section="blend", low=0,
        en="Smallest standard error of a direct score: without noise it would make a last place",
        zh="直接评价的标准误下限，避免虚假精确造成末位",
    )
    standardise_direct: bool = value(
        False, "boolean", section="blend",
        en="Put direct scores on the mean and spread of the public scores before blending",
        zh="合成前将直接评价换算到公众评分的均值与离散度",
    )
    # --- ranks
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
        1.96, "number", section="ranks", low=0,
        en="Smallest z between inside and outside for the first places to hold",
        zh="先进名额成立所需的最小 z 值",
    )
    last_z: float = value(
        2.5758, "number", section="ranks", low=0,
        en="Smallest z between the last street and every other for a last place to hold",
        zh="末位认定所需的最小 z 值（综合得分）",
    )
    last_public_z: float = value(
        1.645, "number", section="ranks", low=0,
        en="The same on the public score alone",
        zh="末位认定所需的最小 z 值（仅公众评分）",
    )
    last_n_effective: float = value(
        100.0, "number", section="ranks", low=0,
        en="Effective random sample every street of the group needs for a last place",
        zh="末位认定时，组内每个街道随机样本的有效样本量至少为",
    )
    last_waves: int = value(
        2, "integer", section="ranks", low=1,
        en="Waves behind a last place: pooled, or the same street verified in each",
        zh="末位认定所依据的轮数：合并，或连续各轮为同一街道",
    )
    last_assessors: int = value(
        3, "integer", section="ranks", low=1,
        en="Independent assessors behind every direct score for a last place",
        zh="末位认定时，直接评价至少的独立评价人数",
    )
    # --- publication
    min_cell: int = value(
        10, "integer", section="publication", low=1,
        en="Respondents below which a cell is hidden",
        zh="单元格受访者少于此数时隐藏",
    )
    min_index: int = value(
        30, "integer", section="publication", low=2,
        en="Answers below which an index is not published",
        zh="作答少于此数时不公布满意度",
    )
    min_rank_n_effective: float = value(
        100.0, "number", section="publication", low=0,
        en="Effective random sample below which no rank set is published",
        zh="随机样本有效样本量少于此数时不公布位次",
    )
    appeal_days: int = value(
        5, "integer", section="publication", low=0,
        en="Working days in which a street may appeal",
        zh="街道可申诉的工作日数",
    )
    appeal_decision_days: int = value(
        10, "integer", section="publication", low=0,
        en="Working days in which an appeal is decided",
        zh="申诉作出决定的工作日数",
    )

    # fmt: on

    @classmethod
    def from_dict(cls, overrides: Mapping[str, Any] | None = None) -> Policy:
        """The defaults with ``overrides`` put over them, validated.

        Raises ``PolicyError`` with a code (``unknown_key``, ``wrong_type``, ``out_of_range``,
        ``weights_sum``, ``unknown_level``, ``inconsistent``) and an English message.
        """
        if overrides is not None and not isinstance(overrides, Mapping):
            raise PolicyError("wrong_type", "A policy must be a JSON object of names and values.")
        known = {entry.key: entry for entry in ENTRIES}
        values: dict[str, Any] = {}
        for key, given in (overrides or {}).items():
            if key not in known:
                near = get_close_matches(str(key), known, n=1)
                hint = f" Did you mean {near[0]!r}?" if near else ""
                raise PolicyError(
                    "unknown_key", f"The policy has no value named {key!r}.{hint}", key=key
                )
            values[key] = read_value(known[key], given)
        policy = cls(**values)
        check_consistency(policy)
        return policy

    def to_dict(self) -> dict[str, Any]:
        """The whole document with plain JSON types."""
        return json.loads(json.dumps(asdict(self), ensure_ascii=False))

    @cached_property
    def canonical_json(self) -> str:
        """The document with sorted keys and no spaces: equal policies, equal text."""
        return json.dumps(
            asdict(self), ensure_ascii=False, sort_keys=True, separators=(",", ":")
        )

    @cached_property
    def sha256(self) -> str:
        """Hex digest of ``canonical_json``; printed with every output."""
        return hashlib.sha256(self.canonical_json.encode()).hexdigest()

    @property
    def indicators(self) -> tuple[str, ...]:
        """Codes of the indicators, in the order of ``omega``."""
        return tuple(self.omega)

    def stream_of(self, channel: str) -> str:
        """Stream of a channel; one that the policy does not name is open."""
        return self.streams.get(channel, OPEN)


ENTRIES = entries_of(Policy)
