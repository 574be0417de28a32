"""What the rows of a ledger say: each becomes an entry, is known already, or is wrong in a column that is named.

Nothing is mended in silence: what cannot stand as it is written is an error, what is kept in another way a remark.
"""

import hashlib
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, TypeVar

from django.utils.translation import gettext as _

from cases.commands import Person
from cases.lib.spreadsheet import Row, clean_text, parse_datetime
from cases.models import Area, Case, Category, Team
from cases.terms import ClockKind, Source
from workflows import limits
from workflows.commands.adopting import Entry
from workflows.commands.intake import Report
from workflows.ledger_profiles import Profile

TITLE_LIMIT = PLACE_LIMIT = 120  # as the columns of Case
REF_LIMIT = 60
AT_ONCE = 500
SERIAL = re.compile(r"\d{4,5}(\.\d+)?")  # how Excel counts days since 1900, where a cell lost its format
DAY_LIKE = re.compile(r"\d{4}\D\d{1,2}\D\d{1,2}(\D|$)")
Place = TypeVar("Place", Area, Category, Team)


@dataclass(frozen=True)
class RowError:
    """What is to be said of a row: in which field, why, and what stands there."""

    row: int
    field: str
    reason: str
    value: str = ""


@dataclass
class Checked:
    """A row and what it comes to: an entry, or errors, or `same`, which says where it has been seen before."""

    row: Row
    ref: str
    digest: str
    entry: Entry | None = None
    errors: list[RowError] = field(default_factory=list)
    remarks: list[RowError] = field(default_factory=list)
    same: str = ""


Seen = dict[str, tuple[int, str]]  # by its number, the first row that had it, and the digest of that


def digest_of(row: Row) -> str:
    """The whole row in few letters: two rows that say the same have the same."""
    words = "\n".join(f"{name}={value}" for name, value in sorted(row.values.items()))
    return hashlib.sha256(words.encode()).hexdigest()


def seen_in(rows: Sequence[Row], reader: "RowReader") -> Seen:
    """What has been seen when these rows of the file lie behind."""
    seen = Seen()
    for row in rows:
        one = Checked(row, "", digest_of(row))
        seen.setdefault(reader.ref_of(one), (row.number, one.digest))
    return seen


def check(rows: Sequence[Row], reader: "RowReader", seen: Seen | None = None) -> Iterator[Checked]:
    """Each row with its verdict, in their order; `seen` goes along when the rows of a file come in several parts."""
    earlier = {} if seen is None else seen
    for start in range(0, len(rows), AT_ONCE):
        part = [Checked(row, "", digest_of(row)) for row in rows[start : start + AT_ONCE]]
        for one in part:
            one.ref = reader.ref_of(one)
        known = _known([one.ref for one in part])
        for one in part:
            number, digest = earlier.setdefault(one.ref, (one.row.number, one.digest))
            if number != one.row.number:
                _compare(one, number, is_same=digest == one.digest)
            elif one.ref in known:
                known[one.ref].compare(one, reader)
            else:
                reader.read(one)
            yield one


def _compare(one: Checked, number: int, *, is_same: bool) -> None:
    if is_same:
        one.same = _("与第 %(row)s 行相同，只算一次。") % {"row": number}
        return
    reason = _("编号 %(ref)s 与第 %(row)s 行重复，内容却不同。") % {"ref": one.ref, "row": number}
    one.errors.append(RowError(one.row.number, "external_ref", reason, one.ref))


@dataclass(frozen=True)
class _Known:
    """A case that came with the same number before; those of old imports have no digest of their row."""

    number: str
    digest: str
    title: str
    reported_at: datetime

    def compare(self, one: Checked, reader: "RowReader") -> None:
        """The same row once more, or another one under its number."""
        if self.digest == one.digest or (not self.digest and self._says(one, reader)):
            one.same = _("以前已经导入，是 %(number)s。") % {"number": self.number}
            return
        reason = _("编号 %(ref)s 已经有件 %(number)s，内容却不同。") % {"ref": one.ref, "number": self.number}
        one.errors.append(RowError(one.row.number, "external_ref", reason, one.ref))

    def _says(self, one: Checked, reader: "RowReader") -> bool:
        trial = Checked(one.row, one.ref, one.digest)
        reader.read(trial)
        entry = trial.entry
        return entry is not None and (entry.report.title, entry.reported_at) == (self.title, self.reported_at)


def _known(refs: Sequence[str]) -> dict[str, _Known]:
    rows = Case.objects.filter(source=Source.IMPORT, external_ref__in=refs)
    found = rows.values_list("external_ref", "number", "imported__digest", "title", "reported_at")
    return {ref: _Known(number, digest or "", title, at) for ref, number, digest, title, at in found}


