"""Rating: by an invitation once, by a link that none of the staff saw; never by staff, never twice."""

import re
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.core.cache import cache
from django.test import Client

from cases.commands import issue_link, link_token, resident_link
from cases.models import Case, Reporter, ResidentLink, RoleAssignment, Survey, SurveyInvitation, User
from cases.terms import RequestKind, Role, Satisfaction, Source
from tests.factories import STEPS, World
from tests.pages.markup import faults
from workflows.commands import review, surveys
from workflows.flows import approval
from workflows.invitations import invitation_token
from workflows.lifecycle import CaseLifecycle

EVIL = "<script>alert(1)</script>"
YES = {"solved": "yes", "satisfaction": "satisfied"}


@pytest.fixture(autouse=True)
def at_nine_on_monday(world: World, settings: Any, tmp_path: Any) -> Iterator[None]:
    settings.MEDIA_ROOT = tmp_path
    cache.clear()
    with time_machine.travel(world.now, tick=False):
        yield
    cache.clear()


def fresh(case: Case) -> Case:
    return CaseLifecycle.objects.get(pk=case.pk)


def invited(world: World) -> tuple[Case, str]:
    """An answered case and where its resident rates it."""
    case = world.case("answered", resident=True)
    return case, f"/r/s/{invitation_token(SurveyInvitation.objects.get(case=case))}/"


def handed(world: World, case: Case) -> str:
    """The link that the desk gave to the resident."""
    return f"/r/{issue_link(case_id=case.pk, actor=world.desk, now=world.now)}/"


def ticked(text: str) -> list[str]:
    """The reasons that stand ticked on a page."""
    return re.findall(r'name="reasons" value="(\w+)"[^>]* checked', text)


def test_an_invitation_asks_solved_then_satisfied_and_thanks(world: World, client: Client) -> None:
    case, link = invited(world)
    first = client.get(link)
    text = first.content.decode()
    assert "问题解决了吗？" in text
    assert "已换灯泡。" in text
    assert f'href="{link}?solved=no"' in text
    assert faults(text) == []
    assert (first.headers["Cache-Control"], first.headers["Referrer-Policy"]) == ("no-store", "same-origin")
    second = client.get(f"{link}?solved=yes").content.decode()
    assert second.count('name="satisfaction"') == 3
    assert second.count('name="reasons"') == 7
    assert faults(second) == []
    assert Survey.objects.count() == 0  # looking rates nothing
    thanks = client.post(link, YES).content.decode()
    assert "谢谢您，已经记下" in thanks
    assert faults(thanks) == []
    survey = Survey.objects.get()
    assert (survey.solved, survey.satisfaction, survey.channel, survey.recorded_by) == (True, "satisfied", "link", None)
    assert fresh(case).state == "closed"
    assert SurveyInvitation.objects.get().used_at == world.now


def test_not_solved_asks_why_and_in_words(world: World, client: Client) -> None:
    case, link = invited(world)
    given = {"solved": "no", "satisfaction": "dissatisfied", "reasons": ["slow", "attitude"]}
    refused = client.post(link, given | {"words": " "})
    assert refused.status_code == 422
    text = refused.content.decode()
    assert "没有解决的，请写明还差什么。" in text
    assert ticked(text) == ["slow", "attitude"]
    assert fresh(case).state == "answered"
    client.post(link, given | {"words": "还是不亮"}, headers={"accept-language": "en"})
    survey = Survey.objects.get()
    assert (survey.reasons, survey.words, survey.language) == (["slow", "attitude"], "还是不亮", "en")
    assert fresh(case).state == "reopen_requested"


def test_a_reason_that_is_not_of_the_list_is_refused(world: World, client: Client) -> None:
    _case, link = invited(world)
    refused = client.post(link, YES | {"reasons": ["made_up"]})
    assert refused.status_code == 422
    assert "reasons" in refused.context["form"].errors
    assert not Survey.objects.exists()


def test_a_second_rating_is_thanked_and_changes_nothing(world: World, client: Client) -> None:
    case, link = invited(world)
    client.post(link, YES)
    again = client.post(link, {"solved": "no", "satisfaction": "dissatisfied", "words": "改主意了"})
    assert (again.status_code, client.get(link).status_code) == (200, 200)
    assert "谢谢您，已经记下" in again.content.decode()
    survey = Survey.objects.get()
    assert (survey.solved, survey.satisfaction, survey.words) == (True, "satisfied", "")
    assert fresh(case).state == "closed"


def test_an_unknown_token_is_a_friendly_page_and_guessing_has_to_wait(world: World, client: Client) -> None:
    _case, link = invited(world)
    for n in range(20):
        assert client.get(f"/r/s/guess-{n}/").status_code == 404
    assert client.get(link).status_code == 429
    assert client.post(link, YES).status_code == 429
    assert not Survey.objects.exists()


def test_an_expired_invitation_rates_nothing(world: World, client: Client) -> None:
    case, link = invited(world)
    with time_machine.travel(world.now + timedelta(days=30), tick=False):
        assert client.get(link).status_code == 404
        assert client.post(link, YES).status_code == 404
    assert fresh(case).state == "answered"


