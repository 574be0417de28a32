"""The office's table of limits: what is understood, what is refused and how, and an export that reads back the same."""

from io import BytesIO
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import pytest
import xlsxwriter
from django.utils import translation
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cases.lib.spreadsheet import clean_text
from cases.models import Category
from cases.terms import ClockKind, Priority, Unit
from tests.factories import World
from workflows import limit_words as words
from workflows.limit_export import table_rows, write_table
from workflows.limit_plan import planned
from workflows.limit_tables import COLUMNS, Categories, LimitTable, NoTable, read_table, unpacked
from workflows.models import PolicyVersion, SlaPolicy, Standard

HEADER = ("小类", "立案标准", "完成时限", "结案标准", "责任单位")


def amounts(cell: Any) -> dict[str, tuple[int, str]]:
    return {priority: (found.amount, found.unit) for priority, found in words.amounts(cell).items()}


@pytest.mark.parametrize(("cell", "amount", "unit"), [
    ("4 工作时", 4, Unit.WORKING_HOURS), ("4个工作小时", 4, Unit.WORKING_HOURS), ("20个工作日", 20, Unit.WORKING_DAYS),
    ("２０ 个　工作日", 20, Unit.WORKING_DAYS), ("二十个工作日", 20, Unit.WORKING_DAYS),
    ("十二工作日", 12, Unit.WORKING_DAYS),
    ("2小时", 2, Unit.HOURS), ("24小时", 24, Unit.HOURS), ("24自然时", 24, Unit.HOURS), ("两个小时", 2, Unit.HOURS),
    ("3天", 3, Unit.DAYS), ("5日", 5, Unit.DAYS), ("7个自然日", 7, Unit.DAYS), ("一百二十天", 120, Unit.DAYS),
    ("5个工作日内", 5, Unit.WORKING_DAYS), ("20个\n工作日", 20, Unit.WORKING_DAYS), ("3650天", 3650, Unit.DAYS),
    ("87600小时", 87600, Unit.HOURS),
])  # fmt: skip
def test_a_limit_is_understood_as_offices_write_it(cell: str, amount: int, unit: Unit) -> None:
    assert amounts(cell) == {"": (amount, unit)}


@pytest.mark.parametrize("cell", [
    "一般：20个工作日；紧急：3个工作日", "一般20个工作日\n紧急3个工作日", "紧急事项:3个工作日,一般件:20个工作日。",
])  # fmt: skip
def test_a_cell_may_hold_a_limit_for_each_urgency(cell: str) -> None:
    assert amounts(cell) == {
        Priority.NORMAL: (20, Unit.WORKING_DAYS),
        Priority.URGENT: (3, Unit.WORKING_DAYS),
    }


@pytest.mark.parametrize(("cell", "advice"), [
    ("半个工作日", "4工作时"), ("0.5个工作日", "须是整数"), ("尽快", "看不懂这个时限"),
   ("0工作时", "大于 0"), ("零天", "大于 0"),
    ("-1", "不能是负数"), ("-1天", "不能是负数"), ("1-3天", "不能是一个范围"), ("3～5个工作日", "不能是一个范围"),
    ("3至5天", "不能是一个范围"), (20, "20个工作日"), (0.5, "须是整数"),
    ("一个月", "30个自然日"), ("2周", "30个自然日"),
    ("3651天", "超过 3650 天"), ("87601工作时", "超过 3650 天"), ("", "按通用时限"), (None, "按通用时限"),
    ("2；0天", "看不懂这个时限"), ("2\n0天", "看不懂这个时限"), ("一般：1天；一般：2天", "写了两个时限"),
    ("百天", "看不懂数字"),
    ("5个工作日（特殊情况可延长）", "看不懂这个时限"), ("工作日20", "看不懂这个时限"),
])  # fmt: skip
def test_a_limit_that_is_unclear_is_refused_and_says_what_to_write(cell: Any, advice: str) -> None:
    with pytest.raises(words.Unclear, match=advice):
        words.amounts(cell)


@pytest.mark.parametrize(("cell", "percent"), [
    ("75%", 75), ("７５％", 75), (75, 75), (0.75, 75), ("0.8", 80), ("1%", 1), ("", None), (None, None), (0.29, 29),
])  # fmt: skip
def test_a_warning_is_a_share_however_excel_keeps_it(cell: Any, percent: int | None) -> None:
    assert words.share(cell) == percent


