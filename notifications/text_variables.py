"""Which variables a text may use, what each means, and a sample of each: no person stands behind a sample."""

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.template import engines
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from cases.terms import COUNCIL_EVENTS, ClockKind, RequestKind

MOMENT = datetime(2026, 3, 5, 17, 30, tzinfo=ZoneInfo("Asia/Shanghai"))
SAID = re.compile(r"\bsaid\.([a-z_]+)")


@dataclass(frozen=True)
class Variable:
    """One variable: its meaning for who writes, and what it is in the sample."""

    meaning: Promise | str
    sample: Any


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
    "url": Variable(_("办理页面的链接；文末总会附上"), "https://example.com/cases/2026-000123/"),
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
    "url": Variable(_("居民查看办理情况的链接；文末总会附上"), "https://example.com/r/…/"),
    "survey_url": Variable(_("评价的链接，可能没有；文末总会附上"), "https://example.com/r/s/…/"),
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
    "missing": Variable(_("还缺什么"), _("还有一盏不亮")),
    "note": Variable(_("说明或意见，可能没有"), _("请尽快。")),
    "nothing_to_do": Variable(_("无须落实的理由"), ""),
    "number": Variable(_("督办单或决议的编号"), "〔2026〕12 号"),
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


def template_name(event_type: str, *, resident: bool) -> str:
    """The file of the words that come with the program."""
    return f"{event_type}.resident" if resident else event_type


def variables_of(event_type: str, *, resident: bool) -> dict[str, Variable]:
    """By name: those of every message of this kind, and what this event says. Only an answer asks to be rated."""
    common = OF_RESIDENT if resident else OF_COUNCIL if event_type in COUNCIL_EVENTS else OF_STAFF
    source = _source(event_type, resident=resident)
    found = {name: kind for name, kind in common.items() if name != "survey_url" or name in source}
    said = sorted(set(SAID.findall(source)) & set(SAID_OF))
    return found | {f"said.{name}": SAID_OF[name] for name in said}


def _source(event_type: str, *, resident: bool) -> str:
    engine = engines["django"].engine  # type: ignore[attr-defined]  # the engine itself knows its sources
    name = template_name(event_type, resident=resident)
    return str(engine.get_template(f"notifications/{name}.txt").source)


def sample_words(event_type: str, *, resident: bool) -> dict[str, Any]:
    """What a made-up event says, as `render` hands it to the templates."""
    chosen_at = "https://example.com/r/…/messages/" if resident else f"{settings.BASE_URL}/messages/settings/"
    words: dict[str, Any] = {"said": dict(LISTS), "messages_url": chosen_at}
    for name, variable in variables_of(event_type, resident=resident).items():
        into, _dot, key = name.rpartition(".")
        sample = variable.sample
        (words["said"] if into else words)[key] = str(sample) if isinstance(sample, Promise) else sample
    return words
