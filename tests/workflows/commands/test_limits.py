"""Versions of limits: imported all or nothing, previewed, and put onto running cases from their original moment."""

from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import connection
from django.test.utils import CaptureQueriesContext

from cases.events import verify_all
from cases.models import Case, Category, User
from cases.terms import ClockKind, EventType, Priority, RequestKind, Unit
from tests.factories import ROADS, SHANGHAI, World
from workflows import limit_plan
from workflows.commands import adjust, handling, intake
from workflows.commands.calendar import publish_calendar
from workflows.commands.limits import (
    Imported,
    NewerVersion,
    apply_version,
    copy_version,
    import_limits,
    is_in_use,
    not_yet_on,
    preview_version,
)
from workflows.commands.sweep import sweep
from workflows.lifecycle import CaseLifecycle
from workflows.limit_preview import KindFigures
from workflows.limit_tables import Categories, LimitTable, read_table
from workflows.models import Calendar, CalendarYear, Clock, PolicyVersion, SlaPolicy, Standard, TeamCalendar

DAY = timedelta(days=1)


@pytest.fixture
def table(tmp_path: Path) -> Any:
    """table("路灯,5个工作日") → the table with these lines."""

    def made(*lines: str, header: str = "小类,完成时限") -> LimitTable:
        path = tmp_path / "标准.csv"
        path.write_text("\n".join([header, *lines]), encoding="utf-8")
        return read_table(path, Categories(Category.objects.all()))

    return made


def taken(world: World, table: LimitTable, **given: Any) -> Imported:
    with_defaults = {"live_from": world.now + DAY, "actor": world.admin, "now": world.now} | given
    return import_limits(table, **with_defaults)


def live(world: World, table: LimitTable) -> tuple[PolicyVersion, datetime]:
    """A version made of a table, and a moment at which it is live."""
    return taken(world, table).version, world.now + DAY


def limits_of(version: PolicyVersion) -> dict[tuple[str, str, str], tuple[int, str]]:
    rows = version.policies.select_related("category")
    return {(str(row.category or ""), row.priority, row.clock): (row.amount, row.unit) for row in rows}


# ---- import ----


def test_an_import_is_a_copy_of_the_newest_version_with_the_table_in_its_place(world: World, table: Any) -> None:
    base = PolicyVersion.objects.get()
    handle = base.policies.get(clock="handle")
    handle.warn_percent, handle.ladder = 60, [["leader", 2, "working_days"]]
    handle.save()
    given = table(
        "全部小类,,8个工作日,,,",
        "路灯,紧急,3个工作日,不亮,复明,市政所",
        header="小类,紧急程度,完成时限,立案标准,结案标准,责任单位",
    )
    done = taken(world, given, note=" 和城管〔2026〕3号 ")
    version = done.version
    assert (version.number, version.note, version.live_from) == (2, "和城管〔2026〕3号", world.now + DAY)
    expected = limits_of(base) | {
        ("", "", "handle"): (8, "working_days"),
        ("路灯", "urgent", "handle"): (3, "working_days"),
    }
    assert limits_of(version) == expected
    lamp = version.policies.get(category=world.category)
    assert (lamp.warn_percent, lamp.ladder, lamp.calendar) == (60, [["leader", 2, "working_days"]], world.calendar)
    standard = version.standards.get()
    assert (standard.category, standard.filing, standard.closing, standard.unit) == (
        world.category,
        "不亮",
        "复明",
        "市政所",
    )
    assert limits_of(base) != limits_of(version)
    assert len(done.plan.changes) == 2


def test_a_standard_that_is_left_empty_stays_and_a_limit_can_be_taken_back(world: World, table: Any) -> None:
    header = "小类,完成时限,立案标准,结案标准"
    taken(world, table("路灯,3个工作日,不亮,复明", header=header))
    second = taken(world, table("路灯,按通用时限,三盏不亮,", header=header)).version
    assert second.number == 3
    assert not second.policies.filter(category=world.category).exists()
    assert second.standards.values_list("filing", "closing").get() == ("三盏不亮", "复明")


def test_one_row_error_keeps_everything_out(world: World, table: Any) -> None:
    with pytest.raises(ValidationError, match="1 处错误"):
        taken(world, table("路灯,3个工作日", "井盖,3天"))
    assert PolicyVersion.objects.count() == 1


@pytest.mark.parametrize("later", [timedelta(0), -DAY])
def test_a_version_never_goes_live_in_the_past(world: World, table: Any, later: timedelta) -> None:
    with pytest.raises(ValidationError, match="须在将来"):
        taken(world, table("路灯,3个工作日"), live_from=world.now + later)
    assert PolicyVersion.objects.count() == 1


