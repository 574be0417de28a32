"""Is it up, and does it get its work done? For probes and monitoring; says nothing about cases."""

from datetime import timedelta

import redis
from django.conf import settings
from django.db import DatabaseError, connection
from django.http import HttpRequest, JsonResponse
from django.urls import path
from django.utils import timezone

from cases.models import CaseEvent
from workflows.models import Clock

LATE = timedelta(minutes=5)  # several rounds of the timetable in config.celery


def live(request: HttpRequest) -> JsonResponse:
    """The process answers."""
    return JsonResponse({"web": "ok"})


def ready(request: HttpRequest) -> JsonResponse:
    """Requests can be served; without a broker they still can, later work is found in the database."""
    return _answer({"database": _database()})


def work(request: HttpRequest) -> JsonResponse:
    """Alarms ring and events become messages in time; 503 is for a person to look, not for a proxy to turn away."""
    found = {"database": _database(), "broker": _broker()}
    if found["database"] == "ok":
        limit = timezone.now() - LATE
        found["sweep"] = "late" if Clock.objects.filter(alarm_at__lte=limit).exists() else "ok"
        found["relay"] = "late" if CaseEvent.objects.filter(relayed_at=None, at__lte=limit).exists() else "ok"
    return _answer(found)


def _answer(found: dict[str, str]) -> JsonResponse:
    return JsonResponse(found, status=200 if set(found.values()) <= {"ok", "none"} else 503)


def _database() -> str:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except DatabaseError:
        return "down"
    return "ok"


def _broker() -> str:
    if not settings.REDIS_URL:
        return "none"
    try:
        with redis.Redis.from_url(settings.REDIS_URL, socket_timeout=1, socket_connect_timeout=1) as client:
            client.ping()
    except redis.RedisError:
        return "down"
    return "ok"


urlpatterns = [
    path("live", live, name="health_live"),
    path("ready", ready, name="health_ready"),
    path("work", work, name="health_work"),
]
