"""Asking for every kind of request, and agreeing, as the tests of the errands do it."""

from datetime import timedelta
from typing import Any

from cases.models import Case, User
from cases.terms import RequestKind
from tests.factories import World
from workflows.flows.approval import ask_request, decide_request
from workflows.models import Request

R, E, H, V, M = RequestKind


def days(n: int) -> timedelta:
    """So many days."""
    return timedelta(days=n)


def ask(world: World, case: Case, kind: RequestKind, actor: User | None = None, **given: Any) -> Request:
    """Ask for something, with what it needs unless told otherwise."""
    now = given.pop("now", world.now)
    needed: dict[RequestKind, dict[str, Any]] = {
        R: {},
        E: {"details": {"until": (world.now + days(60)).isoformat()}},
        H: {"details": {"review_at": (world.now + days(90)).isoformat()}, "reason_code": "season"},
        V: {"reason_code": "test"},
        M: {},
    }
    inputs = {"reason": "情况如此", "details": {}} | needed[kind] | given
    asker = actor or (world.desk if kind in (V, M) else world.member)
    return ask_request(case_id=case.pk, actor=asker, now=now, kind=kind, **inputs)


def agree(world: World, request: Request, actor: User, **given: Any) -> Request:
    """Agree to it, at the moment of the world unless told otherwise."""
    return decide_request(request_id=request.pk, actor=actor, now=given.pop("now", world.now), agree=True, **given)
