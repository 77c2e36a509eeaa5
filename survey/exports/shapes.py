"""The columns of every table, with what they mean: names here never change.

docs/data-dictionary.md is written from these; a test compares the two.
"""

from __future__ import annotations

from survey.exports.base import TableShape
from survey.exports.case_shapes import CASES, SAID_DONE
from survey.exports.columns import (
    GROUP,
    REVISION,
    STATUS,
    STREET,
    SUPPRESSED,
    WAVE,
    N,
    column,
    estimate_columns,
)

WAVES = TableShape(
    "waves",
    ("轮次", "Waves"),
    (
        WAVE,
        column("name_zh", "text", "中文名称", "Name in Chinese"),
        column("name_en", "text", "英文名称", "Name in English"),
        column("district", "text", "区代码", "Code of the district"),
        column("opens_at", "time", "开始时间（UTC）", "First moment of asking (UTC)"),
        column("closes_at", "time", "结束时间（UTC）", "Last moment of asking (UTC)"),
        column(
            "status", "text", "draft、open、closed 或 published", "draft, open, closed or published"
        ),
        column(
            "revision",
            "whole",
            "最新公布的版次；未公布为空",
            "Latest published revision; empty before",
        ),
        column(
            "published_at", "time", "该版公布时间（UTC）", "When that revision was published (UTC)"
        ),
        column("policy_hash", "text", "评价办法的 SHA-256", "SHA-256 of the locked policy"),
        column("is_demo", "yes_no", "是否演示数据（虚构）", "Whether the data is made up"),
    ),
)

INDICES = TableShape(
    "indices",
    ("满意度", "Indices"),
    (
        WAVE,
        STATUS,
        REVISION,
        *STREET,
        *GROUP,
        column(
            "measure",
            "text",
            "public：公众评分；否则为指标代码",
            "public: the score over all indicators; else the code of an indicator",
        ),
        column("measure_name_zh", "text", "指标中文名", "Name of the measure in Chinese"),
        column("measure_name_en", "text", "指标英文名", "Name of the measure in English"),
        *estimate_columns("", "满意度", "Index"),
        *N,
        column(
            "interval",
            "text",
            "random：随机样本的 95 % 置信区间；model：基于模型的精度区间（非抽样误差）",
            "random: 95 % confidence interval of a random sample; model: model-based precision "
            "interval (not sampling error)",
        ),
        SUPPRESSED,
    ),
)

THEMES = TableShape(
    "themes",
    ("居民反映的问题", "Themes"),
    (
        WAVE,
        *STREET,
        column(
            "theme", "whole", "问题编号，跨轮次不变", "Number of the theme, the same over waves"
        ),
        column(
            "label",
            "text",
            "名称，取自居民原话；只供办公使用",
            "Label, taken from a resident's own words; for offices only",
        ),
        column("keywords", "text", "关键词，以空格分隔", "Keywords, separated by spaces"),
        column(
            "indicator",
            "text",
            "所属指标代码；不属于任何指标时为空",
            "Code of its indicator; empty when it belongs to none",
        ),
        column(
            "theme_status",
            "text",
            "proposed：待确认；confirmed：已确认",
            "proposed by the model, or confirmed by an evaluator",
        ),
        column(
            "remit",
            "text",
            "street：街道职责；department：部门职责；undecided：未定",
            "street, department or undecided: whose task it is by the duty list",
        ),
        column(
            "scope",
            "text",
            "common：共性问题；own：个性问题",
            "common to the district, or a street's own",
        ),
        column("mentions", "whole", "提到的人数（m）", "People who mention it (m)"),
        column("respondents", "whole", "有效受访人数（n）", "Valid respondents (n)"),
        column(
            "waves_present",
            "whole",
            "最近四轮中出现的轮数",
            "In how many of the last four waves it was present",
        ),
        column("is_recurring", "yes_no", "是否反复出现", "Whether it is a recurring theme"),
    ),
)

COVERAGE = TableShape(
    "coverage",
    ("样本与人口", "Coverage"),
    (
        WAVE,
        *STREET,
        column("variable", "text", "人口变量：age_band、sex", "Variable: age_band, sex"),
        column("category", "text", "类别；unknown 为未填写", "Category; unknown: not given"),
        column(
            "responses",
            "whole",
            "有效答卷数；少于 10 或可推算时为空",
            "Valid responses; empty below 10 and where it could be worked out",
        ),
        column(
            "response_share",
            "number",
            "占该街道有效答卷的比例（0—1）",
            "Share of the street's valid responses, 0 to 1",
        ),
        column("residents", "whole", "该类别的成年居民数", "Adult residents of the category"),
        column(
            "resident_share",
            "number",
            "占成年居民的比例（0—1）",
            "Share of the adult residents, 0 to 1",
        ),
        SUPPRESSED,
    ),
)

