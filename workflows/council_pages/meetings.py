"""The page of a meeting: what it needs, who is there, how each item stands, and what the next step is."""

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime

from django.db.models import Prefetch
from django.utils import timezone
from django.utils.translation import gettext as _

from cases.council_terms import AttendanceStatus, ItemKind, ItemState, MeetingState
from cases.models import AgendaItem, Attendance, Council, DraftText, Mandate, Meeting, Seat, Statement, Topic, User
from workflows.council import access, presence
from workflows.council.meetings import earliest_start
from workflows.council.packs import rules_of
from workflows.council_pages.councils import TopicRow, council_page, topic_rows
from workflows.council_pages.decisions import DecisionCard, decision_of
from workflows.council_pages.polls import PollPanel, panel_of
from workflows.polling.result import Needed

S = MeetingState
RUNNING = (S.IN_SESSION, S.RECESS)
WITH_PANEL = (ItemState.IN_DISCUSSION, ItemState.POLLING, ItemState.DECIDED)


@dataclass(frozen=True)
class Check:
    """One thing that is looked at before the notice goes out."""

    words: str
    passed: bool


@dataclass(frozen=True)
class SeatView:
    """A seat at this meeting."""

    attendance: Attendance
    seat: Seat
    is_there: bool
    was_there: bool
    is_mine: bool
    acts_for: list[Seat]


@dataclass(frozen=True)
class PartyView:
    """A party at this meeting; `missing` is what its own quorum still needs."""

    name: str
    seats: list[SeatView]
    present: int
    voting: int
    missing: int


@dataclass(frozen=True)
class ItemView:
    """An item with its wording, what was said, its vote and its decision."""

    item: AgendaItem
    draft: DraftText | None
    drafts: int
    statements: list[Statement]
    topic: TopicRow
    panel: PollPanel | None
    decision: DecisionCard | None
    is_current: bool


@dataclass(frozen=True)
class MeetingPage:
    """Everything on the page of a meeting."""

    meeting: Meeting
    council: Council
    is_secretary: bool
    items: list[ItemView]
    parties: list[PartyView]
    quorum: list[Needed]
    present: int
    voting: int
    checks: list[Check]
    topics: list[TopicRow]
    mandates: list[Mandate]
    my_seat: SeatView | None
    may_sign_in: bool
    next_step: str
    elsewhere: list[Council] = field(default_factory=list)

    @property
    def missing(self) -> int:
        """How many more are needed at the door: the greatest need."""
        return max((need.missing for need in self.quorum), default=0)


def meeting_page(viewer: User, pk: int, now: datetime) -> MeetingPage | None:
    """The page of one meeting; None when it is out of scope."""
    rows = access.visible(viewer, Meeting.objects.filter(pk=pk))
    meeting = rows.select_related("council__area", "pack", "chair", "recorder", "reconvenes").first()
    if meeting is None:
        return None
    is_secretary = access.is_secretary_of(meeting.council, viewer)
    items = _items(meeting, viewer, now)
    seats = _seats(meeting, viewer, now)
    there = presence.counted_at(meeting, now) if meeting.state in RUNNING or meeting.state == S.CONVENED else set()
    quorum = presence.quorum_now(meeting, there) if meeting.state != S.DRAFT else []
    is_draft = meeting.state == S.DRAFT
    return MeetingPage(
        meeting=meeting,
        council=meeting.council,
        is_secretary=is_secretary,
        items=items,
        parties=_parties(seats, quorum, there, is_over=meeting.closed_at is not None),
        quorum=quorum,
        present=len(there),
        voting=sum(view.seat.has_vote for view in seats),
        checks=checks(meeting, items, now) if is_draft and is_secretary else [],
        topics=_free_topics(meeting, viewer, now) if is_secretary and (is_draft or meeting.state in RUNNING) else [],
        mandates=list(meeting.mandates.filter(revoked_at=None).select_related("principal", "holder")),
        my_seat=next((view for view in seats if view.is_mine), None),
        may_sign_in=may_sign_in(meeting, now),
        next_step=_next_step(meeting, items),
        elsewhere=list(Council.objects.filter(active=True).exclude(pk=meeting.council_id)) if is_secretary else [],
    )


def may_sign_in(meeting: Meeting, now: datetime) -> bool:
    """From an hour before it begins until it is closed."""
    return presence.may_sign_in(meeting, now)


