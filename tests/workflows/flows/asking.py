"""Asking for every kind of request, and agreeing, as the tests of the errands do it."""

from datetime import timedelta
from typing import Any

from cases.models import Case, User
from cases.terms import RequestKind, Satisfaction
from tests.factories import World
from workflows.commands.surveys import SurveyAnswer, record_survey
from workflows.flows.approval import ask_request, decide_request
from workflows.models import Request
from workflows.permissions import RESIDENT

R, E, H, V, M, X = RequestKind


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
        X: {"reason_code": "not_the_reporter"},
    }
    inputs = {"reason": "情况如此", "details": {}} | needed[kind] | given
    askers = {V: world.desk, M: world.desk, X: world.survey_desk}
    asker = actor or askers.get(kind, world.member)
    return ask_request(case_id=case.pk, actor=asker, now=now, kind=kind, **inputs)


def rated(world: World, *, solved: bool = True, words: str = "不是我评的") -> Case:
    """A case that its resident has rated: closed, or asked to be done again."""
    case = world.case("answered", resident=True)
    answer = SurveyAnswer(solved, Satisfaction.DISSATISFIED, words, ("slow",))
    record_survey(case_id=case.pk, actor=RESIDENT, now=world.now, answer=answer)
    return Case.objects.get(pk=case.pk)


def agree(world: World, request: Request, actor: User, **given: Any) -> Request:
    """Agree to it, at the moment of the world unless told otherwise."""
    return decide_request(request_id=request.pk, actor=actor, now=given.pop("now", world.now), agree=True, **given)
