"""The words of a table of limits, both ways: amounts of time, urgency, kinds of clock, shares of warning."""

import re
import unicodedata
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from django.utils import translation
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from cases.terms import ClockKind, Priority, Unit

ANY = ""  # of urgency
BY_THE_GENERAL = "按通用时限"  # no limit of its own
ANY_CATEGORY = "全部小类"
MOST_DAYS = 3650
HOURS_A_DAY = 24
LOOKS_LIKE_A_SHARE = 1  # Excel keeps 75% as 0.75

UNITS = {
    "工作日": Unit.WORKING_DAYS,
    "工作天": Unit.WORKING_DAYS,
    "工作小时": Unit.WORKING_HOURS,
    "工作时": Unit.WORKING_HOURS,
    "自然日": Unit.DAYS,
    "自然天": Unit.DAYS,
    "自然小时": Unit.HOURS,
    "自然时": Unit.HOURS,
    "小时": Unit.HOURS,
    "日": Unit.DAYS,
    "天": Unit.DAYS,
}
WRITTEN = {
    Unit.WORKING_DAYS: "{}个工作日",
    Unit.WORKING_HOURS: "{}工作时",
    Unit.DAYS: "{}个自然日",
    Unit.HOURS: "{}自然时",
}
DIGITS = {"一": 1, "二": 2, "两": 2, "三": 3, "四": 4, "五": 5, "六": 6, "七": 7, "八": 8, "九": 9}
DIGIT = f"[{''.join(DIGITS)}]"
NUMERAL = re.compile(rf"(?:({DIGIT})千)?零?(?:({DIGIT})百)?零?(?:({DIGIT}?)(十))?零?({DIGIT})?")
URGENCY = {"一般": Priority.NORMAL, "紧急": Priority.URGENT, "特急": Priority.CRITICAL}
PART = (
    rf"(?:(?P<urgency>{'|'.join(URGENCY)})(?:事项|件)?:?)?"
    r"(?P<number>\d+|[零一二两三四五六七八九十百千]+)个?"
    rf"(?P<unit>{'|'.join(UNITS)})(?:以内|之内|内)?"
)
ONE = re.compile(PART)
CELL = re.compile(rf"{re.sub(r'[?]P<[a-z]+>', '?:', PART)}(?:[;,、。]+{re.sub(r'[?]P<[a-z]+>', '?:', PART)})*[;。]?")


def said(amount: int, unit: str) -> str:
    """An amount of time as people read it, in their language."""
    if unit == Unit.WORKING_DAYS:
        text = ngettext("%(n)s 个工作日", "%(n)s 个工作日", amount)
    elif unit == Unit.WORKING_HOURS:
        text = ngettext("%(n)s 工作时", "%(n)s 工作时", amount)
    elif unit == Unit.DAYS:
        text = ngettext("%(n)s 个自然日", "%(n)s 个自然日", amount)
    else:
        text = ngettext("%(n)s 自然时", "%(n)s 自然时", amount)
    return text % {"n": amount}


class Unclear(ValueError):
    """A cell that cannot be understood; the text says what to write instead, `column` where it is another one."""

    def __init__(self, message: str, column: str = "") -> None:
        super().__init__(message)
        self.column = column


@dataclass(frozen=True)
class Amount:
    """So much time."""

    amount: int
    unit: str

    def __str__(self) -> str:
        return WRITTEN[Unit(self.unit)].format(self.amount)


def plain(cell: Any) -> str:
    """A cell without spaces and line breaks, with half-width digits and signs."""
    return re.sub(r"\s+", "", unicodedata.normalize("NFKC", "" if cell is None else str(cell)))


def amounts(cell: Any) -> dict[str, Amount]:
    """The limits in a cell by urgency: "20个工作日", or "一般：20个工作日；紧急：3个工作日"."""
    lines = [words for line in str("" if cell is None else cell).splitlines() if (words := plain(line))]
    text = ";".join(line.rstrip(";,、") for line in lines)
    if not CELL.fullmatch(text) and not any(a[-1].isdigit() and b[0].isdigit() for a, b in pairwise(lines)):
        text = "".join(lines)  # broken in the middle of a word, never of a number
    if not CELL.fullmatch(text):
        raise Unclear(_why(text))
    found: dict[str, Amount] = {}
    for part in ONE.finditer(text):
        urgency = URGENCY.get(part["urgency"], ANY)
        if urgency in found:
            raise Unclear(_("同一紧急程度写了两个时限，请只留一个。"))
        found[urgency] = _sane(Amount(_number(part["number"]), UNITS[part["unit"]]))
    return found