class RowReader:
    """Turns rows of one file into entries; looks up areas, categories and teams once.

    `within` are the paths of the areas into which its user may import; None stands for everywhere.
    """

    def __init__(
        self, profile: Profile, headers: dict[str, str], area: Area, now: datetime, within: Sequence[str] | None = None
    ) -> None:
        self.profile, self.headers, self.area, self.now = profile, headers, area, now
        self.within = None if within is None else tuple(within)
        self.categories = _by_words("category" in headers, Category.objects.filter(active=True), "code", "name")
        self.areas = _by_words("area" in headers, Area.objects.all(), "code", "name", "full_name")
        self.teams = _by_words("team" in headers, Team.objects.filter(active=True), "code", "name")
        self.used = frozenset(headers.values())
        self._limit_from_now: datetime | None = None

    def text(self, row: Row, name: str) -> str:
        """What stands in a field, without clutter."""
        value = row.values.get(self.headers.get(name, ""), "")
        return clean_text("" if value is None else str(value).replace("\0", ""))

    def ref_of(self, one: Checked) -> str:
        """The number that the row has elsewhere; without one, a digest of the row, so that a second run knows it."""
        return self.text(one.row, "external_ref") or f"row-{one.digest[:20]}"

    def read(self, one: Checked) -> None:
        """Give a row its entry, or every error that is in it."""
        _Reading(self, one).finish()

    def limit_from_now(self) -> datetime:
        """When what had no limit where it comes from is due: from the day on which we take it. Raises NoLimit."""
        if self._limit_from_now is None:
            self._limit_from_now = limits.due_from(ClockKind.OVERALL, self.now)
        return self._limit_from_now


def _by_words(wanted: bool, rows: Any, *names: str) -> dict[str, list[Any]]:
    """Rows of a register by each word that may stand for one; a word that stands for several keeps them all."""
    found: dict[str, list[Any]] = {}
    for row in rows if wanted else ():
        for word in {getattr(row, name) for name in names} - {""}:
            found.setdefault(word, []).append(row)
    return found


