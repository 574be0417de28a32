"""The council of the home estate: a meeting with four items, what followed, and one that is to come."""

from datetime import datetime, timedelta
from typing import Any

from django.utils import timezone

from cases.council_terms import FollowUpKind, FundSource, ItemKind
from cases.models import AgendaItem, Decision, FollowUp, Meeting, Topic
from cases.terms import MatterType, State
from workflows.commands import handling, review
from workflows.commands.council import Matter, propose_matter
from workflows.council import agenda, minutes, presence, projects, topics
from workflows.council.decisions import publish_decision
from workflows.council.follow_ups import Planned, accept_follow_up, plan_follow_ups, report_progress
from workflows.council.hands import Hands, vote_by_hands
from workflows.council.meetings import close_meeting, convene_meeting, prepare_meeting
from workflows.council.owners_ballots import OwnersQuestion, start_owners_ballot
from workflows.demo.days import Story
from workflows.demo.owners import register, vote
from workflows.demo.places import HOME
from workflows.demo.sittings import CHANNELS, Room, Sitting
from workflows.demo.world import World
from workflows.flows import signing as errand

ITEMS = (
    ("北门修建非机动车棚", "在北门东侧修建 40 个车位的非机动车棚，费用由党组织服务群众经费列支。", MatterType.FACILITY),
    ("东门消防通道划线禁停", "东门消防通道划黄线、立牌，全时段禁停，由物业每日巡查。", MatterType.PARKING),
    ("3 号楼电梯更换", "建议使用住宅专项维修资金 80000 元更换 3 号楼电梯，提请业主表决。", MatterType.MAINTENANCE_FUND),
    ("更换物业公司", "建议解聘现物业公司，另行选聘，提请业主表决。", MatterType.PROPERTY),
)
HANDS = (
    ((2, 0, 0), (2, 0, 0), (1, 0, 0), (3, 0, 0)),
    ((2, 0, 0), (2, 0, 0), (1, 0, 0), (2, 1, 0)),
    ((2, 0, 0), (1, 0, 1), (1, 0, 0), (3, 0, 0)),
    ((0, 1, 1), (1, 1, 0), (0, 1, 0), (2, 1, 0)),
)
FOLLOWING = (("夏季夜间纳凉点设置", MatterType.CULTURE), ("2 号楼门前排水沟改造", MatterType.FACILITY))
PENDING = ("增设快递柜选址", MatterType.FACILITY)


class Home:
    """The council of the home estate and those who act in it."""

    def __init__(self, world: World) -> None:
        self.days, self.people = world.days, world.people
        self.estate, self.team = world.places.areas[HOME], world.places.team_of(HOME)
        self.category, self.secretary = world.categories["101"], world.people["secretary"]
        self.room = Room(world, Sitting(HOME, world.days.now, []))

    def propose(self, title: str, text: str, matter: MatterType, at: datetime, *, accept: bool = True) -> Topic:
        """A matter of the council itself, taken up unless told otherwise."""
        proposal = Matter(title, text, matter, self.estate, self.category)
        made = propose_matter(council_id=self.room.council.pk, proposal=proposal, actor=self.secretary, now=at)
        if accept:
            topics.screen_topic(topic_id=made.pk, verdict="accept", actor=self.secretary, now=at)
        return Topic.objects.get(pk=made.pk)


def home_stories(world: World) -> list[Story]:
    """The evening three weeks ago with what followed; and the one that is to come."""
    home = Home(world)
    return [_four_items(home), _to_come(home)]


