"""A notice of holidays: what is read, what is refused and where, what it changes, and that twice is once."""

import json
from collections.abc import Callable
from datetime import date, datetime, timedelta
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
import xlsxwriter
from chinese_calendar import is_workday
from chinese_calendar.constants import holidays, workdays
from django.core.exceptions import PermissionDenied, ValidationError
from django.core.management import CommandError, call_command

from cases.events import verify_all
from cases.models import Case, CaseEvent
from tests.factories import SHANGHAI, World
from workflows.commands.notices import ChangedMeanwhile, Taken, foresee_notice, take_notice
from workflows.limits import work_calendar
from workflows.models import Calendar, CalendarDay, CalendarRevision, CalendarYear, Clock
from workflows.notices import NoNotice, Notice, SpecialDay, dates_of, read_notice, unpacked

Write = Callable[..., Path]
OCTOBER = ("2027-10-01至2027-10-07,休,国庆节", "2027-10-09,班,")


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """A notice as a CSV file."""

    def file(*lines: str, header: str = "日期,类型,说明") -> Path:
        path = tmp_path / "通知.csv"
        path.write_text("\n".join([header, *lines]), encoding="utf-8")
        return path

    return file


def cn() -> Calendar:
    return Calendar.objects.get(code="cn")


def errors(notice: Notice) -> list[tuple[int, str, str]]:
    return [(error.row, error.column, error.value) for error in notice.errors]


@pytest.mark.parametrize(
    ("written", "first", "last"),
    [
        ("2027-10-01", "2027-10-01", "2027-10-01"),
        ("2027/10/1", "2027-10-01", "2027-10-01"),
        ("2027年10月1日", "2027-10-01", "2027-10-01"),
        ("2027年10月1日（周五）", "2027-10-01", "2027-10-01"),
        ("２０２７－10－1", "2027-10-01", "2027-10-01"),
        (datetime(2027, 10, 1), "2027-10-01", "2027-10-01"),
        (date(2027, 10, 1), "2027-10-01", "2027-10-01"),
        ("2027-10-01至2027-10-07", "2027-10-01", "2027-10-07"),
        ("2027-10-01..2027-10-07", "2027-10-01", "2027-10-07"),
        ("2027年10月1日（周五）至7日（周四）", "2027-10-01", "2027-10-07"),
        ("2027.10.1-10.7", "2027-10-01", "2027-10-07"),
        ("2026年12月31日至2027年1月2日", "2026-12-31", "2027-01-02"),
    ],
)
def test_dates_are_read_as_offices_write_them(written: Any, first: str, last: str) -> None:
    found = dates_of(written)
    assert (found[0].isoformat(), found[-1].isoformat()) == (first, last)
    assert len(found) == (found[-1] - found[0]).days + 1


def test_a_notice_is_read_with_its_days_names_and_year(write: Write) -> None:
    notice = read_notice(write(*OCTOBER))
    assert (notice.years, notice.rows, len(notice.days), notice.errors) == ((2027,), 2, 8, ())
    assert notice.days[0] == SpecialDay(date(2027, 10, 1), is_working=False, name="国庆节")
    assert notice.days[-1] == SpecialDay(date(2027, 10, 9), is_working=True, name="调休补班")


def test_english_columns_and_words_and_an_excel_file_with_a_title_read_the_same(write: Write, tmp_path: Path) -> None:
    path = tmp_path / "notice.xlsx"
    with xlsxwriter.Workbook(path) as book:
        sheet, day = book.add_worksheet(), book.add_format({"num_format": "yyyy-mm-dd"})
        sheet.write_row(0, 0, ["关于2027年部分节假日安排的通知"])
        sheet.write_row(1, 0, ["Name", "Date", "Kind"])
        for n in range(7):
            sheet.write(n + 2, 0, "国庆节")
            sheet.write_datetime(n + 2, 1, datetime(2027, 10, 1 + n), day)
            sheet.write(n + 2, 2, "holiday")
        sheet.write_row(9, 0, ["调休补班", "2027-10-09", "Work"])
    assert read_notice(path).days == read_notice(write(*OCTOBER)).days


def test_december_before_belongs_to_the_notice_of_the_next_year(write: Write) -> None:
    notice = read_notice(write("2026-12-31,休,元旦", "2027-01-01,休,元旦", *OCTOBER))
    assert notice.years == (2027,)
    assert notice.days[0].date == date(2026, 12, 31)
    assert notice.errors == ()