class _Reading:
    """One row while it is read: what was wrong and what is to be said of it."""

    def __init__(self, reader: RowReader, one: Checked) -> None:
        self.reader, self.one, self.row = reader, one, one.row
        unread = ((name, value) for name, value in one.row.values.items() if name not in reader.used)
        self.extra: dict[str, Any] = {name: _plain(value) for name, value in unread if value != ""}

    def _wrong(self, name: str, reason: str) -> None:
        self.one.errors.append(self._said(name, reason))

    def _remark(self, name: str, reason: str) -> None:
        self.one.remarks.append(self._said(name, reason))

    def _said(self, name: str, reason: str) -> RowError:
        value = self.row.values.get(self.reader.headers.get(name, ""), "")
        return RowError(self.row.number, name, reason, "" if value is None else str(value))

    def _text(self, name: str) -> str:
        return self.reader.text(self.row, name)

    def finish(self) -> None:
        """Read everything, so that every error of the row is said at once."""
        one, reported_at = self.one, self._moment("reported_at", must=True)
        if len(one.ref) > REF_LIMIT:
            self._wrong("external_ref", _("编号超过 %(n)s 个字。") % {"n": REF_LIMIT})
        answer, answered_at, closed_at = self._answer(reported_at)
        team = self._named("team", self.reader.teams, _("没有名称或代码为“%(word)s”的工作队或单位。"))
        if team and not answer:
            self._keep("team", _("还没有答复的件从受理开始办，主办单位照原文留在附加信息里。"))
            team = None
        report = self._report(reported_at)
        if report and reported_at:
            one.entry = Entry(report, reported_at, answer, answered_at, closed_at, team)

    def _answer(self, reported_at: datetime | None) -> tuple[str, datetime | None, datetime | None]:
        answer, answered, closed = self._text("answer"), self._moment("answered_at"), self._moment("closed_at")
        has_moment = bool(self._text("answered_at"))
        if has_moment and not answer:
            self._wrong("answer", _("有答复时间，却没有答复内容。"))
        elif answer and not has_moment:
            self._wrong("answered_at", _("有答复内容，却没有答复时间。"))
        elif self._text("closed_at") and not answer:
            self._wrong("answer", _("有结案时间，却没有答复内容。"))
        if answered and reported_at and answered < reported_at:
            self._wrong("answered_at", _("答复时间早于上报时间。"))
        if closed and reported_at and closed < reported_at:
            self._wrong("closed_at", _("结案时间早于上报时间。"))
        elif closed and answered and closed < answered:
            self._wrong("closed_at", _("结案时间早于答复时间。"))
        return answer, answered, closed

    def _moment(self, name: str, *, must: bool = False, may_lie_ahead: bool = False) -> datetime | None:
        text, zone = self._text(name), self.reader.profile.zone
        if not text:
            if must:
                self._wrong(name, _("请填写此项。"))
            return None
        try:
            moment = parse_datetime(self.row.values[self.reader.headers[name]], zone)
        except ValueError:
            self._wrong(name, _no_time(text))
            return None
        if moment > self.reader.now and not may_lie_ahead:
            self._wrong(name, _("时间晚于现在。"))
        elif moment.date() < limits.FIRST_DAY:
            self._wrong(name, _("时间早于 %(day)s，工作日历里没有。") % {"day": limits.FIRST_DAY})
        elif moment.date() >= limits.LAST_DAY:
            self._wrong(name, _("时间晚于 %(day)s，工作日历里没有。") % {"day": limits.LAST_DAY})
        else:
            return moment
        return None

    def _target(self, reported_at: datetime | None) -> datetime | None:
        if not self.reader.profile.has_targets:
            return None
        if not self._text("target_at"):
            return self.reader.limit_from_now()
        target = self._moment("target_at", may_lie_ahead=True)
        if target and reported_at and target < reported_at:
            self._wrong("target_at", _("目标时间早于上报时间。"))
        return target

    def _report(self, reported_at: datetime | None) -> Report | None:
        title, place, target = (
            self._cut("title", TITLE_LIMIT),
            self._cut("place", PLACE_LIMIT),
            self._target(reported_at),
        )
        if not title:
            self._wrong("title", _("请填写此项。"))
        category = self._named("category", self.reader.categories, _("没有名称或代码为“%(word)s”的类别。"))
        area: Area | None = self.reader.area
        if self._text("area"):
            area = self._named("area", self.reader.areas, _("没有名称或代码为“%(word)s”的区域。"))
        if area and self.reader.within is not None and not area.path.startswith(self.reader.within):
            self._wrong("area", _("“%(name)s”不在您可以导入的区域里。") % {"name": area})
        if self.one.errors or area is None:
            return None
        person = Person(
            name=self._text("reporter_name"), phone=self._text("reporter_phone"), address=self._text("reporter_address")
        )
        return Report(
            area=area, title=title, description=self._text("description") or self._text("title"), place=place,
            category=category, source=Source.IMPORT, reporter=person, external_ref=self.one.ref, target_at=target,
            extra=self.extra,
        )  # fmt: skip

    def _named(self, name: str, known: Mapping[str, list[Place]], unknown: str) -> Place | None:
        """What a word stands for. One that stands for nothing is wrong, unless the profile keeps such words."""
        word = self._text(name)
        if not word:
            return None
        found = known.get(word, [])
        if len(found) == 1:
            return found[0]
        if found:
            text = _("“%(word)s”有 %(n)s 个，请改写代码：%(codes)s。")
            codes = "、".join(sorted(row.code for row in found)[:5])
            self._wrong(name, text % {"word": word, "n": len(found), "codes": codes})
        elif name in self.reader.profile.keeps:
            self._keep(name, _("这里没有“%(word)s”，照原文留在附加信息里。") % {"word": word})
        else:
            self._wrong(name, unknown % {"word": word})
        return None

    def _keep(self, name: str, reason: str) -> None:
        self.extra[self.reader.headers[name]] = self._text(name)
        self._remark(name, reason)

    def _cut(self, name: str, limit: int) -> str:
        """Text that fits its column; when it is cut the whole of it is kept in `extra`, and it is said."""
        text = " ".join(self._text(name).split())
        if len(text) <= limit:
            return text
        self.extra[self.reader.headers[name]] = text
        self._remark(name, _("超过 %(n)s 个字，截短，全文留在附加信息里。") % {"n": limit})
        return text[: limit - 1] + "…"


def _no_time(text: str) -> str:
    if SERIAL.fullmatch(text):
        said = _("“%(value)s”像是 Excel 的日期序号：请把这一列的格式设为日期后再保存。")
    elif DAY_LIKE.match(text):
        said = _("没有“%(value)s”这一天或这一刻，请核对。")
    else:
        said = _("“%(value)s”不是时间，请写成 2019-04-25 09:32 或 2019/4/25 9:32:09。")
    return said % {"value": text}


def _plain(value: Any) -> Any:
    """A cell as JSON keeps it."""
    return value if isinstance(value, (bool, int, float)) else str(value).replace("\0", "").strip()
