import threading
from collections import Counter
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import IntegrityError, connection, transaction

from cases.events import verify_all
from cases.models import Case, RoleAssignment, User
from cases.terms import ClockKind, EventType, OrderState, Role
from tests.factories import SHANGHAI, World, make_world, user
from tests.threads import at_once
from workflows.commands import handling, intake, orders, review, surveys
from workflows.commands.sweep import sweep
from workflows.inboxes import errands
from workflows.models import Clock, OrderSerial, SupervisionOrder

WEEK = timedelta(days=7)


def issued(world: World, case: Case | None = None, **given: Any) -> SupervisionOrder:
    case = case or world.case("in_progress")
    words = {"actor": world.supervisor, "now": world.now, "demand": "请于期限内换灯", "due_at": world.now + WEEK}
    if case.team_id:
        words["team"] = world.team
    return orders.issue_order(case_id=case.pk, **(words | given))


def replied(world: World, order: SupervisionOrder | None = None, **given: Any) -> SupervisionOrder:
    order = order or issued(world)
    words = {"actor": world.member, "now": world.now + timedelta(days=1), "reply": "已换灯泡"}
    return orders.reply_to_order(order_id=order.pk, **(words | given))


def data_of(order: SupervisionOrder, event_type: EventType) -> dict[str, Any]:
    return order.case.events.get(type=event_type).data  # type: ignore[no-any-return]


def fresh(order: SupervisionOrder) -> SupervisionOrder:
    return SupervisionOrder.objects.get(pk=order.pk)


def test_an_order_has_a_number_a_clock_and_a_line_in_the_history(world: World) -> None:
    order = issued(world)
    assert (order.number, order.state, order.unit) == ("〔2026〕1号", OrderState.ISSUED, "平山小区工作队")
    clock = order.clocks.get()
    assert (clock.kind, clock.due_at, clock.stopped_at) == (ClockKind.ORDER, world.now + WEEK, None)
    assert data_of(order, EventType.ORDER_ISSUED) == {
        "order": order.pk,
        "number": "〔2026〕1号",
        "demand": "请于期限内换灯",
        "due_at": (world.now + WEEK).isoformat(),
        "team": world.team.pk,
    }
    assert verify_all().broken == []


def test_numbers_are_counted_by_the_year_of_the_office(world: World) -> None:
    eve = datetime(2026, 12, 31, 15, 59, tzinfo=UTC)  # a minute to midnight here
    first, second, third = (
        issued(world, now=moment, due_at=moment + WEEK) for moment in (world.now, eve, eve + timedelta(minutes=1))
    )
    assert [order.number for order in (first, second, third)] == ["〔2026〕1号", "〔2026〕2号", "〔2027〕1号"]


def test_a_refused_order_takes_no_number(world: World) -> None:
    with pytest.raises(ValidationError):
        issued(world, demand=" ")
    with pytest.raises(PermissionDenied):
        issued(world, actor=world.member)
    assert issued(world).serial == 1


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"demand": "  "}, "demand"),
        ({"due_at": datetime(2026, 3, 2, 9, tzinfo=SHANGHAI)}, "due_at"),
        ({"due_at": datetime(2027, 3, 2, 9, 1, tzinfo=SHANGHAI)}, "due_at"),
    ],
)
def test_what_an_order_lacks_is_said_at_its_field(world: World, given: dict[str, Any], field: str) -> None:
    with pytest.raises(ValidationError) as refused:
        issued(world, **given)
    assert list(refused.value.message_dict) == [field]


def test_an_order_goes_to_a_team_of_its_case_only(world: World) -> None:
    with pytest.raises(ValidationError) as refused:
        issued(world, team=world.other_team)
    assert list(refused.value.message_dict) == ["team"]
    case = world.case("in_progress")
    case.co_teams.add(world.other_team)
    assert issued(world, case, team=world.other_team).unit == "城管工作组"