def test_days_that_reach_into_january_do_not_settle_the_year_after(write: Write) -> None:
    notice = read_notice(write(*OCTOBER, "2027-12-31至2028-01-02,休,元旦"))
    assert notice.years == (2027,)
    assert errors(notice) == [(4, "日期", "2027-12-31至2028-01-02")]


def test_only_december_does_not_say_its_year_and_is_asked_for(write: Write) -> None:
    path = write("2026-12-31,休,元旦")
    with pytest.raises(NoNotice, match="请写明年份"):
        read_notice(path)
    assert read_notice(path, years=[2027]).years == (2027,)


@pytest.mark.parametrize(
    ("line", "column", "said"),
    [
        ("2027-02-30,休,", "日期", "没有 2027-02-30 这一天"),
        ("十月一日,休,", "日期", "看不懂的日期"),
        (",休,国庆节", "日期", "没有日期"),
        ("2027-10-07至2027-10-01,休,", "日期", "结束日期早于开始日期"),
        ("2027-05-01至2027-10-07,休,", "日期", "超过 31 天"),
        ("2027-10-08,调,", "类型", "不认识的类型：放假写“休”，补班写“班”"),
        ("2027-10-08,,", "类型", "没有类型"),
        ("2027-10-08,班,", "类型", "2027-10-08 本来就是上班日"),
        ("2027-10-02,班,", "类型", "2027-10-02 与第 2 行矛盾：同一天只能是“休”或“班”"),
        (f"2027-10-08,休,{'长' * 61}", "说明", "说明超过 60 个字"),
        ("2026-10-08,休,", "日期", "2026-10-08 不属于 2027 年的通知"),
    ],
)
def test_what_is_wrong_names_row_and_column_and_says_what_to_do(
    write: Write, line: str, column: str, said: str
) -> None:
    notice = read_notice(write(*OCTOBER, line), years=[2027])
    assert [(error.row, error.column) for error in notice.errors] == [(4, column)]
    assert said in notice.errors[0].message


def test_a_rest_day_on_a_weekend_and_the_same_line_twice_are_fine(write: Write) -> None:
    notice = read_notice(write(*OCTOBER, "2027-10-02,休,国庆节", "2027-10-03,放假,"))
    assert (notice.errors, len(notice.days)) == ((), 8)
    assert {day.name for day in notice.days if not day.is_working} == {"国庆节"}


def test_a_calendar_that_works_on_saturdays_needs_no_make_up_there(write: Write) -> None:
    notice = read_notice(write(*OCTOBER), weekdays=[1, 2, 3, 4, 5, 6])
    assert errors(notice) == [(3, "类型", "班")]


@pytest.mark.parametrize(
    ("header", "lines", "said"),
    [("名称,内容", ["a,b"], "没有“日期”和“类型”两列"), ("日期,类型,说明", [], "没有内容")],
)
def test_a_file_that_is_no_notice_says_what_it_needs(write: Write, header: str, lines: list[str], said: str) -> None:
    with pytest.raises(NoNotice, match=said):
        read_notice(write(*lines, header=header))


def test_a_year_without_its_national_holiday_raises_a_doubt(write: Write) -> None:
    assert read_notice(write(*OCTOBER)).doubts() == []
    assert "2027 年没有国庆节" in read_notice(write("2027-05-03,休,劳动节")).doubts()[0]


def test_a_notice_that_a_page_keeps_comes_back_as_it_was(write: Write) -> None:
    notice = read_notice(write(*OCTOBER))
    assert unpacked(json.loads(json.dumps(notice.packed()))) == notice


# ---- taking it over ----


@pytest.fixture
def take(world: World, write: Write) -> Callable[..., Taken]:
    def command(*lines: str, now: datetime = world.now, **more: Any) -> Taken:
        return take_notice(read_notice(write(*lines)), calendar=cn(), source="国办发明电〔2026〕7号", now=now, **more)

    return command


def late_in_2026(world: World) -> Case:
    """A case whose limits reach into 2027, for which nothing is known yet."""
    return world.case("in_progress", now=datetime(2026, 12, 22, 9, tzinfo=SHANGHAI))


NEW_YEAR = ("2027-01-01,休,元旦", *OCTOBER)


