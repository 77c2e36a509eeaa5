"""What identifies a person leaves a comment before it is stored; what describes a problem stays."""

from __future__ import annotations

import subprocess
import sys

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.themes.redact import KINDS, redact

# Invented: numbers with valid check digits belong to nobody known to us.
HIDDEN = [
    ("打我电话13812345678谢谢", "phone", "13812345678"),
    ("手机 138 1234 5678", "phone", "138 1234 5678"),
    ("手机138-1234-5678", "phone", "138-1234-5678"),
    ("+86 13912345678 晚上再打", "phone", "13912345678"),
    ("（0731）82345678 白天有人", "phone", "82345678"),
    ("座机010-62345678", "phone", "62345678"),
    ("电话：82345678", "phone", "82345678"),
    ("全角号码１３８１２３４５６７８", "phone", "１３８１２３４５６７８"),
    ("号码是一三八零零一三八零零零", "phone", "一三八零零一三八零零零"),
    ("call me at 98450 12345 please", "phone", "98450 12345"),
    ("my number is +91 98450 12345", "phone", "98450 12345"),
    ("+44 20 7946 0958 is my line", "phone", "7946 0958"),
    ("身份证11010519491231002X没人受理", "id_card", "11010519491231002X"),
    ("身份证号110105 19491231 002X", "id_card", "19491231"),
    ("证件440524188001010014", "id_card", "440524188001010014"),
    ("旧证130503670401001", "id_card", "130503670401001"),
    ("卡号6222 0212 3456 7890 123", "bank_card", "6222 0212"),
    ("退到6217001234567890123", "bank_card", "6217001234567890123"),
    ("邮箱 li.si_88@example.com.cn 联系", "email", "example.com"),
    ("write to a.b+c@example.org.", "email", "example.org"),
    ("车牌湘A12345堵门", "plate", "湘A12345"),
    ("京A·D12345停了一个月", "plate", "D12345"),
    ("粤B 12345 的车主", "plate", "12345"),
    ("the car KA 01 AB 1234 blocks us", "plate", "1234"),
    ("微信号 wang_88xyz 可以找到我", "account", "wang_88xyz"),
    ("QQ：123456789", "account", "123456789"),
    ("住在3栋2单元501室", "house_number", "501"),
    ("5号楼1203漏水", "house_number", "1203"),
    ("2单元302的住户", "house_number", "302"),
    ("人民路88号门口", "house_number", "88号"),
    ("幸福里12弄3号", "house_number", "3号"),
    ("三栋二单元五零一", "house_number", "五零一"),
    ("3-2-501漏水", "house_number", "501"),
    ("I live in Flat 4B here", "house_number", "4B"),
    ("room no 501 leaks", "house_number", "501"),
    ("我叫王小明，住附近", "name", "王小明"),
    ("姓名：李四", "name", "李四"),
    ("联系人张丽华", "name", "张丽华"),
    ("物业经理刘强不理人", "name", "刘强"),
    ("书记张伟强调了三次", "name", "张伟"),
    ("民警赵磊说管不了", "name", "赵磊"),
    ("找王主任三次", "name", "王"),
    ("业主欧阳明珠反映", "name", "欧阳明珠"),
    ("陈师傅修好了", "name", "陈"),
    ("Mr. John Smith shouted", "name", "John Smith"),
    ("my name is Anita Rao", "name", "Anita Rao"),
]

KEPT = [
    "1号楼电梯坏了三天，5号线地铁口积水",
    "2019年12月12日报修，到2020-01-15还没来",
    "打了12345和110都没用，物业费涨到2.8元",
    "小区物业管理混乱，物业陈旧，业主张贴了通知",
    "街道书记高度重视，主任和居民一起解决",
    "老师傅说修不好，周边居民都知道",
    "高新区成立以来，业主方便多了",
    "13栋房屋质量有问题，300户业主维权",
    "补助8000元只发了3500元",
    "204路公交车每45分钟一班",
    "The bus 204 comes at 8.45 and the road is 500 m long",
    "Garbage near sector 7 for 15 days",
]


@pytest.mark.parametrize(("text", "kind", "secret"), HIDDEN, ids=[text for text, *_ in HIDDEN])
def test_identifying_part_is_taken_out_and_counted(text: str, kind: str, secret: str) -> None:
    found = redact(text)
    assert secret not in found.text
    assert found.counts == {kind: 1}


@pytest.mark.parametrize("text", KEPT)
def test_description_of_a_problem_stays(text: str) -> None:
    assert redact(text).text == text


def test_several_parts_are_counted_by_kind_and_the_rest_stays() -> None:
    found = redact("我叫王小明，电话13812345678或13912345678，楼道灯坏了")
    assert found.text == "我叫〔姓名〕，电话〔电话〕或〔电话〕，楼道灯坏了"
    assert found.counts == {"name": 1, "phone": 2}


def test_english_text_gets_english_placeholders() -> None:
    assert redact("call 13812345678 now").text == "call [phone] now"


def test_text_outside_the_parts_is_unchanged_to_the_character() -> None:
    text = "ＡＢＣ　全角（文字）①😀\n第二行 13812345678"
    assert redact(text).text == text.replace("13812345678", "〔电话〕")


@settings(max_examples=150, deadline=None)
@given(st.text(max_size=200))
def test_any_text_is_accepted_and_a_second_pass_changes_nothing(text: str) -> None:
    once = redact(text)
    assert redact(once.text).text == once.text
    assert set(once.counts) <= set(KINDS)


PIECES = [
    "1",
    "88",
    "13812345678",
    "栋",
    "单元",
    "室",
    "路",
    "号",
    "我叫",
    "王",
    "张伟",
    "主任",
    "湘A",
]
PIECES += ["-", " ", "@", "a.b", "+86", "(0731)", "QQ", "，", "Mr. ", "Flat "]


@settings(max_examples=150, deadline=None)
@given(st.lists(st.sampled_from(PIECES), max_size=14).map("".join))
def test_parts_side_by_side_leave_nothing_for_a_second_pass(text: str) -> None:
    once = redact(text)
    assert redact(once.text).text == once.text


@settings(max_examples=150, deadline=None)
@given(st.lists(st.sampled_from([p for p in PIECES if not p.isascii() or len(p) > 3]), max_size=9))
def test_a_phone_number_between_breaks_never_survives(pieces: list[str]) -> None:
    assert "13812345678" not in redact("，".join(pieces)).text


def test_the_web_process_loads_nothing_heavy_for_it() -> None:
    code = (
        "import sys\nfrom analysis.themes.redact import redact\n"
        "redact('我叫王小明 13812345678 11010519491231002X +44 20 7946 0958')\n"
        "print([m for m in ('numpy', 'scipy', 'sklearn', 'jieba') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_a_comment_without_a_number_loads_no_library_for_numbers() -> None:
    code = (
        "import sys\nfrom analysis.themes.redact import redact\n"
        "redact('找王主任三次，2栋3单元电梯坏了，打12345没用')\n"
        "print([m for m in ('stdnum', 'phonenumbers') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
