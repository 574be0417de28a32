from datetime import date, datetime, timedelta
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django_fsm import TransitionNotAllowed

from cases.council_terms import DecisionState, FollowUpKind, FollowUpState
from cases.events import verify_all
from cases.models import Case, CaseEvent, Decision, FollowUp
from cases.terms import ClockKind, EventType, ResultCode, Role
from tests.decided import DAY, clocks_hold, followed, provisional, said, take_effect, task
from tests.factories import SHANGHAI, World, user
from workflows.commands import handling
from workflows.council import follow_ups as acts
from workflows.council.decisions import publish_decision
from workflows.council.notices import end_due_notices
from workflows.machines import DecisionLifecycle
from workflows.models import Clock


def at(day: int, hour: int = 9, minute: int = 0) -> datetime:
    return datetime(2026, 3, day, hour, minute, tzinfo=SHANGHAI)


def fresh(follow_up: FollowUp) -> FollowUp:
    return FollowUp.objects.select_related("decision").get(pk=follow_up.pk)


def live(follow_up: FollowUp) -> list[Clock]:
    return list(Clock.objects.filter(follow_up=follow_up, stopped_at=None))


def plan(world: World, decision: Decision, *tasks: Any, actor: Any = None, reason: str = "") -> list[FollowUp]:
    return acts.plan_follow_ups(
        decision_id=decision.pk, actor=actor or world.secretary, now=world.now, tasks=tasks, nothing_to_do=reason
    )


def accepted(world: World, *tasks: Any) -> FollowUp:
    follow_up = followed(world, *tasks)[0]
    acts.accept_follow_up(follow_up_id=follow_up.pk, actor=world.member, now=world.now)
    return fresh(follow_up)


def finished(world: World, *tasks: Any, now: datetime | None = None) -> FollowUp:
    follow_up = accepted(world, *tasks)
    acts.finish_follow_up(follow_up_id=follow_up.pk, actor=world.member, now=now or at(5), text="花坛已拆。")
    return fresh(follow_up)


def test_a_plan_says_who_does_what_until_when_and_replaces_the_one_before(world: World) -> None:
    decision = provisional(world)
    plan(world, decision, task(world), task(world, what="划线", owner=world.other_team))
    plan(world, decision, task(world, what=" 拆除花坛，清运渣土 "))
    (row,) = decision.follow_ups.all()
    assert (row.what, row.owner, row.due_date, row.state) == (
        "拆除花坛，清运渣土", world.team, date(2026, 3, 12), FollowUpState.OPEN
    )  # fmt: skip
    assert [event.data["move"] for event in said(world, EventType.FOLLOW_UP_MOVED)] == ["plan", "plan"]
    assert verify_all().broken == []


def test_nothing_to_do_is_said_with_its_reason_instead(world: World) -> None:
    decision = provisional(world)
    plan(world, decision, task(world))
    plan(world, decision, reason=" 仅为表态 ")
    decision = Decision.objects.get(pk=decision.pk)
    assert (decision.nothing_to_do, decision.follow_ups.count()) == ("仅为表态", 0)


@pytest.mark.parametrize(("tasks", "reason", "field"), [
    ([], "", "nothing_to_do"), ([{}], "无事", "nothing_to_do"), ([{"what": " "}], "", "what"),
    ([{"what": "字" * 201}], "", "what"), ([{"due_date": date(2026, 3, 1)}], "", "due_date"),
    ([{"due_date": date(2226, 3, 1)}], "", "due_date"), ([], "字" * 201, "nothing_to_do"),
])  # fmt: skip
def test_a_plan_that_is_none_is_refused_at_its_field(
    world: World, tasks: list[dict[str, Any]], reason: str, field: str
) -> None:
    decision = provisional(world)
    with pytest.raises(ValidationError) as refused:
        plan(world, decision, *(task(world, **given) for given in tasks), reason=reason)
    assert list(refused.value.message_dict) == [field]
    assert not FollowUp.objects.exists()


