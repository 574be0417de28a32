"""A council of the demonstration: who sits in it, a meeting with four items, what followed, and one that is to come."""

from datetime import date, datetime, time, timedelta

from django.utils import timezone

from cases.council_terms import (
    AreaSource,
    BallotChannel,
    FollowUpKind,
    FundSource,
    ItemKind,
    MeetingKind,
    PresenceMethod,
    SeatRole,
)
from cases.models import Category, Council, CouncilParty, Decision, Elector, FollowUp, Meeting, Seat, Topic, User
from cases.terms import MatterType, State
from workflows.commands import handling, review
from workflows.commands.council import Matter, propose_matter
from workflows.commands.sweep import sweep
from workflows.council import agenda, minutes, presence, projects, topics
from workflows.council.decisions import publish_decision
from workflows.council.follow_ups import Planned, accept_follow_up, plan_follow_ups, report_progress
from workflows.council.hands import Counters, Hands, vote_by_hands
from workflows.council.meetings import Plan, close_meeting, convene_meeting, open_meeting, prepare_meeting
from workflows.council.notices import end_due_notices
from workflows.council.owners_ballots import OwnersQuestion, start_owners_ballot
from workflows.council.owners_votes import record_ballot
from workflows.council.packs import seed_packs
from workflows.council.register import import_register, plan_register
from workflows.council.register_sheet import RegisterSheet, UnitRow
from workflows.demo.places import Places
from workflows.flows import signing as errand

HOME = "平山小区"
PARTIES: tuple[tuple[str, str, tuple[str, ...]], ...] = (
    ("community", "社区党组织", ("方红梅", "江志国")),
    ("owners_committee", "业主委员会", ("唐建业", "宋小兰")),
    ("property_company", "物业公司", ("曹经理", "邓主管")),
    ("residents", "居民代表", ("沈梅", "许桂芳", "韩大爷")),
)
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
UNITS, VOTED = 24, 17
FOLLOWING = (("夏季夜间纳凉点设置", MatterType.CULTURE), ("2 号楼门前排水沟改造", MatterType.FACILITY))
PENDING = ("增设快递柜选址", MatterType.FACILITY)


class Story:
    """The council of one estate and those who act in it."""

    def __init__(self, places: Places, people: dict[str, User], category: Category, now: datetime) -> None:
        self.council: Council = places.councils[HOME]
        self.estate, self.team = places.areas[HOME], places.team_of(HOME)
        self.people, self.category, self.now = people, category, now
        self.secretary = people["secretary"]

    def at(self, days: int, hour: int = 15) -> datetime:
        """A moment so many days from now, on the hour; never on a weekend for what people do at work."""
        day = timezone.localdate(self.now) + timedelta(days=days)
        return datetime.combine(day, time(hour), timezone.get_default_timezone())

    def propose(self, title: str, text: str, matter: MatterType, at: datetime, *, accept: bool = True) -> Topic:
        """A matter of the council itself, taken up unless told otherwise."""
        proposal = Matter(title, text, matter, self.estate, self.category)
        made = propose_matter(council_id=self.council.pk, proposal=proposal, actor=self.secretary, now=at)
        if accept:
            topics.screen_topic(topic_id=made.pk, verdict="accept", actor=self.secretary, now=at)
        return Topic.objects.get(pk=made.pk)


def build_council(places: Places, people: dict[str, User], category: Category, now: datetime) -> None:
    """Live the story up to now."""
    seed_packs()
    story = Story(places, people, category, now)
    seats = _seats(story)
    meeting = _meeting(story, seats)
    decisions = list(Decision.objects.filter(item__meeting=meeting).order_by("pk"))
    _publish(story, decisions)
    _minutes(story, meeting, seats)
    _sweep(story, -10)
    _hand_out(story, decisions)
    _project(story, decisions[0])
    _ballot(story, decisions[2])
    _to_come(story, seats)
    sweep(now=now)
    end_due_notices(now=now)


def _seats(story: Story) -> list[Seat]:
    since = date(story.now.year - 2, 1, 1)
    seats = []
    for position, (code, name, members) in enumerate(PARTIES, 1):
        party = CouncilParty.objects.create(
            council=story.council, code=code, name=name, seats=len(members), position=position
        )
        for n, member in enumerate(members):
            login = story.people["seat"] if member == "沈梅" else None
            role = SeatRole.CHAIR if (code, n) == ("community", 0) else SeatRole.MEMBER
            if (code, n) == ("community", 1):
                role = SeatRole.RECORDER
            seats.append(Seat.objects.create(party=party, name=member, user=login, role=role, valid_from=since))
    return seats


