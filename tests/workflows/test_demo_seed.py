"""The same seed and the same moment give the same district; another seed gives another."""

from datetime import datetime

import pytest
import time_machine
from django.db import transaction

from cases.models import AgendaItem, Case, CaseEvent
from tests.factories import SHANGHAI
from workflows import limits
from workflows.demo import build_district

pytestmark = [pytest.mark.django_db, pytest.mark.data]
NOW = datetime(2026, 4, 15, 10, 20, tzinfo=SHANGHAI)


def fingerprint(seed: int) -> int:
    """What is in a district of that seed: the cases in their order, every event with its moment, every agenda."""
    limits.built.cache_clear()
    limits._version_limits.cache_clear()
    with transaction.atomic():
        build_district(NOW, scale=0.001, seed=seed)
        cases = list(Case.objects.order_by("pk").values_list("title", "area__full_name", "state", "due_at"))
        said = list(CaseEvent.objects.order_by("pk").values_list("type", "at", "actor__username", "state", "seq"))
        items = list(AgendaItem.objects.order_by("pk").values_list("topic__title", "state", "outcome", "decided_at"))
        first = Case.objects.order_by("pk").values_list("number", "pk")[0]
        found = hash((tuple(cases), tuple(said), tuple(items)))
        transaction.set_rollback(True)
    assert first[0].startswith("2025")
    return found


def test_a_district_can_be_built_again() -> None:
    with time_machine.travel(NOW, tick=False):
        assert fingerprint(7) == fingerprint(7) != fingerprint(8)
