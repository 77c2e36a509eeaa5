"""Columns that several tables have, and how a column is written down."""

from __future__ import annotations

from survey.exports.base import Column


def column(name: str, kind: str, zh: str, en: str) -> Column:
    """A column with what it means in both languages; kind: one of survey.exports.base.KINDS."""
    return Column(name, kind, (zh, en))


WAVE = column("wave", "text", "轮次代码", "Code of the wave")
STATUS = column(
    "status",
    "text",
    "published：已公布并冻结；provisional：已冻结，公示中；approved：已审定，尚未公布；"
    "draft：按当前答卷计算，未公布",
    "published: frozen and public; provisional: frozen, on public notice; approved: signed off, "
    "not published yet; draft: computed from the answers as they stand",
)
REVISION = column("revision", "whole", "公布的版次；草稿为 0", "Published revision; 0 for a draft")
STREET = (
    column("street", "text", "街道代码；全区行为空", "Code of the street; empty: the district"),
    column("street_name_zh", "text", "街道中文名", "Name of the street in Chinese"),
    column("street_name_en", "text", "街道英文名", "Name of the street in English"),
)
GROUP = (
    column("peer_group", "text", "同类分组", "Peer group: streets are only compared within it"),
    column("population", "whole", "成年居民人数", "Adult residents"),
)


def estimate_columns(prefix: str, zh: str, en: str) -> tuple[Column, ...]:
    """A score of 0 to 100 with the ends of its interval and its standard error; prefix: may be
    empty, then the score is called `value`."""
    start = f"{prefix}_" if prefix else ""
    return (
        column(
            prefix or "value",
            "number",
            f"{zh}（0—100）；不予公布时为空",
            f"{en}, 0 to 100; empty when it may not be shown",
        ),
        column(f"{start}low", "number", f"{zh}：区间下限", f"{en}: lower end of the interval"),
        column(f"{start}high", "number", f"{zh}：区间上限", f"{en}: upper end of the interval"),
        column(f"{start}se", "number", f"{zh}：标准误", f"{en}: standard error"),
    )


N = (
    column(
        "n", "whole", "作答人数；1 至 9 人时为空", "Respondents behind the value; empty for 1 to 9"
    ),
    column("n_effective", "number", "有效样本量", "Effective sample size (Kish)"),
)
SUPPRESSED = column(
    "suppressed_because",
    "text",
    "不予公布的原因代码；为空即已公布",
    "Why the value is not shown, as a code; empty when it is shown",
)
