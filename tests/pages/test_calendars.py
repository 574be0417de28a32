"""The pages of calendars: who reads them, a year in words, a notice taken over; provisional years wherever shown."""

from collections.abc import Callable
from datetime import date, datetime
from typing import Any

import pytest
import time_machine
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from cases import commands as facts
from cases.models import Case, User
from cases.terms import RequestKind
from tests.factories import SHANGHAI, World
from tests.pages.markup import faults
from tests.workflows.flows.asking import ask
from workflows.commands.calendar import publish_calendar
from workflows.commands.notices import take_notice
from workflows.models import Calendar, CalendarDay, CalendarRevision, CalendarYear, Clock, SlaPolicy
from workflows.notices import Notice, SpecialDay
from workflows.templatetags.lights import provisional

Read = Callable[..., Any]
ZH = {"accept-language": "zh-hans"}
DECEMBER = datetime(2026, 12, 22, 9, tzinfo=SHANGHAI)
OCTOBER = ("2027-10-01至2027-10-07,休,国庆节", "2027-10-09,班,")
PROVISIONAL = 'title="2027 年的放假通知还没有发布，通知到了会重新计算。">暂定</span>'


@pytest.fixture
def read(client: Client) -> Read:
    """A page as somebody sees it."""

    def page(viewer: User, path: str, moment: datetime = DECEMBER, **headers: str) -> Any:
        with time_machine.travel(moment, tick=False):
            client.force_login(viewer)
            return client.get(path, headers=ZH | headers)

    return page


@pytest.fixture
def send(client: Client) -> Read:
    """Post a form as somebody."""

    def post(viewer: User, path: str, follow: bool = False, **data: Any) -> Any:
        with time_machine.travel(DECEMBER, tick=False):
            client.force_login(viewer)
            return client.post(path, data, headers=ZH, follow=follow)

    return post


def upload(*lines: str, name: str = "通知.csv") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, "\n".join(["日期,类型,说明", *lines]).encode())


def special(world: World, *days: tuple[date, bool, str]) -> None:
    for day, works, name in days:
        CalendarDay.objects.create(calendar=world.calendar, date=day, is_working=works, name=name)
    publish_calendar(Calendar.objects.get(), source="国办发明电〔2025〕7号", now=world.now)


# ---- reading ----


@pytest.mark.parametrize(
    ("viewer", "status"),
    [("admin", 200), ("supervisor", 200), ("chief", 200), ("auditor", 200), ("desk", 403), ("member", 403)],
)
def test_calendars_are_for_those_who_watch_over_limits(world: World, read: Read, viewer: str, status: int) -> None:
    for path in ("/calendars/", "/calendars/cn/2026/"):
        assert read(getattr(world, viewer), path).status_code == status


def test_each_year_says_whether_it_is_settled_and_by_what(world: World, read: Read) -> None:
    special(world, (date(2026, 10, 1), False, "国庆节"))
    page = read(world.auditor, "/calendars/")
    text = page.content.decode()
    assert faults(text) == []
    rows = page.context["cards"][0].years
    assert [(row.year, row.is_final) for row in rows] == [(2027, False), (2026, True)]
    assert (rows[0].revision, rows[1].revision.number) == (None, 2)
    for words in ("08:30–12:00、14:00–17:30", "周一至周五", "已确认", "暂定", "国办发明电〔2025〕7号", "只按星期计算"):
        assert words in text


def test_december_of_the_next_notice_is_not_the_source_of_its_own_year(world: World, read: Read) -> None:
    days = (SpecialDay(date(2026, 12, 31), False, "元旦"), SpecialDay(date(2027, 1, 1), False, "元旦"))
    take_notice(Notice("", 2, (2027,), days), calendar=world.calendar, source="2027 年的通知", now=world.now)
    rows = read(world.auditor, "/calendars/").context["cards"][0].years
    assert [(row.year, row.revision.source) for row in rows] == [(2027, "2027 年的通知"), (2026, "测试")]


