"""What a campaign comprised: every number is counted from records, within its areas and its period."""

import json
from datetime import date, timedelta
from io import StringIO

import pytest
from django.core.management import call_command

from cases.campaign_terms import QuestionKind, VisitWay
from cases.campaigns import Asked, CampaignPlan, publish_form, save_campaign
from cases.households import Door, record_visit, save_household
from cases.models import (
    AgendaItem,
    Campaign,
    Course,
    Enrolment,
    Lecturer,
    Meeting,
    Posting,
    RulePack,
    TeachingSite,
    Topic,
)
from cases.terms import AreaLevel, MatterType, Satisfaction
from tests.factories import NOW, World, area
from workflows.commands import surveys
from workflows.council.packs import seed_packs
from workflows.figures.campaign import campaign_report, progress
from workflows.figures.collected import collected
from workflows.permissions import RESIDENT

DAY = NOW.date()


@pytest.fixture
def walk(world: World) -> Campaign:
    goals = {"suggestions": 2, "resolution": 90, "households": 2, "coverage": 100, "meetings": 1}
    plan = CampaignPlan("walk", "走找想促", DAY, areas=[world.street], goals=goals)
    return save_campaign(plan=plan, actor=world.admin)


def held(world: World, *matters: MatterType, serial: int = 1, state: str = "closed", day: date = DAY) -> None:
    """A meeting of the council of the estate with its decided items, as the history leaves it."""
    if not RulePack.objects.exists():
        seed_packs()
    at = NOW + (day - DAY)
    meeting = Meeting.objects.create(
        council=world.council, year=2026, serial=serial, planned_at=at, opened_at=at, venue="楼下", state=state,
        pack=RulePack.objects.earliest("pk"), created_by=world.secretary, created_at=at, sign_in_salt="s",
    )  # fmt: skip
    for n, matter in enumerate(matters, 1):
        topic = Topic.objects.create(
            council=world.council, year=2026, serial=serial * 10 + n, title="题", text="文", matter=matter,
            proposer="某", proposed_at=at,
        )  # fmt: skip
        AgendaItem.objects.create(meeting=meeting, position=n, topic=topic, state="decided", decided_at=at)


def test_suggestions_and_rates_are_those_of_its_cases(world: World, walk: Campaign) -> None:
    case = world.case("answered", campaign=walk, resident=True)
    good = surveys.SurveyAnswer(True, Satisfaction.SATISFIED)
    surveys.record_survey(case_id=case.pk, actor=RESIDENT, now=NOW, answer=good)
    world.report(campaign=walk)
    world.case("closed")  # of no campaign
    report = campaign_report(walk)
    assert (report.suggestions, report.solved) == (2, 1)
    assert [(f.numerator, f.denominator) for f in report.rates] == [(1, 1), (1, 2), (1, 1)]
    assert {key: tally.cases for key, tally in report.by_team.items()} == {world.team.pk: 1, 0: 1}
    assert {key: tally.cases for key, tally in report.by_area.items()} == {world.grid.pk: 2}
    assert campaign_report(walk, as_of=NOW - timedelta(days=1)).suggestions == 0


def test_meetings_that_were_held_and_what_they_decided(world: World, walk: Campaign) -> None:
    held(world, MatterType.FACILITY, MatterType.FACILITY, MatterType.CULTURE)
    held(world, MatterType.PARKING, serial=2, state="cancelled")
    held(world, MatterType.PARKING, serial=3, day=DAY - timedelta(days=1))
    report = campaign_report(walk)
    assert (report.meetings, report.matters_decided) == (1, 3)
    assert report.matters == {MatterType.FACILITY: 2, MatterType.CULTURE: 1}
    walk.areas.set([world.other_street])
    assert campaign_report(walk).meetings == 0


def test_teams_members_and_estates_of_the_period(world: World, walk: Campaign) -> None:
    other = area(world.community, "S1C1E2", "松林苑", AreaLevel.ESTATE)
    Posting.objects.create(team=world.team, area=other, valid_from=DAY)
    Posting.objects.create(team=world.other_team, area=other, valid_from=date(2020, 1, 1), valid_to=DAY)
    report = campaign_report(walk)
    assert (report.teams, report.members, report.estates) == (1, 2, 2)


