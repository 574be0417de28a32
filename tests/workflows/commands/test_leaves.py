from datetime import date, timedelta

import pytest
import time_machine
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from cases.models import RoleAssignment, User
from cases.terms import Role
from tests.factories import World, user
from tests.pages.markup import faults
from workflows.commands.leaves import end_leave, register_leave, take_leave
from workflows.leaves import colleagues_of, may_stand_in, overseen_leaves, standing_in, substitutes_on
from workflows.models import Leave

TODAY, DAY = date(2026, 3, 2), timedelta(days=1)


def away(world: World, who: User, substitute: User, *, days: int = 3, first: date = TODAY) -> Leave:
    return take_leave(actor=who, substitute=substitute, first=first, end=first + days * DAY, now=world.now)


def refused(world: World, who: User, substitute: User, *, days: int = 3, first: date = TODAY) -> str:
    with pytest.raises(ValidationError) as caught:
        away(world, who, substitute, days=days, first=first)
    [field] = caught.value.message_dict
    return field


def test_a_leave_holds_from_its_first_day_to_its_last(world: World) -> None:
    away(world, world.member, world.leader, first=TODAY + DAY)
    absent = [world.member.pk in substitutes_on(TODAY + n * DAY) for n in range(5)]
    assert absent == [False, True, True, True, False]


def test_only_who_sees_the_same_cases_may_stand_in(world: World) -> None:
    def names(user: User) -> set[str]:
        return set(may_stand_in(user, TODAY).values_list("username", flat=True))

    assert names(world.member) == {"leader"}
    assert names(world.desk) == {"dispatcher", "survey", "supervisor", "chief"}
    assert names(world.other_grid_worker) == {"chief"}
    assert refused(world, world.member, world.other_member) == "substitute"


def test_what_cannot_be_is_refused_at_its_field(world: World) -> None:
    assert refused(world, world.member, world.leader, first=TODAY - DAY) == "first"
    assert refused(world, world.member, world.leader, days=0) == "last"
    assert refused(world, world.member, world.leader, days=400) == "last"
    away(world, world.member, world.leader)
    assert refused(world, world.member, world.leader, first=TODAY + 2 * DAY) == "first"


def test_a_circle_is_refused_and_a_chain_leads_to_who_is_there(world: World) -> None:
    away(world, world.desk, world.dispatcher)
    assert refused(world, world.dispatcher, world.desk, first=TODAY + DAY) == "substitute"
    away(world, world.dispatcher, world.survey_desk)
    assert refused(world, world.survey_desk, world.desk) == "substitute"
    assert substitutes_on(TODAY)[world.desk.pk].substitute == world.survey_desk
    assert {leave.user for leave in standing_in(world.survey_desk, TODAY)} == {world.desk, world.dispatcher}
    away(world, world.survey_desk, world.desk, first=TODAY + 10 * DAY)  # when both are back


def test_a_circle_that_was_written_anyway_leaves_the_message_where_it_belongs(world: World) -> None:
    for person, substitute in ((world.desk, world.dispatcher), (world.dispatcher, world.desk)):
        Leave.objects.create(
            user=person, substitute=substitute, valid_from=TODAY, valid_to=TODAY + DAY, created_at=world.now
        )
    assert substitutes_on(TODAY) == {}


def test_a_leave_is_ended_early_by_the_person_or_who_answers_for_them(world: World) -> None:
    leave = away(world, world.member, world.leader)
    assert list(overseen_leaves(world.supervisor, world.now)) == [leave]
    assert not overseen_leaves(world.other_grid_worker, world.now).exists()
    with pytest.raises(PermissionDenied):
        end_leave(leave_id=leave.pk, actor=world.leader, now=world.now)
    end_leave(leave_id=leave.pk, actor=world.member, now=world.now)
    assert substitutes_on(TODAY) == {}
    with pytest.raises(ValidationError):
        end_leave(leave_id=leave.pk, actor=world.member, now=world.now)
    end_leave(leave_id=away(world, world.member, world.leader).pk, actor=world.supervisor, now=world.now)
    assert Leave.objects.filter(ended_at=None).count() == 0


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def test_the_pages_register_it_show_it_to_the_supervisor_and_end_it(world: World) -> None:
    with time_machine.travel(world.now, tick=False):
        client = signed_in(world.member)
        typed = {"first": "2026-03-02", "last": "2026-03-04", "substitute": world.leader.pk}
        answer = client.post("/leaves/", typed | {"last": "2026-03-01"})
        assert answer.status_code == 422
        assert list(answer.context["form"].errors) == ["last"]
        assert 'value="2026-03-01"' in answer.content.decode()
        assert client.post("/leaves/", typed).status_code == 302
        assert "2026-03-02 至 2026-03-04" in client.get("/leaves/").content.decode()
        assert "陈队员，到 2026-03-04" in signed_in(world.leader).get("/leaves/").content.decode()
        assert "陈队员" in signed_in(world.supervisor).get("/leaves/").content.decode()
        assert "陈队员" not in signed_in(world.other_grid_worker).get("/leaves/").content.decode()
        leave = Leave.objects.get()
        assert signed_in(world.leader).post(f"/leaves/{leave.pk}/end/").status_code == 403
        assert client.post(f"/leaves/{leave.pk}/end/").status_code == 302
        assert "2026-03-04" not in client.get("/leaves/").content.decode()


