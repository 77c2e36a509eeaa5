"""Policy values: in how many working days an office answers for what residents said."""

from __future__ import annotations

from dataclasses import dataclass

from analysis.policy_entries import value

# Declarations are a table; one line per argument would make it unreadable.
# fmt: off


@dataclass(frozen=True)
class CaseValues:
    """Due dates of cases. They change no figure."""

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