def test_a_year_shows_work_rest_holiday_and_make_up_in_words(world: World, read: Read) -> None:
    special(
        world,
        (date(2026, 10, 1), False, "国庆节"),
        (date(2026, 10, 3), False, "国庆节"),
        (date(2026, 10, 10), True, "调休补班"),
    )
    page = read(world.supervisor, "/calendars/cn/2026/")
    text = page.content.decode()
    assert faults(text) == []
    october = page.context["page"].months[9]
    cells = {cell.date.day: (cell.kind, cell.mark, cell.words) for week in october.weeks for cell in week if cell}
    assert cells[1] == cells[3] == ("holiday", "假", "放假 国庆节")
    assert cells[4] == ("rest", "休", "休息")
    assert cells[9] == ("work", "", "上班")
    assert cells[10] == ("makeup", "班", "补班 调休补班")
    assert (len(cells), october.workdays) == (31, 22)
    assert sum(month.workdays for month in page.context["page"].months) == page.context["page"].row.workdays == 261
    assert text.count('<table class="month">') == 12
    assert '<td class="day day--makeup" title="补班 调休补班"><span>10</span>' in text
    assert [(one.first.day, one.last.day, one.names) for one in page.context["page"].stretches] == [
        (1, 1, "国庆节"),
        (3, 3, "国庆节"),
        (10, 10, "调休补班"),
    ]


def test_a_year_without_a_notice_says_so_and_counts_the_limits_that_fall_in_it(world: World, read: Read) -> None:
    world.case("in_progress", now=DECEMBER)
    page = read(world.supervisor, "/calendars/cn/2027/")
    text = page.content.decode()
    assert "2027 年的放假通知还没有发布，通知到了会重新计算。下面只按星期计算。" in text
    assert page.context["page"].running == Clock.objects.filter(stopped_at=None, due_at__year=2027).count() == 2
    assert "暂定" not in read(world.supervisor, "/calendars/cn/2026/").content.decode()


def test_revisions_say_when_on_what_grounds_and_what_they_changed(world: World, read: Read) -> None:
    special(world, (date(2026, 10, 1), False, "国庆节"), (date(2026, 10, 3), False, "国庆节"))
    rows = read(world.supervisor, "/calendars/cn/2026/").context["revisions"]
    assert [(row.revision.number, row.revision.source, row.turned) for row in rows] == [
        (2, "国办发明电〔2025〕7号", 1),
        (1, "测试", 0),
    ]


def test_today_is_marked_and_the_neighbouring_years_are_a_tap_away(world: World, read: Read) -> None:
    text = read(world.supervisor, "/calendars/cn/2026/").content.decode()
    assert 'aria-current="date"><span>22</span>' in text
    assert "/calendars/cn/2025/" in text
    assert "/calendars/cn/2027/" in text
    assert read(world.supervisor, "/calendars/cn/").headers["location"] == "/calendars/cn/2026/"


@pytest.mark.parametrize(
    "path", ["/calendars/zz/2026/", "/calendars/cn/1999/", "/calendars/cn/2046/", "/calendars/cn/x/"]
)
def test_what_is_not_there_is_not_found(world: World, read: Read, path: str) -> None:
    assert read(world.supervisor, path).status_code == 404


def test_the_number_of_queries_does_not_grow_with_calendars_years_and_revisions(world: World, client: Client) -> None:
    client.force_login(world.supervisor)

    def queries(path: str) -> int:
        client.get(path)
        with CaptureQueriesContext(connection) as seen:
            assert client.get(path).status_code == 200
        return len(seen)

    paths = ("/calendars/", "/calendars/cn/2026/")
    before = [queries(path) for path in paths]
    for n in range(3):
        CalendarYear.objects.create(calendar=world.calendar, year=2027 + n, provisional=False)
        publish_calendar(Calendar.objects.get(code="cn"), source="通知", now=world.now)
        other = Calendar.objects.create(code=f"c{n}", name=f"夜班{n}")
        publish_calendar(other, source="夜班", now=world.now)
    assert [queries(path) for path in paths] == before


def test_the_pages_speak_english_too(world: World, read: Read) -> None:
    english = {"accept-language": "en"}
    for path in ("/calendars/", "/calendars/cn/2027/", "/calendars/cn/notice/"):
        assert read(world.admin, path, **english).status_code == 200