def _four_items(home: Home) -> Story:
    on, secretary = home.days.on, home.secretary
    yield on(-21, 10)
    chosen = [home.propose(*words, on(-21, 10)) for words in ITEMS]
    yield on(-20, 9)
    begins = on(-15, 19)
    meeting = prepare_meeting(
        council_id=home.room.council.pk, plan=home.room.plan(begins), topics=chosen, actor=secretary, now=on(-20, 9),
        items=ItemKind.DECIDE,
    )  # fmt: skip
    convene_meeting(meeting_id=meeting.pk, actor=secretary, now=on(-20, 9), channels=CHANNELS)
    yield begins
    _evening(home, meeting, begins)
    decisions = list(Decision.objects.filter(item__meeting=meeting).order_by("pk"))
    yield on(-14, 9)
    _publish(home, decisions)
    yield from _minutes(home, meeting)
    yield on(-10, 9)
    _hand_out(home, decisions)
    home.days.begin(_project(home, decisions[0]))
    home.days.begin(_ballot(home, decisions[2]))
    yield on(-9, 10)
    for follow_up in FollowUp.objects.filter(decision__in=decisions).exclude(kind=FollowUpKind.OWNERS_BALLOT):
        accept_follow_up(follow_up_id=follow_up.pk, actor=home.people["member"], now=on(-9, 10))
    yield on(-4, 16)
    task = FollowUp.objects.get(decision=decisions[1])
    report_progress(
        follow_up_id=task.pk, actor=home.people["member"], now=on(-4, 16), percent=60,
        text="黄线已划完，禁停牌下周一到货安装。",
    )  # fmt: skip


def _evening(home: Home, meeting: Meeting, begins: datetime) -> None:
    secretary, seats = home.secretary, home.room.seats
    home.room.come(meeting, next(seat for seat in seats if seat.name == "邓主管"), begins)
    for n, item in enumerate(AgendaItem.objects.filter(meeting=meeting).order_by("position")):
        moment = begins + timedelta(minutes=12 * n + 5)
        agenda.discuss_item(item_id=item.pk, actor=secretary, now=moment)
        agenda.add_statement(
            item_id=item.pk, seat_id=seats[6].pk, stance="supports" if n < 3 else "asks",  # noqa: PLR2004
            text="居民盼着早点办，请把费用公示清楚。", actor=secretary, now=moment,
        )  # fmt: skip
        hands = [Hands(party, *row) for party, row in zip(home.room.parties, HANDS[n], strict=True)]
        vote_by_hands(
            item_id=item.pk, hands=hands, counters=home.room.counters, actor=secretary,
            now=moment + timedelta(minutes=5),
        )  # fmt: skip
    close_meeting(meeting_id=meeting.pk, actor=secretary, now=begins + timedelta(minutes=55))


def _publish(home: Home, decisions: list[Decision]) -> None:
    day, now = timezone.localdate(home.days.now), home.days.on(-14, 9)
    plans = (
        [
            Planned(FollowUpKind.MICRO_PROJECT, "修建非机动车棚", home.team, day + timedelta(days=40)),
            Planned(FollowUpKind.TASK, "公示费用和使用办法", home.team, day + timedelta(days=12)),
        ],
        [Planned(FollowUpKind.TASK, "划黄线、立禁停牌", home.team, day + timedelta(days=3))],
        [Planned(FollowUpKind.OWNERS_BALLOT, "发起业主表决", home.team, day + timedelta(days=20))],
    )
    for n, decision in enumerate(decisions):
        if n < len(plans):
            plan_follow_ups(decision_id=decision.pk, tasks=plans[n], actor=home.secretary, now=now)
        publish_decision(decision_id=decision.pk, actor=home.secretary, now=now, channels=CHANNELS)


def _minutes(home: Home, meeting: Meeting) -> Story:
    given: dict[str, Any] = {"meeting_id": meeting.pk, "actor": home.secretary}
    on = home.days.on
    minutes.draft_minutes(now=on(-14, 9), **given)
    yield on(-14, 11)
    minutes.circulate_minutes(now=on(-14, 11), **given)
    yield on(-13, 16)
    errand.approve_minutes(now=on(-13, 16), **given)
    version = Meeting.objects.get(pk=meeting.pk).minutes.versions.latest("n")
    for seat in home.room.seats[:5]:
        errand.record_signature(version_id=version.pk, seat_id=seat.pk, actor=home.secretary, now=on(-13, 16))
    yield on(-12, 9)
    minutes.publish_minutes(now=on(-12, 9), **given)


