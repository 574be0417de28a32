from datetime import date, timedelta

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django_fsm import TransitionNotAllowed

from cases.council_terms import DecisionKind, DecisionState, NoticeKind, PollState
from cases.events import verify_all
from cases.models import AgendaItem, Case, CaseEvent, Council, Decision, DraftText, FollowUp, Notice, Poll, Topic
from cases.terms import ClockKind, CouncilKind, DecisionOutcome, EventType, MatterType, State
from tests.decided import clocks_hold, said
from tests.factories import World
from tests.posted import (
    AFTER,
    ENDS,
    OBJECTIONS_END,
    TEXT,
    formed,
    in_discussion,
    last_second,
    planned,
    posted,
    state_of,
)
from workflows.council import decision_reviews as reviews
from workflows.council.acts import digest
from workflows.council.decision_words import notice_text
from workflows.council.decisions import form_decision, next_number, publish_by, publish_decision
from workflows.council.follow_ups import accept_follow_up, plan_follow_ups
from workflows.council.notices import end_due_notices
from workflows.council.periods import publishing_of
from workflows.models import Clock


def fresh(decision: Decision) -> Decision:
    return Decision.objects.get(pk=decision.pk)


def effective(world: World, **given: object) -> Decision:
    notice = posted(world, **given)
    assert end_due_notices(now=AFTER) == {"notices_ended": 1, "decisions_effective": 1}
    return Decision.objects.get(notices=notice)


def live(decision: Decision) -> list[Clock]:
    return list(Clock.objects.filter(follow_up__decision=decision, stopped_at=None))


def judge(world: World, decision: Decision, move: str, **given: object) -> Decision:
    words = {"actor": world.supervisor, "now": AFTER, "reason": "程序有误"} | given
    return reviews.MOVES[move](decision_id=decision.pk, **words)


def test_a_decision_has_a_number_the_literal_text_and_the_first_case_of_its_topic(world: World) -> None:
    item = in_discussion(world)
    other = world.case("deliberating")
    item.topic.cases.add(other)
    decision = formed(world, item)
    assert (decision.number, decision.text, decision.kind, decision.state) == (
        "〔2026〕决议1号", TEXT, DecisionKind.DECISION, DecisionState.PROVISIONAL,
    )  # fmt: skip
    assert decision.case_id == min(item.topic.cases.values_list("pk", flat=True))
    item = AgendaItem.objects.get(pk=item.pk)
    assert (item.state, item.outcome, item.decided_at) == ("decided", "通过", world.now)
    assert [event.data["decision"] for event in said(world, EventType.DECISION_RECORDED)] == [decision.pk]
    assert verify_all().broken == []


def test_numbers_go_on_within_a_council_and_a_year_and_pass_by_those_of_paper(world: World) -> None:
    case = world.case("deliberating")
    Decision.objects.create(
        case=case, council=world.council, number="〔2026〕31号", outcome="adopted", text="旧", decided_on=world.now,
        recorded_by=world.secretary, recorded_at=world.now,
    )  # fmt: skip
    first, second = formed(world), formed(world)
    assert (first.number, second.number) == ("〔2026〕决议1号", "〔2026〕决议2号")
    assert next_number(world.council, world.now + timedelta(days=365)) == "〔2027〕决议1号"
    elsewhere = Council.objects.create(code="C2", name="另一个", area=world.estate)
    assert next_number(elsewhere, world.now) == "〔2026〕决议1号"


def test_in_a_matter_of_the_owners_the_council_only_recommends(world: World) -> None:
    item = in_discussion(world)
    Topic.objects.filter(pk=item.topic_id).update(matter=MatterType.MAINTENANCE_FUND)
    decision = formed(world, AgendaItem.objects.get(pk=item.pk))
    assert (decision.kind, decision.competent) == (DecisionKind.RECOMMENDATION, CouncilKind.OWNERS_ASSEMBLY)


@pytest.mark.parametrize("text", ["", "拆除花坛", f"{TEXT} "])
def test_another_text_than_the_draft_is_refused(world: World, text: str) -> None:
    item = in_discussion(world)
    with pytest.raises(ValidationError) as refused:
        form_decision(item, outcome=DecisionOutcome.ADOPTED, text=text, actor=world.secretary, now=world.now)
    assert list(refused.value.message_dict) == ["text"]


