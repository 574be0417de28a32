"""What rows of ledgers say, and what cannot be: named with its row, column and value, never mended in silence."""

from pathlib import Path

import pytest

from cases.models import Case
from cases.terms import AreaLevel
from tests.factories import World, area
from tests.ledgers import OPEN, counts, ledger, taken
from workflows.ledger_profiles import column_of
from workflows.models import ImportedCase

pytestmark = pytest.mark.django_db


def test_words_of_another_place_are_kept_where_the_profile_says_so_and_told(world: World, tmp_path: Path) -> None:
    own = tmp_path / "own.toml"
    own.write_text(
        'keeps = ["category"]\n[columns]\ntitle = ["标题"]\nreported_at = ["时间"]\ncategory = ["小类"]\n',
        encoding="utf-8",
    )
    path = ledger(tmp_path, ["狗叫", "2026-01-05 09:00", "养犬"], headers=["标题", "时间", "小类"])
    done = taken(path, profile=str(own))
    assert (counts(done), [(e.row, e.field, e.value) for e in done.remarks]) == (
        (1, 1, 0, 0),
        [(2, "category", "养犬")],
    )
    assert (Case.objects.get().category, Case.objects.get().extra) == (None, {"小类": "养犬"})


@pytest.mark.parametrize(
    ("field", "cells", "words"),
    [
        ("reported_at", {"上报时间": "2022-02-30"}, "没有“2022-02-30”这一天"),
        ("reported_at", {"上报时间": "2022-01-03 25:00"}, "没有“2022-01-03 25:00”这一天或这一刻"),
        ("reported_at", {"上报时间": "44562"}, "日期序号"),
        ("reported_at", {"上报时间": "44562.5"}, "日期序号"),
        ("reported_at", {"上报时间": "1900-01-01"}, "早于 2000-01-01"),
        ("reported_at", {"上报时间": "2031-01-01"}, "晚于现在"),
        ("answered_at", {"答复时间": "2022-01-01", "答复": "好"}, "早于上报时间"),
        ("closed_at", {"答复时间": "2022-01-05", "答复": "好", "结案时间": "2022-01-04"}, "早于答复时间"),
        ("closed_at", {"答复时间": "2022-01-05", "答复": "好", "结案时间": "2022-01-02"}, "早于上报时间"),
        ("answer", {"结案时间": "2022-01-04"}, "没有答复内容"),
        ("target_at", {"目标时间": "2046-01-01"}, "晚于 2045-12-31"),
        ("area", {"区域": "无此地"}, "没有名称或代码为“无此地”的区域"),
        ("category", {"类别": "无此类"}, "没有名称或代码为“无此类”的类别"),
        ("team", {"主办": "无此队"}, "没有名称或代码为“无此队”的工作队"),
        ("area", {"区域": "第三网格"}, "“第三网格”有 2 个，请改写代码：G3A、G3B"),
        ("title", {"标题": ""}, "请填写"),
    ],
)
def test_what_cannot_be_is_named_with_its_column_and_value(
    world: World, tmp_path: Path, field: str, cells: dict[str, str], words: str
) -> None:
    for code, parent in (("G3A", world.estate), ("G3B", world.other_street)):
        area(parent, code, "第三网格", AreaLevel.GRID)
    headers = ["标题", "上报时间", "目标时间", "区域", "类别", "主办", "答复", "答复时间", "结案时间"]
    fine = {"标题": "路灯不亮", "上报时间": "2022-01-03"}
    profile = tmp_path / "own.toml"
    names = ("title", "reported_at", "target_at", "area", "category", "team", "answer", "answered_at", "closed_at")
    columns = "\n".join(f'{name} = ["{head}"]' for name, head in zip(names, headers, strict=True))
    profile.write_text(f"[columns]\n{columns}\n", encoding="utf-8")
    row = [(fine | cells).get(head, "") for head in headers]
    done = taken(ledger(tmp_path, row, headers=headers), profile=str(profile))
    (error,) = done.errors
    column = dict(zip(names, headers, strict=True))[field]
    assert (error.row, error.field, error.value) == (2, field, cells.get(column, ""))
    assert words in error.reason
    assert not Case.objects.exists()


def test_all_errors_of_a_row_are_said_at_once(world: World, tmp_path: Path) -> None:
    path = ledger(tmp_path, ["", "2022-02-30", "无此地"], headers=["标题", "上报时间", "区域"])
    assert {error.field for error in taken(path).errors} == {"title", "reported_at", "area"}


def test_a_number_that_is_taken_by_another_row_is_named_and_the_case_stays(world: World, tmp_path: Path) -> None:
    taken(ledger(tmp_path, OPEN))
    other = [*OPEN[:2], "另一件事", *OPEN[3:]]
    done = taken(ledger(tmp_path, other))
    assert counts(done) == (1, 0, 0, 1)
    assert (done.errors[0].field, done.errors[0].value) == ("external_ref", "1002")
    assert Case.objects.get().number in done.errors[0].reason
    assert Case.objects.get().title == "停车难"


def test_what_an_older_release_imported_is_known_by_its_words(world: World, tmp_path: Path) -> None:
    taken(ledger(tmp_path, OPEN))
    ImportedCase.objects.all().delete()
    assert counts(taken(ledger(tmp_path, OPEN))) == (1, 0, 1, 0)
    assert counts(taken(ledger(tmp_path, [*OPEN[:2], "另一件事", *OPEN[3:]]))) == (1, 0, 0, 1)


def test_the_team_of_an_answered_row_has_the_case_and_that_of_an_open_one_is_kept(world: World, tmp_path: Path) -> None:
    headers = ["标题", "上报时间", "主办", "答复", "答复时间"]
    path = ledger(
        tmp_path, ["路灯", "2022-01-03", "T1", "已修好", "2022-01-05"], ["停车", "2022-01-03", "T1", "", ""],
        headers=headers,
    )  # fmt: skip
    done = taken(path)
    lamp, parking = Case.objects.order_by("pk")
    assert (lamp.team, parking.team, parking.extra) == (world.team, None, {"主办": "T1"})
    assert [(remark.row, remark.field) for remark in done.remarks] == [(3, "team")]


def test_a_column_that_the_sheet_lacks_is_named_in_our_words() -> None:
    assert column_of("answer", {"answer": "办理结果"}) == "办理结果"
    assert column_of("answer", {}) == "答复"
