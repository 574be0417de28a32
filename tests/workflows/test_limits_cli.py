"""The command line of limits: import_limits and export_limits."""

import json
from datetime import timedelta
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
import time_machine
from django.core.management import CommandError, call_command

from cases.models import Category
from tests.factories import World
from workflows.models import PolicyVersion, SlaPolicy

GOOD = ("小类,完成时限,立案标准,备注", "路灯,4 工作时,三盏不亮,甲", "乱堆放,一般：3天；紧急：1天,占道,乙")
WRONG = ("小类,完成时限", "路灯,尽快", "井盖,3天")


@pytest.fixture(autouse=True)
def at_nine_on_monday(world: World) -> Any:
    with time_machine.travel(world.now, tick=False):
        yield


def run(*command: str) -> tuple[str, int]:
    """What a command prints, and its exit code."""
    out = StringIO()
    try:
        call_command(*command, stdout=out)
    except CommandError as error:
        return out.getvalue() or str(error), error.returncode
    return out.getvalue(), 0


def file_of(tmp_path: Path, *lines: str) -> str:
    path = tmp_path / "标准.csv"
    path.write_text("\n".join(lines), encoding="utf-8")
    return str(path)


def test_a_dry_run_says_everything_and_writes_nothing(world: World, tmp_path: Path) -> None:
    case = world.case("in_progress")
    with time_machine.travel(world.now + timedelta(days=2), tick=False):
        text, code = run("import_limits", file_of(tmp_path, *GOOD), "--dry-run", "--json")
    result = json.loads(text)
    figures = result.pop("preview")
    assert code == 0
    assert result == {
        "version": None, "base": 1, "rows": 2, "limits": 3, "standards": 2, "changed": 3, "restated": 2,
        "unread": ["备注"], "notes": [], "errors": [],
    }  # fmt: skip
    assert (figures["cases"], figures["moved"], figures["overdue_cases"]) == (1, 1, [case.number])
    assert figures["kinds"]["handle"] == {"clocks": 1, "moved": 1, "overdue": 1, "same": 0}
    assert PolicyVersion.objects.count() == 1


def test_an_import_makes_a_version_and_a_second_one_does_not(world: World, tmp_path: Path) -> None:
    given = file_of(tmp_path, *GOOD)
    text, code = run("import_limits", given, "--live-from", "2026-04-01", "--note", "和城管〔2026〕3号", "--json")
    assert (code, json.loads(text)["version"]) == (0, 2)
    made = PolicyVersion.objects.get(number=2)
    assert (made.note, made.live_from.isoformat()) == ("和城管〔2026〕3号", "2026-03-31T16:00:00+00:00")
    again, code = run("import_limits", given, "--json")
    assert (code, json.loads(again)["version"], json.loads(again)["changed"]) == (0, 2, 0)
    assert PolicyVersion.objects.count() == 2


def test_without_a_day_a_version_goes_live_in_a_week(world: World, tmp_path: Path) -> None:
    text, _code = run("import_limits", file_of(tmp_path, *GOOD))
    assert "已建立 v2，2026-03-09 起生效" in text


@pytest.mark.parametrize("flag", ["--dry-run", "--note=甲"])
def test_row_errors_end_with_one_and_are_listed(world: World, tmp_path: Path, flag: str) -> None:
    text, code = run("import_limits", file_of(tmp_path, *WRONG), flag, "--json")
    result = json.loads(text)
    assert code == 1
    assert [(e["row"], e["column"], e["value"]) for e in result["errors"]] == [
        (2, "完成时限", "尽快"),
        (3, "小类", "井盖"),
    ]
    assert all(error["message"] for error in result["errors"])
    assert (result["version"], result["rows"], result["preview"]) == (None, 2, None)
    assert PolicyVersion.objects.count() == 1


def test_the_text_form_can_be_read(world: World, tmp_path: Path) -> None:
    world.case("in_progress")
    text, _code = run("import_limits", file_of(tmp_path, *GOOD), "--dry-run")
    for words in ("2 行：3 个时限，2 个小类的标准", "没有读取的列：备注", "1 件时限会变", "4 工作时", "这是试运行"):
        assert words in text
    text, code = run("import_limits", file_of(tmp_path, *WRONG))
    assert code == 1
    for words in ("需要改正的单元格", "尽快", "井盖"):
        assert words in text


@pytest.mark.parametrize(("file", "flags", "said"), [
    ("没有.xlsx", (), "does not exist"),
    ("标准.csv", ("--live-from", "2026-03-02"), "须在将来"),
])  # fmt: skip
def test_what_cannot_be_done_says_why_and_ends_with_two(
    world: World, tmp_path: Path, file: str, flags: tuple[str, ...], said: str
) -> None:
    file_of(tmp_path, *GOOD)
    text, code = run("import_limits", str(tmp_path / file), *flags)
    assert (code, said in text) == (2, True)
    assert PolicyVersion.objects.count() == 1


def test_an_export_is_imported_without_a_change(world: World, tmp_path: Path) -> None:
    run("import_limits", file_of(tmp_path, *GOOD))
    path = tmp_path / "out.xlsx"
    assert run("export_limits", str(path)) == (f"已把 v2 写入 {path}。\n", 0)
    text, code = run("import_limits", str(path), "--json")
    result = json.loads(text)
    assert (code, result["version"], result["changed"], result["restated"], result["unread"]) == (0, 2, 0, 0, [])
    assert (result["limits"], result["standards"]) == (21, 2)


def test_an_older_version_is_exported_by_its_number(world: World, tmp_path: Path) -> None:
    run("import_limits", file_of(tmp_path, *GOOD))
    path = tmp_path / "out.xlsx"
    assert run("export_limits", str(path), "--version", "1")[1] == 0
    assert json.loads(run("import_limits", str(path), "--dry-run", "--json")[0])["limits"] == 18


@pytest.mark.parametrize(("name", "flags"), [("a.csv", ()), ("a.xlsx", ("--version", "9")), ("none/a.xlsx", ())])
def test_an_export_that_cannot_be_written_says_why(
    world: World, tmp_path: Path, name: str, flags: tuple[str, ...]
) -> None:
    text, code = run("export_limits", str(tmp_path / name), *flags)
    assert code == 2
    assert text


def test_categories_of_the_table_are_made_only_when_asked_for_and_with_their_table(tmp_path: Path) -> None:
    lines = ("大类,小类,完成时限,结案标准", "公共设施,井盖,4工作时,补齐", ",水管,2天,不漏", "公共设施,路灯,3天,已亮")
    given = file_of(tmp_path, *lines)
    before = set(Category.objects.values_list("code", "name"))
    assert run("import_limits", given)[1] == 1
    assert run("import_limits", given, "--add-categories", "--dry-run")[1] == 0
    assert set(Category.objects.values_list("code", "name")) == before
    assert run("import_limits", given, "--add-categories")[1] == 0
    added = Category.objects.exclude(code__in=[code for code, _ in before])
    assert list(added.values_list("code", "name", "group")) == [("202", "井盖", "公共设施"), ("203", "水管", "未分类")]
    assert SlaPolicy.objects.get(version__number=2, category__name="井盖").amount == 4


def test_one_wrong_cell_leaves_no_category_behind(tmp_path: Path) -> None:
    given = file_of(tmp_path, "小类,完成时限", "井盖,4工作时", "水管,尽快")
    text, code = run("import_limits", given, "--add-categories")
    assert (code, "尽快" in text, Category.objects.filter(name="井盖").exists()) == (1, True, False)
