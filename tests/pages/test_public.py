from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.core.cache import cache
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from cases.commands import link_token, resident_link
from cases.models import Case
from cases.terms import EventType, Source, State
from tests.factories import ROADS, World
from tests.pages.markup import PARTICULARS, faults
from tests.pages.test_transitions import photo
from workflows.commands import adjust
from workflows.lifecycle import CaseLifecycle

COLLEAGUES = ("王网格", "李受理", "赵派遣", "陈队员", "周队长")


@pytest.fixture(autouse=True)
def at_nine_on_monday(world: World, settings: Any, tmp_path: Any) -> Iterator[None]:
    settings.MEDIA_ROOT = tmp_path
    cache.clear()
    with time_machine.travel(world.now, tick=False):
        yield
    cache.clear()


def token(world: World, case: CaseLifecycle) -> str:
    return link_token(resident_link(case, now=world.now))


def fresh(case: CaseLifecycle) -> CaseLifecycle:
    return CaseLifecycle.objects.get(pk=case.pk)


@pytest.mark.parametrize("state", sorted(ROADS))
def test_a_link_shows_the_case_in_plain_words_without_a_login(world: World, client: Client, state: str) -> None:
    case = world.case(state, resident=True, title="东门路灯不亮")
    page = client.get(f"/r/{token(world, case)}/")
    text = page.content.decode()
    assert page.status_code == 200
    assert "东门路灯不亮" in text
    assert str(page.context["page"].words) in text
    assert faults(text) == []
    assert not any(name in text for name in (*COLLEAGUES, *PARTICULARS))
    assert page.headers["Referrer-Policy"] == "same-origin"
    assert page.headers["Cache-Control"] == "no-store"
    assert page.headers["X-Robots-Tag"] == "noindex, nofollow"


def test_an_unknown_or_expired_link_is_a_friendly_page(world: World, client: Client) -> None:
    case = world.case()
    wrong = client.get("/r/AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA/")
    assert wrong.status_code == 404
    assert "链接可能抄漏了字" in wrong.content.decode()
    assert wrong.headers["Cache-Control"] == "no-store"
    known = token(world, case)
    with time_machine.travel(world.now + timedelta(days=401), tick=False):
        for name in ("", "survey/", "reopen/", "thanks/", "receipt/"):
            assert client.get(f"/r/{known}/{name}").status_code == 404


def test_who_guesses_links_has_to_wait(world: World, client: Client) -> None:
    known = token(world, world.case())
    for n in range(20):
        assert client.get(f"/r/guess-{n}/").status_code == 404
    assert client.get("/r/guess-again/").status_code == 429
    assert client.get(f"/r/{known}/").status_code == 429
    assert client.get(f"/r/{known}/", REMOTE_ADDR="10.0.0.9").status_code == 200


def test_two_taps_close_a_solved_case(world: World, client: Client) -> None:
    case = world.case("answered", resident=True)
    link = f"/r/{token(world, case)}/"
    assert f'href="{link}survey/?solved=yes"' in client.get(link).content.decode()
    second = client.get(f"{link}survey/?solved=yes").content.decode()
    assert second.count('name="satisfaction"') == 3
    assert faults(second) == []
    answer = client.post(f"{link}survey/", {"solved": "yes", "satisfaction": "satisfied"})
    assert answer.headers["location"] == f"{link}thanks/"
    assert fresh(case).state == State.CLOSED
    survey = case.surveys.get()
    assert (survey.solved, survey.satisfaction, survey.channel) == (True, "satisfied", "link")
    thanks = client.get(answer.headers["location"]).content.decode()
    assert "谢谢您" in thanks
    assert faults(thanks) == []
    assert client.post(f"{link}survey/", {"solved": "yes", "satisfaction": "satisfied"}).status_code == 302
    assert case.surveys.count() == 1


