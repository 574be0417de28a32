"""Who sees which case: one door, by subtree, team, council and what one reported."""

from datetime import timedelta

import pytest
import time_machine

from cases.models import Area, Case, RoleAssignment
from cases.scope import below
from tests.factories import World
from workflows.commands import handling

SEES = {
    "grid_worker": True,
    "other_grid_worker": False,
    "contact": False,
    "desk": True,
    "dispatcher": True,
    "member": True,
    "leader": True,
    "other_member": False,
    "secretary": False,
    "survey_desk": True,
    "supervisor": True,
    "chief": True,
    "auditor": True,
    "admin": False,
}


@pytest.mark.parametrize(("who", "sees"), SEES.items())
def test_a_reported_case_is_seen_by_those_of_its_area_and_its_stationed_team(
    world: World, who: str, sees: bool
) -> None:
    world.case("reported")
    assert Case.objects.visible_to(getattr(world, who)).exists() is sees


def test_a_council_sees_what_was_referred_to_it(world: World) -> None:
    case = world.case("deliberating")
    assert Case.objects.visible_to(world.secretary).get().pk == case.pk


def test_a_co_handling_team_sees_the_case_once(world: World) -> None:
    case = world.case("accepted")
    part = handling.CoHandling(world.other_team, "协助清运", world.now + timedelta(days=3))
    handling.dispatch_case(case_id=case.pk, actor=world.dispatcher, now=world.now, team=world.team, co_handlers=[part])
    assert [c.pk for c in Case.objects.visible_to(world.other_member)] == [case.pk]


def test_who_reported_a_case_keeps_seeing_it(world: World) -> None:
    case = world.report(actor=world.contact)
    assert Case.objects.visible_to(world.contact).get().pk == case.pk


def test_a_role_counts_from_its_first_day_to_the_day_before_its_last(world: World) -> None:
    case = world.case("reported")
    person = world.other_grid_worker
    RoleAssignment.objects.filter(user=person).update(
        area=world.grid, valid_from=world.now.date(), valid_to=world.now.date() + timedelta(days=2)
    )
    for days, sees in ((-1, False), (0, True), (1, True), (2, False)):
        with time_machine.travel(world.now + timedelta(days=days)):
            assert Case.objects.visible_to(person).filter(pk=case.pk).exists() is sees


def test_somebody_who_left_sees_nothing(world: World) -> None:
    world.case("reported")
    world.desk.is_active = False
    assert not Case.objects.visible_to(world.desk).exists()


def test_a_neighbouring_area_with_a_similar_path_is_not_the_subtree(world: World) -> None:
    world.case("reported")
    RoleAssignment.objects.filter(user=world.desk).update(area=world.other_street)
    assert not Case.objects.visible_to(world.desk).exists()


def test_below_no_place_there_is_nothing_and_one_of_several_ways_is_enough(world: World) -> None:
    case = world.report()
    assert not Case.objects.filter(below((), "area")).exists()
    assert not Area.objects.filter(below(())).exists()
    assert list(Case.objects.filter(below([world.street.path], "area"))) == [case]
    assert not Case.objects.filter(below([world.other_street.path], "area", "team__area")).exists()
    assert list(Case.objects.filter(below([world.other_street.path, world.street.path], "team__area", "area"))) == [
        case
    ]
    assert world.estate in Area.objects.filter(below([world.street.path]))
    assert world.other_street not in Area.objects.filter(below([world.street.path]))
