"""Ledgers in: rows of Excel or CSV become cases at their true times; wrong rows are named, the others load."""

import hashlib
import tomllib
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field, replace
from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from django.core.exceptions import NON_FIELD_ERRORS, ValidationError
from django.db import DatabaseError, transaction
from django.utils.translation import gettext as _

from cases.commands import Person
from cases.lib.spreadsheet import Row, UnreadableSheet, clean_text, parse_datetime, read_rows
from cases.models import Area, Case, Category
from cases.terms import ClockKind, Source
from workflows import limits
from workflows import permissions as may
from workflows.commands.history import adopt_case
from workflows.commands.intake import Report, report_case

PROFILES = Path(__file__).parent / "import_profiles"
BATCH = 100
FIELDS = frozenset({
    "external_ref", "title", "reported_at", "target_at", "description", "answer", "answered_at", "reporter_name",
    "reporter_phone", "reporter_address", "place", "category", "area",
})  # fmt: skip
TITLE_LIMIT = PLACE_LIMIT = 120  # as the columns of Case
REF_LIMIT = 60


class ImportRefused(ValueError):
    """The whole file cannot be taken; the text says why and what to do."""


@dataclass(frozen=True)
class Profile:
    """Which column holds what, under the names by which it is found; from a TOML file."""

    name: str
    title: str
    zone: ZoneInfo
    required: tuple[str, ...]
    columns: dict[str, tuple[str, ...]]

    @property
    def has_targets(self) -> bool:
        """Whether its rows bring limits along."""
        return "target_at" in self.columns

    def found_in(self, headers: Iterable[str]) -> dict[str, str]:
        """{field: the header that holds it}: the first of the possible names that is there."""
        present = {header.replace(" ", ""): header for header in headers}
        named = {name: [present[h] for h in options if h in present] for name, options in self.columns.items()}
        return {name: options[0] for name, options in named.items() if options}


@dataclass(frozen=True)
class RowError:
    """A row that was not taken: where, in which field, why."""

    row: int
    field: str
    reason: str


@dataclass
class Imported:
    """What became of the rows."""

    profile: str = ""
    headers: dict[str, str] = field(default_factory=dict)
    rows: int = 0
    created: int = 0
    unchanged: int = 0
    errors: list[RowError] = field(default_factory=list)


@dataclass(frozen=True)
class Entry:
    """A row, read: the report, its moment, and the answer when there is one."""

    report: Report
    reported_at: datetime
    answer: str = ""
    answered_at: datetime | None = None


def load_profile(path: Path) -> Profile:
    """Read one profile; a mistake in it is said by name."""
    try:
        raw = tomllib.loads(path.read_text(encoding="utf-8"))
        columns = {name: tuple(options) for name, options in raw["columns"].items()}
        required = tuple(raw.get("required", ("title", "reported_at")))
        zone = ZoneInfo(raw.get("zone", "Asia/Shanghai"))
    except (OSError, ValueError, KeyError, AttributeError, TypeError) as error:
        raise ImportRefused(_("导入方案 %(path)s 不能用：%(why)s。") % {"path": path, "why": error}) from error
    if unknown := sorted({*columns, *required} - FIELDS):
        text = _("导入方案 %(path)s 里有不认识的字段：%(names)s。")
        raise ImportRefused(text % {"path": path, "names": "、".join(unknown)})
    return Profile(path.stem, raw.get("title", path.stem), zone, required, columns)


def find_profile(headers: Sequence[str], name: str = "") -> Profile:
    """The profile asked for by name or path, else the one that knows most of these columns."""
    if name:
        path = Path(name) if name.endswith(".toml") else PROFILES / f"{name}.toml"
        if not path.is_file():
            known = "、".join(sorted(p.stem for p in PROFILES.glob("*.toml")))
            text = _("没有导入方案 %(name)s，现有：%(known)s；也可以给出 .toml 文件的路径。")
            raise ImportRefused(text % {"name": name, "known": known})
        profile = load_profile(path)
        if lacking := [f for f in profile.required if f not in profile.found_in(headers)]:
            names = "、".join("/".join(profile.columns.get(f, (f,))) for f in lacking)
            raise ImportRefused(_("表里缺少这些列：%(names)s。") % {"names": names})
        return profile
    fitting = []
    for path in sorted(PROFILES.glob("*.toml")):
        profile = load_profile(path)
        found = profile.found_in(headers)
        if all(name in found for name in profile.required):
            fitting.append((len(found), profile))
    if not fitting:
        text = _("认不出表头（%(headers)s）：请用 --profile 指定导入方案。")
        raise ImportRefused(text % {"headers": "、".join(headers)})
    return max(fitting, key=lambda pair: pair[0])[1]


