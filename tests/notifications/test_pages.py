from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from cases.models import RoleAssignment, User
from notifications.models import Delivery
from notifications.relay import relay
from notifications.selectors import dead_letters, messages_for, unread_count
from tests.factories import World


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def page(client: Client, query: str = "") -> str:
    answer = client.get(f"/messages/{query}")
    assert answer.status_code == 200
    return answer.content.decode()


def dead(world: World) -> Delivery:
    world.report(resident=True)
    relay(now=world.now)
    row = Delivery.objects.get(channel="email")
    Delivery.objects.filter(pk=row.pk).update(
        state="dead", next_try_at=None, attempts=6, last_error="550 d***@example.com"
    )
    return row


@pytest.mark.parametrize("path", ["", "dead/", "settings/"])
def test_messages_are_for_those_who_signed_in(world: World, path: str) -> None:
    assert Client().get(f"/messages/{path}").status_code == 302


@pytest.mark.parametrize("path", ["read/", "dead/1/resend/"])
def test_changes_are_made_by_post_only(world: World, path: str) -> None:
    assert signed_in(world.admin).get(f"/messages/{path}").status_code == 405


def test_without_messages_the_page_says_what_will_come_here(world: World) -> None:
    assert "没有消息" in page(signed_in(world.desk))


def test_a_message_leads_to_its_case_and_is_read_when_marked(world: World) -> None:
    case = world.report()
    relay(now=world.now)
    client = signed_in(world.desk)
    shown = page(client)
    assert f'<a href="/cases/{case.number}/">待受理：{case.number} {case.title}</a>' in shown
    assert "未读 1" in shown
    row = Delivery.objects.get(channel="in_app")
    assert client.post("/messages/read/", {"id": row.pk}).status_code == 302
    row.refresh_from_db()
    assert row.read_at is not None
    assert "未读" not in page(client)


def test_all_means_all_that_were_on_the_page(world: World) -> None:
    for _ in range(3):
        world.report()
    relay(now=world.now)
    seen = Delivery.objects.filter(channel="in_app").order_by("pk")[1]
    signed_in(world.desk).post("/messages/read/", {"newest": seen.pk})
    assert unread_count(world.desk) == 1


def test_nobody_marks_the_messages_of_others(world: World) -> None:
    world.report()
    relay(now=world.now)
    row = Delivery.objects.get(channel="in_app")
    client = signed_in(world.dispatcher)
    client.post("/messages/read/", {"id": row.pk})
    client.post("/messages/read/", {"newest": row.pk})
    client.post("/messages/read/", {"id": "x"})
    assert unread_count(world.desk) == 1
    assert world.report().title not in page(client)


def test_older_messages_are_on_the_next_page_and_none_is_left_out(world: World) -> None:
    for _ in range(5):
        world.report()
    relay(now=world.now)
    seen, before = [], None
    while True:
        found = messages_for(world.desk, now=world.now, before=before, size=2)
        seen += [line.id for line in found.lines]
        before = found.before
        if before is None:
            break
    assert seen == sorted(Delivery.objects.filter(channel="in_app").values_list("pk", flat=True), reverse=True)
    assert "没有消息" in page(signed_in(world.desk), f"?before={seen[-1]}")
    assert "没有消息" not in page(signed_in(world.desk), "?before=%C2%B2")


def test_a_case_out_of_scope_shows_neither_words_nor_link(world: World) -> None:
    case = world.report()
    relay(now=world.now)
    RoleAssignment.objects.filter(user=world.desk).update(area=world.other_street)
    shown = page(signed_in(world.desk))
    assert case.title not in shown
    assert f"/cases/{case.number}/" not in shown
    assert "该件已不在您的范围内" in shown


def test_the_page_costs_the_same_queries_for_one_message_and_for_many(world: World) -> None:
    def queries() -> int:
        world.report(resident=True)
        relay(now=world.now)
        client = signed_in(world.desk)
        with CaptureQueriesContext(connection) as caught:
            page(client)
        return len(caught)

    one = queries()
    for _ in range(3):
        world.report(resident=True)
    assert queries() == one


def test_a_supervisor_resends_what_was_not_delivered(world: World) -> None:
    row = dead(world)
    client = signed_in(world.supervisor)
    shown = client.get("/messages/dead/").content.decode()
    assert "550 d***@example.com" in shown
    assert "d***@example.com" in shown
    assert "desk@example.com" not in shown
    assert f'href="/cases/{row.event.case.number}/"' in shown
    answer = client.post(f"/messages/dead/{row.pk}/resend/", follow=True)
    assert "已重新发送" in answer.content.decode()
    row.refresh_from_db()
    assert (row.state, row.attempts) == ("pending", 0)
    again = client.post(f"/messages/dead/{row.pk}/resend/", follow=True)
    assert "可能已有人重发" in again.content.decode()


def test_an_administrator_sees_what_was_not_delivered_but_not_the_case(world: World) -> None:
    row = dead(world)
    [letter] = dead_letters(world.admin)
    assert (letter.id, letter.url, letter.attempts) == (row.pk, "", 6)
    assert row.event.case.title not in signed_in(world.admin).get("/messages/dead/").content.decode()


def test_a_resident_is_masked_among_what_was_not_delivered(world: World) -> None:
    world.case("rejected", resident=True)
    relay(now=world.now)
    Delivery.objects.filter(recipient_reporter__isnull=False).update(state="dead", next_try_at=None)
    [letter] = dead_letters(world.supervisor)
    assert letter.recipient == "居民 w***@example.com"


def test_others_do_not_see_what_was_not_delivered(world: World) -> None:
    row = dead(world)
    client = signed_in(world.dispatcher)
    assert client.get("/messages/dead/").status_code == 403
    assert client.post(f"/messages/dead/{row.pk}/resend/").status_code == 403
    assert "/messages/dead/" not in page(client)
    assert "/messages/dead/" in page(signed_in(world.supervisor))
    assert dead_letters(world.dispatcher) == []


def test_the_list_of_what_was_not_delivered_is_empty_when_all_is_well(world: World) -> None:
    assert "没有未送达的消息" in signed_in(world.admin).get("/messages/dead/").content.decode()


def test_the_admin_shows_deliveries_and_changes_none(world: World) -> None:
    row = dead(world)
    User.objects.filter(pk=world.admin.pk).update(is_staff=True)
    client = signed_in(User.objects.get(pk=world.admin.pk))
    assert client.get("/admin/notifications/delivery/").status_code == 200
    assert client.get(f"/admin/notifications/delivery/{row.pk}/change/").status_code == 200
    assert client.post(f"/admin/notifications/delivery/{row.pk}/change/", {"state": "sent"}).status_code == 403
    assert client.get("/admin/notifications/delivery/add/").status_code == 403
    assert world.now + timedelta(0) == Delivery.objects.get(pk=row.pk).created_at
