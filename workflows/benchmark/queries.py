"""P4: exactly how many statements a move takes; transaction control is not counted, reading the actor's roles is."""

from collections.abc import Callable
from typing import Any

from django.db import connection

from cases.models import Case, Reporter, User
from cases.terms import Priority, ResultCode, Satisfaction
from workflows.benchmark.measure import Figure
from workflows.benchmark.world import World
from workflows.commands import handling, intake, review, surveys

CONTROL = ("SAVEPOINT", "RELEASE", "ROLLBACK", "BEGIN", "COMMIT")
TYPICAL, FLOOR, GOAL = "sign", 10, 4


def measure_queries(world: World) -> list[Figure]:
    """Move one case of a resident, who is asked to rate along with the answer, along the main road and count."""
    case_id = world.reported()
    resident = Reporter.objects.create(name="王芳", phone="13000000000", phone_index="p4", email="wang@example.com")
    Case.objects.filter(pk=case_id).update(reporter=resident)

    def person(login: str) -> User:
        return User.objects.get(pk=world.people[login].pk)  # as in a request: roles not read yet

    at: dict[str, Any] = {"case_id": case_id, "now": world.now}
    desk, dispatcher, member, grid, survey = map(person, ("desk", "dispatcher", "member", "grid", "survey"))
    said = surveys.SurveyAnswer(solved=True, satisfaction=Satisfaction.SATISFIED)
    road: dict[str, Callable[[], object]] = {
        "accept": lambda: intake.accept_case(**at, actor=desk, category=world.category, priority=Priority.NORMAL),
        "dispatch": lambda: handling.dispatch_case(**at, actor=dispatcher, team=world.team),
        "sign": lambda: handling.sign_case(**at, actor=member, handler=member),
        "submit": lambda: handling.submit_case(
            **at, actor=member, result_code=ResultCode.SOLVED, result_text="已更换灯头。"
        ),
        "verify": lambda: review.verify_case(**at, actor=grid, finding="现场已亮。"),
        "record_survey": lambda: surveys.record_survey(**at, actor=survey, answer=said),
    }
    counted = {name: len(statements(move)) for name, move in road.items()}
    typical = Figure(
        "P4 queries per transition (sign)", counted[TYPICAL], None, None, FLOOR, GOAL, smaller_is_better=True
    )
    return [typical, *(Figure(f"P4 · {name}", n, smaller_is_better=True) for name, n in counted.items())]


def statements(move: Callable[[], object]) -> list[str]:
    """The statements of a move, without transaction control.

    By a wrapper, not by the log of queries: with DEBUG that holds the last 9,000 and, once full, counts none.
    """
    seen: list[str] = []

    def note(execute: Callable[..., Any], sql: str, *rest: Any) -> Any:
        seen.append(sql)
        return execute(sql, *rest)

    with connection.execute_wrapper(note):
        move()
    return [sql for sql in seen if not sql.startswith(CONTROL)]