# ---- a notice ----


def test_a_notice_is_looked_at_first_and_confirmed_without_a_second_upload(world: World, send: Read) -> None:
    case = world.case("in_progress", now=DECEMBER)
    sent = {"file": upload("2027-01-01,休,元旦", *OCTOBER), "source": "国办发明电〔2026〕7号"}
    plan = send(world.admin, "/calendars/cn/notice/", **sent)
    text = plan.content.decode()
    assert (plan.status_code, faults(text)) == (200, [])
    assert (CalendarRevision.objects.count(), CalendarDay.objects.count()) == (1, 0)
    for words in ("2027 年由暂定改为已确认", "改动的时限", "2027-10-09", "补班 调休补班"):
        assert words in text
    assert plan.context["taken"].published.moved == 2
    hidden = {name: plan.context["form"].initial[name] for name in ("notice", "source", "base")}
    done = send(world.admin, "/calendars/cn/notice/", follow=True, **hidden)
    assert done.redirect_chain == [("/calendars/cn/2027/", 302)]
    assert "已发布日历第 2 版：改动 2 个时限，因此超期 0 个，不再超期 0 个。" in done.content.decode()
    assert CalendarRevision.objects.get(number=2).source == "国办发明电〔2026〕7号"
    assert Clock.objects.get(case=case, kind="handle").due_at.astimezone(SHANGHAI).date() == date(2027, 1, 6)
    again = send(world.admin, "/calendars/cn/notice/", **sent | {"file": upload("2027-01-01,休,元旦", *OCTOBER)})
    assert "与现有日历相同" in again.content.decode()


def test_row_errors_stand_beside_the_form_and_nothing_is_written(world: World, send: Read) -> None:
    sent = {"file": upload("2027-02-30,休,", *OCTOBER, "2027-10-08,调,"), "source": "通知"}
    page = send(world.admin, "/calendars/cn/notice/", **sent)
    text = page.content.decode()
    assert (page.status_code, faults(text)) == (422, [])
    for words in ("有 2 处需要改正", "没有 2027-02-30 这一天", "不认识的类型", 'value="通知"'):
        assert words in text
    assert CalendarDay.objects.count() == 0


@pytest.mark.parametrize(
    ("sent", "said"),
    [
        ({"source": "通知"}, "请选择文件"),
        ({"source": "通知", "file": upload(name="通知.pdf")}, "请选择 .xlsx 或 .csv 文件"),
        ({"source": "通知", "file": SimpleUploadedFile("a.xlsx", b"no zip")}, "这个文件读不了"),
        ({"source": "通知", "file": SimpleUploadedFile("a.csv", "甲,乙\n1,2".encode())}, "没有“日期”和“类型”两列"),
        ({"source": "通知", "file": upload("2026-12-31,休,元旦")}, "请写明年份"),
        ({"file": upload(*OCTOBER)}, "请写明依据哪份通知"),
        ({"source": "通知", "file": upload(*OCTOBER), "year": "3000"}, "请写四位数的年份"),
    ],
)
def test_what_cannot_be_read_says_why_at_its_field(world: World, send: Read, sent: dict[str, Any], said: str) -> None:
    for value in sent.values():
        if isinstance(value, SimpleUploadedFile):
            value.seek(0)
    page = send(world.admin, "/calendars/cn/notice/", **sent)
    assert page.status_code == 422
    assert said in page.content.decode()


def test_a_confirmation_that_was_tampered_with_asks_for_the_file_again(world: World, send: Read) -> None:
    page = send(world.admin, "/calendars/cn/notice/", notice="forged", source="通知", base="1")
    text = page.content.decode()
    assert (page.status_code, "上传已过期" in text, 'value="通知"' in text) == (422, True, True)
    assert "请选择文件。" not in text


def test_a_calendar_that_changed_meanwhile_is_shown_once_more(world: World, send: Read) -> None:
    plan = send(world.admin, "/calendars/cn/notice/", file=upload(*OCTOBER), source="通知")
    special(world, (date(2027, 5, 3), False, "劳动节"))
    hidden = {name: plan.context["form"].initial[name] for name in ("notice", "source", "base")}
    page = send(world.admin, "/calendars/cn/notice/", **hidden)
    assert page.status_code == 409
    assert "日历刚刚有了新的版次" in page.content.decode()
    assert [day.date for day in page.context["taken"].changes.removed] == [date(2027, 5, 3)]
    assert CalendarRevision.objects.count() == 2


