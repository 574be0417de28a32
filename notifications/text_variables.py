"""Which variables a text may use, what each means, and a sample of each: no person stands behind a sample."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from cases.terms import ClockKind, EventType, RequestKind
from notifications.letters import Listing
from notifications.lists import Entry, Item, Reminder, listed_entries, listed_items

MOMENT = datetime(2026, 3, 5, 17, 30, tzinfo=ZoneInfo("Asia/Shanghai"))
EXAMPLE = "https://example.com"


@dataclass(frozen=True)
class Variable:
    """One variable: its meaning for who writes, and what it is in the sample (of a list: how it is made)."""

    meaning: Promise | str
    sample: Any

    @property
    def is_list(self) -> bool:
        """Whether it stands for lines, which no filter may cut."""
        return callable(self.sample)

    def shown(self) -> Any:
        """The sample in the language that is active."""
        if callable(self.sample):
            return self.sample()
        return str(self.sample) if isinstance(self.sample, Promise) else self.sample


def _entries() -> Listing:
    return listed_entries([Entry("2026-000123", str(_("东门路灯不亮")), f"{EXAMPLE}/cases/2026-000123/", MOMENT)])


def _meetings() -> Listing:
    row = Entry("15:00", str(_("平山小区四方议事会")), f"{EXAMPLE}/councils/meetings/12/", note=str(_("社区会议室")))
    return listed_entries([row])


def _covered() -> Listing:
    label = f"{_('王网格')} 2026-000124"
    return listed_entries([Entry(label, str(_("非机动车停放")), f"{EXAMPLE}/cases/2026-000124/", MOMENT)])


def _items() -> Listing:
    said = [Reminder(str(EventType.CLOCK_OVERDUE.label), str(ClockKind.HANDLE.label), MOMENT)]
    return listed_items([Item("2026-000123", str(_("东门路灯不亮")), f"{EXAMPLE}/cases/2026-000123/", said)])


MESSAGES_URL = Variable(_("消息设置的链接"), f"{EXAMPLE}/messages/settings/")
OF_CASE = {
    "number": Variable(_("件的编号"), "2026-000123"),
    "title": Variable(_("标题，居民信息已遮蔽"), _("东门路灯不亮")),
}
OF_STAFF = OF_CASE | {
    "area": Variable(_("所在区域"), _("梅园街道 · 平山社区")),
    "category": Variable(_("类别"), _("路灯")),
    "team": Variable(_("主办工作队，可能没有"), _("平山小区工作队")),
    "actor": Variable(_("办这一步的人，可能没有"), _("王网格")),
    "due_at": Variable(_("当前时限，可能没有"), MOMENT),
    "details": Variable(_("内置文本随事项附上的细节：理由、意见、协办事项等"), ""),
    "url": Variable(_("办理页面的链接；文末总会附上"), f"{EXAMPLE}/cases/2026-000123/"),
}
OF_COUNCIL = {
    "council": Variable(_("议事会名称"), _("平山小区四方议事会")),
    "title": Variable(_("会议、议题、决议或落实事项的名称"), _("非机动车停放")),
    "at": Variable(_("会议时间，可能没有"), MOMENT),
    "venue": Variable(_("会议地点，可能没有"), _("社区会议室")),
    "actor": OF_STAFF["actor"],
    "area": OF_STAFF["area"],
    "details": OF_STAFF["details"],
    "url": OF_STAFF["url"],
}
OF_RESIDENT = OF_CASE | {
    "answer": Variable(_("给居民的答复，可能没有"), _("已更换灯泡，现在亮了。")),
    "details": OF_STAFF["details"],
    "url": Variable(_("居民查看办理情况的链接；文末总会附上"), f"{EXAMPLE}/r/…/"),
    "survey_url": Variable(_("评价的链接，可能没有；文末总会附上"), f"{EXAMPLE}/r/s/…/"),
}
OF_FOOT = {
    "url": Variable(_("办理页面的链接"), OF_STAFF["url"].sample),
    "messages_url": MESSAGES_URL,
}
OF_STAFF_FOOT = OF_FOOT | {
    "to_call": Variable(_("要打电话答复居民的件的编号，可能没有"), "2026-000124"),
    **{name: OF_STAFF[name] for name in ("number", "title", "area", "category", "team", "due_at")},
}
OF_COUNCIL_FOOT = OF_FOOT | {name: OF_COUNCIL[name] for name in ("council", "title", "area", "at", "venue")}
OF_RESIDENT_FOOT = OF_CASE | {
    "url": Variable(_("居民查看办理情况的链接"), OF_RESIDENT["url"].sample),
    "messages_url": Variable(_("居民退订、改语言的链接"), f"{EXAMPLE}/r/…/messages/"),
    "survey_url": Variable(_("评价的链接，可能没有"), OF_RESIDENT["survey_url"].sample),
}
OF_BUNDLE = {
    "count": Variable(_("几件"), "3"),
    "overdue": Variable(_("其中几条是超期提醒，可能没有"), "1"),
    "list": Variable(_("各件的编号、标题、提醒和链接"), _items),
    "more": Variable(_("没有列出的还有几件，可能没有"), "2"),
    "url": Variable(_("待办页的链接"), f"{EXAMPLE}/"),
    "messages_url": MESSAGES_URL,
}
OF_DIGEST = {
    "todo": Variable(_("待办几件，可能没有"), "12"),
    "overdue": Variable(_("超期几件，可能没有"), "1"),
    "meetings": Variable(_("今天的会几个，可能没有"), "1"),
    "list_meetings": Variable(_("今天的会，可能没有"), _meetings),
    "list_overdue": Variable(_("已经超期的件，可能没有"), _entries),
    "list_soon": Variable(_("快到期的件，可能没有"), _entries),
    "list_asked": Variable(_("等本人审定、答复或落实的，可能没有"), _entries),
    "list_later": Variable(_("其余待办，可能没有"), _entries),
    "list_covered": Variable(_("代理的同事名下的件，可能没有"), _covered),
    "list_news": Variable(_("知会本人的，可能没有"), _entries),
    "more": Variable(_("没有列出的还有几件，可能没有"), "2"),
    "url": OF_BUNDLE["url"],
    "messages_url": MESSAGES_URL,
}
OF_SUBSTITUTE = {
    "name": Variable(_("休假的同事"), _("王网格")),
    "subject": Variable(_("原来的主题"), _("待受理：2026-000123 东门路灯不亮")),
}
OF_LEAVE = {
    "actor": Variable(_("登记或结束的人"), _("王网格")),
    "first": Variable(_("第一天"), "2026-03-02"),
    "last": Variable(_("最后一天"), "2026-03-06"),
    "substitute": Variable(_("代理人"), _("王网格")),
    "url": Variable(_("休假代理页的链接"), f"{EXAMPLE}/leaves/"),
    "messages_url": MESSAGES_URL,
}
SAID_OF: dict[str, Variable] = {
    "answer": Variable(_("答复的内容"), _("已清运。")),
    "case": Variable(_("并入的件的编号"), "2026-000124"),
    "clock": Variable(_("哪一种时限"), ClockKind.HANDLE.label),
    "demand": Variable(_("督办要求"), _("三日内修好并书面回复。")),
    "due_at": Variable(_("届满的时刻"), MOMENT),
    "due_date": Variable(_("完成日期"), "2026-04-01"),
    "finding": Variable(_("核查或抽查的情况"), _("现场已亮。")),
    "kind": Variable(_("申请的种类"), RequestKind.HOLD.label),
    "level": Variable(_("逐级提醒的级数"), 2),
    "main_case": Variable(_("主件的编号"), "2026-000101"),
    "move": Variable(_("发生了什么"), _("张贴公示")),
    "missing": Variable(_("还缺什么"), _("还有一盏不亮")),
    "note": Variable(_("说明或意见，可能没有"), _("请尽快。")),
    "nothing_to_do": Variable(_("无须落实的理由"), ""),
    "number": Variable(_("督办单或决议的编号"), "〔2026〕12 号"),
    "principal": Variable(_("委托人"), _("王网格")),
    "question": Variable(_("问题"), _("是哪一栋？")),
    "reason": Variable(_("理由"), _("等配件。")),
    "reply": Variable(_("督办单的回复"), _("已修好。")),
    "result_text": Variable(_("处置情况"), _("已换灯泡。")),
    "review_at": Variable(_("挂账的复核时刻"), MOMENT),
    "solved": Variable(_("居民说解决了没有（用在 if 里）"), True),
    "text": Variable(_("答复或决议的内容"), _("不属于本辖区，已转告。")),
    "until": Variable(_("新的时限"), MOMENT),
    "version": Variable(_("时限标准的版本（用在 if 里）"), ""),
    "what": Variable(_("要做的事，或怎样兑现的"), _("清理楼道。")),
    "words": Variable(_("居民或督办员的话"), _("请抓紧。")),
}
LISTS: dict[str, Any] = {
    "co_handlers": [{"task": _("清运"), "due_at": MOMENT}],
    "follow_ups": [{"what": _("清理楼道。"), "due_date": "2026-04-01"}],
}
