"""Setting campaigns up, what they ask, and who heads a place."""

from datetime import date, timedelta

import pytest
from django.core.exceptions import PermissionDenied, ValidationError

from cases import campaigns
from cases.campaign_terms import GoalKind, QuestionKind
from cases.campaigns import Asked, CampaignPlan, appoint_head, end_head, publish_form, save_campaign
from cases.models import AreaHead, Campaign, CollectedAnswer, CollectionForm
from cases.terms import AreaLevel
from tests.factories import NOW, World, area
from workflows.commands.intake import Report, report_case

DAY = NOW.date()
ASKED = (
    Asked("几口人？", QuestionKind.NUMBER, required=True),
    Asked("最盼什么？", QuestionKind.CHOICE, ("停车", "电梯")),
    Asked("是否愿意参加议事？", QuestionKind.YES_NO),
    Asked("还想说什么？"),
)


def plan(**given: object) -> CampaignPlan:
    return CampaignPlan(**({"code": "walk", "name": "走找想促", "starts_on": DAY} | given))  # type: ignore[arg-type]


@pytest.fixture
def walk(world: World) -> Campaign:
    return save_campaign(plan=plan(areas=[world.street], goals={"suggestions": 577}), actor=world.chief)


def errors_of(raised: pytest.ExceptionInfo[ValidationError]) -> set[str]:
    return set(raised.value.message_dict)


def test_a_leader_sets_up_what_stays_within_their_areas(world: World, walk: Campaign) -> None:
    assert [goal.target for goal in walk.goals.all()] == [577]
    with pytest.raises(PermissionDenied):
        save_campaign(plan=plan(code="all", areas=[]), actor=world.chief)
    with pytest.raises(PermissionDenied):
        save_campaign(plan=plan(code="street", areas=[world.street]), actor=world.supervisor)
    assert save_campaign(plan=plan(code="all", areas=[]), actor=world.admin).paths() == []


def test_what_cannot_be_is_said_at_its_field(world: World, walk: Campaign) -> None:
    wrong = plan(name=" ", ends_on=DAY - timedelta(days=1), areas=[world.street], goals={GoalKind.RESOLUTION: 101})
    with pytest.raises(ValidationError) as raised:
        save_campaign(plan=wrong, actor=world.admin)
    assert errors_of(raised) == {"name", "ends_on", "code", "goal_resolution"}


def test_a_period_leaves_out_nothing_that_was_reported_in_it(world: World, walk: Campaign) -> None:
    world.report(campaign=walk)
    with pytest.raises(ValidationError) as raised:
        save_campaign(
            plan=plan(starts_on=DAY + timedelta(days=1), areas=[world.street]), actor=world.admin, campaign=walk
        )
    assert errors_of(raised) == {"starts_on"}
    goals = {"solved": 3}
    save_campaign(plan=plan(ends_on=DAY, areas=[world.street], goals=goals), actor=world.admin, campaign=walk)
    assert [goal.kind for goal in Campaign.objects.get().goals.all()] == ["solved"]


def test_a_campaign_takes_cases_of_its_areas_only(world: World, walk: Campaign) -> None:
    elsewhere = world.other_grid_worker.roles.get().area
    with pytest.raises(ValidationError) as raised:
        world.report(campaign=walk, actor=world.other_grid_worker, area=elsewhere)
    assert errors_of(raised) == {"campaign"}


def test_people_see_the_campaigns_of_their_areas_and_teams(world: World, walk: Campaign) -> None:
    def seers() -> set[str]:
        area_people = (world.grid_worker, world.other_grid_worker, world.contact, world.desk, world.supervisor)
        others = (world.member, world.other_member, world.chief, world.auditor, world.admin, world.secretary)
        people = (*area_people, *others)
        return {person.username for person in people if Campaign.objects.visible_to(person).exists()}

    mine = {"grid", "contact", "desk", "member", "supervisor", "chief", "auditor", "admin"}
    assert seers() == mine
    save_campaign(plan=plan(areas=[world.street], teams=[world.other_team]), actor=world.admin, campaign=walk)
    assert seers() == mine | {"member2"}
    walk.areas.clear()
    assert "grid2" in seers()


