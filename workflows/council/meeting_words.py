"""The words of a meeting notice."""

from collections.abc import Sequence

from django.utils import timezone, translation
from django.utils.translation import gettext as _

from cases.models import AgendaItem, Meeting

LONGEST_TITLE = 120


def agenda_text(meeting: Meeting, items: Sequence[AgendaItem]) -> tuple[str, str]:
    """Title and text of the notice: when, where, who leads, and each item by its number; as posted, in Chinese."""
    with translation.override("zh-hans"):
        moment = timezone.localtime(meeting.planned_at).strftime("%Y-%m-%d %H:%M")
        said = {"council": meeting.council, "number": meeting.number}
        title = _("关于召开%(council)s %(number)s会议的通知") % said
        lines = [
            _("时间：%(moment)s") % {"moment": moment},
            _("地点：%(venue)s（%(mode)s）") % {"venue": meeting.venue, "mode": meeting.get_mode_display()},
            _("主持人：%(chair)s　记录人：%(recorder)s") % {"chair": meeting.chair, "recorder": meeting.recorder},
            "",
            _("议程："),
            *(f"{n}. {item.topic.title}（{item.get_kind_display()}）" for n, item in enumerate(items, 1)),
        ]
        if meeting.reason:
            lines += ["", _("通知时间不足的理由：%(reason)s") % {"reason": meeting.reason}]
    return title[:LONGEST_TITLE], "\n".join(lines)
