"""From a case to a topic and back: referred, proposed by the council itself, not taken up, decided."""

from datetime import timedelta

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django_fsm import TransitionNotAllowed

from cases.events import verify_councils
from cases.models import AgendaItem, Case, CaseEvent, Council, Decision, Topic
from cases.terms import ClockKind, DecisionOutcome, MatterType, Source
from tests.councils import make_body
from tests.factories import World
from tests.workflows.council.rooms import convened, opened
from workflows import permissions as may
from workflows.clock_audit import audit
from workflows.commands.council import (
    DecisionRecord,
    Matter,
    carry_decision,
    propose_matter,
    refer_to_council,
    return_from_council,
    take_decision,
)
from workflows.council.agenda import settle_by_consensus
from workflows.council.topics import resting

HOUR = timedelta(hours=1)


def refer(world: World, case: Case, question: str = "怎么停？") -> Topic:
    refer_to_council(
        case_id=case.pk, actor=world.leader, now=world.now, council=world.council, matter=MatterType.PARKING,
        question=question,
    )  # fmt: skip
    return Topic.objects.filter(cases=case).latest("pk")


def matter(world: World, **given: object) -> Matter:
    words = {"title": "修车棚", "text": "在北门修车棚。", "matter": MatterType.FACILITY, "area": world.estate}
    return Matter(**(words | {"category": world.category} | given))  # type: ignore[arg-type]


def test_a_referred_case_becomes_a_topic_with_a_number_of_its_council(world: World) -> None:
    first, second = (refer(world, world.case("in_progress")) for _ in range(2))
    assert (first.number, second.number) == ("〔2026〕议题1号", "〔2026〕议题2号")
    assert (first.state, first.text, first.matter) == ("pending", "怎么停？", "parking")
    assert list(first.cases.values_list("state", flat=True)) == ["deliberating"]
    said = CaseEvent.objects.get(council=world.council, data__topic=first.pk)
    assert (said.type, said.seq, said.case_id) == ("topic.proposed", 1, None)


def test_a_secretary_proposes_a_matter_that_becomes_a_case_with_clocks(world: World) -> None:
    topic = propose_matter(council_id=world.council.pk, proposal=matter(world), actor=world.secretary, now=world.now)
    case = topic.cases.get()
    assert (case.state, case.source, case.council, case.title) == (
        "deliberating", Source.COUNCIL, world.council, "修车棚",
    )  # fmt: skip
    live = set(case.clocks.filter(stopped_at=None).values_list("kind", flat=True))
    assert live == {ClockKind.DELIBERATE, ClockKind.OVERALL, ClockKind.DISPATCH}
    assert audit(now=world.now).faults == []


@pytest.mark.parametrize("username", ["grid_worker", "dispatcher", "supervisor", "leader"])
def test_only_the_secretary_of_the_council_proposes_for_it(world: World, username: str) -> None:
    with pytest.raises(PermissionDenied):
        propose_matter(
            council_id=world.council.pk, proposal=matter(world), actor=getattr(world, username), now=world.now
        )
    assert not Case.objects.exists()


def test_a_proposal_names_what_is_missing_and_keeps_to_its_area(world: World) -> None:
    def propose(**given: object) -> None:
        propose_matter(
            council_id=world.council.pk, proposal=matter(world, **given), actor=world.secretary, now=world.now
        )

    with pytest.raises(ValidationError) as caught:
        propose(title=" ", text="")
    assert set(caught.value.message_dict) == {"title", "text"}
    with pytest.raises(ValidationError) as caught:
        propose(area=world.other_street)
    assert set(caught.value.message_dict) == {"area"}


def test_a_secretary_may_take_on_only_what_their_council_proposed(world: World) -> None:
    case = world.report()
    assert not may.is_proposer(case, world.secretary)
    topic = propose_matter(council_id=world.council.pk, proposal=matter(world), actor=world.secretary, now=world.now)
    assert may.is_proposer(topic.cases.get(), world.secretary)
    assert not may.is_proposer(topic.cases.get(), world.dispatcher)


def test_what_a_council_does_not_take_up_goes_back_and_its_topic_is_rejected(world: World) -> None:
    case = world.case("in_progress")
    topic = refer(world, case)
    was = case.clocks.get(kind=ClockKind.HANDLE).due_at
    moved = return_from_council(case_id=case.pk, actor=world.secretary, now=world.now + HOUR, reason="不属于议事范围。")
    assert (moved.case.state, moved.case.handler) == ("in_progress", world.member)
    assert moved.case.clocks.get(kind=ClockKind.HANDLE).due_at >= was
    topic = Topic.objects.get(pk=topic.pk)
    assert (topic.state, topic.reason, topic.screened_by) == ("rejected", "不属于议事范围。", world.secretary)
    assert audit(now=world.now + HOUR).faults == []


