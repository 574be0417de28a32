"""The text of minutes, built from the records alone: nothing in it was typed for them."""

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime

from django.conf import settings
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from cases.council_terms import ItemState, PollMethod, PollState
from cases.models import AgendaItem, Attendance, Decision, Mandate, Meeting, Poll
from cases.terms import DecisionOutcome
from workflows.council.decision_words import criteria_words, follow_up_lines, kind_words, sums_words

DIGITS = "零一二三四五六七八九"


def minutes_text(meeting: Meeting) -> str:
    """The whole body in the language of the office: who was there and when, each item, each decision literally."""
    with translation.override(settings.LANGUAGE_CODE):
        parts = [_title(meeting), _sitting(meeting), _presence(meeting)]
        items = list(meeting.items.select_related("topic", "referred_to", "carried_from__meeting").order_by("position"))
        parts += [_item(n, item) for n, item in enumerate(items, 1)]
        parts.append(_left_over(items))
        return "\n\n".join(part for part in parts if part)


def chinese(n: int) -> str:
    """1 to 99 as they number items: 一, 十二, 二十."""
    tens, ones = divmod(n, 10)
    return ("" if tens < 2 else DIGITS[tens]) + ("十" if tens else "") + (DIGITS[ones] if ones else "")  # noqa: PLR2004


def decisions_of(meeting: Meeting) -> list[Decision]:
    """What was decided at it, item by item, whatever became of it since."""
    rows = Decision.objects.filter(item__meeting=meeting).select_related("council", "certification", "poll")
    return list(rows.order_by("item__position", "pk"))


def _title(meeting: Meeting) -> str:
    return _("%(council)s %(number)s会议纪要") % {"council": meeting.council.name, "number": meeting.number}


def _sitting(meeting: Meeting) -> str:
    lines = [
        _("时间：%(when)s") % {"when": _span(meeting.opened_at, meeting.closed_at)},
        _("地点：%(venue)s") % {"venue": meeting.venue},
        _("形式：%(kind)s，%(mode)s") % {"kind": meeting.get_kind_display(), "mode": meeting.get_mode_display()},
        _("主持人：%(name)s") % {"name": meeting.chair or "—"},
        _("记录人：%(name)s") % {"name": meeting.recorder or "—"},
        _("议事规则：%(name)s（第 %(version)s 版）") % {"name": meeting.pack.name, "version": meeting.pack.version},
    ]
    return "\n".join(lines)


def _span(start: datetime | None, end: datetime | None) -> str:
    """2026-03-02 19:00 至 20:10."""
    if start is None:
        return "—"
    begun = timezone.localtime(start)
    if end is None:
        return f"{begun:%Y-%m-%d %H:%M}"
    ended = timezone.localtime(end)
    form = "%H:%M" if ended.date() == begun.date() else "%Y-%m-%d %H:%M"
    return _("%(start)s 至 %(end)s") % {"start": f"{begun:%Y-%m-%d %H:%M}", "end": ended.strftime(form)}


def _presence(meeting: Meeting) -> str:
    """Who of each party was there from when to when, who was not, who came without a vote, who acted for whom."""
    rows = meeting.attendances.select_related("seat__party").prefetch_related("intervals")
    groups: dict[str, list[Attendance]] = defaultdict(list)
    beside: list[Attendance] = []
    for row in rows:
        if row.seat.has_vote:
            groups[row.seat.party.name].append(row)
        elif row.intervals.all():
            beside.append(row)
    invited = [row for party in groups.values() for row in party]
    said = {"invited": len(invited), "came": sum(bool(row.intervals.all()) for row in invited)}
    lines = [_("一、到会情况"), _("应到 %(invited)s 人，到会 %(came)s 人。") % said]
    lines += [_party(name, party) for name, party in groups.items()]
    if beside:
        lines.append(_("列席：%(names)s") % {"names": _names(beside)})
    mandates = meeting.mandates.filter(revoked_at=None).select_related("principal", "holder")
    return "\n".join([*lines, *(_mandate(row) for row in mandates)])