def test_an_invitation_of_another_round_rates_nothing(world: World, client: Client) -> None:
    case, link = invited(world)
    bad = surveys.SurveyAnswer(False, Satisfaction.DISSATISFIED, "还是不亮")
    surveys.record_survey(case_id=case.pk, actor=world.survey_desk, now=world.now, answer=bad)
    SurveyInvitation.objects.update(used_at=None)  # even if nothing had marked it
    review.reopen_case(case_id=case.pk, actor=world.supervisor, now=world.now, reason="属实")
    for step in ("submit", "verify"):
        STEPS[step](world, case.pk, world.now, world.category, case.priority)
    page = client.post(link, YES)
    assert "这一次评价已经结束" in page.content.decode()
    assert (fresh(case).state, fresh(case).round, Survey.objects.count()) == ("answered", 2, 1)


def test_when_the_time_to_rate_is_over_the_page_says_so(world: World, client: Client) -> None:
    case, link = invited(world)
    surveys.close_unanswered(case_id=case.pk, now=world.now)
    page = client.get(link)
    assert "这一次评价已经结束" in page.content.decode()
    assert faults(page.content.decode()) == []
    client.post(link, YES)
    assert Survey.objects.get().solved is None


@pytest.mark.parametrize("who", ["member", "leader", "survey_desk", "grid_worker", "secretary", "admin"])
def test_whoever_is_logged_in_rates_by_no_link(world: World, client: Client, who: str) -> None:
    case, link = invited(world)
    own = f"/r/{link_token(resident_link(case, now=world.now))}/survey/"
    client.force_login(getattr(world, who))
    for path in (link, own):
        for page in (client.get(path), client.get(f"{path}?solved=yes"), client.post(path, YES)):
            assert page.status_code == 403
            assert "工作人员不能评价" in page.content.decode()
            assert faults(page.content.decode()) == []
    assert not Survey.objects.exists()
    client.logout()
    assert client.post(link, YES).status_code == 200
    assert Survey.objects.get().channel == "link"


def test_a_link_that_staff_saw_follows_and_complains_but_does_not_rate(world: World, client: Client) -> None:
    case = world.case("answered", resident=True)
    link = handed(world, case)
    text = client.get(link).content.decode()
    assert f"{link}survey/" not in text
    assert "或由回访员打电话问您" in text
    assert "已换灯泡。" in text
    assert f'href="{link}reopen/"' in text
    assert faults(text) == []
    assert client.get(f"{link}survey/?solved=yes").headers["location"] == link
    assert client.post(f"{link}survey/", YES).headers["location"] == link
    assert (fresh(case).state, Survey.objects.count()) == ("answered", 0)
    assert client.post(f"{link}reopen/", {"words": "又不亮了"}).status_code == 302
    assert (fresh(case).state, Survey.objects.count()) == ("reopen_requested", 0)


def test_the_receipt_and_the_slip_of_staff_show_a_link_that_cannot_rate(world: World, client: Client) -> None:
    case = world.case("answered", resident=True)
    client.force_login(world.grid_worker)
    shown = client.get(f"/report/{case.number}/").context["url"]
    client.force_login(world.desk)
    printed = client.post(f"/cases/{case.number}/link/").context["url"]
    assert shown == printed
    assert ResidentLink.objects.get().handed_by == world.grid_worker
    client.logout()
    path = "/" + shown.split("/", 3)[3]
    assert client.post(f"{path}survey/", YES).headers["location"] == path
    assert not Survey.objects.exists()


def reported_by_code(client: Client, words: str) -> ResidentLink:
    client.post("/r/report/S1C1E1/", {"description": words, "draft_id": words})
    return ResidentLink.objects.get(case__title=words)


def test_who_reports_by_the_code_of_the_estate_may_rate_unless_logged_in(world: World, client: Client) -> None:
    assert reported_by_code(client, "井盖翘起").handed_by is None
    client.force_login(world.member)
    link = reported_by_code(client, "路灯不亮")
    assert (link.case.source, link.handed_by) == (Source.RESIDENT, world.member)


def test_reporting_again_by_a_link_that_staff_saw_gives_another_that_counts_as_seen(
    world: World, client: Client
) -> None:
    case, own = world.case("closed"), world.case("closed")
    link, of_messages = handed(world, case), f"/r/{link_token(resident_link(own, now=world.now))}/"
    with time_machine.travel(world.now + timedelta(days=31), tick=False):
        for path in (link, of_messages):
            assert client.post(f"{path}again/", {"words": "又不亮了"}).status_code == 302
    seen = {row.case.follows_id: row.handed_by for row in ResidentLink.objects.exclude(case__follows=None)}
    assert seen == {case.pk: world.desk, own.pk: None}


