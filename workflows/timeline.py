"""What happened to a case, in words: events with their people, reasons and the working time between moves."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

from django.db.models import TextChoices
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from cases.council_terms import FollowUpState
from cases.lib.masking import mask_text
from cases.models import CaseEvent, Category, Council, Team, User
from cases.terms import (
    ClockKind,
    DecisionOutcome,
    EventType,
    ExclusionReason,
    HoldReason,
    InvitationWay,
    MatterType,
    PhotoKind,
    Priority,
    RejectReason,
    RequestKind,
    ResultCode,
    Role,
    Satisfaction,
    Source,
    SurveyReason,
    VoidReason,
)
from workflows.calendars import WorkCalendar
from workflows.lights import hours

ALERTS = frozenset({
    EventType.CLOCK_OVERDUE, EventType.REQUEST_OVERDUE, EventType.PART_OVERDUE, EventType.CLOCK_STOPPED_LATE,
    EventType.SENT_BACK, EventType.URGED, EventType.REOPEN_REQUESTED, EventType.RETURNED_TO_DISPATCH,
    EventType.ORDER_ISSUED, EventType.ORDER_RETURNED, EventType.FAILED_SPOT_CHECK,
})  # fmt: skip
SYSTEMS = {"resident": _("居民"), "clock": _("系统"), "import": _("导入")}
CODED: tuple[type[TextChoices], ...] = (RejectReason, HoldReason, VoidReason, ExclusionReason)
REASONS = {choice.value: choice.label for kind in CODED for choice in kind}


@dataclass
class Names:
    """Names of what events mention by key, read in bulk: at most four queries however many events."""

    teams: dict[int, str] = field(default_factory=dict)
    users: dict[int, str] = field(default_factory=dict)
    councils: dict[int, str] = field(default_factory=dict)
    categories: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Entry:
    """One event as its line in the history says it."""

    label: str
    who: str
    at: datetime
    lines: list[tuple[str, str]]  # (word, value)
    took: str  # working time since the move before it; empty for what moves nothing
    is_alert: bool
    is_newest: bool


def timeline(events: Sequence[CaseEvent], calendar: WorkCalendar) -> list[Entry]:
    """The newest first; `events` are in order, with their actors."""
    names = read_names(events)
    entries: list[Entry] = []
    state, moved_at = "", None
    for event in events:
        moves = event.state != state
        took = _took(calendar, moved_at, event.at) if moves and moved_at else ""
        if moves:
            state, moved_at = event.state, event.at
        known = event.type in EventType.values
        entries.append(
            Entry(
                label=str(EventType(event.type).label) if known else event.type,
                who=who(event),
                at=event.at,
                lines=lines_of(event, names),
                took=took,
                is_alert=event.type in ALERTS,
                is_newest=event is events[-1],
            )
        )
    return entries[::-1]


def who(event: CaseEvent) -> str:
    """Who did it: a person, the resident, the clock, an import."""
    if event.actor:
        return str(event.actor)
    return str(SYSTEMS.get(event.data.get("by", "clock"), event.data.get("by", "")))


def reason_of(event: CaseEvent) -> str:
    """Why, as far as the event says it: what stands beside a pause."""
    for key in ("reason", "question", "words", "missing", "note"):
        if event.data.get(key):
            return mask_text(REASONS.get(event.data[key], event.data[key]))
    return str(_("原来就有的时限")) if event.data.get("target_at") else ""


def read_names(events: Iterable[CaseEvent]) -> Names:
    """Read the names of all teams, people, councils and categories that the events mention."""
    teams, users, councils, categories = set(), set(), set(), set()
    for event in events:
        data = event.data
        teams |= {data.get("team"), *(row.get("team") for row in data.get("co_handlers") or ())}
        teams |= {row.get("owner") for row in data.get("follow_ups") or ()}
        users |= {data.get("handler")}
        councils |= {data.get("council")}
        categories |= {data.get("category"), (data.get("was") or {}).get("category")}
    return Names(
        dict(Team.objects.filter(pk__in=teams - {None}).values_list("pk", "name")) if teams - {None} else {},
        {u.pk: str(u) for u in User.objects.filter(pk__in=users - {None})} if users - {None} else {},
        dict(Council.objects.filter(pk__in=councils - {None}).values_list("pk", "name")) if councils - {None} else {},
        dict(Category.objects.filter(code__in=categories - {None, ""}).values_list("code", "name"))
        if categories - {None, ""}
        else {},
    )


def _took(calendar: WorkCalendar, start: datetime, end: datetime) -> str:
    amount = calendar.between(start, end)
    if days := amount // _day(calendar):
        return ngettext("%(n)s 个工作日", "%(n)s 个工作日", days) % {"n": days}
    return hours(amount) if amount >= timedelta(minutes=1) else ""


def _day(calendar: WorkCalendar) -> timedelta:
    opens, closes = calendar.periods[0][0], calendar.periods[-1][1]
    moment = datetime.combine(date(2000, 1, 3), opens, calendar.zone)  # a Monday
    return calendar.between(moment, moment.replace(hour=closes.hour, minute=closes.minute))


def moment(value: Any) -> str:
    """A moment or day of the history as people write it."""
    text = str(value)
    if len(text) == len("2026-03-02"):
        return text
    try:
        return timezone.localtime(datetime.fromisoformat(text)).strftime("%Y-%m-%d %H:%M")
    except ValueError:
        return text


def _of(terms: type[TextChoices]) -> Callable[[Any, Names], str]:
    words = dict(terms.choices)
    return lambda value, _names: str(words.get(value, value))


def _plain(value: Any, _names: Names) -> str:
    return mask_text(str(value))


def _moment(value: Any, _names: Names) -> str:
    return moment(value)


def _co_handlers(value: Any, names: Names) -> str:
    rows = [(names.teams.get(row["team"], ""), mask_text(row["task"]), moment(row["due_at"])) for row in value]
    return "\n".join(f"{team} · {task} · {due}" for team, task, due in rows)


def _follow_ups(value: Any, names: Names) -> str:
    rows = [(names.teams.get(row["owner"], ""), mask_text(row["what"]), row["due_date"]) for row in value]
    return "\n".join(f"{what} · {owner} · {due}" for owner, what, due in rows)


def _was(value: Any, names: Names) -> str:
    category = names.categories.get(value.get("category", ""), "") or str(_("未分类"))
    return f"{category} · {dict(Priority.choices).get(value.get('priority'), '')}"


def _limits(value: Any, _names: Names) -> str:
    words = dict(ClockKind.choices)
    rows = [
        (words.get(kind.partition("-")[0], kind), moment(row["was"]), moment(row["is"])) for kind, row in value.items()
    ]
    return "\n".join(f"{word} {was} → {now}" for word, was, now in rows)


def _reason(value: Any, _names: Names) -> str:
    return str(REASONS.get(value) or mask_text(str(value)))


def _details(value: Any, names: Names) -> str:
    return "\n".join(f"{word} {text}" for word, text in told(value, names))


def _count(value: Any, _names: Names) -> str:
    return str(len(value))


def _solved(value: Any, _names: Names) -> str:
    return str(_("解决了") if value else _("没有解决"))


def _ticked(value: Any, _names: Names) -> str:
    words = dict(SurveyReason.choices)
    return "\n".join(str(words.get(code, code)) for code in value)


Words = dict[str, tuple[Promise | str, Callable[[Any, Names], str]]]
KINDS: dict[str, Any] = {choice.value: choice.label for kind in (PhotoKind, RequestKind) for choice in kind}

# In the order in which a line is read; what is not named here stays out of the page.
WORDS: Words = {
    "kind": (_("类型"), lambda value, _names: str(KINDS.get(value, value))),
    "source": (_("来源"), _of(Source)),
    "team": (_("主办"), lambda value, names: names.teams.get(value, "")),
    "handler": (_("承办人"), lambda value, names: names.users.get(value, "")),
    "council": (_("议事会"), lambda value, names: names.councils.get(value, "")),
    "matter": (_("议题类别"), _of(MatterType)),
    "main_case": (_("主件"), _plain),
    "case": (_("并入的件"), _plain),
    "was": (_("原为"), _was),
    "category": (_("类别"), lambda value, names: names.categories.get(value, str(value))),
    "priority": (_("紧急程度"), _of(Priority)),
    "clock": (_("时限种类"), _of(ClockKind)),
    "number": (_("决议编号"), _plain),
    "outcome": (_("结果"), _of(DecisionOutcome)),
    "result_code": (_("结果"), _of(ResultCode)),
    "solved": (_("是否解决"), _solved),
    "satisfaction": (_("满意度"), _of(Satisfaction)),
    "reasons": (_("哪里不满意"), _ticked),
    "way": (_("怎样请居民评价"), _of(InvitationWay)),
    "reason_code": (_("理由类别"), _reason),
    "reason": (_("理由"), _reason),
    "question": (_("问"), _plain),
    "answer": (_("答"), _plain),
    "words": (_("意见"), _plain),
    "note": (_("说明"), _plain),
    "text": (_("内容"), _plain),
    "unit": (_("主送"), _plain),
    "demand": (_("督办要求"), _plain),
    "reply": (_("回复"), _plain),
    "result_text": (_("处置情况"), _plain),
    "finding": (_("核查情况"), _plain),
    "missing": (_("还缺"), _plain),
    "what": (_("兑现"), _plain),
    "nothing_to_do": (_("无须落实"), _plain),
    "co_handlers": (_("协办"), _co_handlers),
    "follow_ups": (_("落实事项"), _follow_ups),
    "promised_date": (_("承诺日期"), _moment),
    "review_at": (_("复核日期"), _moment),
    "until": (_("新的时限"), _moment),
    "details": (_("补充说明"), _details),
    "how": (_("本人怎样表示"), _plain),
    "said_at": (_("表示日期"), _moment),
    "due_at": (_("时限"), _moment),
    "to": (_("报给"), _of(Role)),
    "level": (_("第几级"), _plain),
    "limits": (_("时限变化"), _limits),
    "returns": (_("第几次退回"), _plain),
    "workdays": (_("答复用时（工作日）"), _plain),
    "holder_role": (_("由谁办"), _of(Role)),
    "photos": (_("张数"), _count),
}


# What the same key means in an event of a supervision order.
OF_AN_ORDER = {
    "number": (_("督办单号"), _plain),
    "team": (_("主送"), WORDS["team"][1]),
    "due_at": (_("回复期限"), _moment),
}


OF_A_PART = {"team": (_("协办"), WORDS["team"][1])}

# And of a follow-up.
OF_A_FOLLOW_UP = {
    "team": (_("责任单位"), WORDS["team"][1]),
    "what": (_("落实事项"), _plain),
    "due_date": (_("完成日期"), _moment),
    "outcome": (_("结果"), _of(FollowUpState)),
}


def lines_of(event: CaseEvent, names: Names) -> list[tuple[str, str]]:
    """What an event says, word and value; empty values and keys without a word are left out."""
    about = (event.type.partition(".")[0], event.data.get("clock"))  # a clock speaks of what it measures
    if "order" in about:
        return told(event.data, names, WORDS | OF_AN_ORDER)
    if "follow_up" in about:
        return told(event.data, names, WORDS | OF_A_FOLLOW_UP)
    return told(event.data, names, WORDS | OF_A_PART if "part" in about else WORDS)


def told(data: dict[str, Any], names: Names, words: Words | None = None) -> list[tuple[str, str]]:
    """Data of the history in words, in the order in which it is read."""
    lines = [
        (str(word), write(data[key], names))
        for key, (word, write) in (words or WORDS).items()
        if key in data and data[key] not in (None, "", [], {})
    ]
    return [(word, value) for word, value in lines if value]


def last_at(events: Iterable[CaseEvent], *types: EventType) -> datetime | None:
    """When the newest event of one of the types happened."""
    return max((event.at for event in events if event.type in types), default=None)
