from collections.abc import Callable, Iterator
from typing import Any

import pytest
import time_machine
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from cases.models import Case, Reporter, ResidentLink, User
from cases.terms import AreaLevel, EventType, Priority, Role, Source, State
from tests.factories import World, area, user
from tests.pages.markup import faults
from tests.pages.test_transitions import photo
from workflows.forms.report import first_sentence

Send = Callable[..., Any]


@pytest.fixture(autouse=True)
def at_nine_on_monday(world: World, settings: Any, tmp_path: Any) -> Iterator[None]:
    settings.MEDIA_ROOT = tmp_path
    with time_machine.travel(world.now, tick=False):
        yield


@pytest.fixture
def send(world: World, client: Client) -> Send:
    def post(viewer: User, **data: Any) -> Any:
        client.force_login(viewer)
        given = {"description": "东门路灯不亮。已经三天了。", "area": world.grid.pk, "priority": "normal"}
        return client.post("/report/", given | {"draft_id": "d1"} | data)

    return post


def test_a_grid_worker_with_one_grid_need_not_choose_it(world: World, client: Client) -> None:
    client.force_login(world.grid_worker)
    text = client.get("/report/").content.decode()
    assert f'<input type="hidden" name="area" value="{world.grid.pk}"' in text
    assert faults(text) == []
    order = [text.index(f'name="{name}"') for name in ("photos", "description", "place", "category", "phone")]
    assert order == sorted(order)
    assert 'data-draft="report"' in text
    assert "data-upload" in text
    assert "data-locate" in text


def test_only_areas_of_reporting_roles_are_on_offer(world: World, client: Client) -> None:
    area(world.grid, "S1C1E1G1B1", "3 栋", AreaLevel.BUILDING)
    client.force_login(world.grid_worker)
    form = client.get("/report/").context["form"]
    assert [row.name for row in form.fields["area"].queryset] == ["第一网格", "3 栋"]
    assert form["area"].value() == world.grid.pk


@pytest.mark.parametrize("person", ["member", "supervisor", "auditor"])
def test_who_has_no_reporting_role_is_refused(world: World, send: Send, person: str) -> None:
    assert send(getattr(world, person)).status_code == 403
    assert not Case.objects.exists()


def test_a_report_with_photographs_is_a_numbered_case_with_a_link(world: World, client: Client, send: Send) -> None:
    answer = send(world.grid_worker, photos=[photo(), photo()], place="东门", latitude="22.7", longitude="114.3")
    case = Case.objects.get()
    assert answer.headers["location"] == f"/report/{case.number}/"
    assert (case.title, case.place, case.area, case.source) == ("东门路灯不亮", "东门", world.grid, Source.GRID)
    assert (case.latitude, case.longitude, case.category, case.priority) == (22.7, 114.3, None, Priority.NORMAL)
    assert case.attachments.count() == 2
    types = list(case.events.order_by("seq").values_list("type", flat=True))
    assert types == [EventType.REPORTED, EventType.PHOTO_ADDED, EventType.LINK_ISSUED]
    text = client.get(answer.headers["location"]).content.decode()
    assert case.number in text
    assert 'src="data:image/svg+xml;charset=utf-8,' in text
    assert '<span hidden data-draft-done="report"></span>' in text
    assert "受理员会在 03-03 17:30 前受理" in text
    assert faults(text) == []


def test_sending_twice_makes_one_case_with_its_photographs_once(world: World, send: Send) -> None:
    first = send(world.grid_worker, photos=[photo()])
    second = send(world.grid_worker, photos=[photo()])
    assert first.headers["location"] == second.headers["location"]
    case = Case.objects.get()
    assert (case.attachments.count(), ResidentLink.objects.count()) == (1, 1)
    assert send(world.grid_worker, draft_id="d2").status_code == 302
    assert Case.objects.count() == 2


def test_without_its_mark_each_sending_is_its_own(world: World, send: Send) -> None:
    for _n in range(2):
        assert send(world.grid_worker, draft_id="").status_code == 302
    assert Case.objects.count() == 2


def test_a_broken_photograph_leaves_no_case_and_keeps_the_words(world: World, send: Send) -> None:
    bad = SimpleUploadedFile("a.jpg", b"nothing", "image/jpeg")
    answer = send(world.grid_worker, photos=[photo(), bad], phone="13800138000", name="王小明")
    text = answer.content.decode()
    assert answer.status_code == 422
    assert "这不是照片" in text
    assert "东门路灯不亮。已经三天了。</textarea>" in text
    assert 'value="13800138000"' in text
    assert '<details class="plain" open>' in text
    assert not Case.objects.exists()