def _meeting(story: Story, seats: list[Seat]) -> Meeting:
    chosen = [story.propose(*words, story.at(-21, 10)) for words in ITEMS]
    plan = Plan(story.at(-15, 19), "小区党群服务站", MeetingKind.REGULAR, "onsite", seats[0], seats[1])
    meeting = prepare_meeting(
        council_id=story.council.pk, plan=plan, topics=chosen, actor=story.secretary, now=story.at(-20, 9),
        items=ItemKind.DECIDE,
    )  # fmt: skip
    channels = "小区公告栏、业主群"
    convene_meeting(meeting_id=meeting.pk, actor=story.secretary, now=story.at(-20, 10), channels=channels)
    begins = story.at(-15, 19)
    open_meeting(meeting_id=meeting.pk, actor=story.secretary, now=begins)
    away = next(seat for seat in seats if seat.name == "邓主管")
    for seat in seats:
        if seat != away:
            presence.sign_in(
                meeting_id=meeting.pk, seat_id=seat.pk, actor=story.secretary, now=begins,
                method=PresenceMethod.RECORDER,
            )  # fmt: skip
    parties = list(story.council.parties.order_by("position"))
    for n, item in enumerate(meeting.items.order_by("position")):
        moment = begins + timedelta(minutes=12 * n + 5)
        agenda.discuss_item(item_id=item.pk, actor=story.secretary, now=moment)
        agenda.add_statement(
            item_id=item.pk, seat_id=seats[6].pk, stance="supports" if n < 3 else "asks",  # noqa: PLR2004
            text="居民盼着早点办，请把费用公示清楚。", actor=story.secretary, now=moment,
        )  # fmt: skip
        hands = [Hands(party, *row) for party, row in zip(parties, HANDS[n], strict=True)]
        vote_by_hands(
            item_id=item.pk, hands=hands, counters=Counters("江志国", "许桂芳"), actor=story.secretary,
            now=moment + timedelta(minutes=5),
        )  # fmt: skip
    close_meeting(meeting_id=meeting.pk, actor=story.secretary, now=begins + timedelta(minutes=55))
    return Meeting.objects.get(pk=meeting.pk)


def _publish(story: Story, decisions: list[Decision]) -> None:
    day = timezone.localdate(story.now)
    plans = (
        [
            Planned(FollowUpKind.MICRO_PROJECT, "修建非机动车棚", story.team, day + timedelta(days=40)),
            Planned(FollowUpKind.TASK, "公示费用和使用办法", story.team, day + timedelta(days=12)),
        ],
        [Planned(FollowUpKind.TASK, "划黄线、立禁停牌", story.team, day + timedelta(days=3))],
        [Planned(FollowUpKind.OWNERS_BALLOT, "发起业主表决", story.team, day + timedelta(days=20))],
    )
    for n, decision in enumerate(decisions):
        if n < len(plans):
            plan_follow_ups(decision_id=decision.pk, tasks=plans[n], actor=story.secretary, now=story.at(-15, 21))
        publish_decision(
            decision_id=decision.pk, actor=story.secretary, now=story.at(-14, 10), channels="小区公告栏、业主群"
        )


def _minutes(story: Story, meeting: Meeting, seats: list[Seat]) -> None:
    given = {"meeting_id": meeting.pk, "actor": story.secretary}
    minutes.draft_minutes(now=story.at(-14, 9), **given)  # type: ignore[arg-type]
    minutes.circulate_minutes(now=story.at(-14, 11), **given)  # type: ignore[arg-type]
    errand.approve_minutes(now=story.at(-13, 11), **given)  # type: ignore[arg-type]
    version = Meeting.objects.get(pk=meeting.pk).minutes.versions.latest("n")
    for seat in seats[:5]:
        errand.record_signature(version_id=version.pk, seat_id=seat.pk, actor=story.secretary, now=story.at(-13, 16))
    minutes.publish_minutes(now=story.at(-12, 9), **given)  # type: ignore[arg-type]


def _sweep(story: Story, until: int) -> None:
    """What the sweeper would have done each day since the decisions were posted."""
    for days in range(-13, until + 1):
        moment = story.at(days, 1)
        end_due_notices(now=moment)
        sweep(now=moment)


