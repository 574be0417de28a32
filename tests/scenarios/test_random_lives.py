"""Random lives: whatever is done in whatever order, the invariants of an open and of an ended case hold."""

import random
from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django_fsm import TransitionNotAllowed

from cases.events import verify_all
from cases.models import Case
from cases.terms import END_STATES, ClockKind, Priority, RequestKind, ResultCode, Satisfaction, State
from tests.factories import World
from workflows import permissions as may
from workflows.commands import adjust, council, handling, intake, review, surveys
from workflows.commands.sweep import sweep
from workflows.figures.reading import Question, read_lives
from workflows.models import Clock
from workflows.sla import STAGE_CLOCK

Move = Callable[[World, int, datetime], object]


def agreed(kind: RequestKind, run: Callable[..., object], who: str = "supervisor", **details: timedelta) -> Move:
    def move(w: World, pk: int, now: datetime) -> object:
        moments = {name: (now + ahead).isoformat() for name, ahead in details.items()}
        request = w.agreed(Case.objects.get(pk=pk), kind, **moments)
        request.decided_by = getattr(w, who)
        request.save()
        return run(request=request, actor=getattr(w, who), now=now)

    return move


def answer(solved: bool) -> surveys.SurveyAnswer:
    return surveys.SurveyAnswer(solved, Satisfaction.SATISFIED if solved else Satisfaction.DISSATISFIED, "还不行")


def decide(w: World, pk: int, now: datetime) -> object:
    task = council.Task("划线", w.team, (now + timedelta(days=9)).date())
    number = f"{pk}-{now:%m%d%H%M%S%f}"
    record = council.DecisionRecord(number, "adopted", "划定车位", now.date(), follow_ups=[task])
    return council.take_decision(case_id=pk, actor=w.secretary, now=now, decision=record)


MOVES: dict[str, Move] = {
    "request_info": lambda w, pk, now: intake.request_info(case_id=pk, actor=w.desk, now=now, question="哪栋"),
    "supply_info": lambda w, pk, now: intake.supply_info(case_id=pk, actor=w.grid_worker, now=now, answer="三栋"),
    "accept": lambda w, pk, now: intake.accept_case(
        case_id=pk, actor=w.desk, now=now, category=w.category, priority=Priority.NORMAL
    ),
    "dispatch": lambda w, pk, now: handling.dispatch_case(case_id=pk, actor=w.dispatcher, now=now, team=w.team),
    "dispatch_finally": lambda w, pk, now: handling.dispatch_case(
        case_id=pk, actor=w.supervisor, now=now, team=w.team
    ),
    "sign": lambda w, pk, now: handling.sign_case(case_id=pk, actor=w.member, now=now, handler=w.member),
    "reassign": lambda w, pk, now: handling.reassign_case(case_id=pk, actor=w.leader, now=now, handler=w.leader),
    "return": agreed(RequestKind.RETURN, handling.return_to_dispatch, "dispatcher"),
    "hold": agreed(RequestKind.HOLD, adjust.hold_case, review_at=timedelta(days=30)),
    "resume": lambda w, pk, now: adjust.resume_case(case_id=pk, actor=w.supervisor, now=now),
    "extend": agreed(RequestKind.EXTENSION, adjust.extend_case, until=timedelta(days=45)),
    "refer": lambda w, pk, now: council.refer_to_council(
        case_id=pk, actor=w.dispatcher, now=now, council=w.council, matter="parking", question="怎么停"
    ),
    "decide": decide,
    "submit": lambda w, pk, now: handling.submit_case(
        case_id=pk, actor=w.leader, now=now, result_code=ResultCode.SOLVED, result_text="好了"
    ),
    "verify": lambda w, pk, now: review.verify_case(case_id=pk, actor=w.grid_worker, now=now, finding="好了"),
    "send_back": lambda w, pk, now: review.send_back_case(case_id=pk, actor=w.grid_worker, now=now, missing="没好"),
    "survey_good": lambda _w, pk, now: surveys.record_survey(
        case_id=pk, actor=may.RESIDENT, now=now, answer=answer(True)
    ),
    "survey_bad": lambda _w, pk, now: surveys.record_survey(
        case_id=pk, actor=may.RESIDENT, now=now, answer=answer(False)
    ),
    "close": lambda _w, pk, now: surveys.close_unanswered(case_id=pk, now=now),
    "request_reopen": lambda _w, pk, now: surveys.request_reopen(
        case_id=pk, actor=may.RESIDENT, now=now, words="又坏了"
    ),
    "reopen": lambda w, pk, now: review.reopen_case(case_id=pk, actor=w.supervisor, now=now, reason="属实"),
    "decline_reopen": lambda w, pk, now: review.decline_reopen(
        case_id=pk, actor=w.supervisor, now=now, reason="他因"
    ),
    "sweep": lambda _w, _pk, now: sweep(now=now),
}  # fmt: skip


def check(case: Case) -> None:
    live = list(Clock.objects.filter(case=case, stopped_at=None))
    kinds = [c.kind for c in live]
    assert len(kinds) == len(set(kinds))
    running = {c.kind for c in live if not c.paused_at} - {ClockKind.OVERALL}
    if State(case.state) in END_STATES:
        assert (live, case.holder_role, case.due_at) == ([], "", None)
        return
    stage = STAGE_CLOCK[State(case.state)]
    assert running == {stage}
    assert ClockKind.OVERALL in kinds
    assert case.holder_role
    current = next(c for c in live if c.kind == stage)
    assert (case.due_at, case.warn_at) == (current.due_at, current.warn_at)
    for clock in live:
        is_told = clock.overdue_at is not None and clock.level == len(clock.policy.ladder)
        assert (clock.alarm_at is None) == (clock.paused_at is not None or is_told)
        assert clock.round == case.round


def tell(case: Case) -> None:
    """What the figures read out of the events is what the records say."""
    (life,) = read_lives(Question())
    assert (life.case, life.state, life.area) == (case.pk, case.state, case.area_id)
    assert life.category == (case.category.code if case.category else "")
    overall = Clock.objects.filter(case=case, kind=ClockKind.OVERALL)
    stopped_late = any(c.stopped_at and c.stopped_at > c.due_at for c in overall)
    assert life.late == (stopped_late or any(c.overdue_at and not c.stopped_at for c in overall))
    surveys_ = case.surveys.exclude(channel="none").order_by("round")
    assert life.rating == (surveys_.last().satisfaction if surveys_ else "")  # type: ignore[union-attr]
    assert life.reopened == case.events.filter(type="case.reopened").exists()
    assert life.returned == case.events.filter(type="case.returned_to_dispatch").exists()


def first_possible(world: World, pk: int, now: datetime, names: list[str]) -> str:
    for name in names:
        before = Case.objects.get(pk=pk).version
        try:
            MOVES[name](world, pk, now)
        except (TransitionNotAllowed, PermissionDenied, ValidationError):
            assert Case.objects.get(pk=pk).version == before
            continue
        return name
    raise AssertionError("nothing can be done with this case")


@pytest.mark.parametrize("seed", range(6))
def test_the_invariants_hold_along_a_random_life(world: World, seed: int) -> None:
    dice = random.Random(seed)  # noqa: S311
    case, now, made = world.report(resident=True), world.now, set()
    for _ in range(30):
        now += timedelta(minutes=dice.choice((1, 30, 240, 1440, 4000)))
        made.add(first_possible(world, case.pk, now, dice.sample(sorted(MOVES), len(MOVES))))
        check(Case.objects.get(pk=case.pk))
        tell(Case.objects.get(pk=case.pk))
    assert len(made) >= 7
    assert verify_all().broken == []
