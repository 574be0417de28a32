"""What others may see of a resident."""

import re
from time import process_time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cases.lib.masking import mask_address, mask_name, mask_phone, mask_text


@pytest.mark.parametrize(
    ("phone", "shown"),
    [
        ("13800138000", "138****8000"),
        ("0731-88886666", "073****66"),
        ("", ""),
        ("110", "****"),
        ("+86 138-0013-8000", "138****8000"),
        ("１３８００１３８０００", "138****8000"),
    ],
)
def test_phones(phone: str, shown: str) -> None:
    assert mask_phone(phone) == shown


@pytest.mark.parametrize(("name", "shown"), [("王小明", "王**"), ("李四", "李*"), ("欧", "欧*"), (" ", "")])
def test_names(name: str, shown: str) -> None:
    assert mask_name(name) == shown


@pytest.mark.parametrize(
    ("address", "shown"),
    [
        ("平山小区 3 栋 2 单元 501", "平山小区 3 栋***"),
        ("梅园路 8 号楼 101", "梅园路 8 号楼***"),
        ("某处", "***"),
        ("", ""),
    ],
)
def test_addresses_are_shown_up_to_the_building(address: str, shown: str) -> None:
    assert mask_address(address) == shown


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("请打13800138000找王先生", "请打138****8000找王先生"),
        ("电话：138-0013-8000。", "电话：138****8000。"),
        ("身份证430102199001011234", "身份证430***********1234"),
        ("座机0731-88886666", "座机0731-****6666"),
        ("写信 wang.xm@example.com", "写信 w***@example.com"),
    ],
)
def test_free_text(text: str, shown: str) -> None:
    assert mask_text(text) == shown


@pytest.mark.parametrize("text", ["编号 2026-000123", "2026-03-02 09:30", "共 12345.60 元", "2019/4/25 9:32:09"])
def test_numbers_that_identify_nobody_stay(text: str) -> None:
    assert mask_text(text) == text


@given(
    st.text("电话找我，。 a", max_size=9),
    st.from_regex(r"\A1[3-9]\d{9}\Z", fullmatch=True),
    st.text("家中，。 x", max_size=9),
)
def test_no_mobile_number_survives_and_masking_twice_changes_nothing(before: str, phone: str, after: str) -> None:
    masked = mask_text(before + phone + after)
    assert not re.search(r"1[3-9]\d{9}", masked)
    assert mask_text(masked) == masked


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("１３８００１３８０００", "１３８****８０００"),
        ("138  0013 8000", "138****8000"),
        ("138.0013.8000", "138****8000"),
        ("1380 0138 000", "138****8000"),
        ("138 001 38000", "138****8000"),
        ("013800138000", "0138****8000"),
        ("+8613800138000", "+86138****8000"),
        ("**13800138000**", "**138****8000**"),
        ("430102 19900101 123X", "430***********123X"),
        ("430102199001011234abc", "430***********1234abc"),
        ("430102900101123", "430*********123"),
        ("6222021234567890123", "622***********0123"),
        ("0731 88886666", "0731-****6666"),
        ("（0731）8888 6666", "0731-****6666"),
        ("073188886666", "0731-****6666"),
        ("0731-88886666-801", "0731-****6666-801"),
        ("电话：88886666", "电话：8****6666"),
        ("13800138000@139.com", "1***@139.com"),
        ("@wang@example.com", "@***@example.com"),
    ],
)
def test_numbers_are_masked_in_every_way_that_people_write_them(text: str, shown: str) -> None:
    assert mask_text(f"请打{text}。") == f"请打{shown}。"


@pytest.mark.parametrize(
    "text",
    ["2026-020123 2026-000456", "20190425093209", "1998-2005 150户", "1,380,013.80 元", "〔2026〕23号", "12345 热线"],
)
def test_what_only_resembles_a_phone_stays(text: str) -> None:
    assert mask_text(text) == text


@given(
    st.lists(st.from_regex(r"1[3-9][0-9]{9}", fullmatch=True), min_size=1), st.sampled_from(["，", "/", " ", "-", "x"])
)
def test_no_mobile_number_of_a_list_survives(phones: list[str], between: str) -> None:
    masked = mask_text(between.join(phones))
    assert not re.search(r"1[3-9]\d{9}", masked)
    assert mask_text(masked) == masked


@pytest.mark.parametrize("piece", ["a", "a@", "1-", "138 ", "0"])
def test_a_long_line_of_a_log_does_not_hold_up_the_process(piece: str) -> None:
    start = process_time()
    mask_text(piece * 100_000)
    assert process_time() - start < 3  # when each place was tried anew: more than 7 s
