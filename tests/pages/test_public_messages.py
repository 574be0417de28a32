import json
from io import StringIO

import pytest
from django.core import mail
from django.core.cache import cache
from django.core.management import call_command
from django.test import Client

from cases.commands import Person, choose_messages, link_token, register_person, resident_link
from cases.models import Case, Reporter, User
from cases.terms import AnswerWay, RejectReason
from notifications.delivery import deliver
from notifications.models import Delivery
from notifications.relay import relay
from tests.factories import STEPS, World
from tests.pages.markup import PARTICULARS, faults
from workflows.commands import intake


def link_of(world: World, *, by_staff: bool = False) -> str:
    case = Case.objects.get(pk=world.case("accepted", resident=True).pk)
    return link_token(resident_link(case, now=world.now, handed_by=world.desk if by_staff else None))


@pytest.fixture(autouse=True)
def that_day(world: World, time_machine: object) -> None:
    time_machine.move_to(world.now, tick=False)  # type: ignore[attr-defined]
    cache.clear()  # visits of earlier tests from this address


def test_a_resident_says_no_and_yes_again_and_in_which_language(world: World) -> None:
    path, client = f"/r/{link_of(world)}/messages/", Client()
    assert path in client.get(path.removesuffix("messages/")).content.decode()
    assert client.post(path, {"on": "no", "language": "en"}, follow=True).status_code == 200
    kept = Reporter.objects.get()
    assert (kept.opted_out, kept.language) == (True, "en")
    relay(now=world.now)
    deliver(now=world.now)
    assert [one for one in mail.outbox if "wang@example.com" in one.to] == []
    Reporter.objects.update(answer_way=AnswerWay.PHONE)
    client.post(path, {"on": "yes", "language": "zh-hans"})
    kept.refresh_from_db()
    assert (kept.opted_out, kept.language, kept.answer_way) == (False, "zh-hans", AnswerWay.MESSAGE)


def test_what_is_not_offered_is_refused_at_its_field(world: World) -> None:
    answer = Client().post(f"/r/{link_of(world)}/messages/", {"on": "maybe", "language": "xx"})
    assert answer.status_code == 422
    assert set(answer.context["form"].errors) == {"on", "language"}
    assert not Reporter.objects.get().opted_out


def test_a_mail_can_be_stopped_by_one_click_of_the_mail_program(world: World) -> None:
    link_of(world)
    relay(now=world.now)
    deliver(now=world.now)
    [message] = [one for one in mail.outbox if "wang@example.com" in one.to]
    assert message.extra_headers["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    address = message.extra_headers["List-Unsubscribe"].strip("<>")
    path = address.removeprefix("http://127.0.0.1:8000")
    assert path.removesuffix("stop/") + "messages/" in message.body
    client = Client(enforce_csrf_checks=True)
    assert client.get(path).status_code == 302  # a scanner that follows links stops nothing
    assert client.post(path).status_code == 400
    assert not Reporter.objects.get().opted_out
    assert client.post(path, {"List-Unsubscribe": "One-Click"}).status_code == 204
    assert Reporter.objects.get().opted_out
    assert "List-Unsubscribe" not in next(one for one in mail.outbox if one is not message).extra_headers


def test_a_link_that_the_staff_has_seen_silences_nobody(world: World) -> None:
    token = link_of(world, by_staff=True)
    client = Client()
    assert "/messages/" not in client.get(f"/r/{token}/").content.decode()
    assert client.post(f"/r/{token}/messages/", {"on": "no", "language": "en"}).status_code == 404
    assert client.post(f"/r/{token}/stop/", {"List-Unsubscribe": "One-Click"}).status_code == 404
    assert client.post("/r/unknown/stop/", {"List-Unsubscribe": "One-Click"}).status_code == 404
    assert not Reporter.objects.get().opted_out


def test_what_is_said_holds_for_the_same_phone_and_address_only(world: World) -> None:
    rows = [
        register_person(Person("王小明", "13800138000", "a@example.com")),
        register_person(Person("小王", "138 0013 8000", "a@example.com")),
        register_person(Person("王太太", "13800138000", "b@example.com")),
        register_person(Person("李四", "", "a@example.com")),
    ]
    first = rows[0]
    assert first is not None
    assert choose_messages(reporter=first, on=False) == 2
    assert [row.opted_out for row in Reporter.objects.order_by("pk")] == [True, True, False, False]


def test_messages_to_residents_are_in_their_language(world: World) -> None:
    link_of(world)
    Reporter.objects.update(language="en")
    relay(now=world.now)
    deliver(now=world.now)
    [message] = [one for one in mail.outbox if "wang@example.com" in one.to]
    assert message.subject.startswith("Your matter was accepted")
    assert "您" not in message.body.replace("路灯", "")


def test_the_staff_see_that_a_resident_opted_out_and_why_nothing_was_sent_but_no_number(world: World) -> None:
    def shown_to(person: User) -> str:
        client = Client()
        client.force_login(person)
        return client.get(f"/cases/{case.number}/").content.decode()

    case = world.report(resident=True)
    assert "本人不愿再收消息" not in shown_to(world.desk)
    Reporter.objects.update(opted_out=True)
    intake.reject_case(
        case_id=case.pk, actor=world.desk, now=world.now, reason=RejectReason.NOT_OURS, text="不归社区管。"
    )
    relay(now=world.now)
    deliver(now=world.now)
    assert "wang@example.com" not in [address for one in mail.outbox for address in one.to]
    rows = Delivery.objects.exclude(recipient_reporter=None)
    assert [(row.channel, row.state, row.not_sent) for row in rows] == [("email", "cancelled", "opted_out")]
    for_all, for_readers = shown_to(world.grid_worker), shown_to(world.desk)
    for shown in (for_all, for_readers):
        assert shown.count("本人不愿再收消息</span>") == 1
        assert [words for words in PARTICULARS if words in shown] == []
        assert faults(shown) == []
    assert "没有发：本人不愿再收消息" in for_readers
    assert "没有发：" not in for_all  # who reads how messages went is another matter
    out = StringIO()
    call_command("deliveries", "--state", "cancelled", "--json", stdout=out)
    [entry] = json.loads(out.getvalue())["deliveries"]
    assert (entry["not_sent"], entry["recipient"]) == ("本人不愿再收消息", "居民 w***@example.com")


def test_who_wants_them_again_is_sent_what_comes_after_that_and_no_more(world: World) -> None:
    case = world.report(resident=True)
    Reporter.objects.update(opted_out=True)
    intake.accept_case(case_id=case.pk, actor=world.desk, now=world.now, category=world.category, priority="normal")
    relay(now=world.now)
    Reporter.objects.update(opted_out=False)
    deliver(now=world.now)
    assert "wang@example.com" not in [address for one in mail.outbox for address in one.to]
    for step in ("dispatch", "sign", "submit", "verify"):
        STEPS[step](world, case.pk, world.now)
    relay(now=world.now)
    deliver(now=world.now)
    [letter] = [one for one in mail.outbox if one.to == ["wang@example.com"]]
    assert letter.subject.startswith("您反映的事项有答复了")