@pytest.mark.parametrize("cell", [1, "1", "100%", 100, 0, "0%", "提前2天", "-5%", 0.755])
def test_a_warning_that_is_no_share_is_refused(cell: Any) -> None:
    with pytest.raises(words.Unclear, match="75%"):
        words.share(cell)


def test_a_kind_of_clock_is_known_by_its_chinese_name_in_every_language() -> None:
    with translation.override("en"):
        assert [words.clock_kind(cell) for cell in ("", "签收", "签收时限", "总时限", "承诺期限")] == [
            ClockKind.HANDLE, ClockKind.SIGN, ClockKind.SIGN, ClockKind.OVERALL, ClockKind.PROMISE,
        ]  # fmt: skip
        assert [words.clock_kind(words.written_kind(kind)) for kind in ClockKind] == list(ClockKind)


@given(st.integers(1, 3650), st.sampled_from(list(Unit)))
def test_every_amount_reads_back_as_it_was_written(amount: int, unit: Unit) -> None:
    assert amounts(str(words.Amount(amount, unit))) == {"": (amount, unit)}


@given(st.text(max_size=30))
def test_no_text_breaks_the_reading_of_a_limit(text: str) -> None:
    try:
        found = words.amounts(text)
    except words.Unclear as error:
        assert str(error)  # noqa: PT017  # either is right, nothing else is
    else:
        assert all(limit.amount > 0 for limit in found.values())


# ---- the table ----


def csv_of(tmp_path: Path, *lines: str) -> LimitTable:
    path = tmp_path / "标准.csv"
    path.write_text("\n".join(lines), encoding="utf-8")
    return read_table(path, Categories(Category.objects.all()))


def errors_of(table: LimitTable) -> list[tuple[int, str, str]]:
    return [(error.row, error.column, error.value) for error in table.errors]


def limits_of(table: LimitTable) -> list[tuple[int, int | None, str, str, int | None, str]]:
    return [(row.row, row.category_id, row.priority, row.clock, row.amount, row.unit) for row in table.limits]


def test_a_table_with_a_title_above_its_header_and_merged_cells_is_read(world: World, tmp_path: Path) -> None:
    path = tmp_path / "标准.xlsx"
    book = xlsxwriter.Workbook(str(path))
    sheet = book.add_worksheet()
    sheet.merge_range(0, 0, 0, 5, "和平区城市管理事项立案结案标准")
    sheet.write_row(2, 0, ["小类", "紧急程度", "立案标准", "完成时限", "结案标准", "责任单位", "备注"])
    sheet.merge_range(3, 0, 4, 0, " 路 灯 ")
    sheet.write_row(3, 1, ["一般", "三盏以上不亮", "20个工作日", "全部复明", "市政所", "甲"])
    sheet.write_row(4, 1, ["紧急", "", "4 工作时"])
    sheet.write_row(6, 0, ["乱堆放", "", "占道", "3天"])
    book.close()
    table = read_table(path, Categories(Category.objects.all()))
    lamp, heap = world.category.pk, world.photo_category.pk
    assert table.errors == ()
    assert limits_of(table) == [
        (4, lamp, "normal", "handle", 20, "working_days"),
        (5, lamp, "urgent", "handle", 4, "working_hours"),
        (7, heap, "", "handle", 3, "days"),
    ]
    assert [(s.category_id, s.filing, s.closing, s.unit) for s in table.standards] == [
        (lamp, "三盏以上不亮", "全部复明", "市政所"),
        (heap, "占道", "", ""),
    ]
    assert (table.rows, table.unread) == (3, ("备注",))


def test_a_limit_merged_over_several_categories_is_that_of_each(world: World, tmp_path: Path) -> None:
    path = tmp_path / "a.xlsx"
    book = xlsxwriter.Workbook(str(path))
    sheet = book.add_worksheet()
    sheet.write_row(0, 0, ["小类", "完成时限"])
    sheet.write_column(1, 0, ["路灯", "乱堆放"])
    sheet.merge_range(1, 1, 2, 1, "5日")
    book.close()
    table = read_table(path, Categories(Category.objects.all()))
    assert [(row.category_id, row.amount) for row in table.limits] == [
        (world.category.pk, 5), (world.photo_category.pk, 5),
    ]  # fmt: skip


