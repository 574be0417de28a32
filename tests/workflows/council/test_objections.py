from datetime import timedelta
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied, ValidationError

from cases.council_terms import DecisionState, NoticeState, ObjectionState
from cases.events import verify_all
from cases.models import Case, CaseEvent, Notice, Objection
from cases.terms import ClockKind, EventType, State
from tests.decided import clocks_hold
from tests.factories import World
from tests.posted import AFTER, OBJECTIONS_END, posted, state_of
from workflows.council.decision_reviews import uphold_decision
from workflows.council.notices import end_due_notices
from workflows.council.objections import raise_objection, reply_to_objection, withdraw_objection
from workflows.models import Clock

REPLY_ONLY = {"publish": {"objection_effect": "reply_only"}}


def objected(world: World, notice: Notice, **given: Any) -> Objection:
    words = {"actor": None, "now": world.now + timedelta(hours=1), "text": "车位太少"} | given
    return raise_objection(notice_id=notice.pk, **words)


def reply(world: World, objection: Objection, **given: Any) -> Objection:
    words = {"actor": world.secretary, "now": AFTER, "reply": "已按户数核算"} | given
    return reply_to_objection(objection_id=objection.pk, **words)


def sound(notice: Notice) -> bool:
    return clocks_hold(Case.objects.get(pk=notice.decision.case_id), AFTER) and verify_all().broken == []


def test_anybody_objects_and_the_secretary_owes_an_answer_by_a_date(world: World) -> None:
    notice = posted(world)
    objection = objected(world, notice, name=" 王先生 ", contact="13800138000")
    kept = Objection.objects.get(pk=objection.pk)
    assert (kept.state, kept.name, kept.contact, kept.received_by) == ("open", "王先生", "13800138000", None)
    clock = Clock.objects.get(objection=objection)
    assert (clock.kind, clock.case_id, clock.stopped_at) == (ClockKind.OBJECTION, notice.decision.case_id, None)
    event = CaseEvent.objects.get(type=EventType.OBJECTION_RAISED)
    assert (event.data["by"], event.data["number"]) == ("resident", notice.decision.number)
    assert "车位太少" not in str(event.data)
    assert sound(notice)


def test_while_an_objection_is_open_the_decision_does_not_take_effect(world: World) -> None:
    notice = posted(world)
    objection = objected(world, notice)
    assert end_due_notices(now=AFTER) == {"notices_ended": 1, "decisions_effective": 0}
    assert state_of(notice.decision) == DecisionState.IN_PUBLICATION
    assert Case.objects.get(pk=notice.decision.case_id).state == State.DELIBERATING
    reply(world, objection)
    assert state_of(notice.decision) == DecisionState.EFFECTIVE
    assert Clock.objects.get(objection=objection).stopped_at == AFTER
    assert sound(notice)


def test_answered_before_its_time_is_over_it_waits_for_that(world: World) -> None:
    notice = posted(world)
    reply(world, objected(world, notice), now=world.now + timedelta(hours=2))
    assert state_of(notice.decision) == DecisionState.IN_PUBLICATION
    assert end_due_notices(now=AFTER)["decisions_effective"] == 1


def test_of_several_the_last_answer_lets_it_take_effect(world: World) -> None:
    notice = posted(world)
    first, second = objected(world, notice), objected(world, notice, text="噪声大")
    end_due_notices(now=AFTER)
    reply(world, first)
    assert state_of(notice.decision) == DecisionState.IN_PUBLICATION
    withdraw_objection(objection_id=second.pk, actor=world.secretary, now=AFTER, note="本人来电撤回")
    assert (state_of(second), state_of(notice.decision)) == (ObjectionState.WITHDRAWN, DecisionState.EFFECTIVE)


def test_an_objection_that_is_right_suspends_the_decision(world: World) -> None:
    notice = posted(world)
    reply(world, objected(world, notice), sustained=True, actor=world.supervisor)
    assert state_of(notice.decision) == DecisionState.SUSPENDED
    assert end_due_notices(now=AFTER) == {"notices_ended": 1, "decisions_effective": 0}
    end_due_notices(now=OBJECTIONS_END)
    assert state_of(notice) == NoticeState.CONTESTED
    assert sound(notice)


def test_one_that_comes_in_time_but_after_the_effect_suspends_it(world: World) -> None:
    notice = posted(world)
    end_due_notices(now=AFTER)
    objection = objected(world, notice, now=AFTER)
    assert state_of(notice.decision) == DecisionState.SUSPENDED
    assert not Clock.objects.filter(kind=ClockKind.FOLLOW_UP, stopped_at=None).exists()
    given = {"decision_id": notice.decision_id, "actor": world.supervisor, "now": AFTER, "reason": "异议不成立"}
    with pytest.raises(ValidationError, match="还有异议没有答复"):
        uphold_decision(**given)
    reply(world, objection)
    uphold_decision(**given)
    assert Clock.objects.filter(kind=ClockKind.FOLLOW_UP, stopped_at=None).count() == 1
    assert sound(notice)


def test_by_rules_that_only_ask_for_a_reply_nothing_is_held_up(world: World) -> None:
    notice = posted(world, **REPLY_ONLY)
    objection = objected(world, notice)
    assert end_due_notices(now=AFTER) == {"notices_ended": 1, "decisions_effective": 1}
    objected(world, notice, now=AFTER, text="另一条")
    assert state_of(notice.decision) == DecisionState.EFFECTIVE
    end_due_notices(now=OBJECTIONS_END)
    assert state_of(notice) == NoticeState.CONTESTED
    reply(world, objection)
    assert state_of(notice) == NoticeState.CONTESTED
    reply(world, Objection.objects.get(text="另一条"))
    assert state_of(notice) == NoticeState.CLEARED


def test_up_to_the_last_second_one_may_object_and_not_after_it(world: World) -> None:
    notice = posted(world)
    end_due_notices(now=AFTER)
    assert objected(world, notice, now=OBJECTIONS_END)
    with pytest.raises(ValidationError, match="异议期已过"):
        objected(world, notice, now=OBJECTIONS_END + timedelta(seconds=1), text="晚了")


def test_words_are_needed_and_the_same_ones_tapped_twice_count_once(world: World) -> None:
    notice = posted(world)
    with pytest.raises(ValidationError) as refused:
        objected(world, notice, text=" ")
    assert list(refused.value.message_dict) == ["text"]
    assert objected(world, notice) == objected(world, notice)
    assert Objection.objects.count() == 1


def test_only_the_secretary_enters_what_came_on_paper_and_answers_with_the_overseer(world: World) -> None:
    notice = posted(world)
    with pytest.raises(PermissionDenied):
        objected(world, notice, actor=world.member)
    objection = objected(world, notice, actor=world.secretary)
    assert Objection.objects.get().received_by == world.secretary
    with pytest.raises(PermissionDenied):
        reply(world, objection, actor=world.member)
    with pytest.raises(PermissionDenied):
        withdraw_objection(objection_id=objection.pk, actor=world.supervisor, now=AFTER, note="撤回")
    with pytest.raises(ValidationError) as refused:
        reply(world, objection, reply="")
    assert list(refused.value.message_dict) == ["reply"]
    reply(world, objection)
    with pytest.raises(ValidationError, match="已经办过"):
        reply(world, objection)


def test_a_notice_that_announces_no_decision_takes_no_objections(world: World) -> None:
    notice = posted(world)
    Notice.objects.filter(pk=notice.pk).update(decision=None)
    with pytest.raises(ValidationError, match="不接受异议"):
        objected(world, notice)
