"""Which indicator a class of messages belongs to: of the seven classes, and of the whole taxonomy.

The mapping is ours and written down in docs/themes.md. What a street's five indicators do not
cover (schools, trade, courts' own business, other levels of government) is "other".
"""

from __future__ import annotations

# Whole classes of the first level.
OF_CLASS = {
    "城乡建设": "urban",
    "环境保护": "urban",
    "交通运输": "urban",
    "劳动和社会保障": "welfare",
    "卫生计生": "welfare",
    "民政": "welfare",
    "党务政务": "party",
    "纪检监察": "party",
    "政法": "safety",
    "教育文体": "other",
    "商贸旅游": "other",
    "国土资源": "other",
    "经济管理": "other",
    "科技与信息产业": "other",
    "农村农业": "other",
}

# Second levels that differ from their first.
OF_SECOND = {
    ("城乡建设", "安全生产"): "safety",
    ("城乡建设", "建筑市场"): "other",
    ("城乡建设", "住房保障与房地产"): "other",
    ("交通运输", "邮政管理"): "other",
    ("党务政务", "港澳台侨"): "other",
    ("党务政务", "国防外交"): "other",
    ("党务政务", "民族宗教"): "other",
    ("党务政务", "宣传舆论"): "other",
    ("国土资源", "土地征收"): "urban",
    ("经济管理", "安全生产"): "safety",
    ("民政", "基层选举和社区建设"): "community",
    ("民政", "区划地名"): "other",
    ("民政", "民间组织"): "other",
    ("农村农业", "村务管理"): "party",
    ("农村农业", "扶贫开发"): "welfare",
}

# Third levels that differ from their second.
OF_THIRD = {
    ("城乡建设", "城市建设和市政管理", "小区管理"): "community",
    ("城乡建设", "城市建设和市政管理", "居民服务设施"): "community",
    ("城乡建设", "住房保障与房地产", "物业服务"): "community",
    ("城乡建设", "住房保障与房地产", "住房公积金"): "welfare",
    ("城乡建设", "住房保障与房地产", "保障性住房"): "welfare",
    ("城乡建设", "住房保障与房地产", "住房困难"): "welfare",
    ("城乡建设", "住房保障与房地产", "房屋补贴"): "welfare",
    ("经济管理", "金融财税", "集资融资"): "safety",
    ("经济管理", "金融财税", "非法经济活动"): "safety",
    ("商贸旅游", "市场监管", "传销"): "safety",
    ("民政", "基层选举和社区建设", "村委会选举"): "party",
    ("民政", "基层选举和社区建设", "居委会选举"): "party",
}


def indicator_of(first: str, second: str = "", third: str = "") -> str:
    """Return the indicator of a class of the taxonomy. Raises KeyError for an unknown first."""
    return OF_THIRD.get((first, second, third), OF_SECOND.get((first, second), OF_CLASS[first]))
