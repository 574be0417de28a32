"""`manage.py add_working_time MOMENT AMOUNT`: the moment after so much working time, and what was counted."""

import json
from argparse import ArgumentParser
from datetime import date, datetime
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils.translation import gettext as _

from workflows.calendars import WorkCalendar
from workflows.counting import DAY_NAMES, Counted
from workflows.day_words import day_name
from workflows.seed import CODE
from workflows.working_time import Answer, Found, Unanswerable, answer, find_calendar, parse_amount, parse_moment


class Command(BaseCommand):
    help = "Print the moment after so much working time, each stretch or day that was counted, and what was skipped."
    requires_system_checks = []  # the answer needs neither keys nor a database

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("moment", help="2026-02-13T16:00+08:00; without an offset in the zone of the calendar")
        parser.add_argument("amount", help="8h, 30m or 1h30m of working time, or 3d working days")
        parser.add_argument("--calendar", default=CODE, help="code of the calendar")
        parser.add_argument("--json", action="store_true", help="print the result as JSON")

    def handle(self, *_args: Any, **options: Any) -> None:
        try:
            amount = parse_amount(options["amount"])
            found = find_calendar(options["calendar"])
            start = parse_moment(options["moment"], found.calendar)
            result = answer(found.calendar, start, amount)
        except Unanswerable as error:
            raise CommandError(str(error), returncode=2) from error
        if options["json"]:
            asked = {"start": start.isoformat(), "amount": options["amount"], "unit": amount.unit}
            self.stdout.write(json.dumps(asked | _as_json(result, found), ensure_ascii=False))
        else:
            self._print(result, found)

    def _print(self, result: Answer, found: Found) -> None:
        calendar = found.calendar
        self.stdout.write(_("到期：%(moment)s") % {"moment": _moment(result.due_at, calendar)})
        start = _moment(result.start, calendar)
        if result.days:
            self.stdout.write(
                _("自 %(start)s 的次日起数，到第 %(n)s 个工作日下班：") % {"start": start, "n": len(result.days)}
            )
        else:
            self.stdout.write(_("自 %(start)s 起，计入的工作时间：") % {"start": start})
        for line in _lines(result, calendar):
            self.stdout.write(f"  {line}")
        for year in result.provisional:
            text = _("暂定：%(year)s 年的放假通知还没有录入，通知到了会重算。")
            self.stdout.write(text % {"year": year})
        if found.revision is None:
            self.stdout.write(_("数据库里没有日历，按程序自带的日历（%(code)s）计算。") % {"code": found.code})
        else:
            said = {"code": found.code, "n": found.revision}
            self.stdout.write(_("日历：%(code)s 第 %(n)s 版。") % said)


def _lines(result: Answer, calendar: WorkCalendar) -> list[str]:
    """What was counted and what was skipped, in the order of the days."""
    lines = [
        (stretch.begin.astimezone(calendar.zone).date(), _stretch(stretch, calendar)) for stretch in result.stretches
    ]
    for day in result.days:
        counted = _("%(day)s 第 %(n)s 个工作日") % {"day": _day(day.date), "n": day.n}
        lines.append((day.date, f"{counted}（{day_name(day.why)}）" if day.why else counted))
    lines += [
        (d.date, _("%(day)s 不计：%(why)s") % {"day": _day(d.date), "why": day_name(d.why)}) for d in result.skipped
    ]
    return [words for _date, words in sorted(lines, key=lambda line: line[0])]


def _stretch(stretch: Counted, calendar: WorkCalendar) -> str:
    begin, end = stretch.begin.astimezone(calendar.zone), stretch.end.astimezone(calendar.zone)
    until = "24:00" if end.date() > begin.date() else _time(end)
    said = {"day": _day(begin.date()), "begin": _time(begin), "end": until}
    said |= {"length": _length(stretch.seconds), "total": _length(stretch.total)}
    return _("%(day)s %(begin)s–%(end)s %(length)s，累计 %(total)s") % said


def _length(seconds: int) -> str:
    minutes, over = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{over:02}" if over else f"{hours}:{minutes:02}"


def _time(local: datetime) -> str:
    return f"{local:%H:%M:%S}" if local.second else f"{local:%H:%M}"


def _day(day: date) -> str:
    return f"{day.isoformat()} {day_name(DAY_NAMES[day.weekday()])}"


def _moment(moment: datetime, calendar: WorkCalendar) -> str:
    local = moment.astimezone(calendar.zone)
    return f"{_day(local.date())} {_time(local)}"


def _as_json(result: Answer, found: Found) -> dict[str, Any]:
    zone = found.calendar.zone
    stretches = [
        {
            "from": one.begin.astimezone(zone).isoformat(),
            "to": one.end.astimezone(zone).isoformat(),
            "seconds": one.seconds,
            "total": one.total,
        }
        for one in result.stretches
    ]
    return {
        "due_at": result.due_at.astimezone(zone).isoformat(),
        "calendar": found.code,
        "revision": found.revision,
        "intervals": stretches or [{"date": day.date.isoformat(), "n": day.n} for day in result.days],
        "skipped": [{"date": day.date.isoformat(), "why": day.why} for day in result.skipped],
        "provisional": result.provisional,
    }