@pytest.mark.parametrize(("data", "field"), [
    ({"description": " "}, "description"), ({"phone": "12"}, "phone"), ({"email": "x"}, "email"),
    ({"area": "0"}, "area"), ({"priority": "huge"}, "priority"), ({"latitude": "91"}, "latitude"),
])  # fmt: skip
def test_a_wrong_field_is_named(world: World, send: Send, data: dict[str, str], field: str) -> None:
    answer = send(world.grid_worker, **data)
    assert answer.status_code == 422
    assert set(answer.context["form"].errors) == {field}
    assert not Case.objects.exists()


def test_nobody_reports_outside_their_areas(world: World, send: Send) -> None:
    answer = send(world.other_grid_worker)
    assert set(answer.context["form"].errors) == {"area"}
    assert not Case.objects.exists()


@pytest.mark.parametrize(("person", "source"), [("contact", Source.HOUSEHOLD), ("desk", Source.DESK)])
def test_the_source_follows_the_role(world: World, send: Send, person: str, source: Source) -> None:
    assert send(getattr(world, person)).status_code == 302
    assert Case.objects.get().source == source


def test_a_resident_is_kept_encrypted_and_shown_masked(world: World, client: Client, send: Send) -> None:
    send(world.grid_worker, name="王小明", phone="13800138000", address="平山小区 3 栋 2 单元 501", title="灯不亮")
    case = Case.objects.get()
    assert case.title == "灯不亮"
    assert case.reporter is not None
    assert case.reporter.phone == "13800138000"
    text = client.get(f"/cases/{case.number}/").content.decode()
    assert "138****8000" in text
    assert faults(text) == []


def test_how_a_resident_wishes_to_hear_is_kept_and_holds_until_they_say_otherwise(world: World, send: Send) -> None:
    person = {"name": "王小明", "phone": "13800138000"}
    for said, kept in (("", "message"), ("phone", "phone"), ("", "phone"), ("page", "page")):
        assert send(world.grid_worker, answer_way=said, draft_id=f"{said} then {kept}", **person).status_code == 302
        assert Reporter.objects.get().answer_way == kept
    assert set(send(world.grid_worker, answer_way="pigeon", **person).context["form"].errors) == {"answer_way"}


def test_the_receipt_is_for_the_one_who_reported(world: World, client: Client) -> None:
    case = world.case()
    client.force_login(world.desk)
    assert client.get(f"/report/{case.number}/").status_code == 403
    client.force_login(world.other_grid_worker)
    assert client.get(f"/report/{case.number}/").status_code == 404
    client.force_login(world.grid_worker)
    assert client.get(f"/report/{case.number}/").status_code == 200


def test_the_desk_shows_the_link_with_a_line_in_the_history(world: World, client: Client) -> None:
    case = world.case(resident=True)
    client.force_login(world.desk)
    page = client.post(f"/cases/{case.number}/link/")
    assert "/r/" in page.context["url"]
    assert page.headers["Cache-Control"].count("no-store") == 1
    event = case.events.order_by("-seq")[0]
    assert (event.type, event.actor) == (EventType.LINK_ISSUED, world.desk)
    client.force_login(world.dispatcher)
    assert client.post(f"/cases/{case.number}/link/").status_code == 403
    assert client.get(f"/cases/{case.number}/link/").status_code == 405


def test_a_household_contact_sees_the_own_case_and_its_receipt(world: World, client: Client, send: Send) -> None:
    answer = send(world.contact)
    assert client.get(answer.headers["location"]).status_code == 200
    other = user("contact2", "楼栋长马", Role.HOUSEHOLD_CONTACT, area=world.grid)
    client.force_login(other)
    assert client.get(answer.headers["location"]).status_code == 404
    assert Case.objects.get().state == State.REPORTED


@pytest.mark.parametrize(("text", "title"), [
    ("路灯不亮。已经三天了。", "路灯不亮"), ("路灯不亮\n东门", "路灯不亮"), ("  路灯不亮", "路灯不亮"),
    ("长" * 60, "长" * 39 + "…"), ("。。。", "。。。"),
])  # fmt: skip
def test_a_title_is_the_first_sentence(text: str, title: str) -> None:
    assert first_sentence(text) == title