def _party(name: str, rows: list[Attendance]) -> str:
    came = [row for row in rows if row.intervals.all()]
    away = [row for row in rows if not row.intervals.all()]
    said = {"party": name, "invited": len(rows), "came": len(came), "names": _names(came) or "—"}
    line = _("%(party)s：应到 %(invited)s 人，到会 %(came)s 人：%(names)s") % said
    return line + (_("；未到：%(names)s") % {"names": _plain_names(away)} if away else "")


def _names(rows: Iterable[Attendance]) -> str:
    return _("、").join(f"{row.seat.name}（{_times(row)}）" for row in rows)


def _plain_names(rows: Iterable[Attendance]) -> str:
    words = ((row.seat.name, _("（请假）") if row.status == "excused" else "") for row in rows)
    return _("、").join(name + note for name, note in words)


def _times(row: Attendance) -> str:
    """19:00–20:10, 19:30–: an end that is missing is that of the meeting."""
    spans = []
    for interval in row.intervals.all():
        end = f"{timezone.localtime(interval.ended_at):%H:%M}" if interval.ended_at else ""
        spans.append(f"{timezone.localtime(interval.began_at):%H:%M}–{end}")
    return _("、").join(spans)


def _mandate(row: Mandate) -> str:
    said = {"principal": row.principal, "holder": row.holder, "document": row.document}
    return _("委托：%(principal)s 委托 %(holder)s（%(document)s）") % said


def _item(n: int, item: AgendaItem) -> str:
    said = {"n": chinese(n + 1), "title": item.topic.title, "number": item.topic.number}
    lines = [_("%(n)s、%(title)s（%(number)s）") % said]
    if item.carried_from is not None:
        lines.append(_("自%(meeting)s会议延后。") % {"meeting": item.carried_from.meeting.number})
    if item.late_reason:
        lines.append(_("临时增加的议程，理由：%(reason)s") % {"reason": item.late_reason})
    lines += _statements(item)
    for poll in item.polls.exclude(state__in=[PollState.DRAFT, PollState.OPEN]).order_by("pk"):
        lines += _poll(poll)
    decisions = item.decisions.select_related("council", "certification", "poll").order_by("pk")
    for decision in decisions:
        lines += _decision(decision)
    if not decisions:
        lines += _ending(item)
    return "\n".join(lines)


def _statements(item: AgendaItem) -> list[str]:
    lines = []
    for row in item.statements.select_related("seat__party"):
        said = {"name": row.seat.name, "party": row.seat.party.name, "stance": row.get_stance_display()}
        head = _("%(name)s（%(party)s）%(stance)s") % said
        lines.append(_("%(head)s：%(text)s") % {"head": head, "text": row.text} if row.text else head)
    return [_("发言："), *lines] if lines else []


def _poll(poll: Poll) -> list[str]:
    """What it came to in numbers and conditions; one that was voided says so and why."""
    head = _("表决方式：%(method)s") % {"method": PollMethod(poll.method).label}
    if poll.state == PollState.VOID:
        return [head, _("本次表决作废，理由：%(reason)s") % {"reason": poll.void_reason}]
    newest = poll.certifications.order_by("-n").first()
    names = dict(poll.council.parties.values_list("code", "name"))
    outcome = [_("表决结果：%(outcome)s") % {"outcome": newest.get_outcome_display()}] if newest else []
    return [head, *sums_words(newest), *criteria_words(newest, names), *outcome]


def _decision(decision: Decision) -> list[str]:
    said = {
        "number": decision.number, "kind": kind_words(decision), "outcome": DecisionOutcome(decision.outcome).label,
    }  # fmt: skip
    head = _("%(number)s，%(kind)s，%(outcome)s：") % said
    return [head, decision.text, *follow_up_lines(decision)]


def _ending(item: AgendaItem) -> list[str]:
    """How an item ended that was not decided."""
    said = {"state": ItemState(item.state).label, "words": item.outcome}
    line = _("%(state)s：%(words)s") % said if item.outcome else str(said["state"])
    return [line + (_("（%(council)s）") % {"council": item.referred_to} if item.referred_to else "")]


def _left_over(items: list[AgendaItem]) -> str:
    rows = [item.topic.title for item in items if item.state == ItemState.ADJOURNED]
    return _("延后到下次会议的议题：%(titles)s") % {"titles": _("；").join(rows)} if rows else ""
