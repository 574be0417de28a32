"""Pages of polls: one form for hands, a seat's three buttons, papers, and files from which anybody can recompute."""

import json
from collections.abc import Callable
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from cases.models import AgendaItem, Ballot, Decision, HandCount, Poll, User
from tests.councils import Body, make_body
from tests.factories import World
from tests.workflows.council.rooms import Room, opened
from workflows.council import mandates


@pytest.fixture
def body(world: World) -> Body:
    return make_body(world)


@pytest.fixture
def room(world: World, body: Body, monkeypatch: pytest.MonkeyPatch) -> Room:
    made = opened(world, body)
    monkeypatch.setattr(timezone, "now", lambda: made.now)
    return made


@pytest.fixture
def login() -> Callable[[User | None], Client]:
    def logged_in(user: User | None) -> Client:
        assert user is not None
        client = Client()
        client.force_login(user)
        return client

    return logged_in


Login = Callable[[User | None], Client]


def hands(body: Body, *rows: tuple[int, int, int], **more: str) -> dict[str, object]:
    typed: dict[str, object] = {"method": "hands", "first_counter": "甲", "second_counter": "乙"}
    for party, numbers in zip(body.parties.values(), rows, strict=True):
        for part, number in zip(("votes_for", "votes_against", "abstained"), numbers, strict=True):
            typed[f"{part}_{party.pk}"] = number
    return typed | more


def test_hands_are_prefilled_counted_and_certified_with_one_form(room: Room, body: Body, login: Login) -> None:
    room.discuss()
    client, url = login(body.secretary), reverse("council:open_poll", args=[room.items[0].pk])
    form = client.get(url).content.decode()
    assert f'name="votes_for_{body.parties["residents"].pk}" value="3"' in form
    answer = client.post(url, hands(body, (2, 0, 0), (2, 0, 0), (1, 1, 0), (3, 0, 0)))
    assert answer.status_code == 302
    assert HandCount.objects.count() == 4
    assert Decision.objects.get().outcome == "adopted"
    page = client.get(answer.url).content.decode()  # type: ignore[attr-defined]
    assert "同意：到会 9 人，同意 8 人，要求超过二分之一（5 人），达到" in page
    assert client.post(url, hands(body, (2, 0, 0), (2, 0, 0), (2, 0, 0), (3, 0, 0))).status_code == 409


def test_too_many_hands_stand_at_their_party_and_nothing_typed_is_lost(room: Room, body: Body, login: Login) -> None:
    room.discuss()
    client, url = login(body.secretary), reverse("council:open_poll", args=[room.items[0].pk])
    answer = client.post(url, hands(body, (9, 0, 0), (2, 0, 0), (2, 0, 0), (3, 0, 0), first_counter="江志国"))
    page = answer.content.decode()
    assert answer.status_code == 422
    assert "到会只有 2 人" in page
    assert 'value="9"' in page
    assert "江志国" in page
    assert not Poll.objects.exists()


def test_counters_of_the_last_count_are_suggested(world: World, body: Body, login: Login, monkeypatch: object) -> None:
    room = opened(world, body, ["修车棚", "装道闸"])
    monkeypatch.setattr(timezone, "now", lambda: room.now)  # type: ignore[attr-defined]
    client = login(body.secretary)
    for n in (0, 1):
        room.discuss(n)
        url = reverse("council:open_poll", args=[room.items[n].pk])
        if n:
            assert 'value="江志国"' in client.get(url).content.decode()
        counted = hands(body, (2, 0, 0), (2, 0, 0), (2, 0, 0), (3, 0, 0), first_counter="江志国")
        assert client.post(url, counted).status_code == 302


def test_a_seat_votes_with_two_taps_and_only_once(room: Room, body: Body, login: Login) -> None:
    poll = room.open_poll()
    seat = body.seats["residents"][0]
    client, url = login(seat.user), reverse("council:vote", args=[poll.pk])
    elector = poll.electors.get(seat=seat)
    assert "同意" in client.get(url).content.decode()
    confirm = client.post(url, {"elector": elector.pk, "choice": "for"}).content.decode()
    assert "您投“同意”" in confirm
    assert not Ballot.objects.exists()
    client.post(url, {"elector": elector.pk, "choice": "for", "confirm": 1})
    assert "已投票" in client.get(url).content.decode()
    client.post(url, {"elector": elector.pk, "choice": "against", "confirm": 1})
    assert list(Ballot.objects.values_list("choice", flat=True)) == ["for"]
    other = poll.electors.exclude(pk=elector.pk).first()
    assert other is not None
    client.post(url, {"elector": other.pk, "choice": "for", "confirm": 1})
    assert Ballot.objects.count() == 1


def test_a_holder_of_a_mandate_sees_only_what_it_says(room: Room, body: Body, login: Login) -> None:
    principal, holder = body.seats["residents"][0], body.seats["residents"][1]
    item = room.items[0]
    mandates.give_mandate(
        meeting_id=room.meeting.pk, principal_id=principal.pk, holder_id=holder.pk, document="委托书1号",
        instructions={str(item.pk): "against"}, actor=body.secretary, now=room.now,
    )  # fmt: skip
    poll = room.open_poll()
    client, url = login(holder.user), reverse("council:vote", args=[poll.pk])
    assert "委托的一票" in client.get(url).content.decode()
    elector = poll.electors.get(seat=principal)
    client.post(url, {"elector": elector.pk, "choice": "for", "confirm": 1})
    assert not Ballot.objects.exists()
    client.post(url, {"elector": elector.pk, "choice": "against", "confirm": 1})
    ballot = Ballot.objects.get()
    assert (ballot.elector, ballot.choice, ballot.mandate is not None) == (elector, "against", True)


