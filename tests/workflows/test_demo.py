"""The parts of the demonstration: working time counted back, people, logins, odd moments, and the command."""

import stat
from collections import Counter
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from io import StringIO
from pathlib import Path

import pytest
import time_machine
from django.contrib.auth import authenticate
from django.core.management import CommandError, call_command
from pytest_django.fixtures import Settings

from cases.models import Area, Case, CaseEvent, Posting, RoleAssignment, User
from cases.terms import AreaLevel, Role, State
from tests.factories import SHANGHAI
from workflows.calendars import WorkCalendar
from workflows.demo.building import empty_district
from workflows.demo.days import Days
from workflows.demo.estates import ESTATES
from workflows.demo.logins import ensure_logins
from workflows.demo.people import make_people
from workflows.demo.places import make_places
from workflows.demo.recent import recent
from workflows.demo.size import MATTERS, MEETINGS, SOLVED, SUGGESTIONS, scaled
from workflows.demo.stories import STORIES
from workflows.limits import default_calendar

pytestmark = [pytest.mark.django_db, pytest.mark.data]

NOW = datetime(2026, 4, 15, 10, 20, tzinfo=SHANGHAI)  # a Wednesday; the weeks before hold a holiday
SINCE = date(2024, 1, 1)


@pytest.fixture(autouse=True)
def _at_that_moment() -> Iterator[None]:
    with time_machine.travel(NOW, tick=False):
        yield


def test_working_time_is_counted_back_as_it_is_counted_on() -> None:
    calendar = WorkCalendar(NOW.date() - timedelta(days=400), NOW.date() + timedelta(days=1))
    days = Days(NOW, calendar)
    sunday = datetime(2026, 4, 12, 23, 0, tzinfo=SHANGHAI)
    for moment in (NOW, sunday):
        for hours in (0.25, 1.5, 7.0, 33.0, 210.0):
            before = days.before(moment, hours)
            assert calendar.between(before, moment) == timedelta(hours=hours)
            assert calendar.between(before, before + timedelta(seconds=1)) == timedelta(seconds=1)


def test_stories_take_turns_and_none_goes_beyond_now() -> None:
    told: list[tuple[str, int]] = []

    def story(name: str, *hours: int) -> Iterator[datetime]:
        for hour in hours:
            yield NOW - timedelta(hours=hour)
            told.append((name, hour))

    days = Days(NOW, WorkCalendar(NOW.date() - timedelta(days=9), NOW.date() + timedelta(days=1)))
    for one in (story("a", 5, 3, 1), story("b", 4, 3, -1), story("c", -2)):
        days.begin(one)
    days.live()
    assert told == [("a", 5), ("b", 4), ("a", 3), ("b", 3), ("a", 1)]


def test_the_figures_of_the_report_and_what_they_are_at_a_smaller_scale() -> None:
    whole = scaled(1.0)
    assert (whole.suggestions, whole.solved, whole.open) == (SUGGESTIONS, SOLVED, 13) == (577, 564, 13)
    assert (whole.meetings, whole.matters) == (MEETINGS, MATTERS) == (370, 950)
    assert whole.estates == len(ESTATES) == 70
    small = scaled(0.05)
    assert (small.suggestions, small.solved, small.meetings, small.matters, small.estates) == (29, 28, 18, 48, 8)
    for wrong in (0, -1, 1.1):
        with pytest.raises(ValueError, match=str(wrong)):
            scaled(wrong)


def test_seventy_teams_of_three_stand_in_as_many_estates() -> None:
    places = make_places(SINCE, len(ESTATES))
    make_people(places, SINCE)
    posted = Posting.objects.filter(area__level=AreaLevel.ESTATE)
    assert posted.values("team").distinct().count() == posted.values("area").distinct().count() == 70
    of_teams = RoleAssignment.objects.filter(team__in=posted.values("team"))
    assert set(Counter(of_teams.values_list("team", flat=True)).values()) == {3}
    assert of_teams.values("user").distinct().count() == 210
    levels = Counter(Area.objects.values_list("level", flat=True))
    assert levels[AreaLevel.STREET] == 7
    assert set(levels) == set(AreaLevel.values)
    assert Area.objects.find_problems() == ([], [], [], [], [])


