"""Policy values: when a theme recurs and what it costs (method §6)."""

from __future__ import annotations

from dataclasses import dataclass

from analysis.policy_entries import value

# Declarations are a table; one line per argument would make it unreadable.
# fmt: off


@dataclass(frozen=True)
class ThemeValues:
    """Themes and their deductions, method §6."""

    theme_prior: float = value(
        100.0, "number", section="themes", low=0, high=1000000,
        en="Respondents' worth of the district's share in a theme's smoothed share (kappa)",
        zh="平滑问题占比时，全区占比相当于多少名受访者（κ）",
    )
    theme_present_mentions: int = value(
        5, "integer", section="themes", acts_on="answers", low=1,
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
        4, "integer", section="themes", acts_on="answers", low=1,
        en="Number of recent waves looked at, this one included",
        zh="考察的最近轮数（含本轮）",
    )
    theme_sample: int = value(
        10, "integer", section="themes", low=0,
        en="Comments of a theme, drawn at random, that people must judge before it counts; all "
        "of them where there are fewer (0: none)",
        zh="问题计入评价前须由人工逐条判断的随机抽取意见数；不足此数时全部判断（0：不要求）",
    )
    theme_min_precision: float = value(
        0.5, "number", section="themes", low=0, high=1,
        en="Lower bound of the share of judged comments that are about the theme, below which it "
        "does not count",
        zh="人工判断为“确属该问题”的占比，其置信下限低于此值时不计入",
    )
    notice_days: int = value(
        30, "integer", section="themes", low=0,
        en="Days before the wave opened by which the street must have been notified",
        zh="须在本轮开始前多少天已告知街道",
    )
    deduction_points: float = value(
        4.0, "number", section="themes", low=0, high=100,
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
