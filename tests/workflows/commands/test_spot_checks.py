"""A sample of verified cases is looked at again: the lot, who may look, what becomes of the case and of the clock."""

from datetime import timedelta

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.test import override_settings
from django_fsm import TransitionNotAllowed

from cases import events
from cases.models import Answer, Case, Category, SpotCheck, User
from cases.terms import ClockKind, EventType, Role
from tests.factories import World, user
from workflows import permissions as may
from workflows.clock_audit import audit
from workflows.commands import adjust, review, spot_checks, surveys
from workflows.spot_checks import is_drawn

DAY = timedelta(days=1)


@pytest.fixture
def drawn(world: World) -> Case:
    """A verified case of a category of which every one is looked at again."""
    Category.objects.update(recheck_percent=100)
    world.category.refresh_from_db()
    return world.case("answered", resident=True)


def holds(world: World, *, days: int = 1) -> bool:
    return audit(now=world.now + days * DAY).faults == [] and events.verify_all().broken == []


def look(world: World, case: Case, *, passed: bool, actor: User | None = None, finding: str = "看过了") -> object:
    command = spot_checks.pass_spot_check if passed else spot_checks.fail_spot_check
    return command(case_id=case.pk, actor=actor or world.supervisor, now=world.now + DAY, finding=finding)


@pytest.mark.parametrize("percent", [0, 1, 10, 50, 100])
def test_the_lot_falls_on_the_share_that_was_set(percent: int) -> None:
    hits = sum(is_drawn(f"2026-{n:06}", 1, percent) for n in range(20_000))
    assert abs(hits / 20_000 - percent / 100) < 0.012


def test_the_lot_is_the_same_again_and_another_with_another_key_or_round() -> None:
    first = [is_drawn(f"2026-{n:06}", 1, 30) for n in range(300)]
    assert first == [is_drawn(f"2026-{n:06}", 1, 30) for n in range(300)]
    assert first != [is_drawn(f"2026-{n:06}", 2, 30) for n in range(300)]
    with override_settings(SECRET_KEY="another key, as long as it must be to be one"):
        assert first != [is_drawn(f"2026-{n:06}", 1, 30) for n in range(300)]


def test_where_nothing_is_drawn_there_is_no_check_and_no_clock(world: World) -> None:
    case = world.case("answered")
    assert not SpotCheck.objects.exists()
    assert not case.clocks.filter(kind=ClockKind.SPOT_CHECK).exists()
    with pytest.raises(ValidationError, match="没有待抽查"):
        look(world, case, passed=True)


def test_a_drawn_case_has_its_clock_and_says_so(world: World, drawn: Case) -> None:
    check = SpotCheck.objects.get()
    assert (check.case_id, check.round, check.percent, check.state) == (drawn.pk, 1, 100, "drawn")
    assert drawn.events.get(type=EventType.SPOT_CHECK_DRAWN).data == {"spot_check": check.pk, "percent": 100}
    assert check.clock.stopped_at is None
    assert holds(world)


def test_what_passes_stays_as_it_is(world: World, drawn: Case) -> None:
    look(world, drawn, passed=True)
    check = SpotCheck.objects.get()
    assert (check.state, check.finding, check.checked_by) == ("passed", "看过了", world.supervisor)
    assert Case.objects.get(pk=drawn.pk).state == "answered"
    assert check.clock.stopped_at == world.now + DAY
    assert holds(world)
    with pytest.raises(ValidationError, match="没有待抽查"):
        look(world, drawn, passed=False)


@pytest.mark.parametrize("state", ["answered", "closed"])
def test_what_fails_goes_into_a_new_round_and_the_reporter_is_told(world: World, drawn: Case, state: str) -> None:
    if state == "closed":
        surveys.close_unanswered(case_id=drawn.pk, now=world.now + DAY)
    look(world, drawn, passed=False, finding="灯还是不亮")
    case = Case.objects.get(pk=drawn.pk)
    assert (case.state, case.round, case.result_code, case.closed_at) == ("in_progress", 2, "", None)
    assert SpotCheck.objects.get().state == "failed"
    assert "重新办理" in Answer.objects.get(kind="failed_spot_check").text
    assert case.events.get(type=EventType.FAILED_SPOT_CHECK).data["finding"] == "灯还是不亮"
    assert holds(world)


def test_nobody_checks_what_they_had_a_hand_in(world: World, drawn: Case) -> None:
    hands = user("hands", "多面手", Role.SUPERVISOR, area=world.street)
    for kind in (EventType.SIGNED, EventType.SUBMITTED, EventType.VERIFIED):
        case = world.case("answered")
        case.events.filter(type=kind).update(actor=hands)
        with pytest.raises(PermissionDenied):
            look(world, case, passed=True, actor=hands)
    for person in (world.grid_worker, world.desk, world.member, world.chief, world.auditor):
        with pytest.raises(PermissionDenied):
            look(world, drawn, passed=False, actor=person)
    look(world, drawn, passed=True, actor=hands)


def test_a_finding_is_needed(world: World, drawn: Case) -> None:
    for passed in (True, False):
        with pytest.raises(ValidationError, match="请写明看到的情况"):
            look(world, drawn, passed=passed, finding=" ")
    assert SpotCheck.objects.get().state == "drawn"


def test_a_case_that_is_being_decided_on_cannot_fail_and_a_reopened_one_drops_its_check(
    world: World, drawn: Case
) -> None:
    surveys.request_reopen(case_id=drawn.pk, actor=may.RESIDENT, now=world.now + DAY, words="又不亮了")
    with pytest.raises(TransitionNotAllowed):
        look(world, drawn, passed=False)
    review.reopen_case(case_id=drawn.pk, actor=world.supervisor, now=world.now + DAY, reason="属实")
    assert SpotCheck.objects.get().state == "dropped"
    assert drawn.events.filter(type=EventType.SPOT_CHECK_DROPPED).count() == 1
    assert holds(world)


def test_a_void_case_drops_its_check(world: World, drawn: Case) -> None:
    adjust.void_case(request=world.agreed(drawn, "void"), actor=world.supervisor, now=world.now + DAY)  # type: ignore[arg-type]
    assert SpotCheck.objects.get().state == "dropped"
    assert holds(world)
