"""Configuration in the admin: by administrators only, and nothing that history names is deleted."""

import json

import pytest
from django.test import Client

from cases.models import Area, RulePack, User
from tests.factories import World
from workflows.commands.limits import copy_version
from workflows.council.packs import seed_packs
from workflows.models import Calendar, PolicyVersion
from workflows.polling.packs import shipped

PAGES = (
    "/admin/cases/area/add/",
    "/admin/cases/team/add/",
    "/admin/cases/category/add/",
    "/admin/cases/campaign/add/",
    "/admin/cases/answertemplate/add/",
    "/admin/cases/council/add/",
    "/admin/cases/user/add/",
    "/admin/cases/seat/add/",
    "/admin/cases/rulepack/add/",
    "/admin/cases/matterrule/add/",
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
    copied = copy_version(version, now=world.now)
    assert (copied.number, copied.policies.count()) == (2, version.policies.count())


def test_a_changed_calendar_gets_a_new_revision(world: World) -> None:
    calendar = world.calendar
    prefixes = {"years": "years", "days": "days"}
    given = {"code": "cn", "name": "国家法定工作日", "zone": "Asia/Shanghai", "periods": '[["09:00", "12:00"]]'}
    given |= {"weekdays": "[1, 2, 3, 4, 5]"}
    for prefix in prefixes:
        given |= {f"{prefix}-TOTAL_FORMS": "0", f"{prefix}-INITIAL_FORMS": "0"}
    answer = opened(world.admin).post(f"/admin/workflows/calendar/{calendar.pk}/change/", given)
    assert answer.status_code == 302, answer.content.decode()[:2000]
    assert Calendar.objects.get().revision == calendar.revision + 1


def test_nobody_deletes_what_the_history_names(world: World) -> None:
    path = f"/admin/cases/user/{world.desk.pk}/delete/"
    assert opened(world.admin).get(path).status_code == 403


def test_a_pasted_rule_pack_is_checked_and_never_changed(world: World) -> None:
    assert seed_packs() == len(shipped())
    assert seed_packs() == 0
    client, path = opened(world.admin), "/admin/cases/rulepack/add/"
    pack = shipped()["four_party"]
    again = client.post(path, {"text": json.dumps(pack)}).content.decode()
    assert "four_party 的第 1 版已有" in again
    wrong = client.post(path, {"text": json.dumps(pack | {"tie": "coin", "colour": 1})}).content.decode()
    assert "tie: must be one of" in wrong
    assert "colour: is not known" in wrong
    assert "不是 JSON" in client.post(path, {"text": "{"}).content.decode()
    assert client.post(path, {"text": json.dumps(pack | {"version": 2})}).status_code == 302
    row = RulePack.objects.get(code="four_party", version=2)
    assert row.rules["version"] == 2
    page = client.post(f"/admin/cases/rulepack/{row.pk}/change/", {"text": json.dumps(pack)})
    assert page.status_code == 403
