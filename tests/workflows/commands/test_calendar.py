from datetime import date, datetime

import pytest

from cases import events
from cases.models import Case, CaseEvent
from cases.terms import ClockKind, RequestKind
from tests.factories import SHANGHAI, World
from workflows import limits
from workflows.commands import adjust, calendar
from workflows.commands.calendar import publish_calendar, settle_all
from workflows.commands.sweep import sweep
from workflows.models import Calendar, CalendarDay, CalendarRevision, CalendarYear, Clock, SlaPolicy, TeamCalendar
from workflows.proofs import clock_proof


def at(day: int, hour: int, minute: int = 0) -> datetime:
    return datetime(2026, 3, day, hour, minute, tzinfo=SHANGHAI)


def day_off(world: World, day: int, name: str = "临时放假") -> None:
    CalendarDay.objects.create(calendar=world.calendar, date=date(2026, 3, day), is_working=False, name=name)


def publish(world: World, now: datetime | None = None) -> calendar.Published:
    return publish_calendar(Calendar.objects.get(pk=world.calendar.pk), source="通知", now=now or world.now)


def cut_off(row: Calendar, **_: object) -> calendar.Published:
    """As when the process was killed after the revision was committed."""
    return calendar.Published(row.revision, 0, 0)


def clock_of(case: Case, kind: ClockKind = ClockKind.HANDLE) -> Clock:
    return Clock.objects.get(case=case, kind=kind)


def test_a_calendar_that_did_not_change_gets_no_new_revision(world: World) -> None:
    assert (publish(world).revision, publish(world).revision, CalendarRevision.objects.count()) == (1, 1, 1)


def test_a_new_holiday_moves_running_limits_and_each_case_says_so(world: World) -> None:
    case = world.case("in_progress")
    day_off(world, 10)
    published = publish(world, at(3, 9))
    assert (published.revision, published.moved) == (2, 2)  # handle and overall
    clock = clock_of(case)
    assert (clock.due_at, clock.calendar_revision) == (at(17, 17, 30), 2)
    assert Case.objects.get(pk=case.pk).due_at == at(17, 17, 30)
    event = CaseEvent.objects.get(case=case, type="clock.recomputed")
    assert (event.data["calendar"], event.data["revision"]) == ("cn", 2)
    assert set(event.data["limits"]) == {"handle", "overall"}
    moved = event.data["limits"]["handle"]
    assert [datetime.fromisoformat(moved[name]) for name in ("was", "is")] == [at(16, 17, 30), at(17, 17, 30)]
    assert events.verify_all().broken == []


def test_only_what_differs_is_written(world: World) -> None:
    near = world.case("reported")  # due on the 3rd
    far = world.case("in_progress")
    day_off(world, 10)
    publish(world)
    assert clock_of(near, ClockKind.ACCEPT).calendar_revision == 1
    assert clock_of(far).calendar_revision == 2
    assert not CaseEvent.objects.filter(case=near, type="clock.recomputed", data__limits__has_key="accept").exists()


def test_plain_days_and_other_calendars_are_left_alone(world: World) -> None:
    SlaPolicy.objects.filter(clock="overall").update(unit="days")
    other = Calendar.objects.create(code="night", name="夜班", weekdays=[1, 2, 3, 4, 5, 6, 7])
    publish_calendar(other, source="夜班", now=world.now)
    TeamCalendar.objects.create(team=world.team, calendar=other)
    case = world.case("in_progress")
    day_off(world, 10)
    assert publish(world).moved == 0
    assert clock_of(case).calendar == other


def test_a_limit_that_moves_ahead_again_is_overdue_no_longer(world: World) -> None:
    case = world.case("in_progress")
    sweep(now=at(16, 18))
    assert clock_of(case).overdue_at is not None
    day_off(world, 16)
    publish(world, at(16, 18))
    clock = clock_of(case)
    assert (clock.overdue_at, clock.level, clock.due_at) == (None, 0, at(17, 17, 30))
    sweep(now=at(17, 17, 30))
    assert CaseEvent.objects.filter(case=case, type="clock.overdue", data__clock="handle").count() == 2


def test_the_next_step_of_a_ladder_moves_with_a_holiday_after_the_limit(world: World) -> None:
    case = world.case("in_progress")
    sweep(now=at(16, 18))
    assert clock_of(case).alarm_at == at(17, 14, 30)
    day_off(world, 17)
    assert publish(world, at(16, 18)).moved == 1  # `overall` alone
    assert clock_of(case).alarm_at == at(18, 14, 30)


def test_a_pause_keeps_what_was_left_under_the_new_calendar(world: World) -> None:
    case = world.case("in_progress")
    request = world.agreed(case, RequestKind.HOLD, review_at=at(31, 9).isoformat(), reason_code="season")
    adjust.hold_case(request=request, actor=world.supervisor, now=at(3, 8, 30))
    day_off(world, 5)
    publish(world, at(4, 9))
    adjust.resume_case(case_id=case.pk, actor=world.member, now=at(6, 8, 30))
    assert clock_of(case).due_at == at(19, 17, 30)  # until the 3rd one day had passed: nine were left


