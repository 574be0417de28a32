"""The steps of a case that has to do with its council: referred, decided on, carried out, built as a micro-project."""

from datetime import datetime, timedelta
from io import BytesIO
from typing import Any

from PIL import Image

from cases.council_terms import FollowUpKind, FundSource, ProjectPhotoKind
from cases.models import FollowUp, MicroProject
from cases.terms import DecisionOutcome, MatterType
from workflows.commands import council, review
from workflows.council import follow_ups, project_work, projects
from workflows.demo.steps import Scene, Step

MATTER_OF = {"301": MatterType.PARKING, "401": MatterType.PROPERTY, "402": MatterType.MAINTENANCE_FUND}
MATTER_OF |= dict.fromkeys(("203", "501"), MatterType.CULTURE)
BIDDERS = ("宏远建筑公司", "安居工程队", "城建三队")
HOUSEHOLDS = ("1单元101", "1单元302", "2单元201", "3单元502")


def refer(s: Scene, at: datetime) -> None:
    council.refer_to_council(
        case_id=s.case_id,
        actor=s.leader,
        now=at,
        council=s.places.councils[s.estate],
        matter=MATTER_OF.get(s.category.code, MatterType.FACILITY),
        question=s.question or f"{s.title}：由工作队牵头解决，费用由公共收益列支，结果张榜公示。",
    )


def decide(s: Scene, at: datetime) -> None:
    decision = council.DecisionRecord(
        number=f"{s.estate[:1]}议〔{at.year}〕{s.n + 1}号",
        outcome=DecisionOutcome.ADOPTED,
        text="同意按工作队方案实施，费用由公共收益列支，物业负责日常维护。",
        decided_on=at.date(),
        follow_ups=[council.Task("按方案实施并公示费用", s.team, (at + timedelta(days=20)).date())],
    )
    council.take_decision(case_id=s.case_id, actor=s.secretary, now=at, decision=decision)


def _owed(s: Scene) -> FollowUp:
    return s.decision.follow_ups.order_by("pk")[0]


def take_up(s: Scene, at: datetime) -> None:
    follow_ups.accept_follow_up(follow_up_id=_owed(s).pk, actor=s.handler, now=at)


def half_done(s: Scene, at: datetime) -> None:
    words = "已备料进场，完成过半，按期能办结。"
    follow_ups.report_progress(follow_up_id=_owed(s).pk, actor=s.handler, now=at, percent=60, text=words)


def finish(s: Scene, at: datetime) -> None:
    follow_ups.finish_follow_up(follow_up_id=_owed(s).pk, actor=s.handler, now=at, text=f"已办完：{s.matter.result}")


def see_done(s: Scene, at: datetime) -> None:
    follow_ups.verify_follow_up(follow_up_id=_owed(s).pk, actor=s.secretary, now=at, note="已到现场看过。")


def see_voted(s: Scene, at: datetime) -> None:
    """The owners' vote was reported by the secretary, so that somebody else looks at it."""
    supervisor = s.people["supervisor"]
    follow_ups.verify_follow_up(follow_up_id=_owed(s).pk, actor=supervisor, now=at, note="业主表决结果已公布。")


def see_result(s: Scene, at: datetime) -> None:
    """Nothing is to be done: the secretary who brought the matter makes the result known."""
    review.verify_case(case_id=s.case_id, actor=s.secretary, now=at, finding="议定结果已在公告栏张贴。")


def see_carried_out(s: Scene, at: datetime) -> None:
    """What the council brought itself is checked by who brought it."""
    review.verify_case(case_id=s.case_id, actor=s.secretary, now=at, finding="已到现场看过，与议定的一致。")


# -- a micro-project


def _project(s: Scene) -> MicroProject:
    return MicroProject.objects.get(follow_up__decision__case=s.case_id)


def _cost(s: Scene) -> int:
    """What the cheapest bidder asks, in fen: between 8 000 and 60 000 yuan."""
    return 800_000 + s.n * 7919 % 53 * 100_000