def test_the_text_of_a_poll_counts_and_no_later_draft(world: World) -> None:
    item = in_discussion(world)
    poll = Poll.objects.create(
        council=world.council, topic=item.topic, item=item, text=TEXT, sha256=digest(TEXT), method="hands",
        pack=item.meeting.pack, state="certified", created_by=world.secretary, created_at=world.now,
    )  # fmt: skip
    DraftText.objects.create(
        item=item, n=2, body="改为六个车位", sha256="", written_by=world.secretary, written_at=world.now
    )
    given = {"outcome": DecisionOutcome.ADOPTED, "actor": world.secretary, "now": world.now, "poll": poll}
    with pytest.raises(ValidationError):
        form_decision(item, text="改为六个车位", **given)
    decision = form_decision(item, text=TEXT, **given)
    planned(world, decision)
    publish_decision(decision_id=decision.pk, actor=world.secretary, now=world.now)
    assert state_of(poll) == PollState.PUBLISHED


def test_an_item_that_is_not_discussed_is_not_decided(world: World) -> None:
    item = in_discussion(world)
    formed(world, item)
    with pytest.raises(TransitionNotAllowed):
        formed(world, item)


def test_a_decision_is_posted_for_its_time_with_its_text_and_what_follows(world: World) -> None:
    notice = posted(world)
    decision = Decision.objects.get(notices=notice)
    assert (notice.kind, notice.must_stay_until, notice.alarm_at, notice.channels) == (
        NoticeKind.DECISION, ENDS, ENDS, "小区公告栏",
    )  # fmt: skip
    assert (decision.state, decision.objection_until) == (DecisionState.IN_PUBLICATION, OBJECTIONS_END)
    assert TEXT in notice.body
    assert "拆除花坛，责任单位平山小区工作队，2026-03-12 前完成" in notice.body
    assert said(world, EventType.DECISION_MOVED)[-1].data["late"] is False


def test_working_days_are_counted_where_the_rules_count_them(world: World) -> None:
    notice = posted(world, publish={"calendar": "working", "min_days": 5})
    assert notice.must_stay_until == last_second(date(2026, 3, 9))


def test_nothing_is_posted_before_it_is_said_what_follows_and_only_by_the_secretary(world: World) -> None:
    decision = formed(world)
    with pytest.raises(ValidationError, match="落实"):
        publish_decision(decision_id=decision.pk, actor=world.secretary, now=world.now)
    planned(world, decision)
    with pytest.raises(PermissionDenied):
        publish_decision(decision_id=decision.pk, actor=world.supervisor, now=world.now)
    posted(world, decision)
    with pytest.raises(TransitionNotAllowed):
        publish_decision(decision_id=decision.pk, actor=world.secretary, now=world.now)


def test_a_notice_that_comes_late_is_posted_and_said_to_be_late(world: World) -> None:
    decision = planned(world)
    assert publish_by(decision) == ENDS
    publish_decision(decision_id=decision.pk, actor=world.secretary, now=AFTER)
    assert said(world, EventType.DECISION_MOVED)[-1].data["late"] is True


def test_what_was_not_adopted_is_posted_too_and_nothing_follows(world: World) -> None:
    decision = formed(world, outcome=DecisionOutcome.NOT_ADOPTED)
    notice = publish_decision(decision_id=decision.pk, actor=world.secretary, now=world.now)
    assert (notice.kind, fresh(decision).nothing_to_do) == (NoticeKind.RESULT, "未通过，无须落实")
    end_due_notices(now=AFTER)
    assert Case.objects.get(pk=decision.case_id).state == State.SUBMITTED