def test_what_has_stopped_keeps_its_dates_and_its_revision(world: World) -> None:
    case = world.case("submitted")
    before = Clock.objects.filter(case=case, kind="handle").values().get()
    day_off(world, 10)
    publish(world)
    assert Clock.objects.filter(case=case, kind="handle").values().get() == before


def test_a_publication_that_was_cut_off_is_gone_on_with(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    case = world.case("in_progress")
    day_off(world, 10)
    with monkeypatch.context() as patched:
        patched.setattr(calendar, "settle", cut_off)
        publish(world)
    assert (clock_of(case).due_at, Calendar.objects.get(pk=world.calendar.pk).revision) == (at(16, 17, 30), 2)
    assert settle_all(now=world.now) == 2
    assert clock_of(case).due_at == at(17, 17, 30)
    assert settle_all(now=world.now) == 0


def test_what_one_revision_changed_and_the_next_put_back_is_looked_at_again(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    Calendar.objects.update(settled=1)
    day_off(world, 10)
    with monkeypatch.context() as patched:
        patched.setattr(calendar, "settle", cut_off)
        publish(world)
    case = world.case("in_progress")  # by the second revision
    assert clock_of(case).due_at == at(17, 17, 30)
    CalendarDay.objects.all().delete()
    assert publish(world).moved == 2
    assert clock_of(case).due_at == at(16, 17, 30)


def test_new_office_hours_recompute_everything(world: World) -> None:
    case = world.case("accepted")  # four working hours from 09:00
    assert clock_of(case, ClockKind.DISPATCH).due_at == at(2, 15)
    Calendar.objects.update(periods=[["08:00", "12:00"], ["13:00", "17:00"]])
    publish(world)
    assert clock_of(case, ClockKind.DISPATCH).due_at == at(2, 14)


def test_a_revision_is_kept_as_it_was(world: World) -> None:
    day_off(world, 10, "校准日")
    publish(world)
    first, second = (limits.built(world.calendar.pk, number) for number in (1, 2))
    assert (first.is_working_day(date(2026, 3, 10)), second.is_working_day(date(2026, 3, 10))) == (True, False)
    assert (second.name_of(date(2026, 3, 10)), second.is_provisional(date(2027, 1, 1))) == ("校准日", True)
    assert not second.is_provisional(at(10, 9))


def test_a_dry_look_by_an_unsaved_revision_writes_nothing(world: World) -> None:
    case = world.case("in_progress")
    day_off(world, 10)
    row = Calendar.objects.get(pk=world.calendar.pk)
    new = limits.arithmetic(calendar.snapshot(row, source="", now=world.now))
    span = calendar.changed_span(limits.work_calendar(row), new)
    assert span == (at(10, 0), at(11, 0))
    chunks = list(calendar.differing(calendar.touched(row, *span), new))
    moved = {clock.kind: moments.due_at for chunk in chunks for clock, moments in chunk.moved}
    assert moved == {"handle": at(17, 17, 30), "overall": at(24, 17, 30)}
    assert clock_of(case).due_at == at(16, 17, 30)


def test_a_team_on_night_shift_counts_by_its_own_calendar(world: World) -> None:
    night = Calendar.objects.create(
        code="night", name="夜班", periods=[["00:00", "06:00"], ["22:00", "24:00"]], weekdays=[1, 2, 3, 4, 5, 6, 7]
    )
    publish_calendar(night, source="夜班", now=world.now)
    TeamCalendar.objects.create(team=world.team, calendar=night)
    case = world.case("dispatched")  # four working hours to sign, from 09:00
    assert clock_of(case, ClockKind.SIGN).due_at == at(3, 2)
    assert clock_of(case, ClockKind.OVERALL).calendar == world.calendar


def test_a_warning_that_moves_alone_is_shown_on_the_case_too(world: World) -> None:
    until = {"until": at(31, 17, 30).isoformat()}
    case = world.case("in_progress")
    request = world.agreed(case, RequestKind.EXTENSION, **until)
    adjust.extend_case(request=request, actor=world.supervisor, now=at(3, 9))
    before = Case.objects.get(pk=case.pk)
    day_off(world, 10)
    publish(world, at(3, 9))
    after = Case.objects.get(pk=case.pk)
    assert (after.due_at, after.warn_at) == (before.due_at, clock_of(case).warn_at)
    assert after.warn_at != before.warn_at


def test_a_year_that_is_confirmed_is_provisional_no_longer_though_nothing_moved(world: World) -> None:
    new_year = datetime(2026, 12, 31, 9, 0, tzinfo=SHANGHAI)
    case = world.report(now=new_year)
    assert [proof.provisional_years for proof in clock_proof(case, now=new_year).clocks] == [[2027], [2027]]
    CalendarYear.objects.create(calendar=world.calendar, year=2027, provisional=False)
    assert publish(world, new_year).moved == 0
    assert [proof.provisional_years for proof in clock_proof(case, now=new_year).clocks] == [[], []]
