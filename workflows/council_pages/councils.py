"""The pages of a council and of a topic: what waits, what comes, who sits in it."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, Prefetch, Q, QuerySet
from django.utils import timezone

from cases.council_terms import ItemState, MeetingState, TopicState
from cases.models import AgendaItem, Attendance, Council, CouncilParty, Meeting, Seat, Topic, User
from cases.terms import State
from workflows.council import access
from workflows.council.packs import competence
from workflows.council.topics import resting

TO_COME = (MeetingState.DRAFT, MeetingState.CONVENED, MeetingState.IN_SESSION, MeetingState.RECESS)
OFTEN = 2  # adjourned so many times, a topic is named on the page of its council
NEWEST = 20


@dataclass(frozen=True)
class CouncilRow:
    """One council in the list of somebody's."""

    council: Council
    pending: int
    next_meeting: Meeting | None


@dataclass(frozen=True)
class SeatRow:
    """A seat with how often it came to the meetings it was invited to."""

    seat: Seat
    invited: int
    came: int


@dataclass(frozen=True)
class PartyRow:
    """A party with its seats."""

    party: CouncilParty
    seats: list[SeatRow]


@dataclass(frozen=True)
class TopicRow:
    """A topic with what can be said of it before it is voted on."""

    topic: Topic
    is_ours: bool  # whether this kind of body is competent, or can only recommend
    competent: str
    rests_until: datetime | None
    adjourned: int


@dataclass(frozen=True)
class CouncilPage:
    """Everything on the page of a council."""

    council: Council
    is_secretary: bool
    pending: list[TopicRow]
    accepted: list[TopicRow]
    to_come: list[Meeting]
    past: list[Meeting]
    parties: list[PartyRow]
    often: list[TopicRow]


def council_rows(viewer: User) -> list[CouncilRow]:
    """The councils that somebody may see, with what waits in each."""
    councils = access.councils_visible_to(viewer).filter(active=True).select_related("area")
    rows = councils.annotate(pending=Count("topics", filter=Q(topics__state=TopicState.PENDING))).order_by("code")
    coming = Meeting.objects.filter(council__in=rows.values("pk"), state__in=TO_COME).order_by("-planned_at")
    soonest = {meeting.council_id: meeting for meeting in coming}
    return [CouncilRow(row, row.pending, soonest.get(row.pk)) for row in rows]


def council_page(viewer: User, code: str, now: datetime) -> CouncilPage | None:
    """The page of one council; None when it is out of scope."""
    council = access.councils_visible_to(viewer).select_related("area").filter(code=code).first()
    if council is None:
        return None
    topics = list(_waiting(council))
    rows = topic_rows(topics, council, now)
    to_come, past = meetings_of(council)
    return CouncilPage(
        council=council,
        is_secretary=access.is_secretary_of(council, viewer),
        pending=[row for row in rows if row.topic.state == TopicState.PENDING],
        accepted=[row for row in rows if row.topic.state == TopicState.ACCEPTED],
        to_come=list(to_come),
        past=list(past[:NEWEST]),
        parties=party_rows(council, now),
        often=[row for row in rows if row.adjourned >= OFTEN],
    )


def meetings_of(council: Council) -> tuple[QuerySet[Meeting], QuerySet[Meeting]]:
    """Those to come, the next one first, and those that were, the last one first."""
    meetings = Meeting.objects.filter(council=council)
    to_come = meetings.filter(state__in=TO_COME).order_by("planned_at", "pk")
    return to_come, meetings.exclude(state__in=TO_COME).order_by("-planned_at", "-pk")


def _waiting(council: Council) -> QuerySet[Topic]:
    """Topics to look at, and those that were taken up and are on no agenda that is still to come.

    What was settled elsewhere, on paper or because its case ended, waits no longer.
    """
    planned = AgendaItem.objects.filter(
        state__in=[ItemState.ACCEPTED, ItemState.ANNOUNCED, ItemState.IN_DISCUSSION, ItemState.POLLING]
    )
    decided = AgendaItem.objects.filter(state=ItemState.DECIDED, decisions__outcome__in=["adopted", "consensus"])
    busy = Q(items__in=planned.values("pk")) | Q(items__in=decided.values("pk"))
    found = Topic.objects.filter(council=council, state__in=[TopicState.PENDING, TopicState.ACCEPTED]).exclude(busy)
    with_us = found.filter(cases__council=council, cases__state=State.DELIBERATING).distinct()
    return with_us.select_related("council").prefetch_related("cases").order_by("proposed_at", "pk")


def topic_rows(topics: Sequence[Topic], council: Council, now: datetime) -> list[TopicRow]:
    """What is known of topics before a vote: who is competent, how often they were put off."""
    put_off = Counter(
        AgendaItem.objects.filter(topic__in=topics, state=ItemState.ADJOURNED).values_list("topic_id", flat=True)
    )
    rules, rests = competence(), resting([t for t in topics if t.state == TopicState.ACCEPTED], now)
    rows = []
    for topic in topics:
        matter = rules.get(topic.matter)
        is_ours = matter is None or matter.competent == council.kind
        competent = "" if matter is None or is_ours else matter.get_competent_display()
        rows.append(TopicRow(topic, is_ours, competent, rests.get(topic.pk), put_off[topic.pk]))
    return rows


def party_rows(council: Council, now: datetime) -> list[PartyRow]:
    """Parties with their seats of today, and how often each came."""
    day = timezone.localdate(now)
    seats = Seat.objects.on(day).select_related("user")
    parties = council.parties.prefetch_related(Prefetch("members", seats.order_by("pk"))).order_by("position", "pk")
    held = Attendance.objects.filter(seat__party__council=council, meeting__closed_at__isnull=False)
    counts = {
        seat: (invited, came)
        for seat, invited, came in held.values("seat").annotate(
            invited=Count("pk", distinct=True),
            came=Count("pk", filter=Q(intervals__isnull=False), distinct=True),
        ).values_list("seat", "invited", "came")
    }  # fmt: skip
    return [
        PartyRow(party, [SeatRow(seat, *counts.get(seat.pk, (0, 0))) for seat in party.members.all()])
        for party in parties
    ]


@dataclass(frozen=True)
class TopicPage:
    """One topic with its cases and where it was discussed."""

    row: TopicRow
    is_secretary: bool
    items: list[AgendaItem]
    others: list[Topic]


def topic_page(viewer: User, pk: int, now: datetime) -> TopicPage | None:
    """The page of one topic; None when it is out of scope."""
    found = access.visible(viewer, Topic.objects.filter(pk=pk))
    topic = found.select_related("council__area", "merged_into", "screened_by").prefetch_related("cases").first()
    if topic is None:
        return None
    items = AgendaItem.objects.filter(topic=topic).select_related("meeting").order_by("-pk")
    others = Topic.objects.filter(council=topic.council, state__in=[TopicState.PENDING, TopicState.ACCEPTED])
    (row,) = topic_rows([topic], topic.council, now)
    return TopicPage(
        row=row,
        is_secretary=access.is_secretary_of(topic.council, viewer),
        items=list(items),
        others=list(others.exclude(pk=pk).order_by("-pk")[:NEWEST]),
    )
