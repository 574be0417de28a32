"""The council of the demonstration: lived by the real commands, and everything about it holds."""

from collections.abc import Iterator
from datetime import datetime

import pytest
import time_machine

from cases import events
from cases.models import AgendaItem, Decision, FollowUp, Meeting, MicroProject, Notice, Poll, Topic
from tests.factories import SHANGHAI
from workflows.clock_audit import audit
from workflows.council.certify import recount
from workflows.demo.building import empty_district
from workflows.demo.councils import home_stories
from workflows.demo.size import scaled
from workflows.limits import built

pytestmark = [pytest.mark.django_db, pytest.mark.data]
NOW = datetime(2026, 4, 15, 10, 20, tzinfo=SHANGHAI)


@pytest.fixture(autouse=True)
def _lived() -> Iterator[None]:
    built.cache_clear()
    with time_machine.travel(NOW, tick=False):
        world = empty_district(NOW, scaled(0.01))
        for story in home_stories(world):
            world.days.begin(story)
        world.days.live()
        yield


def test_four_items_three_passed_and_what_followed_is_shown() -> None:
    held, to_come = Meeting.objects.order_by("pk")
    assert (held.state, to_come.state) == ("minuted", "convened")
    outcomes = Decision.objects.order_by("pk").values_list("outcome", "kind", "state")
    assert list(outcomes) == [
        ("adopted", "decision", "implementing"),
        ("adopted", "decision", "implementing"),
        ("adopted", "recommendation", "effective"),
        ("not_adopted", "recommendation", "effective"),
    ]
    assert {item.state for item in AgendaItem.objects.filter(meeting=held)} == {"decided"}
    assert MicroProject.objects.get().state == "under_way"
    assert Topic.objects.get(state="pending").title == "增设快递柜选址"
    assert FollowUp.objects.get(what="划黄线、立禁停牌").progress == 60


def test_every_poll_can_be_counted_again_every_history_and_clock_holds() -> None:
    polls = Poll.objects.filter(item__isnull=False)
    assert all((again := recount(poll)) is not None and again.same for poll in polls)
    assert polls.count() == 4
    assert events.verify_all().broken == []
    assert audit(now=NOW).faults == []
    ballot = Poll.objects.get(item=None)
    assert (ballot.state, ballot.ballots.count(), ballot.electors.count()) == ("open", 17, 24)
    assert Notice.objects.filter(state="posted").exists()
