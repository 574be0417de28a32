"""`manage.py import_notice FILE`: the holidays of a year as they were announced; a second run changes nothing."""

import json
from argparse import ArgumentParser
from datetime import datetime
from pathlib import Path
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone
from django.utils.translation import gettext as _
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from cases.lib.spreadsheet import CellError, UnreadableSheet
from workflows.commands.notices import Taken, foresee_notice, take_notice
from workflows.models import Calendar
from workflows.notices import Notice, SpecialDay, read_notice
from workflows.seed import CODE

SHOWN = 200


class Command(BaseCommand):
    help = (
        "Import a year's notice of holidays (.xlsx or .csv: 日期, 类型 休/班, 说明); all of it, or nothing on an error."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path)
        parser.add_argument("--calendar", default=CODE, help="code of the calendar")
        parser.add_argument(
            "--year", type=int, action="append", default=[], help="the year that it settles, again for another one"
        )
        parser.add_argument("--source", default="", help="the number of the notice, such as 国办发明电〔2026〕7号")
        parser.add_argument("--dry-run", action="store_true", help="report the same figures and write nothing")
        parser.add_argument("--json", action="store_true", help="print the result as JSON")

    def handle(self, *_args: Any, **options: Any) -> None:
        calendar = _calendar(options["calendar"])
        try:
            notice = read_notice(options["file"], years=options["year"], weekdays=calendar.weekdays)
        except (UnreadableSheet, OSError) as error:
            raise CommandError(str(error), returncode=2) from error
        if notice.errors:
            self._refuse(notice, as_json=options["json"])
        now = timezone.now()
        if options["dry_run"]:
            taken = foresee_notice(notice, calendar=calendar, now=now)
        else:
            taken = self._take(notice, calendar, options["source"], now)
        if options["json"]:
            said = {"calendar": calendar.code, "dry_run": options["dry_run"], **as_json(notice, taken)}
            self.stdout.write(json.dumps(said, ensure_ascii=False))
        else:
            self._print(notice, taken, dry_run=options["dry_run"])

    def _refuse(self, notice: Notice, *, as_json: bool) -> None:
        """The row errors, and exit code 1."""
        if as_json:
            errors = [_error_json(error) for error in notice.errors]
            self.stdout.write(json.dumps({"rows": notice.rows, "errors": errors}, ensure_ascii=False))
        else:
            rows = Table(_("行"), _("列"), _("内容"), _("怎样改"), title=_("需要改正的单元格"))
            for error in notice.errors[:SHOWN]:
                rows.add_row(str(error.row), error.column, escape(error.value), escape(error.message))
            console = Console()
            with console.capture() as printed:
                console.print(rows)
            self.stdout.write(printed.get(), ending="")
        raise CommandError(_("通知有 %(n)s 处错误，没有导入。") % {"n": len(notice.errors)}, returncode=1)

    def _take(self, notice: Notice, calendar: Calendar, source: str, now: datetime) -> Taken:
        named = source or _("导入文件 %(name)s") % {"name": notice.title}
        try:
            return take_notice(notice, calendar=calendar, source=named, now=now)
        except ValidationError as error:
            raise CommandError("".join(error.messages), returncode=2) from error

    def _print(self, notice: Notice, taken: Taken, *, dry_run: bool) -> None:
        for words in notice.doubts():
            self.stdout.write(_("请核对：%(words)s") % {"words": words})
        changes, published = taken.changes, taken.published
        years = "、".join(map(str, notice.years))
        said = {"years": years, "rows": notice.rows, "days": len(notice.days)}
        self.stdout.write(_("%(years)s 年的通知：%(rows)s 行，%(days)s 个特别日。") % said)
        for sign, days in (("+", changes.added), ("-", changes.removed), ("~", [new for _was, new in changes.changed])):
            for day in days:
                self.stdout.write(f"  {sign} {_day(day)}")
        text = _("新增 %(added)s 天，删去 %(removed)s 天，更改 %(changed)s 天；其中 %(turned)s 天上班与否变了。")
        self.stdout.write(
            text % {name: len(getattr(changes, name)) for name in ("added", "removed", "changed", "turned")}
        )
        if changes.confirmed:
            self.stdout.write(_("由暂定改为已确认：%(years)s。") % {"years": "、".join(map(str, changes.confirmed))})
        counted = {"examined": published.examined, "moved": published.moved}
        counted |= {"late": published.late, "relieved": published.relieved}
        text = _(
            "在走的时限：核对 %(examined)s 个，改动 %(moved)s 个，因此超期 %(late)s 个，不再超期 %(relieved)s 个。"
        )
        self.stdout.write(text % counted)
        self.stdout.write(_outcome(taken, dry_run=dry_run))


def _outcome(taken: Taken, *, dry_run: bool) -> str:
    if dry_run:
        return _("这是试运行，没有留下任何数据。")
    if not taken.is_new:
        return _("与现有日历相同，没有新的版次。")
    return _("已发布日历第 %(n)s 版。") % {"n": taken.published.revision}


def _calendar(code: str) -> Calendar:
    found = Calendar.objects.filter(code=code).first()
    if found is None:
        known = "、".join(Calendar.objects.order_by("code").values_list("code", flat=True))
        text = _("没有代码为 %(code)s 的日历，请写现有的：%(known)s。")
        hint = _("没有任何日历，请先运行 manage.py seed_calendar。")
        raise CommandError(text % {"code": code, "known": known} if known else hint, returncode=2)
    return found


def _day(day: SpecialDay) -> str:
    return f"{day.date.isoformat()} {_('班') if day.is_working else _('休')} {day.name}".rstrip()


def _day_json(day: SpecialDay) -> dict[str, Any]:
    return {"date": day.date.isoformat(), "works": day.is_working, "name": day.name}


def _error_json(error: CellError) -> dict[str, Any]:
    return {"row": error.row, "column": error.column, "value": error.value, "message": error.message}


def as_json(notice: Notice, taken: Taken) -> dict[str, Any]:
    """The result for programs."""
    changes, published = taken.changes, taken.published
    return {
        "years": list(notice.years),
        "rows": notice.rows,
        "errors": [],
        "doubts": notice.doubts(),
        "added": [_day_json(day) for day in changes.added],
        "removed": [_day_json(day) for day in changes.removed],
        "changed": [{"was": _day_json(was), "is": _day_json(new)} for was, new in changes.changed],
        "turned": [day.isoformat() for day in changes.turned],
        "confirmed": changes.confirmed,
        "is_new": taken.is_new,
        "revision": published.revision,
        "limits": {
            "examined": published.examined,
            "moved": published.moved,
            "overdue": published.late,
            "relieved": published.relieved,
        },
    }