def test_an_ended_case_is_not_ordered_about_and_an_open_one_once_at_a_time(world: World) -> None:
    with pytest.raises(ValidationError, match="已办结"):
        issued(world, world.case("closed"))
    case = world.case("in_progress")
    order = issued(world, case)
    with pytest.raises(ValidationError, match="未销号"):
        issued(world, case)
    orders.withdraw_order(order_id=order.pk, actor=world.supervisor, now=world.now, reason="写错了")
    assert issued(world, case).serial == 2


@pytest.mark.parametrize("person", ["member", "leader", "desk", "dispatcher", "auditor", "admin", "grid_worker"])
def test_only_those_who_supervise_the_area_issue_and_withdraw(world: World, person: str) -> None:
    actor = getattr(world, person)
    with pytest.raises(PermissionDenied):
        issued(world, actor=actor)
    order = issued(world, actor=world.chief)
    with pytest.raises(PermissionDenied):
        orders.withdraw_order(order_id=order.pk, actor=actor, now=world.now, reason="不想回")
    elsewhere = user("s2", "外督办", Role.SUPERVISOR, area=world.other_street)
    with pytest.raises(PermissionDenied):
        orders.withdraw_order(order_id=order.pk, actor=elsewhere, now=world.now, reason="不归我")
    assert fresh(order).state == OrderState.ISSUED


def test_a_reply_stops_the_clock_and_a_late_one_is_known_as_late(world: World) -> None:
    in_time = replied(world)
    clock = in_time.clocks.get()
    assert (in_time.state, in_time.replied_by, clock.stopped_at) == (
        OrderState.REPLIED, world.member, world.now + timedelta(days=1),
    )  # fmt: skip
    assert clock.is_met is True
    assert data_of(in_time, EventType.ORDER_REPLIED)["reply"] == "已换灯泡"
    late = replied(world, now=world.now + timedelta(days=9))
    assert late.clocks.get().is_met is False


@pytest.mark.parametrize("person", ["other_member", "desk", "supervisor", "chief", "grid_worker"])
def test_nobody_but_the_team_it_is_addressed_to_replies(world: World, person: str) -> None:
    order = issued(world)
    with pytest.raises(PermissionDenied):
        replied(world, order, actor=getattr(world, person))
    assert fresh(order).state == OrderState.ISSUED
    assert replied(world, order, actor=world.leader).replied_by == world.leader


def test_an_order_to_a_desk_goes_along_with_its_case(world: World) -> None:
    case = world.case("accepted")
    order = issued(world, case)
    assert (order.team, order.unit) == (None, "派遣员")
    with pytest.raises(PermissionDenied):
        replied(world, order, actor=world.desk)
    handling.dispatch_case(case_id=case.pk, actor=world.dispatcher, now=world.now, team=world.team)
    with pytest.raises(PermissionDenied):
        replied(world, order, actor=world.dispatcher)
    assert replied(world, order).replied_by == world.member


@pytest.mark.parametrize(
    ("state", "person", "stranger"),
    [("reported", "desk", "dispatcher"), ("deliberating", "secretary", "desk"), ("submitted", "grid_worker", "desk")],
)
def test_whoever_holds_the_case_replies_to_an_order_without_a_team(
    world: World, state: str, person: str, stranger: str
) -> None:
    order = issued(world, world.case(state), team=None)
    with pytest.raises(PermissionDenied):
        replied(world, order, actor=getattr(world, stranger))
    assert replied(world, order, actor=getattr(world, person)).state == OrderState.REPLIED


def test_an_order_outlives_its_case_and_is_still_answered(world: World) -> None:
    case = world.case("submitted")
    order, at_desk = issued(world, case, team=None), issued(world, world.case("reported"))
    later = world.now + timedelta(days=1)
    review.verify_case(case_id=case.pk, actor=world.grid_worker, now=later, finding="亮了")
    surveys.close_unanswered(case_id=case.pk, now=later)
    assert order.clocks.get().stopped_at is None
    with pytest.raises(PermissionDenied):
        replied(world, order, actor=world.grid_worker, now=later)
    assert replied(world, order, now=later).state == OrderState.REPLIED
    intake.reject_case(case_id=at_desk.case_id, actor=world.desk, now=later, reason="not_ours", text="不属于本辖区。")
    assert replied(world, at_desk, actor=world.desk, now=later).state == OrderState.REPLIED