@pytest.mark.parametrize("viewer", ["supervisor", "auditor", "desk"])
def test_only_an_administrator_takes_a_notice(world: World, read: Read, send: Read, viewer: str) -> None:
    person = getattr(world, viewer)
    assert read(person, "/calendars/cn/notice/").status_code == 403
    assert send(person, "/calendars/cn/notice/", file=upload(*OCTOBER), source="通知").status_code == 403
    assert "录入放假通知" not in read(person, "/calendars/").content.decode()


# ---- provisional, wherever a limit falls in such a year ----


@pytest.fixture
def into_2027(world: World) -> Case:
    """A case whose handling limit lies in January 2027."""
    return world.case("in_progress", now=DECEMBER, resident=True)


def places(world: World, case: Case) -> list[tuple[User | None, str]]:
    """Where its limits are shown."""
    link = facts.link_token(facts.resident_link(case, now=DECEMBER))
    asked_at = datetime(2026, 12, 31, 9, tzinfo=SHANGHAI)
    ask(world, case, RequestKind.EXTENSION, now=asked_at, details={"until": "2027-01-20T17:30:00+08:00"})
    return [
        (world.member, f"/cases/{case.number}/"),
        (world.member, "/"),
        (world.desk, "/cases/"),
        (world.supervisor, "/overdue/"),
        (world.supervisor, "/requests/"),
        (world.supervisor, "/"),
        (None, f"/r/{link}/"),
    ]


def shown(client: Client, viewer: User | None, path: str) -> str:
    client.logout()
    with time_machine.travel(datetime(2027, 1, 4, 10, tzinfo=SHANGHAI), tick=False):
        if viewer:
            client.force_login(viewer)
        answer = client.get(path, headers=ZH)
    assert answer.status_code == 200, path
    return str(answer.content.decode())


def test_a_limit_in_a_year_without_a_notice_is_marked_wherever_it_is_shown(
    world: World, into_2027: Case, client: Client
) -> None:
    found = places(world, into_2027)
    assert [path for viewer, path in found if PROVISIONAL not in shown(client, viewer, path)] == []
    CalendarYear.objects.create(calendar=world.calendar, year=2027, provisional=False)
    publish_calendar(Calendar.objects.get(), source="通知", now=DECEMBER)
    assert set(Clock.objects.values_list("calendar_revision", flat=True)) == {1}  # it moved nothing
    assert [path for viewer, path in found if "暂定" in shown(client, viewer, path)] == []


def test_the_receipt_of_a_report_says_that_the_date_is_provisional(world: World, client: Client) -> None:
    late = datetime(2026, 12, 31, 16, tzinfo=SHANGHAI)
    case = world.case(now=late)
    text = shown(client, world.grid_worker, f"/report/{case.number}/")
    assert PROVISIONAL in text
    token = facts.link_token(facts.resident_link(case, now=late))
    assert PROVISIONAL in shown(client, None, f"/r/{token}/receipt/")
    early = world.case(now=DECEMBER)
    assert "暂定" not in shown(client, world.grid_worker, f"/report/{early.number}/")


def test_a_limit_of_plain_days_needs_no_notice(world: World, client: Client) -> None:
    SlaPolicy.objects.update(unit="days")
    case = world.case("in_progress", now=DECEMBER)
    assert Clock.objects.filter(case=case, stopped_at=None, due_at__year=2027).exists()
    assert "暂定" not in shown(client, world.member, f"/cases/{case.number}/")


def test_what_was_met_is_provisional_no_longer(world: World, client: Client) -> None:
    case = world.case("closed", now=DECEMBER)
    met = Clock.objects.filter(case=case, due_at__year=2027)
    assert [provisional(clock) for clock in met] == ["", ""]
    assert "暂定" not in shown(client, world.member, f"/cases/{case.number}/")
