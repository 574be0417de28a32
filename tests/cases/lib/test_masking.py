"""What others may see of a resident."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cases.lib.masking import mask_address, mask_name, mask_phone, mask_text


@pytest.mark.parametrize(
    ("phone", "shown"), [("13800138000", "138****8000"), ("0731-88886666", "073****66"), ("", ""), ("110", "****")]
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