def _hand_out(story: Story, decisions: list[Decision]) -> None:
    """The cases went back: to the team, or to be looked at where nothing is to do."""
    at = story.at(-10, 9)
    for decision in decisions:
        case = type(decision.case).objects.get(pk=decision.case_id)
        if case.state == State.ACCEPTED:
            handling.dispatch_case(case_id=case.pk, actor=story.people["dispatcher"], now=at, team=story.team)
            handling.sign_case(case_id=case.pk, actor=story.people["member"], now=at, handler=story.people["member"])
        elif case.state == State.SUBMITTED:
            review.verify_case(
                case_id=case.pk, actor=story.secretary, now=at, finding="议题未通过，已在公告栏公布结果。"
            )
    for follow_up in FollowUp.objects.filter(decision__in=decisions).exclude(kind=FollowUpKind.OWNERS_BALLOT):
        accept_follow_up(follow_up_id=follow_up.pk, actor=story.people["member"], now=story.at(-9, 10))
    task = FollowUp.objects.get(what="划黄线、立禁停牌")
    report_progress(
        follow_up_id=task.pk, actor=story.people["member"], now=story.at(-4, 16), percent=60,
        text="黄线已划完，禁停牌下周一到货安装。",
    )  # fmt: skip


def _project(story: Story, decision: Decision) -> None:
    follow_up = FollowUp.objects.get(decision=decision, kind=FollowUpKind.MICRO_PROJECT)
    day, member = timezone.localdate(story.now), story.people["member"]
    proposal = projects.Proposal(
        title="北门非机动车棚", scope="钢结构车棚一座，40 个车位，带充电插座 10 个。", budget_fen=4_860_000,
        fund_source=FundSource.PARTY_FUND,
        milestones=[("基础施工", day - timedelta(days=1)), ("棚体安装", day + timedelta(days=12))],
    )  # fmt: skip
    project = projects.propose_project(follow_up_id=follow_up.pk, actor=member, now=story.at(-8, 10), proposal=proposal)
    for bidder, fen in (("宏远建筑公司", 4_720_000), ("安居工程队", 4_580_000), ("城建三队", 4_990_000)):
        projects.add_quote(project_id=project.pk, actor=member, now=story.at(-7, 10), bidder=bidder, amount_fen=fen)
    projects.approve_project(
        project_id=project.pk, actor=story.people["supervisor"], now=story.at(-6, 15), amount_fen=4_700_000
    )
    quote = project.quotes.get(bidder="安居工程队")
    projects.contract_project(
        project_id=project.pk, actor=member, now=story.at(-5, 10),
        contract=projects.Contract(number="PS-2026-07", quote_id=quote.pk),
    )  # fmt: skip
    projects.start_project(project_id=project.pk, actor=member, now=story.at(-4, 9))


def _ballot(story: Story, decision: Decision) -> None:
    rows = tuple(
        UnitRow(
            row=n + 2, unit=f"3-{n // 2 + 1}0{n % 2 + 1}", owner=f"PS{n + 1:03d}", name=f"业主{n + 1}",
            area_cm2=(853_000, 1_126_500)[n % 2], source=AreaSource.REGISTER, phone="", has_code=True,
        )
        for n in range(UNITS)
    )  # fmt: skip
    sheet = RegisterSheet("3 号楼业主名册", rows)
    import_register(
        area=story.estate, plan=plan_register(story.estate, sheet), actor=story.secretary, now=story.at(-9, 11)
    )
    opens = story.at(-8, 9)
    question = OwnersQuestion(
        "fund_emergency", "3 号楼电梯已停运，同意使用住宅专项维修资金 80000 元更换。", opens, story.at(6, 18)
    )
    poll = start_owners_ballot(decision_id=decision.pk, question=question, actor=story.secretary, now=opens)
    for n, elector in enumerate(Elector.objects.filter(poll=poll).order_by("pk")[:VOTED]):
        record_ballot(
            poll_id=poll.pk, elector_id=elector.pk, choice="against" if n % 6 == 5 else "for",  # noqa: PLR2004
            channel=BallotChannel.PAPER, actor=story.secretary, now=opens + timedelta(minutes=20 * n + 20),
        )  # fmt: skip


def _to_come(story: Story, seats: list[Seat]) -> None:
    chosen = [
        story.propose(title, f"{title}，请各方商议办法和费用。", matter, story.at(-3, 10))
        for title, matter in FOLLOWING
    ]
    plan = Plan(story.at(5, 19), "小区党群服务站", MeetingKind.REGULAR, "onsite", seats[0], seats[1])
    meeting = prepare_meeting(
        council_id=story.council.pk, plan=plan, topics=chosen, actor=story.secretary, now=story.at(-2, 9)
    )
    convene_meeting(meeting_id=meeting.pk, actor=story.secretary, now=story.at(-2, 10), channels="小区公告栏、业主群")
    for seat in seats[:4]:
        presence.answer_invitation(meeting_id=meeting.pk, seat_id=seat.pk, actor=story.secretary, comes=True)
    story.propose(PENDING[0], "快递柜放在北门还是南门，请议。", PENDING[1], story.at(-1, 10), accept=False)
