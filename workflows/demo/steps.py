"""The steps of the stories: each is one real command, made by the person whose errand it is."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from cases.models import Category, Team, User
from cases.terms import (
    DecisionOutcome,
    HoldReason,
    MatterType,
    OrderState,
    Priority,
    RejectReason,
    RequestKind,
    RequestState,
    ResultCode,
    Role,
    Satisfaction,
    VoidReason,
)
from workflows import permissions as may
from workflows.commands import adjust, council, handling, intake, orders, review, supervise, surveys
from workflows.demo.matters import Matter
from workflows.demo.places import Places
from workflows.flows.approval import ask_request, decide_request
from workflows.flows.joint import answer_part
from workflows.flows.joint import dispatch_jointly as dispatch_to_several
from workflows.lifecycle import CaseLifecycle
from workflows.limits import default_calendar
from workflows.models import Part, Request, SupervisionOrder

DECIDERS = {Role.DISPATCHER: "dispatcher", Role.SUPERVISOR: "supervisor", Role.LEADER: "chief"}
TEAM_PEOPLE = {
    "YX-T1": ("leader", ("member", "demo-member-1")),
    "YX-T2": ("demo-leader-2", ("demo-member-2",)),
    "YX-T3": ("demo-leader-3", ("demo-member-3",)),
}


@dataclass
class Scene:
    """One case of the demonstration and everybody who may have to do with it."""

    n: int
    matter: Matter
    category: Category
    estate: str
    team: Team
    places: Places
    people: dict[str, User]
    grid_worker: User
    is_pressing: bool
    case_id: int = 0

    @property
    def leader(self) -> User:
        return self.people[TEAM_PEOPLE[self.team.code][0]]

    @property
    def handler(self) -> User:
        members = TEAM_PEOPLE[self.team.code][1]
        return self.people[members[self.n % 3 // 2 % len(members)]]  # two of three go to the one with a login

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


def accept(s: Scene, at: datetime) -> None:
    priority = s.matter.priority if s.is_pressing else Priority.NORMAL
    intake.accept_case(case_id=s.case_id, actor=s.people["desk"], now=at, category=s.category, priority=priority)


def request_info(s: Scene, at: datetime) -> None:
    question = "请补充具体楼层和发生的时间，方便的话拍一张照片。"
    intake.request_info(case_id=s.case_id, actor=s.people["desk"], now=at, question=question)


def reject(s: Scene, at: datetime) -> None:
    text = "两次联系均未能核实地点和情况，暂不能受理；补充后可再次反映。"
    intake.reject_case(case_id=s.case_id, actor=s.people["desk"], now=at, reason=RejectReason.NO_FACTS, text=text)


def merge(s: Scene, at: datetime) -> None:
    told = CaseLifecycle.objects.get(pk=s.case_id)
    same = CaseLifecycle.objects.open().filter(title=told.title, area=told.area_id, reported_at__lt=told.reported_at)
    main = same.order_by("pk")[0]
    adjust.merge_case(
        case_id=s.case_id, main_case_id=main.pk, actor=s.people["desk"], now=at, reason="同一地点反映同一问题。"
    )


def dispatch(s: Scene, at: datetime) -> None:
    handling.dispatch_case(case_id=s.case_id, actor=s.people["dispatcher"], now=at, team=s.team)


def dispatch_jointly(s: Scene, at: datetime) -> None:
    part = handling.CoHandling(s.places.teams["YX-U1"], "提供管线和设施资料，派员到场。", at + timedelta(days=7))
    dispatch_to_several(
        case_id=s.case_id, actor=s.people["dispatcher"], now=at, team=s.team, co_handlers=[part], note="需市政配合。"
    )


def dispatch_elsewhere(s: Scene, at: datetime) -> None:
    team = s.places.teams["YX-U2"]
    handling.dispatch_case(
        case_id=s.case_id, actor=s.people["dispatcher"], now=at, team=team, note="涉及执法，改派城管执法队。"
    )


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
        result_text="已列入本季度维修计划，按期实施。",
        promised_date=(at + timedelta(days=35)).date(),
    )


def verify(s: Scene, at: datetime) -> None:
    review.verify_case(case_id=s.case_id, actor=s.grid_worker, now=at, finding="已到现场看过，与处置情况一致。")


def send_back(s: Scene, at: datetime) -> None:
    review.send_back_case(case_id=s.case_id, actor=s.grid_worker, now=at, missing="只修了一处，北侧还没有修。")


def refer(s: Scene, at: datetime) -> None:
    council.refer_to_council(
        case_id=s.case_id,
        actor=s.leader,
        now=at,
        council=s.places.councils[s.estate],
        matter=MatterType.PARKING if s.category.code == "301" else MatterType.FACILITY,
        question="各方意见不一，请四方议事会商议办法和费用。",
    )


def decide(s: Scene, at: datetime) -> None:
    secretary = s.people["secretary" if s.estate == "平山小区" else "demo-secretary-2"]
    decision = council.DecisionRecord(
        number=f"{s.estate[:1]}议〔{at.year}〕{s.n + 1}号",
        outcome=DecisionOutcome.ADOPTED,
        text="同意按工作队方案实施，费用由公共收益列支，物业负责日常维护。",
        decided_on=at.date(),
        follow_ups=[council.Task("按方案实施并公示费用", s.team, (at + timedelta(days=20)).date())],
    )
    council.take_decision(case_id=s.case_id, actor=secretary, now=at, decision=decision)


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
        s.people["desk"],
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
        actor = may.RESIDENT if s.n % 2 and solved else s.people["survey"]
        said = surveys.SurveyAnswer(solved, satisfaction, words)
        surveys.record_survey(case_id=s.case_id, actor=actor, now=at, answer=said)

    return step


def reopen(s: Scene, at: datetime) -> None:
    review.reopen_case(case_id=s.case_id, actor=s.people["supervisor"], now=at, reason="回访反映属实，重办。")


def decline(s: Scene, at: datetime) -> None:
    reason = "现场复核已解决，新提的要求可另行反映。"
    review.decline_reopen(case_id=s.case_id, actor=s.people["supervisor"], now=at, reason=reason)


STEPS: dict[str, Callable[[Scene, datetime], None]] = {
    "accept": accept,
    "request_info": request_info,
    "reject": reject,
    "merge": merge,
    "dispatch": dispatch,
    "dispatch_jointly": dispatch_jointly,
    "dispatch_elsewhere": dispatch_elsewhere,
    "answer_part": answer,
    "sign": sign,
    "submit": submit,
    "submit_planned": submit_planned,
    "verify": verify,
    "send_back": send_back,
    "refer": refer,
    "decide": decide,
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
