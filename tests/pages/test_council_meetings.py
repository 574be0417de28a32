"""The pages of a council and of its meetings: who sees what, one secretary runs it, what is typed is kept."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from cases.models import AgendaItem, Meeting, Topic, User
from tests.councils import Body, make_body
from tests.factories import World
from tests.workflows.council.rooms import LEAD, convened, opened, topic
from workflows.commands.council import refer_to_council
from workflows.council import agenda
from workflows.views.council.meetings import sign_in_token

Login = Callable[[User], Client]


@pytest.fixture
def body(world: World) -> Body:
    return make_body(world)


@pytest.fixture
def login() -> Login:
    def logged_in(user: User) -> Client:
        client = Client()
        client.force_login(user)
        return client

    return logged_in


@pytest.fixture
def at(world: World, monkeypatch: pytest.MonkeyPatch) -> Callable[[object], None]:
    """Move the clock of the pages."""

    def move(moment: object) -> None:
        monkeypatch.setattr(timezone, "now", lambda: moment)

    move(world.now)
    return move


def text(client: Client, name: str, *args: object, status: int = 200) -> str:
    answer = client.get(reverse(name, args=args))
    assert answer.status_code == status
    return answer.content.decode()


def test_who_sees_a_council_and_who_does_not(world: World, body: Body, login: Login) -> None:
    page = text(login(body.secretary), "council:council", "C1")
    assert "筹备会议" in page
    seat = body.chair.user
    assert seat is not None
    assert "筹备会议" not in text(login(seat), "council:council", "C1")
    text(login(world.supervisor), "council:council", "C1")
    text(login(world.other_grid_worker), "council:council", "C1", status=404)
    assert login(body.secretary).get(reverse("council:councils")).url == reverse("council:council", args=["C1"])  # type: ignore[attr-defined]


@pytest.mark.parametrize("rows", [1, 3])
def test_the_page_of_a_council_takes_as_many_queries_with_three_rows_as_with_one(
    world: World, body: Body, login: Login, rows: int, django_assert_num_queries: object, at: object
) -> None:
    for n in range(rows):
        topic(world, f"修车棚{n}")
    client = login(body.secretary)
    text(client, "council:council", "C1")
    with django_assert_num_queries(17):  # type: ignore[operator]
        text(client, "council:council", "C1")


def test_a_topic_is_screened_with_a_reason_and_what_was_typed_is_kept(
    world: World, body: Body, login: Login, at: object
) -> None:
    case = world.case("in_progress")
    refer_to_council(
        case_id=case.pk, actor=world.leader, now=world.now, council=body.council, matter="parking",  # type: ignore[arg-type]
        question="怎么停？",
    )  # fmt: skip
    found = Topic.objects.get()
    url, client = reverse("council:topic", args=[found.pk]), login(body.secretary)
    refused = client.post(url, {"verdict": "reject", "reason": ""})
    assert refused.status_code == 422
    assert "请写明理由" in refused.content.decode()
    assert client.post(url, {"verdict": "reject", "reason": "物业已处理。"}).status_code == 302
    assert (Topic.objects.get().state, type(case).objects.get(pk=case.pk).state) == ("rejected", "in_progress")
    assert client.post(url, {"verdict": "accept"}).status_code == 409


def test_a_secretary_proposes_plans_convenes_and_opens_without_typing_twice(
    world: World, body: Body, login: Login, at: Callable[[object], None]
) -> None:
    client = login(body.secretary)
    proposed = {
        "title": "修车棚", "text": "北门修车棚。", "matter": "facility", "area": world.estate.pk,
        "category": world.category.pk,
    }  # fmt: skip
    assert client.post(reverse("council:propose_matter", args=["C1"]), proposed).status_code == 302
    form = text(client, "council:new_meeting", "C1")
    assert "修车棚" in form
    planned = {
        "planned_at": (world.now + LEAD).strftime("%Y-%m-%dT%H:%M"), "venue": "活动室", "kind": "regular",
        "mode": "onsite", "chair": body.chair.pk, "recorder": body.all_seats[1].pk, "topics": [Topic.objects.get().pk],
    }  # fmt: skip
    assert client.post(reverse("council:new_meeting", args=["C1"]), planned).status_code == 302
    meeting = Meeting.objects.get()
    page = text(client, "council:meeting", meeting.pk)
    assert "北门修车棚。" in page
    assert "张贴会议通知" in page
    act = lambda name, **typed: client.post(reverse("council:act_on_meeting", args=[meeting.pk, name]), typed)  # noqa: E731
    assert act("convene", channels="公告栏").status_code == 302
    at(world.now + LEAD)
    client = login(body.secretary)  # the session of four days ago is over
    act("all_present")
    act("open")
    page = text(client, "council:meeting", meeting.pk)
    assert "到会 9/9" in page
    assert "已达法定人数" in page
    item = AgendaItem.objects.get()
    assert client.post(reverse("council:act_on_item", args=[item.pk, "discuss"])).status_code == 302
    assert client.post(reverse("council:act_on_item", args=[item.pk, "consensus"])).status_code == 302
    assert AgendaItem.objects.get().state == "decided"
    act("close")
    assert Meeting.objects.get().state == "closed"


def test_too_short_a_notice_is_refused_with_the_first_moment_that_would_do(
    world: World, body: Body, login: Login, at: object
) -> None:
    client = login(body.secretary)
    made = topic(world)
    planned = {
        "planned_at": (world.now + timedelta(days=1)).strftime("%Y-%m-%dT%H:%M"), "venue": "活动室", "kind": "regular",
        "mode": "onsite", "chair": body.chair.pk, "recorder": body.all_seats[1].pk, "topics": [made.pk],
    }  # fmt: skip
    client.post(reverse("council:new_meeting", args=["C1"]), planned)
    meeting = Meeting.objects.get()
    page = text(client, "council:meeting", meeting.pk)
    assert "最早 2026-03-05 09:00 开会" in page
    answer = client.post(reverse("council:act_on_meeting", args=[meeting.pk, "convene"]), {"channels": "我写的"})
    assert answer.status_code == 422
    assert "通知时间不够" in answer.content.decode()
    assert "我写的" in answer.content.decode()
    assert Meeting.objects.get().state == "draft"


def test_a_seat_answers_signs_in_by_the_code_and_nobody_else_does(
    world: World, body: Body, login: Login, at: Callable[[object], None]
) -> None:
    meeting = convened(world, body)
    seat = body.seats["residents"][1]
    assert seat.user is not None
    client = login(seat.user)
    assert "我能参加" in text(client, "council:meeting", meeting.pk)
    client.post(reverse("council:act_on_seat", args=[meeting.pk, seat.pk, "confirm"]))
    assert meeting.attendances.get(seat=seat).status == "confirmed"
    other = body.seats["residents"][2]
    refused = client.post(reverse("council:act_on_seat", args=[meeting.pk, other.pk, "confirm"]))
    assert refused.status_code == 403
    token = sign_in_token(meeting)
    assert text(client, "council:sign_in", meeting.pk, token, status=404) is not None  # too early
    at(world.now + LEAD)
    client = login(seat.user)  # the session of four days ago is over
    assert "我到了" in text(client, "council:sign_in", meeting.pk, token)
    text(client, "council:sign_in", meeting.pk, "x" * 24, status=404)
    assert client.post(reverse("council:sign_in", args=[meeting.pk, token])).status_code == 302
    assert meeting.attendances.get(seat=seat).intervals.get().method == "qr"
    text(login(world.other_grid_worker), "council:meeting", meeting.pk, status=404)


def test_a_seat_cannot_run_the_meeting(world: World, body: Body, login: Login, at: object) -> None:
    meeting = convened(world, body)
    assert body.chair.user is not None
    client = login(body.chair.user)
    for act in ("open", "close", "all_present", "cancel"):
        answer = client.post(reverse("council:act_on_meeting", args=[meeting.pk, act]), {"reason": "不开了"})
        assert answer.status_code in (403, 409)
    assert Meeting.objects.get().state == "convened"


def test_an_item_that_is_put_off_comes_back_with_its_last_wording(
    world: World, body: Body, login: Login, at: Callable[[object], None]
) -> None:
    room = opened(world, body)
    at(room.now)
    client, item = login(body.secretary), room.items[0].pk
    agenda.discuss_item(item_id=item, actor=body.secretary, now=room.now)
    client.post(reverse("council:act_on_item", args=[item, "draft"]), {"body": "修在西门。"})
    refused = client.post(reverse("council:act_on_item", args=[item, "adjourn"]), {"reason": ""})
    assert refused.status_code == 422
    client.post(reverse("council:act_on_item", args=[item, "adjourn"]), {"reason": "等报价。"})
    page = text(client, "council:new_meeting", "C1")
    assert "修车棚" in page
    planned = {
        "planned_at": (room.now + LEAD).strftime("%Y-%m-%dT%H:%M"), "venue": "活动室", "kind": "regular",
        "mode": "onsite", "chair": body.chair.pk, "recorder": body.all_seats[1].pk, "topics": [Topic.objects.get().pk],
    }  # fmt: skip
    client.post(reverse("council:new_meeting", args=["C1"]), planned)
    carried = AgendaItem.objects.get(carried_from=item)
    assert carried.drafts.get().body == "修在西门。"


def test_the_invitation_is_a_calendar_file_with_folded_lines(
    world: World, body: Body, login: Login, at: object
) -> None:
    meeting = convened(world, body, ["一个题目很长很长很长很长很长很长很长很长的议题，说明北门车棚怎样修"])
    answer = login(body.secretary).get(reverse("council:meeting_ics", args=[meeting.pk]))
    lines = answer.content.split(b"\r\n")
    assert max(map(len, lines)) <= 75
    unfolded = answer.content.decode().replace("\r\n ", "")
    assert "DTSTART;TZID=Asia/Shanghai:20260306T090000" in unfolded
    assert "修车棚" not in unfolded
    assert "北门车棚怎样修" in unfolded
