"""The steps of the stories: each is one real command, made by the person whose errand it is."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from cases.commands import Person
from cases.households import record_visit
from cases.models import Campaign, Category, Decision, Household, Team, User
from cases.terms import (
    HoldReason,
    OrderState,
    Priority,
    RejectReason,
    RequestKind,
    RequestState,
    ResultCode,
    Role,
    Satisfaction,
    Source,
    VoidReason,
)
from workflows import permissions as may
from workflows.commands import adjust, handling, intake, orders, review, supervise, surveys
from workflows.demo.matters import Matter
from workflows.demo.places import BUILDINGS, GRIDS, HOME, Places
from workflows.flows.approval import ask_request, decide_request
from workflows.flows.joint import answer_part
from workflows.flows.joint import dispatch_jointly as dispatch_to_several
from workflows.lifecycle import CaseLifecycle
from workflows.limits import default_calendar
from workflows.models import Part, Request, SupervisionOrder

DECIDERS = {Role.DISPATCHER: "dispatcher", Role.SUPERVISOR: "supervisor", Role.LEADER: "chief"}


@dataclass
class Scene:
    """One case of the demonstration and everybody who may have to do with it."""

    n: int
    matter: Matter
    category: Category
    estate: str
    building: int
    places: Places
    people: dict[str, User]
    is_pressing: bool = False
    person: Person | None = None
    campaign: Campaign | None = None
    source: Source = Source.GRID
    household: Household | None = None  # on the visit to which it was raised
    answers: dict[str, str] = field(default_factory=dict)  # to the questions of the campaign
    question: str = ""  # to the council, when it is not the usual one
    main: "Scene | None" = None  # the case that this one tells of again
    case_id: int = 0

    @property
    def title(self) -> str:
        return self.matter.title.format(b=self.building, e=self.estate)

    @property
    def team(self) -> Team:
        return self.places.team_of(self.estate)

    @property
    def leader(self) -> User:
        return self.people[f"leader team:{self.team.code}"]

    @property
    def handler(self) -> User:
        key = f"member team:{self.team.code}"
        return self.people[f"{key} too" if self.n % 3 == 2 else key]  # noqa: PLR2004  # two of three to the first

    @property
    def grid_worker(self) -> User:
        grid = GRIDS[(self.building - 1) // len(BUILDINGS)]
        return self.people[f"{self.estate}{grid}"]

    @property
    def secretary(self) -> User:
        return self.people[f"council:{self.estate}"]

    def at_desk(self, which: str) -> User:
        """Who does this work for the estate: at home those with a login, elsewhere the desk of the street."""
        return self.people[which if self.estate == HOME else f"{which} {self.places.streets[self.estate]}"]

    @property
    def decision(self) -> Decision:
        """What the council decided on it."""
        return Decision.objects.get(case=self.case_id)

    def ask(self, at: datetime, kind: RequestKind, reason: str, asker: User | None = None, **details: str) -> None:
        code = details.pop("reason_code", "")
        ask_request(
            case_id=self.case_id,
            actor=asker or self.handler,
            now=at,
            kind=kind,
            reason=reason,
            reason_code=code,
            details=details,
        )


def report(s: Scene, at: datetime) -> None:
    actor = {Source.GRID: s.grid_worker, Source.DESK: s.at_desk("desk")}.get(s.source)
    visit = None
    if s.household is not None:
        actor = s.people[f"contact {s.estate}"]
        visit = record_visit(household=s.household, actor=actor, now=at, words=s.title)
    said = intake.Report(
        area=s.places.building(s.estate, s.building),
        title=s.title,
        description=s.matter.description.format(b=s.building, e=s.estate),
        place=f"{s.estate}{s.building}栋",
        category=s.category if s.n % 3 else None,
        priority=s.matter.priority if s.is_pressing else Priority.NORMAL,
        source=s.source,
        reporter=s.person,
        campaign=s.campaign,
        answers=s.answers,
        visit=visit,
    )
    s.case_id = intake.report_case(report=said, actor=actor or may.RESIDENT, now=at).pk


def accept(s: Scene, at: datetime) -> None:
    priority = s.matter.priority if s.is_pressing else Priority.NORMAL
    intake.accept_case(case_id=s.case_id, actor=s.at_desk("desk"), now=at, category=s.category, priority=priority)


def request_info(s: Scene, at: datetime) -> None:
    question = "请补充具体楼层和发生的时间，方便的话拍一张照片。"
    intake.request_info(case_id=s.case_id, actor=s.at_desk("desk"), now=at, question=question)


def reject(s: Scene, at: datetime) -> None:
    text = "两次联系均未能核实地点和情况，暂不能受理；补充后可再次反映。"
    intake.reject_case(case_id=s.case_id, actor=s.at_desk("desk"), now=at, reason=RejectReason.NO_FACTS, text=text)


def merge(s: Scene, at: datetime) -> None:
    main_id = s.main.case_id if s.main else _same_matter(s)
    adjust.merge_case(
        case_id=s.case_id, main_case_id=main_id, actor=s.at_desk("desk"), now=at, reason="同一地点反映同一问题。"
    )


def _same_matter(s: Scene) -> int:
    told = CaseLifecycle.objects.get(pk=s.case_id)
    same = CaseLifecycle.objects.open().filter(title=told.title, area=told.area_id, reported_at__lt=told.reported_at)
    return int(same.order_by("pk").values_list("pk", flat=True)[0])


def dispatch(s: Scene, at: datetime) -> None:
    handling.dispatch_case(case_id=s.case_id, actor=s.at_desk("dispatcher"), now=at, team=s.team)


def dispatch_jointly(s: Scene, at: datetime) -> None:
    part = handling.CoHandling(s.places.teams["YX-U1"], "提供管线和设施资料，派员到场。", at + timedelta(days=7))
    dispatch_to_several(
        case_id=s.case_id, actor=s.at_desk("dispatcher"), now=at, team=s.team, co_handlers=[part], note="需市政配合。"
    )


def dispatch_elsewhere(s: Scene, at: datetime) -> None:
    team = s.places.teams["YX-U2"]
    handling.dispatch_case(
        case_id=s.case_id, actor=s.at_desk("dispatcher"), now=at, team=team, note="涉及执法，改派城管执法队。"
    )


def sign_elsewhere(s: Scene, at: datetime) -> None:
    handling.sign_case(case_id=s.case_id, actor=s.people["demo-unit-2"], now=at, handler=s.people["demo-unit-2"])


def return_elsewhere(s: Scene, at: datetime) -> None:
    s.ask(at, RequestKind.RETURN, "现场没有违法行为，属于小区内部管理。", s.people["demo-unit-2"])


def resume(s: Scene, at: datetime) -> None:
    adjust.resume_case(case_id=s.case_id, actor=s.handler, now=at, note="资金已下达，今天进场。")


def answer(s: Scene, at: datetime) -> None:
    part = Part.objects.get(joint__case=s.case_id, answered_at=None)
    answer_part(part_id=part.pk, actor=s.people["member2"], now=at, answer="资料已提供，维修班组周三到场配合。")


def sign(s: Scene, at: datetime) -> None:
    handling.sign_case(case_id=s.case_id, actor=s.handler, now=at, handler=s.handler)


def submit(s: Scene, at: datetime) -> None:
    handling.submit_case(
        case_id=s.case_id,
        actor=s.handler,
        now=at,
        result_code=ResultCode.SOLVED,
        result_text=s.matter.result,
    )


def submit_planned(s: Scene, at: datetime) -> None:
    handling.submit_case(
        case_id=s.case_id,
        actor=s.handler,
        now=at,
        result_code=ResultCode.PLANNED,
        result_text="已列入计划，按期实施，办好后再告诉您。",
        promised_date=(at + timedelta(days=75)).date(),
    )


def keep(s: Scene, at: datetime) -> None:
    review.keep_promise(case_id=s.case_id, actor=s.handler, now=at, what=f"已办好：{s.matter.result}")


def verify(s: Scene, at: datetime) -> None:
    review.verify_case(case_id=s.case_id, actor=s.grid_worker, now=at, finding="已到现场看过，与处置情况一致。")


def send_back(s: Scene, at: datetime) -> None:
    review.send_back_case(case_id=s.case_id, actor=s.grid_worker, now=at, missing="只修了一处，北侧还没有修。")


def ask_return(s: Scene, at: datetime) -> None:
    s.ask(at, RequestKind.RETURN, "属于执法事项，工作队没有执法权限。")


def ask_extension(s: Scene, at: datetime) -> None:
    until = at + timedelta(days=21)
    s.ask(at, RequestKind.EXTENSION, "配件订货，厂家答复两周到货。", until=until.isoformat())


def ask_hold(s: Scene, at: datetime) -> None:
    review_at = (at + timedelta(days=45)).isoformat()
    reason = "须列入年度工程计划，资金下达后实施。"
    s.ask(at, RequestKind.HOLD, reason, reason_code=HoldReason.ENGINEERING, review_at=review_at)


def ask_void(s: Scene, at: datetime) -> None:
    said = at.date().isoformat()
    s.ask(
        at,
        RequestKind.VOID,
        "来访人来电说已自行解决，要求撤回。",
        s.at_desk("desk"),
        reason_code=VoidReason.WITHDRAWN,
        how="来访人本人来电",
        said_at=said,
    )


def agree(s: Scene, at: datetime) -> None:
    request = Request.objects.get(case=s.case_id, state=RequestState.ASKED)
    decider = s.people[DECIDERS[Role(request.decider_role)]]
    decide_request(request_id=request.pk, actor=decider, now=at, agree=True, note="情况属实，同意。")


def order(s: Scene, at: datetime) -> None:
    demand = "请查明超期原因，三个工作日内办结；确有困难的，书面说明并提出办理时间。"
    due_at = default_calendar().add_days(at, 3)
    orders.issue_order(
        case_id=s.case_id, actor=s.people["supervisor"], now=at, demand=demand, due_at=due_at, team=s.team
    )


def reply(s: Scene, at: datetime) -> None:
    found = SupervisionOrder.objects.get(case=s.case_id, state=OrderState.ISSUED)
    words = "等配件耽搁，配件今天已到，明天上午完工并请网格员核查。"
    orders.reply_to_order(order_id=found.pk, actor=s.handler, now=at, reply=words)


def urge(s: Scene, at: datetime) -> None:
    supervise.urge_case(case_id=s.case_id, actor=s.people["supervisor"], now=at, words="已超过时限，请今天内报进展。")


def _surveyed(solved: bool, satisfaction: Satisfaction, words: str = "") -> Callable[[Scene, datetime], None]:
    def step(s: Scene, at: datetime) -> None:
        actor = may.RESIDENT if s.n % 2 and solved else s.at_desk("survey")
        said = surveys.SurveyAnswer(solved, satisfaction, words)
        surveys.record_survey(case_id=s.case_id, actor=actor, now=at, answer=said)

    return step


def reopen(s: Scene, at: datetime) -> None:
    review.reopen_case(case_id=s.case_id, actor=s.people["supervisor"], now=at, reason="回访反映属实，重办。")


def decline(s: Scene, at: datetime) -> None:
    reason = "现场复核已解决，新提的要求可另行反映。"
    review.decline_reopen(case_id=s.case_id, actor=s.people["supervisor"], now=at, reason=reason)


Step = Callable[[Scene, datetime], None]
STEPS: dict[str, Step] = {
    "report": report,
    "accept": accept,
    "request_info": request_info,
    "reject": reject,
    "merge": merge,
    "dispatch": dispatch,
    "dispatch_jointly": dispatch_jointly,
    "dispatch_elsewhere": dispatch_elsewhere,
    "sign_elsewhere": sign_elsewhere,
    "return_elsewhere": return_elsewhere,
    "resume": resume,
    "answer_part": answer,
    "sign": sign,
    "submit": submit,
    "submit_planned": submit_planned,
    "keep": keep,
    "verify": verify,
    "send_back": send_back,
    "ask_return": ask_return,
    "ask_extension": ask_extension,
    "ask_hold": ask_hold,
    "ask_void": ask_void,
    "agree": agree,
    "urge": urge,
    "order": order,
    "reply": reply,
    "satisfied": _surveyed(solved=True, satisfaction=Satisfaction.SATISFIED),
    "fair": _surveyed(solved=True, satisfaction=Satisfaction.FAIR),
    "dissatisfied": _surveyed(solved=True, satisfaction=Satisfaction.DISSATISFIED, words="修得太慢。"),
    "unsolved": _surveyed(
        solved=False, satisfaction=Satisfaction.DISSATISFIED, words="没有彻底解决，过几天又是老样子。"
    ),
    "reopen": reopen,
    "decline": decline,
}