def default_area(code: str = "") -> Area:
    """The area asked for, else the root of the tree."""
    area: Area | None = (Area.objects.filter(code=code) if code else Area.objects.order_by("path")).first()
    if area is None:
        text = (
            _("没有代码为 %(code)s 的区域。") if code else _("还没有任何区域：请先在后台建立区域，或用 --area 指定。")
        )
        raise ImportRefused(text % {"code": code})
    return area


def import_file(  # noqa: PLR0913  # the options of the command
    path: Path,
    *,
    now: datetime,
    profile: str = "",
    area: str = "",
    dry_run: bool = False,
    limit: int | None = None,
    on_row: Callable[[int, int], None] | None = None,
) -> Imported:
    """Import a ledger. `on_row(done, total)` is told of progress; a dry run counts the same and leaves nothing.

    Raises ImportRefused when the file cannot be taken as a whole.
    """
    try:
        rows = list(islice(read_rows(path), limit))
    except (UnreadableSheet, OSError) as error:
        raise ImportRefused(str(error)) from error
    headers = list(dict.fromkeys(name for row in rows[:1] for name in row.values))
    if not rows:
        raise ImportRefused(_("%(path)s 里没有数据行。") % {"path": path.name})
    chosen = find_profile(headers, profile)
    reader = RowReader(chosen, chosen.found_in(headers), default_area(area), now)
    try:
        with transaction.atomic() if dry_run else nullcontext():
            done = _load(rows, reader, on_row)
            if dry_run:
                transaction.set_rollback(True)
    except limits.NoLimit as error:
        text = _("还没有设时限，件无法计时（%(why)s）：请先运行 manage.py seed_calendar。")
        raise ImportRefused(text % {"why": error}) from error
    return done


def _load(rows: Sequence[Row], reader: "RowReader", on_row: Callable[[int, int], None] | None) -> Imported:
    done = Imported(profile=reader.profile.name, headers=reader.headers, rows=len(rows))
    seen: dict[str, Row] = {}
    for start in range(0, len(rows), BATCH):
        batch = rows[start : start + BATCH]
        with transaction.atomic():
            known = _known_refs(reader.ref_of(row) for row in batch)
            for n, row in enumerate(batch, start + 1):
                ref = reader.ref_of(row)
                earlier = seen.setdefault(ref, row)
                if earlier is not row and earlier.values != row.values:
                    reason = _("编号 %(ref)s 与第 %(row)s 行重复，内容却不同。") % {"ref": ref, "row": earlier.number}
                    done.errors.append(RowError(row.number, "external_ref", reason))
                elif earlier is not row or ref in known:
                    done.unchanged += 1
                elif errors := _take(row, reader):
                    done.errors += errors
                else:
                    done.created += 1
                if on_row:
                    on_row(n, len(rows))
    return done


def _known_refs(refs: Iterator[str]) -> set[str]:
    rows = Case.objects.filter(source=Source.IMPORT, external_ref__in=list(refs))
    return set(rows.values_list("external_ref", flat=True))


def _take(row: Row, reader: "RowReader") -> list[RowError]:
    """Make one case inside a savepoint; what is wrong with the row comes back instead."""
    try:
        entry = reader.read(row)
        with transaction.atomic():
            if entry.answered_at is None:
                report_case(report=entry.report, actor=may.IMPORT, now=entry.reported_at)
            else:
                adopt_case(
                    report=entry.report,
                    reported_at=entry.reported_at,
                    answer=entry.answer,
                    answered_at=entry.answered_at,
                )
    except ValidationError as error:
        by_field = error.message_dict if hasattr(error, "error_dict") else {NON_FIELD_ERRORS: error.messages}
        return [
            RowError(row.number, "" if name == NON_FIELD_ERRORS else name, " ".join(map(str, messages)))
            for name, messages in by_field.items()
        ]
    except DatabaseError as error:
        return [RowError(row.number, "", _("数据库不接受这一行：%(why)s") % {"why": error})]
    return []


