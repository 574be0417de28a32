import json
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
import xlsxwriter
from django.core.exceptions import PermissionDenied, ValidationError
from django.core.management import CommandError, call_command

from cases.events import verify_councils
from cases.models import CaseEvent, Council, OwnedUnit, Owner
from cases.terms import EventType, Role
from tests.factories import World, user
from tests.owners import HEADER, sheet_of
from workflows.council.register import (
    RegisterChanged,
    Sums,
    import_register,
    may_read_register,
    plan_register,
    sums_of,
)
from workflows.council.register_sheet import (
    AREA,
    CODE,
    NAME,
    PHONE,
    SOURCE,
    UNIT,
    NoRegister,
    RegisterSheet,
    natural,
    read_register,
    unpacked,
)

Read = Callable[..., RegisterSheet]
GOOD = ("1-101,张三,A1,85.3,不动产登记,13800138001", "1-102,张三,A1,120.5500,测绘报告,", "1-201,李四,,98,买卖合同,")


@pytest.fixture
def read(tmp_path: Path) -> Read:
    def sheet(*lines: str, header: str = HEADER) -> RegisterSheet:
        return read_register(sheet_of(tmp_path, *lines, header=header))

    return sheet


@pytest.fixture
def put(world: World, read: Read) -> Callable[..., Sums]:
    def load(*lines: str, actor: Any = None) -> Sums:
        plan = plan_register(world.estate, read(*lines))
        return import_register(area=world.estate, plan=plan, actor=actor or world.secretary, now=world.now)

    return load


def test_several_units_of_one_number_are_one_owner_and_areas_are_exact(read: Read) -> None:
    sheet = read(*GOOD)
    assert sheet.errors == ()
    assert [(row.unit, row.owner, row.area_cm2, row.source) for row in sheet.units] == [
        ("1-101", "A1", 853_000, "register"),
        ("1-102", "A1", 1_205_500, "survey"),
        ("1-201", "1-201", 980_000, "contract"),
    ]
    assert (sheet.owners, sheet.area_cm2) == (2, 3_038_500)
    assert sheet.questions == ()


@pytest.mark.parametrize(
    ("written", "cm2"),
    [
        ("0.0001", 1), ("85.3", 853_000), ("85.30㎡", 853_000), ("85.3 平方米", 853_000), ("８５．３", 853_000),
        ('"1,234.5"', 12_345_000), ("85.30000", 853_000), ("99.9999", 999_999),
    ],
)  # fmt: skip
def test_an_area_is_read_to_the_square_centimetre(read: Read, written: str, cm2: int) -> None:
    assert read(f"1-101,张三,,{written},登记,").area_cm2 == cm2


@pytest.mark.parametrize("written", ["0", "0.0000", "", "-3", "约85", "85.30001", "1e3", "1000001", "8,5.3"])
def test_an_area_that_is_none_is_named_with_its_line_and_column(read: Read, written: str) -> None:
    (error,) = read(GOOD[0], f'1-201,李四,,"{written}",登记,').errors
    assert (error.row, error.column) == (3, AREA)
    assert error.message


def test_a_number_cell_is_read_as_excel_shows_it_and_a_date_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "名册.xlsx"
    with xlsxwriter.Workbook(path) as book:
        sheet = book.add_worksheet()
        sheet.write_row(0, 0, ["房号", "业主", "建筑面积（㎡）", "来源"])
        sheet.write_row(1, 0, [101, "张三", 0.1 + 0.2, "产权证"])
        sheet.write_row(2, 0, [102, "李四", 85.3, "测绘"])
        sheet.write_datetime(3, 0, date(2024, 3, 1), book.add_format({"num_format": "m-d"}))
        sheet.write_row(3, 1, ["王五", 60, "合同"])
    found = read_register(path)
    assert [(row.unit, row.area_cm2) for row in found.units] == [("101", 3_000), ("102", 853_000)]
    assert [(error.row, error.column) for error in found.errors] == [(4, UNIT)]
    assert "日期" in found.errors[0].message


