"""Whose task a theme is by the duty list: proposed with a reason, or left to people."""

from __future__ import annotations

import pytest

from analysis.themes.remit import Duty, propose_remit

DUTIES = (
    Duty("12", "urban", ("垃圾", "清运", "rubbish"), "street"),
    Duty("14", "urban", ("停车", "车位", "parking"), "department", "traffic"),
    Duty("19", "urban", ("违建", "搭建"), "street", has_means=False),
    Duty("44", "community", ("电梯", "lift"), "department", "market"),
    Duty("43", "community", ("加装电梯",), "street"),
    Duty("51", "safety", ("楼道", "杂物"), "street"),
    Duty("52", "safety", ("充电",), "department", "housing"),
)


@pytest.mark.parametrize(
    ("keywords", "indicator", "remit", "code", "because"),
    [
        (("垃圾桶", "清运"), "urban", "street", "12", "duty"),
        (("停车", "乱停车"), "urban", "department", "14", "duty"),
        (("Parking spaces",), "urban", "department", "14", "duty"),
        (("lifts",), None, "department", "44", "duty"),
        # the longer phrase wins over the word in it
        (("加装电梯",), "community", "street", "43", "duty"),
        # handed down without means: lowers no score
        (("违建",), "urban", "undecided", "19", "without_means"),
        (("楼道", "充电"), "safety", "undecided", "51", "several_bodies"),
        (("噪音",), "urban", "undecided", None, "no_duty"),
        ((), "urban", "undecided", None, "no_duty"),
        # parts of English words are other words
        (("lifted", "carparkings"), None, "undecided", None, "no_duty"),
    ],
)
def test_remit_is_proposed_from_the_words(keywords, indicator, remit, code, because) -> None:
    found = propose_remit(keywords, indicator, DUTIES)
    assert (found.remit, found.duty and found.duty.code, found.because) == (remit, code, because)


def test_the_indicator_breaks_a_tie() -> None:
    duties = (Duty("1", "urban", ("噪音",), "department", "environment"),
              Duty("2", "community", ("噪音",), "street"))  # fmt: skip
    assert propose_remit(["噪音"], "community", duties).remit == "street"
    assert propose_remit(["噪音"], "urban", duties).remit == "department"
    assert propose_remit(["噪音"], None, duties).because == "several_bodies"


def test_the_label_and_traditional_characters_are_read() -> None:
    assert propose_remit([], None, DUTIES, label="小區垃圾沒人清").remit == "street"


@pytest.mark.parametrize(
    ("label", "keywords", "code"),
    [
        # what it is about, and where
        ("垃圾桶旁边的电梯又坏了", ("电梯", "垃圾桶"), "44"),
        ("楼道对面两部电梯停了一部", ("电梯", "楼道"), "44"),
        ("The lift near the parking lot is broken", ("lift", "parking"), "44"),
        # both: the word says what and where
        ("停车场旁边停车太难", ("停车",), "14"),
        # nowhere else
        ("垃圾桶旁边有人唱歌", ("垃圾",), None),
    ],
)
def test_a_word_that_only_says_where_is_no_duty(label, keywords, code) -> None:
    found = propose_remit(keywords, None, DUTIES, label=label)
    assert (found.duty and found.duty.code) == code


def test_the_reason_names_the_words_and_the_other_duties() -> None:
    found = propose_remit(["加装电梯"], "community", DUTIES)
    assert found.terms == ("加装电梯",)
    assert found.others == ("44",)


def test_the_order_of_the_list_decides_nothing() -> None:
    one = propose_remit(["楼道", "充电", "垃圾"], "safety", DUTIES)
    assert one == propose_remit(["楼道", "充电", "垃圾"], "safety", DUTIES[::-1])


def test_no_duties_propose_nothing() -> None:
    assert propose_remit(["垃圾"], "urban", ()).because == "no_duty"