def test_when_its_time_is_over_it_takes_effect_and_every_case_of_the_topic_goes_on(world: World) -> None:
    item = in_discussion(world)
    other, gone = world.case("deliberating"), world.case("closed")
    item.topic.cases.add(other, gone)
    notice = posted(world, formed(world, item))
    assert end_due_notices(now=ENDS - timedelta(seconds=1)) == {"notices_ended": 0, "decisions_effective": 0}
    assert end_due_notices(now=AFTER) == {"notices_ended": 1, "decisions_effective": 1}
    decision = Decision.objects.get(notices=notice)
    assert (decision.state, decision.effective_from) == (DecisionState.EFFECTIVE, AFTER)
    moved = item.topic.cases.exclude(pk=gone.pk)
    assert set(moved.values_list("state", flat=True)) == {State.IN_PROGRESS}
    assert [(clock.case_id, clock.kind) for clock in live(decision)] == [(decision.case_id, ClockKind.FOLLOW_UP)]
    taken = CaseEvent.objects.filter(type=EventType.DECISION_TAKEN)
    assert {event.data["by"] for event in taken} == {"clock"}
    assert end_due_notices(now=AFTER) == {"notices_ended": 0, "decisions_effective": 0}
    assert clocks_hold(Case.objects.get(pk=decision.case_id), AFTER)
    assert verify_all().broken == []


def test_a_suspended_decision_owes_nothing_until_it_is_upheld(world: World) -> None:
    decision = effective(world)
    judge(world, decision, "suspend", authority="梅园街道办事处")
    assert (state_of(decision), live(decision)) == (DecisionState.SUSPENDED, [])
    upheld = judge(world, decision, "uphold", reason="复核无误")
    assert (upheld.state, upheld.ended_reason, len(live(decision))) == (DecisionState.UPHELD, "复核无误", 1)
    moves = said(world, EventType.DECISION_MOVED)
    assert [event.data["move"] for event in moves] == ["publish", "take_effect", "suspend", "uphold"]
    assert moves[2].data["authority"] == "梅园街道办事处"
    assert clocks_hold(Case.objects.get(pk=decision.case_id), AFTER)


@pytest.mark.parametrize(("move", "state"), [("remand", "remanded"), ("annul", "annulled")])
def test_what_is_sent_back_or_annulled_stays_with_its_reason_and_is_owed_no_longer(
    world: World, move: str, state: str
) -> None:
    decision = effective(world)
    follow_ups = FollowUp.objects.count()
    judge(world, decision, "suspend")
    judge(world, decision, move, reason="人数不足")
    assert (state_of(decision), fresh(decision).ended_reason, live(decision)) == (state, "人数不足", [])
    assert FollowUp.objects.count() == follow_ups
    assert clocks_hold(Case.objects.get(pk=decision.case_id), AFTER)


def test_one_that_was_suspended_before_its_time_takes_effect_when_it_is_upheld_after_it(world: World) -> None:
    notice = posted(world)
    decision = Decision.objects.get(notices=notice)
    judge(world, decision, "suspend", now=world.now)
    with pytest.raises(ValidationError, match="公示期还没有满"):
        judge(world, decision, "uphold", now=world.now)
    assert end_due_notices(now=AFTER) == {"notices_ended": 1, "decisions_effective": 0}
    upheld = judge(world, decision, "uphold")
    assert (upheld.state, upheld.effective_from) == (DecisionState.UPHELD, AFTER)
    assert Case.objects.get(pk=decision.case_id).state == State.IN_PROGRESS
    assert len(live(decision)) == 1


@pytest.mark.parametrize("move", ["suspend", "uphold", "remand", "annul"])
def test_only_an_overseer_calls_a_decision_into_question_and_says_why(world: World, move: str) -> None:
    decision = effective(world)
    if move != "suspend":
        judge(world, decision, "suspend")
    with pytest.raises(PermissionDenied):
        judge(world, decision, move, actor=world.secretary)
    with pytest.raises(ValidationError) as refused:
        judge(world, decision, move, reason=" ")
    assert list(refused.value.message_dict) == ["reason"]


def test_a_later_decision_in_force_takes_the_place_of_one(world: World) -> None:
    old, new = effective(world), effective(world)
    done = reviews.supersede_decision(
        decision_id=old.pk, by_id=new.pk, actor=world.secretary, now=AFTER, reason="另行议定"
    )
    assert (done.state, fresh(new).supersedes, live(old)) == (DecisionState.SUPERSEDED, done, [])
    assert Decision.objects.filter(pk=old.pk).exists()