def test_answers_are_checked_and_kept_with_their_question(world: World, walk: Campaign) -> None:
    first = publish_form(campaign=walk, questions=ASKED, actor=world.chief, now=NOW)
    report = Report(area=world.grid, title="停车", description="车停不下。", campaign=walk)
    with pytest.raises(ValidationError) as raised:
        report_case(report=report, actor=world.grid_worker, now=NOW)
    assert errors_of(raised) == {"answer_q1"}
    wrong = {"q1": "三", "q2": "别的", "q3": "maybe", "q4": "x" * 501}
    with pytest.raises(ValidationError) as raised:
        report_case(report=Report(**(vars(report) | {"answers": wrong})), actor=world.grid_worker, now=NOW)
    assert errors_of(raised) == {"answer_q1", "answer_q2", "answer_q3", "answer_q4"}
    right = {"q1": "3.0", "q2": "电梯", "q3": "yes", "q4": "电话 13800138000"}
    case = report_case(report=Report(**(vars(report) | {"answers": right})), actor=world.grid_worker, now=NOW)
    assert [row.shown for row in case.collected_answers.all()] == ["3", "电梯", "是", "电话 138****8000"]
    assert {row.question.form for row in CollectedAnswer.objects.all()} == {first}


def test_a_change_is_a_new_version_and_old_answers_keep_their_words(world: World, walk: Campaign) -> None:
    first = publish_form(campaign=walk, questions=ASKED[:2], actor=world.chief, now=NOW)
    assert publish_form(campaign=walk, questions=ASKED[:2], actor=world.chief, now=NOW) == first
    world.report(campaign=walk, answers={"q1": "2"})
    changed = [Asked("家里几口人？", QuestionKind.NUMBER, key="q1"), Asked("要不要充电桩？", QuestionKind.YES_NO)]
    second = publish_form(campaign=walk, questions=changed, actor=world.chief, now=NOW)
    assert (second.n, [row.key for row in second.questions.all()]) == (2, ["q1", "q3"])  # q2 is never used again
    assert CollectedAnswer.objects.get().question.text == "几口人？"
    world.report(campaign=walk, answers={"q1": "2", "q2": "停车"}, form=first)  # whoever began with it may finish
    world.report(campaign=walk, answers={"q3": "no"})
    assert CollectedAnswer.objects.count() == 4
    assert CollectionForm.objects.count() == 2


def test_questions_that_cannot_be_asked_are_named(world: World, walk: Campaign) -> None:
    wrong = [Asked("一"), Asked("一"), Asked("二", QuestionKind.CHOICE, ("只有一个",))]
    with pytest.raises(ValidationError) as raised:
        publish_form(campaign=walk, questions=wrong, actor=world.chief, now=NOW)
    assert errors_of(raised) == {"question_1", "question_2"}
    with pytest.raises(PermissionDenied):
        publish_form(campaign=walk, questions=ASKED, actor=world.supervisor, now=NOW)
    assert campaigns.newest_form(walk) is None


def test_a_new_head_ends_the_one_before_and_the_past_stays(world: World) -> None:
    sector = area(world.community, "P1", "第一片", AreaLevel.SECTOR)
    first = appoint_head(area=sector, actor=world.supervisor, valid_from=date(2025, 1, 1), name="老王", now=world.now)
    with pytest.raises(ValidationError):
        appoint_head(area=sector, actor=world.supervisor, valid_from=date(2025, 1, 1), user=world.leader, now=world.now)
    second = appoint_head(
        area=sector, actor=world.supervisor, valid_from=date(2026, 1, 1), user=world.leader, now=world.now
    )
    assert [str(head) for head in AreaHead.objects.on(date(2025, 12, 31))] == ["片长 老王"]
    assert [str(head) for head in AreaHead.objects.on(DAY)] == ["片长 周队长"]
    assert list(AreaHead.objects.on(DAY).over(sector)) == [second]
    world.leader.is_active = False
    world.leader.save()
    assert not AreaHead.objects.on(DAY).exists()  # who left is no head any more
    first.refresh_from_db()
    assert first.valid_to == date(2026, 1, 1)


def test_a_head_ends_once_and_by_who_may(world: World) -> None:
    head = appoint_head(area=world.estate, actor=world.admin, valid_from=date(2026, 1, 1), name="老李", now=world.now)
    with pytest.raises(PermissionDenied):
        end_head(head_id=head.pk, actor=world.grid_worker, valid_to=DAY)
    with pytest.raises(PermissionDenied):
        appoint_head(area=world.district, actor=world.supervisor, valid_from=DAY, name="外人", now=world.now)
    with pytest.raises(ValidationError):
        end_head(head_id=head.pk, actor=world.supervisor, valid_to=date(2026, 1, 1))
    end_head(head_id=head.pk, actor=world.supervisor, valid_to=DAY)
    with pytest.raises(ValidationError):
        end_head(head_id=head.pk, actor=world.supervisor, valid_to=DAY)
    with pytest.raises(ValidationError):
        appoint_head(area=world.estate, actor=world.admin, valid_from=DAY, name="甲", user=world.leader, now=world.now)
