from typing import Any

import pytest
from django.core.exceptions import PermissionDenied, SuspiciousOperation
from django.http import HttpRequest, HttpResponse
from django.test import Client
from django.urls import include, path
from django_fsm import TransitionNotAllowed

from cases.models import Area, Case
from tests.factories import World

ZH = {"accept-language": "zh-hans"}


def refuse(request: HttpRequest, why: str, pk: int) -> HttpResponse:
    """Raises as asked."""
    if why == "conflict":
        raise TransitionNotAllowed("accept", object=Case.objects.get(pk=pk))
    raise {
        "forbidden": PermissionDenied("secret"),
        "bad": SuspiciousOperation("secret"),
        "broken": ValueError("secret"),
    }[why]


urlpatterns = [path("refuse/<str:why>/<int:pk>/", refuse), path("", include("config.urls"))]
handler400, handler403, handler404 = (f"config.views.{name}" for name in ("bad_request", "forbidden", "not_found"))


@pytest.fixture
def browser(client: Client, world: World, settings: Any) -> Client:
    """Somebody of the desk, on a site with pages that go wrong."""
    settings.ROOT_URLCONF = __name__
    client.raise_request_exception = False
    client.force_login(world.desk)
    return client


@pytest.mark.parametrize(
    ("why", "status", "words"),
    [
        ("forbidden", 403, "没有权限"),
        ("bad", 400, "请求有误"),
        ("conflict", 409, "这件事刚刚有了变化"),
        ("broken", 500, "系统出错了"),
    ],
)
def test_what_goes_wrong_is_said_in_words_and_with_a_way_out(
    browser: Client, world: World, why: str, status: int, words: str
) -> None:
    answer = browser.get(f"/refuse/{why}/{world.report().pk}/", headers=ZH)
    text = answer.content.decode()
    assert answer.status_code == status
    assert words in text
    assert 'href="/"' in text
    assert "secret" not in text


def test_a_conflict_leads_to_the_case_as_it_is_now(browser: Client, world: World) -> None:
    case = world.report()
    assert f'href="/cases/{case.number}/"' in browser.get(f"/refuse/conflict/{case.pk}/", headers=ZH).content.decode()


def test_what_is_not_there_says_so_and_keeps_the_navigation(browser: Client) -> None:
    answer = browser.get("/nowhere/", headers=ZH)
    assert answer.status_code == 404
    assert "没有找到这一页" in answer.content.decode()
    assert 'href="/cases/"' in answer.content.decode()


def test_an_error_page_is_shown_to_residents_too(client: Client, db: None) -> None:
    answer = client.get("/nowhere/", headers=ZH)
    assert answer.status_code == 404
    assert "没有找到这一页" in answer.content.decode()


def test_a_case_out_of_scope_is_answered_like_one_that_does_not_exist(browser: Client, world: World) -> None:
    elsewhere = world.case(area=Area.objects.get(code="S2G1"), actor=world.other_grid_worker)
    hidden, absent = browser.get(f"/cases/{elsewhere.number}/"), browser.get("/cases/2026-999999/")
    assert hidden.status_code == absent.status_code == 404
    assert elsewhere.title not in hidden.content.decode()


def test_a_page_kept_too_long_says_so(world: World) -> None:
    client = Client(enforce_csrf_checks=True)
    answer = client.post("/accounts/login/", {"username": "a", "password": "b"}, headers=ZH)
    assert answer.status_code == 403
    assert "页面已过期" in answer.content.decode()


def test_a_missing_limit_is_named_and_nothing_is_written(client: Client, world: World) -> None:
    case = world.report()
    world.calendar.slapolicy_set.filter(clock="dispatch").delete()
    client.force_login(world.desk)
    words = {"category": world.category.pk, "priority": "normal"}
    answer = client.post(f"/cases/{case.number}/transitions/accept/", words, headers=ZH)
    assert answer.status_code == 503
    assert "还没有设置“派遣时限”" in answer.content.decode()
    assert Case.objects.get(pk=case.pk).state == "reported"
