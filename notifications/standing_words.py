"""Words that are about no single event: the bundle, the digest, what stands under every message, the trial.

They come with the program as texts in the same few signs that an administrator may write, and are filled in the same.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from cases.terms import COUNCIL_EVENTS, EventType
from notifications.letters import FOOT
from notifications.safe_text import Text
from notifications.text_variables import (
    OF_BUNDLE,
    OF_COUNCIL_FOOT,
    OF_DIGEST,
    OF_LEAVE,
    OF_RESIDENT_FOOT,
    OF_STAFF_FOOT,
    OF_SUBSTITUTE,
    Variable,
)

BUNDLE, DIGEST, SUBSTITUTE, TRIAL, BUTTON = "bundle", "digest", "substitute", "trial", "button"
LEAVE_REGISTERED, LEAVE_ENDED = LEAVE = ("leave.registered", "leave.ended")
STAFF_FOOT, COUNCIL_FOOT, RESIDENT_FOOT = "foot.staff", "foot.council", "foot.resident"
Field = Literal["subject", "body"]
WHOLE: tuple[Field, ...] = ("subject", "body")


@dataclass(frozen=True)
class Standing:
    """One of them: what it is called, its built-in text, what may stand in it and what must come out of it."""

    label: Promise | str
    built_in: Callable[[], Text]
    variables: dict[str, Variable] = field(default_factory=dict)
    always: tuple[str, ...] = ()  # must be said
    if_any: tuple[str, ...] = ()  # must be said when there is any
    has: tuple[Field, ...] = WHOLE
    in_message_of: EventType | None = None  # a part of other messages: one in which it is previewed
    resident: bool = False

    @property
    def has_foot(self) -> bool:
        """Whether it ends with what only mail has room for."""
        return "messages_url" in self.always


def foot_of(event_type: str, *, resident: bool) -> str:
    """What stands under the messages of an event."""
    if resident:
        return RESIDENT_FOOT
    return COUNCIL_FOOT if event_type in COUNCIL_EVENTS else STAFF_FOOT


def _if(name: str, words: str) -> str:
    return f"{{% if {name} %}}{words}{{% endif %}}"


def _bundle() -> Text:
    paragraphs = (
        _("按到期先后排列；点开编号即可办理。"),
        "{{ list }}",
        _if("more", _("等，另有 {{ more }} 件，请在待办里查看。")),
        _("打开待办：{{ url }}"),
        _how_to_change(),
    )
    overdue = _if("overdue", _("，其中超期提醒 {{ overdue }} 条"))
    return Text(_("{{ count }} 件的时限需要您留意") + overdue, "\n\n".join(paragraphs))


def _digest() -> Text:
    parts = (
        ("list_meetings", _("今天的会")),
        ("list_overdue", _("已经超期")),
        ("list_soon", _("快到期")),
        ("list_asked", _("等您审定、答复或落实")),
        ("list_later", _("其余待办")),
    )
    others = (("list_covered", _("您代理的同事名下的件")), ("list_news", _("知会您的")))
    paragraphs = (
        _("点开链接即可办理，最紧迫的在前。"),
        *(_part(*part) for part in parts),
        _if("more", _("等，另有 {{ more }} 件，请在待办里查看。")),
        *(_part(*part) for part in others),
        _("打开待办：{{ url }}"),
        f"{FOOT}\n" + _("不要汇总，或改用别的方式，可在“消息设置”里改：{{ messages_url }}"),
    )
    counts = (
        _if("todo", _("，待办 {{ todo }} 件")),
        _if("overdue", _("，超期 {{ overdue }} 件")),
        _if("meetings", _("，今天有会 {{ meetings }} 个")),
    )
    return Text(_("今日汇总") + "".join(counts), "\n\n".join(paragraphs))


def _part(name: str, title: str) -> str:
    return _if(name, f"{title}\n{{{{ {name} }}}}")


def _how_to_change() -> str:
    return f"{FOOT}\n" + _("这些消息怎样发、什么时候发，可在“消息设置”里改：{{ messages_url }}")


def _staff_foot() -> Text:
    facts = (
        _("区域：{{ area }}") + "\n",
        _if("category", _("类别：{{ category }}") + "\n"),
        _if("due_at", _('时限：{{ due_at|date:"Y-m-d H:i" }}') + "\n"),
        _("办理：{{ url }}"),
    )
    call = _if("to_call", _("请回访员致电答复居民：{{ to_call }}"))
    return Text("", "\n\n".join((call, "".join(facts), _how_to_change())).strip())


def _council_foot() -> Text:
    facts = _("议事会：{{ council }}") + "\n" + _("办理：{{ url }}")
    return Text("", f"{facts}\n\n{_how_to_change()}")


def _resident_foot() -> Text:
    rate = (
        _("问题解决了吗？请点一下告诉我们："),
        _("解决了：{{ survey_url }}?solved=yes"),
        _("没有解决：{{ survey_url }}?solved=no"),
    )
    foot = (FOOT, _("这封邮件由系统发出，请不要直接回复。"), _("不想再收到，或想改用别的语言：{{ messages_url }}"))
    paragraphs = (_if("survey_url", "\n".join(rate)), _("查看办理情况：{{ url }}"), "\n".join(foot))
    return Text("", "\n\n".join(paragraphs))


def _substitute() -> Text:
    return Text(_("代{{ name }} · {{ subject }}"), _("{{ name }}休假，由您代理，所以这条消息发给您。"))


def _trial() -> Text:
    return Text(_("测试消息：收到说明渠道已接通"), _("由管理员在消息渠道页发出，不需要办理。"))


def _leave_registered() -> Text:
    paragraphs = (
        _("{{ first }} 至 {{ last }}，发给您的消息由 {{ substitute }} 收。不对或已经回来的，请打开休假代理页结束。"),
        _("休假代理：{{ url }}"),
        _how_to_change(),
    )
    return Text(_("{{ actor }} 替您登记了休假"), "\n\n".join(paragraphs))


def _leave_ended() -> Text:
    paragraphs = (
        _("{{ first }} 至 {{ last }} 的休假从现在起结束，消息照常发给您。不对的，请打开休假代理页重新登记。"),
        _("休假代理：{{ url }}"),
        _how_to_change(),
    )
    return Text(_("{{ actor }} 结束了您的休假"), "\n\n".join(paragraphs))


FEET = ("url", "messages_url")
LISTS = tuple(name for name in OF_DIGEST if name.startswith("list_"))
FIRST, CALL, ANSWER = EventType.ACCEPTED, EventType.MEETING_CONVENED, EventType.VERIFIED
STANDING: dict[str, Standing] = {
    BUNDLE: Standing(gettext_lazy("合并的时限提醒"), _bundle, OF_BUNDLE, (*FEET, "list")),
    DIGEST: Standing(gettext_lazy("每日汇总"), _digest, OF_DIGEST, FEET, LISTS),
    STAFF_FOOT: Standing(
        gettext_lazy("每条消息的附文：件"), _staff_foot, OF_STAFF_FOOT, FEET, ("to_call",), ("body",), FIRST
    ),
    COUNCIL_FOOT: Standing(
        gettext_lazy("每条消息的附文：议事会"), _council_foot, OF_COUNCIL_FOOT, FEET, (), ("body",), CALL
    ),
    RESIDENT_FOOT: Standing(
        gettext_lazy("每条消息的附文：居民"), _resident_foot, OF_RESIDENT_FOOT, FEET, ("survey_url",), ("body",),
        ANSWER, resident=True,
    ),
    SUBSTITUTE: Standing(
        gettext_lazy("代理人收到的消息"), _substitute, OF_SUBSTITUTE, tuple(OF_SUBSTITUTE), in_message_of=FIRST
    ),
    BUTTON: Standing(
        gettext_lazy("群消息和企业微信里的链接"), lambda: Text(_("去办理"), ""), has=("subject",), in_message_of=FIRST
    ),
    TRIAL: Standing(gettext_lazy("渠道的测试消息"), _trial),
    LEAVE_REGISTERED: Standing(gettext_lazy("他人代为登记休假"), _leave_registered, OF_LEAVE, tuple(OF_LEAVE)),
    LEAVE_ENDED: Standing(gettext_lazy("他人代为结束休假"), _leave_ended, OF_LEAVE, (*FEET, "actor")),
}  # fmt: skip
