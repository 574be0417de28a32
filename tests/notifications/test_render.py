from datetime import timedelta

import pytest
from django.urls import resolve

from cases.commands import case_of_token
from cases.models import Answer, Case, CaseEvent, Reporter
from cases.terms import COUNCIL_EVENTS, EventType, Priority
from notifications.audience import AUDIENCE
from notifications.channels.base import Message
from notifications.render import NotTheirs, masked, render
from tests.factories import STEPS, World
from workflows.commands import adjust, handling, intake, review
from workflows.invitations import invitation_token

SECRETS = (
    "王小明",
    "13800138000",
    "138 0013 8000",
    "平山小区 3 栋 2 单元 501",
    "平山小区3栋2单元501",
    "wang@example.com",
)
LEAKY = "王小明（13800138000，wang@example.com）住平山小区3栋2单元501，灯不亮"


def newest(event_type: str) -> CaseEvent:
    return CaseEvent.objects.filter(type=event_type).select_related("case__reporter", "case__area").latest("pk")


def to_resident(world: World, event_type: str) -> Message:
    event = newest(event_type)
    assert event.case.reporter is not None
    return render(event, event.case.reporter, language="", now=world.now)


OF_CASES = [e for e in EventType if e not in COUNCIL_EVENTS and (AUDIENCE[e].colleagues or AUDIENCE[e].resident)]


@pytest.mark.parametrize("event_type", OF_CASES)
def test_no_message_holds_a_residents_name_phone_or_address(world: World, event_type: EventType) -> None:
    case = world.case("answered", resident=True, title=LEAKY, description=LEAKY, place=LEAKY)
    Answer.objects.update(text=LEAKY)
    words = dict.fromkeys(
        ("question", "answer", "text", "reason", "note", "words", "missing", "finding", "what", "result_text"), LEAKY
    )
    data = words | {
        "co_handlers": [{"task": LEAKY}],
        "follow_ups": [{"what": LEAKY}],
        "kind": "hold",
        "clock": "handle",
    }
    event = newest("case.verified")
    event.type, event.data = event_type, data
    row = AUDIENCE[event_type]
    recipients = [world.desk] * bool(row.colleagues) + [case.reporter] * row.resident
    for recipient in recipients:
        assert recipient is not None
        message = render(event, recipient, language="", now=world.now)
        said = message.subject + message.text + message.html
        assert case.number in said
        assert [secret for secret in SECRETS if secret in said] == []
        assert "\n" not in message.subject


def test_masking_leaves_other_words_as_they_are() -> None:
    resident = Reporter(name="王小明", phone="13800138000", address="3 栋 501")
    assert masked("王小明说 3栋501 的灯 2026-000123 不亮", [resident]) == "王**说 3 栋*** 的灯 2026-000123 不亮"
    assert masked("灯不亮", [Reporter(name="灯")]) == "灯不亮"  # one letter would blot out half a sentence


def test_the_answer_is_sent_with_the_links_to_follow_it_and_to_answer_the_survey(world: World) -> None:
    case = world.case("answered", resident=True)
    message = to_resident(world, "case.verified")
    assert case.number in message.subject
    assert "已换灯泡。" in message.text
    assert "已换灯泡。" in message.html
    assert message.url in message.text
    path = message.url.removeprefix("http://127.0.0.1:8000")
    link = case_of_token(resolve(path).kwargs["token"], now=world.now)
    assert link is not None
    assert link.case_id == case.pk
    rating = f"http://127.0.0.1:8000/r/s/{invitation_token(case.invitations.get())}/"
    for word in ("yes", "no"):
        assert f"{rating}?solved={word}" in message.text
        assert f"{rating}?solved={word}" in message.html
    assert link.handed_by is None


def test_who_was_asked_of_another_case_lately_is_sent_the_answer_and_asked_nothing(world: World) -> None:
    world.case("answered", resident=True)
    case = world.case("answered", resident=True)
    message = to_resident(world, "case.verified")
    assert case.number in message.subject
    assert "已换灯泡。" in message.text
    assert "solved=" not in message.text + message.html


def test_the_answer_is_the_one_that_was_given_then_although_the_case_went_on(world: World) -> None:
    case = world.case("reopen_requested", resident=True)
    review.reopen_case(case_id=case.pk, actor=world.supervisor, now=world.now + timedelta(hours=1), reason="不亮")
    assert Case.objects.get(pk=case.pk).result_text == ""
    assert "已换灯泡。" in to_resident(world, "case.verified").text


