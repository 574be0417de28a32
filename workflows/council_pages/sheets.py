"""What councils keep as files: topics, meetings, decisions, notices, what follows, projects, the register of owners."""

from datetime import datetime
from itertools import chain
from typing import Any

from django.db.models import Case, When
from django.utils.translation import gettext_lazy as _

from cases.council_terms import AreaSource, TopicState
from cases.lib.masking import mask_name, mask_text
from cases.lib.money import yuan_of
from cases.lib.sheets import Column, Listing, Sheet
from cases.models import Council, Decision, Meeting, MicroProject, Notice, OwnedUnit, Topic, User
from workflows.council.access import councils_visible_to
from workflows.council_pages.councils import (
    CouncilRow,
    PartyRow,
    SeatRow,
    TopicRow,
    meetings_of,
    party_rows,
    topic_rows,
)
from workflows.council_pages.follow_ups import FollowUpRow, due_of
from workflows.council_pages.owners_ballots import RollRow
from workflows.poll_words import area_words

COUNCILS = Sheet[CouncilRow](
    "councils",
    _("议事会"),
    (
        Column(_("代码"), 12, lambda row: row.council.code),
        Column(_("议事会"), 30, lambda row: str(row.council)),
        Column(_("类型"), 16, lambda row: row.council.get_kind_display()),
        Column(_("区域"), 36, lambda row: str(row.council.area)),
        Column(_("待审核议题"), 10, lambda row: row.pending),
        Column(_("最近的会议"), 17, lambda row: row.next_meeting.planned_at if row.next_meeting else None),
        Column(_("会议状态"), 12, lambda row: row.next_meeting.get_state_display() if row.next_meeting else ""),
    ),
    impersonal=True,
)
TOPICS = Sheet[TopicRow](
    "topics",
    _("议题"),
    (
        Column(_("议题编号"), 16, lambda row: row.topic.number),
        Column(_("议题"), 36, lambda row: mask_text(row.topic.title)),
        Column(_("提请议定的内容"), 50, lambda row: mask_text(row.topic.text)),
        Column(_("事项类型"), 14, lambda row: row.topic.get_matter_display()),
        Column(_("状态"), 12, lambda row: row.topic.get_state_display()),
        Column(_("只能建议，由谁决定"), 20, lambda row: row.competent),
        Column(_("延后次数"), 8, lambda row: row.adjourned),
        Column(_("何时以后才能再议"), 17, lambda row: row.rests_until),
        Column(_("件"), 20, lambda row: "、".join(case.number for case in row.topic.cases.all())),
        Column(_("提议人"), 12, lambda row: mask_text(row.topic.proposer)),
        Column(_("提出时间"), 17, lambda row: row.topic.proposed_at),
        Column(_("审核时间"), 17, lambda row: row.topic.screened_at),
        Column(_("理由"), 40, lambda row: mask_text(row.topic.reason)),
    ),
)
MEETINGS = Sheet[Meeting](
    "meetings",
    _("会议"),
    (
        Column(_("会议"), 20, lambda row: row.number),
        Column(_("类型"), 12, lambda row: row.get_kind_display()),
        Column(_("形式"), 10, lambda row: row.get_mode_display()),
        Column(_("状态"), 12, lambda row: row.get_state_display()),
        Column(_("开会时间"), 17, lambda row: row.planned_at),
        Column(_("地点"), 30, lambda row: row.venue),
        Column(_("开始时间"), 17, lambda row: row.opened_at),
        Column(_("散会时间"), 17, lambda row: row.closed_at),
        Column(_("议题"), 50, lambda row: "；".join(mask_text(item.topic.title) for item in row.items.all())),
        Column(_("理由"), 30, lambda row: mask_text(row.reason)),
    ),
)
DECISIONS = Sheet[Decision](
    "decisions",
    _("决议"),
    (
        Column(_("决议编号"), 18, lambda row: row.number),
        Column(_("类型"), 10, lambda row: row.get_kind_display()),
        Column(_("结果"), 12, lambda row: row.get_outcome_display()),
        Column(_("状态"), 12, lambda row: row.get_state_display()),
        Column(_("件"), 14, lambda row: row.case.number),
        Column(_("决议内容"), 60, lambda row: mask_text(row.text)),
        Column(_("议定日期"), 12, lambda row: row.decided_on),
        Column(_("异议截止"), 17, lambda row: row.objection_until),
        Column(_("生效时间"), 17, lambda row: row.effective_from),
        Column(_("无须落实的理由"), 30, lambda row: mask_text(row.nothing_to_do)),
    ),
)
NOTICES = Sheet[Notice](
    "notices",
    _("公示"),
    (
        Column(_("类型"), 12, lambda row: row.get_kind_display()),
        Column(_("标题"), 36, lambda row: mask_text(row.title)),
        Column(_("状态"), 12, lambda row: row.get_state_display()),
        Column(_("公示方式"), 20, lambda row: row.channels),
        Column(_("张贴时间"), 17, lambda row: row.posted_at),
        Column(_("公示至"), 17, lambda row: row.must_stay_until),
        Column(_("提前取下时间"), 17, lambda row: row.taken_down_at),
        Column(_("内容"), 60, lambda row: mask_text(row.body)),
    ),
)
MEMBERS = Sheet[tuple[PartyRow, SeatRow]](
    "members",
    _("成员"),
    (
        Column(_("方"), 24, lambda row: str(row[0].party)),
        Column(_("姓名"), 14, lambda row: row[1].seat.name),
        Column(_("职务"), 14, lambda row: row[1].seat.get_role_display()),
        Column(_("表决权"), 10, lambda row: "" if row[1].seat.has_vote else str(_("无表决权"))),
        Column(_("应到会"), 8, lambda row: row[1].invited),
        Column(_("到会"), 8, lambda row: row[1].came),
    ),
)
FOLLOW_UPS = Sheet[FollowUpRow](
    "follow-ups",
    _("决议落实"),
    (
        Column(_("落实事项"), 40, lambda shown: mask_text(shown.row.what)),
        Column(_("类型"), 12, lambda shown: shown.row.get_kind_display()),
        Column(_("状态"), 12, lambda shown: shown.row.get_state_display()),
        Column(_("进度（%）"), 8, lambda shown: shown.row.progress),
        Column(_("责任单位"), 20, lambda shown: str(shown.row.owner)),
        Column(_("完成日期"), 12, lambda shown: shown.row.due_date),
        Column(_("时限"), 17, due_of),
        Column(_("剩余时间"), 20, lambda shown: shown.light.words),
        Column(_("议事会"), 24, lambda shown: str(shown.row.decision.council)),
        Column(_("决议编号"), 18, lambda shown: shown.row.decision.number),
        Column(_("件"), 14, lambda shown: shown.row.decision.case.number),
        Column(_("办结时间"), 17, lambda shown: shown.row.ended_at),
    ),
)
PROJECTS = Sheet[MicroProject](
    "projects",
    _("微项目"),
    (
        Column(_("编号"), 14, lambda row: row.number),
        Column(_("项目名称"), 30, lambda row: mask_text(row.title)),
        Column(_("建设内容"), 50, lambda row: mask_text(row.scope)),
        Column(_("状态"), 10, lambda row: row.get_state_display()),
        Column(_("责任单位"), 20, lambda row: str(row.follow_up.owner)),
        Column(_("议事会"), 24, lambda row: str(row.follow_up.decision.council)),
        Column(_("资金来源"), 14, lambda row: row.get_fund_source_display()),
        Column(_("预算（元）"), 14, lambda row: _yuan(row.budget_fen)),
        Column(_("批准（元）"), 14, lambda row: _yuan(row.approved_fen)),
        Column(_("合同（元）"), 14, lambda row: _yuan(row.contract_fen)),
        Column(_("结算（元）"), 14, lambda row: _yuan(row.settled_fen)),
        Column(_("施工单位"), 24, lambda row: row.contractor),
        Column(_("申报时间"), 17, lambda row: row.proposed_at),
        Column(_("结算时间"), 17, lambda row: row.settled_at),
    ),
)
REGISTER = Sheet[OwnedUnit](
    "owners",
    _("业主名册"),
    (
        Column(_("房号"), 14, lambda row: row.number),
        Column(_("业主编号"), 14, lambda row: row.owner.code),
        Column(_("姓名"), 14, lambda row: mask_name(row.owner.name)),
        Column(_("面积"), 14, lambda row: area_words(row.area_cm2)),
        Column(_("面积来源"), 16, lambda row: str(AreaSource(row.area_source).label)),
    ),
)
ROLL = Sheet[RollRow](
    "owners-roll",
    _("表决名册"),
    (
        Column(_("房号"), 20, lambda row: row[0].label),
        Column(_("人数"), 8, lambda row: row[0].head),
        Column(_("专有部分面积"), 16, lambda row: row[1]),
        Column(_("面积来源"), 16, lambda row: row[2]),
    ),
)