def test_a_day_is_not_before_today_but_may_be_today(world: World) -> None:
    assert plan(world, provisional(world), task(world, due_date=date(2026, 3, 2)))


def test_a_team_that_works_no_more_gets_nothing(world: World) -> None:
    world.other_team.active = False
    world.other_team.save()
    with pytest.raises(ValidationError, match="已停用"):
        plan(world, provisional(world), task(world, owner=world.other_team))


def test_only_the_secretary_plans_and_only_before_publication(world: World) -> None:
    decision = provisional(world)
    with pytest.raises(PermissionDenied):
        plan(world, decision, task(world), actor=world.supervisor)
    row = DecisionLifecycle.objects.get(pk=decision.pk)
    row.publish()
    row.save(update_fields=["state"])
    with pytest.raises(ValidationError, match="已公示"):
        plan(world, decision, task(world))


def test_when_the_decision_takes_effect_the_owner_owes_it_until_the_close_of_the_day(world: World) -> None:
    (follow_up,) = followed(world)
    event = CaseEvent.objects.get(type=EventType.FOLLOW_UP_STARTED)
    assert event.data == {
        "follow_up": follow_up.pk, "what": "拆除花坛", "team": world.team.pk, "due_date": "2026-03-12"
    }  # fmt: skip
    (clock,) = live(follow_up)
    assert (clock.kind, clock.due_at, clock.case_id) == (
        ClockKind.FOLLOW_UP,
        at(12, 17, 30),
        follow_up.decision.case_id,
    )
    assert clocks_hold(follow_up.decision.case, world.now)


def test_the_end_of_the_publication_starts_what_was_planned(world: World) -> None:
    decision = provisional(world)
    plan(world, decision, task(world, due_date=date(2026, 4, 10)))
    publish_decision(decision_id=decision.pk, actor=world.secretary, now=world.now)
    follow_up = decision.follow_ups.get()
    assert live(follow_up) == []
    over = world.now + timedelta(days=20)
    end_due_notices(now=over)
    assert fresh(follow_up).decision.state == DecisionState.EFFECTIVE
    assert [clock.due_at for clock in live(follow_up)] == [datetime(2026, 4, 10, 17, 30, tzinfo=SHANGHAI)]
    assert Case.objects.get(pk=decision.case_id).state == "in_progress"
    assert clocks_hold(decision.case, over)
    assert verify_all().broken == []


def test_a_day_off_ends_with_the_day(world: World) -> None:
    (follow_up,) = followed(world, task(world, due_date=date(2026, 3, 8)))
    (clock,) = live(follow_up)
    assert clock.due_at == datetime(2026, 3, 8, 23, 59, 59, tzinfo=SHANGHAI)
    assert clocks_hold(follow_up.decision.case, world.now)


def test_a_day_that_was_over_before_the_decision_took_effect_gives_way_to_the_limit(world: World) -> None:
    decision = provisional(world)
    plan(world, decision, task(world, due_date=date(2026, 3, 3)))
    take_effect(world, decision, now=at(9))
    (clock,) = live(decision.follow_ups.get())
    assert clock.due_at == at(9) + timedelta(days=30)
    assert clocks_hold(decision.case, at(9))


def test_started_twice_it_is_watched_once(world: World) -> None:
    (follow_up,) = followed(world)
    acts.start_follow_ups(follow_up.decision, event=None, actor=None, now=at(3))
    assert Clock.objects.filter(follow_up=follow_up).count() == 1
    assert CaseEvent.objects.filter(type=EventType.FOLLOW_UP_STARTED).count() == 1