def test_a_merged_resident_reads_of_the_own_case_and_is_asked_for_no_survey(world: World) -> None:
    main, other = world.report(resident=True), world.report()
    neighbour = Reporter.objects.create(name="李四", email="li@example.com")
    Case.objects.filter(pk=other.pk).update(reporter=neighbour)
    adjust.merge_case(case_id=other.pk, main_case_id=main.pk, actor=world.desk, now=world.now, reason="同一盏灯")
    for step in ("accept", "dispatch", "sign", "submit", "verify"):
        STEPS[step](world, main.pk, world.now, world.category, Priority.NORMAL)
    message = render(newest("case.verified"), neighbour, language="", now=world.now)
    assert other.number in message.subject
    assert other.title in message.text
    assert "已换灯泡。" in message.text
    assert "survey" not in message.text + message.html
    Case.objects.filter(pk=other.pk).update(reporter=None)  # no longer theirs
    with pytest.raises(NotTheirs):
        render(newest("case.verified"), neighbour, language="", now=world.now)


def test_a_refusal_says_why(world: World) -> None:
    world.case("rejected", resident=True)
    assert "不属于本辖区，已转告。" in to_resident(world, "case.rejected").text


def test_colleagues_get_the_link_to_the_case_its_area_and_its_limit(world: World) -> None:
    case = world.case("accepted")
    message = render(newest("case.accepted"), world.dispatcher, language="", now=world.now)
    assert message.subject == f"待派遣：{case.number} {case.title}"
    assert message.url == f"http://127.0.0.1:8000/cases/{case.number}/"
    assert message.url in message.text
    assert world.grid.full_name in message.text
    assert "时限：2026-03-02 15:00" in message.text  # four working hours from 9:00, over noon
    assert message.lead == "该件已受理，请派遣。"


def test_a_limit_that_is_no_longer_that_of_the_event_is_left_out(world: World) -> None:
    world.case("in_progress")
    assert "时限：" not in render(newest("case.accepted"), world.dispatcher, language="", now=world.now).text


def test_co_handlers_read_their_task_and_its_day(world: World) -> None:
    case = world.case("accepted")
    part = handling.CoHandling(world.other_team, "清运", world.now + timedelta(days=1))
    handling.dispatch_case(
        case_id=case.pk, actor=world.dispatcher, now=world.now, team=world.team, co_handlers=[part], note="尽快"
    )
    text = render(newest("case.dispatched"), world.other_member, language="", now=world.now).text
    assert "平山小区工作队" in text
    assert "清运，2026-03-03 09:00 前答复" in text
    assert "尽快" in text


def test_what_people_typed_is_plain_in_text_and_escaped_in_html(world: World) -> None:
    case = world.case("submitted", resident=True, title="<b>灯 & 路</b>")
    Case.objects.filter(pk=case.pk).update(result_text="换了 <i>两</i> 盏")
    review.verify_case(case_id=case.pk, actor=world.grid_worker, now=world.now, finding="亮")
    message = to_resident(world, "case.verified")
    assert "<b>灯 & 路</b>" in message.text
    assert "换了 <i>两</i> 盏" in message.text
    assert "&lt;b&gt;灯 &amp; 路&lt;/b&gt;" in message.html
    assert "<i>" not in message.html


def test_a_question_is_quoted(world: World) -> None:
    case = world.report()
    intake.request_info(case_id=case.pk, actor=world.desk, now=world.now, question="哪一栋？")
    message = render(newest("case.info_requested"), world.grid_worker, language="", now=world.now)
    assert message.lead == "受理员问：哪一栋？"


@pytest.mark.parametrize("event_type", ["clock.warned", "clock.overdue"])
def test_a_clock_is_called_by_its_name_and_moment(world: World, event_type: str) -> None:
    world.case("in_progress")
    event = newest("case.signed")
    event.type, event.data = event_type, {"clock": "handle", "due_at": "2026-03-16T09:00:00+08:00"}
    message = render(event, world.member, language="", now=world.now)
    assert "处置时限" in message.subject
    assert "2026-03-16 09:00" in message.lead
