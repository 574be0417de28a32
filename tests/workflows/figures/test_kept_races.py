"""Folding beside moves on PostgreSQL: what is kept is right afterwards, and each reading is of one moment."""

import threading
from datetime import timedelta

import pytest
from django.db import transaction

from cases.models import Case
from cases.terms import Priority
from tests.factories import World, make_world
from tests.threads import at_once
from workflows.commands import handling, intake
from workflows.figures.reading import Question
from workflows.keeping import fold as folding
from workflows.keeping.checking import check
from workflows.keeping.fold import fold, fold_all
from workflows.keeping.reading import reading
from workflows.keeping.shares import share_kept
from workflows.models import KeptLife, KeptSum

pytestmark = [pytest.mark.pg, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def world(transactional_db: None) -> World:
    return make_world()


def work(world: World, cases: list[Case], ask: list[int]) -> list[object]:
    """Two people move the cases, two fold, two read all the time."""

    def one(i: int) -> None:
        now = world.now + timedelta(hours=1)
        if i == 0:
            for case in cases:
                intake.accept_case(
                    case_id=case.pk, actor=world.desk, now=now, category=world.category, priority=Priority.NORMAL
                )
                handling.dispatch_case(case_id=case.pk, actor=world.dispatcher, now=now, team=world.team)
        elif i == 1:
            for _ in range(len(cases)):
                world.report(now=now)
        elif i in (2, 3):
            for _ in range(3 * len(cases)):
                fold(batch=3)
        else:
            for _ in range(2 * len(cases)):
                with reading(Question()) as found:
                    total, parts = found.total(), found.by("team")
                    ask.append(total["cases"])
                    assert sum(counts["cases"] for counts in parts.values()) == total["cases"]
                    assert sum(flow[0] for flow in found.flows().values()) == total["cases"]

    return at_once(one, 6)


def test_folds_beside_moves_lose_nothing_and_readers_see_whole_moments(world: World) -> None:
    cases, seen = [world.report() for _ in range(8)], list[int]()
    results = work(world, cases, seen)  # type: ignore[arg-type]
    assert [result for result in results if result is not None] == []
    assert set(seen) <= set(range(8, 17))
    fold_all()
    found = check()
    assert found.holds, found
    assert (found.cases, found.pending) == (16, 0)
    assert KeptSum.objects.get(path=world.district.path, facet="").cases == 16


def test_control_folders_that_lock_nothing_count_twice(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    for _ in range(6):
        world.report()
    monkeypatch.setattr(folding, "_is_alone", lambda **_: True)
    monkeypatch.setattr(folding, "_claimed", lambda batch: list(Case.objects.not_kept().order_by("pk")[:batch]))
    kept = folding._keep
    both = threading.Barrier(2)

    def slow(cases: list[Case]) -> None:
        both.wait(10)
        kept(cases)

    monkeypatch.setattr(folding, "_keep", slow)
    at_once(lambda _: fold(), 2)
    assert not check().holds


def test_a_fold_that_is_killed_between_leaves_everything_as_it_was(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.case("closed")
    fold_all()
    world.report()
    before = [share_kept(row) for row in KeptLife.objects.all()], list(KeptSum.objects.values())

    def killed(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(folding, "update_many", killed)  # after the sums have moved, before the case knows
    with pytest.raises(KeyboardInterrupt):
        fold()
    monkeypatch.undo()
    assert ([share_kept(row) for row in KeptLife.objects.all()], list(KeptSum.objects.values())) == before
    assert fold_all() == 1
    assert check().holds


def test_a_fold_passes_by_a_case_that_is_being_moved_and_readers_count_it_as_it_was(world: World) -> None:
    held, _free = world.report(), world.report()

    def fold_and_read(_: int) -> tuple[int, int]:
        folded = fold()
        with reading(Question()) as found:
            return folded, found.total()["cases"]

    with transaction.atomic():
        Case.objects.select_for_update().get(pk=held.pk)
        assert at_once(fold_and_read, 1) == [(1, 2)]
    assert fold_all() == 1