def test_a_suspended_decision_owes_nothing_until_it_is_upheld(world: World) -> None:
    follow_up = accepted(world)
    row = DecisionLifecycle.objects.get(pk=follow_up.decision_id)
    row.suspend(reason="异议成立")
    row.save(update_fields=["state", "ended_reason"])
    acts.stop_follow_ups(row, now=at(3))
    assert live(follow_up) == []
    assert clocks_hold(row.case, at(3))
    with pytest.raises(ValidationError, match="暂缓执行"):
        acts.report_progress(follow_up_id=follow_up.pk, actor=world.member, now=at(3), percent=50, text="照做")
    row.uphold(reason="异议不成立")
    row.save(update_fields=["state", "ended_reason"])
    acts.start_follow_ups(row, event=None, actor=None, now=at(4))
    assert [clock.due_at for clock in live(follow_up)] == [at(12, 17, 30)]
    assert clocks_hold(row.case, at(4))
    acts.finish_follow_up(follow_up_id=follow_up.pk, actor=world.member, now=at(5), text="已拆")
    acts.verify_follow_up(follow_up_id=follow_up.pk, actor=world.secretary, now=at(5))
    assert fresh(follow_up).decision.state == DecisionState.IMPLEMENTED


def test_with_the_first_that_is_accepted_the_decision_is_being_carried_out(world: World) -> None:
    first, second = followed(world, task(world), task(world, what="划线"))
    acts.accept_follow_up(follow_up_id=first.pk, actor=world.member, now=world.now)
    assert fresh(first).state == FollowUpState.ACCEPTED
    assert fresh(first).decision.state == DecisionState.IMPLEMENTING
    acts.accept_follow_up(follow_up_id=second.pk, actor=world.leader, now=world.now)
    assert [event.data["move"] for event in said(world, EventType.DECISION_MOVED)] == ["implement"]
    assert [event.data["move"] for event in said(world, EventType.FOLLOW_UP_MOVED)] == ["plan", "accept", "accept"]
    assert clocks_hold(first.decision.case, world.now)


def test_only_the_owner_accepts_and_only_once(world: World) -> None:
    (follow_up,) = followed(world)
    for stranger in (world.other_member, world.secretary, world.supervisor):
        with pytest.raises(PermissionDenied):
            acts.accept_follow_up(follow_up_id=follow_up.pk, actor=stranger, now=world.now)
    acts.accept_follow_up(follow_up_id=follow_up.pk, actor=world.member, now=world.now)
    with pytest.raises(TransitionNotAllowed):
        acts.accept_follow_up(follow_up_id=follow_up.pk, actor=world.member, now=world.now)


def test_progress_is_kept_entry_by_entry(world: World) -> None:
    follow_up = accepted(world)
    for percent, words in ((30, "已围挡"), (80, " 已拆一半 ")):
        acts.report_progress(follow_up_id=follow_up.pk, actor=world.member, now=at(4), percent=percent, text=words)
    assert [(entry.percent, entry.text) for entry in follow_up.entries.all()] == [(30, "已围挡"), (80, "已拆一半")]
    assert (fresh(follow_up).progress, fresh(follow_up).state) == (80, FollowUpState.IN_PROGRESS)


@pytest.mark.parametrize(("percent", "words", "field"), [
    (101, "做", "percent"), (-1, "做", "percent"), (10, " ", "text"),
])  # fmt: skip
def test_progress_needs_a_share_and_words(world: World, percent: int, words: str, field: str) -> None:
    follow_up = accepted(world)
    with pytest.raises(ValidationError) as refused:
        acts.report_progress(follow_up_id=follow_up.pk, actor=world.member, now=at(4), percent=percent, text=words)
    assert list(refused.value.message_dict) == [field]
    assert (follow_up.entries.count(), fresh(follow_up).state) == (0, FollowUpState.ACCEPTED)


def test_what_is_done_is_owed_no_longer_and_waits_for_another(world: World) -> None:
    follow_up = finished(world)
    assert (follow_up.state, follow_up.progress, follow_up.done_by) == (FollowUpState.DONE, 100, world.member)
    (clock,) = Clock.objects.filter(follow_up=follow_up)
    assert (clock.stopped_at, clock.is_met) == (at(5), True)
    assert clocks_hold(follow_up.decision.case, at(5))