def test_papers_are_entered_and_who_voted_by_phone_is_not_on_the_list(room: Room, body: Body, login: Login) -> None:
    poll = room.open_poll()
    seat = body.seats["residents"][0]
    assert seat.user is not None
    mine = poll.electors.get(seat=seat)
    login(seat.user).post(reverse("council:vote", args=[poll.pk]), {"elector": mine.pk, "choice": "for", "confirm": 1})
    client, url = login(body.secretary), reverse("council:paper_votes", args=[poll.pk])
    assert f"vote_{mine.pk}" not in client.get(url).content.decode()
    others = list(poll.electors.exclude(pk=mine.pk))
    typed = {f"vote_{e.pk}": "for" for e in others[:3]} | {f"vote_{mine.pk}": "against"}
    assert client.post(url, typed).status_code == 302
    assert Ballot.objects.count() == 4
    assert Ballot.objects.get(elector=mine).choice == "for"


def test_a_seat_neither_opens_nor_certifies(room: Room, body: Body, login: Login) -> None:
    room.discuss()
    client = login(body.chair.user)
    url = reverse("council:open_poll", args=[room.items[0].pk])
    assert client.get(url).status_code == 403
    poll = room.body and room.items and _open(room)
    assert client.post(reverse("council:finish_poll", args=[poll.pk])).status_code == 403
    assert client.get(reverse("council:paper_votes", args=[poll.pk])).status_code == 403


def _open(room: Room) -> Poll:
    from workflows.council.polls import open_poll  # noqa: PLC0415

    return open_poll(item_id=room.items[0].pk, method="named", actor=room.body.secretary, now=room.now)


def finished(room: Room, login: Login) -> Poll:
    """A named poll, seven for and two against, closed and certified on its page."""
    poll = room.open_poll()
    client = login(room.body.secretary)
    typed = {f"vote_{e.pk}": "against" if n > 6 else "for" for n, e in enumerate(poll.electors.all())}
    client.post(reverse("council:paper_votes", args=[poll.pk]), typed)
    assert client.post(reverse("council:finish_poll", args=[poll.pk])).status_code == 302
    return Poll.objects.get(pk=poll.pk)


def test_the_downloads_come_to_the_same_result_with_decide(
    room: Room, body: Body, login: Login, tmp_path: Path
) -> None:
    poll = finished(room, login)
    client = login(body.secretary)
    for name in ("rules.json", "roll.csv", "ballots.csv"):
        answer = client.get(reverse("council:poll_file", args=[poll.pk, name]))
        (tmp_path / name).write_bytes(answer.content)
    out = StringIO()
    call_command(
        "decide", *(str(tmp_path / n) for n in ("rules.json", "roll.csv", "ballots.csv")), "--json", stdout=out
    )
    found = json.loads(out.getvalue())
    assert (found["outcome"], found["totals"]["head"]["for"]) == ("adopted", 7)
    assert client.get(reverse("council:poll_file", args=[poll.pk, "secrets.csv"])).status_code == 404


def test_recount_agrees_on_the_page_and_by_command_and_exits_1_when_a_ballot_was_changed(
    room: Room, body: Body, login: Login
) -> None:
    poll = finished(room, login)
    client, url = login(body.overseer), reverse("council:act_on_poll", args=[poll.pk, "recount"])
    assert "复核一致" in client.post(url, follow=True).content.decode()
    out = StringIO()
    call_command("recount", str(poll.pk), "--json", stdout=out)
    assert json.loads(out.getvalue())["same"] is True
    call_command("recount", "--all", stdout=out)
    Ballot.objects.filter(choice="against").update(choice="for")
    assert "复核不一致" in client.post(url, follow=True).content.decode()
    with pytest.raises(SystemExit) as stop:
        call_command("recount", str(poll.pk), stdout=out)
    assert stop.value.code == 1
    with pytest.raises(CommandError) as wrong:
        call_command("recount", "999", stdout=out)
    assert wrong.value.returncode == 2


def test_a_poll_is_voided_on_its_page_by_two(room: Room, body: Body, login: Login) -> None:
    poll = room.open_poll()
    page = reverse("council:act_on_poll", args=[poll.pk, "void"])
    secretary, overseer = login(body.secretary), login(body.overseer)
    assert secretary.post(page, {"reason": ""}).status_code == 422
    secretary.post(page, {"reason": "念错了题目"})
    assert "念错了题目" in overseer.get(reverse("council:poll", args=[poll.pk])).content.decode()
    agree = reverse("council:act_on_poll", args=[poll.pk, "agree"])
    assert secretary.post(agree).status_code == 403
    overseer.post(agree)
    assert Poll.objects.get().state == "void"
    assert AgendaItem.objects.get().state == "in_discussion"


def test_nobody_outside_sees_a_poll(room: Room, world: World, login: Login) -> None:
    poll = room.open_poll()
    client = login(world.other_grid_worker)
    for name in ("council:poll", "council:vote", "council:paper_votes"):
        assert client.get(reverse(name, args=[poll.pk])).status_code == 404
