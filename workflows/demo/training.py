"""The training: a pool of lecturers, teaching sites of four kinds, four courses, and cases written up for others."""

from collections.abc import Iterator
from datetime import timedelta

from cases.models import Case, Course, ExemplaryCase, Lecturer, SharingSession, TeachingSite
from cases.training import Participant, WriteUp, agree, enrol, mark_absent, propose, write_up
from cases.training_terms import SiteKind, StudyMode
from workflows.demo.days import Story
from workflows.demo.names import names
from workflows.demo.places import DISTRICT
from workflows.demo.world import World

LECTURERS, AWAY = 30, 2  # in the pool; enrolled in each course without coming
FIELDS = (
    "基层党建", "物业管理法规", "业主表决程序", "矛盾调解", "群众工作方法",
    "公共安全", "城市更新", "社区营造", "应急处置", "数字治理",
)  # fmt: skip
OFFICES = ("区委党校", "区住建局", "区司法局", "社区学院", "律师协会", "区民政局")
SITES = (
    (SiteKind.HISTORY, "云溪老码头陈列馆", "码头社区"),
    (SiteKind.ECOLOGY, "东湖湿地观测站", "渔湾社区"),
    (SiteKind.GOVERNANCE, "平山小区四方议事厅", "平山社区"),
    (SiteKind.GOVERNANCE, "望江花园停车治理点", "望江社区"),
    (SiteKind.INDUSTRY, "纺织社区共享工坊", "纺织社区"),
)
COURSES = (
    ("走基层方法班", 300, (StudyMode.LECTURE, StudyMode.EXCHANGE), "怎样走访、怎样听、怎样记，意见怎样变成件。"),
    ("四方议事实务班", 210, (StudyMode.LECTURE, StudyMode.CASE, StudyMode.SITE),
     "议题、通知、表决、公示、纪要，一步一步做一遍。"),
    ("小区矛盾化解班", 120, (StudyMode.CASE, StudyMode.PRACTICE), "停车、漏水、物业撤场，三类难事怎样办。"),
    ("微项目管理班", 45, (StudyMode.PRACTICE, StudyMode.SITE, StudyMode.EXCHANGE), "预算、比价、验收、结算和公示。"),
)  # fmt: skip
WRITTEN = (
    ("划线之前先议规矩：一个小区的停车难怎样办成",
     "晚上停车堵住消防通道，邻居为车位吵架，几位居民先后反映同一件事。",
     "并成一件由工作队牵头；四方议事会议定划线、限时和夜间巡查，公示三天无异议；改建的车位另立微项目。",
     "先把同一件事并起来办，再让各方一起定规矩；定了就公示，办完回头看。"),
    ("物业走了，服务没停：一次交接的三十天",
     "物业公司贴通知月底撤场，保洁、门岗、电梯和账目都没有交代。",
     "当天受理，市政单位协办保障；四方议定由业主委员会接收，资料、钥匙、账目逐项移交；业主表决选定新的物业公司。",
     "交接清单要逐项签字，过渡期的服务要先落实，再谈选聘。"),
)  # fmt: skip


def make_training(world: World, participants: int) -> Iterator[Story]:
    """Pool and sites are there from the beginning; the courses are held, and cases written up, in their time."""
    invented = names("lecturers")
    lecturers = Lecturer.objects.bulk_create(
        Lecturer(name=next(invented), organisation=OFFICES[n % len(OFFICES)], field=FIELDS[n % len(FIELDS)])
        for n in range(LECTURERS)
    )
    areas = world.places.areas
    sites = TeachingSite.objects.bulk_create(
        TeachingSite(name=name, kind=kind, area=areas.get(community, areas[DISTRICT]), address=community)
        for kind, name, community in SITES
    )
    for n in range(len(COURSES)):
        share = participants // len(COURSES) + (n < participants % len(COURSES))
        yield _course(world, n, share, lecturers, sites)
    yield _written_up(world)


def _course(world: World, n: int, share: int, lecturers: list[Lecturer], sites: list[TeachingSite]) -> Story:
    name, days_ago, modes, summary = COURSES[n]
    begins = world.days.on(-days_ago, 9)
    yield begins
    course = Course.objects.create(
        code=f"YX-K{n + 1}", name=name, starts_on=begins.date(), ends_on=begins.date() + timedelta(days=2),
        campaign=world.campaign, modes=list(modes), summary=summary,
    )  # fmt: skip
    dice = world.dice("course", n)
    course.lecturers.set(dice.sample(lecturers, k=7))
    course.sites.set(dice.sample(sites, k=2))
    over = begins + timedelta(days=2, hours=8)
    yield over
    enrol(course=course, people=_people(world, n, share + AWAY), actor=world.people["admin"], now=over)
    for row in course.enrolments.order_by("-pk")[:AWAY]:
        mark_absent(enrolment_id=row.pk, actor=world.people["admin"])


def _people(world: World, n: int, count: int) -> list[Participant]:
    """Officials of the district in their turn, and whoever is missing from the streets."""
    known = list({user.pk: user for user in world.people.values()}.values())
    dice, invented = world.dice("class", n), names(f"class {n}")
    colleagues = dice.sample(known, k=min(len(known), count * 4 // 5))
    guests = (next(invented) for _ in range(count - len(colleagues)))
    return [
        *(Participant(user=user) for user in colleagues),
        *(Participant(name=name, organisation=f"社区干部 {row}") for row, name in enumerate(guests, 1)),
    ]


def _written_up(world: World) -> Story:
    """The two hard ones are written up by the leaders of their teams, agreed to, and told to colleagues."""
    yield world.days.on(-30, 10)
    now, told = world.days.on(-30, 10), []
    for case, words in zip(_hard_cases(world), WRITTEN, strict=True):
        leader = world.people[f"leader team:{case.team.code}"] if case.team else world.people["chief"]
        row = write_up(case=case, words=WriteUp(*words), actor=leader, now=now)
        told.append(propose(exemplary_id=row.pk, actor=leader))
    yield world.days.on(-28, 15)
    for row in told:
        agree(exemplary_id=row.pk, actor=world.people["supervisor"], now=world.days.on(-28, 15))
    day = world.days.on(-20, 9)
    yield day
    session = SharingSession.objects.create(
        name="小区治理案例分享会", held_on=day.date(), place="区委党校", attendance=86,
        summary="两个案例由办理的工作队队长讲，各街道提问四十多个。",
    )  # fmt: skip
    session.cases.set(ExemplaryCase.objects.filter(pk__in=[row.pk for row in told]))


def _hard_cases(world: World) -> list[Case]:
    return [Case.objects.select_related("team", "area", "reporter").get(pk=scene.case_id) for scene in world.hard]