EVALUATION = TableShape(
    "evaluation",
    ("综合评价", "Evaluation"),
    (
        WAVE,
        STATUS,
        REVISION,
        *STREET,
        *GROUP,
        *estimate_columns("blended", "综合得分 F", "Blended score F"),
        *estimate_columns("public", "公众评分 P", "Public score P"),
        *estimate_columns("adjusted", "扣减问题后的公众评分 P*", "Public score after themes P*"),
        *estimate_columns("direct", "区级直接评价 D", "The district's own assessment D"),
        *N,
        column(
            "rank_low",
            "whole",
            "位次区间上界（最好）；未排位时为空",
            "Best rank of the rank set; empty when it is not ranked",
        ),
        column("rank_high", "whole", "位次区间下界（最差）", "Worst rank of the rank set"),
        column(
            "p_first",
            "number",
            "居首位的机会（0—1），仅供描述；同组有街道分数不公布时不列",
            "Chance of being first, 0 to 1; descriptive only; empty when a score of the group is "
            "hidden",
        ),
        column(
            "p_last",
            "number",
            "居末位的机会（0—1），仅供描述；同组有街道分数不公布时不列",
            "Chance of being last, 0 to 1; descriptive only; empty when a score of the group is "
            "hidden",
        ),
        SUPPRESSED,
        column(
            "rank_suppressed_because",
            "text",
            "不公布位次的原因代码",
            "Why the rank set is not shown, as a code",
        ),
        column(
            "listed_bonus",
            "number",
            "清单加分，按文件封顶后合计；不进入任何得分",
            "Listed bonuses, cut to the ceiling of each document; in no score",
        ),
        column(
            "listed_deduction",
            "number",
            "清单扣分，按文件封顶后合计；不进入任何得分",
            "Listed deductions, cut to the ceiling of each document; in no score",
        ),
        column(
            "listed_vetoes",
            "whole",
            "一票否决事项数；由人决定，不改变得分",
            "Listed vetoes; people decide, no score changes",
        ),
        *estimate_columns("year", "年度公众评分 P", "Public score over the year P"),
        *estimate_columns(
            "change", "公众评分与上一轮之差（可为负）", "Public score minus the wave before"
        ),
        column("change_clear", "yes_no", "差异显著", "Whether the change's interval leaves out 0"),
    ),
)

ADJUSTMENTS = TableShape(
    "adjustments",
    ("问题扣分", "Theme adjustments"),
    (
        WAVE,
        STATUS,
        REVISION,
        *STREET,
        column("theme", "whole", "问题编号", "Number of the theme"),
        column(
            "label",
            "text",
            "名称，取自居民原话；只供办公使用",
            "Label, taken from a resident's own words; for offices only",
        ),
        column("indicator", "text", "指标代码", "Code of the indicator"),
        column("mentions", "whole", "提到的人数（m）", "People who mention it (m)"),
        column("respondents", "whole", "有效受访人数（n）", "Valid respondents (n)"),
        column(
            "lower",
            "number",
            "占比的单侧 95 % 下限（L）",
            "One-sided 95 % lower bound of the share (L)",
        ),
        column(
            "share",
            "number",
            "向全区收缩后的占比（p̃）",
            "Share shrunken towards the district's (p~)",
        ),
        column(
            "waves_present",
            "whole",
            "最近四轮中出现的轮数（r）",
            "Waves present of the last four (r)",
        ),
        column(
            "relief",
            "number",
            "减免比例（g，0—1）",
            "Part of the deduction that is lifted (g, 0 to 1)",
        ),
        column("is_recurring", "yes_no", "是否反复出现", "Whether it is a recurring theme"),
        column("deduction", "number", "封顶前的扣分", "Points taken before the caps"),
        column(
            "not_counted_because",
            "text",
            "未扣分的原因代码，以空格分隔",
            "Why it took nothing, as codes separated by spaces",
        ),
        column(
            "counted",
            "whole",
            "经人工抽样判断后计入的提及人数（m'）",
            "Mentions that count after people judged a sample of the comments (m')",
        ),
        column(
            "sample_judged",
            "whole",
            "本轮该问题的意见中，随机抽取并判断的条数",
            "Comments of the theme in the wave that were drawn at random and judged",
        ),
        column(
            "sample_right",
            "whole",
            "其中判断为确属该问题的条数",
            "Of these, comments judged to be about the theme",
        ),
    ),
)

LISTED = TableShape(
    "listed",
    ("加分、扣分与一票否决清单", "Bonuses, deductions and vetoes"),
    (
        WAVE,
        STATUS,
        REVISION,
        *STREET,
        column(
            "kind",
            "text",
            "bonus 加分；deduction 扣分；veto 一票否决",
            "bonus, deduction or veto; none of them is in a score",
        ),
        column("label", "text", "事项", "What it is for"),
        column(
            "points",
            "number",
            "分值，封顶前；一票否决为空",
            "Points before the ceiling; empty for a veto",
        ),
        column(
            "ceiling",
            "number",
            "该文件对一个街道的上限；为空即不封顶",
            "The most items of the document come to for a street; empty: no ceiling",
        ),
        column("document", "text", "依据文件的文号或名称", "Number or title of the document"),
        column("document_date", "text", "文件日期", "Date of the document, ISO 8601"),
        column("signed_by", "text", "签发单位或职务", "The office or post that signed it"),
    ),
)

SHAPES = {
    shape.name: shape
    for shape in (
        WAVES,
        INDICES,
        THEMES,
        COVERAGE,
        EVALUATION,
        ADJUSTMENTS,
        LISTED,
        CASES,
        SAID_DONE,
    )
}