def test_a_version_never_goes_live_before_the_one_that_it_was_made_from(world: World, table: Any) -> None:
    taken(world, table("路灯,3个工作日"), live_from=world.now + 10 * DAY)
    with pytest.raises(ValidationError, match="v2 将于 2026-03-12 生效"):
        taken(world, table("路灯,4个工作日"), live_from=world.now + 9 * DAY)
    assert PolicyVersion.objects.count() == 2


def test_a_table_that_changes_nothing_makes_no_version(world: World, table: Any) -> None:
    first = taken(world, table("路灯,3个工作日"))
    again = taken(world, table("路灯,3个工作日"), live_from=world.now - DAY)
    assert (first.is_new, again.is_new, again.version.number) == (True, False, 2)
    assert PolicyVersion.objects.count() == 2


def test_a_table_that_was_compared_with_an_older_version_is_not_taken(world: World, table: Any) -> None:
    given = table("路灯,3个工作日")
    taken(world, table("乱堆放,3个工作日"))
    with pytest.raises(NewerVersion, match="v2"):
        taken(world, given, expected=1)


@pytest.mark.parametrize("who", ["supervisor", "chief", "auditor", "desk"])
def test_only_an_administrator_sets_limits(world: World, table: Any, who: str) -> None:
    actor: User = getattr(world, who)
    version, at = live(world, table("路灯,3个工作日"))
    with pytest.raises(PermissionDenied):
        taken(world, table("路灯,4个工作日"), actor=actor)
    with pytest.raises(PermissionDenied):
        apply_version(version, actor=actor, now=at, reason="新规定")


def test_a_limit_for_any_urgency_that_hides_a_shorter_general_one_is_told(world: World, table: Any) -> None:
    base = PolicyVersion.objects.get()
    calendar = {"version": base, "calendar": world.calendar, "clock": "handle"}
    SlaPolicy.objects.create(**calendar, priority="critical", amount=24, unit=Unit.HOURS)
    plan = limit_plan.planned(table("路灯,12个工作日"), base)
    assert plan.notes == ["有 1 个小类没有写紧急程度：特急件的处置时限也按表中所写，不再是通用的 24 自然时。"]
    told = limit_plan.planned(table("路灯,一般：12个工作日；特急：12小时"), base)
    assert told.notes == []


def test_handling_that_may_take_longer_than_the_whole_is_told(world: World, table: Any) -> None:
    base = PolicyVersion.objects.get()
    (note,) = limit_plan.planned(table("路灯,16个工作日", "乱堆放,15个工作日"), base).notes
    assert note.startswith("有 1 个小类的处置时限比总时限长")
    both = table("路灯,处置,16个工作日", "路灯,总,20个工作日", header="小类,时限种类,完成时限")
    assert limit_plan.planned(both, base).notes == []


def test_a_copy_has_the_limits_and_the_standards(world: World) -> None:
    version = PolicyVersion.objects.get()
    Standard.objects.create(version=version, category=world.category, filing="不亮")
    copied = copy_version(version, now=world.now)
    assert (copied.number, copied.live_from) == (2, world.now + 7 * DAY)
    assert limits_of(copied) == limits_of(version)
    assert copied.standards.get().filing == version.standards.get().filing == "不亮"


# ---- preview ----


def test_a_preview_counts_what_would_move_and_what_would_be_late_at_once(world: World, table: Any) -> None:
    late, still = world.case("in_progress"), world.case("in_progress", accepted_as=world.photo_category)
    world.case("accepted", accepted_as=world.photo_category)
    version = taken(world, table("路灯,4 工作时")).version
    soon = preview_version(version, now=world.now + timedelta(hours=1))
    assert (soon.cases, soon.moved, soon.same, soon.overdue) == (3, 1, 2, ())
    found = preview_version(version, now=world.now + 2 * DAY)
    assert (found.cases, found.moved, found.overdue) == (3, 1, (late.number,))
    assert found.kinds == (
        KindFigures("dispatch", 1, 0, 0), KindFigures("handle", 2, 1, 1), KindFigures("overall", 3, 0, 0),
    )  # fmt: skip
    assert still.number not in found.overdue


def test_what_is_late_already_or_waits_is_not_late_at_once(world: World, table: Any) -> None:
    world.case("in_progress")
    waiting = world.case("deliberating")
    version = taken(world, table("路灯,1个工作日")).version
    assert Clock.objects.get(case=waiting, kind="handle").paused_at == world.now
    found = preview_version(version, now=world.now + 60 * DAY)
    assert (found.moved, found.overdue) == (2, ())