def test_the_substitute_finds_what_is_in_the_name_of_the_absent(world: World) -> None:
    def home() -> tuple[str, int]:
        client = signed_in(User.objects.get(pk=world.leader.pk))
        with CaptureQueriesContext(connection) as caught:
            return client.get("/").content.decode(), len(caught)

    with time_machine.travel(world.now, tick=False):
        case = world.case("in_progress")
        assert "代 陈队员" not in home()[0]
        away(world, world.member, world.leader)
        shown, one = home()
        assert "代 陈队员（休假到 2026-03-04）" in shown
        assert f"/cases/{case.number}/" in shown
        for _ in range(2):
            world.case("in_progress")
        assert home()[1] == one


def registered(world: World, actor: User, who: User, substitute: User, *, days: int = 3) -> Leave:
    return register_leave(
        actor=actor, user=who, substitute=substitute, first=TODAY, end=TODAY + days * DAY, now=world.now
    )


def test_a_team_leader_and_an_administrator_register_leave_for_those_of_their_own(world: World) -> None:
    def names(viewer: User) -> set[str]:
        return set(colleagues_of(viewer, TODAY).values_list("username", flat=True))

    assert names(world.leader) == {"member"}
    assert names(world.member) == names(world.supervisor) == names(world.desk) == set()
    assert {"grid", "grid2", "member", "leader", "secretary", "chief"} <= names(world.admin)
    street = user("admin2", "街道管理员", Role.ADMINISTRATOR, area=world.other_street)
    assert names(street) == {"grid2"}
    with pytest.raises(PermissionDenied):
        registered(world, world.leader, world.other_member, world.leader)
    with pytest.raises(PermissionDenied):
        registered(world, world.supervisor, world.member, world.leader)
    leave = registered(world, world.leader, world.member, world.leader)
    assert (leave.user, leave.registered_by, leave.by_another) == (world.member, world.leader, world.leader)
    assert away(world, world.desk, world.dispatcher).by_another is None


def test_who_has_a_role_beyond_the_team_is_not_the_leaders_to_send_on_leave(world: World) -> None:
    RoleAssignment.objects.create(user=world.member, role=Role.DESK, area=world.street, valid_from=date(2020, 1, 1))
    assert not colleagues_of(world.leader, TODAY).exists()
    assert colleagues_of(world.admin, TODAY).filter(pk=world.member.pk).exists()


def test_for_a_colleague_the_same_rules_hold(world: World) -> None:
    with pytest.raises(ValidationError) as caught:
        registered(world, world.admin, world.member, world.other_member)
    assert list(caught.value.message_dict) == ["substitute"]
    registered(world, world.admin, world.member, world.leader)
    with pytest.raises(ValidationError) as caught:
        registered(world, world.leader, world.member, world.leader)
    assert list(caught.value.message_dict) == ["first"]
    with pytest.raises(ValidationError, match="绕回周队长"):
        registered(world, world.admin, world.leader, world.member)


def test_the_colleague_and_who_registered_it_may_end_it(world: World) -> None:
    for actor in (world.member, world.leader):
        leave = registered(world, world.leader, world.member, world.leader)
        end_leave(leave_id=leave.pk, actor=actor, now=world.now)
    leave = registered(world, world.admin, world.member, world.leader)
    with pytest.raises(PermissionDenied):
        end_leave(leave_id=leave.pk, actor=world.leader, now=world.now)
    end_leave(leave_id=leave.pk, actor=world.admin, now=world.now)
    assert [row.news for row in Leave.objects.order_by("pk")] == ["", "ended", "ended"]


def test_the_pages_register_it_for_a_colleague_and_say_who_did(world: World) -> None:
    with time_machine.travel(world.now, tick=False):
        client, page = signed_in(world.leader), f"/leaves/for/{world.member.pk}/"
        assert "陈队员" in client.get("/leaves/").content.decode()
        shown = client.get(page).content.decode()
        assert "替 陈队员 登记休假" in shown
        assert faults(shown) == []
        typed = {"first": "2026-03-02", "last": "2026-03-01", "substitute": world.leader.pk}
        answer = client.post(page, typed)
        assert answer.status_code == 422
        assert 'value="2026-03-01"' in answer.content.decode()
        assert client.post(page, typed | {"last": "2026-03-04"}).status_code == 302
        for viewer in (world.member, world.leader, world.supervisor):
            shown = signed_in(viewer).get("/leaves/").content.decode()
            assert "周队长 代为登记" in shown
            assert "2026-03-02 至 2026-03-04" in shown
            assert faults(shown) == []
        for who, asked in ((world.supervisor, world.member.pk), (world.leader, world.other_member.pk)):
            assert signed_in(who).get(f"/leaves/for/{asked}/").status_code == 404
        assert "替同事登记" not in signed_in(world.member).get("/leaves/").content.decode()


def test_many_colleagues_are_searched_by_name_and_never_listed_whole(world: World) -> None:
    for n in range(25):
        user(f"m{n}", f"队员{n:02}", Role.TEAM_MEMBER, team=world.team)
    with time_machine.travel(world.now, tick=False):
        client = signed_in(world.leader)
        assert "/leaves/for/" not in client.get("/leaves/").content.decode()
        shown = client.get("/leaves/", {"colleague": "队员07"}).content.decode()
        assert shown.count("/leaves/for/") == 1
        assert ">队员07</a>" in shown
        assert "没有找到" in client.get("/leaves/", {"colleague": "孙网格"}).content.decode()