def _items(meeting: Meeting, viewer: User, now: datetime) -> list[ItemView]:
    statements = Statement.objects.select_related("seat__party").order_by("at", "pk")
    found = meeting.items.select_related("topic__council", "carried_from__meeting", "referred_to").prefetch_related(
        Prefetch("drafts", DraftText.objects.order_by("n")), Prefetch("statements", statements), "topic__cases"
    )
    items = list(found.order_by("position", "pk"))
    for item in items:
        item.meeting = meeting
    rows = {row.topic.pk: row for row in topic_rows([item.topic for item in items], meeting.council, now)}
    current = next((i for i in items if i.state in (ItemState.IN_DISCUSSION, ItemState.POLLING)), None)
    current = current or next((i for i in items if i.state in (ItemState.ANNOUNCED, ItemState.ACCEPTED)), None)
    views = []
    for item in items:
        drafts = list(item.drafts.all())
        has_panel = item.state in WITH_PANEL and item.kind in (ItemKind.DECIDE, ItemKind.DELIBERATE)
        views.append(
            ItemView(
                item=item,
                draft=drafts[-1] if drafts else None,
                drafts=len(drafts),
                statements=list(item.statements.all()),
                topic=rows[item.topic_id],
                panel=panel_of(viewer, item, now) if has_panel else None,
                decision=decision_of(viewer, item, now) if item.state == ItemState.DECIDED else None,
                is_current=item is current and meeting.state in RUNNING,
            )
        )
    return views


def _seats(meeting: Meeting, viewer: User, now: datetime) -> list[SeatView]:
    rows = meeting.attendances.select_related("seat__party", "seat__user").prefetch_related("intervals")
    for_whom: dict[int, list[Seat]] = {}
    for mandate in meeting.mandates.filter(revoked_at=None).select_related("principal"):
        for_whom.setdefault(mandate.holder_id, []).append(mandate.principal)
    views = []
    for row in rows.order_by("seat__party__position", "seat_id"):
        intervals = list(row.intervals.all())
        is_there = any(i.began_at <= now and (i.ended_at is None or i.ended_at > now) for i in intervals)
        is_mine = row.seat.user_id == viewer.pk
        views.append(SeatView(row, row.seat, is_there, bool(intervals), is_mine, for_whom.get(row.seat_id, [])))
    return views


def _parties(seats: list[SeatView], quorum: list[Needed], there: Collection[int], *, is_over: bool) -> list[PartyView]:
    """Each party with how many count as there, by a holder too; of a meeting that is over, how many were."""
    missing = {need.group: need.missing for need in quorum}
    found: dict[str, list[SeatView]] = {}
    for view in seats:
        found.setdefault(view.seat.party.code, []).append(view)
    return [
        PartyView(
            name=views[0].seat.party.name,
            seats=views,
            present=sum(view.was_there if is_over else view.seat.pk in there for view in views if view.seat.has_vote),
            voting=sum(view.seat.has_vote for view in views),
            missing=missing.get(code, 0),
        )
        for code, views in found.items()
    ]


def _free_topics(meeting: Meeting, viewer: User, now: datetime) -> list[TopicRow]:
    page = council_page(viewer, meeting.council.code, now)
    on_it = set(meeting.items.values_list("topic_id", flat=True))
    return [row for row in page.accepted if row.topic.pk not in on_it] if page else []


def checks(meeting: Meeting, items: list[ItemView], now: datetime) -> list[Check]:
    """Before the notice goes out: an agenda, somebody to lead, time enough, and the right body for each item."""
    earliest = earliest_start(meeting, now)
    moment = timezone.localtime(earliest).strftime("%Y-%m-%d %H:%M")
    found = [
        Check(_("议程有 %(n)s 项") % {"n": len(items)}, bool(items)),
        Check(_("主持人和记录人已定"), bool(meeting.chair_id and meeting.recorder_id)),
        Check(_("按规则提前 %(days)s 天通知：最早 %(moment)s 开会") % {
            "days": rules_of(meeting.pack).notice_days, "moment": moment,
        }, meeting.planned_at >= earliest),
    ]  # fmt: skip
    found += [
        Check(
            _("“%(topic)s”由%(body)s决定，本会只能提建议")
            % {"topic": view.item.topic.title, "body": view.topic.competent},
            passed=False,
        )
        for view in items
        if not view.topic.is_ours
    ]
    return found


def expected(meeting: Meeting) -> list[Needed]:
    """Whether quorum can be reached with those who said that they come."""
    coming = meeting.attendances.filter(status=AttendanceStatus.CONFIRMED, seat__has_vote=True)
    return presence.quorum_now(meeting, set(coming.values_list("seat_id", flat=True)))


def _next_step(meeting: Meeting, items: list[ItemView]) -> str:
    """The one thing that is to be done now, as the name of its act; empty when nothing is."""
    if meeting.state == S.IN_SESSION:
        open_ones = any(view.item.state in (*WITH_PANEL[:2], ItemState.ANNOUNCED, ItemState.ACCEPTED) for view in items)
        return "item" if open_ones else "close"
    return {
        S.DRAFT: "convene",
        S.CONVENED: "open",
        S.RECESS: "resume",
        S.CLOSED: "minutes",
        S.NO_QUORUM: "reconvene",
    }.get(S(meeting.state), "")


def topics_to_tick(viewer: User, council: Council, now: datetime) -> list[Topic]:
    """What may come on a new agenda."""
    page = council_page(viewer, council.code, now)
    return [row.topic for row in page.accepted if row.rests_until is None] if page else []