def test_a_csv_in_gb18030_leaves_the_category_empty_below_itself(world: World, tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes("小类,紧急程度,完成时限\n路灯,,20个工作日\n,紧急,3个工作日\n".encode("gb18030"))
    table = read_table(path, Categories(Category.objects.all()))
    assert [(row.category_id, row.priority) for row in table.limits] == [
        (world.category.pk, ""), (world.category.pk, "urgent"),
    ]  # fmt: skip


def test_every_fault_is_named_by_row_column_and_value(world: World, tmp_path: Path) -> None:
    table = csv_of(
        tmp_path,
        "小类,紧急程度,时限种类,完成时限,预警",
        ",,,3天,",
        "路灯,加急,办理,尽快,100%",
        "井盖,,,3天,",
        ",,,半个工作日,",
        "路灯,,,20个工作日,",
        "路灯,不限,处置时限,10个工作日,",
        "乱堆放,紧急,,一般：3天；紧急：1天,",
    )
    assert errors_of(table) == [
        (2, "小类", ""),
        (3, "紧急程度", "加急"),
        (3, "时限种类", "办理"),
        (3, "完成时限", "尽快"),
        (3, "预警", "100%"),
        (4, "小类", "井盖"),
        (5, "完成时限", "半个工作日"),
        (7, "小类", "路灯"),
        (8, "完成时限", "一般：3天；紧急：1天"),
    ]
    said = {error.row: error.message for error in table.errors}
    assert "与第 6 行重复" in said[7]
    assert "没有这个小类" in said[4]
    assert all(error.message for error in table.errors)


def test_standards_of_one_category_that_differ_are_refused(world: World, tmp_path: Path) -> None:
    table = csv_of(
        tmp_path, "小类,紧急程度,立案标准,完成时限,责任单位", "路灯,一般,不亮,3天,市政所", "路灯,紧急,漏电,1天,市政所",
        "全部小类,,什么,5天,", f"乱堆放,,,1天,{'长' * 121}",
    )  # fmt: skip
    assert errors_of(table) == [(3, "立案标准", "漏电"), (4, "立案标准", "什么"), (5, "责任单位", "长" * 120)]


def test_categories_of_one_name_are_told_apart_by_their_group_or_code(world: World, tmp_path: Path) -> None:
    other = Category.objects.create(code="301", name="路灯", group="道路交通")
    table = csv_of(
        tmp_path, "大类,小类,完成时限", "道路交通,路灯,3天", "公共设施,路灯,4天", ",路灯,5天", "市容环境,路灯,6天",
        ",201,7天",
    )  # fmt: skip
    assert [(row.category_id, row.amount) for row in table.limits] == [
        (other.pk, 3), (world.category.pk, 4), (world.photo_category.pk, 7),
    ]  # fmt: skip
    assert errors_of(table) == [(4, "小类", "路灯"), (5, "大类", "市容环境")]
    assert "101、301" in table.errors[0].message


@pytest.mark.parametrize(("lines", "said"), [
    (["类别,时限", "路灯,3天"], "没有找到表头"), (["小类,完成时限"], "没有内容"),
    (["小类,完成时限,小类", "路灯,3天,"], "列名重复"),
])  # fmt: skip
def test_a_file_that_is_no_such_table_is_refused(world: World, tmp_path: Path, lines: list[str], said: str) -> None:
    with pytest.raises(NoTable, match=said):
        csv_of(tmp_path, *lines)


def test_a_table_survives_being_packed(world: World, tmp_path: Path) -> None:
    table = csv_of(tmp_path, ",".join(HEADER), "路灯,不亮,3天,复明,市政所", "乱堆放,,按通用时限,,")
    assert unpacked(table.packed()) == table
    assert [row.amount for row in table.limits] == [3, None]


# ---- the export ----


def exported(version: PolicyVersion, tmp_path: Path) -> LimitTable:
    path = tmp_path / "out.xlsx"
    with path.open("wb") as file:
        write_table(version, file)
    return read_table(path, Categories(Category.objects.all()))


def test_what_was_typed_stays_text_in_the_export(world: World, tmp_path: Path) -> None:
    version = PolicyVersion.objects.get()
    evil = '=HYPERLINK("http://x","y")'
    Standard.objects.create(version=version, category=world.category, filing=evil, closing="https://example.com")
    file = BytesIO()
    write_table(version, file)
    with ZipFile(file) as archive:
        sheet = archive.read("xl/worksheets/sheet1.xml").decode()
        assert "<f>" not in sheet
        assert "<hyperlink" not in sheet
    table = exported(version, tmp_path)
    assert [(row.filing, row.closing) for row in table.standards] == [(evil, "https://example.com")]


def test_the_export_has_the_columns_and_words_of_the_office(world: World) -> None:
    version = PolicyVersion.objects.get()
    limit = {"version": version, "calendar": world.calendar, "unit": Unit.WORKING_DAYS}
    SlaPolicy.objects.create(
        **limit, category=world.category, clock="handle", priority="urgent", amount=3, warn_percent=50
    )
    SlaPolicy.objects.create(**limit, category=world.category, clock="handle", amount=20)
    Standard.objects.create(version=version, category=world.category, filing="不亮", closing="复明", unit="市政所")
    Standard.objects.create(version=version, category=world.photo_category, closing="清净")
    rows = list(table_rows(version))
    assert len(COLUMNS) == len(rows[0])
    assert rows[0] == ("", "全部小类", "", "受理时限", "", "1个工作日", "", "", "75%")
    assert rows[-3:] == [
        ("公共设施", "路灯", "", "处置时限", "不亮", "20个工作日", "复明", "市政所", "75%"),
        ("公共设施", "路灯", "紧急", "处置时限", "", "3个工作日", "", "", "50%"),
        ("市容环境", "乱堆放", "", "", "", "按通用时限", "清净", "", ""),
    ]


TEXTS = st.text(st.characters(exclude_categories=("Cs", "Cc"), include_characters="\n"), max_size=40).map(clean_text)
LIMITS = st.dictionaries(
    st.tuples(st.sampled_from([None, 0, 1, 2]), st.sampled_from(["", *Priority]), st.sampled_from(list(ClockKind))),
    st.tuples(st.integers(1, 3650), st.sampled_from(list(Unit)), st.integers(1, 99)),
    min_size=1,
    max_size=12,
)
STANDARDS = st.dictionaries(st.sampled_from([0, 1, 2]), st.tuples(TEXTS, TEXTS, TEXTS), max_size=3)


@pytest.fixture
def categories(world: World) -> list[Category]:
    """Two of one name in different groups, and one that is named like the code of another."""
    return [
        world.category,
        Category.objects.create(code="301", name="路灯", group="道路交通"),
        Category.objects.create(code="302", name="301", group="道路 交通"),
    ]


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(limits=LIMITS, standards=STANDARDS)
def test_importing_an_export_changes_nothing(
    categories: list[Category], tmp_path: Path, limits: dict[Any, Any], standards: dict[int, Any]
) -> None:
    PolicyVersion.objects.filter(number=7).delete()
    base = PolicyVersion.objects.get(number=1)
    version = PolicyVersion.objects.create(number=7, live_from=base.live_from)
    calendar = base.policies.first().calendar  # type: ignore[union-attr]
    for (category, priority, clock), (amount, unit, percent) in limits.items():
        SlaPolicy.objects.create(
            version=version, category=None if category is None else categories[category],
            priority=priority, clock=clock, amount=amount, unit=unit, warn_percent=percent, calendar=calendar,
        )  # fmt: skip
    for category, (filing, closing, unit) in standards.items():
        Standard.objects.create(
            version=version, category=categories[category], filing=filing, closing=closing, unit=unit
        )
    table = exported(version, tmp_path)
    plan = planned(table, version)
    assert table.errors == ()
    assert plan.changes == []
    assert plan.restated == 0
    assert {(row.category_id, row.priority, row.clock) for row in table.limits if row.amount} == {
        (None if category is None else categories[category].pk, priority, clock) for category, priority, clock in limits
    }
