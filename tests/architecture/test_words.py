"""One word in all layers: the move, its command, its event, its past."""

import inspect

import pytest
from django.db.models import Model

from cases.events import record
from cases.models import Case, CaseEvent
from cases.terms import END_STATES, EventType, State
from tests.factories import ROADS, World
from workflows.commands import adjust, council, handling, history, intake, review, spot_checks, surveys
from workflows.commands._transition import declared
from workflows.lifecycle import HOLDERS, CaseLifecycle
from workflows.sla import STAGE_CLOCK

MODULES = (adjust, council, handling, history, intake, review, spot_checks, surveys)
IRREGULAR = {
    "hold": "held", "submit": "submitted", "send_back": "sent_back", "split_off": "split_off", "sign": "signed",
    "take_decision": "decision_taken", "request_info": "info_requested", "supply_info": "info_supplied",
    "return_to_dispatch": "returned_to_dispatch", "refer_to_council": "referred_to_council", "verify": "verified",
    "record_survey": "survey_recorded", "request_reopen": "reopen_requested", "decline_reopen": "reopen_declined",
    "adopt_answer": "answer_adopted", "dispatch": "dispatched", "close_unanswered": "closed_unanswered",
    "void": "voided", "extend": "extended", "reject": "rejected", "accept": "accepted", "reassign": "reassigned",
    "return_from_council": "returned_from_council", "reopen": "reopened",
    "undo_import": "import_undone", "fail_spot_check": "failed_spot_check", "merge": "merged", "resume": "resumed",
}  # fmt: skip


def moves() -> list[str]:
    return sorted({t.name for t in CaseLifecycle().get_all_state_transitions()})


@pytest.mark.parametrize("name", moves())
def test_a_move_and_its_event_share_their_word(name: str) -> None:
    event = declared(getattr(CaseLifecycle(), name))["event"]
    assert event == f"case.{IRREGULAR[name]}"


@pytest.mark.parametrize("name", moves())
def test_a_move_has_a_command_of_its_name(name: str) -> None:
    commands = {n for module in MODULES for n, f in inspect.getmembers(module, inspect.isfunction)}
    wanted = {name, f"{name}_case", "adopt_case" if name == "adopt_answer" else name}
    assert commands & wanted


def test_every_open_state_has_a_holder_and_a_clock_and_no_end_state_has() -> None:
    for state in State:
        assert (state in HOLDERS) is (state in STAGE_CLOCK) is (state not in END_STATES)


@pytest.mark.parametrize("state", sorted(ROADS))
def test_the_history_replays_to_the_state_over_legal_moves(world: World, state: str) -> None:
    case = world.case(state)
    legal: dict[tuple[str, str], set[str]] = {}
    for t in CaseLifecycle().get_all_state_transitions():
        targets = getattr(t.target, "allowed_states", [t.target])
        legal.setdefault((t.custom["event"], t.source), set()).update(targets)
    at = ""
    for event in case.events.order_by("seq"):
        if event.type == EventType.REPORTED:
            assert at == ""
        elif event.state != at:
            assert event.state in legal[event.type, at]
        at = event.state
    assert at == case.state


def test_history_is_written_by_one_function_only() -> None:
    import subprocess  # noqa: PLC0415
    from pathlib import Path  # noqa: PLC0415

    root = Path(__file__).parents[2]
    places = ["cases", "workflows", "notifications", "config"]
    grep = subprocess.run(  # noqa: S603
        ["grep", "-rlE", r"CaseEvent(\.objects\.(create|bulk_create)|\()", *places, "--include=*.py"],  # noqa: S607
        cwd=root, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert {p for p in grep.stdout.split() if "migrations" not in p} <= {
        "cases/events.py", "cases/models/event.py", "workflows/benchmark/world.py",
    }  # fmt: skip
    assert record.__module__ == "cases.events"
    assert issubclass(CaseEvent, Model)
    assert issubclass(CaseLifecycle, Case)
