"""Meetings of councils: what is put on the list, the notice, the evening itself, what is posted and signed after it."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from random import Random
from typing import Any

from django.utils import timezone

from cases.council_terms import FollowUpKind, ItemKind
from cases.models import AgendaItem, Council, CouncilParty, Decision, Meeting, Seat, Topic
from cases.terms import MatterType
from workflows.commands.council import Matter as Proposal
from workflows.commands.council import propose_matter
from workflows.council import agenda, minutes, presence, topics
from workflows.council.decisions import publish_decision
from workflows.council.follow_ups import Planned, plan_follow_ups
from workflows.council.hands import Counters, Hands, vote_by_hands
from workflows.council.meetings import Plan, close_meeting, convene_meeting, open_meeting, prepare_meeting
from workflows.demo.days import Story
from workflows.demo.steps import Scene
from workflows.demo.telling import Script, told
from workflows.demo.world import World
from workflows.flows import signing as errand

CHANNELS = "小区公告栏、业主群"
VENUE = "小区党群服务站"
NOTHING, TASK, PROJECT, REFUSED = "nothing", "task", "project", "refused"  # what comes of an item
PREPARED, IN_EFFECT = timedelta(days=7), timedelta(days=5)  # before the evening, and after it
SAID = (
    ("supports", "居民盼着早点办，请把费用公示清楚。"),
    ("asks", "施工要多久，晚上会不会吵？"),
    ("proposes", "建议先办最急的，余下的分两步走。"),
    ("informs", "物业可以派两个人配合，材料进场我们登记。"),
)


@dataclass
class Item:
    """One matter of an evening; one of its own the council brings itself, any other was referred by a case."""

    scene: Scene
    comes_of_it: str
    matter: MatterType = MatterType.FACILITY
    is_own: bool = True
    needs_poll: bool = True
    plan: "Callable[[Decision, Item, Sitting, datetime], None] | None" = None  # what follows, when not the usual


@dataclass
class Sitting:
    """An evening of the council of an estate."""

    estate: str
    at: datetime
    items: list[Item]

    def on(self, days: int, hour: int, minute: int = 0) -> datetime:
        """An hour so many days from the evening."""
        return (self.at + timedelta(days=days)).replace(hour=hour, minute=minute)


class Room:
    """The council of one sitting, with those who act in it."""

    def __init__(self, world: World, sitting: Sitting) -> None:
        self.council: Council = world.places.councils[sitting.estate]
        self.secretary = world.people[f"council:{sitting.estate}"]
        self.parties = list(CouncilParty.objects.filter(council=self.council).order_by("position"))
        self.seats = list(Seat.objects.filter(party__council=self.council).order_by("party__position", "pk"))
        self.counters = Counters(self.seats[1].name, self.seats[-2].name)

    def plan(self, at: datetime) -> Plan:
        """An evening led and recorded by the party branch."""
        return Plan(at, VENUE, chair=self.seats[0], recorder=self.seats[1])

    def listed(self, item: Item, world: World, now: datetime) -> Topic:
        """The topic of an item, taken up: proposed here, or referred before."""
        scene = item.scene
        if item.is_own:
            words = {"b": scene.building, "e": scene.estate}
            title, text = (part.format(**words) for part in (scene.matter.title, scene.matter.description))
            area = world.places.areas[scene.estate]
            proposal = Proposal(title, text, item.matter, area, scene.category)
            topic = propose_matter(council_id=self.council.pk, proposal=proposal, actor=self.secretary, now=now)
            scene.case_id = topic.cases.values_list("pk", flat=True)[0]
        else:
            topic = Topic.objects.get(cases=scene.case_id)
        return topics.screen_topic(topic_id=topic.pk, verdict="accept", actor=self.secretary, now=now)

    def come(self, meeting: Meeting, away: Seat | None, now: datetime) -> None:
        """The meeting is opened; everybody who did not excuse themselves is there."""
        if away is not None:
            presence.answer_invitation(meeting_id=meeting.pk, seat_id=away.pk, actor=self.secretary, comes=False)
        open_meeting(meeting_id=meeting.pk, actor=self.secretary, now=now)
        presence.all_present(meeting_id=meeting.pk, actor=self.secretary, now=now)

    def hands(self, away: Seat | None, dice: Random, *, adopted: bool) -> list[Hands]:
        """What two people count, party by party: mostly of one mind."""
        rows = []
        for party in self.parties:
            there = party.seats - (away is not None and away.party_id == party.pk)
            other = min(there // 2, int(dice.random() < 0.2))  # noqa: PLR2004  # one in five does not join the others
            abstained = other if dice.random() < 0.5 else 0  # noqa: PLR2004
            most, against = there - other, other - abstained
            rows.append(Hands(party, most, against, abstained) if adopted else Hands(party, against, most, abstained))
        return rows


def evening(world: World, sitting: Sitting) -> Story:
    """A meeting from the list of its matters to its published minutes; what follows begins when it is in effect."""
    room, dice = Room(world, sitting), world.dice("sitting", sitting.estate, sitting.at.date())
    away = room.seats[dice.choice((5, 7, 8))] if dice.random() < 0.3 else None  # noqa: PLR2004
    now = sitting.on(-PREPARED.days, 10)
    yield now
    listed = [room.listed(item, world, now) for item in sitting.items]
    now = sitting.on(-6, 9)
    yield now
    meeting = prepare_meeting(
        council_id=room.council.pk, plan=room.plan(sitting.at), topics=listed, actor=room.secretary, now=now,
        items=ItemKind.DECIDE,
    )  # fmt: skip
    convene_meeting(meeting_id=meeting.pk, actor=room.secretary, now=now, channels=CHANNELS)
    yield sitting.at
    room.come(meeting, away, sitting.at)
    rows = list(AgendaItem.objects.filter(meeting=meeting).order_by("position"))
    for n, (row, item) in enumerate(zip(rows, sitting.items, strict=True)):
        now = sitting.at + timedelta(minutes=15 * n + 5)
        yield now
        _settle(room, row, item, away=away, dice=dice, now=now)
    now = sitting.at + timedelta(minutes=15 * len(rows) + 10)
    yield now
    close_meeting(meeting_id=meeting.pk, actor=room.secretary, now=now)
    decisions = list(Decision.objects.filter(item__meeting=meeting).order_by("pk"))
    for decision, item in zip(decisions, sitting.items, strict=True):
        _plan(room, decision, item, sitting, now)
    yield from _posted(world, room, sitting, meeting, decisions)


def _settle(room: Room, row: AgendaItem, item: Item, *, away: Seat | None, dice: Random, now: datetime) -> None:
    """Talked over, and decided by consensus or by hands."""
    agenda.discuss_item(item_id=row.pk, actor=room.secretary, now=now)
    stance, text = dice.choice(SAID)
    speaker = room.seats[dice.choice((2, 4, 6))]
    agenda.add_statement(item_id=row.pk, seat_id=speaker.pk, stance=stance, text=text, actor=room.secretary, now=now)
    now += timedelta(minutes=8)
    if not item.needs_poll:
        agenda.settle_by_consensus(item_id=row.pk, actor=room.secretary, now=now)
        return
    hands = room.hands(away, dice, adopted=item.comes_of_it != REFUSED)
    vote_by_hands(item_id=row.pk, hands=hands, counters=room.counters, actor=room.secretary, now=now)


def _plan(room: Room, decision: Decision, item: Item, sitting: Sitting, now: datetime) -> None:
    given: dict[str, Any] = {"decision_id": decision.pk, "actor": room.secretary, "now": now}
    if item.plan is not None:
        item.plan(decision, item, sitting, now)
    elif item.comes_of_it == NOTHING:
        plan_follow_ups(nothing_to_do=_reason(item.matter), **given)
    elif item.comes_of_it != REFUSED:
        kind = FollowUpKind.MICRO_PROJECT if item.comes_of_it == PROJECT else FollowUpKind.TASK
        task = Planned(kind, item.scene.title, item.scene.team, _due(sitting, item))
        plan_follow_ups(tasks=[task], **given)


def _reason(matter: MatterType) -> str:
    if matter in (MatterType.MAINTENANCE_FUND, MatterType.PROPERTY):
        return "属业主共同决定事项，向业主大会提出建议，由业主表决。"
    return "各方已按议定的办法执行，无须另行交办。"


def _due(sitting: Sitting, item: Item) -> date:
    return timezone.localdate(sitting.at) + timedelta(days=90 if item.comes_of_it == PROJECT else 30)


def _posted(world: World, room: Room, sitting: Sitting, meeting: Meeting, decisions: list[Decision]) -> Story:
    """What was decided hangs out, the minutes go round and are signed."""
    given: dict[str, Any] = {"meeting_id": meeting.pk, "actor": room.secretary}
    now = sitting.on(1, 10)
    yield now
    for decision, item in zip(decisions, sitting.items, strict=True):
        publish_decision(decision_id=decision.pk, actor=room.secretary, now=now, channels=CHANNELS)
        if item.is_own and item.plan is None:
            world.days.begin(told(world.days, item.scene, now, aftermath(world, sitting, item)))
    minutes.draft_minutes(now=now, **given)
    minutes.circulate_minutes(now=now, **given)
    now = sitting.on(2, 16)
    yield now
    errand.approve_minutes(now=now, **given)
    version = Meeting.objects.get(pk=meeting.pk).minutes.versions.latest("n")
    there = set(presence.present_at(meeting, sitting.at))
    for seat in [seat for seat in room.seats if seat.pk in there][: len(room.seats) // 2 + 1]:
        errand.record_signature(version_id=version.pk, seat_id=seat.pk, actor=room.secretary, now=now)
    minutes.publish_minutes(now=now, **given)


def aftermath(world: World, sitting: Sitting, item: Item) -> Script:
    """What becomes of a matter that the council brought itself, from the day on which its decision takes effect."""
    dice = world.dice("aftermath", item.scene.n)
    first = world.days.later(sitting.on(IN_EFFECT.days, 9), dice.uniform(0.2, 3))
    if item.comes_of_it in (NOTHING, REFUSED):
        return [("see_result", first)]
    taken: list[tuple[str, float | datetime]] = [
        ("dispatch", first),
        ("sign", dice.uniform(0.5, 3.8)),
        ("take_up", dice.uniform(0.5, 4)),
    ]
    if item.comes_of_it == PROJECT:
        return [
            *taken, ("propose", 7), ("approve", dice.uniform(4, 18)), ("contract", dice.uniform(10, 25)),
            ("submit_planned", 2), ("see_carried_out", 5), ("start", 14), ("reach", 40), ("reach", 50), ("show", 7),
            ("settle", 14), ("ask_residents", 21), ("finish", 1), ("see_done", 4), ("keep", 2),
        ]  # fmt: skip
    half = [("half_done", dice.uniform(7, 20))] if item.scene.n % 3 == 0 else []
    late = dice.uniform(60, 85) if dice.random() < 0.05 else dice.uniform(8, 40)  # noqa: PLR2004
    return [*taken, *half, ("finish", late), ("see_done", dice.uniform(1, 6)), ("submit", 1), ("see_carried_out", 5)]
