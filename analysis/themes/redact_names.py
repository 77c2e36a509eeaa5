"""Finds names of persons beside the words that announce one: titles, 我叫, 姓名, Mr, my name is.

A name that nothing announces is not looked for: guessing would black out half the street names.
"""

from __future__ import annotations

import re

_COMPOUND = "欧阳|司马|上官|诸葛|皇甫|尉迟|司徒|夏侯|东方|慕容|令狐|公孙|端木|轩辕|长孙|宇文"
# Surnames that are hardly ever the beginning of another word after a title.
_SURNAMES = (
    "王李张刘陈杨赵黄周吴徐孙胡朱林何郭罗梁宋郑谢韩唐冯董萧程曹袁邓傅沈曾彭吕苏卢蒋蔡贾丁魏薛叶"
    "阎潘杜戴钟汪田姜范石姚谭廖邹熊陆郝孔崔康毛邱秦江侯邵孟龙雷钱汤尹黎贺龚樊兰殷施陶翟颜倪严牛"
    "温芦季俞章鲁葛韦毕聂焦柳邢岳齐梅庄辛涂谷祁纪舒耿牟卜詹尤凌靳欧甘鲍覃霍翁隋植辜闵"
)
# Surnames that are everyday words too: taken only when the name ends at a break.
_WORDLIKE = (
    "高于余任方金文白史向万钱常武安包左乔关景宁路申单明柯阮车苗管游解苟易莫戚成时平党区冷闫肖付"
    "代费顾段"
)
_TITLES = (
    "书记|(?<!业)主任|科长|处长|局长|所长|站长|院长|校长|园长|镇长|乡长|区长|"
    "县长|村长|村支书|支书|组长|队长|经理|总经理|老板|董事长|法人|法人代表|负责人|"
    "民警|警官|交警|辅警|协警|城管|队员|保安|网格员|会计|出纳|医生|大夫|护士|"
    "老师|教师|律师|法官|检察官|司机|房东|包工头|开发商|业主|居民|村民|住户|邻居|"
    "租户|店主|商户|干部|工作人员|党员|楼长|楼栋长|代表|委员|厂长|店长|班主任|"
    "教练"
)
_AFTER_NAME = "先生|女士|小姐|同志|师傅|阿姨|大爷|大妈|叔叔|奶奶|爷爷|老人|总"
_OFFICIALS = (
    "书记|(?<!业)主任|科长|处长|局长|所长|站长|院长|校长|镇长|区长|县长|队长|"
    "经理|警官|医生|老师|律师|法官"
)
# After these a name follows and nothing else; after the weaker ones often something else.
_ANNOUNCED = (
    "我叫|名叫|名字叫|叫做|姓名|联系人|申请人|投诉人|举报人|反映人|留言人|署名|收件人|签名|"
    "我的名字是"
)
_SUGGESTED = (
    "我是|本人是|本人|当事人|户主|经办人|我儿子|我女儿|我父亲|我母亲|我丈夫|我老公|我妻子|我老婆|我爱人|"
    "我爷爷|我奶奶|父亲|母亲|丈夫|妻子|儿子|女儿"
)
# Words that begin like a surname: 物业陈旧 names nobody.
_WORDS = (
    "陈旧|张贴|张口|张罗|周边|周围|周末|周[一二三四五六日]|何时|何况|何必|何人|罗列|谢谢|谢绝|程度|程序|曾经|曾多|陆续|"
    "康复|毛病|毛坯|江边|顾客|顾问|龙头|段时|钱款|黎明|施工|施行|施压|严重|严格|严禁|严肃|温度|温暖|季度|章程|毕竟|毕业|"
    "焦急|焦虑|齐全|齐心|辛苦|涂抹|纪律|纪委|舒服|舒适|尤其|凌晨|凌乱|费用|费劲|甘心|胡乱|胡同|胡说|唐突|杜绝|钟头|"
    "林业|林立|石头|石材|范围|田地|叶子|黄色|黄金|黄土|朱红|孙子|李子|王者|苏醒|丁字|牛奶|植树|吴语|许诺|许多|姜葱"
)
# Characters that follow a name rather than belong to it.
_FOLLOW = (
    "的在说是对不为等和与及就也都把被让给要来去到将已没收带叫很太称表答回打骂负管处办拒又"
    '还从向因才再多有会能可只总先女同家这那一二三电住与,，。.、；;：:！!？?（()）)"”“’ \t\n'
)
_HAN = "[\u4e00-\u9fff]"
_GIVEN = f"(?![{re.escape(_FOLLOW)}某]){_HAN}(?:(?![{re.escape(_FOLLOW)}某]){_HAN})?"
_NAME = f"(?!{_WORDS})(?:(?:{_COMPOUND}){_GIVEN}|[{_SURNAMES}]{_GIVEN})"
_BREAK = f"(?=[{re.escape(_FOLLOW)}\0]|$)"
_NAME_AT_BREAK = f"(?:(?:{_COMPOUND}|[{_SURNAMES}{_WORDLIKE}]){_HAN}{{1,2}}?)"

_CHINESE = (
    # 书记张伟, 物业经理刘强. In 书记张伟强调 where the name ends is a guess, that it is one is not.
    re.compile(
        f"(?:{_TITLES})[ :：]?(?!{_WORDS})({_NAME}{_BREAK}|[{_SURNAMES}](?:{_HAN}{{2}}(?!{_HAN})"
        f"|(?![{re.escape(_FOLLOW)}某]){_HAN}))"
    ),
    # 我叫高原, 姓名：王小明
    re.compile(f"(?:{_ANNOUNCED})[ :：是叫]{{0,3}}({_NAME_AT_BREAK}){_BREAK}"),
    re.compile(f"(?:{_SUGGESTED})[ :：是叫]{{0,3}}({_NAME}){_BREAK}"),
    # 张伟书记, 欧阳先生; 高主任, 方女士
    re.compile(
        f"(?<!{_HAN})((?!{_WORDS})(?:{_COMPOUND}|[{_SURNAMES}]){_HAN}{{0,2}}?)"
        f"(?={_TITLES}|{_AFTER_NAME})"
    ),
    re.compile(f"(?<!{_HAN})([{_WORDLIKE}])(?={_OFFICIALS}|先生|女士|师傅)"),
    re.compile(f"([{_SURNAMES}])(?={_OFFICIALS}|{_AFTER_NAME})"),
)
_LATIN_NAME = r"[A-Z][a-z'-]{1,20}(?:[ ][A-Z][a-z'.-]{0,20}){0,2}"
_ENGLISH = (
    re.compile(rf"\b(?:Mr|Mrs|Ms|Miss|Mx|Dr|Prof|Sri|Smt|Shri)\.?[ ]{{1,2}}({_LATIN_NAME})"),
    re.compile(
        r"\b(?:[Mm]y name is|I am|I'm|[Nn]ame[ ]?:|[Cc]ontact person[ ]?:?|[Ss]igned(?: by)?[ ]?:?"
        r"|[Oo]fficer|[Dd]irector|[Mm]anager|[Cc]ouncill?or|[Ii]nspector)"
        rf"[ ]{{1,2}}({_LATIN_NAME})"
    ),
)


def chinese_names(plain: str) -> list[tuple[int, int]]:
    """Return (start, stop) of announced Chinese names; spans may overlap."""
    return [match.span(1) for pattern in _CHINESE for match in pattern.finditer(plain)]


def english_names(plain: str) -> list[tuple[int, int]]:
    """Return (start, stop) of announced names in Latin letters."""
    return [match.span(1) for pattern in _ENGLISH for match in pattern.finditer(plain)]
