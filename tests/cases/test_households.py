"""Households, who keeps contact with them, and visits."""

from datetime import date, timedelta

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import connection

from cases.campaign_terms import VisitWay
from cases.households import Door, assign_contact, end_contact, enter_households, record_visit, save_household
from cases.models import Household, HouseholdContact, Visit
from tests.factories import NOW, World
from workflows.commands.intake import Report, report_case

DAY = NOW.date()


@pytest.fixture
def home(world: World) -> Household:
    return save_household(
        area=world.grid, door=Door("2单元501", "王小明", "138 0013 8000"), actor=world.grid_worker, now=world.now
    )


def keep(world: World, home: Household, since: date = DAY) -> HouseholdContact:
    assign_contact(households=[home], user=world.contact, actor=world.supervisor, valid_from=since)
    return HouseholdContact.objects.get()


def test_name_and_phone_are_not_readable_in_the_database(world: World, home: Household) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT head_name, phone FROM cases_household")
        stored = "".join(cursor.fetchone() or ())
    assert stored
    assert not any(word in stored for word in ("王小明", "13800138000", "138 0013 8000"))
    assert "王" not in str(home)
    assert home.phone_index
    assert Household.objects.get().head_name == "王小明"


def test_a_door_is_entered_once_and_by_who_may(world: World, home: Household) -> None:
    with pytest.raises(ValidationError):
        save_household(area=world.grid, door=Door("2单元501"), actor=world.admin, now=world.now)
    with pytest.raises(PermissionDenied):
        save_household(area=world.grid, door=Door("3单元101"), actor=world.other_grid_worker, now=world.now)
    save_household(
        area=world.grid, door=Door("2单元502", "李四"), actor=world.supervisor, household=home, now=world.now
    )
    assert (Household.objects.get().unit, Household.objects.get().phone_index) == ("2单元502", "")


def test_many_are_entered_at_once_or_none(world: World, home: Household) -> None:
    rows = [(world.grid, Door("2单元501", "王大明")), (world.grid, Door("2单元601", "赵六", "13800138001"))]
    with pytest.raises(PermissionDenied):
        enter_households(rows=rows, actor=world.contact, now=world.now)
    assert enter_households(rows=rows, actor=world.admin, now=world.now) == (1, 1)
    assert enter_households(rows=rows, actor=world.admin, now=world.now) == (0, 0)
    assert Household.objects.get(unit="2单元501").head_name == "王大明"


def test_contacts_see_their_households_while_they_keep_them(world: World, home: Household) -> None:
    def seen(person: object) -> bool:
        return Household.objects.visible_to(person, DAY).exists()  # type: ignore[arg-type]

    assert not seen(world.contact)
    contact = keep(world, home, DAY - timedelta(days=30))
    assert assign_contact(households=[home], user=world.contact, actor=world.supervisor, valid_from=DAY) == 0
    assert all(map(seen, (world.contact, world.grid_worker, world.supervisor, world.chief, world.auditor)))
    assert not any(map(seen, (world.other_grid_worker, world.member, world.desk)))
    end_contact(contact_id=contact.pk, actor=world.supervisor, valid_to=DAY)
    assert not seen(world.contact)
    with pytest.raises(ValidationError):
        end_contact(contact_id=contact.pk, actor=world.supervisor, valid_to=DAY)


def test_what_never_began_leaves_nothing(world: World, home: Household) -> None:
    contact = keep(world, home, DAY)
    with pytest.raises(PermissionDenied):
        end_contact(contact_id=contact.pk, actor=world.contact, valid_to=DAY)
    end_contact(contact_id=contact.pk, actor=world.supervisor, valid_to=DAY)
    assert not HouseholdContact.objects.exists()


def test_a_visit_is_written_down_once_by_who_may_visit(world: World, home: Household) -> None:
    with pytest.raises(PermissionDenied):
        record_visit(household=home, actor=world.contact, now=NOW)
    keep(world, home)
    with pytest.raises(ValidationError):
        record_visit(household=home, actor=world.contact, now=NOW, visited_on=DAY + timedelta(days=1))
    first = record_visit(household=home, actor=world.contact, now=NOW, words="灯坏了，13800138000", client_key="k")
    again = record_visit(household=home, actor=world.contact, now=NOW, words="灯坏了", client_key="k")
    assert first == again
    record_visit(household=home, actor=world.grid_worker, now=NOW, way=VisitWay.NOBODY)
    assert {visit.visited_by for visit in Visit.objects.visible_to(world.contact, DAY)} == {
        world.contact, world.grid_worker,
    }  # fmt: skip
    assert not Visit.objects.visible_to(world.other_grid_worker, DAY).exists()


def test_a_case_raised_on_a_visit_is_linked_both_ways(world: World, home: Household) -> None:
    keep(world, home)
    visit = record_visit(household=home, actor=world.contact, now=NOW)
    report = Report(area=world.grid, title="灯不亮", description="楼道灯不亮。", visit=visit)
    case = report_case(report=report, actor=world.contact, now=NOW)
    assert (list(visit.cases.all()), list(case.visits.all())) == ([case], [visit])
    assert case.events.get(seq=1).data["visit"] == visit.pk