class RowReader:
    """Turns rows of one file into entries; looks categories and areas up once."""

    def __init__(self, profile: Profile, headers: dict[str, str], area: Area, now: datetime) -> None:
        self.profile, self.headers, self.area, self.now = profile, headers, area, now
        self.categories = {word: c for c in Category.objects.all() for word in (c.code, c.name)}
        self.areas = {a.name: a for a in Area.objects.order_by("-depth")} if "area" in headers else {}
        self.areas |= {a.code: a for a in self.areas.values()}
        self.used = frozenset(headers.values())

    def _text(self, row: Row, name: str) -> str:
        value = row.values.get(self.headers.get(name, ""), "")
        if isinstance(value, float) and value.is_integer():
            value = int(value)  # a number cell: 10006.0 is written 10006
        return clean_text("" if value is None else str(value).replace("\0", ""))

    def _moment(self, row: Row, name: str, *, may_lie_ahead: bool = False) -> datetime:
        value = row.values[self.headers[name]]
        try:
            moment = parse_datetime(value, self.profile.zone)
        except ValueError as error:
            text = _("“%(value)s”不是时间，请写成 2019-04-25 09:32 或 2019/4/25 9:32:09。")
            raise ValidationError({name: text % {"value": value}}) from error
        if moment > self.now and not may_lie_ahead:
            raise ValidationError({name: _("时间晚于现在。")})
        if moment.astimezone(self.profile.zone).date() < limits.FIRST_DAY:
            raise ValidationError({name: _("时间早于 %(day)s，工作日历里没有。") % {"day": limits.FIRST_DAY}})
        return moment

    def ref_of(self, row: Row) -> str:
        """The number that the row has elsewhere; without one, a digest of the row, so that a second run knows it."""
        if ref := self._text(row, "external_ref"):
            return ref
        words = "\n".join(f"{name}={value}" for name, value in sorted(row.values.items()))
        return "row-" + hashlib.sha256(words.encode()).hexdigest()[:20]

    def read(self, row: Row) -> Entry:
        """The entry of a row. Raises ValidationError({field: …}) for whatever is wrong with it."""
        answer, ref = self._text(row, "answer"), self.ref_of(row)
        answered = bool(self._text(row, "answered_at"))
        if len(ref) > REF_LIMIT:
            raise ValidationError({"external_ref": _("编号超过 %(n)s 个字。") % {"n": REF_LIMIT}})
        if answered and not answer:
            raise ValidationError({"answer": _("有答复时间，却没有答复内容。")})
        if answer and not answered:
            raise ValidationError({"answered_at": _("有答复内容，却没有答复时间。")})
        if not self._text(row, "reported_at"):
            raise ValidationError({"reported_at": _("请填写此项。")})
        extra = {name: _plain(value) for name, value in row.values.items() if name not in self.used and value != ""}
        reported_at = self._moment(row, "reported_at")
        report = replace(self._report(row, ref, extra), target_at=self._target(row, reported_at))
        return Entry(report, reported_at, answer, self._moment(row, "answered_at") if answered else None)

    def _target(self, row: Row, reported_at: datetime) -> datetime | None:
        """When it was due where it comes from. What had no limit there gets ours, from the day on which we take it."""
        if not self.profile.has_targets:
            return None
        if not self._text(row, "target_at"):
            return limits.due_from(ClockKind.OVERALL, self.now)
        target = self._moment(row, "target_at", may_lie_ahead=True)
        if target < reported_at:
            raise ValidationError({"target_at": _("目标时间早于上报时间。")})
        return target

    def _report(self, row: Row, ref: str, extra: dict[str, Any]) -> Report:
        title = self._cut(row, "title", TITLE_LIMIT, extra)
        category = self.categories.get(self._text(row, "category"))
        if category is None and self._text(row, "category"):
            extra[self.headers["category"]] = self._text(row, "category")
        area = self.areas.get(self._text(row, "area")) if self._text(row, "area") else self.area
        if area is None:
            text = _("没有名称或代码为“%(name)s”的区域。")
            raise ValidationError({"area": text % {"name": self._text(row, "area")}})
        return Report(
            area=area,
            title=title,
            description=self._text(row, "description") or self._text(row, "title"),
            place=self._cut(row, "place", PLACE_LIMIT, extra),
            category=category,
            source=Source.IMPORT,
            reporter=Person(
                name=self._text(row, "reporter_name"),
                phone=self._text(row, "reporter_phone"),
                address=self._text(row, "reporter_address"),
            ),
            external_ref=ref,
            extra=extra,
        )

    def _cut(self, row: Row, name: str, limit: int, extra: dict[str, Any]) -> str:
        """Text that fits its column; when it is cut the whole of it is kept in `extra`."""
        text = " ".join(self._text(row, name).split())
        if len(text) <= limit:
            return text
        extra[self.headers[name]] = text
        return text[: limit - 1] + "…"


def _plain(value: Any) -> Any:
    """A cell as JSON keeps it."""
    return value if isinstance(value, (bool, int, float)) else str(value).replace("\0", "").strip()