def test_not_solved_needs_words_and_asks_for_another_round(world: World, client: Client) -> None:
    case = world.case("answered")
    link = f"/r/{token(world, case)}/survey/"
    assert "还差什么" in client.get(f"{link}?solved=no").content.decode()
    refused = client.post(link, {"solved": "no", "satisfaction": "fair", "words": " "})
    assert refused.status_code == 422
    assert "没有解决的，请写明还差什么。" in refused.content.decode()
    assert 'name="solved" value="no"' in refused.content.decode()
    assert client.post(link, {"solved": "no", "satisfaction": "fair", "words": "灯还不亮"}).status_code == 302
    assert fresh(case).state == State.REOPEN_REQUESTED
    assert case.surveys.get().words == "灯还不亮"


@pytest.mark.parametrize("data", [{}, {"solved": "yes"}, {"solved": "perhaps", "satisfaction": "satisfied"}])
def test_half_an_answer_is_asked_again(world: World, client: Client, data: dict[str, str]) -> None:
    case = world.case("answered")
    answer = client.post(f"/r/{token(world, case)}/survey/", data)
    assert answer.status_code == 422
    assert fresh(case).state == State.ANSWERED


def test_a_survey_is_offered_while_it_is_asked_only(world: World, client: Client) -> None:
    case = world.case("in_progress")
    link = f"/r/{token(world, case)}/"
    assert client.get(f"{link}survey/?solved=yes").headers["location"] == link
    late = client.post(f"{link}survey/", {"solved": "yes", "satisfaction": "satisfied"})
    assert late.status_code == 409
    assert "已经有了变化" in late.content.decode()
    assert faults(late.content.decode()) == []


def test_a_closed_case_is_reopened_within_the_window(world: World, client: Client) -> None:
    case = world.case("closed")
    link = f"/r/{token(world, case)}/"
    assert f'href="{link}reopen/"' in client.get(link).content.decode()
    assert faults(client.get(f"{link}reopen/").content.decode()) == []
    assert client.post(f"{link}reopen/", {"words": " "}).status_code == 422
    assert client.post(f"{link}reopen/", {"words": "又不亮了"}).headers["location"] == f"{link}thanks/"
    assert fresh(case).state == State.REOPEN_REQUESTED
    assert client.post(f"{link}reopen/", {"words": "又不亮了"}).status_code == 409


def test_after_the_window_it_is_a_new_matter(world: World, client: Client) -> None:
    case = world.case("closed")
    link = f"/r/{token(world, case)}/"
    with time_machine.travel(world.now + timedelta(days=31), tick=False):
        assert f"{link}reopen/" not in client.get(link).content.decode()
        assert client.get(f"{link}reopen/").headers["location"] == link
        refused = client.post(f"{link}reopen/", {"words": "又不亮了"})
    assert refused.status_code == 422
    assert "已超过申请重办的期限" in refused.content.decode()
    assert fresh(case).state == State.CLOSED


def test_a_merged_case_follows_its_main_case_without_its_words(world: World, client: Client) -> None:
    case = world.case(title="我家门口灯坏", resident=True)
    main = world.case(title="别人说的话")
    known = token(world, case)
    adjust.merge_case(case_id=case.pk, main_case_id=main.pk, actor=world.desk, now=world.now, reason="同一件")
    text = client.get(f"/r/{known}/").content.decode()
    assert "合在一起办理" in text
    assert "已并入" in text
    assert "别人说的话" not in text
    assert 'aria-current="step"><span>受理' in text


def test_the_answer_is_shown_and_the_language_can_be_changed(world: World, client: Client) -> None:
    case = world.case("rejected", resident=True)
    link = f"/r/{token(world, case)}/"
    text = client.get(link).content.decode()
    assert "不属于本辖区，已转告。" in text
    assert f'name="next" value="{link}"' in text
    assert '<html lang="en">' in client.get(link, headers={"accept-language": "en"}).content.decode()


def test_a_page_takes_few_queries(world: World, client: Client) -> None:
    link = f"/r/{token(world, world.case('answered', resident=True))}/"
    client.get(link)
    with CaptureQueriesContext(connection) as found:
        client.get(link)
    assert len(found) == 7