def test_with_the_last_that_is_verified_the_decision_is_carried_out(world: World) -> None:
    follow_up = finished(world, task(world), task(world, what="划线"))
    acts.verify_follow_up(follow_up_id=follow_up.pk, actor=world.secretary, now=at(6), note="属实")
    assert (fresh(follow_up).state, fresh(follow_up).ended_at) == (FollowUpState.VERIFIED, at(6))
    assert fresh(follow_up).decision.state == DecisionState.IMPLEMENTING
    other = FollowUp.objects.get(what="划线")
    acts.cancel_follow_up(follow_up_id=other.pk, actor=world.supervisor, now=at(7), reason="车位已另行划定")
    assert fresh(other).decision.state == DecisionState.IMPLEMENTED
    ended = CaseEvent.objects.filter(type=EventType.FOLLOW_UP_ENDED).order_by("seq")
    assert [event.data["outcome"] for event in ended] == ["verified", "cancelled"]
    assert clocks_hold(follow_up.decision.case, at(7))
    assert verify_all().broken == []


def test_one_that_was_never_accepted_may_be_cancelled_and_ends_the_decision(world: World) -> None:
    (follow_up,) = followed(world)
    acts.cancel_follow_up(follow_up_id=follow_up.pk, actor=world.supervisor, now=at(3), reason="另有安排")
    assert fresh(follow_up).decision.state == DecisionState.IMPLEMENTED
    assert [event.data["move"] for event in said(world, EventType.DECISION_MOVED)] == ["implement", "finish"]
    assert clocks_hold(follow_up.decision.case, at(3))


def test_who_reported_it_done_never_verifies_it(world: World) -> None:
    both = user("both", "双重身份", Role.SECRETARY, council=world.council)
    both.roles.create(role=Role.TEAM_MEMBER, team=world.team, valid_from=date(2020, 1, 1))
    follow_up = accepted(world)
    acts.finish_follow_up(follow_up_id=follow_up.pk, actor=both, now=at(5), text="已拆")
    for act in (acts.verify_follow_up, acts.send_back_follow_up):
        given = {} if act is acts.verify_follow_up else {"reason": "没拆完"}
        for nobody in (both, world.member):
            with pytest.raises(PermissionDenied):
                act(follow_up_id=follow_up.pk, actor=nobody, now=at(5), **given)
    acts.verify_follow_up(follow_up_id=follow_up.pk, actor=world.chief, now=at(5))
    assert fresh(follow_up).state == FollowUpState.VERIFIED


def test_what_is_sent_back_is_owed_again_until_the_same_day(world: World) -> None:
    follow_up = finished(world)
    acts.send_back_follow_up(follow_up_id=follow_up.pk, actor=world.secretary, now=at(6), reason="渣土未清")
    assert (fresh(follow_up).state, fresh(follow_up).done_by) == (FollowUpState.REWORK, None)
    (clock,) = live(follow_up)
    assert (clock.started_at, clock.due_at, clock.generation) == (at(6), at(12, 17, 30), 2)
    assert clocks_hold(follow_up.decision.case, at(6))
    acts.finish_follow_up(follow_up_id=follow_up.pk, actor=world.member, now=at(9), text="已清")
    assert live(follow_up) == []
    assert clocks_hold(follow_up.decision.case, at(9))


def test_after_its_day_it_is_sent_back_with_a_new_one_only(world: World) -> None:
    follow_up = finished(world, now=at(12, 17))
    back = {"follow_up_id": follow_up.pk, "actor": world.secretary, "now": at(12, 18), "reason": "渣土未清"}
    for day in (None, date(2026, 3, 12), date(2026, 3, 1)):
        with pytest.raises(ValidationError) as refused:
            acts.send_back_follow_up(**back, due_date=day)
        assert list(refused.value.message_dict) == ["due_date"]
    acts.send_back_follow_up(**back, due_date=date(2026, 3, 20))
    assert fresh(follow_up).due_date == date(2026, 3, 20)
    assert [clock.due_at for clock in live(follow_up)] == [at(20, 17, 30)]
    assert clocks_hold(follow_up.decision.case, at(12, 18))


