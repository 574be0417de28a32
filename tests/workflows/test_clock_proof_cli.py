import io
import json

import pytest
from django.core.management import CommandError, call_command
from rich.cells import cell_len

from cases.terms import ClockKind
from tests.factories import World
from tests.workflows.proving import at, held
from workflows.models import Clock


def command(world: World, *options: str) -> str:
    out = io.StringIO()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("workflows.management.commands.clock_proof.timezone.now", lambda: at("03-09T10:00"))
        call_command("clock_proof", *options, stdout=out)
    return out.getvalue()


def test_the_command_prints_what_can_be_checked_with_a_pencil(world: World) -> None:
    case = world.case("in_progress", now=at("03-02T09:00"))
    held(world, case, "03-06T14:00", "03-09T10:00")
    lines = [" ".join(line.split()) for line in command(world, case.number).splitlines()]
    for line in (
        "逐步推算与记录全部相符。",
        "截至 2026-03-09 周一 10:00",
        "· 暂停，恢复后续计剩余时间 2026-03-06 周五 14:00 – 2026-03-09 周一 10:00",
        "陈队员申请，钱督办同意 挂账：理由",
        "暂停开始时还剩 45 小时 30 分：",
        "→ 2026-03-17 周二 15:30",
        "2026-03-17 周二 08:30–12:00、14:00–15:30 5 小时 45 小时 30 分",
    ):
        assert line in lines


def test_the_columns_of_the_command_stand_under_each_other(world: World) -> None:
    text = command(world, world.case("accepted").number)
    dates = [line for line in text.splitlines() if "第 " in line and " 日  " in line]
    assert len(dates) >= 5
    assert len({cell_len(line[: line.index("2026")]) for line in dates[-4:]}) == 1


def test_the_command_prints_json_with_moments_and_whole_seconds(world: World) -> None:
    case = world.case("in_progress", now=at("03-02T09:00"))
    held(world, case, "03-06T14:00", "03-09T10:00")
    said = json.loads(command(world, case.number, "--json"))
    assert (said["number"], said["holds"], said["as_of"]) == (case.number, True, "2026-03-09T10:00:00+08:00")
    handle = next(clock for clock in said["clocks"] if clock["clock"] == "handle")
    assert (handle["started_at"], handle["due_at"]) == ("2026-03-02T09:00:00+08:00", "2026-03-17T15:30:00+08:00")
    pause = handle["steps"][1]
    assert (pause["left_seconds"], pause["why"]) == (163800, "挂账：理由")
    assert pause["lines"][0] == {
        "first": "2026-03-09",
        "last": "2026-03-09",
        "of_days": 1,
        "stretches": [
            ["2026-03-09T10:00:00+08:00", "2026-03-09T12:00:00+08:00"],
            ["2026-03-09T14:00:00+08:00", "2026-03-09T17:30:00+08:00"],
        ],
        "number": "",
        "days": "2026-03-09 周一",
        "counted": "10:00–12:00、14:00–17:30",
        "is_counted": True,
        "seconds": 19800,
        "length": "5 小时 30 分",
        "total_seconds": 19800,
        "total": "5 小时 30 分",
    }


def test_the_command_says_loudly_what_does_not_agree_and_what_is_provisional(world: World) -> None:
    case = world.case("in_progress", now=at("12-22T10:00"))
    Clock.objects.filter(case=case, kind=ClockKind.HANDLE).update(due_at=at("12-30T10:00"))
    text = command(world, case.number)
    assert "不符！逐步推算与记录有出入，见下。" in text
    assert "   不符！到期：逐步推算为 2027-01-05 周二 17:30，记录为 2026-12-30 周三 10:00。" in text.splitlines()
    assert "   暂定：2027 年的放假通知尚未发布，发布后重算。" in text.splitlines()


def test_an_unknown_number_is_one_line_and_exit_code_2(world: World) -> None:
    with pytest.raises(CommandError, match=r"^没有编号为 2026-999999 的件。$") as caught:
        command(world, "2026-999999")
    assert caught.value.returncode == 2