def test_a_notice_settles_its_year_and_moves_the_limits_that_fall_in_it(
    world: World, take: Callable[..., Taken]
) -> None:
    case = late_in_2026(world)
    handle = Clock.objects.get(case=case, kind="handle")
    assert handle.due_at == datetime(2027, 1, 5, 17, 30, tzinfo=SHANGHAI)
    assert work_calendar(cn()).is_provisional(handle.due_at)
    taken = take(*NEW_YEAR, now=datetime(2026, 12, 23, 9, tzinfo=SHANGHAI))
    assert (taken.is_new, taken.changes.confirmed, taken.published.revision, taken.published.moved) == (
        True,
        [2027],
        2,
        2,
    )
    assert Clock.objects.get(pk=handle.pk).due_at == datetime(2027, 1, 6, 17, 30, tzinfo=SHANGHAI)
    assert not work_calendar(cn()).is_provisional(handle.due_at)
    assert CalendarRevision.objects.get(number=2).source == "国办发明电〔2026〕7号"
    event = CaseEvent.objects.get(case=case, type="clock.recomputed")
    assert set(event.data["limits"]) == {"handle", "overall"}
    assert verify_all().broken == []


def test_the_same_notice_twice_changes_nothing(world: World, take: Callable[..., Taken]) -> None:
    late_in_2026(world)
    take(*NEW_YEAR)
    events, rows = CaseEvent.objects.count(), set(CalendarDay.objects.values_list("pk", "date", "is_working", "name"))
    again = take(*NEW_YEAR)
    assert (again.is_new, again.published.moved, again.published.revision) == (False, 0, 2)
    assert (CaseEvent.objects.count(), CalendarRevision.objects.count()) == (events, 2)
    assert set(CalendarDay.objects.values_list("pk", "date", "is_working", "name")) == rows


def test_a_dry_run_tells_the_figures_that_the_run_has_and_writes_nothing(world: World, write: Write) -> None:
    late_in_2026(world)
    CalendarDay.objects.create(calendar=cn(), date=date(2027, 5, 4), is_working=False, name="预计")
    CalendarDay.objects.create(calendar=cn(), date=date(2027, 1, 1), is_working=False, name="")
    notice = read_notice(write("2027-01-01,休,元旦", "2027-01-04,休,元旦", *OCTOBER))
    # The handling limit of the 5th of January is past on the 6th, and with the notice it is not.
    now = datetime(2027, 1, 5, 18, tzinfo=SHANGHAI)
    before = (CalendarDay.objects.count(), CaseEvent.objects.count(), CalendarRevision.objects.count())
    seen = foresee_notice(notice, calendar=cn(), now=now)
    assert (CalendarDay.objects.count(), CaseEvent.objects.count(), CalendarRevision.objects.count()) == before
    done = take_notice(notice, calendar=cn(), source="通知", now=now)
    assert seen == done
    changes = done.changes
    assert (len(changes.added), [day.date for day in changes.removed]) == (9, [date(2027, 5, 4)])
    assert [(was.name, new.name) for was, new in changes.changed] == [("", "元旦")]
    # Weekends among the seven days of October stay free: they are added, and nothing turns.
    assert changes.turned == [date(2027, 1, 4), date(2027, 5, 4), *(date(2027, 10, n) for n in (1, 4, 5, 6, 7, 9))]
    assert (done.published.moved, done.published.late, done.published.relieved) == (2, 0, 1)


def test_a_notice_that_takes_a_holiday_back_makes_late_what_was_not(world: World, take: Callable[..., Taken]) -> None:
    CalendarDay.objects.create(calendar=cn(), date=date(2027, 1, 4), is_working=False, name="预计")
    take(*OCTOBER, "2027-01-04,休,元旦")
    late_in_2026(world)
    done = take(*OCTOBER, now=datetime(2027, 1, 5, 18, tzinfo=SHANGHAI))
    assert (done.published.moved, done.published.late, done.published.relieved) == (2, 1, 0)


def test_other_years_keep_their_days(world: World, take: Callable[..., Taken]) -> None:
    kept = [date(2026, 12, 28), date(2026, 5, 1), date(2028, 1, 3)]
    for day in kept:
        CalendarDay.objects.create(calendar=cn(), date=day, is_working=False, name="旧")
    CalendarDay.objects.create(calendar=cn(), date=date(2027, 3, 1), is_working=False, name="旧")
    take("2026-12-31,休,元旦", *NEW_YEAR)
    left = set(CalendarDay.objects.filter(name="旧").values_list("date", flat=True))
    assert left == set(kept)
    assert not CalendarDay.objects.get(date=date(2026, 12, 31)).is_working
    assert CalendarYear.objects.filter(year=2026).exists()
    assert not CalendarYear.objects.get(year=2027).provisional