def test_visits_count_when_somebody_was_met(world: World, walk: Campaign) -> None:
    homes = [save_household(area=world.grid, door=Door(f"{n}"), actor=world.admin, now=world.now) for n in range(3)]
    for way in (VisitWay.HOME, VisitWay.PHONE, VisitWay.NOBODY):
        record_visit(household=homes[0], actor=world.grid_worker, now=NOW, way=way)
    record_visit(household=homes[1], actor=world.grid_worker, now=NOW, visited_on=DAY - timedelta(days=1))
    report = campaign_report(walk)
    assert (report.visits, report.households, report.households_in_area) == (2, 1, 3)
    reached = {row.goal.kind: (row.numerator, row.denominator, row.percent) for row in progress(report)}
    assert reached["coverage"] == (1, 3, 33)
    assert reached["households"] == (1, None, 50)
    assert (reached["resolution"], reached["meetings"]) == ((0, 0, 0), (0, None, 0))


def test_training_is_that_of_its_courses(world: World, walk: Campaign) -> None:
    course = Course.objects.create(code="c1", name="第一期", starts_on=DAY, ends_on=DAY, campaign=walk)
    Course.objects.create(code="c2", name="别的", starts_on=DAY, ends_on=DAY)
    Enrolment.objects.create(course=course, name="甲")
    Enrolment.objects.create(course=course, name="乙", absent=True)
    Lecturer.objects.create(name="丙")
    TeachingSite.objects.create(name="馆", kind="history", area=world.street)
    report = campaign_report(walk)
    assert (report.courses, report.participants, report.lecturers, len(report.sites)) == (1, 1, 1, 1)


def test_answers_are_added_up_in_the_newest_words(world: World, walk: Campaign) -> None:
    first = [
        Asked("几口人？", QuestionKind.NUMBER),
        Asked("盼什么？", QuestionKind.CHOICE, ("停车", "电梯")),
        Asked("说"),
    ]
    publish_form(campaign=walk, questions=first, actor=world.admin, now=NOW)
    for answers in ({"q1": "2", "q2": "停车", "q3": "早点办"}, {"q1": "3.5", "q2": "电梯"}):
        world.report(campaign=walk, answers=answers)
    changed = [Asked("家里几口人？", QuestionKind.NUMBER, key="q1"), Asked("愿意吗？", QuestionKind.YES_NO),
               Asked("盼什么？", QuestionKind.CHOICE, ("停车", "绿化"), key="q2")]  # fmt: skip
    publish_form(campaign=walk, questions=changed, actor=world.admin, now=NOW)
    world.report(campaign=walk, answers={"q1": "4", "q2": "停车", "q4": "yes"})
    shown = {row.text: (row.answers, row.parts) for row in collected(walk)}
    assert shown == {
        "家里几口人？": (3, [("合计", "9.5"), ("平均", "3.17")]),
        "盼什么？": (3, [("停车", "2"), ("绿化", "0"), ("电梯", "1")]),
        "说": (1, []),
        "愿意吗？": (1, [("是", "1"), ("否", "0")]),
    }


def test_the_command_prints_it_with_the_rates(world: World, walk: Campaign) -> None:
    world.report(campaign=walk)
    held(world, MatterType.FACILITY)
    out = StringIO()
    call_command("figures", "--campaign", "walk", stdout=out)
    text = out.getvalue()
    assert "走找想促（walk）" in text
    assert "议事会议  1" in text
    assert "    公共设施  1" in text
    out = StringIO()
    call_command("figures", "--campaign", "walk", "--json", stdout=out)
    said = json.loads(out.getvalue())
    assert said["campaign"]["suggestions"] == said["campaign"]["meetings"] == 1
    assert said["campaign"]["rates"]["resolution"] == {"numerator": 0, "denominator": 1, "value": 0.0}
    assert {rate["name"] for rate in said["rates"]} >= {"response", "resolution", "satisfaction"}
