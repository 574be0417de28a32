"""The seeds: national calendar against an independent package, limits, and second runs that change nothing."""

from datetime import date, timedelta

import chinese_calendar
import pytest

from cases.terms import ClockKind, Priority, Unit
from tests.factories import NOW
from workflows.commands.calendar import publish_calendar
from workflows.limits import built, work_calendar
from workflows.models import Calendar, CalendarDay, CalendarYear, PolicyVersion, SlaPolicy
from workflows.seed import is_published, seed_all, seed_calendar, seed_limits

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _no_calendar_of_another_test() -> None:
    built.cache_clear()  # a rolled back test gives its keys and revisions to the next one


def test_every_day_agrees_with_an_independent_package() -> None:
    seed_calendar(range(2019, 2027), now=NOW)
    ours = work_calendar(Calendar.objects.get(code="cn"))
    days = [date(2019, 1, 1) + timedelta(days=n) for n in range((date(2026, 12, 31) - date(2019, 1, 1)).days + 1)]
    differing = [day for day in days if ours.is_working_day(day) != chinese_calendar.is_workday(day)]
    assert differing == []
    assert len(days) == 2922


def test_a_make_up_saturday_is_worked_and_a_moved_monday_is_not() -> None:
    seed_calendar(range(2024, 2025), now=NOW)
    ours = work_calendar(Calendar.objects.get(code="cn"))
    assert ours.is_working_day(date(2024, 2, 4))
    assert not ours.is_working_day(date(2024, 2, 12))


def test_a_year_without_a_published_notice_is_provisional() -> None:
    seeded = seed_calendar(range(2025, 2029), now=NOW)
    assert seeded.provisional == tuple(year for year in range(2025, 2029) if not is_published(year))
    assert is_published(2026)
    assert 2028 in seeded.provisional
    assert not CalendarYear.objects.get(year=2026).provisional


def test_a_second_run_changes_nothing_and_keeps_the_revision() -> None:
    first = seed_calendar(range(2024, 2030), now=NOW)
    revision = Calendar.objects.get().revision
    second = seed_calendar(range(2024, 2030), now=NOW)
    assert (first.changed, second.changed) == (True, False)
    assert second.days == first.days
    assert Calendar.objects.get().revision == revision


def test_a_changed_provisional_day_is_mended_and_the_revision_grows() -> None:
    seed_calendar(range(2028, 2029), now=NOW)
    revision = Calendar.objects.get().revision
    day = CalendarDay.objects.first()
    assert day is not None
    CalendarDay.objects.filter(pk=day.pk).update(is_working=True)
    CalendarDay.objects.create(calendar=day.calendar, date=date(2028, 7, 3), is_working=False)
    publish_calendar(day.calendar, source="误录", now=NOW)
    assert seed_calendar(range(2028, 2029), now=NOW).changed
    assert not CalendarDay.objects.get(date=day.date).is_working
    assert not CalendarDay.objects.filter(date=date(2028, 7, 3)).exists()
    assert Calendar.objects.get().revision == revision + 2


def test_what_an_administrator_entered_for_a_final_year_stays() -> None:
    seed_calendar(range(2024, 2029), now=NOW)
    CalendarYear.objects.filter(year=2028).update(provisional=False)
    CalendarDay.objects.filter(date__year=2028).delete()
    calendar = Calendar.objects.get()
    CalendarDay.objects.create(calendar=calendar, date=date(2028, 1, 3), is_working=False, name="元旦")
    assert not seed_calendar(range(2024, 2029), now=NOW).changed
    assert list(CalendarDay.objects.filter(date__year=2028).values_list("date", flat=True)) == [date(2028, 1, 3)]


def test_december_work_of_the_next_notice_reaches_a_final_year() -> None:
    seed_calendar(range(2011, 2012), now=NOW)
    CalendarDay.objects.filter(date=date(2011, 12, 31)).delete()  # as it was before the notice of 2012
    assert seed_calendar(range(2011, 2013), now=NOW).changed
    assert CalendarDay.objects.get(date=date(2011, 12, 31)).is_working


def test_every_clock_has_a_limit_for_any_category() -> None:
    seed_all(range(2026, 2027), now=NOW)
    general = SlaPolicy.objects.filter(category=None, priority="").values_list("clock", flat=True)
    assert set(general) == set(ClockKind.values)
    critical = SlaPolicy.objects.get(clock=ClockKind.HANDLE, priority=Priority.CRITICAL)
    assert (critical.amount, critical.unit) == (24, Unit.HOURS)


def test_limits_that_exist_are_never_touched() -> None:
    seed_all(range(2026, 2027), now=NOW)
    SlaPolicy.objects.filter(clock=ClockKind.ACCEPT).update(amount=2)
    count = SlaPolicy.objects.count()
    assert seed_limits().number == 1
    assert set(SlaPolicy.objects.filter(clock=ClockKind.ACCEPT).values_list("amount", flat=True)) == {2}
    assert (SlaPolicy.objects.count(), PolicyVersion.objects.count()) == (count, 1)
