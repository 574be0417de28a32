"""P13: a small ledger is measured as a large one is, and an import that writes something else is seen."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from cases.models import Case
from workflows.benchmark import ledgers
from workflows.benchmark.ledgers import measure_import
from workflows.benchmark.world import World, make_world
from workflows.commands import adopting

pytestmark = [pytest.mark.pg, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def small(transactional_db: None, monkeypatch: pytest.MonkeyPatch) -> World:
    monkeypatch.setattr(ledgers, "BATCH", 50)
    monkeypatch.setattr(ledgers, "TWINS", 20)
    return make_world(timezone.now(), 100)


def test_imports_of_two_sizes_are_measured_and_leave_nothing_behind(small: World) -> None:
    before = Case.objects.count()
    many, few, growth = measure_import(small, rounds=1)
    assert (many.name, few.name) == ("P13 rows imported a second ÷ COPY, 200 rows", "P13 · with 50 rows")
    assert many.equal
    assert (many.floor, many.goal, many.smaller_is_better) == (0.1, 0.5, False)
    assert many.ratio == pytest.approx(many.value / many.anchor)  # type: ignore[operator]
    assert growth.smaller_is_better
    assert Case.objects.count() == before


def test_an_import_that_writes_something_else_than_the_commands_is_seen(
    small: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    right = adopting.sla.used

    def longer(*given: Any) -> timedelta:
        return right(*given) + timedelta(seconds=1)

    monkeypatch.setattr(adopting, "sla", _Other(adopting.sla, used=longer))
    assert not measure_import(small, rounds=1)[0].equal


class _Other:
    """A module with another function in it, for one of its users only."""

    def __init__(self, module: Any, **changed: Any) -> None:
        self.__dict__ = vars(module) | changed