def test_every_role_has_a_login() -> None:
    make_people(make_places(SINCE), SINCE)
    held = set(RoleAssignment.objects.values_list("role", flat=True))
    assert held == set(Role.values)
    admin = User.objects.get(username="admin")
    assert admin.is_staff
    assert admin.is_superuser
    assert User.objects.filter(is_superuser=True).count() == 1
    assert not User.objects.exclude(email="").exists()


@pytest.mark.parametrize("moment", [(2026, 10, 9, 8, 0), (2026, 2, 24, 23, 0), (2027, 12, 31, 12, 0)])
def test_it_is_lived_after_long_holidays_at_night_and_in_provisional_years(moment: tuple[int, ...]) -> None:
    now = datetime(*moment, tzinfo=SHANGHAI)  # type: ignore[misc,arg-type]
    with time_machine.travel(now, tick=False):
        world = empty_district(now, scaled(0.01))
        for story in recent(world, 0.01):
            world.days.begin(story)
        world.days.live()
    assert Case.objects.count() == len(STORIES)
    assert Counter(Case.objects.values_list("state", flat=True))[State.IN_PROGRESS] >= 3
    assert default_calendar().last.year > 2027


def test_logins_are_kept_in_a_file_that_only_we_may_read(tmp_path: Path) -> None:
    make_people(make_places(SINCE), SINCE)
    table = ensure_logins(tmp_path)
    path = tmp_path / "demo-logins.txt"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert path.read_text(encoding="utf-8") == table == ensure_logins(tmp_path)
    password = table.splitlines()[1].split()[-1]
    assert len(password) >= 12
    for login in ("grid", "desk", "dispatcher", "member", "leader", "secretary", "survey", "supervisor", "chief"):
        assert authenticate(username=login, password=password) is not None, login


def test_a_lost_file_gives_a_new_password(tmp_path: Path) -> None:
    make_people(make_places(SINCE), SINCE)
    was = ensure_logins(tmp_path)
    (tmp_path / "demo-logins.txt").unlink()
    table = ensure_logins(tmp_path)
    assert table != was
    assert authenticate(username="admin", password=table.split()[-1]) is not None


def test_a_file_of_another_database_is_not_believed(tmp_path: Path) -> None:
    make_people(make_places(SINCE), SINCE)
    (tmp_path / "demo-logins.txt").write_text("old\n", encoding="utf-8")
    assert "old" not in ensure_logins(tmp_path)
    assert stat.S_IMODE((tmp_path / "demo-logins.txt").stat().st_mode) == 0o600


def run(**options: object) -> str:
    out = StringIO()
    call_command("demo_district", stdout=out, **options)
    return out.getvalue()


def test_a_second_run_only_prints_the_same_logins(settings: Settings, tmp_path: Path) -> None:
    settings.DEMO, settings.DATA_DIR = True, tmp_path
    first = run(scale=0.001)
    count = CaseEvent.objects.count()
    second = run(scale=0.001)
    assert CaseEvent.objects.count() == count
    table = (tmp_path / "demo-logins.txt").read_text(encoding="utf-8")
    assert table in first
    assert table in second
    assert "正在搭建" in first
    assert "正在搭建" not in second
    assert table not in run(auto=True)


def test_outside_a_demonstration_it_is_refused(settings: Settings) -> None:
    settings.DEMO = False
    with pytest.raises(CommandError) as refused:
        run()
    assert refused.value.returncode == 2
    assert run(auto=True) == ""
    with pytest.raises(CommandError) as wrong:
        run(force=True, scale=1.5)
    assert wrong.value.returncode == 2
    assert not Area.objects.exists()