def test_only_an_overseer_cancels_and_says_why(world: World) -> None:
    follow_up = accepted(world)
    for nobody in (world.secretary, world.member):
        with pytest.raises(PermissionDenied):
            acts.cancel_follow_up(follow_up_id=follow_up.pk, actor=nobody, now=at(3), reason="不做了")
    with pytest.raises(ValidationError) as refused:
        acts.cancel_follow_up(follow_up_id=follow_up.pk, actor=world.supervisor, now=at(3), reason=" ")
    assert list(refused.value.message_dict) == ["reason"]
    assert len(live(follow_up)) == 1


def test_a_project_comes_before_its_follow_up_is_done(world: World) -> None:
    follow_up = accepted(world, task(world, kind=FollowUpKind.MICRO_PROJECT))
    with pytest.raises(ValidationError, match="微项目还没有结算"):
        acts.finish_follow_up(follow_up_id=follow_up.pk, actor=world.member, now=at(3), text="完工")
    assert len(live(follow_up)) == 1


def test_an_owners_ballot_that_was_held_is_done_whoever_accepted_it(world: World) -> None:
    (follow_up,) = followed(world, task(world, kind=FollowUpKind.OWNERS_BALLOT))
    for _twice in range(2):
        acts.settle_owners_ballot(fresh(follow_up), actor=world.secretary, now=at(9), text="业主表决通过")
    assert (fresh(follow_up).state, fresh(follow_up).done_by) == (FollowUpState.DONE, world.secretary)
    assert follow_up.entries.count() == 1
    assert clocks_hold(follow_up.decision.case, at(9))


def submit(world: World, case: Case, code: ResultCode, **given: Any) -> None:
    handling.submit_case(
        case_id=case.pk, actor=world.member, now=at(6), result_code=code, result_text="按决议办", **given
    )


def test_a_case_is_not_called_solved_while_something_decided_on_it_is_owed(world: World) -> None:
    follow_up = accepted(world, task(world), task(world, what="划十二个车位", owner=world.other_team))
    case = follow_up.decision.case
    with pytest.raises(ValidationError) as refused:
        submit(world, case, ResultCode.SOLVED)
    (message,) = refused.value.message_dict["result_code"]
    assert "拆除花坛；划十二个车位" in message
    acts.finish_follow_up(follow_up_id=follow_up.pk, actor=world.member, now=at(5), text="已拆")
    with pytest.raises(ValidationError, match="的落实事项还没有办完：划十二个车位。"):
        submit(world, case, ResultCode.SOLVED)
    other = FollowUp.objects.get(what="划十二个车位")
    acts.accept_follow_up(follow_up_id=other.pk, actor=world.other_member, now=at(5))
    acts.finish_follow_up(follow_up_id=other.pk, actor=world.other_member, now=at(5), text="已划")
    submit(world, case, ResultCode.SOLVED)
    assert Case.objects.get(pk=case.pk).state == "submitted"
    assert clocks_hold(case, at(6))


def test_it_may_be_promised_for_a_day_meanwhile_and_stays_owed(world: World) -> None:
    follow_up = accepted(world)
    submit(world, follow_up.decision.case, ResultCode.PLANNED, promised_date=date(2026, 3, 20))
    assert Case.objects.get(pk=follow_up.decision.case_id).state == "submitted"
    assert len(live(follow_up)) == 1
    assert clocks_hold(follow_up.decision.case, at(6) + DAY)


def test_another_case_of_the_topic_waits_as_well(world: World) -> None:
    follow_up = accepted(world)
    other = world.case("in_progress")
    assert follow_up.decision.item is not None
    follow_up.decision.item.topic.cases.add(other)
    with pytest.raises(ValidationError, match="拆除花坛"):
        submit(world, other, ResultCode.SOLVED)


def test_what_was_decided_on_paper_holds_no_case_up(world: World) -> None:
    follow_up = accepted(world)
    Decision.objects.filter(pk=follow_up.decision_id).update(item=None)
    assert not handling.owed_follow_ups(world.case("in_progress")).exists()
    case = follow_up.decision.case
    case.topics.clear()
    submit(world, case, ResultCode.SOLVED)
    assert Case.objects.get(pk=case.pk).state == "submitted"
