"""What the pages of notices show: how long they hang, what was objected and answered, what the viewer may do."""

from dataclasses import dataclass
from datetime import datetime

from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from cases.council_terms import NoticeKind, NoticeState, ObjectionState
from cases.lib.masking import mask_name, mask_text
from cases.models import Decision, Notice, Objection, User
from workflows.council.access import is_overseer_of, is_secretary_of
from workflows.council.decision_words import kind_words
from workflows.council.objections import is_open_to_objections
from workflows.lights import DONE, OK, OVERDUE, SOON, Light, clock_light
from workflows.models import Clock

OVER = (NoticeState.ENDED, NoticeState.CONTESTED, NoticeState.CLEARED)
OPEN = ObjectionState.OPEN


@dataclass(frozen=True)
class ObjectionView:
    """An objection without what points to a person; `acts` are what the reader may do."""

    row: Objection
    who: str
    text: str
    reply: str
    light: Light | None
    acts: tuple[str, ...]


@dataclass(frozen=True)
class NoticeView:
    """A notice with how long it still hangs."""

    notice: Notice
    light: Light
    acts: tuple[str, ...]
    objections: list[ObjectionView]

    @property
    def badge(self) -> str:
        """How its state is coloured."""
        return {"posted": "badge--amber", "contested": "badge--red", "taken_down_early": "badge--red"}.get(
            self.notice.state, "badge--green" if self.notice.state == NoticeState.CLEARED else "badge--grey"
        )


@dataclass(frozen=True)
class PublicNotice:
    """A notice as anybody may read it; names and numbers that point to a person are masked."""

    notice: Notice
    title: str
    body: str
    light: Light
    is_up: bool
    kind: str
    number: str
    answered: list[ObjectionView]
    waiting: int
    objection_until: datetime | None
    may_object: bool


def days_light(notice: Notice, now: datetime) -> Light:
    """还剩 3 天, 今天期满, 已期满: how long a notice still has to hang."""
    until = notice.must_stay_until
    if notice.state == NoticeState.TAKEN_DOWN_EARLY:
        return Light(OVERDUE, _("已提前取下，须重新张贴"))
    if until is None or notice.state in OVER or until <= now:
        return Light(DONE, _("公示期已满"))
    days = (timezone.localdate(until) - timezone.localdate(now)).days
    if days == 0:
        return Light(SOON, _("今天期满"))
    return Light(OK, ngettext("还剩 %(n)s 天", "还剩 %(n)s 天", days) % {"n": days})


def notice_views(viewer: User, decision: Decision, now: datetime) -> list[NoticeView]:
    """The notices of a decision that the viewer sees, the newest first, with their objections; three queries."""
    rows = decision.notices.prefetch_related("objections__replied_by", "objections__received_by").order_by("-pk")
    is_secretary = is_secretary_of(decision.council, viewer)
    answers = is_secretary or is_overseer_of(decision.council, viewer)
    clocks = _clocks(decision)
    views = []
    for notice in rows:
        notice.decision = decision
        said = [_told(row, clocks, now, is_secretary=is_secretary, answers=answers) for row in notice.objections.all()]
        acts = _acts(notice, now) if is_secretary else ()
        views.append(NoticeView(notice, days_light(notice, now), acts, said))
    return views


def _clocks(decision: Decision) -> dict[int, Clock]:
    found = Clock.objects.filter(objection__notice__decision=decision).select_related("policy", "calendar")
    return {clock.objection_id: clock for clock in found if clock.objection_id}


def _acts(notice: Notice, now: datetime) -> tuple[str, ...]:
    acts = []
    if notice.state == NoticeState.POSTED:
        acts.append("evidence")
        acts.append("take_down")
    if notice.state == NoticeState.TAKEN_DOWN_EARLY:
        acts.append("repost")
    if is_open_to_objections(notice, now):
        acts.append("object")
    return tuple(acts)


def _told(
    row: Objection, clocks: dict[int, Clock], now: datetime, *, is_secretary: bool, answers: bool
) -> ObjectionView:
    acts = (("reply",) if answers else ()) + (("withdraw",) if is_secretary else ()) if row.state == OPEN else ()
    if is_secretary and (row.name or row.contact):
        acts = (*acts, "reveal")
    clock = clocks.get(row.pk)
    return ObjectionView(
        row=row,
        who=mask_name(row.name),
        text=mask_text(row.text),
        reply=mask_text(row.reply),
        light=clock_light(clock, now) if clock and row.state == OPEN else None,
        acts=acts,
    )


def public_notice(slug: str, now: datetime) -> PublicNotice | None:
    """What hangs at a public address; None when there is nothing."""
    joined = ("council", "decision__council")
    notice = Notice.objects.select_related(*joined).filter(slug=slug).exclude(state=NoticeState.PLANNED).first()
    if notice is None:
        return None
    decision = notice.decision
    replies = list(notice.objections.exclude(state=ObjectionState.WITHDRAWN))
    return PublicNotice(
        notice=notice,
        title=mask_text(notice.title),
        body=mask_text(notice.body),
        light=days_light(notice, now),
        is_up=notice.state == NoticeState.POSTED and (notice.must_stay_until or now) > now,
        kind=kind_words(decision) if decision else str(NoticeKind(notice.kind).label),
        number=decision.number if decision else "",
        answered=[_public(row) for row in replies if row.state != OPEN],
        waiting=sum(row.state == OPEN for row in replies),
        objection_until=decision.objection_until if decision else None,
        may_object=is_open_to_objections(notice, now),
    )


def _public(row: Objection) -> ObjectionView:
    """One that was answered: what was said on both sides, and nothing that points to a person."""
    return ObjectionView(row, mask_name(row.name), mask_text(row.text), mask_text(row.reply), None, ())