def test_the_header_is_found_by_other_names_below_a_title(tmp_path: Path) -> None:
    path = tmp_path / "名册.csv"
    path.write_text(
        "平山小区\n\n室号,产权人,产权面积 ( m² ),面积依据,手机,备注\n1-1,张三,80,产权证,,无\n", encoding="gb18030"
    )
    found = read_register(path)
    assert [(row.row, row.unit, row.area_cm2, row.source) for row in found.units] == [(4, "1-1", 800_000, "register")]
    assert found.unread == ("备注",)


@pytest.mark.parametrize(
    ("lines", "wrong"),
    [
        (("1-101,张三,,80,登记,", "1-101,李四,,80,登记,"), (3, UNIT)),
        (("1-101,张三,,80,登记,", "1－101,李四,,80,登记,"), (3, UNIT)),
        (("1-101,张三,A1,80,登记,", "1-102,李四,A1,80,登记,"), (3, NAME)),
        (("1-101,张三,,80,听说,",), (2, SOURCE)),
        (("1-101,张三,,80,,",), (2, SOURCE)),
        (("1-101,,,80,登记,",), (2, NAME)),
        ((",张三,,80,登记,",), (2, UNIT)),
        (("1-101,张三,,80,登记,12",), (2, PHONE)),
        (("1-101,张三,,80,登记,", "1-102,李四,1-101,80,登记,"), (2, CODE)),
        (("合计,,,80,,",), (2, UNIT)),
        (("1-101,（示例）张三,,80,登记,",), (2, NAME)),
        ((f"{'1' * 41},张三,,80,登记,",), (2, UNIT)),
        ((f"1,张三,{'A' * 41},80,登记,",), (2, CODE)),
        ((f"1,{'张' * 121},,80,登记,",), (2, NAME)),
    ],
)
def test_what_is_wrong_is_named_by_line_and_column(read: Read, lines: tuple[str, ...], wrong: tuple[int, str]) -> None:
    assert [(error.row, error.column) for error in read(*lines).errors] == [wrong]


def test_every_fault_of_a_line_is_named_at_once(read: Read) -> None:
    assert [error.column for error in read(",,,0,听说,1").errors] == [UNIT, NAME, AREA, SOURCE, PHONE]


def test_one_name_and_one_phone_are_one_owner_whose_code_does_not_depend_on_the_order(read: Read) -> None:
    lines = ["1-10,张三,,80,登记,138 0013 8001", "1-2,张三,,80,登记,13800138001"]
    for order in (lines, lines[::-1]):
        sheet = read(*order)
        assert {row.owner for row in sheet.units} == {"1-2"}
        assert sheet.questions == ()


@pytest.mark.parametrize(
    ("second", "asked"),
    [
        ("1-102,张三,,80,登记,", True),
        ("1-102,张三,,80,登记,13800138002", True),
        ("1-102,张三,A9,80,登记,", True),
        ("1-102,李四,,80,登记,", False),
    ],
)
def test_the_same_name_without_number_or_phone_is_asked_about_and_never_merged(
    read: Read, second: str, asked: bool
) -> None:
    sheet = read("1-101,张三,,80,登记,", second)
    assert sheet.owners == 2
    assert bool(sheet.questions) is asked


def test_the_same_name_with_two_phones_or_two_numbers_is_two_owners(read: Read) -> None:
    phones = read("1-101,张三,,80,登记,13800138001", "1-102,张三,,80,登记,13800138002")
    numbers = read("1-101,张三,A1,80,登记,13800138001", "1-102,张三,A2,80,登记,13800138001")
    assert (phones.owners, phones.questions, numbers.owners, numbers.questions) == (2, (), 2, ())


