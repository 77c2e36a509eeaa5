"""Policy values: in how many days an office answers for what residents said, and is asked again."""

from __future__ import annotations

from dataclasses import dataclass

from analysis.policy_entries import value

# Declarations are a table; one line per argument would make it unreadable.
# fmt: off


@dataclass(frozen=True)
class CaseValues:
    """Due dates of cases, for how long residents are asked, and how far a plan reaches."""

    call_back_days: int = value(
        1, "integer", section="cases", acts_on="elsewhere", low=0, high=60,
        en="Working days in which a resident who asked for it is called back",
        zh="居民要求回电后应回电的工作日数",
    )
    case_reply_days: int = value(
        15, "integer", section="cases", acts_on="elsewhere", low=1, high=250,
        en="Working days in which a case is answered",
        zh="事项应答复的工作日数",
    )
    call_departments_days: int = value(
        2, "integer", section="cases", acts_on="elsewhere", low=0, high=60,
        en="Working days in which a department comes when a street calls it",
        zh="街道“吹哨”后部门应“报到”的工作日数",
    )
    recheck_days: int = value(
        7, "integer", section="cases", acts_on="answers", low=0, high=60,
        en="Days for which residents are asked whether a theme is solved before what they say "
        "counts, so that those who answer first do not decide alone",
        zh="办结后回访满多少天才计入居民的回答，避免由最先回答的几个人决定",
    )
    plan_days: int = value(
        180, "integer", section="cases", acts_on="elsewhere", low=1, high=1100,
        en="Furthest day ahead that a plan may promise, because a plan in time gives points back",
        zh="整改计划最远可以承诺到多少天以后（计划未逾期即返还部分扣分）",
    )
