"""What the pages of decisions show: the text, how it came about, how long it hangs, and what the viewer may do."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Q
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from cases.council_terms import AppealState, DecisionState
from cases.models import AgendaItem, Appeal, CaseEvent, Decision, User
from cases.terms import DecisionOutcome, EventType
from workflows.council import access
from workflows.council.decision_reviews import IN_FORCE
from workflows.council.decision_words import criteria_words, kind_words, party_names, sums_words
from workflows.council.decisions import publish_by
from workflows.council.effect import CAN_BE_SUSPENDED
from workflows.council_pages.follow_ups import FollowUps, Said, follow_ups_of
from workflows.council_pages.notices import NoticeView, days_light, notice_views
from workflows.council_pages.owners_ballots import Offer, offer_of
from workflows.lights import DONE, OVERDUE, PAUSED, Light

D = DecisionState
BADGES = {
    D.PROVISIONAL: "badge--amber", D.IN_PUBLICATION: "badge--amber", D.EFFECTIVE: "badge--green",
    D.IMPLEMENTED: "badge--green", D.REVIEWED: "badge--green", D.SUSPENDED: "badge--red", D.REMANDED: "badge--red",
    D.ANNULLED: "badge--red", D.SUPERSEDED: "badge--grey",
}  # fmt: skip
MOVES = {
    "publish": gettext_lazy("张贴公示"), "take_effect": gettext_lazy("生效"), "suspend": gettext_lazy("暂缓执行"),
    "uphold": gettext_lazy("维持"), "remand": gettext_lazy("发回重议"), "annul": gettext_lazy("撤销"),
    "supersede": gettext_lazy("被新决议替代"), "implement": gettext_lazy("开始落实"),
    "finish": gettext_lazy("落实完毕"), "review": gettext_lazy("回头看"), "appeal": gettext_lazy("收到复议申请"),
    "appeal_upheld": gettext_lazy("复议维持"), "take_down": gettext_lazy("提前取下公示"),
    "post_again": gettext_lazy("重新张贴公示"), "evidence": gettext_lazy("上传张贴照片"),
    "end": gettext_lazy("公示期满"), "clear": gettext_lazy("公示无异议"), "contest": gettext_lazy("公示有异议"),
    "settle": gettext_lazy("异议已了结"), "object": gettext_lazy("收到异议"), "reply": gettext_lazy("异议已答复"),
    "sustain": gettext_lazy("异议成立"), "withdraw": gettext_lazy("异议撤回"),
    "reveal": gettext_lazy("查看异议人联系方式"),
}  # fmt: skip
HISTORY = (EventType.DECISION_RECORDED, EventType.DECISION_MOVED, EventType.NOTICE_MOVED)
JOINED = (
    "council__area", "case", "item__topic", "item__meeting__pack", "poll__pack", "certification", "supersedes",
    "recorded_by",
)  # fmt: skip


@dataclass(frozen=True)
class DecisionCard:
    """A decision in a few lines: under its item on the page of the meeting, and at the head of its own page."""

    decision: Decision
    kind: str
    badge: str
    light: Light
    sums: list[str]
    criteria: list[str]
    next_step: str
    is_mine: bool  # the viewer can make the next step


@dataclass(frozen=True)
class DecisionPage:
    """One decision with everything around it; `acts` are what the viewer may do now."""

    card: DecisionCard
    notices: list[NoticeView]
    follow_ups: FollowUps
    appeals: list[Appeal]
    history: list[Said]
    superseded_by: Decision | None
    later: list[Decision]
    acts: tuple[str, ...]
    is_late: bool
    publish_by: datetime | None
    owners_ballot: Offer | None  # to start one, or to look at the one that runs


def decision_of(viewer: User, item: AgendaItem, now: datetime) -> DecisionCard | None:
    """What an item came to, for somebody who sees its meeting; None when nothing was decided."""
    found = Decision.objects.filter(item=item).select_related(*JOINED).order_by("-pk").first()
    return _card(viewer, found, now) if found else None


def decision_page(viewer: User, pk: int, now: datetime) -> DecisionPage | None:
    """One decision that was taken here, or None when the viewer may not see it."""
    seen = access.visible(viewer, Decision.objects.filter(item__isnull=False)).select_related(*JOINED)
    decision: Decision | None = seen.filter(pk=pk).first()
    if decision is None:
        return None
    appeals = list(decision.appeals.order_by("-pk"))
    later = _later(decision) if access.is_secretary_of(decision.council, viewer) else []
    due = publish_by(decision) if decision.state == D.PROVISIONAL else None
    return DecisionPage(
        card=_card(viewer, decision, now),
        notices=notice_views(viewer, decision, now),
        follow_ups=follow_ups_of(viewer, decision, now),
        appeals=appeals,
        history=_history(decision),
        superseded_by=Decision.objects.filter(supersedes=decision).first(),
        later=later,
        acts=tuple(_acts(viewer, decision, appeals, later)),
        is_late=due is not None and now > due,
        publish_by=due,
        owners_ballot=offer_of(viewer, decision),
    )


def _card(viewer: User, decision: Decision, now: datetime) -> DecisionCard:
    names = party_names(decision) if decision.certification else {}
    return DecisionCard(
        decision=decision,
        kind=kind_words(decision),
        badge=BADGES.get(D(decision.state), ""),
        light=_light(decision, now),
        sums=sums_words(decision.certification),
        criteria=criteria_words(decision.certification, names),
        next_step=_next_step(decision),
        is_mine=decision.state == D.PROVISIONAL and access.is_secretary_of(decision.council, viewer),
    )


def _light(decision: Decision, now: datetime) -> Light:
    """How long its publication still lasts; afterwards where it stands."""
    if decision.state == D.IN_PUBLICATION:
        return days_light(decision.notices.latest("pk"), now)
    if decision.state == D.PROVISIONAL:
        late = now > publish_by(decision)
        return Light(OVERDUE, _("已过公示期限，请尽快张贴")) if late else Light(PAUSED, _("待公示"))
    kind = OVERDUE if decision.state in (D.SUSPENDED, D.REMANDED, D.ANNULLED) else DONE
    return Light(kind, str(D(decision.state).label))


def _next_step(decision: Decision) -> str:
    """What has to be done next, in words; nothing when nobody has to."""
    if decision.state == D.SUSPENDED:
        return _("由督办员维持、发回重议或撤销")
    if decision.state != D.PROVISIONAL:
        return ""
    is_planned = decision.nothing_to_do or decision.outcome == DecisionOutcome.NOT_ADOPTED
    return _("张贴公示") if is_planned or decision.follow_ups.exists() else _("先写明怎样落实")


def _later(decision: Decision) -> list[Decision]:
    """Decisions that could take its place."""
    rows = Decision.objects.filter(council=decision.council_id, state__in=IN_FORCE, supersedes=None)
    rows = rows.filter(recorded_at__gte=decision.recorded_at).exclude(outcome=DecisionOutcome.NOT_ADOPTED)
    return list(rows.exclude(pk=decision.pk).order_by("-pk")[:50])


def _acts(viewer: User, decision: Decision, appeals: list[Appeal], later: list[Decision]) -> Iterator[str]:
    is_secretary = access.is_secretary_of(decision.council, viewer)
    oversees = access.is_overseer_of(decision.council, viewer)
    state, has_open = decision.state, any(appeal.state == AppealState.OPEN for appeal in appeals)
    if is_secretary and state == D.PROVISIONAL and _next_step(decision) == _("张贴公示"):
        yield "publish"
    if oversees and state == D.SUSPENDED:
        yield from ("uphold", "remand", "annul")
    if has_open and (is_secretary or oversees):
        yield "decide_appeal"
    if oversees and state in CAN_BE_SUSPENDED:
        yield "suspend"
    if is_secretary and later and state in (D.EFFECTIVE, D.IMPLEMENTING, D.UPHELD, D.REMANDED):
        yield "supersede"
    if not has_open and (is_secretary or oversees) and state not in (D.PROVISIONAL, D.ANNULLED, D.SUPERSEDED):
        yield "appeal"


def _history(decision: Decision) -> list[Said]:
    """What the council's history says of it and its notices, the newest first; one query."""
    about = decision.council.events.filter(Q(type__in=HISTORY), data__decision=decision.pk)
    rows = about.select_related("actor").order_by("-seq")
    return [Said(_label(row.data), _who(row), row.at, _lines(row.data)) for row in rows]


def _who(event: CaseEvent) -> str:
    if event.actor is not None:
        return str(event.actor)
    return _("居民") if event.data.get("move") == "object" else _("系统")


def _label(data: dict[str, Any]) -> str:
    move = data.get("move", "")
    return str(MOVES.get(move, move)) if move else _("形成决议")


def _lines(data: dict[str, Any]) -> list[str]:
    lines = []
    if data.get("late"):
        lines.append(_("晚于规定的公示期限"))
    if data.get("reason"):
        lines.append(str(data["reason"]))
    if data.get("authority"):
        lines.append(_("依据：%(authority)s") % {"authority": data["authority"]})
    if data.get("move") == "supersede":
        lines.append(_("新决议：%(number)s") % {"number": data.get("number", "")})
    return lines