def test_an_order_is_ended_by_somebody_who_did_not_write_its_reply(world: World) -> None:
    RoleAssignment.objects.create(
        user=world.supervisor, role=Role.TEAM_LEADER, team=world.team, valid_from=date(2020, 1, 1)
    )
    order = replied(world, actor=User.objects.get(pk=world.supervisor.pk))
    for act in (
        lambda: orders.accept_reply(order_id=order.pk, actor=world.supervisor, now=world.now),
        lambda: orders.return_reply(
            order_id=order.pk, actor=world.supervisor, now=world.now, reason="再报", due_at=world.now + WEEK
        ),
        lambda: orders.accept_reply(order_id=order.pk, actor=world.member, now=world.now),
    ):
        with pytest.raises(PermissionDenied):
            act()
    done = orders.accept_reply(order_id=order.pk, actor=world.chief, now=world.now + WEEK, note=" 已看现场 ")
    assert (done.state, done.ended_by, done.ended_at, done.note) == (
        OrderState.ACCEPTED, world.chief, world.now + WEEK, "已看现场",
    )  # fmt: skip
    assert data_of(done, EventType.ORDER_ACCEPTED)["note"] == "已看现场"


def test_a_returned_reply_is_asked_for_again_on_a_new_clock_and_stays_in_the_history(world: World) -> None:
    order, at = replied(world), world.now + timedelta(days=2)
    again = orders.return_reply(order_id=order.pk, actor=world.supervisor, now=at, reason="没有照片", due_at=at + WEEK)
    assert (again.state, again.reply, again.replied_by, again.replied_at) == (OrderState.ISSUED, "", None, None)
    first, second = Clock.objects.filter(order=order).order_by("pk")
    assert first.stopped_at == world.now + timedelta(days=1)
    assert (second.generation, second.due_at, second.stopped_at) == (first.generation + 1, at + WEEK, None)
    assert data_of(order, EventType.ORDER_REPLIED)["reply"] == "已换灯泡"
    assert data_of(order, EventType.ORDER_RETURNED)["reason"] == "没有照片"
    replied(world, order, now=at + timedelta(days=1), reply="已补照片")
    assert orders.accept_reply(order_id=order.pk, actor=world.supervisor, now=at + WEEK).number == order.number


def test_a_withdrawn_order_owes_nothing_and_keeps_its_number(world: World) -> None:
    order = issued(world)
    with pytest.raises(ValidationError):
        orders.withdraw_order(order_id=order.pk, actor=world.supervisor, now=world.now, reason=" ")
    orders.withdraw_order(order_id=order.pk, actor=world.supervisor, now=world.now, reason="写错了")
    assert order.clocks.get().stopped_at == world.now
    sweep(now=world.now + timedelta(days=60))
    assert not order.case.events.filter(type=EventType.CLOCK_OVERDUE, data__order=order.pk).exists()
    assert issued(world).serial == 2


def act(world: World, name: str, order: SupervisionOrder) -> Any:
    due = world.now + WEEK
    return {
        "reply": lambda: replied(world, order),
        "accept": lambda: orders.accept_reply(order_id=order.pk, actor=world.chief, now=world.now),
        "return": lambda: orders.return_reply(
            order_id=order.pk, actor=world.chief, now=world.now, reason="再报", due_at=due
        ),
        "withdraw": lambda: orders.withdraw_order(order_id=order.pk, actor=world.chief, now=world.now, reason="不用了"),
    }[name]()


@pytest.mark.parametrize(
    ("done", "refused"),
    [
        ((), ("accept", "return")),
        (("reply",), ("reply",)),
        (("reply", "accept"), ("reply", "accept", "return", "withdraw")),
        (("withdraw",), ("reply", "accept", "return", "withdraw")),
        (("reply", "return"), ("accept", "return")),
    ],
)
def test_each_state_refuses_what_does_not_follow_it(
    world: World, done: tuple[str, ...], refused: tuple[str, ...]
) -> None:
    order = issued(world)
    for name in done:
        act(world, name, order)
    was = fresh(order)
    events = order.case.events.count()
    for name in refused:
        with pytest.raises(ValidationError, match=order.number):
            act(world, name, order)
    assert (fresh(order).state, order.case.events.count()) == (was.state, events)