def propose(s: Scene, at: datetime) -> None:
    day = at.date()
    proposal = projects.Proposal(
        title=s.title,
        scope=s.matter.description.format(b=s.building, e=s.estate),
        budget_fen=_cost(s) * 115 // 100,
        fund_source=FundSource.PARTY_FUND if s.n % 2 else FundSource.PUBLIC_INCOME,
        milestones=[("进场施工", day + timedelta(days=14)), ("完工自检", day + timedelta(days=30))],
    )
    owed = FollowUp.objects.get(decision__case=s.case_id, kind=FollowUpKind.MICRO_PROJECT)
    project = projects.propose_project(follow_up_id=owed.pk, actor=s.handler, now=at, proposal=proposal)
    for n, bidder in enumerate(BIDDERS):
        amount = _cost(s) * (100 + 4 * n) // 100
        projects.add_quote(project_id=project.pk, actor=s.handler, now=at, bidder=bidder, amount_fen=amount)


def approve(s: Scene, at: datetime) -> None:
    amount = _cost(s) * 110 // 100
    projects.approve_project(project_id=_project(s).pk, actor=s.people["supervisor"], now=at, amount_fen=amount)


def contract(s: Scene, at: datetime) -> None:
    project = _project(s)
    quote = project.quotes.order_by("amount_fen")[0]
    given = projects.Contract(number=f"{s.team.code}-{at.year}-{project.serial:02d}", quote_id=quote.pk)
    projects.contract_project(project_id=project.pk, actor=s.handler, now=at, contract=given)


def start(s: Scene, at: datetime) -> None:
    projects.start_project(project_id=_project(s).pk, actor=s.handler, now=at)


def reach(s: Scene, at: datetime) -> None:
    """The next step of the work is done."""
    project = _project(s)
    step = project.milestones.filter(done_at=None).order_by("due_date")[0]
    project_work.reach_milestone(project_id=project.pk, milestone_id=step.pk, actor=s.handler, now=at)


def show(s: Scene, at: datetime) -> None:
    """The work is photographed, shown to the households beside it, and accepted by the secretary."""
    project = _project(s)
    given: dict[str, Any] = {"project_id": project.pk, "now": at}
    project_work.add_project_photos(actor=s.handler, kind=ProjectPhotoKind.AFTER, files=[_picture(s.n)], **given)
    for n, household in enumerate(HOUSEHOLDS):
        project_work.record_acceptance(
            actor=s.handler, resident=f"住户{n + 1}", household=f"{s.building}栋{household}", accepted=n != s.n % 9,
            text="" if n != s.n % 9 else "收口不平，请再修一下。", **given,
        )  # fmt: skip
    project_work.accept_project(actor=s.secretary, **given)


def _picture(n: int) -> BytesIO:
    """A plain sheet in a colour of its own: nothing is photographed here."""
    made = BytesIO()
    Image.new("RGB", (320, 240), (90 + n * 37 % 120, 120 + n * 53 % 100, 110 + n * 71 % 110)).save(made, "JPEG")
    made.seek(0)
    return made


def settle(s: Scene, at: datetime) -> None:
    project = _project(s)
    amount = (project.contract_fen or 0) * (98 + s.n % 5) // 100
    project_work.settle_project(project_id=project.pk, actor=s.handler, now=at, amount_fen=amount)


def ask_residents(s: Scene, at: datetime) -> None:
    project_work.survey_project(project_id=_project(s).pk, actor=s.secretary, now=at, asked=12, satisfied=12 - s.n % 2)


COUNCIL_STEPS: dict[str, Step] = {
    "refer": refer,
    "decide": decide,
    "take_up": take_up,
    "half_done": half_done,
    "finish": finish,
    "see_done": see_done,
    "see_voted": see_voted,
    "see_result": see_result,
    "see_carried_out": see_carried_out,
    "propose": propose,
    "approve": approve,
    "contract": contract,
    "start": start,
    "reach": reach,
    "show": show,
    "settle": settle,
    "ask_residents": ask_residents,
}