def test_a_preview_says_what_applying_then_does(world: World, table: Any) -> None:
    Category.objects.create(code="102", name="井盖", group="公共设施")
    for state in set(ROADS) - {"rejected", "closed"}:
        world.case(state)
        world.case(state, accepted_as=Category.objects.get(code="102"), priority=Priority.URGENT)
    extended = world.case("in_progress")
    _extended(world, extended)
    night = Calendar.objects.create(
        code="night", name="夜班", periods=[["20:00", "24:00"]], weekdays=[1, 2, 3, 4, 5, 6, 7]
    )
    CalendarYear.objects.create(calendar=night, year=2026, provisional=False)
    publish_calendar(night, source="测试", now=world.now)
    TeamCalendar.objects.create(team=world.team, calendar=night)
    given = table(
        "路灯,处置,3天", "全部小类,总,9个工作日", "井盖,核查,4工作时", "全部小类,派遣,5工作时",
        "全部小类,受理,2个工作日", header="小类,时限种类,完成时限",
    )  # fmt: skip
    version, at = live(world, given)
    before = dict(Clock.objects.filter(stopped_at=None).values_list("pk", "due_at"))
    found = preview_version(version, now=at)
    apply_version(version, actor=world.admin, now=at, reason="新规定")
    after = {clock.pk: clock for clock in Clock.objects.filter(stopped_at=None)}
    moved = [clock for pk, clock in after.items() if clock.due_at != before[pk]]
    assert after.keys() == before.keys()
    assert {kind.kind: kind.moved for kind in found.kinds if kind.moved} == {
        kind: sum(clock.kind == kind for clock in moved) for kind in {clock.kind for clock in moved}
    }
    assert {clock.kind for clock in moved} == {
        "accept",
        "dispatch",
        "sign",
        "handle",
        "verify",
        "overall",
    }  # sign: the night
    assert found.moved == len({clock.case_id for clock in moved})
    late = {clock.case.number for clock in moved if clock.due_at <= (clock.paused_at or at) < before[clock.pk]}
    assert set(found.overdue) == late
    assert preview_version(version, now=at).moved == 0


def _extended(world: World, case: CaseLifecycle) -> None:
    request = world.agreed(case, RequestKind.EXTENSION, until=(world.now + 30 * DAY).isoformat())
    adjust.extend_case(request=request, actor=world.supervisor, now=world.now)


def test_a_preview_reads_a_fixed_number_of_times_and_writes_nothing(world: World, table: Any) -> None:
    version = taken(world, table("路灯,1个工作日")).version

    def queries(more: int) -> int:
        for _ in range(more):
            world.case("deliberating")
            world.case("in_progress")
        with CaptureQueriesContext(connection) as seen:
            preview_version(version, now=world.now)
        assert not [one for one in seen.captured_queries if one["sql"].startswith(("INSERT", "UPDATE", "DELETE"))]
        return len(seen)

    queries(1)  # reads the revision of the calendar, once for all
    assert queries(1) == queries(4) == 8


# ---- putting running cases onto a version ----


def test_an_applied_version_counts_from_the_original_moment_and_the_history_says_so(world: World, table: Any) -> None:
    case = world.case("in_progress")
    version, at = live(world, table("路灯,3个工作日"))
    was = Clock.objects.get(case=case, kind="handle")
    (row,) = apply_version(version, actor=world.admin, now=at, reason=" 新规定 ")
    clock, case = Clock.objects.get(pk=was.pk), Case.objects.get(pk=case.pk)
    due = datetime(2026, 3, 5, 17, 30, tzinfo=SHANGHAI)
    assert (clock.started_at, clock.due_at, clock.policy.version) == (was.started_at, due, version)
    assert (case.policy_version, case.due_at) == (2, due)
    assert (row.number, row.was_version, row.moved) == (case.number, 1, {"handle": (was.due_at, due)})
    event = case.events.order_by("-seq")[0]
    assert (event.type, event.actor, event.at) == (EventType.CLOCK_RECOMPUTED, world.admin, at)
    assert event.data == {
        "version": 2,
        "was_version": 1,
        "limits": {"handle": {"was": "2026-03-16T09:30:00Z", "is": "2026-03-05T17:30:00+08:00"}},
        "reason": "新规定",
    }
    assert verify_all().broken == []


def test_applying_twice_changes_nothing_the_second_time(world: World, table: Any) -> None:
    for state in ("reported", "in_progress", "submitted"):
        world.case(state)
    version, at = live(world, table("全部小类,总,9个工作日", header="小类,时限种类,完成时限"))
    assert len(apply_version(version, actor=world.admin, now=at, reason="新规定")) == 3
    events = Case.objects.values_list("pk", "version", "policy_version")
    before = list(events)
    assert apply_version(version, actor=world.admin, now=at, reason="新规定") == []
    assert list(events) == before
    assert not not_yet_on(version).exists()


