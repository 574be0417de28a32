"""Configuration in the admin: by administrators only, and nothing that history names is deleted."""

import pytest
from django.test import Client

from cases.models import Area, User
from tests.factories import World
from workflows.admin import copy_version
from workflows.models import Calendar, PolicyVersion

PAGES = (
    "/admin/cases/area/add/",
    "/admin/cases/team/add/",
    "/admin/cases/category/add/",
    "/admin/cases/council/add/",
    "/admin/cases/user/add/",
    "/admin/workflows/calendar/add/",
    "/admin/workflows/policyversion/add/",
)


def opened(person: User) -> Client:
    person.is_staff = True
    person.save()
    client = Client()
    client.force_login(person)
    return client


@pytest.mark.parametrize("path", PAGES)
def test_an_administrator_configures_and_a_supervisor_does_not(world: World, path: str) -> None:
    assert opened(world.admin).get(path).status_code == 200
    assert opened(world.supervisor).get(path).status_code == 403


def test_the_first_superuser_can_give_the_first_role(world: World) -> None:
    first = User.objects.create_superuser("first", password="x" * 12)
    client = Client()
    client.force_login(first)
    assert client.get(f"/admin/cases/user/{world.desk.pk}/change/").status_code == 200


def test_a_new_area_stands_under_its_parent_with_its_full_name(world: World) -> None:
    given = {"code": "B7", "name": "七栋", "level": "building", "parent": world.grid.pk}
    answer = opened(world.admin).post("/admin/cases/area/add/", given)
    assert answer.status_code == 302
    made = Area.objects.get(code="B7")
    assert made.path.startswith(world.grid.path)
    assert made.full_name == f"{world.grid.full_name} · 七栋"


def test_an_area_that_exists_is_not_asked_for_its_parent_again(world: World) -> None:
    page = opened(world.admin).get(f"/admin/cases/area/{world.grid.pk}/change/").content.decode()
    assert 'name="name"' in page
    assert 'name="parent"' not in page


def test_a_renamed_area_renames_everything_below_it(world: World) -> None:
    given = {"code": "S1", "name": "桂园街道", "level": "street"}
    opened(world.admin).post(f"/admin/cases/area/{world.street.pk}/change/", given)
    assert Area.objects.get(pk=world.grid.pk).full_name == "和平区 · 桂园街道 · 平山社区 · 平山小区 · 第一网格"


def test_a_version_in_use_stays_as_it_is_and_is_copied_instead(world: World) -> None:
    version = PolicyVersion.objects.get()
    client = opened(world.admin)
    before = client.get(f"/admin/workflows/policyversion/{version.pk}/change/").content.decode()
    assert 'name="number"' in before
    world.case("accepted")
    after = client.get(f"/admin/workflows/policyversion/{version.pk}/change/").content.decode()
    assert 'name="number"' not in after
    copied = copy_version(version)
    assert (copied.number, copied.policies.count()) == (2, version.policies.count())


def test_a_changed_calendar_gets_a_new_revision(world: World) -> None:
    calendar = world.calendar
    prefixes = {"years": "years", "days": "days"}
    given = {"code": "cn", "name": "国家法定工作日", "zone": "Asia/Shanghai", "periods": '[["09:00", "12:00"]]'}
    for prefix in prefixes:
        given |= {f"{prefix}-TOTAL_FORMS": "0", f"{prefix}-INITIAL_FORMS": "0"}
    answer = opened(world.admin).post(f"/admin/workflows/calendar/{calendar.pk}/change/", given)
    assert answer.status_code == 302, answer.content.decode()[:2000]
    assert Calendar.objects.get().revision == calendar.revision + 1


def test_nobody_deletes_what_the_history_names(world: World) -> None:
    path = f"/admin/cases/user/{world.desk.pk}/delete/"
    assert opened(world.admin).get(path).status_code == 403