def test_an_order_waits_among_the_errands_of_those_it_is_for(world: World) -> None:
    def waiting(viewer: User) -> list[tuple[str, str]]:
        found = errands(User.objects.get(pk=viewer.pk), now=world.now)
        return [(errand.kind, errand.light.words if errand.light else "") for errand in found]

    order = issued(world)
    assert waiting(world.member) == waiting(world.leader) == [("督办〔2026〕1号", "剩余 5 个工作日")]
    assert waiting(world.supervisor) == waiting(world.other_member) == waiting(world.desk) == []
    replied(world, order)
    assert waiting(world.supervisor) == [("督办〔2026〕1号", "已回复，待销号")]
    assert waiting(world.member) == waiting(world.chief) == []
    orders.accept_reply(order_id=order.pk, actor=world.supervisor, now=world.now)
    assert waiting(world.supervisor) == []


def test_an_order_to_a_desk_waits_where_its_case_is(world: World) -> None:
    order = issued(world, world.case("reported"), actor=world.chief)
    count = lambda viewer: len(errands(viewer, now=world.now))  # noqa: E731
    assert (count(world.desk), count(world.dispatcher), count(world.member)) == (1, 0, 0)
    replied(world, order, actor=world.desk)
    assert (count(world.desk), count(world.supervisor), count(world.chief)) == (0, 1, 1)


def raced(work: Callable[[int], Any], n: int) -> Counter[type]:
    return Counter(type(result) for result in at_once(work, n))


@pytest.mark.pg
@pytest.mark.django_db(transaction=True)
def test_twenty_orders_at_once_get_twenty_numbers_without_a_gap(transactional_db: None) -> None:
    world = make_world()
    cases = [world.case("in_progress") for _ in range(20)]
    results = raced(lambda i: issued(world, cases[i]), 20)
    assert results == {SupervisionOrder: 20}
    assert sorted(SupervisionOrder.objects.values_list("serial", flat=True)) == list(range(1, 21))
    assert OrderSerial.objects.get().last == 20
    assert verify_all().broken == []


@pytest.mark.pg
@pytest.mark.django_db(transaction=True)
def test_of_two_orders_at_once_about_one_case_one_is_issued(transactional_db: None) -> None:
    world = make_world()
    case = world.case("in_progress")
    assert raced(lambda _: issued(world, case), 2) == {SupervisionOrder: 1, ValidationError: 1}
    assert OrderSerial.objects.get().last == 1
    assert Clock.objects.filter(kind=ClockKind.ORDER).count() == 1


@pytest.mark.pg
@pytest.mark.django_db(transaction=True)
def test_a_reply_and_a_withdrawal_at_once_end_withdrawn(transactional_db: None) -> None:
    world = make_world()
    for _ in range(5):
        order = issued(world)
        at_once(lambda i, order=order: replied(world, order) if i else act(world, "withdraw", order), 2)
        assert fresh(order).state == OrderState.WITHDRAWN
        assert order.clocks.filter(stopped_at=None).count() == 0
    assert verify_all().broken == []


@pytest.mark.pg
@pytest.mark.django_db(transaction=True)
def test_control_the_highest_number_and_one_more_is_given_twice(transactional_db: None) -> None:
    world = make_world()
    cases = [world.case("in_progress") for _ in range(8)]
    read = threading.Barrier(8)

    def naive(i: int) -> None:
        with transaction.atomic():
            last = SupervisionOrder.objects.order_by("-serial").values_list("serial", flat=True).first() or 0
            read.wait(10)
            SupervisionOrder.objects.create(
                case=cases[i], year=2026, serial=last + 1, unit="x", demand="x", issued_by=world.supervisor,
                issued_at=world.now,
            )  # fmt: skip

    assert raced(naive, 8) == {type(None): 1, IntegrityError: 7}
    assert connection.vendor == "postgresql"