def _yuan(fen: int | None) -> str:
    return "" if fen is None else yuan_of(fen)


def kept_by_council(viewer: User, code: str, *, now: datetime) -> dict[str, Listing[Any]]:
    """All that a council has of each kind, in the order of its page; nothing when it is out of scope."""
    council = councils_visible_to(viewer).filter(code=code).first()
    return _lists(council, now) if council else {}


def _lists(council: Council, now: datetime) -> dict[str, Listing[Any]]:
    meetings = [found.prefetch_related("items__topic") for found in meetings_of(council)]
    waiting = Case(When(state=TopicState.PENDING, then=0), When(state=TopicState.ACCEPTED, then=1), default=2)
    topics = Topic.objects.filter(council=council).prefetch_related("cases").order_by(waiting, "proposed_at", "pk")
    decisions = Decision.objects.filter(council=council).select_related("case")
    return {
        "topics": Listing(TOPICS, lambda: topic_rows(list(topics), council, now)),
        "meetings": Listing(MEETINGS, lambda: chain(*meetings)),
        "decisions": Listing(DECISIONS, lambda: decisions.order_by("-decided_on", "-pk")),
        "notices": Listing(NOTICES, lambda: Notice.objects.filter(council=council).order_by("-pk")),
        "members": Listing(
            MEMBERS, lambda: ((party, seat) for party in party_rows(council, now) for seat in party.seats)
        ),
    }


LISTS = {
    "topics": TOPICS.title, "meetings": MEETINGS.title, "decisions": DECISIONS.title, "notices": NOTICES.title,
    "members": MEMBERS.title,
}  # fmt: skip