def test_a_case_whose_topic_is_on_the_list_is_settled_there(world: World) -> None:
    case = world.case("in_progress")
    topic = refer(world, case)
    Topic.objects.filter(pk=topic.pk).update(state="accepted")
    with pytest.raises(ValidationError, match="已列为议题"):
        return_from_council(case_id=case.pk, actor=world.secretary, now=world.now, reason="不议。")
    assert Case.objects.get(pk=case.pk).state == "deliberating"


def test_going_back_needs_a_reason_the_secretary_and_a_case_that_is_there(world: World) -> None:
    case = world.case("deliberating")
    with pytest.raises(ValidationError):
        return_from_council(case_id=case.pk, actor=world.secretary, now=world.now, reason=" ")
    with pytest.raises(PermissionDenied):
        return_from_council(case_id=case.pk, actor=world.leader, now=world.now, reason="不议。")
    return_from_council(case_id=case.pk, actor=world.secretary, now=world.now, reason="不议。")
    with pytest.raises(TransitionNotAllowed):
        return_from_council(case_id=case.pk, actor=world.secretary, now=world.now, reason="不议。")


def decided(world: World, case: Case, nothing_to_do: str = "") -> Decision:
    return Decision.objects.create(
        case=case, council=world.council, number="〔2026〕决议1号", outcome=DecisionOutcome.ADOPTED, text="装道闸。",
        decided_on=world.now.date(), nothing_to_do=nothing_to_do, recorded_by=world.secretary, recorded_at=world.now,
    )  # fmt: skip


def test_a_decision_that_took_effect_moves_its_case_on_by_the_clock(world: World) -> None:
    case = world.case("deliberating")
    moved = carry_decision(case_id=case.pk, decision=decided(world, case), actor=may.CLOCK, now=world.now)
    assert moved is not None
    assert (moved.case.state, moved.event.type, moved.event.data["text"]) == (
        "in_progress", "case.decision_taken", "装道闸。",
    )  # fmt: skip
    again = carry_decision(case_id=case.pk, decision=Decision.objects.get(), actor=may.CLOCK, now=world.now)
    assert again is None


def test_a_decision_with_nothing_to_do_goes_to_verification(world: World) -> None:
    case = world.case("deliberating")
    decision = decided(world, case, "维持现状")
    moved = carry_decision(case_id=case.pk, decision=decision, actor=may.CLOCK, now=world.now)
    assert moved is not None
    assert moved.case.state == "submitted"


def test_the_history_of_a_council_is_chained_and_a_changed_word_is_found(world: World) -> None:
    refer(world, world.case("in_progress"))
    refer(world, world.case("in_progress"))
    assert verify_councils().broken == []
    assert verify_councils().events == 2
    CaseEvent.objects.filter(council=world.council, seq=1).update(data={"topic": 7})
    assert [(b.number, b.seq) for b in verify_councils().broken] == [(world.council.code, 1)]


def test_a_cut_tail_of_the_history_of_a_council_is_found(world: World) -> None:
    refer(world, world.case("in_progress"))
    Council.objects.update(version=2)
    assert [b.seq for b in verify_councils().broken] == [2]


def test_what_is_on_an_agenda_is_not_decided_on_paper(world: World) -> None:
    body = make_body(world)
    meeting = convened(world, body)
    case = meeting.items.get().topic.cases.get()
    paper = DecisionRecord("甲1号", DecisionOutcome.ADOPTED, "修。", world.now.date(), nothing_to_do="已修")
    with pytest.raises(ValidationError, match="已列入会议议程"):
        take_decision(case_id=case.pk, actor=world.secretary, now=world.now, decision=paper)


def test_what_was_decided_here_waits_for_its_publication(world: World) -> None:
    body = make_body(world)
    room = opened(world, body)
    room.discuss()
    settle_by_consensus(item_id=room.items[0].pk, actor=body.secretary, now=room.now)
    case = room.items[0].topic.cases.get()
    paper = DecisionRecord("甲1号", DecisionOutcome.ADOPTED, "修。", room.now.date(), nothing_to_do="已修")
    with pytest.raises(ValidationError, match="公示期满后自动落实"):
        take_decision(case_id=case.pk, actor=world.secretary, now=room.now, decision=paper)


def test_a_matter_that_was_voted_down_rests_even_when_its_case_is_referred_anew(world: World) -> None:
    body = make_body(world)
    case = world.case("in_progress")
    first = refer(world, case)
    refused = decided(world, case)
    item = convened(world, body).items.get()
    AgendaItem.objects.filter(pk=item.pk).update(topic=first)
    Decision.objects.filter(pk=refused.pk).update(item=item, outcome="not_adopted", recorded_at=world.now)
    carry_decision(case_id=case.pk, decision=refused, actor=may.CLOCK, now=world.now)
    second = refer(world, Case.objects.get(pk=case.pk), "再议一次。")
    until = resting([second], world.now + HOUR)[second.pk]
    assert until == world.now + 90 * 24 * HOUR
    assert resting([second], until) == {}