@pytest.mark.parametrize(
    ("header", "lines"),
    [
        ("甲,乙", ("1,2",)),
        ("房号,业主姓名,面积来源", ("1,张三,登记",)),
        ("房号,房号,业主姓名,面积,来源", ("1,1,张三,80,登记",)),
        (HEADER, ()),
    ],
)
def test_a_file_that_is_no_register_says_so(read: Read, header: str, lines: tuple[str, ...]) -> None:
    with pytest.raises(NoRegister):
        read(*lines, header=header)


def test_a_sheet_survives_being_packed(read: Read) -> None:
    sheet = read(*GOOD, "1-301,李四,,70,登记,")
    again = unpacked(json.loads(json.dumps(sheet.packed())))
    assert (again.units, again.questions) == (sheet.units, sheet.questions)
    assert again.questions != ()


def test_units_are_ordered_as_people_count() -> None:
    assert sorted(["3-10", "3-2", "12-1", "A-1"], key=natural) == ["A-1", "3-2", "3-10", "12-1"]


def test_an_import_makes_owners_and_units_and_says_so_once(world: World, put: Any) -> None:
    assert put(*GOOD) == Sums(3, 2, 3_038_500)
    assert {owner.code: (owner.name, owner.phone) for owner in Owner.objects.all()} == {
        "A1": ("张三", "13800138001"),
        "1-201": ("李四", ""),
    }
    assert OwnedUnit.objects.filter(owner__code="A1").count() == 2
    (event,) = CaseEvent.objects.filter(type=EventType.REGISTER_IMPORTED)
    assert event.council_id == world.council.pk
    assert {name: event.data[name] for name in ("units", "owners", "area_cm2", "new", "changed", "gone")} == {
        "units": 3, "owners": 2, "area_cm2": 3_038_500, "new": 3, "changed": 0, "gone": 0,
    }  # fmt: skip
    assert "张三" not in json.dumps(event.data, ensure_ascii=False)
    assert "13800138001" not in json.dumps(event.data)
    assert put(*GOOD) == Sums(3, 2, 3_038_500)
    assert CaseEvent.objects.filter(type=EventType.REGISTER_IMPORTED).count() == 1
    assert verify_councils().broken == []


def test_a_second_sheet_adds_changes_and_takes_away(world: World, put: Any, read: Read) -> None:
    put(*GOOD)
    later = ("1-101,张三,A1,85.3,不动产登记,13800138009", "1-201,赵六,,98.1,不动产登记,", "1-301,钱七,,60,合同,")
    plan = plan_register(world.estate, read(*later))
    assert [row.unit for row in plan.new] == ["1-301"]
    assert [(change.was.unit, change.fields) for change in plan.changed] == [
        ("1-101", ("phone",)),
        ("1-201", ("name", "area_cm2", "source")),
    ]
    assert [row.unit for row in plan.gone] == ["1-102"]
    assert (plan.was, plan.to) == (Sums(3, 2, 3_038_500), Sums(3, 3, 2_434_000))
    import_register(area=world.estate, plan=plan, actor=world.secretary, now=world.now)
    assert sums_of(world.estate) == plan.to
    assert plan_register(world.estate, read(*later)).is_same
    assert Owner.objects.get(code="1-201").name == "赵六"


def test_two_phones_of_one_owner_do_not_differ_for_ever(world: World, put: Any, read: Read) -> None:
    lines = ("1-1,张三,A1,80,登记,", "1-2,张三,A1,80,登记,13800138001", "1-3,张三,A1,80,登记,13800138002")
    put(*lines)
    assert plan_register(world.estate, read(*lines)).is_same


def test_an_owner_without_units_is_forgotten(world: World, put: Any) -> None:
    put(*GOOD)
    put(GOOD[2])
    assert list(Owner.objects.values_list("code", flat=True)) == ["1-201"]