def test_what_is_not_in_force_or_older_replaces_nothing(world: World) -> None:
    old, provisional_one = effective(world), formed(world)
    for by in (provisional_one, old):
        with pytest.raises(ValidationError) as refused:
            reviews.supersede_decision(
                decision_id=old.pk, by_id=by.pk, actor=world.secretary, now=AFTER, reason="另行议定"
            )
        assert list(refused.value.message_dict) == ["by"]
    newer, other = effective(world), effective(world)
    given = {"by_id": other.pk, "actor": world.secretary, "now": AFTER, "reason": "另行议定"}
    reviews.supersede_decision(decision_id=newer.pk, **given)
    with pytest.raises(ValidationError, match="已替代了另一份"):
        reviews.supersede_decision(decision_id=old.pk, **given)
    assert state_of(old) == DecisionState.EFFECTIVE


def test_what_was_taken_on_paper_has_no_rules_and_no_notice_here(world: World) -> None:
    decision = Decision(council=world.council, number="〔2026〕31号", text="旧", decided_on=world.now.date())
    with pytest.raises(ValueError, match="on paper"):
        publishing_of(decision)
    with pytest.raises(ValueError, match="on paper"):
        notice_text(decision)


def appeal(world: World, decision: Decision) -> int:
    return reviews.receive_appeal(
        decision_id=decision.pk, actor=world.secretary, now=AFTER, appellant="业主甲", authority="梅园街道办事处",
        text="会议通知不足三天",
    ).pk  # fmt: skip


@pytest.mark.parametrize(("verdict", "state"), [
    ("uphold", DecisionState.EFFECTIVE), ("remand", DecisionState.REMANDED), ("annul", DecisionState.ANNULLED),
])  # fmt: skip
def test_an_appeal_is_decided_on_the_word_of_the_body_that_was_asked(world: World, verdict: str, state: str) -> None:
    decision = effective(world)
    pk = appeal(world, decision)
    with pytest.raises(ValidationError, match="已有一份"):
        appeal(world, decision)
    given = {"appeal_id": pk, "actor": world.secretary, "now": AFTER, "verdict": verdict}
    with pytest.raises(ValidationError):
        reviews.decide_appeal(**given, outcome=" ")
    done = reviews.decide_appeal(**given, outcome="梅街〔2026〕9号")
    assert (state_of(decision), done.outcome, done.decided_at) == (state, "梅街〔2026〕9号", AFTER)
    assert "梅园街道办事处" in str([event.data for event in said(world, EventType.DECISION_MOVED)][-1])
    with pytest.raises(ValidationError, match="已经办结"):
        reviews.decide_appeal(**given, outcome="再办")


def test_of_what_is_done_nothing_can_be_annulled_and_strangers_decide_nothing(world: World) -> None:
    decision = effective(world)
    pk = appeal(world, decision)
    given = {"appeal_id": pk, "now": AFTER, "verdict": "annul", "outcome": "文号"}
    with pytest.raises(PermissionDenied):
        reviews.decide_appeal(**given, actor=world.member)
    with pytest.raises(PermissionDenied):
        reviews.receive_appeal(
            decision_id=decision.pk, actor=world.member, now=AFTER, appellant="甲", authority="乙", text="丙"
        )
    with pytest.raises(ValidationError, match="请选择"):
        reviews.decide_appeal(**(given | {"verdict": "forget"}), actor=world.secretary)
    Decision.objects.filter(pk=decision.pk).update(state="implemented")
    with pytest.raises(ValidationError, match="不能发回或撤销"):
        reviews.decide_appeal(**given, actor=world.supervisor)


def test_an_effective_decision_is_implemented_from_the_first_word_of_an_owner(world: World) -> None:
    decision = effective(world)
    follow_up = decision.follow_ups.get()
    accept_follow_up(follow_up_id=follow_up.pk, actor=world.member, now=AFTER)
    assert state_of(decision) == DecisionState.IMPLEMENTING


def test_a_plan_can_say_that_nothing_is_to_do(world: World) -> None:
    decision = formed(world)
    plan_follow_ups(decision_id=decision.pk, actor=world.secretary, now=world.now, nothing_to_do="仅为表态")
    notice = publish_decision(decision_id=decision.pk, actor=world.secretary, now=world.now)
    assert "无须落实：仅为表态" in Notice.objects.get(pk=notice.pk).body
