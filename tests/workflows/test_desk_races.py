"""Several senders of one form at the same moment: each case is acted on once (PostgreSQL), and a control that fails."""

from uuid import uuid4

import pytest

from cases.events import verify_all
from cases.models import Case, CaseEvent
from cases.terms import EventType
from tests.factories import World, make_world
from tests.threads import at_once
from workflows import desk_acts
from workflows.models import DeskAct, DeskActRow

pytestmark = [pytest.mark.pg, pytest.mark.django_db(transaction=True)]
SENDERS = 4


@pytest.fixture
def world(transactional_db: None) -> World:
    return make_world()


def sent(world: World, cases: list[Case], n: int) -> list[DeskAct]:
    """Forms over the same cases, each with a key of its own."""
    keys = [case.pk for case in cases]
    given = {"actor": world.supervisor, "kind": "urge", "cases": keys, "at": world.now}
    return [DeskAct.objects.create(key=uuid4(), **given) for _ in range(n)]


def urged() -> int:
    return CaseEvent.objects.filter(type=EventType.URGED).count()


def test_one_form_sent_by_several_at_once_acts_once_on_each_case(world: World) -> None:
    cases = [world.case("in_progress") for _ in range(6)]
    (act,) = sent(world, cases, 1)
    results = at_once(lambda _: desk_acts.perform(act, {"words": "请抓紧"}, now=world.now), SENDERS)
    assert results == [None] * SENDERS
    assert urged() == len(cases) == DeskActRow.objects.filter(outcome="done").count()
    assert verify_all().broken == []


def test_control_forms_of_their_own_act_each(world: World) -> None:
    cases = [world.case("in_progress") for _ in range(2)]
    acts = sent(world, cases, SENDERS)
    at_once(lambda n: desk_acts.perform(acts[n], {"words": "请抓紧"}, now=world.now), SENDERS)
    assert urged() == len(cases) * SENDERS
