from collections.abc import Callable, Iterator
from datetime import date, timedelta
from typing import Any

import pytest
import time_machine
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from cases.models import FollowUp, RoleAssignment, User
from cases.terms import Role
from tests.decided import followed, provisional, task
from tests.factories import World
from tests.pages.markup import faults
from workflows.council import follow_ups as acts
from workflows.council_pages.follow_ups import follow_ups_of

Post = Callable[..., Any]
ZH = {"accept-language": "zh-hans"}


@pytest.fixture(autouse=True)
def at_nine_on_monday(world: World) -> Iterator[None]:
    with time_machine.travel(world.now, tick=False):
        yield


def url(follow_up: FollowUp, act: str = "") -> str:
    return f"/councils/follow-ups/{follow_up.pk}/" + (f"{act}/" if act else "")


def fresh(follow_up: FollowUp) -> FollowUp:
    return FollowUp.objects.select_related("decision__council").get(pk=follow_up.pk)


def state(follow_up: FollowUp) -> str:
    return str(FollowUp.objects.get(pk=follow_up.pk).state)


def offered(html: str, follow_up: FollowUp) -> list[str]:
    known = ("accept", "report", "finish", "verify", "send_back", "cancel")
    return [act for act in known if f'action="{url(follow_up, act)}"' in html]


def test_a_follow_up_goes_from_hand_to_hand_on_its_page(world: World, read: Post, post: Post) -> None:
    (follow_up,) = followed(world, task(world, what="拆除花坛，电话13800138000"))
    html = read(world.member, url(follow_up))
    assert faults(html) == []
    assert offered(html, follow_up) == ["accept"]
    assert "剩余 10 天" in html
    assert "2026-03-12 17:30" in html
    assert f"/cases/{follow_up.decision.case.number}/clocks/#clock-" in html
    assert post(world.member, url(follow_up, "accept")).status_code == 302
    assert offered(read(world.member, url(follow_up)), follow_up) == ["report", "finish"]
    assert post(world.member, url(follow_up, "report"), percent="40", text="已围挡").status_code == 302
    assert "已围挡" in read(world.secretary, url(follow_up))
    assert post(world.member, url(follow_up, "finish"), text="已拆完").status_code == 302
    assert offered(read(world.member, url(follow_up)), follow_up) == []
    html = read(world.secretary, url(follow_up))
    assert faults(html) == []
    assert offered(html, follow_up) == ["verify", "send_back"]
    assert post(world.secretary, url(follow_up, "send_back"), reason="渣土未清", due_date="").status_code == 302
    assert state(follow_up) == "rework"
    post(world.member, url(follow_up, "finish"), text="渣土已清")
    assert post(world.supervisor, url(follow_up, "verify"), note="属实").status_code == 302
    html = read(world.member, url(follow_up))
    assert (state(follow_up), "按时完成" in html) == ("verified", True)
    assert offered(html, follow_up) == []


def test_what_was_typed_stays_when_it_is_refused(world: World, post: Post) -> None:
    (follow_up,) = followed(world)
    acts.accept_follow_up(follow_up_id=follow_up.pk, actor=world.member, now=world.now)
    refused = post(world.member, url(follow_up, "report"), percent="140", text="已围挡一半")
    assert refused.status_code == 422
    assert "已围挡一半</textarea>" in refused.content.decode()
    assert list(refused.context["forms"]["report"].errors) == ["percent"]
    assert follow_up.entries.count() == 0


def test_who_is_too_late_is_told_so_and_who_may_not_too(world: World, post: Post) -> None:
    (follow_up,) = followed(world)
    assert post(world.secretary, url(follow_up, "accept")).status_code == 403
    assert post(world.other_grid_worker, url(follow_up, "accept")).status_code == 404
    assert post(world.member, url(follow_up, "paint")).status_code == 404
    acts.accept_follow_up(follow_up_id=follow_up.pk, actor=world.member, now=world.now)
    late = post(world.leader, url(follow_up, "accept"))
    assert late.status_code == 409
    assert "现在是「已接受」" in late.content.decode()
    assert post(world.member, url(follow_up, "verify"), note="").status_code == 409


def test_only_an_overseer_is_offered_to_cancel(world: World, read: Post, post: Post) -> None:
    (follow_up,) = followed(world)
    assert offered(read(world.supervisor, url(follow_up)), follow_up) == ["cancel"]
    assert offered(read(world.secretary, url(follow_up)), follow_up) == []
    assert post(world.supervisor, url(follow_up, "cancel"), reason="另有安排").status_code == 302
    assert "另有安排" in read(world.secretary, url(follow_up))


def test_the_team_of_another_area_sees_what_it_owes_and_nothing_else(world: World, read: Post) -> None:
    mine, other = followed(world, task(world, owner=world.other_team), task(world, what="划线"))
    assert mine.owner == world.other_team
    read(world.other_member, url(mine))
    read(world.other_grid_worker, url(other), status=404)
    html = read(world.other_member, "/councils/follow-ups/")
    assert ("拆除花坛" in html, "划线" in html) == (True, False)


def test_the_list_puts_first_what_is_due_first(world: World, read: Post) -> None:
    followed(world, *(task(world, what=f"第{n}件", due_date=date(2026, 3, 20 - n)) for n in range(3)))
    html = read(world.member, "/councils/follow-ups/")
    assert faults(html) == []
    assert [html.index(f"第{n}件") for n in (2, 1, 0)] == sorted(html.index(f"第{n}件") for n in range(3))


