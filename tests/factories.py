"""A small district for tests: places, people, limits and a calendar, and cases moved by the real commands."""

from dataclasses import dataclass
from datetime import date, datetime
from itertools import count
from typing import Any
from zoneinfo import ZoneInfo

from cases.commands import Person
from cases.models import Area, Category, Council, Posting, RoleAssignment, Team, User
from cases.terms import AreaLevel, ClockKind, DecisionOutcome, MatterType, Priority, RequestKind, ResultCode, Role, Unit
from workflows.commands import council, handling, intake, review, surveys
from workflows.commands.calendar import publish_calendar
from workflows.lifecycle import CaseLifecycle
from workflows.models import Calendar, CalendarYear, PolicyVersion, Request, SlaPolicy
from workflows.seed import default_ladder

SHANGHAI = ZoneInfo("Asia/Shanghai")
NOW = datetime(2026, 3, 2, 9, 0, tzinfo=SHANGHAI)  # a Monday without holidays nearby
LIMITS = {
    ClockKind.ACCEPT: (1, Unit.WORKING_DAYS),
    ClockKind.INFO: (3, Unit.WORKING_DAYS),
    ClockKind.DISPATCH: (4, Unit.WORKING_HOURS),
    ClockKind.SIGN: (4, Unit.WORKING_HOURS),
    ClockKind.HANDLE: (10, Unit.WORKING_DAYS),
    ClockKind.DELIBERATE: (20, Unit.WORKING_DAYS),
    ClockKind.HOLD_REVIEW: (60, Unit.DAYS),
    ClockKind.VERIFY: (2, Unit.WORKING_DAYS),
    ClockKind.SURVEY: (7, Unit.DAYS),
    ClockKind.REOPEN_DECISION: (2, Unit.WORKING_DAYS),
    ClockKind.OVERALL: (15, Unit.WORKING_DAYS),
    ClockKind.PROMISE: (30, Unit.DAYS),
    ClockKind.REQUEST: (1, Unit.WORKING_DAYS),
    ClockKind.PART: (5, Unit.WORKING_DAYS),
    ClockKind.ORDER: (5, Unit.WORKING_DAYS),
    ClockKind.FOLLOW_UP: (30, Unit.DAYS),
    ClockKind.OBJECTION: (5, Unit.WORKING_DAYS),
    ClockKind.SPOT_CHECK: (5, Unit.WORKING_DAYS),
}
TITLES = count(1)


@dataclass
class World:
    """Everything that a test needs to make a case and move it."""

    now: datetime
    district: Area
    street: Area
    other_street: Area
    community: Area
    estate: Area
    grid: Area
    team: Team
    other_team: Team
    council: Council
    category: Category
    photo_category: Category
    calendar: Calendar
    grid_worker: User
    other_grid_worker: User
    contact: User
    desk: User
    dispatcher: User
    member: User
    leader: User
    other_member: User
    secretary: User
    survey_desk: User
    supervisor: User
    chief: User
    auditor: User
    admin: User

    def report(self, **given: Any) -> CaseLifecycle:
        """A reported case; `resident=True` leaves a name, a phone and an e-mail address."""
        at, actor = given.pop("now", self.now), given.pop("actor", self.grid_worker)
        if given.pop("resident", False):
            given["reporter"] = Person("王小明", "13800138000", "wang@example.com", "平山小区 3 栋 2 单元 501")
        words = {"title": f"路灯不亮 {next(TITLES)}", "description": "小区东门的路灯坏了三天。", "area": self.grid}
        return intake.report_case(report=intake.Report(**(words | given)), actor=actor, now=at)

    def case(self, state: str = "reported", **given: Any) -> CaseLifecycle:
        """A case brought to `state` by the real commands, all at `now`."""
        at = given.get("now", self.now)
        category = given.pop("accepted_as", self.category)
        priority = given.get("priority", Priority.NORMAL)
        case = self.report(**given)
        road = ROADS[state]
        for step in road:
            STEPS[step](self, case.pk, at, category, priority)
        return CaseLifecycle.objects.get(pk=case.pk)

    def agreed(self, case: CaseLifecycle, kind: RequestKind, **details: Any) -> Request:
        """A request that the supervisor has agreed to, as the approval flow leaves it."""
        return Request.objects.create(
            case=case,
            kind=kind,
            state="agreed",
            reason="理由",
            reason_code=details.pop("reason_code", ""),
            details=details,
            decider_role=Role.SUPERVISOR,
            asked_by=self.member,
            asked_at=self.now,
            decided_by=self.supervisor,
            decided_at=self.now,
        )


def _accept(w: World, pk: int, at: datetime, category: Category, priority: Priority) -> None:
    intake.accept_case(case_id=pk, actor=w.desk, now=at, category=category, priority=priority)


def _reject(w: World, pk: int, at: datetime, *_: Any) -> None:
    intake.reject_case(case_id=pk, actor=w.desk, now=at, reason="not_ours", text="不属于本辖区，已转告。")


def _decide(w: World, pk: int, at: datetime, *_: Any) -> None:
    decision = council.DecisionRecord(
        number=f"〔2026〕{pk}号",
        outcome=DecisionOutcome.ADOPTED,
        text="由工作队清理。",
        decided_on=at.astimezone(SHANGHAI).date(),
        nothing_to_do="已现场解决",
    )
    council.take_decision(case_id=pk, actor=w.secretary, now=at, decision=decision)