def _hand_out(home: Home, decisions: list[Decision]) -> None:
    """The cases went back: to the team, or to be looked at where nothing is to do."""
    at, member = home.days.on(-10, 9), home.people["member"]
    for decision in decisions:
        case = type(decision.case).objects.get(pk=decision.case_id)
        if case.state == State.ACCEPTED:
            handling.dispatch_case(case_id=case.pk, actor=home.people["dispatcher"], now=at, team=home.team)
            handling.sign_case(case_id=case.pk, actor=member, now=at, handler=member)
        elif case.state == State.SUBMITTED:
            finding = "议题未通过，已在公告栏公布结果。"
            review.verify_case(case_id=case.pk, actor=home.secretary, now=at, finding=finding)


def _project(home: Home, decision: Decision) -> Story:
    on, member = home.days.on, home.people["member"]
    yield on(-8, 10)
    follow_up = FollowUp.objects.get(decision=decision, kind=FollowUpKind.MICRO_PROJECT)
    day = timezone.localdate(home.days.now)
    proposal = projects.Proposal(
        title="北门非机动车棚", scope="钢结构车棚一座，40 个车位，带充电插座 10 个。", budget_fen=4_860_000,
        fund_source=FundSource.PARTY_FUND,
        milestones=[("基础施工", day - timedelta(days=1)), ("棚体安装", day + timedelta(days=12))],
    )  # fmt: skip
    project = projects.propose_project(follow_up_id=follow_up.pk, actor=member, now=on(-8, 10), proposal=proposal)
    yield on(-7, 10)
    for bidder, fen in (("宏远建筑公司", 4_720_000), ("安居工程队", 4_580_000), ("城建三队", 4_990_000)):
        projects.add_quote(project_id=project.pk, actor=member, now=on(-7, 10), bidder=bidder, amount_fen=fen)
    yield on(-6, 15)
    supervisor = home.people["supervisor"]
    projects.approve_project(project_id=project.pk, actor=supervisor, now=on(-6, 15), amount_fen=4_700_000)
    yield on(-5, 10)
    quote = project.quotes.get(bidder="安居工程队")
    given = projects.Contract(number="PS-07", quote_id=quote.pk)
    projects.contract_project(project_id=project.pk, actor=member, now=on(-5, 10), contract=given)
    yield on(-4, 9)
    projects.start_project(project_id=project.pk, actor=member, now=on(-4, 9))


def _ballot(home: Home, decision: Decision) -> Story:
    on, secretary = home.days.on, home.secretary
    yield on(-9, 11)
    register(home.estate, actor=secretary, now=on(-9, 11))
    opens = on(-8, 9)
    yield opens
    question = OwnersQuestion(
        "fund_emergency", "3 号楼电梯已停运，同意使用住宅专项维修资金 80000 元更换。", opens, on(6, 18)
    )
    poll = start_owners_ballot(decision_id=decision.pk, question=question, actor=secretary, now=opens)
    vote(poll, actor=secretary, now=opens)


def _to_come(home: Home) -> Story:
    on, secretary = home.days.on, home.secretary
    yield on(-3, 10)
    chosen = [
        home.propose(title, f"{title}，请各方商议办法和费用。", matter, on(-3, 10)) for title, matter in FOLLOWING
    ]
    yield on(-2, 9)
    meeting = prepare_meeting(
        council_id=home.room.council.pk, plan=home.room.plan(on(5, 19)), topics=chosen, actor=secretary, now=on(-2, 9)
    )
    convene_meeting(meeting_id=meeting.pk, actor=secretary, now=on(-2, 9), channels=CHANNELS)
    for seat in home.room.seats[:4]:
        presence.answer_invitation(meeting_id=meeting.pk, seat_id=seat.pk, actor=secretary, comes=True)
    yield on(-1, 10)
    home.propose(PENDING[0], "快递柜放在北门还是南门，请议。", PENDING[1], on(-1, 10), accept=False)