def test_each_list_holds_its_own(world: World, read: Post) -> None:
    owed, done, ended = followed(world, task(world, what="未办"), task(world, what="办了"), task(world, what="了了"))
    for follow_up in (done, ended):
        acts.accept_follow_up(follow_up_id=follow_up.pk, actor=world.member, now=world.now)
        acts.finish_follow_up(follow_up_id=follow_up.pk, actor=world.member, now=world.now, text="好了")
    acts.verify_follow_up(follow_up_id=ended.pk, actor=world.secretary, now=world.now)
    for which, shown in (("mine", owed), ("open", owed), ("done", done), ("ended", ended)):
        html = read(world.member, f"/councils/follow-ups/?list={which}")
        assert [row.what for row in (owed, done, ended) if url(row) in html] == [shown.what]


def test_the_list_asks_as_often_for_three_as_for_one(world: World, client: Client) -> None:
    client.force_login(world.member)
    counts = []
    for _ in range(3):
        followed(world)
        with CaptureQueriesContext(
            connection,
        ) as queries:
            client.get("/councils/follow-ups/", headers=ZH)
        counts.append(len(queries))
    assert counts[0] == counts[2]


def test_a_follow_up_on_paper_has_no_page(world: World, read: Post) -> None:
    (follow_up,) = followed(world)
    type(follow_up.decision).objects.update(item=None)
    read(world.member, url(follow_up), status=404)


def test_what_is_owed_stands_on_the_home_page_of_the_team(world: World, read: Post) -> None:
    (follow_up,) = followed(world)
    html = read(world.member, "/")
    assert f'href="{url(follow_up)}"' in html
    assert "决议落实" in html
    assert url(follow_up) not in read(world.secretary, "/")
    acts.cancel_follow_up(follow_up_id=follow_up.pk, actor=world.supervisor, now=world.now, reason="另有安排")
    assert url(follow_up) not in read(world.member, "/")


def test_what_is_done_waits_on_the_home_page_of_the_secretary(world: World, read: Post) -> None:
    (follow_up,) = followed(world)
    acts.accept_follow_up(follow_up_id=follow_up.pk, actor=world.member, now=world.now)
    for _again in range(2):  # a second clock after the rework: it still waits once
        acts.finish_follow_up(follow_up_id=follow_up.pk, actor=world.member, now=world.now, text="已拆")
        html = read(world.secretary, "/")
        assert html.count(f'href="{url(follow_up)}"') == 1
        assert "已报完成，待验收" in html
        assert url(follow_up) not in read(world.member, "/")
        acts.send_back_follow_up(follow_up_id=follow_up.pk, actor=world.secretary, now=world.now, reason="渣土未清")
        assert url(follow_up) in read(world.member, "/")
    assert url(follow_up) not in read(world.secretary, "/")


def test_the_history_of_the_case_tells_of_it(world: World, read: Post) -> None:
    (follow_up,) = followed(world)
    html = read(world.member, f"/cases/{follow_up.decision.case.number}/")
    assert "交办落实事项" in html
    assert "决议落实时限 · 拆除花坛" in html


def test_the_secretary_goes_on_to_the_owners_ballot(world: World, read: Post) -> None:
    (follow_up,) = followed(world, task(world, kind="owners_ballot"))
    path = f'href="/councils/decisions/{follow_up.decision_id}/owners-ballot/"'
    assert path in read(world.secretary, url(follow_up))
    assert path not in read(world.member, url(follow_up))


def plan_url(decision: Any) -> str:
    return f"/councils/decisions/{decision.pk}/follow-ups/"


def test_the_plan_names_its_faults_line_by_line_and_keeps_the_rest(world: World, read: Post, post: Post) -> None:
    decision = provisional(world)
    html = read(world.secretary, plan_url(decision))
    assert faults(html) == []
    refused = post(
        world.secretary, plan_url(decision), what_1="拆除花坛", kind_1="task", owner_1=world.team.pk, due_date_1=""
    )
    assert (refused.status_code, list(refused.context["form"].errors)) == (422, ["due_date_1"])
    assert 'value="拆除花坛"' in refused.content.decode()
    past = {"what_1": "拆除花坛", "kind_1": "task", "owner_1": world.team.pk, "due_date_1": "2026-03-01"}
    assert list(post(world.secretary, plan_url(decision), **past).context["form"].errors) == ["due_date_1"]
    assert not FollowUp.objects.exists()
    read(world.supervisor, plan_url(decision), status=403)
    read(world.other_grid_worker, plan_url(decision), status=404)


def test_the_part_on_the_page_of_the_decision_counts_the_same_for_one_and_three(world: World) -> None:
    numbers = []
    for n in (1, 3):
        follow_up = fresh(followed(world, *(task(world, what=f"第{i}件") for i in range(n)))[0])
        with CaptureQueriesContext(connection) as queries:
            shown = follow_ups_of(world.secretary, follow_up.decision, world.now)
        numbers.append(len(queries))
        assert (len(shown.rows), shown.may_plan) == (n, False)
    assert numbers[0] == numbers[1]


def test_a_secretary_who_is_also_of_the_team_does_not_verify_their_own_work(
    world: World, read: Post, post: Post
) -> None:
    RoleAssignment.objects.create(
        user=world.secretary, role=Role.TEAM_MEMBER, team=world.team, valid_from=date(2020, 1, 1)
    )
    (follow_up,) = followed(world)
    person = User.objects.get(pk=world.secretary.pk)
    acts.accept_follow_up(follow_up_id=follow_up.pk, actor=person, now=world.now)
    acts.finish_follow_up(follow_up_id=follow_up.pk, actor=person, now=world.now, text="已拆")
    assert offered(read(person, url(follow_up)), follow_up) == []
    assert post(person, url(follow_up, "verify"), note="").status_code == 403


def test_what_is_late_says_so(world: World, read: Post) -> None:
    (follow_up,) = followed(world)
    with time_machine.travel(world.now + timedelta(days=12), tick=False):
        assert "超期 1 天" in read(world.member, url(follow_up))
