"""Campaigns: chosen when a case is reported, while they run and no longer."""

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from cases.models import Campaign, Case
from tests.factories import World


@pytest.fixture
def walk(db: None) -> Campaign:
    return Campaign.objects.create(code="walk", name="走找想促", starts_on=timezone.localdate())


def send(client: Client, world: World, **more: object) -> int:
    typed = {"description": "路灯不亮。", "area": world.grid.pk, "priority": "normal"}
    return client.post("/report/", typed | more).status_code


def test_a_report_belongs_to_the_campaign_that_was_chosen(world: World, client: Client, walk: Campaign) -> None:
    client.force_login(world.grid_worker)
    assert "走找想促" in client.get("/report/").content.decode()
    assert send(client, world, campaign=walk.pk) == 302
    case = Case.objects.get()
    assert (case.campaign, case.events.get(seq=1).data["campaign"]) == (walk, "walk")
    assert send(client, world) == 302
    assert Case.objects.filter(campaign=None).count() == 1


def test_what_is_over_is_neither_shown_nor_taken(world: World, client: Client, walk: Campaign) -> None:
    Campaign.objects.update(starts_on=walk.starts_on - timedelta(days=9), ends_on=walk.starts_on - timedelta(days=1))
    client.force_login(world.grid_worker)
    assert walk.name not in client.get("/report/").content.decode()
    Campaign.objects.create(code="other", name="下网格", starts_on=walk.starts_on)
    assert send(client, world, campaign=walk.pk) == 422
    assert not Case.objects.exists()