def test_pauses_and_extensions_are_kept(world: World, table: Any) -> None:
    waiting, extended = world.case("deliberating"), world.case("in_progress")
    _extended(world, extended)
    until = Clock.objects.get(case=extended, kind="handle").due_at
    version, at = live(world, table("路灯,3个工作日"))
    apply_version(version, actor=world.admin, now=at, reason="新规定")
    assert Clock.objects.get(case=extended, kind="handle").due_at == until
    paused = Clock.objects.get(case=waiting, kind="handle")
    assert (paused.paused_at, paused.alarm_at) == (world.now, None)


def test_a_case_made_late_rings_and_one_relieved_is_late_no_longer(world: World, table: Any) -> None:
    late = world.case("in_progress")
    at = world.now + 15 * DAY
    sweep(now=at)
    assert Clock.objects.get(case=late, kind="handle").overdue_at == at
    longer = taken(world, table("路灯,60个工作日")).version
    apply_version(longer, actor=world.admin, now=at, reason="放宽")
    relieved = Clock.objects.get(case=late, kind="handle")
    assert (relieved.overdue_at, relieved.level) == (None, 0)
    shorter = taken(world, table("路灯,2个工作日"), now=at, live_from=at + DAY).version
    apply_version(shorter, actor=world.admin, now=at + DAY, reason="收紧")
    assert Clock.objects.get(pk=relieved.pk).alarm_at <= at + DAY
    assert sweep(now=at + DAY)["overdue"] >= 1
    assert Clock.objects.get(pk=relieved.pk).overdue_at == at + DAY


def test_a_running_case_keeps_its_version_and_a_new_one_takes_the_live_one(world: World, table: Any) -> None:
    old = world.case("accepted")
    version, at = live(world, table("路灯,3个工作日"))
    new = world.case("accepted", now=at)
    for case in (old, new):
        handling.dispatch_case(case_id=case.pk, actor=world.dispatcher, now=at, team=world.team)
        handling.sign_case(case_id=case.pk, actor=world.member, now=at, handler=world.member)
    amounts = {c.case_id: c.policy.amount for c in Clock.objects.filter(kind="handle").select_related("policy")}
    assert amounts == {old.pk: 10, new.pk: 3}
    assert is_in_use(version)
    assert [case.pk for case in not_yet_on(version)] == [old.pk]


def test_a_case_that_is_not_accepted_yet_keeps_no_version_by_it(world: World, table: Any) -> None:
    case = world.case("reported")
    version, at = live(world, table("全部小类,受理,4工作时", header="小类,时限种类,完成时限"))
    (row,) = apply_version(version, actor=world.admin, now=at, reason="新规定")
    assert (row.was_version, set(row.moved)) == (None, {"accept"})
    assert Case.objects.get(pk=case.pk).policy_version is None
    intake.accept_case(case_id=case.pk, actor=world.desk, now=at, category=world.category, priority=Priority.NORMAL)
    assert Case.objects.get(pk=case.pk).policy_version == 2


def test_an_ended_case_is_left_alone(world: World, table: Any) -> None:
    ended = world.case("closed")
    version, at = live(world, table("路灯,3个工作日"))
    assert apply_version(version, actor=world.admin, now=at, reason="新规定") == []
    assert Case.objects.get(pk=ended.pk).policy_version == 1


@pytest.mark.parametrize("days", [0, 3])
def test_only_the_live_version_can_be_applied(world: World, table: Any, days: int) -> None:
    world.case("in_progress")
    first = taken(world, table("路灯,3个工作日")).version
    taken(world, table("路灯,4个工作日"), live_from=world.now + 2 * DAY)
    with pytest.raises(ValidationError, match="只有正在生效的版本"):
        apply_version(first, actor=world.admin, now=world.now + days * DAY, reason="新规定")


def test_applying_needs_a_reason(world: World, table: Any) -> None:
    version, at = live(world, table("路灯,3个工作日"))
    with pytest.raises(ValidationError, match="写明理由"):
        apply_version(version, actor=world.admin, now=at, reason="  ")


def test_so_many_at_most_and_the_rest_by_the_next_call(world: World, table: Any) -> None:
    numbers = [world.case("in_progress").number for _ in range(3)]
    version, at = live(world, table("路灯,3个工作日"))
    given = {"actor": world.admin, "now": at, "reason": "新规定", "most": 2}
    assert [row.number for row in apply_version(version, **given)] == numbers[:2]
    assert [row.number for row in apply_version(version, **given)] == numbers[2:]
    assert {clock.policy.amount for clock in Clock.objects.filter(kind=ClockKind.HANDLE)} == {3}