def test_a_resident_reports_by_the_code_of_the_estate(world: World, client: Client) -> None:
    page = client.get("/r/report/S1C1E1/")
    assert page.status_code == 200
    assert "平山小区" in page.content.decode()
    assert faults(page.content.decode()) == []
    data = {"description": "垃圾没有清运。三天了。", "phone": "13800138000", "draft_id": "k1", "photos": [photo()]}
    answer = client.post("/r/report/S1C1E1/", data)
    case = Case.objects.get()
    assert (case.title, case.area) == ("垃圾没有清运", world.estate)
    assert (case.source, case.reported_by) == (Source.RESIDENT, None)
    assert case.events.get(type=EventType.REPORTED).data["by"] == "resident"
    assert case.attachments.count() == 1
    receipt = client.get(answer.headers["location"])
    text = receipt.content.decode()
    assert case.number in text
    assert 'src="data:image/svg+xml;charset=utf-8,' in text
    assert 'data-draft-done="report-S1C1E1"' in text
    assert faults(text) == []
    again = client.post("/r/report/S1C1E1/", data | {"photos": [photo()]})
    assert again.headers["location"] == answer.headers["location"]
    assert (Case.objects.count(), case.attachments.count()) == (1, 1)


@pytest.mark.parametrize(("data", "field"), [
    ({"description": ""}, "description"), ({"phone": "1"}, "phone"), ({"website": "http://x"}, "website"),
])  # fmt: skip
def test_a_wrong_public_report_keeps_what_was_typed(
    world: World, client: Client, data: dict[str, str], field: str
) -> None:
    answer = client.post("/r/report/S1C1E1/", {"description": "垃圾没有清运", "place": "三号楼"} | data)
    assert answer.status_code == 422
    assert field in answer.context["form"].errors
    assert 'value="三号楼"' in answer.content.decode()
    assert not Case.objects.exists()


def test_more_than_three_photographs_are_refused(world: World, client: Client) -> None:
    photos = [photo(f"{n}.jpg") for n in range(4)]
    answer = client.post("/r/report/S1C1E1/", {"description": "垃圾没有清运", "photos": photos})
    assert "照片最多 3 张。" in answer.content.decode()
    assert not Case.objects.exists()


def test_a_sixth_report_within_an_hour_has_to_wait_and_a_resend_has_not(world: World, client: Client) -> None:
    for n in range(5):
        assert client.post("/r/report/S1C1E1/", {"description": f"事 {n}", "draft_id": f"k{n}"}).status_code == 302
    assert client.post("/r/report/S1C1E1/", {"description": "事 5", "draft_id": "k5"}).status_code == 429
    assert client.post("/r/report/S1C1E1/", {"description": "事 4", "draft_id": "k4"}).status_code == 302
    other = client.post("/r/report/S1C1E1/", {"description": "事 6", "draft_id": "k6"}, REMOTE_ADDR="10.0.0.9")
    assert other.status_code == 302
    assert Case.objects.count() == 6


def test_an_unknown_area_is_a_friendly_page(world: World, client: Client) -> None:
    page = client.get("/r/report/NOWHERE/")
    assert page.status_code == 404
    assert "没有找到这一页" in page.content.decode()


def test_behind_our_proxy_the_address_is_the_last_one_it_added(world: World, client: Client, settings: Any) -> None:
    settings.SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    for n in range(20):
        client.get(f"/r/guess-{n}/", headers={"x-forwarded-for": f"{n}.1.1.1, 9.9.9.9"})
    blocked = client.get("/r/guess/", headers={"x-forwarded-for": "1.2.3.4, 9.9.9.9"})
    free = client.get("/r/guess/", headers={"x-forwarded-for": "9.9.9.9, 8.8.8.8"})
    assert (blocked.status_code, free.status_code) == (429, 404)


def test_a_receipt_that_is_opened_later_leads_to_the_answer_and_promises_nothing_more(
    world: World, client: Client
) -> None:
    known = {state: token(world, world.case(state, resident=True)) for state in ("in_progress", "answered")}
    promised, answered = (client.get(f"/r/{known[s]}/receipt/").content.decode() for s in ("in_progress", "answered"))
    assert ("前给您答复" in promised, "已经给您答复" in promised) == (True, False)
    assert ("前给您答复" in answered, "已经给您答复" in answered) == (False, True)
    assert "见下面" not in answered