def test_the_survey_desk_prints_a_code_by_which_the_resident_rates(world: World, client: Client) -> None:
    case = world.case("answered")
    client.force_login(world.survey_desk)
    assert f'action="/cases/{case.number}/survey-slip/"' in client.get(f"/cases/{case.number}/").content.decode()
    slip = client.post(f"/cases/{case.number}/survey-slip/")
    text = slip.content.decode()
    assert 'src="data:image/svg+xml;charset=utf-8,' in text
    assert faults(text) == []
    assert "no-store" in slip.headers["Cache-Control"]
    path = "/" + slip.context["url"].split("/", 3)[3]
    assert client.get(path).status_code == 403  # logged in
    client.logout()
    client.post(path, YES)
    assert Survey.objects.get(case=case).channel == "link"
    assert SurveyInvitation.objects.get().issued_by == world.survey_desk


def test_who_had_a_hand_in_it_is_offered_neither_the_call_nor_the_slip(world: World, client: Client) -> None:
    case = world.case("answered")
    RoleAssignment.objects.create(user=world.leader, role=Role.SURVEY_DESK, area=world.street, valid_from="2020-01-01")
    client.force_login(User.objects.get(pk=world.leader.pk))
    text = client.get(f"/cases/{case.number}/").content.decode()
    assert "survey-slip" not in text
    assert "transitions/record_survey/" not in text
    assert client.post(f"/cases/{case.number}/survey-slip/").status_code == 403
    answer = {"solved": "yes", "satisfaction": "satisfied"}
    assert client.post(f"/cases/{case.number}/transitions/record_survey/", answer).status_code == 403
    assert client.get(f"/cases/{case.number}/survey-slip/").status_code == 405
    assert not SurveyInvitation.objects.exists()
    assert not Survey.objects.exists()


def test_a_call_to_who_opted_out_is_refused_and_what_was_typed_is_kept(world: World, client: Client) -> None:
    case = world.case("answered", resident=True)
    Reporter.objects.update(opted_out=True)
    client.force_login(world.survey_desk)
    given = {"solved": "no", "satisfaction": "fair", "reasons": ["unclear"], "words": "答复看不懂"}
    refused = client.post(f"/cases/{case.number}/transitions/record_survey/", given)
    text = refused.content.decode()
    assert refused.status_code == 422
    assert "谢绝回访" in text
    assert "答复看不懂</textarea>" in text
    assert ticked(text) == ["unclear"]
    assert not Survey.objects.exists()


def test_what_a_resident_types_is_shown_and_never_run(world: World, client: Client) -> None:
    case, link = invited(world)
    refused = client.post(link, {"solved": "no", "satisfaction": "wrong", "words": EVIL}).content.decode()
    client.post(link, {"solved": "no", "satisfaction": "dissatisfied", "reasons": ["other"], "words": EVIL})
    assert Survey.objects.get().words == EVIL
    approval.ask_request(
        case_id=case.pk, actor=world.survey_desk, now=world.now, kind=RequestKind.EXCLUSION, reason="另一件事",
        reason_code="other_matter", details={},
    )  # fmt: skip
    own = f"/r/{link_token(resident_link(case, now=world.now))}/"
    pages = {"refused": refused, "resident": client.get(own).content.decode()}
    client.force_login(world.supervisor)
    pages |= {path: client.get(path).content.decode() for path in (f"/cases/{case.number}/", "/requests/")}
    for where, text in pages.items():
        assert EVIL not in text, where
        assert "&lt;script&gt;alert(1)&lt;/script&gt;" in text, where


def test_an_exclusion_is_asked_and_agreed_on_the_pages_and_the_rating_stays(world: World, client: Client) -> None:
    case, link = invited(world)
    client.post(link, {"solved": "yes", "satisfaction": "dissatisfied", "reasons": ["slow"], "words": "说的是隔壁"})
    path = f"/cases/{case.number}/requests/exclusion/"
    client.force_login(world.survey_desk)
    assert f'href="{path}"' in client.get(f"/cases/{case.number}/").content.decode()
    assert faults(client.get(path).content.decode()) == []
    refused = client.post(path, {"reason": "说的是隔壁的事"})
    assert refused.status_code == 422
    assert set(refused.context["form"].errors) == {"reason_code"}
    assert "说的是隔壁的事</textarea>" in refused.content.decode()
    assert client.post(path, {"reason": "说的是隔壁的事", "reason_code": "other_matter"}).status_code == 302
    request = case.requests.get()
    assert client.post(f"/requests/{request.pk}/decide/", {"agree": "yes"}).status_code == 403
    client.force_login(world.supervisor)
    asked = client.get("/requests/").content.decode()
    for words in ("评价的是另一件事", "说的是隔壁", "不满意", "办得慢"):
        assert words in asked
    assert client.post(f"/requests/{request.pk}/decide/", {"agree": "yes"}).status_code == 302
    text = client.get(f"/cases/{case.number}/").content.decode()
    for words in ("剔除，不计入满意率", "说的是隔壁", "办得慢", "剔除评价", "评价的是另一件事"):
        assert words in text
    assert faults(text) == []
