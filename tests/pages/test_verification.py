"""Verification: photo and place where the category asks for them, the answer begun by a template, the check again."""

from typing import Any

import pytest
from django.test import Client

from cases.models import Answer, AnswerTemplate, Case, Category, SpotCheck
from cases.terms import ResultCode
from tests.factories import World
from tests.pages.test_transitions import photo
from workflows.answers import suggested_answer
from workflows.seed import ANSWERS, seed_answers

HERE = {"latitude": "39.1", "longitude": "117.2"}


@pytest.fixture
def submitted(world: World) -> Case:
    return world.case("submitted", resident=True)


def verify(world: World, client: Client, case: Case, **typed: Any) -> Any:
    client.force_login(world.grid_worker)
    given = {"finding": "现场已亮。", "answer": "路灯已修好。"} | typed
    return client.post(f"/cases/{case.number}/transitions/verify/", given)


def test_the_answer_that_a_person_edited_is_what_the_resident_gets(
    world: World, client: Client, submitted: Case
) -> None:
    assert verify(world, client, submitted, answer="灯亮了，谢谢您。").status_code == 302
    assert Answer.objects.get().text == "灯亮了，谢谢您。"
    empty = verify(world, client, world.case("submitted"), answer=" ")
    assert empty.status_code == 422
    assert "现场已亮。" in empty.content.decode()


def test_the_form_begins_with_the_text_of_the_category_else_the_general_one_else_what_was_done(
    world: World, client: Client, submitted: Case
) -> None:
    assert suggested_answer(submitted) == "已换灯泡。"
    seed_answers()
    assert suggested_answer(submitted).startswith(f"您反映的“{submitted.title}”已办理：已换灯泡。")
    own = "{title}在{place}：{result}（{team}）{unknown}"
    AnswerTemplate.objects.create(category=world.category, result_code=ResultCode.SOLVED, text=own)
    client.force_login(world.grid_worker)
    html = client.get(f"/cases/{submitted.number}/").content.decode()
    assert f"{submitted.title}在：已换灯泡。（平山小区工作队）{{unknown}}" in html


@pytest.mark.parametrize("text", ["{", "{0}", "{title.__class__.nothing}", "{title!x}"])
def test_a_template_that_is_no_template_is_shown_as_it_is(world: World, submitted: Case, text: str) -> None:
    AnswerTemplate.objects.create(result_code=ResultCode.SOLVED, text=text)
    assert suggested_answer(submitted) == text


def test_seeding_again_changes_nothing_that_an_office_wrote(db: None) -> None:
    seed_answers()
    AnswerTemplate.objects.filter(result_code="A").update(text="好了")
    seed_answers()
    assert AnswerTemplate.objects.count() == len(ANSWERS)
    assert AnswerTemplate.objects.get(result_code="A").text == "好了"


def test_photo_and_place_are_asked_for_where_the_category_says_so(
    world: World, client: Client, submitted: Case, settings: Any, tmp_path: Any
) -> None:
    settings.MEDIA_ROOT = tmp_path
    Category.objects.update(check_needs_photo=True, check_needs_place=True)
    refused = verify(world, client, submitted)
    html = refused.content.decode()
    assert refused.status_code == 422
    assert "此类事项须附核查照片。" in html
    assert "请在现场按“定位”" in html
    assert "路灯已修好。" in html
    assert verify(world, client, submitted, photos=[photo()]).status_code == 422
    assert not submitted.attachments.exists()
    assert verify(world, client, submitted, photos=[photo()], **HERE).status_code == 302
    said = submitted.events.get(type="case.verified").data
    assert (said["latitude"], said["longitude"], said["finding"]) == (39.1, 117.2, "现场已亮。")


def test_a_supervisor_finds_what_was_drawn_at_home_and_looks_again(world: World, client: Client) -> None:
    Category.objects.update(recheck_percent=100)
    case = world.case("answered")
    client.force_login(world.supervisor)
    assert case.number in client.get("/").content.decode()
    page = client.get(f"/cases/{case.number}/").content.decode()
    assert f"/cases/{case.number}/transitions/pass_spot_check/" in page
    assert f"/cases/{case.number}/transitions/fail_spot_check/" in page
    sent = client.post(f"/cases/{case.number}/transitions/fail_spot_check/", {"finding": "还是不亮 13800138000"})
    assert sent.status_code == 302
    assert SpotCheck.objects.get().state == "failed"
    after = client.get(f"/cases/{case.number}/").content.decode()
    assert "抽查不合格" in after
    assert "13800138000" not in after
    assert "pass_spot_check" not in after


def test_nobody_is_offered_a_check_that_was_not_drawn(world: World, client: Client) -> None:
    case = world.case("answered")
    for person in (world.supervisor, world.desk, world.grid_worker):
        client.force_login(person)
        assert "spot_check" not in client.get(f"/cases/{case.number}/").content.decode()
    client.force_login(world.supervisor)
    assert client.post(f"/cases/{case.number}/transitions/fail_spot_check/", {"finding": "x"}).status_code == 409
    assert Case.objects.get(pk=case.pk).state == "answered"