STEPS: dict[str, Any] = {
    "request_info": lambda w, pk, at, *_: intake.request_info(case_id=pk, actor=w.desk, now=at, question="哪一栋？"),
    "accept": _accept,
    "reject": _reject,
    "dispatch": lambda w, pk, at, *_: handling.dispatch_case(case_id=pk, actor=w.dispatcher, now=at, team=w.team),
    "sign": lambda w, pk, at, *_: handling.sign_case(case_id=pk, actor=w.member, now=at, handler=w.member),
    "refer": lambda w, pk, at, *_: council.refer_to_council(
        case_id=pk, actor=w.leader, now=at, council=w.council, matter=MatterType.PARKING, question="怎么停？"
    ),
    "decide": _decide,
    "submit": lambda w, pk, at, *_: handling.submit_case(
        case_id=pk, actor=w.member, now=at, result_code=ResultCode.SOLVED, result_text="已换灯泡。"
    ),
    "verify": lambda w, pk, at, *_: review.verify_case(case_id=pk, actor=w.grid_worker, now=at, finding="现场已亮。"),
    "close": lambda _w, pk, at, *_: surveys.close_unanswered(case_id=pk, now=at),
    "ask_reopen": lambda w, pk, at, *_: surveys.request_reopen(
        case_id=pk, actor=w.survey_desk, now=at, words="又不亮了。"
    ),
}
_WORK = ("accept", "dispatch", "sign")
ROADS: dict[str, tuple[str, ...]] = {
    "reported": (),
    "info_requested": ("request_info",),
    "accepted": ("accept",),
    "rejected": ("reject",),
    "dispatched": ("accept", "dispatch"),
    "in_progress": _WORK,
    "deliberating": (*_WORK, "refer"),
    "submitted": (*_WORK, "submit"),
    "answered": (*_WORK, "submit", "verify"),
    "closed": (*_WORK, "submit", "verify", "close"),
    "reopen_requested": (*_WORK, "submit", "verify", "ask_reopen"),
}


def user(username: str, name: str, role: Role | None = None, **unit: Any) -> User:
    """A person, with one role since 2020 when given."""
    person = User.objects.create_user(username, password=None, email=f"{username}@example.com", name=name)
    if role:
        RoleAssignment.objects.create(user=person, role=role, valid_from=date(2020, 1, 1), **unit)
    return person


def area(parent: Area | None, code: str, name: str, level: AreaLevel) -> Area:
    """A place in the tree, under its parent."""
    full = f"{parent.full_name} · {name}" if parent else name
    node = {"code": code, "name": name, "level": level, "full_name": full}
    return Area.objects.add_child(parent, node) if parent else Area.objects.add_root(node)  # type: ignore[no-any-return]


def limits(calendar: Calendar) -> PolicyVersion:
    """One version of limits for any category and priority."""
    version = PolicyVersion.objects.create(number=1, live_from=datetime(2000, 1, 1, tzinfo=SHANGHAI))
    SlaPolicy.objects.bulk_create(
        SlaPolicy(
            version=version,
            clock=kind,
            amount=amount,
            unit=unit,
            calendar=calendar,
            ladder=default_ladder(kind, unit),
        )
        for kind, (amount, unit) in LIMITS.items()
    )
    return version


def make_world() -> World:
    """Build the district."""
    calendar = Calendar.objects.create(code="cn", name="国家法定工作日")
    CalendarYear.objects.create(calendar=calendar, year=2026, provisional=False)
    publish_calendar(calendar, source="测试", now=NOW)
    limits(calendar)
    district = area(None, "D", "和平区", AreaLevel.DISTRICT)
    street = area(district, "S1", "梅园街道", AreaLevel.STREET)
    other_street = area(district, "S2", "东湖街道", AreaLevel.STREET)
    community = area(street, "S1C1", "平山社区", AreaLevel.COMMUNITY)
    estate = area(community, "S1C1E1", "平山小区", AreaLevel.ESTATE)
    grid = area(estate, "S1C1E1G1", "第一网格", AreaLevel.GRID)
    other_grid = area(other_street, "S2G1", "东湖第一网格", AreaLevel.GRID)
    team = Team.objects.create(code="T1", name="平山小区工作队", area=street)
    other_team = Team.objects.create(code="T2", name="城管工作组", area=street)
    Posting.objects.create(team=team, area=estate, valid_from=date(2020, 1, 1))
    body = Council.objects.create(code="C1", name="平山小区四方议事会", area=estate)
    return World(
        now=NOW,
        district=district,
        street=street,
        other_street=other_street,
        community=community,
        estate=estate,
        grid=grid,
        team=team,
        other_team=other_team,
        council=body,
        category=Category.objects.create(code="101", name="路灯", group="公共设施"),
        photo_category=Category.objects.create(code="201", name="乱堆放", group="市容环境", needs_photo=True),
        calendar=calendar,
        grid_worker=user("grid", "王网格", Role.GRID_WORKER, area=grid),
        other_grid_worker=user("grid2", "孙网格", Role.GRID_WORKER, area=other_grid),
        contact=user("contact", "楼栋长刘", Role.HOUSEHOLD_CONTACT, area=grid),
        desk=user("desk", "李受理", Role.DESK, area=street),
        dispatcher=user("dispatcher", "赵派遣", Role.DISPATCHER, area=street),
        member=user("member", "陈队员", Role.TEAM_MEMBER, team=team),
        leader=user("leader", "周队长", Role.TEAM_LEADER, team=team),
        other_member=user("member2", "吴队员", Role.TEAM_MEMBER, team=other_team),
        secretary=user("secretary", "郑秘书", Role.SECRETARY, council=body),
        survey_desk=user("survey", "冯回访", Role.SURVEY_DESK, area=street),
        supervisor=user("supervisor", "钱督办", Role.SUPERVISOR, area=street),
        chief=user("chief", "何领导", Role.LEADER, area=district),
        auditor=user("auditor", "严审计", Role.AUDITOR, area=district),
        admin=user("admin", "管理员", Role.ADMINISTRATOR, area=district),
    )
