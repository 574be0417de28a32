"""Several at once on real PostgreSQL: versions of a form, heads of a place, one visit. A control must fail."""

from datetime import date
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError

from cases.campaigns import Asked, CampaignPlan, appoint_head, publish_form, save_campaign
from cases.households import Door, record_visit, save_household
from cases.models import AreaHead, CollectionForm, Household, Visit
from tests.factories import NOW, World, make_world
from tests.threads import THREADS, at_once

pytestmark = [pytest.mark.pg, pytest.mark.django_db(transaction=True)]
DAY = NOW.date()


@pytest.fixture
def world(transactional_db: None) -> World:
    return make_world()


def kinds(results: list[Any]) -> set[str]:
    return {type(one).__name__ for one in results}


def test_of_many_forms_at_once_each_is_a_version(world: World) -> None:
    walk = save_campaign(plan=CampaignPlan("walk", "走找想促", DAY), actor=world.admin)

    def publish(n: int) -> CollectionForm:
        return publish_form(campaign=walk, questions=[Asked(f"第{n}问？")], actor=world.admin, now=NOW)

    assert kinds(at_once(publish)) == {"CollectionForm"}
    assert sorted(CollectionForm.objects.values_list("n", flat=True)) == list(range(1, THREADS + 1))

    def unlocked(_n: int) -> CollectionForm:
        n = CollectionForm.objects.filter(campaign=walk).count() + 1
        return CollectionForm.objects.create(campaign=walk, n=n, made_at=NOW)

    assert any(isinstance(one, IntegrityError) for one in at_once(unlocked))


def test_of_many_heads_at_once_one_is_in_office(world: World) -> None:
    def appoint(n: int) -> AreaHead:
        return appoint_head(
            area=world.estate, actor=world.admin, valid_from=date(2026, 1, 1), name=f"甲{n}", now=world.now
        )

    results = at_once(appoint)
    assert sum(isinstance(one, AreaHead) for one in results) == 1
    assert sum(isinstance(one, ValidationError) for one in results) == THREADS - 1
    assert AreaHead.objects.count() == 1


def test_the_same_door_and_the_same_visit_are_kept_once(world: World) -> None:
    def enter(_n: int) -> Household:
        return save_household(area=world.grid, door=Door("501"), actor=world.admin, now=world.now)

    assert kinds(at_once(enter)) == {"Household", "ValidationError"}
    home = Household.objects.get()

    def record(_n: int) -> Visit:
        return record_visit(household=home, actor=world.grid_worker, now=NOW, client_key="draft")

    assert kinds(at_once(record)) <= {"Visit", "IntegrityError"}
    assert Visit.objects.count() == 1
