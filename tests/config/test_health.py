from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import RequestFactory
from django.utils import timezone
from pytest_django.fixtures import Settings

from cases.models import CaseEvent
from config import health
from tests.factories import World
from workflows.models import Clock

REQUEST = RequestFactory().get("/health/")


def answer(view: Any) -> tuple[int, bytes]:
    response = view(REQUEST)
    return response.status_code, response.content


def test_a_process_that_answers_is_live() -> None:
    assert answer(health.live) == (200, b'{"web": "ok"}')


@pytest.mark.django_db
def test_it_is_ready_while_the_database_answers() -> None:
    assert answer(health.ready) == (200, b'{"database": "ok"}')


@pytest.mark.django_db
def test_it_is_not_ready_when_the_database_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(connection.settings_dict, "NAME", "/nowhere/at/all")
    with connection.temporary_connection() if connection.connection is None else connection.execute_wrapper(_refuse):
        assert answer(health.ready) == (503, b'{"database": "down"}')


def _refuse(*_: object) -> None:
    from django.db import OperationalError  # noqa: PLC0415

    raise OperationalError("gone")


def test_work_is_late_when_an_alarm_or_an_event_waits(world: World, settings: Settings) -> None:
    settings.REDIS_URL = ""
    case = world.case(state="reported")
    CaseEvent.objects.update(relayed_at=timezone.now())
    Clock.objects.update(alarm_at=None)
    assert answer(health.work) == (200, b'{"database": "ok", "broker": "none", "sweep": "ok", "relay": "ok"}')
    Clock.objects.filter(case=case).update(alarm_at=timezone.now() - timedelta(minutes=6))
    assert answer(health.work) == (503, b'{"database": "ok", "broker": "none", "sweep": "late", "relay": "ok"}')
    Clock.objects.update(alarm_at=timezone.now() - timedelta(minutes=4))
    CaseEvent.objects.update(relayed_at=None, at=timezone.now() - timedelta(minutes=6))
    assert answer(health.work) == (503, b'{"database": "ok", "broker": "none", "sweep": "ok", "relay": "late"}')


@pytest.mark.django_db
def test_a_broker_that_does_not_answer_is_named(settings: Settings) -> None:
    settings.REDIS_URL = "unix:///nowhere/broker.sock"
    assert b'"broker": "down"' in answer(health.work)[1]
    assert answer(health.ready)[0] == 200
