"""A meeting in session with its items, for tests of what happens in it."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from cases.council_terms import ItemKind, PresenceMethod
from cases.models import AgendaItem, Meeting, Poll, Seat, Topic
from cases.terms import MatterType
from tests.councils import Body
from tests.factories import World
from workflows.commands.council import Matter, propose_matter
from workflows.council import agenda, meetings, polls, presence, topics
from workflows.council.hands import Hands

LEAD = timedelta(days=4)


@dataclass
class Room:
    """A meeting that is open, and when."""

    world: World
    body: Body
    meeting: Meeting
    items: list[AgendaItem]
    now: datetime

    def discuss(self, n: int = 0) -> AgendaItem:
        """Take up an item."""
        agenda.discuss_item(item_id=self.items[n].pk, actor=self.body.secretary, now=self.now)
        return AgendaItem.objects.get(pk=self.items[n].pk)

    def open_poll(self, method: str = "named", n: int = 0, **given: object) -> Poll:
        """Take up an item and put it to the vote."""
        self.discuss(n)
        item = self.items[n].pk
        return polls.open_poll(item_id=item, method=method, actor=self.body.secretary, now=self.now, **given)  # type: ignore[arg-type]

    def hands(self, *rows: tuple[int, int, int]) -> list[Hands]:
        """Hands of the parties in their order: for, against, abstained."""
        return [Hands(party, *row) for party, row in zip(self.body.parties.values(), rows, strict=False)]

    def come(self, seats: Iterable[Seat]) -> None:
        """Seats sign in."""
        for seat in seats:
            presence.sign_in(
                meeting_id=self.meeting.pk, seat_id=seat.pk, actor=self.body.secretary, now=self.now,
                method=PresenceMethod.RECORDER,
            )  # fmt: skip


def topic(world: World, title: str = "修车棚", matter: str = MatterType.FACILITY, *, accept: bool = True) -> Topic:
    """A matter of the council, taken up unless told otherwise."""
    proposal = Matter(title, f"{title}：由工作队实施。", MatterType(matter), world.estate, world.category)
    made = propose_matter(council_id=world.council.pk, proposal=proposal, actor=world.secretary, now=world.now)
    if accept:
        topics.screen_topic(topic_id=made.pk, verdict="accept", actor=world.secretary, now=world.now)
    return Topic.objects.get(pk=made.pk)


def plan(body: Body, at: datetime, **given: object) -> meetings.Plan:
    """A meeting in the yard, led by the chair."""
    words = {"venue": "小区活动室", "chair": body.chair, "recorder": body.seats["residents"][0]}
    return meetings.Plan(planned_at=at, **(words | given))  # type: ignore[arg-type]


def convened(world: World, body: Body, titles: Iterable[str] = ("修车棚",), matter: str = "facility") -> Meeting:
    """A meeting whose notice hangs."""
    found = [topic(world, title, matter) for title in titles]
    meeting = meetings.prepare_meeting(
        council_id=body.council.pk, plan=plan(body, world.now + LEAD), topics=found, actor=body.secretary,
        now=world.now, items=ItemKind.DECIDE,
    )  # fmt: skip
    return meetings.convene_meeting(meeting_id=meeting.pk, actor=body.secretary, now=world.now)


def opened(
    world: World, body: Body, titles: Iterable[str] = ("修车棚",), *, there: Iterable[Seat] | None = None, **given: str
) -> Room:
    """A meeting in session; everybody is there unless told otherwise."""
    meeting, now = convened(world, body, titles, **given), world.now + LEAD
    meetings.open_meeting(meeting_id=meeting.pk, actor=body.secretary, now=now)
    room = Room(world, body, Meeting.objects.get(pk=meeting.pk), list(meeting.items.order_by("position")), now)
    room.come(body.all_seats if there is None else there)
    return room
