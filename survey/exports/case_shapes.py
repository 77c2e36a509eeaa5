"""The columns of what became of what residents said: cases by street, and themes said and done."""

from __future__ import annotations

from survey.exports.base import Column, TableShape
from survey.exports.columns import STREET, SUPPRESSED, WAVE, column


def _count(name: str, zh: str, en: str) -> Column:
    return column(name, "whole", f"{zh}；不公布时为空", f"{en}; empty when it is not shown")


def _days(step: str, zh: str, en: str) -> tuple[Column, ...]:
    return (
        column(
            f"{step}_days",
            "number",
            f"{zh}所需天数的中位数，自居民反映之日起；未到达的事项也计入",
            f"Median days from what was said {en}, cases that still wait included",
        ),
        column(f"{step}_low", "number", f"{zh}：95 % 区间下限", "Lower end of its 95 % interval"),
        column(
            f"{step}_high",
            "number",
            f"{zh}：95 % 区间上限；尚不可知时为空",
            "Upper end; empty when it cannot be told yet",
        ),
        column(f"{step}_n", "whole", f"{zh}：计入的事项数", "Cases behind the median"),
    )


CASES = TableShape(
    "cases",
    ("居民个人事项", "Cases of single residents"),
    (
        WAVE,
        *STREET,
        column("as_of", "text", "统计截止日期", "Day on which it was counted, ISO 8601"),
        _count("cases", "事项总数（不含问题类事项）", "Cases, without those of themes"),
        _count("open", "待受理或办理中", "Received or being dealt with, no plan yet"),
        _count("planned", "已制定整改计划", "Planned"),
        _count("done", "已办结（办理单位认定），居民尚未表态", "Done, says the office alone"),
        _count("confirmed", "居民确认解决", "Solved, residents confirm"),
        _count("not_confirmed", "居民认为未解决", "Not solved, residents say"),
        _count("out_of_remit", "不属职责范围", "Agreed to be no task of the office"),
        _count("in_time", "按期答复", "Answered by the day of the policy"),
        _count("late", "逾期答复", "Answered after it"),
        _count("overdue", "逾期未答复", "Not answered, and the day is over"),
        _count("waiting", "未到期，尚未答复", "Not answered, and the day is not over"),
        *_days("reply", "到答复", "to a reply"),
        *_days("plan", "到制定计划", "to a plan"),
        *_days("done", "到办结（办理单位认定）", "to being done, as the office says"),
        *_days("confirmed", "到居民确认解决", "to the residents' word that it is solved"),
        SUPPRESSED,
    ),
)

SAID_DONE = TableShape(
    "said_done",
    ("您说的，我们办的", "You said, we did"),
    (
        WAVE,
        *STREET,
        column("theme", "whole", "问题编号，跨轮次不变", "Number of the theme"),
        column("name_zh", "text", "问题名称；未命名时为空", "Name in Chinese; empty: not named"),
        column("name_en", "text", "英文名称；未命名时为空", "Name in English; empty: not named"),
        column("keywords", "text", "关键词，以空格分隔", "Keywords, separated by spaces"),
        column("indicator", "text", "所属指标代码", "Code of its indicator"),
        column("scope", "text", "common：共性问题；own：个性问题", "common or a street's own"),
        column("mentions", "whole", "提到的人数（m）", "People who mention it (m)"),
        column("respondents", "whole", "有效受访人数（n）", "Valid respondents (n)"),
        column(
            "theme_state",
            "text",
            "与以前各轮相比：new 新出现；again 再次出现；rising 上升；easing 缓解；gone 消失；"
            "continuing 持续",
            "Against earlier waves: new, again, rising, easing, gone, continuing, unclear, unknown",
        ),
        column("holder_zh", "text", "承办部门；为空即街道", "Department; empty: the street office"),
        column("holder_en", "text", "承办部门英文名", "The same in English"),
        column("case_state", "text", "事项状态；为空即尚无事项", "State of its case; empty: none"),
        column("plan", "text", "整改计划（办理单位原文）", "The plan, in the office's words"),
        column("plan_due_on", "text", "计划完成日期", "Day that the plan promises, ISO 8601"),
        column("result", "text", "办理结果（办理单位原文）", "What was done, in its words"),
        column("done_on", "text", "办结日期（办理单位认定）", "Day on which it was said done"),
        column(
            "solved_share",
            "number",
            "认为已解决的居民占比（0—1）；不足十人回答时为空",
            "Share of residents who say it is solved, 0 to 1; empty below ten answers",
        ),
        column("solved_low", "number", "占比：95 % 区间下限（Wilson）", "Lower end (Wilson, 95 %)"),
        column("solved_high", "number", "占比：95 % 区间上限（Wilson）", "Upper end"),
        column("asked", "whole", "回答的居民人数；不足十人时为空", "Residents who answered"),
    ),
)
