"""The lists of messages as files: what I was told, how channels stand, robots and systems, texts in use."""

from collections.abc import Iterator
from datetime import datetime

from django.conf import settings
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from cases.lib.sheets import Column, Sheet
from cases.models import User
from notifications.journal import ChannelNow
from notifications.models import Subscriber
from notifications.selectors import Line, messages_for
from notifications.text_pages import Row


def _state(row: ChannelNow) -> str:
    if row.opened_at:
        return _("暂停")
    return _("正常") if row.is_set_up else _("未启用")


MESSAGES = Sheet[Line](
    "messages",
    gettext_lazy("消息"),
    (
        Column(gettext_lazy("状态"), 8, lambda line: _("未读") if line.unread else _("已读")),
        Column(gettext_lazy("件"), 16, lambda line: line.number),
        Column(gettext_lazy("事项"), 20, lambda line: line.label),
        Column(gettext_lazy("消息"), 50, lambda line: line.subject),
        Column(gettext_lazy("内容"), 60, lambda line: line.lead),
        Column(gettext_lazy("时间"), 17, lambda line: line.at),
    ),
)
CHANNELS = Sheet[ChannelNow](
    "channels",
    gettext_lazy("消息渠道"),
    (
        Column(gettext_lazy("渠道"), 16, lambda row: row.label),
        Column(gettext_lazy("状态"), 10, _state),
        Column(gettext_lazy("暂停自"), 17, lambda row: row.opened_at),
        Column(gettext_lazy("原因"), 50, lambda row: row.error),
        Column(gettext_lazy("待发送"), 8, lambda row: row.pending),
        Column(gettext_lazy("一天内已发"), 10, lambda row: row.sent),
        Column(gettext_lazy("未送达"), 8, lambda row: row.dead),
        Column(gettext_lazy("一天内可能重复"), 12, lambda row: row.duplicates_possible),
    ),
    impersonal=True,
)
SUBSCRIBERS = Sheet[Subscriber](
    "subscribers",
    gettext_lazy("群机器人和外部系统"),
    (
        Column(gettext_lazy("名称"), 30, lambda row: row.name),
        Column(gettext_lazy("状态"), 10, lambda row: _("启用") if row.active else _("已停用")),
        Column(gettext_lazy("暂停"), 8, lambda row: _("暂停") if any(g.opened_at for g in row.gates.all()) else ""),
        Column(gettext_lazy("渠道"), 16, lambda row: row.get_channel_display()),
        Column(gettext_lazy("区域或工作队"), 36, lambda row: str(row.area or row.team or "")),
    ),
    impersonal=True,
)


def texts_sheet() -> Sheet[Row]:
    """Which version of each message is in use: a column for each language, as they are set up."""

    def version(code: str) -> Column[Row]:
        def value(row: Row) -> str:
            number = next(n for language, _name, n in row.languages if language == code)
            return _("第 %(n)s 版") % {"n": number} if number else _("内置文本")

        return Column(dict(settings.LANGUAGES)[code], 14, value)

    columns = (version(code) for code, _name in settings.LANGUAGES)
    return Sheet(
        "texts",
        gettext_lazy("消息文本"),
        (Column(gettext_lazy("消息"), 30, lambda row: row.label), *columns),
        impersonal=True,
    )


def told_to(user: User, *, now: datetime) -> Iterator[Line]:
    """Everything that a person was told, the newest first; what stands under a head follows it."""
    before = None
    while True:
        page = messages_for(user, now=now, before=before)
        for line in page.lines:
            yield line
            yield from line.others
        if page.before is None:
            return
        before = page.before