def test_a_sheet_that_was_looked_at_before_another_import_is_refused(world: World, put: Any, read: Read) -> None:
    plan = plan_register(world.estate, read(*GOOD))
    put(GOOD[0])
    with pytest.raises(RegisterChanged):
        import_register(area=world.estate, plan=plan, actor=world.secretary, now=world.now)
    assert OwnedUnit.objects.count() == 1


def test_a_sheet_with_errors_is_never_taken(world: World, read: Read) -> None:
    with pytest.raises(ValidationError):
        plan_register(world.estate, read("1-101,张三,,0,登记,"))


def test_only_a_secretary_there_or_an_administrator_imports(world: World, put: Any) -> None:
    elsewhere = Council.objects.create(code="C9", name="东湖议事会", area=world.other_street)
    stranger = user("secretary9", "外秘书", Role.SECRETARY, council=elsewhere)
    for actor in (stranger, world.member, world.supervisor, world.desk):
        with pytest.raises(PermissionDenied):
            put(*GOOD, actor=actor)
    assert OwnedUnit.objects.count() == 0
    assert put(*GOOD, actor=world.admin).units == 3
    assert not may_read_register(world.estate, stranger)
    assert may_read_register(world.estate, world.supervisor)


def test_without_a_council_there_is_no_history_to_write_to(world: World, put: Any) -> None:
    Council.objects.update(active=False)
    with pytest.raises(ValidationError):
        put(*GOOD, actor=world.admin)


def test_the_secretary_of_the_community_imports_for_its_estates(world: World, put: Any) -> None:
    above = Council.objects.create(code="C8", name="平山社区议事会", area=world.community)
    put(*GOOD, actor=user("secretary8", "社区秘书", Role.SECRETARY, council=above))
    assert CaseEvent.objects.get(type=EventType.REGISTER_IMPORTED).council == above


def run(*command: str) -> tuple[str, int]:
    out = StringIO()
    try:
        call_command(*command, stdout=out)
    except CommandError as error:
        return out.getvalue() or str(error), error.returncode
    return out.getvalue(), 0


def test_the_command_line_tries_then_imports(world: World, tmp_path: Path) -> None:
    given = ("import_register", "S1C1E1", str(sheet_of(tmp_path, *GOOD)), "--actor", "secretary")
    text, code = run(*given, "--dry-run", "--json")
    result = json.loads(text)
    assert (code, result["imported"], result["to"]) == (0, False, {"units": 3, "owners": 2, "area_cm2": 3_038_500})
    assert OwnedUnit.objects.count() == 0
    text, code = run(*given)
    assert (code, "名册已导入" in text, "303.85 平方米" in text) == (0, True, True)
    assert OwnedUnit.objects.count() == 3


def test_the_command_line_names_what_it_refuses(world: World, tmp_path: Path) -> None:
    wrong = str(sheet_of(tmp_path, "1-101,张三,,0,登记,"))
    text, code = run("import_register", "S1C1E1", wrong, "--actor", "secretary", "--json")
    assert (code, json.loads(text)["errors"][0]["row"]) == (1, 2)
    text, code = run("import_register", "S1C1E1", wrong, "--actor", "secretary")
    assert (code, "面积" in text) == (1, True)
    good = str(sheet_of(tmp_path, *GOOD))
    assert run("import_register", "S1C1E1", good, "--actor", "member")[1] == 3
    assert run("import_register", "NONE", good, "--actor", "secretary")[1] == 2
    assert run("import_register", "S1C1E1", good, "--actor", "nobody")[1] == 2
    assert run("import_register", "S1C1E1", str(tmp_path / "none.csv"), "--actor", "secretary")[1] == 2
    assert OwnedUnit.objects.count() == 0


def test_a_plan_does_not_depend_on_what_the_page_claims(world: World, read: Read) -> None:
    plan = replace(plan_register(world.estate, read(*GOOD)), new=(), to=Sums(0, 0, 0))
    assert import_register(area=world.estate, plan=plan, actor=world.secretary, now=world.now).units == 3
