import pytest

from cases.models import User
from cases.terms import EventType
from notifications.audience import AUDIENCE, staff_told
from notifications.directory import Directory
from notifications.occasion import Occasion
from tests.factories import World


@pytest.mark.parametrize("event_type", [e for e in EventType if AUDIENCE[e].colleagues])
def test_nobody_is_told_what_they_did_themselves(world: World, event_type: EventType) -> None:
    case = world.case("in_progress", resident=True)
    event = case.events.latest("pk")
    event.type = event_type
    event.data = {"team": world.team.pk, "clock": "handle", "limits": {"handle": 1}, "council": world.council.pk}
    directory = Directory.read([event], world.now.date())
    event.actor = None
    told = set(staff_told(Occasion(event, directory)))
    for person in User.objects.filter(pk__in=told):
        event.actor = person
        assert set(staff_told(Occasion(event, directory))) == told - {person.pk}
