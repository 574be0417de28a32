"""Looks at every history: slice by slice they find what one look finds, and survive whatever stops them."""

from datetime import timedelta

import pytest
from django.db import connection

from cases import verifying
from cases.audit_terms import CheckKind
from cases.models import HistoryCheck, Seal
from cases.verifying import ask_for_check, go_on, look
from tests.factories import World
from tests.threads import at_once
from workflows.tasks import check_histories

pytestmark = pytest.mark.django_db
SECOND = timedelta(seconds=1)


@pytest.fixture(autouse=True)
def _small(monkeypatch: pytest.MonkeyPatch, settings: object, tmp_path: object) -> None:
    monkeypatch.setattr(verifying.look_at_slice, "__defaults__", (None, 2))
    monkeypatch.setattr(verifying, "SLICE_AGAINST", 2)
    settings.MEDIA_ROOT = tmp_path  # type: ignore[attr-defined]


def break_one(pk: int) -> None:
    with connection.cursor() as cursor:
        cursor.execute("UPDATE cases_caseevent SET data = %s WHERE case_id = %s AND seq = 1", ["{}", pk])


def ended(check: HistoryCheck, world: World) -> HistoryCheck:
    """After as many slices as it takes."""
    turns = 0
    while go_on(now=world.now + turns * SECOND):
        turns += 1
        assert turns < 20
    check.refresh_from_db()
    return check


def test_slices_find_what_one_look_finds(world: World) -> None:
    cases = [world.case("in_progress") for _ in range(5)]
    for case in (cases[1], cases[4]):
        break_one(case.pk)
    check = ask_for_check(kind=CheckKind.VERIFY, actor=world.auditor, now=world.now)
    assert go_on(now=world.now)
    check.refresh_from_db()
    assert (check.total, check.cases, check.percent, check.ended_at) == (5, 2, 40, None)
    check, once = ended(check, world), look()
    assert (check.cases, check.events, check.faults) == (once.cases, once.events, 2)
    assert [b["number"] for b in check.broken] == [b.number for b in once.broken] == [cases[1].number, cases[4].number]
    assert check.ended_at is not None
    assert check.ended_at > world.now
    assert check.percent == 100


def test_a_second_wish_joins_the_first_and_a_later_one_is_new(world: World) -> None:
    first = ask_for_check(kind=CheckKind.VERIFY, actor=world.auditor, now=world.now)
    assert ask_for_check(kind=CheckKind.VERIFY, actor=world.admin, now=world.now) == first
    assert ask_for_check(kind=CheckKind.SEAL, actor=world.admin, now=world.now) != first
    ended(first, world)
    assert ask_for_check(kind=CheckKind.VERIFY, actor=world.admin, now=world.now) != first


def test_a_seal_is_made_at_the_end_and_only_when_everything_holds(world: World) -> None:
    case = world.case("in_progress")
    good = ended(ask_for_check(kind=CheckKind.SEAL, actor=world.auditor, now=world.now), world)
    assert good.seal is not None
    assert (good.seal.made_by, good.seal.cases) == (world.auditor, 1)
    break_one(case.pk)
    bad = ended(ask_for_check(kind=CheckKind.SEAL, actor=world.auditor, now=world.now), world)
    assert (bad.faults, bad.seal, Seal.objects.count()) == (1, None, 1)


def test_compared_with_a_seal_in_slices_too(world: World) -> None:
    cases = [world.case("in_progress") for _ in range(5)]
    made = ended(ask_for_check(kind=CheckKind.SEAL, actor=world.auditor, now=world.now), world).seal
    assert made is not None
    world.case("closed")
    held = ended(ask_for_check(kind=CheckKind.AGAINST, actor=world.auditor, now=world.now, seal=made), world)
    assert (held.faults, held.cases) == (0, 6)
    with connection.cursor() as cursor:
        cursor.execute("UPDATE cases_case SET number = 'X' WHERE id = %s", [cases[3].pk])
    broken = ended(ask_for_check(kind=CheckKind.AGAINST, actor=world.auditor, now=world.now, seal=made), world)
    assert "it was sealed and is not there any more" in [b["reason"] for b in broken.broken]
    made.heads.delete()
    gone = ended(ask_for_check(kind=CheckKind.AGAINST, actor=world.auditor, now=world.now, seal=made), world)
    assert (gone.faults, gone.cases) == (1, 0)


def test_the_worker_takes_it_to_its_end(world: World) -> None:
    world.case("in_progress")
    check = ask_for_check(kind=CheckKind.VERIFY, actor=world.auditor, now=world.now)
    assert check_histories() == 1
    check.refresh_from_db()
    assert check.ended_at is not None
    assert check_histories() == 0


def test_only_the_first_breaks_are_kept_word_for_word(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(verifying, "KEPT", 1)
    for _ in range(3):
        break_one(world.case("reported").pk)
    check = ended(ask_for_check(kind=CheckKind.VERIFY, actor=world.auditor, now=world.now), world)
    assert (check.faults, len(check.broken)) == (3, 1)


@pytest.mark.pg
@pytest.mark.django_db(transaction=True)
def test_two_workers_never_share_a_slice(world: World) -> None:
    for _ in range(9):
        world.case("reported")
    check = ask_for_check(kind=CheckKind.VERIFY, actor=world.auditor, now=world.now)
    while True:
        if not any(at_once(lambda _n: go_on(now=world.now), 4)):
            break
    check.refresh_from_db()
    assert (check.cases, check.faults) == (9, 0)
