"""The demonstration: every kind of standing is shown, every history holds, and a second run only prints the logins."""

import stat
from collections import Counter
from collections.abc import Iterator
from datetime import datetime, timedelta
from io import StringIO
from pathlib import Path

import pytest
import time_machine
from django.contrib.auth import authenticate
from django.core.management import CommandError, call_command
from pytest_django.fixtures import Settings

from cases import events
from cases.lib.crypto import blind_index
from cases.models import Area, Case, CaseEvent, Posting, Reporter, RoleAssignment, User
from cases.terms import END_STATES, RequestState, Role, State
from tests.factories import SHANGHAI
from workflows import demo
from workflows.calendars import WorkCalendar
from workflows.demo.building import working_moment_before
from workflows.demo.stories import STORIES
from workflows.limits import built, default_calendar
from workflows.models import Clock, Part, Request

pytestmark = [pytest.mark.django_db, pytest.mark.data]

NOW = datetime(2026, 4, 15, 10, 20, tzinfo=SHANGHAI)  # a Wednesday; the weeks before hold a holiday


@pytest.fixture(autouse=True)
def _at_that_moment() -> Iterator[None]:
    built.cache_clear()
    with time_machine.travel(NOW, tick=False):
        yield


def test_working_time_is_counted_back_as_it_is_counted_on() -> None:
    calendar = WorkCalendar(NOW.date() - timedelta(days=400), NOW.date() + timedelta(days=1))
    sunday = datetime(2026, 4, 12, 23, 0, tzinfo=SHANGHAI)
    for moment in (NOW, sunday):
        for hours in (0.25, 1.5, 7.0, 33.0, 210.0):
            before = working_moment_before(calendar, moment, hours)
            assert calendar.between(before, moment) == timedelta(hours=hours)
            assert calendar.between(before, before + timedelta(seconds=1)) == timedelta(seconds=1)


def test_one_case_of_every_story_shows_every_standing() -> None:
    built = demo.build(NOW, size=len(STORIES))
    assert (built.created, built.cases) == (True, len(STORIES))
    assert set(built.states) == set(State.values)
    assert sum(built.states.values()) == built.cases
    assert events.verify_all().broken == []
    assert {r.state for r in Request.objects.all()} == {RequestState.ASKED, RequestState.AGREED}
    assert Part.objects.filter(answered_at=None).exists()
    assert Part.objects.exclude(answered_at=None).exists()
    assert Posting.objects.filter(area__name="平山小区").exists()


def test_the_whole_has_cases_that_are_late_soon_due_and_in_time() -> None:
    built = demo.build(NOW)
    assert 70 <= built.cases <= 90
    late, soon = Case.objects.overdue(NOW).count(), Case.objects.due_soon(NOW).count()
    still_open = Case.objects.open().count()
    assert 5 <= late <= still_open / 2
    assert soon >= 3
    assert still_open - late - soon >= 15
    assert not Clock.objects.filter(alarm_at__lte=NOW).exists()  # what is due has been marked
    assert CaseEvent.objects.filter(type="case.closed_unanswered").exists()
    moments = CaseEvent.objects.values_list("at", flat=True)
    assert max(moments) <= NOW
    assert all(c.holder_role for c in Case.objects.exclude(state__in=END_STATES))


def test_people_are_invented_and_unreachable() -> None:
    demo.build(NOW, size=12)
    phones = [r.phone for r in Reporter.objects.all()]
    assert len(phones) > 3
    assert all(phone.startswith("1630000") and len(phone) == 11 for phone in phones)
    assert Reporter.objects.filter(phone_index=blind_index(phones[0])).exists()
    assert not User.objects.exclude(email="").exists()


def test_every_role_has_a_login() -> None:
    demo.build(NOW, size=1)
    held = set(RoleAssignment.objects.values_list("role", flat=True))
    assert held == set(Role.values)
    admin = User.objects.get(username="admin")
    assert admin.is_staff
    assert admin.is_superuser
    assert User.objects.filter(is_superuser=True).count() == 1


def test_messages_of_the_weeks_before_are_not_sent_those_of_today_are() -> None:
    demo.build(NOW, size=12)
    day_ago = NOW - timedelta(days=1)
    assert not CaseEvent.objects.filter(relayed_at=None, at__lt=day_ago).exists()
    assert CaseEvent.objects.filter(relayed_at=None, at__gte=day_ago).exists()


@pytest.mark.parametrize("moment", [(2026, 10, 9, 8, 0), (2026, 2, 24, 23, 0), (2027, 12, 31, 12, 0)])
def test_it_is_built_after_long_holidays_at_night_and_in_provisional_years(moment: tuple[int, ...]) -> None:
    now = datetime(*moment, tzinfo=SHANGHAI)  # type: ignore[misc,arg-type]
    with time_machine.travel(now, tick=False):
        assert demo.build(now, size=len(STORIES)).cases == len(STORIES)
    assert Counter(Case.objects.values_list("state", flat=True))[State.IN_PROGRESS] >= 3
    assert default_calendar().last.year > 2027


def run(**options: object) -> str:
    out = StringIO()
    call_command("demo_data", stdout=out, **options)
    return out.getvalue()


def test_a_second_run_only_prints_the_same_logins(settings: Settings, tmp_path: Path) -> None:
    settings.DATA_DIR = tmp_path
    first = run(force=True, size=3)
    count = CaseEvent.objects.count()
    second = run(force=True, size=3)
    assert CaseEvent.objects.count() == count
    path = tmp_path / "demo-logins.txt"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    table = path.read_text(encoding="utf-8")
    assert table in first
    assert table in second
    password = table.splitlines()[1].split()[-1]
    assert len(password) >= 12
    for login in ("grid", "desk", "dispatcher", "member", "leader", "secretary", "survey", "supervisor", "chief"):
        user = authenticate(username=login, password=password)
        assert user is not None, login


def test_a_lost_file_gives_a_new_password(settings: Settings, tmp_path: Path) -> None:
    settings.DATA_DIR = tmp_path
    run(force=True, size=1)
    path = tmp_path / "demo-logins.txt"
    was = path.read_text(encoding="utf-8")
    path.unlink()
    run(force=True)
    table = path.read_text(encoding="utf-8")
    assert table != was
    assert authenticate(username="admin", password=table.split()[-1]) is not None


def test_a_file_of_another_database_is_not_believed(settings: Settings, tmp_path: Path) -> None:
    settings.DATA_DIR = tmp_path
    (tmp_path / "demo-logins.txt").write_text("old\n", encoding="utf-8")
    assert "old" not in run(force=True, size=1)
    assert stat.S_IMODE((tmp_path / "demo-logins.txt").stat().st_mode) == 0o600


def test_outside_a_demonstration_it_is_refused(settings: Settings) -> None:
    settings.DEMO = False
    with pytest.raises(CommandError) as refused:
        run()
    assert refused.value.returncode == 2
    assert not Area.objects.exists()


def test_the_demonstration_setting_is_enough(settings: Settings, tmp_path: Path) -> None:
    settings.DEMO, settings.DATA_DIR = True, tmp_path
    assert "1 件" in run(size=1)