def test_december_that_came_with_the_next_notice_outlives_its_own_year_being_taken_again(
    take: Callable[..., Taken],
) -> None:
    take("2027-12-31,休,元旦", "2028-01-03,休,元旦", "2028-10-02至2028-10-08,休,国庆节")
    take(*NEW_YEAR)
    assert not CalendarDay.objects.get(date=date(2027, 12, 31)).is_working
    assert CalendarYear.objects.filter(provisional=False).count() == 3


def test_a_notice_with_errors_is_not_taken(world: World, write: Write) -> None:
    with pytest.raises(ValidationError, match="1 处错误"):
        take_notice(read_notice(write("2027-02-30,休,", *OCTOBER)), calendar=cn(), source="", now=world.now)
    assert CalendarRevision.objects.count() == 1


def test_only_an_administrator_takes_a_notice(world: World, take: Callable[..., Taken]) -> None:
    with pytest.raises(PermissionDenied):
        take(*OCTOBER, actor=world.supervisor)
    assert take(*OCTOBER, actor=world.admin).is_new


def test_what_was_compared_with_an_older_revision_is_compared_again(take: Callable[..., Taken]) -> None:
    take("2027-10-01,休,国庆节", expected=1)
    with pytest.raises(ChangedMeanwhile):
        take(*OCTOBER, expected=1)
    assert CalendarDay.objects.count() == 1


def test_the_notices_of_eight_years_give_every_day_as_an_independent_package_has_it(world: World, write: Write) -> None:
    for year in range(2019, 2027):
        lines = [f"{day},休,{name}" for day, name in holidays.items() if day.year == year]
        lines += [f"{day},班,{name}" for day, name in workdays.items() if day.year == year]
        take_notice(read_notice(write(*lines)), calendar=cn(), source=f"{year}", now=world.now)
    published = work_calendar(cn())
    days = [date(2019, 1, 1) + timedelta(days=n) for n in range(2922)]
    assert days[-1] == date(2026, 12, 31)
    assert [day for day in days if published.is_working_day(day) != is_workday(day)] == []
    assert set(range(2019, 2027)) <= published.final_years


# ---- the command line ----


def run(*command: str) -> Any:
    out = StringIO()
    call_command("import_notice", *command, "--json", stdout=out)
    return json.loads(out.getvalue())


def test_the_command_tells_first_and_then_does_the_same(world: World, write: Write) -> None:
    path = str(write(*NEW_YEAR))
    dry = run(path, "--dry-run", "--source", "国办发明电〔2026〕7号")
    assert CalendarRevision.objects.count() == 1
    done = run(path, "--source", "国办发明电〔2026〕7号")
    assert {**dry, "dry_run": False} == done
    assert (done["years"], done["confirmed"], done["revision"], done["is_new"]) == ([2027], [2027], 2, True)
    assert done["added"][0] == {"date": "2027-01-01", "works": False, "name": "元旦"}
    assert run(path)["is_new"] is False


def test_the_command_ends_with_one_and_writes_nothing_when_a_row_is_wrong(world: World, write: Write) -> None:
    path, out = str(write(*OCTOBER, "2027-02-30,休,")), StringIO()
    with pytest.raises(CommandError, match="1 处错误") as refused:
        call_command("import_notice", path, "--json", stdout=out)
    assert refused.value.returncode == 1
    assert [(error["row"], error["column"], error["value"]) for error in json.loads(out.getvalue())["errors"]] == [
        (4, "日期", "2027-02-30")
    ]
    assert (CalendarRevision.objects.count(), CalendarDay.objects.count()) == (1, 0)


def test_the_plain_output_names_days_figures_and_the_revision(world: World, write: Write) -> None:
    out = StringIO()
    call_command("import_notice", str(write("2027-05-03,休,劳动节")), stdout=out)
    text = out.getvalue()
    for words in ("2027 年没有国庆节", "+ 2027-05-03 休 劳动节", "由暂定改为已确认：2027", "已发布日历第 2 版"):
        assert words in text


@pytest.mark.parametrize(
    ("options", "said"),
    [(["--calendar", "zz"], "没有代码为 zz 的日历，请写现有的：cn"), ([], "没有“日期”和“类型”两列")],
)
def test_the_command_ends_with_two_when_it_cannot_begin(
    world: World, write: Write, options: list[str], said: str
) -> None:
    with pytest.raises(CommandError, match=said) as refused:
        call_command("import_notice", str(write("a,b", header="甲,乙")), *options)
    assert refused.value.returncode == 2