def _sane(found: Amount) -> Amount:
    if found.amount < 1:
        raise Unclear(_("时限须大于 0，例如“4工作时”。"))
    per_day = HOURS_A_DAY if found.unit in (Unit.HOURS, Unit.WORKING_HOURS) else 1
    if found.amount > MOST_DAYS * per_day:
        raise Unclear(_("时限超过 %(n)s 天，请核对数字和单位。") % {"n": MOST_DAYS})
    return found


def _number(words: str) -> int:
    if words.isdigit():
        return int(words)
    if words == "零":
        return 0
    found = NUMERAL.fullmatch(words)
    if found is None:
        raise Unclear(_("看不懂数字“%(words)s”，请写成阿拉伯数字，例如“20个工作日”。") % {"words": words})
    thousands, hundreds, tens, ten, ones = (DIGITS.get(digit or "", 0) for digit in found.groups())
    ten = 10 * (tens or 1) if found.group(4) else 0
    return 1000 * thousands + 100 * hundreds + ten + ones


def _why(text: str) -> str:
    """What is wrong with a limit that was not understood, and what to write."""
    if not text:
        said = _("请填写完成时限，例如“20个工作日”；没有单独时限的写“%(words)s”。") % {"words": BY_THE_GENERAL}
    elif re.search(r"[-–−]\d", text) and not re.search(r"\d个?[^\d]{0,4}[-–−]\d", text):
        said = _("时限不能是负数，请写大于 0 的整数，例如“4工作时”。")
    elif re.search(r"\d个?[^\d]{0,4}[-–—~至到]\d", text):
        said = _("时限不能是一个范围，请只写最长的，例如“5个工作日”。")
    elif "半" in text or re.search(r"\d\.\d", text):
        said = _("时限须是整数：不足一个工作日的请写成工作时，例如“4工作时”。")
    elif re.fullmatch(r"\d+", text):
        said = _("请写明单位，例如“%(n)s个工作日”或“%(n)s工作时”。") % {"n": text}
    elif re.search(r"周|星期|礼拜|月|季|年|分钟", text):
        said = _("请换算成工作日、工作时、自然日或自然时，例如“30个自然日”。")
    else:
        said = _("看不懂这个时限，请写成“20个工作日”“4工作时”“7个自然日”或“24自然时”。")
    return said


def urgency(cell: Any) -> str:
    """The urgency of a row; empty for any."""
    text = plain(cell)
    if text in ("", "不限"):
        return ANY
    if text not in URGENCY:
        raise Unclear(_("紧急程度请写“一般”“紧急”或“特急”，不分紧急程度的留空。"))
    return URGENCY[text]


def clock_kind(cell: Any) -> ClockKind:
    """The kind of clock of a row; handling unless it says otherwise."""
    text = plain(cell)
    if not text:
        return ClockKind.HANDLE
    with translation.override("zh-hans"):  # the table is Chinese whoever reads it
        names = {str(kind.label): kind for kind in ClockKind}
    short = {name.removesuffix("时限").removesuffix("期限"): kind for name, kind in names.items()}
    found = names.get(text) or short.get(text)
    if found is None:
        raise Unclear(_("时限种类请写其中之一：%(names)s。") % {"names": "、".join(names)})
    return found


def written_kind(kind: str) -> str:
    """A kind of clock as the table writes it."""
    with translation.override("zh-hans"):
        return str(ClockKind(kind).label)


def written_urgency(priority: str) -> str:
    """An urgency as the table writes it; empty for any."""
    return next((word for word, value in URGENCY.items() if value == priority), "")


def share(cell: Any) -> int | None:
    """The percentage at which to warn, None when the row says nothing: "75%", 75, or 0.75 as Excel keeps it."""
    text = plain(cell)
    if not text:
        return None
    found = re.fullmatch(r"(\d{1,2})(%?)", text)
    if found and (found[2] or int(found[1]) > LOOKS_LIKE_A_SHARE):
        percent = int(found[1])
    elif re.fullmatch(r"0?\.\d{1,2}", text):
        percent = round(float(text) * 100)
    else:
        percent = 0
    if not 0 < percent < 100:  # noqa: PLR2004
        raise Unclear(_("预警请写 1% 到 99%，例如“75%”。"))
    return percent
